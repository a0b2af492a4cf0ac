//! Text with positions, as drawn: for finding where a signature, a number or a date belongs, and for search.

mod extract;

use hayro_interpret::kurbo;
use hayro_interpret::{Context, InterpreterCache, InterpreterSettings, RenderContent, interpret_page};
use hayro_syntax::Pdf;
use hayro_syntax::page::Rotation;
use unicode_normalization::UnicodeNormalization as _;

use crate::error::{Error, Result};
use crate::pdf::place::{Place, Rect, Turn};

/// One page as a reader sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// From 1.
    pub number: u32,
    /// What is shown (`/CropBox` within `/MediaBox`), in user space, before rotation.
    pub crop_box: Rect,
    /// Clockwise degrees: 0, 90, 180 or 270.
    pub rotation: u32,
    /// `/UserUnit`: points of paper in a unit of user space (ISO 32000-2, table 31).
    pub user_unit: f64,
    /// Lines as they are read on the page when it is turned: from top to bottom; within a line, runs from left to right.
    pub lines: Vec<Line>,
}

/// Runs that share a baseline.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub runs: Vec<Run>,
}

/// Text without a wide gap in it, in NFC.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    pub text: String,
    /// From the descent to the ascent of Liberation Serif around the baseline, whatever the font is; in user space.
    pub rect: Rect,
    pub font_size: f64,
}

/// The pages of a document with their text. Widgets and other annotations are left out.
///
/// The document is copied once. Costs about a millisecond a page; only the first 2,000 pages are read.
///
/// # Errors
/// A document that cannot be read, or is encrypted.
pub fn pages(document: &[u8]) -> Result<Vec<Page>> {
    pages_with(document, None)
}

/// As [`pages`], of a document that `password` opens.
///
/// # Errors
/// As [`pages`].
pub fn pages_with(document: &[u8], password: Option<&str>) -> Result<Vec<Page>> {
    let opened = Pdf::new_with_password(document.to_vec(), password.unwrap_or_default());
    let pdf = opened.map_err(|e| match e {
        hayro_syntax::LoadPdfError::Decryption(_) => Error::unsupported("document", "it is encrypted"),
        hayro_syntax::LoadPdfError::Invalid => Error::malformed("document", "it cannot be read"),
    })?;
    let cache = InterpreterCache::new();
    let settings = InterpreterSettings {
        render_content: RenderContent::PAGE,
        ..Default::default()
    };
    let pages = pdf
        .pages()
        .iter()
        .take(PAGE_LIMIT)
        .enumerate()
        .map(|(index, page)| {
            let shown = page.intersected_crop_box();
            let bounds = kurbo::Rect::new(shown.x0, shown.y0, shown.x1, shown.y1);
            let rotation = match page.rotation() {
                Rotation::None => 0,
                Rotation::Horizontal => 90,
                Rotation::Flipped => 180,
                Rotation::FlippedHorizontal => 270,
            };
            let turn = Turn::of(rotation);
            let identity = kurbo::Affine::IDENTITY;
            let mut context = Context::new(identity, bounds, &cache, pdf.xref(), settings.clone());
            let mut collector = extract::Collector::new(turn);
            interpret_page(page, &mut context, &mut collector);
            Page {
                number: index as u32 + 1,
                crop_box: Rect {
                    x: shown.x0,
                    y: shown.y0,
                    width: shown.width(),
                    height: shown.height(),
                },
                rotation,
                user_unit: user_unit(page),
                lines: extract::lines(collector.glyphs, turn),
            }
        });
    Ok(pages.collect())
}

fn user_unit(page: &hayro_syntax::page::Page<'_>) -> f64 {
    let unit = page.raw().get::<f32>(b"UserUnit".as_slice()).map(f64::from);
    unit.filter(|unit| *unit > 0.0 && unit.is_finite()).unwrap_or(1.0)
}

/// Every line's part where `wanted` stands, in reading order; case counts, composition and spacing do not.
pub fn find(pages: &[Page], wanted: &str) -> Vec<Place> {
    let wanted = plain(wanted);
    let runs = pages.iter().flat_map(|page| {
        page.lines
            .iter()
            .flat_map(move |line| line.runs.iter().map(move |run| (page, run)))
    });
    let matching = runs.filter(|(_, run)| !wanted.is_empty() && plain(&run.text).contains(&wanted));
    matching
        .map(|(page, run)| Place {
            page: page.number,
            rect: run.rect,
        })
        .collect()
}

/// Whether two texts read the same.
pub(crate) fn same(left: &str, right: &str) -> bool {
    plain(left) == plain(right)
}

/// NFC without blanks.
fn plain(text: &str) -> String {
    text.nfc()
        .filter(|character| !character.is_whitespace())
        .collect()
}

/// No paper of an office is longer; a longer file's text is not needed to sign it.
const PAGE_LIMIT: usize = 2_000;
