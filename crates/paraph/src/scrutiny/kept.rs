//! Findings that only ask a person to look, kept over a start. Who is held for a finding stands in the journal; what only asks stands
//! nowhere else, and a start that reads the last ten days looks at other moments than it did when they happened: it does not find
//! all of it again, and what it finds it would tell again.
//!
//! They lie in [`FILE`] in the data directory, apart from the store: nothing counts by them, and a server does without.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use paraph_scrutiny::bounds::{MAX_CLUSTERS, MAX_SHOWN};
use paraph_scrutiny::{Advice, Finding, FindingName};
use paraph_tally::{Millis, PetitionId, SignatureId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::account;
use super::board::Stands;
use crate::replace;

/// Where they lie.
pub const FILE: &str = "findings.json";

/// Between two times that numbers are written that have only grown.
const WRITE_EVERY: u64 = 60_000;
/// How much more of it there must be before something is told again.
const MUCH_MORE: u64 = 4;

/// A finding that asks.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    name: String,
    petition: u32,
    /// How many it was about when that was last told.
    told: u64,
    /// Until when it stands, milliseconds UTC.
    until: u64,
    evidence: Value,
    /// Those who were looked at.
    members: Vec<String>,
    /// Whether the engine knows of it, as it is now.
    #[serde(skip)]
    is_found: bool,
}

/// Those that stand.
pub(super) struct Asking {
    file: PathBuf,
    kept: Vec<Kept>,
    /// Something is to be written.
    has_changed: bool,
    /// When it last was; `None` if what has changed does not wait.
    written: Option<Millis>,
}

/// What is wrong with the file of a data directory, for who checks it; an absent one is whole.
#[must_use]
pub fn unreadable(directory: &Path) -> Option<String> {
    read(&directory.join(FILE)).err().map(|error| error.to_string())
}

