//! A world on loopback: a DNS server, a mail server with TLS and a login, a front door with TLS, a receiver of webhooks.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex};

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::mail::Sink;

/// Names and types of DNS, as in `("example.org", "TXT")`, with their data.
pub(crate) type Zone = Arc<Mutex<BTreeMap<(String, &'static str), Vec<u8>>>>;

const TYPES: &[(&str, u16)] = &[("A", 1), ("MX", 15), ("TXT", 16)];

pub(crate) fn text(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).expect("short");
    [&[length], text.as_bytes()].concat()
}

/// Answers from the zone (RFC 1035), as much as a stub resolver needs. Everything else does not exist.
pub(crate) fn dns(zone: &Zone) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let (address, zone) = (socket.local_addr().expect("bound"), Arc::clone(zone));
    std::thread::spawn(move || {
        let mut buffer = [0; 1500];
        while let Ok((length, peer)) = socket.recv_from(&mut buffer) {
            let answer = resolve(&buffer[..length], &zone);
            drop(socket.send_to(&answer, peer));
        }
    });
    address
}

fn resolve(question: &[u8], zone: &Zone) -> Vec<u8> {
    let (mut at, mut labels) = (12, Vec::new());
    while question[at] != 0 {
        let end = at + 1 + usize::from(question[at]);
        labels.push(String::from_utf8_lossy(&question[at + 1..end]).to_lowercase());
        at = end;
    }
    let kind = u16::from_be_bytes([question[at + 1], question[at + 2]]);
    let name = TYPES.iter().find(|(_, number)| *number == kind).map(|(name, _)| *name);
    let data = name.and_then(|name| zone.lock().expect("no panic").get(&(labels.join("."), name)).cloned());
    // An answer, recursion available; without data: no such name.
    let (flags, count) = if data.is_some() {
        ([0x81, 0x80], 1)
    } else {
        ([0x81, 0x83], 0)
    };
    let mut answer = [
        &question[..2],
        &flags,
        &[0, 1, 0, count, 0, 0, 0, 0],
        &question[12..at + 5],
    ]
    .concat();
    if let Some(data) = data {
        let length = u16::try_from(data.len()).expect("short").to_be_bytes();
        answer.extend(
            [
                &[0xc0, 12][..],
                &kind.to_be_bytes(),
                &[0, 1, 0, 0, 0, 60],
                &length,
                &data,
            ]
            .concat(),
        );
    }
    answer
}

/// A certificate for the site and for localhost, written to a file that is to be trusted.
pub(crate) fn certificate(file: &Path, last_year: i32) -> Arc<ServerConfig> {
    let names = ["petitions.example.org".to_owned(), "localhost".to_owned()];
    let mut parameters = rcgen::CertificateParams::new(names).expect("names");
    parameters.not_after = rcgen::date_time_ymd(last_year, 1, 1);
    let key = rcgen::KeyPair::generate().expect("a key");
    let signed = parameters.self_signed(&key).expect("signed");
    std::fs::write(file, signed.pem()).expect("written");
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![signed.der().clone()], private);
    Arc::new(config.expect("its key"))
}

/// An Ed25519 key for DKIM in a file, mode 600. Its other half, as a record holds it.
pub(crate) fn dkim_key(file: &Path) -> String {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).expect("a key");
    std::fs::write(file, key.serialize_pem()).expect("written");
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).expect("set");
    data_encoding::BASE64.encode(key.public_key_raw())
}

fn each(serve: impl Fn(TcpStream) -> Option<()> + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("bound");
    let serve = Arc::new(serve);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = Arc::clone(&serve);
            std::thread::spawn(move || serve(stream));
        }
    });
    address
}

fn secured(stream: TcpStream, tls: &Arc<ServerConfig>) -> Option<StreamOwned<ServerConnection, TcpStream>> {
    Some(StreamOwned::new(ServerConnection::new(Arc::clone(tls)).ok()?, stream))
}

