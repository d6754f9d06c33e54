//! The mailer: takes what is due, writes it, hands it over, and tells the store what became of it.
//!
//! It runs beside signing and never in its way: a dead mail server delays mail and nothing else.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use lettre::Address;
use lettre::message::Mailbox;
use paraph_tally::Millis;
use tokio::sync::{Mutex, watch};

use super::bounce;
use super::compose::{self, Letter, MessageId, Post};
use super::dkim::Signer;
use super::pace::{self, Next, Pace};
use super::stop::Kind;
use super::transport::{DeliveryError, Transport};
use crate::clock;
use crate::handlers::shelf::Shelf;
use crate::intake::Intake;
use crate::intake::command::{ClaimedMail, MailOutcome};
use crate::ledger::query::{ForMail, LedgerReader};
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
    /// Key of the names of mails.
    pub message_key: [u8; 32],
    /// The bounds in force.
    pub limits: Limits,
}

impl Mailer {
    /// Sends mail until `stop` turns true; what was claimed by then is finished first.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let pace = Mutex::new(Pace::new(&self.limits));
        while !*stop.borrow() {
            let claimed = self
                .intake
                .claim_mail(self.limits.mail_claimed)
                .await
                .unwrap_or_default();
            if claimed.is_empty() {
                tokio::select! {
                    () = tokio::time::sleep(LOOK_AGAIN) => {}
                    _ = stop.changed() => {}
                }
                continue;
            }
            let at_once = usize::try_from(self.limits.mail_connections).unwrap_or(1);
            let outcomes: Vec<(ClaimedMail, MailOutcome)> = stream::iter(claimed)
                .map(|mail| {
                    let sending = self.send(mail, &pace);
                    async move { (mail, sending.await) }
                })
                .buffer_unordered(at_once)
                .collect()
                .await;
            for (_, outcome) in &outcomes {
                let label = match outcome {
                    MailOutcome::Sent => "sent",
                    MailOutcome::Later(_) => "later",
                    MailOutcome::GivenUp => "given_up",
                };
                metrics::counter!(telemetry::MAILS, "outcome" => label).increment(1);
            }
            if self.intake.mail_done(outcomes).await.is_err() {
                tracing::warn!("what became of some mails was not recorded; they may be sent twice");
            }
        }
    }

    async fn send(&self, mail: ClaimedMail, pace: &Mutex<Pace>) -> MailOutcome {
        let now = clock::now();
        match self.try_to_send(mail, pace, now).await {
            Ok(outcome) => outcome,
            Err(error) => {
                tracing::warn!(%error, "a mail could not be prepared");
                later(mail, now)
            }
        }
    }

    async fn try_to_send(&self, mail: ClaimedMail, pace: &Mutex<Pace>, now: Millis) -> Result<MailOutcome, DbError> {
        let read = self.ledger.for_mail(mail.signature, self.limits.waiting_shown).await?;
        let Some(ForMail {
            petition,
            personal,
            waiting,
        }) = read
        else {
            return Ok(MailOutcome::GivenUp);
        };
        let Some(displayed) = self.shelf.petition_by_id(petition) else {
            return Ok(MailOutcome::GivenUp);
        };
        let Ok(to) = compose::recipient(&personal.email) else {
            return Ok(MailOutcome::GivenUp);
        };
        if let Err(at) = pace.lock().await.ready(to.domain(), now) {
            return Ok(MailOutcome::Later(at));
        }
        let letter = Letter {
            to: &to,
            lang: &personal.language,
            site_name: &self.site_name,
            base_url: &self.base_url,
            title: &displayed.view.title,
            name: &personal.name,
            confirm_token: &self.tokens.issue(Purpose::Confirm, mail.signature),
            withdraw_token: &self.tokens.issue(Purpose::Withdraw, mail.signature),
            not_me_token: &self.tokens.issue(Purpose::NotMe, mail.signature),
            stop_token: &self.tokens.issue_stop(Kind::Confirmation, mail.address),
            waiting: waiting.iter().filter(|other| **other != mail.signature).count() as u64,
            days: self.limits.unconfirmed_days,
            stop_days: self.limits.mail_stop_days,
        };
        let message_id = MessageId::derive(&self.message_key, mail.signature.0);
        let returns_to = self
            .bounce
            .as_ref()
            .and_then(|bounce| bounce::return_address(bounce, &self.tokens.issue_bounce(mail.address, now)));
        let post = Post {
            from: &self.from,
            returns_to: returns_to.as_ref(),
            id: message_id,
            written: now,
        };
        let Ok(message) = compose::compose(&letter, &post) else {
            return Ok(MailOutcome::GivenUp);
        };
        let raw = match &self.dkim {
            Some(signer) => signer.signed(&message.formatted(), now),
            None => message.formatted(),
        };
        Ok(
            match self.transport.deliver(message.envelope(), raw, message_id).await {
                Ok(()) => MailOutcome::Sent,
                Err(DeliveryError::Permanent(reason)) => {
                    tracing::info!(reason, "a mail was refused for good");
                    MailOutcome::GivenUp
                }
                Err(DeliveryError::Temporary(reason)) => {
                    tracing::info!(reason, "a mail will be tried again");
                    later(mail, now)
                }
            },
        )
    }
}

fn later(mail: ClaimedMail, now: Millis) -> MailOutcome {
    let jitter = u64::from_be_bytes(id::random());
    match pace::after_failure(id::made_at(mail.id), mail.attempts + 1, jitter, now) {
        Next::RetryAt(at) => MailOutcome::Later(at),
        Next::GiveUp => MailOutcome::GivenUp,
    }
}
