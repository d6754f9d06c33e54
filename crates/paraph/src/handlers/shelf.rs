//! Pages and numbers that are the same for everybody: rendered once per change, served from memory.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, VARY,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use paraph_tally::{Millis, PetitionId, Phase};
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::sync::watch;

use super::side::{self, Side};
use crate::clock::rfc3339;
use crate::ledger::catalogue::{Catalogue, Petition};
use crate::ledger::opened::Opened;
use crate::respond::{self, Answer, Body, SECURITY};
use crate::video::Video;
use crate::views::{
    self, About, Again, AgainPage, Count, Frame, HomePage, Lang, Notice, PetitionPage, PetitionState, PosterPage, Site,
};

/// A page whose numbers have not changed is rendered again when it is this old, so that "as of" does not look forgotten.
const RENDER_AGAIN_MILLIS: u64 = 5 * 60 * 1000;

/// What is ready to be served. Replaced as a whole; a request sees one moment.
pub struct Shelf {
    site: Arc<Site>,
    now: ArcSwap<Ready>,
    // Turned whenever `now` is replaced; holds nothing, so that whoever listens looks at the latest.
    turned: watch::Sender<()>,
}

/// Everything ready, as of one moment.
#[derive(Default)]
struct Ready {
    petitions: BTreeMap<String, Arc<Displayed>>,
    by_id: HashMap<PetitionId, Arc<Displayed>>,
    home: Vec<(Lang, Document)>,
    method: Vec<(Lang, Document)>,
    privacy: Vec<(Lang, Document)>,
    legal: Vec<(Lang, Document)>,
}

/// Longest wait for the pages after something was published: rendering a thousand petitions takes less.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the writer publishes, and up to when the pages show it: they are rendered behind the writer.
#[derive(Clone)]
pub struct Published {
    /// Petitions as of now.
    pub shown: watch::Receiver<Arc<Catalogue>>,
    /// The moment of the catalogue that the pages show.
    pub pages: watch::Receiver<Millis>,
}

impl Published {
    /// Of what the writer publishes; whoever renders it says so through the other half.
    pub(crate) fn of(shown: watch::Receiver<Arc<Catalogue>>) -> (watch::Sender<Millis>, Self) {
        let (turned, pages) = watch::channel(shown.borrow().as_of);
        (turned, Self { shown, pages })
    }

    /// Waits until the pages show what is published now, so that whoever did it and goes to look at it finds it there.
    pub async fn until_shown(&self) {
        let (as_of, mut pages) = (self.shown.borrow().as_of, self.pages.clone());
        let shown = pages.wait_for(|shown| *shown >= as_of);
        // What is recorded is recorded, however long its page takes.
        let _ = tokio::time::timeout(PATIENCE, shown).await;
    }
}

/// A petition that can be looked at.
pub struct Displayed {
    /// As the ledger has it.
    pub petition: Arc<Petition>,
    /// As the pages show it.
    pub view: views::Petition,
    side: Arc<Side>,
    names: Vec<String>,
    signed_earlier: Option<u64>,
    rendered_at: Millis,
    pages: Vec<(Lang, Document)>,
    posters: Vec<(Lang, Document)>,
    count: Document,
    /// The brief form by language, reason, and seconds that its ticket has to age.
    again: Mutex<HashMap<(Lang, Notice, u64), Arc<Again>>>,
}

/// Brief forms kept for a petition, some 3 KB each: a flood meets a few of them again and again.
const MOST_AGAIN: usize = 64;

impl Displayed {
    /// Whether it takes signatures.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.petition.state.phase == Phase::Open
    }

    /// What a refusal says of it.
    #[must_use]
    pub fn about(&self) -> About<'_> {
        About {
            slug: &self.view.slug,
            title: &self.view.title,
            is_open: self.is_open(),
        }
    }

    /// The title of a version of the text; that in force where there is no such version.
    #[must_use]
    pub fn title_of(&self, version: u16) -> &str {
        let version = self.petition.content.version(version);
        version.map_or(&self.view.title, |version| &version.title)
    }

    /// The brief form that comes back when a good one cannot be taken now.
    pub(super) fn again(&self, frame: &Frame<'_>, notice: Notice, ticket_wait: u64) -> Arc<Again> {
        let key = (frame.lang, notice, ticket_wait);
        let mut cast = self.again.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(again) = cast.get(&key) {
            return Arc::clone(again);
        }
        let page = AgainPage {
            petition: &self.view,
            ticket_wait,
            notice,
        };
        let again = Arc::new(Again::cast(frame, &page));
        if cast.len() < MOST_AGAIN {
            cast.insert(key, Arc::clone(&again));
        }
        again
    }
}

