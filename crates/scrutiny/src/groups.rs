//! Groups: contributions to one petition that share a value, or two. Where a cluster can start.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use paraph_tally::PetitionId;

use crate::bounds::{LOOK_AGAIN, MAX_GROUPS, RING};
use crate::finding::Fact;
use crate::record::{Record, flag};
use crate::window::Seq;

/// What the members of a group have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seed {
    Near,
    Origin,
    Client,
    Name,
    Comment,
    Shape,
    Stem,
    Domain,
    Mx,
    Hosting,
    Upper,
    ConfirmNear,
    OriginClient,
    OriginShape,
    ClientMx,
    ClientShape,
    ClientComment,
    MxShape,
    HostingClient,
    HostingMx,
}

/// Seeds that are known when the form arrives.
const AT_SIGNING: [Seed; 19] = [
    Seed::Near,
    Seed::Origin,
    Seed::Client,
    Seed::Name,
    Seed::Comment,
    Seed::Shape,
    Seed::Stem,
    Seed::Domain,
    Seed::Mx,
    Seed::Hosting,
    Seed::Upper,
    Seed::OriginClient,
    Seed::OriginShape,
    Seed::ClientMx,
    Seed::ClientShape,
    Seed::ClientComment,
    Seed::MxShape,
    Seed::HostingClient,
    Seed::HostingMx,
];

impl Seed {
    /// The two seeds that this one joins, if it does.
    pub(crate) fn parts(self) -> Option<[Self; 2]> {
        match self {
            Self::OriginClient => Some([Self::Origin, Self::Client]),
            Self::OriginShape => Some([Self::Origin, Self::Shape]),
            Self::ClientMx => Some([Self::Client, Self::Mx]),
            Self::ClientShape => Some([Self::Client, Self::Shape]),
            Self::ClientComment => Some([Self::Client, Self::Comment]),
            Self::MxShape => Some([Self::Mx, Self::Shape]),
            Self::HostingClient => Some([Self::Hosting, Self::Client]),
            Self::HostingMx => Some([Self::Hosting, Self::Mx]),
            _ => None,
        }
    }

    /// What a group shows by being one.
    pub(crate) fn fact(self) -> Option<Fact> {
        match self {
            Self::Origin => Some(Fact::FewNetworks),
            Self::Client => Some(Fact::SameClients),
            Self::Comment => Some(Fact::SameComments),
            Self::Shape => Some(Fact::SamePatterns),
            Self::Mx => Some(Fact::SameMailServers),
            Self::Hosting => Some(Fact::Hosting),
            _ => None,
        }
    }

    /// The group that the record belongs to; none if it has no such value, or one that everybody shares.
    pub(crate) fn key(self, record: &Record) -> Option<u64> {
        let hosting = u32::from(record.is(flag::HOSTING));
        let rented = u32::from(!record.is(flag::ACCESS));
        let own_mail = u32::from(!record.is(flag::COMMON_MAIL));
        let (first, second) = match self {
            Self::Near => (record.near, 1),
            Self::Origin => (record.origin, rented),
            Self::Client => (record.client, 1),
            Self::Name => (record.name, 1),
            Self::Comment => (record.comment, 1),
            Self::Shape => (record.shape, 1),
            Self::Stem => (record.stem, 1),
            Self::Domain => (record.domain, own_mail),
            Self::Mx => (record.mx, own_mail),
            Self::Hosting => (hosting, 1),
            Self::Upper => (u32::from(record.is(flag::UPPER)), 1),
            Self::ConfirmNear => (record.confirm_near, 1),
            Self::OriginClient => (record.origin, record.client),
            Self::OriginShape => (record.origin, record.shape),
            Self::ClientMx => (record.client, record.mx * own_mail),
            Self::ClientShape => (record.client, record.shape),
            Self::ClientComment => (record.client, record.comment),
            Self::MxShape => (record.mx * own_mail, record.shape),
            Self::HostingClient => (hosting, record.client),
            Self::HostingMx => (hosting, record.mx * own_mail),
        };
        (first != 0 && second != 0).then(|| {
            let place = u64::from(record.petition.0) << 8 | self as u64;
            mix(mix(place) ^ (u64::from(first) << 32 | u64::from(second)))
        })
    }
}

/// The groups that a contribution belongs to when its form arrives.
pub(crate) fn at_signing(record: &Record) -> impl Iterator<Item = (Seed, u64)> {
    AT_SIGNING
        .into_iter()
        .filter_map(|seed| Some((seed, seed.key(record)?)))
}

/// The groups that it belongs to once it is confirmed.
pub(crate) fn when_confirmed(record: &Record) -> impl Iterator<Item = (Seed, u64)> {
    Seed::ConfirmNear
        .key(record)
        .map(|key| (Seed::ConfirmNear, key))
        .into_iter()
}

