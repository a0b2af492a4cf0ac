//! A file that lacks nothing but its signature value, as whoever holds the key reads it: by the rules of the verifier.

use super::field;
use super::format::{self, SubFilter};
use super::report::{Coverage, Kind};
use crate::error::{Error, Result};
use crate::pdf::reader::Document;

/// The one place of a file that waits for its signature.
#[derive(Debug)]
pub(crate) struct Waiting<'d> {
    /// All bytes of the file but the room left for the signature.
    pub parts: [&'d [u8]; 2],
}

/// Finds the field whose signature dictionary is laid out and empty; it must cover the whole file.
///
/// # Errors
/// *Malformed* documents and byte ranges; *refused*: no such field or several, one that leaves bytes uncovered, a signature
/// of another kind than PAdES.
pub(crate) fn waiting(document: &[u8]) -> Result<Waiting<'_>> {
    let opened = Document::open(document, None)?;
    let latest = opened.latest();
    let mut found = Vec::new();
    for field in field::fields(latest)?
        .into_iter()
        .filter(|field| field.is_signature)
    {
        if latest.resolve(&field.value)?.is_null() {
            continue;
        }
        let signed = format::laid_out(&opened, latest, &field)?;
        if signed.is_empty() {
            found.push(signed);
        }
    }
    let refused = |reason: &'static str| Error::refused("document", reason);
    let [signed] = <[_; 1]>::try_from(found)
        .map_err(|_| refused("there is not exactly one place that waits for a signature"))?;
    if signed.kind != Kind::Signature || signed.sub_filter != SubFilter::Cades {
        return Err(refused("what waits is no PAdES signature"));
    }
    if signed.coverage != Coverage::WholeFile || signed.covered_bytes != document.len() as u64 {
        return Err(refused("the signature would not cover the whole file"));
    }
    Ok(Waiting {
        parts: signed.covered.parts(),
    })
}
