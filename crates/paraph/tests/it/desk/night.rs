//! The incident room: looked at, written into, and verdicts given and taken back.

use std::fs;

use paraph::trace::networks::Networks;

use super::browser::{Browser, member, site};
use crate::client::Answer;
use crate::second_way::open_incident;
use crate::server::{Site, until};
use crate::start::is_refused;

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
    assert!(
        text.contains("may be honest people</dt><dd>3</dd>"),
        "no finding speaks of any of them: {text}"
    );
    assert!(
        text.contains("<span class=\"state\">in the count</span>"),
        "how each stands: {text}"
    );
    assert!(text.contains("Of these:"), "{text}");
    assert_eq!(server.counted("fountain"), 3, "a preview does nothing");
    for (from, to, says) in [
        ("22/11/2026", "", "“Signed from” is not a time"),
        ("", "2026-11-22T03:41+99:00", "“Signed before” is not a time"),
        ("2026-11-22T03:41", "2026-11-22T03:41", "has to be earlier than"),
    ] {
        let between = [
            ("petition", "fountain"),
            ("direction", "hold"),
            ("from", from),
            ("to", to),
            ("reason", "machine"),
            ("do", "preview"),
        ];
        let refused = browser.send(decide, "/desk/incident/decide?lang=en", &between);
        assert!(
            refused.status == 400 && refused.text().contains(says),
            "{}",
            refused.text()
        );
    }
    let ran = site.run(&[
        "incident",
        "hold",
        "--petition",
        "fountain",
        "--from",
        "2026-11-22T03:41Z",
        "--to",
        "2026-11-22T03:41Z",
    ]);
    is_refused(&ran, 2, &["--from is not before --to"]);
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

    let unseen = browser.send(decide, "/desk/incident/decide?lang=en", &motion("judge"));
    assert!(
        unseen.status == 200 && unseen.text().contains("3 signatures would be held"),
        "nobody is judged whom no preview has shown"
    );
    // Somebody signs between the preview and the press: the verdict is about those who were seen.
    client.sign("fountain", "Ada Later", "later@people.example");
    let confirm = site.mail_to("later@people.example").link("confirm");
    assert_eq!(client.post_json(&confirm, "").status, 200);
    let given = |preview: &Answer| {
        [
            ("until", preview.hidden("until")),
            ("previewed", preview.hidden("previewed")),
        ]
    };
    let seen = given(&preview);
    let with = |seen: &[(&'static str, String); 2]| {
        let seen = seen.iter().map(|(name, value)| (*name, value.clone()));
        let motion = motion("judge")
            .into_iter()
            .map(|(name, value)| (name, value.to_owned()));
        motion.chain(seen).collect::<Vec<_>>()
    };
    let press = |browser: &mut Browser, seen: &[(&'static str, String); 2]| {
        let fields = with(seen);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, &**value)).collect();
        browser.send(decide, "/desk/incident/decide?lang=en", &fields)
    };
    assert_eq!(press(&mut browser, &seen).status, 303);
    until("they are held", || (server.counted("fountain") == 1).then_some(()));
    let shown = browser.get("/desk/incident?lang=en").text();
    for text in ["3 signatures held", "A test of the room", "by Bastien"] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    // Loopback is announced by nobody.
    let (_, by_network) = shown.split_once("Held or invalidated, by network").expect("a section");
    assert!(
        by_network.contains("The latest 3 signatures") && by_network.contains("unknown network</span> <b>3</b>"),
        "{by_network}"
    );
    assert!(by_network.contains("CC BY 4.0"), "whose table it is");
    // Of those that a preview has seen, more than it said: it is shown again, and says why.
    let (_, number) = shown.split_once("name=\"verdict\" value=\"").expect("a way back");
    let number = number[..number.find('"').expect("a quote")].to_owned();
    let release = [
        ("petition", "fountain"),
        ("direction", "release"),
        ("verdict", &*number),
        ("reason", "reviewed"),
        ("note", "Looked at"),
        ("do", "judge"),
        ("until", &*seen[0].1),
        ("previewed", "2"),
    ];
    let again = browser.send(decide, "/desk/incident/decide?lang=en", &release);
    let text = again.text();
    assert!(again.status == 409 && text.contains("Since your preview"), "{text}");
    assert!(
        text.contains("3 signatures would be released") && text.contains("would count"),
        "{text}"
    );
    assert_eq!(again.hidden("previewed"), "3");
    assert_eq!(server.counted("fountain"), 1, "nothing was done");
    // The later of two who were about to do the same reads that it is done, by whom and when, and keeps their words.
    let later = press(&mut browser, &seen);
    let text = later.text();
    for said in [
        "decided already",
        "3 signatures held",
        "by Bastien",
        &*format!("(verdict {number})"),
        "value=\"A test of the room\"",
    ] {
        assert!(later.status == 409 && text.contains(said), "{said}: {text}");
    }
    let (_, position) = shown.split_once("name=\"verdict\" value=\"").expect("a way back");
    let position = &position[..position.find('"').expect("a quote")];
    assert_eq!(
        browser
            .send(room, "/desk/incident/undo", &[("verdict", position)])
            .status,
        303
    );
    until("they are back", || (server.counted("fountain") == 4).then_some(()));
    let undone = browser.send(room, "/desk/incident/undo", &[("verdict", position)]);
    assert_eq!(undone.status, 409, "once");
    assert!(
        !undone.text().contains("published"),
        "nothing was about to be: {}",
        undone.text()
    );
    let undone = browser.send(room, "/desk/incident/undo?lang=en", &[("verdict", position)]);
    assert!(undone.text().contains("taken back already"), "{}", undone.text());
    assert!(
        undone.text().contains("/desk/incident?lang=en"),
        "the way goes on in the room: {}",
        undone.text()
    );
    assert!(
        !browser.get("/desk/incident").text().contains("/desk/incident/undo"),
        "no button that does nothing"
    );

    // Pressed in one language, read in another; and what was decided about signatures stands in the register.
    for (language, said) in [("en", "Taken back at the desk."), ("fr", "Défait au bureau.")] {
        let room = browser.get(&format!("/desk/incident?lang={language}")).text();
        assert!(room.contains(said), "{language}: {room}");
    }
    let register = browser.get("/desk/audit?lang=en").text();
    for line in [
        &*format!(
            "Bastien</bdi></b>: held signatures <span class=\"fine\">(<bdi>verdict {position}; fountain, 3 signatures</bdi>)"
        ),
        &format!("Bastien</bdi></b>: took back verdict {position} <span class=\"fine\">(<bdi>verdict "),
    ] {
        assert!(register.contains(line), "{line}: {register}");
    }
    server.stop();
    assert_eq!(site.recount()["fountain"], 4);
}

