//! What the writer does after a tick so that its files stay small and its clock honest. None of it bears on the count,
//! and a failure only leaves it to the next tick.

use std::time::Duration;

use paraph_tally::Millis;

use super::time::Kept;
use super::writer::State;
use crate::journal::integer;
use crate::store::db::{Db, DbError};
use crate::store::wal;
use crate::telemetry;

const DAY: u64 = 24 * 3600 * 1000;

impl State {
    /// Everything, once a tick.
    pub(super) async fn keep_house(&mut self) {
        let kept = self.time.keep();
        metrics::gauge!(telemetry::CLOCK_DOUBTED).set(kept.doubted_for.as_secs_f64());
        if let Err(error) = kept.write(&mut self.main).await {
            tracing::warn!(%error, "the time by which ages are told was not kept");
        }
        if let Some(now) = self.time.of_ages() {
            let days = self.settings.limits.erasure_log_days;
            match self.erasures.forget(Millis(now.0.saturating_sub(days * DAY))) {
                Ok(0) => {}
                Ok(lines) => tracing::info!(lines, "lines that no backup needs any more left erasures.log"),
                Err(error) => tracing::warn!(%error, "erasures.log was not shortened"),
            }
        }
        self.write_back();
    }

    /// Looks at what is left of the disk, and makes room as soon as that is too little: signing pauses before a batch could
    /// meet a full disk, on which no log could be written back either.
    pub(super) fn mind_the_room(&mut self) {
        let was_low = self.room.is_low();
        self.look_at_the_room();
        if self.room.is_low() && !was_low {
            self.write_back();
        }
    }

    /// Writes the write-ahead logs back where they have grown too large, or where the disk needs the room.
    pub(super) fn write_back(&mut self) {
        let is_low = self.room.is_low();
        for db in [&self.main, &self.keys] {
            if let Err(error) = wal::write_back(db, self.settings.limits.wal_mib, is_low) {
                tracing::warn!(%error, "a write-ahead log was not written back");
            }
        }
        if is_low {
            self.look_at_the_room();
        }
    }

    /// Notes what is left of the disk.
    pub(super) fn look_at_the_room(&self) {
        if let Err(error) = self.room.look() {
            tracing::warn!(%error, "free disk space is not known");
        }
    }
}

impl Kept {
    /// What the last process kept; `None` in a store that has none yet.
    pub(super) async fn read(main: &mut Db) -> Result<Option<Self>, DbError> {
        let sql = "SELECT (SELECT value FROM meta WHERE name = 'ages_told_at'), \
                   (SELECT value FROM meta WHERE name = 'clock_doubted_ms')";
        let Some(row) = main.query_one(sql, &[]).await? else {
            return Ok(None);
        };
        Ok(match (row.maybe_int(0)?, row.maybe_int(1)?) {
            (Some(at), Some(millis)) => Some(Self {
                believed: Millis(at.unsigned_abs()),
                doubted_for: Duration::from_millis(millis.unsigned_abs()),
            }),
            _ => None,
        })
    }

    async fn write(self, main: &mut Db) -> Result<(), DbError> {
        let doubted = u64::try_from(self.doubted_for.as_millis()).unwrap_or(u64::MAX);
        let sql = "INSERT INTO meta (name, value) VALUES ('ages_told_at', ?1), ('clock_doubted_ms', ?2) \
                   ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        main.execute(sql, &[integer(self.believed.0), integer(doubted)]).await?;
        Ok(())
    }
}
