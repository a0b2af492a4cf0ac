//! Signed files whose end cannot be read: what was signed still is, and the bytes behind it belong to no revision.

use super::attack::Attack;
use super::policy::Policy;
use super::report::{Change, Coverage, Indication, Modification, Report, SubIndication, Verdict};
use super::signature;
use crate::error::Error;
use crate::pdf::reader::Document;

/// Ends tried, from the last: each costs a reading of the revisions before it.
const ENDS: usize = 32;

/// Judges the longest beginning of `document` that is a file by itself and holds a signature, and fails every signature
/// in it: nobody can say what the rest shows. `None` where no beginning holds one.
pub(super) fn judge(document: &[u8], policy: &Policy, error: &Error) -> Option<Report> {
    let mut report = ends(document).into_iter().find_map(|end| {
        let opened = Document::open(&document[..end], policy.password.as_deref()).ok()?;
        let report = signature::judge(&opened, policy).ok()?;
        (!report.signatures.is_empty()).then_some(report)
    })?;
    report.verdict = Verdict::TotalFailed;
    for signature in &mut report.signatures {
        let after = last(signature.revision);
        let what = Attack::IncrementalSaving.reason(format!(
            "bytes after revision {after} belong to no revision: {error}"
        ));
        signature.indication = Indication::TotalFailed;
        signature
            .sub_indication
            .get_or_insert(SubIndication::FormatFailure);
        signature.reasons.insert(0, what.clone());
        signature.modification = Modification::Disallowed;
        if signature.coverage == Coverage::WholeFile {
            signature.coverage = Coverage::WholeRevision;
        }
        signature.changes.push(Change {
            revision: last(signature.revision) + 1,
            modification: Modification::Disallowed,
            what,
        });
        signature.name_reasons();
    }
    Some(report)
}

fn last(revision: Option<usize>) -> usize {
    revision.unwrap_or_default()
}

/// After each `%%EOF` with its end of line, the last one first; the end of the file is none of them, it has been tried.
fn ends(document: &[u8]) -> Vec<usize> {
    const MARK: &[u8] = b"%%EOF";
    let mut found = Vec::new();
    let mut rest = document;
    while let Some(at) = rest.windows(MARK.len()).rposition(|window| window == MARK) {
        let mark = at + MARK.len();
        let line = match document.get(mark..).unwrap_or_default() {
            [b'\r', b'\n', ..] => 2,
            [b'\r' | b'\n', ..] => 1,
            _ => 0,
        };
        if mark + line < document.len() {
            found.push(mark + line);
        }
        if found.len() >= ENDS {
            break;
        }
        rest = &document[..at];
    }
    found
}
