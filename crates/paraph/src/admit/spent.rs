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
//! The memory is a filter in front of the store, whose unique key on the nonce decides. So it may forget: what was not
//! admitted after a minute or two (a flood of unsolved challenges must not fill it: trying a second solution then is no
//! better than asking for a second challenge), and what was admitted when it expires.

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
    /// Minute after which to look whether these are to be forgotten.
    expiry: BTreeMap<Minute, Vec<Nonce>>,
    /// Repeats that wait for what is in work. What few have is kept apart from the entries: of those there may be a million.
    repeats: HashMap<Nonce, Repeats>,
    /// Why something was refused, for as long as its entry says so.
    reasons: HashMap<Nonce, &'static str>,
}

#[derive(Debug)]
struct Entry {
    body: BodyMac,
    state: State,
    /// Minute of expiry.
    expires: Minute,
    /// Minute after which to forget: that of expiry for what is in work or admitted, earlier for all else.
    forget: Minute,
    /// Earlier minute under which it was last listed: once each, however often it goes in and out of work.
    listed: Minute,
}

/// Minutes since 1970.
type Minute = u32;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    InWork,
    Released,
    /// Kept only so that taking a nonce out and in again does not grow the expiry lists.
    Unburnt,
    Admitted,
    Refused,
}

#[derive(Debug, Default)]
struct Repeats {
    waiting: usize,
    notify: Arc<Notify>,
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
        self.held.fetch_sub(shard.forget_expired(now), Ordering::Relaxed);
        let Shard {
            entries,
            expiry,
            repeats,
            reasons,
        } = &mut *shard;
        let mut entry = match entries.entry(nonce) {
            MapEntry::Occupied(entry) => entry,
            MapEntry::Vacant(place) => {
                if self.held.fetch_add(1, Ordering::Relaxed) >= self.capacity {
                    self.held.fetch_sub(1, Ordering::Relaxed);
                    return Burn::Full;
                }
                let expires = minute(expires);
                place.insert(Entry {
                    body,
                    state: State::InWork,
                    expires,
                    forget: expires,
                    listed: expires,
                });
                expiry.entry(expires).or_default().push(nonce);
                return Burn::Fresh;
            }
        };
        let entry = entry.get_mut();
        if let State::Unburnt = entry.state {
            entry.body = body;
        }
        if entry.body != body {
            return Burn::OtherBody;
        }
        match entry.state {
            State::Admitted => Burn::Settled(Outcome::Admitted),
            State::Refused => Burn::Settled(Outcome::Refused(reasons.get(&nonce).copied().unwrap_or_default())),
            State::Released | State::Unburnt => {
                entry.state = State::InWork;
                entry.forget = entry.expires;
                Burn::Fresh
            }
            State::InWork => {
                let repeats = repeats.entry(nonce).or_default();
                if repeats.waiting >= self.repeats {
                    return Burn::Crowded;
                }
                repeats.waiting += 1;
                // Made under the lock: a notification between here and the first poll is not lost.
                Burn::InWork(Arc::clone(&repeats.notify).notified_owned())
            }
        }
    }

    /// Records what became of a nonce and wakes the repeats that wait for it.
    pub fn settle(&self, nonce: &Nonce, outcome: Outcome, now: Millis) {
        let mut shard = self.shard(nonce);
        match outcome {
            Outcome::Admitted => {
                shard.leave_work(nonce, State::Admitted, now);
            }
            Outcome::Refused(reason) => {
                if shard.leave_work(nonce, State::Refused, now) {
                    shard.reasons.insert(*nonce, reason);
                }
            }
        }
    }

    /// The submission could not be made durable, or its client went away: the same body may try again, no other.
    pub fn release(&self, nonce: &Nonce, now: Millis) {
        self.shard(nonce).leave_work(nonce, State::Released, now);
    }

    /// Nothing was looked at yet (no place for verification): as if the nonce had never been burnt, so that the person
    /// may also correct the form.
    pub fn unburn(&self, nonce: &Nonce, now: Millis) {
        self.shard(nonce).leave_work(nonce, State::Unburnt, now);
    }

    /// Remembers what the store knows at start: admitted before, with this body.
    pub fn preload(&self, admitted: impl IntoIterator<Item = (Nonce, BodyMac, Millis)>, now: Millis) {
        for (nonce, body, expires) in admitted {
            if expires > now && matches!(self.burn(nonce, body, expires, now), Burn::Fresh) {
                self.settle(&nonce, Outcome::Admitted, now);
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

    fn shard(&self, nonce: &Nonce) -> MutexGuard<'_, Shard> {
        // The first bytes of a nonce are the time; the last one is random.
        let index = usize::from(nonce[15]) % self.shards.len();
        self.shards[index].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shard {
    /// Whether it was in work: only then does anything change.
    fn leave_work(&mut self, nonce: &Nonce, state: State, now: Millis) -> bool {
        let Some(entry) = self.entries.get_mut(nonce).filter(|entry| entry.state == State::InWork) else {
            return false;
        };
        entry.state = state;
        if state != State::Admitted {
            entry.forget = entry.expires.min(minute(now));
            if entry.listed != entry.forget {
                entry.listed = entry.forget;
                self.expiry.entry(entry.forget).or_default().push(*nonce);
            }
        }
        self.wake(nonce);
        true
    }

    /// Lets those go on who wait for it.
    fn wake(&mut self, nonce: &Nonce) {
        if let Some(repeats) = self.repeats.remove(nonce) {
            repeats.notify.notify_waiters();
        }
    }

    /// Returns how many are forgotten.
    fn forget_expired(&mut self, now: Millis) -> usize {
        let mut forgotten = 0;
        while let Some(first) = self.expiry.first_entry()
            && u64::from(*first.key()) < now.0 / 60_000
        {
            let (minute, nonces) = first.remove_entry();
            for nonce in nonces {
                // It may have gone back to work since it was listed here; then it is listed again under its expiry.
                if self.entries.get(&nonce).is_some_and(|entry| entry.forget <= minute) {
                    self.entries.remove(&nonce);
                    self.reasons.remove(&nonce);
                    self.wake(&nonce);
                    forgotten += 1;
                }
            }
        }
        forgotten
    }
}

/// The minute after the one in which this instant lies: when that is over, what was valid until the instant is not valid
/// any more, not even for a request that was slow on its way.
fn minute(instant: Millis) -> Minute {
    Minute::try_from(instant.0 / 60_000 + 1).unwrap_or(Minute::MAX)
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
        spent.settle(&[1; 16], Outcome::Refused("solution"), NOW);
        assert_eq!(name(&spent, 1, 1, NOW), "Refused(\"solution\")");
        assert_eq!(name(&spent, 1, 2, NOW), "other body", "burnt although refused");
        spent.settle(&[1; 16], Outcome::Admitted, NOW);
        assert_eq!(name(&spent, 1, 1, NOW), "Refused(\"solution\")", "settled once");
    }

    #[test]
    fn what_could_not_be_stored_may_be_tried_again_with_the_same_body_only() {
        let spent = Spent::new(10, 1);
        assert_eq!(name(&spent, 1, 1, NOW), "fresh");
        spent.release(&[1; 16], NOW);
        assert_eq!(name(&spent, 1, 2, NOW), "other body");
        assert_eq!(name(&spent, 1, 1, NOW), "fresh");
        spent.unburn(&[1; 16], NOW);
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
    fn only_what_was_admitted_is_remembered_to_its_end() {
        let spent = Spent::new(10, 1);
        for nonce in 0..4 {
            assert_eq!(name(&spent, nonce * 64, 1, NOW), "fresh", "same shard");
        }
        spent.settle(&[0; 16], Outcome::Admitted, NOW);
        spent.settle(&[64; 16], Outcome::Refused("solution"), NOW);
        spent.release(&[128; 16], NOW);
        spent.unburn(&[192; 16], NOW);
        // Went out of work and in again: its first listing must not take it away.
        spent.release(&[128; 16], NOW);
        assert_eq!(name(&spent, 128, 1, NOW), "fresh");
        let soon = Millis(NOW.0 + 120_000);
        assert_eq!(name(&spent, 0, 1, soon), "Admitted");
        assert_eq!(spent.len(), 2, "the refused and the unburnt are gone");
        assert_eq!(name(&spent, 128, 1, soon), "in work");
        spent.settle(&[128; 16], Outcome::Admitted, soon);
        assert_eq!(name(&spent, 128, 2, LATER), "other body");
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
        spent.settle(&[1; 16], Outcome::Admitted, NOW);
        settled.await;
        assert_eq!(name(&spent, 1, 1, NOW), "Admitted");
    }
}
