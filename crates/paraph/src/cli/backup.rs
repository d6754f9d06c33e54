//! What can be typed about backups: taking one, and the way back.

use std::path::PathBuf;

use clap::Args;

use super::Place;

/// `paraph backup`.
#[derive(Args, Debug)]
pub struct Backup {
    /// Where the configuration and the data are.
    #[command(flatten)]
    pub place: Place,
    /// Where the backup goes; empty or absent
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Put the master key beside the keys: the backup then opens every record by itself
    #[arg(long)]
    pub with_master_key: bool,
    /// Answer as JSON
    #[arg(long)]
    pub json: bool,
}

/// `paraph restore`.
#[derive(Args, Debug)]
pub struct Restore {
    /// Where the configuration is; --data names the new data directory, empty or absent.
    #[command(flatten)]
    pub place: Place,
    /// The backup
    #[arg(long, value_name = "DIR")]
    pub from: PathBuf,
    /// The half with the keys, where it lies elsewhere [default: keys in --from]
    #[arg(long, value_name = "DIR")]
    pub keys: Option<PathBuf>,
    /// A data directory that still knows what was erased since the backup, or what is left of it
    #[arg(long, value_name = "DIR")]
    pub erasures: Option<PathBuf>,
    /// Go on although lines of erasures.log cannot be read: whom they named is back
    #[arg(long)]
    pub force: bool,
    /// Answer as JSON
    #[arg(long)]
    pub json: bool,
}
