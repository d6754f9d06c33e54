//! When our mail stood still: of those at home who signed in an hour, with mailboxes at large providers, how many confirmed
//! late. Every petition of the platform has the same mail.

use crate::baseline::Trait;
use crate::bounds::{LIFT, MAIL_HOURS};
use crate::record::{Record, Time, flag};

/// People of whom nothing is known weigh as many as these in an hour.
const UNKNOWN: f64 = 12.0;

/// One hour of signing.
#[derive(Clone, Copy, Default)]
struct Hour {
    number: u32,
    confirmed: u32,
    late: u32,
}

/// The hours of the window.
pub(crate) struct Mail(Vec<Hour>);

impl Mail {
    pub(crate) fn new() -> Self {
        Self(vec![Hour::default(); MAIL_HOURS])
    }

    /// Someone confirmed who is in no cluster.
    pub(crate) fn confirmed(&mut self, record: &Record) {
        if !record.is(flag::ACCESS) || !record.is(flag::COMMON_MAIL) {
            return;
        }
        let number = number(record.signed);
        let hour = &mut self.0[number as usize % MAIL_HOURS];
        if hour.number != number {
            *hour = Hour {
                number,
                ..Hour::default()
            };
        }
        hour.confirmed += 1;
        hour.late += u32::from(Trait::LongGap.holds(record));
    }

    /// Whether so many of those who signed about then confirmed late that it says nothing of anybody. By night few sign, so
    /// the hours before and after are asked as well.
    pub(crate) fn stood_still(&self, signed: Time) -> bool {
        let number = number(signed);
        let near = (number.saturating_sub(1)..=number + 1).map(|number| (number, self.0[number as usize % MAIL_HOURS]));
        let (confirmed, late) = near
            .filter(|(number, hour)| hour.number == *number)
            .fold((0, 0), |(confirmed, late), (_, hour)| {
                (confirmed + hour.confirmed, late + hour.late)
            });
        (f64::from(late) + 1.0) * LIFT >= f64::from(confirmed) + UNKNOWN
    }
}

fn number(at: Time) -> u32 {
    at.0 / 360_000
}
