//! The tests, family by family: what a group shows against what honest people around it show.

use crate::baseline::{Baseline, Kind, Trait};
use crate::bounds::{COVERAGE, DECADES_TO_AGREE, LEAN, LIFT, MIN_CLUSTER, MOST_DECADES, OWNED, RING, RULE_VALUES};
use crate::finding::{Evidence, Fact, Family};
use crate::mail::Mail;
use crate::record::{Record, flag};
use crate::times;

/// Share of people with a mailbox at a domain that nobody else has, at the least.
const ALONE: f64 = 0.08;

/// Seconds of a day.
const DAY: f64 = 24.0 * 3600.0;

/// Contributions of the days before from which these say what was usual then.
const ENOUGH_BEFORE: usize = 64;

/// What is looked at together.
pub(crate) struct Sample<'a> {
    /// Members in the order in which they signed.
    pub(crate) members: &'a [&'a Record],
    /// The latest contributions to the petition that are no members.
    pub(crate) latest: &'a [&'a Record],
    /// Contributions from all of its life that are no members.
    pub(crate) life: &'a [&'a Record],
    /// The latest who confirmed at home, with mailboxes at large providers.
    pub(crate) at_home: &'a [&'a Record],
    pub(crate) mail: &'a Mail,
    pub(crate) baseline: &'a Baseline,
}

/// What a single contribution must show to be counted to a family.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Mark {
    /// One of these values.
    Values(Kind, Vec<u32>),
    /// This is true of it.
    Is(Trait),
    /// The logarithm of its fill time, scaled, lies between these.
    Fill(u16, u16),
    /// Nothing: only the group shows it.
    Group,
}

/// A family's test that agreed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Agreement {
    pub(crate) evidence: Evidence,
    pub(crate) mark: Mark,
    /// Share of honest people who would bear the mark.
    pub(crate) expected: f64,
}

/// The value as far as it weighs: a line of an access network weighs nothing, however many are behind it; nor does a common
/// mail provider.
pub(crate) fn weighing(kind: Kind, record: &Record) -> u32 {
    let weighs = match kind {
        Kind::Near | Kind::Origin => !record.is(flag::ACCESS),
        Kind::Domain => !record.is(flag::COMMON_MAIL),
        Kind::ConfirmNear => record.confirm_near != record.near,
        _ => true,
    };
    if weighs { kind.of(record) } else { 0 }
}

/// Surprise of `seen` in `of` where the share `expected` would be normal, in decades: Chernoff's bound on a binomial tail.
pub(crate) fn surprise(seen: usize, of: usize, expected: f64) -> f64 {
    if of == 0 {
        return 0.0;
    }
    let (share, expected) = (seen as f64 / of as f64, expected.clamp(1e-9, 1.0 - 1e-9));
    if share <= expected {
        return 0.0;
    }
    let rest = if share < 1.0 {
        (1.0 - share) * ((1.0 - share) / (1.0 - expected)).ln()
    } else {
        0.0
    };
    let divergence = share * (share / expected).ln() + rest;
    (of as f64 * divergence / std::f64::consts::LN_10).min(MOST_DECADES)
}

/// All tests. Independence is seen to here: a rented place explains the country, and the country explains the language.
pub(crate) fn agreements(sample: &Sample<'_>) -> Vec<Agreement> {
    let mut all = network(sample);
    let placed = !all.is_empty();
    let geography = if placed { Vec::new() } else { geography(sample) };
    all.extend(client(sample, placed || !geography.is_empty()));
    all.extend(geography);
    all.extend(content(sample));
    all.extend(times::agreements(sample));
    all.extend(identity(sample));
    all
}

/// How many different families are among them.
pub(crate) fn families(agreements: &[Agreement]) -> Vec<Family> {
    let mut families: Vec<Family> = agreements.iter().map(|agreed| agreed.evidence.fact.family()).collect();
    families.sort_unstable();
    families.dedup();
    families
}

fn network(sample: &Sample<'_>) -> Vec<Agreement> {
    let mut all = Vec::new();
    all.extend(sample.fact(Fact::Hosting, Trait::Hosting));
    all.extend(sample.shared(Fact::FewNetworks, Kind::Origin));
    all.extend(sample.shared(Fact::NarrowRanges, Kind::Near));
    all.extend(sample.fact(Fact::ConfirmedFromHosting, Trait::ConfirmedFromHosting));
    if sample.spread_out() {
        all.extend(sample.shared(Fact::ConfirmedInOnePlace, Kind::ConfirmNear));
    }
    all
}

