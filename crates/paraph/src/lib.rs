//! Paraph: petitions whose count can be trusted.
//!
//! Folder names are stages, in the order in which a signature passes through them; see `ARCHITECTURE.md`.

pub mod cli;
pub mod clock;
pub mod config;
pub mod failure;
pub mod intake;
pub mod journal;
pub mod keys;
pub mod ledger;
pub mod admit;
pub mod clock;
pub mod limits;
pub mod mail;
pub mod store;
pub mod token;
pub mod views;
pub mod telemetry;
