//! The PROXY protocol, versions 1 and 2, as HAProxy specifies it (`doc/proxy-protocol.txt`).
//!
//! A trusted proxy begins each connection with one header that names the client. [`parse`] reads bytes and nothing
//! else; [`accept`] reads a connection until the header is complete.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

/// `listen.proxy_protocol`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProxyProtocol {
    /// No header is looked for; one that comes is a malformed HTTP request.
    #[default]
    Off,
    /// Trusted proxies may send a header; everybody else speaks HTTP.
    Optional,
    /// Only trusted proxies are served, and only with a header.
    Required,
}

/// What a complete header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    /// The proxy speaks for itself (`LOCAL`, `UNKNOWN`, `UNSPEC`), as in a health check.
    Local,
    /// The proxy relays a TCP connection of this client.
    Client(SocketAddr),
}

/// What the bytes so far are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parsed {
    /// More bytes are needed to tell.
    Incomplete,
    /// Not a PROXY header; the bytes belong to the next protocol.
    Other,
    /// A header in the first `length` bytes.
    Complete {
        /// What it says.
        header: Header,
        /// Bytes to skip before the next protocol begins.
        length: usize,
    },
}

/// Why a connection that should begin with a PROXY header was closed.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// It began like a header and then broke the rules.
    #[error("malformed PROXY header")]
    Malformed,
    /// It announced or had more bytes than `limits.proxy_header_bytes`.
    #[error("PROXY header longer than the bound")]
    TooLong,
    /// A header is required here and none came.
    #[error("no PROXY header")]
    Missing,
    /// The connection failed or ended.
    #[error("connection lost before the PROXY header")]
    Lost(#[from] std::io::Error),
}

const V1_START: &[u8] = b"PROXY ";
/// Longest version 1 header, line end included (specification section 2.1).
const V1_MAX: usize = 107;
const V2_START: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
const V2_HEAD: usize = 16;

/// Reads the header at the start of `bytes`, at most `max` bytes long.
///
/// # Errors
/// The bytes begin like a header and then break the rules, or announce more than `max`.
pub fn parse(bytes: &[u8], max: usize) -> Result<Parsed, ProxyError> {
    match bytes.first() {
        None => Ok(Parsed::Incomplete),
        Some(b'P') => parse_v1(bytes),
        Some(b'\r') => parse_v2(bytes, max),
        Some(_) => Ok(Parsed::Other),
    }
}

fn parse_v1(bytes: &[u8]) -> Result<Parsed, ProxyError> {
    let start = bytes.len().min(V1_START.len());
    if bytes[..start] != V1_START[..start] {
        return Ok(Parsed::Other);
    }
    let window = &bytes[..bytes.len().min(V1_MAX)];
    let Some(end) = window.windows(2).position(|pair| pair == b"\r\n") else {
        return if bytes.len() < V1_MAX {
            Ok(Parsed::Incomplete)
        } else {
            Err(ProxyError::Malformed)
        };
    };
    let line = std::str::from_utf8(&window[V1_START.len()..end]).map_err(|_| ProxyError::Malformed)?;
    let header = v1_line(line).ok_or(ProxyError::Malformed)?;
    Ok(Parsed::Complete {
        header,
        length: end + 2,
    })
}

fn v1_line(line: &str) -> Option<Header> {
    if line == "UNKNOWN" || line.starts_with("UNKNOWN ") {
        return Some(Header::Local);
    }
    let mut words = line.split(' ');
    let family = words.next()?;
    let mut next_addr = || -> Option<IpAddr> {
        let word = words.next()?;
        match family {
            "TCP4" => Some(IpAddr::V4(word.parse::<Ipv4Addr>().ok()?)),
            "TCP6" => Some(IpAddr::V6(word.parse::<Ipv6Addr>().ok()?)),
            _ => None,
        }
    };
    let (client, _ours) = (next_addr()?, next_addr()?);
    let (client_port, _our_port) = (v1_port(words.next()?)?, v1_port(words.next()?)?);
    words
        .next()
        .is_none()
        .then_some(Header::Client(SocketAddr::new(client, client_port)))
}

/// Decimal, no sign, no leading zero.
fn v1_port(word: &str) -> Option<u16> {
    let plain = word.bytes().all(|byte| byte.is_ascii_digit()) && (word == "0" || !word.starts_with('0'));
    if plain { word.parse().ok() } else { None }
}

fn parse_v2(bytes: &[u8], max: usize) -> Result<Parsed, ProxyError> {
    let start = bytes.len().min(V2_START.len());
    if bytes[..start] != V2_START[..start] {
        return Ok(Parsed::Other);
    }
    let Some(head) = bytes.first_chunk::<V2_HEAD>() else {
        return Ok(Parsed::Incomplete);
    };
    let (command, family) = (head[12], head[13]);
    let length = V2_HEAD + usize::from(u16::from_be_bytes([head[14], head[15]]));
    if length > max {
        return Err(ProxyError::TooLong);
    }
    if !matches!(command, 0x20 | 0x21) {
        return Err(ProxyError::Malformed);
    }
    let Some(body) = bytes.get(V2_HEAD..length) else {
        return Ok(Parsed::Incomplete);
    };
    let header = if command == 0x20 {
        Header::Local
    } else {
        v2_body(family, body).ok_or(ProxyError::Malformed)?
    };
    Ok(Parsed::Complete { header, length })
}

