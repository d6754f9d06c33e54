//! Events as bytes, for the journal.
//!
//! `n` is a LEB128 number in its shortest form, of at most the bits named; `[k]` is k bytes as they are; `set` is a
//! count `n64`, then 16 bytes for each signature, to the end.
//!
//! | byte 0 | byte 1 | event | then |
//! |---|---|---|---|
//! | 1 | 1 | `TextAdopted` | petition n32, version n16, text \[32], consent \[32] |
//! | 1 | 2 | `Opened` | petition n32, settle_after_seconds n32 |
//! | 1 | 3 | `Closed` | petition n32 |
//! | 1 | 4 | `Signed` | signature \[16], petition n32, mailbox \[16], text_version n16, record_version \[1] |
//! | 1 | 5 | `Confirmed` | signature \[16] |
//! | 1 | 6 | `Settled` | petition n32, set |
//! | 1 | 7 | `Expired` | petition n32, set |
//! | 1 | 8 | `Withdrawn` | signature \[16], by \[1]: holder 1, mail 2, operator 3 |
//! | 1 | 9 | `Disowned` | signature \[16] |
//! | 1 | 10 | `Verdict` held | petition n32, reason n16, policy n16, evidence \[32], author, undoes, set |
//! | 1 | 11 | `Verdict` released | as held |
//! | 1 | 12 | `Verdict` invalidated | as held |
//! | 1 | 13 | `Verdict` reinstated | as held |
//! | 1 | 14 | `Verdict` restored | as held |
//! | 1 | 15 | `Discarded` | petition n32 |
//!
//! Author: a byte 0 for scrutiny, or 1 and \[16] for a person. Undoes: a byte 0 for nothing, or 1 and position n64.
//!
//! Whatever else the bytes are is an error: `decode(encode(e)) == e` and, where it succeeds, `encode(decode(b)) == b`.
//! `vectors/events.txt` holds examples. Whether an event is legal is not asked here: that is the fold's to say.

use crate::event::{Author, Event, VerdictKind, WithdrawnBy};
use crate::wire::{DecodeError, Reader, put_varint};
use crate::{MailboxId, PetitionId, SignatureId};

/// The first byte of every event.
pub const EVENT_FORMAT: u8 = 1;

const TEXT_ADOPTED: u8 = 1;
const OPENED: u8 = 2;
const CLOSED: u8 = 3;
const SIGNED: u8 = 4;
const CONFIRMED: u8 = 5;
const SETTLED: u8 = 6;
const EXPIRED: u8 = 7;
const WITHDRAWN: u8 = 8;
const DISOWNED: u8 = 9;
const HELD: u8 = 10;
const RELEASED: u8 = 11;
const INVALIDATED: u8 = 12;
const REINSTATED: u8 = 13;
const RESTORED: u8 = 14;
const DISCARDED: u8 = 15;

impl Event {
    /// Appends the event's bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[EVENT_FORMAT, self.kind()]);
        match self {
            Self::TextAdopted {
                petition,
                version,
                text,
                consent,
            } => {
                put_varint(out, petition.0);
                put_varint(out, *version);
                out.extend_from_slice(text);
                out.extend_from_slice(consent);
            }
            Self::Opened {
                petition,
                settle_after_seconds,
            } => {
                put_varint(out, petition.0);
                put_varint(out, *settle_after_seconds);
            }
            Self::Closed { petition } | Self::Discarded { petition } => put_varint(out, petition.0),
            Self::Signed {
                signature,
                petition,
                mailbox,
                text_version,
                record_version,
            } => {
                out.extend_from_slice(&signature.0);
                put_varint(out, petition.0);
                out.extend_from_slice(&mailbox.0);
                put_varint(out, *text_version);
                out.push(*record_version);
            }
            Self::Confirmed { signature } | Self::Disowned { signature } => out.extend_from_slice(&signature.0),
            Self::Withdrawn { signature, by } => {
                out.extend_from_slice(&signature.0);
                out.push(withdrawn_by_byte(*by));
            }
            Self::Settled { petition, signatures } | Self::Expired { petition, signatures } => {
                put_varint(out, petition.0);
                put_set(out, signatures);
            }
            Self::Verdict {
                verdict: _,
                petition,
                reason,
                policy,
                evidence,
                author,
                undoes,
                signatures,
            } => {
                put_varint(out, petition.0);
                put_varint(out, *reason);
                put_varint(out, *policy);
                out.extend_from_slice(evidence);
                put_author(out, *author);
                put_undoes(out, *undoes);
                put_set(out, signatures);
            }
        }
    }

    /// Reads one event that takes up all of `bytes`.
    ///
    /// # Errors
    /// The bytes are not exactly what [`Event::encode`] writes.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let version = reader.byte()?;
        if version != EVENT_FORMAT {
            return Err(DecodeError::Version(version));
        }
        let kind = reader.byte()?;
        let event = decode_kind(kind, &mut reader)?;
        reader.finish()?;
        Ok(event)
    }

    fn kind(&self) -> u8 {
        match self {
            Self::TextAdopted { .. } => TEXT_ADOPTED,
            Self::Opened { .. } => OPENED,
            Self::Closed { .. } => CLOSED,
            Self::Discarded { .. } => DISCARDED,
            Self::Signed { .. } => SIGNED,
            Self::Confirmed { .. } => CONFIRMED,
            Self::Settled { .. } => SETTLED,
            Self::Expired { .. } => EXPIRED,
            Self::Withdrawn { .. } => WITHDRAWN,
            Self::Disowned { .. } => DISOWNED,
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
        }
    }
}

