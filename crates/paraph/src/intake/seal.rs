//! From an admitted contribution to a command: personal data sealed, addresses turned into tags, observations taken.

use std::sync::Arc;

use paraph_tally::{Millis, PetitionId, SignatureId};

use super::command::{Choices, Sign};
use crate::admit::Pass;
use crate::admit::contribution::Contribution;
use crate::keys::{Keys, tag};
use crate::ledger::record::{Personal, Request};
use crate::ledger::vault::Vault;
use crate::mail::stop::AddressTags;
use crate::scrutiny::features::Observer;
use crate::store::id;

/// What a contribution needs on its way in.
pub struct Sealing {
    vault: Arc<Vault>,
    observer: Arc<Observer>,
    mailbox: MailboxTags,
    address: AddressTags,
}

/// Turns addresses into the tags by which a petition knows its mailboxes.
pub struct MailboxTags([u8; 32]);

impl MailboxTags {
    /// Takes the subkey.
    #[must_use]
    pub fn new(keys: &Keys) -> Self {
        Self(keys.derive("mailbox v1"))
    }

    /// The tag of an address as repetitions are recognised by.
    #[must_use]
    pub fn of(&self, petition: PetitionId, canonical: &str) -> [u8; 16] {
        tag(&self.0, &[&petition.0.to_be_bytes(), canonical.as_bytes()])
    }
}

/// What a contribution was made under.
#[derive(Clone, Copy, Debug)]
pub struct Under<'a> {
    /// The petition.
    pub petition: PetitionId,
    /// Version of its text that was on the page.
    pub text_version: u16,
    /// SHA-256 of that text.
    pub text_hash: [u8; 32],
    /// SHA-256 of the consent sentence that was on the page.
    pub consent_hash: [u8; 32],
    /// Language of the page.
    pub language: &'a str,
}

impl Sealing {
    /// Takes the subkeys.
    #[must_use]
    pub fn new(keys: &Keys, vault: Arc<Vault>, observer: Arc<Observer>) -> Self {
        Self {
            vault,
            observer,
            mailbox: MailboxTags::new(keys),
            address: AddressTags::new(keys),
        }
    }

    /// Seals a contribution. Every one gets the secrets of its future receipt now, so that none has to be asked for later.
    #[must_use]
    pub fn seal(&self, contribution: Contribution, under: Under<'_>, request: Request, pass: &Pass) -> Sign {
        let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
        let otherwise = contribution.email.spelt() != contribution.email.canonical;
        let canonical = contribution.email.canonical;
        let mailbox_tag = self.mailbox.of(under.petition, &canonical);
        let address_tag = self.address.of(&canonical);
        let id = id::time_ordered(Millis(request.at));
        let personal = Personal {
            version: 1,
            name: contribution.name,
            email: contribution.email.address,
            postcode: contribution.postcode.unwrap_or_default(),
            country: contribution.country.unwrap_or_default(),
            comment: contribution.comment,
            show_name: contribution.show_name,
            news: contribution.news,
            language: under.language.to_owned(),
            text_version: under.text_version,
            text_hash: hex(&under.text_hash),
            consent_hash: hex(&under.consent_hash),
            receipt_secret: hex(&id::random::<32>()),
            withdrawal_secret: hex(&id::random::<32>()),
            request,
        };
        let features = self.observer.observe(&personal, &canonical);
        let plain = personal.pack().expect("hashes and secrets of our own are hexadecimal");
        let sealed = self.vault.seal(id, &plain);
        Sign {
            id: SignatureId(id),
            petition: under.petition,
            nonce: pass.nonce,
            body_mac: pass.body_mac,
            nonce_expires: pass.expires,
            mailbox_tag,
            address_tag,
            otherwise,
            text_version: under.text_version,
            choices: Choices {
                name: personal.show_name,
                news: personal.news,
            },
            sealed: sealed.sealed,
            wrapped: sealed.wrapped,
            features: features.to_bytes(),
        }
    }
}
