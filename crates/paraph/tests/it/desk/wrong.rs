//! Forms that do not fit: the field is named, what to do is said, and no word is lost. And words for whom they are said to.

use super::browser::{Browser, member, site};
use crate::client::Answer;
use crate::second_way::open_incident;
use crate::server::until;

/// The element of a form with this id, its attributes and what stands in it.
fn field(answer: &Answer, id: &str) -> String {
    let text = answer.text();
    let (before, after) = text.split_once(&format!(" id=\"{id}\"")).expect("a field");
    let start = before.rfind('<').expect("a tag");
    let end = after.find('>').expect("an end");
    format!("{}{}", &before[start..], &after[..end])
}

/// Whether a field is marked, beside it stands what to do, and above the form too, with a way to it.
fn is_wrong(answer: &Answer, id: &str, says: &str) {
    let (text, marked) = (answer.text(), field(answer, id));
    assert_eq!(answer.status, 400, "{text}");
    let described = format!("{id}-problem");
    assert!(
        marked.contains("aria-invalid=\"true\"") && marked.contains(&described),
        "{marked}"
    );
    let (_, beside) = text.split_once(&format!("id=\"{described}\">")).expect("a message");
    assert!(beside.starts_with(says), "{says}: {text}");
    assert!(
        text.contains("role=\"alert\"") && text.contains(&format!("<a href=\"#{id}\">{says}")),
        "{says}: {text}"
    );
}

fn is_right(answer: &Answer, id: &str) {
    let marked = field(answer, id);
    assert!(!marked.contains("aria-invalid"), "{marked}");
}

#[test]
fn a_line_of_the_shift_log_that_does_not_fit_is_kept_and_says_what_to_do() {
    let mut site = site();
    site.set("scrutiny.enabled", true);
    site.start().stop();
    open_incident(&site);
    let server = site.start();
    let mut browser = member(&site, &server, "moderator", "Bastien").browser;
    let long = "A long line. ".repeat(90);
    for (page, incident) in [("/desk/incident/log?lang=en", ""), ("/desk/incidents/1?lang=en", "1")] {
        is_right(&browser.get(page), "text");
        for (typed, says) in [
            ("", "“What you see, do, or hand over” is empty"),
            (" \u{a0}\n\u{200b} ", "“What you see, do, or hand over” is empty"),
            (&*long, "“What you see, do, or hand over” is too long"),
        ] {
            let fields = [("text", typed), ("incident", incident)];
            let answer = browser.send(page, "/desk/incident/log?lang=en", &fields);
            is_wrong(&answer, "text", says);
            assert!(answer.text().contains(&format!("{typed}</textarea>")), "the words stay");
            let is_of_it = answer.text().contains("<h1>Incident 1");
            assert_eq!(is_of_it, incident == "1", "{}", answer.text());
        }
    }
    server.stop();
}

#[test]
fn a_statement_that_does_not_fit_names_each_field_and_keeps_all_of_them() {
    let site = site();
    let server = site.start();
    let mut browser = member(&site, &server, "moderator", "Bastien").browser;
    let page = "/desk/incident/statement?lang=en";
    let fields = [
        ("set_aside", "n° 362"),
        ("before", ""),
        ("after", "34,010"),
        ("unknown", "Whether it will come back."),
        ("complaint", "on"),
    ];
    let answer = browser.send(page, page, &fields);
    is_wrong(
        &answer,
        "set_aside",
        "“Attempts to sign, set aside” is not a whole number",
    );
    is_wrong(&answer, "before", "“Count before” is empty");
    is_right(&answer, "after");
    is_right(&answer, "unknown");
    assert!(
        field(&answer, "set_aside").contains("aside-hint set_aside-problem"),
        "the hint is still read: {}",
        answer.text()
    );
    for kept in [
        "value=\"n° 362\"",
        "value=\"34,010\"",
        "Whether it will come back.</textarea>",
        " checked>",
    ] {
        assert!(answer.text().contains(kept), "{kept}: {}", answer.text());
    }
    let named = [
        ("set_aside", "1"),
        ("before", "2"),
        ("after", "1"),
        ("unknown", "From 203.0.113.7."),
    ];
    let answer = browser.send(page, page, &named);
    is_wrong(
        &answer,
        "unknown",
        "There is a network address in “What we do not know”",
    );
    is_right(&answer, "set_aside");
    server.stop();
}

