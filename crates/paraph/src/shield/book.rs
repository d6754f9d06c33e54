//! The bans in force. Pure: time is a parameter.
//!
//! A ban ends by itself. Each further one of the same source lasts twice as long, up to a ceiling, until a week has gone by
//! without one. It is made for one address or one /64; for a /24 or /48 only where the evidence for that is written beside it.
//!
//! An address that many may share is banned briefly, and not again for a while: a forger who came first behind a carrier's NAT
//! must not be a way to keep everybody else there from signing. Whoever signs in that while keeps the address open.

use std::collections::HashMap;
use std::net::IpAddr;

use paraph_shield::net::Net;
use paraph_shield::protected::Protected;
use paraph_tally::Millis;

use super::evidence::Cause;
use crate::admit::source::Via;
use crate::limits::Limits;

/// Doubling starts anew after this long without a ban.
const FORGET: u64 = 7 * 24 * 3_600_000;

/// On which ways a banned source came: that decides where the ban is carried out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ways {
    /// Over connections of its own: the packet filter of this machine sees it.
    pub direct: bool,
    /// Through a trusted proxy: only the proxy sees it.
    pub forwarded: bool,
}

impl Ways {
    /// Both: nobody knows, so both are told.
    pub const BOTH: Self = Self {
        direct: true,
        forwarded: true,
    };

    /// The way of one request.
    #[must_use]
    pub fn of(via: Via) -> Self {
        Self {
            direct: via == Via::Direct,
            forwarded: via != Via::Direct,
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            direct: self.direct || other.direct,
            forwarded: self.forwarded || other.forwarded,
        }
    }
}

/// A ban.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ban {
    /// When it ends, or ended.
    pub until: Millis,
    /// How many there were of this source, this one included.
    pub times: u32,
    /// Why.
    pub cause: Cause,
    /// Where it is carried out.
    pub ways: Ways,
}

/// How long a ban lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lasts {
    /// As long as its source has earned by now.
    Earned,
    /// The same where many people may share the source: far shorter.
    Shared,
    /// As long as a person says, in seconds.
    Said(u64),
}

/// Why there is no ban.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotBanned {
    /// It would hit somebody who never is.
    #[error("it holds a protected address (a trusted proxy, this machine, its gateway, or one of shield.protect)")]
    Protected,
    /// There are as many bans as `limits.shield_bans`.
    #[error("there are as many bans as limits.shield_bans allows")]
    Full,
}

/// All of them, with those that ended and still count for doubling.
pub struct Book {
    bans: HashMap<Net, Ban>,
    protected: Protected,
    most: usize,
    seconds: u64,
    ceiling: u64,
    shared: u64,
    spared: u64,
}

impl Book {
    /// Empty; `protected` is never banned.
    #[must_use]
    pub fn new(limits: &Limits, protected: Protected) -> Self {
        Self {
            bans: HashMap::new(),
            protected,
            most: usize::try_from(limits.shield_bans).unwrap_or(usize::MAX),
            seconds: limits.shield_ban_seconds,
            ceiling: limits.shield_ban_ceiling_seconds,
            shared: limits.shield_shared_seconds,
            spared: limits.shield_spared_seconds,
        }
    }

    /// The ban that holds an address, the one that lasts longest.
    #[must_use]
    pub fn holding(&self, address: IpAddr, now: Millis) -> Option<Ban> {
        let held = |net| self.bans.get(&net).filter(|ban| ban.until > now).copied();
        let (narrow, wide) = (held(Net::narrow(address)), held(Net::wide(address)));
        narrow.into_iter().chain(wide).max_by_key(|ban| ban.until)
    }

    /// Whether a ban of this source has ended only just: time for the people behind it.
    #[must_use]
    pub fn is_spared(&self, net: Net, now: Millis) -> bool {
        let until = self.bans.get(&net).map(|ban| ban.until);
        until.is_some_and(|until| until <= now && now.0 < until.0.saturating_add(1000 * self.spared))
    }

    /// Makes a ban. One that is in force is never shortened.
    ///
    /// # Errors
    /// Somebody protected would be hit, or there is no room.
    pub fn ban(&mut self, net: Net, cause: Cause, ways: Ways, lasts: Lasts, now: Millis) -> Result<Ban, NotBanned> {
        if self.is_protected(net) {
            return Err(NotBanned::Protected);
        }
        if self.bans.len() >= self.most && !self.bans.contains_key(&net) {
            self.bans.retain(|_, ban| ban.until > now);
            if self.bans.len() >= self.most {
                return Err(NotBanned::Full);
            }
        }
        let before = self
            .bans
            .get(&net)
            .filter(|ban| now.0 < ban.until.0.saturating_add(FORGET));
        let times = before.map_or(1, |ban| ban.times.saturating_add(1));
        let doubled = |first: u64, ceiling: u64| first.saturating_mul(1 << (times - 1).min(32)).min(ceiling);
        let seconds = match lasts {
            Lasts::Earned => doubled(self.seconds, self.ceiling),
            Lasts::Shared => doubled(self.shared, self.seconds),
            Lasts::Said(seconds) => seconds,
        };
        let until = Millis(now.0.saturating_add(1000 * seconds));
        let ban = Ban {
            until: before.map_or(until, |ban| ban.until.max(until)),
            times,
            cause,
            ways: before.map_or(ways, |ban| ban.ways.and(ways)),
        };
        self.bans.insert(net, ban);
        Ok(ban)
    }

    /// Whether a ban would hit somebody who never is banned.
    #[must_use]
    pub fn is_protected(&self, net: Net) -> bool {
        self.protected.hits(net, &[])
    }

    /// From now on these are never banned, in place of those before; how many bans that hit them were lifted.
    pub fn protect(&mut self, protected: Protected, now: Millis) -> usize {
        self.protected = protected;
        let before = self.active(now).count();
        self.bans.retain(|net, _| !self.protected.hits(*net, &[]));
        before - self.active(now).count()
    }

    /// Takes a ban back, and that it ever was: its source starts anew. `false` if there is none.
    pub fn unban(&mut self, net: Net, now: Millis) -> bool {
        self.bans.remove(&net).is_some_and(|ban| ban.until > now)
    }

    /// The ban of what lies around this one, if it holds it too.
    #[must_use]
    pub fn covering(&self, net: Net, now: Millis) -> Option<(Net, Ban)> {
        let wide = Net::wide(net.base());
        let ban = self.bans.get(&wide).filter(|ban| wide != net && ban.until > now)?;
        Some((wide, *ban))
    }

    /// Takes every ban back; how many there were.
    pub fn flush(&mut self, now: Millis) -> usize {
        let count = self.active(now).count();
        self.bans.clear();
        count
    }

    /// The bans in force, in no order.
    pub fn active(&self, now: Millis) -> impl Iterator<Item = (Net, Ban)> {
        let bans = self.bans.iter().filter(move |(_, ban)| ban.until > now);
        bans.map(|(net, ban)| (*net, *ban))
    }

    /// How many single sources inside this one are banned.
    #[must_use]
    pub fn inside(&self, wide: Net, now: Millis) -> usize {
        let single = |net: Net| net.prefix() > wide.prefix() && wide.contains(net.base());
        self.active(now).filter(|(net, _)| single(*net)).count()
    }
}
