//! Every page, in every language, from hostile text.

use jiff::tz::TimeZone;
use paraph_tally::Millis;
use sha2::{Digest, Sha256};

use super::room::moment;
use super::*;

const NOON: u64 = 1_795_375_402_123;
const HOSTILE: &str = "\"><script>alert(1)</script>'<img src=x onerror=alert(1)>&amp;";

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
    Site {
        name: HOSTILE.into(),
        base_url: "https://petitions.example.org".into(),
        languages: Lang::all().collect(),
        contact: HOSTILE.into(),
        mail_from: HOSTILE.into(),
        publisher: vec![HOSTILE.into()],
        host: vec![HOSTILE.into()],
        country: None,
        settle_after_seconds: 120,
        settle_every_seconds: 60,
        unconfirmed_days: 14,
        features_days: 90,
        name_chars: 100,
        comment_chars: 1000,
        postcode_chars: 12,
    }
}

fn hostile_petition() -> Petition {
    Petition {
        slug: "market".into(),
        title: HOSTILE.into(),
        author: HOSTILE.into(),
        addressee: Some(HOSTILE.into()),
        text: format!("## {HOSTILE}\n{HOSTILE}\n- https://example.org/{HOSTILE}"),
        text_lang: Some(HOSTILE.into()),
        text_version: 1,
        goal: Some(1000),
        state: PetitionState::Open,
        published_at: NOON,
        closes_at: Some(NOON),
    }
}

fn hostile_content() -> Content {
    Content {
        video: crate::video::Video::read("https://video.example.org/w/abc"),
        first_signatories: vec![(HOSTILE.into(), HOSTILE.into())],
        versions: vec![(1, NOON), (2, NOON)],
        signed_earlier: Some(12),
        updates: vec![hostile_update()],
        names: vec![HOSTILE.into()],
    }
}

fn hostile_update() -> Update {
    Update {
        number: 1,
        title: HOSTILE.into(),
        text: HOSTILE.into(),
        posted_at: NOON,
    }
}

/// The pages beside a petition's own.
fn beside(f: &Frame<'_>, petition: &Petition) -> Vec<String> {
    let (content, update_data) = (&hostile_content(), &hostile_update());
    let changed = difference(HOSTILE, "<b>after</b>");
    let version_data = &Version {
        version: 2,
        title: HOSTILE.into(),
        addressee: HOSTILE.into(),
        text: HOSTILE.into(),
        adopted_at: NOON,
        difference: Some(Difference {
            title: changed.clone(),
            addressee: changed.clone(),
            text: changed,
        }),
    };
    vec![
        versions(f, &VersionsPage { petition, content }),
        version(
            f,
            &VersionPage {
                petition,
                version: version_data,
            },
        ),
        updates(f, &UpdatesPage { petition, content }),
        update(
            f,
            &UpdatePage {
                petition,
                update: update_data,
            },
        ),
    ]
}

