//! `paraph petition …`

mod content;

use std::path::Path;

use paraph_tally::Phase;
use serde_json::{Value, json};

use std::sync::Arc;

use super::{block_on, configured, print};
use crate::admit::contribution::{breaks_a_line, without_invisible};
use crate::cli::{Petition, PetitionCreate, PetitionList, PetitionOne};
use crate::clock;
use crate::config::Config;
use crate::control;
use crate::desk::draft::{OWNER_CHARS, SLUG_CHARS, TEXT_BYTES, TITLE_CHARS, is_slug};
use crate::failure::Failure;
use crate::intake::command::{PetitionAnswer, PetitionCommand};
use crate::intake::{Writer, WriterSettings, replay};
use crate::ledger::catalogue::{self, Catalogue};
use crate::ledger::record::consents_hash;
use crate::limits::Limits;
use crate::named;
use crate::server::look;
use crate::store::Directory;

pub(super) fn run(petition: &Petition) -> Result<(), Failure> {
    match petition {
        Petition::Create(create) => run_create(create),
        Petition::List(list) => run_list(list),
        Petition::Show(one) => show(one),
        Petition::Edit(edit) => content::edit(edit),
        Petition::Update(update) => content::post(update),
        Petition::Publish(one) => publish(one),
        Petition::Close(one) => close(one),
        Petition::Discard(one) => discard(one),
    }
}

fn run_create(create: &PetitionCreate) -> Result<(), Failure> {
    let config = configured(&create.place.overrides())?;
    let answer = perform(&config, new_petition(create, &config)?)?;
    match answer {
        PetitionAnswer::Done => {
            let state = if create.publish { "open" } else { "draft" };
            let said = if create.publish {
                format!("petition {} is open: /p/{0}", create.slug)
            } else {
                format!(
                    "petition {} is a draft: `paraph petition publish {0}` opens it",
                    create.slug
                )
            };
            report(create.json, &json!({ "petition": create.slug, "state": state }), &said);
            Ok(())
        }
        _ => Err(Failure::failed(
            format!("--slug: {} is taken", create.slug),
            "choose another; `paraph petition list` names those there are",
        )),
    }
}

/// Checks what was typed.
fn new_petition(create: &PetitionCreate, config: &Config) -> Result<PetitionCommand, Failure> {
    check_slug(&create.slug)?;
    let title = one_line("--title", &create.title, TITLE_CHARS)?;
    let owner = one_line("--owner", &create.owner, OWNER_CHARS)?;
    let body = text("--text", &create.text, TEXT_BYTES)?;
    let language = match &create.language {
        Some(code) if config.site.languages.contains(code) => code.clone(),
        Some(code) => {
            let hint = format!("this site has: {}", config.site.languages.join(", "));
            return Err(Failure::usage(
                format!("--language: {code} is not a language of this site"),
                hint,
            ));
        }
        None => config.site.languages.first().cloned().unwrap_or_default(),
    };
    Ok(PetitionCommand::Create {
        slug: create.slug.clone(),
        owner,
        language,
        goal: create.goal,
        title,
        body,
        consent_hash: consents_hash(),
        publish: create.publish,
        settle_after_seconds: settle_after(&config.limits),
        details: content::details(create, &config.limits)?,
    })
}

fn settle_after(limits: &Limits) -> u32 {
    u32::try_from(limits.settle_after_seconds).unwrap_or(u32::MAX)
}

fn check_slug(slug: &str) -> Result<(), Failure> {
    if is_slug(slug) {
        return Ok(());
    }
    Err(Failure::usage(
        format!("--slug: {slug:?} cannot stand in an address"),
        format!("use 1 to {SLUG_CHARS} lower-case letters, digits and hyphens, as in clean-river"),
    ))
}

fn one_line(flag: &str, value: &str, most: usize) -> Result<String, Failure> {
    let value = without_invisible(value);
    let value = value.trim();
    let hint = format!("write 1 to {most} characters on one line");
    if value.is_empty() || value.chars().count() > most || value.contains(breaks_a_line) {
        return Err(Failure::usage(
            format!("{flag}: not a line of 1 to {most} characters"),
            hint,
        ));
    }
    Ok(value.to_owned())
}

fn text(flag: &str, path: &Path, most: usize) -> Result<String, Failure> {
    let text = lines_of(flag, path, most)?;
    if text.is_empty() {
        let hint = format!("give a file of UTF-8 text, at most {most} bytes");
        return Err(Failure::usage(format!("{flag}: {} is empty", path.display()), hint));
    }
    Ok(text)
}

/// A file of text, possibly empty.
fn lines_of(flag: &str, path: &Path, most: usize) -> Result<String, Failure> {
    let name = path.display();
    let hint = format!("give a file of UTF-8 text, at most {most} bytes");
    match named::text(path, most as u64) {
        Ok(text) if !text.contains('\0') => Ok(without_invisible(text.trim()).replace("\r\n", "\n")),
        Ok(_) => Err(Failure::usage(format!("{flag}: {name} is not text"), hint)),
        Err(error) => Err(Failure::usage(format!("{flag}: cannot read {name}: {error}"), hint)),
    }
}

/// Through the server that holds the directory, or by itself when none does.
fn perform(config: &Config, command: PetitionCommand) -> Result<PetitionAnswer, Failure> {
    if let Some(answer) = control::ask(&config.directory, &command)? {
        return Ok(answer);
    }
    let is_new = !config.directory.exists();
    let may_make = matches!(command, PetitionCommand::Create { .. });
    block_on(async {
        let directory = Directory::open(&config.directory, Some(&config.key_file), may_make)?;
        if is_new {
            eprintln!("note: a new data directory was made: {}", config.directory.display());
        }
        let settings = WriterSettings {
            limits: config.limits.clone(),
            now: clock::now,
            // Nobody looks while no server runs: what is published here settles nobody.
            board: config.scrutiny.enabled.then(Arc::default),
        };
        let hint = "see the message; nothing was changed";
        let (writer, intake, _) = Writer::start(replay::connect(&directory, &settings).await?, settings)
            .await
            .map_err(|error| Failure::failed(error.to_string(), hint))?;
        let answer = intake
            .petition(command)
            .await
            .map_err(|error| Failure::failed(error.to_string(), hint));
        drop(intake);
        writer.join();
        answer
    })
}

