//! Signing: the form without script, the challenge, and the one POST that takes a contribution in.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderMap, Response, StatusCode};
use paraph_tally::Millis;
use serde_json::json;

use super::shelf::{Displayed, Shelf};
use super::{Body, captured, count, forwarded_by};
use crate::admit::contribution::Contribution;
use crate::admit::form::{FieldError, SignForm};
use crate::admit::lane::Rank;
use crate::admit::source::Source;
use crate::admit::{Admitter, Burnt, Cleared, NotReceived, Pass, Received, Refusal, Way};
use crate::clock;
use crate::intake::command::SignAnswer;
use crate::intake::seal::{Sealing, Under};
use crate::intake::{Intake, Slot};
use crate::ledger::record;
use crate::respond::{self, Answer, Asked};
use crate::views::{self, CheckMailPage, Input, Lang, Notice, SignPage};

/// What signing needs.
pub struct Signing {
    /// The door.
    pub admitter: Arc<Admitter>,
    /// The way to the writer. While the disk is nearly full nothing new is taken in; what is there can be confirmed and withdrawn.
    pub intake: Intake,
    /// Seals what was admitted.
    pub sealing: Sealing,
    /// The petitions.
    pub shelf: Arc<Shelf>,
    /// The bounds in force.
    pub limits: crate::limits::Limits,
    /// Refusals as JSON, made once.
    pub problems: Problems,
}

/// What is refused the same way again and again is put into words once: floods meet it. In order of a number first, as a text
/// takes longer to look up.
#[derive(Default)]
pub struct Problems(Mutex<BTreeMap<Said, Response<Bytes>>>);

