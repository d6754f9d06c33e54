//! Budgets, over minutes that pass as fast as the test likes.

use std::net::SocketAddr;

use super::*;

const NOW: u64 = 4_102_444_800_000;

fn source(addr: &str) -> Asker {
    Source::direct(SocketAddr::new(addr.parse().expect("address"), 1)).into()
}

fn budgets() -> Budgets {
    Budgets::new(&Limits::default())
}

/// One try of a person behind the shared address: a challenge, and the form.
fn signs(budgets: &Budgets, asker: &Asker, now: Millis) -> Result<(), SlowDown> {
    budgets.charge(Purpose::Challenge, asker, now)?;
    budgets.charge(Purpose::Sign, asker, now).map(drop)
}

/// A thousand people within ten minutes, two in five of them in the first two, as after a broadcast; each tries again when
/// told so, as the page does by itself. Beside them, behind the same address, a forger with so many cores solves whatever
/// puzzle it is given, and sends fifty forms a second that do not hold. Who signed confirms within a minute.
/// Returns how many succeeded, the tries of the slowest, and what the forger got in.
fn ten_minutes_behind_one_address(limits: &Limits, cores: u64) -> (usize, u32, u32) {
    let (budgets, nat) = (Budgets::new(limits), source("100.64.0.1"));
    let arrival = |person: u64| {
        if person < 400 {
            person * 300
        } else {
            120_000 + (person - 400) * 800
        }
    };
    let mut waiting: Vec<(u64, u64, u32)> = (0..1000).map(|person| (arrival(person), person, 1)).collect();
    let (mut succeeded, mut most_tries, mut forged, mut solved_at) = (0, 0, 0, 0);
    // A minute for confirming, two and a tick for settling.
    let mut settling = std::collections::VecDeque::new();
    for at in (0..720_000).step_by(100) {
        let now = Millis(NOW + at);
        while settling.front().is_some_and(|(due, _)| *due <= at) {
            let (_, person): (u64, u64) = settling.pop_front().expect("seen");
            let mailbox = format!("p{person}@mail{}.example", person % 30);
            let id = paraph_tally::SignatureId([0; 16]);
            budgets.rooms.confirmed(id, nat.source.narrow(), &mailbox, now);
            let hope = budgets.rooms.next(Millis(now.0 + 1)).expect("it waits");
            budgets.rooms.settled(&hope, now);
        }
        if cores > 0 && at < 600_000 {
            for _ in 0..5 {
                let _ = budgets.charge(Purpose::Refused, &nat, now);
            }
            if at >= solved_at && signs(&budgets, &nat, now).is_ok() {
                forged += 1;
                let pressure = budgets.pressure(Purpose::Sign, &nat, now);
                let rounds = crate::admit::challenge::rounds(limits, pressure, std::time::Duration::ZERO);
                // 256 guesses, 1.17 us a round natively (FACTS).
                solved_at = at + u64::from(rounds) * 256 * 117 / 100 / cores / 1000;
            }
        }
        for (due, person, tries) in waiting.iter_mut().filter(|(due, ..)| *due <= at) {
            match signs(&budgets, &nat, now) {
                Ok(()) => {
                    succeeded += 1;
                    most_tries = most_tries.max(*tries);
                    settling.push_back((at + 240_000, *person));
                    *due = u64::MAX;
                }
                Err(slow_down) => {
                    *due = at + 1000 * slow_down.retry_after;
                    *tries += 1;
                }
            }
        }
        // Who has tried twelve times gives up.
        waiting.retain(|(due, _, tries)| *due != u64::MAX && *tries <= 12);
    }
    (succeeded, most_tries, forged)
}

#[test]
fn a_thousand_people_behind_one_carrier_address_sign_within_ten_minutes() {
    assert_eq!(ten_minutes_behind_one_address(&Limits::default(), 0), (1000, 1, 0));
}

#[test]
fn and_so_do_99_of_100_while_a_forger_sits_behind_the_same_address() {
    let (succeeded, tries, forged) = ten_minutes_behind_one_address(&Limits::default(), 4);
    assert!(succeeded >= 990, "{succeeded} of 1000, the slowest after {tries} tries");
    // Without a price four cores would have solved 8,000.
    assert!(forged <= 6000, "{forged}");
    // Against more cores it is the room that they earn that lets people in.
    let roomless = Limits {
        budget_room_times: 1,
        ..Limits::default()
    };
    let (with_room, ..) = ten_minutes_behind_one_address(&Limits::default(), 16);
    let (without, ..) = ten_minutes_behind_one_address(&roomless, 16);
    assert!(with_room > without + 50, "{with_room} with room, {without} without");
}

#[test]
fn prices_rise_before_anyone_is_refused_and_an_hour_later_all_is_forgotten() {
    let (budgets, busy) = (budgets(), source("198.51.100.1"));
    let mut last = Pressure::default();
    for _ in 0..480 {
        let pressure = budgets
            .charge(Purpose::Sign, &busy, Millis(NOW))
            .expect("within budget");
        assert!(pressure >= last);
        last = pressure;
    }
    assert!(last.between(1000, 3000) > 2950);
    let refused = budgets.charge(Purpose::Sign, &busy, Millis(NOW)).expect_err("used up");
    assert!((10..=20).contains(&refused.retry_after));
    budgets
        .charge(Purpose::Challenge, &busy, Millis(NOW))
        .expect("another purpose");
    budgets
        .charge(Purpose::Sign, &source("198.51.100.2"), Millis(NOW))
        .expect("a neighbour");
    budgets
        .charge(Purpose::Sign, &busy, Millis(NOW + 90_000))
        .expect("half of the minute before");
    assert_eq!(
        budgets
            .pressure(Purpose::Sign, &busy, Millis(NOW + 3_600_000))
            .percent(),
        0
    );
}

