//! The certificate of `listen.https`, asked for at an authority (RFC 8555) and renewed at two thirds of its life.
//!
//! Nothing here stands between visitors and the page: the certificate in use stays until a better one was looked at, an
//! authority that refuses, lies or hangs is asked again later, and how it went is kept in a file, so that a server that is
//! started again and again does not ask again and again. When the certificate runs out, somebody is told (`alerts/`).

mod client;
pub(crate) mod files;
mod order;

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use paraph_tally::Millis;
use tokio::sync::watch;

use crate::admit::certificate::{Certificates, Validity};
use crate::admit::proofs::Proofs;
use crate::clock;
use crate::config::Acme;
use crate::front;
use crate::limits::Limits;
use crate::telemetry;
use files::{Files, State};
use order::{Failed, Ordering};

/// Between two looks at the clock, which may be set.
const LOOK: Duration = Duration::from_secs(30);
/// A pause is drawn from this share of it on, so that sites that failed together do not ask together.
const LEAST_SHARE: f64 = 0.75;

/// Fetches and renews.
pub(crate) struct Renewal {
    /// Whom to ask, and for what.
    pub(crate) acme: Acme,
    /// Where it is kept.
    pub(crate) files: Files,
    /// The certificate in use.
    pub(crate) certificates: Arc<Certificates>,
    /// What shows that the names are ours.
    pub(crate) proofs: Arc<Proofs>,
    /// The bounds in force.
    pub(crate) limits: Limits,
}

impl Renewal {
    /// Keeps the certificate in good time until `stop` turns true.
    pub(crate) async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut share = chance();
        while !*stop.borrow() {
            let state = self.files.state();
            let now = clock::now();
            let valid = self.certificates.validity();
            let is_good = self.certificates.names(&self.acme.domains);
            let due = due(valid.filter(|_| is_good), &state, &self.limits, share, now);
            if due <= now {
                tokio::select! {
                    () = self.attempt(state) => {}
                    _ = stop.changed() => return,
                }
                share = chance();
                continue;
            }
            let pause = Duration::from_millis(due.0 - now.0).min(LOOK);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = stop.changed() => {}
            }
        }
    }

    async fn attempt(&self, mut state: State) {
        state.tried = Some(clock::now().0);
        // Before the authority is asked: a crash in the middle of an order must not be a way to ask without a pause.
        state.failures += 1;
        if let Err(error) = self.files.keep_state(&state) {
            tracing::error!(%error, "acme/ in the data directory cannot be written, so no certificate is asked for");
            tokio::time::sleep(LOOK).await;
            return;
        }
        let later = client::Later::default();
        let ordering = Ordering {
            acme: &self.acme,
            files: &self.files,
            proofs: &self.proofs,
            answer: Duration::from_secs(self.limits.acme_answer_seconds),
            limit: Duration::from_secs(self.limits.acme_order_seconds),
            later: &later,
        };
        let done = match ordering.run().await {
            // Told there; what was just looked at is not refused, unless the clock was set in between.
            Ok(()) => front::reload(&self.certificates, true)
                .await
                .map(drop)
                .map_err(Failed::from),
            Err(failed) => Err(failed),
        };
        let outcome = match &done {
            Ok(()) => {
                state = State {
                    tried: state.tried,
                    ..State::default()
                };
                "issued"
            }
            Err(failed) => {
                let asked = later.lock().unwrap_or_else(PoisonError::into_inner).take();
                state.not_before = asked.map(|at| at.0.min(clock::now().0 + self.limits.acme_later_seconds * 1000));
                state.why = Some(failed.to_string());
                tracing::error!(error = %failed, failures = state.failures, "no certificate, it is tried again later");
                if asked.is_some() { "limited" } else { failed.label() }
            }
        };
        metrics::counter!(telemetry::CERTIFICATE_ORDERS, "outcome" => outcome).increment(1);
        if let Err(error) = self.files.keep_state(&state) {
            tracing::error!(%error, "how the order went cannot be kept");
        }
    }
}

