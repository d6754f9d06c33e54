//! A small town's worth of invented people, and what a test changes about them.

use paraph_scrutiny::{Country, NetworkKind, Observation, Scrutiny, Source, Tag};
use paraph_tally::{Millis, PetitionId, SignatureId};

pub(crate) const MINUTE: u64 = 60_000;
pub(crate) const HOUR: u64 = 60 * MINUTE;
pub(crate) const DAY: u64 = 24 * HOUR;
/// Midnight.
pub(crate) const BEGIN: u64 = 1_600_041_600_000;

/// Draws that are the same in every run.
pub(crate) struct Draw(pub(crate) u64);

impl Draw {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub(crate) fn unit(&mut self) -> f64 {
        self.next() as f64 / u64::MAX as f64
    }

    /// Low numbers are frequent, as with browsers and patterns of addresses.
    pub(crate) fn frequent(&mut self, kinds: u64) -> u64 {
        ((kinds as f64).powf(self.unit()) - 1.0) as u64
    }

    /// About this many, a third more or less for most.
    pub(crate) fn about(&mut self, middle: f64) -> u64 {
        let sum: f64 = (0..6).map(|_| self.unit()).sum::<f64>() - 3.0;
        (middle * (0.8 * sum).exp()) as u64
    }

    pub(crate) fn fresh(&mut self) -> Tag {
        Tag(self.next() as u32 | 1 << 31)
    }
}

/// A kind and a number as a tag.
pub(crate) fn tag(kind: u32, number: u64) -> Tag {
    Tag(kind << 20 | (number as u32 + 1))
}

/// One of many people at home, awake by day.
pub(crate) fn person(draw: &mut Draw, at: u64) -> Observation {
    let mut id = [0; 16];
    id[..6].copy_from_slice(&at.to_be_bytes()[2..]);
    id[8..].copy_from_slice(&draw.next().to_be_bytes());
    let provider = draw.frequent(30);
    Observation {
        id: SignatureId(id),
        petition: PetitionId(1),
        at: Millis(at),
        source: Source {
            near: tag(1, draw.below(5000)),
            origin: tag(2, draw.below(5)),
            kind: NetworkKind::Access,
            country: Country::from_code("QA"),
        },
        local_hour: ((at - BEGIN) / HOUR % 24) as u8,
        client: tag(3, draw.frequent(800)),
        language: tag(4, 0),
        script: draw.below(30) > 0,
        fill_ms: draw.about(40_000.0),
        name: draw.fresh(),
        name_order: (1 + draw.below(26) * 26 + draw.below(26)) as u16,
        name_upper: draw.below(20) == 0,
        comment: if draw.below(3) == 0 { draw.fresh() } else { Tag::NONE },
        local_shape: tag(7, draw.frequent(40)),
        local_stem: draw.fresh(),
        domain: tag(9, provider),
        common_mail: true,
        declared: Country::from_code("QA"),
    }
}

/// A day of an ordinary petition: four thousand people between seven and eleven.
pub(crate) fn ordinary_day(draw: &mut Draw) -> Vec<Observation> {
    (0..4000)
        .map(|_| {
            let at = BEGIN + 7 * HOUR + draw.below(16 * HOUR);
            person(draw, at)
        })
        .collect()
}

/// What became of contributions that were replayed.
pub(crate) struct Replayed {
    pub(crate) engine: Scrutiny,
    pub(crate) held: Vec<SignatureId>,
    pub(crate) told: Vec<paraph_scrutiny::Finding>,
    /// When somebody was held first.
    pub(crate) found_at: Option<u64>,
    pub(crate) end: u64,
}

impl Replayed {
    /// How many of these are held.
    pub(crate) fn held_of(&self, people: &[Observation]) -> usize {
        people.iter().filter(|person| self.held.contains(&person.id)).count()
    }
}

/// Replays people in the order of time, each confirming where they signed after the wait that `gap` says, with a tick
/// every ten seconds.
pub(crate) fn replay(people: &[Observation], mut gap: impl FnMut(&Observation) -> u64) -> Replayed {
    replay_from(people, |person| (gap(person), person.source))
}

/// The same, each confirming where `confirmed` says.
pub(crate) fn replay_from(
    people: &[Observation],
    mut confirmed: impl FnMut(&Observation) -> (u64, Source),
) -> Replayed {
    let mut steps: Vec<(u64, Option<Source>, Observation)> = Vec::new();
    for person in people {
        let (gap, source) = confirmed(person);
        steps.push((person.at.0, None, *person));
        steps.push((person.at.0 + gap, Some(source), *person));
    }
    steps.sort_by_key(|(at, confirmed, person)| (*at, confirmed.is_some(), person.id));
    let mut replayed = Replayed {
        engine: Scrutiny::new(),
        held: Vec::new(),
        told: Vec::new(),
        found_at: None,
        end: 0,
    };
    let mut next = BEGIN;
    for (at, confirmed, person) in steps {
        while next <= at {
            replayed.tick(next);
            next += 10_000;
        }
        match confirmed {
            None => replayed.engine.observe(&person),
            Some(source) => replayed.engine.confirm(person.id, Millis(at), &source),
        }
    }
    for _ in 0..3 {
        replayed.tick(next);
        next += 10_000;
    }
    replayed.end = next;
    replayed
}

impl Replayed {
    fn tick(&mut self, now: u64) {
        for finding in self.engine.tick(Millis(now)) {
            self.held.extend(&finding.to_hold);
            if !finding.to_hold.is_empty() {
                self.found_at = self.found_at.or(Some(now));
            }
            self.told.push(finding);
        }
    }
}

/// A person's wait until they read their mail: minutes.
pub(crate) fn minutes(person: &Observation) -> u64 {
    Draw(u64::from(person.name.0)).about(200_000.0)
}
