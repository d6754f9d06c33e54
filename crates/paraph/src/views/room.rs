//! Pages of the incident room.

use askama::Template;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use paraph_tally::Millis;

use super::desk::{DeskFrame, pages};
use super::incident::{At, EvidenceWords, FoundCard, LimitPage, RunningClock, who, written};
use super::model::Frame;
use super::{Lang, markup};
use crate::alerts::book::Alarm;
use crate::alerts::say;
use crate::desk::night::Night;
use crate::desk::role::Act;
use crate::desk::room::chart::{Minutes, SIZE, path, top};
use crate::desk::room::{Lamp, Light, Next, Room, Seen};
use crate::incident::Listed;
use crate::incident::book::Incident;
use crate::incident::log::{ShiftLine, Who};
use crate::incident::second_way::AskedSoFar;
use crate::incident::sources::HeldSources;
use crate::intake::verdict::reason::Reason;

/// Cards that the room shows unfolded.
const CARDS: usize = 2;
/// Lines of the shift log that it shows unfolded.
const LINES: usize = 3;

/// `GET /desk/incident`
pub struct RoomPage<'a> {
    /// Lamps and next action.
    pub room: &'a Room,
    /// What they were made from.
    pub seen: &'a Seen,
    /// What was minute by minute.
    pub charts: &'a Charts,
    /// Banned sources by the network that announces them.
    pub bans: &'a [(String, u64)],
    /// The latest of what is held, by network.
    pub held: &'a HeldSources,
    /// Verdicts, the latest first.
    pub findings: &'a [FindingCard],
    /// What scrutiny says now.
    pub standing: &'a [FoundCard],
    /// Holds an hour that need no person.
    pub limit: &'a LimitPage,
    /// Incidents, the latest first.
    pub incidents: &'a [Incident],
    /// There are more of them.
    pub more_incidents: bool,
    /// Held people of the latest incident who were asked.
    pub asked: &'a AskedSoFar,
    /// The shift log, the latest first.
    pub shift: &'a [ShiftLine],
    /// Legal clocks that run.
    pub clocks: &'a [RunningClock],
    /// Time zone, and who decides.
    pub night: &'a Night,
}

/// Lines of a chart as paths.
pub struct Charts {
    /// Minutes that are drawn; none until there are two.
    pub minutes: u64,
    /// From when to when.
    pub span: (u64, u64),
    /// Value at the top.
    pub top: u64,
    /// Id of the message that names the line, its class, its path, its sum or last value.
    pub lines: [(&'static str, &'static str, String, u64); 5],
}

impl Charts {
    /// Draws the last minutes.
    #[must_use]
    pub fn of(minutes: &Minutes) -> Self {
        let ([admitted, settled, sent_away, refused], held) = (minutes.added(), minutes.held());
        let top = top(&[&admitted, &settled, &sent_away, &refused, &held]);
        let span = minutes.span().unwrap_or_default();
        let line = |id, class, series: &[u64], number| (id, class, path(series, top), number);
        let sum = |series: &[u64]| series.iter().sum();
        Self {
            minutes: admitted.len() as u64,
            span: (span.0.0, span.1.0),
            top,
            lines: [
                line("desk-chart-admitted", "admitted", &admitted, sum(&admitted)),
                line("desk-chart-settled", "settled", &settled, sum(&settled)),
                line("desk-chart-sent-away", "sent-away", &sent_away, sum(&sent_away)),
                line("desk-chart-refused", "refused-line", &refused, sum(&refused)),
                line("desk-chart-held", "held-line", &held, held.last().copied().unwrap_or(0)),
            ],
        }
    }

    fn box_of(&self) -> String {
        format!("0 -4 {} {}", SIZE.0, SIZE.1 + 8)
    }
}

/// A moment where the reader is, and in UTC.
pub(super) fn moment(f: &Frame<'_>, at: &Millis, zone: &TimeZone) -> String {
    moment_in(f.lang, *at, zone)
}

