//! Whose the mail domains of a group are: an attack's own, or others have mailboxes there as well.

use crate::baseline::Kind;
use crate::bounds::{DECADES_TO_AGREE, MIN_CLUSTER};
use crate::cluster::Rule;
use crate::engine::Scrutiny;
use crate::families::surprise;
use crate::finding::Family;
use crate::groups::Seed;
use crate::record::{Record, flag};

/// From where an attack comes, this share of all come who have a mailbox at a domain of its own. Else others have mailboxes there.
const FROM_THERE: f64 = 0.85;

/// Of those who have a mailbox at a service for people who hide, as many do so at the most.
const HIDE: f64 = 0.5;

impl Scrutiny {
    /// The rule without the mail domains that others have as well: who has a mailbox there does not come from where the members
    /// do. Nor is a pattern of addresses theirs if most who have it have a mailbox there: a service that relays mail makes them all
    /// alike.
    pub(crate) fn without_domains_of_others(&self, rule: Rule, group: &[&Record]) -> Option<Rule> {
        let domains = self.of_others(&rule, group);
        rule.keeping(|kind, value| match kind {
            Kind::Domain => !domains.contains(&value),
            Kind::Shape => {
                let bearers = group.iter().filter(|one| one.shape == value);
                let there = bearers.clone().filter(|one| domains.contains(&one.domain)).count();
                there * 2 <= bearers.count()
            }
            _ => true,
        })
    }

    /// Mail domains of a group that are not its own. Who is held is of the attack, wherever they came from; and an attack that rents
    /// does so in more places than this group shows.
    fn of_others(&self, rule: &Rule, group: &[&Record]) -> Vec<u32> {
        let mut domains: Vec<(u32, u32)> = group.iter().filter_map(|record| Seed::Domain.values(record)).collect();
        domains.sort_unstable();
        domains.dedup();
        let rented = group.iter().filter(|record| record.is(flag::HOSTING)).count() * 10 >= group.len() * 9;
        let from_there = |one: &Record| {
            let bears = rule.bears(Family::Network, one)?;
            Some(bears || (rented && one.is(flag::HOSTING)))
        };
        let ask = |domain: (u32, u32)| {
            let mut bearers = group.iter().filter(|one| Seed::Domain.values(one) == Some(domain));
            let all = self.latest(bearers.clone().next().and_then(|one| Seed::Domain.key(one)));
            let answers = all.iter().filter(|one| one.cluster == 0).filter_map(from_there);
            let (there, of) = answers.fold((0, 0), |(there, of), from_there| {
                (there + usize::from(from_there), of + 1)
            });
            (of > 0).then(|| Known {
                domain: domain.0,
                taken: bearers.any(|one| rule.takes(one)),
                mailboxes: (there, of),
            })
        };
        of_others(&domains.into_iter().filter_map(ask).collect::<Vec<_>>())
    }
}

/// What is known of a mail domain.
struct Known {
    domain: u32,
    /// Whether a rule takes anybody who has a mailbox there.
    taken: bool,
    /// How many of these come from where the attack does, and of how many.
    mailboxes: (usize, usize),
}

/// The domains among them that are not an attack's own. Where few mailboxes are known, those at all domains of whom the rule takes answer
/// for each of these: an attack has many, and what others in the group have says nothing about them.
fn of_others(known: &[Known]) -> Vec<u32> {
    let is_few = |one: &&Known| one.taken && one.mailboxes.1 < 2 * MIN_CLUSTER;
    let few = known.iter().filter(is_few).map(|one| one.mailboxes);
    let few = few.fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1));
    let of_others = known
        .iter()
        .filter(|one| !own(if is_few(one) { few } else { one.mailboxes }));
    of_others.map(|one| one.domain).collect()
}

/// Whether so many of all with a mailbox at a domain come from where the attack does that it is the attack's own. Somebody who
/// comes from elsewhere says that others may have mailboxes there: then it must not be what chance shows, once in a million times, of a
/// service of whose people every other one hides.
fn own((there, of): (usize, usize)) -> bool {
    let sure = there == of || surprise(there, of, HIDE) >= DECADES_TO_AGREE;
    sure && there as f64 >= FROM_THERE * of as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two domains of forgers answer for each other, and neither for a service where two of four come from elsewhere, nor it for them.
    /// Fails when all that are in a group do.
    #[test]
    fn what_others_have_says_nothing_about_a_domain() {
        let known = [(1, true, (9, 9)), (2, true, (22, 23)), (3, false, (2, 4))];
        let known = known.map(|(domain, taken, mailboxes)| Known {
            domain,
            taken,
            mailboxes,
        });
        assert_eq!(of_others(&known), [3]);
    }

    /// Of few, all; of 27 and more, all but one; and of many 85 in a hundred.
    #[test]
    fn few_that_are_not_all_are_no_proof() {
        let least = |elsewhere: usize| (0..1000).find(|of| *of >= elsewhere && own((of - elsewhere, *of)));
        assert_eq!([0, 1, 2, 3, 10].map(least), [0, 27, 31, 35, 67].map(Some));
        assert!(!own((84, 100)));
    }
}
