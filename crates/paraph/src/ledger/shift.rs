//! The shift log as people read it.

use super::query::LedgerReader;
use crate::incident::log::{Entry, ShiftLine, Who};
use crate::journal::integer;
use crate::store::db::{DbError, Row};

/// Lines that one look shows.
pub const LINES: u64 = 500;

/// The latest lines, of one incident or of all, for [`line`].
pub(crate) const OF_ALL: &str = "SELECT s.at, s.member, m.id, m.name, s.incident, s.kind, s.text FROM desk_shift s \
                                 LEFT JOIN desk_member m ON m.id = s.member ORDER BY s.id DESC LIMIT ?1";
const OF_ONE: &str = "SELECT s.at, s.member, m.id, m.name, s.incident, s.kind, s.text FROM desk_shift s \
                      LEFT JOIN desk_member m ON m.id = s.member WHERE s.incident = ?2 ORDER BY s.id DESC LIMIT ?1";

/// Reads a row of the shift log.
pub(crate) fn line(row: &Row) -> Result<ShiftLine, DbError> {
    let entry = Entry::from_name(row.text(5)?).unwrap_or(Entry::Note);
    let member = row.maybe_array::<16>(2)?;
    Ok(ShiftLine {
        at: row.unsigned(0)?,
        who: match entry {
            Entry::LinkPressed => Who::Link,
            _ => who(member.is_some(), row.text(3).unwrap_or_default()),
        },
        incident: row.maybe_int(4)?.map(i64::unsigned_abs),
        entry,
        text: row.text(6)?.to_owned(),
    })
}

/// A member that there is, by name; one who was removed has none. Verdicts and lines of others were made on this machine.
#[must_use]
pub fn who(is_member: bool, name: &str) -> Who {
    match (is_member, name) {
        (false, _) => Who::CommandLine,
        (true, "") => Who::Former,
        (true, name) => Who::Member(name.to_owned()),
    }
}

impl LedgerReader {
    /// The latest lines of the shift log, the latest first; of one incident, if one is given.
    ///
    /// # Errors
    /// The store refused.
    pub async fn shift(&self, incident: Option<u64>) -> Result<Vec<ShiftLine>, DbError> {
        let rows = self.main.with(move |db| match incident {
            Some(incident) => db.query(OF_ONE, &[integer(LINES), integer(incident)]),
            None => db.query(OF_ALL, &[integer(LINES)]),
        });
        rows.await?.iter().map(line).collect()
    }

    /// Every account that was ever a member, by its id in hexadecimal digits.
    ///
    /// # Errors
    /// The store refused.
    pub async fn members(&self) -> Result<std::collections::HashMap<String, Who>, DbError> {
        let rows = self.main.with(|db| db.query("SELECT id, name FROM desk_member", &[]));
        let read = |row: &Row| {
            let id: [u8; 16] = row.array(0)?;
            Ok((data_encoding::HEXLOWER.encode(&id), who(true, row.text(1)?)))
        };
        rows.await?.iter().map(read).collect()
    }
}
