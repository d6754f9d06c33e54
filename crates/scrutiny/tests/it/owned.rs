//! Two families that are extreme: rented servers everywhere, or one that confirms for all, and a few domains that nobody else has.

use paraph_scrutiny::{Family, NetworkKind, Observation};

use crate::crowd::{BEGIN, Draw, HOUR, MINUTE, minutes, ordinary_day, person, replay, replay_from, tag};

/// From 70 addresses of so many holders, with mailboxes at so many domains: otherwise as people are.
fn rented(draw: &mut Draw, count: u64, holders: u64, domains: u64) -> Vec<Observation> {
    (0..count)
        .map(|_| {
            let at = BEGIN + 14 * HOUR + draw.below(4 * MINUTE);
            let mut one = person(draw, at);
            let address = draw.below(70);
            one.source.kind = NetworkKind::Hosting;
            (one.source.near, one.source.origin) = (tag(1, 90_000 + address), tag(2, 90 + address % holders));
            let domain = draw.below(domains);
            (one.domain, one.common_mail) = (tag(9, 700 + domain), false);
            one
        })
        .collect()
}

/// Fails when three families must agree whatever two of them say.
#[test]
fn forgers_with_three_domains_of_their_own_are_held() {
    let mut draw = Draw(71);
    let forged = rented(&mut draw, 221, 3, 3);
    let mut people = ordinary_day(&mut draw);
    people.extend(&forged);
    let replayed = replay(&people, minutes);
    assert_eq!((replayed.held_of(&forged), replayed.held.len()), (221, 221));
    let found = replayed.told.iter().find(|told| !told.to_hold.is_empty());
    let families = found.map(paraph_scrutiny::Finding::families);
    assert_eq!(families, Some(vec![Family::Network, Family::Content]));
}

/// Forty domains of one's own, and a few mailboxes at each, from one network and with one browser. Fails when only a domain that many
/// share is a mark.
#[test]
fn forgers_who_spread_over_dozens_of_domains_are_held() {
    let mut draw = Draw(92);
    let mut people = ordinary_day(&mut draw);
    let forged: Vec<Observation> = (0..300)
        .map(|_| {
            let at = BEGIN + 12 * HOUR + draw.below(3 * HOUR);
            let mut one = person(&mut draw, at);
            one.source.kind = NetworkKind::Hosting;
            (one.source.origin, one.source.near) = (tag(2, 900), tag(1, 90_000 + draw.below(30)));
            (one.domain, one.common_mail) = (tag(9, 2000 + draw.below(40)), false);
            one.client = tag(3, 5000);
            one
        })
        .collect();
    people.extend(&forged);
    let replayed = replay(&people, minutes);
    assert_eq!(replayed.held.len(), replayed.held_of(&forged), "somebody else is held");
    assert!(replayed.held.len() >= 295, "{} of 300", replayed.held.len());
}

/// A firm of a hundred signs in the morning behind five rented proxies. In the afternoon somebody signs each minute, from rented servers of
/// twelve holders, with four browsers, four patterns of addresses and mailboxes at forty domains: whatever two of them share, few do
/// yet. Fails when those are not looked at by themselves who come faster than others did.
#[test]
fn forgers_who_share_little_are_found_soon_beside_a_firm_that_rents() {
    let mut draw = Draw(95);
    let mut people = ordinary_day(&mut draw);
    let firm = (0..100).map(|_| {
        let at = BEGIN + 8 * HOUR + draw.below(2 * HOUR);
        let mut one = person(&mut draw, at);
        one.source.kind = NetworkKind::Hosting;
        (one.source.origin, one.source.near) = (tag(2, 700), tag(1, 70_000 + draw.below(5)));
        (one.domain, one.common_mail) = (tag(9, 1999), false);
        one
    });
    let firm: Vec<Observation> = firm.collect();
    people.extend(&firm);
    let start = BEGIN + 15 * HOUR;
    let forged: Vec<Observation> = (0..120)
        .map(|_| {
            let at = start + draw.below(2 * HOUR);
            let mut one = person(&mut draw, at);
            let place = draw.below(60);
            one.source.kind = NetworkKind::Hosting;
            (one.source.origin, one.source.near) = (tag(2, 900 + place % 12), tag(1, 90_000 + place));
            (one.domain, one.common_mail) = (tag(9, 2000 + draw.below(40)), false);
            (one.client, one.local_shape) = (tag(3, 5000 + draw.below(4)), tag(7, 60 + draw.below(4)));
            one
        })
        .collect();
    people.extend(&forged);
    let replayed = replay(&people, minutes);
    assert_eq!(replayed.held_of(&firm), 0);
    assert_eq!(replayed.held.len(), replayed.held_of(&forged), "somebody else is held");
    let found = replayed.found_at.expect("a hold");
    assert!(found < start + HOUR, "{} min", (found - start) / MINUTE);
}

