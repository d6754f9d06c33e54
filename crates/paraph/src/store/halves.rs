//! Whether the halves of a store belong together: the ledger, and the keys with their log of erasures.
//!
//! Both files say by a random number in `meta` which store they are of. A half that was lost leaves the other one in a place
//! that looks like that of a first start; made anew there, it would be served as an empty site beside everybody's keys, or
//! as a ledger whose names nobody can open. A first start that was killed between the two files, and a store from before the
//! number, have neither: a half without it takes that of the other.

use std::path::Path;

use rusqlite::{Connection, ErrorCode, OptionalExtension as _};

use super::db::{Db, Value};
use super::{Files, OpenError, id, look};

/// What tells of a half without changing it. A file that is absent or that nothing was ever written to tells nothing.
#[derive(Default)]
struct Half {
    /// Which store it is of.
    store: Option<i64>,
    /// Of the ledger: whether anything ever happened. Of the keys: whether there is one.
    holds: bool,
    /// Of the ledger: whether there are sealed records.
    records: bool,
}

/// Looks whether they belong together. What cannot be read is left to whoever reads it.
///
/// # Errors
/// One was lost or emptied while the other was not, or they are of two stores.
pub fn check(files: &Files) -> Result<(), OpenError> {
    // A running server may have erased its only record between the two looks, but hardly twice.
    look_at(files).or_else(|_| look_at(files))
}

fn look_at(files: &Files) -> Result<(), OpenError> {
    let half = |file, read: fn(&Connection) -> Half| match look::open(file, None) {
        Ok(connection) => Some(read(&connection)),
        Err(_) if file.exists() => None,
        Err(_) => Some(Half::default()),
    };
    let (Some(ledger), Some(keys)) = (half(&files.main, ledger), half(&files.keys, keys)) else {
        return Ok(());
    };
    match (ledger.store, keys.store) {
        (Some(ours), Some(theirs)) if ours != theirs => return Err(OpenError::Strangers(files.clone())),
        (Some(_), Some(_)) => {}
        _ if !ledger.holds && (keys.holds || !files.erasures.is_empty()) => {
            return Err(OpenError::LedgerLost(files.main.clone()));
        }
        _ => {}
    }
    // A key is kept before its record and destroyed after it.
    if ledger.records && !keys.holds {
        return Err(OpenError::KeysLost(files.keys.clone()));
    }
    Ok(())
}

fn ledger(connection: &Connection) -> Half {
    Half {
        store: store(connection),
        holds: any(connection, "SELECT 1 FROM journal LIMIT 1"),
        records: any(connection, "SELECT 1 FROM vault LIMIT 1"),
    }
}

fn keys(connection: &Connection) -> Half {
    Half {
        store: store(connection),
        holds: any(connection, "SELECT 1 FROM wrapped LIMIT 1"),
        records: false,
    }
}

/// Which store a file is of; `None` if it does not say so, or cannot be read.
pub(crate) fn store_of(file: &Path) -> Option<i64> {
    store(&look::open(file, None).ok()?)
}

fn store(connection: &Connection) -> Option<i64> {
    connection.query_row(STORE, [], |row| row.get(0)).ok()
}

/// Whether there is a row. Without the table there is none; what is damaged is not empty.
fn any(connection: &Connection, sql: &str) -> bool {
    match connection.query_row(sql, [], |_| Ok(())).optional() {
        Ok(row) => row.is_some(),
        Err(error) => error.sqlite_error_code() != Some(ErrorCode::Unknown),
    }
}

const STORE: &str = "SELECT value FROM meta WHERE name = 'store'";

/// Lets both halves say which store they are of.
///
/// # Errors
/// They are of two, or a file cannot be written.
pub(super) async fn pair(files: &Files, main: &mut Db, keys: &mut Db) -> Result<(), OpenError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        |source| OpenError::Db { path, source }
    };
    let mut known = [None; 2];
    for ((db, file), known) in [(&mut *main, &files.main), (&mut *keys, &files.keys)]
        .into_iter()
        .zip(&mut known)
    {
        let row = db.query_one(STORE, &[]).await.map_err(failed(file))?;
        *known = row.map(|row| row.int(0)).transpose().map_err(failed(file))?;
    }
    let store = match known {
        [Some(ours), Some(theirs)] if ours != theirs => return Err(OpenError::Strangers(files.clone())),
        [Some(_), Some(_)] => return Ok(()),
        [Some(store), None] | [None, Some(store)] => store,
        [None, None] => i64::from_be_bytes(id::random()),
    };
    let sql = "INSERT INTO meta (name, value) VALUES ('store', ?1) ON CONFLICT (name) DO NOTHING";
    for (db, file) in [(main, &files.main), (keys, &files.keys)] {
        db.execute(sql, &[Value::Int(store)]).await.map_err(failed(file))?;
    }
    Ok(())
}
