//! The rules in force, found by the values that they name: a contribution to a petition under attack is measured by all of
//! its rules at once, however many there are.

use std::collections::BTreeMap;

use paraph_tally::PetitionId;

use crate::baseline::Kind;
use crate::bounds::MAX_CLUSTERS_PER_PETITION;
use crate::cluster::{Cluster, Rule};
use crate::families::{Mark, weighing};
use crate::finding::{ClusterId, Family};
use crate::groups::{KeyedMap, mix};
use crate::record::Record;

/// A bit for each rule of a petition: two for each cluster, its own and the joined one.
type Bits = u128;

const _: () = assert!(2 * MAX_CLUSTERS_PER_PETITION <= Bits::BITS as usize);

/// The rules of one petition.
#[derive(Default)]
struct Rules {
    /// In the order in which they were found.
    clusters: Vec<ClusterId>,
    /// Kinds of values that any of them names, and the families that these speak for.
    kinds: Vec<(Family, Kind)>,
    /// By kind and value, which rules name it.
    by_value: KeyedMap<u64, Bits>,
    /// Marks that are no values, with the rules that have them.
    others: Vec<(Family, Mark, Bits)>,
    /// Rules by how many families must be borne.
    asked: Vec<(usize, Bits)>,
}

/// The rules of all petitions.
#[derive(Default)]
pub(crate) struct InForce {
    clusters: Vec<ClusterId>,
    by_petition: KeyedMap<u32, Rules>,
}

