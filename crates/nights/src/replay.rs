//! One night through the engine, with the program's own settling: every minute, two minutes after the confirmation, one
//! for each mailbox.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use paraph_drill::sim::{Act, Contribution, DAY, Line, Moment, Night, Place, Registry, Seed, Truth};
use paraph_scrutiny::{Advice, Country, Finding, NetworkKind, Observation, Scrutiny, Source, Standing, Tag};
use paraph_tally::{Millis, PetitionId, SignatureId};

use crate::{Outcome, Told};

/// The midnight with which nights begin, and what keeps ids in their order.
pub const BEGIN: u64 = 1_600_000_000_000;
const MINUTE: Moment = 60_000;
const TICK: Moment = 10_000;
const SETTLE_AFTER: Moment = 2 * MINUTE;

/// What became of a contribution.
#[derive(Clone, Copy, Default)]
struct Fate {
    confirmed: Option<Moment>,
    settled: Option<Moment>,
    held: Option<Moment>,
    ended: bool,
}

/// Everything that a night's end is judged by.
struct Replay<'a, S> {
    night: &'a Night<S>,
    engine: Option<Scrutiny>,
    fates: Vec<Fate>,
    by_id: HashMap<SignatureId, u32>,
    /// Confirmed and unsettled.
    waiting: Vec<u32>,
    /// Who counts for a mailbox of a petition, as shown and in truth.
    counted: BTreeMap<(u32, u32), u32>,
    true_mailboxes: BTreeSet<(u32, u32)>,
    /// Honest confirmations whose two minutes have yet to pass.
    true_waiting: Vec<u32>,
    shown: i64,
    truth: i64,
    last_forged: Moment,
    outcome: Outcome,
    off_since: u64,
}

/// Replays a night, with scrutiny or without.
#[must_use]
pub fn run<S: Seed>(night: &Night<S>, scrutiny: bool) -> Outcome {
    let forged = |whose: &u32| matches!(night.truth[*whose as usize], Truth::Forged(_));
    let last = |is: fn(&Act) -> bool| {
        let steps = night.steps.iter().filter(|step| is(&step.act) && forged(&step.whose));
        steps.map(|step| step.at).max()
    };
    // Forgers who never confirm can do harm, too.
    let last_forged = last(|act| matches!(act, Act::Confirm(_))).or_else(|| last(|act| matches!(act, Act::Sign)));
    let mut replay = Replay {
        night,
        engine: scrutiny.then(Scrutiny::new),
        fates: vec![Fate::default(); night.contributions.len()],
        by_id: HashMap::new(),
        waiting: Vec::new(),
        counted: BTreeMap::new(),
        true_mailboxes: BTreeSet::new(),
        true_waiting: Vec::new(),
        shown: 0,
        truth: 0,
        last_forged: last_forged.unwrap_or_default(),
        outcome: Outcome {
            seed: night.seed.number(),
            ..Outcome::default()
        },
        off_since: 0,
    };
    let mut next = TICK;
    for step in &night.steps {
        while next <= step.at {
            replay.tick(next);
            next += TICK;
        }
        replay.step(step.whose, step.at, step.act);
    }
    for _ in 0..120 {
        replay.tick(next);
        next += TICK;
    }
    if scrutiny {
        let without = run(night, false);
        replay.outcome.counted_without = without.counted;
        replay.outcome.error_without = without.worst_error;
    }
    replay.judge(next)
}

