//! Passkeys of members: made on the account's page, used instead of password and code. What authenticators say is checked
//! in `webauthn/`; what must not happen twice is decided by the writer.
//!
//! A challenge is remembered nowhere: it says when it was made, for what, and for which browser, under a key of ours. It is
//! good once because a passkey takes only challenges that are younger than the last one it answered.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use http::StatusCode;
use paraph_tally::Millis;
use subtle::ConstantTimeEq;

use super::command::{DeskAnswer, NewPasskey, PasskeyUse, Session, Wish};
use super::form::Form;
use super::session::{Token, hashed};
use super::webauthn::{self, Assertion, Party, Registration};
use super::{Desk, No, Outcome, Visit, names};
use crate::keys::{Keys, tag};
use crate::store::id;
use crate::views::desk::{Denied, Making, Using};

/// Bytes of a challenge: 16 that are random, 8 of time, 16 of proof.
const CHALLENGE_BYTES: usize = 40;

/// What a challenge is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To make a passkey.
    Make,
    /// To log in by one.
    Use,
}

/// Makes challenges and knows them again.
pub struct Challenges {
    key: [u8; 32],
    millis: u64,
}

impl Challenges {
    /// Challenges that are good for so many seconds.
    #[must_use]
    pub fn new(keys: &Keys, seconds: u64) -> Self {
        Self {
            key: keys.derive("desk passkey v1"),
            millis: seconds * 1000,
        }
    }

    /// A challenge for the browser that holds this token.
    #[must_use]
    pub fn make(&self, purpose: Purpose, browser: &Token, now: Millis) -> Vec<u8> {
        let random: Token = id::random();
        let time = now.0.to_be_bytes();
        let proof = self.proof(purpose, browser, &random, &time);
        [&random[..], &time, &proof].concat()
    }

    /// When a challenge was made, if it is one of ours for this and still good.
    #[must_use]
    pub fn made_at(&self, purpose: Purpose, browser: &Token, challenge: &[u8], now: Millis) -> Option<Millis> {
        let challenge: &[u8; CHALLENGE_BYTES] = challenge.try_into().ok()?;
        let (random, rest) = challenge.split_first_chunk::<16>()?;
        let (time, proof) = rest.split_first_chunk::<8>()?;
        if !bool::from(self.proof(purpose, browser, random, time).ct_eq(proof)) {
            return None;
        }
        let made_at = u64::from_be_bytes(*time);
        (now.0.abs_diff(made_at) <= self.millis).then_some(Millis(made_at))
    }

    fn proof(&self, purpose: Purpose, browser: &Token, random: &[u8; 16], time: &[u8; 8]) -> [u8; 16] {
        let purpose: &[u8] = match purpose {
            Purpose::Make => b"make",
            Purpose::Use => b"use",
        };
        tag(&self.key, &[purpose, browser, random, time])
    }
}

/// A field as the script of the page fills it.
fn decoded(form: &Form, name: &str) -> Option<Vec<u8>> {
    let bytes = BASE64URL_NOPAD.decode(form.get(name).as_bytes()).ok()?;
    (!bytes.is_empty()).then_some(bytes)
}

/// What an authenticator said to log somebody in.
struct Said {
    challenge: Vec<u8>,
    id: Vec<u8>,
    client: Vec<u8>,
    data: Vec<u8>,
    signature: Vec<u8>,
    member: Vec<u8>,
}

impl Said {
    fn read(form: &Form) -> Option<Self> {
        Some(Self {
            challenge: decoded(form, "challenge")?,
            id: decoded(form, "id").filter(|id| id.len() <= webauthn::ID_BYTES)?,
            client: decoded(form, "client")?,
            data: decoded(form, "data")?,
            signature: decoded(form, "signature")?,
            member: decoded(form, "member")?,
        })
    }
}

impl Desk {
    /// What the login page asks of an authenticator; nothing where browsers have no passkeys for this site.
    pub(super) fn using(&self, browser: &Token, now: Millis) -> Option<Using> {
        let party = Party::of(&self.url)?;
        let challenge = self.parts.challenges.make(Purpose::Use, browser, now);
        Some(Using {
            party: party.id,
            challenge: BASE64URL_NOPAD.encode(&challenge),
        })
    }

    /// What the account's page asks of an authenticator.
    pub(super) fn making(&self, visit: &Visit<'_>, known: &[super::books::Passkey]) -> Option<Making> {
        let (token, open) = visit.session.as_ref()?;
        let party = Party::of(&self.url)?;
        let challenge = self.parts.challenges.make(Purpose::Make, token, visit.now);
        let known: Vec<String> = known
            .iter()
            .map(|passkey| BASE64URL_NOPAD.encode(&passkey.id))
            .collect();
        Some(Making {
            using: Using {
                party: party.id,
                challenge: BASE64URL_NOPAD.encode(&challenge),
            },
            member: BASE64URL_NOPAD.encode(&open.member.id),
            known: known.join(" "),
            algorithms: webauthn::ALGORITHMS.map(|algorithm| algorithm.to_string()).join(" "),
        })
    }

