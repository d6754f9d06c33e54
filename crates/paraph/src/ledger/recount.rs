//! Folds the journal again from nothing and compares every computed table with it.

use std::collections::BTreeMap;

use paraph_tally::{Author, Counts, Entry, Event, MailboxId, Millis, Phase, SignatureId};
use sha2::{Digest, Sha256};

use super::judged::{self, Pending};
use super::record::text_hash;
use super::{petition_id, petition_state, signature_state};
use crate::journal::{self, ReadError, integer, kind_code};
use crate::store::db::{Db, DbError, Value};

/// Differences by table, each with how many rows differ. Empty: the ledger is what the journal says.
pub type Differences = BTreeMap<&'static str, u64>;

/// Rows read at once.
const AT_ONCE: u64 = 4096;

/// Compares petitions, signatures and mailboxes with a fold of the whole journal.
///
/// # Errors
/// The store refused, or the journal itself is spoilt or breaks the rules.
pub async fn compare(db: &mut Db) -> Result<Differences, ReadError> {
    let (differences, _) = compare_and_count(db).await?;
    Ok(differences)
}

/// The same, with the numbers of each petition by slug as the journal gives them.
///
/// # Errors
/// As [`compare`].
pub async fn compare_and_count(db: &mut Db) -> Result<(Differences, BTreeMap<String, Counts>), ReadError> {
    let unfinished = judged::unfinished(db).await?;
    let pending = unfinished.as_ref().map(|unfinished| &unfinished.pending);
    let (mut given, mut texts_said) = (BTreeMap::new(), Texts::default());
    let look = |entry: &Entry| {
        given.extend(Given::by(entry));
        texts_said.take(entry);
    };
    let mut fold = journal::refold(db, look).await?;
    let expected = fold.take_changed();
    let mut differences = Differences::new();
    let mut differ = |table, rows: u64| {
        if rows > 0 {
            differences.insert(table, rows);
        }
    };

    let mut counts = BTreeMap::new();
    let mut petitions: BTreeMap<_, _> = expected.petitions.into_iter().collect();
    let rows = db
        .query(
            "SELECT id, slug, phase, text_version, settle_after_seconds, counts FROM petition ORDER BY id",
            &[],
        )
        .await?;
    let mut wrong = 0;
    for row in &rows {
        let state = petitions.remove(&petition_id(row, 0)?);
        wrong += u64::from(state != Some(petition_state(row, 2)?));
        // Of a draft that was discarded nobody asks the count.
        if state.is_none_or(|state| state.phase != Phase::Discarded) {
            counts.insert(
                row.text(1)?.to_owned(),
                state.map(|state| state.counts).unwrap_or_default(),
            );
        }
    }
    differ("petition", wrong + petitions.len() as u64);
    let mut follow = Following::default();
    let signatures = signatures(db, expected.signatures.into_iter().collect(), pending, &mut follow);
    differ("signature", signatures.await?);
    differ(
        "mailbox",
        mailboxes(db, expected.mailboxes.into_iter().collect(), follow).await?,
    );
    differ("verdict", verdicts(db, given).await?);
    differ("petition_text", texts(db, texts_said).await?);
    Ok((differences, counts))
}

async fn signatures(
    db: &mut Db,
    mut expected: BTreeMap<SignatureId, paraph_tally::SignatureState>,
    pending: Option<&Pending>,
    follow: &mut Following,
) -> Result<u64, DbError> {
    let sql =
        "SELECT id, petition, mailbox, signed_at, confirmed_at, axes FROM signature WHERE id > ?1 ORDER BY id LIMIT ?2";
    let (mut wrong, mut after) = (0, [0; 16]);
    loop {
        let rows = db.query(sql, &[Value::Blob(&after), integer(AT_ONCE)]).await?;
        let Some(last) = rows.last() else {
            return Ok(wrong + expected.len() as u64);
        };
        after = last.array(0)?;
        for row in &rows {
            let id = SignatureId(row.array(0)?);
            let stored = signature_state(row, 1)?;
            let seen = judged::seen(pending, id, stored);
            match (stored.axes.is_counted(), seen.axes.is_counted()) {
                (true, false) => follow.leave.insert(stored.mailbox, id),
                (false, true) => follow.enter.insert(stored.mailbox, id),
                _ => None,
            };
            wrong += u64::from(expected.remove(&id) != Some(seen));
        }
    }
}

/// Who counts for a mailbox once the rows of the verdict that is being applied have followed.
#[derive(Default)]
struct Following {
    leave: BTreeMap<MailboxId, SignatureId>,
    enter: BTreeMap<MailboxId, SignatureId>,
}

async fn mailboxes(
    db: &mut Db,
    expected: BTreeMap<MailboxId, Option<SignatureId>>,
    follow: Following,
) -> Result<u64, DbError> {
    let mut expected: BTreeMap<_, _> = expected.into_iter().filter(|(_, counted)| counted.is_some()).collect();
    expected.retain(|mailbox, counted| follow.enter.get(mailbox).copied() != *counted);
    let sql = "SELECT id, counted FROM mailbox WHERE id > ?1 AND counted IS NOT NULL ORDER BY id LIMIT ?2";
    let (mut wrong, mut after) = (0, [0; 16]);
    loop {
        let rows = db.query(sql, &[Value::Blob(&after), integer(AT_ONCE)]).await?;
        let Some(last) = rows.last() else {
            return Ok(wrong + expected.len() as u64);
        };
        after = last.array(0)?;
        for row in &rows {
            let mailbox = MailboxId(row.array(0)?);
            let stored = row.maybe_array(1)?.map(SignatureId);
            if stored.is_some() && follow.leave.get(&mailbox).copied() == stored {
                continue;
            }
            wrong += u64::from(expected.remove(&mailbox).flatten() != stored);
        }
    }
}

