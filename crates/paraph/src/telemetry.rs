//! Logs and metrics.
//!
//! Logs go to stderr: text for a person at a terminal, one JSON object a line otherwise. `PARAPH_LOG` sets the level
//! (`error`, `warn`, `info`, `debug`; `info` by default), for our own code only: what a dependency might print about
//! the data it handles stays out unless a directive names it (`PARAPH_LOG=info,hyper=debug`).
//!
//! # Never logged, and never a metric label
//! - names, mail addresses, postcodes, comments: nothing that was typed into a form, nor what a mail server said back;
//! - addresses of visitors, their ports, their header fields;
//! - tokens, tickets, puzzles, receipts, keys, and URLs with a token in them (log the route, not the path);
//! - internal keys: journal positions, signature and mailbox ids;
//! - whether an address has signed, in any form, counts of one included.
//!
//! What is logged: what the program did (started, settled, delivered, gave up), how many, how long, and why not. A
//! failure is logged once, where it is handled. Metric labels are outcomes and stages from enums, so that no request
//! can make a new series.

use std::cell::RefCell;
use std::fmt::Write;
use std::fs;
use std::io::IsTerminal;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use metrics::{Counter, Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

use crate::failure::Failure;

/// Variable that sets the level.
pub const LOG_VARIABLE: &str = "PARAPH_LOG";

/// Requests by what they came to. Labels `route`, `outcome`.
pub const REQUESTS: &str = "paraph_requests_total";
/// Connections that were not served. Label `why`.
pub const CONNECTIONS_REFUSED: &str = "paraph_connections_refused_total";
/// Connections, or bodies on them, that a bound ended. Label `why`.
pub const CONNECTIONS_ENDED: &str = "paraph_connections_ended_total";
/// Connections that were moved behind others, as who is there asks for much.
pub const CONNECTIONS_BEHIND: &str = "paraph_connections_behind_total";
/// TLS handshakes by what they came to. Label `outcome`.
pub const HANDSHAKES: &str = "paraph_handshakes_total";
/// Times that certificate and key were read again. Label `outcome`.
pub const CERTIFICATE_RELOADS: &str = "paraph_certificate_reloads_total";
/// Certificates asked for at an authority. Label `outcome`.
pub const CERTIFICATE_ORDERS: &str = "paraph_certificate_orders_total";
/// Seconds until the certificate in use ends.
pub const CERTIFICATE_LEFT: &str = "paraph_certificate_left_seconds";
/// Share cards drawn; far fewer than are asked for.
pub const CARDS_DRAWN: &str = "paraph_cards_drawn_total";
/// Rounds of the puzzles handed out: the price in force.
pub const PUZZLE_ROUNDS: &str = "paraph_puzzle_rounds";
/// Requests refused as a budget was used up. Labels `purpose`, `level`.
pub const BUDGET_REFUSED: &str = "paraph_budget_refused_total";
/// Letters by outcome: `sent`, `later`, `given_up`.
pub const MAILS: &str = "paraph_mails_total";
/// Reports about letters that came back. Label `report`: `hard`, `soft`, `nothing`, `not_ours`.
pub const BOUNCES: &str = "paraph_bounces_total";
/// Letters that are due and have not left; stops growing at 100,000.
pub const MAILS_DUE: &str = "paraph_mails_due";
/// Events appended to the journal.
pub const EVENTS: &str = "paraph_journal_events_total";
/// Batches that were not recorded; everyone in them was told to try again.
pub const BATCHES_FAILED: &str = "paraph_batches_failed_total";
/// Times that the memory of spent puzzles was full, and the store decided.
pub const SPENT_FULL: &str = "paraph_spent_full_total";
/// Commands decided and committed together.
pub const BATCH_COMMANDS: &str = "paraph_batch_commands";
/// Seconds from taking a batch to its commit.
pub const COMMIT_SECONDS: &str = "paraph_commit_seconds";
/// Commands waiting for the writer.
pub const INTAKE_WAITING: &str = "paraph_intake_waiting";
/// Free space of the data directory, MiB, less what the write-ahead logs still need.
pub const DISK_FREE: &str = "paraph_disk_free_mib";
/// Seconds that the wall clock has to hold yet before anything is erased by its word; 0: it is believed.
pub const CLOCK_DOUBTED: &str = "paraph_clock_doubted_seconds";

/// Seconds since scrutiny last reached the end of the journal; what it has not looked at does not settle.
pub const SCRUTINY_BEHIND: &str = "paraph_scrutiny_behind_seconds";
/// Signatures held by scrutiny, without a person.
pub const SCRUTINY_HELD: &str = "paraph_scrutiny_held_total";
/// Members of clusters that wait for a person, because the holds of this hour are used up.
pub const SCRUTINY_OVER_CAP: &str = "paraph_scrutiny_over_cap";
/// Findings that were shown to a person.
pub const SCRUTINY_ASKS: &str = "paraph_scrutiny_asks_total";
/// Contributions that scrutiny remembers.
pub const SCRUTINY_REMEMBERED: &str = "paraph_scrutiny_remembered";
/// Observations that could not be read.
pub const SCRUTINY_UNREADABLE: &str = "paraph_scrutiny_unreadable_total";
/// Alerts that are open.
pub const ALERTS_OPEN: &str = "paraph_alerts_open";
/// Alerts told, by outcome: `reached`, `unheard` (no channel took it).
pub const ALERTS: &str = "paraph_alerts_total";
/// Reloads by outcome: `done`, `refused`.
pub const RELOADS: &str = "paraph_reloads_total";

/// Bounds of the histograms in seconds: from a page out of memory to a lane's longest wait.
const SECONDS: &[f64] = &[0.000_25, 0.001, 0.0025, 0.01, 0.025, 0.1, 0.25, 1.0, 2.5, 5.0, 10.0];

/// The filter for what was asked: a bare level is for our crates; anything else is a list of directives.
fn filter(asked: &str) -> Result<EnvFilter, Failure> {
    let hint = "write error, warn, info or debug, or directives as in info,hyper=debug";
    let level = asked.trim();
    let bare = level.bytes().all(|byte| byte.is_ascii_alphabetic());
    let directives = match (level, bare) {
        ("", _) => "off,paraph=info,paraph_drill=info".to_owned(),
        (level, true) => format!("off,paraph={level},paraph_drill={level}"),
        (directives, false) => directives.to_owned(),
    };
    EnvFilter::try_new(directives).map_err(|_| Failure::usage(format!("{LOG_VARIABLE} is not a log level"), hint))
}

/// Changes the level of the log that was started; the way to it is made with the log.
type SetFilter = Box<dyn Fn(EnvFilter) -> bool + Send + Sync>;
static SET_FILTER: OnceLock<SetFilter> = OnceLock::new();

/// What `PARAPH_LOG` asks for, or else this level.
fn asked_or(level: &str) -> Result<EnvFilter, Failure> {
    let asked = std::env::var_os(LOG_VARIABLE).filter(|asked| !asked.is_empty());
    filter(&asked.unwrap_or_else(|| level.into()).to_string_lossy())
}

/// Whether `PARAPH_LOG` can be used, for commands that start no log and for those that check.
///
/// # Errors
/// It is not a level.
pub fn check_variable() -> Result<(), Failure> {
    asked_or("info").map(drop)
}

/// Changes the level of a log that was started. `PARAPH_LOG` still stands before it.
pub fn set_level(level: &str) {
    if let (Some(set), Ok(filter)) = (SET_FILTER.get(), asked_or(level))
        && !set(filter)
    {
        tracing::warn!("the level of the log could not be changed");
    }
}

/// Starts logging at a level, once for the process; `PARAPH_LOG` stands before it.
///
/// # Errors
/// `PARAPH_LOG` is not a level, or logging was started before.
pub fn start_logging(level: &str) -> Result<(), Failure> {
    let builder = tracing_subscriber::fmt().with_env_filter(asked_or(level)?);
    let builder = builder.with_writer(std::io::stderr);
    let started = if std::io::stderr().is_terminal() {
        let builder = builder.compact().with_target(false).with_filter_reloading();
        let handle = builder.reload_handle();
        let _ = SET_FILTER.set(Box::new(move |filter| handle.reload(filter).is_ok()));
        builder.try_init()
    } else {
        let builder = builder
            .json()
            .flatten_event(true)
            .with_ansi(false)
            .with_filter_reloading();
        let handle = builder.reload_handle();
        let _ = SET_FILTER.set(Box::new(move |filter| handle.reload(filter).is_ok()));
        builder.try_init()
    };
    started.map_err(|_| {
        Failure::failed(
            "logging was started twice",
            "this is a fault of the program: please report it",
        )
    })
}

/// The same for commands that draw on the terminal: nothing below an error, unless `PARAPH_LOG` asks for more.
///
/// # Errors
/// `PARAPH_LOG` is not a level, or logging was started before.
pub fn start_logging_quietly() -> Result<(), Failure> {
    start_logging("error")
}

/// Bounds of the counting histograms: sizes of batches, rounds of puzzles.
const NUMBERS: &[f64] = &[1.0, 4.0, 16.0, 64.0, 256.0, 1000.0, 1500.0, 2000.0, 2500.0, 3000.0];

/// The metrics of this process, ready to be rendered.
#[derive(Clone)]
pub struct Handle(PrometheusHandle);

impl Handle {
    /// Folds what was recorded since; without it, samples would pile up while nobody asks for the metrics.
    pub fn upkeep(&self) {
        self.0.run_upkeep();
    }

    /// All metrics in the text format of Prometheus, those of the process read now.
    #[must_use]
    pub fn render(&self) -> String {
        self.upkeep();
        self.0.render() + &process_metrics()
    }
}

/// Starts collecting metrics, once for the process.
///
/// # Errors
/// Metrics were started before.
pub fn install() -> Result<Handle, Failure> {
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), SECONDS)
        .and_then(|builder| builder.set_buckets_for_metric(Matcher::Full(BATCH_COMMANDS.into()), NUMBERS))
        .and_then(|builder| builder.set_buckets_for_metric(Matcher::Full(PUZZLE_ROUNDS.into()), NUMBERS));
    let installed = builder.and_then(PrometheusBuilder::install_recorder);
    let hint = "this is a fault of the program: please report it";
    let handle = installed.map_err(|error| Failure::failed(format!("metrics did not start: {error}"), hint))?;
    describe();
    begin();
    INSTALLED.store(true, Ordering::Relaxed);
    Ok(Handle(handle))
}

