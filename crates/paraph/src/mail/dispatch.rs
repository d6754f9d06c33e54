//! The mailer: takes what is due, writes it, hands it over, and tells the store what became of it.
//!
//! It runs beside signing and never in its way: a dead mail server delays mail and nothing else.

use std::collections::{HashSet, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::stream::{FuturesUnordered, StreamExt};
use lettre::message::Mailbox;
use lettre::{Address, Message};
use paraph_tally::{Millis, PetitionId};
use tokio::sync::watch;
use tokio::time::Instant;

use super::bounce;
use super::compose::{self, Letter, MessageId, Post};
use super::dkim::Signer;
use super::pace::{self, Handed, Next, Pace};
use super::rest::Rest;
use super::stop::{AddressTags, Kind};
use super::transport::{DeliveryError, Transport};
use crate::clock;
use crate::handlers::shelf::Shelf;
use crate::intake::Intake;
use crate::intake::command::{ClaimedMail, MailId, MailKind, MailOutcome};
use crate::ledger::query::{ForMail, LedgerReader};
use crate::ledger::record::Personal;
use crate::limits::Limits;
use crate::store::db::DbError;
use crate::store::id;
use crate::telemetry;
use crate::token::{Purpose, Tokens};

/// How often the outbox is looked at while it is empty.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// What the mailer needs.
pub struct Mailer {
    /// Claims mails and records outcomes.
    pub intake: Intake,
    /// Reads what a mail is about.
    pub ledger: LedgerReader,
    /// Makes the links.
    pub tokens: Arc<Tokens>,
    /// Tells spellings of one mailbox apart.
    pub addresses: AddressTags,
    /// Titles of petitions.
    pub shelf: Arc<Shelf>,
    /// Where mail goes.
    pub transport: Transport,
    /// Sender.
    pub from: Mailbox,
    /// Signs letters.
    pub dkim: Option<Arc<Signer>>,
    /// Where letters come back to, without the token.
    pub bounce: Option<Address>,
    /// Name of the site.
    pub site_name: String,
    /// Address of the site, without a slash at the end.
    pub base_url: String,
    /// What is known of each domain; the deliverability page looks at it too.
    pub pace: Arc<Mutex<Pace>>,
    /// Key of the names of mails.
    pub message_key: [u8; 32],
    /// The bounds in force.
    pub limits: Limits,
}

impl Mailer {
    /// Sends mail until `stop` turns true; what is being handed over then is finished first.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) {
        let usually = usize::try_from(self.limits.mail_connections).unwrap_or(1);
        let mut rest = Rest::new(self.limits.mail_rest_seconds);
        let mut queue: VecDeque<ClaimedMail> = VecDeque::new();
        let mut sending = FuturesUnordered::new();
        let mut in_hand: HashSet<MailId> = HashSet::new();
        let mut outcomes = Vec::new();
        loop {
            let stopping = *stop.borrow();
            if stopping {
                // They are due again at once, for whoever comes next.
                outcomes.extend(queue.drain(..).map(at_once));
            }
            let rests = rest.left(Instant::now());
            let places = if rest.is_on() { 1 } else { usually };
            if queue.is_empty() && sending.len() < places {
                self.record(&mut outcomes).await;
                if !stopping && rests.is_none() {
                    let most = if rest.is_on() { 1 } else { self.limits.mail_claimed };
                    let claimed = self.intake.claim_mail(most).await;
                    // A claim may run out while its mail is still being handed over: it is not sent twice.
                    let fresh = claimed.unwrap_or_default().into_iter();
                    queue.extend(fresh.filter(|mail| in_hand.insert(mail.id)));
                }
            }
            while rests.is_none()
                && sending.len() < places
                && let Some(mail) = queue.pop_front()
            {
                sending.push(async move {
                    let now = clock::now();
                    // A fault of ours in one letter keeps no other from leaving.
                    let sent = AssertUnwindSafe(self.try_to_send(mail, now)).catch_unwind().await;
                    let outcome = sent.unwrap_or_else(|_| {
                        tracing::error!("the writing of a mail panicked; it will be tried again");
                        Ok(later(mail, now))
                    });
                    (mail, now, outcome)
                });
            }
            if stopping && sending.is_empty() {
                self.record(&mut outcomes).await;
                return;
            }
            // A mail that takes its time must not keep others in the outbox: a free place looks there again.
            let is_room = sending.len() < places;
            tokio::select! {
                Some((mail, began, done)) = sending.next() => {
                    in_hand.remove(&mail.id);
                    let outcome = rest.heard(done, Instant::now()).unwrap_or_else(|| {
                        // What was taken out with it would fail alike.
                        for mail in queue.drain(..) {
                            in_hand.remove(&mail.id);
                            outcomes.push(at_once(mail));
                        }
                        later(mail, began)
                    });
                    outcomes.push((mail, outcome));
                }
                () = tokio::time::sleep(rests.unwrap_or(LOOK_AGAIN)), if is_room => {}
                _ = stop.changed(), if !stopping => {}
            }
        }
    }

    async fn record(&self, outcomes: &mut Vec<(ClaimedMail, MailOutcome)>) {
        if outcomes.is_empty() {
            return;
        }
        for (_, outcome) in outcomes.iter() {
            let label = match outcome {
                MailOutcome::Sent | MailOutcome::SentTo(_) => "sent",
                MailOutcome::Later(_) => "later",
                MailOutcome::GivenUp => "given_up",
            };
            metrics::counter!(telemetry::MAILS, "outcome" => label).increment(1);
        }
        if self.intake.mail_done(std::mem::take(outcomes)).await.is_err() {
            tracing::warn!("what became of some mails was not recorded; they may be sent twice");
        }
    }

    async fn try_to_send(&self, mail: ClaimedMail, now: Millis) -> Result<MailOutcome, DbError> {
        let Some((petition, personal, waiting)) = self.about(mail).await? else {
            return Ok(MailOutcome::GivenUp);
        };
        let Some(displayed) = self.shelf.petition_by_id(petition) else {
            return Ok(MailOutcome::GivenUp);
        };
        let Ok(to) = compose::recipient(&personal.email) else {
            return Ok(MailOutcome::GivenUp);
        };
        let Some(spelt) = self
            .ledger
            .goes_to(&self.addresses, &personal.email, mail.address, now)
            .await?
        else {
            return Ok(MailOutcome::GivenUp);
        };
        if let Err(at) = self.pace().ready(to.domain(), now, jitter()) {
            return Ok(pace::wait(at, now));
        }
        let (button, named) = match mail.kind {
            MailKind::Confirmation => (Purpose::Confirm, mail.signature.0),
            MailKind::SecondWay => (Purpose::SecondWay, mail.id),
        };
        let letter = Letter {
            kind: mail.kind,
            to: &to,
            lang: &personal.language,
            site_name: &self.site_name,
            base_url: &self.base_url,
            title: displayed.title_of(personal.text_version),
            name: &personal.name,
            button_token: &self.tokens.issue(button, mail.signature),
            withdraw_token: &self.tokens.issue(Purpose::Withdraw, mail.signature),
            not_me_token: &self.tokens.issue(Purpose::NotMe, mail.signature),
            stop_token: &self.tokens.issue_stop(Kind::Confirmation, mail.address),
            waiting,
            days: self.limits.unconfirmed_days,
            stop_days: self.limits.mail_stop_days,
        };
        let message_id = MessageId::derive(&self.message_key, named);
        let returns_to = self
            .bounce
            .as_ref()
            .and_then(|bounce| bounce::return_address(bounce, &self.tokens.issue_bounce(spelt, now)));
        let post = Post {
            from: &self.from,
            returns_to: returns_to.as_ref(),
            id: message_id,
            written: now,
        };
        let outcome = match compose::compose(&letter, &post) {
            Ok(message) => self.hand_over(&message, message_id, now).await,
            Err(unwritable) => Err(DeliveryError::Permanent(unwritable.to_string())),
        };
        let handed = Handed::of(&outcome);
        self.pace()
            .done(to.domain(), mail.address, handed, clock::now(), jitter());
        Ok(match outcome {
            Ok(()) if spelt == mail.address => MailOutcome::Sent,
            Ok(()) => MailOutcome::SentTo(spelt),
            Err(DeliveryError::Permanent(reason)) => {
                tracing::info!(reason, "a mail was refused for good");
                self.intake.mail_refused();
                MailOutcome::GivenUp
            }
            Err(DeliveryError::Temporary(reason) | DeliveryError::Deferred(reason)) => {
                tracing::info!(reason, "a mail will be tried again");
                later(mail, now)
            }
        })
    }

    /// What a mail is about, and how many others wait for its mailbox; `None` if there is nobody to send it to any more.
    async fn about(&self, mail: ClaimedMail) -> Result<Option<(PetitionId, Personal, u64)>, DbError> {
        match mail.kind {
            MailKind::Confirmation => {
                let read = self.ledger.for_mail(mail.signature, self.limits.waiting_shown).await?;
                Ok(read.map(
                    |ForMail {
                         petition,
                         personal,
                         waiting,
                     }| {
                        let others = waiting.iter().filter(|other| **other != mail.signature).count();
                        (petition, personal, others as u64)
                    },
                ))
            }
            MailKind::SecondWay => {
                let read = self.ledger.for_second_way(mail.signature).await?;
                Ok(read.map(|(petition, personal)| (petition, personal, 0)))
            }
        }
    }

    async fn hand_over(&self, message: &Message, id: MessageId, now: Millis) -> Result<(), DeliveryError> {
        let raw = match &self.dkim {
            Some(signer) => signer.signed(&message.formatted(), now),
            None => message.formatted(),
        };
        self.transport.deliver(message.envelope(), raw, id).await
    }

    /// Never held across a wait.
    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Due again at once: it was not tried.
fn at_once(mail: ClaimedMail) -> (ClaimedMail, MailOutcome) {
    (mail, MailOutcome::Later(Duration::ZERO))
}

fn jitter() -> u64 {
    u64::from_be_bytes(id::random())
}

fn later(mail: ClaimedMail, now: Millis) -> MailOutcome {
    match pace::after_failure(id::made_at(mail.id), mail.attempts + 1, jitter(), now) {
        Next::RetryAt(at) => pace::wait(at, now),
        Next::GiveUp => MailOutcome::GivenUp,
    }
}
