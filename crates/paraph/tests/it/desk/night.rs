//! The incident room: looked at, written into, and verdicts given and taken back.

use paraph::trace::networks::Networks;

use super::browser::{Browser, member, site};
use crate::server::until;

#[test]
fn a_hold_is_previewed_given_seen_and_taken_back_in_one_press() {
    let site = site();
    site.petition("fountain");
    let server = site.start();
    let mut client = server.client();
    for number in 0..3 {
        let address = format!("person{number}@people.example");
        client.sign("fountain", &format!("Ada Example {number}"), &address);
        let confirm = site.mail_to(&address).link("confirm");
        assert_eq!(client.post_json(&confirm, "").status, 200);
    }
    until("they are counted", || (server.counted("fountain") == 3).then_some(()));

    let mut browser = member(&site, &server, "moderator", "Bastien").browser;
    let (room, decide) = ("/desk/incident", "/desk/incident/decide");
    let calm = browser.get("/desk/incident?lang=en").text();
    for text in [
        "People can sign",
        "The count is safe",
        "Evidence is kept",
        "You can sleep",
        "Do not",
    ] {
        assert!(calm.contains(text), "{text}: {calm}");
    }
    // What is meant if nobody says: never a draft, which nobody can have signed.
    let text = site.place().join("draft.txt");
    std::fs::write(&text, "Nobody reads this yet.").expect("a file");
    let text = text.display().to_string();
    let draft = [
        "petition", "create", "--slug", "a-draft", "--title", "A draft", "--owner", "Nobody", "--text",
    ];
    assert_eq!(site.run(&[&draft[..], &[&text]].concat()).code, 0);
    let form = browser.get("/desk/incident/decide?lang=en").text();
    assert!(
        form.contains("value=\"fountain\" selected") && !form.contains("a-draft"),
        "{form}"
    );
    let alike = [
        ("petition", "fountain"),
        ("direction", "hold"),
        ("comment", "These words are in no comment at all"),
        ("reason", "machine"),
        ("do", "preview"),
    ];
    let nobody = browser.send(decide, "/desk/incident/decide?lang=en", &alike).text();
    assert!(
        nobody.contains("Nobody is meant") && nobody.contains("in no comment at all</textarea>"),
        "{nobody}"
    );
    let motion = |doing| {
        [
            ("petition", "fountain"),
            ("direction", "hold"),
            ("from", "2020-01-01T00:00"),
            ("reason", "machine"),
            ("note", "A test of the room"),
            ("do", doing),
        ]
    };
    let preview = browser.send(decide, "/desk/incident/decide?lang=en", &motion("preview"));
    let text = preview.text();
    assert!(
        preview.status == 200 && text.contains("3 signatures would be held"),
        "{text}"
    );
    assert!(
        text.contains("Ada Example") && text.contains("undo it in one click"),
        "{text}"
    );
    assert_eq!(server.counted("fountain"), 3, "a preview does nothing");
    let everybody = [
        ("petition", "fountain"),
        ("direction", "hold"),
        ("reason", "machine"),
        ("do", "judge"),
    ];
    assert_eq!(
        browser.send(decide, decide, &everybody).status,
        400,
        "everybody is never meant"
    );

    assert_eq!(browser.send(decide, decide, &motion("judge")).status, 303);
    until("they are held", || (server.counted("fountain") == 0).then_some(()));
    let shown = browser.get("/desk/incident?lang=en").text();
    assert!(
        shown.contains("3 signatures held") && shown.contains("A test of the room"),
        "{shown}"
    );
    // Loopback is announced by nobody.
    let (_, by_network) = shown.split_once("Held or invalidated, by network").expect("a section");
    assert!(
        by_network.contains("The latest 3 signatures") && by_network.contains("unknown network</span> <b>3</b>"),
        "{by_network}"
    );
    assert!(by_network.contains("CC BY 4.0"), "whose table it is");
    let (_, position) = shown.split_once("name=\"verdict\" value=\"").expect("a way back");
    let position = &position[..position.find('"').expect("a quote")];
    assert_eq!(
        browser
            .send(room, "/desk/incident/undo", &[("verdict", position)])
            .status,
        303
    );
    until("they are back", || (server.counted("fountain") == 3).then_some(()));
    let undone = browser.send(room, "/desk/incident/undo", &[("verdict", position)]);
    assert_eq!(undone.status, 409, "once");
    assert!(
        !undone.text().contains("published"),
        "nothing was about to be: {}",
        undone.text()
    );
    let undone = browser.send(room, "/desk/incident/undo?lang=en", &[("verdict", position)]);
    assert!(undone.text().contains("taken back already"), "{}", undone.text());
    server.stop();
    assert_eq!(site.recount()["fountain"], 3);
}

