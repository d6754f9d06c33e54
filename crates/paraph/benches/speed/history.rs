//! The history of the figures: one line of tab-separated values for each, added to a file that is never rewritten.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use paraph::clock;

use crate::Outcome;
use crate::finding::{Finding, median};

const HEAD: &str = "date\tcommit\tbuild\twhat\tmedian\tunit\tbaseline\tratio\tbar\tmachine\tcommand\n";

/// Adds a line for each figure; the head too, to a file that is not there.
pub(crate) fn add(file: &Path, machine: &str, findings: &[Finding]) -> Outcome<()> {
    let is_new = !file.exists();
    let mut lines = if is_new { HEAD.to_owned() } else { String::new() };
    let commit = commit()?;
    let command: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let build = if cfg!(debug_assertions) { "debug" } else { "release" };
    for finding in findings {
        let baseline = (!finding.baseline.is_empty()).then(|| format!("{:.4}", median(&finding.baseline)));
        let ratio = finding.ratio().map(|ratio| format!("{ratio:.3}"));
        let bar = if finding.misses_its_bar() { "missed" } else { "reached" };
        lines += &[
            clock::rfc3339(clock::now()),
            commit.clone(),
            build.to_owned(),
            finding.what.clone(),
            format!("{:.4}", median(&finding.ours)),
            finding.unit.to_owned(),
            baseline.unwrap_or_default(),
            ratio.unwrap_or_default(),
            bar.to_owned(),
            machine.trim_start_matches("machine: ").to_owned(),
            format!("scripts/bench {}", command.join(" ")),
        ]
        .join("\t");
        lines.push('\n');
    }
    let mut options = OpenOptions::new();
    options
        .create(true)
        .append(true)
        .open(file)?
        .write_all(lines.as_bytes())?;
    Ok(())
}

/// What is measured: the commit, with a plus for changes that are in none.
fn commit() -> Outcome<String> {
    let git = |arguments: &[&str]| -> Outcome<String> {
        let output = Command::new("git").args(arguments).output()?;
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    };
    let plus = if git(&["status", "--porcelain", "--untracked-files=no"])?.is_empty() {
        ""
    } else {
        "+"
    };
    Ok(git(&["rev-parse", "--short", "HEAD"])? + plus)
}
