//! Somebody whose address forgers enter again and again, in every spelling that leads to one mailbox, and who signs later
//! after all: through whatever mail has come, as anybody would who finds a heap of strange contributions behind its link.

use std::net::Ipv4Addr;
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;

use crate::browsers;
use crate::people::{self, Identity, Lang};
use crate::scenario::{Fate, Habit, Person, Way, mix};
use crate::sink::Sink;

/// Mails a day that one mailbox may get, whatever is entered where.
pub const MAILS_A_DAY: u64 = 3;
/// Further down a heap of contributions than anybody reads.
pub(crate) const PAGES: usize = 500;

/// One of them, by a number that no other drill's have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Victim(pub u32);

impl Victim {
    /// Name and address as their owner writes them: of all kinds, like those of other people.
    fn identity(self) -> Identity {
        let mut rng = ChaCha20Rng::seed_from_u64(mix(self.0.into()));
        loop {
            let identity = people::identity(&mut rng, Lang::Fr, &format!("{}x", self.0));
            // What a page would write in another way, or a mail server sees in another way, is not for a test of victims.
            if !identity.name.contains('\'') && !identity.mailbox.contains('+') && identity.email == identity.mailbox {
                return identity;
            }
        }
    }

    /// The address as its owner writes it.
    #[must_use]
    pub fn address(self) -> String {
        self.identity().mailbox
    }

    /// The same mailbox, as forgers spell it.
    #[must_use]
    pub fn spelling(self, number: u32) -> String {
        let address = self.address();
        let (local, domain) = address.split_once('@').unwrap_or((&address, ""));
        match number % 5 {
            0 => address,
            1 => format!("{}@{domain}", local.to_uppercase()),
            2 => format!("{local}+list{number}@{domain}"),
            3 => format!("{local}@{}", domain.to_uppercase()),
            _ => format!("{local}.+{number}@{domain}"),
        }
    }

    /// Whether mail to this address arrives in the same mailbox. Written apart from what the server does.
    #[must_use]
    pub fn receives(self, address: &str) -> bool {
        let lower = address.to_lowercase();
        let Some((local, domain)) = lower.split_once('@') else {
            return false;
        };
        let name = local.split('+').next().unwrap_or_default().trim_end_matches('.');
        format!("{name}@{domain}") == self.address()
    }

    /// Mails that have arrived.
    pub(crate) fn mails(self, sink: &Sink) -> u64 {
        sink.letters().iter().filter(|mail| self.receives(&mail.to)).count() as u64
    }

    /// The victim as a person who signs of their own accord, some time within `span` from `from` on.
    pub(crate) fn person(self, from: Duration, span: Duration) -> Person {
        let mut rng = ChaCha20Rng::seed_from_u64(mix(u64::from(self.0) + 1));
        let identity = self.identity();
        Person {
            at: from + span.mul_f64(rng.random()),
            source: Ipv4Addr::new(198, 18, rng.random_range(0..128), rng.random_range(1..=254)).into(),
            port: rng.random_range(1024..=u16::MAX),
            name: identity.name,
            email: identity.email,
            mailbox: identity.mailbox,
            comment: None,
            lang: Lang::En,
            way: Way::Puzzle,
            dwell: Duration::from_millis(rng.random_range(400..3000)),
            mail_delay: Duration::from_millis(rng.random_range(400..3000)),
            habit: Habit::Once,
            fate: Fate::Confirms,
            show_name: false,
            victim: Some(self),
            browser: browsers::of_somebody(self.0.into()),
            hostile: false,
        }
    }
}

/// The token of the button below a name on a confirmation page.
pub(crate) fn button(html: &str, name: &str) -> Option<String> {
    let part = html
        .split("<div class=\"paper")
        .skip(1)
        .find(|part| part.contains(name))?;
    let (_, rest) = part.split_once("action=\"/confirm/")?;
    rest.split(['"', '?']).next().map(str::to_owned)
}

/// The link to what lies further down.
pub(crate) fn older(html: &str) -> Option<String> {
    let mut links = html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let link = links.find(|link| link.contains("before="))?;
    Some(link.replace("&#38;", "&").replace("&amp;", "&"))
}

#[cfg(test)]
mod tests {
    use super::{Victim, button, older};

    #[test]
    fn every_spelling_is_received_and_nobody_elses() {
        let (victim, other) = (Victim(700), Victim(70));
        for number in 0..20 {
            let spelling = victim.spelling(number);
            assert!(victim.receives(&spelling) && !other.receives(&spelling), "{spelling}");
        }
    }

    #[test]
    fn the_own_contribution_is_found_on_a_page_of_strange_ones() {
        let page = r#"<div class="paper"><p>Forged</p><form action="/confirm/aaa?lang=en"></div>
            <div class="paper small"><p>Noor Tamsin 7</p><form action="/confirm/bbb?lang=en"></div>
            <a href="/confirm/aaa?lang=en&#38;before=9">"#;
        assert_eq!(button(page, "Noor Tamsin 7").as_deref(), Some("bbb"));
        assert_eq!(button(page, "Noor Tamsin 8"), None);
        assert_eq!(older(page).as_deref(), Some("/confirm/aaa?lang=en&before=9"));
    }
}
