//! Clusters: what agreed, made into a rule that each member is measured by.

use std::collections::VecDeque;

use paraph_tally::PetitionId;

use crate::baseline::{Kind, Trait};
use crate::bounds::{COVERAGE, FAMILIES_NEEDED, RULE_SPECIFICITY, RULE_VALUES};
use crate::families::{Agreement, Mark, families};
use crate::finding::{Advice, ClusterId, Confidence, Evidence, Fact, Family, FindingName, Innocent};
use crate::record::{Record, Time, flag};
use crate::window::Seq;

/// Members of a group, at the least, of whom dozens of domains are named: of fewer, few come up again, and a rule of these would break up what is
/// about to be found whole.
const NAMED: u32 = 48;

/// Share of honest people from which a mark is common.
const COMMON_MARK: f64 = 0.02;

/// What one must show to belong to a cluster. A group may be wholly regular and yet have an honest person among it: each
/// member must itself bear the marks of at least two families, and all but one of those that agree.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rule {
    pub(crate) petition: PetitionId,
    /// Each with the share of honest people who bear it and no mark of the family that is counted already.
    marks: Vec<(Family, Vec<(Mark, f64)>)>,
    /// Families that only the group as a whole shows.
    group_only: usize,
    needed: usize,
    /// Share of honest people who would be caught.
    pub(crate) catches: f64,
}

impl Rule {
    /// The widest rule that is specific enough to act by itself; `None` if none is.
    pub(crate) fn specific(petition: PetitionId, agreements: &[Agreement]) -> Option<Self> {
        // Whoever owns dozens of domains has more than a rule can name: they are named where it is not specific enough without.
        let mut unnamed = agreements.to_vec();
        unnamed.retain(|one| one.evidence.fact != Fact::OwnMail || matches!(one.mark, Mark::Is(_)));
        let enough = agreements
            .iter()
            .any(|one| one.evidence.fact == Fact::OwnMail && one.evidence.of >= NAMED);
        let named = || Self::widest(petition, agreements).filter(|_| enough);
        Self::widest(petition, &unnamed).or_else(named)
    }

    fn widest(petition: PetitionId, agreements: &[Agreement]) -> Option<Self> {
        let agreed = families(agreements).len();
        if agreed < FAMILIES_NEEDED {
            return None;
        }
        let lenient = FAMILIES_NEEDED.max(agreed - 1);
        // Of few mailboxes under many spellings some are seen for the first time: where the other marks are rare enough,
        // it need not be one of those that were seen before.
        let of_so_many = |needed| {
            [false, true]
                .into_iter()
                .filter_map(move |stems| Self::new(petition, agreements, needed, stems))
        };
        // Where a browser that many have and a time of filling in may not both stand for the rest, one of them need not be borne.
        let but_one = of_so_many(agreed).filter_map(|rule| rule.without_the_commonest(agreements));
        of_so_many(lenient)
            .chain(but_one)
            .chain(of_so_many(agreed))
            .find(|rule| rule.catches <= RULE_SPECIFICITY)
    }

    /// The rule without the family whose marks most people bear, if three are left, and one of them with a machine's mark.
    fn without_the_commonest(mut self, agreements: &[Agreement]) -> Option<Self> {
        let share = |nth: usize| self.marks[nth].1.iter().map(|(_, share)| share).sum::<f64>();
        let place = (0..self.marks.len()).max_by(|a, b| share(*a).total_cmp(&share(*b)))?;
        let (commonest, _) = self.marks.remove(place);
        let marked = |one: &Agreement| one.evidence.fact.is_a_mark() && one.evidence.fact.family() != commonest;
        let enough = self.marks.len() + self.group_only >= FAMILIES_NEEDED && self.marks.len() >= 2;
        let (needed, marked) = (self.needed - 1, agreements.iter().any(marked));
        (enough && marked).then(|| Self::of(self.petition, self.marks, self.group_only, needed))
    }

    /// Rented servers, and one of these domains: a rule of two families, for domains that nobody else has.
    pub(crate) fn owned(petition: PetitionId, hosting: &Agreement, domains: &Agreement) -> Self {
        let mark = |one: &Agreement| (one.evidence.fact.family(), vec![(one.mark.clone(), one.expected)]);
        Self::of(petition, vec![mark(hosting), mark(domains)], 0, 2)
    }

