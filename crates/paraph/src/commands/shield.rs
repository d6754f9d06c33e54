//! `paraph shield ...`

use std::fs;
use std::path::Path;

use serde_json::json;

use super::{configured, print};
use crate::cli::{Place, Shield, Switch};
use crate::control;
use crate::failure::Failure;
use crate::shield::export::Outlets;
use crate::shield::{self, Listed, ShieldAnswer, ShieldCommand};

/// The longest that a person may ban anything for.
const WEEK: u64 = 7 * 86_400;

pub(super) fn run(command: &Shield) -> Result<(), Failure> {
    match command {
        Shield::List(all) => tell(&ask(&all.place, &ShieldCommand::ShieldList)?, all.json),
        Shield::Flush(all) => tell(&ask(&all.place, &ShieldCommand::ShieldFlush)?, all.json),
        Shield::CrowdSec(share) => {
            let wanted = share.switch.map(|switch| matches!(switch, Switch::On));
            tell(&ask(&share.place, &ShieldCommand::ShieldShare(wanted))?, share.json)
        }
        Shield::Unban(one) => {
            let net = network(&one.net)?;
            tell(&ask(&one.place, &ShieldCommand::ShieldUnban { net })?, one.json)
        }
        Shield::Ban(ban) => {
            let seconds = ban.period.map(|period| period.as_secs());
            if seconds.is_some_and(|seconds| !(1..=WEEK).contains(&seconds)) {
                return Err(Failure::usage(
                    "--for is not between a second and a week",
                    "write it as in 90s, 10m or 2h",
                ));
            }
            let net = network(&ban.net)?;
            tell(&ask(&ban.place, &ShieldCommand::ShieldBan { net, seconds })?, ban.json)
        }
    }
}

/// What was typed, if it can be banned at all; whether it may be, the server says.
fn network(typed: &str) -> Result<String, Failure> {
    if shield::read(typed).is_some() {
        return Ok(typed.to_owned());
    }
    Err(Failure::usage(
        format!("{typed} is no address, and no network of a size that is banned"),
        "write it as in 192.0.2.7, 192.0.2.0/24, 2001:db8::/64 or 2001:db8::/48",
    ))
}

fn ask(place: &Place, command: &ShieldCommand) -> Result<ShieldAnswer, Failure> {
    let config = configured(&place.overrides())?;
    let answer = control::ask_shield(&config.directory, command)?;
    answer.ok_or_else(|| no_server(&config.shield.outlets))
}

/// A server that could not end in order has left its bans in the files that proxies read.
fn no_server(outlets: &Outlets) -> Failure {
    let holds = |path: &Path| fs::metadata(path).is_ok_and(|file| file.len() > 0);
    let left = outlets.files().filter(|(_, path)| holds(path));
    let left: Vec<String> = left.map(|(_, path)| path.display().to_string()).collect();
    if left.is_empty() {
        return Failure::failed(
            "no server runs on this data directory, so nothing is banned by it",
            "name the running server's directory with --data; bans live in its memory",
        );
    }
    Failure::failed(
        format!(
            "no server runs on this data directory, but bans are left in {}",
            left.join(", ")
        ),
        "name the running server's directory with --data; if there is none, start it, or empty the files, and reload their proxies",
    )
}

fn tell(answer: &ShieldAnswer, as_json: bool) -> Result<(), Failure> {
    match answer {
        ShieldAnswer::Refused(why) => {
            return Err(Failure::failed(
                why,
                "nothing was changed; `paraph shield list` shows what is banned",
            ));
        }
        answer if as_json => print(&match answer {
            ShieldAnswer::List(bans) => json!({ "bans": bans }).to_string(),
            ShieldAnswer::Banned(ban) => json!({ "banned": ban }).to_string(),
            ShieldAnswer::Unbanned { count, still } => json!({ "unbanned": count, "still": still }).to_string(),
            ShieldAnswer::Sharing(on) => json!({ "crowdsec": on }).to_string(),
            ShieldAnswer::Refused(_) => String::new(),
        }),
        ShieldAnswer::List(bans) => {
            bans.iter().for_each(line);
            print(&format!("{} banned", bans.len()));
        }
        ShieldAnswer::Banned(ban) => line(ban),
        ShieldAnswer::Unbanned { count, still: None } => print(&format!("{count} unbanned")),
        ShieldAnswer::Unbanned {
            count,
            still: Some(ban),
        } => print(&format!(
            "{count} unbanned; a wider ban still holds it, {} for {} s more: `paraph shield unban {}` ends that one",
            ban.net, ban.seconds, ban.net
        )),
        ShieldAnswer::Sharing(true) => print("bans are told to CrowdSec"),
        ShieldAnswer::Sharing(false) => print("bans are not told to CrowdSec"),
    }
    Ok(())
}

fn line(ban: &Listed) {
    let ways = match (ban.direct, ban.forwarded) {
        (true, false) => "direct",
        (false, true) => "forwarded",
        _ => "direct and forwarded",
    };
    let (net, seconds, times, cause) = (&ban.net, ban.seconds, ban.times, ban.cause.label());
    print(&format!("{net:<28} {seconds:>7} s left  no. {times}  {cause}  {ways}"));
}
