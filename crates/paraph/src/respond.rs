//! The one table from outcomes to HTTP answers.
//!
//! HTML by default, JSON when `Accept` asks for it; the same outcome either way. Errors in JSON are RFC 9457 problems
//! with a stable `code`. What an answer says never depends on whether somebody has signed.

use std::borrow::Cow;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::Stream;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, ALLOW, CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_TYPE, HeaderName,
    IF_NONE_MATCH, LOCATION, RETRY_AFTER,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode, Uri};
use http_body_util::Full;
use hyper::body::{Frame, SizeHint};
use serde::Serialize;
use serde_json::{Value, json};

use crate::admit;
use crate::admit::form::FieldError;
use crate::admit::upload::Unread;
use crate::views::{self, About, Lang, Problem, Refusal, RefusalPage, Site};

/// An answer on its way out.
pub type Answer = Response<Body>;

/// The body of an answer: in memory before it is sent, but for the one kind that lasts.
pub enum Body {
    /// All of it.
    Whole(Full<Bytes>),
    /// Server-sent events, for as long as somebody listens.
    Events(Pin<Box<dyn Stream<Item = Bytes> + Send>>),
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::Whole(Full::new(bytes))
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Self::Whole(whole) => Pin::new(whole).poll_frame(context),
            Self::Events(events) => events
                .as_mut()
                .poll_next(context)
                .map(|event| event.map(|data| Ok(Frame::data(data)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(whole) => whole.is_end_stream(),
            Self::Events(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(whole) => whole.size_hint(),
            Self::Events(_) => SizeHint::default(),
        }
    }
}

/// What a request wants of its answer.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The site's texts and bounds.
    pub site: &'a Site,
    /// Language to answer in.
    pub lang: Lang,
    /// JSON rather than HTML.
    pub json: bool,
    /// Path of the page, where a GET of it makes sense in another language.
    pub path: Option<&'a str>,
}

impl<'a> Asked<'a> {
    /// Reads `?lang=`, `Accept-Language` and `Accept`.
    #[must_use]
    pub fn of(site: &'a Site, uri: &'a Uri, headers: &HeaderMap) -> Self {
        let lang = lang(site, uri, headers);
        let json = headers.get(ACCEPT).is_some_and(wants_json);
        Self {
            site,
            lang,
            json,
            // Two slashes at the start would make the language links of the page lead to another host.
            path: Some(uri.path()).filter(|path| !path.starts_with("//")),
        }
    }

    /// The same, for a page that a GET would not give again.
    #[must_use]
    pub fn without_path(self) -> Self {
        Self { path: None, ..self }
    }

    /// What the pages need to know of all this.
    #[must_use]
    pub fn frame(&self) -> views::Frame<'a> {
        views::Frame {
            site: self.site,
            lang: self.lang,
            path: self.path,
        }
    }
}

/// The language of an answer.
#[must_use]
pub fn lang(site: &Site, uri: &Uri, headers: &HeaderMap) -> Lang {
    let asked = uri
        .query()
        .and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("lang=")));
    Lang::negotiate(asked, list(headers, ACCEPT_LANGUAGE).as_deref(), &site.languages)
}

/// A list in a header: several lines of one name are one list (RFC 9110, section 5.3).
fn list(headers: &HeaderMap, name: HeaderName) -> Option<Cow<'_, str>> {
    let mut lines = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let first = lines.next()?;
    let Some(second) = lines.next() else {
        return Some(Cow::Borrowed(first));
    };
    let all: Vec<_> = [first, second].into_iter().chain(lines).collect();
    Some(Cow::Owned(all.join(",")))
}

/// Whether a compressed answer is understood (RFC 9110, section 12.5.3).
fn takes_gzip(headers: &HeaderMap) -> bool {
    headers.get_all(ACCEPT_ENCODING).iter().flat_map(items).any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let is_gzip = parts.next().is_some_and(|coding| coding.eq_ignore_ascii_case("gzip"));
        is_gzip && !parts.any(|part| is_no_weight(part.as_bytes()))
    })
}

/// Which bytes of a document answer a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The compressed ones.
    pub gzip: bool,
    /// The client has them.
    pub is_known: bool,
}

