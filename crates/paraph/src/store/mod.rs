//! The data directory: who holds it, its files, and the connections to them.
//!
//! | file | holds | lost, it costs |
//! |---|---|---|
//! | `paraph.db` | journal, ledger, sealed records, features, outbox | everything since the last backup |
//! | `keys/keys.db` | the wrapped key of each sealed record | names and addresses; the count stays |
//! | `keys/erasures.log` | which records were erased, for a restore to erase them again | a restore brings them back |
//! | `keys/master.key` | the key that wraps them, and signs tickets and tokens | the same, and every link mailed so far |
//! | `lock` | the process that holds the directory | nothing |

pub mod db;
pub mod erasures;
pub mod halves;
pub mod id;
pub mod look;
mod merge;
pub mod reader;
pub mod room;
pub mod schema;
pub mod wal;

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use db::{Db, DbError, Value};
use erasures::ErasureLog;
use room::Room;
use schema::SchemaError;

use crate::keys::{KeyError, Keys};

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It does not exist, and the command only reads.
    #[error("there is no data directory at {0}")]
    Absent(PathBuf),
    /// Another process holds it.
    #[error("data directory {directory} is in use by {holder}")]
    Held {
        /// The directory.
        directory: PathBuf,
        /// What the lock file says of its holder.
        holder: String,
    },
    /// A file of it cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The master key is missing or spoilt.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The master key is a whole one, but not the one that this directory was made with.
    #[error("data directory {0} was made with another master key")]
    WrongKey(PathBuf),
    /// A restore into it broke off: records erased since the backup may be back in it.
    #[error("the restore into {0} was not finished")]
    HalfRestored(PathBuf),
    /// There are records, but the master key that opens them is gone.
    #[error("data directory {0} holds records but no master key")]
    KeyLost(PathBuf),
    /// The ledger is missing or was emptied, and the keys of its records are still there.
    #[error("{0} is missing or empty, but keys or erasures of its records lie beside it: it was lost")]
    LedgerLost(PathBuf),
    /// The keys are missing or were emptied, and the ledger holds records.
    #[error("{0} is missing or empty, but the ledger holds records: their keys were lost")]
    KeysLost(PathBuf),
    /// Ledger and keys are of two different stores.
    #[error("{} and {} are of two different stores", .0.main.display(), .0.keys.display())]
    Strangers(Files),
    /// The tables are of a newer version or cannot be made.
    #[error("{path}: {source}")]
    Schema {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: SchemaError,
    },
    /// A log holds commits that its file lacks, and what reads it would have to be written.
    #[error("nothing can be written beside {0}, and it holds commits that cannot be read otherwise")]
    LogUnread(PathBuf),
    /// SQLite cannot open a file.
    #[error("{path}: {source}")]
    Db {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: DbError,
    },
}

/// A data directory that this process holds. Dropping it lets go.
pub struct Directory {
    path: PathBuf,
    keys: Keys,
    // Held open: the lock goes with the file descriptors, whatever way the process ends.
    _lock: Lock,
}

/// The two connections that write, and the log: one writer has them, nobody else.
pub struct Connections {
    /// `paraph.db`.
    pub main: Db,
    /// `keys/keys.db`.
    pub keys: Db,
    /// `keys/erasures.log`.
    pub erasures: ErasureLog,
    /// What is left of the disk under them.
    pub room: Arc<Room>,
}

/// The files of a data directory.
#[derive(Clone, Debug)]
pub struct Files {
    /// The file of the ledger.
    pub main: PathBuf,
    /// The file of the wrapped keys.
    pub keys: PathBuf,
    /// The log of erasures.
    pub erasures: ErasureLog,
}

impl Files {
    /// Where they are in a data directory.
    #[must_use]
    pub fn of(directory: &Path) -> Self {
        Self::apart(directory, &directory.join("keys"))
    }

    /// The files of data in one directory and of keys in another, as backups have them.
    #[must_use]
    pub fn apart(data: &Path, keys: &Path) -> Self {
        Self {
            main: data.join("paraph.db"),
            keys: keys.join("keys.db"),
            erasures: ErasureLog::new(keys.join("erasures.log")),
        }
    }

    /// Opens the connections that write, making missing tables. The caller holds the directory's lock.
    ///
    /// # Errors
    /// A file cannot be opened or is of a newer version.
    pub async fn connect(&self) -> Result<Connections, OpenError> {
        let mut main = writing(&self.main, schema::MAIN, MAIN_CACHE_KIB).await?;
        let mut keys = writing(&self.keys, schema::KEYS, KEYS_CACHE_KIB).await?;
        halves::pair(self, &mut main, &mut keys).await?;
        self.erasures.probe().map_err(|source| OpenError::Io {
            path: self.erasures.path().to_owned(),
            source,
        })?;
        Ok(Connections {
            main,
            keys,
            erasures: self.erasures.clone(),
            room: Arc::new(Room::new(self.clone())),
        })
    }
}

