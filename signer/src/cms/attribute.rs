//! Signed and unsigned attributes, and what the ones known here say (RFC 5652 section 11).

use ::time::OffsetDateTime;

use super::ber::{Element, Reader, tag};
use super::signed_data::{AlgorithmIdentifier, Evidence, SignerInfo, malformed};
use super::{oid, time};
use crate::error::Result;

/// An attribute with its values, DER each.
#[derive(Debug, Clone)]
pub struct Attribute {
    pub kind: Vec<u8>,
    pub values: Vec<Vec<u8>>,
}

/// The certificate named by an ESS attribute (RFC 5035).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateHash {
    /// Object identifier of the digest.
    pub algorithm: Vec<u8>,
    pub hash: Vec<u8>,
    /// Serial number of the issuer-serial, where given.
    pub serial: Option<Vec<u8>>,
}

impl SignerInfo {
    /// The one value of a signed attribute.
    pub fn signed(&self, kind: &[u8]) -> Result<Option<&[u8]>> {
        match self
            .signed_attributes
            .iter()
            .find(|attribute| attribute.kind == kind)
            .map(|found| &*found.values)
        {
            None => Ok(None),
            Some([value]) => Ok(Some(value)),
            Some(_) => Err(malformed("a signed attribute without exactly one value")),
        }
    }

    pub fn message_digest(&self) -> Result<Option<Vec<u8>>> {
        let Some(value) = self.signed(oid::MESSAGE_DIGEST)? else {
            return Ok(None);
        };
        Ok(Some(
            Reader::new(value).expect(tag::OCTET_STRING)?.content.to_vec(),
        ))
    }

    pub fn content_type(&self) -> Result<Option<Vec<u8>>> {
        let Some(value) = self.signed(oid::CONTENT_TYPE)? else {
            return Ok(None);
        };
        Ok(Some(
            Reader::new(value)
                .expect(tag::OBJECT_IDENTIFIER)?
                .content
                .to_vec(),
        ))
    }

    /// The time the signer claims.
    pub fn signing_time(&self) -> Result<Option<OffsetDateTime>> {
        let Some(value) = self.signed(oid::SIGNING_TIME)? else {
            return Ok(None);
        };
        Ok(time::parse(&Reader::new(value).any()?))
    }

    /// Digest and signature algorithm under protection (RFC 6211).
    pub fn algorithm_protection(&self) -> Result<Option<(AlgorithmIdentifier, Option<AlgorithmIdentifier>)>> {
        let Some(value) = self.signed(oid::ALGORITHM_PROTECTION)? else {
            return Ok(None);
        };
        let mut reader = Reader::new(value).expect(tag::SEQUENCE)?.inside();
        let digest = AlgorithmIdentifier::parse(reader.expect(tag::SEQUENCE)?)?;
        let signature = match reader.optional(0xA1)? {
            Some(element) => Some(AlgorithmIdentifier::parse(element)?),
            None => None,
        };
        Ok(Some((digest, signature)))
    }

    /// The signer's certificate by its hash: the first of signing-certificate-v2, else of signing-certificate.
    pub fn certificate_hash(&self) -> Result<Option<CertificateHash>> {
        if let Some(value) = self.signed(oid::SIGNING_CERTIFICATE_V2)? {
            return certificate_hash(value, true).map(Some);
        }
        self.signed(oid::SIGNING_CERTIFICATE)?
            .map(|value| certificate_hash(value, false))
            .transpose()
    }

    /// Signature time-stamp tokens (EN 319 122-1 clause 5.3), DER each.
    pub fn time_stamps(&self) -> impl Iterator<Item = &[u8]> {
        self.unsigned_attributes
            .iter()
            .filter(|attribute| attribute.kind == oid::SIGNATURE_TIME_STAMP)
            .flat_map(|attribute| attribute.values.iter().map(Vec::as_slice))
    }

    /// All values of a signed attribute, DER each.
    pub fn values<'s>(&'s self, kind: &'s [u8]) -> impl Iterator<Item = &'s [u8]> {
        self.signed_attributes
            .iter()
            .filter(move |attribute| attribute.kind == kind)
            .flat_map(|attribute| attribute.values.iter().map(Vec::as_slice))
    }

