//! Our own accept loop. `axum::serve` sets no timer, so that hyper's header timeout is inert there and 1,000 slow
//! connections are never closed.
//!
//! The path of a connection: a place in all, perhaps that of one that waited for nothing ([`super::places`]); who is at the
//! other end (a PROXY header of a trusted proxy says otherwise); a place of that address and network; TLS, budgeted; then
//! HTTP/2 where TLS agreed on it, or where a trusted proxy begins with its preface, else HTTP/1.1. Each step has a deadline.
//!
//! The service is a plain function of source and request: no middleware, no boxing, nothing between hyper and the
//! caller but the name of who asks.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::{Bytes, BytesMut};
use http::header::CONNECTION;
use http::{HeaderValue, Method};
use hyper::body::{Body, Incoming};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustix::io::Errno;
use rustix::net::sockopt;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinSet, yield_now};
use tokio::time::timeout;

use super::behind::{Ahead, Behind};
use super::h2::{self, Bounds, Pulse};
use super::handshake::{self, Tls};
use super::heads::{self, Heads, Late, Sent};
use super::pace::LeastRate;
use super::places::Places;
use super::proxy::{self, Header, ProxyProtocol};
use super::seat::Seat;
use super::source::{Source, Trusted};
use super::stream::Stream;
use super::upload::Upload;
use crate::descriptors::Spares;
use crate::limits::Limits;

/// How to listen.
#[derive(Clone)]
pub struct Listening {
    /// The proxies whose word is believed; replaced by a reload, also for connections that are open.
    pub trusted: Arc<ArcSwap<Trusted>>,
    /// Whether they begin connections with a PROXY header.
    pub proxy: ProxyProtocol,
    /// TLS, where it is spoken.
    pub tls: Option<Arc<Tls>>,
    /// Places for connections, perhaps shared with another listener.
    pub places: Arc<Places>,
    /// Where connections of who asks for much are served; `None` where nobody is put behind.
    pub behind: Option<Arc<Behind>>,
    /// Descriptors for who comes when the process has none left; `None` where people wait for one then.
    pub spares: Option<Arc<Spares>>,
    /// The bounds in force.
    pub limits: Limits,
}

/// Least buffer that hyper accepts.
const LEAST_BUFFER: u64 = 8192;
/// What an HTTP/2 connection begins with (RFC 9113 section 3.4).
const H2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// While places run short, a connection over TLS may be silent for so long: closing it after each request, as without
/// TLS, would cost a handshake for the next.
const CROWDED_IDLE: Duration = Duration::from_secs(2);

/// Serves HTTP until `shutdown` turns true (or its sender is gone), then lets open connections finish for
/// `limits.drain_seconds`.
///
/// A connection that panics takes nothing along but itself.
pub async fn serve<S, F, B>(listener: TcpListener, listening: Listening, service: S, shutdown: watch::Receiver<bool>)
where
    S: Fn(Source, Request<Upload>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body + From<Bytes> + Send + Unpin + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let drain = Duration::from_secs(listening.limits.drain_seconds);
    let door = Arc::new(Door::new(listening));
    let mut connections = JoinSet::new();
    let mut stop = shutdown.clone();
    let mut backoff = Backoff::default();
    loop {
        let accepted = tokio::select! {
            biased;
            () = turned(&mut stop) => break,
            accepted = listener.accept() => accepted,
        };
        // Finished ones are taken out here; between two accepts they cost a handle each and are bounded by the cap.
        while connections.try_join_next().is_some() {}
        let (tcp, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                let spares = door.listening.spares.as_ref();
                if !(is_out_of_descriptors(&error) && spares.is_some_and(|spares| spares.let_go())) {
                    backoff.pause(&error).await;
                }
                continue;
            }
        };
        backoff = Backoff::default();
        let spares = door.listening.spares.clone();
        let is_short = spares.as_ref().is_some_and(|spares| !spares.refill());
        let Some(place) = door.listening.places.take() else {
            refused("full");
            continue;
        };
        let (behind, seat) = (door.listening.behind.clone(), Seat::new());
        let door = Arc::clone(&door);
        let serving = connection(
            door,
            Arc::clone(&seat),
            (tcp, is_short),
            peer,
            service.clone(),
            shutdown.clone(),
        );
        connections.spawn(async move {
            let _place = place;
            let _refill = spares.as_ref().map(Spares::refilled_at_the_end);
            // Boxed, so that what is left of it can go on elsewhere.
            let mut serving = Box::pin(serving);
            tokio::select! {
                biased;
                () = serving.as_mut() => return,
                () = seat.asked_to_leave() => return super::ended("room"),
                () = seat.goes_behind() => {}
            }
            let rest = async move {
                seat.moves();
                tokio::select! {
                    biased;
                    () = serving => {}
                    () = seat.asked_to_leave() => super::ended("room"),
                }
            };
            match behind {
                Some(behind) => behind.serve(rest).await,
                None => rest.await,
            }
        });
    }
    drop(listener);
    let drained = timeout(drain, async { while connections.join_next().await.is_some() {} }).await;
    if drained.is_err() {
        tracing::info!(
            open = connections.len(),
            "connections closed at the end of the drain time"
        );
    }
    connections.shutdown().await;
}

