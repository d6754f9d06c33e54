//! What one connection is doing, as far as making room for others is concerned.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Poll, Waker};
use std::time::Duration;

use futures_util::task::AtomicWaker;
use tokio::time::Instant;

/// Shared by a connection, its requests, and [`super::places::Places`], which may ask it to leave.
#[derive(Debug)]
pub(super) struct Seat {
    began: Instant,
    /// Nanoseconds after `began`, and whether a request has been in work since, or the client was waited for.
    since: AtomicU64,
    leaving: AtomicBool,
    waker: AtomicWaker,
    behind: AtomicBool,
    moved: AtomicBool,
}

/// What a connection has been doing, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    /// It waits for its client, who has asked for nothing.
    Waiting(Instant),
    /// A request is read, answered, or its answer sent.
    Working(Instant),
}

const WORKING: u64 = 1 << 63;

/// Hardly an answer of ours takes so long: what is in work for longer waits for its client too.
const AT_MOST_OURS: Duration = Duration::from_secs(2);

impl Seat {
    /// Of a connection that has just come.
    pub(super) fn new() -> Arc<Self> {
        Self::since(Instant::now())
    }

    /// The same, of one that came at this moment.
    pub(super) fn since(began: Instant) -> Arc<Self> {
        Arc::new(Self {
            began,
            since: AtomicU64::new(0),
            leaving: AtomicBool::new(false),
            waker: AtomicWaker::new(),
            behind: AtomicBool::new(false),
            moved: AtomicBool::new(false),
        })
    }

    /// A request is there.
    pub(super) fn works(&self) {
        self.since.store(self.passed() | WORKING, Ordering::Relaxed);
    }

    /// The last request is over.
    pub(super) fn waits(&self) {
        self.since.store(self.passed(), Ordering::Relaxed);
    }

    pub(super) fn doing(&self) -> Doing {
        let since = self.since.load(Ordering::Relaxed);
        let at = self.began + Duration::from_nanos(since & !WORKING);
        match since & WORKING {
            0 => Doing::Waiting(at),
            _ => Doing::Working(at),
        }
    }

    /// When the connection came.
    pub(super) fn began(&self) -> Instant {
        self.began
    }

    /// For how long it has kept its place for nothing; `None` if it is at work, or asked to leave already.
    pub(super) fn idle(&self, now: Instant) -> Option<Duration> {
        if self.leaving.load(Ordering::Relaxed) {
            return None;
        }
        match self.doing() {
            Doing::Waiting(since) => Some(now.saturating_duration_since(since)),
            Doing::Working(since) => {
                Some(now.saturating_duration_since(since)).filter(|worked| *worked >= AT_MOST_OURS)
            }
        }
    }

    /// Its place is needed for somebody else.
    pub(super) fn ask_to_leave(&self) {
        self.leaving.store(true, Ordering::Relaxed);
        self.waker.wake();
    }

    #[cfg(test)]
    pub(super) fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::Relaxed)
    }

    /// Ends when it was asked to.
    pub(super) async fn asked_to_leave(&self) {
        // A connection is polled several times for each request, nearly always by the same task.
        let mut known: Option<Waker> = None;
        std::future::poll_fn(|context| {
            let waker = context.waker();
            if !known.as_ref().is_some_and(|known| known.will_wake(waker)) {
                self.waker.register(waker);
                known = Some(waker.clone());
            }
            match self.leaving.load(Ordering::Relaxed) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
    }

    /// From its next step on it is served behind others.
    pub(super) fn go_behind(&self) {
        self.behind.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_behind(&self) -> bool {
        self.behind.load(Ordering::Relaxed)
    }

    /// It runs on the threads behind from now on.
    pub(super) fn moves(&self) {
        self.moved.store(true, Ordering::Relaxed);
    }

    pub(super) fn has_moved(&self) -> bool {
        self.moved.load(Ordering::Relaxed)
    }

    /// Ends at the first step of the connection, which is polled before this and in the same task, after which that is so.
    pub(super) async fn goes_behind(&self) {
        std::future::poll_fn(|_| match self.is_behind() {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
    }

    fn passed(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX) & !WORKING
    }
}
