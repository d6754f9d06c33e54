//! `paraph backup` and `paraph restore`: taken under load, and what was erased stays erased.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rusqlite::Connection;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::fsck::{fsck, lively};
use crate::server::{Ends, Server, Site, until};

const SLUG: &str = "fountain";

fn backup(site: &Site, out: &str) -> Value {
    let ran = site.run(&["backup", "--out", out, "--json"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    ran.json()
}

/// Restores into a directory of the site, and puts the live directory's key file into it.
fn restore(site: &Site, from: &str, to: &str, more: &[&str]) -> Value {
    let ran = site.run(&[&["restore", "--from", from, "--data", to, "--json"], more].concat());
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let from = fs::read_dir(site.place())
        .expect("read")
        .map(|entry| entry.expect("an entry").path());
    let key = from.map(|path| path.join("keys/master.key")).find(|path| path.exists());
    let key = key.expect("the key file of another directory");
    fs::copy(key, site.place().join(to).join("keys/master.key")).expect("the key file");
    ran.json()
}

/// Makes one directory of the site the one that is served, and puts the one before aside.
fn swap(site: &Site, restored: &str, aside: &str) {
    fs::rename(site.data(), site.place().join(aside)).expect("aside");
    fs::rename(site.place().join(restored), site.data()).expect("in its place");
}

fn number(store: &Connection, sql: &str) -> u64 {
    let number: i64 = store.query_row(sql, [], |row| row.get(0)).expect("a number");
    number.unsigned_abs()
}

fn records(data: &Path) -> u64 {
    let store = Connection::open(data.join("paraph.db")).expect("opened");
    let keys = data.join("keys/keys.db");
    store.execute("ATTACH ?1 AS k", [keys.to_str()]).expect("attached");
    number(&store, "SELECT COUNT(*) FROM vault v JOIN k.wrapped w ON w.id = v.id")
}

#[test]
fn a_backup_under_load_is_consistent_and_holds_what_came_before_it() {
    let site = Site::new();
    site.petition(SLUG);
    let server = site.start();
    let (stop, signed) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for worker in 0..3 {
            let (mut client, stop, signed) = (server.client(), &stop, &signed);
            scope.spawn(move || {
                for person in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    client.sign(SLUG, "Ada Example", &format!("p{person}w{worker}@people.example"));
                    signed.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        let _end = Ends(&stop);
        for round in 0..3 {
            let before = until("some signatures", || {
                Some(signed.load(Ordering::SeqCst)).filter(|signed| *signed > 20 * (round + 1))
            });
            let (out, to) = (format!("b{round}"), format!("r{round}"));
            let taken = backup(&site, &out);
            assert!(taken["records_opened"].as_u64() > Some(0), "{taken}");
            // Whoever was told "taken in" before the backup began is in it, with record and key.
            let restored = restore(&site, &out, &to, &[]);
            assert!(
                restored["journal_position"].as_u64() > Some(before),
                "{restored} after {before}"
            );
            assert!(records(&site.place().join(&to)) >= before, "{restored} after {before}");
        }
    });
    let (sound, _, report) = fsck(&site, &[]);
    assert!(sound, "{report}");
}

#[test]
fn a_restore_erases_again_what_was_erased_since_and_counts_it_no_more() {
    let (site, server) = lively();
    backup(&site, "early");
    let mut client = server.client();
    let to = |person: &str| format!("{person}@people.example");
    let letter = |site: &Site, person: &str| {
        let mails = site.mails();
        let found = mails.into_iter().find(|letter| letter.to == to(person));
        found.expect("a mail")
    };
    // Withdrawn from the count, and a contribution that only waited and is disowned.
    let withdrawn = letter(&site, "counts");
    assert_eq!(client.post_json(&withdrawn.link("withdraw"), "").status, 200);
    let erase = letter(&site, "waits").link("not-me");
    assert_eq!(client.post_json(&erase, "choice=erase").status, 200);
    until("both keys are gone", || {
        (site.number("SELECT COUNT(*) FROM erasure WHERE done = 1") == 3).then_some(())
    });
    // Somebody signs after the backup: lost with a restore, but no key of theirs may stay behind.
    client.sign(SLUG, "Bob Example", &to("late"));
    backup(&site, "late");
    server.stop();

    // Nothing but the early backup: nobody can know what came later.
    let ignorant = restore(&site, "early", "ignorant", &[]);
    assert_eq!(ignorant["erased_again"], 0, "{ignorant}");
    assert_eq!(ignorant["later_erasures_known"], false, "{ignorant}");
    assert_eq!(records(&site.place().join("ignorant")), 4);
    fs::remove_dir_all(site.place().join("ignorant")).expect("removed");

    // Old data, and either the live directory or the later keys, which carry the log.
    let by_live: [&str; 2] = ["--erasures", "data"];
    let by_keys: [&str; 2] = ["--keys", "late/keys"];
    for (name, more) in [("by-live", by_live), ("by-keys", by_keys)] {
        let restored = restore(&site, "early", name, &more);
        assert_eq!(restored["erased_again"], 2, "{name}: {restored}");
        assert_eq!(records(&site.place().join(name)), 2, "{name}: of five people");
        let aside = format!("before-{name}");
        swap(&site, name, &aside);
        let (sound, _, report) = fsck(&site, &[]);
        assert!(sound, "{name}: {report}");
        let keys = Connection::open(site.data().join("keys/keys.db")).expect("opened");
        let keys = number(&keys, "SELECT COUNT(*) FROM wrapped");
        assert_eq!(keys, 2, "{name}: no key without a record");
        // A key that is gone says that a record was erased; how the contribution ended, only the log says.
        let disowned = site.number("SELECT COUNT(*) FROM signature WHERE axes & 24 = 24");
        assert_eq!(disowned, 2, "{name}: one kept, one erased");
        let server = site.start();
        assert_eq!(server.settled(SLUG)["counted"], 1, "{name}");
        let asked = server.client().post_json(&withdrawn.link("confirm"), "");
        assert_eq!(asked.status, 410, "{name}: {asked:?}");
        served(&server);
        server.stop();
        swap(&site, &aside, name);
    }
}

/// The log gets a line at the next tick only. A server that ended before it has the erasure in its table.
#[test]
fn a_restore_knows_what_the_live_directory_erased_a_moment_ago() {
    let (site, server) = lively();
    backup(&site, "early");
    let log = site.data().join("keys/erasures.log");
    let before = fs::read(&log).expect("a log");
    let letters = site.mails();
    let withdrawn = letters.iter().find(|letter| letter.to == "counts@people.example");
    let withdraw = withdrawn.expect("a mail").link("withdraw");
    assert_eq!(server.client().post_json(&withdraw, "").status, 200);
    server.kill();
    fs::write(&log, before).expect("as before the tick");
    let restored = restore(&site, "early", "restored", &["--erasures", "data"]);
    assert_eq!(restored["erased_again"], 1, "{restored}");
    swap(&site, "restored", "aside");
    assert_eq!(site.start().settled(SLUG)["counted"], 1);
}

/// Another site knows of none of these erasures, nor does a copy from before them; neither is taken for who knows.
#[test]
fn a_restore_asks_the_right_directory_and_says_up_to_when_it_knows() {
    let (site, server) = lively();
    backup(&site, "early");
    restore(&site, "early", "stale", &[]);
    server.client().sign(SLUG, "Bob Example", "late@people.example");
    backup(&site, "late");
    server.stop();
    let (other, its_server) = lively();
    its_server.stop();
    let theirs = other.data();
    let asked = ["restore", "--from", "late", "--data", "r", "--erasures"];
    let ran = site.run(&[&asked[..], &[theirs.to_str().expect("text")]].concat());
    assert!(
        ran.code == 1 && ran.stderr.contains("is of another site than this backup"),
        "{}{}",
        ran.stdout,
        ran.stderr
    );
    assert!(!site.place().join("r").exists(), "refused before anything was made");

    let ran = site.run(&[&asked[..], &["stale"]].concat());
    assert!(
        ran.code == 0 && ran.stdout.contains("before these keys were copied"),
        "{}{}",
        ran.stdout,
        ran.stderr
    );
    fs::remove_dir_all(site.place().join("r")).expect("removed");
    for (knows, is_known) in [("stale", false), ("data", true)] {
        let restored = restore(&site, "late", "r", &["--erasures", knows]);
        assert_eq!(restored["later_erasures_known"], is_known, "{knows}: {restored}");
        fs::remove_dir_all(site.place().join("r")).expect("removed");
    }

    // Keys of others, from before stores said which they are: nobody was erased.
    backup(&other, "theirs");
    for (keys, name) in [
        (site.place().join("early/data/paraph.db"), "early/data"),
        (other.place().join("theirs/keys/keys.db"), "theirs/keys"),
    ] {
        let forget = "DELETE FROM meta WHERE name = 'store'; VACUUM";
        Connection::open(&keys)
            .expect("opened")
            .execute_batch(forget)
            .expect("forgotten");
        let half = keys.parent().expect("a half");
        let manifest = half.join("manifest.json");
        let mut words: Value = serde_json::from_slice(&fs::read(&manifest).expect("read")).expect("JSON");
        for file in words["files"].as_array_mut().expect(name) {
            let bytes = fs::read(half.join(file["name"].as_str().expect("a name"))).expect("read");
            file["bytes"] = bytes.len().into();
            file["sha256"] = data_encoding::HEXLOWER.encode(&Sha256::digest(&bytes)).into();
        }
        if name == "theirs/keys" {
            words["journal_position"] = 1000.into();
        }
        fs::write(&manifest, words.to_string()).expect("written");
    }
    let theirs = other.place().join("theirs/keys");
    let asked = ["restore", "--from", "early", "--data", "r", "--keys"];
    let ran = site.run(&[&asked[..], &[theirs.to_str().expect("text")]].concat());
    assert!(
        ran.code == 1 && ran.stderr.contains("are of two different stores"),
        "{}{}",
        ran.stdout,
        ran.stderr
    );
}

/// Whom a log named that cannot be read any more would be back without a word.
#[test]
fn a_damaged_log_of_erasures_is_not_one_without_erasures() {
    let (site, server) = lively();
    backup(&site, "early");
    let letters = site.mails();
    let withdrawn = letters.iter().find(|letter| letter.to == "counts@people.example");
    let withdraw = withdrawn.expect("a mail").link("withdraw");
    assert_eq!(server.client().post_json(&withdraw, "").status, 200);
    until("its key is gone", || {
        (site.number("SELECT COUNT(*) FROM erasure WHERE done = 1") == 2).then_some(())
    });
    server.stop();
    let log = fs::read_to_string(site.data().join("keys/erasures.log")).expect("a log");
    let rest = site.place().join("rest");
    fs::create_dir_all(rest.join("keys")).expect("made");
    let asked = ["restore", "--from", "early", "--data", "r", "--erasures"];
    let through_an_editor = log.to_uppercase().replace('\n', "\r\n");
    for damaged in [
        through_an_editor.as_bytes(),
        &log.as_bytes()[..log.len() - 20],
        &[0xA5; 300],
    ] {
        fs::write(rest.join("keys/erasures.log"), damaged).expect("damaged");
        let ran = site.run(&[&asked[..], &["rest"]].concat());
        assert!(
            ran.code == 1 && ran.stderr.contains("no erasure") && ran.stderr.contains("--force"),
            "{}{}",
            ran.stdout,
            ran.stderr
        );
        fs::remove_dir_all(site.place().join("r")).expect("removed");
        let forced = restore(&site, "early", "r", &["--erasures", "rest", "--force"]);
        assert_ne!(forced["erasure_lines_unreadable"], 0, "{forced}");
        assert_eq!(forced["later_erasures_known"], false, "{forced}");
        fs::remove_dir_all(site.place().join("r")).expect("removed");
    }
    // The tables of a living directory know what its log does not say any more.
    fs::write(site.data().join("keys/erasures.log"), "damaged\n").expect("damaged");
    let restored = restore(&site, "early", "r", &["--erasures", "data"]);
    assert_eq!(
        (&restored["erased_again"], &restored["erasure_lines_unreadable"]),
        (&1.into(), &0.into())
    );
    let ran = site.run(&["restore", "--from", "early", "--data", "n", "--erasures", "nowhere"]);
    assert!(
        ran.code == 1 && ran.stderr.contains("--erasures names"),
        "{}",
        ran.stderr
    );
    assert!(!site.place().join("n").exists());
}

/// Without a restore nobody erased again what the log knows; people who had taken their signature back were counted.
#[test]
fn data_put_back_beside_a_newer_log_are_not_served_as_they_are() {
    let (site, server) = lively();
    let letters = site.mails();
    server.stop();
    let ledger = site.data().join("paraph.db");
    let older = fs::read(&ledger).expect("read");
    let server = site.start();
    let withdrawn = letters.iter().find(|letter| letter.to == "counts@people.example");
    let withdraw = withdrawn.expect("a mail").link("withdraw");
    assert_eq!(server.client().post_json(&withdraw, "").status, 200);
    until("its key is gone", || {
        (site.number("SELECT COUNT(*) FROM erasure WHERE done = 1") == 2).then_some(())
    });
    server.stop();
    for by in ["close", "serve"] {
        fs::write(&ledger, &older).expect("put back");
        let (_, findings, report) = fsck(&site, &[]);
        assert!(findings.contains(&"note: erasures".to_owned()), "{report}");
        if by == "serve" {
            let server = site.start();
            assert_eq!(server.settled(SLUG)["counted"], 1);
            server.stop();
        } else {
            assert_eq!(site.run(&["petition", "close", SLUG]).code, 0);
        }
        assert_eq!(site.recount()[SLUG], 1, "{by}");
        let (sound, findings, report) = fsck(&site, &[]);
        assert!(sound && findings.is_empty(), "{by}: {report}");
    }
}

#[test]
fn data_older_than_the_log_of_erasures_are_erased_by_the_keys_that_are_gone() {
    let (site, server) = lively();
    backup(&site, "old");
    let letters = site.mails();
    let withdrawn = letters.iter().find(|letter| letter.to == "counts@people.example");
    let withdraw = withdrawn.expect("a mail").link("withdraw");
    assert_eq!(server.client().post_json(&withdraw, "").status, 200);
    until("its key is gone", || {
        (site.number("SELECT COUNT(*) FROM erasure WHERE done = 1") == 2).then_some(())
    });
    server.stop();
    // Weeks later its line is gone too.
    let log = site.data().join("keys/erasures.log");
    let lines = fs::read_to_string(&log).expect("a log");
    assert_eq!(lines.lines().count(), 2, "{lines}");
    fs::write(&log, format!("since {}\n", paraph::clock::now().0)).expect("shortened");
    assert!(fsck(&site, &[]).0);
    backup(&site, "late");
    let restored = restore(&site, "old", "restored", &["--keys", "late/keys"]);
    assert_eq!(restored["erased_again"], 1, "{restored}");
    swap(&site, "restored", "aside");
    let (sound, _, report) = fsck(&site, &[]);
    assert!(sound, "{report}");
    assert_eq!(site.start().settled(SLUG)["counted"], 1);
}

/// The restored site works: somebody signs.
fn served(server: &Server) {
    server.client().sign(SLUG, "Eve Example", "anew@people.example");
}

#[test]
fn what_is_not_whole_is_refused_and_never_served() {
    let (site, server) = lively();
    backup(&site, "first");
    server.client().sign(SLUG, "Ada Example", "one-more@people.example");
    backup(&site, "second");
    server.stop();
    let path = |name: &str| -> PathBuf { site.place().join(name) };
    let mode = |name: &str| fs::metadata(path(name)).expect("there").permissions().mode() & 0o777;
    assert_eq!(
        (
            mode("first/keys"),
            mode("first/keys/keys.db"),
            mode("first/data/paraph.db")
        ),
        (0o700, 0o600, 0o600)
    );
    assert!(!path("first/keys/master.key").exists(), "not unless asked for");

    let refused = |arguments: &[&str], code: i32, says: &str| {
        let ran = site.run(arguments);
        assert_eq!(ran.code, code, "{arguments:?}: {}{}", ran.stdout, ran.stderr);
        assert!(
            ran.stderr.contains(says) && ran.stderr.contains("hint: "),
            "{}",
            ran.stderr
        );
    };
    refused(&["backup", "--out", "first"], 2, "not empty");
    refused(&["restore", "--from", "first", "--data", "second"], 2, "not empty");
    refused(&["restore", "--from", "first", "--data", "data"], 2, "not empty");
    refused(
        &["restore", "--from", "first/data", "--data", "r"],
        1,
        "no finished backup",
    );
    let older = ["restore", "--from", "second", "--data", "r", "--keys", "first/keys"];
    refused(&older, 1, "the keys end at event");
    assert!(!path("r").exists(), "refused before anything was made");

    for inside in [
        &["backup", "--out", "data/backup"][..],
        &["restore", "--from", "first", "--data", "first/r"],
        &["restore", "--from", "first", "--data", "first/data/../keys/r"],
    ] {
        refused(inside, 2, "lies in");
    }

    // A manifest that says something else than the data.
    let manifest = path("first/data/manifest.json");
    let true_words = fs::read_to_string(&manifest).expect("read");
    let mut words: Value = serde_json::from_str(&true_words).expect("JSON");
    words["journal_position"] = 5.into();
    fs::write(&manifest, words.to_string()).expect("changed");
    let from_first = ["restore", "--from", "first", "--data", "r"];
    refused(&from_first, 1, "manifest.json is not what its manifest says");
    fs::write(&manifest, true_words).expect("mended");
    fs::remove_dir_all(path("r")).expect("removed");

    // One bit, in the middle.
    let whole = fs::read(path("first/data/paraph.db")).expect("read");
    let mut spoilt = whole.clone();
    spoilt[whole.len() / 2] ^= 1;
    fs::write(path("first/data/paraph.db"), spoilt).expect("spoilt");
    refused(
        &["restore", "--from", "first", "--data", "r"],
        1,
        "not what its manifest says",
    );
    for command in ["serve", "fsck"] {
        let ran = site.run(&[command, "--data", "r"]);
        assert_eq!(ran.code, 1, "{command}: {}{}", ran.stdout, ran.stderr);
    }
    let mark = path("r").join("restoring");
    assert!(mark.exists());
    fs::write(path("first/data/paraph.db"), &whole).expect("mended");
    fs::remove_dir_all(path("r")).expect("removed");

    // Without the key file it is restored, but not served; with it in the backup, it is complete.
    let ran = site.run(&["restore", "--from", "first", "--data", "r"]);
    assert!(
        ran.code == 0 && ran.stdout.contains("put the key file back") && ran.stdout.contains("those records are back"),
        "{}{}",
        ran.stdout,
        ran.stderr
    );
    refused(&["serve", "--data", "r"], 1, "no master key");
    let ran = site.run(&["backup", "--out", "whole", "--with-master-key"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let ran = site.run(&["restore", "--from", "whole", "--data", "w", "--json"]);
    assert_eq!(ran.json()["records_opened"], 5, "{}", ran.stdout);
    assert_eq!(site.run(&["fsck", "--data", "w"]).code, 0);

    // What is not sound is no backup, whatever was copied.
    site.store().execute("DELETE FROM vault", []).expect("damaged");
    refused(&["backup", "--out", "unsound"], 1, "has faults: 1");
    refused(
        &["restore", "--from", "unsound", "--data", "u"],
        1,
        "no finished backup",
    );
}
