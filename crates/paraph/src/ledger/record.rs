//! What a contribution holds: personal data for the vault, pseudonymous observations for scrutiny.
//!
//! Both are captured from the first row on, because what was not written down cannot be had later.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::keys::{Keys, tag};
use crate::views::{Lang, consent_text};

/// The personal data of one contribution; only ever stored sealed, as [`Personal::pack`] makes it. Another field makes
/// another format there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Personal {
    /// Format of this structure.
    pub version: u8,
    /// Name as given, normalised.
    pub name: String,
    /// Address that mail goes to: local part as typed, domain in ASCII.
    pub email: String,
    /// Postcode, possibly empty.
    pub postcode: String,
    /// Country, ISO 3166 alpha-2, possibly empty.
    pub country: String,
    /// Comment, possibly empty.
    pub comment: String,
    /// Whether the name may be shown.
    pub show_name: bool,
    /// Whether news of the petition is wanted.
    pub news: bool,
    /// Language of the page.
    pub language: String,
    /// Version of the petition's text that was on the page.
    pub text_version: u16,
    /// SHA-256 of that text, hexadecimal.
    #[serde(with = "super::packed::hex32")]
    pub text_hash: String,
    /// SHA-256 of the consent sentence that was on the page, hexadecimal.
    #[serde(with = "super::packed::hex32")]
    pub consent_hash: String,
    /// Secret of the commitment in the public log, hexadecimal.
    #[serde(with = "super::packed::hex32")]
    pub receipt_secret: String,
    /// Secret that proves a withdrawal, hexadecimal.
    #[serde(with = "super::packed::hex32")]
    pub withdrawal_secret: String,
    /// How the request arrived.
    pub request: Request,
}

/// How a request arrived. Evidence, if it comes to that; sealed like the rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Received, milliseconds UTC.
    pub at: u64,
    /// Address of the sender.
    pub address: IpAddr,
    /// Its port: behind a carrier's NAT, an address without a port leads nowhere.
    pub port: u16,
    /// The proxy that told us so, if one did.
    pub forwarded_by: Option<IpAddr>,
    /// Names and values of the headers in the order in which they came, without cookies.
    #[serde(with = "super::packed::headers")]
    pub headers: Vec<(String, String)>,
    /// When the clearance or ticket was issued, milliseconds UTC.
    pub issued_at: u64,
    /// Rounds of the puzzle; 0 without script.
    pub price: u32,
}

/// What scrutiny may look at: tags that change every month, since the month is part of what is hashed, and coarse facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Features {
    /// Format of this structure.
    pub version: u8,
    /// Month of the tags' key, counted from 1970.
    pub month: u32,
    /// Tag of the address.
    pub address: String,
    /// Tag of its /24 or /64.
    pub near: String,
    /// Tag of its /16 or /48.
    pub wide: String,
    /// Tag of the header names in their order, the user agent and the accepted languages.
    pub client: String,
    /// Language of the page.
    pub language: String,
    /// Whether the puzzle was solved by script.
    pub script: bool,
    /// Milliseconds between the issue of the clearance or ticket and the contribution.
    pub fill_ms: u64,
    /// Tag of the mail domain.
    pub domain: String,
    /// Shape of the local part: letters as `a`, digits as `9`, the rest as it is, runs shortened.
    pub local_shape: String,
    /// Tag of the name, folded to lower case.
    pub name: String,
    /// Tag of the comment, empty when there is none.
    pub comment: String,
}

const MILLIS_PER_MONTH: u64 = 30 * 24 * 3600 * 1000;

impl Features {
    /// Observes a contribution.
    #[must_use]
    pub fn observe(keys: &FeatureKey, personal: &Personal) -> Self {
        let request = &personal.request;
        let month = u32::try_from(request.at / MILLIS_PER_MONTH).unwrap_or(u32::MAX);
        let hashed = |kind: &str, value: &[u8]| keys.tag(month, kind, value);
        let (local, domain) = personal.email.rsplit_once('@').unwrap_or((&personal.email, ""));
        let (near, wide) = prefixes(request.address);
        let mut client: Vec<&str> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
        client.extend(
            request
                .headers
                .iter()
                .filter(|(name, _)| matches!(name.as_str(), "user-agent" | "accept-language" | "accept-encoding"))
                .map(|(_, value)| value.as_str()),
        );
        Self {
            version: 1,
            month,
            address: hashed("address", request.address.to_string().as_bytes()),
            near: hashed("near", &near),
            wide: hashed("wide", &wide),
            client: hashed("client", client.join("\n").as_bytes()),
            language: personal.language.clone(),
            script: request.price > 0,
            fill_ms: request.at.saturating_sub(request.issued_at),
            domain: hashed("domain", domain.as_bytes()),
            local_shape: shape(local),
            name: hashed("name", personal.name.to_lowercase().as_bytes()),
            comment: if personal.comment.is_empty() {
                String::new()
            } else {
                hashed("comment", personal.comment.as_bytes())
            },
        }
    }
}

/// The key of the tags in features.
pub struct FeatureKey([u8; 32]);

impl FeatureKey {
    /// Takes the subkey.
    #[must_use]
    pub fn new(keys: &Keys) -> Self {
        Self(keys.derive("features v1"))
    }

    fn tag(&self, month: u32, kind: &str, value: &[u8]) -> String {
        data_encoding::HEXLOWER.encode(&tag(&self.0, &[&month.to_be_bytes(), kind.as_bytes(), value]))
    }
}

fn prefixes(address: IpAddr) -> (Vec<u8>, Vec<u8>) {
    match address {
        IpAddr::V4(address) => (address.octets()[..3].to_vec(), address.octets()[..2].to_vec()),
        IpAddr::V6(address) => (address.octets()[..8].to_vec(), address.octets()[..6].to_vec()),
    }
}

/// `jean.dupont42` as `a.a9`: what a generator of addresses cannot easily vary.
fn shape(local: &str) -> String {
    let mut shape = String::new();
    for symbol in local.chars() {
        let class = if symbol.is_alphabetic() {
            'a'
        } else if symbol.is_numeric() {
            '9'
        } else {
            symbol
        };
        if !shape.ends_with(class) {
            shape.push(class);
        }
    }
    shape.truncate(shape.char_indices().nth(32).map_or(shape.len(), |(at, _)| at));
    shape
}

/// SHA-256 of a text as adopted: title, line feed, body.
#[must_use]
pub fn text_hash(title: &str, body: &str) -> [u8; 32] {
    Sha256::new()
        .chain_update(title)
        .chain_update("\n")
        .chain_update(body)
        .finalize()
        .into()
}

/// SHA-256 of the consent sentence in force, in one language.
#[must_use]
pub fn consent_hash(lang: Lang) -> [u8; 32] {
    Sha256::digest(consent_text(lang)).into()
}

/// SHA-256 over the consent sentences in force in all languages, for the journal.
#[must_use]
pub fn consents_hash() -> [u8; 32] {
    let mut hash = Sha256::new();
    for lang in Lang::all() {
        hash.update(lang.code());
        hash.update("\n");
        hash.update(consent_text(lang));
        hash.update("\n");
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    #[test]
    fn local_parts_keep_their_shape_only() {
        assert_eq!(super::shape("jean.dupont42"), "a.a9");
        assert_eq!(super::shape("élodie-o'neil+news"), "a-a'a+a");
        assert_eq!(super::shape(&"a1".repeat(40)).len(), 32);
    }
}
