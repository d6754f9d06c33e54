//! What a mailbox has on its petition. Every link of its mails leads to all of that, not to one contribution alone: a mail
//! names one, and its reader may have confirmed another through its page.

use paraph_tally::{End, MailboxId, SignatureId, SignatureState};

use super::judged::{Pending, seen};
use super::query::LedgerReader;
use super::signature_state;
use crate::store::db::{DbError, Row, Value};
use crate::store::reader::Reading;

/// What a mailbox ever confirmed, for [`confirmed`].
pub(crate) const CONFIRMED_BY: &str = "SELECT id, petition, mailbox, signed_at, confirmed_at, axes FROM signature \
     WHERE mailbox = ?1 AND confirmed_at IS NOT NULL";

/// What a link leads to beside its own contribution.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    /// What its mailbox ever confirmed: what counts first, then the first confirmed.
    pub confirmed: Vec<(SignatureId, SignatureState)>,
    /// The newest that waits to be confirmed.
    pub waiting: Option<SignatureId>,
    /// One that was disowned and is kept for a complaint.
    pub kept: Option<SignatureId>,
}

impl Beside {
    /// What was confirmed and stands, what counts first.
    pub fn standing(&self) -> impl Iterator<Item = SignatureId> {
        let standing = self.confirmed.iter().filter(|(_, state)| !state.axes.is_ended());
        standing.map(|(id, _)| *id)
    }

    /// What to say of a contribution of this mailbox: [`told_of`].
    #[must_use]
    pub fn told_of(&self, own: End) -> End {
        told_of(own, self.confirmed.iter().map(|(_, state)| state.axes.end))
    }
}

/// The end to speak of behind a link whose contribution ended like this, where its mailbox's confirmed ones ended like those.
/// "Never confirmed, never counted" would be untrue for a reader who confirmed another and took it back.
#[must_use]
pub fn told_of(own: End, confirmed: impl Iterator<Item = End>) -> End {
    if own == End::None {
        return own;
    }
    confirmed.fold(own, |told, end| match (told, end) {
        (End::Withdrawn, _) | (_, End::Withdrawn) => End::Withdrawn,
        (End::Disowned, _) | (_, End::Disowned) => End::Disowned,
        _ => told,
    })
}

/// Rows of [`CONFIRMED_BY`], as the verdict has them that is being applied.
pub(crate) fn confirmed(
    pending: Option<&Pending>,
    rows: &[Row],
) -> Result<Vec<(SignatureId, SignatureState)>, DbError> {
    let rows = rows.iter().map(|row| {
        let id = SignatureId(row.array(0)?);
        Ok((id, seen(pending, id, signature_state(row, 1)?)))
    });
    rows.collect()
}

impl LedgerReader {
    /// What a mailbox has on its petition.
    ///
    /// # Errors
    /// The store refused.
    pub async fn beside(&self, mailbox: MailboxId) -> Result<Beside, DbError> {
        let pending = self.judged.now();
        let read = move |db: Reading<'_>| {
            let one = |sql| {
                let row = db.query_one(sql, &[Value::Blob(&mailbox.0)])?;
                row.map(|row| row.array(0).map(SignatureId)).transpose()
            };
            let waiting = "SELECT id FROM signature WHERE mailbox = ?1 AND waiting = 1 ORDER BY id DESC LIMIT 1";
            // Bit 4 is set for what was taken back; of that only what was disowned can have a record.
            let kept = "SELECT s.id FROM signature s JOIN vault v ON v.id = s.id \
                        WHERE s.mailbox = ?1 AND s.axes & 16 = 16 LIMIT 1";
            let mut confirmed = confirmed(pending.as_deref(), &db.query(CONFIRMED_BY, &[Value::Blob(&mailbox.0)])?)?;
            confirmed.sort_by_key(|(id, state)| (!state.axes.is_counted(), state.confirmed_at, *id));
            Ok(Beside {
                confirmed,
                waiting: one(waiting)?,
                kept: one(kept)?,
            })
        };
        self.main.with(read).await
    }
}
