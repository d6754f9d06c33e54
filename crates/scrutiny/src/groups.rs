//! Groups: contributions to one petition that share a value, or two. Where a cluster can start.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use paraph_tally::PetitionId;

use crate::bounds::{LOOK_AGAIN, MAX_GROUPS, RING};
use crate::finding::Fact;
use crate::record::{Record, flag};
use crate::surge::surge;
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
    Hosting,
    Upper,
    ConfirmNear,
    OriginClient,
    OriginShape,
    ClientDomain,
    ClientShape,
    ClientComment,
    DomainShape,
    HostingClient,
    HostingDomain,
    HostingOwnMail,
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
    Seed::Hosting,
    Seed::Upper,
    Seed::OriginClient,
    Seed::OriginShape,
    Seed::ClientDomain,
    Seed::ClientShape,
    Seed::ClientComment,
    Seed::DomainShape,
    Seed::HostingClient,
    Seed::HostingDomain,
    Seed::HostingOwnMail,
];

impl Seed {
    /// The two seeds that this one joins, if it does.
    pub(crate) fn parts(self) -> Option<[Self; 2]> {
        match self {
            Self::OriginClient => Some([Self::Origin, Self::Client]),
            Self::OriginShape => Some([Self::Origin, Self::Shape]),
            Self::ClientDomain => Some([Self::Client, Self::Domain]),
            Self::ClientShape => Some([Self::Client, Self::Shape]),
            Self::ClientComment => Some([Self::Client, Self::Comment]),
            Self::DomainShape => Some([Self::Domain, Self::Shape]),
            Self::HostingClient => Some([Self::Hosting, Self::Client]),
            Self::HostingDomain => Some([Self::Hosting, Self::Domain]),
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
            Self::Hosting | Self::HostingOwnMail => Some(Fact::Hosting),
            _ => None,
        }
    }

    /// Whether firms, readers who hide and forgers are in its group one after another, so that its latest are looked at as well.
    pub(crate) fn mixes(self) -> bool {
        self == Self::HostingOwnMail
    }

    /// What the members of its group share; none if the record has no such value, or one that everybody shares.
    pub(crate) fn values(self, record: &Record) -> Option<(u32, u32)> {
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
            Self::Hosting => (hosting, 1),
            Self::Upper => (u32::from(record.is(flag::UPPER)), 1),
            Self::ConfirmNear => (record.confirm_near, 1),
            Self::OriginClient => (record.origin, record.client),
            Self::OriginShape => (record.origin, record.shape),
            Self::ClientDomain => (record.client, record.domain * own_mail),
            Self::ClientShape => (record.client, record.shape),
            Self::ClientComment => (record.client, record.comment),
            Self::DomainShape => (record.domain * own_mail, record.shape),
            Self::HostingClient => (hosting, record.client),
            Self::HostingDomain => (hosting, record.domain * own_mail),
            Self::HostingOwnMail => (hosting, own_mail),
        };
        (first != 0 && second != 0).then_some((first, second))
    }

    /// The group that the record belongs to.
    #[inline]
    pub(crate) fn key(self, record: &Record) -> Option<u64> {
        let (first, second) = self.values(record)?;
        let place = u64::from(record.petition.0) << 8 | self as u64;
        Some(mix(mix(place) ^ (u64::from(first) << 32 | u64::from(second))))
    }
}

/// The groups that a contribution belongs to when its form arrives.
pub(crate) struct Keys {
    all: [(Seed, u64); AT_SIGNING.len()],
    count: usize,
}

impl Keys {
    pub(crate) fn of(record: &Record) -> Self {
        let (mut all, mut count) = ([(Seed::Near, 0); AT_SIGNING.len()], 0);
        for seed in AT_SIGNING {
            if let Some(key) = seed.key(record) {
                all[count] = (seed, key);
                count += 1;
            }
        }
        Self { all, count }
    }

    /// Each of them, with its place among those that are watched. All are looked for before any is used: the processor then
    /// waits for all of them at once.
    pub(crate) fn found(&self, groups: &Groups) -> impl Iterator<Item = (Seed, u64, Option<u32>)> + use<> {
        let (all, count) = (self.all, self.count);
        let mut places = [None; AT_SIGNING.len()];
        for (place, (_, key)) in places.iter_mut().zip(&all[..count]) {
            *place = groups.find(*key);
        }
        let each = all.into_iter().zip(places).take(count);
        each.map(|((seed, key), place)| (seed, key, place))
    }
}

/// The group that it belongs to once it is confirmed.
pub(crate) fn when_confirmed(record: &Record) -> Option<(Seed, u64)> {
    Some((Seed::ConfirmNear, Seed::ConfirmNear.key(record)?))
}

