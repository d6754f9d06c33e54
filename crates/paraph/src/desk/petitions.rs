//! Petitions at the desk: written, reviewed, published, told about, closed. Everything through the one writer.

use std::sync::Arc;

use http::StatusCode;
use paraph_tally::Phase;

use super::books::{Review, Standing};
use super::command::{DeskAnswer, Wish};
use super::draft::{Problems, Typed, read_update};
use super::form::Form;
use super::role::Act;
use super::{Desk, No, Outcome, Visit};
use crate::intake::command::{PetitionAnswer, PetitionCommand, Post};
use crate::ledger::catalogue::{Catalogue, Petition};
use crate::views::Refusal;
use crate::views::desk::{
    Can, ClosePage, DeskHomePage, DeskPetitionPage, DeskUpdatePage, DiscardPage, EditPage, Entry, desk_close,
    desk_discard, desk_edit, desk_home, desk_petition, desk_update,
};
use crate::views::room::Noting;

/// Fields that only a draft has.
const HEAD: [&str; 4] = ["slug", "language", "owner", "goal"];
/// Characters of a moderator's note.
const NOTE_CHARS: usize = 2000;

/// What a member wants to do with a petition.
#[derive(Clone, Copy)]
enum To {
    /// Change what it says.
    Edit,
    /// Ask for its review.
    Submit,
    /// Publish it, or send it back.
    Review,
    /// Tell those who follow it.
    Update,
    /// Close it.
    Close,
    /// Give it up.
    Discard,
}

/// A petition as this member meets it.
struct Met {
    petition: Arc<Petition>,
    standing: Option<Standing>,
    is_own: bool,
}

impl Met {
    fn phase(&self) -> Phase {
        self.petition.state.phase
    }

    fn review(&self) -> Review {
        self.standing
            .as_ref()
            .map_or(Review::Author, |standing| standing.review)
    }

    fn state(&self) -> &'static str {
        match (self.phase(), self.review()) {
            (Phase::Open, _) => "desk-state-open",
            (Phase::Closed | Phase::Discarded, _) => "desk-state-closed",
            (Phase::Draft, Review::Author) => "desk-state-draft",
            (Phase::Draft, Review::Waiting) => "desk-state-review",
            (Phase::Draft, Review::SentBack) => "desk-state-back",
        }
    }

    /// What this member can do with it now.
    fn can(&self, visit: &Visit<'_>) -> Can {
        let is_draft = self.phase() == Phase::Draft;
        let is_open = self.phase() == Phase::Open;
        let writes = self.is_own || visit.may(Act::WriteOthers);
        Can {
            edit: writes && (is_draft || is_open && visit.may(Act::EditOpen)),
            submit: writes && is_draft && self.review() != Review::Waiting,
            // Somebody else's draft is read once its author asks for it.
            review: is_draft && visit.may(Act::Review) && (writes || self.review() == Review::Waiting),
            update: writes && !is_draft,
            close: is_open && (self.is_own || visit.may(Act::CloseOthers)),
            discard: writes && is_draft,
        }
    }
}