/// One connection, from accept to close; `is_short`: there are too few descriptors, so that it ends with its first answer.
async fn connection<S, F, B>(
    door: Arc<Door>,
    seat: Arc<Seat>,
    (tcp, is_short): (TcpStream, bool),
    peer: SocketAddr,
    service: S,
    mut stop: watch::Receiver<bool>,
) where
    S: Fn(Source, Request<Upload>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body + From<Bytes> + Send + Unpin + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    // Without it the last packet of a page waits for the acknowledgement of the one before. It fails only on a
    // connection that is gone already.
    // And without this, an answer that its client does not read stays in the kernel after the connection was closed.
    let stall = u32::try_from(door.read_rate.grace.as_millis()).unwrap_or(u32::MAX);
    if tcp.set_nodelay(true).is_err() || sockopt::set_tcp_user_timeout(&tcp, stall).is_err() {
        return;
    }
    let introduced = tokio::select! {
        biased;
        () = turned(&mut stop) => return,
        introduced = door.introduce(tcp, peer) => introduced,
    };
    let Some(Introduced {
        tcp,
        source,
        early,
        h2c,
    }) = introduced
    else {
        return;
    };
    let trusted = door.listening.trusted.load().contains(source.addr);
    // A proxy holds the connections of everybody behind it.
    let _source = if trusted {
        None
    } else {
        match door.listening.places.take_for(source, &seat) {
            Ok(taken) => Some(taken),
            Err(why) => return refused(why),
        }
    };
    if let Some(behind) = door.listening.behind.as_ref().filter(|_| !trusted)
        && behind.knows(&source)
    {
        seat.go_behind();
        yield_now().await;
    }
    let crowded = is_short || door.listening.places.is_crowded();
    let visit = Visit {
        source,
        trusted,
        crowded,
        seat,
    };
    let mut stream = Stream::new(tcp, early, door.read_rate, Arc::clone(&visit.seat));
    let Some(tls) = &door.listening.tls else {
        if h2c {
            let pulse = Pulse::new(&door.listening.limits, Arc::clone(&visit.seat));
            stream.explain(Arc::clone(&pulse));
            return Box::pin(door.speak_h2(stream, visit, pulse, service, stop)).await;
        }
        return door.speak_http1(stream, visit, service, stop).await;
    };
    // Boxed, so that a connection without TLS does not carry the size of one with it.
    let shaken = tokio::select! {
        biased;
        () = turned(&mut stop) => return,
        shaken = Box::pin(tls.accept(stream, (!trusted).then_some(source), crowded)) => shaken,
    };
    let Some(mut stream) = shaken else {
        return;
    };
    if stream.get_ref().1.alpn_protocol() == Some(handshake::H2) {
        let pulse = Pulse::new(&door.listening.limits, Arc::clone(&visit.seat));
        stream.get_mut().0.explain(Arc::clone(&pulse));
        Box::pin(door.speak_h2(stream, visit, pulse, service, stop)).await;
    } else {
        Box::pin(door.speak_http1(stream, visit, service, stop)).await;
    }
}

/// Who is at the other end of a connection, and how things stood when it came.
struct Visit {
    source: Source,
    /// Itself a proxy whose word is believed: the headers say who asks, and many ask.
    trusted: bool,
    crowded: bool,
    seat: Arc<Seat>,
}

impl Visit {
    fn source(&self, door: &Door, request: &Request<Incoming>) -> Source {
        if self.trusted {
            door.listening.trusted.load().resolve(self.source, request.headers())
        } else {
            self.source
        }
    }

    /// Counts an answer for what its source is given first. A proxy's connection holds people of all kinds.
    fn answered<B>(&self, door: &Door, response: &Response<B>) {
        if let Some(behind) = &door.listening.behind
            && !self.trusted
            && !self.seat.is_behind()
            && response.extensions().get::<Ahead>().is_none()
            && behind.count(&self.source)
        {
            self.seat.go_behind();
        }
    }
}

/// Ends when the switch is on, or when nobody is left to turn it.
pub(super) async fn turned(stop: &mut watch::Receiver<bool>) {
    drop(stop.wait_for(|stop| *stop).await);
}

fn refused(why: &'static str) {
    metrics::counter!(crate::telemetry::CONNECTIONS_REFUSED, "why" => why).increment(1);
}

