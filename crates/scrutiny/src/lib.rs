//! Scrutiny: finds contributions that were made in lockstep, says why, and what may explain it innocently.
//!
//! Pure like `paraph_tally`: no file, socket, clock, thread or chance. The time of a call is a parameter; the same calls give
//! the same answers. Memory is bounded by [`bounds`], whatever comes in.
//!
//! The way of a contribution: [`Scrutiny::observe`] makes a record of it (`record`, `window`) and puts it into groups that
//! share a value or two (`groups`), once such a value has come up often enough (`sketch`). [`Scrutiny::tick`] looks at the
//! groups that have grown: six families of evidence (`families`, `times`) compare the latest members with what is normal
//! (`baseline`). Where three independent ones agree, a cluster is made (`cluster`): a rule by which each single member is
//! measured, those before included. [`Scrutiny::standing`] answers when a signature is to settle.
//!
//! ```
//! use paraph_scrutiny::{Scrutiny, Standing};
//! use paraph_tally::{Millis, SignatureId};
//!
//! let mut scrutiny = Scrutiny::new();
//! assert!(scrutiny.tick(Millis(1_000)).is_empty());
//! assert_eq!(scrutiny.standing(SignatureId([7; 16]), Millis(1_000)), Standing::Pass);
//! ```

mod around;
mod baseline;
pub mod bounds;
mod cluster;
mod copies;
mod crowds;
mod domains;
mod engine;
mod families;
mod finding;
mod groups;
mod holds;
mod in_force;
mod islands;
mod look;
mod lookup;
mod mail;
mod observe;
mod organisations;
mod packed;
mod pardon;
mod record;
mod remnants;
mod sketch;
mod surge;
mod telling;
mod times;
mod window;

/// Fluent messages of every key that this crate gives out, by language: for whoever has a bundle to add them to.
pub const MESSAGES: [(&str, &str); 2] = [
    ("en", include_str!("../locales/en.ftl")),
    ("fr", include_str!("../locales/fr.ftl")),
];

pub use engine::{Scrutiny, Standing};
pub use finding::{Advice, ClusterId, Confidence, Evidence, Fact, Family, Finding, FindingName, Innocent};
pub use observe::{Country, NetworkKind, Observation, Source, Tag};
