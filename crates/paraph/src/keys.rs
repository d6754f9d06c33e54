//! The master key of a data directory and the subkeys derived from it.
//!
//! One file holds 32 random bytes as hexadecimal text. Every other key is HKDF-SHA256 (RFC 5869) of it under a label
//! of its own, so that no key is ever used for two purposes and a label can be retired with its version.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER_PERMISSIVE;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::limits::SECRET_FILE_BYTES;
use crate::named;

/// Bytes of the master key.
pub const MASTER_BYTES: usize = 32;

/// Why the master key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or written.
    #[error("key file {path}: {source}")]
    Io {
        /// Where the key was looked for.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is empty, too short, too long or not hexadecimal. A short secret can be guessed; an empty one signs anything.
    #[error("key file {0} does not hold 32 bytes as 64 hexadecimal digits")]
    Malformed(PathBuf),
    /// One byte repeated: a placeholder, not a secret.
    #[error("key file {0} holds one byte 32 times, which is no random key")]
    Placeholder(PathBuf),
    /// Others on the machine can read the file.
    #[error("key file {path} can be read by others (mode {mode:o})")]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
}

impl KeyError {
    /// How to mend it, one line.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Io { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                "run as the user who owns the key file and the data directory: nobody else may read them"
            }
            Self::Exposed { .. } => "chmod 600 it: only the user that runs paraph may read a key file (mode 600)",
            _ => "put the key file back from its backup; without it names and addresses cannot be opened again",
        }
    }
}

/// The master key; everything secret is derived from it.
pub struct Keys {
    master: Zeroizing<[u8; MASTER_BYTES]>,
}

impl Keys {
    /// Reads the key file, or makes it when it does not exist and `create` says so.
    ///
    /// # Errors
    /// The file cannot be read or made, is readable by others, or does not hold a full key.
    pub fn open(path: &Path, create: bool) -> Result<Self, KeyError> {
        let io = |source| KeyError::Io {
            path: path.to_owned(),
            source,
        };
        match named::text(path, SECRET_FILE_BYTES) {
            Ok(text) => {
                if let Some(mode) = named::exposed(path).map_err(io)? {
                    return Err(KeyError::Exposed {
                        path: path.to_owned(),
                        mode,
                    });
                }
                let keys = Self::parse(&text).ok_or_else(|| KeyError::Malformed(path.to_owned()))?;
                if keys.master.iter().all(|byte| *byte == keys.master[0]) {
                    return Err(KeyError::Placeholder(path.to_owned()));
                }
                Ok(keys)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound && create => {
                let keys = Self::random();
                keys.write(path).map_err(io)?;
                Ok(keys)
            }
            Err(source) => Err(io(source)),
        }
    }

    /// A key that lives as long as the process; for rehearsals and tests.
    #[must_use]
    pub fn random() -> Self {
        Self {
            master: Zeroizing::new(crate::store::id::random()),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(HEXLOWER_PERMISSIVE.decode(text.trim().as_bytes()).ok()?);
        let master: [u8; MASTER_BYTES] = bytes.as_slice().try_into().ok()?;
        Some(Self {
            master: Zeroizing::new(master),
        })
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let directory = named::directory(path);
        // One that is there may be anybody's, /etc even: who may enter it is not for us to say.
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        // Written aside: a process that dies in between must not leave half a key, which nobody would dare to remove.
        let aside = path.with_extension("new");
        if let Err(error) = fs::remove_file(&aside)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error);
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&aside)?;
        let text = Zeroizing::new(HEXLOWER_PERMISSIVE.encode(&*self.master));
        file.write_all(text.as_bytes())?;
        file.write_all(b"\n")?;
        // A key that a power cut takes back would leave every sealed record behind it unreadable.
        file.sync_all()?;
        // Nobody else makes one meanwhile: whoever makes keys holds the data directory's lock.
        if path.try_exists()? {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        fs::rename(&aside, path)?;
        fs::File::open(directory)?.sync_all()
    }

    /// The subkey of a label, for example `"ticket v1"`.
    #[must_use]
    pub fn derive(&self, label: &'static str) -> [u8; 32] {
        let mut subkey = [0; 32];
        Hkdf::<Sha256>::new(None, &*self.master)
            .expand_multi_info(&[b"paraph ", label.as_bytes()], &mut subkey)
            .expect("32 bytes is a length that HKDF-SHA256 gives");
        subkey
    }
}

/// HMAC-SHA256 of length-prefixed parts, shortened to 16 bytes: a tag that two different lists of parts never share.
#[must_use]
pub fn tag(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 16] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    let full = mac.finalize().into_bytes();
    full[..16].try_into().expect("SHA-256 gives 32 bytes")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::{KeyError, Keys};

    /// A key beside files of others closes nobody's directory, which as root could be `/etc`.
    #[test]
    fn a_directory_that_is_there_stays_as_open_as_it_is_and_one_that_is_made_is_ours() {
        let place = tempfile::tempdir().expect("a directory");
        let mode = |path: &std::path::Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).expect("mode");
        Keys::open(&place.path().join("ours/master.key"), true).expect("made");
        Keys::open(&place.path().join("master.key"), true).expect("made");
        assert_eq!((mode(place.path()), mode(&place.path().join("ours"))), (0o755, 0o700));
    }

    #[test]
    fn the_key_survives_reopening_and_a_spoilt_file_is_refused() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("keys/master.key");
        assert!(matches!(Keys::open(&path, false), Err(KeyError::Io { .. })));
        let made = Keys::open(&path, true).expect("made").derive("ticket v1");
        let keys = Keys::open(&path, false).expect("read again");
        assert_eq!(keys.derive("ticket v1"), made);
        assert_ne!(keys.derive("challenge v1"), made);

        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("mode");
        assert!(matches!(Keys::open(&path, true), Err(KeyError::Exposed { .. })));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("mode");
        for spoilt in ["", "abcd", "zz"] {
            fs::write(&path, spoilt).expect("written");
            assert!(
                matches!(Keys::open(&path, true), Err(KeyError::Malformed(_))),
                "{spoilt:?}"
            );
        }
        // A key that may not be read is not one that is lost.
        let source = std::io::ErrorKind::PermissionDenied.into();
        assert!(KeyError::Io { path, source }.hint().starts_with("run as the user"));
    }
}
