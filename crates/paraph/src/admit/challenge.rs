//! Challenges (ALTCHA v2, PBKDF2) and the clearances that come back.
//!
//! The protocol and the widget are ALTCHA's. What its crate leaves to its user is done here: every parameter of a clearance
//! is compared with what this server asks for, the petition and purpose are bound, an expiry is required, and the
//! signature is checked apart from the costly verification, so that the nonce can be burnt between the two. Signing and
//! verifying give what the crate gives (a test compares) without the copies that it makes for each.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use altcha::ChallengeParameters;
use data_encoding::{BASE64, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use paraph_tally::Millis;
use pbkdf2::pbkdf2_hmac;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::WeakSecret;
use super::budget::Pressure;
use super::spent::Nonce;
use crate::limits::Limits;

pub use altcha::Challenge;

const ALGORITHM: &str = "PBKDF2/SHA-256";
const KEY_LENGTH: usize = 32;
const PURPOSE: &str = "sign";
const KEY_ID: &str = "1";

/// How many guesses a challenge asks for. The rounds of each guess are priced per source, see [`rounds`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Price {
    /// 256 guesses on average.
    #[default]
    Real,
    /// One guess, for drills above a few signatures a second; verification stays real.
    Drill,
}

impl Price {
    fn key_prefix(self) -> &'static str {
        match self {
            Self::Real => "00",
            Self::Drill => "",
        }
    }

    /// Whether a key begins with the prefix.
    fn is_met_by(self, key: &[u8; KEY_LENGTH]) -> bool {
        match self {
            Self::Real => key[0] == 0,
            Self::Drill => true,
        }
    }

    /// Guesses on average, for reports.
    #[must_use]
    pub fn mean_guesses(self) -> u32 {
        match self {
            Self::Real => 256,
            Self::Drill => 1,
        }
    }
}

/// Rounds per guess for a source under this pressure, when signatures wait this long.
///
/// The measure is a device six times slower than ours: 5,000 rounds x 256 guesses took it 1.4 s on average and, as the
/// number of guesses is geometric, 4.6 times that, 6.6 s, in the slowest hundredth. A solve time is proportional to
/// the rounds, so 1,000 rounds are 0.28 s and 1.3 s, and 3,000 are 0.84 s and 4.0 s: the ceiling, set by the promise
/// of 4 s to the slowest hundredth and well inside that of 2 s on average.
#[must_use]
pub fn rounds(limits: &Limits, pressure: Pressure, delay: Duration) -> u32 {
    let queue = Pressure::of_share(delay.as_secs_f64() / FULL_DELAY.as_secs_f64());
    let rounds = pressure
        .max(queue)
        .between(limits.puzzle_rounds, limits.puzzle_rounds_ceiling);
    u32::try_from(rounds).unwrap_or(u32::MAX)
}

/// Waiting time at which everybody pays the ceiling: about the longest that a lane lets stand. A quarter of it costs nothing.
const FULL_DELAY: Duration = Duration::from_millis(500);

/// Issues challenges and checks clearances. Holds the secret; keeps nothing about what it issued.
pub struct Puzzles {
    /// Keyed with the secret as text, as the crate does.
    mac: Hmac<Sha256>,
    price: Price,
    floor: u32,
    valid_ms: u64,
    clearance_bytes: usize,
}

/// A clearance whose signature and parameters hold. Its nonce is not burnt yet and its solution not verified.
#[derive(Debug)]
pub struct Clearance {
    /// What it is burnt under.
    pub nonce: Nonce,
    /// Rounds per guess that we asked for.
    pub rounds: u32,
    /// When the challenge was issued, to the second.
    pub issued: Millis,
    /// Until when it could have been used.
    pub expires: Millis,
    salt: Nonce,
    /// The guess, and the key that it is said to give; `None` if that is no key.
    counter: u32,
    derived: Option<[u8; KEY_LENGTH]>,
}

/// Why a clearance does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClearanceError {
    /// Too large, or not what the widget sends.
    Malformed,
    /// Another algorithm, key length or prefix, or cheaper than the floor.
    Parameters,
    /// For another petition, purpose or key.
    Binding,
    /// Too old.
    Expired,
    /// Not signed by us.
    Signature,
}

impl ClearanceError {
    /// Name for metrics and logs.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Parameters => "parameters",
            Self::Binding => "binding",
            Self::Expired => "expired",
            Self::Signature => "signature",
        }
    }
}

