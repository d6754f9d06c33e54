//! What a step of the schema cannot say in SQL that both stores understand.

use std::collections::HashSet;

use paraph_tally::{Event, Millis, SignatureId, VerdictKind};
use serde_json::Value as Json;

use super::db::{Db, DbError, Value};
use super::id;
use crate::journal::integer;

/// Makes one shift log of two: until now incidents kept lines of people in their timelines, and the desk kept others, which
/// named no incident. The lines move into the desk's log, and each of its lines to the incident in whose time it was written.
/// Runs in the transaction of the step.
pub(super) async fn shift_logs(db: &mut Db) -> Result<(), DbError> {
    let rows = db.query("SELECT id, body FROM incident ORDER BY id", &[]).await?;
    for row in rows {
        let (incident, body) = (row.int(0)?, row.text(1)?);
        let mut body: Json = serde_json::from_str(body).map_err(|_| DbError::Shape("an incident"))?;
        let number = |name: &str| body[name].as_u64();
        let (opened, closed) = (number("opened_at").unwrap_or(0), number("closed_at"));
        let sql = "UPDATE desk_shift SET incident = ?1 WHERE incident IS NULL AND at >= ?2 AND at <= ?3";
        let until = integer(closed.unwrap_or(u64::MAX));
        db.execute(sql, &[Value::Int(incident), integer(opened), until]).await?;
        let Some(timeline) = body["timeline"].as_array_mut() else {
            continue;
        };
        let lines = std::mem::take(timeline);
        let (written, seen): (Vec<Json>, Vec<Json>) =
            lines.into_iter().partition(|line| line["what"]["note"].is_string());
        *timeline = seen;
        for line in &written {
            move_line(db, incident, line).await?;
        }
        let body = body.to_string();
        db.execute(
            "UPDATE incident SET body = ?2 WHERE id = ?1",
            &[Value::Int(incident), Value::Text(&body)],
        )
        .await?;
    }
    Ok(())
}

/// Signatures that are invalidated remember from here on whether they were held before, so that taking the invalidation back
/// holds them again: bits 1 and 2 of the axes say 3 instead of 2. Of those invalidated earlier the journal knows.
/// Runs in the transaction of the step.
pub(super) async fn held_before(db: &mut Db) -> Result<(), DbError> {
    let (mut held, mut held_before) = (HashSet::<SignatureId>::new(), HashSet::new());
    for row in db.query("SELECT position FROM verdict ORDER BY position", &[]).await? {
        let sql = "SELECT event FROM journal WHERE position = ?1";
        let event = db.query_one(sql, &[Value::Int(row.int(0)?)]).await?;
        let event = event.ok_or(DbError::Shape("the event of a verdict"))?;
        let event = Event::decode(event.blob(0)?).map_err(|_| DbError::Shape("an event"))?;
        let Event::Verdict {
            verdict, signatures, ..
        } = event
        else {
            return Err(DbError::Shape("the event of a verdict"));
        };
        for id in signatures {
            // Whoever is judged otherwise than invalidated is not invalidated any more.
            let was_held = held.remove(&id);
            held_before.remove(&id);
            match verdict {
                VerdictKind::Held => held.insert(id),
                VerdictKind::Invalidated if was_held => held_before.insert(id),
                _ => false,
            };
        }
    }
    for id in held_before {
        // The rows of a verdict that was interrupted may not have followed yet: those are still held.
        let sql = "UPDATE signature SET axes = axes | 6 WHERE id = ?1 AND axes & 6 = 4";
        db.execute(sql, &[Value::Blob(&id.0)]).await?;
    }
    Ok(())
}

async fn move_line(db: &mut Db, incident: i64, line: &Json) -> Result<(), DbError> {
    let at = Millis(line["at"].as_u64().unwrap_or(0));
    let text = line["what"]["note"].as_str().unwrap_or_default();
    let by = line["by"]
        .as_str()
        .and_then(|by| data_encoding::HEXLOWER.decode(by.as_bytes()).ok());
    let sql = "INSERT INTO desk_shift (id, at, member, kind, text, incident) VALUES (?1, ?2, ?3, 'note', ?4, ?5)";
    let id = id::time_ordered(at);
    let member = by.as_deref().map_or(Value::Null, Value::Blob);
    let values = [
        Value::Blob(&id),
        integer(at.0),
        member,
        Value::Text(text),
        Value::Int(incident),
    ];
    db.execute(sql, &values).await?;
    Ok(())
}
