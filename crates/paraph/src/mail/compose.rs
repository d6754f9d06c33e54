//! Writes one letter: the mail that asks to confirm a signature.
//!
//! What strangers typed (the name) reaches someone's mailbox under our name. So it is kept short, on one line, without
//! control or direction characters, and left out when it could be taken for a link. The texts are in `locales/mail/`.

use std::fmt::{self, Write};
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use hmac::{Hmac, KeyInit, Mac};
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MessageBuilder};
use lettre::{Address, Message};
use sha2::Sha256;
use unic_langid::LanguageIdentifier;

use super::Millis;

/// Columns of a line of text; links may be longer and are never broken.
const COLUMNS: usize = 72;
/// Characters of the petition's title in the subject.
const SUBJECT_TITLE_CHARS: usize = 60;
/// Characters of a title and of a name in the text: enough to recognise, too few for an advertisement.
const TITLE_CHARS: usize = 200;
const NAME_CHARS: usize = 60;

/// What a letter says. Tokens are those of the links; everything else is shown.
#[derive(Clone, Copy, Debug)]
pub struct Letter<'a> {
    /// Recipient; the domain in ASCII form, as [`recipient`] makes it.
    pub to: &'a Address,
    /// Language of the contribution; English if there is no text for it.
    pub lang: &'a str,
    /// Name of the site.
    pub site_name: &'a str,
    /// Address of the site, without a slash at the end.
    pub base_url: &'a str,
    /// Title of the petition.
    pub title: &'a str,
    /// Name as it was typed into the form.
    pub name: &'a str,
    /// Token of `/confirm/`.
    pub confirm_token: &'a str,
    /// Token of `/withdraw/`.
    pub withdraw_token: &'a str,
    /// Token of `/not-me/`.
    pub not_me_token: &'a str,
    /// Other contributions that wait for this address about this petition.
    pub waiting: u64,
    /// Days until an unconfirmed contribution is erased.
    pub days: u64,
}

/// Name of one mail, the same however often it is sent, and saying nothing about the outbox it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MessageId([u8; 16]);

