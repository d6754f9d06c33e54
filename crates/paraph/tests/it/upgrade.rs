//! Stores of older versions are brought forward, whole or not at all; those of newer versions are left alone.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use paraph::ledger::recount;
use paraph::store::db::Db;
use paraph::store::schema::{self, KEYS, MAIN, Steps};
use paraph_tally::{Author, Event, PetitionId, SignatureId, VerdictKind};
use rusqlite::Connection;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::crash::Dice;
use crate::fsck::fsck;
use crate::server::{Site, is_full};

const SLUG: &str = "fountain";
const ROWS: &str = include_str!("upgrade/main.sql");
const ROWS_OF_KEYS: &str = include_str!("upgrade/keys.sql");
/// The master key of that store, which holds nobody.
const MASTER_KEY: &str = "fa758b80762b1722d076e91a2acf2689ac2a88c512d4839dcb1dc91ae95d4c43\n";
const ERASURES: &str = "01a20583455b16ef56f1f944bdd223ce 1795388819129 w\n";
/// The link of the contribution that waits.
const WAITS: &str = "/confirm/AQEM2e8inX8BcB7rmGEe1FOC";

/// Takes the first steps of a file, and fills in what version 1 wrote.
fn older(file: &Path, steps: Steps, rows: &str) -> Connection {
    let store = Connection::open(file).expect("opened");
    let words = [
        ("{KEY}", "INTEGER"),
        ("{INT}", "INTEGER"),
        ("{BLOB}", "BLOB"),
        ("{BY_KEY}", "WITHOUT ROWID"),
    ];
    let first = words
        .iter()
        .fold(steps[0].to_owned(), |sql, (word, ours)| sql.replace(word, ours));
    store.execute_batch("PRAGMA journal_mode = WAL; BEGIN;").expect("begun");
    store.execute_batch(&first).expect("the first step");
    store.execute_batch(rows).expect("its rows");
    store.execute_batch("COMMIT").expect("made");
    store
}

/// A data directory of version 1.
fn older_site() -> Site {
    let site = Site::new();
    let keys = site.data().join("keys");
    fs::create_dir_all(&keys).expect("made");
    older(&site.data().join("paraph.db"), MAIN, ROWS);
    older(&keys.join("keys.db"), KEYS, ROWS_OF_KEYS);
    fs::write(keys.join("master.key"), MASTER_KEY).expect("written");
    fs::write(keys.join("erasures.log"), ERASURES).expect("written");
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(keys.join("master.key"), private).expect("set");
    site
}

/// Everything of version 1 is there, works, and agrees.
fn works(site: &Site) {
    let server = site.start();
    assert_eq!(server.counted(SLUG), 2);
    let (sound, _, report) = fsck(site, &[]);
    assert!(sound, "{report}");
    assert_eq!(report["records_opened"], 5, "{report}");
    let mut client = server.client();
    assert_eq!(client.post_json(WAITS, "").status, 200, "who waited can confirm");
    client.sign(SLUG, "Eve Example", "new@people.example");
    site.mail_to("new@people.example");
    assert_eq!(server.settled(SLUG)["counted"], 3);
    server.stop();
    assert_eq!(site.recount()[SLUG], 3);
    assert!(fsck(site, &[]).0);
    assert_eq!(
        site.number("SELECT value FROM meta WHERE name = 'version'"),
        MAIN.len() as u64
    );
}

#[test]
fn a_store_of_version_1_with_every_kind_of_signature_is_brought_forward() {
    works(&older_site());
}

/// Describes files as the program of version 1 did when it took a backup of them.
fn manifest(half: &Path, holds: &str, schema: usize, names: &[&str]) {
    let entry = |name: &&str| {
        let bytes = fs::read(half.join(name)).expect("read");
        let sha256 = data_encoding::HEXLOWER.encode(&Sha256::digest(&bytes));
        json!({ "name": name, "bytes": bytes.len(), "sha256": sha256 })
    };
    let manifest = json!({
        "format": 1, "holds": holds, "paraph": "0.1.0", "schema": schema, "backup": "00112233445566778899aabbccddeeff",
        "taken_at": "2026-11-22T23:00:00.000Z", "journal_position": 14, "journal_at": "2026-11-22T23:00:00.000Z",
        "files": names.iter().map(entry).collect::<Vec<_>>(),
    });
    fs::write(half.join("manifest.json"), manifest.to_string()).expect("written");
}