    /// Logs in whoever an authenticator vouches for. Whether or not there is such a passkey, the same is said.
    pub(super) async fn login_by_passkey(&self, visit: &Visit<'_>, form: &Form) -> Outcome {
        let parts = &self.parts;
        let (Some(party), Some(browser)) = (Party::of(&self.url), parts.cookies.form_token(visit.headers)) else {
            return Err(No::Page);
        };
        let denied = |why| Ok(self.denied(visit, "", Some(why)));
        let Some(said) = Said::read(form) else {
            return denied(Denied::Passkey);
        };
        let made_at = parts
            .challenges
            .made_at(Purpose::Use, &browser, &said.challenge, visit.now);
        let Some(challenged) = made_at else {
            return denied(Denied::Late);
        };
        let name = tag(&parts.names, &[b"passkey", &said.id]);
        if let Err(wait) = parts.pace.begin(name, false, &visit.source, visit.now) {
            return denied(Denied::Wait(wait.div_ceil(1000)));
        }
        let assertion = Assertion {
            client: &said.client,
            data: &said.data,
            signature: &said.signature,
        };
        let known = parts.books.passkey(said.id.clone()).await?;
        let Some(known) = known.filter(|known| known.member[..] == said.member[..]) else {
            return denied(Denied::Passkey);
        };
        let counter = match webauthn::signed(&said.challenge, &party, &known.public_key, assertion) {
            Ok(counter) => counter,
            Err(wrong) => {
                tracing::warn!(%wrong, "a passkey was refused at the desk");
                return denied(Denied::Passkey);
            }
        };
        let token: Token = id::random();
        let session = Session {
            token: hashed(&token),
            member: known.member,
        };
        let used = PasskeyUse {
            id: said.id,
            counter,
            challenged,
        };
        match parts.intake.desk(None, Wish::OpenByPasskey(session, used)).await? {
            DeskAnswer::Done => {}
            DeskAnswer::Spent => return denied(Denied::Late),
            DeskAnswer::Refused => return denied(Denied::Stopped),
            _ => return denied(Denied::Passkey),
        }
        parts.pace.succeeded(name, false, &visit.source);
        crate::handlers::count("desk_login", "passkey");
        let mut answer = self.go_to(visit, visit.to.unwrap_or("/desk"), None);
        self.let_in(&mut answer, &token, known.member);
        Ok(answer)
    }

    /// Keeps a passkey that was made for the member who is logged in, and who typed the password.
    pub(super) async fn add_passkey(&self, visit: &Visit<'_>, form: &Form) -> Outcome {
        let (Some((token, open)), Some(party)) = (&visit.session, Party::of(&self.url)) else {
            return Err(No::Page);
        };
        if let Err(answer) = self.knows_password(visit, form.get("old")).await? {
            return Ok(answer);
        }
        let name = form.get("name").trim();
        if !names::is_fit(name) {
            return self
                .account_page(visit, StatusCode::BAD_REQUEST, Some("desk-passkey-name"))
                .await;
        }
        let parts = [
            decoded(form, "challenge"),
            decoded(form, "client"),
            decoded(form, "object"),
        ];
        let [Some(challenge), Some(client), Some(object)] = parts else {
            return self
                .account_page(visit, StatusCode::BAD_REQUEST, Some("desk-passkey-wrong"))
                .await;
        };
        let is_ours = self
            .parts
            .challenges
            .made_at(Purpose::Make, token, &challenge, visit.now);
        if is_ours.is_none() {
            return self
                .account_page(visit, StatusCode::FORBIDDEN, Some("desk-passkey-late"))
                .await;
        }
        let registration = Registration {
            client: &client,
            object: &object,
        };
        let made = match webauthn::made(&challenge, &party, registration) {
            Ok(made) => made,
            Err(wrong) => {
                tracing::warn!(%wrong, "a new passkey was refused at the desk");
                return self
                    .account_page(visit, StatusCode::BAD_REQUEST, Some("desk-passkey-wrong"))
                    .await;
            }
        };
        let passkey = NewPasskey {
            id: made.id,
            name: name.to_owned(),
            public_key: made.key,
            counter: made.counter,
        };
        let wish = Wish::AddPasskey(passkey);
        match self.parts.intake.desk(Some(open.member.id), wish).await? {
            DeskAnswer::Done => Ok(self.go_to(visit, "/desk/account", Some("passkey"))),
            DeskAnswer::Full => {
                self.account_page(visit, StatusCode::CONFLICT, Some("desk-passkey-full"))
                    .await
            }
            _ => {
                self.account_page(visit, StatusCode::CONFLICT, Some("desk-passkey-wrong"))
                    .await
            }
        }
    }

    /// Forgets one of the member's own passkeys. Password and code are always left to get in by.
    pub(super) async fn remove_passkey(&self, visit: &Visit<'_>, form: &Form) -> Outcome {
        let named = HEXLOWER.decode(form.get("passkey").as_bytes()).map_err(|_| No::Page)?;
        match self
            .parts
            .intake
            .desk(Some(visit.by()?), Wish::RemovePasskey(named))
            .await?
        {
            DeskAnswer::Done => Ok(self.go_to(visit, "/desk/account", Some("passkey-removed"))),
            _ => Err(No::Page),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_for_one_purpose_one_browser_and_a_while() {
        let place = tempfile::tempdir().expect("a directory");
        let keys = Keys::open(&place.path().join("master.key"), true).expect("keys");
        let challenges = Challenges::new(&keys, 600);
        let (now, browser) = (Millis(1_795_308_120_000), [7; 16]);
        let challenge = challenges.make(Purpose::Use, &browser, now);
        let at = |purpose, browser: &Token, challenge: &[u8], later: u64| {
            challenges.made_at(purpose, browser, challenge, Millis(now.0 + later))
        };
        assert_eq!(at(Purpose::Use, &browser, &challenge, 600_000), Some(now));
        assert_eq!(at(Purpose::Use, &browser, &challenge, 600_001), None);
        assert_eq!(at(Purpose::Make, &browser, &challenge, 0), None);
        assert_eq!(at(Purpose::Use, &[8; 16], &challenge, 0), None);
        let mut other = challenge.clone();
        other[20] ^= 1;
        assert_eq!(at(Purpose::Use, &browser, &other, 0), None);
        assert_eq!(at(Purpose::Use, &browser, &challenge[1..], 0), None);
        assert_ne!(challenge, challenges.make(Purpose::Use, &browser, now));
    }
}
