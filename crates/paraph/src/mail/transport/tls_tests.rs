//! Real TLS with certificates of a test's own authority, and what each kind of refusal comes to.

use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::Transport;
use crate::config::without_file;
use crate::limits::Limits;

/// How the server is set up.
#[derive(Clone, Copy)]
struct Setup {
    /// TLS from the first byte.
    wrapped: bool,
    /// Offers STARTTLS.
    offers: bool,
    /// Name in its certificate.
    name: &'static str,
    /// The password that it wants.
    password: &'static str,
}

const GOOD: Setup = Setup {
    wrapped: false,
    offers: true,
    name: "localhost",
    password: "sesame",
};

/// A mail server; what it was told, before and after TLS, arrives on the channel.
async fn server(setup: Setup) -> (SocketAddr, String, mpsc::Receiver<String>) {
    let mut authority = CertificateParams::new(Vec::new()).expect("valid");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().expect("a key")).expect("signed");
    let key = KeyPair::generate().expect("a key");
    let certificate = CertificateParams::new(vec![setup.name.to_owned()]).expect("valid");
    let certificate = certificate.signed_by(&key, &authority).expect("signed");
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(tokio_rustls::rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("a certificate");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let (address, (told, heard)) = (listener.local_addr().expect("bound"), mpsc::channel(256));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, told) = (acceptor.clone(), told.clone());
            tokio::spawn(async move {
                if setup.wrapped {
                    let stream = acceptor.accept(stream).await.ok()?;
                    converse(stream, setup, true, &told).await;
                } else if let Some(plain) = converse(stream, setup, false, &told).await {
                    let stream = acceptor.accept(plain).await.ok()?;
                    converse(stream, setup, true, &told).await;
                }
                Some(())
            });
        }
    });
    (address, authority.pem(), heard)
}

/// Until the connection ends; the stream comes back when it is to be wrapped.
async fn converse<S>(stream: S, setup: Setup, tls: bool, told: &mpsc::Sender<String>) -> Option<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut stream = BufReader::new(stream);
    if !tls || setup.wrapped {
        stream.write_all(b"220 test ESMTP\r\n").await.ok()?;
    }
    let login = data_encoding::BASE64.encode(format!("\0ada\0{}", setup.password).as_bytes());
    let mut in_data = false;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        let _ = told.send(format!("{}{line}", if tls { "tls " } else { "" })).await;
        let reply = match (in_data, line.split([' ', ':']).next().unwrap_or_default()) {
            (true, ".") => {
                in_data = false;
                "250 taken"
            }
            (true, _) => continue,
            (_, "EHLO") if !tls && setup.offers => "250-test\r\n250-STARTTLS\r\n250 AUTH PLAIN",
            (_, "EHLO") => "250-test\r\n250 AUTH PLAIN",
            (_, "STARTTLS") => {
                stream.write_all(b"220 go on\r\n").await.ok()?;
                return Some(stream.into_inner());
            }
            (_, "AUTH") if line.ends_with(&login) => "235 2.7.0 welcome",
            (_, "AUTH") => "535 5.7.8 no such user or password",
            (_, "DATA") => {
                in_data = true;
                "354 go on"
            }
            _ => "250 ok",
        };
        stream.write_all(format!("{reply}\r\n").as_bytes()).await.ok()?;
    }
}

/// Hands one letter over; what came of it, in the words of the log.
async fn outcome(url: &str, authority: &str) -> String {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("ca.pem");
    std::fs::write(&path, authority).expect("written");
    let environment = [
        ("PARAPH__MAIL__FROM", "petitions@example.org".to_owned()),
        ("PARAPH__MAIL__SMTP", url.to_owned()),
        ("PARAPH__MAIL__SMTP_USER", "ada".to_owned()),
        ("PARAPH__MAIL__SMTP_PASSWORD", "sesame".to_owned()),
        ("PARAPH__MAIL__SMTP_CA", path.display().to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value));
    let config = without_file(&environment, &["en"]).expect("valid");
    let transport = Transport::open(&config.mail.delivery, &Limits::default()).expect("opens");
    match transport.hand_over("ada@example.org").await {
        Ok(()) => "delivered".to_owned(),
        Err(error) => error.to_string(),
    }
}

async fn told(mut heard: mpsc::Receiver<String>) -> Vec<String> {
    heard.close();
    let mut lines = Vec::new();
    while let Some(line) = heard.recv().await {
        lines.push(line);
    }
    lines
}

#[tokio::test]
async fn letters_and_passwords_travel_under_tls_only() {
    for wrapped in [false, true] {
        let (address, authority, heard) = server(Setup { wrapped, ..GOOD }).await;
        let scheme = if wrapped { "smtps" } else { "smtp+starttls" };
        let url = format!("{scheme}://localhost:{}", address.port());
        assert_eq!(outcome(&url, &authority).await, "delivered");
        let lines = told(heard).await;
        let secret = |line: &&String| ["AUTH", "MAIL", "RCPT", "DATA"].iter().any(|verb| line.contains(verb));
        assert_eq!(lines.iter().filter(secret).count(), 4, "{lines:?}");
        assert!(
            lines.iter().filter(secret).all(|line| line.starts_with("tls ")),
            "{lines:?}"
        );
    }
}

#[tokio::test]
async fn each_refusal_is_clear_and_leaves_the_letter_with_us() {
    let not_trusted = "not delivered for now: the mail server's certificate is not trusted";
    let cases = [
        (
            Setup { offers: false, ..GOOD },
            "not delivered for now: the mail server offers no STARTTLS, and nothing leaves without it",
        ),
        (
            Setup {
                name: "other.example",
                ..GOOD
            },
            not_trusted,
        ),
        (
            Setup {
                password: "other",
                ..GOOD
            },
            "not delivered for now: the mail server answered 535 5.7.8",
        ),
    ];
    for (setup, expect) in cases {
        let (address, authority, heard) = server(setup).await;
        let url = format!("smtp+starttls://localhost:{}", address.port());
        assert_eq!(outcome(&url, &authority).await, expect);
        let lines = told(heard).await;
        assert!(!lines.iter().any(|line| line.contains("MAIL")), "{lines:?}");
        assert!(!lines.iter().any(|line| line.starts_with("AUTH")), "{lines:?}");
    }
    // A certificate that an authority of somebody else signed.
    let (address, _, _heard) = server(GOOD).await;
    let (_, other_authority, _) = server(GOOD).await;
    let url = format!("smtps://localhost:{}", address.port());
    assert!(
        outcome(&url, &other_authority)
            .await
            .starts_with("not delivered for now")
    );
    let url = format!("smtp+starttls://localhost:{}", address.port());
    assert_eq!(outcome(&url, &other_authority).await, not_trusted);
}
