//! Objects that stand in an update without being named by its cross-references: no strict reader finds them, but one that
//! repairs a file takes whatever stands last, be it between other objects, in a stream or in a string.

use std::collections::HashSet;

use super::super::attack::Attack;
use crate::error::{Error, Result};
use crate::pdf::object::Reference;
use crate::pdf::reader::{Document, Place};

/// Fails where something that looks like the beginning of an object stands in revision `number` (counted from 0) at a place
/// that it does not name.
///
/// # Errors
/// The refusal.
pub(super) fn none(document: &Document<'_>, number: usize) -> Result<()> {
    let revision = &document.revisions()[number];
    let bytes = &document.bytes()[..revision.extent.end];
    let known: HashSet<usize> = named(document, number)
        .into_iter()
        .map(|offset| behind_space(bytes, offset))
        .collect();
    let mut position = revision.extent.start;
    while let Some(found) = next(&bytes[position..]) {
        let at = position + found;
        let begin = header(bytes, at).filter(|begin| *begin >= revision.extent.start);
        if let Some(begin) = begin.filter(|begin| !known.contains(begin)) {
            let what = format!("the object at byte {begin} stands in no cross-reference");
            return Err(Error::malformed("PDF", Attack::ParserDifferential.reason(what)));
        }
        position = at + MARK.len();
    }
    contained(document, number)
}

/// The same of objects inside the update's object streams.
fn contained(document: &Document<'_>, number: usize) -> Result<()> {
    let view = document.view(number);
    for reference in document.revisions()[number]
        .numbers()
        .filter_map(|number| view.reference_to(number))
    {
        let Place::Direct { offset } = view.place(reference) else {
            continue;
        };
        // Whoever uses an object that cannot be read says so.
        let is_container = view.object(reference).is_ok_and(|found| {
            let stream = found.object.as_stream();
            stream.is_some_and(|stream| stream.dictionary.name("Type") == Some(b"ObjStm"))
        });
        if !is_container {
            continue;
        }
        for (index, held) in (0..).zip(view.contained(reference.number)?) {
            let own = Reference {
                number: held,
                generation: 0,
            };
            if view.place(own) != (Place::Compressed { offset, index }) {
                let what = format!("object stream {reference} holds object {held}, which stands elsewhere");
                return Err(Error::malformed("PDF", Attack::ParserDifferential.reason(what)));
            }
        }
    }
    Ok(())
}

const MARK: &[u8] = b"obj";

/// Offsets of the objects that a revision names, its cross-reference streams among them.
fn named(document: &Document<'_>, number: usize) -> Vec<usize> {
    let revision = &document.revisions()[number];
    let view = document.view(number);
    let offset = |place| match place {
        Place::Direct { offset } => Some(offset),
        _ => None,
    };
    let references = revision.numbers().filter_map(|number| view.reference_to(number));
    let hidden = revision.trailer.integer("XRefStm");
    references
        .filter_map(|reference| offset(view.place(reference)))
        .chain(hidden.and_then(|offset| usize::try_from(offset).ok()))
        .chain([revision.cross_reference])
        .collect()
}

fn next(bytes: &[u8]) -> Option<usize> {
    bytes.windows(MARK.len()).position(|window| window == MARK)
}

/// Where the header "number generation obj" begins whose last word stands at `at`.
fn header(bytes: &[u8], at: usize) -> Option<usize> {
    let back = |end: usize, of: fn(u8) -> bool| {
        let kept = bytes[..end].iter().rposition(|byte| !of(*byte));
        let begin = kept.map_or(0, |last| last + 1);
        (begin < end).then_some(begin)
    };
    let digit = |byte: u8| byte.is_ascii_digit();
    let generation = back(back(at, is_space)?, digit)?;
    back(back(generation, is_space)?, digit)
}

fn behind_space(bytes: &[u8], offset: usize) -> usize {
    let rest = bytes.get(offset..).unwrap_or_default();
    offset + rest.iter().take_while(|byte| is_space(**byte)).count()
}

fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 0x0C | b'\r' | b' ')
}
