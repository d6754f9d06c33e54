//! What of a configuration can change while the server runs.

use super::Config;
use crate::limits::Limits;

/// Sections that change as a whole, keys that change alone. Everything else needs a restart: it was handed to a thread,
/// sized a memory, or bound a port.
const LIVE: &[&str] = &[
    "site.",
    "mail.",
    "alerts.",
    "log.",
    "listen.trusted_proxies",
    "shield.protect",
    "limits.alert_",
    "limits.holds_per_hour",
    "limits.mail_",
    "limits.news_",
    "limits.name_chars",
    "limits.comment_chars",
    "limits.postcode_chars",
    "limits.waiting_shown",
    "limits.disk_floor_mib",
    "limits.event_streams",
    "limits.event_streams_per_address",
    "limits.settle_every_seconds",
    "limits.suspect_wait_seconds",
];

fn is_live(key: &str) -> bool {
    // Where mail comes back to is a port or a directory that is watched from the start, and files of languages are read then.
    let is_from_the_start = key.starts_with("mail.bounce") || ["site.languages", "site.locales"].contains(&key);
    !is_from_the_start
        && LIVE
            .iter()
            .any(|live| key == *live || (live.ends_with(['.', '_']) && key.starts_with(live)))
}

/// What a reload comes to.
#[derive(Debug)]
pub struct Change {
    /// What is in force from now on.
    pub config: Config,
    /// Keys that changed.
    pub changed: Vec<String>,
    /// Keys that were changed in the file and stay as they are until a restart.
    pub needs_restart: Vec<String>,
}

impl Config {
    /// This configuration with what of `new` can change while the server runs.
    #[must_use]
    pub fn changed_to(&self, new: &Self) -> Change {
        let mut limits = self.limits.clone();
        for bound in Limits::TABLE
            .iter()
            .filter(|bound| is_live(&format!("limits.{}", bound.name)))
        {
            // The value was validated with the rest of the file.
            let _ = new.limits.get(bound.name).map(|value| limits.set(bound.name, value));
        }
        let mut config = Self {
            site: new.site.clone(),
            mail: new.mail.clone(),
            alerts: new.alerts.clone(),
            log_level: new.log_level.clone(),
            limits,
            ..self.clone()
        };
        config.mail.bounce.clone_from(&self.mail.bounce);
        config.site.languages.clone_from(&self.site.languages);
        config.site.locales.clone_from(&self.site.locales);
        config.listen.trusted_proxies.clone_from(&new.listen.trusted_proxies);
        config.shield.protect.clone_from(&new.shield.protect);
        let (mut changed, mut needs_restart) = (Vec::new(), Vec::new());
        for (old, new) in config.settings.iter_mut().zip(&new.settings) {
            let differs = old.value != new.value;
            if is_live(&old.key) {
                if differs {
                    changed.push(old.key.clone());
                }
                old.clone_from(new);
            } else if differs {
                needs_restart.push(old.key.clone());
            }
        }
        // Passwords are not among the settings.
        let hidden = [
            ("mail.smtp", self.mail.delivery != new.mail.delivery),
            ("alerts.first", self.alerts.first != new.alerts.first),
            ("alerts.second", self.alerts.second != new.alerts.second),
            (
                "alerts.webhook_bearer",
                self.alerts.webhook_bearer != new.alerts.webhook_bearer,
            ),
            (
                "alerts.webhook_secret",
                self.alerts.webhook_secret != new.alerts.webhook_secret,
            ),
        ];
        for (key, _) in hidden.iter().filter(|(_, differs)| *differs) {
            if !changed.iter().any(|known| known == key) {
                changed.push((*key).to_owned());
            }
        }
        Change {
            config,
            changed,
            needs_restart,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, without_file};

    fn config(variables: &[(&str, &str)]) -> Config {
        let named: Vec<_> = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        without_file(&named, &["en", "fr"]).expect("valid")
    }

    #[test]
    fn a_reload_takes_what_can_change_and_names_what_cannot() {
        let old = config(&[]);
        let new = config(&[
            ("PARAPH__SITE__NAME", "Another name"),
            ("PARAPH__SITE__LANGUAGES", "en"),
            ("PARAPH__SITE__LOCALES", "/nowhere"),
            ("PARAPH__LIMITS__DISK_FLOOR_MIB", "512"),
            ("PARAPH__LIMITS__CONNECTIONS", "100"),
            ("PARAPH__LISTEN__HTTP", "127.0.0.1:1"),
            ("PARAPH__MAIL__FROM", "a@example.org"),
            ("PARAPH__MAIL__SMTP", "smtp://u:one@127.0.0.1:25"),
        ]);
        let change = old.changed_to(&new);
        assert_eq!(
            change.needs_restart,
            ["site.locales", "site.languages", "listen.http", "limits.connections"]
        );
        assert_eq!(change.config.site.languages, old.site.languages);
        assert_eq!(change.config.site.name, "Another name");
        assert_eq!(
            (change.config.limits.disk_floor_mib, change.config.limits.connections),
            (512, 4096)
        );
        assert_eq!(change.config.listen.http, old.listen.http);
        let password = config(&[
            ("PARAPH__MAIL__FROM", "a@example.org"),
            ("PARAPH__MAIL__SMTP", "smtp://u:two@127.0.0.1:25"),
            ("PARAPH__LIMITS__CONNECTIONS", "100"),
        ]);
        let again = change.config.changed_to(&password);
        assert!(again.changed.contains(&"mail.smtp".to_owned()), "{:?}", again.changed);
        assert!(
            again.needs_restart.contains(&"limits.connections".to_owned()),
            "named until it is done"
        );
    }
}
