//! HTTP/2, with every number that a client could lean on written down.
//!
//! What hyper and h2 bound by themselves, given these settings: requests at once; the size of a head, and of the
//! CONTINUATION frames that it may come in (h2 ends the connection after five at this size, CVE-2024-27316); streams that
//! are reset before they are accepted (rapid reset, CVE-2023-44487) or because of their own errors (RUSTSEC-2024-0003);
//! windows; empty DATA frames; a peer that answers no ping. What they do not bound is bounded by [`Pulse`]: frames that belong to no request
//! (PING, SETTINGS, PRIORITY, WINDOW_UPDATE), answers that wait for a window which never opens, connections
//! without any request, and how many requests a connection makes.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Buf;
use http::Response;
use http::header::CONTENT_LENGTH;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::server::conn::http2;
use hyper::service::HttpService;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::Instant;

use super::pace::{LeastRate, Waited};
use super::seat::Seat;
use crate::limits::Limits;

/// The least frame size that the protocol allows (RFC 9113 section 6.5.2); nothing of ours gains from a larger one.
const FRAME_BYTES: u32 = 16_384;
/// Window of a connection: four uploads of the largest default body at once.
const CONNECTION_WINDOW: u32 = 65_536;
/// Bytes of an answer that are copied out of it before the client takes them.
const SEND_BUFFER: usize = 65_536;
/// Streams that were reset before we looked at them, or for their own errors, before the connection ends. A browser
/// that leaves a page resets what it still loads: under ten of ours.
const RESETS: usize = 16;
/// Bytes of the table that shortens repeated header fields; the protocol's default, which browsers fill to a quarter.
const HEADER_TABLE_BYTES: u32 = 4096;
/// A peer that is gone without a word is found out within both of these.
const PING_EVERY: Duration = Duration::from_secs(20);
const PING_ANSWER: Duration = Duration::from_secs(10);
/// Bytes that a request explains besides its body: head, window updates, its share of settings.
const REQUEST_BYTES: u64 = 2048;
/// Between two looks at a connection.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Without any request this long, while places run short.
const CROWDED_IDLE: Duration = Duration::from_secs(2);

/// The settings of every HTTP/2 connection.
pub(super) fn builder(limits: &Limits) -> http2::Builder<TokioExecutor> {
    let header = u32::try_from(limits.header_bytes).unwrap_or(u32::MAX);
    let body = u32::try_from(limits.body_bytes).unwrap_or(u32::MAX);
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(u32::try_from(limits.h2_streams).unwrap_or(u32::MAX))
        .max_header_list_size(header)
        .header_table_size(HEADER_TABLE_BYTES)
        .max_frame_size(FRAME_BYTES)
        .initial_stream_window_size(body)
        .initial_connection_window_size(CONNECTION_WINDOW.max(body))
        .max_send_buf_size(SEND_BUFFER)
        .max_pending_accept_reset_streams(RESETS)
        .max_local_error_reset_streams(RESETS)
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_ANSWER);
    builder
}

/// What one HTTP/2 connection has done so far. Owned by the connection, its stream, its requests and its answers.
#[derive(Debug)]
pub(super) struct Pulse {
    seat: Arc<Seat>,
    spare: u64,
    requests: AtomicU64,
    uploaded: AtomicU64,
    /// Requests whose answer was not taken yet.
    open: AtomicU64,
    /// Pieces of answers that wait until the client takes them.
    held: AtomicU64,
    /// Bytes of answers that were taken.
    taken: AtomicU64,
}

impl Pulse {
    pub(super) fn new(limits: &Limits, seat: Arc<Seat>) -> Arc<Self> {
        Arc::new(Self {
            seat,
            spare: limits.h2_spare_bytes,
            requests: AtomicU64::default(),
            uploaded: AtomicU64::default(),
            open: AtomicU64::default(),
            held: AtomicU64::default(),
            taken: AtomicU64::default(),
        })
    }

    /// Bytes that a client may have sent: what it asked for, twice the bodies that arrived (a frame of one byte has nine
    /// around it), a window update now and then for what it took, and some to spare.
    pub(super) fn explained(&self) -> u64 {
        let load = |number: &AtomicU64| number.load(Ordering::Relaxed);
        let requests = load(&self.requests).saturating_mul(REQUEST_BYTES);
        self.spare + requests + 2 * load(&self.uploaded) + load(&self.taken) / 256
    }

