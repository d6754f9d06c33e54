//! One measured thing: its rounds, its baseline's, and the bar it is held to.

use std::fmt;

use serde_json::{Value, json};

/// What a figure has to reach.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bar {
    /// Ours over the baseline, at least.
    Ratio(f64),
    /// Ours over the baseline, at most.
    Times(f64),
    /// The figure itself, at most.
    AtMost(f64),
    /// For information.
    None,
}

/// One measured thing. Round `i` of ours and round `i` of the baseline were measured one after the other.
#[derive(Debug)]
pub(crate) struct Finding {
    /// What was done.
    pub(crate) what: String,
    /// Unit of both.
    pub(crate) unit: &'static str,
    /// Our rounds.
    pub(crate) ours: Vec<f64>,
    /// Those of the baseline, if there is one.
    pub(crate) baseline: Vec<f64>,
    /// What it has to reach.
    pub(crate) bar: Bar,
    /// What else one has to know to read it.
    pub(crate) note: String,
}

/// Median, smallest and largest.
#[derive(Clone, Copy, Debug)]
struct Spread {
    median: f64,
    min: f64,
    max: f64,
}

impl Spread {
    fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let middle = sorted.len() / 2;
        let median = if sorted.len().is_multiple_of(2) {
            f64::midpoint(sorted[middle - 1], sorted[middle])
        } else {
            sorted[middle]
        };
        Some(Self { median, min, max })
    }

    fn to_json(self) -> Value {
        json!({ "median": self.median, "min": self.min, "max": self.max })
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = if self.median < 10.0 { 2 } else { 0 };
        let Self { median, min, max } = self;
        write!(f, "{median:.digits$} [{min:.digits$} .. {max:.digits$}]")
    }
}

/// The median of some rounds; 0 of none.
pub(crate) fn median(values: &[f64]) -> f64 {
    Spread::of(values).map_or(0.0, |spread| spread.median)
}

impl Finding {
    /// Ratio of each round to the baseline's round beside it.
    fn ratios(&self) -> Option<Spread> {
        let ratios: Vec<f64> = self
            .ours
            .iter()
            .zip(&self.baseline)
            .map(|(ours, bare)| ours / bare)
            .collect();
        Spread::of(&ratios)
    }

    /// Median of the ratios to the baseline; `None` without one.
    pub(crate) fn ratio(&self) -> Option<f64> {
        self.ratios().map(|ratios| ratios.median)
    }

    /// Whether it is held to a bar and does not reach it.
    pub(crate) fn misses_its_bar(&self) -> bool {
        match self.bar {
            Bar::Ratio(least) => self.ratios().is_none_or(|ratios| ratios.median < least),
            Bar::Times(most) => self.ratios().is_none_or(|ratios| ratios.median > most),
            Bar::AtMost(most) => median(&self.ours) > most,
            Bar::None => false,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let missed = if self.misses_its_bar() { "MISSED" } else { "reached" };
        writeln!(f, "{}", self.what)?;
        if let Some(ours) = Spread::of(&self.ours) {
            writeln!(f, "  ours      {ours} {}", self.unit)?;
        }
        if let Some(baseline) = Spread::of(&self.baseline) {
            writeln!(f, "  baseline  {baseline} {}", self.unit)?;
        }
        if let Some(ratios) = self.ratios() {
            let Spread { median, min, max } = ratios;
            writeln!(f, "  ratio     {median:.3} [{min:.3} .. {max:.3}]")?;
        }
        match self.bar {
            Bar::Ratio(least) => writeln!(f, "  bar       ratio at least {least}: {missed}")?,
            Bar::Times(most) => writeln!(f, "  bar       ratio at most {most}: {missed}")?,
            Bar::AtMost(most) => writeln!(f, "  bar       at most {most} {}: {missed}", self.unit)?,
            Bar::None => {}
        }
        write!(f, "  ({})", self.note)
    }
}

/// The whole report for other programs.
pub(crate) fn to_json(machine: &str, findings: &[Finding]) -> Value {
    let findings: Vec<Value> = findings
        .iter()
        .map(|finding| {
            let bar = match finding.bar {
                Bar::Ratio(least) => json!({ "ratio_at_least": least }),
                Bar::Times(most) => json!({ "ratio_at_most": most }),
                Bar::AtMost(most) => json!({ "at_most": most }),
                Bar::None => Value::Null,
            };
            json!({
                "what": finding.what, "unit": finding.unit, "note": finding.note,
                "ours": Spread::of(&finding.ours).map(Spread::to_json),
                "baseline": Spread::of(&finding.baseline).map(Spread::to_json),
                "ratio": finding.ratios().map(Spread::to_json),
                "bar": bar, "missed": finding.misses_its_bar(),
                "rounds": { "ours": finding.ours, "baseline": finding.baseline },
            })
        })
        .collect();
    json!({ "machine": machine, "findings": findings })
}
