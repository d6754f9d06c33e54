//! Counts of the minute that runs and of the one before, for any number of keys, in memory of one size.
//!
//! A count-min sketch in lines of one cache line each: a key has one line, and in it one of two counters in each of four
//! rows. It reads the smallest of its four, so it may read too high when very many keys are held, never too low.
//! Measured with 131,072 columns, 4 MiB, what a key never counted reads at p99: 2 after 100,000 other keys, 11 after a million,
//! 87 after ten million; a quarter of the smallest budget is 120.
//! `pingora-limits` would do the counting too, in twice the memory, eight cache lines a look, and with a clock of its own;
//! here time is a parameter, nothing is wiped when a minute ends, and a calm server holds a sixteenth of the memory.
//!
//! It begins with one page of lines and doubles while the keys of a minute are more than an eighth of its lines. The new half
//! begins as a copy of the old one: every key finds in its new line what was counted in the old, so growing never reads too low.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock};

use paraph_tally::Millis;

/// Rows of counters; a key has one in each.
const ROWS: usize = 4;
/// Most lines that are allocated together, 256 KiB: enough for 512 keys a minute, and few enough pages that where they are
/// stays in the nearest cache.
const PAGE: usize = 4096;
/// Lines for each key of a minute, as long as there are more pages: one stranger in a hundred then meets somebody in all rows.
const LINES_A_KEY: usize = 8;

/// A cache line: two counters in each row.
#[derive(Default)]
#[repr(align(64))]
struct Line([AtomicU64; 2 * ROWS]);

/// What was counted of one key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    minute: u64,
    running: u64,
    before: u64,
}

impl Counts {
    /// Bits of a counter and of the minute in a cell: 4 million a minute, and a minute that comes again after two years.
    const COUNT: u32 = 22;
    const MOST: u64 = (1 << Self::COUNT) - 1;
    const MINUTES: u64 = 1 << (64 - 2 * Self::COUNT);

    /// As of `minute`: what was counted before the minute before is forgotten, also when the clock was set back.
    pub(super) fn at(self, minute: u64) -> Self {
        let minute = minute % Self::MINUTES;
        let (running, before) = if self.minute == minute {
            (self.running, self.before)
        } else if (self.minute + 1) % Self::MINUTES == minute {
            (0, self.running)
        } else {
            (0, 0)
        };
        Self {
            minute,
            running,
            before,
        }
    }

    pub(super) fn one_more(self) -> Self {
        let running = (self.running + 1).min(Self::MOST);
        Self { running, ..self }
    }

    /// How many in the last 60 seconds, the minute before taken as even.
    #[expect(clippy::cast_precision_loss, reason = "22 bits")]
    pub(super) fn rate(self, now: Millis) -> f64 {
        let elapsed = (now.0 % 60_000) as f64 / 60_000.0;
        self.running as f64 + self.before as f64 * (1.0 - elapsed)
    }

    fn packed(self) -> u64 {
        self.minute << (2 * Self::COUNT) | self.running << Self::COUNT | self.before
    }

    fn unpacked(cell: u64) -> Self {
        Self {
            minute: cell >> (2 * Self::COUNT),
            running: cell >> Self::COUNT & Self::MOST,
            before: cell & Self::MOST,
        }
    }
}

/// The minute of an instant.
pub(super) fn minute(now: Millis) -> u64 {
    now.0 / 60_000
}

/// See the head of this file.
pub(super) struct Sketch {
    hasher: RandomState,
    /// Allocated when they come into use.
    pages: Box<[OnceLock<Box<[Line]>>]>,
    /// Lines of a page.
    lines: usize,
    /// Pages in use, the first ones: a power of two, or all.
    used: AtomicUsize,
    /// Keys that were new to the minute that runs, and that minute.
    fresh: AtomicU64,
    /// Who counts, all at once; or who doubles the pages, alone.
    growing: RwLock<()>,
}

impl Sketch {
    /// `columns` counters in each of four rows, 32 bytes a column.
    pub(super) fn new(columns: u64) -> Self {
        let all = usize::try_from(columns / 2).unwrap_or(usize::MAX).max(1);
        let lines = all.min(PAGE);
        // A page has one partner at each doubling.
        let pages = 1 << (all / lines).ilog2();
        Self {
            hasher: RandomState::new(),
            pages: std::iter::repeat_with(OnceLock::new).take(pages).collect(),
            lines,
            used: AtomicUsize::new(1),
            fresh: AtomicU64::new(0),
            growing: RwLock::default(),
        }
    }

    /// What was counted of this key, or more.
    pub(super) fn read(&self, key: &impl Hash, now: Millis) -> Counts {
        let minute = minute(now);
        let (page, line, rows) = self.place(key);
        let Some(page) = self.pages[page].get() else {
            return Counts::default().at(minute);
        };
        let cells = rows.map(|cell| Counts::unpacked(page[line].0[cell].load(Ordering::Relaxed)).at(minute));
        let least = |part: fn(&Counts) -> u64| cells.iter().map(part).min().unwrap_or(0);
        Counts {
            running: least(|counts| counts.running),
            before: least(|counts| counts.before),
            ..cells[0]
        }
    }

    /// How many of this key in the last 60 seconds, or more.
    pub(super) fn rate(&self, key: &impl Hash, now: Millis) -> f64 {
        self.read(key, now).rate(now)
    }

