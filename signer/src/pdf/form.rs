//! Form fields: made before the first signature, filled after it.

use crate::error::{Error, Result};
use crate::pdf::place::Place;

/// A field to be made by [`prepare_fields`].
#[derive(Debug, Clone, PartialEq)]
pub enum NewField {
    /// An empty signature field, to be signed later by its name.
    Signature {
        name: String,
        place: Place,
        /// What its signature forbids to change (ISO 32000-2, 12.7.5.5, table 235).
        lock: Option<Lock>,
    },
    /// A text field without border or background, printed like the text around it.
    Text {
        name: String,
        /// One line: the baseline stands at `rect.y + 0.216 × font_size`, where Liberation Serif's descent ends.
        place: Place,
        font_size: f64,
        face: Face,
        alignment: Alignment,
    },
}

/// Which fields a signature locks against change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lock {
    /// Every field of the document.
    All,
    /// The fields named.
    Include(Vec<String>),
    /// Every field but those named, which stay open for later steps.
    Exclude(Vec<String>),
}

/// The cut of Liberation Serif a text field is filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    Regular,
    Bold,
    Italic,
    BoldItalic,
}

/// Where the text stands in its field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alignment {
    Left,
    Centre,
    Right,
}

/// Appends one incremental update with empty fields, so that everything after the first signature is plain form filling.
///
/// Comes back as the whole new file, whose prefix is `document`.
///
/// # Errors
/// Malformed or unsupported (encrypted, reconstructed cross-references) documents; a page that is not there; a name in use
/// or holding a period; a document that is already signed is *refused*, because a new field is not form filling.
pub fn prepare_fields(document: &[u8], fields: &[NewField]) -> Result<Vec<u8>> {
    let _ = (document, fields);
    Err(Error::unsupported("form", "not built yet"))
}

/// Appends one incremental update that sets text fields: `/V`, an appearance in an embedded subset of Liberation Serif, and
/// the read-only flag. Values may be composed or decomposed Unicode; they are normalised to NFC.
///
/// Comes back as the whole new file, whose prefix is `document`.
///
/// # Errors
/// As [`prepare_fields`]; a field that is missing, is not text, or is already filled; a character the font lacks.
pub fn fill(document: &[u8], values: &[(&str, &str)]) -> Result<Vec<u8>> {
    let _ = (document, values);
    Err(Error::unsupported("form", "not built yet"))
}
