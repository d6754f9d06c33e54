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

/// How many connections the public side keeps where so many files may be open: what the bounds say, and never so many that
/// none could be accepted to make room for. Few descriptors are halved rather than used up.
#[must_use]
pub fn connections(limits: &Limits, allowed: u64) -> u64 {
    let others = OTHERS.min(allowed / 2);
    limits.connections.min(allowed - others).max(1)
}

/// How many this process may have open now.
#[must_use]
pub fn allowed() -> u64 {
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
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

#[cfg(test)]
mod tests {
    use super::connections;
    use crate::limits::Limits;

    #[test]
    fn places_are_never_more_than_descriptors() {
        let limits = Limits::default();
        for (allowed, expected) in [(65_536, 4096), (4352, 4096), (1024, 768), (300, 150), (128, 64), (1, 1)] {
            assert_eq!(connections(&limits, allowed), expected, "{allowed}");
        }
    }
}
