//! Clusters: what agreed, made into a rule that each member is measured by.

use std::collections::VecDeque;

use paraph_tally::PetitionId;

use crate::baseline::Kind;
use crate::bounds::{COVERAGE, FAMILIES_NEEDED, RULE_SPECIFICITY};
use crate::families::{Agreement, Mark, families};
use crate::finding::{Advice, ClusterId, Confidence, Evidence, Fact, Family, FindingName, Innocent};
use crate::record::{Record, Time};
use crate::window::Seq;

/// Share of honest people from which a mark is common.
const COMMON_MARK: f64 = 0.02;

/// What one must show to belong to a cluster. A group may be wholly regular and yet have an honest person among it: each
/// member must itself bear the marks of at least two families, and all but one of those that agree.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rule {
    pub(crate) petition: PetitionId,
    marks: Vec<(Family, Vec<Mark>)>,
    /// Families that only the group as a whole shows.
    group_only: usize,
    needed: usize,
    /// Share of honest people who would be caught.
    pub(crate) catches: f64,
}

impl Rule {
    /// The widest rule that is specific enough to act by itself; `None` if none is.
    pub(crate) fn specific(petition: PetitionId, agreements: &[Agreement]) -> Option<Self> {
        let agreed = families(agreements).len();
        if agreed < FAMILIES_NEEDED {
            return None;
        }
        let lenient = FAMILIES_NEEDED.max(agreed - 1);
        // Of few mailboxes under many spellings some are seen for the first time: where the other marks are rare enough,
        // it need not be one of those that were seen before.
        [(lenient, false), (lenient, true), (agreed, false), (agreed, true)]
            .into_iter()
            .filter_map(|(needed, stems)| Self::new(petition, agreements, needed, stems))
            .find(|rule| rule.catches <= RULE_SPECIFICITY)
    }

    fn new(petition: PetitionId, agreements: &[Agreement], needed: usize, stems: bool) -> Option<Self> {
        let (mut marks, mut shares, mut group_only) = (Vec::new(), Vec::new(), 0);
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
            if own.is_empty() {
                group_only += 1;
                continue;
            }
            // Who is in one of these ranges is in their network, and was counted with it.
            let apart = own.iter().filter(|one| !own.iter().any(|wide| encloses(wide, one)));
            shares.push(apart.map(|agreed| agreed.expected).sum::<f64>().min(1.0));
            marks.push((family, own.into_iter().map(|agreed| agreed.mark.clone()).collect()));
        }
        if marks.len() < 2 {
            return None;
        }
        // The families that an honest person would most easily match are those that count.
        shares.sort_by(|a, b| b.total_cmp(a));
        let own_marks = needed.saturating_sub(group_only).max(2);
        let catches = shares.iter().take(own_marks).product();
        Some(Self {
            petition,
            marks,
            group_only,
            needed,
            catches,
        })
    }

    /// The rule without the values that are not the cluster's own: of those in the group who bear one of its values, most
    /// must belong. A browser that half of a forum uses does not become suspect because forgers are in the same group.
    pub(crate) fn purified(mut self, group: &[&Record]) -> Option<Self> {
        let caught: Vec<bool> = group.iter().map(|record| self.takes(record)).collect();
        let own = |kind: Kind, value: u32| {
            let bearers = group.iter().zip(&caught).filter(|(record, _)| kind.of(record) == value);
            let (all, belong) = bearers.fold((0u32, 0usize), |(all, belong), (_, caught)| {
                (all + 1, belong + usize::from(*caught))
            });
            belong as f64 >= COVERAGE * f64::from(all)
        };
        for (_, marks) in &mut self.marks {
            for mark in marks.iter_mut() {
                if let Mark::Values(kind, values) = mark {
                    values.retain(|value| own(*kind, *value));
                }
            }
            marks.retain(|mark| !matches!(mark, Mark::Values(_, values) if values.is_empty()));
        }
        self.marks.iter().all(|(_, marks)| !marks.is_empty()).then_some(self)
    }

    /// What a finding is called that rests on this rule.
    pub(crate) fn name(&self) -> FindingName {
        FindingName::of(&format!("{:?} {:?}", self.petition, self.marks))
    }

    /// Whether a contribution bears enough of the marks.
    pub(crate) fn takes(&self, record: &Record) -> bool {
        if record.petition != self.petition {
            return false;
        }
        let bears = |marks: &Vec<Mark>| marks.iter().any(|mark| mark.is_on(record));
        let own = self.marks.iter().filter(|(_, marks)| bears(marks)).count();
        own >= 2 && own + self.group_only >= self.needed
    }
}

/// Whether whoever bears the mark of the narrower fact bears that of the wider one: all in the group do.
fn encloses(wide: &Agreement, narrow: &Agreement) -> bool {
    let pair = (wide.evidence.fact, narrow.evidence.fact);
    let nested = [
        (Fact::FewNetworks, Fact::NarrowRanges),
        (Fact::SameMailServers, Fact::SameDomains),
    ];
    nested.contains(&pair) && wide.evidence.seen == wide.evidence.of
}

/// A cluster that takes in members.
pub(crate) struct Cluster {
    pub(crate) id: ClusterId,
    pub(crate) rule: Rule,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) first: Time,
    pub(crate) last: Time,
    pub(crate) members: u64,
    pub(crate) held: u64,
    /// Members that were not handed out to be held; what is in the count comes first.
    pub(crate) outstanding: VecDeque<Seq>,
    pub(crate) changed: bool,
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
