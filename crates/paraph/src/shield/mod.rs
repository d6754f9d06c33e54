//! Shield: sources that have shown what they are get no further, at the door, in the packet filter, or at the proxy.
//!
//! ```text
//! evidence.rs   what earns a ban                 book.rs     the bans in force
//! files.rs      maps and lists for proxies       haproxy.rs  its runtime socket
//! export.rs     carries bans to where packets are, also to paraph-shield
//! crowdsec.rs   tells them to a CrowdSec, after a person's decision
//! ```
//!
//! A ban is made from refusals, ends by itself, and can be taken back at once and everywhere. It is held by the process
//! first: without any helper, a banned source meets an early, cheap and honest answer. Addresses stay in memory and in the
//! files that the operator named; none is in a log or a metric.

pub mod book;
pub mod crowdsec;
pub mod evidence;
pub mod export;
pub mod files;
pub mod haproxy;

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use ipnet::IpNet;
use paraph_shield::net::Net;
use paraph_shield::protected::{Block, Protected, gateways};
use paraph_tally::Millis;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use self::book::{Ban, Book, Lasts, NotBanned, Ways};
use self::evidence::{Cause, Earned, Evidence, Suspects};
use crate::admit::Refusal;
use crate::admit::budget::Announced;
use crate::admit::source::Source;
use crate::limits::Limits;
use crate::trace::networks::{Kind, Known};

/// Bans by cause. Label `cause`.
pub const BANS: &str = "paraph_shield_bans_total";
/// Requests of banned sources, answered early.
pub const TURNED_AWAY: &str = "paraph_shield_turned_away_total";

/// Who is banned, and what is known against others. One per process.
pub struct Shield {
    suspects: Mutex<Suspects>,
    book: RwLock<Book>,
    /// Whether there may be a ban at all: in calm times nobody asks further.
    any: AtomicBool,
    refusals: AtomicU64,
    networks: Arc<Known>,
    widen_at: usize,
    /// Counts changes, for [`export`].
    changed: watch::Sender<u64>,
}

/// A ban as commands and lists show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// What is banned.
    pub net: String,
    /// Seconds that are left.
    pub seconds: u64,
    /// How many there were of this source.
    pub times: u32,
    /// Why.
    pub cause: Cause,
    /// It came over connections of its own.
    pub direct: bool,
    /// It came through a trusted proxy.
    pub forwarded: bool,
}

/// What a person asks for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum ShieldCommand {
    /// Which bans are in force?
    ShieldList,
    /// Ban this, for so many seconds, or as long as it has earned by now.
    ShieldBan {
        /// Address or prefix.
        net: String,
        /// How long.
        seconds: Option<u64>,
    },
    /// Ban this no longer.
    ShieldUnban {
        /// Address or prefix.
        net: String,
    },
    /// Ban nothing any longer.
    ShieldFlush,
    /// Tell bans to CrowdSec from now on, or no longer; nothing: is it so?
    ShieldShare(Option<bool>),
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ShieldAnswer {
    /// The bans in force, the one that ends next first.
    List(Vec<Listed>),
    /// Banned.
    Banned(Listed),
    /// Taken back.
    Unbanned {
        /// How many.
        count: usize,
        /// A wider ban that still holds what was named.
        still: Option<Listed>,
    },
    /// Whether bans are told to CrowdSec.
    Sharing(bool),
    /// Not done, because of this.
    Refused(String),
}

impl Shield {
    /// Nobody is banned. `named` never will be: trusted proxies, and what the operator named.
    #[must_use]
    pub fn new(limits: &Limits, named: &[IpNet], networks: Arc<Known>) -> Self {
        Self {
            suspects: Mutex::new(Suspects::new(limits)),
            book: RwLock::new(Book::new(limits, protected(named))),
            any: AtomicBool::new(false),
            refusals: AtomicU64::new(0),
            networks,
            widen_at: usize::try_from(limits.shield_widen_at).unwrap_or(usize::MAX),
            changed: watch::Sender::new(0),
        }
    }

