//! Tokens: what a signature is called outside.
//!
//! A token is the signature's internal id under a keyed permutation (one AES-128 block) of its purpose, behind a
//! version and a key id. Without the key it cannot be told from 128 random bits, tells neither order nor time, and a
//! token of one purpose says nothing about that of another. Nothing is stored for it.

use aes::Aes128;
use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use data_encoding::BASE64URL_NOPAD;
use paraph_tally::{Millis, SignatureId};
use subtle::ConstantTimeEq;

use crate::keys::{Keys, tag};
use crate::mail::bounce::{read_spelled, spelled};
use crate::mail::stop::Kind;

/// Characters of a token.
pub const TOKEN_CHARS: usize = 24;
/// Characters of a token that names an address instead of a signature.
pub const ADDRESS_TOKEN_CHARS: usize = 36;
/// Characters of a token in a return address: base32, as mail servers may change the case of what they return to.
pub const BOUNCE_TOKEN_CHARS: usize = 48;
/// Days for which mail is listened to when it comes back: mail servers try for five, and then report.
const BOUNCE_DAYS: u16 = 10;
/// Bytes of the MAC of a bounce token.
const BOUNCE_MAC_BYTES: usize = 10;
/// Bytes of the MAC of a token that names an address.
const MAC_BYTES: usize = 9;

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
    /// Answer the mail that asks held people.
    SecondWay,
}

impl Purpose {
    const ALL: [Self; 5] = [
        Self::Confirm,
        Self::Withdraw,
        Self::NotMe,
        Self::Receipt,
        Self::SecondWay,
    ];

    const fn label(self) -> &'static str {
        match self {
            Self::Confirm => "token confirm v1",
            Self::Withdraw => "token withdraw v1",
            Self::NotMe => "token not-me v1",
            Self::Receipt => "token receipt v1",
            Self::SecondWay => "token second way v1",
        }
    }
}

/// Issues and reads tokens.
pub struct Tokens {
    ciphers: [Aes128; 5],
    stops: [AddressKey; 2],
    bounce: AddressKey,
}

/// Keys of the tokens of one purpose that name an address. No table knows all addresses, so that the token itself must
/// prove that it was issued: a MAC stands behind the block.
struct AddressKey {
    cipher: Aes128,
    mac: [u8; 32],
}

impl AddressKey {
    fn new(keys: &Keys, cipher: &'static str, mac: &'static str) -> Self {
        Self {
            cipher: aes(keys, cipher),
            mac: keys.derive(mac),
        }
    }

    fn mac(&self, block: &[u8]) -> [u8; 16] {
        tag(&self.mac, &[block])
    }
}

/// Days since 1970; enough for two bytes until 2149.
fn day(now: Millis) -> u16 {
    u16::try_from(now.0 / 86_400_000).unwrap_or(u16::MAX)
}

fn aes(keys: &Keys, label: &'static str) -> Aes128 {
    Aes128::new_from_slice(&keys.derive(label)[..16]).expect("AES-128 takes 16 bytes")
}

impl Tokens {
    /// Takes the subkey of each purpose.
    #[must_use]
    pub fn new(keys: &Keys) -> Self {
        Self {
            ciphers: Purpose::ALL.map(|purpose| aes(keys, purpose.label())),
            stops: [
                AddressKey::new(keys, "token stop confirmation v1", "token stop confirmation mac v1"),
                AddressKey::new(keys, "token stop news v1", "token stop news mac v1"),
            ],
            bounce: AddressKey::new(keys, "token bounce v1", "token bounce mac v1"),
        }
    }

    /// The token that stops mail of one kind to the address with this tag: 36 characters of base64url.
    #[must_use]
    pub fn issue_stop(&self, kind: Kind, address: [u8; 16]) -> String {
        let key = &self.stops[usize::from(kind == Kind::News)];
        let mut block = address.into();
        key.cipher.encrypt_block(&mut block);
        let mut token = [0; 2 + 16 + MAC_BYTES];
        (token[0], token[1]) = (VERSION, KEY_ID);
        token[2..18].copy_from_slice(&block);
        token[18..].copy_from_slice(&key.mac(&block)[..MAC_BYTES]);
        BASE64URL_NOPAD.encode(&token)
    }

