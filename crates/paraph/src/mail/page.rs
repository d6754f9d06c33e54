//! What a mail says, once, and its two renderings: plain text and HTML. Neither says what the other does not.
//!
//! The HTML loads nothing, from anywhere: no picture, no font, no style sheet. It has no tables, keeps the colours of the
//! reader's mail program, light or dark, and escapes everything.

use std::fmt::Write;

use crate::views::markup::escape;

/// Columns of a line of text; links may be longer and are never broken.
pub const COLUMNS: usize = 72;

/// One part of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Paragraph(String),
    /// Words of others, set apart.
    Quoted(String),
    /// The one thing to do: a link that looks like a button.
    Button(Link),
    Link(Link),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Link {
    label: String,
    address: String,
}

/// A mail as it is written, part by part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page(Vec<Part>);

impl Page {
    /// A paragraph in our own words.
    pub fn paragraph(&mut self, text: &str) {
        self.0.push(Part::Paragraph(text.to_owned()));
    }

    /// A paragraph in somebody else's words, as [`plain`] leaves them.
    pub fn quoted(&mut self, text: &str) {
        self.0.push(Part::Quoted(text.to_owned()));
    }

    /// The link that the mail is for. In the text it stands alone on its line; its label is for the HTML.
    pub fn button(&mut self, label: &str, address: &str) {
        self.0.push(Part::Button(Link::new(label, address)));
    }

    /// Another link.
    pub fn link(&mut self, label: &str, address: &str) {
        self.0.push(Part::Link(Link::new(label, address)));
    }

    /// Plain text, signed by the site behind the line `-- ` that mail programs set apart.
    #[must_use]
    pub fn text(&self, site: &str, base_url: &str) -> String {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Paragraph(words) => wrapped(&mut text, words, ""),
                Part::Quoted(words) => wrapped(&mut text, words, "    "),
                Part::Button(link) | Part::Link(link) => {
                    text += &link.address;
                    text += "\n\n";
                }
            }
        }
        let _ = writeln!(text, "-- \n{site}\n{base_url}");
        text
    }

    /// The same as an HTML document.
    #[must_use]
    pub fn html(&self, head: &Head<'_>) -> String {
        let (title, site, base_url) = (escape(head.subject), escape(head.site), escape(head.base_url));
        let (lang, dir) = (escape(head.lang), escape(head.dir));
        let mut html = format!(
            "<!doctype html>\n<html lang=\"{lang}\" dir=\"{dir}\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n\
             <style>:root {{ color-scheme: light dark }}</style>\n</head>\n<body style=\"margin:0\">\n\
             <main style=\"{BODY}\">\n"
        );
        for part in &self.0 {
            let _ = match part {
                Part::Paragraph(words) => writeln!(html, "<p style=\"{PARAGRAPH}\">{}</p>", escape(words)),
                Part::Quoted(words) => writeln!(
                    html,
                    "<blockquote style=\"{QUOTED}\"><bdi>{}</bdi></blockquote>",
                    escape(words)
                ),
                Part::Button(link) => writeln!(html, "<p style=\"{PARAGRAPH}\">{}</p>", link.html(BUTTON)),
                Part::Link(link) => writeln!(html, "<p style=\"{PARAGRAPH}\">{}</p>", link.html(LINK)),
            };
        }
        let _ = write!(
            html,
            "<hr style=\"{RULE}\">\n<p style=\"{PARAGRAPH}\">{site}<br><a href=\"{base_url}\" style=\"{LINK}\">{base_url}</a></p>\n\
             </main>\n</body>\n</html>\n"
        );
        html
    }
}

/// What stands above and below the parts of an HTML mail.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// Language (BCP 47).
    pub lang: &'a str,
    /// `ltr` or `rtl`.
    pub dir: &'a str,
    /// Subject of the mail.
    pub subject: &'a str,
    /// Name of the site.
    pub site: &'a str,
    /// Its address.
    pub base_url: &'a str,
}

// Mail programs drop style sheets, so every element says what it needs. No colour but the button's own two, which have a
// contrast of 7.9 to 1 whatever is behind them.
const BODY: &str =
    "max-width:34em;margin:0 auto;padding:1.5em 1em;font:1em/1.55 system-ui,sans-serif;overflow-wrap:anywhere";
const PARAGRAPH: &str = "margin:0 0 1.1em";
const QUOTED: &str =
    "margin:0 0 1.1em;padding:.1em 0 .1em 1em;border-inline-start:3px solid;font-weight:bold;overflow-wrap:anywhere";
const BUTTON: &str = "display:inline-block;padding:.75em 1.4em;border-radius:.4em;background:#17518a;color:#ffffff;\
     font-weight:bold;text-decoration:none";
const LINK: &str = "overflow-wrap:anywhere";
const RULE: &str = "margin:1.6em 0 1.1em;border:0;border-top:1px solid";

impl Link {
    fn new(label: &str, address: &str) -> Self {
        Self {
            label: label.to_owned(),
            address: address.to_owned(),
        }
    }

    fn html(&self, style: &str) -> String {
        let (address, label) = (escape(&self.address), escape(&self.label));
        format!("<a href=\"{address}\" style=\"{style}\">{label}</a>")
    }
}

/// Breaks at spaces only (never at a no-break space), so that a link keeps its line whatever its length.
fn wrapped(text: &mut String, words: &str, indent: &str) {
    let mut column = 0;
    for word in words.split([' ', '\n']).filter(|word| !word.is_empty()) {
        let width = word.chars().count();
        if column > 0 && column + 1 + width > COLUMNS {
            text.push('\n');
            column = 0;
        }
        let before = if column == 0 { indent } else { " " };
        text.push_str(before);
        text.push_str(word);
        column += before.len() + width;
    }
    text.push_str("\n\n");
}

/// One line of what somebody else wrote: no control, direction or invisible characters, spaces collapsed, cut at a
/// word if it is too long. What is left cannot start a header, turn the text around, or push the rest out of view.
#[must_use]
pub fn plain(text: &str, most: usize) -> String {
    let visible: String = text
        .chars()
        .filter(|c| !is_direction_or_invisible(*c))
        .map(|c| {
            if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
                ' '
            } else {
                c
            }
        })
        .collect();
    let line = visible.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= most {
        return line;
    }
    let cut: String = line.chars().take(most - 1).collect();
    // A title without spaces near its end is cut where it stands.
    let end = cut.rfind(' ').filter(|end| *end > cut.len() / 2).unwrap_or(cut.len());
    format!("{}…", cut[..end].trim_end())
}

fn is_direction_or_invisible(c: char) -> bool {
    matches!(c, '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

/// Mail programs turn `word.word`, `www.` and anything with a scheme into links. No register holds such a name, and a
/// real one that is mistaken ("St.John") only loses its greeting.
#[must_use]
pub fn could_be_a_link(name: &str) -> bool {
    let dotted = |word: &str| {
        let labels: Vec<&str> = word.split('.').collect();
        labels
            .windows(2)
            .any(|pair| pair[0].chars().count() > 1 && pair[1].chars().count() > 1)
    };
    name.contains(['/', '@', '\\', '<', '>']) || name.split(' ').any(dotted)
}
