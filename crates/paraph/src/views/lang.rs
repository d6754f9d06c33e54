//! Languages: negotiation, messages, numbers, dates, countries. A language is two files in `locales/`, which the program
//! was built with, or in the directory that the configuration names ([`added`]).

use std::sync::{LazyLock, OnceLock};

use fluent_bundle::{FluentArgs, FluentValue};

use locale::Locale;

mod added;
mod faults;
mod locale;

pub use added::{Added, LocaleError, add, codes_in, report};
#[cfg(any(test, fuzzing))]
pub(crate) use locale::reads;

include!(concat!(env!("OUT_DIR"), "/locales.rs"));

/// Most languages of an `Accept-Language` that are looked at; browsers send under ten.
const ACCEPT_LANGUAGE_ITEMS: usize = 16;

/// What a message of several paragraphs begins with.
const BLOCKS: [&str; 6] = ["<h", "<p", "<ul", "<ol", "<dl", "<div"];

/// A value put into a message: made from an integer or a text.
pub type Arg<'a> = FluentValue<'a>;

/// One of the languages that the program knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lang(usize);

static BUILT_IN: LazyLock<Vec<Locale>> = LazyLock::new(|| {
    let locale = |&(code, messages, countries): &(&'static str, &'static str, &'static str)| {
        Locale::read(code, messages, countries).unwrap_or_else(|error| panic!("locales/{code}.ftl: {error}"))
    };
    LOCALES.iter().map(locale).collect()
});

/// Languages of the operator's directory. Set once, before anything is rendered.
static MORE: OnceLock<More> = OnceLock::new();

struct More {
    locales: Vec<Locale>,
    /// Code of the language that says what one of them lacks.
    fallback: String,
}

