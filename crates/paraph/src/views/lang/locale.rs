//! One language, read from its texts.

use std::borrow::Cow;
use std::collections::HashSet;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use fluent_syntax::ast::{CallArguments, Entry, Expression, InlineExpression, Pattern, PatternElement};

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
    #[error("line {line}: {id} stands in a line before; remove one of them")]
    Twice {
        /// Of the second, counted from 1.
        line: usize,
        /// Its name.
        id: String,
    },
    /// The way that a language runs.
    #[error("message dir: it says {0:?}; write ltr (left to right) or rtl (right to left)")]
    Direction(String),
    /// Fluent, but in a way that no text needs, and that its library panics on.
    #[error("message {message}: {why}")]
    Refused {
        /// Name of the message or term.
        message: String,
        /// What is wrong, and what to write instead.
        why: &'static str,
    },
    /// Thousands are set apart by something that this program does not print.
    #[error(
        "number-group is {}; it is one of: no-break space, narrow no-break space, comma, full stop, apostrophe (U+2019), Arabic \
         thousands separator (U+066C)",
        .0.map_or_else(|| "empty".to_owned(), |sign| format!("{sign} (U+{:04X})", u32::from(sign)))
    )]
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
        let language = code.parse().map_err(|_| TextError::Code(code.to_owned()))?;
        let resource = whole(messages)?;
        let mut bundle = FluentBundle::new_concurrent(vec![language]);
        // User text stands in <bdi>; isolating marks would end up in attributes and subjects.
        bundle.set_use_isolating(false);
        bundle.add_resource_overriding(resource);
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
            Some('\u{66c}') => grouped::<'\u{66c}', _>,
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

/// The texts of a file, all of them: what is not Fluent, stands twice or runs no way is refused.
fn whole(messages: &str) -> Result<FluentResource, TextError> {
    let resource = parsed(messages)?.map_err(|first| syntax(messages, first))?;
    let mut known = HashSet::new();
    if let Some((line, id)) = ids(messages).find(|(_, id)| !known.insert(*id)) {
        return Err(TextError::Twice {
            line,
            id: id.to_owned(),
        });
    }
    for entry in resource.entries() {
        let Entry::Message(message) = entry else { continue };
        let text = message.value.as_ref().map(|value| &value.elements[..]);
        if message.id.name == "dir"
            && !matches!(text, Some([PatternElement::TextElement { value }]) if ["ltr", "rtl"].contains(&value.trim()))
        {
            let written = messages
                .lines()
                .find_map(|line| line.strip_prefix("dir")?.trim_start().strip_prefix('='));
            return Err(TextError::Direction(written.unwrap_or_default().trim().to_owned()));
        }
    }
    Ok(resource)
}

/// Whether a file of texts can be taken as it is, as [`whole`].
pub(super) fn check(messages: &str) -> Result<(), TextError> {
    whole(messages).map(drop)
}

/// Lines that begin a message or a term: what stands before ` =` at the start of a line.
pub(super) fn ids(messages: &str) -> impl Iterator<Item = (usize, &str)> {
    let begins = |line: &str| line.starts_with(|c: char| c.is_ascii_alphabetic() || c == '-');
    messages.lines().enumerate().filter_map(move |(at, line)| {
        let id = line.split_once('=').filter(|_| begins(line))?.0.trim_end();
        (!id.contains(' ')).then_some((at + 1, id))
    })
}

/// Where the first error is, and what it is.
type First = Option<(usize, String)>;

/// The tree of a text that can neither stop the parser nor, later, the resolver: refused is what the libraries panic on
/// (fluent-syntax 0.12, fluent-bundle 0.16), now or when a page asks for it.
fn parsed(messages: &str) -> Result<Result<FluentResource, First>, TextError> {
    codes(messages)?;
    let (resource, first) = match FluentResource::try_new(messages.to_owned()) {
        Ok(resource) => (resource, None),
        Err((partial, errors)) => {
            let first = errors.first().map(|error| (error.pos.start, error.to_string()));
            (partial, Some(first))
        }
    };
    for entry in resource.entries() {
        let (id, value, attributes) = match entry {
            Entry::Message(message) => (message.id.name, message.value.as_ref(), &message.attributes),
            Entry::Term(term) => (term.id.name, Some(&term.value), &term.attributes),
            _ => continue,
        };
        let patterns = value
            .into_iter()
            .chain(attributes.iter().map(|attribute| &attribute.value));
        for pattern in patterns {
            resolvable(pattern).map_err(|why| TextError::Refused {
                message: id.to_owned(),
                why,
            })?;
        }
    }
    Ok(first.map_or(Ok(resource), Err))
}

/// A code of a character (`\u00E9`, `\U01F602`) that ends early before a letter beyond ASCII is cut in two by the parser.
fn codes(messages: &str) -> Result<(), TextError> {
    for (kind, digits) in [("\\u", 4), ("\\U", 6)] {
        for (at, _) in messages.match_indices(kind) {
            let mut rest = messages[at + kind.len()..].chars();
            let next = rest.by_ref().take(digits).find(|letter| !letter.is_ascii_hexdigit());
            if next.is_some_and(|letter| !letter.is_ascii()) {
                let why = "a code of a character ends early: \\u takes 4 digits, \\U takes 6";
                return Err(syntax(messages, Some((at, why.to_owned()))));
            }
        }
    }
    Ok(())
}