#[test]
fn rotating_through_a_48_or_a_24_is_bounded_by_the_wide_budget() {
    // Of so many keys one may meet another in the sketch: each crowd has budgets of its own.
    let accepted = |addr: &dyn Fn(u64) -> String| {
        let budgets = budgets();
        (0..4000)
            .filter(|&n| budgets.charge(Purpose::Sign, &source(&addr(n)), Millis(NOW)).is_ok())
            .count()
    };
    assert_eq!(accepted(&|n| format!("2001:db8:1:{n:x}::1")), 1920);
    assert_eq!(accepted(&|n| format!("203.0.113.{}", n % 256)), 1920);
    assert_eq!(
        accepted(&|n| format!("2001:db8:2:3::{n:x}")),
        480,
        "one /64 is one address"
    );
}

#[test]
fn a_home_has_a_56_and_a_network_of_rented_servers_has_an_end() {
    let budgets = budgets();
    let accepted = |ask: &dyn Fn(u32) -> Asker| {
        let passes = |n: &u32| budgets.charge(Purpose::Sign, &ask(*n), Millis(NOW)).is_ok();
        (0..4000).filter(passes).count()
    };
    // 256 /64 of one home: twice the budget of one.
    assert_eq!(accepted(&|n| source(&format!("2001:db8:9:{:x}::1", n % 256))), 960);
    let announced = |asn, is_hosting| Some(Announced { asn, is_hosting });
    let of = |origin| {
        move |n: u32| Asker {
            origin,
            ..source(&format!("198.{}.{}.1", 18 + n % 2, n % 200))
        }
    };
    assert_eq!(accepted(&of(announced(64500, true))), 1920);
    assert_eq!(
        accepted(&of(announced(64496, false))),
        4000,
        "an access network is never refused as a whole"
    );
}

#[test]
fn an_access_network_pays_more_when_it_sends_more_than_half_a_country() {
    let budgets = budgets();
    let of = |n: u32| Asker {
        origin: Some(Announced {
            asn: 64496,
            is_hosting: false,
        }),
        ..source(&format!("10.{}.{}.{}", n % 3, n / 3 % 250, n % 250))
    };
    let mut last = Pressure::default();
    for n in 0..20_000 {
        last = budgets
            .charge(Purpose::Sign, &of(n), Millis(NOW))
            .expect("never refused");
    }
    assert!((40..60).contains(&last.percent()), "{}", last.percent());
}

#[test]
fn a_flood_of_others_adds_nothing_to_who_is_counted_exactly() {
    let few_columns = Limits {
        budget_slots: 4096,
        ..Limits::default()
    };
    let (budgets, nat) = (Budgets::new(&few_columns), source("100.64.0.1"));
    let pressure = |source: &Asker| budgets.pressure(Purpose::Sign, source, Millis(NOW)).percent();
    for _ in 0..130 {
        budgets.charge(Purpose::Sign, &nat, Millis(NOW)).expect("some left");
    }
    let before = pressure(&nat);
    // As crowded for these counters as ten million in a minute are for those of the default.
    for n in 0..150_000_u32 {
        let [a, b, c, _] = (n * 251).to_be_bytes();
        let flood = source(&format!("2001:db8:{a:x}{b:02x}:{c:x}::1"));
        let _ = budgets.charge(Purpose::Sign, &flood, Millis(NOW));
    }
    assert_eq!(pressure(&nat), before);
    let read = budgets.sign.near.rate(&Key::Prefix(nat.source.narrow()), Millis(NOW));
    assert!(read > 150.0, "the counters themselves are crowded: {read}");
    assert_eq!(
        pressure(&source("100.64.0.2")),
        0,
        "who comes for the first time notices nothing"
    );
}

#[test]
fn pushing_out_gives_nothing_back() {
    let budgets = Budgets::new(&Limits {
        budget_heavy: 256,
        ..Limits::default()
    });
    let busy = source("198.51.100.1");
    for _ in 0..480 {
        budgets.charge(Purpose::Sign, &busy, Millis(NOW)).expect("some left");
    }
    // Others who use much push it out of the exact counts, over and over.
    for round in 0..20 {
        for other in 0..100 {
            for _ in 0..130 {
                let other = source(&format!("10.{round}.{other}.1"));
                let _ = budgets.charge(Purpose::Sign, &other, Millis(NOW));
            }
        }
    }
    budgets
        .charge(Purpose::Sign, &busy, Millis(NOW))
        .expect_err("still used up");
    assert!(budgets.heavy() <= 256 + 16);
}

#[test]
fn a_shared_address_whose_signatures_settle_has_four_times_the_room() {
    let (budgets, nat) = (budgets(), source("100.64.0.1"));
    let narrow = nat.source.narrow();
    for person in 0..64 {
        let mailbox = format!("p{person}@mail{}.example", person % 8);
        budgets
            .rooms
            .confirmed(paraph_tally::SignatureId([person; 16]), narrow, &mailbox, Millis(NOW));
        let hope = budgets.rooms.next(Millis(NOW + 1)).expect("it waits");
        budgets.rooms.settled(&hope, Millis(NOW));
    }
    let accepted = || {
        (0..3000)
            .filter(|_| budgets.charge(Purpose::Sign, &nat, Millis(NOW)).is_ok())
            .count()
    };
    assert_eq!(accepted(), 1920);
}

#[test]
fn a_clock_set_back_neither_locks_out_nor_panics() {
    let (budgets, busy) = (budgets(), source("198.51.100.1"));
    while budgets.charge(Purpose::Sign, &busy, Millis(NOW)).is_ok() {}
    budgets
        .charge(Purpose::Sign, &busy, Millis(NOW - 7_200_000))
        .expect("counts start anew");
}
