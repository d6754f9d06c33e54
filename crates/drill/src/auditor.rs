//! Knows the truth and compares it with the count that is shown. Shares no code with the tally.
//!
//! Everything that happened is written down with its times; truth at any instant is computed from that record when it
//! is asked for. So an answer that was still on its way at a check is known by the end, and what never was answered
//! leaves truth a range instead of a guess.

use std::collections::HashMap;

/// Whose mailbox it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mailbox {
    /// The honest person of this index in the plan.
    Honest(usize),
    /// A forger's own address, by its number.
    Forged(u32),
}

/// `GET /p/{slug}/count.json`, as far as the auditor reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The displayed count.
    pub counted: u64,
    /// Time up to which every event is included, milliseconds since 1970.
    pub as_of: i64,
    /// Milliseconds between confirmation and count.
    pub settle_after: i64,
}

/// What is known of one action on one mailbox.
#[derive(Clone, Copy, Debug, Default)]
struct Act {
    // First request that has not been answered; the server may have acted at any time since.
    unanswered_since: Option<i64>,
    // An attempt was lost: a later refusal proves nothing about it.
    lost: bool,
    // The server's own time of the event, from its answer.
    done: Option<i64>,
}

impl Act {
    fn sent(&mut self, now: i64) {
        self.unanswered_since.get_or_insert(now);
    }

    fn certain_by(self, instant: i64) -> bool {
        self.done.is_some_and(|at| at <= instant)
    }

    fn possible_by(self, instant: i64) -> bool {
        self.done.or(self.unanswered_since).is_some_and(|at| at <= instant)
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Life {
    confirm: Act,
    withdraw: Act,
}

/// Least and most that the count may be without being wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Truth {
    /// Certainly counted.
    pub least: u64,
    /// Certainly or possibly counted.
    pub most: u64,
}

impl Truth {
    /// The possible truth nearest to a shown number.
    #[must_use]
    pub fn nearest(self, shown: u64) -> u64 {
        shown.clamp(self.least, self.most.max(self.least))
    }

    /// Distance of a shown number from any possible truth.
    #[must_use]
    pub fn error(self, shown: u64) -> u64 {
        shown.abs_diff(self.nearest(shown))
    }
}

/// One comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Check {
    /// Seconds since the drill's start.
    pub at: f64,
    /// What was shown.
    pub shown: Shown,
    /// What had to be shown.
    pub truth: Truth,
    /// Least that had to be shown, though everybody who is watched was made to wait for as long as may be.
    pub owed: u64,
    /// Forged mailboxes that the server let confirm and whose time to be counted had come, at most.
    pub forged_due: u64,
    /// Of these, those whom nothing may make wait any longer.
    pub forged_owed: u64,
}

/// Writes down what happened and what was shown.
#[derive(Debug, Default)]
pub struct Auditor {
    lives: HashMap<Mailbox, Life>,
    // Addresses outside the plan with the arrival of their first mail: whether they confirmed is not ours to know.
    guests: HashMap<String, i64>,
    shown: Vec<(f64, Shown)>,
    baseline: u64,
    tolerance: i64,
    wait: i64,
    outside_window: u64,
}

/// Checks written down at most: a day of one a second.
const CHECKS: usize = 86_400;

impl Auditor {
    /// `baseline` is the count before the drill. In milliseconds, `tolerance` is for the server's clock, and `wait` how much later
    /// than it is due a signature may be counted, as scrutiny watches it.
    #[must_use]
    pub fn new(baseline: u64, tolerance: i64, wait: i64) -> Self {
        Self {
            baseline,
            tolerance,
            wait,
            ..Self::default()
        }
    }

    /// Count before the drill.
    #[must_use]
    pub fn baseline(&self) -> u64 {
        self.baseline
    }

    /// A confirmation is about to be sent.
    pub fn confirm_sent(&mut self, mailbox: Mailbox, now: i64) {
        self.lives.entry(mailbox).or_default().confirm.sent(now);
    }

    /// The server acknowledged it with its own time; `received` is when the answer came.
    pub fn confirm_acknowledged(&mut self, mailbox: Mailbox, confirmed_at: i64, received: i64) {
        let (life, tolerance) = (self.lives.entry(mailbox).or_default(), self.tolerance);
        if acknowledge(&mut life.confirm, confirmed_at, received, tolerance) {
            self.outside_window += 1;
        }
    }

    /// The connection died: the server may have acted or not.
    pub fn confirm_lost(&mut self, mailbox: Mailbox) {
        self.lives.entry(mailbox).or_default().confirm.lost = true;
    }

    /// The server said no: it has not acted, unless an earlier attempt was lost.
    pub fn confirm_refused(&mut self, mailbox: Mailbox) {
        refuse(&mut self.lives.entry(mailbox).or_default().confirm);
    }

    /// A withdrawal is about to be sent.
    pub fn withdraw_sent(&mut self, mailbox: Mailbox, now: i64) {
        self.lives.entry(mailbox).or_default().withdraw.sent(now);
    }

