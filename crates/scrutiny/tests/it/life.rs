//! The life of a cluster: held afterwards, held within the cap, released, waited for, forgotten.

use paraph_scrutiny::{NetworkKind, Observation, Scrutiny, Standing};
use paraph_tally::{Millis, PetitionId, SignatureId};

use crate::crowd::{BEGIN, Draw, HOUR, MINUTE, Replayed, minutes, ordinary_day, person, replay, tag};

/// Forgers with rented servers, one client, mailboxes of their own: one every two seconds.
pub(crate) fn forgers(draw: &mut Draw, from: u64, count: u64) -> Vec<Observation> {
    (0..count)
        .map(|nth| {
            let at = from + nth * 2000 + draw.below(900);
            let mut one = person(draw, at);
            one.source.kind = NetworkKind::Hosting;
            (one.source.origin, one.source.near) = (tag(2, 900), tag(1, 90_000 + draw.below(40)));
            one.client = tag(3, 5000);
            (one.domain, one.common_mail) = (tag(9, 700), false);
            one
        })
        .collect()
}

fn attacked(count: u64) -> (Vec<Observation>, Replayed) {
    let mut draw = Draw(21);
    let forged = forgers(&mut draw, BEGIN + 15 * HOUR, count);
    let mut people = ordinary_day(&mut draw);
    people.extend(&forged);
    (forged, replay(&people, minutes))
}

#[test]
fn the_first_are_held_once_the_later_ones_give_them_away() {
    let (forged, replayed) = attacked(300);
    assert_eq!(replayed.held_of(&forged), 300);
    assert_eq!(replayed.held.len(), 300);
    let now = Millis(replayed.end);
    assert!(matches!(replayed.engine.standing(forged[0].id, now), Standing::Hold(_)));
}

/// An attack of more than one a second would be held within a minute; this one comes every two seconds.
#[test]
fn the_first_hold_comes_within_a_minute() {
    let (forged, replayed) = attacked(300);
    let first = replayed
        .told
        .iter()
        .find(|told| !told.to_hold.is_empty())
        .expect("a hold");
    assert!(first.last.0 < forged[0].at.0 + MINUTE, "{first:?}");
}

#[test]
fn beyond_the_hourly_cap_they_wait_outside_the_count_and_a_person_is_asked() {
    let mut draw = Draw(22);
    let mut engine = Scrutiny::new();
    engine.set_holds_per_hour(50);
    let forged = forgers(&mut draw, BEGIN, 200);
    for one in &forged {
        engine.observe(one);
    }
    let told = engine.tick(Millis(BEGIN + 500_000));
    let held: usize = told.iter().map(|one| one.to_hold.len()).sum();
    assert_eq!(held, 50);
    assert_eq!(told.iter().map(|one| one.over_cap).sum::<u64>(), 150);
    let waiting = forged
        .iter()
        .filter(|one| engine.standing(one.id, Millis(BEGIN + HOUR)) == Standing::Wait);
    assert_eq!(waiting.count(), 150);
    // The next hour has fifty more.
    let next: usize = engine
        .tick(Millis(BEGIN + 2 * HOUR))
        .iter()
        .map(|one| one.to_hold.len())
        .sum();
    assert_eq!(next, 50);
}

/// What waits outside the count does so, held or not. Fails when it uses up the holds of the hour before what is in the count is found.
#[test]
fn the_last_holds_of_an_hour_are_for_what_the_count_has() {
    let mut draw = Draw(24);
    let mut engine = Scrutiny::new();
    engine.set_holds_per_hour(1000);
    let looked = |engine: &mut Scrutiny, people: &[Observation], counted: bool| -> usize {
        for one in people {
            engine.observe(one);
            if counted {
                engine.settled(one.id, one.at);
            }
        }
        let told = engine.tick(Millis(people[people.len() - 1].at.0 + 1000));
        told.iter().map(|one| one.to_hold.len()).sum()
    };
    let outside = forgers(&mut draw, BEGIN, 1100);
    assert_eq!(looked(&mut engine, &outside, false), 980);
    assert_eq!(engine.over_cap(), 120);
    let mut counted = forgers(&mut draw, BEGIN + 2300 * 1000, 40);
    for one in &mut counted {
        one.petition = PetitionId(2);
    }
    assert_eq!(looked(&mut engine, &counted, true), 20);
}

