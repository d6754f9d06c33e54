//! The `paraph` program.

use std::io::Write;
use std::process::ExitCode;

use paraph::cli::{self, Parsed};
use paraph::commands;

/// It gives back what a rush has used, and takes a tenth less processor time for a signature than the C library's (docs/benchmarks.md).
/// Its settings are in `.cargo/config.toml`.
#[cfg(feature = "jemalloc")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let parsed = match cli::parse(std::env::args_os()) {
        Ok(parsed) => parsed,
        Err(failure) => return failure.report(),
    };
    let outcome = match parsed {
        Parsed::Text(text) => {
            // Help that is piped into a pager which was closed is no failure.
            let _ = std::io::stdout().lock().write_all(text.as_bytes());
            Ok(())
        }
        Parsed::Command(command) => commands::run(command),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
