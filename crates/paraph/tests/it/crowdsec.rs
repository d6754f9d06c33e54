//! Bans told to a CrowdSec: nothing before a person decided so, and everything taken back after. The local API is one of the
//! test's own that holds callers to the protocol.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::server::{Site, until};

const PASSWORD: &str = "a password that nobody prints";

#[derive(Default)]
struct Seen {
    /// Value and duration of each decision in force.
    decisions: BTreeMap<String, String>,
    requests: usize,
    logins: usize,
    token: u64,
    is_down: bool,
    wrong: Vec<String>,
}

struct Lapi {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

impl Lapi {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let (address, seen) = (listener.local_addr().expect("bound"), Arc::<Mutex<Seen>>::default());
        let shared = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                serve(stream, &shared);
            }
        });
        Self { address, seen }
    }

    fn with<T>(&self, look: impl FnOnce(&mut Seen) -> T) -> T {
        look(&mut self.seen.lock().expect("no panic"))
    }

    fn values(&self) -> Vec<String> {
        self.with(|seen| seen.decisions.keys().cloned().collect())
    }
}

fn serve(mut stream: TcpStream, seen: &Mutex<Seen>) -> Option<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    let (mut read, mut chunk) = (Vec::new(), [0; 65536]);
    let (head, body) = loop {
        let more = stream.read(&mut chunk).ok().filter(|more| *more > 0)?;
        read.extend(&chunk[..more]);
        let text = String::from_utf8_lossy(&read).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() >= length.map_or(0, |length| length.parse().expect("a number")) {
            break (head.to_owned(), body.to_owned());
        }
    };
    let mut seen = seen.lock().expect("no panic");
    seen.requests += 1;
    let (status, answer) = if seen.is_down {
        (503, json!({}))
    } else {
        seen.answer(&head, &body)
    };
    let text = answer.to_string();
    let head = format!(
        "HTTP/1.1 {status} OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        text.len()
    );
    stream.write_all((head + &text).as_bytes()).ok()
}

impl Seen {
    fn answer(&mut self, head: &str, body: &str) -> (u16, Value) {
        let mut words = head.split(' ');
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        if path == "/v1/watchers/login" {
            self.logins += 1;
            if body["machine_id"] != "paraph" || body["password"] != PASSWORD {
                return (403, json!({ "code": 403 }));
            }
            self.token += 1;
            return (
                200,
                json!({ "code": 200, "expire": "2099-01-01T00:00:00Z", "token": format!("t{}", self.token) }),
            );
        }
        if !head.contains(&format!("authorization: Bearer t{}\r", self.token)) {
            return (401, json!({ "code": 401 }));
        }
        match (method, path.split_once('?')) {
            ("POST", None) if path == "/v1/alerts" => {
                for alert in body.as_array().into_iter().flatten() {
                    self.take(alert);
                }
                (201, json!(["1"]))
            }
            ("DELETE", Some(("/v1/decisions", query))) => {
                if !query.starts_with("origin=paraph") {
                    self.wrong.push(format!("takes back what is not ours: {query}"));
                }
                match query.split_once("&value=") {
                    Some((_, value)) => drop(self.decisions.remove(value)),
                    None => self.decisions.clear(),
                }
                (200, json!({ "nbDeleted": "1" }))
            }
            _ => {
                self.wrong.push(format!("{method} {path}"));
                (404, json!({}))
            }
        }
    }

    fn take(&mut self, alert: &Value) {
        // Required by the API's description (swagger.yaml, definitions Alert, Source and Decision).
        let required = [
            "scenario",
            "scenario_hash",
            "scenario_version",
            "message",
            "events_count",
            "start_at",
            "stop_at",
            "capacity",
            "leakspeed",
            "simulated",
            "events",
            "source",
        ];
        for key in required.iter().filter(|key| alert[**key].is_null()) {
            self.wrong.push(format!("an alert without {key}"));
        }
        let decision = &alert["decisions"][0];
        for key in ["duration", "origin", "scenario", "scope", "type", "value"] {
            if decision[key].as_str().is_none_or(str::is_empty) {
                self.wrong.push(format!("a decision without {key}"));
            }
        }
        let text = |key: &str| decision[key].as_str().unwrap_or_default().to_owned();
        if alert["source"]["value"] != decision["value"] || text("origin") != "paraph" || text("type") != "ban" {
            self.wrong.push(format!("{alert}"));
        }
        self.decisions.insert(text("value"), text("duration"));
    }
}

fn site(lapi: &Lapi) -> Site {
    let mut site = Site::new();
    site.set("shield.crowdsec", format!("http://{}", lapi.address));
    site.set("shield.crowdsec_machine", "paraph");
    site.set("shield.crowdsec_password", PASSWORD);
    site
}

fn shield(site: &Site, arguments: &[&str]) -> Value {
    let ran = site.run(&[&["shield"], arguments, &["--json"]].concat());
    assert_eq!(ran.code, 0, "{arguments:?}: {}", ran.stderr);
    ran.json()
}

