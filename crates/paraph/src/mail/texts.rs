//! The words of mails, one file of `locales/mail/` for each language.

use std::sync::{LazyLock, Mutex, PoisonError};

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use unic_langid::LanguageIdentifier;

// Languages that mail is written in: one row for each file of `locales/mail/`.
include!(concat!(env!("OUT_DIR"), "/mail.rs"));

static TEXTS: LazyLock<Vec<Texts>> =
    LazyLock::new(|| LANGUAGES.iter().map(|(code, ftl)| Texts::new(code, ftl)).collect());

/// Languages that the operator added at start.
static ADDED: Mutex<Vec<&'static Texts>> = Mutex::new(Vec::new());

/// Adds the mails of one language to those built in.
pub fn add_language(code: &'static str, messages: &str) {
    let texts: &'static Texts = Box::leak(Box::new(Texts::new(code, messages)));
    ADDED.lock().unwrap_or_else(PoisonError::into_inner).push(texts);
}

/// Messages of one language.
pub struct Texts {
    pub(super) code: &'static str,
    pub(super) bundle: FluentBundle<FluentResource>,
}

/// What is put into a message.
#[derive(Clone, Copy, Debug)]
pub enum Said<'a> {
    /// A text of one line.
    Text(&'a str),
    /// A number that the sentence may bend to.
    Number(u64),
}

impl Texts {
    /// Text that does not parse is left out here and found by the tests: a mail must never fail for its language.
    fn new(code: &'static str, ftl: &str) -> Self {
        let language: LanguageIdentifier = code.parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![language]);
        // Isolation marks around what is inserted would end up inside copied names; `plain` removes what they guard against.
        bundle.set_use_isolating(false);
        let resource = FluentResource::try_new(ftl.to_owned()).unwrap_or_else(|(partial, _)| partial);
        bundle.add_resource_overriding(resource);
        Self { code, bundle }
    }

    /// The messages of a language; English if there are none.
    #[must_use]
    pub fn of(code: &str) -> &'static Self {
        let added = ADDED.lock().unwrap_or_else(PoisonError::into_inner);
        TEXTS
            .iter()
            .chain(added.iter().copied())
            .find(|texts| texts.code == code)
            .unwrap_or_else(Self::english)
    }

    fn english() -> &'static Self {
        TEXTS
            .iter()
            .find(|texts| texts.code == "en")
            .expect("English is embedded")
    }

    /// A message, in English if this language lacks it.
    #[must_use]
    pub fn say(&self, message: &str, values: &[(&str, Said<'_>)]) -> String {
        let mut arguments = FluentArgs::new();
        for (name, value) in values {
            match value {
                Said::Text(text) => arguments.set(*name, *text),
                Said::Number(number) => arguments.set(*name, *number),
            }
        }
        let texts = if self.bundle.has_message(message) {
            self
        } else {
            Self::english()
        };
        let Some(found) = texts.bundle.get_message(message) else {
            return String::new();
        };
        let Some(pattern) = found.value() else {
            return String::new();
        };
        texts
            .bundle
            .format_pattern(pattern, Some(&arguments), &mut Vec::new())
            .into_owned()
    }
}
