//! Hands a letter over: to a mail server, or to a directory.
//!
//! A dead mail server never delays a signature: this is called by the mailer alone, and answers within
//! `limits.mail_seconds`. Errors say what happened without saying to whom.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lettre::Address;
use lettre::address::Envelope;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{Extension, MailBodyParameter, MailParameter};

use super::bounce;
use super::compose::MessageId;
use crate::config::{Delivery, SmtpServer};
use crate::failure::Failure;
use crate::limits::Limits;

/// Longest wait for the mail server to take the connection.
const CONNECT: Duration = Duration::from_secs(10);
/// For how long a connection may have lain idle to be used again: servers hang up after some minutes (RFC 5321 asks for five).
const IDLE: Duration = Duration::from_secs(60);

/// Why a letter was not handed over. The text holds no address and nothing that the other side said beyond its codes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// The domain that it goes to does not take it now, or keeps our mail server waiting.
    #[error("not delivered for now: {0}")]
    Deferred(String),
    /// Try again later: our own mail server, the network or the disk.
    #[error("not delivered for now: {0}")]
    Temporary(String),
    /// This mailbox will not take it, now or later.
    #[error("refused for good: {0}")]
    Permanent(String),
}

/// Where letters go, chosen once at the start.
pub enum Transport {
    /// A mail server.
    Smtp(Box<Smtp>),
    /// A directory in Maildir form.
    Maildir(PathBuf),
}

/// A mail server, over connections that stay open between letters.
///
/// The conversation is held here, step by step: who refuses what is only told by the step that the answer belongs to.
pub struct Smtp {
    server: SmtpServer,
    secured: Option<TlsParameters>,
    /// Open and between two letters, with the time of the last one; one that broke off in mid-sentence never comes back here,
    /// or the next letter would take the late answer to this one for its own.
    idle: Mutex<Vec<(AsyncSmtpConnection, Instant)>>,
    most_idle: usize,
    longest: Duration,
}

impl Smtp {
    async fn send(&self, envelope: &Envelope, raw: &[u8]) -> Result<(), DeliveryError> {
        let sent = tokio::time::timeout(self.longest, async {
            let mut connection = self.connection().await.map_err(|error| of_us(&error))?;
            match hand_over(&mut connection, envelope, raw).await {
                Ok(()) => self.keep(connection),
                Err(error) => {
                    connection.abort().await;
                    return Err(error);
                }
            }
            Ok(())
        });
        sent.await
            .unwrap_or_else(|_| Err(DeliveryError::Deferred("the mail server took too long".into())))
    }

    /// One that is open and answers, or a new one.
    async fn connection(&self) -> Result<AsyncSmtpConnection, SmtpError> {
        while let Some((mut connection, last)) = self.take() {
            if last.elapsed() < IDLE && connection.test_connected().await {
                return Ok(connection);
            }
            connection.abort().await;
        }
        self.server.connect(self.secured.as_ref(), CONNECT).await
    }

    fn take(&self) -> Option<(AsyncSmtpConnection, Instant)> {
        self.idle().pop()
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        let mut idle = self.idle();
        if idle.len() < self.most_idle {
            idle.push((connection, Instant::now()));
        }
    }

    /// Never held across a wait; whoever panicked while holding it left a whole value.
    fn idle(&self) -> MutexGuard<'_, Vec<(AsyncSmtpConnection, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transport {
    /// Prepares what the configuration names. Must run inside the runtime; does not connect yet.
    ///
    /// # Errors
    /// The directory cannot be made.
    pub fn open(delivery: &Delivery, limits: &Limits) -> Result<Self, Failure> {
        match delivery {
            Delivery::Smtp(server) => {
                let hint = "correct mail.smtp; `paraph check-config` shows it";
                let secured = server
                    .secured()
                    .map_err(|_| Failure::usage("mail.smtp cannot be used", hint))?;
                Ok(Self::Smtp(Box::new(Smtp {
                    server: server.clone(),
                    secured,
                    idle: Mutex::default(),
                    most_idle: usize::try_from(limits.mail_connections).unwrap_or(usize::MAX),
                    longest: Duration::from_secs(limits.mail_seconds),
                })))
            }
            Delivery::Maildir(directory) => {
                for part in ["tmp", "new", "cur"] {
                    let path = directory.join(part);
                    fs::create_dir_all(&path)
                        .map_err(|error| Failure::io(format!("cannot make {}", path.display()), &error))?;
                }
                Ok(Self::Maildir(directory.clone()))
            }
        }
    }

