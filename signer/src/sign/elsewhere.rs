//! A signature made where the document was not prepared: what a key signs, made anew from the document itself.
//!
//! Who prepared the document holds [`super::Prepared`], and sends it with the place of the signature empty
//! ([`super::Prepared::unsigned_update`]). Who holds the key trusts nothing that was computed there: the place is found by the
//! verifier's own reader, every byte but the place is hashed, and the signed attributes are made here. Both come to the same
//! attributes or the signature does not verify.

use super::algorithm::Algorithm;
use super::container;
use crate::error::{Error, Result};
use crate::validate::waiting;

/// What a key is asked to sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsigned {
    /// The digest of the document but for the signature's place, or of the statement: short enough to be compared by eye.
    pub message_digest: Vec<u8>,
    /// The DER `SET OF` signed attributes: what the key signs.
    pub signed_attributes: Vec<u8>,
}

impl Unsigned {
    /// The digest of the signed attributes: what a service signs that is sent a hash.
    pub fn attributes_digest(&self, algorithm: Algorithm) -> Vec<u8> {
        algorithm.digest().of(&self.signed_attributes)
    }
}

/// What signing `document` means for the key of this certificate (DER).
///
/// # Errors
/// *Malformed* or *refused*: a document without exactly one empty place for a PAdES signature that covers the whole file;
/// *refused*: an algorithm that does not fit the certificate's key.
pub fn unsigned_document(document: &[u8], algorithm: Algorithm, certificate: &[u8]) -> Result<Unsigned> {
    let [before, after] = waiting(document)?.parts;
    let mut digest = algorithm.digest().context();
    digest.update(before);
    digest.update(after);
    unsigned(digest.finish().as_ref(), algorithm, certificate)
}

/// What signing words that are no document means for the key of this certificate (DER).
///
/// # Errors
/// *Malformed* certificates; *refused*: an algorithm that does not fit its key.
pub fn unsigned_statement(statement: &[u8], algorithm: Algorithm, certificate: &[u8]) -> Result<Unsigned> {
    unsigned(&algorithm.digest().of(statement), algorithm, certificate)
}

fn unsigned(message_digest: &[u8], algorithm: Algorithm, certificate: &[u8]) -> Result<Unsigned> {
    if !algorithm.fits(certificate)? {
        return Err(Error::refused(
            "algorithm",
            "it does not fit the certificate's key",
        ));
    }
    Ok(Unsigned {
        message_digest: message_digest.to_vec(),
        signed_attributes: container::signed_attributes(
            container::DATA,
            message_digest,
            algorithm,
            certificate,
        )?,
    })
}
