//! Why an event was refused. Says which rule, never whom: no identifier, no personal data.

/// Most signatures that one event may name: 16 MB of encoding, and the most that the writer may be told to settle at once.
pub const MAX_SET: usize = 1_000_000;

/// An event that [`Fold::apply`](crate::Fold::apply) refused; the fold is as it was before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum IllegalMove {
    /// The event breaks a rule. The writer leaves it, or the signature, out.
    #[error("illegal: {0}")]
    Illegal(Rule),
    /// The event touches something that was not loaded into the working set: a fault of the caller, not of the event.
    #[error("not in the working set: {0}")]
    NotLoaded(Missing),
    /// What was loaded contradicts itself (a count below what it counts, two signatures counted for one mailbox): the
    /// ledger is damaged and has to be computed again.
    #[error("the loaded state contradicts itself")]
    Contradiction,
}

/// What the working set lacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Missing {
    /// [`Fold::load_petition`](crate::Fold::load_petition) was not called.
    #[error("the petition")]
    Petition,
    /// [`Fold::load_signature`](crate::Fold::load_signature) was not called.
    #[error("a signature")]
    Signature,
    /// [`Fold::load_counted`](crate::Fold::load_counted) was not called for the mailbox of a signature that would count.
    #[error("who counts for a mailbox")]
    Mailbox,
}

/// The rules of the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Rule {
    /// Positions follow each other without a gap, from 1.
    #[error("the position is not the next one")]
    PositionNotNext,
    /// Time never runs back in a journal.
    #[error("the time is earlier than that of the entry before")]
    TimeRunsBack,
    /// The journal so far knows no such petition.
    #[error("no such petition")]
    PetitionUnknown,
    /// Versions of a text are 1, 2, 3...
    #[error("the text version is not the next one")]
    TextVersionNotNext,
    /// Only a draft can be opened or discarded.
    #[error("the petition is not a draft")]
    PetitionNotDraft,
    /// Only an open petition can be signed or closed.
    #[error("the petition is not open")]
    PetitionNotOpen,
    /// A closed petition keeps its text.
    #[error("the petition is closed")]
    PetitionClosed,
    /// Nothing of a discarded draft comes back.
    #[error("the petition was discarded")]
    PetitionDiscarded,
    /// A signature is admitted once.
    #[error("the signature exists already")]
    SignatureExists,
    /// The journal so far knows no such signature.
    #[error("no such signature")]
    SignatureUnknown,
    /// One can only sign a text that was adopted.
    #[error("no such version of the text")]
    TextVersionUnknown,
    /// This version of the program cannot check such a record.
    #[error("unknown record version")]
    RecordVersionUnknown,
    /// The signature belongs to another petition than the event.
    #[error("a signature of another petition")]
    OtherPetition,
    /// Confirming happens once; a confirmed signature does not expire.
    #[error("already confirmed")]
    AlreadyConfirmed,
    /// Only a confirmed signature can settle or be withdrawn.
    #[error("not confirmed")]
    Unconfirmed,
    /// An end is final.
    #[error("already expired, withdrawn or disowned")]
    Ended,
    /// Settling happens once.
    #[error("already settled")]
    AlreadySettled,
    /// Scrutiny has not had its time yet.
    #[error("confirmed too recently to settle")]
    TooEarlyToSettle,
    /// At most one counted signature per mailbox.
    #[error("another signature of this mailbox is counted")]
    MailboxCounted,
    /// Settling and holding need a clear signature.
    #[error("not clear")]
    NotClear,
    /// Releasing needs a held signature.
    #[error("not held")]
    NotHeld,
    /// Invalidating needs a clear or held signature.
    #[error("already invalidated")]
    AlreadyInvalidated,
    /// Reinstating needs an invalidated signature.
    #[error("not invalidated")]
    NotInvalidated,
    /// A set event names at least one signature.
    #[error("no signature named")]
    SetEmpty,
    /// A set event names at most [`MAX_SET`] signatures.
    #[error("too many signatures in one event")]
    SetTooLarge,
    /// A set event names a signature once.
    #[error("a signature named twice")]
    SetDuplicate,
    /// What is taken back came before.
    #[error("what is taken back does not come before")]
    UndoesNotEarlier,
}

impl From<Rule> for IllegalMove {
    fn from(rule: Rule) -> Self {
        Self::Illegal(rule)
    }
}
