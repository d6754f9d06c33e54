//! The door as a whole.

use std::fmt::Debug;
use std::net::SocketAddr;

use altcha::{Payload, SolveChallengeOptions};
use data_encoding::BASE64;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http_body_util::Full;

use super::*;

// Far ahead: the altcha crate looks at the machine's clock once more when it verifies.
const NOW: Millis = Millis(4_102_444_800_000);

fn door(price: Price) -> Arc<Admitter> {
    door_within(
        price,
        &Limits {
            budget_slots: 1024,
            ..Limits::default()
        },
    )
}

fn door_within(price: Price, limits: &Limits) -> Arc<Admitter> {
    let key = |first| std::array::from_fn(|index| if index == 0 { first } else { 7 });
    let secrets = Secrets {
        challenge: key(1),
        ticket: key(2),
        body: key(3),
    };
    Arc::new(Admitter::new(&secrets, price, limits).expect("secrets"))
}

fn source(addr: &str) -> Source {
    Source::direct(SocketAddr::new(addr.parse().expect("address"), 4711))
}

fn home() -> Source {
    source("198.51.100.1")
}

fn after(seconds: u64) -> Millis {
    Millis(NOW.0 + seconds * 1000)
}

/// What the widget leaves in the form.
fn solve(challenge: Challenge) -> String {
    let solution = altcha::solve_challenge(SolveChallengeOptions::new(&challenge))
        .expect("solvable")
        .expect("in time");
    BASE64.encode(&serde_json::to_vec(&Payload { challenge, solution }).expect("json"))
}

fn with_clearance(door: &Admitter) -> SignForm {
    let altcha = solve(door.challenge(&home(), "well", NOW).expect("challenge"));
    SignForm {
        altcha,
        ..SignForm::default()
    }
}

fn with_ticket(door: &Admitter) -> SignForm {
    let (ticket, age) = door.ticket(&home(), "well", NOW).expect("ticket");
    assert_eq!(age, 4);
    SignForm {
        ticket,
        ..SignForm::default()
    }
}

fn refusal<T: Debug>(result: Result<T, Refusal>) -> String {
    let refusal = result.expect_err("must be refused");
    format!("{} {}", refusal.code(), refusal.label())
}

async fn attempt(door: &Admitter, form: &SignForm, body: &str, now: Millis) -> Result<Burnt, Refusal> {
    door.burn(door.clear(&home(), "well", form, body.as_bytes(), now)?, now)
        .await
}

fn pass(burnt: Result<Burnt, Refusal>) -> Pass {
    match burnt.expect("admitted") {
        Burnt::Fresh(pass) => pass,
        Burnt::Repeat => panic!("a repeat"),
    }
}

#[tokio::test]
async fn a_solved_challenge_is_admitted_once_and_its_repeat_gets_the_same_answer() {
    let door = door(Price::Real);
    let form = with_clearance(&door);
    let first = pass(attempt(&door, &form, "body", after(30)).await);
    assert_eq!(
        (first.way, first.price, first.issued, first.score),
        (Way::Script, 1000, NOW, 0)
    );
    first.admitted();
    assert!(matches!(
        attempt(&door, &form, "body", after(31)).await,
        Ok(Burnt::Repeat)
    ));
    assert_eq!(
        refusal(attempt(&door, &form, "other body", after(32)).await),
        "clearance_refused spent"
    );
}

#[tokio::test]
async fn a_ticket_is_admitted_once_when_it_is_old_enough() {
    let door = door(Price::Real);
    let form = with_ticket(&door);
    assert_eq!(
        attempt(&door, &form, "body", after(1)).await.expect_err("young"),
        Refusal::TooEarly { wait_seconds: 3 }
    );
    let first = pass(attempt(&door, &form, "body", after(5)).await);
    assert_eq!((first.way, first.price), (Way::Plain, 4));
    first.admitted();
    assert!(matches!(
        attempt(&door, &form, "body", after(6)).await,
        Ok(Burnt::Repeat)
    ));
    assert_eq!(
        refusal(attempt(&door, &form, "other", after(6)).await),
        "clearance_refused spent"
    );
    assert_eq!(
        refusal(attempt(&door, &form, "body", after(7300)).await),
        "ticket_expired ticket_expired"
    );
}

