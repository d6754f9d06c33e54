//! The public listeners: plain HTTP, and HTTPS where it is asked for.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::header::{HeaderName, LOCATION};
use http::{HeaderValue, Response, StatusCode};
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::acme::Renewal;
use crate::acme::files::Files;
use crate::admit::behind::Behind;
use crate::admit::certificate::{CertificateError, Certificates, Reloaded};
use crate::admit::handshake::Tls;
use crate::admit::listener::{self, Listening};
use crate::admit::places::Places;
use crate::admit::proofs::Proofs;
use crate::admit::proxy;
use crate::admit::source::{Source, Trusted, Via};
use crate::clock;
use crate::config::{Config, ProxyProtocol};
use crate::descriptors::Spares;
use crate::failure::Failure;
use crate::handlers::Request;
use crate::limits::Limits;
use crate::respond::{Answer, Body};
use crate::router::Public;
use crate::telemetry;

/// Between two looks at the files of the certificate.
const CERTIFICATE_LOOK: Duration = Duration::from_secs(10);
/// Half a year without plain HTTP for who came by HTTPS once (RFC 6797). Said only where `site.base_url` is https.
const STRICT_TRANSPORT: (HeaderName, HeaderValue) = (
    HeaderName::from_static("strict-transport-security"),
    HeaderValue::from_static("max-age=15552000"),
);

/// The public listeners, bound and not serving yet.
pub(crate) struct Front {
    plain: TcpListener,
    secure: Option<Secure>,
    proxy_protocol: ProxyProtocol,
    limits: Limits,
    /// `site.base_url`, where that is https and this program speaks it.
    https_url: Option<Arc<str>>,
}

struct Secure {
    listener: TcpListener,
    certificates: Arc<Certificates>,
    tls: Arc<Tls>,
    proofs: Arc<Proofs>,
    /// Fetches the certificate, where it is not given.
    renewal: Option<Renewal>,
}

impl Front {
    /// Takes the ports, and reads the certificate.
    ///
    /// # Errors
    /// A port is taken, or the certificate cannot be used.
    pub(crate) fn bind(config: &Config) -> Result<Self, Failure> {
        let plain = bind(config.listen.http, "listen.http")?;
        let secure = match &config.listen.https {
            None => None,
            Some(https) => {
                let (certificates, proofs) = (https.certificates()?, Arc::<Proofs>::default());
                let tls = Tls::new(Arc::clone(&certificates), Arc::clone(&proofs), &config.limits)
                    .map_err(|error| Failure::failed(format!("TLS cannot start: {error}"), "see the message"))?;
                let listener = bind(https.address, "listen.https")?;
                let renewal = https.acme.clone().map(|acme| Renewal {
                    acme,
                    files: Files::of(&config.directory),
                    certificates: Arc::clone(&certificates),
                    proofs: Arc::clone(&proofs),
                    limits: config.limits.clone(),
                });
                Some(Secure {
                    listener,
                    certificates,
                    tls,
                    proofs,
                    renewal,
                })
            }
        };
        let https_url = config
            .site
            .base_url
            .as_deref()
            .filter(|url| url.starts_with("https://"));
        Ok(Self {
            https_url: https_url.filter(|_| secure.is_some()).map(Arc::from),
            plain,
            secure,
            proxy_protocol: config.listen.proxy_protocol,
            limits: config.limits.clone(),
        })
    }

    /// Where plain HTTP is.
    pub(crate) fn http(&self) -> Result<SocketAddr, Failure> {
        local(&self.plain)
    }

    /// Where HTTPS is.
    pub(crate) fn https(&self) -> Result<Option<SocketAddr>, Failure> {
        self.secure.as_ref().map(|secure| local(&secure.listener)).transpose()
    }

    /// The certificate in use, to be read again when asked.
    pub(crate) fn certificates(&self) -> Option<Arc<Certificates>> {
        self.secure.as_ref().map(|secure| Arc::clone(&secure.certificates))
    }

