//! What is left of an attack. Rules name what many of its contributions have in common when they are looked at; of the last
//! ones too few are left to become a group. But when hundreds are held, each of their servers and each of their mail domains says
//! by itself whose it is: nearly all who come from there, or have a mailbox there, are held.

use std::collections::BTreeMap;

use paraph_tally::PetitionId;

use crate::baseline::Kind;
use crate::bounds::{HELD_PLACE, MAX_REMNANTS, MIN_CLUSTER, MIN_WATCHED, OWNED};
use crate::engine::Scrutiny;
use crate::families::{Mark, weighing};
use crate::finding::Family;
use crate::groups::{KeyedMap, Seed};
use crate::record::{Record, flag};
use crate::window::Seq;

/// So many times as many at a domain are held as are not, where two families are enough.
const HELD_FOR_TWO: u64 = 9;

/// Those on petitions under attack whom no rule takes, as far as both their place and their mail domain could speak.
#[derive(Default)]
pub(crate) struct Remnants {
    /// Of the last moments.
    fresh: Vec<Seq>,
    /// Looked at, and to be looked at again when more is held of their mail domain.
    known: BTreeMap<(PetitionId, u32), Vec<Seq>>,
    /// How many these are.
    count: usize,
}

impl Remnants {
    /// A contribution whom no rule takes.
    pub(crate) fn remember(&mut self, record: &Record, seq: Seq) {
        let speak = [Kind::Near, Kind::Domain]
            .iter()
            .all(|kind| weighing(*kind, record) != 0);
        if speak && self.fresh.len() < MAX_REMNANTS {
            self.fresh.push(seq);
        }
    }

    /// All of these petitions are about to be remembered anew.
    pub(crate) fn forget(&mut self, petitions: &[PetitionId]) {
        self.known.retain(|(petition, _), _| !petitions.contains(petition));
        self.count = self.known.values().map(Vec::len).sum();
    }

    fn keep(&mut self, record: &Record, seq: Seq) {
        if self.count >= MAX_REMNANTS {
            (self.known, self.count) = (BTreeMap::new(), 0);
        }
        self.known
            .entry((record.petition, record.domain))
            .or_default()
            .push(seq);
        self.count += 1;
    }

    pub(crate) fn bytes(&self) -> usize {
        let known = self.known.values().map(|seqs| seqs.capacity() * size_of::<Seq>() + 64);
        self.fresh.capacity() * size_of::<Seq>() + known.sum::<usize>()
    }
}

impl Scrutiny {
    /// The same, if its petition is under attack.
    pub(crate) fn may_be_left(&mut self, record: &Record, seq: Seq) {
        if self.in_force.any_of(record.petition) {
            self.remnants.remember(record, seq);
        }
    }

    /// Takes those whose place and mail domain are the attack's, and who bear a mark of a third family that one of its rules names.
    /// Those who have come since the last look are asked, or `all` at whose mail domain somebody was held since.
    pub(crate) fn take_remnants(&mut self, all: bool) {
        let mut remnants = std::mem::take(&mut self.remnants);
        let mut asked = std::mem::take(&mut remnants.fresh);
        if all {
            for domain in std::mem::take(&mut self.islands.touched) {
                let mut known = remnants.known.remove(&domain).unwrap_or_default();
                remnants.count -= known.len();
                asked.append(&mut known);
            }
        }
        asked.sort_unstable();
        asked.dedup();
        // Many share a place or a domain, and whose that is stays the same for a look.
        let mut others = KeyedMap::default();
        for seq in asked {
            let Some(record) = self.window.get(seq) else { continue };
            let settled = record.cluster != 0 || record.is(flag::INNOCENT | flag::ENDED);
            if settled || !self.in_force.any_of(record.petition) {
                continue;
            }
            match self.whose(&record, &mut others) {
                Some(place) => {
                    self.clusters[place].take(&mut self.window, seq, self.now);
                    self.islands.touched.insert((record.petition, record.domain));
                }
                None => remnants.keep(&record, seq),
            }
        }
        self.remnants = remnants;
    }

    /// The cluster, by its place, whose marks such a contribution bears most of. From a rented server it need bear none of a third family
    /// where nine in ten at its domain are held, and as many as two families need that are extreme.
    fn whose(&self, record: &Record, others: &mut KeyedMap<u64, u64>) -> Option<usize> {
        let mut held_for_each = |kind, seed: Seed, least: usize| {
            let held = self.islands.landed(record, kind);
            let key = seed.key(record).filter(|_| held >= least as u64)?;
            let others = *others.entry(key).or_insert_with(|| self.others(key));
            (held >= HELD_PLACE * others).then(|| (held, held / others.max(1)))
        };
        held_for_each(Kind::Near, Seed::Near, MIN_WATCHED)?;
        let at_its_domain = held_for_each(Kind::Domain, Seed::Domain, MIN_CLUSTER)?;
        let owned = at_its_domain.0 >= OWNED.0 as u64 && at_its_domain.1 >= HELD_FOR_TWO;
        let extreme = owned && record.is(flag::HOSTING);
        let third = |(family, mark): (Family, &Mark)| {
            !matches!(family, Family::Network | Family::Content) && mark.is_on(record)
        };
        let bearing = self.clusters.iter().enumerate().filter_map(|(place, cluster)| {
            let rule = &cluster.rule;
            let bears = rule.petition == record.petition && (extreme || rule.marks().any(third));
            bears.then(|| (rule.borne(record), usize::MAX - place))
        });
        // Of those that say as much, the first.
        bearing.max().map(|(_, from_end)| usize::MAX - from_end)
    }

    /// How many of a group confirmed and are not held.
    fn others(&self, key: u64) -> u64 {
        let Some(place) = self.groups.find(key) else {
            return 0;
        };
        let group = self.groups.get(place);
        let mut seqs: Vec<Seq> = group.members().collect();
        seqs.sort_unstable();
        seqs.dedup();
        let latest = self.window.all(&seqs);
        let open = latest
            .iter()
            .filter(|one| one.cluster == 0 && one.is(flag::CONFIRMED))
            .count() as u64;
        // Those whom it has forgotten are like those whom it remembers.
        (open * group.size()).div_ceil(latest.len().max(1) as u64)
    }
}
