//! `/stop-mail/{token}`: whoever reads a mailbox stops our mail to it, and allows it again.
//!
//! A GET changes nothing. The page says what holds for the address, never whether it signed anything; and nothing here
//! touches a signature.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use paraph_tally::Millis;
use serde_json::json;

use super::{Body, count};
use crate::admit::Admitter;
use crate::admit::lane::Rank;
use crate::admit::source::Source;
use crate::admit::upload;
use crate::clock;
use crate::intake::Intake;
use crate::ledger::query::LedgerReader;
use crate::mail::stop::{Kind, Quiet, Wish};
use crate::respond::{self, Answer, Asked};
use crate::token::Tokens;
use crate::views::{self, Refusal, StopMailPage};

/// Bytes of a wish: the longest is RFC 8058's, sent as multipart/form-data.
const WISH_BYTES: usize = 2048;
/// Longest wait for it.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the page of stops needs.
pub struct StopMail {
    /// The lane, and the budget of guesses at tokens.
    pub admitter: Arc<Admitter>,
    /// The way to the writer.
    pub intake: Intake,
    /// Reads what holds.
    pub ledger: LedgerReader,
    /// Reads tokens.
    pub tokens: Arc<Tokens>,
    /// `limits.mail_stop_days`.
    pub days: u64,
}

impl StopMail {
    /// `GET /stop-mail/{token}`
    pub async fn look(&self, source: Source, asked: Asked<'_>, token: &str) -> Answer {
        let Ok(_place) = self.admitter.lanes.enter_in_turn(Rank::Manage, &source).await else {
            return refused(&asked, Refusal::Busy, Some(5));
        };
        let (kind, address) = match self.known(&source, &asked, token) {
            Ok(known) => known,
            Err(answer) => return *answer,
        };
        // News asked for at the beginning of time: whether there is a stop at all.
        let quiet = self.ledger.is_stopped(kind, address, Millis(0), clock::now()).await;
        let until = match quiet {
            Ok(Some(Quiet::Stopped { until })) => Some(until),
            Ok(_) => None,
            Err(error) => {
                tracing::error!(%error, "the ledger does not answer");
                return refused(&asked, Refusal::Broken, None);
            }
        };
        count("stop_mail_page", "shown");
        self.page(&asked, kind, token, until)
    }

    /// `POST /stop-mail/{token}`: `choice=stop`, `choice=allow`, or the one press of RFC 8058.
    pub async fn wish(&self, source: Source, asked: Asked<'_>, token: &str, body: Body) -> Answer {
        let (kind, address) = match self.known(&source, &asked, token) {
            Ok(known) => known,
            Err(answer) => return *answer,
        };
        let body = match upload::read(body, WISH_BYTES, PATIENCE).await {
            Ok(body) => body,
            Err(unread) => return refused(&asked, unread.into(), None),
        };
        let Some(stop) = wants_stop(&body) else {
            return refused(&asked, Refusal::BadRequest, None);
        };
        let Ok(_place) = self.admitter.lanes.enter_in_turn(Rank::Manage, &source).await else {
            return refused(&asked, Refusal::Busy, Some(5));
        };
        if self.intake.stop_mail(Wish { kind, address, stop }).await.is_err() {
            return refused(&asked, Refusal::Busy, Some(5));
        }
        count("stop_mail", if stop { "stopped" } else { "allowed" });
        if asked.json {
            let status = if stop { "stopped" } else { "allowed" };
            return respond::done(StatusCode::OK, &json!({ "status": status }));
        }
        let end = (kind == Kind::Confirmation).then(|| Millis(clock::now().0 + self.days * 86_400_000));
        self.page(&asked, kind, token, stop.then_some(end))
    }

    fn known(&self, source: &Source, asked: &Asked<'_>, token: &str) -> Result<(Kind, [u8; 16]), Box<Answer>> {
        if let Some(known) = self.tokens.read_stop(token) {
            return Ok(known);
        }
        let (refusal, retry_after) = match self.admitter.missed(source, clock::now()) {
            Ok(()) => (Refusal::LinkUnknown, None),
            Err(slow) => (Refusal::SlowDown, Some(slow.retry_after().unwrap_or(60))),
        };
        Err(Box::new(refused(asked, refusal, retry_after)))
    }

    fn page(&self, asked: &Asked<'_>, kind: Kind, token: &str, stopped: Option<Option<Millis>>) -> Answer {
        let page = StopMailPage {
            token,
            news: kind == Kind::News,
            stopped: stopped.is_some(),
            until: stopped.flatten().map(|until| until.0),
            days: self.days,
        };
        respond::page(asked, StatusCode::OK, views::stop_mail(&asked.frame(), &page))
    }
}

/// Urlencoded or multipart, as RFC 8058 allows both: the one press holds these words in either form.
fn wants_stop(body: &[u8]) -> Option<bool> {
    let one_press: [&[u8]; 2] = [b"List-Unsubscribe=One-Click", b"name=\"List-Unsubscribe\""];
    let has = |words: &[u8]| body.windows(words.len()).any(|window| window == words);
    match body {
        b"choice=stop" => Some(true),
        b"choice=allow" => Some(false),
        _ if one_press.into_iter().any(has) => Some(true),
        _ => None,
    }
}

fn refused(asked: &Asked<'_>, refusal: Refusal, retry_after: Option<u64>) -> Answer {
    count("stop_mail", refusal.code());
    respond::refused(asked, refusal, retry_after, None)
}