/// Digits of a number in a text. All of them are exact in the library's arithmetic; with more it panics.
const DIGITS: usize = 15;

/// Whether the resolver can say a pattern whatever happens. When a message has said a hundred placeables it stops, and
/// prints the name of each expression that it is inside of; it panics on one that has none. So whatever a pattern can be said
/// inside of has to be called by something: a variable, a message, a term or a function, never by a literal or by braces.
fn resolvable(pattern: &Pattern<&str>) -> Result<(), &'static str> {
    for element in &pattern.elements {
        let PatternElement::Placeable { expression } = element else {
            continue;
        };
        match expression {
            Expression::Inline(inline) => named(inline)?,
            Expression::Select { selector, variants } => {
                if let InlineExpression::StringLiteral { .. } | InlineExpression::NumberLiteral { .. } = selector {
                    return Err(
                        "variants of what never varies; write the one that is meant, or put a variable before ->",
                    );
                }
                named(selector)?;
                for variant in variants {
                    resolvable(&variant.value)?;
                }
            }
        }
    }
    Ok(())
}

/// As above, of what stands in a placeable and in the arguments of a reference.
fn named(inline: &InlineExpression<&str>) -> Result<(), &'static str> {
    let arguments = match inline {
        InlineExpression::Placeable { .. } => {
            return Err(
                "a placeable inside another one, or inside the arguments of a reference; \
                 take its braces away, and give variants a message of their own",
            );
        }
        InlineExpression::NumberLiteral { value } => {
            let digits = value.bytes().filter(u8::is_ascii_digit).count();
            return if digits > DIGITS {
                Err("a number of more than 15 digits; write it as text, in quotation marks")
            } else {
                Ok(())
            };
        }
        InlineExpression::FunctionReference { arguments, .. } => Some(arguments),
        InlineExpression::TermReference { arguments, .. } => arguments.as_ref(),
        _ => None,
    };
    let Some(CallArguments {
        positional,
        named: by_name,
    }) = arguments
    else {
        return Ok(());
    };
    let by_name = by_name.iter().map(|argument| &argument.value);
    positional.iter().chain(by_name).try_for_each(named)
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

#[cfg(test)]
mod tests {
    use fluent_bundle::FluentArgs;

    use super::{Locale, check};

    /// Says `people`, in which more than a hundred placeables are reached through `way`: then the resolver stops inside of it.
    fn said(way: &str) -> Result<bool, String> {
        let many = "{ $name }".repeat(120);
        let messages = format!("number-group = .\nmany = {many}\n-all = {many}\n    .attribute = x\npeople = {way}\n");
        let values = FluentArgs::from_iter([("name", "x"), ("count", "3")]);
        let locale = Locale::read("en", &messages, "").map_err(|error| error.to_string())?;
        Ok(locale.say("people", &values).is_some())
    }

    #[test]
    fn a_text_that_would_stop_the_resolver_is_refused_with_its_message_and_the_mend() {
        let select = |selector: &str| format!("a {{ {selector} ->\n    [one] b\n   *[other] {{ many }}\n }}");
        for (way, why) in [
            (select("0"), "variants of what never varies"),
            (select("\"one\""), "put a variable before ->"),
            ("a { { many } }".to_owned(), "take its braces away"),
            ("a {\n    { many } }".to_owned(), "take its braces away"),
            (
                format!("a {{ -all({}) }}", select("$count").trim_start_matches("a ")),
                "a message of their own",
            ),
            ("a { -all(B({ many })) }".to_owned(), "a message of their own"),
            ("a { -all(count: 99999999999999999999.5) }".to_owned(), "15 digits"),
            (
                format!("b {{ $count ->\n *[other] {}\n }}", select("1")),
                "variants of what never varies",
            ),
        ] {
            let refused = said(&way).expect_err(&way);
            assert!(
                refused.starts_with("message people: ") && refused.contains(why),
                "{way}: {refused}"
            );
        }
        // What can be called by something is cut off and said by another language, not refused.
        for way in [
            "{ many }".to_owned(),
            "{ -all }".to_owned(),
            "{ MANY(many, count: 1) }".to_owned(),
            select("$count"),
            select("-all.attribute"),
            select("MANY(many)"),
        ] {
            assert_eq!(said(&way), Ok(false), "{way}");
        }
        assert_eq!(said("{\"{\"} { $count } { 3.14 }"), Ok(true));
    }

    #[test]
    fn a_message_is_refused_in_its_attributes_and_in_terms_too() {
        for messages in [
            "-term = { { $a } }\n",
            "message =\n    .attribute = { { $a } }\n",
            "a = }{\nterm = { { $a } }\n",
        ] {
            let refused = check(messages).expect_err(messages).to_string();
            assert!(refused.contains("take its braces away"), "{refused}");
        }
    }
}
