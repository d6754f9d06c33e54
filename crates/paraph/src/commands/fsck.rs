//! `paraph fsck`

use std::path::Path;

use serde_json::json;

use super::{block_on, configured, print};
use crate::cli::Fsck;
use crate::control::{self, AlertCommand};
use crate::failure::{Failure, HALF_LOST, NEWER_STORE};
use crate::fsck::{self, Depth, Finding, Report, Weight};
use crate::keys::Keys;
use crate::plural::many;
use crate::store::{self, Files, OpenError};

pub(super) fn run(command: &Fsck) -> Result<(), Failure> {
    let config = configured(&command.place.overrides())?;
    let files = Files::of(&config.directory);
    store::present(&config.directory)?;
    let swept = if command.sweep {
        // Held for as long as it takes: no writer may be between the two files.
        let _lock = store::lock(&config.directory)?;
        if !config.directory.join(store::RESTORING).exists() {
            store::halves::check(&files)?;
        }
        let swept = fsck::sweep(&files);
        let swept =
            swept.map_err(|error| Failure::failed(format!("the keys cannot be swept: {error}"), "see the message"))?;
        Some(swept.ok_or_else(|| OpenError::LedgerLost(files.main.clone()))?)
    } else {
        None
    };
    // Nothing is wrong with it, and nothing is said of a part.
    if let Err(error @ OpenError::LogUnread(_)) = store::look::open(&files.main, Some(&files.keys)) {
        return Err(error.into());
    }
    let keys = Keys::open(&config.key_file, false);
    let depth = if command.quick { Depth::Quick } else { Depth::Full };
    let most = if command.all {
        u64::MAX
    } else {
        config.limits.fsck_records
    };
    let mut report = block_on(async { Ok(fsck::check(&files, keys.as_ref().ok(), depth, most).await) })?;
    let mut fault = |check, what| {
        let weight = Weight::Fault;
        report.findings.push(Finding { weight, check, what });
    };
    if let Err(error) = &keys {
        fault("key file", error.to_string());
    }
    if config.directory.join(store::RESTORING).exists() {
        fault("restore", OpenError::HalfRestored(config.directory.clone()).to_string());
    }
    // The alert is about the ledger, and is not for a file that the server does without.
    tell_server(&config.directory, report.is_ledger_sound());
    report.findings.extend(fsck::beside(&config.directory));
    tell(&report, swept, command.json)
}

/// A server that runs beside it wakes somebody; whether there is one does not matter to who typed the command.
pub(super) fn tell_server(directory: &Path, is_sound: bool) {
    let _ = control::ask_alerts(directory, &AlertCommand::LedgerChecked(is_sound));
}

/// Prints a report, and fails if something is wrong.
pub(super) fn tell(report: &Report, swept: Option<u64>, as_json: bool) -> Result<(), Failure> {
    let sound = report.is_sound();
    if as_json {
        let said = json!({ "sound": sound, "journal_position": report.position, "records_opened": report.opened,
            "records": report.records, "keys_swept": swept, "findings": report.findings });
        print(&said.to_string());
    } else {
        for Finding { weight, check, what } in &report.findings {
            let weight = match weight {
                Weight::Fault => "fault",
                Weight::Note => "note",
            };
            print(&format!("{weight}: {check}: {what}"));
        }
        if let Some(swept) = swept {
            print(&format!("{} without a signature removed", many(swept, "key", "keys")));
        }
        let verdict = if sound { "sound" } else { "looked at" };
        print(&format!(
            "{verdict}: {}, {}",
            many(report.position, "event", "events"),
            opened(report)
        ));
    }
    if sound {
        return Ok(());
    }
    let faults = report.findings.iter().filter(|found| found.weight == Weight::Fault);
    Err(Failure::failed(
        format!("the data directory has faults: {}", faults.count()),
        hint(report),
    ))
}

/// How many records were opened, of how many.
pub(super) fn opened(report: &Report) -> String {
    format!(
        "{} of {} opened",
        report.opened,
        many(report.records, "record", "records")
    )
}

/// A backup is for what is lost: nothing is in a store of another version, nor when a file can be made anew.
fn hint(report: &Report) -> &'static str {
    let is_of_another_version = report.findings.iter().any(|found| found.check == "version");
    if report.newer {
        NEWER_STORE
    } else if report.findings.iter().any(|found| found.check == "halves") {
        HALF_LOST
    } else if is_of_another_version {
        "start the server once: it brings the store to its own version"
    } else if report.is_ledger_sound() {
        "the ledger is sound; each line says how what it names is mended"
    } else {
        "stop the server, keep a copy of the directory as it is, and restore the last sound backup beside it"
    }
}
