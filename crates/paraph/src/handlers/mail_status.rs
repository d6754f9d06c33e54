//! `/mail` and its metrics on the operations listener: what waits, what each domain does with our mail, who is left alone.

use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};

use crate::clock;
use crate::ledger::query::{LedgerReader, MailQueue};
use crate::mail::pace::{Line, Pace};
use crate::respond::{self, Answer, Body};
use crate::store::db::DbError;
use crate::views::{self, Frame, Lang, MailStatusPage, Site};

/// `GET /mail.css`: the listener has no assets of the public side.
#[must_use]
pub fn style() -> Answer {
    let css = include_bytes!("../../templates/mail_status.css");
    let mut answer = Response::new(Body::from(Bytes::from_static(css)));
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"));
    answer
}

/// What the page looks at.
#[derive(Clone)]
pub struct MailStatus {
    /// The outbox, and addresses left alone.
    pub ledger: LedgerReader,
    /// The domains.
    pub pace: Arc<Mutex<Pace>>,
}

/// What waits and what each domain does, as of a moment.
pub(crate) struct MailNow {
    queue: MailQueue,
    lines: Vec<Line>,
    resting: u64,
    at: u64,
}

impl MailNow {
    /// As a page shows it.
    pub(crate) fn page(&self) -> MailStatusPage<'_> {
        MailStatusPage {
            queue: &self.queue,
            lines: &self.lines,
            resting: self.resting,
            now: self.at,
        }
    }
}

impl MailStatus {
    /// `GET /mail`
    pub async fn page(&self, lang: Lang, site: &Site) -> Answer {
        let now = match self.read().await {
            Ok(now) => now,
            Err(error) => {
                tracing::error!(%error, "the outbox cannot be read");
                let mut answer = Response::new(Body::from(Bytes::from_static(
                    b"the outbox cannot be read; see the log\n",
                )));
                *answer.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                return answer;
            }
        };
        let frame = Frame { site, lang, path: None };
        let mut answer = Response::new(Body::from(Bytes::from(views::mail_status(&frame, &now.page()))));
        let headers = answer.headers_mut();
        headers.extend(respond::SECURITY.map(|(name, value)| (Some(name), value)));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(lang.code()));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        answer
    }

    /// The same numbers in the text format of Prometheus. Only the busiest domains are named.
    pub async fn metrics(&self) -> String {
        let queue = self.ledger.mail_queue(clock::now()).await.unwrap_or_default();
        let (lines, resting) = self.lines();
        text(&queue, &lines, resting)
    }

    /// What the page shows, read at once.
    ///
    /// # Errors
    /// The store refused.
    pub(crate) async fn read(&self) -> Result<MailNow, DbError> {
        let at = clock::now();
        let queue = self.ledger.mail_queue(at).await?;
        let (lines, resting) = self.lines();
        Ok(MailNow {
            queue,
            lines,
            resting,
            at: at.0,
        })
    }

    fn lines(&self) -> (Vec<Line>, u64) {
        let pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        pace.lines(clock::now())
    }
}

fn text(queue: &MailQueue, lines: &[Line], resting: u64) -> String {
    let mut text = String::new();
    let mut family = |name: &str, kind: &str, help: &str, rows: &[(String, u64)]| {
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, value) in rows {
            let _ = writeln!(text, "{name}{labels} {value}");
        }
        text.push('\n');
    };
    let ages = ["1h", "6h", "24h", "older"].into_iter().zip(queue.by_age);
    let ages: Vec<_> = ages
        .map(|(age, number)| (format!("{{age=\"{age}\"}}"), number))
        .collect();
    family(
        "paraph_mail_queue",
        "gauge",
        "Mails in the outbox by age; stops growing at 100,000",
        &ages,
    );
    let quiet = [
        ("stopped_confirmations", queue.stopped_confirmations),
        ("stopped_news", queue.stopped_news),
        ("bounced", queue.bounced),
    ];
    let quiet = quiet.map(|(why, number)| (format!("{{why=\"{why}\"}}"), number));
    family(
        "paraph_mail_addresses_left_alone",
        "gauge",
        "Addresses left alone, by reason",
        &quiet,
    );
    let resting = [(String::new(), resting)];
    family(
        "paraph_mail_domains_backing_off",
        "gauge",
        "Domains that take nothing now",
        &resting,
    );
    let domains: Vec<_> = lines
        .iter()
        .flat_map(|line| {
            let domain = line.domain.as_deref().unwrap_or("other");
            let counted = line.counted;
            let outcomes = [
                ("sent", counted.sent),
                ("deferred", counted.deferred),
                ("refused", counted.refused),
                ("returned", counted.returned),
            ];
            outcomes.map(|(outcome, number)| (format!("{{domain=\"{domain}\",outcome=\"{outcome}\"}}"), number))
        })
        .collect();
    family(
        "paraph_mail_domain_total",
        "counter",
        "Mails by domain and what became of them",
        &domains,
    );
    text
}
