//! What the public pages show of every petition, as of one moment of the journal.

use std::collections::BTreeMap;
use std::sync::Arc;

use paraph_tally::{Millis, PetitionId, PetitionState};

use super::{petition_id, petition_state};
use crate::store::db::{Db, DbError};

/// All petitions, by slug, as of a moment: every event up to it is included, none after it.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    /// Time of the journal up to which the numbers hold.
    pub as_of: Millis,
    /// Petitions by slug.
    pub petitions: BTreeMap<String, Arc<Petition>>,
}

/// One petition as shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Petition {
    /// Internal key.
    pub id: PetitionId,
    /// Its name in addresses.
    pub slug: String,
    /// Who launches it.
    pub owner: String,
    /// Language of its text.
    pub language: String,
    /// Signatures hoped for.
    pub goal: Option<u64>,
    /// When it was created.
    pub created_at: Millis,
    /// Phase, text version and counts.
    pub state: PetitionState,
    /// Title of the current version.
    pub title: String,
    /// Body of the current version.
    pub body: String,
    /// SHA-256 of the current version.
    pub text_hash: [u8; 32],
}

/// Reads every petition with its current text.
///
/// # Errors
/// The store refused, or a row is spoilt.
pub async fn read(db: &mut Db, as_of: Millis) -> Result<Catalogue, DbError> {
    let rows = db
        .query(
            "SELECT p.id, p.slug, p.owner, p.language, p.goal, p.created_at, \
             p.phase, p.text_version, p.settle_after_seconds, p.counts, t.title, t.body, t.text_hash \
             FROM petition p JOIN petition_text t ON t.petition = p.id AND t.version = p.text_version",
            &[],
        )
        .await?;
    let mut petitions = BTreeMap::new();
    for row in &rows {
        let petition = Petition {
            id: petition_id(row, 0)?,
            slug: row.text(1)?.to_owned(),
            owner: row.text(2)?.to_owned(),
            language: row.text(3)?.to_owned(),
            goal: row.maybe_int(4)?.map(i64::unsigned_abs),
            created_at: Millis(row.unsigned(5)?),
            state: petition_state(row, 6)?,
            title: row.text(10)?.to_owned(),
            body: row.text(11)?.to_owned(),
            text_hash: row.array(12)?,
        };
        petitions.insert(petition.slug.clone(), Arc::new(petition));
    }
    Ok(Catalogue { as_of, petitions })
}
