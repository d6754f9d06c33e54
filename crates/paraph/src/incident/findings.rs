//! Findings: what scrutiny says now, together with the verdicts that it gave for them.

use paraph_scrutiny::{Advice, FindingName};
use paraph_tally::{Author, PetitionId, SignatureId, Standing, Standings, VerdictKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::book::Incident;
use super::preview::Forgotten;
use super::{Office, Refused};
use crate::ledger::verdicts::Verdict;
use crate::scrutiny::board::Stands;

/// Verdicts that are looked through for those of a finding, at the most: a night makes some hundreds.
pub(super) const LOOKED_THROUGH: usize = 20_000;
/// Verdicts read at once.
const AT_ONCE: u64 = 500;

/// A finding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// What it is called.
    pub name: String,
    /// Slug of the petition.
    pub petition: String,
    /// Verdicts that rest on it, the latest first.
    pub verdicts: Vec<u64>,
    /// How those whom they judged stand now, and those whom a person judged through it.
    #[serde(flatten)]
    pub now: Now,
    /// Members that wait outside the count, because the holds of an hour are used up.
    pub waiting: u64,
    /// It only asks a person to look: nobody is held for it, and its members are those who were looked at.
    pub asks: bool,
    /// What was seen, as the latest of its verdicts has it, or scrutiny now.
    pub evidence: Value,
}

/// How signatures stand now, of those that were not withdrawn or ended otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Now {
    /// Held.
    pub held: u64,
    /// Invalidated.
    pub invalidated: u64,
    /// Neither.
    pub clear: u64,
}

impl Now {
    fn of(standings: &Standings) -> Self {
        let mut now = Self::default();
        for (axes, many) in standings.iter().filter(|(axes, _)| !axes.is_ended()) {
            match axes.verdict {
                Standing::Held => now.held += many,
                Standing::Clear => now.clear += many,
                Standing::Invalidated | Standing::InvalidatedWhileHeld => now.invalidated += many,
            }
        }
        now
    }
}

/// Who is known to belong to a finding, ascending.
pub(super) struct Members {
    pub(super) ids: Vec<SignatureId>,
    /// If it spoke of more.
    pub(super) forgotten: Option<Forgotten>,
}

impl Members {
    fn new(ids: Vec<SignatureId>, said: u64) -> Self {
        let known = ids.len() as u64;
        let forgotten = (said > known).then_some(Forgotten { said, known });
        Self { ids, forgotten }
    }
}

/// A verdict that rests on a finding: scrutiny's own, or one that a person gave on its members.
struct Resting {
    finding: FindingName,
    verdict: Verdict,
    evidence: Value,
}

impl Resting {
    fn of(verdict: Verdict) -> Option<Self> {
        let evidence: Value = serde_json::from_slice(&verdict.evidence).ok()?;
        let finding = finding_of(&evidence)?;
        Some(Self {
            finding,
            verdict,
            evidence,
        })
    }

    /// Scrutiny said it, and nobody has taken that back.
    fn speaks(&self) -> bool {
        self.verdict.author == Author::Scrutiny
            && self.verdict.kind == VerdictKind::Held
            && self.verdict.undone_by.is_none()
    }
}

/// The finding that evidence rests on: scrutiny's own, or one whose members a person judged.
pub(super) fn finding_of(evidence: &Value) -> Option<FindingName> {
    let named = [&evidence["finding"], &evidence["condition"]["finding"]];
    named.into_iter().find_map(|name| FindingName::read(name.as_str()?))
}

impl Found {
    fn new(name: &str, petition: String, evidence: Value) -> Self {
        Self {
            name: name.to_owned(),
            petition,
            verdicts: Vec::new(),
            now: Now::default(),
            waiting: evidence["over_cap"].as_u64().unwrap_or(0),
            asks: evidence["advice"] == Advice::Ask.key(),
            evidence,
        }
    }
}

impl Office {
    /// Findings of an incident, or of all verdicts that are looked through, and what scrutiny says now: those that wait for a
    /// person first.
    ///
    /// # Errors
    /// The store refused.
    pub async fn findings(&self, incident: Option<&Incident>) -> Result<Vec<Found>, Refused> {
        let in_it = |position: u64| incident.is_none_or(|incident| incident.tells(position));
        let mut findings: Vec<Found> = Vec::new();
        // What stands now belongs to what is going on now.
        if incident.is_none_or(|incident| incident.closed_at.is_none()) {
            let standing = self.board.as_ref().map(|board| board.findings()).unwrap_or_default();
            findings.extend(standing.iter().map(|stands| {
                let petition = self.slug(stands.petition);
                Found::new(&stands.name.to_string(), petition, stands.evidence.clone())
            }));
        }
        let mut resting = self.resting().await?;
        resting.retain(|resting| resting.verdict.kind == VerdictKind::Held);
        for resting in &resting {
            let name = resting.finding.to_string();
            let is_known = findings.iter().any(|found| found.name == name);
            if !is_known && resting.verdict.author == Author::Scrutiny && in_it(resting.verdict.position) {
                let found = Found::new(&name, self.slug(resting.verdict.petition), resting.evidence.clone());
                findings.push(Found { waiting: 0, ..found });
            }
        }
        // Whom it caught, it caught: also where an incident has not taken note of a verdict yet.
        for resting in &resting {
            let name = resting.finding.to_string();
            if let Some(found) = findings.iter_mut().find(|found| found.name == name) {
                found.verdicts.push(resting.verdict.position);
            }
        }
        for found in &mut findings {
            found.now = self.stand_now(&found.verdicts).await?;
        }
        findings.sort_by_key(|found| std::cmp::Reverse((found.waiting, found.asks, found.now.held)));
        Ok(findings)
    }

