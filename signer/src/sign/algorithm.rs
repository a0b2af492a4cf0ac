//! Signature and digest algorithms we produce (Thông tư 15/2025/TT-BKHCN: RSA from 2048, ECDSA from 256, SHA-256 and up).

use serde::{Deserialize, Serialize};

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

impl Algorithm {
    /// The digest it signs over.
    pub fn digest(self) -> Digest {
        match self {
            Self::EcdsaP256Sha256 => Digest::Sha256,
            Self::EcdsaP384Sha384 => Digest::Sha384,
            Self::RsaPss(digest) | Self::RsaPkcs1(digest) => digest,
        }
    }
}
