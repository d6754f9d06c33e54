//! What was observed, as it is stored: a row of a contribution and one of the request that confirmed it, of this version and of earlier
//! ones, and what the engine is told of each.

use paraph_scrutiny::{Country, NetworkKind, Observation, Source, Tag};
use paraph_tally::{Millis, PetitionId, SignatureId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::features::Month;
use crate::trace::networks::{Kind, clocks};

/// Version of what is written today; 2 did not know countries, and tagged the domain a second time.
pub(super) const VERSION: u8 = 3;

/// Observations of a contribution, as they are stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Features {
    /// Format of this structure; 1 is [`First`].
    pub(super) version: u8,
    /// Month of the first tags.
    pub(super) month: Month,
    pub(super) tags: Tags,
    /// The same under the month before, in the first days of a month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<Tags>,
    pub(super) kind: Kind,
    /// In which country a registry puts the address; empty where it is not known.
    #[serde(default)]
    pub(super) from: String,
    /// Language of the page.
    pub(super) language: String,
    /// Whether the puzzle was solved by script.
    pub(super) script: bool,
    /// Milliseconds between the issue of the clearance or ticket and the contribution.
    pub(super) fill_ms: u64,
    /// Place of the name in a directory.
    pub(super) name_order: u16,
    /// The name is in capitals throughout.
    pub(super) name_upper: bool,
    /// The mailbox is at a large provider.
    pub(super) common_mail: bool,
    /// Country given in the form, possibly empty.
    pub(super) country: String,
}

/// The first four bytes of keyed hashes; 0 where there is no value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tags {
    /// Of the /24 or /64.
    pub(super) near: u32,
    /// Of the number of the network that announces it.
    pub(super) origin: u32,
    /// Of the header names in their order, the user agent and what it accepts.
    pub(super) client: u32,
    pub(super) name: u32,
    /// Of the template that the comment comes down to.
    pub(super) comment: u32,
    pub(super) shape: u32,
    pub(super) stem: u32,
    /// Of the domain that somebody registered.
    pub(super) domain: u32,
    /// Of the part of it that the mailbox is at; 0 if it is at the domain itself.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) host: u32,
}

/// Where a confirming request came from, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmedFrom {
    pub(super) version: u8,
    pub(super) month: Month,
    pub(super) near: u32,
    pub(super) origin: u32,
    /// Both under the month before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<(u32, u32)>,
    pub(super) kind: Kind,
    /// As [`Features::from`].
    #[serde(default)]
    pub(super) from: String,
}

/// Observations as they were stored first: no network, no template, longer tags.
#[derive(Deserialize)]
struct First {
    month: Month,
    near: String,
    client: String,
    language: String,
    script: bool,
    fill_ms: u64,
    domain: String,
    name: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(tag: &u32) -> bool {
    *tag == 0
}

impl Features {
    /// As they are stored.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// What the engine is told of a stored contribution. `None` if the row is none that this version can read.
    #[must_use]
    pub fn observation(stored: &[u8], month: Month, about: (SignatureId, PetitionId, Millis)) -> Option<Observation> {
        Some(Self::read(stored)?.told(month, about))
    }

    /// A stored row, if this version can read it.
    #[must_use]
    pub fn read(stored: &[u8]) -> Option<Self> {
        match serde_json::from_slice(stored) {
            Ok(features) => Some(features),
            Err(_) => serde_json::from_slice::<First>(stored).ok().map(Self::from),
        }
    }

    /// Whether a stored row is one that this version can read.
    #[must_use]
    pub fn is_readable(stored: &[u8]) -> bool {
        Self::read(stored).is_some()
    }

    /// What the engine is told, in the tags of `month`; of what was tagged under other keys, the facts remain.
    #[must_use]
    pub fn told(&self, month: Month, (id, petition, at): (SignatureId, PetitionId, Millis)) -> Observation {
        let tags = self.tags_of(month);
        let source = source(tags.near, tags.origin, self.kind, &self.from);
        Observation {
            id,
            petition,
            at,
            source,
            local_hour: clocks::hour(source.country, at).unwrap_or(24),
            client: Tag(tags.client),
            language: Tag::of(&Sha256::digest(&self.language)),
            script: self.script,
            fill_ms: self.fill_ms,
            name: Tag(tags.name),
            name_order: self.name_order,
            name_upper: self.name_upper,
            comment: Tag(tags.comment),
            local_shape: Tag(tags.shape),
            local_stem: Tag(tags.stem),
            domain: Tag(tags.domain),
            common_mail: self.common_mail,
            declared: Country::from_code(&self.country),
        }
    }

