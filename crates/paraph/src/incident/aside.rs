//! How many contributions stand set aside by an incident, each once, whatever was held, taken back and held again meanwhile.

use std::collections::{BTreeSet, HashMap};

use paraph_tally::{Author, End, SignatureId, VerdictKind};

use super::book::{Incident, What};
use crate::ledger::query::LedgerReader;
use crate::ledger::verdicts::Verdict;
use crate::store::db::DbError;

/// Verdicts read at once.
const AT_ONCE: u64 = 500;

/// Whoever stands set aside by an incident's verdicts, as one verdict after another is told.
#[derive(Debug, Default)]
struct Aside(HashMap<SignatureId, Own>);

/// Which of the incident's own verdicts stand for somebody. A hold may stand beneath an invalidation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Own {
    held: bool,
    invalidated: bool,
}

impl Aside {
    /// A verdict on some, and whether the incident's own. It judges only those whom it changes.
    fn judged(&mut self, kind: VerdictKind, ids: Vec<SignatureId>, is_own: bool) {
        for id in ids {
            let own = self.0.entry(id).or_default();
            match kind {
                // Held by another one, they had been let go before.
                VerdictKind::Held => own.held = is_own,
                // Who was held before stays the one who held them.
                VerdictKind::Invalidated => own.invalidated |= is_own,
                VerdictKind::Restored => own.invalidated = false,
                // Taken back, a hold is lifted beneath an invalidation too.
                VerdictKind::Released => own.held = false,
                VerdictKind::Reinstated => *own = Own::default(),
            }
            if *own == Own::default() {
                self.0.remove(&id);
            }
        }
    }
}

/// How many stand held or invalidated by an incident's verdicts, and by `also`, up to a position. Whoever withdrew by themselves was
/// not set aside; what expired or was disowned afterwards was.
///
/// # Errors
/// The store refused.
pub(super) async fn stands(
    ledger: &LedgerReader,
    incident: &Incident,
    also: Option<&Verdict>,
    up_to: u64,
) -> Result<u64, DbError> {
    let told: BTreeSet<u64> = positions(incident).chain(also.map(|also| also.position)).collect();
    let Some(first) = told.first() else { return Ok(0) };
    let mut petitions: BTreeSet<u32> = incident.petitions.iter().copied().collect();
    petitions.extend(also.map(|also| also.petition.0));
    let (mut aside, mut after) = (Aside::default(), first.saturating_sub(1));
    while after < up_to {
        let verdicts = ledger.verdicts_after(after, AT_ONCE).await?;
        let Some(last) = verdicts.last() else { break };
        after = last.position;
        let of_it = verdicts
            .iter()
            .filter(|verdict| verdict.position <= up_to && petitions.contains(&verdict.petition.0));
        for verdict in of_it {
            let is_own = told.contains(&verdict.position) || was_left_out(incident, verdict);
            let judged = ledger.judged_by(verdict.position).await?.unwrap_or_default();
            aside.judged(verdict.kind, judged, is_own);
        }
    }
    let ids: Vec<SignatureId> = aside.0.into_keys().collect();
    let standings = ledger.standings(&ids).await?;
    let stays = standings.iter().filter(|(axes, _)| axes.end != End::Withdrawn);
    Ok(stays.map(|(_, many)| many).sum())
}

/// Petitions of which an incident's verdicts held or invalidated something, ascending.
///
/// # Errors
/// The store refused.
pub(super) async fn petitions(ledger: &LedgerReader, incident: &Incident) -> Result<Vec<u32>, DbError> {
    let mut petitions = BTreeSet::new();
    for position in incident.against() {
        petitions.extend(ledger.verdict(position).await?.map(|verdict| verdict.petition.0));
    }
    Ok(petitions.into_iter().collect())
}

fn positions(incident: &Incident) -> impl Iterator<Item = u64> {
    incident.timeline.iter().filter_map(|line| match line.what {
        What::Verdict { position, .. } => Some(position),
        _ => None,
    })
}

/// A timeline is bounded: an automatic hold that did not fit belongs to the incident in whose time it fell.
fn was_left_out(incident: &Incident, verdict: &Verdict) -> bool {
    incident.left_out > 0
        && verdict.author == Author::Scrutiny
        && verdict.kind == VerdictKind::Held
        && verdict.at.0 >= incident.opened_at
        && incident.closed_at.is_none_or(|closed| verdict.at.0 <= closed)
}

#[cfg(test)]
mod tests {
    use paraph_tally::VerdictKind::{Held, Invalidated, Reinstated, Released, Restored};

    use super::*;

    fn stand(verdicts: &[(VerdictKind, &[u8], bool)]) -> usize {
        let mut aside = Aside::default();
        for (kind, ids, is_own) in verdicts {
            let ids = ids.iter().map(|id| SignatureId([*id; 16])).collect();
            aside.judged(*kind, ids, *is_own);
        }
        aside.0.len()
    }

    #[test]
    fn each_is_set_aside_once_and_what_was_taken_back_is_taken_off() {
        let held = (Held, &[1, 2, 3][..], true);
        assert_eq!(stand(&[held]), 3);
        assert_eq!(
            stand(&[held, (Released, &[1, 2, 3], true), held]),
            3,
            "held again: once"
        );
        assert_eq!(stand(&[held, (Released, &[1, 2], true)]), 1);
        assert_eq!(stand(&[held, (Reinstated, &[1], false)]), 2, "whoever let go");
        let invalidated = (Invalidated, &[3, 4][..], true);
        assert_eq!(
            stand(&[held, invalidated]),
            4,
            "three held, one of them and one more invalidated"
        );
        assert_eq!(stand(&[held, invalidated, (Restored, &[3, 4], true)]), 3, "held again");
        assert_eq!(stand(&[held, invalidated, (Reinstated, &[3, 4], true)]), 2);
        let lifted = (Released, &[1, 2, 3][..], true);
        assert_eq!(stand(&[held, invalidated, lifted]), 2, "beneath the invalidation too");
        assert_eq!(stand(&[held, invalidated, lifted, (Restored, &[3, 4], true)]), 0);
        // What another incident held is that one's; what it invalidates of the held stays set aside by this one.
        assert_eq!(stand(&[held, (Invalidated, &[3, 4], false)]), 3);
        assert_eq!(stand(&[held, (Released, &[1], false), (Held, &[1, 9], false)]), 2);
    }
}
