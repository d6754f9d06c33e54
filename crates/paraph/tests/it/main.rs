//! One binary for all integration tests: real SQLite, real PostgreSQL, real sockets, real kills.

mod backup;
mod client;
mod clocks;
mod content;
mod contract;
mod crash;
mod deliverability;
mod disk;
mod door;
mod fsck;
mod journal;
mod mail;
mod networks;
mod ops;
mod pages;
mod power;
mod preemption;
mod rehearsal;
mod server;
mod share;
mod shield;
mod start;
mod stop;
mod stores;
mod tls;
mod upgrade;
