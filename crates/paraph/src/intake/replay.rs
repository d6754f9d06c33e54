//! Erasing again what a restored backup, or data put back beside newer keys, brought back.

use paraph_tally::{End, Event, WithdrawnBy};

use super::decide::Decider;
use super::{StartError, Writer, WriterSettings};
use crate::store::db::{Db, DbError, Value};
use crate::store::erasures::{Erasure, ErasureLog};
use crate::store::{Connections, Directory, OpenError};

/// Erasures of one commit; their keys are destroyed with it.
pub const AT_ONCE: usize = 5000;

/// Why a store cannot be opened for its writer.
#[derive(Debug, thiserror::Error)]
pub enum CatchUpError {
    /// It cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It could not be compared with its log of erasures.
    #[error("what was erased cannot be erased again: {0}")]
    Start(#[from] StartError),
    /// Nothing can be recorded.
    #[error("what was erased cannot be erased again: {0}")]
    Unavailable(#[from] super::Unavailable),
}

/// Opens a store whose data know of every erasure that their log knows of. Data that were put back beside newer keys do not: people
/// who took their signature back would be shown and counted again. They are erased again first, as a restore does.
///
/// # Errors
/// The store cannot be used, or not written.
pub async fn connect(directory: &Directory, settings: &WriterSettings) -> Result<Connections, CatchUpError> {
    let mut connections = directory.connect().await?;
    let unknown = unknown(&mut connections.main, &connections.erasures).await;
    let unknown = unknown.map_err(StartError::Db)?;
    if unknown.is_empty() {
        return Ok(connections);
    }
    let (writer, intake, _) = Writer::start(connections, settings.clone()).await?;
    for some in unknown.chunks(AT_ONCE) {
        intake.replay(some.to_vec()).await?;
    }
    drop(intake);
    writer.join();
    tracing::warn!(
        erasures = unknown.len(),
        "paraph.db is older than keys/erasures.log: what was erased since is erased again"
    );
    Ok(directory.connect().await?)
}

/// Whom the log says to be erased, and the data have as not. Whom they never had is none of them: there is nothing to erase.
async fn unknown(main: &mut Db, log: &ErasureLog) -> Result<Vec<Erasure>, DbError> {
    let mut logged = Vec::new();
    log.read(|erasure| logged.push(erasure))?;
    let mut unknown = Vec::new();
    for erasure in logged {
        let sql =
            "SELECT 1 FROM signature s WHERE s.id = ?1 AND NOT EXISTS (SELECT 1 FROM erasure e WHERE e.id = s.id)";
        if main.query_one(sql, &[Value::Blob(&erasure.id.0)]).await?.is_some() {
            unknown.push(erasure);
        }
    }
    Ok(unknown)
}

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
