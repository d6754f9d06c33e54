//! Carries out a plan against a server: bounded in actors, connections and time; ends cleanly when asked.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, Notify, Semaphore, watch};
use tokio::task::{JoinError, JoinSet, spawn_blocking};
use tokio::time::{MissedTickBehavior, interval, sleep, sleep_until, timeout};

use crate::abuse::{self, Abusers};
use crate::auditor::Auditor;
use crate::client::Road;
use crate::clock;
use crate::forgeries::Forgery;
use crate::probe::{Cost, Meter};
use crate::progress::{Counter, Progress, Stage, Watched};
use crate::report::Report;
use crate::scenario::{Options, Plan, Scenario};
use crate::sink::{Camp, Sink};
use crate::summary;
use crate::target::Target;
use crate::victim::Victim;
use crate::watcher::{Watcher, watch_count, watch_mail, watch_page};
use crate::witness::{self, Heard};
use crate::world::{Stop, World};
use crate::{door, forger, honest};

/// Forgeries in work at once. Beyond it the forgers' machines, not the server, are what is too slow.
const FORGERIES_ALIVE: usize = 2048;
/// Petitions beside the one under rehearsal that are attacked at most.
const PETITIONS: usize = 50;
/// Between two snapshots for the view.
const SNAPSHOT_EVERY: Duration = Duration::from_millis(400);

/// Why a drill could not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Nobody answers.
    #[error("no answer from {0}: {1}")]
    NoAnswer(SocketAddr, String),
    /// It answers, but believes no source that a connection announces.
    #[error("{0} does not take the PROXY v2 by which the drill's people come from addresses of their own")]
    NoSources(SocketAddr),
    /// The petition's slug cannot be one.
    #[error("`{0}` cannot be a petition's slug")]
    BadSlug(String),
    /// The server does not know the petition.
    #[error("the server knows no petition `{0}`")]
    NoPetition(String),
    /// It takes signatures no longer.
    #[error("the petition `{0}` is closed")]
    Closed(String),
    /// Its count cannot be read.
    #[error("the count of `{petition}` cannot be read: {reason}")]
    NoCount {
        /// Slug.
        petition: String,
        /// What the server answered.
        reason: String,
    },
    /// The site's home page, which lists its petitions, cannot be read.
    #[error("the site's home page cannot be read: {0}")]
    NoHome(String),
    /// The drill itself failed.
    #[error("the drill itself failed: {0}")]
    Actor(#[from] JoinError),
}

impl RunError {
    /// How to mend it, one line.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoAnswer(..) => "start the server first, with proxy_protocol = \"optional\" for the drill's sources",
            Self::NoSources(_) => {
                "set listen.proxy_protocol = \"optional\" and listen.trusted_proxies = [\"127.0.0.0/8\"] for the rehearsal"
            }
            Self::BadSlug(_) => "a slug holds lower-case letters, digits and hyphens",
            Self::NoPetition(_) => "`paraph petition list` shows the slugs; a draft is not open to a drill",
            Self::Closed(_) => "rehearse on one that is open; `paraph petition create --publish` makes one",
            Self::NoCount { .. } => {
                "ask for /p/{slug}/count.json yourself; the auditor needs counted, as_of and settle_after_seconds"
            }
            Self::NoHome(_) => "this scenario attacks every petition of the site and looks for them there",
            Self::Actor(_) => "this is a bug of the drill; the seed in the command repeats it",
        }
    }
}

