//! Validation of signed PDF documents (EN 319 102-1, EN 319 142-1): a report, never an error, never a panic.

mod policy;
mod report;

pub use policy::{Anchor, Policy, Revocation};
pub use report::{
    CertificateSummary, Change, Coverage, Indication, Kind, Level, Modification, Problem, Report,
    RevocationStatus, SignatureReport, SubIndication, Verdict, Warning,
};

/// Judges every signature and document time-stamp of `document` under `policy`.
///
/// Never fails and never panics: what cannot be judged is said in the report. Time and memory stay within
/// [`crate::limits`]. The document's bytes are hashed in place.
pub fn validate(document: &[u8], policy: &Policy) -> Report {
    let _ = (document, policy);
    Report::malformed("the validator is not in place yet")
}
