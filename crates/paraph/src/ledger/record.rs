//! What a contribution holds: personal data for the vault. What scrutiny may look at is in `scrutiny::features`.
//!
//! Both are captured from the first row on, because what was not written down cannot be had later.

use std::net::IpAddr;

use http::{HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

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
    /// Names and values of the headers in the order in which they came, without cookies. Values are UTF-8.
    #[serde(with = "super::packed::headers")]
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// When the clearance or ticket was issued, milliseconds UTC.
    pub issued_at: u64,
    /// Rounds of the puzzle; 0 without script.
    pub price: u32,
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
