//! Replays simulated nights through scrutiny and says how well it did; see `docs/scrutiny.md`.
//!
//! ```text
//! scripts/scrutiny tune [SCENARIO] [--seeds N] [--from N] [--short]   one line a night, on tuning seeds
//! scripts/scrutiny report [--seeds N]            the table of the documentation, on reporting seeds
//! scripts/scrutiny speed [calm|attacked] [--seeds N]   contributions a second and memory, against a pass that only decodes
//! ```

#![expect(
    clippy::print_stdout,
    reason = "a report on the terminal is what this program is for"
)]

mod speed;
mod table;

use std::process::ExitCode;

use paraph_drill::sim::{Night, ReportingSeed, SimScenario, TuningSeed, simulate};
use paraph_nights::replay;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |name: &str| {
        let at = words.iter().position(|word| word == name)?;
        words.get(at + 1)?.parse::<u32>().ok()
    };
    let seeds = number("--seeds");
    let scenario = words.iter().find_map(|word| SimScenario::from_name(word));
    match words.first().map(String::as_str) {
        Some("tune") => {
            for scenario in SimScenario::ALL
                .into_iter()
                .filter(|one| scenario.is_none_or(|only| only == *one))
            {
                tune(
                    scenario,
                    seeds.unwrap_or(6),
                    number("--from").unwrap_or(1),
                    !words.iter().any(|word| word == "--short"),
                );
            }
        }
        Some("report") => table::print(seeds.unwrap_or(20), |scenario, seeds| {
            ReportingSeed::all(seeds)
                .map(|seed| replay::run(&simulate(scenario, seed), true))
                .collect()
        }),
        Some("speed") => {
            let most = seeds.map_or(10_000_000, |thousands| thousands as usize * 1000);
            for (name, case) in [("calm", speed::Case::Calm), ("attacked", speed::Case::Attacked)] {
                let only = words.get(1).filter(|word| !word.starts_with("--"));
                if only.is_none_or(|only| only == name) {
                    println!("{name}:");
                    speed::print(case, most);
                }
            }
        }
        _ => {
            eprintln!("error: what is to be done?\nhint: tune [SCENARIO] [--seeds N], report [--seeds N], or speed");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

/// What thresholds may be chosen by: the type keeps reporting seeds out.
fn tune(scenario: SimScenario, seeds: u32, from: u32, findings: bool) {
    for seed in TuningSeed::all(seeds).skip(from.saturating_sub(1) as usize) {
        let night: Night<TuningSeed> = simulate(scenario, seed);
        let outcome = replay::run(&night, true);
        println!("{} {:>2} {outcome}", scenario.name(), outcome.seed);
        for (group, held, people) in &outcome.groups {
            if *held > 0 {
                println!("      held of {group}: {held} of {people}");
            }
        }
        for finding in outcome.findings.iter().filter(|_| findings) {
            println!("      {finding}");
        }
    }
}
