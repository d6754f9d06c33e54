//! Mail that comes back: to whom it had gone, and whether for good.
//!
//! The address that a letter comes back to holds a token (variable envelope return path): who has none of ours is not
//! listened to. What a report says is read for one thing only, whether the mailbox exists; it never ends or changes a
//! signature. Reports are written by anybody's mail server, so reading never fails and never does more than its bounds.

use data_encoding::{BASE32_NOPAD, BASE64};
use lettre::Address;
use paraph_tally::Millis;

use crate::token::{BOUNCE_TOKEN_CHARS, Tokens};

/// Characters that `mail.bounce` may have before its `@`: RFC 5321 gives a local part 64, `+` and a token take 49.
pub const LONGEST_BOUNCE_LOCAL: usize = 64 - 1 - BOUNCE_TOKEN_CHARS;
/// Parts of a report that are looked at; RFC 3462 has three.
const PARTS: usize = 16;
/// Recipients of a report that are looked at; our letters have one.
const RECIPIENTS: usize = 16;
/// Bytes of a line of a report that are looked at; RFC 5322 allows 998.
const LINE: usize = 2000;

/// What came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounced {
    /// Tag of the address that it had gone to.
    pub address: [u8; 16],
    /// The mailbox does not exist, as far as its mail server says.
    pub hard: bool,
}

/// What a report says of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// There is no such mailbox.
    Hard,
    /// It was not delivered, for a reason that may pass or that lies with us.
    Soft,
    /// Nothing that we act upon: delivered, still being tried, an automatic answer, no report at all.
    Nothing,
}

/// The address that a letter comes back to, `bounce+TOKEN@domain`.
#[must_use]
pub fn return_address(bounce: &Address, token: &str) -> Option<Address> {
    Address::new(format!("{}+{token}", bounce.user()), bounce.domain()).ok()
}

/// The tag behind a return address; whatever happened to its case on the way.
#[must_use]
pub fn recipient(tokens: &Tokens, bounce: &Address, recipient: &str, now: Millis) -> Option<[u8; 16]> {
    let (local, domain) = recipient.rsplit_once('@')?;
    let (name, token) = local.split_once('+')?;
    let is_ours = name.eq_ignore_ascii_case(bounce.user()) && domain.eq_ignore_ascii_case(bounce.domain());
    is_ours.then(|| tokens.read_bounce(token, now)).flatten()
}

/// The tag behind the first return address in the head of a message, for mail whose envelope is gone (a Maildir).
#[must_use]
pub fn recipient_in_head(tokens: &Tokens, bounce: &Address, message: &[u8], now: Millis) -> Option<[u8; 16]> {
    let head = String::from_utf8_lossy(head_and_body(message).0).to_ascii_lowercase();
    head.split(|c: char| c.is_whitespace() || "<>,;:\"()".contains(c))
        .find_map(|word| recipient(tokens, bounce, word, now))
}

/// What a message says of the letter that it is about (RFC 3464).
#[must_use]
pub fn read(message: &[u8]) -> Report {
    delivery_status(message).map_or(Report::Nothing, |status| judge(&status))
}

/// The domain that a report says the letter went to, in lower case. Anybody's word, good for counting only.
#[must_use]
pub fn domain(message: &[u8]) -> Option<String> {
    let status = delivery_status(message)?;
    let text = String::from_utf8_lossy(&status).replace("\r\n", "\n");
    let recipient = text
        .split("\n\n")
        .take(RECIPIENTS + 1)
        .find_map(|group| field(group.as_bytes(), "final-recipient"))?;
    let (_, domain) = recipient.rsplit_once('@')?;
    Some(domain.trim().trim_end_matches('>').to_ascii_lowercase())
}

fn delivery_status(message: &[u8]) -> Option<Vec<u8>> {
    let (head, body) = head_and_body(message);
    let kind = field(head, "content-type").unwrap_or_default();
    if !kind.to_ascii_lowercase().starts_with("multipart/report") {
        return None;
    }
    let boundary = boundary(&kind)?;
    parts(body, &boundary).find_map(|part| {
        let (head, body) = head_and_body(part);
        let kind = field(head, "content-type").unwrap_or_default().to_ascii_lowercase();
        let is_status =
            kind.starts_with("message/delivery-status") || kind.starts_with("message/global-delivery-status");
        is_status.then(|| decoded(head, body))
    })
}

