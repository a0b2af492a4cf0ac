//! Public keys.

use ::time::OffsetDateTime;
use ::time::macros::datetime;

use super::digest::Digest;
use super::{bit_string, dsa};
use crate::cms::AlgorithmIdentifier;
use crate::cms::ber::{Element, Reader, tag};
use crate::cms::oid;
use crate::error::{Error, Result};

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
