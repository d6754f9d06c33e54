//! The journal: the one write path, and the way to read it again.
//!
//! [`append`] is the only code that writes a count-bearing table. It takes a whole batch at an expected position, in one
//! transaction: a writer that has been overtaken is fenced off by the position, not by a lock it may have lost.

mod batch;
pub mod content;
pub mod desk;
mod mailing;
pub mod second_way;
pub(crate) mod verdict;

use paraph_tally::{DecodeError, Entry, Event, Fold, Millis, RecountError};

pub use batch::{Batch, NewMailbox, NewPetition, NewText, Prune, SpentNonce};
pub use mailing::{Claim, GivenUp, Mailed, Posting, Redirected, Why};
pub use verdict::{NewVerdict, Progress};
pub(crate) use verdict::{kind_code, kind_of};

use crate::store::db::{Db, DbError, Row, Value};

/// Where the journal ends: position and time of its last entry; zero for an empty one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct End {
    /// Position of the last entry.
    pub position: u64,
    /// Time of the last entry.
    pub at: Millis,
}

/// Why a batch was not appended. Nothing of it was kept, unless the connection broke during COMMIT; then [`end`] tells.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Somebody else appended first: this writer is stale and must stop or read again.
    #[error("the journal is not at position {expected}: another writer has appended")]
    Fenced {
        /// Where this writer thought the journal ends.
        expected: u64,
    },
    /// The store refused.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Why the journal cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The store refused.
    #[error(transparent)]
    Db(#[from] DbError),
    /// An entry is spoilt, or of a later version.
    #[error("journal entry {position}: {source}")]
    Spoilt {
        /// Its position.
        position: u64,
        /// What is wrong with its bytes.
        source: DecodeError,
    },
    /// The entries break the rules of the count.
    #[error(transparent)]
    Illegal(#[from] RecountError),
}

/// Where the journal ends.
///
/// # Errors
/// The store refused.
pub async fn end(db: &mut Db) -> Result<End, DbError> {
    let last = db
        .query_one("SELECT position, at FROM journal ORDER BY position DESC LIMIT 1", &[])
        .await?;
    last.map_or(Ok(End::default()), |row| {
        Ok(End {
            position: row.unsigned(0)?,
            at: Millis(row.unsigned(1)?),
        })
    })
}

/// Appends a batch behind position `expected`, durably: journal, vault, features, projections and outbox together.
///
/// # Errors
/// [`AppendError::Fenced`] when the journal ends elsewhere, else what the store refused.
pub async fn append(db: &mut Db, expected: u64, batch: &Batch) -> Result<(), AppendError> {
    db.begin().await?;
    match append_in_transaction(db, expected, batch).await {
        Ok(()) => match db.commit().await {
            Ok(()) => Ok(()),
            Err(error) => {
                db.rollback().await;
                Err(fence(error, expected))
            }
        },
        Err(error) => {
            db.rollback().await;
            Err(error)
        }
    }
}

async fn append_in_transaction(db: &mut Db, expected: u64, batch: &Batch) -> Result<(), AppendError> {
    if end(db).await?.position != expected {
        return Err(AppendError::Fenced { expected });
    }
    let encoded: Vec<Vec<u8>> = batch
        .entries
        .iter()
        .map(|entry| {
            let mut bytes = Vec::new();
            entry.event.encode(&mut bytes);
            bytes
        })
        .collect();
    let rows: Vec<[Value<'_>; 3]> = batch
        .entries
        .iter()
        .zip(&encoded)
        .map(|(entry, bytes)| [integer(entry.position), integer(entry.at.0), Value::Blob(bytes)])
        .collect();
    db.load("INSERT INTO journal (position, at, event) VALUES (?1, ?2, ?3)", &rows)
        .await
        .map_err(|error| fence(error, expected))?;
    batch.write(db).await?;
    Ok(())
}

// On PostgreSQL two writers can both see the expected end; the primary key then lets one of them in.
fn fence(error: DbError, expected: u64) -> AppendError {
    if error.is_duplicate() {
        AppendError::Fenced { expected }
    } else {
        AppendError::Db(error)
    }
}

/// Up to `most` entries behind `position`, in order.
///
/// # Errors
/// The store refused, or an entry is spoilt.
pub async fn follow(db: &mut Db, position: u64, most: u64) -> Result<Vec<Entry>, ReadError> {
    let sql = "SELECT position, at, event FROM journal WHERE position > ?1 ORDER BY position LIMIT ?2";
    let rows = db.query(sql, &[integer(position), integer(most)]).await?;
    rows.iter().map(decoded).collect()
}

/// An entry out of a row of position, time and event.
///
/// # Errors
/// It is spoilt, or of a later version.
pub fn decoded(row: &Row) -> Result<Entry, ReadError> {
    let position = row.unsigned(0)?;
    let event = Event::decode(row.blob(2)?).map_err(|source| ReadError::Spoilt { position, source })?;
    Ok(Entry {
        position,
        at: Millis(row.unsigned(1)?),
        event,
    })
}

/// Folds the whole journal again, from nothing, and shows each entry to `look`.
///
/// # Errors
/// An entry cannot be read or breaks the rules.
pub async fn refold(db: &mut Db, mut look: impl FnMut(&Entry)) -> Result<Fold, ReadError> {
    const AT_ONCE: u64 = 4096;
    let mut fold = Fold::whole();
    let mut position = 0;
    loop {
        let entries = follow(db, position, AT_ONCE).await?;
        let Some(last) = entries.last() else { return Ok(fold) };
        position = last.position;
        for entry in &entries {
            fold.apply(entry).map_err(|source| RecountError {
                position: entry.position,
                source,
            })?;
            look(entry);
        }
    }
}

/// An unsigned number as the stores keep it. Moments and positions stay below 2^63 for 292 million years.
pub(crate) fn integer(value: u64) -> Value<'static> {
    Value::Int(i64::try_from(value).unwrap_or(i64::MAX))
}