#[test]
fn what_is_written_down_at_night_is_there_in_the_morning() {
    let site = site();
    let server = site.start();
    let mut browser = member(&site, &server, "moderator", "Bastien").browser;
    let room = "/desk/incident";
    let log = [("text", "Called the host, ticket <42>")];
    assert_eq!(browser.send(room, "/desk/incident/log", &log).status, 303);
    assert!(
        !browser
            .get("/desk/incident?lang=en")
            .text()
            .contains("Complaint to the police")
    );
    assert_eq!(
        browser.send(room, "/desk/incident/clock", &[("do", "aware")]).status,
        303
    );
    assert_eq!(
        browser.send(room, "/desk/incident/clock", &[("do", "aware")]).status,
        303
    );
    let shown = browser.get("/desk/incident?lang=en").text();
    assert_eq!(shown.matches("knows of an attack").count(), 1, "once: {shown}");
    assert!(
        shown.contains("ticket &#60;42&#62;") && shown.contains("Complaint to the police"),
        "{shown}"
    );
    assert_eq!(
        browser.send(room, "/desk/incident/clock", &[("do", "over")]).status,
        303
    );
    assert!(
        !browser
            .get("/desk/incident?lang=en")
            .text()
            .contains("Complaint to the police")
    );

    // Any holder of the table, in any case, and with what nobody sees inside it.
    let networks = Networks::of_drill();
    let holder = networks.holders().next().expect("a holder").to_uppercase();
    let named = [
        format!("It came through {holder}."),
        holder.to_lowercase(),
        holder.replacen('E', "E\u{200b}", 1).replacen('A', "A\u{202e}", 1),
    ];
    let page = "/desk/incident/statement";
    let statement = |unknown| {
        [
            ("set_aside", "12000"),
            ("before", "34000"),
            ("after", "34010"),
            ("unknown", unknown),
            ("complaint", "on"),
        ]
    };
    let refused = browser.send(page, page, &statement("It came from 203.0.113.7."));
    assert!(
        refused.status == 400 && !refused.text().contains("blockquote"),
        "{}",
        refused.text()
    );
    for named in &named {
        let refused = browser.send(page, page, &statement(named));
        assert_eq!(refused.status, 400, "{named}");
    }
    let made = browser.send(
        page,
        "/desk/incident/statement?lang=en",
        &statement("Whether it will \u{202e}come back."),
    );
    let text = made.text();
    assert_eq!(
        text.matches("Whether it will come back.").count(),
        2,
        "in the English text and in the field: {text}"
    );
    assert_eq!(made.status, 200);
    for part in [
        "12\u{202f}000 tentatives",
        "12,000 attempts",
        "34,010",
        "A complaint may be filed",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // What has a field does not load itself again.
    let shown = browser.get("/desk/incident?lang=en").text();
    assert!(
        shown.contains("http-equiv=\"refresh\"") && !shown.contains("<textarea"),
        "{shown}"
    );
    assert_eq!(
        shown.matches("data-live").count(),
        8,
        "every part that changes: {shown}"
    );
    let log = browser.get("/desk/incident/log?lang=en").text();
    assert!(
        !log.contains("http-equiv") && log.contains("<textarea") && log.contains("ticket &#60;42&#62;"),
        "{log}"
    );
    let mut watching = Browser::new(server.address);
    watching.cookies = browser.cookies.clone();
    let events = watching.get("/desk/incident/events");
    assert_eq!(
        (events.status, events.header("content-type")),
        (200, Some("text/event-stream"))
    );
    server.stop();
}