fn client(sample: &Sample<'_>, place_explains_language: bool) -> Vec<Agreement> {
    let mut all = Vec::new();
    all.extend(sample.shared(Fact::SameClients, Kind::Client));
    all.extend(sample.fact(Fact::NoScript, Trait::NoScript));
    if !place_explains_language {
        all.extend(sample.shared(Fact::SameLanguage, Kind::Language));
    }
    all
}

fn content(sample: &Sample<'_>) -> Vec<Agreement> {
    let mut all: Vec<Agreement> = [
        (Fact::SameNames, Kind::Name),
        (Fact::SameComments, Kind::Comment),
        (Fact::SamePatterns, Kind::Shape),
        (Fact::SameDomains, Kind::Domain),
    ]
    .into_iter()
    .filter_map(|(fact, kind)| sample.shared(fact, kind))
    .collect();
    if all.iter().all(|agreed| agreed.evidence.fact != Fact::SameDomains) {
        all.extend(own_domains(sample).into_iter().flatten());
    }
    all
}

/// Mailboxes at domains that hardly anybody else has. Whoever owns dozens of them, and spreads over them, has few mailboxes at each. Twice:
/// for whoever has a mailbox at no large provider, and for those at these domains.
fn own_domains(sample: &Sample<'_>) -> Option<[Agreement; 2]> {
    let of = sample.members.len();
    if of < OWNED.0 || (sample.count(Trait::OwnMail) as f64) < COVERAGE * of as f64 {
        return None;
    }
    let domains = |records: &[&Record]| {
        let mut all: Vec<u32> = records.iter().map(|record| weighing(Kind::Domain, record)).collect();
        all.retain(|domain| *domain != 0);
        all.sort_unstable();
        all
    };
    let times =
        |all: &[u32], domain: u32| all.partition_point(|one| *one <= domain) - all.partition_point(|one| *one < domain);
    let (own, life) = (domains(sample.members), domains(sample.life));
    let people = (sample.life.len() + 16) as f64;
    let known = |domain: u32| times(&life, domain) as f64 / people;
    let stands_out = |seen: usize, known: f64| seen as f64 >= LIFT * known * of as f64;
    let runs = own.chunk_by(|a, b| a == b);
    let fresh = runs.filter(|run| {
        stands_out(
            run.len(),
            known(run[0]).max(sample.baseline.learned_share(Kind::Domain, run[0])),
        )
    });
    let (mut seen, mut again, mut domains, mut repeated) = (0, 0, 0, Vec::new());
    for run in fresh {
        (seen, domains) = (seen + run.len(), domains + 1);
        if run.len() > 1 {
            again += run.len();
            repeated.push((run.len(), run[0]));
        }
    }
    // A few, such as those of a service that relays mail, are looked at one by one; and a person's own is nobody else's, or a family's.
    if domains <= OWNED.1 as usize || again * 2 < seen {
        return None;
    }
    // People have domains of their own as well.
    let alone = life.iter().filter(|domain| times(&life, **domain) == 1).count() as f64;
    let expected = (alone / people).max(ALONE);
    let agreed = sample.agree(Fact::OwnMail, seen, domains, expected, Mark::Is(Trait::OwnMail))?;
    repeated.sort_unstable_by(|a, b| b.cmp(a));
    repeated.truncate(RULE_VALUES);
    let mut named: Vec<u32> = repeated.into_iter().map(|(_, domain)| domain).collect();
    named.sort_unstable();
    // Of all of them together it is known how many others have a mailbox at one.
    let others = life.iter().filter(|domain| named.binary_search(domain).is_ok()).count() as f64;
    let learned: f64 = named
        .iter()
        .map(|one| sample.baseline.learned_share(Kind::Domain, *one))
        .sum();
    let at_one = Agreement {
        expected: ((others + 1.0) / people).max(learned),
        mark: Mark::Values(Kind::Domain, named),
        ..agreed.clone()
    };
    let at_any = Agreement {
        expected: sample.normal(Trait::OwnMail),
        ..agreed
    };
    Some([at_any, at_one])
}

