//! The files: who can read them, and whether the key is the right one.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::Finding;
use crate::config::Config;
use crate::control;
use crate::keys::{self, Keys};
use crate::named;
use crate::server;
use crate::trace::networks::{self, Networks};

/// Nobody but the owner may read anything here.
pub(super) fn permissions(config: &Config) -> Vec<Finding> {
    let data = &config.directory;
    let mut findings = vec![
        mode("permissions: data directory", data, "700"),
        mode("permissions: key file", &config.key_file, "600"),
        mode("permissions: control socket", &control::socket(data), "600"),
    ];
    findings.push(owner(data, &config.key_file));
    findings
}

fn mode(check: &'static str, path: &Path, should: &str) -> Finding {
    match named::exposed(path) {
        Ok(None) => Finding::ok(check, format!("{} is closed to others", path.display())),
        Ok(Some(mode)) => {
            let what = format!(
                "{} has mode {mode:o}: others on this machine can get in",
                path.display()
            );
            Finding::fail(check, what, format!("chmod {should} {}", path.display()))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Finding::skipped(
            check,
            format!("{} is not there yet; the server makes it", path.display()),
        ),
        Err(error) => Finding::fail(
            check,
            format!("{}: {error}", path.display()),
            "run as the user who owns it",
        ),
    }
}

fn owner(data: &Path, key: &Path) -> Finding {
    const CHECK: &str = "permissions: owner";
    let (Ok(data_meta), Ok(key_meta)) = (fs::metadata(data), fs::metadata(key)) else {
        return Finding::skipped(CHECK, "the data directory or the key file is not there yet");
    };
    let me = rustix::process::geteuid().as_raw();
    let (of_data, of_key) = (data_meta.uid(), key_meta.uid());
    // Read by the service itself, that it can be opened is said beside (secrets: key).
    if of_key == 0 && of_data != 0 && [0, of_data].contains(&me) {
        return Finding::ok(
            CHECK,
            format!("the data belong to user {of_data}, the key to root, who hands it over"),
        );
    }
    if of_data != of_key {
        let mend = format!("chown {of_data} {}", key.display());
        let what = format!("the data directory belongs to user {of_data}, the key file to user {of_key}");
        return Finding::fail(CHECK, what, mend);
    }
    if me != of_data && me != 0 {
        let what = format!("both belong to user {of_data}, this command runs as user {me}");
        return Finding::warn(CHECK, what, "run paraph as the user who owns the data directory");
    }
    Finding::ok(CHECK, format!("both belong to user {of_data}"))
}

/// The table of networks is whole; a server with a damaged one falls back to the program's own.
pub(super) fn networks(directory: &Path) -> Finding {
    const CHECK: &str = "files: networks";
    let path = networks::file(directory);
    match Networks::open(directory) {
        Ok(_) if !path.exists() => Finding::ok(CHECK, "the table inside the program is used"),
        Ok(_) => Finding::ok(CHECK, format!("{} is whole", path.display())),
        Err(error) => Finding::fail(
            CHECK,
            format!("{error}; the table inside the program is used"),
            "`paraph networks update` makes it anew; or remove it",
        ),
    }
}

/// The key is there, whole, the one of this directory, and not kept with what it locks.
pub(super) async fn secrets(config: &Config) -> Vec<Finding> {
    const KEY: &str = "secrets: key";
    const PLACE: &str = "secrets: place";
    let keys = match Keys::open(&config.key_file, false) {
        Ok(keys) => keys,
        Err(_) if !config.key_file.exists() && !config.directory.join("paraph.db").exists() => {
            return vec![Finding::skipped(
                KEY,
                "no key yet; the server makes one at its first start",
            )];
        }
        Err(error) => {
            let mend = "put the key file back from its backup; without it names and addresses cannot be opened again";
            return vec![Finding::fail(KEY, error.to_string(), mend)];
        }
    };
    vec![
        matches_directory(KEY, config, &keys).await,
        apart(PLACE, &config.directory, &config.key_file),
    ]
}

async fn matches_directory(check: &'static str, config: &Config, keys: &Keys) -> Finding {
    if !config.directory.join("paraph.db").exists() {
        return Finding::ok(check, "a whole key; there is no store yet to compare it with");
    }
    let mut db = match server::look(&config.directory).await {
        Ok(db) => db,
        Err(failure) => return Finding::fail(check, failure.what, failure.hint),
    };
    let row = db
        .query_one("SELECT tag FROM key_check WHERE id = 1", &[])
        .await
        .ok()
        .flatten();
    let ours = keys::tag(&keys.derive("check v1"), &[b"paraph"]);
    match row.and_then(|row| row.array::<16>(0).ok()) {
        Some(tag) if tag == ours => Finding::ok(check, "the one that this data directory was made with"),
        Some(_) => Finding::fail(
            check,
            "this data directory was made with another key",
            "put the right key file back from its backup, or correct secrets.key_file",
        ),
        None => Finding::skipped(check, "the store has not been opened with a key yet"),
    }
}

fn apart(check: &'static str, directory: &Path, key_file: &Path) -> Finding {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if real(key_file).starts_with(real(directory)) {
        let mend =
            "move it, for example to /etc/paraph/master.key, name it with secrets.key_file, keep one copy elsewhere";
        let what = "the key lies in the data directory: whoever copies the directory knows every signatory";
        return Finding::warn(check, what, mend);
    }
    Finding::ok(check, "the key lies apart from the data")
}