/// When to ask. A certificate in use waits for two thirds of its life; after a failure a pause doubles up to its ceiling;
/// and whatever a certificate says of its life, two are never asked for within `acme_renew_seconds`. `share` in 0..1 draws
/// from the last quarter of a pause, and from the first thirtieth behind the two thirds.
fn due(valid: Option<Validity>, state: &State, limits: &Limits, share: f64, now: Millis) -> Millis {
    let wanted = valid.map_or(Millis(0), |valid| {
        let (from, until) = (valid.from.as_millisecond(), valid.until.as_millisecond());
        let life = u64::try_from(until - from).unwrap_or(0);
        let from = u64::try_from(from).unwrap_or(0);
        Millis(from + life / 3 * 2 + part(life / 30, share))
    });
    // A clock that was ahead when it was last tried would make this wait for it.
    let Some(tried) = state.tried().filter(|tried| *tried <= now) else {
        return wanted;
    };
    let pause = match state.failures {
        0 => limits.acme_renew_seconds * 1000,
        failures => {
            let doubled = (limits.acme_retry_seconds * 1000).saturating_mul(1 << (failures - 1).min(32));
            let pause = doubled.min(limits.acme_retry_most_seconds * 1000);
            let least = part(pause, LEAST_SHARE);
            least + part(pause - least, share)
        }
    };
    let asked = state.not_before.unwrap_or(0);
    let latest = now.0 + limits.acme_later_seconds * 1000;
    Millis(wanted.0.max(tried.0 + pause).max(asked.min(latest)))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "milliseconds of some months, and a share of them"
)]
fn part(of: u64, share: f64) -> u64 {
    (of as f64 * share) as u64
}

/// Anything from 0 to 1.
fn chance() -> f64 {
    rand::random::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400_000;
    const NOW: Millis = Millis(20_000 * DAY);

    fn valid(days: u64) -> Option<Validity> {
        let at = |millis: u64| jiff::Timestamp::from_millisecond(i64::try_from(millis).expect("in range"));
        Some(Validity {
            from: at(NOW.0).expect("a time"),
            until: at(NOW.0 + days * DAY).expect("a time"),
        })
    }

    fn after(failures: u32, share: f64) -> u64 {
        let state = State {
            tried: Some(NOW.0),
            failures,
            ..State::default()
        };
        due(None, &state, &Limits::default(), share, NOW).0 - NOW.0
    }

    #[test]
    fn a_certificate_is_renewed_at_two_thirds_of_its_life() {
        let fresh = State::default();
        let when = |days, share| due(valid(days), &fresh, &Limits::default(), share, NOW).0 - NOW.0;
        assert_eq!(when(90, 0.0), 60 * DAY);
        assert_eq!(when(90, 1.0), 63 * DAY);
        assert_eq!(when(6, 0.0), 4 * DAY);
        assert_eq!(due(None, &fresh, &Limits::default(), 0.5, NOW), Millis(0), "none: now");
    }

    #[test]
    fn failures_double_the_pause_up_to_its_ceiling_and_nothing_asks_without_one() {
        assert_eq!((after(1, 1.0), after(1, 0.0)), (60_000, 45_000));
        assert_eq!((after(2, 1.0), after(5, 1.0)), (120_000, 960_000));
        assert_eq!((after(30, 1.0), after(u32::MAX, 1.0)), (21_600_000, 21_600_000));
        // An authority whose certificates live a minute does not make us ask each minute.
        let state = State {
            tried: Some(NOW.0),
            ..State::default()
        };
        assert_eq!(due(valid(0), &state, &Limits::default(), 0.0, NOW).0 - NOW.0, 3_600_000);
    }

    #[test]
    fn an_authority_is_asked_again_when_it_says_and_never_waited_for_without_end() {
        let limited = |after: u64| {
            let state = State {
                tried: Some(NOW.0),
                failures: 1,
                not_before: Some(NOW.0 + after),
                ..State::default()
            };
            due(None, &state, &Limits::default(), 1.0, NOW).0 - NOW.0
        };
        assert_eq!(limited(600_000), 600_000);
        assert_eq!(limited(400 * DAY), DAY);
        // A clock that was ahead and was set right.
        let ahead = State {
            tried: Some(NOW.0 + 300 * DAY),
            failures: 9,
            ..State::default()
        };
        assert_eq!(due(None, &ahead, &Limits::default(), 1.0, NOW), Millis(0));
    }
}
