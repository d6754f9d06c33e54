//! What a replayed night comes down to.

use std::fmt;

use paraph_drill::Lang;
use paraph_drill::sim::SimScenario;
use paraph_scrutiny::Finding;
use serde_json::{Value, json};

/// Definitions are those of the drill's report in the contract, with simulated time.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Number of the seed.
    pub seed: u32,
    /// Honest people who signed.
    pub honest: u64,
    /// Of these, those who confirmed.
    pub honest_confirmed: u64,
    /// Of these, counted at the end.
    pub honest_counted: u64,
    /// Honest people held at any time.
    pub honest_held: u64,
    /// Honest people who confirmed and were not in the count within ten minutes, or were held.
    pub honest_late: u64,
    /// Forgeries.
    pub forged: u64,
    /// Of these, confirmed.
    pub forged_confirmed: u64,
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
    /// Distance five minutes after the last forgery was confirmed, or made where none is, as a share of the truth.
    pub error_after: f64,
    /// Largest error without scrutiny, as a share of the truth.
    pub error_without: f64,
    /// Victims who signed themselves and confirmed.
    pub victims: u64,
    /// Of these, counted within ten minutes.
    pub victims_in_time: u64,
    /// Honest groups: name, held for longer than ten minutes, people.
    pub groups: Vec<(&'static str, u64, u64)>,
    /// Truth at the end: honest people who confirmed, as the same clock settles them.
    pub truth: u64,
    /// The count shown then.
    pub shown: u64,
    /// Largest distance between both, in signatures.
    pub error_max: u64,
    /// Minutes in which there was any.
    pub minutes_wrong: u64,
    /// Most that the count shown was above the truth.
    pub above_max: u64,
    /// Seconds, truth and count shown, of each minute that is not like the one before.
    pub checks: Vec<(u64, u64, u64)>,
    /// Clusters that hold, and notices that ask.
    pub findings: Vec<Told>,
    /// Notices to a person.
    pub notices: u64,
    /// Confirmed, and neither counted nor held at the end.
    pub waiting: u64,
}

/// A finding, when it was told.
#[derive(Clone, Debug)]
pub struct Told {
    /// Milliseconds since the night began.
    pub at: u64,
    /// What was found.
    pub finding: Finding,
}

impl Told {
    /// As the evidence of a verdict names it.
    fn report(&self) -> Value {
        let Finding { members, score, .. } = self.finding;
        json!({
            "seconds": self.at as f64 / 1000.0,
            "advice": self.finding.advice.key(),
            "facts": self.facts().collect::<Vec<_>>(),
            "members": members,
            "score": (score * 100.0).round() / 100.0,
            "confidence": self.finding.confidence.key(),
            "innocent": self.finding.innocent.key(),
        })
    }

    fn facts(&self) -> impl Iterator<Item = &'static str> {
        self.finding.evidence.iter().map(|one| one.fact.key())
    }
}

/// The same in a line, by the last part of each name.
impl fmt::Display for Told {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = |key: &'static str| key.splitn(3, '-').last().unwrap_or(key);
        let facts: Vec<&str> = self.facts().map(short).collect();
        let one = &self.finding;
        write!(
            out,
            "{} {:.1} h: {}; {} members, {:.0} decades; {}; {}",
            short(one.advice.key()),
            self.at as f64 / 3.6e6,
            facts.join(", "),
            one.members,
            one.score,
            short(one.confidence.key()),
            short(one.innocent.key()),
        )
    }
}

/// How far off the count may be in the end, as a share of the truth, and how long by a hundredth before; as over the network.
const MOST_OFF_AT_LAST: f64 = 0.001;
const MOST_MINUTES_OFF: u64 = 1;

impl Outcome {
    /// Whether the night shows what it is there to show: nobody honest is held or late, the count is right in the end, and was
    /// off for no longer than a moment.
    #[must_use]
    pub fn passed(&self) -> bool {
        let off = self.shown.abs_diff(self.truth) as f64;
        self.honest_held == 0
            && self.honest_late == 0
            && self.minutes_off <= MOST_MINUTES_OFF
            && off <= MOST_OFF_AT_LAST * self.truth as f64
    }

    /// Forgeries that count although scrutiny looked; what is slow by nature is measured a day later.
    #[must_use]
    pub fn got_through(&self, scenario: SimScenario) -> u64 {
        if scenario.is_slow() {
            self.counted_for_a_day
        } else {
            self.counted
        }
    }

