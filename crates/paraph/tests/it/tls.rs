//! HTTPS and HTTP/2 as a visitor and an attacker meet them: the real program, a real TLS client, HTTP/2 frames by hand.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::client::Client;
use crate::server::{Server, Site, free, until};

const HOST: &str = "petitions.example";

/// Writes a certificate and its key, as a renewal does.
fn renew(site: &Site, host: &str, until: i32) {
    let mut params = CertificateParams::new([host.to_owned()]).expect("a name");
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    let pair = KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&pair).expect("a certificate");
    for (name, text) in [("key.pem", pair.serialize_pem()), ("cert.pem", certificate.pem())] {
        let new = site.place().join("new");
        fs::write(&new, text).expect("written");
        fs::set_permissions(&new, fs::Permissions::from_mode(0o600)).expect("mode");
        fs::rename(new, site.place().join(name)).expect("renamed");
    }
}

/// A site with HTTPS on a port of its own.
fn site() -> (Site, SocketAddr) {
    let mut site = Site::new();
    let https = free();
    site.set("listen.https", https);
    site.set("listen.certificate", "cert.pem");
    site.set("listen.certificate_key", "key.pem");
    site.set("site.base_url", format!("https://{HOST}"));
    renew(&site, HOST, 2090);
    (site, https)
}

type Secure = StreamOwned<ClientConnection, TcpStream>;

/// A TLS connection that trusts exactly the certificate on the disk.
fn connect(site: &Site, https: SocketAddr, protocol: &str) -> io::Result<Secure> {
    let mut roots = RootCertStore::empty();
    let trusted = CertificateDer::from_pem_file(site.place().join("cert.pem")).expect("a certificate");
    roots.add(trusted).expect("a root");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let name = ServerName::try_from(HOST).expect("a name");
    let connection = ClientConnection::new(Arc::new(config), name).expect("a client");
    let tcp = TcpStream::connect(https)?;
    tcp.set_read_timeout(Some(Duration::from_secs(30)))?;
    let mut stream = StreamOwned::new(connection, tcp);
    stream.conn.complete_io(&mut stream.sock)?;
    assert_eq!(stream.conn.alpn_protocol(), Some(protocol.as_bytes()));
    Ok(stream)
}

/// What the other end says until it closes.
fn rest(stream: &mut impl Read) -> Vec<u8> {
    let mut said = Vec::new();
    let mut chunk = [0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut chunk) {
        said.extend(&chunk[..length]);
    }
    said
}

/// An HTTP/2 frame (RFC 9113 section 4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;

/// `GET path`, as HPACK without its tables but for the static one.
fn get(stream: u32, path: &str) -> Vec<u8> {
    ask(&[0x82], stream, path)
}

/// The same of any method, which is given as HPACK writes it.
fn ask(method: &[u8], stream: u32, path: &str) -> Vec<u8> {
    let path = [&[0x04, u8::try_from(path.len()).expect("short")], path.as_bytes()].concat();
    let block = [method, &[0x87], &path, &[0x01, 1, b'a']].concat();
    frame(HEADERS, 0b101, stream, &block)
}

/// The preface and a first SETTINGS frame.
fn preface(settings: &[u8]) -> Vec<u8> {
    [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        frame(SETTINGS, 0, 0, settings),
    ]
    .concat()
}

/// Kind, flags, stream and payload of every whole frame.
fn frames(bytes: &[u8]) -> Vec<(u8, u8, u32, &[u8])> {
    let (mut found, mut rest) = (Vec::new(), bytes);
    while let Some((head, behind)) = rest.split_first_chunk::<9>() {
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        let Some((payload, next)) = behind.split_at_checked(length) else {
            break;
        };
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        found.push((head[3], head[4], stream, payload));
        rest = next;
    }
    found
}

/// Says something and waits for the end of the connection: how long it took, and what came.
fn ends(stream: &mut (impl Read + Write), bytes: &[u8]) -> (Duration, Vec<u8>) {
    let began = Instant::now();
    // It may be closed before all of it is sent.
    drop(stream.write_all(bytes).and_then(|()| stream.flush()));
    let said = rest(stream);
    (began.elapsed(), said)
}

fn metric(server: &Server, name: &str) -> u64 {
    let metrics = server.metrics();
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map_or(0, |value| value.parse().expect("a number"))
}