fn every_page(f: &Frame<'_>) -> Vec<String> {
    let petition_data = &hostile_petition();
    let closed = Petition {
        state: PetitionState::Closed,
        goal: None,
        ..petition_data.clone()
    };
    let count = Count {
        counted: 1234,
        held: 2,
        invalidated: 3,
        as_of: NOON,
    };
    let text = || HOSTILE.to_owned();
    let input = Input {
        name: text(),
        email: text(),
        postcode: text(),
        country: text(),
        comment: text(),
        show_name: true,
        news: true,
        text_version: None,
    };
    let contribution = &Shown {
        links: Links {
            confirm: "aGVsbG8gcGFyYXBoIHRva2Vu".into(),
            withdraw: "d2l0aGRyYXcgdG9rZW4gaGVy".into(),
            not_me: "bm90IG1lIHRva2VuIGhlcmUh".into(),
            receipt: "cmVjZWlwdCB0b2tlbiBoZXJl".into(),
            stop_mail: Some("c3RvcCBtYWlsIHRva2VuIGhlcmUsIGxvbmdl".into()),
        },
        slug: "market".into(),
        title: text(),
        name: text(),
        comment: text(),
        postcode: text(),
        country: text(),
        show_name: false,
        news: true,
        earlier_version: None,
        sent_at: NOON,
    };
    let others = Others {
        shown: vec![contribution.clone()],
        older: Some("b2xkZXIgdG9rZW4gaGVyZSEh".to_owned()),
    };
    let problems = [
        Problem::Required,
        Problem::TooLong(100),
        Problem::BadEmail,
        Problem::RareEmail,
        Problem::BadCharacters,
        Problem::Link,
        Problem::UnknownCountry,
        Problem::BadValue,
        Problem::Repeated,
        Problem::UnknownField,
    ];
    let fields = [
        "name", "email", "postcode", "country", "comment", HOSTILE, "ticket", "news",
    ];
    let errors: Vec<_> = fields
        .into_iter()
        .zip(problems)
        .map(|(field, problem)| FieldError {
            field: field.into(),
            problem,
        })
        .collect();
    let notices = [
        None,
        Some(Notice::NoClearance),
        Some(Notice::ClearanceRefused),
        Some(Notice::Expired),
        Some(Notice::TooEarly),
        Some(Notice::SlowDown(3)),
        Some(Notice::Busy(1)),
        Some(Notice::ReadOnly(60)),
    ];
    let mut pages = vec![
        home(
            f,
            &HomePage {
                petitions: &[(petition_data.clone(), count), (closed.clone(), count)],
            },
        ),
        home(f, &HomePage { petitions: &[] }),
        petition(
            f,
            &PetitionPage {
                petition: petition_data,
                count,
                content: &hostile_content(),
            },
        ),
        petition(
            f,
            &PetitionPage {
                petition: &closed,
                count,
                content: &Content::default(),
            },
        ),
        poster(
            f,
            &PosterPage {
                petition: petition_data,
            },
        ),
        check_mail(
            f,
            &CheckMailPage {
                petition: petition_data,
            },
        ),
        confirm(
            f,
            &ConfirmPage {
                contribution,
                others: &others,
                stands: true,
            },
        ),
        withdraw(
            f,
            &ManagePage {
                contribution,
                confirmed: false,
                standing: 2,
                kept: false,
                is_open: true,
            },
        ),
        withdrawn(
            f,
            &WithdrawnPage {
                slug: "market",
                title: HOSTILE,
                withdrawn_at: Some(NOON),
                unconfirmed: false,
                is_open: true,
            },
        ),
        not_me(
            f,
            &ManagePage {
                contribution,
                confirmed: true,
                standing: 1,
                kept: true,
                is_open: false,
            },
        ),
        stop_mail(f, &stop_page(false, false)),
        stop_mail(f, &stop_page(false, true)),
        stop_mail(f, &stop_page(true, false)),
        stop_mail(f, &stop_page(true, true)),
        method(f),
        privacy(f),
        legal(f),
    ];
    pages.extend(beside(f, petition_data));
    pages.extend(notices.map(|notice| {
        let errors: &[FieldError] = if notice.is_none() { &errors } else { &[] };
        sign(
            f,
            &SignPage {
                petition: petition_data,
                ticket: HOSTILE,
                ticket_wait: 3,
                input: &input,
                errors,
                notice,
            },
        )
    }));
    pages.extend(
        [Confirmation::New, Confirmation::Again, Confirmation::SignedBefore].map(|outcome| {
            confirmed(
                f,
                &ConfirmedPage {
                    contribution,
                    outcome,
                    confirmed_at: NOON,
                    receipt: HOSTILE,
                    others: &others,
                },
            )
        }),
    );
    pages.extend([Disowning::Erase, Disowning::Keep, Disowning::Gone].map(|choice| {
        disowned(
            f,
            &DisownedPage {
                title: HOSTILE,
                choice,
                disowned_at: Some(NOON),
                confirmed: true,
                withdraw: Some(&contribution.links.withdraw),
            },
        )
    }));
    pages.extend([Notice::ClearanceRefused, Notice::Busy(7)].map(|notice| {
        let page = AgainPage {
            petition: &hostile_petition(),
            ticket_wait: 4,
            notice,
        };
        Again::cast(f, &page).fill(&input, Some(HOSTILE))
    }));
    pages.extend(Refusal::ALL.map(|refusal| {
        refused(
            f,
            &RefusalPage {
                refusal,
                retry_after: Some(12),
                petition: Some(About {
                    slug: "market",
                    title: HOSTILE,
                    is_open: false,
                }),
            },
        )
    }));
    pages
}

