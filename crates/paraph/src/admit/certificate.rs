//! The certificate of `listen.https`: read from files, checked before it is used, read again when they change.
//!
//! A certificate that cannot serve visitors stops a start, with the reason. Later, one that is worse than what is in use
//! is refused and the old one stays: a half-copied renewal at night takes nobody's page away. One that an authority is
//! asked for (`acme/`) is awaited: a start without it, or with one that is over, is a start.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwapOption;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use paraph_tally::Millis;
use rustls::client::verify_server_name;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::named;

/// Largest certificate or key file read, in bytes; a chain of four RSA certificates has 10,000.
const FILE_BYTES: u64 = 256 * 1024;

/// Where certificate and key are, and for whom they must be good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// PEM: the server's certificate first, then the chain up to the root.
    pub certificate: PathBuf,
    /// PEM: the private key of the first certificate.
    pub key: PathBuf,
    /// What the certificate must name: the host of `site.base_url`, when that is https.
    pub hosts: Vec<String>,
}

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("{0} cannot be read: {1}")]
    Unreadable(PathBuf, io::Error),
    /// A file holds something else.
    #[error("{0} holds no {1} in PEM form")]
    NotPem(PathBuf, &'static str),
    /// The key file can be read by everybody on the machine.
    #[error("{0} can be read by everybody on this machine (mode {1:o})")]
    Exposed(PathBuf, u32),
    /// A certificate that is not one, or a kind of key that TLS does not use.
    #[error("{0} cannot be used: {1}")]
    Unusable(PathBuf, rustls::Error),
    /// Key and certificate are not a pair.
    #[error("{0} is not the key of {1}")]
    Mismatch(PathBuf, PathBuf),
    /// Its time is over.
    #[error("{0} expired on {1}")]
    Expired(PathBuf, jiff::Timestamp),
    /// Its time has not come, or the clock of this machine is wrong.
    #[error("{0} is not valid before {1}")]
    NotYet(PathBuf, jiff::Timestamp),
    /// It is for another site.
    #[error("{0} is not for {1}")]
    OtherHost(PathBuf, String),
}

impl CertificateError {
    /// How to mend it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unreadable(..) => {
                "listen.certificate and listen.certificate_key name files that the user running paraph can read"
            }
            Self::NotPem(..) => {
                "listen.certificate takes the full chain (fullchain.pem), listen.certificate_key its key (privkey.pem)"
            }
            Self::Exposed(..) => {
                "chmod 640 it, with the group of the user running paraph; a key that others read is spent"
            }
            Self::Unusable(..) => "ask for a certificate with an ECDSA P-256, Ed25519 or RSA 2048 key",
            Self::Mismatch(..) => {
                "name the key that the certificate was made with; a renewal may have replaced one of both"
            }
            Self::Expired(..) => "renew it; if your renewal runs, see where it puts the new files",
            Self::NotYet(..) => "set the clock of this machine, or wait",
            Self::OtherHost(..) => "ask for a certificate that names the host of site.base_url, or correct that",
        }
    }
}

/// What a reload came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reloaded {
    /// The files are as they were.
    Unchanged,
    /// The new certificate is in use.
    Replaced,
}

/// A certificate in use. Cheap to ask, may be replaced at any time.
#[derive(Debug)]
pub struct Certificates {
    files: Files,
    /// Whether it is somebody's work to fetch it: then it may be missing.
    is_awaited: bool,
    opened: Millis,
    current: ArcSwapOption<Loaded>,
    /// What the files looked like when they were last read, good or not. Held while they are read.
    seen: Mutex<Stamp>,
}

#[derive(Debug)]
struct Loaded {
    key: Arc<CertifiedKey>,
    valid: Validity,
}

/// Device, inode, size and time of change, for both files: what differs after any way of replacing a file.
type Stamp = [Option<(u64, u64, u64, i64, i64)>; 2];

impl Certificates {
    /// Reads and checks both files.
    ///
    /// # Errors
    /// What is wrong with them, as of `now`.
    pub fn open(files: Files, now: Millis) -> Result<Arc<Self>, CertificateError> {
        let seen = Mutex::new(files.stamp());
        let loaded = files.load(now)?;
        Ok(Arc::new(Self {
            files,
            is_awaited: false,
            opened: now,
            current: ArcSwapOption::from_pointee(loaded),
            seen,
        }))
    }

