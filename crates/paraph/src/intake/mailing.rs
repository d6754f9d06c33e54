//! Handing out mails: the budget of each is spent in the store before anyone sends it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::Duration;

use paraph_tally::{MailboxId, Millis, PetitionId, SignatureId};

use super::command::{ClaimedMail, MailId, MailKind, MailOutcome};
use super::decide::Decider;
use super::tick::DAY;
use crate::journal::{Claim, integer};
use crate::ledger::petition_id;
use crate::mail::bounce::Bounced;
use crate::mail::budget::{Due, WINDOW, due_about};
use crate::mail::stop::{self, Kind, Quiet, Wish};
use crate::store::db::{DbError, Row, Value};

/// How long a claimed mail stays with whoever claimed it. A process that dies in between sends it again after that.
pub(crate) const CLAIM_MILLIS: u64 = 10 * 60 * 1000;

/// Mails that left for an address after a moment; [`sent`] reads them.
pub(crate) const SENT_TO: &str = "SELECT at, petition FROM mail_sent WHERE address = ?1 AND at > ?2 ORDER BY at";

/// A row of [`SENT_TO`].
pub(crate) fn sent(row: &Row) -> Result<(Millis, PetitionId), DbError> {
    Ok((Millis(row.unsigned(0)?), petition_id(row, 1)?))
}

/// When addresses were written to within the last day, and about which petition: what the store says, and this batch adds.
#[derive(Default)]
pub(super) struct Spent(HashMap<[u8; 16], Vec<(Millis, PetitionId)>>);

impl Spent {
    /// Another mail is about to leave.
    pub(super) fn note(&mut self, address: [u8; 16], at: Millis, petition: PetitionId) {
        self.0.entry(address).or_default().push((at, petition));
    }
}

