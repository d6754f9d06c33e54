//! The write-ahead logs of SQLite: how large they may grow, and what they still need of the disk.
//!
//! What is committed stands in the log first and is written back into the file later. On the way back the file may grow
//! by as much as the log holds, so a log is a debt of room: free space is counted without it (`room`). A disk that our own
//! logs have filled could not write them back, and would stay full for good.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::db::{Db, DbError};

/// Bytes of a page, SQLite's own choice.
const PAGE: u64 = 4096;
/// How long writing back waits for somebody who reads: everybody who signs waits with it.
const PATIENCE: Duration = Duration::from_millis(100);

/// Sets how much a log holds before a commit writes it back, and what of its file is kept for the next time.
///
/// # Errors
/// SQLite refused.
pub fn bound(db: &Db, mib: u64) -> Result<(), DbError> {
    if let Db::Sqlite(connection) = db {
        connection.execute_batch(&format!(
            "PRAGMA wal_autocheckpoint = {}; PRAGMA journal_size_limit = {};",
            (mib << 20) / PAGE,
            mib << 20
        ))?;
    }
    Ok(())
}

/// Writes a log back and gives its room to the disk, if it is twice as large as it should be (somebody was reading for
/// long) or if the disk `is_low`.
///
/// # Errors
/// SQLite refused.
pub fn write_back(db: &Db, mib: u64, is_low: bool) -> Result<(), DbError> {
    let Db::Sqlite(connection) = db else { return Ok(()) };
    let Some(file) = connection.path().map(PathBuf::from) else {
        return Ok(());
    };
    let log = bytes(&file);
    if log == 0 || (log <= 2 * (mib << 20) && !is_low) {
        return Ok(());
    }
    connection.busy_timeout(PATIENCE)?;
    let written = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    connection.busy_timeout(super::BUSY)?;
    Ok(written?)
}

/// Writes a log back before its writer goes, so that the next start finds nothing to do. A connection that reads at this
/// moment may hold up a part of it: no harm, the log is as durable as the file.
///
/// # Errors
/// SQLite refused.
pub fn put_away(db: &Db) -> Result<(), DbError> {
    if let Db::Sqlite(connection) = db {
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    }
    Ok(())
}

/// Bytes of a database's log; 0 without one.
pub(super) fn bytes(file: &Path) -> u64 {
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).map_or(0, |found| found.len())
}
