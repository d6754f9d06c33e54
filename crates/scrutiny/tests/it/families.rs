//! Three independent families, and nothing less.

use paraph_scrutiny::{Family, NetworkKind, Observation, Tag};

use crate::crowd::{BEGIN, Draw, HOUR, minutes, ordinary_day, person, replay, tag};

/// Two hundred who are ordinary but for the families that they agree in, within two hours of an afternoon.
fn agreeing(draw: &mut Draw, families: &[Family]) -> Vec<Observation> {
    let mut members: Vec<Observation> = (0..200u64)
        .map(|nth| {
            let regular = families.contains(&Family::Time);
            let offset = if regular { nth * 36_000 } else { draw.below(2 * HOUR) };
            let mut one = person(draw, BEGIN + 14 * HOUR + offset);
            for family in families {
                match family {
                    Family::Network => {
                        one.source.kind = NetworkKind::Hosting;
                        (one.source.origin, one.source.near) = (tag(2, 900), tag(1, 90_000 + draw.below(12)));
                    }
                    Family::Client => one.client = tag(3, 5000),
                    Family::Content => (one.domain, one.common_mail) = (tag(9, 700), false),
                    Family::Time => one.fill_ms = 12_000 + draw.below(200),
                    Family::Identity => {} // Below: it is an order of all of them.
                    Family::Geography => one.source.country = paraph_scrutiny::Country::from_code("QD"),
                }
            }
            one
        })
        .collect();
    if families.contains(&Family::Identity) {
        members.sort_by_key(|one| one.at);
        for (nth, one) in members.iter_mut().enumerate() {
            one.name_order = 1 + 3 * nth as u16;
        }
    }
    members
}

fn held_where(families: &[Family]) -> usize {
    let mut draw = Draw(1);
    let members = agreeing(&mut draw, families);
    let mut people = ordinary_day(&mut draw);
    people.extend(&members);
    let replayed = replay(&people, minutes);
    assert_eq!(
        replayed.held.len(),
        replayed.held_of(&members),
        "somebody else is held: {families:?}"
    );
    replayed.held.len()
}

#[test]
fn one_family_alone_never_holds_anyone() {
    for family in Family::ALL {
        assert_eq!(held_where(&[family]), 0, "{family:?}");
    }
}

/// Fails when `FAMILIES_NEEDED` is 2.
#[test]
fn two_families_never_hold_anyone() {
    for (nth, family) in Family::ALL.into_iter().enumerate() {
        for other in &Family::ALL[..nth] {
            assert_eq!(held_where(&[family, *other]), 0, "{family:?} and {other:?}");
        }
    }
}

#[test]
fn three_families_hold_those_who_agree_and_nobody_else() {
    for families in [
        [Family::Network, Family::Client, Family::Content],
        [Family::Client, Family::Content, Family::Time],
        [Family::Network, Family::Client, Family::Time],
        [Family::Client, Family::Content, Family::Identity],
    ] {
        let held = held_where(&families);
        assert!(held >= 198, "{families:?}: {held} of 200");
    }
}

/// A rented server in another country is one fact, not two; so are a country and its language.
#[test]
fn what_one_cause_explains_is_one_family() {
    let mut draw = Draw(2);
    let mut members = agreeing(&mut draw, &[Family::Network, Family::Geography]);
    for member in &mut members {
        (member.language, member.comment) = (tag(4, 9), Tag(77));
    }
    let mut people = ordinary_day(&mut draw);
    people.extend(&members);
    assert_eq!(replay(&people, minutes).held.len(), 0);
}

/// At a pace of its own from six ranges of one network, with two browsers. Whoever is in one of the ranges is in the network: a
/// rule of both catches no more than one of the network. Fails when the two are added up; the rule is then too wide to act.
#[test]
fn ranges_and_their_network_are_one_mark() {
    let mut draw = Draw(2);
    let mut forged = Vec::new();
    let mut at = BEGIN + 9 * HOUR;
    while at < BEGIN + 19 * HOUR {
        at += 50_000 + draw.below(50_000);
        let mut one = person(&mut draw, at);
        one.source.kind = NetworkKind::Unknown;
        (one.source.origin, one.source.near) = (tag(2, 900), tag(1, 90_000 + draw.below(6)));
        one.client = tag(3, 5000 + draw.below(2));
        forged.push(one);
    }
    let mut people = ordinary_day(&mut draw);
    people.extend(&forged);
    let replayed = replay(&people, minutes);
    assert_eq!(replayed.held.len(), replayed.held_of(&forged), "somebody else is held");
    assert!(
        replayed.held.len() * 100 >= forged.len() * 99,
        "{} of {}",
        replayed.held.len(),
        forged.len()
    );
}

/// A queue of ours makes everybody take as long as it does, those who share a browser and a mail domain like those at home.
/// Fails when `as_at_home` says no.
#[test]
fn where_we_are_slow_the_same_time_says_nothing() {
    for slow in [false, true] {
        let mut draw = Draw(3);
        let mut members = agreeing(&mut draw, &[Family::Client, Family::Content]);
        for one in &mut members {
            one.fill_ms = 15_000 + draw.below(2000);
        }
        let mut people = ordinary_day(&mut draw);
        for one in &mut people {
            if slow {
                one.fill_ms = 15_000 + draw.below(2000);
            }
        }
        people.extend(&members);
        let held = replay(&people, minutes).held_of(&members);
        let expected = if slow { 0..=0 } else { 190..=200 };
        assert!(expected.contains(&held), "slow: {slow}, {held} of 200 held");
    }
}