/// Whether there is a store in a directory that can be read: one that may not be read is not one that is not there.
///
/// # Errors
/// There is none, or what the system said.
pub fn present(directory: &Path) -> Result<(), OpenError> {
    let files = Files::of(directory);
    match File::open(&files.main) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            halves::check(&files).and(Err(OpenError::Absent(directory.to_owned())))
        }
        Err(source) => Err(OpenError::Io {
            path: files.main,
            source,
        }),
    }
}

/// Whether there is a store in a directory that can be used: both halves of one. After a restore that broke off other words
/// are said than that they are not.
///
/// # Errors
/// There is none, a half of it is, or what the system said.
pub fn whole(directory: &Path) -> Result<(), OpenError> {
    present(directory)?;
    if directory.join(RESTORING).exists() {
        return Ok(());
    }
    halves::check(&Files::of(directory))
}

/// Lies in a data directory while a restore is under way.
pub const RESTORING: &str = "restoring";

impl Directory {
    /// Takes hold of a data directory, making it first if `create` says so.
    ///
    /// # Errors
    /// It is absent, held by another process, lacks its key or a half, or cannot be read or written.
    pub fn open(path: &Path, key_file: Option<&Path>, create: bool) -> Result<Self, OpenError> {
        let io_at = |path: &Path| {
            let path = path.to_owned();
            move |source| OpenError::Io { path, source }
        };
        if create {
            fs::create_dir_all(path).map_err(io_at(path))?;
            fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(io_at(path))?;
        } else {
            present(path)?;
        }
        let lock = lock(path)?;
        if path.join(RESTORING).exists() {
            return Err(OpenError::HalfRestored(path.to_owned()));
        }
        let key_file = key_file.map_or_else(|| path.join("keys/master.key"), Path::to_owned);
        let fresh = !path.join("paraph.db").exists();
        if !fresh && !key_file.exists() {
            // A new key would start a store whose old records, links and mailboxes nobody can open again.
            return Err(OpenError::KeyLost(path.to_owned()));
        }
        halves::check(&Files::of(path))?;
        let mut apart = DirBuilder::new();
        apart.recursive(true).mode(0o700);
        apart.create(path.join("keys")).map_err(io_at(path))?;
        let keys = Keys::open(&key_file, create)?;
        if fresh {
            // The names of new directories are on the disk before anything in them matters.
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
            for made in std::iter::once(path).chain(parent) {
                File::open(made).and_then(|made| made.sync_all()).map_err(io_at(made))?;
            }
        }
        Ok(Self {
            path: path.to_owned(),
            keys,
            _lock: lock,
        })
    }

    /// The master key of the directory.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Where the directory is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file of the ledger.
    #[must_use]
    pub fn main_file(&self) -> PathBuf {
        self.path.join("paraph.db")
    }

    /// The file of the wrapped keys.
    #[must_use]
    pub fn keys_file(&self) -> PathBuf {
        self.path.join("keys/keys.db")
    }

    /// Opens the connections that write, making missing tables.
    ///
    /// # Errors
    /// A file cannot be opened or is of a newer version.
    pub async fn connect(&self) -> Result<Connections, OpenError> {
        let mut connections = Files::of(&self.path).connect().await?;
        self.check_key(&mut connections.main).await?;
        Ok(connections)
    }

    /// Another key would open no record, know no link, and let everybody who has signed be counted once more.
    async fn check_key(&self, main: &mut Db) -> Result<(), OpenError> {
        let failed = |source| OpenError::Db {
            path: self.main_file(),
            source,
        };
        let tag = key_mark(&self.keys);
        let known = main
            .query_one("SELECT tag FROM key_check WHERE id = 1", &[])
            .await
            .map_err(failed)?;
        match known {
            Some(row) if row.array(0).map_err(failed)? == tag => Ok(()),
            Some(_) => Err(OpenError::WrongKey(self.path.clone())),
            None => {
                let sql = "INSERT INTO key_check (id, tag) VALUES (1, ?1)";
                main.execute(sql, &[Value::Blob(&tag)])
                    .await
                    .map(|_| ())
                    .map_err(failed)
            }
        }
    }
}

/// What a store keeps of its master key: tells the right one from another, and nothing else about it.
#[must_use]
pub fn key_mark(keys: &Keys) -> [u8; 16] {
    crate::keys::tag(&keys.derive("check v1"), &[b"paraph"])
}

/// What the writer keeps of its files in memory. Rows are appended, but for the tags of mailboxes; keys are only ever
/// read to be destroyed. What does not fit lies in the system's cache.
const MAIN_CACHE_KIB: u32 = 8 * 1024;
const KEYS_CACHE_KIB: u32 = 1024;

