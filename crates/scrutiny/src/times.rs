//! The family of time. A burst is no evidence: television makes bursts. What people do not do is keep a beat, forget the
//! night, or take the same time every time.

use crate::baseline::{Kind, Trait};
use crate::bounds::{DECADES_TO_AGREE, LIFT, MIN_CLUSTER, MOST_DECADES};
use crate::families::{Agreement, Mark, Sample, group, surprise, weighing};
use crate::finding::{Evidence, Fact};
use crate::record::{Record, flag, log_of};

/// Spread of the logarithm of a time that people take, where nothing is known of the petition: a third of them differ by
/// more than this factor of e.
const HUMAN_SPREAD: f64 = 0.5;

/// What may be usual on a petition, at the least and at the most.
const USUAL: (f64, f64) = (0.3, 0.8);

/// A spread below this share of the normal one is a machine's.
const NARROW: f64 = 0.5;

/// And it is no wider than this: people differ by more.
const MACHINE: f64 = 0.2;

/// What the distance of two quartiles is worth: it says no more of a spread than this share of the values, all of them
/// measured, would say.
const QUARTILES: f64 = 0.37;

/// The same for those in one room, who are told together what to type and when to press.
const CLOCKWORK: f64 = 0.08;

/// Intervals whose spread is below this share of their mean keep a beat; chance alone gives 1.
const BEAT: f64 = 0.55;

/// Hours that a group must span before its nights say anything: a film that ends at one in the morning is no machine.
const HOURS_FOR_NIGHT: f64 = 9.0;

/// Hours of a day, at the most, in which nine in ten of a group come who have no day anywhere.
const FEW_HOURS: f64 = 6.0;

/// Hours are quiet in which others come at two fifths of their usual pace at the most.
const QUIET: f64 = 0.4;

/// People at home of whom it is known when they came, at the least, and over how many hours: so many say which hours are quiet.
const MANY: usize = 96;

/// See [`MANY`].
const HOURS_OF_LIFE: u32 = 36;

/// Seconds of a day.
const DAY: f64 = 24.0 * 3600.0;

/// Hours that a mail server may be away before somebody sees to it.
const HOURS_OF_A_DEAD_SERVER: f64 = 24.0;

pub(crate) fn agreements(sample: &Sample<'_>) -> Vec<Agreement> {
    let mut all = Vec::new();
    all.extend(same_fill(sample));
    all.extend(same_gap(sample));
    all.extend(stored_up(sample));
    all.extend(regular(sample.members));
    all.extend(day_and_night(sample));
    all.extend(small_hours(sample));
    all
}

/// Whether time may speak once it is known what is usual: it can do so then although it does not yet.
pub(crate) fn may_agree(members: &[&Record]) -> bool {
    let narrow = |seen: Option<(Spread, usize)>| {
        seen.is_some_and(|(spread, of)| spread.width <= MACHINE && speaks(spread.width / USUAL.1, of))
    };
    let fills = || narrow(Spread::of_fills(members));
    let gaps = || narrow(Spread::of_gaps(members));
    members.len() >= MIN_CLUSTER && (fills() || gaps() || late(members).is_some())
}

/// How a time is distributed, by its logarithm.
struct Spread {
    middle: f64,
    /// Standard deviation from the middle half, which a few stragglers do not move.
    width: f64,
}

impl Spread {
    /// Of times in any unit, with the logarithm of one: only three of them are needed.
    fn of<T: Ord + Copy>(mut times: Vec<T>, log: impl Fn(T) -> f64) -> Option<(Self, usize)> {
        let of = times.len();
        if of < MIN_CLUSTER {
            return None;
        }
        let at = |share: f64| ((of - 1) as f64 * share) as usize;
        let (low, middle, high) = times.select_nth_unstable(at(0.5));
        let (_, first, _) = low.select_nth_unstable(at(0.25));
        let (_, third, _) = high.select_nth_unstable(at(0.75) - at(0.5) - 1);
        let spread = Self {
            middle: log(*middle),
            width: (log(*third) - log(*first)) / 1.349,
        };
        Some((spread, of))
    }

    /// Of filling in the form, as far as that is known.
    fn of_fills(records: &[&Record]) -> Option<(Self, usize)> {
        let times = records.iter().map(|record| record.fill).filter(|time| *time > 0);
        Self::of(times.collect(), |time| log_of(time).unwrap_or_default())
    }

