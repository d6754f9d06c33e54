//! How often one address is written to, whoever types it into whichever form.
//!
//! Mail is a weapon: a flood with a victim's address must not become a flood in the victim's mailbox. A budget spent
//! delays into one later mail, which then shows everything that waits; nothing is dropped, so that nobody can keep a
//! person from signing by using up their budget.
//!
//! A mail to another spelling of a mailbox (`ada+x@example.org`) may reach nobody, and no bounce need say so. So it takes nothing
//! of what may go to the mailbox's own name: of three mails a day at most two go to other spellings, and about one petition one to
//! each. Of the third, whose page shows all that waits for the mailbox, nobody can deprive its reader.

use paraph_tally::PetitionId;

use super::Millis;

/// Window of both budgets.
pub const WINDOW: Millis = Millis(24 * 60 * 60 * 1000);
/// Mails to one address about all petitions within the window. About one petition it is one.
pub const MAILS_PER_ADDRESS: usize = 3;

/// Of these, to other spellings than the mailbox's own name, so that one is left for that.
pub const MAILS_SPELT_OTHERWISE: usize = 2;

/// A mail that left for an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// When.
    pub at: Millis,
    /// The petition that it was about.
    pub petition: PetitionId,
    /// It went to another spelling than the mailbox's own name.
    pub otherwise: bool,
}

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
    by(
        free_after(1, last_for_petition).max(free_after(MAILS_PER_ADDRESS, sent.iter().copied())),
        now,
    )
}

/// When there are fewer than so many mails within the window.
fn free_after(most: usize, sent: impl IntoIterator<Item = Millis>) -> u64 {
    let sent: Vec<Millis> = sent.into_iter().collect();
    let in_the_way = latest(most, &sent).nth(most - 1);
    in_the_way.map_or(0, |at| at.0.saturating_add(WINDOW.0))
}

fn by(at: u64, now: Millis) -> Due {
    if at <= now.0 { Due::Now } else { Due::At(Millis(at)) }
}

/// The same of an address, by what it was sent of late. A mail to the mailbox's own name waits for no other that went elsewhere but
/// within the bound of all; one to another spelling, or to nobody knows which, waits for every one.
#[must_use]
pub fn due_about(petition: PetitionId, otherwise: bool, sent: &[Sent], now: Millis) -> Due {
    let at = |sent: &Sent| sent.at;
    let here = sent
        .iter()
        .filter(|sent| sent.petition == petition && (otherwise || !sent.otherwise));
    let of_others: Vec<Millis> = sent.iter().filter(|sent| sent.otherwise).map(at).collect();
    let of_its_name = sent.iter().filter(|sent| !sent.otherwise).map(at);
    // However many others there are: those that came back may have been more.
    let in_all = of_its_name.chain(latest(MAILS_SPELT_OTHERWISE, &of_others));
    let free = free_after(1, here.map(at)).max(free_after(MAILS_PER_ADDRESS, in_all));
    let free_of_others = free_after(MAILS_SPELT_OTHERWISE, of_others.iter().copied());
    by(if otherwise { free.max(free_of_others) } else { free }, now)
}

/// So many of the latest.
fn latest(most: usize, sent: &[Millis]) -> impl Iterator<Item = Millis> {
    let mut sent = sent.to_vec();
    sent.sort_unstable_by_key(|at| std::cmp::Reverse(at.0));
    sent.into_iter().take(most)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::{Due, MAILS_PER_ADDRESS, Millis, PetitionId, Sent, WINDOW, due, due_about};

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

    #[test]
    fn mails_that_go_elsewhere_leave_one_for_the_name_of_the_mailbox() {
        let sent = |at: u64, petition, otherwise| Sent {
            at: Millis(at * HOUR),
            petition: PetitionId(petition),
            otherwise,
        };
        let due =
            |petition, otherwise, sent: &[Sent]| due_about(PetitionId(petition), otherwise, sent, Millis(30 * HOUR));
        let elsewhere = [sent(20, 1, true), sent(21, 2, true)];
        assert_eq!(due(1, false, &elsewhere), Due::Now, "it may have reached nobody");
        assert_eq!(due(1, true, &elsewhere), Due::At(Millis(44 * HOUR)));
        assert_eq!(
            due(3, true, &elsewhere),
            Due::At(Millis(44 * HOUR)),
            "the third is the mailbox's own"
        );
        let all = [&elsewhere[..], &[sent(22, 1, false)]].concat();
        assert_eq!(due(1, false, &all), Due::At(Millis(46 * HOUR)));
        assert_eq!(due(3, false, &all), Due::At(Millis(44 * HOUR)), "three in all");
        assert_eq!(due(1, true, &[sent(22, 1, false)]), Due::At(Millis(46 * HOUR)));
    }

    proptest! {
        #[test]
        fn whatever_goes_elsewhere_the_name_of_a_mailbox_has_had_a_mail_or_may_have_one(
            mails in prop::collection::vec((0..9 * HOUR, 0u32..5, any::<bool>()), 0..60),
            came_back in any::<bool>(),
        ) {
            let (mut now, mut sent) = (WINDOW, Vec::<Sent>::new());
            for (wait, petition, otherwise) in mails {
                now = Millis(now.0 + wait);
                let petition = PetitionId(petition);
                // What came back did not count when the next one left.
                if due_about(petition, otherwise, &sent, now) == Due::Now || (came_back && otherwise) {
                    sent.push(Sent { at: now, petition, otherwise });
                }
                let today = sent.iter().filter(|sent| sent.at.0 + WINDOW.0 > now.0);
                prop_assert!(came_back || today.clone().count() <= MAILS_PER_ADDRESS);
                let has_one = today.clone().any(|sent| !sent.otherwise);
                prop_assert!(has_one || due_about(petition, false, &sent, now) == Due::Now);
            }
        }

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