/// Between two looks members of a cluster wait to be held. That is no limit reached: a person is asked only when one is.
#[test]
fn who_waits_for_the_next_look_is_not_over_the_cap() {
    let forged = forgers(&mut Draw(22), BEGIN, 200);
    let told_over = |engine: &Scrutiny| engine.findings().iter().map(|one| one.over_cap).sum::<u64>();
    for (cap, over) in [(5_000, 0), (170, 30), (150, 50)] {
        let mut engine = Scrutiny::new();
        engine.set_holds_per_hour(cap);
        let looked = |engine: &mut Scrutiny, people: &[Observation]| -> usize {
            people.iter().for_each(|one| engine.observe(one));
            let told = engine.tick(Millis(people[people.len() - 1].at.0 + 1000));
            told.iter().map(|one| one.to_hold.len()).sum()
        };
        assert_eq!(looked(&mut engine, &forged[..150]), 150, "{cap}");
        forged[150..].iter().for_each(|one| engine.observe(one));
        // What is observed is taken in with the moment after it.
        engine.confirm(forged[0].id, Millis(forged[199].at.0 + 500), &Default::default());
        assert_eq!((engine.over_cap(), told_over(&engine)), (over, over), "{cap}");
        let held = looked(&mut engine, &forged[199..]);
        assert_eq!(held as u64, 50 - over, "{cap}");
        assert_eq!((engine.over_cap(), told_over(&engine)), (over, over), "{cap}");
    }
}

/// Who was held and has withdrawn since is erased: a start is told of the verdict, and nothing else of them.
#[test]
fn who_was_held_and_has_left_since_counts_to_the_cap_of_the_hour() {
    let forged = forgers(&mut Draw(22), BEGIN, 200);
    let mut engine = Scrutiny::new();
    engine.set_holds_per_hour(60);
    for one in &forged {
        engine.observe(one);
    }
    let gone: Vec<_> = (0..25).map(|index| SignatureId([index; 16])).collect();
    engine.held(&gone, Millis(BEGIN + 410_000), true);
    let told = engine.tick(Millis(BEGIN + 420_000));
    assert_eq!(told.iter().map(|one| one.to_hold.len()).sum::<usize>(), 35);
}

/// Whoever starts anew finds the same cluster, but not in the same order: the hour's holds are those that were given, and
/// others come only when there is room.
#[test]
fn who_was_held_before_a_restart_counts_to_the_cap_of_the_hour() {
    let forged = forgers(&mut Draw(22), BEGIN, 200);
    let ids: Vec<_> = forged.iter().map(|one| one.id).collect();
    // Some are held before the cluster is found again, some afterwards.
    let (before, after) = (&ids[90..120], &ids[120..140]);
    let mut engine = Scrutiny::new();
    engine.set_holds_per_hour(0);
    for one in &forged {
        engine.observe(one);
    }
    let (first, second) = (Millis(BEGIN + 410_000), Millis(BEGIN + 430_000));
    engine.held(before, first, true);
    assert!(
        engine
            .tick(Millis(BEGIN + 420_000))
            .iter()
            .all(|one| one.to_hold.is_empty())
    );
    engine.held(after, second, true);
    engine.held(after, second, true);
    assert_eq!(engine.over_cap(), 150);
    engine.set_holds_per_hour(60);
    let mut looked = |at| -> Vec<_> {
        engine
            .tick(Millis(at))
            .into_iter()
            .flat_map(|one| one.to_hold)
            .collect()
    };
    let now = looked(BEGIN + 440_000);
    assert_eq!(now.len(), 10);
    assert_eq!(looked(BEGIN + 409_000 + HOUR), []);
    // In no hour are there more than sixty, whenever it begins.
    assert_eq!(looked(BEGIN + 411_000 + HOUR).len(), 30);
    assert_eq!(looked(BEGIN + 425_000 + HOUR), []);
    assert_eq!(looked(BEGIN + 435_000 + HOUR).len(), 20);
    // What a person holds is not the program's, and nobody is held twice.
    let mut rest = looked(BEGIN + 445_000 + HOUR);
    assert_eq!(rest.len(), 10);
    engine.held(&ids, Millis(BEGIN + 450_000 + HOUR), false);
    assert_eq!(engine.over_cap(), 0);
    rest.extend(
        engine
            .tick(Millis(BEGIN + 3 * HOUR))
            .into_iter()
            .flat_map(|one| one.to_hold),
    );
    assert_eq!(rest.len(), 10);
    rest.extend(now);
    assert!(!rest.iter().any(|id| before.contains(id) || after.contains(id)));
}

