//! The invented networks that a drill comes from, and who is said to hold them.
//!
//! Every range is reserved: documentation (RFC 5737, RFC 3849), benchmarking (RFC 2544), shared address space
//! (RFC 6598). Every holder is invented, every origin number is reserved for documentation (RFC 5398).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What kind of line a range serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One household an address, or a /64.
    Home,
    /// A carrier's NAT: hundreds of people behind one address.
    Carrier,
    /// One shared line, such as a school's wireless network.
    Shared,
    /// Rented servers.
    Hosting,
}

/// One range of the invented table.
#[derive(Clone, Copy, Debug)]
pub struct Network {
    /// First address of the range.
    pub base: IpAddr,
    /// Length of the prefix, in bits.
    pub prefix: u8,
    /// Invented registered holder.
    pub holder: &'static str,
    /// Origin number, from those reserved for documentation.
    pub origin: u32,
    /// What the range serves.
    pub kind: Kind,
    /// Where its registry puts it: letters of ISO 3166 that no country has.
    pub country: &'static str,
}

/// Where people are at home, and where some of a crowd come from.
const HOME: &str = "QM";
const ABROAD: &str = "QN";

const fn v4(a: u8, b: u8, c: u8, prefix: u8, holder: &'static str, origin: u32, kind: Kind) -> Network {
    Network {
        country: HOME,
        base: IpAddr::V4(Ipv4Addr::new(a, b, c, 0)),
        prefix,
        holder,
        origin,
        kind,
    }
}

/// The whole table.
pub const TABLE: &[Network] = &[
    v4(198, 18, 0, 17, "Example Fibre", 64496, Kind::Home),
    v4(198, 18, 128, 17, "Specimen Cable", 64497, Kind::Home),
    Network {
        base: IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0x1000, 0, 0, 0, 0, 0)),
        prefix: 36,
        holder: "Example Fibre",
        origin: 64496,
        kind: Kind::Home,
        country: HOME,
    },
    v4(100, 64, 0, 24, "Placeholder Mobile", 64498, Kind::Carrier),
    v4(198, 19, 7, 24, "Invented School Network", 64499, Kind::Shared),
    v4(198, 51, 100, 24, "Sample Hosting One", 64500, Kind::Hosting),
    v4(203, 0, 113, 24, "Sample Hosting Two", 64501, Kind::Hosting),
    v4(192, 0, 2, 24, "Sample Hosting Three", 64502, Kind::Hosting),
    v4(100, 80, 0, 16, "Sample Hosting Four", 64503, Kind::Hosting),
    v4(100, 81, 0, 16, "Sample Hosting Five", 64504, Kind::Hosting),
    v4(100, 82, 0, 16, "Sample Hosting Six", 64505, Kind::Hosting),
    v4(100, 96, 0, 16, "Pretend Broadband", 64506, Kind::Home),
    v4(100, 97, 0, 16, "Mock Wireless", 64507, Kind::Home),
    Network {
        country: ABROAD,
        ..v4(100, 98, 0, 16, "Imaginary Telecom", 64508, Kind::Home)
    },
];

/// Where drawn campaigns have their addresses: more ground than any of them uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// Rented servers.
    Rented,
    /// Lines like those of homes.
    Homes,
    /// The same in another country.
    Abroad,
    /// Announced by somebody whom no table knows.
    Unlisted,
}

impl Ground {
    /// How many networks of 256 prefixes there are.
    #[must_use]
    pub fn networks(self) -> u8 {
        match self {
            Self::Rented => 3,
            Self::Homes => 2,
            Self::Abroad => 1,
            Self::Unlisted => 16,
        }
    }

    /// An address in a /24 of one of the networks, which are counted round and round.
    #[must_use]
    pub fn address(self, network: u8, prefix: u8, host: u8) -> Ipv4Addr {
        let first = match self {
            Self::Rented => 80,
            Self::Homes => 96,
            Self::Abroad => 98,
            Self::Unlisted => 112,
        };
        Ipv4Addr::new(100, first + network % self.networks(), prefix, host)
    }
}

/// Where the auditor's own requests come from: outside every range above, so that it shares nobody's budget.
pub(crate) const AUDITOR: Ipv4Addr = Ipv4Addr::new(198, 19, 255, 1);

impl Network {
    /// Whether the address lies in this range.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.base, address) {
            (IpAddr::V4(base), IpAddr::V4(other)) => {
                (base.to_bits() ^ other.to_bits()).leading_zeros() >= u32::from(self.prefix)
            }
            (IpAddr::V6(base), IpAddr::V6(other)) => {
                (base.to_bits() ^ other.to_bits()).leading_zeros() >= u32::from(self.prefix)
            }
            _ => false,
        }
    }
}

/// The range that an address belongs to, if it is one of the drill's.
#[must_use]
pub fn lookup(address: IpAddr) -> Option<&'static Network> {
    TABLE.iter().find(|network| network.contains(address))
}

/// The `index`-th of the 218 rented servers: 73 in each of the first two hosting ranges, 72 in the third.
#[must_use]
pub fn hosting_address(index: usize) -> Ipv4Addr {
    let index = index % HOSTING_ADDRESSES;
    let last = u8::try_from(10 + index / 3).unwrap_or(u8::MAX);
    match index % 3 {
        0 => Ipv4Addr::new(198, 51, 100, last),
        1 => Ipv4Addr::new(203, 0, 113, last),
        _ => Ipv4Addr::new(192, 0, 2, last),
    }
}

/// A carrier's address with a thousand people behind it.
pub const SHARED: Ipv4Addr = Ipv4Addr::new(100, 64, 0, 200);

/// How many addresses take part in `flood-4000`.
pub const FLOOD_ADDRESSES: u32 = 4000;

/// One of the 4,000: nobody knows who announces them.
#[must_use]
pub fn flood_address(index: u32) -> Ipv4Addr {
    let first = Ipv4Addr::new(198, 19, 16, 0).to_bits();
    Ipv4Addr::from_bits(first + index % FLOOD_ADDRESSES)
}

/// One of the /64 of `ipv6-rotation`, each in another /48 than the one before, over 8,192 of them.
#[must_use]
pub fn rotating_address(index: u32) -> Ipv6Addr {
    let (network, within) = (u64::from(index % 8192), u64::from(index / 8192) & 0xffff);
    let upper = 0x2001_0db8_e000_0000_u64 + (network << 16) + within;
    Ipv6Addr::from_bits(u128::from(upper) << 64 | 1)
}

/// How many rented servers take part in `lockstep-218`.
pub const HOSTING_ADDRESSES: usize = 218;
