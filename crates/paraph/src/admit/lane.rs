//! Lanes: queues with their own concurrency, so that a flood of one kind of request cannot hold up another.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::retry_after;
use crate::limits::Limits;

/// The six lanes, in the order in which they matter.
#[derive(Debug)]
pub struct Lanes {
    /// Confirmations.
    pub confirm: Lane,
    /// Withdrawals, "it wasn't me", receipts.
    pub manage: Lane,
    /// Signatures with a clearance.
    pub sign: Lane,
    /// Signatures without script, with a ticket.
    pub plain: Lane,
    /// Challenges and forms with a ticket.
    pub challenge: Lane,
}

impl Lanes {
    /// Lanes as wide as `limits` says.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        let lane = |label, width, waiting| Lane::new(label, width, waiting, Duration::from_millis(limits.lane_wait_ms));
        Self {
            confirm: lane("confirm", limits.lane_confirm, limits.lane_confirm_waiting),
            manage: lane("manage", limits.lane_manage, limits.lane_manage_waiting),
            sign: lane("sign", limits.lane_sign, limits.lane_sign_waiting),
            plain: lane("plain", limits.lane_plain, limits.lane_plain_waiting),
            challenge: lane("challenge", limits.lane_challenge, limits.lane_challenge_waiting),
        }
    }
}

impl Lanes {
    /// How many who wanted to sign have been sent away since the start.
    #[must_use]
    pub fn shed(&self) -> u64 {
        self.sign.shed() + self.plain.shed()
    }
}

/// One lane: `width` requests in work, some more waiting in order, the rest told to come back.
#[derive(Debug)]
pub struct Lane {
    label: &'static str,
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    waiting_max: usize,
    shed: AtomicU64,
    wait_max: Duration,
    delay: Mutex<Delay>,
}

/// A place in a lane, given back when dropped.
#[derive(Debug)]
pub struct Permit(#[expect(dead_code, reason = "held for its drop")] OwnedSemaphorePermit);

/// The lane is full, or the wait was too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("busy, try again in {retry_after} s")]
pub struct Busy {
    /// Seconds, jittered, so that those who are sent away do not all come back at once.
    pub retry_after: u64,
}

impl Lane {
    /// `width` requests at once, `waiting_max` more waiting for at most `wait_max`.
    #[must_use]
    pub fn new(label: &'static str, width: u64, waiting_max: u64, wait_max: Duration) -> Self {
        let width = usize::try_from(width)
            .unwrap_or(usize::MAX)
            .clamp(1, Semaphore::MAX_PERMITS);
        Self {
            label,
            places: Arc::new(Semaphore::new(width)),
            waiting: AtomicUsize::new(0),
            waiting_max: usize::try_from(waiting_max).unwrap_or(usize::MAX),
            shed: AtomicU64::new(0),
            wait_max,
            delay: Mutex::new(Delay {
                at: Instant::now(),
                seconds: 0.0,
            }),
        }
    }

    /// Takes a place, waiting in order of arrival.
    ///
    /// # Errors
    /// Too many wait already, or the wait lasted longer than the lane allows.
    pub async fn enter(&self) -> Result<Permit, Busy> {
        // A free place is taken at once; the semaphore hands none out past those who wait.
        if let Ok(permit) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(Permit(permit));
        }
        let _waiter = Waiter::join(&self.waiting, self.waiting_max).ok_or_else(|| self.busy())?;
        let start = Instant::now();
        let acquired = tokio::time::timeout(self.wait_max, Arc::clone(&self.places).acquire_owned()).await;
        self.note(start.elapsed());
        match acquired {
            Ok(Ok(permit)) => Ok(Permit(permit)),
            // Closed never happens: nothing closes the semaphore. Treated as full all the same.
            Ok(Err(_)) | Err(_) => Err(self.busy()),
        }
    }

    /// How long a newcomer would wait, from what others waited: up at once, down by half every 10 seconds.
    #[must_use]
    pub fn delay(&self) -> Duration {
        let delay = *self.delay.lock().unwrap_or_else(PoisonError::into_inner);
        Duration::from_secs_f64(delay.at_time(Instant::now()))
    }

    /// How many wait now.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// How many have been sent away since the start.
    #[must_use]
    pub fn shed(&self) -> u64 {
        self.shed.load(Ordering::Relaxed)
    }

    /// Name for metrics and logs.
    #[must_use]
    pub fn label(&self) -> &'static str {
        self.label
    }

    fn note(&self, waited: Duration) {
        self.delay
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .note(Instant::now(), waited);
    }

    fn busy(&self) -> Busy {
        self.shed.fetch_add(1, Ordering::Relaxed);
        metrics::counter!("paraph_lane_refused_total", "lane" => self.label).increment(1);
        Busy {
            retry_after: retry_after(1 + self.delay().as_secs()),
        }
    }
}

