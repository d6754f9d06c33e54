//! `paraph drill`: rehearses an attack on your own server.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use paraph_drill::sim::{SimScenario, TuningSeed, simulate};
use paraph_drill::{ForgedRate, LiveView, Options, Scenario, Sink, Stop, Target};
use paraph_nights::replay;
use serde_json::json;

use super::{
    check_report, demo, drill_failure, print, print_report, scenario, strengths, takes, witness, write_report,
};
use crate::cli::{Drill, DrillCommand, DrillRun};
use crate::failure::Failure;
use crate::limits::Limits;
use crate::telemetry;

pub(super) fn run(drill: &Drill) -> Result<(), Failure> {
    match (&drill.list, &drill.run) {
        (Some(DrillCommand::List { json }), _) => {
            list(*json);
            Ok(())
        }
        (None, Some(run)) => {
            check_report(run.report.as_deref())?;
            if run.simulate { replay_night(run) } else { rehearse(run) }
        }
        (None, None) => Err(Failure::usage(
            "a scenario is missing",
            "`paraph drill list` names them",
        )),
    }
}

/// A rehearsal and a simulation do not show the same: each has scenarios that the other lacks.
fn list(as_json: bool) {
    let tongue = demo::tongue();
    let simulated = SimScenario::ALL.map(SimScenario::name);
    if as_json {
        let all: Vec<_> = Scenario::ALL
            .iter()
            .map(|scenario| json!({ "scenario": scenario.name(), "does": scenario.describe(tongue) }))
            .collect();
        print(&json!({ "scenarios": all, "simulated": simulated }).to_string());
        return;
    }
    for scenario in Scenario::ALL {
        print(&format!("{:<18} {}", scenario.name(), scenario.describe(tongue)));
    }
    let without = tongue.pick(
        "Sans serveur, avec --simulate\u{a0}:",
        "Without a server, with --simulate:",
    );
    print(&format!("{without} {}", simulated.join(", ")));
    print(tongue.pick(
        "(framing y est un autre exercice\u{a0}: aucun faussaire ne confirme)",
        "(framing is another drill there: no forger confirms)",
    ));
}

/// Ten days without a server. Its seeds are those to tune by: the published figures come from others.
fn replay_night(run: &DrillRun) -> Result<(), Failure> {
    let scenario = SimScenario::from_name(&run.scenario).ok_or_else(|| {
        let names = SimScenario::ALL.map(SimScenario::name).join(", ");
        let what = match Scenario::from_name(&run.scenario) {
            Some(known) => format!("{} cannot be simulated: what it shows takes a server", known.name()),
            None => format!("there is no scenario {} that can be simulated", run.scenario),
        };
        Failure::usage(what, format!("there are: {names}"))
    })?;
    let seed = u32::try_from(run.seed)
        .map_err(|_| Failure::usage("--seed is too large to simulate", "up to 4294967295 with --simulate"))?;
    if std::io::stderr().is_terminal() && !run.json {
        eprintln!(
            "{}",
            demo::tongue().pick("dix jours, à peu près une minute …", "ten days, about a minute …")
        );
    }
    let began = Instant::now();
    let outcome = replay::run(&simulate(scenario, TuningSeed::numbered(seed)), true);
    let report = outcome.report(scenario, began.elapsed().as_secs_f64());
    if let Some(file) = &run.report {
        write_report(file, &report)?;
    }
    if run.json {
        print(&report.to_string());
    } else {
        print(&outcome.summary(scenario, demo::tongue()));
    }
    if outcome.passed() {
        return Ok(());
    }
    Err(Failure::failed(
        "honest people were held or missing, or forged signatures were counted for more than a moment",
        "the report says where; the same --seed repeats the same days",
    ))
}

fn rehearse(run: &DrillRun) -> Result<(), Failure> {
    let scenario = scenario(&run.scenario)?;
    let strengths = strengths(scenario, &run.strength)?;
    takes(scenario, run.forged_rate, run.sources)?;
    let (Some(target), Some(petition)) = (&run.target, &run.petition) else {
        return Err(Failure::usage(
            "--target or --petition is missing",
            "`paraph drill --help`",
        ));
    };
    if !run.mail_listen.ip().is_loopback() {
        return Err(Failure::usage(
            format!("--mail-listen: {} can be reached from other machines", run.mail_listen),
            "a drill's mail never leaves this machine: listen on 127.0.0.1, and let the server's mail.smtp name that",
        ));
    }
    let checked = Target::check(target).map_err(|refused| Failure::usage(refused.to_string(), refused.hint()))?;
    telemetry::start_logging_quietly()?;
    let mut options = Options::new(scenario, run.seed);
    options.strengths = strengths.unwrap_or(options.strengths);
    // What a server does that was not told otherwise; one that lets them wait for less is not waited for.
    options.suspect_wait = Duration::from_secs(Limits::default().suspect_wait_seconds);
    if let Some(rate) = run.honest_rate {
        options.honest_rate = rate;
    }
    if let Some(rate) = run.forged_rate {
        options.forged_rate = ForgedRate::InAll(rate);
    }
    if let Some(sources) = run.sources {
        options.max_sources = sources;
    }
    if let Some(duration) = run.duration {
        options = options.with_duration(duration);
    }
    if let Some(operations) = &run.operations {
        let target =
            Target::check(operations).map_err(|refused| Failure::usage(refused.to_string(), refused.hint()))?;
        options.operations = Some(target);
    }
    let hint = "name the data directory of the server under rehearsal, and its key file if that lies elsewhere";
    if let Some(directory) = &run.data {
        let key_file = run
            .key_file
            .clone()
            .unwrap_or_else(|| directory.join("keys/master.key"));
        let witness = witness::of(directory, &key_file).map_err(|error| Failure::usage(error.to_string(), hint))?;
        options.witness = Some(witness);
    }
    let report = paraph_drill::runtime()?.block_on(async {
        let stop = Stop::default();
        stop.on_interrupt();
        let sink = Sink::start_on(run.mail_listen).await.map_err(|error| {
            let hint = "choose another address with --mail-listen, and the same one in mail.smtp of the server";
            Failure::failed(
                format!("--mail-listen: cannot listen on {}: {error}", run.mail_listen),
                hint,
            )
        })?;
        let notes = vec![format!("target  {target}")];
        let view = if run.json {
            None
        } else {
            Some(LiveView::start(demo::tongue(), &stop, notes)?)
        };
        let observe = |progress: &paraph_drill::Progress| {
            if let Some(view) = &view {
                view.observe(progress);
            }
        };
        let outcome = paraph_drill::run(options, checked, petition, sink, stop.clone(), observe).await;
        outcome.map_err(|error| drill_failure(&error))
    })?;
    if let Some(file) = &run.report {
        write_report(file, &report)?;
    }
    if run.json {
        print(&serde_json::to_string(&report).unwrap_or_default());
    } else {
        print_report(&report)?;
    }
    // Of victims nobody is asked.
    let is_asked = run.data.is_some() && report.victims.is_none();
    if is_asked && report.verdicts.honest_held.is_none() {
        return Err(Failure::failed(
            "--data: the store there does not know those who signed, so who is held is not in the report",
            hint,
        ));
    }
    if report.passed() {
        return Ok(());
    }
    Err(Failure::failed(
        "the count was not right at every check, or is not final, or the drill is incomplete",
        "the report says where; the same --seed repeats the same people",
    ))
}