    /// The server acknowledged it with its own time.
    pub fn withdraw_acknowledged(&mut self, mailbox: Mailbox, at: i64, received: i64) {
        let (life, tolerance) = (self.lives.entry(mailbox).or_default(), self.tolerance);
        if acknowledge(&mut life.withdraw, at, received, tolerance) {
            self.outside_window += 1;
        }
    }

    /// The connection died during a withdrawal.
    pub fn withdraw_lost(&mut self, mailbox: Mailbox) {
        self.lives.entry(mailbox).or_default().withdraw.lost = true;
    }

    /// The server refused a withdrawal.
    pub fn withdraw_refused(&mut self, mailbox: Mailbox) {
        refuse(&mut self.lives.entry(mailbox).or_default().withdraw);
    }

    /// Someone outside the plan received a mail, and may confirm by hand from then on.
    pub fn guest(&mut self, address: &str, arrived: i64) {
        if !self.guests.contains_key(address) {
            self.guests.insert(address.to_owned(), arrived);
        }
    }

    /// How many people outside the plan received a mail.
    #[must_use]
    pub fn guests(&self) -> u64 {
        self.guests.len() as u64
    }

    /// Writes down a shown count, `at` seconds since the start.
    pub fn saw(&mut self, at: f64, shown: Shown) {
        if self.shown.len() < CHECKS {
            self.shown.push((at, shown));
        }
    }

    /// What a count as of an instant has to be, by what is known now.
    #[must_use]
    pub fn truth(&self, shown: &Shown) -> Truth {
        let cutoff = shown.as_of - shown.settle_after;
        let mut truth = Truth {
            least: self.baseline,
            most: self.baseline,
        };
        for (mailbox, life) in &self.lives {
            if matches!(mailbox, Mailbox::Honest(_)) {
                let (certain, possible) = counted(life, cutoff, shown.as_of);
                truth.least += u64::from(certain);
                truth.most += u64::from(possible);
            }
        }
        truth.most += self.guests.values().filter(|&&arrived| arrived <= cutoff).count() as u64;
        truth
    }

    /// The comparison for one shown count, by what is known now.
    #[must_use]
    pub fn check(&self, at: f64, shown: Shown) -> Check {
        let cutoff = shown.as_of - shown.settle_after;
        let mut check = Check {
            at,
            shown,
            truth: self.truth(&shown),
            owed: self.baseline,
            forged_due: 0,
            forged_owed: 0,
        };
        for (mailbox, life) in &self.lives {
            let (owed, _) = counted(life, cutoff - self.wait, shown.as_of);
            match mailbox {
                Mailbox::Honest(_) => check.owed += u64::from(owed),
                Mailbox::Forged(_) => {
                    check.forged_due += u64::from(counted(life, cutoff, shown.as_of).1);
                    check.forged_owed += u64::from(owed);
                }
            }
        }
        check
    }

    /// Every comparison so far, by what is known now.
    #[must_use]
    pub fn checks(&self) -> Vec<Check> {
        self.shown.iter().map(|&(at, shown)| self.check(at, shown)).collect()
    }

    /// The latest comparison.
    #[must_use]
    pub fn latest(&self) -> Option<Check> {
        self.shown.last().map(|&(at, shown)| self.check(at, shown))
    }

    /// From when on a count includes everything known: the last settling or withdrawal, if there was any.
    #[must_use]
    pub fn complete_from(&self, settle_after: i64) -> Option<i64> {
        let settled = self
            .lives
            .values()
            .filter_map(|life| life.confirm.done)
            .map(|at| at + settle_after);
        settled
            .chain(self.lives.values().filter_map(|life| life.withdraw.done))
            .max()
    }

    /// How many acknowledged times lay outside request and answer.
    #[must_use]
    pub fn outside_window(&self) -> u64 {
        self.outside_window
    }

    /// Confirmations and withdrawals that never got an answer.
    #[must_use]
    pub fn unanswered(&self) -> u64 {
        let acts = self.lives.values().flat_map(|life| [life.confirm, life.withdraw]);
        acts.filter(|act| act.done.is_none() && act.unanswered_since.is_some())
            .count() as u64
    }
}

/// Whether a mailbox certainly is, and possibly is, in a count.
fn counted(life: &Life, cutoff: i64, as_of: i64) -> (bool, bool) {
    let certain = life.confirm.certain_by(cutoff) && !life.withdraw.possible_by(as_of);
    let possible = life.confirm.possible_by(cutoff) && !life.withdraw.certain_by(as_of);
    (certain, possible)
}

/// Takes the server's time over; true if it lies outside request and answer.
fn acknowledge(act: &mut Act, at: i64, received: i64, tolerance: i64) -> bool {
    let sent = act.unanswered_since.unwrap_or(at);
    // A second acknowledgement (same link again) does not move the first.
    let first = act.done.is_none();
    act.done.get_or_insert(at);
    first && !(sent - tolerance..=received + tolerance).contains(&at)
}

fn refuse(act: &mut Act) {
    if !act.lost && act.done.is_none() {
        act.unanswered_since = None;
    }
}

