//! The way to the mail server, as far as the last step before a letter; with `--send-to`, that step too.

use std::time::Duration;

use lettre::transport::smtp::Error as SmtpError;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use super::Finding;
use crate::clock;
use crate::config::{Config, Delivery};
use crate::mail::compose::{self, MessageId};
use crate::store::id;

const PATIENCE: Duration = Duration::from_secs(15);

/// Connects, greets, secures, checks the certificate, logs in, and says goodbye. Sends nothing.
pub(super) async fn server(config: &Config) -> Finding {
    const CHECK: &str = "mail: server";
    let Delivery::Smtp(url) = &config.mail.delivery else {
        let mend = "mail.smtp = \"smtp://127.0.0.1:25\", or your provider's server";
        return Finding::warn(CHECK, "mail goes to a directory: nobody receives it", mend);
    };
    let Ok(builder) = url.transport() else {
        return Finding::fail(CHECK, "mail.smtp cannot be used", "`paraph check-config` shows it");
    };
    let transport: AsyncSmtpTransport<Tokio1Executor> = builder.timeout(Some(PATIENCE)).build();
    let asked = tokio::time::timeout(PATIENCE, transport.test_connection()).await;
    match asked {
        Ok(Ok(true)) if url.is_readable_on_the_way() => Finding::warn(
            CHECK,
            "answers, and is reached over the network without TLS: mail and password travel readable",
            "use smtp+starttls:// or smtps:// in mail.smtp",
        ),
        Ok(Ok(true)) => Finding::ok(CHECK, "connection, greeting, certificate and login are as configured"),
        Ok(Ok(false)) => Finding::fail(
            CHECK,
            "the server answers, but not as a mail server",
            "correct mail.smtp",
        ),
        Ok(Err(error)) => {
            let (what, mend) = explain(&error);
            Finding::fail(CHECK, format!("{what}: {}", told(&error)), mend)
        }
        Err(_) => Finding::fail(
            CHECK,
            format!("no answer within {PATIENCE:?}"),
            "check host and port of mail.smtp, and the firewall between",
        ),
    }
}

/// One real mail, if it was asked for.
pub(super) async fn test_letter(config: &Config, to: Option<&Address>) -> Option<Finding> {
    const CHECK: &str = "mail: test";
    let to = to?;
    let Delivery::Smtp(url) = &config.mail.delivery else {
        return Some(Finding::skipped(CHECK, "mail goes to a directory, nothing was sent"));
    };
    let now = clock::rfc3339(clock::now());
    let letter = compose::note(
        &config.mail.from,
        to,
        &format!("Test mail of {}", config.site.name),
        format!(
            "This is a test mail, sent by `paraph doctor` at {now}.\nIf you can read it, mail leaves. Look at its headers for \
             spf=pass, dkim=pass and dmarc=pass.\n"
        ),
        MessageId::derive(&id::random(), id::random()),
    );
    let (Ok(letter), Ok(builder)) = (letter, url.transport()) else {
        return Some(Finding::fail(
            CHECK,
            "the test mail cannot be written",
            "check mail.from and site.name",
        ));
    };
    let transport: AsyncSmtpTransport<Tokio1Executor> = builder.timeout(Some(PATIENCE)).build();
    // As every mail: what the recipient's headers say of it must be true of those.
    let raw = letter.formatted();
    let signer = config.mail.dkim.as_ref();
    let raw = signer.map_or_else(|| raw.clone(), |signer| signer.signed(&raw, clock::now()));
    let sending = transport.send_raw(letter.envelope(), &raw);
    Some(match tokio::time::timeout(PATIENCE, sending).await {
        Ok(Ok(_)) => Finding::ok(CHECK, "the server took it; see whether it arrives, and its headers"),
        Ok(Err(error)) => {
            let (what, mend) = explain(&error);
            Finding::fail(CHECK, format!("{what}: {}", told(&error)), mend)
        }
        Err(_) => Finding::fail(
            CHECK,
            format!("no answer within {PATIENCE:?}"),
            "look at the mail server's log",
        ),
    })
}

/// An error and what it stems from, on one line: the operator reads it at a terminal, nothing keeps it.
fn told(error: &SmtpError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

fn explain(error: &SmtpError) -> (&'static str, &'static str) {
    let code = error.status().map(u16::from);
    if error.is_tls() || told(error).contains("certificate") {
        (
            "no secure connection",
            "the certificate must be valid for the host in mail.smtp; or name the host that it is for",
        )
    } else if error.is_timeout() {
        (
            "no answer in time",
            "check host and port of mail.smtp, and the firewall between",
        )
    } else if matches!(code, Some(530 | 534 | 535 | 538)) {
        ("the server refuses the login", "check mail.smtp_user and the password")
    } else if error.is_permanent() {
        (
            "the server refuses",
            "the answer says why; often: this sender may not send from here",
        )
    } else if error.is_transient() {
        ("the server refuses for now", "try again later; the answer says why")
    } else if error.is_client() {
        (
            "the server lacks what is asked of it",
            "without STARTTLS or login at the server, take +starttls or the login out of mail.smtp",
        )
    } else if error.is_response() {
        (
            "the other side does not speak SMTP",
            "correct the port in mail.smtp: 25 or 587, 465 with smtps://",
        )
    } else {
        (
            "no connection",
            "start the mail server, or correct host and port of mail.smtp",
        )
    }
}
