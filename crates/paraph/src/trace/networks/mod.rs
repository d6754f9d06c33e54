//! Networks: which system of the Internet announces an address, its registered holder, and what kind of line it serves.
//! Offline and out of the box: a snapshot of an openly licensed table lies inside the program, a newer one in the data
//! directory takes its place.
//!
//! A snapshot says what was announced when it was made. An address that it does not hold is *unknown, ask RDAP*; it is
//! never "clean". A registered holder is who a registry names for a number; it is not who sent a request.
//!
//! ```text
//! table.rs     the open table (CSV)  -> Table          kinds.rs   holder and number -> Kind
//! snapshot.rs  Table <-> bytes                         fetch.rs   a table from elsewhere
//! clocks.rs    country -> hour of the day
//! ```

pub mod clocks;
pub mod fetch;
pub mod kinds;
pub mod snapshot;
pub mod table;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::{fs, io};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use paraph_scrutiny::Country;
use serde::{Deserialize, Serialize};

use self::snapshot::SnapshotError;
use self::table::{Places, Range, System, Table};
use crate::named;

/// The snapshot that comes with the program; `scripts/networks` makes it.
pub const EMBEDDED: &[u8] = include_bytes!("../../../networks/snapshot.bin");

/// Whom the data come from, as its licence (CC BY 4.0) asks to be said wherever a result is shown.
pub const CREDIT: &str =
    "RouteViews, NRO and DB-IP (db-ip.com), CC BY 4.0, compiled by ip-location-db; changed by Paraph";

/// What kind of line a network serves.
///
/// `Unknown` is an answer like the others. Whoever acts on it must treat it as `Access`: there may be a thousand homes
/// behind it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Not known.
    #[default]
    Unknown,
    /// Rented servers.
    Hosting,
    /// Homes, phones and offices, on lines of an access provider.
    Access,
    /// Neither: a university, an administration, a company's own network.
    Other,
}

impl Kind {
    /// Its name in lists, JSON and metrics.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Hosting => "hosting",
            Self::Access => "access",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// Who announces an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Origin<'a> {
    /// Number of the autonomous system that announces it (RFC 6793).
    pub asn: u32,
    /// Who a registry names for that number. At most [`snapshot::HOLDER_BYTES`] bytes, no control characters.
    pub holder: &'a str,
    /// What kind of line it serves, as far as is known.
    pub kind: Kind,
    /// The largest block around the address that the table gives to this system as a whole. IPv6 is kept by /64.
    pub prefix: IpNet,
}

/// Which table is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Provenance {
    /// The day of the table, as the number YYYYMMDD.
    pub date: u32,
    /// Where it came from, with the digests of its parts.
    pub source: String,
    /// SHA-256 of the snapshot, hexadecimal: what a dossier names.
    pub sha256: String,
}

/// All networks: sorted ranges and what announces each. Some 13 MB for the whole Internet; never changes.
pub struct Networks {
    v4: Ranges<u32>,
    v6: Ranges<u64>,
    systems: Vec<System>,
    v4_countries: Countries<u32>,
    v6_countries: Countries<u64>,
    provenance: Provenance,
}

/// Where countries begin, each up to the next beginning, in columns. Between them lies what no registry gave to anybody: that
/// is of an unknown country.
struct Countries<K> {
    starts: Vec<K>,
    codes: Vec<Country>,
}

impl Countries<u32> {
    fn narrow(places: &Places) -> Self {
        Self::new(&places.v4, &places.countries, |key| key.checked_add(1))
    }
}

impl Countries<u64> {
    fn wide(places: &Places) -> Self {
        Self::new(&places.v6, &places.countries, |key| key.checked_add(1))
    }
}

impl<K: Copy + Ord> Countries<K> {
    fn new(ranges: &[Range<K>], countries: &[[u8; 2]], next: impl Fn(K) -> Option<K>) -> Self {
        let (mut starts, mut codes) = (Vec::new(), Vec::new());
        for (at, range) in ranges.iter().enumerate() {
            starts.push(range.first);
            let code = usize::try_from(range.whose).ok().and_then(|whose| countries.get(whose));
            codes.push(code.map_or(Country::UNKNOWN, |code| Country(u16::from_be_bytes(*code))));
            let ends = next(range.last).filter(|end| ranges.get(at + 1).is_none_or(|after| *end < after.first));
            if let Some(end) = ends {
                starts.push(end);
                codes.push(Country::UNKNOWN);
            }
        }
        starts.shrink_to_fit();
        codes.shrink_to_fit();
        Self { starts, codes }
    }

    fn find(&self, key: K) -> Country {
        let after = self.starts.partition_point(|start| *start <= key);
        let at = after.checked_sub(1);
        at.map_or(Country::UNKNOWN, |at| self.codes[at])
    }
}

/// Sorted ranges that do not overlap, in columns: the search then touches nothing but `starts`.
struct Ranges<K> {
    starts: Vec<K>,
    ends: Vec<K>,
    systems: Vec<u32>,
}

