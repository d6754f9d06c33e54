//! The write-ahead logs of SQLite: how large they may grow, and what they still need of the disk.
//!
//! What is committed stands in the log first and is written back into the file later. On the way back the file may grow
//! by as much as the log holds, so a log is a debt of room: free space is counted without it. A disk that our own logs
//! have filled could not write them back, and would stay full for good.

use std::io;
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
/// long) or if less than `floor_mib` are left.
///
/// # Errors
/// SQLite refused, or the system does not tell what is free.
pub fn write_back(db: &Db, mib: u64, floor_mib: u64) -> Result<(), DbError> {
    let Db::Sqlite(connection) = db else { return Ok(()) };
    let Some(file) = connection.path().map(PathBuf::from) else {
        return Ok(());
    };
    let log = bytes(&file);
    let directory = file.parent().unwrap_or(Path::new("."));
    if log == 0 || (log <= 2 * (mib << 20) && (free(directory)?.saturating_sub(log)) >> 20 >= floor_mib) {
        return Ok(());
    }
    connection.busy_timeout(PATIENCE)?;
    let written = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    connection.busy_timeout(super::BUSY)?;
    Ok(written?)
}

/// MiB that are free for new data, what the logs of a data directory still need taken off.
///
/// # Errors
/// The system does not tell.
pub fn room_mib(data: &Path) -> io::Result<u64> {
    let owed = bytes(&data.join("paraph.db")) + bytes(&data.join("keys/keys.db"));
    Ok(free(data)?.saturating_sub(owed) >> 20)
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

fn free(directory: &Path) -> io::Result<u64> {
    let stat = rustix::fs::statvfs(directory)?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// Bytes of a database's log; 0 without one.
fn bytes(file: &Path) -> u64 {
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).map_or(0, |found| found.len())
}