/// A backup in `b`, of a data directory of version 1, which says that its tables are of `schema`.
fn older_backup(schema: usize) -> Site {
    let site = older_site();
    // The same files, but for the logs of SQLite, which a backup does not have.
    let (data, keys) = (site.place().join("b/data"), site.place().join("b/keys"));
    fs::create_dir_all(&data).expect("made");
    fs::rename(site.data().join("keys"), &keys).expect("moved");
    fs::rename(site.data().join("paraph.db"), data.join("paraph.db")).expect("moved");
    fs::remove_dir_all(site.data()).expect("lost");
    manifest(&data, "data", schema, &["paraph.db"]);
    manifest(&keys, "keys", schema, &["keys.db", "erasures.log", "master.key"]);
    site
}

#[test]
fn a_backup_of_version_1_is_restored() {
    let site = older_backup(1);
    let ran = site.run(&["restore", "--from", "b", "--data", "data", "--json"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    works(&site);
}

#[test]
fn a_backup_of_a_newer_version_is_refused_before_anything_is_made() {
    let site = older_backup(MAIN.len() + 1);
    let ran = site.run(&["restore", "--from", "b", "--data", "data"]);
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    assert!(
        ran.stderr.contains("by a newer version of paraph") && ran.stderr.contains("hint: "),
        "{}",
        ran.stderr
    );
    assert!(!site.data().exists());
}

/// Tables and indexes of a file, by name.
fn shape(file: &Path) -> BTreeMap<String, String> {
    let store = Connection::open(file).expect("opened");
    let mut names = store
        .prepare("SELECT type || ' ' || name, COALESCE(sql, '') FROM sqlite_schema")
        .expect("read");
    let rows = names.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("read");
    rows.collect::<Result<_, _>>().expect("read")
}

async fn prepare(file: &Path, steps: Steps) -> Result<(), schema::SchemaError> {
    let mut db = Db::Sqlite(Connection::open(file).expect("opened"));
    schema::prepare(&mut db, steps).await
}

#[tokio::test]
async fn every_step_keeps_the_rows_before_it_and_ends_where_a_new_store_begins() {
    let place = tempfile::tempdir().expect("a directory");
    for (name, steps, rows) in [("main", MAIN, ROWS), ("keys", KEYS, ROWS_OF_KEYS)] {
        let new = place.path().join(format!("{name}-new"));
        prepare(&new, steps).await.expect("made");
        for taken in 1..=steps.len() {
            let file = place.path().join(format!("{name}-{taken}"));
            drop(older(&file, steps, rows));
            prepare(&file, &steps[..taken]).await.expect("a step at a time");
            prepare(&file, steps).await.expect("the rest");
            assert_eq!(shape(&file), shape(&new), "{name}, from version {taken}");
        }
    }
    let mut main = Db::Sqlite(Connection::open(place.path().join("main-1")).expect("opened"));
    assert!(recount::compare(&mut main).await.expect("it folds").is_empty());
}

/// The steps of a later program, the second of them long enough to be killed in.
const LATER: Steps = &[
    MAIN[0],
    "CREATE TABLE later (id {KEY} PRIMARY KEY, more {BLOB} NOT NULL);
     WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
     INSERT INTO later SELECT i, randomblob(200) FROM n;",
    "CREATE TABLE last_of_all (id {KEY} PRIMARY KEY); UPDATE signature SET waiting = waiting + 2;",
];
const VARIABLE: &str = "PARAPH_TEST_UPGRADES";

/// Only under the variable: the process that the next test kills.
#[tokio::test]
async fn upgrades_a_store_in_a_process_of_its_own() {
    if let Some(file) = std::env::var_os(VARIABLE) {
        prepare(file.as_ref(), LATER).await.expect("upgraded");
    }
}

#[test]
fn a_kill_in_the_middle_of_an_upgrade_leaves_the_old_store_or_the_new_one() {
    let place = tempfile::tempdir().expect("a directory");
    let file = place.path().join("paraph.db");
    let (mut kills, mut old) = (0, 0);
    let wanted = if is_full() { 30 } else { 6 };
    for round in 0..wanted {
        drop(fs::remove_file(&file));
        drop(older(&file, MAIN, ROWS));
        let mut process = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "upgrade::upgrades_a_store_in_a_process_of_its_own"])
            .env(VARIABLE, &file)
            .stdout(Stdio::null())
            .spawn()
            .expect("it starts");
        std::thread::sleep(Duration::from_millis(5 + Dice(round).roll(250)));
        process.kill().expect("killed");
        kills += u64::from(!process.wait().expect("gone").success());
        let store = Connection::open(&file).expect("opened");
        let number = |sql: &str| store.query_row(sql, [], |row| row.get::<_, i64>(0)).expect("a number");
        let version = number("SELECT value FROM meta WHERE name = 'version'");
        let tables = number("SELECT COUNT(*) FROM sqlite_schema WHERE name IN ('later', 'last_of_all')");
        let changed = number("SELECT COUNT(*) FROM signature WHERE waiting > 1");
        let whole = [(1, 0, 0), (3, 2, number("SELECT COUNT(*) FROM signature"))];
        assert!(
            whole.contains(&(version, tables, changed)),
            "{version}, {tables}, {changed}"
        );
        assert_eq!(number("SELECT COUNT(*) FROM journal"), 14);
        old += u64::from(version == 1);
    }
    println!("{kills} killed, {old} of them before the end");
    assert!(old > 0, "the upgrade was never met half-way");
}

