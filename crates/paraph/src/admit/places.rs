//! Places for connections: so many in all, of one address, of one network. Shared by every public listener, so that a
//! second port is not a second share.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::source::{Prefix, Source};
use crate::limits::Limits;

/// The places of one or several listeners.
#[derive(Debug)]
pub struct Places {
    most: u64,
    per_address: u64,
    per_network: u64,
    open: AtomicU64,
    /// Open connections by address or /64, and by /24 or /48. Holds at most two keys for each open connection.
    networks: Mutex<HashMap<Prefix, u64>>,
}

/// One place in all, given back when dropped.
pub(super) struct Place(Arc<Places>);

/// One place of an address and its network, given back when dropped.
pub(super) struct SourcePlace {
    places: Arc<Places>,
    source: Source,
}

impl Places {
    /// Places as `limits` says.
    #[must_use]
    pub fn new(limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            most: limits.connections,
            per_address: limits.connections_per_address,
            per_network: limits.connections_per_network,
            open: AtomicU64::new(0),
            networks: Mutex::default(),
        })
    }

    /// More than three quarters are taken.
    pub(super) fn is_crowded(&self) -> bool {
        self.open.load(Ordering::Relaxed) > self.most / 4 * 3
    }

    pub(super) fn take(self: &Arc<Self>) -> Option<Place> {
        let place = Place(Arc::clone(self));
        let before = self.open.fetch_add(1, Ordering::Relaxed);
        (before < self.most).then_some(place)
    }

    /// A place for this source; an error says which bound it met.
    pub(super) fn take_for(self: &Arc<Self>, source: Source) -> Result<SourcePlace, &'static str> {
        let mut networks = self.networks.lock().unwrap_or_else(PoisonError::into_inner);
        let open = |prefix: Prefix| networks.get(&prefix).copied().unwrap_or(0);
        if open(source.narrow()) >= self.per_address {
            return Err("address");
        }
        if open(source.wide()) >= self.per_network {
            return Err("network");
        }
        for prefix in [source.narrow(), source.wide()] {
            *networks.entry(prefix).or_insert(0) += 1;
        }
        Ok(SourcePlace {
            places: Arc::clone(self),
            source,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for SourcePlace {
    fn drop(&mut self) {
        let mut networks = self.places.networks.lock().unwrap_or_else(PoisonError::into_inner);
        for prefix in [self.source.narrow(), self.source.wide()] {
            if let Some(open) = networks.get_mut(&prefix) {
                *open -= 1;
                if *open == 0 {
                    networks.remove(&prefix);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_by_address_and_network_and_given_back() {
        let places = Places::new(&Limits {
            connections_per_address: 2,
            connections_per_network: 3,
            ..Limits::default()
        });
        let take = |addr: &str| {
            places.take_for(Source::direct(
                (addr.parse::<std::net::IpAddr>().expect("address"), 1).into(),
            ))
        };
        let held = [take("203.0.113.1"), take("203.0.113.1")];
        assert_eq!(take("203.0.113.1").err(), Some("address"));
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
        assert!(places.networks.lock().expect("never poisoned").is_empty());
    }
}
