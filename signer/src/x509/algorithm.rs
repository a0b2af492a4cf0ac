//! Digests and signature algorithms, by ring where it has them.

mod curve;
mod dsa;
mod edwards;
mod rsa;

use ::time::OffsetDateTime;
use ::time::macros::datetime;
use ring::signature;

use self::curve::Format;
use super::hasher::Hasher;
use crate::cms::AlgorithmIdentifier;
use crate::cms::ber::{self, Element, Reader, tag};
use crate::cms::oid;
use crate::error::{Error, Result};

/// A digest algorithm a signature may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Digest {
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    Sha3x256,
    Sha3x384,
    Sha3x512,
    /// With 512 bits of output, as CMS uses it beside Ed448 (RFC 8419 section 2.3, RFC 8702).
    Shake256,
}

/// Whether an identifier stands in the arc of PKCS #1, of ANSI X9.62's signatures, or of their plain form.
fn is_of_signatures(identifier: &[u8]) -> bool {
    let pkcs1 = &oid::RSA[..oid::RSA.len() - 1];
    [pkcs1, oid::ECDSA, oid::PLAIN_ECDSA]
        .iter()
        .any(|arc| identifier.starts_with(arc))
}

impl Digest {
    /// By object identifier (content bytes).
    pub fn of(identifier: &[u8]) -> Result<Self> {
        Ok(match identifier {
            oid::MD5 => Self::Md5,
            oid::SHA1 => Self::Sha1,
            oid::SHA224 => Self::Sha224,
            oid::SHA256 => Self::Sha256,
            oid::SHA384 => Self::Sha384,
            oid::SHA512 => Self::Sha512,
            oid::SHA3_256 => Self::Sha3x256,
            oid::SHA3_384 => Self::Sha3x384,
            oid::SHA3_512 => Self::Sha3x512,
            oid::SHAKE256 | oid::SHAKE256_LENGTH => Self::Shake256,
            other if is_of_signatures(other) => {
                return Err(Error::malformed(
                    "signature",
                    "an algorithm for signatures stands where a digest should",
                ));
            }
            other => return Err(Error::unsupported("digest", ber::dotted(other))),
        })
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha224 => "sha224",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
            Self::Sha3x256 => "sha3-256",
            Self::Sha3x384 => "sha3-384",
            Self::Sha3x512 => "sha3-512",
            Self::Shake256 => "shake256",
        }
    }

    /// The moment from which a signature over this digest proves nothing any more, because collisions can be made; `None`
    /// for what Thông tư 15/2025/TT-BKHCN takes. SHA-1: chosen prefixes collide since 2020 (Leurent, Peyrin).
    pub fn weak_from(self) -> Option<OffsetDateTime> {
        match self {
            Self::Md5 => Some(datetime!(2005-01-01 00:00 UTC)),
            Self::Sha1 => Some(datetime!(2021-01-01 00:00 UTC)),
            _ => None,
        }
    }

    /// The digest over all parts, hashed where they stand.
    pub fn hash(self, parts: &[&[u8]]) -> Vec<u8> {
        let mut hasher = Hasher::new(self);
        parts.iter().for_each(|part| hasher.update(part));
        hasher.finish()
    }

    /// SHAKE256 (FIPS 202 section 6.2) with `length` octets of output.
    fn shake256(parts: &[&[u8]], length: usize) -> Vec<u8> {
        use shake::{ExtendableOutput as _, Update as _};
        let mut context = shake::Shake256::default();
        parts.iter().for_each(|part| context.update(part));
        context.finalize_boxed(length).into_vec()
    }

    fn identifier(self) -> &'static [u8] {
        match self {
            Self::Md5 => oid::MD5,
            Self::Sha1 => oid::SHA1,
            Self::Sha224 => oid::SHA224,
            Self::Sha256 => oid::SHA256,
            Self::Sha384 => oid::SHA384,
            Self::Sha512 => oid::SHA512,
            Self::Sha3x256 => oid::SHA3_256,
            Self::Sha3x384 => oid::SHA3_384,
            Self::Sha3x512 => oid::SHA3_512,
            Self::Shake256 => oid::SHAKE256,
        }
    }
}

