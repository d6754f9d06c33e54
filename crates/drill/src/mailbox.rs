//! The sample mailbox: a small page on loopback where a newcomer reads the mails of the sink and follows their links.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use percent_encoding::percent_decode_str;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::clock::time_of_day;
use crate::people::Lang;
use crate::sink::{Mail, Sink};

/// Connections at once: one person and their tabs.
const CONNECTIONS: usize = 32;
/// Mails on one page.
const LISTED: usize = 50;
/// Longest search, in characters.
const SEARCH_CHARS: usize = 254;

const STYLE: &str = include_str!("mailbox.css");
const POLICY: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A running sample mailbox; it ends with the runtime.
#[derive(Clone, Debug)]
pub struct Mailbox {
    address: SocketAddr,
}

impl Mailbox {
    /// Starts on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// No port can be had.
    pub async fn start(sink: Sink) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        tokio::spawn(accept(listener, sink));
        Ok(Self { address })
    }

    /// Address to open in a browser.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }
}

async fn accept(listener: TcpListener, sink: Sink) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let sink = sink.clone();
        tokio::spawn(async move {
            // A browser that breaks off has lost its own connection only.
            drop(serve(stream, sink).await);
            drop(place);
        });
    }
}

async fn serve(stream: TcpStream, sink: Sink) -> hyper::Result<()> {
    let here = stream.local_addr().ok();
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = answer(&request, &sink, here);
        async move { Ok::<_, Infallible>(answer) }
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(30))
        .max_headers(64)
        .serve_connection(TokioIo::new(stream), service)
        .await
}

/// What the page shows.
struct View {
    lang: Lang,
    search: String,
    everyone: bool,
}

fn answer(request: &Request<Incoming>, sink: &Sink, here: Option<SocketAddr>) -> Response<Full<Bytes>> {
    let headers = request.headers();
    let text = |name| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    // Another name for this address would let a foreign page read the mails (DNS rebinding).
    let host = text(header::HOST);
    let known = here.is_some_and(|here| host == here.to_string() || host == format!("localhost:{}", here.port()));
    if !known {
        return respond(
            StatusCode::MISDIRECTED_REQUEST,
            "text/plain",
            "not known here".to_owned(),
        );
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return respond(StatusCode::METHOD_NOT_ALLOWED, "text/plain", "GET only".to_owned());
    }
    let view = view(request.uri().query().unwrap_or_default(), text(header::ACCEPT_LANGUAGE));
    match request.uri().path() {
        "/" => respond(StatusCode::OK, "text/html; charset=utf-8", list(sink, &view)),
        "/style.css" => respond(StatusCode::OK, "text/css; charset=utf-8", STYLE.to_owned()),
        path => {
            let number = path.strip_prefix("/mail/").and_then(|number| number.parse().ok());
            match number.and_then(|number| sink.letter(number)) {
                Some(mail) => respond(StatusCode::OK, "text/html; charset=utf-8", one(&mail, &view)),
                None => respond(StatusCode::NOT_FOUND, "text/html; charset=utf-8", missing(&view)),
            }
        }
    }
}

fn respond(status: StatusCode, kind: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, http::HeaderValue::from_static(value));
    }
    response
}

fn view(query: &str, accept_language: &str) -> View {
    let parameter = |name: &str| {
        query.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=')?;
            let value = value.replace('+', " ");
            (key == name).then(|| percent_decode_str(&value).decode_utf8_lossy().into_owned())
        })
    };
    let lang = parameter("lang").unwrap_or_else(|| accept_language.to_owned());
    View {
        // The first language that is either decides.
        lang: match (lang.find("fr"), lang.find("en")) {
            (Some(fr), Some(en)) if fr < en => Lang::Fr,
            (Some(_), None) => Lang::Fr,
            _ => Lang::En,
        },
        search: parameter("q")
            .unwrap_or_default()
            .trim()
            .chars()
            .take(SEARCH_CHARS)
            .collect(),
        everyone: parameter("all").as_deref() == Some("1"),
    }
}