/// Language, seconds to wait, reason.
type Said = (Lang, Option<u64>, &'static str);

impl Problems {
    /// A dozen reasons, a few languages, and the seconds of a jittered wait.
    const MOST: usize = 2048;

    fn get(&self, said: Said, make: impl FnOnce() -> Response<Bytes>) -> Response<Bytes> {
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = made.get(&said) {
            return answer.clone();
        }
        let answer = make();
        if made.len() < Self::MOST {
            made.insert(said, answer.clone());
        }
        answer
    }
}

/// Seconds after which somebody who met a full disk or queue may try again, before jitter.
const BUSY_SECONDS: u64 = 15;

impl Signing {
    /// `GET /p/{slug}/sign`
    ///
    /// `version` is that of the text on the page that led here.
    pub async fn form(&self, source: Source, asked: Asked<'_>, slug: &str, version: Option<u16>) -> Answer {
        let Some(displayed) = self.shelf.petition(slug) else {
            return not_found(&asked);
        };
        if !displayed.is_open() {
            return closed(&asked, &displayed);
        }
        let ticket = match self.admitter.lanes.enter(Rank::Challenge).await {
            Ok(_place) => self.admitter.ticket(&source, slug, clock::now()),
            Err(busy) => Err(busy.into()),
        };
        match ticket {
            Ok((ticket, age)) => {
                count("form", "shown");
                if asked.json {
                    let said = json!({ "ticket": ticket, "wait_seconds": age });
                    return respond::done(StatusCode::OK, &said);
                }
                let text_version = version.filter(|version| displayed.petition.content.version(*version).is_some());
                let page = SignPage {
                    petition: &as_signed(&displayed, text_version),
                    ticket: &ticket,
                    ticket_wait: age.into(),
                    input: &Input {
                        text_version,
                        ..Input::default()
                    },
                    errors: &[],
                    notice: None,
                };
                respond::page(&asked, StatusCode::OK, views::sign(&asked.frame(), &page))
            }
            Err(refusal) => refused_plainly(&asked, "form", &refusal, &displayed),
        }
    }

    /// `GET /p/{slug}/challenge`
    pub async fn challenge(&self, source: Source, asked: Asked<'_>, slug: &str) -> Answer {
        let asked = Asked { json: true, ..asked };
        let Some(displayed) = self.shelf.petition(slug) else {
            return not_found(&asked);
        };
        if !displayed.is_open() {
            return closed(&asked, &displayed);
        }
        let place = self.admitter.lanes.enter(Rank::Challenge).await;
        let issued = match place {
            Ok(_place) => self.admitter.challenge(&source, slug, clock::now()),
            Err(busy) => Err(busy.into()),
        };
        match issued {
            Ok(challenge) => {
                count("challenge", "issued");
                metrics::histogram!(crate::telemetry::PUZZLE_ROUNDS).record(f64::from(challenge.parameters.cost));
                respond::done(StatusCode::OK, &challenge)
            }
            Err(refusal) => refused_plainly(&asked, "challenge", &refusal, &displayed),
        }
    }

    /// `GET /p/{slug}/check-mail`
    #[must_use]
    pub fn check_mail(&self, asked: Asked<'_>, slug: &str) -> Answer {
        let Some(displayed) = self.shelf.petition(slug) else {
            return not_found(&asked);
        };
        let page = CheckMailPage {
            petition: &displayed.view,
        };
        respond::page(&asked, StatusCode::OK, views::check_mail(&asked.frame(), &page))
    }

    /// `POST /p/{slug}/sign`
    pub async fn sign(&self, source: Source, asked: Asked<'_>, slug: &str, headers: &HeaderMap, body: Body) -> Answer {
        let asked = asked.without_path();
        let Some(displayed) = self.shelf.petition(slug) else {
            return not_found(&asked);
        };
        if !displayed.is_open() {
            return closed(&asked, &displayed);
        }
        let now = clock::now();
        let attempt = Attempt {
            displayed: &displayed,
            source,
            headers,
            lang: asked.lang,
            now,
        };
        let received = match self.admitter.receive(&source, headers, body, !asked.json, now).await {
            Ok(received) => received,
            Err(NotReceived { refusal, form }) => return self.again(&asked, &attempt, &form, refusal),
        };
        // Boxed when it comes to that: a flood of what is refused does not carry the room that the rest takes.
        let taken = match self.judged(&attempt, &received) {
            Ok(judged) => self.take_in(&attempt, judged).boxed().await,
            Err(refusal) => Err(refusal),
        };
        match taken {
            Ok(()) => {
                count("sign", "check_mail");
                if asked.json {
                    respond::done(StatusCode::ACCEPTED, &json!({ "status": "check_mail" }))
                } else {
                    respond::see_other(&asked, &format!("/p/{slug}/check-mail"))
                }
            }
            Err(refusal) => self.again(&asked, &attempt, &received.form, refusal),
        }
    }

    /// What costs least comes first: whether the form is one that can be taken in.
    fn judged(&self, attempt: &Attempt<'_>, received: &Received) -> Result<Judged, Refusal> {
        self.admitter.open()?;
        let slug = &attempt.displayed.petition.slug;
        let cleared = self
            .admitter
            .clear(&attempt.source, slug, &received.form, &received.raw, attempt.now);
        if let Err(refusal) = &cleared
            && refusal.is_forged()
        {
            // Nobody will mend its fields.
            return Err(refusal.clone());
        }
        // A person is told of everything that is to be mended before being asked to wait or to begin anew.
        let contribution = Contribution::from_form(&received.form, &self.limits)?;
        let text = text_signed(attempt.displayed, &received.form)?;
        Ok(Judged {
            cleared: cleared?,
            contribution,
            text,
        })
    }

    /// Takes in what was judged; nothing is burnt before there is room for it.
    async fn take_in(&self, attempt: &Attempt<'_>, judged: Judged) -> Result<(), Refusal> {
        let Judged {
            cleared,
            contribution,
            text,
        } = judged;
        let rank = match cleared.way() {
            Way::Script if !cleared.is_pressed() => Rank::Sign,
            // Who uses much of a budget is served, behind those who use less.
            Way::Script | Way::Plain => Rank::Plain,
        };
        let _place = self.admitter.lanes.enter(rank).await?;
        if self.intake.room().is_low() {
            return Err(busy());
        }
        let slot = self.intake.reserve().map_err(|_| busy())?;
        match self.admitter.burn(cleared, attempt.now).await? {
            Burnt::Repeat => Ok(()),
            Burnt::Fresh(pass) if contribution.ignored => {
                count("sign", "ignored");
                pass.admitted();
                Ok(())
            }
            Burnt::Fresh(pass) => self.record(attempt, (contribution, text), pass, slot).await,
        }
    }

    async fn record(
        &self,
        attempt: &Attempt<'_>,
        (contribution, text): (Contribution, (u16, [u8; 32])),
        pass: Pass,
        slot: Slot,
    ) -> Result<(), Refusal> {
        let petition = &attempt.displayed.petition;
        let under = Under {
            petition: petition.id,
            text_version: text.0,
            text_hash: text.1,
            consent_hash: record::consent_hash(attempt.lang),
            language: attempt.lang.code(),
        };
        let request = record::Request {
            at: attempt.now.0,
            address: attempt.source.addr,
            port: attempt.source.port,
            forwarded_by: forwarded_by(&attempt.source),
            headers: captured(attempt.headers),
            issued_at: pass.issued.0,
            price: if pass.way == Way::Script { pass.price } else { 0 },
        };
        let sign = self.sealing.seal(contribution, under, request, &pass);
        match slot.sign(Box::new(sign)).await {
            Ok(SignAnswer::Admitted | SignAnswer::Repeat) => {
                pass.admitted();
                Ok(())
            }
            Ok(SignAnswer::NonceSpent) => {
                pass.refused("spent");
                Err(Refusal::ClearanceRefused("spent"))
            }
            Ok(SignAnswer::NotOpen) => Err(Refusal::Closed),
            // The pass is dropped: the same body may come again.
            Ok(SignAnswer::Full) | Err(_) => Err(busy()),
        }
    }

    /// The form again, with everything that was typed, and what to do.
    fn again(&self, asked: &Asked<'_>, attempt: &Attempt<'_>, form: &SignForm, refusal: Refusal) -> Answer {
        count("sign", refusal.label());
        let refusal = &self
            .admitter
            .refused(&attempt.source, refusal, !form.website.is_empty(), attempt.now);
        let displayed = attempt.displayed;
        let (status, notice) = match refusal {
            Refusal::InvalidForm(_) => (StatusCode::BAD_REQUEST, None),
            Refusal::TicketExpired => (StatusCode::FORBIDDEN, Some(Notice::Expired)),
            Refusal::ClearanceRefused("missing") => (StatusCode::FORBIDDEN, Some(Notice::NoClearance)),
            Refusal::ClearanceRefused(_) => (StatusCode::FORBIDDEN, Some(Notice::ClearanceRefused)),
            Refusal::TooEarly { .. } => (StatusCode::TOO_MANY_REQUESTS, Some(Notice::TooEarly)),
            Refusal::SlowDown { retry_after } => (StatusCode::TOO_MANY_REQUESTS, Some(Notice::SlowDown(*retry_after))),
            Refusal::Busy { retry_after } => (StatusCode::SERVICE_UNAVAILABLE, Some(Notice::Busy(*retry_after))),
            Refusal::ReadOnly { retry_after } => {
                (StatusCode::SERVICE_UNAVAILABLE, Some(Notice::ReadOnly(*retry_after)))
            }
            _ => return plainly(asked, refusal, displayed),
        };
        let errors = match refusal {
            Refusal::InvalidForm(errors) => respond::field_errors(asked.site, errors),
            _ => Vec::new(),
        };
        if asked.json {
            let make = || {
                let body = problem(asked, status, refusal, notice, &errors);
                let mut answer = respond::said(asked.lang, status, body);
                respond::set_retry_after(&mut answer, refusal.retry_after());
                answer
            };
            let answer = if errors.is_empty() {
                self.problems
                    .get((asked.lang, refusal.retry_after(), refusal.label()), make)
            } else {
                make()
            };
            return answer.map(respond::Body::from);
        }
        let form = self.form_again(asked, attempt, form, (refusal, notice, &errors));
        let mut answer = respond::page(asked, status, form);
        respond::set_retry_after(&mut answer, refusal.retry_after());
        answer
    }

    /// The whole form where there is something to mend in it; the brief one where there is not, and for what no browser sends:
    /// a flood of forgeries is not worth sixteen kilobytes each.
    fn form_again(
        &self,
        asked: &Asked<'_>,
        attempt: &Attempt<'_>,
        form: &SignForm,
        (refusal, notice, errors): (&Refusal, Option<Notice>, &[views::FieldError]),
    ) -> String {
        let displayed = attempt.displayed;
        let ticket = self.ticket_for(attempt, form).ok();
        let mut input = input(form);
        // A version that never was is not offered again.
        let known = |version: &u16| displayed.petition.content.version(*version).is_some();
        input.text_version = input.text_version.filter(known);
        let (ticket, ticket_wait) = ticket
            .as_ref()
            .map_or((None, 0), |(ticket, wait)| (Some(ticket.as_str()), *wait));
        if let Some(notice) = notice.filter(|notice| notice.passes() || refusal.is_forged()) {
            let again = displayed.again(&asked.frame(), notice, ticket_wait);
            return again.fill(&input, ticket);
        }
        let page = SignPage {
            petition: &as_signed(displayed, input.text_version),
            ticket: ticket.unwrap_or_default(),
            ticket_wait,
            input: &input,
            errors,
            notice,
        };
        views::sign(&asked.frame(), &page)
    }

    /// The ticket that came, while it is good, so that it keeps its age; else a new one. With the seconds it still needs.
    fn ticket_for(&self, attempt: &Attempt<'_>, form: &SignForm) -> Result<(String, u64), Refusal> {
        let slug = &attempt.displayed.petition.slug;
        match self
            .admitter
            .ticket_wait(&attempt.source, slug, &form.ticket, attempt.now)
        {
            Some(wait) => Ok((form.ticket.clone(), wait)),
            None => {
                let (ticket, age) = self.admitter.ticket(&attempt.source, slug, attempt.now)?;
                Ok((ticket, age.into()))
            }
        }
    }
}

/// Version and hash of the text that was on the page: a form that was filled in while a new version was adopted signs the
/// one that its signatory has read.
fn text_signed(displayed: &Displayed, form: &SignForm) -> Result<(u16, [u8; 32]), Refusal> {
    let petition = &displayed.petition;
    let in_force = petition.state.text_version;
    let Some(version) = form.text_version.filter(|version| *version != in_force) else {
        return Ok((in_force, petition.text_hash));
    };
    match petition.content.version(version) {
        Some(text) => Ok((version, text.text_hash)),
        None => Err(Refusal::InvalidForm(vec![FieldError::new(
            "text_version",
            "choice_bad",
        )])),
    }
}

/// The petition with the title of the version that its form signs.
fn as_signed(displayed: &Displayed, version: Option<u16>) -> Cow<'_, views::Petition> {
    match version.map(|version| displayed.title_of(version)) {
        Some(title) if title != displayed.view.title => Cow::Owned(views::Petition {
            title: title.to_owned(),
            ..displayed.view.clone()
        }),
        _ => Cow::Borrowed(&displayed.view),
    }
}

