//! What only opening a row can tell: records, and what was observed of contributions.

use super::{Report, Weight, first};
use crate::admit::email::Email;
use crate::intake::seal::MailboxTags;
use crate::journal::integer;
use crate::keys::Keys;
use crate::ledger::record::Personal;
use crate::ledger::vault::Vault;
use crate::plural::many;
use crate::scrutiny::rows::{ConfirmedFrom, Features};
use crate::store::db::{Cell, Db, DbError, Value};
use crate::store::key_mark;
use paraph_tally::PetitionId;

impl Report {
    /// Opens records: each of them, or at most so many.
    pub(super) async fn with_keys(&mut self, db: &mut Db, keys: &Keys, most: u64) {
        let mark = db.query("SELECT tag FROM key_check WHERE id = 1", &[]).await;
        if let Some([mark]) = self.attempt("key file", mark).as_deref()
            && mark.blob(0).ok() != Some(&key_mark(keys)[..])
        {
            let what = "the mark of the master key is not that of this key file: no server starts with it";
            self.add(Weight::Fault, "key file", what);
        }
        let openers = Openers {
            vault: Vault::new(keys),
            mailboxes: MailboxTags::new(keys),
        };
        let outcome = open_records(db, &openers, most).await;
        let Some(Opened {
            records,
            opened,
            closed,
            astray,
        }) = self.attempt("records", outcome)
        else {
            return;
        };
        (self.records, self.opened) = (records, opened);
        if closed > 0 {
            let what = if opened == 0 {
                format!("none of {closed} records opens: this is not the key file of this data directory")
            } else {
                format!("{closed} of {} do not open", many(opened + closed, "record", "records"))
            };
            self.add(Weight::Fault, "records", what);
        }
        if astray > 0 {
            let what = format!(
                "{} whose address does not lead to its mailbox: one could count twice",
                many(astray, "signature", "signatures")
            );
            self.add(Weight::Fault, "mailboxes", what);
        }
    }

    /// Reads what scrutiny will read.
    pub(super) async fn observations(&mut self, db: &mut Db) {
        type Read = fn(&[u8]) -> bool;
        let tables: [(&str, Read); 2] = [
            (
                "SELECT id, observed FROM features WHERE id > ?1 ORDER BY id LIMIT ?2",
                Features::is_readable,
            ),
            (
                "SELECT id, observed FROM confirmed_from WHERE id > ?1 ORDER BY id LIMIT ?2",
                ConfirmedFrom::is_readable,
            ),
        ];
        for (sql, is_readable) in tables {
            let unreadable = unreadable(db, sql, is_readable).await;
            if let Some(count) = self.attempt("features", unreadable).filter(|count| *count > 0) {
                let what =
                    format!("{count} observations that cannot be read: scrutiny looks at these contributions without");
                self.add(Weight::Fault, "features", what);
            }
        }
    }
}

async fn unreadable(db: &mut Db, sql: &'static str, is_readable: fn(&[u8]) -> bool) -> Result<u64, DbError> {
    let (mut after, mut count) = (Vec::new(), 0);
    loop {
        let rows = db.query(sql, &[Value::Blob(&after), integer(AT_ONCE)]).await?;
        let Some(last) = rows.last() else { return Ok(count) };
        after = last.blob(0)?.to_vec();
        let spoilt = |cell: Option<&Cell>| !matches!(cell, Some(Cell::Blob(observed)) if is_readable(observed));
        count += rows.iter().filter(|row| spoilt(row.0.get(1))).count() as u64;
    }
}

/// How records were opened.
struct Opened {
    /// Records that there are.
    records: u64,
    opened: u64,
    closed: u64,
    /// Signatures that stand and whose address leads to no mailbox, or to another one.
    astray: u64,
}

/// Rows whose names are read at once.
const AT_ONCE: u64 = 4096;

/// What records are opened and compared with.
struct Openers {
    vault: Vault,
    mailboxes: MailboxTags,
}

