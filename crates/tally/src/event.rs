//! What can happen to a petition and its signatures. Holds no personal data.

use crate::{MailboxId, Millis, PetitionId, SignatureId};

/// An event at its place in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// 1 for the first entry of a journal, then one more each.
    pub position: u64,
    /// When the writer appended it; never earlier than the entry before.
    pub at: Millis,
    /// What happened.
    pub event: Event,
}

/// One fact. [`Fold::apply`](crate::Fold::apply) says when it is legal; [`Rule`](crate::Rule) names each reason why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A petition has a text, or a new version of it. Version 1 brings the petition into being; each later one is the
    /// next number. Legal until the petition closes.
    TextAdopted {
        /// The petition, created by its version 1.
        petition: PetitionId,
        /// 1, 2, 3...
        version: u16,
        /// SHA-256 of the text.
        text: [u8; 32],
        /// SHA-256 of the consent sentence shown with it.
        consent: [u8; 32],
    },
    /// A draft takes signatures from here on. Happens once.
    Opened {
        /// The petition.
        petition: PetitionId,
        /// Seconds that must pass between a confirmation and its settling.
        settle_after_seconds: u32,
    },
    /// No new signatures, for good. Those given before may still confirm, until they expire, and settle.
    Closed {
        /// The petition.
        petition: PetitionId,
    },
    /// A draft is given up, for good: nothing of it is left but its number, which stays its own. What took signatures is
    /// never discarded.
    Discarded {
        /// A draft.
        petition: PetitionId,
    },
    /// A contribution was admitted. Any version of the text adopted so far is legal: the page may have been opened
    /// before the latest one.
    Signed {
        /// A new name.
        signature: SignatureId,
        /// An open petition.
        petition: PetitionId,
        /// The mailbox of this petition that was given.
        mailbox: MailboxId,
        /// The version of the text that was on the page.
        text_version: u16,
        /// The form of the [`Record`](crate::Record) that the receipt commits to.
        record_version: u8,
    },
    /// The mailbox's holder pressed the button. Legal while held or invalidated; only once; not after an end.
    Confirmed {
        /// The signature.
        signature: SignatureId,
    },
    /// These enter the displayed count.
    Settled {
        /// The petition of all of them.
        petition: PetitionId,
        /// Confirmed long enough ago, clear, not ended, not settled, and alone in the count for their mailbox.
        signatures: Vec<SignatureId>,
    },
    /// Nobody confirmed these in time.
    Expired {
        /// The petition of all of them.
        petition: PetitionId,
        /// Unconfirmed and not ended.
        signatures: Vec<SignatureId>,
    },
    /// A confirmed signature was taken back.
    Withdrawn {
        /// Confirmed and not ended.
        signature: SignatureId,
        /// On whose word.
        by: WithdrawnBy,
    },
    /// The mailbox's holder says "it wasn't me", before or after a confirmation.
    Disowned {
        /// Not ended.
        signature: SignatureId,
    },
    /// A judgement on a set of signatures. Ended signatures may receive one too: the verdict axis records it, the
    /// count does not move.
    Verdict {
        /// Which way.
        verdict: VerdictKind,
        /// The petition of all of them.
        petition: PetitionId,
        /// Code in the reason table of the policy.
        reason: u16,
        /// The policy in force.
        policy: u16,
        /// SHA-256 of the evidence.
        evidence: [u8; 32],
        /// Who judged.
        author: Author,
        /// Position of the earlier verdict that this one takes back. `Released` takes back a hold, `Restored` an invalidation,
        /// `Held` a release, `Invalidated` and `Held` a reinstatement; then `Held` and `Released` reach beneath an invalidation
        /// ([`Axes::take_back`](crate::Axes::take_back)). That the entry there is such a verdict, and that the members stand by the
        /// verdicts which still stand, is for the writer to see: a fold over a working set cannot look back.
        undoes: Option<u64>,
        /// Signatures whose standing allows it.
        signatures: Vec<SignatureId>,
    },
}

/// Directions of a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VerdictKind {
    /// Clear becomes held.
    Held,
    /// Held becomes clear.
    Released,
    /// Clear or held becomes invalidated.
    Invalidated,
    /// Invalidated becomes clear, also where it was held before; holding again is another verdict.
    Reinstated,
    /// Invalidated becomes what it was before: held where it was held, else clear. What takes an invalidation back.
    Restored,
}

/// On whose word a signature was withdrawn. The public log counts them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WithdrawnBy {
    /// Whoever holds the receipt, by its withdrawal secret.
    Holder,
    /// Whoever reads the mailbox, by a link.
    Mail,
    /// The operator, for instance on an erasure request by letter.
    Operator,
}

/// Who gave a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Author {
    /// The program, by its rules.
    Scrutiny,
    /// A person with an account, by its random name.
    Person([u8; 16]),
}

impl Event {
    /// The signatures that this event is about, in the order it gives them; none for events about a petition.
    #[must_use]
    pub fn signatures(&self) -> &[SignatureId] {
        match self {
            Self::TextAdopted { .. } | Self::Opened { .. } | Self::Closed { .. } | Self::Discarded { .. } => &[],
            Self::Signed { signature, .. }
            | Self::Confirmed { signature }
            | Self::Withdrawn { signature, .. }
            | Self::Disowned { signature } => std::slice::from_ref(signature),
            Self::Settled { signatures, .. } | Self::Expired { signatures, .. } | Self::Verdict { signatures, .. } => {
                signatures
            }
        }
    }
}
