//! What a browser brings back from an authenticator, checked (Web Authentication Level 3, sections 7.1 and 7.2). Pure: no
//! clock, no store; the challenge and the passkey are parameters.
//!
//! Our own, because the libraries at hand bring OpenSSL, or an RSA with a known timing leak, and we need little of them: we ask
//! for no attestation and trust none, so a statement about the make of an authenticator is not looked at. Three kinds of
//! keys are taken: ES256, which all have; Ed25519; and RS256, which is all that some computers have.

mod cbor;

use data_encoding::BASE64URL_NOPAD;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use cbor::Item;

/// Longest name of a passkey (section 4, "Credential ID").
pub const ID_BYTES: usize = 1023;

/// Kinds of keys (COSE algorithms, RFC 9053 and RFC 8812), the one asked for first in front.
pub const ALGORITHMS: [i64; 3] = [ES256, EDDSA, RS256];
const ES256: i64 = -7;
const EDDSA: i64 = -8;
const RS256: i64 = -257;

/// Least bits of an RSA key.
const RSA_BYTES: usize = 256;

/// Who asks: a passkey is for one host, and shown on pages of one origin only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// The host.
    pub id: String,
    /// Scheme, host and port, as browsers write them.
    pub origin: String,
}

impl Party {
    /// The party whose pages begin with this address. `None` where browsers have no passkeys: an address instead of a name,
    /// or a plain connection to another machine.
    #[must_use]
    pub fn of(url: &str) -> Option<Self> {
        let uri: http::Uri = url.parse().ok()?;
        let host = uri.host()?.to_lowercase();
        let is_name = !host.starts_with('[') && host.parse::<std::net::Ipv4Addr>().is_err();
        let is_local = host == "localhost" || host.ends_with(".localhost");
        let (scheme, usual) = match uri.scheme_str()? {
            "https" => ("https", 443),
            "http" if is_local => ("http", 80),
            _ => return None,
        };
        let origin = match uri.port_u16().filter(|port| *port != usual) {
            Some(port) => format!("{scheme}://{host}:{port}"),
            None => format!("{scheme}://{host}"),
        };
        is_name.then_some(Self { id: host, origin })
    }
}

/// Why it is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// What the browser says cannot be read.
    #[error("the browser's part cannot be read")]
    ClientData,
    /// For the other purpose.
    #[error("for another purpose")]
    Purpose,
    /// Not the challenge that was asked.
    #[error("another challenge")]
    Challenge,
    /// Made on a page of somebody else, or inside one.
    #[error("made on a page of another origin")]
    Origin,
    /// What the authenticator says cannot be read.
    #[error("the authenticator's part cannot be read")]
    AuthenticatorData,
    /// For another host.
    #[error("for another host")]
    Party,
    /// Nobody was there.
    #[error("without a person being there")]
    NotPresent,
    /// Nobody showed the authenticator who they are.
    #[error("without the person being verified")]
    NotVerified,
    /// A key that we did not ask for, or that is none.
    #[error("a key that cannot be used")]
    Key,
    /// The signature is not of this key over this.
    #[error("a wrong signature")]
    Signature,
}

/// A passkey that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Its name.
    pub id: Vec<u8>,
    /// Its public key, as it came (COSE_Key).
    pub key: Vec<u8>,
    /// How often it has signed; 0 for those that do not count.
    pub counter: u32,
}

/// What a browser brings back after making one.
#[derive(Clone, Copy, Debug)]
pub struct Registration<'a> {
    /// `clientDataJSON`
    pub client: &'a [u8],
    /// `attestationObject`
    pub object: &'a [u8],
}

/// What it brings back after using one.
#[derive(Clone, Copy, Debug)]
pub struct Assertion<'a> {
    /// `clientDataJSON`
    pub client: &'a [u8],
    /// `authenticatorData`
    pub data: &'a [u8],
    /// `signature`
    pub signature: &'a [u8],
}

/// Checks a passkey that was made for this challenge (section 7.1).
///
/// # Errors
/// The first thing that is wrong.
pub fn made(challenge: &[u8], party: &Party, registration: Registration<'_>) -> Result<Made, Wrong> {
    client_data(registration.client, "webauthn.create", challenge, party)?;
    let (object, rest) = Item::read(registration.object).ok_or(Wrong::AuthenticatorData)?;
    let data = object.get_text("authData").and_then(Item::bytes);
    let (Some(data), []) = (data, rest) else {
        return Err(Wrong::AuthenticatorData);
    };
    let data = Data::read(data).ok_or(Wrong::AuthenticatorData)?;
    let (id, key) = data.made.ok_or(Wrong::AuthenticatorData)?;
    data.check(party)?;
    Key::read(key)?;
    Ok(Made {
        id: id.to_vec(),
        key: key.to_vec(),
        counter: data.counter,
    })
}

/// Checks a signature over this challenge by a passkey with this key (section 7.2): how often it has signed.
///
/// # Errors
/// The first thing that is wrong.
pub fn signed(challenge: &[u8], party: &Party, key: &[u8], assertion: Assertion<'_>) -> Result<u32, Wrong> {
    client_data(assertion.client, "webauthn.get", challenge, party)?;
    let data = Data::read(assertion.data).ok_or(Wrong::AuthenticatorData)?;
    let signed = [assertion.data, &Sha256::digest(assertion.client)].concat();
    Key::read(key)?.verify(&signed, assertion.signature)?;
    data.check(party)?;
    Ok(data.counter)
}

