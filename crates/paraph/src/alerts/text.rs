//! What an alert says, in the language of who reads it. The texts are in `locales/alerts/`; they hold nothing of a
//! signatory, because nothing of one reaches this place.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use paraph_tally::Millis;
use serde::Serialize;
use unic_langid::LanguageIdentifier;

use super::book::{Alarm, Notice};
use crate::clock;

// Languages that alerts are written in: one row for each file of `locales/alerts/`.
include!(concat!(env!("OUT_DIR"), "/alerts.rs"));

static TEXTS: LazyLock<Vec<(&'static str, FluentBundle<FluentResource>)>> =
    LazyLock::new(|| LANGUAGES.iter().map(|(code, ftl)| (*code, bundle(code, ftl))).collect());

/// Text that does not parse is left out here and found by the tests: an alert must never fail for its language.
fn bundle(code: &str, ftl: &str) -> FluentBundle<FluentResource> {
    let language: LanguageIdentifier = code.parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![language]);
    bundle.set_use_isolating(false);
    bundle.add_resource_overriding(FluentResource::try_new(ftl.to_owned()).unwrap_or_else(|(partial, _)| partial));
    bundle
}

/// Codes of the languages that alerts are written in.
pub(crate) fn languages() -> impl Iterator<Item = &'static str> {
    LANGUAGES.iter().map(|(code, _)| *code)
}

/// One message; English where the language lacks it.
pub(crate) fn say(lang: &str, message: &str, values: &[(&str, &str)]) -> String {
    let arguments: FluentArgs<'_> = values
        .iter()
        .map(|(name, value)| (*name, FluentValue::from(*value)))
        .collect();
    let wanted = TEXTS
        .iter()
        .find(|(code, texts)| *code == lang && texts.has_message(message));
    let english = || TEXTS.iter().find(|(code, _)| *code == "en");
    let Some((_, texts)) = wanted.or_else(english) else {
        return String::new();
    };
    let pattern = texts.get_message(message).and_then(|message| message.value());
    pattern.map_or_else(String::new, |pattern| {
        texts
            .format_pattern(pattern, Some(&arguments), &mut Vec::new())
            .into_owned()
    })
}

/// An alert in words, and as fields for programs.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Told {
    /// Name of the alert.
    pub(super) alert: String,
    /// What is wrong.
    pub(super) alarm: Alarm,
    /// `open`, `over` or `test`.
    pub(super) state: &'static str,
    /// First seen, RFC 3339, UTC.
    pub(super) since: String,
    /// Over since, RFC 3339, UTC.
    pub(super) over: Option<String>,
    pub(super) count_is_safe: bool,
    pub(super) people_can_sign: bool,
    pub(super) act_now: bool,
    pub(super) title: String,
    pub(super) text: String,
    /// Where it is acknowledged; absent when there is nothing to acknowledge.
    pub(super) link: Option<String>,
    /// The incident room; absent when there is nothing to see there.
    pub(super) room: Option<String>,
}

impl Told {
    pub(super) fn new(notice: &Notice, lang: &str, site: &str, zone: &TimeZone, (link, room): (&str, &str)) -> Self {
        let alarm = notice.alarm;
        // What is over is not under way: the end has words of its own.
        let said = if notice.over.is_some() { "ended" } else { "summary" };
        let summary = say(lang, &format!("{said}-{}", alarm.name()), &[]);
        let (state, title) = match (alarm, notice.over) {
            (Alarm::Test, _) => ("test", "title-test"),
            (_, Some(_)) => ("over", "title-over"),
            (_, None) => ("open", "title"),
        };
        let is_open = state == "open";
        Self {
            alert: notice.id.clone(),
            alarm,
            state,
            since: clock::rfc3339(notice.since),
            over: notice.over.map(clock::rfc3339),
            count_is_safe: alarm.count_is_safe() || !is_open,
            people_can_sign: alarm.people_can_sign() || !is_open,
            act_now: alarm.act_now() && is_open,
            title: say(lang, title, &[("site", site), ("summary", &summary)]),
            text: text(notice, lang, zone, (link, room), state),
            link: is_open.then(|| link.to_owned()),
            room: (is_open || is_left(notice)).then(|| room.to_owned()),
        }
    }
}

