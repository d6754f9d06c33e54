//! What the public pages show of every petition, as of one moment of the journal.

use std::collections::BTreeMap;
use std::sync::Arc;

use paraph_tally::{Millis, PetitionId, PetitionState, SignatureId};

use super::content::{self, Content};
use super::judged::Pending;
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
    /// Everything that its author has written and that is not counted: versions, updates, what stands beside the text.
    pub content: Arc<Content>,
    /// Signatures whose names are shown, in their order. The names are sealed.
    pub names: Vec<SignatureId>,
}

/// Reads every petition with its current text, and up to `names` signatures whose names are shown. What authors have
/// written is read again only where it differs from `before`. Nobody is shown whom the verdict that is being applied takes out.
///
/// # Errors
/// The store refused, or a row is spoilt.
pub async fn read(
    db: &mut Db,
    as_of: Millis,
    names: u64,
    before: &Catalogue,
    pending: Option<&Pending>,
) -> Result<Catalogue, DbError> {
    let rows = db
        .query(
            "SELECT p.id, p.slug, p.owner, p.language, p.goal, p.created_at, \
             p.phase, p.text_version, p.settle_after_seconds, p.counts, t.title, t.body, t.text_hash, \
             COALESCE(c.revision, 0) FROM petition p JOIN petition_text t ON t.petition = p.id AND t.version = p.text_version \
             LEFT JOIN petition_content c ON c.petition = p.id",
            &[],
        )
        .await?;
    let mut petitions = BTreeMap::new();
    for row in &rows {
        let (id, slug, revision) = (petition_id(row, 0)?, row.text(1)?, row.unsigned(13)?);
        let known = before.petitions.get(slug).map(|petition| &petition.content);
        let content = match known.filter(|content| content.revision == revision) {
            Some(content) => Arc::clone(content),
            None => Arc::new(content::read(db, id, revision).await?),
        };
        let mut shown = content::names(db, id, names).await?;
        shown.retain(|signature| !pending.is_some_and(|pending| pending.takes_out(*signature)));
        let petition = Petition {
            id,
            slug: row.text(1)?.to_owned(),
            owner: row.text(2)?.to_owned(),
            language: row.text(3)?.to_owned(),
            goal: row.maybe_int(4)?.map(i64::unsigned_abs),
            created_at: Millis(row.unsigned(5)?),
            state: petition_state(row, 6)?,
            title: row.text(10)?.to_owned(),
            body: row.text(11)?.to_owned(),
            text_hash: row.array(12)?,
            content,
            names: shown,
        };
        petitions.insert(petition.slug.clone(), Arc::new(petition));
    }
    Ok(Catalogue { as_of, petitions })
}
