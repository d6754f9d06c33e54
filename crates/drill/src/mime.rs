//! Just enough of a mail's form to read our own mails: header lines, one `text/plain` part, encoded words.
//!
//! RFC 5322 (headers), RFC 2045 (encodings), RFC 2046 (parts), RFC 2047 (encoded words). Never fails: what cannot be
//! decoded stays as it is.

use data_encoding::BASE64;

/// Parts within parts that are followed.
const DEPTH: usize = 4;

/// What a reader of the mail sees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Letter {
    /// `From`, decoded.
    pub from: String,
    /// `Subject`, decoded.
    pub subject: String,
    /// Text of the first `text/plain` part.
    pub text: String,
}

/// Reads a mail as it came over SMTP.
#[must_use]
pub fn read(raw: &[u8]) -> Letter {
    let (headers, body) = split(raw);
    let text = plain_text(&headers, body, DEPTH)
        .unwrap_or_default()
        .replace("\r\n", "\n");
    Letter {
        from: decode_words(field(&headers, "from")),
        subject: decode_words(field(&headers, "subject")),
        text,
    }
}

/// Finds the token of the first link `/{kind}/{token}` in a text: 24 characters of `[A-Za-z0-9_-]`.
#[must_use]
pub fn token<'a>(text: &'a str, kind: &str) -> Option<&'a str> {
    let mark = format!("/{kind}/");
    text.match_indices(&mark).find_map(|(at, _)| {
        let rest = &text[at + mark.len()..];
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'))
            .unwrap_or(rest.len());
        (end == 24).then(|| &rest[..end])
    })
}

type Headers = Vec<(String, String)>;

/// Header fields, unfolded, with names in lower case; and the body.
fn split(raw: &[u8]) -> (Headers, &[u8]) {
    let mut headers: Headers = Vec::new();
    let mut rest = raw;
    while !rest.is_empty() {
        let end = rest
            .iter()
            .position(|&byte| byte == b'\n')
            .map_or(rest.len(), |at| at + 1);
        let (line, after) = rest.split_at(end);
        rest = after;
        let line = String::from_utf8_lossy(line);
        let line = line.trim_end_matches(['\r', '\n']);
        if line.is_empty() {
            break;
        }
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = headers.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    (headers, rest)
}

fn field<'a>(headers: &'a Headers, name: &str) -> &'a str {
    headers
        .iter()
        .find(|(known, _)| known == name)
        .map_or("", |(_, value)| value)
}

fn plain_text(headers: &Headers, body: &[u8], depth: usize) -> Option<String> {
    let kind = field(headers, "content-type");
    let lower = kind.to_ascii_lowercase();
    if lower.starts_with("multipart/") {
        let boundary = parameter(kind, "boundary")?;
        return parts(body, &boundary).find_map(|part| {
            let (headers, body) = split(part);
            plain_text(&headers, body, depth.checked_sub(1)?)
        });
    }
    if !lower.is_empty() && !lower.starts_with("text/plain") {
        return None;
    }
    let bytes = match field(headers, "content-transfer-encoding")
        .to_ascii_lowercase()
        .as_str()
    {
        "base64" => {
            let compact: Vec<u8> = body
                .iter()
                .copied()
                .filter(|byte| !byte.is_ascii_whitespace())
                .collect();
            BASE64.decode(&compact).unwrap_or(compact)
        }
        "quoted-printable" => quoted_printable(body, false),
        _ => body.to_vec(),
    };
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn parameter(kind: &str, name: &str) -> Option<String> {
    kind.split(';').skip(1).find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        key.trim()
            .eq_ignore_ascii_case(name)
            .then(|| value.trim().trim_matches('"').to_owned())
    })
}

fn parts<'a>(body: &'a [u8], boundary: &str) -> impl Iterator<Item = &'a [u8]> {
    let delimiter = format!("--{boundary}").into_bytes();
    let mut starts = Vec::new();
    let mut at = 0;
    for line in body.split_inclusive(|&byte| byte == b'\n') {
        if line.starts_with(&delimiter) {
            starts.push((at, at + line.len()));
        }
        at += line.len();
    }
    let length = body.len();
    let ends: Vec<usize> = starts.iter().skip(1).map(|&(start, _)| start).chain([length]).collect();
    starts.into_iter().zip(ends).map(move |((_, from), to)| &body[from..to])
}

