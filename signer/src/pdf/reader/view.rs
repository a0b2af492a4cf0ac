//! The objects as one revision shows them.

use std::borrow::Cow;
use std::rc::Rc;

use super::document::{Document, Located, Place};
use super::xref::Entry;
use crate::error::{Error, Result};
use crate::limits;
use crate::pdf::object::{Dictionary, Object, Reference, Stream};

/// The objects as a revision shows them.
#[derive(Clone, Copy)]
pub struct View<'d> {
    document: &'d Document<'d>,
    revision: usize,
}

impl<'d> View<'d> {
    pub(super) fn new(document: &'d Document<'d>, revision: usize) -> Self {
        Self { document, revision }
    }

    pub fn document(&self) -> &'d Document<'d> {
        self.document
    }

    /// Counted from 0.
    pub fn revision(&self) -> usize {
        self.revision
    }

    pub fn trailer(&self) -> &'d Dictionary {
        &self.document.revisions[self.revision].trailer
    }

    /// The name under which this view holds an object; `None` where it is free or missing.
    pub fn reference_to(&self, number: u32) -> Option<Reference> {
        let generation = match self.document.entry(number, self.revision)? {
            (_, Entry::InUse { generation, .. }) => generation,
            (_, Entry::Compressed { .. }) => 0,
            (_, Entry::Free) => return None,
        };
        Some(Reference { number, generation })
    }

    /// Where this view finds an object, without reading it.
    pub fn place(&self, reference: Reference) -> Place {
        match self.document.entry(reference.number, self.revision) {
            Some((_, Entry::InUse { offset, generation })) if generation == reference.generation => {
                Place::Direct { offset }
            }
            Some((_, Entry::Compressed { stream, index })) if reference.generation == 0 => {
                match self.document.entry(stream, self.revision) {
                    Some((_, Entry::InUse { offset, .. })) => Place::Compressed { offset, index },
                    _ => Place::Nowhere,
                }
            }
            _ => Place::Nowhere,
        }
    }

    /// An indirect object; a missing or free one is null (ISO 32000-2, 7.3.10).
    pub fn object(&self, reference: Reference) -> Result<Rc<Located>> {
        let place = self.place(reference);
        if let Some(found) = self.document.objects.borrow().get(&place) {
            return Ok(Rc::clone(found));
        }
        let (object, offset) = match (place, self.document.entry(reference.number, self.revision)) {
            (Place::Direct { offset }, Some((defined, _))) => {
                (self.document.parse(reference, offset, defined)?, offset)
            }
            (_, Some((_, Entry::Compressed { stream, index }))) if reference.generation == 0 => {
                let (offset, container) = self.document.container(stream, self.revision)?;
                (container.object(reference.number, index)?, offset)
            }
            _ => (Object::Null, 0),
        };
        let located = Rc::new(Located {
            object,
            offset,
            place,
        });
        if place != Place::Nowhere {
            self.document
                .objects
                .borrow_mut()
                .insert(place, Rc::clone(&located));
        }
        Ok(located)
    }

    /// The numbers of the objects that an object stream says it holds, in its order.
    ///
    /// # Errors
    /// An object that is no object stream.
    pub fn contained(&self, stream: u32) -> Result<Vec<u32>> {
        let (_, container) = self.document.container(stream, self.revision)?;
        Ok(container.numbers().collect())
    }

    /// Follows references until a direct object.
    pub fn resolve(&self, object: &Object) -> Result<Object> {
        let mut object = object.clone();
        for _ in 0..limits::REFERENCE_HOPS {
            match object {
                Object::Reference(reference) => object = self.object(reference)?.object.clone(),
                other => return Ok(other),
            }
        }
        Err(Error::malformed("PDF", "references loop"))
    }

    /// The value of a key, references followed; null where absent.
    pub fn value(&self, dictionary: &Dictionary, key: &str) -> Result<Object> {
        dictionary
            .get(key)
            .map_or(Ok(Object::Null), |value| self.resolve(value))
    }

    /// The document's catalog.
    pub fn catalog(&self) -> Result<(Reference, Dictionary)> {
        let reference = self.trailer().reference("Root");
        let reference = reference.ok_or_else(|| Error::malformed("PDF", "trailer without Root"))?;
        match &self.object(reference)?.object {
            Object::Dictionary(catalog) => Ok((reference, catalog.clone())),
            _ => Err(Error::malformed("PDF", "Root is no dictionary")),
        }
    }

    /// A stream's bytes with its filters undone.
    pub fn decode(&self, stream: &Stream) -> Result<Cow<'d, [u8]>> {
        let decoded = self.document.decode(stream)?;
        self.document.spend(decoded.len())?;
        Ok(decoded)
    }
}
