//! `paraph incident ...`

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

use super::Place;

/// `paraph incident ...`.
#[derive(Debug, Subcommand)]
pub enum Incident {
    /// List incidents, findings that wait for you, and the verdicts that were given, the latest first
    List(IncidentAll),
    /// Show one incident: what was seen, decided and written down, by whom
    Show(IncidentOne),
    /// Show one verdict with its evidence
    Verdict(IncidentVerdict),
    /// Write a line into the shift log of the latest incident
    Note(IncidentNote),
    /// Set signatures aside until someone looks; they leave the count
    Hold(Box<IncidentMotion>),
    /// Let held signatures stand again
    Release(Box<IncidentMotion>),
    /// Judge that signatures do not count
    Invalidate(Box<IncidentMotion>),
    /// Take an invalidation back
    Reinstate(Box<IncidentMotion>),
    /// Ask held people by mail, once; what they answer waits for your decision
    SecondWay(IncidentAsk),
    /// Let more be held without you, for a while, in the incident that is open
    RaiseCap(IncidentCap),
}

/// `paraph incident list`.
#[derive(Args, Debug)]
pub struct IncidentAll {
    /// Where the configuration and the data are.
    #[command(flatten)]
    pub place: Place,
    /// Answer as JSON
    #[arg(long)]
    pub json: bool,
}

/// `paraph incident show`.
#[derive(Args, Debug)]
pub struct IncidentOne {
    /// Where the configuration and the data are.
    #[command(flatten)]
    pub place: Place,
    /// The incident, by its number
    pub incident: u64,
    /// Answer as JSON
    #[arg(long)]
    pub json: bool,
}

/// `paraph incident note`.
#[derive(Args, Debug)]
pub struct IncidentNote {
    /// Where the configuration and the data are.
    #[command(flatten)]
    pub place: Place,
    /// The incident, by its number
    pub incident: u64,
    /// What you saw or did; no names, no addresses
    pub text: String,
    /// Answer as JSON
    #[arg(long)]
    pub json: bool,
}

/// `paraph incident verdict`.
#[derive(Args, Debug)]
pub struct IncidentVerdict {
    /// Where the configuration and the data are.
    #[command(flatten)]
    pub place: Place,
    /// The verdict, by its number
    pub verdict: u64,
    /// Answer as JSON
    #[arg(long)]
    pub json: bool,
}

/// `paraph incident second-way`.
///
/// Shows whom it would reach, with samples. Nobody is asked without --yes. Mails leave slowly; those that have not left can be
/// called back. Nobody is asked twice, nor who said "it wasn't me" or took a signature back. Answers release nobody: see
/// `paraph incident release --answered`.
#[derive(Args, Debug)]
pub struct IncidentAsk {
    /// Where the configuration and the data are.
    #[command(flatten)]
    pub place: Place,
    /// The incident, by its number
    pub incident: u64,
    /// Held by this verdict; several may be given. Without it, all that were held in the incident
    #[arg(long, value_name = "NUMBER", conflicts_with = "finding")]
    pub verdict: Vec<u64>,
    /// Held for this finding, as `paraph incident show` names it
    #[arg(long, value_name = "NAME")]
    pub finding: Option<String>,
    /// Call those mails back that have not left
    #[arg(long, conflicts_with_all = ["verdict", "finding", "yes"])]
    pub call_back: bool,
    /// Do it; without this nobody is asked
    #[arg(long)]
    pub yes: bool,
    /// Answer as JSON
    #[arg(long)]
    pub json: bool,
}

/// `paraph incident raise-cap`.
#[derive(Args, Debug)]
pub struct IncidentCap {
    /// Where the configuration and the data are.
    #[command(flatten)]
    pub place: Place,
    /// The incident, by its number; it has to be open
    pub incident: u64,
    /// Signatures that may be held in an hour without a person
    #[arg(long, value_name = "NUMBER", required_unless_present = "lower")]
    pub to: Option<u64>,
    /// For so many minutes; limits.cap_raised_minutes if not given
    #[arg(long, value_name = "MINUTES")]
    pub minutes: Option<u64>,
    /// Let limits.holds_per_hour be in force again
    #[arg(long, conflicts_with_all = ["to", "minutes"])]
    pub lower: bool,
    /// Answer as JSON
    #[arg(long)]
    pub json: bool,
}

/// `paraph incident hold`, `release`, `invalidate` and `reinstate`.
///
/// Shows what the verdict would do: how many signatures, how they stand, five samples, how many honest people it may catch.
/// Nothing is changed without --yes; with --expect, only what that preview showed.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("whom").required(true).args(["petition", "undo"]))]
pub struct IncidentMotion {
    /// Where the configuration and the data are.
    #[command(flatten)]
    pub place: Place,
    /// The petition, by its slug
    #[arg(long)]
    pub petition: Option<String>,
    /// Signed at or after this time, as in 2026-11-22T02:41:00Z
    #[arg(long, value_name = "TIME", conflicts_with = "undo")]
    pub from: Option<String>,
    /// Signed before this time
    #[arg(long, value_name = "TIME", conflicts_with = "undo")]
    pub to: Option<String>,
    /// From this network: the number of who announces it, as in AS64496, or an address, which stands for its /24 or /64
    #[arg(long, value_name = "NETWORK", conflicts_with = "undo")]
    pub network: Option<String>,
    /// With a mailbox at this domain, or below it if it is a registered one
    #[arg(long, value_name = "DOMAIN", conflicts_with = "undo")]
    pub domain: Option<String>,
    /// With a comment that comes down to the same template as the text in this file
    #[arg(long, value_name = "FILE", conflicts_with = "undo")]
    pub comment: Option<PathBuf>,
    /// Judged by this verdict; several may be given
    #[arg(long, value_name = "NUMBER", conflicts_with = "undo")]
    pub verdict: Vec<u64>,
    /// Member of this finding, as `paraph incident show` names it: held for it, or waiting to be; of one that only asks,
    /// who was looked at
    #[arg(long, value_name = "NAME", conflicts_with = "undo")]
    pub finding: Option<String>,
    /// Answered the mail that asked held people in this incident
    #[arg(long, value_name = "INCIDENT", conflicts_with = "undo")]
    pub answered: Option<u64>,
    /// Of these, only those whose answers are not alike
    #[arg(long, requires = "answered")]
    pub apart: bool,
    /// Take this verdict back, for all whom it judged
    #[arg(long, value_name = "NUMBER")]
    pub undo: Option<u64>,
    /// Why: lockstep, machine, same-person or disowned to hold or invalidate; reviewed, answered or mistake to release or
    /// reinstate
    #[arg(long, value_name = "REASON")]
    pub reason: Option<String>,
    /// What you saw, in a sentence; no names, no addresses
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// Only if it would judge exactly so many, as the preview said; or else look again
    #[arg(long, value_name = "NUMBER", requires = "yes")]
    pub expect: Option<u64>,
    /// Do it; without this nothing is changed
    #[arg(long, requires = "note")]
    pub yes: bool,
    /// Answer as JSON
    #[arg(long)]
    pub json: bool,
}
