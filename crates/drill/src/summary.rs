//! Turns what a run has written down into its report.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::auditor::Check;
use crate::clock;
use crate::probe::Cost;
use crate::progress::Stage;
use crate::report::{
    Brigade, Compression, Count, Forged, Honest, Log, Page, Puzzle, Report, Server, Verdicts, Victims, Wave,
};
use crate::scenario::StandsFor;
use crate::sink::Camp;
use crate::victim::MAILS_A_DAY;
use crate::witness::{Heard, Incident};
use crate::world::World;

/// Guesses up to which a price is one that only drills may ask for.
const DRILL_PRICE: f64 = 4.0;

pub(crate) fn report(world: &World, complete: bool, cost: Cost, checks_lost: u64, held: Option<&Heard>) -> Report {
    let seconds = tenths(world.elapsed().as_secs_f64());
    let checks = world.auditor().checks();
    Report {
        scenario: world.options.scenario.name().to_owned(),
        seed: world.options.seed,
        seconds,
        complete,
        compression: compression(world),
        puzzle: puzzle(world),
        honest: honest(world, checks.last()),
        forged: forged(world, &checks, held),
        abuse: Some(world.abuse.snapshot()).filter(|tales| !tales.is_empty()),
        abusers: Some(world.abusers).filter(|abusers| abusers.wanted > 0),
        victims: victims(world),
        brigade: brigade(world, held),
        waves: waves(world, held),
        page: Page {
            asked: world.page.asked.get(),
            shown: world.page.shown.get(),
            longest_gap: tenths(world.page.longest_gap_ms.load(Ordering::Relaxed) as f64 / 1000.0),
        },
        count: count(world, &checks, (seconds, checks_lost), held),
        verdicts: verdicts(world, &checks, held),
        server: Server {
            cpu_seconds: cost.cpu_seconds,
            rss_mib_max: cost.rss_mib_max.map(tenths),
            rss_with_drill: cost.rss_with_drill,
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
        crowded: world.honest_road.crowded.get(),
        p50_ms: times.quantile(Stage::FirstAnswer, 0.5),
        p99_ms: times.quantile(Stage::FirstAnswer, 0.99),
        accepted_p50_ms: times.quantile(Stage::Accepted, 0.5),
        accepted_p99_ms: times.quantile(Stage::Accepted, 0.99),
        page_p99_ms: times.quantile(Stage::Page, 0.99),
        confirm_p99_ms: times.quantile(Stage::Confirm, 0.99),
    }
}

fn forged(world: &World, checks: &[Check], held: Option<&Heard>) -> Forged {
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
        held: held.map(|held| held.waves.iter().map(|wave| wave.held).sum()),
        invalidated: held.map(|held| held.waves.iter().map(|wave| wave.invalidated).sum()),
        counted_without_scrutiny: checks.last().map(|check| check.forged_due),
        refused: counters.refused.snapshot(),
        skipped: counters.skipped.get(),
    }
}

/// Any excess over the truth is put down to the forgers while they are there: never better than it may be.
fn excess(world: &World, check: &Check) -> u64 {
    if world.forged.sent.get() == 0 { 0 } else { above(check) }
}

/// Precision and honest held are what the witness says; recall follows from the count: of the forgeries that their authors
/// confirmed, each of which counts where nobody looks, those that do not. Who still waits is not kept out: where the witness
/// cannot say who does, recall is told once nobody may.
fn verdicts(world: &World, checks: &[Check], held: Option<&Heard>) -> Verdicts {
    let last = checks.last().filter(|check| check.forged_due > 0);
    let recall = last.and_then(|check| {
        let (due, counted) = (check.forged_due, excess(world, check).min(check.forged_due));
        let may_wait = counted < due && check.forged_owed < due;
        let waiting = held.map_or((!may_wait).then_some(0), |held| Some(held.forged_waiting()))?;
        Some(1.0 - (counted + waiting).min(due) as f64 / due as f64)
    });
    let forged = held.map(|held| held.waves.iter().map(|wave| wave.held).sum::<u64>());
    let honest = held.map(|held| held.honest.held + held.hostile.held);
    let share = |(forged, honest)| (forged + honest > 0).then(|| forged as f64 / (forged + honest) as f64);
    let from = world.plan.attack_from.as_secs_f64();
    Verdicts {
        precision: forged.zip(honest).and_then(share),
        recall,
        honest_held: honest,
        honest_invalidated: held.map(|held| held.honest.invalidated + held.hostile.invalidated),
        seconds_to_first_hold: held
            .and_then(|held| held.first_at)
            .map(|at| tenths((at as f64 / 1000.0 - from).max(0.0))),
    }
}

