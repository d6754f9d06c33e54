//! A petition's text: plain text with blank-line paragraphs, `## ` headings, `- ` lists and bare links, to safe HTML.

use std::fmt::Write as _;

/// Escapes a text for HTML, attribute values included.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// Renders a text. Only `p`, `h2`, `ul`, `li`, `br` and `a` come out, whatever goes in.
#[must_use]
pub fn to_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 5 / 4);
    let mut open = Block::None;
    for line in text.lines().map(str::trim) {
        let (block, content) = if let Some(heading) = line.strip_prefix("## ") {
            (Block::Heading, heading)
        } else if let Some(item) = line.strip_prefix("- ") {
            (Block::List, item)
        } else if line.is_empty() {
            (Block::None, "")
        } else {
            (Block::Paragraph, line)
        };
        let continues = block == open && matches!(block, Block::Paragraph | Block::List);
        if !continues {
            out.push_str(open.end());
            out.push_str(block.start());
        } else if block == Block::Paragraph {
            out.push_str("<br>\n");
        }
        if block == Block::List {
            out.push_str("<li>");
            links(&mut out, content);
            out.push_str("</li>");
        } else {
            links(&mut out, content);
        }
        open = block;
    }
    out.push_str(open.end());
    out
}

/// The first paragraph as plain text, at most `limit` characters, for descriptions of the page.
#[must_use]
pub fn summary(text: &str, limit: usize) -> String {
    let line = text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with("## "))
        .unwrap_or_default();
    if line.chars().count() <= limit {
        return line.to_owned();
    }
    let cut: String = line.chars().take(limit).collect();
    let whole = cut.rsplit_once(' ').map_or(&*cut, |(words, _)| words);
    format!(
        "{}…",
        whole.trim_end_matches([',', ';', ':', '.', '\u{a0}', '\u{202f}'])
    )
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    None,
    Paragraph,
    Heading,
    List,
}

impl Block {
    fn start(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Paragraph => "<p>",
            Self::Heading => "<h2>",
            Self::List => "<ul>\n",
        }
    }

    fn end(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Paragraph => "</p>\n",
            Self::Heading => "</h2>\n",
            Self::List => "</ul>\n",
        }
    }
}

/// Escapes a line and turns the addresses in it into links that give away nothing and earn nothing.
fn links(out: &mut String, line: &str) {
    let mut rest = line;
    while let Some(start) = next_link(rest) {
        let (before, tail) = rest.split_at(start);
        out.push_str(&escape(before));
        let end = tail
            .find(|c: char| c.is_whitespace() || "<>\"'«»()[]{}|\\^`".contains(c))
            .unwrap_or(tail.len());
        // Punctuation that ends the sentence is not part of the address.
        let address = tail[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', '…', '’']);
        let escaped = escape(address);
        write!(out, "<a href=\"{escaped}\" rel=\"nofollow noopener ugc\">{escaped}</a>").expect("a string");
        rest = &tail[address.len()..];
    }
    out.push_str(&escape(rest));
}

/// Where the next address with something behind its scheme begins.
fn next_link(text: &str) -> Option<usize> {
    ["https://", "http://"]
        .iter()
        .filter_map(|scheme| {
            text.match_indices(scheme)
                .find(|(at, _)| text[at + scheme.len()..].starts_with(|c: char| c.is_alphanumeric()))
                .map(|(at, _)| at)
        })
        .min()
}

#[cfg(test)]
mod tests {
    use super::{summary, to_html};

    fn check(text: &str, html: &str) {
        assert_eq!(to_html(text).replace('\n', ""), html, "{text:?}");
    }

    #[test]
    fn the_little_markup() {
        check("", "");
        check("one\ntwo\n\nthree", "<p>one<br>two</p><p>three</p>");
        check(
            "## Why\nBecause:\n- a\n- b\nend",
            "<h2>Why</h2><p>Because:</p><ul><li>a</li><li>b</li></ul><p>end</p>",
        );
        check(
            "See https://example.org/a?b=1&c=2.",
            "<p>See <a href=\"https://example.org/a?b=1&amp;c=2\" rel=\"nofollow noopener ugc\">\
             https://example.org/a?b=1&amp;c=2</a>.</p>",
        );
    }

    #[test]
    fn what_people_write_stays_text() {
        check(
            "<script>alert('x')</script>",
            "<p>&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;</p>",
        );
        check(
            "javascript:alert(1) http:// https://",
            "<p>javascript:alert(1) http:// https://</p>",
        );
        check(
            "https://e.org/\"onclick=x",
            "<p><a href=\"https://e.org/\" rel=\"nofollow noopener ugc\">https://e.org/</a>&#34;onclick=x</p>",
        );
    }

    #[test]
    fn a_summary_ends_at_a_word() {
        assert_eq!(summary("## Title\n\nWe ask, kindly, for trees.", 12), "We ask…");
        assert_eq!(summary("Short.", 12), "Short.");
    }
}
