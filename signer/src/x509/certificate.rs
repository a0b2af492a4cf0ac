//! A certificate, read once into plain values.

use ::time::OffsetDateTime;
use x509_parser::extensions::{DistributionPointName, GeneralName, ParsedExtension};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::algorithm::{self, Digest, PublicKey};
use crate::cms::AlgorithmIdentifier;
use crate::cms::ber::{Reader, tag};
use crate::cms::oid;
use crate::error::{Error, Result};

/// A certificate (RFC 5280 section 4).
#[derive(Debug, Clone)]
pub struct Certificate {
    pub der: Vec<u8>,
    pub subject: Name,
    pub issuer: Name,
    /// Content bytes of the INTEGER.
    pub serial: Vec<u8>,
    pub not_before: OffsetDateTime,
    pub not_after: OffsetDateTime,
    pub public_key: PublicKey,
    /// DER of the SubjectPublicKeyInfo.
    pub public_key_information: Vec<u8>,
    pub key_usage: Option<KeyUsage>,
    /// Object identifiers of the extended key usages; `None` without the extension.
    pub extended_key_usage: Option<Vec<Vec<u8>>>,
    /// `Some(limit)` for a certification authority.
    pub authority: Option<Option<u32>>,
    pub subject_key_identifier: Option<Vec<u8>>,
    pub authority_key_identifier: Option<Vec<u8>>,
    /// A critical extension this crate does not process.
    pub unknown_critical: Option<String>,
    /// id-pkix-ocsp-nocheck (RFC 6960 section 4.2.2.2.1).
    pub ocsp_no_check: bool,
    pub locations: Locations,
    signed: Vec<u8>,
    signature_algorithm: AlgorithmIdentifier,
    signature: Vec<u8>,
}

/// The key usages that decide something here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KeyUsage {
    pub digital_signature: bool,
    pub non_repudiation: bool,
    pub certificate_sign: bool,
    pub list_sign: bool,
}

/// Where a certificate says that answers about it are found. They come from strangers: fetch through an allow-list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Locations {
    pub ocsp: Vec<String>,
    pub revocation_lists: Vec<String>,
    pub issuers: Vec<String>,
}

/// A distinguished name: its DER and what it says.
#[derive(Debug, Clone)]
pub struct Name {
    pub der: Vec<u8>,
    /// Attribute types with their values folded for comparison.
    folded: Vec<(Vec<u8>, String)>,
    /// As people write it.
    pub text: String,
    pub common_name: Option<String>,
    pub organisation: Option<String>,
}

impl PartialEq for Name {
    /// RFC 5280 section 7.1, in short: the same bytes, or the same values after folding case and white space.
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der || (!self.folded.is_empty() && self.folded == other.folded)
    }
}

impl Name {
    /// Reads the DER of a Name.
    pub fn parse(der: &[u8]) -> Result<Self> {
        let mut sets = Reader::new(der).expect(tag::SEQUENCE)?.inside();
        let mut name = Self {
            der: der.to_vec(),
            folded: Vec::new(),
            text: String::new(),
            common_name: None,
            organisation: None,
        };
        while !sets.is_empty() {
            let mut attributes = sets.expect(tag::SET)?.inside();
            while !attributes.is_empty() {
                let mut attribute = attributes.expect(tag::SEQUENCE)?.inside();
                let kind = attribute.expect(tag::OBJECT_IDENTIFIER)?.content;
                let value = attribute.any()?;
                name.add(kind, &string(value.tag, value.content));
            }
        }
        Ok(name)
    }