/// The worst that is said of any recipient.
fn judge(status: &[u8]) -> Report {
    let mut worst = Report::Nothing;
    let text = String::from_utf8_lossy(status).replace("\r\n", "\n");
    for group in text
        .split("\n\n")
        .filter(|group| !group.trim().is_empty())
        .take(RECIPIENTS + 1)
    {
        let action = field(group.as_bytes(), "action")
            .unwrap_or_default()
            .to_ascii_lowercase();
        if action.trim() != "failed" {
            continue;
        }
        let status = field(group.as_bytes(), "status").unwrap_or_default();
        let diagnostic = field(group.as_bytes(), "diagnostic-code").unwrap_or_default();
        match says_no_such_mailbox(&status, &diagnostic) {
            true => return Report::Hard,
            false => worst = Report::Soft,
        }
    }
    worst
}

/// Whether an enhanced code says so. RFC 3463: 5.1.x is a bad address, 5.2.1 a mailbox that takes no mail. A full one (5.2.2)
/// empties; what is refused for its sender (5.1.7, 5.1.8) or its content (5.7.x) says nothing of the mailbox.
pub(super) fn is_no_such_mailbox(code: &str) -> bool {
    code == "5.2.1" || (code.starts_with("5.1.") && code != "5.1.7" && code != "5.1.8")
}

fn says_no_such_mailbox(status: &str, diagnostic: &str) -> bool {
    let status = status.split_ascii_whitespace().next().unwrap_or_default();
    if status != "5.0.0" {
        return is_no_such_mailbox(status);
    }
    // Some servers leave the code to the words of the next one.
    diagnostic
        .split(|c: char| c.is_ascii_whitespace() || "();,#".contains(c))
        .any(is_no_such_mailbox)
}

fn head_and_body(message: &[u8]) -> (&[u8], &[u8]) {
    let mut at = 0;
    while at < message.len() {
        let line = line_at(message, at);
        if line.iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
            return (&message[..at], &message[at + line.len()..]);
        }
        at += line.len();
    }
    (message, &[])
}

/// A line with its end; never empty while `at` lies inside.
fn line_at(bytes: &[u8], at: usize) -> &[u8] {
    let rest = bytes.get(at..).unwrap_or_default();
    let end = rest
        .iter()
        .position(|byte| *byte == b'\n')
        .map_or(rest.len(), |end| end + 1);
    &rest[..end]
}

/// The first field of a name, unfolded.
fn field(head: &[u8], name: &str) -> Option<String> {
    let mut lines = head.split(|byte| *byte == b'\n').peekable();
    while let Some(line) = lines.next() {
        let line = &line[..line.len().min(LINE)];
        let text = String::from_utf8_lossy(line);
        let Some((known, value)) = text.split_once(':') else {
            continue;
        };
        if !known.trim().eq_ignore_ascii_case(name) {
            continue;
        }
        let mut value = value.trim().to_owned();
        while let Some(more) = lines.next_if(|more| more.starts_with(b" ") || more.starts_with(b"\t")) {
            if value.len() < LINE {
                value.push(' ');
                value.push_str(String::from_utf8_lossy(&more[..more.len().min(LINE)]).trim());
            }
        }
        return Some(value);
    }
    None
}

fn boundary(kind: &str) -> Option<String> {
    let at = kind.to_ascii_lowercase().find("boundary=")? + "boundary=".len();
    let rest = kind.get(at..)?;
    let value = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => rest.split([';', ' ', '\t']).next(),
    };
    value
        .filter(|value| !value.is_empty() && value.len() <= 70)
        .map(str::to_owned)
}

/// The first parts between lines that begin with `--boundary`.
fn parts<'a>(body: &'a [u8], boundary: &str) -> impl Iterator<Item = &'a [u8]> {
    let mark = format!("--{boundary}").into_bytes();
    let mut starts = Vec::new();
    let mut at = 0;
    while at < body.len() && starts.len() <= PARTS {
        let line = line_at(body, at);
        if line.starts_with(&mark) {
            starts.push((at, at + line.len()));
        }
        at += line.len();
    }
    let ends: Vec<usize> = starts
        .iter()
        .skip(1)
        .map(|(begin, _)| *begin)
        .chain([body.len()])
        .collect();
    starts.into_iter().zip(ends).map(|((_, from), to)| &body[from..to])
}

fn decoded(head: &[u8], body: &[u8]) -> Vec<u8> {
    let encoding = field(head, "content-transfer-encoding").unwrap_or_default();
    if !encoding.eq_ignore_ascii_case("base64") {
        return body.to_vec();
    }
    let compact: Vec<u8> = body
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    BASE64.decode(&compact).unwrap_or(compact)
}

/// Bytes of a token as a return address carries them: one case only, as mail servers may change it.
pub(crate) fn spelled(token: &[u8]) -> String {
    BASE32_NOPAD.encode(token).to_ascii_lowercase()
}

/// The bytes behind [`spelled`].
pub(crate) fn read_spelled(token: &str) -> Option<Vec<u8>> {
    BASE32_NOPAD.decode(token.to_ascii_uppercase().as_bytes()).ok()
}

#[cfg(test)]
mod tests;