#[test]
fn a_verdict_that_names_another_one_wrongly_or_gives_no_reason_says_so_beside_the_field() {
    let site = site();
    site.petition("fountain");
    site.petition("second");
    let server = site.start();
    for slug in ["fountain", "second"] {
        let address = format!("ada@{slug}.example");
        server.client().sign(slug, "Ada Example", &address);
        let confirm = site.mail_to(&address).link("confirm");
        assert_eq!(server.client().post_json(&confirm, "").status, 200);
        until("it is counted", || (server.counted(slug) == 1).then_some(()));
    }
    let whom = ["--petition", "second", "--domain", "second.example"];
    let how = [
        "incident", "hold", "--yes", "--reason", "machine", "--note", "Seen", "--json",
    ];
    let held = site.run(&[&how[..], &whom].concat());
    assert_eq!(held.code, 0, "{}", held.stderr);
    let elsewhere = held.json()["verdict"].to_string();

    let mut browser = member(&site, &server, "moderator", "Bastien").browser;
    let page = "/desk/incident/decide?lang=en";
    let about = |petition, verdict| {
        [
            ("petition", petition),
            ("direction", "release"),
            ("verdict", verdict),
            ("reason", "reviewed"),
            ("note", "What I wrote"),
            ("do", "preview"),
        ]
    };
    let unknown = "“Judged by verdict number”: no verdict has the number 9999.";
    let other = format!("“Judged by verdict number”: verdict {elsewhere} is about another petition");
    for (verdict, says) in [
        (
            "the last one",
            "“Judged by verdict number” takes the number of a verdict",
        ),
        ("9999", unknown),
        (&*elsewhere, &*other),
    ] {
        let answer = browser.send(page, page, &about("fountain", verdict));
        is_wrong(&answer, "verdict", says);
        let text = answer.text();
        assert!(
            text.contains(&format!("value=\"{verdict}\"")) && text.contains("value=\"What I wrote\""),
            "{text}"
        );
    }
    // The zone of the times stands with their fields.
    let form = browser.get(page).text();
    assert_eq!(form.matches("(time zone ").count(), 2, "{form}");

    // As people write a number.
    let answer = browser.send(page, page, &about("second", &format!("n° {elsewhere}")));
    assert!(
        answer.text().contains("One signature would be released"),
        "{}",
        answer.text()
    );

    // A note of spaces: the preview stands, and so does the rest.
    let given = [
        ("until", answer.hidden("until")),
        ("previewed", answer.hidden("previewed")),
    ];
    let blank = [
        ("petition", "second"),
        ("direction", "release"),
        ("verdict", &*elsewhere),
        ("reason", "reviewed"),
        ("note", " \u{a0} "),
        ("do", "judge"),
        ("until", &*given[0].1),
        ("previewed", &*given[1].1),
    ];
    let answer = browser.send(page, page, &blank);
    is_wrong(&answer, "note", "“In your words”: say in a few words why");
    assert!(
        answer.text().contains("One signature would be released"),
        "{}",
        answer.text()
    );
    assert_eq!(site.number("SELECT COUNT(*) FROM verdict"), 1, "nothing is done yet");
    server.stop();
}

/// What was sent was neither a signature nor a comment.
#[test]
fn a_form_of_the_desk_that_cannot_be_read_is_spoken_of_as_one_of_the_desk() {
    let site = site();
    let server = site.start();
    let mut browser = member(&site, &server, "moderator", "Bastien").browser;
    let origin = format!("http://{}", server.address);
    let secret = browser.get("/desk/incident/log").hidden("secret");
    let cookies: Vec<String> = browser
        .cookies
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let cookies = cookies.join("; ");
    let post = |language: &str, headers: &[(&str, &str)], body: &str| {
        let path = format!("/desk/incident/log?lang={language}");
        let own = [("origin", &*origin), ("cookie", &*cookies)];
        server
            .client()
            .ask("POST", &path, &[&own, headers].concat(), body.as_bytes())
    };
    let large = format!("secret={secret}&text={}", "a".repeat(300 * 1024));
    let form = ("content-type", "application/x-www-form-urlencoded");
    for (headers, body, status, says) in [
        (
            &[form][..],
            &*large,
            413,
            ["This form of the desk", "Ce formulaire du bureau"],
        ),
        (
            &[("content-type", "text/plain")],
            "text=a",
            415,
            ["that the desk does not take", "que le bureau n’accepte pas"],
        ),
    ] {
        for (language, says) in ["en", "fr"].into_iter().zip(says) {
            let answer = post(language, headers, body).expect("an answer");
            let text = answer.text();
            assert_eq!(answer.status, status, "{text}");
            assert!(text.contains(says), "{says}: {text}");
            for word in ["comment", "signature", "petition and use", "la pétition et"] {
                let (_, main) = text.split_once("<main").expect("a page");
                assert!(!main.contains(word), "{word}: {text}");
            }
        }
    }
    server.stop();
}

