//! What each command does.

mod alert;
mod backup;
mod check_config;
mod demo;
mod desk;
mod doctor;
mod door;
mod drill;
mod export;
mod fsck;
mod incident;
mod networks;
mod petition;
mod recount;
mod serve;
mod shield;
pub mod witness;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write;
use std::path::Path;

use paraph_drill::{Report, RunError, Scenario, Strength};

use crate::admit::contribution::is_unseen;
use crate::cli::Command;
use crate::config::{self, Config, Overrides};
use crate::failure::{Exit, Failure};
use crate::telemetry;
use crate::views::lang::{self, Lang};

/// Carries a command out.
///
/// # Errors
/// What went wrong, with its mend and the exit code.
pub fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Serve(serve) => serve::run(&serve),
        Command::CheckConfig(check) => check_config::run(&check),
        Command::Doctor(doctor) => doctor::run(&doctor),
        Command::Alert(alert) => alert::run(&alert),
        Command::Petition(petition) => petition::run(&petition),
        Command::Incident(incident) => incident::run(&incident),
        Command::Desk(desk) => desk::run(&desk),
        Command::Recount(recount) => recount::run(&recount),
        Command::Fsck(fsck) => fsck::run(&fsck),
        Command::Backup(backup) => backup::run(&backup),
        Command::Restore(restore) => backup::run_restore(&restore),
        Command::Shield(shield) => shield::run(&shield),
        Command::ReadOnly(read_only) => door::switch(&read_only),
        Command::Door(door) => door::show(&door),
        Command::Export(export) => export::run(&export),
        Command::Networks(networks) => networks::run(&networks),
        Command::Demo(demo) => demo::run(&demo),
        Command::Drill(drill) => drill::run(&drill),
    }
}

/// The configuration in force; the languages that it adds are there from now on.
fn configured(overrides: &Overrides) -> Result<Config, Failure> {
    telemetry::check_variable()?;
    // Not those that were added before: a reload refuses what a start would.
    let languages: Vec<&str> = Lang::all().filter(|lang| lang.is_built_in()).map(Lang::code).collect();
    let config = config::load(overrides, &config::environment(), &languages)?;
    if let Some(directory) = &config.site.locales {
        lang::add(directory, &config.site.languages[0]).map_err(|error| {
            Failure::usage(
                format!("site.locales: {error}"),
                "mend or remove that file; docs/operator.md says what a language is made of",
            )
        })?;
    }
    Ok(config)
}

/// Writes to standard output; a reader that went away is no failure.
fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{}", for_terminal(text)).and_then(|()| out.flush());
}

/// What strangers typed must not move the cursor of whoever reads it, or turn a line around: such characters are shown as
/// they would be written in JSON, which is why JSON means the same afterwards.
fn for_terminal(text: &str) -> String {
    let mut said = String::with_capacity(text.len());
    for symbol in text.chars() {
        if matches!(symbol, '\n' | '\t') || !(symbol.is_control() || is_unseen(symbol)) {
            said.push(symbol);
        } else {
            let mut units = [0; 2];
            for unit in symbol.encode_utf16(&mut units) {
                let _ = write!(said, "\\u{unit:04x}");
            }
        }
    }
    said
}

/// What somebody wrote, on one line: no line of it can pass for one of ours.
fn on_one_line(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join(" / ")
}

/// A scenario by its name.
fn scenario(name: &str) -> Result<Scenario, Failure> {
    Scenario::from_name(name).ok_or_else(|| {
        let names: Vec<&str> = Scenario::ALL.iter().map(|scenario| scenario.name()).collect();
        Failure::usage(
            format!("there is no scenario {name}"),
            format!("there are: {}", names.join(", ")),
        )
    })
}

