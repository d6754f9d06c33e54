//! Drills against the real server: what a scenario is there to show is shown.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use paraph_drill::{ForgedRate, Options, Report, Scenario, Sink, Stop, Strength, Target};
use serde_json::{Value, json};

use crate::client::{Client, FORM, JSON, form};
use crate::server::{Site, free, is_full};
use crate::start::is_refused;

/// Forgers who solve puzzles enter three victims on every petition of a site, for some seconds.
fn mail_bomb(petitions: &[&str]) -> (Site, Report) {
    let runtime = paraph_drill::runtime().expect("threads");
    let sink = runtime.block_on(Sink::start()).expect("a sink");
    let mut site = Site::new();
    site.set("mail.from", "petitions@site.example");
    site.set("mail.smtp", format!("smtp://{}", sink.smtp_addr()));
    site.set("listen.trusted_proxies", "127.0.0.0/8");
    site.set("listen.proxy_protocol", "optional");
    // Invented people differ as people do; what they sign settles after scrutiny had time to look.
    site.set("scrutiny.enabled", true);
    site.set("limits.settle_after_seconds", 2);
    for slug in petitions {
        site.petition(slug);
    }
    let server = site.start();
    let target = Target::check(&format!("http://{}", server.address)).expect("loopback");
    let options = Options {
        honest_rate: 3.0,
        forged_rate: ForgedRate::InAll(25.0),
        strengths: BTreeSet::from([Strength::Solving]),
        compression: 600.0,
        ..Options::new(Scenario::MailBomb, 7).with_duration(Duration::from_secs(5))
    };
    let drill = paraph_drill::run(options, target, petitions[0], sink, Stop::default(), |_| {});
    let report = runtime.block_on(drill).expect("it runs");
    server.stop();
    (site, report)
}

#[test]
fn a_mail_bomb_sends_a_victim_three_mails_and_keeps_nobody_from_signing() {
    let (site, report) = mail_bomb(&["fountain", "bus", "market", "school", "trees"]);
    let (forged, victims) = (&report.forged, report.victims.as_ref().expect("victims"));
    assert!(report.passed(), "{report:#?}");
    // 75 forgeries, each of them admitted, each of another spelling.
    assert!(forged.admitted > 50, "{forged:?}");
    assert_eq!((victims.people, victims.petitions), (3, 5));
    assert_eq!((victims.max_mails, victims.mails_allowed), (3, 3));
    assert!(forged.mailed <= 9, "{forged:?}");
    assert_eq!(forged.max_mails_per_address, 3);
    // The victims' own contributions, made after all that, are in the count.
    assert_eq!(victims.signed, 3);
    assert_eq!(site.recount()["fountain"], report.count.truth);
}

#[test]
fn a_mail_bomb_on_one_petition_sends_a_victim_two_mails_at_most() {
    let (_site, report) = mail_bomb(&["fountain"]);
    let victims = report.victims.as_ref().expect("victims");
    assert!(report.passed(), "{report:#?}");
    // One to their own name, and one to another spelling, which might have reached nobody.
    assert_eq!((victims.petitions, victims.max_mails, victims.signed), (1, 2, 3));
    assert!((3..=6).contains(&report.forged.mailed), "{:?}", report.forged);
}