    /// Counts one.
    pub(super) fn count(&self, key: &impl Hash, now: Millis) {
        let minute = minute(now);
        let counting = self.growing.read().unwrap_or_else(PoisonError::into_inner);
        let (page, line, rows) = self.place(key);
        let page = self.pages[page].get_or_init(|| std::iter::repeat_with(Line::default).take(self.lines).collect());
        let mut is_fresh = false;
        for cell in rows {
            let counted = |cell| Some(Counts::unpacked(cell).at(minute).one_more().packed());
            let cell = &page[line].0[cell];
            let before = cell.fetch_update(Ordering::Relaxed, Ordering::Relaxed, counted);
            // The closure always gives a value: this cannot fail.
            is_fresh |= before.is_ok_and(|before| Counts::unpacked(before).at(minute).running == 0);
        }
        drop(counting);
        let used = self.used.load(Ordering::Relaxed);
        if is_fresh && used < self.pages.len() && self.fresh_keys(minute) > used * self.lines / LINES_A_KEY {
            self.grow(used);
        }
    }

    /// Notes one more key that is new to this minute. How many there are.
    fn fresh_keys(&self, minute: u64) -> usize {
        const KEYS: u32 = 32;
        let noted = |fresh: u64| match fresh >> KEYS == minute {
            true => fresh + 1,
            false => minute << KEYS | 1,
        };
        let before = self
            .fresh
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |fresh| Some(noted(fresh)));
        let now = before.map_or(0, noted) & ((1 << KEYS) - 1);
        usize::try_from(now).unwrap_or(usize::MAX)
    }

    /// Doubles the pages in use, unless somebody else did. Whoever reads meanwhile reads the old ones, which stay as they are.
    fn grow(&self, used: usize) {
        let _alone = self.growing.write().unwrap_or_else(PoisonError::into_inner);
        if self.used.load(Ordering::Relaxed) != used {
            return;
        }
        let (old, new) = self.pages.split_at(used);
        for (old, new) in old.iter().zip(new) {
            let Some(old) = old.get() else { continue };
            let copied = old
                .iter()
                .map(|line| Line(line.0.each_ref().map(|cell| cell.load(Ordering::Relaxed).into())));
            // Nobody else makes pages while this lock is held.
            new.get_or_init(|| copied.collect());
        }
        self.used.store(2 * used, Ordering::Release);
    }

    /// Page, line in it, and the four cells of a key. The hash is keyed anew at each start: nobody can choose whom to meet.
    #[expect(clippy::cast_possible_truncation, reason = "bits of a hash, each used once")]
    fn place(&self, key: &impl Hash) -> (usize, usize, [usize; ROWS]) {
        let hash = self.hasher.hash_one(key);
        let page = (hash >> 32) as usize % self.used.load(Ordering::Acquire);
        let line = (hash >> 8) as usize % self.lines;
        let rows = std::array::from_fn(|row| 2 * row + (hash >> row) as usize % 2);
        (page, line, rows)
    }

    /// Bytes that counters take now; never more than 32 a column.
    pub(super) fn bytes(&self) -> usize {
        let pages = self.pages.iter().filter(|page| page.get().is_some()).count();
        pages * self.lines * size_of::<Line>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = Millis(4_102_444_800_000);

    #[test]
    fn it_never_reads_too_low_and_hardly_too_high() {
        let sketch = Sketch::new(65_536);
        for key in 0..100_000_u32 {
            for _ in 0..=key % 3 {
                sketch.count(&key, NOW);
            }
        }
        let mut over: Vec<u64> = (0..100_000_u32)
            .map(|key| sketch.read(&key, NOW).running - u64::from(key % 3 + 1))
            .collect();
        over.sort_unstable();
        assert!(over[99_000] <= 8, "{}", over[99_000]);
        let strangers = (200_000..210_000_u32).map(|key| sketch.read(&key, NOW).running);
        assert!(strangers.filter(|read| *read > 8).count() < 100);
        assert!(sketch.bytes() <= 65_536 * 32);
    }

    #[test]
    fn it_grows_with_the_keys_of_a_minute_and_loses_nothing_on_the_way() {
        let sketch = Sketch::new(65_536);
        let page = PAGE * size_of::<Line>();
        (0..500_u32).for_each(|key| sketch.count(&key, NOW));
        assert_eq!(sketch.bytes(), page, "few keys, one page");
        let later = Millis(NOW.0 + 60_000);
        (0..500_u32).for_each(|key| sketch.count(&key, later));
        assert_eq!(sketch.bytes(), page, "the same keys again");
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for key in 0..40_000_u32 {
                        sketch.count(&key, later);
                        sketch.count(&"shared", later);
                    }
                });
            }
        });
        assert_eq!(sketch.bytes(), 65_536 * 32, "many keys, all of it");
        assert!(sketch.read(&"shared", later).running >= 160_000);
        let all_there = |key: u32| sketch.read(&key, later).running >= 4 + u64::from(key < 500);
        assert!((0..40_000).all(all_there));
    }

    #[test]
    fn a_minute_passes_into_the_one_before_and_then_away() {
        let sketch = Sketch::new(1024);
        assert_eq!(sketch.bytes(), 0, "nothing counted, nothing held");
        for _ in 0..10 {
            sketch.count(&"key", NOW);
        }
        let rate = |seconds: u64| sketch.rate(&"key", Millis(NOW.0 + 1000 * seconds));
        assert_eq!(
            [rate(0), rate(59), rate(60), rate(90), rate(120)],
            [10.0, 10.0, 10.0, 5.0, 0.0]
        );
        sketch.count(&"key", Millis(NOW.0 + 90_000));
        assert_eq!(rate(90), 6.0);
        assert_eq!(
            sketch.rate(&"key", Millis(NOW.0 - 7_200_000)),
            0.0,
            "a clock set back starts anew"
        );
    }
}