/// Counts one waiter for as long as it lives, so that a request whose client went away stops counting.
struct Waiter<'a>(&'a AtomicUsize);

impl<'a> Waiter<'a> {
    fn join(waiting: &'a AtomicUsize, max: usize) -> Option<Self> {
        let waiter = Self(waiting);
        let before = waiting.fetch_add(1, Ordering::Relaxed);
        (before < max).then_some(waiter)
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A waiting time that forgets. It decays by the clock and not by the next sample: after a flood there may be none.
#[derive(Clone, Copy, Debug)]
struct Delay {
    at: Instant,
    seconds: f64,
}

impl Delay {
    const HALF_LIFE: f64 = 10.0;

    fn at_time(self, now: Instant) -> f64 {
        let elapsed = now.saturating_duration_since(self.at).as_secs_f64();
        self.seconds * (-elapsed / Self::HALF_LIFE).exp2()
    }

    /// A quarter of the way up for each longer wait, so that one outlier does not set the price.
    fn note(&mut self, now: Instant, waited: Duration) {
        let (current, sample) = (self.at_time(now), waited.as_secs_f64());
        self.seconds = if sample > current {
            current + (sample - current) / 4.0
        } else {
            current
        };
        self.at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_lane_lets_some_wait_in_order_and_sends_the_rest_away() {
        let lane = Arc::new(Lane::new("test", 1, 2, Duration::from_secs(5)));
        let first = lane.enter().await.expect("free");
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut waiters = Vec::new();
        for index in 0..2 {
            let (lane, order) = (Arc::clone(&lane), Arc::clone(&order));
            let before = lane.waiting();
            let watched = Arc::clone(&lane);
            waiters.push(tokio::spawn(async move {
                let _permit = lane.enter().await.expect("waits");
                order.lock().expect("lock").push(index);
            }));
            while watched.waiting() == before {
                tokio::task::yield_now().await;
            }
        }
        let busy = lane.enter().await.expect_err("two wait already");
        assert!(busy.retry_after >= 1);
        drop(first);
        for waiter in waiters {
            waiter.await.expect("joined");
        }
        assert_eq!(*order.lock().expect("lock"), [0, 1]);
        assert_eq!(lane.waiting(), 0);
    }

    #[tokio::test]
    async fn a_wait_that_lasts_too_long_ends_and_raises_the_delay() {
        let lane = Lane::new("test", 1, 2, Duration::from_millis(20));
        let _held = lane.enter().await.expect("free");
        lane.enter().await.expect_err("never freed");
        assert!(lane.delay() >= Duration::from_millis(4));
        assert_eq!(lane.waiting(), 0);
    }

    #[test]
    fn the_delay_rises_fast_and_forgets_by_the_clock() {
        let start = Instant::now();
        let mut delay = Delay {
            at: start,
            seconds: 0.0,
        };
        for _ in 0..16 {
            delay.note(start, Duration::from_secs(2));
        }
        assert!(delay.at_time(start) > 1.9);
        delay.note(start, Duration::ZERO);
        assert!(delay.at_time(start) > 1.9, "one quick pass does not end a queue");
        assert!(delay.at_time(start + Duration::from_secs(60)) < 0.04);
    }
}
