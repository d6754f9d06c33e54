//! Signing from outside: what each wrong request is told, in HTML and in JSON, and that the right ones all look alike.

use std::collections::BTreeSet;

use paraph::admit::challenge::{Price, Puzzles};
use paraph::admit::source::Source;
use paraph::admit::ticket::Tickets;
use paraph::clock;
use paraph::keys::Keys;
use paraph::limits::Limits;
use paraph_tally::Millis;

use crate::client::{Answer, Client, FORM, JSON, form};
use crate::server::{Server, Site, until};

const SIGN: &str = "/p/fountain/sign";

fn open() -> (Site, Server) {
    open_with(&[])
}

fn open_with(settings: &[(&str, u64)]) -> (Site, Server) {
    let mut site = Site::new();
    for (key, value) in settings {
        site.set(key, value);
    }
    site.petition("fountain");
    let server = site.start();
    (site, server)
}

fn seconds(answer: &Answer) -> u64 {
    let value = answer
        .header("retry-after")
        .unwrap_or_else(|| panic!("no Retry-After: {answer:?}"));
    value.parse().expect("seconds")
}

/// The fields of an `invalid_form` problem, as in `email:bad_email name:required`.
fn fields(answer: &Answer) -> String {
    let problem = answer.json();
    let named = |field: &serde_json::Value| {
        let text = |key: &str| field[key].as_str().expect("a text").to_owned();
        assert!(text("message").len() > 10, "{field}");
        format!("{}:{}", text("field"), text("code"))
    };
    problem["fields"]
        .as_array()
        .expect("a list")
        .iter()
        .map(named)
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn a_wrong_form_is_answered_field_by_field_and_keeps_what_was_typed() {
    let (_site, server) = open();
    let mut client = server.client();
    let long_name = format!("name={}&email=ada%40people.example&postcode=35000", "a".repeat(101));
    let long_comment = format!(
        "name=Ada&email=ada%40people.example&postcode=35000&comment={}",
        "x".repeat(1001)
    );
    let many = format!("name=Ada&postcode=35000{}", "&a=1".repeat(33));
    let script: &[(&str, &str)] = &[
        ("postcode=35000", "name:required email:required"),
        ("name=Ada&email=ada&postcode=35000", "email:bad_email"),
        ("name=Ada&email=ada%40127.0.0.1&postcode=35000", "email:bad_email"),
        (
            "name=12345&email=ada%40people.example&postcode=35000",
            "name:bad_characters",
        ),
        (
            "name=Ada%0ABob&email=ada%40people.example&postcode=35000",
            "name:bad_characters",
        ),
        (
            "name=%E2%80%8B%E2%80%AE&email=ada%40people.example&postcode=35000",
            "name:required",
        ),
        (
            "name=see+https%3A%2F%2Fx.example&email=a%40b.example&postcode=35000",
            "name:bad_characters",
        ),
        (
            "name=A%00da&email=ada%40people.example&postcode=35000",
            "name:bad_characters",
        ),
        (
            "name=%FF&email=%C3%28&postcode=35000",
            "name:bad_characters email:bad_characters",
        ),
        (
            "name=Ada&email=ada%40people.example&postcode=35000&comment=100%&news=perhaps",
            "comment:bad_characters news:bad_value",
        ),
        (
            "show_name=perhaps&name=&email=%FF&postcode=35000&country=FRA",
            "show_name:bad_value email:bad_characters name:required country:unknown_country",
        ),
        (
            "name=Ada&email=ada%40people.example&postcode=35000&country=FRA",
            "country:unknown_country",
        ),
        (
            "name=Ada&email=ada%40people.example&postcode=35000&age=7",
            "age:unknown_field",
        ),
        (
            "name=Ada&name=Bob&email=ada%40people.example&postcode=35000",
            "name:repeated",
        ),
        (&long_name, "name:too_long"),
        (&long_comment, "comment:too_long"),
        (&many, "form:too_many_fields"),
    ];
    for (body, expected) in script {
        let answer = client.post_json(SIGN, body);
        assert_eq!(answer.outcome(), (400, "invalid_form".to_owned()), "{body}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        assert_eq!(fields(&answer), *expected, "{body}");
        // For people: what a form says above its fields, and what is wrong with each.
        let said = answer.json();
        let title = said["title"].as_str().unwrap_or_default();
        assert!(title.contains("corriger"), "{body}: {title}");
        for wrong in said["fields"].as_array().expect("fields") {
            let message = wrong["message"].as_str().expect("a message");
            assert!(
                said["detail"].as_str().is_some_and(|detail| detail.contains(message)),
                "{body}"
            );
        }

        let page = client.post(SIGN, body);
        assert_eq!(page.status, 400, "{body}");
        let html = page.text();
        assert!(
            html.contains("value=\"35000\""),
            "what was typed is lost: {body}\n{html}"
        );
        assert!(html.contains("role=\"alert\""), "{body}");
        for field in expected.split(' ').filter_map(|pair| pair.split(':').next()) {
            assert!(html.contains(field), "{field} is not named: {body}");
        }
        assert!(!page.hidden("ticket").is_empty());
    }
}

#[test]
fn what_is_not_seen_is_taken_out_of_names() {
    let (site, server) = open();
    let mut client = server.client();
    client.sign(
        "fountain",
        "Ada\u{202e}\u{200b} Ev\u{2066}ans\u{feff}",
        "ada@people.example",
    );
    let page = client.get(&site.mail_to("ada@people.example").link("confirm")).text();
    assert!(page.contains("Ada Evans"), "{page}");
    let hidden = ['\u{202e}', '\u{200b}', '\u{2066}', '\u{feff}'];
    assert!(!page.contains(hidden) && !site.mails()[0].text.contains(hidden));
}

/// Makes what the server would have made some time ago, with its own key.
fn from_the_past(site: &Site) -> (String, String) {
    let keys = Keys::open(&site.data().join("keys/master.key"), false).expect("the key");
    let then = Millis(clock::now().0 - 3 * 3600 * 1000);
    let tickets = Tickets::new(&keys.derive("ticket v1"), 7200, 0).expect("a key");
    let home = Source::direct("127.0.0.1:1".parse().expect("an address"));
    let ticket = tickets.issue(&home, "fountain", 0, [7; 16], then);
    let puzzles = Puzzles::new(&keys.derive("challenge v1"), Price::Drill, &Limits::default()).expect("a key");
    let challenge = puzzles.issue("fountain", 1000, [8; 16], [9; 16], then).expect("issued");
    (ticket, Client::solve(challenge))
}

#[test]
fn no_way_in_without_a_clearance_or_a_ticket_that_holds() {
    let (site, server) = open();
    site.petition("well");
    let mut client = server.client();
    let (elsewhere, elsewhere_ticket) = until("the other petition", || {
        let page = client.get("/p/well/sign");
        (page.status == 200).then(|| (client.clearance("well").expect("solved"), page.hidden("ticket")))
    });
    let (old_ticket, old_clearance) = from_the_past(&site);
    let good = client.clearance("fountain").expect("solved");
    let decoded = data_encoding::BASE64.decode(good.as_bytes()).expect("base64");
    let altered = |from: &str, to: &str| {
        let text = String::from_utf8(decoded.clone()).expect("JSON");
        assert!(text.contains(from), "{text}");
        data_encoding::BASE64.encode(text.replacen(from, to, 1).as_bytes())
    };
    let refused = "clearance_refused";
    let script = [
        ("nothing", ("website", ""), refused),
        ("no clearance", ("altcha", "AAAA"), refused),
        ("of another petition", ("altcha", &elsewhere), refused),
        ("cheaper", ("altcha", &altered("\"cost\":1000", "\"cost\":1")), refused),
        (
            "never expires",
            ("altcha", &altered("\"expiresAt\":", "\"expires\":")),
            refused,
        ),
        (
            "longer",
            ("altcha", &altered("\"expiresAt\":1", "\"expiresAt\":9")),
            refused,
        ),
        (
            "unsolved",
            ("altcha", &altered("\"derivedKey\":\"", "\"derivedKey\":\"00")),
            refused,
        ),
        ("spent by the line above", ("altcha", &good), refused),
        ("old", ("altcha", &old_clearance), "ticket_expired"),
        ("no ticket", ("ticket", "AAAA"), refused),
        ("ticket of another petition", ("ticket", &elsewhere_ticket), refused),
        ("old ticket", ("ticket", &old_ticket), "ticket_expired"),
    ];
    for (what, pass, code) in script {
        let body = form(&[("name", "Ada Kept"), ("email", "ada@people.example"), pass]);
        let answer = client.post_json(SIGN, &body);
        assert_eq!(answer.outcome(), (403, code.to_owned()), "{what}: {answer:?}");
        let page = client.post(SIGN, &body);
        assert_eq!(page.status, 403, "{what}");
        assert!(
            page.text().contains("value=\"Ada Kept\""),
            "{what}: what was typed is lost"
        );
        let fresh = page.hidden("ticket");
        assert!(fresh != pass.1 && fresh.len() > 30, "{what}: no fresh ticket");
    }
    assert_eq!(site.number("SELECT COUNT(*) FROM signature"), 0);
}

#[test]
fn who_is_too_quick_waits_with_the_same_ticket() {
    let (_site, server) = open_with(&[("limits.ticket_age_seconds", 2)]);
    let mut client = server.client();
    let ticket = client.get("/p/fountain/sign").hidden("ticket");
    let body = form(&[
        ("name", "Ada Kept"),
        ("email", "ada@people.example"),
        ("ticket", &ticket),
    ]);
    let page = client.post(SIGN, &body);
    assert_eq!(page.status, 429);
    assert!((1..=2).contains(&seconds(&page)));
    assert_eq!(page.hidden("ticket"), ticket, "it keeps its age");
    assert!(page.text().contains("value=\"Ada Kept\""));
    let english = [FORM, JSON, ("accept-language", "en")];
    let answer = client.ask("POST", SIGN, &english, body.as_bytes()).expect("an answer");
    assert_eq!(answer.outcome(), (429, "slow_down".to_owned()));
    assert!(
        answer.text().contains("very quick") && !answer.text().contains("network"),
        "{answer:?}"
    );
    until("the ticket is old enough", || {
        (client.post_json(SIGN, &body).status == 202).then_some(())
    });
}

#[test]
fn a_source_that_sends_too_much_is_told_when_to_come_back() {
    let (site, server) = open_with(&[("limits.budget_sign", 3), ("limits.budget_miss", 3)]);
    let mut client = server.client();
    for person in 0..3 {
        client.sign("fountain", "Ada Kept", &format!("ada{person}@people.example"));
    }
    let body = client
        .filled("fountain", "Ada Kept", "ada4@people.example")
        .expect("solved");
    let mut waits = BTreeSet::new();
    for _ in 0..20 {
        let answer = client.post_json(SIGN, &body);
        assert_eq!(answer.outcome(), (429, "slow_down".to_owned()));
        assert!((10..=20).contains(&seconds(&answer)));
        waits.insert(seconds(&answer));
    }
    assert!(waits.len() > 3, "everybody would come back at once: {waits:?}");
    let page = client.post(SIGN, &body);
    assert!(
        page.status == 429 && page.text().contains("value=\"Ada Kept\""),
        "{page:?}"
    );

    // Guessing links has a budget; a link that is right costs nothing, whoever guesses beside it.
    let link = site.mail_to("ada1@people.example").link("confirm");
    let guess = format!("/confirm/{}", "A".repeat(24));
    let outcomes: Vec<_> = (0..5).map(|_| client.get_json(&guess).outcome()).collect();
    let unknown = (404, "link_unknown".to_owned());
    let slow = (429, "slow_down".to_owned());
    assert_eq!(
        outcomes,
        [unknown.clone(), unknown.clone(), unknown, slow.clone(), slow]
    );
    assert_eq!(client.get(&link).status, 200);
    assert_eq!(client.post_json(&link, "").status, 200);
}

#[test]
fn bodies_that_are_too_large_of_another_kind_or_never_come() {
    let (_site, server) = open_with(&[("limits.body_seconds", 1)]);
    let mut client = server.client();
    let head = format!("POST {SIGN} HTTP/1.1\r\nhost: x\r\naccept: application/json\r\n");
    let form = "content-type: application/x-www-form-urlencoded\r\n";
    let chunk = format!("5000\r\n{}\r\n0\r\n\r\n", "a".repeat(0x5000));
    let script = [
        (format!("{head}{form}content-length: 16385\r\n\r\n"), (413, "too_large")),
        (
            format!("{head}{form}content-length: 99999999999\r\n\r\n"),
            (413, "too_large"),
        ),
        (
            format!("{head}{form}transfer-encoding: chunked\r\n\r\n{chunk}"),
            (413, "too_large"),
        ),
        (
            format!("{head}content-type: application/json\r\ncontent-length: 2\r\n\r\n{{}}"),
            (415, "unsupported_type"),
        ),
        (
            format!("{head}content-type: multipart/form-data; boundary=x\r\ncontent-length: 2\r\n\r\n--"),
            (415, "unsupported_type"),
        ),
        (
            format!("{head}content-length: 8\r\n\r\nname=Ada"),
            (415, "unsupported_type"),
        ),
        (
            format!("{head}{form}content-length: 100\r\n\r\nname=Ada"),
            (408, "too_slow"),
        ),
    ];
    for (request, (status, code)) in script {
        let mut client = server.client();
        client.send(request.as_bytes()).expect("sent");
        let answer = client.receive(false).expect("an answer");
        assert_eq!(
            answer.outcome(),
            (status, code.to_owned()),
            "{}",
            &request[..request.len().min(200)]
        );
    }
    // The largest that is allowed is read, and judged.
    let padded = format!("name=Ada&comment={}", "x".repeat(16384 - 17));
    assert_eq!(
        client.post_json(SIGN, &padded).outcome(),
        (400, "invalid_form".to_owned())
    );
    // What is no HTTP is answered and closed, and harms nobody.
    for junk in ["\0\0\0\0\r\n\r\n", "GET / HTTP/9\r\n\r\n", "GET\r\n\r\n"] {
        let mut client = server.client();
        client.send(junk.as_bytes()).expect("sent");
        assert!(
            client.receive(false).map_or(true, |answer| answer.status == 400),
            "{junk:?}"
        );
    }
    assert_eq!(server.client().get("/").status, 200);
}

#[test]
fn a_closed_petition_takes_nothing_new_and_keeps_its_promises() {
    let (site, server) = open();
    let mut client = server.client();
    client.sign("fountain", "Ada Example", "ada@people.example");
    let link = site.mail_to("ada@people.example").link("confirm");
    let body = client
        .filled("fountain", "Bob Example", "bob@people.example")
        .expect("solved");
    assert_eq!(site.run(&["petition", "close", "fountain"]).code, 0);
    until("it is closed", || {
        (client.get("/p/fountain/sign").status == 410).then_some(())
    });
    assert_eq!(client.get("/p/fountain").status, 200);
    let closed = (410, "closed".to_owned());
    assert_eq!(client.get_json("/p/fountain/challenge").outcome(), closed);
    assert_eq!(client.post_json(SIGN, &body).outcome(), closed);
    assert_eq!(client.post(SIGN, &body).status, 410);
    assert_eq!(
        client.post_json(&link, "").json()["status"],
        "confirmed",
        "links already mailed still confirm"
    );
    assert_eq!(server.settled("fountain")["counted"], 1);
}

#[test]
fn a_disk_that_is_nearly_full_pauses_signing_and_nothing_else() {
    let (mut site, server) = open();
    server.client().sign("fountain", "Ada Example", "ada@people.example");
    let letter = site.mail_to("ada@people.example");
    server.stop();
    site.set("limits.disk_floor_mib", 1_048_576);
    let server = site.start();
    let mut operations = Client::new(server.operations);
    until("it has noticed", || {
        (operations.get("/readyz").status == 503).then_some(())
    });
    assert_eq!(operations.get("/healthz").status, 200);

    let mut client = server.client();
    let body = client
        .filled("fountain", "Bob Kept", "bob@people.example")
        .expect("solved");
    let answer = client.post_json(SIGN, &body);
    assert_eq!(answer.outcome(), (503, "busy".to_owned()));
    assert!(seconds(&answer) >= 15);
    let page = client.post(SIGN, &body);
    assert!(
        page.status == 503 && page.text().contains("value=\"Bob Kept\""),
        "{page:?}"
    );
    assert_eq!(client.get("/p/fountain").status, 200);
    let confirmed = client.post_json(&letter.link("confirm"), "").json();
    assert_eq!(confirmed["status"], "confirmed");
    assert_eq!(server.settled("fountain")["counted"], 1);
    let withdraw = format!("/withdraw/{}", confirmed["withdraw"].as_str().expect("a token"));
    assert_eq!(client.post_json(&withdraw, "").json()["status"], "withdrawn");
    server.stop();

    // With room again, the very same body is good: it was not spent on a refusal.
    site.set("limits.disk_floor_mib", 1);
    assert_eq!(site.start().client().post_json(SIGN, &body).status, 202);
}

/// Whoever watches the answers learns nothing of who has signed.
#[test]
fn the_answer_is_the_same_for_everybody() {
    let (site, server) = open();
    let mut client = server.client();
    client.sign("fountain", "Ada Example", "signed@people.example");
    let link = site.mail_to("signed@people.example").link("confirm");
    assert_eq!(client.post_json(&link, "").status, 200);
    assert_eq!(server.settled("fountain")["counted"], 1);
    client.sign("fountain", "Bob Example", "waiting@people.example");
    let before = server.count("fountain");

    for accept in [&[FORM][..], &[FORM, JSON], &[FORM, ("accept-language", "en")]] {
        let mut send = |fields: &[(&str, &str)]| {
            let clearance = client.clearance("fountain").expect("solved");
            let body = form(&[fields, &[("altcha", &clearance)]].concat());
            let first = client
                .ask("POST", SIGN, accept, body.as_bytes())
                .expect("an answer")
                .seen();
            let again = client
                .ask("POST", SIGN, accept, body.as_bytes())
                .expect("an answer")
                .seen();
            assert_eq!(first, again, "the same body again");
            first
        };
        let fresh = send(&[("name", "Cleo Example"), ("email", "new@people.example")]);
        assert!(fresh.starts_with("303") || fresh.starts_with("202"), "{fresh}");
        for (what, email) in [
            ("repeated", "new@people.example"),
            ("waiting", "waiting@people.example"),
            ("signed", "signed@people.example"),
            ("an alias of signed", "Signed+again@people.example"),
        ] {
            assert_eq!(send(&[("name", "Ada Example"), ("email", email)]), fresh, "{what}");
        }
        let ignored = send(&[
            ("name", "Rob Ot"),
            ("email", "robot@people.example"),
            ("website", "http://x.example"),
        ]);
        assert_eq!(ignored, fresh, "ignored");
    }
    let contributions = 2 + 3 * 5;
    assert_eq!(
        site.number("SELECT COUNT(*) FROM signature"),
        contributions,
        "what a robot fills is not kept"
    );
    let mut after = server.settled("fountain");
    after["as_of"] = before["as_of"].clone();
    assert_eq!(after, before, "nothing unconfirmed is seen in the numbers");
}