    /// The tag of the part of a domain that the mailbox is at, below the one that somebody registered; none if it is at that.
    #[must_use]
    pub fn mail_host(&self, month: Month) -> Tag {
        Tag(self.tags_of(month).host)
    }

    fn tags_of(&self, month: Month) -> Tags {
        match self.before {
            _ if self.month == month => self.tags,
            Some(before) if self.month.checked_sub(1) == Some(month) => before,
            _ => Tags::default(),
        }
    }
}

impl ConfirmedFrom {
    /// As it is stored.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Whether a stored row is one that this version can read.
    #[must_use]
    pub fn is_readable(stored: &[u8]) -> bool {
        serde_json::from_slice::<Self>(stored).is_ok()
    }

    /// What the engine is told of it, in the tags of `month`. Nothing is known of a row that cannot be read.
    #[must_use]
    pub fn source(stored: &[u8], month: Month) -> Source {
        let Ok(from) = serde_json::from_slice::<Self>(stored) else {
            return Source::default();
        };
        let (near, origin) = match from.before {
            _ if from.month == month => (from.near, from.origin),
            Some(before) if from.month.checked_sub(1) == Some(month) => before,
            _ => (0, 0),
        };
        source(near, origin, from.kind, &from.from)
    }
}

fn source(near: u32, origin: u32, kind: Kind, country: &str) -> Source {
    Source {
        near: Tag(near),
        origin: Tag(origin),
        kind: match kind {
            Kind::Hosting => NetworkKind::Hosting,
            // Behind the line of a university or an administration sit as many people as behind a carrier's.
            Kind::Access | Kind::Other => NetworkKind::Access,
            Kind::Unknown => NetworkKind::Unknown,
        },
        country: Country::from_code(country),
    }
}

impl From<First> for Features {
    fn from(first: First) -> Self {
        let shortened = |tag: &str| tag.get(..8).and_then(|tag| u32::from_str_radix(tag, 16).ok());
        let tag = |tag: &str| shortened(tag).map_or(0, |tag| tag.max(1));
        Self {
            version: 1,
            month: first.month,
            tags: Tags {
                near: tag(&first.near),
                client: tag(&first.client),
                name: tag(&first.name),
                domain: tag(&first.domain),
                ..Tags::default()
            },
            before: None,
            kind: Kind::Unknown,
            from: String::new(),
            language: first.language,
            script: first.script,
            fill_ms: first.fill_ms,
            name_order: 0,
            name_upper: false,
            common_mail: false,
            country: String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(stored: &[u8], month: Month) -> Observation {
        let about = (SignatureId([1; 16]), PetitionId(1), Millis(1));
        Features::observation(stored, month, about).expect("readable")
    }

    #[test]
    fn rows_of_earlier_versions_are_read() {
        let first = br#"{"version":1,"month":700,"address":"00","near":"0a0b0c0d0e0f","wide":"00","client":"01020304ff",
            "language":"en","script":false,"fill_ms":1234,"domain":"ffffffff00","local_shape":"a.a9","name":"0000000000",
            "comment":""}"#;
        let seen = read(first, 700);
        assert_eq!((seen.source.near, seen.client), (Tag(0x0a0b_0c0d), Tag(0x0102_0304)));
        assert_eq!((seen.fill_ms, seen.script, seen.name), (1234, false, Tag(1)));
        assert_eq!(read(first, 701).source.near, Tag::NONE);
        let second = br#"{"version":2,"month":700,"tags":{"near":1,"origin":2,"client":3,"name":4,"comment":5,"shape":6,"stem":7,
            "domain":8,"mx":9},"kind":"access","language":"fr","script":true,"fill_ms":1,"name_order":3,"name_upper":false,
            "common_mail":true,"country":"FR"}"#;
        let seen = read(second, 700);
        assert_eq!(
            (seen.domain, seen.source.kind, seen.local_hour),
            (Tag(8), NetworkKind::Access, 24)
        );
        assert_eq!(
            (seen.source.country, seen.declared),
            (Country::UNKNOWN, Country::from_code("FR"))
        );
        let confirmed = br#"{"version":2,"month":700,"near":1,"origin":2,"kind":"hosting"}"#;
        assert_eq!(ConfirmedFrom::source(confirmed, 700).country, Country::UNKNOWN);
        assert!(Features::observation(b"spoilt", 700, (SignatureId([1; 16]), PetitionId(1), Millis(1))).is_none());
    }
}
