//! Cross-reference sections: tables and streams (ISO 32000-2, 7.5.4 and 7.5.8).

use std::collections::BTreeMap;

use super::filter;
use super::lexer::{Lexer, is_whitespace};
use crate::error::{Error, Result};
use crate::limits;
use crate::pdf::object::{Dictionary, Object};

/// Where an object stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    Free,
    InUse { offset: usize, generation: u16 },
    Compressed { stream: u32, index: u32 },
}

/// One section with its trailer.
#[derive(Debug)]
pub(super) struct Section {
    /// Where `xref` or the stream object begins.
    pub(super) start: usize,
    /// After the trailer's dictionary or `endobj`.
    pub(super) end: usize,
    pub(super) entries: BTreeMap<u32, Entry>,
    pub(super) trailer: Dictionary,
    /// Of a hybrid file: where the stream of `/XRefStm` stands, and what it names.
    pub(super) hidden: Option<(usize, BTreeMap<u32, Entry>)>,
}

/// Reads the section that begins at `start`, and for a hybrid file the stream its trailer names. White space may stand
/// before it: offsets of the field often name the end of line before `xref`.
pub(super) fn section(bytes: &[u8], start: usize) -> Result<Section> {
    let mut lexer = Lexer::in_file(bytes, start);
    lexer.skip_blank();
    let begin = lexer.position;
    if lexer.keyword(b"xref") {
        hybrid(bytes, table(lexer, begin)?)
    } else {
        stream(bytes, begin)
    }
}

/// The section of a file's first revision where its offset misses it by a few bytes. Everything after that revision names
/// its own sections exactly, so no reader can take another one for it.
pub(super) fn near(bytes: &[u8], start: usize) -> Result<Section> {
    const REACH: usize = 8;
    let fault = || Error::malformed("PDF", format!("no cross-reference section at byte {start}"));
    let mut found = None;
    for at in start.saturating_sub(REACH)..start.saturating_add(REACH).min(bytes.len()) {
        let begins_line = at == 0 || bytes.get(at - 1).copied().is_some_and(is_whitespace);
        let begins_token = !bytes.get(at).copied().is_some_and(is_whitespace);
        if begins_line
            && begins_token
            && let Ok(section) = section(bytes, at)
        {
            if found.is_some() || previous(&section.trailer)?.is_some() {
                return Err(fault());
            }
            found = Some(section);
        }
    }
    found.ok_or_else(fault)
}

fn table(mut lexer: Lexer<'_>, start: usize) -> Result<Section> {
    let mut entries = BTreeMap::new();
    loop {
        lexer.skip_space();
        if lexer.keyword(b"trailer") {
            break;
        }
        let first = lexer.digits()?;
        lexer.skip_blank();
        let count = lexer.digits()?;
        for number in first..first.saturating_add(count) {
            let entry = table_entry(&mut lexer)?;
            add(&mut entries, number, entry)?;
        }
    }
    let trailer = lexer.dictionary()?;
    Ok(Section {
        start,
        end: lexer.position,
        entries,
        trailer,
        hidden: None,
    })
}

fn table_entry(lexer: &mut Lexer<'_>) -> Result<Entry> {
    lexer.skip_blank();
    let offset = lexer.digits()?;
    lexer.skip_blank();
    let generation = lexer.digits()?;
    lexer.skip_blank();
    if lexer.keyword(b"f") {
        return Ok(Entry::Free);
    }
    lexer.expect_keyword("n")?;
    in_use(offset, generation)
}

fn in_use(offset: u64, generation: u64) -> Result<Entry> {
    match (usize::try_from(offset), u16::try_from(generation)) {
        (Ok(offset), Ok(generation)) => Ok(Entry::InUse { offset, generation }),
        _ => Err(Error::malformed("PDF", "cross-reference entry out of bounds")),
    }
}

fn add(entries: &mut BTreeMap<u32, Entry>, number: u64, entry: Entry) -> Result<()> {
    let number = u32::try_from(number)
        .ok()
        .filter(|number| *number <= limits::OBJECT_NUMBER)
        .ok_or_else(|| Error::malformed("PDF", "object number out of bounds"))?;
    if entries.insert(number, entry).is_some_and(|old| old != entry) {
        return Err(Error::malformed(
            "PDF",
            format!("object {number} stands twice in one cross-reference section"),
        ));
    }
    if entries.len() > limits::OBJECTS {
        return Err(Error::refused("PDF", "too many objects"));
    }
    Ok(())
}

fn hybrid(bytes: &[u8], mut section: Section) -> Result<Section> {
    let Some(offset) = section.trailer.get("XRefStm") else {
        return Ok(section);
    };
    let offset = offset
        .as_integer()
        .and_then(|offset| usize::try_from(offset).ok())
        .ok_or_else(|| Error::malformed("PDF", "XRefStm is no offset"))?;
    section.hidden = Some((offset, stream(bytes, offset)?.entries));
    Ok(section)
}

impl Section {
    /// Adds what `/XRefStm` names: it may only give what the table hides (7.5.8.4). Some writers carry the stream that an
    /// earlier revision named along (`is_carried`); then it must say nothing but what is `known`, or readers that look
    /// there first would see old objects. Returns whether table and stream disagree about an object all the same.
    pub(super) fn join_hidden(
        &mut self,
        is_carried: impl Fn(usize) -> bool,
        known: impl Fn(u32) -> Option<Entry>,
    ) -> Result<bool> {
        let Some((offset, hidden)) = self.hidden.take() else {
            return Ok(false);
        };
        let mut disagree = false;
        let fault =
            |number: u32| Error::malformed("PDF", format!("hybrid entries disagree about object {number}"));
        let carried = is_carried(offset);
        for (number, entry) in hidden {
            match self.entries.get(&number) {
                Some(old) if *old == entry => {}
                Some(Entry::InUse { .. } | Entry::Compressed { .. }) if carried => disagree = true,
                None if carried && known(number) == Some(entry) => {}
                None | Some(Entry::Free) if !carried => {
                    self.entries.insert(number, entry);
                }
                _ => return Err(fault(number)),
            }
        }
        Ok(disagree)
    }
}

