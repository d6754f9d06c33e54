//! The form of a verdict, and what it would do.

use askama::Template;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use paraph_tally::Millis;

use super::desk::{DeskFrame, pages};
use super::incident::who;
use super::model::Frame;
use super::room::moment;
use crate::desk::decide::DIRECTIONS;
use crate::desk::role::Act;
use crate::incident::log::Who;
use crate::incident::preview::{Forgotten, Preview, Sample};
use crate::incident::{Direction, Listed};
use crate::intake::verdict::reason::Reason;

/// The form of a verdict as it was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deciding {
    /// Slug of the petition.
    pub petition: String,
    /// `hold`, `invalidate`, `release`, `reinstate`.
    pub direction: String,
    /// Signed at or after, local time.
    pub from: String,
    /// Signed before, local time.
    pub to: String,
    /// An address, or the number of a network.
    pub network: String,
    /// Mail domain.
    pub domain: String,
    /// A comment: those alike are meant.
    pub comment: String,
    /// Number of an earlier verdict.
    pub verdict: String,
    /// Name of a finding.
    pub finding: String,
    /// Incident whose answers are meant.
    pub answered: String,
    /// Of these, only those apart.
    pub apart: bool,
    /// Name of the reason.
    pub reason: String,
    /// What is said about it.
    pub note: String,
    /// The moment of its preview, milliseconds UTC: who signed later was not seen.
    pub until: String,
    /// How many the preview said that it judges.
    pub previewed: String,
}

/// Characters of a comment that a sample shows before it is opened.
const COMMENT_CHARS: usize = 240;

/// How a sample stands.
#[must_use]
pub fn standing(f: &Frame<'_>, sample: &Sample) -> String {
    f.t(&format!("desk-stands-{}", sample.stands.name()))
}

/// The beginning of a long comment, up to a space where there is one near; `None` of one that is short.
#[must_use]
pub fn shortened(comment: &str) -> Option<String> {
    let (end, _) = comment.char_indices().nth(COMMENT_CHARS)?;
    let beginning = &comment[..end];
    let words = beginning.rfind(char::is_whitespace).filter(|at| *at >= end / 2);
    Some(format!("{} …", beginning[..words.unwrap_or(end)].trim_end()))
}

/// A field of the form of a verdict, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongField {
    /// Its name; empty if it is the whole.
    pub field: &'static str,
    /// Id of the message, which names the field and says what to do.
    pub message: &'static str,
    /// What the message speaks of.
    pub words: Vec<(&'static str, String)>,
}

impl WrongField {
    fn words(&self, f: &Frame<'_>) -> String {
        let words = self.words.iter().map(|(name, word)| (*name, word.clone().into()));
        f.lang.fill(self.message, &words.collect::<Vec<_>>())
    }
}

/// `GET` and `POST /desk/incident/decide`
pub struct DecidePage<'a> {
    /// What the form holds.
    pub deciding: &'a Deciding,
    /// Slugs and titles.
    pub petitions: &'a [(String, String)],
    /// What it would do.
    pub preview: Option<&'a Preview>,
    /// What is wrong.
    pub wrong: Option<&'a WrongField>,
    /// The verdict by which it has been decided already.
    pub already: Option<&'a Listed>,
    /// Time zone of who decides.
    pub zone: &'a TimeZone,
}

