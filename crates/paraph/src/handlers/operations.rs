//! What the machine that runs Paraph asks: is it alive, is it ready, what does it measure. Never public.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Response, StatusCode, Uri};

use crate::alerts::Alerts;
use crate::intake::Intake;
use crate::respond::{Answer, Body};
use crate::telemetry::{Handle, INTAKE_WAITING};

/// What the operations listener needs.
pub struct Operations {
    /// Asked whether the writer takes work.
    pub intake: Intake,
    /// Set while the disk is nearly full.
    pub disk_low: Arc<AtomicBool>,
    /// Open alerts, acknowledged here.
    pub alerts: Arc<Alerts>,
    /// The metrics of the process; `None` where none are collected.
    pub metrics: Option<Handle>,
}

impl Operations {
    /// Answers `/healthz`, `/readyz`, `/metrics`, and the links of alerts.
    #[must_use]
    pub fn answer(&self, method: &Method, uri: &Uri) -> Answer {
        if let Some((id, proof)) = uri
            .path()
            .strip_prefix("/alerts/")
            .and_then(|link| link.split_once('/'))
        {
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
                text(
                    StatusCode::OK,
                    self.metrics.as_ref().map(Handle::render).unwrap_or_default(),
                )
            }
            _ => text(
                StatusCode::NOT_FOUND,
                "there are /healthz, /readyz and /metrics\n".to_owned(),
            ),
        }
    }

    fn trouble(&self) -> Option<&'static str> {
        if self.intake.is_stopped() {
            Some("the writer has stopped; see the log, then restart")
        } else if self.intake.is_refusing() {
            Some("the store records nothing: its disk is full, read-only or broken; see the log")
        } else if self.disk_low.load(Ordering::Relaxed) {
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
