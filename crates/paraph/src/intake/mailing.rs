//! Handing out mails: the budget of each is spent in the store before anyone sends it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::Duration;

use paraph_tally::{MailboxId, Millis, PetitionId, SignatureId};

use super::command::{ClaimedMail, MailId, MailKind, MailOutcome};
use super::decide::Decider;
use super::tick::DAY;
use crate::journal::{Claim, GivenUp, Mailed, Redirected, Why, integer};
use crate::ledger::{petition_id, signature_state};
use crate::mail::bounce::Bounced;
use crate::mail::budget::{Due, Sent, WINDOW, due_about};
use crate::mail::stop::{self, Kind, Quiet, Wish};
use crate::store::db::{DbError, Row, Value};
use crate::store::id;

/// How long a claimed mail stays with whoever claimed it. A process that dies in between sends it again after that.
pub(crate) const CLAIM_MILLIS: u64 = 10 * 60 * 1000;

/// Mails that left for an address after a moment; [`sent`] reads them.
/// What came back was for a spelling that its mail server does not know, and reached nobody: up to three of these a day take nothing
/// of the budget, so that who forges with `ada+x@example.org` keeps no mail from Ada. More would be a nuisance to that server.
pub(crate) const SENT_TO: &str = "SELECT at, petition, otherwise FROM mail_sent WHERE address = ?1 AND at > ?2 AND (came_back = 0 OR \
     (SELECT COUNT(*) FROM mail_sent b WHERE b.address = ?1 AND b.at > ?2 AND b.came_back = 1) > 3) ORDER BY at";

/// A row of [`SENT_TO`].
pub(crate) fn sent(row: &Row) -> Result<Sent, DbError> {
    Ok(Sent {
        at: Millis(row.unsigned(0)?),
        petition: petition_id(row, 1)?,
        otherwise: row.int(2)? != 0,
    })
}

/// Contributions of one mailbox that one claim looks through for a clear one; the store may have those as clear that a
/// verdict has just held, and then a later claim finds the clear one.
const CLEAR_LOOKED_AT: u64 = 1000;

/// When addresses were written to within the last day, and about which petition: what the store says, and this batch adds.
#[derive(Default)]
pub(super) struct Spent(HashMap<[u8; 16], Vec<Sent>>);

impl Spent {
    /// Another mail is about to leave.
    pub(super) fn note(&mut self, address: [u8; 16], sent: Sent) {
        self.0.entry(address).or_default().push(sent);
    }
}