#[tokio::test]
async fn a_step_that_fails_takes_all_of_them_back() {
    const BROKEN: Steps = &[MAIN[0], LATER[1], "CREATE TABLE broken (;"];
    let place = tempfile::tempdir().expect("a directory");
    let file = place.path().join("paraph.db");
    drop(older(&file, MAIN, ROWS));
    let before = shape(&file);
    assert!(prepare(&file, BROKEN).await.is_err());
    assert_eq!(shape(&file), before);
    prepare(&file, MAIN).await.expect("as good as before");
}

#[test]
fn a_store_of_another_version_is_refused_with_the_way_out() {
    let site = older_site();
    let set = |version: u64| {
        let sql = format!("UPDATE meta SET value = {version} WHERE name = 'version'");
        site.store().execute_batch(&sql).expect("set");
    };
    let refused = |arguments: &[&str], says: &[&str]| {
        let ran = site.run(arguments);
        assert_eq!(ran.code, 1, "{arguments:?}: {}{}", ran.stdout, ran.stderr);
        let said = ran.stdout + &ran.stderr;
        assert!(says.iter().all(|says| said.contains(says)), "{arguments:?}: {said}");
    };
    let known = MAIN.len() as u64;
    set(known + 1);
    let newer = format!("version {}", known + 1);
    for arguments in [&["serve"][..], &["recount"], &["petition", "list"]] {
        refused(arguments, &[&newer, "hint: ", "newer"]);
    }
    refused(&["fsck"], &[&newer]);
    // Nothing was touched: the program that made it opens it.
    set(1);
    // Readers change nothing, so an older store is not for them either.
    set(0);
    for arguments in [&["recount"][..], &["petition", "list"]] {
        refused(arguments, &["version 0", "hint: ", "start the server once"]);
    }
    refused(&["fsck"], &["version 0"]);
    set(1);
    works(&site);
}

/// Where an invalidated signature did not say whether it had been held.
const FORGETFUL: usize = 10;

#[tokio::test]
async fn who_was_held_when_invalidated_is_told_from_the_journal() {
    let place = tempfile::tempdir().expect("a directory");
    let file = place.path().join("paraph.db");
    drop(older(&file, MAIN, ROWS));
    prepare(&file, &MAIN[..FORGETFUL]).await.expect("as it was");
    let store = Connection::open(&file).expect("opened");
    let counted = |sql: &str| {
        let mut ids = store.prepare(sql).expect("a statement");
        let ids = ids.query_map([], |row| row.get(0).map(SignatureId)).expect("read");
        ids.collect::<Result<Vec<_>, _>>().expect("read")
    };
    let ids = counted("SELECT id FROM signature WHERE axes = 33 ORDER BY id");
    let [held, clear] = ids[..] else { panic!("{ids:?}") };
    // As the program of that version wrote them: the axes of both say "invalidated" and no more.
    for (kind, set) in [
        (VerdictKind::Held, vec![held]),
        (VerdictKind::Invalidated, vec![held, clear]),
    ] {
        let mut event = Vec::new();
        let verdict = Event::Verdict {
            verdict: kind,
            petition: PetitionId(1),
            reason: 2,
            policy: 1,
            evidence: [0; 32],
            author: Author::Scrutiny,
            undoes: None,
            signatures: set,
        };
        verdict.encode(&mut event);
        let sql = "INSERT INTO journal SELECT MAX(position) + 1, MAX(at), ?1 FROM journal";
        store.execute(sql, [&event]).expect("an event");
        let row = "INSERT INTO verdict (position, petition, kind, reason, evidence, at, judged, note) \
                   SELECT MAX(position), 1, 0, 2, x'', MAX(at), 1, '' FROM journal";
        store.execute(row, []).expect("its row");
    }
    let sql = "UPDATE signature SET axes = axes | 4 WHERE axes = 33";
    store.execute(sql, []).expect("invalidated");
    prepare(&file, MAIN).await.expect("brought forward");
    assert_eq!(counted("SELECT id FROM signature WHERE axes & 6 = 6"), [held]);
    assert_eq!(counted("SELECT id FROM signature WHERE axes & 6 = 4"), [clear]);
    let mut main = Db::Sqlite(Connection::open(&file).expect("opened"));
    let differences = recount::compare(&mut main).await.expect("it folds");
    assert!(!differences.contains_key("signature"), "{differences:?}");
}

