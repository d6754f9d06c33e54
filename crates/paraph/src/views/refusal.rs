//! What can be wrong with a form or a request, with its public code and its words in every language.

use super::lang::Lang;

/// What is wrong with a field of the form. `code()` is the public code, also in the JSON answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Nothing was given.
    Required,
    /// More characters than the bound, which is given.
    TooLong(u64),
    /// Not an address that mail can be sent to.
    BadEmail,
    /// It may exist, but this site cannot write to it: a letter beyond ASCII before the @, or quotes.
    RareEmail,
    /// Holds control, bidirectional or zero-width characters, or no letter at all.
    BadCharacters,
    /// A name that is, or holds, an e-mail or web address.
    Link,
    /// Not a code of the country list.
    UnknownCountry,
    /// A value that this field does not take.
    BadValue,
    /// The field was given more than once.
    Repeated,
    /// No such field.
    UnknownField,
    /// More fields than are read.
    TooManyFields,
}

impl Problem {
    /// The stable public code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::TooLong(_) => "too_long",
            Self::BadEmail => "bad_email",
            Self::RareEmail => "rare_email",
            Self::BadCharacters | Self::Link => "bad_characters",
            Self::UnknownCountry => "unknown_country",
            Self::BadValue => "bad_value",
            Self::Repeated => "repeated",
            Self::UnknownField => "unknown_field",
            Self::TooManyFields => "too_many_fields",
        }
    }

    /// One sentence: what is wrong and how to mend it.
    #[must_use]
    pub fn message(self, lang: Lang) -> String {
        let limit = if let Self::TooLong(limit) = self { limit } else { 0 };
        let stem = if self == Self::Link { "link" } else { self.code() };
        lang.fill(
            &format!("problem-{}", stem.replace('_', "-")),
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
    /// Its operators let it show pages only (503 `busy`): seconds to wait.
    ReadOnly(u64),
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
            Self::ReadOnly(wait) => ("read-only", wait),
        };
        lang.fill(&format!("notice-{stem}-{part}"), &[("wait", wait.max(1).into())])
    }

    /// Seconds to wait whatever the browser has in hand; 0 when only a ticket has to age.
    #[must_use]
    pub fn wait(self) -> u64 {
        if let Self::SlowDown(wait) | Self::Busy(wait) | Self::ReadOnly(wait) = self {
            wait
        } else {
            0
        }
    }

    /// It passes by itself, so that the page may try again by itself.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.wait() > 0
    }
}

/// What could not be done. `status()` and `code()` are those of the HTTP answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 400 without a form to show again.
    BadRequest,
    /// 403 without a form to show again.
    Forbidden,
    /// 403, the source is banned for a while.
    Banned,
    /// 404, any address.
    NotFound,
    /// 404, a link of a mail that is unknown, garbled or erased.
    LinkUnknown,
    /// 410, a link of a mail whose time is over.
    LinkExpired,
    /// 410, a link to a signature that was withdrawn.
    LinkWithdrawn,
    /// 410, a link to what somebody said was not theirs.
    LinkDisowned,
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
    /// 503, the operators let the site show pages only.
    ReadOnly,
}

impl Refusal {
    /// Every one, for tests and previews.
    pub const ALL: [Self; 17] = [
        Self::BadRequest,
        Self::Forbidden,
        Self::Banned,
        Self::NotFound,
        Self::LinkUnknown,
        Self::LinkExpired,
        Self::LinkWithdrawn,
        Self::LinkDisowned,
        Self::MethodNotAllowed,
        Self::TooSlow,
        Self::Closed,
        Self::TooLarge,
        Self::UnsupportedType,
        Self::SlowDown,
        Self::Broken,
        Self::Busy,
        Self::ReadOnly,
    ];

    /// HTTP status.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::Forbidden | Self::Banned => 403,
            Self::NotFound | Self::LinkUnknown => 404,
            Self::MethodNotAllowed => 405,
            Self::TooSlow => 408,
            Self::Closed | Self::LinkExpired | Self::LinkWithdrawn | Self::LinkDisowned => 410,
            Self::TooLarge => 413,
            Self::UnsupportedType => 415,
            Self::SlowDown => 429,
            Self::Broken => 500,
            Self::Busy | Self::ReadOnly => 503,
        }
    }

    /// Stable public code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::BadRequest => "bad_request",
            Self::Forbidden => "forbidden",
            Self::Banned => "banned",
            Self::NotFound => "not_found",
            Self::LinkUnknown => "link_unknown",
            Self::LinkExpired => "link_expired",
            Self::LinkWithdrawn => "link_withdrawn",
            Self::LinkDisowned => "link_disowned",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::TooSlow => "too_slow",
            Self::Closed => "closed",
            Self::TooLarge => "too_large",
            Self::UnsupportedType => "unsupported_type",
            Self::SlowDown => "slow_down",
            Self::Broken => "broken",
            Self::Busy | Self::ReadOnly => "busy",
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
        let stem = if self == Self::ReadOnly {
            "read-only".to_owned()
        } else {
            self.code().replace('_', "-")
        };
        lang.text(&format!("refusal-{stem}-{part}"))
    }
}

/// A refusal as a page.
#[derive(Clone, Copy, Debug)]
pub struct RefusalPage<'a> {
    /// What could not be done.
    pub refusal: Refusal,
    /// Seconds, as in `Retry-After`.
    pub retry_after: Option<u64>,
    /// The petition it was about, when it is known.
    pub petition: Option<About<'a>>,
}

/// The petition that a refusal is about.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// Its slug.
    pub slug: &'a str,
    /// Its title.
    pub title: &'a str,
    /// It can still be signed.
    pub is_open: bool,
}