#[test]
fn a_visitor_is_served_over_tls_in_both_protocols_and_sent_there() {
    let (site, https) = site();
    site.petition("fountain");
    let server = site.start();
    let request = format!("GET /p/fountain HTTP/1.1\r\nhost: {HOST}\r\nconnection: close\r\n\r\n");
    let mut stream = connect(&site, https, "http/1.1").expect("a handshake");
    let (_, page) = ends(&mut stream, request.as_bytes());
    let page = String::from_utf8_lossy(&page);
    assert!(
        page.starts_with("HTTP/1.1 200 OK") && page.contains("Repair the fountain"),
        "{page}"
    );
    assert!(page.contains("strict-transport-security: max-age="), "{page}");

    let mut stream = connect(&site, https, "h2").expect("a handshake");
    stream
        .write_all(&[preface(&[]), get(1, "/p/fountain")].concat())
        .expect("sent");
    let mut said = Vec::new();
    until("the whole page", || {
        let mut chunk = [0; 4096];
        let length = stream.read(&mut chunk).expect("an answer");
        said.extend(&chunk[..length]);
        frames(&said)
            .iter()
            .any(|(kind, flags, stream, _)| (*kind, flags & 1, *stream) == (0, 1, 1))
            .then_some(())
    });
    let body: Vec<u8> = frames(&said)
        .iter()
        .filter(|found| found.0 == 0)
        .flat_map(|found| found.3)
        .copied()
        .collect();
    assert!(String::from_utf8_lossy(&body).contains("Repair the fountain"));

    // Without a certificate nobody serves; this machine itself and proxies of ours are not sent elsewhere.
    assert_eq!(server.client().get("/p/fountain").status, 200);
    assert_eq!(metric(&server, "paraph_handshakes_total{outcome=\"done\"}"), 2);
    let mut plain = TcpStream::connect(https).expect("connected");
    assert!(ends(&mut plain, b"GET / HTTP/1.1\r\n\r\n").0 < Duration::from_secs(5));
    until("counted", || {
        (metric(&server, "paraph_handshakes_total{outcome=\"broken\"}") == 1).then_some(())
    });
    server.stop();
}

#[test]
fn a_renewed_certificate_is_taken_up_while_serving_and_a_spoilt_one_is_not() {
    let (mut site, https) = site();
    // This visitor tries until it is so.
    site.set("limits.handshakes_per_address", 1_000_000);
    site.set("limits.handshakes_per_network", 1_000_000);
    let server = site.start();
    assert!(connect(&site, https, "h2").is_ok());
    let good = fs::read(site.place().join("cert.pem")).expect("a certificate");
    fs::write(site.place().join("cert.pem"), &good[..200]).expect("written");
    until("the spoilt one is refused", || {
        (metric(&server, "paraph_certificate_reloads_total{outcome=\"refused\"}") == 1).then_some(())
    });
    fs::write(site.place().join("cert.pem"), &good).expect("written");
    assert!(connect(&site, https, "h2").is_ok(), "the old one is still in use");
    renew(&site, HOST, 2091);
    assert!(connect(&site, https, "h2").is_err(), "not yet");
    until("the new one is in use", || connect(&site, https, "h2").ok());
    assert!(
        site.logged()
            .contains("the new certificate was refused, the old one stays")
    );

    renew(&site, "elsewhere.example", 2090);
    for command in ["check-config", "serve"] {
        let ran = site.run(&[command]);
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains("is not for petitions.example"), "{}", ran.stderr);
    }
    renew(&site, HOST, 2091);
    let ran = site.run(&["check-config", "--json"]);
    assert_eq!(
        ran.json()["certificate_until"],
        "2091-01-01T00:00:00Z",
        "{}",
        ran.stderr
    );
}

#[test]
fn handshakes_are_budgeted_before_they_cost_anything_and_have_a_deadline() {
    let (mut site, https) = site();
    site.set("limits.handshakes_per_address", 10);
    site.set("limits.handshake_seconds", 1);
    let server = site.start();
    let mut silent = TcpStream::connect(https).expect("connected");
    let (took, _) = ends(&mut silent, b"");
    assert!(took < Duration::from_secs(5), "{took:?}");
    until("counted", || {
        (metric(&server, "paraph_handshakes_total{outcome=\"late\"}") == 1).then_some(())
    });
    // Silence has cost nothing of the budget.
    let done = (0..15).filter(|_| connect(&site, https, "h2").is_ok()).count();
    assert_eq!(done, 10);
    until("the refused are counted", || {
        (metric(&server, "paraph_handshakes_total{outcome=\"address\"}") == 5).then_some(())
    });
}

/// A site whose own machine is a trusted proxy, so that HTTP/2 can be spoken without TLS.
fn behind_a_proxy() -> Site {
    let mut site = Site::new();
    site.set("listen.trusted_proxies", "127.0.0.0/8");
    site.set("listen.proxy_protocol", "optional");
    site.petition("fountain");
    site
}