/// A form that can be taken in: its clearance or ticket holds, and its fields can be read.
struct Judged {
    cleared: Cleared,
    contribution: Contribution,
    /// Version and hash of the text that it signs.
    text: (u16, [u8; 32]),
}

/// One attempt to sign, as far as it is not the form itself.
struct Attempt<'a> {
    displayed: &'a Displayed,
    source: Source,
    headers: &'a HeaderMap,
    lang: Lang,
    now: Millis,
}

/// The same words as the form has: its notice where there is one, or what is wrong with its fields.
fn problem(
    asked: &Asked<'_>,
    status: StatusCode,
    refusal: &Refusal,
    notice: Option<Notice>,
    errors: &[views::FieldError],
) -> Bytes {
    let (title, detail) = if let Some(notice) = notice {
        let say = |part| notice.message(asked.lang, part, refusal.retry_after().unwrap_or_default());
        (say("title"), say("detail"))
    } else {
        let wrong =
            |error: &views::FieldError| format!("{} \u{2013} {}", error.field, error.problem.message(asked.lang));
        let detail: Vec<_> = errors.iter().map(wrong).collect();
        let count = errors.len() as u64;
        (
            asked.lang.fill("errors-title", &[("count", count.into())]),
            detail.join(" "),
        )
    };
    let fields = (!errors.is_empty()).then(|| respond::fields_json(asked.lang, errors));
    respond::problem_text(status, refusal.code(), &title, &detail, fields)
}

