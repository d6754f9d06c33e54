//! Each role at each address, as the table says.

use super::browser::{Member, member, site};

/// Method, path, form; what author, moderator and operator get. Petition `theirs` is somebody else's, submitted.
const TABLE: &[(&str, &str, &str, [u16; 3])] = &[
    ("GET", "/desk", "", [200, 200, 200]),
    ("GET", "/desk/account", "", [200, 200, 200]),
    ("GET", "/desk/mail", "", [403, 200, 200]),
    ("GET", "/desk/audit", "", [403, 200, 200]),
    ("GET", "/desk/members", "", [403, 403, 200]),
    ("GET", "/desk/petitions/new", "", [200, 200, 200]),
    ("GET", "/desk/petitions/theirs", "", [404, 200, 200]),
    ("GET", "/desk/petitions/theirs/edit", "", [404, 403, 200]),
    ("GET", "/desk/petitions/open/update", "", [404, 403, 200]),
    ("GET", "/desk/petitions/open/close", "", [404, 200, 200]),
    ("GET", "/desk/petitions/theirs/discard", "", [404, 403, 200]),
    ("GET", "/desk/petitions/open/discard", "", [404, 409, 409]),
    ("GET", "/desk/petitions/absent", "", [404, 404, 404]),
    ("GET", "/desk/elsewhere", "", [404, 404, 404]),
    ("POST", "/desk/petitions/theirs/edit", "title=A&body=B", [404, 403, 303]),
    ("POST", "/desk/petitions/theirs/submit", "", [404, 403, 303]),
    ("POST", "/desk/petitions/theirs/send-back", "note=", [403, 400, 400]),
    ("POST", "/desk/petitions/theirs/publish", "revision=99", [403, 409, 409]),
    ("POST", "/desk/petitions/open/update", "title=A", [404, 403, 400]),
    ("POST", "/desk/petitions/open/close", "", [404, 400, 400]),
    ("POST", "/desk/petitions/theirs/discard", "", [404, 403, 400]),
    ("POST", "/desk/petitions/new", "title=", [400, 400, 400]),
    ("POST", "/desk/members/invite", "role=nobody", [403, 403, 404]),
    ("POST", "/desk/members/reset", "member=00", [403, 403, 404]),
    ("POST", "/desk/members/remove", "member=00&sure=yes", [403, 403, 404]),
    ("POST", "/desk/members/take-back", "link=00", [403, 403, 404]),
    ("POST", "/desk/account/password", "old=x&password=y", [403, 403, 403]),
    ("POST", "/desk/account/recovery", "old=x", [403, 403, 403]),
    ("GET", "/desk/logout", "", [405, 405, 405]),
    ("GET", "/desk/incident", "", [403, 200, 200]),
    ("GET", "/desk/incident/line", "", [403, 200, 200]),
    ("GET", "/desk/incident/copy/open", "", [403, 200, 200]),
    ("GET", "/desk/incident/copy/theirs", "", [403, 404, 404]),
    ("GET", "/desk/incident/statement", "", [403, 200, 200]),
    ("GET", "/desk/incident/decide", "", [403, 200, 200]),
    ("GET", "/desk/incident/log", "", [403, 200, 200]),
    ("POST", "/desk/incident/acknowledge", "", [403, 303, 303]),
    ("POST", "/desk/incident/log", "text=", [403, 400, 400]),
    ("POST", "/desk/incident/clock", "do=", [403, 400, 400]),
    ("POST", "/desk/incident/statement", "set_aside=x", [403, 400, 400]),
    ("POST", "/desk/incident/decide", "direction=hold", [403, 400, 400]),
    ("POST", "/desk/incident/read-only", "do=", [403, 400, 400]),
    ("POST", "/desk/incident/undo", "verdict=99", [403, 404, 404]),
];

