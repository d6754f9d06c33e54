//! Pages of incidents, and what the room shows of them: stories, clocks, findings, the limit of holds, held people asked.

use std::borrow::Borrow;

use askama::Template;
use jiff::tz::TimeZone;
use paraph_tally::Millis;
use serde_json::Value;

use super::desk::{DeskFrame, pages};
use super::lang::Arg;
use super::model::Frame;
use super::room::{Noting, moment, moment_in};
use super::{Lang, findings};
use crate::desk::night::Night;
use crate::desk::role::Act;
use crate::desk::room::deadline;
use crate::incident::book::{Incident, What};
use crate::incident::findings::{Found, Now};
use crate::incident::log::{Entry, Happened, Told, Who};
use crate::incident::second_way::{Ask, AskPreview, AskedSoFar, ToDecide};
use crate::incident::{Direction, Shown};

/// A moment, as this or that keeps it.
pub(super) trait At {
    /// Milliseconds UTC.
    fn millis(&self) -> Millis;
}

impl At for u64 {
    fn millis(&self) -> Millis {
        Millis(*self)
    }
}

impl At for Millis {
    fn millis(&self) -> Millis {
        *self
    }
}

/// Templates lend what they pass.
impl<T: At> At for &T {
    fn millis(&self) -> Millis {
        (*self).millis()
    }
}

/// What was seen, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EvidenceWords {
    /// How many in how long, up to when.
    pub span: Option<String>,
    /// When the facts were seen: members may have gone on coming.
    pub seen: Option<String>,
    /// Three facts.
    pub facts: Vec<String>,
    /// What may explain it innocently.
    pub innocent: Option<String>,
    /// How sure it is.
    pub confidence: Option<String>,
}

impl EvidenceWords {
    /// Evidence in a language; empty for that of a person.
    #[must_use]
    pub fn of(evidence: &Value, lang: Lang, zone: &TimeZone) -> Self {
        let code = lang.code();
        let key = |name: &str| evidence[name].as_str().map(|key| findings::say(code, key, &[]));
        let facts = evidence["facts"].as_array().map_or(&[][..], |facts| &facts[..]);
        let fact = |fact: &Value| {
            let number = |name: &str| fact[name].as_u64().unwrap_or(0);
            let expected = fact["expected"].as_f64().unwrap_or(0.0);
            let decimal = lang.text("desk-decimal");
            let args = [
                ("seen", Arg::from(number("seen"))),
                ("of", number("of").into()),
                ("values", number("values").into()),
                ("expected", rounded(expected).replace('.', &decimal).into()),
            ];
            Some(findings::say(code, fact["fact"].as_str()?, &args))
        };
        let number = |name: &str| evidence[name].as_u64();
        let span = || {
            let (members, first, last) = (number("members")?, number("first")?, number("last")?);
            let until = moment_in(lang, Millis(last), zone);
            Some(contributions_in(lang, members, (last.saturating_sub(first), until)))
        };
        let seen = |at| {
            let at = moment_in(lang, Millis(at), zone);
            lang.fill("desk-findings-facts-at", &[("at", at.into())])
        };
        Self {
            span: span(),
            seen: number("facts_at").map(seen),
            facts: facts.iter().take(3).filter_map(fact).collect(),
            innocent: key("innocent"),
            confidence: key("confidence"),
        }
    }
}

/// A tenth says something of a few, and nothing of many.
fn rounded(number: f64) -> String {
    if number < 10.0 {
        format!("{number:.1}")
    } else {
        format!("{number:.0}")
    }
}

/// "412 contributions in 6 minutes, up to ...", in the largest unit of which there are two.
fn contributions_in(lang: Lang, members: u64, (millis, until): (u64, String)) -> String {
    let minutes = millis.div_ceil(60_000).max(1);
    let (unit, many) = match minutes {
        0..120 => ("desk-span-minutes", minutes),
        120..2_880 => ("desk-span-hours", minutes.div_ceil(60)),
        _ => ("desk-span-days", minutes.div_ceil(1_440)),
    };
    let words = [
        ("members", members.into()),
        ("count", many.into()),
        ("until", until.into()),
    ];
    lang.fill(unit, &words)
}

/// A finding in the room.
pub struct FoundCard {
    /// What it is called.
    pub name: String,
    /// Slug of the petition.
    pub petition: String,
    /// How those it caught stand now.
    pub now: Now,
    /// Members that wait beyond the limit of holds.
    pub waiting: u64,
    /// It only asks for a look.
    pub asks: bool,
    /// What was seen.
    pub words: EvidenceWords,
}

impl FoundCard {
    /// A finding in words.
    #[must_use]
    pub fn of(found: &Found, lang: Lang, zone: &TimeZone) -> Self {
        Self {
            name: found.name.clone(),
            petition: found.petition.clone(),
            now: found.now,
            waiting: found.waiting,
            asks: found.asks,
            words: EvidenceWords::of(&found.evidence, lang, zone),
        }
    }

