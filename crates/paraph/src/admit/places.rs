//! Places for connections: so many in all, of one address, of one network. Shared by every public listener, so that a
//! second port is not a second share.
//!
//! When all are taken, whoever comes gets the place of one that does nothing with it: of all connections that wait for
//! their client, the one for which time waited times places held by its address is highest. So 218 addresses with twenty
//! silent connections each go round among themselves, and somebody who has one and is about to ask keeps it. The same holds
//! within a network that has all its places, and within an address, where it is the longest wait: a neighbour cannot close the
//! door from inside. Nobody whose request came within the last two seconds is sent away; who sends a body or reads an answer for longer,
//! or watches a count, is weighed like those who wait ([`super::seat`]).

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::seat::Seat;
use super::source::{Prefix, Source};
use crate::limits::Limits;

/// The places of one or several listeners.
#[derive(Debug)]
pub struct Places {
    most: u64,
    per_address: usize,
    per_network: usize,
    open: AtomicU64,
    taken: Mutex<Taken>,
}

/// By /24 or /48, within it by address or /64. Holds at most two keys for each open connection.
type Taken = HashMap<Prefix, HashMap<Prefix, Vec<Arc<Seat>>>>;

/// One place in all, given back when dropped.
pub(super) struct Place(Arc<Places>);

/// One place of an address and its network, given back when dropped.
pub(super) struct SourcePlace {
    places: Arc<Places>,
    source: Source,
    seat: Arc<Seat>,
}

impl Places {
    /// Places as `limits` says.
    #[must_use]
    pub fn new(limits: &Limits) -> Arc<Self> {
        Self::of(
            limits.connections,
            limits.connections_per_address,
            limits.connections_per_network,
        )
    }

    /// So many in all, of one address, of one network.
    #[must_use]
    pub fn of(most: u64, per_address: u64, per_network: u64) -> Arc<Self> {
        Arc::new(Self {
            most,
            per_address: usize::try_from(per_address).unwrap_or(usize::MAX),
            per_network: usize::try_from(per_network).unwrap_or(usize::MAX),
            open: AtomicU64::new(0),
            taken: Mutex::default(),
        })
    }

    /// Places in all.
    #[must_use]
    pub fn most(&self) -> u64 {
        self.most
    }

    /// Places taken now.
    #[must_use]
    pub fn open(&self) -> u64 {
        self.open.load(Ordering::Relaxed)
    }

    /// More than three quarters are taken.
    pub(super) fn is_crowded(&self) -> bool {
        self.open() > self.most / 4 * 3
    }

    /// A place, perhaps that of one who has been asked to leave and will be gone in a moment.
    pub(super) fn take(self: &Arc<Self>) -> Option<Place> {
        let before = self.open.fetch_add(1, Ordering::Relaxed);
        let place = Place(Arc::clone(self));
        let is_free = before < self.most;
        (is_free || (before < self.most + leaving(self.most) && self.make_room())).then_some(place)
    }

    fn make_room(&self) -> bool {
        let taken = self.taken();
        one_leaves(taken.values().flat_map(HashMap::values))
    }