#[test]
fn bans_are_told_after_a_recorded_decision_only_and_taken_back() {
    let lapi = Lapi::start();
    let site = site(&lapi);
    let server = site.start();
    shield(&site, &["ban", "192.0.2.7", "--for", "10m"]);
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(lapi.with(|seen| seen.requests), 0, "nobody has decided");
    assert_eq!(shield(&site, &["crowdsec"])["crowdsec"], false);

    assert_eq!(shield(&site, &["crowdsec", "on"])["crowdsec"], true);
    assert_eq!(
        site.number("SELECT COUNT(*) FROM desk_audit WHERE act = 'crowdsec-on'"),
        1
    );
    until("it is told", || (lapi.values() == ["192.0.2.7"]).then_some(()));
    let duration = lapi.with(|seen| seen.decisions["192.0.2.7"].clone());
    let seconds: u64 = duration.strip_suffix('s').expect("seconds").parse().expect("a number");
    assert!((540..=600).contains(&seconds), "{duration}");
    shield(&site, &["ban", "192.0.2.7", "--for", "2h"]);
    until("it is told that it lasts longer", || {
        let duration = lapi.with(|seen| seen.decisions.get("192.0.2.7").cloned())?;
        (duration.strip_suffix('s')?.parse::<u64>().ok()? > 7000).then_some(())
    });
    shield(&site, &["ban", "2001:db8:1::/64"]);
    until("the range too", || {
        (lapi.values() == ["192.0.2.7", "2001:db8:1::/64"]).then_some(())
    });
    // A token that has run out is renewed.
    lapi.with(|seen| seen.token += 1);
    shield(&site, &["unban", "192.0.2.7"]);
    until("it is taken back", || {
        (lapi.values() == ["2001:db8:1::/64"]).then_some(())
    });
    assert_eq!(lapi.with(|seen| seen.logins), 2);
    assert!(
        !server
            .metrics()
            .contains("paraph_crowdsec_decisions_total{outcome=\"failed\"}"),
        "nothing had to be tried again"
    );

    assert_eq!(shield(&site, &["crowdsec", "off"])["crowdsec"], false);
    until("all of it is taken back", || lapi.values().is_empty().then_some(()));
    let requests = lapi.with(|seen| seen.requests);
    shield(&site, &["ban", "192.0.2.8"]);
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(lapi.with(|seen| seen.requests), requests);
    assert!(
        lapi.with(|seen| seen.wrong.is_empty()),
        "{:?}",
        lapi.with(|seen| seen.wrong.clone())
    );
    let logged = site.logged();
    assert!(!logged.contains(PASSWORD) && !logged.contains("192.0.2") && !logged.contains("Bearer"));
    assert!(!site.run(&["check-config"]).stdout.contains(PASSWORD));
    let doctor = || site.run(&["doctor", "--json", "--dns", "127.0.0.1:9"]).json()["findings"].take();
    let found = |findings: Value| {
        let findings = findings.as_array().expect("a list").clone();
        let found = findings.iter().find(|finding| finding["check"] == "shield: CrowdSec");
        found.expect("it")["verdict"].as_str().expect("a verdict").to_owned()
    };
    assert_eq!(found(doctor()), "ok");
    assert_eq!(lapi.with(|seen| seen.requests), requests, "not even asked");
    shield(&site, &["crowdsec", "on"]);
    lapi.with(|seen| seen.is_down = true);
    assert_eq!(found(doctor()), "fail");
    server.stop();
}

#[test]
fn an_api_that_is_away_is_told_later_and_a_restart_puts_right_what_was_left() {
    let lapi = Lapi::start();
    let site = site(&lapi);
    let server = site.start();
    lapi.with(|seen| seen.is_down = true);
    shield(&site, &["crowdsec", "on"]);
    let began = Instant::now();
    shield(&site, &["ban", "192.0.2.7"]);
    assert!(began.elapsed() < Duration::from_secs(5), "nobody waits for it");
    until("it was tried", || (lapi.with(|seen| seen.requests) > 0).then_some(()));
    // A hundred changes are no hundred attempts.
    for host in 1..40 {
        shield(&site, &["ban", &format!("198.51.100.{host}")]);
    }
    std::thread::sleep(Duration::from_secs(3));
    assert!(
        lapi.with(|seen| seen.requests) < 8,
        "{}",
        lapi.with(|seen| seen.requests)
    );
    lapi.with(|seen| seen.is_down = false);
    until("all of it is told", || (lapi.values().len() == 40).then_some(()));
    server.kill();
    // Bans ended with the process; the decision to tell them did not.
    let server = site.start();
    until("what was left is taken back", || lapi.values().is_empty().then_some(()));
    assert_eq!(shield(&site, &["crowdsec"])["crowdsec"], true);
    server.stop();
}

#[test]
fn without_a_crowdsec_in_the_configuration_there_is_nothing_to_decide() {
    let mut site = Site::new();
    let server = site.start();
    let ran = site.run(&["shield", "crowdsec", "on"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("no CrowdSec is configured"), "{}", ran.stderr);
    server.stop();
    site.set("shield.crowdsec", "http://192.0.2.1:8080");
    let ran = site.run(&["check-config"]);
    assert!(
        ran.code == 2 && ran.stderr.contains("readable over the network"),
        "{}",
        ran.stderr
    );
}
