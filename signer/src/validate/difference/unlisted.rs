//! Objects that stand in an update without being named by its cross-references: no strict reader finds them, but one that
//! repairs a file takes whatever stands last.

use std::ops::Range;

use super::super::attack::Attack;
use crate::error::{Error, Result};
use crate::pdf::reader::{Document, Place};

/// Fails where revision `number` (counted from 0) holds an object between those it names.
///
/// # Errors
/// The refusal, and whatever makes an object of the revision unreadable.
pub(super) fn none(document: &Document<'_>, number: usize) -> Result<()> {
    let revision = &document.revisions()[number];
    let mut known = named(document, number)?;
    let hidden = revision.trailer.integer("XRefStm");
    known.push(revision.cross_reference..revision.extent.end);
    known.sort_by_key(|range| range.start);
    let mut position = revision.extent.start;
    for range in known {
        let gap = position..range.start.max(position);
        let is_hybrid = hidden.is_some_and(|at| usize::try_from(at).is_ok_and(|at| gap.contains(&at)));
        if objects(&document.bytes()[gap.clone()]) > usize::from(is_hybrid) {
            let what = format!(
                "an object at byte {} or behind it stands in no cross-reference",
                gap.start
            );
            return Err(Error::malformed("PDF", Attack::ParserDifferential.reason(what)));
        }
        position = position.max(range.end);
    }
    Ok(())
}

/// Where the objects stand that a revision names and holds.
fn named(document: &Document<'_>, number: usize) -> Result<Vec<Range<usize>>> {
    let revision = &document.revisions()[number];
    let view = document.view(number);
    let mut found = Vec::new();
    for reference in revision.numbers().filter_map(|number| view.reference_to(number)) {
        if !matches!(view.place(reference), Place::Direct { .. }) {
            continue;
        }
        // An offset may name white space before its object, which belongs to the revision before.
        let object = view.object(reference)?;
        if object.end > revision.extent.start && object.offset < revision.extent.end {
            found.push(object.offset..object.end);
        }
    }
    Ok(found)
}

/// How many objects begin in what lies between others; comments do not count.
fn objects(gap: &[u8]) -> usize {
    let lines = gap.split(|byte| matches!(byte, b'\r' | b'\n'));
    let code = lines.map(|line| line.split(|byte| *byte == b'%').next().unwrap_or_default());
    code.map(|line| {
        let ends = line.windows(6).filter(|window| window == b"endobj").count();
        let all = line.windows(3).filter(|window| window == b"obj").count();
        all - ends
    })
    .sum()
}
