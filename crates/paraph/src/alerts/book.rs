//! Which alerts are open, and who is to be told what, when. A pure state machine: sightings, acknowledgements and the
//! time go in, notices come out. It is kept in a file, so a process that dies forgets nothing.
//!
//! ```text
//!            seen                      due                 acknowledged
//!   (none) ───────► open, not told ───────► open, told ─────────────────► open, quiet
//!                        │  gone              │ ▲ │ due: again, later to both lists   │
//!                        ▼                    │ └─┘                                  │ gone for a while
//!                     (none)                  └───────────────────► over ◄───────────┘
//!                                                gone for a while    │ told, or tried often enough
//!                                                                    ▼
//!                                                                  (none)
//! ```

use std::collections::BTreeMap;

use paraph_tally::Millis;
use serde::{Deserialize, Serialize};

use crate::limits::Limits;

/// What can be wrong. One alert each at most: the number of alerts is bounded by this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Alarm {
    /// The store refuses to record, or its writer has stopped.
    #[serde(alias = "store_refuses")]
    StoreRefuses,
    /// Free space is below its floor: signing is paused.
    #[serde(alias = "disk_low")]
    DiskLow,
    /// Journal and ledger differ, or a file has faults.
    #[serde(alias = "ledger_differs")]
    LedgerDiffers,
    /// People are sent away because the lanes of signing are full.
    #[serde(alias = "signing_shed")]
    SigningShed,
    /// Scrutiny does not keep up with the journal, or has stopped: nothing settles.
    #[serde(alias = "scrutiny_behind")]
    ScrutinyBehind,
    /// More is to be held than an hour allows without a person; the rest waits outside the count.
    #[serde(alias = "holds_at_cap")]
    HoldsAtCap,
    /// An attack is under way, and is being set aside.
    Incident,
    /// Mail has not left for too long.
    #[serde(alias = "mail_stuck")]
    MailStuck,
    /// The clock was set by more than a few seconds.
    #[serde(alias = "clock_stepped")]
    ClockStepped,
    /// A reload was refused: the configuration before it is in force.
    #[serde(alias = "reload_refused")]
    ReloadRefused,
    /// The keys of erased records cannot be destroyed.
    ErasuresWait,
    /// What was kept of an incident cannot be read: the server goes on without it, and no backup is made.
    IncidentUnreadable,
    /// The certificate of visitors has little time left, and nobody renewed it.
    #[serde(alias = "certificate_ends")]
    CertificateEnds,
    /// The certificate of visitors is over, or there is none.
    #[serde(alias = "certificate_over")]
    CertificateOver,
    /// Nothing is wrong: somebody tries the channels.
    Test,
}

impl Alarm {
    /// Name in texts, files and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::StoreRefuses => "store-refuses",
            Self::DiskLow => "disk-low",
            Self::LedgerDiffers => "ledger-differs",
            Self::SigningShed => "signing-shed",
            Self::ScrutinyBehind => "scrutiny-behind",
            Self::HoldsAtCap => "holds-at-cap",
            Self::Incident => "incident",
            Self::MailStuck => "mail-stuck",
            Self::ClockStepped => "clock-stepped",
            Self::ReloadRefused => "reload-refused",
            Self::ErasuresWait => "erasures-wait",
            Self::IncidentUnreadable => "incident-unreadable",
            Self::CertificateEnds => "certificate-ends",
            Self::CertificateOver => "certificate-over",
            Self::Test => "test",
        }
    }

    /// Whether the displayed count can be trusted meanwhile.
    #[must_use]
    pub fn count_is_safe(self) -> bool {
        self != Self::LedgerDiffers
    }

    /// Whether people can sign meanwhile.
    #[must_use]
    pub fn people_can_sign(self) -> bool {
        !matches!(
            self,
            Self::StoreRefuses | Self::DiskLow | Self::SigningShed | Self::CertificateOver
        )
    }

    /// Whether it is worth getting up for. What is not can wait for the morning: nothing is lost.
    #[must_use]
    pub fn act_now(self) -> bool {
        !matches!(
            self,
            Self::HoldsAtCap
                | Self::Incident
                | Self::MailStuck
                | Self::ReloadRefused
                | Self::ErasuresWait
                | Self::IncidentUnreadable
                | Self::CertificateEnds
                | Self::Test
        )
    }

    /// Whether it is an event without an end that could be seen: it is over when somebody has acknowledged it.
    fn ends_with_acknowledgement(self) -> bool {
        self == Self::ClockStepped
    }
}

