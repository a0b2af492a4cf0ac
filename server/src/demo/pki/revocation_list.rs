//! Certificate revocation lists (RFC 5280 section 5).

use rcgen::{
    CertificateRevocationListParams, KeyIdMethod, RevocationReason, RevokedCertParams, SerialNumber,
};
use time::{Duration, OffsetDateTime};

use super::authority::Identity;
use super::{Authority, Error};

/// A list is made when it is asked for, and may be relied upon for a day.
const VALIDITY: Duration = Duration::days(1);

/// The issuing authority's list, DER.
pub(super) fn issuing(authority: &Authority, now: OffsetDateTime) -> Result<Vec<u8>, Error> {
    let revoked = authority.issued().iter().filter_map(|issued| {
        let revocation = issued.revocation?;
        let serial = hex::decode(&issued.serial).ok()?;
        Some(RevokedCertParams {
            serial_number: SerialNumber::from_slice(&serial),
            revocation_time: revocation.at,
            reason_code: Some(RevocationReason::CessationOfOperation),
            invalidity_date: None,
        })
    });
    sign(authority.issuing_identity(), revoked.collect(), now)
}

/// The root's list, DER: it has never revoked anything.
pub(super) fn root(authority: &Authority, now: OffsetDateTime) -> Result<Vec<u8>, Error> {
    sign(authority.root_identity(), Vec::new(), now)
}

fn sign(
    issuer: &Identity,
    revoked_certs: Vec<RevokedCertParams>,
    now: OffsetDateTime,
) -> Result<Vec<u8>, Error> {
    // Seconds since the epoch only grow, which is all that a list's number must do (RFC 5280, 5.2.3).
    let number = now.unix_timestamp().to_be_bytes();
    let list = CertificateRevocationListParams {
        this_update: now,
        next_update: now + VALIDITY,
        crl_number: SerialNumber::from_slice(&number),
        issuing_distribution_point: None,
        revoked_certs,
        key_identifier_method: KeyIdMethod::Sha256,
    };
    Ok(list.signed_by(&issuer.issuer()?)?.der().to_vec())
}