/// Rehearses on `target` and reports. Use a [`Sink`] for one run only.
///
/// # Errors
/// The server does not answer, or has no such petition; nothing has been sent then.
pub async fn run(
    options: Options,
    target: Target,
    petition: &str,
    sink: Sink,
    stop: Stop,
    observer: impl Fn(&Progress),
) -> Result<Report, RunError> {
    if petition.is_empty()
        || !petition
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    {
        return Err(RunError::BadSlug(petition.to_owned()));
    }
    let mut world = prepare(options, target, petition, sink);
    let mut watcher = Watcher::new(&world);
    let first = watcher.first_look(&world).await?;
    if watcher.is_closed(&world).await {
        return Err(RunError::Closed(petition.to_owned()));
    }
    if world.options.scenario == Scenario::MailBomb && world.options.also.is_empty() {
        let listed = watcher.listed().await?;
        let others = listed.into_iter().filter(|slug| slug != petition);
        world.petitions.extend(others.take(PETITIONS));
    }
    // Only now does the plan's time start.
    world.started = Instant::now();
    let (tolerance, wait) = (world.options.clock_tolerance, world.options.suspect_wait);
    world.auditor = Auditor::new(first.counted, millis(tolerance), millis(wait)).into();
    let world = Arc::new(world);
    let checks_lost = Arc::new(Counter::default());
    // Ends with this function, however it ends.
    let mut watching = JoinSet::new();
    watching.spawn(watch_count(Arc::clone(&world), watcher, Arc::clone(&checks_lost)));
    watching.spawn(watch_page(Arc::clone(&world)));
    watching.spawn(watch_mail(Arc::clone(&world)));
    watching.spawn(door::watch(Arc::clone(&world)));
    let everyone_arrived = Arc::new(AtomicBool::new(false));
    let mut stage = Stages {
        world: &world,
        arrived: &everyone_arrived,
        checks_lost: &checks_lost,
        observer,
        meter: Meter::new(world.options.probe.clone()),
        waits_until: None,
    };

    let mut conductor = tokio::spawn(conduct(Arc::clone(&world), Arc::clone(&everyone_arrived)));
    let limit = world.plan.end + world.options.final_wait;
    let acted = stage.until(&stop, limit, async { (&mut conductor).await }).await;
    conductor.abort();
    let everyone_done = matches!(acted, Some(Ok(())));
    if let Some(Err(error)) = acted {
        return Err(error.into());
    }
    let settled = everyone_done
        && stage
            .until(&stop, world.options.final_wait, settled(&world))
            .await
            .is_some();
    if settled && !wait.is_zero() {
        let most = longest_wait(&world);
        stage.waits_until = Some(Instant::now() + most);
        // Who waits even then is in the report.
        stage.until(&stop, most, nobody_waits(&world)).await;
    }
    watching.abort_all();
    let last = timeout(world.options.request_timeout, Watcher::new(&world).look(&world)).await;
    if !matches!(last, Ok(Ok(_))) {
        checks_lost.one();
    }
    let cost = stage.snapshot();
    let held = ask_witness(&world).await;
    let complete = everyone_done && settled && !stop.is_requested();
    Ok(summary::report(
        &world,
        complete,
        cost,
        checks_lost.get(),
        held.as_ref(),
    ))
}

/// Who is held in the end, if anybody can say. Mail to a victim may be about the victim's own contribution, so nothing is
/// asked where there are victims.
async fn ask_witness(world: &Arc<World>) -> Option<Heard> {
    let witness = world.options.witness.clone()?;
    let plan = &world.plan;
    if plan.honest.iter().any(|person| person.victim.is_some()) {
        return None;
    }
    let elapsed = i64::try_from(world.elapsed().as_millis()).unwrap_or(i64::MAX);
    let since = clock::now() - elapsed;
    let people = |hostile: bool| {
        let people = plan.honest.iter().filter(move |person| person.hostile == hostile);
        people.map(|person| person.mailbox.clone()).collect::<HashSet<_>>()
    };
    let wave = |wave: usize| {
        let forgeries = plan.forgeries.iter().filter(move |forgery| forgery.wave == wave);
        forgeries.map(Forgery::address).collect::<HashSet<_>>()
    };
    let groups = [people(false), people(true)]
        .into_iter()
        .chain((0..plan.waves.len()).map(wave));
    let tokens: Vec<Vec<String>> = groups.map(|group| world.sink.tokens_of(&group)).collect();
    let asked = spawn_blocking(move || witness::hear(&witness, since, &tokens));
    asked.await.ok()?
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX / 4)
}

