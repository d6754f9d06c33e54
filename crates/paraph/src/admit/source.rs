//! Where a request comes from: an address, a port, and on whose word.

use std::hash::{Hash, Hasher};
use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use ipnet::IpNet;

use super::forwarded::{last_forwarded, last_listed};

/// On whose word an address is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Via {
    /// The address is the other end of our own connection.
    Direct,
    /// This trusted proxy named the address, in a PROXY header, `Forwarded` or `X-Forwarded-For`.
    Forwarded(IpAddr),
}

/// An address and port. The port matters as much as the address: behind a carrier's NAT the access provider can only
/// tell its customers apart by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Source {
    /// IPv4 addresses are always [`IpAddr::V4`], also when they came in as `::ffff:a.b.c.d`.
    pub addr: IpAddr,
    /// 0 when the proxy that named the address did not name a port.
    pub port: u16,
    /// On whose word.
    pub via: Via,
}

/// A network prefix as a key for budgets and caps. Bits beyond the prefix are zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefix {
    /// The first `len` bits of an IPv4 address.
    V4 {
        /// Network bits, the rest zero.
        bits: u32,
        /// Length of the prefix.
        len: u8,
    },
    /// The first `len` bits of an IPv6 address, at most 64: what follows is the host's own choice.
    V6 {
        /// Network bits of the upper half, the rest zero.
        bits: u64,
        /// Length of the prefix.
        len: u8,
    },
}

/// In one piece, as many as a dozen times for a request: in the pieces that the compiler would make of it, hashing costs thrice
/// as much. The two kinds differ in length.
impl Hash for Prefix {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match *self {
            Self::V4 { bits, len } => state.write_u64(u64::from(bits) << 8 | u64::from(len)),
            Self::V6 { bits, len } => state.write_u128(u128::from(bits) << 8 | u128::from(len)),
        }
    }
}

impl Source {
    /// The other end of a connection of ours.
    #[must_use]
    pub fn direct(peer: SocketAddr) -> Self {
        Self {
            addr: peer.ip().to_canonical(),
            port: peer.port(),
            via: Via::Direct,
        }
    }

    /// An address that the trusted proxy `by` named.
    #[must_use]
    pub fn forwarded(client: SocketAddr, by: IpAddr) -> Self {
        Self {
            addr: client.ip().to_canonical(),
            port: client.port(),
            via: Via::Forwarded(by.to_canonical()),
        }
    }

    /// One subscriber as far as addresses can tell: an IPv4 address, or an IPv6 /64.
    #[must_use]
    pub fn narrow(&self) -> Prefix {
        prefix(self.addr, 32, 64)
    }

    /// What one home is given of IPv6: a /56. Nothing for IPv4, where a home has one address.
    #[must_use]
    pub fn site(&self) -> Option<Prefix> {
        self.addr.is_ipv6().then(|| prefix(self.addr, 32, 56))
    }

    /// One site or small network: an IPv4 /24, or an IPv6 /48.
    #[must_use]
    pub fn wide(&self) -> Prefix {
        prefix(self.addr, 24, 48)
    }
}

fn prefix(addr: IpAddr, v4: u8, v6: u8) -> Prefix {
    match addr {
        IpAddr::V4(addr) => Prefix::V4 {
            bits: addr.to_bits() & (u32::MAX << (32 - v4)),
            len: v4,
        },
        IpAddr::V6(addr) => {
            let upper = u64::try_from(addr.to_bits() >> 64).unwrap_or_default();
            Prefix::V6 {
                bits: upper & (u64::MAX << (64 - v6)),
                len: v6,
            }
        }
    }
}

impl Prefix {
    /// A fixed-size encoding, the same for the same prefix and for no other: family, length, bits.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 10] {
        let (family, len, bits) = match self {
            Self::V4 { bits, len } => (4, len, u64::from(bits)),
            Self::V6 { bits, len } => (6, len, bits),
        };
        let mut out = [0; 10];
        out[0] = family;
        out[1] = len;
        out[2..].copy_from_slice(&bits.to_be_bytes());
        out
    }
}

/// The proxies whose word is believed (`listen.trusted_proxies`).
#[derive(Clone, Debug, Default)]
pub struct Trusted {
    networks: Vec<IpNet>,
    hops: usize,
}

