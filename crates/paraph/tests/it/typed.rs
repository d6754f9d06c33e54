//! Commands as they are typed: what is wrong is said at once and in the right words, and what was done can be seen.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use paraph::control;
use paraph::intake::command::PetitionCommand;

use crate::client::Client;
use crate::server::{Ran, Site, free, within};

/// A petition is made as it is typed, but for this.
fn create(site: &Site, slug: &str, more: &[&str]) -> (i32, String) {
    fs::write(site.place().join("text.txt"), "It is dry.\u{202E} Repair it.\n").expect("written");
    let typed = ["petition", "create", "--slug", slug, "--owner", "Ada"];
    let ran = site.run(&[&typed, more].concat());
    (ran.code, ran.stderr)
}

#[test]
fn a_petition_is_taken_as_it_will_be_shown_or_refused() {
    let site = Site::new();
    let text = ["--text", "text.txt"];
    let wide = [&["--title", "T", "--goal", "18446744073709551615"], &text[..]].concat();
    let (code, said) = create(&site, "wide", &wide);
    assert!(code == 2 && said.contains("1000000000"), "{said}");
    let (code, said) = create(&site, "lost", &["--title", "T", "--text", "lost.txt"]);
    assert!(code == 2 && said.contains("--text: cannot read lost.txt"), "{said}");
    let turned = [&["--title", "Repair \u{202E}it\u{2066}"], &text[..]].concat();
    assert_eq!(create(&site, "turned", &turned).0, 0);
    let shown = site.run(&["petition", "show", "turned"]).stdout;
    assert!(
        shown.contains("Repair it\n") && shown.contains("It is dry. Repair it."),
        "{shown:?}"
    );
}

#[test]
fn what_cannot_be_is_said_before_the_work() {
    let site = Site::new();
    for act in ["ban", "unban"] {
        for typed in ["nonsense", "192.0.0.0/16", "2001:db8::/32", "2001:db8::1/128"] {
            let ran = site.run(&["shield", act, typed]);
            assert!(ran.code == 2 && ran.stderr.contains(typed), "{}", ran.stderr);
            // What the hint names can be banned: /64 and /48 of IPv6, and nothing between.
            assert!(
                ran.stderr.contains("/64") && !ran.stderr.contains("/56"),
                "{}",
                ran.stderr
            );
        }
    }
    let began = Instant::now();
    for command in [
        &["demo", "--once"][..],
        &["drill", "lockstep-218", "--simulate"],
        &[
            "drill",
            "lockstep-218",
            "--target",
            "http://127.0.0.1:9",
            "--petition",
            "p",
        ],
    ] {
        let ran = site.run(&[command, &["--report", "no/such/directory.json"]].concat());
        assert!(
            ran.code == 2 && ran.stderr.contains("--report: cannot write"),
            "{command:?}: {}",
            ran.stderr
        );
    }
    assert!(began.elapsed() < Duration::from_secs(10), "nothing was rehearsed");

    site.petition("fountain");
    let foreign = site.place().join("foreign");
    fs::create_dir(&foreign).expect("made");
    fs::write(foreign.join("index.html"), "mine").expect("written");
    let ran = site.run(&["export", "--static", "foreign"]);
    assert!(ran.code == 2 && ran.stderr.contains("foreign"), "{}", ran.stderr);
    assert_eq!(fs::read_to_string(foreign.join("index.html")).expect("there"), "mine");

    // What would change nothing is not taken.
    let demo = ["demo", "--once", "--listen", "127.0.0.1:0", "--duration", "1s"];
    let drill = ["drill", "--target", "http://127.0.0.1:9", "--petition", "p"];
    for ran in [
        site.run(&[&demo[..], &["--strength", "1", "--scenario", "stored-up"]].concat()),
        site.run(&[&drill[..], &["--strength", "1", "stored-up"]].concat()),
    ] {
        assert!(ran.code == 2 && ran.stderr.contains("pre-emption"), "{}", ran.stderr);
    }
    // Its forgers are as strong as any.
    let ran = site.run(&[&drill[..], &["--strength", "1,2,3", "stored-up"]].concat());
    assert!(!ran.stderr.contains("--strength"), "{}", ran.stderr);

    let ran = site.run(&[&drill[..], &["--mail-listen", "0.0.0.0:1025", "lockstep-218"]].concat());
    assert!(ran.code == 2 && ran.stderr.contains("127.0.0.1"), "{}", ran.stderr);

    // It would take the mail of this site, and add invented people to it.
    let ran = site.run(&[&demo[..], &["--data", "data"]].concat());
    assert!(
        ran.code == 2 && ran.stderr.contains("--data: data holds"),
        "{}",
        ran.stderr
    );
    let listed = site.run(&["petition", "list"]).stdout;
    assert!(!listed.contains("fontaine"), "{listed}");

    let ran = site.run(&["networks", "update", "--from", "/dev/zero"]);
    assert!(ran.code == 1 && ran.stderr.contains("file too large"), "{}", ran.stderr);
    fs::create_dir(site.place().join("table")).expect("made");
    for part in ["asn-ipv4.csv", "asn-ipv6.csv"] {
        fs::write(site.place().join("table").join(part), "").expect("written");
    }
    let ran = site.run(&["networks", "update", "--from", "table"]);
    assert!(ran.code == 1 && ran.stderr.contains("--date"), "{}", ran.stderr);

    let help = site.run(&["incident", "release", "--help"]).stdout;
    let usage = help.lines().find(|line| line.contains("Usage:")).expect("a usage line");
    assert!(usage.contains("--petition <PETITION>|--undo <NUMBER>"), "{usage}");
}

