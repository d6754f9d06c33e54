//! Every page, in every language, without a server or a store: `cargo run --example pages -- DIR` writes them as files,
//! `cargo run --example pages -- 127.0.0.1:8099` serves them. The petition, its author and its town are invented.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

use paraph::views::{
    self, About, CheckMailPage, ConfirmPage, Confirmation, ConfirmedPage, Content, Count, DisownedPage, Disowning,
    FieldError, Frame, HomePage, Input, Lang, Links, ManagePage, Notice, Others, Petition, PetitionPage, PetitionState,
    Problem, Refusal, RefusalPage, Shown, SignPage, Site, StopMailPage, WithdrawnPage,
};

const NOON: u64 = 1_795_375_402_123;
const TOKEN: &str = "aGVsbG8gcGFyYXBoIHRva2Vu";
const TEXT_FR: &str = "Le marché couvert de Valmure nourrit la ville depuis 1884. Ses quarante étals, ses maraîchers et ses \
fromagers font vivre deux cents familles, et le samedi matin tout le monde s’y croise.\n\nLe conseil municipal envisage \
de vendre le bâtiment. Nous demandons qu’il reste un marché, public, et qu’il soit réparé.\n\n## Ce que nous demandons\n\
- que la vente soit abandonnée\u{202f};\n- que la charpente soit réparée avant l’hiver 2027\u{202f};\n- qu’un comité d’usagers et de \
commerçants suive les travaux.\n\n## Pourquoi maintenant\nLe vote est prévu en janvier. Le rapport d’expertise est public\u{a0}: \
https://example.org/valmure/rapport?page=12. Il chiffre la réparation à 1,4\u{a0}million d’euros, soit moins de deux ans de \
loyers.\n\nUn marché ne se remplace pas par un parking. Il se répare, il se balaie, il s’ouvre à six heures.";

fn stop_page(news: bool, stopped: bool) -> StopMailPage<'static> {
    StopMailPage {
        token: "c3RvcCBtYWlsIHRva2VuIGhlcmUsIGxvbmdl",
        news,
        stopped,
        until: (!news).then_some(NOON + 86_400_000),
        days: 180,
    }
}

fn site() -> Site {
    let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
    Site {
        name: "Pétitions de Valmure".into(),
        base_url: "https://petitions.example.org".into(),
        languages: ["fr", "en"].into_iter().filter_map(Lang::from_code).collect(),
        contact: "contact@example.org".into(),
        mail_from: "petitions@example.org".into(),
        publisher: lines(&["Association Place Publique", "3 place du Marché, Valmure"]),
        host: lines(&["Coopérative d’hébergement de l’Aure", "12 quai des Tanneurs, Valmure"]),
        country: Some("FR".into()),
        settle_after_seconds: 120,
        settle_every_seconds: 60,
        unconfirmed_days: 14,
        features_days: 90,
        name_chars: 100,
        comment_chars: 1000,
        postcode_chars: 12,
    }
}

fn petitions() -> Vec<(Petition, Count)> {
    let petition = |slug: &str, title: &str, author: &str, text: &str, goal, state| Petition {
        slug: slug.into(),
        title: title.into(),
        author: author.into(),
        addressee: Some("Conseil municipal de Valmure".into()),
        text: text.into(),
        text_lang: Some("fr".into()),
        text_version: 2,
        goal,
        state,
        published_at: NOON - 20 * 86_400_000,
        closes_at: Some(NOON + 40 * 86_400_000),
    };
    let count = |counted, held| Count {
        counted,
        held,
        invalidated: 0,
        as_of: NOON,
    };
    let short = "Chaque dimanche de mai à septembre, rendons le quai aux enfants, aux vélos et aux chaises longues. Trois \
                 villes voisines l’ont fait et ne reviendraient pas en arrière pour un empire.";
    vec![
        (
            petition(
                "marche-couvert",
                "Gardons le marché couvert de Valmure",
                "Les Amis du marché",
                TEXT_FR,
                Some(20_000),
                PetitionState::Open,
            ),
            count(12_847, 312),
        ),
        (
            petition(
                "quai-aux-enfants",
                "Le quai des Tanneurs sans voitures le dimanche",
                "Odile Ferrand-Quéré",
                short,
                Some(500),
                PetitionState::Open,
            ),
            count(613, 0),
        ),
        (
            petition(
                "bibliotheque",
                "Une bibliothèque ouverte le soir",
                "Collectif Lire tard",
                "Ouvrir jusqu’à 22 heures, deux soirs par semaine.",
                None,
                PetitionState::Closed,
            ),
            count(1, 0),
        ),
    ]
}

