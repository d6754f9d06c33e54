//! One binary for all integration tests: real SQLite, real PostgreSQL, real sockets, real kills.

mod journal;
mod stores;
