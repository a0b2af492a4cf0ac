//! Validation of signed PDF documents (EN 319 102-1, EN 319 142-1): a report, never an error, never a panic.
//!
//! Format and coverage first, then what later revisions changed, cryptography, certificates, and time. Each has its own
//! module and its own verdict; [`signature`] joins them into an indication.

mod added;
mod attack;
mod covered;
mod cryptography;
mod difference;
mod evidence;
mod existence;
mod field;
mod format;
mod past;
mod permission;
mod policy;
mod reason;
mod remainder;
mod report;
mod sentence;
mod signature;
mod stamp;
mod statement;
mod trust;
mod unsigned;
mod waiting;

pub use added::{Added, added_signature};
pub use attack::Attack;
pub use policy::{Anchor, Policy, Revocation};
pub use reason::Reason;
pub use report::{
    CertificateSummary, Change, Coverage, Indication, Kind, Level, Modification, ObjectKind, Problem, Report,
    RevocationStatus, SignatureReport, SubIndication, ValidationObject, Verdict, Warning,
};

pub use statement::{check_statement, trust_statement};
pub(crate) use waiting::waiting;

use crate::error::Error;
use crate::pdf::reader::Document;

/// Judges every signature and document time-stamp of `document` under `policy`.
///
/// Never fails and never panics: what cannot be judged is said in the report. Time and memory stay within
/// [`crate::limits`]. The document's bytes are hashed in place.
pub fn validate(document: &[u8], policy: &Policy) -> Report {
    match Document::open(document, policy.password.as_deref())
        .and_then(|opened| signature::judge(&opened, policy))
    {
        Ok(report) => report,
        Err(error @ Error::Malformed { .. }) => {
            remainder::judge(document, policy, &error).unwrap_or_else(|| unreadable_or_cut(document, &error))
        }
        Err(error) => match Document::open_locked(document).map(|locked| unsigned::has_none(&locked)) {
            Ok(true) => Report::without_signatures(),
            _ => unreadable(&error),
        },
    }
}

/// A file whose end was cut off (no `%%EOF` in its last 1,024 bytes) and that names no signature holds none that counts;
/// the report still says what is wrong with it.
fn unreadable_or_cut(document: &[u8], error: &Error) -> Report {
    const MARK: &[u8] = b"%%EOF";
    let end = &document[document.len().saturating_sub(1024)..];
    let is_cut = !end.windows(MARK.len()).any(|window| window == MARK);
    let begins = document.starts_with(b"%PDF-");
    let mut report = unreadable(error);
    if begins && is_cut && !unsigned::mentions_signature(document) {
        report.verdict = Verdict::NoSignature;
    }
    report
}

fn unreadable(error: &Error) -> Report {
    let (verdict, problem) = match error {
        Error::Malformed { .. } | Error::Misuse { .. } => {
            (Verdict::Malformed, Problem::Malformed(error.to_string()))
        }
        Error::Unsupported { .. } => (Verdict::Indeterminate, Problem::Unsupported(error.to_string())),
        Error::Refused {
            subject: "password", ..
        } => (Verdict::Indeterminate, Problem::PasswordNeeded),
        Error::Refused { .. } => (Verdict::Indeterminate, Problem::Refused(error.to_string())),
    };
    Report {
        verdict,
        code: Some(Reason::of(&error.to_string())),
        problem: Some(problem),
        ..Report::without_signatures()
    }
}
