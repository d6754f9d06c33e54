//! Whom the rule of a cluster takes, and whom it does not.

use paraph_scrutiny::bounds::MAX_CLUSTERS_PER_PETITION;
use paraph_scrutiny::{Advice, NetworkKind, Observation, Tag};

use crate::crowd::{BEGIN, Draw, HOUR, MINUTE, minutes, ordinary_day, person, replay, tag};
use crate::exits::hiding;

/// One from rented servers in two networks, with this browser and a mailbox at this domain.
fn rented(draw: &mut Draw, at: u64, browser: u64, domain: u64) -> Observation {
    let mut one = person(draw, at);
    one.source.kind = NetworkKind::Hosting;
    let place = draw.below(20);
    (one.source.origin, one.source.near) = (tag(2, 950 + place % 2), tag(1, 95_000 + place));
    one.client = tag(3, 5000 + browser);
    (one.domain, one.common_mail) = (tag(9, 700 + domain), false);
    one
}

/// First with two browsers and mailboxes at two domains, then with one of these browsers and a third one at a third domain. Now and
/// then somebody has the first browser and a mailbox at the third domain. Fails when the two rules stand apart.
#[test]
fn whoever_has_marks_of_two_rules_of_one_attack_is_of_it() {
    let mut draw = Draw(91);
    let mut people = ordinary_day(&mut draw);
    let start = BEGIN + 12 * HOUR;
    for nth in 0..60 {
        let at = start + nth * MINUTE / 2 + draw.below(20_000);
        people.push(rented(&mut draw, at, nth % 2, nth / 2 % 2));
    }
    for nth in 0..60 {
        let at = start + HOUR + nth * MINUTE / 2 + draw.below(20_000);
        people.push(rented(&mut draw, at, 1 + nth % 2, 1 + nth / 2 % 2));
    }
    let between: Vec<Observation> = (0..5)
        .map(|nth| rented(&mut draw, start + (2 + nth) * HOUR, 0, 2))
        .collect();
    people.extend(&between);
    let replayed = replay(&people, minutes);
    assert_eq!(replayed.held_of(&between), 5);
    assert_eq!(replayed.held.len(), 125);
}

/// The same, where the later ones take the same time to fill in: their rule has a family more. Fails when only rules of the same
/// families are of one attack.
#[test]
fn a_rule_that_says_more_is_of_the_same_attack() {
    let mut draw = Draw(94);
    let mut people = ordinary_day(&mut draw);
    let start = BEGIN + 12 * HOUR;
    for nth in 0..60 {
        let at = start + nth * MINUTE / 2 + draw.below(20_000);
        people.push(rented(&mut draw, at, nth % 2, nth / 2 % 2));
    }
    for nth in 0..60 {
        let at = start + HOUR + nth * MINUTE / 2 + draw.below(20_000);
        let one = rented(&mut draw, at, 1 + nth % 2, 1 + nth / 2 % 2);
        people.push(Observation {
            fill_ms: 12_000 + draw.below(200),
            ..one
        });
    }
    let between: Vec<Observation> = (0..5)
        .map(|nth| Observation {
            fill_ms: 60_000 + nth * 10_000,
            ..rented(&mut draw, start + (2 + nth) * HOUR, 0, 2)
        })
        .collect();
    people.extend(&between);
    let replayed = replay(&people, minutes);
    assert_eq!(replayed.held_of(&between), 5);
    assert_eq!(replayed.held.len(), 125);
}

