//! Power cuts: the server runs over a shim that writes down what it does to its files; then its directory is rebuilt as a
//! power cut at a seeded instant leaves it, without what was not synced. What was acknowledged before must be there.

mod disk;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::client::{Answer, Client, FORM, JSON};
use crate::crash::Dice;
use crate::fsck::fsck;
use crate::server::{Site, is_full, until};
use disk::{Act, Disk, Mercy, SYNC, WRITE, acts};

const SLUG: &str = "fountain";

/// Builds the shim. It is C because it stands between the program and the system's own calls.
pub(crate) fn shim(site: &Site) -> PathBuf {
    let library = site.place().join("shim.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/power/shim.c");
    let mut compiler = Command::new("cc");
    compiler
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .arg(&library)
        .arg(source);
    let built = compiler.args(["-ldl", "-lpthread"]).status();
    assert!(built.is_ok_and(|status| status.success()), "cc builds {source}");
    library
}

/// What a person did, and how long the record was when it was asked and when the answer had come.
#[derive(Clone, Debug, Default)]
struct Person {
    body: String,
    signed: Option<u64>,
    confirm: String,
    /// When the confirmation was acknowledged, with the time that the journal gave it.
    confirmed: Option<(u64, String)>,
    withdrawal_asked: Option<u64>,
    withdrawn: Option<u64>,
}

/// One life of a server over the shim.
struct Life {
    before: Disk,
    record: Vec<u8>,
    /// How long the record was when the petition was there.
    petition: u64,
    people: Vec<Person>,
}

/// How much longer a life may last for want of people.
const LONGEST: Duration = Duration::from_secs(30);

struct Bench {
    site: Site,
    shim: PathBuf,
    record: PathBuf,
    /// Of all lives, by address; addresses are never used twice.
    lives: u64,
}

impl Bench {
    fn new() -> Self {
        let mut site = Site::new();
        site.set("limits.lane_wait_ms", 10_000);
        let shim = shim(&site);
        let record = site.place().join("record");
        let data = site.data();
        site.export("PARAPH_POWER_DIR", data.to_str().expect("UTF-8"));
        site.export("PARAPH_POWER_LOG", record.to_str().expect("UTF-8"));
        let lives = 0;
        Self {
            site,
            shim,
            record,
            lives,
        }
    }

    fn watch(&mut self, watched: bool) {
        let shim = if watched {
            self.shim.to_str().expect("UTF-8").to_owned()
        } else {
            String::new()
        };
        self.site.export("LD_PRELOAD", &shim);
    }

    fn recorded(&self) -> u64 {
        fs::metadata(&self.record).map_or(0, |found| found.len())
    }

