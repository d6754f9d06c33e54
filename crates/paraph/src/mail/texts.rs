//! The words of mails, one file of `locales/mail/` for each language.

use std::sync::{LazyLock, OnceLock};

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use unic_langid::LanguageIdentifier;

// Languages that mail is written in: one row for each file of `locales/mail/`.
include!(concat!(env!("OUT_DIR"), "/mail.rs"));

static TEXTS: LazyLock<Vec<Texts>> =
    LazyLock::new(|| LANGUAGES.iter().map(|(code, ftl)| Texts::new(code, ftl)).collect());

/// Languages that the operator added at start. Set once, before any mail is written.
static ADDED: OnceLock<Added> = OnceLock::new();

struct Added {
    texts: Vec<Texts>,
    /// Code of the site's first language, which says what one of them lacks.
    first: String,
}

/// Adds mails of languages, by code, to those built in. What one of them cannot say is said in the site's first language, as on
/// pages.
pub fn add_languages(mails: &[(&'static str, String)], first: &str) {
    let texts = mails.iter().map(|(code, messages)| Texts::new(code, messages));
    let added = Added {
        texts: texts.collect(),
        first: first.to_owned(),
    };
    let _ = ADDED.set(added);
}

/// The file of English mails: the texts that every language has.
#[must_use]
pub fn english_source() -> &'static str {
    let english = LANGUAGES.iter().find(|(code, _)| *code == "en");
    english.map_or("", |(_, messages)| messages)
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

    /// The messages of a language; those of the site's first if there are none, or English.
    #[must_use]
    pub fn of(code: &str) -> &'static Self {
        Self::find(code).or_else(Self::first).unwrap_or_else(Self::english)
    }

    fn find(code: &str) -> Option<&'static Self> {
        let added = ADDED.get().into_iter().flat_map(|added| &added.texts);
        TEXTS.iter().chain(added).find(|texts| texts.code == code)
    }

    fn first() -> Option<&'static Self> {
        Self::find(&ADDED.get()?.first)
    }

    fn english() -> &'static Self {
        TEXTS
            .iter()
            .find(|texts| texts.code == "en")
            .expect("English is embedded")
    }

    /// A message; where this language lacks it, or asks for a value that is not there, as the site's first says it, or English.
    #[must_use]
    pub fn say(&self, message: &str, values: &[(&str, Said<'_>)]) -> String {
        let mut arguments = FluentArgs::new();
        for (name, value) in values {
            match value {
                Said::Text(text) => arguments.set(*name, *text),
                Said::Number(number) => arguments.set(*name, *number),
            }
        }
        let said = self.try_say(message, &arguments);
        said.or_else(|| Self::first()?.try_say(message, &arguments))
            .or_else(|| Self::english().try_say(message, &arguments))
            .unwrap_or_default()
    }

    fn try_say(&self, message: &str, arguments: &FluentArgs<'_>) -> Option<String> {
        let pattern = self.bundle.get_message(message)?.value()?;
        let mut errors = Vec::new();
        let text = self
            .bundle
            .format_pattern(pattern, Some(arguments), &mut errors)
            .into_owned();
        errors.is_empty().then_some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::{Said, Texts};

    #[test]
    fn a_text_with_a_value_that_is_not_there_is_said_in_another_language() {
        let misspelt = Texts::new("es", "subject = { $titulo }\ngreeting = Hola, { $name }:\n");
        let title = [("title", Said::Text("The fountain"))];
        assert_eq!(misspelt.say("subject", &title), "Confirm your signature: The fountain");
        assert_eq!(misspelt.say("greeting", &[("name", Said::Text("Ada"))]), "Hola, Ada:");
    }
}
