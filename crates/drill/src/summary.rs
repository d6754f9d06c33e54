//! Turns what a run has written down into its report.

use crate::auditor::Check;
use crate::probe::Cost;
use crate::progress::Stage;
use crate::report::{Count, Forged, Honest, Log, Puzzle, Report, Server, Verdicts, Victims};
use crate::sink::Camp;
use crate::victim::MAILS_A_DAY;
use crate::world::World;

/// Guesses up to which a price is one that only drills may ask for.
const DRILL_PRICE: f64 = 4.0;

pub(crate) fn report(world: &World, complete: bool, cost: Cost, checks_lost: u64) -> Report {
    let seconds = tenths(world.elapsed().as_secs_f64());
    let checks = world.auditor().checks();
    Report {
        scenario: world.options.scenario.name().to_owned(),
        seed: world.options.seed,
        seconds,
        complete,
        puzzle: puzzle(world),
        honest: honest(world, checks.last()),
        forged: forged(world, &checks),
        abuse: Some(world.abuse.snapshot()).filter(|tales| !tales.is_empty()),
        victims: victims(world),
        count: count(world, &checks, seconds, checks_lost),
        verdicts: Verdicts::default(),
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

fn forged(world: &World, checks: &[Check]) -> Forged {
    let counters = &world.forged;
    let mail = world.sink.seen(Camp::Forged);
    // Any excess over the truth is put down to the forgers while they are there: never better than it may be.
    let sent = counters.sent.get();
    let excess = |check: &Check| {
        if sent == 0 {
            0
        } else {
            check.shown.counted.saturating_sub(check.truth.most)
        }
    };
    Forged {
        sent,
        admitted: counters.admitted.get(),
        mailed: mail.mails,
        max_mails_per_address: mail.max_per_address.max(most_mails(world)),
        confirmed: counters.confirmed.get(),
        counted_peak: checks.iter().map(excess).max().unwrap_or_default(),
        counted_final: checks.last().map(excess).unwrap_or_default(),
        held: None,
        invalidated: None,
        counted_without_scrutiny: None,
        refused: counters.refused.snapshot(),
        skipped: counters.skipped.get(),
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

fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
