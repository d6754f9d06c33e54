//! The sign form as it was sent: bytes to fields, strictly. What the fields mean is `contribution`'s matter.

use std::borrow::Cow;

use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};

use crate::limits::Limits;

const FORM: &str = "application/x-www-form-urlencoded";

/// Whether a body is announced as what the forms of browsers are: `application/x-www-form-urlencoded`, in UTF-8, and not
/// compressed. What is anything else would be read as letters that nobody typed.
pub fn is_announced(headers: &HeaderMap) -> bool {
    let plainly =
        headers.get(CONTENT_TYPE).is_some_and(|value| value == FORM) && !headers.contains_key(CONTENT_ENCODING);
    // Nearly every form comes so, those of a flood too: nothing is left to be read.
    plainly || is_announced_otherwise(headers)
}

fn is_announced_otherwise(headers: &HeaderMap) -> bool {
    let media = headers.get(CONTENT_TYPE).map(|value| value.to_str().unwrap_or("?"));
    let mut media = media.unwrap_or_default().split(';').map(str::trim);
    let is_form = media.next().is_some_and(|essence| essence.eq_ignore_ascii_case(FORM));
    let is_utf8 = media
        .filter_map(|parameter| parameter.split_once('='))
        .filter(|(name, _)| name.eq_ignore_ascii_case("charset"))
        .all(|(_, charset)| {
            let charset = charset.trim_matches('"');
            ["utf-8", "utf8", "us-ascii"]
                .iter()
                .any(|known| charset.eq_ignore_ascii_case(known))
        });
    // Several lines are one list (RFC 9110, section 5.3).
    let is_plain = headers.get_all(CONTENT_ENCODING).iter().all(|value| {
        let coding = value.as_bytes().trim_ascii();
        coding.is_empty() || coding.eq_ignore_ascii_case(b"identity")
    });
    is_form && is_utf8 && is_plain
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Name of the field; `form` when no single field is to blame. Unknown names are the client's own text, shortened.
    pub field: Cow<'static, str>,
    /// Id of the message that says so to a person.
    pub code: &'static str,
}

impl FieldError {
    /// This field, this code.
    #[must_use]
    pub fn new(field: &'static str, code: &'static str) -> Self {
        Self {
            field: Cow::Borrowed(field),
            code,
        }
    }
}

/// The fields of the sign form, decoded and otherwise as they came: a form that is shown again shows these.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SignForm {
    /// Name of the person.
    pub name: String,
    /// E-mail address as typed.
    pub email: String,
    /// Postcode, may be empty.
    pub postcode: String,
    /// Country code, may be empty.
    pub country: String,
    /// Comment, may be empty.
    pub comment: String,
    /// Whether the name may be shown.
    pub show_name: bool,
    /// Whether news are wanted.
    pub news: bool,
    /// Version of the text that was on the page with the form; `None`: whichever is in force.
    pub text_version: Option<u16>,
    /// The honeypot, empty when a person filled the form.
    pub website: String,
    /// The pass of those without script.
    pub ticket: String,
    /// What the puzzle widget left.
    pub altcha: String,
}

/// Shows which fields are filled, never with what.
impl std::fmt::Debug for SignForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignForm")
            .field("script", &!self.altcha.is_empty())
            .field("ticket", &!self.ticket.is_empty())
            .field("comment_bytes", &self.comment.len())
            .finish_non_exhaustive()
    }
}

/// Characters of an unknown field's name that an error repeats.
const SHOWN_NAME_CHARS: usize = 40;

impl SignForm {
    /// Parses an `application/x-www-form-urlencoded` body (WHATWG URL standard, section 5.1, and stricter).
    ///
    /// Every field that is unknown, doubled, no UTF-8, wrongly escaped, or holds NUL is an error; the others are read all
    /// the same, so that the form can be shown again with what was typed.
    #[must_use]
    pub fn parse(body: &[u8], limits: &Limits) -> (Self, Vec<FieldError>) {
        let most = usize::try_from(limits.form_fields).unwrap_or(usize::MAX);
        let mut form = Self::default();
        let mut seen: Vec<&'static str> = Vec::with_capacity(FIELDS.len());
        let mut errors = Vec::new();
        for (index, pair) in pairs(body).enumerate() {
            if index == most {
                return (form, vec![FieldError::new("form", "too_many_fields")]);
            }
            let (name, value) = match memchr::memchr(b'=', pair) {
                Some(at) => (&pair[..at], &pair[at + 1..]),
                None => (pair, &[][..]),
            };
            let Some(field) = known(name) else {
                errors.push(FieldError {
                    field: shown(name).into(),
                    code: "unknown_field",
                });
                continue;
            };
            if seen.contains(&field) {
                errors.push(FieldError::new(field, "doubled_field"));
                continue;
            }
            seen.push(field);
            match decode(value) {
                Some(text) => form
                    .set(field, text)
                    .unwrap_or_else(|code| errors.push(FieldError::new(field, code))),
                None => errors.push(FieldError::new(field, "bad_encoding")),
            }
        }
        (form, errors)
    }

