//! Leaves of a petition's public log: no name, no address, nothing that leads to one without a receipt. Drafts until
//! the first log is published.
//!
//! `u16`, `u32`, `u64` are big-endian; `[k]` is k bytes as they are; `n` is a LEB128 number in its shortest form.
//!
//! | byte 0 | byte 1 | leaf | then |
//! |---|---|---|---|
//! | 1 | 1 | `POLICY` | policy u16, rules \[32], reasons \[32], text_version u16, text \[32], consent \[32] |
//! | 1 | 2 | `CONFIRMED` | batch u32, commitment \[32], withdrawal \[32], text_version u16 |
//! | 1 | 3 | `WITHDRAWN` | target u64, then a byte: 1 and w \[32] by the holder, 2 by mail, 3 by the operator, 4 disowned |
//! | 1 | 4 | `HELD` | reason u16, policy u16, evidence \[32], a byte: 0 by scrutiny, 1 by a person; undoes, targets |
//! | 1 | 5 | `RELEASED` | as `HELD` |
//! | 1 | 6 | `INVALIDATED` | as `HELD` |
//! | 1 | 7 | `REINSTATED` | as `HELD` |
//! | 1 | 8 | `BATCH` | batch u32, counts, reasons, stated |
//! | 1 | 9 | `CLOSE` | batch u32, counts |
//! | 1 | 10 | `RESTORED` | as `HELD` |
//!
//! - undoes: a byte 0 for nothing, or 1 and the index u64 of the leaf taken back.
//! - targets: leaf indexes, strictly ascending: how many n, the first n, then for each next one its distance to the one
//!   before, less one, n.
//! - counts: eight u64, the fields of [`LogCounts`] in order.
//! - reasons: how many u16, then for each reason, strictly ascending: reason u16, held u64, invalidated u64.
//! - stated: contributions u64, set_aside u64, refusals u64, mails u64, evidence_root \[32].
//!
//! Whatever else the bytes are is an error, as in events. `vectors/leaves.txt` holds examples.

mod bytes;

use std::collections::BTreeMap;

use crate::event::VerdictKind;

/// The first byte of every leaf.
pub const LEAF_FORMAT: u8 = 1;

/// Most bytes of one leaf: C2SP tlog-tiles writes the length of a log entry in 16 bits.
pub const MAX_LEAF_BYTES: usize = 65_535;

/// One entry of a public log. An index counts the leaves of the log from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leaf {
    /// The rules in force from here on. Precedes any leaf that uses them.
    Policy {
        /// Number of the policy.
        policy: u16,
        /// SHA-256 of the rules.
        rules: [u8; 32],
        /// SHA-256 of the table of reason codes.
        reasons: [u8; 32],
        /// Version of the petition's text.
        text_version: u16,
        /// SHA-256 of that text.
        text: [u8; 32],
        /// SHA-256 of the consent sentence.
        consent: [u8; 32],
    },
    /// Someone confirmed, whatever verdict follows.
    Confirmed {
        /// The batch that it is part of.
        batch: u32,
        /// [`commitment`](crate::commitment) to the record.
        commitment: [u8; 32],
        /// [`withdrawal_hash`](crate::withdrawal_hash) of the withdrawal secret.
        withdrawal: [u8; 32],
        /// The version of the text that was signed.
        text_version: u16,
    },
    /// A signature came to its end.
    Withdrawn {
        /// Index of its `Confirmed`.
        target: u64,
        /// On whose word.
        how: Withdrawal,
    },
    /// A judgement on a set of signatures.
    Verdict {
        /// Which way.
        verdict: VerdictKind,
        /// Code in the reason table of the policy.
        reason: u16,
        /// The policy in force.
        policy: u16,
        /// SHA-256 of the evidence.
        evidence: [u8; 32],
        /// Who judged; a person is not named.
        by: JudgedBy,
        /// Index of the verdict that this one takes back.
        undoes: Option<u64>,
        /// Indexes of the `Confirmed` leaves judged.
        targets: IndexSet,
    },
    /// The numbers after a batch.
    Batch {
        /// Number of the batch, from 1.
        batch: u32,
        /// What anyone gets who replays the log up to here.
        counts: LogCounts,
        /// How many now stand held or invalidated, by reason.
        reasons: BTreeMap<u16, ReasonCounts>,
        /// What only the operator knows.
        stated: Stated,
    },
    /// The final numbers.
    Close {
        /// Number of the last batch.
        batch: u32,
        /// What anyone gets who replays the whole log.
        counts: LogCounts,
    },
}

/// On whose word a signature ended, counted apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Withdrawal {
    /// The receipt's holder, who gave this withdrawal secret.
    Holder([u8; 32]),
    /// Whoever reads the mailbox.
    Mail,
    /// The operator.
    Operator,
    /// The mailbox's holder says "it wasn't me".
    Disowned,
}

/// Who gave a published verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JudgedBy {
    /// The program, by its rules.
    Scrutiny,
    /// A person.
    Person,
}

/// The numbers of a log. `confirmed` is the sum of all others: each leaf is in one of them, an end before a verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct LogCounts {
    /// `Confirmed` leaves.
    pub confirmed: u64,
    /// Clear and not ended.
    pub counted: u64,
    /// Held and not ended.
    pub held: u64,
    /// Invalidated and not ended.
    pub invalidated: u64,
    /// Withdrawn by the receipt's holder.
    pub withdrawn_by_holder: u64,
    /// Withdrawn by mail.
    pub withdrawn_by_mail: u64,
    /// Withdrawn by the operator.
    pub withdrawn_by_operator: u64,
    /// Disowned.
    pub disowned: u64,
}

/// The numbers of one reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ReasonCounts {
    /// Held for it, not ended.
    pub held: u64,
    /// Invalidated for it, not ended.
    pub invalidated: u64,
}

/// What a log states and cannot prove. Since the petition opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Stated {
    /// Attempts to sign.
    pub contributions: u64,
    /// Admitted, never counted, set aside.
    pub set_aside: u64,
    /// Refused at admission.
    pub refusals: u64,
    /// Mails sent.
    pub mails: u64,
    /// Root over the sealed evidence.
    pub evidence_root: [u8; 32],
}

/// Leaf indexes: at least one, strictly ascending.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IndexSet(Vec<u64>);

/// The indexes were none, or not strictly ascending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("leaf indexes have to be at least one and strictly ascending")]
pub struct NotAnIndexSet;

/// The leaf would exceed [`MAX_LEAF_BYTES`]: its targets belong in several leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("a leaf has at most {MAX_LEAF_BYTES} bytes")]
pub struct LeafTooLong;

impl IndexSet {
    /// Takes indexes as they are.
    ///
    /// # Errors
    /// There are none, or they are not strictly ascending.
    pub fn new(indexes: Vec<u64>) -> Result<Self, NotAnIndexSet> {
        if indexes.is_empty() || !indexes.is_sorted_by(|a, b| a < b) {
            return Err(NotAnIndexSet);
        }
        Ok(Self(indexes))
    }

    /// The indexes, ascending.
    #[must_use]
    pub fn as_slice(&self) -> &[u64] {
        &self.0
    }
}