/// Source address, our address, source port, our port; the extensions after them have to be whole, and are skipped.
fn v2_body(family: u8, body: &[u8]) -> Option<Header> {
    match family {
        0x00 => Some(Header::Local),
        0x11 => {
            let (addrs, extensions) = body.split_first_chunk::<12>()?;
            are_whole(extensions)?;
            let client = Ipv4Addr::new(addrs[0], addrs[1], addrs[2], addrs[3]);
            Some(Header::Client(SocketAddr::new(
                client.into(),
                u16::from_be_bytes([addrs[8], addrs[9]]),
            )))
        }
        0x21 => {
            let (addrs, extensions) = body.split_first_chunk::<36>()?;
            are_whole(extensions)?;
            let client = Ipv6Addr::from(*addrs.first_chunk::<16>()?);
            Some(Header::Client(SocketAddr::new(
                client.into(),
                u16::from_be_bytes([addrs[32], addrs[33]]),
            )))
        }
        // Datagrams and Unix sockets cannot carry the HTTP that we serve.
        _ => None,
    }
}

/// One after another: a type, two bytes of length, so many bytes (section 2.2). What is no such row was cut or put together by
/// somebody who counts otherwise than we do, and where the header ends would be a guess.
fn are_whole(mut extensions: &[u8]) -> Option<()> {
    while !extensions.is_empty() {
        let ([_, high, low], rest) = extensions.split_first_chunk::<3>()?;
        extensions = rest.get(usize::from(u16::from_be_bytes([*high, *low]))..)?;
    }
    Some(())
}

