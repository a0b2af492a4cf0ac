//! The time-stamping authority (RFC 3161).

use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::CmsVersion;
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
};
use der::asn1::{Any, BitString, Int, ObjectIdentifier, OctetString, SetOfVec};
use der::{Decode, Encode, Tag};
use rcgen::SigningKey as _;
use ring::digest;
use time::OffsetDateTime;
use x509_cert::Certificate;
use x509_cert::attr::Attribute;

use super::asn1::{
    self, Accuracy, EssCertificateId, SigningCertificateV2, StatusInfo, TimeStampRequest, TimeStampResponse,
    TstInfo, generalized_time,
};
use super::{Authority, Error};

/// The policy: under the enterprise number that RFC 5612 sets aside for examples, since it binds nobody.
const POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.32473.1");
/// The clock of the machine, kept by NTP, is right to a second.
const ACCURACY_SECONDS: u32 = 1;

/// Why a request is refused: the bit of PKIFailureInfo (RFC 3161 section 2.4.2), and a sentence for whoever debugs.
#[derive(Clone, Copy)]
struct Refusal {
    bit: u8,
    text: &'static str,
}

const BAD_ALGORITHM: Refusal = Refusal {
    bit: 0,
    text: "only SHA-256, SHA-384 and SHA-512 are stamped",
};
const BAD_DATA_FORMAT: Refusal = Refusal {
    bit: 5,
    text: "this is not a time-stamp request of version 1",
};
const UNACCEPTED_POLICY: Refusal = Refusal {
    bit: 15,
    text: "there is one policy, 1.3.6.1.4.1.32473.1",
};
const UNACCEPTED_EXTENSION: Refusal = Refusal {
    bit: 16,
    text: "no extension is known",
};

/// The answer to a request, both DER; `serial` names the token and must not come twice.
///
/// # Errors
/// When the answer cannot be made: our bug.
pub(super) fn respond(
    authority: &Authority,
    request: &[u8],
    serial: [u8; 16],
    now: OffsetDateTime,
) -> Result<Vec<u8>, Error> {
    match accept(request) {
        Ok(request) => granted(authority, request, serial, now),
        Err(refusal) => refused(refusal),
    }
}

fn accept(request: &[u8]) -> Result<TimeStampRequest, Refusal> {
    let request = TimeStampRequest::from_der(request).map_err(|_| BAD_DATA_FORMAT)?;
    let expected_length = match request.message_imprint.hash_algorithm.oid {
        asn1::SHA_256 => 32,
        asn1::SHA_384 => 48,
        asn1::SHA_512 => 64,
        _ => return Err(BAD_ALGORITHM),
    };
    if request.version != 1 || request.message_imprint.hashed_message.as_bytes().len() != expected_length {
        return Err(BAD_DATA_FORMAT);
    }
    if request.policy.is_some_and(|policy| policy != POLICY) {
        return Err(UNACCEPTED_POLICY);
    }
    if request.extensions.is_some() {
        return Err(UNACCEPTED_EXTENSION);
    }
    Ok(request)
}

fn refused(refusal: Refusal) -> Result<Vec<u8>, Error> {
    // A named bit string: bit 0 is the highest bit of the first byte, zeros at the end are left out.
    let mut bytes = vec![0; usize::from(refusal.bit / 8) + 1];
    if let Some(last) = bytes.last_mut() {
        *last = 0x80 >> (refusal.bit % 8);
    }
    let status = StatusInfo {
        status: 2,
        text: Some(vec![refusal.text.to_owned()]),
        failure: Some(BitString::new(7 - refusal.bit % 8, bytes)?),
    };
    Ok(TimeStampResponse {
        status,
        time_stamp_token: None,
    }
    .to_der()?)
}

fn granted(
    authority: &Authority,
    request: TimeStampRequest,
    serial: [u8; 16],
    now: OffsetDateTime,
) -> Result<Vec<u8>, Error> {
    let info = TstInfo {
        version: 1,
        policy: POLICY,
        message_imprint: request.message_imprint,
        serial_number: serial_number(serial)?,
        generated_at: generalized_time(now)?,
        accuracy: Some(Accuracy {
            seconds: Some(ACCURACY_SECONDS),
        }),
        nonce: request.nonce,
    };
    let token = token(authority, &info.to_der()?, request.certificate_wanted)?;
    let status = StatusInfo {
        status: 0,
        text: None,
        failure: None,
    };
    Ok(TimeStampResponse {
        status,
        time_stamp_token: Some(token),
    }
    .to_der()?)
}

