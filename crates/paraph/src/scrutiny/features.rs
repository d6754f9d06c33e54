//! What scrutiny may look at: keyed tags and coarse facts of a contribution, taken once on its way in; and of the request
//! that confirmed it.
//!
//! The month is part of what is hashed, so that tags of one month say nothing of another. The engine remembers ten days, so
//! what comes in the first days of a month is tagged under the month before as well: until the window lies in the new month
//! as a whole, the engine reads all of it in the tags of the old one, and then starts anew from the same rows.

use std::net::IpAddr;
use std::sync::Arc;

use http::header::{ACCEPT_ENCODING, ACCEPT_LANGUAGE, HeaderName, USER_AGENT};
use paraph_scrutiny::{Country, NetworkKind, Observation, Source, Tag};
use paraph_tally::{Millis, PetitionId, SignatureId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{providers, text};
use crate::keys::{Keys, tag};
use crate::ledger::record::{Personal, Request};
use crate::trace::networks::{Kind, Known, clocks};

/// Month of a tag, counted from 1970, 30 days each.
pub type Month = u32;

const DAY: u64 = 24 * 3600 * 1000;
const MONTH: u64 = 30 * DAY;
/// How far back the engine looks.
pub const WINDOW: u64 = 10 * DAY;
/// From the beginning of a month, how long tags under the month before are taken too; a day more than the window.
const OVERLAP: u64 = WINDOW + DAY;

/// The month in whose tags the window that ends now is read.
#[must_use]
pub fn month_of_window(now: Millis) -> Month {
    month(now.0.saturating_sub(WINDOW))
}

fn month(at: u64) -> Month {
    Month::try_from(at / MONTH).unwrap_or(Month::MAX)
}

/// Takes observations: the key of the tags, and the networks.
pub struct Observer {
    key: [u8; 32],
    networks: Arc<Known>,
    drill: bool,
}

/// Observations of a contribution, as they are stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Features {
    /// Format of this structure; 1 is [`First`].
    version: u8,
    /// Month of the first tags.
    month: Month,
    tags: Tags,
    /// The same under the month before, in the first days of a month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<Tags>,
    kind: Kind,
    /// In which country a registry puts the address; empty where it is not known.
    #[serde(default)]
    from: String,
    /// Language of the page.
    language: String,
    /// Whether the puzzle was solved by script.
    script: bool,
    /// Milliseconds between the issue of the clearance or ticket and the contribution.
    fill_ms: u64,
    /// Place of the name in a directory.
    name_order: u16,
    /// The name is in capitals throughout.
    name_upper: bool,
    /// The mailbox is at a large provider.
    common_mail: bool,
    /// Country given in the form, possibly empty.
    country: String,
}

/// The first four bytes of keyed hashes; 0 where there is no value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Tags {
    /// Of the /24 or /64.
    near: u32,
    /// Of the number of the network that announces it.
    origin: u32,
    /// Of the header names in their order, the user agent and what it accepts.
    client: u32,
    name: u32,
    /// Of the template that the comment comes down to.
    comment: u32,
    shape: u32,
    stem: u32,
    /// Of the domain that somebody registered.
    domain: u32,
    /// Of the part of it that the mailbox is at; 0 if it is at the domain itself.
    #[serde(default, skip_serializing_if = "is_zero")]
    host: u32,
}

/// Where a confirming request came from, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmedFrom {
    version: u8,
    month: Month,
    near: u32,
    origin: u32,
    /// Both under the month before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<(u32, u32)>,
    kind: Kind,
    /// As [`Features::from`].
    #[serde(default)]
    from: String,
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

/// Version of what is written today; 2 did not know countries, and tagged the domain a second time.
const VERSION: u8 = 3;

