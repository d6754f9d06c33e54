//! Lanes, with clocks of the test's own where time decides.

use super::*;

#[tokio::test]
async fn a_full_lane_lets_some_wait_in_order_and_sends_the_rest_away() {
    let lane = Arc::new(Lane::new("test", 1, 2, Duration::from_secs(5)));
    let first = lane.enter().await.expect("free");
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut waiters = Vec::new();
    for index in 0..2 {
        let (lane, order) = (Arc::clone(&lane), Arc::clone(&order));
        let before = lane.waiting();
        let watched = Arc::clone(&lane);
        waiters.push(tokio::spawn(async move {
            let _permit = lane.enter().await.expect("waits");
            order.lock().expect("lock").push(index);
        }));
        while watched.waiting() == before {
            tokio::task::yield_now().await;
        }
    }
    let busy = lane.enter().await.expect_err("two wait already");
    assert!(busy.retry_after >= 1);
    drop(first);
    for waiter in waiters {
        waiter.await.expect("joined");
    }
    assert_eq!(*order.lock().expect("lock"), [0, 1]);
    assert_eq!(lane.waiting(), 0);
}

#[tokio::test]
async fn a_wait_that_lasts_too_long_ends_and_raises_the_delay() {
    let lane = Lane::new("test", 1, 2, Duration::from_millis(20));
    let _held = lane.enter().await.expect("free");
    lane.enter().await.expect_err("never freed");
    assert!(lane.delay() >= Duration::from_millis(4));
    assert_eq!(lane.waiting(), 0);
}

#[test]
fn a_wait_that_stands_sends_away_and_a_burst_does_not() {
    let (start, long) = (Instant::now(), Duration::from_millis(600));
    let mut queue = Queue::new(start);
    queue.target = Some(Duration::from_millis(250));
    let at = |millis| start + Duration::from_millis(millis);
    // A burst that drains: among long waits there is a short one in every second.
    for step in 0..30 {
        let waited = if step % 5 == 0 { Duration::from_millis(50) } else { long };
        assert!(!queue.note(at(100 * step), waited));
    }
    // A queue that stands: within two seconds long waits are refused, short ones never.
    let refused = (30..60).filter(|step| queue.note(at(100 * step), long)).count();
    assert!((10..=29).contains(&refused), "{refused}");
    assert!(!queue.note(at(6000), Duration::from_millis(400)));
    assert!(queue.is_standing(at(6100)));
    queue.note(at(6200), Duration::ZERO);
    queue.note(at(7400), Duration::ZERO);
    assert!(!queue.is_standing(at(7400)), "one who passes quickly ends it");
}

#[test]
fn a_wait_sends_away_neither_confirmations_nor_operators() {
    let lanes = Lanes::new(&Limits::default());
    for rank in Rank::ALL {
        let (start, long) = (Instant::now(), Duration::from_secs(2));
        let mut queue = lanes.of(rank).queue();
        let sent_away = (0..60).filter(|step| queue.note(start + Duration::from_millis(100 * step), long));
        let never = matches!(rank, Rank::Operator | Rank::Desk | Rank::DeskDoor | Rank::Confirm);
        assert_eq!(sent_away.count() == 0, never, "{rank:?}");
    }
}

#[test]
fn the_wait_ahead_is_known_from_the_served_rate_before_anybody_has_waited() {
    let start = Instant::now();
    let mut rate = Queue::new(start).rate;
    let after = |seconds| start + Duration::from_secs(seconds);
    assert_eq!(rate.ahead(start, 0, 50), 0.0, "nothing is known");
    assert_eq!(rate.ahead(after(1), 10, 50), 5.0);
    assert_eq!(rate.ahead(after(2), 10, 50), 10.0, "half of what it was, and falling");
    assert_eq!(rate.ahead(after(3), 110, 0), 0.0);
    assert_eq!(
        rate.ahead(after(100), 110, 100),
        2.0,
        "a quiet time does not make it slow"
    );
}