impl InForce {
    /// These clusters take in members from now on. Only petitions whose clusters are others than before cost anything.
    pub(crate) fn are(&mut self, clusters: &[Cluster]) {
        if clusters
            .iter()
            .map(|cluster| cluster.id)
            .eq(self.clusters.iter().copied())
        {
            return;
        }
        self.clusters = clusters.iter().map(|cluster| cluster.id).collect();
        let mut of: BTreeMap<PetitionId, Vec<&Cluster>> = BTreeMap::new();
        for cluster in clusters {
            of.entry(cluster.rule.petition).or_default().push(cluster);
        }
        self.by_petition
            .retain(|petition, _| of.contains_key(&PetitionId(*petition)));
        for (petition, clusters) in of {
            let rules = self.by_petition.entry(petition.0).or_default();
            let same = clusters.iter().map(|cluster| cluster.id);
            if !same.eq(rules.clusters.iter().copied()) {
                *rules = Rules::of(&clusters);
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.clusters.is_empty()
    }

    /// Whether a petition has any.
    pub(crate) fn any_of(&self, petition: PetitionId) -> bool {
        self.by_petition.contains_key(&petition.0)
    }

    /// The first cluster that takes a contribution, by its place among all.
    pub(crate) fn first_that_takes(&self, record: &Record) -> Option<usize> {
        let cluster = self.by_petition.get(&record.petition.0)?.first_that_takes(record)?;
        // Numbers are given in the order in which clusters are found.
        self.clusters.binary_search(&cluster).ok()
    }

    pub(crate) fn bytes(&self) -> usize {
        let values = self.by_petition.values().map(|rules| rules.by_value.capacity());
        values.sum::<usize>() * size_of::<(u64, Bits)>()
    }
}

impl Rules {
    fn of(clusters: &[&Cluster]) -> Self {
        let mut rules = Self::default();
        for (nth, cluster) in clusters.iter().enumerate() {
            rules.clusters.push(cluster.id);
            rules.add(&cluster.rule, 1 << (2 * nth));
            if let Some(joined) = &cluster.joined {
                rules.add(joined, 2 << (2 * nth));
            }
        }
        rules
    }

    fn add(&mut self, rule: &Rule, bit: Bits) {
        let asked = rule.asked();
        match self.asked.iter_mut().find(|(of, _)| *of == asked) {
            Some((_, bits)) => *bits |= bit,
            None => self.asked.push((asked, bit)),
        }
        for (family, mark) in rule.marks() {
            if let Mark::Values(kind, values) = mark {
                if !self.kinds.contains(&(family, *kind)) {
                    self.kinds.push((family, *kind));
                }
                for value in values {
                    *self.by_value.entry(key(*kind, *value)).or_default() |= bit;
                }
            } else if let Some((_, _, bits)) = self.others.iter_mut().find(|(of, one, _)| (*of, one) == (family, mark))
            {
                *bits |= bit;
            } else {
                self.others.push((family, mark.clone(), bit));
            }
        }
    }

    fn first_that_takes(&self, record: &Record) -> Option<ClusterId> {
        let mut borne = [0; Family::ALL.len()];
        for (family, kind) in &self.kinds {
            let value = weighing(*kind, record);
            if value != 0 {
                borne[*family as usize] |= self.by_value.get(&key(*kind, value)).copied().unwrap_or_default();
            }
        }
        for (family, mark, bits) in &self.others {
            if mark.is_on(record) {
                borne[*family as usize] |= bits;
            }
        }
        let take = self.asked.iter().map(|(asked, of)| of & at_least(*asked, &borne));
        let take: Bits = take.fold(0, |all, bits| all | bits);
        let first = (take != 0).then(|| take.trailing_zeros() as usize / 2)?;
        self.clusters.get(first).copied()
    }
}

/// The bits that are set in so many of these.
fn at_least(asked: usize, all: &[Bits]) -> Bits {
    // Of each bit, in how many it was set so far, at the least: once, twice, ...
    let mut counted: [Bits; Family::ALL.len()] = [0; Family::ALL.len()];
    for bits in all {
        let mut rising = *bits;
        for times in &mut counted {
            (*times, rising) = (*times | rising, *times & rising);
        }
    }
    asked
        .checked_sub(1)
        .and_then(|place| counted.get(place))
        .copied()
        .unwrap_or_default()
}

fn key(kind: Kind, value: u32) -> u64 {
    mix((kind as u64) << 32 | u64::from(value))
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use paraph_tally::SignatureId;

    use super::*;
    use crate::baseline::Trait;
    use crate::families::Agreement;
    use crate::finding::{Evidence, Fact, FindingName};
    use crate::record::{Time, flag};

    /// As many rules of two and of three families as there can be, some joined, by few values, so that most contributions bear
    /// marks of many. Fails when another cluster is found than by asking one after another.
    #[test]
    fn the_first_cluster_that_takes_a_contribution_is_found() {
        let mut draw = 7u64;
        let mut below = |most: u64| {
            draw = mix(draw.wrapping_add(0x9e37_79b9_7f4a_7c15));
            (draw % most) as u32
        };
        let mut rule = |petition: u32| {
            let mut values = || {
                let mut values: Vec<u32> = (0..3).map(|_| 1 + below(30)).collect();
                values.sort_unstable();
                values
            };
            let facts = [
                agreed(Fact::SameDomains, Mark::Values(Kind::Domain, values())),
                agreed(Fact::SameClients, Mark::Values(Kind::Client, values())),
                agreed(Fact::Hosting, Mark::Is(Trait::Hosting)),
                agreed(Fact::SameFillTime, Mark::Fill(100, 120)),
            ];
            let used = 2 + below(3) as usize;
            let rule = Rule::specific(PetitionId(petition), &facts[..used]);
            rule.unwrap_or_else(|| Rule::owned(PetitionId(petition), &facts[2], &facts[0]))
        };
        let mut clusters = Vec::new();
        for nth in 0..2 * MAX_CLUSTERS_PER_PETITION as u16 {
            let petition = u32::from(nth % 2);
            let joined = (nth % 3 == 0).then(|| rule(petition));
            clusters.push(Cluster {
                id: ClusterId(3 * nth),
                name: FindingName::default(),
                seen: Time::default(),
                rule: rule(petition),
                joined,
                evidence: Vec::new(),
                first: Time::default(),
                last: Time::default(),
                grown: Time::default(),
                members: 0,
                held: 0,
                outstanding: VecDeque::new(),
                changed: false,
            });
        }
        let mut in_force = InForce::default();
        let mut taken = 0;
        for removed in 0..8 {
            in_force.are(&clusters);
            for _ in 0..2000 {
                let seen = record(below(3), [below(34), below(34)], below(200) as u16, below(2) == 0);
                let first = clusters.iter().position(|cluster| cluster.takes(&seen));
                assert_eq!(in_force.first_that_takes(&seen), first);
                taken += usize::from(first.is_some());
            }
            clusters.remove(removed * 5);
        }
        assert!((1000..15_000).contains(&taken), "{taken}");
    }

    fn agreed(fact: Fact, mark: Mark) -> Agreement {
        let (seen, of, values, expected, decades) = (20, 20, 3, 0.01, 20.0);
        Agreement {
            evidence: Evidence {
                fact,
                seen,
                of,
                values,
                expected,
                decades,
            },
            mark,
            expected,
        }
    }

    fn record(petition: u32, [client, domain]: [u32; 2], fill: u16, hosting: bool) -> Record {
        Record {
            id: SignatureId([0; 16]),
            petition: PetitionId(petition),
            signed: Time::default(),
            confirmed: Time::default(),
            near: 0,
            origin: 0,
            client,
            name: 0,
            comment: 0,
            shape: 0,
            stem: 0,
            domain,
            confirm_near: 0,
            language: 0,
            country: 0,
            name_order: 0,
            fill,
            flags: if hosting { flag::HOSTING } else { 0 },
            cluster: 0,
        }
    }
}