#[test]
fn a_limit_of_holds_that_was_reloaded_is_the_one_that_the_room_speaks_of() {
    let site = site();
    site.write_config("[limits]\nholds_per_hour = 5000\n");
    let server = site.start();
    let mut browser = member(&site, &server, "moderator", "Bastien").browser;
    let mut room = || browser.get("/desk/incident?lang=en").text();
    assert!(room().contains("Up to 5,000 are held in an hour"));
    site.write_config("[limits]\nholds_per_hour = 70\n");
    server.hang_up();
    let bound = "paraph_bound{name=\"holds_per_hour\"} 70\n";
    until("the bound", || server.metrics().contains(bound).then_some(()));
    assert!(room().contains("Up to 70 are held in an hour"), "{}", room());
    server.stop();
}

#[test]
fn a_limit_of_holds_that_somebody_raised_is_the_one_that_the_room_speaks_of() {
    let mut site = site();
    site.set("scrutiny.enabled", true);
    site.start().stop();
    open_incident(&site);
    let server = site.start();
    let mut browser = member(&site, &server, "moderator", "Bastien").browser;
    let mut room = || browser.get("/desk/incident?lang=en").text();
    for (change, limit) in [(&["--to", "20000"][..], "20,000"), (&["--lower"], "5,000")] {
        let ran = site.run(&[&["incident", "raise-cap", "1"], change].concat());
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let said = format!("Up to {limit} are held in an hour");
        assert!(room().contains(&said), "{said}: {}", room());
    }
    server.stop();
}