    /// Hands one letter over; when this returns `Ok`, the other side has it for good.
    ///
    /// # Errors
    /// It did not get through; the variant says whether trying again makes sense.
    pub async fn deliver(&self, envelope: &Envelope, raw: Vec<u8>, id: MessageId) -> Result<(), DeliveryError> {
        match self {
            Self::Smtp(smtp) => smtp.send(envelope, &raw).await,
            Self::Maildir(directory) => {
                let directory = directory.clone();
                let written = tokio::task::spawn_blocking(move || write_durably(&directory, id, &raw)).await;
                match written {
                    Ok(Ok(())) => Ok(()),
                    Ok(Err(error)) => Err(DeliveryError::Temporary(format!(
                        "writing the mail directory: {}",
                        error.kind()
                    ))),
                    Err(_) => Err(DeliveryError::Temporary(
                        "writing the mail directory was interrupted".into(),
                    )),
                }
            }
        }
    }
}

/// Maildir: written aside, made durable, then moved into sight. The name is that of the letter, so that a repeat after
/// a crash replaces the first writing instead of standing beside it.
fn write_durably(directory: &Path, id: MessageId, raw: &[u8]) -> io::Result<()> {
    let name = format!("{id}.paraph");
    let (aside, place) = (directory.join("tmp").join(&name), directory.join("new"));
    let mut file = fs::File::create(&aside)?;
    file.write_all(raw)?;
    file.sync_all()?;
    fs::rename(&aside, place.join(&name))?;
    fs::File::open(&place)?.sync_all()
}

