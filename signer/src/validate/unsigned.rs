//! Files without a signature that counts: never signed, only prepared, or robbed of what they had.

use super::field::{self, Field};
use super::report::{Report, Verdict};
use crate::pdf::reader::Document;

/// A file without a signature now: it never had one, or a later revision took it away, which is a forgery.
/// `prepared` are the fields that only wait for one.
pub(super) fn without_signatures(document: &Document<'_>, prepared: &[String]) -> Report {
    let signed_once = (0..document.latest().revision()).any(|revision| {
        let view = document.view(revision);
        let is_signed = |field: &Field| {
            field.is_signature
                && !prepared.contains(&field.name)
                && view.resolve(&field.value).is_ok_and(|value| !value.is_null())
        };
        field::fields(view).is_ok_and(|fields| fields.iter().any(is_signed))
    });
    if !signed_once {
        return Report::without_signatures();
    }
    Report {
        verdict: Verdict::TotalFailed,
        ..Report::malformed("a later revision takes the signatures away")
    }
}

/// Whether no revision of a document has a signature field with a value.
pub(super) fn has_none(document: &Document<'_>) -> bool {
    (0..document.revisions().len()).all(|revision| {
        let view = document.view(revision);
        let is_empty = |field: &Field| {
            !field.is_signature || view.resolve(&field.value).is_ok_and(|value| value.is_null())
        };
        field::fields(view).is_ok_and(|fields| fields.iter().all(is_empty))
    })
}

/// Whether the clear bytes of a file name a signature anywhere: its dictionary cannot stand in an object stream, since the
/// place of `/Contents` counts.
pub(super) fn mentions_signature(bytes: &[u8]) -> bool {
    const NAMES: [&[u8]; 3] = [b"ByteRange", b"SubFilter", b"DocTimeStamp"];
    let names = bytes
        .split(|byte| *byte == b'/')
        .skip(1)
        .map(|name| &name[..name.len().min(40)]);
    names.map(unescaped).any(|name| {
        let ends = |wanted: &[u8]| !name.get(wanted.len()).is_some_and(u8::is_ascii_alphanumeric);
        NAMES
            .iter()
            .any(|wanted| name.starts_with(wanted) && ends(wanted))
    })
}

/// A name with its `#xx` undone (ISO 32000-2, 7.3.5).
fn unescaped(name: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(name.len());
    let mut rest = name;
    while let [first, tail @ ..] = rest {
        let code = (*first == b'#').then(|| tail.get(..2)).flatten();
        let code = code.and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        plain.push(code.unwrap_or(*first));
        rest = if code.is_some() { &tail[2..] } else { tail };
    }
    plain
}
