//! What happens by itself: settling, expiring, forgetting, publishing.

use std::collections::BTreeMap;

use paraph_tally::{Axes, End, Event, MailboxId, Millis, PetitionId, SignatureId, SignatureState};

use super::command::Ticked;
use super::decide::Decider;
use super::writer::State;
use crate::journal::{Prune, integer};
use crate::ledger::{petition_id, signature_state};
use crate::store::db::{Db, DbError, Row, Value};
use crate::store::erasures::Erasure;
use crate::store::id;
use crate::telemetry;

pub(super) const DAY: u64 = 24 * 3600 * 1000;

impl Decider<'_> {
    /// One tick: everything that is due at this moment, within the bounds of a batch; the rest at the next.
    pub(super) async fn tick(&mut self) -> Result<Ticked, DbError> {
        let mut ticked = Ticked {
            settled: self.settle_all().await?,
            ..Ticked::default()
        };
        if let Some(now) = self.of_ages {
            ticked.expired = self.expire(now).await?;
            self.decided.batch.prune = Some(Prune {
                nonces_before: now,
                mails_before: before(now, 2 * DAY),
                stops_before: now,
                bounces_before: before(now, 30 * DAY),
                features_before: before(now, self.limits.features_days * DAY),
                desk_links_before: now,
                desk_sessions_before: before(now, self.limits.desk_session_hours * DAY / 24),
                desk_audit_before: before(now, self.limits.desk_audit_days * DAY),
            });
        }
        let due = self
            .db
            .query_one(
                "SELECT COUNT(*) FROM (SELECT 1 FROM outbox WHERE due_at <= ?1 LIMIT 100000) AS due",
                &[integer(self.at.0)],
            )
            .await?;
        metrics::gauge!(telemetry::MAILS_DUE).set(due.map_or(Ok(0), |row| row.int(0))? as f64);
        self.decided.publish = true;
        self.decided.sweep = true;
        Ok(ticked)
    }

    /// Settles every petition. Whatever publishes settles first: the count is said to be as of that moment.
    pub(super) async fn settle_all(&mut self) -> Result<u64, DbError> {
        let rows = self.db.query("SELECT id FROM petition", &[]).await?;
        let mut settled = 0;
        for row in &rows {
            let petition = petition_id(row, 0)?;
            self.release_names(petition).await?;
            settled += self.settle(petition).await?;
        }
        Ok(settled)
    }

    /// Settles what was confirmed long enough ago and has been looked at; of several for one mailbox, the first confirmed.
    async fn settle(&mut self, petition: PetitionId) -> Result<u64, DbError> {
        let Some(state) = self.load_petition(petition).await? else {
            return Ok(0);
        };
        let due = before(self.at, u64::from(state.settle_after_seconds) * 1000);
        let (mut signatures, mut named) = (Vec::new(), Vec::new());
        for due in self.due(petition, due).await? {
            self.load_row(due.id, due.state);
            if self.following.is_some() {
                self.load_counted(due.state.mailbox).await?;
            } else {
                self.fold.load_counted(due.state.mailbox, due.counted);
            }
            signatures.push(due.id);
            if due.named {
                named.push(due.id);
            }
        }
        let wanted = Event::Settled { petition, signatures };
        let legal = self
            .fold
            .legal_part(self.at, &wanted)
            .map_err(|_| DbError::Shape("what is to settle"))?;
        let Event::Settled { signatures: due, .. } = wanted else {
            return Ok(0);
        };
        // What remains is confirmed by a mailbox that counts already. It is set aside until that place is free.
        let settled: std::collections::BTreeSet<SignatureId> = legal.iter().copied().collect();
        // While rows follow a verdict, who is in the way may be on its way out; the next tick asks again.
        if self.following.is_none() {
            let blocked = due.into_iter().filter(|id| !settled.contains(id));
            self.decided.batch.blocked.extend(blocked);
        }
        if legal.is_empty() {
            return Ok(0);
        }
        named.retain(|id| settled.contains(id));
        self.names_wait(petition, named);
        let count = legal.len() as u64;
        if self
            .record(Event::Settled {
                petition,
                signatures: legal,
            })?
            .is_err()
        {
            return Err(DbError::Shape("a set that may settle"));
        }
        Ok(count)
    }

    /// What was confirmed by `due` and scrutiny has passed, the first confirmed first, as many as one event takes. Those who
    /// wait for scrutiny may be many, and are not in the way of those behind them.
    async fn due(&mut self, petition: PetitionId, due: Millis) -> Result<Vec<Due>, DbError> {
        let sql = "SELECT s.id, s.petition, s.mailbox, s.signed_at, s.confirmed_at, s.axes, m.counted, w.name \
                   FROM signature s LEFT JOIN mailbox m ON m.id = s.mailbox LEFT JOIN choice w ON w.id = s.id \
                   WHERE s.unsettled = 1 AND s.petition = ?1 AND s.confirmed_at <= ?2 AND (s.confirmed_at, s.id) > (?3, ?4) \
                   ORDER BY s.confirmed_at, s.id LIMIT ?5";
        let most = usize::try_from(self.limits.settle_batch).unwrap_or(usize::MAX);
        let checked = self.checked.clone();
        let due = match &checked {
            Some(checked) => checked.settles_up_to(due, self.began),
            None => due,
        };
        let (mut all, mut behind) = (Vec::new(), (Millis(0), [0; 16]));
        loop {
            let rows = self
                .db
                .query(
                    sql,
                    &[
                        Value::Int(petition.0.into()),
                        integer(due.0),
                        integer(behind.0.0),
                        Value::Blob(&behind.1),
                        integer(self.limits.settle_batch),
                    ],
                )
                .await?;
            for row in &rows {
                let due = Due::read(row)?;
                behind = (due.state.confirmed_at.unwrap_or_default(), due.id.0);
                if all.len() < most && checked.as_ref().is_none_or(|checked| checked.passes(due.id)) {
                    all.push(due);
                }
            }
            if rows.len() < most || all.len() == most {
                return Ok(all);
            }
        }
    }

    /// Ends contributions that nobody confirmed in time, and erases them.
    async fn expire(&mut self, now: Millis) -> Result<u64, DbError> {
        let cutoff = id::first_at(before(now, self.limits.unconfirmed_days * DAY));
        let rows = self
            .db
            .query(
                "SELECT id, petition, mailbox, signed_at, confirmed_at, axes FROM signature \
                 WHERE waiting = 1 AND id < ?1 ORDER BY id LIMIT ?2",
                &[Value::Blob(&cutoff), integer(self.limits.intake_batch)],
            )
            .await?;
        let mut expired: BTreeMap<PetitionId, Vec<(SignatureId, MailboxId)>> = BTreeMap::new();
        for row in &rows {
            let (id, state) = (SignatureId(row.array(0)?), signature_state(row, 1)?);
            self.load_row(id, state);
            expired.entry(state.petition).or_default().push((id, state.mailbox));
        }
        let mut count = 0;
        for (petition, members) in expired {
            self.load_petition(petition).await?;
            let signatures = members.iter().map(|(id, _)| *id).collect();
            let wanted = Event::Expired { petition, signatures };
            // An earlier command of this batch may have confirmed one of them just in time.
            let legal = self
                .fold
                .legal_part(self.at, &wanted)
                .map_err(|_| DbError::Shape("what is to expire"))?;
            if legal.is_empty()
                || self
                    .record(Event::Expired {
                        petition,
                        signatures: legal.clone(),
                    })?
                    .is_err()
            {
                continue;
            }
            count += legal.len() as u64;
            for (id, mailbox) in members.into_iter().filter(|(id, _)| legal.binary_search(id).is_ok()) {
                self.erase(id, mailbox);
            }
        }
        self.decided.waiting = self.decided.waiting.saturating_sub(count);
        Ok(count)
    }
}

