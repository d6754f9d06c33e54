//! Which signatures a person means: by when they came, from where, by what they share, or by an earlier verdict.

use std::collections::HashMap;
use std::net::IpAddr;

use paraph_scrutiny::{Observation, Tag};
use paraph_tally::{Millis, SignatureId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answers::Answers;
use crate::admit::email::ascii_domain;
use crate::scrutiny::features::{Month, Observer, Shared, month_of};

/// Every part that is given has to hold. Without any, everybody is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// Signed at or after this moment, milliseconds UTC.
    pub from: Option<u64>,
    /// Signed before this moment.
    pub to: Option<u64>,
    /// Came from there.
    pub network: Option<Network>,
    /// Domain of the mailbox, or the registered one that it is below, in ASCII.
    pub domain: Option<String>,
    /// The comment comes down to the same template as this one.
    pub comment: Option<String>,
    /// Judged by one of the verdicts at these positions.
    pub verdicts: Vec<u64>,
    /// Member of the finding with this name: held for it, or waiting to be.
    #[serde(default)]
    pub finding: Option<String>,
    /// Answered the mail that asks held people.
    #[serde(default)]
    pub answered: Option<Answers>,
}

/// Where contributions come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Network {
    /// The /24 or /64 of this address.
    Near(IpAddr),
    /// The network that announces it, by its number.
    Origin(u32),
}

impl Network {
    /// Reads `AS64496`, or an address, which may say the prefix that it stands for. An IPv4 address within IPv6 is itself.
    #[must_use]
    pub fn read(typed: &str) -> Option<Self> {
        let lower = typed.trim().to_lowercase();
        if let Some(number) = lower.strip_prefix("as") {
            return number.parse().ok().map(Self::Origin);
        }
        let (address, length) = lower
            .split_once('/')
            .map_or((&*lower, None), |(address, length)| (address, Some(length)));
        let address = address.parse::<IpAddr>().ok()?.to_canonical();
        let near = if address.is_ipv4() { "24" } else { "64" };
        length
            .is_none_or(|length| length == near)
            .then_some(Self::Near(address))
    }
}

/// A mail domain as people write it, in the form that mailboxes are kept in: what is no domain would mean nobody.
#[must_use]
pub fn mail_domain(typed: &str) -> Option<String> {
    let typed = typed.trim();
    let typed = typed.strip_prefix('@').unwrap_or(typed);
    ascii_domain(typed.strip_suffix('.').unwrap_or(typed))
}

impl Condition {
    /// Whether it ends before it begins: a slip, and nobody would be meant.
    #[must_use]
    pub fn is_backwards(&self) -> bool {
        self.from.zip(self.to).is_some_and(|(from, to)| from >= to)
    }

    /// What stands in the evidence: which parts were given, what they name as tags only. A mail domain may be a person's own.
    pub(super) fn account(&self, observer: &Observer, now: Millis) -> Value {
        let tags = Tags::of(self, observer, month_of(now));
        let hex = |tag: Option<Tag>| tag.map(|tag| format!("{:08x}", tag.0));
        json!({
            "from": self.from, "to": self.to, "verdicts": self.verdicts, "finding": self.finding,
            "answered": self.answered, "month": month_of(now),
            "near": hex(tags.near), "origin": hex(tags.origin), "domain": hex(tags.domain), "comment": hex(tags.comment),
        })
    }

    fn looks_at_features(&self) -> bool {
        self.network.is_some() || self.domain.is_some() || self.comment.is_some()
    }
}

/// What a contribution of one month has to bear.
#[derive(Clone, Copy)]
struct Tags {
    near: Option<Tag>,
    origin: Option<Tag>,
    domain: Option<Tag>,
    comment: Option<Tag>,
}