/// Whether an attack is over and what it left awaits a decision.
fn is_left(notice: &Notice) -> bool {
    notice.over.is_some() && notice.held > 0 && matches!(notice.alarm, Alarm::Incident | Alarm::HoldsAtCap)
}

fn text(notice: &Notice, lang: &str, zone: &TimeZone, (link, room): (&str, &str), state: &str) -> String {
    let alarm = notice.alarm;
    let (since, utc) = (moment(notice.since, zone), moment(notice.since, &TimeZone::UTC));
    let over = notice.over.map(|over| moment(over, zone)).unwrap_or_default();
    let (told, held) = (notice.told.to_string(), notice.held.to_string());
    let zone_name = zone_name(notice.since, zone);
    let values: &[(&str, &str)] = &[
        ("since", &since),
        ("utc", &utc),
        ("over", &over),
        ("zone", &zone_name),
        ("link", link),
        ("room", room),
        ("told", &told),
        ("held", &held),
    ];
    let line = |message: &str| say(lang, message, values);
    // Where local time is UTC, it is said once.
    let times = |message: &str| match zone_name.as_str() {
        "UTC" => line(&format!("{message}-utc")),
        _ => line(message),
    };
    let yes = |of: &str, yes: bool| line(&format!("{of}-{}", if yes { "yes" } else { "no" }));
    match state {
        "test" => line("test"),
        "over" if is_left(notice) => [line("over-left"), line("room"), times("times-over")].join("\n"),
        "over" => [line("over"), times("times-over")].join("\n"),
        _ => {
            let count = if alarm.count_is_safe() {
                "count-safe"
            } else {
                "count-uncertain"
            };
            let lamps = [
                line(count),
                yes("can-sign", alarm.people_can_sign()),
                yes("act", alarm.act_now()),
            ]
            .join(" ");
            let mut lines = vec![
                lamps,
                line("room"),
                line(&format!("do-{}", alarm.name())),
                times("times"),
            ];
            if notice.told > 0 {
                lines.push(line("again"));
            }
            lines.push(line("link"));
            lines.join("\n")
        }
    }
}

/// `2026-11-22 02:41`
fn moment(at: Millis, zone: &TimeZone) -> String {
    timestamp(at)
        .to_zoned(zone.clone())
        .strftime("%Y-%m-%d %H:%M")
        .to_string()
}

/// `CET`, or where a zone has no short name, `+01`.
fn zone_name(at: Millis, zone: &TimeZone) -> String {
    timestamp(at).to_zoned(zone.clone()).strftime("%Z").to_string()
}

