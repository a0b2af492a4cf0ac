//! The verifier's authority over a file: a strict reader that keeps revisions apart and never repairs.
//!
//! Readers that recover, merge revisions or guess are what attacks on signatures live from; here whatever two readers
//! could see differently is an error. Objects are parsed when asked for, each one within the bytes of the revision
//! that names it.

mod container;
mod content;
mod decrypt;
mod document;
mod filter;
mod lexer;
#[cfg(test)]
mod properties;
mod revision;
mod view;
mod xref;

pub use content::{Operation, operations};
pub use document::{Document, Located, Place};
pub use revision::Revision;
pub use view::View;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A file with a table, an update with a stream of cross-references being left to the corpus.
    fn sample() -> Vec<u8> {
        let mut file = b"%PDF-1.7\n".to_vec();
        let bodies = [
            "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[3 0 R]/SigFlags 3>>>>",
            "<</Type/Pages/Kids[4 0 R]/Count 1>>",
            "<</FT/Sig/T(a)/V<</Type/Sig/SubFilter/adbe.pkcs7.detached/ByteRange[0 9 9 9]/Contents<30>>>>>",
            "<</Type/Page/Parent 2 0 R/Annots[3 0 R]/MediaBox[0 0 9 9]>>",
        ];
        let mut offsets = Vec::new();
        for (index, body) in bodies.iter().enumerate() {
            offsets.push(file.len());
            file.extend(format!("{} 0 obj\n{body}\nendobj\n", index + 1).bytes());
        }
        let start = file.len();
        file.extend(b"xref\n0 5\n0000000000 65535 f \n");
        for offset in offsets {
            file.extend(format!("{offset:010} 00000 n \n").bytes());
        }
        file.extend(format!("trailer\n<</Size 5/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n").bytes());
        file
    }

    #[test]
    fn reads_the_sample() {
        let file = sample();
        let document = Document::open(&file, None).unwrap();
        assert_eq!(document.revisions().len(), 1);
        assert!(document.latest().catalog().is_ok());
    }

    proptest! {
        #[test]
        fn never_panics_on_mutated_files(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
            let mut file = sample();
            for (at, byte) in changes {
                let at = at.index(file.len());
                file[at] = byte;
            }
            let policy = crate::validate::Policy::new(time::OffsetDateTime::UNIX_EPOCH);
            let report = crate::validate::validate(&file, &policy);
            prop_assert_ne!(report.verdict, crate::validate::Verdict::TotalPassed);
        }

        #[test]
        fn never_panics_on_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
            let file = [b"%PDF-1.7\n", &bytes[..], b"\nstartxref\n9\n%%EOF"].concat();
            let _ = Document::open(&file, None).is_ok();
        }
    }
}
