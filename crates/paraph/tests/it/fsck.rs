//! `paraph fsck`: sound beside a working server, and every kind of damage is found by its own check.

use std::fs;

use rusqlite::Connection;
use serde_json::Value;

use crate::server::{Server, Site, until};

const SLUG: &str = "fountain";

/// A site with every kind of signature: waiting, counted, withdrawn and erased, disowned and kept.
pub(crate) fn lively() -> (Site, Server) {
    let site = Site::new();
    site.petition(SLUG);
    let server = site.start();
    let mut client = server.client();
    for person in ["waits", "counts", "withdraws", "objects", "counts-too"] {
        client.sign(SLUG, "Ada Example", &format!("{person}@people.example"));
    }
    let link = |person: &str, kind| {
        let to = format!("{person}@people.example");
        until("the mail", || site.mails().into_iter().find(|letter| letter.to == to)).link(kind)
    };
    for person in ["counts", "withdraws", "counts-too"] {
        let confirmed = client.post_json(&link(person, "confirm"), "");
        assert_eq!(confirmed.status, 200, "{confirmed:?}");
        if person == "withdraws" {
            let token = confirmed.json()["withdraw"].as_str().expect("a token").to_owned();
            assert_eq!(client.post_json(&format!("/withdraw/{token}"), "").status, 200);
        }
    }
    let kept = client.post_json(&link("objects", "not-me"), "choice=keep");
    assert_eq!(kept.status, 200, "{kept:?}");
    until("the count", || (server.counted(SLUG) == 2).then_some(()));
    until("the key is gone", || {
        (site.number("SELECT COUNT(*) FROM erasure WHERE done = 1") == 1).then_some(())
    });
    (site, server)
}

/// What a check of the site says: whether it is sound, and its findings as `weight: check`.
pub(crate) fn fsck(site: &Site, more: &[&str]) -> (bool, Vec<String>, Value) {
    let ran = site.run(&[&["fsck", "--json"], more].concat());
    let report = ran.json();
    let sound = report["sound"].as_bool().expect("a verdict");
    assert_eq!(ran.code, i32::from(!sound), "{}{}", ran.stdout, ran.stderr);
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let findings = report["findings"].as_array().expect("a list").iter();
    let findings = findings.map(|found| format!("{}: {}", text(&found["weight"]), text(&found["check"])));
    (sound, findings.collect(), report)
}

#[test]
fn a_living_directory_is_sound_and_each_damage_has_its_finding() {
    let (site, server) = lively();
    let (sound, findings, report) = fsck(&site, &[]);
    assert!(sound && findings.is_empty(), "{report}");
    assert_eq!(report["records_opened"], 4, "{report}");
    assert_eq!(site.run(&["fsck", "--sweep"]).code, 1, "not while a server runs");
    server.stop();
    assert!(fsck(&site, &["--quick"]).0);

    let damages = [
        ("DELETE FROM journal WHERE position = 3", "journal"),
        ("UPDATE journal SET event = x'ff' WHERE position = 3", "recount"),
        ("UPDATE signature SET axes = 1 WHERE axes = 33", "recount"),
        ("UPDATE signature SET waiting = 1 - waiting", "signatures"),
        ("UPDATE signature SET unsettled = 1", "signatures"),
        ("UPDATE petition_text SET version = 9", "petitions"),
        ("UPDATE mailbox SET counted = NULL", "recount"),
        ("DELETE FROM mailbox", "recount"),
        (
            "INSERT INTO mailbox_tag VALUES (randomblob(32), randomblob(16))",
            "mailboxes",
        ),
        ("DELETE FROM mailbox_tag", "mailboxes"),
        ("DELETE FROM vault", "records"),
        ("UPDATE vault SET id = randomblob(16)", "records"),
        ("UPDATE vault SET sealed = randomblob(500)", "records"),
        ("UPDATE features SET id = randomblob(16)", "features"),
        ("INSERT INTO vault SELECT id, x'01' FROM erasure", "erasures"),
        ("INSERT INTO features SELECT id, x'01' FROM erasure", "erasures"),
        (
            "INSERT INTO erasure SELECT id, 1, 1 FROM signature WHERE waiting = 1",
            "erasures",
        ),
        (
            "INSERT INTO outbox (id, mailbox, signature, address, petition, due_at, attempts) VALUES (x'01', randomblob(16), randomblob(16), x'02', 1, 1, 0)",
            "outbox",
        ),
        ("UPDATE meta SET value = 99", "version"),
    ];
    for (damage, check) in damages {
        damaged(&site, "paraph.db", damage, check);
    }
    damaged(&site, "keys/keys.db", "DELETE FROM wrapped", "records");
    damaged(
        &site,
        "keys/keys.db",
        "UPDATE wrapped SET wrapped = randomblob(73)",
        "records",
    );
    damaged(&site, "keys/keys.db", "UPDATE meta SET value = 99", "version");
    files(&site);
    orphans(&site);
}