impl Tags {
    fn of(condition: &Condition, observer: &Observer, month: Month) -> Self {
        let tag = |shared| observer.tag_of(month, shared);
        let (near, origin) = match condition.network {
            Some(Network::Near(address)) => (Some(tag(Shared::Near(address))), None),
            Some(Network::Origin(number)) => (None, Some(tag(Shared::Origin(number)))),
            None => (None, None),
        };
        Self {
            near,
            origin,
            domain: condition.domain.as_deref().map(|domain| tag(Shared::Domain(domain))),
            comment: condition
                .comment
                .as_deref()
                .map(|comment| tag(Shared::Comment(comment))),
        }
    }

    fn are_borne_by(&self, seen: &Observation, mail_host: Tag) -> bool {
        let bears = |wanted: Option<Tag>, seen: Tag| wanted.is_none_or(|wanted| wanted == seen && seen != Tag::NONE);
        bears(self.near, seen.source.near)
            && bears(self.origin, seen.source.origin)
            && (bears(self.domain, seen.domain) || bears(self.domain, mail_host))
            && bears(self.comment, seen.comment)
    }
}

/// A condition that is being asked of many contributions.
pub(super) struct Asked<'a> {
    condition: &'a Condition,
    observer: &'a Observer,
    months: HashMap<Month, Tags>,
    /// Members of its verdicts, of its finding, and who answered: whoever is all of these, ascending.
    among: Option<Vec<SignatureId>>,
}

impl<'a> Asked<'a> {
    pub(super) fn new(condition: &'a Condition, observer: &'a Observer, among: Option<Vec<SignatureId>>) -> Self {
        Self {
            condition,
            observer,
            months: HashMap::new(),
            among,
        }
    }

    /// The ids between which everybody is who may be meant.
    pub(super) fn bounds(&self) -> (Option<SignatureId>, Option<SignatureId>) {
        let among = self.among.as_deref();
        (
            among.and_then(|ids| ids.first().copied()),
            among.and_then(|ids| ids.last().copied()),
        )
    }

    /// Whether a contribution is meant. `seen` is what was observed of it, if that is still there, `mail_host` as
    /// [`Features::mail_host`](crate::scrutiny::rows::Features::mail_host) has it.
    pub(super) fn matches(&mut self, id: SignatureId, at: Millis, seen: Option<&Observation>, mail_host: Tag) -> bool {
        let condition = self.condition;
        let in_time = condition.from.is_none_or(|from| at.0 >= from) && condition.to.is_none_or(|to| at.0 < to);
        let is_among = || self.among.as_ref().is_none_or(|ids| ids.binary_search(&id).is_ok());
        if !in_time || !is_among() {
            return false;
        }
        if !condition.looks_at_features() {
            return true;
        }
        let month = month_of(at);
        let tags = self
            .months
            .entry(month)
            .or_insert_with(|| Tags::of(condition, self.observer, month));
        seen.is_some_and(|seen| tags.are_borne_by(seen, mail_host))
    }
}

#[cfg(test)]
mod tests {
    use super::{Network, mail_domain};

    #[test]
    fn a_domain_is_meant_however_it_is_written() {
        for (typed, meant) in [
            ("école.example", "xn--cole-9oa.example"),
            (" @Un.Example. ", "un.example"),
            ("un.example", "un.example"),
        ] {
            assert_eq!(mail_domain(typed).as_deref(), Some(meant), "{typed}");
        }
        for typed in ["", " ", "@", "un", "a@un.example", "un..example", "192.0.2.1"] {
            assert_eq!(mail_domain(typed), None, "{typed}");
        }
    }

    #[test]
    fn a_network_is_meant_however_it_is_written() {
        let near = |address: &str| Some(Network::Near(address.parse().expect("an address")));
        for typed in ["192.0.2.5", "192.0.2.5/24", "::ffff:192.0.2.5"] {
            assert_eq!(Network::read(typed), near("192.0.2.5"), "{typed}");
        }
        assert_eq!(Network::read("2001:db8::1/64"), near("2001:db8::1"));
        assert_eq!(Network::read("as64496"), Some(Network::Origin(64496)));
        for typed in ["192.0.2.5/16", "2001:db8::/32", "AS", "somewhere"] {
            assert_eq!(Network::read(typed), None, "{typed}");
        }
    }
}
