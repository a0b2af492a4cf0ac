//! Digests and signature algorithms, by ring where it has them.

use num_bigint::BigUint;
use ring::signature;

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
        }
    }

    /// Whether collisions can be made or the length lies under what Thông tư 15/2025/TT-BKHCN asks.
    pub fn is_weak(self) -> bool {
        matches!(self, Self::Md5 | Self::Sha1)
    }

    /// The digest over all parts, hashed where they stand.
    pub fn hash(self, parts: &[&[u8]]) -> Vec<u8> {
        let mut hasher = Hasher::new(self);
        parts.iter().for_each(|part| hasher.update(part));
        hasher.finish()
    }

    fn identifier(self) -> &'static [u8] {
        match self {
            Self::Md5 => oid::MD5,
            Self::Sha1 => oid::SHA1,
            Self::Sha224 => oid::SHA224,
            Self::Sha256 => oid::SHA256,
            Self::Sha384 => oid::SHA384,
            Self::Sha512 => oid::SHA512,
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
    Ed25519(Vec<u8>),
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
            oid::ED25519 => Self::Ed25519(bits.to_vec()),
            other => Self::Other(other.to_vec()),
        })
    }

    /// Length of the modulus, where it counts.
    pub fn rsa_bits(&self) -> Option<usize> {
        match self {
            Self::Rsa { modulus, .. } => {
                let first = modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
                Some(modulus.len() * 8 - first)
            }
            _ => None,
        }
    }

    /// Whether an RSA key is shorter than Thông tư 15/2025/TT-BKHCN takes.
    pub fn is_weak(&self) -> bool {
        self.rsa_bits().is_some_and(|bits| bits < 2048)
    }
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
    Ecdsa(Digest),
    Ed25519,
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
        ) => (pkcs1(modulus, exponent, digest, message, value), Some(digest)),
        (
            PublicKey::Rsa {
                modulus, exponent, ..
            },
            Scheme::Pss { digest, salt },
        ) => (pss(modulus, exponent, digest, salt, message, value), Some(digest)),
        (PublicKey::Ec { curve, point }, Scheme::Ecdsa(digest)) => {
            (ecdsa(curve, point, digest, message, value)?, Some(digest))
        }
        (PublicKey::Ed25519(point), Scheme::Ed25519) => {
            let key = signature::UnparsedPublicKey::new(&signature::ED25519, point);
            (key.verify(message, value).is_ok(), None)
        }
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
        oid::EC_PUBLIC_KEY => return Ok(Scheme::Ecdsa(outer_digest()?)),
        oid::ED25519 => return Ok(Scheme::Ed25519),
        oid::RSA_MD5 => Scheme::Pkcs1(Digest::Md5),
        oid::RSA_SHA1 => Scheme::Pkcs1(Digest::Sha1),
        oid::RSA_SHA224 => Scheme::Pkcs1(Digest::Sha224),
        oid::RSA_SHA256 => Scheme::Pkcs1(Digest::Sha256),
        oid::RSA_SHA384 => Scheme::Pkcs1(Digest::Sha384),
        oid::RSA_SHA512 => Scheme::Pkcs1(Digest::Sha512),
        oid::RSA_PSS => pss_parameters(algorithm.parameters.as_deref())?,
        oid::ECDSA_SHA1 => Scheme::Ecdsa(Digest::Sha1),
        oid::ECDSA_SHA224 => Scheme::Ecdsa(Digest::Sha224),
        oid::ECDSA_SHA256 => Scheme::Ecdsa(Digest::Sha256),
        oid::ECDSA_SHA384 => Scheme::Ecdsa(Digest::Sha384),
        oid::ECDSA_SHA512 => Scheme::Ecdsa(Digest::Sha512),
        other => return Err(Error::unsupported("signature algorithm", ber::dotted(other))),
    };
    let own = match scheme {
        Scheme::Pkcs1(digest) | Scheme::Ecdsa(digest) | Scheme::Pss { digest, .. } => Some(digest),
        Scheme::Ed25519 => None,
    };
    if own.zip(outer).is_some_and(|(own, outer)| own != outer) {
        return Err(Error::malformed("signature", "its digest algorithms differ"));
    }
    Ok(scheme)
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

fn ecdsa(curve: &[u8], point: &[u8], digest: Digest, message: &[u8], value: &[u8]) -> Result<bool> {
    let algorithm: &dyn signature::VerificationAlgorithm = match (curve, digest) {
        (oid::P256, Digest::Sha256) => &signature::ECDSA_P256_SHA256_ASN1,
        (oid::P256, Digest::Sha384) => &signature::ECDSA_P256_SHA384_ASN1,
        (oid::P384, Digest::Sha256) => &signature::ECDSA_P384_SHA256_ASN1,
        (oid::P384, Digest::Sha384) => &signature::ECDSA_P384_SHA384_ASN1,
        _ => {
            let name = format!("ECDSA on {} with {}", ber::dotted(curve), digest.name());
            return Err(Error::unsupported("signature algorithm", name));
        }
    };
    Ok(signature::UnparsedPublicKey::new(algorithm, point)
        .verify(message, value)
        .is_ok())
}

