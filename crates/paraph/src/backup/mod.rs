//! Backups: a consistent copy of a data directory, taken beside a running server, and the way back.
//!
//! A backup has two halves, because they are kept for different times and in different places:
//!
//! | directory | holds | keep |
//! |---|---|---|
//! | `data` | `paraph.db`: journal, ledger, sealed records | as long as you like |
//! | `keys` | `keys.db`: the wrapped key of each record; `erasures.log` | 30 days at most |
//!
//! Data are copied first, keys second, the log of erasures last: a key is kept before its record, and logged before it is
//! destroyed, so each record of the copy has its key, or stands in the log as erased.
//!
//! The master key is not in a backup unless asked for. Whoever has data, keys and master key knows every signatory; a
//! backup travels further than the server does, and so must not be enough by itself. The master key never changes:
//! one copy, put elsewhere once, serves every backup.

pub mod manifest;
pub mod restore;

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rusqlite::{ErrorCode, OpenFlags};

use crate::clock;
use crate::fsck::{self, Depth, Report};
use crate::journal::{self, End};
use crate::keys::Keys;
use crate::plural::many;
use crate::store::db::{Db, DbError};
use crate::store::{Files, OpenError, look};
use manifest::{Entry, Half, Manifest};

/// Why a backup or a restore did not come about.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The target holds something already.
    #[error("{0} is not empty")]
    NotEmpty(PathBuf),
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A database cannot be read or written.
    #[error("{path}: {source}")]
    Db {
        /// The file.
        path: PathBuf,
        /// What the store said.
        source: DbError,
    },
    /// The data directory cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The directory is no backup, or one that broke off.
    #[error("{0} holds no finished backup: manifest.json is missing")]
    NoManifest(PathBuf),
    /// The manifest is not one of this half, or not one at all.
    #[error("{0} is not the manifest of this half of a backup")]
    Manifest(PathBuf),
    /// The backup was made by a newer program.
    #[error("{0} was written by a newer version of paraph")]
    Newer(PathBuf),
    /// One directory lies in the other.
    #[error("{inner} lies in {outer}")]
    Inside {
        /// The one that is to be made.
        inner: PathBuf,
        /// The one that is read.
        outer: PathBuf,
    },
    /// A file is not what its manifest says.
    #[error("{0} is not what its manifest says")]
    Spoilt(PathBuf),
    /// Keys from before the data: records in the data would have no key.
    #[error("the keys end at event {keys} of the journal, the data at event {data}")]
    KeysOlder {
        /// Last event that the keys cover.
        keys: u64,
        /// Last event of the data.
        data: u64,
    },
    /// What was named with `--erasures` knows of none.
    #[error("--erasures: {0} holds neither keys/erasures.log nor paraph.db")]
    NoErasures(PathBuf),
    /// What was named with `--erasures` knows of those of others.
    #[error("--erasures: {0} is of another site than this backup")]
    OtherSite(PathBuf),
    /// A log of erasures names fewer people than it did.
    #[error("{}: {}, so whoever was named there would be back", .log.display(), many(*.lines, "line is no erasure", "lines are no erasures"))]
    LogDamaged {
        /// The log.
        log: PathBuf,
        /// How many.
        lines: u64,
    },
    /// What was written does not hold together.
    #[error("the copy has faults")]
    Unsound(Report),
    /// The restored directory could not record the erasures.
    #[error("the erasures since the backup could not be replayed: {0}")]
    Replay(String),
}

impl BackupError {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |source| Self::Io { path, source }
    }

    fn db(path: &Path) -> impl FnOnce(DbError) -> Self {
        let path = path.to_owned();
        |source| Self::Db { path, source }
    }
}

/// A backup that was taken.
#[derive(Clone, Debug)]
pub struct Taken {
    /// What both halves have in common, and the files of the data.
    pub data: Manifest,
    /// What its check found.
    pub report: Report,
}

