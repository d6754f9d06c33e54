//! How many files this process may open: each connection is one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::limits::Limits;

/// Descriptors besides connections: the store, the log, mail, watchers of the machine.
const OTHERS: u64 = 256;

/// How many a server with these bounds needs.
#[must_use]
pub fn wanted(limits: &Limits) -> u64 {
    limits.connections + OTHERS
}

/// The most that a process which is started here may let itself have.
#[must_use]
pub fn most() -> u64 {
    getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX)
}

/// Takes the most that the system lets this process have, if it has fewer than it needs: shells and units that say nothing
/// give 1,024, and let it raise that by itself. How many it may open then.
pub fn raise(wanted: u64) -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let now = current.unwrap_or(u64::MAX);
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    if now < wanted && setrlimit(Resource::Nofile, raised).is_ok() {
        return maximum.unwrap_or(u64::MAX);
    }
    now
}
