//! Spent nonces: each challenge and ticket is good for one submission, whatever comes of it.
//!
//! A nonce is burnt on the first attempt, before anything costly. What it remembers is a MAC of the body: the same body
//! again is a repeat (a double click, a retry after a lost answer) and gets the same answer; another body is refused.
//!
//! ```text
//!            burn              settle(Admitted | Refused)
//!   unknown ------> in work ---------------------------> settled, until it expires
//!                    |   ^
//!            release |   | burn with the same body
//!                    v   |
//!                  released      (could not be made durable: the same body may try again, no other)
//! ```
//!
//! The memory is a filter in front of the store, whose unique key on the nonce decides.

use std::collections::BTreeMap;
use std::collections::hash_map::{Entry as MapEntry, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

use paraph_tally::Millis;

/// What names one challenge or ticket.
pub type Nonce = [u8; 16];
/// HMAC-SHA256 of a raw body, truncated.
pub type BodyMac = [u8; 16];

/// What became of a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Durable, or taken and silently ignored: the answer is "check your mail".
    Admitted,
    /// The clearance did not hold, for this reason.
    Refused(&'static str),
}

/// What [`Spent::burn`] found.
#[derive(Debug)]
pub enum Burn {
    /// Never seen: the caller now owns the nonce and must settle or release it.
    Fresh,
    /// The same body was here before and its outcome is known.
    Settled(Outcome),
    /// The same body is in work; wait for the notification, then burn again.
    InWork(OwnedNotified),
    /// The same body is in work and enough repeats wait for it already.
    Crowded,
    /// Another body was here before.
    OtherBody,
    /// No room to remember one more.
    Full,
}

/// The registry. Bounded; forgets by the minute of expiry.
#[derive(Debug)]
pub struct Spent {
    shards: Box<[Mutex<Shard>]>,
    held: AtomicUsize,
    capacity: usize,
    repeats: usize,
}

#[derive(Debug, Default)]
struct Shard {
    entries: HashMap<Nonce, Entry>,
    /// Minute after which to forget -> nonces.
    expiry: BTreeMap<u64, Vec<Nonce>>,
}

#[derive(Debug)]
struct Entry {
    body: BodyMac,
    state: State,
}

#[derive(Debug)]
enum State {
    /// With the repeats that wait, when there are any.
    InWork(Option<Arc<Notify>>, usize),
    Released,
    /// Kept only for its place in the expiry list: taking a nonce out and in again must not grow that list.
    Unburnt,
    Settled(Outcome),
}

const SHARDS: usize = 64;

impl Spent {
    /// Remembers at most `capacity` nonces; at most `repeats` wait for one that is in work.
    #[must_use]
    pub fn new(capacity: u64, repeats: u64) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            held: AtomicUsize::new(0),
            capacity: usize::try_from(capacity).unwrap_or(usize::MAX),
            repeats: usize::try_from(repeats).unwrap_or(usize::MAX),
        }
    }

    /// Burns a nonce that is valid until `expires`. Of any number of concurrent calls exactly one is `Fresh`.
    pub fn burn(&self, nonce: Nonce, body: BodyMac, expires: Millis, now: Millis) -> Burn {
        let mut shard = self.shard(&nonce);
        self.forget_expired(&mut shard, now);
        let Shard { entries, expiry } = &mut *shard;
        let mut entry = match entries.entry(nonce) {
            MapEntry::Occupied(entry) => entry,
            MapEntry::Vacant(place) => {
                if self.held.fetch_add(1, Ordering::Relaxed) >= self.capacity {
                    self.held.fetch_sub(1, Ordering::Relaxed);
                    return Burn::Full;
                }
                place.insert(Entry {
                    body,
                    state: State::InWork(None, 0),
                });
                expiry.entry(minute(expires)).or_default().push(nonce);
                return Burn::Fresh;
            }
        };
        let entry = entry.get_mut();
        if let State::Unburnt = entry.state {
            *entry = Entry {
                body,
                state: State::InWork(None, 0),
            };
            return Burn::Fresh;
        }
        if entry.body != body {
            return Burn::OtherBody;
        }
        match &mut entry.state {
            State::Settled(outcome) => Burn::Settled(*outcome),
            State::Released | State::Unburnt => {
                entry.state = State::InWork(None, 0);
                Burn::Fresh
            }
            State::InWork(_, waiting) if *waiting >= self.repeats => Burn::Crowded,
            State::InWork(notify, waiting) => {
                *waiting += 1;
                // Made under the lock: a notification between here and the first poll is not lost.
                Burn::InWork(Arc::clone(notify.get_or_insert_default()).notified_owned())
            }
        }
    }

    /// Records what became of a nonce and wakes the repeats that wait for it.
    pub fn settle(&self, nonce: &Nonce, outcome: Outcome) {
        self.leave_work(nonce, State::Settled(outcome));
    }

    /// The submission could not be made durable, or its client went away: the same body may try again, no other.
    pub fn release(&self, nonce: &Nonce) {
        self.leave_work(nonce, State::Released);
    }

    /// Nothing was looked at yet (no place for verification): as if the nonce had never been burnt, so that the person
    /// may also correct the form.
    pub fn unburn(&self, nonce: &Nonce) {
        self.leave_work(nonce, State::Unburnt);
    }

    /// Remembers what the store knows at start: admitted before, with this body.
    pub fn preload(&self, admitted: impl IntoIterator<Item = (Nonce, BodyMac, Millis)>, now: Millis) {
        for (nonce, body, expires) in admitted {
            if expires > now && matches!(self.burn(nonce, body, expires, now), Burn::Fresh) {
                self.settle(&nonce, Outcome::Admitted);
            }
        }
    }

    /// How many nonces are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// Whether nothing is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn leave_work(&self, nonce: &Nonce, state: State) {
        if let Some(entry) = self.shard(nonce).entries.get_mut(nonce)
            && let State::InWork(..) = entry.state
        {
            wake(std::mem::replace(&mut entry.state, state));
        }
    }

    fn forget_expired(&self, shard: &mut Shard, now: Millis) {
        while let Some(first) = shard.expiry.first_entry()
            && *first.key() < now.0 / 60_000
        {
            for nonce in first.remove() {
                if let Some(entry) = shard.entries.remove(&nonce) {
                    self.held.fetch_sub(1, Ordering::Relaxed);
                    wake(entry.state);
                }
            }
        }
    }

    fn shard(&self, nonce: &Nonce) -> MutexGuard<'_, Shard> {
        let index = usize::from(nonce[0]) % self.shards.len();
        self.shards[index].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wake(state: State) {
    if let State::InWork(Some(notify), _) = state {
        notify.notify_waiters();
    }
}

