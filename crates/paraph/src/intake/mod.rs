//! Intake: the durable hand-over of commands to the one writer.
//!
//! Embedded, the hand-over is a bounded queue to a thread that commits in groups: an answer is given only when the
//! commit that holds it is on the disk.

mod ahead;
pub mod command;
mod content;
mod decide;
mod desk;
mod house;
pub(crate) mod mailing;
mod names;
mod news;
mod petitions;
pub mod replay;
pub mod seal;
pub mod second_way;
pub(crate) mod start;
pub(crate) mod tick;
mod time;
pub mod verdict;
mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use paraph_tally::{Millis, SignatureId, WithdrawnBy};
use tokio::sync::{mpsc, oneshot};

pub use writer::{StartError, Writer, WriterSettings};

use crate::alerts::watch::MailPulse;
use crate::clock;
use crate::desk::command::{DeskAnswer, DeskCommand, MemberId, Wish as DeskWish};
use crate::incident::book::Incident;
use crate::incident::log::Entry;
use crate::ledger::judged::Judged;
use crate::mail::bounce::Bounced;
use crate::mail::stop::Wish;
#[cfg(any(test, fuzzing))]
use crate::store::Files;
use crate::store::erasures::Erasure;
use crate::store::room::Room;
use command::{
    ClaimedMail, ClaimedNews, Command, ConfirmAnswer, DisownAnswer, JudgeAnswer, Judgement, Keeping, MailOutcome,
    Offer, PetitionAnswer, PetitionCommand, Reply, SecondWayAnswer, Sign, SignAnswer, Ticked, WithdrawAnswer,
};

/// The writer cannot make anything durable now: its queue is full, its disk refuses, or it has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nothing can be recorded at the moment")]
pub struct Unavailable;

/// A way to the writer.
#[derive(Clone, Debug)]
pub struct Intake {
    queue: mpsc::Sender<Command>,
    refusing: Arc<AtomicBool>,
    erasures_wait: Arc<AtomicBool>,
    room: Arc<Room>,
    mail: Arc<MailPulse>,
    judged: Judged,
}

/// A place in the queue, taken before the costly part of admission so that no work is done for an answer of 503.
#[derive(Debug)]
pub struct Slot(mpsc::OwnedPermit<Command>);

impl Slot {
    /// Hands a contribution over and waits until it is durable.
    ///
    /// # Errors
    /// It could not be made durable; nothing may be told to the signatory but to try again.
    pub async fn sign(self, sign: Box<Sign>) -> Result<SignAnswer, Unavailable> {
        let (reply, answer) = oneshot::channel();
        self.0.send(Command::Sign(sign, reply));
        in_time(PATIENCE, answer).await
    }
}