/// Opens a file for the writer.
async fn writing(path: &Path, tables: schema::Steps, cache_kib: u32) -> Result<Db, OpenError> {
    let path_of = path.to_owned();
    let connection = sqlite(path, cache_kib).map_err(|error| match error {
        DbError::Io(source) => OpenError::Io { path: path_of, source },
        source => OpenError::Db { path: path_of, source },
    })?;
    let mut db = Db::Sqlite(connection);
    schema::prepare(&mut db, tables)
        .await
        .map_err(|source| OpenError::Schema {
            path: path.to_owned(),
            source,
        })?;
    Ok(db)
}

/// How long a connection waits for another one to let go.
const BUSY: Duration = Duration::from_secs(5);

fn sqlite(path: &Path, cache_kib: u32) -> Result<rusqlite::Connection, DbError> {
    let connection = rusqlite::Connection::open(path)?;
    if connection.is_readonly("main")? {
        // SQLite falls back to reading; the first write would fail, and not say which file it is.
        return Err(io::Error::from(io::ErrorKind::PermissionDenied).into());
    }
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(64);
    // FULL: a commit is on the disk before anyone is told. secure_delete: what is erased is overwritten, not just unlinked.
    // How much the log may hold is set by whoever writes (`wal::bound`).
    connection.execute_batch(&format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;
         PRAGMA foreign_keys = ON; PRAGMA cache_size = -{cache_kib}; PRAGMA temp_store = MEMORY;",
    ))?;
    Ok(connection)
}

/// The lock of a directory: its file, which says who holds it, and the directory itself, which nobody removes by hand.
pub struct Lock {
    _file: File,
    _directory: File,
}

/// Takes the lock of a directory, or tells who has it. It goes with what is returned.
///
/// # Errors
/// Somebody has it, or it cannot be written.
pub fn lock(directory: &Path) -> Result<Lock, OpenError> {
    let path = directory.join("lock");
    let io = |source| OpenError::Io {
        path: path.clone(),
        source,
    };
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(io)?;
    let itself = File::open(directory).map_err(io)?;
    let is_held = matches!(itself.try_lock(), Err(TryLockError::WouldBlock));
    let taken = if is_held {
        Err(TryLockError::WouldBlock)
    } else {
        file.try_lock()
    };
    match taken {
        Ok(()) => {
            file.set_len(0).map_err(io)?;
            file.rewind().map_err(io)?;
            write!(
                file,
                "process {} since {}",
                std::process::id(),
                crate::clock::rfc3339(crate::clock::now())
            )
            .map_err(io)?;
            Ok(Lock {
                _file: file,
                _directory: itself,
            })
        }
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            file.read_to_string(&mut holder).map_err(io)?;
            let holder = if holder.is_empty() {
                "another process".to_owned()
            } else {
                holder
            };
            Err(OpenError::Held {
                directory: directory.to_owned(),
                holder,
            })
        }
        Err(TryLockError::Error(source)) => Err(io(source)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Directory, OpenError};

    #[tokio::test]
    async fn a_directory_has_one_holder_and_keeps_its_key() {
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path().join("data");
        assert!(matches!(Directory::open(&path, None, false), Err(OpenError::Absent(_))));
        let held = Directory::open(&path, None, true).expect("made");
        drop(held.connect().await.expect("tables"));
        let Err(OpenError::Held { holder, .. }) = Directory::open(&path, None, true) else {
            panic!("held twice")
        };
        assert!(holder.contains(&std::process::id().to_string()), "{holder}");
        drop(held);
        let key = path.join("keys/master.key");
        let ours = std::fs::read(&key).expect("the key");
        std::fs::write(&key, "ab".repeat(16) + &"cd".repeat(16)).expect("another key");
        let strange = Directory::open(&path, None, true).expect("a whole key");
        assert!(matches!(strange.connect().await, Err(OpenError::WrongKey(_))));
        drop(strange);
        std::fs::write(&key, ours).expect("the key again");
        drop(
            Directory::open(&path, None, true)
                .expect("ours")
                .connect()
                .await
                .expect("opens"),
        );
        std::fs::remove_file(key).expect("removed");
        assert!(matches!(Directory::open(&path, None, true), Err(OpenError::KeyLost(_))));
    }

    #[tokio::test]
    async fn tables_of_a_newer_version_are_left_alone() {
        let place = tempfile::tempdir().expect("a directory");
        let held = Directory::open(place.path(), None, true).expect("made");
        let mut connections = held.connect().await.expect("tables");
        connections
            .main
            .run("UPDATE meta SET value = 999 WHERE name = 'version'")
            .await
            .expect("set");
        drop(connections);
        assert!(matches!(held.connect().await, Err(OpenError::Schema { .. })));
    }
}