impl Decider<'_> {
    pub(super) async fn claim_mail(&mut self, most: u64) -> Result<Vec<ClaimedMail>, DbError> {
        let rows = self
            .db
            .query(
                "SELECT id, petition, signature, address, attempts, mailbox, otherwise FROM outbox WHERE due_at <= ?1 ORDER BY due_at LIMIT ?2",
                &[integer(self.at.0), integer(most)],
            )
            .await?;
        let mut spent = Spent::default();
        let mut claimed = Vec::with_capacity(rows.len());
        for row in &rows {
            let (id, petition, address): (MailId, _, _) = (row.array(0)?, petition_id(row, 1)?, row.array(3)?);
            if let Some(quiet) = stop::is_stopped(self.db, Kind::Confirmation, address, self.at, self.at).await? {
                let until = self.held_until(quiet);
                self.decided.batch.put_off.push((id, until, Why::LeftAlone));
                continue;
            }
            let (named, mailbox) = (SignatureId(row.array(2)?), MailboxId(row.array(5)?));
            let Some(signature) = self.spoken_of(named, mailbox).await? else {
                // Whatever is clear before that makes it due. Rows that still follow a verdict are looked at again soon.
                let wait = if self.following.is_some() { CLAIM_MILLIS } else { DAY };
                let until = Millis(self.at.0 + wait);
                self.decided.batch.put_off.push((id, until, Why::Finding));
                continue;
            };
            let attempts = u32::try_from(row.unsigned(4)?).unwrap_or(u32::MAX);
            let otherwise = row.int(6)? != 0;
            if attempts == 0 {
                // How another one than was named is spelt, only its record says.
                let may_be_otherwise = otherwise || signature != named;
                if let Some(later) = self.budget(address, petition, may_be_otherwise, &mut spent).await? {
                    self.decided.batch.put_off.push((id, later, Why::Budget { otherwise }));
                    continue;
                }
                let at = self.at;
                spent.note(
                    address,
                    Sent {
                        at,
                        petition,
                        otherwise,
                    },
                );
            }
            let counted_at = (attempts == 0).then_some(self.at);
            let until = Millis(self.at.0 + CLAIM_MILLIS);
            self.decided.batch.claims.push(Claim {
                id,
                address,
                petition,
                otherwise,
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

    /// Until when a mail about a petition has to wait because its address has had its share, if it has to. `otherwise`: it may go to
    /// another spelling than the mailbox's own name.
    pub(super) async fn budget(
        &mut self,
        address: [u8; 16],
        petition: PetitionId,
        otherwise: bool,
        spent: &mut Spent,
    ) -> Result<Option<Millis>, DbError> {
        let sent = match spent.0.entry(address) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(self.sent_to(address).await?),
        };
        Ok(match due_about(petition, otherwise, sent, self.at) {
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
        let other = self.newest_clear(mailbox).await?;
        if let Some(other) = other {
            self.decided.batch.redirected.push(Redirected {
                mailbox,
                signature: other,
                otherwise: true,
                anyway: true,
                at: self.at,
            });
        }
        Ok(other)
    }

    /// The newest of a mailbox that waits and is clear. However many forged ones are held, they do not hide it.
    async fn newest_clear(&mut self, mailbox: MailboxId) -> Result<Option<SignatureId>, DbError> {
        // Bits 1 and 2 of the axes are the verdict.
        let sql = "SELECT id, petition, mailbox, signed_at, confirmed_at, axes FROM signature \
                   WHERE mailbox = ?1 AND waiting = 1 AND axes & 6 = 0 ORDER BY id DESC LIMIT ?2";
        let most = integer(CLEAR_LOOKED_AT);
        for row in self.db.query(sql, &[Value::Blob(&mailbox.0), most]).await? {
            let id = SignatureId(row.array(0)?);
            self.load_row(id, signature_state(&row, 1)?);
            if self.fold.signature(id).is_some_and(|state| state.axes.is_clear()) {
                return Ok(Some(id));
            }
        }
        Ok(None)
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
    async fn sent_to(&mut self, address: [u8; 16]) -> Result<Vec<Sent>, DbError> {
        let since = integer(self.at.0.saturating_sub(WINDOW.0));
        let rows = self.db.query(SENT_TO, &[Value::Blob(&address), since]).await?;
        rows.iter().map(sent).collect()
    }

    pub(super) async fn mail_done(&mut self, outcomes: Vec<(ClaimedMail, MailOutcome)>) -> Result<(), DbError> {
        for (mail, outcome) in outcomes {
            let at = self.at;
            let batch = &mut self.decided.batch;
            let mailed = |spelt| Mailed {
                id: mail.id,
                signature: mail.signature,
                address: mail.address,
                spelt,
                at,
            };
            match (mail.kind, outcome) {
                (MailKind::Confirmation, MailOutcome::Sent) => batch.mailed.push(mailed(None)),
                (MailKind::Confirmation, MailOutcome::SentTo(spelt)) => batch.mailed.push(mailed(Some(spelt))),
                (MailKind::Confirmation, MailOutcome::GivenUp) => {
                    // Its tries were those of whoever was there when it was made, which may have been a forger.
                    let is_of_a_later_one = id::made_at(mail.signature.0) > id::made_at(mail.id);
                    let again = is_of_a_later_one.then(|| id::time_ordered(at));
                    let (id, signature, address) = (mail.id, mail.signature, mail.address);
                    batch.given_up.push(GivenUp {
                        id,
                        signature,
                        address,
                        again,
                        at,
                    });
                }
                (MailKind::Confirmation, MailOutcome::Later(wait)) => batch.deferred.push((mail.id, after(at, wait))),
                (MailKind::SecondWay, MailOutcome::SentTo(spelt)) => {
                    batch.second_way.over.push(mail.id);
                    batch.mailed.push(mailed(Some(spelt)));
                }
                (MailKind::SecondWay, MailOutcome::Sent | MailOutcome::GivenUp) => {
                    batch.second_way.over.push(mail.id);
                }
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
