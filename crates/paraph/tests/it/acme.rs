//! Certificates from an authority: Pebble, the test server of those who run the largest one, which validates signatures,
//! nonces and proofs for real, by connecting to our listeners. What it never does stands in front of it (`authority.rs`).

mod authority;

use std::fs;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use serde_json::Value;

use crate::server::{Server, Site, free, until};
use authority::{Authority, Fault};

const HOST: &str = "petitions.example";

/// A site that asks this authority, by one of both ways.
struct World {
    site: Site,
    https: SocketAddr,
    authority: Authority,
}

impl World {
    fn new(challenge: &str) -> Self {
        let (http, https) = (free(), free());
        let mut site = Site::new();
        let authority = Authority::start(site.place(), http.port(), https.port(), challenge == "http-01");
        site.set("listen.http", http);
        site.set("listen.https", https);
        site.set("site.base_url", format!("https://{HOST}"));
        site.set("listen.acme.directory", &authority.directory);
        site.set("listen.acme.terms_agreed", true);
        site.set("listen.acme.contact", "admin@petitions.example");
        site.set("listen.acme.ca", "authority.pem");
        site.set("listen.acme.challenge", challenge);
        if let Some((key_id, key)) = authority.binding {
            site.set("listen.acme.eab_key_id", key_id);
            site.set("listen.acme.eab_key", key);
        }
        site.set("limits.acme_retry_seconds", 1);
        site.set("limits.acme_answer_seconds", 2);
        // This visitor tries until it is so.
        site.set("limits.handshakes_per_address", 1_000_000);
        site.set("limits.handshakes_per_network", 1_000_000);
        Self { site, https, authority }
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.site.data().join("acme").join(name)
    }

    fn state(&self) -> Value {
        let text = fs::read(self.file("state.json")).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// The state once it is so.
    fn until_state(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        until(what, || Some(self.state()).filter(|state| is_so(state)))
    }

    /// A certificate whose time is all but over, as a server finds it that was away; and when it was asked for, long ago.
    fn nearly_over(&self) {
        let mut params = CertificateParams::new([HOST.to_owned()]).expect("a name");
        params.not_before = date_time_ymd(2020, 1, 1);
        // By the clock of this machine two thirds of it are over, and some of it is left.
        let year = 1970 + i32::try_from(paraph::clock::now().0 / 31_557_600_000).expect("a year");
        params.not_after = date_time_ymd(year + 2, 1, 1);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        write(
            &self.file("certificate.pem"),
            &(key.serialize_pem() + &certificate.pem()),
        );
    }
}

fn write(file: &Path, text: &str) {
    fs::create_dir_all(file.parent().expect("a directory")).expect("made");
    fs::write(file, text).expect("written");
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).expect("mode");
}

/// A handshake that trusts these roots only.
fn handshake(https: SocketAddr, roots: RootCertStore) -> io::Result<Vec<u8>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(HOST).expect("a name");
    let mut connection = ClientConnection::new(Arc::new(config), name).expect("a client");
    let mut tcp = TcpStream::connect(https)?;
    tcp.set_read_timeout(Some(Duration::from_secs(5)))?;
    while connection.is_handshaking() {
        connection.complete_io(&mut tcp)?;
    }
    let shown = connection.peer_certificates().expect("shown");
    Ok(shown[0].to_vec())
}

impl World {
    /// The certificate that visitors see, if the authority vouches for it.
    fn vouched(&self) -> Option<Vec<u8>> {
        handshake(self.https, self.authority.roots()).ok()
    }

    /// Whether visitors are still shown the certificate that was there before.
    fn shows(&self, file: &str) -> bool {
        use rustls::pki_types::{CertificateDer, pem::PemObject};
        let old = CertificateDer::from_pem_file(self.site.place().join(file)).expect("a certificate");
        let mut roots = RootCertStore::empty();
        roots.add(old).expect("a root");
        handshake(self.https, roots).is_ok()
    }
}

fn metric(server: &Server, name: &str) -> u64 {
    let metrics = server.metrics();
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map_or(0, |value| value.parse().expect("a number"))
}

