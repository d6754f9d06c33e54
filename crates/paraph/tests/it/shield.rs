//! A forger behind a trusted proxy is banned, its neighbours are not, and a person lifts the ban everywhere.

use std::fs;
use std::os::unix::net::UnixListener;

use paraph_shield::protocol::{Answer as Told, Ban, Request, Status};

use crate::client::{Answer, Client, form};
use crate::server::{Server, Site, until};

fn from(server: &Server, address: &str, method: &str, path: &str, body: &str) -> Answer {
    let headers = [
        ("x-forwarded-for", address),
        ("accept", "application/json"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let asked = Client::new(server.address).ask(method, path, &headers, body.as_bytes());
    asked.expect("an answer")
}

fn forge(server: &Server, address: &str, times: usize) {
    let body = form(&[
        ("name", "Ada Example"),
        ("email", "ada@people.example"),
        ("altcha", "forged"),
    ]);
    for _ in 0..times {
        let answer = from(server, address, "POST", "/p/fountain/sign", &body);
        assert_eq!(answer.outcome(), (403, "clearance_refused".to_owned()));
    }
}

#[test]
fn a_forger_is_turned_away_early_and_let_in_again_by_a_person_everywhere() {
    let mut site = Site::new();
    let file = |name: &str| site.place().join(name);
    let (haproxy, nginx, list) = (file("haproxy.map"), file("nginx.geo"), file("banned.txt"));
    site.set("listen.trusted_proxies", "127.0.0.1/32");
    site.set("shield.haproxy_map", haproxy.display());
    site.set("shield.nginx_geo", nginx.display());
    site.set("shield.cidr_list", list.display());
    site.petition("fountain");
    let server = site.start();
    let forger = "198.18.0.7";
    forge(&server, forger, 20);

    let refused = from(&server, forger, "POST", "/p/fountain/sign", "");
    assert_eq!(refused.outcome(), (403, "banned".to_owned()));
    let seconds: u64 = refused
        .header("retry-after")
        .expect("seconds")
        .parse()
        .expect("a number");
    assert!((1..=600).contains(&seconds), "{seconds}");
    assert!(
        refused.json()["contact"]
            .as_str()
            .is_some_and(|contact| contact.contains('@'))
    );
    for path in ["/p/fountain", "/p/fountain/sign", "/p/fountain/challenge", "/"] {
        assert_eq!(from(&server, forger, "GET", path, "").status, 403, "{path}");
    }
    // The page is true of every ban, also of one by hand, and leads nowhere where it would be met again.
    let page = Client::new(server.address).ask("GET", "/?lang=en", &[("x-forwarded-for", forger)], b"");
    let page = page.expect("an answer").text();
    assert!(page.contains("or a person at this site blocked it"), "{page}");
    assert!(!page.contains("All petitions"), "{page}");
    let links: Vec<&str> = page
        .split("<a ")
        .filter_map(|link| link.split_once("href=\"/")?.1.split('"').next())
        .collect();
    assert!(links.len() >= 3, "method, privacy, legal: {page}");
    for link in links {
        assert_eq!(
            from(&server, forger, "GET", &format!("/{link}"), "").status,
            200,
            "/{link}"
        );
    }
    // Rights and links stay; an unknown link is unknown, not banned. Whatever robots are kept from is a link of a mail, or the desk.
    for path in ["/method", "/privacy", "/legal", "/desk/login"] {
        assert_eq!(from(&server, forger, "GET", path, "").status, 200, "{path}");
    }
    let robots = server.client().get("/robots.txt").text();
    let links: Vec<&str> = robots
        .lines()
        .filter_map(|line| line.strip_prefix("Disallow: /")?.strip_suffix('/'))
        .collect();
    assert!(links.len() >= 6 && links.contains(&"second-way"), "{links:?}");
    for link in links {
        for method in ["GET", "POST"] {
            let status = from(&server, forger, method, &format!("/{link}/unknown"), "").status;
            assert_ne!(status, 403, "{method} {link}");
        }
    }
    // Its neighbour is somebody else.
    assert_eq!(
        from(&server, "198.18.0.8", "GET", "/p/fountain/challenge", "").status,
        200
    );

    let read = |path| fs::read_to_string(path).unwrap_or_default();
    until("the lists hold the ban", || {
        (read(&list) == "198.18.0.7/32\n").then_some(())
    });
    assert_eq!(
        (read(&haproxy), read(&nginx)),
        ("198.18.0.7/32 1\n".to_owned(), "198.18.0.7/32 1;\n".to_owned())
    );
    let listed = site.run(&["shield", "list", "--json"]).json();
    assert_eq!(listed["bans"][0]["net"], "198.18.0.7/32");
    assert_eq!(
        (&listed["bans"][0]["direct"], &listed["bans"][0]["forwarded"]),
        (&false.into(), &true.into())
    );
    assert_eq!(listed["bans"][0]["cause"], "forged");

    assert_eq!(site.run(&["shield", "unban", forger, "--json"]).json()["unbanned"], 1);
    assert_eq!(from(&server, forger, "GET", "/p/fountain/challenge", "").status, 200);
    until("the lists are empty", || {
        (read(&list).is_empty() && read(&haproxy).is_empty()).then_some(())
    });
    assert!(!site.logged().contains(forger), "no address is logged");
    assert!(!server.metrics().contains(forger), "no address is a metric");
    server.stop();
    let ran = site.run(&["shield", "list"]);
    assert_eq!(
        (ran.code, ran.stderr.contains("no server runs")),
        (1, true),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_proxy_that_a_reload_names_is_let_go_and_files_are_empty_after_the_end() {
    let site = Site::new();
    let list = site.place().join("banned.txt");
    let configure = |proxies: &str| {
        site.write_config(&format!(
            "[listen]\nproxy_protocol = \"optional\"\ntrusted_proxies = [{proxies}]\n[shield]\ncidr_list = \"{}\"\n",
            list.display()
        ));
    };
    let holds = |text: &str| {
        until("the list", || {
            (fs::read_to_string(&list).is_ok_and(|list| list == text)).then_some(())
        });
    };
    configure("\"127.0.0.0/8\"");
    site.petition("fountain");
    let server = site.start();
    let proxy = "192.0.2.61";
    for net in [proxy, "198.18.0.9"] {
        assert_eq!(site.run(&["shield", "ban", net, "--for", "1h"]).code, 0, "{net}");
    }
    holds("192.0.2.61/32\n198.18.0.9/32\n");
    configure("\"127.0.0.0/8\", \"192.0.2.61\"");
    server.hang_up();
    holds("198.18.0.9/32\n");
    let refused = site.run(&["shield", "ban", proxy]);
    assert!(
        refused.code == 1 && refused.stderr.contains("a trusted proxy"),
        "{}",
        refused.stderr
    );
    // Whoever comes through it and contradicts its header makes it answer for the request itself.
    let greeting = format!("PROXY TCP4 {proxy} 127.0.0.1 4711 80\r\n");
    let body = form(&[
        ("name", "Ada Example"),
        ("email", "ada@people.example"),
        ("altcha", "forged"),
        ("website", "x"),
    ]);
    for _ in 0..8 {
        let headers = [
            ("x-forwarded-for", "203.0.113.9"),
            ("forwarded", "for=203.0.113.200"),
            ("accept", "application/json"),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        let mut client = Client::behind(server.address, greeting.clone().into_bytes());
        let answer = client.ask("POST", "/p/fountain/sign", &headers, body.as_bytes());
        assert_ne!(answer.expect("an answer").outcome().1, "banned");
    }
    let bans = site.run(&["shield", "list", "--json"]).json();
    assert_eq!(bans["bans"].as_array().map(Vec::len), Some(1), "{bans}");
    // What reads the file alone would keep the ban for ever.
    server.stop();
    holds("");
    fs::write(&list, "198.18.0.9/32\n").expect("as after a crash");
    let ran = site.run(&["shield", "list"]);
    assert!(
        ran.code == 1 && ran.stderr.contains(&format!("{}", list.display())),
        "{}",
        ran.stderr
    );
}

/// What a helper is told, in its own protocol; the helper itself is tried on the real packet filter in its own crate.
#[test]
fn direct_sources_go_to_the_helper_and_forwarded_ones_do_not() {
    let mut site = Site::new();
    let socket = site.place().join("helper.sock");
    let listener = UnixListener::bind(&socket).expect("a socket");
    site.set("shield.helper", socket.display());
    site.set("listen.trusted_proxies", "127.0.0.1/32");
    site.petition("fountain");
    let server = site.start();
    forge(&server, "198.18.0.7", 20);
    let by_hand = site
        .run(&["shield", "ban", "2001:db8:7::9", "--for", "2h", "--json"])
        .json();
    assert_eq!(by_hand["banned"]["net"], "2001:db8:7::/64");
    let told = std::iter::repeat_with(|| {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut told: Vec<Ban> = Vec::new();
        while let Some(request) = Request::read(&mut stream).expect("of the protocol") {
            if let Request::Add(bans) = request {
                told.extend(bans);
            }
            Told::of(Status::Done).write(&mut stream).expect("answered");
        }
        told
    });
    let mut told = told;
    let told = told.find(|told| !told.is_empty()).expect("endless");
    let told: Vec<(String, u32)> = told.into_iter().map(|ban| (ban.net.to_string(), ban.seconds)).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].0, "2001:db8:7::/64");
    assert!((7100..=7200).contains(&told[0].1), "{told:?}");
    drop(listener);
    server.stop();
}
