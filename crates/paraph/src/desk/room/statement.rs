//! The morning statement: numbers, what is not known, what will be done. No names, no adjectives.

use std::collections::{BTreeSet, HashSet};
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
/// wrongly does not get their name back. The words that whoever writes it has to say are none: "Orange" at the beginning of a
/// sentence may be a colour or a network, and only people know.
///
/// `seen` are the registered holders of what was banned that night: refused however they are written, and by the one word of
/// their name that is no other's. So are the holders of the whole table and what people call the large ones, except those
/// called by nothing but ordinary words ("Cloud", "Network"): these are meant only where they are written as a name, with
/// capitals inside a sentence. The page says this rule.
///
/// # Errors
/// What it names.
pub fn check<'a>(text: &str, seen: &[String], table: impl Iterator<Item = &'a str>) -> Result<Vec<String>, Refused> {
    let text: String = text.nfkc().collect();
    // As people write an address so that nothing makes a link of it.
    let text = ["[.]", "(.)", "{.}", "[dot]", "(dot)"]
        .iter()
        .fold(text, |text, dot| text.replace(dot, "."));
    for word in text.split(|letter: char| letter.is_whitespace() || "()[]{}<>«»“”\"'’,;!?%".contains(letter)) {
        let bare = word.split('/').next().unwrap_or_default();
        if is_address(bare.trim_matches(|letter: char| !letter.is_alphanumeric() && letter != ':')) {
            return Err(Refused::Address);
        }
        let word = word.trim_matches(|letter: char| !letter.is_alphanumeric());
        if word.contains('@') || is_host(word.split('/').next().unwrap_or_default()) || word.contains("://") {
            return Err(Refused::Name);
        }
    }
    let words = words(&text);
    if has_spaced_address(&words) {
        return Err(Refused::Address);
    }
    if has_network_number(&words) {
        return Err(Refused::Network);
    }
    let said = Said::of(&words);
    if seen.iter().any(|holder| said.has_seen(holder)) {
        return Err(Refused::Holder);
    }
    let called = CALLED.lines().filter(|line| !line.starts_with('#'));
    let mut in_question = BTreeSet::new();
    for name in table.chain(called).filter_map(|holder| said.name_of(holder)) {
        if said.names(&name) {
            return Err(Refused::Holder);
        }
        if let [word] = &name[..]
            && is_ordinary(word)
        {
            in_question.extend(said.begins_with(word));
        }
    }
    Ok(in_question.into_iter().collect())
}

/// The words of a text, and which there are.
struct Said<'a> {
    words: &'a [Word],
    each: HashSet<&'a str>,
}

impl<'a> Said<'a> {
    fn of(words: &'a [Word]) -> Self {
        let each = words.iter().map(|word| &*word.lower).collect();
        Self { words, each }
    }

    /// Whether words of a name follow each other, or do so written as a name.
    fn has(&self, name: &[String], needs_capitals: bool) -> bool {
        self.words.windows(name.len()).any(|said| {
            let is_name = said.iter().map(|word| &word.lower).eq(name);
            let is_written_as_one = said.iter().all(|word| word.is_capital) && (name.len() > 1 || !said[0].begins);
            is_name && (is_written_as_one || !needs_capitals)
        })
    }

    /// Whether a name is there that can mean nothing else.
    fn names(&self, name: &[String]) -> bool {
        self.has(name, name.iter().all(|word| is_ordinary(word)))
    }

    /// Whether a holder of that night is there.
    fn has_seen(&self, holder: &str) -> bool {
        let name = called(holder);
        let own = name.iter().find(|word| !is_ordinary(word));
        own.is_some_and(|own| self.each.contains(&**own)) || (is_a_name(&name) && self.has(&name, false))
    }

    /// What people call a holder, if that may be in the text.
    fn name_of(&self, holder: &str) -> Option<Vec<String>> {
        // Nearly every holder ends here, and the table has ninety thousand.
        let first = holder
            .split(|letter: char| !letter.is_alphanumeric())
            .find(|word| !word.is_empty())?;
        // One letter may be the first of several that are written as one word.
        if first.chars().count() > 1 && !self.each.contains(&*first.to_lowercase()) {
            return None;
        }
        Some(called(holder)).filter(|name| is_a_name(name) && !is_nobodys(name))
    }

