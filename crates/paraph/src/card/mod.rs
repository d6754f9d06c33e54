//! The picture that stands for a petition where its link is shared: title, count, goal. 1200 x 630 pixels, PNG.
//!
//! Pure: the same card gives the same bytes. Drawn with letters of our own (`assets/card/`): Latin, Greek and Cyrillic. A
//! title in another script is not drawn with holes in it: the address takes its place, and the page's title stands beside
//! the picture wherever it is shown.

mod text;

use std::sync::LazyLock;

use rustybuzz::Face;
use tiny_skia::{Color, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, Rect, Stroke, Transform};

use crate::views::Lang;
use text::{Type, drawable};

/// Width in pixels, as the page tells those who fetch it.
pub const WIDTH: u32 = 1200;
/// Height in pixels.
pub const HEIGHT: u32 = 630;

const MARGIN: f32 = 84.0;
const ROOM: f32 = 1200.0 - 2.0 * MARGIN;
/// Sizes of the title, and how many lines of each fit: the first that holds it all is taken, else the last is cut.
const TITLE_SIZES: [(f32, usize); 4] = [(88.0, 2), (76.0, 3), (66.0, 3), (56.0, 4)];
/// Between two baselines of the title, in ems.
const LEADING: f32 = 1.14;

// The colours of the pages, `assets/site.css`.
const PAPER: [u8; 3] = [0xf7, 0xf5, 0xf0];
const INK: [u8; 3] = [0x1a, 0x21, 0x30];
const SOFT: [u8; 3] = [0x54, 0x5b, 0x6b];
const RULE: [u8; 3] = [0xdc, 0xd7, 0xcb];
const BLUE: [u8; 3] = [0x1d, 0x3a, 0x78];

static SEMIBOLD: LazyLock<Face<'static>> =
    LazyLock::new(|| face(include_bytes!("../../assets/card/card-semibold.ttf")));
static REGULAR: LazyLock<Face<'static>> = LazyLock::new(|| face(include_bytes!("../../assets/card/card-regular.ttf")));

fn face(bytes: &'static [u8]) -> Face<'static> {
    Face::from_slice(bytes, 0).expect("a face of ours")
}

/// What a card shows. Two equal cards are the same picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Language of its words and numbers.
    pub lang: Lang,
    /// Name of the site.
    pub site: String,
    /// Address of the petition without scheme, as people would read it.
    pub address: String,
    /// Title of the petition.
    pub title: String,
    /// The displayed count: settled signatures.
    pub counted: u64,
    /// Percent of the goal and the words for it.
    pub goal: Option<(u64, String)>,
    /// What to say of a petition that is no longer open.
    pub state: Option<String>,
}

/// Draws a card.
///
/// # Errors
/// The picture cannot be encoded, which a picture in memory always can.
pub fn draw(card: &Card) -> Result<Vec<u8>, png::EncodingError> {
    let mut pixmap = Pixmap::new(WIDTH, HEIGHT).expect("a picture of a size");
    pixmap.fill(Color::from_rgba8(PAPER[0], PAPER[1], PAPER[2], 255));
    if let Some(band) = Rect::from_xywh(0.0, 0.0, 14.0, 630.0) {
        pixmap.fill_rect(band, &ink(BLUE), Transform::identity(), None);
    }
    head(&mut pixmap, card);
    title(&mut pixmap, card);
    count(&mut pixmap, card);
    encode(&pixmap)
}

/// Our mark, the name of the site, and whether the petition is closed.
fn head(pixmap: &mut Pixmap, card: &Card) {
    let pen = Stroke {
        width: 3.2,
        line_cap: LineCap::Round,
        line_join: LineJoin::Round,
        ..Stroke::default()
    };
    let place = Transform::from_row(1.0, 0.0, 0.0, 1.0, MARGIN - 2.0, 62.0);
    if let Some(flourish) = flourish() {
        pixmap.stroke_path(&flourish, &ink(BLUE), &pen, place, None);
    }
    let letters = Type {
        face: &REGULAR,
        size: 32.0,
    };
    let name = match &card.state {
        Some(state) => format!("{} · {state}", card.site),
        None => card.site.clone(),
    };
    let Some(name) = drawable(letters.face, &name).or_else(|| drawable(letters.face, &card.address)) else {
        return;
    };
    let room = ROOM - 150.0;
    let line = letters
        .lines(&name, room, 1)
        .unwrap_or_else(|| letters.cut(&name, room, 1));
    for line in line {
        letters.draw(pixmap, &line, MARGIN + 144.0, 96.0, &ink(SOFT));
    }
}

