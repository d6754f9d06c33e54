//! Coming in and staying out.

use std::io::{BufRead, BufReader, Read};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use paraph::desk::totp;

use super::browser::{Browser, PASSWORD, link, member, path, secret_on, site, step};
use crate::client::form;
use crate::fsck::fsck;
use crate::server::{Ends, Site, until};

/// Starts a server, and reads what it says until `lines` have come; then kills it and returns whatever came behind.
fn said(site: &Site, lines: usize, meanwhile: impl FnOnce(&[String])) -> Vec<String> {
    let mut child = site.begin();
    let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
    let mut said = Vec::new();
    for _ in 0..lines {
        let mut line = String::new();
        stdout.read_line(&mut line).expect("a line");
        said.push(line);
    }
    meanwhile(&said);
    child.kill().expect("killed");
    child.wait().expect("gone");
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).expect("text");
    said.extend(rest.lines().map(str::to_owned));
    said
}

#[test]
fn the_first_link_makes_one_operator_and_no_other() {
    let site = site();
    let mut first = String::new();
    said(&site, 2, |lines| first = lines[1].clone());
    let mut browser = None;
    said(&site, 2, |lines| {
        let link = lines[1].rsplit(' ').next().expect("a link").trim();
        let (host, _) = link["http://".len()..].split_once('/').expect("a path");
        let address = host.parse().expect("an address");
        let mut stranger = Browser::new(address);
        assert_eq!(
            stranger.get(&path(&first)).status,
            404,
            "a later start makes the link void"
        );
        let link = path(link);
        assert_eq!(stranger.get(&link).status, 200);
        // Looking at it does not use it up; nor does a form that is wrong.
        let wrong = [("name", "Zoé"), ("password", "short"), ("code", "000000")];
        let answer = stranger.send(&link, &link, &wrong);
        assert_eq!(answer.status, 400);
        assert!(!answer.text().contains("short"), "a password is never shown again");
        let operator = Browser::new(address).join(&link, "Zoé");
        assert_eq!(operator.recovery.len(), totp::RECOVERY_CODES);
        assert_eq!(stranger.get(&link).status, 404, "used");
        browser = Some(operator);
    });
    let lines = said(&site, 1, |_| {});
    assert!(lines.iter().all(|line| !line.contains("/desk/join/")), "{lines:?}");
    let list = site.run(&["desk", "list", "--json"]).json();
    assert_eq!(list["members"][0]["role"], "operator", "{list}");
    assert!(!site.logged().contains("Zoé"), "names of members are not logged");
}

#[test]
fn a_link_is_good_for_its_time_only() {
    let site = site();
    let server = site.start();
    let link = link(&site, &["--role", "author"]);
    let mut browser = Browser::new(server.address);
    let page = browser.get(&link);
    assert_eq!(page.status, 200);
    let secret = page.hidden("secret");
    let code = totp::code(&secret_on(&page), step());
    site.store()
        .execute("UPDATE desk_invitation SET expires = 1", [])
        .expect("set");
    assert_eq!(browser.get(&link).status, 404);
    let fields = [("name", "Late"), ("password", PASSWORD), ("code", code.as_str())];
    assert_eq!(browser.send_with(&link, &secret, &fields).status, 404);
    assert_eq!(browser.get("/desk/join/AAAAAAAAAAAAAAAAAAAAAA").status, 404);
    assert_eq!(site.number("SELECT COUNT(*) FROM desk_member"), 0);
    server.stop();
}

#[test]
fn a_login_leads_to_the_page_of_the_desk_that_was_asked_for_and_nowhere_else() {
    let site = site();
    let server = site.start();
    let zoe = member(&site, &server, "operator", "Zoé Amrani");
    let mut browser = Browser::new(server.address);
    let asked = browser.get("/desk/incident?lang=en");
    let to_login = "/desk/login?lang=en&to=/desk/incident";
    assert_eq!((asked.status, asked.header("location")), (303, Some(to_login)));
    let page = browser.get(to_login);
    assert!(
        page.text().contains("to=/desk/incident\""),
        "the form keeps it: {}",
        page.text()
    );
    let mut codes = zoe.recovery.iter();
    let mut log_in = |at: &str| {
        let mut browser = Browser::new(server.address);
        let code = codes.next().expect("a code").as_str();
        let fields = [("name", zoe.name.as_str()), ("password", PASSWORD), ("code", code)];
        let answer = browser.send("/desk/login", at, &fields);
        assert_eq!(answer.status, 303, "{at}");
        answer.header("location").expect("a place").to_owned()
    };
    assert_eq!(log_in(to_login), "/desk/incident?lang=en");
    for elsewhere in [
        "//evil.example/desk/",
        "/p/fountain",
        "/desk/../p/fountain",
        "/desk/incident/undo",
        "/desk/login",
    ] {
        let at = format!("/desk/login?lang=en&to={elsewhere}");
        assert_eq!(log_in(&at), "/desk?lang=en", "{elsewhere}");
    }
    server.stop();
}

