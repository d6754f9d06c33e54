//! Simulated nights through scrutiny: ten days of traffic on a simulated clock, and what became of it.
//!
//! `paraph drill --simulate` runs one, `scripts/scrutiny` runs many and prints the tables of `docs/scrutiny.md`. The nights
//! themselves are drawn in `crates/drill/src/sim`.

mod outcome;
pub mod replay;

pub use outcome::{Outcome, Told};
