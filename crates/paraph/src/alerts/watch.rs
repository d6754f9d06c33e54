//! Looks at the running server again and again: which alarms are on?

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use paraph_tally::Millis;
use tokio::sync::watch;

use super::Alerts;
use super::book::Alarm;
use crate::admit::Admitter;
use crate::admit::certificate::{Certificates, Left};
use crate::clock;
use crate::incident::watch::Incidents;
use crate::intake::Intake;
use crate::ledger::catalogue::Catalogue;
use crate::ledger::query::LedgerReader;
use crate::scrutiny::board::Board;
use crate::telemetry;

/// How often everything is looked at.
const EVERY: Duration = Duration::from_secs(1);
/// How often the outbox is asked for its oldest mail.
const MAIL_EVERY: Duration = Duration::from_secs(5);
/// Seconds that a clock may be put right at once without anybody being woken; a time service does this at its start.
const STEP_MILLIS: u64 = 5_000;
/// Without anybody sent away for this long, a run of it is over.
const SHED_PAUSE: Duration = Duration::from_secs(10);

/// What is looked at.
pub struct Sensors {
    /// Whether the store records.
    pub intake: Intake,
    /// Its lanes count those sent away.
    pub admitter: Arc<Admitter>,
    /// Knows the oldest mail that is due.
    pub ledger: LedgerReader,
    /// How far scrutiny is; `None` where it is switched off.
    pub board: Option<Arc<Board>>,
    /// Whether an attack is under way.
    pub incidents: Arc<Incidents>,
    /// How many are held.
    pub shown: watch::Receiver<Arc<Catalogue>>,
    /// What visitors are shown, where this program speaks TLS.
    pub certificates: Option<Arc<Certificates>>,
}

/// Watches until `stop` turns true.
pub async fn run(alerts: Arc<Alerts>, sensors: Sensors, mut stop: watch::Receiver<bool>) {
    let mut clock_watch = Steps::new(clock::now());
    let mut shedding = Shedding::new(sensors.admitter.lanes.shed());
    let (mut mail_stuck, mut mail_asked) = (false, None::<Instant>);
    while !*stop.borrow() {
        let (now, limits) = (clock::now(), alerts.setup.load().limits.clone());
        if mail_asked.is_none_or(|at| at.elapsed() >= MAIL_EVERY) {
            mail_asked = Some(Instant::now());
            mail_stuck = is_stuck(&sensors, limits.alert_mail_seconds, now)
                .await
                .unwrap_or(mail_stuck);
        }
        let shed = shedding.note(sensors.admitter.lanes.shed(), Instant::now());
        let (behind, over_cap) = scrutiny(&sensors);
        let left = sensors.certificates.as_ref().map(|certificates| certificates.left(now));
        let mut seen = vec![
            (
                Alarm::StoreRefuses,
                sensors.intake.is_refusing() || sensors.intake.is_stopped(),
            ),
            (Alarm::DiskLow, sensors.intake.room().is_low()),
            (
                Alarm::SigningShed,
                shed >= Duration::from_secs(limits.alert_shed_seconds),
            ),
            (Alarm::ScrutinyBehind, behind > limits.alert_scrutiny_seconds),
            (Alarm::HoldsAtCap, over_cap > 0),
            (Alarm::Incident, sensors.incidents.is_open()),
            (Alarm::MailStuck, mail_stuck),
            (Alarm::ErasuresWait, sensors.intake.erasures_wait()),
            (Alarm::IncidentUnreadable, sensors.incidents.has_unreadable()),
            (Alarm::ReloadRefused, alerts.refusal().is_some()),
            (Alarm::CertificateEnds, left == Some(Left::Little)),
            (Alarm::CertificateOver, left == Some(Left::Nothing)),
        ];
        if clock_watch.stepped(now) {
            seen.push((Alarm::ClockStepped, true));
        }
        alerts.held.store(held(&sensors), Ordering::Relaxed);
        alerts.turn(&seen, now).await;
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = alerts.ring.notified() => {}
            _ = stop.changed() => {}
        }
    }
}

/// Held signatures of all petitions, as the incident room says it.
fn held(sensors: &Sensors) -> u64 {
    let catalogue = Arc::clone(&sensors.shown.borrow());
    let petitions = catalogue.petitions.values();
    petitions.map(|petition| petition.state.counts.held).sum()
}

/// Seconds that scrutiny is behind, and how many wait for a person.
fn scrutiny(sensors: &Sensors) -> (u64, u64) {
    let Some(board) = &sensors.board else { return (0, 0) };
    let (behind, over_cap) = (board.behind_seconds(), board.over_cap());
    metrics::gauge!(telemetry::SCRUTINY_BEHIND).set(behind as f64);
    metrics::gauge!(telemetry::SCRUTINY_OVER_CAP).set(over_cap as f64);
    (behind, over_cap)
}

