//! The file as revisions, and the objects as each revision shows them.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use super::container::Container;
use super::decrypt::Decryption;
use super::filter;
use super::lexer::Lexer;
use super::revision::{self, Revision};
use super::view::View;
use super::xref::{self, Entry};
use crate::error::{Error, Result};
use crate::limits;
use crate::pdf::object::{Dictionary, Object, Reference, Stream};

/// An opened file.
pub struct Document<'a> {
    bytes: &'a [u8],
    pub(super) revisions: Vec<Revision>,
    /// For each object number the revisions that name it, oldest first.
    history: HashMap<u32, Vec<(usize, Entry)>>,
    pub(super) objects: RefCell<HashMap<Place, Rc<Located>>>,
    containers: RefCell<HashMap<usize, Rc<Container>>>,
    decoded_bytes: Cell<usize>,
    /// With the encryption dictionary's own name, whose strings stay as they are.
    decryption: Option<(Decryption, Option<Reference>)>,
    /// Encrypted and not opened: strings stay as they are, and streams cannot be read.
    is_locked: bool,
}

/// An indirect object with the bytes it was read from.
#[derive(Debug)]
pub struct Located {
    pub object: Object,
    /// Where it begins; for a compressed object, where its stream begins.
    pub offset: usize,
    /// Its number, generation and place tell it from every other version of itself.
    pub place: Place,
}

/// Where one version of an object stands: equal places hold the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    Nowhere,
    Direct { offset: usize },
    Compressed { offset: usize, index: u32 },
}

impl<'a> Document<'a> {
    /// Reads the chain of revisions; objects are read when asked for.
    ///
    /// # Errors
    /// [`Error::Malformed`] for whatever readers could see differently, [`Error::Refused`] beyond the limits.
    pub fn open(bytes: &'a [u8], password: Option<&str>) -> Result<Self> {
        let mut document = Self::read(bytes)?;
        document.decryption = document.encryption(password)?;
        Ok(document)
    }

    /// Reads an encrypted file without its key: dictionaries, names and numbers are in the clear (7.6.2), which is enough to
    /// see that it has no signature field with a value.
    ///
    /// # Errors
    /// As [`Document::open`]; reading an encrypted stream later is [`Error::Refused`].
    pub fn open_locked(bytes: &'a [u8]) -> Result<Self> {
        let mut document = Self::read(bytes)?;
        document.is_locked = true;
        Ok(document)
    }

    fn read(bytes: &'a [u8]) -> Result<Self> {
        let revisions = revision::revisions(bytes)?;
        let mut history: HashMap<u32, Vec<(usize, Entry)>> = HashMap::new();
        for (index, revision) in revisions.iter().enumerate() {
            for (number, entry) in &revision.entries {
                history.entry(*number).or_default().push((index, *entry));
            }
        }
        Ok(Self {
            bytes,
            revisions,
            history,
            objects: RefCell::default(),
            containers: RefCell::default(),
            decoded_bytes: Cell::new(0),
            decryption: None,
            is_locked: false,
        })
    }

    fn encryption(&self, password: Option<&str>) -> Result<Option<(Decryption, Option<Reference>)>> {
        let view = self.latest();
        let Some(entry) = view.trailer().get("Encrypt") else {
            return Ok(None);
        };
        let Object::Dictionary(dictionary) = view.resolve(entry)? else {
            return Ok(None);
        };
        let identifier = match view.value(view.trailer(), "ID")? {
            Object::Array(parts) => parts
                .first()
                .and_then(Object::as_text)
                .map(|text| text.bytes.clone()),
            _ => None,
        };
        let identifier = identifier.unwrap_or_default();
        let decryption = Decryption::open(&dictionary, &identifier, password)?;
        self.objects.borrow_mut().clear();
        Ok(Some((decryption, entry.as_reference())))
    }

    /// Decrypts every string of an object but a signature's `/Contents` (7.6.2).
    fn decrypt(&self, reference: Reference, object: &mut Object) -> Result<()> {
        let Some((decryption, own)) = &self.decryption else {
            return Ok(());
        };
        if *own == Some(reference) {
            Ok(())
        } else {
            decrypt_strings(decryption, reference, object)
        }
    }

    /// What the owner of an encrypted file lets its users do: `/P` (ISO 32000-2, table 22); `None` where it is not encrypted.
    pub fn permissions(&self) -> Option<u32> {
        self.decryption
            .as_ref()
            .map(|(decryption, _)| decryption.permissions())
    }

    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The first one first.
    pub fn revisions(&self) -> &[Revision] {
        &self.revisions
    }

