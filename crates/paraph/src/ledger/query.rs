//! What the pages of one signatory need: the state of a contribution, its record, and others waiting beside it.

use paraph_tally::{End, MailboxId, Millis, PetitionId, SignatureId, SignatureState};
use zeroize::Zeroizing;

use super::judged::{Judged, seen};
use super::record::Personal;
use super::vault::Vault;
use super::{SIGNATURE_BY_ID, petition_id, signature_state};
use crate::intake::second_way::is_to_be_asked;
use crate::journal::integer;
use crate::mail::stop::{self, AddressTags, Kind, Quiet};
use crate::store::db::{DbError, Value};
use crate::store::id;
use crate::store::reader::{Reader, Reading};

/// Reads records: two pools, since records and their keys lie in two files.
#[derive(Clone)]
pub struct LedgerReader {
    pub(crate) main: Reader,
    keys: Reader,
    vault: std::sync::Arc<Vault>,
    pub(crate) judged: Judged,
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
    /// A reader over the two files, that sees rows as the verdict has them that the writer is applying.
    #[must_use]
    pub fn new(main: Reader, keys: Reader, vault: std::sync::Arc<Vault>, judged: Judged) -> Self {
        Self {
            main,
            keys,
            vault,
            judged,
        }
    }

    /// Closes both files, once the queries in work have ended.
    pub async fn close(&self) {
        self.main.close().await;
        self.keys.close().await;
    }

    /// When the oldest mail that has not left was due; `None` if there is none.
    ///
    /// # Errors
    /// The store refused.
    pub async fn oldest_due(&self) -> Result<Option<Millis>, DbError> {
        let read = |db: Reading<'_>| {
            let row = db.query_one("SELECT MIN(due_at) FROM outbox", &[])?;
            let at = row.map_or(Ok(None), |row| row.maybe_int(0))?;
            Ok(at.and_then(|at| u64::try_from(at).ok()).map(Millis))
        };
        self.main.with(read).await
    }

    /// Where a contribution stands; `None` if there is no such contribution.
    ///
    /// # Errors
    /// The store refused.
    pub async fn state(&self, id: SignatureId) -> Result<Option<SignatureState>, DbError> {
        let pending = self.judged.now();
        let row = self.main.with(move |db| state(&db, id)).await?;
        Ok(row.map(|row| seen(pending.as_deref(), id, row)))
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

    /// What a mail of the second way has to say; `None` if its signature is not one to be asked about any more.
    ///
    /// # Errors
    /// The store refused.
    pub async fn for_second_way(&self, id: SignatureId) -> Result<Option<(PetitionId, Personal)>, DbError> {
        let state = self.state(id).await?.filter(|state| is_to_be_asked(state.axes));
        let (Some(state), Some(personal)) = (state, self.record(id).await?) else {
            return Ok(None);
        };
        Ok(Some((state.petition, personal)))
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

    /// The tag of the spelling that a mail to this mailbox goes to, which its bounce would name; `None` if mail to that came back.
    /// The mailbox itself was asked about when the mail was claimed.
    ///
    /// # Errors
    /// The store refused.
    pub async fn goes_to(
        &self,
        addresses: &AddressTags,
        typed: &str,
        mailbox: [u8; 16],
        now: Millis,
    ) -> Result<Option<[u8; 16]>, DbError> {
        let spelt = addresses.spelt(typed).unwrap_or(mailbox);
        let is_left_alone = spelt != mailbox && self.is_stopped(Kind::Confirmation, spelt, now, now).await?.is_some();
        Ok((!is_left_alone).then_some(spelt))
    }

    /// What the outbox holds, and how many addresses are left alone.
    ///
    /// # Errors
    /// The store refused.
    pub async fn mail_queue(&self, now: Millis) -> Result<MailQueue, DbError> {
        self.main.with(move |db| mail_queue(&db, now)).await
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

    /// The same for other petitions: contributions for the same address whose mail is put off because the address has had
    /// all of its mails of the day. Whoever reads one of those mails need not wait for the next.
    ///
    /// # Errors
    /// The store refused.
    pub async fn put_off(
        &self,
        address: [u8; 16],
        but: MailboxId,
        before: Option<SignatureId>,
        most: u64,
    ) -> Result<Vec<(SignatureId, PetitionId)>, DbError> {
        let before = before.map_or([0xff; 16], |id| id.0);
        let read = move |db: Reading<'_>| {
            let rows = db.query(
                "SELECT s.id, s.petition FROM outbox o JOIN signature s ON s.mailbox = o.mailbox AND s.waiting = 1 \
                 WHERE o.address = ?1 AND o.held = 2 AND o.mailbox <> ?2 AND s.id < ?3 ORDER BY s.id DESC LIMIT ?4",
                &[
                    Value::Blob(&address),
                    Value::Blob(&but.0),
                    Value::Blob(&before),
                    integer(most),
                ],
            )?;
            rows.iter()
                .map(|row| Ok((SignatureId(row.array(0)?), petition_id(row, 1)?)))
                .collect()
        };
        self.main.with(read).await
    }
}

/// What the outbox holds. Each number stops growing at 100,000.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MailQueue {
    /// Mails waiting for less than an hour, six hours, a day, and longer.
    pub by_age: [u64; 4],
    /// Of these, put off because their address is left alone.
    pub held: u64,
    /// When the next one that is put off is due.
    pub next_at: Option<Millis>,
    /// Addresses whose readers stopped confirmations.
    pub stopped_confirmations: u64,
    /// Addresses whose readers stopped news.
    pub stopped_news: u64,
    /// Addresses left alone because mail to them came back for good.
    pub bounced: u64,
    /// Addresses that had passing troubles within the last 30 days.
    pub troubled: u64,
}