impl DecidePage<'_> {
    /// What is wrong with one field.
    fn problem(&self, f: &Frame<'_>, field: &str) -> Option<String> {
        let wrong = self.wrong.filter(|wrong| wrong.field == field);
        wrong.map(|wrong| wrong.words(f))
    }

    /// What has been decided already, by whom and when.
    fn decided(&self, f: &Frame<'_>, already: &Listed) -> String {
        let by = match &already.who {
            Who::Program => f.t("desk-found-by-machine"),
            person => f.lang.fill("desk-found-by", &[("who", who(f, person).into())]),
        };
        let what = f.t1(
            &format!("desk-found-{}", already.direction.name()),
            "count",
            already.judged,
        );
        let at = moment(f, &Millis(already.at), self.zone);
        let number = already.position.to_string();
        let words = [
            ("verdict", number.into()),
            ("what", what.into()),
            ("by", by.into()),
            ("at", at.into()),
        ];
        f.lang.fill("desk-decide-already", &words)
    }

    /// In which zone the times of the form are.
    fn zone_name(&self, f: &Frame<'_>) -> String {
        let then = Timestamp::UNIX_EPOCH.to_zoned(self.zone.clone());
        let short = then.strftime("%Z").to_string();
        let zone = match self.zone.iana_name() {
            Some(name) if short != "UTC" => name.to_owned(),
            _ => short,
        };
        f.lang.fill("desk-zone", &[("zone", zone.into())])
    }

    fn directions(&self) -> [Direction; 4] {
        DIRECTIONS
    }

    fn direction(&self, f: &Frame<'_>, name: &str) -> String {
        f.t(&format!("desk-direction-{name}"))
    }

    fn reasons(&self, f: &Frame<'_>) -> Vec<(&'static str, String)> {
        Reason::ALL
            .into_iter()
            .map(|reason| (reason.name(), reason.words(f.lang)))
            .collect()
    }

    /// Whether somebody honest could be caught by it, and it can be taken back.
    fn catches(&self) -> bool {
        matches!(self.deciding.direction.as_str(), "hold" | "invalidate")
    }

    fn would(&self, f: &Frame<'_>, preview: &Preview) -> String {
        f.t1(
            &format!("desk-would-{}", self.deciding.direction),
            "count",
            preview.judged,
        )
    }

    /// Who is meant and stays as they are: so many as those judged are fewer than those meant.
    fn left_out(&self, f: &Frame<'_>, preview: &Preview) -> Option<String> {
        let left = preview
            .matched
            .checked_sub(preview.judged)
            .filter(|left| *left > 0 && !preview.more)?;
        let numbers = [("matched", preview.matched.into()), ("left", left.into())];
        Some(f.lang.fill("desk-would-left-out", &numbers))
    }

    fn forgotten(&self, f: &Frame<'_>, forgotten: &Forgotten) -> String {
        let number = |many: u64| f.lang.number(many).into();
        let numbers = [("said", number(forgotten.said)), ("known", number(forgotten.known))];
        f.lang.fill("desk-would-forgotten", &numbers)
    }

    fn button(&self, f: &Frame<'_>, preview: &Preview) -> String {
        f.t1(&format!("desk-do-{}", self.deciding.direction), "count", preview.judged)
    }

    fn moment(&self, f: &Frame<'_>, at: &u64) -> String {
        moment(f, &Millis(*at), self.zone)
    }

    /// What the second form carries on from the first.
    fn kept(&self) -> [(&'static str, &str); 12] {
        let deciding = self.deciding;
        [
            ("petition", &deciding.petition),
            ("direction", &deciding.direction),
            ("from", &deciding.from),
            ("to", &deciding.to),
            ("network", &deciding.network),
            ("domain", &deciding.domain),
            ("comment", &deciding.comment),
            ("verdict", &deciding.verdict),
            ("finding", &deciding.finding),
            ("answered", &deciding.answered),
            ("apart", if deciding.apart { "on" } else { "" }),
            ("reason", &deciding.reason),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::{COMMENT_CHARS, shortened};

    #[test]
    fn only_what_is_long_is_shortened_and_no_letter_is_cut() {
        let of = |many: usize| "é".repeat(many);
        assert_eq!(shortened(&of(COMMENT_CHARS)), None);
        let short = shortened(&of(COMMENT_CHARS + 1)).expect("it is longer");
        assert_eq!(short, format!("{} …", of(COMMENT_CHARS)));
        let words = "trente signatures pour la fontaine du village ".repeat(20);
        let short = shortened(&words).expect("it is longer");
        assert!(words.starts_with(short.trim_end_matches(" …")) && short.chars().count() <= COMMENT_CHARS + 2);
        assert!(words[short.len() - " …".len()..].starts_with(' '), "{short}");
    }
}

pages! {
    /// `GET /desk/incident/decide`
    desk_decide(DecidePage) = "desk/decide.html";
}
