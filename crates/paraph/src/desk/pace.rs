//! Wrong logins delay the next ones, and never lock anybody out for good.
//!
//! Two things are remembered: the name that was typed, whether or not a member has it, and the address it came from. A
//! browser that once got in has a mark of the member's; its tries are counted apart from those of strangers, so that
//! somebody who keeps guessing elsewhere does not keep the member waiting.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use paraph_tally::Millis;

use crate::admit::source::{Prefix, Source};
use crate::limits::Limits;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Whose {
    /// Keyed tag of a name, and whether the browser bore the mark of its member.
    Name([u8; 16], bool),
    /// An address, or an IPv6 /64.
    Address(Prefix),
}

#[derive(Clone, Copy)]
struct Tries {
    wrong: u32,
    last: Millis,
    until: Millis,
}

/// After so long without a try, what was wrong is forgotten.
const FORGET_MILLIS: u64 = 3600 * 1000;

/// The tries of the last hour.
pub struct Pace {
    tries: Mutex<HashMap<Whose, Tries>>,
    name: u64,
    address: u64,
    most_millis: u64,
    most_kept: usize,
}

impl Pace {
    /// As `limits` says.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            tries: Mutex::default(),
            name: limits.desk_tries,
            address: limits.desk_tries_per_address,
            most_millis: limits.desk_delay_seconds * 1000,
            most_kept: usize::try_from(limits.desk_failures).unwrap_or(usize::MAX),
        }
    }

    /// Counts a try before anything costly is done for it. `name` is a keyed tag of what was typed.
    ///
    /// # Errors
    /// Milliseconds to wait first; nothing was counted.
    pub fn begin(&self, name: [u8; 16], marked: bool, source: &Source, now: Millis) -> Result<(), u64> {
        let both = [
            (Whose::Name(name, marked), self.name),
            (Whose::Address(source.narrow()), self.address),
        ];
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = both.iter().filter_map(|(whose, _)| tries.get(whose));
        let wait = wait.map(|tries| tries.until.0.saturating_sub(now.0)).max().unwrap_or(0);
        // A clock that was set back must not keep anybody out.
        if (1..=self.most_millis).contains(&wait) {
            return Err(wait);
        }
        for (whose, free) in both {
            self.make_room(&mut tries, now);
            let entry = tries.entry(whose).or_insert(Tries {
                wrong: 0,
                last: now,
                until: now,
            });
            if now.0.saturating_sub(entry.last.0) > FORGET_MILLIS {
                entry.wrong = 0;
            }
            entry.wrong = entry.wrong.saturating_add(1);
            entry.last = now;
            entry.until = Millis(now.0 + self.delay(entry.wrong, free));
        }
        Ok(())
    }

    /// The try was right: its name starts afresh. Its address does not; else a member's own logins would clear the way for
    /// guesses at others.
    pub fn succeeded(&self, name: [u8; 16], marked: bool, source: &Source) {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        tries.remove(&Whose::Name(name, marked));
        if let Some(entry) = tries.get_mut(&Whose::Address(source.narrow())) {
            entry.wrong = entry.wrong.saturating_sub(1);
            entry.until = entry.last;
        }
    }

    /// A second after the free ones, and twice as long after each.
    fn delay(&self, wrong: u32, free: u64) -> u64 {
        let over = u64::from(wrong).saturating_sub(free);
        match over {
            0 => 0,
            1..=20 => (1000 << (over - 1)).min(self.most_millis),
            _ => self.most_millis,
        }
    }

    fn make_room(&self, tries: &mut HashMap<Whose, Tries>, now: Millis) {
        if tries.len() < self.most_kept {
            return;
        }
        tries.retain(|_, tries| now.0.saturating_sub(tries.last.0) <= FORGET_MILLIS);
        if tries.len() >= self.most_kept {
            // Those with the fewest wrong ones, then the oldest: who floods with ever new names clears their own.
            let least = tries.iter().min_by_key(|(_, tries)| (tries.wrong, tries.last.0));
            if let Some(whose) = least.map(|(whose, _)| *whose) {
                tries.remove(&whose);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    fn source(last: u8) -> Source {
        Source::direct(SocketAddr::from(([198, 51, 100, last], 1)))
    }

    #[test]
    fn wrong_logins_delay_and_never_for_good() {
        let pace = Pace::new(&Limits::default());
        let (name, mut now) = ([1; 16], Millis(4_102_444_800_000));
        let mut waited = Vec::new();
        for _ in 0..40 {
            if let Err(wait) = pace.begin(name, false, &source(1), now) {
                waited.push(wait);
                now = Millis(now.0 + wait);
                pace.begin(name, false, &source(1), now).expect("waited long enough");
            }
        }
        assert_eq!(&waited[..3], [1000, 2000, 4000]);
        assert_eq!(waited.last(), Some(&300_000), "never longer");
        // A browser that was in before does not wait for the guesses of others; nor does another name.
        pace.begin(name, true, &source(2), now)
            .expect("the member's own browser");
        pace.begin([2; 16], false, &source(3), now).expect("another name");
        pace.begin(name, false, &source(4), now)
            .expect_err("a stranger elsewhere");
        pace.begin(name, false, &source(4), Millis(now.0 + FORGET_MILLIS + 1))
            .expect("forgotten");
    }

    #[test]
    fn one_address_does_not_guess_at_every_name() {
        let limits = Limits {
            desk_failures: 64,
            ..Limits::default()
        };
        let pace = Pace::new(&limits);
        let now = Millis(4_102_444_800_000);
        let passed = (0..200)
            .filter(|n| pace.begin([*n; 16], false, &source(1), now).is_ok())
            .count();
        assert_eq!(passed, 21);
        assert!(pace.tries.lock().expect("never poisoned").len() <= 64);
        // Getting in oneself does not clear the way for the rest.
        pace.succeeded([0; 16], false, &source(1));
        let more = (200..=255)
            .filter(|n| pace.begin([*n; 16], false, &source(1), now).is_ok())
            .count();
        assert!(more <= 1, "{more}");
    }
}