/// The same in a language.
pub(super) fn moment_in(lang: Lang, at: Millis, zone: &TimeZone) -> String {
    let stamp = i64::try_from(at.0)
        .ok()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok());
    let Some(stamp) = stamp else { return at.0.to_string() };
    let (local, utc) = (stamp.to_zoned(zone.clone()), stamp.to_zoned(TimeZone::UTC));
    let hour = |time: &jiff::Zoned| {
        lang.fill(
            "desk-hour",
            &[
                ("hour", format!("{:02}", time.hour()).into()),
                ("minute", format!("{:02}", time.minute()).into()),
            ],
        )
    };
    let day = lang.fill(
        "date",
        &[
            ("day", local.day().into()),
            ("month", format!("m{}", local.month()).into()),
            ("year", local.year().to_string().into()),
        ],
    );
    let zone = local.strftime("%Z").to_string();
    // Where local time is UTC, it is said once.
    let id = if zone == "UTC" {
        "desk-moment-utc"
    } else {
        "desk-moment"
    };
    lang.fill(
        id,
        &[
            ("day", day.into()),
            ("local", hour(&local).into()),
            ("zone", zone.into()),
            ("utc", hour(&utc).into()),
        ],
    )
}

impl RoomPage<'_> {
    fn moment(&self, f: &Frame<'_>, at: impl At) -> String {
        moment(f, &at.millis(), &self.night.zone)
    }

    /// Class of a lamp.
    fn class(&self, light: &Light) -> &'static str {
        match light {
            Light::Good => "good",
            Light::Unsure => "unsure",
            Light::Bad => "bad",
        }
    }

    /// What a lamp says.
    fn lamp(&self, f: &Frame<'_>, lamp: &Lamp, light: &Light) -> String {
        let lamp = match lamp {
            Lamp::Signing => "signing",
            Lamp::Count => "count",
            Lamp::Evidence => "evidence",
        };
        f.t(&format!("desk-lamp-{lamp}-{}", self.class(light)))
    }

    /// The next action, in the words of the alerts.
    fn next(&self, f: &Frame<'_>) -> (String, String) {
        match self.room.next {
            Next::Nothing => (f.t("desk-next-nothing"), f.t("desk-next-nothing-why")),
            Next::OpenSigning => (f.t("desk-next-open"), f.t("desk-next-open-why")),
            Next::Alarm(alarm) => {
                let code = f.lang.code();
                let [summary, mend] = ["summary", "do"].map(|part| say(code, &format!("{part}-{}", alarm.name()), &[]));
                (capital(&summary), mend)
            }
        }
    }

    /// Whether the next thing to look at is the line itself.
    fn is_shed(&self) -> bool {
        self.room.next == Next::Alarm(Alarm::SigningShed)
    }

    fn is_paused(&self) -> bool {
        self.room.next == Next::OpenSigning
    }

    fn needs_acknowledgement(&self) -> bool {
        !self.seen.alarms.is_empty() && !self.seen.acknowledged
    }

    /// Where on the page the next action is, and the id of what the way there is called.
    fn place(&self) -> Option<(&'static str, &'static str)> {
        match self.room.next {
            Next::Alarm(Alarm::HoldsAtCap) if self.limit.is_asked() => Some(("#limit", "desk-next-limit")),
            Next::Alarm(Alarm::HoldsAtCap | Alarm::Incident) if !self.standing.is_empty() => {
                Some(("#standing", "desk-next-findings"))
            }
            Next::Alarm(Alarm::HoldsAtCap | Alarm::Incident) => Some(("#findings", "desk-next-findings")),
            _ => None,
        }
    }

    /// A hold every five seconds is a card each: the latest are shown, the others folded away.
    fn latest<'c, C>(&self, cards: &'c [C]) -> &'c [C] {
        &cards[..cards.len().min(CARDS)]
    }

    fn earlier<'c, C>(&self, cards: &'c [C]) -> &'c [C] {
        &cards[cards.len().min(CARDS)..]
    }

    fn number<C>(&self, folded: &[C]) -> u64 {
        folded.len() as u64
    }

    fn latest_lines(&self) -> &[ShiftLine] {
        &self.shift[..self.shift.len().min(LINES)]
    }

    fn earlier_lines(&self) -> &[ShiftLine] {
        &self.shift[self.shift.len().min(LINES)..]
    }

    /// What happens if nobody does anything.
    fn if_nothing(&self, f: &Frame<'_>) -> String {
        let id = match self.room.next {
            Next::OpenSigning => "desk-if-nothing-signing",
            Next::Nothing => "desk-if-nothing-calm",
            Next::Alarm(alarm) if !alarm.people_can_sign() => "desk-if-nothing-signing",
            Next::Alarm(alarm) if !alarm.count_is_safe() => "desk-if-nothing-count",
            Next::Alarm(_) => "desk-if-nothing-waits",
        };
        let at = self.moment(f, self.room.foreseen);
        f.lang.fill(id, &[("at", at.into())])
    }

    /// Other alarms that are on, in their words.
    fn others(&self, f: &Frame<'_>) -> Vec<(String, String)> {
        let next = self.room.next;
        let rest = self.seen.alarms.iter().filter(|(alarm, _)| Next::Alarm(*alarm) != next);
        rest.map(|(alarm, since)| {
            let summary = say(f.lang.code(), &format!("summary-{}", alarm.name()), &[]);
            (capital(&summary), self.moment(f, since))
        })
        .collect()
    }

    /// What not to do: ids of what and why.
    fn not(&self) -> [(&'static str, &'static str); 4] {
        [
            ("desk-not-delete", "desk-not-delete-why"),
            ("desk-not-name", "desk-not-name-why"),
            ("desk-not-restart", "desk-not-restart-why"),
            ("desk-not-answer", "desk-not-answer-why"),
        ]
    }

    fn charts_from(&self, f: &Frame<'_>) -> String {
        self.moment(f, Millis(self.charts.span.0))
    }

    fn charts_to(&self, f: &Frame<'_>) -> String {
        self.moment(f, Millis(self.charts.span.1))
    }

    /// Width of a bar, of 100, beside the longest one.
    fn share<N>(&self, of: &[(N, u64)], number: &u64) -> u64 {
        let most = of.iter().map(|(_, number)| *number).max().unwrap_or(1).max(1);
        (number * 100 / most).max(1)
    }
}

