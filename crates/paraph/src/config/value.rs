//! Taking single values out of the written configuration: each is judged once, and recorded for `check-config`.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use http::Uri;
use ipnet::IpNet;
use lettre::message::Mailbox;

use super::explain::Setting;
use super::written::{Origin, Value, Written};
use crate::failure::Failure;

/// Hands out values and remembers each with its origin, in the order of asking.
pub(super) struct Reader<'a> {
    written: &'a Written,
    settings: Vec<Setting>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(written: &'a Written) -> Self {
        Self {
            written,
            settings: Vec::new(),
        }
    }

    /// Whether any key of a section was written.
    pub(super) fn has_section(&self, section: &str) -> bool {
        self.written.has_section(section)
    }

    pub(super) fn into_settings(self) -> Vec<Setting> {
        self.settings
    }

    /// A text with a default.
    pub(super) fn text(&mut self, key: &str, default: &str) -> Taken {
        let taken = self
            .written_text(key)
            .unwrap_or_else(|| Taken::new(key, default, Origin::Default));
        self.record(key, taken.text.clone().into(), &taken.origin);
        taken
    }

    /// A text that may be absent; `otherwise` says in words what is then in force.
    pub(super) fn optional(&mut self, key: &str, otherwise: &str) -> Option<Taken> {
        let taken = self.written_text(key);
        match &taken {
            Some(taken) => self.record(key, taken.text.clone().into(), &taken.origin),
            None => self.record(key, format!("({otherwise})").into(), &Origin::Default),
        }
        taken
    }

    /// A URL that may hold a password, recorded without it; or a password, not recorded.
    pub(super) fn secret(&mut self, key: &str, otherwise: &str) -> Option<Taken> {
        let taken = self.written_text(key).map(|taken| Taken {
            shown: if taken.text.contains("://") {
                without_password(&taken.text)
            } else {
                "***".to_owned()
            },
            ..taken
        });
        match &taken {
            Some(taken) => self.record(key, taken.shown.clone().into(), &taken.origin),
            None => self.record(key, format!("({otherwise})").into(), &Origin::Default),
        }
        taken
    }

    /// A text that is never shown.
    pub(super) fn hidden(&mut self, key: &str, otherwise: &str) -> Option<Taken> {
        let taken = self.written_text(key).map(|taken| Taken {
            shown: "***".to_owned(),
            ..taken
        });
        match &taken {
            Some(taken) => self.record(key, taken.shown.clone().into(), &taken.origin),
            None => self.record(key, format!("({otherwise})").into(), &Origin::Default),
        }
        taken
    }

    /// A list with a default.
    pub(super) fn list(&mut self, key: &str, default: &[&str]) -> Vec<Taken> {
        let (items, origin) = match self.written.get(key).map(|given| (&given.value, &given.origin)) {
            Some((Value::List(items), origin)) => (items.clone(), origin.clone()),
            _ => (default.iter().map(|item| (*item).to_owned()).collect(), Origin::Default),
        };
        let taken = items.iter().map(|item| Taken {
            shown: without_user(item),
            ..Taken::new(key, item, origin.clone())
        });
        let taken: Vec<Taken> = taken.collect();
        let shown: Vec<String> = taken.iter().map(|taken| taken.shown.clone()).collect();
        self.record(key, shown.into(), &origin);
        taken
    }

    /// A number with a default or none, and the reason that `check-config` prints beside it.
    pub(super) fn number(&mut self, key: &str, default: Option<u64>, why: &'static str) -> Option<(u64, Origin)> {
        let (number, origin) = match self.written.get(key).map(|given| (&given.value, &given.origin)) {
            Some((Value::Number(number), origin)) => (Some(*number), origin.clone()),
            _ => (default, Origin::Default),
        };
        let shown = number.map_or_else(|| "(none)".into(), serde_json::Value::from);
        self.settings.push(Setting {
            key: key.to_owned(),
            value: shown,
            origin: origin.clone(),
            why: Some(why),
        });
        number.map(|number| (number, origin))
    }

    /// A yes or no with a default, and the reason that `check-config` prints beside it.
    pub(super) fn flag(&mut self, key: &str, default: bool, why: &'static str) -> (bool, Origin) {
        let (flag, origin) = match self.written.get(key).map(|given| (&given.value, &given.origin)) {
            Some((Value::Flag(flag), origin)) => (*flag, origin.clone()),
            _ => (default, Origin::Default),
        };
        self.settings.push(Setting {
            key: key.to_owned(),
            value: flag.into(),
            origin: origin.clone(),
            why: Some(why),
        });
        (flag, origin)
    }

    fn written_text(&self, key: &str) -> Option<Taken> {
        let given = self.written.get(key)?;
        match &given.value {
            Value::Text(text) => Some(Taken::new(key, text, given.origin.clone())),
            Value::List(_) | Value::Number(_) | Value::Flag(_) => None,
        }
    }

    fn record(&mut self, key: &str, value: serde_json::Value, origin: &Origin) {
        self.settings.push(Setting {
            key: key.to_owned(),
            value,
            origin: origin.clone(),
            why: None,
        });
    }
}

/// One text on its way to its type. `shown` is what an error may print.
pub(super) struct Taken {
    key: String,
    shown: String,
    pub(super) text: String,
    pub(super) origin: Origin,
}

impl Taken {
    fn new(key: &str, text: &str, origin: Origin) -> Self {
        Self {
            key: key.to_owned(),
            shown: text.to_owned(),
            text: text.to_owned(),
            origin,
        }
    }