/// A draft that a member wrote, submitted.
fn submitted(writer: &mut Browser, slug: &str) -> Answer {
    let text = [
        ("slug", slug),
        ("title", "A draft"),
        ("owner", "Somebody"),
        ("body", "A text."),
        ("language", "fr"),
        ("do", "save"),
    ];
    let page = "/desk/petitions/new";
    assert_eq!(writer.send(page, page, &text).status, 303);
    writer.send(page, &format!("/desk/petitions/{slug}/submit?lang=en"), &[])
}

#[test]
fn nobody_is_told_to_ask_themselves() {
    let site = site();
    let server = site.start();
    let mut author = member(&site, &server, "author", "Maëlle").browser;
    let mut moderator = member(&site, &server, "moderator", "Bastien").browser;
    let (page, own) = ("/desk/petitions/quay", "/desk/petitions/pier");
    let done = submitted(&mut author, "quay").header("location").map(str::to_owned);
    assert!(done.expect("a way on").ends_with("done=submitted"));
    let read = moderator.get(page);
    let revision = read.hidden("revision");

    // Its author changes it while it is read.
    let changed = [("title", "A draft"), ("body", "Another text."), ("do", "save")];
    assert_eq!(author.send(page, &format!("{page}/edit"), &changed).status, 303);
    let answer = moderator.send(page, &format!("{page}/publish?lang=en"), &[("revision", &revision)]);
    let text = answer.text();
    assert!(
        answer.status == 409 && text.contains("This draft is not to be reviewed") && !text.contains("Ask"),
        "{text}"
    );
    // What their role does not allow, they ask of who may.
    let refused = [
        (&mut author, "/desk/audit?lang=en", "Ask a moderator or an operator"),
        (&mut moderator, "/desk/members?lang=en", "Ask an operator;"),
    ];
    for (browser, path, says) in refused {
        let answer = browser.get(path);
        assert!(
            answer.status == 403 && answer.text().contains(says),
            "{}",
            answer.text()
        );
    }
    // Who may review waits for nobody.
    let done = submitted(&mut moderator, "pier").header("location").map(str::to_owned);
    assert!(
        done.as_ref().expect("a way on").ends_with("done=submitted-own"),
        "{done:?}"
    );
    let shown = moderator.get(&format!("{own}?lang=en&done=submitted-own")).text();
    assert!(
        shown.contains("You can publish it yourself") && shown.contains("/publish"),
        "{shown}"
    );
    let again = moderator.send(own, &format!("{own}/submit?lang=en"), &[]).text();
    assert!(
        again.contains("publish it yourself") && !again.contains("waits for a moderator"),
        "{again}"
    );

    // A note that says nothing sends nothing back, and the page that was read stays.
    let answer = moderator.send(own, &format!("{own}/send-back?lang=en"), &[("note", " \n ")]);
    is_wrong(&answer, "note", "“Why send it back” is empty");
    assert!(answer.text().contains("A text."), "{}", answer.text());
    server.stop();
}

#[test]
fn all_sessions_are_many_and_a_login_leads_where_it_was_asked_to_in_any_language() {
    let site = site();
    let server = site.start();
    let mut browser = member(&site, &server, "moderator", "Bastien").browser;
    let account = "/desk/account?lang=en";
    let ended = browser.send(account, "/desk/account/sessions?lang=en", &[]);
    let there = ended.header("location").expect("a way on").to_owned();
    assert_eq!((ended.status, &*there), (303, "/desk/login?lang=en&done=all-ended"));
    let page = browser.get(&there).text();
    assert!(page.contains("All your sessions have ended"), "{page}");

    let asked = browser.get("/desk/incident/log?lang=en");
    let login = asked.header("location").expect("a login").to_owned();
    let page = browser.get(&login).text();
    let french = "<a href=\"/desk/login?lang=fr&amp;to=/desk/incident/log\"";
    assert!(page.contains(french), "{page}");
    server.stop();
}

/// Whoever looks for what happened at ten past two looks at the clock on the wall.
#[test]
fn the_register_and_accounts_say_the_time_of_here_and_utc() {
    let mut site = site();
    site.set("alerts.time_zone", "Asia/Tokyo");
    let server = site.start();
    let mut browser = member(&site, &server, "operator", "Zoé").browser;
    for page in ["/desk/audit?lang=en", "/desk/account?lang=en"] {
        let text = browser.get(page).text();
        let (_, time) = text.split_once("<time datetime=\"").expect("a time");
        let (_, time) = time.split_once("\">").expect("an end");
        let time = &time[..time.find('<').expect("an end")];
        assert!(time.contains(" (JST), ") && time.ends_with(" UTC"), "{time}");
    }
    let form = browser.get("/desk/incident/decide?lang=en").text();
    assert!(
        form.contains("Signed from <span class=\"fine\">(time zone Asia/Tokyo)"),
        "{form}"
    );
    server.stop();
}