    /// The objects as revision `revision` (counted from 0) shows them.
    pub fn view(&self, revision: usize) -> View<'_> {
        View::new(self, revision.min(self.revisions.len() - 1))
    }

    /// The newest view.
    pub fn latest(&self) -> View<'_> {
        self.view(self.revisions.len() - 1)
    }

    pub(super) fn entry(&self, number: u32, revision: usize) -> Option<(usize, Entry)> {
        let versions = self.history.get(&number)?;
        versions
            .iter()
            .rev()
            .find(|(index, _)| *index <= revision)
            .copied()
    }

    pub(super) fn spend(&self, bytes: usize) -> Result<()> {
        let total = self.decoded_bytes.get().saturating_add(bytes);
        self.decoded_bytes.set(total);
        if total > limits::DECODED_TOTAL_BYTES {
            return Err(Error::refused("PDF", "streams decode beyond the limit"));
        }
        Ok(())
    }

    pub(super) fn parse(&self, reference: Reference, offset: usize, revision: usize) -> Result<Object> {
        // A revision must be readable by itself, so nothing behind its end is seen.
        let bytes = &self.bytes[..self.revisions[revision].extent.end];
        let mut lexer = Lexer::in_file(bytes, offset);
        if lexer.object_header()? != reference {
            return Err(Error::malformed(
                "PDF",
                format!("another object stands where {reference} should"),
            ));
        }
        let object = lexer.object()?;
        lexer.skip_space();
        let object = match object {
            Object::Dictionary(dictionary) if lexer.bytes[lexer.position..].starts_with(b"stream") => {
                let length = self.length(&dictionary, revision)?;
                let data = xref::stream_data(&mut lexer, length)?;
                Object::Stream(Stream {
                    dictionary,
                    data,
                    owner: reference,
                })
            }
            other => other,
        };
        lexer.expect_keyword("endobj")?;
        let mut object = object;
        self.decrypt(reference, &mut object)?;
        Ok(object)
    }

    fn length(&self, dictionary: &Dictionary, revision: usize) -> Result<usize> {
        let length = match dictionary.get("Length") {
            Some(Object::Reference(reference)) => match self.entry(reference.number, revision) {
                Some((defined, Entry::InUse { offset, generation }))
                    if generation == reference.generation =>
                {
                    let mut lexer = Lexer::in_file(&self.bytes[..self.revisions[defined].extent.end], offset);
                    lexer.object_header()?;
                    lexer.object()?.as_integer()
                }
                Some((_, Entry::Compressed { .. })) => {
                    self.view(revision).object(*reference)?.object.as_integer()
                }
                _ => None,
            },
            Some(value) => value.as_integer(),
            None => None,
        };
        length
            .and_then(|length| usize::try_from(length).ok())
            .ok_or_else(|| Error::malformed("PDF", "stream without a length"))
    }

    pub(super) fn container(&self, number: u32, revision: usize) -> Result<(usize, Rc<Container>)> {
        let Some((defined, Entry::InUse { offset, generation })) = self.entry(number, revision) else {
            return Err(Error::malformed(
                "PDF",
                format!("object stream {number} is missing"),
            ));
        };
        if let Some(container) = self.containers.borrow().get(&offset) {
            return Ok((offset, Rc::clone(container)));
        }
        let object = self.parse(Reference { number, generation }, offset, defined)?;
        let stream = object
            .as_stream()
            .filter(|stream| stream.dictionary.name("Type") == Some(b"ObjStm"))
            .filter(|stream| stream.dictionary.duplicate_key().is_none());
        let stream =
            stream.ok_or_else(|| Error::malformed("PDF", format!("object {number} is no object stream")))?;
        let container = Rc::new(Container::read(
            self.decode(stream)?.into_owned(),
            &stream.dictionary,
        )?);
        self.spend(container.data.len())?;
        self.containers.borrow_mut().insert(offset, Rc::clone(&container));
        Ok((offset, container))
    }

    pub(super) fn decode(&self, stream: &Stream) -> Result<Cow<'a, [u8]>> {
        if self.is_locked {
            return Err(Error::refused(
                "PDF",
                "an encrypted stream cannot be read without its key",
            ));
        }
        let raw = &self.bytes[stream.data.clone()];
        match &self.decryption {
            None => filter::decode(raw, &stream.dictionary),
            Some((decryption, _)) => {
                let plain = decryption.stream(stream.owner, &stream.dictionary, raw)?;
                Ok(Cow::Owned(
                    filter::decode(&plain, &stream.dictionary)?.into_owned(),
                ))
            }
        }
    }
}

fn decrypt_strings(decryption: &Decryption, reference: Reference, object: &mut Object) -> Result<()> {
    match object {
        Object::String(text) => text.bytes = decryption.string(reference, &text.bytes)?,
        Object::Array(items) => {
            for item in items {
                decrypt_strings(decryption, reference, item)?;
            }
        }
        Object::Dictionary(dictionary) => decrypt_dictionary(decryption, reference, dictionary)?,
        Object::Stream(stream) => decrypt_dictionary(decryption, reference, &mut stream.dictionary)?,
        _ => {}
    }
    Ok(())
}

fn decrypt_dictionary(
    decryption: &Decryption,
    reference: Reference,
    dictionary: &mut Dictionary,
) -> Result<()> {
    let is_signature = dictionary.get("ByteRange").is_some();
    for (key, value) in dictionary.values_mut() {
        if !(is_signature && key == b"Contents") {
            decrypt_strings(decryption, reference, value)?;
        }
    }
    Ok(())
}
