//! Durable signatures a second: our writer against SQLite itself, fed the very rows that our writer wrote.
//!
//! Ours: contributions, sealed beforehand, go through `Intake`; the writer looks up nonce, mailbox and pending mail,
//! decides, appends in groups and answers each. Baseline: one thread, one prepared INSERT a table, a transaction a batch
//! for each of the two files, nothing looked up and nobody answered. Same tables, indexes, pragmas, rows and batches.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use futures_util::StreamExt;
use paraph::clock;
use paraph::intake::command::{Choices, Details, PetitionAnswer, PetitionCommand, Sign, SignAnswer};
use paraph::intake::{Intake, Writer, WriterSettings};
use paraph::keys::{Keys, tag};
use paraph::ledger::vault::Vault;
use paraph::limits::Limits;
use paraph::scrutiny::features::Observer;
use paraph::store::db::Db;
use paraph::store::{Directory, id};
use paraph::trace::networks::Known;
use paraph_tally::{Event, MailboxId, Millis, PetitionId, SignatureId};
use rusqlite::{Connection, params};
use tokio::runtime::Runtime;

use crate::Outcome;
use crate::finding::{Bar, Finding};
use crate::people::Person;
use crate::server::SLUG;

/// Contributions of one round.
const ROUND: u32 = 16_384;
/// Signatures in the store that is not empty.
const STORED: u32 = 200_000;
const BAR: Bar = Bar::Ratio(0.4);

pub(crate) fn measure(rounds: usize) -> Outcome<Vec<Finding>> {
    let mut findings = Vec::new();
    for batch in [64, 1024] {
        let mut finding = finding(batch, "an empty store");
        for _ in 0..rounds {
            let mut pair = Pair::new()?;
            pair.round(batch, ROUND, Some(&mut finding))?;
            pair.compare()?;
        }
        findings.push(finding);
    }
    let mut pair = Pair::new()?;
    pair.round(1024, STORED, None)?;
    for batch in [64, 1024] {
        let mut finding = finding(batch, "a store of 200,000 signatures and more");
        for _ in 0..rounds {
            pair.round(batch, ROUND, Some(&mut finding))?;
        }
        findings.push(finding);
    }
    pair.compare()?;
    Ok(findings)
}

fn finding(batch: u32, store: &str) -> Finding {
    Finding {
        what: format!("durable signatures in batches of {batch}, on {store}"),
        unit: "signatures/s",
        ours: Vec::new(),
        baseline: Vec::new(),
        bar: BAR,
        note: format!(
            "{ROUND} signatures a round; baseline: rusqlite, prepared INSERTs of the same rows, synchronous=FULL"
        ),
    }
}

/// Two data directories that hold the same rows, one written by our writer, one by SQLite alone.
struct Pair {
    _place: tempfile::TempDir,
    ours: Directory,
    bare: Directory,
    runtime: Runtime,
    people: u32,
    written: u64,
}

/// The columns of one signature that are not in its command.
struct Written {
    sign: Sign,
    position: i64,
    at: i64,
    event: Vec<u8>,
    mailbox: MailboxId,
    mail: [u8; 16],
    due_at: i64,
}

impl Pair {
    fn new() -> Outcome<Self> {
        let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        Ok(Self {
            ours: Directory::open(&place.path().join("ours"), None, true)?,
            bare: Directory::open(&place.path().join("bare"), None, true)?,
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build()?,
            people: 0,
            written: 0,
            _place: place,
        })
    }

    /// The same contributions into both stores, one after the other.
    fn round(&mut self, batch: u32, count: u32, finding: Option<&mut Finding>) -> Outcome<()> {
        let signs = self.contributions(count);
        let ours = self
            .runtime
            .block_on(through_the_writer(&self.ours, batch, signs.clone()))?;
        let rows = written(&self.ours.main_file(), self.written, signs)?;
        self.written = rows
            .last()
            .map_or(Ok(self.written), |row| u64::try_from(row.position))?;
        let connections = self.runtime.block_on(self.bare.connect())?;
        let (Db::Sqlite(mut main), Db::Sqlite(mut keys)) = (connections.main, connections.keys) else {
            return Err("the embedded store is SQLite".into());
        };
        let bare = insert(&mut main, &mut keys, &rows, batch)?;
        if let Some(finding) = finding {
            finding.ours.push(f64::from(count) / ours);
            finding.baseline.push(f64::from(count) / bare);
        }
        Ok(())
    }

