//! ASN.1 as it is found in the field (X.690): definite and indefinite lengths in, plain elements out.

use std::borrow::Cow;

use crate::error::{Error, Result};

/// Universal and context tags used here; a constructed context tag is `0xA0 | number`, a primitive one `0x80 | number`.
pub mod tag {
    pub const BOOLEAN: u8 = 0x01;
    pub const INTEGER: u8 = 0x02;
    pub const BIT_STRING: u8 = 0x03;
    pub const OCTET_STRING: u8 = 0x04;
    pub const OBJECT_IDENTIFIER: u8 = 0x06;
    pub const ENUMERATED: u8 = 0x0A;
    pub const UTC_TIME: u8 = 0x17;
    pub const GENERALIZED_TIME: u8 = 0x18;
    pub const SEQUENCE: u8 = 0x30;
    pub const SET: u8 = 0x31;
}

/// Real CMS nests about 20 deep.
const DEPTH: usize = 64;

/// One element: its tag, content, and all its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element<'a> {
    pub tag: u8,
    pub content: &'a [u8],
    pub raw: &'a [u8],
}

impl<'a> Element<'a> {
    /// The elements inside.
    pub fn inside(&self) -> Reader<'a> {
        Reader { rest: self.content }
    }
}

/// Reads elements with definite lengths one after the other.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

fn fault() -> Error {
    Error::malformed("ASN.1", "an element is cut off or out of place")
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The next element of any tag.
    pub fn any(&mut self) -> Result<Element<'a>> {
        let (tag, header, length) = header(self.rest)?;
        let end = header.checked_add(length.ok_or_else(fault)?).ok_or_else(fault)?;
        let raw = self.rest.get(..end).ok_or_else(fault)?;
        self.rest = &self.rest[end..];
        Ok(Element {
            tag,
            content: &raw[header..],
            raw,
        })
    }

    /// The next element, which must carry `tag`.
    pub fn expect(&mut self, tag: u8) -> Result<Element<'a>> {
        if self.peek() == Some(tag) {
            self.any()
        } else {
            Err(fault())
        }
    }

    /// The next element if it carries `tag`.
    pub fn optional(&mut self, tag: u8) -> Result<Option<Element<'a>>> {
        if self.peek() == Some(tag) {
            self.any().map(Some)
        } else {
            Ok(None)
        }
    }

    pub fn end(&self) -> Result<()> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(Error::malformed("ASN.1", "data after the last element"))
        }
    }
}

/// Tag, bytes of the header, and the content's length (`None`: indefinite).
fn header(bytes: &[u8]) -> Result<(u8, usize, Option<usize>)> {
    let tag = *bytes.first().ok_or_else(fault)?;
    if tag & 0x1F == 0x1F {
        return Err(Error::unsupported("ASN.1", "long tag"));
    }
    match *bytes.get(1).ok_or_else(fault)? {
        0x80 if tag & 0x20 != 0 => Ok((tag, 2, None)),
        short @ 0..=0x7F => Ok((tag, 2, Some(usize::from(short)))),
        long => {
            let count = usize::from(long & 0x7F);
            let digits = bytes
                .get(2..2 + count)
                .filter(|_| (1..=7).contains(&count))
                .ok_or_else(fault)?;
            let length = digits
                .iter()
                .fold(0_usize, |length, byte| (length << 8) | usize::from(*byte));
            Ok((tag, 2 + count, Some(length)))
        }
    }
}

/// The first element of `bytes` in definite lengths, its length in `bytes`, and whether it had to be rewritten.
///
/// Elements without an indefinite length inside keep their bytes, so that what they sign still verifies.
pub fn definite(bytes: &[u8]) -> Result<(Cow<'_, [u8]>, usize)> {
    let mut output = Vec::new();
    let (length, rewritten) = rewrite(bytes, &mut output, 0)?;
    let element = if rewritten {
        Cow::Owned(output)
    } else {
        Cow::Borrowed(&bytes[..length])
    };
    Ok((element, length))
}

