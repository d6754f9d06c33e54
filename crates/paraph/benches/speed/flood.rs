//! What honest people wait while others flood: their requests, the puzzle apart, against the same minute in which the
//! same load meets a server that does nothing.
//!
//! The null server shares the core with ours, so that in both runs the loader finds somebody to talk to as fast as
//! anything can answer, and disturbs the honest people, who live on its core, alike. What is left of the difference is
//! what the flood costs them inside of Paraph.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::bare::Bare;
use crate::finding::{Bar, Finding};
use crate::people::{Person, get, post};
use crate::server::{Mail, SLUG, Server};
use crate::signature::solved;
use crate::wire::{Connection, Opening, client, enemy, fetch};
use crate::{Outcome, machine, pages};

/// One run.
const ROUND: Duration = Duration::from_secs(15);
/// Honest people who begin each second.
const ARRIVALS: u32 = 20;
/// Of the time of a quiet run.
const TIMES: f64 = 2.0;
/// Requests on one connection of the flood of 4,000 addresses.
const BREATH: usize = 20;

/// A load.
#[derive(Clone, Copy, Debug)]
enum Flood {
    /// 218 servers, each of which sends the next forged form as soon as the last was answered.
    Lockstep,
    /// 4,000 addresses, 300 at once, each of which asks for pages, puzzles and forms and leaves.
    Many,
}

impl Flood {
    fn name(self) -> &'static str {
        match self {
            Self::Lockstep => "lockstep-218 in closed loop",
            Self::Many => "flood-4000",
        }
    }

    fn at_once(self) -> usize {
        match self {
            Self::Lockstep => 218,
            Self::Many => 300,
        }
    }

    /// Where connection number `index` comes from, the `turn`-th time.
    fn source(self, index: usize, turn: usize) -> std::net::Ipv4Addr {
        match self {
            Self::Lockstep => enemy(index),
            Self::Many => enemy((index + turn * self.at_once()) % 4000),
        }
    }
}

/// What came of one run.
#[derive(Debug, Default)]
struct Run {
    /// Milliseconds from a request to the end of its answer: the page with its connection, the challenge, the form.
    times: [Vec<f64>; 3],
    /// People whose three requests were all answered as they should be.
    served: u64,
    people: u64,
    /// Answers that the flood got.
    flooded: u64,
}

/// The slowest of a hundred, and how many honest people got through, for both floods.
pub(crate) fn measure(rounds: usize) -> Outcome<Vec<Finding>> {
    let separate = machine::separates();
    if separate {
        machine::leave_servers_core()?;
    }
    let mut findings = Vec::new();
    for flood in [Flood::Lockstep, Flood::Many] {
        let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let ours = Server::start_as_it_is(place.path(), Mail::Maildir, separate)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let forms: Arc<[Vec<u8>]> = asked(flood)?.into();
        let refusal = runtime.block_on(fetch(&ours.address, Opening::Proxied(enemy(5000)), &forms[0]))?;
        let null = Bare::start(place.path(), &refusal, separate)?;
        let mut slowest = finding(flood, "p99 of a request of honest people", "ms", separate);
        let mut lost = finding(flood, "honest people not served at the first try", "of 1000", separate);
        lost.bar = Bar::AtMost(1.0);
        slowest.bar = Bar::Times(TIMES);
        let mut rates = [Vec::new(), Vec::new()];
        let mut people = 0;
        for _ in 0..rounds {
            for (address, proxied) in [(&null.address, false), (&ours.address, true)] {
                let run = one(&ours.address, (address, proxied), flood, &forms, people)?;
                people += u32::try_from(run.people)?;
                if proxied {
                    let parts = run.times.each_ref().map(|times| p99(times.clone()));
                    slowest.note += &format!("; by ours {:.1}, {:.1}, {:.1}", parts[0], parts[1], parts[2]);
                }
                let (p99, missed) = (p99(run.times.concat()), run.people - run.served);
                let missed = 1000.0 * missed as f64 / run.people as f64;
                let [slow, away] = if proxied {
                    [&mut slowest.ours, &mut lost.ours]
                } else {
                    [&mut slowest.baseline, &mut lost.baseline]
                };
                slow.push(p99);
                away.push(missed);
                rates[usize::from(proxied)].push(run.flooded as f64 / ROUND.as_secs_f64());
            }
        }
        let [null, ours] = rates.map(|rate| crate::finding::median(&rate));
        slowest.note += &format!("; {ours:.0} hostile answers a second by ours, {null:.0} by the null server");
        findings.extend([slowest, lost]);
    }
    Ok(findings)
}

