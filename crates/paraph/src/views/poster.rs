//! The poster: one sheet of A4 with a QR code, to be printed and put on a wall.

use std::fmt::Write as _;

use qrcode::{Color, EcLevel, QrCode};

use super::model::{Frame, PosterPage};

/// Light modules around a code, as readers need them (ISO/IEC 18004).
const QUIET: usize = 4;

/// A QR code as an SVG path in a square of `size` modules, its quiet zone included.
pub(crate) struct Code {
    pub(crate) size: usize,
    pub(crate) path: String,
}

impl PosterPage<'_> {
    /// The code of the petition's address; `None` if that is longer than a code can hold, 2,331 bytes.
    pub(super) fn code(&self, f: &Frame<'_>) -> Option<Code> {
        code(&format!("{}{}", f.site.base_url, self.petition.path()))
    }

    /// The address as people type it.
    pub(super) fn address(&self, f: &Frame<'_>) -> String {
        f.site.readable(self.petition.path())
    }

    /// Class by which the style sheet sizes the title, so that every poster is one page.
    pub(super) fn size(&self) -> &'static str {
        match self.petition.title.chars().count() {
            0..=36 => "short",
            37..=80 => "medium",
            81..=140 => "long",
            _ => "longest",
        }
    }
}

/// The code of a text; `None` if that is longer than a code can hold.
pub(super) fn code(text: &str) -> Option<Code> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let width = code.width();
    let mut path = String::new();
    for (row, modules) in code.to_colors().chunks(width).enumerate() {
        let mut column = 0;
        for run in modules.chunk_by(|left, right| left == right) {
            if run[0] == Color::Dark {
                let (x, y, long) = (column + QUIET, row + QUIET, run.len());
                write!(path, "M{x} {y}h{long}v1h-{long}z").expect("writing into a string does not fail");
            }
            column += run.len();
        }
    }
    Some(Code {
        size: width + 2 * QUIET,
        path,
    })
}
