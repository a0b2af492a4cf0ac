//! The one signature that another program has put behind a file, before anybody decides whether to take it.

use super::cryptography;
use super::difference::{self, Finding};
use super::field;
use super::format::{self, SubFilter};
use super::report::{Coverage, Kind};
use crate::cms::SignedData;
use crate::error::{Error, Result};
use crate::pdf::reader::Document;

/// A signature that was added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    /// Fully qualified name of its field.
    pub field: String,
    /// DER: the signer's own, then the others that stand beside the signature, in no order.
    pub certificates: Vec<Vec<u8>>,
}

/// What was added to `given`, if that is one signature and nothing else: the file begins with `given` byte for byte and has one
/// revision more, in which by the verifier's whitelist one field was signed, and filled no other; the signature covers the whole
/// file, and its mathematics hold. Whose certificate that is, and whether anybody trusts it, is for whoever asks.
///
/// # Errors
/// *Malformed* files and signatures; *refused*: anything else was changed.
pub fn added_signature(given: &[u8], document: &[u8]) -> Result<Added> {
    let refused = |reason: String| Error::refused("document", reason);
    if document.len() <= given.len() || !document.starts_with(given) {
        return Err(refused(
            "it does not continue the file that was given out".to_owned(),
        ));
    }
    let before = Document::open(given, None)?.revisions().len();
    let opened = Document::open(document, None)?;
    if opened.revisions().len() != before + 1 || opened.revisions()[before].extent.start < given.len() {
        return Err(refused("it has not exactly one revision more".to_owned()));
    }
    let mut signed = Vec::new();
    for finding in difference::step(&opened, before) {
        match finding {
            Finding::Signed(name) => signed.push(name),
            Finding::FieldAdded { .. } | Finding::Evidence(_) | Finding::Unused(_) => {}
            other => return Err(refused(format!("more than a signature was added: {other:?}"))),
        }
    }
    let [name] = <[String; 1]>::try_from(signed)
        .map_err(|names| refused(format!("{} fields were signed in the place of one", names.len())))?;
    let latest = opened.latest();
    let field = field::fields(latest)?
        .into_iter()
        .find(|field| field.name == name)
        .ok_or_else(|| refused("the signed field is not there".to_owned()))?;
    let found = format::examine(&opened, latest, &field)?;
    let found = found.ok_or_else(|| refused("the signature is empty".to_owned()))?;
    let covers = found.coverage == Coverage::WholeFile && found.covered_bytes == document.len() as u64;
    if found.kind != Kind::Signature || !covers {
        return Err(refused("the signature does not cover the whole file".to_owned()));
    }
    if found.sub_filter == SubFilter::Sha1 {
        return Err(refused("the signature is over SHA-1".to_owned()));
    }
    let data = SignedData::parse(&found.contents)?;
    let checked = cryptography::check(&data, found.sub_filter, &found.covered, &[]);
    let own = checked
        .map_err(|(_, reason)| Error::refused("signature", reason))?
        .certificate
        .der;
    let others = data.certificates.iter().filter(|der| **der != own).cloned();
    Ok(Added {
        field: name,
        certificates: std::iter::once(own.clone()).chain(others).collect(),
    })
}