/// An alert that somebody is to know of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// Its name, random; what is acknowledged.
    pub id: String,
    /// When it was first seen.
    #[serde(with = "millis")]
    pub since: Millis,
    /// Whether telling it has begun: from then on its end is told too, even if nobody knows yet whether anybody heard.
    pub begun: bool,
    /// How often it has been told.
    pub told: u32,
    /// When it is told next, unless it is acknowledged.
    #[serde(with = "millis")]
    pub next: Millis,
    /// When somebody said that they are at work on it.
    #[serde(with = "maybe_millis")]
    pub acknowledged: Option<Millis>,
    /// When it was last seen: it is over when that is a while ago.
    #[serde(with = "millis")]
    pub seen: Millis,
    /// When it was over, until that has been told.
    #[serde(with = "maybe_millis")]
    pub over: Option<Millis>,
    /// How often in a row nobody could be reached.
    pub unheard: u32,
}

/// Who is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Circle {
    /// The people on duty.
    First,
    /// Also those behind them.
    Both,
}

/// What is to be sent now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What is wrong, or was.
    pub alarm: Alarm,
    /// Its name.
    pub id: String,
    /// When it was first seen.
    pub since: Millis,
    /// How often it was told before.
    pub told: u32,
    /// When it was over; `None` while it is not.
    pub over: Option<Millis>,
    /// To whom.
    pub to: Circle,
    /// Held signatures that await a decision, as whoever sends it knows.
    pub held: u64,
}

/// How alerts are repeated, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Rhythm {
    repeat: u64,
    repeat_most: u64,
    escalate_after: u32,
    quiet: u64,
}

impl Rhythm {
    /// As the configuration says.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            repeat: limits.alert_repeat_seconds * 1000,
            repeat_most: limits.alert_repeat_most_seconds.max(limits.alert_repeat_seconds) * 1000,
            escalate_after: u32::try_from(limits.alert_escalate_after).unwrap_or(u32::MAX),
            quiet: limits.alert_quiet_seconds * 1000,
        }
    }

    /// For what a person checked: over at once.
    #[must_use]
    pub fn without_quiet(self) -> Self {
        Self { quiet: 0, ..self }
    }

    /// Steady until the second list is told too, then slower and slower, never silent.
    fn wait(&self, told: u32) -> u64 {
        let doublings = told.saturating_sub(self.escalate_after + 1).min(16);
        (self.repeat << doublings).min(self.repeat_most)
    }

    fn circle(&self, told: u32) -> Circle {
        if told >= self.escalate_after {
            Circle::Both
        } else {
            Circle::First
        }
    }
}

/// When nobody could be reached, it is tried again this soon, and the second list is told as well.
const UNHEARD_AGAIN: u64 = 30_000;
/// So often "it is over" is tried before the alert is forgotten.
const OVER_TRIES: u32 = 20;

/// All open alerts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book {
    open: BTreeMap<Alarm, Open>,
}

impl Book {
    /// Taken up by a new process: what is over has to show that again, as nobody has looked meanwhile.
    pub fn take_up(&mut self, now: Millis) {
        self.open.values_mut().for_each(|open| open.seen = now);
    }

    /// Whether another book would tell the same; when each alert was last seen does not matter for that.
    #[must_use]
    pub fn tells_the_same(&self, other: &Self) -> bool {
        let telling = |open: &Open| (open.next, open.acknowledged, open.over);
        let all = |book: &Self| -> Vec<_> { book.open.iter().map(|(alarm, open)| (*alarm, telling(open))).collect() };
        all(self) == all(other)
    }

    /// Something is wrong, still or again. `id` names the alert if it is a new one.
    pub fn seen(&mut self, alarm: Alarm, id: &str, now: Millis) {
        let fresh = Open {
            id: id.to_owned(),
            since: now,
            begun: false,
            told: 0,
            next: now,
            acknowledged: None,
            seen: now,
            over: None,
            unheard: 0,
        };
        let open = self.open.entry(alarm).or_insert(fresh);
        open.seen = now;
        if open.over.take().is_some() {
            // Back before its end was told: the same trouble, and whoever had it in hand may have gone to bed.
            open.acknowledged = None;
            open.next = now;
        }
    }

    /// It is not wrong now. Over when that has lasted: what flickers is one alert.
    pub fn gone(&mut self, alarm: Alarm, rhythm: &Rhythm, now: Millis) {
        let Some(open) = self.open.get_mut(&alarm) else { return };
        if open.over.is_some() || now.0.saturating_sub(open.seen.0) < rhythm.quiet {
            return;
        }
        if !open.begun {
            self.open.remove(&alarm);
            return;
        }
        (open.over, open.next, open.unheard) = (Some(now), now, 0);
    }

    /// Somebody is at work on it. False if there is no such alert.
    pub fn acknowledge(&mut self, id: &str, now: Millis) -> bool {
        let Some((alarm, open)) = self.open.iter_mut().find(|(_, open)| open.id == id) else {
            return false;
        };
        let alarm = *alarm;
        open.acknowledged.get_or_insert(now);
        if alarm.ends_with_acknowledgement() {
            self.open.remove(&alarm);
        }
        true
    }

