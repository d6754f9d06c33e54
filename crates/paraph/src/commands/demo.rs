//! `paraph demo`: one process, nothing to install.
//!
//! Server and drill share the process but not their threads, and meet only at the front door: the crowd and the forgers
//! connect, solve, sign and read mail as anybody would.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use paraph_drill::{
    ForgedRate, Lang as Tongue, LiveView, Mailbox, Options, Report, Scenario, ServerProbe, Sink, Stop, Target,
};

use super::witness;
use super::{check_report, drill_failure, print, print_report, scenario, strengths, takes, write_report};
use crate::cli::Demo;
use crate::config::{self, Config};
use crate::failure::Failure;
use crate::intake::command::{Details, PetitionAnswer, PetitionCommand};
use crate::ledger::record::consents_hash;
use crate::server::Server;
use crate::telemetry;
use crate::views::Lang;

const SLUG: &str = "fontaine";
const TITLE: &str = "Rendons l’eau à la fontaine de la place Haute";
const OWNER: &str = "Les amis de la place Haute";
const TEXT: &str = include_str!("../../samples/fontaine.fr.txt");
const GOAL: u64 = 500;
/// Other petitions of the same site, for scenarios that attack all of them.
const OTHERS: [(&str, &str); 4] = [
    ("marche", "Gardons le marché du jeudi"),
    ("autocar", "Un autocar le dimanche"),
    ("classe", "Rouvrons la deuxième classe"),
    ("tilleuls", "Sauvons les tilleuls du cours"),
];

/// Where the demonstration keeps its data: a directory that was named, or one that goes with it.
enum Place {
    Named(PathBuf),
    Temporary(tempfile::TempDir),
}

impl Place {
    fn path(&self) -> &Path {
        match self {
            Self::Named(path) => path,
            Self::Temporary(directory) => directory.path(),
        }
    }
}

/// Lies in the data directory of a demonstration, and in no other.
const MARK: &str = "demonstration";
/// Begins a line of it for each demonstration: whose people have signed there.
const SEED: &str = "seed ";
/// Of a demonstration for which none is named.
const FIRST_SEED: u64 = 1;

/// Takes a named directory for this and later demonstrations, and gives the seed of this one. The mail of a real site would
/// go to the demonstration, and invented people into its count: only what is empty, or a demonstration's already, is taken.
/// Nor can people sign there again who have: the mark remembers their seeds.
fn claim(directory: &Path, seed: Option<u64>) -> Result<u64, Failure> {
    let mark = directory.join(MARK);
    let failed = |error| Failure::io(format!("--data: cannot use {}", directory.display()), &error);
    if mark.try_exists().map_err(failed)? {
        let said = fs::read_to_string(&mark).map_err(failed)?;
        let used: Vec<u64> = said
            .lines()
            .filter_map(|line| line.strip_prefix(SEED)?.parse().ok())
            .collect();
        let seed = match seed {
            Some(seed) if used.contains(&seed) => {
                return Err(Failure::usage(
                    format!("--seed: its people have signed in {} already", directory.display()),
                    "leave --seed out, which takes other people, or name another directory",
                ));
            }
            Some(seed) => seed,
            None => (FIRST_SEED..).find(|seed| !used.contains(seed)).unwrap_or(FIRST_SEED),
        };
        fs::write(mark, format!("{said}{SEED}{seed}\n")).map_err(failed)?;
        return Ok(seed);
    }
    let has_something = match fs::read_dir(directory) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(failed(error)),
    };
    if has_something {
        return Err(Failure::usage(
            format!(
                "--data: {} holds something that no demonstration made",
                directory.display()
            ),
            "leave --data out, or name an empty directory",
        ));
    }
    fs::create_dir_all(directory).map_err(failed)?;
    let seed = seed.unwrap_or(FIRST_SEED);
    let said = format!("Made by `paraph demo`: the people in here are invented.\n{SEED}{seed}\n");
    fs::write(mark, said).map_err(failed)?;
    Ok(seed)
}

/// The way into the incident room: a link that serves once and makes the first operator, for who sits at this machine only.
async fn room(server: &Server) -> Result<Option<String>, Failure> {
    if !server.address.ip().is_loopback() {
        return Ok(None);
    }
    let link = server.first_link().await?;
    Ok(link.map(|link| format!("desk      {link}")))
}

