//! Signing as a chain of values, each of which can be stored: [`prepare`] → [`Prepared`] → (key) → [`Signed`] → (time-stamp) → file.
//! [`extend`] raises what is signed to B-LT and B-LTA, and [`DocumentTimeStamp`] stamps it. `CHECKLIST.md` goes through
//! EN 319 142-1 clause by clause.
//!
//! The document itself is not in those values: it is given again to [`Signed::complete`], which checks that it is the same.

mod algorithm;
pub(crate) mod base64;
mod container;
mod dictionary;
mod document_time_stamp;
mod draft;
mod elsewhere;
pub mod extend;
mod field;
mod foreign;
mod key;
mod opening;
#[cfg(test)]
mod properties;
mod seed;
mod statement;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

pub use algorithm::{Algorithm, Digest};
pub use document_time_stamp::DocumentTimeStamp;
pub use elsewhere::{Unsigned, unsigned_document, unsigned_statement};
pub use key::Key;
pub use opening::Opening;
pub use seed::{TimeStampWish, Wishes};
pub use statement::{sign_statement, statement_container};

pub(crate) use container::{Signer, TIME_STAMP_INFO, signed_attributes, signed_data};

use crate::appearance::Appearance;
use crate::error::{Error, Result};
use crate::pdf::place::Place;
use crate::tsp;
use draft::Draft;

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

/// A document made ready: everything decided but the signature value. About 90 kB, whatever the document's size.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Prepared {
    draft: Draft,
    algorithm: Algorithm,
    level: Level,
    #[serde(with = "base64::list")]
    chain: Vec<Vec<u8>>,
    #[serde(with = "base64")]
    signed_attributes: Vec<u8>,
    /// The digest of the document's bytes; absent in values stored by earlier versions.
    #[serde(with = "base64", default)]
    message_digest: Vec<u8>,
}

/// A signature that was made; the key is no longer needed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Signed {
    prepared: Prepared,
    #[serde(with = "base64")]
    signature: Vec<u8>,
    #[serde(with = "base64::optional")]
    time_stamp: Option<Vec<u8>>,
}

/// Prepares the incremental update and the signed attributes.
///
/// `chain` is DER, the signer's certificate first, then towards its root; all of it is embedded. The document is hashed
/// once (twice for digests other than SHA-256).
///
/// # Errors
/// Malformed, encrypted or damaged documents; a field already signed; a lock, certification or seed value that forbids
/// this signature (*refused*); an algorithm that does not fit the certificate's key (*misuse*). A reason, certification or
/// lock that the field's seed values require is added where the request leaves it open.
pub fn prepare(document: &[u8], request: &Request, chain: &[Vec<u8>]) -> Result<Prepared> {
    prepare_with(document, None, request, chain)
}

/// As [`prepare`], in a document that `password` opens.
///
/// # Errors
/// As [`prepare`]; a wrong password is *refused*.
pub fn prepare_with(
    document: &[u8],
    password: Option<&str>,
    request: &Request,
    chain: &[Vec<u8>],
) -> Result<Prepared> {
    Opening::of(document, password)?.prepare(request, chain)
}

/// The common name of a chain's first certificate, for showing.
///
/// # Errors
/// *Malformed* certificates, or one without such a name.
pub fn common_name(chain: &[Vec<u8>]) -> Result<String> {
    let certificate = algorithm::parse(chain.first().map_or(&[], Vec::as_slice))?;
    let name = certificate
        .subject()
        .iter_common_name()
        .next()
        .and_then(|name| name.as_str().ok());
    name.map(str::to_owned)
        .ok_or_else(|| Error::malformed("certificate", "its subject has no common name"))
}

impl Prepared {
    /// The DER `SET OF` signed attributes: what the key signs (RFC 5652, 5.4).
    pub fn signed_attributes(&self) -> &[u8] {
        &self.signed_attributes
    }

    /// What the key must sign with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The certificates given, DER, the signer's own first.
    pub fn chain(&self) -> &[Vec<u8>] {
        &self.chain
    }

    /// The digest of the signed attributes: what a service signs that is sent a hash.
    pub fn attributes_digest(&self) -> Vec<u8> {
        self.algorithm.digest().of(&self.signed_attributes)
    }

    /// The digest of the document's bytes: what a service signs over that makes the CMS itself.
    pub fn message_digest(&self) -> &[u8] {
        &self.message_digest
    }

