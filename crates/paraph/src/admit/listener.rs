//! Our own accept loop. `axum::serve` sets no timer, so that hyper's header timeout is inert there and 1,000 slow
//! connections are never closed.
//!
//! The service is a plain function of source and request: no middleware, no boxing, nothing between hyper and the
//! caller but the name of who asks.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::proxy::{self, Header, ProxyProtocol};
use super::source::{Prefix, Source, Trusted};
use super::stream::Stream;
use crate::limits::Limits;

/// How to listen.
#[derive(Clone, Debug)]
pub struct Listening {
    /// The proxies whose word is believed; replaced by a reload, also for connections that are open.
    pub trusted: Arc<ArcSwap<Trusted>>,
    /// Whether they begin connections with a PROXY header.
    pub proxy: ProxyProtocol,
    /// The bounds in force.
    pub limits: Limits,
}

/// Least buffer that hyper accepts.
const LEAST_BUFFER: u64 = 8192;

/// Serves HTTP/1.1 until `shutdown` turns true (or its sender is gone), then lets open connections finish for
/// `limits.drain_seconds`.
///
/// A connection that panics takes nothing along but itself.
pub async fn serve<S, F, B>(listener: TcpListener, listening: Listening, service: S, shutdown: watch::Receiver<bool>)
where
    S: Fn(Source, Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body + Send + 'static,
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
                backoff.pause(&error).await;
                continue;
            }
        };
        backoff = Backoff::default();
        let Some(place) = Place::take(&door) else {
            refused("full");
            continue;
        };
        connections.spawn(connection(place, tcp, peer, service.clone(), shutdown.clone()));
    }
    drop(listener);
    let drained = tokio::time::timeout(drain, async { while connections.join_next().await.is_some() {} }).await;
    if drained.is_err() {
        tracing::info!(
            open = connections.len(),
            "connections closed at the end of the drain time"
        );
    }
    connections.shutdown().await;
}

/// One connection, from accept to close.
async fn connection<S, F, B>(
    place: Place,
    tcp: TcpStream,
    peer: SocketAddr,
    service: S,
    mut stop: watch::Receiver<bool>,
) where
    S: Fn(Source, Request<Incoming>) -> F,
    F: Future<Output = Response<B>>,
    B: Body + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let door = Arc::clone(&place.door);
    // Without it the last packet of a page waits for the acknowledgement of the one before. It fails only on a
    // connection that is gone already.
    if tcp.set_nodelay(true).is_err() {
        return;
    }
    let Some((tcp, source, early)) = door.introduce(tcp, peer).await else {
        return;
    };
    let trusted = door.listening.trusted.load().contains(source.addr);
    // A proxy holds the connections of everybody behind it.
    let _address = if trusted {
        None
    } else if let Some(taken) = AddressPlace::take(&door, source.narrow()) {
        Some(taken)
    } else {
        return refused("address");
    };
    let io = TokioIo::new(Stream::new(tcp, early, door.write_stall));
    let shared = &*door;
    let answer = move |request: Request<Incoming>| {
        let source = if trusted {
            shared.listening.trusted.load().resolve(source, request.headers())
        } else {
            source
        };
        let response = service(source, request);
        async move { Ok::<_, Infallible>(response.await) }
    };
    // When places run short, a connection is good for one request.
    let http = if trusted || !door.is_crowded() {
        &door.http
    } else {
        &door.http_once
    };
    let mut serving = pin!(http.serve_connection(io, service_fn(answer)));
    let ended = tokio::select! {
        biased;
        ended = serving.as_mut() => Some(ended),
        () = turned(&mut stop) => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    // Clients break off all the time, some on purpose; the reason matters only to who looks for it.
    if let Err(error) = ended {
        tracing::trace!(%error, "connection ended");
    }
}

/// Ends when the switch is on, or when nobody is left to turn it.
async fn turned(stop: &mut watch::Receiver<bool>) {
    drop(stop.wait_for(|stop| *stop).await);
}

