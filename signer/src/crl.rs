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
    /// A critical extension: a list of part of the certificates or of changes alone, which this crate does not read.
    partial: bool,
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
        let partial = match fields.optional(0xA0)? {
            Some(explicit) => has_critical(explicit.inside().expect(tag::SEQUENCE)?)?,
            None => false,
        };
        Ok(Self {
            signed: signed.raw.to_vec(),
            algorithm,
            signature,
            issuer,
            this_update,
            next_update,
            entries: entries.unwrap_or_default(),
            partial,
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
        Ok(if fresh && !self.partial {
            Status::Good
        } else {
            Status::Unknown
        })
    }
}

fn has_critical(extensions: Element<'_>) -> Result<bool> {
    let mut reader = extensions.inside();
    while !reader.is_empty() {
        let mut extension = reader.expect(tag::SEQUENCE)?.inside();
        extension.expect(tag::OBJECT_IDENTIFIER)?;
        if extension
            .optional(tag::BOOLEAN)?
            .is_some_and(|critical| critical.content != [0])
        {
            return Ok(true);
        }
    }
    Ok(false)
}
