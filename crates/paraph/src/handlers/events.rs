//! Server-sent events (HTML Living Standard, section 9.2): the numbers of a petition whenever they change.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::shelf::Shelf;
use crate::admit::source::{Prefix, Source};
use crate::limits::Limits;
use crate::respond::{self, Answer, Asked, Body, SECURITY};
use crate::store::id;
use crate::views::Refusal;

/// At most one event a second, however fast the count moves.
const NOT_BEFORE: Duration = Duration::from_secs(1);
/// A comment now and then finds out who has gone, and keeps proxies from closing the connection.
const SIGN_OF_LIFE: Duration = Duration::from_secs(20);
/// A browser that is refused polls instead; it may try again after this many seconds.
const TRY_AGAIN_SECONDS: u64 = 60;
/// Milliseconds after which a browser that was cut off asks again, and as many more at most: those who watched a server that
/// was started anew do not come back all at once.
const COME_BACK: u16 = 5000;

/// What watching a count needs.
pub struct Events {
    /// The petitions.
    pub shelf: Arc<Shelf>,
    /// Places for those who watch.
    pub places: Arc<Watchers>,
    /// Turns true when the server stops.
    pub stop: watch::Receiver<bool>,
}

/// Who watches: so many in all, so many behind one address.
pub struct Watchers {
    most: usize,
    most_per_address: usize,
    by_address: Mutex<HashMap<Prefix, usize>>,
}

/// A place, given back when dropped.
struct Place {
    watchers: Arc<Watchers>,
    address: Prefix,
}

impl Watchers {
    /// Places as `limits` says.
    #[must_use]
    pub fn new(limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            most: usize::try_from(limits.event_streams).unwrap_or(usize::MAX),
            most_per_address: usize::try_from(limits.event_streams_per_address).unwrap_or(usize::MAX),
            by_address: Mutex::default(),
        })
    }

    fn take(self: &Arc<Self>, source: &Source) -> Option<Place> {
        let (mut by_address, address) = (self.by_address(), source.narrow());
        let here = by_address.get(&address).copied().unwrap_or(0);
        if here >= self.most_per_address || by_address.values().sum::<usize>() >= self.most {
            return None;
        }
        by_address.insert(address, here + 1);
        Some(Place {
            watchers: Arc::clone(self),
            address,
        })
    }

    fn by_address(&self) -> MutexGuard<'_, HashMap<Prefix, usize>> {
        self.by_address.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut by_address = self.watchers.by_address();
        if let Some(here) = by_address.get_mut(&self.address) {
            *here -= 1;
            if *here == 0 {
                by_address.remove(&self.address);
            }
        }
    }
}

/// One who watches.
struct Watching {
    shelf: Arc<Shelf>,
    slug: String,
    turned: watch::Receiver<()>,
    stop: watch::Receiver<bool>,
    last: Option<(Instant, [u64; 4])>,
    told: Instant,
    _place: Place,
}

impl Events {
    /// `GET /p/{slug}/events`
    #[must_use]
    pub fn listen(&self, source: &Source, asked: &Asked<'_>, slug: &str) -> Answer {
        if self.shelf.petition(slug).is_none() {
            return respond::refused(asked, Refusal::NotFound, None, None);
        }
        let Some(place) = self.places.take(source) else {
            return respond::refused(asked, Refusal::Busy, Some(TRY_AGAIN_SECONDS), None);
        };
        let watching = Watching {
            shelf: Arc::clone(&self.shelf),
            slug: slug.to_owned(),
            turned: self.shelf.turned(),
            stop: self.stop.clone(),
            last: None,
            told: Instant::now(),
            _place: place,
        };
        let jitter = u16::from_be_bytes(id::random()) % COME_BACK;
        let first = Bytes::from(format!("retry: {}\n", COME_BACK + jitter));
        let events = stream::unfold(watching, |mut watching| async move {
            let event = watching.next().await?;
            watching.told = Instant::now();
            Some((event, watching))
        });
        let events = stream::iter([first]).chain(events);
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
                turned = timeout_at(self.told + SIGN_OF_LIFE, self.turned.changed()) => match turned {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) => return None,
                    Err(_) => return Some(Bytes::from_static(b": still here\n\n")),
                },
            }
        }
    }
}