    /// From signing to confirming. How late the late ones are says when their mail came, ours or their server's, and not how
    /// long somebody took: they are looked at by [`stored_up`].
    fn of_gaps(records: &[&Record]) -> Option<(Self, usize)> {
        let gaps = prompt(records).map(|record| record.confirmed.seconds_since(record.signed));
        Self::of_seconds(gaps.collect())
    }

    /// The same if each had been confirmed when any other of them was, of eight that are spread over all.
    fn of_exchanged_gaps(records: &[&Record]) -> Option<Self> {
        let prompt: Vec<&Record> = prompt(records).collect();
        let of = prompt.len();
        let other = |nth: usize, by: usize| prompt[(nth + by * of / 9) % of];
        let gap = |nth, by| other(nth, by).confirmed.seconds_since(prompt[nth].signed);
        let gaps = (1..9).flat_map(|by| (0..of).map(move |nth| (nth, by)));
        Self::of_seconds(gaps.map(|(nth, by)| gap(nth, by)).collect()).map(|(spread, _)| spread)
    }

    fn of_seconds(gaps: Vec<f64>) -> Option<(Self, usize)> {
        let hundredths = gaps.into_iter().map(|gap| ((gap * 100.0).round() as u32).max(100));
        Self::of(hundredths.collect(), |time| (f64::from(time) / 100.0).ln())
    }
}

/// Those who confirmed, and not late.
fn prompt<'a>(records: &[&'a Record]) -> impl Iterator<Item = &'a Record> {
    let prompt = |record: &&Record| record.is(flag::CONFIRMED) && !Trait::LongGap.holds(record);
    records.iter().copied().filter(prompt)
}

/// Surprise of a spread that is this share of the normal one, from so many degrees of freedom: Chernoff's bound on the lower
/// tail of a chi-squared variable.
fn surprise_of_narrowness(ratio: f64, degrees: f64) -> f64 {
    let square = (ratio * ratio).max(1e-4);
    (-degrees / 2.0 * (square.ln() + 1.0 - square) / std::f64::consts::LN_10).min(MOST_DECADES)
}

/// Whether a spread that is this share of the normal one is a machine's.
fn speaks(ratio: f64, of: usize) -> bool {
    ratio <= NARROW && surprise_of_narrowness(ratio, of as f64 * QUARTILES) >= DECADES_TO_AGREE
}

/// The evidence of a narrow spread, beside the usual one of the petition, or what is the most that can be expected of the group.
fn narrowness(
    sample: &Sample<'_>,
    fact: Fact,
    (seen, of): (&Spread, usize),
    spread: impl Fn(&[&Record]) -> Option<(Spread, usize)>,
    most: impl Fn() -> f64,
) -> Option<Evidence> {
    if seen.width > MACHINE || as_at_home(seen, spread(sample.at_home)) {
        return None;
    }
    let usual = spread(sample.life).map_or(HUMAN_SPREAD, |(usual, _)| usual.width.clamp(USUAL.0, USUAL.1));
    let usual = usual.min(most());
    let ratio = seen.width / usual;
    (speaks(ratio, of) && (seen.width <= CLOCKWORK || !sample.in_one_place())).then_some(Evidence {
        fact,
        seen: of as u32,
        of: of as u32,
        values: in_per_cent(seen.width).max(1.0) as u32,
        expected: in_per_cent(usual),
        decades: surprise_of_narrowness(ratio, of as f64 * QUARTILES),
    })
}

/// By how much the slowest of the middle half is slower than the quickest, where logarithms spread so wide.
fn in_per_cent(width: f64) -> f64 {
    (((1.349 * width).exp() - 1.0) * 100.0).round()
}

/// Where we are slow, everybody takes as long as we do: those at home as well.
fn as_at_home(seen: &Spread, at_home: Option<(Spread, usize)>) -> bool {
    at_home.is_some_and(|(home, _)| {
        let is_as_wide = seen.width > NARROW * home.width;
        is_as_wide && (seen.middle - home.middle).abs() <= 3.0 * home.width
    })
}

