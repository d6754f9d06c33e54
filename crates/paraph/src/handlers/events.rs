//! Server-sent events (HTML Living Standard, section 9.2): the numbers of a petition whenever they change.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, sleep_until, timeout};

use super::shelf::Shelf;
use crate::respond::{self, Answer, Asked, Body, SECURITY};
use crate::views::Refusal;

/// At most one event a second, however fast the count moves.
const NOT_BEFORE: Duration = Duration::from_secs(1);
/// A comment now and then finds out who has gone, and keeps proxies from closing the connection.
const SIGN_OF_LIFE: Duration = Duration::from_secs(20);
/// A browser that is refused polls instead; it may try again after this many seconds.
const TRY_AGAIN_SECONDS: u64 = 60;

/// What watching a count needs.
pub struct Events {
    /// The petitions.
    pub shelf: Arc<Shelf>,
    /// Places for those who watch.
    pub places: Arc<Semaphore>,
    /// Turns true when the server stops.
    pub stop: watch::Receiver<bool>,
}

/// One who watches.
struct Watching {
    shelf: Arc<Shelf>,
    slug: String,
    turned: watch::Receiver<()>,
    stop: watch::Receiver<bool>,
    last: Option<(Instant, [u64; 4])>,
    _place: OwnedSemaphorePermit,
}

impl Events {
    /// `GET /p/{slug}/events`
    #[must_use]
    pub fn listen(&self, asked: &Asked<'_>, slug: &str) -> Answer {
        if self.shelf.petition(slug).is_none() {
            return respond::refused(asked, Refusal::NotFound, None, None);
        }
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            return respond::refused(asked, Refusal::Busy, Some(TRY_AGAIN_SECONDS), None);
        };
        let watching = Watching {
            shelf: Arc::clone(&self.shelf),
            slug: slug.to_owned(),
            turned: self.shelf.turned(),
            stop: self.stop.clone(),
            last: None,
            _place: place,
        };
        let events = stream::unfold(watching, |mut watching| async move {
            let event = watching.next().await?;
            Some((event, watching))
        });
        let mut answer = Response::new(Body::Events(Box::pin(events)));
        let headers = answer.headers_mut();
        headers.extend(SECURITY.map(|(name, value)| (Some(name), value)));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        answer
    }
}

impl Watching {
    /// The next event, or a sign of life; `None` when the server stops or the petition is gone.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            let (numbers, text) = self.shelf.numbers(&self.slug)?;
            if self.last.is_none_or(|(_, before)| before != numbers) {
                if let Some((at, _)) = self.last {
                    sleep_until(at + NOT_BEFORE).await;
                }
                self.last = Some((Instant::now(), numbers));
                return Some(Bytes::from(format!("event: count\ndata: {text}\n\n")));
            }
            tokio::select! {
                _ = self.stop.wait_for(|stop| *stop) => return None,
                turned = timeout(SIGN_OF_LIFE, self.turned.changed()) => match turned {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) => return None,
                    Err(_) => return Some(Bytes::from_static(b": still here\n\n")),
                },
            }
        }
    }
}
