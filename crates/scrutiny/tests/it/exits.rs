//! People who hide behind rented exits, all with the one browser that was made for it. Alone, and beside forgers.

use paraph_scrutiny::{Fact, NetworkKind, Observation};

use crate::crowd::{BEGIN, Draw, HOUR, MINUTE, minutes, ordinary_day, person, replay, tag};

/// One behind any of twelve rented networks, where it is another time.
pub(crate) fn hiding(draw: &mut Draw, at: u64) -> Observation {
    let mut one = person(draw, at);
    let network = 900 + draw.below(12);
    one.source.kind = NetworkKind::Hosting;
    (one.source.origin, one.source.near) = (tag(2, network), tag(1, 100 * network + draw.below(20)));
    one.local_hour = draw.below(24) as u8;
    one.client = tag(3, 5000);
    one
}

/// A hundred and fifty within seventeen waking hours. Fails when the clock of a rented server says what time it is for them.
#[test]
fn the_clock_of_an_exit_says_nothing_of_the_night() {
    let mut draw = Draw(81);
    let readers: Vec<Observation> = (0..150)
        .map(|_| {
            let at = BEGIN + 6 * HOUR + draw.below(17 * HOUR);
            hiding(&mut draw, at)
        })
        .collect();
    let mut people = ordinary_day(&mut draw);
    people.extend(readers);
    let replayed = replay(&people, minutes);
    assert_eq!(replayed.held.len(), 0, "{:?}", replayed.told);
    let facts = replayed.told.iter().flat_map(|told| &told.evidence);
    assert!(facts.clone().any(|one| one.fact == Fact::SameClients));
    assert!(
        facts.clone().all(|one| one.fact != Fact::DayAndNight),
        "{:?}",
        replayed.told
    );
}

/// A hundred and fifty who hide and have domains of their own, one each or one for a couple. Forgers who own dozens use each again
/// and again. Fails when any domain that nobody else has speaks against whoever has it.
#[test]
fn who_hides_may_have_a_domain_to_themselves() {
    let mut draw = Draw(83);
    let readers: Vec<Observation> = (0..150)
        .map(|nth| {
            let at = BEGIN + 9 * HOUR + draw.below(10 * HOUR);
            let mut one = hiding(&mut draw, at);
            let domain = if nth % 8 == 0 { nth + 1 } else { nth };
            (one.domain, one.common_mail) = (tag(9, 3000 + domain), false);
            one
        })
        .collect();
    let mut people = ordinary_day(&mut draw);
    people.extend(readers);
    let replayed = replay(&people, minutes);
    assert_eq!(replayed.held.len(), 0, "{:?}", replayed.told);
}

/// Somebody enters a thousand people who have yet to sign, from rented servers and with that browser. Their mailboxes are as
/// people have them: in each pattern of addresses there are forgeries by the dozen, and none is the forger's own. Fails when
/// what a group was chosen by speaks against it.
#[test]
fn patterns_that_a_flood_fills_like_all_others_are_nobodys_mark() {
    let mut draw = Draw(82);
    let mut people: Vec<Observation> = (0..3).flat_map(|_| ordinary_day(&mut draw)).collect();
    let readers: Vec<Observation> = (0..200)
        .map(|_| {
            let at = BEGIN + 8 * HOUR + draw.below(14 * HOUR);
            hiding(&mut draw, at)
        })
        .collect();
    people.extend(&readers);
    for _ in 0..1000 {
        let at = BEGIN + 18 * HOUR + draw.below(20 * MINUTE);
        let mut forged = hiding(&mut draw, at);
        (forged.source.origin, forged.source.near) = (tag(2, 800), tag(1, 80_000 + draw.below(30)));
        people.push(forged);
    }
    let replayed = replay(&people, minutes);
    assert_eq!(replayed.held_of(&readers), 0, "{} are held", replayed.held.len());
}