fn refused(why: &'static str) {
    metrics::counter!(crate::telemetry::CONNECTIONS_REFUSED, "why" => why).increment(1);
}

/// What all connections share.
struct Door {
    listening: Listening,
    http: http1::Builder,
    http_once: http1::Builder,
    write_stall: Duration,
    open: AtomicU64,
    /// Open connections per address or /64. Holds no more keys than there are open connections.
    addresses: Mutex<HashMap<Prefix, u64>>,
}

impl Door {
    fn new(listening: Listening) -> Self {
        let limits = &listening.limits;
        let header = usize::try_from(limits.header_bytes).unwrap_or(usize::MAX);
        let buffer = usize::try_from(limits.header_bytes.max(LEAST_BUFFER)).unwrap_or(usize::MAX);
        let mut http = http1::Builder::new();
        // The header timeout runs from the first wait for a head, so it bounds idle connections as well.
        http.timer(TokioTimer::new())
            .header_read_timeout(Duration::from_secs(limits.header_seconds))
            .max_header_size(header)
            .max_buf_size(buffer);
        let mut http_once = http.clone();
        http_once.keep_alive(false);
        let write_stall = Duration::from_secs(limits.write_stall_seconds);
        Self {
            listening,
            http,
            http_once,
            write_stall,
            open: AtomicU64::new(0),
            addresses: Mutex::default(),
        }
    }

    /// Who is at the other end, and what was read beyond its PROXY header.
    async fn introduce(&self, mut tcp: TcpStream, peer: SocketAddr) -> Option<(TcpStream, Source, Bytes)> {
        let direct = Source::direct(peer);
        let Listening { trusted, proxy, limits } = &self.listening;
        match (proxy, trusted.load().contains(direct.addr)) {
            (ProxyProtocol::Off, _) | (ProxyProtocol::Optional, false) => return Some((tcp, direct, Bytes::new())),
            (ProxyProtocol::Required, false) => {
                refused("untrusted");
                return None;
            }
            (_, true) => {}
        }
        let max = usize::try_from(limits.proxy_header_bytes).unwrap_or(usize::MAX);
        let header = proxy::accept(&mut tcp, *proxy, max);
        match tokio::time::timeout(Duration::from_secs(limits.header_seconds), header).await {
            Ok(Ok((Some(Header::Client(client)), early))) => Some((tcp, Source::forwarded(client, direct.addr), early)),
            Ok(Ok((Some(Header::Local) | None, early))) => Some((tcp, direct, early)),
            Ok(Err(error)) => {
                tracing::debug!(%error, "a trusted proxy sent no usable PROXY header");
                refused("proxy_header");
                None
            }
            Err(_) => {
                refused("proxy_header");
                None
            }
        }
    }

    fn is_crowded(&self) -> bool {
        self.open.load(Ordering::Relaxed) > self.listening.limits.connections / 4 * 3
    }
}

/// One of the places for connections, given back when dropped.
struct Place {
    door: Arc<Door>,
}

impl Place {
    fn take(door: &Arc<Door>) -> Option<Self> {
        let place = Self { door: Arc::clone(door) };
        let before = door.open.fetch_add(1, Ordering::Relaxed);
        (before < door.listening.limits.connections).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.door.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One of an address's places, given back when dropped.
struct AddressPlace {
    door: Arc<Door>,
    prefix: Prefix,
}

impl AddressPlace {
    fn take(door: &Arc<Door>, prefix: Prefix) -> Option<Self> {
        let mut addresses = door.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        let open = addresses.entry(prefix).or_insert(0);
        if *open >= door.listening.limits.connections_per_address {
            return None;
        }
        *open += 1;
        Some(Self {
            door: Arc::clone(door),
            prefix,
        })
    }
}

impl Drop for AddressPlace {
    fn drop(&mut self) {
        let mut addresses = self.door.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = addresses.get_mut(&self.prefix) {
            *open -= 1;
            if *open == 0 {
                addresses.remove(&self.prefix);
            }
        }
    }
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
