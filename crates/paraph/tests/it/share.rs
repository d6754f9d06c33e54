//! Share cards and posters from outside, and languages that are files.

use std::collections::BTreeSet;
use std::path::Path;

use crate::client::Client;
use crate::server::{Site, until};

fn number(metrics: &str, name: &str) -> u64 {
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    line.unwrap_or_default()
}

/// A link that goes round is fetched by thousands at once: the picture is drawn once for each language.
#[test]
fn a_crowd_that_fetches_a_card_makes_the_server_draw_it_once() {
    let site = Site::new();
    site.petition("fountain");
    let server = site.start();
    let fetched: Vec<_> = std::thread::scope(|scope| {
        let crowd: Vec<_> = (0..32)
            .map(|_| {
                let mut client = server.client();
                scope.spawn(move || client.get("/p/fountain/card.fr.png"))
            })
            .collect();
        crowd.into_iter().map(|one| one.join().expect("an answer")).collect()
    });
    for answer in &fetched {
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("image/png")));
        assert_eq!(answer.body, fetched[0].body);
    }
    assert_eq!(
        number(&server.metrics(), "paraph_cards_drawn_total"),
        1,
        "{}",
        server.metrics()
    );

    let mut client = server.client();
    let etag = fetched[0].header("etag").expect("a tag").to_owned();
    let ask = |client: &mut Client, method: &str, path: &str, headers: &[(&str, &str)]| {
        client.ask(method, path, headers, b"").expect("an answer")
    };
    let again = ask(
        &mut client,
        "GET",
        "/p/fountain/card.fr.png",
        &[("if-none-match", &etag)],
    );
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(ask(&mut client, "HEAD", "/p/fountain/card.en.png", &[]).status, 200);
    assert_eq!(
        ask(&mut client, "POST", "/p/fountain/card.en.png", &[]).header("allow"),
        Some("GET, HEAD")
    );
    for path in [
        "/p/well/card.fr.png",
        "/p/fountain/card.xx.png",
        "/p/fountain/card.png",
        "/p/well/poster",
    ] {
        assert_eq!(client.get(path).status, 404, "{path}");
    }
    let poster = client.get("/p/fountain/poster?lang=en");
    assert!(
        poster.status == 200 && poster.text().contains("<svg class=\"code\"") && !poster.text().contains("<script")
    );
    assert_eq!(number(&server.metrics(), "paraph_cards_drawn_total"), 2);
}

/// A card says how many have signed, in the language that was asked for; a link shared an hour ago gets the count of now.
#[test]
fn a_card_is_in_its_language_and_follows_the_count() {
    let mut site = Site::new();
    site.set("limits.card_seconds", 1);
    site.petition("fountain");
    let server = site.start();
    let card = |lang: &str| {
        let answer = server.client().get(&format!("/p/fountain/card.{lang}.png"));
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    };
    let before = card("fr");
    assert_ne!(card("en"), before, "the words are others");
    assert_eq!(card("fr"), before);
    server.client().sign("fountain", "Ada Example", "ada@people.example");
    let confirm = site.mail_to("ada@people.example").link("confirm");
    assert_eq!(server.client().post_json(&confirm, "").status, 200);
    assert_eq!(server.settled("fountain")["counted"], 1);
    until("a card with another number", || (card("fr") != before).then_some(()));
    server.stop();
}

/// The code on the poster, read back from what is drawn: dark where the code of the address is dark, and with its quiet edge.
#[test]
fn the_code_on_the_poster_is_the_address_of_the_petition() {
    let mut site = Site::new();
    site.set("site.base_url", "https://petitions.example.org");
    site.petition("fountain");
    let server = site.start();
    let poster = server.client().get("/p/fountain/poster?lang=fr").text();
    let drawn = poster.split("<path fill=\"#000\" d=\"").nth(1).expect("a code");
    let mut dark = BTreeSet::new();
    for run in drawn
        .split('"')
        .next()
        .expect("a path")
        .split('z')
        .filter(|run| !run.is_empty())
    {
        let numbers: Vec<usize> = run
            .split(|c: char| !c.is_ascii_digit())
            .filter_map(|number| number.parse().ok())
            .collect();
        let [x, y, long, 1, _] = numbers[..] else {
            panic!("not a row of modules: {run}")
        };
        dark.extend((x..x + long).map(|x| (x, y)));
    }
    let address = "https://petitions.example.org/p/fountain";
    let code = qrcode::QrCode::with_error_correction_level(address, qrcode::EcLevel::M).expect("short enough");
    let wide = code.width();
    assert!(
        poster.contains(&format!("viewBox=\"0 0 {0} {0}\"", wide + 8)),
        "{poster}"
    );
    let wanted = (0..wide * wide).filter(|at| code[(at % wide, at / wide)] == qrcode::Color::Dark);
    let wanted: BTreeSet<_> = wanted.map(|at| (at % wide + 4, at / wide + 4)).collect();
    assert_eq!(dark, wanted);
    server.stop();
}

