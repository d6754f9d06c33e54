//! What a person says against the engine's findings.

use std::collections::BTreeMap;

use paraph_tally::SignatureId;

use crate::engine::Scrutiny;
use crate::finding::ClusterId;
use crate::record::Record;

impl Scrutiny {
    /// A person let these go: none of them is taken into a cluster again. Where they are at least half of those whom a
    /// cluster had handed out to be held, its rule was wrong, and all of it is released as by [`Scrutiny::release`]. Says
    /// whom of those handed out nobody is to hold any more.
    pub fn let_go(&mut self, ids: &[SignatureId]) -> Vec<SignatureId> {
        let mut of: BTreeMap<ClusterId, u64> = BTreeMap::new();
        for id in ids {
            let seq = self.window.find(*id);
            if let Some(cluster) = seq
                .and_then(|seq| self.window.get(seq))
                .and_then(|record| record.cluster())
            {
                *of.entry(cluster).or_default() += 1;
            }
        }
        let mut cleared = ids.to_vec();
        for (cluster, members) in of {
            let held = self.clusters.iter().find(|one| one.id == cluster).map(|one| one.held);
            if held.is_some_and(|held| members * 2 >= held) {
                cleared.extend(self.release(cluster));
            }
        }
        for id in ids {
            if let Some(seq) = self.window.find(*id) {
                self.window.change(seq, Record::pardon);
            }
        }
        self.nobody_waits_in_vain();
        cleared
    }

    /// Members of clusters that wait outside the count because this hour's holds are used up. Who only waits for the next look
    /// is none of them.
    #[must_use]
    pub fn over_cap(&self) -> u64 {
        self.outstanding(self.clusters.len())
            .saturating_sub(self.holds.left_outside(self.now))
    }

    /// Of these, the members of one cluster: those before it are handed out first.
    pub(crate) fn over_cap_of(&self, place: usize) -> u64 {
        let left = self.holds.left_outside(self.now);
        let over = |clusters| self.outstanding(clusters).saturating_sub(left);
        over(place + 1) - over(place)
    }

    /// Members of so many clusters who are to be held and are not yet.
    fn outstanding(&self, clusters: usize) -> u64 {
        let of = self.clusters[..clusters].iter();
        of.map(|cluster| cluster.outstanding.len() as u64).sum()
    }
}
