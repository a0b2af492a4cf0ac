//! SignedData and its one SignerInfo (RFC 5652 section 5).

use ::time::OffsetDateTime;

use super::ber::{self, Element, Reader, tag};
use super::{oid, time};
use crate::error::{Error, Result};
use crate::limits;

/// A SignedData with exactly one signer.
#[derive(Debug, Clone)]
pub struct SignedData {
    pub content_type: Vec<u8>,
    /// The encapsulated content; `None` for a detached signature.
    pub content: Option<Vec<u8>>,
    /// Digest algorithms named by the outer set.
    pub digest_algorithms: Vec<Vec<u8>>,
    /// Certificates, DER, as embedded.
    pub certificates: Vec<Vec<u8>>,
    pub revocation_lists: Vec<Vec<u8>>,
    pub ocsp_responses: Vec<Vec<u8>>,
    pub signer: SignerInfo,
    /// Whether lengths were definite throughout.
    pub definite: bool,
}

/// RFC 5652 section 5.3.
#[derive(Debug, Clone)]
pub struct SignerInfo {
    pub identifier: SignerIdentifier,
    pub digest_algorithm: AlgorithmIdentifier,
    /// The signed attributes as a SET, byte for byte as they stand: what is signed. `None` where there are none.
    pub signed_bytes: Option<Vec<u8>>,
    pub signed_attributes: Vec<Attribute>,
    pub unsigned_attributes: Vec<Attribute>,
    pub signature_algorithm: AlgorithmIdentifier,
    pub signature: Vec<u8>,
    /// Whether the signed attributes stand in DER's order.
    pub in_order: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignerIdentifier {
    /// Issuer's name (DER) and serial number (content bytes).
    IssuerAndSerial {
        issuer: Vec<u8>,
        serial: Vec<u8>,
    },
    SubjectKeyIdentifier(Vec<u8>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlgorithmIdentifier {
    pub algorithm: Vec<u8>,
    /// DER of the parameters; `None` where absent.
    pub parameters: Option<Vec<u8>>,
}

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

fn malformed(reason: &'static str) -> Error {
    Error::malformed("CMS", reason)
}

impl SignedData {
    /// Reads a ContentInfo. Behind it only zeros may stand, the padding of `/Contents`.
    ///
    /// # Errors
    /// [`Error::Malformed`], and [`Error::Refused`] beyond [`limits::CMS_BYTES`].
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        if bytes.len() > limits::CMS_BYTES {
            return Err(Error::refused("CMS", "too long"));
        }
        let (element, length) = ber::definite(bytes)?;
        if bytes[length..].iter().any(|byte| *byte != 0) {
            return Err(malformed("data after the element"));
        }
        let definite = matches!(element, std::borrow::Cow::Borrowed(_));
        let mut info = Reader::new(&element).expect(tag::SEQUENCE)?.inside();
        if info.expect(tag::OBJECT_IDENTIFIER)?.content != oid::SIGNED_DATA {
            return Err(malformed("no SignedData"));
        }
        let mut explicit = info.expect(0xA0)?.inside();
        let body = explicit.expect(tag::SEQUENCE)?;
        explicit.end()?;
        info.end()?;
        Self::body(body, definite)
    }

    fn body(body: Element<'_>, definite: bool) -> Result<Self> {
        let mut reader = body.inside();
        reader.expect(tag::INTEGER)?;
        let digest_algorithms = algorithms(reader.expect(tag::SET)?)?;
        let (content_type, content) = encapsulated(reader.expect(tag::SEQUENCE)?)?;
        let certificates = certificates(reader.optional(0xA0)?)?;
        let (revocation_lists, ocsp_responses) = revocation(reader.optional(0xA1)?)?;
        let mut signers = reader.expect(tag::SET)?.inside();
        let signer = SignerInfo::parse(
            signers
                .expect(tag::SEQUENCE)
                .map_err(|_| malformed("no SignerInfo"))?,
        )?;
        if !signers.is_empty() {
            return Err(malformed("more than one SignerInfo"));
        }
        reader.end()?;
        Ok(Self {
            content_type,
            content,
            digest_algorithms,
            certificates,
            revocation_lists,
            ocsp_responses,
            signer,
            definite,
        })
    }
}

fn algorithms(set: Element<'_>) -> Result<Vec<Vec<u8>>> {
    let mut reader = set.inside();
    let mut found = Vec::new();
    while !reader.is_empty() {
        found.push(AlgorithmIdentifier::parse(reader.expect(tag::SEQUENCE)?)?.algorithm);
    }
    Ok(found)
}

fn encapsulated(sequence: Element<'_>) -> Result<(Vec<u8>, Option<Vec<u8>>)> {
    let mut reader = sequence.inside();
    let kind = reader.expect(tag::OBJECT_IDENTIFIER)?.content.to_vec();
    let content = match reader.optional(0xA0)? {
        None => None,
        // PKCS #7 1.5 allowed any type here; the octets are its content.
        Some(explicit) => Some(explicit.inside().any()?.content.to_vec()),
    };
    Ok((kind, content))
}

fn certificates(set: Option<Element<'_>>) -> Result<Vec<Vec<u8>>> {
    let Some(set) = set else { return Ok(Vec::new()) };
    let mut reader = set.inside();
    let mut found = Vec::new();
    while !reader.is_empty() {
        let element = reader.any()?;
        // Attribute certificates and the like say nothing about the signer's key.
        if element.tag == tag::SEQUENCE {
            found.push(element.raw.to_vec());
        }
        if found.len() > limits::CERTIFICATES {
            return Err(Error::refused("CMS", "too many certificates"));
        }
    }
    Ok(found)
}

type Evidence = (Vec<Vec<u8>>, Vec<Vec<u8>>);

fn revocation(set: Option<Element<'_>>) -> Result<Evidence> {
    let Some(set) = set else {
        return Ok(Evidence::default());
    };
    let mut reader = set.inside();
    let (mut lists, mut responses) = Evidence::default();
    while !reader.is_empty() {
        let element = reader.any()?;
        if element.tag == tag::SEQUENCE {
            lists.push(element.raw.to_vec());
        } else if element.tag == 0xA1 {
            let mut other = element.inside();
            if other.expect(tag::OBJECT_IDENTIFIER)?.content == oid::OCSP_RESPONSE {
                responses.push(other.expect(tag::SEQUENCE)?.raw.to_vec());
            }
        }
    }
    Ok((lists, responses))
}

impl AlgorithmIdentifier {
    pub fn parse(sequence: Element<'_>) -> Result<Self> {
        let mut reader = sequence.inside();
        let algorithm = reader.expect(tag::OBJECT_IDENTIFIER)?.content.to_vec();
        let parameters = if reader.is_empty() {
            None
        } else {
            Some(reader.any()?.raw.to_vec())
        };
        reader.end()?;
        Ok(Self {
            algorithm,
            parameters,
        })
    }
}

impl SignerInfo {
    fn parse(sequence: Element<'_>) -> Result<Self> {
        let mut reader = sequence.inside();
        reader.expect(tag::INTEGER)?;
        let identifier = SignerIdentifier::parse(&mut reader)?;
        let digest_algorithm = AlgorithmIdentifier::parse(reader.expect(tag::SEQUENCE)?)?;
        let signed = reader.optional(0xA0)?;
        let signature_algorithm = AlgorithmIdentifier::parse(reader.expect(tag::SEQUENCE)?)?;
        let signature = reader.expect(tag::OCTET_STRING)?.content.to_vec();
        let unsigned = reader.optional(0xA1)?;
        reader.end()?;
        let signed_attributes = signed.map_or_else(|| Ok(Vec::new()), |set| attributes(set, true))?;
        Ok(Self {
            identifier,
            digest_algorithm,
            signed_bytes: signed.map(|set| ber::element(tag::SET, set.content)),
            signed_attributes,
            unsigned_attributes: unsigned.map_or_else(|| Ok(Vec::new()), |set| attributes(set, false))?,
            signature_algorithm,
            signature,
            in_order: signed.is_none_or(in_order),
        })
    }

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

impl SignerIdentifier {
    fn parse(reader: &mut Reader<'_>) -> Result<Self> {
        let element = reader.any()?;
        match element.tag {
            tag::SEQUENCE => {
                let mut inside = element.inside();
                let issuer = inside.expect(tag::SEQUENCE)?.raw.to_vec();
                let serial = integer(inside.expect(tag::INTEGER)?.content)?.to_vec();
                Ok(Self::IssuerAndSerial { issuer, serial })
            }
            0x80 => Ok(Self::SubjectKeyIdentifier(element.content.to_vec())),
            _ => Err(malformed("unknown signer identifier")),
        }
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
fn attributes(set: Element<'_>, once: bool) -> Result<Vec<Attribute>> {
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

/// An INTEGER in its shortest form, the only one BER knows (X.690, 8.3.2): others are read differently.
pub(crate) fn integer(content: &[u8]) -> Result<&[u8]> {
    match content {
        [] | [0, 0..=0x7F, ..] | [0xFF, 0x80..=0xFF, ..] => Err(Error::malformed(
            "ASN.1",
            "an integer with leading octets it does not need",
        )),
        shortest => Ok(shortest),
    }
}

fn in_order(set: Element<'_>) -> bool {
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
