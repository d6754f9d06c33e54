//! Names of things inside the journal. None of them ever leaves the program.

use std::fmt;

/// Milliseconds since 1970-01-01T00:00:00 UTC, leap seconds ignored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(pub u64);

impl Millis {
    /// This instant and `seconds` more; stays at the end of time rather than wrapping.
    #[must_use]
    pub fn plus_seconds(self, seconds: u32) -> Self {
        Self(self.0.saturating_add(u64::from(seconds) * 1000))
    }
}

/// A petition: a small number, given in the order of creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PetitionId(pub u32);

/// A signature: 16 bytes, time-ordered so that a store appends rather than scatters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SignatureId(pub [u8; 16]);

/// One mailbox of one petition: given once per canonical address and petition, 48 bits of time and 80 random ones. Says
/// nothing about the address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MailboxId(pub [u8; 16]);

impl fmt::Debug for SignatureId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignatureId({:032x})", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for MailboxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MailboxId({:032x})", u128::from_be_bytes(self.0))
    }
}
