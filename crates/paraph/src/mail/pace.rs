//! How fast mail goes to one recipient domain, and when a failed one is tried again.
//!
//! A domain that suddenly gets a thousand mails from one sender refuses the next million. Each domain has a token
//! bucket; large mailbox providers, where most honest people are, have a larger one.

use std::collections::HashMap;
use std::time::Duration;

use super::Millis;
use super::transport::DeliveryError;
use crate::intake::command::MailOutcome;
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

/// What is known of each recipient domain: how much it was sent, whether it takes mail now, and what became of it. In
/// memory, bounded by `limits.mail_domains`; a restart forgets it, and asks a domain that takes nothing once more. What
/// must not be forgotten, when each mail is tried again, is in the store.
#[derive(Debug)]
pub struct Pace {
    domains: HashMap<String, Domain>,
    /// What was counted of domains that had to be forgotten.
    forgotten: Counted,
    most: usize,
    at_once: u32,
    per_minute: f64,
    provider_per_minute: f64,
}

#[derive(Debug)]
struct Domain {
    tokens: f64,
    burst: f64,
    per_milli: f64,
    at: Millis,
    /// The last place in line that was given: when that mail comes back.
    line: Millis,
    /// Mails being handed over.
    in_hand: u32,
    /// Times in a row that it took nothing.
    failures: u32,
    rests_until: Millis,
    counted: Counted,
    /// Tags of addresses, as many as it takes for the domain to be nobody's own.
    addresses: Vec<[u8; 16]>,
}

/// What became of mail to a domain, since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Taken by the mail server.
    pub sent: u64,
    /// Put off by it.
    pub deferred: u64,
    /// Refused for good when it was handed over.
    pub refused: u64,
    /// Came back later.
    pub returned: u64,
}

impl Counted {
    fn add(&mut self, other: Self) {
        self.sent += other.sent;
        self.deferred += other.deferred;
        self.refused += other.refused;
        self.returned += other.returned;
    }
}

/// What became of one mail that was handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handed {
    /// It was taken.
    Sent,
    /// The domain takes nothing now.
    Deferred,
    /// That mailbox takes nothing.
    Refused,
    /// It says nothing of the domain: our own mail server was away, or the mail could not be written.
    Unknown,
}

impl Handed {
    /// What an attempt to hand over says of the domain.
    #[must_use]
    pub fn of(outcome: &Result<(), DeliveryError>) -> Self {
        match outcome {
            Ok(()) => Self::Sent,
            Err(DeliveryError::Deferred(_)) => Self::Deferred,
            Err(DeliveryError::Permanent(_)) => Self::Refused,
            Err(DeliveryError::Temporary(_)) => Self::Unknown,
        }
    }
}

/// One line of the deliverability page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The domain; `None` for all that are not named.
    pub domain: Option<String>,
    /// What became of its mail.
    pub counted: Counted,
    /// Times in a row that it took nothing.
    pub failures: u32,
    /// When it is asked again, if it is left alone now.
    pub rests_until: Option<Millis>,
}

/// Addresses from which on a domain is named: below, it may be a person's own, and its name a person's name.
const SHARED_BY: usize = 10;
/// Domains that are named; the rest are "other".
const NAMED: usize = 20;
/// Shortest and longest rest of a domain that takes nothing, in seconds.
const REST_SECONDS: (u64, u64) = (30, 60 * 60);

impl Domain {
    fn new(per_minute: f64, now: Millis) -> Self {
        let burst = (per_minute / BURST_DIVISOR).max(1.0);
        Self {
            tokens: burst,
            burst,
            per_milli: per_minute / 60_000.0,
            at: now,
            line: now,
            in_hand: 0,
            failures: 0,
            rests_until: Millis(0),
            counted: Counted::default(),
            addresses: Vec::new(),
        }
    }

    /// Forgets times that have not come yet: they were written down while the clock was ahead. Without this a domain would
    /// get no mail for as long as that was.
    fn set_back(&mut self, now: Millis) {
        let ahead = self.at.0.saturating_sub(now.0);
        self.line = Millis(self.line.0.saturating_sub(ahead));
        self.at = self.at.min(now);
        if self.rests_until.0 > now.0 + 2 * REST_SECONDS.1 * 1000 {
            self.rests_until = now;
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

    /// A place in line, not before `earliest`: whoever is put off comes back when it is its turn, and not all of them
    /// when the next one may go. Ten thousand mails to one domain would ask ten times a second each.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a mail a minute at least"
    )]
    fn in_line(&mut self, earliest: Millis) -> Millis {
        let apart = (1.0 / self.per_milli).ceil() as u64;
        self.line = earliest.max(Millis(self.line.0 + apart));
        self.line
    }

