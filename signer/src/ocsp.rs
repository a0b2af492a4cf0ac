//! Online certificate status (RFC 6960): requests out, judged responses in.

use ::time::OffsetDateTime;

use crate::cms::AlgorithmIdentifier;
use crate::cms::ber::{self, Element, Reader, tag};
use crate::cms::{oid, time};
use crate::crl::ON_HOLD;
use crate::error::{Error, Result};
pub use crate::status::{News, Status};
use crate::x509::Certificate;
use crate::x509::algorithm::{self, Digest, earlier};

/// A request for the status of `certificate` (DER), issued by `issuer` (DER). Without a nonce: responders of the field
/// answer from a cache.
pub fn request(certificate: &[u8], issuer: &[u8]) -> Result<Vec<u8>> {
    let (certificate, issuer) = (Certificate::parse(certificate)?, Certificate::parse(issuer)?);
    let mut algorithm = ber::element(tag::OBJECT_IDENTIFIER, oid::SHA1);
    algorithm.extend_from_slice(&[5, 0]);
    let mut identifier = ber::element(tag::SEQUENCE, &algorithm);
    identifier.extend(ber::element(
        tag::OCTET_STRING,
        &Digest::Sha1.hash(&[&issuer.subject.der]),
    ));
    identifier.extend(ber::element(
        tag::OCTET_STRING,
        &Digest::Sha1.hash(&[issuer.public_key_bits()?]),
    ));
    identifier.extend(ber::element(tag::INTEGER, &certificate.serial));
    let mut request = ber::element(tag::SEQUENCE, &identifier);
    for _ in 0..4 {
        request = ber::element(tag::SEQUENCE, &request);
    }
    Ok(request)
}

/// The status of `certificate` at `moment` by `response` (both DER), whose signature and responder are checked.
///
/// # Errors
/// [`Error::Malformed`] for what is no response, [`Error::Refused`] where its signature or responder does not hold.
pub fn status(response: &[u8], certificate: &[u8], issuer: &[u8], moment: OffsetDateTime) -> Result<Status> {
    Response::parse(response)?.status(
        &Certificate::parse(certificate)?,
        &Certificate::parse(issuer)?,
        moment,
    )
}

/// A basic response.
#[derive(Debug, Clone)]
pub struct Response {
    signed: Vec<u8>,
    algorithm: AlgorithmIdentifier,
    signature: Vec<u8>,
    certificates: Vec<Certificate>,
    pub produced_at: OffsetDateTime,
    answers: Vec<Answer>,
    archive_cutoff: Option<OffsetDateTime>,
}

#[derive(Debug, Clone)]
struct Answer {
    digest: Vec<u8>,
    issuer_name: Vec<u8>,
    issuer_key: Vec<u8>,
    serial: Vec<u8>,
    status: Status,
    on_hold: bool,
    this_update: OffsetDateTime,
    next_update: Option<OffsetDateTime>,
    archive_cutoff: Option<OffsetDateTime>,
}

fn malformed(reason: &'static str) -> Error {
    Error::malformed("OCSP response", reason)
}