    /// What is to be told now. Ask, keep the book on the disk, send, then say what became of it with [`Book::told`].
    #[must_use]
    pub fn due(&mut self, rhythm: &Rhythm, now: Millis) -> Vec<Notice> {
        let is_due = |open: &Open| open.next <= now && (open.over.is_some() || open.acknowledged.is_none());
        let due = self.open.iter_mut().filter(|(_, open)| is_due(open));
        due.map(|(alarm, open)| {
            open.begun = true;
            Notice {
                alarm: *alarm,
                id: open.id.clone(),
                since: open.since,
                told: open.told,
                over: open.over,
                to: if open.unheard > 0 {
                    Circle::Both
                } else {
                    rhythm.circle(open.told)
                },
                held: 0,
            }
        })
        .collect()
    }

    /// What became of a notice: whether anybody was reached.
    pub fn told(&mut self, notice: &Notice, reached: bool, rhythm: &Rhythm, now: Millis) {
        let Some(open) = self.open.get_mut(&notice.alarm).filter(|open| open.id == notice.id) else {
            return;
        };
        if notice.over.is_none() && open.over.is_some() {
            // Over while it was being told: its end is due already.
            open.told = open.told.saturating_add(u32::from(reached));
            return;
        }
        if open.over.is_none() && reached {
            (open.told, open.unheard) = (open.told.saturating_add(1), 0);
            open.next = Millis(now.0 + rhythm.wait(open.told));
            return;
        }
        open.unheard = open.unheard.saturating_add(1);
        open.next = Millis(now.0 + UNHEARD_AGAIN);
        // Seen again while it was being told: then it is not over.
        let told_its_end = notice.over.is_some() && open.over.is_some();
        if told_its_end && (reached || open.unheard >= OVER_TRIES) {
            self.open.remove(&notice.alarm);
        }
    }

    /// Every open alert.
    pub fn open(&self) -> impl Iterator<Item = (Alarm, &Open)> {
        self.open.iter().map(|(alarm, open)| (*alarm, open))
    }

    /// An alert by its name.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<(Alarm, &Open)> {
        self.open().find(|(_, open)| open.id == id)
    }
}

/// Times as numbers in the file.
mod millis {
    use paraph_tally::Millis;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(at: &Millis, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(at.0)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Millis, D::Error> {
        u64::deserialize(from).map(Millis)
    }
}

/// Times that may be missing.
mod maybe_millis {
    use paraph_tally::Millis;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(at: &Option<Millis>, to: S) -> Result<S::Ok, S::Error> {
        at.map(|at| at.0).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Millis>, D::Error> {
        Ok(Option::<u64>::deserialize(from)?.map(Millis))
    }
}

#[cfg(test)]
mod tests {
    use paraph_tally::Millis;

    use super::{Alarm, Book, Circle, Notice, Rhythm};

    const RHYTHM: Rhythm = Rhythm {
        repeat: 300_000,
        repeat_most: 3_600_000,
        escalate_after: 3,
        quiet: 60_000,
    };

    /// Programs and people read the same name; a book of a version that wrote another one is still read.
    #[test]
    fn an_alarm_has_one_name() {
        let json = |text: &str| serde_json::from_str::<Alarm>(text).expect(text);
        for alarm in [
            Alarm::HoldsAtCap,
            Alarm::StoreRefuses,
            Alarm::Incident,
            Alarm::CertificateOver,
        ] {
            let written = serde_json::to_string(&alarm).expect("a name");
            assert_eq!(written, format!("\"{}\"", alarm.name()));
            assert_eq!(json(&written), alarm);
            assert_eq!(json(&written.replace('-', "_")), alarm);
        }
    }

    /// Runs the book from one time to another, second by second, and tells what was sent and when.
    fn run(book: &mut Book, from: u64, to: u64, reached: bool) -> Vec<(u64, Notice)> {
        let mut sent = Vec::new();
        for second in from..to {
            let now = Millis(second * 1000);
            for notice in book.due(&RHYTHM, now) {
                book.told(&notice, reached, &RHYTHM, now);
                sent.push((second, notice));
            }
        }
        sent
    }

    #[test]
    fn an_alert_is_repeated_escalated_slowed_down_and_never_silent() {
        let mut book = Book::default();
        book.seen(Alarm::DiskLow, "a", Millis(0));
        let sent = run(&mut book, 0, 7 * 3600, true);
        let times: Vec<u64> = sent.iter().map(|(at, _)| *at).take(7).collect();
        assert_eq!(times, [0, 300, 600, 900, 1200, 1800, 3000]);
        let circles: Vec<Circle> = sent.iter().map(|(_, notice)| notice.to).take(5).collect();
        assert_eq!(
            circles,
            [Circle::First, Circle::First, Circle::First, Circle::Both, Circle::Both]
        );
        let last = sent.len() - 1;
        assert_eq!(sent[last].0 - sent[last - 1].0, 3600, "the longest pause");
    }