/// At one a second from rented servers in four networks, with two browsers that many have, one comment, and always nearly the same time to
/// fill in, but for one in forty. Networks, browsers and that time are not specific enough without the comment, and whoever bears the
/// comment need not keep the time. Fails when each must bear the marks of all four families then.
#[test]
fn who_bears_the_rarer_marks_need_not_bear_the_commonest() {
    let mut draw = Draw(95);
    let mut people = ordinary_day(&mut draw);
    let start = BEGIN + 14 * HOUR;
    let forged: Vec<Observation> = (0..400)
        .map(|nth| {
            let mut one = rented(&mut draw, start + nth * 1000, 0, nth % 3);
            let network = 950 + draw.below(4);
            (one.source.origin, one.source.near) = (tag(2, network), tag(1, 100 * network + draw.below(20)));
            (one.client, one.comment) = (tag(3, 1 + 3 * draw.below(2)), tag(5, 1));
            one.fill_ms = if nth % 40 == 30 {
                9_000
            } else {
                40_000 + draw.below(600)
            };
            one
        })
        .collect();
    people.extend(&forged);
    let replayed = replay(&people, minutes);
    assert_eq!((replayed.held_of(&forged), replayed.held.len()), (400, 400));
}

/// In one range of a rented network, at a beat, with five browsers and six patterns of addresses, of which no rule that is rare
/// enough names all. Fails when a range is theirs only if most who come from it bear every mark of the rule.
#[test]
fn what_most_of_a_range_nearly_bear_is_a_mark_all_the_same() {
    let mut draw = Draw(92);
    let mut people = ordinary_day(&mut draw);
    let mut forged = Vec::new();
    for nth in 0..240 {
        let at = BEGIN + 7 * HOUR + nth * 2 * MINUTE + draw.below(40_000);
        let mut one = person(&mut draw, at);
        one.source.kind = NetworkKind::Hosting;
        (one.source.origin, one.source.near) = (tag(2, 960), tag(1, 96_000));
        let (browser, pattern) = (draw.below(14), draw.below(14));
        one.client = if browser < 10 {
            tag(3, 5000 + browser % 4)
        } else {
            one.client
        };
        one.local_shape = if pattern < 10 {
            tag(7, 20 + pattern % 2)
        } else {
            one.local_shape
        };
        forged.push(one);
    }
    people.extend(&forged);
    let replayed = replay(&people, minutes);
    assert_eq!(replayed.held.len(), replayed.held_of(&forged), "somebody else is held");
    let found = replayed.found_at.expect("a hold");
    assert!(found < BEGIN + 9 * HOUR, "{} min", (found - BEGIN) / MINUTE);
}

/// Readers of a forum hide behind rented exits, with one browser. That is one of the forgers' browsers too, and they rent servers in two
/// other networks. Some readers have an address of the pattern that all of theirs have. Fails when any rented server is asked for beside
/// the networks that all forgeries come from.
#[test]
fn who_hides_elsewhere_is_not_held_for_a_pattern_of_addresses() {
    let mut draw = Draw(93);
    let mut people = ordinary_day(&mut draw);
    let readers: Vec<Observation> = (0..170)
        .map(|_| {
            let at = BEGIN + 8 * HOUR + draw.below(14 * HOUR);
            hiding(&mut draw, at)
        })
        .collect();
    people.extend(&readers);
    for nth in 0..600 {
        let mut one = hiding(&mut draw, BEGIN + 15 * HOUR + nth * MINUTE / 4);
        (one.source.origin, one.source.near) = (tag(2, 950 + nth % 2), tag(1, 95_000 + draw.below(30)));
        (one.client, one.local_shape) = (tag(3, 5000 + nth / 2 % 2), tag(7, 6));
        people.push(one);
    }
    let replayed = replay(&people, minutes);
    assert_eq!(replayed.held_of(&readers), 0, "{} are held", replayed.held.len());
    assert!(replayed.held.len() > 590, "{} of 600", replayed.held.len());
}