    /// A word as it begins a sentence, where everything has a capital.
    fn begins_with(&self, lower: &str) -> Option<String> {
        let mut beginnings = self.words.iter().filter(|word| word.begins && word.is_capital);
        let mut letters = beginnings.find(|word| word.lower == lower)?.lower.chars();
        Some(letters.next()?.to_uppercase().chain(letters).collect())
    }
}

/// What people call large networks, one a line.
const CALLED: &str = include_str!("../../../networks/called.txt");

/// What holders of the table are called by, and nobody takes for a name, whatever its letters: "Its cause", "États-Unis".
const NOBODY: [&str; 13] = [
    "est", "etc", "fro", "internet", "its", "mon", "new", "next", "none", "unis", "utc", "vos", "will",
];

fn is_nobodys(name: &[String]) -> bool {
    matches!(name, [word] if NOBODY.contains(&&**word))
}

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

/// Whether the words of a name are enough of one: not two letters, not a number.
fn is_a_name(name: &[String]) -> bool {
    name.iter().map(String::len).sum::<usize>() > 2 && !name.iter().all(|word| is_number(word))
}

/// A word of a text.
struct Word {
    lower: String,
    /// What stands between the word before and this one.
    before: String,
    /// Written in capitals throughout.
    is_upper: bool,
    /// Of letters that stand alone: "S.A.", "S A".
    is_spelt: bool,
    /// Written with a capital, or a number.
    is_capital: bool,
    /// It begins a sentence, where everything has a capital.
    begins: bool,
}

fn words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut begins = true;
    let mut rest = text;
    while let Some(start) = rest.find(char::is_alphanumeric) {
        let before = &rest[..start];
        rest = &rest[start..];
        let end = rest
            .find(|letter: char| !letter.is_alphanumeric())
            .unwrap_or(rest.len());
        let letters = &rest[..end];
        let word = Word {
            lower: letters.to_lowercase(),
            before: before.to_owned(),
            is_upper: letters.chars().all(char::is_uppercase),
            is_spelt: letters.chars().count() == 1 && letters.chars().all(char::is_alphabetic),
            is_capital: rest.starts_with(|letter: char| letter.is_uppercase() || letter.is_numeric()),
            begins: begins || before.contains(['.', '!', '?', ':', '\n', '«', '“', '"']),
        };
        rest = &rest[end..];
        begins = false;
        match words.last_mut() {
            Some(last) if spells_on(last, &word) => last.lower.push_str(&word.lower),
            _ => words.push(word),
        }
    }
    words
}

/// Whether a letter goes on with a word that is spelt: with full stops, or with spaces in capitals.
fn spells_on(last: &Word, word: &Word) -> bool {
    let is_spaced = word.before == " " && last.is_upper && word.is_upper;
    last.is_spelt && word.is_spelt && (word.before.trim() == "." || is_spaced)
}

/// Whether a text has an address in four numbers with more or something else than full stops between: "203 [.] 0 . 113 . 7".
/// A telephone number has another count of numbers, or some that begin with a nought; a large number is in groups of three.
fn has_spaced_address(words: &[Word]) -> bool {
    let is_dot = |word: &&Word| ["dot", "point"].contains(&&*word.lower);
    let words: Vec<&Word> = words.iter().filter(|word| !is_dot(word)).collect();
    let goes_on = |before: &str| {
        before
            .chars()
            .all(|letter| letter.is_whitespace() || ".[](){}-_·".contains(letter))
    };
    let runs = words.chunk_by(|_, next| goes_on(&next.before) && is_number(&next.lower));
    runs.filter(|run| run.len() >= 4).any(|run| {
        // What goes before the first number is no part of it.
        let numbers: Vec<&str> = run
            .iter()
            .map(|word| &*word.lower)
            .skip_while(|word| !is_number(word))
            .collect();
        let is_part = |number: &&str| number.parse::<u8>().is_ok_and(|part| part.to_string() == **number);
        numbers.len() == 4 && numbers.iter().all(is_part)
    })
}