#[test]
fn each_role_gets_what_the_table_says() {
    let mut site = site();
    // Wrong passwords are part of the table.
    site.set("limits.desk_tries", 100);
    site.petition("open");
    let server = site.start();
    let mut writer = member(&site, &server, "author", "Writer");
    let text = [
        ("slug", "theirs"),
        ("title", "Theirs"),
        ("owner", "Somebody"),
        ("body", "A text."),
        ("language", "fr"),
        ("do", "save"),
    ];
    let page = "/desk/petitions/new";
    assert_eq!(writer.browser.send(page, page, &text).status, 303);
    assert_eq!(
        writer.browser.send(page, "/desk/petitions/theirs/submit", &[]).status,
        303
    );

    let roles = ["author", "moderator", "operator"];
    let mut members: Vec<Member> = roles
        .iter()
        .map(|role| member(&site, &server, role, &format!("The {role}")))
        .collect();
    for (method, path, fields, expected) in TABLE {
        for ((member, role), expected) in members.iter_mut().zip(roles).zip(expected) {
            let status = if *method == "GET" {
                member.browser.get(path).status
            } else {
                let fields: Vec<(&str, &str)> = fields.split('&').filter_map(|pair| pair.split_once('=')).collect();
                member.browser.send("/desk/account", path, &fields).status
            };
            assert_eq!(status, *expected, "{role}: {method} {path} {fields}");
        }
    }
    // Nobody at all gets none of it.
    let mut stranger = super::browser::Browser::new(server.address);
    for (method, path, ..) in TABLE.iter().filter(|(_, path, ..)| !path.ends_with("elsewhere")) {
        let status = match *method {
            "GET" => stranger.get(path).status,
            _ => {
                stranger
                    .raw(path, &[("origin", &format!("http://{}", server.address))], "")
                    .status
            }
        };
        let none = if *method == "GET" { [303, 405] } else { [403, 403] };
        assert!(none.contains(&status), "{method} {path}: {status}");
    }
    server.stop();
}

#[test]
fn the_last_operator_stays_and_who_is_removed_leaves_no_name() {
    let site = site();
    let server = site.start();
    let mut zoe = member(&site, &server, "operator", "Zoé");
    let mut bastien = member(&site, &server, "moderator", "Bastien Kerloc’h");
    let page = zoe.browser.get("/desk/members").text();
    let ids: Vec<&str> = page
        .split("name=\"member\" value=\"")
        .skip(1)
        .map(|rest| &rest[..32])
        .collect();
    let room = "/desk/incident";
    let line = [("text", "Called the host")];
    assert_eq!(bastien.browser.send(room, "/desk/incident/log", &line).status, 303);
    let remove = |zoe: &mut Member, id: &str| {
        let fields = [("member", id), ("sure", "yes")];
        zoe.browser
            .send("/desk/members", "/desk/members/remove", &fields)
            .status
    };
    assert_eq!(remove(&mut zoe, ids[0]), 409, "the last operator");
    assert_eq!(remove(&mut zoe, ids[2]), 303);
    assert_eq!(bastien.browser.get("/desk").status, 303, "out at once");
    assert_eq!(
        site.number("SELECT COUNT(*) FROM desk_member WHERE name LIKE 'Bastien%'"),
        0
    );
    let audit = zoe.browser.get("/desk/audit?lang=en").text();
    assert!(
        !audit.contains("Bastien") && audit.contains("former member 1"),
        "{audit}"
    );
    assert_eq!(zoe.browser.get("/desk/members").text().matches("Bastien").count(), 0);
    // Two who left are told apart in the room as they are in the register.
    let shown = zoe.browser.get("/desk/incident?lang=en").text();
    assert!(
        shown.contains("Called the host") && shown.contains("former member 1"),
        "{shown}"
    );
    server.stop();
}

#[test]
fn who_is_removed_has_no_link_to_come_back_by() {
    let site = site();
    let server = site.start();
    let mut zoe = member(&site, &server, "operator", "Zoé");
    let mut tina = member(&site, &server, "operator", "Tina");
    let invite = |by: &mut Member| {
        let made = by
            .browser
            .send("/desk/members", "/desk/members/invite", &[("role", "operator")]);
        let text = made.text();
        let (_, rest) = text.split_once("readonly value=\"").expect("a link");
        super::browser::path(&rest[..rest.find('"').expect("an end")])
    };
    let (hers, own) = (invite(&mut tina), invite(&mut zoe));
    let page = zoe.browser.get("/desk/members").text();
    let last = page.split("name=\"member\" value=\"").nth(3).expect("Tina");
    let fields = [("member", &last[..32]), ("sure", "yes")];
    let removed = zoe.browser.send("/desk/members", "/desk/members/remove", &fields);
    assert_eq!(removed.status, 303);
    assert_eq!(tina.browser.get(&hers).status, 404, "made before she was removed");
    assert_eq!(tina.browser.get(&own).status, 200, "somebody else's stays");

    // Any operator takes back what nobody used.
    let page = zoe.browser.get("/desk/members").text();
    let (_, rest) = page.split_once("name=\"link\" value=\"").expect("an open link");
    let token = rest[..64].to_owned();
    let mut take_back = || {
        let fields = [("link", token.as_str())];
        zoe.browser
            .send("/desk/members", "/desk/members/take-back", &fields)
            .status
    };
    assert_eq!((take_back(), take_back()), (303, 404));
    assert_eq!(tina.browser.get(&own).status, 404);
    let audit = zoe.browser.get("/desk/audit?lang=en").text();
    assert!(
        audit.contains("took back a link") && audit.contains("former member 1"),
        "{audit}"
    );
    server.stop();
}
