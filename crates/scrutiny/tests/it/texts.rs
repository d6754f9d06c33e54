//! Every key has its words, in every language.

use std::collections::BTreeSet;

use paraph_scrutiny::{Advice, Confidence, Fact, Family, Innocent};

const FRENCH: &str = include_str!("../../locales/fr.ftl");
const ENGLISH: &str = include_str!("../../locales/en.ftl");

/// What only evidence of earlier versions says.
const FORMER: &str = "scrutiny-fact-same-mail-servers";

fn keys() -> BTreeSet<&'static str> {
    let mut keys: BTreeSet<&str> = Fact::ALL.iter().map(|one| one.key()).collect();
    keys.extend(Family::ALL.iter().map(|one| one.key()));
    keys.extend(Innocent::ALL.iter().map(|one| one.key()));
    keys.extend(Confidence::ALL.iter().map(|one| one.key()));
    keys.extend([Advice::Hold.key(), Advice::Ask.key(), FORMER]);
    keys
}

#[test]
fn every_key_has_words_in_french_and_english_and_no_words_are_left_over() {
    for (language, text) in [("fr", FRENCH), ("en", ENGLISH)] {
        let written: BTreeSet<&str> = text
            .lines()
            .filter_map(|line| line.split_once(" ="))
            .map(|(key, _)| key)
            .filter(|key| key.starts_with("scrutiny-"))
            .collect();
        assert_eq!(written, keys(), "{language}");
    }
}

/// Spaces before high punctuation and within guillemets do not break; apostrophes are apostrophes.
#[test]
fn french_is_set_as_french_is() {
    for line in FRENCH.lines().filter(|line| !line.starts_with('#')) {
        let text = line.split_once(" = ").map_or(line, |(_, text)| text);
        let placeables = text.split(['{', '}']).step_by(2).collect::<String>();
        for wrong in ["'", " :", " ;", " ?", " !", "« ", " »"] {
            assert!(!placeables.contains(wrong), "{wrong:?} in {line}");
        }
    }
}