/// Which forgers take part: those that were asked for, or the scenario's own.
///
/// # Errors
/// Weaker ones were asked for, and the scenario has forgers of one kind, as strong as any, or none.
fn strengths(scenario: Scenario, asked: &[u8]) -> Result<Option<BTreeSet<Strength>>, Failure> {
    if asked.is_empty() {
        return Ok(None);
    }
    if !scenario.takes_strengths() {
        if asked.contains(&3) {
            return Ok(None);
        }
        let takers = Scenario::ALL.into_iter().filter(|other| other.takes_strengths());
        let takers: Vec<&str> = takers.map(Scenario::name).collect();
        return Err(Failure::usage(
            format!(
                "--strength says nothing to {}: how it forges is its own",
                scenario.name()
            ),
            format!(
                "leave --strength out, or ask for 3; weaker ones are for {}",
                takers.join(", ")
            ),
        ));
    }
    let strength = |number: &u8| match number {
        1 => Strength::NoPuzzle,
        2 => Strength::Solving,
        _ => Strength::SelfConfirming,
    };
    Ok(Some(asked.iter().map(strength).collect()))
}

/// Refuses what a scenario has no use for: nothing that was asked for is left out without a word.
fn takes(scenario: Scenario, forged_rate: Option<f64>, sources: Option<u32>) -> Result<(), Failure> {
    let users = |uses: fn(Scenario) -> bool| {
        let users: Vec<&str> = Scenario::ALL
            .into_iter()
            .filter(|one| uses(*one))
            .map(Scenario::name)
            .collect();
        users.join(", ")
    };
    let refused = |flag: &str, users: String| {
        let what = format!("{flag} says nothing to {}", scenario.name());
        Err(Failure::usage(what, format!("leave {flag} out; it is for {users}")))
    };
    if forged_rate.is_some() && !scenario.forges_at_a_rate() {
        return refused("--forged-rate", users(Scenario::forges_at_a_rate));
    }
    if sources.is_some() && !scenario.has_new_sources() {
        return refused("--sources", users(Scenario::has_new_sources));
    }
    Ok(())
}

fn drill_failure(error: &RunError) -> Failure {
    let failure = Failure::failed(error.to_string(), error.hint());
    match error {
        RunError::Actor(_) => failure,
        // Found before anybody was sent.
        _ => Failure {
            exit: Exit::Usage,
            ..failure
        },
    }
}

fn print_report(report: &Report) -> Result<(), Failure> {
    Ok(report.print(&mut std::io::stdout().lock(), demo::tongue())?)
}

/// Whether a report can be written, before the work that it is about.
fn check_report(file: Option<&Path>) -> Result<(), Failure> {
    let Some(file) = file else { return Ok(()) };
    let is_new = !file.exists();
    let tried = std::fs::OpenOptions::new().append(true).create(true).open(file);
    let tried = tried.and_then(|_| if is_new { std::fs::remove_file(file) } else { Ok(()) });
    tried.map_err(|error| Failure {
        exit: Exit::Usage,
        ..Failure::io(format!("--report: cannot write {}", file.display()), &error)
    })
}

fn write_report(file: &Path, report: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(report).unwrap_or_default();
    std::fs::write(file, text + "\n")
        .map_err(|error| Failure::io(format!("--report: cannot write {}", file.display()), &error))
}

/// Runs a command's asynchronous part on threads named after the program.
fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .thread_name("paraph")
        .enable_all()
        .build()?;
    runtime.block_on(work)
}

#[cfg(test)]
mod tests {
    use super::{for_terminal, on_one_line};

    #[test]
    fn a_terminal_sees_no_control_of_a_stranger() {
        let typed = "Zoé\u{1b}[2J \u{9b}1A\u{202e}dlrow\u{200b}\u{e0041}";
        let shown = for_terminal(typed);
        assert_eq!(shown, "Zoé\\u001b[2J \\u009b1A\\u202edlrow\\u200b\\udb40\\udc41");
        // JSON says the same as before.
        let json = serde_json::to_string(typed).expect("a text");
        assert_eq!(
            serde_json::from_str::<String>(&for_terminal(&json)).expect("JSON"),
            typed
        );
        assert_eq!(for_terminal("two\nlines\tand a column"), "two\nlines\tand a column");
        assert_eq!(
            on_one_line("seen\n  2026-11-22  program  closed"),
            "seen / 2026-11-22  program  closed"
        );
    }
}
