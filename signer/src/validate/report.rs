//! The outcome of a validation, for machines (the JSON of `signer verify`) and for people.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::reason::Reason;

/// What validation found in one document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub verdict: Verdict,
    /// In the order of the revisions they sign.
    pub signatures: Vec<SignatureReport>,
    /// Why the document as a whole is malformed or could not be judged (English, for logs and experts).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
    /// The problem's stable code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Reason>,
    /// Certificates and answers at hand, where the policy asks for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<ValidationObject>,
}

/// A certificate or an answer that was at hand, and since when it is proven to exist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValidationObject {
    pub kind: ObjectKind,
    /// SHA-256 of the DER, lower-case hexadecimal.
    pub fingerprint: String,
    #[serde(with = "crate::sign::base64")]
    pub der: Vec<u8>,
    /// The earliest moment at which a time-stamp of the document proves it; else that of the validation.
    #[serde(with = "time::serde::rfc3339")]
    pub existed_at: OffsetDateTime,
}

/// What a [`ValidationObject`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObjectKind {
    Certificate,
    OcspResponse,
    RevocationList,
}

/// The whole document's verdict: the worst of its signatures'.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING-KEBAB-CASE")]
pub enum Verdict {
    TotalPassed,
    TotalFailed,
    Indeterminate,
    NoSignature,
    Malformed,
}

/// Why the document as a whole could not be judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "reason", rename_all = "snake_case")]
pub enum Problem {
    /// The bytes break the rules of the format.
    Malformed(String),
    /// Encrypted, and the password (if any) does not open it.
    PasswordNeeded,
    /// Encrypted or made in a way this validator does not know.
    Unsupported(String),
    /// Beyond a limit.
    Refused(String),
}

/// One signature or document time-stamp.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SignatureReport {
    /// Fully qualified field name.
    pub field: String,
    pub kind: Kind,
    /// The common name of the certificate that was checked, or, where the content is another than what was signed, of the one
    /// under which the signed attributes stand; never the dictionary's `/Name`.
    pub signer: Option<String>,
    pub indication: Indication,
    pub sub_indication: Option<SubIndication>,
    pub level: Level,
    pub coverage: Coverage,
    pub modification: Modification,
    /// Such as "sha256".
    pub digest_algorithm: Option<String>,
    /// The claimed time: signing-time attribute, else the dictionary's `/M`.
    #[serde(with = "time::serde::rfc3339::option")]
    pub signed_at: Option<OffsetDateTime>,
    /// The proven time: of the signature time-stamp, else of the earliest valid document time-stamp over it.
    #[serde(with = "time::serde::rfc3339::option")]
    pub timestamp: Option<OffsetDateTime>,
    pub warnings: Vec<Warning>,
    /// Why the indication is not TOTAL-PASSED (English, for logs and experts), the decisive reason first.
    pub reasons: Vec<String>,
    /// The stable code of each reason, in the same order.
    #[serde(default)]
    pub codes: Vec<Reason>,
    /// The checked signer's certificate.
    pub certificate: Option<CertificateSummary>,
    /// SHA-256 of the certificates of the chain, from the signer's to the anchor's, lower-case hexadecimal.
    #[serde(default)]
    pub chain: Vec<String>,
    /// The regime of the anchor the chain ends in.
    pub regime: Option<String>,
    pub revocation: RevocationStatus,
    /// What later revisions changed, in order.
    pub changes: Vec<Change>,
    /// Of the revision signed, counted from 1.
    pub revision: Option<usize>,
    /// Bytes of the file this signature covers, counted from the start: the signed version's length.
    pub covered_bytes: Option<u64>,
    /// `/Reason`, `/Location` as claimed, not proven.
    pub reason: Option<String>,
    pub location: Option<String>,
}

/// What a signature field's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Signature,
    #[serde(rename = "document-timestamp")]
    DocumentTimeStamp,
}

/// EN 319 102-1 clause 5.1.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING-KEBAB-CASE")]
pub enum Indication {
    TotalPassed,
    TotalFailed,
    Indeterminate,
}

/// EN 319 102-1 tables 5 and 6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SubIndication {
    FormatFailure,
    HashFailure,
    SigCryptoFailure,
    Revoked,
    Expired,
    NotYetValid,
    SigConstraintsFailure,
    ChainConstraintsFailure,
    CertificateChainGeneralFailure,
    CryptoConstraintsFailure,
    PolicyProcessingError,
    TimestampOrderFailure,
    NoSigningCertificateFound,
    NoCertificateChainFound,
    RevokedNoPoe,
    RevokedCaNoPoe,
    OutOfBoundsNoPoe,
    OutOfBoundsNotRevoked,
    CryptoConstraintsFailureNoPoe,
    NoPoe,
    TryLater,
    SignedDataNotFound,
}

/// EN 319 142-1 levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Level {
    #[serde(rename = "none")]
    None,
    #[serde(rename = "B-B")]
    BB,
    #[serde(rename = "B-T")]
    BT,
    #[serde(rename = "B-LT")]
    BLT,
    #[serde(rename = "B-LTA")]
    BLTA,
}