/// The time of filling in is always the same.
fn same_fill(sample: &Sample<'_>) -> Option<Agreement> {
    let (seen, of) = Spread::of_fills(sample.members)?;
    if of * 10 < sample.members.len() * 8 {
        return None;
    }
    let evidence = narrowness(sample, Fact::SameFillTime, (&seen, of), Spread::of_fills, || USUAL.1)?;
    let edge = |at: f64| (at * 2048.0).clamp(1.0, f64::from(u16::MAX)) as u16;
    // Of a few, the spread is known roughly: the reach leaves room for it.
    let reach = 3.0 * seen.width.max(0.02) * (1.0 + 3.0 / f64::from(evidence.of).sqrt());
    let (low, high) = (edge(seen.middle - reach), edge(seen.middle + reach));
    let expected = sample.around(|record| (low..=high).contains(&record.fill)).max(0.05);
    Some(Agreement {
        evidence,
        mark: Mark::Fill(low, high),
        expected,
    })
}

/// Always confirmed after the same time.
fn same_gap(sample: &Sample<'_>) -> Option<Agreement> {
    let (seen, of) = Spread::of_gaps(sample.members)?;
    if of * 2 < sample.members.len() {
        return None;
    }
    // Whoever sign together and all have their mail at one moment, once ours moves again, take times as equal with the
    // confirmation of any other of them: that is two bursts, and no time that somebody keeps to.
    let exchanged = || Spread::of_exchanged_gaps(sample.members).map_or(USUAL.1, |spread| spread.width);
    let evidence = narrowness(sample, Fact::SameGap, (&seen, of), Spread::of_gaps, exchanged)?;
    Some(Agreement {
        evidence,
        mark: Mark::Group,
        expected: 1.0,
    })
}

/// Left unconfirmed for hours or days, then confirmed together.
fn stored_up(sample: &Sample<'_>) -> Option<Agreement> {
    late(sample.members)?;
    // Who signed while our mail stood still is not asked: then people at home are late as well.
    let moved = |record: &&&Record| !sample.mail.stood_still(record.signed);
    let asked: Vec<&Record> = sample.members.iter().filter(moved).copied().collect();
    let (late, confirmed) = late(&asked)?;
    if their_mail_may_be_late(sample) {
        return None;
    }
    let expected = sample.baseline.share_of(Trait::LongGap);
    if (late as f64) < LIFT * expected * confirmed as f64 {
        return None;
    }
    let decades = surprise(late, confirmed, expected);
    (decades >= DECADES_TO_AGREE).then_some(Agreement {
        evidence: Evidence {
            fact: Fact::StoredUp,
            seen: late as u32,
            of: confirmed as u32,
            values: 0,
            expected: expected * confirmed as f64,
            decades,
        },
        // Hours say that it was stored up. Those who signed last, before all were confirmed, lay for less.
        mark: Mark::Is(Trait::Lay),
        expected: expected.max(sample.normal(Trait::Lay)),
    })
}

/// How many confirmed late, and how many confirmed; none unless most of them did so late.
fn late(members: &[&Record]) -> Option<(usize, usize)> {
    let confirmed = members.iter().filter(|record| record.is(flag::CONFIRMED)).count();
    let late = || members.iter().filter(|record| Trait::LongGap.holds(record)).count();
    (confirmed >= MIN_CLUSTER)
        .then(|| (late(), confirmed))
        .filter(|(late, confirmed)| late * 10 >= confirmed * 6)
}

/// One mail server may have stood still for a day: then those of its domain are late who signed within that day.
fn their_mail_may_be_late(sample: &Sample<'_>) -> bool {
    let mut late: Vec<&Record> = sample.members.to_vec();
    late.retain(|record| Trait::LongGap.holds(record));
    let mut domains: Vec<u32> = late.iter().map(|record| weighing(Kind::Domain, record)).collect();
    domains.sort_unstable();
    let most = domains
        .chunk_by(|a, b| a == b)
        .filter(|run| run[0] != 0)
        .map(<[u32]>::len)
        .max();
    let mut signed: Vec<u32> = late.iter().map(|record| record.signed.0).collect();
    signed.sort_unstable();
    let at = |share: usize| signed.get(signed.len() * share / 20).copied().unwrap_or_default();
    let hours = f64::from(at(19).saturating_sub(at(1))) / 360_000.0;
    most.is_some_and(|most| most * 5 >= late.len() * 4) && hours <= HOURS_OF_A_DEAD_SERVER
}

