//! What a batch writes about mail that has to wait, and addresses that are left alone. Nothing here bears on the count.

use paraph_tally::{MailboxId, Millis, PetitionId, SignatureId};

use super::batch::{Batch, Prune};
use super::integer;
use crate::mail::bounce::Bounced;
use crate::mail::stop::Wish;
use crate::store::db::{Db, DbError, Value};

/// Why a mail waits, as the column `held` of the outbox has it; 0 is any other mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Its address is left alone.
    LeftAlone,
    /// The budget of its address is spent, or of other spellings of it.
    Budget {
        /// The latter.
        otherwise: bool,
    },
    /// Whatever it could speak of is held or invalidated.
    Finding,
}

impl Why {
    fn code(self) -> i64 {
        match self {
            Self::LeftAlone => 1,
            Self::Budget { .. } => 2,
            Self::Finding => 3,
        }
    }
}

/// A mail to send.
#[derive(Clone, Copy, Debug)]
pub struct Posting {
    /// Time-ordered name of the mail.
    pub id: [u8; 16],
    /// The mailbox that it goes to.
    pub mailbox: MailboxId,
    /// The contribution that it speaks of.
    pub signature: SignatureId,
    /// That one is spelt otherwise than the mailbox's own name.
    pub otherwise: bool,
    /// Keyed tag of the canonical address over all petitions.
    pub address: [u8; 16],
    /// The petition that it is about.
    pub petition: PetitionId,
    /// Not before.
    pub due_at: Millis,
}

impl Posting {
    /// It speaks of another contribution of its mailbox from now on; but not of one that is spelt otherwise, if it would go to the
    /// mailbox's own name: the page behind it shows both, and who reads the mailbox is sure to get it.
    pub(crate) fn redirect(&mut self, to: &Posting) {
        if self.otherwise || !to.otherwise {
            (self.signature, self.otherwise) = (to.signature, to.otherwise);
        }
    }
}

/// A pending mail that speaks of another contribution of its mailbox from now on.
#[derive(Clone, Copy, Debug)]
pub struct Redirected {
    /// The mailbox.
    pub mailbox: MailboxId,
    /// The contribution.
    pub signature: SignatureId,
    /// That one is spelt otherwise than the mailbox's own name, or nobody knows.
    pub otherwise: bool,
    /// Also if the mail would go to the mailbox's own name, and this one does not.
    pub anyway: bool,
    /// When.
    pub at: Millis,
}

impl Redirected {
    async fn write(&self, db: &mut Db) -> Result<(), DbError> {
        // What waited for the budget of other spellings, and goes to the mailbox's own name now, is due.
        let sql = "UPDATE outbox SET signature = ?2, otherwise = ?3, \
                   due_at = CASE WHEN held = 2 AND otherwise > ?3 THEN ?4 ELSE due_at END, \
                   held = CASE WHEN held = 2 AND otherwise > ?3 THEN 0 ELSE held END \
                   WHERE mailbox = ?1 AND otherwise >= ?5";
        let values = [
            Value::Blob(&self.mailbox.0),
            Value::Blob(&self.signature.0),
            Value::Int(self.otherwise.into()),
            integer(self.at.0),
            Value::Int((self.otherwise && !self.anyway).into()),
        ];
        db.execute(sql, &values).await?;
        Ok(())
    }
}

/// A mail that is about to be sent: its budget is spent first, so that no crash can send it twice as often.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// The mail.
    pub id: [u8; 16],
    /// Tag of the address.
    pub address: [u8; 16],
    /// The petition that it is about: an address is written to about each once a day, whatever became of its mailbox.
    pub petition: PetitionId,
    /// It goes, as far as anybody knows, to another spelling than the mailbox's own name.
    pub otherwise: bool,
    /// The moment it counts at in the budgets; `None` for another try of one that has been counted.
    pub counted_at: Option<Millis>,
    /// When the claim runs out and the mail is due again.
    pub until: Millis,
}

/// A mail that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mailed {
    /// The mail.
    pub id: [u8; 16],
    /// The contribution that it spoke of.
    pub signature: SignatureId,
    /// Tag of its address.
    pub address: [u8; 16],
    /// Tag of the spelling that it went to, if that is another: by it one learns that it came back.
    pub spelt: Option<[u8; 16]>,
    /// When.
    pub at: Millis,
}

