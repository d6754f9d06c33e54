//! Incidents: attacks, from what was first seen of them to the end of a quiet time. A pure state machine: sightings,
//! decisions, lines that people add and the time go in; what is to be kept comes out.
//!
//! ```text
//!             automatic hold, holds at their cap, or many refusals             nothing for a quiet time
//!   (none) ─────────────────────────────────────────────────────────► open ───────────────────────────► closed
//!                                                     each of them again │ ▲
//!                                                                        └─┘
//! ```
//!
//! A verdict of a person opens none. It stands in the timeline of the incident that it concerns ([`super::concern`]), also when that
//! one is closed, as most are by the morning; what concerns none stands in the one that is open. What is seen after an incident
//! was closed opens another one: the first keeps its beginning and its end.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use paraph_tally::{Millis, PetitionId};
use serde::{Deserialize, Serialize};

use super::Direction;
use crate::limits::Limits;

/// Minutes in a row with as many refusals that are pressure, not a broken script.
const PRESSURE_MINUTES: u32 = 2;

/// An attack, from first to last contribution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// 1, 2, 3…
    pub id: u64,
    /// When what opened it was seen, milliseconds UTC.
    pub opened_at: u64,
    /// When something of it was seen last.
    pub seen_at: u64,
    /// When a person first gave a verdict in it. Legal terms run from here, or from an earlier line of the shift log
    /// ([`super::log::aware`]).
    pub aware_at: Option<u64>,
    /// When it was closed.
    pub closed_at: Option<u64>,
    /// Contributions that stand held or invalidated by its verdicts, each once, as of the last verdict that changed it
    /// ([`super::aside`]).
    pub held: u64,
    /// Requests refused while it was open.
    pub refused: u64,
    /// What was seen and decided, in order.
    pub timeline: Vec<Line>,
    /// Lines that did not fit.
    pub left_out: u64,
    /// Position of the last verdict that was looked at.
    pub verdicts_to: u64,
    /// A person allows more holds than usual for a while.
    #[serde(default)]
    pub cap: Option<RaisedCap>,
    /// Petitions of which its verdicts held or invalidated something, ascending.
    #[serde(default)]
    pub petitions: Vec<u32>,
    /// What the pages showed before it began, if this server saw that.
    #[serde(default)]
    pub before: Option<Before>,
}

/// Displayed counts before an incident began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// As of when, milliseconds UTC.
    pub as_of: u64,
    /// Of all petitions together.
    pub all: u64,
    /// Of each that it attacked.
    pub of: BTreeMap<u32, u64>,
}

/// Displayed counts of all petitions as of one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShownCounts {
    /// When.
    pub as_of: Millis,
    /// The count of each.
    pub of: BTreeMap<u32, u64>,
}

/// Holds that a person allows without another one, for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RaisedCap {
    /// In an hour.
    pub to: u64,
    /// Until when, milliseconds UTC.
    pub until: u64,
}

/// One line of a timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// When, milliseconds UTC.
    pub at: u64,
    /// The account of a person in hexadecimal; `None` for the program.
    pub by: Option<String>,
    /// What.
    pub what: What,
}

/// What a line of a timeline says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// It began.
    Opened,
    /// A verdict was given.
    Verdict {
        /// Its position.
        position: u64,
        /// Which way.
        direction: Direction,
        /// Signatures that it judges.
        judged: u64,
    },
    /// Requests were refused in a minute, as many as are pressure.
    Refused {
        /// How many.
        requests: u64,
    },
    /// The holds of this hour are used up; so many wait for a person, outside the count.
    AtCap {
        /// How many.
        waiting: u64,
    },
    /// So many bans are in force, twice as many as when it was last said.
    Bans {
        /// How many.
        bans: u64,
    },
    /// Nothing was seen for a while.
    Closed,
}

/// A verdict, as incidents look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// Its position.
    pub position: u64,
    /// When.
    pub at: Millis,
    /// The account that gave it; `None`: scrutiny.
    pub by: Option<[u8; 16]>,
    /// Which way.
    pub direction: Direction,
    /// Signatures that it judges.
    pub judged: u64,
    /// Their petition.
    pub petition: PetitionId,
    /// Number of the incident that it concerns, if it does not concern what goes on now.
    pub concerns: Option<u64>,
    /// How many stand set aside by each incident of which it changes that; an automatic hold adds all whom it judges.
    pub set_aside: Vec<(u64, u64)>,
}