fn compression(world: &World) -> Compression {
    let plan = &world.plan;
    let attack = plan.attack_to.saturating_sub(plan.attack_from).as_secs_f64();
    // The three waves are parts of a whole that is compressed with them.
    let played = if plan.waves.len() > 1 {
        plan.end.as_secs_f64()
    } else {
        attack
    };
    let time = |stands_for: StandsFor| (played > 0.0).then(|| tenths(stands_for.seconds as f64 / played));
    Compression {
        delays: world.options.compression,
        typing: world.options.typing(),
        time: plan.stands_for.and_then(time),
        stands_for: plan.stands_for,
    }
}

fn brigade(world: &World, held: Option<&Heard>) -> Option<Brigade> {
    let people = world.plan.honest.iter().filter(|person| person.hostile).count() as u64;
    (people > 0).then(|| Brigade {
        people,
        held: held.map(|held| held.hostile.held),
        invalidated: held.map(|held| held.hostile.invalidated),
    })
}

/// How long after a wave something of it may still be seen, milliseconds: what was confirmed last is looked at every ten
/// seconds, and refusals are told a minute at a time.
const SEEN_LATE: i64 = 75_000;

fn waves(world: &World, held: Option<&Heard>) -> Option<Vec<Wave>> {
    let plan = &world.plan;
    let started = clock::now() - i64::try_from(world.elapsed().as_millis()).unwrap_or_default();
    let wave = |(nth, wave): (usize, &crate::scenario::Wave)| {
        let counters = &world.waves[nth];
        let judged = held.and_then(|held| held.waves.get(nth)).copied();
        let is_flood = plan.abuse == Some(nth);
        let at = |moment: Duration| started + i64::try_from(moment.as_millis()).unwrap_or_default();
        let incidents = held.map(|held| {
            let seen = held.incidents.iter();
            let seen = seen.filter(|incident| was_seen(incident, is_flood, at(wave.from), at(wave.to)));
            seen.map(|incident| incident.id).collect()
        });
        Wave {
            name: wave.name,
            from: tenths(wave.from.as_secs_f64()),
            to: tenths(wave.to.as_secs_f64()),
            sent: counters.sent.get(),
            admitted: counters.admitted.get(),
            confirmed: counters.confirmed.get(),
            held: judged.filter(|_| !is_flood).map(|judged| judged.held),
            clusters: judged.filter(|_| !is_flood).map(|judged| judged.clusters),
            strangers: judged.filter(|_| !is_flood).map(|judged| judged.strangers),
            families: held
                .filter(|_| !is_flood)
                .and_then(|held| held.families.get(nth).cloned()),
            incidents,
        }
    };
    (plan.waves.len() > 1).then(|| plan.waves.iter().enumerate().map(wave).collect())
}

/// Whether an incident tells of what happened between two moments: holds, or pressure where it was a flood.
fn was_seen(incident: &Incident, is_flood: bool, from: i64, to: i64) -> bool {
    let seen = if is_flood {
        &incident.pressed_at
    } else {
        &incident.held_at
    };
    seen.iter().any(|at| (from..to + SEEN_LATE).contains(at))
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
        mails_allowed: MAILS_A_DAY.min(2 * petitions),
        signed: world.victims_signed.get(),
    })
}

fn count(world: &World, checks: &[Check], (seconds, checks_lost): (f64, u64), held: Option<&Heard>) -> Count {
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
        waiting: held.map(|held| held.honest.waiting + held.hostile.waiting + held.forged_waiting()),
        above_max: checks.iter().map(above).max().unwrap_or_default(),
        overdue_max: checks.iter().map(overdue).max().unwrap_or_default(),
        checks_lost,
        unexplained_max: checks.iter().map(unexplained).max().unwrap_or_default(),
    }
}

fn above(check: &Check) -> u64 {
    check.shown.counted.saturating_sub(check.truth.most)
}

fn overdue(check: &Check) -> u64 {
    check.owed.saturating_sub(check.shown.counted)
}

/// Seconds in a row during which the count was off by more than it may be for a moment: 1 %, or five signatures.
fn longest_off(checks: &[Check], seconds: f64) -> f64 {
    let is_off = |check: &Check| {
        let most = (check.truth.nearest(check.shown.counted) as f64 / 100.0).max(5.0);
        above(check).max(overdue(check)) as f64 > most
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
