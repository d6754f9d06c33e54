//! Cookies: the session, the mark of a browser that got in once, and what binds a form to the browser that fetched it.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use http::header::{COOKIE, HOST, ORIGIN};
use http::{HeaderMap, HeaderName, HeaderValue};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::command::{MemberId, TokenHash};
use crate::keys::{Keys, tag};
use crate::store::id;

/// A token as it is handed out: 128 random bits.
pub type Token = [u8; 16];

/// Longest time that a browser keeps its mark: a year.
const MARK_SECONDS: u64 = 365 * 86_400;
/// Longest time that a form may lie open before it is sent, where nobody is logged in.
const FORM_SECONDS: u64 = 3600;

const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What the store knows of a token.
#[must_use]
pub fn hashed(token: &Token) -> TokenHash {
    Sha256::digest(token).into()
}

/// A token as it stands in links and cookies: 22 characters.
#[must_use]
pub fn spelled(token: &Token) -> String {
    BASE64URL_NOPAD.encode(token)
}

/// Reads [`spelled`].
#[must_use]
pub fn read(text: &str) -> Option<Token> {
    BASE64URL_NOPAD.decode(text.as_bytes()).ok()?.try_into().ok()
}

/// Which cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cookie {
    /// The session.
    Session,
    /// Binds the form of a login.
    Form,
    /// The mark of a browser that got in.
    Mark,
}

/// Names, writes and reads cookies, and the secrets in forms.
pub struct Cookies {
    /// Over https, where browsers keep a cookie of this name from every other host and from plain connections.
    is_secure: bool,
    csrf: [u8; 32],
    mark: [u8; 32],
    session: [u8; 32],
}

impl Cookies {
    /// For a desk that browsers reach over https, or not.
    #[must_use]
    pub fn new(keys: &Keys, is_secure: bool) -> Self {
        Self {
            is_secure,
            csrf: keys.derive("desk csrf v1"),
            mark: keys.derive("desk mark v1"),
            session: keys.derive("desk session v1"),
        }
    }

    fn name(&self, cookie: Cookie) -> &'static str {
        match (cookie, self.is_secure) {
            (Cookie::Session, true) => "__Host-desk",
            (Cookie::Session, false) => "desk",
            (Cookie::Form, true) => "__Host-desk-form",
            (Cookie::Form, false) => "desk-form",
            (Cookie::Mark, true) => "__Host-desk-mark",
            (Cookie::Mark, false) => "desk-mark",
        }
    }

    /// The value of a cookie; `None` if there is none, or two of this name.
    fn value<'h>(&self, headers: &'h HeaderMap, cookie: Cookie) -> Option<&'h str> {
        let name = self.name(cookie);
        let pairs = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let pairs = pairs.flat_map(|value| value.split(';')).map(str::trim);
        let mut named = pairs.filter_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        let first = named.next();
        first.filter(|_| named.next().is_none())
    }

    /// The token that binds a form of somebody who has not logged in.
    #[must_use]
    pub fn form_token(&self, headers: &HeaderMap) -> Option<Token> {
        read(self.value(headers, Cookie::Form)?)
    }

    /// The value of a session's cookie: its token, and our word for it.
    #[must_use]
    pub fn session(&self, token: &Token) -> String {
        BASE64URL_NOPAD.encode(&[*token, tag(&self.session, &[token])].concat())
    }

    /// The token of a session that we began once; whether it is over is for the store to say. Nobody can make one up: what
    /// comes with it is told from strangers before anything is looked up.
    #[must_use]
    pub fn session_token(&self, headers: &HeaderMap) -> Option<Token> {
        let value = self.value(headers, Cookie::Session)?;
        let bytes = BASE64URL_NOPAD.decode(value.as_bytes()).ok()?;
        let (token, mac) = bytes.split_first_chunk::<16>()?;
        bool::from(tag(&self.session, &[token]).ct_eq(mac)).then_some(*token)
    }

    /// A cookie that browsers send back to this host only, keep from scripts, and never send along with a form of another site; that
    /// of a session only with a link that somebody follows, as from an alert to the room. What is changed is changed by forms.
    #[must_use]
    pub fn set(&self, cookie: Cookie, value: &str) -> HeaderValue {
        let age = match cookie {
            // Ends with the browser; the store ends it sooner.
            Cookie::Session => String::new(),
            Cookie::Form => format!("; Max-Age={FORM_SECONDS}"),
            Cookie::Mark => format!("; Max-Age={MARK_SECONDS}"),
        };
        self.written(cookie, value, &age)
    }

    /// Takes a cookie away.
    #[must_use]
    pub fn clear(&self, cookie: Cookie) -> HeaderValue {
        self.written(cookie, "", "; Max-Age=0")
    }

    fn written(&self, cookie: Cookie, value: &str, age: &str) -> HeaderValue {
        let secure = if self.is_secure { "; Secure" } else { "" };
        let from_elsewhere = if cookie == Cookie::Session { "Lax" } else { "Strict" };
        let text = format!(
            "{}={value}; Path=/; HttpOnly; SameSite={from_elsewhere}{secure}{age}",
            self.name(cookie)
        );
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
    }

    /// What a form must carry that was fetched with this token in a cookie.
    #[must_use]
    pub fn secret(&self, token: &Token) -> String {
        HEXLOWER.encode(&tag(&self.csrf, &[token]))
    }

    /// Whether a form carries it.
    #[must_use]
    pub fn is_secret(&self, token: &Token, given: &str) -> bool {
        self.secret(token).as_bytes().ct_eq(given.as_bytes()).into()
    }

    /// The mark that a member's browser gets.
    #[must_use]
    pub fn mark(&self, member: &MemberId) -> String {
        let nonce: Token = id::random();
        let mac = tag(&self.mark, &[member, &nonce]);
        BASE64URL_NOPAD.encode(&[nonce, mac].concat())
    }

    /// Whether a browser bears the mark of this member.
    #[must_use]
    pub fn is_marked(&self, headers: &HeaderMap, member: &MemberId) -> bool {
        let value = self.value(headers, Cookie::Mark).unwrap_or_default();
        let Ok(bytes) = BASE64URL_NOPAD.decode(value.as_bytes()) else {
            return false;
        };
        let Some((nonce, mac)) = bytes.split_first_chunk::<16>() else {
            return false;
        };
        tag(&self.mark, &[member, nonce]).ct_eq(mac).into()
    }
}

