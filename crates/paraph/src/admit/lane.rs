//! Lanes: queues with their own concurrency, so that a flood of one kind of request cannot hold up another.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::retry_after;
use super::source::Source;
pub use super::turns::Turn;
use super::turns::Turns;
use crate::limits::Limits;

/// The lanes, in the order in which they matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// The operations listener. Apart from all others, as the desk is: it holds nobody up.
    Operator,
    /// Who has logged in at the desk: requests with a session cookie of our making.
    Desk,
    /// Everybody else at the desk: who logs in or joins, and who only knocks.
    DeskDoor,
    /// Confirmations.
    Confirm,
    /// Withdrawals, "it wasn't me", receipts.
    Manage,
    /// Signatures with a clearance.
    Sign,
    /// Signatures without script, with a ticket; and of sources that use much of their budget.
    Plain,
    /// Challenges and forms with a ticket.
    Challenge,
}

impl Rank {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Operator,
        Self::Desk,
        Self::DeskDoor,
        Self::Confirm,
        Self::Manage,
        Self::Sign,
        Self::Plain,
        Self::Challenge,
    ];

    /// Name for metrics, logs and pages.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Desk => "desk",
            Self::DeskDoor => "desk_door",
            Self::Confirm => "confirm",
            Self::Manage => "manage",
            Self::Sign => "sign",
            Self::Plain => "plain",
            Self::Challenge => "challenge",
        }
    }
}

/// What is left of a lane that makes room for withdrawals: a quarter, 64 signatures at once, still some hundreds a second.
const NARROW: usize = 4;

/// All lanes.
#[derive(Debug)]
pub struct Lanes {
    lanes: [Lane; 8],
    /// Of those who confirm, of those who manage, and at the door of the desk: what these ask for costs them nothing, and
    /// where they wait, everybody else is sent away.
    turns: [Arc<Turns>; 3],
}

impl Lanes {
    /// Lanes as wide as `limits` says.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        let patience = Duration::from_millis(limits.lane_wait_ms);
        let [links, door] =
            [limits.links_per_address, limits.desk_door_per_address].map(|each| move || Turns::new(each, patience));
        let lanes = Rank::ALL.map(|rank| {
            let (width, waiting) = match rank {
                Rank::Operator => (limits.lane_operator, limits.lane_operator_waiting),
                Rank::Desk => (limits.lane_desk, limits.lane_desk_waiting),
                Rank::DeskDoor => (limits.lane_desk_door, limits.lane_desk_door_waiting),
                Rank::Confirm => (limits.lane_confirm, limits.lane_confirm_waiting),
                Rank::Manage => (limits.lane_manage, limits.lane_manage_waiting),
                Rank::Sign => (limits.lane_sign, limits.lane_sign_waiting),
                Rank::Plain => (limits.lane_plain, limits.lane_plain_waiting),
                Rank::Challenge => (limits.lane_challenge, limits.lane_challenge_waiting),
            };
            let lane = Lane::new(rank.label(), width, waiting, patience);
            match rank {
                // A wait is all that may happen to a confirmation, or to an operator.
                Rank::Operator | Rank::Desk | Rank::DeskDoor | Rank::Confirm => lane,
                _ => lane.shedding(Duration::from_millis(limits.lane_target_ms)),
            }
        });
        let turns = [links(), links(), door()];
        Self { lanes, turns }
    }

    /// One of them.
    #[must_use]
    pub fn of(&self, rank: Rank) -> &Lane {
        let [operator, desk, door, confirm, manage, sign, plain, challenge] = &self.lanes;
        match rank {
            Rank::Operator => operator,
            Rank::Desk => desk,
            Rank::DeskDoor => door,
            Rank::Confirm => confirm,
            Rank::Manage => manage,
            Rank::Sign => sign,
            Rank::Plain => plain,
            Rank::Challenge => challenge,
        }
    }

    /// Takes a place, waiting in order of arrival. While a lane that matters more cannot keep up, those below it take nobody:
    /// nothing is sent away before everything that matters less is.
    ///
    /// For withdrawals they only become narrow: a page that withdraws is asked for at no cost, and it must not be in the power
    /// of a few that nobody signs. Where signing takes little of the machine, it would relieve nobody either.
    ///
    /// A place is held for work of ours, never while its client is waited for: see `upload::read`.
    ///
    /// # Errors
    /// Too many wait already, the wait lasted too long, or what matters more needs the machine.
    pub async fn enter(&self, rank: Rank) -> Result<Permit, Busy> {
        // Signatures without script are not above challenges: who waits for one is on the way to another lane.
        let lane = self.of(rank);
        let yields_to = |above: Rank| above < rank && self.of(above).is_strained();
        let is_shut = [Rank::Confirm, Rank::Sign].into_iter().any(yields_to);
        let is_narrow = || yields_to(Rank::Manage) && lane.working() >= lane.width.div_ceil(NARROW);
        if is_shut || is_narrow() {
            return Err(lane.busy());
        }
        lane.enter().await
    }

    /// The same for one of the few at a time that an address has in this lane; further ones wait for these, outside of it. So
    /// it takes many addresses to make a lane wait that others have to make room for.
    ///
    /// # Errors
    /// As [`Self::enter`]; or those of the same address took too long.
    pub async fn enter_in_turn(&self, rank: Rank, source: &Source) -> Result<(Option<Turn>, Permit), Busy> {
        let [confirm, manage, door] = &self.turns;
        let turns = match rank {
            Rank::Confirm => confirm,
            Rank::Manage => manage,
            Rank::DeskDoor => door,
            _ => return Ok((None, self.enter(rank).await?)),
        };
        let turn = turns.take(source).await.ok_or_else(|| self.of(rank).busy())?;
        Ok((Some(turn), self.enter(rank).await?))
    }

    /// How many who wanted to sign have been sent away since the start.
    #[must_use]
    pub fn shed(&self) -> u64 {
        self.of(Rank::Sign).shed() + self.of(Rank::Plain).shed()
    }
}

