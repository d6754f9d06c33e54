//! What the pages of one signatory need: the state of a contribution, its record, and others waiting beside it.

use paraph_tally::{MailboxId, SignatureId, SignatureState};
use zeroize::Zeroizing;

use super::record::Personal;
use super::vault::Vault;
use super::{SIGNATURE_BY_ID, signature_state};
use crate::journal::integer;
use crate::store::db::{DbError, Value};
use crate::store::reader::Reader;

/// Reads records: two pools, since records and their keys lie in two files.
#[derive(Clone)]
pub struct LedgerReader {
    main: Reader,
    keys: Reader,
    vault: std::sync::Arc<Vault>,
}

impl LedgerReader {
    /// A reader over the two files.
    #[must_use]
    pub fn new(main: Reader, keys: Reader, vault: std::sync::Arc<Vault>) -> Self {
        Self { main, keys, vault }
    }

    /// Where a contribution stands; `None` if there is no such contribution.
    ///
    /// # Errors
    /// The store refused.
    pub async fn state(&self, id: SignatureId) -> Result<Option<SignatureState>, DbError> {
        self.main
            .with(move |db| {
                db.query_one(SIGNATURE_BY_ID, &[Value::Blob(&id.0)])?
                    .map(|row| signature_state(&row, 0))
                    .transpose()
            })
            .await
    }

    /// The record of a contribution; `None` if it has been erased.
    ///
    /// # Errors
    /// The store refused.
    pub async fn record(&self, id: SignatureId) -> Result<Option<Personal>, DbError> {
        let sealed = self
            .main
            .with(move |db| {
                let row = db.query_one("SELECT sealed FROM vault WHERE id = ?1", &[Value::Blob(&id.0)])?;
                row.map(|row| row.blob(0).map(<[u8]>::to_vec)).transpose()
            })
            .await?;
        let wrapped = self
            .keys
            .with(move |db| {
                let row = db.query_one("SELECT wrapped FROM wrapped WHERE id = ?1", &[Value::Blob(&id.0)])?;
                row.map(|row| row.blob(0).map(<[u8]>::to_vec)).transpose()
            })
            .await?;
        let (Some(sealed), Some(wrapped)) = (sealed, wrapped) else {
            return Ok(None);
        };
        let Ok(plain) = self.vault.open(id.0, &sealed, &wrapped) else {
            return Ok(None);
        };
        read_personal(&plain).map(Some)
    }

    /// Up to `most` contributions waiting for the same mailbox, newest first, older than `before` where given.
    ///
    /// # Errors
    /// The store refused.
    pub async fn waiting(
        &self,
        mailbox: MailboxId,
        before: Option<SignatureId>,
        most: u64,
    ) -> Result<Vec<SignatureId>, DbError> {
        self.main
            .with(move |db| {
                let before = before.map_or([0xff; 16], |id| id.0);
                let rows = db.query(
                    "SELECT id FROM signature WHERE mailbox = ?1 AND waiting = 1 AND id < ?2 ORDER BY id DESC LIMIT ?3",
                    &[Value::Blob(&mailbox.0), Value::Blob(&before), integer(most)],
                )?;
                rows.iter().map(|row| row.array(0).map(SignatureId)).collect()
            })
            .await
    }
}

/// A record's plain bytes, read.
///
/// # Errors
/// The bytes are not a record of this version.
pub fn read_personal(plain: &Zeroizing<Vec<u8>>) -> Result<Personal, DbError> {
    serde_json::from_slice(plain).map_err(|_| DbError::Shape("a record of this version"))
}
