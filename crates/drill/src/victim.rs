//! Somebody whose address forgers enter again and again, in every spelling that leads to one mailbox, and who signs later
//! after all: through whatever mail has come, as anybody would who finds a heap of strange contributions behind its link.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use crate::people::Lang;
use crate::scenario::{Fate, Habit, Person, Way};
use crate::sink::Sink;

/// Mails a day that one mailbox may get, whatever is entered where.
pub const MAILS_A_DAY: u64 = 3;
/// A provider at which a tag after a plus, a dot before it and letter case change nothing.
const DOMAIN: &str = "mail-a.example";
/// Further down a heap of contributions than anybody reads.
pub(crate) const PAGES: usize = 500;

/// One of them, by a number that no other drill's have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Victim(pub u32);

impl Victim {
    /// The address as its owner writes it.
    #[must_use]
    pub fn address(self) -> String {
        format!("noor.{}@{DOMAIN}", self.0)
    }

    /// The same mailbox, as forgers spell it.
    #[must_use]
    pub fn spelling(self, number: u32) -> String {
        let name = self.0;
        match number % 5 {
            0 => self.address(),
            1 => format!("NOOR.{name}@{DOMAIN}"),
            2 => format!("noor.{name}+list{number}@{DOMAIN}"),
            3 => format!("Noor.{name}@Mail-A.EXAMPLE"),
            _ => format!("noor.{name}.+{number}@{DOMAIN}"),
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
        domain == DOMAIN && name == format!("noor.{}", self.0)
    }

    /// Mails that have arrived.
    pub(crate) fn mails(self, sink: &Sink) -> u64 {
        sink.letters().iter().filter(|mail| self.receives(&mail.to)).count() as u64
    }

    /// The victim as a person who signs of their own accord.
    pub(crate) fn person(self, at: Duration, port: u16) -> Person {
        let [_, _, _, last] = self.0.to_be_bytes();
        Person {
            at,
            source: IpAddr::V4(Ipv4Addr::new(198, 18, 77, last.max(1))),
            port,
            name: format!("Noor Tamsin {}", self.0),
            email: self.address(),
            mailbox: self.address(),
            comment: None,
            lang: Lang::En,
            way: Way::Puzzle,
            dwell: Duration::from_millis(500),
            mail_delay: Duration::from_millis(500),
            habit: Habit::Once,
            fate: Fate::Confirms,
            show_name: false,
            victim: Some(self),
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
