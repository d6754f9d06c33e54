//! The rehearsal: seeded honest crowds and forgers that speak the real protocol to a server on this machine, an SMTP
//! sink that receives its mail, and an auditor that knows the truth and compares it with the count that is shown.
//!
//! Depends neither on `paraph` nor on `paraph-tally`: what audits must not share the mistakes of what it audits.
//!
//! The order of use:
//!
//! ```no_run
//! # async fn demo() -> Result<(), Box<dyn std::error::Error>> {
//! use paraph_drill::{Lang, LiveView, Mailbox, Options, Scenario, Sink, Stop, Target};
//!
//! let sink = Sink::start().await?;
//! let mailbox = Mailbox::start(sink.clone()).await?;
//! // ... start the server; its mail goes to `sink.smtp_addr()` ...
//! let target = Target::check("http://127.0.0.1:8080")?;
//! let (options, stop) = (Options::new(Scenario::Lockstep218, 1), Stop::default());
//! let view = LiveView::start(Lang::Fr, &stop, vec![mailbox.url()])?;
//! let report = paraph_drill::run(options, target, "sample", sink, stop, |progress| view.observe(progress)).await?;
//! drop(view); // gives the terminal back
//! report.print(&mut std::io::stdout(), Lang::Fr)?;
//! # Ok(())
//! # }
//! ```

pub mod abuse;
pub mod auditor;
mod brigade;
mod browsers;
mod campaign;
mod client;
mod clock;
mod closing;
mod describe;
pub mod door;
mod forger;
pub mod forgeries;
mod honest;
mod mailbox;
pub mod mime;
pub mod networks;
pub mod people;
mod probe;
mod progress;
pub mod report;
mod run;
pub mod scenario;
pub mod sim;
mod sink;
mod smtp;
mod summary;
mod target;
pub mod victim;
mod view;
mod watcher;
pub mod witness;
mod world;

pub use mailbox::Mailbox;
pub use people::Lang;
pub use probe::{Cost, ServerProbe};
pub use progress::{Progress, Watched};
pub use report::Report;
pub use run::{RunError, run};
pub use scenario::{ForgedRate, Options, Plan, Scenario, Strength};
pub use sink::{Arrival, Camp, Mail, Seen, Sink};
pub use target::{RefusedTarget, Target};
pub use view::LiveView;
pub use witness::Witness;
pub use world::Stop;

/// A runtime for the drill beside a server in the same process: its threads are named `drill-...`, so that
/// [`ServerProbe::Threads`] can tell the two apart.
///
/// # Errors
/// Threads cannot be started.
pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .thread_name("drill-worker")
        .enable_all()
        .build()
}

#[cfg(test)]
mod tests {
    /// The auditor must not inherit the mistakes of what it audits.
    #[test]
    fn the_drill_depends_on_nothing_that_it_audits() {
        let manifest = include_str!("../Cargo.toml");
        let names = manifest
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(name, _)| name.trim());
        let ours: Vec<&str> = names.filter(|name| name.starts_with("paraph")).collect();
        assert_eq!(ours, [""; 0]);
        let sections = manifest
            .lines()
            .filter(|line| line.starts_with('['))
            .collect::<Vec<_>>();
        assert!(sections.contains(&"[dependencies]") && !sections.iter().any(|line| line.contains("dependencies.")));
        assert!(!manifest.contains("path ="));
    }
}
