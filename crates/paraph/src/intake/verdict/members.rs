//! Rows of a set's members, read by the stretch where the set is dense and one by one where it is not.

use paraph_tally::{SignatureId, SignatureState};

use crate::journal::integer;
use crate::ledger::signature_state;
use crate::store::db::{Db, DbError, Row, Value};

/// A member as its row has it.
pub(super) struct Member {
    pub(super) id: SignatureId,
    pub(super) state: SignatureState,
    /// Who counts for its mailbox.
    pub(super) counted: Option<SignatureId>,
}

/// Of the rows in a stretch, one in so many has to be asked for; else each is looked up by itself.
const SPARSE: usize = 8;

/// The members that exist, in their order. `ids` ascends.
pub(super) async fn read(db: &mut Db, ids: &[SignatureId]) -> Result<Vec<Member>, DbError> {
    let mut members = Vec::with_capacity(ids.len());
    let mut rest = ids;
    while let (Some(first), Some(last)) = (rest.first(), rest.last()) {
        let most = 2 * rest.len() + 64;
        let sql = "SELECT s.id, s.petition, s.mailbox, s.signed_at, s.confirmed_at, s.axes, m.counted \
                   FROM signature s LEFT JOIN mailbox m ON m.id = s.mailbox \
                   WHERE s.id >= ?1 AND s.id <= ?2 ORDER BY s.id LIMIT ?3";
        let stretch = [Value::Blob(&first.0), Value::Blob(&last.0), integer(most as u64)];
        let rows = db.query(sql, &stretch).await?;
        let before = members.len();
        for row in &rows {
            let id = SignatureId(row.array(0)?);
            if rest.binary_search(&id).is_ok() {
                members.push(member(id, row)?);
            }
        }
        if rows.len() < most {
            break;
        }
        let reached = rows.last().map_or(Ok(*last), |row| row.array(0).map(SignatureId))?;
        rest = &rest[rest.partition_point(|id| *id <= reached)..];
        if (members.len() - before) * SPARSE < rows.len() {
            return one_by_one(db, rest, members).await;
        }
    }
    Ok(members)
}

async fn one_by_one(db: &mut Db, ids: &[SignatureId], mut members: Vec<Member>) -> Result<Vec<Member>, DbError> {
    for id in ids {
        let sql = "SELECT s.id, s.petition, s.mailbox, s.signed_at, s.confirmed_at, s.axes, m.counted \
                   FROM signature s LEFT JOIN mailbox m ON m.id = s.mailbox WHERE s.id = ?1";
        if let Some(row) = db.query_one(sql, &[Value::Blob(&id.0)]).await? {
            members.push(member(*id, &row)?);
        }
    }
    Ok(members)
}

fn member(id: SignatureId, row: &Row) -> Result<Member, DbError> {
    Ok(Member {
        id,
        state: signature_state(row, 1)?,
        counted: row.maybe_array(6)?.map(SignatureId),
    })
}
