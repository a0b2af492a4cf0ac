//! The OCSP responder (RFC 6960).

use der::asn1::{Any, BitString, Null, OctetString};
use der::{Decode, Encode};
use rcgen::{PublicKeyData as _, SigningKey as _};
use ring::digest;
use time::{Duration, OffsetDateTime};
use x509_cert::Certificate;
use x509_cert::ext::Extension;

use super::asn1::{
    self, BasicOcspResponse, CertificateId, CertificateStatus, OcspRequest, OcspResponse, ResponderId,
    ResponseBytes, ResponseData, ResponseStatus, RevocationReason, RevokedInfo, SingleResponse,
    generalized_time,
};
use super::{Authority, Error};

/// How long an answer may be relied upon: long enough for a signature's evidence, short enough to notice a revocation.
const VALIDITY: Duration = Duration::hours(1);
/// The most certificates answered for at once; the signer asks for one.
const MOST_REQUESTS: usize = 16;

/// The answer to a request, both DER. A request that cannot be read gets the answer that says so.
///
/// # Errors
/// When the answer cannot be made: our bug.
pub(super) fn respond(authority: &Authority, request: &[u8], now: OffsetDateTime) -> Result<Vec<u8>, Error> {
    match OcspRequest::from_der(request) {
        Ok(request) if (1..=MOST_REQUESTS).contains(&request.tbs_request.request_list.len()) => {
            successful(authority, &request, now)
        }
        _ => failure(ResponseStatus::MalformedRequest),
    }
}

/// An answer that says that there is none.
pub(super) fn failure(response_status: ResponseStatus) -> Result<Vec<u8>, Error> {
    Ok(OcspResponse {
        response_status,
        response_bytes: None,
    }
    .to_der()?)
}

fn successful(authority: &Authority, request: &OcspRequest, now: OffsetDateTime) -> Result<Vec<u8>, Error> {
    let responder = authority.responder_identity();
    let key = responder.key()?;
    let requests = &request.tbs_request.request_list;
    let responses = requests
        .iter()
        .map(|single| answer(authority, &single.certificate_id, now))
        .collect::<Result<Vec<_>, Error>>()?;
    let key_hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, key.der_bytes());
    let tbs_response_data = ResponseData {
        responder_id: ResponderId::ByKey(OctetString::new(key_hash.as_ref())?),
        produced_at: generalized_time(now)?,
        responses,
        response_extensions: nonce(request).map(|nonce| vec![nonce]),
    };
    let signature = key.sign(&tbs_response_data.to_der()?)?;
    let basic = BasicOcspResponse {
        tbs_response_data,
        signature_algorithm: asn1::algorithm(asn1::ECDSA_WITH_SHA_256),
        signature: BitString::from_bytes(&signature)?,
        certificates: Some(vec![Any::from_der(&responder.certificate)?]),
    };
    let response_bytes = ResponseBytes {
        response_type: asn1::ID_PKIX_OCSP_BASIC,
        response: OctetString::new(basic.to_der()?)?,
    };
    let response_status = ResponseStatus::Successful;
    Ok(OcspResponse {
        response_status,
        response_bytes: Some(response_bytes),
    }
    .to_der()?)
}

/// Good only for what the issuing authority has really issued; all else is unknown.
fn answer(authority: &Authority, id: &CertificateId, now: OffsetDateTime) -> Result<SingleResponse, Error> {
    let issued = if is_ours(authority, id)? {
        authority.by_serial(id.serial_number.as_bytes())
    } else {
        None
    };
    let status = match issued.map(|issued| issued.revocation) {
        None => CertificateStatus::Unknown(Null),
        Some(None) => CertificateStatus::Good(Null),
        Some(Some(revocation)) => CertificateStatus::Revoked(RevokedInfo {
            revocation_time: generalized_time(revocation.at)?,
            revocation_reason: Some(RevocationReason::CessationOfOperation),
        }),
    };
    Ok(SingleResponse {
        certificate_id: id.clone(),
        status,
        this_update: generalized_time(now)?,
        next_update: Some(generalized_time(now + VALIDITY)?),
    })
}

/// Whether the question is about a certificate of the issuing authority: by the hashes of its name and its key.
fn is_ours(authority: &Authority, id: &CertificateId) -> Result<bool, Error> {
    let algorithm = match id.hash_algorithm.oid {
        // SHA-1 only names the issuer here, as RFC 5019 asks; nothing rests on its strength.
        asn1::SHA_1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        asn1::SHA_256 => &digest::SHA256,
        _ => return Ok(false),
    };
    let issuer = Certificate::from_der(authority.issuing())?;
    let name = issuer.tbs_certificate().subject().to_der()?;
    let key = issuer
        .tbs_certificate()
        .subject_public_key_info()
        .subject_public_key
        .raw_bytes();
    let matches =
        |bytes: &[u8], hash: &OctetString| digest::digest(algorithm, bytes).as_ref() == hash.as_bytes();
    Ok(matches(&name, &id.issuer_name_hash) && matches(key, &id.issuer_key_hash))
}

/// The nonce goes back as it came (RFC 9654), if it is of a length that a client may send.
fn nonce(request: &OcspRequest) -> Option<Extension> {
    let extensions = request.tbs_request.request_extensions.as_ref()?;
    let nonce = extensions
        .iter()
        .find(|extension| extension.extn_id == asn1::ID_PKIX_OCSP_NONCE)?;
    (nonce.extn_value.as_bytes().len() <= 130).then(|| nonce.clone())
}
