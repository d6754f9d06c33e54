//! How long an HTTP/1 connection may take to send the head of its next request: one timer for each connection. hyper has such
//! a bound too, and sets a timer for each request. And what a head has to say beyond what hyper asks of it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::header::{HOST, HeaderValue};
use hyper::body::{Body, Frame, SizeHint};
use hyper::{Request, Version};
use tokio::time::{Instant, sleep_until};

use super::seat::{Doing, Seat};

/// A head is waited for from the start, and from the end of each answer.
pub(super) struct Heads(Arc<Seat>);

/// What went on for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Late {
    /// The wait for a head.
    Head,
    /// The connection.
    Life,
}

impl Heads {
    /// Of a connection.
    pub(super) fn new(seat: Arc<Seat>) -> Self {
        Self(seat)
    }

    /// A head is there; until what this returns is dropped, none is waited for.
    pub(super) fn arrived(&self) -> AtWork {
        self.0.works();
        AtWork(Arc::clone(&self.0))
    }

    /// Ends when a head was waited for longer than `patience`, or when the connection is older than `life`.
    pub(super) async fn late(&self, patience: Duration, life: Duration) -> Late {
        loop {
            match self.look(Instant::now(), patience, life) {
                Ok(again_at) => sleep_until(again_at).await,
                Err(late) => return late,
            }
        }
    }

    /// What is late by now, or when something may be.
    fn look(&self, now: Instant, patience: Duration, life: Duration) -> Result<Instant, Late> {
        let since = match self.0.doing() {
            // Whoever begins to wait later is late later.
            Doing::Working(_) => now,
            Doing::Waiting(since) => since,
        };
        let (late_at, end) = (since + patience, self.0.began().checked_add(life));
        match end {
            Some(end) if end <= now => Err(Late::Life),
            _ if late_at <= now => Err(Late::Head),
            end => Ok(end.map_or(late_at, |end| end.min(late_at))),
        }
    }
}

/// Whether a request names one host: as HTTP/1.1 must and HTTP/1.0 may (RFC 9112, section 3.2), in HTTP/2 by `:authority`, by
/// Host, or by both alike (RFC 9113, section 8.3.1). Two names would let a proxy before us and us read the same request as meant
/// for different sites.
pub(super) fn names_its_host<B>(request: &Request<B>) -> bool {
    // What a target in HTTP/1.1 says comes beside Host, never in its place (RFC 9112, section 3.2.2).
    let authority = match request.version() {
        Version::HTTP_2 => request.uri().authority().map(|authority| authority.as_str().as_bytes()),
        _ => None,
    };
    let mut hosts = request.headers().get_all(HOST).iter().map(HeaderValue::as_bytes);
    let host = hosts.next();
    if hosts.next().is_some() {
        return false;
    }
    match (authority, host) {
        (None, None) => request.version() < Version::HTTP_11,
        (Some(authority), Some(host)) if !authority.eq_ignore_ascii_case(host) => false,
        (Some(name), _) | (None, Some(name)) => name.iter().all(|byte| is_of_a_host(*byte)),
    }
}

/// What `uri-host [ ":" port ]` is made of (RFC 3986, section 3.2.2).
fn is_of_a_host(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:[]".contains(&byte)
}

/// A request in work. Dropping it begins the wait for the next head.
pub(super) struct AtWork(Arc<Seat>);

impl Drop for AtWork {
    fn drop(&mut self) {
        self.0.waits();
    }
}

/// The body of an answer; its request is in work until hyper has sent it and drops it.
pub(super) struct Sent<B> {
    body: B,
    _at_work: AtWork,
}

impl<B> Sent<B> {
    pub(super) fn new(body: B, at_work: AtWork) -> Self {
        Self {
            body,
            _at_work: at_work,
        }
    }
}

impl<B: Body + Unpin> Body for Sent<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Heads, Late, Seat};

    const PATIENCE: Duration = Duration::from_secs(10);
    const LIFE: Duration = Duration::from_secs(60);

    #[test]
    fn a_head_is_waited_for_from_the_start_and_from_the_end_of_each_answer() {
        let heads = Heads::new(Seat::new());
        let look = |seconds| heads.look(heads.0.began() + Duration::from_secs(seconds), PATIENCE, LIFE);
        let at = |seconds| Ok(heads.0.began() + Duration::from_secs(seconds));
        assert_eq!((look(0), look(9), look(10)), (at(10), at(10), Err(Late::Head)));

        // Nobody is blamed for the time that an answer takes.
        let at_work = heads.arrived();
        assert_eq!((look(9), look(45), look(55)), (at(19), at(55), at(60)));
        assert_eq!(look(60), Err(Late::Life));
        drop(at_work);
        let asked_again = look(1).expect("not yet");
        assert!(asked_again > heads.0.began() + PATIENCE, "the wait began anew");
        assert_eq!(look(11), Err(Late::Head));
    }

    #[test]
    fn a_life_without_end_never_ends() {
        let heads = Heads::new(Seat::new());
        let _at_work = heads.arrived();
        let later = heads.0.began() + Duration::from_secs(1 << 30);
        assert_eq!(heads.look(later, PATIENCE, Duration::MAX), Ok(later + PATIENCE));
    }
}
