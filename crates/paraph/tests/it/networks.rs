//! `paraph networks`: a table is taken over from a folder and from the network, shown, and refused.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use serde_json::Value;

use crate::server::{Ran, Site};

/// Invented networks on reserved addresses; many enough to follow nothing but each other.
const V4: &str = "192.0.2.0,192.0.2.255,64500,Sample Hosting\n198.51.100.0,198.51.100.255,64501,Example Telecom\n";
const V6: &str = "2001:db8::,2001:db8:0:ffff:ffff:ffff:ffff:ffff,64500,Sample Hosting\n";

/// A day is newer than the program's own table once it has come.
fn today() -> String {
    paraph::clock::rfc3339(paraph::clock::now())[..10].replace('-', "")
}

fn files() -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("/asn-ipv4.csv", V4.to_owned()),
        ("/asn-ipv6.csv", V6.to_owned()),
        ("/package.json", format!("{{\"version\":\"1.0.{}00\"}}", today())),
    ])
}

fn said(ran: &Ran) -> Value {
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    serde_json::from_str(&ran.stdout).expect("JSON")
}

#[test]
fn a_table_from_a_folder_is_checked_taken_over_and_shown() {
    let site = Site::new();
    let folder = site.place().join("table");
    fs::create_dir(&folder).expect("a folder");
    for (name, text) in files() {
        fs::write(folder.join(&name[1..]), text).expect("written");
    }
    // Three ranges instead of half a million: nobody takes that over by mistake.
    let refused = site.run(&["networks", "update", "--from", "table"]);
    assert_eq!(
        (refused.code, refused.stderr.contains("--force")),
        (1, true),
        "{}",
        refused.stderr
    );
    let known = said(&site.run(&["networks", "show", "192.0.2.9", "--json"]));
    assert_eq!(
        (&known["known"], known["table"]["date"].as_u64()),
        (&Value::Bool(false), Some(20_260_617))
    );

    let taken = said(&site.run(&["networks", "update", "--from", "table", "--force", "--json"]));
    assert_eq!(
        (taken["ipv4_ranges"].as_u64(), taken["systems"].as_u64()),
        (Some(2), Some(2))
    );
    assert_eq!(taken["countries"], false, "its files are not there");
    let known = said(&site.run(&["networks", "show", "192.0.2.9", "--json"]));
    assert_eq!(known["country"], Value::Null);
    assert_eq!(known["origin"]["holder"], "Sample Hosting");
    assert_eq!(known["origin"]["kind"], "hosting");
    assert_eq!(known["origin"]["prefix"], "192.0.2.0/24");
    assert_eq!(known["table"]["sha256"], taken["table"]["sha256"]);
    assert!(
        known["credit"]
            .as_str()
            .is_some_and(|credit| credit.contains("RouteViews"))
    );
    let unknown = site.run(&["networks", "show", "203.0.113.1"]);
    assert!(
        unknown.stdout.contains("unknown") && unknown.stdout.contains("RDAP"),
        "{}",
        unknown.stdout
    );

    // With countries beside it.
    for (name, text) in [
        ("asn-country-ipv4.csv", "192.0.2.0,192.0.2.255,QM\n"),
        ("asn-country-ipv6.csv", ""),
    ] {
        fs::write(folder.join(name), text).expect("written");
    }
    let taken = site.run(&["networks", "update", "--from", "table"]);
    assert!(
        taken.code == 0 && taken.stdout.contains("asn-country, SHA-256"),
        "{}",
        taken.stderr
    );
    let known = said(&site.run(&["networks", "show", "192.0.2.9", "--json"]));
    assert_eq!(known["country"], "QM");

    // An older one does not follow, and a damaged one is not skipped.
    let older = site.run(&["networks", "update", "--from", "table", "--date", "20260101"]);
    assert_eq!(
        (older.code, older.stderr.contains(&today())),
        (1, true),
        "{}",
        older.stderr
    );
    // Nor does what is no day, or one to come, whatever is forced.
    for date in ["20261345", "20260230", "20991231"] {
        let refused = site.run(&["networks", "update", "--from", "table", "--force", "--date", date]);
        assert!(
            refused.code == 1 && refused.stderr.contains(&format!("{date} is no day")),
            "{}",
            refused.stderr
        );
    }
    fs::write(site.data().join("networks.bin"), "damaged").expect("written");
    assert_eq!(site.run(&["networks", "show", "192.0.2.9"]).code, 1);
    let said = site.run(&["doctor", "--json"]).json();
    let findings = said["findings"].as_array().expect("a list");
    let damaged = findings.iter().find(|found| found["check"] == "files: networks");
    assert_eq!(damaged.expect("looked at")["verdict"], "fail", "{said}");
}

/// Answers each request from `files`, or with a redirect to where `elsewhere` says.
fn serve(files: BTreeMap<&'static str, String>, elsewhere: Option<&'static str>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut line = String::new();
            let mut reader = BufReader::new(stream.try_clone().expect("cloned"));
            reader.read_line(&mut line).expect("a request");
            let path = line.split(' ').nth(1).unwrap_or_default();
            let answer = match (elsewhere, files.get(path)) {
                (Some(elsewhere), _) => {
                    format!("HTTP/1.1 302 Found\r\nlocation: {elsewhere}\r\ncontent-length: 0\r\n\r\n")
                }
                (None, Some(text)) => format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{text}", text.len()),
                (None, None) => "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_owned(),
            };
            // A client that has seen enough may be gone.
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    format!("http://{address}/")
}

#[test]
fn a_table_is_downloaded_and_nothing_but_https_is_asked_outside_this_machine() {
    let site = Site::new();
    let from = serve(files(), None);
    let taken = said(&site.run(&["networks", "update", "--from", &from, "--force", "--json"]));
    assert_eq!(taken["table"]["date"].as_u64(), today().parse().ok());
    let before = fs::read(site.data().join("networks.bin")).expect("written");

    let missing = serve(BTreeMap::new(), None);
    let sent_on = serve(BTreeMap::new(), Some("http://192.0.2.1/asn-ipv4.csv"));
    let in_circles = serve(BTreeMap::new(), Some("/again"));
    for (from, word) in [
        (missing.as_str(), "404"),
        (&sent_on, "no https address"),
        (&in_circles, "redirects"),
        ("http://192.0.2.1/", "no https address"),
        ("ftp://127.0.0.1/", "no https address"),
        ("absent", "absent"),
    ] {
        let refused = site.run(&["networks", "update", "--from", from, "--force"]);
        assert_eq!(
            (refused.code, refused.stderr.contains(word)),
            (1, true),
            "{from}: {}",
            refused.stderr
        );
    }
    assert_eq!(fs::read(site.data().join("networks.bin")).expect("still there"), before);
}
