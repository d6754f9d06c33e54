//! An organisation beside forgers who do all that they can to look like it.

use paraph_scrutiny::{Advice, Innocent, NetworkKind, Observation, Standing};
use paraph_tally::Millis;

use crate::crowd::{BEGIN, Draw, HOUR, MINUTE, minutes, ordinary_day, person, replay, tag};

/// A proxy in a rented network, one browser, one mail domain, the lunch hour.
pub(crate) fn firm(draw: &mut Draw, staff: u64) -> Vec<Observation> {
    (0..staff)
        .map(|nth| {
            let at = BEGIN + 12 * HOUR + draw.below(2 * HOUR);
            let mut one = person(draw, at);
            one.source.kind = NetworkKind::Hosting;
            (one.source.origin, one.source.near) = (tag(2, 81), tag(1, 81_000));
            (one.client, one.local_shape) = (tag(3, 4001), tag(7, 9));
            if nth % 10 > 0 {
                (one.domain, one.common_mail) = (tag(9, 801), false);
            }
            one
        })
        .collect()
}

/// Servers in the same network, the same browser, the same pattern of addresses, the same hours: a list in capitals.
fn mimics(draw: &mut Draw, count: u64) -> Vec<Observation> {
    (0..count)
        .map(|_| {
            let at = BEGIN + 11 * HOUR + draw.below(4 * HOUR);
            let mut one = person(draw, at);
            one.source.kind = NetworkKind::Hosting;
            (one.source.origin, one.source.near) = (tag(2, 81), tag(1, 82_000 + draw.below(20)));
            (one.client, one.local_shape, one.name_upper) = (tag(3, 4001), tag(7, 9), true);
            let domain = draw.below(5);
            (one.domain, one.common_mail) = (tag(9, 900 + domain), false);
            one
        })
        .collect()
}

/// On an ordinary day every forger is held, and nobody else.
fn all_but_the_firm_are_held(draw: &mut Draw, staff: &[Observation], forged: &[Observation]) {
    let mut people = ordinary_day(draw);
    people.extend(staff);
    people.extend(forged);
    let replayed = replay(&people, minutes);
    assert_eq!(replayed.held_of(forged), forged.len());
    let (held, of) = (replayed.held_of(staff), staff.len());
    assert_eq!(replayed.held.len(), forged.len(), "{held} of {of}");
}

/// A firm of forty within four minutes, who confirm within a minute or two. Fails when the first of them wait on for minutes although it is known
/// that they are a firm.
#[test]
fn the_first_of_a_firm_wait_no_longer_than_until_it_is_one() {
    let mut draw = Draw(66);
    let mut staff = firm(&mut draw, 40);
    for one in &mut staff {
        one.at = Millis(BEGIN + 13 * HOUR + draw.below(4 * MINUTE));
        one.id.0[..6].copy_from_slice(&one.at.0.to_be_bytes()[2..]);
    }
    let mut people = ordinary_day(&mut draw);
    people.retain(|one| one.at.0 < BEGIN + 13 * HOUR);
    people.extend(&staff);
    let replayed = replay(&people, |one| {
        if one.source.kind == NetworkKind::Hosting {
            minutes(one) / 4
        } else {
            minutes(one)
        }
    });
    let now = Millis(BEGIN + 13 * HOUR + 5 * MINUTE);
    let waits = |one: &&Observation| replayed.engine.standing(one.id, now) != Standing::Pass;
    // Who was looked at last, and has a mailbox elsewhere.
    assert!(staff.iter().filter(waits).count() <= 1);
}

/// Fails when `Islands::land` takes everybody whom a rule takes.
#[test]
fn a_firm_is_not_held_with_those_who_look_like_it() {
    let mut draw = Draw(61);
    let (staff, forged) = (firm(&mut draw, 120), mimics(&mut draw, 1200));
    all_but_the_firm_are_held(&mut draw, &staff, &forged);
}

