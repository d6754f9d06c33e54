//! Admission: the decision to take a contribution in, made in memory, before anything is stored or mailed.
//!
//! Cheapest first. A signature passes, in this order:
//!
//! ```text
//! listener   connection caps, PROXY header, Forwarded            -> Source
//! receive    the source has budget left; media type, size, fields  -> Received
//! clear      signature of clearance or ticket, microseconds      -> Cleared    nothing is burnt yet
//!            (Contribution::from_form: what the fields mean; not asked of what was forged)
//!            (a place in a lane, a slot of the intake)
//! burn       the nonce is spent, then the solution verified      -> Burnt      the source is charged
//!            (intake makes it durable; Pass::admitted)
//! ```
//!
//! Everything here is owned by one [`Admitter`] and bounded by `limits.rs`; nothing is written anywhere.

pub mod behind;
pub mod budget;
pub mod certificate;
pub mod challenge;
pub mod contribution;
pub mod email;
pub mod form;
mod forwarded;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod h2;
pub mod handshake;
mod heads;
pub mod lane;
pub mod listener;
mod pace;
mod pass;
pub mod places;
pub mod proofs;
pub mod proxy;
pub(crate) mod recent;
pub mod refusal;
pub mod room;
mod seat;
mod sketch;
pub mod source;
pub mod spent;
pub mod state;
mod stream;
pub mod ticket;
mod turns;
pub mod upload;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use paraph_tally::Millis;
use sha2::Sha256;
use tokio::time::Instant;

use self::budget::{Asker, Budgets, Pressure, Purpose, SlowDown};
use self::challenge::{Challenge, Clearance, Price, Puzzles};
use self::form::SignForm;
use self::lane::{Lane, Lanes, Rank};
use self::pass::{Burning, Proof};
pub use self::pass::{Burnt, Cleared, NotReceived, Pass, Received, Way};
use self::places::Places;
pub use self::refusal::Refusal;
use self::source::Source;
use self::spent::{BodyMac, Burn, Nonce, Outcome, Spent};
use self::ticket::Tickets;
use self::upload::Unread;
use crate::limits::Limits;
use crate::shield::Shield;
use crate::store::id::{random, time_ordered};

/// Counts a connection, or one of its requests, that was ended by a bound.
fn ended(why: &'static str) {
    metrics::counter!(crate::telemetry::CONNECTIONS_ENDED, "why" => why).increment(1);
}

/// The keys of admission, each derived under a label of its own.
pub struct Secrets {
    /// Signs challenges.
    pub challenge: [u8; 32],
    /// Signs tickets.
    pub ticket: [u8; 32],
    /// Makes the MAC by which a repeated body is recognised. Must outlive a restart, as the store keeps these MACs.
    pub body: [u8; 32],
}

/// A key that is empty, shorter than 32 bytes, or one byte repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a secret of admission is empty, shorter than 32 bytes, or all the same byte")]
pub struct WeakSecret;

impl WeakSecret {
    fn check(secret: &[u8]) -> Result<(), Self> {
        let varied = secret.windows(2).any(|pair| pair[0] != pair[1]);
        if secret.len() >= 32 && varied {
            Ok(())
        } else {
            Err(Self)
        }
    }
}

/// The door. One per process; every handler of the public side borrows it.
pub struct Admitter {
    /// The queues. Handlers enter theirs before they do anything that costs.
    pub lanes: Lanes,
    /// The places of its listeners.
    pub places: Arc<Places>,
    limits: Limits,
    /// What each source uses, and what shared addresses have earned.
    pub budgets: Budgets,
    puzzles: Puzzles,
    tickets: Tickets,
    body: Hmac<Sha256>,
    shield: Option<Arc<Shield>>,
    spent_script: Arc<Spent>,
    spent_plain: Arc<Spent>,
    verification: Lane,
    read_only: AtomicBool,
}

