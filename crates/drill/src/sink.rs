//! A real, minimal SMTP server on loopback that keeps every mail of a drill and tells waiting actors.
//!
//! RFC 5321 with PIPELINING, 8BITMIME and SMTPUTF8. Accepts mail for anyone, sends none: what goes in stays here.

use std::collections::{HashMap, HashSet, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore};
use tokio::time::timeout;

use crate::clock;
use crate::mime::{self, Letter};

/// Mails kept whole, for the sample mailbox; older ones keep only what actors need.
const LETTERS: usize = 20_000;
/// Addresses known at most; further ones are answered 452.
const ADDRESSES: usize = 1_000_000;
/// Tokens kept per address.
const TOKENS: usize = 8;
/// Connections at once; further ones are answered 421.
const CONNECTIONS: usize = 128;

/// One mail, as kept for reading.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Number in order of arrival, from 1.
    pub number: u64,
    /// Arrival, milliseconds since 1970 UTC.
    pub at: i64,
    /// Recipient of the envelope, lower case.
    pub to: String,
    /// What it says.
    pub letter: Letter,
}

/// What an actor needs to know of its mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Arrival, milliseconds since 1970 UTC.
    pub at: i64,
    /// Token of the confirmation link, if the mail has one.
    pub confirm: Option<String>,
}

/// The mails of a drill. Cheap to clone; all clones are one.
#[derive(Clone, Debug)]
pub struct Sink {
    smtp: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    numbered: u64,
    letters: VecDeque<Arc<Mail>>,
    boxes: HashMap<String, Letterbox>,
    crowd: HashMap<String, Camp>,
    seen: [Seen; 2],
}

/// Who is behind an address of the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Camp {
    /// An honest person.
    Honest,
    /// Someone whom forgers entered, or the forgers themselves.
    Forged,
}

/// Mail that one camp received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Mails.
    pub mails: u64,
    /// Addresses with at least one.
    pub addresses: u64,
    /// Most mails that one address received.
    pub max_per_address: u64,
}

#[derive(Debug, Default)]
struct Letterbox {
    mails: u64,
    first_at: Option<i64>,
    recent: VecDeque<Arrival>,
    arrived: Arc<Notify>,
}

impl Sink {
    /// Starts on a free port of 127.0.0.1, until the runtime ends.
    ///
    /// # Errors
    /// No port can be had.
    pub async fn start() -> io::Result<Self> {
        Self::start_on(SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// Starts on a given address, which has to be loopback.
    ///
    /// # Errors
    /// The address is not loopback, or is taken.
    pub async fn start_on(address: SocketAddr) -> io::Result<Self> {
        if !address.ip().is_loopback() {
            let what = format!("{address} is not a loopback address; a drill's mail never leaves this machine");
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, what));
        }
        let listener = TcpListener::bind(address).await?;
        let sink = Self {
            smtp: listener.local_addr()?,
            state: Arc::default(),
        };
        tokio::spawn(accept(listener, sink.clone()));
        Ok(sink)
    }

    /// Where the server under rehearsal has to send its mail.
    #[must_use]
    pub fn smtp_addr(&self) -> SocketAddr {
        self.smtp
    }

    /// Names the addresses of the drill's actors; mail to anyone else is a guest's.
    pub fn expect(&self, camp: Camp, addresses: impl IntoIterator<Item = String>) {
        self.lock()
            .crowd
            .extend(addresses.into_iter().map(|address| (address.to_lowercase(), camp)));
    }

    /// Mail that one camp received so far.
    #[must_use]
    pub fn seen(&self, camp: Camp) -> Seen {
        self.lock().seen[camp as usize]
    }

    /// Waits for the `nth` mail (from 1) to an address.
    pub async fn wait_for(&self, address: &str, nth: u64, limit: Duration) -> Option<Arrival> {
        let address = address.to_lowercase();
        timeout(limit, self.arrival(&address, nth)).await.ok()
    }

    async fn arrival(&self, address: &str, nth: u64) -> Arrival {
        loop {
            let arrived = {
                let mut state = self.lock();
                let letterbox = state.boxes.entry(address.to_owned()).or_default();
                if let Some(found) = letterbox.nth(nth) {
                    return found;
                }
                Arc::clone(&letterbox.arrived).notified_owned()
            };
            arrived.await;
        }
    }

