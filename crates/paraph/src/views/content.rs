//! What authors add to a petition, as pages show it: versions of the text with what changed, first signatories, a video,
//! updates; and the names of those who wish to be shown.

use super::difference::Part;
use super::lang::{Arg, rfc3339};
use super::markup::escape;
use super::model::{Frame, Petition};
use crate::video::Video;

/// Counts below this would point at persons; they are left out.
pub const SMALLEST_CELL: u64 = 10;

/// What stands on a petition's page beside text and count.
#[derive(Clone, Debug, Default)]
pub struct Content {
    /// Nothing of it is loaded before somebody asks.
    pub video: Option<Video>,
    /// Name and quality, as the author gave them. Not counted.
    pub first_signatories: Vec<(String, String)>,
    /// Version numbers with their dates, the one in force last.
    pub versions: Vec<(u64, u64)>,
    /// Of the counted, how many signed an earlier version, where saying so points at nobody.
    pub signed_earlier: Option<u64>,
    /// Updates, latest first.
    pub updates: Vec<Update>,
    /// Names of those who wished it, in the order of their batches.
    pub names: Vec<String>,
}

/// An update.
#[derive(Clone, Debug)]
pub struct Update {
    /// 1, 2, 3…
    pub number: u32,
    /// Title.
    pub title: String,
    /// Text, with the little markup of petitions.
    pub text: String,
    /// When it was posted.
    pub posted_at: u64,
}

/// A version of the text.
#[derive(Clone, Debug)]
pub struct Version {
    /// 1, 2, 3…
    pub version: u64,
    /// Title.
    pub title: String,
    /// To whom it was addressed; may be empty.
    pub addressee: String,
    /// Text.
    pub text: String,
    /// When it was adopted.
    pub adopted_at: u64,
    /// What changed since the version before; `None` for the first.
    pub difference: Option<Difference>,
}

/// What changed, part by part.
#[derive(Clone, Debug)]
pub struct Difference {
    /// In the title.
    pub title: Vec<Part>,
    /// In the addressee.
    pub addressee: Vec<Part>,
    /// In the text.
    pub text: Vec<Part>,
}

/// `GET /p/{slug}/versions`
#[derive(Clone, Copy, Debug)]
pub struct VersionsPage<'a> {
    /// The petition.
    pub petition: &'a Petition,
    /// Its content.
    pub content: &'a Content,
}

/// `GET /p/{slug}/versions/{n}`
#[derive(Clone, Copy, Debug)]
pub struct VersionPage<'a> {
    /// The petition.
    pub petition: &'a Petition,
    /// The version to show.
    pub version: &'a Version,
}

/// `GET /p/{slug}/updates`
#[derive(Clone, Copy, Debug)]
pub struct UpdatesPage<'a> {
    /// The petition.
    pub petition: &'a Petition,
    /// Its content.
    pub content: &'a Content,
}

/// `GET /p/{slug}/updates/{n}`
#[derive(Clone, Copy, Debug)]
pub struct UpdatePage<'a> {
    /// The petition.
    pub petition: &'a Petition,
    /// The update to show.
    pub update: &'a Update,
}

/// Updates on the petition's own page; the rest is a page further.
const UPDATES_ON_PAGE: usize = 3;

impl Content {
    /// Whether the petition's text has changed since it opened. The numbers of versions count those of its drafts too.
    pub(super) fn has_earlier(&self) -> bool {
        self.versions.len() > 1
    }

    pub(super) fn latest(&self) -> &[Update] {
        self.updates.get(..UPDATES_ON_PAGE).unwrap_or(&self.updates)
    }

    pub(super) fn has_more(&self) -> bool {
        self.updates.len() > UPDATES_ON_PAGE
    }

    pub(super) fn backwards(&self) -> impl Iterator<Item = &(u64, u64)> {
        self.versions.iter().rev()
    }
}

