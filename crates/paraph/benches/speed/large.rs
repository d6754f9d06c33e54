//! A store of a million signatures: what memory it takes to serve it, and how soon it is served again after a crash.
//!
//! The store is made once by the real writer and kept under `target/tmp` while it is fresh: making it takes minutes, and its
//! newest nonces have to be as young as those of a server that works.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::{StreamExt, TryStreamExt};
use paraph::clock;
use paraph::intake::command::{ConfirmAnswer, MailOutcome, Sign, SignAnswer};
use paraph::intake::{Intake, Writer, WriterSettings};
use paraph::ledger::recount;
use paraph::limits::Limits;
use paraph::store::{Directory, Files};
use paraph_drill::Sink;
use paraph_tally::{Millis, SignatureId};
use tokio::runtime::Runtime;

use crate::durable::{Desk, open_petition};
use crate::finding::{Bar, Finding};
use crate::people::{Person, get};
use crate::server::{self, Mail, SLUG, Server, ended, first_line};
use crate::signature::{all, solved};
use crate::{Outcome, machine};

/// First argument of the process that signs until it is killed.
pub(crate) const CRASH_ROLE: &str = "sign-until-killed";

/// Numbers of people who are not in the store: those who sign while memory is watched, and those before a crash.
const VISITORS: u32 = 100_000_000;
const CRASHED: u32 = 200_000_000;
/// Signed, mailed and confirmed before the next ones.
const PORTION: u32 = 20_000;
/// The newest of them: those whose nonces a server at a hundred a second remembers.
const RECENT: u32 = 120_000;
/// How long a store counts as fresh; nonces of the recent ones live longer.
const FRESH: Duration = Duration::from_secs(5400);
/// People who sign while the memory is watched, and how many of them at once.
const SIGNING: u32 = 10_000;
const AT_ONCE: u32 = 2000;

/// Memory of the server, empty and with the store, at rest and while people sign.
pub(crate) fn measure_memory(rounds: usize, signatures: u32) -> Outcome<Vec<Finding>> {
    let runtime = runtime()?;
    let place = stored(&runtime, signatures)?;
    let post_office = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let sink = post_office.block_on(Sink::start())?;
    let smtp = sink.smtp_addr().to_string();
    let finding = |what: &str| Finding {
        what: format!("resident memory of `paraph serve` with {signatures} signatures, {what}"),
        unit: "MiB",
        ours: Vec::new(),
        baseline: Vec::new(),
        bar: Bar::AtMost(150.0),
        note: format!("Rss of /proc/PID/smaps_rollup; baseline: an empty store; {SIGNING} sign, mail over SMTP"),
    };
    let (mut idle, mut busy) = (finding("at rest after the start"), finding("largest while people sign"));
    let mut after = finding("at rest after they have signed");
    for round in 0..rounds {
        let empty = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let first = VISITORS + 2 * SIGNING * u32::try_from(round)?;
        let small = Server::start(empty.path(), Mail::Smtp(&smtp), false)?;
        let baseline = watch(&runtime, &small, (0, first))?;
        drop(small);
        server::configure(&place, Mail::Smtp(&smtp))?;
        let ours = watch(&runtime, &Server::serve(&place, false)?, (1, first + SIGNING))?;
        for (index, finding) in [&mut idle, &mut busy, &mut after].into_iter().enumerate() {
            finding.ours.push(ours[index]);
            finding.baseline.push(baseline[index]);
        }
    }
    agrees(&runtime, &place)?;
    Ok(vec![idle, busy, after])
}