/// Chooses between the plain bytes of a document and the compressed ones. Each have a tag of their own (RFC 9110, section
/// 8.8.3): they are compressed where that is understood, unless the client has the plain ones, which everybody understands.
#[must_use]
pub fn choose(headers: &HeaderMap, plain: &str, gzip: &str) -> Chosen {
    let takes_gzip = takes_gzip(headers);
    if takes_gzip && is_known(headers, gzip) {
        return Chosen {
            gzip: true,
            is_known: true,
        };
    }
    let is_known = is_known(headers, plain);
    Chosen {
        gzip: takes_gzip && !is_known,
        is_known,
    }
}

/// Whether the client has these very bytes (RFC 9110, section 13.1.2). Proxies that compress weaken what they pass on.
#[must_use]
pub fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let mut known = headers.get_all(IF_NONE_MATCH).iter().flat_map(items);
    known.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == etag)
}

fn items(value: &HeaderValue) -> impl Iterator<Item = &str> {
    value.to_str().unwrap_or_default().split(',').map(str::trim)
}

fn wants_json(accept: &HeaderValue) -> bool {
    let mut is_json = false;
    for item in accept.as_bytes().split(|byte| *byte == b',') {
        let mut parts = item.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        let media = parts.next().unwrap_or_default();
        let is = |name: &[u8]| media.eq_ignore_ascii_case(name);
        if is(b"text/html") {
            return false;
        }
        // A weight of nothing refuses it (RFC 9110, section 12.4.2).
        is_json |= (is(b"application/json") || is(b"application/problem+json")) && !parts.any(is_no_weight);
    }
    is_json
}

fn is_no_weight(parameter: &[u8]) -> bool {
    let weight = parameter
        .strip_prefix(b"q=0")
        .or_else(|| parameter.strip_prefix(b"Q=0"));
    weight.is_some_and(|rest| rest.iter().all(|byte| matches!(byte, b'.' | b'0')))
}

/// Headers of every page and problem: what the browser may do with it, and what it may tell others.
pub(crate) const SECURITY: [(HeaderName, HeaderValue); 5] = [
    (
        HeaderName::from_static("content-security-policy"),
        HeaderValue::from_static(views::CONTENT_SECURITY_POLICY),
    ),
    (
        HeaderName::from_static("x-content-type-options"),
        HeaderValue::from_static("nosniff"),
    ),
    // Addresses of personal pages hold tokens.
    (
        HeaderName::from_static("referrer-policy"),
        HeaderValue::from_static("no-referrer"),
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), interest-cohort=()"),
    ),
];

const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";
const PROBLEM: &str = "application/problem+json";

/// Kind and language of an answer.
type Kind = (&'static str, Option<Lang>);

/// Headers of what is stored nowhere, ready to be copied: floods are answered with them, and a copy costs a third of putting
/// them together.
static NEVER_STORED: LazyLock<Vec<(Kind, HeaderMap)>> = LazyLock::new(|| {
    let spoken = Lang::all().flat_map(|lang| [HTML, PROBLEM].map(|media| (media, Some(lang))));
    let kinds = spoken.chain([(JSON, None)]);
    kinds.map(|kind| (kind, never_stored_headers(kind))).collect()
});

fn never_stored_headers((media, lang): Kind) -> HeaderMap {
    let mut headers: HeaderMap = SECURITY.into_iter().collect();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
    if let Some(lang) = lang {
        headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(lang.code()));
    }
    headers
}

/// An answer that is never stored anywhere, perhaps in some language.
fn never_stored<B>(status: StatusCode, media: &'static str, lang: Option<Lang>, body: B) -> Response<B> {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    let kind = (media, lang);
    let ready = NEVER_STORED.iter().find(|(of, _)| *of == kind);
    *answer.headers_mut() = ready.map_or_else(|| never_stored_headers(kind), |(_, headers)| headers.clone());
    answer
}

/// A page of one person or one moment: never stored anywhere.
#[must_use]
pub fn page(asked: &Asked<'_>, status: StatusCode, html: impl Into<Bytes>) -> Answer {
    never_stored(status, HTML, Some(asked.lang), Body::from(html.into()))
}

/// A JSON answer to something that was done.
#[must_use]
pub fn done<T: Serialize>(status: StatusCode, value: &T) -> Answer {
    // What we answer with are structures and maps with names: they can always be written.
    let json = serde_json::to_vec(value).unwrap_or_default();
    never_stored(status, JSON, None, Body::from(Bytes::from(json)))
}

