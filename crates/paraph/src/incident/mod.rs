//! What people decide during an attack: look at signatures by a condition, see what a verdict would do, give it, take it back.
//!
//! ```text
//! condition.rs  whom a person means         preview.rs   what a verdict would do, with samples
//! office.rs     previews, verdicts, undoing second_way.rs held people are asked, and their answers decided about
//! book.rs       incidents, a state machine  watch.rs     what it is told, and that it is kept
//! concern.rs    which one a verdict concerns    aside.rs  how many stand set aside by one
//! departures.rs when the mails that ask them leave
//! log.rs        the story of an incident: what was seen, and the shift log
//! findings.rs   what scrutiny says now, and what it held
//! sources.rs    through which networks came what is held
//! answers.rs    answers of held people, those alike and those apart
//! ```

pub mod answers;
mod aside;
pub mod book;
mod concern;
pub mod condition;
pub mod departures;
pub mod findings;
pub mod log;
mod office;
pub mod preview;
pub mod second_way;
pub mod sources;
pub mod watch;

use paraph_tally::VerdictKind;
use serde::{Deserialize, Serialize};

use crate::intake::command::Malformed;
use book::Incident;
use condition::Condition;
use findings::{Found, Now};
use log::{Told, Who};
pub use office::{Office, WaysBack};
use preview::Preview;
use second_way::{Ask, AskPreview, AskedSoFar};

/// Directions of a verdict, as they are typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Direction {
    /// Set aside until someone looks.
    Hold,
    /// Held no more.
    Release,
    /// Judged not to count.
    Invalidate,
    /// Judged so no more.
    Reinstate,
    /// An invalidation taken back: held where it was held before. Nobody types it; what takes a verdict back says it.
    Restore,
}

impl Direction {
    /// Its name in forms and texts.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Release => "release",
            Self::Invalidate => "invalidate",
            Self::Reinstate => "reinstate",
            Self::Restore => "restore",
        }
    }
}

impl From<Direction> for VerdictKind {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Hold => Self::Held,
            Direction::Release => Self::Released,
            Direction::Invalidate => Self::Invalidated,
            Direction::Reinstate => Self::Reinstated,
            Direction::Restore => Self::Restored,
        }
    }
}

impl From<VerdictKind> for Direction {
    fn from(kind: VerdictKind) -> Self {
        match kind {
            VerdictKind::Held => Self::Hold,
            VerdictKind::Released => Self::Release,
            VerdictKind::Invalidated => Self::Invalidate,
            VerdictKind::Reinstated => Self::Reinstate,
            VerdictKind::Restored => Self::Restore,
        }
    }
}

/// A verdict that somebody is about to give.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Motion {
    /// Slug of the petition.
    pub petition: String,
    /// Which way.
    pub direction: Direction,
    /// Whom it is about.
    pub condition: Condition,
    /// Name of the reason.
    pub reason: String,
    /// What its author says about it.
    pub note: String,
    /// Position of the verdict that it takes back.
    pub undoes: Option<u64>,
    /// What its preview said: it is not given on others.
    #[serde(default)]
    pub previewed: Option<Previewed>,
}

/// How many a preview said that a verdict judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Previewed {
    /// Those who are left of them may be judged.
    AtMost(u64),
    /// Exactly so many, or somebody looks again.
    Exactly(u64),
}

impl Previewed {
    /// Whether so many may be judged now.
    #[must_use]
    pub fn allows(self, judged: u64) -> bool {
        match self {
            Self::AtMost(previewed) => judged <= previewed,
            Self::Exactly(previewed) => judged == previewed,
        }
    }
}

/// What is asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum IncidentCommand {
    /// Incidents, and the latest verdicts.
    IncidentList,
    /// One incident.
    IncidentShow(u64),
    /// One verdict.
    IncidentVerdict(u64),
    /// A line for the shift log of the latest incident.
    IncidentNote(u64, String),
    /// What a verdict would do.
    IncidentPreview(Motion),
    /// A verdict.
    IncidentJudge(Motion),
    /// The motion that would take a verdict back.
    IncidentUndo(u64),
    /// Whom the second way would be offered to.
    IncidentAskPreview(Ask),
    /// It is offered.
    IncidentAsk(Ask),
    /// Mails of the second way of an incident that have not left are called back.
    IncidentCallBack(u64),
    /// More holds an hour need no person, for a while: the open incident, how many, for how many minutes.
    IncidentRaiseCap(u64, u64, Option<u64>),
    /// No longer.
    IncidentLowerCap(u64),
}