/// Clients break off all the time, some on purpose; the reason matters only to who looks for it.
pub(super) fn closed(ended: hyper::Result<()>) {
    if let Err(error) = ended {
        tracing::trace!(%error, "connection ended");
    }
}

/// The answer to a head that breaks the rules of HTTP: hyper's own, to those that it finds.
fn malformed<B: From<Bytes>>() -> Response<B> {
    let mut response = Response::new(B::from(Bytes::new()));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
}

/// What all connections share.
struct Door {
    listening: Listening,
    http: http1::Builder,
    http_once: http1::Builder,
    h2: http2::Builder<TokioExecutor>,
    bounds: Bounds,
    read_rate: LeastRate,
    body_rate: LeastRate,
}

/// A connection whose other end is known.
struct Introduced {
    tcp: TcpStream,
    source: Source,
    /// What was read beyond its PROXY header.
    early: Bytes,
    /// It begins with the preface of HTTP/2, and comes from a trusted proxy.
    h2c: bool,
}

impl Door {
    fn new(listening: Listening) -> Self {
        let limits = &listening.limits;
        let header = usize::try_from(limits.header_bytes).unwrap_or(usize::MAX);
        let buffer = usize::try_from(limits.header_bytes.max(LEAST_BUFFER)).unwrap_or(usize::MAX);
        let header_time = Duration::from_secs(limits.header_seconds);
        let mut http = http1::Builder::new();
        // hyper would set a timer for each request; `Heads` has one for each connection.
        http.header_read_timeout(None)
            .max_header_size(header)
            .max_buf_size(buffer);
        let mut http_once = http.clone();
        http_once.keep_alive(false);
        let read_rate = LeastRate::new(limits.write_stall_seconds, limits.write_bytes_per_second);
        Self {
            http,
            http_once,
            h2: h2::builder(limits),
            bounds: Bounds {
                requests: limits.connection_requests,
                life: Duration::from_secs(limits.connection_seconds),
                idle: header_time,
                read: read_rate,
                drain: Duration::from_secs(limits.drain_seconds),
            },
            read_rate,
            body_rate: LeastRate::new(limits.body_grace_seconds, limits.body_bytes_per_second),
            listening,
        }
    }

    fn bounds(&self, visit: &Visit) -> Bounds {
        match visit {
            Visit { trusted: true, .. } => self.bounds.without_end(),
            Visit { crowded: true, .. } => self.bounds.crowded(),
            _ => self.bounds,
        }
    }