/// A front door that answers everything with 200 and this many seconds added to the date.
pub(crate) fn front_door(tls: Arc<ServerConfig>, seconds: i64) -> SocketAddr {
    each(move |stream| {
        let mut stream = secured(stream, &tls)?;
        let mut buffer = [0; 4096];
        if stream.read(&mut buffer).ok()? == 0 {
            return None;
        }
        let now = jiff::Timestamp::from_millisecond(i64::try_from(paraph::clock::now().0).ok()?).ok()?;
        let then = now.checked_add(jiff::SignedDuration::from_secs(seconds)).ok()?;
        let date = then.strftime("%a, %d %b %Y %H:%M:%S GMT");
        write!(
            stream,
            "HTTP/1.1 200 OK\r\ndate: {date}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        )
        .ok()?;
        stream.conn.send_close_notify();
        stream.flush().ok()
    })
}

/// A mail server that wants STARTTLS, then `petitions` with the password `secret`. Letters are kept by a sink's rules: none.
pub(crate) fn mail_server(tls: Arc<ServerConfig>, offers_tls: bool) -> SocketAddr {
    each(move |mut stream| {
        stream.write_all(b"220 mail.example.org\r\n").ok()?;
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let answer: &[u8] = match line.trim_end() {
                "STARTTLS" => {
                    stream.write_all(b"220 go on\r\n").ok()?;
                    return private(secured(stream, &tls)?);
                }
                hello if hello.starts_with("EHLO") && offers_tls => b"250-mail.example.org\r\n250 STARTTLS\r\n",
                hello if hello.starts_with("EHLO") => b"250 mail.example.org\r\n",
                _ => b"250 ok\r\n",
            };
            stream.write_all(answer).ok()?;
        }
    })
}

fn private(stream: impl Read + Write) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let login = data_encoding::BASE64.encode(b"\0petitions\0secret");
    let (mut in_letter, mut is_signed) = (false, false);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let answer: &[u8] = match line.trim_end() {
            "." if in_letter => {
                in_letter = false;
                if is_signed {
                    b"250 kept\r\n"
                } else {
                    b"550 not signed\r\n"
                }
            }
            field if in_letter => {
                is_signed |= field.starts_with("DKIM-Signature: v=1;");
                b""
            }
            "DATA" => {
                in_letter = true;
                b"354 go on\r\n"
            }
            hello if hello.starts_with("EHLO") => b"250-mail.example.org\r\n250 AUTH PLAIN\r\n",
            auth if auth.starts_with("AUTH") && auth.ends_with(&login) => b"235 welcome\r\n",
            auth if auth.starts_with("AUTH") => b"535 who are you\r\n",
            _ => b"250 ok\r\n",
        };
        stream.get_mut().write_all(answer).ok()?;
        stream.get_mut().flush().ok()?;
    }
}

/// A request as a receiver saw it.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

/// Takes every POST and remembers it.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Receiver {
    pub(crate) fn start() -> Self {
        let received = Arc::<Mutex<Vec<Received>>>::default();
        let kept = Arc::clone(&received);
        let address = each(move |stream| {
            let mut reader = BufReader::new(stream.try_clone().ok()?);
            let mut first = String::new();
            reader.read_line(&mut first).ok()?;
            let mut headers = BTreeMap::new();
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).ok()?;
                let Some((name, value)) = line.trim_end().split_once(": ") else {
                    break;
                };
                headers.insert(name.to_lowercase(), value.to_owned());
            }
            let mut body = vec![0; headers.get("content-length")?.parse().ok()?];
            reader.read_exact(&mut body).ok()?;
            kept.lock().expect("no panic").push(Received {
                path: first.split(' ').nth(1)?.to_owned(),
                headers,
                body: String::from_utf8(body).ok()?,
            });
            let mut stream = stream;
            stream
                .write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
                .ok()
        });
        Self { address, received }
    }

    /// What came to a path, in order.
    pub(crate) fn at(&self, path: &str) -> Vec<Received> {
        let received = self.received.lock().expect("no panic");
        received
            .iter()
            .filter(|received| received.path == path)
            .cloned()
            .collect()
    }
}

/// What a sink took for an address.
pub(crate) fn letters_to(sink: &Sink, address: &str) -> Vec<String> {
    let letters = sink.letters().into_iter();
    letters
        .filter(|letter| letter.to == address)
        .map(|letter| letter.text)
        .collect()
}