/// Damages a file, looks, and mends it.
fn damaged(site: &Site, file: &str, damage: &str, check: &str) {
    let path = site.data().join(file);
    let whole = fs::read(&path).expect("read");
    let store = Connection::open(&path).expect("opened");
    assert!(store.execute(damage, []).expect(damage) > 0, "{damage}");
    drop(store);
    let (sound, findings, report) = fsck(site, &[]);
    assert!(!sound, "{damage} was not noticed");
    assert!(findings.contains(&format!("fault: {check}")), "{damage}: {report}");
    fs::write(&path, whole).expect("mended");
}

/// Damage that no statement does.
fn files(site: &Site) {
    let spoil = |file: &str, spoilt: &dyn Fn(&mut Vec<u8>), check: &str| {
        let path = site.data().join(file);
        let whole = fs::read(&path).expect("read");
        let mut bytes = whole.clone();
        spoilt(&mut bytes);
        fs::write(&path, bytes).expect("spoilt");
        let (sound, findings, report) = fsck(site, &[]);
        assert!(!sound, "{file} was not noticed");
        assert!(findings.contains(&format!("fault: {check}")), "{file}: {report}");
        fs::write(&path, whole).expect("mended");
    };
    let middle = |bytes: &mut Vec<u8>| {
        // Behind the first pages, all that do not name the tables.
        let behind = bytes.len() / 4096 / 2;
        let names = |page: &[u8]| page.windows(7).any(|part| part == b"CREATE ");
        let pages = bytes.chunks_mut(4096).skip(behind.max(1));
        pages.filter(|page| !names(page)).for_each(|page| page[..64].fill(0xA5));
    };
    spoil("paraph.db", &middle, "pages");
    spoil("keys/keys.db", &middle, "pages");
    spoil("keys/erasures.log", &|bytes| bytes.truncate(40), "erasures");
    spoil(
        "keys/master.key",
        &|bytes| bytes[..4].copy_from_slice(b"0000"),
        "records",
    );
    for (file, finding) in [("keys.db", "fault: files"), ("master.key", "fault: key file")] {
        let file = site.data().join("keys").join(file);
        fs::rename(&file, site.data().join("elsewhere")).expect("moved");
        let (sound, findings, report) = fsck(site, &[]);
        assert!(!sound && findings.contains(&finding.to_owned()), "{report}");
        fs::rename(site.data().join("elsewhere"), &file).expect("back");
    }
    assert!(fsck(site, &[]).0, "mended");
}

/// A crash between the two commits leaves a key; it is no fault, and can be swept.
fn orphans(site: &Site) {
    let keys = || Connection::open(site.data().join("keys/keys.db")).expect("opened");
    let insert = "INSERT INTO wrapped VALUES (randomblob(16), randomblob(73))";
    assert_eq!(keys().execute(insert, []).expect("inserted"), 1);
    let (sound, findings, report) = fsck(site, &[]);
    assert!(sound && findings == ["note: orphaned keys"], "{report}");
    let (sound, findings, report) = fsck(site, &["--sweep"]);
    assert!(sound && findings.is_empty(), "{report}");
    assert_eq!(report["keys_swept"], 1);
    let left: i64 = keys()
        .query_row("SELECT COUNT(*) FROM wrapped", [], |row| row.get(0))
        .expect("a number");
    assert_eq!(left, 4, "every other key is still there");
}
