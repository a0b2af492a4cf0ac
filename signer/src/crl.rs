//! Certificate revocation lists (RFC 5280 section 5).

use ::time::OffsetDateTime;

use crate::cms::AlgorithmIdentifier;
use crate::cms::ber::{Element, Reader, tag};
use crate::cms::time;
use crate::error::{Error, Result};
pub use crate::status::{News, Status};
use crate::x509::algorithm::{self, Digest, earlier};
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
    /// Its entries may be of other issuers' certificates.
    indirect: bool,
    /// Where the list is published; a certificate it speaks of names one of these addresses. Empty: not said.
    addresses: Vec<Vec<u8>>,
    /// Certificates that expired since then are listed too.
    expired_since: Option<OffsetDateTime>,
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
        let news = self.news(certificate, issuer)?;
        Ok(news.map_or(Status::Unknown, |news| news.at(certificate, at)))
    }

    /// What the list says about `certificate`; `None` where it is another issuer's.
    ///
    /// # Errors
    /// [`Error::Refused`] where the issuer did not sign it.
    pub fn news(&self, certificate: &Certificate, issuer: &Certificate) -> Result<Option<News>> {
        if self.issuer != issuer.subject || certificate.issuer != issuer.subject {
            return Ok(None);
        }
        let weak_from = self.authenticate(issuer)?;
        let (status, on_hold) = match self.entry(certificate)? {
            Some(_) if self.scope.indirect => (Status::Unknown, false),
            Some(Entry { reason: REMOVED, .. }) => (Status::Unknown, false),
            Some(entry) => (Status::Revoked { at: entry.at }, entry.reason == ON_HOLD),
            None if self.scope.covers(certificate) => (Status::Good, false),
            None => (Status::Unknown, false),
        };
        Ok(Some(News {
            status,
            on_hold,
            issued: self.this_update,
            next: self.next_update,
            archived_from: self.scope.expired_since,
            weak_from,
        }))
    }

    fn authenticate(&self, issuer: &Certificate) -> Result<Option<OffsetDateTime>> {
        let allowed = issuer.key_usage.is_none_or(|usage| usage.list_sign);
        let key = &issuer.public_key;
        match algorithm::verify(key, &self.algorithm, None, &self.signed, &self.signature) {
            Ok(digest) if allowed => Ok(earlier(digest.and_then(Digest::weak_from), key.weak_from())),
            _ => Err(Error::refused("CRL", "its issuer did not sign it")),
        }
    }

    fn entry(&self, certificate: &Certificate) -> Result<Option<Entry>> {
        let mut entries = Reader::new(&self.entries);
        while !entries.is_empty() {
            let mut entry = entries.expect(tag::SEQUENCE)?.inside();
            if entry.expect(tag::INTEGER)?.content != certificate.serial {
                continue;
            }
            let mut found = Entry {
                at: moment(entry.any()?)?,
                reason: UNSPECIFIED,
            };
            if let Some(extensions) = entry.optional(tag::SEQUENCE)? {
                each_extension(extensions, |kind, _, value| {
                    if kind == REASON_CODE {
                        let reason = Reader::new(value).expect(tag::ENUMERATED)?.content;
                        found.reason = reason.last().copied().unwrap_or(UNSPECIFIED);
                    }
                    Ok(())
                })?;
            }
            return Ok(Some(found));
        }
        Ok(None)
    }
}

/// An entry of a list.
struct Entry {
    at: OffsetDateTime,
    /// `CRLReason`.
    reason: u8,
}

/// `CRLReason` (RFC 5280 section 5.3.1).
const UNSPECIFIED: u8 = 0;
pub(crate) const ON_HOLD: u8 = 6;
const REMOVED: u8 = 8;

/// Calls `with` for each extension: its identifier, whether it is critical, its value.
fn each_extension(
    extensions: Element<'_>,
    mut with: impl FnMut(&[u8], bool, &[u8]) -> Result<()>,
) -> Result<()> {
    let mut reader = extensions.inside();
    while !reader.is_empty() {
        let mut extension = reader.expect(tag::SEQUENCE)?.inside();
        let kind = extension.expect(tag::OBJECT_IDENTIFIER)?.content;
        let critical = extension
            .optional(tag::BOOLEAN)?
            .is_some_and(|critical| critical.content != [0]);
        with(kind, critical, extension.expect(tag::OCTET_STRING)?.content)?;
    }
    Ok(())
}

impl Scope {
    fn read(extensions: Element<'_>) -> Result<Self> {
        let mut scope = Self::default();
        each_extension(extensions, |kind, critical, value| {
            match kind {
                ISSUING_DISTRIBUTION_POINT => scope.point(value)?,
                EXPIRED_CERTIFICATES_ON_LIST => {
                    scope.expired_since = Some(moment(Reader::new(value).any()?)?)
                }
                _ => scope.beyond |= critical,
            }
            Ok(())
        })?;
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
                0x84 => self.indirect = set,
                // Some reasons alone, attribute certificates.
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
        if self.beyond || self.indirect || others_alone {
            return false;
        }
        let published = &certificate.locations.revocation_lists;
        let named = |address: &Vec<u8>| published.iter().any(|one| one.as_bytes() == address);
        self.addresses.is_empty() || self.addresses.iter().any(named)
    }
}

/// id-ce-issuingDistributionPoint (2.5.29.28).
const ISSUING_DISTRIBUTION_POINT: &[u8] = &[0x55, 0x1D, 28];

/// id-ce-expiredCertsOnCRL (2.5.29.60).
const EXPIRED_CERTIFICATES_ON_LIST: &[u8] = &[0x55, 0x1D, 60];

/// id-ce-cRLReasons (2.5.29.21).
const REASON_CODE: &[u8] = &[0x55, 0x1D, 21];

/// A `GeneralName` of that kind.
const UNIFORM_RESOURCE_IDENTIFIER: u8 = 0x86;
