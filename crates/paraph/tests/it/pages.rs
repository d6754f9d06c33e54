//! Pages and numbers from outside: methods, languages, caching, and who is believed about a source.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use paraph::keys::Keys;
use paraph::ledger::judged::Judged;
use paraph::ledger::query::LedgerReader;
use paraph::ledger::record::Personal;
use paraph::ledger::vault::Vault;
use paraph::store::reader::Reader;
use paraph_tally::SignatureId;

use crate::client::{Answer, Client, form};
use crate::server::{PATIENCE, Server, Site};

const PAGES: [&str; 7] = [
    "/",
    "/method",
    "/privacy",
    "/legal",
    "/p/fountain",
    "/p/fountain/sign",
    "/p/fountain/check-mail",
];

pub(crate) fn open() -> (Site, Server) {
    let site = Site::new();
    site.petition("fountain");
    let server = site.start();
    (site, server)
}

pub(crate) fn ask(client: &mut Client, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    client.ask(method, path, headers, b"").expect("an answer")
}

#[test]
fn what_is_not_there_and_what_is_not_allowed() {
    let (_site, server) = open();
    let mut client = server.client();
    let token = "A".repeat(24);
    let unknown = [
        "/nothing",
        "/p",
        "/p/",
        "/p/well",
        "/p/well/sign",
        "/p/well/challenge",
        "/p/well/check-mail",
        "/p/well/count.json",
        "/p/fountain/nothing",
        "/p/fountain//",
        "/p/fountain/nothing/",
        "/p//fountain/",
        "/p//",
        "/p/fountain/versions/1/2/",
        "/p/fountain/versions/1//2/",
        "/method//",
        "///",
        "//elsewhere.example/",
        "//elsewhere.example/p/",
        "/\\elsewhere.example/",
        "/p/FOUNTAIN",
        "/p/../etc/passwd",
        "/assets/none",
        "/assets/../Cargo.toml",
        "/healthz",
        "/metrics",
        "/confirm",
        "//",
        "/%00",
        "/p/%66ountain",
    ];
    for path in unknown {
        assert_eq!(client.get(path).status, 404, "{path}");
        assert_eq!(client.get_json(path).outcome(), (404, "not_found".to_owned()), "{path}");
    }
    let elsewhere = client.get("//elsewhere.example/").text();
    assert!(
        !elsewhere.contains("href=\"//"),
        "a page of ours leads to another host: {elsewhere}"
    );
    for path in ["confirm", "receipt", "withdraw", "not-me"] {
        for token in [token.as_str(), "x", "AQE", &"A".repeat(500)] {
            let path = format!("/{path}/{token}");
            assert_eq!(
                client.get_json(&path).outcome(),
                (404, "link_unknown".to_owned()),
                "{path}"
            );
        }
    }
    assert_eq!(client.post_json("/p/well/sign", "name=Ada").outcome().0, 404);
    assert_eq!(
        client
            .post_json(&format!("/not-me/{token}"), "choice=perhaps")
            .outcome()
            .0,
        400
    );

    let reading = "GET, HEAD";
    let both = "GET, HEAD, POST";
    let (confirm, receipt) = (format!("/confirm/{token}"), format!("/receipt/{token}"));
    for (method, path, allow) in [
        ("POST", "/", reading),
        ("POST", "/p/fountain", reading),
        ("POST", "/p/fountain/count.json", reading),
        ("POST", "/p/fountain/challenge", reading),
        ("POST", receipt.as_str(), reading),
        ("DELETE", "/p/fountain/sign", both),
        ("PUT", confirm.as_str(), both),
        ("OPTIONS", "/p/fountain/sign", both),
        ("BREW", "/", reading),
    ] {
        let answer = ask(&mut client, method, path, &[("accept", "application/json")]);
        assert_eq!(
            answer.outcome(),
            (405, "method_not_allowed".to_owned()),
            "{method} {path}"
        );
        assert_eq!(answer.header("allow"), Some(allow), "{method} {path}");
        assert_eq!(ask(&mut client, method, path, &[]).status, 405);
    }
}

#[test]
fn a_slash_too_many_leads_to_the_address_without_it() {
    let (_site, server) = open();
    let mut client = server.client();
    for (path, right) in [
        ("/p/fountain/", "/p/fountain"),
        ("/p/fountain/?lang=en", "/p/fountain?lang=en"),
        (
            "/p/fountain/sign/?text_version=1&to=//elsewhere.example/",
            "/p/fountain/sign?text_version=1&to=//elsewhere.example/",
        ),
        ("/p/fountain/versions/", "/p/fountain/versions"),
        ("/p/fountain/versions/1/", "/p/fountain/versions/1"),
        ("/p/fountain/poster/?", "/p/fountain/poster?"),
        ("/p/fountain/count.json/", "/p/fountain/count.json"),
        ("/method/", "/method"),
        ("/privacy/", "/privacy"),
        ("/legal/", "/legal"),
        ("/receipt/AQE/", "/receipt/AQE"),
    ] {
        for method in ["GET", "HEAD"] {
            let answer = ask(&mut client, method, path, &[]);
            assert_eq!(
                (answer.status, answer.header("location")),
                (308, Some(right)),
                "{method} {path}"
            );
        }
    }
    let posted = ask(&mut client, "POST", "/p/fountain/sign/", &[]);
    assert_eq!((posted.status, posted.header("location")), (404, None));
}

