//! First sights: how often a key came up within the last one to two days, never too few.

use crate::bounds::{FIRST_SIGHT, SKETCH_CELLS};
use crate::record::Time;

const DAY: f64 = 24.0 * 3600.0;

/// Cells of one generation in a line.
const CELLS: usize = 64;

/// A cell counts to here and no further: a value that came up so often is watched.
const MOST: u8 = FIRST_SIGHT;

/// Four bits hold it.
const _: () = assert!(MOST < 16);

/// The same 64 cells of both generations, four bits each: one line of the processor's cache, so that a look costs one.
#[derive(Clone, Copy, Default)]
#[repr(align(64))]
struct Line([[u64; CELLS / 16]; 2]);

impl Line {
    fn get(&self, generation: usize, cell: usize) -> u8 {
        (self.0[generation][cell / 16] >> (cell % 16 * 4) & 15) as u8
    }

    fn raise(&mut self, generation: usize, cell: usize, from: u8, to: u8) {
        self.0[generation][cell / 16] += u64::from(to - from) << (cell % 16 * 4);
    }
}

/// Two generations of small counters. The younger one is filled; when it is a day old, or half full, it becomes the older.
pub(crate) struct Sketch {
    /// Empty until something is seen: a platform without visitors pays nothing.
    lines: Vec<Line>,
    young: usize,
    since: Time,
    filled: usize,
}

impl Sketch {
    pub(crate) fn new() -> Self {
        Self {
            lines: Vec::new(),
            young: 0,
            since: Time::default(),
            filled: 0,
        }
    }

    /// Counts one sight and says how many there were, this one included; what is more than enough to be watched may be
    /// said to be less.
    pub(crate) fn see(&mut self, key: u64, now: Time) -> u8 {
        if self.lines.is_empty() {
            self.lines = vec![Line::default(); SKETCH_CELLS / CELLS];
        }
        if now.seconds_since(self.since) > DAY || self.filled > SKETCH_CELLS / 2 {
            self.young = 1 - self.young;
            for line in &mut self.lines {
                line.0[self.young] = Default::default();
            }
            (self.since, self.filled) = (now, 0);
        }
        let young = self.young;
        let line = &mut self.lines[key as usize % (SKETCH_CELLS / CELLS)];
        let cells = [(key >> 52) as usize % CELLS, (key >> 40) as usize % CELLS];
        let count = |line: &Line, generation| line.get(generation, cells[0]).min(line.get(generation, cells[1]));
        let seen = (count(line, young) + 1).min(MOST);
        for cell in cells {
            // Raised to what is known and no higher: others who share the cell are not counted along.
            let known = line.get(young, cell);
            if known < seen {
                self.filled += usize::from(known == 0);
                line.raise(young, cell, known, seen);
            }
        }
        seen + count(line, 1 - young)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.lines.len() * size_of::<Line>()
    }
}