/// From lines like homes, each with another browser, and all confirmed on one server. With one domain, it may be a firm whose people
/// sign at home and open their mail behind its proxy. Fails when only who signs from rented servers is held for two families.
#[test]
fn forgers_who_confirm_on_one_server_are_held() {
    for (seed, domains, held) in [(75, 3, true), (76, 1, false)] {
        let mut draw = Draw(seed);
        let mut people = ordinary_day(&mut draw);
        let mut forged = Vec::new();
        for _ in 0..200 {
            let at = BEGIN + 14 * HOUR + draw.below(2 * HOUR);
            let mut one = person(&mut draw, at);
            let domain = draw.below(domains);
            (one.domain, one.common_mail) = (tag(9, 710 + domain), false);
            forged.push(one);
        }
        people.extend(&forged);
        let server = rented(&mut draw, 1, 1, 1)[0].source;
        let replayed = replay_from(&people, |one| {
            let place = if one.common_mail { one.source } else { server };
            (minutes(one), place)
        });
        let of = replayed.held_of(&forged);
        assert_eq!((of, replayed.held.len()), if held { (200, 200) } else { (0, 0) });
    }
}

/// A firm behind the exits of two clouds has one domain; three firms behind one vendor's have one holder; those who hide have
/// everybody's domains. All use browsers of every kind. Each fails when its part of the rule is left out.
#[test]
fn firms_behind_a_cloud_and_people_who_hide_are_not() {
    for (seed, holders, domains) in [(72, 2, 1), (73, 1, 3), (74, 3, 0)] {
        let mut draw = Draw(seed);
        let mut group = rented(&mut draw, 200, holders, domains.max(1));
        for one in &mut group {
            one.client = tag(3, draw.below(800));
            if domains == 0 {
                let other = person(&mut draw, one.at.0);
                (one.domain, one.common_mail) = (other.domain, true);
            }
        }
        let mut people = ordinary_day(&mut draw);
        people.extend(group);
        let replayed = replay(&people, minutes);
        assert_eq!(replayed.held.len(), 0, "{seed}: {:?}", replayed.told);
    }
}

/// Every four minutes, from a prefix and with a mailbox at a domain that nobody else has: no two have both. They share networks, browsers and
/// patterns of addresses. Fails when each of them waits as if it were the first of an organisation.
#[test]
fn forgers_of_whom_each_has_a_place_and_a_domain_to_itself_are_held() {
    let mut draw = Draw(97);
    let mut people = ordinary_day(&mut draw);
    let forged: Vec<Observation> = (0..40)
        .map(|nth| alone(&mut draw, BEGIN + 12 * HOUR + nth * 4 * MINUTE, nth))
        .collect();
    people.extend(&forged);
    let replayed = replay(&people, minutes);
    assert_eq!(replayed.held.len(), replayed.held_of(&forged), "somebody else is held");
    assert!(replayed.held.len() >= 38, "{} of 40", replayed.held.len());
}

/// The first of four firms, each behind a proxy of its own in the networks of forgers, with one of their browsers and patterns. Fails when
/// fewer than make a cluster are enough to take who comes alone.
#[test]
fn the_first_of_some_firms_beside_forgers_are_not() {
    let mut draw = Draw(98);
    let mut people = ordinary_day(&mut draw);
    for nth in 0..120 {
        let mut one = alone(&mut draw, BEGIN + 12 * HOUR + nth * MINUTE, 0);
        (one.source.near, one.domain, one.common_mail) = (tag(1, 90_000 + nth % 7), tag(9, 1), true);
        people.push(one);
    }
    let firms: Vec<Observation> = (0..4)
        .map(|nth| alone(&mut draw, BEGIN + 13 * HOUR + nth * 5 * MINUTE, 20 + nth))
        .collect();
    people.extend(&firms);
    let replayed = replay(&people, minutes);
    assert_eq!((replayed.held_of(&firms), replayed.held.len()), (0, 120));
}

fn alone(draw: &mut Draw, at: u64, nth: u64) -> Observation {
    let at = at + draw.below(MINUTE);
    let mut one = person(draw, at);
    one.source.kind = NetworkKind::Hosting;
    (one.source.near, one.source.origin) = (tag(1, 91_000 + nth), tag(2, 90 + draw.below(2)));
    (one.domain, one.common_mail) = (tag(9, 900 + nth), false);
    (one.client, one.local_shape) = (tag(3, 5000 + draw.below(2)), tag(7, 60 + draw.below(2)));
    one
}

/// On lines like homes, with a browser that one in sixteen has, thirty-seven domains and always nearly the time that people take as well:
/// who has that browser, that time and a mailbox at no large provider are too many to hold. Who has a mailbox at one of these domains is
/// not. Fails when dozens of domains are not named.
#[test]
fn dozens_of_domains_are_named_where_the_rest_is_everybodys() {
    let mut draw = Draw(99);
    let mut people = ordinary_day(&mut draw);
    for one in people.iter_mut().step_by(8) {
        (one.domain, one.common_mail) = (draw.fresh(), false);
    }
    let forged: Vec<Observation> = (0..400)
        .map(|_| {
            let at = BEGIN + 9 * HOUR + draw.below(12 * HOUR);
            let mut one = person(&mut draw, at);
            (one.domain, one.common_mail) = (tag(9, 2000 + draw.below(37)), false);
            (one.client, one.fill_ms) = (tag(3, 1), 36_000 + draw.below(8000));
            one
        })
        .collect();
    people.extend(&forged);
    let replayed = replay(&people, minutes);
    assert_eq!(replayed.held.len(), replayed.held_of(&forged), "somebody else is held");
    assert!(replayed.held.len() >= 300, "{} of 400", replayed.held.len());
}
