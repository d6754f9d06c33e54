//! Folds the journal again from nothing and compares every computed table with it.

use std::collections::BTreeMap;

use paraph_tally::{Counts, MailboxId, SignatureId};

use super::{petition_id, petition_state, signature_state};
use crate::journal::{self, ReadError, integer};
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
    let mut fold = journal::refold(db).await?;
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
        counts.insert(
            row.text(1)?.to_owned(),
            state.map(|state| state.counts).unwrap_or_default(),
        );
    }
    differ("petition", wrong + petitions.len() as u64);
    differ(
        "signature",
        signatures(db, expected.signatures.into_iter().collect()).await?,
    );
    differ(
        "mailbox",
        mailboxes(db, expected.mailboxes.into_iter().collect()).await?,
    );
    Ok((differences, counts))
}

async fn signatures(
    db: &mut Db,
    mut expected: BTreeMap<SignatureId, paraph_tally::SignatureState>,
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
            let state = expected.remove(&SignatureId(row.array(0)?));
            wrong += u64::from(state != Some(signature_state(row, 1)?));
        }
    }
}

async fn mailboxes(db: &mut Db, expected: BTreeMap<MailboxId, Option<SignatureId>>) -> Result<u64, DbError> {
    let mut expected: BTreeMap<_, _> = expected.into_iter().filter(|(_, counted)| counted.is_some()).collect();
    let sql = "SELECT id, counted FROM mailbox WHERE id > ?1 AND counted IS NOT NULL ORDER BY id LIMIT ?2";
    let (mut wrong, mut after) = (0, [0; 16]);
    loop {
        let rows = db.query(sql, &[Value::Blob(&after), integer(AT_ONCE)]).await?;
        let Some(last) = rows.last() else {
            return Ok(wrong + expected.len() as u64);
        };
        after = last.array(0)?;
        for row in &rows {
            let counted = expected.remove(&MailboxId(row.array(0)?)).flatten();
            wrong += u64::from(counted.map(|id| id.0) != row.maybe_array(1)?);
        }
    }
}