#[test]
fn the_tag_of_a_page_names_its_bytes_and_either_of_them_is_enough() {
    let (_site, server) = open();
    let mut client = server.client();
    let page = client.get("/").text();
    let style = page
        .split('"')
        .find(|word| word.ends_with("/site.css"))
        .expect("a style");
    for path in ["/method", "/p/fountain/poster", style] {
        let mut fetch = |accepts: &str, known: &str| {
            let answer = ask(
                &mut client,
                "GET",
                path,
                &[("accept-encoding", accepts), ("if-none-match", known)],
            );
            let header = |name| answer.header(name).map(str::to_owned);
            assert!(
                header("vary").is_some_and(|vary| vary.contains("Accept-Encoding")),
                "{path}"
            );
            (
                answer.status,
                header("etag").expect("a tag"),
                header("content-encoding"),
            )
        };
        let coded = Some("gzip".to_owned());
        let ((_, plain, _), (_, packed, _)) = (fetch("identity", "\"0\""), fetch("gzip", "\"0\""));
        assert_ne!(plain, packed, "{path}: other bytes, another tag");
        let both = format!("\"0\", W/{plain}, {packed}");
        for known in [&packed, &both, "*"] {
            assert_eq!(
                fetch("gzip", known),
                (304, packed.clone(), coded.clone()),
                "{path} {known}"
            );
        }
        for accepts in ["gzip", "identity"] {
            assert_eq!(fetch(accepts, &plain), (304, plain.clone(), None), "{path} {accepts}");
        }
        assert_eq!(
            fetch("identity", &packed),
            (200, plain, None),
            "{path}: nobody reads what they cannot"
        );
    }
}

#[test]
fn a_page_is_cached_compressed_and_asked_for_by_its_head() {
    let (_site, server) = open();
    let mut client = server.client();
    for path in ["/", "/p/fountain", "/method", "/p/fountain/count.json"] {
        let plain = client.get(path);
        let etag = plain.header("etag").expect("an ETag").to_owned();
        assert_eq!(plain.header("content-encoding"), None);
        assert!(
            plain
                .header("vary")
                .is_some_and(|vary| vary.contains("Accept-Encoding")),
            "{path}"
        );
        assert!(
            plain
                .header("cache-control")
                .is_some_and(|caching| caching.starts_with("public, max-age="))
        );

        let weak = format!("W/{etag}");
        let several = format!("\"0\", {etag}");
        for known in [etag.as_str(), &weak, &several, "*"] {
            let unchanged = ask(&mut client, "GET", path, &[("if-none-match", known)]);
            // The numbers carry their time, and may be new.
            if unchanged.header("etag") == Some(&etag) {
                assert_eq!((unchanged.status, unchanged.body.len()), (304, 0), "{path} {known}");
            }
        }
        assert_eq!(ask(&mut client, "GET", path, &[("if-none-match", "\"0\"")]).status, 200);

        let head = ask(&mut client, "HEAD", path, &[]);
        assert_eq!(
            (head.status, head.header("content-type")),
            (200, plain.header("content-type")),
            "{path}"
        );
        assert_eq!(
            head.header("content-length").map(str::len),
            plain.header("content-length").map(str::len)
        );

        for (accepted, is_gzip) in [
            ("gzip, deflate, br", true),
            ("br;q=1.0, gzip;q=0.8", true),
            ("x-gzip", false),
            ("identity", false),
            ("gzip;q=0", false),
            ("br", false),
        ] {
            let packed = ask(&mut client, "GET", path, &[("accept-encoding", accepted)]);
            assert_eq!(
                packed.header("content-encoding") == Some("gzip"),
                is_gzip,
                "{path} {accepted}"
            );
            if is_gzip {
                let mut text = String::new();
                flate2::read::GzDecoder::new(&packed.body[..])
                    .read_to_string(&mut text)
                    .expect("gzip");
                assert!(path.ends_with("json") || text == plain.text(), "{path}");
            }
        }
    }
    for path in ["/p/fountain/sign", "/p/fountain/challenge", "/p/fountain/check-mail"] {
        assert_eq!(client.get(path).header("cache-control"), Some("no-store"), "{path}");
    }
    assert_ne!(
        client.get("/p/fountain/sign").hidden("ticket"),
        client.get("/p/fountain/sign").hidden("ticket")
    );
    let page = client.get("/p/fountain").text();
    assert!(
        !page.contains("name=\"ticket\""),
        "a page for everybody holds no secret"
    );
    for (path, _) in page.split("/assets/").skip(1).filter_map(|rest| rest.split_once('"')) {
        let asset = client.get(&format!("/assets/{path}"));
        assert_eq!(asset.status, 200, "{path}");
        assert!(
            asset
                .header("cache-control")
                .is_some_and(|caching| caching.contains("immutable")),
            "{path}"
        );
    }
}