/// MiB at rest once scrutiny has read what is stored, so many contributions at least; at most while people sign; and at rest again.
fn watch(runtime: &Runtime, server: &Server, (least, first): (u32, u32)) -> Outcome<[f64; 3]> {
    const REST: Duration = Duration::from_secs(3);
    server.until_remembered(least)?;
    std::thread::sleep(REST);
    let idle = machine::resident_mib(server.id())?;
    let (stop, process) = (AtomicBool::new(false), server.id());
    let busy = std::thread::scope(|scope| -> Outcome<f64> {
        let watching = scope.spawn(|| {
            let mut most: f64 = 0.0;
            while !stop.load(Ordering::Relaxed) {
                most = most.max(machine::resident_mib(process).unwrap_or(0.0));
                std::thread::sleep(Duration::from_millis(50));
            }
            most
        });
        let signed = (0..SIGNING / AT_ONCE)
            .try_for_each(|portion| runtime.block_on(sign(&server.address, first + portion * AT_ONCE)));
        stop.store(true, Ordering::Relaxed);
        let most = watching.join().map_err(|_| "nobody watched the memory")?;
        signed.map(|()| most)
    })?;
    std::thread::sleep(REST);
    Ok([idle, busy, machine::resident_mib(server.id())?])
}

/// So many people fetch a challenge and sign.
async fn sign(address: &str, first: u32) -> Outcome<()> {
    let mut connections: Vec<_> = (0..AT_ONCE).map(|_| None).collect();
    let asking: Vec<_> = (0..AT_ONCE).map(|_| get(&format!("/p/{SLUG}/challenge"))).collect();
    let issued = all(address, &mut connections, &asking, 200).await?;
    let forms = (first..).zip(&issued);
    let forms: Vec<_> = forms
        .map(|(index, answer)| Ok(Person(index).request(&solved(answer)?)))
        .collect::<Outcome<_>>()?;
    all(address, &mut connections, &forms, 303).await.map(drop)
}

/// From the start of the process until `/readyz` says yes, after a kill with a full write-ahead log.
pub(crate) fn measure_startup(rounds: usize, signatures: u32) -> Outcome<Vec<Finding>> {
    let runtime = runtime()?;
    let place = stored(&runtime, signatures)?;
    server::configure(&place, Mail::Maildir)?;
    let mut finding = Finding {
        what: format!("start after a kill, {signatures} signatures and a full write-ahead log"),
        unit: "s",
        ours: Vec::new(),
        baseline: Vec::new(),
        bar: Bar::AtMost(3.0),
        note: "from starting the process to 200 of /readyz; baseline: the start on an empty store".to_owned(),
    };
    for round in 0..rounds {
        let empty = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        drop(Server::start(empty.path(), Mail::Maildir, false)?);
        let small = Server::serve(empty.path(), false)?.ready_after.as_secs_f64();
        let bytes = crash(&place, CRASHED + 100_000 * u32::try_from(round)?)?;
        finding
            .ours
            .push(Server::serve(&place, false)?.ready_after.as_secs_f64());
        finding.baseline.push(small);
        finding.note = format!(
            "{}; {} MiB of log",
            finding.note.split("; {").next().unwrap_or_default(),
            bytes >> 20
        );
    }
    agrees(&runtime, &place)?;
    Ok(vec![finding])
}

/// Signs in a process of its own until the write-ahead log is nearly full, and kills it. Bytes of the log.
fn crash(place: &Path, first: u32) -> Outcome<u64> {
    let mut process = Command::new(std::env::current_exe()?)
        .args([CRASH_ROLE.as_ref(), place.as_os_str(), first.to_string().as_ref()])
        .stdout(Stdio::piped())
        .spawn()?;
    let said = first_line(&mut process);
    ended(&mut process);
    said?;
    Ok(fs::metadata(place.join("data/paraph.db-wal"))?.len())
}

/// What that process does.
pub(crate) fn sign_until_killed(place: &Path, first: u32) -> Outcome<bool> {
    let runtime = runtime()?;
    let directory = Directory::open(&place.join("data"), None, false)?;
    let wanted = Limits::default().wal_mib * 3 / 4;
    runtime.block_on(async {
        let (_writer, intake, _) = Writer::start(directory.connect().await?, settings()).await?;
        let desk = Desk::new(directory.keys());
        for portion in 0_u32.. {
            let first = first + portion * 1000;
            let now = clock::now();
            let signs =
                (first..first + 1000).map(|person| desk.contribution(Person(person), now, Millis(now.0 + 60_000)));
            admitted(&intake, signs.collect()).await?;
            let log = fs::metadata(place.join("data/paraph.db-wal"))?.len() >> 20;
            if log >= wanted {
                // The parent kills this process now, in the middle of the portions that follow.
                println!("{log}");
            }
        }
        Ok(true)
    })
}

