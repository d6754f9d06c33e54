//! Teaches the budgets of shared addresses what has settled.

use std::sync::Arc;
use std::time::Duration;

use paraph_tally::Millis;
use tokio::sync::watch;

use crate::admit::Admitter;
use crate::clock;
use crate::ledger::query::LedgerReader;
use crate::limits::Limits;

/// Most that is asked of the ledger at once: room needs dozens of signatures, not thousands.
const MOST: usize = 500;
/// A signature that has not settled for so long teaches nothing any more.
const PATIENCE: u64 = 3_600_000;

/// After each settling, looks what became of what was confirmed before it, until `stop` turns true.
pub(super) async fn teach(
    admitter: Arc<Admitter>,
    ledger: LedgerReader,
    limits: watch::Receiver<Limits>,
    mut stop: watch::Receiver<bool>,
) {
    let rooms = &admitter.budgets.rooms;
    while !*stop.borrow() {
        let (every, age) = {
            let limits = limits.borrow();
            (
                limits.settle_every_seconds,
                limits.settle_after_seconds + limits.settle_every_seconds,
            )
        };
        let now = clock::now();
        let due = Millis(now.0.saturating_sub(1000 * age));
        for hope in std::iter::from_fn(|| rooms.next(due)).take(MOST) {
            match ledger.state(hope.signature).await {
                Ok(Some(state)) if state.axes.is_counted() => rooms.settled(&hope, now),
                Ok(Some(state)) if !state.axes.is_ended() && hope.since.0 + PATIENCE > now.0 => rooms.again(hope),
                Ok(_) => {}
                Err(error) => {
                    tracing::debug!(%error, "what has settled could not be read");
                    break;
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(every)) => {}
            _ = stop.changed() => {}
        }
    }
}