    /// After a reload: these are protected, in place of those named before. A ban that hits one of them is lifted everywhere.
    pub fn protect(&self, named: &[IpNet], now: Millis) {
        let mut book = self.book.write().unwrap_or_else(PoisonError::into_inner);
        let lifted = book.protect(protected(named), now);
        drop(book);
        if lifted > 0 {
            tracing::info!(lifted, "bans of what is protected now were lifted");
            self.changed.send_modify(|changes| *changes += 1);
        }
    }

    /// Signatures refused and budgets used up since the start.
    #[must_use]
    pub fn refusals(&self) -> u64 {
        self.refusals.load(Ordering::Relaxed)
    }

    /// When the ban of this source ends, if it is banned.
    #[must_use]
    pub fn is_banned(&self, source: &Source, now: Millis) -> Option<Millis> {
        if !self.any.load(Ordering::Relaxed) {
            return None;
        }
        let book = self.book.read().unwrap_or_else(PoisonError::into_inner);
        book.holding(source.addr, now).map(|ban| ban.until)
    }

    /// Whether this source pays the highest price: it earned a ban, and people are behind the same address.
    #[must_use]
    pub fn is_priced(&self, source: &Source, now: Millis) -> bool {
        self.suspects().is_priced(Net::narrow(source.addr), now)
    }

    /// Reads the table of networks, where that was not done yet: some tens of milliseconds.
    pub fn read_networks(&self) {
        self.networks.get();
    }

    /// Who announces an address. Nothing while the table is being read, and where it does not say.
    #[must_use]
    pub fn announced(&self, address: IpAddr) -> Option<Announced> {
        let origin = self.networks.if_read()?.lookup(address)?;
        Some(Announced {
            asn: origin.asn,
            is_hosting: origin.kind == Kind::Hosting,
        })
    }

    /// A signature was refused. What a browser may do by itself is no evidence.
    pub fn refused(&self, source: &Source, refusal: &Refusal, trapped: bool, now: Millis) {
        self.refusals.fetch_add(1, Ordering::Relaxed);
        if let Refusal::ClearanceRefused("malformed" | "parameters" | "signature" | "ticket") = refusal {
            self.seen(source, Evidence::Forged { trapped }, now);
        }
    }

    /// A budget of this source is used up.
    pub fn exceeded(&self, source: &Source, now: Millis) {
        self.refusals.fetch_add(1, Ordering::Relaxed);
        self.seen(source, Evidence::Exceeded, now);
    }

    /// Somebody confirmed a signature from there: people are behind that address.
    pub fn confirmed(&self, source: &Source, now: Millis) {
        self.suspects().confirmed(Net::narrow(source.addr), now);
    }

    /// Somebody signed from there, at the price of a puzzle or of a wait.
    pub fn signed(&self, source: &Source, now: Millis) {
        self.suspects().signed(Net::narrow(source.addr), now);
    }

    fn seen(&self, source: &Source, evidence: Evidence, now: Millis) {
        let net = Net::narrow(source.addr);
        if self
            .book
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .is_protected(net)
        {
            return;
        }
        let kind = || self.networks.get().kind(source.addr);
        let is_spared = || {
            let book = self.book.read().unwrap_or_else(PoisonError::into_inner);
            book.is_spared(net, now)
        };
        let earned = self.suspects().add(net, evidence, kind, is_spared, now);
        if let Earned::Ban(cause, lasts) = earned {
            // A full book changes nothing for anybody: budgets and prices hold.
            if self.ban(net, cause, Ways::of(source.via), lasts, now).is_ok() {
                self.widen(source, now);
            }
        }
    }

    /// A /24 or /48 is banned when `shield_widen_at` sources in it are, and all of it is announced by one network that
    /// rents out servers. Never an access network, and what is unknown counts as one.
    fn widen(&self, source: &Source, now: Millis) {
        let wide = Net::wide(source.addr);
        let banned = self
            .book
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .inside(wide, now);
        if banned < self.widen_at {
            return;
        }
        let origin = self.networks.get().lookup(source.addr);
        let is_rented =
            origin.is_some_and(|origin| origin.kind == Kind::Hosting && origin.prefix.prefix_len() <= wide.prefix());
        if is_rented {
            // As above.
            let _ = self.ban(wide, Cause::Widened, Ways::of(source.via), Lasts::Earned, now);
        }
    }

