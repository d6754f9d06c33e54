//! The second way: held people are asked once, by mail, and what they answer is recorded. A press proposes; it releases nobody.

use std::collections::HashMap;

use paraph_tally::{Axes, MailboxId, Millis, PetitionId, SignatureId, SignatureState, Standing};

use super::command::{ClaimedMail, ConfirmAnswer, MailKind, Offer, SecondWayAnswer};
use super::decide::Decider;
use super::mailing::{CLAIM_MILLIS, Spent};
use crate::journal::second_way::{Claimed, Offered};
use crate::journal::{Claim, integer};
use crate::ledger::petition_id;
use crate::mail::budget::Sent;
use crate::mail::stop::{self, Kind};
use crate::store::db::{DbError, Row, Value};
use crate::store::id;

const HOUR: u64 = 3_600_000;

/// A mail that is due.
struct Due {
    id: [u8; 16],
    signature: SignatureId,
    petition: PetitionId,
    incident: u64,
    address: [u8; 16],
    domain: [u8; 16],
    attempts: u32,
}

impl Due {
    fn read(row: &Row) -> Result<Self, DbError> {
        Ok(Self {
            id: row.array(0)?,
            signature: SignatureId(row.array(1)?),
            petition: petition_id(row, 2)?,
            incident: row.unsigned(3)?,
            address: row.array(4)?,
            domain: row.array(5)?,
            attempts: u32::try_from(row.unsigned(6)?).unwrap_or(u32::MAX),
        })
    }
}

/// What has left within the last hour, of one incident or to one domain.
#[derive(Clone, Copy)]
struct Dripped {
    mails: u64,
    /// When the oldest of them left.
    oldest: Millis,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Drip {
    Incident(u64),
    Domain([u8; 16]),
}

/// When the last mail of an incident that has not left is due; [`last_due_at`] reads it.
pub(crate) const LAST_DUE: &str = "SELECT MAX(due_at) FROM second_way WHERE incident = ?1 AND due_at IS NOT NULL";

/// The row of [`LAST_DUE`].
pub(crate) fn last_due_at(row: &Row) -> Result<Option<Millis>, DbError> {
    Ok(row.maybe_int(0)?.and_then(|at| u64::try_from(at).ok()).map(Millis))
}

/// When the next mail of an incident is due, behind its last that has not left.
pub(crate) fn begins(last_due: Option<Millis>, per_hour: u64, now: Millis) -> Millis {
    let step = HOUR / per_hour.max(1);
    last_due.map_or(now, |last| now.max(Millis(last.0 + step)))
}

/// Whether somebody may be asked: held, and neither ended nor judged.
#[must_use]
pub fn is_to_be_asked(axes: Axes) -> bool {
    axes.verdict == Standing::Held && !axes.is_ended()
}

impl Decider<'_> {
    /// Puts mails of one incident into the outbox, evenly over the hours that they take. How many.
    pub(super) async fn offer_second_way(&mut self, incident: u64, offers: Vec<Offer>) -> Result<u64, DbError> {
        let step = HOUR / self.limits.second_way_per_hour.max(1);
        let last = self.db.query_one(LAST_DUE, &[integer(incident)]).await?;
        let last = last.map_or(Ok(None), |row| last_due_at(&row))?;
        let mut due_at = begins(last, self.limits.second_way_per_hour, self.at);
        let mut offered = 0;
        for offer in offers {
            let Some(state) = self.load_signature(offer.signature).await? else {
                continue;
            };
            if !self.may_be_asked(&state).await? || self.was_asked(state.mailbox).await? {
                continue;
            }
            self.decided.batch.second_way.offered.push(Offered {
                id: id::time_ordered(self.at),
                mailbox: state.mailbox,
                signature: offer.signature,
                petition: state.petition,
                incident,
                address: offer.address,
                domain: offer.domain,
                common: offer.common,
                at: self.at,
                due_at,
            });
            (due_at, offered) = (Millis(due_at.0 + step), offered + 1);
        }
        Ok(offered)
    }

    /// Calls the mails of one incident back that have not left. How many.
    pub(super) async fn call_back_second_way(&mut self, incident: u64) -> Result<u64, DbError> {
        let sql = "SELECT COUNT(*) FROM second_way WHERE incident = ?1 AND counted_at IS NULL";
        let stored = self.db.query_one(sql, &[integer(incident)]).await?;
        let stored = stored.map_or(Ok(0), |row| row.unsigned(0))?;
        let batch = &mut self.decided.batch.second_way;
        let here = batch.offered.iter().filter(|offered| offered.incident == incident);
        let called = stored + here.count() as u64;
        batch.called_back.push(incident);
        Ok(called)
    }

    /// Held, and nobody who reads the mailbox has said "it wasn't me" or taken a signature back.
    async fn may_be_asked(&mut self, state: &SignatureState) -> Result<bool, DbError> {
        if !is_to_be_asked(state.axes) {
            return Ok(false);
        }
        let sql = "SELECT 1 FROM signature WHERE mailbox = ?1 AND axes & 16 = 16 LIMIT 1";
        Ok(self
            .db
            .query_one(sql, &[Value::Blob(&state.mailbox.0)])
            .await?
            .is_none())
    }

    async fn was_asked(&mut self, mailbox: MailboxId) -> Result<bool, DbError> {
        let here = &self.decided.batch.second_way.offered;
        if here.iter().any(|offered| offered.mailbox == mailbox) {
            return Ok(true);
        }
        let sql = "SELECT 1 FROM second_way WHERE mailbox = ?1";
        Ok(self.db.query_one(sql, &[Value::Blob(&mailbox.0)]).await?.is_some())
    }

