//! Crowds that copy a text: real people, who are counted, and perhaps shown to a person.

use crate::around::Neighbours;
use crate::baseline::Trait;
use crate::bounds::{COVERAGE, DECADES_TO_LEAN, LEAN, MIN_CLUSTER};
use crate::cluster::{score, strongest};
use crate::engine::Scrutiny;
use crate::families::{Agreement, agreements};
use crate::finding::Fact;
use crate::groups::Seed;
use crate::look::{Judged, Look, SHOWN};
use crate::record::{Record, flag};

/// Copies of one text from which it is asked what others copy meanwhile: who is called together has more than one to choose from.
pub(crate) const COPIES: usize = 2 * MIN_CLUSTER;

/// Texts that are looked at together, at the most.
const TEXTS: usize = 16;

impl Scrutiny {
    /// People who copy one text are counted, whatever they think of the petition. Where more of them than usual come through
    /// rented servers or from elsewhere, somebody may have called them together, and a person is told.
    pub(crate) fn crowd(
        &self,
        members: &[&Record],
        size: u64,
        mut agreed: Vec<Agreement>,
        outside: &Neighbours<&Record>,
    ) -> Option<Look> {
        let sample = self.sample(members, outside);
        let strong = score(&strongest(&agreed)) >= SHOWN.1;
        let facts = [(Fact::Elsewhere, Trait::Elsewhere), (Fact::Hosting, Trait::Hosting)];
        let leaning: Vec<Agreement> = facts
            .iter()
            .filter_map(|(fact, is)| sample.leaning(*fact, *is))
            .collect();
        // One does not bring the other about: what both say is said by both together.
        let times = |one: &Agreement| f64::from(one.evidence.seen) / one.evidence.expected;
        let decades: f64 = leaning.iter().map(|one| one.evidence.decades).sum();
        let leans = leaning.iter().map(times).product::<f64>() >= LEAN && decades >= DECADES_TO_LEAN;
        agreed.extend(leaning);
        (strong && leans).then_some(Look {
            petition: members.first()?.petition,
            judged: Judged::Notice {
                organisation: false,
                watch: false,
                size,
            },
            span: (members.first()?.signed, members.last()?.signed),
            members: members.iter().map(|record| record.id).collect(),
            suspects: Vec::new(),
            agreed,
        })
    }

    /// The same of all who have copied a text since, whichever it was: where a crowd has several to choose from, too few copy each. A text
    /// that most of whose copies come from elsewhere or through rented servers is somebody's own, such as a community's abroad.
    pub(crate) fn crowds_together(&self, members: &[&Record], outside: &Neighbours<&Record>) -> Option<Look> {
        let since = members.first()?.signed;
        let mut texts: Vec<&Record> = outside.latest.iter().filter(|one| one.comment != 0).copied().collect();
        texts.sort_unstable_by_key(|one| one.comment);
        texts.dedup_by_key(|one| one.comment);
        let watched = |one: &&Record| self.groups.size_of(Seed::Comment.key(one)) >= MIN_CLUSTER as u64;
        let mut together: Vec<Record> = members.iter().map(|one| **one).collect();
        for text in texts.into_iter().filter(watched).take(TEXTS) {
            let mut copies = self.latest(Seed::Comment.key(text));
            copies.retain(|one| one.cluster == 0 && !one.is(flag::INNOCENT) && since.seconds_since(one.signed) == 0.0);
            let away = |one: &&Record| one.is(flag::ELSEWHERE | flag::HOSTING);
            if (copies.iter().filter(away).count() as f64) < COVERAGE * copies.len() as f64 {
                together.append(&mut copies);
            }
        }
        if together.len() < SHOWN.0.max(members.len() + MIN_CLUSTER) {
            return None;
        }
        together.sort_unstable_by_key(|one| (one.signed.0, one.id));
        let together: Vec<&Record> = together.iter().collect();
        let mut agreed = agreements(&self.sample(&together, outside));
        agreed.retain(|one| one.evidence.fact == Fact::SameComments);
        self.crowd(&together, together.len() as u64, agreed, outside)
    }
}
