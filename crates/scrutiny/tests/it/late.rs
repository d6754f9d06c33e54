//! Mail that is confirmed late: stored up by a forger, or held up on its way.

use paraph_scrutiny::{Advice, Fact, Finding, NetworkKind, Observation, Standing, Tag};
use paraph_tally::Millis;

use crate::crowd::{BEGIN, DAY, Draw, HOUR, MINUTE, Replayed, minutes, ordinary_day, person, replay, tag};
use crate::exits::hiding;
use crate::organisation::firm;

/// Three days of an ordinary petition.
fn ordinary_days(draw: &mut Draw) -> Vec<Observation> {
    let mut people = Vec::new();
    for day in 0..3 {
        for mut one in ordinary_day(draw) {
            one.at = Millis(one.at.0 + day * DAY);
            one.id.0[..6].copy_from_slice(&one.at.0.to_be_bytes()[2..]);
            people.push(one);
        }
    }
    people
}

/// Signed by day through networks that no list knows, with a few browsers and mail domains of their own.
fn stored(draw: &mut Draw, days: u64, count: u64) -> Vec<Observation> {
    (0..count)
        .map(|_| {
            let at = BEGIN + draw.below(days) * DAY + 8 * HOUR + draw.below(12 * HOUR);
            let mut one = person(draw, at);
            one.source.kind = NetworkKind::Unknown;
            (one.source.origin, one.source.near) = (tag(2, 900), tag(1, 90_000 + draw.below(40)));
            one.client = tag(3, 5000 + draw.below(4));
            let domain = draw.below(6);
            (one.domain, one.common_mail) = (tag(9, 700 + domain), false);
            one
        })
        .collect()
}

/// Who is in the count two minutes after the burst had begun, or ten minutes after it had ended.
fn pass(replayed: &Replayed, people: &[Observation], at: u64) -> usize {
    let passes = |one: &&Observation| replayed.engine.standing(one.id, Millis(at)) == Standing::Pass;
    people.iter().filter(passes).count()
}

/// Fails when [`Groups::confirmed_late`](../../src/groups.rs) does not put them among the latest members again.
#[test]
fn what_was_stored_up_for_days_is_held_while_it_is_confirmed() {
    let mut draw = Draw(51);
    let forged = stored(&mut draw, 2, 1500);
    let mut people = ordinary_days(&mut draw);
    people.extend(&forged);
    let opened = BEGIN + 2 * DAY + 12 * HOUR;
    let is_forged = |one: &Observation| one.source.kind == NetworkKind::Unknown;
    let replayed = replay(&people, |one| {
        if is_forged(one) {
            opened + Draw(u64::from(one.name.0)).below(20 * MINUTE) - one.at.0
        } else {
            minutes(one)
        }
    });
    assert_eq!(replayed.held.len(), replayed.held_of(&forged), "somebody else is held");
    assert!(replayed.held.len() >= 1495, "{} of 1500", replayed.held.len());
    assert!(pass(&replayed, &forged, replayed.end) <= 5);
    let told = replayed
        .told
        .iter()
        .find(|told| !told.to_hold.is_empty())
        .expect("a hold");
    assert!(told.evidence.iter().any(|one| one.fact == Fact::StoredUp), "{told:?}");
    // Fifteen of them are confirmed in twelve seconds; nothing settles before two minutes.
    let found = replayed.found_at.expect("a hold");
    assert!(found < opened + 90_000, "{} s", (found - opened) / 1000);
}

/// All were signed more than a day before they are confirmed. Fails when a rule goes out of force a day after the latest of them had signed,
/// which is at once: whom it had not met yet had to become a group again, and the last of them were too few.
#[test]
fn what_has_lain_for_days_is_measured_by_the_rules_that_it_made() {
    let mut draw = Draw(60);
    let forged = stored(&mut draw, 2, 1500);
    let mut people = ordinary_days(&mut draw);
    people.extend(&forged);
    let opened = BEGIN + 3 * DAY + 6 * HOUR;
    let replayed = replay(&people, |one| {
        if one.source.kind == NetworkKind::Unknown {
            opened + Draw(u64::from(one.name.0)).below(20 * MINUTE) - one.at.0
        } else {
            minutes(one)
        }
    });
    assert_eq!((replayed.held_of(&forged), replayed.held.len()), (1500, 1500));
    let rules = replayed.engine.findings();
    let in_force = |one: &Finding| one.advice == Advice::Hold && one.until.0 > opened + DAY;
    assert!(rules.iter().any(in_force), "{rules:?}");
}

