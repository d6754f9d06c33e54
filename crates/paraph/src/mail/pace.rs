//! How fast mail goes to one recipient domain, and when a failed one is tried again.
//!
//! A domain that suddenly gets a thousand mails from one sender refuses the next million. Each domain has a token
//! bucket; large mailbox providers, where most honest people are, have a larger one.

use std::collections::HashMap;

use super::Millis;

use crate::limits::Limits;

/// Mailbox providers that take more mail, because most people's mail is there. Public knowledge, not a judgement.
const PROVIDERS: &[&str] = &[
    "aol.com",
    "bbox.fr",
    "bluewin.ch",
    "free.fr",
    "gmail.com",
    "gmx.de",
    "gmx.fr",
    "gmx.net",
    "googlemail.com",
    "hotmail.co.uk",
    "hotmail.com",
    "hotmail.fr",
    "icloud.com",
    "laposte.net",
    "libero.it",
    "live.com",
    "live.fr",
    "mac.com",
    "me.com",
    "msn.com",
    "neuf.fr",
    "numericable.fr",
    "orange.fr",
    "outlook.com",
    "outlook.fr",
    "pm.me",
    "proton.me",
    "protonmail.com",
    "sfr.fr",
    "skynet.be",
    "t-online.de",
    "wanadoo.fr",
    "web.de",
    "yahoo.co.uk",
    "yahoo.com",
    "yahoo.fr",
    "ymail.com",
];

/// Part of a minute's mails that may go at once after a pause.
const BURST_DIVISOR: f64 = 6.0;

/// Token buckets by recipient domain. Owned by the one task that sends mail; bounded by `limits.mail_domains`.
#[derive(Debug)]
pub struct Pace {
    buckets: HashMap<String, Bucket>,
    domains: usize,
    per_minute: f64,
    provider_per_minute: f64,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    burst: f64,
    per_milli: f64,
    at: Millis,
}

impl Bucket {
    fn new(per_minute: f64, now: Millis) -> Self {
        let burst = (per_minute / BURST_DIVISOR).max(1.0);
        Self {
            tokens: burst,
            burst,
            per_milli: per_minute / 60_000.0,
            at: now,
        }
    }

    /// Tokens there at `now`; a clock set back gives none.
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds between two mails are far below 2^53"
    )]
    fn tokens_at(&self, now: Millis) -> f64 {
        let elapsed = now.0.saturating_sub(self.at.0) as f64;
        (self.tokens + elapsed * self.per_milli).min(self.burst)
    }

    /// Room left until the bucket is full: the fuller, the less is forgotten with it.
    fn room_at(&self, now: Millis) -> f64 {
        self.burst - self.tokens_at(now)
    }
}

impl Pace {
    /// Nothing sent yet.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "limits.rs keeps both rates far below 2^53")]
    pub fn new(limits: &Limits) -> Self {
        Self {
            buckets: HashMap::new(),
            domains: usize::try_from(limits.mail_domains).unwrap_or(usize::MAX),
            per_minute: limits.mail_per_minute as f64,
            provider_per_minute: limits.mail_provider_per_minute as f64,
        }
    }

    /// Takes a place for one mail to `domain` (lower case, ASCII form), if there is one now.
    ///
    /// # Errors
    /// Not yet; the time from which it is worth asking again.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a wait is positive and below a minute"
    )]
    pub fn ready(&mut self, domain: &str, now: Millis) -> Result<(), Millis> {
        if !self.buckets.contains_key(domain) {
            self.forget_the_least(now);
            let provider = PROVIDERS.binary_search(&domain).is_ok();
            let per_minute = if provider {
                self.provider_per_minute
            } else {
                self.per_minute
            };
            self.buckets.insert(domain.to_owned(), Bucket::new(per_minute, now));
        }
        let Some(bucket) = self.buckets.get_mut(domain) else {
            return Ok(());
        };
        let tokens = bucket.tokens_at(now);
        if tokens < 1.0 {
            let wait = ((1.0 - tokens) / bucket.per_milli).ceil() as u64;
            return Err(Millis(now.0 + wait.max(1)));
        }
        (bucket.tokens, bucket.at) = (tokens - 1.0, now);
        Ok(())
    }

    /// Makes room for one more domain by dropping the bucket nearest to full. Forgetting only ever forgives.
    fn forget_the_least(&mut self, now: Millis) {
        if self.buckets.len() < self.domains {
            return;
        }
        let fullest = self
            .buckets
            .iter()
            .min_by(|(_, a), (_, b)| a.room_at(now).total_cmp(&b.room_at(now)));
        if let Some(domain) = fullest.map(|(domain, _)| domain.clone()) {
            self.buckets.remove(&domain);
        }
    }
}

