//! The command line: what can be typed, and nothing about how it is done.
//!
//! Commands that do not exist yet are absent. Exit codes: 0 done or true, 1 false or failed, 2 wrong usage.

mod amount;
pub mod backup;
pub mod door;
pub mod incident;
pub mod petition;

use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::error::{ContextKind, ErrorKind};
use clap::{Args, Parser, Subcommand};

pub use backup::{Backup, Restore};
pub use door::{Door, Export, ReadOnly, Shield, ShieldAll, ShieldBan, ShieldOne, ShieldShare, Switch};
pub use petition::{Petition, PetitionCreate, PetitionEdit, PetitionList, PetitionOne, PetitionUpdate};

use amount::{drill_duration, drill_rate};

use crate::config::Overrides;
use crate::failure::Failure;

/// Petitions whose count can be trusted.
///
/// `paraph demo` shows it at work with nothing to install; `paraph serve` runs a site.
/// Logs go to stderr; PARAPH_LOG sets their level (error, warn, info, debug).
#[derive(Debug, Parser)]
#[command(name = "paraph", version, max_term_width = 100, disable_help_subcommand = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Every command of this version.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server
    ///
    /// With no configuration it listens on 127.0.0.1:8080 and keeps its data in ./data.
    Serve(Serve),
    /// Show it at work: a sample petition, an honest crowd and an attack
    ///
    /// One process, nothing to install. The crowd and the forgers use the real front door, live in the terminal; then
    /// the site stays up for a look, with a mailbox to sign, confirm and withdraw by hand, and a link to
    /// the desk with its incident room.
    Demo(Demo),
    /// Explain the configuration in force: every key, its value, where it came from, every bound and its reason
    CheckConfig(CheckConfig),
    /// Check clock, disk, mail, DNS, certificate, limits, permissions and secrets, and say how to mend what is wrong
    ///
    /// Changes nothing and sends nothing, unless --send-to asks for one test mail. One line what and one line how to mend
    /// for each check; exit code 1 if one of them failed. Run it as the user who runs the server.
    Doctor(Doctor),
    /// Show, acknowledge and try the alerts of the running server
    #[command(subcommand)]
    Alert(Alert),
    /// Petitions: create, list, show, edit, publish, close and discard them, post their updates
    #[command(subcommand)]
    Petition(Petition),
    /// List verdicts, and hold, release, invalidate or reinstate signatures, beside a running server
    #[command(subcommand)]
    Incident(incident::Incident),
    /// Make links to the desk, and list who works there
    #[command(subcommand)]
    Desk(Desk),
    /// Rehearse an attack on your own server
    ///
    /// Refuses any target that is not this machine's loopback.
    Drill(Box<Drill>),
    /// Fold the journal again and compare with the ledger; exit code 1 if they differ
    Recount(Recount),
    /// List, make and lift bans of addresses, beside a running server
    #[command(subcommand)]
    Shield(Shield),
    /// Show pages only, or take signatures again, beside a running server
    ///
    /// While it is on, who signs is told to leave the page open, which tries again by itself; confirming and withdrawing go on.
    /// Holds until the next start; `site.mode` in the configuration holds longer. With neither on nor off: says which.
    ReadOnly(ReadOnly),
    /// Say how the front door stands: lanes, price, budgets, bans
    Door(Door),
    /// Write the public pages as files, to put elsewhere when the machine's own line is full
    ///
    /// Text and count as of now, in every language, with nothing to sign and nothing to load: any web space serves them. Reads
    /// beside a running server; run it again to bring the files up to date.
    Export(Export),
    /// Say who announces an address of the Internet, and keep the table that knows
    #[command(subcommand)]
    Networks(Networks),
    /// Check every file of the data directory and every relation between them; exit code 1 if something is wrong
    ///
    /// Reads a snapshot: works beside a running server and without one. Prints one line a finding, numbers only, never
    /// personal data. A note is nothing wrong. On a large store leave the indexes out with --quick.
    Fsck(Fsck),
    /// Copy the data directory, beside a running server, and check the copy
    ///
    /// Makes DIR/data, which may be kept, and DIR/keys, which must be kept apart from it and deleted after 30 days at most:
    /// a record that was erased stays readable for whoever has an older copy of its key. The master key is left out: with
    /// it, a backup alone would tell every signatory. Keep one copy of the key file elsewhere; it never changes.
    Backup(Backup),
    /// Make a data directory of a backup, and erase again what was erased since
    ///
    /// Checks every file against its manifest, refuses a directory that is not empty, and ends with a full check. No server
    /// opens the directory before that.
    Restore(Restore),
}