    /// What it came to.
    pub(super) fn title(&self, f: &Frame<'_>) -> String {
        if self.asks && self.now == Now::default() {
            return f.t("desk-finding-asks");
        }
        let rest = [
            ("waiting", self.waiting),
            ("invalidated", self.now.invalidated),
            ("clear", self.free()),
        ];
        let rest = rest.into_iter().filter(|(_, many)| *many > 0);
        let rest = rest.map(|(how, many)| f.t1(&format!("desk-now-{how}"), "count", many));
        let held = f.t1("desk-found-hold", "count", self.now.held);
        std::iter::once(held).chain(rest).collect::<Vec<_>>().join(", ")
    }

    /// Neither held, nor invalidated, nor waiting to be held.
    fn free(&self) -> u64 {
        self.now.clear.saturating_sub(self.waiting)
    }

    /// Whether there is somebody to hold. Of one that only asks, a preview says how many.
    pub(super) fn can_hold(&self) -> bool {
        self.waiting > 0 || self.now.clear > 0 || self.asks
    }

    /// Of one that only asks, how many can be judged by it.
    pub(super) fn looked_at_most(&self) -> u64 {
        paraph_scrutiny::bounds::MAX_SHOWN as u64
    }

    /// Whether there is somebody to invalidate.
    pub(super) fn can_invalidate(&self) -> bool {
        self.now.held > 0 || self.asks
    }

    /// Whether there is somebody to release, or to be asked.
    pub(super) fn can_release(&self) -> bool {
        self.now.held > 0
    }
}

/// Holds an hour without a person, and what a press would allow.
pub struct LimitPage {
    /// As configured.
    pub usual: u64,
    /// Members of clusters that wait beyond it.
    pub over: u64,
    /// A person allows more: how many, until when.
    pub raised: Option<(u64, Millis)>,
    /// The open incident.
    pub incident: Option<u64>,
    /// What it can be raised to.
    pub choices: [u64; 3],
    /// Minutes that this lasts.
    pub minutes: u64,
}

impl LimitPage {
    /// Whether somebody is asked about it.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.over > 0 || self.raised.is_some()
    }

    /// In force now.
    pub(super) fn now(&self) -> u64 {
        self.raised.map_or(self.usual, |(to, _)| to.max(self.usual))
    }
}

/// A legal clock that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunningClock {
    /// Of which incident, if of one.
    pub incident: Option<u64>,
    /// The moment of awareness.
    pub aware: Millis,
}

impl RunningClock {
    /// When its terms end.
    #[must_use]
    pub fn deadline(&self) -> Millis {
        deadline(self.aware)
    }
}

/// Who did something.
#[must_use]
pub fn who(f: &Frame<'_>, who: &Who) -> String {
    match who {
        Who::Program => f.t("desk-who-program"),
        Who::Member(name) => name.clone(),
        Who::Former(0) => f.t("desk-former"),
        Who::Former(number) => f.lang.fill("desk-former-number", &[("count", (*number).into())]),
        Who::CommandLine => f.t("desk-who-command-line"),
        Who::Link => f.t("desk-who-link"),
    }
}

/// What somebody wrote or did.
#[must_use]
pub fn written(f: &Frame<'_>, entry: Entry, text: &str, zone: &TimeZone) -> String {
    let mut numbers = text.split(' ').map(|number| number.parse::<u64>().unwrap_or(0));
    let mut number = || numbers.next().unwrap_or(0);
    match entry {
        Entry::Note => text.to_owned(),
        Entry::Aware => f.t("desk-shift-aware"),
        Entry::Over => f.t("desk-shift-over"),
        Entry::CapRaised => {
            let (to, until) = (number(), moment(f, &Millis(number()), zone));
            f.lang.fill(
                "desk-shift-cap-raised",
                &[("count", to.into()), ("until", until.into())],
            )
        }
        Entry::CapLowered => f.t("desk-shift-cap-lowered"),
        Entry::SecondWay => f.t1("desk-shift-second-way", "count", number()),
        Entry::CalledBack => f.t("desk-shift-called-back"),
        Entry::Acknowledged => f.t1("desk-shift-acknowledged", "count", number()),
        Entry::Paused => f.t("desk-shift-paused"),
        Entry::Resumed => f.t("desk-shift-resumed"),
        Entry::LinkPressed => f
            .lang
            .fill("desk-shift-link-pressed", &[("to", text.to_owned().into())]),
    }
}

