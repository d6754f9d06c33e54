//! A few requests of an address at a time: whoever asks often waits for themselves, outside of the lane that they ask for, and
//! the queue in that lane is never longer than there are addresses in it, times those few.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::source::{Prefix, Source};

/// The addresses that have requests in one lane now, or wait for it. As many as there are requests in work, which the listener
/// bounds.
#[derive(Debug)]
pub(super) struct Turns {
    each: usize,
    patience: Duration,
    now: Mutex<HashMap<Prefix, Arc<Semaphore>>>,
}

/// The turn of one request, given back when dropped.
#[derive(Debug)]
pub struct Turn {
    turns: Arc<Turns>,
    prefix: Prefix,
    held: Option<OwnedSemaphorePermit>,
}

impl Turns {
    /// `each` requests of an address at once; the next ones wait for at most `patience`.
    pub(super) fn new(each: u64, patience: Duration) -> Arc<Self> {
        Arc::new(Self {
            each: usize::try_from(each).unwrap_or(1).clamp(1, Semaphore::MAX_PERMITS),
            patience,
            now: Mutex::default(),
        })
    }

    /// The turn of a request of this address (IPv4 address, or IPv6 /56, the network of one home), in order of arrival; `None` where
    /// that takes too long.
    pub(super) async fn take(self: &Arc<Self>, source: &Source) -> Option<Turn> {
        let prefix = source.site().unwrap_or_else(|| source.narrow());
        let queue = || Arc::new(Semaphore::new(self.each));
        let queue = Arc::clone(self.now().entry(prefix).or_insert_with(queue));
        let mut turn = Turn {
            turns: Arc::clone(self),
            prefix,
            held: None,
        };
        turn.held = match Arc::clone(&queue).try_acquire_owned() {
            Ok(held) => Some(held),
            Err(_) => tokio::time::timeout(self.patience, queue.acquire_owned())
                .await
                .ok()?
                .ok(),
        };
        turn.held.is_some().then_some(turn)
    }

    fn now(&self) -> MutexGuard<'_, HashMap<Prefix, Arc<Semaphore>>> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut now = self.turns.now();
        // The next one of this address is called by this; it has the queue in hand.
        self.held = None;
        let is_last = now.get(&self.prefix).is_some_and(|queue| Arc::strong_count(queue) == 1);
        if is_last {
            now.remove(&self.prefix);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use futures_util::FutureExt;

    use super::*;

    fn source(last: u8) -> Source {
        Source::direct(SocketAddr::from(([198, 51, 100, last], 1)))
    }

    #[tokio::test]
    async fn each_address_waits_for_itself_and_leaves_nothing_behind() {
        let (turns, here) = (Turns::new(1, Duration::from_secs(5)), source(1));
        let first = turns.take(&here).await.expect("nobody else");
        let mut second = Box::pin(turns.take(&here));
        assert!((&mut second).now_or_never().is_none(), "behind the first");
        drop(turns.take(&source(2)).await.expect("another address"));
        drop(first);
        let second = second.await.expect("the first has gone");
        // One who goes away while waiting leaves the queue to the others.
        assert!(Box::pin(turns.take(&here)).now_or_never().is_none());
        drop(second);
        drop(turns.take(&here).await.expect("nobody else"));
        assert!(turns.now().is_empty());
    }

    #[tokio::test]
    async fn so_many_of_an_address_and_no_wait_without_end() {
        let (turns, here) = (Turns::new(2, Duration::from_millis(10)), source(1));
        let held = (turns.take(&here).await, turns.take(&here).await);
        assert!(held.0.is_some() && held.1.is_some());
        assert!(turns.take(&here).await.is_none(), "sent away after a while");
        drop(held);
        assert!(turns.now().is_empty());
    }
}
