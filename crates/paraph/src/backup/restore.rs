//! The way back: two halves of a backup become a data directory, and what was erased since is erased again.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use paraph_tally::{End, Millis, SignatureId};
use rusqlite::OpenFlags;

use super::manifest::{self, Entry, Half, Manifest, digest};
use super::{BackupError, end, make_empty, outside, sync};
use crate::clock;
use crate::desk::command::Wish;
use crate::fsck::{self, Depth, Report};
use crate::intake::replay::AT_ONCE;
use crate::intake::tick::erasure;
use crate::intake::{Writer, WriterSettings};
use crate::keys::Keys;
use crate::limits::Limits;
use crate::store::db::{Db, DbError, Row, sqlite_query};
use crate::store::erasures::Erasure;
use crate::store::{self, Files, OpenError, RESTORING, halves};

/// Where a restore takes from and puts to.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The half with the data.
    pub data: PathBuf,
    /// The half with the keys.
    pub keys: PathBuf,
    /// The new data directory, empty or absent.
    pub target: PathBuf,
    /// Where the master key belongs.
    pub key_file: PathBuf,
    /// A data directory that still knows of later erasures.
    pub live: Option<PathBuf>,
    /// Records that the check opens at the most.
    pub records: u64,
    /// Go on although lines of a log of erasures cannot be read.
    pub force: bool,
}

/// What a restore came to.
#[derive(Clone, Debug)]
pub struct Restored {
    /// What the data's half said of itself.
    pub manifest: Manifest,
    /// Signatures that still stood in the backup and had been erased since.
    pub replayed: u64,
    /// Lines of a log of erasures that cannot be read: what they named is back.
    pub unreadable: u64,
    /// Up to when erasures are known; `None` without a data directory that still knows of later ones.
    pub known_to: Option<Millis>,
    /// Whether that directory is older than the keys, and so knows of nothing later.
    pub is_behind: bool,
    /// Keys of contributions that came after the data were copied.
    pub swept: u64,
    /// What the check of the new directory found.
    pub report: Report,
}

/// Restores a backup. Until everything is done, a mark in the directory keeps a server from opening it.
///
/// # Errors
/// The backup is not whole, the target is not empty, or the result is not sound; then the mark stays.
pub async fn restore(plan: &Plan) -> Result<Restored, BackupError> {
    let (data, keys) = (
        Manifest::read(&plan.data, Half::Data)?,
        Manifest::read(&plan.keys, Half::Keys)?,
    );
    if keys.journal_position < data.journal_position {
        return Err(BackupError::KeysOlder {
            keys: keys.journal_position,
            data: data.journal_position,
        });
    }
    if let Some(live) = &plan.live {
        let files = Files::of(live);
        if !files.main.exists() && !files.erasures.exists() {
            return Err(BackupError::NoErasures(live.clone()));
        }
        let ours = halves::store_of(&plan.data.join("paraph.db"));
        let theirs = halves::store_of(&files.main).or_else(|| halves::store_of(&files.keys));
        if ours.is_some() && theirs.is_some() && ours != theirs {
            return Err(BackupError::OtherSite(live.clone()));
        }
    }
    for outer in [plan.data.parent(), Some(&*plan.keys)].into_iter().flatten() {
        outside(&plan.target, outer)?;
    }
    make_empty(&plan.target)?;
    let mark = plan.target.join(RESTORING);
    File::create(&mark).map_err(BackupError::io(&mark))?;
    sync(&plan.target)?;
    let _lock = store::lock(&plan.target)?;

    let keys_target = plan.target.join("keys");
    make_empty(&keys_target)?;
    for entry in &data.files {
        copy(&plan.data, entry, &plan.target.join(&entry.name))?;
    }
    for entry in &keys.files {
        let is_master = entry.name == "master.key";
        if is_master && plan.key_file.exists() {
            continue;
        }
        let to = if is_master {
            plan.key_file.clone()
        } else {
            keys_target.join(&entry.name)
        };
        copy(&plan.keys, entry, &to)?;
    }
    for directory in [&keys_target, &plan.target] {
        sync(directory)?;
    }

    let files = Files::of(&plan.target);
    if end(&files.main).await?.position != data.journal_position {
        return Err(BackupError::Spoilt(plan.data.join(manifest::NAME)));
    }
    if are_strangers(&files).map_err(BackupError::db(&files.keys))? {
        return Err(OpenError::Strangers(files).into());
    }
    let Known {
        erasures,
        unreadable,
        known_to,
        log,
    } = erasures(&files, plan.live.as_deref()).await?;
    if unreadable > 0 && !plan.force {
        return Err(BackupError::LogDamaged { log, lines: unreadable });
    }
    let replayed = replay(&files, erasures).await?;
    // Both files say by now that they belong together.
    let swept = fsck::sweep(&files).map_err(BackupError::db(&files.keys))?.unwrap_or(0);
    let key = Keys::open(&plan.key_file, false).ok();
    let report = fsck::check(&files, key.as_ref(), Depth::Full, plan.records).await;
    if !report.is_sound() {
        return Err(BackupError::Unsound(report));
    }
    fs::remove_file(&mark).map_err(BackupError::io(&mark))?;
    sync(&plan.target)?;
    Ok(Restored {
        manifest: data,
        replayed,
        unreadable,
        is_behind: known_to.is_some_and(|to| to < moment(&keys.journal_at)),
        known_to,
        swept,
        report,
    })
}