/// Options of every command that touches a store.
#[derive(Args, Clone, Debug)]
pub struct Place {
    /// Configuration file [default: paraph.toml, if there is one]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Data directory; overrides store.directory
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

impl Place {
    /// These options as a layer of the configuration.
    #[must_use]
    pub fn overrides(&self) -> Overrides {
        Overrides {
            file: self.config.clone(),
            data: self.data.clone(),
            listen: None,
        }
    }
}

/// `paraph serve`.
#[derive(Args, Debug)]
pub struct Serve {
    /// Where the configuration and the data are.
    #[command(flatten)]
    pub place: Place,
    /// Address and port for pages and forms; overrides listen.http. Port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
}

impl Serve {
    /// These options as a layer of the configuration.
    #[must_use]
    pub fn overrides(&self) -> Overrides {
        Overrides {
            listen: self.listen,
            ..self.place.overrides()
        }
    }
}

/// `paraph demo`.
#[derive(Args, Debug)]
pub struct Demo {
    /// Address and port of the demonstration site
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Data directory, kept afterwards: an empty one, or that of an earlier demonstration [default: a temporary one, removed at the end]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Attack to show; `paraph drill list` names them
    #[arg(long, value_name = "SCENARIO", default_value = "lockstep-218")]
    pub scenario: String,
    /// Seed of the crowd and the forgers: the same seed, the same people [default: 1, or the first whose people have not signed in --data]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// How able the forgers are, one or more of: 1 without puzzles, 2 solve them, 3 also confirm through a domain of their own;
    /// for lockstep-218, mail-bomb and pre-emption (nobody confirms for a victim, so 3 is 2 in these two), since forgers of the others have a method of their own [default: 1,2]
    #[arg(long, value_name = "N,N", value_delimiter = ',', value_parser = clap::value_parser!(u8).range(1..=3))]
    pub strength: Vec<u8>,
    /// Honest signatures a second, 10000 at most [default: the scenario's own]
    #[arg(long, value_name = "R", value_parser = drill_rate)]
    pub honest_rate: Option<f64>,
    /// Forgeries a second of all servers together, 10000 at most, in scenarios that sign with them [default: the scenario's own]
    #[arg(long, value_name = "R", value_parser = drill_rate)]
    pub forged_rate: Option<f64>,
    /// How long, as in 90s, 10m or 2h, 24h at most [default: the scenario's own: a minute, eight of noel-2020]
    #[arg(long, value_name = "TIME", value_parser = drill_duration)]
    pub duration: Option<Duration>,
    /// Let scrutiny look away: what it prevents is then in the count
    #[arg(long)]
    pub no_scrutiny: bool,
    /// End after the closing table instead of staying up
    #[arg(long)]
    pub once: bool,
    /// Write the report of the drill to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
}

/// `paraph desk ...`.
#[derive(Debug, Subcommand)]
pub enum Desk {
    /// Print a link by which somebody joins the desk; good once, for limits.desk_link_hours
    ///
    /// Also the way back in for who lost password, phone and recovery codes: --member.
    Link(DeskLink),
    /// List who works at the desk
    List(DeskList),
}

/// `paraph desk link`.
#[derive(Args, Debug)]
pub struct DeskLink {
    /// Where the configuration and the data are.
    #[command(flatten)]
    pub place: Place,
    /// What who uses it becomes: author, moderator or operator
    #[arg(long, value_name = "ROLE", default_value = "operator", conflicts_with = "member")]
    pub role: String,
    /// For the member with this name, to choose password and code generator anew
    #[arg(long, value_name = "NAME")]
    pub member: Option<String>,
    /// Answer as JSON
    #[arg(long)]
    pub json: bool,
}

/// `paraph desk list`.
#[derive(Args, Debug)]
pub struct DeskList {
    /// Where the configuration and the data are.
    #[command(flatten)]
    pub place: Place,
    /// Answer as JSON
    #[arg(long)]
    pub json: bool,
}

/// `paraph check-config`.
#[derive(Args, Debug)]
pub struct CheckConfig {
    /// Where the configuration and the data are.
    #[command(flatten)]
    pub place: Place,
    /// Answer as JSON
    #[arg(long)]
    pub json: bool,
}

/// `paraph doctor`.
#[derive(Args, Debug)]
pub struct Doctor {
    /// Where the configuration and the data are.
    #[command(flatten)]
    pub place: Place,
    /// Ask this DNS server instead of the machine's own, for tests and split horizons
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub dns: Option<SocketAddr>,
    /// Send one real test mail to this address
    #[arg(long, value_name = "ADDRESS")]
    pub send_to: Option<lettre::Address>,
    /// Answer as JSON
    #[arg(long)]
    pub json: bool,
}

/// `paraph alert ...`.
#[derive(Debug, Subcommand)]
pub enum Alert {
    /// List open alerts
    List(AlertList),
    /// Say that somebody is at work on an alert: it is repeated no more
    Ack(AlertAck),
    /// Send a test through every channel and tell what became of each; exit code 1 if one failed
    Test(AlertList),
}

/// `paraph alert list` and `test`.
#[derive(Args, Debug)]
pub struct AlertList {
    /// Where the configuration and the data are.
    #[command(flatten)]
    pub place: Place,
    /// Answer as JSON
    #[arg(long)]
    pub json: bool,
}

/// `paraph alert ack`.
#[derive(Args, Debug)]
pub struct AlertAck {
    /// Where the configuration and the data are.
    #[command(flatten)]
    pub place: Place,
    /// The alert, as `paraph alert list` names it [default: all that are open]
    pub id: Option<String>,
    /// Answer as JSON
    #[arg(long)]
    pub json: bool,
}

/// `paraph drill SCENARIO` and `paraph drill list`.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Drill {
    /// `list`, if that was asked.
    #[command(subcommand)]
    pub list: Option<DrillCommand>,
    /// The rehearsal, if that was asked. Exactly one of the two is there.
    #[command(flatten)]
    pub run: Option<DrillRun>,
}

