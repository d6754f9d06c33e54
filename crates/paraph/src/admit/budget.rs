//! Budgets per address and prefix, in bounded memory. They price first and refuse last: addresses are cheap to rent
//! and, behind a carrier's NAT, shared by thousands of honest people.

use std::sync::atomic::{AtomicU64, Ordering};

use paraph_tally::Millis;
use pingora_limits::estimator::Estimator;

use super::retry_after;
use super::source::{Prefix, Source};
use crate::limits::Limits;

/// What a request asks for. Each purpose has a budget of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A challenge.
    Challenge,
    /// A form with a ticket.
    Ticket,
    /// A signature sent.
    Sign,
    /// A link that turned out to be unknown: somebody guesses tokens. Known links cost nothing, as mail scanners open
    /// thousands of them from a few addresses.
    Miss,
}

impl Purpose {
    /// Name for metrics and logs.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Challenge => "challenge",
            Self::Ticket => "ticket",
            Self::Sign => "sign",
            Self::Miss => "miss",
        }
    }
}

/// How much of its budget a source uses, from 0 (a quarter or less) to 1 (all of it).
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Pressure(f64);

impl Pressure {
    /// Below this share of its budget a source is in no way special.
    const FREE: f64 = 0.25;

    /// From the share of a budget that is used.
    #[must_use]
    pub fn of_share(share: f64) -> Self {
        Self(((share - Self::FREE) / (1.0 - Self::FREE)).clamp(0.0, 1.0))
    }

    /// The higher of two.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self(self.0.max(other.0))
    }

    /// A value between `floor` (no pressure) and `ceiling` (all of it).
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and ceiling - floor"
    )]
    #[expect(clippy::cast_precision_loss, reason = "prices are small numbers")]
    pub fn between(self, floor: u64, ceiling: u64) -> u64 {
        floor + (self.0 * ceiling.saturating_sub(floor) as f64).round() as u64
    }

    /// In hundredths, for records.
    #[must_use]
    pub fn percent(self) -> u8 {
        u8::try_from(self.between(0, 100)).unwrap_or(100)
    }
}

/// The source has used its budget up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many from this network, try again in {retry_after} s")]
pub struct SlowDown {
    /// Seconds, jittered.
    pub retry_after: u64,
}

/// All budgets.
pub struct Budgets {
    challenge: Budget,
    ticket: Budget,
    sign: Budget,
    miss: Budget,
}

impl Budgets {
    /// Budgets as `limits` says.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        let budget = |narrow, wide| Budget {
            narrow,
            wide,
            window: Window::new(limits.budget_slots),
        };
        Self {
            challenge: budget(limits.budget_challenge, limits.budget_challenge_wide),
            ticket: budget(limits.budget_ticket, limits.budget_ticket_wide),
            sign: budget(limits.budget_sign, limits.budget_sign_wide),
            miss: budget(limits.budget_miss, limits.budget_miss_wide),
        }
    }

    /// How much of its budget the source uses. Counts nothing.
    #[must_use]
    pub fn pressure(&self, purpose: Purpose, source: &Source, now: Millis) -> Pressure {
        Pressure::of_share(self.budget(purpose).share(source, now))
    }

    fn check(&self, purpose: Purpose, source: &Source, now: Millis) -> Result<Pressure, SlowDown> {
        let share = self.budget(purpose).share(source, now);
        if share < 1.0 {
            return Ok(Pressure::of_share(share));
        }
        metrics::counter!("paraph_budget_refused_total", "purpose" => purpose.label()).increment(1);
        Err(SlowDown {
            retry_after: retry_after(10),
        })
    }

    /// Counts one, if the source has budget left.
    ///
    /// What is refused is not counted: one who hammers behind a shared address takes its budget, but cannot keep it
    /// closed. Nor do refused floods of ever new /64 networks fill the counters, as their /48 refuses them first.
    ///
    /// # Errors
    /// The budget is used up.
    pub fn charge(&self, purpose: Purpose, source: &Source, now: Millis) -> Result<Pressure, SlowDown> {
        let pressure = self.check(purpose, source, now)?;
        self.budget(purpose).count(source);
        Ok(pressure)
    }
}

impl Budgets {
    fn budget(&self, purpose: Purpose) -> &Budget {
        match purpose {
            Purpose::Challenge => &self.challenge,
            Purpose::Ticket => &self.ticket,
            Purpose::Sign => &self.sign,
            Purpose::Miss => &self.miss,
        }
    }
}

/// One budget: how many a minute, for an address and for the network around it.
struct Budget {
    narrow: u64,
    wide: u64,
    window: Window,
}

impl Budget {
    /// The used share of the tighter of the two.
    #[expect(clippy::cast_precision_loss, reason = "budgets are small numbers")]
    fn share(&self, source: &Source, now: Millis) -> f64 {
        let narrow = self.window.rate(source.narrow(), now) / self.narrow as f64;
        let wide = self.window.rate(source.wide(), now) / self.wide as f64;
        narrow.max(wide)
    }

    fn count(&self, source: &Source) {
        self.window.count(source.narrow());
        self.window.count(source.wide());
    }
}