    /// As the report of a drill has it. Whoever comes was admitted, as a night begins behind the front door. What it has no part of is
    /// null: prices and times of that door, mail, a server that costs anything, somebody who invalidates.
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
            "puzzle": { "price": null },
            "honest": {
                "sent": self.honest,
                "accepted": self.honest,
                "mailed": null,
                "confirmed": self.honest_confirmed,
                "counted": self.honest_counted,
                "p50_ms": { "before": null, "during": null, "after": null },
                "p99_ms": { "before": null, "during": null, "after": null },
                "late": self.honest_late,
                "victims": self.victims,
                "victims_in_time": self.victims_in_time,
                "groups": groups.collect::<Vec<_>>(),
            },
            "forged": {
                "sent": self.forged,
                "admitted": self.forged,
                "mailed": null,
                "confirmed": self.forged_confirmed,
                "counted_peak": self.above_max,
                "held": self.forged_held,
                "invalidated": null,
                "counted_final": self.counted,
                "counted_for_a_day": self.counted_for_a_day,
                "counted_without_scrutiny": self.counted_without,
            },
            "count": {
                "truth": self.truth,
                "final": self.shown,
                "error_max": self.error_max,
                "error_max_share": self.worst_error,
                "error_max_share_without_scrutiny": self.error_without,
                "error_after_share": self.error_after,
                "error_seconds": self.minutes_wrong * 60,
                "off_seconds": self.minutes_off * 60,
                "waiting": self.waiting,
                "checks": self.checks,
            },
            "verdicts": {
                "precision": share(self.forged_held, self.forged_held + self.honest_held),
                "recall": through.map(|through| 1.0 - through),
                "honest_held": self.honest_held,
                "seconds_to_first_hold": self.seconds_to_first_hold,
                "asked": self.notices,
                "seconds_to_shown": self.seconds_to_shown,
            },
            "server": { "cpu_seconds": null, "rss_mib_max": null, "rss_with_drill": null },
            "log": { "size": null, "recount_ok": null },
            "findings": self.findings.iter().map(Told::report).collect::<Vec<_>>(),
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

#[cfg(test)]
mod tests {
    use paraph_scrutiny::{Advice, ClusterId, Confidence, Evidence, Fact, FindingName, Innocent};
    use paraph_tally::{Millis, PetitionId};

    use super::*;

    /// What checking scripts read of every drill: a field is there, be it null.
    const CONTRACT: [&str; 37] = [
        "/scenario",
        "/seed",
        "/seconds",
        "/puzzle/price",
        "/honest/sent",
        "/honest/accepted",
        "/honest/mailed",
        "/honest/confirmed",
        "/honest/counted",
        "/honest/p50_ms/before",
        "/honest/p50_ms/during",
        "/honest/p50_ms/after",
        "/honest/p99_ms/before",
        "/honest/p99_ms/during",
        "/honest/p99_ms/after",
        "/forged/sent",
        "/forged/admitted",
        "/forged/mailed",
        "/forged/confirmed",
        "/forged/counted_peak",
        "/forged/counted_final",
        "/forged/held",
        "/forged/invalidated",
        "/forged/counted_without_scrutiny",
        "/count/truth",
        "/count/final",
        "/count/error_max",
        "/count/error_seconds",
        "/count/checks",
        "/verdicts/precision",
        "/verdicts/recall",
        "/verdicts/honest_held",
        "/verdicts/seconds_to_first_hold",
        "/server/cpu_seconds",
        "/server/rss_mib_max",
        "/log/size",
        "/log/recount_ok",
    ];

    #[test]
    fn a_night_in_which_honest_people_are_held_has_failed() {
        let right = Outcome {
            truth: 2000,
            shown: 2001,
            minutes_off: 1,
            ..Outcome::default()
        };
        assert!(right.passed());
        let wrong = [
            Outcome {
                honest_held: 1,
                ..right.clone()
            },
            Outcome {
                honest_late: 1,
                ..right.clone()
            },
            Outcome {
                minutes_off: 2,
                ..right.clone()
            },
            Outcome { shown: 2003, ..right },
        ];
        assert!(wrong.iter().all(|one| !one.passed()));
    }

    #[test]
    fn the_report_of_a_simulated_night_has_every_field_of_a_drill_and_public_names() {
        let evidence = |fact| Evidence {
            fact,
            seen: 400,
            of: 412,
            values: 1,
            expected: 0.3,
            decades: 21.0,
        };
        let finding = Finding {
            cluster: ClusterId(3),
            name: FindingName(7),
            petition: PetitionId(1),
            advice: Advice::Ask,
            first: Millis(0),
            last: Millis(0),
            members: 412,
            held: 0,
            over_cap: 0,
            evidence: vec![evidence(Fact::SameComments), evidence(Fact::Hosting)],
            score: 42.0,
            confidence: Confidence::VeryLikely,
            innocent: Innocent::FormLetter,
            may_catch: 0.0,
            seen_at: Millis(0),
            until: Millis(0),
            to_hold: Vec::new(),
            looked_at: Vec::new(),
        };
        let outcome = Outcome {
            findings: vec![Told { at: 5_400_000, finding }],
            ..Outcome::default()
        };
        let report = outcome.report(SimScenario::ALL[0], 1.0);
        for field in CONTRACT {
            assert!(report.pointer(field).is_some(), "{field} is not there: {report}");
        }
        let told = &report["findings"][0];
        assert_eq!(
            told["facts"],
            json!(["scrutiny-fact-same-comments", "scrutiny-fact-hosting"])
        );
        assert_eq!(told["innocent"], "scrutiny-innocent-form-letter");
        assert_eq!(
            outcome.findings[0].to_string(),
            "ask 1.5 h: same-comments, hosting; 412 members, 42 decades; very-likely; form-letter"
        );
    }
}
