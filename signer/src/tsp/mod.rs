//! Time-stamps (RFC 3161): requests, responses, tokens, and the issuing of them.

mod issue;
mod token;

pub use issue::{Terms, issue};
pub use token::{Info, Token};

use der::Decode as _;
use der::asn1::AnyRef;

use crate::encode::{OCTET_STRING, integer, sequence, tlv};
use crate::error::{Error, Result};
use crate::sign::Digest;

/// Builds a `TimeStampReq` that asks for the authority's certificate (RFC 3161, 2.4.1).
pub fn request(digest: Digest, imprint: &[u8], nonce: u64) -> Vec<u8> {
    const TRUE: &[u8] = &[0x01, 0x01, 0xFF];
    let imprint = sequence(&[&digest.identifier(), &tlv(OCTET_STRING, &[imprint])]);
    sequence(&[&integer(1), &imprint, &integer(nonce), TRUE])
}

/// Takes the token out of a `TimeStampResp` (2.4.2).
///
/// # Errors
/// *Malformed* bytes; *refused* with the authority's status when it grants no token.
pub fn token(response: &[u8]) -> Result<Token> {
    let parts = elements(response)?;
    let status = parts
        .first()
        .ok_or_else(malformed)?
        .decode_as::<Vec<AnyRef<'_>>>()
        .map_err(|_| malformed())?;
    let status: u8 = status
        .first()
        .ok_or_else(malformed)?
        .decode_as()
        .map_err(|_| malformed())?;
    if status != GRANTED && status != GRANTED_WITH_MODIFICATIONS {
        return Err(Error::refused(
            "time-stamp",
            format!("the authority answered with status {status}"),
        ));
    }
    let token = parts.get(1).ok_or_else(malformed)?;
    Token::parse(&sequence(&[token.value()]))
}

/// The elements of one DER SEQUENCE.
fn elements(der: &[u8]) -> Result<Vec<AnyRef<'_>>> {
    Vec::from_der(der).map_err(|_| malformed())
}

fn malformed() -> Error {
    Error::malformed("time-stamp", "it is not as RFC 3161 says")
}

const GRANTED: u8 = 0;
const GRANTED_WITH_MODIFICATIONS: u8 = 1;