/// The bytes as a positive INTEGER of exactly sixteen octets: DER takes neither a sign nor a zero in front.
fn serial_number(mut serial: [u8; 16]) -> der::Result<Int> {
    serial[0] = (serial[0] & 0x7f) | 0x40;
    Int::new(&serial)
}

/// A CMS SignedData over the TSTInfo, with one signer (RFC 3161 section 2.4.2).
fn token(authority: &Authority, info: &[u8], with_certificate: bool) -> Result<Any, Error> {
    let identity = authority.time_stamp_identity();
    let certificate = Certificate::from_der(&identity.certificate)?;
    let certificates = with_certificate
        .then(|| -> Result<CertificateSet, Error> {
            let issuing = Certificate::from_der(authority.issuing())?;
            let chain = vec![certificate.clone(), issuing];
            let choices: Vec<_> = chain.into_iter().map(CertificateChoices::Certificate).collect();
            Ok(CertificateSet(SetOfVec::try_from(choices)?))
        })
        .transpose()?;
    let signed_data = SignedData {
        version: CmsVersion::V3,
        digest_algorithms: SetOfVec::try_from(vec![asn1::algorithm(asn1::SHA_256)])?,
        encap_content_info: EncapsulatedContentInfo {
            econtent_type: asn1::ID_CT_TST_INFO,
            econtent: Some(Any::new(Tag::OctetString, info)?),
        },
        certificates,
        crls: None,
        signer_infos: SignerInfos(SetOfVec::try_from(vec![signer_info(
            identity,
            &certificate,
            info,
        )?])?),
    };
    let content_info = cms::content_info::ContentInfo {
        content_type: asn1::ID_SIGNED_DATA,
        content: Any::encode_from(&signed_data)?,
    };
    Ok(Any::encode_from(&content_info)?)
}

fn signer_info(
    identity: &super::authority::Identity,
    certificate: &Certificate,
    info: &[u8],
) -> Result<SignerInfo, Error> {
    let certificate_hash = digest::digest(&digest::SHA256, &identity.certificate);
    let certificates = vec![EssCertificateId {
        certificate_hash: OctetString::new(certificate_hash.as_ref())?,
    }];
    let message_digest = digest::digest(&digest::SHA256, info);
    let signed_attributes = SetOfVec::try_from(vec![
        attribute(asn1::ID_CONTENT_TYPE, Any::encode_from(&asn1::ID_CT_TST_INFO)?)?,
        attribute(
            asn1::ID_MESSAGE_DIGEST,
            Any::new(Tag::OctetString, message_digest.as_ref())?,
        )?,
        attribute(
            asn1::ID_SIGNING_CERTIFICATE_V2,
            Any::encode_from(&SigningCertificateV2 { certificates })?,
        )?,
    ])?;
    // What is signed is the DER of the attributes as a SET OF (RFC 5652 section 5.4).
    let signature = identity.key()?.sign(&signed_attributes.to_der()?)?;
    Ok(SignerInfo {
        version: CmsVersion::V1,
        sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
            issuer: certificate.tbs_certificate().issuer().clone(),
            serial_number: certificate.tbs_certificate().serial_number().clone(),
        }),
        digest_alg: asn1::algorithm(asn1::SHA_256),
        signed_attrs: Some(signed_attributes),
        signature_algorithm: asn1::algorithm(asn1::ECDSA_WITH_SHA_256),
        signature: OctetString::new(signature)?,
        unsigned_attrs: None,
    })
}

fn attribute(oid: ObjectIdentifier, value: Any) -> Result<Attribute, Error> {
    Ok(Attribute {
        oid,
        values: SetOfVec::try_from(vec![value])?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_serial_number_is_a_strict_positive_integer() {
        for first in 0..=255 {
            let mut serial = [0; 16];
            serial[0] = first;
            let written = serial_number(serial).unwrap().to_der().unwrap();
            assert_eq!(written[..2], [2, 16]);
            assert!((0x40..0x80).contains(&written[2]), "{:#x}", written[2]);
        }
    }
}