/// What the journal says of a version of a text.
#[derive(PartialEq, Eq)]
struct Adopted {
    text: [u8; 32],
    consent: [u8; 32],
}

impl Adopted {
    fn by(entry: &Entry) -> Option<((i64, i64), Self)> {
        let Event::TextAdopted {
            petition,
            version,
            text,
            consent,
        } = entry.event
        else {
            return None;
        };
        Some(((petition.0.into(), version.into()), Self { text, consent }))
    }
}

/// Which texts the journal speaks of, by petition and version.
#[derive(Default)]
struct Texts {
    /// Those that have to be there.
    adopted: BTreeMap<(i64, i64), Adopted>,
    /// Those of drafts that have been published since. They go when a petition opens, but stores opened before 2026-12 have them still.
    drafts: BTreeMap<(i64, i64), Adopted>,
}

impl Texts {
    fn take(&mut self, entry: &Entry) {
        self.adopted.extend(Adopted::by(entry));
        match entry.event {
            Event::Opened { petition, .. } => {
                let id = i64::from(petition.0);
                let published = self.adopted.range((id, 0)..=(id, i64::MAX)).next_back();
                let first = published.map_or(0, |((_, version), _)| *version);
                let drafts = self.adopted.extract_if((id, 0)..(id, first), |_, _| true);
                self.drafts.extend(drafts);
            }
            Event::Discarded { petition } => self.adopted.retain(|(of, _), _| *of != i64::from(petition.0)),
            _ => {}
        }
    }

    fn remove(&mut self, key: (i64, i64)) -> Option<Adopted> {
        self.adopted.remove(&key).or_else(|| self.drafts.remove(&key))
    }
}

/// Versions of texts that are not what the events say, word for word: the SHA-256 of what is shown stands in the event.
async fn texts(db: &mut Db, mut said: Texts) -> Result<u64, DbError> {
    let sql =
        "SELECT version, title, body, text_hash, consent_hash FROM petition_text WHERE petition = ?1 ORDER BY version";
    let mut wrong = 0;
    // A petition at a time: a text is up to 64 KiB.
    for petition in db.query("SELECT DISTINCT petition FROM petition_text", &[]).await? {
        let petition = petition.int(0)?;
        for row in db.query(sql, &[Value::Int(petition)]).await? {
            let stored = Adopted {
                text: row.array(3)?,
                consent: row.array(4)?,
            };
            let is_said = stored.text == text_hash(row.text(1)?, row.text(2)?);
            wrong += u64::from(said.remove((petition, row.int(0)?)) != Some(stored) || !is_said);
        }
    }
    Ok(wrong + said.adopted.len() as u64)
}

/// What the journal says of a verdict, in the columns of its row.
#[derive(PartialEq, Eq)]
struct Given {
    at: Millis,
    petition: i64,
    kind: i64,
    reason: i64,
    author: Option<[u8; 16]>,
    undoes: Option<i64>,
    judged: u64,
    evidence: [u8; 32],
}

impl Given {
    fn by(entry: &Entry) -> Option<(u64, Self)> {
        let Event::Verdict {
            verdict,
            petition,
            reason,
            policy: _,
            evidence,
            author,
            undoes,
            signatures,
        } = &entry.event
        else {
            return None;
        };
        let author = match author {
            Author::Scrutiny => None,
            Author::Person(account) => Some(*account),
        };
        let given = Self {
            at: entry.at,
            petition: petition.0.into(),
            kind: kind_code(*verdict),
            reason: (*reason).into(),
            author,
            undoes: undoes.and_then(|position| i64::try_from(position).ok()),
            judged: signatures.len() as u64,
            evidence: *evidence,
        };
        Some((entry.position, given))
    }
}

/// Rows that are not what the events say, evidence included: its SHA-256 stands in the event.
async fn verdicts(db: &mut Db, mut given: BTreeMap<u64, Given>) -> Result<u64, DbError> {
    let sql = "SELECT position, at, petition, kind, reason, author, undoes, judged, evidence FROM verdict \
               WHERE position > ?1 ORDER BY position LIMIT 100";
    let (mut wrong, mut after) = (0, 0);
    loop {
        let rows = db.query(sql, &[integer(after)]).await?;
        let Some(last) = rows.last() else {
            return Ok(wrong + given.len() as u64);
        };
        after = last.unsigned(0)?;
        for row in &rows {
            let stored = Given {
                at: Millis(row.unsigned(1)?),
                petition: row.int(2)?,
                kind: row.int(3)?,
                reason: row.int(4)?,
                author: row.maybe_array(5)?,
                undoes: row.maybe_int(6)?,
                judged: row.unsigned(7)?,
                evidence: Sha256::digest(row.blob(8)?).into(),
            };
            wrong += u64::from(given.remove(&row.unsigned(0)?) != Some(stored));
        }
    }
}
