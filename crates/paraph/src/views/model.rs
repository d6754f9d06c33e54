//! What the pages are made from: plain data, filled in by the router, rendered by the functions of [`super`].
//!
//! Times are milliseconds since 1970 UTC. Texts are what people wrote, unescaped: escaping is the templates' work.

use std::borrow::Borrow;

use super::lang::{Arg, Lang, rfc3339};

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
    /// Time up to which every event is included.
    pub as_of: u64,
}

impl Petition {
    /// True while it can be signed.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state == PetitionState::Open
    }

    /// Percent of the goal, from 0 to 100; zero only when nobody has signed, so that the first signature shows.
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
}

/// What is wrong with a field of the form. `code()` is the public code, also in the JSON answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Nothing was given.
    Required,
    /// More characters than the bound, which is given.
    TooLong(u64),
    /// Not an address that mail can be sent to.
    BadEmail,
    /// Holds control, bidirectional or zero-width characters, or no letter at all.
    BadCharacters,
    /// Not a code of the country list.
    UnknownCountry,
    /// A value that this field does not take.
    BadValue,
    /// The field was given more than once.
    Repeated,
    /// No such field.
    UnknownField,
}

impl Problem {
    /// The stable public code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::TooLong(_) => "too_long",
            Self::BadEmail => "bad_email",
            Self::BadCharacters => "bad_characters",
            Self::UnknownCountry => "unknown_country",
            Self::BadValue => "bad_value",
            Self::Repeated => "repeated",
            Self::UnknownField => "unknown_field",
        }
    }

    /// One sentence: what is wrong and how to mend it.
    #[must_use]
    pub fn message(self, lang: Lang) -> String {
        let limit = if let Self::TooLong(limit) = self { limit } else { 0 };
        lang.fill(
            &format!("problem-{}", self.code().replace('_', "-")),
            &[("limit", limit.into())],
        )
    }
}

/// One field and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Name of the field as in the form.
    pub field: String,
    /// What is wrong.
    pub problem: Problem,
}

/// Why the form is shown again although its fields are fine. Nothing was recorded; what was typed is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Neither a ticket nor a clearance came: the browser could not solve its challenge (403 `ticket_expired`).
    NoClearance,
    /// The clearance was not accepted, or was spent on something else (403 `clearance_refused`).
    ClearanceRefused,
    /// The ticket or the clearance is too old (403 `ticket_expired`).
    Expired,
    /// The ticket is younger than its price (429 `slow_down`).
    TooEarly,
    /// Too many from one source (429 `slow_down`): seconds to wait.
    SlowDown(u64),
    /// The site is at its limit (503 `busy`): seconds to wait.
    Busy(u64),
}

impl Notice {
    /// One sentence of what happened, or the sentences of what to do; `ticket_wait` as in [`SignPage`].
    pub(crate) fn message(self, lang: Lang, part: &str, ticket_wait: u64) -> String {
        let (stem, wait) = match self {
            Self::NoClearance => ("no-clearance", ticket_wait),
            Self::ClearanceRefused => ("clearance-refused", ticket_wait),
            Self::Expired => ("expired", ticket_wait),
            Self::TooEarly => ("too-early", ticket_wait),
            Self::SlowDown(wait) => ("slow-down", wait),
            Self::Busy(wait) => ("busy", wait),
        };
        lang.fill(&format!("notice-{stem}-{part}"), &[("wait", wait.max(1).into())])
    }

    /// Seconds to wait whatever the browser has in hand; 0 when only a ticket has to age.
    #[must_use]
    pub fn wait(self) -> u64 {
        if let Self::SlowDown(wait) | Self::Busy(wait) = self {
            wait
        } else {
            0
        }
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

/// `GET /p/{slug}/check-mail`: the same for everybody.
#[derive(Clone, Copy, Debug)]
pub struct CheckMailPage<'a> {
    /// The petition.
    pub petition: &'a Petition,
}

/// A contribution as its signatory sees it.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Token of its links.
    pub token: String,
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
    /// When it was sent.
    pub sent_at: u64,
}

/// `GET /confirm/{token}`.
#[derive(Clone, Debug)]
pub struct ConfirmPage<'a> {
    /// The contribution that the link is for.
    pub contribution: &'a Shown,
    /// Others that wait for the same mailbox, each confirmed by its own token, at most `limits.waiting_shown`.
    pub others: &'a [Shown],
    /// The token behind which older ones follow, when there are any.
    pub older: Option<&'a str>,
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
}

