//! Starting and ending: what is refused and how, and the commands of somebody who runs a site.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::client::{FORM, JSON};
use crate::fsck::{fsck, lively};
use crate::server::{Ran, Site, is_full, until};

const SLUG: &str = "fountain";

/// What SQLite leaves beside a file that was only read: an index, and a log without commits.
fn is_left_by_a_look(path: &Path) -> bool {
    let name = path.to_string_lossy();
    let is_empty = fs::metadata(path).is_ok_and(|file| file.len() == 0);
    name.ends_with("-shm") || (name.ends_with("-wal") && is_empty)
}

/// Every file below a directory with its content, but for the lock, which says who tried last.
fn content(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let Ok(entries) = fs::read_dir(directory) else {
        return found;
    };
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        if path.is_dir() {
            found.extend(content(&path));
        } else if !path.ends_with("lock") && !path.ends_with("control.sock") && !is_left_by_a_look(&path) {
            found.insert(path.clone(), fs::read(&path).expect("readable"));
        }
    }
    found
}

/// Exactly two lines, `error:` and `hint:`; the exit code; and what both lines must speak of.
pub(crate) fn is_refused(ran: &Ran, code: i32, words: &[&str]) {
    let lines: Vec<&str> = ran.stderr.lines().filter(|line| !line.starts_with('{')).collect();
    assert_eq!((ran.code, lines.len()), (code, 2), "{}", ran.stderr);
    assert!(
        lines[0].starts_with("error: ") && lines[1].starts_with("hint: "),
        "{}",
        ran.stderr
    );
    assert!(lines[1].len() > 20, "{}", ran.stderr);
    for word in words {
        assert!(ran.stderr.contains(word), "{word} is not named: {}", ran.stderr);
    }
    assert_eq!(ran.stdout, "");
}

#[test]
fn a_wrong_configuration_starts_nothing_and_changes_nothing() {
    for (key, value, words) in [
        ("site.naem", "x", &["PARAPH__SITE__NAEM", "PARAPH__SITE__NAME"][..]),
        ("limits.body_bites", "1", &["PARAPH__LIMITS__BODY_BITES", "BODY_BYTES"]),
        ("limits.body_bytes", "1", &["body_bytes", "4096", "65536"]),
        ("limits.body_bytes", "many", &["body_bytes", "number"]),
        ("listen.operations", "0.0.0.0:0", &["listen.operations", "127.0.0.1"]),
        ("listen.operations", "203.0.113.7:9090", &["listen.operations"]),
        ("listen.http", "nowhere", &["listen.http"]),
        ("listen.proxy_protocol", "required", &["trusted_proxies"]),
        ("listen.proxy_protocol", "maybe", &["required"]),
        ("mail.smtp", "smtp://127.0.0.1:1", &["mail.from"]),
        ("drill.price", "4", &["drill.price"]),
        ("site.base_url", "ftp://x.example", &["site.base_url"]),
        ("site.languages", "xx", &["xx"]),
    ] {
        let mut site = Site::new();
        site.set(key, value);
        is_refused(&site.run(&["serve"]), 2, words);
        is_refused(&site.run(&["check-config"]), 2, words);
        assert!(!site.data().exists(), "{key} made a directory");
    }
    let mut site = Site::new();
    let name = OsStr::from_bytes(b"caf\xe9");
    let ran = site.command(&["check-config"]).env("PARAPH__SITE__NAME", name).output();
    is_refused(&ran.expect("it runs").into(), 2, &["PARAPH__SITE__NAME", "UTF-8"]);
    site.export("PARAPH_LOG", "bogus");
    is_refused(
        &site.run(&["check-config"]),
        2,
        &["PARAPH_LOG", "error, warn, info or debug"],
    );
    let site = Site::new();
    for (text, words) in [
        ("[site]\nnaem = \"x\"\n", &["paraph.toml:2", "site.name"][..]),
        ("[stie]\n", &["paraph.toml:1", "site"]),
        ("[limits]\nbody_bytes = \"many\"\n", &["paraph.toml:2", "number"]),
        ("[site\n", &["paraph.toml:1", "TOML"]),
    ] {
        fs::write(site.place().join("paraph.toml"), text).expect("written");
        is_refused(&site.run(&["serve"]), 2, words);
    }
    is_refused(&site.run(&["serve", "--config", "absent.toml"]), 2, &["absent.toml"]);
    assert!(!site.data().exists());
}