/// What follows a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Try again from this time on.
    RetryAt(Millis),
    /// It has failed for three days: tell nobody, keep the contribution until it expires.
    GiveUp,
}

/// Shortest and longest wait between two attempts, in seconds.
const BACKOFF_SECONDS: (u64, u64) = (60, 6 * 60 * 60);
/// How long a mail is tried.
const TRIED_FOR: Millis = Millis(3 * 24 * 60 * 60 * 1000);

/// Seconds until the next attempt after `attempts` failed ones (from 1): doubling from a minute to six hours, spread by
/// `jitter` (any number; only its remainder is used) so that a mail server that comes back is not met by everything at once.
#[must_use]
pub fn backoff(attempts: u32, jitter: u64) -> u64 {
    let (shortest, longest) = BACKOFF_SECONDS;
    let ceiling = shortest.saturating_mul(1 << attempts.clamp(1, 20)).min(longest);
    let half = ceiling / 2;
    (half + jitter % (half + 1)).max(shortest)
}

/// Decides about a mail that was first tried at `first_tried` and has now failed for the `attempts`-th time.
#[must_use]
pub fn after_failure(first_tried: Millis, attempts: u32, jitter: u64, now: Millis) -> Next {
    let at = Millis(now.0 + backoff(attempts, jitter) * 1000);
    if at.0.saturating_sub(first_tried.0) > TRIED_FOR.0 {
        Next::GiveUp
    } else {
        Next::RetryAt(at)
    }
}

#[cfg(test)]
mod tests {
    use super::{BACKOFF_SECONDS, Millis, Next, PROVIDERS, Pace, TRIED_FOR, after_failure, backoff};
    use crate::limits::Limits;

    /// Mails that leave in one minute when everything goes as early as it may.
    fn sent_in_a_minute(pace: &mut Pace, domain: &str) -> u64 {
        let (mut now, mut sent) = (Millis(1_000_000), 0);
        let end = Millis(now.0 + 60_000);
        while now.0 < end.0 {
            match pace.ready(domain, now) {
                Ok(()) => sent += 1,
                Err(at) => now = at,
            }
        }
        sent
    }

    #[test]
    fn a_domain_gets_its_rate_and_a_provider_more() {
        let limits = Limits {
            mail_per_minute: 60,
            mail_provider_per_minute: 600,
            ..Limits::default()
        };
        let mut pace = Pace::new(&limits);
        assert!(
            (65..=71).contains(&sent_in_a_minute(&mut pace, "example.org")),
            "a burst of ten, then one a second"
        );
        assert!(sent_in_a_minute(&mut pace, PROVIDERS[0]) > 600);
        assert!(PROVIDERS.is_sorted(), "looked up by halves");
    }

    #[test]
    fn ten_thousand_domains_take_bounded_room_and_the_busy_one_stays_paced() {
        let limits = Limits {
            mail_domains: 64,
            mail_per_minute: 60,
            ..Limits::default()
        };
        let mut pace = Pace::new(&limits);
        let now = Millis(5);
        while pace.ready("busy.example", now).is_ok() {}
        for other in 0..10_000 {
            assert_eq!(pace.ready(&format!("{other}.example"), now), Ok(()));
        }
        assert!(pace.buckets.len() <= 64);
        assert!(pace.ready("busy.example", now).is_err());
    }

    #[test]
    fn a_failing_mail_is_tried_less_and_less_and_given_up_after_three_days() {
        for attempts in 0..70 {
            for jitter in [0, 1, 12_345, u64::MAX] {
                assert!((BACKOFF_SECONDS.0..=BACKOFF_SECONDS.1).contains(&backoff(attempts, jitter)));
            }
        }
        let (first, mut now, mut attempts) = (Millis(1), Millis(1), 0);
        while let Next::RetryAt(at) = after_failure(first, attempts + 1, 7 * u64::from(attempts), now) {
            (now, attempts) = (at, attempts + 1);
        }
        assert!(
            now.0 - first.0 <= TRIED_FOR.0 && (15..60).contains(&attempts),
            "{attempts}"
        );
    }
}