    fn set(&mut self, field: &'static str, value: String) -> Result<(), &'static str> {
        match field {
            "name" => self.name = value,
            "email" => self.email = value,
            "postcode" => self.postcode = value,
            "country" => self.country = value,
            "comment" => self.comment = value,
            "show_name" => self.show_name = choice(&value)?,
            "news" => self.news = choice(&value)?,
            "text_version" => self.text_version = version(&value)?,
            "website" => self.website = value,
            "ticket" => self.ticket = value,
            _ => self.altcha = value,
        }
        Ok(())
    }
}

const FIELDS: [&str; 11] = [
    "name",
    "email",
    "postcode",
    "country",
    "comment",
    "show_name",
    "news",
    "text_version",
    "website",
    "ticket",
    "altcha",
];

/// A checkbox: absent or an explicit no is no.
fn choice(value: &str) -> Result<bool, &'static str> {
    match value {
        "on" | "1" | "true" | "yes" => Ok(true),
        "" | "off" | "0" | "false" | "no" => Ok(false),
        _ => Err("choice_bad"),
    }
}

/// A number as the page wrote it; whether there is such a version is the petition's matter.
fn version(value: &str) -> Result<Option<u16>, &'static str> {
    if value.is_empty() {
        return Ok(None);
    }
    value.parse().map(Some).map_err(|_| "choice_bad")
}

/// What stands between `&`, without the empty ones.
fn pairs(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    let ends = memchr::memchr_iter(b'&', body).chain([body.len()]);
    let begins = memchr::memchr_iter(b'&', body).map(|at| at + 1);
    let pairs = [0]
        .into_iter()
        .chain(begins)
        .zip(ends)
        .map(|(from, to)| &body[from..to]);
    pairs.filter(|pair| !pair.is_empty())
}

/// The field of this name, however it is escaped.
fn known(name: &[u8]) -> Option<&'static str> {
    let plain = FIELDS.into_iter().find(|known| known.as_bytes() == name);
    plain.or_else(|| decode(name).and_then(|name| FIELDS.into_iter().find(|known| *known == name)))
}

/// `+` is a space, `%XX` a byte; the whole is UTF-8 without NUL. A `%` without two digits is an error and not a
/// percent sign: every browser escapes it. What needs no decoding is copied in runs: clearances are long.
fn decode(raw: &[u8]) -> Option<String> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr::memchr3(b'+', b'%', 0, rest) {
        let (run, special) = rest.split_at(at);
        bytes.extend_from_slice(run);
        rest = match *special {
            [b'+', ref rest @ ..] => {
                bytes.push(b' ');
                rest
            }
            [b'%', high, low, ref rest @ ..] => match hex(high)? << 4 | hex(low)? {
                0 => return None,
                byte => {
                    bytes.push(byte);
                    rest
                }
            },
            _ => return None,
        };
    }
    bytes.extend_from_slice(rest);
    String::from_utf8(bytes).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

/// An unknown name as an error may repeat it: printable ASCII, short.
fn shown(name: &[u8]) -> String {
    let name = decode(name).unwrap_or_default();
    let shown: String = name
        .chars()
        .filter(char::is_ascii_graphic)
        .take(SHOWN_NAME_CHARS)
        .collect();
    if shown.is_empty() { "form".to_owned() } else { shown }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(body: &str) -> Result<SignForm, Vec<FieldError>> {
        let (form, errors) = SignForm::parse(body.as_bytes(), &Limits::default());
        if errors.is_empty() { Ok(form) } else { Err(errors) }
    }

    fn errors(body: &str) -> String {
        let errors = parse(body).expect_err("must be refused");
        errors
            .iter()
            .map(|error| format!("{}:{}", error.field, error.code))
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn what_a_browser_sends_is_read() {
        let form =
            parse("name=Zo%C3%AB+d%E2%80%99Arc&email=zoe%2Bp%40example.org&show_name=on&comment=a%0D%0Ab&website=")
                .expect("valid");
        assert_eq!(
            (form.name.as_str(), form.email.as_str()),
            ("Zoë d’Arc", "zoe+p@example.org")
        );
        assert_eq!(
            (form.comment.as_str(), form.show_name, form.news),
            ("a\r\nb", true, false)
        );
        assert_eq!(parse("").expect("empty"), SignForm::default());
    }

    #[test]
    fn every_wrong_field_is_named() {
        assert_eq!(errors("name=a&name=b"), "name:doubled_field");
        assert_eq!(
            errors("age=7&email=%FF&name=%00"),
            "age:unknown_field email:bad_encoding name:bad_encoding"
        );
        assert_eq!(
            errors("comment=100%&news=perhaps"),
            "comment:bad_encoding news:choice_bad"
        );
        assert_eq!(errors("%3Cscript%3E%E2%80%AE=1"), "<script>:unknown_field");
        assert_eq!(errors(&"a=1&".repeat(33)), "form:too_many_fields");
        assert_eq!(errors("=x"), "form:unknown_field");
    }

    #[test]
    fn debug_shows_no_personal_data() {
        let form = parse("name=Secret&email=secret%40example.org").expect("valid");
        assert!(!format!("{form:?}").to_lowercase().contains("secret"));
    }

    proptest! {
        #[test]
        fn any_body_is_read_or_refused_without_panic(body in proptest::collection::vec(any::<u8>(), 0..400)) {
            drop(SignForm::parse(&body, &Limits::default()));
        }

        #[test]
        fn any_text_survives_the_way(name in "[^\0]{0,40}") {
            let body = format!("name={}", percent_encoding::utf8_percent_encode(&name, percent_encoding::NON_ALPHANUMERIC));
            prop_assert_eq!(parse(&body).expect("valid").name, name);
        }
    }
}