#[test]
fn what_is_named_is_read_within_a_size_and_a_time() {
    let site = Site::new();
    fs::write(site.place().join("text"), "A text.").expect("written");
    let fifo = site.place().join("fifo");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status();
    assert!(made.is_ok_and(|made| made.success()));
    let create = [
        "petition",
        "create",
        "--slug",
        "well",
        "--title",
        "A well",
        "--owner",
        "Ada Example",
    ];
    for (endless, why) in [
        ("/dev/zero", "more than"),
        ("/", "directory"),
        (path(&fifo), "10 seconds"),
    ] {
        let text = [&create[..], &["--text", endless]].concat();
        let first = [&create[..], &["--text", "text", "--first-signatories", endless]].concat();
        let comment = ["incident", "hold", "--petition", "well", "--comment", endless];
        let named = ["check-config", "--config", endless];
        std::thread::scope(|scope| {
            for arguments in [&text[..], &first, &comment, &named] {
                let option = arguments[arguments.len() - 2];
                let option = if option == "--config" { "configuration" } else { option };
                let site = &site;
                scope.spawn(move || is_refused(&site.run(arguments), 2, &[option, endless, why, "at most"]));
            }
        });
    }
    // A pipe that somebody writes to is as good as a file.
    let writing = std::thread::spawn({
        let fifo = fifo.clone();
        move || fs::write(fifo, "[site]\nname = \"From a pipe\"\n")
    });
    let ran = site.run(&["check-config", "--config", path(&fifo), "--json"]);
    assert!(ran.stdout.contains("From a pipe"), "{}", ran.stderr);
    writing.join().expect("joined").expect("written");
}