/// Quoted-printable; in an encoded word (`header`) an underscore is a space.
fn quoted_printable(body: &[u8], header: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'=' if after.starts_with(b"\r\n") => rest = &after[2..],
            b'=' if after.starts_with(b"\n") => rest = &after[1..],
            b'=' => match after.first_chunk::<2>().and_then(|hex| hex_byte(*hex)) {
                Some(decoded) => {
                    out.push(decoded);
                    rest = &after[2..];
                }
                None => out.push(byte),
            },
            b'_' if header => out.push(b' '),
            _ => out.push(byte),
        }
    }
    out
}

fn hex_byte(hex: [u8; 2]) -> Option<u8> {
    let digit = |byte: u8| (byte as char).to_digit(16);
    u8::try_from(digit(hex[0])? * 16 + digit(hex[1])?).ok()
}

/// Decodes `=?utf-8?B?...?=` and `=?utf-8?Q?...?=`; white space between two encoded words belongs to neither.
fn decode_words(value: &str) -> String {
    // Bytes are joined before they become text: a word may end in the middle of a character.
    let mut out: Vec<u8> = Vec::new();
    let mut rest = value;
    let mut after_word = false;
    while let Some(start) = rest.find("=?") {
        let (before, tail) = rest.split_at(start);
        if !(after_word && before.trim().is_empty()) {
            out.extend_from_slice(before.as_bytes());
        }
        match encoded_word(tail) {
            Some((bytes, length)) => {
                out.extend_from_slice(&bytes);
                rest = &tail[length..];
                after_word = true;
            }
            None => {
                out.extend_from_slice(b"=?");
                rest = &tail[2..];
                after_word = false;
            }
        }
    }
    out.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&out).into_owned()
}

fn encoded_word(text: &str) -> Option<(Vec<u8>, usize)> {
    let mut fields = text.strip_prefix("=?")?.splitn(4, '?');
    let (charset, encoding, content, tail) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    if !charset.to_ascii_lowercase().starts_with("utf-8") || !tail.starts_with('=') {
        return None;
    }
    let bytes = match encoding {
        "B" | "b" => BASE64.decode(content.as_bytes()).ok()?,
        "Q" | "q" => quoted_printable(content.as_bytes(), true),
        _ => return None,
    };
    Some((bytes, 2 + charset.len() + 1 + encoding.len() + 1 + content.len() + 2))
}

#[cfg(test)]
mod tests {
    use super::{read, token};

    #[test]
    fn a_subject_split_over_words_and_lines_is_read() {
        let raw = "Subject: =?utf-8?B?UMOpdGl0aW9u?=\r\n =?utf-8?Q?_=C3=A0_confirmer?= (2)\r\nFrom: a <a@example.org>\r\n\
                   Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
                   Voil=C3=A0 une ligne cou=\r\np=C3=A9e.\r\n";
        let letter = read(raw.as_bytes());
        assert_eq!(letter.subject, "Pétition à confirmer (2)");
        assert_eq!(letter.text, "Voilà une ligne coupée.\n");
    }

    #[test]
    fn the_text_of_an_alternative_is_read() {
        let raw = "Content-Type: multipart/alternative;\r\n boundary=\"x y\"\r\n\r\n--x y\r\nContent-Type: text/html\r\n\r\n\
                   <p>no</p>\r\n--x y\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n\
                   w6l0w6kg\r\n4oCm\r\n--x y--\r\n";
        assert_eq!(read(raw.as_bytes()).text, "été …");
    }

    #[test]
    fn only_a_whole_token_is_a_link() {
        let text = "http://h/confirm/short http://h/confirm/AAAAAAAAAAAAAAAAAAAAAA_- now";
        assert_eq!(token(text, "confirm"), Some("AAAAAAAAAAAAAAAAAAAAAA_-"));
        assert_eq!(token(text, "not-me"), None);
    }
}
