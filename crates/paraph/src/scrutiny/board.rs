//! What scrutiny has looked at, for whoever settles and for whoever watches.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::{ArcSwap, ArcSwapOption};
use paraph_scrutiny::{Advice, FindingName};
use paraph_tally::{Millis, PetitionId, SignatureId};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

/// What was looked at, and who of it is not to settle now.
#[derive(Debug, Default)]
pub struct Checked {
    /// Position of the last entry of the journal that was looked at.
    position: u64,
    /// Its time.
    at: Millis,
    /// Confirmed, and held, about to be held, or waiting.
    withheld: HashSet<SignatureId>,
}

impl Checked {
    pub(super) fn new(position: u64, at: Millis, withheld: HashSet<SignatureId>) -> Self {
        Self { position, at, withheld }
    }

    /// Up to when a confirmation may settle, of those that are due by `due`, in a journal that ends at `end`. What was not
    /// looked at waits: confirmations of the last entry's own time may lie behind it.
    #[must_use]
    pub fn settles_up_to(&self, due: Millis, end: u64) -> Millis {
        if self.position >= end {
            due
        } else {
            due.min(Millis(self.at.0.saturating_sub(1)))
        }
    }

    /// Whether a signature that was looked at may settle.
    #[must_use]
    pub fn passes(&self, id: SignatureId) -> bool {
        !self.withheld.contains(&id)
    }
}

/// Somebody asks who the members of a finding are.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) finding: FindingName,
    pub(super) reply: oneshot::Sender<Vec<SignatureId>>,
}

/// A finding that stands now, with its evidence.
#[derive(Clone, Debug, PartialEq)]
pub struct Stands {
    /// What it is called.
    pub name: FindingName,
    /// Its petition.
    pub petition: PetitionId,
    /// Its evidence, as a verdict would have it.
    pub evidence: Value,
}

impl Stands {
    /// It only asks a person to look: nobody is held for it, and it speaks against nobody.
    #[must_use]
    pub fn asks(&self) -> bool {
        self.evidence["advice"] == Advice::Ask.key()
    }
}

/// Longest wait for the members of a finding: scrutiny may be reading the last ten days.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where the latest of it hangs. One that nobody writes to lets nothing settle.
#[derive(Debug)]
pub struct Board {
    checked: ArcSwap<Checked>,
    /// When the end of the journal was last reached, milliseconds UTC.
    caught_up: AtomicU64,
    /// What `caught_up` is told from, in milliseconds: a wall clock that is set is not scrutiny that is behind.
    began: Instant,
    /// Members of clusters that wait because the holds of this hour are used up.
    over_cap: AtomicU64,
    /// Findings that stand now.
    findings: ArcSwap<Vec<Stands>>,
    /// Holds an hour that a person allows, and until when.
    raised: ArcSwapOption<(u64, u64)>,
    questions: mpsc::Sender<Question>,
    asked: Mutex<Option<mpsc::Receiver<Question>>>,
}

impl Default for Board {
    /// One that nobody writes to.
    fn default() -> Self {
        Self::new()
    }
}

impl Board {
    /// One that begins now: as long as nothing has been looked at it counts as behind from here on.
    #[must_use]
    pub fn new() -> Self {
        let (questions, asked) = mpsc::channel(1);
        Self {
            checked: ArcSwap::default(),
            caught_up: AtomicU64::default(),
            began: Instant::now(),
            over_cap: AtomicU64::default(),
            findings: ArcSwap::default(),
            raised: ArcSwapOption::empty(),
            questions,
            asked: Mutex::new(Some(asked)),
        }
    }

    /// Findings that stand now.
    #[must_use]
    pub fn findings(&self) -> Arc<Vec<Stands>> {
        self.findings.load_full()
    }

    /// Who the members of a finding are, held or not; of one that asks a person to look, those who were looked at. Nobody of one
    /// that is not known any more.
    pub async fn members(&self, finding: FindingName) -> Vec<SignatureId> {
        let (reply, answer) = oneshot::channel();
        let asked = async {
            self.questions.send(Question { finding, reply }).await.ok()?;
            answer.await.ok()
        };
        let members = tokio::time::timeout(PATIENCE, asked).await;
        members.ok().flatten().unwrap_or_default()
    }

    /// A person allows so many holds an hour until then, or no more than usual.
    pub fn raise_cap(&self, cap: Option<(u64, u64)>) {
        self.raised.store(cap.map(Arc::new));
    }

    /// Holds an hour that need no person now; `usual` without anybody's word.
    #[must_use]
    pub fn cap(&self, usual: u64, now: Millis) -> u64 {
        match self.raised.load().as_deref() {
            Some((to, until)) if now.0 < *until => usual.max(*to),
            _ => usual,
        }
    }

    /// What is asked of the one thread that follows the journal. Handed out once.
    pub(super) fn take_questions(&self) -> Option<mpsc::Receiver<Question>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(super) fn show(&self, findings: Vec<Stands>) {
        self.findings.store(Arc::new(findings));
    }

    /// What has been looked at by now.
    #[must_use]
    pub fn checked(&self) -> Arc<Checked> {
        self.checked.load_full()
    }

    /// Seconds since the end of the journal was last reached. A thread that is gone falls behind too.
    #[must_use]
    pub fn behind_seconds(&self) -> u64 {
        self.millis().saturating_sub(self.caught_up.load(Ordering::Relaxed)) / 1000
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Members of clusters that wait for a person, because the holds of this hour are used up.
    #[must_use]
    pub fn over_cap(&self) -> u64 {
        self.over_cap.load(Ordering::Relaxed)
    }

    /// The end of the journal was reached, and nothing is different.
    pub(super) fn nothing_new(&self) {
        self.caught_up.store(self.millis(), Ordering::Relaxed);
    }

    pub(super) fn publish(&self, checked: Checked, over_cap: u64) {
        self.checked.store(Arc::new(checked));
        self.over_cap.store(over_cap, Ordering::Relaxed);
        self.nothing_new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_looked_at_waits() {
        let (one, two) = (SignatureId([1; 16]), SignatureId([2; 16]));
        let board = Board::new();
        assert_eq!(board.checked().settles_up_to(Millis(900), 3), Millis(0));
        board.publish(Checked::new(3, Millis(800), HashSet::from([two])), 7);
        let checked = board.checked();
        assert_eq!(checked.settles_up_to(Millis(900), 3), Millis(900));
        assert_eq!(checked.settles_up_to(Millis(900), 4), Millis(799));
        assert!(checked.passes(one) && !checked.passes(two));
        assert_eq!((board.over_cap(), board.behind_seconds()), (7, 0));
    }

    #[test]
    fn a_cap_is_raised_for_a_while_and_never_lowered() {
        let board = Board::new();
        assert_eq!(board.cap(5_000, Millis(100)), 5_000);
        board.raise_cap(Some((20_000, 200)));
        assert_eq!(
            (board.cap(5_000, Millis(199)), board.cap(5_000, Millis(200))),
            (20_000, 5_000)
        );
        assert_eq!(board.cap(50_000, Millis(100)), 50_000, "the configuration allows more");
        board.raise_cap(None);
        assert_eq!(board.cap(5_000, Millis(100)), 5_000);
    }
}
