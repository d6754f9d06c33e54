//! What is looked at for as long as a drill lasts: the count, the page, and whether mail is on its way.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::auditor::Shown;
use crate::client::{Answer, Browser, Lost, Road, Voice};
use crate::clock;
use crate::networks::AUDITOR;
use crate::people::Lang;
use crate::progress::Counter;
use crate::run::RunError;
use crate::world::World;

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Between a change and the look that follows it.
const LOOK_AFTER_CHANGE: Duration = Duration::from_millis(400);
/// Between two questions about mail; they read the server's store.
const ASK_EVERY: Duration = Duration::from_millis(700);

/// The auditor's eyes: a visitor like any other, from an address of its own.
pub(crate) struct Watcher(Browser);

impl Watcher {
    /// From an address that nobody else has.
    pub(crate) fn new(world: &World) -> Self {
        Self::by(world.honest_road.clone())
    }

    fn by(road: Road) -> Self {
        let road = Road {
            connections: Arc::new(Semaphore::new(1)),
            ..road
        };
        let voice = Voice {
            lang: Lang::En,
            agent: "paraph-drill auditor".to_owned(),
        };
        Self(Browser::new(road, SocketAddr::new(AUDITOR.into(), 40_000), voice))
    }

    async fn ask(&mut self, world: &World) -> Result<Answer, Lost> {
        self.0.json(&world.path("/count.json")).await
    }

    /// The count before anything has happened.
    pub(crate) async fn first_look(&mut self, world: &World) -> Result<Shown, RunError> {
        let answer = self.ask(world).await;
        if !answer.as_ref().is_ok_and(is_known) && hears_only_itself(world).await {
            return Err(RunError::NoSources(world.honest_road.target.address()));
        }
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

    /// Whether the petition takes signatures no longer: who asks for a puzzle is told so. Any other answer may be of the moment.
    pub(crate) async fn is_closed(&mut self, world: &World) -> bool {
        let answer = self.0.json(&world.path("/challenge")).await;
        answer.is_ok_and(|answer| answer.reason() == "closed")
    }

    /// The petitions that the site's home page links to.
    pub(crate) async fn listed(&mut self) -> Result<Vec<String>, RunError> {
        let answer = self.0.page("/").await;
        let answer = answer.map_err(|lost| RunError::NoHome(lost.to_string()))?;
        let html = answer.text();
        let links = html.split("href=\"/p/").skip(1);
        let slugs: BTreeSet<&str> = links
            .filter_map(|rest| rest.split(['"', '?', '/', '#']).next())
            .collect();
        Ok(slugs.into_iter().map(str::to_owned).collect())
    }

    /// Reads the count and lets the auditor know.
    pub(crate) async fn look(&mut self, world: &World) -> Result<Shown, String> {
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

/// Whether an answer is about the petition, be it that there is none.
fn is_known(answer: &Answer) -> bool {
    matches!(answer.status, 200 | 404)
}

/// Whether the server answers who does not announce a source, as if that were all that is wrong.
async fn hears_only_itself(world: &World) -> bool {
    let plain = Road {
        proxy_protocol: false,
        ..world.honest_road.clone()
    };
    world.honest_road.proxy_protocol && Watcher::by(plain).ask(world).await.as_ref().is_ok_and(is_known)
}

fn read_count(answer: &Answer) -> Option<Shown> {
    let json = answer.json()?;
    Some(Shown {
        counted: json.get("counted")?.as_u64()?,
        as_of: clock::parse(json.get("as_of")?.as_str()?)?,
        settle_after: (json.get("settle_after_seconds")?.as_f64()? * 1000.0) as i64,
    })
}

/// Looks at the count every second, and after each change.
pub(crate) async fn watch_count(world: Arc<World>, mut watcher: Watcher, lost: Arc<Counter>) {
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

/// Asks for the page every second, as people do who watch a counter.
pub(crate) async fn watch_page(world: Arc<World>) {
    let road = Road {
        connections: Arc::new(Semaphore::new(1)),
        ..world.honest_road.clone()
    };
    let voice = Voice {
        lang: Lang::Fr,
        agent: "paraph-drill reader".to_owned(),
    };
    let mut browser = Browser::new(road, SocketAddr::new(AUDITOR.into(), 40_001), voice);
    let mut last = Instant::now();
    loop {
        world.page.asked.one();
        let is_shown = browser
            .page(&world.path(""))
            .await
            .is_ok_and(|answer| answer.status == 200);
        if is_shown {
            let gap = u64::try_from(last.elapsed().as_millis()).unwrap_or(u64::MAX);
            world.page.shown.one();
            world.page.longest_gap_ms.fetch_max(gap, Ordering::Relaxed);
            last = Instant::now();
        }
        sleep(LOOK_EVERY).await;
    }
}

/// Asks, where anybody can say, whether letters are on their way, and who still waits to be counted.
pub(crate) async fn watch_mail(world: Arc<World>) {
    let Some(witness) = world.options.witness.clone() else {
        return;
    };
    loop {
        let witness = witness.clone();
        let told = spawn_blocking(move || witness.ask(&[], clock::now()))
            .await
            .ok()
            .flatten();
        world.waiting.send_replace(told.as_ref().map(|told| told.waiting));
        world.mail.send_modify(|(times, idle)| {
            *times += 1;
            *idle = match told {
                Some(told) if told.mails_on_their_way == 0 => *idle + 1,
                _ => 0,
            };
        });
        sleep(ASK_EVERY).await;
    }
}
