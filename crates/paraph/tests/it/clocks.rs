//! A wall clock that steps back and forth: the journal's time goes on, and nothing is lost to a clock that is wrong.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use paraph::clock;
use paraph::intake::command::{ConfirmAnswer, MailOutcome, SignAnswer};
use paraph::store::id;
use paraph_tally::{Millis, SignatureId};

use crate::stores::{Kind, Running, Store, contribution};

const HOUR: i64 = 3_600_000;

/// By how much the wall clock is wrong.
static WRONG: AtomicI64 = AtomicI64::new(0);

fn now() -> Millis {
    Millis(clock::now().0.saturating_add_signed(WRONG.load(Ordering::SeqCst)))
}

/// Somebody signs and confirms; when, by the journal.
async fn confirmed(running: &Running, mailbox: u32) -> Millis {
    let sign = contribution(mailbox);
    assert_eq!(running.sign(sign.clone()).await, SignAnswer::Admitted);
    match running.intake.confirm(sign.id).await {
        Ok(ConfirmAnswer::Confirmed { at, .. }) => at,
        other => panic!("{other:?}"),
    }
}

/// Ticks until so many are counted, for a few seconds at the most.
async fn settles(running: &Running, wanted: u64, after: &str) {
    for _ in 0..80 {
        let ticked = running.intake.tick().await.expect("tick");
        assert_eq!(ticked.expired, 0, "{after}: nothing is that old");
        if running.counted() == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{after}: {} counted, not {wanted}", running.counted());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_steps_stops_no_settling_and_erases_nothing() {
    let store = Store::new(Kind::Sqlite);
    let running = store.start_by(now, 1).await;
    let waiting = contribution(100);
    running.sign(waiting.clone()).await;
    let mut last = confirmed(&running, 0).await;
    settles(&running, 1, "a right clock").await;
    let mut running = running;
    for (person, step) in [-HOUR, 2 * HOUR, -26 * HOUR, 30 * 24 * HOUR, -30 * 24 * HOUR, 0]
        .into_iter()
        .enumerate()
    {
        WRONG.store(step, Ordering::SeqCst);
        let person = u32::try_from(person).expect("few") + 1;
        let at = confirmed(&running, person).await;
        assert!(at >= last, "{step}: the journal's time ran back");
        last = at;
        settles(&running, u64::from(person) + 1, &format!("step to {step}")).await;
        if person % 2 == 0 {
            // A restart takes up where the journal ends, whatever the clock says.
            running.stop();
            running = store.start_by(now, 1).await;
        }
    }
    // Who had signed before all this can still confirm.
    assert!(matches!(
        running.intake.confirm(waiting.id).await,
        Ok(ConfirmAnswer::Confirmed { .. })
    ));
    settles(&running, 8, "at the end").await;
    running.stop();
    let mut connections = store.connect().await;
    let records = connections.main.query("SELECT id FROM vault", &[]).await.expect("read");
    assert_eq!(records.len(), 8, "no record was erased");
    // Positions are consecutive and times never run back: the fold refuses anything else.
    let differences = paraph::ledger::recount::compare(&mut connections.main).await;
    assert_eq!(differences.expect("it folds"), BTreeMap::default());
}

/// By how much the wall clock of the second test is wrong.
static AHEAD: AtomicI64 = AtomicI64::new(0);

fn ahead() -> Millis {
    Millis(clock::now().0.saturating_add_signed(AHEAD.load(Ordering::SeqCst)))
}

#[tokio::test(flavor = "multi_thread")]
async fn restarts_under_a_clock_that_is_weeks_ahead_erase_nothing_until_it_has_held() {
    let store = Store::new(Kind::Sqlite);
    let running = store.start_by(ahead, 1).await;
    let waiting = contribution(0);
    running.sign(waiting.clone()).await;
    running.intake.tick().await.expect("tick");
    running.stop();
    AHEAD.store(20 * 24 * HOUR, Ordering::SeqCst);
    for person in 1..4 {
        // Signing goes on; so the journal ends at the wrong time, and must not vouch for the clock at the next start.
        let running = store.start_by(ahead, 1).await;
        let mut sign = contribution(person);
        sign.id = SignatureId(id::time_ordered(ahead()));
        running.sign(sign).await;
        let ticked = running.intake.tick().await.expect("tick");
        assert_eq!(ticked.expired, 0, "start {person}: 20 days are not believed");
        running.stop();
    }
    // A right clock is believed at once: the contribution is as old as it is.
    AHEAD.store(0, Ordering::SeqCst);
    let running = store.start_by(ahead, 1).await;
    assert_eq!(running.intake.tick().await.expect("tick").expired, 0);
    running.stop();

    AHEAD.store(20 * 24 * HOUR, Ordering::SeqCst);
    let running = store.start_by(ahead, 1).await;
    running.intake.tick().await.expect("tick");
    running.stop();
    // As if it had held until nearly a day had passed: what is left of the wait outlives the process too.
    let mut connections = store.connect().await;
    let nearly = "UPDATE meta SET value = 300 WHERE name = 'clock_doubted_ms' AND value > 3600000";
    assert_eq!(connections.main.execute(nearly, &[]).await.expect("set"), 1);
    drop(connections);
    let running = store.start_by(ahead, 1).await;
    assert_eq!(running.intake.tick().await.expect("tick").expired, 0);
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(
        running.intake.tick().await.expect("tick").expired,
        1,
        "who signed three weeks before, as far as anybody can know"
    );
}

/// By how much the wall clock of the third test is wrong.
static MAILED: AtomicI64 = AtomicI64::new(0);

fn mailed() -> Millis {
    Millis(clock::now().0.saturating_add_signed(MAILED.load(Ordering::SeqCst)))
}

/// Mail leaves no event behind, so that a start by a right clock knows nothing of the time at which it was put off or sent.
#[tokio::test(flavor = "multi_thread")]
async fn mail_that_was_put_off_and_budgets_that_were_spent_while_the_clock_was_ahead_do_not_wait_for_that_time() {
    const DAY: u64 = 24 * 3_600_000;
    let store = Store::new(Kind::Sqlite);
    let running = store.start_by(mailed, 1).await;
    for mailbox in 0..3 {
        running.sign(contribution(mailbox)).await;
    }
    running.stop();
    MAILED.store(300 * 24 * HOUR, Ordering::SeqCst);
    let running = store.start_by(mailed, 1).await;
    let claimed = running.intake.claim_mail(10).await.expect("claimed");
    assert_eq!(claimed.len(), 3);
    let wait = Duration::from_secs(6 * 3600);
    let outcomes = vec![(claimed[0], MailOutcome::Sent), (claimed[1], MailOutcome::Later(wait))];
    running.intake.mail_done(outcomes).await.expect("recorded");
    running.stop();

    MAILED.store(0, Ordering::SeqCst);
    let right = clock::now();
    let running = store.start_by(mailed, 1).await;
    let mut connections = store.connect().await;
    let sent = connections
        .main
        .query("SELECT at FROM mail_sent", &[])
        .await
        .expect("read");
    assert_eq!(sent.len(), 3);
    for row in &sent {
        let at = row.unsigned(0).expect("a time");
        assert!(at.abs_diff(right.0) < 60_000, "spent just now: {at}, it is {}", right.0);
    }
    let again = running.intake.claim_mail(10).await.expect("claimed");
    assert_eq!(again.len(), 2, "what was put off, and what nobody finished");
    // Who signs again at the mailbox that has its mail waits a day for the next, and not for the year after.
    running.sign(contribution(0)).await;
    assert_eq!(running.intake.claim_mail(10).await, Ok(Vec::new()));
    let due = "SELECT MAX(due_at) FROM outbox";
    let due = connections
        .main
        .query_one(due, &[])
        .await
        .expect("read")
        .expect("a row");
    assert!(due.unsigned(0).expect("a time") < right.0 + DAY + 60_000);
    running.stop();
}
