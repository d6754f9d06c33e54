//! Who has asked for much is served behind who has asked for little.
//!
//! A thread of the server takes what is ready in the order in which it became ready, and each step of a connection (its
//! arrival, its head, its form, what the journal says) stands in that line anew: 300 connections that ask again as soon as
//! they are answered make each step of everybody wait for 300 answers. So a connection whose address has asked for more
//! than a visit takes is moved to other threads, of less weight, between two of its steps. The kernel lets those run while
//! the first ones have nothing to do, and a tenth of the time when these are never idle: nobody is refused, and as long as
//! there is room nobody is slower. It is the shortest of the multilevel queues that favour who has had least (Corbató 1962).

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::task::JoinSet;

use super::sketch::Sketch;
use super::source::Source;
use crate::clock;
use crate::limits::Limits;
use crate::telemetry;

/// An answer to somebody who never goes behind: put into its extensions. Members of the desk ask for a lot in a bad night.
#[derive(Clone, Copy, Debug)]
pub struct Ahead;

/// The threads behind, and who is served there.
pub struct Behind {
    asked: Sketch,
    few: f64,
    threads: Handle,
}

impl Behind {
    /// Connections of who asks for more than `limits.requests_ahead` a minute go to these threads.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    pub fn new(limits: &Limits, threads: Handle) -> Arc<Self> {
        Arc::new(Self {
            asked: Sketch::new(limits.budget_slots),
            few: limits.requests_ahead as f64,
            threads,
        })
    }

    /// Counts a request of this source, and says whether its next ones are served behind.
    pub(super) fn count(&self, source: &Source) -> bool {
        let (key, now) = (source.home(), clock::now());
        self.asked.count(&key, now);
        self.asked.rate(&key, now) >= self.few
    }

    /// Whether this source has asked for much already.
    pub(super) fn knows(&self, source: &Source) -> bool {
        self.asked.rate(&source.home(), clock::now()) >= self.few
    }

    /// Serves the rest of a connection on the threads behind; dropped, it is broken off there.
    pub(super) async fn serve(&self, rest: impl Future<Output = ()> + Send + 'static) {
        metrics::counter!(telemetry::CONNECTIONS_BEHIND).increment(1);
        let mut there = JoinSet::new();
        there.spawn_on(rest, &self.threads);
        there.join_next().await;
    }
}
