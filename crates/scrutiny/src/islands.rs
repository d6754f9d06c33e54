//! Places and mail domains that hang together, and those that stand apart.
//!
//! Whoever rents servers and domains in number uses them crosswise: a domain comes from many prefixes, a prefix brings many
//! domains, and a mailbox that is spelt in many ways comes from any of them. An organisation behind a proxy of its own is an
//! island: one or two prefixes, one mail domain, nothing else that leads there. Where a cluster's rule would take
//! contributions from an island, they are not taken before the island has shown that it is none, or that a machine sits on it.
//! What forgers share with an organisation - its browser, its network, its hours - builds no bridge to it; only what they own
//! does.

use std::collections::{BTreeMap, BTreeSet};

use paraph_tally::PetitionId;

use crate::baseline::Kind;
use crate::bounds::{FIRST_SIGHT, ISLAND_PATIENCE, ISLAND_PLACES, MAX_ISLAND_NODES, MIN_CLUSTER, ORGANISATION};
use crate::families::weighing;
use crate::finding::ClusterId;
use crate::groups::{KeyedMap, mix};
use crate::record::{Record, Time};
use crate::window::Seq;

/// What became of a contribution that a rule would take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shore {
    /// What it comes from belongs to the attack: it is taken.
    Mainland,
    /// It comes from an island and waits there.
    Island,
}

/// What those say who have come from an island, all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// That it is no organisation.
    None,
    /// That it may be one: most have a mailbox at a domain of their own.
    Own,
    /// Nothing.
    Unknown,
}

/// One prefix, mail domain or mailbox, in a forest whose trees are what hangs together.
struct Node {
    parent: u32,
    places: u32,
    domains: u32,
    members: u64,
    /// Of these, from this prefix itself, or with a mailbox at this domain.
    here: u64,
    /// Of these, with a mailbox at a domain of their own.
    owned: u64,
    first: Time,
    /// Members of the same attack when the island was first seen.
    began: u64,
    /// What everybody from there says.
    asked: Asked,
    /// Members at which it was looked at last.
    looked: u64,
    waiting: Vec<Seq>,
}

/// All of them, of all petitions under attack.
#[derive(Default)]
pub(crate) struct Islands {
    by_value: KeyedMap<u64, u32>,
    nodes: Vec<Node>,
    /// Roots with somebody waiting.
    open: Vec<u32>,
    /// Mail domains at which somebody landed since they were last asked for.
    pub(crate) touched: BTreeSet<(PetitionId, u32)>,
    /// Members seen.
    seen: u64,
    /// Those who came ashore alone, by the cluster that takes them.
    alone: BTreeMap<ClusterId, usize>,
}

impl Islands {
    /// A contribution that a rule would take.
    pub(crate) fn land(&mut self, record: &Record, seq: Seq, now: Time) -> Shore {
        if record.near == 0 {
            return Shore::Mainland;
        }
        self.seen += 1;
        let mut root = self.node(record, Kind::Near, record.near, now);
        let domain = weighing(Kind::Domain, record);
        let owned = if domain != 0 {
            (Kind::Domain, domain)
        } else {
            (Kind::Stem, record.stem)
        };
        if owned.1 != 0 {
            let other = self.node(record, owned.0, owned.1, now);
            root = self.join(root, other);
        }
        if self.nodes[root as usize].waiting.contains(&seq) {
            return Shore::Island;
        }
        if domain != 0 && self.touched.len() < MAX_ISLAND_NODES {
            self.touched.insert((record.petition, domain));
        }
        for (kind, value) in [(Kind::Near, record.near), owned] {
            if let Some(node) = self.by_value.get(&key(record, kind, value)) {
                self.nodes[*node as usize].here += 1;
            }
        }
        let node = &mut self.nodes[root as usize];
        node.members += 1;
        node.owned += u64::from(domain != 0);
        if node.is_mainland() {
            return Shore::Mainland;
        }
        if node.waiting.is_empty() {
            self.open.push(root);
        }
        node.waiting.push(seq);
        Shore::Island
    }

    /// Whether it is from a place where an organisation may be, so that other groups need not be judged by it.
    pub(crate) fn stands_apart(&self, record: &Record) -> bool {
        let key = key(record, Kind::Near, record.near);
        self.by_value.get(&key).is_some_and(|node| {
            let node = &self.nodes[self.root(*node) as usize];
            !node.is_mainland() && node.may_be_an_organisation()
        })
    }

    /// How many an attack has brought from where this one comes from, or to where its mailbox is; none on an island.
    pub(crate) fn landed(&self, record: &Record, kind: Kind) -> u64 {
        let node = self.by_value.get(&key(record, kind, kind.of(record)));
        let of_attack = |node: &&u32| self.nodes[self.root(**node) as usize].is_mainland();
        node.filter(of_attack).map_or(0, |node| self.nodes[*node as usize].here)
    }

