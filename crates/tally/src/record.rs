//! What a receipt commits to.

use std::fmt;

use crate::Millis;
use crate::wire::{DecodeError, Reader, put_bytes};

/// The form of record that this version of the program writes: the first byte of its encoding, and the
/// `record_version` of `Signed`.
pub const RECORD_VERSION: u8 = 1;

/// Who signed what, when: the personal data under a commitment. Lives in the receipt and the vault, nowhere else; its
/// `Debug` shows no content.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// The time of `Signed`.
    pub signed_at: Millis,
    /// SHA-256 of the text signed.
    pub text: [u8; 32],
    /// SHA-256 of the consent sentence agreed to.
    pub consent: [u8; 32],
    /// Code of the language of the page, such as `fr`.
    pub language: String,
    /// The address as mail is sent to it: local part as typed, domain in ASCII and lower case. The canonical form used against repetitions follows
    /// from it by the published rules, and not the other way round; and this is the one that the signatory recognises.
    pub address: String,
    /// The name as it was given.
    pub name: String,
}

impl Record {
    /// The bytes to commit to: version \[1], signed_at as a big-endian 64-bit number \[8], text \[32], consent \[32],
    /// then language, address and name, each a length in bytes (LEB128, shortest form) and UTF-8.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![RECORD_VERSION];
        out.extend_from_slice(&self.signed_at.0.to_be_bytes());
        out.extend_from_slice(&self.text);
        out.extend_from_slice(&self.consent);
        for text in [&self.language, &self.address, &self.name] {
            put_bytes(&mut out, text.as_bytes());
        }
        out
    }

    /// Reads a record that takes up all of `bytes`.
    ///
    /// # Errors
    /// The bytes are not exactly what [`Record::encode`] writes.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let version = reader.byte()?;
        if version != RECORD_VERSION {
            return Err(DecodeError::Version(version));
        }
        let record = Self {
            signed_at: Millis(u64::from_be_bytes(reader.array()?)),
            text: reader.array()?,
            consent: reader.array()?,
            language: reader.text()?,
            address: reader.text()?,
            name: reader.text()?,
        };
        reader.finish()?;
        Ok(record)
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record").finish_non_exhaustive()
    }
}