fn read(config: &Config) -> Result<Catalogue, Failure> {
    block_on(async {
        let mut db = look(&config.directory).await?;
        catalogue::read(&mut db, clock::now(), 0, &Catalogue::default(), None)
            .await
            .map_err(|error| Failure::failed(format!("the store does not answer: {error}"), "check --data"))
    })
}

fn run_list(list: &PetitionList) -> Result<(), Failure> {
    let config = configured(&list.place.overrides())?;
    let catalogue = read(&config)?;
    if list.json {
        let all: Vec<Value> = catalogue
            .petitions
            .values()
            .map(|petition| described(petition))
            .collect();
        print(&json!({ "petitions": all }).to_string());
        return Ok(());
    }
    if catalogue.petitions.is_empty() {
        print("no petition yet; `paraph petition create --help` says how to make one");
    }
    for petition in catalogue.petitions.values() {
        let (state, counts) = (phase(petition.state.phase), petition.state.counts);
        print(&format!(
            "{:<24} {state:<7} {:>9} counted  {}",
            petition.slug, counts.counted, petition.title
        ));
    }
    Ok(())
}

fn show(one: &PetitionOne) -> Result<(), Failure> {
    let config = configured(&one.place.overrides())?;
    let catalogue = read(&config)?;
    let Some(petition) = catalogue.petitions.get(&one.slug) else {
        return Err(unknown(&one.slug));
    };
    if one.json {
        print(&described(petition).to_string());
        return Ok(());
    }
    let counts = petition.state.counts;
    print(&format!(
        "{}\n  by {}, {}, version {} of its text\n  {} counted, goal {}\n  {} previously counted, now held; {} invalidated; {} withdrawn",
        petition.title,
        petition.owner,
        phase(petition.state.phase),
        petition.state.text_version,
        counts.counted,
        petition.goal.map_or_else(|| "none".to_owned(), |goal| goal.to_string()),
        counts.held,
        counts.invalidated,
        counts.withdrawn + counts.disowned,
    ));
    print(&content::told(petition));
    print(&format!("\n{}", petition.body));
    Ok(())
}

fn publish(one: &PetitionOne) -> Result<(), Failure> {
    let config = configured(&one.place.overrides())?;
    let slug = one.slug.clone();
    let settle_after_seconds = settle_after(&config.limits);
    match perform(
        &config,
        PetitionCommand::Publish {
            slug,
            settle_after_seconds,
        },
    )? {
        PetitionAnswer::Done => {
            let said = format!("petition {} is open: /p/{0}", one.slug);
            report(one.json, &json!({ "petition": one.slug, "state": "open" }), &said);
            Ok(())
        }
        PetitionAnswer::NotDraft => Err(Failure::failed(
            format!("petition {} is not a draft", one.slug),
            "only a draft can be published; `paraph petition list` shows the states",
        )),
        _ => Err(unknown(&one.slug)),
    }
}

fn close(one: &PetitionOne) -> Result<(), Failure> {
    let config = configured(&one.place.overrides())?;
    match perform(&config, PetitionCommand::Close { slug: one.slug.clone() })? {
        PetitionAnswer::Done => {
            let said = format!("petition {} is closed; links already mailed still confirm", one.slug);
            report(one.json, &json!({ "petition": one.slug, "state": "closed" }), &said);
            Ok(())
        }
        PetitionAnswer::NotOpen => Err(Failure::failed(
            format!("petition {} is not open", one.slug),
            "only an open petition can be closed",
        )),
        _ => Err(unknown(&one.slug)),
    }
}

fn discard(one: &PetitionOne) -> Result<(), Failure> {
    let config = configured(&one.place.overrides())?;
    match perform(&config, PetitionCommand::Discard { slug: one.slug.clone() })? {
        PetitionAnswer::Done => {
            let said = format!("draft {} is discarded, with all that was written of it", one.slug);
            report(one.json, &json!({ "petition": one.slug, "state": "discarded" }), &said);
            Ok(())
        }
        PetitionAnswer::NotDraft => Err(Failure::failed(
            format!("petition {} is not a draft", one.slug),
            "what people could sign stays: `paraph petition close` ends signing",
        )),
        _ => Err(unknown(&one.slug)),
    }
}

fn unknown(slug: &str) -> Failure {
    Failure::failed(
        format!("no petition is called {slug}"),
        "`paraph petition list` names those there are",
    )
}

fn report(json: bool, value: &Value, said: &str) {
    print(&if json { value.to_string() } else { said.to_owned() });
}

fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Draft => "draft",
        Phase::Open => "open",
        Phase::Closed => "closed",
        Phase::Discarded => "discarded",
    }
}

fn described(petition: &catalogue::Petition) -> Value {
    let counts = petition.state.counts;
    json!({
        "petition": petition.slug, "title": petition.title, "owner": petition.owner, "language": petition.language,
        "goal": petition.goal, "state": phase(petition.state.phase), "text_version": petition.state.text_version,
        "counted": counts.counted, "held": counts.held, "invalidated": counts.invalidated,
        "withdrawn": counts.withdrawn + counts.disowned, "created_at": clock::rfc3339(petition.created_at),
        "content": content::described(petition),
    })
}
