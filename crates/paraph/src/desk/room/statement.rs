//! The morning statement: numbers, what is not known, what will be done. No names, no adjectives.

use std::collections::HashSet;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;

/// Why a text is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It names a network address.
    Address,
    /// It names a mail address or a site.
    Name,
    /// It names a network by its number.
    Network,
    /// It names a registered holder.
    Holder,
}

impl Refused {
    /// Id of the message that says so.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::Address => "desk-statement-no-address",
            Self::Name => "desk-statement-no-name",
            Self::Network => "desk-statement-no-network",
            Self::Holder => "desk-statement-no-holder",
        }
    }
}

/// Whether a text can be published: whoever stands behind an address is not known the morning after, and who is named
/// wrongly does not get their name back.
///
/// `seen` are the registered holders of what was banned that night: refused however they are written. So are the holders of
/// the whole table, except those called by nothing but ordinary words ("Cloud", "Network"): these are meant only where they
/// are written as a name, with capitals inside a sentence. The page says this rule.
///
/// # Errors
/// What it names.
pub fn check<'a>(text: &str, seen: &[String], table: impl Iterator<Item = &'a str>) -> Result<(), Refused> {
    for word in text.split(|letter: char| letter.is_whitespace() || "()[]{}<>«»“”\"',;!?".contains(letter)) {
        let word = word.trim_matches(|letter: char| !letter.is_alphanumeric());
        let bare = word.split('/').next().unwrap_or_default();
        if bare.parse::<std::net::IpAddr>().is_ok() || is_cut_address(bare) {
            return Err(Refused::Address);
        }
        if word.contains('@') || is_host(bare) || word.contains("://") {
            return Err(Refused::Name);
        }
        let lower = word.to_lowercase();
        let number = lower.strip_prefix("asn").or_else(|| lower.strip_prefix("as"));
        if number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())) {
            return Err(Refused::Network);
        }
    }
    let words = words(&text.nfkc().collect::<String>());
    let said: HashSet<&str> = words.iter().map(|word| &*word.lower).collect();
    let is_said = |holder: &str, seen: bool| {
        // Nearly every holder ends here, and the table has ninety thousand.
        let first = holder
            .split(|letter: char| !letter.is_alphanumeric())
            .find(|word| !word.is_empty());
        if !first.is_some_and(|first| said.contains(&*first.to_lowercase())) {
            return false;
        }
        let name = called(holder);
        if name.iter().map(String::len).sum::<usize>() <= 2 || name.iter().all(|word| is_number(word)) {
            return false;
        }
        let needs_capitals = !seen && name.iter().all(|word| is_ordinary(word));
        words.windows(name.len()).any(|said| {
            let is_name = said.iter().map(|word| &word.lower).eq(&name);
            let is_written_as_one = said.iter().all(|word| word.is_capital) && (name.len() > 1 || !said[0].begins);
            is_name && (is_written_as_one || !needs_capitals)
        })
    };
    let mut table = table.filter(|holder| !NOBODY.contains(&&*holder.to_lowercase()));
    if seen.iter().any(|holder| is_said(holder, true)) || table.any(|holder| is_said(holder, false)) {
        return Err(Refused::Holder);
    }
    Ok(())
}

/// Holders of the table whose name is nobody's alone.
const NOBODY: [&str; 2] = ["internet", "utc"];

/// Ordinary words that holders are called by, too.
static ORDINARY: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    let lines = include_str!("../../../networks/everyday.txt").lines();
    lines
        .filter(|line| !line.starts_with('#'))
        .flat_map(|line| line.split(' '))
        .collect()
});

fn is_ordinary(word: &str) -> bool {
    word.chars().count() < 3 || is_number(word) || ORDINARY.contains(word)
}

fn is_number(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit())
}

/// A word of a text.
struct Word {
    lower: String,
    /// Written with a capital, or a number.
    is_capital: bool,
    /// It begins a sentence, where everything has a capital.
    begins: bool,
}

fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut begins = true;
    let mut rest = text;
    while let Some(start) = rest.find(char::is_alphanumeric) {
        begins |= rest[..start].contains(['.', '!', '?', ':', '\n', '«', '“', '"']);
        rest = &rest[start..];
        let end = rest
            .find(|letter: char| !letter.is_alphanumeric())
            .unwrap_or(rest.len());
        let word = &rest[..end];
        words.push(Word {
            lower: word.to_lowercase(),
            is_capital: word.starts_with(|letter: char| letter.is_uppercase() || letter.is_numeric()),
            begins,
        });
        begins = false;
        rest = &rest[end..];
    }
    words
}