/// Something that contributions may share, as a person names it.
#[derive(Clone, Copy, Debug)]
pub enum Shared<'a> {
    /// The /24 or /64 of an address.
    Near(IpAddr),
    /// Number of the network that announces an address.
    Origin(u32),
    /// The domain of a mailbox, or one that it is below.
    Domain(&'a str),
    /// The template that a comment comes down to.
    Comment(&'a str),
}

/// The month under which a contribution of that moment is tagged.
#[must_use]
pub fn month_of(at: Millis) -> Month {
    month(at.0)
}

impl Observer {
    /// The tag that contributions of a month bear that share this.
    #[must_use]
    pub fn tag_of(&self, month: Month, shared: Shared<'_>) -> Tag {
        Tag(match shared {
            Shared::Near(address) => self.tag(month, "near", Some(&near(address))),
            Shared::Origin(number) => self.tag(month, "origin", Some(&number.to_be_bytes())),
            Shared::Domain(domain) => self.tag(month, "domain", Some(domain.as_bytes())),
            Shared::Comment(comment) => {
                self.tag(month, "template", text::template(comment).as_deref().map(str::as_bytes))
            }
        })
    }

    /// Takes the subkey. In a drill the drill's invented mail providers are the large ones.
    #[must_use]
    pub fn new(keys: &Keys, networks: Arc<Known>, drill: bool) -> Self {
        Self {
            key: keys.derive("features v1"),
            networks,
            drill,
        }
    }

    /// Observes a contribution; `canonical` is its address as repetitions are recognised by.
    #[must_use]
    pub fn observe(&self, personal: &Personal, canonical: &str) -> Features {
        let request = &personal.request;
        let domain = personal.email.rsplit_once('@').map_or("", |(_, domain)| domain);
        let common_mail = providers::is_large(domain, self.drill);
        let values = Values::of(&self.networks, personal, canonical, common_mail);
        let month = month(request.at);
        Features {
            version: VERSION,
            month,
            tags: values.tags(self, month),
            before: overlaps(request.at).then(|| values.tags(self, month.saturating_sub(1))),
            kind: self.networks.get().kind(request.address),
            from: self.networks.get().country(request.address).code(),
            language: personal.language.clone(),
            script: request.price > 0,
            fill_ms: request.at.saturating_sub(request.issued_at),
            name_order: text::name_order(&personal.name),
            name_upper: text::is_upper(&personal.name),
            common_mail,
            country: personal.country.clone(),
        }
    }

    /// Whether a mail domain is a large provider.
    #[must_use]
    pub fn is_common(&self, domain: &str) -> bool {
        providers::is_large(domain, self.drill)
    }

    /// Observes where a confirming request came from.
    #[must_use]
    pub fn confirmed_from(&self, address: IpAddr, at: Millis) -> ConfirmedFrom {
        let (near, origin) = (near(address), origin(&self.networks, address));
        let month = month(at.0);
        let tags = |month| {
            (
                self.tag(month, "near", Some(&near)),
                self.tag(month, "origin", origin.as_ref().map(<[u8; 4]>::as_slice)),
            )
        };
        let (in_force, before) = (tags(month), overlaps(at.0).then(|| tags(month.saturating_sub(1))));
        ConfirmedFrom {
            version: VERSION,
            month,
            near: in_force.0,
            origin: in_force.1,
            before,
            kind: self.networks.get().kind(address),
            from: self.networks.get().country(address).code(),
        }
    }

    /// The tags that a month has for the networks of the table, with holder and number of each: the only way back from a tag,
    /// and only to what a registry publishes.
    pub fn origins(&self, month: Month) -> impl Iterator<Item = (Tag, String)> {
        let systems = self.networks.get().systems();
        systems.map(move |(asn, holder)| (self.tag_of(month, Shared::Origin(asn)), format!("{holder} (AS{asn})")))
    }

    fn tag(&self, month: Month, kind: &str, value: Option<&[u8]>) -> u32 {
        let hashed = |value| Tag::of(&tag(&self.key, &[&month.to_be_bytes(), kind.as_bytes(), value]));
        value.map_or(Tag::NONE, hashed).0
    }
}

/// What is tagged, in clear; lives no longer than the request.
struct Values<'a> {
    near: Vec<u8>,
    origin: Option<[u8; 4]>,
    client: Vec<u8>,
    name: String,
    comment: Option<String>,
    shape: String,
    stem: String,
    host: &'a str,
}

impl<'a> Values<'a> {
    fn of(networks: &Known, personal: &'a Personal, canonical: &str, common_mail: bool) -> Self {
        let (local, host) = personal.email.rsplit_once('@').unwrap_or((&personal.email, ""));
        Self {
            near: near(personal.request.address),
            origin: origin(networks, personal.request.address),
            client: client(&personal.request),
            name: personal.name.to_lowercase(),
            comment: text::template(&personal.comment),
            shape: text::shape(local),
            stem: text::stem(canonical, common_mail),
            host,
        }
    }