fn list(sink: &Sink, view: &View) -> String {
    let lang = view.lang;
    let search = view.search.to_lowercase();
    let all = sink.letters();
    // A search looks everywhere; without one, the drill's own crowd stays out of the newcomer's way.
    let mine = |mail: &Mail| {
        if search.is_empty() {
            view.everyone || !sink.is_crowd(&mail.to)
        } else {
            mail.to.contains(&search)
        }
    };
    let found: Vec<&Arc<Mail>> = all.iter().filter(|mail| mine(mail)).take(LISTED + 1).collect();
    let mut body = format!(
        "<form class=\"search\" role=\"search\" action=\"/\"><label for=\"q\">{}</label><div><input id=\"q\" name=\"q\" type=\"search\" value=\"{}\" \
         autocomplete=\"off\" autocapitalize=\"none\" spellcheck=\"false\"><input type=\"hidden\" name=\"lang\" value=\"{}\"><button>{}</button></div></form>",
        lang.pick("Chercher une adresse", "Search an address"),
        escape(&view.search),
        lang.code(),
        lang.pick("Chercher", "Search"),
    );
    if search.is_empty() {
        body.push_str(&tabs(view));
    }
    if found.is_empty() {
        body.push_str(&format!(
            "<div class=\"empty\" role=\"status\"><p>{}</p><p>{}</p></div>",
            lang.pick("Rien ici pour l’instant.", "Nothing here yet."),
            lang.pick(
                "Signez la pétition avec n’importe quelle adresse : son courriel arrivera ici. Cette page se recharge toute seule.",
                "Sign the petition with any address: its mail will arrive here. This page reloads by itself.",
            ),
        ));
        return page(
            view,
            lang.pick("Boîte aux lettres d’essai", "Sample mailbox"),
            &body,
            true,
        );
    }
    body.push_str("<ol class=\"mails\">");
    for mail in found.iter().take(LISTED) {
        body.push_str(&format!(
            "<li><a href=\"/mail/{}?lang={}\"><span class=\"subject\">{}</span><span class=\"to\"><bdi>{}</bdi></span><time>{}</time></a></li>",
            mail.number,
            lang.code(),
            escape(&mail.letter.subject),
            escape(&mail.to),
            time_of_day(mail.at),
        ));
    }
    body.push_str("</ol>");
    if found.len() > LISTED {
        body.push_str(&format!(
            "<p class=\"quiet\">{}</p>",
            lang.pick(
                "Seuls les 50 derniers sont affichés ; cherchez une adresse pour les autres.",
                "Only the latest 50 are shown; search an address for the others.",
            )
        ));
    }
    page(
        view,
        lang.pick("Boîte aux lettres d’essai", "Sample mailbox"),
        &body,
        false,
    )
}

fn tabs(view: &View) -> String {
    let tab = |all: bool, label: &str| {
        let current = if view.everyone == all {
            " aria-current=\"page\""
        } else {
            ""
        };
        format!(
            "<a href=\"/?lang={}&amp;all={}\"{current}>{label}</a>",
            view.lang.code(),
            u8::from(all)
        )
    };
    format!(
        "<nav class=\"tabs\" aria-label=\"{}\">{}{}</nav>",
        view.lang.pick("Quels courriels", "Which mails"),
        tab(false, view.lang.pick("Les vôtres", "Yours")),
        tab(true, view.lang.pick("Tous, avec la foule", "All, with the crowd")),
    )
}

