//! What `paraph check-config` prints: every key, the value in force, where it came from, and why a bound is there.

use std::fmt::Write;

use serde::Serialize;
use serde_json::json;

use super::{Config, Delivery, Origin};

/// One key in force. Secrets were taken out before it was made.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub(super) key: String,
    pub(super) value: serde_json::Value,
    pub(super) origin: Origin,
    pub(super) why: Option<&'static str>,
}

impl Config {
    /// The effective configuration as text: one line a key, sections apart, remarks at the end.
    #[must_use]
    pub fn explain(&self) -> String {
        let width = self.settings.iter().map(|setting| setting.key.len()).max().unwrap_or(0);
        let mut text = String::new();
        let mut section = "";
        for setting in &self.settings {
            let (this, _) = setting.key.rsplit_once('.').unwrap_or_default();
            if this != section {
                let gap = if section.is_empty() { "" } else { "\n" };
                let _ = writeln!(text, "{gap}[{this}]");
                section = this;
            }
            let value = match &setting.value {
                serde_json::Value::String(value) => value.clone(),
                other => other.to_string(),
            };
            let _ = writeln!(text, "{:width$}  {value}  # {}", setting.key, setting.origin);
            if let Some(why) = setting.why {
                let _ = writeln!(text, "{:width$}  {why}", "");
            }
        }
        for Remark { key, what, mend } in self.remarks() {
            let _ = writeln!(text, "\nremark: {key}: {what}\n  write: {mend}");
        }
        text
    }

    /// The same as JSON: `{"settings":[{"key","value","origin","why"}],"remarks":[..]}`.
    #[must_use]
    pub fn explain_json(&self) -> serde_json::Value {
        let settings: Vec<_> = self.settings.iter().map(Setting::json).collect();
        json!({ "settings": settings, "remarks": self.remarks() })
    }

    /// What is allowed and still worth a second look before real people come.
    #[must_use]
    pub fn remarks(&self) -> Vec<Remark> {
        let https = self.listen.https.as_ref();
        let public =
            !self.listen.http.ip().is_loopback() || https.is_some_and(|https| !https.address.ip().is_loopback());
        let url = self.site.base_url.as_deref();
        let is_https = url.is_some_and(|url| url.starts_with("https://"));
        let real = public || is_https;
        let maildir = matches!(self.mail.delivery, Delivery::Maildir(_));
        let of = |wrong: bool, key, what, mend: &str| {
            wrong.then(|| Remark {
                key,
                what,
                mend: mend.to_owned(),
            })
        };
        let host = url
            .and_then(|url| url.strip_prefix("http://"))
            .unwrap_or("petitions.example.org");
        [
            of(
                public && url.is_none(),
                "site.base_url",
                "not set: links in mail point at the listener's own address",
                "[site] base_url = \"https://petitions.example.org\"",
            ),
            of(
                public && url.is_some_and(|url| url.starts_with("http://")),
                "site.base_url",
                "http: names and addresses travel readable; put TLS in front",
                &format!("[site] base_url = \"https://{host}\""),
            ),
            of(
                https.is_some() && !is_https,
                "site.base_url",
                "not https, and listen.https is set: links in mail do not use TLS",
                "[site] base_url = \"https://petitions.example.org\"",
            ),
            of(
                https
                    .and_then(|https| https.acme.as_ref())
                    .is_some_and(|acme| acme.contact.is_none()),
                "listen.acme.contact",
                "not set: the authority has nobody to write to when something is wrong with the certificate",
                "[listen.acme] contact = \"admin@example.org\"",
            ),
            of(
                real && maildir,
                "mail.smtp",
                "mail goes to a directory: nobody receives it until something takes it from there",
                "[mail] smtp = \"smtp://127.0.0.1:25\", without maildir, with from = \"petitions@example.org\"",
            ),
            of(
                real && self.site.publisher.is_none(),
                "site.publisher",
                "not set: the legal notice is incomplete",
                "[site] publisher = \"Example association, 1 Example Street\"",
            ),
            of(
                real && self.site.contact.is_none(),
                "site.contact",
                "not set: the legal notice is incomplete",
                "[site] contact = \"contact@example.org\"",
            ),
            of(
                is_https && https.is_none() && self.listen.trusted_proxies.is_empty(),
                "listen.trusted_proxies",
                "empty, and base_url is https: all visitors behind the proxy count as one",
                "[listen] trusted_proxies = [\"127.0.0.1\", \"::1\"]",
            ),
            of(
                real && self.key_file.starts_with(&self.directory),
                "secrets.key_file",
                "in the data directory: whoever copies the directory knows every signatory",
                "[secrets] key_file = \"/etc/paraph/master.key\", and move the file there",
            ),
            of(
                real && self.alerts.first.is_empty(),
                "alerts.first",
                "empty: nobody is woken when something breaks",
                "[alerts] first = [\"mailto:duty@example.org\"]",
            ),
            of(
                !self.scrutiny.enabled,
                "scrutiny.enabled",
                "false: forgeries that are confirmed are counted",
                "remove enabled from [scrutiny]",
            ),
            of(
                self.drill_price.is_some(),
                "drill.price",
                "set: puzzles cost nothing, for rehearsals only",
                "remove price from [drill]",
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// One thing worth a second look, and the line to write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// The key.
    pub key: &'static str,
    /// What is doubtful about it.
    pub what: &'static str,
    /// What to write instead.
    pub mend: String,
}

impl Setting {
    fn json(&self) -> serde_json::Value {
        json!({ "key": self.key, "value": self.value, "origin": self.origin.to_string(), "why": self.why })
    }
}