/// A letter over an open connection.
async fn hand_over(connection: &mut AsyncSmtpConnection, envelope: &Envelope, raw: &[u8]) -> Result<(), DeliveryError> {
    let mut parameters = Vec::new();
    let is_ascii = |address: &Address| address.to_string().is_ascii();
    let to_ascii = envelope.to().iter().all(is_ascii);
    if !to_ascii || !envelope.from().is_none_or(is_ascii) {
        if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            return Err(match to_ascii {
                false => DeliveryError::Permanent("the mail server takes no such local part (SMTPUTF8)".into()),
                true => DeliveryError::Temporary("the mail server takes no such sender (SMTPUTF8)".into()),
            });
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    if !raw.is_ascii() {
        if !connection.server_info().supports_feature(Extension::EightBitMime) {
            let lacks = "the mail server lacks what this letter needs (8BITMIME)";
            return Err(DeliveryError::Temporary(lacks.into()));
        }
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    let sender = Mail::new(envelope.from().cloned(), parameters);
    connection.command(sender).await.map_err(|error| of_us(&error))?;
    for to in envelope.to() {
        let recipient = Rcpt::new(to.clone(), Vec::new());
        connection
            .command(recipient)
            .await
            .map_err(|error| of_the_mailbox(&error))?;
    }
    connection.command(Data).await.map_err(|error| of_the_letter(&error))?;
    let taken = connection.message(raw).await;
    taken.map(drop).map_err(|error| of_the_letter(&error))
}

/// What a server answered: its code, the enhanced one if there is one, and its words, for a look and not for a log.
struct Reply {
    code: String,
    enhanced: Option<String>,
    words: String,
}

impl Reply {
    fn of(error: &SmtpError) -> Option<Self> {
        let code = error.status()?.to_string();
        let words = std::error::Error::source(error).map_or_else(String::new, ToString::to_string);
        let enhanced = enhanced_code(&words).map(str::to_owned);
        Some(Self { code, enhanced, words })
    }

    fn told(&self) -> String {
        let enhanced = self.enhanced.as_deref().unwrap_or("");
        let space = if enhanced.is_empty() { "" } else { " " };
        format!("the mail server answered {}{space}{enhanced}", self.code)
    }

    /// Shutting down, TLS, password.
    fn is_about_us(&self) -> bool {
        matches!(self.code.as_str(), "421" | "454" | "530" | "535" | "538")
    }

    /// Whether an answer to the recipient says that the mailbox will never take a letter. Many servers say with the same codes,
    /// and no enhanced one, that they do not relay for us or do not like our sender: then their words decide, and what they do
    /// not say is tried again, which costs nobody anything.
    fn is_no_such_mailbox(&self) -> bool {
        match &self.enhanced {
            Some(enhanced) => bounce::is_no_such_mailbox(enhanced),
            None if self.code == "556" => true,
            None if matches!(self.code.as_str(), "550" | "551" | "553") => {
                let words = self.words.to_ascii_lowercase();
                let says = |some: &[&str]| some.iter().any(|word| words.contains(word));
                says(NO_SUCH_MAILBOX) && !says(NOT_THE_MAILBOX)
            }
            None => false,
        }
    }
}

/// How servers that use no enhanced codes say that a mailbox does not exist.
const NO_SUCH_MAILBOX: &[&str] = &[
    "unknown",
    "no such",
    "not found",
    "not exist",
    "n't exist",
    "no mailbox",
    "mailbox unavailable",
    "invalid recipient",
    "invalid mailbox",
    "unrouteable address",
    "account disabled",
];

/// What speaks of us although it uses such words.
const NOT_THE_MAILBOX: &[&str] = &["sender", "relay", "host", "client", "helo", "spam", "policy"];

/// Before the recipient was named: a server that does not like *us* (greeting, TLS, password, sender) is mended by the operator
/// or by time, and must not cost anybody their confirmation.
fn of_us(error: &SmtpError) -> DeliveryError {
    DeliveryError::Temporary(Reply::of(error).map_or_else(|| cause(error), |reply| reply.told()))
}

/// In answer to the recipient, the only place where a refusal can be final.
fn of_the_mailbox(error: &SmtpError) -> DeliveryError {
    match Reply::of(error) {
        Some(reply) if error.is_permanent() && reply.is_no_such_mailbox() => DeliveryError::Permanent(reply.told()),
        _ => of_the_letter(error),
    }
}

/// In answer to the letter: spam, policy, a full disk. Perhaps of the domain that it goes to.
fn of_the_letter(error: &SmtpError) -> DeliveryError {
    match Reply::of(error) {
        Some(reply) if !reply.is_about_us() => DeliveryError::Deferred(reply.told()),
        _ => of_us(error),
    }
}

/// The enhanced status code at the start of a reply (RFC 3463), as in `5.1.1`.
fn enhanced_code(said: &str) -> Option<&str> {
    let first = said.split_ascii_whitespace().next()?;
    let parts: Vec<&str> = first.split('.').collect();
    let digits = |part: &&str| !part.is_empty() && part.len() <= 3 && part.bytes().all(|byte| byte.is_ascii_digit());
    (parts.len() == 3 && parts.iter().all(digits)).then_some(first)
}

/// `lettre` gives no other sign of it than its words; a test holds them.
fn wants_starttls(error: &SmtpError) -> bool {
    error.is_client() && chain(error).contains("STARTTLS")
}

/// Everything that an error was caused by, for a look and not for a log.
fn chain(error: &SmtpError) -> String {
    let mut words = String::new();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        words += &error.to_string();
        source = error.source();
    }
    words
}

/// What kept us from a reply, in our own words: an error's text may quote what was sent.
fn cause(error: &SmtpError) -> String {
    let what = if wants_starttls(error) {
        "the mail server offers no STARTTLS, and nothing leaves without it"
    } else if chain(error).contains("invalid peer certificate") {
        "the mail server's certificate is not trusted"
    } else if error.is_timeout() {
        "the mail server did not answer in time"
    } else if error.is_tls() {
        "no secure connection to the mail server"
    } else if error.is_response() {
        "the mail server answered something else than SMTP"
    } else if error.is_client() {
        "the mail server offers no way to log in that is known here"
    } else {
        "no connection to the mail server"
    };
    what.to_owned()
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tls_tests;