/// Spreads a key over all its bits (the finalizer of SplitMix64).
#[inline]
pub(crate) fn mix(key: u64) -> u64 {
    let mixed = (key ^ (key >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// One group, with its latest members: one line of the processor's cache, and what does not fit into it.
#[repr(align(64))]
pub(crate) struct Group {
    pub(crate) key: u64,
    petition: PetitionId,
    size: u32,
    /// News at the last look.
    looked: u32,
    touches: u32,
    /// Members that were confirmed late since the last look, and before it. Beyond a ring's length more make no difference.
    late: u8,
    late_before: u8,
    pub(crate) seed: Seed,
    queued: bool,
    /// On the way to becoming a cluster, when it was looked at last.
    suspect: bool,
    /// News since then.
    fresh: u8,
    /// Members in both parts.
    filled: u8,
    /// Where the next member goes once all places are taken.
    head: u8,
    few: [Seq; FEW],
    /// The rest: three times as long whenever it is full.
    more: Box<[Seq]>,
}

/// Members that most groups never exceed.
const FEW: usize = 4;

// A look at a group that is not there costs one line; and the ring's places are counted in a byte.
const _: () = assert!(size_of::<Group>() == 64 && RING < 256);

impl Group {
    /// The latest members, in the order in which they came: once all places are taken, the oldest stands where the next will.
    pub(crate) fn members(&self) -> impl Iterator<Item = Seq> {
        let (filled, head) = (usize::from(self.filled), usize::from(self.head));
        (head..filled).chain(0..head).map(|place| match place.checked_sub(FEW) {
            None => self.few[place],
            Some(behind) => self.more[behind],
        })
    }

    /// How many of them there are; whoever came again is among them twice.
    pub(crate) fn remembered(&self) -> usize {
        self.filled.into()
    }

    /// Members it ever had.
    pub(crate) fn size(&self) -> u64 {
        self.size.into()
    }

    /// Whether it has had enough news, or is a suspect and has had a few.
    fn is_due(&self) -> bool {
        self.in_its_turn() || (self.suspect && u32::from(self.fresh) >= LOOK_AGAIN.0)
    }

    /// Whether its latest members come faster than the others, if it is asked: once for so many news.
    fn surges(&mut self) -> bool {
        if !self.seed.mixes() || u32::from(self.fresh) < LOOK_AGAIN.0 {
            return false;
        }
        self.fresh = 0;
        let mut members: Vec<Seq> = self.members().collect();
        members.sort_unstable();
        surge(&members).is_some()
    }

    /// Whether it has had half the news of a first look.
    fn is_due_in_a_hurry(&self) -> bool {
        self.touches >= self.looked.saturating_add(LOOK_AGAIN.0 / 2)
    }

    /// Whether it has had as much news as any group, or of those who were confirmed late.
    fn in_its_turn(&self) -> bool {
        let news = self.looked.clamp(LOOK_AGAIN.0, LOOK_AGAIN.1);
        let late = u32::from(self.late_before).clamp(LOOK_AGAIN.0, RING as u32);
        self.touches >= self.looked.saturating_add(news) || u32::from(self.late) >= late
    }

    fn add(&mut self, seq: Seq) {
        let place = if usize::from(self.filled) < RING {
            self.filled += 1;
            usize::from(self.filled) - 1
        } else {
            let place = usize::from(self.head);
            self.head = ((place + 1) % RING) as u8;
            place
        };
        let Some(behind) = place.checked_sub(FEW) else {
            self.few[place] = seq;
            return;
        };
        if behind == self.more.len() {
            let mut longer = vec![0; (behind * 3).clamp(2 * FEW, RING - FEW)].into_boxed_slice();
            longer[..behind].copy_from_slice(&self.more);
            self.more = longer;
        }
        self.more[behind] = seq;
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

    fn write_u32(&mut self, key: u32) {
        self.0 = mix(u64::from(key));
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

/// A map whose order is the same in every run.
pub(crate) type KeyedMap<K, V> = HashMap<K, V, BuildHasherDefault<Keyed>>;

/// All groups that are watched.
#[derive(Default)]
pub(crate) struct Groups {
    groups: Vec<Group>,
    /// Where each is, by its key: open addressing, half full at most. 0 where free; else the key's first two bytes, of which
    /// none is 0, and the place. Half a MiB, which stays in the processor's cache.
    slots: Vec<u32>,
    /// A bit for each: touched since the hand came by.
    used: Vec<u64>,
    /// The same for those with news enough for a look in a hurry, so that not all of them are asked.
    stirred: Vec<u64>,
    hand: usize,
    /// Groups to look at, each at most once.
    queue: Vec<u32>,
}

const SLOTS: usize = 2 * MAX_GROUPS;

// A place has 16 bits.
const _: () = assert!(MAX_GROUPS <= 1 << 16);

/// What a slot keeps of a key.
fn print(key: u64) -> u32 {
    ((key >> 48) as u32).max(1) << 16
}

fn home(key: u64) -> usize {
    key as usize % SLOTS
}

impl Groups {
    pub(crate) fn find(&self, key: u64) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        let mut slot = home(key);
        loop {
            let word = self.slots[slot];
            if word == 0 {
                return None;
            }
            if word & 0xffff_0000 == print(key) && self.groups[(word & 0xffff) as usize].key == key {
                return Some(word & 0xffff);
            }
            slot = (slot + 1) % SLOTS;
        }
    }

    fn insert(&mut self, key: u64, place: usize) {
        if self.slots.is_empty() {
            self.slots = vec![0; SLOTS];
        }
        let mut slot = home(key);
        while self.slots[slot] != 0 {
            slot = (slot + 1) % SLOTS;
        }
        self.slots[slot] = print(key) | place as u32;
    }

    /// Frees the slot of a group and moves up what had to step aside for it.
    fn remove(&mut self, place: usize) {
        let mut hole = home(self.groups[place].key);
        while self.slots[hole] == 0 || (self.slots[hole] & 0xffff) as usize != place {
            hole = (hole + 1) % SLOTS;
        }
        let mut probe = hole;
        loop {
            self.slots[hole] = 0;
            loop {
                probe = (probe + 1) % SLOTS;
                let word = self.slots[probe];
                if word == 0 {
                    return;
                }
                let home = home(self.groups[(word & 0xffff) as usize].key);
                // It may move if its home is not between the hole and where it stands.
                if probe.wrapping_sub(home) % SLOTS >= probe.wrapping_sub(hole) % SLOTS {
                    break;
                }
            }
            self.slots[hole] = self.slots[probe];
            hole = probe;
        }
    }

    /// A new group; the one that was unused for longest gives way when there are too many.
    pub(crate) fn create(&mut self, key: u64, seed: Seed, petition: PetitionId) -> u32 {
        let group = Group {
            key,
            petition,
            size: 0,
            looked: 0,
            touches: 0,
            late: 0,
            late_before: 0,
            seed,
            queued: false,
            suspect: false,
            fresh: 0,
            filled: 0,
            head: 0,
            few: [0; FEW],
            more: Box::default(),
        };
        let place = if self.groups.len() < MAX_GROUPS {
            self.groups.push(group);
            self.used.resize(self.groups.len().div_ceil(64), 0);
            self.stirred.resize(self.used.len(), 0);
            self.groups.len() - 1
        } else {
            let place = self.victim();
            self.remove(place);
            let queued = self.groups[place].queued;
            self.groups[place] = Group { queued, ..group };
            self.stirred[place / 64] &= !(1 << (place % 64));
            place
        };
        self.insert(key, place);
        place as u32
    }

    /// Second chance: whoever was touched since the hand came by stays for a round.
    fn victim(&mut self) -> usize {
        loop {
            self.hand = (self.hand + 1) % self.groups.len();
            let (word, bit) = (&mut self.used[self.hand / 64], 1 << (self.hand % 64));
            if *word & bit == 0 {
                return self.hand;
            }
            *word &= !bit;
        }
    }

    /// A member came, or something became known of one.
    pub(crate) fn touch(&mut self, place: u32, member: Option<Seq>) {
        let group = &mut self.groups[place as usize];
        if let Some(seq) = member {
            group.add(seq);
            group.size = group.size.saturating_add(1);
        }
        let news = if member.is_some() { 2 } else { 1 };
        group.touches = group.touches.saturating_add(news.into());
        group.fresh = group.fresh.saturating_add(news);
        self.stir(place);
    }

    /// A member was confirmed long after it had signed. What was stored up shows in those of whom this is known, wherever
    /// among the members they stand: so they are the latest again, and a few of them are worth a look.
    pub(crate) fn confirmed_late(&mut self, place: u32, member: Seq) {
        let group = &mut self.groups[place as usize];
        group.add(member);
        group.late = group.late.saturating_add(1);
        group.touches = group.touches.saturating_add(1);
        group.fresh = group.fresh.saturating_add(1);
        self.stir(place);
    }

    /// A group has had news: it goes into the queue if they are enough.
    fn stir(&mut self, place: u32) {
        let (group, word, bit) = (&mut self.groups[place as usize], place as usize / 64, 1 << (place % 64));
        self.used[word] |= bit;
        if group.is_due_in_a_hurry() {
            self.stirred[word] |= bit;
        }
        if (group.is_due() || group.surges()) && !group.queued {
            group.queued = true;
            self.queue.push(place);
        }
    }

    /// Puts the groups of these petitions in the queue that have had news since the last look, whatever their pace.
    pub(crate) fn hurry(&mut self, meant: impl Fn(PetitionId) -> bool) {
        for (nth, word) in self.stirred.iter().enumerate() {
            let mut left = *word;
            while left != 0 {
                let place = nth * 64 + left.trailing_zeros() as usize;
                left &= left - 1;
                let group = &mut self.groups[place];
                if !group.queued && meant(group.petition) {
                    group.queued = true;
                    self.queue.push(place as u32);
                }
            }
        }
    }

    /// Says whether a group is on the way to becoming a cluster: its members wait, and not for long, so it is looked at again soon.
    pub(crate) fn suspect(&mut self, place: u32, is: bool) {
        self.groups[place as usize].suspect = is;
    }

    /// The groups to look at, in the order in which they became so.
    pub(crate) fn due(&mut self) -> Vec<u32> {
        let due = std::mem::take(&mut self.queue);
        for place in &due {
            let group = &mut self.groups[*place as usize];
            // A look at a suspect is one more: its turn comes when it would have come.
            if !group.suspect || group.in_its_turn() {
                group.looked = group.touches;
                self.stirred[*place as usize / 64] &= !(1 << (place % 64));
            }
            (group.queued, group.fresh) = (false, 0);
            let late = std::mem::take(&mut group.late);
            group.late_before = group.late_before.saturating_add(late);
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
        let rings: usize = self.groups.iter().map(|group| group.more.len() * 4).sum();
        rings
            + self.groups.capacity() * size_of::<Group>()
            + (self.slots.capacity() + self.queue.capacity()) * 4
            + (self.used.capacity() + self.stirred.capacity()) * 8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Twice as many as there is room for: who came last is found, who had to go is not, and the keys of the two meet in the
    /// same slots.
    #[test]
    fn groups_that_gave_way_are_not_found_and_the_others_are() {
        let key = |nth: u64| mix(nth) & !7;
        let mut groups = Groups::default();
        for nth in 0..2 * MAX_GROUPS as u64 {
            let place = groups.create(key(nth), Seed::Client, PetitionId(1));
            groups.touch(place, Some(nth as Seq));
        }
        for nth in 0..2 * MAX_GROUPS as u64 {
            let found = groups.find(key(nth)).map(|place| groups.get(place).members().next());
            let stays = nth >= MAX_GROUPS as u64;
            assert_eq!(found, stays.then_some(Some(nth as Seq)), "{nth}");
        }
    }

    /// Fails when a group is looked at as seldom as any that has had as much news.
    #[test]
    fn what_may_become_a_cluster_is_looked_at_again_soon() {
        for suspect in [false, true] {
            let mut groups = Groups::default();
            let place = groups.create(7, Seed::Client, PetitionId(1));
            let mut looks = 0;
            for seq in 0..48 {
                groups.touch(place, Some(seq));
                looks += groups.due().len();
                groups.suspect(place, suspect);
            }
            assert_eq!(looks, if suspect { 8 } else { 4 });
        }
    }

    /// Each group has had one more of the news than the one before; every other is of a petition that is under attack. Fails
    /// when one is forgotten, or looked at again without news.
    #[test]
    fn in_a_hurry_what_has_had_news_since_its_last_look_is_looked_at() {
        let mut groups = Groups::default();
        for nth in 0..130 {
            let place = groups.create(mix(nth), Seed::Client, PetitionId(nth as u32 % 2));
            (0..nth % 10).for_each(|_| groups.touch(place, None));
        }
        let mut hurried = || {
            groups.hurry(|petition| petition == PetitionId(1));
            groups.due()
        };
        let enough: Vec<u32> = (0..130).filter(|place| place % 10 >= 6 && place % 2 == 1).collect();
        assert_eq!([hurried(), hurried()], [enough, Vec::new()]);
    }

    #[test]
    fn a_group_remembers_its_latest_members() {
        let mut groups = Groups::default();
        let place = groups.create(7, Seed::Client, PetitionId(1));
        for seq in 0..1000 {
            groups.touch(place, Some(seq));
            let members = groups.get(place).members();
            assert!(members.eq((seq + 1).saturating_sub(RING as Seq)..=seq));
        }
        assert_eq!(groups.get(place).size(), 1000);
    }
}
