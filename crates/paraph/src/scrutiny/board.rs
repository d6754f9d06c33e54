//! What scrutiny has looked at, for whoever settles and for whoever watches.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use paraph_tally::{Millis, SignatureId};

/// What was looked at, and who of it is not to settle now.
#[derive(Debug, Default)]
pub struct Checked {
    /// Position of the last entry of the journal that was looked at.
    position: u64,
    /// Its time.
    at: Millis,
    /// Confirmed, and held, about to be held, or waiting.
    withheld: HashSet<SignatureId>,
}

impl Checked {
    pub(super) fn new(position: u64, at: Millis, withheld: HashSet<SignatureId>) -> Self {
        Self { position, at, withheld }
    }

    /// Up to when a confirmation may settle, of those that are due by `due`, in a journal that ends at `end`. What was not
    /// looked at waits: confirmations of the last entry's own time may lie behind it.
    #[must_use]
    pub fn settles_up_to(&self, due: Millis, end: u64) -> Millis {
        if self.position >= end {
            due
        } else {
            due.min(Millis(self.at.0.saturating_sub(1)))
        }
    }

    /// Whether a signature that was looked at may settle.
    #[must_use]
    pub fn passes(&self, id: SignatureId) -> bool {
        !self.withheld.contains(&id)
    }
}

/// Where the latest of it hangs. One that nobody writes to lets nothing settle.
#[derive(Debug, Default)]
pub struct Board {
    checked: ArcSwap<Checked>,
    /// When the end of the journal was last reached, milliseconds UTC.
    caught_up: AtomicU64,
    /// Members of clusters that wait because the holds of this hour are used up.
    over_cap: AtomicU64,
}

impl Board {
    /// One that begins now: as long as nothing has been looked at it counts as behind from here on.
    #[must_use]
    pub fn new(now: Millis) -> Self {
        Self {
            caught_up: AtomicU64::new(now.0),
            ..Self::default()
        }
    }

    /// What has been looked at by now.
    #[must_use]
    pub fn checked(&self) -> Arc<Checked> {
        self.checked.load_full()
    }

    /// Seconds since the end of the journal was last reached. A thread that is gone falls behind too.
    #[must_use]
    pub fn behind_seconds(&self, now: Millis) -> u64 {
        now.0.saturating_sub(self.caught_up.load(Ordering::Relaxed)) / 1000
    }

    /// Members of clusters that wait for a person, because the holds of this hour are used up.
    #[must_use]
    pub fn over_cap(&self) -> u64 {
        self.over_cap.load(Ordering::Relaxed)
    }

    /// The end of the journal was reached, and nothing is different.
    pub(super) fn nothing_new(&self, now: Millis) {
        self.caught_up.store(now.0, Ordering::Relaxed);
    }

    pub(super) fn publish(&self, checked: Checked, over_cap: u64, now: Millis) {
        self.checked.store(Arc::new(checked));
        self.over_cap.store(over_cap, Ordering::Relaxed);
        self.caught_up.store(now.0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_looked_at_waits() {
        let (one, two) = (SignatureId([1; 16]), SignatureId([2; 16]));
        let board = Board::new(Millis(500));
        assert_eq!(board.checked().settles_up_to(Millis(900), 3), Millis(0));
        board.publish(Checked::new(3, Millis(800), HashSet::from([two])), 7, Millis(1_000));
        let checked = board.checked();
        assert_eq!(checked.settles_up_to(Millis(900), 3), Millis(900));
        assert_eq!(checked.settles_up_to(Millis(900), 4), Millis(799));
        assert!(checked.passes(one) && !checked.passes(two));
        assert_eq!((board.over_cap(), board.behind_seconds(Millis(4_000))), (7, 3));
    }
}
