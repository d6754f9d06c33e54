//! Pages beside a petition's own: versions of its text, updates and their feed. Rendered when their author changes
//! something, not when the count does, and kept in memory like the rest of the shelf.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderValue};

use super::shelf::Document;
use crate::ledger::catalogue::Petition;
use crate::ledger::content;
use crate::ledger::opened::Opened;
use crate::video::Video;
use crate::views::{
    self, Content, Difference, Frame, Lang, Site, Update, UpdatePage, UpdatesPage, Version, VersionPage, VersionsPage,
    difference,
};

const CACHING: &str = "public, max-age=60";

/// The documents of one petition, by what stands behind its address: `versions`, `versions/2`, `updates.atom`.
#[derive(Default)]
pub(super) struct Side {
    pages: BTreeMap<String, Vec<(Lang, Document)>>,
    feed: Option<Document>,
}

impl Side {
    pub(super) fn new(site: &Site, petition: &Petition, view: &views::Petition) -> Self {
        let shown = shown(petition, &Opened::default());
        let mut side = Self::default();
        side.add(site, view, "versions", |frame| {
            let page = VersionsPage {
                petition: view,
                content: &shown,
            };
            views::versions(frame, &page)
        });
        let mut before: Option<&content::Version> = None;
        for text in &petition.content.versions {
            let version = version(text, before);
            side.add(site, view, &format!("versions/{}", text.version), |frame| {
                let page = VersionPage {
                    petition: view,
                    version: &version,
                };
                views::version(frame, &page)
            });
            before = Some(text);
        }
        side.add(site, view, "updates", |frame| {
            let page = UpdatesPage {
                petition: view,
                content: &shown,
            };
            views::updates(frame, &page)
        });
        for update in &shown.updates {
            side.add(site, view, &format!("updates/{}", update.number), |frame| {
                let page = UpdatePage { petition: view, update };
                views::update(frame, &page)
            });
        }
        side.feed = feed(site, petition, view, &shown);
        side
    }

    fn add(&mut self, site: &Site, view: &views::Petition, name: &str, render: impl Fn(&Frame<'_>) -> String) {
        let path = format!("/p/{}/{name}", view.slug);
        let languages = site.languages.iter().map(|lang| {
            let html = render(&Frame {
                site,
                lang: *lang,
                path: Some(&path),
            });
            (*lang, Document::page(*lang, html, CACHING))
        });
        let pages = languages.collect();
        self.pages.insert(name.to_owned(), pages);
    }

    /// The document behind these parts of an address.
    pub(super) fn document(&self, path: &[&str], lang: Lang) -> Option<&Document> {
        match path {
            ["updates.atom"] => self.feed.as_ref(),
            [page] => super::shelf::in_language(self.pages.get(*page)?, lang),
            [kind, number] => super::shelf::in_language(self.pages.get(&format!("{kind}/{number}"))?, lang),
            _ => None,
        }
    }
}

fn feed(site: &Site, petition: &Petition, view: &views::Petition, shown: &Content) -> Option<Document> {
    let lang = Lang::from_code(&petition.language).filter(|lang| site.languages.contains(lang));
    let lang = lang.or_else(|| site.languages.first().copied())?;
    let frame = Frame { site, lang, path: None };
    let mut headers = HeaderMap::new();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/atom+xml; charset=utf-8"),
    );
    headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    let feed = views::feed(&frame, view, shown);
    Some(Document::new(headers, Bytes::from(feed), CACHING))
}

fn version(text: &content::Version, before: Option<&content::Version>) -> Version {
    Version {
        version: text.version.into(),
        title: text.title.clone(),
        addressee: text.addressee.clone(),
        text: text.body.clone(),
        adopted_at: text.adopted_at.0,
        difference: before.map(|before| Difference {
            title: difference(&before.title, &text.title),
            addressee: difference(&before.addressee, &text.addressee),
            text: difference(&read(&before.body), &read(&text.body)),
        }),
    }
}

/// A text as it is read: without the marks of its headings.
fn read(text: &str) -> String {
    let lines = text.lines().map(|line| line.strip_prefix("## ").unwrap_or(line));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// What stands on the petition's own page.
pub(super) fn shown(petition: &Petition, opened: &Opened) -> Content {
    let content = &petition.content;
    let first = content.first_signatories.iter();
    Content {
        video: Video::read(&content.video),
        first_signatories: first.map(|one| (one.name.clone(), one.quality.clone())).collect(),
        versions: content
            .versions
            .iter()
            .map(|text| (text.version.into(), text.adopted_at.0))
            .collect(),
        signed_earlier: opened.signed_earlier.get(&petition.id).copied(),
        updates: content
            .updates
            .iter()
            .rev()
            .map(|update| Update {
                number: update.number,
                title: update.title.clone(),
                text: update.body.clone(),
                posted_at: update.posted_at.0,
            })
            .collect(),
        names: names(petition, opened),
    }
}

pub(super) fn names(petition: &Petition, opened: &Opened) -> Vec<String> {
    let names = petition.names.iter().filter_map(|id| opened.names.get(id));
    names.cloned().collect()
}

/// The pages beside, the same ones as before unless their author has changed something.
pub(super) fn side(
    site: &Site,
    petition: &Petition,
    view: &views::Petition,
    known: Option<(&Petition, &Arc<Side>)>,
) -> Arc<Side> {
    let same = |before: &Petition| {
        Arc::ptr_eq(&before.content, &petition.content) && before.state.text_version == petition.state.text_version
    };
    match known {
        Some((before, side)) if same(before) => Arc::clone(side),
        _ => Arc::new(Side::new(site, petition, view)),
    }
}
