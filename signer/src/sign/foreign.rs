//! A CMS made by a remote service: its parts are taken over into our own container, so that it gets the same time-stamp,
//! order and padding as every other.

use super::{Algorithm, Digest, Prepared, Signed, algorithm};
use crate::cms::{SignedData, oid};
use crate::error::{Error, Result};

/// Takes the parts over.
pub(super) fn take(mut prepared: Prepared, container: &[u8]) -> Result<Signed> {
    let data = SignedData::parse(container)?;
    let attributes = attributes(&prepared, &data)?;
    let certificate = prepared
        .chain
        .first()
        .ok_or_else(|| Error::misuse("certificate chain", "it is empty"))?;
    let value = &data.signer.signature;
    let algorithm = candidates(prepared.algorithm.digest())
        .into_iter()
        .find(|one| {
            one.fits(certificate).unwrap_or(false) && one.verify(certificate, &attributes, value).is_ok()
        })
        .ok_or_else(|| refused("its signature does not verify with the certificate"))?;
    for other in data.certificates {
        if !prepared.chain.contains(&other) && algorithm::parse(&other).is_ok() {
            prepared.chain.push(other);
        }
    }
    prepared.algorithm = algorithm;
    prepared.signed_attributes = attributes;
    prepared.with_signature(data.signer.signature)
}

/// The signed attributes as they were signed, which must be those of a PAdES signature over this document.
fn attributes(prepared: &Prepared, data: &SignedData) -> Result<Vec<u8>> {
    let signer = &data.signer;
    let signed = signer
        .signed_bytes
        .clone()
        .ok_or_else(|| refused("it has no signed attributes"))?;
    if data.content.is_some() || signer.content_type()?.as_deref() != Some(oid::DATA) {
        return Err(refused("it is no detached signature of data"));
    }
    if signer.message_digest()?.as_deref() != Some(&*prepared.message_digest) {
        return Err(refused("it signs another document"));
    }
    if signer.signed(oid::SIGNING_TIME)?.is_some() {
        return Err(refused(
            "it carries a signing-time, which PAdES forbids (EN 319 142-1, 6.3)",
        ));
    }
    let named = signer.certificate_hash()?;
    let named = named.ok_or_else(|| refused("it does not name its certificate (ESS)"))?;
    let own = prepared.chain.first().map_or(&[][..], Vec::as_slice);
    let digest = crate::x509::algorithm::Digest::of(&named.algorithm)?;
    if digest.weak_from().is_some() || digest.hash(&[own]) != named.hash {
        return Err(refused("it names another certificate than was prepared for"));
    }
    if !signer.in_order {
        return Err(refused("its signed attributes are not in DER's order"));
    }
    Ok(signed)
}

fn candidates(digest: Digest) -> Vec<Algorithm> {
    vec![
        Algorithm::RsaPss(digest),
        Algorithm::RsaPkcs1(digest),
        Algorithm::EcdsaP256Sha256,
        Algorithm::EcdsaP384Sha384,
    ]
}

fn refused(reason: &'static str) -> Error {
    Error::refused("CMS", reason)
}
