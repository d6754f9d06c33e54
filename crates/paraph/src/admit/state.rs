//! How the front door stands at one moment: for metrics, the operations page, and `paraph door`. Numbers only.

use std::fmt::Write;

use paraph_tally::Millis;
use serde::{Deserialize, Serialize};

use super::budget::Pressure;
use super::challenge;
use super::lane::{Lane, Rank};
use super::{Admitter, Way};
use crate::limits::Limits;

/// All of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DoorState {
    /// Signing is paused by an operator.
    pub read_only: bool,
    /// Rounds a guess of somebody who is in no way special.
    pub rounds: u64,
    /// The least that anybody pays.
    pub rounds_floor: u64,
    /// The most.
    pub rounds_ceiling: u64,
    /// The lanes, those that matter most first, then the verification of puzzles.
    pub lanes: Vec<LaneState>,
    /// Bans in force.
    pub bans: u64,
    /// How much of some bounds is used.
    pub used: Vec<Used>,
    /// Memory of counters and of what is spent, about.
    pub defence_bytes: u64,
}

/// One lane.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LaneState {
    /// Its name.
    pub label: String,
    /// Requests in work.
    pub working: u64,
    /// How many there may be.
    pub width: u64,
    /// Requests that wait.
    pub waiting: u64,
    /// How many may.
    pub waiting_most: u64,
    /// How long a newcomer would wait.
    pub delay_ms: u64,
    /// Since the start.
    pub served: u64,
    /// Sent away since the start.
    pub shed: u64,
}

/// A bound and how much of it is used.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Used {
    /// Its name in `limits.rs`.
    pub bound: String,
    /// Used now.
    pub used: u64,
    /// In all.
    pub most: u64,
}

/// About what one spent nonce takes.
const SPENT_BYTES: usize = 100;

impl Admitter {
    /// How the door stands.
    #[must_use]
    pub fn state(&self, now: Millis) -> DoorState {
        let limits = &self.limits;
        let bans = self.shield.as_ref().map_or(0, |shield| shield.bans(now).len());
        let (script, plain) = (self.spent_held(Way::Script), self.spent_held(Way::Plain));
        let (heavy, rooms) = (self.budgets.heavy(), &self.budgets.rooms);
        let open = usize::try_from(self.places.open()).unwrap_or(usize::MAX);
        let used = [
            ("connections", open, self.places.most()),
            ("budget_heavy", heavy, limits.budget_heavy),
            ("budget_room_addresses", rooms.len(), limits.budget_room_addresses),
            ("budget_room_waiting", rooms.hopes(), limits.budget_room_waiting),
            ("shield_bans", bans, limits.shield_bans),
            ("spent_script", script, limits.spent_script),
            ("spent_plain", plain, limits.spent_plain),
        ];
        let used = used.map(|(bound, used, most)| Used {
            bound: bound.to_owned(),
            used: used as u64,
            most,
        });
        let lanes = Rank::ALL.map(|rank| LaneState::of(self.lanes.of(rank)));
        DoorState {
            read_only: self.is_read_only(),
            rounds: challenge::rounds(limits, Pressure::default(), self.delay()).into(),
            rounds_floor: limits.puzzle_rounds,
            rounds_ceiling: limits.puzzle_rounds_ceiling,
            lanes: lanes.into_iter().chain([LaneState::of(&self.verification)]).collect(),
            bans: bans as u64,
            used: used.into(),
            defence_bytes: (self.budgets.bytes() + (script + plain) * SPENT_BYTES) as u64,
        }
    }
}

impl LaneState {
    fn of(lane: &Lane) -> Self {
        let (width, waiting_most) = lane.room();
        Self {
            label: lane.label().to_owned(),
            working: lane.working() as u64,
            width: width as u64,
            waiting: lane.waiting() as u64,
            waiting_most: waiting_most as u64,
            delay_ms: u64::try_from(lane.delay().as_millis()).unwrap_or(u64::MAX),
            served: lane.served(),
            shed: lane.shed(),
        }
    }
}

impl DoorState {
    /// The same, and every bound of `limits`, in the text format of Prometheus.
    #[must_use]
    pub fn metrics(&self, limits: &Limits) -> String {
        let lanes = |value: fn(&LaneState) -> u64| -> Vec<(String, u64)> {
            let label = |lane: &LaneState| format!("{{lane=\"{}\"}}", lane.label);
            self.lanes.iter().map(|lane| (label(lane), value(lane))).collect()
        };
        let one = |value: u64| vec![(String::new(), value)];
        let named = |name: &str, value: u64| (format!("{{name=\"{name}\"}}"), value);
        let bounds = Limits::TABLE
            .iter()
            .filter_map(|bound| Some(named(bound.name, limits.get(bound.name)?)));
        let families = [
            ("lane_working", "gauge", "Requests in work", lanes(|lane| lane.working)),
            (
                "lane_width",
                "gauge",
                "Requests that may be in work",
                lanes(|lane| lane.width),
            ),
            (
                "lane_waiting",
                "gauge",
                "Requests that wait",
                lanes(|lane| lane.waiting),
            ),
            (
                "lane_delay_milliseconds",
                "gauge",
                "How long a newcomer would wait",
                lanes(|lane| lane.delay_ms),
            ),
            (
                "lane_served_total",
                "counter",
                "Requests served",
                lanes(|lane| lane.served),
            ),
            (
                "lane_shed_total",
                "counter",
                "Requests sent away",
                lanes(|lane| lane.shed),
            ),
            (
                "price_rounds",
                "gauge",
                "Rounds a guess of somebody who is in no way special",
                one(self.rounds),
            ),
            (
                "read_only",
                "gauge",
                "1 while signing is paused by an operator",
                one(self.read_only.into()),
            ),
            ("shield_bans", "gauge", "Bans in force", one(self.bans)),
            (
                "defence_bytes",
                "gauge",
                "Memory of counters and of what is spent, about",
                one(self.defence_bytes),
            ),
            (
                "bound",
                "gauge",
                "Every bound of limits.rs, in its own unit",
                bounds.collect(),
            ),
            (
                "bound_used",
                "gauge",
                "How much of a bound is used",
                self.used.iter().map(|used| named(&used.bound, used.used)).collect(),
            ),
        ];
        let mut text = String::new();
        for (name, kind, help, rows) in families {
            // Writing into a string does not fail.
            let _ = writeln!(text, "# HELP paraph_{name} {help}\n# TYPE paraph_{name} {kind}");
            for (labels, value) in rows {
                let _ = writeln!(text, "paraph_{name}{labels} {value}");
            }
            text.push('\n');
        }
        text
    }
}