impl Lang {
    /// Every language: those built in, in alphabetical order of their codes, then those added.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..BUILT_IN.len() + MORE.get().map_or(0, |more| more.locales.len())).map(Self)
    }

    /// Whether the program was built with it: the desk speaks no other.
    #[must_use]
    pub fn is_built_in(self) -> bool {
        self.0 < BUILT_IN.len()
    }

    fn locale(self) -> &'static Locale {
        match (BUILT_IN.get(self.0), MORE.get()) {
            (Some(locale), _) => locale,
            (None, Some(more)) => &more.locales[self.0 - BUILT_IN.len()],
            (None, None) => unreachable!("a language is made by this file alone, from those that are known"),
        }
    }

    /// What stands in for a text that this language lacks. Those built in lack none.
    fn fallback(self) -> Self {
        let fallback = MORE.get().and_then(|more| Self::from_code(&more.fallback));
        fallback.unwrap_or(self)
    }

    /// The code, as in `lang="fr"` (BCP 47).
    #[must_use]
    pub fn code(self) -> &'static str {
        self.locale().code
    }

    /// The language with this code, whatever its case.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::all().find(|lang| lang.code().eq_ignore_ascii_case(code))
    }

    /// The language to answer in: the one asked for (`?lang=`), else the best of `Accept-Language` (RFC 9110 section
    /// 12.5.4), else the first that the site offers. `offered` is never empty.
    #[must_use]
    pub fn negotiate(asked: Option<&str>, accept_language: Option<&str>, offered: &[Self]) -> Self {
        let known = |code: &[u8]| {
            offered
                .iter()
                .copied()
                .find(|lang| lang.code().as_bytes().eq_ignore_ascii_case(code))
        };
        if let Some(lang) = asked.and_then(|code| known(code.as_bytes())) {
            return lang;
        }
        let mut best: Option<(u16, Self)> = None;
        // By bytes: this is read for every request, and a search of its own for each comma costs more than all the rest.
        let items = accept_language
            .unwrap_or_default()
            .as_bytes()
            .split(|byte| *byte == b',');
        for (range, weight) in items.clone().take(ACCEPT_LANGUAGE_ITEMS).map(weighed) {
            let primary = range.split(|byte| *byte == b'-').next().unwrap_or_default();
            let Some(lang) = known(range).or_else(|| known(primary)) else {
                continue;
            };
            if weight > 0 && best.is_none_or(|(least, _)| weight > least) {
                best = Some((weight, lang));
            }
            if weight == FULL_WEIGHT {
                // What follows weighs no more, and of equals the first is taken.
                break;
            }
        }
        let refuses = |lang: &Self| {
            let mut refused = items.clone().take(ACCEPT_LANGUAGE_ITEMS).map(weighed);
            refused.any(|(range, weight)| weight == 0 && range.eq_ignore_ascii_case(lang.code().as_bytes()))
        };
        let rest = || offered.iter().find(|lang| !refuses(lang)).or(offered.first());
        best.map_or_else(|| rest().copied().unwrap_or(Self(0)), |(_, lang)| lang)
    }

    /// A message without values.
    #[must_use]
    pub fn text(self, id: &str) -> String {
        self.fill(id, &[])
    }

    /// A message with its values. Plain text: the caller escapes.
    #[must_use]
    pub fn fill(self, id: &str, args: &[(&'static str, Arg<'_>)]) -> String {
        self.said(id, args).1
    }

    /// A message with its values, and the language that says it: another one where this one cannot.
    fn said(self, id: &str, args: &[(&'static str, Arg<'_>)]) -> (Self, String) {
        let mut values = FluentArgs::with_capacity(args.len());
        for (name, value) in args {
            values.set(*name, value.clone());
        }
        let say = |lang: Self| Some((lang, lang.locale().say(id, &values)?));
        let said = say(self)
            .or_else(|| say(self.fallback()))
            .or_else(|| say(Self::from_code("en")?));
        debug_assert!(said.is_some(), "{id} in {}", self.code());
        said.unwrap_or_else(|| (self, id.to_owned()))
    }

    /// A message that holds markup of its own (its id ends in `-html`); its values are escaped, so the result is HTML.
    /// What another language says here is marked as of that language (WCAG 3.1.2).
    #[must_use]
    pub fn html(self, id: &str, args: &[(&'static str, Arg<'_>)]) -> String {
        let escaped: Vec<_> = args
            .iter()
            .map(|(name, value)| match value {
                FluentValue::String(text) => (*name, Arg::from(super::markup::escape(text))),
                other => (*name, other.clone()),
            })
            .collect();
        let (by, text) = self.said(id, &escaped);
        if by == self {
            return text;
        }
        let is_block = BLOCKS.iter().any(|block| text.trim_start().starts_with(block));
        let element = if is_block { "div" } else { "span" };
        let (code, direction) = (by.code(), by.text("dir"));
        format!("<{element} lang=\"{code}\" dir=\"{direction}\">{text}</{element}>")
    }

    /// A whole number as this language writes it: `12 847`, `12,847`.
    #[must_use]
    pub fn number(self, number: u64) -> String {
        self.fill("number", &[("number", number.into())])
    }

    /// A day in UTC: `22 novembre 2026`. `at` is milliseconds since 1970 UTC.
    #[must_use]
    pub fn date(self, at: u64) -> String {
        self.moment("date", at)
    }

    /// A moment in UTC, the zone named: `22 novembre 2026 à 19 h 23 UTC`. `at` is milliseconds since 1970 UTC.
    #[must_use]
    pub fn date_time(self, at: u64) -> String {
        self.moment("date-time", at)
    }

    fn moment(self, id: &str, at: u64) -> String {
        let stamp = i64::try_from(at)
            .ok()
            .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
        let Some(time) = stamp.map(|stamp| stamp.to_zoned(jiff::tz::TimeZone::UTC)) else {
            return at.to_string();
        };
        let args = [
            ("day", time.day().into()),
            ("month", Arg::from(format!("m{}", time.month()))),
            // As texts, so that they are not printed as quantities.
            ("year", Arg::from(time.year().to_string())),
            ("hour", Arg::from(format!("{:02}", time.hour()))),
            ("minute", Arg::from(format!("{:02}", time.minute()))),
        ];
        self.fill(id, &args)
    }

    /// `(ISO 3166-1 alpha-2 code, name)`, in the order in which this language lists them.
    #[must_use]
    pub fn countries(self) -> &'static [(&'static str, &'static str)] {
        let own = &self.locale().countries;
        if own.is_empty() {
            &self.fallback().locale().countries
        } else {
            own
        }
    }

    /// The name of a country in this language; `None` for a code that is not one.
    #[must_use]
    pub fn country(self, code: &str) -> Option<&'static str> {
        self.countries()
            .iter()
            .find(|(known, _)| *known == code)
            .map(|(_, name)| *name)
    }
}

