//! Turns what a run has written down into its report.

use crate::auditor::Check;
use crate::probe::Cost;
use crate::progress::Stage;
use crate::report::{Count, Forged, Honest, Log, Puzzle, Report, Server, Verdicts, Victims};
use crate::sink::Camp;
use crate::victim::MAILS_A_DAY;
use crate::witness::Held;
use crate::world::World;

/// Guesses up to which a price is one that only drills may ask for.
const DRILL_PRICE: f64 = 4.0;

pub(crate) fn report(world: &World, complete: bool, cost: Cost, checks_lost: u64, held: Option<Held>) -> Report {
    let seconds = tenths(world.elapsed().as_secs_f64());
    let checks = world.auditor().checks();
    Report {
        scenario: world.options.scenario.name().to_owned(),
        seed: world.options.seed,
        seconds,
        complete,
        puzzle: puzzle(world),
        honest: honest(world, checks.last()),
        forged: forged(world, &checks, held),
        abuse: Some(world.abuse.snapshot()).filter(|tales| !tales.is_empty()),
        victims: victims(world),
        count: count(world, &checks, seconds, checks_lost),
        verdicts: verdicts(world, &checks, held),
        server: Server {
            cpu_seconds: cost.cpu_seconds,
            rss_mib_max: cost.rss_mib_max.map(tenths),
        },
        log: Log::default(),
    }
}

fn puzzle(world: &World) -> Puzzle {
    let prices = &world.prices;
    let challenges = prices.challenges.get();
    let mean = |sum: u64| (challenges > 0).then(|| tenths(sum as f64 / challenges as f64));
    let price = mean(prices.guesses.get());
    Puzzle {
        price,
        rounds: mean(prices.rounds.get()),
        drill_only: price.map(|price| price <= DRILL_PRICE),
    }
}

fn honest(world: &World, last: Option<&Check>) -> Honest {
    let (counters, times) = (&world.honest, &world.times);
    let baseline = world.auditor().baseline();
    Honest {
        sent: counters.sent.get(),
        accepted: counters.accepted.get(),
        mailed: world.sink.seen(Camp::Honest).addresses + world.victims_signed.get(),
        confirmed: counters.confirmed.get(),
        withdrawn: counters.withdrawn.get(),
        counted: last.map(|check| check.shown.counted.min(check.truth.most).saturating_sub(baseline)),
        gave_up: counters.gave_up.snapshot(),
        asked_to_wait: counters.asked_to_wait.get(),
        p50_ms: times.quantile(Stage::FirstAnswer, 0.5),
        p99_ms: times.quantile(Stage::FirstAnswer, 0.99),
        accepted_p50_ms: times.quantile(Stage::Accepted, 0.5),
        accepted_p99_ms: times.quantile(Stage::Accepted, 0.99),
        page_p99_ms: times.quantile(Stage::Page, 0.99),
        confirm_p99_ms: times.quantile(Stage::Confirm, 0.99),
    }
}

fn forged(world: &World, checks: &[Check], held: Option<Held>) -> Forged {
    let counters = &world.forged;
    let mail = world.sink.seen(Camp::Forged);
    Forged {
        sent: counters.sent.get(),
        admitted: counters.admitted.get(),
        mailed: mail.mails,
        max_mails_per_address: mail.max_per_address.max(most_mails(world)),
        confirmed: counters.confirmed.get(),
        counted_peak: checks
            .iter()
            .map(|check| excess(world, check))
            .max()
            .unwrap_or_default(),
        counted_final: checks.last().map(|check| excess(world, check)).unwrap_or_default(),
        held: held.map(|held| held.forged),
        invalidated: held.map(|held| held.forged_invalidated),
        counted_without_scrutiny: checks.last().map(|check| check.forged_due),
        refused: counters.refused.snapshot(),
        skipped: counters.skipped.get(),
    }
}

/// Any excess over the truth is put down to the forgers while they are there: never better than it may be.
fn excess(world: &World, check: &Check) -> u64 {
    if world.forged.sent.get() == 0 {
        0
    } else {
        check.shown.counted.saturating_sub(check.truth.most)
    }
}