    /// Those who waited and need not any longer. `ask` answers for those who wait on an island; `alone` says, where hardly anybody else has
    /// come from there or has a mailbox there, which cluster takes them.
    pub(crate) fn ashore(
        &mut self,
        now: Time,
        ask: impl Fn(&[Seq]) -> Asked,
        alone: impl Fn(&[Seq]) -> Option<ClusterId>,
    ) -> Vec<Seq> {
        let mut taken = Vec::new();
        let mut open = std::mem::take(&mut self.open);
        // Islands that have grown together are in it twice, or no longer as roots.
        open = open.into_iter().map(|node| self.root(node)).collect();
        open.sort_unstable();
        open.dedup();
        let (seen, full) = (self.seen, self.nodes.len() >= MAX_ISLAND_NODES);
        let mut by_themselves: BTreeMap<ClusterId, Vec<u32>> = BTreeMap::new();
        for root in open {
            let node = &mut self.nodes[root as usize];
            if node.waiting.is_empty() {
                continue;
            }
            if !node.is_mainland() && node.members >= 2 * node.looked {
                node.looked = node.members;
                node.asked = ask(&node.waiting);
            }
            // Nothing that an organisation would have: as with any other place.
            let over = now.seconds_since(node.first) >= ISLAND_PATIENCE.0 || seen - node.began >= ISLAND_PATIENCE.1;
            if node.is_mainland() || (!node.may_be_an_organisation() && (over || full)) {
                taken.append(&mut node.waiting);
                continue;
            }
            self.open.push(root);
            let few = over && node.waiting.len() < usize::from(FIRST_SIGHT);
            if let Some(cluster) = few.then(|| alone(&node.waiting)).flatten() {
                by_themselves.entry(cluster).or_default().push(root);
            }
        }
        for (cluster, roots) in by_themselves {
            let of = roots.iter().map(|root| self.nodes[*root as usize].waiting.len());
            let all = self.alone.get(&cluster).copied().unwrap_or_default() + of.sum::<usize>();
            if all >= MIN_CLUSTER {
                self.alone.insert(cluster, all);
                for root in roots {
                    taken.append(&mut self.nodes[root as usize].waiting);
                }
            }
        }
        if full {
            *self = Self::default();
        }
        taken
    }

    /// Nobody is attacked any more.
    pub(crate) fn clear(&mut self) {
        if !self.nodes.is_empty() {
            *self = Self::default();
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        let waiting: usize = self.nodes.iter().map(|node| node.waiting.capacity() * 4).sum();
        waiting + self.nodes.capacity() * size_of::<Node>() + self.by_value.capacity() * 16
    }

    fn node(&mut self, record: &Record, kind: Kind, value: u32, now: Time) -> u32 {
        let key = key(record, kind, value);
        if let Some(node) = self.by_value.get(&key) {
            return self.root(*node);
        }
        let node = self.nodes.len() as u32;
        self.nodes.push(Node {
            parent: node,
            places: u32::from(kind == Kind::Near),
            domains: u32::from(kind == Kind::Domain),
            members: 0,
            here: 0,
            owned: 0,
            first: now,
            began: self.seen,
            asked: Asked::Unknown,
            looked: 0,
            waiting: Vec::new(),
        });
        self.by_value.insert(key, node);
        node
    }

    fn root(&self, mut node: u32) -> u32 {
        while self.nodes[node as usize].parent != node {
            node = self.nodes[node as usize].parent;
        }
        node
    }

    /// The larger takes in the smaller, so that no way to a root is long.
    fn join(&mut self, a: u32, b: u32) -> u32 {
        if a == b {
            return a;
        }
        let larger = |node: u32| self.nodes[node as usize].members;
        let (root, leaf) = if larger(a) >= larger(b) { (a, b) } else { (b, a) };
        let node = &mut self.nodes[leaf as usize];
        node.parent = root;
        let (places, domains, members, owned) = (node.places, node.domains, node.members, node.owned);
        let (first, began, asked) = (node.first, node.began, node.asked);
        let mut waiting = std::mem::take(&mut node.waiting);
        let into = &mut self.nodes[root as usize];
        into.places += places;
        into.domains += domains;
        into.members += members;
        into.owned += owned;
        if asked == Asked::None || into.asked == Asked::Unknown {
            into.asked = asked;
        }
        into.began = into.began.min(began);
        if into.first.seconds_since(first) > 0.0 {
            into.first = first;
        }
        if !waiting.is_empty() {
            into.waiting.append(&mut waiting);
            self.open.push(root);
        }
        root
    }
}

impl Node {
    /// Too much hangs together, too many are there, or it is no organisation.
    fn is_mainland(&self) -> bool {
        self.asked == Asked::None || self.places > ISLAND_PLACES || self.members > ORGANISATION
    }

    /// Their mailboxes are their own: those of an organisation, or its first. A forger who brings a prefix and a domain for each
    /// one or two could bring three hundred.
    fn may_be_an_organisation(&self) -> bool {
        self.asked == Asked::Own || (self.domains > 0 && self.owned * 2 >= self.members)
    }
}

fn key(record: &Record, kind: Kind, value: u32) -> u64 {
    mix(mix(u64::from(record.petition.0) << 8 | kind as u64) ^ u64::from(value))
}
