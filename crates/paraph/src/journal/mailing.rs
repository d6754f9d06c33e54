//! What a batch writes about mail that has to wait, and addresses that are left alone. Nothing here bears on the count.

use paraph_tally::Millis;

use super::batch::{Batch, Prune};
use super::integer;
use crate::intake::mailing::CLAIM_MILLIS;
use crate::mail::bounce::Bounced;
use crate::mail::stop::Wish;
use crate::store::db::{Db, DbError, Value};

pub(super) async fn write(batch: &Batch, db: &mut Db) -> Result<(), DbError> {
    for (held, put_off) in [(1, &batch.held), (2, &batch.put_off)] {
        for (id, until) in put_off {
            db.execute(
                "UPDATE outbox SET due_at = ?2, held = ?3 WHERE id = ?1",
                &[Value::Blob(id), integer(until.0), Value::Int(held)],
            )
            .await?;
        }
    }
    for (mailbox, at) in &batch.resumed {
        // What is on its way comes back sooner than this, and must not go twice.
        let claimed_until = integer(at.0 + CLAIM_MILLIS);
        let sql = "UPDATE outbox SET due_at = ?2 WHERE mailbox = ?1 AND held = 0 AND due_at > ?3";
        db.execute(sql, &[Value::Blob(&mailbox.0), integer(at.0), claimed_until])
            .await?;
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
