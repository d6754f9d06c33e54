//! `paraph incident ...`

use std::fs;

use serde_json::json;

use super::{configured, on_one_line, print};
use crate::cli::Place;
use crate::cli::incident::{Incident, IncidentAsk, IncidentCap, IncidentMotion};
use crate::control;
use crate::failure::Failure;
use crate::incident::answers::Answers;
use crate::incident::book::{self, What};
use crate::incident::condition::{Condition, Network};
use crate::incident::findings::{Found, Now};
use crate::incident::log::{Entry, Happened, Told, Who};
use crate::incident::preview::{Preview, Sample};
use crate::incident::second_way::{Ask, AskPreview};
use crate::incident::{Direction, IncidentAnswer, IncidentCommand, Listed, Motion, Refused, Shown};
use crate::intake::verdict::reason::Reason;
use crate::views::Lang;
use crate::views::incident::EvidenceWords;

pub(super) fn run(incident: &Incident) -> Result<(), Failure> {
    match incident {
        Incident::List(all) => {
            let (incidents, verdicts) = match ask(&all.place, &IncidentCommand::IncidentList)? {
                IncidentAnswer::List(incidents, verdicts) => (incidents, verdicts),
                other => return Err(unexpected(&other)),
            };
            if all.json {
                print(&json!({ "incidents": incidents, "verdicts": verdicts }).to_string());
                return Ok(());
            }
            if incidents.is_empty() && verdicts.is_empty() {
                print("no incident, and no verdict was given yet");
            }
            incidents.iter().for_each(|incident| print(&head(incident)));
            verdicts.iter().for_each(|verdict| print(&line(verdict)));
            Ok(())
        }
        Incident::Show(one) => match ask(&one.place, &IncidentCommand::IncidentShow(one.incident))? {
            IncidentAnswer::Incident(incident) => {
                print(&if one.json {
                    json!(incident).to_string()
                } else {
                    history(&incident)
                });
                Ok(())
            }
            other => Err(unexpected(&other)),
        },
        Incident::Verdict(one) => match ask(&one.place, &IncidentCommand::IncidentVerdict(one.verdict))? {
            IncidentAnswer::Shown(verdict) => {
                print(&if one.json {
                    json!({ "verdict": verdict }).to_string()
                } else {
                    told(&verdict)
                });
                Ok(())
            }
            other => Err(unexpected(&other)),
        },
        Incident::Note(note) => {
            let command = IncidentCommand::IncidentNote(note.incident, note.text.clone());
            match ask(&note.place, &command)? {
                IncidentAnswer::Noted => {
                    print(&if note.json {
                        json!({ "incident": note.incident, "noted": true }).to_string()
                    } else {
                        format!("it stands in the log of incident {}", note.incident)
                    });
                    Ok(())
                }
                other => Err(unexpected(&other)),
            }
        }
        Incident::Hold(motion) => moved(Direction::Hold, motion),
        Incident::Release(motion) => moved(Direction::Release, motion),
        Incident::Invalidate(motion) => moved(Direction::Invalidate, motion),
        Incident::Reinstate(motion) => moved(Direction::Reinstate, motion),
        Incident::SecondWay(ask) => second_way(ask),
        Incident::RaiseCap(cap) => raise_cap(cap),
    }
}

fn ask(place: &Place, command: &IncidentCommand) -> Result<IncidentAnswer, Failure> {
    let config = configured(&place.overrides())?;
    let answer = control::ask_incident(&config.directory, command)?;
    let answer = answer.ok_or_else(|| {
        Failure::failed(
            "no server runs on this data directory, and verdicts go through a running one",
            "start it with `paraph serve`, or name its directory with --data",
        )
    })?;
    match answer {
        IncidentAnswer::Refused(why) => Err(refused(why)),
        answer => Ok(answer),
    }
}

fn refused(why: Refused) -> Failure {
    let hint = match why {
        Refused::Petition => "`paraph petition list` names those there are",
        Refused::Verdict | Refused::NotUndone | Refused::Undone => "`paraph incident list` shows the verdicts",
        Refused::Incident | Refused::NotLatest => "`paraph incident list` shows the incidents",
        Refused::Finding => "`paraph incident show` names the findings of an incident",
        Refused::Over => "`paraph incident list` shows which is open",
        Refused::Cap => "see limits.holds_per_hour and limits.cap_raised_minutes",
        Refused::NoScrutiny => "see [scrutiny] in the configuration",
        Refused::Line => "write one sentence; several lines are several notes",
        Refused::Reason => "`paraph incident hold --help` names the reasons",
        Refused::Note => "say with --note what you saw",
        Refused::Changed => "run it without --yes to see them",
        Refused::Malformed(_) => "narrow the condition, or see [limits]",
        Refused::Unavailable => "see the server's log and its /readyz, then try again",
    };
    Failure::failed(format!("{why}; nothing was changed"), hint)
}