    /// The bytes that appended to the document make it whole but for the signature value, whose place holds zeros: for whoever
    /// keeps the key elsewhere, and reads what it is asked to sign with [`unsigned_document`].
    ///
    /// # Errors
    /// None in practice: nothing is too large for its place.
    pub fn unsigned_update(&self) -> Result<Vec<u8>> {
        self.draft.with_contents(&[])
    }

    /// Whether `document` is the one that was prepared.
    ///
    /// # Errors
    /// *Misuse*: it is another.
    pub fn check(&self, document: &[u8]) -> Result<()> {
        self.draft.check(document)
    }

    /// Takes a detached CMS that a service made over [`Prepared::message_digest`]: its signed attributes, its signature
    /// and its certificates, after checking them as PAdES wants them.
    ///
    /// # Errors
    /// *Malformed*, or *refused*: another document's, another signer's, without ESS certificate, with a signing-time.
    pub fn with_container(self, container: &[u8]) -> Result<Signed> {
        foreign::take(self, container)
    }

    /// Takes the signature value (ECDSA as DER), after checking it against the certificate's key.
    ///
    /// # Errors
    /// *Refused*: a signature that does not verify.
    pub fn with_signature(self, signature: Vec<u8>) -> Result<Signed> {
        self.algorithm
            .verify(&self.chain[0], &self.signed_attributes, &signature)?;
        Ok(Signed {
            prepared: self,
            signature,
            time_stamp: None,
        })
    }
}

impl Signed {
    /// Whether a time-stamp is wanted and not there yet: the signature is *pending*.
    pub fn needs_time_stamp(&self) -> bool {
        self.prepared.level == Level::BT && self.time_stamp.is_none()
    }

    /// The `TimeStampReq` over the signature value; `nonce` is chosen at random by the caller, who keeps it.
    ///
    /// # Errors
    /// *Misuse*: the time-stamp is already there.
    pub fn time_stamp_request(&self, nonce: u64) -> Result<Vec<u8>> {
        if self.time_stamp.is_some() {
            return Err(Error::misuse("signature", "it has its time-stamp"));
        }
        Ok(tsp::request(
            TIME_STAMP_DIGEST,
            &TIME_STAMP_DIGEST.of(&self.signature),
            nonce,
        ))
    }

    /// Takes a `TimeStampResp`, after checking status, imprint, nonce and that its time is near `now`.
    ///
    /// # Errors
    /// A response that is malformed, refuses, or answers another request.
    pub fn with_time_stamp(mut self, response: &[u8], nonce: u64, now: OffsetDateTime) -> Result<Signed> {
        let token = tsp::token(response)?;
        token.answers(
            TIME_STAMP_DIGEST,
            &TIME_STAMP_DIGEST.of(&self.signature),
            nonce,
            now,
        )?;
        self.time_stamp = Some(token.into_der());
        Ok(self)
    }

    /// Goes on without the time-stamp that was wanted: what cannot wait is stored at level B-B.
    pub fn without_time_stamp(mut self) -> Signed {
        self.prepared.level = Level::BB;
        self
    }

    /// The bytes to be appended to the document.
    ///
    /// # Errors
    /// *Misuse*: a time-stamp still wanted. *Refused*: a container larger than its place.
    pub fn update(&self) -> Result<Vec<u8>> {
        if self.needs_time_stamp() {
            return Err(Error::misuse("signature", "its time-stamp is missing"));
        }
        let signer = Signer {
            algorithm: self.prepared.algorithm,
            chain: &self.prepared.chain,
            signed_attributes: &self.prepared.signed_attributes,
            signature: &self.signature,
            time_stamp: self.time_stamp.as_deref(),
        };
        self.prepared
            .draft
            .with_contents(&signed_data(container::DATA, None, &signer)?)
    }

    /// Whether `document` is the one that was prepared: to be asked before [`Signed::update`] is appended to it.
    ///
    /// # Errors
    /// *Misuse*: it is another.
    pub fn check(&self, document: &[u8]) -> Result<()> {
        self.prepared.draft.check(document)
    }

    /// The whole new file: `document` and the update.
    ///
    /// # Errors
    /// As [`Signed::update`]; *misuse*: a `document` that is not the one prepared.
    pub fn complete(&self, document: &[u8]) -> Result<Vec<u8>> {
        self.check(document)?;
        let update = self.update()?;
        let mut file = Vec::with_capacity(document.len() + update.len());
        file.extend_from_slice(document);
        file.extend_from_slice(&update);
        Ok(file)
    }
}

/// What the time-stamp authority is given: SHA-256, which every authority takes.
const TIME_STAMP_DIGEST: Digest = Digest::Sha256;
