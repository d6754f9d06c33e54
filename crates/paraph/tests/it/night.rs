//! What the operators of a site have in their hands in a bad night: pages only, a copy elsewhere, a look at how things
//! stand; and descriptors that run out.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use paraph::desk::command::Wish;
use paraph::incident::log::Entry;
use paraph::limits::Limits;

use crate::client::{FORM, form};
use crate::server::{Server, Site, until};
use crate::stores::{Kind, Store};

const SIGN: &str = "/p/fountain/sign";

fn open() -> (Site, Server) {
    let site = Site::new();
    site.petition("fountain");
    let server = site.start();
    (site, server)
}

#[test]
fn read_only_shows_pages_keeps_what_was_typed_and_ends_by_a_word() {
    let (site, server) = open();
    let mut client = server.client();
    client.sign("fountain", "Ada Early", "early@people.example");
    let link = site.mail_to("early@people.example").link("confirm");
    let body = client
        .filled("fountain", "Ada Kept", "kept@people.example")
        .expect("solved");
    assert_eq!(site.run(&["read-only", "--json"]).json()["read_only"], false);
    assert_eq!(site.run(&["read-only", "on", "--json"]).json()["read_only"], true);

    assert_eq!(client.get("/p/fountain").status, 200);
    assert_eq!(client.get(SIGN).status, 200);
    let french = [("accept", "application/json"), ("accept-language", "fr")];
    let challenge = client
        .ask("GET", "/p/fountain/challenge", &french, b"")
        .expect("an answer");
    assert_eq!(challenge.outcome(), (503, "busy".to_owned()));
    assert!(challenge.text().contains("sont suspendues"), "{challenge:?}");
    let answer = client.post_json(SIGN, &body);
    assert_eq!(answer.outcome(), (503, "busy".to_owned()));
    let wait: u64 = answer
        .header("retry-after")
        .expect("seconds")
        .parse()
        .expect("a number");
    assert!((60..=120).contains(&wait), "{wait}");
    let french = [FORM, ("accept-language", "fr")];
    let page = client.ask("POST", SIGN, &french, body.as_bytes()).expect("an answer");
    assert_eq!((page.status, page.hidden("name").as_str()), (503, "Ada Kept"));
    assert!(page.text().contains("sont suspendues"), "{page:?}");
    assert!(
        page.text().contains(" data-again"),
        "it tries again by itself: {page:?}"
    );
    assert!(page.body.len() < 6000, "{} bytes", page.body.len());
    // Whoever has signed goes on.
    assert_eq!(client.post_json(&link, "").status, 200);
    assert_eq!(server.settled("fountain")["counted"], 1);
    assert!(
        server
            .operations_page("/", "en")
            .contains("signing is paused by an operator")
    );

    assert_eq!(site.run(&["read-only", "off", "--json"]).json()["read_only"], false);
    // What the page holds is what it sends again.
    let again = form(&[
        ("name", &page.hidden("name")),
        ("email", &page.hidden("email")),
        ("text_version", &page.hidden("text_version")),
        ("ticket", &page.hidden("ticket")),
    ]);
    assert_eq!(client.post_json(SIGN, &again).status, 202);
    assert_eq!(client.post_json(SIGN, &body).status, 202);
    server.stop();
}

#[test]
fn read_only_can_be_configured_and_reloaded() {
    let mut site = Site::new();
    site.set("site.mode", "read-only");
    site.petition("fountain");
    let server = site.start();
    assert_eq!(site.run(&["read-only", "--json"]).json()["read_only"], true);
    server.stop();
    site.set("site.mode", "closed");
    assert_eq!(site.run(&["check-config"]).code, 2);
}

#[test]
fn a_copy_of_the_pages_needs_nothing_but_files() {
    let (site, server) = open();
    let mut client = server.client();
    client.sign("fountain", "Ada Example", "ada@people.example");
    client.post_json(&site.mail_to("ada@people.example").link("confirm"), "");
    assert_eq!(server.settled("fountain")["counted"], 1);
    let place = site.place().join("copy");
    let directory = place.to_str().expect("UTF-8");
    for _ in 0..2 {
        let told = site.run(&["export", "--static", directory, "--json"]).json();
        assert_eq!((&told["petitions"], &told["files"]), (&1.into(), &6.into()), "{told}");
    }
    for page in [
        "index.html",
        "p/fountain/index.html",
        "en/index.html",
        "en/p/fountain/index.html",
    ] {
        let page = place.join(page);
        let html = fs::read_to_string(&page).unwrap_or_else(|error| panic!("{page:?}: {error}"));
        assert!(html.contains("<strong>1</strong>"), "the count: {html}");
        for absent in ["<form", "<script", "@people.example", "Ada", "src=\"/", "href=\"/"] {
            assert!(!html.contains(absent), "{absent} in {page:?}");
        }
        let links = html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
        let (away, here): (Vec<_>, Vec<_>) = links.partition(|link| link.starts_with("http"));
        assert!(!away.is_empty(), "where one signs");
        for link in here {
            let target = page.parent().unwrap_or(Path::new("")).join(link);
            assert!(target.is_file(), "{link} of {page:?}");
        }
    }
    server.stop();
}

