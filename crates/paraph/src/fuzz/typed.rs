//! What people type, and what their browsers say for them.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, LazyLock};

use http::header::ACCEPT_LANGUAGE;
use http::{HeaderMap, HeaderName, HeaderValue};
use paraph_tally::SignatureId;

use super::{KEYS, NOW, changed};
use crate::admit::contribution::Contribution;
use crate::admit::email::Email;
use crate::admit::form::SignForm;
use crate::desk::form::Form;
use crate::desk::session::{self, Cookies};
use crate::desk::totp::{self, Codes};
use crate::ledger::record::{Personal, Request};
use crate::limits::Limits;
use crate::mail::stop::Kind;
use crate::respond;
use crate::scrutiny::features::Observer;
use crate::scrutiny::rows::Features;
use crate::token::{Purpose, Tokens};
use crate::trace::networks::Known;
use crate::video::Video;
use crate::views::{Lang, markup};

static OBSERVER: LazyLock<Observer> = LazyLock::new(|| Observer::new(&KEYS, Arc::new(Known::of_drill()), true));

/// A body is read or refused; what is taken in is within its bounds, is packed and unpacked, and is observed.
pub(super) fn form(bytes: &[u8]) {
    let limits = Limits::default();
    let (form, errors) = SignForm::parse(bytes, &limits);
    let texts = [&form.name, &form.email, &form.postcode, &form.country, &form.comment];
    assert!(texts.iter().all(|text| !text.contains('\0')));
    let Ok(contribution) = Contribution::from_form(&form, &limits) else {
        return;
    };
    let chars = |text: &str| text.chars().count() as u64;
    assert!(!contribution.name.trim().is_empty() && !contribution.name.contains(char::is_control));
    assert!(
        chars(&contribution.name) <= limits.name_chars,
        "{:?}",
        contribution.name
    );
    assert!(chars(&contribution.comment) <= limits.comment_chars);
    if !errors.is_empty() {
        return;
    }
    let personal = personal(contribution.clone());
    let packed = personal.pack().expect("a record");
    assert_eq!(Personal::unpack(&packed).expect("ours"), personal);
    let observed = OBSERVER.observe(&personal, &contribution.email.canonical);
    let at = (SignatureId([1; 16]), paraph_tally::PetitionId(1), NOW);
    let month = crate::scrutiny::features::month_of(NOW);
    assert!(Features::observation(&observed.to_bytes(), month, at).is_some());
}

fn personal(contribution: Contribution) -> Personal {
    let hex = || "07".repeat(32);
    Personal {
        version: 1,
        name: contribution.name,
        email: contribution.email.address,
        postcode: contribution.postcode.unwrap_or_default(),
        country: contribution.country.unwrap_or_default(),
        comment: contribution.comment,
        show_name: contribution.show_name,
        news: contribution.news,
        language: "fr".to_owned(),
        text_version: 1,
        text_hash: hex(),
        consent_hash: hex(),
        receipt_secret: hex(),
        withdrawal_secret: hex(),
        request: Request {
            at: NOW.0,
            address: IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7)),
            port: 4711,
            forwarded_by: None,
            headers: vec![(ACCEPT_LANGUAGE, HeaderValue::from_static("fr"))],
            issued_at: NOW.0 - 20_000,
            price: 1000,
        },
    }
}

/// What is taken as an address is one that mail can be sent to, and is itself when it is typed again.
pub(super) fn email(bytes: &[u8]) {
    let typed = String::from_utf8_lossy(bytes);
    let Ok(email) = Email::parse(&typed) else { return };
    assert!(email.address.is_ascii() && email.address.len() <= 254, "{email:?}");
    assert!(email.address.parse::<lettre::Address>().is_ok(), "{}", email.address);
    let again = Email::parse(&email.address).expect("what mail is sent to is an address");
    assert_eq!((&again.address, &again.canonical), (&email.address, &email.canonical));
    let canonical = Email::parse(&email.canonical).expect("the canonical form is an address");
    assert_eq!(canonical.canonical, email.canonical);
}