impl Admitter {
    /// A door with nothing spent yet; see [`Admitter::preload`].
    ///
    /// # Errors
    /// A secret is no secret.
    pub fn new(secrets: &Secrets, price: Price, limits: &Limits) -> Result<Self, WeakSecret> {
        WeakSecret::check(&secrets.body)?;
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        // One core stays free for everything else, where there is more than one.
        let verifiers = cores.saturating_sub(1).max(1) as u64;
        let wait = Duration::from_millis(limits.lane_wait_ms);
        Ok(Self {
            lanes: Lanes::new(limits),
            places: Places::new(limits),
            budgets: Budgets::new(limits),
            puzzles: Puzzles::new(&secrets.challenge, price, limits)?,
            tickets: Tickets::new(&secrets.ticket, limits.ticket_seconds, limits.ticket_moved_seconds)?,
            body: Hmac::new_from_slice(&secrets.body).map_err(|_| WeakSecret)?,
            shield: None,
            spent_script: Arc::new(Spent::new(limits.spent_script, limits.repeats_waiting)),
            spent_plain: Arc::new(Spent::new(limits.spent_plain, limits.repeats_waiting)),
            verification: Lane::new("verification", verifiers, limits.puzzle_waiting, wait),
            limits: limits.clone(),
            read_only: AtomicBool::new(false),
        })
    }

    /// Shows pages only, from now on or no longer: signing is answered with "come back", confirming and withdrawing go on.
    /// Whether it was otherwise before.
    pub fn set_read_only(&self, read_only: bool) -> bool {
        let is_new = self.read_only.swap(read_only, Ordering::Relaxed) != read_only;
        if is_new {
            tracing::warn!(read_only, "signing was paused, or goes on");
        }
        is_new
    }

