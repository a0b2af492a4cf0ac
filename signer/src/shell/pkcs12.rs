//! Keys from PKCS#12 files, modern (PBES2) and legacy (3DES, RC2).

use p12_keystore::{KeyStore, KeyStoreEntry, Pkcs12ImportPolicy};
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, RsaKeyPair};

use crate::error::{Error, Result};
use crate::sign::{self, Algorithm, Digest};

/// A private key with its chain, in memory.
pub struct Key {
    private: Private,
    algorithm: Algorithm,
    chain: Vec<Vec<u8>>,
    random: SystemRandom,
}

enum Private {
    Ecdsa(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

impl Key {
    /// Opens a PKCS#12 file. An RSA key signs with PSS; see [`Key::with_pkcs1`].
    ///
    /// # Errors
    /// A wrong password is *refused*; a file that is broken, or holds no key we sign with, says so.
    pub fn open(bytes: &[u8], password: &str) -> Result<Self> {
        let store = KeyStore::from_pkcs12(bytes, password, Pkcs12ImportPolicy::Relaxed).map_err(explain)?;
        let mut chains = store.entries().filter_map(|(_, entry)| match entry {
            KeyStoreEntry::PrivateKeyChain(chain) if !chain.certs().is_empty() => Some(chain),
            _ => None,
        });
        let chain = chains
            .next()
            .ok_or_else(|| Error::refused("PKCS#12", "it holds no key with its certificate"))?;
        let certificates = chain
            .certs()
            .iter()
            .map(|certificate| certificate.as_der().to_vec())
            .collect();
        Self::from_pkcs8(chain.key().as_der(), certificates)
    }

    /// Takes a PKCS#8 private key and its certificates, its own first.
    ///
    /// # Errors
    /// A key that is broken, of a kind we do not sign with, or not the certificate's.
    pub fn from_pkcs8(key: &[u8], chain: Vec<Vec<u8>>) -> Result<Self> {
        let certificate = chain
            .first()
            .ok_or_else(|| Error::misuse("key", "without certificate"))?;
        let algorithm = Algorithm::for_certificate(certificate)?;
        let random = SystemRandom::new();
        let ecdsa = |curve| EcdsaKeyPair::from_pkcs8(curve, key, &random).map(Private::Ecdsa);
        let private = match algorithm {
            Algorithm::EcdsaP256Sha256 => ecdsa(&signature::ECDSA_P256_SHA256_ASN1_SIGNING),
            Algorithm::EcdsaP384Sha384 => ecdsa(&signature::ECDSA_P384_SHA384_ASN1_SIGNING),
            Algorithm::RsaPss(_) | Algorithm::RsaPkcs1(_) => RsaKeyPair::from_pkcs8(key).map(Private::Rsa),
        };
        let private = private.map_err(|e| Error::malformed("key", e.to_string()))?;
        Ok(Self {
            private,
            algorithm,
            chain,
            random,
        })
    }

    /// Signs with this digest where the key is RSA; a curve has its own.
    pub fn with_digest(mut self, digest: Digest) -> Self {
        self.algorithm = match self.algorithm {
            Algorithm::RsaPss(_) => Algorithm::RsaPss(digest),
            Algorithm::RsaPkcs1(_) => Algorithm::RsaPkcs1(digest),
            other => other,
        };
        self
    }

    /// Signs with RSASSA-PKCS1-v1_5 instead of PSS, for receivers that lack it; nothing changes for ECDSA.
    pub fn with_pkcs1(mut self) -> Self {
        if let Algorithm::RsaPss(digest) = self.algorithm {
            self.algorithm = Algorithm::RsaPkcs1(digest);
        }
        self
    }
}

impl sign::Key for Key {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    fn chain(&self) -> &[Vec<u8>] {
        &self.chain
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let failed = |_| Error::refused("key", "it will not sign");
        match &self.private {
            Private::Ecdsa(pair) => Ok(pair
                .sign(&self.random, message)
                .map_err(failed)?
                .as_ref()
                .to_vec()),
            Private::Rsa(pair) => {
                let mut value = vec![0; pair.public().modulus_len()];
                pair.sign(rsa_encoding(self.algorithm), &self.random, message, &mut value)
                    .map_err(failed)?;
                Ok(value)
            }
        }
    }
}

fn rsa_encoding(algorithm: Algorithm) -> &'static dyn signature::RsaEncoding {
    match algorithm {
        Algorithm::RsaPkcs1(Digest::Sha256) => &signature::RSA_PKCS1_SHA256,
        Algorithm::RsaPkcs1(Digest::Sha384) => &signature::RSA_PKCS1_SHA384,
        Algorithm::RsaPkcs1(Digest::Sha512) => &signature::RSA_PKCS1_SHA512,
        Algorithm::RsaPss(Digest::Sha384) => &signature::RSA_PSS_SHA384,
        Algorithm::RsaPss(Digest::Sha512) => &signature::RSA_PSS_SHA512,
        _ => &signature::RSA_PSS_SHA256,
    }
}

/// Says whose fault it is. A wrong password shows as a MAC that differs, or in a file without one as bad padding.
fn explain(error: p12_keystore::error::Error) -> Error {
    use p12_keystore::error::Error as Cause;
    match error {
        Cause::MacError(_) | Cause::UnpadError | Cause::Pkcs5Error(_) => {
            Error::refused("password", "it does not open the PKCS#12 file")
        }
        Cause::UnsupportedEncryptionScheme
        | Cause::UnsupportedMacAlgorithm
        | Cause::UnsupportedContentType => Error::unsupported("PKCS#12", error.to_string()),
        _ => Error::malformed("PKCS#12", error.to_string()),
    }
}
