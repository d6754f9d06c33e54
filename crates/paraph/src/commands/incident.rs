//! `paraph incident ...`

mod words;

use serde_json::json;

use super::{configured, print};
use crate::cli::Place;
use crate::cli::incident::{Incident, IncidentAsk, IncidentCap, IncidentMotion};
use crate::control;
use crate::failure::Failure;
use crate::incident::answers::Answers;
use crate::incident::condition::{Condition, Network, mail_domain};
use crate::incident::second_way::{Ask, AskPreview};
use crate::incident::{Direction, IncidentAnswer, IncidentCommand, Motion, Previewed, Refused};
use crate::intake::verdict::reason::Reason;
use crate::limits::COMMENT_FILE_BYTES;
use crate::named;
use crate::plural::many;
use words::{done, foretold, head, history, line, named, sampled, time, told};

pub(super) fn run(incident: &Incident) -> Result<(), Failure> {
    match incident {
        Incident::List(all) => {
            let (incidents, verdicts, findings) = match ask(&all.place, &IncidentCommand::IncidentList)? {
                IncidentAnswer::List(incidents, verdicts, findings) => (incidents, verdicts, findings),
                other => return Err(unexpected(&other)),
            };
            if all.json {
                print(&json!({ "incidents": incidents, "verdicts": verdicts, "findings": findings }).to_string());
                return Ok(());
            }
            if incidents.is_empty() && verdicts.is_empty() && findings.is_empty() {
                print("no incident, and no verdict was given yet");
            }
            incidents.iter().for_each(|incident| print(&head(incident)));
            findings.iter().for_each(|found| print(&named(found)));
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
        Refused::Verdict | Refused::NotUndone | Refused::Undone | Refused::NoEffect => {
            "`paraph incident list` shows the verdicts"
        }
        Refused::Incident | Refused::NotLatest => "`paraph incident list` shows the incidents",
        Refused::Finding => "`paraph incident show` names the findings of an incident",
        Refused::Over => {
            "`paraph incident list` shows whether another is open; limits.holds_per_hour holds without one, after a reload"
        }
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
        return Err(Failure::usage(
            what,
            "a hold is released, an invalidation reinstated, a release held and a reinstatement invalidated again",
        ));
    }
    if let Some(reason) = &typed.reason {
        let (kind, takes_back) = (motion.direction.into(), motion.undoes.is_some());
        if !Reason::from_name(reason).is_some_and(|reason| reason.is_for(kind, takes_back)) {
            let fit = Reason::ALL.into_iter().filter(|reason| reason.is_for(kind, takes_back));
            let names: Vec<&str> = fit.map(Reason::name).collect();
            let what = format!("--reason: {reason} is none for such a verdict");
            return Err(Failure::usage(what, format!("there are: {}", names.join(", "))));
        }
        motion.reason.clone_from(reason);
    }
    motion.note = typed.note.clone().unwrap_or_default();
    motion.previewed = typed.expect.map(Previewed::Exactly);
    if typed.yes && motion.reason.is_empty() {
        return Err(Failure::usage(
            "--reason is missing",
            "`paraph incident hold --help` names the reasons",
        ));
    }
    Ok(motion)
}

/// Nobody and everybody are never what a tired person means.
fn somebody(condition: Condition) -> Result<Condition, Failure> {
    if condition.is_backwards() {
        return Err(Failure::usage(
            "--from is not before --to: nobody signed then",
            "--from is the first moment that is meant, --to the first that no longer is",
        ));
    }
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
        named::text(file, COMMENT_FILE_BYTES).map_err(|error| {
            let hint = "give a file of UTF-8 text with the one comment, at most 64 KiB";
            Failure::usage(format!("--comment: cannot read {}: {error}", file.display()), hint)
        })
    });
    Ok(Condition {
        from: typed.from.as_deref().map(|time| moment("--from", time)).transpose()?,
        to: typed.to.as_deref().map(|time| moment("--to", time)).transpose()?,
        network: typed.network.as_deref().map(network).transpose()?,
        domain: typed.domain.as_deref().map(domain).transpose()?,
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
    Network::read(typed).ok_or_else(|| {
        Failure::usage(
            format!("--network: {typed} is not a network that signatures are known by"),
            "write AS64496, or an address: it stands for its /24 or, in IPv6, its /64",
        )
    })
}

fn domain(typed: &str) -> Result<String, Failure> {
    mail_domain(typed).ok_or_else(|| {
        let hint = "write what stands behind the @ of an address, as in people.example";
        Failure::usage(format!("--domain: {typed} is not a mail domain"), hint)
    })
}

/// Shows what it would do, or does it.
fn moved(direction: Direction, typed: &IncidentMotion) -> Result<(), Failure> {
    let motion = motion(direction, typed)?;
    let (direction, is_undo) = (motion.direction, motion.undoes.is_some());
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
                _ if is_undo => String::new(),
                Direction::Hold => format!("; `paraph incident release --undo {position}` takes it back"),
                Direction::Invalidate => format!("; `paraph incident reinstate --undo {position}` takes it back"),
                Direction::Release => format!("; `paraph incident hold --undo {position}` takes it back"),
                Direction::Reinstate => format!("; `paraph incident invalidate --undo {position}` takes it back"),
                Direction::Restore => String::new(),
            };
            print(&if typed.json {
                json!({ "verdict": position, "judged": judged }).to_string()
            } else {
                format!(
                    "verdict {position}: {} {}{back}",
                    done(direction),
                    many(judged, "signature", "signatures")
                )
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
            "{}; `paraph incident second-way {} --call-back` calls back what has not left",
            many(asked, "person is asked", "people are asked, one after another"),
            typed.incident
        ),
        IncidentAnswer::CalledBack(mails) if typed.json => {
            json!({ "called_back": mails > 0, "mails": mails }).to_string()
        }
        IncidentAnswer::CalledBack(0) => "nothing is called back: every mail has left".to_owned(),
        IncidentAnswer::CalledBack(mails) => many(
            mails,
            "mail that had not left is called back",
            "mails that had not left are called back",
        ),
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
        "{}; this would ask {} by mail\n  {} before, {} \"it wasn't me\" or taken a signature back",
        many(preview.held, "signature is held", "signatures are held"),
        many(preview.would, "mailbox", "mailboxes"),
        many(preview.asked, "was asked", "were asked"),
        many(preview.taken_back, "has said", "have said"),
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
            "\n  {} of the day already: the next waits until that is over, up to 24 hours",
            many(preview.had_today, "has had the mails", "have had the mails")
        );
    }
    if preview.left_alone > 0 {
        said += &format!(
            "\n  {}, by their reader's wish or because mail came back: the mail leaves when that has ended",
            many(preview.left_alone, "is left alone", "are left alone")
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

/// The command by which it is done.
fn command(direction: Direction) -> Direction {
    match direction {
        Direction::Restore => Direction::Reinstate,
        other => other,
    }
}