fn path(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[test]
fn a_spoilt_or_exposed_key_is_never_replaced() {
    let site = Site::new();
    site.petition("fountain");
    let key = site.data().join("keys/master.key");
    let whole = fs::read(&key).expect("a key");
    for spoilt in ["", "abcd", &*"0".repeat(64), &*"zy".repeat(32), &*"ab".repeat(20)] {
        fs::write(&key, spoilt).expect("written");
        let before = content(&site.data());
        is_refused(&site.run(&["serve"]), 2, &["key", "backup"]);
        assert_eq!(content(&site.data()), before, "{spoilt}");
    }
    fs::remove_file(&key).expect("removed");
    let before = content(&site.data());
    is_refused(&site.run(&["serve"]), 1, &["no master key", "backup"]);
    assert_eq!(content(&site.data()), before, "no new key in the place of the lost one");
    // Another whole key would open no record and count everybody once more.
    fs::write(&key, "0123456789abcdef".repeat(4)).expect("written");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("mode");
    is_refused(&site.run(&["serve"]), 1, &["another master key", "backup"]);
    fs::write(&key, whole).expect("written");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("mode");
    is_refused(&site.run(&["serve"]), 2, &["644", "mode 600"]);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("mode");
    site.start().stop();
}

#[test]
fn a_key_file_without_a_directory_lies_in_this_one() {
    let mut site = Site::new();
    site.set("secrets.key_file", "bare.key");
    site.petition("fountain");
    let key = site.place().join("bare.key");
    assert_eq!(fs::metadata(&key).expect("a key").permissions().mode() & 0o777, 0o600);
    let keys = fs::metadata(site.data().join("keys")).expect("a directory");
    assert_eq!(keys.permissions().mode() & 0o777, 0o700);
    site.start().stop();
}

/// Whatever a first start had done when it was killed, the next one goes on from there.
#[test]
fn a_first_start_that_was_killed_can_be_repeated() {
    let site = Site::new();
    let rounds = if is_full() { 40 } else { 10 };
    for round in 0..rounds {
        let mut begun = site.begin();
        std::thread::sleep(Duration::from_micros(round * 700));
        begun.kill().expect("killed");
        begun.wait().expect("gone");
        site.start().stop();
        fs::remove_dir_all(site.data()).expect("removed");
    }
    // The narrowest moment: the key is being written.
    fs::create_dir_all(site.data().join("keys")).expect("made");
    fs::write(site.data().join("keys/master.new"), "0123").expect("half a key");
    site.petition("fountain");
    assert!(!site.data().join("keys/master.new").exists());
    site.start().stop();
}

/// A half that was lost must not be made anew, and what is left of the store must survive whatever is tried.
#[test]
fn a_store_that_lost_a_half_is_refused_and_keeps_the_other() {
    let (site, server) = lively();
    assert_eq!(site.run(&["backup", "--out", "saved"]).code, 0);
    server.stop();
    let (ledger, keys) = ("paraph.db", "keys/keys.db");
    let commands: [&[&str]; 7] = [
        &["serve"],
        &["petition", "list"],
        &["petition", "close", SLUG],
        &["recount"],
        &["backup", "--out", "nothing"],
        &["fsck"],
        &["fsck", "--sweep"],
    ];
    for (lost, left) in [(ledger, keys), (keys, ledger)] {
        let path = site.data().join(lost);
        let whole = fs::read(&path).expect("read");
        for emptied in [None, Some(0), Some(100)] {
            match emptied {
                None => fs::remove_file(&path).expect("lost"),
                Some(0) => fs::write(&path, "").expect("emptied"),
                // Tables, but nothing that they held: what an earlier version made in the place of a lost file.
                Some(_) => {
                    fs::remove_file(&path).expect("lost");
                    let site = Site::new();
                    site.petition("another");
                    fs::copy(site.data().join(lost), &path).expect("another");
                }
            }
            let before = fs::read(site.data().join(left)).expect("read");
            for command in commands {
                let ran = site.run(command);
                assert_eq!(
                    ran.code, 1,
                    "{lost} {emptied:?} {command:?}: {}{}",
                    ran.stdout, ran.stderr
                );
                for words in ["--erasures", "as it is"] {
                    assert!(
                        ran.stderr.contains(words),
                        "{lost} {emptied:?} {command:?}: {}",
                        ran.stderr
                    );
                }
            }
            assert_eq!(
                fs::read(site.data().join(left)).expect("read"),
                before,
                "{lost} {emptied:?}"
            );
            assert!(emptied.is_some() || !path.exists(), "{lost} was made anew");
        }
        // The way that is named.
        let back = format!("back-{}", lost.replace('/', "-"));
        fs::write(&path, "").expect("emptied");
        let ran = site.run(&["restore", "--from", "saved", "--data", &back, "--erasures", "data"]);
        assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
        fs::write(&path, &whole).expect("put back");
        assert!(fsck(&site, &[]).0);
    }
    site.start().stop();
}

/// A first start that was killed between the two files or in its first batch, and a store from before they said whose they are.
#[test]
fn halves_that_do_not_say_whose_they_are_yet_are_no_reason_to_refuse() {
    let (site, server) = lively();
    server.stop();
    let forget = |file: &str| {
        let store = rusqlite::Connection::open(site.data().join(file)).expect("opened");
        let forgot = store.execute("DELETE FROM meta WHERE name = 'store'", []);
        assert_eq!(forgot.expect("forgotten"), 1, "{file}");
    };
    for files in [&["paraph.db"][..], &["keys/keys.db"], &["paraph.db", "keys/keys.db"]] {
        files.iter().for_each(|file| forget(file));
        site.start().stop();
        assert!(fsck(&site, &["--sweep"]).0, "{files:?}");
    }
    let site = Site::new();
    site.petition(SLUG);
    let keys = site.data().join("keys/keys.db");
    fs::remove_file(&keys).expect("never made");
    site.start().stop();
    let store = rusqlite::Connection::open(keys).expect("opened");
    let first = "INSERT INTO wrapped VALUES (randomblob(16), CAST(x'01' || zeroblob(72) AS BLOB))";
    assert_eq!(store.execute(first, []).expect("the first key"), 1);
    drop(store);
    site.start().stop();
    let (sound, findings, report) = fsck(&site, &[]);
    assert!(sound && findings == ["note: orphaned keys"], "{report}");
    assert_eq!(fsck(&site, &["--sweep"]).2["keys_swept"], 1);
}

#[test]
fn a_directory_in_use_or_of_a_newer_version_is_left_alone() {
    let mut site = Site::new();
    site.petition("fountain");
    let mut server = site.start();
    let holder = format!("process {}", server.id());
    is_refused(&site.run(&["serve"]), 1, &[&holder, "--data"]);
    // The file says who it is; without it there is a lock all the same.
    fs::remove_file(site.data().join("lock")).expect("removed");
    is_refused(&site.run(&["serve"]), 1, &["in use", "--data"]);
    assert!(server.is_running());
    assert_eq!(server.client().get("/p/fountain").status, 200);

    // The port of a running server, for another directory.
    let port = server.address;
    let taken = site.run(&["serve", "--data", "other", "--listen", &port.to_string()]);
    is_refused(&taken, 1, &[&port.to_string(), "--listen"]);
    assert!(!site.place().join("other").exists(), "nothing was begun");
    let held = TcpListener::bind("127.0.0.1:0").expect("a port");
    let operations = held.local_addr().expect("bound").to_string();
    let free = site.run(&["serve", "--data", "other", "--listen", &operations]);
    is_refused(&free, 1, &[&operations]);
    server.stop();

    for file in ["paraph.db", "keys/keys.db"] {
        let store = || rusqlite::Connection::open(site.data().join(file)).expect("a store");
        let set = |version: i64| {
            store()
                .execute("UPDATE meta SET value = ?1 WHERE name = 'version'", [version])
                .expect("set");
        };
        let known: i64 = store()
            .query_row("SELECT value FROM meta WHERE name = 'version'", [], |row| row.get(0))
            .expect("a version");
        set(999);
        let before = content(&site.data());
        is_refused(&site.run(&["serve"]), 1, &["999", "newer"]);
        assert_eq!(content(&site.data()), before, "{file}");
        set(known);
    }
    site.set("limits.settle_every_seconds", 1);
    site.start().stop();
}

#[test]
fn every_command_tells_its_flags() {
    let site = Site::new();
    for (command, flags) in [
        (
            "",
            &[
                "serve",
                "demo",
                "check-config",
                "petition",
                "drill",
                "recount",
                "PARAPH_LOG",
            ][..],
        ),
        ("serve", &["--config", "--data", "--listen"]),
        (
            "demo",
            &["--listen", "--data", "--scenario", "--seed", "--once", "--report"],
        ),
        ("check-config", &["--config", "--data", "--json"]),
        ("petition", &["create", "list", "show", "close"]),
        (
            "petition create",
            &[
                "--config",
                "--data",
                "--slug",
                "--title",
                "--text",
                "--owner",
                "--language",
                "--goal",
                "--publish",
                "--json",
            ],
        ),
        ("petition list", &["--config", "--data", "--json"]),
        ("petition show", &["--config", "--data", "--json"]),
        ("petition close", &["--config", "--data", "--json"]),
        (
            "drill",
            &[
                "--target",
                "--petition",
                "--seed",
                "--honest-rate",
                "--duration",
                "--mail-listen",
                "--report",
                "--json",
            ],
        ),
        ("drill list", &["--json"]),
        ("recount", &["--config", "--data", "--petition", "--json"]),
    ] {
        let words: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
        let ran = site.run(&words);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{command}");
        for flag in flags {
            assert!(ran.stdout.contains(flag), "{command} does not tell {flag}");
        }
        let wrong: Vec<&str> = command.split_whitespace().chain(["--no-such-flag"]).collect();
        is_refused(&site.run(&wrong), 2, &["--no-such-flag"]);
    }
    is_refused(&site.run(&[]), 2, &["--help"]);
    assert!(!site.data().exists());
}

#[test]
fn a_request_in_flight_is_answered_before_the_end() {
    let mut site = Site::new();
    site.set("mail.maildir", site.place().join("letters").display());
    site.petition("fountain");
    let server = site.start();
    let mut client = server.client();
    let body = client
        .filled("fountain", "Ada Example", "ada@people.example")
        .expect("solved");
    let idle = &mut server.client();
    assert_eq!(idle.get("/").status, 200);
    let head = format!(
        "POST /p/fountain/sign HTTP/1.1\r\nhost: x\r\n{}: {}\r\n{}: {}\r\ncontent-length: {}\r\n\
         expect: 100-continue\r\n\r\n",
        FORM.0,
        FORM.1,
        JSON.0,
        JSON.1,
        body.len()
    );
    let mut slow = server.client();
    slow.send(head.as_bytes()).expect("sent");
    // Only what the server has begun to read is in flight.
    assert_eq!(slow.receive(true).expect("a word").status, 100);
    slow.send(&body.as_bytes()[..10]).expect("sent");
    server.terminate();
    until("it listens no more", || {
        std::net::TcpStream::connect(server.address).is_err().then_some(())
    });
    slow.send(&body.as_bytes()[10..]).expect("sent");
    let answer = slow.receive(false).expect("an answer");
    assert_eq!(
        (answer.status, answer.header("connection")),
        (202, Some("close")),
        "{answer:?}"
    );
    assert_eq!(server.ended().code(), Some(0));
    assert_eq!(site.number("SELECT COUNT(*) FROM signature"), 1);
    assert!(!site.data().join("paraph.db-wal").exists(), "the store was closed");
    assert!(!site.data().join("control.sock").exists());
}

#[test]
fn petitions_are_made_and_listed_with_and_without_a_server() {
    let site = Site::new();
    site.petition("before");
    let server = site.start();
    site.petition("during");
    until("its page", || {
        (server.client().get("/p/during").status == 200).then_some(())
    });
    let text = "petition.txt";
    let draft = [
        "petition", "create", "--slug", "draft", "--title", "T", "--owner", "O", "--text", text,
    ];
    assert_eq!(site.run(&draft).code, 0);
    is_refused(&site.run(&draft), 1, &["draft", "taken"]);
    let states = |site: &Site| {
        let listed = site.run(&["petition", "list", "--json"]).json();
        let listed = listed["petitions"].as_array().expect("a list").clone();
        let each = |petition: &serde_json::Value| {
            let text = |key: &str| petition[key].as_str().expect("a text").to_owned();
            (text("petition"), text("state"))
        };
        listed.iter().map(each).collect::<BTreeMap<_, _>>()
    };
    let expected = [("before", "open"), ("draft", "draft"), ("during", "open")];
    let expected = expected.map(|(slug, state)| (slug.to_owned(), state.to_owned()));
    assert_eq!(states(&site), BTreeMap::from(expected.clone()));
    assert_eq!(
        server.client().get("/p/draft").status,
        404,
        "a draft is nobody's to see"
    );
    let home = server.client().get("/").text();
    assert!(home.contains("/p/before") && home.contains("/p/during") && !home.contains("/p/draft"));
    server.stop();
    assert_eq!(states(&site), BTreeMap::from(expected));

    let shown = site.run(&["petition", "show", "before", "--json"]).json();
    assert_eq!(
        (&shown["state"], &shown["counted"], &shown["goal"]),
        (&"open".into(), &0.into(), &serde_json::Value::Null)
    );
    assert_eq!(site.run(&["petition", "close", "before"]).code, 0);
    is_refused(&site.run(&["petition", "close", "before"]), 1, &["not open"]);
    let mistyped = site.run(&["petition", "close", "before", "--data", "mistyped"]);
    is_refused(&mistyped, 2, &["mistyped", "--data"]);
    assert!(!site.place().join("mistyped").exists());
    is_refused(
        &site.run(&["petition", "show", "nothing"]),
        1,
        &["nothing", "petition list"],
    );
    is_refused(&site.run(&["recount", "--petition", "nothing"]), 1, &["nothing"]);
    for (slug, title, file, words) in [
        ("Not A Slug", "T", text, &["--slug"][..]),
        ("-", "T", text, &["--slug"]),
        ("fine", "", text, &["--title"]),
        ("fine", "two\nlines", text, &["--title"]),
        ("fine", "T", ".", &["--text"]),
    ] {
        let ran = site.run(&[
            "petition",
            "create",
            &format!("--slug={slug}"),
            "--title",
            title,
            "--owner",
            "O",
            "--text",
            file,
        ]);
        assert!(ran.code == 1 || ran.code == 2, "{slug}");
        is_refused(&ran, ran.code, words);
    }
    is_refused(&site.run(&["recount", "--data", "nowhere"]), 2, &["nowhere", "--data"]);
    assert_eq!(site.start().client().get("/p/before/sign").status, 410);
}

/// A count that does not follow from the journal is found.
#[test]
fn a_ledger_that_was_tampered_with_does_not_pass() {
    let site = Site::new();
    site.petition("fountain");
    let server = site.start();
    server.client().sign("fountain", "Ada Example", "ada@people.example");
    let link = site.mail_to("ada@people.example").link("confirm");
    server.client().post_json(&link, "");
    assert_eq!(server.settled("fountain")["counted"], 1);
    server.stop();
    assert_eq!(site.recount()["fountain"], 1);
    let tamper = |sql: &str| {
        let store = site.store();
        store.execute_batch("SAVEPOINT s").expect("begun");
        assert_eq!(store.execute(sql, []).expect("tampered"), 1, "{sql}");
        store.execute_batch("RELEASE s").expect("kept");
    };
    for (sql, back) in [
        (
            "UPDATE signature SET axes = 0",
            "UPDATE signature SET axes = (SELECT x FROM kept)",
        ),
        (
            "UPDATE mailbox SET counted = NULL",
            "UPDATE mailbox SET counted = (SELECT id FROM signature)",
        ),
    ] {
        let axes: i64 = site
            .store()
            .query_row("SELECT axes FROM signature", [], |row| row.get(0))
            .expect("axes");
        tamper(sql);
        let ran = site.run(&["recount", "--json"]);
        assert_eq!(ran.code, 1, "{sql}");
        assert_eq!(ran.json()["agrees"], false);
        tamper(&back.replace("(SELECT x FROM kept)", &axes.to_string()));
        assert_eq!(site.recount()["fountain"], 1);
    }
}
