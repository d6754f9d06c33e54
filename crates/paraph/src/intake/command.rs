//! What can be asked of the one writer, and what it answers.

use std::time::Duration;

use paraph_tally::{Author, End, MailboxId, Millis, PetitionId, SignatureId, VerdictKind, WithdrawnBy};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::Unavailable;
use crate::desk::command::{DeskAnswer, DeskCommand, MemberId};
use crate::incident::book::Incident;
use crate::incident::log::Entry;
use crate::ledger::content::FirstSignatory;
use crate::mail::bounce::Bounced;
use crate::mail::stop::Wish;
use crate::store::erasures::Erasure;

/// Where an answer goes. A writer that cannot make a batch durable answers every command of it with [`Unavailable`].
pub type Reply<T> = oneshot::Sender<Result<T, Unavailable>>;

/// One thing asked of the writer.
#[derive(Debug)]
pub enum Command {
    /// Take a contribution in.
    Sign(Box<Sign>, Reply<SignAnswer>),
    /// The mailbox's holder pressed the button, from where scrutiny may know; nothing where that is not known.
    Confirm(SignatureId, Vec<u8>, Reply<ConfirmAnswer>),
    /// Take back every confirmed signature of this one's mailbox.
    Withdraw(SignatureId, WithdrawnBy, Reply<WithdrawAnswer>),
    /// "It wasn't me", with what is to become of the record.
    Disown(SignatureId, Keeping, Reply<DisownAnswer>),
    /// Something about a petition.
    Petition(Box<PetitionCommand>, Reply<PetitionAnswer>),
    /// Something done at the desk.
    Desk(Box<DeskCommand>, Reply<DeskAnswer>),
    /// A judgement on a set of signatures.
    Judge(Box<Judgement>, Reply<JudgeAnswer>),
    /// Keep incidents as they stand now, with a line for the shift log of the last of them: by whom, and what.
    KeepIncidents(Vec<Incident>, Option<(Option<MemberId>, Entry, String)>, Reply<()>),
    /// Settle, expire, erase, publish.
    Tick(Reply<Ticked>),
    /// Erase again what a restored backup brought back.
    Replay(Vec<Erasure>, Reply<u64>),
    /// Held signatures of an incident are to be asked by mail.
    OfferSecondWay(u64, Vec<Offer>, Reply<u64>),
    /// Mails of an incident to held people that have not left are called back.
    CallBackSecondWay(u64, Reply<u64>),
    /// A held person pressed the button behind that mail, from where scrutiny may know.
    AnswerSecondWay(SignatureId, Vec<u8>, Reply<SecondWayAnswer>),
    /// Hand out up to this many mails that are due and within their budgets.
    ClaimMail(u64, Reply<Vec<ClaimedMail>>),
    /// What whoever reads a mailbox wants of our mail.
    StopMail(Wish, Reply<()>),
    /// Letters that came back.
    Bounced(Vec<Bounced>, Reply<()>),
    /// What became of mails that were handed out.
    MailDone(Vec<(ClaimedMail, MailOutcome)>, Reply<()>),
    /// Hand out up to this many mails of updates, if no other mail is due.
    ClaimNews(u64, Reply<Vec<ClaimedNews>>),
    /// What became of them.
    NewsDone(Vec<(ClaimedNews, MailOutcome)>, Reply<()>),
}

/// A contribution, sealed, on its way into the journal.
#[derive(Clone, Debug)]
pub struct Sign {
    /// Its name from now on.
    pub id: SignatureId,
    /// The petition.
    pub petition: PetitionId,
    /// Nonce of the clearance or ticket.
    pub nonce: [u8; 16],
    /// MAC of the body that it came with.
    pub body_mac: [u8; 16],
    /// When the nonce would have run out.
    pub nonce_expires: Millis,
    /// Tag of petition and canonical address.
    pub mailbox_tag: [u8; 16],
    /// Tag of the canonical address over all petitions.
    pub address_tag: [u8; 16],
    /// The address was typed in another spelling than its mailbox's own ([`crate::admit::email::Email::spelt`]).
    pub otherwise: bool,
    /// Version of the text that was on the page.
    pub text_version: u16,
    /// What was asked for beside signing.
    pub choices: Choices,
    /// The record, sealed.
    pub sealed: Vec<u8>,
    /// Its key, wrapped.
    pub wrapped: Vec<u8>,
    /// Pseudonymous observations.
    pub features: Vec<u8>,
}

/// What a form may ask for beside signing. The name itself stays sealed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    /// The name may be shown.
    pub name: bool,
    /// News of the petition are wanted.
    pub news: bool,
}