impl Trusted {
    /// Believes these networks, along chains of at most `hops` proxies (`limits.forwarded_hops`).
    #[must_use]
    pub fn new(networks: Vec<IpNet>, hops: u64) -> Self {
        Self {
            networks,
            hops: usize::try_from(hops).unwrap_or(usize::MAX),
        }
    }

    /// Whether this address is one of ours.
    #[must_use]
    pub fn contains(&self, addr: IpAddr) -> bool {
        let addr = addr.to_canonical();
        self.networks.iter().any(|network| network.contains(&addr))
    }

    /// Who sent a request that `peer` handed us: the rightmost hop that is not a trusted proxy.
    ///
    /// Each proxy appends on the right, so only what stands right of an untrusted hop was written by a trusted one;
    /// everything left of it is the client's own invention and is not even parsed. What is malformed, too long, or told
    /// differently by the two headers (a proxy that writes one often passes the client's other on) makes nobody
    /// someone else: the peer itself then answers for the request.
    #[must_use]
    pub fn resolve(&self, peer: Source, headers: &HeaderMap) -> Source {
        if self.networks.is_empty() || !self.contains(peer.addr) {
            return peer;
        }
        let standard = self.walk(headers, "forwarded", last_forwarded);
        let customary = self.walk(headers, "x-forwarded-for", last_listed);
        let client = match (standard, customary) {
            (Hop::Absent, other) | (other, Hop::Absent) => other,
            (Hop::Client(a), Hop::Client(b)) if a.ip() == b.ip() => Hop::Client(if a.port() == 0 { b } else { a }),
            _ => Hop::Unclear,
        };
        match client {
            Hop::Client(client) => Source::forwarded(client, peer.addr),
            Hop::Absent | Hop::Unclear => peer,
        }
    }

    /// Walks one header from the right, past trusted hops.
    fn walk(&self, headers: &HeaderMap, name: &str, last: fn(&mut &[u8]) -> Option<Option<SocketAddr>>) -> Hop {
        let mut lines: Vec<&[u8]> = headers.get_all(name).iter().map(http::HeaderValue::as_bytes).collect();
        lines.reverse();
        let hops = lines
            .into_iter()
            .flat_map(|mut line| std::iter::from_fn(move || last(&mut line)));
        let mut found = Hop::Absent;
        for (index, hop) in hops.enumerate() {
            let Some(hop) = hop.filter(|_| index < self.hops) else {
                return Hop::Unclear;
            };
            found = Hop::Client(hop);
            if !self.contains(hop.ip()) {
                break;
            }
        }
        found
    }
}

/// What one header says.
#[derive(Clone, Copy)]
enum Hop {
    Absent,
    Client(SocketAddr),
    Unclear,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn trusted() -> Trusted {
        Trusted::new(
            vec![
                "192.0.2.0/24".parse().expect("net"),
                "2001:db8:ffff::/48".parse().expect("net"),
            ],
            4,
        )
    }

    fn peer(addr: &str) -> Source {
        Source::direct(SocketAddr::new(addr.parse().expect("address"), 4000))
    }