fn unexpected(_: &IncidentAnswer) -> Failure {
    let hint = "use the same version of paraph as the server";
    Failure::failed("the running server does not understand this command", hint)
}

/// What was typed, as a motion: of an undoing, what the server says takes the verdict back.
fn motion(direction: Direction, typed: &IncidentMotion) -> Result<Motion, Failure> {
    let mut motion = match typed.undo {
        Some(position) => match ask(&typed.place, &IncidentCommand::IncidentUndo(position))? {
            IncidentAnswer::Motion(motion) => *motion,
            other => return Err(unexpected(&other)),
        },
        None => Motion {
            petition: typed.petition.clone().unwrap_or_default(),
            direction,
            condition: somebody(condition(typed)?)?,
            reason: String::new(),
            note: String::new(),
            undoes: None,
            previewed: None,
        },
    };
    if command(motion.direction) != direction {
        let what = format!(
            "--undo: verdict {} is taken back by `{}`",
            typed.undo.unwrap_or(0),
            command(motion.direction).name()
        );
        return Err(Failure::usage(what, "a hold is released, an invalidation reinstated"));
    }
    if let Some(reason) = &typed.reason {
        let kind = motion.direction.into();
        if !Reason::from_name(reason).is_some_and(|reason| reason.is_for(kind)) {
            let fit = Reason::ALL.into_iter().filter(|reason| reason.is_for(kind));
            let names: Vec<&str> = fit.map(Reason::name).collect();
            let what = format!("--reason: {reason} is none for such a verdict");
            return Err(Failure::usage(what, format!("there are: {}", names.join(", "))));
        }
        motion.reason.clone_from(reason);
    }
    motion.note = typed.note.clone().unwrap_or_default();
    if typed.yes && motion.reason.is_empty() {
        return Err(Failure::usage(
            "--reason is missing",
            "`paraph incident hold --help` names the reasons",
        ));
    }
    Ok(motion)
}

/// "Everybody" is never what a tired person means.
fn somebody(condition: Condition) -> Result<Condition, Failure> {
    if condition == Condition::default() {
        return Err(Failure::usage(
            "nobody is named: a verdict on everybody who signed is never meant",
            "say whom with --from, --to, --network, --domain, --comment, --verdict, --finding or --answered",
        ));
    }
    Ok(condition)
}

fn condition(typed: &IncidentMotion) -> Result<Condition, Failure> {
    let comment = typed.comment.as_ref().map(|file| {
        fs::read_to_string(file).map_err(|error| Failure::io(format!("--comment: {}", file.display()), &error))
    });
    Ok(Condition {
        from: typed.from.as_deref().map(|time| moment("--from", time)).transpose()?,
        to: typed.to.as_deref().map(|time| moment("--to", time)).transpose()?,
        network: typed.network.as_deref().map(network).transpose()?,
        domain: typed.domain.as_deref().map(str::to_lowercase),
        comment: comment.transpose()?,
        verdicts: typed.verdict.clone(),
        finding: typed.finding.as_deref().map(str::to_lowercase),
        answered: typed.answered.map(|incident| Answers {
            incident,
            apart: typed.apart,
        }),
    })
}

fn moment(flag: &str, typed: &str) -> Result<u64, Failure> {
    let stamp: Option<jiff::Timestamp> = typed.parse().ok();
    let millis = stamp.and_then(|stamp| u64::try_from(stamp.as_millisecond()).ok());
    millis.ok_or_else(|| {
        let hint = "write it with its zone, as in 2026-11-22T02:41:00Z or 2026-11-22T03:41:00+01:00";
        Failure::usage(format!("{flag}: {typed} is not a time"), hint)
    })
}

fn network(typed: &str) -> Result<Network, Failure> {
    let number = typed.strip_prefix("AS").or_else(|| typed.strip_prefix("as"));
    if let Some(number) = number.and_then(|number| number.parse().ok()) {
        return Ok(Network::Origin(number));
    }
    let address = typed.split_once('/').map_or(typed, |(address, _)| address);
    let wide = typed.split_once('/').map(|(_, length)| length);
    match address.parse::<std::net::IpAddr>() {
        Ok(address) if wide.is_none_or(|length| length == if address.is_ipv4() { "24" } else { "64" }) => {
            Ok(Network::Near(address))
        }
        _ => Err(Failure::usage(
            format!("--network: {typed} is not a network that signatures are known by"),
            "write AS64496, or an address: it stands for its /24 or, in IPv6, its /64",
        )),
    }
}