/// `GET /desk/incident/log`: where a line is written. The room has no field: without script it loads itself again, and what
/// is half written would be gone.
pub struct LogPage<'a> {
    /// The shift log, the latest first.
    pub shift: &'a [ShiftLine],
    /// The line that is being written.
    pub noting: Noting<'a>,
    /// Time zone of who reads.
    pub night: &'a Night,
}

/// A line of the shift log as it was typed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Noting<'a> {
    /// What was typed.
    pub typed: &'a str,
    /// Id of what is wrong with it.
    pub wrong: Option<&'static str>,
}

impl LogPage<'_> {
    fn moment(&self, f: &Frame<'_>, at: impl At) -> String {
        moment(f, &at.millis(), &self.night.zone)
    }
}

/// What a line of the shift log says.
fn shift_text(f: &Frame<'_>, line: &ShiftLine, night: &Night) -> String {
    written(f, line.entry, &line.text, &night.zone)
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// `GET /desk/incident/line`
pub struct LinePage<'a> {
    /// Whom to call.
    pub night: &'a Night,
    /// Slugs and titles of open petitions.
    pub petitions: &'a [(String, String)],
    /// Whether signing is paused.
    pub read_only: bool,
}

/// Whom to call, with the number among the words.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Call<'a> {
    before: &'a str,
    number: &'a str,
    after: &'a str,
    /// The number as a telephone takes it.
    dialled: String,
}

