//! `paraph doctor`: all green where everything is right; each thing broken alone is found, with its mend.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::world::{self, Zone, text};
use crate::server::Site;

/// What depends on the machine that runs the tests, and is tested apart.
const OF_THE_MACHINE: &[&str] = &["clock: kept right", "disk: ", "limits: "];

/// Everything that is looked at, in its order.
const CHECKS: &[&str] = &[
    "clock: kept right",
    "clock: journal",
    "clock: site",
    "disk: space",
    "disk: file system",
    "disk: fsync",
    "limits: descriptors",
    "limits: memory",
    "limits: backlog",
    "limits: SYN cookies",
    "permissions: data directory",
    "permissions: key file",
    "permissions: control socket",
    "permissions: owner",
    "secrets: key",
    "secrets: place",
    "files: networks",
    "site: base_url",
    "site: proxy",
    "dns: site",
    "site: certificate",
    "site: authority",
    "shield: outlets",
    "shield: CrowdSec",
    "mail: server",
    "dns: MX",
    "dns: SPF",
    "dns: DKIM",
    "dns: DMARC",
    "server",
];

struct World {
    site: Site,
    zone: Zone,
    dns: String,
}

impl World {
    /// A site behind a front door with TLS, with its key apart, its mail server and its DNS.
    fn new() -> Self {
        let mut site = Site::new();
        let trusted = site.place().join("trusted.pem");
        let tls = world::certificate(&trusted, 2090);
        site.export("SSL_CERT_FILE", &trusted.display().to_string());
        let front = world::front_door(Arc::clone(&tls), 0).port();
        let mail = world::mail_server(tls, true).port();
        site.set("site.base_url", format!("https://petitions.example.org:{front}"));
        site.set("listen.trusted_proxies", "127.0.0.1");
        site.set("secrets.key_file", site.place().join("master.key").display());
        site.set("mail.from", "petitions@example.org");
        site.set(
            "mail.smtp",
            format!("smtp://petitions:secret@localhost:{mail}?tls=required"),
        );
        let dkim = site.place().join("dkim.pem");
        let public = world::dkim_key(&dkim);
        site.set("mail.dkim_key", dkim.display());
        site.set("mail.dkim_selector", "paraph");
        site.petition("fountain");
        let records = [
            (
                ("paraph._domainkey.example.org", "TXT"),
                text(&format!("v=DKIM1; k=ed25519; p={public}")),
            ),
            (("petitions.example.org", "A"), vec![127, 0, 0, 1]),
            (
                ("example.org", "MX"),
                [&[0, 10][..], b"\x04mail\x07example\x03org\0"].concat(),
            ),
            (("example.org", "TXT"), text("v=spf1 mx -all")),
            (("_dmarc.example.org", "TXT"), text("v=DMARC1; p=reject")),
        ];
        let records = records.map(|((name, kind), data)| ((name.to_owned(), kind), data));
        let zone = Zone::new(BTreeMap::from(records).into());
        let dns = world::dns(&zone).to_string();
        Self { site, zone, dns }
    }

    /// Every check that was made.
    fn checks(&self) -> Vec<String> {
        let said = self.site.run(&["doctor", "--json", "--dns", &self.dns]).json();
        let findings = said["findings"].as_array().expect("a list").iter();
        let name = |finding: &serde_json::Value| finding["check"].as_str().expect("a name").to_owned();
        findings.map(name).collect()
    }

    /// What is not as it should be, apart from the machine: check and verdict, and what the mend says.
    fn examined(&self) -> BTreeMap<String, (String, String)> {
        let ran = self.site.run(&["doctor", "--json", "--dns", &self.dns]);
        let said = ran.json();
        let findings = said["findings"].as_array().expect("a list").clone();
        let of_the_machine = |check: &str| OF_THE_MACHINE.iter().any(|known| check.starts_with(known));
        assert_eq!(ran.code == 1, said["failures"] != 0, "{said}");
        let mut wrong = BTreeMap::new();
        for finding in findings {
            let field = |name: &str| finding[name].as_str().unwrap_or_default().to_owned();
            let verdict = field("verdict");
            let is_wrong = verdict == "warn" || verdict == "fail";
            assert_eq!(
                is_wrong,
                !field("mend").is_empty(),
                "a mend where there is something to mend: {finding}"
            );
            if is_wrong && !of_the_machine(&field("check")) {
                wrong.insert(
                    field("check"),
                    (verdict, format!("{}; {}", field("what"), field("mend"))),
                );
            }
        }
        wrong
    }