/// 4,360 connections of 218 servers against the 4,096 places of a server as shipped.
#[test]
fn a_house_that_is_kept_full_for_nothing_keeps_nobody_from_signing() {
    let runtime = paraph_drill::runtime().expect("threads");
    let sink = runtime.block_on(Sink::start()).expect("a sink");
    let mut site = Site::new();
    site.as_shipped();
    site.set("mail.from", "petitions@site.example");
    site.set("mail.smtp", format!("smtp://{}", sink.smtp_addr()));
    site.set("listen.trusted_proxies", "127.0.0.0/8");
    site.set("listen.proxy_protocol", "optional");
    site.set("limits.settle_after_seconds", 2);
    site.set("limits.settle_every_seconds", 1);
    site.petition("fountain");
    let server = site.start();
    let target = Target::check(&format!("http://{}", server.address)).expect("loopback");
    let options = Options {
        honest_rate: 3.0,
        compression: 600.0,
        ..Options::new(Scenario::FullHouse, 9).with_duration(Duration::from_secs(15))
    };
    let drill = paraph_drill::run(options, target, "fountain", sink, Stop::default(), |_| {});
    let report = runtime.block_on(drill).expect("it runs");
    let made_room = room_made(&server.metrics());
    server.stop();
    let (tales, abusers) = (report.abuse.as_ref().expect("abuse"), report.abusers.expect("abusers"));
    println!("{:?}\n{abusers:?}\n{tales:?}\nmade room {made_room}", report.honest);
    assert!(report.passed(), "{report:#?}");
    assert_eq!((report.honest.sent, report.honest.accepted), (45, 45));
    assert_eq!((tales.len(), abusers.wanted), (4, 4360));
    assert!(
        abusers.at_once < abusers.wanted || made_room > 0,
        "the house was not full: {tales:?}"
    );
}

/// Connections that had to leave for others.
fn room_made(metrics: &str) -> u64 {
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix("paraph_connections_ended_total{why=\"room\"} "));
    line.map_or(0, |number| number.parse().expect("a number"))
}

/// Ten days in one command. In a build that is not optimised it takes its time.
#[test]
fn a_simulated_night_needs_no_server_and_says_what_became_of_it() {
    let site = Site::new();
    let refused = site.run(&["drill", "honest-surge", "--simulate"]);
    assert!(
        refused.code == 2
            && refused.stderr.contains("takes a server")
            && refused.stderr.contains("there are: honest, "),
        "{}",
        refused.stderr
    );
    let listed = site.run(&["drill", "list", "--json"]).json();
    let simulated = listed["simulated"].as_array().expect("a list");
    assert!(
        simulated.contains(&json!("honest")) && !simulated.contains(&json!("honest-surge")),
        "{listed}"
    );
    let at = ["--target", "http://127.0.0.1:9", "--petition", "p"];
    for (command, flag) in [
        (["drill", "brigade", "--forged-rate", "5"], "--forged-rate"),
        (["drill", "lockstep-218", "--sources", "5"], "--sources"),
    ] {
        let refused = site.run(&[&command[..], &at].concat());
        let said = format!("{flag} says nothing to {}", command[1]);
        assert!(
            refused.code == 2 && refused.stderr.contains(&said),
            "{}",
            refused.stderr
        );
    }
    let refused = site.run(&["demo", "--scenario", "twenty-mailboxes", "--forged-rate", "5"]);
    assert!(
        refused.code == 2 && refused.stderr.contains("says nothing to"),
        "{}",
        refused.stderr
    );
    let refused = site.run(&["drill", "honest", "--simulate", "--petition", "fountain"]);
    assert_eq!(refused.code, 2, "it signs no petition of a server");
    let refused = site.run(&["drill", "honest", "--simulate", "--seed", "4294967296"]);
    let help = site.run(&["drill", "--help"]).stdout;
    for said in [&refused.stderr, &help] {
        assert!(refused.code == 2 && said.contains("4294967295"), "{said}");
    }
    if !is_full() {
        return;
    }
    let file = site.place().join("report.json");
    let file = file.to_str().expect("text");
    let ran = site.run(&["drill", "lockstep-218", "--simulate", "--seed", "2", "--report", file]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        ran.stdout.contains("lockstep-218") && ran.stdout.contains("forged"),
        "{}",
        ran.stdout
    );
    let report: Value = serde_json::from_slice(&fs::read(file).expect("written")).expect("JSON");
    assert_eq!((&report["seed"], &report["simulated"]["days"]), (&json!(2), &json!(10)));
    let number = |at: &str| report.pointer(at).and_then(Value::as_f64).unwrap_or_default();
    assert!(number("/honest/sent") > 1000.0, "{report}");
    assert!(number("/forged/counted_without_scrutiny") > 0.0, "{report}");
    assert!(number("/verdicts/recall") > 0.9, "{report}");
}

