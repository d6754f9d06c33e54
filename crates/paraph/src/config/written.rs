//! The configuration as written: which keys were given, with what value, and where.
//!
//! Nothing here judges a value beyond its kind; that is the work of the parent module.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use crate::failure::Failure;
use crate::limits::Limits;

/// Prefix of the environment variables that override the file: `PARAPH__SECTION__KEY`.
const ENV_PREFIX: &str = "PARAPH__";

/// What all variables of ours begin with.
pub(super) const OURS: &str = "PARAPH_";

/// What may be written for a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    List,
    Number,
    Flag,
}

impl Kind {
    fn describe(self) -> &'static str {
        match self {
            Self::Text => "a text in quotes",
            Self::List => "a list of texts, as in [\"one\", \"two\"]",
            Self::Number => "a whole number without quotes",
            Self::Flag => "true or false without quotes",
        }
    }
}

/// Every key outside `[limits]`, in the order of `check-config`.
const KEYS: &[(&str, &str, Kind)] = &[
    ("site", "base_url", Kind::Text),
    ("site", "name", Kind::Text),
    ("site", "languages", Kind::List),
    ("site", "locales", Kind::Text),
    ("site", "publisher", Kind::Text),
    ("site", "contact", Kind::Text),
    ("site", "hosting", Kind::Text),
    ("site", "mode", Kind::Text),
    ("listen", "http", Kind::Text),
    ("listen", "https", Kind::Text),
    ("listen", "certificate", Kind::Text),
    ("listen", "certificate_key", Kind::Text),
    ("listen", "operations", Kind::Text),
    ("listen", "desk", Kind::Text),
    ("listen", "trusted_proxies", Kind::List),
    ("listen", "proxy_protocol", Kind::Text),
    ("listen.acme", "directory", Kind::Text),
    ("listen.acme", "terms_agreed", Kind::Flag),
    ("listen.acme", "contact", Kind::Text),
    ("listen.acme", "domains", Kind::List),
    ("listen.acme", "challenge", Kind::Text),
    ("listen.acme", "ca", Kind::Text),
    ("listen.acme", "eab_key_id", Kind::Text),
    ("listen.acme", "eab_key", Kind::Text),
    ("listen.acme", "eab_key_file", Kind::Text),
    ("store", "directory", Kind::Text),
    ("store", "url", Kind::Text),
    ("secrets", "key_file", Kind::Text),
    ("intake", "nats", Kind::List),
    ("mail", "from", Kind::Text),
    ("mail", "smtp", Kind::Text),
    ("mail", "maildir", Kind::Text),
    ("mail", "smtp_user", Kind::Text),
    ("mail", "smtp_password", Kind::Text),
    ("mail", "smtp_password_file", Kind::Text),
    ("mail", "smtp_ca", Kind::Text),
    ("mail", "dkim_domain", Kind::Text),
    ("mail", "dkim_selector", Kind::Text),
    ("mail", "dkim_key", Kind::Text),
    ("mail", "bounce", Kind::Text),
    ("mail", "bounce_maildir", Kind::Text),
    ("mail", "bounce_lmtp", Kind::Text),
    ("alerts", "first", Kind::List),
    ("alerts", "second", Kind::List),
    ("alerts", "link", Kind::Text),
    ("alerts", "time_zone", Kind::Text),
    ("alerts", "call", Kind::Text),
    ("alerts", "contract", Kind::Text),
    ("alerts", "decides", Kind::Text),
    ("alerts", "webhook_bearer", Kind::Text),
    ("alerts", "webhook_secret", Kind::Text),
    ("log", "level", Kind::Text),
    ("shield", "protect", Kind::List),
    ("shield", "helper", Kind::Text),
    ("shield", "haproxy_map", Kind::Text),
    ("shield", "haproxy_socket", Kind::Text),
    ("shield", "nginx_geo", Kind::Text),
    ("shield", "cidr_list", Kind::Text),
    ("shield", "crowdsec", Kind::Text),
    ("shield", "crowdsec_machine", Kind::Text),
    ("shield", "crowdsec_password", Kind::Text),
    ("shield", "crowdsec_password_file", Kind::Text),
    ("scrutiny", "enabled", Kind::Flag),
    ("drill", "price", Kind::Number),
    ("drill", "networks", Kind::Flag),
];

const LIMITS: &str = "limits";

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// The configuration file.
    File {
        /// Path as it was given.
        path: String,
        /// Line, from 1.
        line: usize,
    },
    /// An environment variable, by its name.
    Environment(String),
    /// A flag of the command line.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{path}:{line}"),
            Self::Environment(name) => f.write_str(name),
            Self::Flag(name) => f.write_str(name),
        }
    }
}

/// A value of the right kind, not yet judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    List(Vec<String>),
    Number(u64),
    Flag(bool),
}

/// A key that somebody gave.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// All keys given, by `section.key`; a later layer (environment, flags) replaces an earlier one.
#[derive(Debug, Default)]
pub(super) struct Written {
    given: BTreeMap<String, Given>,
}

