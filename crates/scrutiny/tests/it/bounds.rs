//! Memory that does not grow with what comes in, and answers that do not depend on chance.

use paraph_scrutiny::bounds::{CHUNK, SKETCH_CELLS};
use paraph_scrutiny::{Finding, Observation, Scrutiny, Tag};
use paraph_tally::{Millis, SignatureId};
use proptest::prelude::*;

use crate::crowd::{BEGIN, DAY, Draw, HOUR, MINUTE, ordinary_day, person};
use crate::life::forgers;

/// What the tables take beside the records: sketches, 65,536 groups at most, 1,024 references, the baseline.
const BESIDE_RECORDS: usize = 2 * SKETCH_CELLS + (48 << 20) + (8 << 20) + (10 << 20);

#[test]
fn what_is_older_than_ten_days_is_forgotten() {
    let mut draw = Draw(31);
    let mut engine = Scrutiny::new();
    for nth in 0..4 * CHUNK as u64 {
        let mut one = person(&mut draw, BEGIN + nth * 30 * DAY / (4 * CHUNK as u64));
        // Values that come up again and again, by the hundred thousand: groups have a bound of their own.
        (one.client, one.comment) = (Tag(draw.below(40_000) as u32 + 1), Tag(draw.below(40_000) as u32 + 1));
        engine.observe(&one);
        if nth % 4096 == 0 {
            engine.tick(one.at);
        }
    }
    engine.tick(Millis(BEGIN + 30 * DAY));
    // A third of them is ten days old at most; whole chunks are forgotten.
    assert!(
        engine.remembered() <= 4 * CHUNK / 3 + 2 * CHUNK,
        "{}",
        engine.remembered()
    );
    let most = BESIDE_RECORDS + (engine.remembered() + CHUNK) * 100;
    assert!(engine.bytes() < most, "{} of {most}", engine.bytes());
}

fn findings(people: &[Observation]) -> Vec<Finding> {
    let mut engine = Scrutiny::new();
    let (mut told, mut next) = (Vec::new(), BEGIN);
    for one in people {
        while next <= one.at.0 {
            told.extend(engine.tick(Millis(next)));
            next += 10 * MINUTE;
        }
        engine.observe(one);
    }
    told.extend(engine.tick(Millis(next)));
    told
}

/// A day with forgers, several contributions in each millisecond.
fn crowded_day(seed: u64) -> Vec<Observation> {
    let mut draw = Draw(seed);
    let mut people = ordinary_day(&mut draw);
    people.extend(forgers(&mut draw, BEGIN + 12 * HOUR, 100));
    for one in &mut people {
        one.at = Millis(one.at.0 / (5 * MINUTE) * (5 * MINUTE));
    }
    people.sort_by_key(|one| (one.at, one.id));
    people
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn the_same_calls_give_the_same_answers_in_whatever_order_a_moment_came(seed in 0u64..1000) {
        let people = crowded_day(seed);
        let mut shuffled = people.clone();
        let mut draw = Draw(seed + 1);
        // Fisher and Yates, within each moment.
        shuffled.chunk_by_mut(|a, b| a.at == b.at).for_each(|moment| {
            for last in (1..moment.len()).rev() {
                moment.swap(last, draw.below(last as u64 + 1) as usize);
            }
        });
        let told = findings(&people);
        prop_assert!(told.iter().any(|one| !one.to_hold.is_empty()));
        prop_assert_eq!(&told, &findings(&people));
        prop_assert_eq!(told, findings(&shuffled));
    }
}

#[test]
fn the_same_id_twice_is_once() {
    let mut draw = Draw(33);
    let mut engine = Scrutiny::new();
    let one = person(&mut draw, BEGIN);
    engine.observe(&one);
    engine.tick(Millis(BEGIN + MINUTE));
    engine.observe(&Observation {
        at: Millis(BEGIN + 2 * MINUTE),
        ..one
    });
    engine.tick(Millis(BEGIN + 3 * MINUTE));
    assert_eq!(engine.remembered(), 1);
    engine.confirm(SignatureId([9; 16]), Millis(BEGIN + 4 * MINUTE), &one.source);
    assert_eq!(engine.remembered(), 1);
}

/// Signatures that have stood for a day teach, but one prefix not more than a hundredth of what is learned.
#[test]
fn one_prefix_cannot_teach_what_is_normal() {
    let mut draw = Draw(34);
    let mut engine = Scrutiny::new();
    let mut settle = |engine: &mut Scrutiny, near: Option<Tag>, nth: u64| {
        let mut one = person(&mut draw, BEGIN + nth * 100);
        one.source.near = near.unwrap_or(one.source.near);
        engine.observe(&one);
        engine.settled(one.id, one.at);
    };
    for nth in 0..500 {
        settle(&mut engine, Some(Tag(7)), nth);
    }
    engine.tick(Millis(BEGIN + 2 * DAY));
    assert!(engine.learned() <= 11, "{}", engine.learned());
    for nth in 500..1000 {
        settle(&mut engine, None, 2 * DAY / 100 + nth);
    }
    engine.tick(Millis(BEGIN + 3 * DAY));
    assert!(engine.learned() < 20, "a day has not passed yet");
    engine.tick(Millis(BEGIN + 4 * DAY));
    assert!(engine.learned() > 490, "{}", engine.learned());
}