/// Arrivals that keep a beat.
fn regular(members: &[&Record]) -> Option<Agreement> {
    let intervals: Vec<f64> = members
        .windows(2)
        .map(|pair| pair[1].signed.seconds_since(pair[0].signed))
        .collect();
    let of = intervals.len();
    let mean = intervals.iter().sum::<f64>() / of.max(1) as f64;
    // Below a twentieth of a second the clock's own steps would look like a beat.
    if of < 2 * MIN_CLUSTER || mean < 0.05 {
        return None;
    }
    let variance = intervals.iter().map(|at| (at - mean).powi(2)).sum::<f64>() / of as f64;
    let ratio = variance.sqrt() / mean;
    // Where chance alone decides, intervals are of all lengths, and their spread is known less well.
    let decades = surprise_of_narrowness(ratio, of as f64 / 2.0);
    (ratio <= BEAT && decades >= DECADES_TO_AGREE).then_some(Agreement {
        evidence: Evidence {
            fact: Fact::Regular,
            seen: of as u32,
            of: of as u32,
            values: (ratio * 100.0).round().max(1.0) as u32,
            expected: 100.0,
            decades,
        },
        mark: Mark::Group,
        expected: 1.0,
    })
}

/// By night as by day, at the place where each one is. Whoever is behind a rented server is somewhere else, and its clock says
/// nothing of theirs.
fn day_and_night(sample: &Sample<'_>) -> Option<Agreement> {
    let (first, last) = (sample.members.first()?, sample.members.last()?);
    let at_home = |record: &Record| record.is(flag::HOUR_KNOWN) && !record.is(flag::HOSTING);
    let night = |record: &Record| at_home(record) && record.is(flag::NIGHT);
    let known = sample.members.iter().filter(|record| at_home(record)).count();
    let awake = sample.members.iter().filter(|record| night(record)).count();
    let span = last.signed.seconds_since(first.signed);
    // From an evening to the next morning everybody's share of nights is larger: people are asked about the same hours of a day.
    let begin = f64::from(first.signed.0) / 100.0;
    let same_hours = |record: &Record| (f64::from(record.signed.0) / 100.0 - begin).rem_euclid(DAY) <= span;
    let share = |records: &[&Record]| {
        let asked = records.iter().filter(|record| at_home(record) && same_hours(record));
        let (awake, of) = asked.fold((0, 0), |(awake, of), record| {
            (awake + usize::from(night(record)), of + 1)
        });
        (of >= MIN_CLUSTER).then(|| awake as f64 / of as f64)
    };
    // The latest of a busy hour have not seen the night that the group has.
    let reach_back = |one: &&Record| first.signed.seconds_since(one.signed) > 0.0;
    let lately = share(sample.latest).filter(|_| sample.latest.iter().any(reach_back));
    let around = share(sample.life)?.min(lately.unwrap_or(1.0));
    let expected = sample.baseline.share_of(Trait::Night).max(around);
    let long = span > HOURS_FOR_NIGHT * 3600.0;
    (long && known >= 2 * MIN_CLUSTER && awake as f64 >= 2.5 * expected * known as f64)
        .then(|| group(Fact::DayAndNight, awake, known, expected))
        .flatten()
}

/// In the same few hours of several days, while hardly anybody else signs: no place has its day then, whatever its clocks say. A
/// burst is of one day.
fn small_hours(sample: &Sample<'_>) -> Option<Agreement> {
    let of = sample.members.len();
    // How many came on the day when most did, and on all others: a day ends where nobody comes for half of one.
    let gap = |pair: &[&Record]| pair[1].signed.seconds_since(pair[0].signed) >= DAY / 2.0;
    let days = sample.members.chunk_by(|a, b| !gap(&[a, b]));
    let most = days.map(<[&Record]>::len).max()?;
    if of - most < MIN_CLUSTER {
        return None;
    }
    let hour = |record: &Record| (f64::from(record.signed.0) / 100.0).rem_euclid(DAY);
    let mut hours: Vec<f64> = sample.members.iter().map(|record| hour(record)).collect();
    hours.sort_unstable_by(f64::total_cmp);
    // The shortest part of a day in which nine in ten come.
    let enough = (of * 9).div_ceil(10);
    let end = |nth: usize| hours[(nth + enough - 1) % of];
    let length = |nth: &usize| (end(*nth) - hours[*nth]).rem_euclid(DAY);
    let first = (0..of).min_by(|a, b| length(a).total_cmp(&length(b)))?;
    let (begin, length) = (hours[first], length(&first).max(3600.0));
    if length > FEW_HOURS * 3600.0 {
        return None;
    }
    let then = |record: &Record| (hour(record) - begin).rem_euclid(DAY) <= length;
    let seen = sample.members.iter().filter(|record| then(record)).count();
    let expected = share_at_home(sample.life, then)?;
    // Where a clock is known it has to say night.
    let known = sample
        .members
        .iter()
        .filter(|record| record.is(flag::HOUR_KNOWN))
        .count();
    let night = sample.members.iter().filter(|record| record.is(flag::NIGHT)).count();
    let quiet = expected <= QUIET * length / DAY && night * 3 >= known;
    quiet.then(|| group(Fact::SmallHours, seen, of, expected)).flatten()
}