fn finding(flood: Flood, what: &str, unit: &'static str, separate: bool) -> Finding {
    Finding {
        what: format!("{}: {what}", flood.name()),
        unit,
        ours: Vec::new(),
        baseline: Vec::new(),
        bar: Bar::None,
        note: format!(
            "{ARRIVALS} people a second for {} s, page, challenge and form each; limits as they are by default; {}, null server beside ours",
            ROUND.as_secs(),
            machine::sharing(separate)
        ),
    }
}

/// What a flood sends, one after another.
fn asked(flood: Flood) -> Outcome<Vec<Vec<u8>>> {
    Ok(match flood {
        Flood::Lockstep => vec![pages::forged_form(true)?],
        Flood::Many => vec![
            get(&format!("/p/{SLUG}")),
            get(&format!("/p/{SLUG}/challenge")),
            get(&format!("/p/{SLUG}/sign")),
            post("name=&email=", ""),
        ],
    })
}

fn p99(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() * 99 / 100).copied().unwrap_or(f64::INFINITY)
}

/// The flood on a thread of its own, honest people on this one, both on the loader's core.
fn one(ours: &str, (target, proxied): (&str, bool), flood: Flood, forms: &Arc<[Vec<u8>]>, first: u32) -> Outcome<Run> {
    let (over, answers) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let loader = {
        let (over, answers, forms, target) = (over.clone(), answers.clone(), forms.clone(), target.to_owned());
        std::thread::spawn(move || -> std::io::Result<()> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let mut hostile = JoinSet::new();
                for index in 0..flood.at_once() {
                    let (over, answers, forms, target) = (over.clone(), answers.clone(), forms.clone(), target.clone());
                    hostile.spawn(async move { assail(&target, proxied, flood, index, &forms, &over, &answers).await });
                }
                while hostile.join_next().await.is_some() {}
            });
            Ok(())
        })
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut run = runtime.block_on(honest(ours, first))?;
    over.store(true, Ordering::Relaxed);
    loader.join().map_err(|_| "the loader failed")??;
    run.flooded = answers.load(Ordering::Relaxed);
    Ok(run)
}

/// One of the hostile connections, until it is over: again and again, whatever is answered.
async fn assail(
    target: &str,
    proxied: bool,
    flood: Flood,
    index: usize,
    forms: &[Vec<u8>],
    over: &AtomicBool,
    answers: &AtomicU64,
) {
    let mut turn = 0;
    while !over.load(Ordering::Relaxed) {
        let opening = if proxied {
            Opening::Proxied(flood.source(index, turn))
        } else {
            Opening::Plain
        };
        turn += 1;
        let Ok(mut connection) = Connection::open(target, opening).await else {
            tokio::time::sleep(Duration::from_millis(1)).await;
            continue;
        };
        let breath = match flood {
            Flood::Lockstep => usize::MAX,
            Flood::Many => BREATH,
        };
        let form = &forms[(index + turn) % forms.len()];
        for _ in 0..breath {
            if over.load(Ordering::Relaxed) || connection.exchange(form).await.is_err() {
                break;
            }
            answers.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// People who arrive evenly, each from an address of their own, who read no longer than it takes.
async fn honest(address: &str, first: u32) -> Outcome<Run> {
    let mut people = JoinSet::new();
    let begun = Instant::now();
    let many = ARRIVALS * u32::try_from(ROUND.as_secs())?;
    for number in 0..many {
        let at = begun + Duration::from_secs(1) * number / ARRIVALS;
        tokio::time::sleep_until(at.into()).await;
        let (address, person) = (address.to_owned(), first + number);
        people.spawn(async move { sign(&address, person).await });
    }
    let mut run = Run::default();
    while let Some(ended) = people.join_next().await {
        let (times, served) = ended?;
        for (all, time) in run.times.iter_mut().zip(times) {
            all.push(time);
        }
        run.people += 1;
        run.served += u64::from(served);
    }
    Ok(run)
}

/// Page, challenge, form. What one request took, and whether all were answered as they should be.
async fn sign(address: &str, person: u32) -> (Vec<f64>, bool) {
    let mut times = Vec::new();
    let mut signing = async || -> Outcome<bool> {
        let begun = Instant::now();
        let mut connection = Connection::open(address, Opening::Proxied(client(person as usize))).await?;
        let (page, _) = connection.exchange(&get(&format!("/p/{SLUG}"))).await?;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
        let begun = Instant::now();
        let (issued, challenge) = connection.exchange(&get(&format!("/p/{SLUG}/challenge"))).await?;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
        if (page, issued) != (200, 200) {
            return Ok(false);
        }
        let form = Person(person).request(&solved(challenge)?);
        let begun = Instant::now();
        let (status, _) = connection.exchange(&form).await?;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
        Ok(status == 303)
    };
    let served = signing().await.unwrap_or(false);
    (times, served)
}