#[test]
fn a_language_is_added_by_files_alone() {
    let mut site = Site::new();
    let languages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../languages");
    site.set("site.locales", languages.display());
    site.set("site.languages", "fr,en,es");
    let checked = site.run(&["check-config", "--json"]).json();
    let [spanish] = checked["languages"].as_array().expect("a list").as_slice() else {
        panic!("{checked}");
    };
    assert_eq!(spanish["code"], "es");
    assert_eq!(spanish["unknown"].as_array().map(Vec::len), Some(0), "{spanish}");
    assert_eq!(spanish["mails"], true);
    for whole in ["missing", "missing_in_mails", "faults"] {
        assert_eq!(spanish[whole].as_array().map(Vec::len), Some(0), "{spanish}");
    }
    site.petition("fountain");
    let server = site.start();
    let mut client = server.client();
    let page = client.get("/p/fountain?lang=es").text();
    assert!(
        page.contains("<html lang=\"es\" dir=\"ltr\">") && page.contains("Firmar esta petición"),
        "{page}"
    );
    assert!(page.contains(">Alemania</option>"), "countries");
    let french = client.get("/p/fountain?lang=fr").text();
    assert!(
        french.contains("hreflang=\"es\"") && french.contains("es_ES"),
        "{french}"
    );

    let form = client.filled("fountain", "Ada", "ada@example.org").expect("a form");
    assert_eq!(client.post("/p/fountain/sign?lang=es", &form).status, 303);
    let mail = site.mail_to("ada@example.org").text;
    assert!(
        mail.contains("Hola, Ada:") && mail.contains("No tienes que hacer nada"),
        "{mail}"
    );
}

#[test]
fn what_a_language_lacks_is_said_in_the_first_one_and_what_is_none_is_refused() {
    let mut site = Site::new();
    let languages = site.place().join("languages");
    std::fs::create_dir(&languages).expect("made");
    let write = |name: &str, text: &str| std::fs::write(languages.join(name), text).expect("written");
    write(
        "qw.ftl",
        "name = Qwerty\ndir = rtl\nnumber-group = .\nsign-petition = Qwerty qwerty\n",
    );
    site.set("site.locales", languages.display());
    site.set("site.languages", "en,qw");
    site.petition("fountain");
    let server = site.start();
    let page = server.client().get("/p/fountain?lang=qw").text();
    assert!(
        page.contains("<html lang=\"qw\" dir=\"rtl\">") && page.contains("Qwerty qwerty"),
        "{page}"
    );
    assert!(page.contains("Launched by"), "English stands in: {page}");
    let method = server.client().get("/method?lang=qw").text();
    assert!(
        method.contains("<div lang=\"en\" dir=\"ltr\">"),
        "and says so of what it says: {method}"
    );
    // What would not come out as it is written is named, and mails are as pages.
    std::fs::create_dir(languages.join("mail")).expect("made");
    write("mail/qw.ftl", "subject = { $titulo }\n");
    write("qw.countries.tsv", "FR Qwerty\n");
    let checked = site.run(&["check-config"]);
    assert_eq!(checked.code, 0, "{}", checked.stderr);
    for said in [
        "mail/qw.ftl: message subject: $titulo is no value of it; it has $title; until then it is said in en",
        "qw.countries.tsv: line 1: there is no tab",
        "texts of mails in en: ",
    ] {
        assert!(checked.stdout.contains(said), "{said}: {}", checked.stdout);
    }
    // A reload takes over no language, and refuses what a start would.
    let named = |file: &str| languages.join(file);
    std::fs::rename(named("qw.ftl"), named("qw.away")).expect("away");
    server.hang_up();
    until("the refusal", || site.logged().contains("reload refused").then_some(()));
    std::fs::rename(named("qw.away"), named("qw.ftl")).expect("back");
    server.stop();

    write("qw.ftl", "name = Qwerty\nnumber-group = .\n");
    let refused = site.run(&["check-config"]);
    assert_eq!(refused.code, 2);
    assert!(
        refused.stderr.contains("qw.ftl: there is no message dir") && refused.stderr.contains("hint:"),
        "{}",
        refused.stderr
    );
}