    fn new(petition: PetitionId, agreements: &[Agreement], needed: usize, stems: bool) -> Option<Self> {
        let (mut marks, mut group_only) = (Vec::new(), 0);
        for family in families(agreements) {
            let mut own: Vec<&Agreement> = agreements
                .iter()
                .filter(|agreed| agreed.evidence.fact.family() == family && agreed.mark != Mark::Group)
                .filter(|agreed| stems || agreed.evidence.fact != Fact::ManySpellings)
                .collect();
            own.sort_by(|a, b| a.expected.total_cmp(&b.expected));
            // A mark that many bear says nothing beside one that few do, and would let an honest person in who shares the
            // other families for a good reason.
            let rarest = own.first().map_or(1.0, |agreed| agreed.expected);
            own.retain(|agreed| agreed.expected <= (3.0 * rarest).max(COMMON_MARK));
            // Nor is one needed that is common and on no more of them than a rarer one, or than values that can be named: it would
            // take others along, and none of them.
            own.sort_by_key(|agreed| matches!(agreed.mark, Mark::Is(_)));
            let mut most = 0;
            own.retain(|agreed| {
                let needed = agreed.expected <= COMMON_MARK || agreed.evidence.seen > most;
                most = most.max(agreed.evidence.seen);
                needed
            });
            if own.is_empty() {
                group_only += 1;
                continue;
            }
            // Who is in one of these ranges is in their network, and was counted with it.
            let apart = |one: &Agreement| !own.iter().any(|wide| encloses(wide, one));
            let share = |one: &Agreement| if apart(one) { one.expected } else { 0.0 };
            marks.push((family, own.iter().map(|one| (one.mark.clone(), share(one))).collect()));
        }
        (marks.len() >= 2).then(|| Self::of(petition, marks, group_only, needed))
    }

    fn of(petition: PetitionId, marks: Vec<(Family, Vec<(Mark, f64)>)>, group_only: usize, needed: usize) -> Self {
        let share = |own: &Vec<(Mark, f64)>| own.iter().map(|(_, share)| share).sum::<f64>().min(1.0);
        let mut shares: Vec<f64> = marks.iter().map(|(_, own)| share(own)).collect();
        // The families that an honest person would most easily match are those that count.
        shares.sort_by(|a, b| b.total_cmp(a));
        let mut rule = Self {
            petition,
            marks,
            group_only,
            needed,
            catches: 1.0,
        };
        rule.catches = shares.iter().take(rule.asked()).product();
        rule
    }

    /// Both as one, if they are of one attack: they ask for the same families, or for enough that are the same, and in two of these
    /// have values in common. Who bears the marks of some of its forgeries in one family and of others in another is then of it as
    /// well. `None` also if that takes too many others.
    pub(crate) fn joined(&self, other: &Self) -> Option<Self> {
        let theirs = |family: Family| other.marks.iter().find(|(of, _)| *of == family).map(|(_, marks)| marks);
        let pairs: Vec<_> = self
            .marks
            .iter()
            .filter_map(|(family, ours)| Some((*family, ours, theirs(*family)?)))
            .collect();
        let same = pairs.len() == self.marks.len() && pairs.len() == other.marks.len();
        if self.group_only != other.group_only || !(same || pairs.len() >= FAMILIES_NEEDED) {
            return None;
        }
        let alike = pairs.iter().filter(|(_, ours, theirs)| in_common(ours, theirs));
        if alike.count() < 2 {
            return None;
        }
        let marks: Vec<_> = pairs
            .iter()
            .map(|(family, ours, theirs)| (*family, union(ours, theirs)))
            .collect();
        let bounded = |mark: &Mark| !matches!(mark, Mark::Values(_, values) if values.len() > RULE_VALUES);
        if !marks.iter().flat_map(|(_, marks)| marks).all(|(mark, _)| bounded(mark)) {
            return None;
        }
        let all = marks.len() + self.group_only;
        (self.needed.max(other.needed).min(all)..=all)
            .map(|needed| Self::of(self.petition, marks.clone(), self.group_only, needed))
            .find(|rule| rule.catches <= RULE_SPECIFICITY)
    }

    /// The rule without the values that are not the cluster's own: of those in the group who bear one of its values, most
    /// must belong, or nearly, and bear the machine's mark themselves where each of its members does. A browser that half of a
    /// forum uses does not become suspect because forgers are in the same group; nor does a range become theirs who lack one mark
    /// of many, or have yet to confirm. Where some said that it was not them, that says nothing of a mail domain or a pattern of addresses
    /// at which nobody did.
    pub(crate) fn purified(self, group: &[&Record], agreed: &[Agreement]) -> Option<Self> {
        let nearly = self.asked().saturating_sub(1).max(2);
        let machines = machines(agreed);
        let made = |record: &Record| machines.is_empty() || machines.iter().any(|mark| mark.is_on(record));
        let belongs = |record: &&Record| self.borne(record) >= nearly && made(record);
        let caught: Vec<bool> = group.iter().map(belongs).collect();
        let disowned = agreed.iter().any(|one| one.evidence.fact == Fact::Disowned);
        self.keeping(|kind, value| {
            let bearers = group.iter().zip(&caught).filter(|(record, _)| kind.of(record) == value);
            let of_mailboxes = matches!(kind, Kind::Domain | Kind::Shape);
            if disowned && of_mailboxes && !bearers.clone().any(|(record, _)| record.is(flag::DISOWNED)) {
                return false;
            }
            let (all, belong) = bearers.fold((0u32, 0usize), |(all, belong), (_, caught)| {
                (all + 1, belong + usize::from(*caught))
            });
            belong as f64 >= COVERAGE * f64::from(all)
        })
    }