/// "See other": the browser fetches `path` with GET, so that reloading sends nothing twice.
#[must_use]
pub fn see_other(asked: &Asked<'_>, path: &str) -> Answer {
    let mut answer = page(asked, StatusCode::SEE_OTHER, String::new());
    let location = asked.frame().link(path);
    // Slugs are checked when a petition is made; a path of ours is always a header value.
    let location = HeaderValue::try_from(location).unwrap_or(HeaderValue::from_static("/"));
    answer.headers_mut().insert(LOCATION, location);
    answer
}

/// The same address without the slash at its end, for good. Its path is one of ours, which begins with one slash: it leads to
/// nobody else.
#[must_use]
pub fn without_slash(asked: &Asked<'_>, uri: &Uri) -> Answer {
    let path = uri.path().trim_end_matches('/');
    let location = match uri.query() {
        Some(query) => HeaderValue::try_from(format!("{path}?{query}")),
        None => HeaderValue::try_from(path),
    };
    // What came as an address is a header value.
    let location = location.unwrap_or(HeaderValue::from_static("/"));
    let mut answer = page(asked, StatusCode::PERMANENT_REDIRECT, String::new());
    answer.headers_mut().insert(LOCATION, location);
    answer
}

/// The answer to what could not be done.
#[must_use]
pub fn refused(asked: &Asked<'_>, refusal: Refusal, retry_after: Option<u64>, petition: Option<About<'_>>) -> Answer {
    let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = if asked.json {
        problem(
            asked,
            status,
            refusal.code(),
            &refusal.title(asked.lang),
            &refusal.detail(asked.lang),
            None,
        )
    } else {
        page(
            asked,
            status,
            views::refused(
                &asked.frame(),
                &RefusalPage {
                    refusal,
                    retry_after,
                    petition,
                },
            ),
        )
    };
    set_retry_after(&mut answer, retry_after);
    answer
}

/// "Not that way": the methods that this address has.
#[must_use]
pub fn method_not_allowed(asked: &Asked<'_>, allowed: &'static str) -> Answer {
    let mut answer = refused(asked, Refusal::MethodNotAllowed, None, None);
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    answer
}

/// An RFC 9457 problem.
#[must_use]
pub fn problem(
    asked: &Asked<'_>,
    status: StatusCode,
    code: &str,
    title: &str,
    detail: &str,
    fields: Option<Value>,
) -> Answer {
    said(asked.lang, status, problem_text(status, code, title, detail, fields)).map(Body::from)
}

/// The body of a problem.
#[must_use]
pub fn problem_text(status: StatusCode, code: &str, title: &str, detail: &str, fields: Option<Value>) -> Bytes {
    let mut value = json!({
        "type": "about:blank", "title": title, "status": status.as_u16(), "code": code, "detail": detail,
    });
    if let Some(fields) = fields {
        value["fields"] = fields;
    }
    Bytes::from(value.to_string())
}

/// A problem whose body is there already; it can be kept and said again.
#[must_use]
pub fn said(lang: Lang, status: StatusCode, problem: Bytes) -> Response<Bytes> {
    never_stored(status, PROBLEM, Some(lang), problem)
}

