//! Files that somebody names, on the command line or in the configuration: read whole, within a size and a time.
//!
//! A name can lead anywhere. A device without an end fills the memory, a pipe that nobody writes to waits for ever; a pipe that
//! somebody does write to is as good as a file.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;

use crate::limits::NAMED_FILE_SECONDS;

/// Where a file lies; the directory of a bare name is this one.
#[must_use]
pub fn directory(path: &Path) -> &Path {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new("."))
}

/// The bytes of a file.
///
/// # Errors
/// It cannot be read, holds more than `most` bytes, or does not come.
pub fn bytes(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let (tell, told) = mpsc::sync_channel(1);
    let path = path.to_owned();
    // Opening a pipe cannot be given up: the thread that does it is left behind instead.
    thread::Builder::new().spawn(move || tell.send(whole(&path, most)))?;
    match told.recv_timeout(NAMED_FILE_SECONDS) {
        Ok(read) => read,
        Err(RecvTimeoutError::Timeout) => {
            let seconds = NAMED_FILE_SECONDS.as_secs();
            let what = format!("it does not end within {seconds} seconds");
            Err(io::Error::new(io::ErrorKind::TimedOut, what))
        }
        Err(RecvTimeoutError::Disconnected) => Err(io::ErrorKind::Other.into()),
    }
}

/// The text of a file.
///
/// # Errors
/// As [`bytes`], or it is not UTF-8.
pub fn text(path: &Path, most: u64) -> io::Result<String> {
    String::from_utf8(bytes(path, most)?).map_err(|error| {
        let what = format!("it is not UTF-8 text: byte {}", error.utf8_error().valid_up_to() + 1);
        io::Error::new(io::ErrorKind::InvalidData, what)
    })
}

fn whole(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let expected = file.metadata()?.len().min(most) + 1;
    // At once: what holds a secret should not be moved about, leaving copies.
    let mut bytes = Vec::with_capacity(usize::try_from(expected).unwrap_or_default());
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let what = format!("it holds more than {most} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, what));
    }
    Ok(bytes)
}

/// The permission bits of a file by which others on this machine get in; `None` if nobody does but its owner.
///
/// A service manager hands over what is for root only with an entry for one user (systemd: `LoadCredential`), and the system then
/// shows the most that entries of users grant where the bits of the group stand: 440, though no group can read it. So much is let
/// be of a file of root's that nobody else can read, and that grants reading to one user: the one who asks, or anybody if root asks.
///
/// # Errors
/// What the system said.
pub fn exposed(path: &Path) -> io::Result<Option<u32>> {
    let metadata = fs::metadata(path)?;
    let mode = metadata.permissions().mode() & 0o777;
    let is_handed_over = || {
        let mut acl = [0; ACL_BYTES];
        let read = rustix::fs::getxattr(path, "system.posix_acl_access", &mut acl[..]);
        let me = rustix::process::geteuid().as_raw();
        metadata.uid() == 0 && read.is_ok_and(|length| is_for_one(&acl[..length], me))
    };
    Ok(match mode & 0o077 {
        0 => None,
        0o040 if is_handed_over() => None,
        _ => Some(mode),
    })
}

/// A list of five entries, as below; one that is longer grants more.
const ACL_BYTES: usize = 4 + 5 * 8;

/// Whether a list of access (Linux, `posix_acl_xattr.h`: a version, then for each entry its kind, what it grants, and to whom) lets
/// one user read beside the owner, `me` unless that is root, and nobody else do anything.
fn is_for_one(acl: &[u8], me: u32) -> bool {
    const OWNER: u16 = 1;
    const USER: u16 = 2;
    const GROUP: u16 = 4;
    const MASK: u16 = 0x10;
    const OTHERS: u16 = 0x20;
    const READ: u16 = 4;
    let Some((&[2, 0, 0, 0], entries)) = acl.split_first_chunk::<4>() else {
        return false;
    };
    let (entries, rest) = entries.as_chunks::<8>();
    let mut users = 0;
    let is_harmless = |entry: &[u8; 8]| {
        let [kind, grants] = [[entry[0], entry[1]], [entry[2], entry[3]]].map(u16::from_le_bytes);
        let whom = u32::from_le_bytes([entry[4], entry[5], entry[6], entry[7]]);
        match kind {
            OWNER => true,
            MASK => grants & !READ == 0,
            USER => {
                users += 1;
                grants & !READ == 0 && (whom == me || me == 0)
            }
            GROUP | OTHERS => grants == 0,
            _ => false,
        }
    };
    rest.is_empty() && entries.iter().all(is_harmless) && users == 1
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::{exposed, is_for_one};

    /// A list of access: kind, what it grants, to whom.
    fn acl(entries: &[(u16, u16, u32)]) -> Vec<u8> {
        let mut acl = vec![2, 0, 0, 0];
        for (kind, grants, whom) in entries {
            acl.extend(
                kind.to_le_bytes()
                    .into_iter()
                    .chain(grants.to_le_bytes())
                    .chain(whom.to_le_bytes()),
            );
        }
        acl
    }

    const NOBODY: u32 = u32::MAX;

    /// As systemd writes it for the user of a service.
    fn handed_to(user: u32) -> Vec<(u16, u16, u32)> {
        vec![
            (1, 4, NOBODY),
            (2, 4, user),
            (4, 0, NOBODY),
            (0x10, 4, NOBODY),
            (0x20, 0, NOBODY),
        ]
    }

    #[test]
    fn a_secret_that_root_hands_to_one_user_is_not_one_that_others_can_read() {
        let handed = handed_to(600);
        assert!(is_for_one(&acl(&handed), 600) && is_for_one(&acl(&handed), 0));
        assert!(!is_for_one(&acl(&handed), 601), "handed to somebody else");
        for (entry, changed) in [
            (1, (2, 6, 600)),
            (2, (4, 4, NOBODY)),
            (2, (8, 4, 100)),
            (2, (2, 4, 600)),
            (3, (0x10, 6, NOBODY)),
            (4, (0x20, 4, NOBODY)),
        ] {
            let mut more = handed.clone();
            more[entry] = changed;
            assert!(
                !is_for_one(&acl(&more), 600) && !is_for_one(&acl(&more), 0),
                "{changed:?}"
            );
        }
        assert!(!is_for_one(&acl(&handed)[..30], 600) && !is_for_one(&[], 600));

        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("master.key");
        fs::write(&path, "secret").expect("written");
        for (mode, is_exposed) in [
            (0o400, false),
            (0o600, false),
            (0o440, true),
            (0o604, true),
            (0o620, true),
        ] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("mode");
            assert_eq!(exposed(&path).expect("looked").is_some(), is_exposed, "{mode:o}");
        }
        // Only root owns what it hands over, and not every file system has such lists.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).expect("mode");
        let name = "system.posix_acl_access";
        let set = |list: &[u8]| rustix::fs::setxattr(&path, name, list, rustix::fs::XattrFlags::empty());
        if rustix::process::geteuid().is_root() && set(&acl(&handed)).is_ok() {
            assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o440);
            assert_eq!(exposed(&path).expect("looked"), None);
            std::os::unix::fs::chown(&path, Some(600), None).expect("given away");
            assert_eq!(exposed(&path).expect("looked"), Some(0o440), "not root's");
        }
    }
}