    /// With these of its values, unless none of a family's is left.
    pub(crate) fn keeping(mut self, own: impl Fn(Kind, u32) -> bool) -> Option<Self> {
        for (_, marks) in &mut self.marks {
            for (mark, _) in marks.iter_mut() {
                if let Mark::Values(kind, values) = mark {
                    values.retain(|value| own(*kind, *value));
                }
            }
            marks.retain(|(mark, _)| !matches!(mark, Mark::Values(_, values) if values.is_empty()));
        }
        self.marks.iter().all(|(_, marks)| !marks.is_empty()).then_some(self)
    }

    /// Whether a contribution bears a mark of this family, if the rule has any. Who has yet to confirm does not say where.
    pub(crate) fn bears(&self, family: Family, record: &Record) -> Option<bool> {
        let (_, marks) = self.marks.iter().find(|(of, _)| *of == family)?;
        let of_confirming = |(mark, _): &(Mark, f64)| {
            matches!(
                mark,
                Mark::Is(Trait::ConfirmedFromHosting) | Mark::Values(Kind::ConfirmNear, _)
            )
        };
        let known = record.is(flag::CONFIRMED) || !marks.iter().all(of_confirming);
        known.then(|| marks.iter().any(|(mark, _)| mark.is_on(record)))
    }

    /// What a finding is called after that rests on this rule: its marks. What they weigh is measured anew with each look.
    pub(crate) fn said(&self) -> String {
        let marks = |own: &Vec<(Mark, f64)>| own.iter().map(|(mark, _)| mark.clone()).collect::<Vec<_>>();
        let all: Vec<(Family, Vec<Mark>)> = self.marks.iter().map(|(family, own)| (*family, marks(own))).collect();
        format!("{:?} {all:?}", self.petition)
    }

    /// Whether a contribution bears enough of the marks.
    pub(crate) fn takes(&self, record: &Record) -> bool {
        if record.petition != self.petition {
            return false;
        }
        self.borne(record) >= self.asked()
    }

    /// Each mark with its family.
    pub(crate) fn marks(&self) -> impl Iterator<Item = (Family, &Mark)> {
        let marks = self.marks.iter();
        marks.flat_map(|(family, own)| own.iter().map(|(mark, _)| (*family, mark)))
    }

    /// Of how many families a contribution must bear a mark itself.
    pub(crate) fn asked(&self) -> usize {
        self.needed.saturating_sub(self.group_only).max(2)
    }

    /// Of how many it does.
    pub(crate) fn borne(&self, record: &Record) -> usize {
        let bears = |marks: &Vec<(Mark, f64)>| marks.iter().any(|(mark, _)| mark.is_on(record));
        self.marks.iter().filter(|(_, marks)| bears(marks)).count()
    }
}

/// The marks of a machine that are on each of its contributions from the beginning. None, where others speak as well: a beat is
/// only the group's, and who was spelt once or has yet to confirm does not bear it yet.
fn machines(agreed: &[Agreement]) -> Vec<&Mark> {
    let on_each = |one: &&Agreement| matches!(one.evidence.fact, Fact::Hosting | Fact::Capitals | Fact::SameFillTime);
    let of_network = |one: &&Agreement| one.evidence.fact.family() == Family::Network;
    let mut marks = agreed.iter().filter(|one| one.evidence.fact.is_a_mark());
    if marks.clone().all(|one| on_each(&one) || of_network(&one)) {
        marks.by_ref().filter(on_each).map(|one| &one.mark).collect()
    } else {
        Vec::new()
    }
}

/// Whether two lists of marks name a value in common.
fn in_common(ours: &[(Mark, f64)], theirs: &[(Mark, f64)]) -> bool {
    let shared = |one: &Mark, other: &Mark| match (one, other) {
        (Mark::Values(kind, values), Mark::Values(of, others)) => {
            kind == of && values.iter().any(|value| others.binary_search(value).is_ok())
        }
        _ => false,
    };
    ours.iter()
        .any(|(one, _)| theirs.iter().any(|(other, _)| shared(one, other)))
}

