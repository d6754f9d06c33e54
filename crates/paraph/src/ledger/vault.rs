//! The vault: personal data, sealed record by record, so that one record can be erased for good.
//!
//! Each record has a random key. The record lies in `paraph.db`; its key, wrapped by a key derived from the master key,
//! lies in `keys/keys.db`. Destroying the wrapped key makes the record unreadable in every copy of `paraph.db`, whoever
//! holds the master key. Both ciphers are XChaCha20-Poly1305 with random nonces (draft-irtf-cfrg-xchacha-03), and both are bound to the
//! record's id, so that records cannot be swapped.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use zeroize::Zeroizing;

use crate::keys::Keys;
use crate::store::id;

const VERSION: u8 = 1;
const NONCE_BYTES: usize = 24;

/// Wraps and unwraps record keys.
pub struct Vault {
    wrapping: XChaCha20Poly1305,
}

/// A record as it is stored: the two halves go to two files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// version, nonce, ciphertext of the record; for `paraph.db`.
    pub sealed: Vec<u8>,
    /// version, nonce, ciphertext of the record's key; for `keys/keys.db`.
    pub wrapped: Vec<u8>,
}

/// A record that does not open: erased, of another id, spoilt, or sealed under another master key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sealed record does not open")]
pub struct Unreadable;

impl Vault {
    /// Takes the wrapping subkey.
    #[must_use]
    pub fn new(keys: &Keys) -> Self {
        Self {
            wrapping: XChaCha20Poly1305::new(&keys.derive("vault wrap v1").into()),
        }
    }

    /// Seals a record under a key of its own.
    #[must_use]
    pub fn seal(&self, id: [u8; 16], record: &[u8]) -> Sealed {
        let key = Zeroizing::new(id::random::<32>());
        Sealed {
            sealed: encrypt(&XChaCha20Poly1305::new(&(*key).into()), id, record),
            wrapped: encrypt(&self.wrapping, id, &*key),
        }
    }

    /// Opens a record.
    ///
    /// # Errors
    /// It does not open.
    pub fn open(&self, id: [u8; 16], sealed: &[u8], wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
        let key = decrypt(&self.wrapping, id, wrapped)?;
        let key: [u8; 32] = key.as_slice().try_into().map_err(|_| Unreadable)?;
        decrypt(&XChaCha20Poly1305::new(&key.into()), id, sealed)
    }
}

fn encrypt(cipher: &XChaCha20Poly1305, id: [u8; 16], plain: &[u8]) -> Vec<u8> {
    let nonce: [u8; NONCE_BYTES] = id::random();
    let body = cipher
        .encrypt(&nonce.into(), Payload { msg: plain, aad: &id })
        .expect("a record is far below the cipher's limit of 256 GiB");
    let mut out = Vec::with_capacity(1 + NONCE_BYTES + body.len());
    out.push(VERSION);
    out.extend_from_slice(&nonce);
    out.extend_from_slice(&body);
    out
}

fn decrypt(cipher: &XChaCha20Poly1305, id: [u8; 16], stored: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
    let (&VERSION, rest) = stored.split_first().ok_or(Unreadable)? else {
        return Err(Unreadable);
    };
    let (nonce, body) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(Unreadable)?;
    let plain = cipher
        .decrypt(&(*nonce).into(), Payload { msg: body, aad: &id })
        .map_err(|_| Unreadable)?;
    Ok(Zeroizing::new(plain))
}

#[cfg(test)]
mod tests {
    use super::{Unreadable, Vault};
    use crate::keys::Keys;

    #[test]
    fn a_record_opens_with_its_own_key_id_and_master_only() {
        let vault = Vault::new(&Keys::random());
        let (first, second) = (vault.seal([1; 16], b"Zoe"), vault.seal([2; 16], b"Ada"));
        assert_eq!(
            vault
                .open([1; 16], &first.sealed, &first.wrapped)
                .expect("opens")
                .as_slice(),
            b"Zoe"
        );
        assert_eq!(vault.open([2; 16], &first.sealed, &first.wrapped), Err(Unreadable));
        assert_eq!(vault.open([1; 16], &first.sealed, &second.wrapped), Err(Unreadable));
        assert_eq!(
            Vault::new(&Keys::random()).open([1; 16], &first.sealed, &first.wrapped),
            Err(Unreadable)
        );
        for end in 0..first.sealed.len() {
            assert_eq!(
                vault.open([1; 16], &first.sealed[..end], &first.wrapped),
                Err(Unreadable)
            );
        }
        assert!(!first.sealed.windows(3).any(|window| window == b"Zoe"));
    }
}