/// Opens every record, or of more than `most` so many, evenly by row. By the time in their names a burst, which is where
/// most records are, would hardly be looked at. Those without a key are told of elsewhere.
async fn open_records(db: &mut Db, openers: &Openers, most: u64) -> Result<Opened, DbError> {
    let records = first(&db.query("SELECT COUNT(*) FROM vault", &[]).await?)?;
    let (mut opened, mut closed, mut astray) = (0, 0, 0);
    let share = |row: u64| u128::from(row) * u128::from(most.min(records)) / u128::from(records.max(1));
    let (mut row, mut after) = (0, [0; 16]);
    loop {
        let sql = "SELECT id FROM vault WHERE id > ?1 ORDER BY id LIMIT ?2";
        let ids = db.query(sql, &[Value::Blob(&after), integer(AT_ONCE)]).await?;
        let Some(last) = ids.last() else {
            return Ok(Opened {
                records,
                opened,
                closed,
                astray,
            });
        };
        after = last.array(0)?;
        for id in &ids {
            row += 1;
            if share(row) == share(row - 1) {
                continue;
            }
            let id: [u8; 16] = id.array(0)?;
            let sql = "SELECT v.sealed, w.wrapped, s.petition, s.mailbox FROM vault v JOIN k.wrapped w ON w.id = v.id \
                       LEFT JOIN signature s ON s.id = v.id AND s.axes & 24 = 0 WHERE v.id = ?1";
            let Some(found) = db.query_one(sql, &[Value::Blob(&id)]).await? else {
                continue;
            };
            let Ok(plain) = openers.vault.open(id, found.blob(0)?, found.blob(1)?) else {
                closed += 1;
                continue;
            };
            opened += 1;
            if let Some(petition) = found.maybe_int(2)? {
                astray += u64::from(!leads_to(db, openers, petition, found.blob(3)?, &plain).await?);
            }
        }
    }
}

/// Whether the address of a record leads to the mailbox of its signature.
async fn leads_to(
    db: &mut Db,
    openers: &Openers,
    petition: i64,
    mailbox: &[u8],
    plain: &[u8],
) -> Result<bool, DbError> {
    let email = Personal::unpack(plain)
        .ok()
        .and_then(|personal| Email::parse(&personal.email).ok());
    let (Some(email), Ok(petition)) = (email, u32::try_from(petition)) else {
        return Ok(false);
    };
    let tag = openers.mailboxes.of(PetitionId(petition), &email.canonical);
    let sql = "SELECT 1 FROM mailbox_tag WHERE tag = ?1 AND mailbox = ?2";
    let found = db.query_one(sql, &[Value::Blob(&tag), Value::Blob(mailbox)]).await?;
    Ok(found.is_some())
}

#[cfg(test)]
mod tests {
    use super::{MailboxTags, Opened, Openers, open_records};
    use crate::keys::Keys;
    use crate::ledger::vault::Vault;
    use crate::store::db::{Db, Value};

    /// One record of a year before, and a burst: one in ten of it is spoilt.
    #[tokio::test]
    async fn a_burst_is_looked_at_row_by_row_however_long_nothing_came_before_it() {
        let keys = Keys::random();
        let openers = Openers {
            vault: Vault::new(&keys),
            mailboxes: MailboxTags::new(&keys),
        };
        let mut db = Db::Sqlite(rusqlite::Connection::open_in_memory().expect("opened"));
        db.run(
            "ATTACH ':memory:' AS k; CREATE TABLE vault (id, sealed); CREATE TABLE k.wrapped (id, wrapped); \
             CREATE TABLE signature (id, petition, mailbox, axes)",
        )
        .await
        .expect("made");
        for row in 0..=300_u16 {
            let mut id = [9; 16];
            id[0] = if row == 0 { 1 } else { 200 };
            id[14..].copy_from_slice(&row.to_be_bytes());
            let mut record = openers.vault.seal(id, b"a record");
            if row % 10 == 5 {
                record.sealed[40] ^= 1;
            }
            let (name, sealed, key) = (
                Value::Blob(&id),
                Value::Blob(&record.sealed),
                Value::Blob(&record.wrapped),
            );
            db.execute("INSERT INTO vault VALUES (?1, ?2)", &[name, sealed])
                .await
                .expect("in");
            db.execute("INSERT INTO k.wrapped VALUES (?1, ?2)", &[name, key])
                .await
                .expect("in");
        }
        let Opened {
            records,
            opened,
            closed,
            ..
        } = open_records(&mut db, &openers, u64::MAX).await.expect("read");
        assert_eq!((records, opened, closed), (301, 271, 30));
        let some = open_records(&mut db, &openers, 100).await.expect("read");
        assert_eq!((some.records, some.opened + some.closed), (301, 100));
        assert!((5..=15).contains(&some.closed), "{} of 100", some.closed);
    }
}
