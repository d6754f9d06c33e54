//! What an author adds to a petition: `paraph petition edit`, `paraph petition update`, and the same options of `create`.

use std::path::Path;

use serde_json::{Value, json};

use super::{lines_of, one_line, perform, report, text, unknown};
use crate::cli::{PetitionCreate, PetitionEdit, PetitionUpdate};
use crate::clock::rfc3339;
use crate::commands::configured;
use crate::desk::draft::{
    NAME_CHARS, OWNER_CHARS, QUALITY_CHARS, TEXT_BYTES, TITLE_CHARS, UPDATE_BYTES, first_signatory,
};
use crate::failure::Failure;
use crate::intake::command::{Details, Edit, PetitionAnswer, PetitionCommand, Post};
use crate::ledger::catalogue::Petition;
use crate::ledger::content::FirstSignatory;
use crate::ledger::record::consents_hash;
use crate::limits::Limits;
use crate::plural::many;
use crate::video::Video;

/// What was typed for a new petition.
pub(super) fn details(create: &PetitionCreate, limits: &Limits) -> Result<Details, Failure> {
    Ok(Details {
        addressee: create.addressee.as_deref().map_or(Ok(String::new()), maybe_addressee)?,
        first_signatories: create
            .first_signatories
            .as_deref()
            .map_or(Ok(Vec::new()), |file| first_signatories(file, limits))?,
        video: create.video.as_deref().map_or(Ok(String::new()), maybe_video)?,
    })
}

/// `paraph petition edit`
pub(super) fn edit(edit: &PetitionEdit) -> Result<(), Failure> {
    let config = configured(&edit.place.overrides())?;
    let title = edit
        .title
        .as_deref()
        .map(|title| one_line("--title", title, TITLE_CHARS));
    let body = edit.text.as_deref().map(|file| text("--text", file, TEXT_BYTES));
    let first = edit.first_signatories.as_deref();
    let command = Edit {
        slug: edit.slug.clone(),
        title: title.transpose()?,
        body: body.transpose()?,
        addressee: edit.addressee.as_deref().map(maybe_addressee).transpose()?,
        first_signatories: first.map(|file| first_signatories(file, &config.limits)).transpose()?,
        video: edit.video.as_deref().map(maybe_video).transpose()?,
        head: None,
        consent_hash: consents_hash(),
    };
    let nothing = Edit {
        slug: command.slug.clone(),
        consent_hash: command.consent_hash,
        ..Edit::default()
    };
    if command == nothing {
        return Err(Failure::usage(
            "nothing to change was given",
            "give one or more of --title, --text, --addressee, --first-signatories, --video",
        ));
    }
    match perform(&config, PetitionCommand::Edit(command))? {
        PetitionAnswer::Edited { version, adopted } => {
            let said = if adopted {
                format!(
                    "petition {}: version {version} of its text is in force: /p/{0}/versions",
                    edit.slug
                )
            } else {
                format!("petition {} is changed; its text stays version {version}", edit.slug)
            };
            let value = json!({ "petition": edit.slug, "text_version": version, "adopted": adopted });
            report(edit.json, &value, &said);
            Ok(())
        }
        PetitionAnswer::Unchanged => {
            let value = json!({ "petition": edit.slug, "adopted": false, "unchanged": true });
            report(
                edit.json,
                &value,
                &format!("petition {} says all that already", edit.slug),
            );
            Ok(())
        }
        PetitionAnswer::Closed => Err(Failure::failed(
            format!("petition {} is closed", edit.slug),
            "what was signed stands as it was signed; post an update instead: `paraph petition update`",
        )),
        PetitionAnswer::Full(most) => Err(Failure::failed(
            format!("petition {} has {most} versions of its text already", edit.slug),
            "raise limits.text_versions, or post an update instead: `paraph petition update`",
        )),
        _ => Err(unknown(&edit.slug)),
    }
}

/// `paraph petition update`
pub(super) fn post(update: &PetitionUpdate) -> Result<(), Failure> {
    let config = configured(&update.place.overrides())?;
    let command = Post {
        slug: update.slug.clone(),
        title: one_line("--title", &update.title, TITLE_CHARS)?,
        body: text("--text", &update.text, UPDATE_BYTES)?,
        mail: !update.no_mail,
    };
    match perform(&config, PetitionCommand::Post(command))? {
        PetitionAnswer::Posted { number, subscribers } => {
            let page = format!("/p/{}/updates/{number}", update.slug);
            let said = posted(&update.slug, number, &page, (!update.no_mail).then_some(subscribers));
            let value = json!({
                "petition": update.slug, "update": number, "page": page, "mailed": !update.no_mail, "subscribers": subscribers,
            });
            report(update.json, &value, &said);
            Ok(())
        }
        PetitionAnswer::NotOpen => Err(Failure::failed(
            format!("petition {} is a draft", update.slug),
            "publish it first: `paraph petition publish`",
        )),
        PetitionAnswer::Full(most) => Err(Failure::failed(
            format!("petition {} has {most} updates already", update.slug),
            "raise limits.updates",
        )),
        _ => Err(unknown(&update.slug)),
    }
}

