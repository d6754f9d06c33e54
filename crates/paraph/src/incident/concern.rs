//! Which incident a verdict of a person concerns. Most are given in the morning, when their incident is closed, and perhaps while
//! another one is open on another petition.
//!
//! In this order: the verdict that it takes back, the answers that it decides about, the verdicts or the finding whose
//! members it judges, and at last where most of those were set aside whom it judges, or when they signed.

use std::collections::{BTreeMap, HashMap};

use paraph_scrutiny::FindingName;
use paraph_tally::{Millis, SignatureId, VerdictKind};
use serde_json::Value;

use super::book::Incident;
use super::findings::{LOOKED_THROUGH, finding_of};
use crate::ledger::query::LedgerReader;
use crate::ledger::verdicts::Verdict;
use crate::store::db::DbError;

/// Verdicts read at once.
const AT_ONCE: u64 = 500;

/// The number of the incident that a verdict concerns; `None` if it concerns none. `quiet` is the time in milliseconds after
/// which an incident closes.
///
/// # Errors
/// The store refused.
pub(super) async fn of(
    ledger: &LedgerReader,
    incidents: &[Incident],
    verdict: &Verdict,
    quiet: u64,
) -> Result<Option<u64>, DbError> {
    if incidents.is_empty() {
        return Ok(None);
    }
    let evidence: Value = serde_json::from_slice(&verdict.evidence).unwrap_or_default();
    if let Some(id) = named(incidents, verdict.undoes, &evidence["condition"]) {
        return Ok(Some(id));
    }
    let earlier = earlier(ledger, verdict).await?;
    if let Some(id) = finding_of(&evidence).and_then(|finding| of_finding(incidents, finding, &earlier)) {
        return Ok(Some(id));
    }
    by_contributions(ledger, incidents, verdict, &earlier, quiet).await
}

/// By what the verdict names.
fn named(incidents: &[Incident], undoes: Option<u64>, condition: &Value) -> Option<u64> {
    let answered = condition["answered"]["incident"].as_u64();
    let answered = answered.filter(|id| incidents.iter().any(|incident| incident.id == *id));
    let verdicts = condition["verdicts"].as_array().into_iter().flatten();
    let verdicts = verdicts.filter_map(Value::as_u64);
    undoes
        .and_then(|position| telling(incidents, position))
        .or(answered)
        .or_else(|| verdicts.filter_map(|position| telling(incidents, position)).max())
}

/// The incident in whose timeline a verdict stands.
fn telling(incidents: &[Incident], position: u64) -> Option<u64> {
    let mut latest_first = incidents.iter().rev();
    latest_first
        .find(|incident| incident.tells(position))
        .map(|incident| incident.id)
}

/// The latest one in which somebody was judged for a finding.
fn of_finding(incidents: &[Incident], finding: FindingName, earlier: &[Verdict]) -> Option<u64> {
    let rests = |verdict: &&Verdict| {
        let evidence: Option<Value> = serde_json::from_slice(&verdict.evidence).ok();
        evidence.and_then(|evidence| finding_of(&evidence)) == Some(finding)
    };
    let mut resting = earlier.iter().filter(rests);
    resting.find_map(|verdict| telling(incidents, verdict.position))
}

/// Verdicts on the same petition before this one that held or invalidated, the latest first.
async fn earlier(ledger: &LedgerReader, verdict: &Verdict) -> Result<Vec<Verdict>, DbError> {
    let (mut before, mut looked, mut earlier) = (verdict.position, 0, Vec::new());
    while looked < LOOKED_THROUGH {
        let verdicts = ledger.verdicts(before, AT_ONCE).await?;
        let Some(last) = verdicts.last() else { break };
        (before, looked) = (last.position, looked + verdicts.len());
        let against = |of: &Verdict| matches!(of.kind, VerdictKind::Held | VerdictKind::Invalidated);
        earlier.extend(
            verdicts
                .into_iter()
                .filter(|of| of.petition == verdict.petition && against(of)),
        );
    }
    Ok(earlier)
}