impl<S: Seed> Replay<'_, S> {
    fn step(&mut self, whose: u32, at: Moment, act: Act) {
        let (contribution, id) = (
            &self.night.contributions[whose as usize],
            id(&self.night.contributions, whose),
        );
        let honest = matches!(self.night.truth[whose as usize], Truth::Honest(_));
        let fate = &mut self.fates[whose as usize];
        match act {
            Act::Sign => {
                self.by_id.insert(id, whose);
                if let Some(engine) = &mut self.engine {
                    engine.observe(&observation(contribution, id, &self.night.registry));
                }
            }
            Act::Confirm(place) => {
                fate.confirmed = Some(at);
                self.waiting.push(whose);
                if honest {
                    self.true_waiting.push(whose);
                }
                if let Some(engine) = &mut self.engine {
                    engine.confirm(id, Millis(BEGIN + at), &source(&place, &self.night.registry));
                }
            }
            Act::Withdraw => {
                let was_shown = fate.settled.is_some() && fate.held.is_none();
                fate.ended = true;
                self.shown -= i64::from(was_shown);
                self.truth -= i64::from(!self.true_waiting.contains(&whose));
                if let Some(engine) = &mut self.engine {
                    engine.ended(id);
                }
            }
            Act::Disown => {
                fate.ended = true;
                if let Some(engine) = &mut self.engine {
                    engine.disown(id, Millis(BEGIN + at));
                }
            }
        }
    }

    fn tick(&mut self, now: Moment) {
        let findings = self.engine.as_mut().map(|engine| engine.tick(Millis(BEGIN + now)));
        for finding in findings.unwrap_or_default() {
            self.hear(&finding, now);
        }
        if now.is_multiple_of(MINUTE) {
            self.settle(now);
            self.check(now);
        }
    }

    fn hear(&mut self, finding: &Finding, now: Moment) {
        for id in &finding.to_hold {
            let Some(whose) = self.by_id.get(id) else { continue };
            let fate = &mut self.fates[*whose as usize];
            if fate.held.is_none() {
                fate.held = Some(now);
                self.shown -= i64::from(fate.settled.is_some() && !fate.ended);
            }
        }
        let first = finding.members == finding.to_hold.len() as u64;
        if finding.advice == Advice::Ask {
            self.outcome.notices += 1;
            self.hear_of_a_crowd(finding, now);
        }
        if finding.advice == Advice::Ask || first {
            self.outcome.findings.push(Told {
                at: now,
                finding: finding.clone(),
            });
        }
    }

    /// Whether a notice shows the hostile crowd: most of those looked at belong to it.
    fn hear_of_a_crowd(&mut self, notice: &Finding, now: Moment) {
        let is = |truth: &Truth| matches!(truth, Truth::Honest(group) if self.night.groups[usize::from(*group)] == "brigade");
        let looked_at = notice.looked_at.iter().filter_map(|id| self.by_id.get(id));
        let of = looked_at
            .filter(|whose| is(&self.night.truth[**whose as usize]))
            .count();
        if of * 2 > notice.looked_at.len() && self.outcome.seconds_to_shown.is_none() {
            let crowd = self.night.truth.iter().zip(&self.night.contributions);
            let first = crowd.filter(|(truth, _)| is(truth)).map(|(_, one)| one.at).min();
            self.outcome.seconds_to_shown = first.map(|first| now.saturating_sub(first) as f64 / 1000.0);
        }
    }

    fn settle(&mut self, now: Moment) {
        let waiting = std::mem::take(&mut self.waiting);
        for whose in waiting {
            let fate = self.fates[whose as usize];
            let due = fate.confirmed.is_some_and(|at| at + SETTLE_AFTER <= now);
            if fate.ended || (due && fate.held.is_some()) {
                continue;
            }
            let id = id(&self.night.contributions, whose);
            let standing = |engine: &Scrutiny| engine.standing(id, Millis(BEGIN + now));
            let passed = self
                .engine
                .as_ref()
                .is_none_or(|engine| standing(engine) == Standing::Pass);
            if !(due && passed) {
                self.waiting.push(whose);
                continue;
            }
            let contribution = &self.night.contributions[whose as usize];
            let mailbox = (contribution.petition, contribution.mailbox);
            let taken = self.counted.get(&mailbox).is_some_and(|other| {
                let other = self.fates[*other as usize];
                other.held.is_none() && !other.ended
            });
            if taken {
                continue;
            }
            self.counted.insert(mailbox, whose);
            self.fates[whose as usize].settled = Some(now);
            self.shown += 1;
            if let Some(engine) = &mut self.engine {
                engine.settled(id, Millis(BEGIN + now));
            }
        }
        let due = std::mem::take(&mut self.true_waiting);
        for whose in due {
            let fate = self.fates[whose as usize];
            if fate.ended {
                continue;
            }
            if fate.confirmed.is_some_and(|at| at + SETTLE_AFTER <= now) {
                let contribution = &self.night.contributions[whose as usize];
                self.truth += i64::from(
                    self.true_mailboxes
                        .insert((contribution.petition, contribution.mailbox)),
                );
            } else {
                self.true_waiting.push(whose);
            }
        }
    }

    fn check(&mut self, now: Moment) {
        let above = self.shown - self.truth;
        let error = above.unsigned_abs() as f64;
        let share = error / self.truth.max(1) as f64;
        let outcome = &mut self.outcome;
        outcome.error_max = outcome.error_max.max(above.unsigned_abs());
        outcome.above_max = outcome.above_max.max(u64::try_from(above).unwrap_or(0));
        outcome.minutes_wrong += u64::from(above != 0);
        let check = (self.truth.unsigned_abs(), self.shown.unsigned_abs());
        if outcome.checks.last().is_none_or(|last| (last.1, last.2) != check) {
            outcome.checks.push((now / 1000, check.0, check.1));
        }
        if self.truth >= 500 {
            outcome.worst_error = outcome.worst_error.max(share);
        }
        if error > (self.truth as f64 * 0.01).max(5.0) {
            self.off_since += 1;
            outcome.minutes_off = outcome.minutes_off.max(self.off_since);
        } else {
            self.off_since = 0;
        }
        if now >= self.last_forged + 5 * MINUTE && now < self.last_forged + 6 * MINUTE {
            outcome.error_after = share;
        }
    }

    fn judge(mut self, end: Moment) -> Outcome {
        let mut groups: Vec<(&'static str, u64, u64)> = self.night.groups.iter().map(|name| (*name, 0, 0)).collect();
        let victims: BTreeSet<u32> = self.night.victims.iter().copied().collect();
        let outcome = &mut self.outcome;
        (outcome.truth, outcome.shown) = (self.truth.unsigned_abs(), self.shown.unsigned_abs());
        let (mut first_forged, mut first_hold) = (None, None);
        for (whose, fate) in self.fates.iter().enumerate() {
            let contribution = &self.night.contributions[whose];
            let stands = fate.settled.is_some() && fate.held.is_none() && !fate.ended;
            let in_time = match (fate.confirmed, fate.settled) {
                (Some(confirmed), Some(settled)) => settled <= confirmed + 10 * MINUTE && fate.held.is_none(),
                (Some(confirmed), None) => fate.ended || confirmed + 10 * MINUTE > end,
                (None, _) => true,
            };
            match self.night.truth[whose] {
                Truth::Honest(group) => {
                    outcome.honest += 1;
                    outcome.honest_confirmed += u64::from(fate.confirmed.is_some());
                    outcome.honest_counted += u64::from(stands);
                    outcome.honest_held += u64::from(fate.held.is_some());
                    outcome.honest_late += u64::from(!in_time);
                    let group = &mut groups[usize::from(group)];
                    group.1 += u64::from(fate.held.is_some_and(|held| held + 10 * MINUTE < end));
                    group.2 += 1;
                    if victims.contains(&contribution.mailbox) && fate.confirmed.is_some() {
                        outcome.victims += 1;
                        outcome.victims_in_time += u64::from(in_time);
                    }
                }
                Truth::Forged(_) => {
                    outcome.forged += 1;
                    outcome.forged_confirmed += u64::from(fate.confirmed.is_some());
                    outcome.forged_held += u64::from(fate.held.is_some());
                    outcome.counted += u64::from(stands);
                    let until = fate.held.unwrap_or(end);
                    let long = fate.settled.is_some_and(|settled| until > settled + DAY);
                    outcome.counted_for_a_day += u64::from(stands || long);
                    first_forged = first_forged.min(Some(contribution.at)).or(Some(contribution.at));
                    first_hold = match (first_hold, fate.held) {
                        (Some(a), Some(b)) => Some(Moment::min(a, b)),
                        (a, b) => a.or(b),
                    };
                }
            }
        }
        let waits = |fate: &&Fate| fate.confirmed.is_some() && fate.held.is_none() && !fate.ended;
        let waiting = self
            .waiting
            .iter()
            .map(|whose| &self.fates[*whose as usize])
            .filter(waits);
        outcome.waiting = waiting.count() as u64;
        outcome.groups = groups;
        outcome.seconds_to_first_hold = first_hold
            .zip(first_forged)
            .map(|(hold, first)| (hold.saturating_sub(first)) as f64 / 1000.0);
        self.outcome
    }
}

