//! What `paraph check-config` prints: every key, the value in force, where it came from, and why a bound is there.

use std::fmt::Write;

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
            let (this, _) = setting.key.split_once('.').unwrap_or_default();
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
        for remark in self.remarks() {
            let _ = writeln!(text, "\nremark: {remark}");
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
    pub fn remarks(&self) -> Vec<&'static str> {
        let https = self.listen.https.as_ref();
        let public =
            !self.listen.http.ip().is_loopback() || https.is_some_and(|https| !https.address.ip().is_loopback());
        let url = self.site.base_url.as_deref();
        let mut remarks = Vec::new();
        if public && url.is_none() {
            remarks.push("site.base_url is not set: links in mail will point at the listener's own address");
        }
        if public && url.is_some_and(|url| url.starts_with("http://")) {
            remarks.push("site.base_url is http: names and addresses would travel readable; put TLS in front");
        }
        if https.is_some() && !url.is_some_and(|url| url.starts_with("https://")) {
            remarks.push("listen.https is set and site.base_url is not https: links in mail will not use TLS");
        }
        if public && matches!(self.mail.delivery, Delivery::Maildir(_)) {
            remarks.push("mail goes to a directory: nobody receives it until something takes it from there");
        }
        if public && (self.site.publisher.is_none() || self.site.contact.is_none()) {
            remarks.push("site.publisher or site.contact is not set: the legal notice is incomplete");
        }
        if self.drill_price.is_some() {
            remarks.push("drill.price is set: puzzles cost nothing, for rehearsals only");
        }
        remarks
    }
}

impl Setting {
    fn json(&self) -> serde_json::Value {
        json!({ "key": self.key, "value": self.value, "origin": self.origin.to_string(), "why": self.why })
    }
}
