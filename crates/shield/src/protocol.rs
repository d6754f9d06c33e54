//! What server and helper say to each other. One request a connection or many, one after another; each is answered.
//!
//! ```text
//! request   "PSH" version(1) operation(1) count(2)  then count entries
//! answer    "PSH" version(1) status(1) done(4) refused(4) count(4)  then count entries
//! entry     family(1: 4 or 6) length(1: 32, 24, 64, 48) address(16, IPv4 in the first 4, rest zero) seconds(4)
//! ```
//!
//! Numbers are big-endian. Everything has a fixed size, so that a reader knows what to expect before it reads it: at most
//! 1,024 entries in a request, 65,536 in an answer. There is no text, no option and nothing else to say.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::net::Net;

/// The version of this page.
pub const VERSION: u8 = 1;
/// Entries in a request at most.
pub const BATCH: usize = 1024;
/// Bans held at most, in all; also the size of each set in the kernel.
pub const BANS: usize = 65_536;
/// The longest ban, seconds: a week.
pub const SECONDS: u32 = 7 * 86_400;

const MAGIC: &[u8; 3] = b"PSH";
const HEAD: usize = 7;
const ENTRY: usize = 22;

/// A ban and how long it lasts from now, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ban {
    /// What is banned.
    pub net: Net,
    /// From 1 to [`SECONDS`].
    pub seconds: u32,
}

/// What the server asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// These, from now on and for so long; what is banned already gets the new time.
    Add(Vec<Ban>),
    /// These no longer; what is not banned is no error.
    Delete(Vec<Net>),
    /// Nothing any longer.
    Flush,
    /// Which are there?
    List,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Done, but for what was refused.
    Done,
    /// The request could not be read; the connection ends.
    Malformed,
    /// There is no room for as many; none was added.
    Full,
    /// The packet filter said no; nothing was changed.
    Failed,
    /// The user at the other end is not the one this program serves; nothing was read.
    NotYou,
}

/// The answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What became of it.
    pub status: Status,
    /// How many entries were carried out.
    pub done: u32,
    /// How many were refused because they hold a protected address.
    pub refused: u32,
    /// To [`Request::List`]: which are there, with the seconds that are left.
    pub bans: Vec<Ban>,
}

impl Answer {
    /// An answer without numbers.
    #[must_use]
    pub fn of(status: Status) -> Self {
        Self {
            status,
            done: 0,
            refused: 0,
            bans: Vec::new(),
        }
    }
}

/// Why there is nothing to act on.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The other end is gone, or too slow.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// What came is not of this protocol.
    #[error("not of version {VERSION} of this protocol")]
    Malformed,
}

use ReadError::Malformed;

impl Request {
    /// Reads one. `None` at the end of the connection.
    ///
    /// # Errors
    /// What comes is something else.
    pub fn read(from: &mut impl Read) -> Result<Option<Self>, ReadError> {
        let mut head = [0; HEAD];
        if from.read(&mut head[..1])? == 0 {
            return Ok(None);
        }
        from.read_exact(&mut head[1..])?;
        if !head.starts_with(MAGIC) || head[3] != VERSION {
            return Err(Malformed);
        }
        let count = usize::from(u16::from_be_bytes([head[5], head[6]]));
        if count > BATCH {
            return Err(Malformed);
        }
        match head[4] {
            1 => {
                let bans = entries(from, count)?;
                let bans = bans.into_iter().map(|(net, seconds)| ban(net, seconds));
                bans.collect::<Option<_>>().map(Self::Add).map(Some).ok_or(Malformed)
            }
            2 => {
                let nets = entries(from, count)?;
                let nets = nets.into_iter().map(|(net, seconds)| (seconds == 0).then_some(net));
                nets.collect::<Option<_>>().map(Self::Delete).map(Some).ok_or(Malformed)
            }
            3 if count == 0 => Ok(Some(Self::Flush)),
            4 if count == 0 => Ok(Some(Self::List)),
            _ => Err(Malformed),
        }
    }