/// What `paraph drill` does besides drilling.
#[derive(Debug, Subcommand)]
pub enum DrillCommand {
    /// Name every scenario and what it does
    List {
        /// Answer as JSON
        #[arg(long)]
        json: bool,
    },
}

/// `paraph drill SCENARIO`.
#[derive(Args, Debug)]
pub struct DrillRun {
    /// Scenario; `paraph drill list` names them
    pub scenario: String,
    /// Without a server: ten days of traffic straight into scrutiny, on a simulated clock, in about a minute
    #[arg(long, conflicts_with_all = ["target", "petition", "sources", "honest_rate", "forged_rate", "strength", "duration", "data", "operations"])]
    pub simulate: bool,
    /// Address of the server, on loopback
    #[arg(long, value_name = "URL", required_unless_present = "simulate")]
    pub target: Option<String>,
    /// Petition to sign, by its slug
    #[arg(long, value_name = "SLUG", required_unless_present = "simulate")]
    pub petition: Option<String>,
    /// Most sources of ipv6-rotation; 1000000 is the whole of it, and takes a --duration of minutes
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub sources: Option<u32>,
    /// Seed of the crowd and the forgers: the same seed, the same people; 4294967295 at most with --simulate
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Honest signatures a second, 10000 at most [default: the scenario's own]
    #[arg(long, value_name = "R", value_parser = drill_rate)]
    pub honest_rate: Option<f64>,
    /// Forgeries a second of all servers together, 10000 at most, in scenarios that sign with them [default: the scenario's own]
    #[arg(long, value_name = "R", value_parser = drill_rate)]
    pub forged_rate: Option<f64>,
    /// How able the forgers are, one or more of: 1 without puzzles, 2 solve them, 3 also confirm through a domain of their own;
    /// for lockstep-218, mail-bomb and pre-emption (nobody confirms for a victim, so 3 is 2 in these two), since forgers of the others have a method of their own [default: 1,2]
    #[arg(long, value_name = "N,N", value_delimiter = ',', value_parser = clap::value_parser!(u8).range(1..=3))]
    pub strength: Vec<u8>,
    /// How long, as in 90s, 10m or 2h, 24h at most [default: the scenario's own]
    #[arg(long, value_name = "TIME", value_parser = drill_duration)]
    pub duration: Option<Duration>,
    /// Data directory of the server: the report then says who was held
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The server's key file, if it is not in its data directory
    #[arg(long, value_name = "FILE", requires = "data")]
    pub key_file: Option<PathBuf>,
    /// Operations listener of the server (listen.operations), on loopback: the live view then shows lanes, price, budgets, bans
    #[arg(long, value_name = "URL")]
    pub operations: Option<String>,
    /// Where the drill receives the server's mail: the server's mail.smtp must name this address
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:1025")]
    pub mail_listen: SocketAddr,
    /// Write the report to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Answer with the report as JSON instead of the live view
    #[arg(long)]
    pub json: bool,
}

/// `paraph recount`.
#[derive(Args, Debug)]
pub struct Recount {
    /// Where the configuration and the data are.
    #[command(flatten)]
    pub place: Place,
    /// Only this petition, by its slug
    #[arg(long, value_name = "SLUG")]
    pub petition: Option<String>,
    /// Answer as JSON
    #[arg(long)]
    pub json: bool,
}

/// `paraph networks ...`.
#[derive(Debug, Subcommand)]
pub enum Networks {
    /// Say who announces an address, the registered holder, and what kind of line it is
    ///
    /// Offline. What the table does not hold is unknown, which is no verdict: ask RDAP.
    Show(NetworksShow),
    /// Take over a newer table of networks
    ///
    /// Reads or downloads it, checks it against the one in force, and replaces that one whole or not at all.
    Update(NetworksUpdate),
}

/// `paraph networks show`.
#[derive(Args, Debug)]
pub struct NetworksShow {
    /// Where the configuration and the data are.
    #[command(flatten)]
    pub place: Place,
    /// The address, IPv4 or IPv6
    pub address: IpAddr,
    /// Answer as JSON
    #[arg(long)]
    pub json: bool,
}

/// `paraph networks update`.
#[derive(Args, Debug)]
pub struct NetworksUpdate {
    /// Where the configuration and the data are.
    #[command(flatten)]
    pub place: Place,
    /// A snapshot, a folder with asn-ipv4.csv, asn-ipv6.csv and, for countries, asn-country-ipv4.csv and asn-country-ipv6.csv, or an
    /// https address of either, a folder's with a slash at the end
    /// [default: where the open table is published]
    #[arg(long, value_name = "PATH-OR-URL")]
    pub from: Option<String>,
    /// Day of the table, where the folder does not say it
    #[arg(long, value_name = "YYYYMMDD", value_parser = clap::value_parser!(u32).range(20_000_101..=21_001_231))]
    pub date: Option<u32>,
    /// Write the snapshot to this file instead of the data directory
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Take it over although it is older or much smaller than the one in force
    #[arg(long)]
    pub force: bool,
    /// Answer as JSON
    #[arg(long)]
    pub json: bool,
}

/// `paraph fsck`.
#[derive(Args, Debug)]
pub struct Fsck {
    /// Where the configuration and the data are.
    #[command(flatten)]
    pub place: Place,
    /// Do not compare each index with its table
    #[arg(long)]
    pub quick: bool,
    /// Open every record, however many there are (else limits.fsck_records of them, evenly from the first to the last)
    #[arg(long)]
    pub all: bool,
    /// Remove keys that a crash left behind without a signature; no server may be running
    #[arg(long)]
    pub sweep: bool,
    /// Answer as JSON
    #[arg(long)]
    pub json: bool,
}

/// What the command line came to.
#[derive(Debug)]
pub enum Parsed {
    /// A command to carry out.
    Command(Command),
    /// Text that was asked for with `--help` or `--version`: print it, done.
    Text(String),
}

/// Parses the command line, the program's name first.
///
/// # Errors
/// It is wrong; the failure names the argument and the nearest way to mend it.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Parsed, Failure> {
    match Cli::try_parse_from(arguments) {
        Ok(cli) => Ok(Parsed::Command(cli.command)),
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            Ok(Parsed::Text(error.render().to_string()))
        }
        Err(error) => Err(wrong_usage(&error)),
    }
}