/// Counts nothing under the names that alerts are made of. What is not there until it happens for the first time has not
/// risen then, for whoever asks how much a counter rose.
fn begin() {
    for name in [
        CARDS_DRAWN,
        CONNECTIONS_BEHIND,
        EVENTS,
        BATCHES_FAILED,
        SPENT_FULL,
        SCRUTINY_HELD,
        SCRUTINY_ASKS,
        SCRUTINY_UNREADABLE,
        crate::shield::TURNED_AWAY,
    ] {
        metrics::counter!(name).increment(0);
    }
    for (name, outcomes) in [
        (MAILS, &["sent", "later", "given_up"][..]),
        (ALERTS, &["reached", "unheard"]),
        (RELOADS, &["done", "refused"]),
    ] {
        for outcome in outcomes {
            metrics::counter!(name, "outcome" => *outcome).increment(0);
        }
    }
}

static INSTALLED: AtomicBool = AtomicBool::new(false);

/// Counters that a thread remembers; what the program counts has fewer names and labels than that.
const REMEMBERED: usize = 128;

/// Counts one, under two labels of those that the program knows. Each thread looks a counter up once: in a flood, looking it up
/// costs as much as a budget.
pub fn count(name: &'static str, labels: [(&'static str, &'static str); 2]) {
    type Of = [*const str; 3];
    thread_local!(static KNOWN: RefCell<Vec<(Of, Counter)>> = const { RefCell::new(Vec::new()) });
    // By where the texts are, not by what they say: the same ones elsewhere are the same counter, found once more.
    let of: Of = [name, labels[0].1, labels[1].1].map(std::ptr::from_ref);
    KNOWN.with_borrow_mut(|known| {
        let same = |(known, _): &&(Of, Counter)| known.iter().zip(of).all(|(known, of)| std::ptr::eq(*known, of));
        if let Some((_, counter)) = known.iter().find(same) {
            return counter.increment(1);
        }
        let counter = metrics::counter!(name, &labels);
        counter.increment(1);
        // What is counted before metrics are collected is counted nowhere, and that must not be remembered.
        if INSTALLED.load(Ordering::Relaxed) && known.len() < REMEMBERED {
            known.push((of, counter));
        }
    });
}

