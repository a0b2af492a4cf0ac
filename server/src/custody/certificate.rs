//! What a certificate says, and whether a key may sign under it now.

use hoian_signer::crl;
use hoian_signer::error::Error as SignerError;
use hoian_signer::ocsp::{self, Status};
use hoian_signer::x509::Certificate;
use ring::digest;
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::Custody;
use super::error::{Error, Result};

/// A certificate as rows and people know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    pub subject: String,
    pub issuer: String,
    /// Upper-case hexadecimal.
    pub serial: String,
    pub not_before: OffsetDateTime,
    pub not_after: OffsetDateTime,
    /// It may sign other certificates.
    pub is_authority: bool,
    /// SHA-256 of the DER, lower-case hexadecimal.
    pub fingerprint: String,
}

impl Facts {
    /// Reads a certificate in DER.
    ///
    /// # Errors
    /// Not one certificate and nothing else.
    pub fn of(der: &[u8]) -> Result<Facts> {
        let certificate = parse(der)?;
        Ok(Facts {
            subject: certificate.subject().to_string(),
            issuer: certificate.issuer().to_string(),
            serial: hex::encode_upper(certificate.raw_serial()),
            not_before: certificate.validity().not_before.to_datetime(),
            not_after: certificate.validity().not_after.to_datetime(),
            is_authority: certificate.is_ca(),
            fingerprint: hex::encode(digest::digest(&digest::SHA256, der)),
        })
    }
}

impl Custody {
    /// Whether a key with this chain (its own certificate first) may sign now.
    ///
    /// # Errors
    /// Expired, not yet valid, or revoked. [`Status::Unknown`] is no refusal: the state's responders are out of reach for
    /// hours at a time.
    pub(super) async fn check_certificate(&self, chain: &[Vec<u8>]) -> Result<Status> {
        let own = chain.first().ok_or(Error::Row("signing_key.chain"))?;
        let facts = Facts::of(own)?;
        let now = self.clock.now_utc();
        if now > facts.not_after {
            return Err(Error::CertificateExpired(facts.not_after));
        }
        if now < facts.not_before {
            return Err(Error::CertificateNotYetValid(facts.not_before));
        }
        match self.revocation(own, chain.get(1).map(Vec::as_slice), now).await {
            Status::Revoked { .. } => Err(Error::CertificateRevoked),
            status => Ok(status),
        }
    }

    /// The responder first: its answer is small and fresh. Lists where it proves nothing.
    async fn revocation(&self, certificate: &[u8], issuer: Option<&[u8]>, now: OffsetDateTime) -> Status {
        let (Some(issuer), Ok(parsed)) = (issuer, Certificate::parse(certificate)) else {
            return Status::Unknown;
        };
        let locations = parsed.locations;
        if let Ok(question) = ocsp::request(certificate, issuer) {
            for address in locations.ocsp.iter().take(PLACES) {
                let answer = self.ocsp_answer(address, question.clone()).await;
                let status = answer
                    .map(|answer| ocsp::status(&answer, certificate, issuer, now).unwrap_or(Status::Unknown));
                if let Some(known) = status.filter(|status| *status != Status::Unknown) {
                    return known;
                }
            }
        }
        for address in locations.revocation_lists.iter().take(PLACES) {
            let list = self.revocation_list(address).await;
            let status =
                list.map(|list| crl::status(&list, certificate, issuer, now).unwrap_or(Status::Unknown));
            if let Some(known) = status.filter(|status| *status != Status::Unknown) {
                return known;
            }
        }
        Status::Unknown
    }
}

/// The DER of a certificate file, which may be PEM.
///
/// # Errors
/// Not one certificate.
pub fn der(file: &[u8]) -> Result<Vec<u8>> {
    let der = match x509_parser::pem::parse_x509_pem(file) {
        Ok((_, pem)) => pem.contents,
        Err(_) => file.to_vec(),
    };
    parse(&der)?;
    Ok(der)
}

/// A certificate names one or two places; a hostile one may name thousands.
const PLACES: usize = 2;

fn parse(der: &[u8]) -> Result<X509Certificate<'_>> {
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) => Ok(certificate),
        Ok(_) => Err(SignerError::malformed("certificate", "bytes after its end").into()),
        Err(error) => Err(SignerError::malformed("certificate", error.to_string()).into()),
    }
}
