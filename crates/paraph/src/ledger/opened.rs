//! Opens what pages show of sealed records: the names of those who wished it.

use std::collections::{HashMap, HashSet};

use paraph_tally::{Millis, PetitionId, SignatureId};

use super::catalogue::{Catalogue, Petition};
use super::content;
use super::query::LedgerReader;
use crate::mail::page::plain;
use crate::store::db::DbError;
use crate::views::SMALLEST_CELL;

/// What the pages show and the catalogue does not hold: opened or counted by whoever reads the records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// Names that may be shown, by signature, ready to be shown. In memory only; never more than the pages hold.
    pub names: HashMap<SignatureId, String>,
    /// Of the counted, how many signed an earlier version, where that may be said.
    pub signed_earlier: HashMap<PetitionId, u64>,
}

/// How long a count by version is good for: counting reads every signature of the petition.
const COUNT_AGAIN_MILLIS: u64 = 5 * 60 * 1000;
/// Characters of a name as it is shown.
const NAME_CHARS: usize = 60;

/// Remembers what was opened, so that a record is opened once. Forgets every name that is no longer shown.
#[derive(Default)]
pub struct Opener {
    opened: Opened,
    counted: HashMap<PetitionId, (u16, Millis)>,
}

impl Opener {
    /// What the pages of this catalogue may show of records.
    ///
    /// # Errors
    /// The store refused; what was opened before stays.
    pub async fn open(&mut self, ledger: &LedgerReader, catalogue: &Catalogue) -> Result<Opened, DbError> {
        let shown: HashSet<SignatureId> = catalogue
            .petitions
            .values()
            .flat_map(|p| p.names.iter().copied())
            .collect();
        self.opened.names.retain(|id, _| shown.contains(id));
        for id in shown {
            if self.opened.names.contains_key(&id) {
                continue;
            }
            // Erased since the catalogue was made, or never to be shown: the record itself has the last word.
            let Some(personal) = ledger.record(id).await? else {
                continue;
            };
            let name = plain(&personal.name, NAME_CHARS);
            if personal.show_name && !name.is_empty() {
                self.opened.names.insert(id, name);
            }
        }
        for petition in catalogue.petitions.values() {
            self.count(ledger, petition, catalogue.as_of).await?;
        }
        Ok(self.opened.clone())
    }

    async fn count(&mut self, ledger: &LedgerReader, petition: &Petition, as_of: Millis) -> Result<(), DbError> {
        let version = petition.state.text_version;
        let Some(adopted_at) = petition.content.version(version).map(|text| text.adopted_at) else {
            return Ok(());
        };
        if version < 2 {
            return Ok(());
        }
        let known = self.counted.get(&petition.id);
        if known.is_some_and(|(of, at)| *of == version && as_of.0 < at.0 + COUNT_AGAIN_MILLIS) {
            return Ok(());
        }
        // Rows that follow a verdict are on their way out of this number, or into it.
        if ledger.judged.now().is_some() {
            return Ok(());
        }
        let earlier = ledger.signed_earlier(petition.id, version, adopted_at).await?;
        self.counted.insert(petition.id, (version, as_of));
        let current = petition.state.counts.counted.saturating_sub(earlier);
        if earlier >= SMALLEST_CELL && current >= SMALLEST_CELL {
            self.opened.signed_earlier.insert(petition.id, earlier);
        } else {
            self.opened.signed_earlier.remove(&petition.id);
        }
        Ok(())
    }
}

impl LedgerReader {
    /// Of the counted signatures of a petition, how many signed an earlier version than `version`, adopted at `adopted_at`.
    ///
    /// # Errors
    /// The store refused.
    pub async fn signed_earlier(&self, petition: PetitionId, version: u16, adopted_at: Millis) -> Result<u64, DbError> {
        self.main
            .with(move |db| content::signed_earlier(&db, petition, version, adopted_at))
            .await
    }
}