fn prepare(options: Options, target: Target, petition: &str, sink: Sink) -> World {
    let plan = Plan::new(&options);
    sink.expect(Camp::Honest, plan.honest.iter().map(|person| person.mailbox.clone()));
    let forged: HashSet<String> = plan.forgeries.iter().map(|forgery| forgery.address()).collect();
    sink.expect(Camp::Forged, forged);
    // A victim's mailbox is one that forgers enter, also where its owner's own contribution is what the mail is about.
    let victims = plan.honest.iter().filter_map(|person| person.victim);
    sink.expect(Camp::Forged, victims.map(Victim::address));
    let road = Road {
        target,
        proxy_protocol: options.proxy_protocol,
        request_timeout: options.request_timeout,
        connections: Arc::new(Semaphore::new(options.connections)),
        crowded: Arc::default(),
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    World {
        petitions: std::iter::once(petition.to_owned())
            .chain(options.also.iter().cloned())
            .collect(),
        sink,
        started: Instant::now(),
        forged_road: Road {
            connections: Arc::new(Semaphore::new(options.connections)),
            crowded: Arc::default(),
            ..road.clone()
        },
        honest_road: road,
        honest_solvers: Arc::new(Semaphore::new(cores)),
        forged_solvers: Arc::new(Semaphore::new(1)),
        honest: Default::default(),
        forged: Default::default(),
        waves: plan.waves.iter().map(|_| Default::default()).collect(),
        mail: watch::Sender::new((0, 0)),
        waiting: watch::Sender::new(None),
        door: Default::default(),
        page: Default::default(),
        abuse: Default::default(),
        abusers: Abusers::of(&options),
        sources: Default::default(),
        victims_signed: Default::default(),
        prices: Default::default(),
        times: Default::default(),
        auditor: Auditor::default().into(),
        changed: Notify::new(),
        plan,
        options,
    }
}

/// Lets every actor of the plan begin at its time, and returns when all have ended.
async fn conduct(world: Arc<World>, arrived: Arc<AtomicBool>) {
    let mut actors = JoinSet::new();
    actors.spawn(abuse::run(Arc::clone(&world)));
    let clearance = Arc::new(Mutex::new(None));
    let alive = Arc::new(Semaphore::new(FORGERIES_ALIVE));
    let (mut person, mut forgery) = (0, 0);
    loop {
        let next_person = world.plan.honest.get(person).map(|next| next.at);
        let next_forgery = world.plan.forgeries.get(forgery).map(|next| next.at);
        let Some(at) = [next_person, next_forgery].into_iter().flatten().min() else {
            break;
        };
        sleep_until((world.started + at).into()).await;
        if next_person == Some(at) {
            actors.spawn(honest::live(Arc::clone(&world), person));
            person += 1;
        } else {
            match Arc::clone(&alive).try_acquire_owned() {
                Ok(place) => {
                    let play = forger::play(Arc::clone(&world), Arc::clone(&clearance), forgery);
                    actors.spawn(async move {
                        play.await;
                        drop(place);
                    });
                }
                Err(_) => world.forged.skipped.one(),
            }
            forgery += 1;
        }
        while let Some(ended) = actors.try_join_next() {
            pass_on_panic(ended);
        }
    }
    arrived.store(true, Ordering::Relaxed);
    while let Some(ended) = actors.join_next().await {
        pass_on_panic(ended);
    }
}

/// A fault of the drill must not look like a good result.
fn pass_on_panic(ended: Result<(), JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        std::panic::resume_unwind(error.into_panic());
    }
}

/// Returns once a shown count includes everything that was acknowledged.
async fn settled(world: &World) {
    loop {
        {
            let auditor = world.auditor();
            let latest = auditor.latest().map(|check| check.shown);
            let done = latest.is_some_and(|shown| {
                auditor
                    .complete_from(shown.settle_after)
                    .is_none_or(|complete| shown.as_of >= complete)
            });
            if done {
                return;
            }
        }
        sleep(Duration::from_millis(200)).await;
    }
}

