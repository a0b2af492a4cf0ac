//! What a key must do.

use super::Algorithm;
use crate::error::Result;

/// A private key, wherever it lives. It is given the signed attributes whole and hashes them as its device needs.
pub trait Key: Send + Sync {
    /// What it signs with.
    fn algorithm(&self) -> Algorithm;

    /// The certificates in DER: its own first, then towards the root.
    fn chain(&self) -> &[Vec<u8>];

    /// The signature over `message` (ECDSA as the DER `Ecdsa-Sig-Value`).
    ///
    /// # Errors
    /// The device is gone, is locked, or will not sign.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>>;
}
