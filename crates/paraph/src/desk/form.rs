//! Forms of the desk: the fields that a page has, and no others.

use std::time::Duration;

use http::HeaderMap;
use percent_encoding::percent_decode;

use super::route::Route;
use crate::admit::form::is_announced;
use crate::admit::upload;
use crate::handlers::Body;
use crate::views::Refusal;

/// Longest wait for a body; its least rate is seen to elsewhere.
const PATIENCE: Duration = Duration::from_secs(60);
/// Fields of one form.
const MOST_FIELDS: usize = 32;

/// What was sent, by field.
#[derive(Default)]
pub struct Form(Vec<(String, String)>);

/// Shows which fields came, never what they hold: passwords are among them.
impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl Drop for Form {
    fn drop(&mut self) {
        use zeroize::Zeroize;
        self.0.iter_mut().for_each(|(_, value)| value.zeroize());
    }
}

impl Form {
    /// Reads a body of at most `most` bytes.
    ///
    /// # Errors
    /// It is too large, too slow, broken off, not a form, or has a field twice.
    pub async fn read(headers: &HeaderMap, body: Body, most: u64) -> Result<Self, Refusal> {
        if !is_announced(headers) {
            return Err(Refusal::UnsupportedType);
        }
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let body = upload::read(body, most, PATIENCE).await?;
        Self::parse(&body).ok_or(Refusal::BadRequest)
    }

    pub(crate) fn parse(body: &[u8]) -> Option<Self> {
        let mut fields: Vec<(String, String)> = Vec::new();
        for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let at = pair.iter().position(|byte| *byte == b'=')?;
            let (name, value) = (decoded(&pair[..at])?, decoded(&pair[at + 1..])?);
            if fields.len() == MOST_FIELDS || fields.iter().any(|(known, _)| *known == name) {
                return None;
            }
            fields.push((name, value));
        }
        Some(Self(fields))
    }

    /// A field; empty if it did not come.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// What somebody wrote into it that cannot be typed again in a moment, by the label of its field. Never a password.
    #[must_use]
    pub fn written(&self, route: Route<'_>) -> Vec<(&'static str, String)> {
        let fields = route.written().iter();
        let written = fields.map(|(field, label)| (*label, self.get(field).to_owned()));
        written.filter(|(_, words)| !words.trim().is_empty()).collect()
    }

    /// Whether a field came, empty or not.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// Whether every field is one of these, or the secret that all forms carry.
    #[must_use]
    pub fn has_only(&self, names: &[&str]) -> bool {
        self.0
            .iter()
            .all(|(name, _)| name == "secret" || names.contains(&name.as_str()))
    }
}

fn decoded(raw: &[u8]) -> Option<String> {
    let spaced: Vec<u8> = raw
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte })
        .collect();
    let text = percent_decode(&spaced).decode_utf8().ok()?;
    (!text.contains('\0')).then(|| text.replace("\r\n", "\n"))
}

#[cfg(test)]
mod tests {
    use super::Form;

    #[test]
    fn fields_are_read_once_each() {
        let form = Form::parse(b"name=Zo%C3%A9+A&text=a%0D%0Ab&secret=x").expect("a form");
        assert_eq!(
            (form.get("name"), form.get("text"), form.get("other")),
            ("Zoé A", "a\nb", "")
        );
        assert!(form.has_only(&["name", "text"]) && !form.has_only(&["name"]));
        assert_eq!(format!("{form:?}"), "[\"name\", \"text\", \"secret\"]");
        for bad in [&b"a=1&a=2"[..], b"a", b"a=%00", b"a=%FF", &b"a=1&".repeat(40)] {
            assert!(Form::parse(bad).is_none(), "{bad:?}");
        }
    }
}
