//! The body of a request on its way in, at a least rate.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep};

use super::h2::Pulse;
use super::pace::LeastRate;

/// A request's body. Its rate is looked at only while somebody waits for it: what came with the head costs no timer.
pub struct Upload {
    incoming: Incoming,
    rate: LeastRate,
    bytes: u64,
    waiting: Option<Waiting>,
    pulse: Option<Arc<Pulse>>,
}

struct Waiting {
    began: Instant,
    timer: Pin<Box<Sleep>>,
}

/// Why a body did not arrive.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// It came slower than the least rate.
    #[error("the body comes too slowly")]
    Slow,
    /// The connection ended, or broke its protocol.
    #[error("the body ended early")]
    Broken(#[from] hyper::Error),
}

impl Upload {
    pub(super) fn new(incoming: Incoming, rate: LeastRate, pulse: Option<Arc<Pulse>>) -> Self {
        Self {
            incoming,
            rate,
            bytes: 0,
            waiting: None,
            pulse,
        }
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = UploadError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, UploadError>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.incoming).poll_frame(context) {
            let data = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref());
            let bytes = data.map_or(0, Bytes::len) as u64;
            this.bytes += bytes;
            if let Some(pulse) = &this.pulse {
                pulse.uploaded(bytes);
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(UploadError::from)));
        }
        let allowed = this.rate.allows(this.bytes);
        let waiting = this.waiting.get_or_insert_with(|| Waiting {
            began: Instant::now(),
            timer: Box::pin(tokio::time::sleep(allowed)),
        });
        let deadline = waiting.began + allowed;
        if waiting.timer.deadline() != deadline {
            waiting.timer.as_mut().reset(deadline);
        }
        ready!(waiting.timer.as_mut().poll(context));
        super::ended("slow_body");
        Poll::Ready(Some(Err(UploadError::Slow)))
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
