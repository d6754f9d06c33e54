//! Room that a shared address earns: people behind one carrier's NAT or one school are no flood, and their settled
//! signatures show it.
//!
//! What teaches is a signature that was confirmed, passed by scrutiny and settled, and only by its mailbox: a mailbox
//! counts once, a domain at most eight times, each for a day. So a forger who wants room needs dozens of mailboxes at many
//! providers that all answered, for every address, every day; and gets four times the budget of one address, no more.
//! Memory only, bounded, and nothing readable: mailboxes are hashed under a key of this process.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use paraph_tally::{Millis, SignatureId};

use super::recent::Recent;
use super::source::Prefix;
use crate::limits::Limits;

/// For how long a settled signature speaks for its address.
const DAY: u64 = 24 * 3_600_000;
/// Mailboxes of one address for all the room that can be earned.
const MAILBOXES: usize = 64;
/// Mailboxes of one domain that count: whoever has a domain has any number of mailboxes.
const OF_A_DOMAIN: usize = 8;

/// The room of all addresses.
pub struct Rooms {
    hasher: RandomState,
    most_times: f64,
    any: AtomicBool,
    addresses: Mutex<Recent<Prefix, Vec<Settled>>>,
    waiting: Mutex<VecDeque<Hope>>,
    most_waiting: usize,
}

/// A mailbox under the key of this process.
#[derive(Clone, Copy)]
struct Mailbox {
    domain: u64,
    whole: u64,
}

#[derive(Clone, Copy)]
struct Settled {
    mailbox: Mailbox,
    at: Millis,
}

/// A signature that was confirmed and may settle.
pub struct Hope {
    /// Which.
    pub signature: SignatureId,
    /// When it was confirmed.
    pub since: Millis,
    address: Prefix,
    mailbox: Mailbox,
}

impl Rooms {
    /// Nobody has earned anything.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "at most four")]
    pub fn new(limits: &Limits) -> Self {
        Self {
            hasher: RandomState::new(),
            most_times: limits.budget_room_times as f64,
            any: AtomicBool::new(false),
            addresses: Mutex::new(Recent::new(DAY, limits.budget_room_addresses)),
            waiting: Mutex::default(),
            most_waiting: usize::try_from(limits.budget_room_waiting).unwrap_or(usize::MAX),
        }
    }

    /// A signature that came from there was confirmed. Beyond `limits.budget_room_waiting`, nothing is learnt of it.
    pub fn confirmed(&self, signature: SignatureId, address: Prefix, mailbox: &str, now: Millis) {
        let mut waiting = self.waiting();
        if waiting.len() < self.most_waiting {
            waiting.push_back(Hope {
                signature,
                since: now,
                address,
                mailbox: self.mailbox(mailbox),
            });
        }
    }

    /// The oldest of those confirmed before this moment.
    pub fn next(&self, before: Millis) -> Option<Hope> {
        let mut waiting = self.waiting();
        let is_due = waiting.front().is_some_and(|hope| hope.since < before);
        is_due.then(|| waiting.pop_front()).flatten()
    }

    /// Not yet: it waits on, behind the others.
    pub fn again(&self, hope: Hope) {
        self.waiting().push_back(hope);
    }

    /// It has settled: a mailbox of somebody is behind its address.
    pub fn settled(&self, hope: &Hope, now: Millis) {
        let mut addresses = self.addresses();
        let known = addresses.entry(hope.address, now, Vec::new);
        known.retain(|other| other.is_fresh(now) && other.mailbox.whole != hope.mailbox.whole);
        let is_same = |other: &&Settled| other.mailbox.domain == hope.mailbox.domain;
        if known.iter().filter(is_same).count() < OF_A_DOMAIN && known.len() < MAILBOXES {
            known.push(Settled {
                mailbox: hope.mailbox,
                at: now,
            });
            self.any.store(true, Ordering::Relaxed);
        }
    }

