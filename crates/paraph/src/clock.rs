//! The one place that decides what time it is.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use paraph_tally::Millis;

/// Wall clock, UTC, in milliseconds since 1970. A clock before 1970 reads as 0.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one caller of the system clock")]
pub fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// A moment as RFC 3339 in UTC with milliseconds, for example `2026-11-22T19:23:22.123Z`.
#[must_use]
pub fn rfc3339(at: Millis) -> String {
    let millis = i64::try_from(at.0).unwrap_or(i64::MAX);
    let moment = Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX);
    format!("{moment:.3}")
}

#[cfg(test)]
mod tests {
    use paraph_tally::Millis;

    #[test]
    fn moments_are_written_with_milliseconds() {
        assert_eq!(super::rfc3339(Millis(0)), "1970-01-01T00:00:00.000Z");
        assert_eq!(super::rfc3339(Millis(1_795_375_402_120)), "2026-11-22T19:23:22.120Z");
    }
}
