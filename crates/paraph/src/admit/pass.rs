//! What admission hands on from step to step: received, cleared, burnt, and the pass of what was admitted.

use std::sync::Arc;

use bytes::Bytes;
use paraph_tally::Millis;

use super::Refusal;
use super::budget::Asker;
use super::challenge::Clearance;
use super::form::SignForm;
use super::spent::{BodyMac, Nonce, Outcome, Spent};
use super::ticket::Ticket;

/// How somebody showed that signing cost them something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// A solved challenge.
    Script,
    /// A ticket of sufficient age.
    Plain,
}

/// A sign form that was read.
#[derive(Debug)]
pub struct Received {
    /// The fields.
    pub form: SignForm,
    /// The bytes that they were read from.
    pub raw: Bytes,
}

/// A sign form that is refused, with what could be read of it: it is shown again as it was filled.
#[derive(Debug)]
pub struct NotReceived {
    /// Why.
    pub refusal: Refusal,
    /// The fields that could be read.
    pub form: Box<SignForm>,
}

impl From<Refusal> for NotReceived {
    fn from(refusal: Refusal) -> Self {
        let form = Box::default();
        Self { refusal, form }
    }
}

/// A clearance or ticket whose signature holds, bound to the body that it came in. Nothing is burnt yet.
#[derive(Debug)]
pub struct Cleared {
    pub(super) proof: Proof,
    pub(super) body_mac: BodyMac,
    pub(super) score: u8,
    pub(super) asker: Asker,
}

#[derive(Debug)]
pub(super) enum Proof {
    Script(Box<Clearance>),
    Plain(Ticket),
}

impl Cleared {
    /// Which way it came.
    #[must_use]
    pub fn way(&self) -> Way {
        match self.proof {
            Proof::Script(_) => Way::Script,
            Proof::Plain(_) => Way::Plain,
        }
    }

    /// Its source uses much of its budget: it goes behind those who use less.
    #[must_use]
    pub fn is_pressed(&self) -> bool {
        self.score >= PRESSED
    }
}

/// Hundredths of pressure from which a source is behind others.
const PRESSED: u8 = 34;

/// What became of burning.
#[derive(Debug)]
pub enum Burnt {
    /// Admitted: make it durable, then say so.
    Fresh(Pass),
    /// The same body was admitted before: the same answer, nothing to do.
    Repeat,
}

/// One admitted submission. Whoever holds it makes the submission durable and then calls [`Pass::admitted`]; a pass that
/// is dropped instead (store busy, request cancelled) lets the same body try again, and no other.
#[derive(Debug)]
pub struct Pass {
    /// The unique key of the submission.
    pub nonce: Nonce,
    /// MAC of its body.
    pub body_mac: BodyMac,
    /// Until when the nonce has to be remembered.
    pub expires: Millis,
    /// When challenge or ticket were issued.
    pub issued: Millis,
    /// Which way it came.
    pub way: Way,
    /// Rounds per guess ([`Way::Script`]) or seconds of age ([`Way::Plain`]) that were asked for.
    pub price: u32,
    /// Hundredths of pressure that its source was under.
    pub score: u8,
    pub(super) burning: Burning,
}

impl Pass {
    /// The submission is durable, or deliberately ignored: repeats get the same answer from now on.
    pub fn admitted(self) {
        self.burning.settle(Outcome::Admitted);
    }

    /// The submission was refused for good after all, for this reason: repeats are told the same.
    pub fn refused(self, reason: &'static str) {
        self.burning.settle(Outcome::Refused(reason));
    }
}

/// A nonce in work, whose outcome is reported exactly once: released when dropped, unless something better came before.
#[derive(Debug)]
pub(super) struct Burning {
    /// `None` once reported, and when the memory was full: then only the store knows.
    pub(super) spent: Option<Arc<Spent>>,
    pub(super) nonce: Nonce,
    pub(super) since: Millis,
}

impl Burning {
    pub(super) fn settle(mut self, outcome: Outcome) {
        if let Some(spent) = self.spent.take() {
            spent.settle(&self.nonce, outcome, self.since);
        }
    }

    pub(super) fn unburn(mut self) {
        if let Some(spent) = self.spent.take() {
            spent.unburn(&self.nonce, self.since);
        }
    }
}

impl Drop for Burning {
    fn drop(&mut self) {
        if let Some(spent) = &self.spent {
            spent.release(&self.nonce, self.since);
        }
    }
}