impl<K: Copy + Ord> Ranges<K> {
    fn new(ranges: &[Range<K>]) -> Self {
        Self {
            starts: ranges.iter().map(|range| range.first).collect(),
            ends: ranges.iter().map(|range| range.last).collect(),
            systems: ranges.iter().map(|range| range.whose).collect(),
        }
    }

    /// The range that holds `key`.
    fn find(&self, key: K) -> Option<Range<K>> {
        let after = self.starts.partition_point(|start| *start <= key);
        let at = after.checked_sub(1)?;
        let range = Range {
            first: self.starts[at],
            last: self.ends[at],
            whose: self.systems[at],
        };
        (key <= range.last).then_some(range)
    }
}

/// Why there are no networks.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file of the data directory is there and cannot be read.
    #[error("cannot read {0}: {1}")]
    Io(PathBuf, #[source] io::Error),
    /// It is no snapshot that this version can read.
    #[error("{0}: {1}")]
    Snapshot(PathBuf, #[source] SnapshotError),
}

/// What is odd about a table that should take the place of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Odd {
    /// It is of an earlier day.
    #[error("the table is of {0}, the one in force of {1}")]
    Older(u32, u32),
    /// Much is missing.
    #[error("the table covers less than three quarters of what the one in force covers")]
    Smaller,
}

impl Networks {
    /// The snapshot of the data directory, or else the one inside the program.
    ///
    /// # Errors
    /// There is one in the directory, and it is unreadable or damaged. Nobody is told of other networks than they chose.
    pub fn open(directory: &Path) -> Result<Self, OpenError> {
        let path = file(directory);
        let bytes = match snapshot::read_file(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::embedded()),
            Err(error) => return Err(OpenError::Io(path, error)),
        };
        Self::from_bytes(&bytes).map_err(|error| OpenError::Snapshot(path, error))
    }

    /// The snapshot inside the program.
    #[must_use]
    pub fn embedded() -> Self {
        // A test reads it: a program whose own snapshot is damaged is not released. Knowing nothing is the honest rest.
        Self::from_bytes(EMBEDDED).unwrap_or_else(|_| Self::of(Table::default(), String::new()))
    }

    /// A snapshot as it lies in a file.
    ///
    /// # Errors
    /// It is damaged, of another version, or holds what no table may hold.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let (table, sha256) = snapshot::decode(bytes)?;
        Ok(Self::of(table, sha256))
    }

    /// The invented table of a drill. Nothing of the real one is in it.
    #[must_use]
    pub fn of_drill() -> Self {
        Self::of(table::of_drill(), String::new())
    }

    fn of(table: Table, sha256: String) -> Self {
        let Table {
            date,
            source,
            systems,
            v4,
            v6,
            places,
        } = table;
        Self {
            v4: Ranges::new(&v4),
            v6: Ranges::new(&v6),
            systems,
            v4_countries: Countries::narrow(&places),
            v6_countries: Countries::wide(&places),
            provenance: Provenance { date, source, sha256 },
        }
    }

    /// Who announces this address. `None` is "unknown, ask RDAP", never "clean".
    #[must_use]
    pub fn lookup(&self, address: IpAddr) -> Option<Origin<'_>> {
        let (system, prefix) = match address.to_canonical() {
            IpAddr::V4(address) => {
                let key = address.to_bits();
                let range = self.v4.find(key)?;
                let len = block(key.into(), range.first.into(), range.last.into(), 32);
                (range.whose, v4_net(key, len)?)
            }
            IpAddr::V6(address) => {
                let key = upper(address);
                let range = self.v6.find(key)?;
                let len = block(key, range.first, range.last, 64);
                (range.whose, v6_net(key, len)?)
            }
        };
        let System { asn, holder, kind } = self.systems.get(usize::try_from(system).ok()?)?;
        Some(Origin {
            asn: *asn,
            holder,
            kind: *kind,
            prefix,
        })
    }

    /// In which country a registry puts this address, as far as is known.
    #[must_use]
    pub fn country(&self, address: IpAddr) -> Country {
        match address.to_canonical() {
            IpAddr::V4(address) => self.v4_countries.find(address.to_bits()),
            IpAddr::V6(address) => self.v6_countries.find(upper(address)),
        }
    }

    /// Whether it says of any address in which country it is.
    #[must_use]
    pub fn knows_countries(&self) -> bool {
        !self.v4_countries.starts.is_empty()
    }

    /// Registered holders of all networks.
    pub fn holders(&self) -> impl Iterator<Item = &str> {
        self.systems().map(|(_, holder)| holder)
    }

    /// Numbers of all networks, with their registered holders.
    pub fn systems(&self) -> impl Iterator<Item = (u32, &str)> {
        self.systems.iter().map(|system| (system.asn, &*system.holder))
    }

    /// What kind of line this address is on: [`Kind::Unknown`] where the table does not say.
    #[must_use]
    pub fn kind(&self, address: IpAddr) -> Kind {
        self.lookup(address).map_or(Kind::Unknown, |origin| origin.kind)
    }

    /// Which table this is.
    #[must_use]
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// Whether this table may take the place of another without anybody's look: it is not older, and covers at least
    /// three quarters as much. A download that broke off, or a table of something else, does not.
    ///
    /// # Errors
    /// What is odd about it.
    pub fn follows(&self, before: &Self) -> Result<(), Odd> {
        if self.provenance.date < before.provenance.date {
            return Err(Odd::Older(self.provenance.date, before.provenance.date));
        }
        let shares = [
            (self.v4_addresses(), before.v4_addresses()),
            (self.v6.starts.len() as u64, before.v6.starts.len() as u64),
        ];
        if shares.iter().any(|(now, then)| *now < then / 4 * 3) {
            return Err(Odd::Smaller);
        }
        Ok(())
    }

    fn v4_addresses(&self) -> u64 {
        let sizes = self.v4.starts.iter().zip(&self.v4.ends);
        sizes.map(|(first, last)| u64::from(last - first) + 1).sum()
    }

    /// Ranges of IPv4 and of IPv6, and systems.
    #[must_use]
    pub fn sizes(&self) -> (usize, usize, usize) {
        (self.v4.starts.len(), self.v6.starts.len(), self.systems.len())
    }
}