    /// The same of one that is still to be fetched, with what is wrong with the one that is there. Until there is a good
    /// one, no handshake comes about.
    #[must_use]
    pub fn awaited(files: Files, now: Millis) -> (Arc<Self>, Option<CertificateError>) {
        let seen = Mutex::new(files.stamp());
        let (loaded, wrong) = match files.load(now) {
            Ok(loaded) => (Some(loaded), None),
            Err(CertificateError::Unreadable(_, error)) if error.kind() == io::ErrorKind::NotFound => (None, None),
            Err(error) => (None, Some(error)),
        };
        let certificates = Self {
            files,
            is_awaited: true,
            opened: now,
            current: ArcSwapOption::from_pointee(loaded),
            seen,
        };
        (Arc::new(certificates), wrong)
    }

    /// Reads both files again if they have changed, or in any case when `forced`. Blocks on the disk.
    ///
    /// # Errors
    /// The new ones cannot be used; the old certificate stays in use. Files that do not change again are not complained
    /// about again.
    pub fn reload(&self, now: Millis, forced: bool) -> Result<Reloaded, CertificateError> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = self.files.stamp();
        if *seen == stamp && !forced {
            return Ok(Reloaded::Unchanged);
        }
        *seen = stamp;
        if self.is_awaited && stamp.iter().any(Option::is_none) {
            return Ok(Reloaded::Unchanged);
        }
        let loaded = self.files.load(now)?;
        let before = self.current.load();
        let same = before.as_ref().is_some_and(|before| before.key.cert == loaded.key.cert);
        self.current.store(Some(Arc::new(loaded)));
        Ok(if same { Reloaded::Unchanged } else { Reloaded::Replaced })
    }

    /// When the certificate in use ends; nothing while there is none.
    #[must_use]
    pub fn expires(&self) -> Option<jiff::Timestamp> {
        self.validity().map(|valid| valid.until)
    }

    /// From when to when the certificate in use may be used.
    pub(crate) fn validity(&self) -> Option<Validity> {
        self.current.load().as_ref().map(|loaded| loaded.valid)
    }

    /// Whether the certificate in use names all of these.
    pub(crate) fn names(&self, hosts: &[String]) -> bool {
        let current = self.current.load();
        let leaf = current.as_ref().and_then(|loaded| loaded.key.cert.first());
        leaf.is_some_and(|leaf| hosts.iter().all(|host| is_for(leaf, host).is_ok()))
    }

    /// How much longer visitors are served.
    #[must_use]
    pub fn left(&self, now: Millis) -> Left {
        match self.validity() {
            None if now.0.saturating_sub(self.opened.0) < FIRST_MILLIS => Left::Enough,
            None => Left::Nothing,
            Some(valid) => valid.left(now),
        }
    }
}

/// A first certificate is fetched in seconds; nobody is woken before this.
const FIRST_MILLIS: u64 = 5 * 60_000;
/// So many days before its end, whoever renews a certificate should have done so.
const LATE_MILLIS: i64 = 7 * 86_400_000;

/// How long a certificate can still be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// Long enough.
    Enough,
    /// Less than a week, or than a sixth of a life that is shorter than six.
    Little,
    /// It is over, or there is none.
    Nothing,
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.current.load().as_ref().map(|loaded| Arc::clone(&loaded.key))
    }
}

impl Files {
    fn stamp(&self) -> Stamp {
        [&self.certificate, &self.key].map(|path| {
            let meta = fs::metadata(path).ok()?;
            Some((meta.dev(), meta.ino(), meta.size(), meta.mtime(), meta.mtime_nsec()))
        })
    }

    /// Whether they could be used now.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(crate) fn check(&self, now: Millis) -> Result<(), CertificateError> {
        self.load(now).map(drop)
    }

    fn load(&self, now: Millis) -> Result<Loaded, CertificateError> {
        let Self {
            certificate,
            key,
            hosts,
        } = self;
        let chain = CertificateDer::pem_slice_iter(&read(certificate)?)
            .collect::<Result<Vec<_>, _>>()
            .ok()
            .filter(|chain| !chain.is_empty())
            .ok_or_else(|| CertificateError::NotPem(certificate.clone(), "certificate"))?;
        let text = read(key)?;
        let secret =
            PrivateKeyDer::from_pem_slice(&text).map_err(|_| CertificateError::NotPem(key.clone(), "private key"))?;
        let mode = fs::metadata(key).map_or(0, |meta| meta.mode() & 0o777);
        if mode & 0o007 != 0 {
            return Err(CertificateError::Exposed(key.clone(), mode));
        }
        let valid = validity(&chain[0]).ok_or_else(|| {
            let error = rustls::CertificateError::BadEncoding.into();
            CertificateError::Unusable(certificate.clone(), error)
        })?;
        valid.check(certificate, now)?;
        for host in hosts {
            is_for(&chain[0], host).map_err(|_| CertificateError::OtherHost(certificate.clone(), host.clone()))?;
        }
        let pair = CertifiedKey::from_der(chain, secret, &provider()).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => CertificateError::Mismatch(key.clone(), certificate.clone()),
            other => CertificateError::Unusable(key.clone(), other),
        })?;
        Ok(Loaded {
            key: Arc::new(pair),
            valid,
        })
    }
}

