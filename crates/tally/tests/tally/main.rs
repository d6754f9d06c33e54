//! The tally from outside: journals that a writer could meet, bytes that anyone could send, vectors that others rely on.

mod bytes;
mod journal;
mod life;
mod tidy;
mod vectors;
