//! Text of a card: shaped with kerning, broken into lines at spaces, cut with an ellipsis, drawn as outlines.

use rustybuzz::ttf_parser::{GlyphId, OutlineBuilder};
use rustybuzz::{Face, UnicodeBuffer};
use tiny_skia::{FillRule, Paint, PathBuilder, Pixmap, Transform};
use unicode_normalization::UnicodeNormalization;

/// Characters of a text that are looked at: more never fits on a card.
const MOST_CHARS: usize = 400;
const ELLIPSIS: char = '…';

/// Letters in one size.
#[derive(Clone, Copy)]
pub(super) struct Type<'f> {
    pub(super) face: &'f Face<'static>,
    /// Pixels an em.
    pub(super) size: f32,
}

/// The text as this face can draw it: composed, on one line, without emoji and other marks that it lacks. `None` if it
/// lacks a letter, a digit or a sign that carries the sense, and that cannot be written otherwise: a word with holes is worse than
/// no word.
pub(super) fn drawable(face: &Face<'_>, text: &str) -> Option<String> {
    let mut out = String::new();
    for character in text.nfc().take(MOST_CHARS) {
        if character.is_whitespace() && !is_bound(character) {
            out.push(' ');
        } else if face.glyph_index(character).is_some() {
            out.push(character);
        } else if let Some(written) = otherwise(character) {
            out.push_str(written);
        } else if character.is_alphanumeric() || carries_sense(character) {
            return None;
        }
    }
    let line = out
        .split(' ')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    Some(line).filter(|line| !line.is_empty())
}

/// How a sign is written where there is none for it.
fn otherwise(character: char) -> Option<&'static str> {
    Some(match character {
        '≥' => ">=",
        '≤' => "<=",
        '→' | '⇒' => "->",
        '←' | '⇐' => "<-",
        '−' => "-",
        _ => return None,
    })
}

/// Currencies, letterlike signs, arrows and operators: without one, a title says something else.
fn carries_sense(character: char) -> bool {
    matches!(character, '\u{20a0}'..='\u{20cf}' | '\u{2100}'..='\u{22ff}' | '\u{27c0}'..='\u{27ff}' | '\u{2900}'..='\u{2aff}')
}

/// A space at which a line does not break.
fn is_bound(character: char) -> bool {
    matches!(character, '\u{a0}' | '\u{202f}')
}

impl Type<'_> {
    fn scale(self) -> f32 {
        self.size / f32::from(u16::try_from(self.face.units_per_em()).unwrap_or(1000))
    }

    /// Pixels from the start of a text to its end.
    pub(super) fn width(self, text: &str) -> f32 {
        let shaped = self.shape(text);
        let units: f32 = shaped
            .glyph_positions()
            .iter()
            .map(|place| pixels(place.x_advance))
            .sum();
        units * self.scale()
    }

    fn shape(self, text: &str) -> rustybuzz::GlyphBuffer {
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.guess_segment_properties();
        rustybuzz::shape(self.face, &[], buffer)
    }

    /// Breaks a text into at most `most` lines of `room` pixels, each about as long as the others; `None` if it does not
    /// fit.
    pub(super) fn lines(self, text: &str, room: f32, most: usize) -> Option<Vec<String>> {
        let fits = |room: f32| text.split(' ').all(|word| self.width(word) <= room);
        let lines = Some(self.filled(text, room)).filter(|lines| lines.len() <= most && fits(room))?;
        // Narrower as long as no line more is needed.
        let narrower = [0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95]
            .into_iter()
            .find_map(|part| {
                let found = self.filled(text, room * part);
                Some(found).filter(|found| found.len() == lines.len() && fits(room * part))
            });
        Some(narrower.unwrap_or(lines))
    }

    /// The first `most` lines of a text that does not fit, words longer than a line broken; what is cut ends in an ellipsis.
    pub(super) fn cut(self, text: &str, room: f32, most: usize) -> Vec<String> {
        let pieces: Vec<String> = text.split(' ').flat_map(|word| self.pieces(word, room)).collect();
        let mut lines = self.filled(&pieces.join(" "), room);
        let is_cut = lines.len() > most;
        lines.truncate(most);
        if let Some(last) = lines.last_mut().filter(|_| is_cut) {
            self.end_with_ellipsis(last, room);
        }
        lines
    }

    /// Breaks at spaces. A word that is longer than a line stands on one of its own.
    fn filled(self, text: &str, room: f32) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for word in text.split(' ') {
            let longer = lines.last().map(|line| format!("{line} {word}"));
            match (lines.last_mut(), longer) {
                (Some(line), Some(longer)) if self.width(&longer) <= room => *line = longer,
                _ => lines.push(word.to_owned()),
            }
        }
        lines
    }

    /// A word that is longer than a line, in pieces that are not.
    fn pieces(self, word: &str, room: f32) -> Vec<String> {
        let mut pieces = vec![String::new()];
        for character in word.chars() {
            let open = pieces.last_mut().map(std::mem::take).unwrap_or_default();
            pieces.pop();
            let longer = format!("{open}{character}");
            if open.is_empty() || self.width(&longer) <= room {
                pieces.push(longer);
            } else {
                pieces.extend([open, character.to_string()]);
            }
        }
        pieces
    }

    fn end_with_ellipsis(self, line: &mut String, room: f32) {
        let trailing =
            |c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':' | '.' | '!' | '?' | '-' | '–' | '«' | '(');
        loop {
            line.truncate(line.trim_end_matches(trailing).len());
            if self.width(&format!("{line}{ELLIPSIS}")) <= room || line.is_empty() {
                line.push(ELLIPSIS);
                return;
            }
            // Whole words go first.
            let end = line
                .rfind(' ')
                .unwrap_or_else(|| line.char_indices().last().map_or(0, |(at, _)| at));
            line.truncate(end);
        }
    }

    /// Draws a line with its baseline at `y`; gives its end.
    pub(super) fn draw(self, pixmap: &mut Pixmap, text: &str, x: f32, y: f32, ink: &Paint<'_>) -> f32 {
        let (shaped, scale) = (self.shape(text), self.scale());
        let mut pen = x;
        for (glyph, place) in shaped.glyph_infos().iter().zip(shaped.glyph_positions()) {
            let mut outline = Outline(PathBuilder::new());
            let id = GlyphId(u16::try_from(glyph.glyph_id).unwrap_or_default());
            if self.face.outline_glyph(id, &mut outline).is_some()
                && let Some(path) = outline.0.finish()
            {
                let (left, up) = (pen + pixels(place.x_offset) * scale, y - pixels(place.y_offset) * scale);
                let placed = Transform::from_row(scale, 0.0, 0.0, -scale, left, up);
                pixmap.fill_path(&path, ink, FillRule::Winding, placed, None);
            }
            pen += pixels(place.x_advance) * scale;
        }
        pen
    }
}

/// Font units of one glyph, which the formats of fonts keep within 16 bits.
fn pixels(units: i32) -> f32 {
    f32::from(i16::try_from(units.clamp(-32_768, 32_767)).unwrap_or_default())
}

struct Outline(PathBuilder);

impl OutlineBuilder for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        self.0.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.0.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.0.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.0.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.0.close();
    }
}