/// Which of the pages that belong to no petition.
#[derive(Clone, Copy, Debug)]
pub enum Common {
    /// `GET /`
    Home,
    /// `GET /method`
    Method,
    /// `GET /privacy`
    Privacy,
    /// `GET /legal`
    Legal,
}

impl Shelf {
    /// Renders everything once.
    #[must_use]
    pub fn new(site: Arc<Site>, catalogue: &Catalogue) -> Self {
        let everywhere = |render: fn(&Frame<'_>) -> String, path: &'static str| {
            site.languages
                .iter()
                .map(|lang| {
                    let html = render(&Frame {
                        site: &site,
                        lang: *lang,
                        path: Some(path),
                    });
                    (*lang, Document::page(*lang, html, "public, max-age=300"))
                })
                .collect()
        };
        let ready = Ready {
            method: everywhere(views::method, "/method"),
            privacy: everywhere(views::privacy, "/privacy"),
            legal: everywhere(views::legal, "/legal"),
            ..Ready::default()
        };
        let shelf = Self {
            now: ArcSwap::from_pointee(ready),
            site: Arc::clone(&site),
            turned: watch::Sender::new(()),
        };
        shelf.show(catalogue, &Opened::default());
        shelf
    }

    /// Renders what has changed, and puts it in the place of what was shown.
    pub fn show(&self, catalogue: &Catalogue, opened: &Opened) {
        let before = self.now.load();
        let drafts = |petition: &&Arc<Petition>| petition.state.phase != Phase::Draft;
        let petitions: BTreeMap<String, Arc<Displayed>> = catalogue
            .petitions
            .values()
            .filter(drafts)
            .map(|petition| {
                let known = before.petitions.get(&petition.slug);
                (
                    petition.slug.clone(),
                    Arc::new(self.display(petition, catalogue.as_of, opened, known)),
                )
            })
            .collect();
        let mut listed: Vec<&Arc<Displayed>> = petitions.values().collect();
        listed.sort_by_key(|displayed| (!displayed.is_open(), std::cmp::Reverse(displayed.petition.created_at)));
        let listed: Vec<(views::Petition, Count)> = listed
            .into_iter()
            .map(|displayed| (displayed.view.clone(), count(&displayed.petition, catalogue.as_of)))
            .collect();
        let home = self.in_every_language("/", "public, max-age=15", |frame| {
            views::home(frame, &HomePage { petitions: &listed })
        });
        let Ready {
            method, privacy, legal, ..
        } = &**before;
        let (method, privacy, legal) = (method.clone(), privacy.clone(), legal.clone());
        let by_id = petitions
            .values()
            .map(|displayed| (displayed.petition.id, Arc::clone(displayed)))
            .collect();
        self.now.store(Arc::new(Ready {
            petitions,
            by_id,
            home,
            method,
            privacy,
            legal,
        }));
        self.turned.send_replace(());
    }

    fn display(
        &self,
        petition: &Arc<Petition>,
        as_of: Millis,
        opened: &Opened,
        known: Option<&Arc<Displayed>>,
    ) -> Displayed {
        let names = side::names(petition, opened);
        let signed_earlier = opened.signed_earlier.get(&petition.id).copied();
        let count_json = Document::json(&count_json(petition, as_of), "public, max-age=5");
        if let Some(known) = known
            && *known.petition == **petition
            && (&known.names, known.signed_earlier) == (&names, signed_earlier)
            && as_of.0 < known.rendered_at.0 + RENDER_AGAIN_MILLIS
        {
            return Displayed {
                petition: Arc::clone(petition),
                view: known.view.clone(),
                side: Arc::clone(&known.side),
                names,
                signed_earlier,
                rendered_at: known.rendered_at,
                pages: known.pages.clone(),
                posters: known.posters.clone(),
                count: count_json,
                again: Mutex::default(),
            };
        }
        let view = view(petition);
        let path = format!("/p/{}", petition.slug);
        let content = side::shown(petition, opened);
        let page = PetitionPage {
            petition: &view,
            count: count(petition, as_of),
            content: &content,
        };
        let mut pages = self.in_every_language(&path, "public, max-age=15", |frame| views::petition(frame, &page));
        if let Some(more) = content.video.as_ref().and_then(Video::policy) {
            pages.iter_mut().for_each(|(_, document)| document.allow(&more));
        }
        // A poster changes with the text, not with the count.
        let posters = known
            .filter(|known| known.view.title == view.title && known.view.text == view.text)
            .map_or_else(|| self.posters(&path, &view), |known| known.posters.clone());
        let known = known.map(|known| (&*known.petition, &known.side));
        let side = side::side(&self.site, petition, &view, known);
        Displayed {
            petition: Arc::clone(petition),
            side,
            names,
            signed_earlier,
            rendered_at: as_of,
            pages,
            posters,
            count: count_json,
            again: Mutex::default(),
            view,
        }
    }

    fn posters(&self, path: &str, view: &views::Petition) -> Vec<(Lang, Document)> {
        let page = PosterPage { petition: view };
        let path = format!("{path}/poster");
        self.in_every_language(&path, "public, max-age=300", |frame| views::poster(frame, &page))
    }

    fn in_every_language(
        &self,
        path: &str,
        caching: &'static str,
        render: impl Fn(&Frame<'_>) -> String,
    ) -> Vec<(Lang, Document)> {
        let languages = self.site.languages.iter();
        languages
            .map(|lang| {
                let html = render(&Frame {
                    site: &self.site,
                    lang: *lang,
                    path: Some(path),
                });
                (*lang, Document::page(*lang, html, caching))
            })
            .collect()
    }

    /// A petition that can be looked at; drafts cannot.
    #[must_use]
    pub fn petition(&self, slug: &str) -> Option<Arc<Displayed>> {
        self.now.load().petitions.get(slug).cloned()
    }

    /// The same by internal key.
    #[must_use]
    pub fn petition_by_id(&self, id: PetitionId) -> Option<Arc<Displayed>> {
        self.now.load().by_id.get(&id).cloned()
    }

    /// The page of a petition; `None` if there is none.
    #[must_use]
    pub fn page(&self, slug: &str, lang: Lang, headers: &HeaderMap) -> Option<Answer> {
        let ready = self.now.load();
        in_language(&ready.petitions.get(slug)?.pages, lang).map(|document| document.answer(headers))
    }

    /// The poster of a petition; `None` if there is none.
    #[must_use]
    pub fn poster(&self, slug: &str, lang: Lang, headers: &HeaderMap) -> Option<Answer> {
        let ready = self.now.load();
        in_language(&ready.petitions.get(slug)?.posters, lang).map(|document| document.answer(headers))
    }

    /// A page beside a petition's own, or its feed; `None` if there is none.
    #[must_use]
    pub fn side(&self, slug: &str, path: &[&str], lang: Lang, headers: &HeaderMap) -> Option<Answer> {
        let displayed = self.petition(slug)?;
        Some(displayed.side.document(path, lang)?.answer(headers))
    }

    /// The numbers of a petition; `None` if there is none.
    #[must_use]
    pub fn count(&self, slug: &str, headers: &HeaderMap) -> Option<Answer> {
        self.now
            .load()
            .petitions
            .get(slug)
            .map(|displayed| displayed.count.answer(headers))
    }

    /// Changes whenever what is shown was replaced.
    #[must_use]
    pub fn turned(&self) -> watch::Receiver<()> {
        self.turned.subscribe()
    }

    /// What `count.json` says: the numbers that make a difference to who watches, and the text on one line.
    #[must_use]
    pub fn numbers(&self, slug: &str) -> Option<([u64; 4], String)> {
        let ready = self.now.load();
        let displayed = ready.petitions.get(slug)?;
        let counts = displayed.petition.state.counts;
        let numbers = [
            counts.counted,
            counts.held,
            counts.invalidated,
            counts.withdrawn + counts.disowned,
        ];
        Some((
            numbers,
            String::from_utf8_lossy(&displayed.count.plain.bytes).into_owned(),
        ))
    }

    /// A page that belongs to no petition.
    #[must_use]
    pub fn common(&self, which: Common, lang: Lang, headers: &HeaderMap) -> Option<Answer> {
        let ready = self.now.load();
        let pages = match which {
            Common::Home => &ready.home,
            Common::Method => &ready.method,
            Common::Privacy => &ready.privacy,
            Common::Legal => &ready.legal,
        };
        in_language(pages, lang).map(|document| document.answer(headers))
    }
}

pub(super) fn in_language(pages: &[(Lang, Document)], lang: Lang) -> Option<&Document> {
    pages.iter().find(|(of, _)| *of == lang).map(|(_, document)| document)
}

/// Every petition that can be looked at, for a copy of the pages.
#[must_use]
pub fn copied(catalogue: &Catalogue) -> Vec<views::Copied> {
    let petitions = catalogue.petitions.values();
    let shown = petitions.filter(|petition| petition.state.phase != Phase::Draft);
    shown
        .map(|petition| views::Copied {
            petition: view(petition),
            count: count(petition, catalogue.as_of),
        })
        .collect()
}

/// A petition as the pages show it.
fn view(petition: &Petition) -> views::Petition {
    views::Petition {
        slug: petition.slug.clone(),
        title: petition.title.clone(),
        author: petition.owner.clone(),
        addressee: petition
            .content
            .version(petition.state.text_version)
            .map(|text| text.addressee.clone())
            .filter(|addressee| !addressee.is_empty()),
        text: petition.body.clone(),
        text_lang: Some(petition.language.clone()),
        text_version: petition.state.text_version.into(),
        goal: petition.goal,
        state: match petition.state.phase {
            Phase::Draft | Phase::Open => PetitionState::Open,
            Phase::Closed | Phase::Discarded => PetitionState::Closed,
        },
        published_at: petition.created_at.0,
        closes_at: None,
    }
}

fn count(petition: &Petition, as_of: Millis) -> Count {
    let counts = petition.state.counts;
    Count {
        counted: counts.counted,
        held: counts.held,
        invalidated: counts.invalidated,
        as_of: as_of.0,
    }
}

/// `count.json`. There is no public log yet, so nothing is said of it.
fn count_json(petition: &Petition, as_of: Millis) -> serde_json::Value {
    let counts = petition.state.counts;
    json!({
        "petition": petition.slug,
        "counted": counts.counted,
        "logged": null,
        "held": counts.held,
        "withdrawn": counts.withdrawn + counts.disowned,
        "invalidated": counts.invalidated,
        "as_of": rfc3339(as_of),
        "checkpoint": null,
        "settle_after_seconds": petition.state.settle_after_seconds,
    })
}

/// One text, plain and compressed.
#[derive(Clone)]
pub(super) struct Document {
    plain: Coded,
    gzip: Coded,
}

/// Bytes with their headers, of which one is their tag.
#[derive(Clone)]
struct Coded {
    etag: String,
    headers: HeaderMap,
    bytes: Bytes,
}

impl Coded {
    fn new(etag: String, mut headers: HeaderMap, bytes: Bytes) -> Self {
        // Hexadecimal digits and letters of ours are always a header value.
        headers.insert(
            ETAG,
            HeaderValue::try_from(&etag).unwrap_or(HeaderValue::from_static("\"\"")),
        );
        Self { etag, headers, bytes }
    }
}

impl Document {
    pub(super) fn page(lang: Lang, html: String, caching: &'static str) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(lang.code()));
        headers.insert(VARY, HeaderValue::from_static("Accept-Language, Accept-Encoding"));
        Self::new(headers, Bytes::from(html), caching)
    }

    fn json(value: &serde_json::Value, caching: &'static str) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        Self::new(headers, Bytes::from(value.to_string()), caching)
    }

    /// Lets this page load what is named here, beside what every page may.
    fn allow(&mut self, more: &str) {
        let policy = format!("{}{more}", views::CONTENT_SECURITY_POLICY);
        let Ok(policy) = HeaderValue::try_from(policy) else {
            return;
        };
        for coded in [&mut self.plain, &mut self.gzip] {
            coded.headers.insert(CONTENT_SECURITY_POLICY, policy.clone());
        }
    }

    pub(super) fn new(mut headers: HeaderMap, plain: Bytes, caching: &'static str) -> Self {
        headers.extend(SECURITY.map(|(name, value)| (Some(name), value)));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
        let digest = Sha256::digest(&plain);
        let name = data_encoding::HEXLOWER.encode(&digest[..12]);
        let mut compressed = headers.clone();
        compressed.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        Self {
            gzip: Coded::new(format!("\"{name}-gzip\""), compressed, gzip(&plain)),
            plain: Coded::new(format!("\"{name}\""), headers, plain),
        }
    }

    pub(super) fn answer(&self, asked: &HeaderMap) -> Answer {
        let chosen = respond::choose(asked, &self.plain.etag, &self.gzip.etag);
        let coded = if chosen.gzip { &self.gzip } else { &self.plain };
        let body = if chosen.is_known {
            Bytes::new()
        } else {
            coded.bytes.clone()
        };
        let mut answer = Response::new(Body::from(body));
        if chosen.is_known {
            *answer.status_mut() = StatusCode::NOT_MODIFIED;
        }
        *answer.headers_mut() = coded.headers.clone();
        answer
    }
}

fn gzip(plain: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    // Writing into a vector does not fail.
    let written = encoder.write_all(plain).and_then(|()| encoder.finish());
    Bytes::from(written.unwrap_or_default())
}