fn seen(f: &Frame<'_>, what: &What) -> String {
    match what {
        What::Opened => f.t("desk-seen-opened"),
        What::Verdict {
            position,
            direction,
            judged,
        } => {
            let id = format!("desk-found-{}", direction.name());
            format!(
                "{} ({} {position})",
                f.t1(&id, "count", *judged),
                f.t("desk-found-number")
            )
        }
        What::Refused { requests } => f.t1("desk-seen-refused", "count", *requests),
        What::AtCap { waiting } => f.t1("desk-seen-at-cap", "count", *waiting),
        What::Bans { bans } => f.t1("desk-seen-bans", "count", *bans),
        What::Closed => f.t("desk-seen-closed"),
    }
}

/// How those stand now who were held or invalidated in an incident.
#[must_use]
pub fn stands(f: &Frame<'_>, now: &Now) -> String {
    let numbers = [
        ("held", now.held.into()),
        ("invalidated", now.invalidated.into()),
        ("clear", now.clear.into()),
    ];
    f.lang.fill("desk-incident-now-numbers", &numbers)
}

/// What was held and refused in an incident.
#[must_use]
pub fn sums(f: &Frame<'_>, incident: &Incident) -> String {
    let sums = [("held", incident.held.into()), ("refused", incident.refused.into())];
    f.lang.fill("desk-incident-sums", &sums)
}

impl ToDecide {
    fn words(&self, f: &Frame<'_>) -> String {
        let numbers = [("answered", self.answered.into()), ("alike", self.alike.into())];
        f.lang.fill("desk-answers", &numbers)
    }

    fn apart(&self) -> u64 {
        self.answered - self.alike
    }

    /// Some are alike, and some are not.
    fn is_mixed(&self) -> bool {
        self.alike > 0 && self.alike < self.answered
    }
}

/// `GET /desk/incidents`
pub struct IncidentsPage<'a> {
    /// All of them, the latest first.
    pub incidents: &'a [Incident],
    /// Time zone of who reads.
    pub zone: &'a TimeZone,
}

impl IncidentsPage<'_> {
    fn moment(&self, f: &Frame<'_>, at: impl At) -> String {
        moment(f, &at.millis(), self.zone)
    }
}

/// `GET /desk/incidents/{number}`
pub struct IncidentPage<'a> {
    /// The incident, with its story.
    pub shown: &'a Shown,
    /// Findings.
    pub findings: &'a [FoundCard],
    /// Holds an hour without a person.
    pub limit: &'a LimitPage,
    /// The line of its shift log that is being written.
    pub noting: Noting<'a>,
    /// Time zone, and who decides.
    pub night: &'a Night,
    /// Whether who looks may judge.
    pub may_judge: bool,
}

impl IncidentPage<'_> {
    fn moment(&self, f: &Frame<'_>, at: impl At) -> String {
        moment(f, &at.millis(), &self.night.zone)
    }

    fn clock(&self) -> Option<RunningClock> {
        let aware = Millis(self.shown.aware_at?);
        let incident = Some(self.shown.incident.id);
        Some(RunningClock { incident, aware })
    }

    fn line(&self, f: &Frame<'_>, line: &Told) -> String {
        match &line.what {
            Happened::Seen(what) => seen(f, what),
            Happened::Written(entry, text) => written(f, *entry, text, &self.night.zone),
        }
    }

    fn who(&self, f: &Frame<'_>, line: &Told) -> String {
        who(f, &line.who)
    }

    /// Whether somebody was held in it, by scrutiny or by a person.
    fn has_holds(&self) -> bool {
        let is_hold = |what: &What| {
            matches!(
                what,
                What::Verdict {
                    direction: Direction::Hold,
                    ..
                }
            )
        };
        self.shown.incident.timeline.iter().any(|line| is_hold(&line.what))
    }

    fn asked(&self) -> &AskedSoFar {
        &self.shown.second_way
    }
}

impl AskedSoFar {
    /// Whether anybody was asked.
    pub(super) fn is_any(&self) -> bool {
        self.offered > 0
    }

    fn waits(&self) -> u64 {
        self.offered.saturating_sub(self.left)
    }

    fn words(&self, f: &Frame<'_>) -> String {
        let numbers = [
            ("offered", self.offered.into()),
            ("left", self.left.into()),
            ("answered", self.answered.into()),
        ];
        f.lang.fill("desk-asked", &numbers)
    }
}

/// `POST /desk/incident/second-way`: whom it would reach.
pub struct AskPage<'a> {
    /// What was asked.
    pub ask: &'a Ask,
    /// Whom it would reach.
    pub preview: &'a AskPreview,
    /// Time zone of who decides.
    pub zone: &'a TimeZone,
}

impl AskPage<'_> {
    fn moment(&self, f: &Frame<'_>, at: impl At) -> String {
        moment(f, &at.millis(), self.zone)
    }

    fn leave(&self, f: &Frame<'_>, first: impl At, last: impl At) -> String {
        let times = [
            ("first", self.moment(f, first).into()),
            ("last", self.moment(f, last).into()),
        ];
        f.lang.fill("desk-ask-leave", &times)
    }

    fn finding(&self) -> &str {
        self.ask.finding.as_deref().unwrap_or_default()
    }
}