fn runtime() -> Outcome<Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

fn settings() -> WriterSettings {
    WriterSettings {
        limits: Limits::default(),
        now: clock::now,
        board: None,
    }
}

/// Where the store is, made if there is no fresh one.
fn stored(runtime: &Runtime, signatures: u32) -> Outcome<PathBuf> {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("stored-{signatures}"));
    let made = place.join("made");
    let age = fs::metadata(&made).and_then(|made| made.modified()).ok();
    if age.and_then(|made| made.elapsed().ok()).is_some_and(|age| age < FRESH) {
        return Ok(place);
    }
    if place.exists() {
        fs::remove_dir_all(&place)?;
    }
    fs::create_dir_all(&place)?;
    let begun = Instant::now();
    runtime.block_on(make(&place, signatures))?;
    agrees(runtime, &place)?;
    fs::write(made, [])?;
    eprintln!(
        "a store of {signatures} signatures, made in {} s",
        begun.elapsed().as_secs()
    );
    Ok(place)
}

/// Signs, mails, confirms seven of ten, settles.
async fn make(place: &Path, signatures: u32) -> Outcome<()> {
    let directory = Directory::open(&place.join("data"), None, true)?;
    let (writer, intake, _) = Writer::start(directory.connect().await?, settings()).await?;
    open_petition(&intake, 0).await?;
    let desk = Desk::new(directory.keys());
    for first in (0..signatures).step_by(PORTION as usize) {
        let now = clock::now();
        let lifetime = if first + RECENT >= signatures { 7_200_000 } else { 1 };
        let people = (first..signatures.min(first + PORTION)).map(Person);
        let signs: Vec<Sign> = people
            .map(|person| desk.contribution(person, now, Millis(now.0 + lifetime)))
            .collect();
        let ids: Vec<SignatureId> = signs.iter().map(|sign| sign.id).collect();
        admitted(&intake, signs).await?;
        mailed(&intake).await?;
        let confirming = ids.into_iter().enumerate().filter(|(index, _)| index % 10 < 7);
        let confirming = confirming.map(async |(_, id)| match intake.confirm(id).await? {
            ConfirmAnswer::Confirmed { .. } => Outcome::Ok(()),
            other => Err(format!("not confirmed: {other:?}").into()),
        });
        let mut confirmed = futures_util::stream::iter(confirming).buffer_unordered(2048);
        while confirmed.try_next().await?.is_some() {}
        intake.tick().await?;
    }
    drop(intake);
    writer.join();
    Ok(())
}

async fn admitted(intake: &Intake, signs: Vec<Sign>) -> Outcome<()> {
    let mut answers = futures_util::stream::iter(signs)
        .map(async |sign| intake.reserve()?.sign(Box::new(sign)).await)
        .buffer_unordered(2048);
    while let Some(answer) = answers.next().await {
        if answer? != SignAnswer::Admitted {
            return Err("a contribution was not admitted".into());
        }
    }
    Ok(())
}

/// As if every mail that is due had left.
async fn mailed(intake: &Intake) -> Outcome<()> {
    loop {
        let claimed = intake.claim_mail(5000).await?;
        if claimed.is_empty() {
            return Ok(());
        }
        let sent = claimed.into_iter().map(|mail| (mail, MailOutcome::Sent));
        intake.mail_done(sent.collect()).await?;
    }
}

/// Fails unless the journal, folded again, says what the ledger says.
fn agrees(runtime: &Runtime, place: &Path) -> Outcome<()> {
    let differences = runtime.block_on(async {
        let mut connections = Files::of(&place.join("data")).connect().await?;
        Outcome::Ok(recount::compare(&mut connections.main).await?)
    })?;
    if differences.is_empty() {
        Ok(())
    } else {
        Err(format!("the recount does not agree: {differences:?}").into())
    }
}
