//! What is never banned, whoever asks: this machine, its neighbours on the wire, its way out, and what the operator named.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::net::{Net, trunc};

/// A network of any length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    base: IpAddr,
    len: u8,
}

impl Block {
    /// Reads `address` or `address/length`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, len) = match text.split_once('/') {
            Some((address, len)) => (address.parse::<IpAddr>().ok()?, Some(len.parse::<u8>().ok()?)),
            None => (text.parse::<IpAddr>().ok()?, None),
        };
        let most = if address.is_ipv4() { 32 } else { 128 };
        let len = len.unwrap_or(most);
        (len <= most).then(|| Self {
            base: trunc(address, len),
            len,
        })
    }

    fn overlaps(&self, net: Net) -> bool {
        let shorter = self.len.min(net.prefix());
        self.base.is_ipv4() == net.base().is_ipv4() && trunc(self.base, shorter) == trunc(net.base(), shorter)
    }
}

/// What is never banned.
#[derive(Clone, Debug)]
pub struct Protected {
    blocks: Vec<Block>,
}

impl Protected {
    /// What is protected everywhere, and what the operator named: trusted proxies, own machines, monitoring.
    #[must_use]
    pub fn new(named: impl IntoIterator<Item = Block>) -> Self {
        // Loopback, "this network", link-local, multicast and beyond.
        let everywhere = [
            "127.0.0.0/8",
            "0.0.0.0/8",
            "169.254.0.0/16",
            "224.0.0.0/3",
            "::/64",
            "fe80::/10",
            "ff00::/8",
        ];
        let blocks = everywhere.iter().filter_map(|text| Block::parse(text)).chain(named);
        Self {
            blocks: blocks.collect(),
        }
    }

    /// Whether a ban would hit something protected, or the machine's way out as it is now.
    #[must_use]
    pub fn hits(&self, net: Net, gateways: &[IpAddr]) -> bool {
        self.blocks.iter().any(|block| block.overlaps(net)) || gateways.iter().any(|gateway| net.contains(*gateway))
    }
}

/// The machine's default gateways, as the kernel lists them.
#[must_use]
pub fn gateways() -> Vec<IpAddr> {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let v4 = read("/proc/net/route");
    let v6 = read("/proc/net/ipv6_route");
    let v4 = v4.lines().filter_map(gateway4).map(IpAddr::V4);
    let v6 = v6.lines().filter_map(gateway6).map(IpAddr::V6);
    v4.chain(v6).collect()
}

/// `eth0 00000000 0102A8C0 ...`: destination and gateway, in the byte order of the machine.
fn gateway4(line: &str) -> Option<Ipv4Addr> {
    let mut fields = line.split_whitespace().skip(1);
    let (destination, gateway) = (fields.next()?, fields.next()?);
    let gateway = u32::from_str_radix(gateway, 16).ok()?;
    (destination == "00000000" && gateway != 0).then(|| Ipv4Addr::from(gateway.to_ne_bytes()))
}

/// Destination, its length, source, its length, next hop.
fn gateway6(line: &str) -> Option<Ipv6Addr> {
    let fields: Vec<&str> = line.split_whitespace().take(5).collect();
    let [destination, "00", _, _, gateway] = fields[..] else {
        return None;
    };
    let gateway = u128::from_str_radix(gateway, 16).ok()?;
    (destination.bytes().all(|digit| digit == b'0') && gateway != 0).then(|| Ipv6Addr::from_bits(gateway))
}

#[cfg(test)]
mod tests {
    use super::{Block, Net, Protected, gateway4, gateway6};

    #[test]
    fn what_is_protected_is_hit_by_itself_and_by_what_is_wider() {
        let named =
            ["192.0.2.7", "198.51.100.0/24", "2001:db8:5::/48"].map(|text| Block::parse(text).expect("a block"));
        let protected = Protected::new(named);
        let gateways = ["203.0.113.1".parse().expect("an address")];
        let hits = |net: Net| protected.hits(net, &gateways);
        for (address, narrow, wide) in [
            ("192.0.2.7", true, true),
            ("192.0.2.8", false, true),
            ("198.51.100.9", true, true),
            ("2001:db8:5:1::", true, true),
            ("2001:db8:6::", false, false),
            ("203.0.113.1", true, true),
            ("203.0.113.2", false, true),
            ("198.18.0.1", false, false),
            ("127.0.0.1", true, true),
            ("::1", true, true),
            ("fe80::1", true, true),
            ("255.255.255.255", true, true),
        ] {
            let address = address.parse().expect("an address");
            assert_eq!(
                (hits(Net::narrow(address)), hits(Net::wide(address))),
                (narrow, wide),
                "{address}"
            );
        }
    }

    #[test]
    fn gateways_are_read_from_the_kernels_lists() {
        let line = "eth0\t00000000\t017100CB\t0003\t0\t0\t0\t00000000\t0\t0\t0";
        assert_eq!(
            gateway4(line).map(|gateway| gateway.to_string()),
            Some("203.0.113.1".to_owned())
        );
        assert_eq!(gateway4("eth0\t007100CB\t00000000\t0001"), None);
        assert_eq!(gateway4("Iface\tDestination\tGateway"), None);
        let zeros = "0".repeat(32);
        let hop = "20010db8000000000000000000000001";
        let line = format!("{zeros} 00 {zeros} 00 {hop} 00000400 00000001 00000000 00000003 eth0");
        assert_eq!(
            gateway6(&line).map(|gateway| gateway.to_string()),
            Some("2001:db8::1".to_owned())
        );
        assert_eq!(gateway6(&format!("{zeros} 00 {zeros} 00 {zeros} 0 0 0 0 lo")), None);
    }
}
