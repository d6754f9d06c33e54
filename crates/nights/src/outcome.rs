//! What a replayed night comes down to.

use std::fmt;

use paraph_drill::Lang;
use paraph_drill::sim::SimScenario;
use serde_json::{Value, json};

/// Definitions are those of the drill's report in the contract, with simulated time.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Number of the seed.
    pub seed: u32,
    /// Honest people who signed.
    pub honest: u64,
    /// Of these, held at any time.
    pub honest_held: u64,
    /// Honest people who confirmed and were not in the count within ten minutes.
    pub honest_late: u64,
    /// Forgeries.
    pub forged: u64,
    /// Forgeries that are counted at the end without scrutiny.
    pub counted_without: u64,
    /// The same with scrutiny.
    pub counted: u64,
    /// Forgeries that were counted for a day or are counted at the end.
    pub counted_for_a_day: u64,
    /// Forgeries held.
    pub forged_held: u64,
    /// From the first contribution of a hostile crowd of real people to a notice of which most are about it.
    pub seconds_to_shown: Option<f64>,
    /// From the first forgery to the first hold of one.
    pub seconds_to_first_hold: Option<f64>,
    /// Largest distance between the count shown and the truth, as a share of the truth.
    pub worst_error: f64,
    /// Longest time in a row that the count was off by more than a hundredth (or five), in minutes.
    pub minutes_off: u64,
    /// Distance five minutes after the last forgery was confirmed, as a share of the truth.
    pub error_after: f64,
    /// Largest error without scrutiny, as a share of the truth.
    pub error_without: f64,
    /// Victims who signed themselves and confirmed.
    pub victims: u64,
    /// Of these, counted within ten minutes.
    pub victims_in_time: u64,
    /// Honest groups: name, held for longer than ten minutes, people.
    pub groups: Vec<(&'static str, u64, u64)>,
    /// Clusters that hold, and notices that ask, as one line each.
    pub findings: Vec<String>,
    /// Notices to a person.
    pub notices: u64,
}

impl Outcome {
    /// Forgeries that count although scrutiny looked; what is slow by nature is measured a day later.
    #[must_use]
    pub fn got_through(&self, scenario: SimScenario) -> u64 {
        if scenario.is_slow() {
            self.counted_for_a_day
        } else {
            self.counted
        }
    }

    /// As the report of a drill has it; what a simulated night has no part of is left out.
    #[must_use]
    pub fn report(&self, scenario: SimScenario, seconds: f64) -> Value {
        let share = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
        let through = share(self.got_through(scenario), self.counted_without);
        let groups = self
            .groups
            .iter()
            .map(|(group, held, people)| json!({ "group": group, "held": held, "people": people }));
        json!({
            "scenario": scenario.name(),
            "seed": self.seed,
            "seconds": seconds,
            "simulated": { "days": 10 },
            "honest": {
                "sent": self.honest,
                "late": self.honest_late,
                "victims": self.victims,
                "victims_in_time": self.victims_in_time,
                "groups": groups.collect::<Vec<_>>(),
            },
            "forged": {
                "sent": self.forged,
                "held": self.forged_held,
                "counted_final": self.counted,
                "counted_for_a_day": self.counted_for_a_day,
                "counted_without_scrutiny": self.counted_without,
            },
            "count": {
                "error_max": self.worst_error,
                "error_max_without_scrutiny": self.error_without,
                "error_after": self.error_after,
                "error_seconds": self.minutes_off * 60,
            },
            "verdicts": {
                "precision": share(self.forged_held, self.forged_held + self.honest_held),
                "recall": through.map(|through| 1.0 - through),
                "honest_held": self.honest_held,
                "seconds_to_first_hold": self.seconds_to_first_hold,
                "asked": self.notices,
                "seconds_to_shown": self.seconds_to_shown,
            },
            "findings": self.findings,
        })
    }

    /// The same for people.
    #[must_use]
    pub fn summary(&self, scenario: SimScenario, tongue: Lang) -> String {
        let of = |part: u64, whole: u64| match whole {
            0 => "-".to_owned(),
            _ => format!("{part}/{whole} ({:.1} %)", part as f64 / whole as f64 * 100.0),
        };
        let percent = |share: f64| format!("{:.2} %", share * 100.0);
        let mut lines = vec![
            (
                tongue.pick("personnes honnêtes", "honest people"),
                self.honest.to_string(),
            ),
            (
                tongue.pick("  suspendues à un moment", "  held at any time"),
                of(self.honest_held, self.honest),
            ),
            (
                tongue.pick("  comptées en retard", "  counted late"),
                self.honest_late.to_string(),
            ),
            (
                tongue.pick(
                    "  victimes qui ont signé elles-mêmes, à temps",
                    "  victims who signed themselves, in time",
                ),
                of(self.victims_in_time, self.victims),
            ),
            (
                tongue.pick("signatures forgées", "forged signatures"),
                self.forged.to_string(),
            ),
            (
                tongue.pick("  comptées sans examen", "  counted without scrutiny"),
                self.counted_without.to_string(),
            ),
            (
                tongue.pick("  comptées malgré l’examen", "  counted with it"),
                of(self.got_through(scenario), self.counted_without),
            ),
            (tongue.pick("  suspendues", "  held"), self.forged_held.to_string()),
            (
                tongue.pick("première suspension, après", "first hold, after"),
                self.seconds_to_first_hold
                    .map_or("-".to_owned(), |seconds| format!("{seconds:.0} s")),
            ),
            (
                tongue.pick(
                    "écart du compte, au plus (sans examen)",
                    "count off, at most (without scrutiny)",
                ),
                format!("{} ({})", percent(self.worst_error), percent(self.error_without)),
            ),
            (
                tongue.pick("minutes d’écart", "minutes off"),
                self.minutes_off.to_string(),
            ),
            (
                tongue.pick("questions à une personne", "a person is asked"),
                self.notices.to_string(),
            ),
        ];
        let groups = self.groups.iter().filter(|(_, held, _)| *held > 0);
        lines.extend(groups.map(|(group, held, people)| (*group, of(*held, *people))));
        let width = lines
            .iter()
            .map(|(label, _)| label.chars().count())
            .max()
            .unwrap_or_default();
        let mut text: Vec<String> = vec![format!(
            "{} {} ({} {}, {})",
            tongue.pick("Exercice simulé :", "Simulated drill:"),
            scenario.name(),
            tongue.pick("graine", "seed"),
            self.seed,
            tongue.pick("dix jours", "ten days"),
        )];
        text.extend(lines.iter().map(|(label, value)| format!("  {label:<width$}  {value}")));
        text.extend(self.findings.iter().map(|finding| format!("  {finding}")));
        text.join("\n")
    }
}

/// One line, for comparing nights.
impl fmt::Display for Outcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "honest {} held {} late {} | forged {} off {} on {} (24 h: {}) held {} | first hold {:?} s | off {:.2} % max, {} min, after {:.3} % | victims {} of {} | shown {:?} s",
            self.honest,
            self.honest_held,
            self.honest_late,
            self.forged,
            self.counted_without,
            self.counted,
            self.counted_for_a_day,
            self.forged_held,
            self.seconds_to_first_hold,
            self.worst_error * 100.0,
            self.minutes_off,
            self.error_after * 100.0,
            self.victims_in_time,
            self.victims,
            self.seconds_to_shown,
        )
    }
}