fn geography(sample: &Sample<'_>) -> Vec<Agreement> {
    let mut all = Vec::new();
    all.extend(sample.shared(Fact::Abroad, Kind::Country));
    all.extend(sample.fact(Fact::Elsewhere, Trait::Elsewhere));
    all
}

fn identity(sample: &Sample<'_>) -> Vec<Agreement> {
    let members = sample.members;
    let mut all = Vec::new();
    all.extend(sample.fact(Fact::Capitals, Trait::Upper));
    all.extend(directory_order(members));
    all.extend(many_spellings(members));
    let disowned = members.iter().filter(|record| record.is(flag::DISOWNED)).count();
    // Disowning is rare: one in five hundred does it by mistake or regret. Few of the impersonated ever answer.
    if disowned >= 3 && disowned * 20 >= members.len() {
        all.extend(group(Fact::Disowned, disowned, members.len(), 0.002));
    }
    all
}

/// Names that follow one another as in a list. Workers that share one list keep nearly to its order.
fn directory_order(members: &[&Record]) -> Option<Agreement> {
    let places: Vec<u16> = members
        .iter()
        .map(|record| record.name_order)
        .filter(|place| *place > 0)
        .collect();
    let steps = places.windows(2).filter(|pair| pair[0] != pair[1]);
    let (up, all) = steps.fold((0, 0), |(up, all), pair| (up + usize::from(pair[0] < pair[1]), all + 1));
    // A list read backwards is a list.
    let ordered = up.max(all - up);
    (all >= 2 * MIN_CLUSTER && ordered * 4 >= all * 3)
        .then(|| group(Fact::DirectoryOrder, ordered, all, 0.5))
        .flatten()
}

/// One mailbox spelt in many ways: with dots, tags, digits. Namesakes at one provider are few.
fn many_spellings(members: &[&Record]) -> Option<Agreement> {
    let stems = Counts::of(members.iter().map(|record| record.stem).filter(|stem| *stem > 0));
    let all: usize = stems.runs().map(|(seen, _)| seen).sum();
    let repeated = all - stems.runs().count();
    if all < MIN_CLUSTER || repeated * 5 < all {
        return None;
    }
    let mut values: Vec<u32> = stems
        .runs()
        .filter(|(seen, _)| *seen > 1)
        .map(|(_, stem)| stem)
        .collect();
    values.sort_unstable();
    values.truncate(RULE_VALUES);
    group(Fact::ManySpellings, repeated, all, 0.02).map(|agreement| Agreement {
        expected: Kind::Stem.prior() * values.len() as f64,
        evidence: Evidence {
            values: values.len() as u32,
            ..agreement.evidence
        },
        mark: Mark::Values(Kind::Stem, values),
    })
}

/// Something that only the group shows.
pub(crate) fn group(fact: Fact, seen: usize, of: usize, expected: f64) -> Option<Agreement> {
    let decades = surprise(seen, of, expected);
    (decades >= DECADES_TO_AGREE).then_some(Agreement {
        evidence: Evidence {
            fact,
            seen: seen as u32,
            of: of as u32,
            values: 0,
            expected: expected * of as f64,
            decades,
        },
        mark: Mark::Group,
        expected: 1.0,
    })
}

