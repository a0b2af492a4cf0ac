//! From glyphs as they are drawn to lines as they are read.

use hayro_interpret::font::{Glyph as DrawnGlyph, GlyphRun};
use hayro_interpret::hayro_cmap::BfString;
use hayro_interpret::kurbo::{Affine, BezPath, Point, Vec2};
use hayro_interpret::{BlendMode, ClipPath, Device, DrawMode, DrawProps, Image, ImageDrawProps, SoftMask};
use unicode_normalization::UnicodeNormalization as _;

use super::{Line, Run};
use crate::appearance::font::{ASCENT, DESCENT};
use crate::pdf::place::{Rect, Turn};

/// One glyph where it is seen on the turned page.
#[derive(Debug, Clone)]
pub(super) struct Glyph {
    text: String,
    origin: Point,
    advance: f64,
    font_size: f64,
}

/// Keeps the text of what is drawn, and nothing else.
pub(super) struct Collector {
    pub glyphs: Vec<Glyph>,
    turned: Affine,
}

impl Collector {
    pub(super) fn new(turn: Turn) -> Self {
        let [a, b, c, d] = turn.matrix();
        Self {
            glyphs: Vec::new(),
            turned: Affine::new([a, b, c, d, 0.0, 0.0]),
        }
    }
}

impl<'a> Device<'a> for Collector {
    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, _: &DrawMode) {
        for glyph in run.glyphs() {
            let text = match glyph.as_unicode() {
                Some(BfString::Char(character)) => character.to_string(),
                Some(BfString::String(text)) => text,
                None => continue,
            };
            let transform = self.turned * props.transform * glyph.transform();
            let [along_x, across_x, ..] = transform.as_coeffs();
            if across_x.abs() > UPRIGHT * along_x {
                continue;
            }
            let origin = transform * Point::ZERO;
            let along = |vector: Vec2| (transform * vector.to_point() - origin).hypot();
            let advance = match &**glyph {
                DrawnGlyph::Outline(outline) => outline.advance_width(),
                DrawnGlyph::Type3(drawing) => drawing.advance_width(),
            };
            if self.glyphs.len() < GLYPH_LIMIT {
                self.glyphs.push(Glyph {
                    text,
                    origin,
                    advance: along(Vec2::new(f64::from(advance.unwrap_or(DEFAULT_ADVANCE)), 0.0)),
                    font_size: along(Vec2::new(0.0, 1000.0)),
                });
            }
        }
    }

    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'a>, _: &DrawMode) {}
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}
    fn draw_image(&mut self, _: Image<'a, '_>, _: ImageDrawProps<'a>) {}
    fn pop_clip(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}

/// Groups glyphs by baseline from top to bottom, then from left to right into runs.
pub(super) fn lines(mut glyphs: Vec<Glyph>, turn: Turn) -> Vec<Line> {
    glyphs.retain(|glyph| glyph.origin.is_finite() && glyph.font_size > 0.0);
    glyphs.sort_by(|a, b| b.origin.y.total_cmp(&a.origin.y));
    let mut lines: Vec<Vec<Glyph>> = Vec::new();
    for glyph in glyphs {
        match lines.last_mut() {
            Some(line) if line[0].origin.y - glyph.origin.y < BASELINE_TOLERANCE * glyph.font_size => {
                line.push(glyph)
            }
            _ => lines.push(vec![glyph]),
        }
    }
    lines
        .into_iter()
        .map(|glyphs| line(glyphs, turn))
        .filter(|line| !line.runs.is_empty())
        .collect()
}

fn line(mut glyphs: Vec<Glyph>, turn: Turn) -> Line {
    glyphs.sort_by(|a, b| a.origin.x.total_cmp(&b.origin.x));
    let mut groups: Vec<Vec<Glyph>> = Vec::new();
    // Blanks decide nothing: printed spaces of a blank to be filled are as empty as no glyph at all.
    for glyph in glyphs.into_iter().filter(|glyph| !glyph.text.trim().is_empty()) {
        match groups.last_mut() {
            Some(group)
                if group
                    .last()
                    .is_some_and(|last| gap(last, &glyph) < WIDE_GAP * glyph.font_size) =>
            {
                group.push(glyph);
            }
            _ => groups.push(vec![glyph]),
        }
    }
    Line {
        runs: groups.into_iter().filter_map(|group| run(&group, turn)).collect(),
    }
}

fn run(glyphs: &[Glyph], turn: Turn) -> Option<Run> {
    let (first, last) = (glyphs.first()?, glyphs.last()?);
    let mut text = String::new();
    for (index, glyph) in glyphs.iter().enumerate() {
        if index > 0 && gap(&glyphs[index - 1], glyph) > WORD_GAP * glyph.font_size {
            text.push(' ');
        }
        text.push_str(&glyph.text);
    }
    let rect = Rect {
        x: first.origin.x,
        y: first.origin.y - DESCENT * first.font_size,
        width: last.origin.x + last.advance - first.origin.x,
        height: (ASCENT + DESCENT) * first.font_size,
    };
    Some(Run {
        text: text.nfc().collect(),
        rect: turn.user(&rect),
        // Matrices of single precision make 13 points 12.9999995.
        font_size: (first.font_size * 100.0).round() / 100.0,
    })
}

fn gap(left: &Glyph, right: &Glyph) -> f64 {
    right.origin.x - left.origin.x - left.advance
}

/// A watermark runs aslant; print does not.
const UPRIGHT: f64 = 0.05;

/// Parts of an em: superscripts leave the line, uneven baselines do not.
const BASELINE_TOLERANCE: f64 = 0.25;

/// A space is a quarter of an em in Times; justified text stretches it, kerning makes holes far smaller.
const WORD_GAP: f64 = 0.12;

/// Wider than any justified space.
const WIDE_GAP: f64 = 1.1;

/// For fonts that do not say.
const DEFAULT_ADVANCE: f32 = 500.0;

/// A page of print has a few thousand glyphs.
const GLYPH_LIMIT: usize = 200_000;
