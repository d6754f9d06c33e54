//! Tickets: the way without script. A form that was fetched carries one; its age when the form comes back is the price.
//!
//! ```text
//! version 1 | key id 1 | nonce 16 | issued, ms 6 | age asked for, s 2 | network tag 8 | MAC 16      base64url, 67 characters
//! ```
//!
//! The MAC covers everything before it and the petition's slug. The network tag is a MAC of nonce and prefix: it tells
//! nothing to who reads the page's source, nor whether two tickets went to one network.

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use paraph_tally::Millis;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::WeakSecret;
use super::source::Source;
use super::spent::Nonce;

const VERSION: u8 = 1;
const KEY_ID: u8 = 1;
const SIGNED: usize = 34;
const LENGTH: usize = SIGNED + 16;
/// Milliseconds by which a ticket may seem to come from the future, after the clock was set back.
const AHEAD: u64 = 60_000;

/// Issues and checks tickets. Holds the key; keeps nothing about what it issued.
pub struct Tickets {
    mac: Hmac<Sha256>,
    valid_ms: u64,
    moved_seconds: u64,
}

/// A ticket that holds, not yet burnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// What it is burnt under.
    pub nonce: Nonce,
    /// When its form was fetched.
    pub issued: Millis,
    /// Until when it could have been used.
    pub expires: Millis,
    /// Seconds that it had to wait.
    pub age: u32,
}

/// Why a ticket does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TicketError {
    /// Not one of ours, or for another petition.
    Forged,
    /// Too old, or from before the clock was set back by more than a minute.
    Expired,
    /// It holds in this many seconds; the same ticket can be sent again then.
    TooEarly(u64),
}

impl Tickets {
    /// Tickets valid for `valid_seconds`; one that comes back from another network must have waited `moved_seconds`.
    ///
    /// # Errors
    /// The key is no key.
    pub fn new(key: &[u8], valid_seconds: u64, moved_seconds: u64) -> Result<Self, WeakSecret> {
        WeakSecret::check(key)?;
        let mac = Hmac::new_from_slice(key).map_err(|_| WeakSecret)?;
        Ok(Self {
            mac,
            valid_ms: valid_seconds * 1000,
            moved_seconds,
        })
    }

    /// A ticket for this petition that holds once it is `age` seconds old. The age is fixed here and not when the form
    /// comes back, so that the page can tell it and it never grows behind a person's back.
    #[must_use]
    pub fn issue(&self, source: &Source, slug: &str, age: u16, nonce: Nonce, now: Millis) -> String {
        let mut bytes = [0; LENGTH];
        bytes[0] = VERSION;
        bytes[1] = KEY_ID;
        bytes[2..18].copy_from_slice(&nonce);
        bytes[18..24].copy_from_slice(&now.0.to_be_bytes()[2..]);
        bytes[24..26].copy_from_slice(&age.to_be_bytes());
        bytes[26..34].copy_from_slice(&self.network(&nonce, source));
        let mac = self.seal(&bytes[..SIGNED], slug);
        bytes[SIGNED..].copy_from_slice(&mac);
        BASE64URL_NOPAD.encode(&bytes)
    }

    /// Checks a ticket.
    ///
    /// A ticket from another network is never refused for it: phones move between Wi-Fi and carrier while the form is
    /// open. It must only have waited longer, so that tickets gathered on one address and spent from many are not the
    /// cheap way.
    ///
    /// # Errors
    /// See [`TicketError`].
    pub fn check(&self, source: &Source, slug: &str, ticket: &str, now: Millis) -> Result<Ticket, TicketError> {
        let bytes = decode(ticket).ok_or(TicketError::Forged)?;
        let mac_holds = self.seal(&bytes[..SIGNED], slug).ct_eq(&bytes[SIGNED..]);
        if bytes[..2] != [VERSION, KEY_ID] || !bool::from(mac_holds) {
            return Err(TicketError::Forged);
        }
        let mut nonce = [0; 16];
        nonce.copy_from_slice(&bytes[2..18]);
        let issued = bytes[18..24].iter().fold(0, |ms, &byte| ms << 8 | u64::from(byte));
        let mut age = u64::from(u16::from_be_bytes([bytes[24], bytes[25]]));
        if bytes[26..34] != self.network(&nonce, source) {
            age = age.max(self.moved_seconds);
        }
        let expires = Millis(issued + self.valid_ms);
        if now > expires || issued > now.0 + AHEAD {
            return Err(TicketError::Expired);
        }
        let left = age * 1000 - now.0.saturating_sub(issued).min(age * 1000);
        if left > 0 {
            return Err(TicketError::TooEarly(left.div_ceil(1000)));
        }
        Ok(Ticket {
            nonce,
            issued: Millis(issued),
            expires,
            age: u32::try_from(age).unwrap_or(u32::MAX),
        })
    }

