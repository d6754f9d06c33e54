//! What changed between two texts: by lines, and within lines that changed by words.

/// A piece of both texts, or of one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// In both.
    Same(String),
    /// Only in the earlier one.
    Removed(String),
    /// Only in the later one.
    Added(String),
}

/// Cells of one comparison's table; beyond them a passage counts as rewritten. 2,000 by 2,000 takes some milliseconds.
const CELLS: usize = 4_000_000;

/// Compares two texts. Joined again, what is not `Added` is the earlier one, and what is not `Removed` the later one.
#[must_use]
pub fn difference(before: &str, after: &str) -> Vec<Part> {
    let (old, new): (Vec<&str>, Vec<&str>) = (
        before.split_inclusive('\n').collect(),
        after.split_inclusive('\n').collect(),
    );
    let mut parts = Vec::new();
    for run in runs(&old, &new) {
        match run {
            Run::Same(lines) => push(&mut parts, Part::Same(lines.concat())),
            Run::Changed(lines, others) => {
                let (lines, others) = (lines.concat(), others.concat());
                for run in runs(&words(&lines), &words(&others)) {
                    match run {
                        Run::Same(words) => push(&mut parts, Part::Same(words.concat())),
                        Run::Changed(words, others) => {
                            push(&mut parts, Part::Removed(words.concat()));
                            push(&mut parts, Part::Added(others.concat()));
                        }
                    }
                }
            }
        }
    }
    parts
}

fn push(parts: &mut Vec<Part>, part: Part) {
    let (Part::Same(text) | Part::Removed(text) | Part::Added(text)) = &part;
    if !text.is_empty() {
        parts.push(part);
    }
}

/// Words, each with the white space behind it.
fn words(text: &str) -> Vec<&str> {
    text.split_inclusive(char::is_whitespace).collect()
}

enum Run<'a, 'b> {
    Same(&'b [&'a str]),
    Changed(&'b [&'a str], &'b [&'a str]),
}

/// Runs of what is in both and of what is not, by the longest common subsequence.
fn runs<'a, 'b>(old: &'b [&'a str], new: &'b [&'a str]) -> Vec<Run<'a, 'b>> {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let rest = (&old[head..], &new[head..]);
    let tail = rest.0.iter().rev().zip(rest.1.iter().rev());
    let tail = tail.take_while(|(a, b)| a == b).count();
    let (a, b) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    let mut found = vec![Run::Same(&old[..head])];
    if a.len().saturating_mul(b.len()) > CELLS {
        found.push(Run::Changed(a, b));
    } else {
        between(a, b, &mut found);
    }
    found.push(Run::Same(&old[old.len() - tail..]));
    found
}

fn between<'a, 'b>(a: &'b [&'a str], b: &'b [&'a str], found: &mut Vec<Run<'a, 'b>>) {
    let width = b.len() + 1;
    // `longest[i * width + j]`: what `a[i..]` and `b[j..]` have in common.
    let mut longest = vec![0_u32; (a.len() + 1) * width];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            longest[i * width + j] = if a[i] == b[j] {
                longest[(i + 1) * width + j + 1] + 1
            } else {
                longest[(i + 1) * width + j].max(longest[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        let (from, to) = (i, j);
        while i < a.len() && j < b.len() && a[i] == b[j] {
            (i, j) = (i + 1, j + 1);
        }
        if i > from {
            found.push(Run::Same(&a[from..i]));
            continue;
        }
        while (i < a.len() || j < b.len()) && !(i < a.len() && j < b.len() && a[i] == b[j]) {
            if j == b.len() || (i < a.len() && longest[(i + 1) * width + j] >= longest[i * width + j + 1]) {
                i += 1;
            } else {
                j += 1;
            }
        }
        found.push(Run::Changed(&a[from..i], &b[to..j]));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Part, difference};

    #[test]
    fn a_changed_word_is_shown_within_its_line() {
        let parts = difference(
            "We ask for two trees.\nSoon.\n",
            "We ask for three trees.\nSoon.\nThank you.\n",
        );
        let expected = [
            Part::Same("We ask for ".into()),
            Part::Removed("two ".into()),
            Part::Added("three ".into()),
            Part::Same("trees.\n".into()),
            Part::Same("Soon.\n".into()),
            Part::Added("Thank you.\n".into()),
        ];
        assert_eq!(parts, expected);
    }

    #[test]
    fn texts_too_long_to_compare_are_shown_as_rewritten() {
        let (old, new) = ("a\n".repeat(3000) + "x", "b\n".repeat(3000) + "y");
        assert_eq!(difference(&old, &new), [Part::Removed(old), Part::Added(new)]);
    }

    proptest! {
        #[test]
        fn both_texts_can_be_read_from_it(before in "[ab \n]{0,60}", after in "[ab \n]{0,60}") {
            let (mut old, mut new) = (String::new(), String::new());
            for part in difference(&before, &after) {
                match part {
                    Part::Same(text) => { old.push_str(&text); new.push_str(&text); }
                    Part::Removed(text) => old.push_str(&text),
                    Part::Added(text) => new.push_str(&text),
                }
            }
            prop_assert_eq!((old, new), (before, after));
        }
    }
}
