//! What kind of line a network serves, from its number and its registered holder, by the rules of `networks/kinds.txt`.
//!
//! The rules are a list that a person can read and correct; each number has its reason beside it. Words that point to
//! different kinds cancel each other out, and what no rule speaks of is unknown.

use std::collections::HashMap;

use super::Kind;

/// The rules that come with the program.
const EMBEDDED: &str = include_str!("../../../networks/kinds.txt");

/// Numbers and words, each with the kind that it stands for.
#[derive(Debug, Default)]
pub struct Rules {
    numbers: HashMap<u32, Kind>,
    words: Vec<(String, Kind)>,
}

/// A line of the rules that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {0} is no rule: KIND as NUMBER, or KIND word TEXT")]
pub struct RuleError(pub usize);

impl Rules {
    /// The program's own rules.
    ///
    /// # Errors
    /// Never in a released program: a test reads them.
    pub fn embedded() -> Result<Self, RuleError> {
        Self::parse(EMBEDDED)
    }

    /// Reads rules, one a line; `#` begins a comment.
    ///
    /// # Errors
    /// A line is neither a rule nor a comment, or says a second time what a number is.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        let mut rules = Self::default();
        for (index, line) in text.lines().enumerate() {
            let rule = line.split('#').next().unwrap_or_default().trim();
            if !rule.is_empty() {
                rules.add(rule).ok_or(RuleError(index + 1))?;
            }
        }
        Ok(rules)
    }

    fn add(&mut self, rule: &str) -> Option<()> {
        let (kind, rest) = rule.split_once(' ')?;
        let kind = match kind {
            "hosting" => Kind::Hosting,
            "access" => Kind::Access,
            "other" => Kind::Other,
            "unknown" => Kind::Unknown,
            _ => return None,
        };
        match rest.trim().split_once(' ')? {
            ("as", number) => {
                let earlier = self.numbers.insert(number.trim().parse().ok()?, kind);
                earlier.is_none().then_some(())
            }
            ("word", words) => {
                self.words.push((normal(words), kind));
                Some(())
            }
            _ => None,
        }
    }

    /// The kind of a network: its number decides, else the words of its holder, where they agree.
    #[must_use]
    pub fn kind(&self, asn: u32, holder: &str) -> Kind {
        if let Some(kind) = self.numbers.get(&asn) {
            return *kind;
        }
        let holder = normal(holder);
        let mut said = self
            .words
            .iter()
            .filter(|(words, _)| holder.contains(words.as_str()))
            .map(|(_, kind)| *kind);
        match said.next() {
            Some(kind) if said.all(|other| other == kind) => kind,
            _ => Kind::Unknown,
        }
    }
}

/// Lower case, a space around each word, everything but letters and digits a space. A `*` at the end of a rule's word
/// leaves its end open.
fn normal(text: &str) -> String {
    let mut out = String::from(" ");
    for letter in text.chars() {
        match letter {
            letter if letter.is_alphanumeric() => out.extend(letter.to_lowercase()),
            '*' | '\'' | '’' => {}
            _ if !out.ends_with(' ') => out.push(' '),
            _ => {}
        }
    }
    if !text.ends_with('*') && !out.ends_with(' ') {
        out.push(' ');
    }
    out
}
