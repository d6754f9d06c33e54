//! What all actors of one run share: the way to the server, the mail, the counters, the auditor.

use std::io;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use altcha::{Challenge, Payload, SolveChallengeOptions, solve_challenge};
use bytes::Bytes;
use data_encoding::BASE64;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::abuse::{Abusers, Tales};
use crate::auditor::Auditor;
use crate::client::{Answer, Road};
use crate::door::DoorNow;
use crate::progress::{Counter, ForgedCounters, HonestCounters, PageCounters, Prices, Times, WaveCounters};
use crate::scenario::{Options, Plan};
use crate::sink::Sink;

/// Asks a run to end early, cleanly: from ctrl-c, SIGTERM, or `q` in the view. All clones are one.
#[derive(Clone, Debug)]
pub struct Stop(Arc<watch::Sender<bool>>);

impl Default for Stop {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Stop {
    /// Asks to end.
    pub fn request(&self) {
        self.0.send_replace(true);
    }

    /// Asks when the process is interrupted (ctrl-c) or told to end (SIGTERM). Needs the runtime's signal driver; a live
    /// view in a terminal catches the key itself.
    pub fn on_interrupt(&self) {
        let stop = self.clone();
        tokio::spawn(async move {
            if interrupted().await.is_ok() {
                stop.request();
            }
        });
    }

    /// Whether it was asked.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is asked.
    pub async fn requested(&self) {
        // The sender lives as long as `self`: waiting cannot fail.
        drop(self.0.subscribe().wait_for(|asked| *asked).await);
    }
}

async fn interrupted() -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        pressed = ctrl_c() => pressed,
        _ = terminate.recv() => Ok(()),
    }
}

/// Shared by all actors of one run.
pub(crate) struct World {
    pub(crate) options: Options,
    pub(crate) plan: Plan,
    /// The petitions of the site that are attacked; the first is the one under rehearsal.
    pub(crate) petitions: Vec<String>,
    pub(crate) sink: Sink,
    pub(crate) started: Instant,
    pub(crate) honest_road: Road,
    pub(crate) forged_road: Road,
    /// Solving takes a core: honest people share the machine's cores, forgers get one, so that neither starves the
    /// server nor the clocks of this program.
    pub(crate) honest_solvers: Arc<Semaphore>,
    pub(crate) forged_solvers: Arc<Semaphore>,
    pub(crate) honest: HonestCounters,
    pub(crate) forged: ForgedCounters,
    /// The same for each wave of the plan.
    pub(crate) waves: Vec<WaveCounters>,
    pub(crate) abuse: Tales,
    pub(crate) abusers: Abusers,
    /// Sources that a flood has come from so far.
    pub(crate) sources: AtomicU32,
    /// Victims who confirmed a contribution of their own.
    pub(crate) victims_signed: Counter,
    pub(crate) prices: Prices,
    pub(crate) times: Times,
    pub(crate) auditor: Mutex<Auditor>,
    /// Someone's confirmation or withdrawal was acknowledged: a good moment to look at the count.
    pub(crate) changed: Notify,
    /// How often the server was asked whether mail is on its way, and how often in a row there was none.
    pub(crate) mail: watch::Sender<(u64, u64)>,
    /// How many signatures the server said last are confirmed, and neither judged nor counted yet; `None`: nobody can say.
    pub(crate) waiting: watch::Sender<Option<u64>>,
    /// What the front door says of itself.
    pub(crate) door: Mutex<Option<DoorNow>>,
    /// The page, asked for all the time.
    pub(crate) page: PageCounters,
}

/// So often in a row no mail is on its way until nobody waits for one any more.
const IDLE_MAIL: u64 = 3;

/// Why a puzzle has no solution.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unsolved {
    #[error("challenge unreadable")]
    Unreadable,
    #[error("challenge costs more than a visitor would give")]
    TooDear,
    #[error("solver ended")]
    Ended,
}

/// Rounds times expected guesses above which a visitor would have left long ago.
const DEAREST: f64 = 50_000_000.0;

