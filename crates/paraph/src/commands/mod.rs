//! What each command does.

mod check_config;
mod petition;
mod recount;
mod serve;

use std::io::Write;

use crate::cli::Command;
use crate::config::{self, Config, Overrides};
use crate::failure::Failure;
use crate::views::Lang;

/// Carries a command out.
///
/// # Errors
/// What went wrong, with its mend and the exit code.
pub fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Serve(serve) => serve::run(&serve),
        Command::CheckConfig(check) => check_config::run(&check),
        Command::Petition(petition) => petition::run(&petition),
        Command::Recount(recount) => recount::run(&recount),
        Command::Demo(_) | Command::Drill(_) => Err(Failure::failed("soon", "soon")),
    }
}

/// The configuration in force.
fn configured(overrides: &Overrides) -> Result<Config, Failure> {
    let languages: Vec<&str> = Lang::all().map(Lang::code).collect();
    config::load(overrides, &config::environment(), &languages)
}

/// Writes to standard output; a reader that went away is no failure.
fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Runs a command's asynchronous part on threads named after the program.
fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .thread_name("paraph")
        .enable_all()
        .build()?;
    runtime.block_on(work)
}
