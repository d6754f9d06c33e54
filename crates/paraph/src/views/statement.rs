//! The page of the morning statement.

use askama::Template;
use jiff::tz::TimeZone;
use paraph_tally::Millis;

use super::Lang;
use super::desk::{DeskFrame, pages};
use super::model::Frame;
use super::room::moment;
use crate::desk::role::Act;
use crate::desk::room::statement::whole_number;

/// `GET` and `POST /desk/incident/statement`
pub struct StatementPage<'a> {
    /// Attempts set aside.
    pub set_aside: &'a str,
    /// Count before.
    pub before: &'a str,
    /// As of when the pages showed what stands there at first, if that is known.
    pub before_at: Option<Millis>,
    /// Time zone of who writes.
    pub zone: &'a TimeZone,
    /// Count after.
    pub after: &'a str,
    /// Titles of the petitions that were attacked, whose counts are meant; empty if it is all of them.
    pub attacked: &'a str,
    /// What is not known, in words of one's own.
    pub unknown: &'a str,
    /// Whether a complaint may follow.
    pub complaint: bool,
    /// Fields that are wrong, with the id of why.
    pub wrong: &'a [(&'static str, &'static str)],
    /// Words in it that are names of networks, too, for whoever writes it to say that none is meant.
    pub in_question: &'a str,
    /// Whether it is good as it stands.
    pub made: bool,
}

impl StatementPage<'_> {
    fn shown_before(&self, f: &Frame<'_>) -> Option<String> {
        let at = moment(f, &self.before_at?, self.zone);
        Some(f.lang.fill("desk-hint-before", &[("at", at.into())]))
    }

    fn before_hint(&self) -> &'static str {
        self.before_at.map_or("", |_| "before-hint")
    }

    fn counted_of(&self, f: &Frame<'_>) -> String {
        f.lang.fill("desk-hint-counts", &[("titles", self.attacked.into())])
    }

    /// What is wrong with a field; its name is said with it.
    fn problem(&self, f: &Frame<'_>, field: &str) -> Option<String> {
        let (field, message) = self.wrong.iter().find(|(wrong, _)| *wrong == field)?;
        let label = f.t(match *field {
            "set_aside" => "desk-label-aside",
            "before" => "desk-label-before",
            "after" => "desk-label-after",
            _ => "desk-label-unknown",
        });
        Some(f.lang.fill(message, &[("label", label.into())]))
    }

    /// All that is wrong, with the field that each is about.
    fn problems(&self, f: &Frame<'_>) -> Vec<(&'static str, String)> {
        let problem = |(field, _): &(&'static str, &'static str)| Some((*field, self.problem(f, field)?));
        self.wrong.iter().filter_map(problem).collect()
    }

    fn is_asked(&self) -> bool {
        !self.in_question.is_empty() && !self.made
    }

    fn about_words(&self, f: &Frame<'_>, id: &str) -> String {
        let asked = self.in_question.split(", ").count() as u64;
        f.lang
            .fill(id, &[("words", self.in_question.into()), ("asked", asked.into())])
    }

    /// The statement, in both languages of the desk.
    fn texts(&self, f: &Frame<'_>) -> Vec<(&'static str, String)> {
        let number = |text: &str| whole_number(text).unwrap_or(0);
        let (set_aside, before, after) = (number(self.set_aside), number(self.before), number(self.after));
        let text = |lang: &Lang| {
            let mut lines = vec![
                lang.fill(
                    "desk-statement-numbers",
                    &[
                        ("attempts", set_aside.into()),
                        ("aside", lang.number(set_aside).into()),
                        ("before", lang.number(before).into()),
                        ("after", lang.number(after).into()),
                    ],
                ),
                lang.text("desk-statement-unknown"),
            ];
            // Written in one language, it has no place in a text of another.
            if !self.unknown.is_empty() && *lang == f.lang {
                lines.push(self.unknown.to_owned());
            }
            if self.complaint {
                lines.push(lang.text("desk-statement-complaint"));
            }
            lines.push(lang.text("desk-statement-method"));
            (lang.code(), lines.join("\n\n"))
        };
        f.site.languages.iter().map(text).collect()
    }
}

pages! {
    /// `GET /desk/incident/statement`
    desk_statement(StatementPage) = "desk/statement.html";
}
