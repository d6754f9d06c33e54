//! What a batch writes about mail that has to wait, and addresses that are left alone. Nothing here bears on the count.

use paraph_tally::{Millis, SignatureId};

use super::batch::{Batch, Posting, Prune};
use super::integer;
use crate::mail::bounce::Bounced;
use crate::mail::stop::Wish;
use crate::store::db::{Db, DbError, Value};

/// Why a mail waits, as the column `held` of the outbox has it; 0 is any other mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Its address is left alone.
    LeftAlone,
    /// The budget of its address is spent.
    Budget,
    /// Whatever it could speak of is held or invalidated.
    Finding,
}

impl Why {
    fn code(self) -> i64 {
        match self {
            Self::LeftAlone => 1,
            Self::Budget => 2,
            Self::Finding => 3,
        }
    }
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
            db.execute("UPDATE outbox SET attempts = 0 WHERE id = ?1", &[id])
                .await?;
        }
        let Some(spelt) = &self.spelt else {
            return Ok(());
        };
        let (address, spelt) = (Value::Blob(&self.address), Value::Blob(spelt));
        let sql = "UPDATE mail_sent SET spelt = ?3 WHERE address = ?1 AND outbox = ?2";
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
        self.redirected.push((posting.mailbox, posting.signature));
        self.resumed.push((posting.mailbox, posting.due_at));
    }
}

pub(super) async fn write(batch: &Batch, db: &mut Db) -> Result<(), DbError> {
    for (id, until, why) in &batch.put_off {
        let sql = "UPDATE outbox SET due_at = ?2, held = ?3 WHERE id = ?1";
        db.execute(sql, &[Value::Blob(id), integer(until.0), Value::Int(why.code())])
            .await?;
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
