//! Rows of verdicts, what stands behind each event beside the events themselves; and of incidents.

use paraph_tally::{Author, Millis, PetitionId, SignatureId, VerdictKind};

use super::integer;
use crate::incident::book::Incident;
use crate::store::db::{Db, DbError, Value};

/// A verdict's row. The event has the set; this has what a person wants to read.
#[derive(Clone, Debug)]
pub struct NewVerdict {
    /// Position of the event.
    pub position: u64,
    /// Its petition.
    pub petition: PetitionId,
    /// Which way.
    pub kind: VerdictKind,
    /// Code of the reason.
    pub reason: u16,
    /// Who judged.
    pub author: Author,
    /// What was seen; the event has its SHA-256.
    pub evidence: Vec<u8>,
    /// When.
    pub at: Millis,
    /// Signatures that it judges.
    pub judged: u64,
    /// Position of the verdict that it takes back.
    pub undoes: Option<u64>,
    /// What the author says about it.
    pub note: String,
}

/// A kind as the tables keep it.
pub(crate) fn kind_code(kind: VerdictKind) -> i64 {
    match kind {
        VerdictKind::Held => 0,
        VerdictKind::Released => 1,
        VerdictKind::Invalidated => 2,
        VerdictKind::Reinstated => 3,
        VerdictKind::Restored => 4,
    }
}

/// The same, read.
pub(crate) fn kind_of(code: i64) -> Option<VerdictKind> {
    use VerdictKind::{Held, Invalidated, Reinstated, Released, Restored};
    [Held, Released, Invalidated, Reinstated, Restored]
        .into_iter()
        .find(|kind| kind_code(*kind) == code)
}

/// Incidents are rows of their own beside the journal: nothing that is counted follows from them.
pub(super) async fn keep(db: &mut Db, incidents: &[Incident]) -> Result<(), DbError> {
    for incident in incidents {
        let body = serde_json::to_string(incident).map_err(|_| DbError::Shape("an incident that can be written"))?;
        let sql = "INSERT INTO incident (id, opened_at, body) VALUES (?1, ?2, ?3) \
                   ON CONFLICT (id) DO UPDATE SET body = excluded.body";
        db.execute(
            sql,
            &[integer(incident.id), integer(incident.opened_at), Value::Text(&body)],
        )
        .await?;
    }
    Ok(())
}

/// How far the rows of a verdict's members are up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Position of its event.
    pub position: u64,
    /// The last member that is; `None` once all are.
    pub done_to: Option<SignatureId>,
}

pub(super) async fn proceed(db: &mut Db, progress: &Progress) -> Result<(), DbError> {
    let position = integer(progress.position);
    match &progress.done_to {
        Some(id) => {
            let sql = "UPDATE verdict_work SET done_to = ?2 WHERE position = ?1";
            db.execute(sql, &[position, Value::Blob(&id.0)]).await?;
        }
        None => {
            db.execute("DELETE FROM verdict_work WHERE position = ?1", &[position])
                .await?;
        }
    }
    Ok(())
}

pub(super) async fn write(db: &mut Db, verdicts: &[NewVerdict]) -> Result<(), DbError> {
    for new in verdicts {
        let author = match &new.author {
            Author::Scrutiny => Value::Null,
            Author::Person(account) => Value::Blob(account),
        };
        db.execute(
            "INSERT INTO verdict (position, petition, kind, reason, author, evidence, at, judged, undoes, note) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            &[
                integer(new.position),
                Value::Int(new.petition.0.into()),
                Value::Int(kind_code(new.kind)),
                Value::Int(new.reason.into()),
                author,
                Value::Blob(&new.evidence),
                integer(new.at.0),
                integer(new.judged),
                new.undoes.map_or(Value::Null, integer),
                Value::Text(&new.note),
            ],
        )
        .await?;
        let sql = "INSERT INTO verdict_work (position, done_to) VALUES (?1, ?2)";
        db.execute(sql, &[integer(new.position), Value::Blob(&[0; 16])]).await?;
    }
    Ok(())
}
