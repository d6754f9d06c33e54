//! The second proof of a login: codes of a generator (RFC 6238), and recovery codes for whoever lost it.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use data_encoding::{BASE32_NOPAD, Specification};
use paraph_tally::Millis;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use ring::hmac;
use zeroize::Zeroizing;

use super::command::MemberId;
use crate::keys::{Keys, tag};
use crate::store::id;

/// Bytes of a secret: those of SHA-1, as RFC 4226 section 4 recommends.
pub const SECRET_BYTES: usize = 20;
/// Seconds of a step.
const STEP_SECONDS: u64 = 30;
const NONCE_BYTES: usize = 24;
/// Recovery codes of a member.
pub const RECOVERY_CODES: usize = 10;
/// Characters of a recovery code without its hyphen: 50 bits, behind the same delays as passwords.
const RECOVERY_CHARS: usize = 10;

/// The keys of both.
pub struct Codes {
    seal: XChaCha20Poly1305,
    seed: [u8; 32],
    recovery: [u8; 32],
}

/// A secret, as its owner's generator has it.
pub type Secret = Zeroizing<[u8; SECRET_BYTES]>;

impl Codes {
    /// Takes the subkeys.
    #[must_use]
    pub fn new(keys: &Keys) -> Self {
        Self {
            seal: XChaCha20Poly1305::new(&keys.derive("desk totp v1").into()),
            seed: keys.derive("desk totp seed v1"),
            recovery: keys.derive("desk recovery v1"),
        }
    }

    /// The secret that goes with a link: the same whenever its page is looked at, and kept nowhere before it is used.
    #[must_use]
    pub fn of_link(&self, token: &[u8; 16]) -> Secret {
        let mut secret = Zeroizing::new([0; SECRET_BYTES]);
        secret[..16].copy_from_slice(&tag(&self.seed, &[b"first", token]));
        secret[16..].copy_from_slice(&tag(&self.seed, &[b"second", token])[..SECRET_BYTES - 16]);
        secret
    }

    /// A secret as the store has it.
    #[must_use]
    pub fn seal(&self, member: &MemberId, secret: &Secret) -> Vec<u8> {
        let nonce: [u8; NONCE_BYTES] = id::random();
        let payload = Payload {
            msg: &secret[..],
            aad: member,
        };
        let body = self
            .seal
            .encrypt(&nonce.into(), payload)
            .expect("20 bytes are below the cipher's limit");
        [&nonce[..], &body].concat()
    }

    /// Opens [`Codes::seal`]; `None` if it is another member's, spoilt, or of another master key.
    #[must_use]
    pub fn open(&self, member: &MemberId, sealed: &[u8]) -> Option<Secret> {
        let (nonce, body) = sealed.split_first_chunk::<NONCE_BYTES>()?;
        let payload = Payload { msg: body, aad: member };
        let plain = Zeroizing::new(self.seal.decrypt(&(*nonce).into(), payload).ok()?);
        Some(Zeroizing::new(plain.as_slice().try_into().ok()?))
    }

    /// New recovery codes as their owner writes them down.
    #[must_use]
    pub fn new_recovery() -> Vec<String> {
        let code = |_| {
            let random: [u8; 8] = id::random();
            let mut text = crockford().encode(&random);
            text.truncate(RECOVERY_CHARS);
            text.insert(RECOVERY_CHARS / 2, '-');
            text
        };
        (0..RECOVERY_CODES).map(code).collect()
    }

    /// The tag of a recovery code, however it was typed; `None` if it is none.
    #[must_use]
    pub fn recovery_tag(&self, member: &MemberId, typed: &str) -> Option<[u8; 16]> {
        let code: String = typed
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|letter| match letter.to_ascii_lowercase() {
                'o' => '0',
                'i' | 'l' => '1',
                other => other,
            })
            .collect();
        (code.len() == RECOVERY_CHARS).then(|| tag(&self.recovery, &[member, code.as_bytes()]))
    }
}

