//! `[alerts]`: who is woken, and how.

use std::fmt;
use std::net::IpAddr;

use http::Uri;
use jiff::tz::TimeZone;

use super::value::{Reader, Taken};
use super::{Delivery, Mail, Site};
use crate::alerts;
use crate::failure::Failure;

/// Recipients of one list: more than that is a mailing list, which has its own address.
const RECIPIENTS: usize = 16;

/// Who is woken, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Alerts {
    /// Told at once, and again.
    pub first: Vec<Recipient>,
    /// Told too when nobody of the first has acknowledged.
    pub second: Vec<Recipient>,
    /// Address of the operations listener as people on duty reach it, without a slash at the end.
    pub link: Option<String>,
    /// Times of alerts and of the desk are written in this zone, and in UTC.
    pub time_zone: TimeZone,
    /// Whom to call at the host when the line is full.
    pub call: Option<String>,
    /// Number of the contract with the host.
    pub contract: Option<String>,
    /// Who decides about complaints and notices.
    pub decides: Option<String>,
    /// Sent to webhooks as `Authorization: Bearer`.
    pub webhook_bearer: Option<Secret>,
    /// Key of the signature of webhooks.
    pub webhook_secret: Option<Secret>,
}

/// One way to reach somebody, in their language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// Code of a language that alerts are written in.
    pub lang: String,
    /// The way.
    pub channel: Channel,
}

/// A way to reach somebody.
#[derive(Clone, PartialEq, Eq)]
pub enum Channel {
    /// A mail.
    Mail(lettre::Address),
    /// A POST of JSON.
    Webhook(String),
    /// A POST of plain text with `Title`, `Priority` and `Click`, as ntfy and its like take it.
    Push(String),
}

/// Its kind only: an address may hold a password.
impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())
    }
}

impl Channel {
    /// Kind, for logs and reports.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Mail(_) => "mail",
            Self::Webhook(_) => "webhook",
            Self::Push(_) => "push",
        }
    }
}

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text, for the one place that sends it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

pub(super) fn read(reader: &mut Reader<'_>, site: &Site, mail: &Mail) -> Result<Alerts, Failure> {
    let fallback = site.languages.first().map_or("en", String::as_str);
    let mut list = |key| -> Result<(Vec<Recipient>, Vec<Taken>), Failure> {
        let taken = reader.list(key, &[]);
        if let Some(over) = taken.get(RECIPIENTS) {
            return Err(over.refuse(
                "is one too many",
                "name at most 16 in a list; a mailing list has one address",
            ));
        }
        let recipients = taken
            .iter()
            .map(|taken| recipient(taken, fallback, mail))
            .collect::<Result<_, _>>()?;
        Ok((recipients, taken))
    };
    let ((first, told_first), (second, named)) = (list("alerts.first")?, list("alerts.second")?);
    if let Some(lone) = named.first().filter(|_| first.is_empty()) {
        let hint = "name those who are told at once in alerts.first; the second list is told when they do not answer";
        return Err(lone.refuse("is told after alerts.first, which is empty", hint));
    }
    let webhook_bearer = reader.hidden("alerts.webhook_bearer", "none");
    for (recipient, taken) in first.iter().zip(&told_first).chain(second.iter().zip(&named)) {
        let sends_secret = match &recipient.channel {
            Channel::Mail(_) => false,
            Channel::Webhook(url) => webhook_bearer.is_some() || has_user(url),
            Channel::Push(url) => has_user(url),
        };
        if sends_secret && recipient.channel.is_readable_on_the_way() {
            let hint = "write https:// instead of http://, or take the password away";
            return Err(taken.refuse("would send a password readable over the network", hint));
        }
    }
    let link = reader.optional("alerts.link", "follows listen.operations");
    let zone = reader.optional("alerts.time_zone", "the machine's");
    let time_zone = match zone {
        None => TimeZone::try_system().unwrap_or(TimeZone::UTC),
        Some(zone) => TimeZone::get(&zone.text).map_err(|_| {
            zone.refuse(
                "is not a time zone",
                "write it as in Europe/Paris; the machine needs its tzdata",
            )
        })?,
    };
    let mut told = |key| reader.optional(key, "none").map(|taken| taken.text);
    let (call, contract, decides) = (told("alerts.call"), told("alerts.contract"), told("alerts.decides"));
    let secret = |taken: Option<Taken>| taken.map(|taken| header_text(&taken).map(Secret)).transpose();
    Ok(Alerts {
        first,
        second,
        link: link.map(|link| link.base_url()).transpose()?,
        time_zone,
        call,
        contract,
        decides,
        webhook_bearer: secret(webhook_bearer)?,
        webhook_secret: secret(reader.hidden("alerts.webhook_secret", "none"))?,
    })
}

/// Whether an address holds a user.
fn has_user(url: &str) -> bool {
    let uri: Option<Uri> = url.parse().ok();
    uri.is_some_and(|uri| {
        uri.authority()
            .is_some_and(|authority| authority.as_str().contains('@'))
    })
}

impl Channel {
    /// Whether what is sent crosses a network without TLS.
    fn is_readable_on_the_way(&self) -> bool {
        let (Self::Webhook(url) | Self::Push(url)) = self else {
            return false;
        };
        let uri: Option<Uri> = url.parse().ok();
        let host = uri
            .as_ref()
            .and_then(Uri::host)
            .unwrap_or_default()
            .trim_matches(['[', ']']);
        let is_here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        url.starts_with("http://") && !is_here
    }
}

fn header_text(taken: &Taken) -> Result<String, Failure> {
    let fits = !taken.text.is_empty() && taken.text.bytes().all(|byte| byte.is_ascii_graphic());
    if fits {
        return Ok(taken.text.clone());
    }
    Err(taken.refuse(
        "does not fit into a header",
        "write letters, digits and signs of ASCII, without spaces",
    ))
}

fn recipient(taken: &Taken, fallback: &str, mail: &Mail) -> Result<Recipient, Failure> {
    let (lang, way) = match taken.text.trim().split_once(' ') {
        Some((lang, way)) => (lang, way.trim()),
        None => (fallback, taken.text.trim()),
    };
    let speaks = alerts::languages().any(|code| code == lang);
    if !speaks && lang != fallback {
        let known: Vec<&str> = alerts::languages().collect();
        return Err(taken.refuse(
            "asks for a language that alerts are not written in",
            &format!("there are: {}", known.join(", ")),
        ));
    }
    let hint = "write mailto:duty@example.org, webhook+https://example.org/hook or push+https://push.example.org/topic, \
                with a language before it if it is another than the site's, as in \"fr mailto:duty@example.org\"";
    let url = |url: &str| {
        let parsed: Option<Uri> = url.parse().ok();
        let whole =
            parsed.is_some_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some());
        whole
            .then(|| url.to_owned())
            .ok_or_else(|| taken.refuse("is not a way to reach somebody", hint))
    };
    let channel = match way.split_once(['+', ':']) {
        Some(("mailto", to)) => {
            if matches!(mail.delivery, Delivery::Maildir(_)) {
                let hint = "set mail.smtp, or use a webhook or push channel";
                return Err(taken.refuse("reaches nobody: mail goes to a directory", hint));
            }
            Channel::Mail(to.parse().map_err(|_| taken.refuse("is not a mail address", hint))?)
        }
        Some(("webhook", to)) => Channel::Webhook(url(to)?),
        Some(("push", to)) => Channel::Push(url(to)?),
        _ => return Err(taken.refuse("is not a way to reach somebody", hint)),
    };
    Ok(Recipient {
        lang: lang.to_owned(),
        channel,
    })
}
