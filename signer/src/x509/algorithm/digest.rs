//! Digest algorithms, and until when each proves anything.

use ::time::OffsetDateTime;
use ::time::macros::datetime;

use crate::cms::{ber, oid};
use crate::error::{Error, Result};
use crate::x509::hasher::Hasher;

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
    pub(super) fn shake256(parts: &[&[u8]], length: usize) -> Vec<u8> {
        use shake::{ExtendableOutput as _, Update as _};
        let mut context = shake::Shake256::default();
        parts.iter().for_each(|part| context.update(part));
        context.finalize_boxed(length).into_vec()
    }

    pub(super) fn identifier(self) -> &'static [u8] {
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

/// Whether an identifier stands in the arc of PKCS #1, of ANSI X9.62's signatures, or of their plain form.
fn is_of_signatures(identifier: &[u8]) -> bool {
    let pkcs1 = &oid::RSA[..oid::RSA.len() - 1];
    [pkcs1, oid::ECDSA, oid::PLAIN_ECDSA]
        .iter()
        .any(|arc| identifier.starts_with(arc))
}