    fn network(&self, nonce: &Nonce, source: &Source) -> [u8; 8] {
        let mut mac = self.mac.clone();
        mac.update(b"network");
        mac.update(nonce);
        mac.update(&source.wide().to_bytes());
        truncate(mac)
    }

    fn seal(&self, signed: &[u8], slug: &str) -> [u8; 16] {
        let mut mac = self.mac.clone();
        mac.update(b"ticket");
        mac.update(signed);
        mac.update(slug.as_bytes());
        truncate(mac)
    }
}

/// The first `N` bytes of a MAC, at most 32.
pub(super) fn truncate<const N: usize>(mac: Hmac<Sha256>) -> [u8; N] {
    let full: [u8; 32] = mac.finalize().into_bytes().into();
    let mut out = [0; N];
    out.copy_from_slice(&full[..N]);
    out
}

fn decode(ticket: &str) -> Option<[u8; LENGTH]> {
    // The encoder is strict (no padding, no spare bits), so that one ticket has one spelling.
    let mut bytes = [0; LENGTH];
    if BASE64URL_NOPAD.decode_len(ticket.len()).ok()? != LENGTH {
        return None;
    }
    BASE64URL_NOPAD.decode_mut(ticket.as_bytes(), &mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: u64 = 4_102_444_800_000;

    fn tickets() -> Tickets {
        Tickets::new(&[7; 31].iter().chain(&[8]).copied().collect::<Vec<u8>>(), 7200, 30).expect("key")
    }

    fn source(addr: &str) -> Source {
        Source::direct(std::net::SocketAddr::new(addr.parse().expect("address"), 1))
    }

    fn issue(addr: &str) -> String {
        tickets().issue(&source(addr), "well", 4, [9; 16], Millis(NOW))
    }

    fn check(addr: &str, slug: &str, seconds: u64) -> Result<u32, TicketError> {
        let ticket = issue("198.51.100.1");
        tickets()
            .check(&source(addr), slug, &ticket, Millis(NOW + seconds * 1000))
            .map(|ticket| ticket.age)
    }

    #[test]
    fn a_ticket_holds_between_its_age_and_its_end() {
        assert_eq!(check("198.51.100.1", "well", 0), Err(TicketError::TooEarly(4)));
        assert_eq!(check("198.51.100.1", "well", 3), Err(TicketError::TooEarly(1)));
        assert_eq!(check("198.51.100.1", "well", 4), Ok(4));
        assert_eq!(check("198.51.100.99", "well", 4), Ok(4), "same /24");
        assert_eq!(check("198.51.100.1", "well", 7200), Ok(4));
        assert_eq!(check("198.51.100.1", "well", 7201), Err(TicketError::Expired));
    }

    #[test]
    fn another_network_waits_longer_and_is_never_refused() {
        assert_eq!(check("203.0.113.1", "well", 4), Err(TicketError::TooEarly(26)));
        assert_eq!(check("2001:db8::1", "well", 30), Ok(30));
    }

    #[test]
    fn a_ticket_is_for_one_petition_and_cannot_be_altered() {
        assert_eq!(check("198.51.100.1", "mill", 10), Err(TicketError::Forged));
        let ticket = issue("198.51.100.1");
        for index in 0..ticket.len() {
            let mut altered = ticket.clone().into_bytes();
            altered[index] = if altered[index] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).expect("ascii");
            let result = tickets().check(&source("198.51.100.1"), "well", &altered, Millis(NOW + 10_000));
            assert_eq!(result, Err(TicketError::Forged), "{index}");
        }
    }

    #[test]
    fn a_clock_set_back_asks_for_a_fresh_form_instead_of_a_long_wait() {
        let ticket = issue("198.51.100.1");
        let result = tickets().check(&source("198.51.100.1"), "well", &ticket, Millis(NOW - 3_600_000));
        assert_eq!(result, Err(TicketError::Expired));
    }

    #[test]
    fn a_short_or_empty_key_is_no_key() {
        for key in [[].as_slice(), &[1, 2, 3], &[0; 32]] {
            assert!(Tickets::new(key, 1, 1).is_err());
        }
    }

    proptest! {
        #[test]
        fn any_text_is_refused_without_panic(text in ".{0,120}") {
            let result = tickets().check(&source("198.51.100.1"), "well", &text, Millis(NOW));
            prop_assert_eq!(result, Err(TicketError::Forged));
        }
    }
}
