//! The second way as it stands: who may be asked, who was, and what they answered.

use std::collections::HashMap;

use paraph_tally::{MailboxId, Millis, PetitionId, SignatureId, SignatureState};

use super::judged::seen;
use super::query::LedgerReader;
use super::signature_state;
use crate::intake::mailing::{SENT_TO, sent};
use crate::intake::second_way::{LAST_DUE, is_to_be_asked, last_due_at};
use crate::journal::integer;
use crate::mail::budget::{Sent, WINDOW};
use crate::mail::stop::{self, Kind};
use crate::store::db::{DbError, Row, Value};
use crate::store::reader::Reading;

/// Held signatures of a set, and why others of it are not asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Who may be asked, one signature a mailbox, and its petition.
    pub to_ask: Vec<(SignatureId, PetitionId)>,
    /// Of the set, how many are held and stand.
    pub held: u64,
    /// Of these, whose mailbox was asked before.
    pub asked: u64,
    /// Of these, whose mailbox has said "it wasn't me", or taken a signature back.
    pub taken_back: u64,
}

/// What an address was sent of late.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WrittenTo {
    /// When, and about which petition.
    pub sent: Vec<Sent>,
    /// It is left alone: its reader wants that, or mail to it came back.
    pub left_alone: bool,
}

/// Mails of the second way that have left within an hour, and those that wait.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dripped {
    /// Of the incident, in order.
    pub of_incident: Vec<Millis>,
    /// To each domain, of any incident, in order.
    pub to_domain: HashMap<[u8; 16], Vec<Millis>>,
    /// When the last of the incident's is due that has not left.
    pub last_due: Option<Millis>,
}

/// How far the mails of an incident are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Mailboxes that are to be asked, or were.
    pub offered: u64,
    /// Of these, whose mail has left, or was given up.
    pub left: u64,
    /// Of these, who answered.
    pub answered: u64,
}

/// An answer that waits for a person: its signature is still held or invalidated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The signature.
    pub signature: SignatureId,
    /// Its petition.
    pub petition: PetitionId,
    /// Tag of its mail domain.
    pub domain: Vec<u8>,
    /// Whether that is a large provider.
    pub common: bool,
    /// When its mail was taken out to be sent.
    pub mailed_at: Millis,
    /// When the button was pressed.
    pub at: Millis,
    /// From where, as scrutiny may know.
    pub from: Vec<u8>,
}

/// Signatures looked at in one read: a reader that lingers holds up the write-ahead log.
const AT_ONCE: usize = 1024;

impl LedgerReader {
    /// Who of a set may be asked.
    ///
    /// # Errors
    /// The store refused.
    pub async fn held_of(&self, set: &[SignatureId]) -> Result<Held, DbError> {
        let mut held = Held::default();
        let mut mailboxes = std::collections::HashSet::new();
        for ids in set.chunks(AT_ONCE) {
            let (pending, ids) = (self.judged.now(), ids.to_vec());
            let rows = self.main.with(move |db| candidates(&db, &ids)).await?;
            for row in rows {
                let state = seen(pending.as_deref(), row.id, row.state);
                if !is_to_be_asked(state.axes) {
                    continue;
                }
                held.held += 1;
                if row.taken_back {
                    held.taken_back += 1;
                } else if row.asked {
                    held.asked += 1;
                } else if mailboxes.insert(state.mailbox) {
                    held.to_ask.push((row.id, state.petition));
                }
            }
        }
        Ok(held)
    }

    /// What each of these addresses was sent within a day.
    ///
    /// # Errors
    /// The store refused.
    pub async fn written_to(&self, addresses: &[[u8; 16]], now: Millis) -> Result<Vec<WrittenTo>, DbError> {
        let mut written = Vec::with_capacity(addresses.len());
        for some in addresses.chunks(AT_ONCE) {
            let some = some.to_vec();
            let read = move |db: Reading<'_>| some.iter().map(|address| written_to(&db, address, now)).collect();
            let some: Vec<WrittenTo> = self.main.with(read).await?;
            written.extend(some);
        }
        Ok(written)
    }

    /// What has left of the second way within the hour, of an incident and to mail domains, and what is still to leave.
    ///
    /// # Errors
    /// The store refused.
    pub async fn dripped(&self, incident: u64, domains: Vec<[u8; 16]>, since: Millis) -> Result<Dripped, DbError> {
        self.main.with(move |db| dripped(&db, incident, &domains, since)).await
    }

    /// How far the mails of an incident are.
    ///
    /// # Errors
    /// The store refused.
    pub async fn asked_in(&self, incident: u64) -> Result<Asked, DbError> {
        let row = self.main.with(move |db| {
            let sql = "SELECT COUNT(*), COUNT(counted_at), COUNT(answered_at) FROM second_way WHERE incident = ?1";
            db.query_one(sql, &[integer(incident)])
        });
        let row = row.await?.ok_or(DbError::Shape("a count"))?;
        Ok(Asked {
            offered: row.unsigned(0)?,
            left: row.unsigned(1)?,
            answered: row.unsigned(2)?,
        })
    }

