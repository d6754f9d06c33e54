//! Verdicts on sets, on every store.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use paraph::clock;
use paraph::intake::command::{JudgeAnswer, Judgement, Keeping, Malformed, Sign};
use paraph::intake::verdict::reason::Reason;
use paraph::ledger::recount;
use paraph::limits::Limits;
use paraph::store::db::Db;
use paraph_tally::{Author, PetitionId, SignatureId, VerdictKind, WithdrawnBy};
use rusqlite::Connection;

use crate::crash::Dice;
use crate::journal::recount_agrees;
use crate::server::is_full;
use crate::stores::{Kind, Running, Store, contribution};

pub(crate) fn judgement(kind: VerdictKind, reason: Reason, set: &[SignatureId]) -> Judgement {
    Judgement {
        petition: PetitionId(1),
        kind,
        reason: reason.code(),
        author: Author::Person([7; 16]),
        evidence: br#"{"seen":"in a test"}"#.to_vec(),
        note: "A rehearsal".to_owned(),
        undoes: None,
        set: set.to_vec(),
    }
}

/// How many were judged, and at which position.
pub(crate) async fn judge(running: &Running, judgement: Judgement) -> (u64, u64) {
    match running.intake.judge(judgement).await {
        Ok(JudgeAnswer::Judged { position, judged, .. }) => (judged, position),
        other => panic!("{other:?}"),
    }
}