/// A rule of capitals takes those of a firm who write in capitals, and only them: three in ten of them have domains of their own. Fails
/// when they alone are asked whether a list is read there, or whether mailboxes are at several domains.
#[test]
fn those_of_a_firm_who_write_in_capitals_are_no_list() {
    let mut draw = Draw(64);
    let (mut staff, mut forged) = (firm(&mut draw, 120), mimics(&mut draw, 1200));
    for (nth, one) in staff.iter_mut().enumerate() {
        one.name_upper = nth % 12 == 1;
        if nth % 36 == 1 {
            (one.domain, one.common_mail) = (draw.fresh(), false);
        }
    }
    for one in &mut forged {
        one.local_shape = person(&mut draw, one.at.0).local_shape;
    }
    all_but_the_firm_are_held(&mut draw, &staff, &forged);
}

/// What uses the firm's place for a list is no firm. Fails when islands are not asked for a machine's times.
#[test]
fn a_machine_in_one_place_with_one_domain_is_held_all_the_same() {
    let mut draw = Draw(62);
    let mut forged = firm(&mut draw, 150);
    forged.sort_by_key(|one| one.at);
    for (nth, one) in forged.iter_mut().enumerate() {
        one.name_order = 1 + 4 * nth as u16;
    }
    let others = mimics(&mut draw, 1200);
    let mut people = ordinary_day(&mut draw);
    people.extend(&forged);
    people.extend(&others);
    let replayed = replay(&people, minutes);
    assert_eq!(replayed.held_of(&forged), 150);
    assert_eq!(replayed.held.len(), 1350);
}

/// They are shown, and counted at once. Fails when what is an organisation waits like what may be a cluster.
#[test]
fn an_organisation_does_not_wait() {
    let mut draw = Draw(63);
    let staff = firm(&mut draw, 60);
    let mut people = ordinary_day(&mut draw);
    people.extend(&staff);
    let replayed = replay(&people, minutes);
    let notice = replayed
        .told
        .iter()
        .find(|told| told.innocent == Innocent::Organisation);
    let notice = notice.expect("it is shown");
    assert!(notice.advice == Advice::Ask && notice.looked_at.len() >= 12);
    // A person can ask whom it is about: whoever was looked at first is still among them.
    let members = replayed.engine.members(notice.name);
    assert!(notice.looked_at.iter().all(|id| members.contains(id)));
    assert!(members.iter().all(|id| staff.iter().any(|one| one.id == *id)));
    // What is said of them by now is of one moment: when more had come, not only their number had grown.
    let now = replayed.engine.explain(notice.cluster).expect("it stands");
    assert!(now.members > notice.members);
    assert!(now.evidence[0].of > notice.evidence[0].of, "{now:?}");
    // The first twenty may wait: until twelve have come, they are a group that may become anything.
    let mut staff = staff;
    staff.sort_by_key(|one| one.at);
    for one in &staff[20..] {
        let at = Millis(one.at.0 + minutes(one) + 2 * MINUTE);
        assert_eq!(replayed.engine.standing(one.id, at), Standing::Pass);
    }
}

/// A firm of sixty behind two rented proxies, each with a browser of their own: rented servers and one domain, and nothing else. Fails when
/// those who come when it is known wait for a third family to agree.
#[test]
fn a_firm_behind_two_proxies_does_not_wait() {
    let mut draw = Draw(67);
    let (start, mut staff) = (BEGIN + 12 * HOUR, firm(&mut draw, 60));
    for (nth, one) in (0..).zip(&mut staff) {
        let at = start + draw.below(HOUR);
        let other = person(&mut draw, at);
        (one.id, one.at, one.source.near) = (other.id, other.at, tag(1, 81_000 + nth % 2));
        (one.client, one.local_shape) = (other.client, other.local_shape);
        (one.domain, one.common_mail) = (tag(9, 801), false);
    }
    let mut people = ordinary_day(&mut draw);
    people.retain(|one| one.at.0 < start + HOUR);
    people.extend(&staff);
    let replayed = replay(&people, |one| Draw(u64::from(one.name.0)).about(20_000.0));
    let waits = |one: &&Observation| replayed.engine.standing(one.id, Millis(replayed.end)) == Standing::Wait;
    let late: Vec<Observation> = staff
        .iter()
        .filter(|one| one.at.0 > start + 54 * MINUTE)
        .copied()
        .collect();
    assert!(late.len() >= 4, "{}", late.len());
    assert_eq!((late.iter().filter(waits).count(), replayed.held.len()), (0, 0));
}
