//! The ledger: tables computed from the journal, and the sealed records beside them.

pub mod catalogue;
pub mod content;
pub mod judged;
pub mod mailbox;
pub mod opened;
mod packed;
pub mod query;
pub mod record;
pub mod recount;
pub mod second_way;
pub mod shift;
pub mod taking_back;
pub mod vault;
pub mod verdicts;

use paraph_tally::{Axes, Counts, MailboxId, Millis, PetitionId, PetitionState, Phase, SignatureState};

use crate::store::db::{DbError, Row};

/// A phase as the tables keep it.
#[must_use]
pub fn phase_code(phase: Phase) -> i64 {
    match phase {
        Phase::Draft => 0,
        Phase::Open => 1,
        Phase::Closed => 2,
        Phase::Discarded => 3,
    }
}

fn phase(code: i64) -> Result<Phase, DbError> {
    match code {
        0 => Ok(Phase::Draft),
        1 => Ok(Phase::Open),
        2 => Ok(Phase::Closed),
        3 => Ok(Phase::Discarded),
        _ => Err(DbError::Shape("a phase")),
    }
}

/// A petition's state by its internal key; columns for [`petition_state`].
pub(crate) const PETITION_BY_ID: &str =
    "SELECT phase, text_version, settle_after_seconds, counts FROM petition WHERE id = ?1";

/// Reads phase, text version, settle delay and counts from column `first` on.
pub(crate) fn petition_state(row: &Row, first: usize) -> Result<PetitionState, DbError> {
    let narrow = |column| row.unsigned(column);
    Ok(PetitionState {
        phase: phase(row.int(first)?)?,
        text_version: u16::try_from(narrow(first + 1)?).map_err(|_| DbError::Shape("a text version"))?,
        settle_after_seconds: u32::try_from(narrow(first + 2)?).map_err(|_| DbError::Shape("seconds"))?,
        counts: counts(row.blob(first + 3)?)?,
    })
}

fn counts(stored: &[u8]) -> Result<Counts, DbError> {
    if stored.is_empty() {
        return Ok(Counts::default());
    }
    let (numbers, rest) = stored.as_chunks::<8>();
    let numbers: Vec<u64> = numbers.iter().map(|number| u64::from_be_bytes(*number)).collect();
    match (numbers.try_into(), rest) {
        (Ok(numbers), []) => Ok(Counts::from_array(numbers)),
        _ => Err(DbError::Shape("the counts of this version")),
    }
}

/// A signature's state by its id; columns for [`signature_state`].
pub(crate) const SIGNATURE_BY_ID: &str =
    "SELECT petition, mailbox, signed_at, confirmed_at, axes FROM signature WHERE id = ?1";

/// Reads petition, mailbox, times and axes from column `first` on.
pub(crate) fn signature_state(row: &Row, first: usize) -> Result<SignatureState, DbError> {
    let bits = u16::try_from(row.int(first + 4)?).ok().and_then(Axes::from_bits);
    Ok(SignatureState {
        petition: petition_id(row, first)?,
        mailbox: MailboxId(row.array(first + 1)?),
        signed_at: Millis(row.unsigned(first + 2)?),
        confirmed_at: row.maybe_int(first + 3)?.map(|at| Millis(at.unsigned_abs())),
        axes: bits.ok_or(DbError::Shape("the axes of a signature"))?,
    })
}

pub(crate) fn petition_id(row: &Row, column: usize) -> Result<PetitionId, DbError> {
    u32::try_from(row.int(column)?)
        .map(PetitionId)
        .map_err(|_| DbError::Shape("a petition"))
}
