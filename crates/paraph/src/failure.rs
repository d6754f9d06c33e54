//! How a command ends when it cannot do what it was asked: one line what, one line `hint:`, an exit code.

use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

use crate::intake::replay::CatchUpError;
use crate::limits::LimitError;
use crate::store::OpenError;
use crate::store::schema::SchemaError;

/// Which of the two ways a command did not succeed. Success is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The thing checked is false, or the work failed: 1.
    Failed,
    /// Wrong usage or configuration; nothing was started: 2.
    Usage,
}

/// What went wrong, in words for the person at the terminal. Holds no personal data and no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// One line: what happened.
    pub what: String,
    /// One line: how to mend it.
    pub hint: String,
    /// Decides the exit code.
    pub exit: Exit,
}

impl Failure {
    /// The work failed, or what was checked is false (exit code 1).
    #[must_use]
    pub fn failed(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            hint: hint.into(),
            exit: Exit::Failed,
        }
    }

    /// The command line or the configuration is wrong (exit code 2).
    #[must_use]
    pub fn usage(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            hint: hint.into(),
            exit: Exit::Usage,
        }
    }

    /// An operating-system error while doing `what`, with a hint by its kind (exit code 1).
    #[must_use]
    pub fn io(what: impl fmt::Display, error: &io::Error) -> Self {
        Self::failed(format!("{what}: {error}"), hint_for(error.kind()))
    }

    /// The exit code of the process.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self.exit {
            Exit::Failed => ExitCode::from(1),
            Exit::Usage => ExitCode::from(2),
        }
    }

    /// Writes both lines to stderr and returns the exit code.
    #[must_use]
    pub fn report(&self) -> ExitCode {
        // Nothing sensible is left to do when stderr itself is gone.
        let _ = writeln!(io::stderr().lock(), "{self}");
        self.exit_code()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}\nhint: {}", one_line(&self.what), one_line(&self.hint))
    }
}

impl std::error::Error for Failure {}

impl From<LimitError> for Failure {
    fn from(error: LimitError) -> Self {
        Self::usage(
            error.to_string(),
            "`paraph check-config` prints every bound with its range and its reason",
        )
    }
}

/// What to do about a store of a newer program. Nothing of it is spoilt: an older backup would only lose what came since.
pub(crate) const NEWER_STORE: &str = "install the version of paraph that wrote it, or a newer one; nothing was changed";

/// What to do where a half of a store was lost.
pub(crate) const HALF_LOST: &str = "stop the server and leave the directory as it is; put that file back as it was, or restore \
    the last backup into another directory with `paraph restore`, and name this one with --erasures";

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        let hint = match &error {
            OpenError::Absent(_) => "name it with --data, or start the server once to make it",
            OpenError::Held { .. } => "stop that process first, or use another directory with --data",
            OpenError::Key(key) => key.hint(),
            OpenError::KeyLost(_) | OpenError::WrongKey(_) => {
                "put the key file back from its backup; without it names and addresses cannot be opened again"
            }
            OpenError::LedgerLost(_) | OpenError::KeysLost(_) | OpenError::Strangers(_) => HALF_LOST,
            OpenError::HalfRestored(_) => "empty the directory and restore again",
            OpenError::Schema {
                source: SchemaError::Newer { .. } | SchemaError::Older { .. },
                ..
            } => NEWER_STORE,
            OpenError::LogUnread(_) => {
                "copy the data directory to a disk that can be written, and name the copy with --data; its data is whole"
            }
            OpenError::Io { source, .. }
                if matches!(
                    source.kind(),
                    io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
                ) =>
            {
                hint_for(source.kind())
            }
            OpenError::Io { .. } | OpenError::Db { .. } | OpenError::Schema { .. } => {
                "check that the directory exists and that the user that runs paraph may write there; `paraph fsck` says more"
            }
        };
        let exit = match &error {
            OpenError::Absent(_) => Exit::Usage,
            _ => Exit::Failed,
        };
        Self {
            exit,
            ..Self::failed(error.to_string(), hint)
        }
    }
}

impl From<CatchUpError> for Failure {
    fn from(error: CatchUpError) -> Self {
        match error {
            CatchUpError::Open(error) => error.into(),
            CatchUpError::Start(_) | CatchUpError::Unavailable(_) => {
                Self::failed(error.to_string(), "`paraph doctor` and `paraph fsck` say more")
            }
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::failed(error.to_string(), hint_for(error.kind()))
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(crate) fn hint_for(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::PermissionDenied => "run as the user who owns the file or directory, or give that user access",
        io::ErrorKind::NotFound => "check the path; relative paths start at the directory the command runs in",
        io::ErrorKind::AddrInUse => "another program listens there: stop it, or choose another with --listen",
        io::ErrorKind::AddrNotAvailable => "this machine does not have that address: choose one of its own",
        io::ErrorKind::ReadOnlyFilesystem => {
            "the disk is mounted read-only, as the system does after a fault: see `dmesg`, and mount it for writing; \
             `paraph fsck`, `recount` and `backup` work as it is"
        }
        io::ErrorKind::StorageFull => "the disk is full: free some space, nothing that was acknowledged is lost",
        io::ErrorKind::ConnectionRefused => "nothing listens there: start it, or correct the address",
        _ => "see the message of the operating system above",
    }
}

#[cfg(test)]
mod tests {
    use super::{Failure, OpenError};
    use crate::keys::KeyError;

    #[test]
    fn a_directory_that_may_not_be_read_is_not_said_to_be_absent() {
        let source = std::io::ErrorKind::PermissionDenied.into();
        let path = "data/paraph.db".into();
        let failure = Failure::from(OpenError::Io { path, source });
        assert!(failure.what.contains("permission denied"), "{failure}");
        assert!(failure.hint.contains("give that user access"), "{failure}");
    }

    #[test]
    fn a_key_that_may_not_be_read_is_not_said_to_be_lost() {
        let source = std::io::ErrorKind::PermissionDenied.into();
        let path = "keys/master.key".into();
        let failure = Failure::from(OpenError::Key(KeyError::Io { path, source }));
        assert!(failure.hint.starts_with("run as the user"), "{failure}");
    }

    #[test]
    fn a_failure_is_two_lines_whatever_it_says() {
        let failure = Failure::usage("a\nb", "c\r\n d");
        assert_eq!(failure.to_string(), "error: a b\nhint: c d");
    }
}