impl Given {
    /// Scrutiny held: an attack is seen.
    #[must_use]
    pub fn is_seen(&self) -> bool {
        self.by.is_none() && self.direction == Direction::Hold
    }
}

/// What the running server shows of an attack at this moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pressure {
    /// Requests refused since the start.
    pub refused: u64,
    /// Bans in force.
    pub bans: u64,
    /// Members of clusters that wait because the holds of this hour are used up.
    pub over_cap: u64,
}

/// All incidents, and what the machine remembers between two looks.
#[derive(Debug, Default)]
pub struct Book {
    incidents: Vec<Incident>,
    /// The highest number that is taken, also by one that could not be read.
    last: u64,
    verdicts_to: u64,
    minute: Option<Minute>,
    pressure: Option<Streak>,
    bans_told: u64,
    is_at_cap: bool,
    /// What the pages showed of late, the oldest first.
    shown: VecDeque<ShownCounts>,
    /// What they showed before this incident, which is open, began: who is attacked in it later had that count.
    base: Option<(u64, ShownCounts)>,
    /// Numbers of those that are to be kept.
    changed: BTreeSet<u64>,
}

#[derive(Clone, Copy, Debug)]
struct Minute {
    began: Millis,
    refused: u64,
}

/// Minutes in a row in each of which many requests were refused.
#[derive(Clone, Copy, Debug)]
struct Streak {
    began: Millis,
    minutes: u32,
    refused: u64,
}

const MINUTE: u64 = 60_000;

/// Moments whose displayed counts are remembered: an incident is told of some minutes after it began.
const SHOWN: usize = 32;

impl Book {
    /// With what was kept, and the highest number that is taken.
    #[must_use]
    pub fn new(incidents: Vec<Incident>, last: u64) -> Self {
        let verdicts_to = incidents.iter().map(|incident| incident.verdicts_to).max().unwrap_or(0);
        Self {
            incidents,
            last,
            verdicts_to,
            ..Self::default()
        }
    }

    /// All of them, the first first.
    #[must_use]
    pub fn incidents(&self) -> &[Incident] {
        &self.incidents
    }

    /// The one that is open.
    #[must_use]
    pub fn open(&self) -> Option<&Incident> {
        self.incidents.last().filter(|incident| incident.closed_at.is_none())
    }

    /// Position of the last verdict that was looked at.
    #[must_use]
    pub fn verdicts_to(&self) -> u64 {
        self.verdicts_to
    }

    /// Those that have changed since they were last asked for: they are to be kept, in one commit, so that none of them says of a
    /// verdict that it was looked at which stands in another.
    pub fn take_changed(&mut self) -> Vec<Incident> {
        let changed = std::mem::take(&mut self.changed);
        let incidents = self.incidents.iter();
        incidents
            .filter(|incident| changed.contains(&incident.id))
            .cloned()
            .collect()
    }

    /// These could not be kept; they are to be kept still.
    pub fn to_be_kept(&mut self, ids: impl IntoIterator<Item = u64>) {
        self.changed.extend(ids);
    }

    /// What an incident of an earlier version did not say: whom it attacked, and how many stand set aside by it.
    pub fn complete(&mut self, id: u64, petitions: Vec<u32>, set_aside: u64) {
        let Some(incident) = self.find(id) else { return };
        (incident.petitions, incident.held) = (petitions, set_aside);
        self.changed.insert(id);
    }

    /// A verdict was given.
    pub fn judged(&mut self, given: &Given, limits: &Limits) {
        self.verdicts_to = self.verdicts_to.max(given.position);
        // A person may look at what was long ago: it is an attack's end that scrutiny sees, and its beginning.
        if given.is_seen() {
            self.begin(given.at);
        }
        for (id, many) in &given.set_aside {
            if let Some(incident) = self.find(*id) {
                incident.held = *many;
                self.changed.insert(*id);
            }
        }
        let open = self.open().map(|incident| incident.id);
        let Some(id) = given.concerns.or(open) else { return };
        let Some(incident) = self.find(id) else { return };
        if given.is_seen() {
            incident.held += given.judged;
            incident.seen_at = incident.seen_at.max(given.at.0);
        }
        if matches!(given.direction, Direction::Hold | Direction::Invalidate)
            && let Err(place) = incident.petitions.binary_search(&given.petition.0)
        {
            incident.petitions.insert(place, given.petition.0);
        }
        incident.verdicts_to = given.position;
        let (position, direction, judged) = (given.position, given.direction, given.judged);
        let what = What::Verdict {
            position,
            direction,
            judged,
        };
        incident.write(given.at, given.by, what, limits);
        self.changed.insert(id);
    }

