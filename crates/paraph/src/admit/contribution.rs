//! What a form means: one attempt to sign, checked and made uniform. It accepts real people, whatever their script.

use unicode_normalization::char::is_combining_mark;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::email::Email;
use super::form::{FieldError, SignForm};
use crate::limits::Limits;

/// One attempt to sign, in the form in which it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Contribution {
    /// Name, NFC, without invisible characters.
    pub name: String,
    /// Address in its three forms.
    pub email: Email,
    /// Postcode, upper case, when given.
    pub postcode: Option<String>,
    /// ISO 3166-1 alpha-2 code, upper case, when given.
    pub country: Option<String>,
    /// Comment, NFC, lines ended by `\n`, may be empty.
    pub comment: String,
    /// Whether the name may be shown.
    pub show_name: bool,
    /// Whether news are wanted.
    pub news: bool,
    /// The honeypot was filled: answer as always, keep and mail nothing.
    pub ignored: bool,
}

/// Never shows personal data.
impl std::fmt::Debug for Contribution {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Contribution")
            .field("ignored", &self.ignored)
            .finish_non_exhaustive()
    }
}

impl Contribution {
    /// Checks a form.
    ///
    /// # Errors
    /// Every field that cannot be kept, in the order of the form, with the id of its message.
    pub fn from_form(form: &SignForm, limits: &Limits) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut note = |field, code| errors.push(FieldError::new(field, code));
        let name = name(&form.name, limits.name_chars)
            .map_err(|code| note("name", code))
            .ok();
        let email = Email::parse(&form.email).map_err(|code| note("email", code)).ok();
        let postcode = postcode(&form.postcode, limits.postcode_chars)
            .map_err(|code| note("postcode", code))
            .ok();
        let country = country(&form.country).map_err(|code| note("country", code)).ok();
        let comment = comment(&form.comment, limits.comment_chars)
            .map_err(|code| note("comment", code))
            .ok();
        match (name, email, postcode, country, comment) {
            (Some(name), Some(email), Some(postcode), Some(country), Some(comment)) => Ok(Self {
                name,
                email,
                postcode,
                country,
                comment,
                show_name: form.show_name,
                news: form.news,
                ignored: !form.website.is_empty(),
            }),
            _ => Err(errors),
        }
    }
}

/// Everything that is wrong with a form of which some fields could not be read: its person mends it in one go.
pub(super) fn all_wrong(form: &SignForm, mut errors: Vec<FieldError>, limits: &Limits) -> Vec<FieldError> {
    let unread = errors.iter().any(|error| error.code == "too_many_fields");
    let checked = Contribution::from_form(form, limits).err().unwrap_or_default();
    let more = checked.into_iter().filter(|_| !unread);
    // What could not be read is empty in the form, and not missing.
    let more: Vec<_> = more
        .filter(|error| errors.iter().all(|known| known.field != error.field))
        .collect();
    errors.extend(more);
    errors
}

/// Marks on one letter; Vietnamese has two, Tibetan and Thai up to four. More is a drawing over the neighbours.
const MARKS_IN_A_ROW: usize = 6;

fn name(raw: &str, max: u64) -> Result<String, &'static str> {
    let visible = without_invisible(raw);
    // NBSP and its kin come with pasted names.
    let name = nfc(visible.split_whitespace().collect::<Vec<_>>().join(" "));
    if name.is_empty() {
        return Err("name_missing");
    }
    if too_long(&name, max) {
        return Err("name_too_long");
    }
    // Asked of what was sent: a line end counts as white space above.
    if raw.trim().chars().any(char::is_control) || has_tower_of_marks(&name) {
        return Err("name_control");
    }
    if !name.chars().any(char::is_alphabetic) {
        return Err("name_no_letter");
    }
    if has_link(&name) {
        return Err("name_link");
    }
    Ok(name)
}

fn comment(raw: &str, max: u64) -> Result<String, &'static str> {
    // Browsers send CRLF, whatever the page's own script counted.
    let lines = raw.replace("\r\n", "\n").replace('\r', "\n");
    if lines.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        return Err("comment_control");
    }
    // Marks of direction and joiners are part of Hebrew, Persian and of many emoji; overrides are not.
    let visible = lines.trim().chars().filter(|&c| !is_override(c) && !is_zero_width(c));
    let comment = nfc(visible.collect());
    if too_long(&comment, max) {
        Err("comment_too_long")
    } else {
        Ok(comment)
    }
}

fn postcode(raw: &str, max: u64) -> Result<Option<String>, &'static str> {
    let plain: String = raw.nfkc().map(keyed).collect();
    let postcode = plain
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_ascii_uppercase();
    if postcode.is_empty() {
        return Ok(None);
    }
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-');
    let holds = postcode.chars().all(known) && postcode.contains(|c: char| c.is_ascii_alphanumeric());
    if holds && !too_long(&postcode, max) {
        Ok(Some(postcode))
    } else {
        Err("postcode_bad")
    }
}