fn mail_queue(db: &Reading<'_>, now: Millis) -> Result<MailQueue, DbError> {
    const HOUR: u64 = 3_600_000;
    let count = |sql, parameters: &[Value<'_>]| {
        let row = db.query_one(sql, parameters)?;
        row.map_or(Ok(0), |row| row.unsigned(0))
    };
    let edges = [0, HOUR, 6 * HOUR, 24 * HOUR].map(|age| now.0.saturating_sub(age));
    let mut queue = MailQueue::default();
    for (at, number) in queue.by_age.iter_mut().enumerate() {
        let newest = if at == 0 {
            [0xff; 16]
        } else {
            id::first_at(Millis(edges[at]))
        };
        let oldest = edges.get(at + 1).map_or([0; 16], |edge| id::first_at(Millis(*edge)));
        let sql = "SELECT COUNT(*) FROM (SELECT 1 FROM outbox WHERE id >= ?1 AND id < ?2 LIMIT 100000)";
        *number = count(sql, &[Value::Blob(&oldest), Value::Blob(&newest)])?;
    }
    queue.held = count(
        "SELECT COUNT(*) FROM (SELECT 1 FROM outbox WHERE held = 1 LIMIT 100000)",
        &[],
    )?;
    let next = db.query_one("SELECT MIN(due_at) FROM outbox WHERE due_at > ?1", &[integer(now.0)])?;
    let next = next.map_or(Ok(None), |row| row.maybe_int(0))?;
    queue.next_at = next.and_then(|at| u64::try_from(at).ok()).map(Millis);
    let stopped = "SELECT COUNT(*) FROM (SELECT 1 FROM mail_stop WHERE kind = ?1 LIMIT 100000)";
    queue.stopped_confirmations = count(stopped, &[Value::Int(Kind::Confirmation.code())])?;
    queue.stopped_news = count(stopped, &[Value::Int(Kind::News.code())])?;
    let bounced = "SELECT COUNT(*) FROM (SELECT 1 FROM mail_bounce WHERE until > ?1 LIMIT 100000)";
    queue.bounced = count(bounced, &[integer(now.0)])?;
    let troubled = "SELECT COUNT(*) FROM (SELECT 1 FROM mail_bounce WHERE soft > 0 LIMIT 100000)";
    queue.troubled = count(troubled, &[])?;
    Ok(queue)
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
    Personal::unpack(plain).map_err(|_| DbError::Shape("a record of this version"))
}