    /// A server from its start to its end, under load, written down.
    fn live(&mut self, seed: u64) -> Life {
        let before = Disk::holding(&self.site.data());
        drop(fs::remove_file(&self.record));
        self.watch(true);
        let server = self.site.start();
        let page = || server.client().get(&format!("/p/{SLUG}")).status;
        if page() == 404 {
            // The first life, or the power was cut before the petition was there.
            self.site.petition(SLUG);
            until("its page", || (page() == 200).then_some(()));
        }
        let petition = self.recorded();
        self.lives += 1;
        let mut dice = Dice(seed);
        let end = Instant::now() + Duration::from_millis(300 + dice.roll(900));
        let people = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for worker in 0..5 {
                let (client, people, bench) = (server.client(), &people, &*self);
                let dice = Dice(seed << 8 | worker);
                scope.spawn(move || drop(bench.work(client, people, dice, worker, end)));
            }
        });
        // Half of the lives end as an operator ends them: the close of the databases is written down too.
        if dice.roll(2) == 0 {
            server.stop();
        } else {
            server.kill();
        }
        self.watch(false);
        Life {
            before,
            record: fs::read(&self.record).expect("a record"),
            petition,
            people: people.into_inner().expect("never poisoned"),
        }
    }

    /// People sign; most confirm, and some of these withdraw.
    fn work(
        &self,
        mut client: Client,
        people: &Mutex<Vec<Person>>,
        mut dice: Dice,
        worker: u64,
        end: Instant,
    ) -> io::Result<()> {
        for number in 0.. {
            // On a machine with other work too, a life has something to lose.
            let lived = people.lock().expect("never poisoned").len() > 10;
            if Instant::now() > end && (lived || Instant::now() > end + LONGEST) {
                break;
            }
            let to = format!("l{}w{worker}n{number}@people.example", self.lives);
            let body = client.filled(SLUG, "Ada Example", &to)?;
            let mut person = Person::default();
            let answer = ask(&mut client, &format!("/p/{SLUG}/sign"), &body)?;
            assert_eq!(answer.status, 202, "{answer:?}");
            (person.body, person.signed) = (body, Some(self.recorded()));
            let letter = (dice.roll(4) > 0).then(|| self.letter(&to, end)).flatten();
            if let Some(letter) = letter {
                person.confirm = letter.link("confirm");
                let answer = ask(&mut client, &person.confirm, "")?;
                assert_eq!(answer.status, 200, "{answer:?}");
                person.confirmed = Some((self.recorded(), confirmed_at(&answer)));
                if dice.roll(3) == 0 {
                    person.withdrawal_asked = Some(self.recorded());
                    let answer = ask(&mut client, &letter.link("withdraw"), "")?;
                    assert_eq!(answer.status, 200, "{answer:?}");
                    person.withdrawn = Some(self.recorded());
                }
            }
            people.lock().expect("never poisoned").push(person);
        }
        Ok(())
    }

    fn letter(&self, to: &str, end: Instant) -> Option<crate::server::Letter> {
        while Instant::now() < end {
            if let Some(letter) = self.site.mails().into_iter().find(|letter| letter.to == to) {
                return Some(letter);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        None
    }

    /// Puts the directory into the state that a power cut leaves, starts it by the normal path, and looks for everything
    /// that had been acknowledged by then. An error says what is lost.
    fn survives(&self, life: &Life, cut: &Cut) -> Result<(), String> {
        self.survives_with(life, cut, |_| Ok(()))
    }

    /// The same, with a look at what the power cut has left.
    fn survives_with(
        &self,
        life: &Life,
        cut: &Cut,
        look: impl FnOnce(&Site) -> Result<(), String>,
    ) -> Result<(), String> {
        let mut disk = life.before.clone();
        disk.lies = cut.disk_lies;
        for act in acts(&life.record).iter().take_while(|act| act.end <= cut.at) {
            disk.act(act);
        }
        disk.cut(&self.site.data(), cut.mercy, &mut Dice(cut.seed));
        look(&self.site)?;

        let known = |at: Option<u64>| at.is_some_and(|at| at <= cut.at);
        let signed: Vec<&Person> = life.people.iter().filter(|person| known(person.signed)).collect();
        if life.petition <= cut.at {
            let (sound, _, report) = fsck(&self.site, &[]);
            if !sound {
                return Err(format!("fsck: {report}"));
            }
        }
        let server = self.site.start();
        if life.petition <= cut.at && server.client().get(&format!("/p/{SLUG}")).status != 200 {
            return Err("the petition".to_owned());
        }
        let rows = |site: &Site| site.number("SELECT COUNT(*) FROM signature");
        let before = rows(&self.site);
        let mut client = server.client();
        for person in &signed {
            // The same body again: taken in before, so nothing new comes of it.
            let answer = ask(&mut client, &format!("/p/{SLUG}/sign"), &person.body).expect("an answer");
            if answer.status != 202 {
                return Err(format!("an acknowledged contribution: {answer:?}"));
            }
        }
        let lost = rows(&self.site) - before;
        if lost > 0 {
            return Err(format!("{lost} of {} acknowledged contributions", signed.len()));
        }
        for person in signed {
            confirmation_is_there(&mut client, person, cut.at)?;
        }
        server.kill();
        Ok(())
    }
}

/// Asked again, a confirmation that was acknowledged has the time that it had, unless it was withdrawn.
fn confirmation_is_there(client: &mut Client, person: &Person, cut: u64) -> Result<(), String> {
    let Some((_, at)) = person.confirmed.as_ref().filter(|(known, _)| *known <= cut) else {
        return Ok(());
    };
    let answer = ask(client, &person.confirm, "").expect("an answer");
    let asked_to_withdraw = person.withdrawal_asked.is_some_and(|asked| asked <= cut);
    let is_withdrawn = person.withdrawn.is_some_and(|withdrawn| withdrawn <= cut);
    match answer.status {
        200 if !is_withdrawn && confirmed_at(&answer) == *at => Ok(()),
        410 if asked_to_withdraw => Ok(()),
        _ => Err(format!(
            "an acknowledged confirmation of {at}, withdrawn {is_withdrawn}: {answer:?}"
        )),
    }
}

fn confirmed_at(answer: &Answer) -> String {
    answer.json()["confirmed_at"].as_str().expect("a time").to_owned()
}

fn ask(client: &mut Client, path: &str, body: &str) -> io::Result<Answer> {
    client.ask("POST", path, &[FORM, JSON], body.as_bytes())
}

/// A power cut.
#[derive(Clone, Copy, Debug)]
struct Cut {
    /// Length of the record at that instant.
    at: u64,
    mercy: Mercy,
    seed: u64,
    disk_lies: bool,
}

impl Cut {
    /// Somewhere in a life; every other one just before or after a sync, where the difference is made.
    fn choose(acts: &[Act<'_>], seed: u64) -> Self {
        let mut dice = Dice(seed);
        let any = dice.roll(acts.len() as u64) as usize;
        let near_sync = (any..acts.len()).find(|index| acts[*index].kind == SYNC);
        let index = match (dice.roll(4), near_sync) {
            (0, Some(sync)) => sync,
            (1, Some(sync)) => sync - 1,
            _ => any,
        };
        let kept = [0, 50, 90, 100][dice.roll(4) as usize];
        let sector = [512, 4096][dice.roll(2) as usize];
        Self {
            at: acts[index].end,
            mercy: Mercy { kept, sector },
            seed,
            disk_lies: false,
        }
    }
}

#[test]
fn a_power_cut_at_any_instant_loses_nothing_that_was_acknowledged() {
    let (lives, cuts) = if is_full() { (10, 10) } else { (1, 5) };
    let mut bench = Bench::new();
    let mut found = BTreeMap::new();
    for seed in 1..=lives {
        let life = bench.live(seed);
        let acts = acts(&life.record);
        let synced = |file: &str| acts.iter().any(|act| act.kind == SYNC && act.name.ends_with(file));
        assert!(
            synced("paraph.db-wal") && synced("keys.db-wal"),
            "the shim sees the databases"
        );
        *found.entry("people").or_insert(0) += life.people.len();
        *found.entry("acts").or_insert(0) += acts.len();
        for number in 0..cuts {
            let cut = Cut::choose(&acts, seed * 1000 + number);
            if let Err(lost) = bench.survives(&life, &cut) {
                panic!("life {seed}, {cut:?}: lost: {lost}");
            }
        }
        // The next life begins with what the last power cut left.
    }
    println!("{lives} lives, {cuts} power cuts each: {found:?}");
    assert!(found["people"] as u64 > 10 * lives, "too little load: {found:?}");
}

/// Lines of the log of erasures that no backup needs, in front of those that it holds.
fn age(site: &Site) -> usize {
    const LINES: usize = 300;
    let log = site.data().join("keys/erasures.log");
    let at = paraph::clock::now().0 - 60 * 24 * 3_600_000;
    let mut text: String = (0..LINES).map(|number| format!("{number:032x} {at} x\n")).collect();
    text += &fs::read_to_string(&log).expect("a log");
    fs::write(log, text).expect("written");
    LINES
}

#[test]
fn a_power_cut_between_two_files_or_inside_the_log_of_erasures_tears_nothing() {
    let mut bench = Bench::new();
    // The first life makes the directory; keys of the second are destroyed in it and in the third.
    bench.live(1);
    bench.live(2);
    let old = age(&bench.site);
    let life = bench.live(3);
    let acts = acts(&life.record);
    let of = |act: &Act<'_>, file: &str| act.name.ends_with(file);
    let mercy = |kept, sector| Mercy { kept, sector };
    let mut cuts = Vec::new();
    // Keys are on the disk, their records are not.
    let synced: Vec<&Act<'_>> = acts.iter().filter(|act| act.kind == SYNC && of(act, "-wal")).collect();
    let between = synced
        .windows(2)
        .filter(|two| of(two[0], "keys.db-wal") && of(two[1], "paraph.db-wal"));
    cuts.extend(
        between
            .map(|two| ("between keys and records", two[0].end, mercy(0, 512)))
            .take(3),
    );
    // Lines that were written and not synced, torn anywhere.
    let logged = |act: &&Act<'_>| act.kind == WRITE && of(act, "erasures.log");
    cuts.extend(
        acts.iter()
            .filter(logged)
            .map(|act| ("in a line", act.end, mercy(50, 16)))
            .take(4),
    );
    // Every act of shortening the log, with its name kept and its bytes lost or the other way round.
    let shortening = acts
        .iter()
        .filter(|act| act.name.contains("erasures.log.new") || act.other.contains("erasures.log"));
    let ends: Vec<u64> = shortening.map(|act| act.end).collect();
    assert!(!ends.is_empty(), "the log is shortened in this life");
    let last = ends.last().copied().unwrap_or(0);
    for end in ends
        .into_iter()
        .chain(acts.iter().map(|act| act.end).filter(|end| *end > last).take(1))
    {
        cuts.extend([0, 50, 100].map(|kept| ("while the log is shortened", end, mercy(kept, 512))));
    }
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    for (number, (what, at, mercy)) in cuts.into_iter().enumerate() {
        let seed = number as u64;
        let cut = Cut {
            at,
            mercy,
            seed,
            disk_lies: false,
        };
        *found.entry(what).or_default() += 1;
        if let Err(lost) = bench.survives_with(&life, &cut, |site| {
            let log = fs::read_to_string(site.data().join("keys/erasures.log")).unwrap_or_default();
            let kept = log.lines().filter(|line| line.starts_with("0000000000000000")).count();
            (kept == 0 || kept == old)
                .then_some(())
                .ok_or(format!("{kept} of {old} lines"))
        }) {
            panic!("{what}, {cut:?}: lost: {lost}");
        }
    }
    println!("{found:?}");
    assert_eq!(found.len(), 3, "each was met: {found:?}");
}

/// SQLite syncs the directory that its log lies in, and nobody but us the one above.
#[test]
fn a_new_directory_has_its_name_on_the_disk_before_anything_in_it_matters() {
    let mut site = Site::new();
    let elsewhere = tempfile::tempdir().expect("a directory");
    let (shim, above, record) = (shim(&site), site.place().to_owned(), elsewhere.path().join("record"));
    let variables = [
        ("LD_PRELOAD", &shim),
        ("PARAPH_POWER_DIR", &above),
        ("PARAPH_POWER_LOG", &record),
    ];
    for (name, value) in variables {
        site.export(name, value.to_str().expect("UTF-8"));
    }
    site.petition(SLUG);
    let record = fs::read(record).expect("a record");
    let acts = acts(&record);
    let synced = |is_it: &dyn Fn(&Path) -> bool| {
        let synced = acts
            .iter()
            .position(|act| act.kind == SYNC && is_it(Path::new(act.name)));
        synced.expect("synced")
    };
    let first_commit = synced(&|path| path.ends_with("paraph.db-wal"));
    for directory in [above, site.data()] {
        assert!(
            synced(&|path| path == directory) < first_commit,
            "{}",
            directory.display()
        );
    }
}

#[test]
fn a_disk_that_says_synced_and_is_not_is_found_out() {
    let mut bench = Bench::new();
    // The first life makes the directory; the second one is lost.
    bench.live(1);
    let life = bench.live(2);
    let end = life.record.len() as u64;
    let cut = |disk_lies| Cut {
        at: end,
        mercy: Mercy { kept: 0, sector: 512 },
        seed: 1,
        disk_lies,
    };
    bench
        .survives(&life, &cut(false))
        .expect("an honest disk loses nothing");
    let lost = bench
        .survives(&life, &cut(true))
        .expect_err("everything of the second life");
    assert!(lost.contains("acknowledged contributions"), "{lost}");
}
