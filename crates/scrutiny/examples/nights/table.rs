//! The table of the documentation, with bounds by bootstrap over seeds.

use paraph_drill::sim::SimScenario;
use paraph_nights::Outcome;

/// Resamples of the seeds for each bound.
const RESAMPLES: usize = 10_000;

/// Prints one line for each scenario, and the honest groups of all of them.
pub(crate) fn print(seeds: u32, run: impl Fn(SimScenario, u32) -> Vec<Outcome>) {
    println!(
        "| scenario | honest people | held (upper bound) | late | forged, counted without scrutiny | recall (lower bound) \
         | precision | first hold, s: median, worst seed | off without | off with, most | 5 min after, worst seed | minutes off | victims in time | asked |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    let (mut all, mut shown, mut unseen) = (Vec::new(), Vec::new(), Vec::new());
    for scenario in SimScenario::ALL {
        let outcomes = run(scenario, seeds);
        println!("{}", row(scenario, &outcomes));
        all.extend(outcomes);
    }
    for outcome in &all {
        if outcome.groups.iter().any(|(group, _, _)| *group == "brigade") {
            match outcome.seconds_to_shown {
                Some(seconds) => shown.push(seconds),
                None => unseen.push(outcome.seed),
            }
        }
    }
    shown.sort_unstable_by(f64::total_cmp);
    println!(
        "\nA hostile crowd of real people was shown to a person in {} of {} nights, after {:.0} minutes (median; most {:.0}); \
         not in seeds {unseen:?}.",
        shown.len(),
        shown.len() + unseen.len(),
        shown.get(shown.len() / 2).copied().unwrap_or_default() / 60.0,
        shown.last().copied().unwrap_or_default() / 60.0,
    );
    let (honest, held) = (sum(&all, |one| one.honest), sum(&all, |one| one.honest_held));
    println!(
        "\nPooled: {honest} honest people, {held} held, {}; 95 % upper bound {} by bootstrap.",
        percent(held as f64 / honest as f64),
        percent(bound(&all, 0.975, &|sample| ratio(
            sample,
            |one| one.honest_held,
            |one| one.honest
        ))),
    );
    println!("Honest groups of which somebody was held for longer than ten minutes:\n");
    for outcome in &all {
        for (group, held, people) in outcome.groups.iter().filter(|(_, held, _)| *held > 0) {
            let share = *held as f64 / *people as f64;
            if share >= 0.005 {
                println!(
                    "- {group}, seed {}: {held} of {people}, {}",
                    outcome.seed,
                    percent(share)
                );
            }
        }
    }
    println!("\n(Groups under 0.5 % are left out.)");
}

fn row(scenario: SimScenario, outcomes: &[Outcome]) -> String {
    let counted = |one: &Outcome| one.got_through(scenario);
    let recall = |sample: &[&Outcome]| 1.0 - ratio(sample, counted, |one| one.counted_without);
    let references: Vec<&Outcome> = outcomes.iter().collect();
    let forged = sum(outcomes, |one| one.counted_without);
    let (held, right) = (
        sum(outcomes, |one| one.honest_held + one.forged_held),
        sum(outcomes, |one| one.forged_held),
    );
    let most = |value: &dyn Fn(&Outcome) -> f64| outcomes.iter().map(value).fold(0.0, f64::max);
    let mut first: Vec<f64> = outcomes.iter().filter_map(|one| one.seconds_to_first_hold).collect();
    first.sort_unstable_by(f64::total_cmp);
    let victims = sum(outcomes, |one| one.victims);
    let or_dash = |known: bool, text: String| if known { text } else { "-".to_owned() };
    format!(
        "| `{}` | {} | {} ({}) | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {:.0} |",
        scenario.name(),
        sum(outcomes, |one| one.honest),
        sum(outcomes, |one| one.honest_held),
        percent(bound(outcomes, 0.975, &|sample| ratio(
            sample,
            |one| one.honest_held,
            |one| one.honest
        ))),
        sum(outcomes, |one| one.honest_late),
        or_dash(forged > 0, forged.to_string()),
        or_dash(
            forged > 0,
            format!(
                "{} ({})",
                percent(recall(&references)),
                percent(bound(outcomes, 0.025, &recall))
            ),
        ),
        or_dash(held > 0, percent(right as f64 / held.max(1) as f64)),
        or_dash(
            !first.is_empty(),
            format!(
                "{:.0}, {:.0}",
                first.get(first.len() / 2).copied().unwrap_or_default(),
                first.last().copied().unwrap_or_default()
            ),
        ),
        percent(most(&|one| one.error_without)),
        percent(most(&|one| one.worst_error)),
        percent(most(&|one| one.error_after)),
        most(&|one| one.minutes_off as f64),
        or_dash(
            victims > 0,
            percent(sum(outcomes, |one| one.victims_in_time) as f64 / victims.max(1) as f64)
        ),
        sum(outcomes, |one| one.notices) as f64 / outcomes.len().max(1) as f64,
    )
}

fn sum(outcomes: &[Outcome], value: impl Fn(&Outcome) -> u64) -> u64 {
    outcomes.iter().map(value).sum()
}

fn ratio(sample: &[&Outcome], part: impl Fn(&Outcome) -> u64, whole: impl Fn(&Outcome) -> u64) -> f64 {
    let (part, whole) = sample
        .iter()
        .fold((0, 0), |(parts, wholes), one| (parts + part(one), wholes + whole(one)));
    part as f64 / whole.max(1) as f64
}

/// The quantile of a figure over resampled seeds. The draws are fixed: the same outcomes give the same bound.
fn bound(outcomes: &[Outcome], quantile: f64, figure: &dyn Fn(&[&Outcome]) -> f64) -> f64 {
    let mut state = 1u64;
    let mut figures: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let sample: Vec<&Outcome> = (0..outcomes.len())
                .map(|_| {
                    state = state
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1_442_695_040_888_963_407);
                    &outcomes[(state >> 33) as usize % outcomes.len()]
                })
                .collect();
            figure(&sample)
        })
        .collect();
    figures.sort_unstable_by(f64::total_cmp);
    figures[((figures.len() - 1) as f64 * quantile) as usize]
}

fn percent(share: f64) -> String {
    format!("{:.3} %", share * 100.0)
}
