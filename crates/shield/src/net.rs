//! What may be banned: an IPv4 address or its /24, an IPv6 /64 or its /48. Nothing wider can be said.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A prefix of one of the four lengths, host bits zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Net {
    /// One IPv4 address.
    Host4(Ipv4Addr),
    /// An IPv4 /24.
    Wide4(Ipv4Addr),
    /// An IPv6 /64: one subscriber.
    Host6(Ipv6Addr),
    /// An IPv6 /48: one site.
    Wide6(Ipv6Addr),
}

impl Net {
    /// The narrowest that holds this address: itself, or its /64.
    #[must_use]
    pub fn narrow(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::Host4(address),
            IpAddr::V6(address) => Self::Host6(trunc6(address, 64)),
        }
    }

    /// The wider one: its /24, or its /48.
    #[must_use]
    pub fn wide(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::Wide4(trunc4(address, 24)),
            IpAddr::V6(address) => Self::Wide6(trunc6(address, 48)),
        }
    }

    /// The prefix of this length, if it is one of the four and its host bits are zero.
    #[must_use]
    pub fn new(address: IpAddr, len: u8) -> Option<Self> {
        let net = match (address, len) {
            (IpAddr::V4(address), 32) => Self::Host4(address),
            (IpAddr::V4(address), 24) => Self::Wide4(address),
            (IpAddr::V6(address), 64) => Self::Host6(address),
            (IpAddr::V6(address), 48) => Self::Wide6(address),
            _ => return None,
        };
        // A mapped address is an IPv4 one in disguise: the packet filter would never see it.
        let is_mapped = matches!(address, IpAddr::V6(address) if address.to_ipv4_mapped().is_some());
        (!is_mapped && net.base() == trunc(address, len)).then_some(net)
    }

    /// First address.
    #[must_use]
    pub fn base(self) -> IpAddr {
        match self {
            Self::Host4(address) | Self::Wide4(address) => address.into(),
            Self::Host6(address) | Self::Wide6(address) => address.into(),
        }
    }

    /// Length of the prefix, in bits.
    #[must_use]
    pub fn prefix(self) -> u8 {
        match self {
            Self::Host4(_) => 32,
            Self::Wide4(_) => 24,
            Self::Host6(_) => 64,
            Self::Wide6(_) => 48,
        }
    }

    /// Whether the address lies in it.
    #[must_use]
    pub fn contains(self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.base().is_ipv4() == address.is_ipv4() && trunc(address, self.prefix()) == self.base()
    }
}

impl fmt::Display for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base(), self.prefix())
    }
}

/// The address without what lies behind its first `len` bits.
#[must_use]
pub fn trunc(address: IpAddr, len: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => trunc4(address, len).into(),
        IpAddr::V6(address) => trunc6(address, len).into(),
    }
}

fn trunc4(address: Ipv4Addr, len: u8) -> Ipv4Addr {
    let host = 32_u32.saturating_sub(len.into());
    Ipv4Addr::from_bits(address.to_bits() & u32::MAX.checked_shl(host).unwrap_or(0))
}

fn trunc6(address: Ipv6Addr, len: u8) -> Ipv6Addr {
    let host = 128_u32.saturating_sub(len.into());
    Ipv6Addr::from_bits(address.to_bits() & u128::MAX.checked_shl(host).unwrap_or(0))
}
