//! Which characters the codes of a font stand for (ISO 32000-2, 9.10.2).

use std::collections::HashMap;

use crate::error::Result;
use crate::pdf::object::{Dictionary, Object};
use crate::pdf::reader::{View, operations};

use super::budget::Budget;
use super::glyph;

/// The characters of each code that are known.
#[derive(Debug, Default)]
pub(super) struct Font {
    characters: HashMap<u32, String>,
    /// Of one code, in bytes.
    width: usize,
}

/// Codes of one range of a character map: a font of two bytes has no more.
const RANGE: u32 = 1 << 16;

/// What a character that is kept costs, in bytes.
const CHARACTER: usize = 32;

impl Font {
    /// `None` for a font that does not say what it shows.
    pub(super) fn read(view: View<'_>, font: &Object, budget: &mut Budget) -> Result<Option<Self>> {
        let Some(font) = font.as_dictionary() else {
            return Ok(None);
        };
        let subtype = font.name("Subtype").unwrap_or_default();
        let width = if subtype == b"Type0" { 2 } else { 1 };
        if let Object::Stream(map) = view.value(font, "ToUnicode")? {
            let characters = mapped(&view.decode(&map)?, budget)?;
            return Ok(Some(Self { characters, width }));
        }
        if !matches!(subtype, b"Type1" | b"TrueType" | b"MMType1") {
            return Ok(None);
        }
        let characters = encoded(view, font, budget)?;
        Ok(characters.map(|characters| Self { characters, width }))
    }

    /// What a string shows; `None` where a code stands for nothing that is known.
    pub(super) fn text(&self, codes: &[u8]) -> Option<String> {
        let codes = codes.chunks(self.width);
        codes
            .map(|code| self.characters.get(&number(code)).map(String::as_str))
            .collect()
    }
}

fn number(code: &[u8]) -> u32 {
    code.iter()
        .take(4)
        .fold(0, |value, byte| (value << 8) | u32::from(*byte))
}

/// The map of `/ToUnicode` (9.10.3).
fn mapped(map: &[u8], budget: &mut Budget) -> Result<HashMap<u32, String>> {
    budget.spend(map.len())?;
    let mut characters = HashMap::new();
    for operation in operations(map)? {
        let operands = &operation.operands[..];
        match operation.operator {
            b"endbfchar" => {
                for pair in operands.rchunks_exact(2) {
                    if let [Object::String(code), Object::String(shown)] = pair {
                        budget.spend(CHARACTER)?;
                        characters.insert(number(&code.bytes), utf16(&shown.bytes));
                    }
                }
            }
            b"endbfrange" => {
                for range in operands.rchunks_exact(3) {
                    if let [Object::String(first), Object::String(last), shown] = range {
                        let (first, last) = (number(&first.bytes), number(&last.bytes));
                        add_range(&mut characters, first, last, shown, budget)?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(characters)
}

fn add_range(
    characters: &mut HashMap<u32, String>,
    first: u32,
    last: u32,
    shown: &Object,
    budget: &mut Budget,
) -> Result<()> {
    for (step, code) in (first..=last).take(RANGE as usize).enumerate() {
        budget.spend(CHARACTER)?;
        let text = match shown {
            Object::Array(each) => match each.get(step).and_then(Object::as_text) {
                Some(text) => utf16(&text.bytes),
                None => break,
            },
            Object::String(start) => following(&start.bytes, step),
            _ => break,
        };
        characters.insert(code, text);
    }
    Ok(())
}

/// The text `step` places after one: its last unit counts on.
fn following(start: &[u8], step: usize) -> String {
    let mut units: Vec<u16> = units(start).collect();
    if let Some(last) = units.last_mut() {
        *last = last.wrapping_add(u16::try_from(step).unwrap_or(0));
    }
    String::from_utf16_lossy(&units)
}

fn utf16(bytes: &[u8]) -> String {
    String::from_utf16_lossy(&units(bytes).collect::<Vec<_>>())
}

fn units(bytes: &[u8]) -> impl Iterator<Item = u16> {
    bytes
        .chunks_exact(2)
        .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
}

/// The codes of a simple font by its encoding (9.6.5); `None` for a font of symbols, which has one of its own.
fn encoded(view: View<'_>, font: &Dictionary, budget: &mut Budget) -> Result<Option<HashMap<u32, String>>> {
    let name = view.value(font, "BaseFont")?;
    if matches!(name.as_name(), Some(b"Symbol" | b"ZapfDingbats")) {
        return Ok(None);
    }
    let (base, differences) = match view.value(font, "Encoding")? {
        Object::Name(base) => (Object::Name(base), Object::Null),
        Object::Dictionary(encoding) => (
            view.value(&encoding, "BaseEncoding")?,
            view.value(&encoding, "Differences")?,
        ),
        _ => (Object::Null, Object::Null),
    };
    // Every named encoding has ASCII in its place, but for two quotation marks; beyond it only Windows' is spelt out here.
    let mut characters: HashMap<u32, String> = (0x20_u8..0x7F)
        .map(|code| (u32::from(code), char::from(code).to_string()))
        .collect();
    if base.as_name() == Some(b"WinAnsiEncoding") {
        characters.extend((0x80..=0xFF_u8).map(|code| (u32::from(code), glyph::windows(code).to_string())));
    }
    let mut code = 0;
    for item in differences.as_array().unwrap_or_default() {
        budget.spend(CHARACTER)?;
        match view.resolve(item)? {
            Object::Integer(next) => code = u32::try_from(next).unwrap_or(u32::MAX),
            Object::Name(name) => {
                match glyph::character(&name) {
                    Some(text) => characters.insert(code, text),
                    None => characters.remove(&code),
                };
                code = code.saturating_add(1);
            }
            _ => {}
        }
    }
    Ok(Some(characters))
}
