//! Words that somebody signs as they stand: a detached CMS beside them (CAdES B-B, EN 319 122-1 clause 6), no document.

use super::{Key, Signer, algorithm::Digest, container, signed_attributes, signed_data};
use crate::error::{Error, Result};

/// The signature of `key` over `statement`, as a `ContentInfo` in DER that holds the certificates and not the words.
///
/// # Errors
/// The key's own; *misuse* where it has no certificate, *refused* where its signature does not verify with it.
pub fn sign_statement(statement: &[u8], key: &impl Key) -> Result<Vec<u8>> {
    let algorithm = key.algorithm();
    let own = key.chain().first();
    let own = own.ok_or_else(|| Error::misuse("key", "it has no certificate"))?;
    let digest: Digest = algorithm.digest();
    let attributes = signed_attributes(container::DATA, &digest.of(statement), algorithm, own)?;
    let signature = key.sign(&attributes)?;
    algorithm.verify(own, &attributes, &signature)?;
    let signer = Signer {
        algorithm,
        chain: key.chain(),
        signed_attributes: &attributes,
        signature: &signature,
        time_stamp: None,
    };
    signed_data(container::DATA, None, &signer)
}
