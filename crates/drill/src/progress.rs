//! What a drill counts while it runs, and the snapshot that a view shows of it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::auditor::Truth;
use crate::door::DoorNow;
use crate::report::ByPhase;
use crate::scenario::Phase;

/// Different reasons kept apart; any further ones are one.
const REASONS: usize = 24;

/// How often each reason was given.
#[derive(Debug, Default)]
pub(crate) struct Reasons(Mutex<BTreeMap<String, u64>>);

impl Reasons {
    pub(crate) fn add(&self, reason: String) {
        let mut reasons = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = reasons.len() < REASONS || reasons.contains_key(&reason);
        *reasons
            .entry(if room { reason } else { "other".to_owned() })
            .or_default() += 1;
    }

    pub(crate) fn snapshot(&self) -> BTreeMap<String, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// One number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    pub(crate) fn one(&self) {
        self.add(1);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Running numbers of honest people.
#[derive(Debug, Default)]
pub(crate) struct HonestCounters {
    pub(crate) sent: Counter,
    pub(crate) accepted: Counter,
    pub(crate) mailed: Counter,
    pub(crate) confirmed: Counter,
    pub(crate) withdrawn: Counter,
    pub(crate) asked_to_wait: Counter,
    pub(crate) gave_up: Reasons,
}

/// Running numbers of forgers.
#[derive(Debug, Default)]
pub(crate) struct ForgedCounters {
    pub(crate) sent: Counter,
    pub(crate) admitted: Counter,
    pub(crate) confirmed: Counter,
    pub(crate) skipped: Counter,
    pub(crate) refused: Reasons,
}

/// Running numbers of one wave.
#[derive(Debug, Default)]
pub(crate) struct WaveCounters {
    pub(crate) sent: Counter,
    pub(crate) admitted: Counter,
    pub(crate) confirmed: Counter,
}

/// Whether the page is up, as somebody sees it who asks all the time.
#[derive(Debug, Default)]
pub(crate) struct PageCounters {
    pub(crate) asked: Counter,
    pub(crate) shown: Counter,
    /// Longest time between two pages, or an answer's, milliseconds.
    pub(crate) longest_gap_ms: AtomicU64,
}

/// Challenges handed out, for the mean price.
#[derive(Debug, Default)]
pub(crate) struct Prices {
    pub(crate) challenges: Counter,
    pub(crate) guesses: Counter,
    pub(crate) rounds: Counter,
}

/// What was timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Page,
    FirstAnswer,
    Accepted,
    Confirm,
}

/// Times of honest requests, by stage and phase.
#[derive(Debug, Default)]
pub(crate) struct Times([[Mutex<Vec<f32>>; 3]; 4]);

impl Times {
    pub(crate) fn add(&self, stage: Stage, phase: Phase, took: Duration) {
        let mut times = self.0[stage as usize][phase as usize]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        times.push(took.as_secs_f32() * 1000.0);
    }

    /// The `share` quantile (0 to 1) of a stage in each phase, nearest rank, milliseconds.
    pub(crate) fn quantile(&self, stage: Stage, share: f64) -> ByPhase {
        let [before, during, after] = [Phase::Before, Phase::During, Phase::After].map(|phase| {
            let mut times = self.0[stage as usize][phase as usize]
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone();
            times.sort_unstable_by(f32::total_cmp);
            let rank = (share * times.len() as f64).ceil() as usize;
            times
                .get(rank.saturating_sub(1))
                .map(|&time| (f64::from(time) * 100.0).round() / 100.0)
        });
        ByPhase { before, during, after }
    }
}

/// The end of a drill, while those are waited for whom scrutiny watches.
#[derive(Clone, Copy, Debug)]
pub struct Watched {
    /// How many, if anybody can say.
    pub waiting: Option<u64>,
    /// How long they may wait at most.
    pub left: Duration,
}

/// One look at a running drill.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Since the start.
    pub elapsed: Duration,
    /// Planned length, without the last waits.
    pub planned: Duration,
    /// Part of the plan.
    pub phase: Phase,
    /// Waves of the attack that have begun, and how many there are.
    pub waves: (usize, usize),
    /// Whether everyone has arrived and only mails and settling are waited for.
    pub closing: bool,
    /// The count as shown, if it could be read.
    pub shown: Option<u64>,
    /// What it has to be, by what is known now.
    pub truth: Truth,
    /// Count before the drill.
    pub baseline: u64,
    /// Honest people: sent, accepted, mailed, confirmed, withdrawn.
    pub honest: [u64; 5],
    /// Forgers: sent, admitted, mailed, confirmed.
    pub forged: [u64; 4],
    /// Refusals of forgeries by reason.
    pub refused: BTreeMap<String, u64>,
    /// Honest people who gave up.
    pub gave_up: u64,
    /// Median from form to first answer, milliseconds.
    pub p50_ms: ByPhase,
    /// Processor seconds of the server.
    pub cpu_seconds: Option<f64>,
    /// Checks of the count that got no answer so far.
    pub checks_lost: u64,
    /// Who is waited for when nothing else is.
    pub watched: Option<Watched>,
    /// The front door, where the operations listener is known.
    pub door: Option<DoorNow>,
}