/// `GET /withdraw/{token}`, `GET /not-me/{token}`.
#[derive(Clone, Copy, Debug)]
pub struct ManagePage<'a> {
    /// The contribution.
    pub contribution: &'a Shown,
}

/// `POST /withdraw/{token}`.
#[derive(Clone, Copy, Debug)]
pub struct WithdrawnPage<'a> {
    /// Slug of the petition.
    pub slug: &'a str,
    /// Title of the petition.
    pub title: &'a str,
    /// The journal's time of the withdrawal.
    pub withdrawn_at: u64,
}

/// What someone who did not sign wants done with the data: field `choice` of `POST /not-me/{token}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disowning {
    /// `erase`
    Erase,
    /// `keep`: sealed, for the person's own complaint.
    Keep,
}

/// `POST /not-me/{token}`.
#[derive(Clone, Copy, Debug)]
pub struct DisownedPage<'a> {
    /// Title of the petition.
    pub title: &'a str,
    /// What was chosen.
    pub choice: Disowning,
    /// The journal's time.
    pub disowned_at: u64,
}

/// What could not be done. `status()` and `code()` are those of the HTTP answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 400 without a form to show again.
    BadRequest,
    /// 403 without a form to show again.
    Forbidden,
    /// 404, any address.
    NotFound,
    /// 404, a link of a mail that is unknown, garbled or erased.
    LinkUnknown,
    /// 410, a link of a mail whose time is over.
    LinkExpired,
    /// 405
    MethodNotAllowed,
    /// 408
    TooSlow,
    /// 410, the petition no longer takes signatures.
    Closed,
    /// 413
    TooLarge,
    /// 415
    UnsupportedType,
    /// 429
    SlowDown,
    /// 500
    Broken,
    /// 503
    Busy,
}

impl Refusal {
    /// Every one, for tests and previews.
    pub const ALL: [Self; 13] = [
        Self::BadRequest,
        Self::Forbidden,
        Self::NotFound,
        Self::LinkUnknown,
        Self::LinkExpired,
        Self::MethodNotAllowed,
        Self::TooSlow,
        Self::Closed,
        Self::TooLarge,
        Self::UnsupportedType,
        Self::SlowDown,
        Self::Broken,
        Self::Busy,
    ];

    /// HTTP status.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::Forbidden => 403,
            Self::NotFound | Self::LinkUnknown => 404,
            Self::MethodNotAllowed => 405,
            Self::TooSlow => 408,
            Self::Closed | Self::LinkExpired => 410,
            Self::TooLarge => 413,
            Self::UnsupportedType => 415,
            Self::SlowDown => 429,
            Self::Broken => 500,
            Self::Busy => 503,
        }
    }

    /// Stable public code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::BadRequest => "bad_request",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::LinkUnknown => "link_unknown",
            Self::LinkExpired => "link_expired",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::TooSlow => "too_slow",
            Self::Closed => "closed",
            Self::TooLarge => "too_large",
            Self::UnsupportedType => "unsupported_type",
            Self::SlowDown => "slow_down",
            Self::Broken => "broken",
            Self::Busy => "busy",
        }
    }

    /// Title of the answer, also in `application/problem+json`.
    #[must_use]
    pub fn title(self, lang: Lang) -> String {
        self.message(lang, "title")
    }

    /// What happened and what to do, also `detail` in `application/problem+json`.
    #[must_use]
    pub fn detail(self, lang: Lang) -> String {
        self.message(lang, "detail")
    }

    pub(crate) fn message(self, lang: Lang, part: &str) -> String {
        lang.text(&format!("refusal-{}-{part}", self.code().replace('_', "-")))
    }
}

/// A refusal as a page.
#[derive(Clone, Copy, Debug)]
pub struct RefusalPage<'a> {
    /// What could not be done.
    pub refusal: Refusal,
    /// Seconds, as in `Retry-After`.
    pub retry_after: Option<u64>,
    /// The petition it was about, when it is known: `(slug, title)`.
    pub petition: Option<(&'a str, &'a str)>,
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

    /// `link` to something that has a name: `to("/p/", "slug", "/sign")`. Slugs and tokens need no escaping.
    pub(crate) fn to(&self, before: &str, name: &str, after: &str) -> String {
        self.link(&[before, name, after].concat())
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
