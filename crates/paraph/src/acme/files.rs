//! What is kept about certificates in the data directory, under `acme/`: mode 600, each file replaced as a whole.
//!
//! ```text
//! account.json      the key of our account at the authority
//! order.json        an order that is not done, with the key of its certificate: after a kill it goes on
//! state.json        when something was last tried, and how it went
//! certificate.pem   key and chain in one file, so that no kill can leave one without the other
//! ```

use std::fs;
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use instant_acme::AccountCredentials;
use paraph_tally::Millis;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Largest file read; the longest holds a chain of certificates.
const FILE_BYTES: u64 = 256 * 1024;

/// The directory.
#[derive(Clone, Debug)]
pub(crate) struct Files(PathBuf);

/// Our account.
#[derive(Serialize, Deserialize)]
pub(super) struct Account {
    /// Whose directory it is for; another one gets another account.
    pub(super) directory: String,
    /// What the authority knows as our address.
    pub(super) contact: Option<String>,
    pub(super) credentials: AccountCredentials,
}

/// An order under way.
#[derive(Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) directory: String,
    pub(super) domains: Vec<String>,
    /// Its address at the authority.
    pub(super) url: String,
    /// Key of the certificate, in PEM.
    pub(super) key: String,
    /// When it was placed, in milliseconds since 1970.
    pub(super) placed: u64,
}

/// How the last attempt went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    /// When it began, in milliseconds since 1970.
    pub(crate) tried: Option<u64>,
    /// Attempts that failed since the last certificate.
    pub(crate) failures: u32,
    /// Not before, if the authority said so.
    pub(crate) not_before: Option<u64>,
    /// Why the last one failed.
    pub(crate) why: Option<String>,
}

impl State {
    /// When it was last tried.
    pub(crate) fn tried(&self) -> Option<Millis> {
        self.tried.map(Millis)
    }
}

const ACCOUNT: &str = "account.json";
const ORDER: &str = "order.json";
const STATE: &str = "state.json";
const CERTIFICATE: &str = "certificate.pem";
/// A certificate that has not been looked at yet.
const CANDIDATE: &str = "certificate.new";

impl Files {
    /// The files of a data directory; nothing is made yet.
    pub(crate) fn of(data: &Path) -> Self {
        Self(data.join("acme"))
    }

    pub(super) fn account(&self) -> Option<Account> {
        self.read(ACCOUNT)
    }

    pub(super) fn keep_account(&self, account: &Account) -> io::Result<()> {
        self.write(ACCOUNT, &serde_json::to_vec(account)?)
    }

    pub(super) fn forget_account(&self) {
        self.remove(ACCOUNT);
    }

    pub(super) fn order(&self) -> Option<Order> {
        self.read(ORDER)
    }

    pub(super) fn keep_order(&self, order: &Order) -> io::Result<()> {
        self.write(ORDER, &serde_json::to_vec(order)?)
    }

    pub(super) fn forget_order(&self) {
        self.remove(ORDER);
    }

    /// How the last attempt went; a start after none, or after a file that was spoilt, begins anew.
    pub(crate) fn state(&self) -> State {
        self.read(STATE).unwrap_or_default()
    }

    pub(super) fn keep_state(&self, state: &State) -> io::Result<()> {
        self.write(STATE, &serde_json::to_vec(state)?)
    }

    /// Puts a certificate, with its key, where it can be looked at.
    pub(super) fn put_candidate(&self, pem: &str) -> io::Result<PathBuf> {
        self.write(CANDIDATE, pem.as_bytes())?;
        Ok(self.0.join(CANDIDATE))
    }

    /// Puts the candidate in the place of the certificate.
    pub(super) fn take_candidate(&self) -> io::Result<()> {
        fs::rename(self.0.join(CANDIDATE), self.0.join(CERTIFICATE))?;
        fs::File::open(&self.0)?.sync_all()
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let file = fs::File::open(self.0.join(name)).ok()?;
        let read = serde_json::from_reader(io::Read::take(file, FILE_BYTES));
        read.inspect_err(
            |error| tracing::warn!(name, %error, "a file about certificates cannot be read, and is made anew"),
        )
        .ok()
    }

    /// A kill at any moment leaves the old file or the new one.
    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.0)?;
        fs::set_permissions(&self.0, fs::Permissions::from_mode(0o700))?;
        let part = self.0.join(format!("{name}.part"));
        // One left by a kill may be of another mode.
        if let Err(error) = fs::remove_file(&part)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error);
        }
        let mut options = fs::OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(0o600).open(&part)?;
        io::Write::write_all(&mut file, bytes)?;
        file.sync_all()?;
        fs::rename(&part, self.0.join(name))?;
        fs::File::open(&self.0)?.sync_all()
    }

    fn remove(&self, name: &str) {
        if let Err(error) = fs::remove_file(self.0.join(name))
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(name, %error, "a file about certificates cannot be removed");
        }
    }
}
