//! Signature and digest algorithms we produce (Thông tư 15/2025/TT-BKHCN: RSA from 2048, ECDSA from 256, SHA-256 and up).

use der::asn1::ObjectIdentifier;
use ring::signature::{self, VerificationAlgorithm};
use serde::{Deserialize, Serialize};
use x509_parser::prelude::{FromDer as _, X509Certificate};
use x509_parser::public_key::PublicKey;

use crate::encode::{NULL, context, integer, oid, sequence, tlv};
use crate::error::{Error, Result};

/// A digest algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Digest {
    Sha256,
    Sha384,
    Sha512,
}

/// A signature algorithm with its digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Algorithm {
    EcdsaP256Sha256,
    EcdsaP384Sha384,
    /// RSASSA-PSS with MGF1 over the same digest and a salt as long as it.
    RsaPss(Digest),
    /// RSASSA-PKCS1-v1_5, still common in the field.
    RsaPkcs1(Digest),
}

impl Digest {
    pub(crate) fn context(self) -> ring::digest::Context {
        ring::digest::Context::new(match self {
            Self::Sha256 => &ring::digest::SHA256,
            Self::Sha384 => &ring::digest::SHA384,
            Self::Sha512 => &ring::digest::SHA512,
        })
    }

    pub(crate) fn of(self, message: &[u8]) -> Vec<u8> {
        let mut context = self.context();
        context.update(message);
        context.finish().as_ref().to_vec()
    }

    /// `AlgorithmIdentifier` without parameters (RFC 5754, 2).
    pub(crate) fn identifier(self) -> Vec<u8> {
        sequence(&[&oid(self.oid())])
    }

    /// The OBJECT IDENTIFIER alone, for structures of PKCS #1 that want parameters of NULL beside it.
    #[cfg(feature = "shell")]
    pub(crate) fn identifier_content(self) -> Vec<u8> {
        oid(self.oid())
    }

    pub(crate) fn from_oid(identifier: ObjectIdentifier) -> Option<Self> {
        [Self::Sha256, Self::Sha384, Self::Sha512]
            .into_iter()
            .find(|digest| digest.oid() == identifier)
    }

    pub(crate) fn size(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    fn oid(self) -> ObjectIdentifier {
        ObjectIdentifier::new_unwrap(match self {
            Self::Sha256 => "2.16.840.1.101.3.4.2.1",
            Self::Sha384 => "2.16.840.1.101.3.4.2.2",
            Self::Sha512 => "2.16.840.1.101.3.4.2.3",
        })
    }
}

impl Algorithm {
    /// Every one of them, with the name by which it is sent and stored.
    const NAMES: [(Self, &str); 8] = [
        (Self::EcdsaP256Sha256, "ecdsa-p256-sha256"),
        (Self::EcdsaP384Sha384, "ecdsa-p384-sha384"),
        (Self::RsaPss(Digest::Sha256), "rsa-pss-sha256"),
        (Self::RsaPss(Digest::Sha384), "rsa-pss-sha384"),
        (Self::RsaPss(Digest::Sha512), "rsa-pss-sha512"),
        (Self::RsaPkcs1(Digest::Sha256), "rsa-pkcs1-sha256"),
        (Self::RsaPkcs1(Digest::Sha384), "rsa-pkcs1-sha384"),
        (Self::RsaPkcs1(Digest::Sha512), "rsa-pkcs1-sha512"),
    ];

    /// The name by which it is sent and stored.
    pub fn name(self) -> &'static str {
        let named = Self::NAMES.iter().find(|(algorithm, _)| *algorithm == self);
        named.map_or("", |(_, name)| name)
    }

    /// The algorithm of this [`Algorithm::name`].
    pub fn named(name: &str) -> Option<Self> {
        let named = Self::NAMES.iter().find(|(_, known)| *known == name);
        named.map(|(algorithm, _)| *algorithm)
    }

    /// The digest it signs over.
    pub fn digest(self) -> Digest {
        match self {
            Self::EcdsaP256Sha256 => Digest::Sha256,
            Self::EcdsaP384Sha384 => Digest::Sha384,
            Self::RsaPss(digest) | Self::RsaPkcs1(digest) => digest,
        }
    }

