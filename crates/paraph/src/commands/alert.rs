//! `paraph alert list`, `ack` and `test`

use serde_json::json;

use super::{configured, print};
use crate::cli::{Alert, Place};
use crate::control::{self, AlertCommand, Status};
use crate::failure::Failure;

pub(super) fn run(command: &Alert) -> Result<(), Failure> {
    match command {
        Alert::List(list) => {
            let status = ask(&list.place, &AlertCommand::Status)?;
            tell(&status, list.json);
            Ok(())
        }
        Alert::Ack(ack) => {
            let status = ask(&ack.place, &AlertCommand::Acknowledge(ack.id.clone()))?;
            if let (0, Some(id)) = (status.acknowledged, &ack.id) {
                let hint = "`paraph alert list` names those there are";
                return Err(Failure::failed(format!("no open alert is called {id}"), hint));
            }
            if !ack.json {
                print(&format!("acknowledged: {}", status.acknowledged));
            }
            tell(&status, ack.json);
            Ok(())
        }
        Alert::Test(test) => tested(&ask(&test.place, &AlertCommand::TestAlert)?, test.json),
    }
}

fn ask(place: &Place, command: &AlertCommand) -> Result<Status, Failure> {
    let config = configured(&place.overrides())?;
    control::ask_alerts(&config.directory, command)?.ok_or_else(|| {
        let hint = "start it, or name its data directory with --data: alerts are its work";
        Failure::failed("no server runs on this data directory", hint)
    })
}

fn tell(status: &Status, as_json: bool) {
    if as_json {
        return print(&json!({ "alerts": status.alerts, "reload_refused": status.reload_refused }).to_string());
    }
    for alert in &status.alerts {
        let state = match (alert.over, alert.acknowledged) {
            (true, _) => "over",
            (false, true) => "acknowledged",
            (false, false) => "open",
        };
        print(&format!(
            "{}  {}  {state}, since {}, told {}",
            alert.id,
            alert.alarm.name(),
            alert.since,
            times(alert.told)
        ));
    }
    if status.alerts.is_empty() {
        print("no open alert");
    }
}

fn times(told: u32) -> String {
    match told {
        1 => "once".to_owned(),
        told => format!("{told} times"),
    }
}

fn tested(status: &Status, as_json: bool) -> Result<(), Failure> {
    if status.tried.is_empty() {
        let hint = "name somebody in alerts.first, as in \"mailto:duty@example.org\"; see paraph.example.toml";
        return Err(Failure::failed("there is no channel: nobody would be woken", hint));
    }
    if as_json {
        print(&json!({ "channels": status.tried }).to_string());
    } else {
        for tried in &status.tried {
            print(&format!(
                "{}: {}",
                tried.channel,
                tried.failure.as_deref().unwrap_or("sent")
            ));
        }
    }
    match status.tried.iter().filter(|tried| tried.failure.is_some()).count() {
        0 => Ok(()),
        failed => Err(Failure::failed(
            format!("{failed} of {} channels failed", status.tried.len()),
            "correct their addresses in [alerts], reload with SIGHUP, and test again",
        )),
    }
}