#[cfg(test)]
mod tests {
    use super::{Auditor, Mailbox::Forged, Mailbox::Honest, Shown, Truth};

    fn as_of(as_of: i64, counted: u64) -> Shown {
        Shown {
            counted,
            as_of,
            settle_after: 1000,
        }
    }

    #[test]
    fn truth_follows_confirmations_withdrawals_and_the_same_clock() {
        let mut auditor = Auditor::new(10, 0, 0);
        for (person, at) in [(0, 100), (1, 200), (2, 300)] {
            auditor.confirm_sent(Honest(person), at - 5);
            auditor.confirm_acknowledged(Honest(person), at, at + 5);
        }
        auditor.withdraw_sent(Honest(1), 1490);
        auditor.withdraw_acknowledged(Honest(1), 1500, 1510);
        let truth = |instant| auditor.truth(&as_of(instant, 0));
        assert_eq!(truth(1099), Truth { least: 10, most: 10 });
        assert_eq!(truth(1100), Truth { least: 11, most: 11 });
        assert_eq!(truth(1300), Truth { least: 13, most: 13 });
        assert_eq!(truth(1489), Truth { least: 13, most: 13 });
        assert_eq!(truth(1500), Truth { least: 12, most: 12 });
        assert_eq!(auditor.complete_from(1000), Some(1500));
        assert_eq!(auditor.outside_window(), 0);
    }

    #[test]
    fn a_lost_answer_makes_truth_a_range_until_it_is_known() {
        let mut auditor = Auditor::new(0, 0, 0);
        auditor.confirm_sent(Honest(0), 100);
        auditor.confirm_lost(Honest(0));
        assert_eq!(auditor.truth(&as_of(1099, 0)), Truth { least: 0, most: 0 });
        let range = auditor.truth(&as_of(1100, 0));
        assert_eq!(range, Truth { least: 0, most: 1 });
        assert_eq!((range.error(0), range.error(1), range.error(3)), (0, 0, 2));
        // The link is dead afterwards: perhaps because the lost attempt spent it.
        auditor.confirm_refused(Honest(0));
        assert_eq!(auditor.truth(&as_of(1100, 0)), Truth { least: 0, most: 1 });
        // The same link again tells when it happened; earlier checks are judged by that.
        auditor.confirm_acknowledged(Honest(0), 150, 400);
        assert_eq!(auditor.truth(&as_of(1149, 0)), Truth { least: 0, most: 0 });
        assert_eq!(auditor.truth(&as_of(1150, 0)), Truth { least: 1, most: 1 });
        auditor.withdraw_sent(Honest(0), 2000);
        auditor.withdraw_lost(Honest(0));
        assert_eq!(auditor.truth(&as_of(1999, 0)), Truth { least: 1, most: 1 });
        assert_eq!(auditor.truth(&as_of(2000, 0)), Truth { least: 0, most: 1 });
        assert_eq!(auditor.unanswered(), 1);
    }

    #[test]
    fn whom_scrutiny_watches_is_owed_a_place_in_the_count_when_the_wait_is_over() {
        let mut auditor = Auditor::new(10, 0, 500);
        auditor.confirm_sent(Honest(0), 95);
        auditor.confirm_acknowledged(Honest(0), 100, 105);
        let owed = |instant| {
            let check = auditor.check(0.0, as_of(instant, 10));
            (check.truth.least, check.owed)
        };
        assert_eq!([owed(1099), owed(1100)], [(10, 10), (11, 10)]);
        assert_eq!([owed(1599), owed(1600)], [(11, 10), (11, 11)]);
    }

    #[test]
    fn a_plain_refusal_counts_for_nothing() {
        let mut auditor = Auditor::new(0, 0, 0);
        auditor.confirm_sent(Honest(0), 100);
        auditor.confirm_refused(Honest(0));
        assert_eq!(auditor.truth(&as_of(9000, 0)), Truth { least: 0, most: 0 });
    }

    #[test]
    fn a_forger_who_confirms_is_never_part_of_the_truth() {
        let mut auditor = Auditor::new(0, 0, 0);
        auditor.confirm_sent(Forged(7), 100);
        auditor.confirm_acknowledged(Forged(7), 100, 101);
        let check = auditor.check(0.0, as_of(1100, 1));
        assert_eq!((check.truth, check.forged_due), (Truth { least: 0, most: 0 }, 1));
        assert_eq!(check.truth.error(check.shown.counted), 1);
    }

    #[test]
    fn a_guest_may_or_may_not_be_counted_and_a_wrong_clock_is_noticed() {
        let mut auditor = Auditor::new(0, 50, 0);
        auditor.guest("me@example.org", 100);
        assert_eq!(auditor.truth(&as_of(1100, 0)), Truth { least: 0, most: 1 });
        auditor.confirm_sent(Honest(0), 1000);
        auditor.confirm_acknowledged(Honest(0), 900, 1100);
        assert_eq!(auditor.outside_window(), 1);
    }
}
