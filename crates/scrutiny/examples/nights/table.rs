//! The table of the documentation.

use paraph_drill::sim::SimScenario;

use crate::outcome::Outcome;

/// Prints it.
pub(crate) fn print(seeds: u32, run: impl Fn(SimScenario, u32) -> Vec<Outcome>) {
    for scenario in SimScenario::ALL {
        let outcomes = run(scenario, seeds);
        println!("{} {}", scenario.name(), outcomes.len());
    }
}