#[test]
fn a_code_opens_once_and_a_session_ends_with_its_logout() {
    let site = site();
    let server = site.start();
    let mut zoe = member(&site, &server, "operator", "Zoé Amrani");
    assert_eq!(zoe.browser.get("/desk").status, 200);
    let stolen = zoe.browser.cookies.clone();

    let mut elsewhere = Browser::new(server.address);
    // The code of joining is spent, so the next one; names are compared as people type them.
    let used = totp::code(&zoe.secret, zoe.joined);
    assert_eq!(
        elsewhere.log_in(&zoe.name, PASSWORD, &used).status,
        403,
        "joining used this step"
    );
    let next = totp::code(&zoe.secret, zoe.joined + 1);
    assert_eq!(elsewhere.log_in("  zoÉ  amrani", PASSWORD, &next).status, 303);
    assert_eq!(elsewhere.get("/desk").status, 200);
    let mut again = Browser::new(server.address);
    assert_eq!(again.log_in(&zoe.name, PASSWORD, &next).status, 403, "a replay");
    assert_eq!(
        again
            .log_in(&zoe.name, PASSWORD, &zoe.recovery[0].to_uppercase())
            .status,
        303
    );
    let mut once = Browser::new(server.address);
    assert_eq!(once.log_in(&zoe.name, PASSWORD, &zoe.recovery[0]).status, 403, "spent");
    assert_eq!(once.log_in(&zoe.name, "not the password", &zoe.recovery[1]).status, 403);

    let (form, account) = (zoe.browser.get("/desk/petitions/new"), zoe.browser.get("/desk/account"));
    assert_eq!(zoe.browser.send("/desk", "/desk/logout", &[]).status, 303);
    // What was written into a form comes back to be copied; a password does not.
    let mut late = Browser::new(server.address);
    late.cookies = stolen.clone();
    let words = [("title", "Kept <words>"), ("body", "An hour's work."), ("do", "save")];
    let answer = late.send_with("/desk/petitions/new?lang=en", &form.hidden("secret"), &words);
    let text = answer.text();
    assert!(
        answer.status == 403 && text.contains("Kept &#60;words&#62;") && text.contains("An hour&#39;s work."),
        "{text}"
    );
    let answer = late.send_with(
        "/desk/account/password",
        &account.hidden("secret"),
        &[("old", "Old-Secret"), ("password", "New-Secret")],
    );
    assert!(answer.status == 403 && !answer.text().contains("-Secret"), "{answer:?}");
    let mut thief = Browser::new(server.address);
    thief.cookies = stolen;
    let answer = thief.get("/desk");
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, Some("/desk/login?lang=fr"))
    );

    // All others of hers end at once, and one by one.
    let account = again.get("/desk/account").text();
    assert_eq!(
        account.matches("name=\"session\"").count(),
        1,
        "the other one, not this"
    );
    assert_eq!(again.send("/desk/account", "/desk/account/sessions", &[]).status, 303);
    for browser in [&mut again, &mut elsewhere] {
        assert_eq!(browser.get("/desk").status, 303);
    }
    server.stop();
}

#[test]
fn a_form_from_elsewhere_does_nothing() {
    let site = site();
    let server = site.start();
    let mut zoe = member(&site, &server, "operator", "Zoé");
    let other = member(&site, &server, "author", "Bastien");
    let browser = &mut zoe.browser;
    let secret = browser.get("/desk/members").hidden("secret");
    let origin = format!("http://{}", browser.address);
    let mut foreign = other.browser;
    let foreign = foreign.get("/desk/account").hidden("secret");
    let body = |secret: &str| form(&[("role", "operator"), ("secret", secret)]);
    let path = "/desk/members/invite";
    let here = [("origin", origin.as_str())];
    let attempts = [
        ("no secret", &here[..], form(&[("role", "operator")])),
        ("another session's secret", &here[..], body(&foreign)),
        ("no origin", &[][..], body(&secret)),
        (
            "another origin",
            &[("origin", "https://elsewhere.example")][..],
            body(&secret),
        ),
        ("an opaque origin", &[("origin", "null")][..], body(&secret)),
        (
            "another site",
            &[here[0], ("sec-fetch-site", "cross-site")][..],
            body(&secret),
        ),
    ];
    for (what, headers, body) in attempts {
        assert_eq!(browser.raw(path, headers, &body).status, 403, "{what}");
    }
    assert_eq!(site.number("SELECT COUNT(*) FROM desk_invitation"), 0);
    assert_eq!(browser.raw(path, &here, &body(&secret)).status, 200);
    assert_eq!(site.number("SELECT COUNT(*) FROM desk_invitation"), 1);
    // A GET changes nothing, and a field that the form does not have is refused.
    assert_eq!(browser.get(path).status, 405);
    let strange = [("role", "author"), ("admin", "1")];
    assert_eq!(browser.send_with(path, &secret, &strange).status, 400);
    // Nor does the form of a login work in another browser.
    let login = Browser::new(server.address).get("/desk/login").hidden("secret");
    let mut victim = Browser::new(server.address);
    let fields = [("name", "x"), ("password", "y"), ("code", "z")];
    assert_eq!(victim.send_with("/desk/login", &login, &fields).status, 403);
    server.stop();
}

