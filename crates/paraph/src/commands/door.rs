//! `paraph door` and `paraph read-only`

use std::time::Duration;

use serde_json::json;

use super::{configured, print};
use crate::admit::state::{DoorState, LaneState};
use crate::cli::{Door, Place, ReadOnly, Switch};
use crate::control::{self, DoorCommand};
use crate::failure::Failure;
use crate::plural::many;

pub(super) fn switch(asked: &ReadOnly) -> Result<(), Failure> {
    let command = match asked.switch {
        None => DoorCommand::Door,
        Some(switch) => DoorCommand::ReadOnly(switch == Switch::On),
    };
    let read_only = ask(&asked.place, &command)?.read_only;
    if asked.json {
        print(&json!({ "read_only": read_only }).to_string());
    } else if read_only {
        print("read-only: pages are shown, who signs is told to come back, confirming and withdrawing go on");
    } else {
        print("open: signatures are taken");
    }
    Ok(())
}

pub(super) fn show(asked: &Door) -> Result<(), Failure> {
    loop {
        let state = ask(&asked.place, &DoorCommand::Door)?;
        if asked.json {
            print(&serde_json::to_string(&state).unwrap_or_default());
        } else {
            print(&text(&state));
        }
        if !asked.watch {
            return Ok(());
        }
        std::thread::sleep(Duration::from_secs(1));
    }
}

fn ask(place: &Place, command: &DoorCommand) -> Result<DoorState, Failure> {
    let config = configured(&place.overrides())?;
    let state = control::ask_door(&config.directory, command)?;
    state.ok_or_else(|| {
        Failure::failed(
            "no server runs on this data directory",
            "name the running server's directory with --data",
        )
    })
}

fn text(state: &DoorState) -> String {
    let mode = if state.read_only { "read-only" } else { "open" };
    let (rounds, floor, ceiling) = (state.rounds, state.rounds_floor, state.rounds_ceiling);
    let mut lines = vec![
        format!(
            "{mode}; price {rounds} rounds a guess ({floor} to {ceiling}); {}",
            many(state.bans, "ban", "bans")
        ),
        format!(
            "{:<12} {:>12} {:>14} {:>9} {:>10} {:>9}",
            "lane", "in work", "waiting", "delay", "served", "sent away"
        ),
    ];
    lines.extend(state.lanes.iter().map(|lane| {
        let LaneState {
            label,
            delay_ms,
            served,
            shed,
            ..
        } = lane;
        let working = format!("{}/{}", lane.working, lane.width);
        let waiting = format!("{}/{}", lane.waiting, lane.waiting_most);
        format!("{label:<12} {working:>12} {waiting:>14} {delay_ms:>6} ms {served:>10} {shed:>9}")
    }));
    lines.extend(state.used.iter().map(|used| {
        let share = 100 * used.used / used.most.max(1);
        format!("{:<24} {:>12} of {:<12} {share:>3} %", used.bound, used.used, used.most)
    }));
    lines.join("\n") + "\n"
}
