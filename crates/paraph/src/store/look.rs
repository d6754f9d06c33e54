//! Connections for whoever only looks: `fsck`, `recount`, `backup`, lists. They also work where nothing can be written, as on
//! a disk that the system has made read-only after a fault, which is when somebody looks.

use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::{BUSY, OpenError};

/// Opens the ledger for reading, with the wrapped keys as `k` if they are named.
///
/// # Errors
/// A file cannot be opened, or its log cannot be read where nothing can be written.
pub fn open(main: &Path, keys: Option<&Path>) -> Result<Connection, OpenError> {
    let connection = connect(&address(main)?).map_err(failed(main))?;
    if let Some(keys) = keys {
        // Or a fault of the one would be said of the other.
        connection
            .execute_batch("SELECT COUNT(*) FROM sqlite_schema")
            .map_err(failed(main))?;
        connection
            .execute("ATTACH DATABASE ?1 AS k", [address(keys)?])
            .map_err(failed(keys))?;
    }
    Ok(connection)
}

/// What a file is called to SQLite.
///
/// A database with a write-ahead log is read through an index beside it, which a server that ended in order removed. Where it
/// cannot be made again, a file without a log is read as one that nobody changes; one with a log would be read without
/// what the log holds, and is not.
fn address(file: &Path) -> Result<String, OpenError> {
    let plain = uri(file, "mode=ro");
    let read = connect(&plain).and_then(|connection| connection.execute_batch("SELECT COUNT(*) FROM sqlite_schema"));
    let is_without_index = |error: &rusqlite::Error| {
        let code = error.sqlite_error_code();
        matches!(code, Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly)) && !beside(file, "-shm").exists()
    };
    match read {
        Err(error) if is_without_index(&error) && file.exists() => {
            let log = beside(file, "-wal");
            if log.metadata().is_ok_and(|log| log.len() > 0) {
                return Err(OpenError::LogUnread(log));
            }
            Ok(uri(file, "immutable=1"))
        }
        // Whatever else is wrong is said by whoever reads.
        _ => Ok(plain),
    }
}

fn connect(address: &str) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(address, flags)?;
    connection.busy_timeout(BUSY)?;
    Ok(connection)
}

/// A path in a URI; whatever could mean something there is escaped.
fn uri(file: &Path, parameter: &str) -> String {
    // Without an authority of its own a path with two slashes at its beginning would be taken for one.
    let mut uri = String::from(if file.is_absolute() { "file://" } else { "file:" });
    for byte in file.as_os_str().as_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => uri.push(char::from(*byte)),
            // Writing to a string never fails.
            _ => _ = write!(uri, "%{byte:02X}"),
        }
    }
    uri + "?" + parameter
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn failed(path: &Path) -> impl FnOnce(rusqlite::Error) -> OpenError {
    let path = path.to_owned();
    |error| OpenError::Db {
        path,
        source: error.into(),
    }
}
