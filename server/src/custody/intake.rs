//! What an uploaded file must be, before it becomes a draft.

use hoian_signer::pdf::text;
use hoian_signer::validate::{Policy, Problem, Verdict, validate};
use thiserror::Error;
use time::OffsetDateTime;

use crate::domain::secrecy;

/// Why a file is not taken, each with its own sentence for the person.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("the file is not a PDF")]
    NotPdf,
    #[error("the PDF is broken: {0}")]
    Broken(String),
    #[error("the PDF is encrypted")]
    Encrypted,
    #[error("the PDF needs something this program lacks: {0}")]
    Unsupported(String),
    /// Fields added after a signature are no form filling: a strict verifier would refuse the foreign signature from
    /// then on, so it is not touched. Papers sealed elsewhere come in as dispatches, not as drafts.
    #[error("the PDF bears a signature already")]
    Signed,
    #[error("the PDF bears the secrecy mark {0}")]
    StateSecret(&'static str),
    #[error("the file is larger than {limit_bytes} bytes")]
    TooLarge { limit_bytes: u64 },
}

/// The pages of a file that may become a draft.
///
/// Costs one strict read and the text of every page; run it on the bounded pool.
///
/// # Errors
/// [`Refusal`].
pub fn check(document: &[u8], now: OffsetDateTime) -> Result<Vec<text::Page>, Refusal> {
    // ISO 32000-2, 7.5.2, note: readers find the header within the first 1024 bytes; the strict reader wants it first.
    if !document.starts_with(b"%PDF-") {
        return Err(Refusal::NotPdf);
    }
    if is_encrypted(document) {
        return Err(Refusal::Encrypted);
    }
    let report = validate(document, &Policy::new(now));
    match (report.problem, report.verdict) {
        (Some(Problem::PasswordNeeded), _) => return Err(Refusal::Encrypted),
        (Some(Problem::Malformed(reason)), _) => return Err(Refusal::Broken(reason)),
        (Some(Problem::Unsupported(reason) | Problem::Refused(reason)), _) => {
            return Err(Refusal::Unsupported(reason));
        }
        (None, Verdict::Malformed) => return Err(Refusal::Broken("the structure".to_owned())),
        (None, Verdict::NoSignature) => {}
        (None, _) => return Err(Refusal::Signed),
    }
    let pages = text::pages(document).map_err(|error| Refusal::Broken(error.to_string()))?;
    if let Some(mark) = secrecy_mark(&pages) {
        return Err(Refusal::StateSecret(mark));
    }
    Ok(pages)
}

/// Whether a trailer names an encryption dictionary. Trailers, also those of cross-reference streams, are never encrypted
/// or compressed themselves (ISO 32000-2, 7.6.2), so the name and a reference or dictionary stand in plain bytes.
fn is_encrypted(document: &[u8]) -> bool {
    const NAME: &[u8] = b"/Encrypt";
    document.windows(NAME.len() + 2).any(|window| {
        let after = &window[NAME.len()..];
        let reference = after[0].is_ascii_whitespace() && (after[1].is_ascii_digit() || after[1] == b'<');
        window.starts_with(NAME) && (reference || after == b"<<")
    })
}

/// The mark stands on the first page (Nghị định 30/2020/NĐ-CP, annex I, box 10a), as a run of its own beside others.
fn secrecy_mark(pages: &[text::Page]) -> Option<&'static str> {
    let runs = pages.first()?.lines.iter().flat_map(|line| &line.runs);
    secrecy::mark(runs.map(|run| run.text.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sees_encryption_in_a_trailer_and_not_in_other_names() {
        for encrypted in [
            "trailer<</Encrypt 12 0 R/Size 3>>",
            "<</Encrypt<</V 5>>>>",
            "/Encrypt\n<</V 5>>",
        ] {
            assert!(is_encrypted(encrypted.as_bytes()), "{encrypted}");
        }
        for plain in ["/EncryptMetadata true", "/Encrypt", "Encrypt 12 0 R", ""] {
            assert!(!is_encrypted(plain.as_bytes()), "{plain}");
        }
    }

    #[test]
    fn refuses_what_is_no_pdf() {
        for file in [&b""[..], b"xin chao", b"PK\x03\x04", b"\n%PDF-1.7"] {
            assert_eq!(check(file, OffsetDateTime::UNIX_EPOCH), Err(Refusal::NotPdf));
        }
    }
}
