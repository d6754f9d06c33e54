//! Honest people who have one origin: what follows from it is no second and third reason to hold them.

use paraph_scrutiny::{Country, NetworkKind, Observation};
use paraph_tally::Millis;

use crate::crowd::{BEGIN, DAY, Draw, HOUR, Replayed, minutes, ordinary_day, person, replay, tag};

/// At a domain of their own, with addresses of one pattern.
fn at_work(one: &mut Observation, number: u64) {
    (one.domain, one.mx, one.common_mail) = (tag(9, 850 + number), tag(10, 850 + number), false);
    one.local_shape = tag(7, 60 + number);
}

/// A line that no table knows, in a network of its own.
fn on_its_line(one: &mut Observation, number: u64, prefixes: u64) {
    let prefix = u64::from(one.name.0) % prefixes;
    (one.source.near, one.source.origin) = (tag(1, 85_000 + 10 * number + prefix), tag(2, 85 + number));
    one.source.kind = NetworkKind::Unknown;
}

/// A managed room with numbered mailboxes and three addresses, within the hour.
fn room(draw: &mut Draw, at: u64, students: u64) -> Vec<Observation> {
    let mut all = Vec::new();
    for nth in 0..students {
        let at = at + draw.below(HOUR);
        let mut one = person(draw, at);
        at_work(&mut one, 1);
        on_its_line(&mut one, 1, 3);
        if nth % 4 > 0 {
            one.client = tag(3, 4001);
        }
        all.push(one);
    }
    all
}

/// Replays them beside three ordinary days. Nobody is held.
fn nobody_is_held(draw: &mut Draw, group: &[Observation], gap: impl FnMut(&Observation) -> u64) -> Replayed {
    let mut people: Vec<Observation> = Vec::new();
    for day in 0..3 {
        for mut one in ordinary_day(draw) {
            one.at = Millis(one.at.0 + day * DAY);
            one.id.0[..6].copy_from_slice(&one.at.0.to_be_bytes()[2..]);
            people.push(one);
        }
    }
    people.extend(group);
    let replayed = replay(&people, gap);
    let (held, of) = (replayed.held_of(group), group.len());
    assert_eq!(replayed.held.len(), 0, "{held} of {of}: {:?}", replayed.told);
    replayed
}

/// Our mail stands still for five hours, and all of a room have theirs at one moment: network, browser and domain are one origin, and
/// that each took three hours is our doing. Fails when equal times are a machine's whoever is paired with whose confirmation.
#[test]
fn a_room_that_had_its_mail_at_one_moment_kept_to_no_time() {
    for seed in 31..36 {
        let mut draw = Draw(seed);
        let students = room(&mut draw, BEGIN + DAY + 13 * HOUR, 230);
        let (stopped, moved) = (BEGIN + DAY + 12 * HOUR, BEGIN + DAY + 17 * HOUR);
        nobody_is_held(&mut draw, &students, |one| {
            let stood = (stopped..moved).contains(&one.at.0);
            minutes(one) + if stood { moved - one.at.0 } else { 0 }
        });
    }
}

/// By night few sign at home, and our mail stands still until the morning. Abroad it is day. Fails when nobody is asked who
/// signed then, and how late they confirmed.
#[test]
fn a_community_abroad_signs_while_our_mail_stands_still_by_night() {
    let mut draw = Draw(37);
    let (stopped, moved) = (BEGIN + DAY + 21 * HOUR, BEGIN + 2 * DAY + 7 * HOUR);
    let mut abroad = Vec::new();
    for nth in 0..120 {
        let at = if nth < 110 { stopped + HOUR } else { stopped - 3 * HOUR };
        let at = at + draw.below(2 * HOUR);
        let mut one = person(&mut draw, at);
        (one.source.near, one.source.origin) = (tag(1, 70_000 + draw.below(400)), tag(2, 70));
        one.source.country = Country::from_code("QD");
        (one.local_hour, one.language, one.comment) = (12, tag(4, 7), tag(6, 8));
        // Most have their mailbox with one provider there.
        if nth % 10 < 7 {
            at_work(&mut one, 2);
        } else {
            one.source.kind = NetworkKind::Unknown;
        }
        abroad.push(one);
    }
    let mut awake = Vec::new();
    for _ in 0..40 {
        let at = stopped + 2 * HOUR + draw.below(7 * HOUR);
        awake.push(person(&mut draw, at));
    }
    let mut group = abroad;
    group.extend(awake);
    nobody_is_held(&mut draw, &group, |one| {
        let stood = (stopped..moved).contains(&one.at.0);
        minutes(one) + if stood { moved - one.at.0 } else { 0 }
    });
}
