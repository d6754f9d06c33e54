//! A browser that keeps cookies and sends forms as they stand on the pages.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use paraph::desk::totp;

use crate::client::{Answer, Client, FORM, form};
use crate::server::{Server, Site};

pub(crate) const PASSWORD: &str = "correct horse battery staple";

pub(crate) struct Browser {
    pub(crate) client: Client,
    pub(crate) address: SocketAddr,
    pub(crate) cookies: BTreeMap<String, String>,
}

/// Somebody who joined.
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) secret: [u8; totp::SECRET_BYTES],
    pub(crate) recovery: Vec<String>,
    /// Step of the code that they joined with.
    pub(crate) joined: u64,
    /// Logged in since.
    pub(crate) browser: Browser,
}

/// Passwords that are cheap to hash, as tests hash many.
pub(crate) fn site() -> Site {
    let mut site = Site::new();
    site.set("limits.desk_hash_kib", 8192);
    site.set("limits.desk_hash_passes", 1);
    site
}

/// Steps of 30 seconds since 1970.
pub(crate) fn step() -> u64 {
    paraph::clock::now().0 / 30_000
}

impl Browser {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self {
            client: Client::new(address),
            address,
            cookies: BTreeMap::new(),
        }
    }

    pub(crate) fn get(&mut self, path: &str) -> Answer {
        let cookies = self.written();
        let answer = self.client.ask("GET", path, &[("cookie", &cookies)], b"");
        self.keep(answer.expect("an answer"))
    }

    /// Sends fields with the secret of a page's first form.
    pub(crate) fn send(&mut self, page: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let secret = self.get(page).hidden("secret");
        self.send_with(path, &secret, fields)
    }

    pub(crate) fn send_with(&mut self, path: &str, secret: &str, fields: &[(&str, &str)]) -> Answer {
        let origin = format!("http://{}", self.address);
        let body = form(&[fields, &[("secret", secret)]].concat());
        self.raw(path, &[("origin", &origin)], &body)
    }

    pub(crate) fn raw(&mut self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let cookies = self.written();
        let headers = [headers, &[FORM, ("cookie", &cookies)]].concat();
        let answer = self.client.ask("POST", path, &headers, body.as_bytes());
        self.keep(answer.expect("an answer"))
    }

    fn written(&self) -> String {
        let pairs = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    fn keep(&mut self, answer: Answer) -> Answer {
        for (_, cookie) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (name, rest) = cookie.split_once('=').expect("a cookie");
            // The link of an alert leads from another site into the room.
            let same_site = if name.ends_with("desk") { "Lax" } else { "Strict" };
            assert!(
                cookie.contains(&format!("; HttpOnly; SameSite={same_site}")),
                "{cookie}"
            );
            let (value, _) = rest.split_once(';').expect("attributes");
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// Logs in, with whatever code.
    pub(crate) fn log_in(&mut self, name: &str, password: &str, code: &str) -> Answer {
        let fields = [("name", name), ("password", password), ("code", code)];
        self.send("/desk/login", "/desk/login", &fields)
    }

    /// Joins by a link, and writes down what the page shows.
    pub(crate) fn join(mut self, link: &str, name: &str) -> Member {
        let page = self.get(link);
        assert_eq!(page.status, 200, "{}", page.text());
        let secret = secret_on(&page);
        let step = step();
        let code = totp::code(&secret, step);
        let fields = [("name", name), ("password", PASSWORD), ("code", &code)];
        let joined = self.send(link, link, &fields);
        assert_eq!(joined.status, 200, "{}", joined.text());
        let text = joined.text();
        let codes = text.split("<li class=\"code\">").skip(1);
        let recovery = codes.map(|rest| rest[..rest.find('<').expect("an end")].to_owned());
        Member {
            name: name.to_owned(),
            secret,
            recovery: recovery.collect(),
            joined: step,
            browser: self,
        }
    }
}

pub(crate) fn secret_on(page: &Answer) -> [u8; totp::SECRET_BYTES] {
    let text = page.text();
    let (_, rest) = text.split_once("class=\"code spelled\">").expect("a key");
    let key: String = rest[..rest.find('<').expect("an end")].split(' ').collect();
    let bytes = data_encoding::BASE32_NOPAD.decode(key.as_bytes()).expect("base32");
    bytes.try_into().expect("20 bytes")
}

/// The path of a link.
pub(crate) fn path(link: &str) -> String {
    let at = link.find("/desk/join/").expect("a link");
    link[at..].trim().to_owned()
}

/// A link made at the command line.
pub(crate) fn link(site: &Site, arguments: &[&str]) -> String {
    let ran = site.run(&[&["desk", "link", "--json"], arguments].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    path(ran.json()["link"].as_str().expect("a link"))
}

/// Somebody who joins in a role.
pub(crate) fn member(site: &Site, server: &Server, role: &str, name: &str) -> Member {
    let link = link(site, &["--role", role]);
    Browser::new(server.address).join(&link, name)
}
