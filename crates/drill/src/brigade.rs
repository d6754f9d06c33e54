//! A crowd that comes to mock: real people with mailboxes, telephones and homes of their own, who all arrive within a few
//! hours and pass one another's sentences on. They may sign, and they count; nobody may hold or invalidate them.

use std::net::Ipv4Addr;
use std::time::Duration;

use rand::RngExt;
use rand_chacha::ChaCha20Rng;

use crate::networks::Ground;
use crate::people;
use crate::scenario::{Options, Person, StandsFor, person};

/// Hostile people for each honest one while the crowd is there.
const CROWD: f64 = 3.0;
/// Their numbers begin here, so that no mailbox is an honest person's.
const FIRST: usize = 10_000_000;

/// The crowd, by arrival: most come early, some are late.
pub(crate) fn of(rng: &mut ChaCha20Rng, options: &Options) -> Vec<Person> {
    let (texts, away) = (rng.random_range(0.2..0.7), rng.random_range(0.1..0.3));
    let crowd = CROWD * rng.random_range(0.7..1.3);
    let many = (options.honest_rate * crowd * options.attack.as_secs_f64()).round() as usize;
    let mut crowd: Vec<Person> = (0..many.min(options.max_people))
        .map(|index| {
            let place = -(1.0 - rng.random::<f64>()).ln() / 4.0;
            let at = options.warm_up + options.attack.mul_f64(place.fract());
            hostile(rng, options, FIRST + index, at, (texts, away))
        })
        .collect();
    crowd.sort_by_key(|person| person.at);
    crowd
}

/// What a crowd of a million in a day is played by.
pub(crate) fn stands_for() -> StandsFor {
    StandsFor {
        seconds: 86_400,
        forged: 0,
        honest: Some(1_000_000),
    }
}

fn hostile(rng: &mut ChaCha20Rng, options: &Options, index: usize, at: Duration, (texts, away): (f64, f64)) -> Person {
    // Nobody of them sits in the school of the honest crowd.
    let mut classroom = u32::MAX;
    let mut person = person(rng, options, index, at, &mut classroom);
    person.hostile = true;
    if rng.random_bool(texts) {
        person.comment = Some(people::hostile_comment(rng));
    }
    if rng.random_bool(away) {
        person.source = elsewhere(rng).into();
    }
    person
}

/// A line of another country; a few hide behind a rented proxy.
fn elsewhere(rng: &mut ChaCha20Rng) -> Ipv4Addr {
    let ground = if rng.random_ratio(1, 4) {
        Ground::Rented
    } else {
        Ground::Abroad
    };
    ground.address(rng.random(), rng.random(), rng.random_range(1..=254))
}