/// The session and its cookie are gone: nothing is done, and no words are lost.
#[test]
fn what_was_written_is_shown_again_to_who_has_no_session_any_more() {
    let site = site();
    let server = site.start();
    let mut author = member(&site, &server, "author", "Ada").browser;
    let new = "/desk/petitions/new";
    let secret = author.get(new).hidden("secret");
    assert_eq!(author.send("/desk", "/desk/logout", &[]).status, 303);
    let written = [
        ("slug", "quay"),
        ("title", "Keep the quay"),
        ("body", "Two hours of <work>."),
        ("do", "save"),
    ];
    let shown = author.send_with(&format!("{new}?lang=en"), &secret, &written);
    let text = shown.text();
    assert_eq!(shown.status, 403);
    assert!(
        text.contains("Two hours of &#60;work&#62;.</textarea>") && text.contains("/desk/login"),
        "{text}"
    );
    assert_eq!(site.number("SELECT COUNT(*) FROM petition"), 0);
    // What another site sends is not even read, and a form without words has none to lose.
    let body = form(&[&written[..], &[("secret", &secret)]].concat());
    let elsewhere = author.raw(new, &[("origin", "https://elsewhere.example")], &body);
    assert!(elsewhere.status == 403 && !elsewhere.text().contains("Two hours"));
    assert_eq!(author.send_with("/desk/account/sessions", &secret, &[]).status, 403);
    server.stop();
}

#[test]
fn a_flood_of_logins_waits_and_tells_nothing() {
    let site = site();
    site.petition("fountain");
    let server = site.start();
    let zoe = member(&site, &server, "operator", "Zoé");
    let seen = |name: &str| {
        let mut browser = Browser::new(server.address);
        let answer = browser.log_in(name, PASSWORD, "000000");
        (
            answer.status,
            answer.text().replace(name, "").replace(&secret(&answer.text()), ""),
        )
    };
    assert_eq!(
        seen("Zoé"),
        seen("Nobody"),
        "whether there is such a member is not told"
    );

    let began = Instant::now();
    let outcomes: Vec<u16> = std::thread::scope(|scope| {
        let guess = |thread: usize| {
            let mut browser = Browser::new(server.address);
            let guesses = (0..10).map(|n| {
                let answer = browser.log_in(&format!("guess {thread} {n}"), PASSWORD, "000000");
                if answer.status != 403 {
                    assert!(answer.header("retry-after").is_some(), "{answer:?}");
                }
                answer.status
            });
            guesses.collect::<Vec<_>>()
        };
        let threads: Vec<_> = (0..8).map(|thread| scope.spawn(move || guess(thread))).collect();
        server.client().sign("fountain", "Ada Example", "ada@people.example");
        threads
            .into_iter()
            .flat_map(|thread| thread.join().expect("joined"))
            .collect()
    });
    let hashed = outcomes.iter().filter(|status| **status == 403).count();
    assert!(
        (1..=30).contains(&hashed),
        "{hashed} of {} in {:?}",
        outcomes.len(),
        began.elapsed()
    );
    assert!(
        outcomes.iter().all(|status| [403, 429, 503].contains(status)),
        "{outcomes:?}"
    );
    until("a wait", || Some(()).filter(|()| seen("Nobody").0 == 429));
    let mut late = Browser::new(server.address);
    let answer = late.log_in("Zoé", PASSWORD, &zoe.recovery[0]);
    let wait: u64 = answer.header("retry-after").expect("a wait").parse().expect("seconds");
    assert!((1..=300).contains(&wait), "delayed, not locked out: {wait}");
    let mut zoe = zoe;
    assert_eq!(zoe.browser.get("/desk").status, 200, "who is in stays in");
    server.stop();
}

fn secret(html: &str) -> String {
    let (_, rest) = html.split_once("name=\"secret\" value=\"").expect("a secret");
    rest[..rest.find('"').expect("a quote")].to_owned()
}

