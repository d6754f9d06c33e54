//! A petition at the desk, from draft to close.

use super::browser::{Browser, member, site};
use crate::client::Answer;
use crate::fsck::fsck;
use crate::start::is_refused;

fn draft<'a>(title: &'a str, body: &'a str, doing: &'a str) -> [(&'a str, &'a str); 10] {
    [
        ("slug", "quay"),
        ("title", title),
        ("owner", "Parents of the quay"),
        ("body", body),
        ("language", "fr"),
        ("addressee", "The council"),
        ("goal", "500"),
        ("first", "Zoé Amrani | market gardener\nBastien"),
        ("video", ""),
        ("do", doing),
    ]
}

#[test]
fn a_petition_is_written_reviewed_published_and_closed() {
    let site = site();
    let server = site.start();
    let mut author = member(&site, &server, "author", "Maëlle").browser;
    let mut moderator = member(&site, &server, "moderator", "Bastien").browser;
    let mut public = server.client();
    let (new, page) = ("/desk/petitions/new", "/desk/petitions/quay");

    let preview = author.send(
        new,
        new,
        &draft("Keep the quay", "## Why\n\n<b>Because.</b>", "preview"),
    );
    assert_eq!(preview.status, 200);
    assert!(
        preview
            .text()
            .contains("<h2>Why</h2>\n<p>&lt;b&gt;Because.&lt;/b&gt;</p>"),
        "{}",
        preview.text()
    );
    assert_eq!(author.get(page).status, 404, "a preview keeps nothing");
    assert_eq!(author.send(new, new, &draft("", "x", "save")).status, 400);
    assert_eq!(
        author
            .send(new, new, &draft("Keep the quay", "First text.", "save"))
            .status,
        303
    );
    assert_eq!(
        author
            .send(new, new, &draft("Keep the quay", "First text.", "save"))
            .status,
        409,
        "the name is taken"
    );
    assert_eq!(public.get("/p/quay").status, 404);
    assert_eq!(
        author
            .send(page, &format!("{page}/publish"), &[("revision", "1")])
            .status,
        403
    );

    // Sent back with a note, changed, submitted again.
    assert!(!moderator.get("/desk?lang=en").text().contains("to review</span>"));
    let publish = |moderator: &mut Browser, revision: &str| {
        let fields = [("revision", revision)];
        moderator.send(page, &format!("{page}/publish"), &fields).status
    };
    assert_eq!(
        publish(&mut moderator, "1"),
        409,
        "a draft that its author has not submitted"
    );
    assert_eq!(author.send(page, &format!("{page}/submit"), &[]).status, 303);
    assert!(moderator.get("/desk?lang=en").text().contains("1 to review"));
    let note = [("note", "Say who <decides>.")];
    assert_eq!(moderator.send(page, &format!("{page}/send-back"), &note).status, 303);
    assert!(
        author.get(page).text().contains("Say who &#60;decides&#62;."),
        "{}",
        author.get(page).text()
    );
    let edit = format!("{page}/edit");
    assert_eq!(
        author
            .send(page, &edit, &draft("Keep the quay", "The council decides.", "save"))
            .status,
        303
    );
    assert_eq!(author.send(page, &format!("{page}/submit"), &[]).status, 303);

    // Nothing of a draft is for ever: not even what it is called in addresses.
    let mut wrong = draft("Keep the quay", "The council decides.", "save");
    wrong[0] = ("slug", "the-quay");
    wrong[2] = ("owner", "Parents of the harbour");
    let moved = author.send(page, &edit, &wrong);
    let there = moved.header("location").unwrap_or_default();
    assert!(
        moved.status == 303 && there.starts_with("/desk/petitions/the-quay?"),
        "{there}"
    );
    assert_eq!(author.get(page).status, 404);
    let there = author.get("/desk/petitions/the-quay").text();
    assert!(there.contains("Parents of the harbour"), "{there}");
    site.petition("fountain");
    wrong[0] = ("slug", "fountain");
    let taken = author.send("/desk/petitions/the-quay", "/desk/petitions/the-quay/edit", &wrong);
    assert_eq!(taken.status, 409, "another one is called so");
    let back = draft("Keep the quay", "The council decides.", "save");
    assert_eq!(
        author
            .send("/desk/petitions/the-quay", "/desk/petitions/the-quay/edit", &back)
            .status,
        303
    );
    assert_eq!(author.send(page, &format!("{page}/submit"), &[]).status, 303);

    // What a moderator has read is what is published.
    let read = moderator.get(page).hidden("revision");
    assert_eq!(
        author
            .send(page, &edit, &draft("Keep the quay", "Something else.", "save"))
            .status,
        303
    );
    assert_eq!(publish(&mut moderator, &read), 409, "changed, so no longer submitted");
    assert_eq!(author.send(page, &format!("{page}/submit"), &[]).status, 303);
    assert_eq!(publish(&mut moderator, &read), 409, "not what was read");
    let read = moderator.get(page).hidden("revision");
    assert_eq!(publish(&mut moderator, &read), 303);
    // Whoever pressed and goes to look finds it there.
    let shown = public.get("/p/quay");
    assert_eq!(shown.status, 200);
    let twice = moderator.send(page, &format!("{page}/publish?lang=en"), &[("revision", &read)]);
    assert!(
        twice.status == 409 && twice.text().contains("published already"),
        "{}",
        twice.text()
    );
    let odd = moderator.send(
        page,
        &format!("{page}/publish?lang=en"),
        &[("revision", "x"), ("odd", "1")],
    );
    assert!(
        odd.status == 400 && odd.text().contains("A field does not fit"),
        "{}",
        odd.text()
    );
    let shown = shown.text();
    for text in [
        "Something else.",
        "Parents of the quay",
        "The council",
        "market gardener",
    ] {
        assert!(shown.contains(text), "{text}");
    }

    // What is open keeps its name, and a form that says otherwise is refused as a whole.
    let mut operator = member(&site, &server, "operator", "Zoé").browser;
    let renamed = operator.send(page, &format!("{edit}?lang=en"), &wrong);
    assert!(
        renamed.status == 400 && renamed.text().contains("A field does not fit"),
        "{}",
        renamed.text()
    );

    // Signed texts are not the author's alone any more; news are.
    assert_eq!(author.get(&edit).status, 403);
    let update = format!("{page}/update");
    let news = [
        ("title", "The council meets"),
        ("body", "On Monday."),
        ("mail", "on"),
        ("do", "save"),
    ];
    assert_eq!(author.send(page, &update, &news).status, 303);
    let petition = site.run(&["petition", "show", "quay", "--json"]).json();
    assert_eq!(
        petition["content"]["updates"][0]["title"], "The council meets",
        "{petition}"
    );
    let close = format!("{page}/close");
    assert_eq!(author.send(&close, &close, &[]).status, 400, "not without being sure");
    assert_eq!(author.send(&close, &close, &[("sure", "yes")]).status, 303);
    let closed = public.get("/p/quay?lang=en").text();
    assert!(closed.contains("Closed to signatures"), "{closed}");
    let says = |answer: Answer, what: &str| {
        assert!(
            answer.status == 409 && answer.text().contains(what),
            "{what}: {}",
            answer.text()
        );
    };
    let there = |tail: &str| format!("{page}/{tail}?lang=en");
    says(author.send(page, &there("close"), &[("sure", "yes")]), "closed already");
    says(author.send(page, &there("submit"), &[]), "closed already");
    says(
        moderator.send(page, &there("publish"), &[("revision", &read)]),
        "closed already",
    );

    // Another author sees nothing of it, and the log says who did what.
    let mut other = member(&site, &server, "author", "Ada").browser;
    assert_eq!(other.get(page).status, 404);
    assert!(!other.get("/desk").text().contains("quay"));
    let audit = moderator.get("/desk/audit?lang=en").text();
    for line in [
        "Maëlle</bdi></b>: created",
        "Bastien</bdi></b>: published",
        "Maëlle</bdi></b>: closed",
        "sent back",
    ] {
        assert!(audit.contains(line), "{line}: {audit}");
    }
    server.stop();
    assert_eq!(site.recount()["quay"], 0);
}

