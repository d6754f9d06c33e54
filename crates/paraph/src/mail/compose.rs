//! Writes one letter: the mail that asks to confirm a signature, or the one that asks a held person.
//!
//! What strangers typed (the name) reaches someone's mailbox under our name. So it is kept short, on one line, without
//! control or direction characters, and left out when it could be taken for a link. The texts are in `locales/mail/`.

use std::fmt;
use std::time::{Duration, SystemTime};

use hmac::{Hmac, KeyInit, Mac};
use lettre::address::Envelope;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MessageBuilder, MultiPart, MultiPartKind, SinglePart};
use lettre::{Address, Message};
use sha2::Sha256;

use super::Millis;
use super::page::{Head, Page, could_be_a_link, plain};
use super::stop;
use super::texts::{Said, Texts};
use crate::intake::command::MailKind;

/// Characters of the petition's title in the subject.
const SUBJECT_TITLE_CHARS: usize = 60;
/// Characters of a title and of a name in the text: enough to recognise, too few for an advertisement.
const TITLE_CHARS: usize = 200;
const NAME_CHARS: usize = 60;

/// What a letter says. Tokens are those of the links; everything else is shown.
#[derive(Clone, Copy, Debug)]
pub struct Letter<'a> {
    /// What it is about.
    pub kind: MailKind,
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
    /// Token of `/confirm/`, or of `/second-way/`.
    pub button_token: &'a str,
    /// Token of `/withdraw/`.
    pub withdraw_token: &'a str,
    /// Token of `/not-me/`.
    pub not_me_token: &'a str,
    /// Token of `/stop-mail/`, for confirmations.
    pub stop_token: &'a str,
    /// Other contributions that wait for this address about this petition.
    pub waiting: u64,
    /// Days until an unconfirmed contribution is erased.
    pub days: u64,
    /// Days that a stop of such mails lasts.
    pub stop_days: u64,
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

/// A mail that only wants its form.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    /// Recipient.
    pub to: &'a Address,
    /// Sender, as shown.
    pub from: &'a Mailbox,
    /// Where it comes back to if it cannot be delivered; the sender, if nowhere else.
    pub returns_to: Option<&'a Address>,
    /// What stands around its words.
    pub head: Head<'a>,
    /// Its words.
    pub page: &'a Page,
    /// The page where such mail is stopped, for the header fields.
    pub stop_link: &'a str,
    /// Its name.
    pub id: MessageId,
    /// When it was written.
    pub written: Millis,
}

/// Puts a mail into the form of RFC 5322: text and HTML in UTF-8, one recipient, nothing but our own headers.
///
/// The same arguments give the same bytes, so that a repeat after a crash is a repeat and not a second letter.
///
/// # Errors
/// The sender or recipient does not fit into a header, which validated values never do.
pub fn message(mail: &Outgoing<'_>) -> Result<Message, Unwritable> {
    let domain = mail.from.email.domain();
    let sender = mail.returns_to.unwrap_or(&mail.from.email);
    let envelope = Envelope::new(Some(sender.clone()), vec![mail.to.clone()]).map_err(|_| Unwritable)?;
    let builder = MessageBuilder::new()
        .from(mail.from.clone())
        .to(Mailbox::new(None, mail.to.clone()))
        .subject(mail.head.subject)
        .date(SystemTime::UNIX_EPOCH + Duration::from_millis(mail.written.0))
        .message_id(Some(format!("<{}@{domain}>", mail.id)))
        .header(AutoSubmitted)
        .envelope(envelope);
    let parts = MultiPart::builder()
        .kind(MultiPartKind::Alternative)
        .boundary(format!("part-{}", mail.id));
    // The last part is the one that a mail program prefers (RFC 2046, section 5.1.4).
    let parts = parts
        .singlepart(SinglePart::plain(mail.page.text(mail.head.site, mail.head.base_url)))
        .singlepart(SinglePart::html(mail.page.html(&mail.head)));
    stop::headers(builder, mail.stop_link)
        .multipart(parts)
        .map_err(|_| Unwritable)
}

/// A short mail about the site to somebody who works on it: text in UTF-8 that says so (RFC 2045), nothing else.
///
/// # Errors
/// As [`message`].
pub fn note(from: &Mailbox, to: &Address, subject: &str, text: String, id: MessageId) -> Result<Message, Unwritable> {
    MessageBuilder::new()
        .from(from.clone())
        .to(Mailbox::new(None, to.clone()))
        .subject(subject)
        .message_id(Some(format!("<{id}@{}>", from.email.domain())))
        .header(AutoSubmitted)
        .singlepart(SinglePart::plain(text))
        .map_err(|_| Unwritable)
}