/// A digit or dash of another keyboard as the one of ASCII.
fn keyed(c: char) -> char {
    match c {
        '\u{660}'..='\u{669}' | '\u{6f0}'..='\u{6f9}' => char::from(b'0' + (u32::from(c) & 15) as u8),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        _ => c,
    }
}

fn country(raw: &str) -> Result<Option<String>, &'static str> {
    let code = raw.trim().to_ascii_uppercase();
    match code.len() {
        0 => Ok(None),
        2 if COUNTRIES.split(' ').any(|known| known == code) => Ok(Some(code)),
        _ => Err("country_unknown"),
    }
}

/// In normalisation form C (Unicode UAX 15), as nearly everything arrives.
fn nfc(text: String) -> String {
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => text,
        IsNormalized::No | IsNormalized::Maybe => text.nfc().collect(),
    }
}

fn too_long(text: &str, max: u64) -> bool {
    text.chars().count() as u64 > max
}

/// Drops what changes the look of a text without being seen: overrides, marks of direction, zero-width characters.
/// Joiners stay inside scripts that spell with them and between pictures that they make one of, variation selectors behind a
/// Han character that they vary and behind a picture.
#[must_use]
pub fn without_invisible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let before = out.chars().next_back();
        let keep = match c {
            '\u{200d}' if before.is_some_and(is_pictured) => rest.peek().copied().is_some_and(is_picture),
            '\u{fe0f}' if before.is_some_and(|before| is_picture(before) || is_key(before, rest.peek())) => true,
            '\u{200c}' | '\u{200d}' => before.is_some_and(joins) && rest.peek().copied().is_some_and(joins),
            '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => before.is_some_and(is_han),
            '\u{200e}' | '\u{200f}' | '\u{061c}' => false,
            _ => !is_override(c) && !is_zero_width(c),
        };
        if keep {
            out.push(c);
        }
    }
    out
}

/// Whether a character has no place in a line of text: controls, line ends among them, and Unicode's own two.
#[must_use]
pub fn breaks_a_line(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Whether a character is seen by nobody and changes how others are seen.
#[must_use]
pub fn is_unseen(c: char) -> bool {
    is_override(c) || is_zero_width(c) || matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}')
}

/// Embeddings, overrides and isolates (Unicode UAX 9), and tag characters.
pub(crate) fn is_override(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{206a}'..='\u{206f}' | '\u{e0000}'..='\u{e007f}')
}

/// Seen by nobody and needed by no spelling.
fn is_zero_width(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2064}'
        | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}')
}

/// Arabic to Sinhala, Myanmar, Khmer and Mongolian spell with joiners and non-joiners.
fn joins(c: char) -> bool {
    matches!(c, '\u{600}'..='\u{dff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{18af}')
}

/// What emoji are made of (Unicode TR 51).
fn is_picture(c: char) -> bool {
    matches!(c, '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}' | '\u{2190}'..='\u{21ff}'
        | '\u{2300}'..='\u{23ff}' | '\u{24c2}' | '\u{25a0}'..='\u{27bf}' | '\u{2934}' | '\u{2935}' | '\u{2b00}'..='\u{2bff}'
        | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}' | '\u{1f000}'..='\u{1faff}')
}

/// A picture, or the selector that made one.
fn is_pictured(c: char) -> bool {
    c == '\u{fe0f}' || is_picture(c)
}