/// Copies a file of a backup, durably, and compares what was copied with the manifest.
fn copy(from: &Path, entry: &Entry, to: &Path) -> Result<(), BackupError> {
    let source = from.join(&entry.name);
    let mut reading = File::open(&source).map_err(BackupError::io(&source))?;
    let mut options = OpenOptions::new();
    let writing = options.write(true).create_new(true).mode(0o600).open(to);
    let mut writing = writing.map_err(BackupError::io(to))?;
    let (bytes, sha256) = digest(&mut reading, &mut writing).map_err(BackupError::io(to))?;
    if (bytes, &sha256) != (entry.bytes, &entry.sha256) {
        return Err(BackupError::Spoilt(source));
    }
    writing.sync_all().map_err(BackupError::io(to))
}

/// Every erasure that is known of.
struct Known {
    erasures: Vec<Erasure>,
    /// Lines that no longer say which.
    unreadable: u64,
    /// The newest thing that the living directory knows.
    known_to: Option<Millis>,
    /// The log that has them.
    log: PathBuf,
}

/// A moment of a manifest; what is none is before all others.
fn moment(written: &str) -> Millis {
    let at = written.parse().map_or(0, jiff::Timestamp::as_millisecond);
    Millis(u64::try_from(at).unwrap_or(0))
}

/// Whether no record has its key among many: then these are the keys of others, and nobody's record was erased. Where both say
/// which store they are of, that is compared when they are opened.
fn are_strangers(restored: &Files) -> Result<bool, DbError> {
    if halves::store_of(&restored.main).is_some() && halves::store_of(&restored.keys).is_some() {
        return Ok(false);
    }
    let connection = with_keys(restored)?;
    let sql = "SELECT EXISTS (SELECT 1 FROM vault) AND EXISTS (SELECT 1 FROM k.wrapped) \
               AND NOT EXISTS (SELECT 1 FROM vault v JOIN k.wrapped w ON w.id = v.id)";
    Ok(connection.query_row(sql, [], |row| row.get(0))?)
}