/// A form of the desk is read, or none.
pub(super) fn desk_form(bytes: &[u8]) {
    if let Some(form) = Form::parse(bytes) {
        assert!(!form.get("name").contains('\0'));
        let _ = form.has_only(&["name", "text"]);
    }
}

/// Lines of `name: value`, given to everything that reads the headers of a request.
pub(super) fn headers(bytes: &[u8]) {
    let mut headers = HeaderMap::new();
    for line in bytes.split(|byte| *byte == b'\n').take(64) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            continue;
        };
        let name = HeaderName::from_bytes(&line[..colon]);
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(line[colon + 1..].trim_ascii())) {
            headers.append(name, value);
        }
    }
    let offered: Vec<Lang> = Lang::all().collect();
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    for asked in [None, text("x-asked")] {
        assert!(offered.contains(&Lang::negotiate(asked, text("accept-language"), &offered)));
        let only = &offered[..1];
        assert_eq!(Lang::negotiate(asked, text("accept-language"), only), only[0]);
    }
    let chosen = respond::choose(&headers, "\"0123\"", "\"0123-gzip\"");
    assert!(!chosen.gzip || headers.contains_key("accept-encoding"));
    assert!(!chosen.is_known || headers.contains_key("if-none-match"));
    for is_secure in [false, true] {
        let cookies = Cookies::new(&KEYS, is_secure);
        let _ = cookies.form_token(&headers);
        assert_eq!(cookies.session_token(&headers), None, "nobody can make a session");
        assert!(!cookies.is_marked(&headers, &[5; 16]), "nobody can make a mark");
    }
    let here = session::is_from_here(&headers, "https://petitions.example");
    assert!(!here || headers.contains_key("origin"));
}

/// Nothing but what was issued names an address; any token of a signature is one of 2^128, or none.
pub(super) fn token(bytes: &[u8]) {
    let tokens = Tokens::new(&KEYS);
    let text = String::from_utf8_lossy(bytes);
    for purpose in [Purpose::Confirm, Purpose::Withdraw, Purpose::NotMe, Purpose::Receipt] {
        if let Some(id) = tokens.read(purpose, &text) {
            assert_eq!(tokens.issue(purpose, id), text, "one spelling for each");
        }
    }
    assert_eq!(tokens.read_stop(&text), None);
    assert_eq!(tokens.read_bounce(&text, NOW), None);
    let stop = tokens.issue_stop(Kind::News, [3; 16]);
    let bounce = tokens.issue_bounce([4; 16], NOW);
    let altered = |ours: &str| String::from_utf8_lossy(&changed(ours.as_bytes(), bytes)).into_owned();
    let (stop_altered, bounce_altered) = (altered(&stop), altered(&bounce));
    assert!(tokens.read_stop(&stop_altered).is_none() || stop_altered == stop);
    assert!(tokens.read_bounce(&bounce_altered, NOW).is_none() || bounce_altered.eq_ignore_ascii_case(&bounce));
    let _ = session::read(&text);
    let codes = Codes::new(&KEYS);
    let _ = codes.recovery_tag(&[1; 16], &text);
    let _ = totp::find(&[7; 20], &text, NOW);
}

/// A text becomes the tags that it may, and nothing typed becomes one; a video's address stays in its header.
pub(super) fn text(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let html = markup::to_html(&text);
    for tag in html.split('<').skip(1) {
        let name = tag.trim_start_matches('/').split(['>', ' ']).next().unwrap_or_default();
        assert!(
            matches!(name, "p" | "h2" | "ul" | "li" | "br" | "a"),
            "{name:?} in {html}"
        );
    }
    let most = 1 + bytes.len() % 200;
    assert!(markup::summary(&text, most).chars().count() <= most + 1);
    if let Some(policy) = Video::read(&text).and_then(|video| video.policy()) {
        assert!(!policy[1..].contains([';', ',', '\n']) && HeaderValue::try_from(policy).is_ok());
    }
}
