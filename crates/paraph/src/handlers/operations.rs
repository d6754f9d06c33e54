//! What the machine that runs Paraph asks: is it alive, is it ready, what does it measure. Never public.

use std::sync::Arc;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri};
use tokio::sync::watch;

use super::mail_status::{self, MailStatus};
use crate::admit::Admitter;
use crate::admit::lane::Rank;
use crate::alerts::Alerts;
use crate::clock;
use crate::desk::command::Wish;
use crate::incident::log::Entry;
use crate::incident::watch::Incidents;
use crate::intake::Intake;
use crate::limits::Limits;
use crate::respond::{self, Answer, Asked, Body};
use crate::router::Public;
use crate::telemetry::{Handle, INTAKE_WAITING};
use crate::views::{self, OperationsPage};

/// What the operations listener needs.
pub struct Operations {
    /// Asked whether the writer takes work.
    pub intake: Intake,
    /// The front door: lanes, price, budgets, bans.
    pub admitter: Arc<Admitter>,
    /// The bounds in force.
    pub limits: watch::Receiver<Limits>,
    /// Whether mail arrives.
    pub mail: MailStatus,
    /// The public side as it is now: its site has the words of the pages here.
    pub public: Arc<ArcSwap<Public>>,
    /// Open alerts, acknowledged here.
    pub alerts: Arc<Alerts>,
    /// The incident of now, whose log says who acknowledged.
    pub incidents: Arc<Incidents>,
    /// The metrics of the process; `None` where none are collected.
    pub metrics: Option<Handle>,
}

impl Operations {
    /// Answers the page `/`, `/healthz`, `/readyz`, `/metrics`, `/door.json`, the page `/mail`, and the links of alerts, in the
    /// lane of operators.
    pub async fn answer(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Answer {
        let Ok(_place) = self.admitter.lanes.enter(Rank::Operator).await else {
            return text(StatusCode::SERVICE_UNAVAILABLE, "too many ask at once\n".to_owned());
        };
        if let Some((id, proof)) = uri
            .path()
            .strip_prefix("/alerts/")
            .and_then(|link| link.split_once('/'))
        {
            let pressed = (*method == Method::POST)
                .then(|| self.alerts.press(id, proof))
                .flatten();
            if let Some(to) = pressed {
                // The alert is acknowledged; that the log says so is no reason to keep anybody waiting who is at work.
                let wish = Wish::Shift(Entry::LinkPressed, to, self.incidents.current());
                if let Err(error) = self.intake.desk(None, wish).await {
                    tracing::warn!(%error, "the shift log does not say that an alert was acknowledged");
                }
            }
            return self.alerts.answer(method, id, proof, uri.query());
        }
        match uri.path() {
            "/healthz" => text(StatusCode::OK, "alive\n".to_owned()),
            "/readyz" => match self.trouble() {
                None => text(StatusCode::OK, "ready\n".to_owned()),
                Some(why) => text(StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {why}\n")),
            },
            "/metrics" => {
                metrics::gauge!(INTAKE_WAITING).set(self.intake.waiting() as f64);
                let process = self.metrics.as_ref().map(Handle::render).unwrap_or_default();
                let door = self.admitter.state(clock::now()).metrics(&self.limits.borrow());
                text(StatusCode::OK, process + &door + &self.mail.metrics().await)
            }
            "/door.json" => {
                let state = self.admitter.state(clock::now());
                respond::done(StatusCode::OK, &serde_json::json!(state))
            }
            "/" => self.page(uri, headers),
            "/mail.css" => mail_status::style(),
            "/mail" => {
                let site = Arc::clone(&self.public.load().site);
                self.mail.page(respond::lang(&site, uri, headers), &site).await
            }
            _ => text(
                StatusCode::NOT_FOUND,
                "there are /, /healthz, /readyz, /metrics, /door.json and /mail\n".to_owned(),
            ),
        }
    }

    /// Everything at a glance, without script: the page asks for itself again.
    fn page(&self, uri: &Uri, headers: &HeaderMap) -> Answer {
        let site = Arc::clone(&self.public.load().site);
        let lang = respond::lang(&site, uri, headers);
        let now = clock::now();
        let page = OperationsPage {
            door: &self.admitter.state(now),
            intake_waiting: self.intake.waiting() as u64,
            trouble: self.trouble().is_some(),
            now: now.0,
        };
        let asked = Asked {
            site: &site,
            lang,
            json: false,
            path: Some("/"),
        };
        respond::page(&asked, StatusCode::OK, views::operations(&asked.frame(), &page))
    }

    fn trouble(&self) -> Option<&'static str> {
        if self.intake.is_stopped() {
            Some("the writer has stopped; see the log, then restart")
        } else if self.intake.is_refusing() {
            Some("the store records nothing: its disk is full, read-only or broken; see the log")
        } else if self.intake.erasures_wait() {
            Some("the keys of erased records cannot be destroyed; see the log")
        } else if self.intake.room().is_low() {
            Some("the disk is nearly full; signing is paused, free some space")
        } else {
            None
        }
    }
}

fn text(status: StatusCode, text: String) -> Answer {
    let mut answer = Response::new(Body::from(Bytes::from(text)));
    *answer.status_mut() = status;
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    answer
}
