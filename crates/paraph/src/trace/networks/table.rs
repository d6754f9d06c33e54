//! The table of networks as plain data, and how it is read from the open one (CSV) or invented for a drill.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;

use super::Kind;
use super::kinds::Rules;
use super::snapshot::{COUNTRIES, HOLDER_BYTES, RANGES, SYSTEMS};

/// One autonomous system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct System {
    /// Its number.
    pub asn: u32,
    /// Who a registry names for it.
    pub holder: Box<str>,
    /// What kind of line it serves.
    pub kind: Kind,
}

/// Addresses in a row that one system announces, or that lie in one country, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range<K> {
    /// The first.
    pub first: K,
    /// The last.
    pub last: K,
    /// Index of the system in [`Table::systems`], or of the country in [`Places::countries`].
    pub whose: u32,
}

/// In which country a registry puts an address. Where its holder is at home, mostly; not where somebody sits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// Two letters of each, in order: ISO 3166, and a few that registries use for more than one country.
    pub countries: Vec<[u8; 2]>,
    /// IPv4, by address.
    pub v4: Vec<Range<u32>>,
    /// IPv6, by the upper half of the address.
    pub v6: Vec<Range<u64>>,
}

/// All of it. Ranges are sorted and do not overlap, systems are sorted by number; `snapshot::decode` checks it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The day it was made, YYYYMMDD.
    pub date: u32,
    /// Where it came from.
    pub source: String,
    /// What announces.
    pub systems: Vec<System>,
    /// IPv4, by address.
    pub v4: Vec<Range<u32>>,
    /// IPv6, by the upper half of the address.
    pub v6: Vec<Range<u64>>,
    /// Countries; empty where the table was made without.
    pub places: Places,
}

/// A line of the open table that means nothing, by its number from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// A line is not what it should be.
    #[error("line {0} is not: first address, last address, number, holder")]
    Line(usize),
    /// A line of countries is not what it should be.
    #[error("line {0} is not: first address, last address, two letters of a country")]
    Place(usize),
    /// More than any real table holds.
    #[error("more lines or numbers than any table of networks has")]
    Large,
    /// An address of the other family, in the wrong file.
    #[error("line {0} is of the other address family")]
    Family(usize),
}

/// Reads the open table: one file for each family, lines of `first,last,number,holder`, addresses written out or as
/// numbers, the holder in quotes where it holds a comma.
///
/// The published table has a few flaws, which are mended here the same way each time: what is out of order is sorted;
/// where two ranges overlap, the one that starts first keeps what it holds; IPv6 is kept by /64, so that of several
/// ranges inside one /64 the first stays.
///
/// # Errors
/// A line means nothing.
pub fn read(date: u32, source: String, v4: &str, v6: &str, rules: &Rules) -> Result<Table, TableError> {
    let mut holders = BTreeMap::new();
    let mut narrow = Vec::new();
    for (number, line) in lines(v4) {
        let (first, last, asn) = row(number, line, &mut holders)?;
        narrow.push((narrow_key(number, first)?, narrow_key(number, last)?, asn));
    }
    let mut wide = Vec::new();
    for (number, line) in lines(v6) {
        let (first, last, asn) = row(number, line, &mut holders)?;
        wide.push((wide_key(number, first)?, wide_key(number, last)?, asn));
    }
    if narrow.len().max(wide.len()) > RANGES || holders.len() > SYSTEMS {
        return Err(TableError::Large);
    }
    let mut index = HashMap::with_capacity(holders.len());
    let mut systems = Vec::with_capacity(holders.len());
    for (asn, holder) in holders {
        index.insert(asn, u32::try_from(systems.len()).map_err(|_| TableError::Large)?);
        let kind = rules.kind(asn, &holder);
        systems.push(System {
            asn,
            holder: holder.into(),
            kind,
        });
    }
    Ok(Table {
        date,
        source,
        systems,
        v4: sorted(narrow, &index, |key| key.checked_add(1)),
        v6: sorted(wide, &index, |key| key.checked_add(1)),
        places: Places::default(),
    })
}

/// Reads the open table of countries: one file for each family, lines of `first,last,country`. Flaws are mended as those of the other.
///
/// # Errors
/// A line means nothing.
pub fn read_places(v4: &str, v6: &str) -> Result<Places, TableError> {
    let mut narrow = Vec::new();
    for (number, line) in lines(v4) {
        let (first, last, country) = place(line).ok_or(TableError::Place(number))?;
        narrow.push((narrow_key(number, first)?, narrow_key(number, last)?, country));
    }
    let mut wide = Vec::new();
    for (number, line) in lines(v6) {
        let (first, last, country) = place(line).ok_or(TableError::Place(number))?;
        wide.push((wide_key(number, first)?, wide_key(number, last)?, country));
    }
    let codes = narrow.iter().map(|row| row.2).chain(wide.iter().map(|row| row.2));
    let countries: BTreeSet<[u8; 2]> = codes.collect();
    if narrow.len().max(wide.len()) > RANGES || countries.len() > COUNTRIES {
        return Err(TableError::Large);
    }
    let countries: Vec<[u8; 2]> = countries.into_iter().collect();
    let index = countries.iter().copied().zip(0..).collect();
    Ok(Places {
        v4: sorted(narrow, &index, |key| key.checked_add(1)),
        v6: sorted(wide, &index, |key| key.checked_add(1)),
        countries,
    })
}

/// Reads one line of countries.
fn place(line: &str) -> Option<(u128, u128, [u8; 2])> {
    let mut fields = line.split(',');
    let (first, last) = (address(fields.next()?)?, address(fields.next()?)?);
    let country: [u8; 2] = unquoted(fields.next()?)?.as_bytes().try_into().ok()?;
    let is_one = first <= last && fields.next().is_none() && country.iter().all(u8::is_ascii_uppercase);
    is_one.then_some((first, last, country))
}

