//! The page behind an alert's link: what is wrong, and a button. Looking changes nothing; the button does.

use data_encoding::BASE64;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Method, Response, StatusCode};
use sha2::{Digest, Sha256};

use super::text::{Told, say};
use super::{Alerts, lock};
use crate::alerts::book::{Alarm, Circle, Notice};
use crate::respond::{Answer, Body};

const STYLE: &str = "body{font:1.25rem/1.5 system-ui,sans-serif;max-width:34rem;margin:2rem auto;padding:0 1rem;\
color-scheme:light dark}button{font:inherit;font-weight:700;width:100%;padding:1rem;margin-top:1rem}p{white-space:pre-line}";

impl Alerts {
    /// Answers `/alerts/{id}/{proof}` on the operations listener. Whoever presses the button is heard by [`Alerts::press`] before.
    #[must_use]
    pub fn answer(&self, method: &Method, id: &str, proof: &str, query: Option<&str>) -> Answer {
        let asked = query.and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("lang=")));
        let lang = super::languages().find(|code| Some(*code) == asked).unwrap_or("en");
        if self.sent_to(id, proof).is_none() {
            return page(
                StatusCode::NOT_FOUND,
                lang,
                &say(lang, "page-unknown", &[]),
                ("", None),
                false,
            );
        }
        if !matches!(*method, Method::GET | Method::HEAD | Method::POST) {
            return page(
                StatusCode::METHOD_NOT_ALLOWED,
                lang,
                "GET, HEAD, POST",
                ("", None),
                false,
            );
        }
        let setup = self.setup.load();
        let book = lock(&self.book);
        let Some((alarm, open)) = book.find(id) else {
            let room = setup.room(lang);
            return page(
                StatusCode::OK,
                lang,
                &say(lang, "page-gone", &[]),
                ("", Some(&room)),
                false,
            );
        };
        let notice = Notice {
            alarm,
            id: id.to_owned(),
            since: open.since,
            told: 0,
            over: open.over,
            to: Circle::First,
            held: self.held(),
        };
        let room = setup.room(lang);
        let told = Told::new(&notice, lang, &setup.site_name, &setup.settings.time_zone, ("", &room));
        // Without its last line, the link to this page, and the one to the room, which is a link here.
        let lines: Vec<&str> = told.text.lines().collect();
        let lines = &lines[..lines.len().saturating_sub(usize::from(open.over.is_none()))];
        let lines = lines.iter().copied().filter(|line| !line.contains(&room));
        let shown = lines.collect::<Vec<_>>().join("\n");
        // What it led to is still to be seen when it is over.
        let room = (alarm != Alarm::Test).then_some(room.as_str());
        if open.acknowledged.is_some() {
            let done = format!("{shown}\n\n{}", say(lang, "page-acknowledged", &[]));
            return page(StatusCode::OK, lang, &told.title, (&done, room), false);
        }
        page(StatusCode::OK, lang, &told.title, (&shown, room), open.over.is_none())
    }
}

fn page(status: StatusCode, lang: &str, title: &str, (text, room): (&str, Option<&str>), button: bool) -> Answer {
    let (title, text) = (escaped(title), escaped(text));
    let form = if button {
        let label = escaped(&say(lang, "page-button", &[]));
        format!("<form method=\"post\"><button>{label}</button></form>")
    } else {
        String::new()
    };
    let room = room.map_or_else(String::new, |room| {
        let label = escaped(&say(lang, "page-room", &[]));
        format!("<p><a href=\"{}\">{label}</a></p>", escaped(room))
    });
    let html = format!(
        "<!doctype html><html lang=\"{lang}\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
<title>{title}</title><style>{STYLE}</style><main><h1>{title}</h1><p>{text}</p>{room}{form}</main></html>\n"
    );
    let mut answer = Response::new(Body::from(bytes::Bytes::from(html)));
    *answer.status_mut() = status;
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'sha256-{}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        BASE64.encode(&Sha256::digest(STYLE))
    );
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    answer
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
