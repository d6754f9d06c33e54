//! What the pages are made from: plain data, filled in by the router, rendered by the functions of [`super`].
//!
//! Times are milliseconds since 1970 UTC. Texts are what people wrote, unescaped: escaping is the templates' work.

use std::borrow::Borrow;

use crate::admit::state::DoorState;
use crate::ledger::query::MailQueue;
use crate::mail::pace::Line;

use super::content::Content;
use super::lang::{Arg, Lang, rfc3339};
use super::refusal::{FieldError, Notice};

/// What every page needs.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// The site, from the configuration.
    pub site: &'a Site,
    /// The language to render in, one of `site.languages`.
    pub lang: Lang,
    /// Path of this page, for the links to its other languages; `None` where a GET of it would lose what was typed.
    pub path: Option<&'a str>,
}

/// The site as its operator configured it, and the bounds that its texts state.
#[derive(Clone, Debug)]
pub struct Site {
    /// `site.name`.
    pub name: String,
    /// `site.base_url`, without a slash at the end.
    pub base_url: String,
    /// `site.languages`; the first is the default. Never empty.
    pub languages: Vec<Lang>,
    /// Mail address at which people reach the operator.
    pub contact: String,
    /// Address that the site's mail comes from, so that people can look for it.
    pub mail_from: String,
    /// Legal notice: who publishes the site, line by line.
    pub publisher: Vec<String>,
    /// Legal notice: who hosts it, line by line.
    pub host: Vec<String>,
    /// ISO 3166 code chosen in an untouched form; `None` leaves the choice empty.
    pub country: Option<String>,
    /// `limits.settle_after_seconds`.
    pub settle_after_seconds: u64,
    /// `limits.settle_every_seconds`.
    pub settle_every_seconds: u64,
    /// `limits.unconfirmed_days`.
    pub unconfirmed_days: u64,
    /// `limits.features_days`.
    pub features_days: u64,
    /// `limits.name_chars`.
    pub name_chars: u64,
    /// `limits.comment_chars`.
    pub comment_chars: u64,
    /// `limits.postcode_chars`.
    pub postcode_chars: u64,
}

impl Site {
    /// The same in the languages that the desk speaks: those built in. Where the site has none of them, in English.
    #[must_use]
    pub fn at_the_desk(&self) -> Self {
        let mut languages = self.languages.clone();
        languages.retain(|lang| lang.is_built_in());
        if languages.is_empty() {
            languages.extend(Lang::from_code("en"));
        }
        Self {
            languages,
            ..self.clone()
        }
    }

    /// The address of a page as people read and type it: without scheme.
    #[must_use]
    pub fn readable(&self, path: impl AsRef<str>) -> String {
        let host = self
            .base_url
            .split_once("://")
            .map_or(&*self.base_url, |(_, host)| host);
        format!("{host}{}", path.as_ref())
    }

    /// Minutes after confirmation within which a signature is in the displayed count, rounded up.
    #[must_use]
    pub fn settle_minutes(&self) -> u64 {
        (self.settle_after_seconds + self.settle_every_seconds)
            .div_ceil(60)
            .max(1)
    }
}

/// Whether a petition can be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PetitionState {
    /// Open for signatures.
    Open,
    /// Closed: read, no longer signed.
    Closed,
    /// Closed long ago, kept for the record.
    Archived,
}

/// A petition as the public sees it.
#[derive(Clone, Debug)]
pub struct Petition {
    /// Its name in addresses, `[a-z0-9-]+`.
    pub slug: String,
    /// Title.
    pub title: String,
    /// Who launches it, as shown.
    pub author: String,
    /// To whom it is addressed.
    pub addressee: Option<String>,
    /// The text in force; see [`super::markup`] for the little markup it may hold.
    pub text: String,
    /// Language of the text (BCP 47), when known, for screen readers.
    pub text_lang: Option<String>,
    /// Version of the text, from 1.
    pub text_version: u64,
    /// Signatures hoped for.
    pub goal: Option<u64>,
    /// Open or not.
    pub state: PetitionState,
    /// When it was published.
    pub published_at: u64,
    /// When it closes, or closed.
    pub closes_at: Option<u64>,
}

/// The displayed count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// Settled, confirmed, clear, not ended.
    pub counted: u64,
    /// Previously counted, now held.
    pub held: u64,
    /// Previously counted, now invalidated.
    pub invalidated: u64,
    /// Time up to which every event is included.
    pub as_of: u64,
}

impl Petition {
    /// Its address within the site.
    #[must_use]
    pub fn path(&self) -> String {
        format!("/p/{}", self.slug)
    }

