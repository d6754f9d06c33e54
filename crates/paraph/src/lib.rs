//! Paraph: petitions whose count can be trusted.
//!
//! Folder names are stages, in the order in which a signature passes through them; see `ARCHITECTURE.md`.

pub mod cli;
pub mod config;
pub mod failure;
pub mod limits;
pub mod mail;
pub mod telemetry;
