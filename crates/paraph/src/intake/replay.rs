//! Erasing again what a restored backup brought back.

use paraph_tally::{End, Event, WithdrawnBy};

use super::decide::Decider;
use crate::store::db::DbError;
use crate::store::erasures::Erasure;

impl Decider<'_> {
    /// Ends and erases contributions as they were when the backup was no longer all there is. Their keys go with this
    /// very batch. How many were still there.
    pub(super) async fn replay(&mut self, erasures: Vec<Erasure>) -> Result<u64, DbError> {
        let mut replayed = 0;
        for erasure in erasures {
            // Known or not: a key of a contribution that these data never saw must go all the same.
            self.decided.batch.erased.push((erasure.id, erasure.at));
            let Some(state) = self.load_signature(erasure.id).await? else {
                continue;
            };
            self.decided.batch.forgotten.push(state.mailbox);
            if state.axes.is_ended() {
                continue;
            }
            self.load_counted(state.mailbox).await?;
            let signature = erasure.id;
            let event = match (erasure.end, state.axes.is_confirmed()) {
                (End::Disowned, _) => Event::Disowned { signature },
                (_, true) => Event::Withdrawn {
                    signature,
                    by: WithdrawnBy::Mail,
                },
                // Confirmed and withdrawn since: here it only ever waited, and waits no more.
                (_, false) => Event::Expired {
                    petition: state.petition,
                    signatures: vec![signature],
                },
            };
            if self.record(event)?.is_err() {
                return Err(DbError::Shape("a signature that can end"));
            }
            replayed += 1;
            if !state.axes.is_confirmed() {
                self.decided.waiting = self.decided.waiting.saturating_sub(1);
            }
            if erasure.end != End::Expired {
                self.cancel_mail(state.mailbox);
            }
        }
        self.decided.sweep = true;
        Ok(replayed)
    }
}
