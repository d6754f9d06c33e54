//! Who has asked for much is served behind who has asked for little.
//!
//! A thread of the server takes what is ready in the order in which it became ready, and each step of a connection (its
//! arrival, its head, its form, what the journal says) stands in that line anew: 300 connections that ask again as soon as
//! they are answered make each step of everybody wait for 300 answers. So a connection whose address has asked for more
//! than a visit takes is moved to other threads, of less weight, between two of its steps. The kernel lets those run while
//! the first ones have nothing to do, and a tenth of the time when these are never idle: nobody is refused, and as long as
//! there is room nobody is slower. It is the shortest of the multilevel queues that favour who has had least (Corbató 1962).
//! How much a visit takes is a bucket of each home: some requests at once, and so many more a minute.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use tokio::runtime::Handle;
use tokio::task::JoinSet;

use super::source::Source;
use crate::limits::Limits;
use crate::telemetry;

/// An answer to somebody who never goes behind: put into its extensions. Members of the desk ask for a lot in a bad night.
#[derive(Clone, Copy, Debug)]
pub struct Ahead;

/// The threads behind, and who is served there.
pub struct Behind {
    buckets: Buckets,
    threads: Handle,
}

impl Behind {
    /// Connections of who asks for more than `limits.requests_ahead` at once and `limits.requests_ahead_a_minute` go to these
    /// threads.
    #[must_use]
    pub fn new(limits: &Limits, threads: Handle) -> Arc<Self> {
        let buckets = Buckets::new(limits.requests_ahead, limits.requests_ahead_a_minute);
        Arc::new(Self { buckets, threads })
    }

    /// Counts a request of this source, and says whether its next ones are served behind.
    pub(super) fn count(&self, source: &Source) -> bool {
        self.buckets.take(source, self.buckets.now())
    }

    /// Whether this source has asked for much already.
    pub(super) fn knows(&self, source: &Source) -> bool {
        self.buckets.is_empty(source, self.buckets.now())
    }

    /// Serves the rest of a connection on the threads behind; dropped, it is broken off there.
    pub(super) async fn serve(&self, rest: impl Future<Output = ()> + Send + 'static) {
        metrics::counter!(telemetry::CONNECTIONS_BEHIND).increment(1);
        let mut there = JoinSet::new();
        there.spawn_on(rest, &self.threads);
        there.join_next().await;
    }
}

/// Buckets of a rate, one number each: when the bucket will be full again (the generic cell rate algorithm, ITU-T I.371). A home has
/// one in each of two rows, and the fuller one counts: who shares one with somebody who asks for much has another.
struct Buckets {
    began: Instant,
    hasher: RandomState,
    rows: [Box<[AtomicU64]>; 2],
    /// Milliseconds in which one request comes back, and all of them.
    one: u64,
    all: u64,
}

/// Buckets of a row, half a megabyte: with 4,000 homes that ask for much, four others in a thousand find both of theirs shared.
const BUCKETS: usize = 1 << 16;

impl Buckets {
    fn new(at_once: u64, a_minute: u64) -> Self {
        let one = (60_000 / a_minute.max(1)).max(1);
        let row = || std::iter::repeat_with(AtomicU64::default).take(BUCKETS).collect();
        Self {
            began: Instant::now(),
            hasher: RandomState::new(),
            rows: [row(), row()],
            one,
            all: at_once * one,
        }
    }

    /// Milliseconds since the start, whatever the clock of the machine is set to.
    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Takes one out, and says whether none is left.
    fn take(&self, source: &Source, now: u64) -> bool {
        let cells = self.cells(source);
        for cell in cells {
            // Two at the same instant may take one: what is at stake is a place in a line.
            let full = cell.load(Ordering::Relaxed).max(now) + self.one;
            cell.store(full.min(now + self.all), Ordering::Relaxed);
        }
        self.are_empty(cells, now)
    }

    fn is_empty(&self, source: &Source, now: u64) -> bool {
        self.are_empty(self.cells(source), now)
    }

    fn are_empty(&self, cells: [&AtomicU64; 2], now: u64) -> bool {
        let is_empty = |cell: &AtomicU64| cell.load(Ordering::Relaxed) + self.one > now + self.all;
        cells.into_iter().all(is_empty)
    }

    /// The hash is keyed anew at each start: nobody can choose whose bucket to use up.
    #[expect(clippy::cast_possible_truncation, reason = "bits of a hash, each used once")]
    fn cells(&self, source: &Source) -> [&AtomicU64; 2] {
        let hash = self.hasher.hash_one(source.home());
        let [first, second] = &self.rows;
        [
            &first[hash as usize % BUCKETS],
            &second[(hash >> 32) as usize % BUCKETS],
        ]
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    #[test]
    fn so_many_at_once_and_so_many_more_a_minute() {
        let buckets = Buckets::new(16, 30);
        let [busy, other] = [1, 2].map(|last| Source::direct(SocketAddr::from(([198, 51, 100, last], 1))));
        let left = |from: u64| (0..).take_while(|_| !buckets.take(&busy, from)).count() + 1;
        assert_eq!(left(5_000), 16);
        assert!(buckets.is_empty(&busy, 6_999) && !buckets.is_empty(&busy, 7_000));
        assert!(!buckets.is_empty(&other, 5_000));
        assert_eq!(left(7_000), 1, "one each two seconds");
        assert_eq!(
            left(67_000),
            16,
            "and no more than sixteen at once, however long it was still"
        );
    }
}