    /// Whether the reader of a held signature's mail has answered.
    ///
    /// # Errors
    /// The store refused.
    pub async fn has_answered(&self, signature: SignatureId) -> Result<bool, DbError> {
        let row = self.main.with(move |db| {
            let sql = "SELECT 1 FROM second_way WHERE signature = ?1 AND answered_at IS NOT NULL";
            db.query_one(sql, &[Value::Blob(&signature.0)])
        });
        Ok(row.await?.is_some())
    }

    /// Answers of an incident that wait for a person, in the order in which they came.
    ///
    /// # Errors
    /// The store refused.
    pub async fn answers(&self, incident: u64) -> Result<Vec<Answered>, DbError> {
        let pending = self.judged.now();
        let rows = self.main.with(move |db| {
            let sql = "SELECT w.signature, w.domain, w.common, w.counted_at, w.answered_at, w.answered_from, \
                       s.petition, s.mailbox, s.signed_at, s.confirmed_at, s.axes \
                       FROM second_way w JOIN signature s ON s.id = w.signature \
                       WHERE w.incident = ?1 AND w.answered_at IS NOT NULL ORDER BY w.answered_at, w.signature";
            db.query(sql, &[integer(incident)])
        });
        let mut answers = Vec::new();
        for row in rows.await? {
            let signature = SignatureId(row.array(0)?);
            let state = seen(pending.as_deref(), signature, signature_state(&row, 6)?);
            if state.axes.is_clear() || state.axes.is_ended() {
                continue;
            }
            answers.push(Answered {
                signature,
                petition: state.petition,
                domain: row.blob(1)?.to_vec(),
                common: row.int(2)? == 1,
                mailed_at: Millis(row.maybe_int(3)?.map_or(0, i64::unsigned_abs)),
                at: Millis(row.unsigned(4)?),
                from: row.blob(5).map(<[u8]>::to_vec).unwrap_or_default(),
            });
        }
        Ok(answers)
    }
}

fn written_to(db: &Reading<'_>, address: &[u8; 16], now: Millis) -> Result<WrittenTo, DbError> {
    let since = integer(now.0.saturating_sub(WINDOW.0));
    let rows = db.query(SENT_TO, &[Value::Blob(address), since])?;
    let quiet = db.query(stop::QUIET, &[Value::Blob(address)])?;
    Ok(WrittenTo {
        sent: rows.iter().map(sent).collect::<Result<_, _>>()?,
        left_alone: stop::judge(&quiet, Kind::Confirmation, now, now)?.is_some(),
    })
}

fn dripped(db: &Reading<'_>, incident: u64, domains: &[[u8; 16]], since: Millis) -> Result<Dripped, DbError> {
    let time = |row: &Row| row.unsigned(0).map(Millis);
    let times = |rows: Vec<Row>| rows.iter().map(time).collect::<Result<Vec<_>, _>>();
    let sql = "SELECT counted_at FROM second_way WHERE incident = ?1 AND counted_at > ?2 ORDER BY counted_at";
    let of_incident = times(db.query(sql, &[integer(incident), integer(since.0)])?)?;
    let mut to_domain = HashMap::new();
    for domain in domains {
        let sql = "SELECT counted_at FROM second_way WHERE domain = ?1 AND counted_at > ?2 ORDER BY counted_at";
        let left = times(db.query(sql, &[Value::Blob(domain), integer(since.0)])?)?;
        to_domain.insert(*domain, left);
    }
    let last_due = db.query_one(LAST_DUE, &[integer(incident)])?;
    Ok(Dripped {
        of_incident,
        to_domain,
        last_due: last_due.map_or(Ok(None), |row| last_due_at(&row))?,
    })
}

struct Candidate {
    id: SignatureId,
    state: SignatureState,
    asked: bool,
    taken_back: bool,
}

fn candidates(db: &Reading<'_>, ids: &[SignatureId]) -> Result<Vec<Candidate>, DbError> {
    const ROW: &str = "SELECT petition, mailbox, signed_at, confirmed_at, axes FROM signature WHERE id = ?1";
    let mut found = Vec::with_capacity(ids.len());
    let is_there = |sql: &'static str, mailbox: MailboxId| {
        let row: Option<Row> = db.query_one(sql, &[Value::Blob(&mailbox.0)])?;
        Ok::<_, DbError>(row.is_some())
    };
    for id in ids {
        let Some(row) = db.query_one(ROW, &[Value::Blob(&id.0)])? else {
            continue;
        };
        let state = signature_state(&row, 0)?;
        found.push(Candidate {
            id: *id,
            state,
            asked: is_there("SELECT 1 FROM second_way WHERE mailbox = ?1", state.mailbox)?,
            taken_back: is_there(
                "SELECT 1 FROM signature WHERE mailbox = ?1 AND axes & 16 = 16 LIMIT 1",
                state.mailbox,
            )?,
        });
    }
    Ok(found)
}
