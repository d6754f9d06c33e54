//! Amounts as people type them: rates, spans of time.

use std::time::Duration;

use crate::limits::{DRILL_LONGEST, DRILL_RATE_MOST};

/// Signatures a second of a rehearsal.
pub(super) fn drill_rate(text: &str) -> Result<f64, String> {
    let refusal = || format!("between 0 and {DRILL_RATE_MOST} a second");
    let rate: f64 = text.parse().map_err(|_| refusal())?;
    // No comparison holds for what is not a number.
    if (0.0..=f64::from(DRILL_RATE_MOST)).contains(&rate) {
        Ok(rate)
    } else {
        Err(refusal())
    }
}

/// How long a rehearsal lasts.
pub(super) fn drill_duration(text: &str) -> Result<Duration, String> {
    let duration = duration(text)?;
    if (Duration::from_secs(1)..=DRILL_LONGEST).contains(&duration) {
        Ok(duration)
    } else {
        Err(format!("between 1s and {}h", DRILL_LONGEST.as_secs() / 3600))
    }
}

/// Seconds, or with a unit.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|unit: char| unit.is_ascii_alphabetic());
    let seconds = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return Err("units are s, m and h".to_owned()),
    };
    let count: u64 = digits.parse().map_err(|_| "write it as in 90s, 10m or 2h".to_owned())?;
    count
        .checked_mul(seconds)
        .map(Duration::from_secs)
        .ok_or_else(|| "too long".to_owned())
}
