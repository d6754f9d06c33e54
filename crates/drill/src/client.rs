//! A visitor's end of the real protocol: TCP, an optional PROXY v2 header, HTTP/1.1 kept alive within one visit.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::people::Lang;
use crate::progress::Counter;
use crate::target::Target;

/// Largest answer read, in bytes; pages are far below.
const ANSWER_BYTES: usize = 1 << 20;
/// Idle connections are dropped after this, as browsers and servers do.
const IDLE: Duration = Duration::from_secs(5);

/// Why a request brought no answer. Whether the server acted on it is unknown.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Lost {
    #[error("cannot connect: {0}")]
    Connect(#[from] std::io::Error),
    #[error("connection lost: {0}")]
    Connection(#[from] hyper::Error),
    #[error("request cannot be made: {0}")]
    Request(#[from] http::Error),
    #[error("answer unreadable: {0}")]
    Body(Box<dyn std::error::Error + Send + Sync>),
    #[error("no answer in time")]
    Timeout,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Bytes,
    /// From sending the request to the answer's head.
    pub(crate) took: Duration,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Why the server refused: the problem's stable code, else its status.
    pub(crate) fn reason(&self) -> String {
        self.json()
            .and_then(|problem| problem.get("code")?.as_str().map(str::to_owned))
            .unwrap_or_else(|| format!("status {}", self.status))
    }

    /// "Later", in the server's own words.
    pub(crate) fn wants_patience(&self) -> bool {
        matches!(self.status, 429 | 503)
    }
}

/// What a visitor's program says of itself.
#[derive(Clone, Debug)]
pub(crate) struct Voice {
    pub(crate) lang: Lang,
    pub(crate) agent: String,
}

/// How visitors reach the server; one for honest people, one for forgers, so that neither takes the other's sockets.
#[derive(Clone, Debug)]
pub(crate) struct Road {
    pub(crate) target: Target,
    pub(crate) proxy_protocol: bool,
    pub(crate) request_timeout: Duration,
    pub(crate) connections: Arc<Semaphore>,
    /// Times that somebody waited for a place among them: the drill's own bound, and no fault of the server's.
    pub(crate) crowded: Arc<Counter>,
}

impl Road {
    async fn place(&self) -> Result<OwnedSemaphorePermit, Lost> {
        if let Ok(place) = Arc::clone(&self.connections).try_acquire_owned() {
            return Ok(place);
        }
        self.crowded.one();
        let place = Arc::clone(&self.connections).acquire_owned().await;
        Ok(place.map_err(std::io::Error::other)?)
    }
}

/// One visitor's program, with at most one connection.
pub(crate) struct Browser {
    road: Road,
    source: SocketAddr,
    voice: Voice,
    open: Option<Open>,
}

struct Open {
    sender: SendRequest<Full<Bytes>>,
    used: Instant,
    _place: OwnedSemaphorePermit,
}

impl Browser {
    pub(crate) fn new(road: Road, source: SocketAddr, voice: Voice) -> Self {
        Self {
            road,
            source,
            voice,
            open: None,
        }
    }

    pub(crate) async fn page(&mut self, path: &str) -> Result<Answer, Lost> {
        self.request(
            Method::GET,
            path,
            "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
            Bytes::new(),
        )
        .await
    }

    pub(crate) async fn json(&mut self, path: &str) -> Result<Answer, Lost> {
        self.request(Method::GET, path, "application/json", Bytes::new()).await
    }

    pub(crate) async fn post(&mut self, path: &str, form: Bytes) -> Result<Answer, Lost> {
        self.request(Method::POST, path, "application/json", form).await
    }

    /// Closes the connection, as after a visit.
    pub(crate) fn leave(&mut self) {
        self.open = None;
    }

    async fn request(&mut self, method: Method, path: &str, accept: &str, body: Bytes) -> Result<Answer, Lost> {
        let limit = self.road.request_timeout;
        // The server has the whole time to answer: a wait for a place is none of it.
        let place = match self.is_open().await {
            true => None,
            false => Some(self.road.place().await?),
        };
        match timeout(limit, self.exchange(method, path, accept, body, place)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(lost)) => {
                self.open = None;
                Err(lost)
            }
            Err(_) => {
                self.open = None;
                Err(Lost::Timeout)
            }
        }
    }

    /// A request on the open connection, or on a new one in this place.
    async fn exchange(
        &mut self,
        method: Method,
        path: &str,
        accept: &str,
        body: Bytes,
        place: Option<OwnedSemaphorePermit>,
    ) -> Result<Answer, Lost> {
        let mut request = Request::builder()
            .method(method.clone())
            .uri(path)
            .header(header::HOST, self.road.target.authority())
            .header(header::USER_AGENT, self.voice.agent.as_str())
            .header(header::ACCEPT, accept)
            .header(
                header::ACCEPT_LANGUAGE,
                self.voice.lang.pick("fr-FR,fr;q=0.9,en;q=0.5", "en-GB,en;q=0.9"),
            );
        if method == Method::POST {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let request = request.body(Full::new(body))?;
        if let Some(place) = place {
            self.open = Some(self.dial(place).await?);
        }
        let open = self
            .open
            .as_mut()
            .ok_or(std::io::Error::from(ErrorKind::NotConnected))?;
        let sent = Instant::now();
        let response = open.sender.send_request(request).await?;
        let took = sent.elapsed();
        let (head, body) = response.into_parts();
        let body = Limited::new(body, ANSWER_BYTES)
            .collect()
            .await
            .map_err(Lost::Body)?
            .to_bytes();
        open.used = Instant::now();
        Ok(Answer {
            status: head.status.as_u16(),
            retry_after: retry_after(&head.headers),
            body,
            took,
        })
    }

    async fn is_open(&mut self) -> bool {
        let is_open = match &mut self.open {
            Some(open) => open.used.elapsed() < IDLE && open.sender.ready().await.is_ok(),
            None => false,
        };
        if !is_open {
            self.open = None;
        }
        is_open
    }

    async fn dial(&mut self, place: OwnedSemaphorePermit) -> Result<Open, Lost> {
        let stream = open(&self.road, self.source).await?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // Ends with the sender; what fails there is seen by the request that it fails.
        tokio::spawn(async move { drop(connection.await) });
        // A household's next connection leaves from another port.
        self.source.set_port(self.source.port().checked_add(1).unwrap_or(1024));
        Ok(Open {
            sender,
            used: Instant::now(),
            _place: place,
        })
    }
}

/// A connection of its own that announces its source, as the drill was told to.
pub(crate) async fn open(road: &Road, source: SocketAddr) -> std::io::Result<TcpStream> {
    let from = (!road.proxy_protocol).then(|| loopback_stand_in(source.ip()));
    let mut stream = road.target.connect(from).await?;
    if road.proxy_protocol {
        stream.write_all(&proxy_header(source, road.target.address())).await?;
    }
    Ok(stream)
}

/// `Retry-After` in seconds; our server never sends the date form.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers
        .get(header::RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()
        .map(Duration::from_secs)
}

/// PROXY protocol version 2, command PROXY over TCP (haproxy.org, proxy-protocol.txt, section 2.2).
fn proxy_header(source: SocketAddr, destination: SocketAddr) -> Vec<u8> {
    let mut header = b"\r\n\r\n\0\r\nQUIT\n\x21".to_vec();
    match (source.ip(), destination.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            header.extend_from_slice(&[0x11, 0, 12]);
            header.extend_from_slice(&from.octets());
            header.extend_from_slice(&to.octets());
        }
        // One family for both ends: the IPv4 one is written as mapped.
        (from, to) => {
            header.extend_from_slice(&[0x21, 0, 36]);
            header.extend_from_slice(&mapped(from));
            header.extend_from_slice(&mapped(to));
        }
    }
    header.extend_from_slice(&source.port().to_be_bytes());
    header.extend_from_slice(&destination.port().to_be_bytes());
    header
}

fn mapped(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => v6.octets(),
    }
}

