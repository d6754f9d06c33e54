//! Invented people who sign: the same names, comments and browsers for every measurement.

use std::net::Ipv4Addr;

use paraph::ledger::record::{Personal, Request};
use paraph::store::id;
use paraph_tally::Millis;

use crate::server::SLUG;

const GIVEN: [&str; 8] = [
    "Aline",
    "Bérénice",
    "Côme",
    "Djamila",
    "Élodie",
    "François",
    "Gaëlle",
    "Hugo",
];
const FAMILY: [&str; 8] = [
    "Petit-Jean",
    "O'Neil",
    "Dupré",
    "Nguyen",
    "Delacroix",
    "Lefèvre",
    "Bâ",
    "Schmitt",
];
const COMMENT: &str =
    "My grandmother used to meet her friends there every Thursday, and I would like my children to see it run.";

/// Headers that a browser sends with a form, beside those of the request itself.
const BROWSER: &str = "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0\r\n\
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n\
Accept-Language: en-GB,en;q=0.7,fr;q=0.3\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nDNT: 1\r\n\
Connection: keep-alive\r\nUpgrade-Insecure-Requests: 1\r\nSec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\n\
Sec-Fetch-Site: same-origin\r\nSec-Fetch-User: ?1\r\nPriority: u=0, i\r\n";

/// One of them. Two out of five write a comment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Person(pub(crate) u32);

impl Person {
    fn name(self) -> String {
        let (given, family) = (
            self.0 as usize % GIVEN.len(),
            self.0 as usize / GIVEN.len() % FAMILY.len(),
        );
        format!("{} {}", GIVEN[given], FAMILY[family])
    }

    /// An address under a few large domains and many small ones, as everywhere.
    pub(crate) fn email(self) -> String {
        match self.0 % 10 {
            0..7 => format!("person.{}@mail{}.example", self.0, self.0 % 7),
            _ => format!("person.{}@home{}.example", self.0, self.0 % 997),
        }
    }

    fn comment(self) -> &'static str {
        if self.0 % 5 < 2 { COMMENT } else { "" }
    }

    /// The sign form, filled in, as the bytes of a request. `proof` is `ticket=…` or `altcha=…`, escaped.
    pub(crate) fn request(self, proof: &str) -> Vec<u8> {
        let name: String = self.name().bytes().map(|byte| format!("%{byte:02X}")).collect();
        let comment = self.comment().replace(' ', "+").replace(',', "%2C");
        let email = self.email().replace('@', "%40");
        let body = format!(
            "{proof}&name={name}&email={email}&postcode=49400&country=FR&comment={comment}&show_name=on&website="
        );
        post(&body, "")
    }

    /// The record of the same contribution, for measurements below the door.
    pub(crate) fn record(self, at: Millis) -> Personal {
        let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
        let headers = BROWSER.lines().filter_map(|line| line.split_once(": "));
        Personal {
            version: 1,
            name: self.name(),
            email: self.email(),
            postcode: "49400".to_owned(),
            country: "FR".to_owned(),
            comment: self.comment().to_owned(),
            show_name: true,
            news: false,
            language: "en".to_owned(),
            text_version: 1,
            text_hash: hex(&[7; 32]),
            consent_hash: hex(&[8; 32]),
            receipt_secret: hex(&id::random::<32>()),
            withdrawal_secret: hex(&id::random::<32>()),
            request: Request {
                at: at.0,
                address: Ipv4Addr::new(198, 18, 0, 1).into(),
                port: 50_000,
                forwarded_by: None,
                headers: headers
                    .filter_map(|(name, value)| Some((name.parse().ok()?, value.parse().ok()?)))
                    .collect(),
                issued_at: at.0.saturating_sub(40_000),
                price: 1000,
            },
        }
    }
}

/// A form on its way to be signed.
pub(crate) fn post(body: &str, more: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST /p/{SLUG}/sign HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\nReferer: http://127.0.0.1/p/{SLUG}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n{more}{BROWSER}\r\n{body}"
    )
    .into_bytes()
}

/// A GET as a browser sends it.
pub(crate) fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{BROWSER}\r\n").into_bytes()
}