    /// True while it can be signed.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state == PetitionState::Open
    }

    /// Percent of the goal, from 0 to 100, as long as its bar is; zero only when nobody has signed, so that the first
    /// signature shows.
    #[must_use]
    pub fn percent(&self, counted: u64) -> Option<u64> {
        let goal = self.goal.filter(|goal| *goal > 0)?;
        Some((counted.saturating_mul(100) / goal).clamp(u64::from(counted > 0), 100))
    }
}

/// `GET /`.
#[derive(Clone, Debug)]
pub struct HomePage<'a> {
    /// Petitions in the order to be shown.
    pub petitions: &'a [(Petition, Count)],
}

/// `GET /p/{slug}`: holds no secret, may be cached.
#[derive(Clone, Copy, Debug)]
pub struct PetitionPage<'a> {
    /// The petition.
    pub petition: &'a Petition,
    /// Its count.
    pub count: Count,
    /// What its author has added, and whose names are shown.
    pub content: &'a Content,
}

/// A petition in a copy of the pages.
#[derive(Clone, Debug)]
pub struct Copied {
    /// The petition.
    pub petition: Petition,
    /// Its count.
    pub count: Count,
}

/// A page of a copy that lies elsewhere: all petitions, or one of them.
#[derive(Clone, Copy, Debug)]
pub struct CopyPage<'a> {
    /// All of them.
    pub petitions: &'a [Copied],
    /// The one of this page.
    pub petition: Option<&'a Copied>,
    /// From this page to the top of the copy.
    pub root: &'a str,
    /// From this page to the first page in its language.
    pub home: &'a str,
    /// From the first page in a language to this one.
    pub here: &'a str,
    /// Moment of the copy, milliseconds UTC.
    pub as_of: u64,
}

/// `GET /p/{slug}/poster`: a sheet to print.
#[derive(Clone, Copy, Debug)]
pub struct PosterPage<'a> {
    /// The petition.
    pub petition: &'a Petition,
}

/// What was typed, to be shown again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Input {
    /// `name`
    pub name: String,
    /// `email`
    pub email: String,
    /// `postcode`
    pub postcode: String,
    /// `country`, ISO 3166 code.
    pub country: String,
    /// `comment`
    pub comment: String,
    /// `show_name`
    pub show_name: bool,
    /// `news`
    pub news: bool,
    /// `text_version`: of the text that was on the page; `None`: the one in force.
    pub text_version: Option<u16>,
}

impl Input {
    /// The fields of the form as it was sent, in its order, without those that are empty.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let choice = |chosen| if chosen { "1" } else { "" };
        let fields = [
            ("name", self.name.as_str()),
            ("email", &self.email),
            ("postcode", &self.postcode),
            ("country", &self.country),
            ("comment", &self.comment),
            ("show_name", choice(self.show_name)),
            ("news", choice(self.news)),
        ];
        fields.into_iter().filter(|(_, value)| !value.is_empty())
    }
}

/// `GET /p/{slug}/sign` and every re-rendering of the form: never cached.
#[derive(Clone, Debug)]
pub struct SignPage<'a> {
    /// The petition.
    pub petition: &'a Petition,
    /// Ticket for the hidden field: the same one again while it is good, so that it keeps its age.
    pub ticket: &'a str,
    /// Seconds that the ticket must still age before it is good.
    pub ticket_wait: u64,
    /// What was typed.
    pub input: &'a Input,
    /// What is wrong, per field; any field name.
    pub errors: &'a [FieldError],
    /// Why the form came back, when no field is at fault.
    pub notice: Option<Notice>,
}

/// The answer to a form in which nothing is wrong and which cannot be taken now: a tenth of the whole form, holding all of
/// it. With script it sends itself again. What was typed goes into its gaps: see [`super::Again`].
#[derive(Clone, Copy, Debug)]
pub struct AgainPage<'a> {
    /// The petition.
    pub petition: &'a Petition,
    /// Seconds that the ticket must still age before it is good.
    pub ticket_wait: u64,
    /// Why it was not taken.
    pub notice: Notice,
}

/// `GET /p/{slug}/check-mail`: the same for everybody.
#[derive(Clone, Copy, Debug)]
pub struct CheckMailPage<'a> {
    /// The petition.
    pub petition: &'a Petition,
}

/// The token of each thing that can be done with a contribution; one does not open what another is for.
#[derive(Clone, Debug)]
pub struct Links {
    /// `/confirm/`
    pub confirm: String,
    /// `/withdraw/`
    pub withdraw: String,
    /// `/not-me/`
    pub not_me: String,
    /// `/receipt/`
    pub receipt: String,
    /// `/stop-mail/`, of the address rather than the contribution.
    pub stop_mail: Option<String>,
}