/// How much of the file the byte range covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Coverage {
    /// All bytes but the signature's own hex string.
    WholeFile,
    /// All bytes of a complete earlier revision.
    WholeRevision,
    /// Less than a revision: not to be trusted.
    Partial,
    None,
}

/// The gravest kind of later change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Modification {
    None,
    Lta,
    FormFilling,
    Annotations,
    Disallowed,
}

/// One explained change made after the signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Of the revision that made it, counted from 1.
    pub revision: usize,
    pub modification: Modification,
    /// What changed, naming field or object.
    pub what: String,
}

/// What passes, but a person should know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Warning {
    /// No revocation answer was at hand.
    RevocationUnknown,
    /// The anchor came out of the document: identity is not proven.
    EmbeddedAnchor,
    /// PAdES asks for an ESS signing-certificate attribute.
    NoSigningCertificateAttribute,
    /// PAdES forbids the signing-time attribute.
    SigningTimeAttribute,
    /// SHA-1 or a key under 2048 bits.
    WeakAlgorithm,
    /// The time-stamp could not be checked, so it proves nothing.
    TimeStampNotTrusted,
    /// The claimed signing time and the time-stamp disagree by more than a day.
    TimesDisagree,
    /// A later revision changed the document in an allowed way.
    ChangedLater,
    /// Signed attributes are not in DER order.
    AttributesOutOfOrder,
    /// The CMS uses BER where DER is asked for.
    NotDer,
    /// A visible signature was added after certification.
    VisibleSignatureAfterCertification,
    /// A later signature was placed over one that stood there.
    SignatureCovered,
    /// A later revision dropped entries of the document security store: the long-term level may have fallen with them.
    ValidationDataRemoved,
    /// The owner of an encrypted file lets nobody sign it, or add a field to sign in; who opens it as its owner may.
    AgainstOwnersPermission,
    /// A field that was filled later shows something else than its value, or cannot be read: who reads the page and who reads
    /// the data get different answers.
    ValueNotShown,
    /// No revocation answer about the authority of a time-stamp was at hand.
    TimeStampStatusUnknown,
}

/// What the revocation evidence says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationStatus {
    Good,
    Revoked,
    Unknown,
    NotChecked,
}

/// A certificate as people read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateSummary {
    /// Common name of the subject, or the whole name without one.
    pub name: String,
    /// Organisation of the subject: the managing unit.
    pub organisation: Option<String>,
    pub subject: String,
    pub issuer: String,
    /// Upper-case hexadecimal.
    pub serial: String,
    #[serde(with = "time::serde::rfc3339")]
    pub not_before: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub not_after: OffsetDateTime,
    /// SHA-256 of the DER, lower-case hexadecimal.
    pub fingerprint: String,
}

impl Report {
    /// A report on a document that cannot be read.
    pub fn malformed(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self {
            verdict: Verdict::Malformed,
            code: Some(Reason::of(&reason)),
            problem: Some(Problem::Malformed(reason)),
            ..Self::without_signatures()
        }
    }

    /// A report on a document that was never signed.
    pub(super) fn without_signatures() -> Self {
        Self {
            verdict: Verdict::NoSignature,
            signatures: Vec::new(),
            problem: None,
            code: None,
            objects: Vec::new(),
        }
    }
}

impl SignatureReport {
    /// Gives each reason its code.
    pub(super) fn name_reasons(&mut self) {
        self.codes = self.reasons.iter().map(|reason| Reason::of(reason)).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_contract() {
        let json = |value: serde_json::Value| value.as_str().map(str::to_owned);
        assert_eq!(
            json(serde_json::to_value(Verdict::TotalPassed).unwrap()).unwrap(),
            "TOTAL-PASSED"
        );
        assert_eq!(
            json(serde_json::to_value(Verdict::NoSignature).unwrap()).unwrap(),
            "NO-SIGNATURE"
        );
        assert_eq!(
            json(serde_json::to_value(Indication::Indeterminate).unwrap()).unwrap(),
            "INDETERMINATE"
        );
        assert_eq!(
            json(serde_json::to_value(SubIndication::HashFailure).unwrap()).unwrap(),
            "HASH_FAILURE"
        );
        assert_eq!(
            json(serde_json::to_value(Kind::DocumentTimeStamp).unwrap()).unwrap(),
            "document-timestamp"
        );
        assert_eq!(json(serde_json::to_value(Level::BLTA).unwrap()).unwrap(), "B-LTA");
        assert_eq!(
            json(serde_json::to_value(Coverage::WholeRevision).unwrap()).unwrap(),
            "whole-revision"
        );
        assert_eq!(
            json(serde_json::to_value(Modification::FormFilling).unwrap()).unwrap(),
            "form-filling"
        );
        assert_eq!(
            json(serde_json::to_value(Warning::RevocationUnknown).unwrap()).unwrap(),
            "revocation_unknown"
        );
    }
}
