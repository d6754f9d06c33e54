//! A verdict whose event stands in the journal while the rows of its members are still being brought up to date.
//!
//! A million rows take seconds, and signing must not wait for them. So the event commits with the new counts, and the rows
//! follow in small commits. Meanwhile whoever reads a signature's axes sees them through [`Pending::axes`]. The verdict axis
//! moves by nothing else in that time, since the next verdict waits, so judging a row that was reached already changes nothing.

use std::sync::{Arc, PoisonError, RwLock};

use paraph_tally::{Axes, Event, PetitionId, SignatureId, SignatureState, VerdictKind};

use crate::journal::{ReadError, integer};
use crate::store::db::{Db, DbError};

/// A verdict that is being applied.
#[derive(Debug)]
pub struct Pending {
    /// Position of its event.
    pub position: u64,
    /// Its petition.
    pub petition: PetitionId,
    /// Which way.
    pub kind: VerdictKind,
    /// Whether it takes another one back.
    pub takes_back: bool,
    /// Its members, ascending.
    pub set: Vec<SignatureId>,
}

impl Pending {
    /// Where a signature stands that its row has like this.
    #[must_use]
    pub fn axes(&self, id: SignatureId, row: Axes) -> Axes {
        if self.set.binary_search(&id).is_err() {
            return row;
        }
        row.judged(self.kind, self.takes_back).unwrap_or(row)
    }

    /// The same for a whole state.
    #[must_use]
    pub fn state(&self, id: SignatureId, row: SignatureState) -> SignatureState {
        SignatureState {
            axes: self.axes(id, row.axes),
            ..row
        }
    }
}

impl Pending {
    /// Whether a signature that its row has as counted does not count any more.
    #[must_use]
    pub fn takes_out(&self, id: SignatureId) -> bool {
        matches!(self.kind, VerdictKind::Held | VerdictKind::Invalidated) && self.set.binary_search(&id).is_ok()
    }
}

/// A row as it stands, whether or not a verdict is being applied.
#[must_use]
pub fn seen(pending: Option<&Pending>, id: SignatureId, row: SignatureState) -> SignatureState {
    pending.map_or(row, |pending| pending.state(id, row))
}

/// What readers in this process ask before they read a row: asked afterwards, the row could be older than the answer.
#[derive(Clone, Debug, Default)]
pub struct Judged(Arc<RwLock<Option<Arc<Pending>>>>);

impl Judged {
    /// The verdict that is being applied, if there is one.
    #[must_use]
    pub fn now(&self) -> Option<Arc<Pending>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set(&self, pending: Option<Arc<Pending>>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = pending;
    }
}

/// A verdict that a store is in the middle of, and up to which member its rows are done.
pub struct Unfinished {
    /// The verdict.
    pub pending: Pending,
    /// Members before this index are done.
    pub done: usize,
}

/// What a store is in the middle of: left by a process that was killed, or being done by one that runs.
///
/// # Errors
/// The store refused, or the event is spoilt.
pub async fn unfinished(db: &mut Db) -> Result<Option<Unfinished>, ReadError> {
    let Some(row) = db.query_one("SELECT position, done_to FROM verdict_work", &[]).await? else {
        return Ok(None);
    };
    let (position, done_to) = (row.unsigned(0)?, SignatureId(row.array(1)?));
    let sql = "SELECT event FROM journal WHERE position = ?1";
    let row = db.query_one(sql, &[integer(position)]).await?;
    let row = row.ok_or(DbError::Shape("the verdict that is being applied"))?;
    let event = Event::decode(row.blob(0)?).map_err(|source| ReadError::Spoilt { position, source })?;
    let Event::Verdict {
        verdict,
        petition,
        undoes,
        mut signatures,
        ..
    } = event
    else {
        return Err(DbError::Shape("a verdict").into());
    };
    signatures.sort_unstable();
    let done = signatures.partition_point(|id| *id <= done_to);
    let pending = Pending {
        position,
        petition,
        kind: verdict,
        takes_back: undoes.is_some(),
        set: signatures,
    };
    Ok(Some(Unfinished { pending, done }))
}
