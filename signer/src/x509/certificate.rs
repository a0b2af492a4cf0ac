//! A certificate, read once into plain values.

use std::collections::HashSet;

use ::time::OffsetDateTime;
use x509_parser::extensions::{DistributionPointName, GeneralName, ParsedExtension};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::algorithm::{self, Digest, PublicKey};
use super::constraint::{AlternativeName, NameConstraints, PolicyRules, alternative_names};
use super::name::Name;
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
    pub alternative_names: Vec<AlternativeName>,
    pub name_constraints: Option<NameConstraints>,
    pub policy_rules: PolicyRules,
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
            alternative_names: Vec::new(),
            name_constraints: None,
            policy_rules: PolicyRules::default(),
            signed: signed.raw.to_vec(),
            signature_algorithm,
            signature,
            der: der.to_vec(),
        };
        let mut seen = HashSet::new();
        for extension in parsed.extensions() {
            // RFC 5280 section 4.2: each one once.
            if !seen.insert(extension.oid.as_bytes()) {
                return Err(fault(&"an extension stands twice"));
            }
            certificate.extension(extension);
            certificate.constraint(extension);
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
            // Read by `constraint`.
            _ if CONSTRAINTS.contains(&extension.oid.as_bytes()) => {}
            _ if extension.oid.to_id_string() == "1.3.6.1.5.5.7.48.1.5" => self.ocsp_no_check = true,
            _ if extension.critical => self.unknown_critical = Some(extension.oid.to_id_string()),
            _ => {}
        }
    }

    /// What the path's rules read by themselves: an extension that they cannot read stays one they do not know.
    fn constraint(&mut self, extension: &x509_parser::extensions::X509Extension<'_>) {
        let value = extension.value;
        let read = match extension.oid.as_bytes() {
            SUBJECT_ALTERNATIVE_NAME => alternative_names(value).map(|names| self.alternative_names = names),
            NAME_CONSTRAINTS => {
                NameConstraints::read(value).map(|constraints| self.name_constraints = Some(constraints))
            }
            CERTIFICATE_POLICIES => self.policy_rules.read_policies(value),
            POLICY_MAPPINGS => self.policy_rules.read_mappings(value),
            POLICY_CONSTRAINTS => self.policy_rules.read_constraints(value),
            INHIBIT_ANY_POLICY => self.policy_rules.read_inhibition(value),
            _ => Ok(()),
        };
        if read.is_err() {
            self.unknown_critical = Some(extension.oid.to_id_string());
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

/// Extensions of id-ce (2.5.29).
const SUBJECT_ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1D, 17];
const NAME_CONSTRAINTS: &[u8] = &[0x55, 0x1D, 30];
const CERTIFICATE_POLICIES: &[u8] = &[0x55, 0x1D, 32];
const POLICY_MAPPINGS: &[u8] = &[0x55, 0x1D, 33];
const POLICY_CONSTRAINTS: &[u8] = &[0x55, 0x1D, 36];
const INHIBIT_ANY_POLICY: &[u8] = &[0x55, 0x1D, 54];
const CONSTRAINTS: [&[u8]; 6] = [
    SUBJECT_ALTERNATIVE_NAME,
    NAME_CONSTRAINTS,
    CERTIFICATE_POLICIES,
    POLICY_MAPPINGS,
    POLICY_CONSTRAINTS,
    INHIBIT_ANY_POLICY,
];

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
