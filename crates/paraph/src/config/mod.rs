//! Configuration: as written ([`written`]) -> validated ([`Config`]), with where each value came from.
//!
//! Layers, later ones win: defaults, the file, `PARAPH__SECTION__KEY` in the environment, flags. Every error names the
//! key, the place where it was written, and the mend. Relative paths start at the directory the command runs in.

mod acme;
mod alerts;
mod explain;
mod listen;
mod mail;
mod reload;
mod shield;
mod value;
mod written;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::keys::Keys;
use crate::limits::{CONFIG_FILE_BYTES, Limits};
use crate::named;
use crate::views::lang;
pub use acme::{Acme, Binding, Challenge};
pub use alerts::{Alerts, Channel, Recipient, Secret};
pub use explain::Remark;
use explain::Setting;
pub use listen::{Https, Listen, ProxyProtocol};
pub use mail::{Bounce, Delivery, LmtpAddress, Mail, Security, SmtpServer};
pub use shield::Shield;
use value::{Reader, Taken};
pub use written::Origin;
use written::{Value, Written};

/// File that is read when none is named, if it exists.
pub const FILE: &str = "paraph.toml";

/// The validated configuration. Fields hold what is in force; [`Config::explain`] tells where it came from.
#[derive(Clone, Debug)]
pub struct Config {
    /// Name, address and languages of the site.
    pub site: Site,
    /// Where the server listens and whom it believes.
    pub listen: Listen,
    /// Data directory of the embedded store.
    pub directory: PathBuf,
    /// File that holds the master key; may not exist yet, is never shorter than 32 bytes.
    pub key_file: PathBuf,
    /// How mail leaves.
    pub mail: Mail,
    /// Who is woken, and how.
    pub alerts: Alerts,
    /// Level of the log: `error`, `warn`, `info` or `debug`. `PARAPH_LOG` stands before it.
    pub log_level: String,
    /// Where bans are carried out, and who is never banned.
    pub shield: Shield,
    /// What looks for lockstep.
    pub scrutiny: Scrutiny,
    /// Mean guesses of a puzzle in a drill; `None` outside drills. Only ever set with loopback listeners.
    pub drill_price: Option<u64>,
    /// Whether the drill's invented networks and mail providers are known instead of the real ones; as in a drill price.
    pub drill_networks: bool,
    /// Every bound.
    pub limits: Limits,
    settings: Vec<Setting>,
}

/// `[site]`.
#[derive(Clone, Debug)]
pub struct Site {
    /// Absolute address without a trailing slash, when it was written; else it follows the listener.
    pub base_url: Option<String>,
    /// Name shown on pages and in mail.
    pub name: String,
    /// Codes of the languages offered, the first being the fallback. Never empty.
    pub languages: Vec<String>,
    /// Directory of languages beside those built in.
    pub locales: Option<PathBuf>,
    /// Legal notice: who publishes the site.
    pub publisher: Option<String>,
    /// Legal notice: how to reach the publisher.
    pub contact: Option<String>,
    /// Legal notice: who hosts the site.
    pub hosting: Option<String>,
    /// Pages are shown, and signing is answered with "come back".
    pub read_only: bool,
}

impl Site {
    /// The address that links start with: as configured, or else that of the bound listener.
    #[must_use]
    pub fn base_url_for(&self, bound: SocketAddr) -> String {
        match (&self.base_url, bound.ip()) {
            (Some(url), _) => url.clone(),
            (None, ip) if ip.is_unspecified() => format!("http://127.0.0.1:{}", bound.port()),
            (None, _) => format!("http://{bound}"),
        }
    }
}

/// `[scrutiny]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scrutiny {
    /// Whether contributions made in lockstep are looked for and held. Off, everything that is confirmed is counted.
    pub enabled: bool,
}

/// What the command line says about configuration.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--config`; it must exist.
    pub file: Option<PathBuf>,
    /// `--data`.
    pub data: Option<PathBuf>,
    /// `--listen`.
    pub listen: Option<SocketAddr>,
}

/// The process's environment variables that are ours. A value that is not UTF-8 becomes one that is refused.
#[must_use]
pub fn environment() -> Vec<(String, String)> {
    std::env::vars_os()
        .map(|(name, value)| {
            (
                name.to_string_lossy().into_owned(),
                value.to_string_lossy().into_owned(),
            )
        })
        .filter(|(name, _)| name.starts_with(written::OURS))
        .collect()
}

/// Reads every layer and validates the result. `languages` are the codes this build has texts for.
///
/// Reads the configuration file and looks at the key file; writes nothing.
///
/// # Errors
/// The first thing that is wrong, always with [`crate::failure::Exit::Usage`].
pub fn load(overrides: &Overrides, environment: &[(String, String)], languages: &[&str]) -> Result<Config, Failure> {
    let mut written = Written::default();
    if let Some((path, text)) = file(overrides.file.as_deref())? {
        written.read(&path, &text)?;
    }
    written.read_environment(environment)?;
    if let Some(data) = &overrides.data {
        written.set(
            "store.directory",
            Value::Text(data.display().to_string()),
            Origin::Flag("--data"),
        );
    }
    if let Some(listen) = overrides.listen {
        written.set("listen.http", Value::Text(listen.to_string()), Origin::Flag("--listen"));
    }
    validate(&written, languages)
}

