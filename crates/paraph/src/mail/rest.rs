//! When mail rests because we ourselves cannot go on: the store cannot be read, or no descriptors are left.
//!
//! Such a trouble meets every mail alike. Tried one after another at once, a full outbox would fail within seconds, each with a
//! line in the log; so all of them wait, and one by one asks whether it is over. Pure: the time is a parameter.

use std::time::Duration;

use tokio::time::Instant;

use crate::store::db::DbError;

/// The first pause; each further one is twice as long.
const FIRST: Duration = Duration::from_millis(250);

/// Whether mail rests.
#[derive(Debug)]
pub(super) struct Rest {
    longest: Duration,
    failures: u32,
    until: Option<Instant>,
}

impl Rest {
    /// It does not. `longest` is the ceiling of a pause, in seconds (`limits.mail_rest_seconds`).
    pub(super) fn new(longest: u64) -> Self {
        Self {
            longest: Duration::from_secs(longest),
            failures: 0,
            until: None,
        }
    }

    /// How long nothing is to be tried yet.
    pub(super) fn left(&self, now: Instant) -> Option<Duration> {
        let left = self.until?.saturating_duration_since(now);
        (!left.is_zero()).then_some(left)
    }

    /// Whether it is not known yet that the trouble is over: one mail at a time is enough to ask.
    pub(super) fn is_on(&self) -> bool {
        self.failures > 0
    }

    /// Takes in what became of a mail; `None` if it could not even be prepared. Told when that begins, and when it is over.
    pub(super) fn heard<T>(&mut self, done: Result<T, DbError>, now: Instant) -> Option<T> {
        match done {
            Ok(outcome) => {
                if self.went_well() {
                    tracing::info!("mails can be prepared again");
                }
                Some(outcome)
            }
            Err(error) => {
                if self.failed(now) {
                    tracing::warn!(%error, "a mail could not be prepared; all mail waits, and one is tried now and then");
                }
                None
            }
        }
    }

    /// Something could not be done. Those that were in work together failed once. Whether this is news.
    fn failed(&mut self, now: Instant) -> bool {
        if self.left(now).is_some() {
            return false;
        }
        let pause = FIRST.saturating_mul(1 << self.failures.min(20)).min(self.longest);
        self.failures = self.failures.saturating_add(1);
        self.until = Some(now + pause);
        self.failures == 1
    }

    /// Something went well. Whether this is news.
    fn went_well(&mut self) -> bool {
        let is_news = self.failures > 0;
        (self.failures, self.until) = (0, None);
        is_news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An hour of a store that cannot be read, with four letters in work at once: how often one was tried, how often it is told.
    #[test]
    fn a_trouble_of_our_own_is_met_less_and_less_and_told_once() {
        let mut rest = Rest::new(60);
        let start = Instant::now();
        let (mut now, mut tried, mut told) = (start, 0, 0);
        let mut after_twelve_seconds = 0;
        while now < start + Duration::from_secs(3600) && tried < 1000 {
            if let Some(left) = rest.left(now) {
                now += left;
                continue;
            }
            for _ in 0..if rest.is_on() { 1 } else { 4 } {
                tried += 1;
                told += u32::from(rest.failed(now));
            }
            if now < start + Duration::from_secs(12) {
                after_twelve_seconds = tried;
            }
        }
        assert_eq!(told, 1);
        assert!(
            (4..=10).contains(&after_twelve_seconds),
            "{after_twelve_seconds} in 12 s"
        );
        assert!((60..=80).contains(&tried), "{tried} in an hour");
        assert!(
            rest.went_well() && !rest.went_well(),
            "that it is over is told once too"
        );
        assert!(rest.left(now).is_none() && !rest.is_on());
        assert!(rest.failed(now), "the next one is news again");
        assert_eq!(rest.left(now), Some(FIRST));
    }
}
