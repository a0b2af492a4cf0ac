//! Objects out of bytes (ISO 32000-2, 7.2 and 7.3), without any recovery.

mod string;

use crate::error::{Error, Result};
use crate::limits;
use crate::pdf::object::{Dictionary, Object, Reference};

/// A reader at a place in a buffer.
///
/// `base` is what a span adds to be a place in the file; buffers decoded from an object stream have none.
pub(super) struct Lexer<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) position: usize,
    in_file: bool,
}

pub(super) fn is_whitespace(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 0x0C | b'\r' | b' ')
}

fn is_delimiter(byte: u8) -> bool {
    matches!(
        byte,
        b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%'
    )
}

fn is_regular(byte: u8) -> bool {
    !is_whitespace(byte) && !is_delimiter(byte)
}

impl<'a> Lexer<'a> {
    /// At a place of the file itself; a place behind its end is its end, so that offsets out of a file may be used as they are.
    pub(super) fn in_file(bytes: &'a [u8], position: usize) -> Self {
        Self {
            bytes,
            position: position.min(bytes.len()),
            in_file: true,
        }
    }

    /// Over a decoded buffer: its strings have no place in the file.
    pub(super) fn in_buffer(bytes: &'a [u8], position: usize) -> Self {
        Self {
            bytes,
            position: position.min(bytes.len()),
            in_file: false,
        }
    }

    fn fault<T>(&self, reason: &str) -> Result<T> {
        Err(Error::malformed(
            "PDF",
            format!("{reason} at byte {}", self.position),
        ))
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.position).copied()
    }

    /// Skips white space and comments.
    pub(super) fn skip_space(&mut self) {
        while let Some(byte) = self.peek() {
            if byte == b'%' {
                while self.peek().is_some_and(|byte| byte != b'\n' && byte != b'\r') {
                    self.position += 1;
                }
            } else if is_whitespace(byte) {
                self.position += 1;
            } else {
                return;
            }
        }
    }

    /// Skips white space, but no comment.
    pub(super) fn skip_blank(&mut self) {
        while self.peek().is_some_and(is_whitespace) {
            self.position += 1;
        }
    }

    /// The regular characters that stand here, not yet taken.
    pub(super) fn word(&self) -> &'a [u8] {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        let length = rest.iter().position(|byte| !is_regular(*byte));
        &rest[..length.unwrap_or(rest.len())]
    }

    /// Takes a keyword if it stands here as a whole token.
    pub(super) fn keyword(&mut self, word: &[u8]) -> bool {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        let whole = rest.starts_with(word) && !rest.get(word.len()).copied().is_some_and(is_regular);
        if whole {
            self.position += word.len();
        }
        whole
    }

    pub(super) fn expect_keyword(&mut self, word: &'static str) -> Result<()> {
        self.skip_space();
        if self.keyword(word.as_bytes()) {
            Ok(())
        } else {
            self.fault(&format!("no {word}"))
        }
    }

    /// A run of digits alone, as offsets and object numbers are written.
    pub(super) fn digits(&mut self) -> Result<u64> {
        let start = self.position;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.position += 1;
        }
        let run = &self.bytes[start..self.position];
        if run.is_empty() || run.len() > 18 || self.peek().is_some_and(is_regular) {
            return self.fault("no plain number");
        }
        Ok(run
            .iter()
            .fold(0, |value, digit| value * 10 + u64::from(digit - b'0')))
    }

    /// `N G obj`.
    pub(super) fn object_header(&mut self) -> Result<Reference> {
        self.skip_space();
        let number = self.digits()?;
        self.skip_space();
        let generation = self.digits()?;
        self.expect_keyword("obj")?;
        reference(number, generation).map_or_else(|| self.fault("object number out of bounds"), Ok)
    }

    /// Any direct object or reference.
    pub(super) fn object(&mut self) -> Result<Object> {
        self.object_at(0)
    }

    fn object_at(&mut self, depth: usize) -> Result<Object> {
        if depth > limits::NESTING {
            return Err(Error::refused("PDF", "objects nested too deeply"));
        }
        self.skip_space();
        match self.peek() {
            None => self.fault("end of data inside an object"),
            Some(b'/') => self.name().map(Object::Name),
            Some(b'(') => self.literal_string().map(Object::String),
            Some(b'[') => self.array(depth),
            Some(b'<') if self.bytes.get(self.position + 1) == Some(&b'<') => {
                self.dictionary_at(depth).map(Object::Dictionary)
            }
            Some(b'<') => self.hexadecimal_string().map(Object::String),
            Some(b'0'..=b'9' | b'+' | b'-' | b'.') => self.number_or_reference(),
            Some(_) => self.literal(),
        }
    }

    fn literal(&mut self) -> Result<Object> {
        if self.keyword(b"true") {
            Ok(Object::Boolean(true))
        } else if self.keyword(b"false") {
            Ok(Object::Boolean(false))
        } else if self.keyword(b"null") {
            Ok(Object::Null)
        } else {
            self.fault("unknown token")
        }
    }

    fn array(&mut self, depth: usize) -> Result<Object> {
        self.position += 1;
        let mut items = Vec::new();
        loop {
            self.skip_space();
            if self.peek() == Some(b']') {
                self.position += 1;
                return Ok(Object::Array(items));
            }
            items.push(self.object_at(depth + 1)?);
        }
    }

    /// A dictionary that must stand here.
    pub(super) fn dictionary(&mut self) -> Result<Dictionary> {
        self.skip_space();
        if !self
            .bytes
            .get(self.position..)
            .is_some_and(|rest| rest.starts_with(b"<<"))
        {
            return self.fault("no dictionary");
        }
        self.dictionary_at(0)
    }

    fn dictionary_at(&mut self, depth: usize) -> Result<Dictionary> {
        self.position += 2;
        let mut dictionary = Dictionary::default();
        loop {
            self.skip_space();
            match self.peek() {
                Some(b'>') if self.bytes.get(self.position + 1) == Some(&b'>') => {
                    self.position += 2;
                    return Ok(dictionary);
                }
                Some(b'/') => {
                    let key = self.name()?;
                    let value = self.object_at(depth + 1)?;
                    dictionary.insert(key, value);
                }
                _ => return self.fault("no key in a dictionary"),
            }
        }
    }

    fn number_or_reference(&mut self) -> Result<Object> {
        let number = self.number()?;
        let Object::Integer(first @ 0..) = number else {
            return Ok(number);
        };
        let after = self.position;
        if let Some(reference) = self.rest_of_reference(first.unsigned_abs()) {
            return Ok(Object::Reference(reference));
        }
        self.position = after;
        Ok(number)
    }

    fn rest_of_reference(&mut self, number: u64) -> Option<Reference> {
        self.skip_space();
        if !self.peek()?.is_ascii_digit() {
            return None;
        }
        let generation = self.digits().ok()?;
        self.skip_space();
        if !self.keyword(b"R") {
            return None;
        }
        reference(number, generation)
    }

    fn number(&mut self) -> Result<Object> {
        let start = self.position;
        while self.peek().is_some_and(is_regular) {
            self.position += 1;
        }
        let run = std::str::from_utf8(&self.bytes[start..self.position]).unwrap_or_default();
        if let Ok(value) = run.parse::<i64>() {
            return Ok(Object::Integer(value));
        }
        let plain = !run.is_empty()
            && run
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.'));
        match run.parse::<f64>() {
            Ok(value) if plain => Ok(Object::Real(value)),
            _ => {
                self.position = start;
                self.fault("no number")
            }
        }
    }
}