/// Appends the first element of `bytes`; returns its length there and whether anything inside was indefinite.
fn rewrite(bytes: &[u8], output: &mut Vec<u8>, depth: usize) -> Result<(usize, bool)> {
    if depth > DEPTH {
        return Err(Error::refused("ASN.1", "nested too deeply"));
    }
    let (tag, header, length) = header(bytes)?;
    let end = match length {
        Some(length) => Some(
            header
                .checked_add(length)
                .filter(|end| *end <= bytes.len())
                .ok_or_else(fault)?,
        ),
        None => None,
    };
    if let (Some(end), true) = (end, tag & 0x20 == 0) {
        output.extend_from_slice(&bytes[..end]);
        return Ok((end, false));
    }
    let mut content = Vec::new();
    let mut at = header;
    let mut rewritten = end.is_none();
    loop {
        if end.is_some_and(|end| at == end) {
            break;
        }
        let rest = bytes.get(at..end.unwrap_or(bytes.len())).ok_or_else(fault)?;
        if end.is_none() && rest.starts_with(&[0, 0]) {
            at += 2;
            break;
        }
        let (length, inner) = rewrite(rest, &mut content, depth + 1)?;
        rewritten |= inner;
        at += length;
    }
    // A string in pieces becomes one string (X.690, 8.7.3).
    if tag == 0x24 {
        let joined = joined(&content)?;
        write(0x04, &joined, output);
        return Ok((at, true));
    }
    if rewritten {
        write(tag, &content, output);
    } else {
        output.extend_from_slice(&bytes[..at]);
    }
    Ok((at, rewritten))
}

fn joined(pieces: &[u8]) -> Result<Vec<u8>> {
    let mut reader = Reader::new(pieces);
    let mut joined = Vec::with_capacity(pieces.len());
    while !reader.is_empty() {
        joined.extend_from_slice(reader.expect(tag::OCTET_STRING)?.content);
    }
    Ok(joined)
}

/// Appends an element with its DER length.
pub fn write(tag: u8, content: &[u8], output: &mut Vec<u8>) {
    output.push(tag);
    let length = content.len();
    if length < 0x80 {
        output.push(length as u8);
    } else {
        let bytes = length.to_be_bytes();
        let skip = bytes.iter().take_while(|byte| **byte == 0).count();
        output.push(0x80 | (bytes.len() - skip) as u8);
        output.extend_from_slice(&bytes[skip..]);
    }
    output.extend_from_slice(content);
}

/// An element as bytes.
pub fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut output = Vec::with_capacity(content.len() + 8);
    write(tag, content, &mut output);
    output
}

/// An object identifier in dotted form, for messages.
pub fn dotted(identifier: &[u8]) -> String {
    let mut arcs = Vec::new();
    let mut value = 0_u64;
    for byte in identifier {
        value = value.wrapping_shl(7) | u64::from(byte & 0x7F);
        if byte & 0x80 == 0 {
            if arcs.is_empty() {
                let root = (value / 40).min(2);
                arcs.push(root.to_string());
                arcs.push((value - root * 40).to_string());
            } else {
                arcs.push(value.to_string());
            }
            value = 0;
        }
    }
    arcs.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rewrites_indefinite_lengths_and_joins_strings() {
        // SEQUENCE indefinite { OCTET STRING constructed indefinite { 01 02, 03 } , INTEGER 5 }
        let bytes = [
            0x30, 0x80, 0x24, 0x80, 4, 2, 1, 2, 4, 1, 3, 0, 0, 2, 1, 5, 0, 0, 0xFF,
        ];
        let (element, length) = definite(&bytes).unwrap();
        assert_eq!(&*element, [0x30, 8, 4, 3, 1, 2, 3, 2, 1, 5]);
        assert_eq!(length, bytes.len() - 1);
    }

    #[test]
    fn keeps_definite_elements_as_they_are() {
        // A length in more bytes than DER allows stays, for what is signed over it.
        let bytes = [0x30, 0x81, 3, 2, 1, 5];
        assert!(matches!(definite(&bytes).unwrap(), (Cow::Borrowed(_), 6)));
    }

    #[test]
    fn refuses_what_is_cut_off_or_too_deep() {
        for case in [
            &[0x30][..],
            &[0x30, 5, 1],
            &[0x30, 0x80, 2, 1, 5],
            &[0x30, 0x88, 0, 0],
            &[0x1F, 1],
        ] {
            assert!(definite(case).is_err(), "{case:?}");
        }
        assert!(matches!(
            definite(&[0x30, 0x80].repeat(100)),
            Err(Error::Refused { .. })
        ));
    }

    #[test]
    fn writes_identifiers_in_dots() {
        assert_eq!(
            dotted(&[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 7, 2]),
            "1.2.840.113549.1.7.2"
        );
        assert_eq!(dotted(&[0x55, 4, 3]), "2.5.4.3");
    }
}