/// Precision and honest held are what the witness says; recall follows from the count alone: of the forgeries that their
/// authors confirmed, each of which counts where nobody looks, those that do not.
fn verdicts(world: &World, checks: &[Check], held: Option<Held>) -> Verdicts {
    let last = checks.last().filter(|check| check.forged_due > 0);
    let recall = last.map(|check| 1.0 - excess(world, check).min(check.forged_due) as f64 / check.forged_due as f64);
    let all = held.map(|held| held.forged + held.honest).filter(|all| *all > 0);
    let from = world.plan.attack_from.as_secs_f64();
    Verdicts {
        precision: held.zip(all).map(|(held, all)| held.forged as f64 / all as f64),
        recall,
        honest_held: held.map(|held| held.honest),
        seconds_to_first_hold: held
            .and_then(|held| held.first_at)
            .map(|at| tenths((at as f64 / 1000.0 - from).max(0.0))),
    }
}

/// Most mails that one victim received, however the address was spelled; 0 without victims.
fn most_mails(world: &World) -> u64 {
    let victims = world.plan.honest.iter().filter_map(|person| person.victim);
    victims.map(|victim| victim.mails(&world.sink)).max().unwrap_or(0)
}

fn victims(world: &World) -> Option<Victims> {
    let people = world
        .plan
        .honest
        .iter()
        .filter(|person| person.victim.is_some())
        .count() as u64;
    let petitions = world.petitions.len() as u64;
    (people > 0).then(|| Victims {
        people,
        petitions,
        max_mails: most_mails(world),
        mails_allowed: MAILS_A_DAY.min(petitions),
        signed: world.victims_signed.get(),
    })
}

fn count(world: &World, checks: &[Check], seconds: f64, checks_lost: u64) -> Count {
    let error = |check: &Check| check.truth.error(check.shown.counted);
    let ends = checks.iter().skip(1).map(|next| next.at).chain([seconds]);
    let wrong = checks.iter().zip(ends).filter(|(check, _)| error(check) > 0);
    let error_seconds = wrong
        .map(|(check, end)| (end - check.at).max(0.0))
        .fold(0.0, |sum, more: f64| sum + more);
    let unexplained = |check: &Check| check.shown.counted.saturating_sub(check.truth.most + check.forged_due);
    let auditor = world.auditor();
    Count {
        truth: checks
            .last()
            .map(|check| check.truth.nearest(check.shown.counted))
            .unwrap_or_default(),
        r#final: checks.last().map(|check| check.shown.counted).unwrap_or_default(),
        error_max: checks.iter().map(error).max().unwrap_or_default(),
        error_seconds: tenths(error_seconds),
        off_seconds: tenths(longest_off(checks, seconds)),
        checks: checks
            .iter()
            .map(|check| {
                let shown = check.shown.counted;
                (tenths(check.at), check.truth.nearest(shown), shown)
            })
            .collect(),
        baseline: auditor.baseline(),
        guests: auditor.guests(),
        unanswered: auditor.unanswered(),
        confirmed_at_outside: auditor.outside_window(),
        checks_lost,
        unexplained_max: checks.iter().map(unexplained).max().unwrap_or_default(),
    }
}

/// Seconds in a row during which the count was off by more than it may be for a moment: 1 %, or five signatures.
fn longest_off(checks: &[Check], seconds: f64) -> f64 {
    let is_off = |check: &Check| {
        let most = (check.truth.nearest(check.shown.counted) as f64 / 100.0).max(5.0);
        check.truth.error(check.shown.counted) as f64 > most
    };
    let runs = checks.chunk_by(|one, next| is_off(one) == is_off(next));
    let mut ends = 0;
    let lengths = runs.filter_map(|run| {
        ends += run.len();
        let until = checks.get(ends).map_or(seconds, |next| next.at);
        is_off(&run[0]).then(|| until - run[0].at)
    });
    lengths.fold(0.0, f64::max)
}

fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
