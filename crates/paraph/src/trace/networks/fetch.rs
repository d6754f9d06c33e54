//! A table of networks from elsewhere: a snapshot, a folder with the open table, or an address that serves either.

use std::io::{self, Read};
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use data_encoding::HEXLOWER;
use http::header::{HOST, LOCATION, USER_AGENT};
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::rt::TokioIo;
use jiff::civil::Date;
use paraph_tally::Millis;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

use super::kinds::Rules;
use super::snapshot::{self, SnapshotError};
use super::table::{self, Table, TableError};
use crate::clock;

/// Where `paraph networks update` asks when nobody says: the address that the publisher of the open table names for it.
pub const DEFAULT: &str = "https://cdn.jsdelivr.net/npm/@ip-location-db/asn/";

/// Where it finds the countries then: the same publisher's table of them.
const DEFAULT_COUNTRIES: &str = "https://cdn.jsdelivr.net/npm/@ip-location-db/asn-country/";

/// Bytes of one part at most; the largest today has 24 million.
const PART_BYTES: usize = 96 << 20;
const REDIRECTS: usize = 5;
/// For one part, connecting included.
const PATIENCE: Duration = Duration::from_secs(300);

/// Why there is no table.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// A file or a connection.
    #[error("{0}: {1}")]
    Io(String, #[source] io::Error),
    /// No address that may be asked.
    #[error("{0} is no https address")]
    Address(String),
    /// The other side said something else than yes.
    #[error("{0} answered {1}")]
    Status(Uri, StatusCode),
    /// The answer broke off, took too long or was too long.
    #[error("{0}: {1}")]
    Answer(Uri, String),
    /// A snapshot that is none.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// A table that is none.
    #[error("{0}: {1}")]
    Table(String, #[source] TableError),
    /// The rules of kinds are damaged.
    #[error("the rules of kinds: {0}")]
    Rules(#[from] super::kinds::RuleError),
    /// Nobody says of what day the table is.
    #[error("{0} does not say of what day it is")]
    Undated(String),
    /// No day, or one to come: every real table would be older than this one.
    #[error("{0} is no day that has come, written YYYYMMDD")]
    Day(u32),
}

impl FetchError {
    fn is_absence(&self) -> bool {
        match self {
            Self::Io(_, error) => error.kind() == io::ErrorKind::NotFound,
            Self::Status(_, status) => *status == StatusCode::NOT_FOUND,
            _ => false,
        }
    }
}

/// Reads a table: a snapshot file; a folder, or an address that ends in `/`, with the open table; or the address of a
/// snapshot. `date` (YYYYMMDD) is for a folder that does not say it. Countries are taken where their files lie beside the others; a table
/// without them knows none.
///
/// # Errors
/// It cannot be had, or is none.
pub async fn table(from: &str, date: Option<u32>) -> Result<Table, FetchError> {
    let place = Place::of(from)?;
    if let Some(snapshot) = place.snapshot().await? {
        let table = snapshot::decode(&snapshot)?.0;
        return has_come(table.date).map(|()| table);
    }
    let v4 = place.either("asn-ipv4.csv", "asn-ipv4-num.csv").await?;
    let v6 = place.either("asn-ipv6.csv", "asn-ipv6-num.csv").await?;
    let date = match (date, place.part("package.json").await) {
        (Some(date), _) => date,
        (None, Ok(package)) => version_date(&package).ok_or_else(|| FetchError::Undated(from.to_owned()))?,
        (None, Err(_)) => return Err(FetchError::Undated(from.to_owned())),
    };
    has_come(date)?;
    // The folder of a private machine is nobody's business: of a place on disk only the digests are kept.
    let origin = if matches!(place, Place::Address(_)) {
        from
    } else {
        "local files"
    };
    let digest = |bytes: &[u8]| HEXLOWER.encode(&Sha256::digest(bytes));
    let mut source = format!(
        "ip-location-db asn ({origin}), SHA-256 of IPv4 {}, of IPv6 {}",
        digest(&v4),
        digest(&v6)
    );
    let beside = if from == DEFAULT {
        Place::of(DEFAULT_COUNTRIES)?
    } else {
        place
    };
    let places = beside.countries().await?;
    if let Some((v4, v6)) = &places {
        let said = format!("; asn-country, SHA-256 of IPv4 {}, of IPv6 {}", digest(v4), digest(v6));
        source.push_str(&said);
    }
    let rules = Rules::embedded()?;
    // Names are UTF-8; a stray byte spoils a name, not the table.
    let (v4, v6) = (String::from_utf8_lossy(&v4), String::from_utf8_lossy(&v6));
    let failed = |error| FetchError::Table(from.to_owned(), error);
    let mut table = table::read(date, source, &v4, &v6, &rules).map_err(failed)?;
    if let Some((v4, v6)) = places {
        let (v4, v6) = (String::from_utf8_lossy(&v4), String::from_utf8_lossy(&v6));
        table.places = table::read_places(&v4, &v6).map_err(failed)?;
    }
    Ok(table)
}

/// Somewhere it is tomorrow already.
fn has_come(date: u32) -> Result<(), FetchError> {
    const DAY: u64 = 24 * 3_600_000;
    let tomorrow = clock::rfc3339(Millis(clock::now().0 + DAY));
    let day = Date::strptime("%Y%m%d", date.to_string());
    let come = day.is_ok_and(|day| day.to_string().as_str() <= &tomorrow[..10]);
    if come { Ok(()) } else { Err(FetchError::Day(date)) }
}

/// The day in a version such as `2.3.2026061719`.
fn version_date(package: &[u8]) -> Option<u32> {
    let package: serde_json::Value = serde_json::from_slice(package).ok()?;
    let last = package.get("version")?.as_str()?.rsplit('.').next()?;
    last.get(..8)?
        .parse()
        .ok()
        .filter(|date| (20_000_101..=21_001_231).contains(date))
}

enum Place<'a> {
    File(&'a Path),
    Folder(&'a Path),
    Address(Uri),
}

impl<'a> Place<'a> {
    fn of(from: &'a str) -> Result<Self, FetchError> {
        if from.contains("://") {
            return address(from).map(Self::Address);
        }
        let path = Path::new(from);
        let kind = std::fs::metadata(path).map_err(|error| FetchError::Io(from.to_owned(), error))?;
        Ok(if kind.is_dir() {
            Self::Folder(path)
        } else {
            Self::File(path)
        })
    }

    /// The bytes, where this is the place of a snapshot.
    async fn snapshot(&self) -> Result<Option<Bytes>, FetchError> {
        match self {
            Self::File(path) => read(path).map(Some),
            Self::Address(uri) if !uri.path().ends_with('/') => get(uri.clone()).await.map(Some),
            Self::Folder(_) | Self::Address(_) => Ok(None),
        }
    }

    /// The files of countries; none where they are not there. What broke off is no reason to do without them.
    async fn countries(&self) -> Result<Option<(Bytes, Bytes)>, FetchError> {
        let v4 = self.either("asn-country-ipv4.csv", "asn-country-ipv4-num.csv").await;
        let v6 = self.either("asn-country-ipv6.csv", "asn-country-ipv6-num.csv").await;
        match (v4, v6) {
            (Err(v4), Err(v6)) if v4.is_absence() && v6.is_absence() => Ok(None),
            (v4, v6) => Ok(Some((v4?, v6?))),
        }
    }

    async fn either(&self, one: &str, other: &str) -> Result<Bytes, FetchError> {
        match self.part(one).await {
            Ok(bytes) => Ok(bytes),
            Err(first) => self.part(other).await.map_err(|_| first),
        }
    }

    async fn part(&self, name: &str) -> Result<Bytes, FetchError> {
        match self {
            Self::File(path) | Self::Folder(path) => read(&path.join(name)),
            Self::Address(uri) => get(address(&format!("{uri}{name}"))?).await,
        }
    }
}

fn read(path: &Path) -> Result<Bytes, FetchError> {
    let failed = |error| FetchError::Io(path.display().to_string(), error);
    // By what is read, not by the size it says: a device says 0 and has no end.
    let bound = u64::try_from(PART_BYTES).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(bound + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > PART_BYTES {
        return Err(failed(io::Error::from(io::ErrorKind::FileTooLarge)));
    }
    Ok(Bytes::from(bytes))
}

/// An address that may be asked: https, or http to this very machine.
fn address(text: &str) -> Result<Uri, FetchError> {
    let wrong = || FetchError::Address(text.to_owned());
    let uri: Uri = text.parse().map_err(|_| wrong())?;
    let host = uri.host().ok_or_else(wrong)?;
    let is_local = host
        .trim_matches(['[', ']'])
        .parse()
        .is_ok_and(|address: IpAddr| address.is_loopback());
    match uri.scheme_str() {
        Some("https") => Ok(uri),
        Some("http") if is_local => Ok(uri),
        _ => Err(wrong()),
    }
}

/// Follows redirects, within [`PATIENCE`] for each answer.
async fn get(mut uri: Uri) -> Result<Bytes, FetchError> {
    for _ in 0..=REDIRECTS {
        let slow = |_| FetchError::Answer(uri.clone(), "it took too long".to_owned());
        match tokio::time::timeout(PATIENCE, ask(&uri)).await.map_err(slow)?? {
            Answered::Body(bytes) => return Ok(bytes),
            Answered::Elsewhere(next) => uri = address(&next)?,
        }
    }
    Err(FetchError::Answer(uri, "too many redirects".to_owned()))
}

enum Answered {
    Body(Bytes),
    Elsewhere(String),
}

async fn ask(uri: &Uri) -> Result<Answered, FetchError> {
    let failed = |error| FetchError::Io(uri.to_string(), error);
    let is_tls = uri.scheme_str() == Some("https");
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
    let stream = TcpStream::connect((host.as_str(), port)).await.map_err(failed)?;
    if !is_tls {
        return converse(uri, stream).await;
    }
    let name = ServerName::try_from(host).map_err(|_| FetchError::Address(uri.to_string()))?;
    let stream = connector()?.connect(name, stream).await.map_err(failed)?;
    converse(uri, stream).await
}

/// TLS with the roots that this machine trusts.
fn connector() -> Result<TlsConnector, FetchError> {
    let failed = |why: String| FetchError::Io("trusted certificates".to_owned(), io::Error::other(why));
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

async fn converse(
    uri: &Uri,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> Result<Answered, FetchError> {
    let broken = |error: &dyn std::fmt::Display| FetchError::Answer(uri.clone(), error.to_string());
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| broken(&error))?;
    let driven = tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let request = Request::get(path)
        .header(HOST, authority)
        .header(USER_AGENT, concat!("paraph/", env!("CARGO_PKG_VERSION")))
        .body(Empty::<Bytes>::new())
        .map_err(|error| broken(&error))?;
    let answer = sender.send_request(request).await.map_err(|error| broken(&error))?;
    let status = answer.status();
    if status.is_redirection() {
        let next = answer.headers().get(LOCATION).and_then(|next| next.to_str().ok());
        let next = next.ok_or_else(|| FetchError::Status(uri.clone(), status))?;
        let next = if next.starts_with('/') {
            format!("{}://{authority}{next}", uri.scheme_str().unwrap_or("https"))
        } else {
            next.to_owned()
        };
        return Ok(Answered::Elsewhere(next));
    }
    if status != StatusCode::OK {
        return Err(FetchError::Status(uri.clone(), status));
    }
    let body = Limited::new(answer.into_body(), PART_BYTES).collect().await;
    driven.abort();
    Ok(Answered::Body(body.map_err(|error| broken(&error))?.to_bytes()))
}