impl Written {
    /// What was given for `section.key`, if anything.
    pub(super) fn get(&self, key: &str) -> Option<&Given> {
        self.given.get(key)
    }

    /// Whether any key of a section was given.
    pub(super) fn has_section(&self, section: &str) -> bool {
        let mut given = self.given.keys().filter_map(|key| key.rsplit_once('.'));
        given.any(|(this, _)| this == section)
    }

    /// Texts go into heads of mails, into pages, paths and lines of a log: each is one line.
    ///
    /// # Errors
    /// One is not. It is named and not shown: it may be a secret.
    pub(super) fn refuse_control_characters(&self) -> Result<(), Failure> {
        // Line and paragraph separators (U+2028, U+2029) end a line too, in browsers and in scripts.
        let ends = |character: char| character.is_control() || matches!(character, '\u{2028}' | '\u{2029}');
        let holds = |value: &Value| match value {
            Value::Text(text) => text.contains(ends),
            Value::List(items) => items.iter().any(|item| item.contains(ends)),
            Value::Number(_) | Value::Flag(_) => false,
        };
        match self.given.iter().find(|(_, given)| holds(&given.value)) {
            Some((key, Given { origin, .. })) => Err(Failure::usage(
                format!("{origin}: {key} holds a line break or another control character"),
                "write it on one line, in \"quotes\", without tabs",
            )),
            None => Ok(()),
        }
    }

    /// Sets one key, replacing what an earlier layer said.
    pub(super) fn set(&mut self, key: &str, value: Value, origin: Origin) {
        self.given.insert(key.to_owned(), Given { value, origin });
    }

    /// Reads a file.
    ///
    /// # Errors
    /// It is not TOML, or holds a key that does not exist or a value of another kind.
    pub(super) fn read(&mut self, path: &Path, text: &str) -> Result<(), Failure> {
        let path = path.display().to_string();
        let at = |offset: usize| Origin::File {
            path: path.clone(),
            line: line_of(text, offset),
        };
        let document = DeTable::parse(text).map_err(|error| {
            let origin = at(error.span().map_or(0, |span| span.start));
            let hint = "the file is TOML: sections in [brackets], then key = value, texts in \"quotes\"";
            Failure::usage(format!("{origin}: {}", error.message()), hint)
        })?;
        for (section, body) in document.get_ref() {
            let (name, origin) = (section.get_ref().as_ref(), at(section.span().start));
            let DeValue::Table(body) = body.get_ref() else {
                return Err(unknown(&origin, name));
            };
            if !sections().any(|known| known == name) {
                return Err(unknown(&origin, name));
            }
            self.read_section(name, body, &at)?;
        }
        Ok(())
    }

    /// One section, and those in it (`[listen.acme]` stands in `[listen]`).
    fn read_section(&mut self, name: &str, body: &DeTable<'_>, at: &impl Fn(usize) -> Origin) -> Result<(), Failure> {
        for (key, value) in body {
            let (full, origin) = (format!("{name}.{}", key.get_ref()), at(key.span().start));
            match (value.get_ref(), kind_of(&full)) {
                (value, Some(kind)) => {
                    let value = typed(value, kind).ok_or_else(|| mistyped(&origin, &full, kind))?;
                    self.set(&full, value, origin);
                }
                (DeValue::Table(body), None) if sections().any(|known| known == full) => {
                    self.read_section(&full, body, at)?;
                }
                _ => return Err(unknown(&origin, &full)),
            }
        }
        Ok(())
    }