/// What a rehearsal lacks is said before anybody is sent, and not as a count that is wrong.
#[test]
fn a_rehearsal_says_at_once_that_its_people_cannot_come() {
    let mut site = Site::new();
    site.petition("fountain");
    let drill = |site: &Site, slug: &str, words: &[&str]| {
        let server = site.start();
        let (target, smtp) = (format!("http://{}", server.address), free().to_string());
        let at = [
            "--target",
            &target,
            "--mail-listen",
            &smtp,
            "--petition",
            slug,
            "--json",
        ];
        is_refused(&site.run(&[&["drill", "honest-surge"], &at[..]].concat()), 2, words);
    };
    for slug in ["fountain", "nothing"] {
        drill(&site, slug, &["PROXY v2", "listen.proxy_protocol"]);
    }
    site.set("listen.trusted_proxies", "127.0.0.0/8");
    site.set("listen.proxy_protocol", "optional");
    drill(&site, "nothing", &["no petition `nothing`", "paraph petition list"]);
    let closed = site.run(&["petition", "close", "fountain"]);
    assert_eq!(closed.code, 0, "{}", closed.stderr);
    drill(&site, "fountain", &["`fountain` is closed", "--publish"]);
}

/// Its directory holds a key, and the names of whoever tried it by hand.
#[test]
fn a_demonstration_that_is_told_to_end_leaves_nothing_behind() {
    let site = Site::new();
    let temporary = site.place().join("temporary");
    fs::create_dir(&temporary).expect("made");
    let left = || fs::read_dir(&temporary).expect("there").count();
    let mut demo = site.command(&["demo", "--listen", "127.0.0.1:0"]);
    demo.env("TMPDIR", &temporary)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut demo = demo.spawn().expect("it starts");
    let mut said = BufReader::new(demo.stdout.take().expect("piped")).lines();
    let first = said.next().expect("a line").expect("UTF-8");
    assert!(first.starts_with("petition") && left() == 1, "{first}");
    let told = Command::new("kill").args(["-TERM", &demo.id().to_string()]).status();
    assert!(told.is_ok_and(|status| status.success()));
    // Its last words: until it has ended.
    said.for_each(drop);
    assert_eq!(
        demo.wait().expect("ended").code(),
        Some(1),
        "it is cut short, not killed"
    );
    assert_eq!(left(), 0);
}

/// How a trusted proxy announces the carrier's address that a thousand people of the drill sign from.
fn behind_the_carrier() -> Vec<u8> {
    format!("PROXY TCP4 {} 127.0.0.1 4711 80\r\n", paraph_drill::networks::SHARED).into_bytes()
}

/// Forges from that address: ten clearances a second that nobody signed, and a puzzle solved for real every second, until
/// it is told to stop. Returns how many of each were sent.
fn forge_beside_them(server: SocketAddr, over: &AtomicBool) -> (u64, u64) {
    let (mut forged, mut solved) = (0, 0);
    while !over.load(Ordering::SeqCst) {
        let mut client = Client::behind(server, behind_the_carrier());
        let mut second = || -> std::io::Result<()> {
            for _ in 0..10 {
                let body = form(&[
                    ("name", "Forged Name"),
                    ("email", "victim@people.example"),
                    ("altcha", "e30="),
                ]);
                client.ask("POST", "/p/fountain/sign", &[FORM, JSON], body.as_bytes())?;
                forged += 1;
                std::thread::sleep(Duration::from_millis(90));
            }
            let issued = client.ask("GET", "/p/fountain/challenge", &[], b"")?;
            if issued.status == 200 {
                let clearance = Client::solve(serde_json::from_slice(&issued.body).expect("a challenge"));
                let email = format!("victim{solved}@people.example");
                let body = form(&[("name", "Forged Name"), ("email", &email), ("altcha", &clearance)]);
                let answer = client.ask("POST", "/p/fountain/sign", &[FORM, JSON], body.as_bytes())?;
                solved += u64::from(answer.status == 202);
            }
            Ok(())
        };
        // A connection that was closed on him is opened again.
        if second().is_err() {
            std::thread::sleep(Duration::from_millis(100));
        }
    }
    (forged, solved)
}

