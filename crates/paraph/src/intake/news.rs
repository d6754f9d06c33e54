//! Handing out the mails of updates: to each mailbox that asked, once, never before a mail that confirms.
//!
//! Mailboxes are gone through in the order of their ids, and how far is kept with the update. A mail is made, and its budget spent,
//! in the commit before it is sent; so no crash makes a second one.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use paraph_tally::{MailboxId, Millis, PetitionId, SignatureId};

use super::command::{ClaimedNews, MailOutcome};
use super::decide::Decider;
use super::mailing::after;
use crate::journal::content::{NewsKey, NewsMail, Progress};
use crate::journal::integer;
use crate::ledger::petition_id;
use crate::mail::budget::{self, Due, WINDOW};
use crate::mail::stop::{self, Kind};
use crate::store::db::{DbError, Row, Value};

/// How long a claimed mail stays with whoever claimed it. A process that dies in between sends it again after that.
const CLAIM_MILLIS: u64 = 10 * 60 * 1000;

/// Mails of updates of the last day, by address.
type Spent = HashMap<[u8; 16], Vec<(Millis, PetitionId)>>;

impl Decider<'_> {
    pub(super) async fn claim_news(&mut self, most: u64) -> Result<Vec<ClaimedNews>, DbError> {
        // Whoever waits for a link to confirm goes first, whatever is written to whoever else.
        let sql = "SELECT 1 FROM outbox WHERE due_at <= ?1 LIMIT 1";
        if self.db.query_one(sql, &[integer(self.at.0)]).await?.is_some() {
            return Ok(Vec::new());
        }
        let mut spent = Spent::new();
        let mut claimed = self.again(most, &mut spent).await?;
        let room = most.saturating_sub(claimed.len() as u64);
        if room > 0 {
            claimed.extend(self.next_mailboxes(room, &mut spent).await?);
        }
        Ok(claimed)
    }

    /// Mails that were put off, or whose claim ran out.
    async fn again(&mut self, most: u64, spent: &mut Spent) -> Result<Vec<ClaimedNews>, DbError> {
        let rows = self
            .db
            .query(
                "SELECT o.petition, o.number, o.mailbox, n.signature, o.made_at, o.attempts, n.address, n.since FROM news_outbox o \
                 JOIN news n ON n.mailbox = o.mailbox WHERE o.due_at <= ?1 ORDER BY o.due_at LIMIT ?2",
                &[integer(self.at.0), integer(most)],
            )
            .await?;
        let mut claimed = Vec::with_capacity(rows.len());
        for row in &rows {
            let mail = ClaimedNews {
                petition: petition_id(row, 0)?,
                number: number(row, 1)?,
                mailbox: MailboxId(row.array(2)?),
                signature: SignatureId(row.array(3)?),
                address: row.array(6)?,
                made_at: Millis(row.unsigned(4)?),
                attempts: u32::try_from(row.unsigned(5)?).unwrap_or(u32::MAX),
            };
            claimed.extend(self.spend(mail, Millis(row.unsigned(7)?), spent).await?);
        }
        Ok(claimed)
    }

    /// The next mailboxes of the oldest update that is not through.
    async fn next_mailboxes(&mut self, most: u64, spent: &mut Spent) -> Result<Vec<ClaimedNews>, DbError> {
        let sql = "SELECT petition, number, posted_at, mailed_to FROM petition_update WHERE mailing = 1 ORDER BY posted_at LIMIT 1";
        let Some(update) = self.db.query_one(sql, &[]).await? else {
            return Ok(Vec::new());
        };
        let (petition, of, posted_at) = (petition_id(&update, 0)?, number(&update, 1)?, update.unsigned(2)?);
        // Whoever asked after it was posted has it on the page already.
        let rows = self
            .db
            .query(
                "SELECT mailbox, signature, address, since FROM news WHERE petition = ?1 AND mailbox > ?2 AND since <= ?3 \
                 ORDER BY mailbox LIMIT ?4",
                &[
                    Value::Int(petition.0.into()),
                    Value::Blob(update.blob(3)?),
                    integer(posted_at),
                    integer(most),
                ],
            )
            .await?;
        let mut claimed = Vec::with_capacity(rows.len());
        let mut last = None;
        for row in &rows {
            let mail = ClaimedNews {
                petition,
                number: of,
                mailbox: MailboxId(row.array(0)?),
                signature: SignatureId(row.array(1)?),
                address: row.array(2)?,
                made_at: self.at,
                attempts: 0,
            };
            last = Some(mail.mailbox);
            claimed.extend(self.spend(mail, Millis(row.unsigned(3)?), spent).await?);
        }
        self.decided.batch.content.progress.push(Progress {
            petition,
            number: of,
            mailed_to: last,
        });
        Ok(claimed)
    }

    /// Spends the budget of a mail at its first try, or puts the mail off.
    async fn spend(
        &mut self,
        mail: ClaimedNews,
        asked_at: Millis,
        spent: &mut Spent,
    ) -> Result<Option<ClaimedNews>, DbError> {
        let (key, address) = (key(&mail), mail.address);
        // Stopped by its reader, or a mailbox that is no more: this update is not for it. A later wish is a new one.
        if stop::is_stopped(self.db, Kind::News, address, asked_at, self.at)
            .await?
            .is_some()
        {
            self.decided.batch.content.done.push(key);
            return Ok(None);
        }
        let (made_at, mut counted_at) = (mail.made_at, None);
        if mail.attempts == 0 {
            let sent = match spent.entry(address) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => new.insert(self.news_sent_to(address).await?),
            };
            let here = sent.iter().filter(|(_, about)| *about == mail.petition);
            let last_here = here.map(|(at, _)| *at).max();
            let all: Vec<Millis> = sent.iter().map(|(at, _)| *at).collect();
            if let Due::At(due_at) = budget::due(last_here, &all, self.at) {
                self.decided.batch.content.mails.push(NewsMail {
                    key,
                    made_at,
                    due_at,
                    attempts: 0,
                    address,
                    counted_at,
                });
                return Ok(None);
            }
            sent.push((self.at, mail.petition));
            counted_at = Some(self.at);
        }
        self.decided.batch.content.mails.push(NewsMail {
            key,
            made_at,
            due_at: Millis(self.at.0 + CLAIM_MILLIS),
            attempts: mail.attempts.saturating_add(1),
            address,
            counted_at,
        });
        Ok(Some(mail))
    }

    async fn news_sent_to(&mut self, address: [u8; 16]) -> Result<Vec<(Millis, PetitionId)>, DbError> {
        let since = integer(self.at.0.saturating_sub(WINDOW.0));
        let sql = "SELECT at, petition FROM news_sent WHERE address = ?1 AND at > ?2";
        let rows = self.db.query(sql, &[Value::Blob(&address), since]).await?;
        rows.iter()
            .map(|row| Ok((Millis(row.unsigned(0)?), petition_id(row, 1)?)))
            .collect()
    }

    pub(super) async fn news_done(&mut self, outcomes: Vec<(ClaimedNews, MailOutcome)>) -> Result<(), DbError> {
        let at = self.at;
        let content = &mut self.decided.batch.content;
        for (mail, outcome) in outcomes {
            let key = key(&mail);
            match outcome {
                MailOutcome::Sent | MailOutcome::SentTo(_) | MailOutcome::GivenUp => content.done.push(key),
                MailOutcome::Later(wait) => content.deferred.push((key, after(at, wait))),
            }
        }
        Ok(())
    }
}

fn key(mail: &ClaimedNews) -> NewsKey {
    NewsKey {
        petition: mail.petition,
        number: mail.number,
        mailbox: mail.mailbox,
    }
}

fn number(row: &Row, column: usize) -> Result<u32, DbError> {
    u32::try_from(row.int(column)?).map_err(|_| DbError::Shape("the number of an update"))
}
