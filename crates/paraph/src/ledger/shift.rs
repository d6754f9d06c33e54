//! The shift log as people read it.

use super::query::LedgerReader;
use crate::incident::log::{Entry, ShiftLine, Who};
use crate::journal::integer;
use crate::store::db::{DbError, Row};

/// Lines that one look shows.
pub const LINES: u64 = 500;

/// The number of a former member `m`, as the register of the desk counts them: the same in every list. 0 for whoever is one still.
macro_rules! number {
    () => {
        "(SELECT COUNT(*) FROM desk_member r WHERE r.removed_at < m.removed_at OR (r.removed_at = m.removed_at AND r.id <= m.id))"
    };
}

/// Columns of a line, for [`line`]; who was removed has a number, in that order.
macro_rules! lines {
    ($which:literal) => {
        concat!(
            "SELECT s.at, s.member, m.id, m.name, s.incident, s.kind, s.text, ",
            number!(),
            " FROM desk_shift s LEFT JOIN desk_member m ON m.id = s.member ",
            $which,
            " ORDER BY s.id DESC LIMIT ?1"
        )
    };
}

const MEMBERS: &str = concat!("SELECT m.id, m.name, ", number!(), " FROM desk_member m");

/// The latest lines of all, for [`line`].
pub(crate) const OF_ALL: &str = lines!("");
const OF_ONE: &str = lines!("WHERE s.incident = ?2");

/// Reads a row of the shift log.
pub(crate) fn line(row: &Row) -> Result<ShiftLine, DbError> {
    let entry = Entry::from_name(row.text(5)?).unwrap_or(Entry::Note);
    let member = row.maybe_array::<16>(2)?;
    Ok(ShiftLine {
        at: row.unsigned(0)?,
        who: match entry {
            Entry::LinkPressed => Who::Link,
            _ => who(member.is_some(), row.text(3).unwrap_or_default(), row.unsigned(7)?),
        },
        incident: row.maybe_int(4)?.map(i64::unsigned_abs),
        entry,
        text: row.text(6)?.to_owned(),
    })
}

/// A member that there is, by name; one who was removed has a number instead. Verdicts and lines of others were made on this machine.
#[must_use]
pub fn who(is_member: bool, name: &str, former: u64) -> Who {
    match (is_member, name) {
        (false, _) => Who::CommandLine,
        (true, "") => Who::Former(former),
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
        let rows = self.main.with(|db| db.query(MEMBERS, &[]));
        let read = |row: &Row| {
            let id: [u8; 16] = row.array(0)?;
            Ok((
                data_encoding::HEXLOWER.encode(&id),
                who(true, row.text(1)?, row.unsigned(2)?),
            ))
        };
        rows.await?.iter().map(read).collect()
    }
}