impl MessageId {
    /// Derives the name from the contribution that the mail speaks of, under a key of its own, so that the internal id
    /// cannot be guessed back.
    #[must_use]
    pub fn derive(key: &[u8; 32], contribution: [u8; 16]) -> Self {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
        mac.update(&contribution);
        let (mut id, digest) = ([0; 16], mac.finalize().into_bytes());
        id.copy_from_slice(&digest[..16]);
        Self(id)
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

/// The address cannot be written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an address that mail can be sent to")]
pub struct BadRecipient;

/// The letter could not be put into the form of RFC 5322. Holds no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the letter could not be written")]
pub struct Unwritable;

/// A recipient with its domain in ASCII form (IDNA), as mail servers expect it.
///
/// # Errors
/// It has no local part or domain, or one of them is malformed.
pub fn recipient(address: &str) -> Result<Address, BadRecipient> {
    let (local, domain) = address.rsplit_once('@').ok_or(BadRecipient)?;
    let domain = idna::domain_to_ascii(domain).map_err(|_| BadRecipient)?;
    Address::new(local, domain).map_err(|_| BadRecipient)
}

/// Writes the letter as a message: plain text in UTF-8, one recipient, nothing but our own headers.
///
/// The same arguments give the same bytes, so that a repeat after a crash is a repeat and not a second letter.
///
/// # Errors
/// The sender or recipient does not fit into a header, which validated values never do.
pub fn compose(letter: &Letter<'_>, from: &Mailbox, id: MessageId, written: Millis) -> Result<Message, Unwritable> {
    let texts = Texts::of(letter.lang);
    let domain = from.email.domain();
    MessageBuilder::new()
        .from(from.clone())
        .to(Mailbox::new(None, letter.to.clone()))
        .subject(subject(texts, letter))
        .date(SystemTime::UNIX_EPOCH + Duration::from_millis(written.0))
        .message_id(Some(format!("<{id}@{domain}>")))
        .header(AutoSubmitted)
        .header(lettre::message::header::ContentType::TEXT_PLAIN)
        .body(text(texts, letter))
        .map_err(|_| Unwritable)
}

/// `Auto-Submitted: auto-generated` (RFC 3834): no out-of-office answers, please.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

fn subject(texts: &Texts, letter: &Letter<'_>) -> String {
    texts.say(
        "subject",
        &[("title", Said::Text(&plain(letter.title, SUBJECT_TITLE_CHARS)))],
    )
}

fn text(texts: &Texts, letter: &Letter<'_>) -> String {
    let (site, title) = (plain(letter.site_name, NAME_CHARS), plain(letter.title, TITLE_CHARS));
    let name = plain(letter.name, NAME_CHARS);
    let mut page = Page::default();
    if name.is_empty() || could_be_a_link(&name) {
        page.paragraph(&texts.say("greeting-unnamed", &[]));
    } else {
        page.paragraph(&texts.say("greeting", &[("name", Said::Text(&name))]));
    }
    page.paragraph(&texts.say("who", &[("site", Said::Text(&site))]));
    page.indented(&title);
    page.paragraph(&texts.say("press", &[]));
    page.link(letter, "confirm", letter.confirm_token);
    page.paragraph(&texts.say("button", &[]));
    if letter.waiting > 0 {
        page.paragraph(&texts.say("waiting", &[("others", Said::Number(letter.waiting))]));
    }
    page.paragraph(&texts.say("life", &[("days", Said::Number(letter.days))]));
    page.paragraph(&texts.say("withdraw", &[]));
    page.link(letter, "withdraw", letter.withdraw_token);
    page.paragraph(&texts.say("not-you", &[]));
    page.link(letter, "not-me", letter.not_me_token);
    page.paragraph(&texts.say("promise", &[]));
    page.signature(&site, letter.base_url);
    page.0
}

/// One line of what somebody else wrote: no control, direction or invisible characters, spaces collapsed, cut at a
/// word if it is too long. What is left cannot start a header, turn the text around, or push the rest out of view.
pub(crate) fn plain(text: &str, most: usize) -> String {
    let visible: String = text
        .chars()
        .filter(|c| !is_direction_or_invisible(*c))
        .map(|c| {
            if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
                ' '
            } else {
                c
            }
        })
        .collect();
    let line = visible.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= most {
        return line;
    }
    let cut: String = line.chars().take(most - 1).collect();
    // A title without spaces near its end is cut where it stands.
    let end = cut.rfind(' ').filter(|end| *end > cut.len() / 2).unwrap_or(cut.len());
    format!("{}…", cut[..end].trim_end())
}

fn is_direction_or_invisible(c: char) -> bool {
    matches!(c, '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

/// Mail programs turn `word.word`, `www.` and anything with a scheme into links. No register holds such a name, and a
/// real one that is mistaken ("St.John") only loses its greeting.
fn could_be_a_link(name: &str) -> bool {
    let dotted = |word: &str| {
        let labels: Vec<&str> = word.split('.').collect();
        labels
            .windows(2)
            .any(|pair| pair[0].chars().count() > 1 && pair[1].chars().count() > 1)
    };
    name.contains(['/', '@', '\\', '<', '>']) || name.split(' ').any(dotted)
}

/// Text of a mail as it grows, a blank line between its parts.
#[derive(Default)]
struct Page(String);

impl Page {
    fn paragraph(&mut self, text: &str) {
        self.wrapped(text, "");
    }

    fn indented(&mut self, text: &str) {
        self.wrapped(text, "    ");
    }

    /// Breaks at spaces only (never at a no-break space), so that a link keeps its line whatever its length.
    fn wrapped(&mut self, text: &str, indent: &str) {
        let mut column = 0;
        for word in text.split([' ', '\n']).filter(|word| !word.is_empty()) {
            let width = word.chars().count();
            if column > 0 && column + 1 + width > COLUMNS {
                self.0.push('\n');
                column = 0;
            }
            let before = if column == 0 { indent } else { " " };
            self.0.push_str(before);
            self.0.push_str(word);
            column += before.len() + width;
        }
        self.0.push_str("\n\n");
    }

    /// The page answers in the language of the mail, whatever the browser prefers.
    fn link(&mut self, letter: &Letter<'_>, page: &str, token: &str) {
        let _ = write!(self.0, "{}/{page}/{token}?lang={}\n\n", letter.base_url, letter.lang);
    }

    /// After the line `-- `, which mail programs set apart.
    fn signature(&mut self, site: &str, base_url: &str) {
        let _ = writeln!(self.0, "-- \n{site}\n{base_url}");
    }
}

// Languages that mail is written in: one row for each file of `locales/mail/`.
include!(concat!(env!("OUT_DIR"), "/mail.rs"));

static TEXTS: LazyLock<Vec<Texts>> =
    LazyLock::new(|| LANGUAGES.iter().map(|(code, ftl)| Texts::new(code, ftl)).collect());

/// Messages of one language.
struct Texts {
    code: &'static str,
    bundle: FluentBundle<FluentResource>,
}

enum Said<'a> {
    Text(&'a str),
    Number(u64),
}

impl Texts {
    /// Text that does not parse is left out here and found by the tests: a mail must never fail for its language.
    fn new(code: &'static str, ftl: &str) -> Self {
        let language: LanguageIdentifier = code.parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![language]);
        // Isolation marks around what is inserted would end up inside copied names; `plain` removes what they guard against.
        bundle.set_use_isolating(false);
        let resource = FluentResource::try_new(ftl.to_owned()).unwrap_or_else(|(partial, _)| partial);
        bundle.add_resource_overriding(resource);
        Self { code, bundle }
    }

    fn of(code: &str) -> &'static Self {
        TEXTS
            .iter()
            .find(|texts| texts.code == code)
            .unwrap_or_else(Self::english)
    }

    fn english() -> &'static Self {
        TEXTS
            .iter()
            .find(|texts| texts.code == "en")
            .expect("English is embedded")
    }

    /// A message, in English if this language lacks it.
    fn say(&self, message: &str, values: &[(&str, Said<'_>)]) -> String {
        let mut arguments = FluentArgs::new();
        for (name, value) in values {
            match value {
                Said::Text(text) => arguments.set(*name, *text),
                Said::Number(number) => arguments.set(*name, *number),
            }
        }
        let texts = if self.bundle.has_message(message) {
            self
        } else {
            Self::english()
        };
        let Some(found) = texts.bundle.get_message(message) else {
            return String::new();
        };
        let Some(pattern) = found.value() else {
            return String::new();
        };
        texts
            .bundle
            .format_pattern(pattern, Some(&arguments), &mut Vec::new())
            .into_owned()
    }
}

#[cfg(test)]
mod tests;
