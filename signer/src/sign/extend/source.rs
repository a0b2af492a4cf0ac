//! What a document offers itself: its signatures with their certificates, and its document security store.

use std::collections::HashSet;

use ::time::OffsetDateTime;

use crate::cms::{SignedData, TimeStamp};
use crate::error::{Error, Result};
use crate::limits;
use crate::pdf::object::{Dictionary, Object, Reference};
use crate::pdf::reader::{Document, View};
use crate::x509::Certificate;
use crate::x509::algorithm::Digest;

/// One signature or document time-stamp.
#[derive(Debug)]
pub(super) struct Subject {
    /// Its key in `/VRI`: SHA-1 of `/Contents` in upper-case hexadecimal (EN 319 142-1, 5.4.2.3).
    pub key: String,
    /// Its signer's certificate, and those of its time-stamps' signers.
    pub leaves: Vec<Certificate>,
    /// The time its own time-stamp states.
    pub time: Option<OffsetDateTime>,
    pub is_document_time_stamp: bool,
    /// Where its byte range ends.
    pub end: i64,
    /// The time of the first document time-stamp over it: what was known of it then is proven to have existed then.
    pub covered_at: Option<OffsetDateTime>,
}

/// Streams of the store with the DER they hold.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub certificates: Vec<(Reference, Vec<u8>)>,
    pub responses: Vec<(Reference, Vec<u8>)>,
    pub lists: Vec<(Reference, Vec<u8>)>,
}

/// What [`read`] finds.
#[derive(Default)]
pub(super) struct Read {
    pub subjects: Vec<Subject>,
    pub certificates: Vec<Certificate>,
    pub responses: Vec<Vec<u8>>,
    pub lists: Vec<Vec<u8>>,
    pub kept: Kept,
}

/// Reads the latest revision with the strict reader, whose judgement of the result decides later.
pub(super) fn read(document: &[u8], password: Option<&str>) -> Result<Read> {
    let document = Document::open(document, password)?;
    let view = document.latest();
    let mut read = Read::default();
    let kept = kept(view)?;
    for (_, der) in &kept.certificates {
        read.certificates.extend(Certificate::parse(der));
    }
    read.responses
        .extend(kept.responses.iter().map(|(_, der)| der.clone()));
    read.lists.extend(kept.lists.iter().map(|(_, der)| der.clone()));
    read.kept = kept;
    for signature in signatures(view)? {
        read.subject(&signature.contents, signature.end)?;
    }
    read.cover();
    if read.subjects.is_empty() {
        return Err(Error::refused("document", "it holds no signature to be extended"));
    }
    Ok(read)
}

impl Read {
    fn subject(&mut self, contents: &[u8], end: i64) -> Result<()> {
        let data = SignedData::parse(contents)?;
        let hash = Digest::Sha1.hash(&[contents]);
        let mut leaves = vec![self.leaf(&data)?];
        let mut time = TimeStamp::parse(contents).ok().map(|stamp| stamp.time);
        let is_document_time_stamp = time.is_some();
        for token in data.signer.time_stamps() {
            let stamp = TimeStamp::parse(token)?;
            leaves.push(self.leaf(&stamp.signed_data)?);
            time = Some(time.map_or(stamp.time, |known| known.min(stamp.time)));
        }
        self.subjects.push(Subject {
            key: hash.iter().map(|byte| format!("{byte:02X}")).collect(),
            leaves,
            time,
            is_document_time_stamp,
            end,
            covered_at: None,
        });
        Ok(())
    }

    fn cover(&mut self) {
        let stamps: Vec<_> = self
            .subjects
            .iter()
            .filter(|one| one.is_document_time_stamp)
            .filter_map(|one| Some((one.end, one.time?)))
            .collect();
        for subject in &mut self.subjects {
            let over = stamps.iter().filter(|(end, _)| *end > subject.end);
            subject.covered_at = over.map(|(_, time)| *time).min();
        }
    }

    /// The signer's certificate; all that came with it may stand between.
    fn leaf(&mut self, data: &SignedData) -> Result<Certificate> {
        let embedded: Vec<Certificate> = data
            .certificates
            .iter()
            .filter_map(|der| Certificate::parse(der).ok())
            .collect();
        self.certificates.extend(embedded.iter().cloned());
        self.responses.extend(data.ocsp_responses.iter().cloned());
        self.lists.extend(data.revocation_lists.iter().cloned());
        if let Ok((lists, responses)) = data.signer.adobe_revocation() {
            self.lists.extend(lists);
            self.responses.extend(responses);
        }
        let is_signer = |one: &&Certificate| match &data.signer.identifier {
            crate::cms::SignerIdentifier::IssuerAndSerial { issuer, serial } => {
                one.issuer.der == *issuer && one.serial == *serial
            }
            crate::cms::SignerIdentifier::SubjectKeyIdentifier(identifier) => {
                one.subject_key_identifier.as_ref() == Some(identifier)
            }
        };
        let found = embedded.iter().chain(&self.certificates).find(is_signer).cloned();
        found.ok_or_else(|| Error::refused("validation data", "a signer's certificate cannot be had"))
    }
}

/// `/Contents` of a signature, and where its byte range ends.
struct Signature {
    contents: Vec<u8>,
    end: i64,
}

/// Every signature, in the order of the fields.
fn signatures(view: View<'_>) -> Result<Vec<Signature>> {
    let (_, catalog) = view.catalog()?;
    let Object::Dictionary(form) = view.value(&catalog, "AcroForm")? else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    let mut open = vec![view.value(&form, "Fields")?];
    while let Some(Object::Array(items)) = open.pop() {
        for item in items {
            if item.as_reference().is_some_and(|item| !seen.insert(item)) || seen.len() > limits::FIELDS {
                return Err(Error::malformed("form", "its fields do not make a tree"));
            }
            let Object::Dictionary(field) = view.resolve(&item)? else {
                continue;
            };
            if let Object::Dictionary(value) = view.value(&field, "V")? {
                found.extend(signature(view, &value)?);
            }
            if let kids @ Object::Array(_) = view.value(&field, "Kids")? {
                open.push(kids);
            }
        }
    }
    Ok(found)
}

fn signature(view: View<'_>, value: &Dictionary) -> Result<Option<Signature>> {
    let Object::Array(range) = view.value(value, "ByteRange")? else {
        return Ok(None);
    };
    let numbers: Vec<i64> = range.iter().filter_map(Object::as_integer).collect();
    let contents = value.get("Contents").and_then(Object::as_text);
    Ok(match (contents, &numbers[..]) {
        (Some(contents), [.., start, length]) => Some(Signature {
            contents: contents.bytes.clone(),
            end: start.saturating_add(*length),
        }),
        _ => None,
    })
}

fn kept(view: View<'_>) -> Result<Kept> {
    let (_, catalog) = view.catalog()?;
    let Object::Dictionary(store) = view.value(&catalog, "DSS")? else {
        return Ok(Kept::default());
    };
    Ok(Kept {
        certificates: streams(view, &store, "Certs")?,
        responses: streams(view, &store, "OCSPs")?,
        lists: streams(view, &store, "CRLs")?,
    })
}

fn streams(view: View<'_>, store: &Dictionary, key: &str) -> Result<Vec<(Reference, Vec<u8>)>> {
    let mut found = Vec::new();
    if let Object::Array(items) = view.value(store, key)? {
        for reference in items.iter().filter_map(Object::as_reference) {
            if let Object::Stream(stream) = &view.object(reference)?.object {
                found.push((reference, view.decode(stream)?.into_owned()));
            }
        }
    }
    Ok(found)
}