/// clap's own message in the two lines of every other error.
fn wrong_usage(error: &clap::Error) -> Failure {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return Failure::usage(
            "a command is missing",
            "`paraph --help` lists the commands; `paraph demo` is a start",
        );
    }
    let rendered = error.render().to_string();
    let first: Vec<&str> = rendered.lines().take_while(|line| !line.trim().is_empty()).collect();
    let what = first.join(" ");
    let suggested = [
        ContextKind::SuggestedSubcommand,
        ContextKind::SuggestedArg,
        ContextKind::SuggestedValue,
    ];
    let usage = rendered.lines().find_map(|line| line.strip_prefix("Usage: "));
    let hint = match (suggested.iter().find_map(|kind| error.get(*kind)), usage) {
        (Some(suggestion), _) => format!("did you mean {suggestion}? Add --help for what there is"),
        (None, Some(usage)) => format!("{usage}; add --help for what there is"),
        (None, None) => "add --help for what there is".to_owned(),
    };
    Failure::usage(what.strip_prefix("error: ").unwrap_or(&what), hint)
}

#[cfg(test)]
mod tests {
    use super::{Command, Parsed, parse};
    use crate::failure::{Exit, Failure};

    fn typed(line: &str) -> Result<Parsed, Failure> {
        parse(line.split(' ').map(Into::into))
    }