    fn add(&mut self, kind: &[u8], value: &str) {
        let label = match kind {
            [0x55, 4, 3] => {
                self.common_name = Some(value.to_owned());
                "CN".to_owned()
            }
            [0x55, 4, 10] => {
                self.organisation = Some(value.to_owned());
                "O".to_owned()
            }
            [0x55, 4, 6] => "C".to_owned(),
            [0x55, 4, 7] => "L".to_owned(),
            [0x55, 4, 8] => "ST".to_owned(),
            [0x55, 4, 11] => "OU".to_owned(),
            [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 9, 1] => "E".to_owned(),
            other => crate::cms::ber::dotted(other),
        };
        if !self.text.is_empty() {
            self.text.push_str(", ");
        }
        self.text.push_str(&format!("{label}={value}"));
        let folded = value
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .to_lowercase();
        self.folded.push((kind.to_vec(), folded));
    }
}

/// A directory string of any kind (X.520): UTF-8, BMPString, UniversalString, or one byte a character.
fn string(kind: u8, content: &[u8]) -> String {
    match kind {
        0x1E => {
            let units = content
                .chunks_exact(2)
                .map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            char::decode_utf16(units)
                .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect()
        }
        _ => match std::str::from_utf8(content) {
            Ok(text) => text.to_owned(),
            Err(_) => content.iter().map(|byte| char::from(*byte)).collect(),
        },
    }
}

impl Certificate {
    /// Reads a certificate.
    ///
    /// # Errors
    /// [`Error::Malformed`]; extensions this crate does not know are no error here but one of its path.
    pub fn parse(der: &[u8]) -> Result<Self> {
        let fault = |error: &dyn std::fmt::Display| Error::malformed("certificate", error.to_string());
        let (rest, parsed) = X509Certificate::from_der(der).map_err(|error| fault(&error))?;
        if !rest.is_empty() {
            return Err(fault(&"data behind it"));
        }
        let mut outer = Reader::new(der).expect(tag::SEQUENCE)?.inside();
        let signed = outer.expect(tag::SEQUENCE)?;
        let signature_algorithm = AlgorithmIdentifier::parse(outer.expect(tag::SEQUENCE)?)?;
        let signature = algorithm::bit_string(&outer.expect(tag::BIT_STRING)?)?.to_vec();
        let information = parsed.public_key().raw.to_vec();
        let mut certificate = Self {
            subject: Name::parse(parsed.subject().as_raw())?,
            issuer: Name::parse(parsed.issuer().as_raw())?,
            serial: crate::cms::integer(parsed.raw_serial())?.to_vec(),
            not_before: parsed.validity().not_before.to_datetime(),
            not_after: parsed.validity().not_after.to_datetime(),
            public_key: PublicKey::parse(&information)?,
            public_key_information: information,
            key_usage: None,
            extended_key_usage: None,
            authority: None,
            subject_key_identifier: None,
            authority_key_identifier: None,
            unknown_critical: None,
            ocsp_no_check: false,
            locations: Locations::default(),
            signed: signed.raw.to_vec(),
            signature_algorithm,
            signature,
            der: der.to_vec(),
        };
        for extension in parsed.extensions() {
            certificate.extension(extension);
        }
        Ok(certificate)
    }