/// Digits of a number that somebody can be called by: an emergency number of three has few, an international one many.
const DIGITS: std::ops::RangeInclusive<usize> = 3..=15;

impl<'a> Call<'a> {
    /// The first run of digits that is a number, with what people put between them: "Example Hosting, +33 1 99 00 12 34".
    fn of(words: &'a str) -> Option<Self> {
        let mut from = 0;
        while let Some(start) = words[from..].find(|letter: char| letter.is_ascii_digit() || letter == '+') {
            let start = from + start;
            let end = run_of_digits(&words[start..]);
            let number = words[start..start + end].trim_end_matches(|letter: char| !letter.is_ascii_digit());
            let digits: String = number
                .replace(NOUGHT, "")
                .chars()
                .filter(char::is_ascii_digit)
                .collect();
            if DIGITS.contains(&digits.len()) {
                let plus = if number.starts_with('+') { "+" } else { "" };
                return Some(Self {
                    before: &words[..start],
                    number,
                    after: &words[start + number.len()..],
                    dialled: format!("{plus}{digits}"),
                });
            }
            from = start + end;
        }
        None
    }
}

/// "+33 (0)1": who calls from abroad leaves the nought out.
const NOUGHT: &str = "(0)";

/// Length of what begins with a digit or a plus, and goes on with digits and what people put between them.
fn run_of_digits(words: &str) -> usize {
    let mut end = 1;
    while let Some(next) = words[end..].chars().next() {
        let is_between = next.is_ascii_digit() || " \u{a0}\u{202f}.-".contains(next);
        match words[end..].starts_with(NOUGHT) {
            true => end += NOUGHT.len(),
            false if is_between => end += next.len_utf8(),
            false => break,
        }
    }
    end
}

impl LinePage<'_> {
    fn call(&self) -> Option<Call<'_>> {
        Call::of(self.night.call.as_deref()?)
    }

    fn or_unknown(&self, f: &Frame<'_>, known: &Option<String>, id: &str) -> String {
        known.clone().unwrap_or_else(|| f.t(id))
    }
}

/// `GET /desk/incident/copy/{slug}`: one file that stands alone.
pub struct CopyPage<'a> {
    /// Title.
    pub title: &'a str,
    /// Who launches it.
    pub owner: &'a str,
    /// Text.
    pub body: &'a str,
    /// Code of its language.
    pub language: &'a str,
    /// Its count.
    pub counted: u64,
    /// As of when.
    pub as_of: u64,
    /// Where it can be signed.
    pub address: &'a str,
}

impl CopyPage<'_> {
    fn text(&self) -> String {
        markup::to_html(self.body)
    }

    fn lang(&self, f: &Frame<'_>) -> Lang {
        Lang::from_code(self.language).unwrap_or(f.lang)
    }

    fn say(&self, f: &Frame<'_>, id: &str) -> String {
        self.lang(f).text(id)
    }

    fn signed(&self, f: &Frame<'_>) -> String {
        let lang = self.lang(f);
        let (number, people) = (
            lang.number(self.counted),
            lang.fill("people-signed", &[("count", self.counted.into())]),
        );
        format!("{number} {people} ({})", lang.date_time(self.as_of))
    }
}

/// A verdict in the room: what was found, in words.
pub struct FindingCard {
    /// Its position: what it is called.
    pub position: u64,
    /// Whether taking it back would change anything.
    pub can_undo: bool,
    /// Direction by name.
    pub direction: &'static str,
    /// Slug of the petition.
    pub petition: String,
    /// Reason in words.
    pub reason: String,
    /// Signatures judged.
    pub judged: u64,
    /// When.
    pub at: Millis,
    /// Whether a person gave it.
    pub by_person: bool,
    /// Who.
    pub who: Who,
    /// What its author says, if a person.
    pub note: String,
    /// Name of the finding that it rests on.
    pub finding: Option<String>,
    /// What was seen.
    pub words: EvidenceWords,
    /// Whether it was taken back.
    pub undone: bool,
}

