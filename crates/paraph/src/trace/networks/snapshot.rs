//! A table of networks as bytes.
//!
//! ```text
//! 0       "PARANET" and the version, 2                     8 bytes
//! 8       length of the body, little-endian                4 bytes
//! 12      the body, deflated (RFC 1950)
//! -32     SHA-256 of everything before                     32 bytes
//! ```
//!
//! The body is columns of unsigned LEB128 numbers, so that like lies beside like and compresses:
//!
//! ```text
//! date    YYYYMMDD                       source  length, UTF-8
//! systems count; number of each less the one before; kind of each, one byte (0 unknown, 1 hosting, 2 access, 3 other);
//!         length of each holder; the holders, UTF-8
//! IPv4    count; gap of each to the end of the one before; size of each less 1; index of its system
//! IPv6    the same, of the upper 64 bits
//! places  countries: count; two letters of each, in order. Then IPv4 and IPv6 as above, with the index of the country
//! ```
//!
//! Version 1 ended before the places: of a table that it holds, no country is known.
//!
//! One table has one encoding. Reading trusts nothing: lengths are bounded before anything is allocated, ranges cannot
//! overlap, indexes exist, holders hold no control characters. The digest finds damage; it proves no origin.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use data_encoding::HEXLOWER;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use sha2::{Digest, Sha256};

use super::Kind;
use super::table::{Places, Range, System, Table};

const MAGIC: &[u8; 7] = b"PARANET";
const VERSION: u8 = 2;
/// The version that knew no countries.
const WITHOUT_PLACES: u8 = 1;
const HEAD: usize = 12;
const DIGEST: usize = 32;

/// Ranges of one family at most; today's Internet has 412,000 and 103,000, and 142,000 and 68,000 of countries.
pub const RANGES: usize = 4_000_000;
/// Systems at most; today's Internet has 91,000.
pub const SYSTEMS: usize = 1_000_000;
/// Countries at most; there are 249 codes, and registries use some that are none.
pub const COUNTRIES: usize = 26 * 26;
/// Bytes of a holder's name at most; the longest today has 169.
pub const HOLDER_BYTES: usize = 240;
/// Bytes of a snapshot at most; today's has 2.6 million.
pub const FILE_BYTES: usize = 32 << 20;
const BODY_BYTES: usize = 96 << 20;
const SOURCE_BYTES: usize = 1024;

/// Why bytes are no snapshot.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// They do not begin like one.
    #[error("this is no snapshot of networks")]
    Foreign,
    /// A later version wrote it.
    #[error("a snapshot of version {0}; this program reads version {VERSION}")]
    Version(u8),
    /// Bytes were lost or changed.
    #[error("the snapshot is damaged: its digest does not match")]
    Damaged,
    /// The digest holds, and the content breaks a rule of the format.
    #[error("the snapshot is not well formed: {0}")]
    Malformed(&'static str),
}

use SnapshotError::Malformed;

/// Reads a file that may be a snapshot, and no more of it than a snapshot has.
///
/// # Errors
/// It cannot be read, or is too large.
pub fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let bound = u64::try_from(FILE_BYTES).unwrap_or(u64::MAX);
    File::open(path)?.take(bound + 1).read_to_end(&mut bytes)?;
    if bytes.len() > FILE_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than any snapshot"));
    }
    Ok(bytes)
}

/// Writes a table.
///
/// # Errors
/// The table is larger than a snapshot may be.
pub fn encode(table: &Table) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    number(&mut body, u64::from(table.date));
    number(&mut body, len(table.source.len()));
    body.extend_from_slice(table.source.as_bytes());
    number(&mut body, len(table.systems.len()));
    let mut before = 0;
    for system in &table.systems {
        number(&mut body, u64::from(system.asn.wrapping_sub(before)));
        before = system.asn;
    }
    body.extend(table.systems.iter().map(|system| byte(system.kind)));
    for system in &table.systems {
        number(&mut body, len(system.holder.len()));
    }
    for system in &table.systems {
        body.extend_from_slice(system.holder.as_bytes());
    }
    write_ranges(&mut body, table.v4.iter().map(widened));
    write_ranges(&mut body, table.v6.iter().copied());
    let Places { countries, v4, v6 } = &table.places;
    number(&mut body, len(countries.len()));
    body.extend(countries.iter().flatten());
    write_ranges(&mut body, v4.iter().map(widened));
    write_ranges(&mut body, v6.iter().copied());

    let too_large = || io::Error::new(io::ErrorKind::FileTooLarge, "more networks than a snapshot holds");
    if body.len() > BODY_BYTES {
        return Err(too_large());
    }
    let mut out = Vec::from(MAGIC);
    out.push(VERSION);
    out.extend_from_slice(&u32::try_from(body.len()).map_err(|_| too_large())?.to_le_bytes());
    let mut deflater = ZlibEncoder::new(out, Compression::best());
    deflater.write_all(&body)?;
    let mut out = deflater.finish()?;
    let digest = Sha256::digest(&out);
    out.extend_from_slice(&digest);
    if out.len() > FILE_BYTES {
        return Err(too_large());
    }
    Ok(out)
}