#[test]
fn every_bound_and_lane_is_measured_and_the_page_of_operators_shows_them_without_script() {
    let (site, server) = open();
    let metrics = server.metrics();
    let told = include_str!("../../../../docs/operator.md");
    for name in metrics
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
    {
        // In the table, the second of a row may leave its beginning out.
        let mut ends = name.match_indices('_').map(|(at, _)| &name[at..]);
        let is_told = told.contains(name) || ends.any(|end| told.contains(&format!("`{end}`")));
        assert!(
            is_told || name.starts_with("process_"),
            "docs/operator.md does not tell {name}"
        );
    }
    for bound in Limits::TABLE {
        let line = format!("paraph_bound{{name=\"{}\"}} ", bound.name);
        assert!(metrics.contains(&line), "{line}");
    }
    for lane in [
        "operator",
        "confirm",
        "manage",
        "sign",
        "plain",
        "challenge",
        "verification",
    ] {
        for of in [
            "working",
            "width",
            "waiting",
            "delay_milliseconds",
            "served_total",
            "shed_total",
        ] {
            let line = format!("\nparaph_lane_{of}{{lane=\"{lane}\"}} ");
            assert!(metrics.contains(&line), "{line}");
        }
    }
    assert!(metrics.contains("\nparaph_price_rounds 1000\n"), "{metrics}");
    let (english, french) = (server.operations_page("/", "en"), server.operations_page("/", "fr"));
    assert!(english.contains("Signatures are taken.") && english.contains("spent_script"));
    assert!(french.contains("Les signatures sont prises.") && !french.contains("<script"));
    let told = site.run(&["door"]);
    assert!(
        told.stdout.contains("confirm") && told.stdout.contains("open; price 1000"),
        "{}",
        told.stdout
    );
    server.stop();
}

/// The public side has no place left, and the operators' side has all of its own.
#[test]
fn operators_have_connections_of_their_own_and_a_full_house_makes_room() {
    let mut site = Site::new();
    site.set("limits.connections", 16);
    site.petition("fountain");
    let server = site.start();
    let held: Vec<TcpStream> = (0..16)
        .map(|_| TcpStream::connect(server.address).expect("open"))
        .collect();
    until("the public side is full", || {
        let full = server
            .metrics()
            .contains("paraph_bound_used{name=\"connections\"} 16\n");
        full.then_some(())
    });
    // Who comes gets the place of one who only waits.
    assert_eq!(server.client().get("/p/fountain").status, 200);
    assert!(
        server
            .metrics()
            .contains("paraph_connections_ended_total{why=\"room\"}")
    );
    assert!(server.operations_page("/", "en").contains("Signatures are taken."));
    drop(held);
    server.stop();
}

#[test]
fn descriptors_that_run_out_lose_nothing_and_come_back_without_a_restart() {
    let (site, server) = open();
    let mut client = server.client();
    let bodies: Vec<String> = (0..3)
        .map(|person| {
            let email = format!("ada{person}@people.example");
            client.filled("fountain", "Ada Example", &email).expect("solved")
        })
        .collect();
    assert_eq!(client.post_json(SIGN, &bodies[0]).status, 202);
    let open = fs::read_dir(format!("/proc/{}/fd", server.id()))
        .expect("its descriptors")
        .count();
    let limit = |descriptors: usize| {
        let pid = server.id().to_string();
        let limited = Command::new("prlimit")
            .args(["--pid", &pid, &format!("--nofile={descriptors}:")])
            .status();
        assert!(limited.expect("util-linux").success());
    };
    limit(open + 8);
    let held: Vec<TcpStream> = (0..64)
        .map(|_| TcpStream::connect(server.address).expect("in the backlog"))
        .collect();
    until("none is left", || {
        site.logged().contains("cannot accept connections").then_some(())
    });
    // Who is connected is served, what is promised is kept, and who works here sees how things stand.
    assert_eq!(client.post_json(SIGN, &bodies[1]).status, 202);
    for _ in 0..20 {
        assert!(
            server
                .metrics()
                .contains("paraph_connections_refused_total{why=\"accept_error\"}")
        );
    }
    std::thread::sleep(Duration::from_millis(300));
    drop(held);
    until("connections are accepted again", || {
        let answer = server.client().ask("GET", "/p/fountain", &[], b"");
        (answer.ok()?.status == 200).then_some(())
    });
    assert_eq!(server.client().post_json(SIGN, &bodies[2]).status, 202);
    // A mail that found no descriptor goes later: nobody waits for that here.
    limit(1024);
    assert_eq!(site.number("SELECT COUNT(*) FROM signature"), 3);
    assert_eq!(
        server
            .client()
            .post_json(&site.mail_to("ada2@people.example").link("confirm"), "")
            .status,
        200
    );
    assert_eq!(server.settled("fountain")["counted"], 1);
    site.recount();
    server.stop();
}

/// Two who press at the same instant have both seen a page on which nobody had.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_known_is_written_down_once_whoever_presses_at_the_same_instant() {
    let store = Store::new(Kind::Sqlite);
    let running = store.start(0).await;
    let press = |entry, incident| running.intake.desk(None, Wish::Shift(entry, String::new(), incident));
    let both = tokio::join!(press(Entry::Aware, Some(1)), press(Entry::Aware, Some(1)));
    assert!(both.0.is_ok() && both.1.is_ok(), "{both:?}");
    let lines = async || {
        let mut connections = store.connect().await;
        let row = connections.main.query_one("SELECT COUNT(*) FROM desk_shift", &[]).await;
        row.expect("read").expect("a row").int(0).expect("a number")
    };
    assert_eq!(lines().await, 1);
    // Of another incident, or of none, nothing is known by that; and clocks that were stopped can run again.
    for (entry, incident, many) in [
        (Entry::Aware, None, 2),
        (Entry::Over, Some(1), 3),
        (Entry::Over, Some(1), 3),
        (Entry::Aware, Some(1), 4),
        (Entry::Note, Some(1), 5),
        (Entry::Note, Some(1), 6),
    ] {
        press(entry, incident).await.expect("recorded");
        assert_eq!(lines().await, many, "{entry:?} {incident:?}");
    }
    running.stop();
}