#[test]
fn every_page_escapes_what_people_wrote_and_needs_nothing_inline() {
    for lang in Lang::all() {
        for page in every_page(&Frame {
            site: &site(),
            lang,
            path: Some("/"),
        }) {
            let head = page.get(..400).unwrap_or(&page);
            assert!(
                page.starts_with("<!doctype html>") && page.ends_with("</html>"),
                "{head}"
            );
            assert!(
                head.contains(&format!("<html lang=\"{}\" dir=\"ltr\">", lang.code())),
                "{head}"
            );
            assert!(
                !page.contains("<script>") && !page.contains("<img") && !page.contains("<style"),
                "{page}"
            );
            assert!(!page.contains(" style=") && !page.contains("javascript:"), "{page}");
            for tag in page.split("<script").skip(1) {
                assert!(tag.starts_with(" src=\"/assets/"), "{tag}");
            }
            assert_eq!(page.matches("<h1").count(), 1, "{page}");
        }
    }
}

#[test]
fn a_count_that_fell_by_an_invalidation_is_explained_in_every_language() {
    let (site, petition_data) = (site(), hostile_petition());
    for (lang, one, many) in [
        (
            "en",
            "1 signature previously counted, now invalidated.",
            "59 signatures previously counted, now invalidated.",
        ),
        (
            "fr",
            "1 signature auparavant comptée, aujourd’hui invalidée.",
            "59 signatures auparavant comptées, aujourd’hui invalidées.",
        ),
    ] {
        let f = &Frame {
            site: &site,
            lang: Lang::from_code(lang).expect("built in"),
            path: None,
        };
        let with = |invalidated| {
            let count = Count {
                counted: 107,
                held: 0,
                invalidated,
                as_of: NOON,
            };
            let page = PetitionPage {
                petition: &petition_data,
                count,
                content: &Content::default(),
            };
            petition(f, &page)
        };
        assert!(with(1).contains(one), "{}", with(1));
        assert!(with(59).contains(many), "{}", with(59));
        assert!(!with(0).contains("invalid"), "{}", with(0));
    }
}

#[test]
fn the_cached_page_holds_no_secret_and_the_consent_stands_apart_from_the_news() {
    let (site, petition_data) = (site(), hostile_petition());
    for lang in Lang::all() {
        let f = &Frame {
            site: &site,
            lang,
            path: None,
        };
        let count = Count {
            counted: 0,
            held: 0,
            invalidated: 0,
            as_of: NOON,
        };
        let page = petition(
            f,
            &PetitionPage {
                petition: &petition_data,
                count,
                content: &Content::default(),
            },
        );
        assert!(!page.contains("name=\"ticket\"") && !page.contains("class=\"held\""));
        let consent = page
            .find(&markup::escape(&consent_text(lang)))
            .expect("the sentence, whole");
        assert!(page.find("name=\"news\"").expect("news") < consent);
        assert!(consent < page.find("type=\"submit\"").expect("button"));
    }
}

/// The journal holds the hash of the sentence that was agreed to. Another sentence is another version.
#[test]
fn the_consent_sentence_does_not_change_under_its_version() {
    for (code, version, hash) in [("fr", 1, "b5ea431d30d78981"), ("en", 1, "a6bcfef0ffd6a206")] {
        let text = consent_text(Lang::from_code(code).expect("embedded"));
        let digest: String = Sha256::digest(&text)
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!((CONSENT_VERSION, digest.as_str()), (version, hash), "{text}");
    }
}

