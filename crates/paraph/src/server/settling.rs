//! Scrutiny and the tick: what is confirmed is looked at, and settles.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::{Core, DOCTOR};
use crate::failure::Failure;
use crate::intake::Intake;
use crate::limits::Limits;
use crate::scrutiny::board::Board;
use crate::scrutiny::{self, Scrutineer};
use crate::store::Directory;
use crate::store::reader::Reader;

impl Core {
    /// What scrutiny works with.
    pub(super) fn followed(
        &self,
        directory: &Directory,
        board: Arc<Board>,
        stop: &watch::Receiver<bool>,
    ) -> scrutiny::Parts {
        scrutiny::Parts {
            store: Reader::new(&directory.main_file(), 1),
            directory: directory.path().to_owned(),
            intake: self.intake.clone(),
            board,
            networks: Arc::clone(&self.networks),
            stop: stop.clone(),
        }
    }
}

/// Starts the thread that follows the journal, and a task that ends with it.
pub(super) fn follow(
    parts: scrutiny::Parts,
    limits: watch::Receiver<Limits>,
) -> Result<(Scrutineer, JoinHandle<()>), Failure> {
    let (scrutineer, thread) = scrutiny::start(parts, limits)
        .map_err(|error| Failure::failed(format!("the thread of scrutiny: {error}"), DOCTOR))?;
    let ended = tokio::task::spawn_blocking(move || {
        if thread.join().is_err() {
            tracing::error!("scrutiny has stopped; nothing settles until a restart");
        }
    });
    Ok((scrutineer, ended))
}

/// Has scrutiny look, then settles, expires and publishes, again and again.
pub(super) async fn tick(
    intake: Intake,
    scrutineer: Option<Scrutineer>,
    limits: watch::Receiver<Limits>,
    mut stop: watch::Receiver<bool>,
) {
    while !*stop.borrow() {
        if let Some(scrutineer) = &scrutineer {
            scrutineer.look().await;
        }
        if let Err(error) = intake.tick().await {
            tracing::error!(%error, "the count was not updated");
        }
        let every = Duration::from_secs(limits.borrow().settle_every_seconds);
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            _ = stop.changed() => {}
        }
    }
}
