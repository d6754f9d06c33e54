//! What earns a ban. Pure: evidence about a source goes in, with the time; what it has earned comes out.
//!
//! Within ten minutes, from one address or IPv6 /64:
//!
//! | evidence | earns a ban |
//! |---|---|
//! | clearances or tickets that we never signed | `shield_forged` of them |
//! | the same with the hidden field filled | a quarter as many |
//! | budgets used up | in `shield_minutes` different minutes, and only in a network that rents out servers |
//!
//! Nothing else does: not a missing script, not a puzzle that failed, not a form that was open too long, not an address
//! that many share. Where somebody confirmed a signature in the last day, people are behind the address: it is priced
//! instead. So it is where somebody signed within ten minutes, puzzle solved or ticket waited for, unless the network rents
//! out servers: nobody can confirm before the mail has come, and a carrier's address may have a thousand people behind it. A
//! forger may come before all of them: outside such networks a first ban is short, and behind each the address is spared for a
//! while ([`super::book`]), priced only, so that one of them can sign.

use paraph_shield::net::Net;
use paraph_tally::Millis;
use serde::{Deserialize, Serialize};

use super::book::Lasts;
use crate::admit::recent::Recent;
use crate::limits::Limits;
use crate::trace::networks::Kind;

/// Evidence is put together for this long.
const WINDOW: u64 = 10 * 60_000;
/// For how long a confirmation speaks for its address; at most twice that.
const DAY: u64 = 24 * 3_600_000;

/// What was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// A clearance or ticket that we never signed; no browser makes one.
    Forged {
        /// The hidden field was filled too.
        trapped: bool,
    },
    /// A budget was used up.
    Exceeded,
}

/// Why a ban was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Many forged clearances.
    Forged,
    /// Forged clearances with the hidden field filled.
    Trapped,
    /// Budgets used up minute after minute, from rented servers.
    Exceeded,
    /// Many addresses of it were banned, and it rents out servers.
    Widened,
    /// A person did it.
    ByHand,
}

impl Cause {
    /// Its name in lists and metrics.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Forged => "forged",
            Self::Trapped => "trapped",
            Self::Exceeded => "exceeded",
            Self::Widened => "widened",
            Self::ByHand => "by_hand",
        }
    }
}

/// What a source has earned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Earned {
    /// Nothing.
    Nothing,
    /// The highest price: people are behind the same address.
    Price,
    /// A ban, and how long.
    Ban(Cause, Lasts),
}

#[derive(Clone, Copy, Debug, Default)]
struct Suspicion {
    since: Millis,
    forged: u64,
    trapped: u64,
    minutes: u64,
    minute: u64,
    priced: bool,
}

/// Everybody about whom there is evidence, and every address that people confirmed from.
pub struct Suspects {
    forged: u64,
    minutes: u64,
    seen: Recent<Net, Suspicion>,
    confirmed: Recent<Net, ()>,
    signed: Recent<Net, Millis>,
}

impl Suspects {
    /// Nobody yet.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            forged: limits.shield_forged,
            minutes: limits.shield_minutes,
            seen: Recent::new(WINDOW, limits.shield_suspects),
            confirmed: Recent::new(DAY, limits.shield_suspects),
            signed: Recent::new(WINDOW, limits.shield_suspects),
        }
    }

    /// Takes evidence in. `kind`, and whether a ban that has just ended spares the source another, are asked for only where
    /// they decide.
    pub fn add(
        &mut self,
        source: Net,
        evidence: Evidence,
        kind: impl Fn() -> Kind,
        is_spared: impl Fn() -> bool,
        now: Millis,
    ) -> Earned {
        let suspicion = self.seen.entry(source, now, Suspicion::default);
        if now.0.saturating_sub(suspicion.since.0) >= WINDOW {
            *suspicion = Suspicion {
                since: now,
                ..Suspicion::default()
            };
        }
        match evidence {
            Evidence::Forged { trapped } => {
                suspicion.forged += 1;
                suspicion.trapped += u64::from(trapped);
            }
            Evidence::Exceeded if suspicion.minute != now.0 / 60_000 => {
                suspicion.minute = now.0 / 60_000;
                suspicion.minutes += 1;
            }
            Evidence::Exceeded => {}
        }
        let cause = if suspicion.forged >= self.forged {
            Cause::Forged
        } else if suspicion.trapped >= self.forged.div_ceil(4) {
            Cause::Trapped
        } else if suspicion.minutes >= self.minutes && kind() == Kind::Hosting {
            Cause::Exceeded
        } else {
            return Earned::Nothing;
        };
        let signed = self.signed.get(&source, now).copied();
        let signs = signed.is_some_and(|at| now.0.saturating_sub(at.0) < WINDOW);
        let is_shared = kind() != Kind::Hosting;
        if self.confirmed.get(&source, now).is_some() || (is_shared && (signs || is_spared())) {
            suspicion.priced = true;
            return Earned::Price;
        }
        // The next ban has to be earned anew.
        *suspicion = Suspicion::default();
        Earned::Ban(cause, if is_shared { Lasts::Shared } else { Lasts::Earned })
    }

    /// Somebody confirmed a signature from there.
    pub fn confirmed(&mut self, source: Net, now: Millis) {
        self.confirmed.entry(source, now, || ());
    }

    /// Somebody signed from there.
    pub fn signed(&mut self, source: Net, now: Millis) {
        *self.signed.entry(source, now, || now) = now;
    }

    /// Whether the source pays the highest price.
    #[must_use]
    pub fn is_priced(&self, source: Net, now: Millis) -> bool {
        let seen = self.seen.get(&source, now);
        seen.is_some_and(|seen| seen.priced && now.0.saturating_sub(seen.since.0) < WINDOW)
    }

    /// Forgets what was seen of a source: it was unbanned.
    pub fn forget(&mut self, source: Net) {
        self.seen.remove(&source);
    }
}
