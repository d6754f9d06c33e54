//! `paraph fsck`: sound beside a working server, and every kind of damage is found by its own check.

use std::collections::BTreeSet;
use std::fs;

use paraph::clock;
use paraph::fsck::{self, Depth};
use paraph::intake::{Writer, WriterSettings};
use paraph::limits::Limits;
use paraph::store::Files;
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

    let mut found = BTreeSet::new();
    for (damage, what) in DAMAGES {
        found.insert(damaged(&site, "paraph.db", damage, what));
    }
    for (damage, what) in [
        ("DELETE FROM wrapped", "records without their key"),
        (
            "UPDATE wrapped SET wrapped = (SELECT MIN(wrapped) FROM wrapped)",
            "3 of 4 records do not open",
        ),
        ("UPDATE wrapped SET wrapped = randomblob(9)", FORM),
        ("UPDATE meta SET value = 99", "keys.db has version 99"),
    ] {
        found.insert(damaged(&site, "keys/keys.db", damage, what));
    }
    for relation in paraph::fsck::relations() {
        assert!(found.contains(relation), "no damage shows: {relation}");
    }
    files(&site);
    orphans(&site);
}

/// Damage to `paraph.db`, and what a check says of it. Each relation is broken once.
const DAMAGES: &[(&str, &str)] = &[
    (
        "DELETE FROM journal WHERE position = 3",
        "positions are not consecutive",
    ),
    ("UPDATE journal SET event = x'ff' WHERE position = 3", "journal entry 3"),
    ("UPDATE signature SET axes = 1 WHERE axes = 33", " of signature "),
    ("UPDATE mailbox SET counted = NULL", " of mailbox "),
    ("DELETE FROM mailbox", " of mailbox "),
    (
        "UPDATE petition_text SET version = 9",
        "petitions without the text in force",
    ),
    (
        "UPDATE petition SET phase = 3",
        "discarded drafts of which something is left",
    ),
    (
        "UPDATE signature SET petition = 9",
        "signatures of a petition that does not exist",
    ),
    (
        "UPDATE signature SET waiting = 1 - waiting",
        "signatures whose mark \"waiting\" is wrong",
    ),
    (
        "UPDATE signature SET unsettled = 1",
        "signatures marked to settle that cannot",
    ),
    // One bit of a number.
    (
        "UPDATE signature SET unsettled = unsettled | 17592186044416",
        "signatures marked to settle that cannot",
    ),
    (
        "UPDATE mailbox_tag SET tag = randomblob(16)",
        " whose address does not lead to its mailbox: one could count twice",
    ),
    (
        "UPDATE key_check SET tag = randomblob(16)",
        "the mark of the master key is not that of this key file",
    ),
    (
        "DELETE FROM features",
        "signatures that were never erased and whose features are missing",
    ),
    (
        "UPDATE features SET observed = CAST(observed AS TEXT)",
        "4 observations that cannot be read",
    ),
    (
        "UPDATE features SET observed = x'7b7d'",
        "4 observations that cannot be read",
    ),
    (
        "UPDATE confirmed_from SET observed = x'7b7d'",
        "2 observations that cannot be read",
    ),
    (
        "UPDATE signature SET axes = 1 WHERE axes = 33; DELETE FROM mailbox",
        "confirmed signatures that would never settle",
    ),
    (
        "UPDATE signature SET mailbox = x'01' WHERE axes = 33",
        "mailboxes with more than one counted signature",
    ),
    (
        "UPDATE mailbox SET counted = randomblob(16)",
        "mailboxes whose counted signature is not a counted signature of theirs",
    ),
    (
        "INSERT INTO mailbox_tag VALUES (randomblob(32), randomblob(16))",
        "addresses of a mailbox that nobody signed with",
    ),
    (
        "DELETE FROM mailbox_tag",
        "signatures that stand with a mailbox whose address was forgotten: the address could count twice",
    ),
    (
        "DELETE FROM vault",
        "signatures without a record that were never erased",
    ),
    ("UPDATE vault SET id = randomblob(16)", "records without a signature"),
    ("UPDATE vault SET sealed = randomblob(500)", "records opens"),
    ("UPDATE vault SET sealed = randomblob(9)", FORM),
    (
        "UPDATE petition_text SET body = 'Sell it.'",
        "1 row of petition_text is not",
    ),
    (
        "UPDATE petition_text SET title = title || '!'",
        "1 row of petition_text is not",
    ),
    (
        "UPDATE petition_text SET consent_hash = randomblob(32)",
        "1 row of petition_text is not",
    ),
    (
        "INSERT INTO petition_text SELECT petition, 2, title, body, text_hash, consent_hash, 1, '' FROM petition_text",
        "1 row of petition_text is not",
    ),
    (
        "DELETE FROM features WHERE id = (SELECT MAX(id) FROM features)",
        "signatures that were never erased and whose features are missing",
    ),
    (
        "UPDATE nonce SET body_mac = x'01'",
        "spent puzzles or tickets that are not of the form that this version writes",
    ),
    (
        "INSERT INTO mail_stop VALUES (x'01', 1, 1, NULL)",
        "addresses left alone that are not of the form that this version writes",
    ),
    (
        "INSERT OR REPLACE INTO outbox (id, mailbox, signature, address, petition, due_at, attempts) \
         SELECT x'01', mailbox, id, x'02', 9, 1, 0 FROM signature WHERE waiting = 1",
        "mails without a signature of their mailbox",
    ),
    (
        "UPDATE features SET id = randomblob(16)",
        "features without a signature",
    ),
    (
        "INSERT INTO confirmed_from SELECT id, x'01' FROM signature WHERE waiting = 1",
        "observations of a confirmation that nobody made",
    ),
    (
        "INSERT INTO vault SELECT id, x'01' FROM erasure",
        "erased records that are still there",
    ),
    (
        "INSERT INTO features SELECT id, x'01' FROM erasure",
        "erased records that are still there",
    ),
    (
        "INSERT INTO confirmed_from SELECT id, x'01' FROM erasure",
        "erased records that are still there",
    ),
    (
        "INSERT INTO erasure SELECT id, 1, 1 FROM signature WHERE waiting = 1",
        "erased records whose key is still there",
    ),
    (
        "INSERT INTO erasure SELECT id, 1, 1 FROM signature WHERE waiting = 1",
        "erased records that are not in erasures.log: a restore would bring them back",
    ),
    (
        "UPDATE erasure SET done = 0",
        "erased records whose key goes at the next tick of a server",
    ),
    (
        "DELETE FROM erasure",
        "records erased since these data were copied; the next start erases them again",
    ),
    ("INSERT INTO choice VALUES (x'01', 1, 1, x'01')", CONTENT),
    ("INSERT INTO shown_name VALUES (x'01', 1, 1, NULL, NULL)", CONTENT),
    ("INSERT INTO news VALUES (x'01', 1, x'01', x'01', 1)", CONTENT),
    (
        "INSERT INTO news SELECT mailbox, petition, id, x'01', 1 FROM signature WHERE waiting = 1",
        "news for a mailbox whose signature does not stand confirmed",
    ),
    (
        "INSERT INTO news_outbox VALUES (1, 1, x'01', 1, 1, 0)",
        "mails of an update that does not exist",
    ),
    ("UPDATE petition SET slug = ''", HEAD),
    ("UPDATE petition SET goal = -5", HEAD),
    ("INSERT INTO petition_content VALUES (9, 1, '[]', '')", NOWHERE),
    ("INSERT INTO petition_update VALUES (9, 1, '', '', 1, 0, x'')", NOWHERE),
    ("UPDATE mail_sent SET petition = 9", NOWHERE),
    ("INSERT INTO news_sent VALUES (x'01', 1, 9, 1)", NOWHERE),
    (
        "INSERT INTO shown_name SELECT id, 9, 1, NULL, NULL FROM signature WHERE axes = 33",
        "names or news of another petition than that of their signature",
    ),
    (
        "INSERT OR REPLACE INTO petition_content SELECT id, 1, '][', '' FROM petition",
        "no server starts with these data",
    ),
    (
        "INSERT INTO incident VALUES (4, 1, '{}')",
        "incidents that cannot be read: 1",
    ),
    (
        "INSERT INTO verdict_work VALUES (1, x'')",
        "verdicts whose rows still follow: three relations were left out, look again in a minute",
    ),
    (
        "INSERT INTO outbox (id, mailbox, signature, address, petition, due_at, attempts) \
         VALUES (x'01', randomblob(16), randomblob(16), x'02', 1, 1, 0)",
        "mails without a signature of their mailbox",
    ),
    (
        "INSERT INTO second_way (mailbox, id, signature, incident, petition, address, domain, common, offered_at, attempts) \
         VALUES (x'01', x'01', x'01', 1, 1, x'', x'', 0, 1, 0)",
        SECOND_WAY,
    ),
    (
        "INSERT INTO second_way (mailbox, id, signature, incident, petition, address, domain, common, offered_at, attempts) \
         SELECT s.mailbox, x'01', s.id, 1, 1, x'01', x'', 0, 1, 0 FROM signature s JOIN erasure e ON e.id = s.id",
        SECOND_WAY,
    ),
    ("INSERT INTO desk_session VALUES (x'01', x'01', 1, 1)", DESK),
    ("INSERT INTO desk_recovery VALUES (x'01', x'01')", DESK),
    ("INSERT INTO desk_invitation VALUES (x'01', 1, x'01', NULL, 1, 1)", DESK),
    (
        "INSERT INTO desk_passkey VALUES (x'01', x'01', '', x'01', 0, 1, 1, NULL, NULL)",
        DESK,
    ),
    (
        "INSERT INTO desk_member VALUES (x'01', 'Ada', NULL, 1, x'', x'', 0, 1, 2)",
        "members who were removed and still have a name",
    ),
    (
        "INSERT INTO desk_petition VALUES (9, NULL, 0, '', 1)",
        "petitions at the desk that do not exist",
    ),
    (
        "UPDATE meta SET value = 99 WHERE name = 'version'",
        "paraph.db has version 99",
    ),
];
const FORM: &str = "records or keys that are not of the form that this version writes";
const HEAD: &str = "petitions without a name in addresses, or with a goal below one";
const NOWHERE: &str = "contents, updates or mails of a petition that does not exist";
const CONTENT: &str = "choices, names or news of a record that was erased or never was";
const SECOND_WAY: &str =
    "mails to held people without a signature of their mailbox, or with the address of one that was erased";