fn shown(petition: &Petition, name: &str, comment: &str) -> Shown {
    Shown {
        links: Links {
            confirm: TOKEN.into(),
            withdraw: TOKEN.into(),
            not_me: TOKEN.into(),
            receipt: TOKEN.into(),
            stop_mail: Some(TOKEN.into()),
        },
        slug: petition.slug.clone(),
        title: petition.title.clone(),
        name: name.into(),
        comment: comment.into(),
        postcode: "99120".into(),
        country: "FR".into(),
        show_name: true,
        news: false,
        earlier_version: None,
        sent_at: NOON - 240_000,
    }
}

/// `(name, page)` for every page in one language.
fn pages(site: &Site, lang: Lang) -> Vec<(String, String)> {
    let petitions = petitions();
    let (petition, count) = &petitions[0];
    let f = &Frame {
        site,
        lang,
        path: Some("/"),
    };
    let typed = Input {
        name: "Maëlle Le Goff-d’Aure".into(),
        email: "maelle@example".into(),
        postcode: "99120".into(),
        country: "FR".into(),
        comment: "J’y achète mes <pommes> & mes œufs depuis trente ans.".into(),
        show_name: true,
        news: false,
        text_version: None,
    };
    let untouched = Input::default();
    let mine = shown(
        petition,
        "Maëlle Le Goff-d’Aure",
        "J’y achète mes pommes & mes œufs depuis trente ans.",
    );
    let beside = |petition, older| Others {
        shown: vec![shown(petition, "Jean Untel", "")],
        older,
    };
    let others = beside(petition, Some(TOKEN.to_owned()));
    let elsewhere = beside(&petitions[1].0, None);
    let manage = ManagePage {
        contribution: &mine,
        confirmed: true,
        standing: 1,
        kept: false,
        is_open: true,
    };
    let error = |field: &str, problem| FieldError {
        field: field.into(),
        problem,
    };
    let wrong = [
        error("email", Problem::BadEmail),
        error("comment", Problem::TooLong(1000)),
        error("ticket", Problem::Repeated),
    ];
    let sign = |input, errors, notice| {
        views::sign(
            f,
            &SignPage {
                petition,
                ticket: "1.kid.nonce.mac",
                ticket_wait: 4,
                input,
                errors,
                notice,
            },
        )
    };
    let confirmed = |outcome| {
        let receipt = "{\n  \"petition\": \"marche-couvert\",\n  \"confirmed_at\": \"2026-11-22T19:23:22.123Z\"\n}";
        views::confirmed(
            f,
            &ConfirmedPage {
                contribution: &mine,
                outcome,
                confirmed_at: NOON,
                receipt,
                others: &elsewhere,
            },
        )
    };
    let disowned = |choice| {
        views::disowned(
            f,
            &DisownedPage {
                title: &petition.title,
                choice,
                disowned_at: Some(NOON),
                confirmed: false,
                withdraw: None,
            },
        )
    };
    let mut pages = vec![
        ("home", views::home(f, &HomePage { petitions: &petitions })),
        (
            "petition",
            views::petition(
                f,
                &PetitionPage {
                    petition,
                    count: *count,
                    content: &Content::default(),
                },
            ),
        ),
        (
            "petition-closed",
            views::petition(
                f,
                &PetitionPage {
                    petition: &petitions[2].0,
                    count: petitions[2].1,
                    content: &Content::default(),
                },
            ),
        ),
        ("sign", sign(&untouched, &[], None)),
        ("sign-wrong", sign(&typed, &wrong, None)),
        ("check-mail", views::check_mail(f, &CheckMailPage { petition })),
        (
            "confirm",
            views::confirm(
                f,
                &ConfirmPage {
                    contribution: &mine,
                    others: &Others::default(),
                    stands: false,
                },
            ),
        ),
        (
            "confirm-others",
            views::confirm(
                f,
                &ConfirmPage {
                    contribution: &mine,
                    others: &others,
                    stands: false,
                },
            ),
        ),
        ("confirmed", confirmed(Confirmation::New)),
        ("confirmed-again", confirmed(Confirmation::Again)),
        ("confirmed-before", confirmed(Confirmation::SignedBefore)),
        ("withdraw", views::withdraw(f, &manage)),
        (
            "withdrawn",
            views::withdrawn(
                f,
                &WithdrawnPage {
                    slug: &petition.slug,
                    title: &petition.title,
                    withdrawn_at: Some(NOON),
                    unconfirmed: false,
                    is_open: true,
                },
            ),
        ),
        ("not-me", views::not_me(f, &manage)),
        ("stop-mail", views::stop_mail(f, &stop_page(false, false))),
        ("stop-mail-stopped", views::stop_mail(f, &stop_page(false, true))),
        ("stop-news", views::stop_mail(f, &stop_page(true, false))),
        ("stop-news-stopped", views::stop_mail(f, &stop_page(true, true))),
        ("disowned-erase", disowned(Disowning::Erase)),
        ("disowned-keep", disowned(Disowning::Keep)),
        ("method", views::method(f)),
        ("privacy", views::privacy(f)),
        ("legal", views::legal(f)),
    ]
    .into_iter()
    .map(|(name, page)| (name.to_owned(), page))
    .collect::<Vec<_>>();
    let notices = [
        ("no-clearance", Notice::NoClearance),
        ("clearance-refused", Notice::ClearanceRefused),
        ("expired", Notice::Expired),
        ("too-early", Notice::TooEarly),
        ("slow-down", Notice::SlowDown(30)),
        ("busy", Notice::Busy(8)),
    ];
    pages.extend(notices.map(|(name, notice)| (format!("sign-{name}"), sign(&typed, &[], Some(notice)))));
    pages.extend(Refusal::ALL.map(|refusal| {
        let about = (refusal == Refusal::Closed).then_some(About {
            slug: &petition.slug,
            title: &petition.title,
            is_open: false,
        });
        let wait = matches!(refusal, Refusal::SlowDown | Refusal::Busy).then_some(12);
        let page = views::refused(
            f,
            &RefusalPage {
                refusal,
                retry_after: wait,
                petition: about,
            },
        );
        (format!("refused-{}", refusal.code()), page)
    }));
    pages
}

