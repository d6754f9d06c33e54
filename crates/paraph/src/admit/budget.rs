//! Budgets in memory of one size, on five levels: an IPv4 address and its /24; an IPv6 /64, its /56 and its /48; and the
//! network that announces them. They price first and refuse last: addresses are cheap to rent and, behind a carrier's NAT,
//! shared by thousands of honest people.
//!
//! Everything is counted in sketches. Who uses a quarter of a budget gets a count of its own beside it, exact from then on,
//! so that a flood of others does not add to it. Those counts are few; one that is pushed out falls back to the sketch,
//! which has counted all along and never reads too low: pushing out gives nothing back.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use paraph_tally::Millis;

use super::recent::Recent;
use super::retry_after;
use super::room::Rooms;
use super::sketch::{Counts, Sketch, minute};
use super::source::{Prefix, Source};
use crate::limits::Limits;
use crate::telemetry;

/// What a request asks for. Each purpose has a budget of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A challenge. Refusing one costs as much as issuing it, and who asks may have a neighbour who asked too often: an address
    /// and the network around it are only priced.
    Challenge,
    /// A form with a ticket.
    Ticket,
    /// A signature sent with a clearance or ticket that holds: only what cost its sender something is counted here, so that
    /// who forges beside honest people, behind their address, does not use up what is theirs.
    Sign,
    /// A form that is refused: what it came with does not hold.
    Refused,
    /// A link that turned out to be unknown: somebody guesses tokens. Known links cost nothing, as mail scanners open
    /// thousands of them from a few addresses.
    Miss,
}

impl Purpose {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::Challenge, Self::Ticket, Self::Sign, Self::Refused, Self::Miss];

    /// Name for metrics and logs.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Challenge => "challenge",
            Self::Ticket => "ticket",
            Self::Sign => "sign",
            Self::Refused => "refused",
            Self::Miss => "miss",
        }
    }
}

/// Whom a budget is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asker {
    /// Who asks.
    pub source: Source,
    /// Who announces the address, where that is known.
    pub origin: Option<Announced>,
}

/// A network of the Internet.
#[derive(Clone, Copy, Debug)]
pub struct Announced {
    /// Number of the autonomous system.
    pub asn: u32,
    /// It rents out servers. Of any other, or one that is not known, whole cities may be behind it: it is priced at most.
    pub is_hosting: bool,
}