/// Both databases, for reading.
fn with_keys(restored: &Files) -> Result<rusqlite::Connection, DbError> {
    let main = rusqlite::Connection::open_with_flags(&restored.main, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    main.execute("ATTACH DATABASE ?1 AS k", [restored.keys.display().to_string()])?;
    Ok(main)
}

/// Looks in the log that came with the keys, in a directory that still lives, and among the keys themselves. They are at least
/// as new as the data, so a record without a key was erased, however long ago: the log does not hold that for ever, and how it
/// had ended is then not known. The tables of a living directory know all that its log knows, and more.
async fn erasures(restored: &Files, live: Option<&Path>) -> Result<Known, BackupError> {
    let mut known: BTreeMap<SignatureId, Erasure> = BTreeMap::new();
    let mut add = |erasure: Erasure| {
        known.insert(erasure.id, erasure);
    };
    let keys = &restored.keys;
    let keyless = without_key(restored).map_err(BackupError::db(keys))?;
    keyless.into_iter().for_each(&mut add);
    let mut log = restored.erasures.path().to_owned();
    let mut unreadable = restored.erasures.read(&mut add).map_err(BackupError::io(&log))?;
    let mut known_to = None;
    if let Some(directory) = live {
        let live = Files::of(directory);
        let of_live = live.erasures.path();
        let mut newest = Millis(0);
        let each = |erasure: Erasure| {
            newest = newest.max(erasure.at);
            add(erasure);
        };
        let lines = live.erasures.read(each).map_err(BackupError::io(of_live))?;
        if lines > 0 {
            of_live.clone_into(&mut log);
        }
        unreadable += lines;
        // The log gets them at the next tick only; the table has them at once.
        if live.main.metadata().is_ok_and(|main| main.len() > 0) {
            let rows = from_table(&live.main).await.map_err(BackupError::db(&live.main))?;
            rows.into_iter().for_each(&mut add);
            newest = newest.max(end(&live.main).await?.at);
            unreadable = 0;
        }
        known_to = Some(newest);
    }
    Ok(Known {
        erasures: known.into_values().collect(),
        unreadable,
        known_to,
        log,
    })
}

fn without_key(restored: &Files) -> Result<Vec<Erasure>, DbError> {
    let main = with_keys(restored)?;
    let sql = "SELECT v.id FROM vault v WHERE NOT EXISTS (SELECT 1 FROM k.wrapped w WHERE w.id = v.id)";
    let at = clock::now();
    let erased = |row: Row| {
        let id = SignatureId(row.array(0)?);
        let end = End::None;
        Ok(Erasure { id, at, end })
    };
    sqlite_query(&main, sql, &[])?.into_iter().map(erased).collect()
}

async fn from_table(main: &Path) -> Result<Vec<Erasure>, DbError> {
    let mut db = Db::Sqlite(rusqlite::Connection::open_with_flags(
        main,
        OpenFlags::SQLITE_OPEN_READ_ONLY,
    )?);
    let sql = "SELECT e.id, e.at, s.axes FROM erasure e LEFT JOIN signature s ON s.id = e.id";
    let rows = db.query(sql, &[]).await?;
    rows.iter().map(erasure).collect()
}

/// Lets the one writer erase again, on the one write path: the journal says that the signatures ended.
async fn replay(files: &Files, erasures: Vec<Erasure>) -> Result<u64, BackupError> {
    let failed = |error: &dyn std::fmt::Display| BackupError::Replay(error.to_string());
    let settings = WriterSettings {
        limits: Limits::default(),
        now: clock::now,
        // Nothing settles before a server runs and has looked.
        board: Some(Arc::default()),
    };
    let started = Writer::start(files.connect().await?, settings).await;
    let (writer, intake, _) = started.map_err(|error| failed(&error))?;
    let mut replayed = Ok(0);
    for some in erasures.chunks(AT_ONCE) {
        match (intake.replay(some.to_vec()).await, &mut replayed) {
            (Ok(count), Ok(sum)) => *sum += count,
            (Err(error), _) => {
                replayed = Err(failed(&error));
                break;
            }
            (Ok(_), Err(_)) => {}
        }
    }
    // Whoever was logged in when the backup was taken may have been removed since.
    if let Err(error) = intake.desk(None, Wish::Restored).await {
        replayed = Err(failed(&error));
    }
    drop(intake);
    writer.join();
    replayed
}
