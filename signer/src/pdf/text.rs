//! Text with positions, as drawn: for finding where a signature, a number or a date belongs, and for search.

use crate::error::{Error, Result};
use crate::pdf::place::{Place, Rect};

/// One page as a reader sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// From 1.
    pub number: u32,
    /// What is shown (`/CropBox` within `/MediaBox`), in user space, before rotation.
    pub crop_box: Rect,
    /// Clockwise degrees: 0, 90, 180 or 270.
    pub rotation: u32,
    /// Lines from top to bottom; within a line, runs from left to right.
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
    pub rect: Rect,
    pub font_size: f64,
}

/// The pages of a document with their text.
///
/// # Errors
/// A document that cannot be read, is encrypted, or is beyond the limits.
pub fn pages(document: &[u8]) -> Result<Vec<Page>> {
    let _ = document;
    Err(Error::unsupported("text", "not built yet"))
}

/// Every place where `wanted` stands, in reading order; case counts, composition and spacing do not.
pub fn find(pages: &[Page], wanted: &str) -> Vec<Place> {
    let _ = (pages, wanted);
    Vec::new()
}
