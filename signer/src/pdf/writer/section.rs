//! The cross-references that close an update, in the form the file already uses.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use lopdf::xref::XrefType;
use lopdf::{Dictionary, Document, Object, ObjectId, Stream, StringFormat};

use crate::error::Result;

/// Where the update's objects stand.
pub(super) struct CrossReferences {
    pub offsets: BTreeMap<ObjectId, usize>,
    /// Offset in the whole file of these cross-references.
    pub start: usize,
    /// A free number, for the form that is itself an object.
    pub own_number: ObjectId,
    /// Made of the update's contents: the changing half of `/ID` (ISO 32000-2, 14.4).
    pub identity: Vec<u8>,
}

impl CrossReferences {
    /// A table after a table, a stream after a stream (ISO 32000-2, 7.5.8.4: never a table after a stream).
    pub fn write(self, previous: &Document) -> Result<Vec<u8>> {
        let start = self.start;
        let mut bytes = match previous.reference_table.cross_reference_type {
            XrefType::CrossReferenceTable => self.table(previous)?,
            XrefType::CrossReferenceStream => self.stream(previous)?,
        };
        bytes.extend(format!("startxref\n{start}\n%%EOF\n").bytes());
        Ok(bytes)
    }

    fn table(self, previous: &Document) -> Result<Vec<u8>> {
        let identity = self.identity.clone();
        let mut text = String::from("xref\n");
        for run in self.runs() {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{} {}", run[0].0.0, run.len());
            for ((_, generation), offset) in run {
                let _ = writeln!(text, "{offset:010} {generation:05} n ");
            }
        }
        text.push_str("trailer\n");
        let mut bytes = text.into_bytes();
        super::write(
            &mut bytes,
            &Object::Dictionary(trailer(previous, self.own_number.0, &identity)),
        )?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    fn stream(mut self, previous: &Document) -> Result<Vec<u8>> {
        let own = self.own_number;
        self.offsets.insert(own, self.start);
        let mut index = Vec::new();
        let mut content = Vec::new();
        for run in self.runs() {
            index.push(Object::Integer(i64::from(run[0].0.0)));
            index.push(Object::Integer(run.len() as i64));
            for ((_, generation), offset) in run {
                content.push(1);
                content.extend(&(offset as u64).to_be_bytes()[3..]);
                content.extend(generation.to_be_bytes());
            }
        }
        let mut dictionary = trailer(previous, own.0 + 1, &self.identity);
        dictionary.set("Type", "XRef");
        dictionary.set("W", vec![1.into(), 5.into(), 2.into()]);
        dictionary.set("Index", index);
        let mut bytes = format!("{} {} obj\n", own.0, own.1).into_bytes();
        super::write(&mut bytes, &Object::Stream(Stream::new(dictionary, content)))?;
        bytes.extend(b"\nendobj\n");
        Ok(bytes)
    }

    /// Entries grouped by consecutive numbers.
    fn runs(&self) -> Vec<Vec<(ObjectId, usize)>> {
        let mut runs: Vec<Vec<(ObjectId, usize)>> = Vec::new();
        for (&id, &offset) in &self.offsets {
            match runs.last_mut() {
                Some(run) if run.last().is_some_and(|(last, _)| last.0 + 1 == id.0) => run.push((id, offset)),
                _ => runs.push(vec![(id, offset)]),
            }
        }
        runs
    }
}

/// The trailer of an update: the file's catalogue, information, encryption and permanent identity stay.
fn trailer(previous: &Document, size: u32, identity: &[u8]) -> Dictionary {
    let mut trailer = Dictionary::new();
    for key in [b"Root".as_slice(), b"Info"] {
        if let Ok(value) = previous.trailer.get(key) {
            trailer.set(key, value.clone());
        }
    }
    if let Ok([permanent, _]) = previous
        .trailer
        .get(b"ID")
        .and_then(Object::as_array)
        .map(Vec::as_slice)
    {
        let changing = Object::String(identity.to_vec(), StringFormat::Hexadecimal);
        trailer.set("ID", vec![permanent.clone(), changing]);
    }
    // `lopdf` takes the entry out of the trailer of a document it has decrypted.
    let encryption = previous.encryption_state.as_ref();
    if let Some(id) = encryption.and_then(lopdf::EncryptionState::encrypt_object_id) {
        trailer.set("Encrypt", id);
    }
    trailer.set("Size", i64::from(size));
    trailer.set("Prev", previous.xref_start as i64);
    trailer
}