#[test]
fn what_a_person_released_passes_and_is_not_found_again() {
    let (forged, mut replayed) = attacked(300);
    let Standing::Hold(cluster) = replayed.engine.standing(forged[0].id, Millis(replayed.end)) else {
        panic!("not held");
    };
    assert!(
        replayed
            .engine
            .explain(cluster)
            .is_some_and(|told| told.families().len() >= 3)
    );
    let released = replayed.engine.release(cluster);
    assert!(released.len() >= 290, "{}", released.len());
    let mut draw = Draw(23);
    for one in forgers(&mut draw, replayed.end + MINUTE, 200) {
        replayed.engine.observe(&one);
    }
    let told = replayed.engine.tick(Millis(replayed.end + HOUR));
    assert!(told.iter().all(|one| one.to_hold.is_empty()), "{told:?}");
    assert_eq!(
        replayed.engine.standing(forged[0].id, Millis(replayed.end)),
        Standing::Pass
    );
}

#[test]
fn who_was_let_go_passes_alone_and_half_of_a_cluster_take_its_rule_with_them() {
    let (forged, mut replayed) = attacked(300);
    let (engine, now) = (&mut replayed.engine, Millis(replayed.end));
    let ids: Vec<_> = forged.iter().map(|one| one.id).collect();
    let cleared = engine.let_go(&ids[..20]);
    assert_eq!(cleared, ids[..20]);
    assert!(ids[..20].iter().all(|id| engine.standing(*id, now) == Standing::Pass));
    assert!(matches!(engine.standing(ids[20], now), Standing::Hold(_)));
    // More of the kind are held all the same, and those who were let go are not.
    let mut draw = Draw(26);
    for one in forgers(&mut draw, replayed.end + MINUTE, 50) {
        engine.observe(&one);
    }
    let told = engine.tick(Millis(replayed.end + HOUR));
    let held: Vec<_> = told.iter().flat_map(|one| &one.to_hold).collect();
    assert_eq!(held.len(), 50);
    assert!(!held.iter().any(|id| ids.contains(id)));

    let cleared = engine.let_go(&ids[20..220]);
    assert!(ids[220..].iter().all(|id| cleared.contains(id)));
    assert!(ids.iter().all(|id| engine.standing(*id, now) == Standing::Pass));
}

#[test]
fn a_few_that_may_become_a_cluster_wait_for_minutes_only() {
    let mut draw = Draw(24);
    let mut engine = Scrutiny::new();
    let few = forgers(&mut draw, BEGIN, 9);
    for one in &few {
        engine.observe(one);
        engine.confirm(one.id, Millis(one.at.0 + 1000), &one.source);
    }
    engine.tick(Millis(BEGIN + MINUTE));
    let standing = |engine: &Scrutiny, at| engine.standing(few[8].id, Millis(at));
    assert_eq!(standing(&engine, BEGIN + 2 * MINUTE), Standing::Wait);
    assert_eq!(standing(&engine, BEGIN + 10 * MINUTE), Standing::Pass);
    engine.set_wait_seconds(60);
    assert_eq!(standing(&engine, BEGIN + 2 * MINUTE), Standing::Pass);
}

#[test]
fn erased_features_are_forgotten() {
    let mut draw = Draw(25);
    let mut engine = Scrutiny::new();
    let forged = forgers(&mut draw, BEGIN, 100);
    for one in &forged {
        engine.observe(one);
        engine.erased(one.id);
    }
    assert!(engine.tick(Millis(BEGIN + HOUR)).is_empty());
}

/// On each petition by itself: what nine do here and nine there is no cluster of eighteen.
#[test]
fn petitions_are_looked_at_apart() {
    let mut draw = Draw(26);
    let mut engine = Scrutiny::new();
    for (nth, mut one) in (0u32..).zip(forgers(&mut draw, BEGIN, 18)) {
        one.petition = PetitionId(nth % 2);
        engine.observe(&one);
    }
    assert!(engine.tick(Millis(BEGIN + HOUR)).is_empty());
}
