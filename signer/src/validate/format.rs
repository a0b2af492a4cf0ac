//! The signature dictionary and what its byte range covers (ISO 32000-2, 12.8.1).

use super::attack::Attack;
use super::covered::Covered;
use super::field::{Field, no_duplicates};
use super::report::{Coverage, Kind};
use crate::error::{Error, Result};
use crate::pdf::object::{Dictionary, Object};
use crate::pdf::reader::{Document, View};

/// A signature whose dictionary and byte range hold.
#[derive(Debug)]
pub(super) struct Signed<'d> {
    pub(super) dictionary: Dictionary,
    pub(super) kind: Kind,
    pub(super) sub_filter: SubFilter,
    /// The bytes before and behind `/Contents`.
    pub(super) covered: Covered<'d>,
    /// The CMS with its padding.
    pub(super) contents: Vec<u8>,
    /// Counted from 0.
    pub(super) revision: usize,
    pub(super) coverage: Coverage,
    pub(super) covered_bytes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SubFilter {
    /// ETSI.CAdES.detached.
    Cades,
    /// adbe.pkcs7.detached.
    Detached,
    /// adbe.pkcs7.sha1: the CMS carries the SHA-1 of the bytes.
    Sha1,
    /// ETSI.RFC3161.
    TimeStamp,
}

/// Examines the value of a signed field; `None` for one that was prepared and never signed.
///
/// # Errors
/// As [`laid_out`].
pub(super) fn examine<'d>(
    document: &Document<'d>,
    latest: View<'_>,
    field: &Field,
) -> Result<Option<Signed<'d>>> {
    let signed = laid_out(document, latest, field)?;
    Ok((!signed.is_empty()).then_some(signed))
}

impl Signed<'_> {
    /// Nothing but zeros stand where the byte range leaves room.
    pub(super) fn is_empty(&self) -> bool {
        self.contents.iter().all(|byte| *byte == 0)
    }
}

/// Examines the value of a field, whether its room for a signature is filled or not.
///
/// # Errors
/// Each with the rule that is broken; the caller reports it as FORMAT_FAILURE.
pub(super) fn laid_out<'d>(document: &Document<'d>, latest: View<'_>, field: &Field) -> Result<Signed<'d>> {
    let fault = |reason: &'static str| Error::malformed("signature", Attack::UniversalForgery.reason(reason));
    let moved = |reason: &'static str| Error::malformed("signature", Attack::ByteRange.reason(reason));
    let Object::Dictionary(dictionary) = latest.resolve(&field.value)? else {
        return Err(fault("the field's value is no signature dictionary"));
    };
    no_duplicates(&dictionary, "a signature dictionary")?;
    let (kind, sub_filter) = kinds(&dictionary)?;
    let [start, before, after, length] = byte_range(latest, &dictionary)?;
    let contents = dictionary.get("Contents").and_then(Object::as_text);
    let contents = contents.ok_or_else(|| fault("no Contents string in the dictionary itself"))?;
    let span = contents.span.clone().filter(|_| contents.hexadecimal);
    let span = span.ok_or_else(|| fault("Contents is no hexadecimal string of the file"))?;
    if start != 0 {
        return Err(moved("ByteRange does not begin at the first byte"));
    }
    if before != span.start || after != span.end {
        return Err(moved(
            "the gap of ByteRange is not exactly this dictionary's Contents",
        ));
    }
    let bytes = document.bytes();
    let end = after.checked_add(length).filter(|end| *end <= bytes.len());
    let end = end.ok_or_else(|| moved("ByteRange ends beyond the file"))?;
    let revision = document
        .revisions()
        .iter()
        .position(|revision| (revision.end_of_file_mark..=revision.extent.end).contains(&end))
        .ok_or_else(|| moved("ByteRange ends inside a revision"))?;
    if !document.revisions()[revision].extent.contains(&span.start) {
        return Err(moved("the signature does not stand in the revision it covers"));
    }
    let last = revision + 1 == document.revisions().len();
    Ok(Signed {
        kind,
        sub_filter,
        covered: Covered::of_file([&bytes[..before], &bytes[after..end]]),
        contents: contents.bytes.clone(),
        revision,
        coverage: if last {
            Coverage::WholeFile
        } else {
            Coverage::WholeRevision
        },
        covered_bytes: end as u64,
        dictionary,
    })
}

fn kinds(dictionary: &Dictionary) -> Result<(Kind, SubFilter)> {
    let kind = match dictionary.name("Type") {
        Some(b"DocTimeStamp") => Some(Kind::DocumentTimeStamp),
        Some(b"Sig") | None => None,
        Some(_) => {
            return Err(Error::malformed(
                "signature",
                "Type is neither Sig nor DocTimeStamp",
            ));
        }
    };
    let sub_filter = match dictionary.name("SubFilter") {
        Some(b"ETSI.CAdES.detached") => SubFilter::Cades,
        // The second one is ICP-Brasil's name for the same (DOC-ICP-15.03).
        Some(b"adbe.pkcs7.detached" | b"PBAD.PAdES") => SubFilter::Detached,
        Some(b"adbe.pkcs7.sha1") => SubFilter::Sha1,
        Some(b"ETSI.RFC3161") => return Ok((Kind::DocumentTimeStamp, SubFilter::TimeStamp)),
        Some(other) => {
            let name = String::from_utf8_lossy(other).into_owned();
            let reason = Attack::UniversalForgery.reason(format!("unknown SubFilter {name}"));
            return Err(Error::malformed("signature", reason));
        }
        None => {
            let reason = Attack::UniversalForgery.reason("no SubFilter");
            return Err(Error::malformed("signature", reason));
        }
    };
    Ok((kind.unwrap_or(Kind::Signature), sub_filter))
}

fn byte_range(view: View<'_>, dictionary: &Dictionary) -> Result<[usize; 4]> {
    let fault = || {
        let reason = "ByteRange is not four non-negative integers";
        Error::malformed("signature", Attack::UniversalForgery.reason(reason))
    };
    let Object::Array(items) = view.value(dictionary, "ByteRange")? else {
        return Err(fault());
    };
    let numbers: Option<Vec<usize>> = items
        .iter()
        .map(|item| item.as_integer().and_then(|value| usize::try_from(value).ok()))
        .collect();
    numbers
        .and_then(|numbers| <[usize; 4]>::try_from(numbers).ok())
        .ok_or_else(fault)
}