impl FindingCard {
    /// A listed verdict in words.
    #[must_use]
    pub fn of(listed: &Listed, lang: Lang, zone: &TimeZone) -> Self {
        let words = EvidenceWords::of(&listed.evidence, lang, zone);
        let reason = Reason::from_name(&listed.reason);
        Self {
            position: listed.position,
            can_undo: listed.can_undo,
            direction: listed.direction.name(),
            petition: listed.petition.clone(),
            reason: reason.map_or_else(|| listed.reason.clone(), |reason| reason.words(lang)),
            judged: listed.judged,
            at: Millis(listed.at),
            by_person: listed.by_person,
            who: listed.who.clone(),
            note: if listed.note.is_empty() && listed.undoes.is_some() {
                lang.text("desk-undone-note")
            } else {
                listed.note.clone()
            },
            finding: listed.evidence["finding"].as_str().map(str::to_owned),
            words,
            undone: listed.undone_by.is_some(),
        }
    }

    fn by(&self, f: &Frame<'_>) -> String {
        match &self.who {
            Who::Program => f.t("desk-found-by-machine"),
            person => f.lang.fill("desk-found-by", &[("who", who(f, person).into())]),
        }
    }

    fn title(&self, f: &Frame<'_>) -> String {
        f.t1(&format!("desk-found-{}", self.direction), "count", self.judged)
    }
}

/// `GET /desk/incident/copy/{slug}`: a file that stands alone, so nothing of the desk is around it.
#[must_use]
pub fn desk_copy(f: &Frame<'_>, p: &CopyPage<'_>) -> String {
    #[derive(Template)]
    #[template(path = "desk/copy.html")]
    struct View<'a> {
        f: &'a Frame<'a>,
        p: &'a CopyPage<'a>,
    }
    View { f, p }.render().expect("writing into a string does not fail")
}

#[cfg(test)]
mod tests {
    use super::Call;
    use crate::views::Lang;

    #[test]
    fn whoever_is_woken_presses_the_number_and_it_is_dialled() {
        for (words, number, dialled) in [
            (
                "Example Hosting, +33 1 99 00 12 34",
                "+33 1 99 00 12 34",
                "+33199001234",
            ),
            ("+33 (0)1 99 00 12 34 (24 h)", "+33 (0)1 99 00 12 34", "+33199001234"),
            (
                "Hôte 24/7\u{a0}: 01.99.00.12.34, demander l’astreinte",
                "01.99.00.12.34",
                "0199001234",
            ),
            ("112", "112", "112"),
        ] {
            let call = Call::of(words).unwrap_or_else(|| panic!("{words}"));
            assert_eq!((call.number, &*call.dialled), (number, dialled), "{words}");
            assert_eq!([call.before, call.number, call.after].concat(), words);
        }
        for words in ["", "the host, by chat", "24/7", "+", "contract 1234567890123456789"] {
            assert_eq!(Call::of(words), None, "{words}");
        }
    }

    /// Its licence asks for it, wherever a result is shown.
    #[test]
    fn whom_the_networks_come_from_is_said_in_the_language_of_the_page() {
        let credit = |code| Lang::from_code(code).expect("built in").text("desk-networks-credit");
        assert_eq!(credit("en"), crate::trace::networks::CREDIT);
        for part in [
            "RouteViews",
            "NRO",
            "DB-IP (db-ip.com)",
            "CC BY 4.0",
            "ip-location-db",
            "Paraph",
        ] {
            assert!(credit("fr").contains(part), "{part}");
        }
    }
}

pages! {
    /// `GET /desk/incident`
    desk_room(RoomPage) = "desk/room.html";
    /// `GET /desk/incident/line`
    desk_line(LinePage) = "desk/line.html";
    /// `GET /desk/incident/log`
    desk_log(LogPage) = "desk/log.html";
}
