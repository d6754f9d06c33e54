//! What `paraph incident` says, in English.

use jiff::tz::TimeZone;

use super::super::on_one_line;
use crate::incident::book::{self, What};
use crate::incident::findings::{Found, Now};
use crate::incident::log::{Entry, Happened, Told, Who};
use crate::incident::preview::{Preview, Sample};
use crate::incident::{Direction, Listed, Shown};
use crate::intake::verdict::reason::Reason;
use crate::plural::many;
use crate::views::Lang;
use crate::views::incident::EvidenceWords;

/// One of those meant, on a line.
pub(super) fn sampled(sample: &Sample) -> String {
    let standing = sample.stands.name();
    let comment = sample.comment.chars().filter(|symbol| !symbol.is_control());
    let comment: String = comment.take(60).collect();
    format!(
        "\n  sample: {}  {standing}  {}  {comment}",
        time(sample.at),
        sample.name
    )
}

pub(super) fn foretold(direction: Direction, preview: &Preview) -> String {
    let mut said = format!(
        "{}; this would {} {}{}\n  {} counted now, {} confirmed, {} never confirmed, {} ended",
        many(preview.matched, "signature is meant", "signatures are meant"),
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
            "\n  {} before and will be held again",
            many(preview.held_again, "of them was held", "of them were held")
        );
    }
    if let Some(forgotten) = preview.forgotten {
        said += &format!(
            "\n  the finding speaks of {}, and of {} the server knows which they are",
            forgotten.said, forgotten.known
        );
    }
    preview.samples.iter().for_each(|sample| said += &sampled(sample));
    if preview.judged > 0 {
        said += &format!(
            "\nnothing was changed; --yes --expect {} does it as long as they are so many, with --reason and --note, and one command \
             takes it back",
            preview.judged
        );
    }
    said
}

pub(super) fn line(verdict: &Listed) -> String {
    let by = match &verdict.who {
        Who::Program => "scrutiny".to_owned(),
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

pub(super) fn told(verdict: &Listed) -> String {
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

pub(super) fn head(incident: &book::Incident) -> String {
    let end = incident
        .closed_at
        .map_or_else(|| "open".to_owned(), |at| format!("closed {}", time(at)));
    format!(
        "incident {}  {}  {end}  {}, {} refused",
        incident.id,
        time(incident.opened_at),
        many(incident.held, "was held", "were held"),
        incident.refused,
    )
}

pub(super) fn history(shown: &Shown) -> String {
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
    let words = EvidenceWords::of(evidence, lang, &TimeZone::UTC);
    let seen = words.facts.iter().map(|fact| ("seen", fact));
    let innocent = words.innocent.iter().map(|innocent| ("it may be innocent", innocent));
    let sure = words.confidence.iter().map(|confidence| ("confidence", confidence));
    let lines = seen.chain(innocent).chain(sure);
    lines
        .map(|(what, words)| format!("\n{indent}{what}: {words}"))
        .collect()
}

pub(super) fn named(found: &Found) -> String {
    let standing = match (found.asks, found.waiting) {
        (true, _) => format!(
            "asks you to look, nobody is held for it by itself; {}",
            stand(found.now)
        ),
        (false, 0) => stand(found.now),
        (false, waiting) => format!(
            "{}, {} outside the count",
            stand(found.now),
            many(waiting, "waits", "wait")
        ),
    };
    format!("finding {}  {}  {standing}", found.name, found.petition)
}

fn by(who: &Who) -> String {
    match who {
        Who::Program => "program".to_owned(),
        Who::Member(name) => name.clone(),
        Who::Former(0) => "a former member".to_owned(),
        Who::Former(number) => format!("former member {number}"),
        Who::CommandLine => "command line".to_owned(),
        Who::Link => "alert's link".to_owned(),
    }
}

fn told_line(line: &Told) -> String {
    match &line.what {
        Happened::Seen(what) => happened(what),
        Happened::Written(entry, text) => written(*entry, text),
    }
}

fn written(entry: Entry, text: &str) -> String {
    let number = |text: &str| text.parse().unwrap_or(0);
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
        Entry::SecondWay => format!("asked {} by mail", many(number(text), "held person", "held people")),
        Entry::CalledBack => "called back the mails that had not left".to_owned(),
        Entry::Acknowledged => format!("acknowledged {}", many(number(text), "alert", "alerts")),
        Entry::LinkPressed => format!("acknowledged an alert, whose link was sent to {text}"),
        Entry::Paused => "paused signing: pages only".to_owned(),
        Entry::Resumed => "let people sign again".to_owned(),
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
        What::AtCap { waiting } => format!(
            "the holds of this hour are used up; {} outside the count",
            many(*waiting, "waits", "wait")
        ),
        What::Bans { bans } => format!("{} in force", many(*bans, "ban", "bans")),
        What::Closed => "closed: nothing was seen for a while".to_owned(),
    }
}

pub(super) fn time(at: u64) -> String {
    let stamp = i64::try_from(at)
        .ok()
        .and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
    stamp.map_or_else(String::new, |stamp| format!("{stamp:.0}"))
}

pub(super) fn done(direction: Direction) -> &'static str {
    match direction {
        Direction::Hold => "held",
        Direction::Release => "released",
        Direction::Invalidate => "invalidated",
        Direction::Reinstate => "reinstated",
        Direction::Restore => "restored",
    }
}