/// Takes a backup of `files` into `out`, which must be empty or absent, and checks it; at most `records` are opened.
///
/// # Errors
/// Something cannot be read or written, or the copy is not sound; then no manifest is written.
pub async fn take(
    files: &Files,
    keys: Option<&Keys>,
    master: Option<&Path>,
    out: &Path,
    records: u64,
) -> Result<Taken, BackupError> {
    files.main.parent().map_or(Ok(()), |data| outside(out, data))?;
    make_empty(out)?;
    let (data, apart) = (out.join("data"), out.join("keys"));
    for half in [&data, &apart] {
        make_empty(half)?;
    }
    let copy = Files::apart(&data, &apart);
    copy_database(&files.main, &copy.main)?;
    copy_database(&files.keys, &copy.keys)?;
    let log = apart.join("erasures.log");
    files.erasures.copy(&log).map_err(BackupError::io(&log))?;
    let mut of_keys = vec!["keys.db", "erasures.log"];
    if let Some(master) = master {
        let to = apart.join("master.key");
        fs::copy(master, &to).map_err(BackupError::io(master))?;
        of_keys.push("master.key");
    }
    for (half, names) in [(&data, &["paraph.db"][..]), (&apart, &of_keys[..])] {
        for name in names {
            let file = half.join(name);
            fs::set_permissions(&file, Permissions::from_mode(0o600)).map_err(BackupError::io(&file))?;
            sync(&file)?;
        }
        sync(half)?;
    }
    let report = fsck::check(&copy, keys, Depth::Full, records).await;
    if !report.is_sound() {
        return Err(BackupError::Unsound(report));
    }
    let data = write_manifests(
        &copy,
        &[(Half::Data, &data, &["paraph.db"]), (Half::Keys, &apart, &of_keys)],
    )
    .await?;
    sync(out)?;
    Ok(Taken { data, report })
}

/// Describes the files of each half, the same otherwise. Returns the first.
async fn write_manifests(copy: &Files, halves: &[(Half, &PathBuf, &[&str])]) -> Result<Manifest, BackupError> {
    let end = end(&copy.main).await?;
    let name = data_encoding::HEXLOWER.encode(&crate::store::id::random::<16>());
    let taken_at = clock::rfc3339(clock::now());
    let mut written = Vec::new();
    for (half, directory, names) in halves {
        let described = names
            .iter()
            .map(|name| Entry::of(directory, name))
            .collect::<Result<_, _>>();
        let manifest = Manifest {
            backup: name.clone(),
            taken_at: taken_at.clone(),
            journal_position: end.position,
            journal_at: clock::rfc3339(end.at),
            files: described.map_err(BackupError::io(directory))?,
            ..Manifest::new(*half)
        };
        manifest.write(directory)?;
        written.push(manifest);
    }
    Ok(written.swap_remove(0))
}

/// Copies a database as of one moment, without what was deleted from it, while others read and write it.
fn copy_database(from: &Path, to: &Path) -> Result<(), BackupError> {
    let copied = look::open(from, None)?.execute("VACUUM INTO ?1", [to.display().to_string()]);
    copied.map(drop).map_err(|error| {
        let is_full = error.sqlite_error_code() == Some(ErrorCode::DiskFull);
        match is_full {
            true => BackupError::io(to)(io::ErrorKind::StorageFull.into()),
            false => BackupError::db(from)(error.into()),
        }
    })
}

async fn end(main: &Path) -> Result<End, BackupError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let opened = rusqlite::Connection::open_with_flags(main, flags);
    let mut db = opened
        .map(Db::Sqlite)
        .map_err(|error| BackupError::db(main)(error.into()))?;
    journal::end(&mut db).await.map_err(BackupError::db(main))
}

/// Refuses to make a directory in the one that it is made of: what is copied next time would hold it.
fn outside(inner: &Path, outer: &Path) -> Result<(), BackupError> {
    // What of it is not there yet leads nowhere else.
    let real = |path: &Path| {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let there = path
            .ancestors()
            .find_map(|part| Some((part, part.canonicalize().ok()?)));
        there.map_or(path.clone(), |(part, real)| {
            real.join(path.strip_prefix(part).unwrap_or(Path::new("")))
        })
    };
    if real(inner).starts_with(real(outer)) {
        let (inner, outer) = (inner.to_owned(), outer.to_owned());
        return Err(BackupError::Inside { inner, outer });
    }
    Ok(())
}

/// Makes a directory for its owner only, unless it is there already and empty.
fn make_empty(directory: &Path) -> Result<(), BackupError> {
    fs::create_dir_all(directory).map_err(BackupError::io(directory))?;
    let mut entries = fs::read_dir(directory).map_err(BackupError::io(directory))?;
    if entries.next().is_some() {
        return Err(BackupError::NotEmpty(directory.to_owned()));
    }
    fs::set_permissions(directory, Permissions::from_mode(0o700)).map_err(BackupError::io(directory))
}

/// Onto the disk: a file's bytes, or a directory's entries.
fn sync(path: &Path) -> Result<(), BackupError> {
    let synced = File::open(path).and_then(|file| file.sync_all());
    synced.map_err(BackupError::io(path))
}