impl Intake {
    /// A way to a writer that is gone.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn to_nobody() -> Self {
        Self {
            queue: mpsc::channel(1).0,
            refusing: Arc::default(),
            erasures_wait: Arc::default(),
            room: Arc::new(Room::new(Files::of(std::path::Path::new(".")))),
            mail: Arc::default(),
            judged: Judged::default(),
        }
    }

    /// Reserves a place for a contribution.
    ///
    /// # Errors
    /// The queue is full.
    pub fn reserve(&self) -> Result<Slot, Unavailable> {
        self.queue
            .clone()
            .try_reserve_owned()
            .map(Slot)
            .map_err(|_| Unavailable)
    }

    /// Confirms a contribution, from where nobody knows; as [`Intake::confirm_from`].
    ///
    /// # Errors
    /// It could not be made durable.
    pub async fn confirm(&self, signature: SignatureId) -> Result<ConfirmAnswer, Unavailable> {
        self.confirm_from(signature, Vec::new()).await
    }

    /// Confirms a contribution; the same answer however often it is asked. `from` is what scrutiny may know of where the
    /// request came from; it is kept with the first of them.
    ///
    /// # Errors
    /// It could not be made durable.
    pub async fn confirm_from(&self, signature: SignatureId, from: Vec<u8>) -> Result<ConfirmAnswer, Unavailable> {
        self.ask(|reply| Command::Confirm(signature, from, reply)).await
    }

    /// Takes back every confirmed signature of this one's mailbox on its petition.
    ///
    /// # Errors
    /// It could not be made durable.
    pub async fn withdraw(&self, signature: SignatureId, by: WithdrawnBy) -> Result<WithdrawAnswer, Unavailable> {
        self.ask(|reply| Command::Withdraw(signature, by, reply)).await
    }

    /// "It wasn't me": ends this contribution and all others that wait for its mailbox on the petition.
    ///
    /// # Errors
    /// It could not be made durable.
    pub async fn disown(&self, signature: SignatureId, keeping: Keeping) -> Result<DisownAnswer, Unavailable> {
        self.ask(|reply| Command::Disown(signature, keeping, reply)).await
    }

    /// Creates or closes a petition.
    ///
    /// # Errors
    /// It could not be made durable.
    pub async fn petition(&self, command: PetitionCommand) -> Result<PetitionAnswer, Unavailable> {
        self.ask(|reply| Command::Petition(Box::new(command), reply)).await
    }

    /// Does something at the desk.
    ///
    /// # Errors
    /// It could not be made durable.
    pub async fn desk(&self, by: Option<MemberId>, wish: DeskWish) -> Result<DeskAnswer, Unavailable> {
        let command = Box::new(DeskCommand { by, wish });
        self.ask(|reply| Command::Desk(command, reply)).await
    }

    /// Judges a set of signatures, in one event that is durable before this returns.
    ///
    /// # Errors
    /// It could not be made durable.
    pub async fn judge(&self, mut judgement: Judgement) -> Result<JudgeAnswer, Unavailable> {
        let sorted = tokio::task::spawn_blocking(move || {
            judgement.set.sort_unstable();
            judgement.set.dedup();
            judgement
        });
        let judgement = Box::new(sorted.await.map_err(|_| Unavailable)?);
        self.ask_for(PATIENCE_OF_JUDGES, |reply| Command::Judge(judgement, reply))
            .await
    }

    /// Keeps incidents as they stand now, in one commit, with a line for the shift log of the last of them: by whom (`None`: at the
    /// command line) and what.
    ///
    /// # Errors
    /// It could not be made durable.
    pub async fn keep_incidents(
        &self,
        incidents: Vec<Incident>,
        line: Option<(Option<MemberId>, Entry, String)>,
    ) -> Result<(), Unavailable> {
        self.ask(|reply| Command::KeepIncidents(incidents, line, reply)).await
    }

    /// What is left of the disk; while that is too little, nothing new should be asked for.
    #[must_use]
    pub fn room(&self) -> &Room {
        &self.room
    }

    /// What readers of rows ask, for the verdict whose rows still follow.
    #[must_use]
    pub fn judged(&self) -> Judged {
        self.judged.clone()
    }

    /// Settles what is due, expires what is old, destroys the keys of erased records and publishes the count.
    ///
    /// # Errors
    /// It could not be made durable.
    pub async fn tick(&self) -> Result<Ticked, Unavailable> {
        self.ask(Command::Tick).await
    }

    /// Ends and erases again what was erased since a backup, keys included; for a restore. How many still stood.
    ///
    /// # Errors
    /// It could not be made durable.
    pub async fn replay(&self, erasures: Vec<Erasure>) -> Result<u64, Unavailable> {
        self.ask(|reply| Command::Replay(erasures, reply)).await
    }

    /// Takes up to `most` mails that are due.
    ///
    /// # Errors
    /// Their budgets could not be spent durably.
    pub async fn claim_mail(&self, most: u64) -> Result<Vec<ClaimedMail>, Unavailable> {
        self.ask(|reply| Command::ClaimMail(most, reply)).await
    }

    /// Puts mails of the second way into the outbox, for held signatures of an incident. How many: none to who was asked
    /// before, is not held any more, or has said what they want.
    ///
    /// # Errors
    /// It could not be made durable.
    pub async fn offer_second_way(&self, incident: u64, offers: Vec<Offer>) -> Result<u64, Unavailable> {
        self.ask(|reply| Command::OfferSecondWay(incident, offers, reply)).await
    }

    /// Calls those mails of an incident back that have not left.
    ///
    /// # Errors
    /// It could not be made durable.
    pub async fn call_back_second_way(&self, incident: u64) -> Result<u64, Unavailable> {
        self.ask(|reply| Command::CallBackSecondWay(incident, reply)).await
    }

    /// Somebody pressed the button behind a mail of the second way; the same answer however often it is asked.
    ///
    /// # Errors
    /// It could not be made durable.
    pub async fn answer_second_way(
        &self,
        signature: SignatureId,
        from: Vec<u8>,
    ) -> Result<SecondWayAnswer, Unavailable> {
        self.ask(|reply| Command::AnswerSecondWay(signature, from, reply)).await
    }

    /// Stops mail of a kind to an address, or allows it again.
    ///
    /// # Errors
    /// It could not be made durable.
    pub async fn stop_mail(&self, wish: Wish) -> Result<(), Unavailable> {
        self.ask(|reply| Command::StopMail(wish, reply)).await
    }

    /// Records that letters came back.
    ///
    /// # Errors
    /// It could not be made durable.
    pub async fn bounced(&self, bounced: Vec<Bounced>) -> Result<(), Unavailable> {
        self.ask(|reply| Command::Bounced(bounced, reply)).await
    }

    /// Tells what became of mails.
    ///
    /// # Errors
    /// It could not be made durable; the mails will be tried again when their claim runs out.
    pub async fn mail_done(&self, outcomes: Vec<(ClaimedMail, MailOutcome)>) -> Result<(), Unavailable> {
        let any = |wanted: fn(&MailOutcome) -> bool| outcomes.iter().any(|(_, outcome)| wanted(outcome));
        let sent = any(|outcome| matches!(outcome, MailOutcome::Sent | MailOutcome::SentTo(_)));
        self.mail.note(
            sent,
            any(|outcome| matches!(outcome, MailOutcome::Later(_))),
            clock::now(),
        );
        self.ask(|reply| Command::MailDone(outcomes, reply)).await
    }

    /// Whether the keys of erased records cannot be destroyed.
    #[must_use]
    pub fn erasures_wait(&self) -> bool {
        self.erasures_wait.load(Ordering::Relaxed)
    }

    /// Notes that a mailbox refused a mail for good.
    pub fn mail_refused(&self) {
        self.mail.refused(clock::now());
    }

    /// Since when every mail that was tried has failed; `None` while mail leaves.
    #[must_use]
    pub fn mail_failing_since(&self) -> Option<Millis> {
        self.mail.failing_since()
    }

    /// Takes up to `most` mails of updates; none while other mail is due.
    ///
    /// # Errors
    /// Their budgets could not be spent durably.
    pub async fn claim_news(&self, most: u64) -> Result<Vec<ClaimedNews>, Unavailable> {
        self.ask(|reply| Command::ClaimNews(most, reply)).await
    }

    /// Tells what became of mails of updates.
    ///
    /// # Errors
    /// It could not be made durable; the mails will be tried again when their claim runs out.
    pub async fn news_done(&self, outcomes: Vec<(ClaimedNews, MailOutcome)>) -> Result<(), Unavailable> {
        self.ask(|reply| Command::NewsDone(outcomes, reply)).await
    }

    /// Commands that wait for the writer.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// Whether the writer is gone, and nothing can be recorded any more.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.queue.is_closed()
    }

    /// Whether the store has refused the last batch: the disk is full, read-only or broken.
    #[must_use]
    pub fn is_refusing(&self) -> bool {
        self.refusing.load(Ordering::Relaxed)
    }

    async fn ask<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, Unavailable> {
        self.ask_for(PATIENCE, command).await
    }

    async fn ask_for<T>(
        &self,
        patience: Duration,
        command: impl FnOnce(Reply<T>) -> Command,
    ) -> Result<T, Unavailable> {
        let (reply, answer) = oneshot::channel();
        let sent = tokio::time::timeout(PATIENCE, self.queue.send(command(reply))).await;
        sent.map_err(|_| Unavailable)?.map_err(|_| Unavailable)?;
        in_time(patience, answer).await
    }

    /// Returns when the writer is gone, and nothing can be recorded any more.
    pub async fn stopped(&self) {
        self.queue.closed().await;
    }
}

/// How long somebody waits for a commit. A disk that takes longer is broken; what was asked may still be recorded, and
/// asking again gives the same answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// The same for a verdict: of a million, each member is looked at first, and the verdicts before it are applied.
const PATIENCE_OF_JUDGES: Duration = Duration::from_secs(120);

async fn in_time<T>(patience: Duration, answer: oneshot::Receiver<Result<T, Unavailable>>) -> Result<T, Unavailable> {
    let answer = tokio::time::timeout(patience, answer).await;
    answer.map_err(|_| Unavailable)?.map_err(|_| Unavailable)?
}