#[test]
fn a_certificate_is_fetched_by_a_handshake_kept_and_renewed_while_the_old_one_serves() {
    let world = World::new("tls-alpn-01");
    let explained = world.site.run(&["check-config"]);
    assert!(explained.stdout.contains("no certificate yet"), "{}", explained.stdout);
    let server = world.site.start();
    let first = until("a first certificate", || world.vouched());
    // Visitors are shown a certificate a moment before it is kept, and counted, that the order went well.
    world.until_state("it is kept that it went well", |state| state["failures"] == 0);
    assert_eq!(
        metric(&server, "paraph_certificate_orders_total{outcome=\"issued\"}"),
        1
    );
    assert!(metric(&server, "paraph_handshakes_total{outcome=\"proven\"}") >= 1);
    for name in ["account.json", "certificate.pem", "state.json"] {
        let mode = fs::metadata(world.file(name)).expect(name).permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    assert!(!world.file("order.json").exists());
    let mut doctor = world.site.run(&["doctor", "--json", "--dns", "127.0.0.1:9"]).json()["findings"].take();
    let found = doctor.as_array_mut().expect("a list").iter();
    let authority = found
        .clone()
        .find(|finding| finding["check"] == "site: authority")
        .expect("it");
    assert_eq!(authority["verdict"], "ok", "{authority}");
    server.stop();

    // A start with a certificate asks for nothing; the first may have had to ask twice, where the machine was busy.
    let orders = world.authority.orders();
    let server = world.site.start();
    assert_eq!(until("served", || world.vouched()), first);
    server.stop();
    assert_eq!(world.authority.orders(), orders);

    // Two thirds of its life are over: the old one serves until the new one is there.
    world.nearly_over();
    fs::copy(world.file("certificate.pem"), world.site.place().join("old.pem")).expect("copied");
    fs::remove_file(world.file("state.json")).expect("removed");
    world.authority.put(Some(Fault::Hang("/order-plz")));
    let server = world.site.start();
    world.until_state("a failed attempt", |state| state["why"].is_string());
    assert!(world.shows("old.pem"));
    world.authority.put(None);
    let renewed = until("a renewed certificate", || world.vouched());
    assert_ne!(renewed, first);
    world.until_state("it is kept that it went well", |state| state["failures"] == 0);
    server.stop();
}

#[test]
fn two_names_are_proven_by_pages_for_an_account_bound_to_another() {
    let mut world = World::new("http-01");
    world.site.set("listen.acme.domains", format!("{HOST},www.{HOST}"));
    let server = world.site.start();
    let leaf = until("a certificate", || world.vouched());
    let text = String::from_utf8_lossy(&leaf).into_owned();
    assert!(text.contains("www.petitions.example"), "both names are in it");
    assert_eq!(server.client().get("/.well-known/acme-challenge/abc").status, 404);
    for file in ["server.log", "data/acme/state.json"] {
        let text = fs::read_to_string(world.site.place().join(file)).expect("a file");
        let (_, key) = world.authority.binding.expect("one");
        assert!(!text.contains(key) && !text.contains("PRIVATE KEY"), "{file}");
    }
    server.stop();
}

#[test]
fn an_authority_that_limits_lies_or_hangs_takes_nothing_away_and_is_not_hammered() {
    let world = World::new("tls-alpn-01");
    world.nearly_over();
    fs::copy(world.file("certificate.pem"), world.site.place().join("old.pem")).expect("copied");
    // It asks about a name that is none of ours: nothing is shown for it.
    world
        .authority
        .put(Some(Fault::Rewrite("/authZ/", HOST, "petitionz.example")));
    let server = world.site.start();
    world.until_state("a question about another name", |state| {
        let why = state["why"].as_str().unwrap_or_default();
        why.contains("petitionz.example, which is none of")
    });
    assert!(world.shows("old.pem"));
    server.stop();
    fs::remove_file(world.file("state.json")).expect("removed");

    let limited = "HTTP/1.1 429 Too Many Requests\r\nretry-after: 3600\r\ncontent-type: application/problem+json\r\n\
                   connection: close\r\n\r\n{\"type\":\"urn:ietf:params:acme:error:rateLimited\",\"detail\":\"too many\",\"status\":429}";
    world.authority.put(Some(Fault::Answer("/order-plz", limited)));
    let server = world.site.start();
    let state = world.until_state("a limited attempt", |state| state["not_before"].is_u64());
    let wait = state["not_before"].as_u64().expect("a time") - paraph::clock::now().0;
    assert!((3_590_000..=3_600_000).contains(&wait), "{wait}");
    assert!(state["why"].as_str().expect("why").contains("too many"), "{state}");
    // Longer than the pause after a failure would be.
    let orders = world.authority.orders();
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(3) {
        assert_eq!(world.authority.orders(), orders, "it was told to wait");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(world.shows("old.pem"));
    server.stop();
    let doctor = world.site.run(&["doctor", "--json", "--dns", "127.0.0.1:9"]).json();
    let found = doctor["findings"].as_array().expect("a list");
    let authority = found
        .iter()
        .find(|finding| finding["check"] == "site: authority")
        .expect("it");
    assert!(
        authority["verdict"] == "fail" && authority["what"].as_str().expect("what").contains("too many"),
        "{authority}"
    );

    // A certificate for somebody else: its key is not ours, its name neither.
    fs::remove_file(world.file("state.json")).expect("removed");
    let lie = CertificateParams::new(["elsewhere.example".to_owned()]).expect("a name");
    let key = KeyPair::generate().expect("a key");
    let lie = lie.self_signed(&key).expect("signed").pem();
    let answer =
        format!("HTTP/1.1 200 OK\r\ncontent-type: application/pem-certificate-chain\r\nconnection: close\r\n\r\n{lie}");
    world
        .authority
        .put(Some(Fault::Answer("/certZ/", Box::leak(answer.into_boxed_str()))));
    let server = world.site.start();
    let state = world.until_state("a lie is seen", |state| state["why"].is_string());
    assert!(
        state["why"].as_str().expect("why").contains("cannot be used"),
        "{state}"
    );
    assert!(world.shows("old.pem"));
    world.authority.put(None);
    until("the truth", || world.vouched());
    server.stop();
}

#[test]
fn a_kill_in_the_middle_of_an_order_loses_neither_the_order_nor_its_certificate() {
    let world = World::new("tls-alpn-01");
    // The certificate is made, and the authority does not come to say so.
    world.authority.put(Some(Fault::Hang("/certZ/")));
    let server = world.site.start();
    until("the certificate is asked for", || {
        (world.authority.asked("/certZ/") > 0).then_some(())
    });
    server.kill();
    let orders = world.authority.orders();
    world.authority.put(None);
    let server = world.site.start();
    until("it is there", || world.vouched());
    assert_eq!(world.authority.orders(), orders, "the same order");
    server.stop();

    // An order that is over at the authority is not asked about for ever; nor is an account that is gone.
    fs::remove_file(world.file("certificate.pem")).expect("removed");
    fs::remove_file(world.file("state.json")).expect("removed");
    world.authority.put(Some(Fault::Hang("/chalZ/")));
    let proven = world.authority.asked("/chalZ/");
    let server = world.site.start();
    until("an order is under way", || {
        (world.authority.asked("/chalZ/") > proven).then_some(())
    });
    server.kill();
    fs::remove_file(world.file("state.json")).expect("removed");
    world
        .authority
        .put(Some(Fault::Rewrite("/my-order/", "\"pending\"", "\"invalid\"")));
    let server = world.site.start();
    until("another order is placed", || {
        (world.authority.orders() > orders + 1).then_some(())
    });
    world.authority.put(None);
    until("it is there", || world.vouched());
    server.stop();
}

#[test]
fn an_authority_that_forgot_everything_gets_another_account() {
    let mut world = World::new("tls-alpn-01");
    let server = world.site.start();
    until("a first certificate", || world.vouched());
    server.stop();
    world.authority.restart();
    fs::remove_file(world.file("certificate.pem")).expect("removed");
    fs::remove_file(world.file("state.json")).expect("removed");
    let server = world.site.start();
    until("another one", || world.vouched());
    server.stop();
}

#[test]
fn what_cannot_work_is_said_before_the_start() {
    let world = World::new("tls-alpn-01");
    let refused = |key: &str, value: &str, says: &str| {
        let mut site = Site::new();
        for known in [
            "listen.https",
            "listen.acme.directory",
            "listen.acme.terms_agreed",
            "site.base_url",
        ] {
            site.set(known, world.site.get(known));
        }
        site.set(key, value);
        let ran = site.run(&["check-config"]);
        assert_eq!(ran.code, 2, "{key} = {value}: {}", ran.stdout);
        assert!(ran.stderr.contains(says), "{key} = {value}: {}", ran.stderr);
    };
    refused("listen.acme.terms_agreed", "false", "terms of service");
    refused(
        "listen.acme.directory",
        "http://authority.example/dir",
        "not an https address",
    );
    refused(
        "listen.acme.domains",
        "other.example",
        "lacks the host of site.base_url",
    );
    refused("listen.acme.domains", "*.petitions.example", "not the name of a host");
    refused("listen.acme.challenge", "dns-01", "neither tls-alpn-01 nor http-01");
    refused("listen.certificate", "cert.pem", "stands beside [listen.acme]");
    refused("listen.acme.eab_key_id", "kid-1", "has no key");
    refused("site.base_url", "https://192.0.2.7", "a certificate for an address");
}
