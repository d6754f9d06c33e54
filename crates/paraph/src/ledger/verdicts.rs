//! Verdicts as they were given, for whoever looks back at them.

use paraph_tally::{Author, Event, Millis, PetitionId, SignatureId, Standings, VerdictKind};

use super::judged::seen;
use super::query::LedgerReader;
use super::{petition_id, signature_state};
use crate::incident::book::Incident;
use crate::journal::{integer, kind_of};
use crate::store::db::{DbError, Row, Value};

/// A verdict as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Position of its event: what it is called.
    pub position: u64,
    /// Its petition.
    pub petition: PetitionId,
    /// Which way.
    pub kind: VerdictKind,
    /// Code of the reason.
    pub reason: u16,
    /// Who judged.
    pub author: Author,
    /// What was seen, JSON.
    pub evidence: Vec<u8>,
    /// When.
    pub at: Millis,
    /// Signatures that it judged.
    pub judged: u64,
    /// The verdict that it took back.
    pub undoes: Option<u64>,
    /// What its author says about it.
    pub note: String,
    /// The latest verdict that took this one back.
    pub undone_by: Option<u64>,
}

/// Incidents as a store has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeptIncidents {
    /// Those that can be read.
    pub incidents: Vec<Incident>,
    /// Numbers of those that cannot.
    pub damaged: Vec<i64>,
    /// The highest number of all: the next incident must not take the place of one that cannot be read.
    pub last: i64,
}

/// Columns for [`incident`].
pub(crate) const INCIDENTS: &str = "SELECT id, body FROM incident ORDER BY id";

/// Reads a row of an incident.
pub(crate) fn incident(row: &Row) -> Result<Incident, DbError> {
    let incident = serde_json::from_str(row.text(1)?).ok();
    let incident = incident.filter(|incident: &Incident| i64::try_from(incident.id).ok() == row.int(0).ok());
    incident.ok_or(DbError::Shape("an incident"))
}

/// Signatures looked at in one read: a reader that lingers holds up the write-ahead log.
const AT_ONCE: usize = 1024;

/// Columns for [`verdict`].
const BEFORE: &str = "SELECT v.position, v.petition, v.kind, v.reason, v.author, v.evidence, v.at, v.judged, v.undoes, v.note, \
                      (SELECT MAX(u.position) FROM verdict u WHERE u.undoes = v.position) \
                      FROM verdict v WHERE v.position < ?1 ORDER BY v.position DESC LIMIT ?2";

/// The same, in order.
const AFTER: &str = "SELECT v.position, v.petition, v.kind, v.reason, v.author, v.evidence, v.at, v.judged, v.undoes, v.note, \
                     (SELECT MAX(u.position) FROM verdict u WHERE u.undoes = v.position) \
                     FROM verdict v WHERE v.position > ?1 ORDER BY v.position LIMIT ?2";

impl LedgerReader {
    /// Up to `most` verdicts behind a position, in order.
    ///
    /// # Errors
    /// The store refused.
    pub async fn verdicts_after(&self, position: u64, most: u64) -> Result<Vec<Verdict>, DbError> {
        let rows = self
            .main
            .with(move |db| db.query(AFTER, &[integer(position), integer(most)]));
        rows.await?.iter().map(verdict).collect()
    }

    /// Incidents as they were kept, the first first. One that cannot be read is no reason to keep a site from its signatories:
    /// it is left out, and stays in the store as it is.
    ///
    /// # Errors
    /// The store refused.
    pub async fn incidents(&self) -> Result<KeptIncidents, DbError> {
        let rows = self.main.with(|db| db.query(INCIDENTS, &[]));
        let mut kept = KeptIncidents::default();
        for row in &rows.await? {
            kept.last = kept.last.max(row.int(0)?);
            match incident(row) {
                Ok(incident) => kept.incidents.push(incident),
                Err(_) => kept.damaged.push(row.int(0)?),
            }
        }
        Ok(kept)
    }

