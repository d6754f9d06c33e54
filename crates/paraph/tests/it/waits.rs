//! Whoever is waited for keeps nobody else waiting: bodies that come one byte at a time, on every route that takes one.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::client::form;
use crate::server::{Server, Site};

/// Slow clients of each route: more than its lane has places in this test.
const EACH: usize = 8;

/// Every route of the public side that takes a POST, as the router writes it.
fn routes() -> Vec<(String, String)> {
    let posts = include_str!("../../src/router.rs")
        .lines()
        .filter(|line| line.contains("if is_post =>"));
    let quoted = |line: &str| -> Vec<String> { line.split('"').skip(1).step_by(2).map(str::to_owned).collect() };
    let parts = posts.map(|line| quoted(line.split("if is_post").next().unwrap_or_default()));
    let named = |parts: Vec<String>| match &parts[..] {
        [first] => (first.clone(), String::new()),
        [first, last] => (first.clone(), last.clone()),
        _ => panic!("{parts:?}"),
    };
    parts.map(named).collect()
}

fn slow(server: &Server, path: &str, headers: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).expect("connected");
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/x-www-form-urlencoded\r\n{headers}content-length: \
         10\r\n\r\na",
        server.address
    );
    stream.write_all(head.as_bytes()).expect("sent");
    stream
}

#[test]
fn slow_bodies_on_every_route_keep_nobody_from_anything() {
    let mut site = Site::new();
    site.set("limits.connections_per_address", 4096);
    for lane in ["confirm", "manage", "sign", "plain", "desk", "desk_door"] {
        site.set(&format!("limits.lane_{lane}"), 2);
        site.set(&format!("limits.lane_{lane}_waiting"), 2);
    }
    site.petition("fountain");
    let server = site.start();
    let mut client = server.client();
    client.sign("fountain", "Ada Example", "ada@people.example");
    let letter = site.mail_to("ada@people.example");

    // Links that are right: what guesses is turned away sooner. That of the second way comes later than this mail.
    let mut paths = Vec::new();
    for (first, last) in routes() {
        paths.push(match first.as_str() {
            "p" => format!("/p/fountain/{last}"),
            "stop-mail" => letter.stop_link(),
            "second-way" => format!("/second-way/{}", "A".repeat(24)),
            _ => letter.link(&first),
        });
    }
    assert!(paths.len() >= 6, "{paths:?}");
    let login = client.get("/desk/login");
    let cookie = login
        .header("set-cookie")
        .expect("a cookie")
        .split(';')
        .next()
        .expect("a pair");
    let desk = format!("origin: http://{}\r\ncookie: {cookie}\r\n", server.address);
    let mut held = Vec::new();
    for path in paths.iter().map(String::as_str).chain(["/desk/login"]) {
        let headers = if path.starts_with("/desk") { desk.as_str() } else { "" };
        held.extend((0..EACH).map(|_| slow(&server, path, headers)));
    }
    // Long enough for all of them to be where they wait.
    std::thread::sleep(Duration::from_millis(500));

    let began = Instant::now();
    server.client().sign("fountain", "Bob Example", "bob@people.example");
    let bob = site.mail_to("bob@people.example");
    let mut client = server.client();
    for path in ["/p/fountain/sign", "/p/fountain/challenge", "/desk/login"] {
        assert_eq!(client.get(path).status, 200, "{path}");
    }
    assert_eq!(client.get(&bob.stop_link()).status, 200);
    assert_eq!(client.post_json(&bob.link("confirm"), "").status, 200);
    assert_eq!(client.get(&bob.link("not-me")).status, 200);
    assert_eq!(client.post_json(&bob.link("withdraw"), "").status, 200);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    drop(held);
    server.stop();
}

#[test]
fn a_body_that_is_broken_too_large_or_slow_is_called_so_everywhere() {
    let mut site = Site::new();
    site.set("limits.body_seconds", 1);
    site.petition("fountain");
    let server = site.start();
    let mut client = server.client();
    client.sign("fountain", "Ada Example", "ada@people.example");
    let letter = site.mail_to("ada@people.example");
    let login = client.get("/desk/login");
    let cookie = login
        .header("set-cookie")
        .expect("a cookie")
        .split(';')
        .next()
        .expect("a pair");
    let desk = format!("origin: http://{}\r\ncookie: {cookie}\r\n", server.address);
    let large = form(&[("comment", &"x".repeat(20_000))]);
    let large = format!("{:x}\r\n{large}\r\n0\r\n\r\n", large.len());
    for path in [
        "/p/fountain/sign",
        &letter.link("not-me"),
        &letter.stop_link(),
        "/desk/login",
    ] {
        let headers = if path.starts_with("/desk") { desk.as_str() } else { "" };
        for (body, status) in [("zz\r\n", 400), ("5\r\nname=XX", 400), (large.as_str(), 413)] {
            let request = format!(
                "POST {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: \
                 application/x-www-form-urlencoded\r\n{headers}transfer-encoding: chunked\r\n\r\n{body}",
                server.address
            );
            let mut client = server.client();
            if path.starts_with("/desk") {
                client.get("/desk/login");
            }
            client.send(request.as_bytes()).expect("sent");
            let answer = client.receive(false).expect("an answer");
            assert_eq!(answer.status, status, "{path} {}", &body[..body.len().min(20)]);
        }
    }
    let metrics = crate::client::Client::new(server.operations).get("/metrics").text();
    let counted = |outcome: &str| {
        let label = format!("outcome=\"{outcome}\"");
        let is_it = |line: &&str| line.contains("route=\"sign\"") && line.contains(&label);
        metrics
            .lines()
            .find(is_it)
            .map(|line| line.rsplit(' ').next().map(str::to_owned))
    };
    assert_eq!(counted("broken_body"), Some(Some("2".to_owned())), "{metrics}");
    assert_eq!(counted("too_slow"), None);
    assert_eq!(counted("too_large"), Some(Some("1".to_owned())));
    server.stop();
}
