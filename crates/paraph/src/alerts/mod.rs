//! Wakes somebody: which alarm is on ([`watch`]), what is told when ([`book`]), in which words, over which channel.
//!
//! Owned by one task; the book lies in `alerts.json` in the data directory, apart from the store, because the store may be
//! what is broken. A notice is sent after the book that orders it is on the disk, so a process that dies in between sends
//! it twice rather than never.

pub mod book;
mod channel;
mod page;
mod text;
pub mod watch;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use futures_util::future::join_all;
use lettre::message::Mailbox;
use paraph_tally::Millis;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use tokio::sync::Notify;

use self::book::{Alarm, Book, Circle, Notice, Rhythm};
use self::text::Told;
use crate::clock;
use crate::config::{self, Config, Recipient};
use crate::keys;
use crate::mail::dkim::Signer;
use crate::mail::transport::Transport;
use crate::replace;
use crate::store::id;
use crate::telemetry;

pub(crate) use self::text::{languages, say};

/// What of the configuration alerts depend on. Replaced as a whole by a reload.
pub struct Setup {
    /// `[alerts]`.
    pub settings: config::Alerts,
    /// Repeating and escalating.
    pub rhythm: Rhythm,
    /// Bounds of the watch.
    pub limits: crate::limits::Limits,
    /// Sender of mail.
    pub from: Mailbox,
    /// Signs mail, if a key is given.
    pub dkim: Option<Arc<Signer>>,
    /// The way mail leaves.
    pub transport: Transport,
    /// Name of the site.
    pub site_name: String,
    /// Address of the operations listener as people on duty reach it.
    pub link: String,
    /// Address of the incident room.
    pub room: String,
}

impl Setup {
    /// What the configuration says; `operations` is where the listener came to be, `desk` what links to the desk begin with.
    #[must_use]
    pub fn new(config: &Config, transport: Transport, operations: std::net::SocketAddr, desk: &str) -> Self {
        Self {
            settings: config.alerts.clone(),
            rhythm: Rhythm::new(&config.limits),
            limits: config.limits.clone(),
            from: config.mail.from.clone(),
            dkim: config.mail.dkim.clone(),
            transport,
            site_name: config.site.name.clone(),
            link: config
                .alerts
                .link
                .clone()
                .unwrap_or_else(|| format!("http://{operations}")),
            room: format!("{desk}/desk/incident"),
        }
    }
}

impl Setup {
    /// The incident room in the language of who reads.
    fn room(&self, lang: &str) -> String {
        format!("{}?lang={lang}", self.room)
    }
}

/// The alerts of one running server.
pub struct Alerts {
    book: Mutex<Book>,
    file: PathBuf,
    key: [u8; 32],
    setup: ArcSwap<Setup>,
    /// Why the last reload was refused, until one succeeds.
    reload_refused: Mutex<Option<String>>,
    /// Held signatures that await a decision.
    held: AtomicU64,
    ring: Notify,
}

/// An open alert as it is listed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Listed {
    /// Its name.
    pub id: String,
    /// What is wrong.
    pub alarm: Alarm,
    /// First seen, RFC 3339.
    pub since: String,
    /// How often it was told.
    pub told: u32,
    /// Whether somebody is at work on it.
    pub acknowledged: bool,
    /// Whether it is over and only its end is still to be told.
    pub over: bool,
}

/// Where a recipient stands in the configuration, and by which way they are reached: never an address.
struct Place(String);

impl Place {
    /// As people find it in the configuration.
    fn label(&self) -> String {
        let mut parts = self.0.splitn(3, '-');
        let mut part = || parts.next().unwrap_or_default();
        format!("alerts.{}[{}] ({})", part(), part(), part())
    }
}

/// What became of one channel.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tried {
    /// Place in the configuration, as in `alerts.first[0]`, and kind.
    pub channel: String,
    /// Why it failed, if it did.
    pub failure: Option<String>,
}

