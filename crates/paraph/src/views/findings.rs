//! What scrutiny says, in words: the messages of its own crate.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use paraph_scrutiny::MESSAGES;

use super::lang::Arg;

static TEXTS: LazyLock<Vec<(&'static str, FluentBundle<FluentResource>)>> = LazyLock::new(|| {
    let bundle = |(code, messages): (&'static str, &str)| {
        let mut bundle = FluentBundle::new_concurrent(vec![code.parse().unwrap_or_default()]);
        bundle.set_use_isolating(false);
        let resource = FluentResource::try_new(messages.to_owned()).unwrap_or_else(|(read, _)| read);
        bundle.add_resource_overriding(resource);
        (code, bundle)
    };
    MESSAGES.into_iter().map(bundle).collect()
});

/// One sentence; English where the language lacks it, the key where nobody knows it: evidence may be of a later version.
pub(super) fn say(code: &str, key: &str, values: &[(&'static str, Arg<'_>)]) -> String {
    let known = |(known, texts): &&(&str, FluentBundle<FluentResource>)| *known == code && texts.has_message(key);
    let found = TEXTS
        .iter()
        .find(known)
        .or_else(|| TEXTS.iter().find(|(known, _)| *known == "en"));
    let mut args = FluentArgs::new();
    for (name, value) in values {
        args.set(*name, value.clone());
    }
    let text = found.and_then(|(_, texts)| {
        let pattern = texts.get_message(key)?.value()?;
        Some(texts.format_pattern(pattern, Some(&args), &mut Vec::new()).into_owned())
    });
    text.unwrap_or_else(|| key.to_owned())
}