/// The cryptography of the whole program: ring, as for mail.
pub(crate) fn provider() -> CryptoProvider {
    rustls::crypto::ring::default_provider()
}

fn read(path: &Path) -> Result<Vec<u8>, CertificateError> {
    let unreadable = |error| CertificateError::Unreadable(path.to_owned(), error);
    named::bytes(path, FILE_BYTES).map_err(unreadable)
}

fn is_for(certificate: &CertificateDer<'_>, host: &str) -> Result<(), rustls::Error> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let name = ServerName::try_from(bare).map_err(|_| rustls::CertificateError::NotValidForName)?;
    verify_server_name(&ParsedCertificate::try_from(certificate)?, &name)
}

/// From when to when a certificate may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Validity {
    pub(crate) from: jiff::Timestamp,
    pub(crate) until: jiff::Timestamp,
}

impl Validity {
    fn left(self, now: Millis) -> Left {
        let now = i64::try_from(now.0).unwrap_or(i64::MAX);
        let (from, until) = (self.from.as_millisecond(), self.until.as_millisecond());
        match until - now {
            ..=0 => Left::Nothing,
            left if left < LATE_MILLIS.min((until - from) / 6) => Left::Little,
            _ => Left::Enough,
        }
    }

    fn check(self, file: &Path, now: Millis) -> Result<(), CertificateError> {
        let now = i64::try_from(now.0).unwrap_or(i64::MAX);
        if now > self.until.as_millisecond() {
            return Err(CertificateError::Expired(file.to_owned(), self.until));
        }
        if now < self.from.as_millisecond() {
            return Err(CertificateError::NotYet(file.to_owned(), self.from));
        }
        Ok(())
    }
}

/// Reads `validity` out of a certificate (RFC 5280 section 4.1): it stands behind an optional version, serial number,
/// algorithm and issuer. rustls keeps this to itself, and a parser of all the rest is not worth its weight here.
fn validity(certificate: &[u8]) -> Option<Validity> {
    const SEQUENCE: u8 = 0x30;
    const VERSION: u8 = 0xa0;
    let (tag, certificate, _) = element(certificate)?;
    let (inner, body, _) = element(certificate)?;
    if (tag, inner) != (SEQUENCE, SEQUENCE) {
        return None;
    }
    let (first, _, after) = element(body)?;
    let (_serial, _, rest) = if first == VERSION {
        element(after)?
    } else {
        (first, body, after)
    };
    let (_algorithm, _, rest) = element(rest)?;
    let (_issuer, _, rest) = element(rest)?;
    let (_validity, times, _) = element(rest)?;
    let (tag, from, rest) = element(times)?;
    let from = time(tag, from)?;
    let (tag, until, _) = element(rest)?;
    Some(Validity {
        from,
        until: time(tag, until)?,
    })
}

/// The first element of DER bytes: its tag, its content, and what is behind it.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(length - 0x80))?;
            let length = digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit));
            (length, rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// UTCTime (`YYMMDDHHMMSSZ`, 1950 to 2049) or GeneralizedTime (`YYYYMMDDHHMMSSZ`), as RFC 5280 section 4.1.2.5 fixes them.
fn time(tag: u8, digits: &[u8]) -> Option<jiff::Timestamp> {
    const UTC_TIME: u8 = 0x17;
    const GENERALIZED_TIME: u8 = 0x18;
    let text = std::str::from_utf8(digits).ok()?.strip_suffix('Z')?;
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (year, rest) = match (tag, text.len()) {
        (UTC_TIME, 12) => {
            let year: i16 = text[..2].parse().ok()?;
            (if year < 50 { 2000 + year } else { 1900 + year }, &text[2..])
        }
        (GENERALIZED_TIME, 14) => (text[..4].parse().ok()?, &text[4..]),
        _ => return None,
    };
    let part = |at: usize| rest[at..at + 2].parse::<i8>().ok();
    let civil = DateTime::new(year, part(0)?, part(2)?, part(4)?, part(6)?, part(8)?, 0).ok()?;
    Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
#[path = "certificate_tests.rs"]
mod tests;
