//! Keys from PKCS#12 files, modern and legacy.

use crate::error::{Error, Result};
use crate::sign::{self, Algorithm};

/// A private key with its chain, in memory.
pub struct Key {
    algorithm: Algorithm,
    chain: Vec<Vec<u8>>,
}

impl Key {
    /// Opens a PKCS#12 file. An RSA key signs with PSS; see [`Key::with_pkcs1`].
    ///
    /// # Errors
    /// A wrong password is *refused*; a file that is broken, or holds no key we sign with, says so.
    pub fn open(bytes: &[u8], password: &str) -> Result<Self> {
        let _ = (bytes, password);
        Err(Error::unsupported("PKCS#12", "not built yet"))
    }

    /// Signs with RSASSA-PKCS1-v1_5 instead of PSS, for receivers that lack it; nothing changes for ECDSA.
    pub fn with_pkcs1(self) -> Self {
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
        let _ = message;
        Err(Error::unsupported("PKCS#12", "not built yet"))
    }
}