/// What people call a holder: its words in lower case, without its legal form.
fn called(holder: &str) -> Vec<String> {
    const FORMS: [&str; 27] = [
        "ltd",
        "limited",
        "llc",
        "inc",
        "corp",
        "corporation",
        "co",
        "gmbh",
        "ag",
        "sas",
        "sasu",
        "sarl",
        "sa",
        "srl",
        "spa",
        "bv",
        "b",
        "v",
        "oy",
        "ab",
        "as",
        "plc",
        // "S.A.", "S.p.A.", "d.o.o."
        "s",
        "a",
        "p",
        "d",
        "o",
    ];
    let mut name: Vec<String> = words(holder).into_iter().map(|word| word.lower).collect();
    while name.len() > 1 && name.last().is_some_and(|last| FORMS.contains(&&**last)) {
        name.pop();
    }
    name
}

/// `203.0.113.x`, `203.0.113`: an address that somebody shortened.
fn is_cut_address(word: &str) -> bool {
    let parts: Vec<&str> = word.split('.').collect();
    let numbers = parts.iter().filter(|part| part.parse::<u8>().is_ok()).count();
    (3..=4).contains(&parts.len()) && numbers >= 3 && numbers >= parts.len() - 1
}

/// `host.example`: letters on both sides of a full stop without a space.
fn is_host(word: &str) -> bool {
    let Some((before, last)) = word.rsplit_once('.') else {
        return false;
    };
    let letters = |text: &str| text.len() >= 2 && text.chars().all(char::is_alphabetic);
    letters(last) && before.chars().last().is_some_and(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::{Refused, check};
    use crate::trace::networks::Networks;

    #[test]
    fn a_statement_names_nobody() {
        let holders = ["Example Hosting Ltd".to_owned(), "AB".to_owned(), "Free".to_owned()];
        let table = || {
            [
                "Quay Servers B.V.",
                "Harbour Network",
                "GAMMAHOST",
                "Cloud S.A.",
                "Internet",
                "AB",
                "1664",
                "ASK IT",
            ]
            .into_iter()
        };
        let refused = |text: &str| check(text, &holders, table()).expect_err(text);
        for text in [
            "from 203.0.113.7.",
            "(2001:db8::1)",
            "203.0.113.0/24",
            "les 203.0.113.x",
            "in 198.51.100",
        ] {
            assert_eq!(refused(text), Refused::Address, "{text}");
        }
        for text in ["write to a@example.org", "see https://example.org", "by example.com,"] {
            assert_eq!(refused(text), Refused::Name, "{text}");
        }
        assert_eq!(refused("through AS64500"), Refused::Network);
        for text in [
            "chez «example hosting, ltd»",
            "through Example Hosting",
            "from the machines of Quay Servers.",
            "from the machines of quay servers.",
            "Les serveurs de GammaHost.",
            "gammahost did it",
            "Gammahost n’a rien dit.",
            "Les abonnés de Cloud en sont.",
            "It was free.",
            "through Harbour Network",
        ] {
            assert_eq!(refused(text), Refused::Holder, "{text}");
        }
        for text in [
            "Between 3.15 and 5.40, 12 000 attempts were set aside. We do not know who is behind them.",
            "À 3 h 15, 1.200 tentatives.",
            "Version 2.0 of the text stands.",
            "It was as expected.",
            "The harbour is quiet, and so is the quay.",
            "Cloud est un mot de tous les jours. Ce cloud est parti.",
            "On the Internet. Sur Internet.",
            "We ask it of everybody, 1664 times.",
            "",
        ] {
            assert_eq!(check(text, &holders, table()), Ok(()), "{text}");
        }
    }

    /// The real table against what people would write: its rented servers are named by nobody, ordinary words by everybody.
    #[test]
    fn every_holder_of_the_table_is_refused_and_plain_words_are_not() {
        let networks = Networks::embedded();
        let named = networks
            .holders()
            .filter(|holder| check(holder, &[], std::iter::once(*holder)).is_err());
        let (named, all) = (named.count(), networks.holders().count());
        assert!(named * 100 > all * 97, "{named} of {all}");
        for text in [
            "Nous ne savons pas qui a envoyé ces demandes, ni pourquoi. Le service, le site et le réseau ont tenu toute la nuit.",
            "We do not know who is behind this, or whether it will start again. The server and its network stood; the line was full.",
            "Une plainte sera déposée demain matin. La CNIL est prévenue.",
        ] {
            assert_eq!(check(text, &[], networks.holders()), Ok(()), "{text}");
        }
    }
}