fn input(form: &SignForm) -> Input {
    Input {
        name: form.name.clone(),
        email: form.email.clone(),
        postcode: form.postcode.clone(),
        country: form.country.clone(),
        comment: form.comment.clone(),
        show_name: form.show_name,
        news: form.news,
        text_version: form.text_version,
    }
}

fn busy() -> Refusal {
    let jitter = u64::from(crate::store::id::random::<1>()[0]) % BUSY_SECONDS;
    Refusal::Busy {
        retry_after: BUSY_SECONDS + jitter,
    }
}

fn not_found(asked: &Asked<'_>) -> Answer {
    respond::refused(asked, views::Refusal::NotFound, None, None)
}

fn closed(asked: &Asked<'_>, displayed: &Displayed) -> Answer {
    respond::refused(asked, views::Refusal::Closed, None, Some(displayed.about()))
}

fn refused_plainly(asked: &Asked<'_>, route: &'static str, refusal: &Refusal, displayed: &Displayed) -> Answer {
    count(route, refusal.label());
    plainly(asked, refusal, displayed)
}

fn plainly(asked: &Asked<'_>, refusal: &Refusal, displayed: &Displayed) -> Answer {
    respond::refused(
        asked,
        respond::plain_refusal(refusal),
        refusal.retry_after(),
        Some(displayed.about()),
    )
}
