//! Objects of a PDF file as the strict reader sees them (ISO 32000-2, 7.3).

use std::fmt;
use std::ops::Range;

/// An indirect object's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference {
    pub number: u32,
    pub generation: u16,
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} R", self.number, self.generation)
    }
}

/// Any object. Equality is of values: where a string stands in the file does not count.
#[derive(Debug, Clone, PartialEq)]
pub enum Object {
    Null,
    Boolean(bool),
    Integer(i64),
    Real(f64),
    String(Text),
    Name(Vec<u8>),
    Array(Vec<Object>),
    Dictionary(Dictionary),
    Stream(Stream),
    Reference(Reference),
}

/// A string, with the bytes of the file it was read from.
#[derive(Debug, Clone)]
pub struct Text {
    pub bytes: Vec<u8>,
    /// Its delimiters included; `None` inside an object stream.
    pub span: Option<Range<usize>>,
    /// Written between `<` and `>`.
    pub hexadecimal: bool,
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

/// A dictionary in the order of the file.
#[derive(Debug, Clone, Default)]
pub struct Dictionary {
    entries: Vec<(Vec<u8>, Object)>,
    /// What stands under a key that was there already.
    repeated: Vec<(Vec<u8>, Object)>,
}

impl PartialEq for Dictionary {
    fn eq(&self, other: &Self) -> bool {
        self.entries.len() == other.entries.len()
            && self.repeated == other.repeated
            && self
                .entries
                .iter()
                .all(|(key, value)| other.get(key) == Some(value))
    }
}

/// A stream: its dictionary and where its raw bytes stand in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Stream {
    pub dictionary: Dictionary,
    pub data: Range<usize>,
    /// The object it is: its bytes may be encrypted under that name.
    pub owner: Reference,
}

impl Dictionary {
    /// Adds an entry. Of a key given twice the first value stays, and the dictionary remembers the fault.
    pub(super) fn insert(&mut self, key: Vec<u8>, value: Object) {
        if self.get(&key).is_some() {
            self.repeated.push((key, value));
        } else {
            self.entries.push((key, value));
        }
    }

    /// Takes over the file-level entries that a later trailer left out although it has to repeat them (7.5.6): without a
    /// `/Root` of its own an update shows the document its predecessor showed.
    pub(super) fn inherit(&mut self, earlier: &Dictionary) {
        if self.get("Root").is_some() {
            return;
        }
        for key in ["Root", "Info", "ID", "Encrypt"] {
            if let (None, Some(value)) = (self.get(key), earlier.get(key)) {
                self.insert(key.as_bytes().to_vec(), value.clone());
            }
        }
    }

    /// The value of a key, `None` where absent. A value written as `null` is found as [`Object::Null`].
    pub fn get(&self, key: impl AsRef<[u8]>) -> Option<&Object> {
        let key = key.as_ref();
        self.entries
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }

    /// A key that stands twice: a fault wherever the dictionary decides a verdict.
    pub fn duplicate_key(&self) -> Option<&[u8]> {
        self.repeated.last().map(|(key, _)| key.as_slice())
    }

    /// Entries under keys that stood before: readers differ on which of them counts.
    pub fn repeated(&self) -> &[(Vec<u8>, Object)] {
        &self.repeated
    }

    /// Entries in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &Object)> {
        self.entries.iter().map(|(key, value)| (key.as_slice(), value))
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = (&[u8], &mut Object)> {
        self.entries
            .iter_mut()
            .map(|(key, value)| (key.as_slice(), value))
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// A direct integer.
    pub fn integer(&self, key: impl AsRef<[u8]>) -> Option<i64> {
        self.get(key).and_then(Object::as_integer)
    }

    /// A direct name.
    pub fn name(&self, key: impl AsRef<[u8]>) -> Option<&[u8]> {
        self.get(key).and_then(Object::as_name)
    }

    /// A reference.
    pub fn reference(&self, key: impl AsRef<[u8]>) -> Option<Reference> {
        self.get(key).and_then(Object::as_reference)
    }
}

impl Object {
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Object::Integer(value) => Some(*value),
            _ => None,
        }
    }

    pub fn as_number(&self) -> Option<f64> {
        match self {
            Object::Integer(value) => Some(*value as f64),
            Object::Real(value) => Some(*value),
            _ => None,
        }
    }

    pub fn as_name(&self) -> Option<&[u8]> {
        match self {
            Object::Name(name) => Some(name),
            _ => None,
        }
    }

    pub fn as_text(&self) -> Option<&Text> {
        match self {
            Object::String(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_array(&self) -> Option<&[Object]> {
        match self {
            Object::Array(items) => Some(items),
            _ => None,
        }
    }

    pub fn as_reference(&self) -> Option<Reference> {
        match self {
            Object::Reference(reference) => Some(*reference),
            _ => None,
        }
    }

    pub fn as_dictionary(&self) -> Option<&Dictionary> {
        match self {
            Object::Dictionary(dictionary) => Some(dictionary),
            _ => None,
        }
    }

    pub fn as_stream(&self) -> Option<&Stream> {
        match self {
            Object::Stream(stream) => Some(stream),
            _ => None,
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Object::Null)
    }
}

/// A text string as people read it (ISO 32000-2, 7.9.2.2): UTF-16 or UTF-8 with a mark, else taken as Latin-1.
pub fn text(bytes: &[u8]) -> String {
    match bytes {
        [0xFE, 0xFF, rest @ ..] => {
            let units = rest
                .chunks_exact(2)
                .map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            char::decode_utf16(units)
                .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect()
        }
        [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
        },
    }
}
