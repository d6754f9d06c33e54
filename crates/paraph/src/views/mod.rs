//! The public pages: pure functions from plain data to HTML, in every language of `locales/`.
//!
//! Nothing here reads a clock, a store or a request. Everything that people wrote is escaped, and stands in `<bdi>` so that
//! a name in another script cannot turn the sentence around it. No page holds inline script or style: they work under
//! [`CONTENT_SECURITY_POLICY`]. Without script every page works; the form then goes the way of the ticket.

mod again;
pub mod assets;
mod content;
pub mod decide;
pub mod desk;
mod difference;
mod findings;
pub mod incident;
pub mod lang;
pub mod markup;
pub mod model;
mod poster;
pub mod refusal;
pub mod room;
mod share;
pub mod statement;
#[cfg(test)]
mod tests;

use std::borrow::Borrow;

use askama::Template;

pub use again::Again;
pub use assets::{Asset, asset};
pub use content::*;
pub use difference::{Part, difference};
pub use lang::Lang;
pub use model::*;
use share::Share;

pub use refusal::{About, FieldError, Notice, Problem, Refusal, RefusalPage};

/// The policy under which every page works.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; worker-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Version of the consent sentence in force; its text is the message `consent-1`. Raised with every change of meaning.
pub const CONSENT_VERSION: u32 = 1;

/// The consent sentence in force, as it stands above the button, for its hash in the journal.
#[must_use]
pub fn consent_text(lang: Lang) -> String {
    lang.text(&format!("consent-{CONSENT_VERSION}"))
}

macro_rules! pages {
    ($($(#[$doc:meta])* $name:ident($page:ident) = $path:tt;)*) => {
        $($(#[$doc])*
        #[must_use]
        pub fn $name(f: &Frame<'_>, p: &$page<'_>) -> String {
            #[derive(Template)]
            #[template(path = $path)]
            struct View<'a> {
                f: &'a Frame<'a>,
                p: &'a $page<'a>,
            }
            View { f, p }.render().expect("writing into a string does not fail")
        })*
    };
}

pages! {
    /// `GET /`
    home(HomePage) = "home.html";
    /// `GET /p/{slug}`
    petition(PetitionPage) = "petition.html";
    /// `GET /p/{slug}/poster`
    poster(PosterPage) = "poster.html";
    /// A page of a copy that lies elsewhere
    copy(CopyPage) = "copy.html";
    /// `GET /p/{slug}/versions`
    versions(VersionsPage) = "content/versions.html";
    /// `GET /p/{slug}/versions/{n}`
    version(VersionPage) = "content/version.html";
    /// `GET /p/{slug}/updates`
    updates(UpdatesPage) = "content/updates.html";
    /// `GET /p/{slug}/updates/{n}`
    update(UpdatePage) = "content/update.html";
    /// `GET /p/{slug}/sign`, and the answer to a form that has to come again
    sign(SignPage) = "sign.html";
    /// The answer to a form that could not be taken just now, with gaps: see [`Again`]
    again(AgainPage) = "again.html";
    /// `GET /p/{slug}/check-mail`
    check_mail(CheckMailPage) = "check_mail.html";
    /// `GET /confirm/{token}`
    confirm(ConfirmPage) = "confirm.html";
    /// `POST /confirm/{token}`
    confirmed(ConfirmedPage) = "confirmed.html";
    /// `GET /withdraw/{token}`
    withdraw(ManagePage) = "withdraw.html";
    /// `POST /withdraw/{token}`
    withdrawn(WithdrawnPage) = "withdrawn.html";
    /// `GET /not-me/{token}`
    not_me(ManagePage) = "not_me.html";
    /// `POST /not-me/{token}`
    disowned(DisownedPage) = "disowned.html";
    /// `GET /second-way/{token}`
    second_way(SecondWayPage) = "second_way.html";
    /// `POST /second-way/{token}`
    answered(AnsweredPage) = "answered.html";
    /// `GET` and `POST /stop-mail/{token}`
    stop_mail(StopMailPage) = "stop_mail.html";
    /// `GET /` of the operations listener
    operations(OperationsPage) = "operations.html";
    /// `GET /mail` of the operations listener
    mail_status(MailStatusPage) = "mail_status.html";
    /// Every answer that is not what was asked for.
    refused(RefusalPage) = "refused.html";
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident = $path:tt;)*) => {
        $($(#[$doc])*
        #[must_use]
        pub fn $name(f: &Frame<'_>) -> String {
            #[derive(Template)]
            #[template(path = $path)]
            struct View<'a> {
                f: &'a Frame<'a>,
            }
            View { f }.render().expect("writing into a string does not fail")
        })*
    };
}

texts! {
    /// `GET /method`: how we count.
    method = "method.html";
    /// `GET /privacy`
    privacy = "privacy.html";
    /// `GET /legal`
    legal = "legal.html";
}

/// The form, on the petition page (without a ticket: that page is cached) and on the sign page.
#[derive(Template)]
#[template(path = "form.html")]
struct Form<'a> {
    f: &'a Frame<'a>,
    petition: &'a Petition,
    text_version: u64,
    ticket: Option<&'a str>,
    ticket_wait: u64,
    input: &'a Input,
    errors: &'a [FieldError],
    notice: Option<Notice>,
}