/// One lane: `width` requests in work, some more waiting in order, the rest told to come back.
///
/// How many may wait is a bound on memory; what keeps waits short is their length: where even the luckiest of a second
/// waited longer than the target, those who waited twice as long are sent away until somebody passes quickly again
/// (Nichols and Jacobson, "Controlling Queue Delay", 2012). A burst that drains is left alone.
#[derive(Debug)]
pub struct Lane {
    label: &'static str,
    width: usize,
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    waiting_max: usize,
    shed: AtomicU64,
    served: Arc<AtomicU64>,
    wait_max: Duration,
    /// Whether somebody waited lately; in calm times nothing is noted.
    stirred: AtomicBool,
    queue: Mutex<Queue>,
}

/// A place in a lane, given back when dropped.
#[derive(Debug)]
pub struct Permit {
    _place: OwnedSemaphorePermit,
    served: Arc<AtomicU64>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.served.fetch_add(1, Ordering::Relaxed);
    }
}

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
            width,
            places: Arc::new(Semaphore::new(width)),
            waiting: AtomicUsize::new(0),
            waiting_max: usize::try_from(waiting_max).unwrap_or(usize::MAX),
            shed: AtomicU64::new(0),
            served: Arc::default(),
            wait_max,
            stirred: AtomicBool::new(false),
            queue: Mutex::new(Queue::new(Instant::now())),
        }
    }

    /// The same lane, which sends people away when waits of this length stand.
    #[must_use]
    pub fn shedding(mut self, target: Duration) -> Self {
        self.queue.get_mut().unwrap_or_else(PoisonError::into_inner).target = Some(target);
        self
    }

    /// Takes a place, waiting in order of arrival.
    ///
    /// # Errors
    /// Too many wait already, or the wait lasted longer than the lane allows.
    pub async fn enter(&self) -> Result<Permit, Busy> {
        // A free place is taken at once; the semaphore hands none out past those who wait.
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            if self.stirred.load(Ordering::Relaxed) {
                self.note(Duration::ZERO);
            }
            return Ok(self.permit(place));
        }
        let _waiter = Waiter::join(&self.waiting, self.waiting_max).ok_or_else(|| self.busy())?;
        self.stirred.store(true, Ordering::Relaxed);
        let start = Instant::now();
        let acquired = tokio::time::timeout(self.wait_max, Arc::clone(&self.places).acquire_owned()).await;
        let is_too_long = self.note(start.elapsed());
        match acquired {
            Ok(Ok(place)) if !is_too_long => Ok(self.permit(place)),
            // Closed never happens: nothing closes the semaphore. Treated as full all the same.
            Ok(_) | Err(_) => Err(self.busy()),
        }
    }

    fn permit(&self, place: OwnedSemaphorePermit) -> Permit {
        Permit {
            _place: place,
            served: Arc::clone(&self.served),
        }
    }

    /// How long a newcomer would wait: from what others waited, up at once and down by half every 10 seconds; and from how
    /// many wait now and how many a second were served, which knows before anybody has waited long.
    #[must_use]
    pub fn delay(&self) -> Duration {
        let now = Instant::now();
        let (waiting, served) = (self.waiting(), self.served.load(Ordering::Relaxed));
        let mut queue = self.queue();
        let noted = queue.delay.at_time(now);
        let ahead = queue.rate.ahead(now, served, waiting);
        Duration::from_secs_f64(noted.max(ahead).min(self.wait_max.as_secs_f64()))
    }

    /// It cannot keep up: waits stand, or no more may wait.
    #[must_use]
    pub fn is_strained(&self) -> bool {
        if !self.stirred.load(Ordering::Relaxed) {
            return false;
        }
        self.waiting() >= self.waiting_max.max(1) || self.queue().is_standing(Instant::now())
    }

    /// How many wait now.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// How many are in work now.
    #[must_use]
    pub fn working(&self) -> usize {
        self.width.saturating_sub(self.places.available_permits())
    }

    /// How many may be in work, and how many may wait.
    #[must_use]
    pub fn room(&self) -> (usize, usize) {
        (self.width, self.waiting_max)
    }

    /// How many have been sent away since the start.
    #[must_use]
    pub fn shed(&self) -> u64 {
        self.shed.load(Ordering::Relaxed)
    }

    /// How many have been served since the start.
    #[must_use]
    pub fn served(&self) -> u64 {
        self.served.load(Ordering::Relaxed)
    }

    /// Name for metrics and logs.
    #[must_use]
    pub fn label(&self) -> &'static str {
        self.label
    }

    /// Whether who waited so long is to be sent away.
    fn note(&self, waited: Duration) -> bool {
        let mut queue = self.queue();
        let is_too_long = queue.note(Instant::now(), waited);
        if queue.is_calm() && self.waiting() == 0 {
            self.stirred.store(false, Ordering::Relaxed);
        }
        is_too_long
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn busy(&self) -> Busy {
        self.shed.fetch_add(1, Ordering::Relaxed);
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

/// What is known of a queue.
#[derive(Debug)]
struct Queue {
    delay: Delay,
    rate: Rate,
    /// The wait that may stand; `None`: any.
    target: Option<Duration>,
    /// End of the second that is looked at, and the shortest wait in it.
    until: Instant,
    least: Duration,
    standing: bool,
}

impl Queue {
    const SECOND: Duration = Duration::from_secs(1);
    /// Where a lane sheds nobody, waits of this length still say that it cannot keep up.
    const LONG: Duration = Duration::from_millis(500);

    fn new(now: Instant) -> Self {
        Self {
            delay: Delay { at: now, seconds: 0.0 },
            rate: Rate {
                at: now,
                served: 0,
                per_second: 0.0,
            },
            target: None,
            until: now + Self::SECOND,
            least: Duration::MAX,
            standing: false,
        }
    }

    /// Takes note of one who came to the front; whether the wait was too long.
    fn note(&mut self, now: Instant, waited: Duration) -> bool {
        self.delay.note(now, waited);
        if now >= self.until {
            self.standing = self.least != Duration::MAX && self.least > self.target.unwrap_or(Self::LONG);
            self.until = now + Self::SECOND;
            self.least = waited;
        } else {
            self.least = self.least.min(waited);
        }
        self.is_standing(now) && self.target.is_some_and(|target| waited > 2 * target)
    }

    /// Waits stand. What was seen is of no use when nobody came to the front since.
    fn is_standing(&self, now: Instant) -> bool {
        self.standing && now < self.until + 2 * Self::SECOND
    }

    fn is_calm(&self) -> bool {
        !self.standing && self.least.is_zero()
    }
}

/// How many a second are served.
#[derive(Debug)]
struct Rate {
    at: Instant,
    served: u64,
    per_second: f64,
}

impl Rate {
    /// Seconds until all who wait now are served.
    #[expect(clippy::cast_precision_loss, reason = "counts of requests")]
    fn ahead(&mut self, now: Instant, served: u64, waiting: usize) -> f64 {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        if passed >= 0.5 {
            let per_second = served.saturating_sub(self.served) as f64 / passed;
            // Half old, half new: one slow commit is not a slow disk. A quiet minute says nothing of what could be served.
            self.per_second = if self.per_second == 0.0 || waiting == 0 {
                per_second.max(self.per_second)
            } else {
                f64::midpoint(self.per_second, per_second)
            };
            (self.at, self.served) = (now, served);
        }
        if waiting == 0 || self.per_second == 0.0 {
            return 0.0;
        }
        waiting as f64 / self.per_second
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
#[path = "lane_tests.rs"]
mod tests;
