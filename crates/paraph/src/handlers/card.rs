//! `GET /p/{slug}/card.{lang}.png`: the picture of a petition, drawn at most once for all who ask.
//!
//! A drawing costs about 0.1 s of one core, a crawler asks for thousands. So: one picture is drawn at a time, each is drawn
//! again only when its numbers moved, and not before `limits.card_seconds`; `limits.cards_kept` of them are kept, and while
//! none of these is old enough to give up its place, one more is refused for the moment. Whoever asks meanwhile gets the
//! picture there is.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_TYPE, ETAG};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use paraph_tally::{Millis, PetitionId};
use sha2::{Digest, Sha256};

use super::shelf::{Displayed, Shelf};
use crate::card::{self, Card};
use crate::limits::Limits;
use crate::respond::{self, Answer, Asked, Body, SECURITY};
use crate::views::{Frame, Lang, Refusal};
use crate::{clock, telemetry};

/// What browsers and crawlers keep a picture for; the count on it is a moment's anyway.
const CACHING: &str = "public, max-age=300";
/// Seconds after which whoever finds no place is asked to come back.
const COME_BACK_SECONDS: u64 = 30;

/// The pictures of all petitions.
pub struct Cards {
    shelf: Arc<Shelf>,
    pictures: Pictures,
}

struct Pictures {
    kept: usize,
    again_millis: u64,
    patience: Duration,
    slots: Mutex<HashMap<(PetitionId, Lang), Arc<Slot>>>,
    /// Held while a picture is drawn: one core at most is busy with pictures, whatever is asked for.
    pencil: Arc<tokio::sync::Mutex<()>>,
}

/// The place of one picture. It exists from the first question on.
struct Slot {
    since: Millis,
    drawn: ArcSwapOption<Drawn>,
}

struct Drawn {
    card: Card,
    at: Millis,
    etag: String,
    png: Bytes,
}

/// No place is left for one more picture, or the drawing takes too long.
struct Busy;

impl Cards {
    /// Nothing is drawn before somebody asks.
    #[must_use]
    pub fn new(shelf: Arc<Shelf>, limits: &Limits) -> Self {
        Self {
            shelf,
            pictures: Pictures::new(limits),
        }
    }

    /// The picture of a petition; `file` is `card.{lang}.png`.
    pub async fn answer(&self, asked: &Asked<'_>, slug: &str, file: &str, headers: &HeaderMap) -> Answer {
        let lang = file
            .strip_prefix("card.")
            .and_then(|rest| rest.strip_suffix(".png"))
            .and_then(Lang::from_code)
            .filter(|lang| asked.site.languages.contains(lang));
        let (Some(lang), Some(displayed)) = (lang, self.shelf.petition(slug)) else {
            return respond::refused(asked, Refusal::NotFound, None, None);
        };
        let card = card_of(asked, lang, &displayed);
        match self
            .pictures
            .find((displayed.petition.id, lang), card, clock::now)
            .await
        {
            Ok(drawn) => picture(&drawn, headers),
            Err(Busy) => respond::refused(asked, Refusal::Busy, Some(COME_BACK_SECONDS), None),
        }
    }
}

impl Pictures {
    fn new(limits: &Limits) -> Self {
        Self {
            kept: usize::try_from(limits.cards_kept).unwrap_or(usize::MAX),
            again_millis: limits.card_seconds * 1000,
            patience: Duration::from_millis(limits.lane_wait_ms),
            slots: Mutex::default(),
            pencil: Arc::default(),
        }
    }

    /// What there is, if it is right or young enough; else it is drawn, by the first who asks.
    async fn find(&self, of: (PetitionId, Lang), card: Card, now: fn() -> Millis) -> Result<Arc<Drawn>, Busy> {
        let slot = self.slot(of, now())?;
        let good = || {
            let drawn = slot.drawn.load_full()?;
            let rests = now().0 < drawn.at.0.saturating_add(self.again_millis);
            (drawn.card == card || rests).then_some(drawn)
        };
        if let Some(drawn) = good() {
            return Ok(drawn);
        }
        let turn = match (Arc::clone(&self.pencil).try_lock_owned(), slot.drawn.load_full()) {
            (Ok(turn), _) => turn,
            // Somebody is drawing: an old picture is better than waiting.
            (Err(_), Some(old)) => return Ok(old),
            (Err(_), None) => tokio::time::timeout(self.patience, Arc::clone(&self.pencil).lock_owned())
                .await
                .map_err(|_| Busy)?,
        };
        if let Some(drawn) = good() {
            return Ok(drawn);
        }
        // The turn goes along: whoever asked may hang up, the drawing is finished and kept all the same.
        let place = Arc::clone(&slot);
        let drawing = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            metrics::counter!(telemetry::CARDS_DRAWN).increment(1);
            card::draw(&card).map(|png| place.drawn.store(Some(Arc::new(Drawn::new(card, now(), png)))))
        });
        let Ok(Ok(())) = drawing.await else {
            tracing::error!("a share card could not be drawn");
            return Err(Busy);
        };
        slot.drawn.load_full().ok_or(Busy)
    }

    /// The place of a picture. When all are taken, the oldest makes room, unless it is as young as a picture must last.
    fn slot(&self, of: (PetitionId, Lang), now: Millis) -> Result<Arc<Slot>, Busy> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(&of) {
            return Ok(Arc::clone(slot));
        }
        if slots.len() >= self.kept {
            let ages = slots.iter().map(|(of, slot)| (slot.changed(), *of));
            let (changed, oldest) = ages.min().ok_or(Busy)?;
            if now.0 < changed.0.saturating_add(self.again_millis) {
                return Err(Busy);
            }
            slots.remove(&oldest);
        }
        let slot = Arc::new(Slot {
            since: now,
            drawn: ArcSwapOption::empty(),
        });
        slots.insert(of, Arc::clone(&slot));
        Ok(slot)
    }
}

