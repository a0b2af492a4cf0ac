//! Words that somebody signs as they stand: a detached CMS beside them (CAdES B-B, EN 319 122-1 clause 6), no document.

use super::elsewhere::unsigned_statement;
use super::{Algorithm, Key, Signer, container, signed_data};
use crate::error::{Error, Result};

/// The signature of `key` over `statement`, as a `ContentInfo` in DER that holds the certificates and not the words.
///
/// # Errors
/// The key's own; *misuse* where it has no certificate, *refused* where its signature does not verify with it.
pub fn sign_statement(statement: &[u8], key: &(impl Key + ?Sized)) -> Result<Vec<u8>> {
    let algorithm = key.algorithm();
    let attributes = unsigned_statement(statement, algorithm, own(key.chain())?)?.signed_attributes;
    statement_container(statement, algorithm, key.chain(), &key.sign(&attributes)?)
}

/// The container of a signature value that was made elsewhere over [`unsigned_statement`]; `chain` is DER, the signer's own
/// certificate first.
///
/// # Errors
/// *Misuse*: an empty chain; *refused*: a signature that does not verify.
pub fn statement_container(
    statement: &[u8],
    algorithm: Algorithm,
    chain: &[Vec<u8>],
    signature: &[u8],
) -> Result<Vec<u8>> {
    let certificate = own(chain)?;
    let attributes = unsigned_statement(statement, algorithm, certificate)?.signed_attributes;
    algorithm.verify(certificate, &attributes, signature)?;
    let signer = Signer {
        algorithm,
        chain,
        signed_attributes: &attributes,
        signature,
        time_stamp: None,
    };
    signed_data(container::DATA, None, &signer)
}

fn own(chain: &[Vec<u8>]) -> Result<&[u8]> {
    let own = chain.first().map(Vec::as_slice);
    own.ok_or_else(|| Error::misuse("key", "it has no certificate"))
}