impl Response {
    /// Reads an OCSPResponse, or a BasicOCSPResponse as some CMS embed it.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let mut outer = Reader::new(bytes).expect(tag::SEQUENCE)?.inside();
        if outer.peek() != Some(tag::ENUMERATED) {
            return Self::basic(bytes);
        }
        if outer.expect(tag::ENUMERATED)?.content != [0] {
            return Err(malformed("the responder could not answer"));
        }
        let mut inner = outer.expect(0xA0)?.inside().expect(tag::SEQUENCE)?.inside();
        if inner.expect(tag::OBJECT_IDENTIFIER)?.content != oid::OCSP_BASIC {
            return Err(Error::unsupported("OCSP response", "its type"));
        }
        Self::basic(inner.expect(tag::OCTET_STRING)?.content)
    }

    fn basic(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(bytes).expect(tag::SEQUENCE)?.inside();
        let data = reader.expect(tag::SEQUENCE)?;
        let algorithm = AlgorithmIdentifier::parse(reader.expect(tag::SEQUENCE)?)?;
        let signature = algorithm::bit_string(&reader.expect(tag::BIT_STRING)?)?.to_vec();
        let mut certificates = Vec::new();
        if let Some(explicit) = reader.optional(0xA0)? {
            let mut items = explicit.inside().expect(tag::SEQUENCE)?.inside();
            while !items.is_empty() {
                certificates.push(Certificate::parse(items.any()?.raw)?);
            }
        }
        let mut fields = data.inside();
        fields.optional(0xA0)?;
        // The responder's name or key hash: the certificates say the same, proven.
        fields.any()?;
        let produced_at = moment(fields.any()?)?;
        let mut items = fields.expect(tag::SEQUENCE)?.inside();
        let mut answers = Vec::new();
        while !items.is_empty() {
            answers.push(Answer::parse(items.expect(tag::SEQUENCE)?)?);
        }
        let archive_cutoff = archive_cutoff(fields.optional(0xA1)?)?;
        Ok(Self {
            signed: data.raw.to_vec(),
            algorithm,
            signature,
            certificates,
            produced_at,
            answers,
            archive_cutoff,
        })
    }

    /// Certificates the response carries.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// As [`status`], with values.
    pub fn status(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        moment: OffsetDateTime,
    ) -> Result<Status> {
        let news = self.news(certificate, issuer)?;
        Ok(news.map_or(Status::Unknown, |news| news.at(certificate, moment)))
    }

    /// What the response says about `certificate`; `None` where it is about others.
    ///
    /// # Errors
    /// [`Error::Refused`] where its signature or responder does not hold.
    pub fn news(&self, certificate: &Certificate, issuer: &Certificate) -> Result<Option<News>> {
        let Some(answer) = self
            .answers
            .iter()
            .find(|answer| answer.is_about(certificate, issuer))
        else {
            return Ok(None);
        };
        let weak_from = self.authenticate(issuer)?;
        Ok(Some(News {
            status: answer.status.clone(),
            on_hold: answer.on_hold,
            issued: answer.this_update,
            next: answer.next_update,
            archived_from: answer.archive_cutoff.or(self.archive_cutoff),
            weak_from,
        }))
    }

    /// RFC 6960 section 4.2.2.2: the issuer itself, or a certificate it gave that purpose.
    fn authenticate(&self, issuer: &Certificate) -> Result<Option<OffsetDateTime>> {
        let delegates = self.certificates.iter().filter(|one| {
            one.has_purpose(oid::OCSP_SIGNING)
                && one.may_be_issued_by(issuer)
                && one.is_valid_at(self.produced_at)
                && one.is_signed_by(issuer).is_ok()
        });
        let signed = |one: &Certificate| {
            let digest = algorithm::verify(
                &one.public_key,
                &self.algorithm,
                None,
                &self.signed,
                &self.signature,
            );
            let digest = digest.ok()?;
            Some(earlier(
                digest.and_then(Digest::weak_from),
                one.public_key.weak_from(),
            ))
        };
        std::iter::once(issuer)
            .chain(delegates)
            .find_map(signed)
            .ok_or_else(|| Error::refused("OCSP response", "no authorised responder signed it"))
    }
}

impl Answer {
    fn parse(sequence: Element<'_>) -> Result<Self> {
        let mut reader = sequence.inside();
        let mut identifier = reader.expect(tag::SEQUENCE)?.inside();
        let digest = AlgorithmIdentifier::parse(identifier.expect(tag::SEQUENCE)?)?.algorithm;
        let issuer_name = identifier.expect(tag::OCTET_STRING)?.content.to_vec();
        let issuer_key = identifier.expect(tag::OCTET_STRING)?.content.to_vec();
        let serial = identifier.expect(tag::INTEGER)?.content.to_vec();
        let status = reader.any()?;
        let mut on_hold = false;
        let status = match status.tag {
            0x80 => Status::Good,
            0xA1 => {
                let mut revoked = status.inside();
                let at = moment(revoked.any()?)?;
                if let Some(reason) = revoked.optional(0xA0)? {
                    on_hold = reason.inside().expect(tag::ENUMERATED)?.content == [ON_HOLD];
                }
                Status::Revoked { at }
            }
            _ => Status::Unknown,
        };
        let this_update = moment(reader.expect(tag::GENERALIZED_TIME)?)?;
        let next_update = match reader.optional(0xA0)? {
            Some(explicit) => Some(moment(explicit.inside().any()?)?),
            None => None,
        };
        let archive_cutoff = archive_cutoff(reader.optional(0xA1)?)?;
        Ok(Self {
            digest,
            issuer_name,
            issuer_key,
            serial,
            status,
            on_hold,
            this_update,
            next_update,
            archive_cutoff,
        })
    }

    fn is_about(&self, certificate: &Certificate, issuer: &Certificate) -> bool {
        let (Ok(digest), Ok(key)) = (Digest::of(&self.digest), issuer.public_key_bits()) else {
            return false;
        };
        self.serial == certificate.serial
            && self.issuer_key == digest.hash(&[key])
            && (self.issuer_name == digest.hash(&[&issuer.subject.der])
                || self.issuer_name == digest.hash(&[&certificate.issuer.der]))
    }
}

fn moment(element: Element<'_>) -> Result<OffsetDateTime> {
    time::parse(&element).ok_or_else(|| malformed("a time"))
}

/// The archive cut-off among extensions (RFC 6960 section 4.4.4): of one answer, or of all.
fn archive_cutoff(extensions: Option<Element<'_>>) -> Result<Option<OffsetDateTime>> {
    let Some(explicit) = extensions else {
        return Ok(None);
    };
    let mut items = explicit.inside().expect(tag::SEQUENCE)?.inside();
    while !items.is_empty() {
        let mut extension = items.expect(tag::SEQUENCE)?.inside();
        let kind = extension.expect(tag::OBJECT_IDENTIFIER)?.content;
        extension.optional(tag::BOOLEAN)?;
        let value = extension.expect(tag::OCTET_STRING)?.content;
        if kind == oid::OCSP_ARCHIVE_CUTOFF {
            return moment(Reader::new(value).any()?).map(Some);
        }
    }
    Ok(None)
}
