//! Tokens: what a signature is called outside.
//!
//! A token is the signature's internal id under a keyed permutation (one AES-128 block) of its purpose, behind a
//! version and a key id. Without the key it cannot be told from 128 random bits, tells neither order nor time, and a
//! token of one purpose says nothing about that of another. Nothing is stored for it.

use aes::Aes128;
use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use data_encoding::BASE64URL_NOPAD;
use paraph_tally::SignatureId;

use crate::keys::Keys;

/// Characters of a token.
pub const TOKEN_CHARS: usize = 24;

const VERSION: u8 = 1;
const KEY_ID: u8 = 1;

/// What a token lets its holder do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Look at what will be signed, and confirm it.
    Confirm,
    /// Take a signature back.
    Withdraw,
    /// Say "it wasn't me".
    NotMe,
    /// Fetch the receipt.
    Receipt,
}

impl Purpose {
    const ALL: [Self; 4] = [Self::Confirm, Self::Withdraw, Self::NotMe, Self::Receipt];

    const fn label(self) -> &'static str {
        match self {
            Self::Confirm => "token confirm v1",
            Self::Withdraw => "token withdraw v1",
            Self::NotMe => "token not-me v1",
            Self::Receipt => "token receipt v1",
        }
    }
}

/// Issues and reads tokens.
pub struct Tokens {
    ciphers: [Aes128; 4],
}

impl Tokens {
    /// Takes the subkey of each purpose.
    #[must_use]
    pub fn new(keys: &Keys) -> Self {
        Self {
            ciphers: Purpose::ALL.map(|purpose| {
                let subkey = keys.derive(purpose.label());
                Aes128::new_from_slice(&subkey[..16]).expect("AES-128 takes 16 bytes")
            }),
        }
    }

    /// The token of a signature for one purpose: 24 characters of base64url.
    #[must_use]
    pub fn issue(&self, purpose: Purpose, signature: SignatureId) -> String {
        let mut block = signature.0.into();
        self.ciphers[purpose as usize].encrypt_block(&mut block);
        let mut token = [0; 18];
        (token[0], token[1]) = (VERSION, KEY_ID);
        token[2..].copy_from_slice(&block);
        BASE64URL_NOPAD.encode(&token)
    }

    /// The id behind a token. Whether such a signature exists is for the ledger to say; `None` if this is no token at all.
    #[must_use]
    pub fn read(&self, purpose: Purpose, token: &str) -> Option<SignatureId> {
        if token.len() != TOKEN_CHARS {
            return None;
        }
        let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).ok()?;
        let (&[VERSION, KEY_ID], block) = bytes.split_first_chunk()? else {
            return None;
        };
        let mut block = <[u8; 16]>::try_from(block).ok()?.into();
        self.ciphers[purpose as usize].decrypt_block(&mut block);
        Some(SignatureId(block.into()))
    }
}

#[cfg(test)]
mod tests {
    use paraph_tally::SignatureId;

    use super::{Purpose, TOKEN_CHARS, Tokens};
    use crate::keys::Keys;

    #[test]
    fn a_token_opens_for_its_own_purpose_only() {
        let tokens = Tokens::new(&Keys::random());
        let id = SignatureId([7; 16]);
        let token = tokens.issue(Purpose::Confirm, id);
        assert_eq!(token.len(), TOKEN_CHARS);
        assert_eq!(tokens.read(Purpose::Confirm, &token), Some(id));
        assert_ne!(tokens.read(Purpose::Withdraw, &token), Some(id));
        for garbled in [
            "",
            "AQE",
            "é",
            &token[1..],
            &format!("{token}A"),
            &token.replace('A', "*"),
        ] {
            assert_eq!(tokens.read(Purpose::Confirm, garbled), None, "{garbled:?}");
        }
    }
}
