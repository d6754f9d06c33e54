//! How many files this process may open: each connection is one. What the server itself needs is put by, so that a flood of the
//! public side takes none from the store, from mail or from the operations listener.

use std::fs::File;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::config::Config;
use crate::failure::Failure;

/// What a server without anybody connected has open, measured as 40 (listeners, runtimes, the writer's files, locks, the log), and
/// what it opens for a moment: a file that it replaces, a command at the control socket, a channel of an alert.
const OWN: u64 = 48;
/// What a listener for who works here holds for when there are no others: as many as a page and a program that collects metrics take
/// at once.
pub const SPARES: u64 = 8;
/// Files of a connection to the store: the database and its write-ahead log. What they share is among [`OWN`].
const OF_A_CONNECTION: u64 = 2;
/// Two files with a pool of connections each answer pages, and the desk has a pool of its own.
const POOLS: u64 = 2;
/// Connections that were accepted and have no place yet, one of each public listener.
const ACCEPTED: u64 = 2;
/// Fewer places are no public side, as `limits.connections` has it: a browser takes six.
const LEAST: u64 = 16;

/// How many a server keeps from the public side: for itself and its store, for mail that leaves and comes back, for the
/// operations listener, and for a desk on an address of its own.
fn kept(config: &Config) -> u64 {
    let limits = &config.limits;
    let readers = POOLS * limits.read_connections + crate::server::DESK_CONNECTIONS;
    let mails_back = config.mail.bounce.as_ref().and_then(|bounce| bounce.lmtp.as_ref());
    let operations = limits.operations_connections + SPARES;
    let desk = config.listen.desk.map_or(0, |_| operations + limits.desk_watchers);
    OWN + OF_A_CONNECTION * readers
        + limits.mail_connections
        + mails_back.map_or(0, |_| limits.bounce_connections)
        + operations
        + desk
}

/// What so many places need: who is asked to make room for another is there a moment longer ([`crate::admit::places`]).
fn of_places(places: u64) -> u64 {
    places + crate::admit::places::leaving(places) + ACCEPTED
}

/// How many a server on this configuration needs.
#[must_use]
pub fn wanted(config: &Config) -> u64 {
    kept(config) + of_places(config.limits.connections)
}

/// The fewest with which it starts.
#[must_use]
pub fn least(config: &Config) -> u64 {
    kept(config) + of_places(LEAST)
}

/// How many connections the public side takes where so many files may be open: as many as the bounds say, or as many as are left
/// beside what is kept from it.
///
/// # Errors
/// What is left would be no public side.
pub fn connections(config: &Config, allowed: u64) -> Result<u64, Failure> {
    let (least, most) = (least(config), config.limits.connections);
    if allowed < least {
        return Err(Failure::usage(
            format!("only {allowed} files may be open at once, and a server needs {least} at least"),
            mend(config),
        ));
    }
    let left = allowed - kept(config);
    Ok((LEAST..=most)
        .rev()
        .find(|places| of_places(*places) <= left)
        .unwrap_or(LEAST))
}

/// Takes the descriptors that a server needs, as far as the system lets this process have them. How many connections the public side
/// takes then; the log says so where these are fewer than the bounds allow.
///
/// # Errors
/// As [`connections`].
pub fn take(config: &Config) -> Result<u64, Failure> {
    let wanted = wanted(config);
    let allowed = raise(wanted);
    let connections = connections(config, allowed)?;
    if allowed < wanted {
        let mend = mend(config);
        tracing::warn!(
            allowed,
            wanted,
            connections,
            mend,
            "fewer files may be opened than limits.connections needs"
        );
    }
    Ok(connections)
}

/// What an operator does about too few.
#[must_use]
pub fn mend(config: &Config) -> String {
    let wanted = wanted(config);
    format!(
        "LimitNOFILE={} in the unit, or `ulimit -n {wanted}` before the start; or lower limits.connections",
        wanted.next_power_of_two()
    )
}

/// Descriptors that a listener holds without using them, so that it can answer when no others are left in the process. Who comes
/// then gets one of them.
pub struct Spares(Mutex<Vec<File>>);

/// Puts spares by again when the connection that had one is closed.
pub(crate) struct Refill(Arc<Spares>);

impl Spares {
    /// [`SPARES`] of them, as far as there are any left.
    #[must_use]
    pub fn new() -> Arc<Self> {
        let spares = Self(Mutex::default());
        spares.refill();
        Arc::new(spares)
    }

    /// Lets go of one for somebody who waits. False if there is none.
    pub(crate) fn let_go(&self) -> bool {
        self.held().pop().is_some()
    }

    /// Puts by what is missing. False while there are too few.
    pub(crate) fn refill(&self) -> bool {
        let mut held = self.held();
        while (held.len() as u64) < SPARES {
            let Ok(file) = File::open("/dev/null") else {
                return false;
            };
            held.push(file);
        }
        true
    }

    /// To be dropped after the connection.
    pub(crate) fn refilled_at_the_end(self: &Arc<Self>) -> Refill {
        Refill(Arc::clone(self))
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Vec<File>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Refill {
    fn drop(&mut self) {
        self.0.refill();
    }
}

/// The most that a process which is started here may let itself have.
#[must_use]
pub fn most() -> u64 {
    getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX)
}

/// Takes the most that the system lets this process have, if it has fewer than it needs: shells and units that say nothing
/// give 1,024, and let it raise that by itself. How many it may open then.
fn raise(wanted: u64) -> u64 {
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
    use super::{LEAST, connections, kept, least, of_places, wanted};

    #[test]
    fn the_public_side_gets_what_the_server_does_not_need_itself_and_no_server_starts_without_a_public_side() {
        let config = crate::config::without_file(&[], &["en"]).expect("defaults");
        let (kept, least, wanted) = (kept(&config), least(&config), wanted(&config));
        for allowed in [least, least + 1, 300, 1024, wanted - 1, wanted, 65_536] {
            let places = connections(&config, allowed).expect("enough");
            assert!((LEAST..=4096).contains(&places), "{allowed}: {places}");
            assert!(kept + of_places(places) <= allowed, "{allowed}: {places}");
            let one_more = places == 4096 || kept + of_places(places + 1) > allowed;
            assert!(one_more, "{allowed}: {places} and no more");
        }
        let refused = connections(&config, least - 1).expect_err("too few");
        assert!(refused.hint.contains(&format!("ulimit -n {wanted}")), "{refused}");
    }
}