    fn extension(&mut self, extension: &x509_parser::extensions::X509Extension<'_>) {
        match extension.parsed_extension() {
            ParsedExtension::BasicConstraints(constraints) => {
                self.authority = constraints.ca.then_some(constraints.path_len_constraint);
            }
            ParsedExtension::KeyUsage(usage) => {
                self.key_usage = Some(KeyUsage {
                    digital_signature: usage.digital_signature(),
                    non_repudiation: usage.non_repudiation(),
                    certificate_sign: usage.key_cert_sign(),
                    list_sign: usage.crl_sign(),
                });
            }
            ParsedExtension::ExtendedKeyUsage(_) => self.extended_key_usage = Some(purposes(extension.value)),
            ParsedExtension::SubjectKeyIdentifier(identifier) => {
                self.subject_key_identifier = Some(identifier.0.to_vec());
            }
            ParsedExtension::AuthorityKeyIdentifier(identifier) => {
                self.authority_key_identifier = identifier.key_identifier.as_ref().map(|key| key.0.to_vec());
            }
            ParsedExtension::AuthorityInfoAccess(access) => {
                for description in access.iter() {
                    let GeneralName::URI(uri) = &description.access_location else {
                        continue;
                    };
                    match description.access_method.to_id_string().as_str() {
                        "1.3.6.1.5.5.7.48.1" => self.locations.ocsp.push((*uri).to_owned()),
                        "1.3.6.1.5.5.7.48.2" => self.locations.issuers.push((*uri).to_owned()),
                        _ => {}
                    }
                }
            }
            ParsedExtension::CRLDistributionPoints(points) => {
                for point in points.iter() {
                    let Some(DistributionPointName::FullName(names)) = &point.distribution_point else {
                        continue;
                    };
                    for name in names {
                        if let GeneralName::URI(uri) = name {
                            self.locations.revocation_lists.push((*uri).to_owned());
                        }
                    }
                }
            }
            ParsedExtension::CertificatePolicies(_) | ParsedExtension::SubjectAlternativeName(_) => {}
            _ if extension.oid.to_id_string() == "1.3.6.1.5.5.7.48.1.5" => self.ocsp_no_check = true,
            _ if extension.critical => self.unknown_critical = Some(extension.oid.to_id_string()),
            _ => {}
        }
    }

    pub fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }

    pub fn is_valid_at(&self, moment: OffsetDateTime) -> bool {
        self.not_before <= moment && moment <= self.not_after
    }

    pub fn has_purpose(&self, purpose: &[u8]) -> bool {
        self.extended_key_usage
            .as_ref()
            .is_some_and(|found| found.iter().any(|one| one == purpose))
    }

    /// SHA-256 of the DER.
    pub fn fingerprint(&self) -> Vec<u8> {
        Digest::Sha256.hash(&[&self.der])
    }

    /// Whether `issuer`'s key signed this certificate.
    ///
    /// # Errors
    /// As [`algorithm::verify`].
    pub fn is_signed_by(&self, issuer: &Certificate) -> Result<Option<Digest>, algorithm::Failure> {
        algorithm::verify(
            &issuer.public_key,
            &self.signature_algorithm,
            None,
            &self.signed,
            &self.signature,
        )
    }

    /// Whether names and key identifiers allow `issuer` to be the issuer; its signature is not looked at.
    pub fn may_be_issued_by(&self, issuer: &Certificate) -> bool {
        let keys = self
            .authority_key_identifier
            .as_ref()
            .zip(issuer.subject_key_identifier.as_ref());
        self.issuer == issuer.subject && keys.is_none_or(|(wanted, found)| wanted == found)
    }

    /// The octets of the public key, as OCSP hashes them.
    pub fn public_key_bits(&self) -> Result<&[u8]> {
        let mut reader = Reader::new(&self.public_key_information)
            .expect(tag::SEQUENCE)?
            .inside();
        reader.expect(tag::SEQUENCE)?;
        algorithm::bit_string(&reader.expect(tag::BIT_STRING)?)
    }
}

fn purposes(value: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    if let Ok(sequence) = Reader::new(value).expect(tag::SEQUENCE) {
        let mut reader = sequence.inside();
        while let Ok(purpose) = reader.expect(tag::OBJECT_IDENTIFIER) {
            found.push(purpose.content.to_vec());
        }
    }
    found
}

/// Where answers about a certificate (DER) are found.
pub fn locations(certificate: &[u8]) -> Result<Locations> {
    Ok(Certificate::parse(certificate)?.locations)
}

/// Extended key usages that let a key sign responses or time-stamps.
pub(crate) fn purpose_of(purpose: super::path::Purpose) -> Option<&'static [u8]> {
    match purpose {
        super::path::Purpose::Signature => None,
        super::path::Purpose::TimeStamp => Some(oid::TIME_STAMPING),
        super::path::Purpose::Ocsp => Some(oid::OCSP_SIGNING),
    }
}
