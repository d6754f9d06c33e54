//! The engine beside the journal: what it is told of each entry, who is withheld, who is to be held.

use std::collections::{BTreeMap, HashSet};

use paraph_scrutiny::{ClusterId, Finding, FindingName, Scrutiny, Standing};
use paraph_tally::{Author, Event, Millis, SignatureId, VerdictKind};

use super::board::Checked;
use super::features::Month;
use super::follow::Step;
use super::rows::{ConfirmedFrom, Features};

/// Between two looks at the groups, in milliseconds of the journal's time: live, and while the past is repeated.
const LOOK_EVERY: u64 = 10_000;

/// The engine, and what follows from its answers but has not been recorded yet.
pub(super) struct Engine {
    scrutiny: Scrutiny,
    /// The month in whose tags everything is read.
    pub(super) month: Month,
    pub(super) position: u64,
    at: Millis,
    looked: Millis,
    /// Confirmed, and neither counted nor ended nor judged.
    unsettled: HashSet<SignatureId>,
    /// Handed out to be held; not in the journal yet.
    to_hold: BTreeMap<ClusterId, Finding>,
    /// Findings that nobody was told of.
    news: Vec<Finding>,
}

impl Engine {
    /// One that has seen nothing, and will be told what lies behind `position`.
    pub(super) fn new(month: Month, position: u64) -> Self {
        Self {
            scrutiny: Scrutiny::new(),
            month,
            position,
            at: Millis(0),
            looked: Millis(0),
            unsettled: HashSet::new(),
            to_hold: BTreeMap::new(),
            news: Vec::new(),
        }
    }

    /// How many it may hand out in an hour to be held.
    pub(super) fn allow(&mut self, holds_per_hour: u64) {
        self.scrutiny.set_holds_per_hour(holds_per_hour);
    }

    /// How long who is watched may wait, from the confirmation.
    pub(super) fn watch_for(&mut self, seconds: u64) {
        self.scrutiny.set_wait_seconds(seconds);
    }

    /// The next entry of the journal.
    pub(super) fn take(&mut self, step: Step) {
        let Step { entry, observed } = step;
        if self.looked == Millis(0) {
            self.looked = entry.at;
        } else if entry.at.0 >= self.looked.0 + LOOK_EVERY {
            self.look_after_the_last(entry.at);
            self.look(entry.at);
        }
        (self.position, self.at) = (entry.position, entry.at);
        match entry.event {
            Event::Signed {
                signature, petition, ..
            } => {
                let about = (signature, petition, entry.at);
                let seen = observed.and_then(|observed| Features::observation(&observed, self.month, about));
                if let Some(seen) = seen {
                    self.scrutiny.observe(&seen);
                }
            }
            Event::Confirmed { signature } => {
                let from = observed.map(|observed| ConfirmedFrom::source(&observed, self.month));
                self.scrutiny.confirm(signature, entry.at, &from.unwrap_or_default());
                self.unsettled.insert(signature);
            }
            Event::Settled { signatures, .. } => {
                for id in signatures {
                    self.scrutiny.settled(id, entry.at);
                    self.unsettled.remove(&id);
                }
            }
            // Erased with its features. Whoever disowns is told of too: that is evidence, and goes with the window.
            Event::Expired { signatures, .. } => signatures.into_iter().for_each(|id| self.end(id)),
            Event::Withdrawn { signature, .. } => self.end(signature),
            Event::Disowned { signature } => {
                self.scrutiny.disown(signature, entry.at);
                self.unsettled.remove(&signature);
            }
            Event::Verdict {
                verdict,
                author,
                signatures,
                ..
            } => self.judged(verdict, author, &signatures, entry.at),
            Event::TextAdopted { .. } | Event::Opened { .. } | Event::Closed { .. } | Event::Discarded { .. } => {}
        }
    }

    fn end(&mut self, id: SignatureId) {
        self.scrutiny.ended(id);
        self.scrutiny.erased(id);
        self.unsettled.remove(&id);
    }