    #[test]
    fn the_commands_of_the_contract_are_understood() {
        for line in [
            "paraph demo --listen 127.0.0.1:0 --data d --scenario lockstep-218 --seed 7 --once --report r.json",
            "paraph serve --config f --data d --listen [::1]:80",
            "paraph check-config --json --config f",
            "paraph petition create --slug s --title T --text F --owner E --goal 10 --publish",
            "paraph petition list --json",
            "paraph petition show s",
            "paraph petition publish s",
            "paraph petition close s --data d",
            "paraph drill lockstep-218 --target http://127.0.0.1:8080 --petition s --seed 1 --honest-rate 0.5 \
             --duration 10m --report r.json",
            "paraph recount --petition s --json",
            "paraph shield list --json",
            "paraph shield ban 192.0.2.1 --for 2h --data d",
            "paraph shield unban 2001:db8::/64",
            "paraph shield flush",
            "paraph networks show 2001:db8::1 --json --data d",
            "paraph networks update --from F --date 20260617 --out F --force --json",
            "paraph fsck --quick --all --sweep --json --data d",
            "paraph backup --out DIR --data d --with-master-key --json",
            "paraph restore --from DIR --data DIR --keys DIR --erasures DIR --force --json",
        ] {
            let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(matches!(typed(&line), Ok(Parsed::Command(_))), "{line}");
        }
        assert!(matches!(typed("paraph --help"), Ok(Parsed::Text(_))));
        assert!(matches!(typed("paraph --version"), Ok(Parsed::Text(text)) if text.starts_with("paraph ")));
    }

    #[test]
    fn drill_list_needs_no_target_and_a_scenario_does() {
        let Ok(Parsed::Command(Command::Drill(drill))) = typed("paraph drill list") else {
            panic!("must parse")
        };
        assert!(drill.list.is_some() && drill.run.is_none());
        let failure = typed("paraph drill lockstep-218").expect_err("no target");
        assert!(failure.what.contains("--target"), "{failure}");
    }

    #[test]
    fn wrong_usage_is_two_lines_and_code_two() {
        for (line, what, hint) in [
            ("paraph", "a command is missing", "--help"),
            ("paraph sevre", "sevre", "serve"),
            ("paraph serve --datas x", "--datas", "--data"),
            ("paraph serve --listen nowhere", "nowhere", "--help"),
            ("paraph drill x --target t --petition p --duration 10d", "10d", "--help"),
            (
                "paraph drill x --target t --petition p --duration 0s",
                "between 1s and 24h",
                "--help",
            ),
            ("paraph demo --duration 99999h", "between 1s and 24h", "--help"),
            ("paraph demo --duration -5s", "-5", "--help"),
            (
                "paraph demo --honest-rate 1e9",
                "between 0 and 10000 a second",
                "--help",
            ),
            (
                "paraph demo --honest-rate NaN",
                "between 0 and 10000 a second",
                "--help",
            ),
            ("paraph demo --forged-rate=-1", "between 0 and 10000 a second", "--help"),
        ] {
            let failure = typed(line).expect_err("must be refused");
            assert_eq!(failure.exit, Exit::Usage);
            assert!(
                failure.what.contains(what) && failure.hint.contains(hint),
                "{line} -> {failure}"
            );
            assert_eq!(failure.to_string().lines().count(), 2, "{failure}");
        }
    }
}
