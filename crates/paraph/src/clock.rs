//! The only clock of the program.

use paraph_tally::Millis;

/// What time it is: wall clock, milliseconds since 1970 UTC.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that decides what now is"
)]
pub fn now() -> Millis {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    Millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
