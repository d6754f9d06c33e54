//! The brief form that comes back when a good one cannot be taken now: cast once, filled for each of those who get it.
//!
//! Floods are answered with it. All of it but what was typed is the same for everybody: putting only that into a page that
//! is there costs a sixth of making the page.

use askama::Template;

use super::markup::escape;
use super::model::{AgainPage, Frame, Input};

/// Stands in the template where something of one person goes. Nothing else can hold it: every `<` of a text is escaped.
const GAP: &str = "<gap>";

/// The page with its gaps open.
pub struct Again {
    /// Up to the hidden fields, the name, the address, and to the end.
    pieces: Vec<String>,
    /// The text in force, for who names none.
    text_version: u64,
}

#[derive(Template)]
#[template(path = "again_fields.html")]
struct Fields<'a> {
    input: &'a Input,
    text_version: u64,
    ticket: Option<&'a str>,
}

impl Again {
    /// Makes the page.
    #[must_use]
    pub fn cast(f: &Frame<'_>, page: &AgainPage<'_>) -> Self {
        let html = super::again(f, page);
        let pieces: Vec<String> = html.split(GAP).map(str::to_owned).collect();
        debug_assert_eq!(pieces.len(), 4, "the gaps of again.html");
        Self {
            pieces,
            text_version: page.petition.text_version,
        }
    }

    /// The page of one person: what was typed, and a ticket, where there is one.
    #[must_use]
    pub fn fill(&self, input: &Input, ticket: Option<&str>) -> String {
        let fields = Fields {
            input,
            text_version: input.text_version.map_or(self.text_version, u64::from),
            ticket,
        };
        let fields = fields.render().expect("writing into a string does not fail");
        let filled = [fields, escape(&input.name), escape(&input.email), String::new()];
        let length = self.pieces.iter().chain(&filled).map(String::len).sum();
        let mut html = String::with_capacity(length);
        for (piece, filling) in self.pieces.iter().zip(filled) {
            html.push_str(piece);
            html.push_str(&filling);
        }
        html
    }
}