/// A contribution as its signatory sees it.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Tokens of its links.
    pub links: Links,
    /// Slug of the petition.
    pub slug: String,
    /// Title of the petition.
    pub title: String,
    /// Name as given.
    pub name: String,
    /// Comment as given, may be empty.
    pub comment: String,
    /// Postcode as given, may be empty.
    pub postcode: String,
    /// ISO 3166 code, may be empty.
    pub country: String,
    /// The name may be shown in public.
    pub show_name: bool,
    /// News of this petition were asked for.
    pub news: bool,
    /// The version of the text that was on the page, if a later one is in force by now.
    pub earlier_version: Option<u64>,
    /// When it was sent.
    pub sent_at: u64,
}

/// `GET /confirm/{token}`.
#[derive(Clone, Debug)]
pub struct ConfirmPage<'a> {
    /// The contribution that the link is for.
    pub contribution: &'a Shown,
    /// Others that wait for the same mailbox, and for its address about other petitions.
    pub others: &'a Others,
    /// The mailbox has confirmed another, which stands: it counts once in any case.
    pub stands: bool,
}

/// Contributions that wait beside another one, each confirmed by its own token.
#[derive(Clone, Debug, Default)]
pub struct Others {
    /// The newest, at most `limits.waiting_shown`.
    pub shown: Vec<Shown>,
    /// Where older ones that wait follow: token of the last one shown here.
    pub older: Option<String>,
}

impl Others {
    /// How many are shown, for the heading.
    pub(crate) fn count(&self) -> u64 {
        self.shown.len() as u64
    }
}

/// What a confirmation did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmation {
    /// It will enter the count.
    New,
    /// This very link had been used already; nothing changed.
    Again,
    /// This mailbox had signed the petition before; it counts once.
    SignedBefore,
}

/// `POST /confirm/{token}`.
#[derive(Clone, Copy, Debug)]
pub struct ConfirmedPage<'a> {
    /// The contribution that was confirmed.
    pub contribution: &'a Shown,
    /// What that did.
    pub outcome: Confirmation,
    /// The journal's time of the confirmation.
    pub confirmed_at: u64,
    /// The receipt, as `GET /receipt/{token}` downloads it.
    pub receipt: &'a str,
    /// What waits for the same address about other petitions.
    pub others: &'a Others,
}

/// `GET /withdraw/{token}`, `GET /not-me/{token}`.
#[derive(Clone, Copy, Debug)]
pub struct ManagePage<'a> {
    /// The contribution that the button is about, with the links of the one that was asked for.
    pub contribution: &'a Shown,
    /// The one that was asked for is confirmed and stands.
    pub confirmed: bool,
    /// How many of its mailbox are and do.
    pub standing: u64,
    /// It was disowned, and is kept for a complaint.
    pub kept: bool,
    /// The petition can still be signed.
    pub is_open: bool,
}

/// `POST /withdraw/{token}`.
#[derive(Clone, Copy, Debug)]
pub struct WithdrawnPage<'a> {
    /// Slug of the petition.
    pub slug: &'a str,
    /// Title of the petition.
    pub title: &'a str,
    /// The journal's time of the withdrawal; nothing, when it had been withdrawn before.
    pub withdrawn_at: Option<u64>,
    /// It was never confirmed: what waited is erased.
    pub unconfirmed: bool,
    /// The petition can still be signed.
    pub is_open: bool,
}

/// What someone who did not sign wants done with the data: field `choice` of `POST /not-me/{token}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disowning {
    /// `erase`
    Erase,
    /// `keep`: sealed, for the person's own complaint.
    Keep,
    /// `keep`, when everything had been erased before.
    Gone,
}

/// `POST /not-me/{token}`.
#[derive(Clone, Copy, Debug)]
pub struct DisownedPage<'a> {
    /// Title of the petition.
    pub title: &'a str,
    /// What was chosen.
    pub choice: Disowning,
    /// When it was recorded; nothing, when it had been recorded before.
    pub disowned_at: Option<u64>,
    /// It had been confirmed: it may still be in the displayed count.
    pub confirmed: bool,
    /// Token that withdraws what the mailbox confirmed beside it, where something was and stays.
    pub withdraw: Option<&'a String>,
}

/// `GET /second-way/{token}`.
#[derive(Clone, Copy, Debug)]
pub struct SecondWayPage<'a> {
    /// The held contribution.
    pub contribution: &'a Shown,
    /// What its button is sent with.
    pub token: &'a str,
}

/// `POST /second-way/{token}`, and the page of a link that was answered.
#[derive(Clone, Copy, Debug)]
pub struct AnsweredPage<'a> {
    /// Slug of the petition.
    pub slug: &'a str,
    /// Title of the petition.
    pub title: &'a str,
    /// Token by which the signature is taken back.
    pub withdraw: &'a str,
    /// It was answered before, and waits for a person.
    pub before: bool,
}

