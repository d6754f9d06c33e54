//! Names that may be shown: when they appear.
//!
//! A name that appeared when its signature settles would tell whoever watches the page when that person signed. So names
//! wait for company: they appear together, shuffled, when `limits.names_batch` of them wait, or when the day (UTC) is over on which
//! the first of them began to wait. A fixed hour for all, since "a day after signing" would tell the time of signing too.

use paraph_tally::{Millis, PetitionId, SignatureId};

use super::decide::Decider;
use crate::journal::content::{NameBatch, WaitingName};
use crate::journal::integer;
use crate::store::db::{DbError, Value};
use crate::store::id;

const DAY: u64 = 24 * 3600 * 1000;
/// Names released by one tick; the rest follow with the next, as a batch of their own.
const AT_ONCE: u64 = 10_000;

impl Decider<'_> {
    /// Signatures that settle now, and whose names may be shown.
    pub(super) fn names_wait(&mut self, petition: PetitionId, signatures: Vec<SignatureId>) {
        let since = self.at;
        let waiting = signatures.into_iter().map(|signature| WaitingName {
            signature,
            petition,
            since,
        });
        self.decided.batch.content.names.extend(waiting);
    }

    /// Shows the names that wait, if there are enough of them or the first has waited until the day was over.
    pub(super) async fn release_names(&mut self, petition: PetitionId) -> Result<(), DbError> {
        let key = Value::Int(petition.0.into());
        let rows = self
            .db
            .query(
                "SELECT n.id, n.since FROM shown_name n JOIN signature s ON s.id = n.id \
                 WHERE n.petition = ?1 AND n.batch IS NULL AND s.axes = 33 ORDER BY n.since LIMIT ?2",
                &[key, integer(AT_ONCE)],
            )
            .await?;
        let mut waiting = Vec::with_capacity(rows.len());
        for row in &rows {
            waiting.push((SignatureId(row.array(0)?), Millis(row.unsigned(1)?)));
        }
        if let Some(pending) = &self.following {
            waiting.retain(|(id, _)| !pending.takes_out(*id));
        }
        let Some((_, since)) = waiting.first().copied() else {
            return Ok(());
        };
        if (waiting.len() as u64) < self.limits.names_batch && since.0 / DAY == self.at.0 / DAY {
            return Ok(());
        }
        // The order of a batch is drawn once and kept: a page that shuffles at every look shows who is new.
        let members = waiting
            .into_iter()
            .map(|(signature, _)| (signature, i64::from_be_bytes(id::random())));
        let members = members.collect();
        self.decided.batch.content.batches.push(NameBatch {
            petition,
            at: self.at,
            members,
            keep: self.limits.names_shown,
        });
        Ok(())
    }
}
