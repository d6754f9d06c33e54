//! Paraph: petitions whose count can be trusted.
//!
//! Folder names are stages, in the order in which a signature passes through them; see `ARCHITECTURE.md`.

mod acme;
pub mod admit;
pub mod alerts;
pub mod backup;
pub mod card;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod control;
pub mod descriptors;
pub mod desk;
pub mod doctor;
pub mod failure;
mod front;
pub mod fsck;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
pub mod handlers;
pub mod incident;
pub mod intake;
pub mod journal;
pub mod keys;
pub mod ledger;
pub mod limits;
pub mod mail;
pub mod named;
pub mod outbound;
pub mod plural;
mod replace;
pub mod respond;
pub mod router;
pub mod scrutiny;
pub mod server;
pub mod shield;
pub mod store;
pub mod supervise;
pub mod telemetry;
pub mod token;
pub mod trace;
pub mod video;
pub mod views;
