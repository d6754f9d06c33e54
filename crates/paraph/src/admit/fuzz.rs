//! Targets of the front door; see [`crate::fuzz`].

use std::cell::RefCell;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use paraph_tally::Millis;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::challenge::{Price, Puzzles};
use super::h2::{self, Bounds, Pulse};
use super::pace::LeastRate;
use super::proxy::{self, Header, Parsed};
use super::source::{Source, Trusted, Via};
use super::ticket::Tickets;
use crate::fuzz::changed;
use crate::limits::Limits;

const NOW: Millis = Millis(1_795_000_000_000);
const SECRET: &[u8; 32] = b"a secret that my fuzzer may know";

/// A complete header is within its bytes and its bound, says the same without what follows, and is complete at its last
/// byte, not before. Extensions of version 2 end where it does.
pub(crate) fn proxy(bytes: &[u8]) {
    const MOST: usize = 536;
    let Ok(Parsed::Complete { header, length }) = proxy::parse(bytes, MOST) else {
        return;
    };
    assert!(length <= bytes.len() && length <= MOST);
    let alone = proxy::parse(&bytes[..length], MOST).expect("it was complete");
    assert_eq!(alone, Parsed::Complete { header, length });
    for cut in 0..length {
        let part = proxy::parse(&bytes[..cut], MOST).expect("the beginning of a header");
        assert_eq!(part, Parsed::Incomplete, "{cut} of {length}");
    }
    if let (b'\r', Header::Client(client)) = (bytes[0], header) {
        let addresses = if client.is_ipv4() { 12 } else { 36 };
        let mut extensions = &bytes[16 + addresses..length];
        while let [_, high, low, rest @ ..] = extensions {
            extensions = &rest[usize::from(u16::from_be_bytes([*high, *low]))..];
        }
        assert!(extensions.is_empty(), "cut within an extension");
    }
}

/// Lines of either header, as the first byte of each says. Only a trusted peer is believed, and who is named is named by it.
pub(crate) fn forwarded(bytes: &[u8]) {
    let mut headers = HeaderMap::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        let Some((first, rest)) = line.split_first() else {
            continue;
        };
        let name = match first % 2 {
            0 => HeaderName::from_static("forwarded"),
            _ => HeaderName::from_static("x-forwarded-for"),
        };
        if let Ok(value) = HeaderValue::from_bytes(rest) {
            headers.append(name, value);
        }
    }
    let networks = ["192.0.2.0/24", "2001:db8:1::/48"].map(|network| network.parse().expect("a network"));
    let trusted = Trusted::new(networks.to_vec(), 16);
    let peer = |address: &str| Source::direct(SocketAddr::new(address.parse().expect("an address"), 4711));
    let stranger = peer("198.51.100.7");
    assert_eq!(trusted.resolve(stranger, &headers), stranger);
    let ours = peer("192.0.2.1");
    let found = trusted.resolve(ours, &headers);
    if found != ours {
        assert_eq!(found.via, Via::Forwarded(IpAddr::from([192, 0, 2, 1])));
        assert_eq!(found.addr, found.addr.to_canonical());
    }
}

/// Neither any text nor a changed ticket of ours holds.
pub(crate) fn ticket(bytes: &[u8]) {
    let tickets = Tickets::new(SECRET, 7200, 30).expect("a secret");
    let source = Source::direct(SocketAddr::from(([198, 51, 100, 1], 1)));
    let later = Millis(NOW.0 + 60_000);
    let ours = tickets.issue(&source, "well", 4, [9; 16], NOW);
    assert!(tickets.check(&source, "well", &ours, later).is_ok());
    for text in [bytes.to_vec(), changed(ours.as_bytes(), bytes)] {
        let text = String::from_utf8_lossy(&text);
        let checked = tickets.check(&source, "well", &text, later);
        assert!(checked.is_err() || text == ours, "{text}");
    }
}

static PUZZLES: LazyLock<Puzzles> =
    LazyLock::new(|| Puzzles::new(SECRET, Price::Real, &Limits::default()).expect("a secret"));

/// Any JSON is read or refused; of a changed clearance of ours, what was signed is what counts.
pub(crate) fn clearance(bytes: &[u8]) {
    let encoded = |json: &[u8]| data_encoding::BASE64.encode(json);
    assert!(PUZZLES.check("well", &encoded(bytes), NOW).is_err());
    assert!(PUZZLES.check("well", &String::from_utf8_lossy(bytes), NOW).is_err());
    let issued = PUZZLES.issue("well", 2000, [7; 16], [8; 16], NOW).expect("JSON");
    let solution = serde_json::json!({"counter": 3, "derivedKey": "00ff", "time": 12});
    let ours = serde_json::json!({"challenge": issued, "solution": solution}).to_string();
    let text = changed(ours.as_bytes(), bytes);
    if let Ok(clearance) = PUZZLES.check("well", &encoded(&text), NOW) {
        assert_eq!((clearance.nonce, clearance.rounds), ([7; 16], 2000));
        assert!(clearance.issued <= NOW && clearance.expires > NOW);
    }
}

thread_local! {
    static RUNTIME: RefCell<tokio::runtime::Runtime> = RefCell::new(
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime"),
    );
}

/// Bytes as an HTTP/2 client sends them, after the preface. Whatever they are, the connection ends when its client is gone,
/// and every request and every piece of an answer is accounted for by then.
pub(crate) fn h2(bytes: &[u8]) {
    RUNTIME.with_borrow(|runtime| runtime.block_on(speak(bytes)));
}

static PAGE: [u8; 20_000] = [b'x'; 20_000];

async fn speak(bytes: &[u8]) {
    let limits = Limits::default();
    let (near, mut far) = tokio::io::duplex(1 << 16);
    let pulse = Pulse::new(&limits, super::seat::Seat::new());
    let counted = Arc::clone(&pulse);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let (counted, open) = (Arc::clone(&counted), counted.request());
        let is_head = request.method() == Method::HEAD;
        async move {
            let body = request.into_body().collect().await;
            counted.uploaded(body.map_or(0, |body| body.to_bytes().len() as u64));
            let answer = Response::new(Full::new(Bytes::from_static(&PAGE)));
            Ok::<_, Infallible>(h2::watched(answer, is_head, open))
        }
    });
    let bounds = Bounds {
        requests: 100,
        life: Duration::from_secs(60),
        idle: Duration::from_secs(60),
        read: LeastRate::new(60, 1),
        drain: Duration::from_secs(5),
    };
    let (_keep, mut stop) = tokio::sync::watch::channel(false);
    let builder = h2::builder(&limits);
    let client = async move {
        let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
        let (mut read, mut write) = tokio::io::split(&mut far);
        let said = async {
            let written = write.write_all(preface).await.and(write.write_all(bytes).await);
            for _ in 0..64 {
                tokio::task::yield_now().await;
            }
            drop(written);
        };
        let mut heard = Vec::new();
        tokio::select! {
            () = said => {}
            _ = read.read_to_end(&mut heard) => {}
        }
    };
    let serving = h2::serve(&builder, near, service, &pulse, bounds, &mut stop);
    let both = async { tokio::join!(serving, client) };
    tokio::time::timeout(Duration::from_secs(10), both)
        .await
        .expect("its client is gone, and it is served on");
    for _ in 0..64 {
        tokio::task::yield_now().await;
    }
    assert!(pulse.is_still(), "{pulse:?}");
}
