//! Pebble with a DNS server of its own, behind a door that can misbehave: it answers for the authority, says nothing, or
//! changes what the authority said.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore, ServerConfig, ServerConnection,
    SignatureScheme, StreamOwned,
};

use crate::server::{free, until};

/// How the door misbehaves, for requests whose path begins so.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// Answers in the authority's place.
    Answer(&'static str, &'static str),
    /// Lets the authority do what it is asked, and never answers.
    Hang(&'static str),
    /// Says something else than the authority.
    Rewrite(&'static str, &'static str, &'static str),
}

impl Fault {
    fn is_for(self, path: &str) -> bool {
        let (Self::Answer(begins, _) | Self::Hang(begins) | Self::Rewrite(begins, ..)) = self;
        path.starts_with(begins)
    }
}

#[derive(Default)]
struct Seen {
    fault: Option<Fault>,
    paths: Vec<String>,
}

pub(super) struct Authority {
    /// Its address, through the door.
    pub(super) directory: String,
    /// An account to bind ours to, where it asks for one.
    pub(super) binding: Option<(&'static str, &'static str)>,
    place: PathBuf,
    dns: Child,
    pebble: Child,
    names: SocketAddr,
    management: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

impl Drop for Authority {
    fn drop(&mut self) {
        for child in [&mut self.dns, &mut self.pebble] {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

const BINDING: (&str, &str) = (
    "kid-1",
    "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W",
);

impl Authority {
    /// Starts it. It looks for proofs at these ports of 127.0.0.1. `authority.pem` is to be trusted.
    pub(super) fn start(place: &Path, http: u16, https: u16, is_bound: bool) -> Self {
        let (inner, management, names) = (free(), free(), free());
        let tls = certificate(place);
        let mut pebble = serde_json::json!({
            "listenAddress": inner.to_string(),
            "managementListenAddress": management.to_string(),
            "certificate": place.join("authority.pem"),
            "privateKey": place.join("authority.key"),
            "httpPort": http,
            "tlsPort": https,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": is_bound,
        });
        if is_bound {
            pebble["externalAccountMACKeys"] = serde_json::json!({ BINDING.0: BINDING.1 });
        }
        let config = serde_json::json!({ "pebble": pebble }).to_string();
        fs::write(place.join("pebble.json"), config).expect("written");
        let dns = Command::new("pebble-challtestsrv")
            .args(["-defaultIPv6", "", "-http01", "", "-https01", "", "-tlsalpn01", ""])
            .args(["-dns01", &names.to_string(), "-management", &free().to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("pebble-challtestsrv, of Debian's package pebble");
        let seen = Arc::<Mutex<Seen>>::default();
        let door = door(tls, inner, &seen);
        Self {
            directory: format!("https://localhost:{}/dir", door.port()),
            binding: is_bound.then_some(BINDING),
            place: place.to_owned(),
            dns,
            pebble: spawn(place, names),
            names,
            management,
            seen,
        }
        .ready()
    }

    fn ready(self) -> Self {
        until("the authority listens", || TcpStream::connect(self.management).ok());
        self
    }

    /// Ends it and starts it anew: it keeps nothing.
    pub(super) fn restart(&mut self) {
        self.pebble.kill().expect("killed");
        self.pebble.wait().expect("gone");
        self.pebble = spawn(&self.place, self.names);
        until("the authority listens", || TcpStream::connect(self.management).ok());
    }

    pub(super) fn put(&self, fault: Option<Fault>) {
        self.seen.lock().expect("no panic").fault = fault;
    }

    /// How often something was asked for whose path begins so.
    pub(super) fn asked(&self, begins: &str) -> usize {
        let seen = self.seen.lock().expect("no panic");
        seen.paths.iter().filter(|path| path.starts_with(begins)).count()
    }

    /// How many orders were placed, or tried to be.
    pub(super) fn orders(&self) -> usize {
        self.asked("/order-plz")
    }

    /// What its certificates lead to.
    pub(super) fn roots(&self) -> RootCertStore {
        let mut stream = secured(self.management);
        let request = format!(
            "GET /roots/0 HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n",
            self.management
        );
        stream.write_all(request.as_bytes()).expect("sent");
        let said = rest(&mut stream);
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(&said).expect("a certificate"))
            .expect("a root");
        roots
    }
}

fn spawn(place: &Path, names: SocketAddr) -> Child {
    Command::new("pebble")
        .arg("-strict")
        .args(["-dnsserver", &names.to_string()])
        .arg("-config")
        .arg(place.join("pebble.json"))
        .env("PEBBLE_VA_NOSLEEP", "1")
        .env("PEBBLE_AUTHZREUSE", "0")
        // One nonce in twenty is refused, as happens. Of one in five, three in a row would be: then the client gives up.
        .env("PEBBLE_WFE_NONCEREJECT", "5")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("pebble, of Debian's package pebble")
}

fn certificate(place: &Path) -> Arc<ServerConfig> {
    let params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
    let key = KeyPair::generate().expect("a key");
    let signed = params.self_signed(&key).expect("signed");
    fs::write(place.join("authority.pem"), signed.pem()).expect("written");
    fs::write(place.join("authority.key"), key.serialize_pem()).expect("written");
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![signed.der().clone()], private);
    Arc::new(config.expect("its key"))
}

/// One request a connection, as our client makes them.
fn door(tls: Arc<ServerConfig>, inner: SocketAddr, seen: &Arc<Mutex<Seen>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let (address, seen) = (listener.local_addr().expect("bound"), Arc::clone(seen));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (tls, seen) = (Arc::clone(&tls), Arc::clone(&seen));
            std::thread::spawn(move || pass(stream, tls, inner, &seen));
        }
    });
    address
}

fn pass(stream: TcpStream, tls: Arc<ServerConfig>, inner: SocketAddr, seen: &Mutex<Seen>) -> Option<()> {
    let mut client = StreamOwned::new(ServerConnection::new(tls).ok()?, stream);
    let request = request(&mut client)?;
    let text = String::from_utf8_lossy(&request).into_owned();
    let path = text.split(' ').nth(1)?.to_owned();
    let fault = {
        let mut seen = seen.lock().expect("no panic");
        seen.paths.push(path.clone());
        seen.fault.filter(|fault| fault.is_for(&path))
    };
    if let Some(Fault::Answer(_, answer)) = fault {
        client.write_all(answer.as_bytes()).ok()?;
        client.conn.send_close_notify();
        return client.flush().ok();
    }
    let mut authority = secured(inner);
    let asked = text.replacen("\r\n", "\r\nconnection: close\r\n", 1);
    authority.write_all(asked.as_bytes()).ok()?;
    let mut answer = rest(&mut authority);
    match fault {
        Some(Fault::Hang(_)) => {
            // Until the client gives up.
            drop(client.read(&mut [0]));
            return None;
        }
        Some(Fault::Rewrite(_, from, to)) => {
            assert_eq!(from.len(), to.len(), "the length stands in a header");
            answer = String::from_utf8_lossy(&answer).replace(from, to).into_bytes();
        }
        _ => {}
    }
    client.write_all(&answer).ok()?;
    client.conn.send_close_notify();
    client.flush().ok()
}

/// Head and body of a request.
fn request(stream: &mut impl Read) -> Option<Vec<u8>> {
    let (mut read, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&read).to_lowercase();
        if let Some(end) = text.find("\r\n\r\n") {
            let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.map_or(0, |length| length.trim().parse().expect("a number"));
            if read.len() >= end + 4 + length {
                return Some(read);
            }
        }
        let more = stream.read(&mut chunk).ok().filter(|more| *more > 0)?;
        read.extend(&chunk[..more]);
    }
}

fn rest(stream: &mut impl Read) -> Vec<u8> {
    let (mut said, mut chunk) = (Vec::new(), [0; 4096]);
    while let Ok(length @ 1..) = stream.read(&mut chunk) {
        said.extend(&chunk[..length]);
    }
    said
}

/// TLS to a server of this test's own; whom to trust is not what is tested here.
fn secured(address: SocketAddr) -> StreamOwned<ClientConnection, TcpStream> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody))
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").expect("a name");
    let tcp = until("a connection", || TcpStream::connect(address).ok());
    tcp.set_read_timeout(Some(Duration::from_secs(10))).expect("set");
    StreamOwned::new(ClientConnection::new(Arc::new(config), name).expect("a client"), tcp)
}

#[derive(Debug)]
struct Anybody;

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![
            SignatureScheme::ECDSA_NISTP256_SHA256,
            SignatureScheme::RSA_PSS_SHA256,
            SignatureScheme::ED25519,
        ]
    }
}