/// The key of a telephone, as in 1\u{fe0f}\u{20e3}.
fn is_key(c: char, next: Option<&char>) -> bool {
    matches!(c, '0'..='9' | '#' | '*') && next == Some(&'\u{20e3}')
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

fn has_tower_of_marks(name: &str) -> bool {
    let mut row = 0;
    name.chars().any(|c| {
        row = if is_combining_mark(c) { row + 1 } else { 0 };
        row > MARKS_IN_A_ROW
    })
}

/// Ends of domains that names do not end in behind a dot: `M.Dupont` and `J.R.R.` are names, `buy-here.com` is none.
const LINK_ENDS: [&str; 14] = [
    "com", "net", "org", "info", "biz", "xyz", "top", "shop", "site", "online", "club", "live", "link", "ru",
];

fn has_link(name: &str) -> bool {
    let lower = name.to_lowercase();
    lower.contains("://")
        || lower.contains('@')
        || lower.contains("www.")
        || lower.split([' ', '/', ',', '(', ')']).any(|word| {
            word.rsplit_once('.')
                .is_some_and(|(before, end)| before.chars().count() >= 3 && LINK_ENDS.contains(&end))
        })
}

/// ISO 3166-1 alpha-2, and XK, which Kosovo uses until it has one.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS \
    BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ \
    FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT \
    JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP \
    MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE \
    RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV \
    TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check_name(raw: &str, expect: &str) {
        assert_eq!(name(raw, 100).unwrap_or_else(str::to_owned), expect, "{raw:?}");
    }

    #[test]
    fn names_of_real_people_are_accepted() {
        for real in [
            "Élodie d’Arc",
            "Seán O'Brien",
            "Jean-Baptiste Le Goff",
            "Sukarno",
            "Đặng Thị Ngọc",
            "J.R.R. Martin",
            "M.Dupont",
            "山田太郎",
            "محمد الأمين",
            "Владимир",
            "สมชาย",
            "Þór",
            "Nuñez y Domènech",
            "Ng",
            "O",
            "क्षत्रिय",
            "Martin, 3rd",
        ] {
            check_name(real, real);
        }
        check_name("  Ada\u{a0} \u{202f}L.  ", "Ada L.");
        check_name("Zoe\u{308}", "Zoë");
        check_name("می\u{200c}خواهم", "می\u{200c}خواهم");
        check_name("葛\u{e0100}城", "葛\u{e0100}城");
        for whole in [
            "Ada 👩\u{200d}👩\u{200d}👧",
            "Ada 🏳\u{fe0f}\u{200d}🌈",
            "Ada ❤\u{fe0f}",
            "Ada 🧑🏽\u{200d}🚀",
            "Ada 1\u{fe0f}\u{20e3}",
        ] {
            check_name(whole, whole);
        }
    }

    #[test]
    fn what_is_not_seen_is_taken_out_and_what_is_no_name_is_refused() {
        check_name("Ada\u{202e}evil\u{2066}\u{200b}\u{feff}", "Adaevil");
        check_name("A\u{200d}da", "Ada");
        check_name("Ada\u{fe0f} 1\u{fe0f}2 👩\u{200d}", "Ada 12 👩");
        check_name("\u{200b}\u{3164}", "name_missing");
        check_name("", "name_missing");
        check_name("Ada\nBob", "name_control");
        check_name("Ada\u{7}", "name_control");
        check_name(&format!("Z{}", "\u{301}\u{302}".repeat(9)), "name_control");
        check_name("12345", "name_no_letter");
        check_name("🙂🙂", "name_no_letter");
        for link in [
            "see https://x.example",
            "www.example.org",
            "cheap-pills.com",
            "a@example.org",
            "Ada shop.xyz/now",
        ] {
            check_name(link, "name_link");
        }
        check_name(&"a".repeat(101), "name_too_long");
        check_name(&"é".repeat(100), &"é".repeat(100));
    }

    #[test]
    fn comments_keep_their_lines_and_their_emoji() {
        let check = |raw: &str, expect: &str| assert_eq!(comment(raw, 20).unwrap_or_else(str::to_owned), expect);
        check("one\r\ntwo\rthree\n", "one\ntwo\nthree");
        check("👩\u{200d}🌾 שלום\u{200f}!", "👩\u{200d}🌾 שלום\u{200f}!");
        check("a\u{202e}b", "ab");
        check("a\0b", "comment_control");
        check(&"x\r\n".repeat(10), &["x"; 10].join("\n"));
        check(&"x".repeat(21), "comment_too_long");
    }

    #[test]
    fn every_wrong_field_is_named_in_order() {
        let form = SignForm {
            postcode: "<35>".into(),
            country: "FRA".into(),
            ..SignForm::default()
        };
        let errors = Contribution::from_form(&form, &Limits::default()).expect_err("all wrong");
        let codes: Vec<_> = errors.iter().map(|error| error.code).collect();
        assert_eq!(
            codes,
            ["name_missing", "email_missing", "postcode_bad", "country_unknown"]
        );
    }

    #[test]
    fn a_filled_honeypot_is_marked_and_not_refused() {
        let form = SignForm {
            name: "Ada".into(),
            email: "ada@example.org".into(),
            postcode: " ３５０００ ".into(),
            country: "fr".into(),
            website: "x".into(),
            ..SignForm::default()
        };
        let kept = Contribution::from_form(&form, &Limits::default()).expect("valid");
        assert!(kept.ignored);
        assert_eq!(
            (kept.postcode.as_deref(), kept.country.as_deref()),
            (Some("35000"), Some("FR"))
        );
        for other in ["٣٥٠-٠٠", "۳۵۰–۰۰", "350\u{2212}00"] {
            assert_eq!(postcode(other, 12), Ok(Some("350-00".to_owned())), "{other}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_kept_clean_or_refused(text in any::<String>()) {
            if let Ok(kept) = name(&text, 100) {
                prop_assert!(!kept.chars().any(|c| c.is_control() || is_override(c) || is_zero_width(c)));
                prop_assert_eq!(name(&kept, 100), Ok(kept));
            }
            if let Ok(kept) = comment(&text, 100) {
                prop_assert_eq!(comment(&kept, 100), Ok(kept));
            }
        }
    }
}