    #[test]
    fn acknowledged_it_is_quiet_and_its_end_is_told_once() {
        let mut book = Book::default();
        book.seen(Alarm::MailStuck, "a", Millis(0));
        assert_eq!(run(&mut book, 0, 10, true).len(), 1);
        assert!(!book.acknowledge("b", Millis(10_000)) && book.acknowledge("a", Millis(10_000)));
        assert_eq!(run(&mut book, 10, 4000, true), []);
        book.seen(Alarm::MailStuck, "b", Millis(4_000_000));
        book.gone(Alarm::MailStuck, &RHYTHM, Millis(4_030_000));
        assert_eq!(run(&mut book, 4030, 4050, true), [], "it flickers");
        book.gone(Alarm::MailStuck, &RHYTHM, Millis(4_060_000));
        let sent = run(&mut book, 4060, 9000, true);
        assert_eq!(sent.len(), 1);
        assert_eq!((sent[0].1.over, sent[0].1.id.as_str()), (Some(Millis(4_060_000)), "a"));
        assert_eq!(book.open().count(), 0);
    }

    #[test]
    fn what_is_back_before_its_end_was_told_is_the_same_alert_and_told_again() {
        let mut book = Book::default();
        book.seen(Alarm::StoreRefuses, "a", Millis(0));
        run(&mut book, 0, 1, true);
        book.acknowledge("a", Millis(1));
        book.gone(Alarm::StoreRefuses, &RHYTHM, Millis(70_000));
        book.seen(Alarm::StoreRefuses, "b", Millis(70_000));
        let sent = run(&mut book, 70, 71, true);
        assert_eq!((sent.len(), sent[0].1.over, sent[0].1.id.as_str()), (1, None, "a"));
    }

    #[test]
    fn when_nobody_is_reached_everybody_is_tried_soon_and_the_end_is_given_up_at_last() {
        let mut book = Book::default();
        book.seen(Alarm::DiskLow, "a", Millis(0));
        let sent = run(&mut book, 0, 100, false);
        let seen: Vec<(u64, Circle)> = sent.iter().map(|(at, notice)| (*at, notice.to)).collect();
        assert_eq!(
            seen,
            [
                (0, Circle::First),
                (30, Circle::Both),
                (60, Circle::Both),
                (90, Circle::Both)
            ]
        );
        book.gone(Alarm::DiskLow, &RHYTHM, Millis(100_000));
        assert_eq!(run(&mut book, 100, 100_000, false).len(), 20);
        assert_eq!(book.open().count(), 0);
    }

    #[test]
    fn an_end_that_comes_while_the_beginning_is_on_its_way_is_told_at_once() {
        let mut book = Book::default();
        book.seen(Alarm::LedgerDiffers, "a", Millis(0));
        let due = book.due(&RHYTHM, Millis(0));
        book.gone(Alarm::LedgerDiffers, &RHYTHM.without_quiet(), Millis(1000));
        book.told(&due[0], true, &RHYTHM, Millis(2000));
        let sent = run(&mut book, 2, 100, true);
        assert_eq!((sent.len(), sent[0].0, sent[0].1.over), (1, 2, Some(Millis(1000))));
    }

    #[test]
    fn what_nobody_was_told_of_ends_without_a_word_and_a_step_of_the_clock_with_its_acknowledgement() {
        let mut book = Book::default();
        book.seen(Alarm::SigningShed, "a", Millis(0));
        book.gone(Alarm::SigningShed, &RHYTHM, Millis(60_000));
        book.seen(Alarm::ClockStepped, "c", Millis(60_000));
        assert_eq!(run(&mut book, 60, 70, true).len(), 1);
        assert!(book.acknowledge("c", Millis(70_000)));
        assert_eq!((book.open().count(), run(&mut book, 70, 10_000, true).len()), (0, 0));
    }

    #[test]
    fn a_book_that_was_kept_goes_on_where_it_was() {
        let mut book = Book::default();
        book.seen(Alarm::LedgerDiffers, "a", Millis(0));
        run(&mut book, 0, 301, true);
        let kept = serde_json::to_string(&book).expect("written");
        let mut again: Book = serde_json::from_str(&kept).expect("read");
        assert_eq!(again, book);
        let sent = run(&mut again, 301, 601, true);
        assert_eq!((sent.len(), sent[0].0, sent[0].1.told), (1, 600, 2));
    }
}
