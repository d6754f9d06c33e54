use super::{
    Head, Letter, MailKind, MessageId, Millis, Page, Post, Texts, compose, note, page, plain, recipient, second_way,
    subject,
};
use crate::mail::page::COLUMNS;
use crate::mail::texts::LANGUAGES;

use lettre::Address;
use lettre::message::Mailbox;

fn address() -> Address {
    recipient("anna.muster@example.org").expect("valid")
}

fn letter<'a>(to: &'a Address, lang: &'a str) -> Letter<'a> {
    Letter {
        kind: MailKind::Confirmation,
        to,
        lang,
        site_name: "Pétitions du Val-Mérand",
        base_url: "https://petitions.example.org",
        title: "Gardons la halte-garderie ouverte le samedi matin, pour toutes les familles du canton",
        name: "Zoé d’Argent-O’Neill",
        button_token: "AbCdEfGhIjKlMnOpQrStUv-_",
        withdraw_token: "QwErTyUiOpAsDfGhJkLzXcVb",
        not_me_token: "ZyXwVuTsRqPoNmLkJiHgFe_-",
        stop_token: "StOpStOpStOpStOpStOpStOpStOpStOpStOp",
        waiting: 2,
        days: 14,
        stop_days: 180,
    }
}

fn sender() -> Mailbox {
    Mailbox::new(
        Some("Pétitions du Val-Mérand".into()),
        "petitions@example.org".parse().expect("valid"),
    )
}

fn written_page(texts: &Texts, letter: &Letter<'_>) -> Page {
    match letter.kind {
        MailKind::Confirmation => page(texts, letter),
        MailKind::SecondWay => second_way(texts, letter),
    }
}

fn text(texts: &Texts, letter: &Letter<'_>) -> String {
    written_page(texts, letter).text(letter.site_name, letter.base_url)
}

fn html(texts: &Texts, letter: &Letter<'_>) -> String {
    written_page(texts, letter).html(&Head {
        lang: letter.lang,
        dir: "ltr",
        subject: &subject(texts, letter),
        site: letter.site_name,
        base_url: letter.base_url,
    })
}

fn written(letter: &Letter<'_>, id: MessageId, written: Millis) -> Vec<u8> {
    let post = Post {
        from: &sender(),
        returns_to: None,
        id,
        written,
    };
    compose(letter, &post).expect("written").formatted()
}

#[test]
fn both_languages_read_as_they_were_proofread() {
    let to = address();
    for lang in ["en", "fr"] {
        let (letter, texts) = (letter(&to, lang), Texts::of(lang));
        insta::assert_snapshot!(lang, format!("{}\n\n{}", subject(texts, &letter), text(texts, &letter)));
        insta::assert_snapshot!(format!("{lang}.html"), html(texts, &letter));
        let held = Letter {
            kind: MailKind::SecondWay,
            ..letter
        };
        insta::assert_snapshot!(
            format!("{lang}.held"),
            format!("{}\n\n{}", subject(texts, &held), text(texts, &held))
        );
        insta::assert_snapshot!(format!("{lang}.held.html"), html(texts, &held));
    }
}

#[test]
fn lines_fit_and_links_stand_whole_on_their_own_line() {
    let to = address();
    let long = format!("https://{}.example.org", "a".repeat(80));
    for (lang, _) in LANGUAGES {
        let letter = Letter {
            base_url: &long,
            waiting: 1,
            days: 1,
            ..letter(&to, lang)
        };
        let text = text(Texts::of(lang), &letter);
        assert!(
            text.lines()
                .any(|line| line == format!("{long}/confirm/AbCdEfGhIjKlMnOpQrStUv-_?lang={lang}"))
        );
        assert!(
            text.lines()
                .any(|line| line == format!("{long}/not-me/ZyXwVuTsRqPoNmLkJiHgFe_-?lang={lang}"))
        );
        assert!(
            text.lines()
                .all(|line| line.chars().count() <= COLUMNS || line.starts_with("https://")),
            "{text}"
        );
    }
}

#[test]
fn every_language_file_is_whole() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/locales/mail");
    let files = std::fs::read_dir(folder).expect("folder").count();
    assert_eq!(files, LANGUAGES.len());
    let english = Texts::of("en");
    let names = LANGUAGES[0]
        .1
        .lines()
        .filter_map(|line| line.split_once(" =").map(|(name, _)| name));
    for name in names.filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase())) {
        for (code, _) in LANGUAGES {
            assert!(
                english.bundle.has_message(name) && Texts::of(code).bundle.has_message(name),
                "{code} lacks {name}"
            );
        }
    }
    assert_eq!(Texts::of("tlh").code, "en");
}

#[test]
fn what_strangers_typed_cannot_become_a_header_or_a_link() {
    let to = address();
    let letter = Letter {
        title: "Yes\r\nBcc: victim@example.net\r\n\r\nbody\u{202E}",
        name: "Win at www.casino.example now",
        ..letter(&to, "en")
    };
    let raw = String::from_utf8(written(&letter, MessageId([1; 16]), Millis(0))).expect("ASCII");
    let (headers, body) = raw.split_once("\r\n\r\n").expect("two parts");
    assert!(
        headers.lines().all(|line| !line.to_lowercase().starts_with("bcc")),
        "{headers}"
    );
    assert!(
        body.contains("\r\n\r\nHello,")
            && body.contains(">Hello,<")
            && !raw.contains("casino")
            && !raw.contains('\u{202E}'),
        "{body}"
    );
    let post = Post {
        from: &sender(),
        returns_to: None,
        id: MessageId([1; 16]),
        written: Millis(0),
    };
    let message = compose(&letter, &post).expect("written");
    assert_eq!(message.envelope().to(), std::slice::from_ref(&to));
}