impl Sample<'_> {
    /// The share that is normal here: what the platform knows, or what the petition shows before and beside the group if
    /// that is more. Of the two, the smaller: a flood fills its surroundings with itself, but not the past.
    pub(crate) fn around(&self, holds: impl Fn(&Record) -> bool) -> f64 {
        let share = |records: &[&Record]| {
            let seen = records.iter().filter(|record| holds(record)).count();
            // A handful of contributions teaches little.
            seen as f64 / (records.len() + 16) as f64
        };
        share(self.latest).min(share(self.life))
    }

    /// The same of each of these values, of which a rule can name all, in one pass over all that is around.
    fn shares(&self, kind: Kind, values: &[(usize, u32, f64)]) -> [f64; RULE_VALUES] {
        // Most values are none of these, which one bit tells.
        let bit = |value: u32| 1u64 << (value.wrapping_mul(0x9e37_79b9) >> 26);
        let may_be = values.iter().fold(0, |all, (_, value, _)| all | bit(*value));
        let share = |records: &[&Record]| {
            let mut seen = [0u32; RULE_VALUES];
            for value in records.iter().map(|record| weighing(kind, record)) {
                let known = may_be & bit(value) != 0;
                let place = || values.iter().position(|(_, one, _)| *one == value);
                if let Some(place) = known.then(place).flatten() {
                    seen[place] += 1;
                }
            }
            let of = (records.len() + 16) as f64;
            seen.map(|seen| f64::from(seen) / of)
        };
        let (latest, life) = (share(self.latest), share(self.life));
        std::array::from_fn(|place| latest[place].min(life[place]))
    }

    /// The share of people of whom this is true, here or on the platform.
    pub(crate) fn normal(&self, is: Trait) -> f64 {
        let here = self.around(|record| is.holds(record));
        self.baseline.share_of(is).max(here)
    }

    /// The same before the day of the latest of them, where enough is known of it: a crowd that is called together fills its surroundings with
    /// those of it who copy another text, or none.
    fn normal_before(&self, is: Trait) -> f64 {
        let Some(last) = self.members.last() else {
            return self.normal(is);
        };
        let before = |record: &&&Record| last.signed.seconds_since(record.signed) > DAY;
        let before: Vec<&Record> = self.life.iter().filter(before).copied().collect();
        if before.len() < ENOUGH_BEFORE {
            return self.normal(is);
        }
        let seen = before.iter().filter(|record| is.holds(record)).count();
        let here = seen as f64 / (before.len() + 16) as f64;
        self.baseline.share_of(is).max(here)
    }

    /// Whether a fact holds for nearly all of them that is rare among the others.
    pub(crate) fn fact(&self, fact: Fact, is: Trait) -> Option<Agreement> {
        let (seen, of) = (self.count(is), self.members.len());
        if (seen as f64) < COVERAGE * of as f64 || seen < 3 {
            return None;
        }
        let expected = self.normal(is);
        self.agree(fact, seen, 0, expected, Mark::Is(is))
    }

    /// Whether a fact holds for more of them than usual, though not for most: as much more as one of two has to that are enough
    /// together. It makes nobody a member of anything; it says which crowd a person may want to look at.
    pub(crate) fn leaning(&self, fact: Fact, is: Trait) -> Option<Agreement> {
        let (seen, of) = (self.count(is), self.members.len());
        let expected = self.normal_before(is);
        let decades = surprise(seen, of, expected);
        (seen as f64 >= LEAN.sqrt() * expected * of as f64).then_some(Agreement {
            evidence: Evidence {
                fact,
                seen: seen as u32,
                of: of as u32,
                values: 0,
                expected: expected * of as f64,
                decades,
            },
            mark: Mark::Group,
            expected: 1.0,
        })
    }

    pub(crate) fn count(&self, is: Trait) -> usize {
        self.members.iter().filter(|record| is.holds(record)).count()
    }

    /// Whether few values, rare elsewhere, cover nearly all of them.
    fn shared(&self, fact: Fact, kind: Kind) -> Option<Agreement> {
        let of = self.members.len();
        if self.all_different(kind) {
            return None;
        }
        let values = Counts::of(self.members.iter().map(|record| weighing(kind, record)));
        let runs = values.runs();
        let runs = runs.filter(|(seen, value)| *value != 0 && *seen >= 3 && *seen * 20 >= of);
        let repeated: usize = runs.clone().map(|(seen, _)| seen).sum();
        if (repeated as f64) < COVERAGE * of as f64 {
            return None;
        }
        let mut runs: Vec<(usize, u32)> = runs.collect();
        runs.sort_unstable_by(|a, b| b.cmp(a));
        runs.truncate(RULE_VALUES);
        let stands_out = |count: usize, normal: f64| count as f64 >= LIFT * normal * of as f64;
        let known = |(count, value): (usize, u32)| {
            let known = self.baseline.share(kind, value);
            stands_out(count, known).then_some((count, value, known))
        };
        let known: Vec<(usize, u32, f64)> = runs.into_iter().filter_map(known).collect();
        // What surrounds them makes nothing rarer: where too few are left already, it is not counted.
        if (known.iter().map(|(count, ..)| count).sum::<usize>() as f64) < COVERAGE * of as f64 {
            return None;
        }
        let here = self.shares(kind, &known);
        let (mut seen, mut expected, mut rare) = (0, 0.0, Vec::new());
        for ((count, value, known), here) in known.into_iter().zip(here) {
            let normal = known.max(here);
            if stands_out(count, normal) {
                seen += count;
                expected += normal;
                rare.push(value);
            }
        }
        rare.sort_unstable();
        self.agree(fact, seen, rare.len(), expected, Mark::Values(kind, rare))
    }

    /// A glance at sixteen of them. Where few values cover most, two of sixteen agree, with 99 in 100; most groups share
    /// nothing, and this is what they cost.
    fn all_different(&self, kind: Kind) -> bool {
        const GLANCE: usize = 16;
        let of = self.members.len();
        if of < 2 * GLANCE {
            return false;
        }
        let seen: [u32; GLANCE] = std::array::from_fn(|nth| weighing(kind, self.members[nth * of / GLANCE]));
        let agrees = |nth: usize| seen[nth] != 0 && seen[..nth].contains(&seen[nth]);
        !(1..GLANCE).any(agrees)
    }

    /// Few enough expected, many enough seen, surprising enough.
    pub(crate) fn agree(&self, fact: Fact, seen: usize, values: usize, expected: f64, mark: Mark) -> Option<Agreement> {
        let of = self.members.len();
        let decades = surprise(seen, of, expected);
        let enough = seen as f64 >= COVERAGE * of as f64 && seen as f64 >= LIFT * expected * of as f64;
        (enough && decades >= DECADES_TO_AGREE).then_some(Agreement {
            evidence: Evidence {
                fact,
                seen: seen as u32,
                of: of as u32,
                values: values as u32,
                expected: expected * of as f64,
                decades,
            },
            mark,
            expected,
        })
    }

    /// Whether no half of them signed in one place.
    fn spread_out(&self) -> bool {
        self.places()[0] * 2 < self.members.len().max(1)
    }

    /// Whether nearly all of them signed in one place, or two.
    pub(crate) fn in_one_place(&self) -> bool {
        self.places().iter().sum::<usize>() * 10 >= self.members.len() * 9
    }

    /// How many signed in each of the two prefixes where most did.
    fn places(&self) -> [usize; 2] {
        let places = Counts::of(self.members.iter().map(|record| record.near));
        places.runs().fold([0, 0], |[first, second], (seen, _)| {
            if seen > first {
                [seen, first]
            } else {
                [first, second.max(seen)]
            }
        })
    }
}