    /// OCSP responses and CRLs of Adobe's signed attribute: `{ [0] CRLs, [1] OCSP responses }`, both optional.
    pub fn adobe_revocation(&self) -> Result<Evidence> {
        let (mut lists, mut responses) = Evidence::default();
        let values = self
            .signed_attributes
            .iter()
            .filter(|attribute| attribute.kind == oid::ADOBE_REVOCATION)
            .flat_map(|attribute| &attribute.values);
        let mut parts = Vec::new();
        for value in values {
            let mut reader = Reader::new(value).expect(tag::SEQUENCE)?.inside();
            while !reader.is_empty() {
                parts.push(reader.any()?);
            }
        }
        for part in parts {
            let into = match part.tag {
                0xA0 => &mut lists,
                0xA1 => &mut responses,
                _ => continue,
            };
            let mut items = part.inside().any()?.inside();
            while !items.is_empty() {
                into.push(items.any()?.raw.to_vec());
            }
        }
        Ok((lists, responses))
    }
}

/// What a verdict rests on, and whatever ETSI defines (0.4.0).
fn is_standard(kind: &[u8]) -> bool {
    let decisive = [
        oid::CONTENT_TYPE,
        oid::MESSAGE_DIGEST,
        oid::SIGNING_TIME,
        oid::ALGORITHM_PROTECTION,
        oid::SIGNING_CERTIFICATE,
        oid::SIGNING_CERTIFICATE_V2,
    ];
    decisive.contains(&kind) || kind.starts_with(&[0x04, 0x00])
}

/// Of the signed attributes of CMS and CAdES each kind stands once with one value (RFC 5652 section 11, EN 319 122-1
/// clause 5); others decide nothing here and follow rules of their own.
pub(super) fn attributes(set: Element<'_>, once: bool) -> Result<Vec<Attribute>> {
    let mut reader = set.inside();
    let mut found: Vec<Attribute> = Vec::new();
    while !reader.is_empty() {
        let mut attribute = reader.expect(tag::SEQUENCE)?.inside();
        let kind = attribute.expect(tag::OBJECT_IDENTIFIER)?.content.to_vec();
        let once = once && is_standard(&kind);
        if once && found.iter().any(|other| other.kind == kind) {
            return Err(malformed("a signed attribute stands twice"));
        }
        let mut items = attribute.expect(tag::SET)?.inside();
        let mut values = Vec::new();
        while !items.is_empty() {
            values.push(items.any()?.raw.to_vec());
        }
        if once && values.len() != 1 {
            return Err(malformed("a signed attribute without exactly one value"));
        }
        found.push(Attribute { kind, values });
    }
    Ok(found)
}

pub(super) fn in_order(set: Element<'_>) -> bool {
    let mut reader = set.inside();
    let mut last: &[u8] = &[];
    while let Ok(element) = reader.any() {
        if element.raw < last {
            return false;
        }
        last = element.raw;
    }
    true
}

fn certificate_hash(value: &[u8], second: bool) -> Result<CertificateHash> {
    let mut certificates = Reader::new(value)
        .expect(tag::SEQUENCE)?
        .inside()
        .expect(tag::SEQUENCE)?
        .inside();
    let mut first = certificates.expect(tag::SEQUENCE)?.inside();
    let algorithm = match first.optional(tag::SEQUENCE)? {
        Some(algorithm) if second => AlgorithmIdentifier::parse(algorithm)?.algorithm,
        Some(_) => return Err(malformed("an algorithm in signing-certificate")),
        None if second => oid::SHA256.to_vec(),
        None => oid::SHA1.to_vec(),
    };
    let hash = first.expect(tag::OCTET_STRING)?.content.to_vec();
    let serial = match first.optional(tag::SEQUENCE)? {
        None => None,
        Some(issuer_serial) => {
            let mut reader = issuer_serial.inside();
            reader.expect(tag::SEQUENCE)?;
            reader
                .optional(tag::INTEGER)?
                .map(|serial| serial.content.to_vec())
        }
    };
    Ok(CertificateHash {
        algorithm,
        hash,
        serial,
    })
}