/// What the widget sends, base64 of JSON. Unknown members are ignored: nothing of ours reads them, and none of them
/// enters the signature.
#[derive(Deserialize)]
struct Payload<'a> {
    #[serde(borrow)]
    challenge: SentChallenge<'a>,
    #[serde(borrow)]
    solution: SentSolution<'a>,
}

#[derive(Deserialize)]
struct SentChallenge<'a> {
    #[serde(borrow)]
    parameters: Parameters<'a>,
    #[serde(borrow)]
    signature: Cow<'a, str>,
}

/// The parameters that we sign, all of them required. Members stand in the order of their names, as do those of
/// [`Binding`]: written out as they stand here they are the canonical JSON that ALTCHA signs.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Parameters<'a> {
    #[serde(borrow)]
    algorithm: Cow<'a, str>,
    cost: u32,
    #[serde(borrow)]
    data: Binding<'a>,
    expires_at: u64,
    key_length: usize,
    #[serde(borrow)]
    key_prefix: Cow<'a, str>,
    #[serde(borrow)]
    nonce: Cow<'a, str>,
    #[serde(borrow)]
    salt: Cow<'a, str>,
}

#[derive(Deserialize, Serialize)]
struct Binding<'a> {
    #[serde(borrow)]
    key: Cow<'a, str>,
    #[serde(borrow)]
    petition: Cow<'a, str>,
    #[serde(borrow)]
    purpose: Cow<'a, str>,
}