/// A public key out of a SubjectPublicKeyInfo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicKey {
    /// `pss_only`: the certificate binds the key to RSASSA-PSS.
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
        pss_only: bool,
    },
    /// A point on the curve named by its object identifier.
    Ec {
        curve: Vec<u8>,
        point: Vec<u8>,
    },
    Dsa(Box<dsa::Key>),
    Ed25519(Vec<u8>),
    Ed448(Vec<u8>),
    /// Known by its identifier alone.
    Other(Vec<u8>),
}

impl PublicKey {
    /// Reads a SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7).
    pub fn parse(information: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(information).expect(tag::SEQUENCE)?.inside();
        let algorithm = AlgorithmIdentifier::parse(reader.expect(tag::SEQUENCE)?)?;
        let bits = bit_string(&reader.expect(tag::BIT_STRING)?)?;
        Ok(match algorithm.algorithm.as_slice() {
            oid::RSA | oid::RSA_PSS => {
                let mut key = Reader::new(bits).expect(tag::SEQUENCE)?.inside();
                let number = |element: Element<'_>| {
                    let skip = element.content.iter().take_while(|byte| **byte == 0).count();
                    element.content[skip..].to_vec()
                };
                let modulus = number(key.expect(tag::INTEGER)?);
                let exponent = number(key.expect(tag::INTEGER)?);
                Self::Rsa {
                    modulus,
                    exponent,
                    pss_only: algorithm.algorithm == oid::RSA_PSS,
                }
            }
            oid::EC_PUBLIC_KEY => {
                let parameters = algorithm.parameters.unwrap_or_default();
                let curve = Reader::new(&parameters).expect(tag::OBJECT_IDENTIFIER);
                let curve = curve.map_err(|_| Error::unsupported("public key", "curve by parameters"))?;
                Self::Ec {
                    curve: curve.content.to_vec(),
                    point: bits.to_vec(),
                }
            }
            oid::DSA => {
                let parameters = algorithm.parameters.unwrap_or_default();
                Self::Dsa(Box::new(dsa::Key::parse(&parameters, bits)?))
            }
            oid::ED25519 => Self::Ed25519(bits.to_vec()),
            oid::ED448 => Self::Ed448(bits.to_vec()),
            other => Self::Other(other.to_vec()),
        })
    }

    /// Length of the modulus or prime, where it counts.
    pub fn modulus_bits(&self) -> Option<usize> {
        match self {
            Self::Rsa { modulus, .. } => {
                let first = modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
                Some(modulus.len() * 8 - first)
            }
            Self::Dsa(key) => Some(key.bits()),
            _ => None,
        }
    }

    /// The moment from which a key this short proves nothing any more: moduli of 768 bits were factored in public by 2010;
    /// for longer ones under 2048 bits, which nobody may use any more, the end of SHA-1 is theirs too.
    pub fn weak_from(&self) -> Option<OffsetDateTime> {
        match self.modulus_bits()? {
            ..1024 => Some(datetime!(2010-01-01 00:00 UTC)),
            1024..2048 => Digest::Sha1.weak_from(),
            _ => None,
        }
    }
}

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

/// How a signature was made: resolved from the algorithm identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Pkcs1(Digest),
    Pss { digest: Digest, salt: usize },
    Ecdsa(Digest, Format),
    Dsa(Digest),
    Ed25519,
    Ed448,
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

/// Verifies `signature` over `message`; returns the digest used. `digest` is what the message names outside the
/// signature algorithm (CMS's digestAlgorithm); with algorithms that name one of their own it must be the same.
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
        (PublicKey::Other(other), _) => {
            return Err(Error::unsupported("public key", ber::dotted(other)).into());
        }
        _ => return Err(Error::malformed("signature", "key and signature algorithm differ").into()),
    };
    if matches { Ok(used) } else { Err(Failure::Mismatch) }
}

fn scheme(algorithm: &AlgorithmIdentifier, outer: Option<Digest>) -> Result<Scheme> {
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