const DESK: &str = "sessions, recovery codes or links of a member who does not exist or was removed";

/// One cell after another is damaged: whatever the writer refuses to start with, a check has to find.
#[test]
fn whatever_keeps_a_server_from_starting_is_found() {
    let (site, server) = lively();
    server.stop();
    let fill = "INSERT OR REPLACE INTO petition_content SELECT id, 1, '[]', '' FROM petition; \
                INSERT INTO petition_update SELECT id, 1, 'News', 'Text', 1, 0, x'' FROM petition; \
                INSERT INTO shown_name SELECT id, petition, 1, 1, 1 FROM signature WHERE axes = 33";
    site.store().execute_batch(fill).expect("filled");
    let files = Files::of(&site.data());
    let whole = fs::read(&files.main).expect("read");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let starts = || {
        runtime.block_on(async {
            let settings = WriterSettings {
                limits: Limits::default(),
                now: clock::now,
                board: None,
            };
            let Ok(connections) = files.connect().await else {
                return false;
            };
            let started = Writer::start(connections, settings).await;
            started.map(|(writer, intake, _)| (drop(intake), writer.join())).is_ok()
        })
    };
    let is_sound = || runtime.block_on(fsck::check(&files, None, Depth::Quick, 0)).is_sound();
    assert!(starts() && is_sound());
    let columns: Vec<(String, String)> = {
        let store = site.store();
        let mut all = store
            .prepare("SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table'")
            .expect("read");
        let rows = all.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("read");
        rows.collect::<Result<_, _>>().expect("read")
    };
    let (begins, mut refused) = (
        ["petition", "meta", "shown_name", "verdict_work", "journal", "signature"],
        0,
    );
    for (table, column) in columns {
        if !begins.iter().any(|begin| table.starts_with(begin)) {
            continue;
        }
        for value in ["-1", "4611686018427387904", "''", "']['", "x''", "x'00'"] {
            let damage = format!("UPDATE {table} SET {column} = {value}");
            // Some the store itself does not take.
            if site.store().execute_batch(&damage).is_ok() && !starts() {
                assert!(!is_sound(), "{damage}: a server does not start, and nothing is found");
                refused += 1;
            }
            fs::write(&files.main, &whole).expect("mended");
        }
    }
    assert!(refused > 20, "only {refused} were refused");

    // A line of an incident is no reason to keep everybody from signing.
    let spoilt = "INSERT INTO incident VALUES (4, 1, '{}')";
    site.store().execute_batch(spoilt).expect("damaged");
    let server = site.start();
    server.client().sign(SLUG, "Eve Example", "eve@people.example");
    assert!(
        site.logged().contains("an incident cannot be read"),
        "{}",
        site.logged()
    );
}