pub(super) fn run(demo: &Demo) -> Result<(), Failure> {
    let scenario = scenario(&demo.scenario)?;
    let mut options = options(demo, scenario)?;
    check_report(demo.report.as_deref())?;
    telemetry::start_logging_quietly()?;
    let metrics = telemetry::install()?;
    let place = match &demo.data {
        Some(path) => {
            options.seed = claim(path, demo.seed)?;
            Place::Named(path.clone())
        }
        None => Place::Temporary(tempfile::tempdir()?),
    };
    let drill = paraph_drill::runtime()?;
    let serving = tokio::runtime::Builder::new_multi_thread()
        .thread_name("paraph")
        .enable_all()
        .build()?;
    let stop = Stop::default();
    let (sink, mailbox) = drill.block_on(async {
        stop.on_interrupt();
        let sink = Sink::start().await?;
        let mailbox = Mailbox::start(sink.clone()).await?;
        Ok::<_, std::io::Error>((sink, mailbox))
    })?;
    let config = configuration(demo, place.path(), &sink)?;
    let server = serving.block_on(async {
        let server = Server::start(&config, Some(metrics)).await?;
        open_petitions(&server, &config, scenario).await?;
        Ok::<_, Failure>(server)
    })?;
    let page = format!("{}/p/{SLUG}", server.base_url);
    let mut notes = vec![format!("petition  {page}"), format!("mailbox   {}", mailbox.url())];
    notes.extend(serving.block_on(room(&server))?);
    for note in &notes {
        print(note);
    }

    let witness = witness::of(&config.directory, &config.key_file)
        .map_err(|error| Failure::failed(error.to_string(), "leave --data out, or name an empty directory"))?;
    let options = Options {
        probe: ServerProbe::Threads("paraph".to_owned()),
        witness: Some(witness),
        suspect_wait: Duration::from_secs(config.limits.suspect_wait_seconds),
        operations: Target::check(&format!("http://{}", server.operations)).ok(),
        ..options
    };
    let report = drill.block_on(rehearse(options, &server.base_url, sink, &stop, notes.clone()))?;
    print_report(&report)?;
    if let Some(file) = &demo.report {
        write_report(file, &report)?;
    }
    if !demo.once && !stop.is_requested() {
        print("The site stays up. Sign on the page, read the mail in the mailbox, confirm, withdraw. Ctrl-C ends it.");
        for note in &notes {
            print(note);
        }
        drill.block_on(stop.requested());
    }
    serving.block_on(server.stop());
    if report.passed() {
        return Ok(());
    }
    Err(Failure::failed(
        "the count was not right at every check, or is not final, or the drill is incomplete",
        "the report says where: write it with --report FILE; the same --seed repeats the same people",
    ))
}

/// What was asked for, and the scenario's own where nothing was.
fn options(demo: &Demo, scenario: Scenario) -> Result<Options, Failure> {
    let mut options = Options::new(scenario, demo.seed.unwrap_or(FIRST_SEED));
    options.strengths = strengths(scenario, &demo.strength)?.unwrap_or(options.strengths);
    takes(scenario, demo.forged_rate, None)?;
    if let Some(rate) = demo.honest_rate {
        options.honest_rate = rate;
    }
    if let Some(rate) = demo.forged_rate {
        options.forged_rate = ForgedRate::InAll(rate);
    }
    Ok(match demo.duration {
        Some(duration) => options.with_duration(duration),
        None => options,
    })
}

async fn rehearse(
    options: Options,
    base_url: &str,
    sink: Sink,
    stop: &Stop,
    notes: Vec<String>,
) -> Result<Report, Failure> {
    let target = Target::check(base_url).map_err(|refused| Failure::usage(refused.to_string(), refused.hint()))?;
    let view = LiveView::start(tongue(), stop, notes)?;
    let outcome = paraph_drill::run(options, target, SLUG, sink, stop.clone(), |progress| {
        view.observe(progress)
    })
    .await;
    drop(view);
    outcome.map_err(|error| drill_failure(&error))
}

/// The language of the terminal, as its environment says.
pub(super) fn tongue() -> Tongue {
    let said = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
    if said.is_some_and(|said| said.starts_with("fr")) {
        Tongue::Fr
    } else {
        Tongue::En
    }
}