fn stream(bytes: &[u8], start: usize) -> Result<Section> {
    let mut lexer = Lexer::in_file(bytes, start);
    lexer.object_header()?;
    let trailer = lexer.dictionary()?;
    if trailer.duplicate_key().is_some() {
        return Err(Error::malformed(
            "PDF",
            "a key stands twice in a cross-reference stream",
        ));
    }
    if trailer.name("Type") != Some(b"XRef") {
        return Err(Error::malformed(
            "PDF",
            "startxref or Prev names no cross-reference section",
        ));
    }
    let length = trailer
        .integer("Length")
        .and_then(|length| usize::try_from(length).ok());
    let length = length.ok_or_else(|| Error::malformed("PDF", "cross-reference stream without a length"))?;
    let data = stream_data(&mut lexer, length)?;
    lexer.expect_keyword("endobj")?;
    let decoded = filter::decode(&bytes[data], &trailer)?;
    let entries = stream_entries(&decoded, &trailer)?;
    Ok(Section {
        start,
        end: lexer.position,
        entries,
        trailer,
        hidden: None,
    })
}

/// Steps over `stream`, `length` bytes and `endstream`; returns where the bytes stand.
pub(super) fn stream_data(lexer: &mut Lexer<'_>, length: usize) -> Result<std::ops::Range<usize>> {
    lexer.expect_keyword("stream")?;
    let rest = lexer.bytes.get(lexer.position..).unwrap_or_default();
    lexer.position += match rest {
        [b'\r', b'\n', ..] => 2,
        [b'\n', ..] => 1,
        _ => return Err(Error::malformed("PDF", "no end of line after stream")),
    };
    let start = lexer.position;
    let end = start
        .checked_add(length)
        .filter(|end| *end <= lexer.bytes.len())
        .ok_or_else(|| Error::malformed("PDF", "stream beyond the end of its revision"))?;
    lexer.position = end;
    while lexer.peek().is_some_and(is_whitespace) {
        lexer.position += 1;
    }
    if !lexer.keyword(b"endstream") {
        return Err(Error::malformed(
            "PDF",
            format!("stream length at byte {start} is wrong"),
        ));
    }
    Ok(start..end)
}

fn stream_entries(data: &[u8], trailer: &Dictionary) -> Result<BTreeMap<u32, Entry>> {
    let fault = || Error::malformed("PDF", "cross-reference stream");
    let integers = |key: &str| -> Option<Vec<u64>> {
        let items = trailer.get(key)?.as_array()?;
        items
            .iter()
            .map(|item| item.as_integer().and_then(|value| u64::try_from(value).ok()))
            .collect()
    };
    let widths = integers("W").filter(|widths| widths.len() == 3 && widths.iter().all(|width| *width <= 8));
    let widths: Vec<usize> = widths
        .ok_or_else(fault)?
        .into_iter()
        .map(|width| width as usize)
        .collect();
    let row = widths.iter().sum::<usize>();
    if row == 0 {
        return Err(fault());
    }
    let index = match trailer.get("Index") {
        None => vec![
            0,
            trailer
                .integer("Size")
                .and_then(|size| u64::try_from(size).ok())
                .ok_or_else(fault)?,
        ],
        Some(_) => integers("Index").ok_or_else(fault)?,
    };
    let mut entries = BTreeMap::new();
    let mut rows = data.chunks_exact(row);
    for range in index.chunks(2) {
        let [first, count] = range else {
            return Err(fault());
        };
        for number in *first..first.saturating_add(*count) {
            let row = rows.next().ok_or_else(fault)?;
            if let Some(entry) = stream_entry(row, &widths)? {
                add(&mut entries, number, entry)?;
            }
        }
    }
    Ok(entries)
}

/// `None` for a type the standard leaves for later: to be read as a reference to null.
fn stream_entry(row: &[u8], widths: &[usize]) -> Result<Option<Entry>> {
    let mut rest = row;
    let mut field = |width: usize| {
        let (taken, left) = rest.split_at(width);
        rest = left;
        taken
            .iter()
            .fold(0_u64, |value, byte| (value << 8) | u64::from(*byte))
    };
    let kind = if widths[0] == 0 { 1 } else { field(widths[0]) };
    let (second, third) = (field(widths[1]), field(widths[2]));
    let out_of_bounds = || Error::malformed("PDF", "cross-reference entry out of bounds");
    Ok(Some(match kind {
        0 => Entry::Free,
        1 => in_use(second, third)?,
        2 => Entry::Compressed {
            stream: u32::try_from(second).map_err(|_| out_of_bounds())?,
            index: u32::try_from(third).map_err(|_| out_of_bounds())?,
        },
        _ => return Ok(None),
    }))
}

/// The offset of the previous section.
pub(super) fn previous(trailer: &Dictionary) -> Result<Option<usize>> {
    match trailer.get("Prev") {
        None | Some(Object::Null) => Ok(None),
        Some(value) => value
            .as_integer()
            .and_then(|offset| usize::try_from(offset).ok())
            .map(Some)
            .ok_or_else(|| Error::malformed("PDF", "Prev is no offset")),
    }
}