/// Shows what it would do, or does it.
fn moved(direction: Direction, typed: &IncidentMotion) -> Result<(), Failure> {
    let motion = motion(direction, typed)?;
    let direction = motion.direction;
    if !typed.yes {
        let preview = match ask(&typed.place, &IncidentCommand::IncidentPreview(motion))? {
            IncidentAnswer::Preview(preview) => preview,
            other => return Err(unexpected(&other)),
        };
        print(&if typed.json {
            json!({ "preview": preview }).to_string()
        } else {
            foretold(direction, &preview)
        });
        return Ok(());
    }
    match ask(&typed.place, &IncidentCommand::IncidentJudge(motion))? {
        IncidentAnswer::Judged { position, judged } => {
            let back = match direction {
                Direction::Hold => format!("; `paraph incident release --undo {position}` takes it back"),
                Direction::Invalidate => format!("; `paraph incident reinstate --undo {position}` takes it back"),
                Direction::Release | Direction::Reinstate | Direction::Restore => String::new(),
            };
            print(&if typed.json {
                json!({ "verdict": position, "judged": judged }).to_string()
            } else {
                format!("verdict {position}: {} {judged} signatures{back}", done(direction))
            });
            Ok(())
        }
        IncidentAnswer::Nobody => Err(Failure::failed(
            "nobody is judged by this: no signature is meant, or none stands so that it applies",
            "run it without --yes to see whom the condition means",
        )),
        other => Err(unexpected(&other)),
    }
}

/// Shows whom it would reach, asks them, or calls back.
fn second_way(typed: &IncidentAsk) -> Result<(), Failure> {
    let wanted = Ask {
        incident: typed.incident,
        verdicts: typed.verdict.clone(),
        finding: typed.finding.as_deref().map(str::to_lowercase),
    };
    let command = match (typed.call_back, typed.yes) {
        (true, _) => IncidentCommand::IncidentCallBack(typed.incident),
        (false, true) => IncidentCommand::IncidentAsk(wanted),
        (false, false) => IncidentCommand::IncidentAskPreview(wanted),
    };
    let said = match ask(&typed.place, &command)? {
        IncidentAnswer::Asking(preview) if typed.json => json!({ "preview": preview }).to_string(),
        IncidentAnswer::Asking(preview) => would_be_asked(&preview),
        IncidentAnswer::Asked(asked) if typed.json => json!({ "asked": asked }).to_string(),
        IncidentAnswer::Asked(asked) => format!(
            "{asked} people are asked, one after another; `paraph incident second-way {} --call-back` calls back what has not left",
            typed.incident
        ),
        IncidentAnswer::CalledBack if typed.json => json!({ "called_back": true }).to_string(),
        IncidentAnswer::CalledBack => "mails that had not left are called back".to_owned(),
        IncidentAnswer::Nobody => {
            return Err(Failure::failed(
                "nobody is asked by this: nobody is held, or all of them were asked before",
                "run it without --yes to see why",
            ));
        }
        other => return Err(unexpected(&other)),
    };
    print(&said);
    Ok(())
}

fn would_be_asked(preview: &AskPreview) -> String {
    let mut said = format!(
        "{} signatures are held; this would ask {} mailboxes by mail\n  {} were asked before, {} have said \
         \"it wasn't me\" or taken a signature back",
        preview.held, preview.would, preview.asked, preview.taken_back,
    );
    if let (Some(first), Some(last)) = (preview.first_at, preview.last_at) {
        said += &format!(
            "\n  the first mail leaves at {}, the last at {}, if nothing else is sent to these people",
            time(first),
            time(last)
        );
    }
    if preview.had_today > 0 {
        said += &format!(
            "\n  {} have had their mails of the day: theirs wait until that is over, up to 24 hours",
            preview.had_today
        );
    }
    if preview.left_alone > 0 {
        said += &format!(
            "\n  {} are left alone, by their readers' wish or because mail came back: theirs leave when that has ended",
            preview.left_alone
        );
    }
    preview.samples.iter().for_each(|sample| said += &sampled(sample));
    if preview.would > 0 {
        said += "\nnobody was asked; --yes does it, and what has not left can be called back";
    }
    said
}