fn read(file: &Path) -> io::Result<Vec<Kept>> {
    match fs::read(file) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(io::Error::other),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

impl Asking {
    /// With what the last process left. What cannot be read is begun anew.
    pub(super) fn open(directory: &Path) -> Self {
        let file = directory.join(FILE);
        let mut kept = read(&file).unwrap_or_else(|error| {
            tracing::warn!(%error, "{FILE} is not readable and was begun anew");
            Vec::new()
        });
        kept.truncate(MAX_CLUSTERS);
        Self {
            file,
            kept,
            has_changed: false,
            written: None,
        }
    }

    /// The engine has read the past again, and knows of none of them as yet.
    pub(super) fn engine_is_new(&mut self) {
        self.kept.iter_mut().for_each(|kept| kept.is_found = false);
    }

    /// Whether a finding is worth telling: not what was told before a start already.
    pub(super) fn is_news(&mut self, finding: &Finding) -> bool {
        if finding.advice != Advice::Ask {
            return true;
        }
        let name = finding.name.to_string();
        match self.kept.iter_mut().find(|kept| kept.name == name) {
            Some(kept) if finding.members < MUCH_MORE * kept.told.max(1) => return false,
            Some(kept) => kept.told = finding.members,
            None => self.kept.push(Kept::of(finding)),
        }
        (self.has_changed, self.written) = (true, None);
        true
    }

    /// What stands now: what the engine says, and what it has not found again. `members` are those whom it has looked at.
    pub(super) fn stand(
        &mut self,
        found: &[Finding],
        members: impl Fn(FindingName) -> Vec<SignatureId>,
        now: Millis,
    ) -> Vec<Stands> {
        let before: Vec<bool> = self.kept.iter().map(|kept| kept.is_found).collect();
        self.kept.iter_mut().for_each(|kept| kept.is_found = false);
        for finding in found.iter().filter(|finding| finding.advice == Advice::Ask) {
            let name = finding.name.to_string();
            let at = self.kept.iter().position(|kept| kept.name == name);
            let at = at.unwrap_or_else(|| {
                self.kept.push(Kept::of(finding));
                self.has_changed = true;
                self.kept.len() - 1
            });
            self.has_changed |= self.kept[at].take(finding, members(finding.name));
        }
        // What the engine knew of and no longer does has rested for a day.
        let mut before = before.into_iter().chain(std::iter::repeat(false));
        let many = self.kept.len();
        self.kept.retain(|kept| {
            let was_found = before.next().unwrap_or(false);
            kept.is_found || (!was_found && kept.until > now.0)
        });
        self.has_changed |= self.kept.len() < many;
        let acting = found.iter().filter(|finding| finding.advice != Advice::Ask).map(stands);
        acting.chain(self.kept.iter().filter_map(Kept::stands)).collect()
    }

    /// Those who were looked at for one of them.
    pub(super) fn members(&self, name: FindingName) -> Vec<SignatureId> {
        let name = name.to_string();
        let kept = self.kept.iter().find(|kept| kept.name == name);
        kept.map_or_else(Vec::new, |kept| {
            kept.members.iter().filter_map(|id| spelled(id)).collect()
        })
    }

    /// Puts them on the disk, if there is something new; one that does not take them keeps nobody from looking.
    pub(super) fn keep(&mut self, now: Millis) {
        let may_wait = self
            .written
            .is_some_and(|written| now.0 < written.0.saturating_add(WRITE_EVERY));
        if !self.has_changed || may_wait {
            return;
        }
        match replace::with_json(&self.file, &self.kept) {
            Ok(()) => self.has_changed = false,
            Err(error) => {
                tracing::warn!(%error, "findings that ask a person to look could not be kept; they go on until the next restart")
            }
        }
        self.written = Some(now);
    }
}

/// A finding as the board has it.
pub(super) fn stands(finding: &Finding) -> Stands {
    Stands {
        name: finding.name,
        petition: finding.petition,
        evidence: account::of(finding),
    }
}

impl Kept {
    fn of(finding: &Finding) -> Self {
        Self {
            name: finding.name.to_string(),
            petition: finding.petition.0,
            told: finding.members,
            until: finding.until.0,
            evidence: account::of(finding),
            members: Vec::new(),
            is_found: true,
        }
    }

    /// What the engine says of it now. Whether anything is different. Numbers are of the moment when most were seen.
    fn take(&mut self, finding: &Finding, members: Vec<SignatureId>) -> bool {
        self.is_found = true;
        let mut has_changed = self.until != finding.until.0;
        self.until = finding.until.0;
        let evidence = account::of(finding);
        if evidence["members"].as_u64() >= self.evidence["members"].as_u64() && evidence != self.evidence {
            (self.evidence, has_changed) = (evidence, true);
        }
        for id in members {
            let id = HEXLOWER.encode(&id.0);
            if self.members.len() < MAX_SHOWN
                && let Err(place) = self.members.binary_search(&id)
            {
                self.members.insert(place, id);
                has_changed = true;
            }
        }
        has_changed
    }

    fn stands(&self) -> Option<Stands> {
        Some(Stands {
            name: FindingName::read(&self.name)?,
            petition: PetitionId(self.petition),
            evidence: self.evidence.clone(),
        })
    }
}

fn spelled(id: &str) -> Option<SignatureId> {
    let bytes = HEXLOWER.decode(id.as_bytes()).ok()?;
    bytes.try_into().ok().map(SignatureId)
}

#[cfg(test)]
mod tests {
    use paraph_scrutiny::{ClusterId, Confidence, Innocent};

    use super::*;

    const DAY: u64 = 24 * 3_600_000;

    fn finding(name: u32, advice: Advice, members: u64, until: u64) -> Finding {
        Finding {
            cluster: ClusterId(1),
            name: FindingName(name),
            petition: PetitionId(3),
            advice,
            first: Millis(1_000),
            last: Millis(2_000),
            members,
            held: 0,
            over_cap: 0,
            evidence: Vec::new(),
            seen_at: Millis(2_000),
            until: Millis(until),
            score: 41.0,
            confidence: Confidence::Likely,
            innocent: Innocent::Brigade,
            may_catch: 0.0,
            to_hold: Vec::new(),
            looked_at: Vec::new(),
        }
    }

    fn ids(many: u8) -> Vec<SignatureId> {
        (1..=many).map(|one| SignatureId([one; 16])).collect()
    }

    #[test]
    fn what_asks_is_there_again_after_a_start_and_is_not_told_again() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut asking = Asking::open(directory.path());
        let (asks, holds) = (finding(7, Advice::Ask, 60, DAY), finding(8, Advice::Hold, 400, DAY));
        assert!(asking.is_news(&asks) && asking.is_news(&holds));
        let shown = asking.stand(&[asks.clone(), holds.clone()], |_| ids(3), Millis(5_000));
        asking.keep(Millis(5_000));
        assert_eq!(shown.len(), 2);

        // The next process finds it, or does not, or finds less of it: it stands as it did.
        for found in [&[][..], &[finding(7, Advice::Ask, 50, DAY)]] {
            let mut asking = Asking::open(directory.path());
            let shown = asking.stand(found, |_| ids(1), Millis(6_000));
            let shown: Vec<_> = shown.iter().map(|one| (one.name, &one.evidence["members"])).collect();
            assert_eq!(
                shown,
                [(FindingName(7), &Value::from(60))],
                "held ones are in the journal"
            );
            assert_eq!(asking.members(FindingName(7)), ids(3));
            assert!(!asking.is_news(&finding(7, Advice::Ask, 200, DAY)), "it was told");
            assert!(
                asking.is_news(&finding(7, Advice::Ask, 240, DAY)),
                "there is much more of it"
            );
            assert!(asking.is_news(&finding(9, Advice::Ask, 60, DAY)), "another one");
        }
    }

    #[test]
    fn what_has_rested_for_a_day_is_gone_with_the_engine_or_by_itself() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut asking = Asking::open(directory.path());
        let asks = finding(7, Advice::Ask, 60, DAY);
        assert_eq!(
            asking
                .stand(std::slice::from_ref(&asks), |_| ids(1), Millis(5_000))
                .len(),
            1
        );
        asking.keep(Millis(5_000));
        assert!(
            asking.stand(&[], |_| Vec::new(), Millis(6_000)).is_empty(),
            "the engine has let it go"
        );

        let mut asking = Asking::open(directory.path());
        assert_eq!(asking.stand(&[], |_| Vec::new(), Millis(DAY - 1)).len(), 1);
        assert!(asking.stand(&[], |_| Vec::new(), Millis(DAY)).is_empty());
        // The past is read again while a process runs: whatever it does not find then stands on.
        let mut asking = Asking::open(directory.path());
        asking.stand(&[asks], |_| ids(1), Millis(5_000));
        asking.engine_is_new();
        assert_eq!(asking.stand(&[], |_| Vec::new(), Millis(6_000)).len(), 1);
    }

    #[test]
    fn numbers_that_only_grow_are_written_now_and_then_and_a_spoilt_file_keeps_nobody_waiting() {
        let directory = tempfile::tempdir().expect("a directory");
        let said = || unreadable(directory.path());
        let mut asking = Asking::open(directory.path());
        let written = || fs::read_to_string(directory.path().join(FILE)).unwrap_or_default();
        for (members, now, is_written) in [(60, 5_000, true), (61, 20_000, false), (62, 70_000, true)] {
            asking.stand(&[finding(7, Advice::Ask, members, DAY)], |_| ids(1), Millis(now));
            asking.keep(Millis(now));
            assert_eq!(
                written().contains(&format!("\"members\":{members}")),
                is_written,
                "{members}"
            );
        }
        assert_eq!(said(), None);
        fs::write(directory.path().join(FILE), "{ damaged").expect("spoilt");
        assert!(said().is_some());
        assert!(
            Asking::open(directory.path())
                .stand(&[], |_| Vec::new(), Millis(1))
                .is_empty()
        );
    }
}