async fn confirmed(running: &Running, mailbox: u32) -> Sign {
    let sign = contribution(mailbox);
    running.sign(sign.clone()).await;
    running.intake.confirm(sign.id).await.expect("confirmed");
    sign
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_takes_out_of_the_count_and_frees_the_mailbox() {
    for kind in Kind::BOTH {
        let store = Store::new(kind);
        let running = store.start(0).await;
        let first = confirmed(&running, 1).await.id;
        let second = confirmed(&running, 1).await.id;
        let other = confirmed(&running, 2).await.id;
        running.intake.tick().await.expect("tick");
        assert_eq!(running.counted(), 2, "{kind:?}");

        let hold = judgement(
            VerdictKind::Held,
            Reason::Lockstep,
            &[first, other, SignatureId([9; 16])],
        );
        let answer = running.intake.judge(hold.clone()).await;
        let Ok(JudgeAnswer::Judged {
            judged: 2,
            left_out: 1,
            position,
        }) = answer
        else {
            panic!("{kind:?}: {answer:?}")
        };
        assert_eq!(
            running.intake.judge(hold).await,
            Ok(JudgeAnswer::Nothing),
            "{kind:?}: held already"
        );
        running.intake.tick().await.expect("tick");
        assert_eq!(
            running.counted(),
            1,
            "{kind:?}: the second of the mailbox stepped into its place"
        );

        let mut release = judgement(VerdictKind::Released, Reason::Mistake, &[first, other]);
        release.undoes = Some(position);
        let answer = running.intake.judge(release).await;
        let Ok(JudgeAnswer::Judged {
            judged: 1, left_out: 1, ..
        }) = answer
        else {
            panic!("{kind:?}: the mailbox counts by another one: {answer:?}")
        };
        running.intake.tick().await.expect("tick");
        assert_eq!(running.counted(), 2, "{kind:?}");
        let (judged, _) = judge(
            &running,
            judgement(VerdictKind::Invalidated, Reason::Machine, &[first, second]),
        )
        .await;
        assert_eq!(judged, 2, "{kind:?}: held and clear alike");
        running.intake.tick().await.expect("tick");
        assert_eq!(running.counted(), 1, "{kind:?}");

        let wrong = judgement(VerdictKind::Released, Reason::Lockstep, &[first]);
        assert_eq!(
            running.intake.judge(wrong).await,
            Ok(JudgeAnswer::Malformed(Malformed::Reason))
        );
        let mut long = judgement(VerdictKind::Held, Reason::Lockstep, &[other]);
        long.evidence = vec![b' '; 70_000];
        assert_eq!(
            running.intake.judge(long).await,
            Ok(JudgeAnswer::Malformed(Malformed::TooLong))
        );
        recount_agrees(&store, running).await;
        let mut connections = store.connect().await;
        let rows = connections
            .main
            .query("SELECT judged, undoes FROM verdict ORDER BY position", &[])
            .await;
        let judged: Vec<_> = rows
            .expect("read")
            .iter()
            .map(|row| row.int(0).expect("a number"))
            .collect();
        assert_eq!(judged, [2, 1, 2], "{kind:?}");
    }
}

/// Forgeries that were held, invalidated and taken back are held, not counted; who counted counts; who never confirmed waits.
#[tokio::test(flavor = "multi_thread")]
async fn an_invalidation_taken_back_holds_again_whom_it_found_held() {
    const AXES: &str = "SELECT axes, COUNT(*) FROM signature GROUP BY axes ORDER BY axes";
    for kind in Kind::BOTH {
        let store = Store::new(kind);
        let running = store.start_with(small_steps(), clock::now, 0).await;
        let forged = crowd(&running, 0..40).await;
        let honest = crowd(&running, 40..70).await;
        running.intake.tick().await.expect("tick");
        let waits = contribution(99);
        running.sign(waits.clone()).await;
        judge(&running, judgement(VerdictKind::Held, Reason::Lockstep, &forged)).await;
        running.intake.tick().await.expect("tick");
        assert_eq!(running.counted(), 30, "{kind:?}");
        let standing = async || {
            while running.intake.judged().now().is_some() {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            let rows = store.connect().await.main.query(AXES, &[]).await.expect("read");
            let numbers = rows
                .iter()
                .map(|row| (row.int(0).expect("axes"), row.int(1).expect("many")));
            numbers.collect::<Vec<_>>()
        };
        let before = standing().await;

        let all: Vec<_> = forged.iter().chain(&honest).copied().chain([waits.id]).collect();
        let (judged, position) = judge(&running, judgement(VerdictKind::Invalidated, Reason::Machine, &all)).await;
        running.intake.tick().await.expect("tick");
        assert_eq!((judged, running.counted()), (71, 0), "{kind:?}");
        let mut back = judgement(VerdictKind::Restored, Reason::Mistake, &all);
        back.undoes = Some(position);
        assert_eq!(judge(&running, back).await.0, 71, "{kind:?}");
        running.intake.tick().await.expect("tick");
        assert_eq!(running.counted(), 30, "{kind:?}");
        assert_eq!(standing().await, before, "{kind:?}");

        // A person who reinstates means that they count, however they stood.
        judge(&running, judgement(VerdictKind::Invalidated, Reason::Machine, &forged)).await;
        judge(&running, judgement(VerdictKind::Reinstated, Reason::Reviewed, &forged)).await;
        running.intake.tick().await.expect("tick");
        assert_eq!(running.counted(), 70, "{kind:?}");
        recount_agrees(&store, running).await;
    }
}

fn reason(kind: VerdictKind) -> Reason {
    match kind {
        VerdictKind::Held | VerdictKind::Invalidated => Reason::Machine,
        VerdictKind::Released | VerdictKind::Reinstated | VerdictKind::Restored => Reason::Mistake,
    }
}

/// Bounds under which the rows of a verdict follow in many commits.
pub(crate) fn small_steps() -> Limits {
    let mut limits = Limits::default();
    limits.set("verdict_rows", 16).expect("within its range");
    limits
}

/// So many people sign and confirm.
pub(crate) async fn crowd(running: &Running, mailboxes: std::ops::Range<u32>) -> Vec<SignatureId> {
    let signs: Vec<Sign> = mailboxes.map(contribution).collect();
    for portion in signs.chunks(1000) {
        join_all(portion.iter().map(|sign| running.sign(sign.clone()))).await;
        let confirmed = join_all(portion.iter().map(|sign| running.intake.confirm(sign.id))).await;
        assert!(confirmed.iter().all(Result::is_ok));
    }
    signs.into_iter().map(|sign| sign.id).collect()
}

/// Whatever people do while the rows of a verdict follow, each event is decided as if all of them had followed already.
#[tokio::test(flavor = "multi_thread")]
async fn people_sign_confirm_withdraw_and_settle_while_rows_follow() {
    use VerdictKind::{Held, Invalidated, Reinstated, Released, Restored};
    for kind in Kind::BOTH {
        let store = Store::new(kind);
        let running = store.start_with(small_steps(), clock::now, 0).await;
        let mut dice = Dice(7);
        let mut ids = crowd(&running, 0..240).await;
        running.intake.tick().await.expect("tick");
        // A second one of every other mailbox, set aside until the first no longer counts.
        ids.extend(crowd(&running, 0..120).await);
        let mut judged_in_all = 0;
        for which in [
            Held,
            Released,
            Invalidated,
            Held,
            Reinstated,
            Released,
            Invalidated,
            Reinstated,
            Held,
            Invalidated,
            Restored,
        ] {
            let set: Vec<_> = ids.iter().copied().filter(|_| dice.roll(10) < 8).collect();
            let judging = running.intake.judge(judgement(which, reason(which), &set));
            let rolls: Vec<(u64, usize)> = (0..24)
                .map(|_| (dice.roll(8), dice.roll(ids.len() as u64) as usize))
                .collect();
            let people = async {
                let mut new = Vec::new();
                for (what, who) in rolls {
                    match what {
                        0 => drop(
                            running
                                .intake
                                .withdraw(ids[who], WithdrawnBy::Mail)
                                .await
                                .expect("recorded"),
                        ),
                        1 => drop(running.intake.disown(ids[who], Keeping::Erase).await.expect("recorded")),
                        2 | 3 => drop(running.intake.tick().await.expect("recorded")),
                        _ => {
                            let sign = contribution(u32::try_from(who).expect("few"));
                            running.sign(sign.clone()).await;
                            running.intake.confirm(sign.id).await.expect("recorded");
                            new.push(sign.id);
                        }
                    }
                }
                new
            };
            let (answer, new) = tokio::join!(judging, people);
            let Ok(JudgeAnswer::Judged { judged, .. }) = answer else {
                panic!("{kind:?}: {which:?}: {answer:?}")
            };
            judged_in_all += judged;
            ids.extend(new);
        }
        assert!(judged_in_all > 600, "{judged_in_all}");
        running.intake.tick().await.expect("tick");
        recount_agrees(&store, running).await;
        let mut connections = store.connect().await;
        let forgotten = "SELECT COUNT(*) FROM signature s LEFT JOIN mailbox m ON m.id = s.mailbox \
                         WHERE s.axes = 1 AND s.unsettled = 0 AND m.counted IS NULL";
        let forgotten = connections.main.query_one(forgotten, &[]).await.expect("read");
        assert_eq!(
            forgotten.expect("a row").int(0).expect("a number"),
            0,
            "{kind:?}: these would never settle"
        );
    }
}

/// A verdict has taken them out of the count, and their mailboxes' rows do not say so yet.
#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_before_their_row_has_followed_leaves_their_place_too() {
    for kind in Kind::BOTH {
        let store = Store::new(kind);
        let running = store.start_with(small_steps(), clock::now, 0).await;
        let ids = crowd(&running, 0..120).await;
        running.intake.tick().await.expect("tick");
        let judging = running.intake.judge(judgement(
            VerdictKind::Invalidated,
            reason(VerdictKind::Invalidated),
            &ids,
        ));
        let leaving = async {
            for id in ids.iter().rev().take(10) {
                running.intake.withdraw(*id, WithdrawnBy::Mail).await.expect("recorded");
            }
        };
        let (answer, ()) = tokio::join!(judging, leaving);
        assert!(
            matches!(answer, Ok(JudgeAnswer::Judged { judged: 120, .. })),
            "{kind:?}: {answer:?}"
        );
        recount_agrees(&store, running).await;
    }
}

const PLACE: &str = "PARAPH_TEST_JUDGES_IN";
const MANY: u32 = 2000;

/// Only under the variable: the process that the next test kills.
#[tokio::test(flavor = "multi_thread")]
async fn judges_in_a_process_of_its_own() {
    let Some(place) = std::env::var_os(PLACE) else { return };
    let store = Store::at(Path::new(&place));
    let running = store.start_with(small_steps(), clock::now, 0).await;
    let ids = crowd(&running, 0..MANY).await;
    running.intake.tick().await.expect("tick");
    judge(&running, judgement(VerdictKind::Invalidated, Reason::Machine, &ids)).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
}

fn number(file: &Path, sql: &str) -> rusqlite::Result<u64> {
    let number: i64 = Connection::open(file)?.query_row(sql, [], |row| row.get(0))?;
    Ok(number.unsigned_abs())
}

async fn differences(file: &Path) -> recount::Differences {
    let mut db = Db::Sqlite(Connection::open(file).expect("opened"));
    db.run("BEGIN").await.expect("a snapshot");
    recount::compare(&mut db).await.expect("it folds")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verdict_is_whole_at_once_and_its_rows_follow_after_a_kill() {
    const FOLLOWING: &str = "SELECT COUNT(*) FROM verdict_work";
    const INVALIDATED: &str = "SELECT COUNT(*) FROM signature WHERE axes & 6 = 4";
    let place = tempfile::tempdir().expect("a directory");
    let data = place.path().join("data");
    let file = data.join("paraph.db");
    let mut process = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "verdict::judges_in_a_process_of_its_own"])
        .env(PLACE, &data)
        .stdout(Stdio::null())
        .spawn()
        .expect("it starts");
    let began = Instant::now();
    while number(&file, INVALIDATED).unwrap_or(0) == 0 {
        assert!(began.elapsed() < Duration::from_secs(400), "nobody was judged");
        std::thread::sleep(Duration::from_millis(5));
    }
    process.kill().expect("killed");
    process.wait().expect("gone");

    let followed = number(&file, INVALIDATED).expect("read");
    assert!(
        number(&file, FOLLOWING) == Ok(1) && followed < u64::from(MANY),
        "killed too late: {followed}"
    );
    assert!(
        differences(&file).await.is_empty(),
        "half-way: {:?}",
        differences(&file).await
    );

    let store = Store::at(&data);
    let running = store.start_with(small_steps(), clock::now, 0).await;
    running.intake.tick().await.expect("tick");
    assert_eq!(running.counted(), 0, "the count is whole before the rows are");
    while number(&file, FOLLOWING).expect("read") > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(number(&file, INVALIDATED), Ok(u64::from(MANY)));
    let ids: Vec<SignatureId> = {
        let store = Connection::open(&file).expect("opened");
        let mut ids = store.prepare("SELECT id FROM signature").expect("a statement");
        let ids = ids.query_map([], |row| row.get(0).map(SignatureId)).expect("read");
        ids.collect::<Result<_, _>>().expect("read")
    };
    let (judged, _) = judge(&running, judgement(VerdictKind::Reinstated, Reason::Mistake, &ids)).await;
    assert_eq!(judged, u64::from(MANY));
    running.intake.tick().await.expect("tick");
    assert_eq!(running.counted(), u64::from(MANY));
    recount_agrees(&store, running).await;
}