fn raise_cap(typed: &IncidentCap) -> Result<(), Failure> {
    let command = match typed.to {
        Some(to) => IncidentCommand::IncidentRaiseCap(typed.incident, to, typed.minutes),
        None => IncidentCommand::IncidentLowerCap(typed.incident),
    };
    let said = match ask(&typed.place, &command)? {
        IncidentAnswer::Cap(cap) if typed.json => {
            let (to, until) = cap.unzip();
            json!({ "holds_per_hour": to, "until": until.map(time) }).to_string()
        }
        IncidentAnswer::Cap(Some((to, until))) => format!(
            "up to {to} are held in an hour without a person, until {}; `paraph incident raise-cap {} --lower` takes it back",
            time(until),
            typed.incident
        ),
        IncidentAnswer::Cap(None) => "limits.holds_per_hour is in force again".to_owned(),
        other => return Err(unexpected(&other)),
    };
    print(&said);
    Ok(())
}

/// One of those meant, on a line.
fn sampled(sample: &Sample) -> String {
    let standing = match (sample.counted, sample.confirmed) {
        (true, _) => "counted",
        (false, true) => "confirmed",
        (false, false) => "unconfirmed",
    };
    let comment = sample.comment.chars().filter(|symbol| !symbol.is_control());
    let comment: String = comment.take(60).collect();
    format!(
        "\n  sample: {}  {standing}  {}  {comment}",
        time(sample.at),
        sample.name
    )
}

fn foretold(direction: Direction, preview: &Preview) -> String {
    let mut said = format!(
        "{} signatures are meant; this would {} {}{}\n  {} counted now, {} confirmed, {} never confirmed, {} ended",
        preview.matched,
        direction.name(),
        preview.judged,
        if preview.more {
            ", and leave more for another verdict"
        } else {
            ""
        },
        preview.counted,
        preview.confirmed,
        preview.unconfirmed,
        preview.ended,
    );
    said += &match direction {
        Direction::Hold | Direction::Invalidate => format!(
            "\n  {} of them may be honest people: no finding speaks of them, or they show signs of a person (counted for a day, or \
             from an access network with common mail)",
            preview.honest
        ),
        Direction::Release | Direction::Reinstate | Direction::Restore => {
            format!("\n  {} of them would count", preview.would_count)
        }
    };
    if preview.held_again > 0 {
        said += &format!(
            "\n  {} of them were held before and will be held again",
            preview.held_again
        );
    }
    preview.samples.iter().for_each(|sample| said += &sampled(sample));
    if preview.judged > 0 {
        said += "\nnothing was changed; --yes does it, with --reason and --note, and one command takes it back";
    }
    said
}

fn line(verdict: &Listed) -> String {
    let by = match &verdict.who {
        Who::Program => "scrutiny",
        person => by(person),
    };
    let undone = verdict
        .undone_by
        .map_or_else(String::new, |by| format!("  taken back by {by}"));
    format!(
        "{:>8}  {}  {:<10} {:>8}  {}  {}  by {by}{undone}",
        verdict.position,
        time(verdict.at),
        verdict.direction.name(),
        verdict.judged,
        verdict.petition,
        verdict.reason,
    )
}

fn told(verdict: &Listed) -> String {
    let lang = Lang::from_code("en");
    let why = Reason::from_name(&verdict.reason)
        .zip(lang)
        .map(|(reason, lang)| reason.words(lang));
    let mut said = line(verdict);
    if let Some(why) = why {
        said += &format!("\n  why: {why}");
    }
    if !verdict.note.is_empty() {
        said += &format!("\n  note: {}", on_one_line(&verdict.note));
    }
    if let Some(undoes) = verdict.undoes {
        said += &format!("\n  takes back: {undoes}");
    }
    said + &sentences(&verdict.evidence, "  ")
}

fn head(incident: &book::Incident) -> String {
    let end = incident
        .closed_at
        .map_or_else(|| "open".to_owned(), |at| format!("closed {}", time(at)));
    format!(
        "incident {}  {}  {end}  {} were held, {} refused",
        incident.id,
        time(incident.opened_at),
        incident.held,
        incident.refused,
    )
}

