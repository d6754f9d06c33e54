//! What breaks around the server while people sign, and heals again: disk, descriptors, clock, mail server. Whoever was
//! told "check your mail" gets it and is counted, and the same process goes on.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::client::{Client, FORM, JSON, form};
use crate::disk::Small;
use crate::fsck::fsck;
use crate::mail::{Mood, Sink};
use crate::server::{Letter, PATIENCE, Server, Site, until};

const SLUG: &str = "fountain";
/// People who sign at the same time, again and again under new names.
const SIGNERS: u32 = 4;
/// Signatures before, while and after something is broken, at least.
const SOME: u64 = 25;

/// Who signed, as far as they were told.
#[derive(Default)]
struct Crowd {
    over: AtomicBool,
    /// Addresses whose form was answered with "check your mail".
    acknowledged: Mutex<Vec<String>>,
    refused: AtomicU64,
    /// How the last request ended that got no answer.
    broke: Mutex<Option<String>>,
    slowest_ms: AtomicU64,
}

impl Crowd {
    /// Signs until it is over. Every fourth time over a connection of its own, as somebody new would.
    fn sign_on(&self, server: SocketAddr, signer: u32) {
        let mut client = Client::new(server);
        for number in 0.. {
            if self.over.load(Ordering::SeqCst) {
                return;
            }
            let to = format!("signer{signer}n{number}@people.example");
            let began = Instant::now();
            match sign(&mut client, &to) {
                Ok(true) => {
                    let took = u64::try_from(began.elapsed().as_millis()).expect("short");
                    self.slowest_ms.fetch_max(took, Ordering::SeqCst);
                    self.acknowledged.lock().expect("no panic").push(to);
                }
                refused => {
                    self.refused.fetch_add(1, Ordering::SeqCst);
                    if let Err(error) = refused {
                        client = Client::new(server);
                        *self.broke.lock().expect("no panic") = Some(format!("signer {signer}: {error}"));
                    }
                }
            }
            if number % 4 == 3 && signer.is_multiple_of(2) {
                client = Client::new(server);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn told(&self) -> u64 {
        self.acknowledged.lock().expect("no panic").len() as u64
    }

    fn refused(&self) -> u64 {
        self.refused.load(Ordering::SeqCst)
    }

    /// Waits until so many more have signed.
    fn more(&self, people: u64, when: &str) {
        let (before, refused) = (self.told(), self.refused());
        let deadline = Instant::now() + PATIENCE;
        while self.told() < before + people {
            let (told, broke) = (self.told() - before, self.broke.lock().expect("no panic").clone());
            assert!(
                Instant::now() < deadline,
                "{told} of {people} signatures {when}, {} refused, broken off: {broke:?}",
                self.refused() - refused
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Whether somebody was taken in. Anything but "check your mail" and "come back" would be wrong, except that a challenge
/// is too old, or not yet, once the clock was set.
fn sign(client: &mut Client, to: &str) -> io::Result<bool> {
    let issued = client.ask("GET", &format!("/p/{SLUG}/challenge"), &[], b"")?;
    if issued.status != 200 {
        assert_eq!(issued.status, 503, "{issued:?}");
        return Ok(false);
    }
    let clearance = Client::solve(serde_json::from_slice(&issued.body).expect("a challenge"));
    let body = form(&[("name", "Ada Example"), ("email", to), ("altcha", &clearance)]);
    let answer = client.ask("POST", &format!("/p/{SLUG}/sign"), &[FORM, JSON], body.as_bytes())?;
    match answer.outcome() {
        (202, _) => Ok(true),
        (403, code) if matches!(code.as_str(), "clearance_refused" | "ticket_expired") => Ok(false),
        (503, _) => {
            assert!(answer.header("retry-after").is_some(), "{answer:?}");
            Ok(false)
        }
        _ => panic!("{answer:?}"),
    }
}

/// People sign before, while and after `fault` breaks something and heals it.
fn while_people_sign(server: &Server, fault: impl FnOnce(&Crowd)) -> Crowd {
    let crowd = Crowd::default();
    std::thread::scope(|scope| {
        for signer in 0..SIGNERS {
            let (crowd, address) = (&crowd, server.address);
            scope.spawn(move || crowd.sign_on(address, signer));
        }
        // Also when this panics: the scope waits for them.
        let over = Over(&crowd);
        crowd.more(SOME, "before");
        fault(&crowd);
        crowd.more(SOME, "after it healed, without a restart");
        drop(over);
    });
    eprintln!(
        "{} acknowledged, slowest {} ms, {} refused",
        crowd.told(),
        crowd.slowest_ms.load(Ordering::SeqCst),
        crowd.refused()
    );
    crowd
}

struct Over<'a>(&'a Crowd);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::SeqCst);
    }
}

/// Everybody who was told so has a mail, confirms with it, and is counted, once, now and after a kill.
fn all_are_counted(site: &Site, server: Server, crowd: &Crowd, letters: impl Fn() -> Vec<Letter>) {
    let mut acknowledged = crowd.acknowledged.lock().expect("no panic").clone();
    acknowledged.sort();
    let mut found = Vec::new();
    until("a letter for everybody who was told to look for one", || {
        // The pauses after failures pass at once.
        site.store()
            .execute("UPDATE outbox SET due_at = 0 WHERE attempts > 0", [])
            .expect("time passes");
        let mut all = letters();
        all.sort_by(|one, other| one.to.cmp(&other.to));
        let missing = acknowledged
            .iter()
            .filter(|to| all.binary_search_by(|letter| letter.to.cmp(to)).is_err())
            .count();
        found = all;
        (missing == 0).then_some(())
    });
    let mut client = server.client();
    for to in &acknowledged {
        let at = found.binary_search_by(|letter| letter.to.cmp(to)).expect("it came");
        let answer = client.post_json(&found[at].link("confirm"), "");
        assert_eq!(answer.status, 200, "{to}: {answer:?}");
    }
    let people = acknowledged.len() as u64;
    until("all are counted", || (server.counted(SLUG) == people).then_some(()));
    let (sound, _, report) = fsck(site, &[]);
    assert!(sound, "{report}");
    server.kill();
    assert_eq!(site.recount()[SLUG], people);
    let server = site.start();
    assert_eq!(server.counted(SLUG), people);
}

fn site() -> Site {
    let mut site = Site::new();
    // Everybody is at one domain, whose pace is not what is tested.
    site.set("limits.mail_per_minute", 100_000);
    site.set("limits.connections_per_address", 4096);
    site.set("limits.connections_per_network", 4096);
    site
}

#[test]
fn a_disk_that_fills_up_while_people_sign() {
    let mut site = site();
    site.set("limits.disk_floor_mib", 1);
    let Some(_small) = Small::mount(&site.data(), 32) else {
        eprintln!("NOT TESTED: only root can mount a small disk");
        return;
    };
    site.petition(SLUG);
    let server = site.start();
    let crowd = while_people_sign(&server, |crowd| {
        let filler = site.data().join("filler");
        let mut file = File::create(&filler).expect("made");
        while file.write_all(&[1; 4096]).is_ok() {}
        drop(file);
        let before = crowd.refused();
        until("people are told to come back", || {
            (crowd.refused() >= before + SOME).then_some(())
        });
        assert_eq!(server.client().get(&format!("/p/{SLUG}")).status, 200);
        fs::remove_file(&filler).expect("removed");
    });
    all_are_counted(&site, server, &crowd, || site.mails());
}

fn descriptors(server: &Server) -> usize {
    let place = format!("/proc/{}/fd", server.id());
    fs::read_dir(place).expect("its descriptors").count()
}

#[test]
fn descriptors_that_run_out_while_people_sign() {
    let site = site();
    site.petition(SLUG);
    let server = site.start();
    let crowd = while_people_sign(&server, |crowd| {
        let most = descriptors(&server) as u64 + 40;
        let process = Pid::from_raw(i32::try_from(server.id()).expect("small"));
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        prlimit(process, Resource::Nofile, limit).expect("lowered");
        let open = |_| TcpStream::connect(server.address).expect("the kernel takes it");
        let began = Instant::now();
        let hogs: Vec<TcpStream> = (0..400).map(open).collect();
        assert!(
            began.elapsed() < Duration::from_secs(1),
            "the kernel keeps them in line"
        );
        until("all descriptors are taken", || {
            (descriptors(&server) as u64 >= most).then_some(())
        });
        let mut late = TcpStream::connect(server.address).expect("the kernel takes it");
        late.set_read_timeout(Some(Duration::from_millis(500))).expect("set");
        late.write_all(b"GET /robots.txt HTTP/1.1\r\nhost: a\r\n\r\n")
            .expect("sent");
        assert!(late.read(&mut [0; 64]).is_err(), "no descriptor was left for it");
        // Who is connected goes on.
        crowd.more(SOME, "while nobody new comes in");
        drop(hogs);
        late.set_read_timeout(Some(Duration::from_secs(20))).expect("set");
        let mut said = [0; 15];
        late.read_exact(&mut said).expect("answered once there is room");
        assert_eq!(&said, b"HTTP/1.1 200 OK");
    });
    all_are_counted(&site, server, &crowd, || site.mails());
}

#[test]
fn a_clock_that_is_set_while_people_sign() {
    let mut site = site();
    // Some wait for their mail's turn when the clock is set back.
    site.set("limits.mail_per_minute", 900);
    let (shim, wrong) = (site.place().join("clock.so"), site.place().join("wrong"));
    build(&shim);
    fs::write(&wrong, 0_i64.to_ne_bytes()).expect("written");
    site.petition(SLUG);
    site.export("LD_PRELOAD", shim.to_str().expect("UTF-8"));
    site.export("PARAPH_CLOCK_FILE", wrong.to_str().expect("UTF-8"));
    let server = site.start();
    site.export("LD_PRELOAD", "");
    let file = File::options().write(true).open(&wrong).expect("opened");
    let crowd = while_people_sign(&server, |crowd| {
        for seconds in [3600, -7200, -86_400, 40 * 86_400, 0_i64] {
            file.write_all_at(&seconds.to_ne_bytes(), 0).expect("set");
            crowd.more(SOME, &format!("with a clock that is wrong by {seconds} s"));
        }
    });
    all_are_counted(&site, server, &crowd, || site.mails());
}

fn build(shim: &Path) {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/faults/clock.c");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(shim).arg(source);
    assert!(
        compiler.status().is_ok_and(|status| status.success()),
        "cc builds {source}"
    );
}

fn site_with_mail_to(sink: &Sink) -> (Site, Server) {
    let mut site = site();
    site.set("mail.smtp", format!("smtp://{}", sink.address));
    site.set("mail.from", "petitions@site.example");
    site.petition(SLUG);
    let server = site.start();
    (site, server)
}

/// Whatever the mail server does, nobody is refused, and nobody waits for it.
fn mail_was_in_nobodys_way(crowd: &Crowd) {
    assert_eq!(crowd.refused(), 0);
    assert!(
        crowd.slowest_ms.load(Ordering::SeqCst) < 5000,
        "signing waited for mail"
    );
}

#[test]
fn a_mail_server_that_refuses_while_people_sign() {
    let well = Sink::start(Sink::free(), Mood::Well);
    let (site, server) = site_with_mail_to(&well);
    let address = well.address;
    let (taken, mut again) = (well.taken(), None);
    let crowd = while_people_sign(&server, |crowd| {
        drop(well);
        crowd.more(4 * SOME, "while nobody takes mail");
        again = Some(until("its port", || {
            let free = TcpListener::bind(address).is_ok();
            free.then(|| Sink::start(address, Mood::Well))
        }));
    });
    mail_was_in_nobodys_way(&crowd);
    let again = again.expect("it is back");
    all_are_counted(&site, server, &crowd, || {
        [taken.lock().expect("no panic").clone(), again.letters()].concat()
    });
}

#[test]
fn a_mail_server_that_reads_slowly_while_people_sign() {
    let sink = Sink::start(Sink::free(), Mood::Well);
    let (site, server) = site_with_mail_to(&sink);
    let crowd = while_people_sign(&server, |crowd| {
        sink.drip(true);
        let before = sink.letters().len();
        crowd.more(4 * SOME, "while letters take half a minute each");
        assert!(sink.letters().len() < before + 20, "it was slow");
        sink.drip(false);
    });
    mail_was_in_nobodys_way(&crowd);
    all_are_counted(&site, server, &crowd, || sink.letters());
}