fn main() -> std::io::Result<()> {
    let place = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8099".to_owned());
    let site = site();
    let all: Vec<(String, String)> = site
        .languages
        .iter()
        .flat_map(|lang| {
            pages(&site, *lang)
                .into_iter()
                .map(|(name, page)| (format!("{}-{name}", lang.code()), page))
        })
        .collect();
    if place.contains(':') {
        return serve(&TcpListener::bind(place)?, &all);
    }
    std::fs::create_dir_all(&place)?;
    all.iter()
        .try_for_each(|(name, page)| std::fs::write(Path::new(&place).join(format!("{name}.html")), page))
}

/// One request at a time is enough to look at pages.
fn serve(listener: &TcpListener, pages: &[(String, String)]) -> std::io::Result<()> {
    for stream in listener.incoming() {
        // A browser that goes away in the middle is not an error of the preview.
        let _ = answer(stream?, pages);
    }
    Ok(())
}

fn answer(mut stream: TcpStream, pages: &[(String, String)]) -> std::io::Result<()> {
    stream.set_read_timeout(Some(std::time::Duration::from_millis(500)))?;
    let mut line = String::new();
    BufReader::new((&stream).take(8192)).read_line(&mut line)?;
    let target = line.split(' ').nth(1).unwrap_or("/");
    let path = target.split('?').next().unwrap_or("/");
    if let Some(asset) = views::asset(path) {
        return respond(&mut stream, asset.content_type, asset.bytes);
    }
    let index;
    let page = match pages.iter().find(|(name, _)| *name == path[1..]) {
        Some((_, page)) => page,
        None => {
            let row = |(name, _): &(String, String)| format!("<li><a href=\"/{name}\">{name}</a>");
            index = format!(
                "<!doctype html><title>Pages</title><ul>{}</ul>",
                pages.iter().map(row).collect::<String>()
            );
            &index
        }
    };
    respond(&mut stream, "text/html; charset=utf-8", page.as_bytes())
}

fn respond(stream: &mut TcpStream, content_type: &str, body: &[u8]) -> std::io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\nContent-Security-Policy: {}\r\n\
         Connection: close\r\n\r\n",
        body.len(),
        views::CONTENT_SECURITY_POLICY
    )?;
    stream.write_all(body)
}