fn pkcs1(modulus: &[u8], exponent: &[u8], digest: Digest, message: &[u8], value: &[u8]) -> bool {
    let by_ring: &signature::RsaParameters = match digest {
        Digest::Sha256 => &signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        Digest::Sha384 if modulus.len() >= 256 => &signature::RSA_PKCS1_2048_8192_SHA384,
        Digest::Sha512 => &signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        _ => {
            let Some(block) = open(modulus, exponent, value) else {
                return false;
            };
            return block == pkcs1_block(modulus.len(), digest, message);
        }
    };
    let key = signature::RsaPublicKeyComponents {
        n: modulus,
        e: exponent,
    };
    key.verify(by_ring, message, value).is_ok()
}

/// RFC 8017 section 9.2: the whole block is made and compared, so nothing in it can hide.
fn pkcs1_block(length: usize, digest: Digest, message: &[u8]) -> Vec<u8> {
    let mut algorithm = ber::element(tag::OBJECT_IDENTIFIER, digest.identifier());
    algorithm.extend_from_slice(&[5, 0]);
    let mut information = ber::element(tag::SEQUENCE, &algorithm);
    information.extend(ber::element(tag::OCTET_STRING, &digest.hash(&[message])));
    let information = ber::element(tag::SEQUENCE, &information);
    let padding = length.saturating_sub(information.len() + 3);
    let mut block = vec![0, 1];
    block.resize(2 + padding, 0xFF);
    block.push(0);
    block.extend(information);
    block
}

/// `value ^ exponent mod modulus`, as long as the modulus. For verifying alone: all inputs are public.
fn open(modulus: &[u8], exponent: &[u8], value: &[u8]) -> Option<Vec<u8>> {
    let sizes_fit = (64..=1024).contains(&modulus.len()) && (1..=8).contains(&exponent.len());
    if !sizes_fit || value.len() != modulus.len() {
        return None;
    }
    let (n, e, s) = (
        BigUint::from_bytes_be(modulus),
        BigUint::from_bytes_be(exponent),
        BigUint::from_bytes_be(value),
    );
    if s >= n {
        return None;
    }
    let opened = s.modpow(&e, &n).to_bytes_be();
    let mut block = vec![0; modulus.len().checked_sub(opened.len())?];
    block.extend(opened);
    Some(block)
}

fn pss(modulus: &[u8], exponent: &[u8], digest: Digest, salt: usize, message: &[u8], value: &[u8]) -> bool {
    let by_ring: Option<&signature::RsaParameters> = match (digest, salt) {
        (Digest::Sha256, 32) => Some(&signature::RSA_PSS_2048_8192_SHA256),
        (Digest::Sha384, 48) => Some(&signature::RSA_PSS_2048_8192_SHA384),
        (Digest::Sha512, 64) => Some(&signature::RSA_PSS_2048_8192_SHA512),
        _ => None,
    };
    match by_ring.filter(|_| modulus.len() >= 256) {
        Some(parameters) => {
            let key = signature::RsaPublicKeyComponents {
                n: modulus,
                e: exponent,
            };
            key.verify(parameters, message, value).is_ok()
        }
        None => open(modulus, exponent, value)
            .is_some_and(|block| pss_block(&block, modulus, digest, salt, message).is_some()),
    }
}

/// EMSA-PSS-VERIFY (RFC 8017 section 9.1.2); `None` where inconsistent.
fn pss_block(block: &[u8], modulus: &[u8], digest: Digest, salt: usize, message: &[u8]) -> Option<()> {
    let bits = modulus.len() * 8 - modulus.first()?.leading_zeros() as usize - 1;
    let length = bits.div_ceil(8);
    let (zeros, block) = block.split_at(block.len() - length);
    let hash = digest.hash(&[message]);
    let (masked, rest) = block.split_at_checked(length.checked_sub(hash.len() + 1)?)?;
    let (given, trailer) = rest.split_at(hash.len());
    let mut data = mask(given, masked.len(), digest);
    data.iter_mut().zip(masked).for_each(|(mask, byte)| *mask ^= byte);
    let unused = length * 8 - bits;
    let first = data.first_mut()?;
    let clear = masked[0].leading_zeros() as usize >= unused;
    *first &= 0xFF_u8.checked_shr(unused as u32).unwrap_or(0);
    let (padding, salt) = data.split_at_checked(data.len().checked_sub(salt)?)?;
    let (one, padding) = padding.split_last()?;
    let expected = digest.hash(&[&[0; 8], &hash, salt]);
    let fits = zeros.iter().chain(padding).all(|byte| *byte == 0) && *one == 1 && clear && trailer == [0xBC];
    (fits && expected == given).then_some(())
}

/// MGF1 (RFC 8017 appendix B.2.1).
fn mask(seed: &[u8], length: usize, digest: Digest) -> Vec<u8> {
    let mut output = Vec::with_capacity(length + 64);
    for counter in 0_u32.. {
        if output.len() >= length {
            break;
        }
        output.extend(digest.hash(&[seed, &counter.to_be_bytes()]));
    }
    output.truncate(length);
    output
}