/// Whether a count can follow another: one that does not rise was made by a copy (section 6.1.1), unless it never counts.
#[must_use]
pub fn follows(counter: u32, last: u32) -> bool {
    (counter, last) == (0, 0) || counter > last
}

/// The browser's part (section 5.8.1). More may stand in it in years to come.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    r#type: String,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
    top_origin: Option<String>,
}

fn client_data(json: &[u8], purpose: &str, challenge: &[u8], party: &Party) -> Result<(), Wrong> {
    let data: ClientData = serde_json::from_slice(json).map_err(|_| Wrong::ClientData)?;
    if data.r#type != purpose {
        return Err(Wrong::Purpose);
    }
    if data.challenge != BASE64URL_NOPAD.encode(challenge) {
        return Err(Wrong::Challenge);
    }
    if data.origin != party.origin || data.cross_origin || data.top_origin.is_some() {
        return Err(Wrong::Origin);
    }
    Ok(())
}

const PRESENT: u8 = 1;
const VERIFIED: u8 = 1 << 2;
const CAN_BE_COPIED: u8 = 1 << 3;
const IS_COPIED: u8 = 1 << 4;
const HAS_MADE: u8 = 1 << 6;
const HAS_MORE: u8 = 1 << 7;

/// The authenticator's part (section 6.1).
struct Data<'a> {
    party: &'a [u8; 32],
    flags: u8,
    counter: u32,
    /// Name and key of a passkey that was made.
    made: Option<(&'a [u8], &'a [u8])>,
}

impl<'a> Data<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (party, rest) = bytes.split_first_chunk::<32>()?;
        let (&flags, rest) = rest.split_first()?;
        let (counter, mut rest) = rest.split_first_chunk::<4>()?;
        let mut made = None;
        if flags & HAS_MADE != 0 {
            let (_make, behind) = rest.split_at_checked(16)?;
            let (length, behind) = behind.split_first_chunk::<2>()?;
            let (id, behind) = behind.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
            let (_, end) = Item::read(behind)?;
            let key = &behind[..behind.len() - end.len()];
            if id.is_empty() || id.len() > ID_BYTES {
                return None;
            }
            (made, rest) = (Some((id, key)), end);
        }
        if flags & HAS_MORE != 0 {
            (_, rest) = Item::read(rest)?;
        }
        let impossible = flags & IS_COPIED != 0 && flags & CAN_BE_COPIED == 0;
        (rest.is_empty() && !impossible).then_some(Self {
            party,
            flags,
            counter: u32::from_be_bytes(*counter),
            made,
        })
    }

    fn check(&self, party: &Party) -> Result<(), Wrong> {
        if self.party[..] != Sha256::digest(party.id.as_bytes())[..] {
            return Err(Wrong::Party);
        }
        if self.flags & PRESENT == 0 {
            return Err(Wrong::NotPresent);
        }
        if self.flags & VERIFIED == 0 {
            return Err(Wrong::NotVerified);
        }
        Ok(())
    }
}

/// A public key (COSE_Key, RFC 9052 section 7).
enum Key<'a> {
    /// A point on P-256, uncompressed.
    P256([u8; 65]),
    Ed25519(&'a [u8]),
    Rsa(RsaPublicKeyComponents<&'a [u8]>),
}

impl<'a> Key<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, Wrong> {
        let (map, rest) = Item::read(bytes).ok_or(Wrong::Key)?;
        if !rest.is_empty() {
            return Err(Wrong::Key);
        }
        let number = |label| map.get_number(label).and_then(Item::number);
        let part = |label, length| {
            map.get_number(label)?
                .bytes()
                .filter(|part: &&[u8]| part.len() == length)
        };
        let key = match (number(1), number(3)) {
            // Kind 2 on curve 1: x and y.
            (Some(2), Some(ES256)) if number(-1) == Some(1) => {
                let (x, y) = part(-2, 32).zip(part(-3, 32)).ok_or(Wrong::Key)?;
                let mut point = [4; 65];
                point[1..33].copy_from_slice(x);
                point[33..].copy_from_slice(y);
                Self::P256(point)
            }
            (Some(1), Some(EDDSA)) if number(-1) == Some(6) => Self::Ed25519(part(-2, 32).ok_or(Wrong::Key)?),
            (Some(3), Some(RS256)) => {
                let part = |label| map.get_number(label).and_then(Item::bytes);
                let (n, e) = part(-1).zip(part(-2)).ok_or(Wrong::Key)?;
                if !(RSA_BYTES..=RSA_BYTES * 4).contains(&n.len()) {
                    return Err(Wrong::Key);
                }
                Self::Rsa(RsaPublicKeyComponents { n, e })
            }
            _ => return Err(Wrong::Key),
        };
        Ok(key)
    }

    fn verify(&self, signed: &[u8], given: &[u8]) -> Result<(), Wrong> {
        let verified = match self {
            Self::P256(point) => {
                UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_ASN1, point).verify(signed, given)
            }
            Self::Ed25519(point) => UnparsedPublicKey::new(&signature::ED25519, point).verify(signed, given),
            Self::Rsa(parts) => parts.verify(&signature::RSA_PKCS1_2048_8192_SHA256, signed, given),
        };
        verified.map_err(|_| Wrong::Signature)
    }
}

#[cfg(test)]
mod tests;