    fn ban(&self, net: Net, cause: Cause, ways: Ways, lasts: Lasts, now: Millis) -> Result<Ban, NotBanned> {
        let mut book = self.book.write().unwrap_or_else(PoisonError::into_inner);
        let ban = book.ban(net, cause, ways, lasts, now)?;
        self.any.store(true, Ordering::Relaxed);
        drop(book);
        metrics::counter!(BANS, "cause" => cause.label()).increment(1);
        self.changed.send_modify(|changes| *changes += 1);
        Ok(ban)
    }

    /// The bans in force.
    #[must_use]
    pub fn bans(&self, now: Millis) -> Vec<(Net, Ban)> {
        let book = self.book.read().unwrap_or_else(PoisonError::into_inner);
        book.active(now).collect()
    }

    /// Follows changes of the bans.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Does what a person asks for.
    #[must_use]
    pub fn carry_out(&self, command: &ShieldCommand, now: Millis) -> ShieldAnswer {
        let unreadable = |net: &str| {
            ShieldAnswer::Refused(format!(
                "{net} is no address, and no prefix of 32, 24 (IPv4), 64 or 48 bits (IPv6)"
            ))
        };
        match command {
            ShieldCommand::ShieldList => {
                let mut bans = self.bans(now);
                bans.sort_by_key(|(net, ban)| (ban.until, *net));
                ShieldAnswer::List(bans.into_iter().map(|(net, ban)| listed(net, ban, now)).collect())
            }
            ShieldCommand::ShieldBan { net: text, seconds } => match read(text) {
                None => unreadable(text),
                Some(net) => {
                    let lasts = seconds.map_or(Lasts::Earned, Lasts::Said);
                    match self.ban(net, Cause::ByHand, Ways::BOTH, lasts, now) {
                        Ok(ban) => ShieldAnswer::Banned(listed(net, ban, now)),
                        Err(why) => ShieldAnswer::Refused(format!("{net} is not banned: {why}")),
                    }
                }
            },
            ShieldCommand::ShieldUnban { net: text } => match read(text) {
                None => unreadable(text),
                Some(net) => {
                    let mut book = self.book.write().unwrap_or_else(PoisonError::into_inner);
                    let was = book.unban(net, now);
                    let still = book.covering(net, now).map(|(wide, ban)| listed(wide, ban, now));
                    drop(book);
                    self.suspects().forget(net);
                    self.changed.send_modify(|changes| *changes += 1);
                    let count = usize::from(was);
                    ShieldAnswer::Unbanned { count, still }
                }
            },
            // Decided elsewhere, as it has to be recorded first.
            ShieldCommand::ShieldShare(_) => ShieldAnswer::Refused("it could not be recorded".to_owned()),
            ShieldCommand::ShieldFlush => {
                let count = self.book.write().unwrap_or_else(PoisonError::into_inner).flush(now);
                self.changed.send_modify(|changes| *changes += 1);
                ShieldAnswer::Unbanned { count, still: None }
            }
        }
    }

    fn suspects(&self) -> MutexGuard<'_, Suspects> {
        self.suspects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is never banned: this machine, its default gateways as they are now, and what is named.
fn protected(named: &[IpNet]) -> Protected {
    let named = named.iter().map(IpNet::to_string);
    let gateways = gateways().into_iter().map(|gateway| gateway.to_string());
    let texts = named.chain(gateways);
    Protected::new(texts.filter_map(|text| Block::parse(&text)))
}

/// What can be banned, as it was typed. An address stands for itself, or for its /64.
pub(crate) fn read(text: &str) -> Option<Net> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(Net::narrow(address));
    }
    let net: IpNet = text.parse().ok()?;
    Net::new(net.addr(), net.prefix_len())
}

fn listed(net: Net, ban: Ban, now: Millis) -> Listed {
    Listed {
        net: net.to_string(),
        seconds: ban.until.0.saturating_sub(now.0).div_ceil(1000),
        times: ban.times,
        cause: ban.cause,
        direct: ban.ways.direct,
        forwarded: ban.ways.forwarded,
    }
}

#[cfg(test)]
mod tests;
