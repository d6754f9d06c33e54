//! What the pages of one signatory need: the state of a contribution, its record, and others waiting beside it.

use paraph_tally::{End, MailboxId, Millis, PetitionId, SignatureId, SignatureState};
use zeroize::Zeroizing;

use super::record::Personal;
use super::vault::Vault;
use super::{SIGNATURE_BY_ID, signature_state};
use crate::journal::integer;
use crate::mail::stop::{self, Kind, Quiet};
use crate::store::db::{DbError, Value};
use crate::store::reader::{Reader, Reading};

/// Reads records: two pools, since records and their keys lie in two files.
#[derive(Clone)]
pub struct LedgerReader {
    pub(super) main: Reader,
    keys: Reader,
    vault: std::sync::Arc<Vault>,
}

/// What a mail about an unconfirmed contribution has to say.
pub struct ForMail {
    /// Its petition.
    pub petition: PetitionId,
    /// Its record.
    pub personal: Personal,
    /// Contributions waiting for the same mailbox, itself among them, newest first.
    pub waiting: Vec<SignatureId>,
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
        self.main.with(move |db| state(&db, id)).await
    }

    /// The record of a contribution; `None` if it has been erased.
    ///
    /// # Errors
    /// The store refused.
    pub async fn record(&self, id: SignatureId) -> Result<Option<Personal>, DbError> {
        match self.main.with(move |db| sealed(&db, id)).await? {
            Some(sealed) => self.open(id, &sealed).await,
            None => Ok(None),
        }
    }

    /// What a mail about a contribution has to say, read at once; `None` if it does not stand unconfirmed, or has been
    /// erased.
    ///
    /// # Errors
    /// The store refused.
    pub async fn for_mail(&self, id: SignatureId, most: u64) -> Result<Option<ForMail>, DbError> {
        let read = self.main.with(move |db| {
            let Some(state) = state(&db, id)? else { return Ok(None) };
            if state.axes.end != End::None || state.confirmed_at.is_some() {
                return Ok(None);
            }
            let Some(sealed) = sealed(&db, id)? else {
                return Ok(None);
            };
            let waiting = waiting(&db, state.mailbox, None, most)?;
            Ok(Some((state.petition, waiting, sealed)))
        });
        let Some((petition, waiting, sealed)) = read.await? else {
            return Ok(None);
        };
        Ok(self.open(id, &sealed).await?.map(|personal| ForMail {
            petition,
            personal,
            waiting,
        }))
    }

    /// Whether an address is left alone; as [`stop::is_stopped`], for who only reads.
    ///
    /// # Errors
    /// The store refused.
    pub async fn is_stopped(
        &self,
        kind: Kind,
        address: [u8; 16],
        asked_at: Millis,
        now: Millis,
    ) -> Result<Option<Quiet>, DbError> {
        let read = self
            .main
            .with(move |db| db.query(stop::QUIET, &[Value::Blob(&address)]));
        stop::judge(&read.await?, kind, asked_at, now)
    }

    /// Opens a sealed record with its key, which lies in the other file.
    async fn open(&self, id: SignatureId, sealed: &[u8]) -> Result<Option<Personal>, DbError> {
        let wrapped = self.keys.with(move |db| {
            let row = db.query_one("SELECT wrapped FROM wrapped WHERE id = ?1", &[Value::Blob(&id.0)])?;
            row.map(|row| row.blob(0).map(<[u8]>::to_vec)).transpose()
        });
        let Some(wrapped) = wrapped.await? else {
            return Ok(None);
        };
        let Ok(plain) = self.vault.open(id.0, sealed, &wrapped) else {
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
        self.main.with(move |db| waiting(&db, mailbox, before, most)).await
    }
}

fn state(db: &Reading<'_>, id: SignatureId) -> Result<Option<SignatureState>, DbError> {
    db.query_one(SIGNATURE_BY_ID, &[Value::Blob(&id.0)])?
        .map(|row| signature_state(&row, 0))
        .transpose()
}

fn sealed(db: &Reading<'_>, id: SignatureId) -> Result<Option<Vec<u8>>, DbError> {
    let row = db.query_one("SELECT sealed FROM vault WHERE id = ?1", &[Value::Blob(&id.0)])?;
    row.map(|row| row.blob(0).map(<[u8]>::to_vec)).transpose()
}

fn waiting(
    db: &Reading<'_>,
    mailbox: MailboxId,
    before: Option<SignatureId>,
    most: u64,
) -> Result<Vec<SignatureId>, DbError> {
    let before = before.map_or([0xff; 16], |id| id.0);
    let rows = db.query(
        "SELECT id FROM signature WHERE mailbox = ?1 AND waiting = 1 AND id < ?2 ORDER BY id DESC LIMIT ?3",
        &[Value::Blob(&mailbox.0), Value::Blob(&before), integer(most)],
    )?;
    rows.iter().map(|row| row.array(0).map(SignatureId)).collect()
}

/// A record's plain bytes, read.
///
/// # Errors
/// The bytes are not a record of this version.
pub fn read_personal(plain: &Zeroizing<Vec<u8>>) -> Result<Personal, DbError> {
    serde_json::from_slice(plain).map_err(|_| DbError::Shape("a record of this version"))
}
