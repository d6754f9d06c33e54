//! Where the drill's wall-clock time comes from, and how it reads the server's.

use jiff::Timestamp;

/// Milliseconds since 1970, UTC. Only compared with the times that the server prints.
#[must_use]
pub(crate) fn now() -> i64 {
    Timestamp::now().as_millisecond()
}

/// Reads an RFC 3339 time as the server prints it (`2026-11-22T19:23:22.123Z`).
#[must_use]
pub(crate) fn parse(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
}

/// Prints a time of day, UTC, to the second.
#[must_use]
pub(crate) fn time_of_day(at: i64) -> String {
    let text = Timestamp::from_millisecond(at).unwrap_or_default().to_string();
    text.get(11..19).unwrap_or("--:--:--").to_owned()
}