/// A line of the shift log: when, kind, text, incident, member.
type Line = (i64, String, String, Option<i64>, Option<Vec<u8>>);

/// Where the desk and incidents each kept a log of their own.
const TWO_LOGS: usize = 8;

#[tokio::test]
async fn two_shift_logs_become_one() {
    let place = tempfile::tempdir().expect("a directory");
    let file = place.path().join("paraph.db");
    drop(older(&file, MAIN, ROWS));
    prepare(&file, &MAIN[..TWO_LOGS]).await.expect("as it was");
    let store = Connection::open(&file).expect("opened");
    let member = "0102030405060708090a0b0c0d0e0f10";
    let body = format!(
        r#"{{"id":1,"opened_at":1000,"seen_at":3000,"aware_at":1500,"closed_at":5000,"held":7,"refused":0,"timeline":[
            {{"at":1000,"by":null,"what":"opened"}},{{"at":2000,"by":"{member}","what":{{"note":"Called the host"}}}},
            {{"at":5000,"by":null,"what":"closed"}}],"left_out":0,"verdicts_to":3}}"#
    );
    store
        .execute(
            "INSERT INTO incident (id, opened_at, body) VALUES (1, 1000, ?1)",
            [&body],
        )
        .expect("an incident");
    store
        .execute_batch(
            "INSERT INTO desk_shift (id, at, member, kind, text) VALUES \
             (x'01', 500, NULL, 'note', 'before'), (x'02', 2500, NULL, 'aware', ''), (x'03', 9000, NULL, 'note', 'after')",
        )
        .expect("the desk's log");
    prepare(&file, MAIN).await.expect("brought forward");
    let lines: Vec<Line> = store
        .prepare("SELECT at, kind, text, incident, member FROM desk_shift ORDER BY at")
        .expect("read")
        .query_map([], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        })
        .expect("read")
        .collect::<Result<_, _>>()
        .expect("lines");
    let line = |at, kind: &str, text: &str, incident, member| (at, kind.to_owned(), text.to_owned(), incident, member);
    let account = data_encoding::HEXLOWER.decode(member.as_bytes()).expect("hexadecimal");
    assert_eq!(
        lines,
        [
            line(500, "note", "before", None, None),
            line(2000, "note", "Called the host", Some(1), Some(account)),
            line(2500, "aware", "", Some(1), None),
            line(9000, "note", "after", None, None),
        ]
    );
    let body: String = store
        .query_row("SELECT body FROM incident", [], |row| row.get(0))
        .expect("an incident");
    assert!(!body.contains("Called the host") && body.contains("closed"), "{body}");
    let kept: paraph::incident::book::Incident = serde_json::from_str(&body).expect("this version reads it");
    assert_eq!((kept.timeline.len(), kept.aware_at, kept.cap), (2, Some(1500), None));
}

/// Where what was done at the desk was kept in words.
const IN_WORDS: usize = 14;

#[tokio::test]
async fn what_was_kept_in_the_language_of_who_did_it_is_said_in_that_of_who_reads() {
    let place = tempfile::tempdir().expect("a directory");
    let file = place.path().join("paraph.db");
    drop(older(&file, MAIN, ROWS));
    prepare(&file, &MAIN[..IN_WORDS]).await.expect("as it was");
    let store = Connection::open(&file).expect("opened");
    store
        .execute_batch(
            "INSERT INTO desk_shift (id, at, member, kind, text) VALUES \
             (x'01', 1, NULL, 'note', 'Signing is paused: pages only.'), (x'02', 2, NULL, 'note', 'On peut signer de nouveau.'), \
             (x'03', 3, NULL, 'note', 'Les signatures sont suspendues\u{a0}: lecture seule.'), (x'04', 4, NULL, 'note', 'Called'); \
             INSERT INTO verdict (position, petition, kind, reason, evidence, at, judged, undoes, note) VALUES \
             (20, 1, 0, 2, x'', 1, 1, NULL, 'Taken back at the desk.'), (21, 1, 1, 2, x'', 1, 1, 20, 'Défait au bureau.'), \
             (22, 1, 1, 2, x'', 1, 1, 20, 'Une chorale')",
        )
        .expect("as the program of that version wrote them");
    prepare(&file, MAIN).await.expect("brought forward");
    let said = |sql: &str| {
        let row = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
        let mut rows = store.prepare(sql).expect("read");
        let rows = rows.query_map([], row).expect("read");
        rows.collect::<Result<Vec<_>, _>>().expect("lines")
    };
    assert_eq!(
        said("SELECT kind || '=' || text FROM desk_shift ORDER BY at"),
        ["paused=", "resumed=", "paused=", "note=Called"]
    );
    assert_eq!(
        said("SELECT note FROM verdict ORDER BY position"),
        ["Taken back at the desk.", "", "Une chorale"]
    );
}