/// What is wrong with the book of a data directory, for who checks it; an absent one is whole.
#[must_use]
pub fn unreadable(directory: &Path) -> Option<String> {
    match fs::read(directory.join("alerts.json")) {
        Ok(bytes) => serde_json::from_slice::<Book>(&bytes)
            .err()
            .map(|error| error.to_string()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => Some(error.to_string()),
    }
}

impl Alerts {
    /// Takes up the book where the last process left it.
    ///
    /// # Errors
    /// The file is there and cannot be read. One that is not a book any more is put aside: no alert may keep a server from
    /// starting.
    pub fn open(directory: &Path, key: [u8; 32], setup: Setup) -> io::Result<Self> {
        let file = directory.join("alerts.json");
        let mut book = match fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_else(|_| {
                tracing::warn!("alerts.json is not readable and was begun anew");
                Book::default()
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Book::default(),
            Err(error) => return Err(error),
        };
        book.take_up(clock::now());
        Ok(Self {
            book: Mutex::new(book),
            file,
            key,
            setup: ArcSwap::from_pointee(setup),
            reload_refused: Mutex::default(),
            held: AtomicU64::new(0),
            ring: Notify::new(),
        })
    }

    /// Takes over another configuration.
    pub fn reconfigure(&self, setup: Setup) {
        self.setup.store(Arc::new(setup));
        *lock(&self.reload_refused) = None;
    }

    /// A reload was refused.
    pub fn reload_refused(&self, why: &str) {
        *lock(&self.reload_refused) = Some(why.to_owned());
        self.ring.notify_one();
    }

    /// Why the last reload was refused, until one succeeds.
    #[must_use]
    pub fn refusal(&self) -> Option<String> {
        lock(&self.reload_refused).clone()
    }

    /// Every open alert.
    #[must_use]
    pub fn list(&self) -> Vec<Listed> {
        let listed = |(alarm, open): (Alarm, &book::Open)| Listed {
            id: open.id.clone(),
            alarm,
            since: clock::rfc3339(open.since),
            told: open.told,
            acknowledged: open.acknowledged.is_some(),
            over: open.over.is_some(),
        };
        lock(&self.book).open().map(listed).collect()
    }

    /// Alarms that are on: which, since when, and whether somebody is at work on it.
    #[must_use]
    pub fn on(&self) -> Vec<(Alarm, Millis, bool)> {
        let book = lock(&self.book);
        let on = book
            .open()
            .filter(|(alarm, open)| open.over.is_none() && *alarm != Alarm::Test);
        on.map(|(alarm, open)| (alarm, open.since, open.acknowledged.is_some()))
            .collect()
    }

    /// Acknowledges one alert, or all of them. How many there were.
    pub fn acknowledge(&self, id: Option<&str>) -> usize {
        let now = clock::now();
        let mut book = lock(&self.book);
        let named: Vec<String> = match id {
            Some(id) => vec![id.to_owned()],
            None => book.open().map(|(_, open)| open.id.clone()).collect(),
        };
        let acknowledged = named.iter().filter(|id| book.acknowledge(id, now)).count();
        if acknowledged > 0 {
            tracing::info!(acknowledged, "alerts acknowledged");
            self.keep(&book);
        }
        acknowledged
    }

    /// The button behind an alert's link was pressed. To whom that link had been sent, if nobody had acknowledged the alert before.
    pub fn press(&self, id: &str, proof: &str) -> Option<String> {
        let to = self.sent_to(id, proof)?;
        let mut book = lock(&self.book);
        let is_first = book.find(id).is_some_and(|(_, open)| open.acknowledged.is_none());
        if !is_first {
            return None;
        }
        book.acknowledge(id, clock::now());
        self.keep(&book);
        drop(book);
        let to = to.label();
        tracing::info!(%to, "an alert was acknowledged by its link");
        Some(to)
    }

    /// A check from outside (`paraph fsck`, `recount`) came out: the ledger is sound, or it is not.
    pub fn ledger_checked(&self, is_sound: bool) {
        let now = clock::now();
        let quickly = self.setup.load().rhythm.without_quiet();
        let mut book = lock(&self.book);
        if is_sound {
            book.gone(Alarm::LedgerDiffers, &quickly, now);
        } else {
            book.seen(Alarm::LedgerDiffers, &fresh_id(), now);
        }
        self.keep(&book);
        self.ring.notify_one();
    }

    /// Sends a test through every channel.
    pub async fn test(&self) -> Vec<Tried> {
        let notice = Notice {
            alarm: Alarm::Test,
            id: fresh_id(),
            since: clock::now(),
            told: 0,
            over: None,
            to: Circle::Both,
            held: 0,
        };
        self.send(&notice).await
    }

    /// Held signatures that await a decision, for the end of an alert.
    fn held(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }

    /// Takes in what was seen, and sends what is due.
    async fn turn(&self, seen: &[(Alarm, bool)], now: Millis) {
        let rhythm = self.setup.load().rhythm;
        let due = {
            let mut book = lock(&self.book);
            let before = book.clone();
            for (alarm, is_on) in seen {
                match is_on {
                    true => book.seen(*alarm, &fresh_id(), now),
                    false => book.gone(*alarm, &rhythm, now),
                }
            }
            metrics::gauge!(telemetry::ALERTS_OPEN).set(book.open().count() as f64);
            let due = book.due(&rhythm, now);
            if !due.is_empty() || !before.tells_the_same(&book) {
                self.keep(&book);
            }
            due
        };
        for mut notice in due {
            notice.held = self.held();
            let tried = self.send(&notice).await;
            for failed in tried.iter().filter(|tried| tried.failure.is_some()) {
                let why = failed.failure.as_deref().unwrap_or_default();
                tracing::warn!(channel = failed.channel, why, "an alert did not get through");
            }
            let reached = tried.iter().any(|tried| tried.failure.is_none());
            tracing::warn!(
                alarm = notice.alarm.name(),
                over = notice.over.is_some(),
                reached,
                "alert"
            );
            let outcome = if reached { "reached" } else { "unheard" };
            metrics::counter!(telemetry::ALERTS, "outcome" => outcome).increment(1);
            let mut book = lock(&self.book);
            book.told(&notice, reached, &rhythm, clock::now());
            self.keep(&book);
        }
    }

    /// To everybody in the circle, all at once.
    async fn send(&self, notice: &Notice) -> Vec<Tried> {
        let setup = self.setup.load_full();
        let of = |list: &'static str, recipients: &[Recipient]| -> Vec<(Place, Recipient)> {
            let placed = |(at, recipient): (usize, &Recipient)| {
                let kind = recipient.channel.kind();
                (Place(format!("{list}-{at}-{kind}")), recipient.clone())
            };
            recipients.iter().enumerate().map(placed).collect()
        };
        let mut circle = of("first", &setup.settings.first);
        if notice.to == Circle::Both {
            circle.extend(of("second", &setup.settings.second));
        }
        let sending = circle.into_iter().map(|(place, recipient)| {
            let setup = &setup;
            async move {
                let link = self.link(&setup.link, &notice.id, &place, &recipient.lang);
                let told = Told::new(
                    notice,
                    &recipient.lang,
                    &setup.site_name,
                    &setup.settings.time_zone,
                    (&link, &setup.room(&recipient.lang)),
                );
                let failure = channel::send(setup, &recipient, &told).await.err();
                let channel = place.label();
                Tried { channel, failure }
            }
        });
        join_all(sending).await
    }

    fn link(&self, base: &str, id: &str, to: &Place, lang: &str) -> String {
        format!("{base}/alerts/{id}/{}?lang={lang}", self.proof(id, to))
    }

    /// What only who was told can know, and by which link they were.
    fn proof(&self, id: &str, to: &Place) -> String {
        let tag = keys::tag(&self.key, &[b"acknowledge", id.as_bytes(), to.0.as_bytes()]);
        format!("{}.{}", to.0, BASE64URL_NOPAD.encode(&tag))
    }

    /// To whom a link was sent; `None` if it is none of ours.
    fn sent_to(&self, id: &str, proof: &str) -> Option<Place> {
        let to = Place(proof.split_once('.')?.0.to_owned());
        let is_ours: bool = self.proof(id, &to).as_bytes().ct_eq(proof.as_bytes()).into();
        is_ours.then_some(to)
    }

    /// Puts the book on the disk. One that does not take it is no reason to be silent: the book in memory goes on.
    fn keep(&self, book: &Book) {
        if let Err(error) = replace::with_json(&self.file, book) {
            tracing::warn!(%error, "open alerts could not be kept; they go on until the next restart");
        }
    }
}

fn fresh_id() -> String {
    HEXLOWER.encode(&id::random::<6>())
}

/// Nothing here is left half-changed by a panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
