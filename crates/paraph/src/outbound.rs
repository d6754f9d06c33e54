//! What this program asks of others over HTTP: a webhook of an alert, the site's own front door in `paraph doctor`, a
//! certificate, CrowdSec.
//!
//! One request a connection, certificates checked against the machine's roots or those that the configuration names, a time
//! limit around all of it, and no redirect followed: an alert goes where the configuration says and nowhere else.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::{HeaderMap, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Bytes of an answer that are read; a chain of certificates has 10,000.
const ANSWER_BYTES: usize = 64 * 1024;

/// Why there is no answer. Never holds more of the address than its host.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// It is not `http://` or `https://` with a host.
    #[error("not an http or https address")]
    Address,
    /// The name has no address, or nothing listens there.
    #[error("no connection: {0}")]
    Connect(std::io::Error),
    /// The certificate does not hold, or the other side speaks no TLS.
    #[error("no secure connection: {0}")]
    Tls(std::io::Error),
    /// The other side does not speak HTTP.
    #[error("no answer in HTTP: {0}")]
    Http(#[from] hyper::Error),
    /// It took too long.
    #[error("no answer within {0:?}")]
    Late(Duration),
}

/// An answer.
#[derive(Debug)]
pub struct Answered {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body; `None` where that is longer than anybody here needs, or was cut short.
    pub body: Option<Bytes>,
    /// Certificates that were shown, the site's own first; empty without TLS.
    pub certificates: Vec<CertificateDer<'static>>,
}

/// TLS as a client, against these roots or those of this machine (`SSL_CERT_FILE` names others).
fn connector(roots: Option<Arc<RootCertStore>>) -> Result<TlsConnector, std::io::Error> {
    let roots = roots.unwrap_or_else(|| {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Arc::new(roots)
    });
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(std::io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Sends one request and reads its answer within `limit`. `at` is where to connect, if it is not for the name to say.
///
/// # Errors
/// There is none: an answer of any status is an answer.
pub async fn ask(request: Request<Bytes>, at: Option<SocketAddr>, limit: Duration) -> Result<Answered, OutboundError> {
    tokio::time::timeout(limit, ask_patiently(request, at, None))
        .await
        .unwrap_or(Err(OutboundError::Late(limit)))
}

/// The same of a server whose certificate leads to these roots, or to those of this machine.
///
/// # Errors
/// As [`ask`].
pub async fn ask_under(
    roots: Option<Arc<RootCertStore>>,
    request: Request<Bytes>,
    limit: Duration,
) -> Result<Answered, OutboundError> {
    tokio::time::timeout(limit, ask_patiently(request, None, roots))
        .await
        .unwrap_or(Err(OutboundError::Late(limit)))
}

async fn ask_patiently(
    mut request: Request<Bytes>,
    at: Option<SocketAddr>,
    roots: Option<Arc<RootCertStore>>,
) -> Result<Answered, OutboundError> {
    let uri = request.uri().clone();
    let host = uri.host().ok_or(OutboundError::Address)?.to_owned();
    let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let is_tls = match uri.scheme_str() {
        Some("https") => true,
        Some("http") => false,
        _ => return Err(OutboundError::Address),
    };
    let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
    let authority = uri
        .authority()
        .map(|authority| authority.as_str().to_owned())
        .unwrap_or_default();
    // A server is asked by path (RFC 9112, 3.2.1); only a proxy by the whole address.
    let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    *request.uri_mut() = path.parse::<Uri>().map_err(|_| OutboundError::Address)?;
    let named = authority
        .rsplit('@')
        .next()
        .unwrap_or_default()
        .parse()
        .map_err(|_| OutboundError::Address)?;
    request.headers_mut().entry(HOST).or_insert(named);
    let connected = match at {
        Some(at) => TcpStream::connect(at).await,
        None => TcpStream::connect((bare.as_str(), port)).await,
    };
    let tcp = connected.map_err(OutboundError::Connect)?;
    if !is_tls {
        return exchange(tcp, request, Vec::new()).await;
    }
    let name = ServerName::try_from(bare).map_err(|_| OutboundError::Address)?;
    let secured = connector(roots).map_err(OutboundError::Tls)?.connect(name, tcp).await;
    let stream = secured.map_err(OutboundError::Tls)?;
    let shown = stream.get_ref().1.peer_certificates().unwrap_or_default();
    let certificates = shown
        .iter()
        .map(|certificate| certificate.clone().into_owned())
        .collect();
    exchange(stream, request, certificates).await
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Bytes>,
    certificates: Vec<CertificateDer<'static>>,
) -> Result<Answered, OutboundError> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let driving = tokio::spawn(connection);
    let answer = sender.send_request(request.map(Full::new)).await;
    let read = match answer {
        Ok(answer) => {
            let (head, body) = answer.into_parts();
            // Reading it lets the other side finish, also where nobody here wants to know.
            let body = Limited::new(body, ANSWER_BYTES).collect().await;
            Ok(Answered {
                status: head.status,
                headers: head.headers,
                body: body.ok().map(|body| body.to_bytes()),
                certificates,
            })
        }
        Err(error) => Err(error.into()),
    };
    driving.abort();
    read
}
