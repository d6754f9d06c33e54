//! What the engine is told. Tags are keyed hashes: equal values have equal tags, and nothing else can be read from them.

use paraph_tally::{Millis, PetitionId, SignatureId};

/// A pseudonymous value: the first four bytes of a keyed hash. Two values of ten million that fall together by chance do no
/// harm, since no single family holds anyone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(pub u32);

impl Tag {
    /// No value: the field was empty, or is not known. Never shared.
    pub const NONE: Self = Self(0);

    /// The tag of a keyed hash, at least four bytes long. Never [`Tag::NONE`].
    #[must_use]
    pub fn of(hash: &[u8]) -> Self {
        let bytes: [u8; 4] = std::array::from_fn(|at| hash.get(at).copied().unwrap_or_default());
        Self(u32::from_be_bytes(bytes).max(1))
    }
}

/// What a network serves, as far as is known. Absence from a list is "unknown", never "clean".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NetworkKind {
    /// Nothing is known.
    #[default]
    Unknown,
    /// Homes, telephones, schools: many people behind one address are normal.
    Access,
    /// Rented servers, proxies, anonymisers.
    Hosting,
}

/// A country of the networks' registries: two letters of ISO 3166, `0` where unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Country(pub u16);

impl Country {
    /// Nothing is known.
    pub const UNKNOWN: Self = Self(0);

    /// From two letters; anything else is unknown.
    #[must_use]
    pub fn from_code(code: &str) -> Self {
        match code.as_bytes() {
            [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
                Self(u16::from_be_bytes([a.to_ascii_uppercase(), b.to_ascii_uppercase()]))
            }
            _ => Self::UNKNOWN,
        }
    }

    /// Its two letters; none where it is unknown.
    #[must_use]
    pub fn code(self) -> String {
        let letters = self.0.to_be_bytes();
        letters
            .iter()
            .filter(|letter| **letter != 0)
            .map(|letter| char::from(*letter))
            .collect()
    }
}

/// Where a request came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// Its /24, or /64 of IPv6.
    pub near: Tag,
    /// The network that announces it (autonomous system).
    pub origin: Tag,
    /// What that network serves.
    pub kind: NetworkKind,
    /// Where its registry puts it.
    pub country: Country,
}

/// One admitted contribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observation {
    /// Its name.
    pub id: SignatureId,
    /// The petition.
    pub petition: PetitionId,
    /// When the contribution was received. Never earlier than that of an observation before, as in the journal.
    pub at: Millis,
    /// Where it came from.
    pub source: Source,
    /// Hour of the day, 0 to 23, where the source is: night is the night of the place. 24 if unknown, or if clocks there do not
    /// agree.
    pub local_hour: u8,
    /// Handshake and headers of the client.
    pub client: Tag,
    /// Language of the page.
    pub language: Tag,
    /// Whether the puzzle was solved by script.
    pub script: bool,
    /// From the issue of the clearance or ticket to the form, milliseconds.
    pub fill_ms: u64,
    /// The name, folded to lower case.
    pub name: Tag,
    /// Place of the name in a directory: the first two letters of its last word, `26 * first + second + 1`; 0 if they are
    /// not letters.
    pub name_order: u16,
    /// The name is written in capitals throughout.
    pub name_upper: bool,
    /// What the comment comes down to: a hash of its rarest shingles, equal for texts filled in from one template. None if
    /// there is no comment.
    pub comment: Tag,
    /// Shape of the local part: letters as `a`, digits as `9` with the length of their runs, the rest as it is.
    pub local_shape: Tag,
    /// The local part without dots and tags after `+`, and at a large provider without digits at its end, with its domain.
    pub local_stem: Tag,
    /// Domain of the mailbox.
    pub domain: Tag,
    /// The domain is one of the large mail providers, free or of an access network.
    pub common_mail: bool,
    /// Country given in the form.
    pub declared: Country,
}