/// Counts of the minute that runs and of the one before, in two count-min sketches: it may read too high when it holds
/// very many keys (FACTS: by 18 at a million), never too low.
///
/// `pingora_limits::rate::Rate` is the same with a clock of its own; here time is a parameter.
pub(super) struct Window {
    slots: [Estimator; 2],
    minute: AtomicU64,
}

impl Window {
    const HASHES: usize = 4;

    pub(super) fn new(columns: u64) -> Self {
        let columns = usize::try_from(columns).unwrap_or(usize::MAX);
        Self {
            slots: [
                Estimator::new(Self::HASHES, columns),
                Estimator::new(Self::HASHES, columns),
            ],
            minute: AtomicU64::new(0),
        }
    }

    /// Events of this key in the last 60 seconds, the minute before taken as even.
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    pub(super) fn rate(&self, key: Prefix, now: Millis) -> f64 {
        let minute = self.turn_to(now.0 / 60_000);
        let running = self.slot(minute).get(key).max(0) as f64;
        let before = self.slot(minute + 1).get(key).max(0) as f64;
        let elapsed = (now.0 % 60_000) as f64 / 60_000.0;
        running + before * (1.0 - elapsed)
    }

    pub(super) fn count(&self, key: Prefix) {
        self.slot(self.minute.load(Ordering::Acquire)).incr(key, 1);
    }

    /// Makes `minute` the running one. One thread wipes; a count that falls into the wiping is lost, which is harmless.
    fn turn_to(&self, minute: u64) -> u64 {
        let running = self.minute.load(Ordering::Acquire);
        if running == minute {
            return minute;
        }
        if self
            .minute
            .compare_exchange(running, minute, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
        {
            self.slot(minute).reset();
            // After a gap, or when the clock was set back, the other one is not the minute before either.
            if minute != running + 1 {
                self.slot(minute + 1).reset();
            }
        }
        minute
    }

    fn slot(&self, minute: u64) -> &Estimator {
        &self.slots[usize::from(minute % 2 == 1)]
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    const NOW: u64 = 4_102_444_800_000;

    fn source(addr: &str) -> Source {
        Source::direct(SocketAddr::new(addr.parse().expect("address"), 1))
    }

    fn budgets() -> Budgets {
        Budgets::new(&Limits {
            budget_slots: 4096,
            ..Limits::default()
        })
    }

    #[test]
    fn a_thousand_people_behind_one_carrier_address_sign_within_ten_minutes() {
        let (budgets, nat) = (budgets(), source("100.64.0.1"));
        for person in 0..1000 {
            // Two in five come in the first two minutes, as after a broadcast.
            let at = if person < 400 {
                person * 300
            } else {
                120_000 + (person - 400) * 800
            };
            budgets
                .charge(Purpose::Challenge, &nat, Millis(NOW + at))
                .expect("challenge");
            budgets
                .charge(Purpose::Sign, &nat, Millis(NOW + at))
                .expect("signature");
        }
    }

    #[test]
    fn prices_rise_before_anyone_is_refused_and_an_hour_later_all_is_forgotten() {
        let (budgets, busy) = (budgets(), source("198.51.100.1"));
        let mut last = Pressure::default();
        for _ in 0..240 {
            let pressure = budgets
                .charge(Purpose::Sign, &busy, Millis(NOW))
                .expect("within budget");
            assert!(pressure >= last);
            last = pressure;
        }
        assert!(last.between(1000, 3000) > 2950);
        let refused = budgets.charge(Purpose::Sign, &busy, Millis(NOW)).expect_err("used up");
        assert!((10..=20).contains(&refused.retry_after));
        budgets
            .charge(Purpose::Challenge, &busy, Millis(NOW))
            .expect("another purpose");
        budgets
            .charge(Purpose::Sign, &source("198.51.100.2"), Millis(NOW))
            .expect("a neighbour");
        budgets
            .charge(Purpose::Sign, &busy, Millis(NOW + 90_000))
            .expect("half of the minute before");
        assert_eq!(
            budgets
                .pressure(Purpose::Sign, &busy, Millis(NOW + 3_600_000))
                .percent(),
            0
        );
    }

    #[test]
    fn rotating_through_a_48_or_a_24_is_bounded_by_the_wide_budget() {
        let budgets = budgets();
        let accepted = |addr: &dyn Fn(u64) -> String| {
            (0..4000)
                .filter(|&n| budgets.charge(Purpose::Sign, &source(&addr(n)), Millis(NOW)).is_ok())
                .count()
        };
        assert_eq!(accepted(&|n| format!("2001:db8:1:{n:x}::1")), 960);
        assert_eq!(accepted(&|n| format!("203.0.113.{}", n % 256)), 960);
        assert_eq!(
            accepted(&|n| format!("2001:db8:2:3::{n:x}")),
            240,
            "one /64 is one address"
        );
    }

    #[test]
    fn a_clock_set_back_neither_locks_out_nor_panics() {
        let (budgets, busy) = (budgets(), source("198.51.100.1"));
        while budgets.charge(Purpose::Sign, &busy, Millis(NOW)).is_ok() {}
        budgets
            .charge(Purpose::Sign, &busy, Millis(NOW - 7_200_000))
            .expect("counts start anew");
    }
}