/// A server on loopback that believes the sources that the drill announces, and settles within seconds.
fn configuration(demo: &Demo, data: &Path, sink: &Sink) -> Result<Config, Failure> {
    if !demo.listen.ip().is_loopback() {
        return Err(Failure::usage(
            format!("--listen: {} can be reached from other machines", demo.listen),
            "a demonstration believes whoever connects to it about addresses: listen on 127.0.0.1",
        ));
    }
    let written = [
        ("SITE__NAME", "Pétitions de Val-Mérand".to_owned()),
        ("LISTEN__HTTP", demo.listen.to_string()),
        ("LISTEN__OPERATIONS", "127.0.0.1:0".to_owned()),
        ("LISTEN__TRUSTED_PROXIES", "127.0.0.0/8,::1/128".to_owned()),
        ("LISTEN__PROXY_PROTOCOL", "optional".to_owned()),
        ("STORE__DIRECTORY", data.display().to_string()),
        ("MAIL__FROM", "petitions@val-merand.example".to_owned()),
        ("MAIL__SMTP", format!("smtp://{}", sink.smtp_addr())),
        ("DRILL__NETWORKS", "true".to_owned()),
        ("LIMITS__SETTLE_AFTER_SECONDS", "4".to_owned()),
        ("LIMITS__SETTLE_EVERY_SECONDS", "1".to_owned()),
        // The end of a minute must not wait seven. Forgers keep their own pace here, so this is not shortened as much as the
        // settling: from their first confirmation to the first hold it took up to 47 s on a busy machine, and at 14 s some
        // were counted that else are held.
        ("LIMITS__SUSPECT_WAIT_SECONDS", "60".to_owned()),
        ("LIMITS__DISK_FLOOR_MIB", "64".to_owned()),
        // Waves that lay days apart lie minutes apart here: so does the end of an incident.
        ("LIMITS__INCIDENT_QUIET_MINUTES", "1".to_owned()),
        ("SCRUTINY__ENABLED", (!demo.no_scrutiny).to_string()),
    ];
    let written: Vec<(String, String)> = written
        .into_iter()
        .map(|(key, value)| (format!("PARAPH__{key}"), value))
        .collect();
    let languages: Vec<&str> = Lang::all().map(Lang::code).collect();
    config::without_file(&written, &languages)
}

async fn open_petitions(server: &Server, config: &Config, scenario: Scenario) -> Result<(), Failure> {
    if scenario == Scenario::MailBomb {
        for (slug, title) in OTHERS {
            open_petition(server, config, slug, title).await?;
        }
    }
    open_petition(server, config, SLUG, TITLE).await
}

async fn open_petition(server: &Server, config: &Config, slug: &str, title: &str) -> Result<(), Failure> {
    let create = PetitionCommand::Create {
        slug: slug.to_owned(),
        owner: OWNER.to_owned(),
        language: "fr".to_owned(),
        goal: Some(GOAL),
        title: title.to_owned(),
        body: TEXT.trim().to_owned(),
        consent_hash: consents_hash(),
        publish: true,
        settle_after_seconds: u32::try_from(config.limits.settle_after_seconds).unwrap_or(u32::MAX),
        details: Details::default(),
    };
    let failed = |error: &dyn std::fmt::Display| {
        Failure::failed(
            format!("the sample petition cannot be made: {error}"),
            "leave --data out, or name an empty directory",
        )
    };
    match server.intake.petition(create).await {
        // A directory of an earlier demonstration has it already.
        Ok(PetitionAnswer::Done | PetitionAnswer::SlugTaken) => {}
        Ok(other) => return Err(failed(&format!("{other:?}"))),
        Err(error) => return Err(failed(&error)),
    }
    // Pages are rendered behind the writer; the crowd waits for the first one.
    server.until_shown(slug).await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::claim;
    use crate::failure::Exit;

    #[test]
    fn a_demonstration_takes_an_empty_directory_or_its_own() {
        let place = tempfile::tempdir().expect("a directory");
        for directory in [place.path().join("new/one"), place.path().join("empty")] {
            fs::create_dir_all(place.path().join("empty")).expect("made");
            assert_eq!(claim(&directory, Some(2)).expect("nothing is in it"), 2);
            fs::write(directory.join("paraph.db"), "").expect("written");
            // Others each time: who has signed has had the mail of the day.
            let next = [(); 3].map(|()| claim(&directory, None).expect("it is a demonstration's"));
            assert_eq!(next, [1, 3, 4]);
            let again = claim(&directory, Some(3)).expect_err("these people have signed");
            assert_eq!(again.exit, Exit::Usage);
        }
        let refused = claim(place.path(), None).expect_err("something else is in it");
        assert_eq!(refused.exit, Exit::Usage);
        assert!(!place.path().join("demonstration").exists(), "nothing was written");
    }
}
