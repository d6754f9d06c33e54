//! Leaves to bytes and back; the table is in the parent.

use std::collections::BTreeMap;

use super::{
    IndexSet, JudgedBy, LEAF_FORMAT, Leaf, LeafTooLong, LogCounts, MAX_LEAF_BYTES, NotAnIndexSet, ReasonCounts, Stated,
    Withdrawal,
};
use crate::event::VerdictKind;
use crate::wire::{DecodeError, Reader, put_varint};

const POLICY: u8 = 1;
const CONFIRMED: u8 = 2;
const WITHDRAWN: u8 = 3;
const HELD: u8 = 4;
const RELEASED: u8 = 5;
const INVALIDATED: u8 = 6;
const REINSTATED: u8 = 7;
const BATCH: u8 = 8;
const CLOSE: u8 = 9;
const RESTORED: u8 = 10;

impl Leaf {
    /// The leaf's bytes.
    ///
    /// # Errors
    /// More than [`MAX_LEAF_BYTES`].
    pub fn encode(&self) -> Result<Vec<u8>, LeafTooLong> {
        let mut out = vec![LEAF_FORMAT, self.kind()];
        match self {
            Self::Policy {
                policy,
                rules,
                reasons,
                text_version,
                text,
                consent,
            } => {
                out.extend_from_slice(&policy.to_be_bytes());
                out.extend_from_slice(rules);
                out.extend_from_slice(reasons);
                out.extend_from_slice(&text_version.to_be_bytes());
                out.extend_from_slice(text);
                out.extend_from_slice(consent);
            }
            Self::Confirmed {
                batch,
                commitment,
                withdrawal,
                text_version,
            } => {
                out.extend_from_slice(&batch.to_be_bytes());
                out.extend_from_slice(commitment);
                out.extend_from_slice(withdrawal);
                out.extend_from_slice(&text_version.to_be_bytes());
            }
            Self::Withdrawn { target, how } => {
                out.extend_from_slice(&target.to_be_bytes());
                put_withdrawal(&mut out, how);
            }
            Self::Verdict {
                verdict: _,
                reason,
                policy,
                evidence,
                by,
                undoes,
                targets,
            } => {
                out.extend_from_slice(&reason.to_be_bytes());
                out.extend_from_slice(&policy.to_be_bytes());
                out.extend_from_slice(evidence);
                out.push(u8::from(*by == JudgedBy::Person));
                out.push(u8::from(undoes.is_some()));
                out.extend_from_slice(
                    undoes
                        .map(u64::to_be_bytes)
                        .as_ref()
                        .map_or(&[], |index| index.as_slice()),
                );
                targets.encode(&mut out);
            }
            Self::Batch {
                batch,
                counts,
                reasons,
                stated,
            } => {
                out.extend_from_slice(&batch.to_be_bytes());
                put_counts(&mut out, counts);
                put_reasons(&mut out, reasons)?;
                put_stated(&mut out, stated);
            }
            Self::Close { batch, counts } => {
                out.extend_from_slice(&batch.to_be_bytes());
                put_counts(&mut out, counts);
            }
        }
        if out.len() > MAX_LEAF_BYTES {
            Err(LeafTooLong)
        } else {
            Ok(out)
        }
    }

    /// Reads one leaf that takes up all of `bytes`.
    ///
    /// # Errors
    /// The bytes are not exactly what [`Leaf::encode`] writes.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.len() > MAX_LEAF_BYTES {
            return Err(DecodeError::TooLong);
        }
        let mut reader = Reader::new(bytes);
        let version = reader.byte()?;
        if version != LEAF_FORMAT {
            return Err(DecodeError::Version(version));
        }
        let kind = reader.byte()?;
        let leaf = decode_kind(kind, &mut reader)?;
        reader.finish()?;
        Ok(leaf)
    }

    fn kind(&self) -> u8 {
        match self {
            Self::Policy { .. } => POLICY,
            Self::Confirmed { .. } => CONFIRMED,
            Self::Withdrawn { .. } => WITHDRAWN,
            Self::Verdict {
                verdict: VerdictKind::Held,
                ..
            } => HELD,
            Self::Verdict {
                verdict: VerdictKind::Released,
                ..
            } => RELEASED,
            Self::Verdict {
                verdict: VerdictKind::Invalidated,
                ..
            } => INVALIDATED,
            Self::Verdict {
                verdict: VerdictKind::Reinstated,
                ..
            } => REINSTATED,
            Self::Verdict {
                verdict: VerdictKind::Restored,
                ..
            } => RESTORED,
            Self::Batch { .. } => BATCH,
            Self::Close { .. } => CLOSE,
        }
    }
}

fn decode_kind(kind: u8, from: &mut Reader<'_>) -> Result<Leaf, DecodeError> {
    Ok(match kind {
        POLICY => Leaf::Policy {
            policy: from.u16()?,
            rules: from.array()?,
            reasons: from.array()?,
            text_version: from.u16()?,
            text: from.array()?,
            consent: from.array()?,
        },
        CONFIRMED => Leaf::Confirmed {
            batch: from.u32()?,
            commitment: from.array()?,
            withdrawal: from.array()?,
            text_version: from.u16()?,
        },
        WITHDRAWN => Leaf::Withdrawn {
            target: from.u64()?,
            how: withdrawal(from)?,
        },
        HELD => verdict(VerdictKind::Held, from)?,
        RELEASED => verdict(VerdictKind::Released, from)?,
        INVALIDATED => verdict(VerdictKind::Invalidated, from)?,
        REINSTATED => verdict(VerdictKind::Reinstated, from)?,
        RESTORED => verdict(VerdictKind::Restored, from)?,
        BATCH => Leaf::Batch {
            batch: from.u32()?,
            counts: counts(from)?,
            reasons: reasons(from)?,
            stated: stated(from)?,
        },
        CLOSE => Leaf::Close {
            batch: from.u32()?,
            counts: counts(from)?,
        },
        unknown => return Err(DecodeError::Kind(unknown)),
    })
}