/// The flourish of `templates/paraph.svg`.
fn flourish() -> Option<Path> {
    let mut path = PathBuilder::new();
    path.move_to(4.0, 27.0);
    path.cubic_to(22.0, 6.0, 40.0, 2.0, 41.0, 11.0);
    path.cubic_to(42.0, 20.0, 23.0, 36.0, 26.0, 25.0);
    path.cubic_to(29.0, 14.0, 60.0, 4.0, 62.0, 13.0);
    path.cubic_to(64.0, 22.0, 46.0, 33.0, 55.0, 28.0);
    path.cubic_to(64.0, 23.0, 78.0, 12.0, 84.0, 17.0);
    path.cubic_to(90.0, 22.0, 92.0, 27.0, 116.0, 12.0);
    path.finish()
}

/// The title between head and count; where its letters are not ours, what it is and where.
fn title(pixmap: &mut Pixmap, card: &Card) {
    let heading = drawable(&SEMIBOLD, &card.title).or_else(|| drawable(&SEMIBOLD, &card.address));
    let Some(heading) = heading else {
        return;
    };
    let sized = |(size, most): (f32, usize)| {
        let letters = Type { face: &SEMIBOLD, size };
        letters.lines(&heading, ROOM, most).map(|lines| (letters, lines))
    };
    let (letters, lines) = TITLE_SIZES.into_iter().find_map(sized).unwrap_or_else(|| {
        let (size, most) = TITLE_SIZES[TITLE_SIZES.len() - 1];
        let letters = Type { face: &SEMIBOLD, size };
        let cut = letters.cut(&heading, ROOM, most);
        (letters, cut)
    });
    let mut baseline = 134.0 + letters.size * 0.95;
    for line in &lines {
        letters.draw(pixmap, line, MARGIN - letters.size * 0.04, baseline, &ink(INK));
        baseline += letters.size * LEADING;
    }
}

/// The number, what it counts, and how far the goal is.
fn count(pixmap: &mut Pixmap, card: &Card) {
    let baseline = if card.goal.is_some() { 494.0 } else { 550.0 };
    let number = Type {
        face: &SEMIBOLD,
        size: 96.0,
    };
    let words = Type {
        face: &REGULAR,
        size: 40.0,
    };
    // A language whose digits are not ours still has ours.
    let digits = drawable(number.face, &card.lang.number(card.counted)).unwrap_or_else(|| card.counted.to_string());
    let end = number.draw(pixmap, &digits, MARGIN - 3.0, baseline, &ink(BLUE));
    let label = card.lang.fill("people-signed", &[("count", card.counted.into())]);
    if let Some(label) = drawable(words.face, &label) {
        words.draw(pixmap, &label, end + 22.0, baseline, &ink(INK));
    }
    let Some((percent, said)) = &card.goal else {
        return;
    };
    bar(pixmap, 100, RULE);
    bar(pixmap, *percent, BLUE);
    let small = Type {
        face: &REGULAR,
        size: 32.0,
    };
    if let Some(said) = drawable(small.face, said) {
        small.draw(pixmap, &said, MARGIN, 584.0, &ink(SOFT));
    }
}

/// A bar with round ends, as long as `percent` of the room.
fn bar(pixmap: &mut Pixmap, percent: u64, colour: [u8; 3]) {
    const THICK: f32 = 14.0;
    let part = f32::from(u16::try_from(percent.min(100)).unwrap_or(100)) / 100.0;
    if part == 0.0 {
        return;
    }
    let y = 526.0;
    let end = (MARGIN + ROOM * part - THICK / 2.0).max(MARGIN + THICK / 2.0 + 0.1);
    let mut path = PathBuilder::new();
    path.move_to(MARGIN + THICK / 2.0, y);
    path.line_to(end, y);
    let pen = Stroke {
        width: THICK,
        line_cap: LineCap::Round,
        ..Stroke::default()
    };
    if let Some(path) = path.finish() {
        pixmap.stroke_path(&path, &ink(colour), &pen, Transform::identity(), None);
    }
}

fn ink(colour: [u8; 3]) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color_rgba8(colour[0], colour[1], colour[2], 255);
    paint.anti_alias = true;
    paint
}

/// Every pixel is opaque, so the picture is stored without its fourth channel.
fn encode(pixmap: &Pixmap) -> Result<Vec<u8>, png::EncodingError> {
    let (pixels, _) = pixmap.data().as_chunks::<4>();
    let colours: Vec<u8> = pixels
        .iter()
        .flat_map(|[red, green, blue, _]| [*red, *green, *blue])
        .collect();
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, WIDTH, HEIGHT);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&colours)?;
    writer.finish()?;
    Ok(out)
}

#[cfg(test)]
mod tests;