fn reference(number: u64, generation: u64) -> Option<Reference> {
    let number = u32::try_from(number)
        .ok()
        .filter(|number| *number <= limits::OBJECT_NUMBER)?;
    Some(Reference {
        number,
        generation: u16::try_from(generation).ok()?,
    })
}

pub(super) fn hexadecimal(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Object> {
        Lexer::in_file(text.as_bytes(), 0).object()
    }

    #[test]
    fn reads_every_kind_of_object() {
        let Object::Dictionary(dictionary) =
            parse("<</A 1/B -2.5/C(a\\(b\\051\\r\\n)/D<4 1 4>/E[1 0 R null true]/F#20G/H%x\n/I<</J 9>>>>")
                .unwrap()
        else {
            panic!("a dictionary")
        };
        assert_eq!(dictionary.integer("A"), Some(1));
        assert_eq!(dictionary.get("B"), Some(&Object::Real(-2.5)));
        assert_eq!(
            dictionary.get("C").and_then(Object::as_text).unwrap().bytes,
            b"a(b)\r\n"
        );
        let hex = dictionary.get("D").and_then(Object::as_text).unwrap();
        assert_eq!((hex.bytes.as_slice(), hex.hexadecimal), (b"A@".as_slice(), true));
        assert_eq!(
            dictionary.get("E").and_then(Object::as_array).unwrap()[0],
            Object::Reference(Reference {
                number: 1,
                generation: 0
            })
        );
        assert_eq!(dictionary.name("F G"), Some(b"H".as_slice()));
    }

    #[test]
    fn remembers_a_duplicate_key_and_keeps_the_first_value() {
        let object = parse("<</V 1/V 2>>").unwrap();
        let dictionary = object.as_dictionary().unwrap();
        assert_eq!(dictionary.duplicate_key(), Some(b"V".as_slice()));
        assert_eq!(dictionary.integer("V"), Some(1));
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        for case in [
            "<</A",
            "<41G>",
            "(open",
            "[1 2",
            "foo",
            "<</A 1/B>>",
            "1e5",
            "--1",
            "",
        ] {
            assert!(parse(case).is_err(), "{case}");
        }
        assert!(matches!(parse(&"[".repeat(100)), Err(Error::Refused { .. })));
    }
}
