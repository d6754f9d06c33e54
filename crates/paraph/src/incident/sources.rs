//! Through which networks came what is held or invalidated. Seen from the tags of observations, not from addresses: nobody's
//! record is opened for it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use paraph_scrutiny::Tag;
use paraph_tally::{SignatureId, VerdictKind};

use super::{Office, Refused};
use crate::ledger::query::LedgerReader;
use crate::ledger::signature_state;
use crate::scrutiny::features::{Month, Observer, month_of};
use crate::scrutiny::rows::Features;
use crate::store::db::{Cell, DbError, Value};

/// Signatures that are looked at, the latest judged.
const LOOKED_AT: usize = 1000;
/// Verdicts whose members those are.
const VERDICTS: u64 = 50;
/// Networks that are told apart.
const NETWORKS: usize = 12;

/// Networks of what is held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeldSources {
    /// Position of the latest verdict that was looked at.
    pub verdict: u64,
    /// Signatures that were looked at.
    pub looked_at: u64,
    /// Registered holder and number of the network that announces the source, with the number of signatures; the most first.
    /// `None`: no network is known.
    pub networks: Vec<(Option<String>, u64)>,
}

impl Office {
    /// Looks at the latest signatures that are held or invalidated; what was known before, if there has been no verdict since.
    ///
    /// # Errors
    /// The store refused.
    pub async fn held_sources(&self, known: &HeldSources) -> Result<HeldSources, Refused> {
        let verdicts = self.ledger.verdicts(i64::MAX.unsigned_abs(), VERDICTS).await?;
        let latest = verdicts.first().map_or(0, |verdict| verdict.position);
        if latest == known.verdict {
            return Ok(known.clone());
        }
        let mut ids: Vec<SignatureId> = Vec::new();
        let sets = verdicts
            .iter()
            .filter(|verdict| matches!(verdict.kind, VerdictKind::Held | VerdictKind::Invalidated));
        for verdict in sets {
            let members = self.ledger.judged_by(verdict.position).await?.unwrap_or_default();
            let room = LOOKED_AT - ids.len();
            ids.extend(members.into_iter().rev().take(room));
            if ids.len() == LOOKED_AT {
                break;
            }
        }
        ids.sort_unstable();
        ids.dedup();
        let origins = self.ledger.held_origins(ids).await?;
        let looked_at = origins.len() as u64;
        let observer = Arc::clone(&self.observer);
        let networks = tokio::task::spawn_blocking(move || named(&observer, &origins)).await;
        Ok(HeldSources {
            verdict: latest,
            looked_at,
            networks: networks.unwrap_or_default(),
        })
    }
}

impl LedgerReader {
    /// The origin tags of those that still are held or invalidated, with the month whose tags they are.
    async fn held_origins(&self, ids: Vec<SignatureId>) -> Result<Vec<(Month, Tag)>, DbError> {
        let read = self.main.with(move |db| {
            let sql = "SELECT s.petition, s.mailbox, s.signed_at, s.confirmed_at, s.axes, f.observed \
                       FROM signature s LEFT JOIN features f ON f.id = s.id WHERE s.id = ?1";
            let mut origins = Vec::new();
            for id in ids {
                let Some(row) = db.query_one(sql, &[Value::Blob(&id.0)])? else {
                    continue;
                };
                let state = signature_state(&row, 0)?;
                if state.axes.is_clear() {
                    continue;
                }
                let month = month_of(state.signed_at);
                let seen = match row.0.get(5) {
                    Some(Cell::Blob(stored)) => {
                        Features::observation(stored, month, (id, state.petition, state.signed_at))
                    }
                    _ => None,
                };
                origins.push((month, seen.map_or(Tag::NONE, |seen| seen.source.origin)));
            }
            Ok(origins)
        });
        read.await
    }
}

/// How many came through each network, by its name.
fn named(observer: &Observer, origins: &[(Month, Tag)]) -> Vec<(Option<String>, u64)> {
    let months: HashSet<Month> = origins.iter().map(|(month, _)| *month).collect();
    let mut names: HashMap<(Month, Tag), String> = HashMap::new();
    for month in months {
        names.extend(observer.origins(month).map(|(tag, name)| ((month, tag), name)));
    }
    let mut counted: BTreeMap<Option<String>, u64> = BTreeMap::new();
    for origin in origins {
        *counted.entry(names.get(origin).cloned()).or_default() += 1;
    }
    let mut counted: Vec<_> = counted.into_iter().collect();
    counted.sort_by_key(|(_, number)| std::cmp::Reverse(*number));
    counted.truncate(NETWORKS);
    counted
}
