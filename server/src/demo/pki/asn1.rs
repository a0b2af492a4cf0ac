//! The requests and responses of OCSP (RFC 6960) and time-stamping (RFC 3161), from the answering side.
//!
//! The signer reads answers under an attacker's eyes and has types of its own for it; these are the other half, small
//! and strict: what a field may not hold is refused by the decoder.

use der::asn1::{Any, BitString, GeneralizedTime, Int, Null, ObjectIdentifier, OctetString};
use der::{Choice, Enumerated, Sequence};
use time::OffsetDateTime;
use x509_cert::ext::Extensions;
use x509_cert::spki::AlgorithmIdentifierOwned;

pub(super) const ID_PKIX_OCSP_BASIC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.1");
pub(super) const ID_PKIX_OCSP_NONCE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.2");
pub(super) const ID_CT_TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
pub(super) const ID_SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
pub(super) const ID_CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
pub(super) const ID_MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
pub(super) const ID_SIGNING_CERTIFICATE_V2: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
pub(super) const SHA_1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
pub(super) const SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
pub(super) const SHA_384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
pub(super) const SHA_512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");
pub(super) const ECDSA_WITH_SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");

/// RFC 6960 section 4.1.1. A signature over the request is neither asked for nor looked at.
#[derive(Sequence)]
pub(super) struct OcspRequest {
    pub tbs_request: TbsRequest,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub optional_signature: Option<Any>,
}

#[derive(Sequence)]
pub(super) struct TbsRequest {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", default = "Default::default")]
    pub version: u8,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    pub requestor_name: Option<Any>,
    pub request_list: Vec<SingleRequest>,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", optional = "true")]
    pub request_extensions: Option<Extensions>,
}

#[derive(Sequence)]
pub(super) struct SingleRequest {
    pub certificate_id: CertificateId,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub extensions: Option<Extensions>,
}

#[derive(Clone, Sequence)]
pub(super) struct CertificateId {
    pub hash_algorithm: AlgorithmIdentifierOwned,
    pub issuer_name_hash: OctetString,
    pub issuer_key_hash: OctetString,
    pub serial_number: Int,
}

/// RFC 6960 section 4.2.1.
#[derive(Sequence)]
pub(super) struct OcspResponse {
    pub response_status: ResponseStatus,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub response_bytes: Option<ResponseBytes>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Enumerated)]
#[repr(u32)]
pub(super) enum ResponseStatus {
    Successful = 0,
    MalformedRequest = 1,
    InternalError = 2,
}

#[derive(Sequence)]
pub(super) struct ResponseBytes {
    pub response_type: ObjectIdentifier,
    pub response: OctetString,
}

#[derive(Sequence)]
pub(super) struct BasicOcspResponse {
    pub tbs_response_data: ResponseData,
    pub signature_algorithm: AlgorithmIdentifierOwned,
    pub signature: BitString,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub certificates: Option<Vec<Any>>,
}

/// The version is its default and so is left out.
#[derive(Sequence)]
pub(super) struct ResponseData {
    pub responder_id: ResponderId,
    pub produced_at: GeneralizedTime,
    pub responses: Vec<SingleResponse>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    pub response_extensions: Option<Extensions>,
}

#[derive(Choice)]
pub(super) enum ResponderId {
    /// The SHA-1 of the responder's public key.
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", constructed = "true")]
    ByKey(OctetString),
}

#[derive(Sequence)]
pub(super) struct SingleResponse {
    pub certificate_id: CertificateId,
    pub status: CertificateStatus,
    pub this_update: GeneralizedTime,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub next_update: Option<GeneralizedTime>,
}

#[derive(Choice)]
pub(super) enum CertificateStatus {
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT")]
    Good(Null),
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", constructed = "true")]
    Revoked(RevokedInfo),
    #[asn1(context_specific = "2", tag_mode = "IMPLICIT")]
    Unknown(Null),
}

#[derive(Sequence)]
pub(super) struct RevokedInfo {
    pub revocation_time: GeneralizedTime,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub revocation_reason: Option<RevocationReason>,
}

#[derive(Clone, Copy, Enumerated)]
#[repr(u32)]
pub(super) enum RevocationReason {
    CessationOfOperation = 5,
}

/// RFC 3161 section 2.4.1.
#[derive(Sequence)]
pub(super) struct TimeStampRequest {
    pub version: u8,
    pub message_imprint: MessageImprint,
    #[asn1(optional = "true")]
    pub policy: Option<ObjectIdentifier>,
    #[asn1(optional = "true")]
    pub nonce: Option<Int>,
    #[asn1(default = "Default::default")]
    pub certificate_wanted: bool,
    #[asn1(
        context_specific = "0",
        tag_mode = "IMPLICIT",
        constructed = "true",
        optional = "true"
    )]
    pub extensions: Option<Extensions>,
}

#[derive(Clone, Sequence)]
pub(super) struct MessageImprint {
    pub hash_algorithm: AlgorithmIdentifierOwned,
    pub hashed_message: OctetString,
}

/// RFC 3161 section 2.4.2.
#[derive(Sequence)]
pub(super) struct TimeStampResponse {
    pub status: StatusInfo,
    #[asn1(optional = "true")]
    pub time_stamp_token: Option<Any>,
}

#[derive(Sequence)]
pub(super) struct StatusInfo {
    pub status: u8,
    #[asn1(optional = "true")]
    pub text: Option<Vec<String>>,
    #[asn1(optional = "true")]
    pub failure: Option<BitString>,
}

#[derive(Sequence)]
pub(super) struct TstInfo {
    pub version: u8,
    pub policy: ObjectIdentifier,
    pub message_imprint: MessageImprint,
    pub serial_number: Int,
    pub generated_at: GeneralizedTime,
    #[asn1(optional = "true")]
    pub accuracy: Option<Accuracy>,
    #[asn1(optional = "true")]
    pub nonce: Option<Int>,
}

#[derive(Sequence)]
pub(super) struct Accuracy {
    #[asn1(optional = "true")]
    pub seconds: Option<u32>,
}

/// RFC 5035 section 3, with its default hash, SHA-256, left out.
#[derive(Sequence)]
pub(super) struct SigningCertificateV2 {
    pub certificates: Vec<EssCertificateId>,
}

#[derive(Sequence)]
pub(super) struct EssCertificateId {
    pub certificate_hash: OctetString,
}

/// A moment as ASN.1 writes it, to the second.
pub(super) fn generalized_time(moment: OffsetDateTime) -> der::Result<GeneralizedTime> {
    let seconds = u64::try_from(moment.unix_timestamp()).unwrap_or(0);
    GeneralizedTime::from_unix_duration(std::time::Duration::from_secs(seconds))
}

/// An algorithm whose parameters are absent, as RFC 5754 and RFC 5758 want them here.
pub(super) fn algorithm(oid: ObjectIdentifier) -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned {
        oid,
        parameters: None,
    }
}
