//! One language, read from its texts.

use std::borrow::Cow;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

/// Why texts are not those of a language.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    /// The file is not named by a language.
    #[error("{0:?} is not a language code such as es or pt-BR")]
    Code(String),
    /// Not Fluent.
    #[error("line {line}: {why}")]
    Syntax {
        /// Counted from 1.
        line: usize,
        /// In the words of the parser.
        why: String,
    },
    /// A message twice.
    #[error("{0}")]
    Twice(String),
    /// Thousands are set apart by something that this program does not print.
    #[error("number-group is {0:?}; it is one of: no-break space, narrow no-break space, comma, full stop, apostrophe")]
    NumberGroup(Option<char>),
}

pub(super) struct Locale {
    pub(super) code: &'static str,
    bundle: FluentBundle<FluentResource>,
    /// `(ISO 3166 code, name)` in the order in which the language lists them.
    pub(super) countries: Vec<(&'static str, &'static str)>,
}

impl Locale {
    pub(super) fn read(code: &'static str, messages: &str, countries: &'static str) -> Result<Self, TextError> {
        no_panic(messages)?;
        let language = code.parse().map_err(|_| TextError::Code(code.to_owned()))?;
        let resource = FluentResource::try_new(messages.to_owned()).map_err(|(_, errors)| {
            let first = errors.first();
            syntax(messages, first.map(|error| (error.pos.start, error.to_string())))
        })?;
        let mut bundle = FluentBundle::new_concurrent(vec![language]);
        // User text stands in <bdi>; isolating marks would end up in attributes and subjects.
        bundle.set_use_isolating(false);
        bundle.add_resource(resource).map_err(|errors| {
            TextError::Twice(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
        })?;
        let separator = bundle
            .get_message("number-group")
            .and_then(|message| message.value())
            .map_or(Cow::Borrowed(""), |pattern| {
                bundle.format_pattern(pattern, None, &mut Vec::new())
            })
            .chars()
            .next();
        bundle.set_formatter(Some(match separator {
            Some('\u{202f}') => grouped::<'\u{202f}', _>,
            Some('\u{a0}') => grouped::<'\u{a0}', _>,
            Some(',') => grouped::<',', _>,
            Some('.') => grouped::<'.', _>,
            Some('’') => grouped::<'’', _>,
            other => return Err(TextError::NumberGroup(other)),
        }));
        Ok(Self {
            code,
            bundle,
            countries: countries.lines().filter_map(|line| line.split_once('\t')).collect(),
        })
    }

    /// A message with its values; `None` if this language lacks it, or asks for a value that is not there.
    pub(super) fn say(&self, id: &str, values: &FluentArgs<'_>) -> Option<String> {
        let pattern = self.bundle.get_message(id)?.value()?;
        let mut errors = Vec::new();
        let text = self
            .bundle
            .format_pattern(pattern, Some(values), &mut errors)
            .into_owned();
        errors.is_empty().then_some(text)
    }

    pub(super) fn has(&self, id: &str) -> bool {
        self.bundle
            .get_message(id)
            .is_some_and(|message| message.value().is_some())
    }
}

/// Refuses what the libraries panic on (fluent-syntax 0.12, fluent-bundle 0.16): a code of a character (`\u00E9`, `\U01F602`)
/// that ends early before a letter beyond ASCII, which the parser cuts in two; and a placeable that is nothing but another
/// one, `{ { $name } }`, whose value is missing.
pub(super) fn no_panic(messages: &str) -> Result<(), TextError> {
    let refused = |at, why: &str| Err(syntax(messages, Some((at, why.to_owned()))));
    for (kind, digits) in [("\\u", 4), ("\\U", 6)] {
        for (at, _) in messages.match_indices(kind) {
            let mut rest = messages[at + kind.len()..].chars();
            let next = rest.by_ref().take(digits).find(|letter| !letter.is_ascii_hexdigit());
            if next.is_some_and(|letter| !letter.is_ascii()) {
                return refused(at, "a code of a character ends early: \\u takes 4 digits, \\U takes 6");
            }
        }
    }
    for (at, _) in messages.match_indices('{') {
        if messages[at + 1..].trim_start().starts_with('{') {
            return refused(at, "a placeable directly inside another one");
        }
    }
    Ok(())
}

/// Reads messages and says one: whether they are those of a language.
#[cfg(any(test, fuzzing))]
pub(crate) fn reads(messages: &str, id: &str) -> bool {
    let values = FluentArgs::from_iter([("name", "x"), ("count", "3")]);
    Locale::read("en", messages, "").is_ok_and(|locale| locale.say(id, &values).is_some())
}

fn syntax(messages: &str, first: Option<(usize, String)>) -> TextError {
    let (at, why) = first.unwrap_or_else(|| (0, "cannot be read".to_owned()));
    let before = messages.get(..at).unwrap_or_default();
    TextError::Syntax {
        line: before.matches('\n').count() + 1,
        why,
    }
}

/// Prints whole numbers with a separator between groups of three digits.
fn grouped<const SEPARATOR: char, M>(value: &FluentValue<'_>, _: &M) -> Option<String> {
    let FluentValue::Number(number) = value else {
        return None;
    };
    let digits = format!("{:.0}", number.value);
    let mut out = String::with_capacity(digits.len() * 2);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(SEPARATOR);
        }
        out.push(digit);
    }
    Some(out)
}
