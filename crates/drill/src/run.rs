//! Carries out a plan against a server: bounded in actors, connections and time; ends cleanly when asked.

use std::collections::{BTreeSet, HashSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, Notify, Semaphore};
use tokio::task::{JoinError, JoinSet, spawn_blocking};
use tokio::time::{MissedTickBehavior, interval, sleep, sleep_until, timeout};

use crate::auditor::{Auditor, Shown};
use crate::client::{Answer, Browser, Lost, Road, Voice};
use crate::clock;
use crate::networks::AUDITOR;
use crate::people::Lang;
use crate::probe::{Cost, Meter};
use crate::progress::{Counter, Progress, Stage};
use crate::report::Report;
use crate::scenario::{Options, Plan, Scenario};
use crate::sink::{Camp, Sink};
use crate::summary;
use crate::target::Target;
use crate::victim::Victim;
use crate::witness::{Held, Standing, Testimony};
use crate::world::{Stop, World};
use crate::{abuse, forger, honest};

/// Forgeries in work at once. Beyond it the forgers' machines, not the server, are what is too slow.
const FORGERIES_ALIVE: usize = 2048;
/// Petitions beside the one under rehearsal that are attacked at most.
const PETITIONS: usize = 50;
/// Between two looks at the count.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Between a change and the look that follows it.
const LOOK_AFTER_CHANGE: Duration = Duration::from_millis(400);
/// Between two snapshots for the view.
const SNAPSHOT_EVERY: Duration = Duration::from_millis(400);

/// Why a drill could not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Nobody answers.
    #[error("no answer from {0}: {1}")]
    NoAnswer(SocketAddr, String),
    /// The petition's slug cannot be one.
    #[error("`{0}` cannot be a petition's slug")]
    BadSlug(String),
    /// The server does not know the petition.
    #[error("the server knows no petition `{0}`")]
    NoPetition(String),
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
            Self::BadSlug(_) => "a slug holds lower-case letters, digits and hyphens",
            Self::NoPetition(_) => "`paraph petition list` shows the slugs; a draft is not open to a drill",
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
    if world.options.scenario == Scenario::MailBomb && world.options.also.is_empty() {
        let listed = watcher.listed().await?;
        let others = listed.into_iter().filter(|slug| slug != petition);
        world.petitions.extend(others.take(PETITIONS));
    }
    // Only now does the plan's time start.
    world.started = Instant::now();
    world.auditor = Auditor::new(first.counted, tolerance(&world.options)).into();
    let world = Arc::new(world);
    let checks_lost = Arc::new(Counter::default());
    let watching = tokio::spawn(watch_count(Arc::clone(&world), watcher, Arc::clone(&checks_lost)));
    let everyone_arrived = Arc::new(AtomicBool::new(false));
    let mut stage = Stages {
        world: &world,
        arrived: &everyone_arrived,
        checks_lost: &checks_lost,
        observer,
        meter: Meter::new(world.options.probe.clone()),
    };

    let mut conductor = tokio::spawn(conduct(Arc::clone(&world), Arc::clone(&everyone_arrived)));
    let limit = world.plan.end + world.options.final_wait;
    let acted = stage.until(&stop, limit, async { (&mut conductor).await }).await;
    conductor.abort();
    let everyone_done = matches!(acted, Some(Ok(())));
    if let Some(Err(error)) = acted {
        watching.abort();
        return Err(error.into());
    }
    let settled = everyone_done
        && stage
            .until(&stop, world.options.final_wait, settled(&world))
            .await
            .is_some();
    watching.abort();
    let last = timeout(world.options.request_timeout, Watcher::new(&world).look(&world)).await;
    if !matches!(last, Ok(Ok(_))) {
        checks_lost.one();
    }
    let cost = stage.snapshot();
    let held = ask_witness(&world).await;
    let complete = everyone_done && settled;
    Ok(summary::report(&world, complete, cost, checks_lost.get(), held))
}

/// Who is held in the end, if anybody can say. Mail to a victim may be about the victim's own contribution, so nothing is
/// asked where there are victims.
async fn ask_witness(world: &Arc<World>) -> Option<Held> {
    let witness = world.options.witness.clone()?;
    if world.plan.honest.iter().any(|person| person.victim.is_some()) {
        return None;
    }
    let elapsed = i64::try_from(world.elapsed().as_millis()).unwrap_or(i64::MAX);
    let since = clock::now() - elapsed;
    let (honest, forged) = (world.sink.tokens(Camp::Honest), world.sink.tokens(Camp::Forged));
    let asked = spawn_blocking(move || Some((witness.ask(&honest, since)?, witness.ask(&forged, since)?)));
    let (honest, forged) = asked.await.ok()??;
    let count =
        |told: &Testimony, is: fn(&Standing) -> bool| told.of.iter().flatten().filter(|of| is(of)).count() as u64;
    Some(Held {
        honest: count(&honest, |of| of.held),
        forged: count(&forged, |of| of.held),
        forged_invalidated: count(&forged, |of| of.invalidated),
        first_at: forged.first_hold_at.map(|at| at - since),
    })
}