const VISITOR: &[u8] = b"PROXY TCP4 198.51.100.7 127.0.0.1 4711 80\r\n";

fn visitor(server: &Server) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).expect("connected");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("set");
    stream.write_all(VISITOR).expect("sent");
    stream
}

#[test]
fn http2_without_tls_is_for_trusted_proxies_alone() {
    let site = Site::new();
    let server = site.start();
    let mut stream = TcpStream::connect(server.address).expect("connected");
    let (_, said) = ends(&mut stream, &[preface(&[]), get(1, "/")].concat());
    assert!(!said.starts_with(&[0, 0]), "it was answered in HTTP/2: {said:?}");
    drop(server);

    let server = behind_a_proxy();
    let server = server.start();
    let mut stream = visitor(&server);
    stream
        .write_all(&[preface(&[]), get(1, "/p/fountain")].concat())
        .expect("sent");
    let mut head = [0; 9];
    stream.read_exact(&mut head).expect("a frame");
    assert_eq!(head[3], SETTINGS);
}

#[test]
fn a_head_of_http2_is_answered_without_a_body() {
    let site = behind_a_proxy();
    let server = site.start();
    let head = |path| ask(b"\x02\x04HEAD", 1, path);
    for path in [
        "/p/fountain",
        "/p/fountain/count.json",
        "/p/fountain/events",
        "/nowhere",
        "/desk",
    ] {
        let mut stream = visitor(&server);
        let (_, said) = ends(
            &mut stream,
            &[preface(&[]), head(path), frame(GOAWAY, 0, 0, &[0; 8])].concat(),
        );
        let said = frames(&said);
        let of_it: Vec<_> = said
            .iter()
            .filter(|found| found.2 == 1)
            .map(|found| (found.0, found.1 & 1))
            .collect();
        assert_eq!(of_it, [(HEADERS, 1)], "{path}: one head, which ends the stream");
    }
}

#[test]
fn what_abuses_http2_is_closed_and_honest_people_are_served_meanwhile() {
    let mut site = behind_a_proxy();
    site.set("limits.connection_requests", 50);
    let server = site.start();
    let rapid: Vec<u8> = (0..5000)
        .flat_map(|n| [get(2 * n + 1, "/p/fountain"), frame(RESET, 0, 2 * n + 1, &[0, 0, 0, 8])].concat())
        .collect();
    let started = frame(HEADERS, 0b1, 1, &[0x82, 0x87]);
    let continued = [
        started,
        frame(CONTINUATION, 0, 1, &[0x00, 1, b'x', 1, b'y']).repeat(100_000),
    ]
    .concat();
    let pings = frame(PING, 0, 0, &[0; 8]).repeat(100_000);
    let settings = frame(SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 10]).repeat(100_000);
    let empty = [
        frame(HEADERS, 0b100, 1, &[0x83, 0x87, 0x84, 0x01, 1, b'a']),
        frame(0, 0, 1, &[]).repeat(200_000),
    ]
    .concat();
    // Why each is ended: by h2 itself, or by what only we count.
    let ended = |why: &str| metric(&server, &format!("paraph_connections_ended_total{{why=\"{why}\"}}"));
    for (what, abuse, why) in [
        ("rapid reset", rapid, None),
        ("continuation", continued, None),
        ("pings", pings, Some("h2_flood")),
        ("settings", settings, Some("h2_flood")),
        ("empty data", empty, None),
    ] {
        let before = why.map(ended);
        let mut stream = visitor(&server);
        let (took, said) = ends(&mut stream, &[preface(&[]), abuse].concat());
        assert!(took < Duration::from_secs(5), "{what} went on for {took:?}");
        assert!(said.len() < 2_000_000, "{what} was answered with {} bytes", said.len());
        let answer = Client::behind(server.address, VISITOR.to_vec()).get("/p/fountain");
        assert_eq!(answer.status, 200, "after {what}");
        let last: Vec<_> = frames(&said)
            .iter()
            .filter(|found| found.0 == GOAWAY)
            .map(|found| found.3.to_vec())
            .collect();
        assert_eq!(why.map(ended), before.map(|before| before + 1), "{what} {last:?}");
    }
}