/// Latencies of signing and confirming, one person after another, until told to stop.
async fn people_meanwhile(running: &Running, first: u32, stop: &std::sync::atomic::AtomicBool) -> Vec<Duration> {
    let mut waited = Vec::new();
    for person in first.. {
        if stop.load(std::sync::atomic::Ordering::Relaxed) {
            break;
        }
        let sign = contribution(person);
        let began = Instant::now();
        running.sign(sign.clone()).await;
        waited.push(began.elapsed());
        let began = Instant::now();
        running.intake.confirm(sign.id).await.expect("confirmed");
        waited.push(began.elapsed());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    waited.sort_unstable();
    waited
}

/// A million in one event, there and back, with a restart in between and people signing all the while. How long it takes is in
/// docs/benchmarks.md; a program compiled for speed says so, in the full tier:
/// `cargo test --release -p paraph --test it -- verdict::a_million --nocapture`.
#[tokio::test(flavor = "multi_thread")]
async fn a_million_are_invalidated_reinstated_and_an_invalidation_taken_back_while_people_sign() {
    if !is_full() {
        return;
    }
    let many = if cfg!(debug_assertions) { 20_000 } else { 1_000_000 };
    let store = Store::new(Kind::Sqlite);
    let mut running = store.start(0).await;
    let ids = crowd(&running, 0..many).await;
    while running.counted() < u64::from(many) {
        running.intake.tick().await.expect("tick");
    }
    let mut others = 0;
    let mut invalidation = None;
    for which in [
        VerdictKind::Invalidated,
        VerdictKind::Reinstated,
        VerdictKind::Invalidated,
        VerdictKind::Restored,
    ] {
        let stop = std::sync::atomic::AtomicBool::new(false);
        let began = Instant::now();
        let judging = async {
            let mut judgement = judgement(which, reason(which), &ids);
            judgement.undoes = invalidation.filter(|_| which == VerdictKind::Restored);
            let (judged, position) = judge(&running, judgement).await;
            let decided = began.elapsed();
            while running.intake.judged().now().is_some() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
            ((judged, position), decided, began.elapsed())
        };
        let (((judged, position), decided, followed), waited) =
            tokio::join!(judging, people_meanwhile(&running, many + others, &stop));
        let (p50, p99) = (waited[waited.len() / 2], waited[waited.len() * 99 / 100]);
        let most = waited.last().copied().unwrap_or_default();
        println!(
            "{which:?} {judged}: decided after {decided:?}, rows followed after {followed:?}; {} answers meanwhile: \
             p50 {p50:?}, p99 {p99:?}, most {most:?}",
            waited.len()
        );
        assert_eq!(judged, u64::from(many));
        invalidation = Some(position);
        others += u32::try_from(waited.len() / 2).expect("few");
        running.intake.tick().await.expect("tick");
        let standing = if which == VerdictKind::Invalidated { 0 } else { many };
        assert_eq!(running.counted(), u64::from(standing + others));
        running.stop();
        running = store.start(0).await;
    }
    recount_agrees(&store, running).await;
}