/// What waits for a person of the answers about one petition.
#[derive(Template)]
#[template(path = "desk/answers.html")]
struct AnswersPart<'a> {
    d: &'a DeskFrame<'a>,
    f: &'a Frame<'a>,
    incident: u64,
    asked: &'a AskedSoFar,
}

/// Answers of held people that wait for a person, with the buttons that decide about them.
#[must_use]
pub fn answers(d: &DeskFrame<'_>, incident: impl Borrow<u64>, asked: &AskedSoFar) -> String {
    let (f, incident) = (&d.f, *incident.borrow());
    let part = AnswersPart { d, f, incident, asked };
    part.render().expect("writing into a string does not fail")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whom_a_finding_that_only_asks_is_about_can_be_held_or_invalidated_by_a_person() {
        let found = Found {
            name: "0a1b2c3d".to_owned(),
            petition: "fountain".to_owned(),
            verdicts: Vec::new(),
            now: Now::default(),
            waiting: 0,
            asks: true,
            evidence: json!({}),
        };
        let card = FoundCard::of(&found, Lang::from_code("en").expect("built in"), &TimeZone::UTC);
        assert!(card.can_hold() && card.can_invalidate() && !card.can_release());
        let nothing = FoundCard { asks: false, ..card };
        assert!(!nothing.can_hold() && !nothing.can_invalidate());
    }

    fn words(code: &str, fact: &Value) -> EvidenceWords {
        let evidence = json!({ "members": 412, "first": 60_000, "last": 400_000, "facts": [fact] });
        EvidenceWords::of(&evidence, Lang::from_code(code).expect("built in"), &TimeZone::UTC)
    }

    /// Members go on coming under what was seen of the first: whoever reads both is told as of when each is.
    #[test]
    fn a_finding_says_as_of_when_its_facts_are() {
        let of = |facts_at: Option<u64>| {
            let mut evidence = json!({ "members": 4812, "first": 0, "last": 10_800_000, "facts": [] });
            if let Some(at) = facts_at {
                evidence["facts_at"] = at.into();
            }
            EvidenceWords::of(&evidence, Lang::from_code("en").expect("built in"), &TimeZone::UTC)
        };
        let words = of(Some(420_000));
        assert!(words.span.expect("a span").ends_with(" UTC."));
        assert_eq!(
            words.seen.as_deref(),
            Some("What was seen by 1 January 1970 at 00:07 UTC")
        );
        assert_eq!(of(None).seen, None, "evidence of an earlier version does not say");
    }

    #[test]
    fn a_finding_says_how_many_in_how_long_and_what_was_expected() {
        let names =
            json!({ "fact": "scrutiny-fact-same-names", "seen": 200, "of": 218, "values": 1, "expected": 0.31 });
        let beat = json!({ "fact": "scrutiny-fact-regular", "seen": 99, "of": 99, "values": 12, "expected": 100.0 });
        let older = json!({ "fact": "scrutiny-fact-regular", "seen": 99, "of": 99, "values": 0, "expected": 0.0 });
        for (code, span, one, even, before) in [
            (
                "en",
                "412 contributions in 6 minutes, the last 1 January 1970 at 00:06 UTC.",
                "200 of 218 contributions bear one name; 0.3 would be expected.",
                "The intervals differ from their mean by 12 %; 100 % would be expected.",
                "People do not keep a beat.",
            ),
            (
                "fr",
                "412 contributions en 6 minutes, la dernière le 1er janvier 1970 à 00\u{a0}h\u{a0}06 UTC.",
                "200 contributions sur 218 portent un seul nom\u{202f}; on en attendrait 0,3.",
                "Les intervalles s’écartent de leur moyenne de 12\u{202f}%\u{202f}; on attendrait 100\u{202f}%.",
                "Des gens ne battent pas la mesure.",
            ),
        ] {
            assert_eq!(words(code, &names).span.as_deref(), Some(span));
            assert_eq!(words(code, &names).facts, [one]);
            assert!(words(code, &beat).facts[0].ends_with(even), "{:?}", words(code, &beat));
            assert!(
                words(code, &older).facts[0].ends_with(before),
                "{:?}",
                words(code, &older)
            );
        }
    }
}

pages! {
    /// `GET /desk/incidents`
    desk_incidents(IncidentsPage) = "desk/incidents.html";
    /// `GET /desk/incidents/{number}`
    desk_incident(IncidentPage) = "desk/incident.html";
    /// `POST /desk/incident/second-way`
    desk_ask(AskPage) = "desk/ask.html";
}