    /// Up to `most` verdicts before a position, the latest first.
    ///
    /// # Errors
    /// The store refused.
    pub async fn verdicts(&self, before: u64, most: u64) -> Result<Vec<Verdict>, DbError> {
        let rows = self
            .main
            .with(move |db| db.query(BEFORE, &[integer(before), integer(most)]));
        rows.await?.iter().map(verdict).collect()
    }

    /// The verdict at a position; `None` if there is none.
    ///
    /// # Errors
    /// The store refused.
    pub async fn verdict(&self, position: u64) -> Result<Option<Verdict>, DbError> {
        let before = position.saturating_add(1);
        let found = self.verdicts(before, 1).await?;
        Ok(found.into_iter().find(|verdict| verdict.position == position))
    }

    /// How many of these stand where.
    ///
    /// # Errors
    /// The store refused.
    pub async fn standings(&self, ids: &[SignatureId]) -> Result<Standings, DbError> {
        const ROW: &str = "SELECT petition, mailbox, signed_at, confirmed_at, axes FROM signature WHERE id = ?1";
        let mut standings = Standings::default();
        for ids in ids.chunks(AT_ONCE) {
            let (pending, ids) = (self.judged.now(), ids.to_vec());
            let read = self.main.with(move |db| {
                let mut states = Vec::with_capacity(ids.len());
                for id in ids {
                    if let Some(row) = db.query_one(ROW, &[Value::Blob(&id.0)])? {
                        states.push((id, signature_state(&row, 0)?));
                    }
                }
                Ok::<_, DbError>(states)
            });
            for (id, state) in read.await? {
                standings.add(seen(pending.as_deref(), id, state).axes);
            }
        }
        Ok(standings)
    }

    /// When these were signed.
    ///
    /// # Errors
    /// The store refused.
    pub async fn signed_at(&self, ids: &[SignatureId]) -> Result<Vec<(SignatureId, Millis)>, DbError> {
        let mut signed = Vec::with_capacity(ids.len());
        for ids in ids.chunks(AT_ONCE) {
            let ids = ids.to_vec();
            let read = self.main.with(move |db| {
                let mut signed = Vec::with_capacity(ids.len());
                for id in ids {
                    let sql = "SELECT signed_at FROM signature WHERE id = ?1";
                    if let Some(row) = db.query_one(sql, &[Value::Blob(&id.0)])? {
                        signed.push((id, Millis(row.unsigned(0)?)));
                    }
                }
                Ok::<_, DbError>(signed)
            });
            signed.extend(read.await?);
        }
        Ok(signed)
    }

    /// Whom the verdict at a position judged, ascending; `None` if there is none.
    ///
    /// # Errors
    /// The store refused.
    pub async fn judged_by(&self, position: u64) -> Result<Option<Vec<SignatureId>>, DbError> {
        let row = self.main.with(move |db| {
            let sql = "SELECT event FROM journal WHERE position = ?1";
            db.query_one(sql, &[integer(position)])
        });
        let Some(row) = row.await? else { return Ok(None) };
        let event = Event::decode(row.blob(0)?).map_err(|_| DbError::Shape("an event"))?;
        let Event::Verdict { mut signatures, .. } = event else {
            return Ok(None);
        };
        signatures.sort_unstable();
        Ok(Some(signatures))
    }
}

fn verdict(row: &Row) -> Result<Verdict, DbError> {
    let position = |column| Ok::<_, DbError>(row.maybe_int(column)?.map(i64::unsigned_abs));
    Ok(Verdict {
        position: row.unsigned(0)?,
        petition: petition_id(row, 1)?,
        kind: kind_of(row.int(2)?).ok_or(DbError::Shape("a kind of verdict"))?,
        reason: u16::try_from(row.unsigned(3)?).map_err(|_| DbError::Shape("a reason"))?,
        author: row.maybe_array(4)?.map_or(Author::Scrutiny, Author::Person),
        evidence: row.blob(5)?.to_vec(),
        at: Millis(row.unsigned(6)?),
        judged: row.unsigned(7)?,
        undoes: position(8)?,
        note: row.text(9)?.to_owned(),
        undone_by: position(10)?,
    })
}
