//! What can be typed about the front door: bans, read-only mode, how it stands, and a copy of its pages.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::Place;
use super::amount::duration;

/// `paraph shield ...`.
#[derive(Debug, Subcommand)]
pub enum Shield {
    /// List the bans in force, the one that ends next first
    List(ShieldAll),
    /// Ban an address or prefix: IPv4 /32 or /24, IPv6 /64 or /48
    Ban(ShieldBan),
    /// Lift one ban, at once and everywhere
    Unban(ShieldOne),
    /// Lift every ban, at once and everywhere
    Flush(ShieldAll),
    /// Tell bans to CrowdSec, or no longer; the decision goes on record
    #[command(name = "crowdsec")]
    CrowdSec(ShieldShare),
}

/// `paraph shield list` and `flush`.
#[derive(Args, Debug)]
pub struct ShieldAll {
    /// Where the configuration and the data are.
    #[command(flatten)]
    pub place: Place,
    /// Answer as JSON
    #[arg(long)]
    pub json: bool,
}

/// `paraph shield unban`.
#[derive(Args, Debug)]
pub struct ShieldOne {
    /// Where the configuration and the data are.
    #[command(flatten)]
    pub place: Place,
    /// Address or prefix; an IPv6 address stands for its /64
    pub net: String,
    /// Answer as JSON
    #[arg(long)]
    pub json: bool,
}

/// `paraph shield ban`.
#[derive(Args, Debug)]
pub struct ShieldBan {
    /// Where the configuration and the data are.
    #[command(flatten)]
    pub place: Place,
    /// Address or prefix; an IPv6 address stands for its /64
    pub net: String,
    /// How long, as in 90s, 10m or 2h, a week at most [default: as long as it has earned by now]
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub period: Option<Duration>,
    /// Answer as JSON
    #[arg(long)]
    pub json: bool,
}

/// `paraph shield crowdsec`.
#[derive(Args, Debug)]
pub struct ShieldShare {
    /// Where the configuration and the data are.
    #[command(flatten)]
    pub place: Place,
    /// Which it should be [default: as it is]
    pub switch: Option<Switch>,
    /// Answer as JSON
    #[arg(long)]
    pub json: bool,
}

/// `paraph read-only`.
#[derive(Args, Debug)]
pub struct ReadOnly {
    /// Where the configuration and the data are.
    #[command(flatten)]
    pub place: Place,
    /// Which it should be [default: as it is]
    pub switch: Option<Switch>,
    /// Answer as JSON
    #[arg(long)]
    pub json: bool,
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// On.
    On,
    /// Off.
    Off,
}

/// `paraph door`.
#[derive(Args, Debug)]
pub struct Door {
    /// Where the configuration and the data are.
    #[command(flatten)]
    pub place: Place,
    /// Say it again every second, until interrupted
    #[arg(long)]
    pub watch: bool,
    /// Answer as JSON
    #[arg(long)]
    pub json: bool,
}

/// `paraph export`.
#[derive(Args, Debug)]
pub struct Export {
    /// Where the configuration and the data are.
    #[command(flatten)]
    pub place: Place,
    /// Directory to write the pages to; made if it is not there
    #[arg(long = "static", value_name = "DIR")]
    pub directory: PathBuf,
    /// Answer as JSON
    #[arg(long)]
    pub json: bool,
}