    /// Serves a connection that speaks HTTP/1.1.
    async fn speak_http1<IO, S, F, B>(&self, io: IO, visit: Visit, service: S, mut stop: watch::Receiver<bool>)
    where
        IO: AsyncRead + AsyncWrite + Unpin,
        S: Fn(Source, Request<Upload>) -> F,
        F: Future<Output = Response<B>>,
        B: Body + From<Bytes> + Unpin + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let bounds = self.bounds(&visit);
        let requests = AtomicU64::new(0);
        let (heads, visit) = (Heads::new(Arc::clone(&visit.seat)), &visit);
        let answer = |request: Request<Incoming>| {
            let at_work = heads.arrived();
            let source = visit.source(self, &request);
            let is_last = requests.fetch_add(1, Ordering::Relaxed) + 1 >= bounds.requests;
            let response = heads::names_its_host(&request)
                .then(|| service(source, request.map(|body| Upload::new(body, self.body_rate, None))));
            async move {
                let is_malformed = response.is_none();
                let mut response = match response {
                    Some(response) => response.await,
                    None => malformed(),
                };
                visit.answered(self, &response);
                if is_last || is_malformed {
                    super::ended(if is_malformed { "host" } else { "requests" });
                    response
                        .headers_mut()
                        .insert(CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, Infallible>(response.map(|body| Sent::new(body, at_work)))
            }
        };
        // When places run short, a connection is good for one request, or is not waited for.
        let (http, patience) = match (visit.crowded && !visit.trusted, &self.listening.tls) {
            (false, _) => (&self.http, self.bounds.idle),
            (true, None) => (&self.http_once, self.bounds.idle),
            (true, Some(_)) => (&self.http, self.bounds.idle.min(CROWDED_IDLE)),
        };
        let mut serving = pin!(http.serve_connection(TokioIo::new(io), service_fn(answer)));
        tokio::select! {
            biased;
            ended = serving.as_mut() => return closed(ended),
            () = turned(&mut stop) => {}
            late = heads.late(patience, bounds.life) => match late {
                // As after a head that is too large: there is nothing to answer to.
                Late::Head => return,
                Late::Life => super::ended("lifetime"),
            },
        }
        serving.as_mut().graceful_shutdown();
        if let Ok(ended) = timeout(bounds.drain, serving).await {
            closed(ended);
        }
    }

    /// Serves a connection that speaks HTTP/2. Its requests run beside each other, hence on their own.
    async fn speak_h2<IO, S, F, B>(
        self: &Arc<Self>,
        io: IO,
        visit: Visit,
        pulse: Arc<Pulse>,
        service: S,
        mut stop: watch::Receiver<bool>,
    ) where
        IO: AsyncRead + AsyncWrite + Unpin,
        S: Fn(Source, Request<Upload>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Response<B>> + Send + 'static,
        B: Body + From<Bytes> + Send + Unpin + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (door, visit) = (Arc::clone(self), Arc::new(visit));
        let answer = |request: Request<Incoming>| {
            let open = pulse.request();
            let source = visit.source(self, &request);
            let is_head = request.method() == Method::HEAD;
            let upload = |body| Upload::new(body, self.body_rate, Some(Arc::clone(&pulse)));
            let response = heads::names_its_host(&request).then(|| service(source, request.map(upload)));
            let (door, visit) = (Arc::clone(&door), Arc::clone(&visit));
            async move {
                let response = match response {
                    Some(response) => response.await,
                    // Of this stream alone: frames say where the next request begins.
                    None => {
                        super::ended("host");
                        malformed()
                    }
                };
                visit.answered(&door, &response);
                Ok::<_, Infallible>(h2::watched(response, is_head, open))
            }
        };
        let bounds = self.bounds(&visit);
        h2::serve(&self.h2, io, service_fn(answer), &pulse, bounds, &mut stop).await;
    }

    /// Who is at the other end, and what was read of the connection to know it.
    async fn introduce(&self, mut tcp: TcpStream, peer: SocketAddr) -> Option<Introduced> {
        let direct = Source::direct(peer);
        let Listening {
            trusted,
            proxy,
            limits,
            tls,
            ..
        } = &self.listening;
        let deadline = Duration::from_secs(limits.header_seconds);
        if !trusted.load().contains(direct.addr) {
            if *proxy == ProxyProtocol::Required {
                refused("untrusted");
                return None;
            }
            let (source, early) = (direct, Bytes::new());
            return Some(Introduced {
                tcp,
                source,
                early,
                h2c: false,
            });
        }
        let (source, early) = if *proxy == ProxyProtocol::Off {
            (direct, Bytes::new())
        } else {
            let max = usize::try_from(limits.proxy_header_bytes).unwrap_or(usize::MAX);
            match timeout(deadline, proxy::accept(&mut tcp, *proxy, max)).await {
                Ok(Ok((Some(Header::Client(client)), early))) => (Source::forwarded(client, direct.addr), early),
                Ok(Ok((Some(Header::Local) | None, early))) => (direct, early),
                Ok(Err(error)) => {
                    tracing::debug!(%error, "a trusted proxy sent no usable PROXY header");
                    refused("proxy_header");
                    return None;
                }
                Err(_) => {
                    refused("proxy_header");
                    return None;
                }
            }
        };
        // Over TLS the handshake says which protocol it is.
        let (h2c, early) = match tls {
            None => timeout(deadline, begins_as_h2(&mut tcp, early)).await.ok()?.ok()?,
            Some(_) => (false, early),
        };
        Some(Introduced {
            tcp,
            source,
            early,
            h2c,
        })
    }
}

/// Whether a connection begins with the preface of HTTP/2, and what was read of it.
async fn begins_as_h2<R: AsyncRead + Unpin>(stream: &mut R, early: Bytes) -> io::Result<(bool, Bytes)> {
    /// Most heads arrive whole in as many bytes.
    const HEAD: usize = 4096;
    let mut buffer = BytesMut::from(early);
    loop {
        let known = buffer.len().min(H2_PREFACE.len());
        if buffer[..known] != H2_PREFACE[..known] {
            return Ok((false, buffer.freeze()));
        }
        if known == H2_PREFACE.len() {
            return Ok((true, buffer.freeze()));
        }
        buffer.reserve(HEAD);
        if stream.read_buf(&mut buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// No descriptor is left, in this process or in the system.
fn is_out_of_descriptors(error: &io::Error) -> bool {
    let number = error.raw_os_error().map(Errno::from_raw_os_error);
    matches!(number, Some(Errno::MFILE | Errno::NFILE))
}

/// Pauses after accept errors that come back at once, such as too many open files.
#[derive(Default)]
struct Backoff {
    errors: u32,
}

impl Backoff {
    async fn pause(&mut self, error: &io::Error) {
        use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
        // One client that left while it waited in line says nothing about the next.
        if matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted) {
            return;
        }
        let pause = Duration::from_millis(10 << self.errors.min(6));
        self.errors = self.errors.saturating_add(1);
        tracing::warn!(%error, pause_ms = pause.as_millis(), "cannot accept connections");
        refused("accept_error");
        tokio::time::sleep(pause).await;
    }
}

#[cfg(test)]
#[path = "listener_tests.rs"]
mod tests;