fn verdict(verdict: VerdictKind, from: &mut Reader<'_>) -> Result<Leaf, DecodeError> {
    let (reason, policy, evidence) = (from.u16()?, from.u16()?, from.array()?);
    let by = match from.byte()? {
        0 => JudgedBy::Scrutiny,
        1 => JudgedBy::Person,
        unknown => return Err(DecodeError::Alternative(unknown)),
    };
    let undoes = match from.byte()? {
        0 => None,
        1 => Some(from.u64()?),
        unknown => return Err(DecodeError::Alternative(unknown)),
    };
    Ok(Leaf::Verdict {
        verdict,
        reason,
        policy,
        evidence,
        by,
        undoes,
        targets: IndexSet::decode(from)?,
    })
}

fn put_withdrawal(out: &mut Vec<u8>, how: &Withdrawal) {
    match how {
        Withdrawal::Holder(w) => {
            out.push(1);
            out.extend_from_slice(w);
        }
        Withdrawal::Mail => out.push(2),
        Withdrawal::Operator => out.push(3),
        Withdrawal::Disowned => out.push(4),
    }
}

fn withdrawal(from: &mut Reader<'_>) -> Result<Withdrawal, DecodeError> {
    match from.byte()? {
        1 => Ok(Withdrawal::Holder(from.array()?)),
        2 => Ok(Withdrawal::Mail),
        3 => Ok(Withdrawal::Operator),
        4 => Ok(Withdrawal::Disowned),
        unknown => Err(DecodeError::Alternative(unknown)),
    }
}

fn put_counts(out: &mut Vec<u8>, counts: &LogCounts) {
    for number in [
        counts.confirmed,
        counts.counted,
        counts.held,
        counts.invalidated,
        counts.withdrawn_by_holder,
        counts.withdrawn_by_mail,
        counts.withdrawn_by_operator,
        counts.disowned,
    ] {
        out.extend_from_slice(&number.to_be_bytes());
    }
}

fn counts(from: &mut Reader<'_>) -> Result<LogCounts, DecodeError> {
    Ok(LogCounts {
        confirmed: from.u64()?,
        counted: from.u64()?,
        held: from.u64()?,
        invalidated: from.u64()?,
        withdrawn_by_holder: from.u64()?,
        withdrawn_by_mail: from.u64()?,
        withdrawn_by_operator: from.u64()?,
        disowned: from.u64()?,
    })
}

fn put_reasons(out: &mut Vec<u8>, reasons: &BTreeMap<u16, ReasonCounts>) -> Result<(), LeafTooLong> {
    let rows = u16::try_from(reasons.len()).map_err(|_| LeafTooLong)?;
    out.extend_from_slice(&rows.to_be_bytes());
    for (reason, counts) in reasons {
        out.extend_from_slice(&reason.to_be_bytes());
        out.extend_from_slice(&counts.held.to_be_bytes());
        out.extend_from_slice(&counts.invalidated.to_be_bytes());
    }
    Ok(())
}

fn reasons(from: &mut Reader<'_>) -> Result<BTreeMap<u16, ReasonCounts>, DecodeError> {
    let mut reasons = BTreeMap::new();
    for _ in 0..from.u16()? {
        let (reason, held, invalidated) = (from.u16()?, from.u64()?, from.u64()?);
        if reasons.last_key_value().is_some_and(|(last, _)| *last >= reason) {
            return Err(DecodeError::NotAscending);
        }
        reasons.insert(reason, ReasonCounts { held, invalidated });
    }
    Ok(reasons)
}

fn put_stated(out: &mut Vec<u8>, stated: &Stated) {
    for number in [stated.contributions, stated.set_aside, stated.refusals, stated.mails] {
        out.extend_from_slice(&number.to_be_bytes());
    }
    out.extend_from_slice(&stated.evidence_root);
}

fn stated(from: &mut Reader<'_>) -> Result<Stated, DecodeError> {
    Ok(Stated {
        contributions: from.u64()?,
        set_aside: from.u64()?,
        refusals: from.u64()?,
        mails: from.u64()?,
        evidence_root: from.array()?,
    })
}

impl IndexSet {
    fn encode(&self, out: &mut Vec<u8>) {
        put_varint(out, self.0.len() as u64);
        let mut least = 0;
        for index in &self.0 {
            put_varint(out, index - least);
            // After the last possible index nothing follows, and this is never used.
            least = index.wrapping_add(1);
        }
    }

    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let count = from.count(1)?;
        let mut indexes = Vec::with_capacity(count);
        let mut least = Some(0u64);
        for _ in 0..count {
            let distance = from.varint()?;
            let index = least
                .and_then(|least| least.checked_add(distance))
                .ok_or(DecodeError::OutOfRange)?;
            indexes.push(index);
            least = index.checked_add(1);
        }
        Self::new(indexes).map_err(|NotAnIndexSet| DecodeError::NotAscending)
    }
}