    /// What would be lost with it: mail in hand, a rest, then room left until the bucket is full.
    fn worth(&self, now: Millis) -> (bool, bool, f64) {
        (
            self.in_hand > 0,
            self.rests_until.0 > now.0,
            self.burst - self.tokens_at(now),
        )
    }
}

impl Pace {
    /// Nothing sent yet.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "limits.rs keeps both rates far below 2^53")]
    pub fn new(limits: &Limits) -> Self {
        Self {
            domains: HashMap::new(),
            forgotten: Counted::default(),
            most: usize::try_from(limits.mail_domains).unwrap_or(usize::MAX),
            // Half of the connections: a domain that keeps them waiting leaves the other half to the rest.
            at_once: u32::try_from(limits.mail_connections / 2).unwrap_or(1).max(1),
            per_minute: limits.mail_per_minute as f64,
            provider_per_minute: limits.mail_provider_per_minute as f64,
        }
    }

    /// Takes a place for one mail to `domain` (lower case, ASCII form), if there is one now. Whoever got one says with
    /// [`Pace::done`] what became of it. `jitter` is any number; only its remainder is used.
    ///
    /// # Errors
    /// Not yet; the time from which it is worth asking again.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a wait is positive and below a minute"
    )]
    pub fn ready(&mut self, domain: &str, now: Millis, jitter: u64) -> Result<(), Millis> {
        let at_once = self.at_once;
        let known = self.domain(domain, now);
        if known.rests_until.0 > now.0 {
            // Spread over as long a time again: what waited does not come back in one wave.
            let rest = rest(known.failures, jitter) * 1000;
            return Err(Millis(known.rests_until.0 + jitter % rest));
        }
        // After a rest, one mail asks for all.
        let at_once = if known.failures > 0 { 1 } else { at_once };
        (known.tokens, known.at) = (known.tokens_at(now), now);
        if known.in_hand >= at_once {
            return Err(known.in_line(Millis(now.0 + 1000)));
        }
        if known.tokens < 1.0 {
            let wait = ((1.0 - known.tokens) / known.per_milli).ceil() as u64;
            return Err(known.in_line(Millis(now.0 + wait.max(1))));
        }
        known.tokens -= 1.0;
        known.in_hand += 1;
        Ok(())
    }

    /// What became of a mail that had a place, and the tag of its address.
    pub fn done(&mut self, domain: &str, address: [u8; 16], handed: Handed, now: Millis, jitter: u64) {
        let known = self.domain(domain, now);
        known.in_hand = known.in_hand.saturating_sub(1);
        if known.addresses.len() < SHARED_BY && !known.addresses.contains(&address) {
            known.addresses.push(address);
        }
        match handed {
            Handed::Sent => {
                known.counted.sent += 1;
                known.failures = 0;
            }
            Handed::Refused => {
                known.counted.refused += 1;
                known.failures = 0;
            }
            Handed::Deferred => {
                known.counted.deferred += 1;
                // Mails that were in hand together failed once.
                if known.rests_until.0 <= now.0 {
                    known.failures += 1;
                    known.rests_until = Millis(now.0 + rest(known.failures, jitter) * 1000);
                }
            }
            Handed::Unknown => {}
        }
    }

    /// A letter came back from a domain; only one that is known is counted, as a report may name any.
    pub fn returned(&mut self, domain: &str) {
        if let Some(known) = self.domains.get_mut(domain) {
            known.counted.returned += 1;
        }
    }

    /// The busiest domains that are nobody's own, busiest first, then all others as one; and how many rest.
    #[must_use]
    pub fn lines(&self, now: Millis) -> (Vec<Line>, u64) {
        let busy = |counted: &Counted| counted.sent + counted.deferred + counted.refused + counted.returned;
        let mut named: Vec<_> = self
            .domains
            .iter()
            .filter(|(_, known)| known.addresses.len() >= SHARED_BY)
            .collect();
        named.sort_unstable_by_key(|(name, known)| (std::cmp::Reverse(busy(&known.counted)), name.as_str()));
        named.truncate(NAMED);
        let mut other = self.forgotten;
        for (name, known) in &self.domains {
            if !named.iter().any(|(shown, _)| *shown == name) {
                other.add(known.counted);
            }
        }
        let resting = |known: &Domain| (known.rests_until.0 > now.0).then_some(known.rests_until);
        let lines = named.iter().map(|(name, known)| Line {
            domain: Some((*name).clone()),
            counted: known.counted,
            failures: known.failures,
            rests_until: resting(known),
        });
        let other = Line {
            domain: None,
            counted: other,
            failures: 0,
            rests_until: None,
        };
        let lines = lines.chain([other]).collect();
        let all_resting = self.domains.values().filter(|known| resting(known).is_some()).count();
        (lines, all_resting as u64)
    }

    fn domain(&mut self, name: &str, now: Millis) -> &mut Domain {
        if !self.domains.contains_key(name) {
            self.forget_the_least(now);
        }
        let provider = PROVIDERS.binary_search(&name).is_ok();
        let per_minute = if provider {
            self.provider_per_minute
        } else {
            self.per_minute
        };
        let known = self
            .domains
            .entry(name.to_owned())
            .or_insert_with(|| Domain::new(per_minute, now));
        known.set_back(now);
        known
    }

    /// Makes room for one more domain by dropping the one whose loss forgives least.
    fn forget_the_least(&mut self, now: Millis) {
        if self.domains.len() < self.most {
            return;
        }
        let order = |a: &Domain, b: &Domain| {
            let (a, b) = (a.worth(now), b.worth(now));
            (a.0, a.1).cmp(&(b.0, b.1)).then(a.2.total_cmp(&b.2))
        };
        let least = self.domains.iter().min_by(|(_, a), (_, b)| order(a, b));
        if let Some(name) = least.map(|(name, _)| name.clone())
            && let Some(gone) = self.domains.remove(&name)
        {
            self.forgotten.add(gone.counted);
        }
    }
}