    /// Those that wait for a person: some of their members do, or they only ask for a look. Such a one need not belong to an
    /// incident.
    pub(super) async fn waiting_findings(&self) -> Result<Vec<Found>, Refused> {
        let mut findings = self.findings(None).await?;
        findings.retain(|found| found.asks || found.waiting > 0);
        Ok(findings)
    }

    /// How those stand now whom any of these verdicts judged.
    pub(super) async fn stand_now(&self, verdicts: &[u64]) -> Result<Now, Refused> {
        let judged = self.judged_by_any(verdicts).await?;
        Ok(Now::of(&self.ledger.standings(&judged).await?))
    }

    /// How those stand now who were held or invalidated in an incident.
    pub(super) async fn stand_now_in(&self, incident: &Incident) -> Result<Now, Refused> {
        self.stand_now(&incident.against().collect::<Vec<_>>()).await
    }

    /// The members of a finding: whom its verdicts judged, whatever has become of scrutiny since, and who waits now.
    ///
    /// # Errors
    /// Nobody is a member of such a finding, or the store refused.
    pub(super) async fn members_of(&self, typed: &str) -> Result<Members, Refused> {
        let name = FindingName::read(typed).ok_or(Refused::Finding)?;
        let mut members = match &self.board {
            Some(board) => board.members(name).await,
            None => Vec::new(),
        };
        let resting = self.resting().await?;
        let of_it = resting.iter().filter(|resting| resting.finding == name);
        let positions: Vec<u64> = of_it.map(|resting| resting.verdict.position).collect();
        members.extend(self.judged_by_any(&positions).await?);
        if members.is_empty() {
            return Err(Refused::Finding);
        }
        members.sort_unstable();
        members.dedup();
        let standing = self.board.as_ref().map(|board| board.findings()).unwrap_or_default();
        let stands = standing.iter().filter(|stands| stands.name == name);
        let rests = resting.iter().filter(|resting| resting.finding == name);
        let evidence = stands
            .map(|stands| &stands.evidence)
            .chain(rests.map(|resting| &resting.evidence));
        let said = evidence.filter_map(|evidence| evidence["members"].as_u64()).max();
        Ok(Members::new(members, said.unwrap_or(0)))
    }

    /// Everybody of a petition of whom scrutiny has said or says that they belong together and are to be held.
    pub(super) async fn spoken_of(&self, petition: PetitionId) -> Result<Vec<SignatureId>, Refused> {
        let resting = self.resting().await?;
        let said = resting
            .iter()
            .filter(|resting| resting.speaks() && resting.verdict.petition == petition);
        let positions: Vec<u64> = said.map(|resting| resting.verdict.position).collect();
        let mut spoken_of = self.judged_by_any(&positions).await?;
        if let Some(board) = &self.board {
            for name in speaking(&board.findings(), petition) {
                spoken_of.extend(board.members(name).await);
            }
        }
        spoken_of.sort_unstable();
        spoken_of.dedup();
        Ok(spoken_of)
    }

    /// Verdicts that rest on findings, the latest first.
    async fn resting(&self) -> Result<Vec<Resting>, Refused> {
        let (mut before, mut looked, mut resting) = (i64::MAX.unsigned_abs(), 0, Vec::new());
        while looked < LOOKED_THROUGH {
            let verdicts = self.ledger.verdicts(before, AT_ONCE).await?;
            let Some(last) = verdicts.last() else { break };
            (before, looked) = (last.position, looked + verdicts.len());
            resting.extend(verdicts.into_iter().filter_map(Resting::of));
        }
        Ok(resting)
    }
}

/// Findings that speak against their members. One that only asks for a look does not: all of them may be honest.
fn speaking(findings: &[Stands], petition: PetitionId) -> Vec<FindingName> {
    let speaks = |stands: &&Stands| stands.petition == petition && !stands.asks();
    findings.iter().filter(speaks).map(|stands| stands.name).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_only_asks_for_a_look_speaks_against_nobody() {
        let stands = |name, petition, advice: Advice| Stands {
            name: FindingName(name),
            petition: PetitionId(petition),
            evidence: json!({ "advice": advice.key() }),
        };
        let findings = [
            stands(1, 1, Advice::Hold),
            stands(2, 1, Advice::Ask),
            stands(3, 2, Advice::Hold),
        ];
        assert_eq!(speaking(&findings, PetitionId(1)), [FindingName(1)]);
        let found = Found::new("00000002", "fountain".to_owned(), findings[1].evidence.clone());
        assert!(found.asks && found.waiting == 0);
    }

    #[test]
    fn a_finding_of_which_not_all_are_known_says_so() {
        let known = |many: u8| (0..many).map(|one| SignatureId([one; 16])).collect::<Vec<_>>();
        let forgotten = |many, said| Members::new(known(many), said).forgotten.map(|of| (of.said, of.known));
        assert_eq!((forgotten(3, 3), forgotten(3, 0)), (None, None));
        assert_eq!(forgotten(2, 3), Some((3, 2)));
    }
}
