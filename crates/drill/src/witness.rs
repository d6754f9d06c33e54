//! What the server under rehearsal says of single contributions. A visitor cannot ask that, and must not be able to; who
//! shares the server's machine and may read its store can.

use std::fmt;
use std::sync::Arc;

/// Where a contribution stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// It is held.
    pub held: bool,
    /// It is invalidated.
    pub invalidated: bool,
}

/// What the server says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Testimony {
    /// One for each token that was asked about; `None` where nothing is known of it.
    pub of: Vec<Option<Standing>>,
    /// When it first held anybody by itself since the moment that was asked about, milliseconds since 1970.
    pub first_hold_at: Option<i64>,
}

/// Asks about contributions, by the tokens of their confirmation links, and for the first hold since a moment in
/// milliseconds since 1970. May block.
pub type Question = dyn Fn(&[String], i64) -> Option<Testimony> + Send + Sync;

/// Who can be asked.
#[derive(Clone)]
pub struct Witness(Arc<Question>);

impl Witness {
    /// One that answers like this.
    pub fn new(answer: impl Fn(&[String], i64) -> Option<Testimony> + Send + Sync + 'static) -> Self {
        Self(Arc::new(answer))
    }

    pub(crate) fn ask(&self, tokens: &[String], since: i64) -> Option<Testimony> {
        (self.0)(tokens, since)
    }
}

impl fmt::Debug for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Witness")
    }
}

/// How many of each camp are held, by what a witness said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) honest: u64,
    pub(crate) forged: u64,
    pub(crate) forged_invalidated: u64,
    /// Milliseconds since the drill's start.
    pub(crate) first_at: Option<i64>,
}