    /// By how much the budget of this address is larger, from 1 to `limits.budget_room_times`.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "at most 64")]
    pub fn times(&self, address: Prefix, now: Millis) -> f64 {
        if !self.any.load(Ordering::Relaxed) {
            return 1.0;
        }
        let addresses = self.addresses();
        let settled = addresses.get(&address, now).into_iter().flatten();
        let fresh = settled.filter(|settled| settled.is_fresh(now)).count();
        1.0 + (self.most_times - 1.0) * fresh as f64 / MAILBOXES as f64
    }

    /// Confirmed signatures that may settle yet.
    #[must_use]
    pub fn hopes(&self) -> usize {
        self.waiting().len()
    }

    /// Addresses that something is remembered of.
    #[must_use]
    pub fn len(&self) -> usize {
        self.addresses().len()
    }

    /// Whether nothing is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn mailbox(&self, address: &str) -> Mailbox {
        let (_, domain) = address.rsplit_once('@').unwrap_or_default();
        Mailbox {
            domain: self.hasher.hash_one(domain),
            whole: self.hasher.hash_one(address),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Hope>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn addresses(&self) -> MutexGuard<'_, Recent<Prefix, Vec<Settled>>> {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Settled {
    fn is_fresh(&self, now: Millis) -> bool {
        now.0.saturating_sub(self.at.0) < DAY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = Millis(4_102_444_800_000);
    const NAT: Prefix = Prefix::V4 {
        bits: 0x6440_0001,
        len: 32,
    };

    fn settle(rooms: &Rooms, address: Prefix, mailbox: &str, at: Millis) {
        rooms.confirmed(SignatureId([0; 16]), address, mailbox, at);
        let hope = rooms.next(Millis(at.0 + 1)).expect("it waits");
        rooms.settled(&hope, at);
    }

    fn after(mailboxes: impl Iterator<Item = String>) -> f64 {
        let rooms = Rooms::new(&Limits::default());
        mailboxes.for_each(|mailbox| settle(&rooms, NAT, &mailbox, NOW));
        rooms.times(NAT, NOW)
    }

    #[test]
    fn room_needs_many_mailboxes_of_many_domains_and_ends_at_four_times() {
        assert_eq!(after(std::iter::empty()), 1.0);
        let crowd = |people: u32| (0..people).map(|person| format!("p{person}@mail{}.example", person % 30));
        assert_eq!(after(crowd(16)), 1.75);
        assert_eq!(after(crowd(1000)), 4.0);
        assert_eq!(
            after((0..1000).map(|_| "one@mail.example".to_owned())),
            1.0 + 3.0 / 64.0
        );
        let own_domain = (0..1000).map(|n| format!("p{n}@catch-all.example"));
        assert_eq!(after(own_domain), 1.0 + 3.0 * 8.0 / 64.0);
    }

    #[test]
    fn room_is_of_one_address_and_decays() {
        let rooms = Rooms::new(&Limits::default());
        for person in 0..64_u64 {
            // Half in the morning, half at noon.
            let at = Millis(NOW.0 + if person < 32 { 0 } else { 6 * 3_600_000 });
            settle(&rooms, NAT, &format!("p{person}@mail{}.example", person % 32), at);
        }
        let hours = |hours: u64| rooms.times(NAT, Millis(NOW.0 + hours * 3_600_000));
        assert_eq!([hours(7), hours(25), hours(31)], [4.0, 2.5, 1.0]);
        let neighbour = Prefix::V4 {
            bits: 0x6440_0002,
            len: 32,
        };
        assert_eq!(rooms.times(neighbour, NOW), 1.0);
    }

    #[test]
    fn only_so_many_addresses_are_remembered() {
        let rooms = Rooms::new(&Limits::default());
        for bits in 0..100_000 {
            settle(&rooms, Prefix::V4 { bits, len: 32 }, "one@mail.example", NOW);
        }
        assert!(rooms.len() as u64 <= Limits::default().budget_room_addresses);
        let most = Limits::default().budget_room_waiting;
        (0..most + 10).for_each(|_| rooms.confirmed(SignatureId([0; 16]), NAT, "one@mail.example", NOW));
        let waited = std::iter::from_fn(|| rooms.next(Millis(NOW.0 + 1))).count();
        assert_eq!(waited as u64, most);
        assert!(rooms.next(NOW).is_none());
    }
}
