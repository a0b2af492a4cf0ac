//! What an algorithm identifier says about how a signature was made.

use super::curve::Format;
use super::digest::Digest;
use crate::cms::AlgorithmIdentifier;
use crate::cms::ber::{self, Reader, tag};
use crate::cms::oid;
use crate::error::{Error, Result};

/// How a signature was made: resolved from the algorithm identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Pkcs1(Digest),
    Pss { digest: Digest, salt: usize },
    Ecdsa(Digest, Format),
    Dsa(Digest),
    Ed25519,
    Ed448,
}

/// The scheme that `algorithm` names; `outer` is the digest named beside it.
pub(super) fn scheme(algorithm: &AlgorithmIdentifier, outer: Option<Digest>) -> Result<Scheme> {
    let outer_digest = || outer.ok_or_else(|| Error::malformed("signature", "no digest algorithm"));
    let scheme = match algorithm.algorithm.as_slice() {
        oid::RSA => return Ok(Scheme::Pkcs1(outer_digest()?)),
        oid::EC_PUBLIC_KEY | oid::ECDSA => return Ok(Scheme::Ecdsa(outer_digest()?, Format::Asn1)),
        oid::DSA => return Ok(Scheme::Dsa(outer_digest()?)),
        // RFC 8419 section 3: the digest beside the signature is fixed.
        oid::ED25519 => return fixed(Scheme::Ed25519, Digest::Sha512, outer),
        oid::ED448 => return fixed(Scheme::Ed448, Digest::Shake256, outer),
        oid::RSA_MD5 => Scheme::Pkcs1(Digest::Md5),
        oid::RSA_SHA1 => Scheme::Pkcs1(Digest::Sha1),
        oid::RSA_SHA224 => Scheme::Pkcs1(Digest::Sha224),
        oid::RSA_SHA256 => Scheme::Pkcs1(Digest::Sha256),
        oid::RSA_SHA384 => Scheme::Pkcs1(Digest::Sha384),
        oid::RSA_SHA512 => Scheme::Pkcs1(Digest::Sha512),
        oid::RSA_PSS => pss_parameters(algorithm.parameters.as_deref())?,
        oid::ECDSA_SHA1 => Scheme::Ecdsa(Digest::Sha1, Format::Asn1),
        oid::ECDSA_SHA224 => Scheme::Ecdsa(Digest::Sha224, Format::Asn1),
        oid::ECDSA_SHA256 => Scheme::Ecdsa(Digest::Sha256, Format::Asn1),
        oid::ECDSA_SHA384 => Scheme::Ecdsa(Digest::Sha384, Format::Asn1),
        oid::ECDSA_SHA512 => Scheme::Ecdsa(Digest::Sha512, Format::Asn1),
        oid::DSA_SHA1 => Scheme::Dsa(Digest::Sha1),
        oid::DSA_SHA224 => Scheme::Dsa(Digest::Sha224),
        oid::DSA_SHA256 => Scheme::Dsa(Digest::Sha256),
        oid::RSA_SHA3_256 => Scheme::Pkcs1(Digest::Sha3x256),
        oid::RSA_SHA3_384 => Scheme::Pkcs1(Digest::Sha3x384),
        oid::RSA_SHA3_512 => Scheme::Pkcs1(Digest::Sha3x512),
        oid::ECDSA_SHA3_256 => Scheme::Ecdsa(Digest::Sha3x256, Format::Asn1),
        oid::ECDSA_SHA3_384 => Scheme::Ecdsa(Digest::Sha3x384, Format::Asn1),
        oid::ECDSA_SHA3_512 => Scheme::Ecdsa(Digest::Sha3x512, Format::Asn1),
        [plain @ .., last] if plain == oid::PLAIN_ECDSA => Scheme::Ecdsa(plain_digest(*last)?, Format::Plain),
        oid::P256 | oid::P384 | oid::P521 => {
            return Err(Error::malformed(
                "signature",
                "a curve stands where an algorithm for signatures should",
            ));
        }
        other => return Err(Error::unsupported("signature algorithm", ber::dotted(other))),
    };
    let own = match scheme {
        Scheme::Pkcs1(digest)
        | Scheme::Dsa(digest)
        | Scheme::Ecdsa(digest, _)
        | Scheme::Pss { digest, .. } => Some(digest),
        Scheme::Ed25519 | Scheme::Ed448 => None,
    };
    if own.zip(outer).is_some_and(|(own, outer)| own != outer) {
        return Err(Error::malformed("signature", "its digest algorithms differ"));
    }
    Ok(scheme)
}

fn fixed(scheme: Scheme, digest: Digest, outer: Option<Digest>) -> Result<Scheme> {
    match outer {
        Some(outer) if outer != digest => Err(Error::unsupported(
            "signature algorithm",
            format!("EdDSA beside {}", outer.name()),
        )),
        _ => Ok(scheme),
    }
}

/// The last arc of BSI TR-03111's ecdsa-plain-signatures.
fn plain_digest(arc: u8) -> Result<Digest> {
    Ok(match arc {
        1 => Digest::Sha1,
        2 => Digest::Sha224,
        3 => Digest::Sha256,
        4 => Digest::Sha384,
        5 => Digest::Sha512,
        _ => return Err(Error::unsupported("signature algorithm", "plain ECDSA")),
    })
}

/// RFC 8017 appendix A.2.3; the mask must use MGF1 with the same digest.
fn pss_parameters(parameters: Option<&[u8]>) -> Result<Scheme> {
    let mut reader = Reader::new(parameters.unwrap_or_default())
        .expect(tag::SEQUENCE)?
        .inside();
    let (mut digest, mut mask, mut salt) = (Digest::Sha1, Digest::Sha1, 20);
    while !reader.is_empty() {
        let part = reader.any()?;
        match part.tag {
            0xA0 => digest = Digest::of(&AlgorithmIdentifier::parse(part.inside().any()?)?.algorithm)?,
            0xA1 => {
                let generator = AlgorithmIdentifier::parse(part.inside().any()?)?;
                if generator.algorithm != oid::MGF1 {
                    return Err(Error::unsupported("RSASSA-PSS", "mask generation"));
                }
                let inner = generator.parameters.unwrap_or_default();
                let inner = AlgorithmIdentifier::parse(Reader::new(&inner).expect(tag::SEQUENCE)?)?;
                mask = Digest::of(&inner.algorithm)?;
            }
            0xA2 => {
                let digits = part.inside().expect(tag::INTEGER)?.content;
                if digits.len() > 2 {
                    return Err(Error::malformed("RSASSA-PSS", "salt length"));
                }
                salt = digits
                    .iter()
                    .fold(0, |value, byte| (value << 8) | usize::from(*byte));
            }
            0xA3 => {}
            _ => return Err(Error::malformed("RSASSA-PSS", "parameters")),
        }
    }
    if digest != mask {
        return Err(Error::unsupported("RSASSA-PSS", "digest and mask differ"));
    }
    Ok(Scheme::Pss { digest, salt })
}