/// Without a PROXY header every source still leaves from a loopback address of its own, so that budgets per address
/// see the crowd that the plan describes. An IPv6 home keeps one by its /64.
fn loopback_stand_in(source: IpAddr) -> Ipv4Addr {
    match source {
        IpAddr::V4(v4) => {
            let [_, b, c, d] = v4.octets();
            Ipv4Addr::new(127, b, c, d)
        }
        IpAddr::V6(v6) => {
            let prefix = (v6.to_bits() >> 64) as u64;
            let mixed = prefix.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
            Ipv4Addr::new(127, 128 | (mixed[0] >> 1), mixed[1], mixed[2].clamp(1, 254))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::proxy_header;

    #[test]
    fn a_proxy_header_names_source_and_port() {
        let header = proxy_header(
            "198.18.1.2:4660".parse().expect("address"),
            "127.0.0.1:80".parse().expect("address"),
        );
        let tail = [0x21, 0x11, 0, 12, 198, 18, 1, 2, 127, 0, 0, 1, 0x12, 0x34, 0, 80];
        assert_eq!(header[..12], *b"\r\n\r\n\0\r\nQUIT\n");
        assert_eq!(header[12..], tail);
        let six = proxy_header(
            "[2001:db8::1]:4660".parse().expect("address"),
            "127.0.0.1:80".parse().expect("address"),
        );
        assert_eq!((six.len(), six[13], six[15]), (16 + 36, 0x21, 36));
    }
}
