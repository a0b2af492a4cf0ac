//! The chain of revisions and the bytes each of them holds (ISO 32000-2, 7.5.6).

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

use super::lexer::{Lexer, is_whitespace};
use super::xref::{self, Entry, Section};
use crate::error::{Error, Result};
use crate::limits;
use crate::pdf::object::Dictionary;

/// One state of the file: what an update added.
#[derive(Debug)]
pub struct Revision {
    /// From the end of the revision before to its own `%%EOF`, white space after it included.
    pub extent: Range<usize>,
    /// After `%%EOF` without anything behind it.
    pub end_of_file_mark: usize,
    pub trailer: Dictionary,
    pub(super) entries: BTreeMap<u32, Entry>,
    /// Its table and the hybrid stream it carries along disagree about an object: the table counts (7.5.8.4), but not every
    /// reader goes by it.
    pub is_ambiguous: bool,
    /// Where its cross-reference section begins.
    pub cross_reference: usize,
}

impl Revision {
    /// Numbers of the objects this revision names.
    pub fn numbers(&self) -> impl Iterator<Item = u32> + '_ {
        self.entries.keys().copied()
    }
}

/// Reads all revisions, the first one first.
///
/// # Errors
/// Anything that would make readers differ: no `%%EOF` at the very end, a section whose own end does not follow it,
/// `/Prev` that loops or runs forward, bytes that belong to no revision.
pub(super) fn revisions(bytes: &[u8]) -> Result<Vec<Revision>> {
    header(bytes)?;
    let sections = chain(bytes)?;
    let count = sections.len();
    let mut revisions: Vec<Revision> = Vec::with_capacity(count);
    for (index, mut section) in sections.into_iter().enumerate() {
        let begin = revisions.last().map_or(0, |revision| revision.extent.end);
        let known = |number: u32| {
            let mut newest_first = revisions.iter().rev();
            newest_first.find_map(|revision| revision.entries.get(&number).copied())
        };
        let is_carried = |offset: usize| {
            let named =
                |revision: &Revision| revision.trailer.integer("XRefStm") == i64::try_from(offset).ok();
            revisions.iter().any(named)
        };
        let is_ambiguous = section.0.join_hidden(is_carried, known)?;
        if let Some(previous) = revisions.last() {
            section.0.trailer.inherit(&previous.trailer);
        }
        let (mark, end) = tail(bytes, &section.0, section.1)?;
        if begin > section.0.start.min(section.1) {
            return Err(Error::malformed("PDF", "revisions overlap"));
        }
        if index + 1 == count && end != bytes.len() {
            return Err(Error::malformed("PDF", "bytes after the last revision"));
        }
        revisions.push(Revision {
            extent: begin..end,
            end_of_file_mark: mark,
            cross_reference: section.0.start,
            trailer: section.0.trailer,
            entries: section.0.entries,
            is_ambiguous,
        });
    }
    Ok(revisions)
}

fn header(bytes: &[u8]) -> Result<()> {
    match bytes {
        [b'%', b'P', b'D', b'F', b'-', b'1'..=b'2', b'.', b'0'..=b'9', ..] => Ok(()),
        _ => Err(Error::malformed("PDF", "no header at the first byte")),
    }
}

/// Sections from the oldest, each with the offset its `startxref` must name.
fn chain(bytes: &[u8]) -> Result<Vec<(Section, usize)>> {
    let mut sections = Vec::new();
    let mut seen = HashSet::new();
    let mut next = Some(last_start(bytes)?);
    let mut entries = 0;
    while let Some(start) = next {
        if !seen.insert(start) || sections.len() >= limits::REVISIONS {
            return Err(Error::malformed(
                "PDF",
                "cross-reference sections loop or are too many",
            ));
        }
        let section = xref::section(bytes, start).or_else(|error| {
            // A first revision alone: what follows it must stand exactly where it is said to.
            xref::near(bytes, start).map_err(|_| error)
        })?;
        entries += section.entries.len();
        if entries > limits::OBJECTS {
            return Err(Error::refused("PDF", "too many objects"));
        }
        next = xref::previous(&section.trailer)?;
        if let Some(previous) = next.filter(|previous| *previous > start) {
            let main = xref::section(bytes, previous)?;
            sections.push((linearized(bytes, section, main)?, start));
            break;
        }
        sections.push((section, start));
    }
    sections.reverse();
    Ok(sections)
}

/// The two sections of a linearised file are one revision (annex F): its first-page section stands before the main one.
fn linearized(bytes: &[u8], first_page: Section, main: Section) -> Result<Section> {
    let forward = || Error::malformed("PDF", "Prev points forward");
    let mut lexer = Lexer::in_file(bytes, 0);
    lexer.object_header().map_err(|_| forward())?;
    let parameters = lexer.dictionary().map_err(|_| forward())?;
    if parameters.get("Linearized").is_none() || xref::previous(&main.trailer)?.is_some() {
        return Err(forward());
    }
    let mut entries = main.entries;
    for (number, entry) in first_page.entries {
        match entries.insert(number, entry) {
            Some(old) if old != entry && old != Entry::Free && number != 0 => {
                return Err(Error::malformed(
                    "PDF",
                    format!("linearised sections disagree about object {number}"),
                ));
            }
            _ => {}
        }
    }
    Ok(Section {
        start: main.start,
        end: main.end,
        entries,
        trailer: first_page.trailer,
        hidden: first_page.hidden.or(main.hidden),
    })
}

/// The offset named by the last `startxref`, which must close the file.
fn last_start(bytes: &[u8]) -> Result<usize> {
    let fault = || Error::malformed("PDF", "the file does not end in startxref and %%EOF");
    let trimmed = trim_end(bytes)
        .strip_suffix(b"%%EOF")
        .map(trim_end)
        .ok_or_else(fault)?;
    let digits = trimmed
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let (rest, number) = trimmed.split_at(trimmed.len() - digits);
    trim_end(rest).strip_suffix(b"startxref").ok_or_else(fault)?;
    std::str::from_utf8(number)
        .ok()
        .and_then(|number| number.parse().ok())
        .ok_or_else(fault)
}

fn trim_end(bytes: &[u8]) -> &[u8] {
    let kept = bytes
        .iter()
        .rposition(|byte| !is_whitespace(*byte))
        .map_or(0, |last| last + 1);
    &bytes[..kept]
}

/// Where the revision of `section` ends: its `startxref` and `%%EOF` must follow at once.
fn tail(bytes: &[u8], section: &Section, expected: usize) -> Result<(usize, usize)> {
    let mut lexer = Lexer::in_file(bytes, section.end);
    lexer.skip_space();
    let fault = || {
        Error::malformed(
            "PDF",
            format!("the revision at byte {} has no end of its own", section.start),
        )
    };
    // Some writers repeat the trailer behind a cross-reference stream; it must not speak of another document.
    if lexer.keyword(b"trailer") {
        let trailer = lexer.dictionary()?;
        if ["Root", "Prev", "XRefStm", "Encrypt"]
            .iter()
            .any(|key| trailer.get(key).is_some())
        {
            return Err(fault());
        }
        lexer.skip_space();
    }
    if !lexer.keyword(b"startxref") {
        return Err(fault());
    }
    lexer.skip_blank();
    if lexer.digits()? != expected as u64 {
        return Err(fault());
    }
    lexer.skip_blank();
    let mark = lexer.position + b"%%EOF".len();
    if bytes.get(lexer.position..mark) != Some(b"%%EOF".as_slice()) {
        return Err(fault());
    }
    lexer.position = mark;
    lexer.skip_blank();
    Ok((mark, lexer.position))
}