    /// Writes it. Of entries beyond [`BATCH`] nothing is sent: split them before.
    ///
    /// # Errors
    /// The other end is gone, or too slow.
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let (operation, entries): (u8, Vec<(Net, u32)>) = match self {
            Self::Add(bans) => (1, bans.iter().map(|ban| (ban.net, ban.seconds)).collect()),
            Self::Delete(nets) => (2, nets.iter().map(|net| (*net, 0)).collect()),
            Self::Flush => (3, Vec::new()),
            Self::List => (4, Vec::new()),
        };
        let entries = &entries[..entries.len().min(BATCH)];
        let mut out = Vec::with_capacity(HEAD + ENTRY * entries.len());
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&[VERSION, operation]);
        out.extend_from_slice(&u16::try_from(entries.len()).unwrap_or(0).to_be_bytes());
        entries.iter().for_each(|entry| write_entry(&mut out, *entry));
        to.write_all(&out)?;
        to.flush()
    }
}

impl Answer {
    /// Reads one.
    ///
    /// # Errors
    /// What comes is something else.
    pub fn read(from: &mut impl Read) -> Result<Self, ReadError> {
        let mut head = [0; 17];
        from.read_exact(&mut head)?;
        let [m0, m1, m2, version, status, rest @ ..] = head;
        let status = [
            Status::Done,
            Status::Malformed,
            Status::Full,
            Status::Failed,
            Status::NotYou,
        ]
        .into_iter()
        .find(|known| code(*known) == status);
        let (Some(status), true) = (status, [m0, m1, m2] == *MAGIC && version == VERSION) else {
            return Err(Malformed);
        };
        let [d0, d1, d2, d3, r0, r1, r2, r3, c0, c1, c2, c3] = rest;
        let count = usize::try_from(u32::from_be_bytes([c0, c1, c2, c3])).unwrap_or(usize::MAX);
        if count > BANS {
            return Err(Malformed);
        }
        let bans = entries(from, count)?
            .into_iter()
            .map(|(net, seconds)| ban(net, seconds));
        Ok(Self {
            status,
            done: u32::from_be_bytes([d0, d1, d2, d3]),
            refused: u32::from_be_bytes([r0, r1, r2, r3]),
            bans: bans.collect::<Option<_>>().ok_or(Malformed)?,
        })
    }

    /// Writes it.
    ///
    /// # Errors
    /// The other end is gone, or too slow.
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let bans = &self.bans[..self.bans.len().min(BANS)];
        let mut out = Vec::with_capacity(17 + ENTRY * bans.len());
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&[VERSION, code(self.status)]);
        out.extend_from_slice(&self.done.to_be_bytes());
        out.extend_from_slice(&self.refused.to_be_bytes());
        out.extend_from_slice(&u32::try_from(bans.len()).unwrap_or(0).to_be_bytes());
        bans.iter()
            .for_each(|ban| write_entry(&mut out, (ban.net, ban.seconds)));
        to.write_all(&out)?;
        to.flush()
    }
}

fn code(status: Status) -> u8 {
    match status {
        Status::Done => 0,
        Status::Malformed => 1,
        Status::Full => 2,
        Status::Failed => 3,
        Status::NotYou => 4,
    }
}

fn ban(net: Net, seconds: u32) -> Option<Ban> {
    (1..=SECONDS).contains(&seconds).then_some(Ban { net, seconds })
}

fn entries(from: &mut impl Read, count: usize) -> Result<Vec<(Net, u32)>, ReadError> {
    let mut bytes = vec![0; ENTRY * count];
    from.read_exact(&mut bytes)?;
    let entries = bytes.as_chunks().0.iter().map(read_entry);
    entries.collect::<Option<_>>().ok_or(Malformed)
}

fn read_entry(bytes: &[u8; ENTRY]) -> Option<(Net, u32)> {
    let (&[family, len], rest) = bytes.split_first_chunk()?;
    let (&address, seconds) = rest.split_first_chunk::<16>()?;
    let seconds = u32::from_be_bytes(seconds.try_into().ok()?);
    let address: IpAddr = match family {
        4 => {
            let (&octets, zeros) = address.split_first_chunk::<4>()?;
            if zeros.iter().any(|byte| *byte != 0) {
                return None;
            }
            Ipv4Addr::from(octets).into()
        }
        6 => Ipv6Addr::from(address).into(),
        _ => return None,
    };
    Some((Net::new(address, len)?, seconds))
}

fn write_entry(out: &mut Vec<u8>, (net, seconds): (Net, u32)) {
    let mut address = [0; 16];
    let family = match net.base() {
        IpAddr::V4(base) => {
            address[..4].copy_from_slice(&base.octets());
            4
        }
        IpAddr::V6(base) => {
            address = base.octets();
            6
        }
    };
    out.extend_from_slice(&[family, net.prefix()]);
    out.extend_from_slice(&address);
    out.extend_from_slice(&seconds.to_be_bytes());
}
