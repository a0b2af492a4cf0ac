//! Distinguished names (RFC 5280 section 4.1.2.4).

use crate::cms::ber::{Reader, tag};
use crate::error::Result;

/// A distinguished name: its DER and what it says.
#[derive(Debug, Clone)]
pub struct Name {
    pub der: Vec<u8>,
    /// Attribute types with their values folded for comparison.
    folded: Vec<(Vec<u8>, String)>,
    /// As people write it.
    pub text: String,
    pub common_name: Option<String>,
    pub organisation: Option<String>,
}

impl PartialEq for Name {
    /// RFC 5280 section 7.1, in short: the same bytes, or the same values after folding case and white space.
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der || (!self.folded.is_empty() && self.folded == other.folded)
    }
}

impl Name {
    /// Reads the DER of a Name.
    pub fn parse(der: &[u8]) -> Result<Self> {
        let mut sets = Reader::new(der).expect(tag::SEQUENCE)?.inside();
        let mut name = Self {
            der: der.to_vec(),
            folded: Vec::new(),
            text: String::new(),
            common_name: None,
            organisation: None,
        };
        while !sets.is_empty() {
            let mut attributes = sets.expect(tag::SET)?.inside();
            while !attributes.is_empty() {
                let mut attribute = attributes.expect(tag::SEQUENCE)?.inside();
                let kind = attribute.expect(tag::OBJECT_IDENTIFIER)?.content;
                let value = attribute.any()?;
                name.add(kind, &string(value.tag, value.content));
            }
        }
        Ok(name)
    }

    /// Whether the name lies in the subtree under `base` (RFC 5280 section 4.2.1.10).
    pub(super) fn is_under(&self, base: &Self) -> bool {
        self.folded.starts_with(&base.folded)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.folded.is_empty()
    }

    /// Values of the attribute emailAddress (1.2.840.113549.1.9.1), folded.
    pub(super) fn mail_addresses(&self) -> impl Iterator<Item = &str> {
        self.folded
            .iter()
            .filter(|(kind, _)| kind == MAIL_ADDRESS)
            .map(|(_, value)| value.as_str())
    }

    fn add(&mut self, kind: &[u8], value: &str) {
        let label = match kind {
            [0x55, 4, 3] => {
                self.common_name = Some(value.to_owned());
                "CN".to_owned()
            }
            [0x55, 4, 10] => {
                self.organisation = Some(value.to_owned());
                "O".to_owned()
            }
            [0x55, 4, 6] => "C".to_owned(),
            [0x55, 4, 7] => "L".to_owned(),
            [0x55, 4, 8] => "ST".to_owned(),
            [0x55, 4, 11] => "OU".to_owned(),
            MAIL_ADDRESS => "E".to_owned(),
            other => crate::cms::ber::dotted(other),
        };
        if !self.text.is_empty() {
            self.text.push_str(", ");
        }
        self.text.push_str(&format!("{label}={value}"));
        let folded = value
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .to_lowercase();
        self.folded.push((kind.to_vec(), folded));
    }
}

/// A directory string of any kind (X.520): UTF-8, BMPString, UniversalString, or one byte a character.
fn string(kind: u8, content: &[u8]) -> String {
    match kind {
        0x1E => {
            let units = content
                .chunks_exact(2)
                .map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            char::decode_utf16(units)
                .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect()
        }
        _ => match std::str::from_utf8(content) {
            Ok(text) => text.to_owned(),
            Err(_) => content.iter().map(|byte| char::from(*byte)).collect(),
        },
    }
}

const MAIL_ADDRESS: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 9, 1];
