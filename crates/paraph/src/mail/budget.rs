//! How often one address is written to, whoever types it into whichever form.
//!
//! Mail is a weapon: a flood with a victim's address must not become a flood in the victim's mailbox. A budget spent
//! delays into one later mail, which then shows everything that waits; nothing is dropped, so that nobody can keep a
//! person from signing by using up their budget.

use paraph_tally::PetitionId;

use super::Millis;

/// Window of both budgets.
pub const WINDOW: Millis = Millis(24 * 60 * 60 * 1000);
/// Mails to one address about all petitions within the window. About one petition it is one.
pub const MAILS_PER_ADDRESS: usize = 3;

/// When a mail may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// At once.
    Now,
    /// Not before this time.
    At(Millis),
}

/// When an address may be written to about a petition.
///
/// `last_for_petition` is the last mail to this address about this petition; `sent` are the times of the last mails to
/// this address about any petition, in any order (at least the [`MAILS_PER_ADDRESS`] latest; older ones do no harm).
#[must_use]
pub fn due(last_for_petition: Option<Millis>, sent: &[Millis], now: Millis) -> Due {
    let mut latest: Vec<Millis> = sent.to_vec();
    latest.sort_unstable_by_key(|at| std::cmp::Reverse(at.0));
    let oldest_in_the_way = latest.get(MAILS_PER_ADDRESS - 1).copied();
    let free = |at: Millis| at.0.saturating_add(WINDOW.0);
    let at = last_for_petition.map_or(0, free).max(oldest_in_the_way.map_or(0, free));
    if at <= now.0 { Due::Now } else { Due::At(Millis(at)) }
}

/// The same of an address, by what it was sent of late and about which petition.
#[must_use]
pub fn due_about(petition: PetitionId, sent: &[(Millis, PetitionId)], now: Millis) -> Due {
    let here = sent.iter().filter(|(_, about)| *about == petition);
    let last_here = here.map(|(at, _)| *at).max();
    let all: Vec<Millis> = sent.iter().map(|(at, _)| *at).collect();
    due(last_here, &all, now)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::{Due, MAILS_PER_ADDRESS, Millis, WINDOW, due};

    const HOUR: u64 = 3_600_000;

    #[test]
    fn the_second_mail_about_a_petition_waits_a_day() {
        let first = Millis(5 * HOUR);
        assert_eq!(due(None, &[], first), Due::Now);
        assert_eq!(due(Some(first), &[first], Millis(6 * HOUR)), Due::At(Millis(29 * HOUR)));
        assert_eq!(due(Some(first), &[first], Millis(29 * HOUR)), Due::Now);
    }

    /// A world with one address: contributions arrive, each leaves its petition waiting, the mailer sends what is due.
    fn simulate(arrivals: &[(u64, u8)]) -> (Vec<(Millis, u8)>, BTreeMap<u8, Millis>) {
        let (mut sent, mut waiting) = (Vec::<(Millis, u8)>::new(), BTreeMap::new());
        let mut arrivals = arrivals.to_vec();
        arrivals.sort_unstable();
        let mut arrivals = arrivals.into_iter().peekable();
        let mut now = 0;
        loop {
            while let Some((_, petition)) = arrivals.next_if(|(at, _)| *at <= now) {
                waiting.entry(petition).or_insert(Millis(now));
            }
            let all = |sent: &[(Millis, u8)]| sent.iter().map(|(at, _)| *at).collect::<Vec<_>>();
            let last = |sent: &[(Millis, u8)], of: u8| sent.iter().rev().find(|(_, p)| *p == of).map(|(at, _)| *at);
            let mut wake = arrivals.peek().map(|(at, _)| *at);
            for petition in waiting.keys().copied().collect::<Vec<_>>() {
                match due(last(&sent, petition), &all(&sent), Millis(now)) {
                    Due::Now => {
                        sent.push((Millis(now), petition));
                        waiting.remove(&petition);
                    }
                    Due::At(at) => wake = Some(wake.map_or(at.0, |wake| wake.min(at.0))),
                }
            }
            match wake {
                Some(at) => now = at.max(now + 1),
                None => return (sent, waiting),
            }
        }
    }

    proptest! {
        #[test]
        fn the_bounds_hold_and_nothing_is_dropped(arrivals in prop::collection::vec((0..200 * HOUR, 0u8..8), 0..60)) {
            let (sent, waiting) = simulate(&arrivals);
            prop_assert!(waiting.is_empty(), "left behind: {waiting:?}");
            for (at, petition) in &sent {
                let within = |other: &&(Millis, u8)| other.0.0 <= at.0 && at.0 - other.0.0 < WINDOW.0;
                prop_assert!(sent.iter().filter(within).count() <= MAILS_PER_ADDRESS);
                prop_assert!(sent.iter().filter(within).filter(|(_, other)| other == petition).count() == 1);
            }
            for (at, petition) in &arrivals {
                prop_assert!(sent.iter().any(|(sent, about)| about == petition && sent.0 >= *at), "no mail after {at}");
            }
        }
    }
}