/// Seconds, for refusals that pass.
pub fn set_retry_after<B>(answer: &mut Response<B>, seconds: Option<u64>) {
    if let Some(seconds) = seconds {
        answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
}

impl From<Unread> for Refusal {
    fn from(unread: Unread) -> Self {
        plain_refusal(&unread.into())
    }
}

/// Refusals of admission that show no form again.
#[must_use]
pub fn plain_refusal(refusal: &admit::Refusal) -> Refusal {
    match refusal {
        admit::Refusal::InvalidForm(_) => Refusal::BadRequest,
        admit::Refusal::TooLarge => Refusal::TooLarge,
        admit::Refusal::UnsupportedMedia => Refusal::UnsupportedType,
        admit::Refusal::SlowBody => Refusal::TooSlow,
        admit::Refusal::BrokenBody => Refusal::BadRequest,
        admit::Refusal::TicketExpired | admit::Refusal::ClearanceRefused(_) => Refusal::Forbidden,
        admit::Refusal::TooEarly { .. } | admit::Refusal::SlowDown { .. } => Refusal::SlowDown,
        admit::Refusal::Busy { .. } => Refusal::Busy,
        admit::Refusal::ReadOnly { .. } => Refusal::ReadOnly,
        admit::Refusal::Closed => Refusal::Closed,
        admit::Refusal::NotFound => Refusal::NotFound,
    }
}

/// What is wrong with each field, in the words of the pages.
#[must_use]
pub fn field_errors(site: &Site, errors: &[FieldError]) -> Vec<views::FieldError> {
    errors
        .iter()
        .map(|error| views::FieldError {
            field: error.field.to_string(),
            problem: field_problem(site, error),
        })
        .collect()
}

fn field_problem(site: &Site, error: &FieldError) -> Problem {
    match error.code {
        "name_missing" | "email_missing" => Problem::Required,
        "name_too_long" => Problem::TooLong(site.name_chars),
        "comment_too_long" => Problem::TooLong(site.comment_chars),
        "email_rare" => Problem::RareEmail,
        "email_too_long" | "email_bad" | "domain_bad" => Problem::BadEmail,
        "name_link" => Problem::Link,
        "name_control" | "name_no_letter" | "comment_control" | "bad_encoding" => Problem::BadCharacters,
        "country_unknown" => Problem::UnknownCountry,
        "doubled_field" => Problem::Repeated,
        "unknown_field" => Problem::UnknownField,
        "too_many_fields" => Problem::TooManyFields,
        _ => Problem::BadValue,
    }
}

/// The fields of an `invalid_form` problem.
#[must_use]
pub fn fields_json(lang: Lang, errors: &[views::FieldError]) -> Value {
    errors
        .iter()
        .map(|error| {
            json!({ "field": error.field, "code": error.problem.code(), "message": error.problem.message(lang) })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_either_coding_of_a_document_keeps_it() {
        let chosen = |accepts: &'static str, known: &[&'static str]| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(accepts));
            for known in known {
                headers.append(IF_NONE_MATCH, HeaderValue::from_static(known));
            }
            let Chosen { gzip, is_known } = choose(&headers, "\"a\"", "\"a-gzip\"");
            (gzip, is_known)
        };
        assert_eq!((chosen("gzip", &[]), chosen("", &[])), ((true, false), (false, false)));
        for known in ["\"a-gzip\"", "\"b\", W/\"a-gzip\"", "\"a\", \"a-gzip\"", "*"] {
            assert_eq!(chosen("br, gzip", &[known]), (true, true), "{known}");
        }
        assert_eq!(
            chosen("gzip", &["\"a-gzip\"", "\"a\""]),
            (true, true),
            "two lines are one list"
        );
        for known in ["\"a\"", "\"b\",\"a\"", "W/\"a\""] {
            assert_eq!(chosen("gzip", &[known]), (false, true), "{known}");
        }
        // Compressed bytes are of no use to who cannot read them, or does not have them.
        assert_eq!(chosen("", &["\"a-gzip\""]), (false, false));
        assert_eq!(chosen("gzip;Q=0.0", &["\"a-gzip\", \"a\""]), (false, true));
        assert_eq!(chosen("gzip", &["a, \"b-gzip\", w/\"a\""]), (true, false));
    }

    #[test]
    fn lines_of_one_name_are_one_list() {
        let listed = |lines: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(ACCEPT_LANGUAGE, HeaderValue::from_static(line));
            }
            list(&headers, ACCEPT_LANGUAGE).map(Cow::into_owned)
        };
        assert_eq!(listed(&[]), None);
        assert_eq!(listed(&["fr"]).as_deref(), Some("fr"));
        assert_eq!(listed(&["de", "fr;q=0.5", "en"]).as_deref(), Some("de,fr;q=0.5,en"));
    }

    #[test]
    fn json_is_for_who_names_it_with_some_weight_and_no_page() {
        let wanted = |accept| wants_json(&HeaderValue::from_static(accept));
        for accept in [
            "application/json",
            "APPLICATION/JSON; q=0.5",
            "text/plain, application/problem+json",
        ] {
            assert!(wanted(accept), "{accept}");
        }
        for accept in [
            "",
            "*/*",
            "application/json;q=0",
            "application/json; q=0.000",
            "application/json, Text/HTML;q=0.1",
        ] {
            assert!(!wanted(accept), "{accept}");
        }
    }
}