/// A night's mail goes out in the morning, to everybody. Fails when people at home do not say what is late now.
#[test]
fn our_own_mail_may_have_stood_still() {
    let mut draw = Draw(52);
    let mut people = ordinary_days(&mut draw);
    // A campus with many prefixes, where browsers and mailboxes are alike: all but a machine's mark.
    let campus = stored(&mut draw, 1, 400);
    people.extend(&campus);
    let (stopped, moved) = (BEGIN + 9 * HOUR, BEGIN + 21 * HOUR);
    let replayed = replay(&people, |one| {
        let waits = if (stopped..moved).contains(&one.at.0) {
            moved - one.at.0
        } else {
            0
        };
        waits + minutes(one)
    });
    assert_eq!(replayed.held.len(), 0, "{:?}", replayed.told);
    assert_eq!(pass(&replayed, &people, replayed.end + 10 * MINUTE), people.len());
}

/// Whoever hides behind rented exits got the mail of a day in the evening, like everybody. On the next day some of them confirm
/// late again, and by then those people at home are remembered who did not. Fails when these are asked about the day before.
#[test]
fn what_was_late_yesterday_is_not_measured_by_today() {
    let mut draw = Draw(56);
    let mut people = ordinary_days(&mut draw);
    let readers: Vec<Observation> = (0..60)
        .map(|_| {
            let at = BEGIN + 9 * HOUR + draw.below(5 * HOUR);
            hiding(&mut draw, at)
        })
        .collect();
    people.extend(&readers);
    let (stopped, moved) = (BEGIN + 9 * HOUR, BEGIN + 21 * HOUR);
    let replayed = replay(&people, |one| {
        if readers[..13].iter().any(|other| other.id == one.id) {
            BEGIN + DAY + 20 * HOUR + minutes(one) - one.at.0
        } else if (stopped..moved).contains(&one.at.0) {
            moved - one.at.0 + minutes(one)
        } else {
            minutes(one)
        }
    });
    let stored = |told: &&Finding| told.evidence.iter().any(|one| one.fact == Fact::StoredUp);
    assert_eq!(replayed.told.iter().find(stored), None);
    assert_eq!(replayed.held.len(), 0);
}

/// A firm signs over lunch while our mail stands still, and all of it confirms eight hours later. Fails when how late is taken for
/// how long somebody took, which is then always the same.
#[test]
fn those_whose_mail_stood_still_together_took_no_machines_time() {
    let mut draw = Draw(55);
    let mut people = ordinary_days(&mut draw);
    let mut staff = firm(&mut draw, 60);
    for one in &mut staff {
        // Within half an hour, after a word at the table.
        one.at = Millis(BEGIN + 12 * HOUR + (one.at.0 - BEGIN - 12 * HOUR) / 4);
        one.id.0[..6].copy_from_slice(&one.at.0.to_be_bytes()[2..]);
    }
    people.extend(&staff);
    let (stopped, moved) = (BEGIN + 11 * HOUR, BEGIN + 21 * HOUR);
    let replayed = replay(&people, |one| {
        let waits = if (stopped..moved).contains(&one.at.0) {
            moved - one.at.0
        } else {
            0
        };
        waits + minutes(one)
    });
    let to_hold = replayed.told.iter().filter(|told| told.advice == Advice::Hold);
    assert_eq!((replayed.held.len(), to_hold.count()), (0, 0), "{:?}", replayed.told);
    assert_eq!(pass(&replayed, &staff, replayed.end + 10 * MINUTE), staff.len());
}

/// The mail server of one domain is down for half a day; nobody else's is. Fails without `their_mail_may_be_late`.
#[test]
fn their_mail_server_may_have_stood_still() {
    let mut draw = Draw(53);
    let mut people = ordinary_days(&mut draw);
    let mut campus = stored(&mut draw, 2, 400);
    for one in &mut campus {
        one.domain = tag(9, 700);
    }
    people.extend(&campus);
    let (stopped, moved) = (BEGIN + 9 * HOUR, BEGIN + 21 * HOUR);
    let replayed = replay(&people, |one| {
        let theirs = one.domain == tag(9, 700) && (stopped..moved).contains(&one.at.0);
        minutes(one) + if theirs { moved - one.at.0 } else { 0 }
    });
    assert_eq!(replayed.held.len(), 0, "{:?}", replayed.told);
}