/// An incident as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// What the program keeps of it.
    pub incident: Incident,
    /// What was seen, decided, written and done, by whom.
    pub story: Vec<Told>,
    /// The moment of awareness, milliseconds UTC.
    pub aware_at: Option<u64>,
    /// What was found in it.
    pub findings: Vec<Found>,
    /// How those stand now who were held or invalidated in it.
    pub now: Now,
    /// Held people who were asked, and their answers.
    pub second_way: AskedSoFar,
}

/// What becomes of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum IncidentAnswer {
    /// Incidents and verdicts, the latest first, and findings that wait for a person.
    List(Vec<Incident>, Vec<Listed>, Vec<Found>),
    /// An incident.
    Incident(Box<Shown>),
    /// A verdict.
    Shown(Box<Listed>),
    /// The line stands in the log.
    Noted,
    /// What the verdict would do.
    Preview(Box<Preview>),
    /// It stands.
    Judged {
        /// Its position: what it is called when it is taken back.
        position: u64,
        /// Signatures that it judges.
        judged: u64,
    },
    /// The motion that takes a verdict back.
    Motion(Box<Motion>),
    /// Whom the second way would be offered to.
    Asking(Box<AskPreview>),
    /// So many are asked.
    Asked(u64),
    /// So many mails that had not left are called back.
    CalledBack(u64),
    /// More holds need no person: how many an hour, until when in milliseconds; or no more than usual.
    Cap(Option<(u64, u64)>),
    /// It judges nobody.
    Nobody,
    /// It cannot be done like this.
    Refused(Refused),
}

/// Why something cannot be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Refused {
    /// No petition has this slug.
    #[error("no petition is called so")]
    Petition,
    /// No verdict has this position.
    #[error("there is no such verdict")]
    Verdict,
    /// No incident has this number.
    #[error("there is no such incident")]
    Incident,
    /// What is over is history.
    #[error("only the latest incident takes lines")]
    NotLatest,
    /// The incident is over.
    #[error("the incident is over, and a raised limit ends with it: limits.holds_per_hour is in force")]
    Over,
    /// No finding has this name, or nobody is a member of it any more.
    #[error("no finding has this name, or nobody is a member of it any more")]
    Finding,
    /// Below what is allowed anyway, or above the bound.
    #[error("the limit is raised above limits.holds_per_hour, to 1,000,000 at most, for 5 to 1,440 minutes")]
    Cap,
    /// Scrutiny is switched off.
    #[error("scrutiny is switched off: it holds nobody")]
    NoScrutiny,
    /// Longer than a line of a log.
    #[error("a line has 1 to 2,000 characters")]
    Line,
    /// What took another verdict back is not taken back itself: whoever regrets it judges once more.
    #[error("this verdict is not one that can be taken back")]
    NotUndone,
    /// Somebody took it back before.
    #[error("this verdict has been taken back")]
    Undone,
    /// Whatever it did has been decided again since, or ended.
    #[error("taking this verdict back would change nothing for anybody: what was decided since stands")]
    NoEffect,
    /// No reason has this name, or it is none for such a verdict.
    #[error("the reason is none for such a verdict")]
    Reason,
    /// A verdict needs a note.
    #[error("a verdict needs a note")]
    Note,
    /// Others would be judged than its preview said.
    #[error("it would judge another number now than was previewed")]
    Changed,
    /// The writer will not have it.
    #[error("{0}")]
    Malformed(Malformed),
    /// Nothing can be recorded or read at the moment.
    #[error("nothing can be recorded or read at the moment")]
    Unavailable,
}

/// A verdict in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Its position.
    pub position: u64,
    /// Slug of its petition.
    pub petition: String,
    /// Which way.
    pub direction: Direction,
    /// Name of the reason.
    pub reason: String,
    /// Whether a person gave it, rather than scrutiny.
    pub by_person: bool,
    /// Who gave it.
    pub who: Who,
    /// When, milliseconds UTC.
    pub at: u64,
    /// Signatures that it judged.
    pub judged: u64,
    /// The verdict that it took back.
    pub undoes: Option<u64>,
    /// The verdict that took it back.
    pub undone_by: Option<u64>,
    /// Whether taking it back would change anything for anybody; only said where somebody could press.
    #[serde(skip)]
    pub can_undo: bool,
    /// What its author says about it.
    pub note: String,
    /// What was seen.
    pub evidence: serde_json::Value,
}
