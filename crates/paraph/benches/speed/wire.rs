//! A client that costs little: requests that are bytes already, answers read no further than they have to be.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Outcome;

/// An answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reply {
    /// Its status.
    pub(crate) status: u16,
    /// Its headers, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// Its body.
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// Reads a whole answer.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let end = head_end(bytes)?;
        let head = std::str::from_utf8(&bytes[..end]).ok()?;
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        Some(Self {
            status,
            headers,
            body: bytes[end..].to_vec(),
        })
    }

    /// Writes it as it came.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let headers: String = self
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        let mut bytes = format!("HTTP/1.1 {} -\r\n{headers}\r\n", self.status).into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// A connection that stays open.
pub(crate) struct Connection {
    tcp: TcpStream,
    buffer: Vec<u8>,
}

/// How a connection begins.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Opening {
    /// With nothing.
    Plain,
    /// With a PROXY v2 header that names a client.
    Proxied(Ipv4Addr),
}

/// The address of client number `index`, out of the range for benchmarks (RFC 2544). 256 follow each other before a /24
/// comes again, so that no two of a small crowd share a budget.
pub(crate) fn client(index: usize) -> Ipv4Addr {
    spread(18, index)
}

/// The same for who is hostile, in the other half of that range.
pub(crate) fn enemy(index: usize) -> Ipv4Addr {
    spread(19, index)
}

fn spread(half: u8, index: usize) -> Ipv4Addr {
    let [low, high, ..] = index.to_le_bytes();
    Ipv4Addr::new(198, half, low, high)
}

impl Connection {
    /// Connects.
    pub(crate) async fn open(address: &str, opening: Opening) -> Outcome<Self> {
        let mut tcp = TcpStream::connect(address).await?;
        tcp.set_nodelay(true)?;
        if let Opening::Proxied(client) = opening {
            // Version 2, command PROXY, TCP over IPv4, 12 bytes of addresses.
            let mut header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c".to_vec();
            header.extend_from_slice(&client.octets());
            header.extend_from_slice(&[127, 0, 0, 1]);
            header.extend_from_slice(&50_000_u16.to_be_bytes());
            header.extend_from_slice(&80_u16.to_be_bytes());
            tcp.write_all(&header).await?;
        }
        Ok(Self {
            tcp,
            buffer: vec![0; 32 * 1024],
        })
    }

    /// Sends a request and reads the answer to its end; its status, and its bytes.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> Outcome<(u16, &[u8])> {
        self.tcp.write_all(request).await?;
        let mut filled = 0;
        let mut whole = None;
        loop {
            let read = self.tcp.read(&mut self.buffer[filled..]).await?;
            if read == 0 {
                return Err("the server closed the connection".into());
            }
            filled += read;
            if whole.is_none() {
                whole = length(&self.buffer[..filled])?;
            }
            if whole.is_some_and(|whole| filled >= whole) {
                break;
            }
        }
        let status = std::str::from_utf8(&self.buffer[9..12])?.parse()?;
        Ok((status, &self.buffer[..filled]))
    }
}

fn head_end(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}

/// The length of an answer in all, once its head is there.
fn length(bytes: &[u8]) -> Outcome<Option<usize>> {
    const NAME: &[u8] = b"content-length: ";
    let Some(end) = head_end(bytes) else {
        return Ok(None);
    };
    let at = bytes[..end]
        .windows(NAME.len())
        .position(|window| window == NAME)
        .ok_or("an answer without a length")?;
    let digits = bytes[at + NAME.len()..].iter().take_while(|byte| byte.is_ascii_digit());
    let body = digits.fold(0, |sum, digit| 10 * sum + usize::from(digit - b'0'));
    Ok(Some(end + body))
}

/// One answer.
pub(crate) async fn fetch(address: &str, opening: Opening, request: &[u8]) -> Outcome<Reply> {
    let mut connection = Connection::open(address, opening).await?;
    let (_, bytes) = connection.exchange(request).await?;
    Reply::parse(bytes).ok_or_else(|| "an answer that cannot be read".into())
}

/// Sends one request over and over on several open connections; answers a second, all of which had this status.
pub(crate) async fn hammer(
    address: &str,
    proxied: bool,
    connections: usize,
    lasting: Duration,
    (request, expected): (&[u8], u16),
) -> Outcome<f64> {
    let mut open = Vec::new();
    for index in 0..connections {
        let opening = if proxied {
            Opening::Proxied(client(index))
        } else {
            Opening::Plain
        };
        open.push(Connection::open(address, opening).await?);
    }
    let begun = Instant::now();
    let end = begun + lasting;
    let running = open.into_iter().map(async |mut connection| {
        let mut answers = 0_u32;
        while Instant::now() < end {
            let (status, _) = connection.exchange(request).await?;
            if status != expected {
                return Err(format!("status {status} instead of {expected}").into());
            }
            answers += 1;
        }
        Outcome::Ok(answers)
    });
    let answers: u32 = futures_util::future::try_join_all(running).await?.iter().sum();
    Ok(f64::from(answers) / begun.elapsed().as_secs_f64())
}