#[test]
fn names_of_real_people_are_greeted() {
    for name in [
        "Zoé d’Argent-O’Neill",
        "J.R.R. Müller",
        "Ng",
        "Ólafur",
        "王小明",
        "Dr. Anna Muster",
    ] {
        let to = address();
        let letter = Letter {
            name,
            ..letter(&to, "fr")
        };
        assert!(
            text(Texts::of("fr"), &letter).starts_with(&format!("Bonjour {name},")),
            "{name}"
        );
    }
}

#[test]
fn a_long_title_is_cut_at_a_word() {
    assert_eq!(plain("Un titre  court", 60), "Un titre court");
    assert_eq!(plain("alpha beta gamma delta", 18), "alpha beta gamma…");
    assert_eq!(plain(&"x".repeat(100), 10), "xxxxxxxxx…");
}

#[test]
fn the_same_mail_is_the_same_bytes_and_its_id_hides_the_outbox() {
    let to = recipient("zoé@bücher.example").expect("valid");
    assert_eq!(to.domain(), "xn--bcher-kva.example");
    let to = recipient("zoe@bücher.example").expect("valid");
    let id = MessageId::derive(&[7; 32], [41; 16]);
    assert_ne!(id, MessageId::derive(&[7; 32], [42; 16]));
    let write = || written(&letter(&to, "fr"), id, Millis(1_795_374_202_123));
    assert_eq!(write(), write());
    let raw = String::from_utf8(write()).expect("ASCII");
    for header in [
        format!("Message-ID: <{id}@example.org>"),
        "To: zoe@xn--bcher-kva.example".into(),
        "Auto-Submitted: auto-generated".into(),
        "Content-Type: multipart/alternative;".into(),
        "Content-Type: text/plain; charset=utf-8".into(),
        "Content-Type: text/html; charset=utf-8".into(),
        "List-Unsubscribe: <https://petitions.example.org/stop-mail/StOpStOpStOpStOpStOpStOpStOpStOpStOp?lang=fr>"
            .into(),
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click".into(),
        "Date: Sun, 22 Nov 2026".into(),
    ] {
        assert!(raw.contains(&header), "{header} not in {raw}");
    }
    assert!(raw.lines().all(|line| line.len() <= 998));
}

#[test]
fn html_escapes_what_strangers_typed_and_loads_nothing() {
    let to = address();
    let hostile = Letter {
        title: "<img src=x onerror=alert(1)> & \"quoted\"",
        name: "<b>Zoé</b>",
        site_name: "<script>alert(1)</script>",
        ..letter(&to, "fr")
    };
    for (lang, _) in LANGUAGES {
        let shown = html(Texts::of(lang), &hostile);
        assert!(
            !shown.contains("<img") && !shown.contains("<script") && !shown.contains("<b>"),
            "{shown}"
        );
        let shown = html(Texts::of(lang), &letter(&to, lang));
        for loads in ["src=", "url(", "@import", "<link", "<img", "<iframe", "http-equiv"] {
            assert!(!shown.contains(loads), "{loads} in {shown}");
        }
    }
}

/// Every sentence and every link of the text stands in the HTML, so that nobody reads less.
#[test]
fn text_and_html_say_the_same() {
    let to = address();
    for (lang, _) in LANGUAGES {
        let letter = Letter {
            title: "Un titre",
            name: "Ada",
            ..letter(&to, lang)
        };
        let (text, html) = (text(Texts::of(lang), &letter), html(Texts::of(lang), &letter));
        for paragraph in text.split("\n\n").map(|part| part.trim().replace('\n', " ")) {
            let shown = html.contains(&paragraph) || paragraph.starts_with("-- ");
            assert!(shown, "{paragraph} not in {html}");
        }
    }
}

/// A reader that follows the standards takes a mail without these fields for ASCII, and an accent for two other signs.
#[test]
fn a_note_says_that_it_is_utf_8() {
    let text = "Compte sûr, enregistré. On peut signer\u{a0}: oui.\n";
    let written = note(
        &sender(),
        &address(),
        "Pétitions : essai",
        text.to_owned(),
        MessageId([7; 16]),
    );
    let raw = String::from_utf8(written.expect("written").formatted()).expect("UTF-8");
    let (head, body) = raw.split_once("\r\n\r\n").expect("a head and a body");
    let field = |name: &str| {
        let start = format!("{name}: ");
        head.lines().find_map(|line| line.strip_prefix(&start))
    };
    assert_eq!(field("MIME-Version"), Some("1.0"), "{head}");
    assert_eq!(field("Content-Type"), Some("text/plain; charset=utf-8"), "{head}");
    assert_eq!(field("Auto-Submitted"), Some("auto-generated"), "{head}");
    assert!(field("Message-ID").is_some() && field("Date").is_some(), "{head}");
    assert!(
        field("Content-Transfer-Encoding").is_some() && raw.is_ascii() && !body.is_empty(),
        "{raw}"
    );
    assert!(
        paraph_drill::mime::read(raw.as_bytes()).text.contains(text.trim_end()),
        "{raw}"
    );
}
