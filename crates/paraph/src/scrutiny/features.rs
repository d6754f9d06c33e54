//! What scrutiny may look at: keyed tags and coarse facts of a contribution, taken once on its way in; and of the request
//! that confirmed it.
//!
//! The month is part of what is hashed, so that tags of one month say nothing of another. The engine remembers ten days, so
//! what comes in the first days of a month is tagged under the month before as well: until the window lies in the new month
//! as a whole, the engine reads all of it in the tags of the old one, and then starts anew from the same rows.

use std::net::IpAddr;
use std::sync::Arc;

use http::header::{ACCEPT_ENCODING, ACCEPT_LANGUAGE, HeaderName, USER_AGENT};
use paraph_scrutiny::Tag;
use paraph_tally::Millis;

use super::rows::{ConfirmedFrom, Features, Tags, VERSION};
use super::{providers, text};
use crate::keys::{Keys, tag};
use crate::ledger::record::{Personal, Request};
use crate::trace::networks::Known;

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

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use paraph_scrutiny::{Country, NetworkKind, Observation};
    use paraph_tally::{PetitionId, SignatureId};

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
}
