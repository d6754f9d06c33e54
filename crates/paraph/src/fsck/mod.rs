//! The check of a whole data directory: each file by itself, and every relation between what they hold.
//!
//! It reads one snapshot of each database, so it may run beside a server. The order is that of the writer reversed:
//! records first, then keys, then the log of erasures. A key is kept before its record, and logged before it goes, so
//! that whatever the writer does meanwhile looks whole from here.

mod readers;
mod records;
mod relations;

use std::path::Path;

use crate::alerts;
use crate::clock;
use crate::journal::{self, integer};
use crate::keys::Keys;
use crate::ledger::recount;
use crate::plural::many;
use crate::scrutiny::kept;
use crate::store::db::{Db, DbError, Row, Value};
use crate::store::erasures::ErasureLog;
use crate::store::{Files, OpenError, halves, look, schema};
use crate::trace::networks::Networks;

const DAY: u64 = 24 * 3600 * 1000;

/// Checks of files that a server does without.
const NETWORKS: &str = "networks.bin";
const ALERTS: &str = "alerts.json";
const FINDINGS: &str = kept::FILE;
/// What was kept of an incident cannot be read: a server goes on without it, and nothing counts by it.
const INCIDENTS: &str = "incidents";

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// Something is wrong.
    Fault,
    /// Nothing is wrong, but somebody may wonder.
    Note,
}

/// One thing that was found. Numbers and names of tables only: no identifier, no personal data.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// How much it matters.
    pub weight: Weight,
    /// Which check found it; stable.
    pub check: &'static str,
    /// What was found, one line.
    pub what: String,
}

/// What a check came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Position of the last entry of the journal.
    pub position: u64,
    /// Records that were opened with their keys.
    pub opened: u64,
    /// Records that there are.
    pub records: u64,
    /// Whether the tables were made by a newer program: then nothing is spoilt, and nothing else was looked at.
    pub newer: bool,
    /// What was found, in the order of the checks.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings.iter().all(|finding| finding.weight == Weight::Note)
    }

    /// Whether everything that bears on the count is sound, and so are records and keys, whatever is wrong with what a server
    /// does without.
    #[must_use]
    pub fn is_ledger_sound(&self) -> bool {
        let is_beside = |finding: &Finding| [NETWORKS, ALERTS, FINDINGS, INCIDENTS].contains(&finding.check);
        self.findings
            .iter()
            .all(|finding| finding.weight == Weight::Note || is_beside(finding))
    }

    fn add(&mut self, weight: Weight, check: &'static str, what: impl Into<String>) {
        let what = what.into();
        self.findings.push(Finding { weight, check, what });
    }

    /// A check that could not be carried out is a fault, and no reason to leave out the others.
    fn attempt<T>(&mut self, check: &'static str, outcome: Result<T, impl std::fmt::Display>) -> Option<T> {
        outcome
            .map_err(|error| self.add(Weight::Fault, check, error.to_string()))
            .ok()
    }
}

/// What is said of each relation between tables that does not hold, behind a number.
pub fn relations() -> impl Iterator<Item = &'static str> {
    relations::ALL.iter().map(|relation| relation.what)
}

/// How thoroughly to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Leave out that each index agrees with its table: minutes less on a large store.
    Quick,
    /// Everything.
    Full,
}

/// Checks files, and opens at most `most` records. Without keys none is opened.
pub async fn check(files: &Files, keys: Option<&Keys>, depth: Depth, most: u64) -> Report {
    let mut report = Report::default();
    if let Err(error) = halves::check(files) {
        report.add(Weight::Fault, "halves", error.to_string());
    }
    for file in [&files.main, &files.keys] {
        if !file.exists() {
            report.add(Weight::Fault, "files", format!("{} is missing", name(file)));
        }
    }
    if report.findings.iter().any(|found| found.check == "files") {
        return report;
    }
    let Some(mut db) = report.attempt("files", open(files)) else {
        return report;
    };
    report.pages(&mut db, depth).await;
    let versions_known = report.versions(&mut db).await;
    if !versions_known {
        // What the tables of another version mean is not known here.
        return report;
    }
    report.log(&mut db, &files.erasures).await;
    report.journal(&mut db).await;
    report.relations(&mut db).await;
    report.readers(&mut db).await;
    report.orphans(files, &mut db).await;
    report.observations(&mut db).await;
    match keys {
        Some(keys) => report.with_keys(&mut db, keys, most).await,
        None => report.add(
            Weight::Note,
            "records",
            "no record was opened: the key file is not here",
        ),
    }
    report
}

