//! What authors write beside signatures: versions of the text, first signatories, a video, updates.

use paraph_tally::{Millis, PetitionId, SignatureId};
use serde::{Deserialize, Serialize};

use crate::journal::integer;
use crate::store::db::{Db, DbError, Value};
use crate::store::reader::Reading;

/// Everything that an author has written for a petition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Rises with every change.
    pub revision: u64,
    /// Every version of the text, from 1.
    pub versions: Vec<Version>,
    /// Named by the author.
    pub first_signatories: Vec<FirstSignatory>,
    /// Address of a video or of its page; may be empty.
    pub video: String,
    /// News, oldest first.
    pub updates: Vec<Update>,
}

/// A version of a petition's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// 1, 2, 3…
    pub version: u16,
    /// Title.
    pub title: String,
    /// Body.
    pub body: String,
    /// To whom it is addressed; may be empty.
    pub addressee: String,
    /// SHA-256 of title, line feed, body.
    pub text_hash: [u8; 32],
    /// When it was adopted.
    pub adopted_at: Millis,
}

/// Somebody whom the author names as a first signatory. A statement of the author's; never counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstSignatory {
    /// Name.
    pub name: String,
    /// In what quality; may be empty.
    pub quality: String,
}

/// News by the author.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// 1, 2, 3…
    pub number: u32,
    /// Title.
    pub title: String,
    /// Text.
    pub body: String,
    /// When it was posted.
    pub posted_at: Millis,
}

impl Content {
    /// The version of a number.
    #[must_use]
    pub fn version(&self, number: u16) -> Option<&Version> {
        self.versions.iter().find(|version| version.version == number)
    }

    /// The update of a number.
    #[must_use]
    pub fn update(&self, number: u32) -> Option<&Update> {
        self.updates.iter().find(|update| update.number == number)
    }
}

/// Reads what the author of a petition has written, which is of this revision.
///
/// # Errors
/// The store refused, or a row is spoilt.
pub(super) async fn read(db: &mut Db, petition: PetitionId, revision: u64) -> Result<Content, DbError> {
    let id = [Value::Int(petition.0.into())];
    let versions = db
        .query(
            "SELECT version, title, body, addressee, text_hash, adopted_at FROM petition_text WHERE petition = ?1 ORDER BY version",
            &id,
        )
        .await?;
    let updates = db
        .query(
            "SELECT number, title, body, posted_at FROM petition_update WHERE petition = ?1 ORDER BY number",
            &id,
        )
        .await?;
    let (first_signatories, video) = beside(db, petition).await?;
    Ok(Content {
        revision,
        first_signatories,
        video,
        versions: versions
            .iter()
            .map(|row| {
                Ok(Version {
                    version: u16::try_from(row.int(0)?).map_err(|_| DbError::Shape("a text version"))?,
                    title: row.text(1)?.to_owned(),
                    body: row.text(2)?.to_owned(),
                    addressee: row.text(3)?.to_owned(),
                    text_hash: row.array(4)?,
                    adopted_at: Millis(row.unsigned(5)?),
                })
            })
            .collect::<Result<_, DbError>>()?,
        updates: updates
            .iter()
            .map(|row| {
                Ok(Update {
                    number: u32::try_from(row.int(0)?).map_err(|_| DbError::Shape("the number of an update"))?,
                    title: row.text(1)?.to_owned(),
                    body: row.text(2)?.to_owned(),
                    posted_at: Millis(row.unsigned(3)?),
                })
            })
            .collect::<Result<_, DbError>>()?,
    })
}

/// First signatories and video of a petition.
pub(crate) async fn beside(db: &mut Db, petition: PetitionId) -> Result<(Vec<FirstSignatory>, String), DbError> {
    let sql = "SELECT first_signatories, video FROM petition_content WHERE petition = ?1";
    let Some(row) = db.query_one(sql, &[Value::Int(petition.0.into())]).await? else {
        return Ok((Vec::new(), String::new()));
    };
    let first = serde_json::from_str(row.text(0)?).map_err(|_| DbError::Shape("first signatories"))?;
    Ok((first, row.text(1)?.to_owned()))
}

/// Up to `most` signatures whose names are shown: those of the latest batches that count, in the order of their shuffle.
///
/// # Errors
/// The store refused.
pub(super) async fn names(db: &mut Db, petition: PetitionId, most: u64) -> Result<Vec<SignatureId>, DbError> {
    if most == 0 {
        return Ok(Vec::new());
    }
    // 33 is settled, confirmed, clear and not ended: held, withdrawn and disowned ones are gone with the next look.
    let rows = db
        .query(
            "SELECT n.id FROM shown_name n JOIN signature s ON s.id = n.id WHERE n.petition = ?1 AND n.batch IS NOT NULL \
             AND s.axes = 33 ORDER BY n.batch DESC, n.place DESC LIMIT ?2",
            &[Value::Int(petition.0.into()), integer(most)],
        )
        .await?;
    rows.iter().map(|row| row.array(0).map(SignatureId)).collect()
}

/// How many counted signatures of a petition signed an earlier version than `version`, adopted at `adopted_at`.
///
/// # Errors
/// The store refused.
pub(super) fn signed_earlier(
    db: &Reading<'_>,
    petition: PetitionId,
    version: u16,
    adopted_at: Millis,
) -> Result<u64, DbError> {
    let count = |row: Option<crate::store::db::Row>| row.map_or(Ok(0), |row| row.unsigned(0));
    let petition = Value::Int(petition.0.into());
    // No form shows a version before the batch that adopted it is durable: what came with that batch signed an earlier one.
    let before = count(db.query_one(
        "SELECT COUNT(*) FROM signature WHERE petition = ?1 AND axes = 33 AND signed_at <= ?2",
        &[petition, integer(adopted_at.0)],
    )?)?;
    let late = count(db.query_one(
        "SELECT COUNT(*) FROM signed_earlier e JOIN signature s ON s.id = e.id \
         WHERE s.petition = ?1 AND s.axes = 33 AND s.signed_at > ?2 AND e.version < ?3",
        &[petition, integer(adopted_at.0), Value::Int(version.into())],
    )?)?;
    Ok(before + late)
}
