//! When mails of the second way are going to leave: the drip of the incident and of each mail domain, and what each mailbox has
//! had today. Pure, and the rules are those that the writer hands mails out by (`intake/second_way.rs`).

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};

use paraph_tally::{Millis, PetitionId};

use crate::mail::budget::{Due, Sent, due_about};

const HOUR: u64 = 3_600_000;

/// A mail that is to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Tag of its address.
    pub address: [u8; 16],
    /// Tag of its mail domain.
    pub domain: [u8; 16],
    /// The petition that it is about.
    pub petition: PetitionId,
}

/// Mails about a petition that left for an address, and when.
type SentTo = HashMap<[u8; 16], Vec<Sent>>;

/// What has left already, and how much may.
#[derive(Clone, Debug, Default)]
pub struct Left {
    /// Mails of the last day, of any kind, by address.
    pub to: SentTo,
    /// Mails of the second way of this incident within the last hour, in order.
    pub of_incident: Vec<Millis>,
    /// The same to each mail domain, of any incident.
    pub to_domain: HashMap<[u8; 16], Vec<Millis>>,
    /// When the first of the new ones is due: behind those of the incident that still wait.
    pub begins: Millis,
    /// Of one incident, in an hour.
    pub per_hour: u64,
    /// To one mail domain, in an hour.
    pub domain_per_hour: u64,
}

/// When mails leave, as long as nothing else is sent to the same people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Departures {
    /// The first; `None` if there is none.
    pub first: Option<Millis>,
    /// The last.
    pub last: Option<Millis>,
    /// Of them, whose mailbox has had its mails of the day when it is their turn.
    pub had_today: u64,
}

/// Of what left within an hour, only the latest matter: as many as may.
struct Drip {
    most: usize,
    left: VecDeque<Millis>,
}

impl Drip {
    fn new(most: u64, left: &[Millis]) -> Self {
        let most = usize::try_from(most).unwrap_or(usize::MAX).max(1);
        let left = left.iter().skip(left.len().saturating_sub(most)).copied().collect();
        Self { most, left }
    }

    fn opens(&self) -> Millis {
        let full = self.left.len() >= self.most;
        let oldest = self.left.front().filter(|_| full);
        oldest.map_or(Millis(0), |oldest| Millis(oldest.0 + HOUR))
    }

    fn note(&mut self, at: Millis) {
        if self.left.len() >= self.most {
            self.left.pop_front();
        }
        self.left.push_back(at);
    }
}

/// Mails to one domain, by when their turn comes.
struct Queue {
    drip: Drip,
    turns: BinaryHeap<Reverse<(Millis, usize)>>,
}

impl Queue {
    /// When its next mail may leave.
    fn next(&self) -> Option<Millis> {
        let Reverse((turn, _)) = self.turns.peek()?;
        Some((*turn).max(self.drip.opens()))
    }
}

/// When each of them leaves. One domain that is full holds up no other.
#[must_use]
pub fn foretold(mails: &[Mail], left: &Left) -> Departures {
    let step = HOUR / left.per_hour.max(1);
    let mut to = left.to.clone();
    let mut queues: HashMap<[u8; 16], Queue> = HashMap::new();
    let mut departures = Departures::default();
    for (place, mail) in mails.iter().enumerate() {
        let turn = Millis(left.begins.0 + step * place as u64);
        let had_today = budget(&to, mail, turn).is_some();
        departures.had_today += u64::from(had_today);
        let queue = queues.entry(mail.domain).or_insert_with(|| Queue {
            drip: Drip::new(
                left.domain_per_hour,
                left.to_domain.get(&mail.domain).map_or(&[], Vec::as_slice),
            ),
            turns: BinaryHeap::new(),
        });
        queue.turns.push(Reverse((turn, place)));
    }
    let mut incident = Drip::new(left.per_hour, &left.of_incident);
    let next = |(domain, queue): (&[u8; 16], &Queue)| Some(Reverse((queue.next()?, *domain)));
    let mut next_of: BinaryHeap<_> = queues.iter().filter_map(next).collect();
    while let Some(Reverse((at, domain))) = next_of.pop() {
        let Some(queue) = queues.get_mut(&domain) else { continue };
        let Some(Reverse((_, place))) = queue.turns.pop() else {
            continue;
        };
        let (mail, at) = (&mails[place], at.max(incident.opens()));
        match budget(&to, mail, at) {
            Some(later) => queue.turns.push(Reverse((later, place))),
            None => {
                queue.drip.note(at);
                incident.note(at);
                let (petition, otherwise) = (mail.petition, false);
                to.entry(mail.address).or_default().push(Sent {
                    at,
                    petition,
                    otherwise,
                });
                departures.first = departures.first.or(Some(at));
                departures.last = Some(at);
            }
        }
        next_of.extend(queue.next().map(|at| Reverse((at, domain))));
    }
    departures
}

