//! The rehearsal: seeded honest crowds and forgers that speak the real protocol to a server on this machine, an SMTP
//! sink that receives its mail, and an auditor that knows the truth and compares it with the count that is shown.
//!
//! Depends neither on `paraph` nor on `paraph-tally`: what audits must not share the mistakes of what it audits.
//!
//! The order of use: [`Sink::start`], start the server with [`Sink::smtp_addr`], [`Target::check`], [`run`].

pub mod auditor;
mod client;
mod clock;
mod forger;
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
mod sink;
mod smtp;
mod summary;
mod target;
mod view;
mod world;

pub use mailbox::Mailbox;
pub use people::Lang;
pub use probe::{Cost, ServerProbe};
pub use progress::Progress;
pub use report::Report;
pub use run::{RunError, run};
pub use scenario::{ForgedRate, Options, Plan, Scenario, Strength};
pub use sink::{Arrival, Camp, Mail, Seen, Sink};
pub use target::{RefusedTarget, Target};
pub use view::LiveView;
pub use world::Stop;

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