    /// Serves on every listener, who asks for much on the threads `behind`; whom to believe and what to answer may change meanwhile. The data directory is ours by
    /// now, and the certificate in it.
    pub(crate) fn serve(
        self,
        public: &Arc<ArcSwap<Public>>,
        trusted: Arc<ArcSwap<Trusted>>,
        behind: Handle,
        stop: &watch::Receiver<bool>,
    ) -> Vec<JoinHandle<()>> {
        let Self {
            plain,
            secure,
            proxy_protocol,
            limits,
            https_url,
        } = self;
        let listening = Listening {
            places: Arc::clone(&public.load().signing.admitter.places),
            behind: Some(Behind::new(&limits, behind)),
            ..listening(&limits, trusted, proxy_protocol)
        };
        let mut tasks = Vec::new();
        let (is_strict, url) = (https_url.is_some(), https_url);
        let mut proofs = None;
        if let Some(Secure {
            listener,
            certificates,
            tls,
            proofs: shown,
            renewal,
        }) = secure
        {
            proofs = Some(shown);
            tasks.extend(renewal.map(|renewal| tokio::spawn(renewal.run(stop.clone()))));
            tasks.push(tokio::spawn(follow(certificates, stop.clone())));
            let current = Arc::clone(public);
            let answer = move |source, request| {
                let public = current.load_full();
                async move {
                    let mut answer = public.answer(source, request).await;
                    if is_strict {
                        answer
                            .headers_mut()
                            .extend([(Some(STRICT_TRANSPORT.0), STRICT_TRANSPORT.1)]);
                    }
                    answer
                }
            };
            let listening = Listening {
                tls: Some(tls),
                ..listening.clone()
            };
            tasks.push(tokio::spawn(listener::serve(listener, listening, answer, stop.clone())));
        }
        let current = Arc::clone(public);
        let answer = move |source, request: Request| {
            let (public, url) = (current.load_full(), url.clone());
            let proof = proofs.as_ref().and_then(|proofs| proofs.page(request.uri().path()));
            async move {
                if let Some(proof) = proof {
                    return Answer::new(Body::from(proof));
                }
                match url.and_then(|url| elsewhere(&url, source, &request)) {
                    Some(answer) => answer,
                    None => public.answer(source, request).await,
                }
            }
        };
        tasks.push(tokio::spawn(listener::serve(plain, listening, answer, stop.clone())));
        tasks
    }
}

/// Names and addresses must not travel readable: who comes by plain HTTP from outside is sent to HTTPS. A proxy of ours
/// and this machine itself are served.
fn elsewhere(https_url: &str, source: Source, request: &Request) -> Option<Answer> {
    if source.addr.is_loopback() || source.via != Via::Direct {
        return None;
    }
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let mut answer = Response::new(Body::from(Bytes::new()));
    *answer.status_mut() = StatusCode::PERMANENT_REDIRECT;
    let location = HeaderValue::try_from(format!("{https_url}{path}")).ok()?;
    answer.headers_mut().insert(LOCATION, location);
    Some(answer)
}

