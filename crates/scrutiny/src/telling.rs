//! What the engine says of itself: who is to be held now, what is shown to a person, and what there is to say about each.

use paraph_tally::{Millis, SignatureId};

use crate::bounds::{MAX_CLUSTERS, MAX_SHOWN};
use crate::cluster::{confidence, innocent, score, strongest};
use crate::engine::{CLUSTER_RESTS, Scrutiny};
use crate::families::families;
use crate::finding::{Advice, ClusterId, Finding, FindingName};
use crate::look::Look;
use crate::record::{Time, flag};
use crate::window::Seq;

/// Something shown to a person and not acted upon.
pub(crate) struct Notice {
    finding: Finding,
    told: u64,
    /// Who was looked at, ascending: none of them leaves it as long as it stands.
    pub(crate) shown: Vec<SignatureId>,
    pub(crate) last: Time,
}

/// Until when something stands that was last seen then.
fn rests(last: Millis) -> Millis {
    Millis(last.0 + (CLUSTER_RESTS * 1000.0) as u64)
}

impl Notice {
    /// What it is called.
    pub(crate) fn name(&self) -> FindingName {
        self.finding.name
    }

    fn tell(&self, base: Millis) -> Finding {
        Finding {
            until: rests(self.last.millis(base)),
            ..self.finding.clone()
        }
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
            .or_else(|| notice().map(|notice| notice.tell(self.base.unwrap_or_default())))
    }

    /// Everything there is to say about every cluster that still takes in members, and every notice.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let clusters = (0..self.clusters.len()).map(|place| self.tell(place, Vec::new()));
        let base = self.base.unwrap_or_default();
        let notices = self.notices.iter().map(|notice| notice.tell(base));
        clusters.chain(notices).collect()
    }

    /// The name of what is called after this, or the next that no finding has that stands. Two may share their marks, and one in four
    /// billion pairs what is made of them; a name that means both would judge the members of both.
    pub(crate) fn unused(&self, said: &str) -> FindingName {
        let is_used = |name: &FindingName| {
            let clusters = self.clusters.iter().map(|cluster| cluster.name);
            clusters
                .chain(self.notices.iter().map(Notice::name))
                .any(|used| used == *name)
        };
        let others = (2..).map(|nth: u32| FindingName::of(&format!("{said} {nth}")));
        let mut names = std::iter::once(FindingName::of(said)).chain(others);
        // There are more names than findings.
        names.find(|name| !is_used(name)).unwrap_or_default()
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
                said.seen_at = self.now.millis(base);
                said.evidence = evidence;
            }
            // Told again only when there is much more of it.
            let worth = notice.finding.members >= 4 * notice.told;
            notice.told = if worth { notice.finding.members } else { notice.told };
            return worth.then(|| notice.tell(base));
        }
        if self.notices.len() >= MAX_CLUSTERS {
            self.notices.remove(0);
        }
        let finding = Finding {
            cluster: self.next_id()?,
            name: self.unused(&format!("{petition:?} {kinds:?} {innocent:?}")),
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
            seen_at: self.now.millis(base),
            until: self.now.millis(base),
            to_hold: Vec::new(),
            looked_at: look.members.clone(),
        };
        let mut notice = Notice {
            finding,
            told: members.max(1),
            shown: Vec::new(),
            last: self.now,
        };
        notice.show(&look.members);
        let told = notice.tell(base);
        self.notices.push(notice);
        Some(told)
    }

    /// Hands out what is to be held, within the hour's cap, and says which clusters have something new to tell.
    pub(crate) fn hand_out(&mut self, now: Time) -> Vec<(usize, Vec<SignatureId>)> {
        let (mut left, outside) = (self.holds.left(now), self.holds.left_outside(now));
        let reserved = left - outside;
        let mut told = Vec::new();
        for (place, cluster) in self.clusters.iter_mut().enumerate() {
            let mut to_hold = Vec::new();
            while left > 0 {
                let is_counted = |seq: &Seq| self.window.flags(*seq).is_some_and(|flags| flags & flag::SETTLED != 0);
                let next = cluster
                    .outstanding
                    .front()
                    .filter(|seq| left > reserved || is_counted(seq));
                let Some(seq) = next.copied() else {
                    break;
                };
                cluster.outstanding.pop_front();
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
            seen_at: cluster.seen.millis(base),
            until: rests(cluster.grown.millis(base)),
            to_hold,
            looked_at: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use paraph_tally::{Millis, PetitionId};

    use super::*;
    use crate::look::Judged;

    fn look() -> Look {
        Look {
            petition: PetitionId(1),
            judged: Judged::Watch,
            agreed: Vec::new(),
            members: vec![SignatureId([1; 16])],
            suspects: Vec::new(),
            span: (Time::default(), Time::default()),
        }
    }

    /// A name means one finding: whoever judges by it judges whom its page has shown.
    #[test]
    fn two_findings_never_bear_one_name() {
        let mut scrutiny = Scrutiny::new();
        scrutiny.tick(Millis(1_000));
        let told: Vec<Finding> = [true, false]
            .into_iter()
            .filter_map(|one| scrutiny.notice(&look(), one, 60))
            .collect();
        assert_ne!(told[0].innocent, told[1].innocent, "two, of the same families");
        assert_ne!(told[0].name, told[1].name);
        assert_eq!(scrutiny.findings().len(), 2);
        // Of rules that weigh the same marks otherwise, or where chance will have it.
        let used = FindingName::of("marks");
        scrutiny.notices[0].finding.name = used;
        let next = scrutiny.unused("marks");
        assert_ne!(next, used);
        scrutiny.notices[1].finding.name = next;
        assert!(![used, next].contains(&scrutiny.unused("marks")));
        assert_eq!(scrutiny.unused("others"), FindingName::of("others"));
    }
}