    /// A place for this source, whose connection has this seat; an error says which bound it met.
    pub(super) fn take_for(self: &Arc<Self>, source: Source, seat: &Arc<Seat>) -> Result<SourcePlace, &'static str> {
        let mut taken = self.taken();
        if let Some(network) = taken.get(&source.wide()) {
            let own = network.get(&source.narrow());
            if own.is_some_and(|own| own.len() >= self.per_address) {
                one_leaves(own).then_some(()).ok_or("address")?;
            } else if network.values().map(Vec::len).sum::<usize>() >= self.per_network {
                one_leaves(network.values()).then_some(()).ok_or("network")?;
            }
        }
        let network = taken.entry(source.wide()).or_default();
        network.entry(source.narrow()).or_default().push(Arc::clone(seat));
        Ok(SourcePlace {
            places: Arc::clone(self),
            source,
            seat: Arc::clone(seat),
        })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Of so many places, most whose connections are asked to leave and are not gone yet.
pub(crate) fn leaving(most: u64) -> u64 {
    (most / 16).max(1)
}

/// Asks one to leave: of these seats, each group of which is that of an address, the one that keeps most from others.
fn one_leaves<'a>(groups: impl IntoIterator<Item = &'a Vec<Arc<Seat>>>) -> bool {
    let now = Instant::now();
    let weighed = groups.into_iter().flat_map(|seats| {
        let held = u32::try_from(seats.len()).unwrap_or(u32::MAX);
        let idle = seats.iter().filter_map(move |seat| Some((seat.idle(now)?, seat)));
        idle.map(move |(idle, seat)| (idle.saturating_mul(held), seat))
    });
    let heaviest = weighed.max_by_key(|(weight, _)| *weight);
    heaviest.inspect(|(_, seat)| seat.ask_to_leave()).is_some()
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for SourcePlace {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        let Some(network) = taken.get_mut(&self.source.wide()) else {
            return;
        };
        if let Some(seats) = network.get_mut(&self.source.narrow()) {
            seats.retain(|seat| !Arc::ptr_eq(seat, &self.seat));
            if seats.is_empty() {
                network.remove(&self.source.narrow());
            }
        }
        if network.is_empty() {
            taken.remove(&self.source.wide());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(addr: &str) -> Source {
        Source::direct((addr.parse::<std::net::IpAddr>().expect("address"), 1).into())
    }

    #[test]
    fn places_are_bounded_by_address_and_network_and_given_back() {
        let places = Places::of(100, 2, 3);
        let take = |addr: &str| {
            let seat = Seat::new();
            seat.works();
            places.take_for(source(addr), &seat)
        };
        let held = [take("203.0.113.1"), take("203.0.113.1")];
        assert_eq!(take("203.0.113.1").err(), Some("address"), "all are at work");
        let third = take("203.0.113.2");
        assert_eq!(take("203.0.113.3").err(), Some("network"), "the /24 is full");
        assert!(take("198.51.100.1").is_ok(), "another is not");
        let six = [
            take("2001:db8:0:1::1"),
            take("2001:db8:0:2::1"),
            take("2001:db8:0:3::1"),
        ];
        assert_eq!(
            take("2001:db8:0:4::1").err(),
            Some("network"),
            "nor may a /48 rotate its /64"
        );
        drop((held, third, six));
        assert!(places.taken().is_empty());
    }

    #[test]
    fn when_all_are_taken_the_place_goes_that_was_held_longest_by_who_holds_most() {
        let places = Places::of(8, 4, 100);
        let began = Instant::now();
        let mut held = Vec::new();
        let mut come = |addr: &str, seconds_ago: u64| {
            let seat = Seat::since(began - std::time::Duration::from_secs(seconds_ago));
            let place = places.take().expect("a place");
            held.push((place, places.take_for(source(addr), &seat).expect("under its bounds")));
            seat
        };
        let (patient, busy) = (come("198.51.100.1", 9), come("198.51.100.2", 8));
        busy.works();
        let silent = [7, 6, 5, 4].map(|ago| come("203.0.113.1", ago));
        let others = [3, 2].map(|ago| come("203.0.113.2", ago));
        let honest = come("198.51.100.3", 0);
        let asked = |seats: &[Arc<Seat>]| seats.iter().map(|seat| seat.is_leaving()).collect::<Vec<_>>();
        assert_eq!(
            asked(&silent),
            [true, false, false, false],
            "7 s times 4, not 9 s times 1"
        );
        assert_eq!(asked(&[patient, busy, honest]), [false; 3]);
        assert_eq!(asked(&others), [false; 2]);
        assert!(places.take().is_none(), "no more until that one is gone");
    }

    #[test]
    fn when_an_address_has_all_its_places_its_own_longest_wait_ends() {
        let places = Places::of(100, 2, 100);
        let began = Instant::now();
        let neighbours = ["203.0.113.1", "203.0.113.1", "203.0.113.2"].map(|addr| {
            let seat = Seat::since(began - std::time::Duration::from_secs(9));
            (places.take_for(source(addr), &seat), seat)
        });
        neighbours[0].1.works();
        assert!(places.take_for(source("203.0.113.1"), &Seat::new()).is_ok());
        assert_eq!(
            neighbours.each_ref().map(|(_, seat)| seat.is_leaving()),
            [false, true, false]
        );
    }

    #[test]
    fn when_a_network_has_all_its_places_its_heaviest_wait_ends() {
        let places = Places::of(100, 4, 6);
        let began = Instant::now();
        let mut held = Vec::new();
        let mut come = |addr: &str, seconds_ago: u64| {
            let seat = Seat::since(began - std::time::Duration::from_secs(seconds_ago));
            held.push(places.take_for(source(addr), &seat).expect("room"));
            seat
        };
        let stranger = come("198.51.100.1", 60);
        let (patient, busy) = (come("203.0.113.2", 9), come("203.0.113.3", 60));
        busy.works();
        let silent = [7, 6, 5, 4].map(|ago| come("203.0.113.1", ago));
        let neighbour = come("203.0.113.4", 0);
        let asked = |seats: &[Arc<Seat>]| seats.iter().map(|seat| seat.is_leaving()).collect::<Vec<_>>();
        assert_eq!(
            asked(&silent),
            [true, false, false, false],
            "7 s times 4, not 9 s times 1"
        );
        assert_eq!(asked(&[stranger, patient, busy, neighbour]), [false; 4]);
    }
}