#[tokio::test]
async fn a_second_solution_of_one_challenge_is_refused() {
    let door = door(Price::Drill);
    let challenge = door.challenge(&home(), "well", NOW).expect("challenge");
    let second = {
        let mut options = SolveChallengeOptions::new(&challenge);
        options.counter_start = 1;
        let solution = altcha::solve_challenge(options).expect("solvable").expect("in time");
        let altcha = BASE64.encode(
            &serde_json::to_vec(&Payload {
                challenge: challenge.clone(),
                solution,
            })
            .expect("json"),
        );
        SignForm {
            altcha,
            ..SignForm::default()
        }
    };
    let first = SignForm {
        altcha: solve(challenge),
        ..SignForm::default()
    };
    pass(attempt(&door, &first, "one", NOW).await).admitted();
    assert_eq!(
        refusal(attempt(&door, &second, "two", NOW).await),
        "clearance_refused spent"
    );
}

#[tokio::test]
async fn a_wrong_solution_burns_its_nonce_for_good() {
    let door = door(Price::Real);
    let challenge = door.challenge(&home(), "well", NOW).expect("challenge");
    let solution = altcha::Solution {
        counter: 1,
        derived_key: "00".repeat(32),
        time: None,
    };
    let altcha = BASE64.encode(
        &serde_json::to_vec(&Payload {
            challenge: challenge.clone(),
            solution,
        })
        .expect("json"),
    );
    let wrong = SignForm {
        altcha,
        ..SignForm::default()
    };
    assert_eq!(
        refusal(attempt(&door, &wrong, "body", NOW).await),
        "clearance_refused solution"
    );
    assert_eq!(
        refusal(attempt(&door, &wrong, "body", NOW).await),
        "clearance_refused solution"
    );
    let right = SignForm {
        altcha: solve(challenge),
        ..SignForm::default()
    };
    assert_eq!(
        refusal(attempt(&door, &right, "body of the right one", NOW).await),
        "clearance_refused spent"
    );
}

#[tokio::test]
async fn what_could_not_be_made_durable_may_come_again_with_the_same_body() {
    let door = door(Price::Drill);
    let form = with_clearance(&door);
    drop(pass(attempt(&door, &form, "body", NOW).await));
    assert_eq!(
        refusal(attempt(&door, &form, "other", NOW).await),
        "clearance_refused spent"
    );
    pass(attempt(&door, &form, "body", NOW).await).admitted();
    assert!(matches!(attempt(&door, &form, "body", NOW).await, Ok(Burnt::Repeat)));
}

