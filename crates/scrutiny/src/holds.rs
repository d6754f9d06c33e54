//! How many are held without a person: a cap for any hour, whenever it begins.

use std::collections::VecDeque;

use crate::bounds::{HOLDS_PER_HOUR, HOLDS_RESERVED};
use crate::record::Time;

/// The hour over which holds are counted, in seconds: any hour, whenever it begins.
const HOUR: f64 = 3600.0;

/// Holds without a person, of the last hour.
pub(crate) struct Holds {
    pub(crate) cap: u64,
    given: VecDeque<(Time, u64)>,
}

impl Default for Holds {
    fn default() -> Self {
        Self {
            cap: HOLDS_PER_HOUR,
            given: VecDeque::new(),
        }
    }
}

impl Holds {
    /// One entry a moment, so an hour of looks at the most.
    pub(crate) fn give(&mut self, now: Time, holds: u64) {
        while self.given.front().is_some_and(|(when, _)| is_over(*when, now)) {
            self.given.pop_front();
        }
        match self.given.back_mut() {
            Some((when, given)) if *when == now => *given += holds,
            _ if holds > 0 => self.given.push_back((now, holds)),
            _ => {}
        }
    }

    /// How many more may be given now to whom the count has.
    pub(crate) fn left(&self, now: Time) -> u64 {
        let of_this_hour = self.given.iter().filter(|(when, _)| !is_over(*when, now));
        self.cap.saturating_sub(of_this_hour.map(|(_, given)| given).sum())
    }

    /// How many of these to whom it does not have: they wait outside, held or not.
    pub(crate) fn left_outside(&self, now: Time) -> u64 {
        self.left(now).saturating_sub(self.cap / 1000 * HOLDS_RESERVED)
    }
}

fn is_over(when: Time, now: Time) -> bool {
    now.seconds_since(when) >= HOUR
}
