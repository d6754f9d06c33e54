//! Plan, sink, mailbox and whole runs, against a server made for these tests.

mod fake;
mod mail;
mod plan;
mod runs;