/// Somebody who watches a count: what the server tells, line by line.
fn watch(server: SocketAddr) -> impl Iterator<Item = String> {
    let mut stream = TcpStream::connect(server).expect("connected");
    stream.set_read_timeout(Some(PATIENCE)).expect("set");
    write!(stream, "GET /p/fountain/events HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("asked");
    BufReader::new(stream).lines().map(|line| line.expect("told in time"))
}

#[test]
fn the_count_is_told_as_it_moves_to_as_many_as_there_are_places() {
    let mut site = Site::new();
    site.set("limits.event_streams", 1);
    site.petition("fountain");
    let server = site.start();
    let mut told = watch(server.address);
    assert_eq!(told.next().as_deref(), Some("HTTP/1.1 200 OK"));
    let mut counted = |wanted: &str| {
        let wanted = format!("\"counted\":{wanted},");
        told.find(|line| line.starts_with("data: ") && line.contains(&wanted))
    };
    assert!(counted("0").is_some(), "the count of now, at once");
    let refused = server.client().get("/p/fountain/events");
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("60")));
    server.client().sign("fountain", "Ada Example", "ada@people.example");
    let confirm = site.mail_to("ada@people.example").link("confirm");
    assert_eq!(server.client().post_json(&confirm, "").status, 200);
    assert!(counted("1").is_some(), "without being asked again");
    server.stop();

    // Neighbours who watch leave room for those who sign.
    site.set("limits.event_streams", 10);
    site.set("limits.event_streams_per_address", 2);
    let server = site.start();
    let mut watching = [watch(server.address), watch(server.address)];
    for told in &mut watching {
        assert_eq!(told.next().as_deref(), Some("HTTP/1.1 200 OK"));
        assert!(told.any(|line| line.starts_with("retry: ")), "and when to come back");
    }
    let refused = server.client().get("/p/fountain/events");
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("60")));
    server.stop();
}

#[test]
fn a_program_without_a_puzzle_gets_its_ticket_as_json() {
    let (_site, server) = open();
    let answer = ask(
        &mut server.client(),
        "GET",
        "/p/fountain/sign",
        &[("accept", "application/json")],
    );
    let said = answer.json();
    assert_eq!(answer.status, 200, "{said}");
    assert!(
        said["ticket"].as_str().is_some_and(|ticket| ticket.len() == 67),
        "{said}"
    );
    assert!(said["wait_seconds"].is_u64(), "{said}");
}

#[test]
fn a_page_is_in_the_language_that_was_asked_for() {
    let (_site, server) = open();
    let mut client = server.client();
    for path in PAGES {
        for (query, accepted, language) in [
            ("", "", "fr"),
            ("", "en", "en"),
            ("", "en-GB,en;q=0.9,fr;q=0.5", "en"),
            ("", "fr;q=0.2, en;q=0.8", "en"),
            ("", "de, pt;q=0.5", "fr"),
            ("", "en;q=0, *", "fr"),
            ("?lang=en", "fr", "en"),
            ("?lang=xx", "en", "en"),
        ] {
            let answer = ask(
                &mut client,
                "GET",
                &format!("{path}{query}"),
                &[("accept-language", accepted)],
            );
            assert_eq!(answer.status, 200, "{path}");
            assert_eq!(
                answer.header("content-language"),
                Some(language),
                "{path}{query} {accepted}"
            );
            assert!(
                answer.text().contains(&format!("<html lang=\"{language}\"")),
                "{path}{query}"
            );
        }
    }
    let english = [("accept-language", "en"), ("accept", "application/json")];
    let problem = ask(&mut client, "GET", "/nothing", &english);
    assert_eq!(problem.header("content-language"), Some("en"));
}