/// Some mailboxes at a large provider, each spelt in a hundred ways, at no pace of a machine's. Fails when only spellings of a
/// mailbox that was seen before are members.
#[test]
fn a_mailbox_that_is_spelt_for_the_first_time_belongs_to_the_others() {
    let mut draw = Draw(54);
    let mut forged: Vec<Observation> = (0..120)
        .map(|_| {
            let at = BEGIN + 14 * HOUR + draw.below(3 * HOUR);
            let mut one = person(&mut draw, at);
            one.source.kind = NetworkKind::Hosting;
            (one.source.origin, one.source.near) = (tag(2, 901), tag(1, 91_000 + draw.below(2)));
            one.client = tag(3, 5001);
            one.local_stem = Tag(7000 + draw.below(40) as u32);
            one
        })
        .collect();
    forged.sort_by_key(|one| one.at);
    let mut people = ordinary_day(&mut draw);
    people.extend(&forged);
    let replayed = replay(&people, minutes);
    assert_eq!(replayed.held.len(), replayed.held_of(&forged), "somebody else is held");
    assert_eq!(replayed.held.len(), 120);
    // Half of forty mailboxes are spelt twice after some sixty contributions, an hour and a half.
    let found = replayed.found_at.expect("a hold");
    assert!(found < forged[45].at.0, "{} min", (found - forged[0].at.0) / MINUTE);
}

/// Most were signed days before, the last of them half a day to two hours before all are confirmed. Fails when each must have lain as
/// long as the group.
#[test]
fn those_who_signed_last_before_all_are_confirmed_are_held_too() {
    let mut draw = Draw(57);
    let mut forged = stored(&mut draw, 2, 1500);
    let opened = BEGIN + 2 * DAY + 14 * HOUR;
    for one in &mut forged {
        one.client = person(&mut draw, one.at.0).client;
    }
    for one in forged.iter_mut().step_by(15) {
        one.at = Millis(opened - 2 * HOUR - draw.below(4 * HOUR));
        one.id.0[..6].copy_from_slice(&one.at.0.to_be_bytes()[2..]);
    }
    let mut people = ordinary_days(&mut draw);
    people.extend(&forged);
    let replayed = replay(&people, |one| {
        if one.source.kind == NetworkKind::Unknown {
            opened + Draw(u64::from(one.name.0)).below(20 * MINUTE) - one.at.0
        } else {
            minutes(one)
        }
    });
    assert_eq!(replayed.held.len(), replayed.held_of(&forged), "somebody else is held");
    let last: Vec<Observation> = forged.iter().step_by(15).copied().collect();
    assert_eq!(replayed.held_of(&last), last.len(), "{} of 1500", replayed.held.len());
}

/// Three times from midnight on, for two hours, through networks that no table knows, where no clock is known either.
/// Fails when only the clocks of a country say when others sleep. The same by day is no machine's mark, also on a petition that most have
/// signed within half an hour after a film: fails when that makes all other hours quiet.
#[test]
fn who_comes_at_midnight_again_and_again_is_held_though_no_clock_is_known() {
    for (begin, held) in [(0, true), (14, false)] {
        let mut draw = Draw(58);
        let mut people = ordinary_days(&mut draw);
        let viewers = if held { 0 } else { 30_000 };
        people.extend((0..viewers).map(|_| {
            let at = BEGIN + 20 * HOUR + draw.below(30 * MINUTE);
            person(&mut draw, at)
        }));
        let forged: Vec<Observation> = (0..450)
            .map(|nth| {
                let at = BEGIN + (nth % 3) * DAY + begin * HOUR + draw.below(2 * HOUR);
                let mut one = stored(&mut draw, 1, 1)[0];
                one.at = Millis(at);
                one.id.0[..6].copy_from_slice(&at.to_be_bytes()[2..]);
                one
            })
            .collect();
        people.extend(&forged);
        for one in &mut people {
            one.local_hour = 24;
        }
        let replayed = replay(&people, minutes);
        assert_eq!(replayed.held.len(), replayed.held_of(&forged), "somebody else is held");
        let facts = replayed.told.iter().flat_map(|told| &told.evidence);
        assert_eq!(facts.clone().any(|one| one.fact == Fact::SmallHours), held);
        assert_eq!(replayed.held.len() >= 420, held, "{} of 450", replayed.held.len());
        assert!(held || replayed.held.is_empty());
    }
}