#[test]
fn a_desk_of_its_own_is_there_and_nowhere_else() {
    let mut site = site();
    site.set("listen.desk", "127.0.0.1:0");
    let server = site.start();
    assert_eq!(server.client().get("/privacy").status, 200);
    let mut public = server.client();
    let answer = public.ask("GET", "/desky", &[], b"").expect("an answer");
    assert_eq!(answer.status, 404);
    let ran = site.run(&["desk", "link", "--json"]);
    let link = ran.json()["link"].as_str().expect("a link").to_owned();
    let (host, _) = link["http://".len()..].split_once('/').expect("a path");
    let address = host.parse().expect("an address");
    assert_ne!(address, server.address);
    let mut operator = Browser::new(address).join(&super::browser::path(&link), "Zoé").browser;
    assert_eq!(operator.get("/desk").status, 200);
    assert_eq!(operator.client.get("/p/fountain").status, 404, "no public pages there");
    let style = operator.get("/desk").text();
    let (_, style) = style.split_once("stylesheet\" href=\"").expect("a style");
    let style = &style[..style.find('"').expect("a quote")];
    assert_eq!(operator.client.get(style).status, 200);
    server.stop();
}

#[test]
fn a_draft_is_discarded_and_nothing_of_it_is_left_but_its_number() {
    let site = site();
    let server = site.start();
    let mut author = member(&site, &server, "author", "Maëlle").browser;
    let mut moderator = member(&site, &server, "moderator", "Bastien").browser;
    let (new, page, discard) = (
        "/desk/petitions/new",
        "/desk/petitions/quay",
        "/desk/petitions/quay/discard",
    );
    let written = draft("Keep the quay", "A text that nobody reads.", "save");
    assert_eq!(author.send(new, new, &written).status, 303);
    assert_eq!(author.send(page, "/desk/petitions/quay/submit", &[]).status, 303);
    assert!(author.get(page).text().contains(discard), "there is a way to it");
    assert!(
        !moderator.get(page).text().contains(discard),
        "and none for who has not written it"
    );
    assert_eq!(author.send(discard, discard, &[]).status, 400, "not by a slip");
    let gone = author.send(discard, discard, &[("sure", "yes")]);
    let to = gone.header("location").unwrap_or_default();
    assert!(gone.status == 303 && to.contains("done=discarded"), "{to}");
    assert_eq!((author.get(page).status, moderator.get(page).status), (404, 404));
    assert!(!author.get("/desk").text().contains("Keep the quay"));
    assert!(
        moderator
            .get("/desk/audit?lang=en")
            .text()
            .contains("discarded the draft")
    );
    let left = "SELECT COUNT(*) FROM petition_text WHERE body LIKE '%nobody reads%'";
    assert_eq!(site.number(left), 0);

    // Its name is free, its number is not.
    assert_eq!(author.send(new, new, &written).status, 303);
    assert_eq!(site.number("SELECT id FROM petition WHERE slug = 'quay'"), 2);
    let discarded = site.run(&["petition", "discard", "quay", "--json"]);
    assert_eq!(discarded.json()["state"], "discarded", "{}", discarded.stderr);
    site.petition("fountain");
    is_refused(
        &site.run(&["petition", "discard", "fountain"]),
        1,
        &["not a draft", "close"],
    );
    for slug in ["quay", "~1"] {
        is_refused(&site.run(&["petition", "discard", slug]), 1, &["no petition is called"]);
    }
    server.stop();
    let (sound, findings, report) = fsck(&site, &[]);
    assert!(sound && findings.is_empty(), "{report}");
    assert_eq!(site.recount().keys().collect::<Vec<_>>(), ["fountain"]);
    site.start().stop();
}
