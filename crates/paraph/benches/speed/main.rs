//! How fast Paraph is, each figure against a baseline measured in the same run; see `docs/benchmarks.md`.
//!
//! ```text
//! scripts/bench [durable] [signature] [mail] [page] [refusal] [flood] [memory] [startup] [networks] [budgets]
//!     [--rounds N] [--signatures N] [--record FILE] [--json]
//! ```
//!
//! Ours and the baseline take turns, round by round, so that a noisy machine is noisy for both. What is printed is the
//! median of the rounds, and between the brackets the smallest and the largest.

#![expect(
    clippy::print_stdout,
    reason = "a report on the terminal is what this program is for"
)]

mod bare;
mod budgets;
mod durable;
mod finding;
mod flood;
mod history;
mod large;
mod machine;
mod networks;
mod pages;
mod people;
mod server;
mod signature;
mod wire;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use finding::Finding;

/// Whatever goes wrong ends the run: half a measurement is none.
type Outcome<T> = Result<T, Box<dyn Error>>;

/// What was asked for on the command line.
struct Asked {
    sections: Vec<String>,
    rounds: usize,
    /// In the large store.
    signatures: u32,
    /// Where a line for each figure is added.
    record: Option<PathBuf>,
    json: bool,
}

const SECTIONS: [&str; 10] = [
    "durable",
    "signature",
    "mail",
    "page",
    "refusal",
    "flood",
    "memory",
    "startup",
    "networks",
    "budgets",
];

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("a bar was missed");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// Whether every bar was reached.
fn run() -> Outcome<bool> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // This program is also the processes that it measures against.
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [bare::ROLE, file] => return bare::serve(file.as_ref()).map(|()| true),
        [large::CRASH_ROLE, place, first] => return large::sign_until_killed(place.as_ref(), first.parse()?),
        [signature::VERIFY_ROLE, calls] => return signature::verify(calls.parse()?).map(|()| true),
        _ => {}
    }
    let asked = asked(&arguments)?;
    let mut findings = Vec::new();
    for section in &asked.sections {
        eprintln!("measuring: {section}, {} rounds", asked.rounds);
        findings.extend(match section.as_str() {
            "durable" => durable::measure(asked.rounds)?,
            "signature" => signature::measure(asked.rounds)?,
            "mail" => signature::measure_mail(asked.rounds)?,
            "page" => pages::measure(asked.rounds)?,
            "flood" => flood::measure(asked.rounds)?,
            "memory" => large::measure_memory(asked.rounds, asked.signatures)?,
            "startup" => large::measure_startup(asked.rounds, asked.signatures)?,
            "networks" => networks::measure(asked.rounds)?,
            "budgets" => budgets::measure(asked.rounds)?,
            _ => pages::measure_refusals(asked.rounds)?,
        });
    }
    let machine = machine::describe();
    if let Some(file) = &asked.record {
        history::add(file, &machine, &findings)?;
    }
    if asked.json {
        println!("{:#}", finding::to_json(&machine, &findings));
    } else {
        println!("\n{machine}\n");
        findings.iter().for_each(|finding| println!("{finding}\n"));
    }
    Ok(!findings.iter().any(Finding::misses_its_bar))
}

fn asked(arguments: &[String]) -> Outcome<Asked> {
    let mut asked = Asked {
        sections: Vec::new(),
        rounds: 7,
        signatures: 1_000_000,
        record: None,
        json: false,
    };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            // Cargo adds it to what it runs as a benchmark.
            "--bench" => {}
            "--json" => asked.json = true,
            "--rounds" => asked.rounds = rest.next().ok_or("--rounds takes a number")?.parse()?,
            "--signatures" => asked.signatures = rest.next().ok_or("--signatures takes a number")?.parse()?,
            "--record" => asked.record = Some(rest.next().ok_or("--record takes a file")?.into()),
            section if SECTIONS.contains(&section) => asked.sections.push(section.to_owned()),
            other => {
                return Err(format!(
                    "{other} is none of {SECTIONS:?}, --rounds N, --signatures N, --record FILE, --json"
                )
                .into());
            }
        }
    }
    if asked.rounds == 0 {
        return Err("--rounds is at least 1".into());
    }
    if asked.sections.is_empty() {
        asked.sections = SECTIONS.map(str::to_owned).to_vec();
    }
    Ok(asked)
}