/// What `paraph petition show` says of it.
pub(super) fn told(petition: &Petition) -> String {
    let content = &petition.content;
    let current = content.version(petition.state.text_version);
    let addressee = current.map_or("", |version| version.addressee.as_str());
    let or_none = |text: &str| if text.is_empty() { "none" } else { text }.to_owned();
    format!(
        "  addressed to: {}\n  video: {}\n  {} first signatories, {} updates",
        or_none(addressee),
        or_none(&content.video),
        content.first_signatories.len(),
        content.updates.len(),
    )
}

/// The same as JSON.
pub(super) fn described(petition: &Petition) -> Value {
    let content = &petition.content;
    let versions = content.versions.iter().map(|text| {
        json!({
            "version": text.version, "title": text.title, "addressee": text.addressee, "adopted_at": rfc3339(text.adopted_at),
        })
    });
    let updates = content.updates.iter().map(
        |update| json!({ "update": update.number, "title": update.title, "posted_at": rfc3339(update.posted_at) }),
    );
    json!({
        "versions": versions.collect::<Vec<_>>(), "video": content.video, "first_signatories": content.first_signatories,
        "updates": updates.collect::<Vec<_>>(),
    })
}

fn maybe_addressee(typed: &str) -> Result<String, Failure> {
    if typed.trim().is_empty() {
        return Ok(String::new());
    }
    one_line("--addressee", typed, OWNER_CHARS)
}

fn maybe_video(typed: &str) -> Result<String, Failure> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok(String::new());
    }
    match Video::read(typed) {
        Some(_) => Ok(typed.to_owned()),
        None => Err(Failure::usage(
            format!("--video: {typed:?} is not the address of a video"),
            "give the address of its page or of an .mp4 or .webm file, as in https://video.example.org/w/abc",
        )),
    }
}

/// One a line: name, a tab or ` | `, in what quality. Lines that begin with `#` are left out.
fn first_signatories(file: &Path, limits: &Limits) -> Result<Vec<FirstSignatory>, Failure> {
    const FLAG: &str = "--first-signatories";
    let text = lines_of(FLAG, file, TEXT_BYTES)?;
    let lines = text.lines().enumerate();
    let lines = lines.filter_map(|(index, line)| first_signatory(line).map(|named| (index, named)));
    let mut named = Vec::new();
    for (index, (name, quality)) in lines {
        let at = format!("{FLAG}: line {}", index + 1);
        named.push(FirstSignatory {
            name: one_line(&format!("{at}, name"), name, NAME_CHARS)?,
            quality: if quality.is_empty() {
                String::new()
            } else {
                one_line(&format!("{at}, quality"), quality, QUALITY_CHARS)?
            },
        });
    }
    if named.len() as u64 > limits.first_signatories {
        return Err(Failure::usage(
            format!(
                "{FLAG}: {} names are more than {}",
                named.len(),
                limits.first_signatories
            ),
            "shorten the list, or raise limits.first_signatories",
        ));
    }
    Ok(named)
}

/// What is said of an update: where it stands, and to how many it goes if it is mailed.
fn posted(slug: &str, number: u32, page: &str, readers: Option<u64>) -> String {
    let Some(readers) = readers else {
        return format!("update {number} of petition {slug} is posted, and mailed to nobody: {page}");
    };
    let readers = many(readers, "mailbox that wants news", "mailboxes that want news");
    format!(
        "update {number} of petition {slug} is posted: {page}\nit goes to {readers}; mails go out beside the confirmation mails"
    )
}

#[cfg(test)]
mod tests {
    use super::posted;

    #[test]
    fn one_reader_is_one() {
        let said = |readers| posted("clean-river", 2, "/p/clean-river/updates/2", readers);
        assert!(said(Some(1)).contains("goes to 1 mailbox that wants news;"));
        assert!(said(Some(3)).contains("goes to 3 mailboxes that want news;"));
        assert!(said(None).contains("mailed to nobody"));
    }
}
