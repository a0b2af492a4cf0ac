//! Certificate revocation lists (RFC 5280 section 5).

use ::time::OffsetDateTime;

use crate::cms::AlgorithmIdentifier;
use crate::cms::ber::{Element, Reader, tag};
use crate::cms::time;
use crate::error::{Error, Result};
pub use crate::ocsp::Status;
use crate::x509::algorithm;
use crate::x509::{Certificate, Name};

/// The status of `certificate` at `moment` by `list` (both DER), which `issuer` must have signed.
///
/// # Errors
/// [`Error::Malformed`] for what is no list, [`Error::Refused`] where the issuer did not sign it.
pub fn status(list: &[u8], certificate: &[u8], issuer: &[u8], moment: OffsetDateTime) -> Result<Status> {
    let (certificate, issuer) = (Certificate::parse(certificate)?, Certificate::parse(issuer)?);
    List::parse(list)?.status(&certificate, &issuer, moment)
}

/// A list; its entries stay bytes until one is looked for, since lists of the field hold 100,000 and more.
#[derive(Debug, Clone)]
pub struct List {
    signed: Vec<u8>,
    algorithm: AlgorithmIdentifier,
    signature: Vec<u8>,
    issuer: Name,
    this_update: OffsetDateTime,
    next_update: Option<OffsetDateTime>,
    entries: Vec<u8>,
    scope: Scope,
}

/// Which certificates a list speaks of (RFC 5280 section 5.2.5).
#[derive(Debug, Clone, Default)]
struct Scope {
    /// An unknown critical extension, or a list of changes, of some reasons, of other issuers: not read by this crate.
    beyond: bool,
    users_alone: bool,
    authorities_alone: bool,
    /// Where the list is published; a certificate it speaks of names one of these addresses. Empty: not said.
    addresses: Vec<Vec<u8>>,
}

fn moment(element: Element<'_>) -> Result<OffsetDateTime> {
    time::parse(&element).ok_or_else(|| Error::malformed("CRL", "a time"))
}

fn is_time(kind: Option<u8>) -> bool {
    matches!(kind, Some(tag::UTC_TIME | tag::GENERALIZED_TIME))
}

impl List {
    /// Reads a list.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let mut outer = Reader::new(bytes).expect(tag::SEQUENCE)?.inside();
        let signed = outer.expect(tag::SEQUENCE)?;
        let algorithm = AlgorithmIdentifier::parse(outer.expect(tag::SEQUENCE)?)?;
        let signature = algorithm::bit_string(&outer.expect(tag::BIT_STRING)?)?.to_vec();
        let mut fields = signed.inside();
        fields.optional(tag::INTEGER)?;
        fields.expect(tag::SEQUENCE)?;
        let issuer = Name::parse(fields.expect(tag::SEQUENCE)?.raw)?;
        let this_update = moment(fields.any()?)?;
        let next_update = if is_time(fields.peek()) {
            Some(moment(fields.any()?)?)
        } else {
            None
        };
        let entries = fields
            .optional(tag::SEQUENCE)?
            .map(|entries| entries.content.to_vec());
        let scope = match fields.optional(0xA0)? {
            Some(explicit) => Scope::read(explicit.inside().expect(tag::SEQUENCE)?)?,
            None => Scope::default(),
        };
        Ok(Self {
            signed: signed.raw.to_vec(),
            algorithm,
            signature,
            issuer,
            this_update,
            next_update,
            entries: entries.unwrap_or_default(),
            scope,
        })
    }

    /// As [`status`], with values.
    pub fn status(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        at: OffsetDateTime,
    ) -> Result<Status> {
        if self.issuer != issuer.subject || certificate.issuer != issuer.subject {
            return Ok(Status::Unknown);
        }
        let allowed = issuer.key_usage.is_none_or(|usage| usage.list_sign);
        let key = &issuer.public_key;
        if !allowed || algorithm::verify(key, &self.algorithm, None, &self.signed, &self.signature).is_err() {
            return Err(Error::refused("CRL", "its issuer did not sign it"));
        }
        let mut entries = Reader::new(&self.entries);
        while !entries.is_empty() {
            let mut entry = entries.expect(tag::SEQUENCE)?.inside();
            if entry.expect(tag::INTEGER)?.content == certificate.serial {
                return Ok(Status::Revoked {
                    at: moment(entry.any()?)?,
                });
            }
        }
        let fresh = self.next_update.is_none_or(|next| at <= next) || at <= self.this_update;
        Ok(if fresh && self.scope.covers(certificate) {
            Status::Good
        } else {
            Status::Unknown
        })
    }
}

impl Scope {
    fn read(extensions: Element<'_>) -> Result<Self> {
        let mut scope = Self::default();
        let mut reader = extensions.inside();
        while !reader.is_empty() {
            let mut extension = reader.expect(tag::SEQUENCE)?.inside();
            let kind = extension.expect(tag::OBJECT_IDENTIFIER)?.content;
            let critical = extension
                .optional(tag::BOOLEAN)?
                .is_some_and(|critical| critical.content != [0]);
            let value = extension.expect(tag::OCTET_STRING)?.content;
            if kind == ISSUING_DISTRIBUTION_POINT {
                scope.point(value)?;
            } else if critical {
                scope.beyond = true;
            }
        }
        Ok(scope)
    }

    fn point(&mut self, value: &[u8]) -> Result<()> {
        let mut reader = Reader::new(value).expect(tag::SEQUENCE)?.inside();
        while !reader.is_empty() {
            let field = reader.any()?;
            let set = field.content != [0];
            match field.tag {
                0xA0 => self.name(&field)?,
                0x81 => self.users_alone = set,
                0x82 => self.authorities_alone = set,
                // Some reasons alone, an indirect list, attribute certificates.
                _ => self.beyond |= field.tag == 0x83 || set,
            }
        }
        Ok(())
    }

    /// `DistributionPointName`: addresses of its full name; a name relative to the issuer is not read.
    fn name(&mut self, field: &Element<'_>) -> Result<()> {
        let choice = field.inside().any()?;
        if choice.tag != 0xA0 {
            self.beyond = true;
            return Ok(());
        }
        let mut names = choice.inside();
        while !names.is_empty() {
            let name = names.any()?;
            if name.tag == UNIFORM_RESOURCE_IDENTIFIER {
                self.addresses.push(name.content.to_vec());
            }
        }
        self.beyond |= self.addresses.is_empty();
        Ok(())
    }

    /// RFC 5280 section 6.3.3 (b)(2).
    fn covers(&self, certificate: &Certificate) -> bool {
        let is_authority = certificate.authority.is_some();
        let others_alone = if is_authority {
            self.users_alone
        } else {
            self.authorities_alone
        };
        if self.beyond || others_alone {
            return false;
        }
        let published = &certificate.locations.revocation_lists;
        let named = |address: &Vec<u8>| published.iter().any(|one| one.as_bytes() == address);
        self.addresses.is_empty() || self.addresses.iter().any(named)
    }
}

/// id-ce-issuingDistributionPoint (2.5.29.28).
const ISSUING_DISTRIBUTION_POINT: &[u8] = &[0x55, 0x1D, 28];

/// A `GeneralName` of that kind.
const UNIFORM_RESOURCE_IDENTIFIER: u8 = 0x86;
