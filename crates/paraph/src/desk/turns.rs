//! One request of an address at a time, for who has not logged in: whoever knocks often waits for themselves, and the queue
//! at the desk's door is never longer than there are addresses in it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as Queue, OwnedMutexGuard};

use crate::admit::source::{Prefix, Source};

/// Longest wait behind others of the same address; after that they are told to come back.
const PATIENCE: Duration = Duration::from_secs(10);

/// The addresses that are at the door now. As large as there are requests in work, which the listener bounds.
#[derive(Default)]
pub struct Turns(Mutex<HashMap<Prefix, Arc<Queue<()>>>>);

/// The turn of one request, given back when dropped.
pub struct Turn<'t> {
    turns: &'t Turns,
    prefix: Prefix,
    held: Option<OwnedMutexGuard<()>>,
}

impl Turns {
    /// Waits until no other request of this address (IPv4 address, or IPv6 /56) is at the door; `None` where that takes too long.
    pub async fn take(&self, source: &Source) -> Option<Turn<'_>> {
        let prefix = source.site().unwrap_or_else(|| source.narrow());
        let queue = Arc::clone(self.now().entry(prefix).or_default());
        let mut turn = Turn {
            turns: self,
            prefix,
            held: None,
        };
        turn.held = tokio::time::timeout(PATIENCE, queue.lock_owned()).await.ok();
        turn.held.is_some().then_some(turn)
    }

    fn now(&self) -> MutexGuard<'_, HashMap<Prefix, Arc<Queue<()>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
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
        let (turns, here) = (Turns::default(), source(1));
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
}
