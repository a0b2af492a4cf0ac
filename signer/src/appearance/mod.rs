//! How a signature looks: profiles of Nghị định 30/2020/NĐ-CP, Annex I; fonts with Vietnamese.

mod code;
pub mod font;
pub mod image;
mod imprint;
pub mod place;
mod stamp;

pub use imprint::imprint;
pub use stamp::Stamp;

use lopdf::{Dictionary, Object, ObjectId, dictionary};

use time::OffsetDateTime;
use time::macros::{format_description, offset};

use crate::error::{Error, Result};
use crate::pdf::form::field::{form_xobject, upright_size};
use crate::pdf::place::Rect;
use crate::pdf::writer::Update;

/// What is drawn in a signature's rectangle.
#[derive(Debug, Clone, PartialEq)]
pub enum Appearance {
    /// A PNG, its transparency kept, as large as fits with its aspect, centred, without text: a person's blue signature
    /// or an agency's red seal.
    Image { png: Vec<u8> },
    /// Lines of Times New Roman's metric twin, 10 points, upright, black: appendices and electronic copies.
    Text { lines: Vec<String> },
    /// The stamp of an incoming document (Annex IV), drawn in its frame.
    Stamp(Stamp),
    /// A QR code of this text.
    QrCode { text: String },
}

impl Appearance {
    /// Draws it as a form XObject for a widget's `/AP`. It is drawn in points of paper, `user_unit` of which are a unit of
    /// `rect`; readers fit it to the rectangle (ISO 32000-2, 12.5.5).
    pub(crate) fn draw(
        &self,
        update: &mut Update,
        rect: &Rect,
        rotation: i64,
        user_unit: f64,
    ) -> Result<ObjectId> {
        let paper = Rect {
            width: rect.width * user_unit,
            height: rect.height * user_unit,
            ..*rect
        };
        let rect = &paper;
        let (width, height) = upright_size(rect, rotation);
        let bounds = Rect {
            x: 0.0,
            y: 0.0,
            width,
            height,
        };
        let (resources, content) = match self {
            Self::Image { png } => draw_image(update, png, &bounds)?,
            Self::Text { lines } => draw_text(update, lines, &bounds)?,
            Self::Stamp(stamp) => stamp.draw(update, &bounds)?,
            Self::QrCode { text } => code::draw(text, &bounds)?,
        };
        Ok(update.add(form_xobject(rect, rotation, resources, content.into_bytes())))
    }
}

/// Width and height in points of a block of lines drawn by [`Appearance::Text`].
///
/// # Errors
/// *Refused*: a character that the font lacks.
pub fn text_size(lines: &[String]) -> Result<(f64, f64)> {
    let mut widest: f64 = 0.0;
    for line in lines {
        widest = widest.max(font::width(font::Face::Regular, line, TEXT_SIZE)?);
    }
    Ok((widest, LEADING * lines.len() as f64))
}

/// A signing time as Annex I writes it: `23/11/2026 08:51:53 +07:00`.
///
/// # Errors
/// *Misuse*: a year that has no four digits.
pub fn signing_time(time: OffsetDateTime) -> Result<String> {
    let format = format_description!("[day]/[month]/[year] [hour]:[minute]:[second] +07:00");
    let local = time.to_offset(offset!(+7));
    local
        .format(format)
        .map_err(|e| Error::misuse("signing time", e.to_string()))
}

fn draw_image(update: &mut Update, png: &[u8], bounds: &Rect) -> Result<(Dictionary, String)> {
    let image = image::embed(update, png)?;
    let drawn = bounds.fit(image.aspect);
    let content = format!(
        "q {:.3} 0 0 {:.3} {:.3} {:.3} cm /Im0 Do Q",
        drawn.width, drawn.height, drawn.x, drawn.y
    );
    Ok((
        dictionary! { "XObject" => dictionary! { "Im0" => image.id } },
        content,
    ))
}

fn draw_text(update: &mut Update, lines: &[String], bounds: &Rect) -> Result<(Dictionary, String)> {
    let mut fonts = Dictionary::new();
    let mut content = String::from("q BT 0 g ");
    for (index, line) in lines.iter().enumerate() {
        let font = font::embed(update, font::Face::Regular, line)?;
        // A line too long for its box is set smaller, never cut.
        let size = TEXT_SIZE * (bounds.width / font.width(TEXT_SIZE).max(1.0)).min(1.0);
        let y = bounds.height - font::ASCENT * TEXT_SIZE - LEADING * index as f64;
        let name = format!("F{index}");
        content += &format!(
            "/{name} {size:.3} Tf 1 0 0 1 0 {y:.3} Tm <{}> Tj ",
            font.encoded()
        );
        fonts.set(name, Object::Reference(font.id()));
    }
    content += "ET Q";
    Ok((dictionary! { "Font" => fonts }, content))
}

/// Annex I: "cỡ chữ 10".
const TEXT_SIZE: f64 = 10.0;

/// The font's own line height at that size.
const LEADING: f64 = 11.5;