    /// Hands out mails of the second way that are due, within the drip and the budgets of their addresses.
    pub(super) async fn claim_second_way(&mut self, most: u64, spent: &mut Spent) -> Result<Vec<ClaimedMail>, DbError> {
        let sql = "SELECT id, signature, petition, incident, address, domain, attempts FROM second_way \
                   WHERE due_at <= ?1 ORDER BY due_at LIMIT ?2";
        let rows = self.db.query(sql, &[integer(self.at.0), integer(most)]).await?;
        let (mut drips, mut claimed) = (HashMap::new(), Vec::new());
        for row in &rows {
            let due = Due::read(row)?;
            let state = self.load_signature(due.signature).await?;
            let may_be = match &state {
                Some(state) => self.may_be_asked(state).await?,
                None => false,
            };
            if !may_be {
                self.decided.batch.second_way.over.push(due.id);
                continue;
            }
            if let Some(later) = self.not_before(&due, &mut drips, spent).await? {
                self.decided.batch.second_way.put_off.push((due.id, later));
                continue;
            }
            claimed.push(self.claim_one(&due, &mut drips, spent));
        }
        Ok(claimed)
    }

    fn claim_one(&mut self, due: &Due, drips: &mut HashMap<Drip, Dripped>, spent: &mut Spent) -> ClaimedMail {
        let until = Millis(self.at.0 + CLAIM_MILLIS);
        let counted_at = (due.attempts == 0).then_some(self.at);
        if counted_at.is_some() {
            for drip in [Drip::Incident(due.incident), Drip::Domain(due.domain)] {
                drips.entry(drip).and_modify(|dripped| dripped.mails += 1);
            }
            spent.note(
                due.address,
                Sent {
                    at: self.at,
                    petition: due.petition,
                    otherwise: false,
                },
            );
        }
        let id = due.id;
        self.decided
            .batch
            .second_way
            .claims
            .push(Claimed { id, counted_at, until });
        // The budgets of the address know no kinds of mail.
        self.decided.batch.claims.push(Claim {
            id,
            address: due.address,
            petition: due.petition,
            // Until the mailer says where it went.
            otherwise: false,
            counted_at,
            until,
        });
        ClaimedMail {
            id,
            kind: MailKind::SecondWay,
            signature: due.signature,
            address: due.address,
            attempts: due.attempts,
        }
    }

    /// Until when a mail has to wait, if it has to.
    async fn not_before(
        &mut self,
        due: &Due,
        drips: &mut HashMap<Drip, Dripped>,
        spent: &mut Spent,
    ) -> Result<Option<Millis>, DbError> {
        let quiet = stop::is_stopped(self.db, Kind::Confirmation, due.address, self.at, self.at).await?;
        if let Some(quiet) = quiet {
            return Ok(Some(self.held_until(quiet)));
        }
        if due.attempts > 0 {
            return Ok(None);
        }
        let (of_incident, of_domain) = (self.limits.second_way_per_hour, self.limits.second_way_domain_per_hour);
        for (drip, most) in [
            (Drip::Incident(due.incident), of_incident),
            (Drip::Domain(due.domain), of_domain),
        ] {
            let dripped = match drips.get(&drip) {
                Some(known) => *known,
                None => self.dripped(drip).await?,
            };
            drips.insert(drip, dripped);
            if dripped.mails >= most {
                return Ok(Some(Millis(dripped.oldest.0 + HOUR)));
            }
        }
        // How the held contribution is spelt, only its record says.
        self.budget(due.address, due.petition, true, spent).await
    }

    async fn dripped(&mut self, drip: Drip) -> Result<Dripped, DbError> {
        let since = integer(self.at.0.saturating_sub(HOUR));
        let row = match &drip {
            Drip::Incident(incident) => {
                let sql = "SELECT COUNT(*), MIN(counted_at) FROM second_way WHERE incident = ?1 AND counted_at > ?2";
                self.db.query_one(sql, &[integer(*incident), since]).await?
            }
            Drip::Domain(domain) => {
                let sql = "SELECT COUNT(*), MIN(counted_at) FROM second_way WHERE domain = ?1 AND counted_at > ?2";
                self.db.query_one(sql, &[Value::Blob(domain), since]).await?
            }
        };
        let row = row.ok_or(DbError::Shape("a count"))?;
        let oldest = row.maybe_int(1)?.and_then(|at| u64::try_from(at).ok());
        Ok(Dripped {
            mails: row.unsigned(0)?,
            oldest: oldest.map_or(self.at, Millis),
        })
    }

    /// Somebody pressed the button behind the mail. Who had not confirmed yet does so with the same press; nobody is released.
    pub(super) async fn answer_second_way(
        &mut self,
        signature: SignatureId,
        from: Vec<u8>,
    ) -> Result<SecondWayAnswer, DbError> {
        let Some(state) = self.load_signature(signature).await? else {
            return Ok(SecondWayAnswer::Unknown);
        };
        if state.axes.is_ended() {
            return Ok(SecondWayAnswer::Ended(state.axes.end));
        }
        let sql = "SELECT answered_at FROM second_way WHERE signature = ?1 AND counted_at IS NOT NULL";
        let Some(row) = self.db.query_one(sql, &[Value::Blob(&signature.0)]).await? else {
            return Ok(SecondWayAnswer::Unknown);
        };
        if let ConfirmAnswer::Ended(end) = self.confirm(signature, from.clone()).await? {
            return Ok(SecondWayAnswer::Ended(end));
        }
        if row.maybe_int(0)?.is_none() {
            let answer = (signature, self.at, from);
            self.decided.batch.second_way.answered.push(answer);
        }
        Ok(SecondWayAnswer::Answered)
    }
}
