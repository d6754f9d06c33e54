//! The incident room: looked at, written into, and verdicts given and taken back.

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
    let shown = browser.get("/desk/incident?lang=en").text();
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
    let made = browser.send(page, page, &statement("Whether it will come back."));
    let text = made.text();
    assert_eq!(made.status, 200);
    for part in [
        "12\u{202f}000 tentatives",
        "12,000 attempts",
        "34,010",
        "A complaint may be filed",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let mut watching = Browser::new(server.address);
    watching.cookies = browser.cookies.clone();
    let events = watching.get("/desk/incident/events");
    assert_eq!(
        (events.status, events.header("content-type")),
        (200, Some("text/event-stream"))
    );
    server.stop();
}
