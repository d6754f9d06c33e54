//! One binary for all integration tests: real SQLite, real PostgreSQL, real sockets, real kills.

mod backup;
mod client;
mod contract;
mod crash;
mod door;
mod fsck;
mod journal;
mod mail;
mod pages;
mod preemption;
mod server;
mod start;
mod stores;