/// Base32 without letters that look like digits.
fn crockford() -> data_encoding::Encoding {
    let mut specification = Specification::new();
    specification.symbols.push_str("0123456789abcdefghjkmnpqrstvwxyz");
    specification.encoding().expect("32 different letters")
}

/// The step of a moment.
fn step(now: Millis) -> u64 {
    now.0 / 1000 / STEP_SECONDS
}

/// The code of a step (RFC 4226 section 5.3), six digits.
#[must_use]
pub fn code(secret: &[u8; SECRET_BYTES], step: u64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let mac = hmac::sign(&key, &step.to_be_bytes());
    let mac = mac.as_ref();
    let at = usize::from(mac[mac.len() - 1] & 0xf);
    let word = [mac[at] & 0x7f, mac[at + 1], mac[at + 2], mac[at + 3]];
    format!("{:06}", u32::from_be_bytes(word) % 1_000_000)
}

/// The step whose code was typed: the one that runs, or the one before or after, as clocks differ.
#[must_use]
pub fn find(secret: &[u8; SECRET_BYTES], typed: &str, now: Millis) -> Option<u64> {
    let typed: String = typed.chars().filter(|letter| !letter.is_whitespace()).collect();
    let steps = step(now).saturating_sub(1)..=step(now) + 1;
    let fits = |step: &u64| {
        bool::from(subtle::ConstantTimeEq::ct_eq(
            code(secret, *step).as_bytes(),
            typed.as_bytes(),
        ))
    };
    steps.rev().find(fits)
}

/// What a generator reads (the key URI format of authenticator apps).
#[must_use]
pub fn uri(secret: &[u8; SECRET_BYTES], site: &str, name: &str) -> String {
    let escaped = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let (site, secret) = (escaped(site), spelled(secret));
    format!("otpauth://totp/{site}:{}?secret={secret}&issuer={site}", escaped(name))
}

/// A secret to be typed in by hand.
#[must_use]
pub fn spelled(secret: &[u8; SECRET_BYTES]) -> String {
    BASE32_NOPAD.encode(secret)
}

#[cfg(test)]
mod tests {
    use paraph_tally::Millis;

    use super::{Codes, code, find};
    use crate::keys::Keys;

    const SECRET: &[u8; 20] = b"12345678901234567890";

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, its eight digits shortened to six.
        for (seconds, expected) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            assert_eq!(code(SECRET, seconds / 30), expected);
            assert_eq!(find(SECRET, expected, Millis(seconds * 1000)), Some(seconds / 30));
        }
        let now = Millis(59_000);
        assert_eq!(find(SECRET, " 287 082 ", now), Some(1));
        assert_eq!(
            find(SECRET, "287082", Millis(now.0 + 29_000)),
            Some(1),
            "a clock that is behind"
        );
        assert_eq!(find(SECRET, "287082", Millis(now.0 + 62_000)), None, "too old");
        assert_eq!(find(SECRET, "", now), None);
    }

    #[test]
    fn secrets_and_recovery_codes_are_a_members_own() {
        let codes = Codes::new(&Keys::random());
        let secret = codes.of_link(&[7; 16]);
        assert_eq!(*secret, *codes.of_link(&[7; 16]));
        assert_ne!(*secret, *codes.of_link(&[8; 16]));
        let sealed = codes.seal(&[1; 16], &secret);
        assert_eq!(*codes.open(&[1; 16], &sealed).expect("opens"), *secret);
        assert!(codes.open(&[2; 16], &sealed).is_none());

        let new = Codes::new_recovery();
        let tag = codes.recovery_tag(&[1; 16], &new[0]).expect("a code");
        let typed = new[0]
            .to_uppercase()
            .replace('-', " ")
            .replace('0', "O")
            .replace('1', "l");
        assert_eq!(codes.recovery_tag(&[1; 16], &typed), Some(tag));
        assert_ne!(codes.recovery_tag(&[2; 16], &new[0]), Some(tag));
        assert_eq!(codes.recovery_tag(&[1; 16], "287082"), None);
    }
}
