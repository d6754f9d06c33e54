//! What the engine says of itself: who is to be held now, what is shown to a person, and what there is to say about each.

use paraph_tally::SignatureId;

use crate::bounds::{MAX_CLUSTERS, MAX_SHOWN};
use crate::cluster::{confidence, innocent, score, strongest};
use crate::engine::Scrutiny;
use crate::families::families;
use crate::finding::{Advice, ClusterId, Finding, FindingName};
use crate::look::Look;
use crate::record::{Time, flag};

/// Something shown to a person and not acted upon.
pub(crate) struct Notice {
    finding: Finding,
    told: u64,
    /// Who was looked at, ascending: none of them leaves it as long as it stands.
    pub(crate) shown: Vec<SignatureId>,
    pub(crate) last: Time,
}

impl Notice {
    /// What it is called.
    pub(crate) fn name(&self) -> FindingName {
        self.finding.name
    }

    fn show(&mut self, members: &[SignatureId]) {
        for id in members {
            if self.shown.len() == MAX_SHOWN {
                return;
            }
            if let Err(place) = self.shown.binary_search(id) {
                self.shown.insert(place, *id);
            }
        }
    }
}

impl Scrutiny {
    /// Everything there is to say about a cluster that still takes in members, or a notice.
    #[must_use]
    pub fn explain(&self, id: ClusterId) -> Option<Finding> {
        let cluster = self.clusters.iter().position(|cluster| cluster.id == id);
        let notice = || self.notices.iter().find(|notice| notice.finding.cluster == id);
        cluster
            .map(|place| self.tell(place, Vec::new()))
            .or_else(|| notice().map(|notice| notice.finding.clone()))
    }

    /// Everything there is to say about every cluster that still takes in members, and every notice.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let clusters = (0..self.clusters.len()).map(|place| self.tell(place, Vec::new()));
        let notices = self.notices.iter().map(|notice| notice.finding.clone());
        clusters.chain(notices).collect()
    }

    pub(crate) fn next_id(&mut self) -> Option<ClusterId> {
        let id = ClusterId(self.next_cluster);
        // A record has room for 65,535 of them.
        self.next_cluster = self.next_cluster.checked_add(1)?;
        Some(id)
    }

    pub(crate) fn notice(&mut self, look: &Look, organisation: bool, members: u64) -> Option<Finding> {
        let (base, petition, (first, last)) = (self.base.unwrap_or_default(), look.petition, look.span);
        let evidence = strongest(&look.agreed);
        let (kinds, innocent) = (families(&look.agreed), innocent(organisation, &evidence));
        let same = |notice: &&mut Notice| {
            let one = &notice.finding;
            one.petition == petition && one.families() == kinds && one.innocent == innocent
        };
        if let Some(notice) = self.notices.iter_mut().find(same) {
            notice.last = self.now;
            notice.finding.looked_at.clone_from(&look.members);
            notice.show(&look.members);
            // Numbers that stand beside each other are of one moment: the one when most were seen.
            if members >= notice.finding.members {
                let said = &mut notice.finding;
                (said.members, said.first, said.last) = (members, first.millis(base), last.millis(base));
                (said.score, said.confidence) = (score(&evidence), confidence(Advice::Ask, &evidence));
                said.evidence = evidence;
            }
            // Told again only when there is much more of it.
            let worth = notice.finding.members >= 4 * notice.told;
            notice.told = if worth { notice.finding.members } else { notice.told };
            return worth.then(|| notice.finding.clone());
        }
        if self.notices.len() >= MAX_CLUSTERS {
            self.notices.remove(0);
        }
        let finding = Finding {
            cluster: self.next_id()?,
            name: FindingName::of(&format!("{petition:?} {kinds:?}")),
            petition,
            advice: Advice::Ask,
            first: first.millis(base),
            last: last.millis(base),
            members,
            held: 0,
            over_cap: 0,
            score: score(&evidence),
            confidence: confidence(Advice::Ask, &evidence),
            innocent,
            may_catch: 0.0,
            evidence,
            to_hold: Vec::new(),
            looked_at: look.members.clone(),
        };
        let mut notice = Notice {
            finding: finding.clone(),
            told: members.max(1),
            shown: Vec::new(),
            last: self.now,
        };
        notice.show(&look.members);
        self.notices.push(notice);
        Some(finding)
    }

    /// Hands out what is to be held, within the hour's cap, and says which clusters have something new to tell.
    pub(crate) fn hand_out(&mut self, now: Time) -> Vec<(usize, Vec<SignatureId>)> {
        let mut left = self.holds.left(now);
        let mut told = Vec::new();
        for (place, cluster) in self.clusters.iter_mut().enumerate() {
            let mut to_hold = Vec::new();
            while left > 0 {
                let Some(seq) = cluster.outstanding.pop_front() else {
                    break;
                };
                let Some(id) = cluster.awaits(&self.window, seq) else {
                    continue;
                };
                self.window.set(seq, flag::HELD);
                to_hold.push(id);
                cluster.held += 1;
                left -= 1;
            }
            self.holds.give(now, to_hold.len() as u64);
            if std::mem::take(&mut cluster.changed) || !to_hold.is_empty() {
                told.push((place, to_hold));
            }
        }
        told
    }

    pub(crate) fn tell(&self, place: usize, to_hold: Vec<SignatureId>) -> Finding {
        let (cluster, base) = (&self.clusters[place], self.base.unwrap_or_default());
        Finding {
            cluster: cluster.id,
            name: cluster.name,
            petition: cluster.rule.petition,
            advice: Advice::Hold,
            first: cluster.first.millis(base),
            last: cluster.last.millis(base),
            members: cluster.members,
            held: cluster.held,
            over_cap: self.over_cap_of(place),
            score: score(&cluster.evidence),
            confidence: confidence(Advice::Hold, &cluster.evidence),
            innocent: innocent(false, &cluster.evidence),
            may_catch: cluster.catches() * self.references.seen(cluster.rule.petition) as f64,
            evidence: cluster.evidence.clone(),
            to_hold,
            looked_at: Vec::new(),
        }
    }
}
