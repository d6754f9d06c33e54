//! Every route on one screen.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, VARY};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};

use crate::admit::source::Source;
use crate::desk::Desk;
use crate::handlers::Request;
use crate::handlers::card::Cards;
use crate::handlers::confirm::Signatory;
use crate::handlers::events::Events;
use crate::handlers::shelf::{Common, Shelf};
use crate::handlers::sign::Signing;
use crate::handlers::stop::StopMail;
use crate::handlers::turned_away::TurnedAway;
use crate::respond::{self, Answer, Asked, Body};
use crate::token::Purpose;
use crate::views::{self, Refusal, Site};

/// The handlers of the public side.
pub struct Public {
    /// Texts, languages and bounds of the site.
    pub site: Arc<Site>,
    /// What is the same for everybody.
    pub shelf: Arc<Shelf>,
    /// Pictures of the petitions.
    pub cards: Cards,
    /// Changes of the count.
    pub events: Events,
    /// Signing.
    pub signing: Signing,
    /// The links of a mail.
    pub signatory: Signatory,
    /// Mail that is stopped and allowed again.
    pub stop_mail: StopMail,
    /// The desk; `None` where it has a listener of its own.
    pub desk: Option<Desk>,
    /// What banned sources get.
    pub turned_away: TurnedAway,
}

impl Public {
    /// Answers one request. HEAD is GET; the body is left out on its way (`admit/h2.rs`, and by hyper in HTTP/1).
    ///
    /// What waits is boxed: every open connection keeps room for the largest of these futures, whatever it asks for.
    pub async fn answer(&self, source: Source, request: Request) -> Answer {
        if let (Some(desk), Some(path)) = (&self.desk, desk_path(request.uri().path())) {
            // Bans do not reach the desk: it has delays of its own, and must be there when a ban was wrong.
            return desk.answer(source, request, &path).boxed().await;
        }
        let (head, body) = request.into_parts();
        let (method, uri, headers) = (&head.method, &head.uri, &head.headers);
        let asked = Asked::of(&self.site, uri, headers);
        let (parts, count) = parts(uri.path());
        let path = &parts[..count];
        if let Some(answer) = self.turned_away.answer(&source, &asked, path) {
            return answer;
        }
        let is_get = *method == Method::GET || *method == Method::HEAD;
        let is_post = *method == Method::POST;
        let (signing, signatory) = (&self.signing, &self.signatory);
        match *path {
            _ if is_get && is_slash_too_many(path) => respond::without_slash(&asked, uri),

            [""] if is_get => self.common(&asked, Common::Home, headers),
            ["method"] if is_get => self.common(&asked, Common::Method, headers),
            ["privacy"] if is_get => self.common(&asked, Common::Privacy, headers),
            ["legal"] if is_get => self.common(&asked, Common::Legal, headers),
            ["robots.txt"] if is_get => robots(),
            ["assets", ..] if is_get => asset(&asked, uri.path(), headers),

            ["p", slug] if is_get => found(&asked, self.shelf.page(slug, asked.lang, headers)),
            ["p", slug, "versions" | "updates" | "updates.atom"] | ["p", slug, "versions" | "updates", _] if is_get => {
                found(&asked, self.shelf.side(slug, &path[2..], asked.lang, headers))
            }
            ["p", slug, "count.json"] if is_get => found(&asked, self.shelf.count(slug, headers)),
            ["p", slug, "poster"] if is_get => found(&asked, self.shelf.poster(slug, asked.lang, headers)),
            ["p", slug, card] if is_get && is_card(card) => {
                self.cards.answer(&asked, slug, card, headers).boxed().await
            }
            ["p", slug, "events"] if is_get => self.events.listen(&source, &asked, slug),
            ["p", slug, "challenge"] if is_get => signing.challenge(source, asked, slug).boxed().await,
            ["p", slug, "check-mail"] if is_get => signing.check_mail(asked, slug),
            ["p", slug, "sign"] if is_get => signing.form(source, asked, slug, version(uri.query())).boxed().await,
            ["p", slug, "sign"] if is_post => signing.sign(source, asked, slug, headers, body).boxed().await,

            ["confirm", token] if is_get => signatory.look(source, asked, token, before(uri.query())).boxed().await,
            ["confirm", token] if is_post => signatory.confirm(source, asked, token).boxed().await,
            ["receipt", token] if is_get => signatory.receipt(source, asked, token).boxed().await,
            ["withdraw", token] if is_get => signatory.manage(source, asked, Purpose::Withdraw, token).boxed().await,
            ["withdraw", token] if is_post => signatory.withdraw(source, asked, token).boxed().await,
            ["not-me", token] if is_get => signatory.manage(source, asked, Purpose::NotMe, token).boxed().await,
            ["not-me", token] if is_post => signatory.disown(source, asked, token, body).boxed().await,

            ["second-way", token] if is_get => signatory.look_held(source, asked, token).boxed().await,
            ["second-way", token] if is_post => signatory.answer_held(source, asked, token).boxed().await,

            ["stop-mail", token] if is_get => self.stop_mail.look(source, asked, token).boxed().await,
            ["stop-mail", token] if is_post => self.stop_mail.wish(source, asked, token, body).boxed().await,

            _ => match methods(path) {
                Some(allowed) => respond::method_not_allowed(&asked, allowed),
                None => respond::refused(&asked, Refusal::NotFound, None, None),
            },
        }
    }

    fn common(&self, asked: &Asked<'_>, which: Common, headers: &HeaderMap) -> Answer {
        found(asked, self.shelf.common(which, asked.lang, headers))
    }
}