/// Whether a text has the number of an autonomous system: "AS64500", "AS 64500", "l’ASN n° 64500", "système autonome 64500".
fn has_network_number(words: &[Word]) -> bool {
    let in_one = words.iter().any(|word| {
        let number = word.lower.strip_prefix("asn").or_else(|| word.lower.strip_prefix("as"));
        number.is_some_and(|number| !number.is_empty() && is_number(number))
    });
    let announced = |word: &Word| {
        ["asn", "autonome", "autonomous"].contains(&&*word.lower) || (word.lower == "as" && word.is_upper)
    };
    let number_follows = |(at, word): (usize, &Word)| {
        announced(word) && words[at + 1..].iter().take(2).any(|next| is_number(&next.lower))
    };
    in_one || words.iter().enumerate().any(number_follows)
}

/// What people call a holder: its words in lower case, without its legal form.
fn called(holder: &str) -> Vec<String> {
    const FORMS: [&str; 21] = [
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
        "oy",
        "ab",
        "as",
        "plc",
        "doo",
    ];
    let mut name: Vec<String> = words(holder).into_iter().map(|word| word.lower).collect();
    while name.len() > 1 && name.last().is_some_and(|last| FORMS.contains(&&**last)) {
        name.pop();
    }
    name
}

/// An address, whole or cut. `2001:db8` is one, `3:15:20` a time.
fn is_address(word: &str) -> bool {
    let bare = word.trim_end_matches(|letter| letter == ':' && !word.ends_with("::"));
    if bare.parse::<std::net::IpAddr>().is_ok() || is_cut_address(bare) {
        return true;
    }
    let groups: Vec<&str> = bare.split(':').collect();
    let is_hex = |group: &&str| group.len() <= 4 && group.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'x');
    let is_mixed = bare.contains(|letter: char| letter.is_ascii_digit()) && bare.contains(char::is_alphabetic);
    let is_long = groups[0].len() >= 3 && (groups.len() >= 3 || is_mixed);
    groups.len() >= 2 && groups.iter().all(is_hex) && (is_long || bare.contains("::"))
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

