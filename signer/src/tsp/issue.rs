//! The authority's side: what the training authority and the tests answer with.

use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Tag, Tagged as _};
use time::OffsetDateTime;
use time::macros::format_description;

use super::{elements, malformed};
use crate::encode::{INTEGER, OCTET_STRING, integer, oid, sequence, tlv};
use crate::error::{Error, Result};
use crate::sign::{Digest, Key, Signer, TIME_STAMP_INFO, signed_attributes, signed_data};

/// On which terms an authority stamps.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    pub policy: ObjectIdentifier,
    /// Unlike every other serial number of this authority (RFC 3161, 2.4.2).
    pub serial_number: u64,
    pub accuracy_seconds: u64,
}

/// Issues a `TimeStampResp` for a `TimeStampReq`. `key`'s certificate must be for time-stamping alone (RFC 3161, 2.3).
///
/// A request that cannot be served gets a response that rejects it, not an error.
///
/// # Errors
/// The key fails.
pub fn issue(request: &[u8], key: &dyn Key, terms: &Terms, now: OffsetDateTime) -> Result<Vec<u8>> {
    let question = match Question::parse(request) {
        Ok(question) => question,
        Err(failure) => return Ok(rejection(failure)),
    };
    let info = question.answer(terms, now)?;
    let certificate = key
        .chain()
        .first()
        .ok_or_else(|| Error::misuse("time-stamp", "a key without certificate"))?;
    let digest = key.algorithm().digest().of(&info);
    let attributes = signed_attributes(TIME_STAMP_INFO, &digest, key.algorithm(), certificate)?;
    let signature = key.sign(&attributes)?;
    let token = signed_data(
        TIME_STAMP_INFO,
        Some(&info),
        &Signer {
            algorithm: key.algorithm(),
            chain: key.chain(),
            signed_attributes: &attributes,
            signature: &signature,
            time_stamp: None,
        },
    )?;
    Ok(sequence(&[
        &sequence(&[&integer(u64::from(super::GRANTED))]),
        &token,
    ]))
}

/// `PKIFailureInfo`: the number of the bit that says why (2.4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failure {
    Algorithm = 0,
    Request = 2,
    DataFormat = 5,
}

struct Question {
    digest: Digest,
    imprint: Vec<u8>,
    /// The INTEGER's own octets.
    nonce: Option<Vec<u8>>,
}

impl Question {
    fn parse(request: &[u8]) -> Result<Self, Failure> {
        let parts = elements(request).map_err(|_| Failure::DataFormat)?;
        let imprint = parts
            .get(1)
            .and_then(|part| part.decode_as::<Vec<AnyRef<'_>>>().ok());
        let Some([algorithm, hashed]) = imprint.as_deref() else {
            return Err(Failure::Request);
        };
        let algorithm = algorithm.decode_as::<Vec<AnyRef<'_>>>().ok();
        let algorithm = algorithm.and_then(|parts| parts.first()?.decode_as::<ObjectIdentifier>().ok());
        let digest = algorithm.and_then(Digest::from_oid).ok_or(Failure::Algorithm)?;
        if hashed.tag() != Tag::OctetString || hashed.value().len() != digest.size() {
            return Err(Failure::DataFormat);
        }
        // After the imprint: reqPolicy (OBJECT IDENTIFIER), nonce (INTEGER), certReq (BOOLEAN).
        let nonce = parts.iter().skip(2).find(|part| part.tag() == Tag::Integer);
        let nonce = nonce.map(|nonce| nonce.value().to_vec());
        if nonce.as_ref().is_some_and(|nonce| nonce.len() > NONCE_LIMIT) {
            return Err(Failure::Request);
        }
        Ok(Self {
            digest,
            imprint: hashed.value().to_vec(),
            nonce,
        })
    }

    fn answer(&self, terms: &Terms, now: OffsetDateTime) -> Result<Vec<u8>> {
        let format = format_description!("[year][month][day][hour][minute][second]Z");
        let time = now
            .to_offset(time::UtcOffset::UTC)
            .format(format)
            .map_err(|_| malformed())?;
        let nonce = self.nonce.as_ref().map(|nonce| tlv(INTEGER, &[nonce]));
        Ok(sequence(&[
            &integer(1),
            &oid(terms.policy),
            &sequence(&[&self.digest.identifier(), &tlv(OCTET_STRING, &[&self.imprint])]),
            &integer(terms.serial_number),
            &tlv(GENERALIZED_TIME, &[time.as_bytes()]),
            &sequence(&[&integer(terms.accuracy_seconds)]),
            &nonce.unwrap_or_default(),
        ]))
    }
}

fn rejection(failure: Failure) -> Vec<u8> {
    let bit = failure as u8;
    // A named bit string without trailing zero bits: one octet holds bits 0 to 7.
    let information = tlv(BIT_STRING, &[&[7 - bit, 0x80 >> bit]]);
    sequence(&[&sequence(&[&integer(REJECTION), &information])])
}

const BIT_STRING: u8 = 0x03;
const GENERALIZED_TIME: u8 = 0x18;
const REJECTION: u64 = 2;

/// Clients send 8 or 16 bytes.
const NONCE_LIMIT: usize = 64;
