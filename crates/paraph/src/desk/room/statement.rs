//! The morning statement: numbers, what is not known, what will be done. No names, no adjectives.

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
/// wrongly does not get their name back. `seen` are the registered holders of what was seen that night, `others` those of all
/// networks that rent out servers: of these, one that is a single word may be a word of the language.
///
/// # Errors
/// What it names.
pub fn check<'a>(text: &str, seen: &[String], others: impl Iterator<Item = &'a str>) -> Result<(), Refused> {
    let words = text.split(|letter: char| letter.is_whitespace() || "()[]{}<>«»“”\"',;!?".contains(letter));
    for word in words {
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
    let text = format!(" {} ", spaced(text));
    let seen = seen
        .iter()
        .map(|holder| called(holder))
        .filter(|holder| holder.len() > 2);
    let others = others
        .map(called)
        .filter(|holder| holder.contains(' ') && holder.len() > 5);
    for holder in seen.chain(others) {
        if text.contains(&format!(" {holder} ")) {
            return Err(Refused::Holder);
        }
    }
    Ok(())
}

/// What people call a holder: without its legal form.
fn called(holder: &str) -> String {
    const FORMS: [&str; 22] = [
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
    ];
    let name = spaced(holder);
    let mut words: Vec<&str> = name.split(' ').collect();
    while words.len() > 1 && words.last().is_some_and(|last| FORMS.contains(last)) {
        words.pop();
    }
    words.join(" ")
}

/// Words in lower case, one space between them.
fn spaced(text: &str) -> String {
    let lower = text.to_lowercase();
    let words = lower
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
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

    #[test]
    fn a_statement_names_nobody() {
        let holders = ["Example Hosting Ltd".to_owned(), "AB".to_owned()];
        let others = || ["Quay Servers B.V.", "Harbour", "GAMMA"].into_iter();
        let refused = |text: &str| check(text, &holders, others()).expect_err(text);
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
        assert_eq!(refused("chez «example hosting, ltd»"), Refused::Holder);
        assert_eq!(refused("through Example Hosting"), Refused::Holder);
        assert_eq!(refused("from the machines of Quay Servers."), Refused::Holder);
        for text in [
            "Between 3.15 and 5.40, 12 000 attempts were set aside. We do not know who is behind them.",
            "À 3 h 15, 1.200 tentatives.",
            "Version 2.0 of the text stands.",
            "It was as expected.",
            "The harbour is quiet, and so is the quay.",
            "",
        ] {
            assert_eq!(check(text, &holders, others()), Ok(()), "{text}");
        }
    }
}
