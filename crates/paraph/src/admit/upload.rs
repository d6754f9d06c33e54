//! The body of a request on its way in, at a least rate; and the one way to read it whole.

use std::convert::Infallible;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::FutureExt;
use http_body_util::BodyExt;
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

/// Why a body was not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// It is larger than what was asked for.
    #[error("the body is too large")]
    TooLarge,
    /// It came too slowly.
    #[error("the body comes too slowly")]
    TooSlow,
    /// Its sender went away, or broke the protocol: a chunk that is none, a length that is not kept.
    #[error("the body broke off")]
    Broken,
}

impl From<UploadError> for Unread {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::Slow => Self::TooSlow,
            UploadError::Broken(_) => Self::Broken,
        }
    }
}

impl From<Infallible> for Unread {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// Reads a body of at most `most` bytes within `patience`.
///
/// Never call it with a place in a lane in hand: the place would be the client's to keep, and a few slow ones would have
/// them all.
///
/// # Errors
/// It is too large, too slow, or broke off.
pub async fn read<B>(body: B, most: usize, patience: Duration) -> Result<Bytes, Unread>
where
    B: Body<Data = Bytes>,
    Unread: From<B::Error>,
{
    let mut whole = pin!(whole(body, most));
    // Nearly every body came with its head: only one that did not costs a timer.
    match (&mut whole).now_or_never() {
        Some(whole) => whole,
        None => tokio::time::timeout(patience, whole)
            .await
            .map_err(|_| Unread::TooSlow)?,
    }
}

/// A body that comes in a single piece, as forms do, is not copied.
async fn whole<B>(body: B, most: usize) -> Result<Bytes, Unread>
where
    B: Body<Data = Bytes>,
    Unread: From<B::Error>,
{
    let mut body = pin!(body);
    let mut first = Bytes::new();
    let mut joined = BytesMut::new();
    while let Some(frame) = body.as_mut().frame().await {
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        if first.len().max(joined.len()) + data.len() > most {
            return Err(Unread::TooLarge);
        }
        if first.is_empty() && joined.is_empty() {
            first = data;
            continue;
        }
        if joined.is_empty() {
            joined.extend_from_slice(&first);
        }
        joined.extend_from_slice(&data);
    }
    Ok(if joined.is_empty() { first } else { joined.freeze() })
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
