//! Names of members: what they may be, and when two are the same.

use unicode_normalization::UnicodeNormalization;

/// Characters of a name.
pub const MOST_CHARS: usize = 40;

/// A name as it is compared: without the differences that people do not see or type differently.
#[must_use]
pub fn login(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    words.join(" ").nfkc().collect::<String>().to_lowercase()
}

/// Whether somebody may be called so: two characters or more, letters, digits and little else.
#[must_use]
pub fn is_fit(name: &str) -> bool {
    let count = name.chars().count();
    let fits = |letter: char| letter.is_alphanumeric() || " .-_'’@".contains(letter);
    (2..=MOST_CHARS).contains(&count) && name.trim() == name && name.chars().all(fits)
}
