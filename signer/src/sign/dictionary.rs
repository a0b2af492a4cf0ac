//! The signature dictionary with its placeholder (ISO 32000-2, 12.8.1; EN 319 142-1, 6.3).

use std::ops::Range;

use lopdf::{Dictionary, Object, ObjectId, dictionary};
use time::OffsetDateTime;
use time::macros::{format_description, offset};

use super::{Certification, Request, field::Target};
use crate::error::{Error, Result};
use crate::pdf::writer::{text_string, write};

/// The bytes of a signature dictionary, and where in them its two late values stand.
pub(super) struct Placeholder {
    pub bytes: Vec<u8>,
    /// Blanks to be overwritten.
    pub byte_range: Range<usize>,
    /// From `<` to after `>`.
    pub contents: Range<usize>,
}

/// Lays out a signature dictionary with room for a container of `capacity` bytes.
pub(super) fn placeholder(entries: &Object, capacity: usize) -> Result<Placeholder> {
    let mut bytes = Vec::new();
    write(&mut bytes, entries)?;
    if bytes.split_off(bytes.len().saturating_sub(2)) != b">>" {
        return Err(Error::misuse("signature", "a dictionary that does not end"));
    }
    bytes.extend(b"/ByteRange ");
    let byte_range = bytes.len()..bytes.len() + BYTE_RANGE_WIDTH;
    bytes.resize(byte_range.end, b' ');
    bytes.extend(b"/Contents ");
    let contents = bytes.len()..bytes.len() + 2 * capacity + 2;
    bytes.push(b'<');
    bytes.resize(contents.end - 1, b'0');
    bytes.extend(b">>>");
    Ok(Placeholder {
        bytes,
        byte_range,
        contents,
    })
}

/// `[0 a b c]`, padded with blanks to the room kept for it.
pub(super) fn byte_range(ranges: [usize; 4]) -> Vec<u8> {
    let [a, b, c, d] = ranges;
    format!("{:<BYTE_RANGE_WIDTH$}", format!("[{a} {b} {c} {d}]")).into_bytes()
}

/// The entries of a document time-stamp (EN 319 142-1, 5.4.3).
pub(super) fn time_stamp_entries() -> Dictionary {
    dictionary! {
        "Type" => "DocTimeStamp",
        "Filter" => "Adobe.PPKLite",
        "SubFilter" => "ETSI.RFC3161",
    }
}

/// The entries of a signature, all but the two late ones.
pub(super) fn entries(request: &Request, target: &Target, root: ObjectId) -> Result<Dictionary> {
    let mut entries = dictionary! {
        "Type" => "Sig",
        "Filter" => "Adobe.PPKLite",
        "SubFilter" => "ETSI.CAdES.detached",
        "M" => Object::string_literal(claimed_time(request.signing_time)?),
    };
    for (key, value) in [
        ("Name", &request.name),
        ("Reason", &target.reason),
        ("Location", &request.location),
    ] {
        if let Some(value) = value {
            entries.set(key, text_string(value));
        }
    }
    let mut references = Vec::new();
    if let Some(certification) = target.certify {
        references.push(reference(
            "DocMDP",
            root,
            dictionary! { "P" => certification.level() },
        ));
    }
    if let Some(lock) = &target.lock {
        let mut parameters = Dictionary::new();
        lock.write(&mut parameters);
        // No entry of the standard's here, but where Acrobat writes and reads it; the lock of the field says the same.
        if let Some(permission) = target.permission {
            parameters.set("P", permission);
        }
        references.push(reference("FieldMDP", root, parameters));
    }
    if !references.is_empty() {
        entries.set("Reference", references);
    }
    Ok(entries)
}

/// A signature reference dictionary (table 256).
fn reference(method: &str, root: ObjectId, mut parameters: Dictionary) -> Object {
    parameters.set("Type", "TransformParams");
    parameters.set("V", "1.2");
    Object::Dictionary(dictionary! {
        "Type" => "SigRef",
        "TransformMethod" => method,
        "TransformParams" => parameters,
        "Data" => root,
    })
}

/// A date string with Viet Nam's offset (7.9.4).
fn claimed_time(time: OffsetDateTime) -> Result<String> {
    let format = format_description!("D:[year][month][day][hour][minute][second]+07'00'");
    let local = time.to_offset(offset!(+7));
    local
        .format(format)
        .map_err(|e| Error::misuse("signing time", e.to_string()))
}

impl Certification {
    /// The certification with this `/P`.
    pub(super) fn of_level(level: i64) -> Option<Self> {
        [Self::NoChanges, Self::FormFilling, Self::Annotations]
            .into_iter()
            .find(|one| one.level() == level)
    }

    /// `/P` of DocMDP (table 257).
    pub(super) fn level(self) -> i64 {
        match self {
            Self::NoChanges => 1,
            Self::FormFilling => 2,
            Self::Annotations => 3,
        }
    }
}

/// Room for four offsets of ten digits, the most a cross-reference table can name.
const BYTE_RANGE_WIDTH: usize = 2 + 1 + 3 * 11;