/// Of people at home with mailboxes at large providers, whom an attack that has begun does not outnumber: when they sign on any day. None
/// where too little is known. A burst of half an hour would make all other hours quiet: no hour counts for more than twice its share.
fn share_at_home(life: &[&Record], then: impl Fn(&Record) -> bool) -> Option<f64> {
    let mut asked: Vec<&Record> = life.to_vec();
    asked.retain(|record| record.is(flag::ACCESS) && record.is(flag::COMMON_MAIL));
    asked.sort_unstable_by_key(|record| record.signed.0);
    let hour = |record: &Record| record.signed.0 / 360_000;
    let hours = hour(asked.last()?) - hour(asked.first()?) + 1;
    if asked.len() < MANY || hours < HOURS_OF_LIFE {
        return None;
    }
    let most = (2 * asked.len()).div_ceil(hours as usize);
    let (mut seen, mut of) = (0, 0);
    for one in asked.chunk_by(|a, b| hour(a) == hour(b)) {
        let counted = one.len().min(most);
        (seen, of) = (
            seen + one.iter().filter(|record| then(record)).count().min(counted),
            of + counted,
        );
    }
    Some((seen + 1) as f64 / (of + 16) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Evidence says what was seen beside what is usual, in words a person can check.
    #[test]
    fn a_spread_is_told_in_per_cent() {
        let told = [0.0, 0.05, 0.2, HUMAN_SPREAD, 0.8].map(in_per_cent);
        assert_eq!(told, [0.0, 7.0, 31.0, 96.0, 194.0]);
    }

    #[test]
    fn three_of_the_times_are_those_that_sorting_finds() {
        assert!(Spread::of(vec![7u16; MIN_CLUSTER - 1], f64::from).is_none());
        for of in MIN_CLUSTER..130 {
            let times: Vec<u16> = (0..of as u16).map(|nth| nth.wrapping_mul(40_503) % 1000).collect();
            let mut sorted = times.clone();
            sorted.sort_unstable();
            let at = |share: f64| f64::from(sorted[((of - 1) as f64 * share) as usize]);
            let found = Spread::of(times, f64::from).map(|(spread, of)| (spread.middle, spread.width, of));
            assert_eq!(found, Some((at(0.5), (at(0.75) - at(0.25)) / 1.349, of)));
        }
    }

    /// A spread that is measured by all of n values is off by 1 / 2n, squared; by quartiles, by as much as if there were fewer values.
    #[test]
    fn two_quartiles_are_worth_a_third_of_the_values() {
        let (groups, of) = (20_000, 100);
        let mut draw = 7u64;
        let mut unit = || {
            draw = crate::groups::mix(draw.wrapping_add(0x9e37_79b9_7f4a_7c15));
            draw as f64 / u64::MAX as f64
        };
        let (mut sum, mut squares) = (0.0, 0.0);
        for _ in 0..groups {
            // Twelve draws make nearly a normal one, with a spread of 1.
            let mut normal = || (0..12).map(|_| unit()).sum::<f64>() - 6.0;
            let times: Vec<u32> = (0..of).map(|_| ((normal() + 10.0) * 1e6) as u32).collect();
            let (spread, _) = Spread::of(times, |time| f64::from(time) / 1e6).expect("enough of them");
            sum += spread.width;
            squares += spread.width * spread.width;
        }
        let mean = sum / f64::from(groups);
        let off = squares / f64::from(groups) / (mean * mean) - 1.0;
        let worth = 1.0 / (2.0 * f64::from(of) * off);
        assert!((worth - QUARTILES).abs() < 0.03, "{worth}");
    }
}
