//! A disk that is full, and one that has become read-only: nothing acknowledged is lost, pages are served, and the server
//! goes on by itself afterwards.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::client::Client;
use crate::fsck::{fsck, lively};
use crate::power::shim;
use crate::server::{Server, Site, until};
use crate::start::is_refused;

const SLUG: &str = "fountain";

/// A file system of a few MiB in memory.
pub(crate) struct Small(PathBuf);

impl Small {
    /// `None` for a user who may not mount one.
    pub(crate) fn mount(at: &Path, mib: u32) -> Option<Self> {
        fs::create_dir_all(at).expect("made");
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", &format!("size={mib}m"), "tmpfs"])
            .arg(at);
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        mounted.then(|| Self(at.to_owned()))
    }
}

impl Small {
    /// What an operator does about it.
    fn enlarge(&self, mib: u32) {
        self.remount(&format!("size={mib}m"));
    }

    fn remount(&self, options: &str) {
        let mut mount = Command::new("mount");
        mount.args(["-o", &format!("remount,{options}")]).arg(&self.0);
        assert!(mount.status().is_ok_and(|status| status.success()), "remounted");
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        // Lazily: a server that is just ending may still have files open.
        drop(Command::new("umount").arg("-l").arg(&self.0).status());
    }
}

/// Where keys cannot be destroyed, people have been told "erased" of what can still be opened: somebody is told, until it is true.
#[test]
fn an_erasure_that_cannot_be_logged_is_told_until_its_key_is_gone() {
    let (site, server) = lively();
    let log = site.data().join("keys/erasures.log");
    let aside = site.place().join("erasures.log");
    fs::rename(&log, &aside).expect("aside");
    fs::create_dir(&log).expect("in its place");
    let erase = site.mail_to("waits@people.example").link("not-me");
    assert_eq!(server.client().post_json(&erase, "choice=erase").status, 200);
    let ready = || Client::new(server.operations).get("/readyz");
    until("it is told", || ready().text().contains("erased records").then_some(()));
    let open = || site.run(&["alert", "list"]).stdout.contains("erasures-wait");
    until("the alert", || open().then_some(()));
    for _ in 0..20 {
        assert_eq!(ready().status, 503, "not only now and then");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert_eq!(server.counted(SLUG), 2, "the count goes on");
    fs::remove_dir(&log).expect("removed");
    fs::rename(&aside, &log).expect("back");
    until("it is ready", || (ready().status == 200).then_some(()));
    assert_eq!(site.number("SELECT COUNT(*) FROM erasure WHERE done = 1"), 2);
    server.stop();
    fs::remove_file(&log).expect("removed");
    fs::create_dir(&log).expect("in its place");
    is_refused(&site.run(&["serve"]), 1, &["erasures.log"]);
}

/// Signs; whether it was taken in.
fn signs(client: &mut Client, bodies: &mut Vec<String>, to: &str) -> bool {
    let body = client.filled(SLUG, "Ada Example", to).expect("an answer");
    let answer = client.post_json(&format!("/p/{SLUG}/sign"), &body);
    match answer.status {
        202 => {
            bodies.push(body);
            true
        }
        503 => {
            assert!(answer.header("retry-after").is_some(), "{answer:?}");
            false
        }
        _ => panic!("{answer:?}"),
    }
}

fn readyz(server: &Server) -> (u16, String) {
    let answer = Client::new(server.operations).get("/readyz");
    (answer.status, answer.text())
}

/// Pages and numbers, while nothing can be recorded.
fn pages_are_served(server: &Server) {
    let mut client = server.client();
    for path in [
        format!("/p/{SLUG}"),
        format!("/p/{SLUG}/sign"),
        format!("/p/{SLUG}/count.json"),
    ] {
        assert_eq!(client.get(&path).status, 200, "{path}");
    }
    assert_eq!(Client::new(server.operations).get("/healthz").status, 200);
}

/// Every body that was acknowledged is in: sent again, nothing new comes of it, not even after a kill.
fn all_are_there(site: &Site, server: Server, bodies: &[String]) {
    let (sound, _, report) = fsck(site, &[]);
    assert!(sound, "{report}");
    server.kill();
    let server = site.start();
    let rows = || site.number("SELECT COUNT(*) FROM signature");
    let before = rows();
    let mut client = server.client();
    for body in bodies {
        assert_eq!(client.post_json(&format!("/p/{SLUG}/sign"), body).status, 202);
    }
    assert_eq!(rows(), before, "an acknowledged contribution was lost");
    let (sound, _, report) = fsck(site, &[]);
    assert!(sound, "{report}");
}

#[test]
fn a_full_disk_pauses_signing_and_loses_nothing() {
    let mut site = Site::new();
    site.set("limits.disk_floor_mib", 1);
    let Some(small) = Small::mount(&site.data(), 16) else {
        eprintln!("NOT TESTED: only root can mount a small disk");
        return;
    };
    site.petition(SLUG);
    let server = site.start();
    let (mut client, mut bodies) = (server.client(), Vec::new());
    for round in 0..3 {
        assert!(signs(
            &mut client,
            &mut bodies,
            &format!("before{round}@people.example")
        ));
        // To the last byte, faster than anybody watches the free space: commits meet the full disk.
        let filler = site.data().join("filler");
        let mut file = File::create(&filler).expect("made");
        while file.write_all(&[1; 4096]).is_ok() {}
        drop(file);
        // The log that is there already takes some more, in place; then they are refused, all of them.
        let refused = (0..200).filter(|number| {
            let to = format!("full{round}n{number}@people.example");
            !signs(&mut client, &mut bodies, &to)
        });
        assert_eq!(refused.take(20).count(), 20, "the disk was full");
        until("not ready", || (readyz(&server).0 == 503).then_some(()));
        pages_are_served(&server);
        fs::remove_file(&filler).expect("removed");
        until("ready again", || (readyz(&server).0 == 200).then_some(()));
        assert!(signs(&mut client, &mut bodies, &format!("after{round}@people.example")));
    }
    // Filled by signing itself, down to the floor. Sooner where mail keeps up with it, each of which is a file.
    let mut number = 0;
    while signs(&mut client, &mut bodies, &format!("own{number}@people.example")) {
        number += 1;
        assert!(
            number < 16_384,
            "16 MiB hold less: a signature takes more than a kilobyte"
        );
    }
    pages_are_served(&server);
    assert!(
        site.logged().contains("a batch was not recorded"),
        "commits met the full disk"
    );
    small.enlarge(64);
    until("ready again", || (readyz(&server).0 == 200).then_some(()));
    all_are_there(&site, server, &bodies);
}

#[test]
fn a_disk_that_our_own_logs_have_filled_is_given_back_by_itself() {
    let mut site = Site::new();
    site.set("limits.disk_floor_mib", 8);
    // No commit writes a log back by itself: on this disk the logs are all there is.
    site.set("limits.wal_mib", 1024);
    let Some(_small) = Small::mount(&site.data(), 32) else {
        eprintln!("NOT TESTED: only root can mount a small disk");
        return;
    };
    site.petition(SLUG);
    let server = site.start();
    let (mut client, mut bodies) = (server.client(), Vec::new());
    let bytes = |file: &str| fs::metadata(site.data().join(file)).map_or(0, |found| found.len());
    let mut number = 0;
    for round in 0..2 {
        let before = bytes("paraph.db");
        let mut log = 0;
        // Nobody removes anything, and the disk stays as small as it is.
        while bytes("paraph.db") == before {
            log = log.max(bytes("paraph.db-wal"));
            if !signs(&mut client, &mut bodies, &format!("own{round}n{number}@people.example")) {
                until("ready again", || (readyz(&server).0 == 200).then_some(()));
                // The wait may have been longer than a connection is kept that nobody uses.
                client = server.client();
            }
            number += 1;
            assert!(number < 5000, "32 MiB hold less");
        }
        assert!(log > 1 << 20, "round {round}: {log} bytes of log filled the disk");
    }
    assert!(
        !site.logged().contains("a batch was not recorded"),
        "it never came to that"
    );
    all_are_there(&site, server, &bodies);
}

/// What the system does to a disk after a fault; then somebody wants to know whether everything is there.
#[test]
fn a_disk_that_is_read_only_is_told_of_and_can_be_looked_at() {
    let mut site = Site::new();
    site.set("limits.disk_floor_mib", 1);
    let Some(disk) = Small::mount(&site.data(), 32) else {
        eprintln!("NOT TESTED: only root can mount a small disk");
        return;
    };
    site.petition(SLUG);
    let looked_at = |counted: u64| {
        is_refused(&site.run(&["serve"]), 1, &["Read-only", "dmesg", "paraph fsck"]);
        let (sound, findings, report) = fsck(&site, &[]);
        assert!(sound && findings.is_empty(), "{report}");
        assert_eq!(report["records"], counted, "{report}");
        assert_eq!(site.recount()[SLUG], 0);
        let ran = site.run(&["backup", "--out", &format!("backup-{counted}")]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    };
    disk.remount("ro");
    looked_at(0);
    disk.remount("rw");
    // A server that is killed leaves its log, and what reads it.
    let server = site.start();
    assert!(signs(&mut server.client(), &mut Vec::new(), "ada@people.example"));
    server.kill();
    disk.remount("ro");
    looked_at(1);
    disk.remount("rw");
    fs::remove_file(site.data().join("paraph.db-shm")).expect("removed");
    disk.remount("ro");
    for command in ["fsck", "recount"] {
        is_refused(&site.run(&[command]), 1, &["paraph.db-wal", "copy the data directory"]);
    }
}

#[test]
fn a_disk_that_becomes_read_only_stops_recording_and_nothing_else() {
    let mut site = Site::new();
    site.petition(SLUG);
    let (mark, record) = (site.place().join("read-only"), site.place().join("record"));
    let (shim, data) = (shim(&site), site.data());
    let variables = [
        ("LD_PRELOAD", &shim),
        ("PARAPH_POWER_DIR", &data),
        ("PARAPH_POWER_LOG", &record),
        ("PARAPH_POWER_RO", &mark),
    ];
    for (name, value) in variables {
        site.export(name, value.to_str().expect("UTF-8"));
    }
    let server = site.start();
    site.export("LD_PRELOAD", "");
    let (mut client, mut bodies) = (server.client(), Vec::new());
    for round in 0..3 {
        assert!(signs(
            &mut client,
            &mut bodies,
            &format!("before{round}@people.example")
        ));
        // With no mail on its way, nothing needs to be recorded but what is asked for.
        until("its mail is away", || {
            (site.number("SELECT COUNT(*) FROM outbox") == 0).then_some(())
        });
        File::create(&mark).expect("read-only from here on");
        for number in 0..5 {
            let to = format!("during{round}n{number}@people.example");
            assert!(!signs(&mut client, &mut bodies, &to), "nothing can be recorded");
        }
        pages_are_served(&server);
        // A tick with nothing to record does not make it look well again.
        for _ in 0..15 {
            let (status, says) = readyz(&server);
            assert!(status == 503 && says.contains("read-only"), "{status} {says}");
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        fs::remove_file(&mark).expect("writable again");
        until("ready again", || (readyz(&server).0 == 200).then_some(()));
        assert!(signs(&mut client, &mut bodies, &format!("after{round}@people.example")));
    }
    all_are_there(&site, server, &bodies);
}