/// Until when a mail waits because its mailbox has had its mails of the day, if it does.
fn budget(to: &SentTo, mail: &Mail, at: Millis) -> Option<Millis> {
    match due_about(mail.petition, true, to.get(&mail.address)?, at) {
        Due::Now => None,
        Due::At(later) => Some(later),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = Millis(1_000 * HOUR);

    fn mails(many: u8, domain: impl Fn(u8) -> u8) -> Vec<Mail> {
        let mail = |number: u8| Mail {
            address: [number; 16],
            domain: [domain(number); 16],
            petition: PetitionId(1),
        };
        (0..many).map(mail).collect()
    }

    fn left(per_hour: u64, domain_per_hour: u64) -> Left {
        Left {
            begins: NOW,
            per_hour,
            domain_per_hour,
            ..Left::default()
        }
    }

    fn hours(departures: Departures) -> (f64, f64, u64) {
        let since = |at: Option<Millis>| (at.expect("some leave").0 - NOW.0) as f64 / HOUR as f64;
        (since(departures.first), since(departures.last), departures.had_today)
    }

    #[test]
    fn nobody_is_promised_a_mail_in_hours_in_which_none_can_leave() {
        assert_eq!(foretold(&[], &left(4, 2)), Departures::default());
        // Evenly over the hours; then no more than two an hour to their one domain.
        assert_eq!(hours(foretold(&mails(9, |one| one), &left(4, 2))), (0.0, 2.0, 0));
        assert_eq!(hours(foretold(&mails(6, |_| 1), &left(4, 2))), (0.0, 2.25, 0));
        // One full domain holds up no other: the last is the third to it.
        assert_eq!(
            hours(foretold(&mails(4, |one| u8::from(one == 3)), &left(4, 2))),
            (0.0, 1.0, 0)
        );
        // All had their mail about this petition three hours ago: nothing leaves before tomorrow, and then no more than may.
        let sent = |ago: u64| {
            vec![Sent {
                at: Millis(NOW.0 - ago * HOUR),
                petition: PetitionId(1),
                otherwise: false,
            }]
        };
        let had = |ago| Left {
            to: (0..9).map(|one| ([one; 16], sent(ago))).collect(),
            ..left(4, 4)
        };
        assert_eq!(hours(foretold(&mails(9, |one| one), &had(3))), (21.0, 23.0, 9));
        // Whose day is over when it is their turn waits for the others only.
        assert_eq!(hours(foretold(&mails(9, |one| one), &had(23))), (1.0, 3.0, 4));
    }

    #[test]
    fn what_has_left_counts_and_so_do_mails_to_one_address_about_several_petitions() {
        let begun = Left {
            of_incident: (0..4).map(|number| Millis(NOW.0 - 30 * 60_000 + number)).collect(),
            ..left(4, 2)
        };
        assert_eq!(hours(foretold(&mails(1, |one| one), &begun)), (0.5, 0.5, 0));
        let full = Left {
            to_domain: HashMap::from([([7; 16], vec![Millis(NOW.0 - 60_000), Millis(NOW.0)])]),
            ..left(60, 2)
        };
        assert_eq!(hours(foretold(&mails(2, |_| 7), &full)), (59.0 / 60.0, 1.0, 0));
        // Four petitions, three mails a day.
        let about = |petition| Mail {
            petition: PetitionId(petition),
            ..mails(1, |one| one)[0]
        };
        let (first, last, _) = hours(foretold(&[about(1), about(2), about(3), about(4)], &left(60, 60)));
        assert_eq!((first, last), (0.0, 24.0));
    }
}