/// Takes both snapshots, that of the records first.
const SNAPSHOT: &str = "BEGIN; SELECT COUNT(*) FROM main.sqlite_schema; SELECT COUNT(*) FROM k.sqlite_schema;";

/// Both databases on one connection that cannot write either.
fn open(files: &Files) -> Result<Db, OpenError> {
    let connection = look::open(&files.main, Some(&files.keys))?;
    let begun = connection.execute_batch(&format!("PRAGMA cache_size = -32768; {SNAPSHOT}"));
    begun.map_err(|error| OpenError::Db {
        path: files.main.clone(),
        source: error.into(),
    })?;
    Ok(Db::Sqlite(connection))
}

fn name(file: &Path) -> String {
    file.file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

fn first(rows: &[Row]) -> Result<u64, DbError> {
    rows.first().map_or(Ok(0), |row| row.unsigned(0))
}

impl Report {
    /// SQLite's own check of every page, cell and index.
    async fn pages(&mut self, db: &mut Db, depth: Depth) {
        let checks = match depth {
            Depth::Full => ["PRAGMA main.integrity_check(10)", "PRAGMA k.integrity_check(10)"],
            Depth::Quick => ["PRAGMA main.quick_check(10)", "PRAGMA k.quick_check(10)"],
        };
        for (file, sql) in ["paraph.db", "keys.db"].into_iter().zip(checks) {
            let rows = db.query(sql, &[]).await;
            for row in self.attempt("pages", rows).unwrap_or_default() {
                match row.text(0) {
                    Ok("ok") => {}
                    // SQLite names pages, tables and indexes here, never what they hold.
                    Ok(said) => self.add(Weight::Fault, "pages", format!("{file}: {}", said.replace('\n', " "))),
                    Err(error) => self.add(Weight::Fault, "pages", format!("{file}: {error}")),
                }
            }
        }
    }

    async fn versions(&mut self, db: &mut Db) -> bool {
        let mut known = true;
        let main = "SELECT value FROM main.meta WHERE name = 'version'";
        let keys = "SELECT value FROM k.meta WHERE name = 'version'";
        for (file, sql, steps) in [("paraph.db", main, schema::MAIN), ("keys.db", keys, schema::KEYS)] {
            let found = db.query(sql, &[]).await.and_then(|rows| first(&rows));
            let Some(found) = self.attempt("version", found) else {
                return false;
            };
            if i64::try_from(found) != Ok(schema::version(steps)) {
                known = false;
                self.newer |= i64::try_from(found).is_ok_and(|found| found > schema::version(steps));
                let what = format!(
                    "{file} has version {found}, this program knows {}",
                    schema::version(steps)
                );
                self.add(Weight::Fault, "version", what);
            }
        }
        known
    }

    /// Makes the log a table beside the others, in this connection only.
    async fn log(&mut self, db: &mut Db, log: &ErasureLog) {
        let loaded = load(db, log).await;
        // That each erasure of the ledger has its line is among the relations: no more than this is lost with these.
        if let Some(unreadable) = self.attempt("erasures.log", loaded).filter(|lines| *lines > 0) {
            let what = format!(
                "{}: cut short by a crash, or damaged",
                many(unreadable, "line is no erasure", "lines are no erasures")
            );
            self.add(Weight::Note, "erasures.log", what);
        }
    }

    /// Folds the journal again, and compares.
    async fn journal(&mut self, db: &mut Db) {
        let gaps = "SELECT COALESCE(MAX(position), 0) - COUNT(*) FROM journal";
        let gaps = db.query_one(gaps, &[]).await;
        let gaps = gaps.and_then(|row| row.map_or(Ok(0), |row| row.int(0)));
        if let Some(missing) = self.attempt("journal", gaps).filter(|missing| *missing != 0) {
            let what = format!("positions are not consecutive: {missing} between the first and the last are missing");
            self.add(Weight::Fault, "journal", what);
        }
        let end = journal::end(db).await;
        self.position = self.attempt("journal", end).unwrap_or_default().position;
        let compared = recount::compare(db).await;
        for (table, rows) in self.attempt("recount", compared).unwrap_or_default() {
            let what = match rows {
                1 => format!("1 row of {table} is not what the journal says"),
                rows => format!("{rows} rows of {table} are not what the journal says"),
            };
            self.add(Weight::Fault, "recount", what);
        }
    }

    async fn relations(&mut self, db: &mut Db) {
        let following = db.query("SELECT COUNT(*) FROM verdict_work", &[]).await;
        let following = following.and_then(|rows| first(&rows));
        let is_following = self.attempt("verdicts", following).is_some_and(|count| count > 0);
        for relation in relations::ALL {
            if is_following && relation.is_settled_later {
                continue;
            }
            let found = db.query(relation.sql, &[]).await.and_then(|rows| first(&rows));
            if let Some(count) = self.attempt(relation.check, found).filter(|count| *count > 0) {
                self.add(relation.weight, relation.check, format!("{}: {count}", relation.what));
            }
        }
    }

    /// Keys without a record: left behind by a crash, or on their way.
    async fn orphans(&mut self, files: &Files, db: &mut Db) {
        let count = async |db: &mut Db| {
            db.query(relations::ORPHANED_KEYS, &[])
                .await
                .and_then(|rows| first(&rows))
        };
        let mut found = count(db).await;
        if matches!(found, Ok(1..)) {
            // A running server keeps a key some milliseconds before its record: look again with newer snapshots,
            // and only at keys that the old one has.
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            let Some(mut later) = self.attempt("orphaned keys", open(files)) else {
                return;
            };
            found = count(&mut later).await;
        }
        let Some(count) = self.attempt("orphaned keys", found).filter(|count| *count > 0) else {
            return;
        };
        let lost = db
            .query(relations::LEDGER_LOST, &[])
            .await
            .and_then(|rows| first(&rows));
        if self.attempt("orphaned keys", lost).is_some_and(|lost| lost > 0) {
            let keys = many(count, "key", "keys");
            let what = format!("{keys}, and no signature at all: the ledger that belongs to it was lost");
            self.add(Weight::Fault, "halves", what);
        } else {
            let what = format!(
                "{} without a signature, left behind by a crash; harmless, --sweep removes what is left",
                many(count, "key", "keys")
            );
            self.add(Weight::Note, "orphaned keys", what);
        }
    }
}

/// Files beside the databases. A server does without them, so each says by itself how it is mended.
pub fn beside(directory: &Path) -> Vec<Finding> {
    let networks = Networks::open(directory).err().map(|error| {
        let mend = "`paraph networks update` makes it anew; until then the table inside the program is used";
        (NETWORKS, format!("{error}; {mend}"))
    });
    let alerts = alerts::unreadable(directory).map(|why| {
        let mend = "remove it: the server begins it anew, and tells again what is still wrong";
        (ALERTS, format!("{why}; {mend}"))
    });
    let weight = Weight::Fault;
    let findings = kept::unreadable(directory).map(|why| {
        let mend = "remove it: the server begins it anew, and findings that only asked a person to look are gone";
        (FINDINGS, format!("{why}; {mend}"))
    });
    let found = networks.into_iter().chain(alerts).chain(findings);
    found.map(|(check, what)| Finding { weight, check, what }).collect()
}

/// Makes the log a table. How many of its lines cannot be read.
async fn load(db: &mut Db, log: &ErasureLog) -> Result<u64, DbError> {
    db.run("CREATE TEMP TABLE logged (id BLOB PRIMARY KEY) WITHOUT ROWID; CREATE TEMP TABLE complete (since INTEGER, day_ago INTEGER)")
        .await?;
    let moments = [integer(log.since()?.0), integer(clock::now().0.saturating_sub(DAY))];
    db.execute("INSERT INTO temp.complete (since, day_ago) VALUES (?1, ?2)", &moments)
        .await?;
    let mut ids = Vec::new();
    let unreadable = log.read(|erasure| ids.push(erasure.id.0))?;
    let rows: Vec<[Value<'_>; 1]> = ids.iter().map(|id| [Value::Blob(id)]).collect();
    db.load("INSERT OR IGNORE INTO temp.logged (id) VALUES (?1)", &rows)
        .await?;
    Ok(unreadable)
}

/// Removes keys without a signature, and tells how many; `None` where there is no signature at all, and it looks as if their ledger
/// was lost: it may come back. The caller holds the directory's lock, so that no writer is between the two files.
///
/// # Errors
/// A file cannot be opened or written.
pub fn sweep(files: &Files) -> Result<Option<u64>, DbError> {
    let connection = rusqlite::Connection::open(&files.main)?;
    connection.execute("ATTACH DATABASE ?1 AS k", [files.keys.display().to_string()])?;
    connection.execute_batch("PRAGMA k.synchronous = FULL; PRAGMA k.secure_delete = ON;")?;
    let lost: i64 = connection.query_row(relations::LEDGER_LOST, [], |row| row.get(0))?;
    if lost != 0 {
        return Ok(None);
    }
    let swept = connection.execute(relations::SWEEP, [])?;
    // Out of the write-ahead log too: a key that is gone must be gone.
    connection.query_row("PRAGMA k.wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(Some(swept as u64))
}
