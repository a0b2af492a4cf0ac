//! A seal that nobody can take for a real one: no star, no emblem, and it says "TÀI LIỆU MINH HỌA" and "MẪU".

use std::f32::consts::{FRAC_PI_2, TAU};

use hoian_signer::appearance::font;
use tiny_skia::{FillRule, PathBuilder, Pixmap, Stroke, Transform};
use ttf_parser::{Face, OutlineBuilder};

use super::{Error, canvas, ink, png};

/// Its diameter on paper: the common size of an agency's seal.
pub const SEAL_MM: f64 = 36.0;

/// About 450 dots an inch; all measures below are in these dots.
const SIDE: f32 = 640.0;
const CENTRE: f32 = SIDE / 2.0;

/// The seal of `agency`, PNG.
///
/// # Errors
/// When the font or the picture cannot be used: our bug.
pub fn seal(agency: &str) -> Result<Vec<u8>, Error> {
    let mut pixmap = canvas(SIDE as u32, SIDE as u32)?;
    for (radius, width) in [(306.0, 17.0), (284.0, 4.0), (196.0, 5.0)] {
        circle(&mut pixmap, radius, width);
    }
    let face = Face::parse(font::BOLD, 0).map_err(|error| Error(error.to_string()))?;
    let mut press = Press {
        face: &face,
        pixmap: &mut pixmap,
    };
    press.around("TÀI LIỆU MINH HỌA", 50.0, 222.0, Side::Top);
    press.around(&agency.to_uppercase(), 36.0, 256.0, Side::Bottom);
    press.across("MẪU", 104.0, CENTRE + 22.0);
    press.across("KHÔNG CÓ GIÁ TRỊ PHÁP LÝ", 21.0, CENTRE + 76.0);
    png(&pixmap)
}

/// Which half of the ring the words run along, both read from left to right.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    Top,
    Bottom,
}

fn circle(pixmap: &mut Pixmap, radius: f32, width: f32) {
    if let Some(path) = PathBuilder::from_circle(CENTRE, CENTRE, radius) {
        let stroke = Stroke {
            width,
            ..Stroke::default()
        };
        pixmap.stroke_path(&path, &red(), &stroke, Transform::identity(), None);
    }
}

/// The red of seals, #C4201B.
fn red() -> tiny_skia::Paint<'static> {
    ink(196, 32, 27)
}

struct Press<'a> {
    face: &'a Face<'a>,
    pixmap: &'a mut Pixmap,
}

impl Press<'_> {
    /// Words centred on a straight baseline.
    fn across(&mut self, words: &str, size: f32, baseline: f32) {
        let mut x = CENTRE - self.width(words, size) / 2.0;
        for letter in words.chars() {
            let place = Transform::from_translate(x, baseline);
            x += self.letter(letter, size, place);
        }
    }

    /// Words centred on the upper or lower half of a circle; the radius is that of their baseline. Words too long for
    /// two fifths of the circle are set smaller.
    fn around(&mut self, words: &str, size: f32, radius: f32, side: Side) {
        let room = TAU * radius * 0.46;
        let size = size * (room / self.width(words, size)).min(1.0);
        let half = self.width(words, size) / radius / 2.0;
        let (mut angle, turn) = match side {
            Side::Top => (-FRAC_PI_2 - half, 1.0),
            Side::Bottom => (FRAC_PI_2 + half, -1.0),
        };
        for letter in words.chars() {
            let step = self.advance(letter, size) / radius;
            let middle = angle + turn * step / 2.0;
            let lean = middle.to_degrees() + 90.0 * turn;
            let place =
                Transform::from_translate(CENTRE + radius * middle.cos(), CENTRE + radius * middle.sin())
                    .pre_rotate(lean)
                    .pre_translate(-step * radius / 2.0, 0.0);
            self.letter(letter, size, place);
            angle += turn * step;
        }
    }

    fn width(&self, words: &str, size: f32) -> f32 {
        words.chars().map(|letter| self.advance(letter, size)).sum()
    }

    fn advance(&self, letter: char, size: f32) -> f32 {
        let glyph = self.face.glyph_index(letter).unwrap_or_default();
        let units = self.face.glyph_hor_advance(glyph).unwrap_or_default();
        f32::from(units) * size / f32::from(self.face.units_per_em())
    }

    /// Prints one letter with its origin moved to `place`; gives back its advance.
    fn letter(&mut self, letter: char, size: f32, place: Transform) -> f32 {
        let scale = size / f32::from(self.face.units_per_em());
        let mut outline = Outline(PathBuilder::new());
        let glyph = self.face.glyph_index(letter).unwrap_or_default();
        if self.face.outline_glyph(glyph, &mut outline).is_some()
            && let Some(path) = outline.0.finish()
        {
            let place = place.pre_scale(scale, -scale);
            self.pixmap
                .fill_path(&path, &red(), FillRule::Winding, place, None);
        }
        self.advance(letter, size)
    }
}

/// A glyph's outline, from the font's words to the canvas's.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_is_red_round_and_transparent_for_short_and_long_names() {
        for agency in [
            "Sở Y tế",
            "Ủy ban nhân dân tỉnh Lam Giang",
            "Trung tâm Phục vụ hành chính công tỉnh Lam Giang",
        ] {
            let picture = Pixmap::decode_png(&seal(agency).unwrap()).unwrap();
            assert_eq!(picture.pixels()[0].alpha(), 0, "the corner is outside the ring");
            let inked: Vec<_> = picture
                .pixels()
                .iter()
                .filter(|pixel| pixel.alpha() == 255)
                .collect();
            assert!(inked.iter().all(|pixel| pixel.red() > 150 && pixel.blue() < 60));
            assert!(inked.len() > 40_000);
        }
    }
}
