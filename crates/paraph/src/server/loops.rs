//! What runs beside the requests for as long as the server does: pages that follow the count, and bounds that are looked at.

use std::sync::Arc;
use std::time::Duration;

use paraph_tally::Millis;
use tokio::sync::watch;

use super::live::Live;
use crate::intake::Intake;
use crate::ledger::catalogue::Catalogue;
use crate::ledger::opened::{Opened, Opener};
use crate::ledger::query::LedgerReader;
use crate::limits::Limits;
use crate::telemetry;

/// Renders what the writer publishes, and says up to when pages show it.
pub(super) async fn show(
    live: Arc<Live>,
    ledger: LedgerReader,
    mut shown: watch::Receiver<Arc<Catalogue>>,
    turned: watch::Sender<Millis>,
    mut stop: watch::Receiver<bool>,
) {
    let mut opener = Opener::default();
    // The names of a catalogue that was there before this loop: a restart shows the same ones.
    shown.mark_changed();
    loop {
        tokio::select! {
            changed = shown.changed() => {
                if changed.is_err() {
                    return;
                }
            }
            _ = stop.wait_for(|stop| *stop) => return,
        }
        let catalogue = Arc::clone(&shown.borrow_and_update());
        let opened = match opener.open(&ledger, &catalogue).await {
            Ok(opened) => opened,
            Err(error) => {
                // A page without names is better than one that is not brought up to date.
                tracing::warn!(%error, "names could not be read");
                Opened::default()
            }
        };
        let shelf = live.shelf();
        let as_of = catalogue.as_of;
        // Rendering many petitions takes a while; the threads that serve requests do not wait for it.
        if tokio::task::spawn_blocking(move || shelf.show(&catalogue, &opened))
            .await
            .is_err()
        {
            tracing::error!("pages were not rendered again");
        }
        turned.send_replace(as_of);
    }
}

/// Keeps the memory of the metrics bounded, whether or not somebody collects them.
pub(super) async fn fold_metrics(metrics: telemetry::Handle, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        metrics.upkeep();
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(5)) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Pauses signing before the disk is full, and resumes it by itself.
pub(super) async fn watch_disk(intake: Intake, limits: watch::Receiver<Limits>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        intake.room().set_floor(limits.borrow().disk_floor_mib);
        match intake.room().look() {
            Ok(free_mib) => metrics::gauge!(telemetry::DISK_FREE).set(free_mib as f64),
            Err(error) => tracing::warn!(%error, "free disk space is not known"),
        }
        if intake.room().is_low()
            && let Err(error) = intake.tick().await
        {
            // At a tick the writer gives back the room that its logs take.
            tracing::debug!(%error, "no room could be made");
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(2)) => {}
            _ = stop.changed() => {}
        }
    }
}