/// What became of a contribution. Outside, the first two look the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignAnswer {
    /// Taken in, durably.
    Admitted,
    /// The same body came with the same nonce before: taken in then.
    Repeat,
    /// The nonce was spent on another body.
    NonceSpent,
    /// The petition does not take signatures.
    NotOpen,
    /// As many contributions wait as the bounds allow.
    Full,
}

/// What became of a confirmation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfirmAnswer {
    /// Confirmed, now or before.
    Confirmed {
        /// Time of the event in the journal.
        at: Millis,
        /// Another signature of this mailbox stands already; the mailbox counts once.
        already: bool,
    },
    /// It had come to an end before.
    Ended(End),
    /// There is no such contribution.
    Unknown,
}

/// What became of a withdrawal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WithdrawAnswer {
    /// What its mailbox had confirmed is withdrawn, now or before.
    Withdrawn {
        /// Time of the event; nothing, when it was withdrawn before.
        at: Option<Millis>,
    },
    /// It was never confirmed and has never counted, nor does anything else of its mailbox stand: what waited is erased.
    Erased,
    /// Its reader had said that it was not them.
    Disowned,
    /// There is no such contribution.
    Unknown,
}

/// What becomes of the record of a disowned contribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// Everything is erased.
    Erase,
    /// It is kept, sealed, for the holder's own complaint.
    KeepForComplaint,
}

/// What became of "it wasn't me".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisownAnswer {
    /// Disowned, now or before.
    Disowned(Disowned),
    /// There is no such contribution.
    Unknown,
}

/// What somebody has disowned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Disowned {
    /// Contributions that this request ended.
    pub ended: u64,
    /// Something is kept for the holder's complaint: not if it had been erased before.
    pub kept: bool,
    /// It had been confirmed, and with it went all that its mailbox had confirmed.
    pub confirmed: bool,
    /// It had not, and something else that its mailbox confirmed stays.
    pub stands: bool,
}

/// Something about a petition.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum PetitionCommand {
    /// A new draft.
    Create {
        /// Its name in addresses.
        slug: String,
        /// Who launches it.
        owner: String,
        /// Language of its text.
        language: String,
        /// Signatures hoped for.
        goal: Option<u64>,
        /// Title of version 1.
        title: String,
        /// Body of version 1.
        body: String,
        /// SHA-256 of the consent sentences in force.
        consent_hash: [u8; 32],
        /// Whether it opens at once.
        publish: bool,
        /// Seconds between confirmation and count.
        settle_after_seconds: u32,
        /// What stands beside the text.
        details: Details,
    },
    /// Adopts a new version of the text, or changes what stands beside it.
    Edit(Edit),
    /// Posts an update.
    Post(Post),
    /// Opens a draft.
    Publish {
        /// Its slug.
        slug: String,
        /// Seconds between confirmation and count.
        settle_after_seconds: u32,
    },
    /// Takes no more signatures.
    Close {
        /// Its slug.
        slug: String,
    },
    /// Gives a draft up.
    Discard {
        /// Its slug.
        slug: String,
    },
}

/// What an author may add to a new petition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// To whom it is addressed; may be empty. Part of version 1 of the text.
    pub addressee: String,
    /// Named by the author, in this order.
    pub first_signatories: Vec<FirstSignatory>,
    /// Address of a video or of its page; may be empty.
    pub video: String,
}

/// A change. `None` leaves as it is; an empty text or list removes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// The petition's slug.
    pub slug: String,
    /// Title of the next version.
    pub title: Option<String>,
    /// Body of the next version.
    pub body: Option<String>,
    /// Addressee of the next version.
    pub addressee: Option<String>,
    /// First signatories.
    pub first_signatories: Option<Vec<FirstSignatory>>,
    /// Video.
    pub video: Option<String>,
    /// What can be chosen anew only as long as it is a draft.
    #[serde(default)]
    pub head: Option<Head>,
    /// SHA-256 of the consent sentences in force.
    pub consent_hash: [u8; 32],
}

/// What stands above a text, and cannot change once people have its address and have signed under it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Name in addresses.
    pub slug: String,
    /// Who launches it.
    pub owner: String,
    /// Code of the text's language.
    pub language: String,
    /// Signatures hoped for.
    pub goal: Option<u64>,
}