/// Whoever follows a shared link, or fetches its card, learns the petition and nothing about who shared it.
#[test]
fn shared_links_name_the_petition_and_nobody() {
    let site = Site {
        name: "Site".into(),
        ..site()
    };
    for lang in Lang::all() {
        let f = &Frame {
            site: &site,
            lang,
            path: None,
        };
        let (petition_data, title) = (hostile_petition(), "Parks & trees “for all”");
        let links = |title| {
            Share {
                f,
                slug: "market",
                title,
            }
            .render()
            .expect("a string")
        };
        let html = links(title);
        for href in html.split("href=\"").skip(1).filter_map(|tail| tail.split('"').next()) {
            let code = lang.code();
            assert!(
                href.contains(&format!("%2Fp%2Fmarket%3Flang%3D{code}")) || href.starts_with("/p/market/poster"),
                "{href}"
            );
            assert!(!href.contains("utm") && !href.contains(char::is_whitespace), "{href}");
        }
        for link in html
            .split("<a ")
            .skip(1)
            .filter(|tail| tail.contains("href=\"https://"))
        {
            assert!(link.contains("target=\"_blank\" rel=\"noopener noreferrer\""), "{link}");
        }
        assert!(
            html.contains("body=") && html.contains("https://wa.me/?text="),
            "{html}"
        );
        let page = petition(
            f,
            &PetitionPage {
                petition: &petition_data,
                count: Count {
                    counted: 6_103_056,
                    held: 0,
                    invalidated: 0,
                    as_of: NOON,
                },
                content: &Content::default(),
            },
        );
        for tag in [
            format!(
                "<meta property=\"og:image\" content=\"https://petitions.example.org/p/market/card.{}.png\">",
                lang.code()
            ),
            format!(
                "<meta property=\"og:url\" content=\"https://petitions.example.org/p/market?lang={}\">",
                lang.code()
            ),
            format!(
                "<link rel=\"canonical\" href=\"https://petitions.example.org/p/market?lang={}\">",
                lang.code()
            ),
            "<link rel=\"alternate\" hreflang=\"x-default\" href=\"https://petitions.example.org/p/market\">"
                .to_owned(),
        ] {
            assert!(
                page.contains(&tag),
                "{tag} is not in {}",
                page.get(..3000).unwrap_or(&page)
            );
        }
        assert!(page.contains(&lang.number(6_103_056)));
    }
}

#[test]
fn a_moment_is_said_in_local_time_and_in_utc_and_once_where_they_are_one() {
    let at = Millis(1_795_375_402_000);
    for lang in Lang::all() {
        let f = Frame {
            site: &site(),
            lang,
            path: None,
        };
        let said = |zone: &TimeZone| moment(&f, &at, zone).matches("UTC").count();
        assert_eq!(said(&TimeZone::UTC), 1, "{}", moment(&f, &at, &TimeZone::UTC));
        let paris = TimeZone::get("Europe/Paris").expect("a zone");
        let there = moment(&f, &at, &paris);
        assert!(said(&paris) == 1 && there.contains("(CET)"), "{there}");
    }
}

#[test]
fn a_goal_is_never_said_to_be_nearer_than_it_is() {
    let site = site();
    let said = |lang: &str, goal, counted: u64| {
        let f = &Frame {
            site: &site,
            lang: Lang::from_code(lang).expect("built in"),
            path: None,
        };
        let petition = Petition {
            goal: Some(goal),
            ..hostile_petition()
        };
        petition.progress(f, counted).expect("there is a goal")
    };
    assert_eq!(said("en", 500, 0), (0, "0% of a goal of 500".into()));
    assert_eq!(
        said("en", 500, 1),
        (1, "Less than 1% of a goal of 500".into()),
        "the bar shows the first signature"
    );
    assert_eq!(said("en", 500, 4).1, "Less than 1% of a goal of 500");
    assert_eq!(said("en", 500, 5).1, "1% of a goal of 500");
    assert_eq!(
        said("fr", 100_000, 999).1,
        "Moins de 1\u{a0}% de l’objectif de 100\u{202f}000"
    );
    assert_eq!(said("en", 500, 499), (99, "99% of a goal of 500".into()));
    assert_eq!(said("en", 500, 500), (100, "The goal of 500 is reached".into()));
}