    /// The kind of mail and the tag of the address behind a token of [`Tokens::issue_stop`]; `None` if we did not issue it.
    #[must_use]
    pub fn read_stop(&self, token: &str) -> Option<(Kind, [u8; 16])> {
        if token.len() != ADDRESS_TOKEN_CHARS {
            return None;
        }
        let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).ok()?;
        let (&[VERSION, KEY_ID], rest) = bytes.split_first_chunk()? else {
            return None;
        };
        let (block, mac) = rest.split_first_chunk::<16>()?;
        [Kind::Confirmation, Kind::News]
            .into_iter()
            .zip(&self.stops)
            .find(|(_, key)| bool::from(key.mac(block)[..MAC_BYTES].ct_eq(mac)))
            .map(|(kind, key)| {
                let mut block = (*block).into();
                key.cipher.decrypt_block(&mut block);
                (kind, block.into())
            })
    }

    /// The token in the return address of a letter that goes to the address with this tag: 48 characters of base32.
    #[must_use]
    pub fn issue_bounce(&self, address: [u8; 16], now: Millis) -> String {
        let mut block = address.into();
        self.bounce.cipher.encrypt_block(&mut block);
        let mut token = [0; 2 + 18 + BOUNCE_MAC_BYTES];
        (token[0], token[1]) = (VERSION, KEY_ID);
        token[2..18].copy_from_slice(&block);
        token[18..20].copy_from_slice(&day(now).to_be_bytes());
        let mac = self.bounce.mac(&token[2..20]);
        token[20..].copy_from_slice(&mac[..BOUNCE_MAC_BYTES]);
        spelled(&token)
    }

    /// The tag of the address behind a token of [`Tokens::issue_bounce`]; `None` if we did not issue it lately.
    #[must_use]
    pub fn read_bounce(&self, token: &str, now: Millis) -> Option<[u8; 16]> {
        if token.len() != BOUNCE_TOKEN_CHARS {
            return None;
        }
        let bytes = read_spelled(token)?;
        let (&[VERSION, KEY_ID], rest) = bytes.split_first_chunk()? else {
            return None;
        };
        let (named, mac) = rest.split_first_chunk::<18>()?;
        if !bool::from(self.bounce.mac(named)[..BOUNCE_MAC_BYTES].ct_eq(mac)) {
            return None;
        }
        let (block, issued) = named.split_first_chunk::<16>()?;
        let issued = u16::from_be_bytes(issued.try_into().ok()?);
        if day(now).saturating_sub(issued) > BOUNCE_DAYS {
            return None;
        }
        let mut block = (*block).into();
        self.bounce.cipher.decrypt_block(&mut block);
        Some(block.into())
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

    use super::{ADDRESS_TOKEN_CHARS, Purpose, TOKEN_CHARS, Tokens};
    use crate::keys::Keys;
    use crate::mail::stop::Kind;

    #[test]
    fn a_stop_is_made_with_a_token_of_ours_only() {
        let (tokens, address) = (Tokens::new(&Keys::random()), [9; 16]);
        for kind in [Kind::Confirmation, Kind::News] {
            let token = tokens.issue_stop(kind, address);
            assert_eq!(token.len(), ADDRESS_TOKEN_CHARS);
            assert_eq!(tokens.read_stop(&token), Some((kind, address)));
            for at in 0..token.len() {
                let other = if token.as_bytes()[at] == b'A' { "B" } else { "A" };
                let garbled = [&token[..at], other, &token[at + 1..]].concat();
                assert_eq!(tokens.read_stop(&garbled), None, "{garbled}");
            }
        }
        assert_eq!(
            tokens.read_stop(&tokens.issue(Purpose::Withdraw, SignatureId(address))),
            None
        );
    }

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