#[test]
fn an_http2_connection_makes_so_many_requests_and_is_never_idle_for_long() {
    let mut site = behind_a_proxy();
    site.set("limits.connection_requests", 5);
    site.set("limits.header_seconds", 2);
    let server = site.start();
    let mut stream = visitor(&server);
    let many: Vec<u8> = (0..4).flat_map(|n| get(2 * n + 1, "/p/fountain/count.json")).collect();
    let (_, said) = ends(&mut stream, &[preface(&[]), many].concat());
    assert!(
        frames(&said).iter().any(|found| found.0 == GOAWAY),
        "idle: told before it is closed"
    );
    assert_eq!(metric(&server, "paraph_connections_ended_total{why=\"idle\"}"), 1);

    let mut stream = visitor(&server);
    let many: Vec<u8> = (0..6).flat_map(|n| get(2 * n + 1, "/p/fountain/count.json")).collect();
    let (_, said) = ends(&mut stream, &[preface(&[]), many].concat());
    assert!(frames(&said).iter().any(|found| found.0 == GOAWAY));
    assert_eq!(metric(&server, "paraph_connections_ended_total{why=\"requests\"}"), 1);
}

#[test]
fn an_answer_that_nobody_takes_is_given_up() {
    let mut site = behind_a_proxy();
    site.set("limits.write_stall_seconds", 2);
    site.set("limits.drain_seconds", 2);
    let server = site.start();
    // SETTINGS_INITIAL_WINDOW_SIZE is 0: the page waits for a window that never opens.
    let mut stream = visitor(&server);
    let (took, said) = ends(
        &mut stream,
        &[preface(&[0, 4, 0, 0, 0, 0]), get(1, "/p/fountain")].concat(),
    );
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert!(
        frames(&said).iter().all(|found| found.0 != 0),
        "no byte of the page could be sent"
    );
    assert_eq!(metric(&server, "paraph_connections_ended_total{why=\"slow_read\"}"), 1);
}

#[test]
fn a_body_comes_at_a_least_rate() {
    let mut site = Site::new();
    site.set("limits.body_grace_seconds", 1);
    site.set("limits.body_seconds", 60);
    site.petition("fountain");
    let server = site.start();
    let head = "POST /p/fountain/sign HTTP/1.1\r\nhost: a\r\naccept: application/json\r\ncontent-type: application/x-www-form-urlencoded\r\n";
    // A phone on 2G at its worst: 1,000 bytes a second, in pieces.
    let mut phone = TcpStream::connect(server.address).expect("connected");
    phone.set_read_timeout(Some(Duration::from_secs(30))).expect("set");
    phone
        .write_all(format!("{head}connection: close\r\ncontent-length: 4000\r\n\r\n").as_bytes())
        .expect("sent");
    for _ in 0..8 {
        phone.write_all(&[b'a'; 500]).expect("sent");
        std::thread::sleep(Duration::from_millis(500));
    }
    let answered = String::from_utf8_lossy(&rest(&mut phone)).into_owned();
    assert!(
        answered.starts_with("HTTP/1.1 400"),
        "read to its end, and no form: {answered}"
    );

    let mut slow = TcpStream::connect(server.address).expect("connected");
    slow.set_read_timeout(Some(Duration::from_millis(200))).expect("set");
    slow.write_all(format!("{head}content-length: 4000\r\n\r\n").as_bytes())
        .expect("sent");
    let began = Instant::now();
    let answered = until("it is told", || {
        drop(slow.write_all(b"a"));
        let mut said = [0; 4096];
        let length = slow.read(&mut said).ok()?;
        Some(String::from_utf8_lossy(&said[..length]).into_owned())
    });
    assert!(answered.starts_with("HTTP/1.1 408"), "{answered}");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(metric(&server, "paraph_connections_ended_total{why=\"slow_body\"}"), 1);
}

/// The whole page fits into the kernel's buffer: the program has done its part and closes, and the kernel would go on
/// offering it.
#[test]
fn a_page_that_nobody_reads_does_not_stay_in_the_kernel() {
    let mut site = Site::new();
    site.set("limits.write_stall_seconds", 1);
    site.set("limits.header_seconds", 1);
    site.petition("fountain");
    let server = site.start();
    let socket = rustix::net::socket(rustix::net::AddressFamily::INET, rustix::net::SocketType::STREAM, None);
    let socket = socket.expect("a socket");
    rustix::net::sockopt::set_socket_recv_buffer_size(&socket, 2048).expect("set");
    rustix::net::connect(&socket, &server.address).expect("connected");
    let mut client = TcpStream::from(socket);
    client
        .write_all(b"GET /p/fountain HTTP/1.1\r\nhost: a\r\n\r\n")
        .expect("sent");
    // Longer than the page may wait for its reader, and than the connection may wait for a request.
    std::thread::sleep(Duration::from_secs(5));
    let mut read = Vec::new();
    let ended = client.read_to_end(&mut read);
    let error = ended.expect_err("the rest was thrown away");
    assert_eq!(
        error.kind(),
        io::ErrorKind::ConnectionReset,
        "after {} bytes",
        read.len()
    );
}
