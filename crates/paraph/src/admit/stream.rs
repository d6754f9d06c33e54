//! A client's connection: bytes that were read too early are read first, a client that does not read is left, and so is
//! one that sends more than its requests explain.

use std::future::Future;
use std::io;
use std::os::fd::AsFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

use super::h2::Pulse;
use super::pace::{LeastRate, Waited};
use super::seat::Seat;

/// A TCP connection with what was read of it already, and a least rate at which the other end has to read. hyper has no
/// such bound of its own: without it, 4,096 clients that ask for a page and do not read it hold every place.
pub(super) struct Stream {
    tcp: TcpStream,
    seat: Arc<Seat>,
    /// The readiness of `tcp` is looked for by the threads behind.
    moved: bool,
    early: Bytes,
    rate: LeastRate,
    waited: Waited,
    stalled: Option<Stalled>,
    /// On an HTTP/2 connection, what was read of it and what its requests explain.
    inbound: Option<Inbound>,
}

struct Stalled {
    since: Instant,
    timer: Pin<Box<Sleep>>,
}

struct Inbound {
    pulse: Arc<Pulse>,
    bytes: u64,
}

impl Stream {
    pub(super) fn new(tcp: TcpStream, early: Bytes, rate: LeastRate, seat: Arc<Seat>) -> Self {
        Self {
            tcp,
            seat,
            moved: false,
            early,
            rate,
            waited: Waited::default(),
            stalled: None,
            inbound: None,
        }
    }

    /// From now on, ends the connection when it sends more than the requests that `pulse` counts explain.
    pub(super) fn explain(&mut self, pulse: Arc<Pulse>) {
        self.inbound = Some(Inbound { pulse, bytes: 0 });
    }

    /// Registers the connection with the runtime that polls it, once it runs on the threads behind: those ahead would be woken
    /// for every packet of it, to tell them.
    fn follow(&mut self) {
        if self.moved || !self.seat.has_moved() {
            return;
        }
        self.moved = true;
        let again = self.tcp.as_fd().try_clone_to_owned();
        // Where no descriptor is left it stays as it was.
        if let Ok(tcp) = again.and_then(|tcp| TcpStream::from_std(tcp.into())) {
            self.tcp = tcp;
        }
    }

    /// Passes a write on, and fails it once too little was taken for too long. The timer exists only while stalled.
    fn watch(&mut self, cx: &mut Context<'_>, polled: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(written) = polled {
            if let Some(Stalled { since, .. }) = self.stalled.take() {
                self.waited.wait(since.elapsed());
            }
            if let Ok(bytes) = written {
                self.waited.take(bytes as u64, self.rate);
            }
            return Poll::Ready(written);
        }
        let left = self.waited.left(self.rate);
        let stalled = self.stalled.get_or_insert_with(|| Stalled {
            since: Instant::now(),
            timer: Box::pin(tokio::time::sleep(left)),
        });
        ready!(stalled.timer.as_mut().poll(cx));
        super::ended("slow_read");
        // What waits in the kernel would wait on, in its memory, after a polite end. It fails only on a dead connection.
        drop(self.tcp.set_zero_linger());
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.follow();
        let before = out.filled().len();
        if self.early.is_empty() {
            ready!(Pin::new(&mut self.tcp).poll_read(cx, out))?;
        } else {
            let length = self.early.len().min(out.remaining());
            out.put_slice(&self.early[..length]);
            self.early.advance(length);
        }
        if let Some(inbound) = &mut self.inbound {
            inbound.bytes += (out.filled().len() - before) as u64;
            if inbound.bytes > inbound.pulse.explained() {
                super::ended("h2_flood");
                return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.tcp).poll_write(cx, bytes);
        self.watch(cx, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.tcp).poll_write_vectored(cx, slices);
        self.watch(cx, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}
