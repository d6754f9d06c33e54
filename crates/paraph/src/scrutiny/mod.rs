//! Scrutiny: what is observed of contributions, and what follows from it.
//!
//! ```text
//! features.rs   what is observed, as keyed tags       text.rs        what text comes down to
//! providers.rs  the large mail providers
//! follow.rs     the journal with what was observed    engine.rs      what the engine is told, and answers
//! board.rs      what was looked at, for who settles   account.rs     a finding as evidence
//! kept.rs       findings that only ask, over a start
//! ```
//!
//! One thread follows the journal; nothing waits for it but settling. The journal is its queue: it reads as fast as it can
//! and keeps nothing that it cannot compute again. A start reads the last ten days, and so does whatever went wrong.
//!
//! **Nothing unchecked settles.** The writer settles what hangs on the [`Board`] as looked at. A thread that is slow, or
//! gone, leaves the count where it is; that is told after a while, and signing, confirming and withdrawing go on.

mod account;
pub mod board;
mod engine;
pub mod features;
mod follow;
pub mod kept;
mod providers;
pub mod rows;
mod text;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use paraph_scrutiny::{Finding, FindingName};
use paraph_tally::{Author, Millis, SignatureId, VerdictKind};
use tokio::sync::{mpsc, oneshot, watch};

use crate::clock;
use crate::intake::Intake;
use crate::intake::command::{JudgeAnswer, Judgement};
use crate::intake::verdict::reason::Reason;
use crate::limits::Limits;
use crate::store::db::DbError;
use crate::store::reader::Reader;
use crate::telemetry;
use crate::trace::networks::Known;
use board::Board;
use engine::Engine;
use features::month_of_window;
use kept::Asking;

/// How long nothing is read while nobody asks.
const PAUSE: Duration = Duration::from_millis(500);
/// How long whoever settles waits for the end of the journal to be reached.
const PATIENCE: Duration = Duration::from_secs(5);
/// After something went wrong.
const REST: Duration = Duration::from_secs(5);

/// What scrutiny works with.
pub struct Parts {
    /// Reads the journal and what was observed; a pool of its own.
    pub store: Reader,
    /// The data directory, where findings that only ask are kept.
    pub directory: PathBuf,
    /// The way to the writer, for holds.
    pub intake: Intake,
    /// Where it says how far it is.
    pub board: Arc<Board>,
    /// Read before the first contribution needs them.
    pub networks: Arc<Known>,
    /// Turns true when it is to end.
    pub stop: watch::Receiver<bool>,
}

/// A way to ask scrutiny to look now.
#[derive(Clone, Debug)]
pub struct Scrutineer(mpsc::Sender<oneshot::Sender<()>>);

impl Scrutineer {
    /// Returns when everything that was in the journal has been looked at, and what is to be held is; or after a while all
    /// the same: who settles then settles what was looked at.
    pub async fn look(&self) {
        let (reply, answer) = oneshot::channel();
        let asked = async {
            if self.0.send(reply).await.is_ok() {
                // A thread that has ended answers nothing.
                let _ = answer.await;
            }
        };
        if tokio::time::timeout(PATIENCE, asked).await.is_err() {
            tracing::debug!("scrutiny has not reached the end of the journal");
        }
    }
}

/// Starts the thread. It ends when `stop` says so, and has closed its readers then.
///
/// # Errors
/// The system gives no thread.
pub fn start(parts: Parts, limits: watch::Receiver<Limits>) -> io::Result<(Scrutineer, JoinHandle<()>)> {
    let (asks, asked) = mpsc::channel(1);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let follower = Follower {
        asking: Asking::open(&parts.directory),
        parts,
        limits,
        engine: None,
    };
    let thread = std::thread::Builder::new()
        .name("paraph-scrutiny".to_owned())
        .spawn(move || runtime.block_on(follower.run(asked)))?;
    Ok((Scrutineer(asks), thread))
}

struct Follower {
    parts: Parts,
    /// Of these, the holds of an hour, and how long who is watched may wait.
    limits: watch::Receiver<Limits>,
    /// `None` until the past was read.
    engine: Option<Engine>,
    /// Findings that only ask a person to look.
    asking: Asking,
}

impl Follower {
    async fn run(mut self, mut asked: mpsc::Receiver<oneshot::Sender<()>>) {
        self.parts.networks.get();
        let Some(mut questions) = self.parts.board.take_questions() else {
            return;
        };
        while !*self.parts.stop.borrow() {
            let ask = tokio::select! {
                ask = asked.recv() => match ask {
                    Some(reply) => Some(reply),
                    None => break,
                },
                Some(question) = questions.recv() => {
                    // Whoever asked may have lost patience.
                    let _ = question.reply.send(self.members(question.finding));
                    continue;
                }
                () = tokio::time::sleep(PAUSE) => None,
                _ = self.parts.stop.changed() => break,
            };
            if let Err(error) = self.round(ask.is_some()).await {
                tracing::error!(%error, "scrutiny begins anew; what was not looked at does not settle meanwhile");
                self.engine = None;
                tokio::time::sleep(REST).await;
            }
            if let Some(reply) = ask {
                // Whoever asked may have lost patience.
                let _ = reply.send(());
            }
        }
        // The writer puts the store away, and must be the last to close it.
        self.parts.store.close().await;
    }