/// A thousand people behind one address in ten minutes are 1.67 a second; as many more sign from elsewhere. Bounds, price and
/// bans as shipped. `PARAPH_TEST_SURGE_SECONDS=600` makes it the thousand; what runs without is the same rate for a while.
#[test]
fn people_behind_one_address_sign_at_the_rate_of_a_thousand_in_ten_minutes_beside_a_forger_there() {
    let asked = std::env::var("PARAPH_TEST_SURGE_SECONDS").ok();
    let asked = asked.map(|seconds| seconds.parse().expect("seconds"));
    let seconds = asked.unwrap_or(if is_full() { 45 } else { 10 });
    let runtime = paraph_drill::runtime().expect("threads");
    let sink = runtime.block_on(Sink::start()).expect("a sink");
    let mut site = Site::new();
    site.as_shipped();
    site.set("mail.from", "petitions@site.example");
    site.set("mail.smtp", format!("smtp://{}", sink.smtp_addr()));
    site.set("listen.trusted_proxies", "127.0.0.0/8");
    site.set("listen.proxy_protocol", "optional");
    site.set("limits.settle_after_seconds", 2);
    site.set("limits.settle_every_seconds", 1);
    site.petition("fountain");
    let server = site.start();
    let target = Target::check(&format!("http://{}", server.address)).expect("loopback");
    let options = Options {
        honest_rate: 2.0 * 1000.0 / 600.0,
        // Who signs a second time gets no second mail that day, and need not wait for it.
        mail_wait: Duration::from_secs(20),
        ..Options::new(Scenario::HonestSurge, 33).with_duration(Duration::from_secs(seconds))
    };
    // People were there before the forger, as at every carrier's address; what becomes of one who comes first is the
    // shield's own test. This person never confirms.
    Client::behind(server.address, behind_the_carrier()).sign("fountain", "Zoé Amrani", "zoe@elsewhere.example");
    let over = AtomicBool::new(false);
    let (report, (forged, solved)) = std::thread::scope(|scope| {
        let forger = scope.spawn(|| forge_beside_them(server.address, &over));
        let drill = paraph_drill::run(options, target, "fountain", sink, Stop::default(), |_| {});
        let report = runtime.block_on(drill);
        over.store(true, Ordering::SeqCst);
        (report.expect("it runs"), forger.join().expect("no panic"))
    });
    let honest = &report.honest;
    println!(
        "{honest:?}\n{:?}\nforged {forged}, solved {solved}; counted {} of {}",
        report.verdicts, report.count.r#final, report.count.truth
    );
    assert!(forged > 5 * seconds, "{forged} forgeries in {seconds} s");
    // Half of them are behind the one address: as if all who failed were.
    let behind = honest.sent / 2;
    assert!(behind + 2 >= seconds * 1000 / 600, "{honest:?}");
    assert!((honest.sent - honest.accepted) * 100 <= behind, "{honest:?}");
    assert!(honest.gave_up.values().sum::<u64>() * 100 <= behind, "{honest:?}");
    // Nobody who is not in the truth is counted; of those who are, scrutiny may still look at a few beside such a forger.
    let (truth, counted) = (report.count.truth, report.count.r#final);
    assert!(
        counted <= truth && (truth - counted) * 100 <= truth,
        "{counted} of {truth}"
    );
}
