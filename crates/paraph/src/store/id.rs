//! Identifiers that sort by the time they were made.

use std::cell::RefCell;

use paraph_tally::Millis;
use zeroize::Zeroize;

/// Random bytes from the operating system.
///
/// They are fetched ahead, for each thread, as asking costs more than they do and a signature takes eight portions of them.
/// What was handed out is not kept.
///
/// # Panics
/// The system has no randomness to give; nothing safe can be done then.
#[must_use]
pub fn random<const N: usize>() -> [u8; N] {
    thread_local!(static AHEAD: RefCell<Ahead> = const { RefCell::new(Ahead { bytes: [0; AT_ONCE], left: 0 }) });
    let mut bytes = [0; N];
    AHEAD.with_borrow_mut(|ahead| ahead.fill(&mut bytes));
    bytes
}

/// Random bytes that are fetched together.
const AT_ONCE: usize = 512;

/// Random bytes that nobody has used yet: the first `left` ones.
struct Ahead {
    bytes: [u8; AT_ONCE],
    left: usize,
}

impl Ahead {
    fn fill(&mut self, out: &mut [u8]) {
        for part in out.chunks_mut(AT_ONCE) {
            if self.left < part.len() {
                getrandom::fill(&mut self.bytes).expect("the operating system gives random bytes");
                self.left = AT_ONCE;
            }
            let taken = self.left - part.len()..self.left;
            self.left = taken.start;
            part.copy_from_slice(&self.bytes[taken.clone()]);
            self.bytes[taken].zeroize();
        }
    }
}

/// 48 bits of milliseconds, then 80 random bits. Keys in this order are the largest lever on SQLite: rows of the same
/// minute share their pages. They stay inside: outside, a token hides both order and time.
#[must_use]
pub fn time_ordered(now: Millis) -> [u8; 16] {
    let mut id: [u8; 16] = random();
    id[..6].copy_from_slice(&now.0.to_be_bytes()[2..]);
    id
}

/// The smallest id that could have been made at `at`: everything below is older.
#[must_use]
pub fn first_at(at: Millis) -> [u8; 16] {
    let mut id = [0; 16];
    id[..6].copy_from_slice(&at.0.to_be_bytes()[2..]);
    id
}

/// When a time-ordered id was made.
#[must_use]
pub fn made_at(id: [u8; 16]) -> Millis {
    let mut millis = [0; 8];
    millis[2..].copy_from_slice(&id[..6]);
    Millis(u64::from_be_bytes(millis))
}

#[cfg(test)]
mod tests {
    use paraph_tally::Millis;

    use super::{AT_ONCE, first_at, made_at, random, time_ordered};

    #[test]
    fn no_random_byte_is_handed_out_twice() {
        let mut seen = std::collections::HashSet::new();
        for _ in 0..4 * AT_ONCE {
            assert!(seen.insert(random::<16>().to_vec()));
        }
        let many = random::<{ 3 * AT_ONCE }>();
        assert!(many.chunks(16).all(|portion| seen.insert(portion.to_vec())));
    }

    #[test]
    fn ids_sort_by_time() {
        let (early, late) = (Millis(1_795_375_402_123), Millis(1_795_375_402_124));
        assert!(time_ordered(early) < time_ordered(late));
        assert_eq!(made_at(time_ordered(early)), early);
        assert!(first_at(early) <= time_ordered(early) && time_ordered(early) < first_at(late));
    }
}
