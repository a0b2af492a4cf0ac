//! Lines on A4 pages.

use krilla::Document;
use krilla::color::rgb;
use krilla::geom::Point;
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::Fill;

use super::line::{Line, Measured};
use super::{INK, Ink};
use crate::appearance::font;
use crate::error::{Error, Result};
use crate::report::Language;
use crate::report::outline::Fact;

/// Points (ISO 216 A4; the margins of Nghị định 30/2020/NĐ-CP, Annex I).
const WIDTH: f32 = 595.28;
const HEIGHT: f32 = 841.89;
const LEFT: f32 = 85.0;
const RIGHT: f32 = 50.0;
const TOP: f32 = 62.0;
const BOTTOM: f32 = 62.0;
const TEXT_WIDTH: f32 = WIDTH - LEFT - RIGHT;
const LABEL_WIDTH: f32 = 140.0;
const SIZE: f32 = 10.5;
/// Room for stacked Vietnamese marks.
const LINE_HEIGHT: f32 = 1.35;

/// Pages of placed lines.
pub(super) struct Sheet {
    regular: Measured,
    bold: Measured,
    pages: Vec<Vec<Placed>>,
    /// Where the next line's top is, from the page's top.
    y: f32,
}

struct Placed {
    x: f32,
    baseline: f32,
    size: f32,
    bold: bool,
    ink: Ink,
    line: Line,
}

impl Sheet {
    pub(super) fn new() -> Result<Self> {
        Ok(Self {
            regular: Measured::new(font::REGULAR)?,
            bold: Measured::new(font::BOLD)?,
            pages: vec![Vec::new()],
            y: TOP,
        })
    }

    pub(super) fn gap(&mut self, points: f32) {
        self.y += points;
    }

    pub(super) fn heading(&mut self, text: &str, size: f32, ink: Ink) {
        // A heading does not stand alone at a page's foot.
        self.room(size * LINE_HEIGHT * 3.0);
        for line in self.bold.lines(text, size, TEXT_WIDTH) {
            self.put(line, LEFT, size, true, ink);
        }
        self.gap(3.0);
    }

    pub(super) fn small(&mut self, text: &str) {
        for line in self.regular.lines(text, 9.0, TEXT_WIDTH) {
            self.put(line, LEFT, 9.0, false, (0x4A, 0x57, 0x50));
        }
        self.gap(4.0);
    }

    pub(super) fn item(&mut self, text: &str) {
        for line in self.regular.lines(&format!("– {text}"), SIZE, TEXT_WIDTH) {
            self.put(line, LEFT, SIZE, false, INK);
        }
    }

    /// Labels left, values beside them.
    pub(super) fn facts(&mut self, facts: &[Fact]) {
        for (label, value) in facts {
            let mut labels = self.regular.lines(label, SIZE, LABEL_WIDTH - 8.0).into_iter();
            let mut values = self
                .regular
                .lines(value, SIZE, TEXT_WIDTH - LABEL_WIDTH)
                .into_iter();
            loop {
                let (label, value) = (labels.next(), values.next());
                if label.is_none() && value.is_none() {
                    break;
                }
                self.room(SIZE * LINE_HEIGHT);
                let top = self.y;
                for (line, x, ink) in [
                    (label, LEFT, (0x4A, 0x57, 0x50)),
                    (value, LEFT + LABEL_WIDTH, INK),
                ] {
                    if let Some(line) = line {
                        self.y = top;
                        self.put(line, x, SIZE, false, ink);
                    }
                }
            }
            self.gap(1.5);
        }
    }

    fn room(&mut self, needed: f32) {
        if self.y + needed > HEIGHT - BOTTOM {
            self.pages.push(Vec::new());
            self.y = TOP;
        }
    }

    fn put(&mut self, line: Line, x: f32, size: f32, bold: bool, ink: Ink) {
        self.room(size * LINE_HEIGHT);
        let placed = Placed {
            x,
            baseline: self.y + size,
            size,
            bold,
            ink,
            line,
        };
        if let Some(page) = self.pages.last_mut() {
            page.push(placed);
        }
        self.y += size * LINE_HEIGHT;
    }

    /// Draws all pages, each with its number.
    pub(super) fn into_pages(self, document: &mut Document, language: Language) -> Result<()> {
        let count = self.pages.len();
        for (index, lines) in self.pages.iter().enumerate() {
            let settings = PageSettings::from_wh(WIDTH, HEIGHT)
                .ok_or_else(|| Error::misuse("report", "the page has no size"))?;
            let mut page = document.start_page_with(settings);
            let mut surface = page.surface();
            let number = format!("{} {}/{count}", language.pick("Trang", "Page"), index + 1);
            let foot = self
                .regular
                .lines(&number, 9.0, TEXT_WIDTH)
                .into_iter()
                .map(|line| Placed {
                    x: WIDTH - RIGHT - self.regular.width(&line.text, 9.0),
                    baseline: HEIGHT - BOTTOM / 2.0,
                    size: 9.0,
                    bold: false,
                    ink: INK,
                    line,
                });
            let foot: Vec<Placed> = foot.collect();
            for placed in lines.iter().chain(&foot) {
                let (red, green, blue) = placed.ink;
                surface.set_fill(Some(Fill {
                    paint: rgb::Color::new(red, green, blue).into(),
                    opacity: NormalizedF32::ONE,
                    rule: krilla::paint::FillRule::default(),
                }));
                let face = if placed.bold { &self.bold } else { &self.regular };
                surface.draw_glyphs(
                    Point::from_xy(placed.x, placed.baseline),
                    &placed.line.glyphs,
                    face.font.clone(),
                    &placed.line.text,
                    placed.size,
                    false,
                );
            }
            surface.finish();
            page.finish();
        }
        Ok(())
    }
}