fn history(shown: &Shown) -> String {
    let mut said = head(&shown.incident);
    said += &format!("\n  of all whom it caught: {}", stand(shown.now));
    if let Some(aware) = shown.aware_at {
        said += &format!("\n  a person knew of it at {}", time(aware));
    }
    if let Some(cap) = shown.incident.cap {
        said += &format!(
            "\n  up to {} are held in an hour without a person, until {}",
            cap.to,
            time(cap.until)
        );
    }
    for found in &shown.findings {
        said += &format!("\n  {}", named(found));
        said += &sentences(&found.evidence, "    ");
    }
    let asked = &shown.second_way;
    if asked.offered > 0 {
        said += &format!(
            "\n  asked by mail: {}, {} left, {} answered",
            asked.offered, asked.left, asked.answered
        );
        for (petition, decide) in &asked.to_decide {
            said += &format!(
                "\n    {petition}: {} answers wait for you, {} of them alike; `paraph incident release --petition {petition} --answered {}`",
                decide.answered, decide.alike, shown.incident.id
            );
        }
    }
    for line in &shown.story {
        said += &format!("\n  {}  {:<12}  {}", time(line.at), by(&line.who), told_line(line));
    }
    if shown.incident.left_out > 0 {
        said += &format!(
            "\n  {} lines did not fit; the verdicts among them are in `paraph incident list`",
            shown.incident.left_out
        );
    }
    said
}

fn stand(now: Now) -> String {
    format!(
        "{} held now, {} invalidated, {} neither",
        now.held, now.invalidated, now.clear
    )
}

/// What was seen, what may explain it innocently and how sure it is, a sentence a line; nothing for a verdict by hand. With
/// `--json` it is there in numbers.
fn sentences(evidence: &serde_json::Value, indent: &str) -> String {
    let Some(lang) = Lang::from_code("en") else {
        return String::new();
    };
    let words = EvidenceWords::of(evidence, lang);
    let seen = words.facts.iter().map(|fact| ("seen", fact));
    let innocent = words.innocent.iter().map(|innocent| ("it may be innocent", innocent));
    let sure = words.confidence.iter().map(|confidence| ("confidence", confidence));
    let lines = seen.chain(innocent).chain(sure);
    lines
        .map(|(what, words)| format!("\n{indent}{what}: {words}"))
        .collect()
}

fn named(found: &Found) -> String {
    let standing = match (found.asks, found.waiting) {
        (true, _) => "asks you to look, and names nobody".to_owned(),
        (false, 0) => stand(found.now),
        (false, waiting) => format!("{}, {waiting} wait outside the count", stand(found.now)),
    };
    format!("finding {}  {}  {standing}", found.name, found.petition)
}

fn by(who: &Who) -> &str {
    match who {
        Who::Program => "program",
        Who::Member(name) => name,
        Who::Former => "a former member",
        Who::CommandLine => "command line",
    }
}

fn told_line(line: &Told) -> String {
    match &line.what {
        Happened::Seen(what) => happened(what),
        Happened::Written(entry, text) => written(*entry, text),
    }
}

fn written(entry: Entry, text: &str) -> String {
    match entry {
        Entry::Note => on_one_line(text),
        Entry::Aware => "knows of an attack: the clocks run".to_owned(),
        Entry::Over => "stopped the clocks".to_owned(),
        Entry::CapRaised => {
            let (to, until) = text.split_once(' ').unwrap_or((text, ""));
            let until = until.parse().map(time).unwrap_or_default();
            format!("lets {to} be held in an hour without a person, until {until}")
        }
        Entry::CapLowered => "lets limits.holds_per_hour be in force again".to_owned(),
        Entry::SecondWay => format!("asked {text} held people by mail"),
        Entry::CalledBack => "called back the mails that had not left".to_owned(),
        Entry::Acknowledged => format!("acknowledged {text} alerts"),
    }
}

fn happened(what: &What) -> String {
    match what {
        What::Opened => "began".to_owned(),
        What::Verdict {
            position,
            direction,
            judged,
        } => format!("verdict {position}: {} {judged}", done(*direction)),
        What::Refused { requests } => format!("{requests} refused in a minute"),
        What::AtCap { waiting } => format!("the holds of this hour are used up; {waiting} wait outside the count"),
        What::Bans { bans } => format!("{bans} bans in force"),
        What::Closed => "closed: nothing was seen for a while".to_owned(),
    }
}

fn time(at: u64) -> String {
    let stamp = i64::try_from(at)
        .ok()
        .and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
    stamp.map_or_else(String::new, |stamp| format!("{stamp:.0}"))
}

/// The command by which it is done.
fn command(direction: Direction) -> Direction {
    match direction {
        Direction::Restore => Direction::Reinstate,
        other => other,
    }
}

fn done(direction: Direction) -> &'static str {
    match direction {
        Direction::Hold => "held",
        Direction::Release => "released",
        Direction::Invalidate => "invalidated",
        Direction::Reinstate => "reinstated",
        Direction::Restore => "restored",
    }
}