    fn finds(&self, check: &str, verdict: &str, telling: &str) {
        let wrong = self.examined();
        let found = wrong
            .get(check)
            .unwrap_or_else(|| panic!("{check} was not found: {wrong:?}"));
        assert_eq!(found.0, verdict, "{check}: {wrong:?}");
        assert!(found.1.contains(telling), "{telling} in {found:?}");
    }
}

#[test]
fn the_doctor_is_content_with_a_site_that_is_right() {
    let world = World::new();
    assert_eq!(world.examined(), BTreeMap::new());
    // Those of the machine are judged by tests of their own; that they are made at all is seen here.
    assert_eq!(world.checks(), CHECKS);
    let checks = world.site.run(&["doctor", "--dns", &world.dns]);
    assert!(
        checks.stdout.contains("ok       site: certificate: the chain holds"),
        "{}",
        checks.stdout
    );
    assert!(checks.stdout.contains("ok       mail: server"), "{}", checks.stdout);
    let sent = world
        .site
        .run(&["doctor", "--dns", &world.dns, "--send-to", "duty@example.org"]);
    assert!(sent.stdout.contains("ok       mail: test"), "{}", sent.stdout);
    assert!(
        !world
            .site
            .data()
            .join(format!(".doctor-{}", std::process::id()))
            .exists()
    );
}

#[test]
fn a_name_server_that_says_nothing_is_waited_for_once() {
    let mut world = World::new();
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port");
    world.dns = silent.local_addr().expect("bound").to_string();
    let began = Instant::now();
    let wrong = world.examined();
    for check in ["dns: site", "dns: MX", "dns: SPF", "dns: DKIM", "dns: DMARC"] {
        let (verdict, said) = &wrong[check];
        assert!(
            verdict == "fail" && said.contains("no DNS server answers"),
            "{check}: {said}"
        );
    }
    let taken = began.elapsed();
    assert!(taken < Duration::from_secs(20), "{taken:?}");
}

#[test]
fn each_record_that_is_missing_is_written_out() {
    let world = World::new();
    for (name, kind, check, verdict, telling) in [
        (
            "example.org",
            "TXT",
            "dns: SPF",
            "fail",
            "publish: example.org. IN TXT \"v=spf1 mx -all\"",
        ),
        (
            "paraph._domainkey.example.org",
            "TXT",
            "dns: DKIM",
            "fail",
            "publish: paraph._domainkey.example.org. IN TXT \"v=DKIM1; k=ed25519; p=",
        ),
        (
            "_dmarc.example.org",
            "TXT",
            "dns: DMARC",
            "fail",
            "publish: _dmarc.example.org. IN TXT \"v=DMARC1;",
        ),
        ("example.org", "MX", "dns: MX", "warn", "publish: example.org. IN MX"),
        (
            "petitions.example.org",
            "A",
            "dns: site",
            "fail",
            "publish: petitions.example.org. IN A",
        ),
    ] {
        let key = (name.to_owned(), kind);
        let record = world.zone.lock().expect("no panic").remove(&key).expect("was there");
        world.finds(check, verdict, telling);
        world.zone.lock().expect("no panic").insert(key, record);
    }
    // A record of another key is worse than none: receivers find every signature forged.
    let key = ("paraph._domainkey.example.org".to_owned(), "TXT");
    let another = text(&format!("v=DKIM1; k=ed25519; p={}=", "A".repeat(43)));
    let record = world.zone.lock().expect("no panic").insert(key.clone(), another);
    world.finds("dns: DKIM", "fail", "another key");
    let record = record.expect("was there");
    world.zone.lock().expect("no panic").insert(key, record);
    assert_eq!(world.examined(), BTreeMap::new());
}