#[test]
fn who_acknowledged_an_alert_stands_in_the_shift_log() {
    let site = site();
    site.write_config("[limits]\nalert_quiet_seconds = 1\n");
    let server = site.start();
    let mut browser = member(&site, &server, "moderator", "Bastien").browser;
    let room = "/desk/incident";
    let acknowledge = |browser: &mut Browser| browser.send(room, "/desk/incident/acknowledge", &[]).status;
    let said = "acknowledged an alert";
    assert_eq!(acknowledge(&mut browser), 303);
    assert!(
        !browser.get("/desk/incident?lang=en").text().contains(said),
        "there was none"
    );
    site.write_config("[limits]\ndisk_floor_mib = 1048576\nalert_quiet_seconds = 1\n");
    server.hang_up();
    until("an alert", || {
        let alerts = site.run(&["alert", "list", "--json"]).json()["alerts"].take();
        alerts.as_array().is_some_and(|alerts| !alerts.is_empty()).then_some(())
    });
    assert_eq!(acknowledge(&mut browser), 303);
    let shown = browser.get("/desk/incident?lang=en").text();
    let (before, _) = shown.split_once(said).unwrap_or_else(|| panic!("{shown}"));
    assert!(
        before.ends_with("<b><bdi>Bastien</bdi></b>: <span class=\"note\">"),
        "{shown}"
    );
    server.stop();
}

/// Takes over a table of invented networks.
fn networks_of_today(site: &Site) {
    let folder = site.place().join("table");
    fs::create_dir(&folder).expect("a folder");
    for (name, text) in [
        ("asn-ipv4.csv", "192.0.2.0,192.0.2.255,64500,Sample Hosting\n"),
        ("asn-ipv6.csv", ""),
    ] {
        fs::write(folder.join(name), text).expect("written");
    }
    let today = paraph::clock::rfc3339(paraph::clock::now())[..10].replace('-', "");
    let update = ["networks", "update", "--from", "table", "--force", "--date", &today];
    let ran = site.run(&update);
    assert!(ran.code == 0 && ran.stderr.is_empty(), "{}", ran.stderr);
    // Nobody's, as no server uses it.
    let elsewhere = site.run(&[&update[..], &["--out", "elsewhere.bin"]].concat());
    assert_eq!(elsewhere.code, 0, "{}", elsewhere.stderr);
}