impl Drawn {
    fn new(card: Card, at: Millis, png: Vec<u8>) -> Self {
        let digest = Sha256::digest(&png);
        Self {
            card,
            at,
            etag: format!("\"{}\"", data_encoding::HEXLOWER.encode(&digest[..12])),
            png: png.into(),
        }
    }
}

impl Slot {
    fn changed(&self) -> Millis {
        self.drawn.load().as_ref().map_or(self.since, |drawn| drawn.at)
    }
}

/// What the picture of a petition shows now.
fn card_of(asked: &Asked<'_>, lang: Lang, displayed: &Displayed) -> Card {
    let frame = Frame { lang, ..asked.frame() };
    let counted = displayed.petition.state.counts.counted;
    Card {
        lang,
        site: asked.site.name.clone(),
        address: asked.site.readable(displayed.view.path()),
        title: displayed.view.title.clone(),
        counted,
        goal: displayed.view.progress(&frame, counted),
        state: (!displayed.is_open()).then(|| lang.text("closed-short")),
    }
}

fn picture(drawn: &Drawn, asked: &HeaderMap) -> Answer {
    let is_known = respond::is_known(asked, &drawn.etag);
    let mut answer = Response::new(Body::from(if is_known { Bytes::new() } else { drawn.png.clone() }));
    if is_known {
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = answer.headers_mut();
    headers.extend(SECURITY.map(|(name, value)| (Some(name), value)));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("image/png"));
    headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(drawn.card.lang.code()));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(CACHING));
    headers.insert(
        ETAG,
        HeaderValue::try_from(&*drawn.etag).unwrap_or(HeaderValue::from_static("\"\"")),
    );
    answer
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    static CLOCK: AtomicU64 = AtomicU64::new(1_000_000);

    fn now() -> Millis {
        Millis(CLOCK.load(Ordering::Relaxed))
    }

    /// The number on the picture that is served.
    async fn shown(pictures: &Pictures, petition: u32, counted: u64) -> Option<u64> {
        let lang = Lang::from_code("fr").expect("French");
        let card = Card {
            lang,
            site: "Site".into(),
            address: "example.org/p/s".into(),
            title: "Title".into(),
            counted,
            goal: None,
            state: None,
        };
        let found = pictures.find((PetitionId(petition), lang), card, now).await;
        found.ok().map(|drawn| drawn.card.counted)
    }

    #[tokio::test]
    async fn a_picture_is_drawn_again_only_when_it_moved_and_is_old_enough() {
        let pictures = Pictures::new(&Limits {
            cards_kept: 2,
            card_seconds: 60,
            ..Limits::default()
        });
        assert_eq!(shown(&pictures, 1, 5).await, Some(5));
        assert_eq!(shown(&pictures, 1, 6).await, Some(5), "drawn again at once");
        CLOCK.fetch_add(30_000, Ordering::Relaxed);
        assert_eq!(shown(&pictures, 2, 9).await, Some(9));
        assert_eq!(shown(&pictures, 3, 9).await, None, "a place was given up too early");
        CLOCK.fetch_add(31_000, Ordering::Relaxed);
        assert_eq!(shown(&pictures, 1, 7).await, Some(7), "not drawn again");
        assert_eq!(shown(&pictures, 3, 9).await, None, "the oldest is 31 s old");
        CLOCK.fetch_add(31_000, Ordering::Relaxed);
        assert_eq!(shown(&pictures, 3, 9).await, Some(9));
        assert_eq!(pictures.slots.lock().expect("whole").len(), 2);
        // Somebody draws: the old picture is served, without waiting.
        let _turn = pictures.pencil.lock().await;
        CLOCK.fetch_add(61_000, Ordering::Relaxed);
        assert_eq!(shown(&pictures, 3, 10).await, Some(9));
    }
}
