//! The stamp of an incoming document: "ĐẾN" with number, date, whom it goes to and its file (Nghị định 30/2020/NĐ-CP,
//! Annex IV, 35 by 50 mm).

use std::fmt::Write as _;

use lopdf::{Dictionary, Object, dictionary};

use super::font::{self, Face};
use crate::error::Result;
use crate::pdf::place::{POINTS_PER_MM, Rect};
use crate::pdf::writer::Update;

/// What the stamp says; an empty text leaves its dotted line to be written on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stamp {
    pub agency: String,
    pub arrival_number: String,
    pub date: String,
    pub forwarded_to: String,
    pub file_code: String,
}

impl Stamp {
    /// Width and height in points.
    pub fn size() -> (f64, f64) {
        (50.0 * POINTS_PER_MM, 35.0 * POINTS_PER_MM)
    }

    /// Draws it over the whole of `bounds`.
    pub(super) fn draw(&self, update: &mut Update, bounds: &Rect) -> Result<(Dictionary, String)> {
        let mut drawing = Drawing::new(update, bounds);
        drawing.frame();
        drawing.centred(Face::Bold, &self.agency, 0.0..1.0, 0.0)?;
        drawing.centred(Face::Bold, "ĐẾN", 0.0..LEFT, 1.5)?;
        let rows = [
            (LEFT, 1.0, "Số: ", &self.arrival_number),
            (LEFT, 2.0, "Ngày: ", &self.date),
            (0.0, 3.0, "Chuyển: ", &self.forwarded_to),
            (0.0, 4.0, "Số và ký hiệu HS: ", &self.file_code),
        ];
        for (left, row, label, value) in rows {
            let value = if value.is_empty() { BLANK } else { value };
            drawing.line(&format!("{label}{value}"), left, row)?;
        }
        Ok(drawing.finish())
    }
}

/// Content as it grows: rows of one height, columns in parts of the width.
struct Drawing<'a> {
    update: &'a mut Update,
    bounds: Rect,
    fonts: Dictionary,
    content: String,
}

impl<'a> Drawing<'a> {
    fn new(update: &'a mut Update, bounds: &Rect) -> Self {
        Self {
            update,
            bounds: *bounds,
            fonts: Dictionary::new(),
            content: String::from("q 0.78 0.06 0.18 RG 0.78 0.06 0.18 rg 0.8 w "),
        }
    }

    fn row_height(&self) -> f64 {
        self.bounds.height / ROWS
    }

    /// The outer frame, the line under the agency, the box of "ĐẾN".
    fn frame(&mut self) {
        let (width, height, row) = (self.bounds.width, self.bounds.height, self.row_height());
        let (under_agency, under_box, beside) = (height - row, height - 3.0 * row, LEFT * width);
        // Writing to a String cannot fail.
        let _ = write!(
            self.content,
            "0.4 0.4 {:.3} {:.3} re S 0 {under_agency:.3} m {width:.3} {under_agency:.3} l S \
             0 {under_box:.3} m {width:.3} {under_box:.3} l S \
             {beside:.3} {under_box:.3} m {beside:.3} {under_agency:.3} l S ",
            width - 0.8,
            height - 0.8,
        );
    }

    fn centred(&mut self, face: Face, text: &str, columns: std::ops::Range<f64>, row: f64) -> Result<()> {
        let room = (columns.end - columns.start) * self.bounds.width - 2.0 * PADDING;
        let font = font::embed(self.update, face, text)?;
        let size = fitted(font.width(TEXT_SIZE), room);
        let x = columns.start * self.bounds.width + PADDING + (room - font.width(size)) / 2.0;
        self.show(&font, size, x, row);
        Ok(())
    }

    fn line(&mut self, text: &str, left: f64, row: f64) -> Result<()> {
        let room = (1.0 - left) * self.bounds.width - 2.0 * PADDING;
        let font = font::embed(self.update, Face::Regular, text)?;
        let size = fitted(font.width(TEXT_SIZE), room);
        self.show(&font, size, left * self.bounds.width + PADDING, row);
        Ok(())
    }

    fn show(&mut self, font: &font::Embedded, size: f64, x: f64, row: f64) {
        let height = self.row_height();
        let y = self.bounds.height - (row + 1.0) * height
            + (height - TEXT_SIZE) / 2.0
            + font::DESCENT * TEXT_SIZE;
        let name = format!("F{}", self.fonts.len());
        let _ = write!(
            self.content,
            "BT /{name} {size:.3} Tf {x:.3} {y:.3} Td <{}> Tj ET ",
            font.encoded()
        );
        self.fonts.set(name, Object::Reference(font.id()));
    }

    fn finish(mut self) -> (Dictionary, String) {
        self.content.push('Q');
        (dictionary! { "Font" => self.fonts }, self.content)
    }
}

/// Text too wide for its room is set smaller, never cut.
fn fitted(width: f64, room: f64) -> f64 {
    TEXT_SIZE * (room / width.max(1.0)).min(1.0)
}

const TEXT_SIZE: f64 = 10.0;
const ROWS: f64 = 5.0;
/// The box of "ĐẾN", in parts of the width.
const LEFT: f64 = 0.3;
const PADDING: f64 = 3.0;
const BLANK: &str = "..................";
