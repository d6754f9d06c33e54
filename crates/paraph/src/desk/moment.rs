//! A time as a form has it: by the clock on the wall, or with an offset of its own.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

/// Why a time says no moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// It is none.
    NoTime,
    /// Clocks were put forward, over it.
    Lost,
    /// Clocks were put back, and showed it twice.
    Twice,
}

/// The moment, in milliseconds. Which of two moments was meant, a verdict must not guess.
pub(super) fn read(typed: &str, zone: &TimeZone) -> Result<u64, Wrong> {
    let stamp = match typed.parse::<Timestamp>() {
        Ok(stamp) => stamp,
        // An offset that cannot be read must not be taken for none.
        Err(_)
            if typed
                .get(10..)
                .is_some_and(|time| time.contains(['+', '-', 'Z', 'z', '['])) =>
        {
            return Err(Wrong::NoTime);
        }
        Err(_) => by_the_clock(typed.parse().map_err(|_| Wrong::NoTime)?, zone)?,
    };
    u64::try_from(stamp.as_millisecond()).map_err(|_| Wrong::NoTime)
}

fn by_the_clock(shown: DateTime, zone: &TimeZone) -> Result<Timestamp, Wrong> {
    match zone.to_ambiguous_timestamp(shown).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(shown).map_err(|_| Wrong::NoTime),
        AmbiguousOffset::Gap { .. } => Err(Wrong::Lost),
        AmbiguousOffset::Fold { .. } => Err(Wrong::Twice),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::tz::TimeZone;

    use super::{Wrong, read};

    #[test]
    fn a_time_is_that_of_the_wall_or_of_its_own_offset_and_never_one_of_two() {
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("a zone");
        let at = |text: &str| {
            let at: Timestamp = text.parse().expect("a moment");
            Ok(u64::try_from(at.as_millisecond()).expect("of this age"))
        };
        for (typed, moment) in [
            ("2026-11-22T03:41", at("2026-11-22T02:41:00Z")),
            ("2026-11-22 03:41:30", at("2026-11-22T02:41:30Z")),
            ("2026-07-22T03:41", at("2026-07-22T01:41:00Z")),
            ("2026-11-22T03:41Z", at("2026-11-22T03:41:00Z")),
            ("2026-11-22T03:41+05:30", at("2026-11-21T22:11:00Z")),
            ("2026-03-29T01:59", at("2026-03-29T00:59:00Z")),
            ("2026-03-29T02:30", Err(Wrong::Lost)),
            ("2026-10-25T02:30", Err(Wrong::Twice)),
            ("2026-10-25T02:30+02:00", at("2026-10-25T00:30:00Z")),
            ("2026-10-25T03:00", at("2026-10-25T02:00:00Z")),
            ("2026-11-22T03:41+99:00", Err(Wrong::NoTime)),
            ("2026-11-22T25:00", Err(Wrong::NoTime)),
            ("1960-01-01T00:00", Err(Wrong::NoTime)),
            ("22/11/2026 03:41", Err(Wrong::NoTime)),
            ("03:41", Err(Wrong::NoTime)),
        ] {
            assert_eq!(read(typed, &zone), moment, "{typed}");
        }
    }
}