fn describe() {
    describe_counter!(REQUESTS, "Requests by route and outcome");
    describe_counter!(CONNECTIONS_REFUSED, "Connections that were not served, by reason");
    describe_counter!(
        CONNECTIONS_BEHIND,
        "Connections moved behind others, as their address asks for much"
    );
    describe_counter!(CONNECTIONS_ENDED, "Connections or bodies that a bound ended, by bound");
    describe_counter!(HANDSHAKES, "TLS handshakes by outcome");
    describe_counter!(CERTIFICATE_RELOADS, "Certificate and key read again, by outcome");
    describe_counter!(CERTIFICATE_ORDERS, "Certificates asked for at an authority, by outcome");
    describe_gauge!(CERTIFICATE_LEFT, Unit::Seconds, "Until the certificate in use ends");
    describe_counter!(CARDS_DRAWN, "Share cards drawn");
    describe_histogram!(PUZZLE_ROUNDS, "Rounds of the puzzles handed out");
    describe_counter!(BUDGET_REFUSED, "Requests refused as a budget was used up");
    describe_counter!(crate::shield::BANS, "Bans made, by cause");
    describe_counter!(crate::shield::TURNED_AWAY, "Requests of banned sources, answered early");
    describe_counter!(MAILS, "Letters by outcome");
    describe_counter!(BOUNCES, "Reports about letters that came back");
    describe_gauge!(MAILS_DUE, "Letters that are due and have not left");
    describe_counter!(EVENTS, "Events appended to the journal");
    describe_counter!(BATCHES_FAILED, "Batches that were not recorded");
    describe_counter!(SPENT_FULL, "Times that the memory of spent puzzles was full");
    describe_histogram!(BATCH_COMMANDS, "Commands committed together");
    describe_histogram!(
        COMMIT_SECONDS,
        Unit::Seconds,
        "One batch, from being taken to its commit"
    );
    describe_gauge!(INTAKE_WAITING, "Commands waiting for the writer");
    describe_gauge!(
        SCRUTINY_BEHIND,
        Unit::Seconds,
        "Since scrutiny reached the end of the journal"
    );
    describe_counter!(SCRUTINY_HELD, "Signatures held by scrutiny");
    describe_gauge!(SCRUTINY_OVER_CAP, "Members of clusters that wait for a person");
    describe_counter!(SCRUTINY_ASKS, "Findings shown to a person");
    describe_gauge!(SCRUTINY_REMEMBERED, "Contributions that scrutiny remembers");
    describe_counter!(SCRUTINY_UNREADABLE, "Observations that could not be read");
    describe_gauge!(ALERTS_OPEN, "Open alerts");
    describe_counter!(ALERTS, "Alerts told, by outcome");
    describe_counter!(RELOADS, "Reloads of the configuration, by outcome");
    describe_gauge!(
        DISK_FREE,
        "Free space of the data directory, MiB, less what the logs still need"
    );
    describe_gauge!(
        CLOCK_DOUBTED,
        "Seconds that the clock has to hold before it is believed; 0: believed"
    );
}