/// `GET` and `POST /stop-mail/{token}`.
#[derive(Clone, Copy, Debug)]
pub struct StopMailPage<'a> {
    /// Token of the address and the kind of mail.
    pub token: &'a str,
    /// News, rather than mails that ask to confirm.
    pub news: bool,
    /// Whether such mail is stopped.
    pub stopped: bool,
    /// When the stop ends by itself, if it does.
    pub until: Option<u64>,
    /// Days that a new stop of confirmations would last.
    pub days: u64,
}

/// `GET /` of the operations listener: how everything stands now.
#[derive(Clone, Copy, Debug)]
pub struct OperationsPage<'a> {
    /// The front door.
    pub door: &'a DoorState,
    /// Commands that wait for the writer.
    pub intake_waiting: u64,
    /// `/readyz` says no.
    pub trouble: bool,
    /// Now, milliseconds UTC.
    pub now: u64,
}

/// `GET /mail` of the operations listener: whether mail arrives.
#[derive(Clone, Copy, Debug)]
pub struct MailStatusPage<'a> {
    /// What waits, and who is left alone.
    pub queue: &'a MailQueue,
    /// Domains, busiest first, the last being all others.
    pub lines: &'a [Line],
    /// Domains that are left alone now, named or not.
    pub resting: u64,
    /// The moment.
    pub now: u64,
}

impl MailStatusPage<'_> {
    /// Rows of what waits: message and number.
    pub(crate) fn ages(&self) -> impl Iterator<Item = (&'static str, u64)> {
        ["mail-age-hour", "mail-age-six", "mail-age-day", "mail-age-older"]
            .into_iter()
            .zip(self.queue.by_age)
    }

    /// Rows of addresses that are left alone: message and number.
    pub(crate) fn quiet(&self) -> [(&'static str, u64); 4] {
        let queue = self.queue;
        [
            ("mail-quiet-confirmations", queue.stopped_confirmations),
            ("mail-quiet-news", queue.stopped_news),
            ("mail-quiet-bounced", queue.bounced),
            ("mail-quiet-troubled", queue.troubled),
        ]
    }
}

impl Frame<'_> {
    /// An address of this site that keeps the language of this page.
    #[must_use]
    pub fn link(&self, path: &str) -> String {
        if self.site.languages.len() < 2 {
            path.to_owned()
        } else {
            format!("{path}?lang={}", self.lang.code())
        }
    }

    /// Where a login is sent, `to` being the page that it leads to: a path of ours, which needs no escaping.
    pub(crate) fn login(&self, path: &str, to: Option<&str>) -> String {
        let link = self.link(path);
        let joint = if link.contains('?') { '&' } else { '?' };
        to.map_or(link.clone(), |to| format!("{link}{joint}to={to}"))
    }

    /// The same, whole, for those who meet it elsewhere.
    pub(crate) fn absolute(&self, path: impl AsRef<str>) -> String {
        format!("{}{}", self.site.base_url, self.link(path.as_ref()))
    }

    /// `link` to something that has a name: `to("/p/", "slug", "/sign")`. Slugs and tokens need no escaping.
    pub(crate) fn to(&self, before: &str, name: &str, after: &str) -> String {
        self.link(&[before, name, after].concat())
    }

    /// The page of `name` again, from `older` on.
    pub(crate) fn older(&self, before: &str, name: &str, older: &str) -> String {
        let page = self.to(before, name, "");
        let joint = if page.contains('?') { '&' } else { '?' };
        format!("{page}{joint}before={older}")
    }

    pub(crate) fn consent(&self) -> String {
        super::consent_text(self.lang)
    }

    /// A message.
    pub(crate) fn t(&self, id: &str) -> String {
        self.lang.text(id)
    }

    /// A message with one number. (Templates lend what they pass; a call lends nothing.)
    pub(crate) fn t1(&self, id: &str, name: &'static str, number: impl Borrow<u64>) -> String {
        self.lang.fill(id, &[(name, (*number.borrow()).into())])
    }

    /// A message with markup and the addresses, names and periods that the site's texts speak of.
    pub(crate) fn about(&self, id: &str) -> String {
        let site = self.site;
        let args = [
            ("site", Arg::from(site.name.as_str())),
            ("contact", site.contact.as_str().into()),
            ("from", site.mail_from.as_str().into()),
            ("minutes", site.settle_minutes().into()),
            ("unconfirmed", site.unconfirmed_days.into()),
            ("features", site.features_days.into()),
        ];
        self.lang.html(id, &args)
    }

    pub(crate) fn number(&self, number: &u64) -> String {
        self.lang.number(*number)
    }

    pub(crate) fn date(&self, at: &u64) -> String {
        self.lang.date(*at)
    }

    pub(crate) fn date_time(&self, at: &u64) -> String {
        self.lang.date_time(*at)
    }
}

/// For `<time datetime>`.
pub(crate) fn stamp(at: &u64) -> String {
    rfc3339(*at)
}