#[tokio::test]
async fn a_repeat_waits_for_the_first_ones_outcome_and_takes_over_when_it_failed() {
    let door = door(Price::Drill);
    let form = with_clearance(&door);
    let repeat = || {
        let (door, form) = (Arc::clone(&door), form.clone());
        tokio::spawn(async move { attempt(&door, &form, "body", NOW).await })
    };
    let first = pass(attempt(&door, &form, "body", NOW).await);
    let second = repeat();
    tokio::task::yield_now().await;
    drop(first);
    let second = pass(second.await.expect("joined"));
    let third = repeat();
    tokio::task::yield_now().await;
    second.admitted();
    assert!(matches!(third.await.expect("joined"), Ok(Burnt::Repeat)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_10_000_concurrent_duplicates_one_is_admitted() {
    let door = door(Price::Drill);
    let form = with_clearance(&door);
    let mut attempts = tokio::task::JoinSet::new();
    for _ in 0..10_000 {
        let (door, form) = (Arc::clone(&door), form.clone());
        attempts.spawn(async move {
            match attempt(&door, &form, "body", NOW).await {
                Ok(Burnt::Fresh(pass)) => {
                    pass.admitted();
                    "admitted"
                }
                Ok(Burnt::Repeat) => "repeat",
                Err(Refusal::Busy { .. }) => "busy",
                Err(other) => other.label(),
            }
        });
    }
    let mut counts = std::collections::BTreeMap::new();
    while let Some(outcome) = attempts.join_next().await {
        *counts.entry(outcome.expect("joined")).or_insert(0) += 1;
    }
    assert_eq!(counts.remove("admitted"), Some(1));
    let (repeats, busy) = (counts.remove("repeat").unwrap_or(0), counts.remove("busy").unwrap_or(0));
    assert_eq!(
        (repeats + busy, counts.len()),
        (9_999, 0),
        "nothing but the same answer, or come back: {counts:?}"
    );
}

#[tokio::test]
async fn no_room_for_verification_burns_nothing() {
    let limits = Limits {
        puzzle_waiting: 0,
        budget_slots: 1024,
        ..Limits::default()
    };
    let door = door_within(Price::Drill, &limits);
    let form = with_clearance(&door);
    let mut places = Vec::new();
    while let Ok(place) = door.verification.enter().await {
        places.push(place);
    }
    assert_eq!(refusal(attempt(&door, &form, "body", NOW).await), "busy busy");
    drop(places);
    pass(attempt(&door, &form, "corrected body", NOW).await).admitted();
}

#[tokio::test]
async fn a_full_memory_closes_no_way_and_leaves_the_decision_to_the_store() {
    let limits = Limits {
        spent_plain: 1,
        spent_script: 0,
        budget_slots: 1024,
        ..Limits::default()
    };
    let door = door_within(Price::Drill, &limits);
    for form in [with_ticket(&door), with_ticket(&door), with_clearance(&door)] {
        pass(attempt(&door, &form, "body", after(5)).await).admitted();
    }
    assert_eq!((door.spent_held(Way::Plain), door.spent_held(Way::Script)), (1, 0));
}

#[tokio::test]
async fn what_the_store_admitted_before_a_restart_is_a_repeat_after_it() {
    let (before, restarted) = (door(Price::Drill), door(Price::Drill));
    let form = with_clearance(&before);
    let first = pass(attempt(&before, &form, "body", NOW).await);
    restarted.preload(Way::Script, [(first.nonce, first.body_mac, first.expires)], NOW);
    assert!(matches!(
        attempt(&restarted, &form, "body", NOW).await,
        Ok(Burnt::Repeat)
    ));
    assert_eq!(
        refusal(attempt(&restarted, &form, "other", NOW).await),
        "clearance_refused spent"
    );
}

#[test]
fn without_a_clearance_of_ours_nothing_is_cleared() {
    let door = door(Price::Real);
    let check = |form: SignForm| refusal(door.clear(&home(), "well", &form, b"body", NOW));
    assert_eq!(check(SignForm::default()), "clearance_refused missing");
    assert_eq!(
        check(SignForm {
            ticket: "x".into(),
            ..SignForm::default()
        }),
        "clearance_refused ticket"
    );
    assert_eq!(
        check(SignForm {
            altcha: "e30=".into(),
            ..SignForm::default()
        }),
        "clearance_refused malformed"
    );
    let bad = SignForm {
        altcha: "!".into(),
        ..with_ticket(&door)
    };
    assert_eq!(
        refusal(door.clear(&home(), "well", &bad, b"", after(5))),
        "clearance_refused malformed"
    );
    let elsewhere = refusal(door.clear(&home(), "mill", &with_clearance(&door), b"", NOW));
    assert_eq!(elsewhere, "clearance_refused binding");
}

#[tokio::test]
async fn forms_are_read_within_their_bounds() {
    let door = door(Price::Real);
    let receive_coded = async |media: &str, codings: &[&str], body: Vec<u8>| {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, media.parse().expect("header"));
        for coding in codings {
            headers.append(CONTENT_ENCODING, coding.parse().expect("header"));
        }
        let received = door
            .receive(&home(), &headers, Full::new(Bytes::from(body)), true, NOW)
            .await;
        received.map_err(|not| not.refusal)
    };
    let receive = async |media: &str, body: Vec<u8>| receive_coded(media, &[], body).await;
    let form = "application/x-www-form-urlencoded; charset=UTF-8";
    let received = receive(form, b"name=Ada".to_vec()).await.expect("read");
    assert_eq!(
        (received.form.name.as_str(), received.raw.as_ref()),
        ("Ada", b"name=Ada".as_slice())
    );
    assert_eq!(
        refusal(receive("application/json", b"{}".to_vec()).await),
        "unsupported_type unsupported_type"
    );
    // What is not UTF-8, or is compressed, would be read as letters that nobody typed.
    for (charset, is_taken) in [("iso-8859-1", false), ("\"utf-8\"", true), ("windows-1252", false)] {
        let media = format!("application/x-www-form-urlencoded;charset={charset}");
        assert_eq!(
            receive(&media, b"name=Ada".to_vec()).await.is_ok(),
            is_taken,
            "{charset}"
        );
    }
    for (codings, is_taken) in [
        (&["gzip"][..], false),
        (&["identity"], true),
        (&["br, gzip"], false),
        (&["identity", "gzip"], false),
    ] {
        for media in [form, "application/x-www-form-urlencoded"] {
            let received = receive_coded(media, codings, b"name=Ada".to_vec()).await;
            assert_eq!(received.is_ok(), is_taken, "{media} {codings:?}");
        }
    }
    assert_eq!(refusal(receive(form, vec![b'a'; 16_385]).await), "too_large too_large");
    assert_eq!(
        refusal(receive(form, b"age=7".to_vec()).await),
        "invalid_form invalid_form"
    );
}

#[tokio::test]
async fn a_source_pays_more_before_it_is_refused_and_others_do_not() {
    let door = door(Price::Drill);
    let mut headers = HeaderMap::new();
    headers.insert(
        CONTENT_TYPE,
        "application/x-www-form-urlencoded".parse().expect("header"),
    );
    let receive = async |keep| {
        let body = Full::new(Bytes::from_static(b"name=Ada"));
        door.receive(&home(), &headers, body, keep, NOW).await
    };
    for person in 0..480 {
        receive(true).await.expect("there is some left");
        let form = with_clearance(&door);
        pass(attempt(&door, &form, &format!("body {person}"), NOW).await).admitted();
        // Who sends it again, with another body, uses nothing up.
        attempt(&door, &form, "replayed", NOW).await.expect_err("spent");
    }
    let refused = receive(true).await.expect_err("used up");
    assert!(matches!(refused.refusal, Refusal::SlowDown { retry_after: 10..=20 }));
    assert_eq!(refused.form.name, "Ada", "what was typed is given back");
    assert_eq!(
        receive(false).await.expect_err("used up").form.name,
        "",
        "or not read at all"
    );
    let price = |addr| {
        door.challenge(&source(addr), "well", NOW)
            .expect("challenge")
            .parameters
            .cost
    };
    assert_eq!((price("198.51.100.1"), price("203.0.113.1")), (3000, 1000));
    assert_eq!(door.ticket(&home(), "well", NOW).expect("ticket").1, 60);
}

#[test]
fn a_neighbour_who_asks_for_puzzles_without_end_keeps_nobody_from_one() {
    let door = door(Price::Real);
    let cost = |addr, now| {
        let issued = door.challenge(&source(addr), "well", now);
        issued.expect("whoever asked before").parameters.cost
    };
    // Ten times the budget of the address, and what is left of that of its /24.
    for asked in 0..20_000 {
        assert!(cost("198.51.100.1", NOW) <= 3000, "{asked}");
    }
    assert_eq!(cost("198.51.100.1", NOW), 3000, "at the highest price");
    assert_eq!(cost("203.0.113.1", NOW), 1000, "which is nobody else's");
    // What went beyond the budget was not counted: two minutes later it costs what it did.
    assert_eq!(cost("198.51.100.1", after(120)), 1000);
}

#[tokio::test]
async fn everybody_pays_more_while_signatures_wait_but_never_more_than_the_ceiling() {
    let limits = Limits {
        lane_sign: 1,
        lane_wait_ms: 600,
        ..Limits::default()
    };
    let door = door_within(Price::Real, &limits);
    let price = || door.challenge(&home(), "well", NOW).expect("challenge").parameters.cost;
    assert_eq!(price(), 1000);
    let held = door.lanes.enter(Rank::Sign).await.expect("free");
    let mut prices = Vec::new();
    for _ in 0..3 {
        door.lanes.enter(Rank::Sign).await.expect_err("never freed");
        prices.push(price());
    }
    assert!(prices.is_sorted() && (1400..=3000).contains(&prices[2]), "{prices:?}");
    drop(held);
}

#[tokio::test]
async fn explanations_have_a_budget_and_it_is_not_that_of_those_who_sign() {
    let door = door(Price::Drill);
    let refuse = || door.refused(&home(), Refusal::ClearanceRefused("signature"), false, NOW);
    for _ in 0..240 {
        assert_eq!(refuse(), Refusal::ClearanceRefused("signature"));
    }
    assert!(matches!(refuse(), Refusal::SlowDown { .. }));
    assert_eq!(door.refused(&home(), Refusal::Closed, false, NOW), Refusal::Closed);
    pass(attempt(&door, &with_clearance(&door), "body", NOW).await).admitted();
}

#[test]
fn guessing_links_is_bounded() {
    let door = door(Price::Real);
    for _ in 0..60 {
        door.missed(&home(), NOW).expect("typing errors");
    }
    assert_eq!(refusal(door.missed(&home(), NOW)), "slow_down slow_down");
}

#[test]
fn weak_secrets_are_refused_at_start() {
    let good: [u8; 32] = std::array::from_fn(|index| u8::try_from(index).expect("small"));
    for broken in 0..3 {
        let key = |index| if index == broken { [0; 32] } else { good };
        let secrets = Secrets {
            challenge: key(0),
            ticket: key(1),
            body: key(2),
        };
        assert!(Admitter::new(&secrets, Price::Real, &Limits::default()).is_err());
    }
}