impl Parameters<'_> {
    fn into_altcha(self) -> ChallengeParameters {
        let Binding { key, petition, purpose } = self.data;
        let data = [("key", key), ("petition", petition), ("purpose", purpose)];
        ChallengeParameters {
            algorithm: self.algorithm.into_owned(),
            cost: self.cost,
            data: Some(BTreeMap::from(
                data.map(|(name, value)| (name.to_owned(), value.into_owned().into())),
            )),
            expires_at: Some(i64::try_from(self.expires_at).unwrap_or(i64::MAX)),
            key_length: self.key_length,
            key_prefix: self.key_prefix.into_owned(),
            key_signature: None,
            memory_cost: None,
            nonce: self.nonce.into_owned(),
            parallelism: None,
            salt: self.salt.into_owned(),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SentSolution<'a> {
    counter: u32,
    #[serde(borrow)]
    derived_key: Cow<'a, str>,
}

impl Puzzles {
    /// Puzzles under this secret.
    ///
    /// # Errors
    /// The secret is no secret: with an empty one the `altcha` crate would sign nothing and accept anything.
    pub fn new(secret: &[u8], price: Price, limits: &Limits) -> Result<Self, WeakSecret> {
        WeakSecret::check(secret)?;
        let secret = HEXLOWER.encode(secret);
        Ok(Self {
            mac: Hmac::new_from_slice(secret.as_bytes()).map_err(|_| WeakSecret)?,
            price,
            floor: u32::try_from(limits.puzzle_rounds).unwrap_or(u32::MAX),
            valid_ms: limits.challenge_seconds * 1000,
            clearance_bytes: usize::try_from(limits.clearance_bytes).unwrap_or(usize::MAX),
        })
    }

    /// A challenge for signing this petition. Non-deterministic: the server does not solve it (microseconds instead of 1.2 ms).
    ///
    /// # Errors
    /// The parameters cannot be written as JSON; nothing in a request leads to that.
    pub fn issue(
        &self,
        slug: &str,
        rounds: u32,
        nonce: Nonce,
        salt: Nonce,
        now: Millis,
    ) -> serde_json::Result<Challenge> {
        let expires_at = (now.0 + self.valid_ms).div_ceil(1000);
        let parameters = Parameters {
            algorithm: ALGORITHM.into(),
            cost: rounds.max(self.floor),
            data: Binding {
                key: KEY_ID.into(),
                petition: slug.into(),
                purpose: PURPOSE.into(),
            },
            expires_at,
            key_length: KEY_LENGTH,
            key_prefix: self.price.key_prefix().into(),
            nonce: HEXLOWER.encode(&nonce).into(),
            salt: HEXLOWER.encode(&salt).into(),
        };
        let signature = Some(String::from_utf8_lossy(&self.signature(&parameters)?).into_owned());
        Ok(Challenge {
            parameters: parameters.into_altcha(),
            signature,
        })
    }

    /// Checks everything about a clearance but its solution, cheapest first: under 10 us for a forged one.
    ///
    /// # Errors
    /// See [`ClearanceError`].
    pub fn check(&self, slug: &str, sent: &str, now: Millis) -> Result<Clearance, ClearanceError> {
        if sent.len() > self.clearance_bytes {
            return Err(ClearanceError::Malformed);
        }
        let json = BASE64.decode(sent.as_bytes()).map_err(|_| ClearanceError::Malformed)?;
        // Once for all its texts, not for each of them.
        let json = std::str::from_utf8(&json).map_err(|_| ClearanceError::Malformed)?;
        let payload: Payload<'_> = serde_json::from_str(json).map_err(|_| ClearanceError::Malformed)?;
        let SentChallenge { parameters, signature } = payload.challenge;
        let nonce = self.accept(&parameters, slug, now)?;
        let ours = self.signature(&parameters).map_err(|_| ClearanceError::Malformed)?;
        if !bool::from(ours.ct_eq(signature.as_bytes())) {
            return Err(ClearanceError::Signature);
        }
        let expires = Millis(parameters.expires_at * 1000);
        Ok(Clearance {
            nonce,
            rounds: parameters.cost,
            issued: Millis(expires.0.saturating_sub(self.valid_ms)),
            expires,
            salt: bytes_of(&parameters.salt).ok_or(ClearanceError::Malformed)?,
            counter: payload.solution.counter,
            derived: bytes_of(&payload.solution.derived_key),
        })
    }

    /// Whether the parameters are such as we ask for, now, for this petition. Everything here is signed; comparing it
    /// again is for the day on which an older configuration, or another use of the same key, has signed less.
    fn accept(&self, parameters: &Parameters<'_>, slug: &str, now: Millis) -> Result<Nonce, ClearanceError> {
        if parameters.algorithm != ALGORITHM
            || parameters.key_length != KEY_LENGTH
            || parameters.key_prefix != self.price.key_prefix()
            || parameters.cost < self.floor
        {
            return Err(ClearanceError::Parameters);
        }
        let Binding { petition, purpose, key } = &parameters.data;
        if petition != slug || purpose != PURPOSE || key != KEY_ID {
            return Err(ClearanceError::Binding);
        }
        // Later than any challenge of ours is as good as no expiry at all.
        let latest = (now.0 + self.valid_ms) / 1000 + AHEAD_SECONDS;
        if parameters.expires_at > latest {
            return Err(ClearanceError::Parameters);
        }
        if parameters.expires_at * 1000 < now.0 {
            return Err(ClearanceError::Expired);
        }
        bytes_of(&parameters.nonce).ok_or(ClearanceError::Malformed)
    }

    /// The signature that `altcha::sign_challenge` makes, in digits, without its copies: a flood of forgeries pays for each.
    fn signature(&self, parameters: &Parameters<'_>) -> serde_json::Result<[u8; 64]> {
        let mut canonical = Vec::with_capacity(512);
        serde_json::to_writer(&mut canonical, parameters)?;
        let mut mac = self.mac.clone();
        mac.update(&canonical);
        let mut digits = [0; 64];
        HEXLOWER.encode_mut(&mac.finalize().into_bytes(), &mut digits);
        Ok(digits)
    }

    /// Whether the solution solves the challenge: one guess, PBKDF2 (RFC 8018, section 5.2) over the nonce and the counter,
    /// big-endian, as `altcha::verify_solution` makes it. Some 0.1 ms of a core for 1,000 rounds. Call it after burning the nonce, and where blocking is allowed.
    #[must_use]
    pub fn verify(&self, clearance: &Clearance) -> bool {
        let Some(said) = clearance.derived else {
            return false;
        };
        let mut password = [0; 20];
        password[..16].copy_from_slice(&clearance.nonce);
        password[16..].copy_from_slice(&clearance.counter.to_be_bytes());
        let mut key = [0; KEY_LENGTH];
        pbkdf2_hmac::<Sha256>(&password, &clearance.salt, clearance.rounds, &mut key);
        bool::from(key.ct_eq(&said)) && self.price.is_met_by(&key)
    }
}

/// So many bytes out of hexadecimal digits.
fn bytes_of<const N: usize>(hex: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let is_whole = HEXLOWER.decode_len(hex.len()).is_ok_and(|length| length == N);
    (is_whole && HEXLOWER.decode_mut(hex.as_bytes(), &mut bytes).is_ok()).then_some(bytes)
}

/// Seconds by which the clock may have been set back since a challenge was issued.
const AHEAD_SECONDS: u64 = 60;

#[cfg(test)]
#[path = "challenge_tests.rs"]
mod tests;