/// A confirmed signature whose time has come.
struct Due {
    id: SignatureId,
    state: SignatureState,
    /// Who counts for its mailbox now.
    counted: Option<SignatureId>,
    /// Its name may be shown.
    named: bool,
}

impl Due {
    fn read(row: &Row) -> Result<Self, DbError> {
        Ok(Self {
            id: SignatureId(row.array(0)?),
            state: signature_state(row, 1)?,
            counted: row.maybe_array(6)?.map(SignatureId),
            named: row.maybe_int(7)? == Some(1),
        })
    }
}

impl State {
    /// Destroys the keys of erased records, for good: overwritten in the file, and out of its write-ahead log.
    pub(super) async fn destroy_keys(&mut self) -> Result<u64, DbError> {
        const AT_ONCE: u64 = 10_000;
        let sql =
            "SELECT e.id, e.at, s.axes FROM erasure e LEFT JOIN signature s ON s.id = e.id WHERE e.done = 0 LIMIT ?1";
        let due = self.main.query(sql, &[integer(AT_ONCE)]).await?;
        if due.is_empty() {
            return Ok(0);
        }
        let due = due.iter().map(erasure).collect::<Result<Vec<_>, _>>()?;
        // The log first: a key that is gone and in no log would come back with a backup.
        self.erasures.append(&due)?;
        let rows: Vec<[Value<'_>; 1]> = due.iter().map(|erasure| [Value::Blob(&erasure.id.0)]).collect();
        in_transaction(&mut self.keys, "DELETE FROM wrapped WHERE id = ?1", &rows).await?;
        let checkpoint = self.keys.query_one("PRAGMA wal_checkpoint(TRUNCATE)", &[]).await?;
        if checkpoint.map_or(Ok(1), |row| row.int(0))? != 0 {
            // A reader was in the way, so the log may still hold the keys: not done, try at the next tick.
            return Ok(0);
        }
        in_transaction(&mut self.main, "UPDATE erasure SET done = 1 WHERE id = ?1", &rows).await?;
        Ok(due.len() as u64)
    }
}

fn before(moment: Millis, millis: u64) -> Millis {
    Millis(moment.0.saturating_sub(millis))
}

/// A row of id, time and axes. Of a signature that a restored ledger does not know, all that can be said is that it ended.
pub(crate) fn erasure(row: &Row) -> Result<Erasure, DbError> {
    let bits = row.maybe_int(2)?.and_then(|bits| u16::try_from(bits).ok());
    Ok(Erasure {
        id: SignatureId(row.array(0)?),
        at: Millis(row.unsigned(1)?),
        end: bits.and_then(Axes::from_bits).map_or(End::None, |axes| axes.end),
    })
}

async fn in_transaction(db: &mut Db, sql: &'static str, rows: &[[Value<'_>; 1]]) -> Result<(), DbError> {
    db.begin().await?;
    for row in rows {
        if let Err(error) = db.execute(sql, row).await {
            db.rollback().await;
            return Err(error);
        }
    }
    db.commit().await
}