    /// What the server shows now; asked for at least once a minute.
    pub fn look(&mut self, pressure: Pressure, now: Millis, limits: &Limits) {
        let minute = *self.minute.get_or_insert(Minute {
            began: now,
            refused: pressure.refused,
        });
        if now.0 >= minute.began.0 + MINUTE {
            self.minute = Some(Minute {
                began: now,
                refused: pressure.refused,
            });
            let requests = pressure.refused.saturating_sub(minute.refused);
            self.refused(requests, minute.began, now, limits);
        }
        if pressure.over_cap > 0 {
            self.begin(now);
            let is_news = !std::mem::replace(&mut self.is_at_cap, true);
            let waiting = pressure.over_cap;
            self.seen(now, is_news.then_some(What::AtCap { waiting }), limits);
        } else {
            self.is_at_cap = false;
        }
        if self.open().is_some() && pressure.bans >= (2 * self.bans_told).max(1) {
            self.bans_told = pressure.bans;
            let bans = pressure.bans;
            self.seen(now, Some(What::Bans { bans }), limits);
        }
        self.close_if_quiet(now, limits);
    }

    /// Whether the counts as of this moment are remembered already.
    #[must_use]
    pub fn has_shown(&self, as_of: Millis) -> bool {
        self.shown.back().is_some_and(|last| last.as_of >= as_of)
    }

    /// The pages show these counts now.
    pub fn show(&mut self, counts: ShownCounts) {
        self.shown.push_back(counts);
        while self.shown.len() > SHOWN {
            self.shown.pop_front();
        }
    }

    /// Notes in the open incident what was shown before it began, of each petition that it has attacked so far.
    pub fn note_before(&mut self) {
        let open = self.open().map(|incident| (incident.id, incident.opened_at));
        let Some((id, began)) = open else {
            self.base = None;
            return;
        };
        if self.base.as_ref().is_none_or(|(of, _)| *of != id) {
            let last = self.shown.iter().rev().find(|shown| shown.as_of.0 <= began);
            self.base = last.cloned().map(|shown| (id, shown));
        }
        let Some((_, shown)) = self.base.take() else { return };
        if let Some(incident) = self.open_mut() {
            let has_changed = incident.note_before(&shown);
            self.open_changed(has_changed);
        }
        self.base = Some((id, shown));
    }

    /// The holds that a person allows now, if more than usual: while their incident is open.
    #[must_use]
    pub fn cap(&self) -> Option<RaisedCap> {
        self.open()?.cap
    }

    /// A person allows more holds for a while, or takes that back. The incident as it is to be kept, if it is the open one.
    pub fn set_cap(&mut self, id: u64, cap: Option<RaisedCap>) -> Option<Incident> {
        let incident = self.open_mut().filter(|incident| incident.id == id)?;
        incident.cap = cap;
        // At the next hour that is used up it is said again.
        self.is_at_cap = false;
        self.incidents.last().cloned()
    }

    /// So many requests were refused in the minute that began then.
    fn refused(&mut self, requests: u64, began: Millis, now: Millis, limits: &Limits) {
        if requests < limits.incident_refusals {
            self.pressure = None;
        } else {
            let before = self.pressure.unwrap_or(Streak {
                began,
                minutes: 0,
                refused: 0,
            });
            let (minutes, refused) = (before.minutes + 1, before.refused + requests);
            self.pressure = Some(Streak {
                minutes,
                refused,
                ..before
            });
            if minutes >= PRESSURE_MINUTES && self.open().is_none() {
                // It began when the first of these minutes did, with what was refused in them.
                self.begin(before.began);
                if let Some(incident) = self.open_mut() {
                    incident.refused += before.refused;
                }
            }
            self.seen(now, Some(What::Refused { requests }), limits);
        }
        if let Some(incident) = self.open_mut() {
            incident.refused += requests;
            self.open_changed(requests > 0);
        }
    }