/// Processor time, memory and descriptors of this process in the text format of Prometheus, read from `/proc/self`;
/// where there is none, nothing. Apart from the recorder because its counters are whole numbers, and a drill divides
/// fractions of a processor second by signatures.
#[must_use]
pub fn process_metrics() -> String {
    let mut text = String::new();
    let mut add = |name: &str, kind: &str, help: &str, value: Option<f64>| {
        if let Some(value) = value {
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n");
        }
    };
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let descriptors = fs::read_dir("/proc/self/fd")
        .ok()
        .and_then(|open| u32::try_from(open.count()).ok());
    add(
        "process_cpu_seconds_total",
        "counter",
        "Processor time, user and system",
        cpu_seconds(&stat),
    );
    add(
        "process_resident_memory_bytes",
        "gauge",
        "Resident memory",
        status_bytes(&status, "VmRSS:"),
    );
    add(
        "process_resident_memory_peak_bytes",
        "gauge",
        "Largest resident memory so far",
        status_bytes(&status, "VmHWM:"),
    );
    add(
        "process_open_fds",
        "gauge",
        "Open file descriptors",
        descriptors.map(f64::from),
    );
    text
}

/// Fields 14 and 15 of proc(5)'s stat, in ticks, which Linux fixes at 100 a second for user space. The second field is
/// the program's name in parentheses and may hold anything, so counting starts behind the last one.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_ascii_whitespace().skip(11);
    let mut ticks = || times.next()?.parse::<f64>().ok();
    Some((ticks()? + ticks()?) / 100.0)
}

