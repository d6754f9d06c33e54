//! What Paraph means by its count: events, the three axes of a signature, and the fold that turns a journal into
//! numbers. Also what leaves for the public log: leaves, and the commitments inside them.
//!
//! Everything here is pure: no file, socket, clock, thread or random number. Time arrives as a [`Millis`] in an
//! [`Entry`]; secrets arrive as bytes. The same [`Fold`] runs in the writer, one batch at a time over what the batch
//! touches, and in a recount, from the first entry to the last; nothing else defines the count.
//!
//! ```
//! use paraph_tally::{Entry, Event, Fold, Millis, PetitionId};
//!
//! let petition = PetitionId(1);
//! let adopted = Event::TextAdopted { petition, version: 1, text: [7; 32], consent: [8; 32] };
//! let opened = Event::Opened { petition, settle_after_seconds: 120 };
//! let journal = [adopted, opened].into_iter().zip(1..).map(|(event, position)| Entry { position, at: Millis(0), event });
//! let fold = Fold::recount(journal)?;
//! assert_eq!(fold.petition(petition).map(|state| state.counts.counted), Some(0));
//! # Ok::<(), paraph_tally::RecountError>(())
//! ```

mod axes;
mod commitment;
mod counts;
pub mod encode;
mod event;
mod fold;
mod ids;
pub mod leaf;
mod plan;
mod record;
mod rule;
mod standings;
mod wire;

pub use axes::{Axes, End, Mailbox, Standing};
pub use commitment::{commitment, withdrawal_hash};
pub use counts::Counts;
pub use encode::EVENT_FORMAT;
pub use event::{Author, Entry, Event, VerdictKind, WithdrawnBy};
pub use fold::{Changed, Fold, PetitionState, Phase, RecountError, SignatureState};
pub use ids::{MailboxId, Millis, PetitionId, SignatureId};
pub use leaf::{
    IndexSet, JudgedBy, LEAF_FORMAT, Leaf, LeafTooLong, LogCounts, MAX_LEAF_BYTES, NotAnIndexSet, ReasonCounts, Stated,
    Withdrawal,
};
pub use record::{RECORD_VERSION, Record};
pub use rule::{IllegalMove, MAX_SET, Missing, Rule};
pub use standings::Standings;
pub use wire::DecodeError;