impl From<Source> for Asker {
    fn from(source: Source) -> Self {
        Self { source, origin: None }
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

    /// Nothing of the budget is left.
    #[must_use]
    pub fn is_whole(self) -> bool {
        self.0 >= 1.0
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
    refused: Budget,
    miss: Budget,
    /// What shared addresses have earned.
    pub rooms: Rooms,
}

impl Budgets {
    /// Budgets as `limits` says.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        let budget = |narrow, wide| Budget::new(narrow, wide, limits);
        Self {
            challenge: Budget {
                refuses: false,
                ..budget(limits.budget_challenge, limits.budget_challenge_wide)
            },
            ticket: budget(limits.budget_ticket, limits.budget_ticket_wide),
            sign: budget(limits.budget_sign, limits.budget_sign_wide),
            refused: budget(limits.budget_refused, limits.budget_refused_wide),
            miss: budget(limits.budget_miss, limits.budget_miss_wide),
            rooms: Rooms::new(limits),
        }
    }

    /// How much of its budget the source uses. Counts nothing.
    #[must_use]
    pub fn pressure(&self, purpose: Purpose, asker: &Asker, now: Millis) -> Pressure {
        let looked = self.budget(purpose).look(asker, &self.rooms, now);
        looked
            .iter()
            .flatten()
            .map(|looked| Pressure::of_share(looked.share))
            .fold(Pressure::default(), Pressure::max)
    }

    /// Whether the budget is used up. Counts nothing.
    ///
    /// # Errors
    /// It is.
    pub fn check(&self, purpose: Purpose, asker: &Asker, now: Millis) -> Result<(), SlowDown> {
        let budget = self.budget(purpose);
        let levels = budget.levels(asker).into_iter().flatten();
        // One after the other: in a flood the first of them refuses.
        for level in levels {
            refused_by(purpose, &budget.looked(level, asker, &self.rooms, now))?;
        }
        Ok(())
    }

    /// Counts one, if the source has budget left.
    ///
    /// What is refused, or goes beyond a budget that only prices, is not counted: one who hammers behind a shared address takes
    /// its budget, but cannot keep it closed. Nor do refused floods of ever new /64 networks fill the counters, as their /48 refuses them first.
    ///
    /// # Errors
    /// The budget is used up.
    pub fn charge(&self, purpose: Purpose, asker: &Asker, now: Millis) -> Result<Pressure, SlowDown> {
        let budget = self.budget(purpose);
        let looked = budget.look(asker, &self.rooms, now);
        let pressure = admitted(purpose, &looked)?;
        let left = looked.iter().flatten().filter(|looked| looked.share < 1.0);
        left.for_each(|looked| budget.count(looked, now));
        Ok(pressure)
    }

    /// Bytes of all counters now; bounded by `limits.budget_slots` and `limits.budget_heavy`.
    #[must_use]
    pub fn bytes(&self) -> usize {
        Purpose::ALL
            .into_iter()
            .map(|purpose| self.budget(purpose).bytes())
            .sum()
    }

    /// Sources with a count of their own now, in the budget that has most of them.
    #[must_use]
    pub fn heavy(&self) -> usize {
        let held = Purpose::ALL.map(|purpose| self.budget(purpose).heavy.len());
        held.into_iter().max().unwrap_or(0)
    }

    fn budget(&self, purpose: Purpose) -> &Budget {
        match purpose {
            Purpose::Challenge => &self.challenge,
            Purpose::Ticket => &self.ticket,
            Purpose::Sign => &self.sign,
            Purpose::Refused => &self.refused,
            Purpose::Miss => &self.miss,
        }
    }
}

/// The highest pressure of all levels, unless one of them is used up.
fn admitted(purpose: Purpose, looked: &Levels<Looked>) -> Result<Pressure, SlowDown> {
    let mut pressure = Pressure::default();
    for looked in looked.iter().flatten() {
        refused_by(purpose, looked)?;
        pressure = pressure.max(Pressure::of_share(looked.share));
    }
    Ok(pressure)
}

fn refused_by(purpose: Purpose, Looked { level, share, .. }: &Looked) -> Result<(), SlowDown> {
    if *share < 1.0 || !level.refuses {
        return Ok(());
    }
    let labels = [("purpose", purpose.label()), ("level", level.span.label())];
    telemetry::count(telemetry::BUDGET_REFUSED, labels);
    Err(SlowDown {
        retry_after: retry_after(10),
    })
}

/// What is counted together: a prefix, or a network by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Prefix(Prefix),
    Origin(u32),
}

/// In one piece, shorter than any of a prefix.
impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Prefix(prefix) => prefix.hash(state),
            Self::Origin(asn) => state.write_u32(*asn),
        }
    }
}

/// How wide a level is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Span {
    /// An IPv4 address, or an IPv6 /64.
    Address,
    /// An IPv6 /56: what one home is given.
    Site,
    /// An IPv4 /24, or an IPv6 /48.
    Network,
    /// All that one network announces.
    Origin,
}

impl Span {
    fn label(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Site => "site",
            Self::Network => "network",
            Self::Origin => "origin",
        }
    }
}

/// One level of a budget.
#[derive(Clone, Copy, Debug)]
struct Level {
    span: Span,
    key: Key,
    /// How many a minute.
    allowance: f64,
    /// Used up, it refuses; otherwise it prices at most.
    refuses: bool,
}

/// A level with what was counted on it.
#[derive(Clone, Copy)]
struct Looked {
    level: Level,
    /// What the sketch says.
    read: Counts,
    /// The used share of the allowance, exact where there is a count of its own.
    share: f64,
}

/// Narrow, site, wide, origin; IPv4 has no site.
type Levels<T> = [Option<T>; 4];

/// One budget: how many a minute, on each level.
struct Budget {
    narrow: f64,
    site: f64,
    wide: f64,
    hosting: f64,
    access: f64,
    /// Used up near an address, it refuses; otherwise it prices at most.
    refuses: bool,
    /// Addresses and /64.
    near: Sketch,
    /// Everything wider: there are fewer of them, and each holds more.
    far: Sketch,
    heavy: Heavy,
}