impl VersionPage<'_> {
    fn is_in_force(&self) -> bool {
        self.version.version == self.petition.text_version
    }

    pub(super) fn heading(&self, f: &Frame<'_>) -> String {
        f.nth("version-title", "version", &self.version.version)
    }

    pub(super) fn standing(&self, f: &Frame<'_>) -> String {
        f.t(if self.is_in_force() {
            "version-in-force"
        } else {
            "version-earlier"
        })
    }
}

impl Difference {
    pub(super) fn html(&self, f: &Frame<'_>, of: &[Part]) -> String {
        let (removed, added) = (f.t("difference-removed"), f.t("difference-added"));
        let mut out = String::new();
        for part in of {
            match part {
                Part::Same(text) => out.push_str(&escape(text)),
                Part::Removed(text) => marked(&mut out, "del", &removed, text),
                Part::Added(text) => marked(&mut out, "ins", &added, text),
            }
        }
        out
    }
}

/// Screen readers pass over `del` and `ins`; the words say it to them.
fn marked(out: &mut String, element: &str, word: &str, text: &str) {
    out.push_str(&format!(
        "<{element}><span class=\"hush\">{} </span>{}</{element}>",
        escape(word),
        escape(text)
    ));
}

impl Frame<'_> {
    /// The page of a version.
    pub(crate) fn version(&self, slug: &str, version: &u64) -> String {
        self.link(&format!("/p/{slug}/versions/{version}"))
    }

    /// A message with one number that a template lends.
    pub(crate) fn nth(&self, id: &str, name: &'static str, number: &u64) -> String {
        self.t1(id, name, *number)
    }

    /// The page of an update.
    pub(crate) fn update(&self, slug: &str, number: &u32) -> String {
        self.link(&format!("/p/{slug}/updates/{number}"))
    }

    /// The form without script, which signs the version that stands on this page.
    pub(crate) fn sign(&self, petition: &Petition) -> String {
        let form = self.to("/p/", &petition.slug, "/sign");
        let joint = if form.contains('?') { '&' } else { '?' };
        format!("{form}{joint}text_version={}", petition.text_version)
    }

    pub(crate) fn video_where(&self, video: &Video) -> String {
        self.lang
            .fill("video-where", &[("host", Arg::from(video.host.as_str()))])
    }
}

/// The updates as a feed (RFC 4287), in the language of the site that is nearest to the petition's.
#[must_use]
pub fn feed(f: &Frame<'_>, petition: &Petition, content: &Content) -> String {
    let page = format!("{}/p/{}", f.site.base_url, petition.slug);
    let latest = content
        .updates
        .first()
        .map_or(petition.published_at, |update| update.posted_at);
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"{}\">\n\
         <id>{page}/updates.atom</id>\n<title>{}</title>\n<updated>{}</updated>\n<author><name>{}</name></author>\n\
         <link rel=\"self\" type=\"application/atom+xml\" href=\"{page}/updates.atom\"/>\n<link href=\"{page}\"/>\n",
        xml(petition.text_lang.as_deref().unwrap_or(f.lang.code())),
        xml(&f
            .lang
            .fill("feed-title", &[("title", Arg::from(petition.title.as_str()))])),
        rfc3339(latest),
        xml(&petition.author),
    );
    for update in &content.updates {
        let address = format!("{page}/updates/{}", update.number);
        out.push_str(&format!(
            "<entry>\n<id>{address}</id>\n<title>{}</title>\n<updated>{}</updated>\n<link href=\"{address}\"/>\n\
             <content type=\"html\">{}</content>\n</entry>\n",
            xml(&update.title),
            rfc3339(update.posted_at),
            xml(&super::markup::to_html(&update.text)),
        ));
    }
    out.push_str("</feed>\n");
    out
}

/// Escaped, without the characters that no XML document can hold (XML 1.0, section 2.2).
fn xml(text: &str) -> String {
    let holds = |c: &char| !matches!(c, '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\u{fffe}' | '\u{ffff}');
    let text: String = text.chars().filter(holds).collect();
    escape(&text)
}
