//! What a half of a backup says of itself.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::BackupError;
use crate::limits::MANIFEST_BYTES;
use crate::named;
use crate::store::schema;

/// Name of the file.
pub const NAME: &str = "manifest.json";

const FORMAT: u32 = 1;

/// Which half of a backup a directory holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Half {
    /// `paraph.db`.
    Data,
    /// `keys.db`, `erasures.log` and, where asked for, the master key.
    Keys,
}

/// The manifest: written last, so that a directory without one is a backup that broke off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Format of this file.
    pub format: u32,
    /// Which half this is.
    pub holds: Half,
    /// Version of the program.
    pub paraph: String,
    /// Version of the tables.
    pub schema: i64,
    /// The same random text in both halves.
    pub backup: String,
    /// When it was taken, RFC 3339.
    pub taken_at: String,
    /// Last event of the journal: data hold every event up to it and none after it, keys open all their records.
    pub journal_position: u64,
    /// Time of that event, RFC 3339.
    pub journal_at: String,
    /// The files beside it.
    pub files: Vec<Entry>,
}

/// A file of the backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its name in the directory.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, hexadecimal.
    pub sha256: String,
}

impl Entry {
    /// Describes a file as it lies there.
    pub(super) fn of(directory: &Path, name: &str) -> io::Result<Self> {
        let (bytes, sha256) = digest(&mut File::open(directory.join(name))?, &mut io::sink())?;
        Ok(Self {
            name: name.to_owned(),
            bytes,
            sha256,
        })
    }
}

/// Copies to the end, and returns length and SHA-256 of what was copied.
pub(super) fn digest(from: &mut impl Read, to: &mut impl Write) -> io::Result<(u64, String)> {
    let (mut hash, mut length) = (Sha256::new(), 0);
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = from.read(&mut buffer)?;
        if read == 0 {
            return Ok((length, data_encoding::HEXLOWER.encode(&hash.finalize())));
        }
        hash.update(&buffer[..read]);
        to.write_all(&buffer[..read])?;
        length += read as u64;
    }
}

impl Manifest {
    /// What every manifest of this version has in common.
    pub(super) fn new(holds: Half) -> Self {
        Self {
            format: FORMAT,
            holds,
            paraph: env!("CARGO_PKG_VERSION").to_owned(),
            schema: schema::version(schema::MAIN),
            backup: String::new(),
            taken_at: String::new(),
            journal_position: 0,
            journal_at: String::new(),
            files: Vec::new(),
        }
    }

    /// Reads the manifest of a directory.
    ///
    /// # Errors
    /// There is none, it is spoilt or newer, or it is of the other half.
    pub fn read(directory: &Path, half: Half) -> Result<Self, BackupError> {
        let path = directory.join(NAME);
        let bytes = named::bytes(&path, MANIFEST_BYTES).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => BackupError::NoManifest(directory.to_owned()),
            _ => BackupError::io(&path)(error),
        })?;
        let manifest: Self = serde_json::from_slice(&bytes).map_err(|_| BackupError::Manifest(path.clone()))?;
        let is_known = manifest.format == FORMAT && manifest.schema <= schema::version(schema::MAIN);
        if !is_known {
            return Err(BackupError::Newer(path));
        }
        let plain = |entry: &Entry| {
            let mut parts = Path::new(&entry.name).components();
            matches!(
                (parts.next(), parts.next()),
                (Some(std::path::Component::Normal(_)), None)
            )
        };
        if manifest.holds != half || !manifest.files.iter().all(plain) {
            return Err(BackupError::Manifest(path));
        }
        Ok(manifest)
    }

    /// Writes it, durably.
    pub(super) fn write(&self, directory: &Path) -> Result<(), BackupError> {
        let path = directory.join(NAME);
        let text = serde_json::to_vec_pretty(self).unwrap_or_default();
        fs::write(&path, text).map_err(BackupError::io(&path))?;
        super::sync(&path)?;
        super::sync(directory)
    }
}