#[test]
fn what_a_command_did_is_on_the_page_when_it_answers() {
    let site = Site::new();
    let server = site.start();
    let mut client = server.client();
    for round in 0..10 {
        let slug = format!("round-{round}");
        let made = create(&site, &slug, &["--title", "T", "--text", "text.txt"]);
        assert_eq!(made.0, 0, "{}", made.1);
        let path = format!("/p/{slug}");
        assert_eq!(client.get(&path).status, 404, "a draft");
        let publish = PetitionCommand::Publish {
            slug: slug.clone(),
            settle_after_seconds: 0,
        };
        control::ask(&site.data(), &publish)
            .expect("answered")
            .expect("a server");
        assert_eq!(client.get(&path).status, 200, "{slug} is open");
    }
    let robots = client.get("/robots.txt");
    let header = |name| robots.header(name).unwrap_or_default().to_owned();
    assert_eq!(header("cache-control"), "public, max-age=300");
    assert_eq!(header("x-content-type-options"), "nosniff");
}

/// A command whose shell lets it open so many files.
fn under(site: &Site, limit: &str, command: &str) -> Command {
    let plain = site.command(&[]);
    let mut limited = Command::new("sh");
    limited
        .args(["-c", &format!("ulimit {limit} && exec \"$0\" {command}")])
        .arg(plain.get_program())
        .current_dir(plain.get_current_dir().unwrap_or(Path::new(".")))
        .envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    limited
}

/// A server whose shell lets it open so many files, and its word that it serves.
fn limited(site: &Site, limit: &str) -> Child {
    let mut limited = under(site, limit, "serve");
    let log = fs::File::create(site.place().join("limited.log")).expect("a log");
    let mut child = limited.stdout(Stdio::piped()).stderr(log).spawn().expect("it starts");
    let mut said = String::new();
    let stdout = child.stdout.take().expect("piped");
    BufReader::new(stdout).read_line(&mut said).expect("its word");
    assert!(said.contains("is serving"), "{said}");
    child
}

#[test]
fn a_server_takes_the_descriptors_that_it_may_have_and_says_when_they_are_few() {
    for (limit, is_few) in [("-Sn 300", false), ("-n 300", true)] {
        let site = Site::new();
        let mut child = limited(&site, limit);
        let limits = fs::read_to_string(format!("/proc/{}/limits", child.id())).expect("its limits");
        child.kill().expect("running");
        child.wait().expect("ended");
        let line = limits.lines().find(|line| line.starts_with("Max open files"));
        let words: Vec<&str> = line.expect("a line").split_whitespace().collect();
        assert_eq!(words[3], words[4], "{limit}: all that it may have");
        let logged = fs::read_to_string(site.place().join("limited.log")).expect("a log");
        let said = logged.contains("fewer files may be opened");
        assert_eq!(
            said,
            is_few || words[3].parse::<u64>().is_ok_and(|few| few < 4466),
            "{logged}"
        );
    }
}

/// With few descriptors, places end before they do: else no connection could be accepted to make room for.
#[test]
fn silent_connections_make_room_also_where_descriptors_are_few() {
    let mut site = Site::new();
    let address = free();
    site.set("listen.http", address);
    site.set("limits.connections_per_address", 4096);
    site.set("limits.connections_per_network", 4096);
    let operations = free();
    site.set("listen.operations", operations);
    let mut child = limited(&site, "-n 160");
    let mut silent = Vec::new();
    for _ in 0..300 {
        let Ok(mut stream) = TcpStream::connect(address) else {
            continue;
        };
        let _ = stream.write_all(b"GET / HTTP/1.1\r\n");
        silent.push(stream);
    }
    // Some of those that come in such a moment are closed: a browser tries again.
    let asked = || Client::new(address).ask("GET", "/", &[], b"").ok();
    let answered: Vec<_> = (0..3).map(|_| within(Duration::from_secs(3), asked)).collect();
    let health: Vec<_> = (0..20)
        .map(|_| Client::new(operations).get("/healthz").status)
        .collect();
    let metrics = Client::new(operations).get("/metrics").text();
    child.kill().expect("running");
    child.wait().expect("ended");
    assert!(
        !metrics.contains("why=\"accept_error\""),
        "descriptors never ran out: {metrics}"
    );
    assert_eq!(health, [200; 20], "operations have descriptors of their own");
    assert!(answered.iter().flatten().all(|answer| answer.status == 200));
    assert_eq!(answered.iter().flatten().count(), 3);
    drop(silent);
}

/// Too few for the server itself: it says so, instead of starving its store or its operators later.
#[test]
fn with_too_few_descriptors_nothing_starts_and_the_mend_is_said() {
    let site = Site::new();
    let run = |limit, command| Ran::from(under(&site, limit, command).output().expect("it runs"));
    let refused = run("-n 64", "serve");
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    for said in [
        "only 64 files may be open",
        "hint: LimitNOFILE=8192 in the unit, or `ulimit -n 4466`",
    ] {
        assert!(refused.stderr.contains(said), "{}", refused.stderr);
    }
    assert!(!site.data().exists());
    for (limit, said) in [
        ("-n 64", "does not start: only 64 files"),
        ("-n 300", "may open 300 files: it takes 175 connections"),
    ] {
        let explained = run(limit, "check-config").stdout;
        assert!(explained.contains(said), "{explained}");
    }
}