fn one(mail: &Mail, view: &View) -> String {
    let lang = view.lang;
    let body = format!(
        "<p><a href=\"/?lang={code}\">{back}</a></p><article><h2>{subject}</h2><dl><dt>{from}</dt><dd><bdi>{sender}</bdi></dd>\
         <dt>{to}</dt><dd><bdi>{recipient}</bdi></dd><dt>{at}</dt><dd>{time} UTC</dd></dl><div class=\"text\">{text}</div></article>",
        code = lang.code(),
        back = lang.pick("Tous les courriels", "All mails"),
        subject = escape(&mail.letter.subject),
        from = lang.pick("De", "From"),
        sender = escape(&mail.letter.from),
        to = lang.pick("À", "To"),
        recipient = escape(&mail.to),
        at = lang.pick("Reçu", "Received"),
        time = time_of_day(mail.at),
        text = linked(&mail.letter.text),
    );
    page(view, &mail.letter.subject, &body, false)
}

fn missing(view: &View) -> String {
    let body = format!(
        "<p>{}</p><p><a href=\"/?lang={}\">{}</a></p>",
        view.lang.pick(
            "Ce courriel n’est pas ou plus ici.",
            "This mail is not here, or no longer."
        ),
        view.lang.code(),
        view.lang.pick("Tous les courriels", "All mails"),
    );
    page(view, view.lang.pick("Introuvable", "Not found"), &body, false)
}

fn page(view: &View, title: &str, body: &str, reload: bool) -> String {
    let lang = view.lang;
    let (other, other_name) = if lang == Lang::Fr {
        ("en", "English")
    } else {
        ("fr", "Français")
    };
    format!(
        "<!doctype html><html lang=\"{code}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         {reload}<title>{title}</title><link rel=\"stylesheet\" href=\"/style.css\"></head><body><header><h1>{heading}</h1>\
         <a href=\"/?lang={other}\" lang=\"{other}\" hreflang=\"{other}\">{other_name}</a><p>{lead}</p></header><main>{body}</main></body></html>\n",
        code = lang.code(),
        reload = if reload {
            "<meta http-equiv=\"refresh\" content=\"4\">"
        } else {
            ""
        },
        title = escape(title),
        heading = lang.pick("Boîte aux lettres d’essai", "Sample mailbox"),
        lead = lang.pick(
            "Chaque courriel de la démonstration arrive ici, quelle que soit l’adresse. Rien ne quitte cet ordinateur.",
            "Every mail of the demonstration arrives here, whatever its address. Nothing leaves this computer.",
        ),
    )
}

/// The text with its http links made clickable, everything escaped.
fn linked(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("http://").into_iter().chain(rest.find("https://")).min() {
        let (before, tail) = rest.split_at(start);
        let end = tail
            .find(|c: char| c.is_whitespace() || "<>\"'()".contains(c))
            .unwrap_or(tail.len());
        let url = tail[..end].trim_end_matches(['.', ',', ';', ':', '!', '?']);
        out.push_str(&escape(before));
        out.push_str(&format!("<a href=\"{0}\">{0}</a>", escape(url)));
        rest = &tail[url.len()..];
    }
    out.push_str(&escape(rest));
    out
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{linked, view};
    use crate::people::Lang;

    #[test]
    fn a_link_is_clickable_and_everything_else_is_text() {
        assert_eq!(
            linked("<b> http://127.0.0.1:1/confirm/a_-b?x=1&y=2. Bye"),
            "&lt;b&gt; <a href=\"http://127.0.0.1:1/confirm/a_-b?x=1&amp;y=2\">http://127.0.0.1:1/confirm/a_-b?x=1&amp;y=2</a>. Bye"
        );
        assert!(!linked("http://x/\"onmouseover=1").contains("\"onmouseover"));
        assert!(!linked("javascript:alert(1)").contains("<a"));
    }

    #[test]
    fn the_first_known_language_decides() {
        assert_eq!(view("", "de, fr;q=0.8, en;q=0.5").lang, Lang::Fr);
        assert_eq!(view("", "en-GB, fr;q=0.8").lang, Lang::En);
        assert_eq!(view("lang=fr&q=a%2Bb%40x.example", "en").lang, Lang::Fr);
        assert_eq!(view("q=a%2Bb%40x.example", "").search, "a+b@x.example");
    }
}