fn decode_kind(kind: u8, from: &mut Reader<'_>) -> Result<Event, DecodeError> {
    Ok(match kind {
        TEXT_ADOPTED => Event::TextAdopted {
            petition: petition(from)?,
            version: from.narrow()?,
            text: from.array()?,
            consent: from.array()?,
        },
        OPENED => Event::Opened {
            petition: petition(from)?,
            settle_after_seconds: from.narrow()?,
        },
        CLOSED => Event::Closed {
            petition: petition(from)?,
        },
        DISCARDED => Event::Discarded {
            petition: petition(from)?,
        },
        SIGNED => Event::Signed {
            signature: signature(from)?,
            petition: petition(from)?,
            mailbox: MailboxId(from.array()?),
            text_version: from.narrow()?,
            record_version: from.byte()?,
        },
        CONFIRMED => Event::Confirmed {
            signature: signature(from)?,
        },
        SETTLED => Event::Settled {
            petition: petition(from)?,
            signatures: set(from)?,
        },
        EXPIRED => Event::Expired {
            petition: petition(from)?,
            signatures: set(from)?,
        },
        WITHDRAWN => Event::Withdrawn {
            signature: signature(from)?,
            by: withdrawn_by(from)?,
        },
        DISOWNED => Event::Disowned {
            signature: signature(from)?,
        },
        HELD => verdict(VerdictKind::Held, from)?,
        RELEASED => verdict(VerdictKind::Released, from)?,
        INVALIDATED => verdict(VerdictKind::Invalidated, from)?,
        REINSTATED => verdict(VerdictKind::Reinstated, from)?,
        RESTORED => verdict(VerdictKind::Restored, from)?,
        unknown => return Err(DecodeError::Kind(unknown)),
    })
}

fn verdict(verdict: VerdictKind, from: &mut Reader<'_>) -> Result<Event, DecodeError> {
    Ok(Event::Verdict {
        verdict,
        petition: petition(from)?,
        reason: from.narrow()?,
        policy: from.narrow()?,
        evidence: from.array()?,
        author: author(from)?,
        undoes: undoes(from)?,
        signatures: set(from)?,
    })
}

fn petition(from: &mut Reader<'_>) -> Result<PetitionId, DecodeError> {
    from.narrow().map(PetitionId)
}

fn signature(from: &mut Reader<'_>) -> Result<SignatureId, DecodeError> {
    from.array().map(SignatureId)
}

fn withdrawn_by_byte(by: WithdrawnBy) -> u8 {
    match by {
        WithdrawnBy::Holder => 1,
        WithdrawnBy::Mail => 2,
        WithdrawnBy::Operator => 3,
    }
}

fn withdrawn_by(from: &mut Reader<'_>) -> Result<WithdrawnBy, DecodeError> {
    match from.byte()? {
        1 => Ok(WithdrawnBy::Holder),
        2 => Ok(WithdrawnBy::Mail),
        3 => Ok(WithdrawnBy::Operator),
        unknown => Err(DecodeError::Alternative(unknown)),
    }
}

fn put_author(out: &mut Vec<u8>, author: Author) {
    match author {
        Author::Scrutiny => out.push(0),
        Author::Person(name) => {
            out.push(1);
            out.extend_from_slice(&name);
        }
    }
}

fn author(from: &mut Reader<'_>) -> Result<Author, DecodeError> {
    match from.byte()? {
        0 => Ok(Author::Scrutiny),
        1 => Ok(Author::Person(from.array()?)),
        unknown => Err(DecodeError::Alternative(unknown)),
    }
}

fn put_undoes(out: &mut Vec<u8>, undoes: Option<u64>) {
    out.push(u8::from(undoes.is_some()));
    if let Some(position) = undoes {
        put_varint(out, position);
    }
}

fn undoes(from: &mut Reader<'_>) -> Result<Option<u64>, DecodeError> {
    match from.byte()? {
        0 => Ok(None),
        1 => Ok(Some(from.varint()?)),
        unknown => Err(DecodeError::Alternative(unknown)),
    }
}

fn put_set(out: &mut Vec<u8>, signatures: &[SignatureId]) {
    put_varint(out, signatures.len() as u64);
    for signature in signatures {
        out.extend_from_slice(&signature.0);
    }
}

fn set(from: &mut Reader<'_>) -> Result<Vec<SignatureId>, DecodeError> {
    let count = from.count(size_of::<SignatureId>())?;
    let mut signatures = Vec::with_capacity(count);
    for _ in 0..count {
        signatures.push(signature(from)?);
    }
    Ok(signatures)
}