/// How often each value comes up among the members of a group. Most groups share nothing: that is told without sorting.
struct Counts {
    /// Each value once, with how often it came up, in the order in which they came.
    values: [(u32, u8); RING],
    count: usize,
}

impl Counts {
    const SLOTS: usize = 2 * RING;

    /// Of at most as many values as a group has members.
    fn of(all: impl Iterator<Item = u32>) -> Self {
        // 1 + the place of a value, by its hash; 0 where free.
        let mut slots = [0u8; Self::SLOTS];
        let (mut values, mut count) = ([(0, 0); RING], 0);
        for value in all.take(RING) {
            let mut slot = (value.wrapping_mul(0x9e37_79b9) >> 16) as usize % Self::SLOTS;
            loop {
                match usize::from(slots[slot]).checked_sub(1) {
                    None => {
                        slots[slot] = count as u8 + 1;
                        values[count] = (value, 1);
                        count += 1;
                    }
                    Some(place) if values[place].0 == value => values[place].1 += 1,
                    Some(_) => {
                        slot = (slot + 1) % Self::SLOTS;
                        continue;
                    }
                }
                break;
            }
        }
        Self { values, count }
    }

    /// Each value, with how often it came up.
    fn runs(&self) -> impl Iterator<Item = (usize, u32)> + Clone {
        let all = self.values[..self.count].iter();
        all.map(|(value, seen)| (usize::from(*seen), *value))
    }
}

impl Mark {
    /// Whether a contribution bears it.
    pub(crate) fn is_on(&self, record: &Record) -> bool {
        match self {
            Self::Values(kind, values) => {
                let value = weighing(*kind, record);
                value != 0 && values.binary_search(&value).is_ok()
            }
            Self::Is(fact) => fact.holds(record),
            Self::Fill(low, high) => (*low..=*high).contains(&record.fill),
            Self::Group => false,
        }
    }
}
