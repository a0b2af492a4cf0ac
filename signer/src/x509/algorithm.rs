//! Digests and signature algorithms, by ring where it has them.

mod curve;
mod digest;
mod dsa;
mod edwards;
mod key;
mod rsa;
mod scheme;

use ::time::OffsetDateTime;
use ring::signature;

use self::curve::Format;
pub use self::digest::Digest;
pub use self::key::PublicKey;
use self::scheme::{Scheme, scheme};
use crate::cms::AlgorithmIdentifier;
use crate::cms::ber::{self, Element};
use crate::cms::oid;
use crate::error::{Error, Result};

/// The earlier of two ends.
pub fn earlier(one: Option<OffsetDateTime>, other: Option<OffsetDateTime>) -> Option<OffsetDateTime> {
    one.into_iter().chain(other).min()
}

/// The octets of a bit string without unused bits.
pub fn bit_string<'a>(element: &Element<'a>) -> Result<&'a [u8]> {
    match element.content {
        [0, rest @ ..] => Ok(rest),
        _ => Err(Error::malformed("ASN.1", "bit string")),
    }
}

/// What can be wrong with a signature value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The value does not belong to key and message.
    Mismatch,
    /// Algorithm, key or parameters are beyond this crate or contradict each other.
    Algorithm(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Algorithm(error)
    }
}

/// Verifies `value` over `message`; returns the digest used. `digest` is what the message names outside the signature
/// algorithm (CMS's digestAlgorithm); with algorithms that name one of their own it must be the same.
pub fn verify(
    key: &PublicKey,
    algorithm: &AlgorithmIdentifier,
    digest: Option<Digest>,
    message: &[u8],
    value: &[u8],
) -> Result<Option<Digest>, Failure> {
    let scheme = scheme(algorithm, digest)?;
    let (matches, used) = match (key, scheme) {
        (
            PublicKey::Rsa {
                modulus,
                exponent,
                pss_only: false,
            },
            Scheme::Pkcs1(digest),
        ) => (
            rsa::pkcs1(modulus, exponent, digest, message, value),
            Some(digest),
        ),
        (
            PublicKey::Rsa {
                modulus, exponent, ..
            },
            Scheme::Pss { digest, salt },
        ) => (
            rsa::pss(modulus, exponent, digest, salt, message, value),
            Some(digest),
        ),
        (PublicKey::Ec { curve, point }, Scheme::Ecdsa(digest, format)) => {
            (ecdsa(curve, point, digest, message, value, format)?, Some(digest))
        }
        (PublicKey::Dsa(key), Scheme::Dsa(digest)) => {
            (key.verify(&digest.hash(&[message]), value), Some(digest))
        }
        (PublicKey::Ed25519(point), Scheme::Ed25519) => {
            let key = signature::UnparsedPublicKey::new(&signature::ED25519, point);
            (key.verify(message, value).is_ok(), None)
        }
        (PublicKey::Ed448(point), Scheme::Ed448) => (edwards::verify(point, message, value), None),
        (key, _) => return Err(unfit(key)),
    };
    if matches { Ok(used) } else { Err(Failure::Mismatch) }
}

/// As [`verify`], over a message that was hashed where it stands: `hash` is its `digest`.
///
/// # Errors
/// As [`verify`]; [`needs_message`] tells the algorithms that this cannot serve.
pub fn verify_hash(
    key: &PublicKey,
    algorithm: &AlgorithmIdentifier,
    digest: Digest,
    hash: &[u8],
    value: &[u8],
) -> Result<(), Failure> {
    let matches = match (key, scheme(algorithm, Some(digest))?) {
        (
            PublicKey::Rsa {
                modulus,
                exponent,
                pss_only: false,
            },
            Scheme::Pkcs1(_),
        ) => rsa::pkcs1_hash(modulus, exponent, digest, hash, value),
        (
            PublicKey::Rsa {
                modulus, exponent, ..
            },
            Scheme::Pss { salt, .. },
        ) => rsa::pss_hash(modulus, exponent, digest, salt, hash, value),
        (PublicKey::Ec { curve, point }, Scheme::Ecdsa(_, format)) => {
            curve::verify(curve, point, hash, value, format)
                .ok_or_else(|| Error::unsupported("curve", ber::dotted(curve)))?
        }
        (PublicKey::Dsa(key), Scheme::Dsa(_)) => key.verify(hash, value),
        (key, _) => return Err(unfit(key)),
    };
    if matches { Ok(()) } else { Err(Failure::Mismatch) }
}

/// Whether keys of this kind sign the message itself, not its digest (RFC 8032).
pub fn needs_message(key: &PublicKey) -> bool {
    matches!(key, PublicKey::Ed25519(_) | PublicKey::Ed448(_))
}

fn unfit(key: &PublicKey) -> Failure {
    match key {
        PublicKey::Other(other) => Error::unsupported("public key", ber::dotted(other)).into(),
        _ => Error::malformed("signature", "key and signature algorithm differ").into(),
    }
}

fn ecdsa(
    curve: &[u8],
    point: &[u8],
    digest: Digest,
    message: &[u8],
    value: &[u8],
    format: Format,
) -> Result<bool> {
    let by_ring: Option<&dyn signature::VerificationAlgorithm> = match (curve, digest, format) {
        (oid::P256, Digest::Sha256, Format::Asn1) => Some(&signature::ECDSA_P256_SHA256_ASN1),
        (oid::P256, Digest::Sha384, Format::Asn1) => Some(&signature::ECDSA_P256_SHA384_ASN1),
        (oid::P384, Digest::Sha256, Format::Asn1) => Some(&signature::ECDSA_P384_SHA256_ASN1),
        (oid::P384, Digest::Sha384, Format::Asn1) => Some(&signature::ECDSA_P384_SHA384_ASN1),
        _ => None,
    };
    if let Some(algorithm) = by_ring {
        let key = signature::UnparsedPublicKey::new(algorithm, point);
        return Ok(key.verify(message, value).is_ok());
    }
    curve::verify(curve, point, &digest.hash(&[message]), value, format)
        .ok_or_else(|| Error::unsupported("curve", ber::dotted(curve)))
}
