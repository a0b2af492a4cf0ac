//! The CMS container of one signer (RFC 5652), as PAdES wants it (EN 319 122-1, EN 319 142-1).

use der::asn1::ObjectIdentifier;

use super::algorithm::{self, Algorithm, Digest};
use crate::encode::{OCTET_STRING, SET, context, integer, oid, retag, sequence, set_of, tlv};
use crate::error::Result;

/// id-data: what a PDF signature says it signs.
pub(crate) const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
/// id-ct-TSTInfo (RFC 3161, 2.4.2).
pub(crate) const TIME_STAMP_INFO: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
/// id-aa-timeStampToken (RFC 3161, appendix A).
const TIME_STAMP_TOKEN: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.14");

const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
/// id-aa-signingCertificateV2 (RFC 5035).
const SIGNING_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
/// id-aa-CMSAlgorithmProtection (RFC 6211).
const ALGORITHM_PROTECTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.52");

/// The signed attributes as the DER `SET OF` that is signed (RFC 5652, 5.4). PAdES forbids a signing-time among them
/// (EN 319 142-1, 6.3): the claimed time stands in the signature dictionary.
pub(crate) fn signed_attributes(
    content_type: ObjectIdentifier,
    message_digest: &[u8],
    algorithm: Algorithm,
    certificate: &[u8],
) -> Result<Vec<u8>> {
    let protection = sequence(&[
        &algorithm.digest().identifier(),
        &retag(context(1), &algorithm.identifier()),
    ]);
    Ok(set_of(
        SET,
        vec![
            attribute(CONTENT_TYPE, &oid(content_type)),
            attribute(MESSAGE_DIGEST, &tlv(OCTET_STRING, &[message_digest])),
            attribute(SIGNING_CERTIFICATE, &signing_certificate(certificate)?),
            attribute(ALGORITHM_PROTECTION, &protection),
        ],
    ))
}

/// Everything in a container but its contents.
pub(crate) struct Signer<'a> {
    pub algorithm: Algorithm,
    /// DER, the signer's own first.
    pub chain: &'a [Vec<u8>],
    pub signed_attributes: &'a [u8],
    pub signature: &'a [u8],
    /// A `TimeStampToken` over the signature.
    pub time_stamp: Option<&'a [u8]>,
}

/// The `ContentInfo`; a detached one has no `attached` contents.
pub(crate) fn signed_data(
    content_type: ObjectIdentifier,
    attached: Option<&[u8]>,
    signer: &Signer<'_>,
) -> Result<Vec<u8>> {
    let contents = attached
        .map(|contents| tlv(context(0), &[&tlv(OCTET_STRING, &[contents])]))
        .unwrap_or_default();
    // Version 3 for contents other than id-data (RFC 5652, 5.1).
    let version = integer(if content_type == DATA { 1 } else { 3 });
    let body = sequence(&[
        &version,
        &tlv(SET, &[&signer.algorithm.digest().identifier()]),
        &sequence(&[&oid(content_type), &contents]),
        &set_of(context(0), signer.chain.to_vec()),
        &tlv(SET, &[&signer.info()?]),
    ]);
    Ok(sequence(&[&oid(SIGNED_DATA), &tlv(context(0), &[&body])]))
}

impl Signer<'_> {
    fn info(&self) -> Result<Vec<u8>> {
        let certificate = algorithm::parse(self.chain.first().map_or(&[], Vec::as_slice))?;
        let issuer_and_serial = sequence(&[
            certificate.issuer().as_raw(),
            &tlv(crate::encode::INTEGER, &[certificate.raw_serial()]),
        ]);
        let unsigned = self
            .time_stamp
            .map(|token| tlv(context(1), &[&attribute(TIME_STAMP_TOKEN, token)]));
        Ok(sequence(&[
            &integer(1),
            &issuer_and_serial,
            &self.algorithm.digest().identifier(),
            &retag(context(0), self.signed_attributes),
            &self.algorithm.identifier(),
            &tlv(OCTET_STRING, &[self.signature]),
            &unsigned.unwrap_or_default(),
        ]))
    }
}

/// `SigningCertificateV2` with one `ESSCertIDv2`, its hash SHA-256 by default (RFC 5035, 4).
fn signing_certificate(certificate: &[u8]) -> Result<Vec<u8>> {
    let parsed = algorithm::parse(certificate)?;
    let hash = tlv(OCTET_STRING, &[&Digest::Sha256.of(certificate)]);
    // GeneralNames with one directoryName, whose CHOICE makes its tag explicit.
    let issuer = sequence(&[&tlv(context(4), &[parsed.issuer().as_raw()])]);
    let issuer_serial = sequence(&[&issuer, &tlv(crate::encode::INTEGER, &[parsed.raw_serial()])]);
    Ok(sequence(&[&sequence(&[&sequence(&[&hash, &issuer_serial])])]))
}

fn attribute(kind: ObjectIdentifier, value: &[u8]) -> Vec<u8> {
    sequence(&[&oid(kind), &tlv(SET, &[value])])
}
