//! What the public log holds of a person: two hashes that say nothing to anyone without the receipt.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// `C`, what a `CONFIRMED` leaf holds of a signature: HMAC-SHA256 under the key `r` over
/// the length of `origin` in bytes as a big-endian 64-bit number, then `origin`, then `record`.
///
/// The length in front leaves one way to cut the message in two, so no other pair of origin and record gives the same
/// message. `r` is 32 random bytes that only the receipt and the vault hold; once it is destroyed, nobody can show what
/// `C` stands for, nor try guesses against it. `origin` is the origin line of the log, so that a receipt of one log
/// proves nothing in another. `record` is [`Record::encode`](crate::Record::encode).
#[must_use]
pub fn commitment(r: &[u8; 32], origin: &str, record: &[u8]) -> [u8; 32] {
    // Short keys are padded with zeros to the 64-byte block of SHA-256, as RFC 2104 says, and 32 bytes are short.
    let mut block = [0; 64];
    block[..32].copy_from_slice(r);
    let mut mac = Hmac::<Sha256>::new(&block.into());
    mac.update(&(origin.len() as u64).to_be_bytes());
    mac.update(origin.as_bytes());
    mac.update(record);
    mac.finalize().into_bytes().into()
}

/// `W`, SHA-256 of the withdrawal secret `w`: showing `w` proves the right to withdraw.
#[must_use]
pub fn withdrawal_hash(w: &[u8; 32]) -> [u8; 32] {
    Sha256::digest(w).into()
}