    fn begin(&mut self, at: Millis) {
        if self.open().is_some() {
            return;
        }
        self.bans_told = 0;
        self.last += 1;
        self.incidents.push(Incident {
            id: self.last,
            opened_at: at.0,
            seen_at: at.0,
            aware_at: None,
            closed_at: None,
            held: 0,
            refused: 0,
            timeline: vec![Line {
                at: at.0,
                by: None,
                what: What::Opened,
            }],
            left_out: 0,
            verdicts_to: self.verdicts_to,
            cap: None,
            petitions: Vec::new(),
            before: None,
        });
        self.open_changed(true);
    }

    /// Something of the open incident was seen.
    fn seen(&mut self, at: Millis, what: Option<What>, limits: &Limits) {
        let Some(incident) = self.open_mut() else { return };
        // The moment is kept often enough to close on time, and not at every look.
        let is_late = at.0 >= incident.seen_at + MINUTE;
        incident.seen_at = incident.seen_at.max(at.0);
        let is_news = what.is_some();
        if let Some(what) = what {
            incident.write(at, None, what, limits);
        }
        self.open_changed(is_news || is_late);
    }

    fn close_if_quiet(&mut self, now: Millis, limits: &Limits) {
        let Some(incident) = self.open_mut() else { return };
        if now.0 < incident.seen_at + limits.incident_quiet_minutes * MINUTE {
            return;
        }
        incident.closed_at = Some(now.0);
        incident.cap = None;
        incident.write(now, None, What::Closed, limits);
        let id = incident.id;
        self.pressure = None;
        self.changed.insert(id);
    }

    fn open_changed(&mut self, has_changed: bool) {
        let open = self.open().map(|incident| incident.id);
        self.changed.extend(open.filter(|_| has_changed));
    }

    fn find(&mut self, id: u64) -> Option<&mut Incident> {
        self.incidents.iter_mut().find(|incident| incident.id == id)
    }

    fn open_mut(&mut self) -> Option<&mut Incident> {
        self.incidents
            .last_mut()
            .filter(|incident| incident.closed_at.is_none())
    }
}

impl Incident {
    /// Whether anything was not known before.
    fn note_before(&mut self, shown: &ShownCounts) -> bool {
        let is_new = self.before.is_none();
        let before = self.before.get_or_insert_with(|| Before {
            as_of: shown.as_of.0,
            all: shown.of.values().sum(),
            of: BTreeMap::new(),
        });
        let known = before.of.len();
        // Of another moment, a number would not belong to those beside it.
        if before.as_of == shown.as_of.0 {
            let counted = |petition: &u32| (*petition, shown.of.get(petition).copied().unwrap_or(0));
            before.of.extend(self.petitions.iter().map(counted));
        }
        is_new || before.of.len() > known
    }

    /// What the pages showed of what it attacked, before: as of when, and how many. `None` if that is not known of all of it.
    #[must_use]
    pub fn counted_before(&self) -> Option<(Millis, u64)> {
        let before = self.before.as_ref()?;
        let of = |petition: &u32| before.of.get(petition).copied();
        let counted = match &self.petitions[..] {
            [] => Some(before.all),
            attacked => attacked.iter().map(of).sum(),
        };
        Some((Millis(before.as_of), counted?))
    }

    /// Positions of its verdicts that held or invalidated somebody.
    pub(super) fn against(&self) -> impl Iterator<Item = u64> {
        self.timeline.iter().filter_map(|line| match line.what {
            What::Verdict {
                position,
                direction: Direction::Hold | Direction::Invalidate,
                ..
            } => Some(position),
            _ => None,
        })
    }

    /// Whether a verdict stands in its timeline.
    #[must_use]
    pub fn tells(&self, position: u64) -> bool {
        let is_it = |what: &What| matches!(what, What::Verdict { position: of, .. } if *of == position);
        self.timeline.iter().any(|line| is_it(&line.what))
    }

    fn write(&mut self, at: Millis, by: Option<[u8; 16]>, what: What, limits: &Limits) {
        if by.is_some() {
            self.aware_at.get_or_insert(at.0);
        }
        // The end is always written: a timeline without one looks cut off.
        if self.timeline.len() as u64 >= limits.incident_lines && what != What::Closed {
            self.left_out += 1;
            return;
        }
        let by = by.map(|account| data_encoding::HEXLOWER.encode(&account));
        self.timeline.push(Line { at: at.0, by, what });
    }
}

#[cfg(test)]
#[path = "book_tests.rs"]
mod tests;