/// The configuration that these variables alone make, for a demonstration or a test: no file, no flags.
///
/// # Errors
/// As [`load`].
pub fn without_file(environment: &[(String, String)], languages: &[&str]) -> Result<Config, Failure> {
    let mut written = Written::default();
    written.read_environment(environment)?;
    validate(&written, languages)
}

fn file(named: Option<&Path>) -> Result<Option<(PathBuf, String)>, Failure> {
    let path = named.unwrap_or(Path::new(FILE));
    match named::text(path, CONFIG_FILE_BYTES) {
        Ok(text) => Ok(Some((path.to_owned(), text))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && named.is_none() => Ok(None),
        Err(error) => {
            let hint =
                "name a readable TOML file of at most 1 MiB with --config, or leave the flag out to run with defaults";
            Err(Failure::usage(
                format!("cannot read the configuration {}: {error}", path.display()),
                hint,
            ))
        }
    }
}

fn validate(written: &Written, languages: &[&str]) -> Result<Config, Failure> {
    refuse_what_is_not_here_yet(written)?;
    written.refuse_control_characters()?;
    let mut reader = Reader::new(written);
    let site = site(&mut reader, languages)?;
    let mut listen = listen::read(&mut reader, site.base_url.as_deref())?;
    let directory = reader.text("store.directory", "data").directory()?;
    if let Some(https) = listen.https.as_mut().filter(|https| https.acme.is_some()) {
        https.files = acme::files(&directory);
    }
    let key_file = key_file(&mut reader, &directory)?;
    let mail = mail::mail(&mut reader, &site.name, &directory, &listen)?;
    let alerts = alerts::read(&mut reader, &site, &mail)?;
    let log_level = log_level(&mut reader)?;
    let shield = shield::read(&mut reader)?;
    let scrutiny = scrutiny(&mut reader);
    let drill_price = drill_price(&mut reader, &listen)?;
    let drill_networks = drill_networks(&mut reader, drill_price.is_some(), &listen)?;
    let limits = limits(&mut reader)?;
    Ok(Config {
        site,
        listen,
        directory,
        key_file,
        mail,
        alerts,
        log_level,
        shield,
        scrutiny,
        drill_price,
        drill_networks,
        limits,
        settings: reader.into_settings(),
    })
}

/// Keys of the cluster are known, so that the error can say more than "unknown".
fn refuse_what_is_not_here_yet(written: &Written) -> Result<(), Failure> {
    let absent = [
        (
            "store.url",
            "a PostgreSQL store",
            "remove it and use store.directory, the embedded store",
        ),
        (
            "intake.nats",
            "intake through NATS",
            "remove it: the embedded intake writes straight into the store",
        ),
    ];
    for (key, what, hint) in absent {
        if let Some(given) = written.get(key) {
            return Err(Failure::usage(
                format!("{}: {key} asks for {what}: not in this version", given.origin),
                hint,
            ));
        }
    }
    Ok(())
}

fn site(reader: &mut Reader<'_>, available: &[&str]) -> Result<Site, Failure> {
    let base_url = reader.optional("site.base_url", "follows listen.http");
    let name = reader.text("site.name", "Petitions");
    if name.text.trim().is_empty() {
        return Err(name.refuse("is empty", "write the name that visitors know the site by"));
    }
    let locales = reader.optional("site.locales", "none");
    // Whether the directory can be used is seen when its languages are added; here only their codes matter.
    let added = locales.as_ref().map(Taken::path).transpose()?;
    let added = added
        .and_then(|directory| lang::codes_in(&directory).ok())
        .unwrap_or_default();
    let available: Vec<&str> = available
        .iter()
        .copied()
        .chain(added.iter().map(String::as_str))
        .collect();
    let defaults: Vec<&str> = ["fr", "en"]
        .into_iter()
        .filter(|code| available.contains(code))
        .collect();
    let languages = reader.list("site.languages", &defaults);
    if languages.is_empty() {
        let hint = format!("name at least one of: {}", available.join(", "));
        return Err(Failure::usage("site.languages is empty", hint));
    }
    if let Some(missing) = languages.iter().find(|taken| !available.contains(&taken.text.as_str())) {
        let hint = format!(
            "this version and the directory site.locales speak: {}",
            available.join(", ")
        );
        return Err(missing.refuse("is not a language of this version", &hint));
    }
    let again = |(at, taken): &(usize, &Taken)| languages[..*at].iter().any(|earlier| earlier.text == taken.text);
    if let Some((_, twice)) = languages.iter().enumerate().find(again) {
        return Err(twice.refuse("is named twice", "name each language once"));
    }
    let mode = reader.text("site.mode", "open");
    let read_only = match mode.text.as_str() {
        "open" => false,
        "read-only" => true,
        _ => return Err(mode.refuse("is neither open nor read-only", "write \"open\" or \"read-only\"")),
    };
    Ok(Site {
        read_only,
        base_url: base_url.map(|taken| taken.base_url()).transpose()?,
        name: name.text,
        languages: languages.into_iter().map(|taken| taken.text).collect(),
        locales: locales.map(|taken| taken.path()).transpose()?,
        publisher: reader.optional("site.publisher", "none").map(|taken| taken.text),
        contact: reader
            .optional("site.contact", "none")
            .map(|taken| taken.mail_address())
            .transpose()?,
        hosting: reader.optional("site.hosting", "none").map(|taken| taken.text),
    })
}

/// A key file that exists must hold a whole secret; one that does not is made at the first start, its directory only where
/// nobody named another.
fn key_file(reader: &mut Reader<'_>, directory: &Path) -> Result<PathBuf, Failure> {
    let taken = reader.text(
        "secrets.key_file",
        &directory.join("keys/master.key").display().to_string(),
    );
    let path = taken.path()?;
    match Keys::open(&path, false) {
        Err(error) if path.exists() => Err(taken.refuse(&format!("cannot be used: {error}"), error.hint())),
        Err(_) if taken.origin != Origin::Default && path.parent().is_some_and(|parent| !exists(parent)) => Err(taken.refuse(
            "lies in a directory that does not exist",
            "make the directory, for the user that runs paraph only (mode 700); the key itself is made at the first start",
        )),
        _ => Ok(path),
    }
}

/// The directory of a bare file name is this one.
fn exists(directory: &Path) -> bool {
    directory.as_os_str().is_empty() || directory.exists()
}

fn log_level(reader: &mut Reader<'_>) -> Result<String, Failure> {
    let level = reader.text("log.level", "info");
    if ["error", "warn", "info", "debug"].contains(&level.text.as_str()) {
        return Ok(level.text);
    }
    Err(level.refuse("is not a level", "write error, warn, info or debug"))
}

fn scrutiny(reader: &mut Reader<'_>) -> Scrutiny {
    let why = "holds what was made in lockstep; off, all that is confirmed is counted";
    let (enabled, _) = reader.flag("scrutiny.enabled", true, why);
    Scrutiny { enabled }
}

/// A cheap puzzle is for rehearsals of one machine with itself: nobody else may be able to reach it.
fn drill_price(reader: &mut Reader<'_>, listen: &Listen) -> Result<Option<u64>, Failure> {
    let Some((price, origin)) = reader.number("drill.price", None, "mean guesses of a puzzle in a drill") else {
        return Ok(None);
    };
    if price != 1 {
        return Err(Failure::usage(
            format!("{origin}: drill.price = {price}"),
            "the only drill price is 1; or remove it",
        ));
    }
    on_loopback_only("drill.price", &origin, listen)?;
    Ok(Some(price))
}

/// Invented networks are for the same rehearsals; a drill price brings them along.
fn drill_networks(reader: &mut Reader<'_>, has_price: bool, listen: &Listen) -> Result<bool, Failure> {
    let (invented, origin) = reader.flag(
        "drill.networks",
        has_price,
        "networks and mail providers of the drill only",
    );
    if invented {
        on_loopback_only("drill.networks", &origin, listen)?;
    }
    Ok(invented)
}

fn on_loopback_only(key: &str, origin: &Origin, listen: &Listen) -> Result<(), Failure> {
    let is_loopback = |address: SocketAddr| address.ip().is_loopback();
    let https = listen.https.as_ref().is_none_or(|https| is_loopback(https.address));
    if is_loopback(listen.http) && https && is_loopback(listen.operations) {
        return Ok(());
    }
    Err(Failure::usage(
        format!("{origin}: {key} is set and the server does not listen on loopback only"),
        format!("remove {key}, or listen on 127.0.0.1 for the drill"),
    ))
}

/// Bounds that are a beginning, each with the one where it ends.
const ORDERED: &[(&str, &str)] = &[
    ("puzzle_rounds", "puzzle_rounds_ceiling"),
    ("ticket_age_seconds", "ticket_age_ceiling_seconds"),
    ("acme_retry_seconds", "acme_retry_most_seconds"),
    ("alert_repeat_seconds", "alert_repeat_most_seconds"),
    ("shield_ban_seconds", "shield_ban_ceiling_seconds"),
];

fn limits(reader: &mut Reader<'_>) -> Result<Limits, Failure> {
    let mut limits = Limits::default();
    for bound in Limits::TABLE {
        let key = format!("limits.{}", bound.name);
        let Some((value, origin)) = reader.number(&key, Some(bound.default), bound.why) else {
            continue;
        };
        limits.set(bound.name, value).map_err(|error| {
            let hint = format!("write a number from {} to {}. {}", bound.min, bound.max, bound.why);
            Failure::usage(format!("{origin}: {error}"), hint)
        })?;
    }
    for (least, most) in ORDERED {
        let [from, to] = [least, most].map(|name| limits.get(name).unwrap_or_default());
        if from > to {
            return Err(Failure::usage(
                format!("limits.{least} = {from} is more than limits.{most} = {to}"),
                format!("lower limits.{least}, or raise limits.{most} with it"),
            ));
        }
    }
    Ok(limits)
}

#[cfg(test)]
mod tests;