/// Reads certificate and key again when their files change, and says how long the certificate lasts.
async fn follow(certificates: Arc<Certificates>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        // Told where it happens; the old certificate stays in use.
        drop(reload(&certificates, false).await);
        let now = i64::try_from(clock::now().0 / 1000).unwrap_or(i64::MAX);
        let left = certificates.expires().map_or(0, |until| until.as_second() - now);
        metrics::gauge!(telemetry::CERTIFICATE_LEFT).set(left as f64);
        tokio::select! {
            () = tokio::time::sleep(CERTIFICATE_LOOK) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Reads certificate and key again, if their files have changed or when `forced`; tells the log and the metrics.
///
/// # Errors
/// The new ones cannot be used, and the old ones stay.
pub(crate) async fn reload(certificates: &Arc<Certificates>, forced: bool) -> Result<Reloaded, CertificateError> {
    let reading = Arc::clone(certificates);
    let read = tokio::task::spawn_blocking(move || reading.reload(clock::now(), forced)).await;
    let Ok(reloaded) = read else {
        tracing::error!("the certificate was not read again: a task panicked");
        return Ok(Reloaded::Unchanged);
    };
    let outcome = match &reloaded {
        Ok(Reloaded::Unchanged) => return reloaded,
        Ok(Reloaded::Replaced) => {
            let until = certificates.expires().map(|until| until.to_string());
            tracing::info!(until, "the new certificate is in use");
            "replaced"
        }
        Err(error) => {
            tracing::error!(%error, hint = error.hint(), "the new certificate was refused, the old one stays");
            "refused"
        }
    };
    metrics::counter!(telemetry::CERTIFICATE_RELOADS, "outcome" => outcome).increment(1);
    reloaded
}

/// How a listener listens, with places of its own.
pub(crate) fn listening(limits: &Limits, trusted: Arc<ArcSwap<Trusted>>, protocol: ProxyProtocol) -> Listening {
    let proxy = match protocol {
        ProxyProtocol::Off => proxy::ProxyProtocol::Off,
        ProxyProtocol::Optional => proxy::ProxyProtocol::Optional,
        ProxyProtocol::Required => proxy::ProxyProtocol::Required,
    };
    Listening {
        trusted,
        proxy,
        tls: None,
        places: Places::new(limits),
        behind: None,
        spares: None,
        limits: limits.clone(),
    }
}

/// How a listener listens that is for who works here: places of its own, beside `others`, and descriptors of its own. Nobody speaks for
/// anybody else there.
pub(crate) fn apart(limits: &Limits, others: u64) -> Listening {
    let trusted = ArcSwap::from_pointee(Trusted::new(Vec::new(), limits.forwarded_hops));
    let places = limits.operations_connections + others;
    Listening {
        places: Places::of(places, places, places),
        spares: Some(Spares::new()),
        ..listening(limits, Arc::new(trusted), ProxyProtocol::Off)
    }
}

/// Connections that the kernel keeps in line until they are accepted, or as many as `net.core.somaxconn` allows. The usual
/// 128 are used up by a tenth of a second in which nothing is accepted; who comes then tries again after one, two, four
/// seconds, if at all.
const IN_LINE: u32 = 4096;

/// Takes a port.
///
/// # Errors
/// It is taken, or not of this machine.
pub(crate) fn bind(address: SocketAddr, key: &str) -> Result<TcpListener, Failure> {
    let take = || {
        let socket = if address.is_ipv4() {
            TcpSocket::new_v4()
        } else {
            TcpSocket::new_v6()
        }?;
        // As std does: connections of the process before do not keep the port.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(IN_LINE)
    };
    take().map_err(|error| refused(address, key, &error))
}

fn refused(address: SocketAddr, key: &str, error: &std::io::Error) -> Failure {
    let failure = Failure::io(format!("cannot listen on {address} ({key})"), error);
    match error.kind() {
        std::io::ErrorKind::AddrInUse => Failure {
            hint: format!(
                "another program listens there: stop it, or set another address ({key}; --listen is for pages)"
            ),
            ..failure
        },
        std::io::ErrorKind::PermissionDenied => Failure {
            hint: format!(
                "port {} is below 1024, for which a program needs a right of its own: PrivateUsers=no and \
                     CAP_NET_BIND_SERVICE in AmbientCapabilities and CapabilityBoundingSet of the unit, or a higher port \
                     ({key}) behind a proxy",
                address.port()
            ),
            ..failure
        },
        _ => failure,
    }
}

pub(crate) fn local(listener: &TcpListener) -> Result<SocketAddr, Failure> {
    Ok(listener.local_addr()?)
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    #[test]
    fn a_port_that_needs_a_right_of_its_own_is_named() {
        let address = "0.0.0.0:443".parse().expect("an address");
        let refused = super::refused(address, "listen.https", &ErrorKind::PermissionDenied.into());
        assert!(
            refused.hint.contains("port 443") && refused.hint.contains("CAP_NET_BIND_SERVICE"),
            "{refused}"
        );
    }
}