impl Budget {
    #[expect(clippy::cast_precision_loss, reason = "budgets are small numbers")]
    fn new(narrow: u64, wide: u64, limits: &Limits) -> Self {
        let times = |base: u64, times: u64| base as f64 * times as f64;
        Self {
            narrow: narrow as f64,
            site: times(narrow, limits.budget_site_times),
            wide: wide as f64,
            hosting: times(wide, limits.budget_hosting_times),
            access: times(wide, limits.budget_access_times),
            refuses: true,
            near: Sketch::new(limits.budget_slots),
            far: Sketch::new(limits.budget_slots),
            heavy: Heavy::new(limits.budget_heavy),
        }
    }

    fn levels(&self, asker: &Asker) -> Levels<Level> {
        let level = |span, prefix, allowance| Level {
            span,
            key: Key::Prefix(prefix),
            allowance,
            refuses: self.refuses,
        };
        let source = &asker.source;
        [
            Some(level(Span::Address, source.narrow(), self.narrow)),
            source.site().map(|site| level(Span::Site, site, self.site)),
            Some(level(Span::Network, source.wide(), self.wide)),
            asker.origin.map(|origin| Level {
                span: Span::Origin,
                key: Key::Origin(origin.asn),
                allowance: if origin.is_hosting { self.hosting } else { self.access },
                refuses: origin.is_hosting,
            }),
        ]
    }

    fn look(&self, asker: &Asker, rooms: &Rooms, now: Millis) -> Levels<Looked> {
        self.levels(asker)
            .map(|level| level.map(|level| self.looked(level, asker, rooms, now)))
    }

    fn looked(&self, level: Level, asker: &Asker, rooms: &Rooms, now: Millis) -> Looked {
        let read = self.sketch(&level).read(&level.key, now);
        let mut share = read.rate(now) / level.allowance;
        if share >= Pressure::FREE {
            let exact = self.heavy.known(&level.key, now).unwrap_or(read);
            let room = match level.span {
                Span::Address => rooms.times(asker.source.narrow(), now),
                _ => 1.0,
            };
            share = exact.rate(now) / (level.allowance * room);
        }
        Looked { level, read, share }
    }

    fn count(&self, Looked { level, read, .. }: &Looked, now: Millis) {
        self.sketch(level).count(&level.key, now);
        let is_heavy = read.rate(now) >= Pressure::FREE * level.allowance;
        self.heavy.count(level.key, is_heavy.then_some(*read), now);
    }

    fn sketch(&self, level: &Level) -> &Sketch {
        match level.span {
            Span::Address => &self.near,
            _ => &self.far,
        }
    }

    fn bytes(&self) -> usize {
        self.near.bytes() + self.far.bytes() + self.heavy.len() * 2 * size_of::<(Key, Counts)>()
    }
}

/// Exact counts of those who use much.
struct Heavy {
    hasher: RandomState,
    any: AtomicBool,
    shards: [Mutex<Recent<Key, Counts>>; 16],
}

impl Heavy {
    /// Whoever was not counted for two minutes has nothing to remember.
    const SPAN: u64 = 120_000;

    fn new(most: u64) -> Self {
        Self {
            hasher: RandomState::new(),
            any: AtomicBool::new(false),
            shards: std::array::from_fn(|_| Mutex::new(Recent::new(Self::SPAN, most.div_ceil(16)))),
        }
    }

    fn known(&self, key: &Key, now: Millis) -> Option<Counts> {
        if !self.any.load(Ordering::Relaxed) {
            return None;
        }
        self.shard(key).get(key, now).map(|counts| counts.at(minute(now)))
    }

    /// Counts one for who is known here, and takes in who is not, where there is a `start` for it: what the sketch said,
    /// which is never too low.
    fn count(&self, key: Key, start: Option<Counts>, now: Millis) {
        let minute = minute(now);
        if start.is_none() && !self.any.load(Ordering::Relaxed) {
            return;
        }
        let mut shard = self.shard(&key);
        if start.is_none() && shard.get(&key, now).is_none() {
            return;
        }
        let counts = shard.entry(key, now, || start.unwrap_or_default());
        *counts = counts.at(minute).one_more();
        self.any.store(true, Ordering::Relaxed);
    }

    fn len(&self) -> usize {
        let shards = self.shards.iter();
        shards
            .map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner).len())
            .sum()
    }

    fn shard(&self, key: &Key) -> MutexGuard<'_, Recent<Key, Counts>> {
        let index = usize::try_from(self.hasher.hash_one(key) % 16).unwrap_or(0);
        self.shards[index].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[path = "budget_tests.rs"]
mod tests;