impl Mailed {
    pub(super) async fn write(&self, db: &mut Db) -> Result<(), DbError> {
        let id = Value::Blob(&self.id);
        let sql = "DELETE FROM outbox WHERE id = ?1 AND signature = ?2";
        if db.execute(sql, &[id, Value::Blob(&self.signature.0)]).await? == 0 {
            // Another contribution came while it was on its way, and waits for a mail of its own.
            db.execute(
                "UPDATE outbox SET attempts = 0, due_at = ?2 WHERE id = ?1",
                &[id, integer(self.at.0)],
            )
            .await?;
        }
        let Some(spelt) = &self.spelt else {
            return Ok(());
        };
        let (address, spelt) = (Value::Blob(&self.address), Value::Blob(spelt));
        let sql = "UPDATE mail_sent SET spelt = ?3, otherwise = 1 WHERE address = ?1 AND outbox = ?2";
        db.execute(sql, &[address, id, spelt]).await?;
        // It may be back already.
        let sql = "SELECT 1 FROM mail_bounce WHERE address = ?1 AND until > ?2";
        if db.query_one(sql, &[spelt, integer(self.at.0)]).await?.is_some() {
            came_back(db, spelt, self.at).await?;
        }
        Ok(())
    }
}

/// Mails to a spelling that does not exist reached nobody: whatever else waits for that mailbox, put off for the budget that these
/// have used, is due.
async fn came_back(db: &mut Db, spelt: Value<'_>, at: Millis) -> Result<(), DbError> {
    if db
        .execute("UPDATE mail_sent SET came_back = 1 WHERE spelt = ?1", &[spelt])
        .await?
        > 0
    {
        let sql = "UPDATE outbox SET due_at = ?2, held = 0 WHERE held = 2 \
                   AND address IN (SELECT address FROM mail_sent WHERE spelt = ?1)";
        db.execute(sql, &[spelt, integer(at.0)]).await?;
    }
    Ok(())
}

/// A mail that nobody gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenUp {
    /// The mail.
    pub id: [u8; 16],
    /// The contribution that it spoke of.
    pub signature: SignatureId,
    /// Tag of its address.
    pub address: [u8; 16],
    /// The mail that takes its place, if whom it speaks of has had no try of their own.
    pub again: Option<[u8; 16]>,
    /// When.
    pub at: Millis,
}

impl GivenUp {
    async fn write(&self, db: &mut Db) -> Result<(), DbError> {
        // Nothing arrived: the budget is there for whoever signs next with that mailbox.
        let sql = "DELETE FROM mail_sent WHERE address = ?1 AND outbox = ?2";
        db.execute(sql, &[Value::Blob(&self.address), Value::Blob(&self.id)])
            .await?;
        // Another contribution that came while it was on its way waits for a mail of its own.
        let sql = "DELETE FROM outbox WHERE id = ?1 AND signature = ?2";
        if self.again.is_none()
            && db
                .execute(sql, &[Value::Blob(&self.id), Value::Blob(&self.signature.0)])
                .await?
                > 0
        {
            return Ok(());
        }
        let again = self.again.unwrap_or(self.id);
        let sql = "UPDATE outbox SET id = ?2, attempts = 0, due_at = ?3, held = 0 WHERE id = ?1";
        db.execute(sql, &[Value::Blob(&self.id), Value::Blob(&again), integer(self.at.0)])
            .await?;
        Ok(())
    }
}

impl Batch {
    /// The mail that waits for a mailbox speaks of another contribution, which is new and therefore clear: who forged one
    /// that is held must not keep it back.
    pub(crate) fn redirect(&mut self, posting: &Posting) {
        self.redirected.push(Redirected {
            mailbox: posting.mailbox,
            signature: posting.signature,
            otherwise: posting.otherwise,
            anyway: false,
            at: posting.due_at,
        });
        self.resumed.push((posting.mailbox, posting.due_at));
    }
}