/// Spreads a key over all its bits (the finalizer of SplitMix64).
pub(crate) fn mix(key: u64) -> u64 {
    let mixed = (key ^ (key >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// One group, with its latest members.
pub(crate) struct Group {
    pub(crate) key: u64,
    pub(crate) seed: Seed,
    petition: PetitionId,
    size: u64,
    /// News at the last look.
    looked: u32,
    touches: u32,
    look_at: u32,
    /// Members that were confirmed late, and at how many of them the group is looked at next.
    late: u32,
    look_at_late: u32,
    queued: bool,
    used: bool,
    head: u16,
    ring: Vec<Seq>,
}

impl Group {
    /// The latest members, in no order.
    pub(crate) fn members(&self) -> &[Seq] {
        &self.ring
    }

    /// Members it ever had.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    fn add(&mut self, seq: Seq) {
        if self.ring.len() < RING {
            self.ring.push(seq);
        } else {
            self.ring[usize::from(self.head)] = seq;
            self.head = (self.head + 1) % RING as u16;
        }
    }
}

/// Keys are mixed already.
#[derive(Default)]
pub(crate) struct Keyed(u64);

impl Hasher for Keyed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = mix(self.0 ^ u64::from(*byte));
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }

    fn write_u32(&mut self, key: u32) {
        self.0 = mix(u64::from(key));
    }
}

/// A map whose order is the same in every run.
pub(crate) type KeyedMap<K, V> = HashMap<K, V, BuildHasherDefault<Keyed>>;

/// All groups that are watched.
#[derive(Default)]
pub(crate) struct Groups {
    groups: Vec<Group>,
    by_key: KeyedMap<u64, u32>,
    hand: usize,
    /// Groups to look at, each at most once.
    queue: Vec<u32>,
}

impl Groups {
    pub(crate) fn find(&self, key: u64) -> Option<u32> {
        self.by_key.get(&key).copied()
    }

    /// A new group; the one that was unused for longest gives way when there are too many.
    pub(crate) fn create(&mut self, key: u64, seed: Seed, petition: PetitionId) -> u32 {
        let group = Group {
            key,
            seed,
            petition,
            size: 0,
            looked: 0,
            touches: 0,
            look_at: LOOK_AGAIN.0,
            late: 0,
            look_at_late: LOOK_AGAIN.0,
            queued: false,
            used: false,
            head: 0,
            ring: Vec::new(),
        };
        let place = if self.groups.len() < MAX_GROUPS {
            self.groups.push(group);
            self.groups.len() - 1
        } else {
            let place = self.victim();
            self.by_key.remove(&self.groups[place].key);
            let queued = self.groups[place].queued;
            self.groups[place] = Group { queued, ..group };
            place
        };
        self.by_key.insert(key, place as u32);
        place as u32
    }

    /// Second chance: whoever was touched since the hand came by stays for a round.
    fn victim(&mut self) -> usize {
        loop {
            self.hand = (self.hand + 1) % self.groups.len();
            let group = &mut self.groups[self.hand];
            if !std::mem::take(&mut group.used) {
                return self.hand;
            }
        }
    }

    /// A member came, or something became known of one.
    pub(crate) fn touch(&mut self, place: u32, member: Option<Seq>) {
        let group = &mut self.groups[place as usize];
        if let Some(seq) = member {
            group.add(seq);
            group.size += 1;
        }
        group.touches = group.touches.saturating_add(if member.is_some() { 2 } else { 1 });
        group.used = true;
        if group.touches >= group.look_at && !group.queued {
            group.queued = true;
            self.queue.push(place);
        }
    }

    /// A member was confirmed long after it had signed. What was stored up shows in those of whom this is known, wherever
    /// among the members they stand: so they are the latest again, and a few of them are worth a look.
    pub(crate) fn confirmed_late(&mut self, place: u32, member: Seq) {
        let group = &mut self.groups[place as usize];
        group.add(member);
        group.late = group.late.saturating_add(1);
        (group.touches, group.used) = (group.touches.saturating_add(1), true);
        if (group.late >= group.look_at_late || group.touches >= group.look_at) && !group.queued {
            group.queued = true;
            self.queue.push(place);
        }
    }

    /// Puts the groups of these petitions in the queue that have had news since the last look, whatever their pace.
    pub(crate) fn hurry(&mut self, petitions: &[PetitionId]) {
        for (place, group) in self.groups.iter_mut().enumerate() {
            if !group.queued && group.touches >= group.looked + LOOK_AGAIN.0 / 2 && petitions.contains(&group.petition)
            {
                group.queued = true;
                self.queue.push(place as u32);
            }
        }
    }

    /// The groups to look at, in the order in which they became so.
    pub(crate) fn due(&mut self) -> Vec<u32> {
        let due = std::mem::take(&mut self.queue);
        for place in &due {
            let group = &mut self.groups[*place as usize];
            (group.queued, group.looked) = (false, group.touches);
            let more = group.touches.clamp(LOOK_AGAIN.0, LOOK_AGAIN.1);
            group.look_at = group.touches.saturating_add(more);
            group.look_at_late = group.late.saturating_add(group.late.clamp(LOOK_AGAIN.0, RING as u32));
        }
        due
    }

    /// How many ever belonged to a group; 0 if it is not watched.
    pub(crate) fn size_of(&self, key: Option<u64>) -> u64 {
        let place = key.and_then(|key| self.find(key));
        place.map_or(0, |place| self.get(place).size())
    }

    pub(crate) fn get(&self, place: u32) -> &Group {
        &self.groups[place as usize]
    }

    pub(crate) fn bytes(&self) -> usize {
        let rings: usize = self.groups.iter().map(|group| group.ring.capacity() * 4).sum();
        rings + self.groups.capacity() * size_of::<Group>() + self.by_key.capacity() * 16 + self.queue.capacity() * 4
    }
}