/// What an address above can be asked; `None` if there is no such address.
fn methods(path: &[&str]) -> Option<&'static str> {
    match *path {
        ["p", _, "sign"] | ["confirm" | "withdraw" | "not-me" | "second-way" | "stop-mail", _] => {
            Some("GET, HEAD, POST")
        }
        ["" | "method" | "privacy" | "legal" | "robots.txt"]
        | ["assets", _, _]
        | ["p", _]
        | ["p", _, "versions" | "updates" | "updates.atom"]
        | ["p", _, "versions" | "updates", _]
        | ["p", _, "count.json" | "poster" | "events" | "challenge" | "check-mail"]
        | ["receipt", _] => Some("GET, HEAD"),
        ["p", _, card] if is_card(card) => Some("GET, HEAD"),
        _ => None,
    }
}

/// Whether an address above stands here, and a slash behind it.
fn is_slash_too_many(path: &[&str]) -> bool {
    matches!(path, [address @ .., last, ""] if !last.is_empty() && methods(&path[..=address.len()]).is_some())
}

/// Two parts more than the longest path above has: one for a slash at its end. What is longer still only leads to an asset, or
/// nowhere.
const PARTS: usize = 6;

/// What stands between the slashes, and how many there are.
fn parts(path: &str) -> ([&str; PARTS], usize) {
    let (mut parts, mut count) = ([""; PARTS], 0);
    // What comes before the first slash is nothing, and not a part. By bytes: so short a text is not worth a search.
    let Some(at) = path.bytes().position(|byte| byte == b'/') else {
        return (parts, count);
    };
    let mut rest = &path[at + 1..];
    while count < PARTS {
        let end = rest.bytes().position(|byte| byte == b'/');
        parts[count] = &rest[..end.unwrap_or(rest.len())];
        count += 1;
        match end {
            Some(end) => rest = &rest[end + 1..],
            None => break,
        }
    }
    (parts, count)
}

/// What stands behind `/desk`, if that is where a path leads.
fn desk_path(path: &str) -> Option<Vec<String>> {
    let rest = path.strip_prefix("/desk")?;
    let is_whole = rest.is_empty() || rest.starts_with('/');
    is_whole.then(|| rest.split('/').skip(1).map(str::to_owned).collect())
}

/// A desk on an address of its own: its pages, and what they are made of.
pub async fn desk_alone(desk: &Desk, source: Source, request: Request) -> Answer {
    if let Some(path) = desk_path(request.uri().path()) {
        return desk.answer(source, request, &path).await;
    }
    let (head, _) = request.into_parts();
    let asked = Asked::of(&desk.site, &head.uri, &head.headers);
    match head.uri.path() {
        "/" => respond::see_other(&asked, "/desk"),
        path if path.starts_with("/assets/") => asset(&asked, path, &head.headers),
        _ => found(&asked, None),
    }
}

/// `card.fr.png`: the picture of a petition in one language.
fn is_card(file: &str) -> bool {
    file.starts_with("card.") && file.ends_with(".png")
}

fn found(asked: &Asked<'_>, answer: Option<Answer>) -> Answer {
    answer.unwrap_or_else(|| respond::refused(asked, Refusal::NotFound, None, None))
}

/// The last contribution of the page before, where more wait than one page shows.
fn before(query: Option<&str>) -> Option<&str> {
    query?.split('&').find_map(|pair| pair.strip_prefix("before="))
}

/// The version of the text that was on the page before.
fn version(query: Option<&str>) -> Option<u16> {
    let mut pairs = query?.split('&');
    pairs.find_map(|pair| pair.strip_prefix("text_version="))?.parse().ok()
}

fn asset(asked: &Asked<'_>, path: &str, headers: &HeaderMap) -> Answer {
    let Some(asset) = views::asset(path) else {
        return found(asked, None);
    };
    let chosen = respond::choose(headers, asset.etag, asset.gzip_etag);
    let (body, etag) = if chosen.gzip {
        (asset.gzip, asset.gzip_etag)
    } else {
        (asset.bytes, asset.etag)
    };
    let body = if chosen.is_known { b"" } else { body };
    let mut answer = Response::new(Body::from(Bytes::from_static(body)));
    if chosen.is_known {
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let caching = if asset.immutable {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let out = answer.headers_mut();
    out.extend(respond::SECURITY.map(|(name, value)| (Some(name), value)));
    out.insert(CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    out.insert(ETAG, HeaderValue::from_static(etag));
    out.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    out.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    if chosen.gzip {
        out.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    answer
}

/// Links of mails are nobody's to index.
fn robots() -> Answer {
    let text = "User-agent: *\nDisallow: /confirm/\nDisallow: /receipt/\nDisallow: /withdraw/\nDisallow: /not-me/\nDisallow: /second-way/\nDisallow: /stop-mail/\nDisallow: /desk\n";
    let mut answer = Response::new(Body::from(Bytes::from_static(text.as_bytes())));
    let out = answer.headers_mut();
    out.extend(respond::SECURITY.map(|(name, value)| (Some(name), value)));
    out.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    out.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    answer
}

#[cfg(test)]
mod tests {
    use super::{PARTS, parts};

    #[test]
    fn a_path_is_what_stands_between_its_slashes() {
        for path in [
            "",
            "*",
            "/",
            "//",
            "/p",
            "/p/",
            "/p/well",
            "/p/well/sign",
            "//p//well/",
            "/p/évier/sign",
            "/1/2/3/4/5/6",
            "/1/2/3/4/5/6/7/",
        ] {
            let expected: Vec<&str> = path.split('/').skip(1).take(PARTS).collect();
            let (parts, count) = parts(path);
            assert_eq!(parts[..count], expected, "{path}");
            assert!(parts[count..].iter().all(|rest| rest.is_empty()), "{path}");
        }
    }
}