#[tokio::test]
async fn nothing_is_sent_away_before_all_that_matters_less() {
    let limits = Limits {
        lane_confirm: 1,
        lane_confirm_waiting: 1,
        ..Limits::default()
    };
    let lanes = Arc::new(Lanes::new(&limits));
    let held = lanes.enter(Rank::Confirm).await.expect("free");
    let confirming = tokio::spawn({
        let lanes = Arc::clone(&lanes);
        async move { lanes.enter(Rank::Confirm).await.map(drop) }
    });
    while lanes.of(Rank::Confirm).waiting() == 0 {
        tokio::task::yield_now().await;
    }
    // The next confirmation would be sent away: everything below is sent away before it, and nobody above.
    for rank in [Rank::Manage, Rank::Sign, Rank::Plain, Rank::Challenge] {
        lanes.enter(rank).await.expect_err(rank.label());
    }
    for rank in [Rank::Operator, Rank::Desk, Rank::DeskDoor] {
        drop(lanes.enter(rank).await.expect("apart from all others"));
    }
    drop(held);
    confirming.await.expect("joined").expect("waited, and was served");
    drop(lanes.enter(Rank::Challenge).await.expect("over"));
}

#[tokio::test]
async fn withdrawals_that_queue_narrow_signing_and_never_end_it() {
    let limits = Limits {
        lane_manage: 1,
        lane_manage_waiting: 1,
        lane_sign: 8,
        ..Limits::default()
    };
    let lanes = Arc::new(Lanes::new(&limits));
    let _held = lanes.enter(Rank::Manage).await.expect("free");
    let waiting = tokio::spawn({
        let lanes = Arc::clone(&lanes);
        async move { lanes.enter(Rank::Manage).await.map(drop) }
    });
    while lanes.of(Rank::Manage).waiting() == 0 {
        tokio::task::yield_now().await;
    }
    assert!(lanes.of(Rank::Manage).is_strained());
    let first = lanes.enter(Rank::Sign).await.expect("people sign");
    let _second = lanes.enter(Rank::Sign).await.expect("a quarter of them at once");
    lanes.enter(Rank::Sign).await.expect_err("the rest is for withdrawals");
    for rank in [Rank::Plain, Rank::Challenge] {
        drop(lanes.enter(rank).await.expect("puzzles are given"));
    }
    drop(first);
    drop(lanes.enter(Rank::Sign).await.expect("the next one"));
    waiting.abort();
}

/// However many links one address opens at once: those who sign notice nothing.
#[tokio::test]
async fn an_address_alone_cannot_make_a_lane_wait() {
    let limits = Limits {
        lane_confirm: 6,
        lane_confirm_waiting: 2,
        lane_manage: 6,
        lane_manage_waiting: 2,
        lane_sign: 1,
        ..Limits::default()
    };
    let lanes = Arc::new(Lanes::new(&limits));
    let source = |last| Source::direct(std::net::SocketAddr::from(([198, 51, 100, last], 1)));
    for rank in [Rank::Confirm, Rank::Manage] {
        let crowd: Vec<_> = (0..40)
            .map(|_| {
                let (lanes, here) = (Arc::clone(&lanes), source(1));
                tokio::spawn(async move {
                    let _place = lanes.enter_in_turn(rank, &here).await;
                    std::future::pending::<()>().await;
                })
            })
            .collect();
        while lanes.of(rank).working() < 4 {
            tokio::task::yield_now().await;
        }
        assert_eq!((lanes.of(rank).working(), lanes.of(rank).waiting()), (4, 0), "{rank:?}");
        drop(lanes.enter_in_turn(rank, &source(2)).await.expect("another address"));
        drop(lanes.enter(Rank::Sign).await.expect("who signs notices nothing"));
        crowd.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

#[test]
fn the_delay_rises_fast_and_forgets_by_the_clock() {
    let start = Instant::now();
    let mut delay = Delay {
        at: start,
        seconds: 0.0,
    };
    for _ in 0..16 {
        delay.note(start, Duration::from_secs(2));
    }
    assert!(delay.at_time(start) > 1.9);
    delay.note(start, Duration::ZERO);
    assert!(delay.at_time(start) > 1.9, "one quick pass does not end a queue");
    assert!(delay.at_time(start + Duration::from_secs(60)) < 0.04);
}
