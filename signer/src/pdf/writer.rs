//! One incremental update over bytes that never change (ISO 32000-2, 7.5.6).
//!
//! `lopdf` reads the objects that must change and writes single objects; the update's cross-references are ours, because
//! `lopdf`'s own saving copies the whole file and cannot say where a signature's placeholder came to stand.

mod section;

use std::collections::BTreeMap;

use lopdf::encryption::{EncryptionState, encrypt_object};
use lopdf::{Dictionary, Document, LoadOptions, Object, ObjectId, Writer};

use crate::error::{Error, Result};

/// Changes to be appended to a document.
pub(crate) struct Update {
    document: Document,
    /// Length of the bytes before the update, and whether their last line is closed.
    previous_length: usize,
    ends_with_newline: bool,
    objects: BTreeMap<ObjectId, Object>,
    /// Objects whose exact bytes the caller has laid out.
    raw: BTreeMap<ObjectId, Vec<u8>>,
    last_number: u32,
}

/// The bytes to be appended, and where the bodies of raw objects stand in them.
pub(crate) struct Section {
    pub bytes: Vec<u8>,
    pub raw_bodies: BTreeMap<ObjectId, usize>,
}

impl Update {
    /// Starts an update of `previous`, keeping no stream of it in memory. `password` is the user's or the owner's of an
    /// encrypted document, whose update is encrypted as it is.
    pub fn open(previous: &[u8], password: Option<&str>) -> Result<Self> {
        if !previous.starts_with(b"%PDF-") {
            return Err(Error::malformed("document", "it does not start as a PDF does"));
        }
        let options = LoadOptions {
            password: password.map(str::to_owned),
            filter: Some(without_streams),
            max_decompressed_size: Some(OBJECT_STREAM_LIMIT),
            ..LoadOptions::default()
        };
        let document = Document::load_mem_with_options(previous, options).map_err(explain)?;
        if document.encryption_state.is_none() && document.trailer.has(b"Encrypt") {
            return Err(wrong_password());
        }
        // A repaired table has no place in the file that /Prev could name: an update would hang in the air.
        if document.xref_recovery.is_some() || document.xref_start == 0 {
            return Err(Error::refused("document", "its cross-references are damaged"));
        }
        let size = document
            .trailer
            .get(b"Size")
            .and_then(Object::as_i64)
            .unwrap_or(0);
        let size = u32::try_from(size).unwrap_or(0);
        let update = Self {
            last_number: document.max_id.max(size.saturating_sub(1)),
            previous_length: previous.len(),
            ends_with_newline: previous.ends_with(b"\n"),
            document,
            objects: BTreeMap::new(),
            raw: BTreeMap::new(),
        };
        update.dictionary(update.root()?)?;
        Ok(update)
    }

    /// The object as the file must hold it: its strings and streams encrypted where the document is, but never the
    /// `/Contents` of a signature (ISO 32000-2, 7.6.2).
    pub fn sealed(&self, id: ObjectId, mut object: Object) -> Result<Object> {
        if let Some(state) = self.encryption() {
            encrypt_object(state, id, &mut object).map_err(|e| Error::misuse("update", e.to_string()))?;
        }
        Ok(object)
    }

    /// The catalogue.
    pub fn root(&self) -> Result<ObjectId> {
        let root = self.document.trailer.get(b"Root").and_then(Object::as_reference);
        root.map_err(|_| Error::malformed("document", "its trailer names no catalogue"))
    }

    /// The page with this number, from 1.
    pub fn page(&self, number: u32) -> Result<ObjectId> {
        let pages = self.document.get_pages();
        pages.get(&number).copied().ok_or_else(|| {
            Error::refused(
                "place",
                format!("page {number} of a document with {} pages", pages.len()),
            )
        })
    }

    /// The number of a page, from 1.
    pub fn page_number(&self, page: ObjectId) -> Option<u32> {
        let pages = self.document.get_pages();
        pages
            .into_iter()
            .find_map(|(number, id)| (id == page).then_some(number))
    }

    /// The object as it stands with the changes made so far.
    pub fn get(&self, id: ObjectId) -> Option<&Object> {
        self.objects.get(&id).or_else(|| self.document.objects.get(&id))
    }

    /// What `object` is or refers to; null for what is not there.
    pub fn resolve<'a>(&'a self, object: &'a Object) -> &'a Object {
        let mut current = object;
        for _ in 0..REFERENCE_DEPTH {
            match current {
                Object::Reference(id) => current = self.get(*id).unwrap_or(&Object::Null),
                other => return other,
            }
        }
        &Object::Null
    }

    /// The value of `key`, resolved; null when missing.
    pub fn value<'a>(&'a self, dictionary: &'a Dictionary, key: &[u8]) -> &'a Object {
        dictionary
            .get(key)
            .map_or(&Object::Null, |value| self.resolve(value))
    }

    /// An indirect dictionary.
    pub fn dictionary(&self, id: ObjectId) -> Result<&Dictionary> {
        let found = self.get(id).and_then(|object| object.as_dict().ok());
        found.ok_or_else(|| Error::malformed("document", format!("object {} is not a dictionary", id.0)))
    }

    /// An indirect dictionary to be changed; the old one is copied into the update.
    pub fn edit(&mut self, id: ObjectId) -> Result<&mut Dictionary> {
        let broken = || Error::malformed("document", format!("object {} is not a dictionary", id.0));
        self.edit_object(id)?.as_dict_mut().map_err(|_| broken())
    }