    /// Whether pages are all there is.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.read_only.load(Ordering::Relaxed)
    }

    /// Whether signing is open.
    ///
    /// # Errors
    /// `ReadOnly`.
    pub fn open(&self) -> Result<(), Refusal> {
        if self.is_read_only() {
            let retry_after = retry_after(READ_ONLY_SECONDS);
            return Err(Refusal::ReadOnly { retry_after });
        }
        Ok(())
    }

    /// The same door with so many places for connections, as few descriptors allow no more.
    #[must_use]
    pub fn with_places(mut self, most: u64) -> Self {
        let limits = &self.limits;
        self.places = Places::of(most, limits.connections_per_address, limits.connections_per_network);
        self
    }

    /// The same door, which tells the shield of whom it refuses, and asks it who pays the highest price.
    #[must_use]
    pub fn behind(mut self, shield: Arc<Shield>) -> Self {
        self.shield = Some(shield);
        self
    }

    /// A signature was refused for this reason, its hidden field filled or not: the shield learns of it, and what its sender
    /// can mend is explained while the budget for that lasts.
    #[must_use]
    pub fn refused(&self, source: &Source, refusal: Refusal, trapped: bool, now: Millis) -> Refusal {
        if let Some(shield) = &self.shield {
            shield.refused(source, &refusal, trapped, now);
        }
        match refusal {
            Refusal::InvalidForm(_)
            | Refusal::TicketExpired
            | Refusal::TooEarly { .. }
            | Refusal::ClearanceRefused(_) => match self.charge(Purpose::Refused, &self.asker(source), now) {
                Ok(_) => refusal,
                Err(slow_down) => slow_down.into(),
            },
            _ => refusal,
        }
    }

    /// A signature was confirmed from there.
    pub fn confirmed(&self, source: &Source, now: Millis) {
        if let Some(shield) = &self.shield {
            shield.confirmed(source, now);
        }
    }

    /// Charges a budget; the shield learns of one that is used up.
    fn charge(&self, purpose: Purpose, asker: &Asker, now: Millis) -> Result<Pressure, SlowDown> {
        let charged = self.budgets.charge(purpose, asker, now);
        self.noted(asker, charged, now)
    }

    fn noted<T>(&self, asker: &Asker, charged: Result<T, SlowDown>, now: Millis) -> Result<T, SlowDown> {
        charged.inspect_err(|_| {
            if let Some(shield) = &self.shield {
                shield.exceeded(&asker.source, now);
            }
        })
    }

    /// How much of its budget of signatures a source uses; all of it, where it earned a ban and people are behind it.
    fn pressure(&self, asker: &Asker, now: Millis) -> Pressure {
        match &self.shield {
            Some(shield) if shield.is_priced(&asker.source, now) => Pressure::of_share(1.0),
            _ => self.budgets.pressure(Purpose::Sign, asker, now),
        }
    }

    /// How long who wants to sign waits now: what everybody's price follows.
    fn delay(&self) -> Duration {
        let lanes = [
            self.lanes.of(Rank::Sign),
            self.lanes.of(Rank::Plain),
            &self.verification,
        ];
        lanes.map(Lane::delay).into_iter().max().unwrap_or_default()
    }

    fn asker(&self, source: &Source) -> Asker {
        let origin = self.shield.as_ref().and_then(|shield| shield.announced(source.addr));
        Asker {
            source: *source,
            origin,
        }
    }

    /// Remembers the nonces that the store has admitted and that have not expired. Call it before serving.
    pub fn preload(&self, way: Way, admitted: impl IntoIterator<Item = (Nonce, BodyMac, Millis)>, now: Millis) {
        self.spent(way).preload(admitted, now);
    }

    /// A challenge for signing this petition, priced by the source's pressure and the queue's delay. Whose neighbours used the
    /// budget of their address up still gets one, at the highest price; the shield learns of it as of a refusal.
    ///
    /// # Errors
    /// `SlowDown`, where a whole network of rented servers asked too often; `ReadOnly`; `Busy` when it cannot be made.
    pub fn challenge(&self, source: &Source, slug: &str, now: Millis) -> Result<Challenge, Refusal> {
        self.open()?;
        let asker = self.asker(source);
        let asked = self.charge(Purpose::Challenge, &asker, now)?;
        if let Some(shield) = self.shield.as_ref().filter(|_| asked.is_whole()) {
            shield.exceeded(source, now);
        }
        let pressure = asked.max(self.pressure(&asker, now));
        let rounds = challenge::rounds(&self.limits, pressure, self.delay());
        self.puzzles
            .issue(slug, rounds, time_ordered(now), random(), now)
            .map_err(|_| no_service())
    }

    /// A ticket for the form of this petition, and how old it must be in seconds.
    ///
    /// # Errors
    /// `SlowDown`.
    pub fn ticket(&self, source: &Source, slug: &str, now: Millis) -> Result<(String, u16), Refusal> {
        let asker = self.asker(source);
        let asked = self.charge(Purpose::Ticket, &asker, now)?;
        let pressure = asked.max(self.pressure(&asker, now));
        let age = pressure.between(self.limits.ticket_age_seconds, self.limits.ticket_age_ceiling_seconds);
        let age = u16::try_from(age).unwrap_or(u16::MAX);
        Ok((self.tickets.issue(source, slug, age, time_ordered(now), now), age))
    }

    /// Reads a sign form. Where `keep` says so, also that of a source whose budget is used up: honest people share its
    /// address, and get back what they typed. Otherwise what is refused costs no more than reading its body.
    ///
    /// # Errors
    /// `SlowDown`, `UnsupportedMedia`, `TooLarge`, `SlowBody`, `BrokenBody`, `InvalidForm`.
    pub async fn receive<B>(
        &self,
        source: &Source,
        headers: &HeaderMap,
        body: B,
        keep: bool,
        now: Millis,
    ) -> Result<Received, NotReceived>
    where
        B: hyper::body::Body<Data = Bytes>,
        Unread: From<B::Error>,
    {
        let asker = self.asker(source);
        let left = self.noted(&asker, self.budgets.check(Purpose::Sign, &asker, now), now);
        let raw = self.read_form(headers, body).await?;
        if let (Err(slow_down), false) = (left, keep) {
            return Err(Refusal::from(slow_down).into());
        }
        let (form, errors) = SignForm::parse(&raw, &self.limits);
        let refusal = match left {
            Ok(()) if errors.is_empty() => return Ok(Received { form, raw }),
            Ok(()) => Refusal::InvalidForm(contribution::all_wrong(&form, errors, &self.limits)),
            Err(slow_down) => slow_down.into(),
        };
        let form = Box::new(form);
        Err(NotReceived { refusal, form })
    }

    async fn read_form<B>(&self, headers: &HeaderMap, body: B) -> Result<Bytes, Refusal>
    where
        B: hyper::body::Body<Data = Bytes>,
        Unread: From<B::Error>,
    {
        if !form::is_announced(headers) {
            return Err(Refusal::UnsupportedMedia);
        }
        self.read(body).await
    }

    /// Reads a body within its bounds of size and time.
    async fn read<B>(&self, body: B) -> Result<Bytes, Refusal>
    where
        B: hyper::body::Body<Data = Bytes>,
        Unread: From<B::Error>,
    {
        // What `Content-Length` announces is known of the body.
        if body.size_hint().lower() > self.limits.body_bytes {
            return Err(Refusal::TooLarge);
        }
        let most = usize::try_from(self.limits.body_bytes).unwrap_or(usize::MAX);
        let patience = Duration::from_secs(self.limits.body_seconds);
        Ok(upload::read(body, most, patience).await?)
    }

    /// Checks the signature of clearance or ticket: microseconds, nothing is burnt. A form that holds both is judged by
    /// its clearance.
    ///
    /// # Errors
    /// `ClearanceRefused`, `TicketExpired`, `TooEarly`.
    pub fn clear(
        &self,
        source: &Source,
        slug: &str,
        form: &SignForm,
        raw_body: &[u8],
        now: Millis,
    ) -> Result<Cleared, Refusal> {
        let proof = self.prove(source, slug, form, now)?;
        let asker = self.asker(source);
        let mut mac = self.body.clone();
        mac.update(raw_body);
        Ok(Cleared {
            proof,
            body_mac: ticket::truncate(mac),
            score: self.pressure(&asker, now).percent(),
            asker,
        })
    }

    fn prove(&self, source: &Source, slug: &str, form: &SignForm, now: Millis) -> Result<Proof, Refusal> {
        if !form.altcha.is_empty() {
            Ok(Proof::Script(Box::new(self.puzzles.check(slug, &form.altcha, now)?)))
        } else if !form.ticket.is_empty() {
            Ok(Proof::Plain(self.tickets.check(source, slug, &form.ticket, now)?))
        } else {
            Err(Refusal::ClearanceRefused("missing"))
        }
    }

    /// The seconds that a ticket must wait yet; nothing if it does not hold. Charges nothing.
    #[must_use]
    pub fn ticket_wait(&self, source: &Source, slug: &str, ticket: &str, now: Millis) -> Option<u64> {
        match self.tickets.check(source, slug, ticket, now).map_err(Refusal::from) {
            Ok(_) => Some(0),
            Err(Refusal::TooEarly { wait_seconds }) => Some(wait_seconds),
            Err(_) => None,
        }
    }

    /// Burns the nonce and then, for a clearance, verifies the solution, in a lane of its own. Reserve the intake slot
    /// before: a nonce must not be burnt for want of room.
    ///
    /// Only what was never burnt before and is solved is charged as a signature: it cost its sender something. Who forges or
    /// replays behind a shared address does not use up what is left for the people there.
    ///
    /// # Errors
    /// `ClearanceRefused` (spent on another body, or not solved), `Busy`.
    pub async fn burn(&self, cleared: Cleared, now: Millis) -> Result<Burnt, Refusal> {
        let Cleared {
            proof,
            body_mac,
            score,
            asker,
        } = cleared;
        let (way, nonce, issued, expires, price) = match &proof {
            Proof::Script(clearance) => (
                Way::Script,
                clearance.nonce,
                clearance.issued,
                clearance.expires,
                clearance.rounds,
            ),
            Proof::Plain(ticket) => (Way::Plain, ticket.nonce, ticket.issued, ticket.expires, ticket.age),
        };
        let Some(mut burning) = self.claim(way, nonce, body_mac, expires, now).await? else {
            return Ok(Burnt::Repeat);
        };
        if let Proof::Script(clearance) = proof {
            burning = self.verify(*clearance, burning).await?;
        }
        if let Some(shield) = &self.shield {
            shield.signed(&asker.source, now);
        }
        // There was some left when it came in; used up meanwhile by others, it is the next one that is refused.
        let _ = self.charge(Purpose::Sign, &asker, now);
        Ok(Burnt::Fresh(Pass {
            nonce,
            body_mac,
            expires,
            issued,
            way,
            price,
            score,
            burning,
        }))
    }

    /// Makes the nonce ours, or learns what became of it: `None` means admitted before.
    async fn claim(
        &self,
        way: Way,
        nonce: Nonce,
        body_mac: BodyMac,
        expires: Millis,
        now: Millis,
    ) -> Result<Option<Burning>, Refusal> {
        let spent = self.spent(way);
        let deadline = Instant::now() + Duration::from_millis(self.limits.lane_wait_ms);
        loop {
            match spent.burn(nonce, body_mac, expires, now) {
                Burn::Fresh => {
                    return Ok(Some(Burning {
                        spent: Some(Arc::clone(spent)),
                        nonce,
                        since: now,
                    }));
                }
                // The store's unique key decides in any case. Refusing here would let a flood close the way by filling
                // the memory; going on only costs what the memory saves.
                Burn::Full => {
                    metrics::counter!(crate::telemetry::SPENT_FULL).increment(1);
                    return Ok(Some(Burning {
                        spent: None,
                        nonce,
                        since: now,
                    }));
                }
                Burn::Settled(Outcome::Admitted) => return Ok(None),
                Burn::Settled(Outcome::Refused(reason)) => return Err(Refusal::ClearanceRefused(reason)),
                Burn::OtherBody => return Err(Refusal::ClearanceRefused("spent")),
                Burn::Crowded => return Err(no_service()),
                // Only what the first one made durable may be promised to the second: wait for it. When the first one
                // failed, the second takes over.
                Burn::InWork(outcome) => {
                    tokio::time::timeout_at(deadline, outcome)
                        .await
                        .map_err(|_| no_service())?;
                }
            }
        }
    }

    async fn verify(&self, clearance: Clearance, burning: Burning) -> Result<Burning, Refusal> {
        let place = match self.verification.enter().await {
            Ok(place) => place,
            Err(busy) => {
                burning.unburn();
                return Err(busy.into());
            }
        };
        // On this very thread: handing 0.1 ms of work to another one and back costs a fifth of it again. With the place in hand
        // everything else that is ready goes first, so that nobody waits for more than one verification, and who verifies next
        // waits in the lane, where it is seen.
        tokio::task::yield_now().await;
        let is_solved = self.puzzles.verify(&clearance);
        drop(place);
        if is_solved {
            return Ok(burning);
        }
        burning.settle(Outcome::Refused("solution"));
        Err(Refusal::ClearanceRefused("solution"))
    }

    /// Counts a link that turned out to be unknown: the answer is 404, or 429 once it is one too many. To be asked only
    /// after the look-up, never before it: a known link works however much its neighbours behind one NAT guess.
    ///
    /// # Errors
    /// `SlowDown`.
    pub fn missed(&self, source: &Source, now: Millis) -> Result<(), Refusal> {
        self.charge(Purpose::Miss, &self.asker(source), now)?;
        Ok(())
    }

    /// Nonces remembered now, for metrics.
    #[must_use]
    pub fn spent_held(&self, way: Way) -> usize {
        self.spent(way).len()
    }

    fn spent(&self, way: Way) -> &Arc<Spent> {
        match way {
            Way::Script => &self.spent_script,
            Way::Plain => &self.spent_plain,
        }
    }
}

/// Seconds after which who wanted to sign in the meantime tries again, before jitter.
const READ_ONLY_SECONDS: u64 = 60;

/// Something that is no fault of the request: come back soon.
fn no_service() -> Refusal {
    Refusal::Busy {
        retry_after: retry_after(2),
    }
}

/// Between `seconds` and twice that: those who are sent away together must not come back together.
fn retry_after(seconds: u64) -> u64 {
    let spread = u64::from_le_bytes(random()) % (seconds + 1);
    seconds + spread
}

#[cfg(test)]
mod tests;