fn timestamp(at: Millis) -> Timestamp {
    Timestamp::from_millisecond(i64::try_from(at.0).unwrap_or(i64::MAX)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use paraph_tally::Millis;

    use super::super::book::{Alarm, Circle, Notice};
    use super::{LANGUAGES, TEXTS, Told, say};

    fn told(alarm: Alarm, over: Option<Millis>, lang: &str) -> Told {
        let zone = TimeZone::get("Europe/Paris").unwrap_or_else(|_| TimeZone::fixed(jiff::tz::offset(1)));
        told_in(&zone, alarm, over, lang)
    }

    fn told_in(zone: &TimeZone, alarm: Alarm, over: Option<Millis>, lang: &str) -> Told {
        let notice = Notice {
            alarm,
            id: "a1".into(),
            since: Millis(1_795_308_060_000),
            told: 1,
            over,
            to: Circle::First,
            held: 0,
        };
        let room = "https://site.example/desk/incident";
        Told::new(
            &notice,
            lang,
            "Site",
            zone,
            ("http://127.0.0.1:9090/alerts/a1/mac", room),
        )
    }

    #[test]
    fn an_alert_says_count_signing_and_acting_first_in_both_languages_and_both_times() {
        let english = told(Alarm::DiskLow, None, "en");
        assert!(
            english
                .text
                .starts_with("Count safe. People can sign: no, since 2026-11-22 0"),
            "{}",
            english.text
        );
        let second = english.text.lines().nth(1).expect("a second line");
        assert_eq!(
            second, "See it and act: https://site.example/desk/incident",
            "the room comes first"
        );
        let french = told(Alarm::LedgerDiffers, None, "fr").text;
        assert!(french.starts_with("Compte incertain depuis 2026-11-22 0"), "{french}");
        for part in [
            "UTC",
            "Agir maintenant\u{a0}: oui",
            "http://127.0.0.1:9090/alerts/a1/mac",
        ] {
            assert!(french.contains(part), "{part} in {french}");
        }
        let over = told(Alarm::DiskLow, Some(Millis(1_795_308_120_000)), "en");
        assert!(
            over.link.is_none() && !over.act_now && over.text.starts_with("It is over."),
            "{over:?}"
        );
        assert_eq!(
            told(Alarm::DiskLow, None, "tlh").title,
            english.title,
            "English where there is no other"
        );
    }

    #[test]
    fn where_local_time_is_utc_it_is_said_once() {
        for zone in [TimeZone::UTC, TimeZone::get("Etc/UTC").expect("a zone")] {
            for lang in ["en", "fr"] {
                for over in [None, Some(Millis(1_795_308_120_000))] {
                    let text = told_in(&zone, Alarm::DiskLow, over, lang).text;
                    assert_eq!(text.matches("UTC").count(), 1, "{text}");
                }
            }
        }
    }

    #[test]
    fn an_end_is_said_in_its_own_words_and_with_what_is_left_to_decide() {
        let over = |alarm, held, lang| {
            let notice = Notice {
                alarm,
                id: "a1".into(),
                since: Millis(1_795_308_060_000),
                told: 1,
                over: Some(Millis(1_795_308_120_000)),
                to: Circle::First,
                held,
            };
            Told::new(
                &notice,
                lang,
                "Site",
                &TimeZone::UTC,
                ("", "https://site.example/desk/incident"),
            )
        };
        let (english, french) = (over(Alarm::Incident, 123, "en"), over(Alarm::Incident, 123, "fr"));
        assert_eq!(english.title, "Site: the attack is over");
        assert_eq!(french.title, "Site\u{a0}: l’attaque est terminée");
        for told in [&english, &french] {
            assert!(
                told.text.contains("123") && told.text.contains("https://site.example"),
                "{}",
                told.text
            );
            assert!(
                !told.text.contains("nothing to do") && !told.text.contains("rien à faire"),
                "{}",
                told.text
            );
            assert!(told.room.is_some() && told.link.is_none());
        }
        for told in [over(Alarm::Incident, 0, "en"), over(Alarm::DiskLow, 123, "en")] {
            assert!(
                told.text.starts_with("It is over. There is nothing to do."),
                "{}",
                told.text
            );
            assert_eq!(told.room, None);
        }
    }

    #[test]
    fn every_language_says_everything_that_english_says() {
        let (_, english) = LANGUAGES.iter().find(|(code, _)| *code == "en").expect("English");
        let keys = english
            .lines()
            .filter_map(|line| line.split_once(" = "))
            .map(|(key, _)| key);
        for key in keys.filter(|key| !key.starts_with('#')) {
            for (code, texts) in TEXTS.iter() {
                assert!(texts.has_message(key), "locales/alerts/{code}.ftl lacks {key}");
                assert!(!say(code, key, &[]).is_empty());
            }
        }
    }
}
