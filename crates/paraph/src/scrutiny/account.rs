//! A finding as evidence: JSON for the verdict that rests on it. It holds numbers and the keys of sentences, and nothing of a
//! person; what a key says is in the messages of the engine's crate, in every language.

use paraph_scrutiny::{Advice, Evidence, Finding};
use serde_json::{Value, json};

/// What was seen, how often it would be expected, and what may explain it innocently.
pub(super) fn of(finding: &Finding) -> Value {
    let facts: Vec<Value> = finding.evidence.iter().map(fact).collect();
    json!({
        "version": 1,
        "finding": finding.name.to_string(),
        "cluster": finding.cluster.0,
        "advice": finding.advice.key(),
        "first": finding.first.0,
        "last": finding.last.0,
        "members": finding.members,
        "over_cap": finding.over_cap,
        "families": finding.families().into_iter().map(paraph_scrutiny::Family::key).collect::<Vec<_>>(),
        "facts": facts,
        "facts_at": finding.seen_at.0,
        "score": rounded(finding.score),
        "confidence": finding.confidence.key(),
        "innocent": finding.innocent.key(),
        "may_catch": rounded(finding.may_catch),
    })
}

fn fact(evidence: &Evidence) -> Value {
    json!({
        "fact": evidence.fact.key(),
        "seen": evidence.seen,
        "of": evidence.of,
        "values": evidence.values,
        "expected": rounded(evidence.expected),
        "decades": rounded(evidence.decades),
    })
}

/// Two digits behind the point are more than anybody reads.
fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

/// Whether a finding asks a person to look instead of being acted upon.
pub(super) fn asks(finding: &Finding) -> bool {
    finding.advice == Advice::Ask || finding.over_cap > 0
}