fn tolerance(options: &Options) -> i64 {
    i64::try_from(options.clock_tolerance.as_millis()).unwrap_or(i64::MAX / 4)
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
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    World {
        plan,
        petitions: std::iter::once(petition.to_owned())
            .chain(options.also.iter().cloned())
            .collect(),
        sink,
        started: Instant::now(),
        forged_road: Road {
            connections: Arc::new(Semaphore::new(options.connections)),
            ..road.clone()
        },
        honest_road: road,
        honest_solvers: Arc::new(Semaphore::new(cores)),
        forged_solvers: Arc::new(Semaphore::new(1)),
        honest: Default::default(),
        forged: Default::default(),
        abuse: Default::default(),
        sources: Default::default(),
        victims_signed: Default::default(),
        prices: Default::default(),
        times: Default::default(),
        auditor: Auditor::default().into(),
        changed: Notify::new(),
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

/// The auditor's eyes: a visitor like any other, from an address of its own.
struct Watcher(Browser);

impl Watcher {
    fn new(world: &World) -> Self {
        let road = Road {
            connections: Arc::new(Semaphore::new(1)),
            ..world.honest_road.clone()
        };
        let voice = Voice {
            lang: Lang::En,
            agent: "paraph-drill auditor",
        };
        Self(Browser::new(road, SocketAddr::new(AUDITOR.into(), 40_000), voice))
    }

    async fn ask(&mut self, world: &World) -> Result<Answer, Lost> {
        self.0.json(&world.path("/count.json")).await
    }

    async fn first_look(&mut self, world: &World) -> Result<Shown, RunError> {
        let answer = self.ask(world).await;
        let answer = answer.map_err(|lost| RunError::NoAnswer(world.honest_road.target.address(), lost.to_string()))?;
        match (answer.status, read_count(&answer)) {
            (404, _) => Err(RunError::NoPetition(world.petition().to_owned())),
            (200, Some(shown)) => Ok(shown),
            _ => Err(RunError::NoCount {
                petition: world.petition().to_owned(),
                reason: answer.reason(),
            }),
        }
    }

    /// The petitions that the site's home page links to.
    async fn listed(&mut self) -> Result<Vec<String>, RunError> {
        let answer = self.0.page("/").await;
        let answer = answer.map_err(|lost| RunError::NoHome(lost.to_string()))?;
        let html = answer.text();
        let links = html.split("href=\"/p/").skip(1);
        let slugs: BTreeSet<&str> = links
            .filter_map(|rest| rest.split(['"', '?', '/', '#']).next())
            .collect();
        Ok(slugs.into_iter().map(str::to_owned).collect())
    }

    async fn look(&mut self, world: &World) -> Result<Shown, String> {
        let answer = self.ask(world).await.map_err(|lost| lost.to_string())?;
        let shown = read_count(&answer).ok_or_else(|| answer.reason())?;
        let mut auditor = world.auditor();
        for (address, arrived) in world.sink.guests() {
            auditor.guest(&address, arrived);
        }
        auditor.saw(world.elapsed().as_secs_f64(), shown);
        Ok(shown)
    }
}

fn read_count(answer: &Answer) -> Option<Shown> {
    let json = answer.json()?;
    Some(Shown {
        counted: json.get("counted")?.as_u64()?,
        as_of: clock::parse(json.get("as_of")?.as_str()?)?,
        settle_after: (json.get("settle_after_seconds")?.as_f64()? * 1000.0) as i64,
    })
}

async fn watch_count(world: Arc<World>, mut watcher: Watcher, lost: Arc<Counter>) {
    loop {
        if watcher.look(&world).await.is_err() {
            lost.one();
        }
        tokio::select! {
            () = sleep(LOOK_EVERY) => {}
            () = world.changed.notified() => sleep(LOOK_AFTER_CHANGE).await,
        }
    }
}

/// What goes on beside the actors: snapshots for the view, the meter of the server's cost.
struct Stages<'a, F> {
    world: &'a World,
    arrived: &'a AtomicBool,
    checks_lost: &'a Counter,
    observer: F,
    meter: Meter,
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
        });
        cost
    }
}
