//! What a certificate says, and whether a key may sign under it now.

use hoian_signer::error::Error as SignerError;
use ring::digest;
use time::OffsetDateTime;
use x509_parser::prelude::{
    CertificateRevocationList, DistributionPointName, FromDer, GeneralName, ParsedExtension, X509Certificate,
};

use super::Custody;
use super::error::{Error, Result};
use super::fetch::{self, Limits};

/// A certificate as rows and people know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    pub subject: String,
    pub issuer: String,
    /// Upper-case hexadecimal.
    pub serial: String,
    pub not_before: OffsetDateTime,
    pub not_after: OffsetDateTime,
    /// SHA-256 of the DER, lower-case hexadecimal.
    pub fingerprint: String,
    /// Where its issuer publishes revocation lists.
    pub lists: Vec<String>,
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
            fingerprint: hex::encode(digest::digest(&digest::SHA256, der)),
            lists: lists(&certificate),
        })
    }
}

/// Whether an authority still stands by a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Good,
    Revoked,
    /// Nobody could be asked, or the answer proves nothing: a warning, never a refusal (the state's responders are
    /// out of reach for hours at a time).
    Unknown,
}

impl Custody {
    /// Whether a key with this chain (its own certificate first) may sign now.
    ///
    /// # Errors
    /// Expired, not yet valid, or revoked. An unknown status comes back as [`Status::Unknown`].
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
            Status::Revoked => Err(Error::CertificateRevoked),
            status => Ok(status),
        }
    }

    async fn revocation(&self, certificate: &[u8], issuer: Option<&[u8]>, now: OffsetDateTime) -> Status {
        let Some(issuer) = issuer else {
            return Status::Unknown;
        };
        for list in self.revocation_lists(certificate).await {
            match status_by_list(&list, certificate, issuer, now) {
                Status::Unknown => {}
                known => return known,
            }
        }
        Status::Unknown
    }

    /// The revocation lists that a certificate names, as far as they can be fetched.
    pub(super) async fn revocation_lists(&self, certificate: &[u8]) -> Vec<Vec<u8>> {
        let addresses = Facts::of(certificate)
            .map(|facts| facts.lists)
            .unwrap_or_default();
        let mut lists = Vec::new();
        // A certificate names one or two places; a hostile one may name thousands.
        for address in addresses.into_iter().take(2) {
            let limits = Limits {
                time: self.settings.revocation_time(),
                ..fetch::LIST
            };
            match self.fetch.get(&address, limits).await {
                Ok(list) => lists.push(list.to_vec()),
                Err(error) => tracing::warn!(%error, "no revocation list"),
            }
        }
        lists
    }
}

/// What a revocation list (DER) proves about a certificate: RFC 5280 section 6.3, for complete lists signed by the
/// certificate's own issuer. Any other list proves nothing.
fn status_by_list(list: &[u8], certificate: &[u8], issuer: &[u8], now: OffsetDateTime) -> Status {
    let (Ok((_, list)), Ok(certificate), Ok(issuer)) = (
        CertificateRevocationList::from_der(list),
        parse(certificate),
        parse(issuer),
    ) else {
        return Status::Unknown;
    };
    let ours = list.issuer() == certificate.issuer() && issuer.subject() == certificate.issuer();
    let current = list.last_update().to_datetime() <= now
        && list.next_update().is_some_and(|next| now <= next.to_datetime());
    if !ours || !current || list.verify_signature(issuer.public_key()).is_err() {
        return Status::Unknown;
    }
    let revoked = list
        .iter_revoked_certificates()
        .any(|entry| entry.raw_serial() == certificate.raw_serial());
    if revoked { Status::Revoked } else { Status::Good }
}

fn parse(der: &[u8]) -> Result<X509Certificate<'_>> {
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) => Ok(certificate),
        Ok(_) => Err(SignerError::malformed("certificate", "bytes after its end").into()),
        Err(error) => Err(SignerError::malformed("certificate", error.to_string()).into()),
    }
}

fn lists(certificate: &X509Certificate<'_>) -> Vec<String> {
    let mut addresses = Vec::new();
    for extension in certificate.extensions() {
        let ParsedExtension::CRLDistributionPoints(points) = extension.parsed_extension() else {
            continue;
        };
        for point in points.iter() {
            let Some(DistributionPointName::FullName(names)) = &point.distribution_point else {
                continue;
            };
            addresses.extend(names.iter().filter_map(|name| match name {
                GeneralName::URI(address) => Some((*address).to_owned()),
                _ => None,
            }));
        }
    }
    addresses
}