    /// Contributions of new people, sealed, with tags and observations of the usual size.
    fn contributions(&mut self, count: u32) -> Vec<Sign> {
        let desk = Desk::new(self.ours.keys());
        let people = self.people..self.people + count;
        self.people = people.end;
        people
            .map(|index| {
                let now = clock::now();
                desk.contribution(Person(index), now, Millis(now.0 + 1_200_000))
            })
            .collect()
    }

    /// Fails unless both stores hold the same rows.
    fn compare(&self) -> Outcome<()> {
        let tables = [
            "signature",
            "mailbox",
            "mailbox_tag",
            "nonce",
            "vault",
            "features",
            "outbox",
        ];
        let sums = |directory: &Directory| -> Outcome<Vec<(i64, i64)>> {
            let main = Connection::open(directory.main_file())?;
            let mut sums = Vec::new();
            for table in tables {
                let key = main.query_row("SELECT name FROM pragma_table_info(?1) WHERE pk = 1", [table], |row| {
                    row.get::<_, String>(0)
                })?;
                // Rows, and the sum of a few bytes of each key: equal for equal rows, all but never for others.
                let sql = format!("SELECT COUNT(*), SUM(unicode(hex(substr({key}, 12, 4)))) FROM {table}");
                sums.push(main.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?);
            }
            Ok(sums)
        };
        if sums(&self.ours)? == sums(&self.bare)? {
            Ok(())
        } else {
            Err("the two stores do not hold the same rows".into())
        }
    }
}

/// Seals contributions as the door does, for measurements below it.
pub(crate) struct Desk {
    vault: Vault,
    observer: Observer,
    mailbox: [u8; 32],
}

impl Desk {
    pub(crate) fn new(keys: &Keys) -> Self {
        Self {
            vault: Vault::new(keys),
            observer: Observer::new(keys, Arc::new(Known::of_drill()), true),
            mailbox: keys.derive("mailbox v1"),
        }
    }

    /// The contribution of a person, with a nonce that is good until a moment.
    pub(crate) fn contribution(&self, person: Person, at: Millis, nonce_expires: Millis) -> Sign {
        let record = person.record(at);
        let id = id::time_ordered(at);
        let sealed = self.vault.seal(id, &record.pack().expect("hashes are hexadecimal"));
        Sign {
            id: SignatureId(id),
            petition: PetitionId(1),
            nonce: id::time_ordered(at),
            body_mac: id::random(),
            nonce_expires,
            mailbox_tag: tag(&self.mailbox, &[b"1", person.email().as_bytes()]),
            address_tag: tag(&self.mailbox, &[person.email().as_bytes()]),
            otherwise: false,
            text_version: 1,
            choices: Choices::default(),
            sealed: sealed.sealed,
            wrapped: sealed.wrapped,
            features: self.observer.observe(&record, &record.email).to_bytes(),
        }
    }
}