#[test]
fn whatever_changed_the_site_stands_in_the_register_in_the_language_of_who_reads() {
    let site = site();
    site.petition("before");
    let server = site.start();
    // Before anybody is at the desk: it takes longer than a connection without a request may stand.
    networks_of_today(&site);
    for (limit, reloads) in [(70, 1), (70, 2)] {
        site.write_config(&format!("[limits]\nholds_per_hour = {limit}\n"));
        server.hang_up();
        let reloaded = format!("paraph_reloads_total{{outcome=\"done\"}} {reloads}\n");
        until("the reload", || server.metrics().contains(&reloaded).then_some(()));
    }
    let mut browser = member(&site, &server, "moderator", "Bastien").browser;
    let room = "/desk/incident";
    for _ in 0..2 {
        let pause = browser.send(room, "/desk/incident/read-only?lang=fr", &[("do", "pause")]);
        assert_eq!(pause.status, 303);
    }
    for command in [
        &["read-only", "off"][..],
        &["read-only", "off"],
        &["shield", "ban", "192.0.2.77"],
        &["shield", "unban", "192.0.2.77"],
    ] {
        let ran = site.run(command);
        assert_eq!(ran.code, 0, "{command:?}: {}", ran.stderr);
    }
    site.petition("beside");
    assert_eq!(site.run(&["petition", "close", "beside"]).code, 0);
    browser.send(room, "/desk/incident/log", &[("text", "Called the host")]);

    let mut shown = |path: &str| browser.get(path).text();
    let by = |who: &str, what: &str| format!("<bdi>{who}</bdi></b>: {what}");
    let register = shown("/desk/audit?lang=en");
    for line in [
        by("Bastien", "paused signing: pages only"),
        by("command line", "let people sign again"),
        by("command line", "banned an address by hand"),
        by("command line", "lifted a ban"),
        by("command line", "created <span class=\"fine\">(<bdi>before</bdi>)"),
        by("command line", "published <span class=\"fine\">(<bdi>beside</bdi>)"),
        by("command line", "closed <span class=\"fine\">(<bdi>beside</bdi>)"),
        by("command line", "took over another table of networks"),
        by(
            "signal (SIGHUP)",
            "had the configuration read again <span class=\"fine\">(<bdi>limits.holds_per_hour</bdi>)",
        ),
    ] {
        assert_eq!(register.matches(&line).count(), 1, "{line}: {register}");
    }
    let reloads = register.matches("had the configuration read again").count();
    assert_eq!(reloads, 1, "the other one changed nothing: {register}");
    assert!(!register.contains("<bdi></bdi>"), "{register}");
    assert!(
        !register.contains("192.0.2.77") && !register.contains("Called the host"),
        "neither an address nor what is only a note: {register}"
    );
    let (english, french) = (shown("/desk/incident?lang=en"), shown("/desk/incident?lang=fr"));
    assert!(
        english.contains("paused signing: pages only") && !english.contains("lecture seule"),
        "{english}"
    );
    assert!(
        french.contains("a suspendu les signatures\u{a0}: lecture seule"),
        "{french}"
    );
    server.stop();
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
    // What is an ordinary word or a network, its author says: of these words, and of no others.
    let in_english = "/desk/incident/statement?lang=en";
    let said = |unknown, no_names| [&statement(unknown)[..], &[("no_names", no_names)]].concat();
    for (no_names, status) in [("", 400), ("Free", 400), ("Orange", 200)] {
        let answer = browser.send(page, in_english, &said("Orange is the colour of the night.", no_names));
        assert_eq!(answer.status, status, "{no_names}");
        let asked = answer.text().contains("a network’s name, too: Orange.");
        assert_eq!(asked, status == 400, "{}", answer.text());
    }
    let made = browser.send(page, in_english, &statement("Whether it will \u{202e}come back."));
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
    // Without script, what is opened is kept open: by a page that does not load itself again.
    for line in 0..8 {
        let line = format!("Line {line}");
        let line = [("text", &*line)];
        assert_eq!(browser.send(room, "/desk/incident/log", &line).status, 303);
    }
    let shown = browser.get("/desk/incident?lang=en").text();
    assert!(
        shown.contains("<details id=\"earlier-lines\"><summary") && shown.contains("open=earlier-lines#earlier-lines"),
        "{shown}"
    );
    for open in ["all", "earlier-lines"] {
        let still = browser.get(&format!("/desk/incident?lang=en&open={open}")).text();
        assert!(
            still.contains("<details id=\"earlier-lines\" open>")
                && !still.contains("http-equiv")
                && still.contains("Load it again"),
            "{still}"
        );
    }
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

#[test]
fn the_page_of_an_open_incident_renews_itself_and_the_statement_counts_what_was_attacked() {
    let site = site();
    site.petition("fountain");
    site.petition("second");
    let at = paraph::clock::now().0;
    let body = serde_json::json!({
        "id": 1, "opened_at": at, "seen_at": at, "aware_at": null, "closed_at": null, "held": 7, "refused": 0,
        "timeline": [{ "at": at, "by": null, "what": "opened" }], "left_out": 0, "verdicts_to": 0, "petitions": [2],
    });
    let sql = "INSERT INTO incident (id, opened_at, body) VALUES (1, ?1, ?2)";
    let opened = (i64::try_from(at).expect("small"), body.to_string());
    site.store().execute(sql, opened).expect("written");
    let server = site.start();
    let mut client = server.client();
    for (slug, address) in [("fountain", "ada@people.example"), ("second", "bea@people.example")] {
        client.sign(slug, "Ada Example", address);
        let confirm = site.mail_to(address).link("confirm");
        assert_eq!(client.post_json(&confirm, "").status, 200);
        until("it is counted", || (server.counted(slug) == 1).then_some(()));
    }
    let mut browser = member(&site, &server, "moderator", "Bastien").browser;

    // As the room does; what is half written stays, because its field is in no part that renews itself.
    let page = browser.get("/desk/incidents/1?lang=en").text();
    assert!(
        page.contains("data-events=\"/desk/incident/events\"") && page.contains("/room."),
        "{page}"
    );
    for part in [
        "now",
        "live-limit",
        "live-clocks",
        "live-findings",
        "live-asked",
        "live-story",
    ] {
        assert!(
            page.contains(&format!("<div id=\"{part}\" data-live")),
            "{part}: {page}"
        );
    }
    let (before, _) = page.split_once("<textarea").expect("a field");
    assert_eq!(
        before.matches("<div").count(),
        before.matches("</div>").count() + 1,
        "{page}"
    );

    let statement = browser.get("/desk/incident/statement?lang=en").text();
    let value = |name: &str| {
        let (_, field) = statement.split_once(&format!("<input id=\"{name}\"")).expect("a field");
        let (_, value) = field.split_once("value=\"").expect("a value");
        value[..value.find('"').expect("an end")].to_owned()
    };
    assert_eq!(
        (value("set_aside"), value("after")),
        ("7".to_owned(), "1".to_owned()),
        "{statement}"
    );
    assert!(statement.contains("Counts of what was attacked"), "{statement}");
    server.stop();
}

/// A release and a reinstatement say that they can be undone in one click, and are; no button is left that would do nothing.
#[test]
fn a_release_and_a_reinstatement_are_taken_back_in_one_press() {
    let site = site();
    site.petition("fountain");
    let server = site.start();
    let mut browser = member(&site, &server, "moderator", "Bastien").browser;
    for name in ["ada", "bea"] {
        let (mut client, email) = (server.client(), format!("{name}@forger.example"));
        client.sign("fountain", name, &email);
        let link = site.mail_to(&email).link("confirm");
        assert_eq!(client.post(&link, "").status, 200);
    }
    let counts = |wanted| until("the count", || (server.counted("fountain") == wanted).then_some(()));
    counts(2);
    let judge = |verb: &str, reason: &str| {
        let whom = ["--petition", "fountain", "--domain", "forger.example", "--json"];
        let how = ["incident", verb, "--yes", "--reason", reason, "--note", "Seen"];
        let ran = site.run(&[&how[..], &whom].concat());
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran.json()["verdict"].to_string()
    };
    let buttons = |browser: &mut Browser| -> Vec<String> {
        let room = browser.get("/desk/incident?lang=en").text();
        let forms = room.split("/desk/incident/undo").skip(1);
        let number = |form: &str| {
            let (_, number) = form.split_once("name=\"verdict\" value=\"").expect("a number");
            number[..number.find('"').expect("a quote")].to_owned()
        };
        forms.map(number).collect()
    };
    let undo = |browser: &mut Browser, verdict: &str| {
        let answer = browser.send("/desk/incident", "/desk/incident/undo", &[("verdict", verdict)]);
        assert_eq!(answer.status, 303, "{verdict}: {}", answer.text());
    };

    let hold = judge("hold", "machine");
    counts(0);
    let release = judge("release", "reviewed");
    counts(2);
    assert_eq!(
        buttons(&mut browser),
        *std::slice::from_ref(&release),
        "the hold has nothing left to take back"
    );
    undo(&mut browser, &release);
    counts(0);
    assert_eq!(buttons(&mut browser), *std::slice::from_ref(&hold));

    // Held and invalidated, then reinstated by mistake: they are again what they were, beneath each other.
    let invalidation = judge("invalidate", "machine");
    let reinstatement = judge("reinstate", "reviewed");
    counts(2);
    assert_eq!(buttons(&mut browser), *std::slice::from_ref(&reinstatement));
    let typed = site.run(&["incident", "invalidate", "--undo", &reinstatement, "--json"]);
    assert_eq!(typed.json()["preview"]["judged"], 2, "{}", typed.stderr);
    undo(&mut browser, &reinstatement);
    counts(0);
    assert_eq!(buttons(&mut browser), [invalidation.clone(), hold.clone()]);
    undo(&mut browser, &invalidation);
    until("the hold still stands", || {
        (server.count("fountain")["held"] == 2).then_some(())
    });
    assert_eq!(server.counted("fountain"), 0);
    undo(&mut browser, &hold);
    counts(2);
    assert!(buttons(&mut browser).is_empty());
}