/// The marks of both. What of a kind is new has its part of their share.
fn union(ours: &[(Mark, f64)], theirs: &[(Mark, f64)]) -> Vec<(Mark, f64)> {
    let mut all = ours.to_vec();
    for (mark, share) in theirs {
        let Mark::Values(kind, more) = mark else {
            if all.iter().all(|(known, _)| known != mark) {
                all.push((mark.clone(), *share));
            }
            continue;
        };
        let known = all.iter_mut().find_map(|(one, share)| match one {
            Mark::Values(other, values) if other == kind => Some((values, share)),
            _ => None,
        });
        let Some((values, known_share)) = known else {
            all.push((mark.clone(), *share));
            continue;
        };
        let fresh: Vec<u32> = more.iter().filter(|value| !values.contains(value)).copied().collect();
        *known_share += share * fresh.len() as f64 / more.len().max(1) as f64;
        values.extend(fresh);
        values.sort_unstable();
    }
    all
}

/// Whether whoever bears the mark of the narrower fact bears that of the wider one: all in the group do.
fn encloses(wide: &Agreement, narrow: &Agreement) -> bool {
    let pair = (wide.evidence.fact, narrow.evidence.fact);
    pair == (Fact::FewNetworks, Fact::NarrowRanges) && wide.evidence.seen == wide.evidence.of
}

/// A cluster that takes in members.
pub(crate) struct Cluster {
    pub(crate) id: ClusterId,
    /// That of its rule.
    pub(crate) name: FindingName,
    pub(crate) rule: Rule,
    /// The same joined with those of the same attack that were found before. What a person says of a cluster is said of its own.
    pub(crate) joined: Option<Rule>,
    pub(crate) evidence: Vec<Evidence>,
    /// When that was seen.
    pub(crate) seen: Time,
    pub(crate) first: Time,
    pub(crate) last: Time,
    /// When it took somebody in. What was stored up had signed days before.
    pub(crate) grown: Time,
    pub(crate) members: u64,
    pub(crate) held: u64,
    /// Members that were not handed out to be held; what is in the count comes first.
    pub(crate) outstanding: VecDeque<Seq>,
    pub(crate) changed: bool,
}

impl Cluster {
    /// Whether it takes a contribution.
    pub(crate) fn takes(&self, record: &Record) -> bool {
        self.rule.takes(record) || self.joined.as_ref().is_some_and(|rule| rule.takes(record))
    }

    /// Share of honest people who would be caught, at most.
    pub(crate) fn catches(&self) -> f64 {
        self.rule.catches + self.joined.as_ref().map_or(0.0, |rule| rule.catches)
    }
}

/// The strongest fact of each family, strongest family first.
pub(crate) fn strongest(agreements: &[Agreement]) -> Vec<Evidence> {
    let mut evidence: Vec<Evidence> = agreements.iter().map(|agreed| agreed.evidence).collect();
    evidence.sort_by(|a, b| b.decades.total_cmp(&a.decades));
    let mut kept: Vec<Evidence> = Vec::new();
    for one in evidence {
        if kept.iter().all(|other| other.fact.family() != one.fact.family()) {
            kept.push(one);
        }
    }
    kept
}

/// Surprise of all families together.
pub(crate) fn score(evidence: &[Evidence]) -> f64 {
    evidence.iter().map(|evidence| evidence.decades).sum()
}

/// How sure that is, in words.
pub(crate) fn confidence(advice: Advice, evidence: &[Evidence]) -> Confidence {
    match advice {
        Advice::Ask => Confidence::Possible,
        Advice::Hold if evidence.len() > FAMILIES_NEEDED && score(evidence) >= 60.0 => Confidence::VeryLikely,
        Advice::Hold => Confidence::Likely,
    }
}

/// The likeliest explanation that blames nobody.
pub(crate) fn innocent(organisation: bool, evidence: &[Evidence]) -> Innocent {
    let has = |facts: &[Fact]| evidence.iter().any(|evidence| facts.contains(&evidence.fact));
    let family = |family| evidence.iter().any(|evidence| evidence.fact.family() == family);
    let few = |evidence: &Evidence| evidence.fact != Fact::SameComments && evidence.seen * 2 < evidence.of;
    if organisation {
        Innocent::Organisation
    } else if has(&[Fact::SameComments]) && evidence.iter().any(few) {
        Innocent::Brigade
    } else if has(&[Fact::StoredUp]) {
        Innocent::LateMail
    } else if has(&[
        Fact::Hosting,
        Fact::ConfirmedFromHosting,
        Fact::FewNetworks,
        Fact::NarrowRanges,
    ]) {
        Innocent::PrivacyService
    } else if has(&[Fact::ConfirmedInOnePlace]) || family(Family::Identity) {
        Innocent::CollectedByOne
    } else if family(Family::Geography) {
        Innocent::Abroad
    } else if has(&[Fact::SameComments]) && !family(Family::Time) {
        Innocent::FormLetter
    } else {
        Innocent::Brigade
    }
}
