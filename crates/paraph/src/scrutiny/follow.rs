//! Reads the journal together with what was observed, from a position on.

use paraph_tally::{Entry, Event, Millis, SignatureId};

use super::features::WINDOW;
use crate::journal::{decoded, integer};
use crate::store::db::{DbError, Value};
use crate::store::reader::{Reader, Reading};
use crate::telemetry;

/// Entries read at once.
pub(super) const AT_ONCE: usize = 1000;

/// An entry, with the stored observation where one belongs to it and is still there.
pub(super) struct Step {
    pub(super) entry: Entry,
    pub(super) observed: Option<Vec<u8>>,
}

/// Up to [`AT_ONCE`] entries behind `position`.
pub(super) async fn steps(store: &Reader, position: u64) -> Result<Vec<Step>, DbError> {
    store.with(move |db| read(&db, position)).await
}

fn read(db: &Reading<'_>, position: u64) -> Result<Vec<Step>, DbError> {
    let sql = "SELECT position, at, event FROM journal WHERE position > ?1 ORDER BY position LIMIT ?2";
    let rows = db.query(sql, &[integer(position), integer(AT_ONCE as u64)])?;
    let step = |row| {
        let entry = decoded(row).map_err(|_| DbError::Shape("an entry of the journal"))?;
        let observed = match &entry.event {
            Event::Signed { signature, .. } => observed(db, "SELECT observed FROM features WHERE id = ?1", *signature)?,
            Event::Confirmed { signature } => {
                observed(db, "SELECT observed FROM confirmed_from WHERE id = ?1", *signature)?
            }
            _ => None,
        };
        Ok(Step { entry, observed })
    };
    rows.iter().map(step).collect()
}

fn observed(db: &Reading<'_>, sql: &'static str, id: SignatureId) -> Result<Option<Vec<u8>>, DbError> {
    let row = db.query_one(sql, &[Value::Blob(&id.0)])?;
    let Some(row) = row else { return Ok(None) };
    let read = row.blob(0).ok().map(<[u8]>::to_vec);
    if read.is_none() {
        // Looked at without, as one whose observation has grown old: a single damaged row must not keep everybody from settling.
        metrics::counter!(telemetry::SCRUTINY_UNREADABLE).increment(1);
        tracing::error!("what was observed of a contribution cannot be read; `paraph fsck` says of how many");
    }
    Ok(read)
}

/// The position behind which the window that ends now begins. Times of the journal never run back, so it is found by halves.
pub(super) async fn beginning(store: &Reader, now: Millis) -> Result<u64, DbError> {
    let from = now.0.saturating_sub(WINDOW);
    store
        .with(move |db| {
            let last = db.query_one("SELECT COALESCE(MAX(position), 0) FROM journal", &[])?;
            let (mut low, mut high) = (0, last.map_or(Ok(0), |row| row.unsigned(0))?);
            while low < high {
                let middle = low + (high - low) / 2;
                let row = db.query_one("SELECT at FROM journal WHERE position = ?1", &[integer(middle + 1)])?;
                if row.map_or(Ok(u64::MAX), |row| row.unsigned(0))? < from {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            Ok(low)
        })
        .await
}
