//! What a drill asks of the store of the server under rehearsal, beside the server: who is held.

use std::path::Path;
use std::sync::Arc;

use paraph_drill::Witness;
use paraph_drill::witness::{Standing, Testimony};
use paraph_tally::{Axes, SignatureId, Standing as Verdict, VerdictKind};
use rusqlite::{Connection, OpenFlags};

use crate::journal::{integer, verdict::kind_code};
use crate::keys::{KeyError, Keys};
use crate::store::db::{DbError, Value, sqlite_query};
use crate::token::{Purpose, Tokens};

/// A witness that reads the data directory of a server on this machine.
///
/// # Errors
/// The key file cannot be read: without it nobody can tell whose token a token is.
pub fn of(directory: &Path, key_file: &Path) -> Result<Witness, KeyError> {
    let tokens = Arc::new(Tokens::new(&Keys::open(key_file, false)?));
    let store = directory.join("paraph.db");
    Ok(Witness::new(move |asked, since| {
        testimony(&store, &tokens, asked, since).ok()
    }))
}

fn testimony(store: &Path, tokens: &Tokens, asked: &[String], since: i64) -> Result<Testimony, DbError> {
    let db = Connection::open_with_flags(store, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let standing = |token: &String| match tokens.read(Purpose::Confirm, token) {
        Some(id) => standing(&db, id),
        None => Ok(None),
    };
    let sql = "SELECT MIN(at) FROM verdict WHERE kind = ?1 AND author IS NULL AND at >= ?2";
    let since = integer(u64::try_from(since).unwrap_or_default());
    let first = sqlite_query(&db, sql, &[Value::Int(kind_code(VerdictKind::Held)), since])?;
    Ok(Testimony {
        of: asked.iter().map(standing).collect::<Result<_, _>>()?,
        first_hold_at: first.first().map_or(Ok(None), |row| row.maybe_int(0))?,
    })
}

fn standing(db: &Connection, id: SignatureId) -> Result<Option<Standing>, DbError> {
    let rows = sqlite_query(db, "SELECT axes FROM signature WHERE id = ?1", &[Value::Blob(&id.0)])?;
    let Some(row) = rows.first() else { return Ok(None) };
    let axes = u16::try_from(row.int(0)?).ok().and_then(Axes::from_bits);
    Ok(axes.map(|axes| Standing {
        held: axes.verdict == Verdict::Held,
        invalidated: axes.verdict == Verdict::Invalidated,
    }))
}
