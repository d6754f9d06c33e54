//! `paraph doctor`: looks at the machine, the files and the world around a site, and says how to mend what it finds.
//!
//! It changes nothing but a file of its own in the data directory (written, timed, removed), and sends nothing unless it
//! is told to. Each check is one function from what it looks at to one [`Finding`].

mod files;
mod machine;
mod mail;
mod names;
mod shield;
mod web;

use std::net::SocketAddr;
use std::path::Path;

use serde::Serialize;

use crate::config::Config;
use crate::control;

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// Works, and deserves a second look before real people come.
    Warn,
    /// Does not work, or is not safe.
    Fail,
    /// There was nothing to look at; `what` says why.
    Skipped,
}

/// One check: one line what, and one line how to mend where there is something to mend.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// What was checked; never changes from version to version.
    pub check: &'static str,
    /// How it came out.
    pub verdict: Verdict,
    /// What was seen.
    pub what: String,
    /// What to do, where there is something to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, what: impl Into<String>) -> Self {
        Self::new(check, Verdict::Ok, what, None)
    }

    fn skipped(check: &'static str, what: impl Into<String>) -> Self {
        Self::new(check, Verdict::Skipped, what, None)
    }

    fn warn(check: &'static str, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::new(check, Verdict::Warn, what, Some(mend.into()))
    }

    fn fail(check: &'static str, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::new(check, Verdict::Fail, what, Some(mend.into()))
    }

    fn new(check: &'static str, verdict: Verdict, what: impl Into<String>, mend: Option<String>) -> Self {
        let line = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        Self {
            check,
            verdict,
            what: line(what.into()),
            mend: mend.map(line),
        }
    }
}

/// What the command line says besides the configuration.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Address of a DNS server, instead of those of the machine.
    pub dns: Option<SocketAddr>,
    /// Recipient of a real test mail; nothing is sent without.
    pub send_to: Option<lettre::Address>,
}

/// Runs every check, in the order in which they are read best. Takes some seconds: whoever does not answer is waited for
/// beside the others.
pub async fn examine(config: &Config, asked: &Asked) -> Vec<Finding> {
    let names = names::Names::new(asked.dns);
    let (front, site, sender, authority, crowdsec, server, synchronised) = tokio::join!(
        web::front_door(config, &names),
        names.site(config),
        names.sender(config),
        web::authority(config),
        web::crowdsec(config),
        mail::server(config),
        machine::synchronised(),
    );
    let mut findings = vec![
        synchronised,
        machine::behind_the_journal(&config.directory).await,
        web::dates(&front),
    ];
    findings.extend(machine::disk(&config.directory, config.limits.disk_floor_mib));
    findings.extend(machine::bounds(config));
    findings.extend(files::permissions(config));
    findings.extend(files::secrets(config).await);
    findings.push(files::networks(&config.directory));
    findings.extend([web::base_url(config), web::proxies(config)]);
    findings.extend([site, web::certificate(config, &front), authority]);
    findings.extend([shield::outlets(config), crowdsec, server]);
    findings.extend(sender);
    findings.extend(mail::test_letter(config, asked.send_to.as_ref()).await);
    findings.push(running(&config.directory));
    findings
}

/// What a server that runs on this directory says of itself.
fn running(directory: &Path) -> Finding {
    const CHECK: &str = "server";
    match control::status(directory) {
        Ok(None) => Finding::skipped(CHECK, "no server runs on this data directory"),
        Ok(Some(status)) => match status.reload_refused {
            Some(why) => Finding::warn(
                CHECK,
                format!("the last reload was refused, the configuration before it is in force: {why}"),
                "correct the file, see `paraph check-config`, then send SIGHUP again",
            ),
            None if status.open_alerts > 0 => Finding::warn(
                CHECK,
                format!("running, with open alerts: {}", status.open_alerts),
                "`paraph alert list` shows them",
            ),
            None => Finding::ok(CHECK, "running, no open alert"),
        },
        Err(failure) => Finding::fail(CHECK, failure.what, failure.hint),
    }
}