/// Reads from a trusted proxy's connection until its header is complete, and returns it with the bytes that came
/// behind it. Without a header: nothing, and all bytes. The caller sets the deadline and decides whom to trust.
///
/// # Errors
/// The header is malformed, too long, or required and absent; or the connection ended.
pub async fn accept<R: AsyncRead + Unpin>(
    stream: &mut R,
    mode: ProxyProtocol,
    max: usize,
) -> Result<(Option<Header>, Bytes), ProxyError> {
    let mut buffer = BytesMut::with_capacity(max.max(V1_MAX));
    loop {
        if stream.read_buf(&mut buffer).await? == 0 {
            return Err(ProxyError::Lost(std::io::ErrorKind::UnexpectedEof.into()));
        }
        match parse(&buffer, max)? {
            Parsed::Incomplete => {}
            Parsed::Other if mode == ProxyProtocol::Required => return Err(ProxyError::Missing),
            Parsed::Other => return Ok((None, buffer.freeze())),
            Parsed::Complete { header, length } => {
                let rest = buffer.split_off(length);
                return Ok((Some(header), rest.freeze()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn v2(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
        let mut out = V2_START.to_vec();
        out.extend([command, family]);
        out.extend(u16::try_from(body.len()).expect("short").to_be_bytes());
        out.extend(body);
        out
    }

    fn v2_for(client: SocketAddr, extensions: &[u8]) -> Vec<u8> {
        let (family, mut body) = match client.ip() {
            IpAddr::V4(addr) => (0x11, [addr.octets(), [127, 0, 0, 1]].concat()),
            IpAddr::V6(addr) => (0x21, [addr.octets(), Ipv6Addr::LOCALHOST.octets()].concat()),
        };
        body.extend(client.port().to_be_bytes());
        body.extend(8080u16.to_be_bytes());
        body.extend(extensions);
        v2(0x21, family, &body)
    }

    fn v1_for(client: SocketAddr) -> Vec<u8> {
        let (family, ours) = if client.is_ipv4() {
            ("TCP4", "127.0.0.1")
        } else {
            ("TCP6", "::1")
        };
        format!("PROXY {family} {} {ours} {} 8080\r\n", client.ip(), client.port()).into_bytes()
    }

    fn client(bytes: &[u8]) -> Option<SocketAddr> {
        match parse(bytes, 1024) {
            Ok(Parsed::Complete {
                header: Header::Client(addr),
                ..
            }) => Some(addr),
            _ => None,
        }
    }

    #[test]
    fn local_and_unknown_speak_for_the_proxy_itself() {
        for bytes in [
            v2(0x20, 0, &[]),
            v2(0x20, 0x11, &[9; 30]),
            v2(0x21, 0, &[]),
            b"PROXY UNKNOWN\r\n".to_vec(),
        ] {
            let length = bytes.len();
            assert_eq!(
                parse(&bytes, 1024).expect("valid"),
                Parsed::Complete {
                    header: Header::Local,
                    length
                }
            );
        }
    }

    #[test]
    fn what_breaks_the_rules_is_refused() {
        for line in [
            "TCP4 1.2.3.4 5.6.7.8 1 2 3",
            "TCP4 1.2.3.4 5.6.7.8 1",
            "TCP4 1.2.3.4 5.6.7.8 01 2",
            "TCP4 1.2.3.4 5.6.7.8 +1 2",
            "TCP4 1.2.3.4 5.6.7.8 65536 2",
            "TCP4 1.2.3.04 5.6.7.8 1 2",
            "TCP4 ::1 ::1 1 2",
            "TCP6 1.2.3.4 5.6.7.8 1 2",
            "TCP4  1.2.3.4 5.6.7.8 1 2",
            "UDP4 1.2.3.4 5.6.7.8 1 2",
        ] {
            let bytes = format!("PROXY {line}\r\n");
            assert!(
                matches!(parse(bytes.as_bytes(), 1024), Err(ProxyError::Malformed)),
                "{line}"
            );
        }
        assert!(matches!(
            parse(&[b"PROXY ".as_slice(), &[b'x'; 110]].concat(), 1024),
            Err(ProxyError::Malformed)
        ));
        assert!(
            matches!(parse(&v2(0x11, 0x11, &[0; 12]), 1024), Err(ProxyError::Malformed)),
            "version 1 in binary"
        );
        assert!(
            matches!(parse(&v2(0x22, 0x11, &[0; 12]), 1024), Err(ProxyError::Malformed)),
            "unknown command"
        );
        assert!(
            matches!(parse(&v2(0x21, 0x11, &[0; 11]), 1024), Err(ProxyError::Malformed)),
            "short addresses"
        );
        assert!(
            matches!(parse(&v2(0x21, 0x12, &[0; 12]), 1024), Err(ProxyError::Malformed)),
            "datagram"
        );
        for extensions in [
            &[4][..],
            &[4, 0],
            &[4, 0, 1],
            &[4, 0, 0, 2],
            &[4, 0xff, 0xff, 1],
            &[4, 0, 1, 9, 2, 0, 4, 1],
        ] {
            for addrs in [12, 36] {
                let body = [&vec![0; addrs], extensions].concat();
                let bytes = v2(0x21, if addrs == 12 { 0x11 } else { 0x21 }, &body);
                assert!(
                    matches!(parse(&bytes, 1024), Err(ProxyError::Malformed)),
                    "{extensions:?} behind addresses"
                );
            }
        }
        assert!(matches!(
            parse(&v2(0x21, 0x11, &[0; 1009])[..16], 1024),
            Err(ProxyError::TooLong)
        ));
        assert_eq!(parse(b"POST / HTTP/1.1\r\n", 1024).expect("http"), Parsed::Other);
    }

    #[tokio::test]
    async fn bytes_behind_the_header_stay_with_the_connection() {
        let addr: SocketAddr = "198.51.100.7:4711".parse().expect("address");
        let bytes = [v2_for(addr, &[]), b"GET / HTTP/1.1\r\n".to_vec()].concat();
        let (header, rest) = accept(&mut bytes.as_slice(), ProxyProtocol::Required, 1024)
            .await
            .expect("header");
        assert_eq!(
            (header, rest.as_ref()),
            (Some(Header::Client(addr)), b"GET / HTTP/1.1\r\n".as_slice())
        );

        let (header, rest) = accept(&mut b"GET /".as_slice(), ProxyProtocol::Optional, 1024)
            .await
            .expect("plain");
        assert_eq!((header, rest.as_ref()), (None, b"GET /".as_slice()));
        let missing = accept(&mut b"GET /".as_slice(), ProxyProtocol::Required, 1024).await;
        assert!(matches!(missing, Err(ProxyError::Missing)));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic_and_never_beyond_the_bound(
            start in prop_oneof![Just(b"".as_slice()), Just(V1_START), Just(V2_START.as_slice())],
            tail in proptest::collection::vec(any::<u8>(), 0..300),
        ) {
            let bytes = [start, &tail].concat();
            if let Ok(Parsed::Complete { length, .. }) = parse(&bytes, 256) {
                prop_assert!(length <= bytes.len() && length <= 256);
            }
        }

        #[test]
        fn both_versions_round_trip_and_wait_for_the_last_byte(
            v4 in any::<bool>(), octets in any::<[u8; 16]>(), port in any::<u16>(),
            extensions in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..20), 0..3),
        ) {
            let whole = |value: Vec<u8>| [&[4, 0, value.len() as u8][..], &value].concat();
            let extensions: Vec<u8> = extensions.into_iter().flat_map(whole).collect();
            let ip = if v4 {
                IpAddr::from([octets[0], octets[1], octets[2], octets[3]])
            } else {
                IpAddr::from(octets)
            };
            let addr = SocketAddr::new(ip, port);
            for bytes in [v1_for(addr), v2_for(addr, &extensions)] {
                prop_assert_eq!(client(&bytes), Some(addr));
                for cut in 0..bytes.len() {
                    prop_assert_eq!(parse(&bytes[..cut], 1024).expect("prefix"), Parsed::Incomplete);
                }
            }
        }
    }
}
