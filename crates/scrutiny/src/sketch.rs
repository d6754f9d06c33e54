//! First sights: how often a key came up within the last one to two days, never too few.

use crate::bounds::SKETCH_CELLS;
use crate::record::Time;

const DAY: f64 = 24.0 * 3600.0;

/// Two generations of small counters. The younger one is filled; when it is a day old, or half full, it becomes the older.
pub(crate) struct Sketch {
    young: Vec<u8>,
    old: Vec<u8>,
    since: Time,
    filled: usize,
}

impl Sketch {
    pub(crate) fn new() -> Self {
        Self {
            young: vec![0; SKETCH_CELLS],
            old: vec![0; SKETCH_CELLS],
            since: Time::default(),
            filled: 0,
        }
    }

    /// Counts one sight and says how many there were, this one included.
    pub(crate) fn see(&mut self, key: u64, now: Time) -> u8 {
        if now.seconds_since(self.since) > DAY || self.filled > SKETCH_CELLS / 2 {
            std::mem::swap(&mut self.young, &mut self.old);
            self.young.fill(0);
            (self.since, self.filled) = (now, 0);
        }
        // Both cells lie in one line of the processor's cache.
        let line = (key as usize % (SKETCH_CELLS / 64)) * 64;
        let cells = [line + (key >> 52) as usize % 64, line + (key >> 40) as usize % 64];
        let count = |cells_of: &[u8]| cells_of[cells[0]].min(cells_of[cells[1]]);
        let seen = count(&self.young).saturating_add(1);
        for cell in cells {
            // Raised to what is known and no higher: others who share the cell are not counted along.
            if self.young[cell] < seen {
                self.filled += usize::from(self.young[cell] == 0);
                self.young[cell] = seen;
            }
        }
        seen.saturating_add(count(&self.old))
    }

    pub(crate) fn bytes(&self) -> usize {
        self.young.capacity() + self.old.capacity()
    }
}