    fn check(peer_addr: &str, lines: &[(&'static str, &str)], expect: &str) {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().expect("header"));
        }
        let source = trusted().resolve(peer(peer_addr), &headers);
        assert_eq!(format!("{} {}", source.addr, source.port), expect, "{lines:?}");
        assert_eq!(
            source.via == Via::Direct,
            source.addr == peer_addr.parse::<IpAddr>().expect("address")
        );
    }

    #[test]
    fn only_a_trusted_peer_is_believed_and_only_its_own_words() {
        check(
            "203.0.113.9",
            &[("x-forwarded-for", "198.51.100.1")],
            "203.0.113.9 4000",
        );
        check("192.0.2.1", &[("x-forwarded-for", "198.51.100.1")], "198.51.100.1 0");
        check(
            "192.0.2.1",
            &[("x-forwarded-for", "10.0.0.1, 198.51.100.1, 192.0.2.7")],
            "198.51.100.1 0",
        );
        check(
            "192.0.2.1",
            &[("x-forwarded-for", "junk, 198.51.100.1:77")],
            "198.51.100.1 77",
        );
        check(
            "192.0.2.1",
            &[("x-forwarded-for", "198.51.100.1"), ("x-forwarded-for", "203.0.113.5")],
            "203.0.113.5 0",
        );
        check(
            "192.0.2.1",
            &[("x-forwarded-for", "::ffff:198.51.100.1")],
            "198.51.100.1 0",
        );
        check("192.0.2.1", &[("x-forwarded-for", "")], "192.0.2.1 4000");
    }

    #[test]
    fn forwarded_of_rfc_7239() {
        check(
            "192.0.2.1",
            &[("forwarded", r#"for="[2001:db8:cafe::17]:4711";proto=https"#)],
            "2001:db8:cafe::17 4711",
        );
        check(
            "192.0.2.1",
            &[("forwarded", "for=198.51.100.1;by=192.0.2.1, for=192.0.2.9")],
            "198.51.100.1 0",
        );
        check(
            "192.0.2.1",
            &[("forwarded", r#"for="open, for=198.51.100.1"#)],
            "198.51.100.1 0",
        );
        // A proxy may keep the port to itself, as it may write the parameter's name in any case.
        check(
            "192.0.2.1",
            &[("forwarded", "FOR=\"198.51.100.1:_p0-rt\"")],
            "198.51.100.1 0",
        );
        check(
            "192.0.2.1",
            &[("forwarded", "for=\"[2001:db8::1]:_x\"")],
            "2001:db8::1 0",
        );
        for unclear in [
            "for=198.51.100.1:_",
            "for=\"198.51.100.1:_a b\"",
            "for=\"\\198.51.100.1\"",
            "for = 198.51.100.1",
            "for=unknown",
            "for=_hidden",
            "by=192.0.2.1",
            "for=198.51.100.1;for=198.51.100.2",
            "for",
            "for=\"",
        ] {
            check("192.0.2.1", &[("forwarded", unclear)], "192.0.2.1 4000");
        }
    }

    /// A value that a client chose, as its Host, stands quoted in what the proxy writes: it ends where the quotes do.
    #[test]
    fn what_stands_in_a_quoted_value_is_no_hop() {
        for (value, expect) in [
            (
                r#"for=198.51.100.1;host="x,for=203.0.113.66;a=";proto=https"#,
                "198.51.100.1 0",
            ),
            (
                r#"for=198.51.100.1;host="x\",for=203.0.113.66;a=\"";proto=https"#,
                "198.51.100.1 0",
            ),
            (r#"for=198.51.100.1;host="a;b""#, "198.51.100.1 0"),
            (r#"for=198.51.100.1;host="a,b""#, "198.51.100.1 0"),
            (r#"for=203.0.113.66, for=198.51.100.1;host="a\\""#, "198.51.100.1 0"),
            (r#"host=example.org:8080;for="198.51.100.1:99""#, "198.51.100.1 99"),
            // Not all of a token, not all of a quoted string, or one that never began.
            (r#"for=198.51.100.1;host=a"b""#, "192.0.2.1 4000"),
            (r#"for=198.51.100.1;host="a"b"#, "192.0.2.1 4000"),
            (r#"for=198.51.100.1;host=a""#, "192.0.2.1 4000"),
            (r#"for=198.51.100.1;host="a\""#, "192.0.2.1 4000"),
            ("for=198.51.100.1 for=203.0.113.66", "192.0.2.1 4000"),
            ("for=198.51.100.1;host=", "192.0.2.1 4000"),
            ("for=198.51.100.1;=x", "192.0.2.1 4000"),
        ] {
            check("192.0.2.1", &[("forwarded", value)], expect);
        }
    }

    /// Lists may have empty elements (RFC 9110, section 5.6.1), and an element of `Forwarded` empty pairs.
    #[test]
    fn what_is_empty_is_nothing_at_all() {
        for value in [
            "for=198.51.100.1;",
            ";for=198.51.100.1",
            "for=198.51.100.1, ",
            "for=198.51.100.1 ;, ,;,",
        ] {
            check("192.0.2.1", &[("forwarded", value)], "198.51.100.1 0");
        }
        for value in ["198.51.100.1,", "198.51.100.1 , ,,192.0.2.9,"] {
            check("192.0.2.1", &[("x-forwarded-for", value)], "198.51.100.1 0");
        }
        for name in ["forwarded", "x-forwarded-for"] {
            check("192.0.2.1", &[(name, " , ,")], "192.0.2.1 4000");
        }
        check("192.0.2.1", &[("forwarded", ";")], "192.0.2.1 4000");
        check(
            "192.0.2.1",
            &[("forwarded", "for=198.51.100.1"), ("forwarded", "")],
            "198.51.100.1 0",
        );
    }

    #[test]
    fn two_headers_that_disagree_make_nobody_someone_else() {
        let real = ("x-forwarded-for", "198.51.100.1");
        check(
            "192.0.2.1",
            &[("forwarded", "for=203.0.113.66"), real],
            "192.0.2.1 4000",
        );
        check("192.0.2.1", &[("forwarded", "for=_x"), real], "192.0.2.1 4000");
        check(
            "192.0.2.1",
            &[("forwarded", "for=\"198.51.100.1:9\""), real],
            "198.51.100.1 9",
        );
    }

    #[test]
    fn a_chain_longer_than_the_bound_is_not_walked() {
        check(
            "192.0.2.1",
            &[("x-forwarded-for", "198.51.100.1,192.0.2.2,192.0.2.3,192.0.2.4")],
            "198.51.100.1 0",
        );
        let longer = "198.51.100.1,192.0.2.2,192.0.2.3,192.0.2.4,192.0.2.5";
        check("192.0.2.1", &[("x-forwarded-for", longer)], "192.0.2.1 4000");
    }

    #[test]
    fn prefixes_group_subscribers_and_sites() {
        assert_eq!(peer("203.0.113.9").wide(), peer("203.0.113.200").wide());
        assert_ne!(peer("203.0.113.9").narrow(), peer("203.0.113.200").narrow());
        assert_eq!(peer("2001:db8:1:2::3").narrow(), peer("2001:db8:1:2:ffff::").narrow());
        assert_ne!(peer("2001:db8:1:2::3").narrow(), peer("2001:db8:1:3::3").narrow());
        assert_eq!(peer("2001:db8:1:2::3").wide(), peer("2001:db8:1:ffff::").wide());
        assert_eq!(peer("2001:db8:1:2::3").site(), peer("2001:db8:1:ff::").site());
        assert_ne!(peer("2001:db8:1:2::3").site(), peer("2001:db8:1:100::").site());
        assert_eq!(peer("203.0.113.9").site(), None);
        assert_eq!(peer("::ffff:203.0.113.9").narrow(), peer("203.0.113.9").narrow());
    }

    /// An address as proxies write it: with or without a port, in the one header or the other.
    fn written(addr: IpAddr, port: u16, rfc_7239: bool) -> String {
        let node = match (addr, port) {
            (IpAddr::V4(addr), 0) => addr.to_string(),
            (IpAddr::V4(addr), port) => format!("{addr}:{port}"),
            (IpAddr::V6(addr), 0) => format!("[{addr}]"),
            (IpAddr::V6(addr), port) => format!("[{addr}]:{port}"),
        };
        if rfc_7239 {
            format!("proto=https;for=\"{node}\";by=_us")
        } else {
            node
        }
    }

    proptest! {
        #[test]
        fn any_header_names_at_most_one_untrusted_client(value in "[ -~]{0,60}", name in "(forwarded|x-forwarded-for)") {
            let mut headers = HeaderMap::new();
            headers.append(http::HeaderName::try_from(name).expect("name"), value.parse().expect("printable"));
            let source = trusted().resolve(peer("192.0.2.1"), &headers);
            prop_assert!(source.via == Via::Direct || source.via == Via::Forwarded(peer("192.0.2.1").addr));
        }

        /// The proxy appends on the right. Whatever the client wrote before it, quotes, commas and thousands of hops
        /// included, changes nothing.
        #[test]
        fn what_a_client_writes_itself_changes_nothing(
            octets in any::<[u8; 16]>(), v6 in any::<bool>(), port in any::<u16>(), rfc_7239 in any::<bool>(),
            lines in proptest::collection::vec("[ -~]{0,40}", 0..5), junk in "[ -~]{0,80}", commas in 0usize..4000,
        ) {
            let addr = if v6 {
                IpAddr::from(octets)
            } else {
                IpAddr::from([octets[0], octets[1], octets[2], octets[3]])
            }
            .to_canonical();
            prop_assume!(!trusted().contains(addr));
            let name = if rfc_7239 { "forwarded" } else { "x-forwarded-for" };
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(name, line.parse().expect("printable"));
            }
            let last = format!("{junk}{},{}", ",".repeat(commas), written(addr, port, rfc_7239));
            headers.append(name, last.parse().expect("printable"));
            let source = trusted().resolve(peer("192.0.2.1"), &headers);
            prop_assert_eq!((source.addr, source.port), (addr, port));
        }
    }
}
