//! What text comes down to: the template of a comment, the shape and stem of an address, the place of a name.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Words of one shingle.
const SHINGLE: usize = 3;

/// Looked at of a comment; longer ones are alike if they begin alike.
const WORDS: usize = 400;

/// What is left of a comment once names and numbers are taken out of it: three words that follow one another, the rarest as
/// far as length tells. Equal for texts filled in from one template, however the gaps were filled; a comment of fewer words
/// is left whole. `None` if there is nothing in it.
///
/// Long words are rare words. Each shingle draws a number from its own text, and the one wins whose number is smallest for
/// its length (weighted sampling as in Efraimidis and Spirakis, 2006): two texts that share most of their long shingles
/// choose the same one, mostly, and nobody had to be asked what other comments say.
pub(super) fn template(comment: &str) -> Option<String> {
    let words: Vec<&str> = comment
        .split(|symbol: char| !symbol.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(WORDS)
        .collect();
    // What begins with a capital or holds a digit is what a template leaves open: a name, a town, an age.
    let is_fixed = |word: &&&str| !word.starts_with(char::is_uppercase) && !word.contains(char::is_numeric);
    let is_whole = words.iter().filter(is_fixed).count() < SHINGLE;
    let mut kept = String::with_capacity(comment.len());
    let mut places = Vec::with_capacity(words.len());
    for word in words.iter().filter(|word| is_whole || is_fixed(word)) {
        if !kept.is_empty() {
            kept.push(' ');
        }
        let begun = kept.len();
        fold(word, &mut kept);
        places.push(begun..kept.len());
    }
    let shingles = places
        .windows(SHINGLE)
        .map(|shingle| &kept[shingle[0].start..shingle[SHINGLE - 1].end]);
    let rarest = shingles.min_by(|a, b| draw(a).total_cmp(&draw(b))).map(str::to_owned);
    rarest.or_else(|| (!kept.is_empty()).then_some(kept))
}

/// A number that follows from the text, exponentially distributed, the smaller the longer the text.
fn draw(shingle: &str) -> f64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in shingle.bytes() {
        // FNV-1a, 64 bits.
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash = (hash ^ hash >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let unit = ((hash >> 11) as f64 + 1.0) / (1_u64 << 53) as f64;
    -unit.ln() / (shingle.len() as f64).powi(2)
}

/// Adds a text in lower case without accents: how a template is typed does not matter.
fn fold(text: &str, out: &mut String) {
    if text.is_ascii() {
        out.extend(text.chars().map(|symbol| symbol.to_ascii_lowercase()));
    } else {
        let plain = text.nfkd().filter(|symbol| !is_combining_mark(*symbol));
        out.extend(plain.flat_map(char::to_lowercase));
    }
}

/// `jean.dupont42` as `a4.a6d2`: letters as `a` and digits as `d` with the length of their runs, the rest as it is.
pub(super) fn shape(local: &str) -> String {
    let mut shape = String::new();
    let mut run = (None, 0);
    let mut end = |(class, length): (Option<char>, u32)| match class {
        Some(class @ ('a' | 'd')) => shape.push_str(&format!("{class}{length}")),
        Some(other) => shape.push(other),
        None => {}
    };
    for symbol in local.chars() {
        let class = match symbol {
            _ if symbol.is_alphabetic() => 'a',
            _ if symbol.is_numeric() => 'd',
            // Signs that could be read as a class are none of an address.
            _ => symbol,
        };
        if run.0 == Some(class) && matches!(class, 'a' | 'd') {
            run.1 += 1;
        } else {
            end(run);
            run = (Some(class), 1);
        }
    }
    end(run);
    shape
}

/// A canonical address without dots, and at a large provider without digits at the end of its local part: what the spellings of
/// one mailbox share, and the numbered mailboxes of one hand. Elsewhere a number names a person: schools and authorities
/// number their mailboxes, and that these have one pattern is said by [`shape`].
pub(super) fn stem(canonical: &str, at_large_provider: bool) -> String {
    let Some((local, domain)) = canonical.rsplit_once('@') else {
        return canonical.to_owned();
    };
    let plain = local.replace('.', "");
    let is_number = |symbol: char| at_large_provider && symbol.is_ascii_digit();
    let stem = plain.trim_end_matches(is_number);
    // An address of digits only is a number as a whole.
    let stem = if stem.is_empty() { &plain } else { stem };
    format!("{stem}@{domain}")
}

/// Place of a name in a directory: `26 * first + second + 1` of the first two letters of its last word; 0 if they are not
/// letters of the Latin alphabet.
pub(super) fn name_order(name: &str) -> u16 {
    let mut last = String::new();
    fold(name.split_whitespace().next_back().unwrap_or_default(), &mut last);
    let mut letters = last.chars().filter(|symbol| symbol.is_alphanumeric());
    match (letters.next(), letters.next()) {
        (Some(first @ 'a'..='z'), Some(second @ 'a'..='z')) => {
            let place = |letter: char| u16::try_from(u32::from(letter) - u32::from('a')).unwrap_or_default();
            26 * place(first) + place(second) + 1
        }
        _ => 0,
    }
}

/// Whether a name is written in capitals throughout. Scripts without capitals are not.
pub(super) fn is_upper(name: &str) -> bool {
    name.chars().filter(|symbol| symbol.is_uppercase()).count() > 1 && !name.chars().any(char::is_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_filled_in_from_one_template_come_down_to_one_thing() {
        let fill = |name: &str, town: &str, age: u32| {
            format!(
                "Je m’appelle {name}, j’ai {age} ans, j’habite à {town} et je trouve cette fermeture parfaitement scandaleuse."
            )
        };
        let one = template(&fill("Zoé Tarvellec", "Val-Mérand", 31));
        assert!(one.is_some());
        assert_eq!(one, template(&fill("Corentin Le Quémener", "Saint-Ozénac", 77)));
        assert_eq!(
            one,
            template(
                &fill("Suharti", "Paris", 5)
                    .to_lowercase()
                    .replace("suharti", "")
                    .replace("paris", "")
            )
        );
        assert_ne!(
            one,
            template("Mes enfants y ont appris à lire, et moi aussi, il y a bien longtemps.")
        );
        // What is too short for a shingle is compared as a whole, in whatever capitals.
        assert_eq!(template("Bravo !"), template("BRAVO"));
        assert_ne!(template("Bravo !"), template("Merci !"));
        assert_eq!(template("…"), None);
    }

    #[test]
    fn addresses_keep_shape_and_stem_only() {
        assert_eq!(shape("jean.dupont42"), "a4.a6d2");
        assert_eq!(shape("o'neil+news"), "a1'a4+a4");
        assert_eq!(shape("a..b"), "a1..a1");
        assert_eq!(stem("jean.dupont42@mail-a.example", true), "jeandupont@mail-a.example");
        assert_eq!(stem("0612@mail-a.example", true), "0612@mail-a.example");
    }

    /// Fails when digits at the end are taken off at every domain: a campus was one mailbox then.
    #[test]
    fn numbered_mailboxes_of_a_university_are_many() {
        let (one, two) = ("p2190412@etu.univ.example", "p2190413@etu.univ.example");
        assert_ne!(stem(one, false), stem(two, false));
        assert_eq!(shape("p2190412"), shape("p2190413"));
        assert_eq!(
            stem("j.martin@univ.example", false),
            stem("jmartin@univ.example", false)
        );
    }

    #[test]
    fn names_have_a_place_in_a_directory() {
        assert_eq!(name_order("Zoé Aaby"), 1);
        assert_eq!(name_order("Çelikoba"), 26 * 2 + 4 + 1);
        assert_eq!(name_order("王 小明"), 0);
        assert!(is_upper("JEAN DUPONT") && !is_upper("Jean DUPONT") && !is_upper("王小明"));
    }
}