/// Seconds from the first contribution to the last answer. Enough wait at any time for every batch to be full.
async fn through_the_writer(directory: &Directory, batch: u32, signs: Vec<Sign>) -> Outcome<f64> {
    let limits = Limits {
        intake_batch: batch.into(),
        ..Limits::default()
    };
    let in_flight = usize::try_from(limits.intake_queue.min(4 * u64::from(batch)))?;
    let settings = WriterSettings {
        limits,
        now: clock::now,
        board: None,
    };
    let (writer, intake, shown) = Writer::start(directory.connect().await?, settings).await?;
    if shown.borrow().petitions.is_empty() {
        open_petition(&intake, 120).await?;
    }
    let signs: Vec<Box<Sign>> = signs.into_iter().map(Box::new).collect();
    let begun = Instant::now();
    let mut answers = futures_util::stream::iter(signs)
        .map(async |sign| intake.reserve()?.sign(sign).await)
        .buffer_unordered(in_flight);
    while let Some(answer) = answers.next().await {
        if answer? != SignAnswer::Admitted {
            return Err("a contribution was not admitted".into());
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    drop(answers);
    drop(intake);
    writer.join();
    Ok(seconds)
}

pub(crate) async fn open_petition(intake: &Intake, settle_after_seconds: u32) -> Outcome<()> {
    let create = PetitionCommand::Create {
        slug: SLUG.to_owned(),
        owner: "Friends of the fountain".to_owned(),
        language: "en".to_owned(),
        goal: None,
        title: "Repair the fountain".to_owned(),
        body: "It has been dry for two years.".to_owned(),
        consent_hash: [1; 32],
        publish: true,
        settle_after_seconds,
        details: Details::default(),
    };
    match intake.petition(create).await? {
        PetitionAnswer::Done => Ok(()),
        other => Err(format!("no petition: {other:?}").into()),
    }
}

/// What our writer wrote for these contributions, in the order in which it did.
fn written(file: &Path, behind: u64, signs: Vec<Sign>) -> Outcome<Vec<Written>> {
    let main = Connection::open(file)?;
    let mut signs: HashMap<SignatureId, Sign> = signs.into_iter().map(|sign| (sign.id, sign)).collect();
    let mut journal = main.prepare("SELECT position, at, event FROM journal WHERE position > ?1 ORDER BY position")?;
    let mut outbox = main.prepare("SELECT id, due_at FROM outbox WHERE mailbox = ?1")?;
    let mut entries = journal.query([i64::try_from(behind)?])?;
    let mut rows = Vec::with_capacity(signs.len());
    while let Some(entry) = entries.next()? {
        let event: Vec<u8> = entry.get(2)?;
        let Event::Signed { signature, mailbox, .. } = Event::decode(&event)? else {
            continue;
        };
        let (mail, due_at) = outbox.query_row([&mailbox.0[..]], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.push(Written {
            sign: signs.remove(&signature).ok_or("a signature that nobody sent")?,
            position: entry.get(0)?,
            at: entry.get(1)?,
            event,
            mailbox,
            mail,
            due_at,
        });
    }
    Ok(rows)
}

/// Seconds that SQLite alone takes for the same rows.
fn insert(main: &mut Connection, keys: &mut Connection, rows: &[Written], batch: u32) -> Outcome<f64> {
    let mut wrapped = keys.prepare("INSERT INTO wrapped (id, wrapped) VALUES (?1, ?2)")?;
    let mut journal = main.prepare("INSERT INTO journal (position, at, event) VALUES (?1, ?2, ?3)")?;
    let mut signature = main.prepare(
        "INSERT INTO signature (id, petition, mailbox, signed_at, confirmed_at, axes, waiting, unsettled) \
         VALUES (?1, 1, ?2, ?3, NULL, 0, 1, 0)",
    )?;
    let mut mailbox = main.prepare("INSERT INTO mailbox (id, counted) VALUES (?1, NULL)")?;
    let mut mailbox_tag = main.prepare("INSERT INTO mailbox_tag (tag, mailbox) VALUES (?1, ?2)")?;
    let mut nonce = main.prepare("INSERT INTO nonce (nonce, body_mac, expires) VALUES (?1, ?2, ?3)")?;
    let mut vault = main.prepare("INSERT INTO vault (id, sealed) VALUES (?1, ?2)")?;
    let mut features = main.prepare("INSERT INTO features (id, observed) VALUES (?1, ?2)")?;
    let mut outbox = main.prepare(
        "INSERT INTO outbox (id, mailbox, signature, address, due_at, attempts) VALUES (?1, ?2, ?3, ?4, ?5, 0)",
    )?;
    let begun = Instant::now();
    for rows in rows.chunks(batch as usize) {
        keys.execute_batch("BEGIN IMMEDIATE")?;
        for Written { sign, .. } in rows {
            wrapped.execute(params![sign.id.0, sign.wrapped])?;
        }
        keys.execute_batch("COMMIT")?;
        main.execute_batch("BEGIN IMMEDIATE")?;
        for row in rows {
            journal.execute(params![row.position, row.at, row.event])?;
        }
        for row in rows {
            signature.execute(params![row.sign.id.0, row.mailbox.0, row.at])?;
        }
        for row in rows {
            mailbox.execute(params![row.mailbox.0])?;
        }
        for row in rows {
            mailbox_tag.execute(params![row.sign.mailbox_tag, row.mailbox.0])?;
        }
        for Written { sign, .. } in rows {
            nonce.execute(params![sign.nonce, sign.body_mac, i64::try_from(sign.nonce_expires.0)?])?;
        }
        for Written { sign, .. } in rows {
            vault.execute(params![sign.id.0, sign.sealed])?;
        }
        for Written { sign, .. } in rows {
            features.execute(params![sign.id.0, sign.features])?;
        }
        for row in rows {
            let sign = &row.sign;
            outbox.execute(params![
                row.mail,
                row.mailbox.0,
                sign.id.0,
                sign.address_tag,
                row.due_at
            ])?;
        }
        main.execute_batch("COMMIT")?;
    }
    Ok(begun.elapsed().as_secs_f64())
}