    /// Reads the environment; variables without the prefix are none of ours, unless they are the name of a key but for
    /// their underscores.
    ///
    /// # Errors
    /// A variable with the prefix names no key, or its value is of another kind; a variable lacks an underscore.
    pub(super) fn read_environment(&mut self, variables: &[(String, String)]) -> Result<(), Failure> {
        for (name, value) in variables {
            let variable = |key: &str| format!("{ENV_PREFIX}{}", key.to_uppercase().replace('.', "__"));
            let Some(rest) = name.strip_prefix(ENV_PREFIX) else {
                let Some(key) = name.strip_prefix(OURS).and_then(but_for_underscores) else {
                    continue;
                };
                let what = format!("{name} is set, and is read by nobody");
                let hint = format!(
                    "write {}, or unset it: two underscores stand before each part",
                    variable(&key)
                );
                return Err(Failure::usage(what, hint));
            };
            let origin = Origin::Environment(name.clone());
            let full = rest.to_lowercase().replace("__", ".");
            let kind = kind_of(&full).ok_or_else(|| {
                let what = format!("{name} is set, and there is no such key");
                if sections().any(|known| known == full) {
                    let hint = format!(
                        "{full} is a section: name a key of it, as in {name}__{}",
                        first_key(&full)
                    );
                    return Failure::usage(what, hint);
                }
                let hint = match closest(&full) {
                    Some(nearest) => format!("did you mean {}? Otherwise unset it", variable(&nearest)),
                    None => "unset it; `paraph check-config` lists every key".to_owned(),
                };
                Failure::usage(what, hint)
            })?;
            // What stands for bytes that are no text; whoever reads the variable has put it there.
            if value.contains('\u{FFFD}') {
                let hint = format!("set {name} to text in UTF-8, or unset it");
                return Err(Failure::usage(format!("{origin}: the value is not UTF-8"), hint));
            }
            let value = match kind {
                Kind::Text => Value::Text(value.clone()),
                Kind::List => Value::List(split_list(value)),
                Kind::Number => Value::Number(value.trim().parse().map_err(|_| mistyped(&origin, &full, kind))?),
                Kind::Flag => Value::Flag(value.trim().parse().map_err(|_| mistyped(&origin, &full, kind))?),
            };
            self.set(&full, value, origin);
        }
        Ok(())
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

fn split_list(value: &str) -> Vec<String> {
    value
        .split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .map(str::to_owned)
        .collect()
}

fn sections() -> impl Iterator<Item = &'static str> {
    KEYS.iter().map(|(section, ..)| *section).chain([LIMITS])
}

/// Every key, with its section.
fn keys() -> impl Iterator<Item = (&'static str, &'static str)> {
    let limits = Limits::TABLE.iter().map(|bound| (LIMITS, bound.name));
    KEYS.iter().map(|(section, key, _)| (*section, *key)).chain(limits)
}

/// The key that a variable means which has one underscore where two belong.
fn but_for_underscores(rest: &str) -> Option<String> {
    let joined = |text: &str| text.to_lowercase().replace("__", "_").replace('.', "_");
    let meant = joined(rest);
    keys()
        .map(|(section, key)| format!("{section}.{key}"))
        .find(|full| joined(full) == meant)
}

fn kind_of(full: &str) -> Option<Kind> {
    let (section, key) = full.rsplit_once('.')?;
    if section == LIMITS {
        return Limits::TABLE
            .iter()
            .any(|bound| bound.name == key)
            .then_some(Kind::Number);
    }
    KEYS.iter()
        .find(|(s, k, _)| *s == section && *k == key)
        .map(|(.., kind)| *kind)
}

fn typed(value: &DeValue<'_>, kind: Kind) -> Option<Value> {
    match (value, kind) {
        (DeValue::String(text), Kind::Text) => Some(Value::Text(text.to_string())),
        (DeValue::Integer(number), Kind::Number) => u64::from_str_radix(number.as_str(), number.radix())
            .ok()
            .map(Value::Number),
        (DeValue::Boolean(flag), Kind::Flag) => Some(Value::Flag(*flag)),
        (DeValue::Array(items), Kind::List) => items
            .iter()
            .map(|item| item.get_ref().as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .map(Value::List),
        _ => None,
    }
}

fn mistyped(origin: &Origin, full: &str, kind: Kind) -> Failure {
    let hint = match (origin, kind) {
        (Origin::Environment(name), Kind::Flag) => format!("write {name}=true or {name}=false"),
        (Origin::Environment(name), _) => format!("write a whole number, as in {name}=600"),
        _ => format!("write {}", kind.describe()),
    };
    Failure::usage(format!("{origin}: {full} is not {}", kind.describe()), hint)
}

fn unknown(origin: &Origin, full: &str) -> Failure {
    let what = format!("{origin}: `{full}` is not a key that this version knows");
    let list = "`paraph check-config` lists every key";
    let hint = if sections().any(|known| known == full) {
        format!("it is a section: write [{full}], and its keys below it")
    } else if let Some(nearest) = closest(full) {
        format!("did you mean `{nearest}`? {list}")
    } else {
        list.to_owned()
    };
    Failure::usage(what, hint)
}

/// The known name that takes the fewest edits, if they are few: a section for a section; for a key one of its section, and
/// of all sections where there is none of that name.
fn closest(full: &str) -> Option<String> {
    let names: Vec<String> = match full.rsplit_once('.') {
        None => sections().map(str::to_owned).collect(),
        Some((section, _)) => {
            let is_known = sections().any(|known| known == section);
            keys()
                .filter(|(this, _)| !is_known || *this == section)
                .map(|(section, key)| format!("{section}.{key}"))
                .collect()
        }
    };
    let written = full.rsplit('.').next().unwrap_or_default().len();
    let nearest = names.into_iter().map(|name| (edits(&name, full), name)).min()?;
    (nearest.0 <= written.div_ceil(2)).then_some(nearest.1)
}

/// A key of a section, for an example.
fn first_key(section: &str) -> String {
    let first = keys().find(|(this, _)| *this == section);
    first.map_or_else(String::new, |(_, key)| key.to_uppercase())
}

/// Levenshtein distance in bytes; names are ASCII and short.
fn edits(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let substituted = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