/// Networks that are read when somebody first asks: most runs of most commands never do.
pub struct Known {
    /// `None` in a drill.
    directory: Option<PathBuf>,
    read: OnceLock<Networks>,
}

impl Known {
    /// Those of [`Networks::open`].
    #[must_use]
    pub fn in_directory(directory: &Path) -> Self {
        Self {
            directory: Some(directory.to_owned()),
            read: OnceLock::new(),
        }
    }

    /// Those of [`Networks::of_drill`].
    #[must_use]
    pub fn of_drill() -> Self {
        Self {
            directory: None,
            read: OnceLock::new(),
        }
    }

    /// The networks, if somebody has asked for them before.
    pub fn if_read(&self) -> Option<&Networks> {
        self.read.get()
    }

    /// The networks. Where the file of the directory is damaged, that is logged and the table inside the program is used, as if
    /// there were no file: a table of an older day knows nearly all, and knowing nothing would quietly take budgets and bans of
    /// whole networks away.
    pub fn get(&self) -> &Networks {
        self.read
            .get_or_init(|| match self.directory.as_deref().map(Networks::open) {
                None => Networks::of_drill(),
                Some(Ok(networks)) => networks,
                Some(Err(error)) => {
                    tracing::error!(%error, "the table inside the program is used: `paraph networks update` makes the file anew");
                    Networks::embedded()
                }
            })
    }
}

/// Where the data directory keeps a newer snapshot than the program's own.
#[must_use]
pub fn file(directory: &Path) -> PathBuf {
    directory.join("networks.bin")
}

/// The day of a table as it is read: `2026-06-17`.
#[must_use]
pub fn day(date: u32) -> String {
    format!("{:04}-{:02}-{:02}", date / 10_000, date / 100 % 100, date % 100)
}

/// Puts a snapshot where [`Networks::open`] finds it: whole or not at all.
///
/// # Errors
/// The directory cannot be written to.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let directory = named::directory(path);
    let mut fresh = tempfile::NamedTempFile::new_in(directory)?;
    io::Write::write_all(&mut fresh, bytes)?;
    fresh.as_file().sync_all()?;
    fresh.persist(path).map_err(|error| error.error)?;
    fs::File::open(directory)?.sync_all()
}

/// The upper half of an IPv6 address; the lower half is the host's own choice.
fn upper(address: Ipv6Addr) -> u64 {
    u64::try_from(address.to_bits() >> 64).unwrap_or_default()
}

/// Length of the shortest prefix around `key` that lies in `first..=last`; all of `bits` bits.
fn block(key: u64, first: u64, last: u64, bits: u8) -> u8 {
    let fits = |len: u8| {
        let mask = host_mask(bits - len);
        key & !mask >= first && key | mask <= last
    };
    (0..=bits).find(|len| fits(*len)).unwrap_or(bits)
}

/// The lowest `bits` bits set.
fn host_mask(bits: u8) -> u64 {
    u64::MAX.checked_shr(64 - u32::from(bits)).unwrap_or(0)
}

fn v4_net(key: u32, len: u8) -> Option<IpNet> {
    let net = Ipv4Net::new(Ipv4Addr::from_bits(key), len).ok()?;
    Some(IpNet::V4(net.trunc()))
}

fn v6_net(key: u64, len: u8) -> Option<IpNet> {
    let net = Ipv6Net::new(Ipv6Addr::from_bits(u128::from(key) << 64), len).ok()?;
    Some(IpNet::V6(net.trunc()))
}

#[cfg(test)]
mod tests;