    /// How many mails an address has received.
    #[must_use]
    pub fn mails_to(&self, address: &str) -> u64 {
        self.lock()
            .boxes
            .get(&address.to_lowercase())
            .map_or(0, |letterbox| letterbox.mails)
    }

    /// Mails kept whole, newest first.
    #[must_use]
    pub fn letters(&self) -> Vec<Arc<Mail>> {
        self.lock().letters.iter().rev().cloned().collect()
    }

    /// One mail by its number, while it is kept.
    #[must_use]
    pub fn letter(&self, number: u64) -> Option<Arc<Mail>> {
        let state = self.lock();
        let first = state.letters.front()?.number;
        state
            .letters
            .get(usize::try_from(number.checked_sub(first)?).ok()?)
            .cloned()
    }

    /// Whether an address belongs to one of the drill's actors.
    #[must_use]
    pub fn is_crowd(&self, address: &str) -> bool {
        self.lock().crowd.contains_key(address)
    }

    /// Tokens of the latest mails to these addresses.
    pub(crate) fn tokens_of(&self, addresses: &HashSet<String>) -> Vec<String> {
        let state = self.lock();
        let boxes = addresses
            .iter()
            .filter_map(|address| state.boxes.get(&address.to_lowercase()));
        boxes
            .flat_map(|letterbox| letterbox.recent.iter().filter_map(|arrival| arrival.confirm.clone()))
            .collect()
    }

    /// Addresses outside the crowd with the arrival of their first mail.
    pub(crate) fn guests(&self) -> Vec<(String, i64)> {
        let state = self.lock();
        let guests = state
            .boxes
            .iter()
            .filter(|(address, _)| !state.crowd.contains_key(*address));
        guests
            .filter_map(|(address, letterbox)| Some((address.clone(), letterbox.first_at?)))
            .collect()
    }

    /// Takes a mail in. `false`: no room for another address.
    pub(crate) fn deliver(&self, recipient: &str, raw: &[u8]) -> bool {
        let letter = mime::read(raw);
        let arrival = Arrival {
            at: clock::now(),
            confirm: mime::token(&letter.text, "confirm").map(str::to_owned),
        };
        let mut state = self.lock();
        let to = recipient.to_lowercase();
        if state.boxes.len() >= ADDRESSES && !state.boxes.contains_key(&to) {
            return false;
        }
        state.numbered += 1;
        let mail = Arc::new(Mail {
            number: state.numbered,
            at: arrival.at,
            to: to.clone(),
            letter,
        });
        state.letters.push_back(mail);
        if state.letters.len() > LETTERS {
            state.letters.pop_front();
        }
        let camp = state.crowd.get(&to).copied();
        let letterbox = state.boxes.entry(to).or_default();
        letterbox.mails += 1;
        let mails = letterbox.mails;
        letterbox.first_at.get_or_insert(arrival.at);
        letterbox.recent.push_back(arrival);
        if letterbox.recent.len() > TOKENS {
            letterbox.recent.pop_front();
        }
        letterbox.arrived.notify_waiters();
        if let Some(camp) = camp {
            let seen = &mut state.seen[camp as usize];
            seen.mails += 1;
            seen.addresses += u64::from(mails == 1);
            seen.max_per_address = seen.max_per_address.max(mails);
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change under the lock is complete before anything can panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Letterbox {
    fn nth(&self, nth: u64) -> Option<Arrival> {
        let behind = usize::try_from(self.mails.checked_sub(nth)?).ok()?;
        let index = self.recent.len().saturating_sub(behind + 1);
        self.recent.get(index).cloned()
    }
}

async fn accept(listener: TcpListener, sink: Sink) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors, most likely: give the ones in use time to close.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let place = Arc::clone(&places).try_acquire_owned().ok();
        let sink = sink.clone();
        tokio::spawn(async move {
            // A client that breaks off has lost its own connection only.
            let busy = place.is_none();
            drop(crate::smtp::serve(stream, sink, busy).await);
            drop(place);
        });
    }
}
