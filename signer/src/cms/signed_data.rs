//! SignedData and its one SignerInfo (RFC 5652 section 5).

use super::attribute::{Attribute, attributes, in_order};
use super::ber::{self, Element, Reader, tag};
use super::oid;
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

pub(super) fn malformed(reason: &'static str) -> Error {
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

pub(super) type Evidence = (Vec<Vec<u8>>, Vec<Vec<u8>>);

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