    /// An error about this value.
    pub(super) fn refuse(&self, why: &str, hint: &str) -> Failure {
        Failure::usage(
            format!("{}: {} = \"{}\" {why}", self.origin, self.key, self.shown),
            hint,
        )
    }

    /// An error about a value that must not be printed.
    pub(super) fn refuse_unseen(&self, why: &str, hint: &str) -> Failure {
        Failure::usage(format!("{}: {} {why}", self.origin, self.key), hint)
    }

    pub(super) fn path(&self) -> Result<PathBuf, Failure> {
        if self.text.trim().is_empty() || self.text.contains('\0') {
            return Err(self.refuse("is not a path", "write a path, or remove the key for the default"));
        }
        Ok(PathBuf::from(&self.text))
    }

    pub(super) fn address(&self) -> Result<SocketAddr, Failure> {
        let hint = "write ADDRESS:PORT, as in 127.0.0.1:8080 or [::1]:8080";
        self.text
            .parse()
            .map_err(|_| self.refuse("is not an address and port", hint))
    }

    fn network(&self) -> Result<IpNet, Failure> {
        let network: IpNet = self
            .text
            .parse()
            .or_else(|_| self.text.parse::<IpAddr>().map(IpNet::from))
            .map_err(|_| self.refuse("is not a network", "write a CIDR, as in 192.0.2.0/24 or 2001:db8::/32"))?;
        let network = network.trunc();
        // An address of version 4 as one of version 6 is the same address.
        Ok(match network {
            IpNet::V6(six) if six.prefix_len() >= 96 => match six.addr().to_ipv4_mapped() {
                Some(four) => IpNet::new(four.into(), six.prefix_len() - 96).unwrap_or(network),
                None => network,
            },
            _ => network,
        })
    }

    /// Where a directory should be, or may be made.
    pub(super) fn directory(&self) -> Result<PathBuf, Failure> {
        let path = self.path()?;
        // Behind a file there is no directory either; what may not be looked at is said when it is needed.
        match std::fs::metadata(&path) {
            Ok(found) if !found.is_dir() => Err(self.refuse("is a file", "name a directory, or one that can be made")),
            Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => {
                Err(self.refuse("lies behind a file", "name a directory, or one that can be made"))
            }
            _ => Ok(path),
        }
    }

    /// A bare address, as links to it hold it.
    pub(super) fn mail_address(&self) -> Result<String, Failure> {
        match self.text.parse::<lettre::Address>() {
            Ok(address) => Ok(address.to_string()),
            Err(_) => Err(self.refuse("is not a mail address", "write it as in contact@example.org")),
        }
    }

    /// `http(s)://host[:port]` and nothing behind it, as links are made by appending a path.
    pub(super) fn base_url(&self) -> Result<String, Failure> {
        let hint = "write it as in https://petitions.example.org, without a path or a slash at the end";
        let authority = self
            .text
            .strip_prefix("https://")
            .or_else(|| self.text.strip_prefix("http://"));
        let whole = |uri: &Uri| authority == uri.authority().map(http::uri::Authority::as_str);
        let parsed = self.text.parse::<Uri>().ok();
        let parsed = parsed.filter(|uri| whole(uri) && !self.text.contains('@'));
        let host = parsed.as_ref().and_then(Uri::host).filter(|host| !host.is_empty());
        let Some((authority, host)) = authority.zip(host) else {
            return Err(self.refuse("is not the address of a site", hint));
        };
        match authority.strip_prefix(host).and_then(|rest| rest.strip_prefix(':')) {
            // As browsers write it: an address with another spelling of its port would never be the one of a request.
            Some(port)
                if !port
                    .parse::<u16>()
                    .is_ok_and(|number| number > 0 && number.to_string() == port) =>
            {
                let what = format!("has the port {port:?}, which is none");
                Err(self.refuse(&what, "leave the port out, or name one between 1 and 65535"))
            }
            _ => Ok(self.text.clone()),
        }
    }

    pub(super) fn mailbox(&self) -> Result<Mailbox, Failure> {
        let hint = "write an address, as in petitions@example.org or Petitions <petitions@example.org>";
        let plain = !self.text.contains(char::is_control);
        let parsed = self.text.parse().ok().filter(|_| plain);
        parsed.ok_or_else(|| self.refuse("is not a mail address", hint))
    }
}

/// Networks that leave somebody out. `everybody` says what they would do otherwise, one by one or together.
pub(super) fn networks(taken: &[Taken], everybody: &str, hint: &str) -> Result<Vec<IpNet>, Failure> {
    let networks = taken.iter().map(Taken::network).collect::<Result<Vec<_>, _>>()?;
    let mut so_far = Vec::new();
    for (network, taken) in networks.iter().zip(taken) {
        so_far.push(*network);
        if IpNet::aggregate(&so_far)
            .iter()
            .any(|network| network.prefix_len() == 0)
        {
            let with = if network.prefix_len() == 0 {
                ""
            } else {
                "with those before it "
            };
            return Err(taken.refuse(&format!("{with}{everybody}"), hint));
        }
    }
    Ok(networks)
}

/// The URL with whatever stands between `//` and the last `@` replaced, and everything behind the address cut to
/// what `lettre` reads.
fn without_password(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if at > scheme => format!("{}***{}", &url[..scheme + 3], &url[at..]),
        (None, Some(at)) => format!("***{}", &url[at..]),
        _ => url.to_owned(),
    }
}

/// The URL without the user and password of its address.
fn without_user(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}://***{}", &rest[at..]),
        None => url.to_owned(),
    }
}