/// Damages a file, looks for what is said of it, and mends it. Only what is no fault leaves the directory sound.
fn damaged(site: &Site, file: &str, damage: &str, what: &'static str) -> &'static str {
    let path = site.data().join(file);
    let whole = fs::read(&path).expect("read");
    let store = Connection::open(&path).expect("opened");
    store.execute_batch(damage).expect(damage);
    drop(store);
    let (sound, _, report) = fsck(site, &[]);
    let findings = report["findings"].as_array().expect("a list");
    let text = |found: &Value| found["what"].as_str().expect("text").to_owned();
    let found = findings.iter().find(|found| text(found).contains(what));
    let found = found.unwrap_or_else(|| panic!("{damage}: {report}"));
    assert!(!sound || found["weight"] == "note", "{damage} was not noticed");
    fs::write(&path, whole).expect("mended");
    what
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
    // What is wrong with one file is not said of the other.
    let path = site.data().join("paraph.db");
    let whole = fs::read(&path).expect("read");
    fs::write(&path, &whole[..whole.len() / 2]).expect("cut");
    let (sound, _, report) = fsck(site, &[]);
    let said = report.to_string();
    assert!(
        !sound && said.contains("paraph.db") && !said.contains("keys.db"),
        "{report}"
    );
    fs::write(&path, whole).expect("mended");
    assert!(fsck(site, &[]).0, "mended");
    beside(site);
}

/// What a server does without is a fault that no backup mends; lines that were cut short are none.
fn beside(site: &Site) {
    let log = site.data().join("keys/erasures.log");
    let whole = fs::read(&log).expect("read");
    fs::write(&log, [&whole[..], b"garbage\n"].concat()).expect("spoilt");
    let (sound, findings, report) = fsck(site, &[]);
    assert!(sound && findings == ["note: erasures.log"], "{report}");
    fs::write(&log, whole).expect("mended");
    for (file, mend) in [
        ("networks.bin", "paraph networks update"),
        ("alerts.json", "remove it"),
        ("findings.json", "remove it"),
    ] {
        let path = site.data().join(file);
        let whole = fs::read(&path).ok();
        fs::write(&path, "{ damaged").expect("spoilt");
        let ran = site.run(&["fsck"]);
        assert_eq!(ran.code, 1, "{}", ran.stdout);
        assert!(
            ran.stdout.contains(&format!("fault: {file}")) && ran.stdout.contains(mend),
            "{}",
            ran.stdout
        );
        assert!(ran.stderr.contains("the ledger is sound"), "{}", ran.stderr);
        fs::remove_file(&path).expect("removed");
        whole.map_or(Ok(()), |whole| fs::write(&path, whole)).expect("mended");
    }
    let ran = site.run(&["fsck", "--all"]);
    assert!(ran.stdout.contains("4 of 4 records opened"), "{}", ran.stdout);
    let some = site.run(&["fsck", "--json"]).json();
    assert_eq!((&some["records_opened"], &some["records"]), (&4.into(), &4.into()));
    other_versions(site);
}

/// Nothing of a newer store is lost: an older backup would lose what came since.
fn other_versions(site: &Site) {
    let path = site.data().join("paraph.db");
    let whole = fs::read(&path).expect("read");
    for (version, hint) in [
        (99, "install the version of paraph that wrote it"),
        (1, "start the server once"),
    ] {
        let set = format!("UPDATE meta SET value = {version} WHERE name = 'version'");
        Connection::open(&path).expect("opened").execute(&set, []).expect("set");
        for command in [&["fsck"][..], &["backup", "--out", "of-another-version"]] {
            let ran = site.run(command);
            assert!(
                ran.code == 1 && ran.stderr.contains(hint) && !ran.stderr.contains("backup beside"),
                "{command:?}: {}",
                ran.stderr
            );
            let _ = fs::remove_dir_all(site.place().join("of-another-version"));
        }
        fs::write(&path, &whole).expect("mended");
    }
    // What cannot be read is not said to be absent: here the file leads to itself.
    fs::create_dir(site.place().join("circle")).expect("made");
    std::os::unix::fs::symlink("paraph.db", site.place().join("circle/paraph.db")).expect("made");
    for command in [
        &["fsck"][..],
        &["backup", "--out", "none"],
        &["petition", "list"],
        &["recount"],
    ] {
        let ran = site.run(&[command, &["--data", "circle"]].concat());
        assert!(
            ran.code == 1 && ran.stderr.contains("symbolic links") && !ran.stderr.contains("no data directory"),
            "{command:?}: {}",
            ran.stderr
        );
    }
}

/// A crash between the two commits leaves a key; it is no fault, and can be swept.
fn orphans(site: &Site) {
    let keys = || Connection::open(site.data().join("keys/keys.db")).expect("opened");
    let insert = "INSERT INTO wrapped SELECT randomblob(16), wrapped FROM wrapped LIMIT 1";
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

/// What a table or a key loses must not be read out of the file by whoever gets hold of it.
#[test]
fn what_is_erased_leaves_no_byte_in_the_files() {
    let (site, server) = lively();
    let kept = |file: &str, sql: &str| -> BTreeSet<Vec<u8>> {
        let store = Connection::open(site.data().join(file)).expect("opened");
        let mut all = store.prepare(sql).expect("read");
        let rows = all.query_map([], |row| row.get(0)).expect("read");
        rows.collect::<Result<_, _>>().expect("read")
    };
    let files = [
        ("paraph.db", "SELECT sealed FROM vault"),
        ("keys/keys.db", "SELECT wrapped FROM wrapped"),
    ];
    let before = files.map(|(file, sql)| kept(file, sql));
    let counts = site.mail_to("counts@people.example").link("withdraw");
    assert_eq!(server.client().post_json(&counts, "").status, 200);
    until("its key is gone", || {
        (site.number("SELECT COUNT(*) FROM erasure WHERE done = 1") == 2).then_some(())
    });
    server.stop();
    for ((file, sql), before) in files.into_iter().zip(before) {
        let bytes = fs::read(site.data().join(file)).expect("read");
        let (after, mut gone) = (kept(file, sql), 0);
        for blob in before {
            let part = &blob[blob.len() / 2..][..24];
            let is_there = bytes.windows(part.len()).any(|window| window == part);
            assert_eq!(is_there, after.contains(&blob), "{file}");
            gone += usize::from(!is_there);
        }
        assert_eq!(gone, 1, "{file}");
    }
}
