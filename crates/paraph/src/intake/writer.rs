//! The writer: one thread, one batch at a time, one commit for all who wait.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use paraph_tally::Millis;
use tokio::sync::{mpsc, watch};

use super::ahead;
use super::command::Command;
use super::decide::Decider;
use super::start::{Start, waiting};
use super::tick::erasure;
use super::time::Time;
use super::verdict::Docket;
use super::{Intake, Unavailable};
use crate::journal::{self, AppendError, Batch, End, ReadError, integer};
use crate::ledger::catalogue::{self, Catalogue};
use crate::ledger::judged;
use crate::limits::Limits;
use crate::scrutiny::board::Board;
use crate::store::Connections;
use crate::store::db::{Db, DbError, Value};
use crate::store::erasures::ErasureLog;
use crate::store::room::Room;
use crate::store::wal;
use crate::telemetry;

/// What the writer has to know.
#[derive(Clone, Debug)]
pub struct WriterSettings {
    /// The bounds in force.
    pub limits: Limits,
    /// Where the time comes from; fixed in tests.
    pub now: fn() -> Millis,
    /// What scrutiny has looked at; `None` where it is switched off, and everything settles.
    pub board: Option<Arc<Board>>,
}

/// Why the writer cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store refused.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The verdict that the store is in the middle of cannot be read.
    #[error(transparent)]
    Journal(#[from] ReadError),
    /// The system gives no thread.
    #[error("the writer's thread: {0}")]
    Thread(#[from] std::io::Error),
}

/// The running writer. It ends when every [`Intake`] is gone and what they asked is done.
pub struct Writer {
    thread: JoinHandle<()>,
}

/// State that outlives a batch.
pub(super) struct State {
    pub(super) main: Db,
    pub(super) keys: Db,
    pub(super) erasures: ErasureLog,
    pub(super) room: Arc<Room>,
    pub(super) end: End,
    /// Unconfirmed contributions in the store.
    pub(super) waiting: u64,
    /// No later event may carry a time at or before this one: it has been published as "everything up to here".
    pub(super) published: Millis,
    pub(super) settings: WriterSettings,
    pub(super) time: Time,
    /// When `time` was asked last.
    asked: Instant,
    /// The last batch was of several.
    crowded: bool,
    /// Set while the store refuses; whoever asks whether the server is ready is told.
    refusing: Arc<AtomicBool>,
    /// Set while the keys of erased records cannot be destroyed.
    erasures_wait: Arc<AtomicBool>,
    pub(super) board: watch::Sender<Arc<Catalogue>>,
    /// Verdicts that are asked for and in work.
    pub(super) docket: Docket,
}

/// An answer that is ready, to be given once the batch is durable.
pub(super) type Ready = Box<dyn FnOnce(Result<(), Unavailable>) + Send>;

impl Writer {
    /// Starts the writer over two connections, and returns the way to it and the catalogue that it publishes.
    ///
    /// # Errors
    /// The store refused, or the system gives no thread.
    pub async fn start(
        connections: Connections,
        settings: WriterSettings,
    ) -> Result<(Self, Intake, watch::Receiver<Arc<Catalogue>>), StartError> {
        let Connections {
            mut main,
            keys,
            erasures,
            room,
        } = connections;
        start_log(&mut main, &erasures).await?;
        for db in [&main, &keys] {
            wal::bound(db, settings.limits.wal_mib)?;
        }
        room.set_floor(settings.limits.disk_floor_mib);
        let Start {
            end,
            waiting,
            kept,
            unfinished,
            catalogue,
        } = Start::read(&mut main, settings.limits.names_shown).await?;
        let wall = (settings.now)();
        ahead::put_right(&mut main, &settings.limits, wall.max(end.at)).await?;
        let docket = Docket::new(unfinished);
        let (board, shown) = watch::channel(Arc::new(catalogue));
        let (sender, queue) = mpsc::channel(usize::try_from(settings.limits.intake_queue).unwrap_or(1));
        let refusing = Arc::new(AtomicBool::new(false));
        let erasures_wait = Arc::new(AtomicBool::new(false));
        let judged = docket.judged();
        let state = State {
            main,
            keys,
            erasures,
            room: Arc::clone(&room),
            end,
            waiting,
            published: end.at,
            time: Time::new(wall, end.at, kept),
            asked: Instant::now(),
            crowded: false,
            refusing: Arc::clone(&refusing),
            erasures_wait: Arc::clone(&erasures_wait),
            settings,
            board,
            docket,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new()
            .name("paraph-writer".to_owned())
            .spawn(move || runtime.block_on(state.run(queue)))?;
        Ok((
            Self { thread },
            Intake {
                queue: sender,
                refusing,
                erasures_wait,
                room,
                mail: Arc::default(),
                judged,
            },
            shown,
        ))
    }

    /// Waits until the writer has done what was asked. Every [`Intake`] must be dropped first.
    pub fn join(self) {
        if self.thread.join().is_err() {
            tracing::error!("the writer's thread panicked");
        }
    }
}

/// The commands in order, what publishes in a batch of its own, and so what the desk asks: it may publish, and decides by
/// what the store holds. A count is published as of the batch's time, which all
/// events of the batch carry: what is confirmed beside it would be due by that time and not in the store yet to be settled.
fn batches(commands: Vec<Command>) -> Vec<Vec<Command>> {
    let mut batches: Vec<Vec<Command>> = Vec::new();
    let mut alone = true;
    for command in commands {
        let publishes = matches!(command, Command::Tick(_) | Command::Petition(..) | Command::Desk(..));
        match batches.last_mut() {
            Some(batch) if !alone && !publishes => batch.push(command),
            _ => batches.push(vec![command]),
        }
        alone = publishes;
    }
    batches
}

/// A store without a log gets one that holds what was erased before.
async fn start_log(main: &mut Db, log: &ErasureLog) -> Result<(), DbError> {
    if log.exists() {
        return Ok(());
    }
    let sql =
        "SELECT e.id, e.at, s.axes FROM erasure e LEFT JOIN signature s ON s.id = e.id WHERE e.done = 1 ORDER BY e.at";
    let before = main.query(sql, &[]).await?;
    let before = before.iter().map(erasure).collect::<Result<Vec<_>, _>>()?;
    Ok(log.append(&before)?)
}

impl State {
    async fn run(mut self, mut queue: mpsc::Receiver<Command>) {
        let most = usize::try_from(self.settings.limits.intake_batch).unwrap_or(1);
        let mut commands = Vec::with_capacity(most);
        'writing: while self.ask(&mut queue, &mut commands, most).await {
            self.crowded = commands.len() > 1;
            for batch in batches(std::mem::take(&mut commands)) {
                if self.record(batch).await.is_break() {
                    break 'writing;
                }
            }
            if self.docket.has_work() {
                let outcome = self.judge_a_little().await;
                if self.weigh(outcome).await.is_break() {
                    break;
                }
            }
        }
        for db in [&self.main, &self.keys] {
            if let Err(error) = wal::put_away(db) {
                tracing::warn!(%error, "a write-ahead log stays until the next start");
            }
        }
    }

    /// Takes what waits in the queue, and waits for it if there is nothing else to do. Where several come at once, or did the last
    /// time, more are on their way: they are waited for, as most of what a commit costs is the same for one as for many.
    /// Whether there is anything to do.
    async fn ask(&self, queue: &mut mpsc::Receiver<Command>, commands: &mut Vec<Command>, most: usize) -> bool {
        if !self.docket.has_work() {
            if queue.recv_many(commands, most).await == 0 {
                return false;
            }
            let gather = Duration::from_millis(self.settings.limits.intake_gather_ms);
            if !gather.is_zero() && (self.crowded || commands.len() > 1) && commands.len() < most {
                tokio::time::sleep(gather).await;
            }
        }
        while commands.len() < most
            && let Ok(command) = queue.try_recv()
        {
            commands.push(command);
        }
        true
    }

    async fn record(&mut self, commands: Vec<Command>) -> ControlFlow<()> {
        metrics::histogram!(telemetry::BATCH_COMMANDS).record(commands.len() as f64);
        let outcome = self.batch(commands).await;
        let outcome = self.weigh(outcome).await;
        self.mind_the_room();
        outcome
    }

    /// What an outcome means for what is to come.
    async fn weigh(&mut self, outcome: Result<(), AppendError>) -> ControlFlow<()> {
        let was_refusing = self.refusing.swap(outcome.is_err(), Ordering::Relaxed);
        if was_refusing && outcome.is_ok() {
            tracing::warn!("the store records again");
        }
        if let Err(error) = outcome {
            tracing::error!(%error, "a batch was not recorded; everyone in it was told to try again");
            metrics::counter!(telemetry::BATCHES_FAILED).increment(1);
            if let AppendError::Fenced { .. } = error {
                // Another process writes this store, in spite of the lock: going on would split the truth.
                return ControlFlow::Break(());
            }
            self.resume().await;
        }
        ControlFlow::Continue(())
    }

    /// Decides a batch, makes it durable, and only then answers.
    async fn batch(&mut self, commands: Vec<Command>) -> Result<(), AppendError> {
        let mut answers: Vec<Ready> = Vec::with_capacity(commands.len());
        let began = Instant::now();
        let outcome = self.decide_and_append(commands, &mut answers).await;
        metrics::histogram!(telemetry::COMMIT_SECONDS).record(began.elapsed().as_secs_f64());
        let told = if outcome.is_ok() { Ok(()) } else { Err(Unavailable) };
        for answer in answers {
            answer(told);
        }
        outcome
    }

    async fn decide_and_append(&mut self, commands: Vec<Command>, answers: &mut Vec<Ready>) -> Result<(), AppendError> {
        if self.refusing.load(Ordering::Relaxed) {
            // A batch that happens to write nothing would succeed on a disk that takes nothing.
            self.probe().await?;
        }
        let at = self.moment();
        self.main.begin_reading().await?;
        let mut decider = self.decider(at);
        let mut failure = None;
        for command in commands {
            // A command that meets a broken store fails the batch; the rest still get their answer, "try again".
            if let Err(error) = decider.take(command, answers).await {
                failure.get_or_insert(error);
            }
        }
        let decided = decider.finish();
        self.main.end_reading().await?;
        if let Some(error) = failure {
            return Err(error.into());
        }
        // Keys first: a key without its record opens nothing, a record without its key could never be opened.
        self.keep_keys(&decided.wrapped).await?;
        if !decided.is_empty() {
            journal::append(&mut self.main, self.end.position, &decided.batch).await?;
            self.appended(&decided.batch);
        }
        self.waiting = decided.waiting;
        for (judgement, reply) in decided.judgements {
            self.docket.ask(judgement, reply, &self.settings.limits);
        }
        if decided.publish {
            self.publish(at).await?;
        }
        if decided.sweep {
            let destroyed = self.destroy_keys().await;
            self.note_erasures(destroyed);
            self.keep_house().await;
        }
        Ok(())
    }

    /// What was erased is gone for everybody but who has its key. That this one goes too does not bear on the batch, which is
    /// durable by now; but it is told until it does.
    fn note_erasures(&self, destroyed: Result<u64, DbError>) {
        let waited = self.erasures_wait.swap(destroyed.is_err(), Ordering::Relaxed);
        match destroyed {
            Err(error) if !waited => {
                tracing::error!(%error, "the keys of erased records cannot be destroyed; tried again at each tick");
            }
            Ok(_) if waited => tracing::warn!("the keys of erased records are destroyed again"),
            _ => {}
        }
    }

    /// The time of the next batch.
    pub(super) fn moment(&mut self) -> Millis {
        let now = self.time.advance((self.settings.now)(), self.asked.elapsed());
        self.asked = Instant::now();
        Millis(now.0.max(self.end.at.0).max(self.published.0 + 1))
    }

    /// What decides the next batch.
    pub(super) fn decider(&mut self, at: Millis) -> Decider<'_> {
        let mut decider = Decider::new(&mut self.main, self.end, at, self.waiting, &self.settings.limits);
        decider.of_ages = self.time.of_ages();
        decider.checked = self.settings.board.as_deref().map(Board::checked);
        decider.following = self.docket.pending();
        decider
    }

    /// What a batch that is durable means for the next one.
    pub(super) fn appended(&mut self, batch: &Batch) {
        metrics::counter!(telemetry::EVENTS).increment(batch.entries.len() as u64);
        if let Some(last) = batch.entries.last() {
            self.end = End {
                position: last.position,
                at: last.at,
            };
        }
        self.docket.note(&batch.changed);
    }

    async fn keep_keys(&mut self, wrapped: &[([u8; 16], Vec<u8>)]) -> Result<(), DbError> {
        if wrapped.is_empty() {
            return Ok(());
        }
        let rows: Vec<[Value<'_>; 2]> = wrapped
            .iter()
            .map(|(id, bytes)| [Value::Blob(id), Value::Blob(bytes)])
            .collect();
        self.keys.begin().await?;
        let loaded = self
            .keys
            .load("INSERT INTO wrapped (id, wrapped) VALUES (?1, ?2)", &rows)
            .await;
        match loaded {
            Ok(()) => self.keys.commit().await,
            Err(error) => {
                self.keys.rollback().await;
                Err(error)
            }
        }
    }

    async fn publish(&mut self, as_of: Millis) -> Result<(), DbError> {
        let before = Arc::clone(&self.board.borrow());
        let (names, pending) = (self.settings.limits.names_shown, self.docket.pending());
        let catalogue = catalogue::read(&mut self.main, as_of, names, &before, pending.as_deref()).await?;
        self.published = as_of;
        self.board.send_replace(Arc::new(catalogue));
        Ok(())
    }

    /// After a failed batch: whether it was kept after all is what the store says now.
    async fn resume(&mut self) {
        let read = match journal::end(&mut self.main).await {
            Ok(end) => waiting(&mut self.main).await.map(|waiting| (end, waiting)),
            Err(error) => Err(error),
        };
        match read {
            Ok((end, waiting)) => (self.end, self.waiting) = (end, waiting),
            Err(error) => tracing::error!(%error, "the journal cannot be read"),
        }
        match judged::unfinished(&mut self.main).await {
            Ok(unfinished) => self.docket.resume(unfinished),
            Err(error) => tracing::error!(%error, "the verdict in work cannot be read"),
        }
        // If the disk is full of our own logs, only this makes room.
        self.look_at_the_room();
        self.write_back();
    }

    /// Whether both files take a write.
    async fn probe(&mut self) -> Result<(), DbError> {
        let sql = "INSERT INTO meta (name, value) VALUES ('probe', ?1) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        let now = integer((self.settings.now)().0);
        self.keys.execute(sql, &[now]).await?;
        self.main.execute(sql, &[now]).await?;
        Ok(())
    }
}