/// Seconds that a domain rests after `failures` (from 1): doubling from half a minute to an hour, spread by `jitter`.
fn rest(failures: u32, jitter: u64) -> u64 {
    doubling(REST_SECONDS, failures, jitter)
}

fn doubling((shortest, longest): (u64, u64), times: u32, jitter: u64) -> u64 {
    let ceiling = shortest.saturating_mul(1 << times.clamp(1, 20)).min(longest);
    let half = ceiling / 2;
    (half + jitter % (half + 1)).max(shortest)
}

/// What follows a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Try again from this time on.
    RetryAt(Millis),
    /// It has failed for three days: tell nobody, keep the contribution until it expires.
    GiveUp,
}

/// Not before a moment of the same clock.
#[must_use]
pub fn wait(until: Millis, now: Millis) -> MailOutcome {
    MailOutcome::Later(Duration::from_millis(until.0.saturating_sub(now.0)))
}

/// Shortest and longest wait between two attempts, in seconds.
const BACKOFF_SECONDS: (u64, u64) = (60, 6 * 60 * 60);
/// How long a mail is tried.
const TRIED_FOR: Millis = Millis(3 * 24 * 60 * 60 * 1000);

/// And how often at least: who was tried less in all this time was not refused for so long, but put off, or the clock has jumped.
const TRIED_TIMES: u32 = 12;

/// Seconds until the next attempt after `attempts` failed ones (from 1): doubling from a minute to six hours, spread by
/// `jitter` (any number; only its remainder is used) so that a mail server that comes back is not met by everything at once.
#[must_use]
pub fn backoff(attempts: u32, jitter: u64) -> u64 {
    doubling(BACKOFF_SECONDS, attempts, jitter)
}

/// Decides about a mail that was first tried at `first_tried` and has now failed for the `attempts`-th time.
#[must_use]
pub fn after_failure(first_tried: Millis, attempts: u32, jitter: u64, now: Millis) -> Next {
    let at = Millis(now.0 + backoff(attempts, jitter) * 1000);
    if attempts >= TRIED_TIMES && at.0.saturating_sub(first_tried.0) > TRIED_FOR.0 {
        Next::GiveUp
    } else {
        Next::RetryAt(at)
    }
}

#[cfg(test)]
#[path = "pace_tests.rs"]
mod tests;