#[test]
fn sessions_outlive_a_restart_and_end_with_a_restore() {
    let mut site = site();
    let server = site.start();
    site.set("listen.http", server.address);
    let mut zoe = member(&site, &server, "operator", "Zoé");
    member(&site, &server, "moderator", "Bastien");
    server.stop();
    let server = site.start();
    let mut browser = zoe.browser;
    browser.client = server.client();
    assert_eq!(browser.get("/desk/members").status, 200, "a restart ends no session");
    let taken = site.run(&["backup", "--out", "b", "--data", "data", "--json"]);
    assert_eq!(taken.code, 0, "{}{}", taken.stdout, taken.stderr);
    // Idle for too long, however young.
    site.store()
        .execute("UPDATE desk_session SET seen_at = made_at - 7200000", [])
        .expect("set");
    assert_eq!(browser.get("/desk/members").status, 303);
    server.stop();
    let (sound, _, report) = fsck(&site, &[]);
    assert!(sound, "{report}");
    site.store()
        .execute("DELETE FROM desk_member WHERE name = 'Bastien'", [])
        .expect("deleted");
    let (sound, _, report) = fsck(&site, &[]);
    assert!(
        !sound && report.to_string().contains("a member who does not exist"),
        "{report}"
    );

    let ran = site.run(&["restore", "--from", "b", "--data", "restored", "--json"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let key = "keys/master.key";
    std::fs::copy(site.data().join(key), site.place().join("restored").join(key)).expect("the key file");
    std::fs::rename(site.data(), site.place().join("aside")).expect("aside");
    std::fs::rename(site.place().join("restored"), site.data()).expect("in its place");
    let server = site.start();
    browser.client = server.client();
    assert_eq!(
        browser.get("/desk").status,
        303,
        "what was open when the backup was taken is closed"
    );
    assert_eq!(
        browser.log_in("Zoé", PASSWORD, &zoe.recovery.remove(0)).status,
        303,
        "members are there"
    );
    assert_eq!(browser.get("/desk").status, 200);
    server.stop();
}

/// A flood of logins from many addresses, several at a time from each, while one operator works and another comes in.
#[test]
fn a_crowd_at_the_door_neither_slows_who_is_in_nor_keeps_an_operator_out() {
    const ADDRESSES: usize = 12;
    const EACH: usize = 6;
    let mut site = site();
    site.set("listen.trusted_proxies", "127.0.0.1");
    site.set("limits.connections_per_address", 4096);
    // No more room than one of each address takes, nor a place for who is in but one.
    site.set("limits.lane_desk", 1);
    site.set("limits.lane_desk_door", 1);
    for queue in ["lane_desk_door_waiting", "desk_hashing_waiting"] {
        site.set(&format!("limits.{queue}"), ADDRESSES + 1);
    }
    let server = site.start();
    let mut zoe = member(&site, &server, "operator", "Zoé");
    let bastien = member(&site, &server, "operator", "Bastien");
    let is_over = AtomicBool::new(false);
    let tried = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let _ends = Ends(&is_over);
        for number in 0..ADDRESSES * EACH {
            let (is_over, tried) = (&is_over, &tried);
            scope.spawn(move || {
                let from = format!("198.51.100.{}", number % ADDRESSES);
                let mut browser = Browser::new(server.address);
                let origin = format!("http://{}", server.address);
                let secret = browser.get("/desk/login").hidden("secret");
                while !is_over.load(Ordering::Relaxed) {
                    let name = format!("guess {number} {}", tried.fetch_add(1, Ordering::Relaxed));
                    let fields = [
                        ("name", &*name),
                        ("password", PASSWORD),
                        ("code", "0"),
                        ("secret", &*secret),
                    ];
                    let headers = [("origin", &*origin), ("x-forwarded-for", &*from)];
                    browser.raw("/desk/login", &headers, &form(&fields));
                }
            });
        }
        until("all of them have tried", || {
            (tried.load(Ordering::Relaxed) > 2 * ADDRESSES * EACH).then_some(())
        });
        let began = Instant::now();
        for _ in 0..20 {
            assert_eq!(zoe.browser.get("/desk/members").status, 200);
        }
        let took = began.elapsed();
        let mut elsewhere = Browser::new(server.address);
        let came_in = elsewhere.log_in("Bastien", PASSWORD, &bastien.recovery[0]);
        assert_eq!(came_in.status, 303, "{}", came_in.text());
        // In a browser that was in before, there is no queue to stand in at all.
        zoe.browser.cookies.remove("desk");
        assert_eq!(zoe.browser.log_in("Zoé", PASSWORD, &zoe.recovery[0]).status, 303);
        assert!(took < Duration::from_secs(5), "{took:?}");
    });
    let door = site.run(&["door", "--json"]).json();
    for lane in ["desk", "desk_door"] {
        let lanes = door["lanes"].as_array().expect("lanes");
        let lane = lanes.iter().find(|known| known["label"] == lane).expect("told");
        assert!(lane["served"].as_u64() > Some(19), "{lane}");
    }
    server.stop();
}