/// Whether mail has been failing, or lying ready, for too long. `None` while the store does not say.
async fn is_stuck(sensors: &Sensors, seconds: u64, now: Millis) -> Option<bool> {
    let before = Millis(now.0.saturating_sub(seconds * 1000));
    let failing = sensors.intake.mail_failing_since().is_some_and(|since| since <= before);
    let oldest = sensors.ledger.oldest_due().await.ok()?;
    Some(failing || oldest.is_some_and(|due| due <= before))
}

/// Tells a clock that was set from time that went by.
struct Steps {
    wall: Millis,
    at: Instant,
}

impl Steps {
    fn new(now: Millis) -> Self {
        Self {
            wall: now,
            at: Instant::now(),
        }
    }

    fn stepped(&mut self, now: Millis) -> bool {
        let expected = self.wall.0 + u64::try_from(self.at.elapsed().as_millis()).unwrap_or(0);
        *self = Self::new(now);
        now.0.abs_diff(expected) > STEP_MILLIS
    }
}

/// For how long people have been sent away without a pause.
struct Shedding {
    count: u64,
    began: Option<Instant>,
    last: Option<Instant>,
}

impl Shedding {
    fn new(count: u64) -> Self {
        Self {
            count,
            began: None,
            last: None,
        }
    }

    fn note(&mut self, count: u64, now: Instant) -> Duration {
        if count > self.count {
            (self.count, self.last) = (count, Some(now));
            self.began.get_or_insert(now);
        } else if self.last.is_none_or(|last| now.duration_since(last) > SHED_PAUSE) {
            (self.began, self.last) = (None, None);
        }
        match (self.began, self.last) {
            (Some(began), Some(last)) => last.duration_since(began),
            _ => Duration::ZERO,
        }
    }
}

/// Since when every mail that was tried has failed; 0 while mail leaves. Shared by who sends and who watches.
#[derive(Debug, Default)]
pub struct MailPulse {
    failing: AtomicU64,
    /// Mails that were refused for good since the last one left.
    refused: AtomicU64,
}

/// So many mailboxes that do not exist, one after the other and none in between that does: it is more likely that our mail server
/// refuses everybody. Fewer are the typing errors of a quiet hour.
const REFUSED_IN_A_ROW: u64 = 5;

impl MailPulse {
    /// Notes what became of some mails.
    pub fn note(&self, any_sent: bool, any_failed: bool, now: Millis) {
        if any_sent {
            self.failing.store(0, Ordering::Relaxed);
            self.refused.store(0, Ordering::Relaxed);
        } else if any_failed {
            self.fails(now);
        }
    }

    /// Notes that a mail was refused for good.
    pub fn refused(&self, now: Millis) {
        if self.refused.fetch_add(1, Ordering::Relaxed) + 1 >= REFUSED_IN_A_ROW {
            self.fails(now);
        }
    }

    /// Kept where it is once it has begun.
    fn fails(&self, now: Millis) {
        let failing = &self.failing;
        let _ = failing.compare_exchange(0, now.0.max(1), Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Since when nothing has left although it was tried.
    #[must_use]
    pub fn failing_since(&self) -> Option<Millis> {
        Some(Millis(self.failing.load(Ordering::Relaxed))).filter(|since| since.0 > 0)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use paraph_tally::Millis;

    use super::{MailPulse, Shedding, Steps};

    #[test]
    fn a_run_of_people_sent_away_lasts_until_a_pause() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut shedding = Shedding::new(7);
        assert_eq!(
            shedding.note(7, at(0)),
            Duration::ZERO,
            "what was before does not count"
        );
        shedding.note(8, at(1));
        shedding.note(8, at(5));
        assert_eq!(shedding.note(9, at(9)), Duration::from_secs(8));
        assert_eq!(shedding.note(9, at(20)), Duration::ZERO);
    }

    #[test]
    fn a_step_of_the_clock_is_seen_once_and_waiting_is_none() {
        let mut steps = Steps::new(Millis(1_000_000));
        assert!(!steps.stepped(Millis(1_000_100)));
        assert!(steps.stepped(Millis(900_000)));
        assert!(!steps.stepped(Millis(900_100)));
    }

    #[test]
    fn mail_fails_from_its_first_failure_until_one_leaves() {
        let pulse = MailPulse::default();
        pulse.note(false, true, Millis(10));
        pulse.note(false, true, Millis(20));
        assert_eq!(pulse.failing_since(), Some(Millis(10)));
        pulse.note(true, true, Millis(30));
        assert_eq!(pulse.failing_since(), None);
        // A few mailboxes that do not exist are typing errors, and each mail that leaves says so.
        for now in 40..44 {
            pulse.refused(Millis(now));
        }
        assert_eq!(pulse.failing_since(), None);
        pulse.refused(Millis(50));
        assert_eq!(pulse.failing_since(), Some(Millis(50)));
        pulse.note(true, false, Millis(60));
        pulse.refused(Millis(70));
        assert_eq!(pulse.failing_since(), None);
    }
}