    /// A verdict stands in the journal. What a person lets go is not held again by what let it be held.
    fn judged(&mut self, verdict: VerdictKind, author: Author, ids: &[SignatureId], at: Millis) {
        let judged: HashSet<SignatureId> = ids.iter().copied().collect();
        for finding in self.to_hold.values_mut() {
            finding.to_hold.retain(|id| !judged.contains(id));
        }
        match (verdict, author) {
            (VerdictKind::Held | VerdictKind::Invalidated, _) => {
                self.unsettled.retain(|id| !judged.contains(id));
                self.scrutiny.held(ids, at, author == Author::Scrutiny);
            }
            (VerdictKind::Released | VerdictKind::Reinstated, Author::Person(_)) => {
                let cleared: HashSet<SignatureId> = self.scrutiny.let_go(ids).into_iter().collect();
                for finding in self.to_hold.values_mut() {
                    finding.to_hold.retain(|id| !cleared.contains(id));
                }
            }
            // Taken back, an invalidation never was: nobody has said anything against the finding that held some of them, and
            // who counted before is not held by itself, as nobody is who was judged once.
            (VerdictKind::Restored, _) | (VerdictKind::Released | VerdictKind::Reinstated, Author::Scrutiny) => {}
        }
    }

    /// Looks at what has changed.
    pub(super) fn look(&mut self, now: Millis) {
        self.looked = now;
        for finding in self.scrutiny.tick(now) {
            self.news.push(finding.clone());
            if !finding.to_hold.is_empty() {
                let before = self.to_hold.remove(&finding.cluster);
                let mut finding = finding;
                finding
                    .to_hold
                    .extend(before.into_iter().flat_map(|before| before.to_hold));
                self.to_hold.insert(finding.cluster, finding);
            }
        }
    }

    /// Looks as it was looked when nothing came any more for a while: repeated only with the next entry, what had been seen then would be
    /// as late as that.
    pub(super) fn look_after_the_last(&mut self, now: Millis) {
        let then = Millis(self.at.0 + LOOK_EVERY);
        if self.at > Millis(0) && then > self.looked && then < now {
            self.look(then);
        }
    }

    /// Whether it is time to look again, with nothing new in the journal.
    pub(super) fn is_due(&self, now: Millis) -> bool {
        now.0 >= self.looked.0 + LOOK_EVERY
    }

    /// What there is to tell, once.
    pub(super) fn take_news(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.news)
    }

    /// Who is not to settle now, of all that was looked at.
    pub(super) fn checked(&self, now: Millis) -> Checked {
        let waits = |id: &&SignatureId| self.scrutiny.standing(**id, now) != Standing::Pass;
        let withheld = self.unsettled.iter().filter(waits).copied().collect();
        Checked::new(self.position, self.at, withheld)
    }

    /// A cluster of which some are to be held and are not yet.
    pub(super) fn next_hold(&mut self) -> Option<Finding> {
        self.to_hold.retain(|_, finding| !finding.to_hold.is_empty());
        self.to_hold.first_key_value().map(|(_, finding)| finding.clone())
    }

    /// The holds of a cluster are recorded, or cannot be.
    pub(super) fn recorded(&mut self, cluster: ClusterId) {
        self.to_hold.remove(&cluster);
    }

    /// Members of all clusters that wait because the holds of this hour are used up.
    pub(super) fn over_cap(&self) -> u64 {
        self.scrutiny.over_cap()
    }

    /// Findings that stand now.
    pub(super) fn findings(&self) -> Vec<Finding> {
        self.scrutiny.findings()
    }

    /// Who the members of a finding are.
    pub(super) fn members(&self, name: FindingName) -> Vec<SignatureId> {
        self.scrutiny.members(name)
    }

    /// Contributions remembered.
    pub(super) fn remembered(&self) -> usize {
        self.scrutiny.remembered()
    }
}
