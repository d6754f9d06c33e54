//! What makes a petition: the bounds of its texts, shared by the desk and the command line, and the form of the desk.

use super::form::Form;
use crate::admit::contribution::{breaks_a_line, without_invisible};
use crate::intake::command::{Details, Edit, Head, PetitionCommand};
use crate::ledger::catalogue::Petition;
use crate::ledger::content::FirstSignatory;
use crate::ledger::record::consents_hash;
use crate::limits::Limits;
use crate::video::Video;
use crate::views::Problem;

/// Characters of a petition's name in addresses.
pub const SLUG_CHARS: usize = 64;
/// Characters of a title.
pub const TITLE_CHARS: usize = 200;
/// Characters of the name of who launches it, and of an addressee.
pub const OWNER_CHARS: usize = 200;
/// Signatures hoped for at the most: an eighth of everybody alive.
pub const GOAL_MOST: u64 = 1_000_000_000;
/// Bytes of a text.
pub const TEXT_BYTES: usize = 64 * 1024;
/// Bytes of an update. It is a mail too: longer ones are cut by mailbox providers.
pub const UPDATE_BYTES: usize = 16 * 1024;
/// Characters of a first signatory's name.
pub const NAME_CHARS: usize = 100;
/// Characters of a first signatory's quality.
pub const QUALITY_CHARS: usize = 150;

/// Whether a petition can be called so in addresses.
#[must_use]
pub fn is_slug(slug: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=SLUG_CHARS).contains(&slug.len())
        && slug.bytes().all(fits)
        && !slug.starts_with('-')
        && !slug.ends_with('-')
        // An address of the desk.
        && slug != "new"
}

/// A line of a list of first signatories: name, a tab or ` | `, in what quality. `None` for an empty line and a remark.
#[must_use]
pub fn first_signatory(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let (name, quality) = line
        .split_once('\t')
        .or_else(|| line.split_once(" | "))
        .unwrap_or((line, ""));
    Some((name.trim(), quality.trim()))
}

/// A line of text of at most so many characters.
fn line(typed: &str, most: usize, needed: bool) -> Result<String, Problem> {
    // What nobody sees turns a line around, or makes two look alike.
    let typed = without_invisible(typed);
    let typed = typed.trim();
    if typed.is_empty() && needed {
        return Err(Problem::Required);
    }
    if typed.chars().count() > most {
        return Err(Problem::TooLong(most as u64));
    }
    if typed.contains(breaks_a_line) {
        return Err(Problem::BadCharacters);
    }
    Ok(typed.to_owned())
}

/// A text of at most so many bytes.
fn text(typed: &str, most: usize) -> Result<String, Problem> {
    let typed = without_invisible(typed);
    let typed = typed.trim();
    if typed.is_empty() {
        return Err(Problem::Required);
    }
    // Letters outside ASCII take more than a byte; half of the bound is told, so that what is told always fits.
    if typed.len() > most {
        return Err(Problem::TooLong(most as u64 / 2));
    }
    Ok(typed.to_owned())
}

/// The form of a petition as it was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Typed {
    /// Its name in addresses.
    pub slug: String,
    /// Code of the text's language.
    pub language: String,
    /// Who launches it.
    pub owner: String,
    /// Title.
    pub title: String,
    /// To whom it is addressed.
    pub addressee: String,
    /// Signatures hoped for.
    pub goal: String,
    /// Text.
    pub body: String,
    /// First signatories, one a line.
    pub first: String,
    /// Address of a video.
    pub video: String,
}

/// What was typed, understood.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// As in [`Typed`].
    pub slug: String,
    /// As in [`Typed`].
    pub language: String,
    /// As in [`Typed`].
    pub owner: String,
    /// As in [`Typed`].
    pub title: String,
    /// As in [`Typed`].
    pub body: String,
    /// Signatures hoped for.
    pub goal: Option<u64>,
    /// What stands beside the text.
    pub details: Details,
}