    /// Appends to the array under `key` of the dictionary `id`, wherever that array lives.
    pub fn push(&mut self, id: ObjectId, key: &[u8], value: Object) -> Result<()> {
        let indirect = self.dictionary(id)?.get(key).and_then(Object::as_reference).ok();
        if let Some(array) = indirect
            && self.get(array).is_some_and(|object| object.as_array().is_ok())
        {
            return self.push_to_array(array, value);
        }
        let holder = self.edit(id)?;
        match holder.get_mut(key) {
            Ok(Object::Array(items)) => items.push(value),
            _ => holder.set(key, vec![value]),
        }
        Ok(())
    }

    /// Appends to an indirect array.
    pub fn push_to_array(&mut self, id: ObjectId, value: Object) -> Result<()> {
        let array = self.edit_object(id)?.as_array_mut();
        array
            .map_err(|_| Error::malformed("document", "an array was expected"))?
            .push(value);
        Ok(())
    }

    /// A new object.
    pub fn add(&mut self, object: impl Into<Object>) -> ObjectId {
        let id = self.reserve();
        self.objects.insert(id, object.into());
        id
    }

    /// A number for an object that comes later.
    pub fn reserve(&mut self) -> ObjectId {
        self.last_number += 1;
        (self.last_number, 0)
    }

    /// Sets a reserved object whose bytes must stand exactly so.
    pub fn set_raw(&mut self, id: ObjectId, body: Vec<u8>) {
        self.raw.insert(id, body);
    }

    /// Lays out the update.
    pub fn finish(mut self) -> Result<Section> {
        let mut bytes = if self.ends_with_newline {
            Vec::new()
        } else {
            b"\n".to_vec()
        };
        let mut offsets = BTreeMap::new();
        let mut raw_bodies = BTreeMap::new();
        for (&id, object) in &self.objects {
            offsets.insert(id, self.previous_length + bytes.len());
            bytes.extend(format!("{} {} obj\n", id.0, id.1).bytes());
            if self.encryption().is_some() {
                write(&mut bytes, &self.sealed(id, object.clone())?)?;
            } else {
                write(&mut bytes, object)?;
            }
            bytes.extend(b"\nendobj\n");
        }
        for (&id, body) in &self.raw {
            offsets.insert(id, self.previous_length + bytes.len());
            bytes.extend(format!("{} {} obj\n", id.0, id.1).bytes());
            raw_bodies.insert(id, bytes.len());
            bytes.extend(body);
            bytes.extend(b"\nendobj\n");
        }
        let identity = ring::digest::digest(&ring::digest::SHA256, &bytes);
        let cross_references = section::CrossReferences {
            identity: identity.as_ref()[..16].to_vec(),
            offsets,
            start: self.previous_length + bytes.len(),
            own_number: self.reserve(),
        };
        bytes.extend(cross_references.write(&self.document)?);
        Ok(Section { bytes, raw_bodies })
    }

    fn encryption(&self) -> Option<&EncryptionState> {
        self.document.encryption_state.as_ref()
    }

    fn edit_object(&mut self, id: ObjectId) -> Result<&mut Object> {
        if !self.objects.contains_key(&id) {
            let old = self.document.objects.get(&id).cloned();
            let old =
                old.ok_or_else(|| Error::malformed("document", format!("object {} is missing", id.0)))?;
            self.objects.insert(id, old);
        }
        self.objects
            .get_mut(&id)
            .ok_or_else(|| Error::misuse("update", "an object was lost"))
    }
}

/// Says whose fault it is.
fn explain(error: lopdf::Error) -> Error {
    match error {
        lopdf::Error::InvalidPassword
        | lopdf::Error::Decryption(lopdf::encryption::DecryptionError::IncorrectPassword) => wrong_password(),
        lopdf::Error::UnsupportedSecurityHandler(_) => {
            Error::unsupported("document", "it is encrypted for certificates")
        }
        other => Error::malformed("document", other.to_string()),
    }
}

fn wrong_password() -> Error {
    Error::refused("password", "the password does not open the file")
}

/// The bytes of one object.
pub(crate) fn write(target: &mut Vec<u8>, object: &Object) -> Result<()> {
    Writer::write_object(target, object).map_err(|e| Error::misuse("update", e.to_string()))
}

/// A text string: PDFDocEncoding where ASCII serves, else UTF-16BE (ISO 32000-2, 7.9.2.2).
pub(crate) fn text_string(text: &str) -> Object {
    lopdf::text_string(text)
}

/// A number for coordinates, to a thousandth of a point.
#[expect(
    clippy::cast_possible_truncation,
    reason = "coordinates on a page are far within f32"
)]
pub(crate) fn number(value: f64) -> Object {
    Object::Real(((value * 1000.0).round() / 1000.0) as f32)
}

/// Keeps what an update may need: object streams are unpacked, all other streams are never rewritten by us. Of what is
/// returned `lopdf` uses the value for members of object streams, and only whether it is there for all others.
fn without_streams(id: ObjectId, object: &mut Object) -> Option<(ObjectId, Object)> {
    let kept = object
        .as_stream()
        .map_or(true, |stream| stream.dict.has_type(b"ObjStm"));
    kept.then(|| (id, object.clone()))
}

/// Chains of references to references are legal and always short; the bound only breaks circles.
const REFERENCE_DEPTH: usize = 16;

/// An object stream holds dictionaries, not pictures: real ones stay under one megabyte.
const OBJECT_STREAM_LIMIT: usize = 64 << 20;