/// A line of proc(5)'s status, given in KiB.
fn status_bytes(status: &str, field: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    line.split_ascii_whitespace()
        .next()?
        .parse::<f64>()
        .ok()
        .map(|kib| kib * 1024.0)
}

#[cfg(test)]
mod tests {
    use super::{Handle, MAILS, cpu_seconds, filter, install};

    #[test]
    fn metrics_are_rendered_with_those_of_the_process() {
        let handle: Handle = install().expect("first");
        assert!(install().is_err());
        metrics::counter!(MAILS, "outcome" => "sent").increment(2);
        let text = handle.render();
        assert!(text.contains("paraph_mails_total{outcome=\"sent\"} 2"), "{text}");
        for at_zero in [
            "paraph_batches_failed_total 0",
            "paraph_mails_total{outcome=\"given_up\"} 0",
            "paraph_alerts_total{outcome=\"unheard\"} 0",
        ] {
            let is_there = text.lines().any(|line| line == at_zero);
            assert!(
                is_there,
                "an alert on what rises misses the first: {at_zero} not in {text}"
            );
        }
        for name in [
            "process_cpu_seconds_total ",
            "process_resident_memory_bytes ",
            "process_open_fds ",
        ] {
            assert!(text.lines().any(|line| line.starts_with(name)), "{name} not in {text}");
        }
    }

    #[test]
    fn processor_time_is_found_behind_any_program_name() {
        assert_eq!(cpu_seconds("1 (a) b) 9) S 1 2 3 4 5 6 7 8 9 10 150 75 0"), Some(2.25));
        assert_eq!(cpu_seconds(""), None);
    }

    #[test]
    fn a_bare_level_is_for_our_own_code() {
        assert!(filter("debug").expect("level").to_string().contains("paraph=debug"));
        assert_eq!(filter("hyper=debug").expect("directive").to_string(), "hyper=debug");
        assert!(filter("chatty").is_err() && filter("").is_ok());
    }
}
