//! `paraph backup` and `paraph restore`

use std::io::{ErrorKind, IsTerminal};

use serde_json::json;

use super::{block_on, configured, fsck, print};
use crate::backup::restore::{Plan, restore};
use crate::backup::{BackupError, take};
use crate::cli::{Backup, Restore};
use crate::clock;
use crate::failure::{Failure, hint_for};
use crate::keys::Keys;
use crate::plural::many;
use crate::store::{self, Files, OpenError};

pub(super) fn run(command: &Backup) -> Result<(), Failure> {
    let config = configured(&command.place.overrides())?;
    let files = Files::of(&config.directory);
    store::whole(&config.directory)?;
    let keys = Keys::open(&config.key_file, false).map_err(OpenError::from)?;
    let master = command.with_master_key.then_some(config.key_file.as_path());
    say("copying and checking; a large store takes minutes, and signing goes on meanwhile");
    let most = config.limits.fsck_records;
    let taken = block_on(async {
        take(&files, Some(&keys), master, &command.out, most)
            .await
            .map_err(failure)
    })?;
    let manifest = &taken.data;
    if command.json {
        let said = json!({ "backup": manifest.backup, "taken_at": manifest.taken_at, "journal_at": manifest.journal_at,
            "journal_position": manifest.journal_position, "records_opened": taken.report.opened,
            "records": taken.report.records, "master_key": command.with_master_key, "findings": taken.report.findings });
        print(&said.to_string());
        return Ok(());
    }
    let out = command.out.display();
    let events = match manifest.journal_position {
        0 => "no event yet".to_owned(),
        events => format!("{} up to {}", many(events, "event", "events"), manifest.journal_at),
    };
    print(&format!("{out}: {events}, checked, {}", fsck::opened(&taken.report)));
    print(&format!(
        "{out}/data may be kept; keep {out}/keys apart, for 30 days at most"
    ));
    if !command.with_master_key {
        print("the master key is not in it: make sure that a copy of the key file lies elsewhere");
    }
    Ok(())
}

pub(super) fn run_restore(command: &Restore) -> Result<(), Failure> {
    let config = configured(&command.place.overrides())?;
    let plan = Plan {
        data: command.from.join("data"),
        keys: command.keys.clone().unwrap_or_else(|| command.from.join("keys")),
        target: config.directory.clone(),
        key_file: config.key_file.clone(),
        live: command.erasures.clone(),
        records: config.limits.fsck_records,
        force: command.force,
    };
    say("copying, erasing again what was erased since, and checking");
    let restored = block_on(async { restore(&plan).await.map_err(failure) })?;
    if command.json {
        let said = json!({ "taken_at": restored.manifest.taken_at, "journal_position": restored.manifest.journal_position,
            "journal_at": restored.manifest.journal_at, "erased_again": restored.replayed, "keys_swept": restored.swept,
            "later_erasures_known": restored.known_to.is_some() && !restored.is_behind && restored.unreadable == 0,
            "erasures_known_to": restored.known_to.map(clock::rfc3339),
            "erasure_lines_unreadable": restored.unreadable,
            "records_opened": restored.report.opened, "records": restored.report.records, "findings": restored.report.findings });
        print(&said.to_string());
        return Ok(());
    }
    fsck::tell(&restored.report, None, false)?;
    print(&format!(
        "{}: as of {}, {} erased again; what came after is not in it",
        plan.target.display(),
        restored.manifest.journal_at,
        many(restored.replayed, "signature", "signatures")
    ));
    if restored.unreadable > 0 {
        print(&format!(
            "{} of erasures.log could not be read: whoever was named there is back, with name and address, and counts again",
            many(restored.unreadable, "line", "lines")
        ));
    }
    if let Some(to) = restored.known_to {
        let to = clock::rfc3339(to);
        print(&if restored.is_behind {
            format!(
                "what --erasures names ends at {to}, before these keys were copied: erasures since then are unknown, and those \
                 records are back; where there is a newer copy, restore again and name it"
            )
        } else {
            format!("erasures are known up to {to}; records that were erased after that are back")
        });
    } else {
        // Nobody can know what was erased after the newest of these copies was taken.
        print(
            "erasures since these keys were copied are unknown, and those records are back: where the old data directory \
             or its keys/erasures.log is still there, restore again and name it with --erasures",
        );
    }
    if !plan.key_file.exists() {
        print(&format!(
            "before you start the server put the key file back: {}",
            plan.key_file.display()
        ));
    }
    Ok(())
}

/// A word to somebody who waits.
fn say(what: &str) {
    if std::io::stderr().is_terminal() {
        eprintln!("{what} ...");
    }
}

fn is_told_by_its_kind(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::ReadOnlyFilesystem | ErrorKind::StorageFull | ErrorKind::PermissionDenied
    )
}

fn failure(error: BackupError) -> Failure {
    if let BackupError::Open(error) = error {
        return error.into();
    }
    let hint = match &error {
        BackupError::NotEmpty(_) => {
            return Failure::usage(error.to_string(), "name a directory that is empty or absent");
        }
        BackupError::Inside { .. } => {
            return Failure::usage(
                error.to_string(),
                "name a directory beside it, on another disk if there is one",
            );
        }
        BackupError::Io { source, .. } if is_told_by_its_kind(source.kind()) => hint_for(source.kind()),
        BackupError::Io { .. } | BackupError::Db { .. } | BackupError::Replay(_) | BackupError::Open(_) => {
            "check the path, the free space and who owns the files; what is incomplete has no manifest and is not served"
        }
        BackupError::NoManifest(_) | BackupError::Manifest(_) | BackupError::Spoilt(_) => {
            "take another backup; --from names the directory that holds data and keys, --keys a copy of keys elsewhere"
        }
        BackupError::NoErasures(_) => {
            "--erasures names the old data directory, or one with what is left of its keys/erasures.log"
        }
        BackupError::OtherSite(_) => {
            "--erasures names the data directory that this backup was taken of, or what is left of it"
        }
        BackupError::LogDamaged { .. } => {
            "empty the new directory and restore with a whole copy of that log, or with the old data directory as --erasures; \
             --force goes on without those lines"
        }
        BackupError::Newer(_) => "install the version of paraph that wrote it, or a newer one",
        BackupError::KeysOlder { .. } => "use keys copied with these data or later",
        BackupError::Unsound(report) => {
            // Each finding on its line, then the failure itself.
            return fsck::tell(report, None, false).expect_err("an unsound report is a failure");
        }
    };
    Failure::failed(error.to_string(), hint)
}