/// Writes the letter as a message.
///
/// # Errors
/// As [`message`].
pub fn compose(letter: &Letter<'_>, post: &Post<'_>) -> Result<Message, Unwritable> {
    let texts = Texts::of(letter.lang);
    let (site, subject, dir) = (
        plain(letter.site_name, NAME_CHARS),
        subject(texts, letter),
        texts.say("dir", &[]),
    );
    message(&Outgoing {
        to: letter.to,
        from: post.from,
        returns_to: post.returns_to,
        head: Head {
            lang: texts.code,
            dir: &dir,
            subject: &subject,
            site: &site,
            base_url: letter.base_url,
        },
        page: &match letter.kind {
            MailKind::Confirmation => page(texts, letter),
            MailKind::SecondWay => second_way(texts, letter),
        },
        stop_link: &stop::link(letter.base_url, letter.stop_token, letter.lang),
        id: post.id,
        written: post.written,
    })
}

/// Who sends a letter, and when.
#[derive(Clone, Copy, Debug)]
pub struct Post<'a> {
    /// Sender.
    pub from: &'a Mailbox,
    /// Where it comes back to.
    pub returns_to: Option<&'a Address>,
    /// Its name.
    pub id: MessageId,
    /// When it was written.
    pub written: Millis,
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
    let id = match letter.kind {
        MailKind::Confirmation => "subject",
        MailKind::SecondWay => "second-subject",
    };
    texts.say(id, &[("title", Said::Text(&plain(letter.title, SUBJECT_TITLE_CHARS)))])
}

fn page(texts: &Texts, letter: &Letter<'_>) -> Page {
    let mut page = begun(texts, letter, "who");
    page.paragraph(&texts.say("press", &[]));
    page.button(
        &texts.say("confirm-label", &[]),
        &letter.link("confirm", letter.button_token),
    );
    page.paragraph(&texts.say("button", &[]));
    if letter.waiting > 0 {
        page.paragraph(&texts.say("waiting", &[("others", Said::Number(letter.waiting))]));
    }
    page.paragraph(&texts.say("life", &[("days", Said::Number(letter.days))]));
    page.paragraph(&texts.say("withdraw", &[]));
    page.link(
        &texts.say("withdraw-label", &[]),
        &letter.link("withdraw", letter.withdraw_token),
    );
    page.paragraph(&texts.say("not-you", &[]));
    page.link(
        &texts.say("not-me-label", &[]),
        &letter.link("not-me", letter.not_me_token),
    );
    page.paragraph(&texts.say("promise", &[]));
    page.paragraph(&texts.say("stop", &[("days", Said::Number(letter.stop_days))]));
    page.link(
        &texts.say("stop-label", &[]),
        &stop::link(letter.base_url, letter.stop_token, letter.lang),
    );
    page
}

/// Greeting, who writes, and about what.
fn begun(texts: &Texts, letter: &Letter<'_>, who: &str) -> Page {
    let (site, title) = (plain(letter.site_name, NAME_CHARS), plain(letter.title, TITLE_CHARS));
    let name = plain(letter.name, NAME_CHARS);
    let mut page = Page::default();
    if name.is_empty() || could_be_a_link(&name) {
        page.paragraph(&texts.say("greeting-unnamed", &[]));
    } else {
        page.paragraph(&texts.say("greeting", &[("name", Said::Text(&name))]));
    }
    page.paragraph(&texts.say(who, &[("site", Said::Text(&site))]));
    page.quoted(&title);
    page
}

/// The mail to a held person: no accusation, one button, and the way out for who did not sign.
fn second_way(texts: &Texts, letter: &Letter<'_>) -> Page {
    let mut page = begun(texts, letter, "second-who");
    page.paragraph(&texts.say("second-what", &[]));
    page.paragraph(&texts.say("second-press", &[]));
    page.button(
        &texts.say("second-label", &[]),
        &letter.link("second-way", letter.button_token),
    );
    page.paragraph(&texts.say("second-button", &[]));
    page.paragraph(&texts.say("second-then", &[]));
    page.paragraph(&texts.say("second-not-you", &[]));
    page.link(
        &texts.say("not-me-label", &[]),
        &letter.link("not-me", letter.not_me_token),
    );
    page.paragraph(&texts.say("withdraw", &[]));
    page.link(
        &texts.say("withdraw-label", &[]),
        &letter.link("withdraw", letter.withdraw_token),
    );
    page.paragraph(&texts.say("second-promise", &[]));
    page.paragraph(&texts.say("stop", &[("days", Said::Number(letter.stop_days))]));
    page.link(
        &texts.say("stop-label", &[]),
        &stop::link(letter.base_url, letter.stop_token, letter.lang),
    );
    page
}

impl Letter<'_> {
    /// The page answers in the language of the mail, whatever the browser prefers.
    fn link(&self, page: &str, token: &str) -> String {
        format!("{}/{page}/{token}?lang={}", self.base_url, self.lang)
    }
}

#[cfg(test)]
mod tests;