fn widened(range: &Range<u32>) -> Range<u64> {
    Range {
        first: range.first.into(),
        last: range.last.into(),
        whose: range.whose,
    }
}

fn write_ranges(body: &mut Vec<u8>, ranges: impl ExactSizeIterator<Item = Range<u64>> + Clone) {
    number(body, len(ranges.len()));
    let mut free = 0;
    for range in ranges.clone() {
        number(body, range.first.wrapping_sub(free));
        free = range.last.wrapping_add(1);
    }
    for range in ranges.clone() {
        number(body, range.last - range.first);
    }
    for range in ranges {
        number(body, range.whose.into());
    }
}

/// Reads a table, and says the SHA-256 of the whole snapshot in hexadecimal.
///
/// # Errors
/// The bytes are no snapshot of this version or the one before, or break one of its rules.
pub fn decode(bytes: &[u8]) -> Result<(Table, String), SnapshotError> {
    if bytes.len() < HEAD + DIGEST || bytes.len() > FILE_BYTES || !bytes.starts_with(MAGIC) {
        return Err(SnapshotError::Foreign);
    }
    let version = bytes[MAGIC.len()];
    if !(WITHOUT_PLACES..=VERSION).contains(&version) {
        return Err(SnapshotError::Version(version));
    }
    let (content, digest) = bytes.split_at(bytes.len() - DIGEST);
    if Sha256::digest(content)[..] != *digest {
        return Err(SnapshotError::Damaged);
    }
    let body = inflate(&content[MAGIC.len() + 1..])?;
    let table = table_of(&body, version)?;
    Ok((table, HEXLOWER.encode(&Sha256::digest(bytes))))
}

/// Length and body. A small file that claims to be, or becomes, a large one is stopped at the length it announced.
fn inflate(sized: &[u8]) -> Result<Vec<u8>, SnapshotError> {
    let (length, deflated) = sized.split_first_chunk().ok_or(SnapshotError::Foreign)?;
    let length = u32::from_le_bytes(*length);
    if usize::try_from(length).unwrap_or(usize::MAX) > BODY_BYTES {
        return Err(Malformed("the body is too long"));
    }
    let mut body = Vec::new();
    let read = ZlibDecoder::new(deflated)
        .take(u64::from(length) + 1)
        .read_to_end(&mut body);
    if read.is_err() || len(body.len()) != u64::from(length) {
        return Err(Malformed("the body is not as long as it says"));
    }
    Ok(body)
}

/// The table in a body of a version, which was unpacked and is whole.
pub(crate) fn table_of(body: &[u8], version: u8) -> Result<Table, SnapshotError> {
    let reader = &mut Reader { rest: body };
    let date = u32::try_from(reader.number()?).map_err(|_| Malformed("date"))?;
    let source = reader.text_of(SOURCE_BYTES)?.to_owned();
    let count = reader.count(SYSTEMS)?;
    let mut numbers = Vec::with_capacity(count);
    let mut before = None;
    for _ in 0..count {
        let step = reader.number()?;
        let asn = before.map_or(Some(step), |before: u64| {
            before.checked_add(step).filter(|asn| *asn > before)
        });
        let asn = asn.ok_or(Malformed("numbers of systems out of order"))?;
        numbers.push(u32::try_from(asn).map_err(|_| Malformed("number of a system"))?);
        before = Some(asn);
    }
    let kinds = reader.bytes(count)?;
    let mut lengths = Vec::with_capacity(count);
    for _ in 0..count {
        lengths.push(reader.count(HOLDER_BYTES)?);
    }
    let mut systems = Vec::with_capacity(count);
    for ((asn, code), length) in numbers.into_iter().zip(kinds).zip(lengths) {
        let kind = kind(*code).ok_or(Malformed("kind of a system"))?;
        let holder = reader.text(length)?.into();
        systems.push(System { asn, holder, kind });
    }
    let v4 = read_ranges(reader, count, |key| u32::try_from(key).ok())?;
    let v6 = read_ranges(reader, count, Some)?;
    let places = if version == WITHOUT_PLACES {
        Places::default()
    } else {
        read_places(reader)?
    };
    if !reader.rest.is_empty() {
        return Err(Malformed("something follows the table"));
    }
    Ok(Table {
        date,
        source,
        systems,
        v4,
        v6,
        places,
    })
}