/// Where most of them belong: to the incident that set them aside last, else to one that attacked their petition when they signed.
async fn by_contributions(
    ledger: &LedgerReader,
    incidents: &[Incident],
    verdict: &Verdict,
    earlier: &[Verdict],
    quiet: u64,
) -> Result<Option<u64>, DbError> {
    let attacking = incidents
        .iter()
        .filter(|incident| incident.petitions.contains(&verdict.petition.0));
    let attacking: Vec<&Incident> = attacking.collect();
    if attacking.is_empty() {
        return Ok(None);
    }
    let judged = ledger.judged_by(verdict.position).await?.unwrap_or_default();
    let mut belong: HashMap<SignatureId, Option<u64>> = judged.iter().map(|id| (*id, None)).collect();
    for earlier in earlier {
        let Some(incident) = telling(incidents, earlier.position) else {
            continue;
        };
        for id in ledger.judged_by(earlier.position).await?.unwrap_or_default() {
            if let Some(of) = belong.get_mut(&id) {
                of.get_or_insert(incident);
            }
        }
    }
    let left = belong.iter().filter(|(_, of)| of.is_none()).map(|(id, _)| *id);
    let left: Vec<SignatureId> = left.collect();
    for (id, at) in ledger.signed_at(&left).await? {
        belong.insert(id, signed_in(&attacking, at, quiet));
    }
    Ok(most(belong.into_values()))
}

/// The incident in whose time somebody signed. It begins as long before the first hold as the quiet that ends it: what is held
/// first was signed before.
fn signed_in(attacking: &[&Incident], at: Millis, quiet: u64) -> Option<u64> {
    let in_it = |incident: &&&Incident| {
        at.0.saturating_add(quiet) >= incident.opened_at && incident.closed_at.is_none_or(|closed| at.0 <= closed)
    };
    attacking.iter().rev().find(in_it).map(|incident| incident.id)
}

/// Where most belong, the latest of several; nowhere only if more belong nowhere than to any of them.
fn most(belong: impl Iterator<Item = Option<u64>>) -> Option<u64> {
    let mut many: BTreeMap<Option<u64>, u64> = BTreeMap::new();
    for of in belong {
        *many.entry(of).or_default() += 1;
    }
    many.into_iter()
        .max_by_key(|(of, many)| (*many, *of))
        .and_then(|(of, _)| of)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn incident(id: u64, opened_at: u64, closed_at: Option<u64>, positions: &[u64]) -> Incident {
        let line = |position| json!({ "at": 0, "by": null, "what": { "verdict": { "position": position, "direction": "Hold", "judged": 3 } } });
        let timeline: Vec<Value> = positions.iter().map(line).collect();
        let incident = json!({
            "id": id, "opened_at": opened_at, "seen_at": opened_at, "aware_at": null, "closed_at": closed_at, "held": 3, "refused": 0,
            "timeline": timeline, "left_out": 0, "verdicts_to": 9, "petitions": [1],
        });
        serde_json::from_value(incident).expect("an incident")
    }

    #[test]
    fn what_a_verdict_names_says_which_incident_it_concerns() {
        let incidents = [incident(1, 1_000, Some(2_000), &[3, 4]), incident(2, 5_000, None, &[8])];
        let of = |undoes, condition| named(&incidents, undoes, &condition);
        assert_eq!(of(Some(4), json!({ "verdicts": [4] })), Some(1), "what is taken back");
        assert_eq!(
            of(None, json!({ "answered": { "incident": 1, "apart": true } })),
            Some(1)
        );
        assert_eq!(of(None, json!({ "answered": { "incident": 7 } })), None);
        assert_eq!(of(None, json!({ "verdicts": [3, 8] })), Some(2), "the latest of them");
        assert_eq!(of(Some(5), json!({ "verdicts": [5], "answered": null })), None);
    }

    #[test]
    fn who_judges_some_by_hand_means_the_incident_where_most_of_them_belong() {
        let incidents = [incident(1, 1_000, Some(2_000), &[3]), incident(2, 5_000, None, &[8])];
        let both: Vec<&Incident> = incidents.iter().collect();
        let signed = |at| signed_in(&both, Millis(at), 500);
        assert_eq!(
            [400, 500, 1_500, 2_500, 4_500, 9_000].map(signed),
            [None, Some(1), Some(1), None, Some(2), Some(2)]
        );
        assert_eq!(most([Some(1), Some(1), Some(2)].into_iter()), Some(1));
        assert_eq!(most([Some(1), None, None].into_iter()), None);
        assert_eq!(most([Some(1), None].into_iter()), Some(1));
    }
}
