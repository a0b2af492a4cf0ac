//! Signing as a chain of values, each of which can be stored: [`prepare`] → [`Prepared`] → (key) → [`Signed`] → (time-stamp) → file.
//!
//! The document itself is not in those values: it is given again to [`Signed::complete`], which checks that it is the same.

mod algorithm;
mod key;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

pub use algorithm::{Algorithm, Digest};
pub use key::Key;

use crate::appearance::Appearance;
use crate::error::{Error, Result};
use crate::pdf::place::Place;

/// What is to be signed, and how it looks.
#[derive(Debug, Clone)]
pub struct Request {
    /// The signature field: an empty one that is there is filled, else it is made at `place`.
    pub field: String,
    /// Where a new field goes; without a place it is invisible. An existing field keeps its own rectangle.
    pub place: Option<Place>,
    pub appearance: Option<Appearance>,
    /// The claimed time, written to `/M` with Viet Nam's offset. Never proof: that is the time-stamp's.
    pub signing_time: OffsetDateTime,
    /// What the key will sign with.
    pub algorithm: Algorithm,
    pub level: Level,
    /// `/Name`, `/Reason`, `/Location` of the signature dictionary: information, never identity.
    pub name: Option<String>,
    pub reason: Option<String>,
    pub location: Option<String>,
    /// `DocMDP` level of a certification, which only a first signature may carry.
    pub certify: Option<Certification>,
}

/// The PAdES baseline level to be reached (EN 319 142-1, clause 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Level {
    /// Basic.
    #[serde(rename = "B-B")]
    BB,
    /// With a signature time-stamp.
    #[serde(rename = "B-T")]
    BT,
}

/// What a certified document still allows (ISO 32000-2, table 257).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Certification {
    NoChanges,
    FormFilling,
    Annotations,
}

/// A document made ready: everything decided but the signature value.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Prepared {}

/// A signature that was made; the key is no longer needed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Signed {}

/// Prepares the incremental update and the signed attributes.
///
/// `chain` is DER, the signer's certificate first, then towards its root; all of it is embedded.
///
/// # Errors
/// Malformed, encrypted or damaged documents; a field already signed; a lock or certification that forbids this signature
/// (*refused*); an algorithm that does not fit the certificate's key (*misuse*).
pub fn prepare(document: &[u8], request: &Request, chain: &[Vec<u8>]) -> Result<Prepared> {
    let _ = (document, request, chain);
    Err(Error::unsupported("sign", "not built yet"))
}

impl Prepared {
    /// The DER `SET OF` signed attributes: what the key signs (RFC 5652, 5.4).
    pub fn signed_attributes(&self) -> &[u8] {
        &[]
    }

    /// What the key must sign with.
    pub fn algorithm(&self) -> Algorithm {
        Algorithm::EcdsaP256Sha256
    }

    /// Takes the signature value (ECDSA as DER), after checking it against the certificate's key.
    ///
    /// # Errors
    /// A signature that does not verify.
    pub fn with_signature(self, signature: Vec<u8>) -> Result<Signed> {
        let _ = signature;
        Err(Error::unsupported("sign", "not built yet"))
    }
}

impl Signed {
    /// Whether a time-stamp is wanted and not there yet: the signature is *pending*.
    pub fn needs_time_stamp(&self) -> bool {
        false
    }

    /// The `TimeStampReq` over the signature value; `nonce` is eight random bytes chosen by the caller, who keeps it.
    pub fn time_stamp_request(&self, nonce: u64) -> Result<Vec<u8>> {
        let _ = nonce;
        Err(Error::unsupported("sign", "not built yet"))
    }

    /// Takes a `TimeStampResp`, after checking status, imprint, nonce and that its time is near `now`.
    ///
    /// # Errors
    /// A response that is malformed, refuses, or answers another request.
    pub fn with_time_stamp(self, response: &[u8], nonce: u64, now: OffsetDateTime) -> Result<Signed> {
        let _ = (response, nonce, now);
        Err(Error::unsupported("sign", "not built yet"))
    }

    /// The bytes to be appended to the document.
    ///
    /// # Errors
    /// A time-stamp still wanted (*misuse*), or a container larger than its place.
    pub fn update(&self) -> Result<Vec<u8>> {
        Err(Error::unsupported("sign", "not built yet"))
    }

    /// The whole new file: `document` and the update.
    ///
    /// # Errors
    /// As [`Signed::update`]; a `document` that is not the one prepared (*misuse*).
    pub fn complete(&self, document: &[u8]) -> Result<Vec<u8>> {
        let _ = document;
        self.update()
    }
}