impl Decider<'_> {
    pub(super) async fn claim_mail(&mut self, most: u64) -> Result<Vec<ClaimedMail>, DbError> {
        let rows = self
            .db
            .query(
                "SELECT id, petition, signature, address, attempts, mailbox FROM outbox WHERE due_at <= ?1 ORDER BY due_at LIMIT ?2",
                &[integer(self.at.0), integer(most)],
            )
            .await?;
        let mut spent = Spent::default();
        let mut claimed = Vec::with_capacity(rows.len());
        for row in &rows {
            let (id, petition, address): (MailId, _, _) = (row.array(0)?, petition_id(row, 1)?, row.array(3)?);
            if let Some(quiet) = stop::is_stopped(self.db, Kind::Confirmation, address, self.at, self.at).await? {
                self.decided.batch.held.push((id, self.held_until(quiet)));
                continue;
            }
            let (signature, mailbox) = (SignatureId(row.array(2)?), MailboxId(row.array(5)?));
            let Some(signature) = self.spoken_of(signature, mailbox).await? else {
                self.decided.batch.deferred.push((id, Millis(self.at.0 + DAY)));
                continue;
            };
            let attempts = u32::try_from(row.unsigned(4)?).unwrap_or(u32::MAX);
            if attempts == 0 {
                if let Some(later) = self.budget(address, petition, &mut spent).await? {
                    self.decided.batch.put_off.push((id, later));
                    continue;
                }
                spent.note(address, self.at, petition);
            }
            let counted_at = (attempts == 0).then_some(self.at);
            let until = Millis(self.at.0 + CLAIM_MILLIS);
            self.decided.batch.claims.push(Claim {
                id,
                address,
                petition,
                counted_at,
                until,
            });
            claimed.push(ClaimedMail {
                id,
                kind: MailKind::Confirmation,
                signature,
                address,
                attempts,
            });
        }
        // Those who wait for their first mail come first.
        let room = most.saturating_sub(rows.len() as u64);
        if room > 0 {
            claimed.extend(self.claim_second_way(room, &mut spent).await?);
        }
        Ok(claimed)
    }

    /// Until when a mail about a petition has to wait because its address has had its share, if it has to.
    pub(super) async fn budget(
        &mut self,
        address: [u8; 16],
        petition: PetitionId,
        spent: &mut Spent,
    ) -> Result<Option<Millis>, DbError> {
        let sent = match spent.0.entry(address) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(self.sent_to(address).await?),
        };
        Ok(match due_about(petition, sent, self.at) {
            Due::Now => None,
            Due::At(later) => Some(later),
        })
    }

    /// Which contribution a mail speaks of: none that is held or invalidated, since no routine mail goes out under a finding;
    /// but whoever entered an address again does not stand in the way of one of that mailbox that is clear.
    async fn spoken_of(&mut self, named: SignatureId, mailbox: MailboxId) -> Result<Option<SignatureId>, DbError> {
        if self
            .load_signature(named)
            .await?
            .is_none_or(|state| state.axes.is_clear())
        {
            return Ok(Some(named));
        }
        let waiting = self.waiting_of(mailbox).await?;
        let is_clear = |id: &SignatureId| self.fold.signature(*id).is_some_and(|state| state.axes.is_clear());
        let other = waiting.into_iter().find(is_clear);
        if let Some(other) = other {
            self.decided.batch.redirected.push((mailbox, other));
        }
        Ok(other)
    }

    /// When a mail to an address that is left alone is looked at again. The contribution that it speaks of does not outlive
    /// its days, and the mail not much longer.
    pub(super) fn held_until(&self, quiet: Quiet) -> Millis {
        let last = Millis(self.at.0 + self.limits.unconfirmed_days * DAY);
        match quiet {
            Quiet::Stopped { until: None } => last,
            Quiet::Stopped { until: Some(until) } | Quiet::Bounced { until } => until.min(last),
        }
    }

    /// A mailbox that does not exist is left alone for a while; other troubles are counted.
    pub(super) fn bounced(&mut self, bounced: Vec<Bounced>) {
        let until = Millis(self.at.0 + self.limits.mail_bounce_days * DAY);
        let rows = bounced
            .into_iter()
            .map(|bounced| (bounced, self.at, bounced.hard.then_some(until)));
        self.decided.batch.bounces.extend(rows);
    }

    pub(super) fn stop_mail(&mut self, wish: Wish) {
        let until = match wish.kind {
            Kind::Confirmation => Some(Millis(self.at.0 + self.limits.mail_stop_days * DAY)),
            Kind::News => None,
        };
        self.decided.batch.wishes.push((wish, self.at, until));
    }

    /// Mails of the last day to an address, over all petitions.
    async fn sent_to(&mut self, address: [u8; 16]) -> Result<Vec<(Millis, PetitionId)>, DbError> {
        let since = integer(self.at.0.saturating_sub(WINDOW.0));
        let rows = self.db.query(SENT_TO, &[Value::Blob(&address), since]).await?;
        rows.iter().map(sent).collect()
    }

    pub(super) async fn mail_done(&mut self, outcomes: Vec<(ClaimedMail, MailOutcome)>) -> Result<(), DbError> {
        for (mail, outcome) in outcomes {
            let at = self.at;
            let batch = &mut self.decided.batch;
            match (mail.kind, outcome) {
                (MailKind::Confirmation, MailOutcome::Sent | MailOutcome::GivenUp) => {
                    batch.mailed.push((mail.id, mail.signature));
                }
                (MailKind::Confirmation, MailOutcome::Later(wait)) => batch.deferred.push((mail.id, after(at, wait))),
                (MailKind::SecondWay, MailOutcome::Sent | MailOutcome::GivenUp) => batch.second_way.over.push(mail.id),
                (MailKind::SecondWay, MailOutcome::Later(wait)) => {
                    batch.second_way.put_off.push((mail.id, after(at, wait)));
                }
            }
        }
        Ok(())
    }
}

/// So long after a moment.
pub(super) fn after(at: Millis, wait: Duration) -> Millis {
    Millis(at.0.saturating_add(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)))
}