/// Fields that are wrong, by name.
pub type Problems = Vec<(&'static str, Problem)>;

impl Typed {
    /// What a form holds.
    #[must_use]
    pub fn of(form: &Form) -> Self {
        let get = |name| form.get(name).to_owned();
        Self {
            slug: get("slug"),
            language: get("language"),
            owner: get("owner"),
            title: get("title"),
            addressee: get("addressee"),
            goal: get("goal"),
            body: get("body"),
            first: get("first"),
            video: get("video"),
        }
    }

    /// The form of a petition that is there.
    #[must_use]
    pub fn of_petition(petition: &Petition) -> Self {
        let content = &petition.content;
        let in_force = content.version(petition.state.text_version);
        let named = content.first_signatories.iter().map(|named| match &*named.quality {
            "" => named.name.clone(),
            quality => format!("{} | {quality}", named.name),
        });
        Self {
            slug: petition.slug.clone(),
            language: petition.language.clone(),
            owner: petition.owner.clone(),
            title: petition.title.clone(),
            addressee: in_force.map_or_else(String::new, |version| version.addressee.clone()),
            goal: petition.goal.map_or_else(String::new, |goal| goal.to_string()),
            body: petition.body.clone(),
            first: named.collect::<Vec<_>>().join("\n"),
            video: content.video.clone(),
        }
    }

    /// Understands it, or says everything that is wrong. `is_draft`: the name in addresses, who launches it, goal and language
    /// can still be chosen.
    ///
    /// # Errors
    /// What is wrong, field by field.
    pub fn read(&self, is_draft: bool, languages: &[&str], limits: &Limits) -> Result<Draft, Problems> {
        let mut problems = Problems::new();
        let mut take = |field: &'static str, read: Result<String, Problem>| {
            read.map_err(|problem| problems.push((field, problem)))
                .unwrap_or_default()
        };
        let title = take("title", line(&self.title, TITLE_CHARS, true));
        let addressee = take("addressee", line(&self.addressee, OWNER_CHARS, false));
        let body = take("body", text(&self.body, TEXT_BYTES));
        let video = match self.video.trim() {
            "" => Ok(String::new()),
            address => Video::read(address)
                .map(|_| address.to_owned())
                .ok_or(Problem::BadValue),
        };
        let video = take("video", video);
        let mut draft = Draft {
            title,
            body,
            ..Draft::default()
        };
        if is_draft {
            draft.owner = take("owner", line(&self.owner, OWNER_CHARS, true));
            let slug = self.slug.trim().to_owned();
            let known = if is_slug(&slug) {
                Ok(slug)
            } else {
                Err(Problem::BadValue)
            };
            draft.slug = take(
                "slug",
                if self.slug.trim().is_empty() {
                    Err(Problem::Required)
                } else {
                    known
                },
            );
            let language = self.language.clone();
            let is_known = languages.contains(&language.as_str());
            draft.language = take("language", if is_known { Ok(language) } else { Err(Problem::BadValue) });
            match self.goal.trim() {
                "" => {}
                goal => match goal.parse::<u64>() {
                    Ok(goal) if (1..=GOAL_MOST).contains(&goal) => draft.goal = Some(goal),
                    _ => problems.push(("goal", Problem::BadValue)),
                },
            }
        }
        let first_signatories = self.first_signatories(limits).unwrap_or_else(|problem| {
            problems.push(("first", problem));
            Vec::new()
        });
        draft.details = Details {
            addressee,
            first_signatories,
            video,
        };
        if problems.is_empty() { Ok(draft) } else { Err(problems) }
    }

    fn first_signatories(&self, limits: &Limits) -> Result<Vec<FirstSignatory>, Problem> {
        let named = self.first.lines().filter_map(first_signatory).map(|(name, quality)| {
            Ok(FirstSignatory {
                name: line(name, NAME_CHARS, true)?,
                quality: line(quality, QUALITY_CHARS, false)?,
            })
        });
        let named: Vec<FirstSignatory> = named.collect::<Result<_, Problem>>()?;
        if named.len() as u64 > limits.first_signatories {
            return Err(Problem::BadValue);
        }
        Ok(named)
    }
}

impl Draft {
    /// Makes a draft of it.
    #[must_use]
    pub fn create(self, settle_after_seconds: u32) -> PetitionCommand {
        PetitionCommand::Create {
            slug: self.slug,
            owner: self.owner,
            language: self.language,
            goal: self.goal,
            title: self.title,
            body: self.body,
            consent_hash: consents_hash(),
            publish: false,
            settle_after_seconds,
            details: self.details,
        }
    }

    /// Makes the petition with this name say that; a draft is called like that, too.
    #[must_use]
    pub fn edit(self, slug: &str, is_draft: bool) -> PetitionCommand {
        PetitionCommand::Edit(Edit {
            head: is_draft.then_some(Head {
                slug: self.slug,
                owner: self.owner,
                language: self.language,
                goal: self.goal,
            }),
            slug: slug.to_owned(),
            title: Some(self.title),
            body: Some(self.body),
            addressee: Some(self.details.addressee),
            first_signatories: Some(self.details.first_signatories),
            video: Some(self.details.video),
            consent_hash: consents_hash(),
        })
    }
}

/// The form of an update, understood: title and text.
///
/// # Errors
/// What is wrong, field by field.
pub fn read_update(title: &str, body: &str) -> Result<(String, String), Problems> {
    match (line(title, TITLE_CHARS, true), text(body, UPDATE_BYTES)) {
        (Ok(title), Ok(body)) => Ok((title, body)),
        (title, body) => {
            let problems = [("title", title.err()), ("body", body.err())];
            Err(problems
                .into_iter()
                .filter_map(|(field, problem)| Some((field, problem?)))
                .collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Problem, line};

    #[test]
    fn a_title_is_one_line_whatever_ends_lines() {
        assert_eq!(
            line(" Une rivière propre ", 40, true),
            Ok("Une rivière propre".to_owned())
        );
        for typed in ["a\nb", "a\u{85}b", "a\u{2028}b", "a\u{2029}b"] {
            assert_eq!(line(typed, 40, true), Err(Problem::BadCharacters), "{typed:?}");
        }
    }
}