/// An update by the author.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// The petition's slug.
    pub slug: String,
    /// Title.
    pub title: String,
    /// Text, with the little markup of petitions.
    pub body: String,
    /// Whether it is mailed to those who asked for news.
    pub mail: bool,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PetitionAnswer {
    /// Done.
    Done,
    /// The slug is taken.
    SlugTaken,
    /// No petition has this slug.
    Unknown,
    /// It is not open.
    NotOpen,
    /// It is not a draft.
    NotDraft,
    /// Changed; the version of the text that is in force now, and whether it is a new one.
    Edited {
        /// The version in force.
        version: u16,
        /// Whether this command adopted it.
        adopted: bool,
    },
    /// Nothing of it was different.
    Unchanged,
    /// It is closed: its text stands.
    Closed,
    /// Posted, under this number; mailed to at most so many mailboxes.
    Posted {
        /// 1, 2, 3…
        number: u32,
        /// Mailboxes that asked for news and get this: none that stopped them since.
        subscribers: u64,
    },
    /// As many versions or updates as the bounds allow, which are these many.
    Full(u64),
}

/// A judgement on a set of signatures of one petition.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// The petition.
    pub petition: PetitionId,
    /// Which way.
    pub kind: VerdictKind,
    /// Code of a [`Reason`](super::verdict::reason::Reason) for such a verdict.
    pub reason: u16,
    /// The program, or a person by the random name of the account.
    pub author: Author,
    /// What was seen, as JSON without personal data, at most `limits.evidence_bytes`. It is stored; its SHA-256 stands in
    /// the event.
    pub evidence: Vec<u8>,
    /// What the author says about it; without personal data, and as bounded.
    pub note: String,
    /// Position of the verdict that is taken back.
    pub undoes: Option<u64>,
    /// Whoever's standing allows it is judged; the others are left out, and counted in the answer.
    pub set: Vec<SignatureId>,
}

/// What became of a judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JudgeAnswer {
    /// Given, as one event.
    Judged {
        /// Position of the event: what the verdict is called when it is taken back.
        position: u64,
        /// Signatures that it judges.
        judged: u64,
        /// Of those asked for: unknown, of another petition, or standing so that it does not apply.
        left_out: u64,
    },
    /// There was nobody to be judged.
    Nothing,
    /// It cannot be given like this.
    Malformed(Malformed),
}

/// What is wrong with a judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Malformed {
    /// The reason is none, or none for such a verdict.
    #[error("this reason is not one for such a verdict")]
    Reason,
    /// More than `limits.verdict_signatures`.
    #[error("more signatures than limits.verdict_signatures")]
    TooMany,
    /// Evidence or note of more than `limits.evidence_bytes`.
    #[error("evidence or note longer than limits.evidence_bytes")]
    TooLong,
}

/// What a tick did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ticked {
    /// Signatures that entered the count.
    pub settled: u64,
    /// Contributions that nobody confirmed in time.
    pub expired: u64,
    /// Records whose key was destroyed.
    pub erased: u64,
}

/// A held signature whose mailbox is to be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The signature.
    pub signature: SignatureId,
    /// Tag of its address.
    pub address: [u8; 16],
    /// Tag of its mail domain.
    pub domain: [u8; 16],
    /// Whether that is a large provider.
    pub common: bool,
}

/// What became of a press behind a mail of the second way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondWayAnswer {
    /// It is recorded, now or before. A person decides.
    Answered,
    /// The signature had come to an end before.
    Ended(End),
    /// Nobody was asked about such a signature.
    Unknown,
}

/// What a mail is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailKind {
    /// It asks to confirm a signature.
    Confirmation,
    /// It asks a held person, once.
    SecondWay,
}

/// Name of a mail in the outbox.
pub type MailId = [u8; 16];

/// A mail that is due; its budget is spent, durably, before anyone sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimedMail {
    /// Its name.
    pub id: MailId,
    /// What it is about.
    pub kind: MailKind,
    /// The contribution that it speaks of.
    pub signature: SignatureId,
    /// Tag of the address that it goes to.
    pub address: [u8; 16],
    /// How often it was tried before.
    pub attempts: u32,
}

/// A mail of an update that is due; its budget is spent, durably, before anyone sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimedNews {
    /// The petition.
    pub petition: PetitionId,
    /// Which of its updates.
    pub number: u32,
    /// The mailbox that asked for news.
    pub mailbox: MailboxId,
    /// With this signature.
    pub signature: SignatureId,
    /// Tag of the address that it goes to.
    pub address: [u8; 16],
    /// When the mail was made.
    pub made_at: Millis,
    /// How often it was tried before.
    pub attempts: u32,
}

/// What became of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailOutcome {
    /// The mail server has taken it.
    Sent,
    /// The same, for another spelling of its address, of this tag ([`crate::mail::stop::AddressTags::spelt`]).
    SentTo([u8; 16]),
    /// To be tried again, not before this long from now: the outbox goes by the journal's time, a mailer by the wall clock.
    Later(Duration),
    /// It will never arrive, or there is nobody to send it to any more.
    GivenUp,
}