/// A whole number, also as pages print it: in groups of three, with a space, an apostrophe, a comma or a point between them.
pub(crate) fn whole_number(typed: &str) -> Option<u64> {
    const BETWEEN: [char; 10] = [
        ' ', '\u{a0}', '\u{2009}', '\u{202f}', '\'', '’', ',', '.', '\u{66b}', '\u{66c}',
    ];
    let mut groups = typed.split(BETWEEN);
    let first = groups.next()?;
    let (mut all, mut in_groups) = (first.to_owned(), true);
    for group in groups {
        in_groups &= group.len() == 3 && (1..=3).contains(&first.len());
        all.push_str(group);
    }
    let is_number = in_groups && all.bytes().all(|digit| digit.is_ascii_digit());
    is_number.then(|| all.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::{CALLED, Refused, check, whole_number};
    use crate::trace::networks::Networks;

    #[test]
    fn a_statement_names_nobody() {
        let holders = ["Example Hosting Ltd".to_owned(), "AB".to_owned(), "Free".to_owned()];
        let table = || {
            [
                "Quay Servers B.V.",
                "Q.U.A.Y. Servers",
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
            "2001:db8::",
            "depuis ::1.",
            "2001:db8::/32",
            "from 2001:db8:7: nothing",
            "fe80::1%eth0",
            "[2001:db8::7]:443",
            "adresse:203.0.113.7",
            "l’adresse 203 . 0 . 113 . 7",
            "203 0 113 7",
            "203[.]0[.]113[.]x",
            "203 dot 0 dot 113 dot 7",
            "203 (.) 0 (.) 113 (.) 7",
        ] {
            assert_eq!(refused(text), Refused::Address, "{text}");
        }
        for text in [
            "write to a@example.org",
            "see https://example.org",
            "by example.com,",
            "example[.]org",
        ] {
            assert_eq!(refused(text), Refused::Name, "{text}");
        }
        for text in [
            "through AS64500",
            "par l’AS64500",
            "l’AS 64500",
            "AS n° 64500",
            "AS-64500",
            "asn 64500",
            "autonomous system 64500",
        ] {
            assert_eq!(refused(text), Refused::Network, "{text}");
        }
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
            "chez Q.U.A.Y. Servers",
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
            "De 3:15 à 5:40:20, 12 000 000 000 demandes, comme 2000 personnes ; appelez le 01 23 45 67 89.",
            "Il y a une orange. Partie A. À 3 h, plan B.",
            "",
        ] {
            assert!(check(text, &holders, table()).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_large_network_is_named_as_people_call_it() {
        let nobody = || std::iter::empty::<&str>();
        for name in CALLED.lines().filter(|line| !line.starts_with('#')) {
            let with_capitals: Vec<String> = name
                .split(' ')
                .map(|word| word[..1].to_uppercase() + &word[1..])
                .collect();
            for text in [
                format!("Cela vient de chez {}.", with_capitals.join(" ")),
                format!("the servers of {} did", name.to_uppercase()),
            ] {
                assert_eq!(check(&text, &[], nobody()), Err(Refused::Holder), "{text}");
            }
            let is_ordinary = super::called(name).iter().all(|word| super::is_ordinary(word));
            let in_small_letters = check(&format!("c’est {name}"), &[], nobody());
            assert_eq!(in_small_letters.is_ok(), is_ordinary, "{name}");
            if name.len() == 3 && !is_ordinary {
                let spelt = format!(
                    "chez {}",
                    name.to_uppercase()
                        .split("")
                        .collect::<Vec<_>>()
                        .join(".")
                        .trim_matches('.')
                );
                assert_eq!(check(&spelt, &[], nobody()), Err(Refused::Holder), "{spelt}");
            }
        }
        let seen = ["Quay Servers and Networks Ltd".to_owned()];
        assert_eq!(check("les machines de Quay", &seen, nobody()), Err(Refused::Holder));
        for text in [
            "Une orange, la poste, un mobile et du sel. L’océan est libre, free en anglais ; le vent est vif.",
            "Le courrier est arrivé par la poste. La poste est fermée le dimanche.",
        ] {
            assert!(check(text, &[], nobody()).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_name_that_is_an_ordinary_word_too_is_asked_about_where_a_sentence_begins_with_it() {
        let table = || ["Cloud S.A.", "Internet", "Harbour Network"].into_iter();
        let asked = |text: &str| check(text, &[], table()).expect(text);
        for (text, words) in [
            ("Orange a été prévenue. Orange répond.", &["Orange"][..]),
            (
                "Ce matin : orange, ou free. Free n’a rien dit. « Cloud » non plus.",
                &["Cloud", "Free"],
            ),
            ("ORANGE a été prévenue.", &["Orange"]),
            ("Une orange est tombée. Internet va bien. Harbour is a word.", &[]),
        ] {
            assert_eq!(asked(text), words, "{text}");
        }
        assert_eq!(check("Cela vient d’Orange.", &[], table()), Err(Refused::Holder));
        assert_eq!(
            check("Orange dort.", &["Orange S.A.".to_owned()], table()),
            Err(Refused::Holder)
        );
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
            "Its cause is not known. None of it counts. New attempts may come. Will they? Next, we say more.",
            "Vos signatures comptent. Est-ce fini ? Cela a réveillé quelqu’un aux États-Unis.",
        ] {
            assert_eq!(check(text, &[], networks.holders()), Ok(Vec::new()), "{text}");
        }
    }

    #[test]
    fn numbers_are_read_as_pages_print_them() {
        for typed in [
            "34000",
            "34 000",
            "34\u{a0}000",
            "34\u{202f}000",
            "34,000",
            "34.000",
            "34’000",
            "34\u{66c}000",
        ] {
            assert_eq!(whole_number(typed), Some(34_000), "{typed:?}");
        }
        assert_eq!(whole_number("1\u{202f}234\u{202f}567"), Some(1_234_567));
        for typed in [
            "",
            "3.5",
            "34 00",
            "1234 567",
            "-3",
            "3e4",
            "34  000",
            "99999999999999999999",
        ] {
            assert_eq!(whole_number(typed), None, "{typed:?}");
        }
    }
}