/// The first minute at whose end nothing with this expiry is valid any more, with a minute to spare for a late request.
fn minute(expires: Millis) -> u64 {
    expires.0 / 60_000 + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = Millis(4_102_444_800_000);
    const LATER: Millis = Millis(NOW.0 + 1_200_000);

    fn name(spent: &Spent, nonce: u8, body: u8, now: Millis) -> String {
        match spent.burn([nonce; 16], [body; 16], LATER, now) {
            Burn::Fresh => "fresh".into(),
            Burn::Settled(outcome) => format!("{outcome:?}"),
            Burn::InWork(_) => "in work".into(),
            Burn::Crowded => "crowded".into(),
            Burn::OtherBody => "other body".into(),
            Burn::Full => "full".into(),
        }
    }

    #[test]
    fn a_nonce_is_good_for_one_body() {
        let spent = Spent::new(10, 1);
        assert_eq!(name(&spent, 1, 1, NOW), "fresh");
        assert_eq!(name(&spent, 1, 2, NOW), "other body");
        assert_eq!(name(&spent, 1, 1, NOW), "in work");
        assert_eq!(name(&spent, 1, 1, NOW), "crowded");
        spent.settle(&[1; 16], Outcome::Refused("solution"));
        assert_eq!(name(&spent, 1, 1, NOW), "Refused(\"solution\")");
        assert_eq!(name(&spent, 1, 2, NOW), "other body", "burnt although refused");
        spent.settle(&[1; 16], Outcome::Admitted);
        assert_eq!(name(&spent, 1, 1, NOW), "Refused(\"solution\")", "settled once");
    }

    #[test]
    fn what_could_not_be_stored_may_be_tried_again_with_the_same_body_only() {
        let spent = Spent::new(10, 1);
        assert_eq!(name(&spent, 1, 1, NOW), "fresh");
        spent.release(&[1; 16]);
        assert_eq!(name(&spent, 1, 2, NOW), "other body");
        assert_eq!(name(&spent, 1, 1, NOW), "fresh");
        spent.unburn(&[1; 16]);
        assert_eq!((name(&spent, 1, 2, NOW).as_str(), spent.len()), ("fresh", 1));
    }

    #[test]
    fn the_registry_is_bounded_and_forgets_what_has_expired() {
        let spent = Spent::new(2, 1);
        assert_eq!(name(&spent, 0, 1, NOW), "fresh");
        assert_eq!(name(&spent, 64, 1, NOW), "fresh", "same shard");
        assert_eq!(name(&spent, 128, 1, NOW), "full");
        assert_eq!(name(&spent, 0, 1, LATER), "in work", "valid to the end");
        assert_eq!(name(&spent, 128, 1, Millis(LATER.0 + 120_000)), "fresh");
        assert_eq!(spent.len(), 1);
    }

    #[test]
    fn what_the_store_knows_is_spent_after_a_restart() {
        let spent = Spent::new(10, 1);
        spent.preload([([1; 16], [1; 16], LATER), ([2; 16], [1; 16], NOW)], NOW);
        assert_eq!(name(&spent, 1, 1, NOW), "Admitted");
        assert_eq!(name(&spent, 1, 2, NOW), "other body");
        assert_eq!(spent.len(), 1, "expired ones are not loaded");
    }

    #[test]
    fn of_10_000_concurrent_burns_exactly_one_is_fresh() {
        let spent = Spent::new(10, 1);
        let fresh = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    for _ in 0..625 {
                        if let Burn::Fresh = spent.burn([7; 16], [7; 16], LATER, NOW) {
                            fresh.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        assert_eq!(fresh.into_inner(), 1);
    }

    #[tokio::test]
    async fn a_repeat_learns_the_outcome_of_the_first() {
        let spent = Spent::new(10, 1);
        assert_eq!(name(&spent, 1, 1, NOW), "fresh");
        let Burn::InWork(settled) = spent.burn([1; 16], [1; 16], LATER, NOW) else {
            panic!("not in work")
        };
        spent.settle(&[1; 16], Outcome::Admitted);
        settled.await;
        assert_eq!(name(&spent, 1, 1, NOW), "Admitted");
    }
}