#[test]
fn the_numbers_have_the_keys_of_the_contract_and_no_others() {
    let (site, server) = open();
    let mut client = server.client();
    let keys = |answer: &Answer| {
        answer
            .json()
            .as_object()
            .expect("an object")
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    let contract = [
        "as_of",
        "checkpoint",
        "counted",
        "held",
        "invalidated",
        "logged",
        "petition",
        "settle_after_seconds",
        "withdrawn",
    ];
    assert_eq!(keys(&client.get("/p/fountain/count.json")), contract);

    client.sign("fountain", "Ada Example", "ada@people.example");
    let letter = site.mail_to("ada@people.example");
    let waiting = server.settled("fountain");
    assert_eq!((&waiting["counted"], &waiting["withdrawn"]), (&0.into(), &0.into()));
    let confirmed = client.post_json(&letter.link("confirm"), "").json();
    assert_eq!(server.settled("fountain")["counted"], 1);
    let receipt = &confirmed["receipt"];
    assert_eq!(
        (&receipt["petition"], &receipt["record"]["name"]),
        (&"fountain".into(), &"Ada Example".into())
    );
    let withdraw = format!("/withdraw/{}", confirmed["withdraw"].as_str().expect("a token"));
    for _ in 0..2 {
        assert_eq!(
            client.post_json(&withdraw, "").json()["status"],
            "withdrawn",
            "the same answer every time"
        );
    }
    let gone = server.settled("fountain");
    assert_eq!((&gone["counted"], &gone["withdrawn"]), (&0.into(), &1.into()));
    assert_eq!(
        client.get_json(&letter.link("confirm")).outcome(),
        (410, "link_withdrawn".to_owned())
    );
    // The address is free again.
    client.sign("fountain", "Ada Example", "ada@people.example");
    assert_eq!(site.number("SELECT COUNT(*) FROM signature WHERE waiting = 1"), 1);
}

/// The sealed records, opened with the key of the directory.
fn records(site: &Site) -> Vec<Personal> {
    let keys = Keys::open(&site.data().join("keys/master.key"), false).expect("the key");
    let vault = std::sync::Arc::new(Vault::new(&keys));
    let reader = |file: &str| Reader::new(&site.data().join(file), 1);
    let ledger = LedgerReader::new(reader("paraph.db"), reader("keys/keys.db"), vault, Judged::default());
    let store = site.store();
    let mut ids = store
        .prepare("SELECT id FROM signature ORDER BY id")
        .expect("a statement");
    let ids: Vec<[u8; 16]> = ids
        .query_map([], |row| row.get(0))
        .and_then(Iterator::collect)
        .expect("ids");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let open = |id| runtime.block_on(ledger.record(SignatureId(id)));
    ids.into_iter()
        .map(|id| open(id).expect("read").expect("opened"))
        .collect()
}

/// PROXY v2, TCP over IPv4, from 198.51.100.7:4660.
const PROXIED: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c\xc6\x33\x64\x07\x7f\x00\x00\x01\x12\x34\x00\x50";

#[test]
fn a_trusted_proxy_is_believed_and_nobody_else() {
    let forwarded = [
        ("x-forwarded-for", "203.0.113.9"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let sign = |client: &mut Client, email: &str| {
        let clearance = client.clearance("fountain").expect("solved");
        let body = form(&[("name", "Ada Example"), ("email", email), ("altcha", &clearance)]);
        let answer = client
            .ask("POST", "/p/fountain/sign", &forwarded, body.as_bytes())
            .expect("an answer");
        assert_eq!(answer.status, 303, "{answer:?}");
    };
    let with = |mode: &str, trusted: &str| {
        let mut site = Site::new();
        site.set("listen.proxy_protocol", mode);
        site.set("listen.trusted_proxies", trusted);
        site.petition("fountain");
        let server = site.start();
        (site, server)
    };

    let (site, server) = with("required", "127.0.0.1/32");
    sign(
        &mut Client::behind(server.address, PROXIED.to_vec()),
        "ada@people.example",
    );
    let request = records(&site).remove(0).request;
    assert_eq!(
        (request.address.to_string(), request.port),
        ("198.51.100.7".to_owned(), 4660)
    );
    assert_eq!(
        request.forwarded_by.map(|by| by.to_string()).as_deref(),
        Some("127.0.0.1")
    );
    assert!(
        ask_once(&server, b"").is_none(),
        "a trusted proxy without a header is cut off"
    );

    let (site, server) = with("optional", "192.0.2.0/24");
    sign(&mut server.client(), "ada@people.example");
    let request = records(&site).remove(0).request;
    assert_eq!(
        (request.address.to_string().as_str(), request.forwarded_by),
        ("127.0.0.1", None)
    );
    assert_eq!(ask_once(&server, PROXIED), Some(400), "a stranger's header is no HTTP");

    let (_site, server) = with("required", "192.0.2.0/24");
    assert_eq!(ask_once(&server, PROXIED), None, "strangers are cut off");
    assert_eq!(ask_once(&server, b""), None);
}

fn ask_once(server: &Server, greeting: &[u8]) -> Option<u16> {
    let mut client = Client::behind(server.address, greeting.to_vec());
    client
        .ask("GET", "/p/fountain", &[], b"")
        .ok()
        .map(|answer| answer.status)
}
