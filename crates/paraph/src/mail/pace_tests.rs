//! Paces of domains, with clocks of the test's own.

use std::collections::BTreeSet;

use super::{
    BACKOFF_SECONDS, Handed, Millis, Next, PROVIDERS, Pace, REST_SECONDS, SHARED_BY, TRIED_FOR, after_failure, backoff,
};
use crate::limits::Limits;

/// Mails that leave in one minute when everything goes as early as it may.
fn sent_in_a_minute(pace: &mut Pace, domain: &str) -> u64 {
    let (mut now, mut sent) = (Millis(1_000_000), 0);
    let end = Millis(now.0 + 60_000);
    while now.0 < end.0 {
        match pace.ready(domain, now, 0) {
            Ok(()) => {
                sent += 1;
                pace.done(domain, [0; 16], Handed::Sent, now, 0);
            }
            Err(at) => now = at,
        }
    }
    sent
}

#[test]
fn a_domain_gets_its_rate_and_a_provider_more() {
    let limits = Limits {
        mail_per_minute: 60,
        mail_provider_per_minute: 600,
        ..Limits::default()
    };
    let mut pace = Pace::new(&limits);
    assert!(
        (65..=71).contains(&sent_in_a_minute(&mut pace, "example.org")),
        "a burst of ten, then one a second"
    );
    assert!(sent_in_a_minute(&mut pace, PROVIDERS[0]) > 600);
    assert!(PROVIDERS.is_sorted(), "looked up by halves");
}

/// Forgers may send ten thousand mails to a domain of their own: what waits must not keep the server busy.
#[test]
fn a_long_line_asks_hardly_more_often_than_it_is_served_and_loses_no_time() {
    let mut pace = Pace::new(&Limits {
        mail_per_minute: 600,
        ..Limits::default()
    });
    let (many, handing_over) = (5000_u64, 150);
    let mut waiting = BTreeSet::from_iter((0..many).map(|mail| (Millis(1_000_000), mail)));
    let (mut in_hand, mut asked, mut now) = (BTreeSet::<(Millis, u64)>::new(), 0, Millis(1_000_000));
    while let Some((due, mail)) = waiting.pop_first() {
        now = now.max(due);
        while let Some(done) = in_hand.pop_first() {
            if done > (now, many) {
                in_hand.insert(done);
                break;
            }
            pace.done("one.example", [0; 16], Handed::Sent, done.0, 0);
        }
        asked += 1;
        match pace.ready("one.example", now, 0) {
            Ok(()) => drop(in_hand.insert((Millis(now.0 + handing_over), mail))),
            Err(later) => drop(waiting.insert((later, mail))),
        }
    }
    let seconds = (now.0 - 1_000_000) / 1000;
    assert!((490..560).contains(&seconds), "5,000 at ten a second took {seconds} s");
    assert!(asked < 3 * many, "{asked} times asked for {many}");
}

#[test]
fn ten_thousand_domains_take_bounded_room_and_the_busy_one_stays_paced() {
    let limits = Limits {
        mail_domains: 64,
        mail_per_minute: 60,
        ..Limits::default()
    };
    let mut pace = Pace::new(&limits);
    let now = Millis(5);
    while pace.ready("busy.example", now, 0).is_ok() {
        pace.done("busy.example", [0; 16], Handed::Sent, now, 0);
    }
    for other in 0..10_000 {
        let other = format!("{other}.example");
        assert_eq!(pace.ready(&other, now, 0), Ok(()));
        pace.done(&other, [1; 16], Handed::Sent, now, 0);
    }
    assert!(pace.domains.len() <= 64);
    assert!(pace.ready("busy.example", now, 0).is_err());
    let (lines, _) = pace.lines(now);
    let sent: u64 = lines.iter().map(|line| line.counted.sent).sum();
    assert_eq!(sent, 10_010, "what is forgotten is still counted");
}

