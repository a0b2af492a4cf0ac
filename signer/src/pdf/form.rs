//! Form fields: made before the first signature, filled after it.

pub(crate) mod field;
mod structure;
mod text_field;

use lopdf::Object;

use crate::error::{Error, Result};
use crate::pdf::place::Place;
use crate::pdf::writer::Update;

pub use crate::appearance::font::Face;

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
/// Malformed, encrypted or damaged (reconstructed cross-references) documents; a page that is not there; a name in use
/// or holding a period; a document that is already signed is *refused*, because a new field is not form filling.
pub fn prepare_fields(document: &[u8], fields: &[NewField]) -> Result<Vec<u8>> {
    prepare_fields_with(document, None, fields)
}

/// As [`prepare_fields`], in a document that `password` opens.
///
/// # Errors
/// As [`prepare_fields`]; a wrong password is *refused*.
pub fn prepare_fields_with(document: &[u8], password: Option<&str>, fields: &[NewField]) -> Result<Vec<u8>> {
    let mut update = Update::open(document, password)?;
    if field::all(&update)?
        .iter()
        .any(|field| field.is_signature && field.has_value)
    {
        return Err(Error::refused("form", "the document is already signed"));
    }
    for field in fields {
        match field {
            NewField::Signature { name, place, lock } => {
                field::add_signature(&mut update, name, Some(place), lock.as_ref())?;
            }
            NewField::Text {
                name,
                place,
                font_size,
                face,
                alignment,
            } => {
                text_field::add(
                    &mut update,
                    name,
                    place,
                    &text_field::Style {
                        face: *face,
                        font_size: *font_size,
                        alignment: *alignment,
                    },
                )?;
            }
        }
    }
    append(document, update)
}

/// Appends one incremental update that sets text fields: `/V`, an appearance in an embedded subset of Liberation Serif, and
/// the read-only flag. Values may be composed or decomposed Unicode; they are normalised to NFC.
///
/// Comes back as the whole new file, whose prefix is `document`.
///
/// # Errors
/// As [`prepare_fields`]; a field that is missing, is not text, or is already filled; a character the font lacks.
pub fn fill(document: &[u8], values: &[(&str, &str)]) -> Result<Vec<u8>> {
    fill_with(document, None, values)
}

/// As [`fill`], in a document that `password` opens.
///
/// # Errors
/// As [`fill`]; a wrong password is *refused*.
pub fn fill_with(document: &[u8], password: Option<&str>, values: &[(&str, &str)]) -> Result<Vec<u8>> {
    let mut update = Update::open(document, password)?;
    let fields = field::all(&update)?;
    for (name, value) in values {
        let field = fields.iter().find(|field| field.name == *name);
        let field = field.ok_or_else(|| Error::refused("form", format!("it has no field {name:?}")))?;
        if field.is_signature || field.has_value {
            return Err(Error::refused(
                "form",
                format!("the field {name:?} cannot be filled"),
            ));
        }
        text_field::fill(&mut update, field.id, value)?;
    }
    append(document, update)
}

/// Whether the document has a field of this name.
///
/// # Errors
/// Malformed or damaged documents; a wrong password is *refused*.
pub fn is_field(document: &[u8], password: Option<&str>, name: &str) -> Result<bool> {
    let update = Update::open(document, password)?;
    Ok(field::all(&update)?.iter().any(|field| field.name == name))
}

/// Where the last signed field stands that is seen: what an agency's seal is set over.
///
/// # Errors
/// As [`is_field`].
pub fn last_signed(document: &[u8], password: Option<&str>) -> Result<Option<Place>> {
    let update = Update::open(document, password)?;
    let fields = field::all(&update)?;
    let signed = fields
        .iter()
        .filter(|field| field.is_signature && field.has_value);
    let mut seen = signed
        .rev()
        .filter_map(|field| field::place(&update, field.id).ok().flatten());
    Ok(seen.next())
}

/// The whole new file.
fn append(document: &[u8], update: Update) -> Result<Vec<u8>> {
    let section = update.finish()?;
    let mut file = Vec::with_capacity(document.len() + section.bytes.len());
    file.extend_from_slice(document);
    file.extend_from_slice(&section.bytes);
    Ok(file)
}

impl Lock {
    /// The entries shared by `SigFieldLock` and the parameters of FieldMDP.
    pub(crate) fn write(&self, dictionary: &mut lopdf::Dictionary) {
        let (action, names) = match self {
            Self::All => ("All", None),
            Self::Include(names) => ("Include", Some(names)),
            Self::Exclude(names) => ("Exclude", Some(names)),
        };
        dictionary.set("Action", action);
        if let Some(names) = names {
            let names = names.iter().map(|name| super::writer::text_string(name));
            dictionary.set("Fields", names.collect::<Vec<Object>>());
        }
    }

    /// Reads what [`Lock::write`] writes.
    pub(crate) fn read(update: &Update, dictionary: &lopdf::Dictionary) -> Option<Self> {
        let names = || {
            let items = update.value(dictionary, b"Fields").as_array().ok()?;
            let name = |item| lopdf::decode_text_string(update.resolve(item)).ok();
            items.iter().map(name).collect::<Option<Vec<String>>>()
        };
        match update.value(dictionary, b"Action").as_name().ok()? {
            b"All" => Some(Self::All),
            b"Include" => names().map(Self::Include),
            b"Exclude" => names().map(Self::Exclude),
            _ => None,
        }
    }

    /// Whether the field may no longer change.
    pub(crate) fn covers(&self, name: &str) -> bool {
        // A lock on a field holds for its children too.
        let listed = |names: &[String]| {
            names.iter().any(|listed| {
                name == listed
                    || name
                        .strip_prefix(listed.as_str())
                        .is_some_and(|rest| rest.starts_with('.'))
            })
        };
        match self {
            Self::All => true,
            Self::Include(names) => listed(names),
            Self::Exclude(names) => !listed(names),
        }
    }
}