    /// What a certificate's key signs with when nothing else is asked: PSS for RSA, the curve's own digest for ECDSA.
    ///
    /// # Errors
    /// *Malformed* certificates; *unsupported* keys; *refused*: RSA under 2048 bits.
    pub fn for_certificate(certificate: &[u8]) -> Result<Self> {
        let certificate = parse(certificate)?;
        match certificate.public_key().parsed() {
            Ok(PublicKey::EC(point)) => match point.key_size() {
                256 => Ok(Self::EcdsaP256Sha256),
                384 => Ok(Self::EcdsaP384Sha384),
                other => Err(Error::unsupported(
                    "key",
                    format!("an elliptic curve of {other} bits"),
                )),
            },
            Ok(PublicKey::RSA(key)) if key.key_size() >= RSA_LEAST_BITS => Ok(Self::RsaPss(Digest::Sha256)),
            Ok(PublicKey::RSA(key)) => Err(Error::refused("key", format!("RSA of {} bits", key.key_size()))),
            _ => Err(Error::unsupported("key", "neither RSA nor ECDSA")),
        }
    }

    /// Whether a certificate's key can sign so.
    pub(crate) fn fits(self, certificate: &[u8]) -> Result<bool> {
        let usual = Self::for_certificate(certificate)?;
        let rsa = |algorithm| matches!(algorithm, Self::RsaPss(_) | Self::RsaPkcs1(_));
        Ok(self == usual || rsa(self) && rsa(usual))
    }

    /// Checks a signature value before it is put anywhere.
    pub(crate) fn verify(self, certificate: &[u8], message: &[u8], value: &[u8]) -> Result<()> {
        let certificate = parse(certificate)?;
        let key = certificate.public_key().subject_public_key.data.as_ref();
        let key = signature::UnparsedPublicKey::new(self.verification(), key);
        key.verify(message, value)
            .map_err(|_| Error::refused("signature", "it does not verify with the certificate"))
    }

    /// `SignatureAlgorithmIdentifier` (RFC 5754, RFC 4056).
    pub(crate) fn identifier(self) -> Vec<u8> {
        match self {
            Self::EcdsaP256Sha256 => sequence(&[&oid(ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2"))]),
            Self::EcdsaP384Sha384 => sequence(&[&oid(ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3"))]),
            Self::RsaPss(digest) => {
                let hash = sequence(&[&oid(digest.oid()), &tlv(NULL, &[])]);
                let mask = sequence(&[&oid(ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.8")), &hash]);
                let salt = integer(digest.size() as u64);
                let parameters = sequence(&[
                    &tlv(context(0), &[&hash]),
                    &tlv(context(1), &[&mask]),
                    &tlv(context(2), &[&salt]),
                ]);
                sequence(&[
                    &oid(ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10")),
                    &parameters,
                ])
            }
            Self::RsaPkcs1(digest) => {
                let identifier = ObjectIdentifier::new_unwrap(match digest {
                    Digest::Sha256 => "1.2.840.113549.1.1.11",
                    Digest::Sha384 => "1.2.840.113549.1.1.12",
                    Digest::Sha512 => "1.2.840.113549.1.1.13",
                });
                sequence(&[&oid(identifier), &tlv(NULL, &[])])
            }
        }
    }

    fn verification(self) -> &'static dyn VerificationAlgorithm {
        match self {
            Self::EcdsaP256Sha256 => &signature::ECDSA_P256_SHA256_ASN1,
            Self::EcdsaP384Sha384 => &signature::ECDSA_P384_SHA384_ASN1,
            Self::RsaPss(Digest::Sha256) => &signature::RSA_PSS_2048_8192_SHA256,
            Self::RsaPss(Digest::Sha384) => &signature::RSA_PSS_2048_8192_SHA384,
            Self::RsaPss(Digest::Sha512) => &signature::RSA_PSS_2048_8192_SHA512,
            Self::RsaPkcs1(Digest::Sha256) => &signature::RSA_PKCS1_2048_8192_SHA256,
            Self::RsaPkcs1(Digest::Sha384) => &signature::RSA_PKCS1_2048_8192_SHA384,
            Self::RsaPkcs1(Digest::Sha512) => &signature::RSA_PKCS1_2048_8192_SHA512,
        }
    }
}

/// A certificate that is one DER value and nothing after it.
pub(crate) fn parse(certificate: &[u8]) -> Result<X509Certificate<'_>> {
    match X509Certificate::from_der(certificate) {
        Ok(([], certificate)) => Ok(certificate),
        Ok(_) => Err(Error::malformed("certificate", "bytes after its end")),
        Err(e) => Err(Error::malformed("certificate", e.to_string())),
    }
}

/// Thông tư 15/2025/TT-BKHCN.
const RSA_LEAST_BITS: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_algorithm_has_a_name_of_its_own() {
        for (algorithm, name) in Algorithm::NAMES {
            assert_eq!(
                (algorithm.name(), Algorithm::named(name)),
                (name, Some(algorithm))
            );
        }
        assert_eq!(Algorithm::named("md5"), None);
    }
}