impl World {
    pub(crate) fn auditor(&self) -> MutexGuard<'_, Auditor> {
        self.auditor.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Returns once no mail has been on its way for a while; never, where nobody can tell.
    pub(crate) async fn mail_is_idle(&self) {
        let mut mail = self.mail.subscribe();
        let (asked, _) = *mail.borrow_and_update();
        let idle = mail.wait_for(|(times, idle)| *times >= asked + IDLE_MAIL && *idle >= IDLE_MAIL);
        // The sender lives as long as `self`: waiting cannot fail.
        drop(idle.await);
    }

    /// The slug of the petition under rehearsal.
    pub(crate) fn petition(&self) -> &str {
        &self.petitions[0]
    }

    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/p/{}{rest}", self.petition())
    }

    /// Solves a challenge off the runtime; the wait for a core is part of solving.
    pub(crate) async fn solve(&self, answer: &Answer, solvers: &Arc<Semaphore>) -> Result<String, Unsolved> {
        let challenge: Challenge = serde_json::from_slice(&answer.body).map_err(|_| Unsolved::Unreadable)?;
        let guesses = 16f64.powi(i32::try_from(challenge.parameters.key_prefix.len()).unwrap_or(i32::MAX));
        if guesses * f64::from(challenge.parameters.cost) > DEAREST {
            return Err(Unsolved::TooDear);
        }
        self.prices.challenges.one();
        self.prices.guesses.add(guesses as u64);
        self.prices.rounds.add(u64::from(challenge.parameters.cost));
        let _core = solvers.acquire().await.map_err(|_| Unsolved::Ended)?;
        spawn_blocking(move || {
            let solution = solve_challenge(SolveChallengeOptions::new(&challenge)).ok().flatten();
            let solution = solution.ok_or(Unsolved::Ended)?;
            encode(&Payload { challenge, solution })
        })
        .await
        .map_err(|_| Unsolved::Ended)?
    }
}

/// The `altcha` field as the widget sends it.
pub(crate) fn encode(payload: &Payload) -> Result<String, Unsolved> {
    let json = serde_json::to_vec(payload).map_err(|_| Unsolved::Unreadable)?;
    Ok(BASE64.encode(&json))
}

/// Waits as the server asked, at most 90 seconds, and up to half as long again, so that those sent away together do
/// not come back together. `share` is the actor's own number between 0 and 1.
pub(crate) async fn patience(retry_after: Option<Duration>, share: f64) {
    let asked = retry_after
        .unwrap_or(Duration::from_secs(1))
        .min(Duration::from_secs(90));
    sleep(asked.max(Duration::from_millis(100)).mul_f64(1.0 + share / 2.0)).await;
}

/// `application/x-www-form-urlencoded`.
pub(crate) fn form(fields: &[(&str, &str)]) -> Bytes {
    let mut out = String::new();
    for (name, value) in fields {
        if !out.is_empty() {
            out.push('&');
        }
        out.push_str(name);
        out.push('=');
        out.extend(utf8_percent_encode(value, NON_ALPHANUMERIC));
    }
    Bytes::from(out)
}

/// The ticket of a page without script, and how long the page says it has to wait.
pub(crate) fn ticket(html: &str) -> Option<(String, Duration)> {
    let inputs = html.split("<input").skip(1).filter_map(|rest| rest.split('>').next());
    let input = inputs
        .into_iter()
        .find(|input| attribute(input, "name") == Some("ticket"))?;
    let wait = html
        .split("data-ticket-wait=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next()?.parse().ok());
    Some((
        attribute(input, "value")?.to_owned(),
        Duration::from_secs(wait.unwrap_or(0)),
    ))
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let mark = format!(" {name}=\"");
    let start = tag.find(&mark)? + mark.len();
    tag[start..].split('"').next()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{form, ticket};

    #[test]
    fn a_ticket_is_found_in_the_page() {
        let page = r#"<form data-ticket-wait="4"><input name="name"><input type="hidden" name="ticket" value="aZ_1-x"></form>"#;
        assert_eq!(ticket(page), Some(("aZ_1-x".to_owned(), Duration::from_secs(4))));
        assert_eq!(ticket("<input name=\"tickets\" value=\"x\">"), None);
    }

    #[test]
    fn a_form_survives_every_character() {
        assert_eq!(form(&[("a", "é &="), ("b", "")]), "a=%C3%A9%20%26%3D&b=");
    }
}