    /// Reads to the end of the journal, looks if it is time or somebody asks, says how far it is, and holds.
    async fn round(&mut self, asked: bool) -> Result<(), DbError> {
        let now = clock::now();
        let month = month_of_window(now);
        let mut engine = match self.engine.take().filter(|engine| engine.month == month) {
            Some(engine) => engine,
            None => {
                let engine = self.rebuilt(now).await?;
                self.asking.engine_is_new();
                engine
            }
        };
        let before = engine.position;
        engine.allow(self.cap(now));
        engine.watch_for(self.limits.borrow().suspect_wait_seconds);
        self.read_on(&mut engine).await?;
        let now = clock::now();
        let looks = asked || engine.is_due(now);
        if looks {
            engine.look(now);
            metrics::gauge!(telemetry::SCRUTINY_REMEMBERED).set(engine.remembered() as f64);
            let news = engine.take_news();
            news.iter().filter(|found| self.asking.is_news(found)).for_each(tell);
            let members = |name| engine.members(name);
            let standing = self.asking.stand(&engine.findings(), members, now);
            self.asking.keep(now);
            self.parts.board.show(standing);
        }
        if looks || engine.position != before {
            self.parts.board.publish(engine.checked(now), engine.over_cap());
        } else {
            self.parts.board.nothing_new();
        }
        self.hold(&mut engine).await;
        self.engine = Some(engine);
        Ok(())
    }

    /// Who the members of a finding are; of one that asks, also whom the engine has not found again.
    fn members(&self, name: FindingName) -> Vec<SignatureId> {
        let mut members = self.asking.members(name);
        members.extend(self.engine.iter().flat_map(|engine| engine.members(name)));
        members.sort_unstable();
        members.dedup();
        members
    }

    /// Holds of an hour: a person may have raised them, for a while.
    fn cap(&self, now: Millis) -> u64 {
        self.parts.board.cap(self.limits.borrow().holds_per_hour, now)
    }

    /// The engine as it is after the last ten days.
    async fn rebuilt(&self, now: Millis) -> Result<Engine, DbError> {
        let position = follow::beginning(&self.parts.store, now).await?;
        let mut engine = Engine::new(month_of_window(now), position);
        // Who was held then is in the journal. Found again in another order, others would be held beside them, over the cap.
        engine.allow(0);
        self.read_on(&mut engine).await?;
        engine.look_after_the_last(now);
        engine.allow(self.cap(now));
        // It was told when it happened.
        engine.take_news();
        tracing::info!(
            contributions = engine.remembered(),
            "scrutiny has read the last ten days"
        );
        Ok(engine)
    }

    async fn read_on(&self, engine: &mut Engine) -> Result<(), DbError> {
        loop {
            let steps = follow::steps(&self.parts.store, engine.position).await?;
            let is_last = steps.len() < follow::AT_ONCE;
            steps.into_iter().for_each(|step| engine.take(step));
            if is_last || *self.parts.stop.borrow() {
                return Ok(());
            }
        }
    }

    /// Records what is to be held. What cannot be recorded now is withheld, and tried again at the next round.
    async fn hold(&self, engine: &mut Engine) {
        while let Some(finding) = engine.next_hold() {
            let judgement = Judgement {
                petition: finding.petition,
                kind: VerdictKind::Held,
                reason: Reason::Lockstep.code(),
                author: Author::Scrutiny,
                evidence: account::of(&finding).to_string().into_bytes(),
                note: String::new(),
                undoes: None,
                set: finding.to_hold,
            };
            match self.parts.intake.judge(judgement).await {
                Ok(JudgeAnswer::Judged { judged, .. }) => {
                    metrics::counter!(telemetry::SCRUTINY_HELD).increment(judged);
                    tracing::warn!(judged, "held: contributions made in lockstep");
                }
                Ok(JudgeAnswer::Nothing) => {}
                Ok(JudgeAnswer::Malformed(why)) => tracing::error!(%why, "what scrutiny found cannot be held"),
                Err(_) => return,
            }
            engine.recorded(finding.cluster);
        }
    }
}

/// Says that a person should look. What is held says itself.
fn tell(finding: &Finding) {
    if account::asks(finding) {
        metrics::counter!(telemetry::SCRUTINY_ASKS).increment(1);
        let found = account::of(finding);
        tracing::warn!(%found, "scrutiny asks a person to look");
    }
}