fn narrow_key(number: usize, bits: u128) -> Result<u32, TableError> {
    u32::try_from(bits).map_err(|_| TableError::Family(number))
}

/// No global IPv6 address is so small that nothing is left of its upper half: that is of the other family.
fn wide_key(number: usize, bits: u128) -> Result<u64, TableError> {
    let upper = u64::try_from(bits >> 64).ok().filter(|upper| *upper > 0);
    upper.ok_or(TableError::Family(number))
}

fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty())
}

/// Reads one line; the first name of a number stays.
fn row(number: usize, line: &str, holders: &mut BTreeMap<u32, String>) -> Result<(u128, u128, u32), TableError> {
    let parsed = || {
        let mut fields = line.splitn(4, ',');
        let (first, last) = (address(fields.next()?)?, address(fields.next()?)?);
        let asn = fields.next()?.parse().ok()?;
        let holder = unquoted(fields.next()?)?;
        (first <= last).then_some((first, last, asn, clean(&holder)))
    };
    let (first, last, asn, holder) = parsed().ok_or(TableError::Line(number))?;
    holders.entry(asn).or_insert(holder);
    Ok((first, last, asn))
}

/// The last field of a line without its quotes; nothing where they do not match, as in a line that broke off.
fn unquoted(field: &str) -> Option<String> {
    let Some(rest) = field.strip_prefix('"') else {
        return (field.matches('"').count().is_multiple_of(2)).then(|| field.to_owned());
    };
    let inner = rest.strip_suffix('"')?;
    let is_sound = !inner.replace("\"\"", "").contains('"');
    is_sound.then(|| inner.replace("\"\"", "\""))
}

fn address(text: &str) -> Option<u128> {
    match text.parse() {
        Ok(std::net::IpAddr::V4(address)) => Some(address.to_bits().into()),
        Ok(std::net::IpAddr::V6(address)) => Some(address.to_bits()),
        Err(_) => text.parse().ok(),
    }
}

/// A holder's name as it may be printed anywhere: no control characters, one space at a time, bounded.
fn clean(holder: &str) -> String {
    let words: Vec<&str> = holder
        .split(|letter: char| letter.is_whitespace() || letter.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    let mut name = words.join(" ");
    name.truncate(name.floor_char_boundary(HOLDER_BYTES));
    name
}

fn sorted<K: Copy + Ord, O: Ord + Hash>(
    mut rows: Vec<(K, K, O)>,
    index: &HashMap<O, u32>,
    next: impl Fn(K) -> Option<K>,
) -> Vec<Range<K>> {
    rows.sort_unstable();
    let mut ranges: Vec<Range<K>> = Vec::with_capacity(rows.len());
    for (first, last, owner) in rows {
        let (Some(&whose), free) = (index.get(&owner), ranges.last().map(|range| next(range.last))) else {
            continue;
        };
        let first = match free {
            None => first,
            Some(Some(free)) => first.max(free),
            Some(None) => break,
        };
        match ranges.last_mut() {
            _ if last < first => {}
            // What continues the range before it, of the same, is one range with it.
            Some(before) if before.whose == whose && next(before.last) == Some(first) => before.last = last,
            _ => ranges.push(Range { first, last, whose }),
        }
    }
    ranges
}

/// The invented table of a drill: reserved addresses, invented holders, numbers of RFC 5398.
pub(super) fn of_drill() -> Table {
    let mut table = Table {
        source: "invented for a drill".to_owned(),
        ..Table::default()
    };
    let mut networks: Vec<_> = paraph_drill::networks::TABLE.iter().collect();
    networks.sort_by_key(|network| (network.origin, network.base));
    for network in networks {
        if table.systems.last().is_none_or(|system| system.asn != network.origin) {
            table.systems.push(System {
                asn: network.origin,
                holder: network.holder.into(),
                kind: match network.kind {
                    paraph_drill::networks::Kind::Hosting => Kind::Hosting,
                    paraph_drill::networks::Kind::Home | paraph_drill::networks::Kind::Carrier => Kind::Access,
                    paraph_drill::networks::Kind::Shared => Kind::Other,
                },
            });
        }
        let whose = u32::try_from(table.systems.len() - 1).unwrap_or_default();
        let countries = &mut table.places.countries;
        let letters = network.country.as_bytes().first_chunk().copied().unwrap_or_default();
        let known = countries.iter().position(|country| *country == letters);
        let place = known.unwrap_or_else(|| {
            countries.push(letters);
            countries.len() - 1
        });
        let place = u32::try_from(place).unwrap_or_default();
        match network.base {
            std::net::IpAddr::V4(base) => {
                let (first, host) = (base.to_bits(), super::host_mask(32 - network.prefix));
                let last = first | u32::try_from(host).unwrap_or(u32::MAX);
                table.v4.push(Range { first, last, whose });
                table.places.v4.push(Range {
                    first,
                    last,
                    whose: place,
                });
            }
            std::net::IpAddr::V6(base) => {
                let (first, host) = (super::upper(base), super::host_mask(64 - network.prefix));
                let last = first | host;
                table.v6.push(Range { first, last, whose });
                table.places.v6.push(Range {
                    first,
                    last,
                    whose: place,
                });
            }
        }
    }
    let Places { v4, v6, .. } = &mut table.places;
    for narrow in [&mut table.v4, v4] {
        narrow.sort_by_key(|range| range.first);
    }
    for wide in [&mut table.v6, v6] {
        wide.sort_by_key(|range| range.first);
    }
    table
}
