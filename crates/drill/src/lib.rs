//! The rehearsal: seeded honest crowds and forgers that speak the real protocol to a server on this machine, an SMTP
//! sink that receives its mail, and an auditor that knows the truth and compares it with the count that is shown.
//!
//! Depends neither on `paraph` nor on `paraph-tally`: what audits must not share the mistakes of what it audits.
//!
//! The order of use: [`Sink::start`], start the server with [`Sink::smtp_addr`], [`Target::check`], [`run`].

mod client;
mod clock;
mod mime;
mod networks;
mod people;
mod probe;
mod scenario;
mod sink;
mod smtp;
mod target;

pub use mime::Letter;
pub use networks::{Network, TABLE as NETWORKS};
pub use people::Lang;
pub use probe::{Cost, ServerProbe};
pub use scenario::{ForgedRate, Options, Plan, Scenario, Strength};
pub use sink::{Arrival, Mail, Sink};
pub use target::{RefusedTarget, Target};
