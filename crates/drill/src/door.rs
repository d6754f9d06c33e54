//! The front door of the server under rehearsal, as its operations listener tells it: lanes, price, budgets, bans.
//!
//! Read as anybody reads it who may reach that listener. Written apart from the server; what it does not find it leaves out.

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::Semaphore;
use tokio::time::sleep;

use crate::client::{Browser, Road, Voice};
use crate::networks::AUDITOR;
use crate::people::Lang;
use crate::target::Target;
use crate::world::World;

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The counter of requests that found a budget used up, in the metrics.
const BUDGETS_REFUSED: &str = "paraph_budget_refused_total";

/// How the door stands.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct DoorNow {
    /// Rounds of a guess for somebody who is in no way special.
    pub rounds: u64,
    /// At least and at most.
    pub rounds_floor: u64,
    /// The most.
    pub rounds_ceiling: u64,
    /// Bans in force.
    pub bans: u64,
    /// The lanes, those that matter most first.
    pub lanes: Vec<LaneNow>,
    /// Requests that found a budget used up, since the start.
    #[serde(skip)]
    pub budgets_refused: Option<u64>,
}

/// One lane.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct LaneNow {
    /// Its name.
    pub label: String,
    /// Requests in work.
    pub working: u64,
    /// How many there may be.
    pub width: u64,
    /// Requests that wait.
    pub waiting: u64,
    /// How long a newcomer would wait, milliseconds.
    pub delay_ms: u64,
    /// Sent away since the start.
    pub shed: u64,
}

impl DoorNow {
    /// The lane with the longest delay.
    #[must_use]
    pub fn slowest(&self) -> Option<&LaneNow> {
        self.lanes.iter().max_by_key(|lane| lane.delay_ms)
    }

    /// Requests that all lanes have sent away.
    #[must_use]
    pub fn shed(&self) -> u64 {
        self.lanes.iter().map(|lane| lane.shed).sum()
    }
}

/// Looks again and again for as long as the drill lasts. Nothing where no listener was named.
pub(crate) async fn watch(world: Arc<World>) {
    let Some(operations) = world.options.operations.clone() else {
        return;
    };
    let road = road(&world, operations);
    let voice = Voice {
        lang: Lang::En,
        agent: "paraph-drill view".to_owned(),
    };
    let mut browser = Browser::new(road, SocketAddr::new(AUDITOR.into(), 40_002), voice);
    loop {
        let now = look(&mut browser).await;
        *world.door.lock().unwrap_or_else(PoisonError::into_inner) = now;
        sleep(LOOK_EVERY).await;
    }
}

fn road(world: &World, target: Target) -> Road {
    Road {
        target,
        proxy_protocol: false,
        connections: Arc::new(Semaphore::new(1)),
        ..world.honest_road.clone()
    }
}

async fn look(browser: &mut Browser) -> Option<DoorNow> {
    let answer = browser.json("/door.json").await.ok()?;
    let mut now: DoorNow = serde_json::from_slice(&answer.body).ok()?;
    let metrics = browser.page("/metrics").await.ok()?;
    now.budgets_refused = sum(&metrics.text(), BUDGETS_REFUSED);
    Some(now)
}

/// The sum of a counter over its labels, in the text format of Prometheus; `None` until it has counted anything.
fn sum(metrics: &str, name: &str) -> Option<u64> {
    let lines = metrics.lines().filter(|line| {
        let rest = line.strip_prefix(name);
        rest.is_some_and(|rest| rest.starts_with(['{', ' ']))
    });
    let values = lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
    let values: Vec<f64> = values.collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() as u64)
}

#[cfg(test)]
mod tests {
    use super::{BUDGETS_REFUSED, DoorNow, sum};

    #[test]
    fn what_the_listener_says_is_read_and_what_it_says_beside_is_left() {
        let json = r#"{"read_only":false,"rounds":1200,"rounds_floor":1000,"rounds_ceiling":3000,"bans":4,"used":[],
            "defence_bytes":1,"lanes":[{"label":"sign","working":3,"width":8,"waiting":2,"waiting_most":9,"delay_ms":40,
            "served":10,"shed":1},{"label":"confirm","working":0,"width":8,"waiting":0,"waiting_most":9,"delay_ms":0,
            "served":10,"shed":2}]}"#;
        let now: DoorNow = serde_json::from_str(json).expect("readable");
        assert_eq!((now.rounds, now.bans, now.shed()), (1200, 4, 3));
        assert_eq!(now.slowest().map(|lane| lane.label.as_str()), Some("sign"));
        let metrics = "# TYPE paraph_budget_refused_total counter\nparaph_budget_refused_total{level=\"near\"} 5\n\
                       paraph_budget_refused_total{level=\"wide\"} 7\nparaph_budget_refused_totally 9\n";
        assert_eq!(sum(metrics, BUDGETS_REFUSED), Some(12));
        assert_eq!(sum("", BUDGETS_REFUSED), None);
    }
}