/// How long whom scrutiny watches may still wait: from the last confirmation until it is due, and for its bound after that.
fn longest_wait(world: &World) -> Duration {
    let auditor = world.auditor();
    let settle_after = auditor.latest().map_or(0, |check| check.shown.settle_after);
    let due = auditor.complete_from(settle_after).unwrap_or_default();
    let until = due + millis(world.options.suspect_wait);
    Duration::from_millis(u64::try_from(until - clock::now()).unwrap_or_default())
}

/// Returns once a shown count includes everybody whom scrutiny made wait. Who waits says the witness; without one, whoever is
/// missing in the count may.
async fn nobody_waits(world: &World) {
    let every = Duration::from_millis(200);
    if world.options.witness.is_none() {
        let is_short = || {
            world
                .auditor()
                .latest()
                .is_some_and(|check| check.shown.counted < check.truth.least)
        };
        while is_short() {
            sleep(every).await;
        }
        return;
    }
    let mut waiting = world.waiting.subscribe();
    if *waiting.borrow() == Some(0) {
        return;
    }
    // The sender lives as long as the world: waiting cannot fail.
    drop(waiting.wait_for(|waiting| *waiting == Some(0)).await);
    let now = clock::now();
    while world.auditor().latest().is_some_and(|check| check.shown.as_of < now) {
        sleep(every).await;
    }
}

/// What goes on beside the actors: snapshots for the view, the meter of the server's cost.
struct Stages<'a, F> {
    world: &'a World,
    arrived: &'a AtomicBool,
    checks_lost: &'a Counter,
    observer: F,
    meter: Meter,
    /// Until when those are waited for whom scrutiny watches, once nothing else is.
    waits_until: Option<Instant>,
}

impl<F: Fn(&Progress)> Stages<'_, F> {
    /// Waits for `work` with snapshots meanwhile. `None`: stopped, or `limit` has passed.
    async fn until<T>(&mut self, stop: &Stop, limit: Duration, work: impl Future<Output = T>) -> Option<T> {
        let mut snapshots = interval(SNAPSHOT_EVERY);
        snapshots.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let limit = sleep(limit);
        tokio::pin!(work, limit);
        loop {
            tokio::select! {
                done = &mut work => return Some(done),
                () = &mut limit => return None,
                () = stop.requested() => return None,
                _ = snapshots.tick() => drop(self.snapshot()),
            }
        }
    }

    fn snapshot(&mut self) -> Cost {
        let cost = self.meter.sample();
        let world = self.world;
        let (honest, forged) = (&world.honest, &world.forged);
        let (latest, baseline) = {
            let auditor = world.auditor();
            (auditor.latest(), auditor.baseline())
        };
        let elapsed = world.elapsed();
        (self.observer)(&Progress {
            elapsed,
            planned: world.plan.end,
            phase: world.plan.phase(elapsed),
            waves: (world.plan.waves_begun(elapsed), world.plan.waves.len()),
            closing: self.arrived.load(Ordering::Relaxed),
            shown: latest.map(|check| check.shown.counted),
            truth: latest.map(|check| check.truth).unwrap_or_default(),
            baseline,
            honest: [
                &honest.sent,
                &honest.accepted,
                &honest.mailed,
                &honest.confirmed,
                &honest.withdrawn,
            ]
            .map(Counter::get),
            forged: [
                forged.sent.get(),
                forged.admitted.get(),
                world.sink.seen(Camp::Forged).mails,
                forged.confirmed.get(),
            ],
            refused: forged.refused.snapshot(),
            gave_up: honest.gave_up.snapshot().values().sum(),
            p50_ms: world.times.quantile(Stage::FirstAnswer, 0.5),
            cpu_seconds: cost.cpu_seconds,
            checks_lost: self.checks_lost.get(),
            watched: self.waits_until.map(|until| Watched {
                waiting: *world.waiting.borrow(),
                left: until.saturating_duration_since(Instant::now()),
            }),
            door: world.door.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        });
        cost
    }
}
