//! Hands a letter over: to a mail server, or to a directory.
//!
//! A dead mail server never delays a signature: this is called by the mailer alone, and answers within
//! `limits.mail_seconds`. Errors say what happened without saying to whom.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lettre::address::Envelope;
use lettre::transport::smtp::{AsyncSmtpTransportBuilder, Error as SmtpError, PoolConfig};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use super::compose::MessageId;
use crate::config::Delivery;
use crate::failure::Failure;
use crate::limits::Limits;

/// Longest wait for the mail server to take the connection.
const CONNECT: Duration = Duration::from_secs(10);

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
pub struct Smtp {
    builder: AsyncSmtpTransportBuilder,
    current: Mutex<AsyncSmtpTransport<Tokio1Executor>>,
    longest: Duration,
}

impl Smtp {
    async fn send(&self, envelope: &Envelope, raw: &[u8]) -> Result<(), DeliveryError> {
        let ascii = envelope.to().iter().all(|to| to.to_string().is_ascii());
        let transport = self.current().clone();
        match tokio::time::timeout(self.longest, transport.send_raw(envelope, raw)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(classify(&error, ascii)),
            Err(_) => {
                // The connection broken off went back to its pool in mid-sentence: the next letter would take the
                // late answer to this one for its own. So nobody uses that pool again.
                *self.current() = self.builder.clone().build();
                Err(DeliveryError::Deferred("the mail server took too long".into()))
            }
        }
    }

    /// Never held across a wait; whoever panicked while holding it left a whole value.
    fn current(&self) -> MutexGuard<'_, AsyncSmtpTransport<Tokio1Executor>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
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
                let builder = server
                    .transport()
                    .map_err(|_| Failure::usage("mail.smtp cannot be used", hint))?;
                let connections = u32::try_from(limits.mail_connections).unwrap_or(u32::MAX);
                let pool = PoolConfig::new().max_size(connections);
                let builder = builder.timeout(Some(CONNECT)).pool_config(pool);
                let longest = Duration::from_secs(limits.mail_seconds);
                let current = Mutex::new(builder.clone().build());
                Ok(Self::Smtp(Box::new(Smtp {
                    builder,
                    current,
                    longest,
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

/// Only a refusal of the mailbox itself is final. A server that does not like *us* (password, relaying, reputation,
/// policy) is mended by the operator or by time, and must not cost anybody their confirmation.
fn classify(error: &SmtpError, ascii: bool) -> DeliveryError {
    let Some(status) = error.status() else {
        return match (error.is_client() && !wants_starttls(error), ascii) {
            (true, false) => DeliveryError::Permanent("the mail server takes no such local part (SMTPUTF8)".into()),
            _ => DeliveryError::Temporary(cause(error)),
        };
    };
    let said = std::error::Error::source(error)
        .map(ToString::to_string)
        .unwrap_or_default();
    let enhanced = enhanced_code(&said);
    let code = status.to_string();
    let reply = format!(
        "the mail server answered {code}{}{}",
        if enhanced.is_some() { " " } else { "" },
        enhanced.unwrap_or("")
    );
    let about_the_mailbox = match enhanced {
        Some(enhanced) => enhanced.starts_with("5.1.") || enhanced.starts_with("5.2."),
        None => matches!(code.as_str(), "550" | "551" | "552" | "553" | "556"),
    };
    if error.is_permanent() && about_the_mailbox {
        DeliveryError::Permanent(reply)
    } else if matches!(code.as_str(), "421" | "454" | "530" | "535" | "538") {
        // About us and our mail server: shutting down, TLS, password.
        DeliveryError::Temporary(reply)
    } else {
        DeliveryError::Deferred(reply)
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
        "the mail server lacks what this letter needs"
    } else if error.is_transport_shutdown() {
        "mail is shutting down"
    } else {
        "no connection to the mail server"
    };
    what.to_owned()
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tls_tests;