impl Form<'_> {
    /// What is wrong with a field, if anything.
    fn problem(&self, field: &str) -> Option<String> {
        self.errors
            .iter()
            .find(|error| error.field == field)
            .map(|error| error.message(self.f))
    }

    fn notice(&self, part: &str) -> String {
        self.notice
            .map(|notice| notice.message(self.f.lang, part, self.ticket_wait))
            .unwrap_or_default()
    }

    /// Whether the text that was on the page is no longer in force.
    fn is_earlier(&self) -> bool {
        self.text_version < self.petition.text_version
    }

    fn wrong(&self) -> u64 {
        self.errors.len() as u64
    }

    fn is_country(&self, code: &str) -> bool {
        let typed = Some(&*self.input.country).filter(|typed| !typed.is_empty());
        typed.or(self.f.site.country.as_deref()) == Some(code)
    }
}

impl FieldError {
    /// True for a field that people see, so that the error can point at it.
    fn is_shown(&self) -> bool {
        ["name", "email", "postcode", "country", "comment"].contains(&&*self.field)
    }

    fn label(&self, f: &Frame<'_>) -> String {
        f.t(&format!("label-{}", self.field))
    }

    fn message(&self, f: &Frame<'_>) -> String {
        self.problem.message(f.lang)
    }
}

impl Petition {
    /// How far the goal is: percent, and in words.
    #[must_use]
    pub fn progress(&self, f: &Frame<'_>, counted: impl Borrow<u64>) -> Option<(u64, String)> {
        let counted = *counted.borrow();
        let (goal, percent) = (self.goal?, self.percent(counted)?);
        let id = match counted {
            _ if counted >= goal => "goal-reached",
            _ if counted > 0 && counted.saturating_mul(100) < goal => "goal-begun",
            _ => "goal",
        };
        Some((
            percent,
            f.lang.fill(id, &[("goal", goal.into()), ("percent", percent.into())]),
        ))
    }

    /// The words for how far the goal is, for a page whose count moves: before the first hundredth, on the way with `#` for
    /// the percent, and there.
    #[must_use]
    pub fn progress_words(&self, f: &Frame<'_>) -> Option<[String; 3]> {
        let goal = self.goal?;
        let args = [("goal", goal.into()), ("percent", "#".into())];
        Some(["goal-begun", "goal", "goal-reached"].map(|id| f.lang.fill(id, &args)))
    }
}

impl Shown {
    /// The petition to pass on; nothing of who signed it.
    fn share<'v>(&'v self, f: &'v Frame<'v>) -> Share<'v> {
        Share {
            f,
            slug: &self.slug,
            title: &self.title,
        }
    }
}

impl RefusalPage<'_> {
    fn text(&self, f: &Frame<'_>, part: &str) -> String {
        self.refusal.message(f.lang, part)
    }

    /// What to do. Of a link that has come to an end: to sign again, where one can.
    fn what_to_do(&self, f: &Frame<'_>) -> String {
        let signs_again = matches!(
            self.refusal,
            Refusal::LinkExpired | Refusal::LinkWithdrawn | Refusal::LinkDisowned
        );
        if signs_again && self.petition.is_some_and(|about| !about.is_open) {
            return f.t("no-more-signing");
        }
        self.text(f, "do")
    }

    fn wait(&self, f: &Frame<'_>) -> Option<String> {
        self.retry_after.map(|wait| f.t1("retry-after", "wait", wait))
    }

    /// Whoever is banned would find this page again behind every petition.
    fn leads_on(&self) -> bool {
        self.refusal != Refusal::Banned
    }
}

impl<'p> PetitionPage<'p> {
    /// What the card shows, for those who cannot see it.
    fn card_alt(&self, f: &Frame<'_>) -> String {
        let counted = self.count.counted;
        let (number, signed) = (f.lang.number(counted), f.t1("people-signed", "count", counted));
        format!("{} – {number} {signed}", self.petition.title)
    }

    fn share<'v>(&self, f: &'v Frame<'v>) -> Share<'v>
    where
        'p: 'v,
    {
        Share {
            f,
            slug: &self.petition.slug,
            title: &self.petition.title,
        }
    }

    fn form<'v>(&self, f: &'v Frame<'v>, untouched: &'v Input) -> Form<'v>
    where
        'p: 'v,
    {
        Form {
            f,
            petition: self.petition,
            text_version: self.petition.text_version,
            ticket: None,
            ticket_wait: 0,
            input: untouched,
            errors: &[],
            notice: None,
        }
    }
}

impl CopyPage<'_> {
    /// From this page to itself in another language.
    fn in_language(&self, f: &Frame<'_>, lang: impl Borrow<Lang>) -> String {
        let lang = *lang.borrow();
        let is_first = f.site.languages.first() == Some(&lang);
        let place = if is_first {
            String::new()
        } else {
            format!("{}/", lang.code())
        };
        format!("{}{place}{}index.html", self.root, self.here)
    }

    /// Where one signs.
    fn original(&self, f: &Frame<'_>) -> String {
        let path = self
            .petition
            .map_or_else(|| "/".to_owned(), |copied| copied.petition.path());
        format!("{}{path}", f.site.base_url)
    }
}

impl AgainPage<'_> {
    fn text(&self, f: &Frame<'_>, part: &str) -> String {
        self.notice.message(f.lang, part, self.ticket_wait)
    }
}

impl OperationsPage<'_> {
    fn lane(&self, f: &Frame<'_>, label: &str) -> String {
        f.t(&format!("ops-lane-{label}"))
    }
}

impl<'p> SignPage<'p> {
    fn form<'v>(&self, f: &'v Frame<'v>) -> Form<'v>
    where
        'p: 'v,
    {
        Form {
            f,
            petition: self.petition,
            text_version: self.input.text_version.map_or(self.petition.text_version, u64::from),
            ticket: Some(self.ticket),
            ticket_wait: self.ticket_wait,
            input: self.input,
            errors: self.errors,
            notice: self.notice,
        }
    }
}