fn read_places(reader: &mut Reader<'_>) -> Result<Places, SnapshotError> {
    let count = reader.count(COUNTRIES)?;
    let mut countries = Vec::with_capacity(count);
    for _ in 0..count {
        let code = [reader.bytes(1)?[0], reader.bytes(1)?[0]];
        let in_order = countries.last().is_none_or(|before| *before < code);
        if !in_order || !code.iter().all(u8::is_ascii_uppercase) {
            return Err(Malformed("a country"));
        }
        countries.push(code);
    }
    let v4 = read_ranges(reader, count, |key| u32::try_from(key).ok())?;
    let v6 = read_ranges(reader, count, Some)?;
    Ok(Places { countries, v4, v6 })
}

fn read_ranges<K>(
    reader: &mut Reader<'_>,
    owners: usize,
    key: impl Fn(u64) -> Option<K>,
) -> Result<Vec<Range<K>>, SnapshotError> {
    let count = reader.count(RANGES)?;
    let mut column = || (0..count).map(|_| reader.number()).collect::<Result<Vec<u64>, _>>();
    let (gaps, sizes, indexes) = (column()?, column()?, column()?);
    let mut ranges = Vec::with_capacity(count);
    let mut free = Some(0_u64);
    for ((gap, size), whose) in gaps.into_iter().zip(sizes).zip(indexes) {
        let bounds = || {
            let first = free?.checked_add(gap)?;
            Some((first, first.checked_add(size)?))
        };
        let (first, last) = bounds().ok_or(Malformed("a range beyond the last address"))?;
        free = last.checked_add(1);
        let ends = key(first).zip(key(last));
        let (first, last) = ends.ok_or(Malformed("a range beyond the last address"))?;
        let whose = u32::try_from(whose)
            .ok()
            .filter(|index| len(owners) > u64::from(*index));
        let whose = whose.ok_or(Malformed("a range of nobody"))?;
        ranges.push(Range { first, last, whose });
    }
    Ok(ranges)
}

/// What is left to read.
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn bytes(&mut self, count: usize) -> Result<&'a [u8], SnapshotError> {
        let (taken, rest) = self
            .rest
            .split_at_checked(count)
            .ok_or(Malformed("it ends too early"))?;
        self.rest = rest;
        Ok(taken)
    }

    /// A LEB128 number in its shortest form.
    fn number(&mut self) -> Result<u64, SnapshotError> {
        let mut value = 0_u64;
        for place in 0..10 {
            let byte = self.bytes(1)?[0];
            let bits = u64::from(byte & 0x7f);
            let shifted = bits << (7 * place);
            if shifted >> (7 * place) != bits || (byte == 0 && place > 0) {
                return Err(Malformed("a number"));
            }
            value |= shifted;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Malformed("a number"))
    }

    /// A number of things that follow, each of at least one byte: neither more than allowed nor than there is.
    fn count(&mut self, most: usize) -> Result<usize, SnapshotError> {
        let count = usize::try_from(self.number()?).ok();
        let fits = count.filter(|count| *count <= most && *count <= self.rest.len());
        fits.ok_or(Malformed("a count"))
    }

    fn text_of(&mut self, most: usize) -> Result<&'a str, SnapshotError> {
        let length = self.count(most)?;
        self.text(length)
    }

    fn text(&mut self, length: usize) -> Result<&'a str, SnapshotError> {
        let text = std::str::from_utf8(self.bytes(length)?).map_err(|_| Malformed("a text is not UTF-8"))?;
        if text.chars().any(char::is_control) {
            return Err(Malformed("a text holds a control character"));
        }
        Ok(text)
    }
}

fn number(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn len(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

fn byte(kind: Kind) -> u8 {
    match kind {
        Kind::Unknown => 0,
        Kind::Hosting => 1,
        Kind::Access => 2,
        Kind::Other => 3,
    }
}

fn kind(byte: u8) -> Option<Kind> {
    [Kind::Unknown, Kind::Hosting, Kind::Access, Kind::Other]
        .into_iter()
        .find(|kind| self::byte(*kind) == byte)
}