pub(super) async fn write_outbox(batch: &Batch, db: &mut Db) -> Result<(), DbError> {
    for mailbox in &batch.cancelled {
        db.execute("DELETE FROM outbox WHERE mailbox = ?1", &[Value::Blob(&mailbox.0)])
            .await?;
    }
    let rows: Vec<[Value<'_>; 8]> = batch
        .outbox
        .iter()
        .map(|posting| {
            [
                Value::Blob(&posting.id),
                Value::Blob(&posting.mailbox.0),
                Value::Blob(&posting.signature.0),
                Value::Blob(&posting.address),
                Value::Int(posting.petition.0.into()),
                integer(posting.due_at.0),
                Value::Int(0),
                Value::Int(posting.otherwise.into()),
            ]
        })
        .collect();
    db.load(
        "INSERT INTO outbox (id, mailbox, signature, address, petition, due_at, attempts, otherwise) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        &rows,
    )
    .await?;
    for redirected in &batch.redirected {
        redirected.write(db).await?;
    }
    Ok(())
}

pub(super) async fn write_claims(batch: &Batch, db: &mut Db) -> Result<(), DbError> {
    let sent: Vec<[Value<'_>; 5]> = batch
        .claims
        .iter()
        .filter_map(|claim| {
            let at = integer(claim.counted_at?.0);
            Some([
                Value::Blob(&claim.address),
                at,
                Value::Blob(&claim.id),
                Value::Int(claim.petition.0.into()),
                Value::Int(claim.otherwise.into()),
            ])
        })
        .collect();
    db.load(
        "INSERT INTO mail_sent (address, at, outbox, petition, otherwise) VALUES (?1, ?2, ?3, ?4, ?5)",
        &sent,
    )
    .await?;
    for claim in &batch.claims {
        db.execute(
            "UPDATE outbox SET due_at = ?2, attempts = attempts + 1, held = 0 WHERE id = ?1",
            &[Value::Blob(&claim.id), integer(claim.until.0)],
        )
        .await?;
    }
    for mail in &batch.mailed {
        mail.write(db).await?;
    }
    for (id, at) in &batch.deferred {
        db.execute(
            "UPDATE outbox SET due_at = ?2 WHERE id = ?1",
            &[Value::Blob(id), integer(at.0)],
        )
        .await?;
    }
    Ok(())
}
pub(super) async fn write(batch: &Batch, db: &mut Db) -> Result<(), DbError> {
    for (id, until, why) in &batch.put_off {
        // A contribution of this batch may have made it a mail to the mailbox's own name, which has a budget of its own.
        let otherwise = matches!(why, Why::Budget { otherwise: true });
        let sql = "UPDATE outbox SET due_at = ?2, held = ?3 WHERE id = ?1 AND otherwise >= ?4";
        let values = [
            Value::Blob(id),
            integer(until.0),
            Value::Int(why.code()),
            Value::Int(otherwise.into()),
        ];
        db.execute(sql, &values).await?;
    }
    for mail in &batch.given_up {
        mail.write(db).await?;
    }
    for (mailbox, at) in &batch.resumed {
        // Only what waited for this: a mail on its way must not go twice, and one that failed keeps its pause.
        let sql = "UPDATE outbox SET due_at = ?2, held = 0 WHERE mailbox = ?1 AND held = 3";
        db.execute(sql, &[Value::Blob(&mailbox.0), integer(at.0)]).await?;
    }
    for (wish, at, until) in &batch.wishes {
        grant(db, wish, *at, *until).await?;
    }
    let bounces: Vec<_> = batch.bounces.iter().map(bounce_row).collect();
    for row in &bounces {
        db.execute(
            "INSERT INTO mail_bounce (address, hard, soft, last_at, until) VALUES (?1, ?2, ?3, ?4, ?5) \
             ON CONFLICT (address) DO UPDATE SET hard = mail_bounce.hard + excluded.hard, \
             soft = mail_bounce.soft + excluded.soft, last_at = excluded.last_at, \
             until = COALESCE(excluded.until, mail_bounce.until)",
            row,
        )
        .await?;
    }
    for (bounced, at, _) in batch.bounces.iter().filter(|(bounced, ..)| bounced.hard) {
        came_back(db, Value::Blob(&bounced.address), *at).await?;
    }
    Ok(())
}

fn bounce_row((bounced, at, until): &(Bounced, Millis, Option<Millis>)) -> [Value<'_>; 5] {
    [
        Value::Blob(&bounced.address),
        Value::Int(bounced.hard.into()),
        Value::Int((!bounced.hard).into()),
        integer(at.0),
        until.map_or(Value::Null, |until| integer(until.0)),
    ]
}

async fn grant(db: &mut Db, wish: &Wish, at: Millis, until: Option<Millis>) -> Result<(), DbError> {
    let (address, kind) = (Value::Blob(&wish.address), Value::Int(wish.kind.code()));
    if wish.stop {
        let until = until.map_or(Value::Null, |until| integer(until.0));
        let sql = "INSERT INTO mail_stop (address, kind, at, until) VALUES (?1, ?2, ?3, ?4) \
                   ON CONFLICT (address, kind) DO UPDATE SET at = excluded.at, until = excluded.until";
        db.execute(sql, &[address, kind, integer(at.0), until]).await?;
        return Ok(());
    }
    let sql = "DELETE FROM mail_stop WHERE address = ?1 AND kind = ?2";
    db.execute(sql, &[address, kind]).await?;
    // Whoever reads the mailbox says that mail arrives there.
    db.execute("DELETE FROM mail_bounce WHERE address = ?1", &[address])
        .await?;
    let sql = "UPDATE outbox SET due_at = ?2, held = 0 WHERE address = ?1 AND held = 1";
    db.execute(sql, &[address, integer(at.0)]).await?;
    Ok(())
}

pub(super) async fn prune(db: &mut Db, prune: &Prune) -> Result<(), DbError> {
    db.execute(
        "DELETE FROM mail_stop WHERE until < ?1",
        &[integer(prune.stops_before.0)],
    )
    .await?;
    let sql = "DELETE FROM mail_bounce WHERE last_at < ?1 AND (until IS NULL OR until < ?2)";
    db.execute(sql, &[integer(prune.bounces_before.0), integer(prune.stops_before.0)])
        .await?;
    Ok(())
}
