//! Identifiers that sort by the time they were made.

use paraph_tally::Millis;

/// Random bytes from the operating system.
///
/// # Panics
/// The system has no randomness to give; nothing safe can be done then.
#[must_use]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
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

    use super::{first_at, made_at, time_ordered};

    #[test]
    fn ids_sort_by_time() {
        let (early, late) = (Millis(1_795_375_402_123), Millis(1_795_375_402_124));
        assert!(time_ordered(early) < time_ordered(late));
        assert_eq!(made_at(time_ordered(early)), early);
        assert!(first_at(early) <= time_ordered(early) && time_ordered(early) < first_at(late));
    }
}