/// Whether a form was sent from a page of the desk: `Origin` names this host, or the site's. Browsers always say so with
/// a POST, as the desk's pages let them (a page under `no-referrer` would send "null").
#[must_use]
pub fn is_from_here(headers: &HeaderMap, base_url: &str) -> bool {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if text(&SITE).is_some_and(|site| site != "same-origin") {
        return false;
    }
    let Some(origin) = text(&ORIGIN) else { return false };
    if origin == base_url {
        return true;
    }
    // Through a tunnel or on an address of its own, the desk is reached by another name.
    let host = origin.split_once("://").map(|(_, host)| host);
    host.is_some() && host == text(&HOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            (
                HeaderName::from_static(name),
                HeaderValue::try_from(*value).expect("a value"),
            )
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn cookies_are_kept_as_close_as_browsers_can() {
        let cookies = Cookies::new(&Keys::random(), true);
        let token = [7; 16];
        let set = cookies.set(Cookie::Session, &cookies.session(&token));
        let set = set.to_str().expect("text");
        for kept in ["__Host-desk=", "Path=/;", "HttpOnly", "SameSite=Lax", "Secure"] {
            assert!(set.contains(kept), "{set}");
        }
        for strict in [Cookie::Form, Cookie::Mark] {
            let set = cookies.set(strict, "x");
            assert!(set.to_str().is_ok_and(|set| set.contains("SameSite=Strict")), "{set:?}");
        }
        let sent = |cookie: &str| headers(&[("cookie", cookie)]);
        let good = format!("a=b; __Host-desk={}", cookies.session(&token));
        assert_eq!(cookies.session_token(&sent(&good)), Some(token));
        let twice = format!("{good}; __Host-desk={}", cookies.session(&[8; 16]));
        let plain = format!("desk={}", cookies.session(&token));
        // Nor one that somebody made up, or that another site's key speaks for.
        let made_up = format!("__Host-desk={}", spelled(&token));
        let elsewhere = format!("__Host-desk={}", Cookies::new(&Keys::random(), true).session(&token));
        for bad in ["", "__Host-desk=", &plain, &twice, &made_up, &elsewhere] {
            assert_eq!(cookies.session_token(&sent(bad)), None, "{bad}");
        }
        assert!(cookies.is_secret(&token, &cookies.secret(&token)));
        assert!(!cookies.is_secret(&[8; 16], &cookies.secret(&token)));

        let mark = format!("__Host-desk-mark={}", cookies.mark(&[1; 16]));
        assert!(cookies.is_marked(&sent(&mark), &[1; 16]));
        assert!(!cookies.is_marked(&sent(&mark), &[2; 16]));
        assert!(!cookies.is_marked(&sent("__Host-desk-mark=AA"), &[1; 16]));
    }

    #[test]
    fn a_form_comes_from_the_desk_or_not_at_all() {
        let base = "https://petitions.example.org";
        let check = |pairs: &[(&'static str, &str)], expected| {
            assert_eq!(is_from_here(&headers(pairs), base), expected, "{pairs:?}");
        };
        check(&[("origin", base), ("host", "127.0.0.1:8080")], true);
        check(&[("origin", "http://localhost:9000"), ("host", "localhost:9000")], true);
        check(&[("origin", base), ("sec-fetch-site", "same-origin")], true);
        check(&[("origin", base), ("sec-fetch-site", "same-site")], false);
        check(
            &[
                ("origin", "https://elsewhere.example"),
                ("host", "petitions.example.org"),
            ],
            false,
        );
        check(&[("origin", "null"), ("host", "null")], false);
        check(&[("host", "petitions.example.org")], false);
        check(&[], false);
    }
}
