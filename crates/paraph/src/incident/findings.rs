//! Findings: what scrutiny says now, together with the verdicts that it gave for them.

use paraph_scrutiny::FindingName;
use paraph_tally::SignatureId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::book::{Incident, What};
use super::{Direction, Listed, Office, Refused};

/// Verdicts that are looked through for those of a finding, at the most: a night makes some hundreds.
const LOOKED_THROUGH: usize = 20_000;
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
    /// Signatures that those held.
    pub held: u64,
    /// Members that wait outside the count, because the holds of an hour are used up.
    pub waiting: u64,
    /// It asks a person to look, and names nobody.
    pub asks: bool,
    /// What was seen, as the latest of its verdicts has it, or scrutiny now.
    pub evidence: Value,
}

impl Found {
    fn new(name: &str, petition: String, evidence: Value) -> Self {
        Self {
            name: name.to_owned(),
            petition,
            verdicts: Vec::new(),
            held: 0,
            waiting: evidence["over_cap"].as_u64().unwrap_or(0),
            asks: evidence["advice"] == "scrutiny-advice-ask",
            evidence,
        }
    }
}

impl Office {
    /// Findings of an incident, or of all verdicts that are listed, and what scrutiny says now: those that wait for a person
    /// first.
    #[must_use]
    pub fn findings(&self, listed: &[Listed], incident: Option<&Incident>) -> Vec<Found> {
        let in_it = |position: u64| {
            incident.is_none_or(|incident| {
                let of = |what: &What| matches!(what, What::Verdict { position: of, .. } if *of == position);
                incident.timeline.iter().any(|line| of(&line.what))
            })
        };
        let mut findings: Vec<Found> = Vec::new();
        // What stands now belongs to what is going on now.
        if incident.is_none_or(|incident| incident.closed_at.is_none()) {
            let standing = self.board.as_ref().map(|board| board.findings()).unwrap_or_default();
            findings.extend(standing.iter().map(|stands| {
                let petition = self.slug(stands.petition);
                Found::new(&stands.name.to_string(), petition, stands.evidence.clone())
            }));
        }
        for verdict in listed.iter().filter(|verdict| in_it(verdict.position)) {
            let Some(name) = verdict.evidence["finding"].as_str() else {
                continue;
            };
            if verdict.direction != Direction::Hold {
                continue;
            }
            let place = findings.iter().position(|found| found.name == name);
            let place = place.unwrap_or_else(|| {
                let found = Found::new(name, verdict.petition.clone(), verdict.evidence.clone());
                findings.push(Found { waiting: 0, ..found });
                findings.len() - 1
            });
            let found = &mut findings[place];
            found.verdicts.push(verdict.position);
            found.held += verdict.judged;
        }
        findings.sort_by_key(|found| std::cmp::Reverse((found.waiting, found.asks, found.held)));
        findings
    }

    /// The members of a finding: whom its verdicts judged, whatever has become of scrutiny since, and who waits now.
    ///
    /// # Errors
    /// Nobody is a member of such a finding, or the store refused.
    pub(super) async fn members_of(&self, typed: &str) -> Result<Vec<SignatureId>, Refused> {
        let name = FindingName::read(typed).ok_or(Refused::Finding)?;
        let mut members = match &self.board {
            Some(board) => board.members(name).await,
            None => Vec::new(),
        };
        let (mut before, mut looked) = (i64::MAX.unsigned_abs(), 0);
        while looked < LOOKED_THROUGH {
            let verdicts = self.ledger.verdicts(before, AT_ONCE).await?;
            let Some(last) = verdicts.last() else { break };
            (before, looked) = (last.position, looked + verdicts.len());
            for verdict in &verdicts {
                let evidence: Value = serde_json::from_slice(&verdict.evidence).unwrap_or_default();
                if evidence["finding"].as_str().and_then(FindingName::read) == Some(name) {
                    members.extend(self.ledger.judged_by(verdict.position).await?.unwrap_or_default());
                }
            }
        }
        if members.is_empty() {
            return Err(Refused::Finding);
        }
        members.sort_unstable();
        members.dedup();
        Ok(members)
    }
}