#[test]
fn each_thing_wrong_with_mail_and_front_door_is_found_alone() {
    let mut world = World::new();
    let right = |world: &mut World, key: &str, wrong: String, check: &str, verdict: &str, telling: &str| {
        let before = world.site.get(key).to_owned();
        world.site.set(key, wrong);
        world.finds(check, verdict, telling);
        world.site.set(key, before);
    };
    let smtp = world.site.get("mail.smtp").to_owned();
    right(
        &mut world,
        "mail.smtp",
        smtp.replace("secret", "wrong"),
        "mail: server",
        "fail",
        "login",
    );
    let trusted = world.site.place().join("other.pem");
    let other = world::certificate(&trusted, 2090);
    let plain = world::mail_server(Arc::clone(&other), false);
    let plain = format!("smtp://localhost:{}?tls=required", plain.port());
    right(&mut world, "mail.smtp", plain, "mail: server", "fail", "STARTTLS");
    let strange = world::mail_server(Arc::clone(&other), true);
    let strange = format!("smtp://localhost:{}?tls=required", strange.port());
    right(&mut world, "mail.smtp", strange, "mail: server", "fail", "certificate");
    let nobody = "smtp://127.0.0.1:9".to_owned();
    right(
        &mut world,
        "mail.smtp",
        nobody,
        "mail: server",
        "fail",
        "start the mail server",
    );

    let url = |address: std::net::SocketAddr| format!("https://petitions.example.org:{}", address.port());
    let strange = url(world::front_door(other, 0));
    right(
        &mut world,
        "site.base_url",
        strange,
        "site: certificate",
        "fail",
        "renew the certificate",
    );
    let old = world::certificate(&world.site.place().join("old.pem"), 2020);
    let both = world.site.place().join("both.pem");
    let pem = |name: &str| fs::read_to_string(world.site.place().join(name)).expect("read");
    fs::write(&both, pem("trusted.pem") + &pem("old.pem")).expect("written");
    world.site.export("SSL_CERT_FILE", &both.display().to_string());
    let expired = url(world::front_door(old, 0));
    right(
        &mut world,
        "site.base_url",
        expired,
        "site: certificate",
        "fail",
        "renew the certificate",
    );
    let fast = world::certificate(&both, 2090);
    let fast = url(world::front_door(fast, 7200));
    right(&mut world, "site.base_url", fast, "clock: site", "fail", "time service");
    let plain = "http://petitions.example.org:9".to_owned();
    right(&mut world, "site.base_url", plain, "site: base_url", "fail", "https://");
    right(
        &mut world,
        "listen.trusted_proxies",
        String::new(),
        "site: proxy",
        "fail",
        "trusted_proxies = [",
    );
}

#[test]
fn each_thing_wrong_with_the_files_is_found_alone() {
    let mut world = World::new();
    let (data, key) = (world.site.data(), world.site.place().join("master.key"));
    let mode = |path: &std::path::Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("set");
    mode(&data, 0o755);
    world.finds("permissions: data directory", "fail", "chmod 700");
    mode(&data, 0o700);

    let right = fs::read(&key).expect("read");
    fs::write(&key, "ab".repeat(31) + "cd").expect("written");
    world.finds("secrets: key", "fail", "another key");
    fs::write(&key, &right).expect("written");
    let within = data.join("keys/master.key");
    fs::write(&within, &right).expect("written");
    mode(&within, 0o600);
    world.site.set("secrets.key_file", within.display());
    world.finds("secrets: place", "warn", "/etc/paraph/master.key");
    world.site.set("secrets.key_file", key.display());

    for (key, path) in [("shield.helper", "no.sock"), ("shield.cidr_list", "absent/banned.txt")] {
        world.site.set(key, world.site.place().join(path).display());
        world.finds("shield: outlets", "fail", key);
        world.site.unset(key);
    }

    let store = world.site.store();
    store
        .execute("UPDATE journal SET at = at + 86400000", [])
        .expect("ahead by a day");
    world.finds("clock: journal", "fail", "set the clock right");
    store
        .execute("UPDATE journal SET at = at - 86400000", [])
        .expect("back");
    assert_eq!(world.examined(), BTreeMap::new());

    world.site.set("limits.disk_floor_mib", 1_048_576);
    let ran = world.site.run(&["doctor", "--dns", &world.dns]);
    assert!(
        ran.code == 1 && ran.stdout.contains("fail     disk: space"),
        "{}",
        ran.stdout
    );
    mode(&key, 0o644);
    assert_eq!(
        world.site.run(&["doctor"]).code,
        2,
        "such a key is a wrong configuration"
    );
}

#[test]
fn a_clock_that_nobody_keeps_right_is_found() {
    let mut site = Site::new();
    let programs = site.place().join("programs");
    fs::create_dir(&programs).expect("made");
    let timekeeper = programs.join("timedatectl");
    let path = std::env::var("PATH").expect("a path");
    site.export("PATH", &format!("{}:{path}", programs.display()));
    for (says, finding) in [
        ("no", "warn     clock: kept right: timedatectl says that it is not"),
        (
            "yes",
            "ok       clock: kept right: timedatectl says that it is synchronised",
        ),
    ] {
        fs::write(&timekeeper, format!("#!/bin/sh\necho {says}\n")).expect("written");
        fs::set_permissions(&timekeeper, fs::Permissions::from_mode(0o700)).expect("set");
        let said = site.run(&["doctor", "--dns", "127.0.0.1:9"]).stdout;
        assert!(said.contains(finding), "{said}");
    }
}