/// The names of all contributions of a night.
#[must_use]
pub fn ids<S>(night: &Night<S>) -> Vec<SignatureId> {
    (0..night.contributions.len() as u32)
        .map(|whose| id(&night.contributions, whose))
        .collect()
}

/// Time first, then a number that no other has.
fn id(contributions: &[Contribution], whose: u32) -> SignatureId {
    let mut id = [0; 16];
    id[..6].copy_from_slice(&(BEGIN + contributions[whose as usize].at).to_be_bytes()[2..]);
    id[8..].copy_from_slice(&mix(u64::from(whose)).to_be_bytes());
    SignatureId(id)
}

fn mix(number: u64) -> u64 {
    let mixed = (number.wrapping_add(0x9e37_79b9_7f4a_7c15)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed ^ (mixed >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb)
}

/// A tag as a keyed hash would give it.
fn tag(kind: u64, number: u32) -> Tag {
    if number == 0 {
        return Tag::NONE;
    }
    Tag::of(&mix(kind << 40 | u64::from(number)).to_be_bytes())
}

/// The source as intake would have looked it up.
#[must_use]
pub fn source(place: &Place, registry: &Registry) -> Source {
    Source {
        near: tag(1, place.prefix),
        origin: tag(2, place.network),
        kind: match place.line {
            Line::Access => NetworkKind::Access,
            Line::Hosting => NetworkKind::Hosting,
            Line::Unknown => NetworkKind::Unknown,
        },
        country: country(registry.country(place)),
    }
}

fn country(letters: [u8; 2]) -> Country {
    std::str::from_utf8(&letters).map_or(Country::UNKNOWN, Country::from_code)
}

/// What intake would have observed of a contribution: of what the simulation knows, what a server does.
#[must_use]
pub fn observation(seen: &Contribution, id: SignatureId, registry: &Registry) -> Observation {
    let hour = |ahead: i8| (seen.at + DAY).wrapping_add_signed(i64::from(ahead) * 3_600_000) / 3_600_000 % 24;
    let ahead = registry.ahead(registry.country(&seen.place));
    Observation {
        id,
        petition: PetitionId(seen.petition),
        at: Millis(BEGIN + seen.at),
        source: source(&seen.place, registry),
        local_hour: ahead.map_or(24, |ahead| hour(ahead) as u8),
        client: tag(3, seen.client),
        language: tag(4, u32::from(seen.language)),
        script: seen.script,
        fill_ms: seen.fill_ms,
        name: tag(5, seen.name),
        name_order: seen.name_order,
        name_upper: seen.name_upper,
        comment: tag(6, seen.comment),
        local_shape: tag(7, seen.shape),
        local_stem: tag(8, seen.stem),
        domain: tag(9, seen.domain),
        common_mail: seen.common_mail,
        declared: country(registry.declared(seen)),
    }
}

#[cfg(test)]
mod tests {
    use paraph_drill::sim::{SimScenario, Step, TuningSeed, simulate};

    use super::*;

    #[test]
    fn a_night_says_by_how_much_and_how_long_its_count_was_wrong() {
        let place = Place {
            prefix: 1,
            network: 1,
            line: Line::Access,
            country: *b"XA",
        };
        let contribution = |mailbox| Contribution {
            at: 0,
            petition: 1,
            mailbox,
            place,
            client: 1,
            language: 1,
            script: true,
            fill_ms: 20_000,
            read_ms: 20_000,
            name: mailbox,
            name_order: 0,
            name_upper: false,
            comment: 0,
            shape: mailbox,
            stem: mailbox,
            domain: 1,
            mx: 1,
            common_mail: true,
            declared: *b"XA",
        };
        let act = |at, whose, act| Step { at, whose, act };
        let confirmed = [(MINUTE / 2, 0), (3 * MINUTE, 1), (3 * MINUTE, 2)];
        let night = Night {
            scenario: SimScenario::ALL[0],
            seed: TuningSeed::numbered(1),
            contributions: (0..3).map(contribution).collect(),
            truth: vec![Truth::Honest(0), Truth::Forged(0), Truth::Forged(0)],
            steps: (0..3)
                .map(|whose| act(0, whose, Act::Sign))
                .chain(confirmed.map(|(at, whose)| act(at, whose, Act::Confirm(place))))
                .collect(),
            groups: vec!["people"],
            victims: Vec::new(),
            waves: vec!["forgers"],
            registry: simulate(SimScenario::ALL[0], TuningSeed::numbered(1)).registry,
        };
        let report = run(&night, false).report(night.scenario, 0.0);
        let count = &report["count"];
        assert_eq!(
            count["checks"],
            serde_json::json!([[60, 0, 0], [180, 1, 1], [300, 1, 3]])
        );
        // From the fifth minute to the end, twenty after the last that happened.
        assert_eq!(
            (&count["error_max"], &count["error_seconds"]),
            (&2.into(), &(19 * 60).into())
        );
        assert_eq!(report["forged"]["counted_peak"], 2);
        let admitted = (&report["honest"]["accepted"], &report["forged"]["admitted"]);
        assert_eq!(admitted, (&1.into(), &2.into()));
    }
}