#[test]
fn a_domain_that_takes_nothing_is_asked_less_and_less_by_one_mail_at_a_time() {
    let mut pace = Pace::new(&Limits::default());
    let (mut now, mut asked) = (Millis(1_000_000), 0);
    let end = Millis(now.0 + 24 * 3_600_000);
    while now.0 < end.0 {
        if let Err(at) = pace.ready("slow.example", now, 0) {
            now = at;
            continue;
        }
        asked += 1;
        assert_eq!(pace.ready("fast.example", now, 0), Ok(()), "nobody else waits");
        pace.done("fast.example", [2; 16], Handed::Sent, now, 0);
        pace.done("slow.example", [1; 16], Handed::Deferred, now, 0);
        let rested = pace.domains["slow.example"].rests_until.0 - now.0;
        assert!((REST_SECONDS.0 * 1000..=REST_SECONDS.1 * 1000).contains(&rested));
    }
    assert!((20..60).contains(&asked), "{asked} times in a day");
    assert_eq!(pace.ready("slow.example", now, 0), Ok(()));
    assert!(pace.ready("slow.example", now, 0).is_err(), "one mail asks for all");
    pace.done("slow.example", [1; 16], Handed::Sent, now, 0);
    assert!(
        (0..2).all(|_| pace.ready("slow.example", now, 0).is_ok()),
        "and opens it again"
    );
    assert!(
        pace.ready("slow.example", now, 0).is_err(),
        "for half of the connections"
    );
}

/// A domain of few people may be a person's own, and is not named.
#[test]
fn a_domain_is_named_when_ten_addresses_share_it() {
    let mut pace = Pace::new(&Limits::default());
    let named = |pace: &Pace| pace.lines(Millis(1)).0.iter().any(|line| line.domain.is_some());
    for address in 0..SHARED_BY {
        assert!(!named(&pace));
        for _ in 0..3 {
            pace.done("people.example", [address as u8; 16], Handed::Sent, Millis(1), 0);
        }
    }
    assert!(named(&pace));
}

#[test]
fn a_failing_mail_is_tried_less_and_less_and_given_up_after_three_days() {
    for attempts in 0..70 {
        for jitter in [0, 1, 12_345, u64::MAX] {
            assert!((BACKOFF_SECONDS.0..=BACKOFF_SECONDS.1).contains(&backoff(attempts, jitter)));
        }
    }
    let (first, mut now, mut attempts) = (Millis(1), Millis(1), 0);
    while let Next::RetryAt(at) = after_failure(first, attempts + 1, 7 * u64::from(attempts), now) {
        (now, attempts) = (at, attempts + 1);
    }
    assert!(
        now.0 - first.0 <= TRIED_FOR.0 && (15..60).contains(&attempts),
        "{attempts}"
    );
}

#[test]
fn a_mail_that_fails_while_the_clock_is_days_ahead_is_not_given_up() {
    let ahead = Millis(1 + 40 * 86_400_000);
    assert!(matches!(after_failure(Millis(1), 1, 0, ahead), Next::RetryAt(_)));
    assert_eq!(after_failure(Millis(1), 20, 0, ahead), Next::GiveUp);
}

#[test]
fn a_clock_that_was_ahead_for_a_while_stops_no_mail_afterwards() {
    let limits = Limits {
        mail_per_minute: 60,
        ..Limits::default()
    };
    let (now, ahead) = (Millis(1_000_000), Millis(1_000_000 + 40 * 86_400_000));
    for (domain, handed) in [("busy.example", Handed::Sent), ("resting.example", Handed::Deferred)] {
        let mut pace = Pace::new(&limits);
        // All that may go, goes; or nothing is taken, and the domain rests.
        while pace.ready(domain, ahead, 0).is_ok() {
            pace.done(domain, [0; 16], handed, ahead, 0);
        }
        let first = pace.ready(domain, now, 0).map_or_else(|at| at, |()| now);
        assert!(first.0 - now.0 < 5000, "{domain}: not before {first:?}");
        pace.done(domain, [0; 16], Handed::Sent, now, 0);
        assert_eq!(pace.ready(domain, Millis(first.0 + 3000), 0), Ok(()), "{domain}");
    }
}
