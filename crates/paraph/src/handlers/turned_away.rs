//! What a banned source gets when it still arrives: an early, cheap and honest no.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::StatusCode;
use serde_json::json;

use crate::admit::source::Source;
use crate::clock;
use crate::respond::{self, Answer, Asked, Body};
use crate::shield::Shield;
use crate::views::{self, Refusal, RefusalPage};

/// The answer to banned sources.
pub struct TurnedAway {
    shield: Arc<Shield>,
    /// One for each language, as HTML and as JSON: floods meet them.
    made: Mutex<BTreeMap<(&'static str, bool), Bytes>>,
}

impl TurnedAway {
    /// By this shield.
    #[must_use]
    pub fn by(shield: Arc<Shield>) -> Self {
        let made = Mutex::default();
        Self { shield, made }
    }

    /// The answer, if the source is banned. The links of a mail, the pages about rights and counting, and what pages are made of, stay open
    /// to it: it may be somebody's neighbour.
    #[must_use]
    pub fn answer(&self, source: &Source, asked: &Asked<'_>, path: &[&str]) -> Option<Answer> {
        let now = clock::now();
        let until = self.shield.is_banned(source, now)?;
        if matches!(
            path,
            [
                "confirm"
                    | "receipt"
                    | "withdraw"
                    | "not-me"
                    | "second-way"
                    | "stop-mail"
                    | "method"
                    | "privacy"
                    | "legal"
                    | "assets",
                ..
            ]
        ) {
            return None;
        }
        metrics::counter!(crate::shield::TURNED_AWAY).increment(1);
        let body = self.body(asked);
        let mut answer = if asked.json {
            respond::said(asked.lang, StatusCode::FORBIDDEN, body).map(Body::from)
        } else {
            respond::page(asked, StatusCode::FORBIDDEN, body)
        };
        let seconds = until.0.saturating_sub(now.0).div_ceil(1000);
        respond::set_retry_after(&mut answer, Some(seconds));
        Some(answer)
    }

    fn body(&self, asked: &Asked<'_>) -> Bytes {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let body = made.entry((asked.lang.code(), asked.json));
        body.or_insert_with(|| make(asked)).clone()
    }
}

fn make(asked: &Asked<'_>) -> Bytes {
    let (refusal, lang) = (Refusal::Banned, asked.lang);
    if asked.json {
        let problem = json!({
            "type": "about:blank", "title": refusal.title(lang), "status": refusal.status(), "code": refusal.code(),
            "detail": refusal.detail(lang), "contact": asked.site.contact,
        });
        return Bytes::from(problem.to_string());
    }
    let page = RefusalPage {
        refusal,
        retry_after: None,
        petition: None,
    };
    Bytes::from(views::refused(&asked.without_path().frame(), &page))
}
