//! `paraph recount`

use serde_json::json;

use super::{block_on, configured, fsck, print};
use crate::cli::Recount;
use crate::failure::Failure;
use crate::ledger::recount;
use crate::plural::many;
use crate::server::look;

pub(super) fn run(command: &Recount) -> Result<(), Failure> {
    let config = configured(&command.place.overrides())?;
    let (differences, counts) = block_on(async {
        let mut db = look(&config.directory).await?;
        let unreadable = |error: &dyn std::fmt::Display| {
            Failure::failed(
                format!("the journal does not fold: {error}"),
                "restore the last good backup beside it and compare",
            )
        };
        // One snapshot for all reads, so that a running server does not look like a difference.
        db.run("BEGIN").await.map_err(|error| unreadable(&error))?;
        recount::compare_and_count(&mut db)
            .await
            .map_err(|error| unreadable(&error))
    })?;
    let chosen = counts
        .iter()
        .filter(|(slug, _)| command.petition.as_ref().is_none_or(|wanted| wanted == *slug));
    let chosen: Vec<_> = chosen.collect();
    if let (Some(wanted), []) = (&command.petition, &chosen[..]) {
        let hint = "`paraph petition list` names those there are";
        return Err(Failure::failed(format!("no petition is called {wanted}"), hint));
    }
    let agrees = differences.is_empty();
    fsck::tell_server(&config.directory, agrees);
    if command.json {
        let petitions: Vec<_> = chosen
            .iter()
            .map(|(slug, counts)| json!({ "petition": slug, "counted": counts.counted }))
            .collect();
        print(&json!({ "agrees": agrees, "differences": differences, "petitions": petitions }).to_string());
    } else {
        for (slug, counts) in &chosen {
            print(&format!("{slug}: {} counted", counts.counted));
        }
    }
    if agrees {
        if !command.json {
            print("the ledger is what the journal says");
        }
        return Ok(());
    }
    let what: Vec<String> = differences
        .iter()
        .map(|(table, rows)| format!("{} of {table}", many(*rows, "row", "rows")))
        .collect();
    Err(Failure::failed(
        format!("the ledger differs from the journal: {}", what.join(", ")),
        "keep a copy of the data directory, and report this: the journal is the truth",
    ))
}
