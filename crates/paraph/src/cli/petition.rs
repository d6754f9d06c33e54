//! What can be typed about petitions.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Place;
use crate::desk::draft::GOAL_MOST;

/// `paraph petition ...`.
#[derive(Debug, Subcommand)]
pub enum Petition {
    /// Create a petition, as a draft unless --publish is given
    Create(Box<PetitionCreate>),
    /// List all petitions with their states and counts
    List(PetitionList),
    /// Show one petition
    Show(PetitionOne),
    /// Adopt a new version of the text, or change what stands beside it
    ///
    /// Title, text and addressee are what people sign: changing one of them adopts a new version. Earlier versions stay on
    /// the page, with their date and what changed; who signed one of them has signed that one.
    Edit(Box<PetitionEdit>),
    /// Post an update: on the petition's page, in its feed, and by mail to those who asked for news
    ///
    /// Mails go out when no confirmation mail is waiting, once to each mailbox, and each holds a link that ends the news
    /// and leaves the signature.
    Update(PetitionUpdate),
    /// Open a draft for signing
    Publish(PetitionOne),
    /// Close one petition: its page and count stay, signing ends
    Close(PetitionOne),
    /// Discard a draft, with all that was written of it; its slug is free again
    Discard(PetitionOne),
}

/// `paraph petition create`.
#[derive(Args, Debug)]
pub struct PetitionCreate {
    /// Where the configuration and the data are.
    #[command(flatten)]
    pub place: Place,
    /// Last part of its address, as in /p/SLUG: lower-case letters, digits, hyphens
    #[arg(long)]
    pub slug: String,
    /// Title
    #[arg(long)]
    pub title: String,
    /// File that holds the text, UTF-8
    #[arg(long, value_name = "FILE")]
    pub text: PathBuf,
    /// Who launches it, as shown on the page
    #[arg(long)]
    pub owner: String,
    /// Language of the text [default: the site's first]
    #[arg(long, value_name = "CODE")]
    pub language: Option<String>,
    /// Number of signatures hoped for
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=GOAL_MOST))]
    pub goal: Option<u64>,
    /// To whom it is addressed
    #[arg(long, value_name = "NAME")]
    pub addressee: Option<String>,
    /// File of first signatories, one a line: name, a tab or " | ", in what quality
    #[arg(long, value_name = "FILE")]
    pub first_signatories: Option<PathBuf>,
    /// Address of a video, or of its page: nothing of it is loaded before a visitor asks
    #[arg(long, value_name = "URL")]
    pub video: Option<String>,
    /// Open it for signing at once
    #[arg(long)]
    pub publish: bool,
    /// Answer as JSON
    #[arg(long)]
    pub json: bool,
}

/// `paraph petition edit`.
#[derive(Args, Debug)]
pub struct PetitionEdit {
    /// Where the configuration and the data are.
    #[command(flatten)]
    pub place: Place,
    /// The petition
    #[arg(long)]
    pub slug: String,
    /// New title: a new version
    #[arg(long)]
    pub title: Option<String>,
    /// File that holds the new text, UTF-8: a new version
    #[arg(long, value_name = "FILE")]
    pub text: Option<PathBuf>,
    /// To whom it is addressed: a new version; empty for nobody
    #[arg(long, value_name = "NAME")]
    pub addressee: Option<String>,
    /// File of first signatories, one a line: name, a tab or " | ", in what quality; an empty file removes the list
    #[arg(long, value_name = "FILE")]
    pub first_signatories: Option<PathBuf>,
    /// Address of a video, or of its page; empty removes it
    #[arg(long, value_name = "URL")]
    pub video: Option<String>,
    /// Answer as JSON
    #[arg(long)]
    pub json: bool,
}

/// `paraph petition update`.
#[derive(Args, Debug)]
pub struct PetitionUpdate {
    /// Where the configuration and the data are.
    #[command(flatten)]
    pub place: Place,
    /// The petition
    #[arg(long)]
    pub slug: String,
    /// Title, the subject of the mail
    #[arg(long)]
    pub title: String,
    /// File that holds the text, UTF-8
    #[arg(long, value_name = "FILE")]
    pub text: PathBuf,
    /// Only show it: mail it to nobody
    #[arg(long)]
    pub no_mail: bool,
    /// Answer as JSON
    #[arg(long)]
    pub json: bool,
}

/// `paraph petition list`.
#[derive(Args, Debug)]
pub struct PetitionList {
    /// Where the configuration and the data are.
    #[command(flatten)]
    pub place: Place,
    /// Answer as JSON
    #[arg(long)]
    pub json: bool,
}

/// `paraph petition show`, `publish` and `close`.
#[derive(Args, Debug)]
pub struct PetitionOne {
    /// Where the configuration and the data are.
    #[command(flatten)]
    pub place: Place,
    /// The petition, by its slug
    pub slug: String,
    /// Answer as JSON
    #[arg(long)]
    pub json: bool,
}