impl Desk {
    pub(super) fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(&self.parts.published.shown.borrow())
    }

    /// Petitions that this member may see.
    async fn met(&self, visit: &Visit<'_>) -> Result<Vec<Met>, No> {
        let standings = self.parts.books.standings().await?;
        let me = visit.by()?;
        let all = visit.may(Act::ReadOthers);
        let catalogue = self.catalogue();
        let met = catalogue.petitions.values().map(|petition| {
            let standing = standings.get(&petition.id).cloned();
            Met {
                petition: Arc::clone(petition),
                is_own: standing.as_ref().is_some_and(|standing| standing.author == Some(me)),
                standing,
            }
        });
        Ok(met.filter(|met| met.is_own || all).collect())
    }

    /// One of them. Of a petition that is not for this member nothing is told, not even that it is there.
    async fn one(&self, visit: &Visit<'_>, slug: &str) -> Result<Met, No> {
        let met = self.met(visit).await?;
        met.into_iter().find(|met| met.petition.slug == slug).ok_or(No::Page)
    }

    /// One with which this member can do something. Where it is not the role that stands against it but how the petition
    /// stands, somebody else was faster, and that is what is said.
    async fn one_to(&self, visit: &Visit<'_>, slug: &str, to: To) -> Result<Met, No> {
        let met = self.one(visit, slug).await?;
        let can = met.can(visit);
        let may = match to {
            To::Edit => can.edit,
            To::Submit => can.submit,
            To::Review => can.review,
            To::Update => can.update,
            To::Close => can.close,
            To::Discard => can.discard,
        };
        if may {
            return Ok(met);
        }
        Err(match (to, met.phase(), met.review()) {
            (To::Submit, Phase::Draft, Review::Waiting) if visit.may(Act::Review) => No::Stands("submitted-own"),
            (To::Submit, Phase::Draft, Review::Waiting) => No::Stands("submitted"),
            // Its author has changed it since, or another moderator has sent it back.
            (To::Review, Phase::Draft, _) if visit.may(Act::Review) => No::Stands("with-author"),
            (To::Submit | To::Review | To::Discard, Phase::Open, _) => No::Stands("published"),
            (To::Edit | To::Submit | To::Review | To::Close | To::Discard, Phase::Closed, _) => No::Stands("closed"),
            (To::Update | To::Close, Phase::Draft, _) => No::Stands("draft"),
            _ => No::Right,
        })
    }

    pub(super) async fn home(&self, visit: &Visit<'_>) -> Outcome {
        let mut met = self.met(visit).await?;
        met.sort_by_key(|met| std::cmp::Reverse(met.petition.created_at));
        let entry = |met: &Met| Entry {
            slug: met.petition.slug.clone(),
            title: met.petition.title.clone(),
            owner: met.petition.owner.clone(),
            state: met.state(),
            counted: (met.phase() != Phase::Draft).then_some(met.petition.state.counts.counted),
        };
        let of = |wanted: fn(&Met) -> bool| met.iter().filter(|met| wanted(met)).map(entry).collect();
        let groups: [(&'static str, Vec<Entry>); 4] = [
            (
                "desk-group-review",
                of(|met| met.phase() == Phase::Draft && met.review() == Review::Waiting),
            ),
            (
                "desk-group-drafts",
                of(|met| met.phase() == Phase::Draft && met.review() != Review::Waiting),
            ),
            ("desk-group-open", of(|met| met.phase() == Phase::Open)),
            ("desk-group-closed", of(|met| met.phase() == Phase::Closed)),
        ];
        let groups: Vec<_> = groups.into_iter().filter(|(_, entries)| !entries.is_empty()).collect();
        Ok(self.page(visit, StatusCode::OK, |frame| {
            desk_home(frame, &DeskHomePage { groups: &groups })
        }))
    }

    pub(super) async fn petition_page(&self, visit: &Visit<'_>, slug: &str) -> Outcome {
        let met = self.one(visit, slug).await?;
        self.reading(visit, StatusCode::OK, &met, Noting::default()).await
    }

    async fn reading(&self, visit: &Visit<'_>, status: StatusCode, met: &Met, noting: Noting<'_>) -> Outcome {
        let author = met.standing.as_ref().and_then(|standing| standing.author);
        let members = self.parts.books.members().await?;
        let author = members.iter().find(|member| Some(member.id) == author);
        let counts = met.petition.state.counts;
        let numbers = [
            ("desk-number-counted", counts.counted),
            ("desk-number-held", counts.held),
            ("desk-number-invalidated", counts.invalidated),
            ("desk-number-withdrawn", counts.withdrawn + counts.disowned),
        ];
        let page = DeskPetitionPage {
            says: &Typed::of_petition(&met.petition),
            state: met.state(),
            is_public: met.phase() != Phase::Draft,
            review: met.review(),
            note: met.standing.as_ref().map_or("", |standing| &standing.note),
            author: author.map(|author| author.name.as_str()),
            numbers: &numbers,
            as_of: self.catalogue().as_of.0,
            revision: met.petition.content.revision,
            can: met.can(visit),
            noting,
        };
        Ok(self.page(visit, status, |frame| desk_petition(frame, &page)))
    }

    pub(super) fn new_page(&self, visit: &Visit<'_>) -> Outcome {
        let typed = Typed {
            language: visit.asked.lang.code().to_owned(),
            ..Typed::default()
        };
        Ok(self.editing(visit, StatusCode::OK, None, &typed, &[], None))
    }

    pub(super) async fn edit_page(&self, visit: &Visit<'_>, slug: &str) -> Outcome {
        let met = self.one_to(visit, slug, To::Edit).await?;
        let typed = Typed::of_petition(&met.petition);
        Ok(self.editing(visit, StatusCode::OK, Some(&met), &typed, &[], None))
    }

    fn editing(
        &self,
        visit: &Visit<'_>,
        status: StatusCode,
        met: Option<&Met>,
        typed: &Typed,
        problems: &[(&'static str, crate::views::Problem)],
        note: Option<Said>,
    ) -> crate::respond::Answer {
        let page = EditPage {
            slug: met.map(|met| met.petition.slug.as_str()),
            typed,
            languages: &self.site.languages,
            problems,
            trouble: note.and_then(|note| if let Said::Trouble(id) = note { Some(id) } else { None }),
            preview: note == Some(Said::Preview),
            is_open: met.is_some_and(|met| met.phase() == Phase::Open),
        };
        self.page(visit, status, |frame| desk_edit(frame, &page))
    }

    fn languages(&self) -> Vec<&'static str> {
        self.site.languages.iter().map(|lang| lang.code()).collect()
    }

    pub(super) async fn create(&self, visit: &Visit<'_>, form: &Form) -> Outcome {
        let typed = Typed::of(form);
        let draft = match typed.read(true, &self.languages(), &self.parts.limits) {
            Ok(draft) => draft,
            Err(problems) => return Ok(self.editing(visit, StatusCode::BAD_REQUEST, None, &typed, &problems, None)),
        };
        if form.get("do") == "preview" {
            return Ok(self.editing(visit, StatusCode::OK, None, &typed, &[], Some(Said::Preview)));
        }
        let (slug, command) = (draft.slug.clone(), draft.create(self.settle_after()));
        match self.command(visit, Wish::Petition(command)).await? {
            PetitionAnswer::Done => Ok(self.go_to(visit, &page_of(&slug), Some("saved"))),
            _ => {
                let said = Some(Said::Trouble("desk-trouble-taken"));
                Ok(self.editing(visit, StatusCode::CONFLICT, None, &typed, &[], said))
            }
        }
    }

    pub(super) async fn edit(&self, visit: &Visit<'_>, slug: &str, form: &Form) -> Outcome {
        let met = self.one_to(visit, slug, To::Edit).await?;
        let is_draft = met.phase() == Phase::Draft;
        // People have the address of what is open, and have signed under its name.
        if !is_draft && HEAD.iter().any(|field| form.has(field)) {
            return Err(No::Refusal(Refusal::BadRequest));
        }
        let now = Typed::of_petition(&met.petition);
        let mut typed = Typed::of(form);
        let head = [&mut typed.slug, &mut typed.language, &mut typed.owner, &mut typed.goal];
        let stood = [now.slug, now.language, now.owner, now.goal];
        for ((field, typed), stood) in HEAD.iter().zip(head).zip(stood) {
            if !form.has(field) {
                *typed = stood;
            }
        }
        let draft = match typed.read(is_draft, &self.languages(), &self.parts.limits) {
            Ok(draft) => draft,
            Err(problems) => {
                return Ok(self.editing(visit, StatusCode::BAD_REQUEST, Some(&met), &typed, &problems, None));
            }
        };
        if form.get("do") == "preview" {
            return Ok(self.editing(visit, StatusCode::OK, Some(&met), &typed, &[], Some(Said::Preview)));
        }
        let renamed = if is_draft { draft.slug.clone() } else { slug.to_owned() };
        let trouble = match self.command(visit, Wish::Petition(draft.edit(slug, is_draft))).await? {
            PetitionAnswer::Edited { adopted, .. } => {
                let is_adopted = adopted && met.phase() == Phase::Open;
                let done = if is_adopted { "adopted" } else { "saved" };
                return Ok(self.go_to(visit, &page_of(&renamed), Some(done)));
            }
            PetitionAnswer::SlugTaken => "desk-trouble-taken",
            PetitionAnswer::NotDraft => return Err(No::Stands("published")),
            PetitionAnswer::Unchanged => return Ok(self.go_to(visit, &page_of(slug), Some("unchanged"))),
            PetitionAnswer::Full(_) => "desk-trouble-full",
            PetitionAnswer::Closed => "desk-trouble-closed",
            _ => return Err(No::Page),
        };
        let said = Some(Said::Trouble(trouble));
        Ok(self.editing(visit, StatusCode::CONFLICT, Some(&met), &typed, &[], said))
    }

    pub(super) async fn submit(&self, visit: &Visit<'_>, slug: &str) -> Outcome {
        self.one_to(visit, slug, To::Submit).await?;
        let wish = Wish::Submit(slug.to_owned());
        match self.parts.intake.desk(Some(visit.by()?), wish).await? {
            // Who may review it waits for nobody.
            DeskAnswer::Done if visit.may(Act::Review) => Ok(self.go_to(visit, &page_of(slug), Some("submitted-own"))),
            DeskAnswer::Done => Ok(self.go_to(visit, &page_of(slug), Some("submitted"))),
            _ => Err(No::Stands("published")),
        }
    }

    pub(super) async fn publish(&self, visit: &Visit<'_>, slug: &str, form: &Form) -> Outcome {
        self.one_to(visit, slug, To::Review).await?;
        let revision = form
            .get("revision")
            .parse()
            .map_err(|_| No::Refusal(Refusal::BadRequest))?;
        let command = PetitionCommand::Publish {
            slug: slug.to_owned(),
            settle_after_seconds: self.settle_after(),
        };
        let wish = Wish::Publish(command, revision);
        match self.parts.intake.desk(Some(visit.by()?), wish).await? {
            DeskAnswer::Petition(PetitionAnswer::Done) => {
                self.parts.published.until_shown().await;
                Ok(self.go_to(visit, &page_of(slug), Some("published")))
            }
            DeskAnswer::Petition(_) => Err(No::Stands("published")),
            _ => Err(No::Stands("changed")),
        }
    }

    pub(super) async fn send_back(&self, visit: &Visit<'_>, slug: &str, form: &Form) -> Outcome {
        let met = self.one_to(visit, slug, To::Review).await?;
        let note = form.get("note").trim();
        let wrong = match note.chars().count() {
            0 => Some("desk-problem-note-empty"),
            1..=NOTE_CHARS => None,
            _ => Some("desk-problem-note-long"),
        };
        if wrong.is_some() {
            let (typed, visit) = (form.get("note"), visit.without_path());
            return self
                .reading(&visit, StatusCode::BAD_REQUEST, &met, Noting { typed, wrong })
                .await;
        }
        let wish = Wish::SendBack(slug.to_owned(), note.to_owned());
        match self.parts.intake.desk(Some(visit.by()?), wish).await? {
            DeskAnswer::Done => Ok(self.go_to(visit, "/desk", Some("sent-back"))),
            _ => Err(No::Stands("published")),
        }
    }

    pub(super) async fn update_page(&self, visit: &Visit<'_>, slug: &str) -> Outcome {
        let met = self.one_to(visit, slug, To::Update).await?;
        let page = updating(&met, "", "", true, &[], false);
        Ok(self.page(visit, StatusCode::OK, |frame| desk_update(frame, &page)))
    }

    pub(super) async fn post_update(&self, visit: &Visit<'_>, slug: &str, form: &Form) -> Outcome {
        let met = self.one_to(visit, slug, To::Update).await?;
        let (title, body, mail) = (form.get("title"), form.get("body"), form.get("mail") == "on");
        let again = |status, problems: &Problems, preview| {
            let page = updating(&met, title, body, mail, problems, preview);
            self.page(visit, status, |frame| desk_update(frame, &page))
        };
        let (title, body) = match read_update(title, body) {
            Ok(_) if form.get("do") == "preview" => return Ok(again(StatusCode::OK, &Problems::new(), true)),
            Ok(read) => read,
            Err(problems) => return Ok(again(StatusCode::BAD_REQUEST, &problems, false)),
        };
        let post = Post {
            slug: slug.to_owned(),
            title,
            body,
            mail,
        };
        match self.command(visit, Wish::Petition(PetitionCommand::Post(post))).await? {
            PetitionAnswer::Posted { .. } => Ok(self.go_to(visit, &page_of(slug), Some("posted"))),
            PetitionAnswer::Full(_) => Err(No::Stands("full")),
            _ => Err(No::Stands("draft")),
        }
    }

    pub(super) async fn close_page(&self, visit: &Visit<'_>, slug: &str) -> Outcome {
        let met = self.one_to(visit, slug, To::Close).await?;
        let page = ClosePage {
            slug,
            title: &met.petition.title,
            counted: met.petition.state.counts.counted,
        };
        Ok(self.page(visit, StatusCode::OK, |frame| desk_close(frame, &page)))
    }

    pub(super) async fn close(&self, visit: &Visit<'_>, slug: &str, form: &Form) -> Outcome {
        self.one_to(visit, slug, To::Close).await?;
        if form.get("sure") != "yes" {
            return Err(No::Refusal(Refusal::BadRequest));
        }
        let command = PetitionCommand::Close { slug: slug.to_owned() };
        match self.command(visit, Wish::Petition(command)).await? {
            PetitionAnswer::Done => Ok(self.go_to(visit, &page_of(slug), Some("closed"))),
            _ => Err(No::Stands("closed")),
        }
    }

    pub(super) async fn discard_page(&self, visit: &Visit<'_>, slug: &str) -> Outcome {
        let met = self.one_to(visit, slug, To::Discard).await?;
        let page = DiscardPage {
            slug,
            title: &met.petition.title,
        };
        Ok(self.page(visit, StatusCode::OK, |frame| desk_discard(frame, &page)))
    }

    pub(super) async fn discard(&self, visit: &Visit<'_>, slug: &str, form: &Form) -> Outcome {
        self.one_to(visit, slug, To::Discard).await?;
        if form.get("sure") != "yes" {
            return Err(No::Refusal(Refusal::BadRequest));
        }
        let command = PetitionCommand::Discard { slug: slug.to_owned() };
        match self.command(visit, Wish::Petition(command)).await? {
            PetitionAnswer::Done => Ok(self.go_to(visit, "/desk", Some("discarded"))),
            _ => Err(No::Stands("published")),
        }
    }

    /// Carries a command out, and waits until the pages show what it did.
    async fn command(&self, visit: &Visit<'_>, wish: Wish) -> Result<PetitionAnswer, No> {
        match self.parts.intake.desk(Some(visit.by()?), wish).await? {
            DeskAnswer::Petition(answer) => {
                self.parts.published.until_shown().await;
                Ok(answer)
            }
            _ => Err(No::Broken),
        }
    }

    fn settle_after(&self) -> u32 {
        u32::try_from(self.parts.limits.settle_after_seconds).unwrap_or(u32::MAX)
    }
}

/// What stands above a form.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Said {
    /// The text as it would be.
    Preview,
    /// A message about the whole.
    Trouble(&'static str),
}

fn page_of(slug: &str) -> String {
    format!("/desk/petitions/{slug}")
}

fn updating<'a>(
    met: &'a Met,
    title: &'a str,
    body: &'a str,
    mail: bool,
    problems: &'a [(&'static str, crate::views::Problem)],
    preview: bool,
) -> DeskUpdatePage<'a> {
    DeskUpdatePage {
        slug: &met.petition.slug,
        of: &met.petition.title,
        title,
        body,
        mail,
        problems,
        preview,
    }
}