    /// Nothing is open or held any more.
    #[cfg(any(test, fuzzing))]
    pub(super) fn is_still(&self) -> bool {
        self.open.load(Ordering::Relaxed) == 0 && self.held.load(Ordering::Relaxed) == 0
    }

    pub(super) fn uploaded(&self, bytes: u64) {
        self.uploaded.fetch_add(bytes, Ordering::Relaxed);
    }

    /// A request begins; it is open until its answer was taken.
    pub(super) fn request(self: &Arc<Self>) -> Open {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.open.fetch_add(1, Ordering::Relaxed);
        self.seat.works();
        Open(Arc::clone(self))
    }
}

/// A request that is not over.
pub(super) struct Open(Arc<Pulse>);

impl Drop for Open {
    fn drop(&mut self) {
        if self.0.open.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.0.seat.waits();
        }
    }
}

/// The body of an answer, watched until the client has taken it: h2 buffers a body whole while its window is closed.
pub(super) struct Watched<B> {
    /// None where only the head was asked for: unlike HTTP/1's, hyper's HTTP/2 would send it (RFC 9110, section 9.3.2).
    body: Option<B>,
    open: Open,
}

/// An answer whose body is watched. To a HEAD it says how long its body would have been, and has none.
pub(super) fn watched<B: Body>(mut answer: Response<B>, is_head: bool, open: Open) -> Response<Watched<B>> {
    if is_head && let Some(length) = answer.body().size_hint().exact() {
        answer.headers_mut().entry(CONTENT_LENGTH).or_insert(length.into());
    }
    answer.map(|body| Watched {
        body: (!is_head).then_some(body),
        open,
    })
}