/// The weight of a range that says none, in thousandths: there is no higher one.
const FULL_WEIGHT: u16 = 1000;

/// A range of `Accept-Language` and its weight.
fn weighed(item: &[u8]) -> (&[u8], u16) {
    let mut parts = item.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let range = parts.next().unwrap_or_default();
    let weight = parts
        .find_map(|part| part.strip_prefix(b"q="))
        .map_or(FULL_WEIGHT, thousandths);
    (range, weight)
}

/// A weight of `Accept-Language` (RFC 9110 section 12.4.2), in thousandths; 0 for what is none.
fn thousandths(q: &[u8]) -> u16 {
    let mut halves = q.splitn(2, |byte| *byte == b'.');
    let (whole, decimals) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
    if !decimals.iter().all(u8::is_ascii_digit) {
        return 0;
    }
    let digits = decimals.iter().map(|byte| u16::from(byte - b'0'));
    match whole {
        b"0" | b"" => digits.chain([0; 3]).take(3).fold(0, |sum, digit| 10 * sum + digit),
        b"1" => FULL_WEIGHT,
        _ => 0,
    }
}

/// RFC 3339 in UTC to the millisecond, for `<time datetime>` and JSON. `at` is milliseconds since 1970 UTC.
#[must_use]
pub fn rfc3339(at: u64) -> String {
    i64::try_from(at)
        .ok()
        .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
        .map_or_else(|| at.to_string(), |stamp| format!("{stamp:.3}"))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::{LOCALES, Lang, rfc3339};

    fn lang(code: &str) -> Lang {
        Lang::from_code(code).expect("embedded")
    }

    /// Every message of a locale with its text, which may run over several lines.
    fn messages(source: &'static str) -> BTreeMap<&'static str, String> {
        let mut found: BTreeMap<&str, String> = BTreeMap::new();
        let mut current = "";
        for line in source.lines().filter(|line| !line.starts_with('#')) {
            let body = match line.split_once(" =") {
                Some((id, body)) if id.starts_with(|c: char| c.is_ascii_lowercase()) && !id.contains(' ') => {
                    assert!(!found.contains_key(id), "{id} twice");
                    current = id;
                    body
                }
                _ => line,
            };
            let text = found.entry(current).or_default();
            text.push_str(body);
            text.push('\n');
        }
        found.remove("");
        found
    }

    fn variables(text: &str) -> BTreeSet<&str> {
        text.split('$')
            .skip(1)
            .filter_map(|tail| tail.split(|c: char| !c.is_ascii_lowercase()).next())
            .collect()
    }

    #[test]
    fn every_locale_has_the_same_messages_variables_and_countries() {
        let (_, english, countries) = LOCALES.iter().find(|locale| locale.0 == "en").expect("English");
        let (english, codes) = (
            messages(english),
            countries.lines().map(|line| &line[..2]).collect::<BTreeSet<_>>(),
        );
        assert!(english.len() > 100 && codes.len() > 240);
        for (code, source, countries) in LOCALES {
            let other = messages(source);
            assert_eq!(
                english.keys().collect::<Vec<_>>(),
                other.keys().collect::<Vec<_>>(),
                "ids of {code}"
            );
            for (id, text) in &other {
                assert_eq!(variables(&english[id]), variables(text), "variables of {id} in {code}");
                assert!(
                    id.ends_with("-html") || !text.contains(['<', '&']),
                    "markup in {id} of {code}"
                );
            }
            assert_eq!(
                codes,
                countries.lines().map(|line| &line[..2]).collect(),
                "countries of {code}"
            );
        }
    }

    /// In French zero is singular, so that a message that says "une" of one says it of none too, unless it has words for none.
    #[test]
    fn french_does_not_say_one_of_none() {
        // Never of none: durations, words that somebody is asked about, and a word beside which the number stands.
        const NEVER: [&str; 6] = ["wait", "minutes", "days", "unconfirmed", "features", "asked"];
        const APART: [&str; 3] = ["people-signed", "desk-limit-raise-to", "desk-span-minutes"];
        let (_, source, _) = LOCALES.iter().find(|locale| locale.0 == "fr").expect("French");
        for (id, text) in messages(source) {
            let mut counts = text.split(" ->\n");
            let mut asked = counts.next().unwrap_or_default().to_owned();
            for choices in counts {
                let variable = asked.rsplit('$').next().unwrap_or_default();
                let one = choices.lines().find(|line| line.trim_start().starts_with("[one]"));
                let says_one = one.is_some_and(|line| !line.contains(&format!("${variable} ")));
                let knows = choices.contains("[0]") || NEVER.contains(&variable) || APART.contains(&id);
                assert!(!says_one || knows, "{id} says of none what it says of one");
                asked = choices.to_owned();
            }
        }
        assert_eq!(
            lang("fr").fill("desk-found-hold", &[("count", 0.into())]),
            "Aucune signature retenue"
        );
    }

    #[test]
    fn french_is_typeset_as_french() {
        let (_, source, countries) = LOCALES.iter().find(|locale| locale.0 == "fr").expect("French");
        assert!(!countries.contains('\''));
        for (id, text) in messages(source) {
            if ["number-group", "colon", "desk-semicolon"].contains(&id) {
                continue;
            }
            // What stands between angle brackets is not read by people.
            let text = text.replace("->", "");
            let read: String = text
                .split('<')
                .map(|part| part.split_once('>').map_or(part, |(_, after)| after))
                .collect();
            assert!(
                !read.contains(['\'', '"', '“', '”']) && !read.contains("..."),
                "{id}: {read}"
            );
            let letters: Vec<char> = read.chars().collect();
            for pair in letters.windows(2) {
                match pair {
                    [before, ';' | '!' | '?'] => assert_eq!(*before, '\u{202f}', "{id}: {read}"),
                    [before, ':' | '»' | '%'] => assert_eq!(*before, '\u{a0}', "{id}: {read}"),
                    ['«', after] => assert_eq!(*after, '\u{a0}', "{id}: {read}"),
                    _ => {}
                }
            }
        }
    }

    #[test]
    fn numbers_and_dates_follow_the_language() {
        let at = 1_795_375_402_123;
        assert_eq!(lang("fr").number(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(lang("en").number(12_847), "12,847");
        assert_eq!(lang("en").number(847), "847");
        assert_eq!(lang("fr").date_time(at), "22 novembre 2026 à 19\u{a0}h\u{a0}23 UTC");
        assert_eq!(lang("en").date_time(at), "22 November 2026 at 19:23 UTC");
        assert_eq!(lang("fr").date(1_788_220_800_000), "1er septembre 2026");
        assert_eq!(rfc3339(at), "2026-11-22T19:23:22.123Z");
        assert_eq!(
            lang("fr").fill("people-signed", &[("count", 0_u64.into())]),
            "signature confirmée"
        );
        assert_eq!(
            lang("en").fill("people-signed", &[("count", 0_u64.into())]),
            "confirmed signatures"
        );
    }

    #[test]
    fn the_language_is_the_one_asked_for_then_the_best_accepted_then_the_first() {
        let (fr, en) = (lang("fr"), lang("en"));
        let check = |asked, accepted, expect| assert_eq!(Lang::negotiate(asked, accepted, &[fr, en]), expect);
        check(Some("en"), Some("fr"), en);
        check(Some("xx"), Some("en"), en);
        check(None, Some("de-DE,de;q=0.9,en;q=0.4,fr;q=0.8"), fr);
        check(None, Some("en-GB, fr;q=0.9"), en);
        check(None, Some("fr;q=0, en;q=bad, *"), fr);
        check(None, Some("fr;q=0, *"), en);
        check(None, Some("de, fr;q=0.0"), en);
        check(None, None, fr);
        assert_eq!(Lang::negotiate(Some("en"), Some("en"), &[fr]), fr);
    }

    #[test]
    fn user_text_in_a_message_with_markup_is_escaped() {
        let text = lang("en").html("write-to-html", &[("contact", "\"><script>".into())]);
        assert!(!text.contains("<script>") && text.contains("&#34;&gt;&lt;script&gt;"));
    }
}