    fn tags(&self, observer: &Observer, month: Month) -> Tags {
        let hashed = |kind, value| observer.tag(month, kind, Some(value));
        let domain = providers::registered(self.host);
        let part = (domain != self.host).then_some(self.host.as_bytes());
        Tags {
            near: hashed("near", &self.near),
            origin: observer.tag(month, "origin", self.origin.as_ref().map(<[u8; 4]>::as_slice)),
            client: hashed("client", &self.client),
            name: hashed("name", self.name.as_bytes()),
            comment: observer.tag(month, "template", self.comment.as_deref().map(str::as_bytes)),
            shape: hashed("shape", self.shape.as_bytes()),
            stem: hashed("stem", self.stem.as_bytes()),
            domain: hashed("domain", domain.as_bytes()),
            host: observer.tag(month, "domain", part),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(tag: &u32) -> bool {
    *tag == 0
}

fn overlaps(at: u64) -> bool {
    at % MONTH < OVERLAP
}

fn near(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets()[..3].to_vec(),
        IpAddr::V6(address) => address.octets()[..8].to_vec(),
    }
}

fn origin(networks: &Known, address: IpAddr) -> Option<[u8; 4]> {
    let origin = networks.get().lookup(address)?;
    Some(origin.asn.to_be_bytes())
}

/// What a browser or a program says of itself without being asked.
fn client(request: &Request) -> Vec<u8> {
    let says = |name: &HeaderName| [USER_AGENT, ACCEPT_LANGUAGE, ACCEPT_ENCODING].contains(name);
    let names = request.headers.iter().map(|(name, _)| name.as_str().as_bytes());
    let values = request.headers.iter().filter(|(name, _)| says(name));
    let all: Vec<&[u8]> = names.chain(values.map(|(_, value)| value.as_bytes())).collect();
    all.join(&b'\n')
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
    use http::HeaderValue;

    use super::*;

    /// Ten in the morning of the twentieth day of a month.
    const MID_MONTH: u64 = 700 * MONTH + 20 * DAY;

    fn personal(at: u64, name: &str, email: &str, address: &str) -> Personal {
        let request = Request {
            at,
            address: address.parse().expect("an address"),
            port: 4000,
            forwarded_by: None,
            headers: vec![(USER_AGENT, HeaderValue::from_static("Browser/1"))],
            issued_at: at - 40_000,
            price: 3,
        };
        Personal {
            version: 1,
            name: name.to_owned(),
            email: email.to_owned(),
            postcode: String::new(),
            country: "FR".to_owned(),
            comment: "Une ville sans livres, non merci.".to_owned(),
            show_name: false,
            news: false,
            language: "fr".to_owned(),
            text_version: 1,
            text_hash: String::new(),
            consent_hash: String::new(),
            receipt_secret: String::new(),
            withdrawal_secret: String::new(),
            request,
        }
    }

    fn observer() -> Observer {
        Observer::new(&Keys::random(), Arc::new(Known::of_drill()), true)
    }

    fn read(stored: &[u8], month: Month) -> Observation {
        let about = (SignatureId([1; 16]), PetitionId(1), Millis(1));
        Features::observation(stored, month, about).expect("readable")
    }

    #[test]
    fn contributions_that_share_something_have_its_tag_in_common_and_nothing_is_stored_in_clear() {
        let observer = observer();
        let (ours, theirs) = (
            personal(MID_MONTH, "Zoé Tarvellec", "s000001@collector.example", "198.51.100.7"),
            personal(
                MID_MONTH + 5,
                "Maud Wrenfield",
                "s000002@collector.example",
                "198.51.100.9",
            ),
        );
        let (one, two) = (
            observer.observe(&ours, &ours.email).to_bytes(),
            observer.observe(&theirs, &theirs.email).to_bytes(),
        );
        let stored = String::from_utf8(one.clone()).expect("JSON");
        for clear in [
            "Zoé",
            "tarvellec",
            "collector",
            "198.51",
            "Browser",
            "livres",
            "s000001",
        ] {
            assert!(
                !stored.to_lowercase().contains(&clear.to_lowercase()),
                "{clear}: {stored}"
            );
        }
        let month = month(MID_MONTH);
        let (one, two) = (read(&one, month), read(&two, month));
        assert_eq!(one.source, two.source);
        assert_eq!(
            (one.source.kind, one.fill_ms, one.script),
            (NetworkKind::Hosting, 40_000, true)
        );
        assert_eq!((one.domain, one.local_shape), (two.domain, two.local_shape));
        // The domain is no large provider's: a number is a person there.
        assert_ne!(one.local_stem, two.local_stem);
        assert_eq!((one.client, one.comment), (two.client, two.comment));
        assert!(one.name != two.name && one.name != Tag::NONE && one.name_order != two.name_order);
        assert!(!one.common_mail && one.source.origin != Tag::NONE);
    }

    /// Who owns a domain can take mail under as many names below it as they like: what they have in common is the domain.
    #[test]
    fn mailboxes_below_one_registered_domain_share_it_and_keep_their_own_name() {
        let observer = observer();
        let at = 700 * MONTH + 20 * DAY;
        let stored = |email: &str| {
            let personal = personal(at, "Zoé Tarvellec", email, "192.0.2.7");
            observer.observe(&personal, email).to_bytes()
        };
        let host = |stored: &[u8]| Features::read(stored).expect("readable").mail_host(month(at));
        let [one, other, owners] = [
            "a@un.cliff-house.example",
            "b@deux.cliff-house.example",
            "c@cliff-house.example",
        ]
        .map(&stored);
        let domain = |stored: &[u8]| read(stored, month(at)).domain;
        assert_eq!([domain(&one), domain(&other)], [domain(&owners); 2]);
        assert_ne!(domain(&one), domain(&stored("d@clearing.example")));
        assert_ne!(host(&one), host(&other));
        assert_eq!(host(&owners), Tag::NONE);
        let meant = |domain| observer.tag_of(month(at), Shared::Domain(domain));
        assert_eq!(meant("cliff-house.example"), domain(&one));
        assert_eq!(meant("un.cliff-house.example"), host(&one));
    }

    #[test]
    fn tags_change_with_the_month_and_stay_comparable_over_the_window() {
        let observer = observer();
        let seen_at = |at: u64| {
            let personal = personal(at, "Zoé Tarvellec", "zoe@mail-a.example", "198.18.0.7");
            let from = observer.confirmed_from(personal.request.address, Millis(at));
            (observer.observe(&personal, &personal.email).to_bytes(), from.to_bytes())
        };
        let turn = 701 * MONTH;
        for now in (0..30).map(|day| turn - 15 * DAY + day * DAY) {
            let month = month_of_window(Millis(now));
            let near = |at: u64| {
                let (features, confirmed) = seen_at(at);
                let source = ConfirmedFrom::source(&confirmed, month);
                assert_eq!(read(&features, month).source, source, "day {}", at / DAY);
                source.near
            };
            let tags: Vec<Tag> = (0..=10).map(|day| near(now - day * DAY)).collect();
            assert!(
                tags.iter().all(|tag| *tag == tags[0] && *tag != Tag::NONE),
                "{now}: {tags:?}"
            );
        }
        // Beyond the window nothing ties one month to the next.
        let (early, late) = (seen_at(turn - DAY).0, seen_at(turn + 20 * DAY).0);
        assert_ne!(read(&early, 700).name, read(&late, 701).name);
        assert_eq!(read(&late, 700).name, Tag::NONE);
    }

    /// With the table inside the program, as a server has it: Amsterdam in winter, a country of many clocks, and nobody's address.
    #[test]
    fn country_and_hour_are_told_as_far_as_they_are_known() {
        let directory = tempfile::tempdir().expect("a directory");
        let networks = Arc::new(Known::in_directory(directory.path()));
        let observer = Observer::new(&Keys::random(), networks, false);
        let midnight = 700 * MONTH + 20 * DAY;
        for (address, country, hour) in [
            ("193.0.14.129", "NL", 4),
            ("2001:7fd::1", "NL", 4),
            ("8.8.8.8", "US", 24),
            ("192.0.2.1", "", 24),
        ] {
            let at = Millis(midnight + 3 * 3_600_000);
            let personal = personal(at.0, "Zoé Tarvellec", "zoe@mail-a.example", address);
            let stored = observer.observe(&personal, &personal.email).to_bytes();
            let about = (SignatureId([1; 16]), PetitionId(1), at);
            let seen = Features::observation(&stored, month(at.0), about).expect("readable");
            assert_eq!(
                (seen.source.country, seen.local_hour),
                (Country::from_code(country), hour),
                "{address}"
            );
            let confirmed = observer.confirmed_from(personal.request.address, at).to_bytes();
            assert_eq!(ConfirmedFrom::source(&confirmed, month(at.0)), seen.source);
        }
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