impl<B: Body + Unpin> Body for Watched<B> {
    type Data = Held<B::Data>;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        let polled = Pin::new(body).poll_frame(context);
        let pulse = &self.open.0;
        polled.map_ok(|frame| frame.map_data(|data| Held::new(data, Arc::clone(pulse))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

/// A piece of an answer that the client has not taken yet.
pub(super) struct Held<D> {
    data: D,
    pulse: Arc<Pulse>,
}

impl<D> Held<D> {
    fn new(data: D, pulse: Arc<Pulse>) -> Self {
        pulse.held.fetch_add(1, Ordering::Relaxed);
        Self { data, pulse }
    }
}

impl<D: Buf> Buf for Held<D> {
    fn remaining(&self) -> usize {
        self.data.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.data.chunk()
    }

    fn advance(&mut self, count: usize) {
        self.pulse.taken.fetch_add(count as u64, Ordering::Relaxed);
        self.data.advance(count);
    }
}

impl<D> Drop for Held<D> {
    fn drop(&mut self) {
        self.pulse.held.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How long one connection may go on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) requests: u64,
    pub(super) life: Duration,
    pub(super) idle: Duration,
    pub(super) read: LeastRate,
    /// From the last word (GOAWAY) to the end.
    pub(super) drain: Duration,
}

impl Bounds {
    /// For a proxy that everybody comes through: only its own silence ends its connection.
    pub(super) fn without_end(self) -> Self {
        Self {
            requests: u64::MAX,
            life: Duration::MAX,
            idle: Duration::MAX,
            ..self
        }
    }

    pub(super) fn crowded(self) -> Self {
        Self {
            idle: self.idle.min(CROWDED_IDLE),
            ..self
        }
    }
}

/// What a look at a connection came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    Fine,
    /// No more requests: the rest is answered.
    Last(&'static str),
    /// Enough.
    End(&'static str),
}

/// Looks at a connection now and then.
struct Watch {
    bounds: Bounds,
    began: Instant,
    looked: Instant,
    /// Last moment with a request.
    busy: Instant,
    requests: u64,
    taken: u64,
    waited: Waited,
}

impl Watch {
    fn new(bounds: Bounds, now: Instant) -> Self {
        Self {
            bounds,
            began: now,
            looked: now,
            busy: now,
            requests: 0,
            taken: 0,
            waited: Waited::default(),
        }
    }

    fn look(&mut self, pulse: &Pulse, now: Instant) -> Look {
        let passed = now - std::mem::replace(&mut self.looked, now);
        let requests = pulse.requests.load(Ordering::Relaxed);
        if pulse.open.load(Ordering::Relaxed) > 0 || requests != self.requests {
            self.requests = requests;
            self.busy = now;
        }
        let taken = pulse.taken.load(Ordering::Relaxed);
        if pulse.held.load(Ordering::Relaxed) > 0 {
            self.waited.wait(passed);
        }
        self.waited
            .take(taken - std::mem::replace(&mut self.taken, taken), self.bounds.read);
        if self.waited.left(self.bounds.read).is_zero() {
            Look::End("slow_read")
        } else if now - self.busy >= self.bounds.idle {
            Look::Last("idle")
        } else if now - self.began >= self.bounds.life {
            Look::Last("lifetime")
        } else {
            Look::Fine
        }
    }
}

/// Serves one connection to its end.
pub(super) async fn serve<IO, S, B>(
    builder: &http2::Builder<TokioExecutor>,
    io: IO,
    service: S,
    pulse: &Pulse,
    bounds: Bounds,
    stop: &mut watch::Receiver<bool>,
) where
    IO: AsyncRead + AsyncWrite + Unpin,
    S: HttpService<Incoming, ResBody = B>,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut serving = pin!(builder.serve_connection(TokioIo::new(io), service));
    let mut looks = tokio::time::interval(LOOK_EVERY);
    let mut watch = Watch::new(bounds, Instant::now());
    // The service is called in this very task, so that whatever it counts is seen here without being woken.
    let why = loop {
        let many = std::future::poll_fn(|_| match pulse.requests.load(Ordering::Relaxed) >= bounds.requests {
            true => Poll::Ready(()),
            false => Poll::Pending,
        });
        tokio::select! {
            biased;
            ended = serving.as_mut() => return super::listener::closed(ended),
            () = many => break Some("requests"),
            () = super::listener::turned(stop) => break None,
            now = looks.tick() => match watch.look(pulse, now) {
                Look::Fine => {}
                Look::Last(why) => break Some(why),
                Look::End(why) => return super::ended(why),
            },
        }
    };
    if let Some(why) = why {
        super::ended(why);
    }
    serving.as_mut().graceful_shutdown();
    if let Ok(ended) = tokio::time::timeout(bounds.drain, serving).await {
        super::listener::closed(ended);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds() -> Bounds {
        Bounds {
            requests: 10,
            life: Duration::from_secs(100),
            idle: Duration::from_secs(10),
            read: LeastRate::new(20, 500),
            drain: Duration::from_secs(1),
        }
    }

    /// The second in which a connection ends that does `each` every second.
    fn end(bounds: Bounds, mut each: impl FnMut(&Arc<Pulse>)) -> (u64, Look) {
        let (pulse, start) = (Pulse::new(&Limits::default(), Seat::new()), Instant::now());
        let mut watch = Watch::new(bounds, start);
        for second in 1.. {
            each(&pulse);
            match watch.look(&pulse, start + Duration::from_secs(second)) {
                Look::Fine => {}
                look => return (second, look),
            }
        }
        unreachable!("a connection has a lifetime")
    }

    #[test]
    fn a_connection_ends_idle_old_or_when_nothing_of_its_answers_is_taken() {
        assert_eq!(end(bounds(), |_| ()), (10, Look::Last("idle")));
        assert_eq!(
            end(bounds(), |pulse| drop(pulse.request())),
            (100, Look::Last("lifetime"))
        );
        let mut held = Vec::new();
        let stalled = end(bounds(), |pulse| {
            if held.is_empty() {
                let open = pulse.request();
                held.push((Held::new(&b"page"[..], Arc::clone(pulse)), open));
            }
        });
        assert_eq!(stalled, (20, Look::End("slow_read")));
        let mut held = Vec::new();
        let drip = end(bounds(), |pulse| {
            let open = pulse.request();
            let mut page = Held::new(&b"page"[..], Arc::clone(pulse));
            page.advance(1);
            held.push((page, open));
        });
        assert_eq!(drip, (21, Look::End("slow_read")), "a byte a second is nothing");
        assert_eq!(end(bounds().crowded(), |_| ()), (2, Look::Last("idle")));
    }

    #[test]
    fn only_requests_and_bodies_explain_what_a_client_sends() {
        let pulse = Pulse::new(&Limits::default(), Seat::new());
        let before = pulse.explained();
        drop(pulse.request());
        pulse.uploaded(1000);
        assert_eq!(pulse.explained() - before, REQUEST_BYTES + 2000);
        assert_eq!(
            (pulse.open.load(Ordering::Relaxed), pulse.held.load(Ordering::Relaxed)),
            (0, 0)
        );
    }
}