/// Mailboxes at large providers, spelt in a hundred ways, from five prefixes: none of them may be an organisation, for they have mailboxes
/// in common. Fails when only domains join prefixes; those who are counted meanwhile wait for five minutes more.
#[test]
fn prefixes_that_have_mailboxes_in_common_do_not_wait() {
    let mut draw = Draw(59);
    let start = BEGIN + 14 * HOUR;
    let forged: Vec<Observation> = (0..200)
        .map(|nth| {
            let mut one = person(&mut draw, start + nth * MINUTE / 2);
            one.source.kind = NetworkKind::Hosting;
            (one.source.origin, one.source.near) = (tag(2, 901), tag(1, 91_000 + draw.below(5)));
            one.client = tag(3, 5001);
            one.local_stem = Tag(7000 + draw.below(8) as u32);
            one
        })
        .collect();
    let mut people = ordinary_day(&mut draw);
    people.extend(&forged);
    let replayed = replay(&people, minutes);
    assert_eq!(replayed.held.len(), replayed.held_of(&forged), "somebody else is held");
    assert!(replayed.held.len() >= 195, "{} of 200", replayed.held.len());
    let found = replayed.found_at.expect("a hold");
    assert!(found < start + 11 * MINUTE, "{} s", (found - start) / 1000);
}

/// Hours later three come from the same servers with mailboxes at the same domains, each with a browser and a pattern of addresses of its
/// own: no rule takes them, and three are no group. Somebody else rents a server among those, and somebody has a mailbox there and
/// signs at home. Fails when only rules say what is an attack's, or when one of the two is enough.
#[test]
fn who_comes_from_where_all_are_held_with_a_mailbox_where_all_are_is_held() {
    let mut draw = Draw(98);
    let mut people = ordinary_day(&mut draw);
    let start = BEGIN + 12 * HOUR;
    for nth in 0..400 {
        let at = start + nth * MINUTE / 4 + draw.below(10_000);
        people.push(rented(&mut draw, at, nth % 2, nth / 2 % 2));
    }
    let mut last = Vec::new();
    for nth in 0..5 {
        let at = start + (3 + nth) * HOUR;
        let mut one = rented(&mut draw, at, 0, nth % 2);
        let other = person(&mut draw, at);
        (one.client, one.local_shape) = (other.client, other.local_shape);
        if nth == 3 {
            (one.domain, one.common_mail) = (draw.fresh(), false);
        }
        if nth == 4 {
            one.source = other.source;
        }
        last.push(one);
    }
    people.extend(&last);
    let replayed = replay(&people, minutes);
    assert_eq!(replayed.held_of(&last[..3]), 3);
    assert_eq!((replayed.held_of(&last), replayed.held.len()), (3, 403));
}

/// More attacks on one petition than there is room for rules, each from servers, with a browser and a domain of its own. Fails when
/// what is shown for want of room is said of nobody.
#[test]
fn what_is_shown_for_want_of_room_says_how_many_it_is_about() {
    let mut draw = Draw(97);
    let mut people = ordinary_day(&mut draw);
    let attacks = MAX_CLUSTERS_PER_PETITION as u64 + 4;
    for attack in 0..attacks {
        for nth in 0..60 {
            let at = BEGIN + 8 * HOUR + attack * 10 * MINUTE + nth * MINUTE / 10 + draw.below(3000);
            let mut one = rented(&mut draw, at, attack, attack);
            let place = attack * 4 + nth % 4;
            (one.source.origin, one.source.near) = (tag(2, 2000 + attack), tag(1, 95_000 + place));
            people.push(one);
        }
    }
    let replayed = replay(&people, minutes);
    let shown: Vec<(u64, usize)> = replayed
        .engine
        .findings()
        .iter()
        .filter(|one| one.advice == Advice::Ask)
        .map(|one| (one.members, one.looked_at.len()))
        .collect();
    let clusters = replayed.engine.findings().len() - shown.len();
    assert!(
        shown.iter().all(|(members, seen)| *members >= *seen as u64),
        "{clusters} {shown:?}"
    );
    assert!(
        clusters == MAX_CLUSTERS_PER_PETITION && !shown.is_empty(),
        "{clusters} {shown:?}"
    );
}
