//! What every step of the flow keeps, on every form of file.

use std::process::Command;

use hoian_signer::error::Error;
use hoian_signer::pdf::form::{NewField, fill, prepare_fields};
use hoian_signer::pdf::place::{Place, Rect};
use hoian_signer::shell::clock;
use hoian_signer::sign::{self, Key as _};
use hoian_signer::validate::{Policy, validate};
use proptest::prelude::*;

use super::{FORMS, blank, fixture, large, paper, qpdf, run, text_field};

#[test]
fn every_step_on_every_form_of_file_keeps_its_prefix_and_passes_qpdf() {
    let now = clock::now();
    let pki = fixture::Pki::new(now);
    let folder = tempfile::tempdir().unwrap();
    for (form, arguments) in FORMS {
        let paper = qpdf(folder.path(), &paper::paper(now), arguments);
        let flow = fixture::flow(&paper, &pki, now);
        let versions = [&paper, &flow.prepared, &flow.signed, &flow.numbered, &flow.sealed];
        for pair in versions.windows(2) {
            assert!(pair[1].starts_with(pair[0]), "{form}: a prefix changed");
            assert!(
                pair[1].len() - pair[0].len() < 200_000,
                "{form}: an update out of proportion"
            );
        }
        let path = folder.path().join("sealed.pdf");
        std::fs::write(&path, &flow.sealed).unwrap();
        run(Command::new("qpdf").arg("--check").arg(&path));
        let text = run(Command::new("pdftotext").args(["-layout"]).arg(&path).arg("-"));
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            words.contains("Số: 141/KH-UBND") || words.contains("Số: 141 /KH-UBND"),
            "{form}: {text}"
        );
        assert!(words.contains("ngày 23 tháng 11 năm"), "{form}: {text}");
    }
}

#[test]
fn our_own_validator_passes_every_signed_version() {
    let now = clock::now();
    let pki = fixture::Pki::new(now);
    let flow = fixture::flow(&paper::paper(now), &pki, now);
    let mut policy = Policy::new(now);
    policy.trust_embedded = true;
    let cases = [
        (&flow.signed, &["none"][..]),
        (&flow.numbered, &["form-filling"]),
        (&flow.sealed, &["form-filling", "none"]),
    ];
    for (version, modifications) in cases {
        let report = serde_json::to_value(validate(version, &policy)).unwrap();
        assert_eq!(report["verdict"], "TOTAL-PASSED", "{report:#}");
        let signatures = report["signatures"].as_array().unwrap();
        assert_eq!(signatures.len(), modifications.len());
        for (signature, modification) in signatures.iter().zip(modifications) {
            assert_eq!(
                (&signature["level"], &signature["modification"]),
                (&"B-T".into(), &(*modification).into())
            );
        }
    }
}

#[test]
fn bytes_outside_contents_are_those_that_were_prepared() {
    let now = clock::now();
    let pki = fixture::Pki::new(now);
    let paper = paper::paper(now);
    let request = fixture::request("Signature1", pki.leader.algorithm(), now);
    let prepared = sign::prepare(&paper, &request, pki.leader.chain()).unwrap();
    let complete = || {
        let value = pki.leader.sign(prepared.signed_attributes()).unwrap();
        prepared
            .clone()
            .with_signature(value)
            .unwrap()
            .complete(&paper)
            .unwrap()
    };
    // ECDSA is randomised: two signatures differ, and in nothing but the container.
    let (one, other) = (complete(), complete());
    assert_ne!(one, other);
    let [start, end, length] = fixture::last_byte_range(&one);
    assert_eq!(end + length, one.len());
    assert_eq!((&one[start..=start], &one[end - 1..end]), (&b"<"[..], &b">"[..]));
    assert_eq!((&one[..start], &one[end..]), (&other[..start], &other[end..]));
    let digest = ring::digest::digest(&ring::digest::SHA256, &[&one[..start], &one[end..]].concat());
    let attributes = prepared.signed_attributes();
    assert!(
        attributes.windows(32).any(|window| window == digest.as_ref()),
        "the digest signed is another"
    );
}

#[test]
fn vietnamese_is_found_again_whether_composed_or_not() {
    let composed = "Đắk Lắk, Thừa Thiên Huế: ưỡn ẽo, Nguyễn Thị Hằng";
    let decomposed: String = unicode_normalization::UnicodeNormalization::nfd(composed).collect();
    assert_ne!(composed, decomposed);
    for value in [composed, &decomposed] {
        let prepared = prepare_fields(&blank(), &[text_field("noi_nhan", 400.0)]).unwrap();
        let filled = fill(&prepared, &[("noi_nhan", value)]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("filled.pdf");
        std::fs::write(&path, &filled).unwrap();
        let found = run(Command::new("pdftotext").arg(&path).arg("-"));
        assert_eq!(found.trim(), composed);
        let fonts = run(Command::new("pdffonts").arg(&path));
        assert!(
            fonts
                .lines()
                .any(|line| line.contains("+LiberationSerif") && line.contains("yes yes yes")),
            "{fonts}"
        );
    }
}

#[test]
fn a_stored_signature_is_small_whatever_the_document_weighs() {
    let now = clock::now();
    let pki = fixture::Pki::new(now);
    let large = large(20 << 20);
    let request = fixture::request("Signature1", pki.leader.algorithm(), now);
    let prepared = sign::prepare(&large, &request, pki.leader.chain()).unwrap();
    assert!(serde_json::to_vec(&prepared).unwrap().len() < 16_000);
}

#[test]
fn prepared_fields_are_named_once() {
    let field = |name: &str| NewField::Signature {
        name: name.into(),
        place: Place {
            page: 1,
            rect: Rect {
                x: 10.0,
                y: 10.0,
                width: 50.0,
                height: 20.0,
            },
        },
        lock: None,
    };
    assert!(prepare_fields(&blank(), &[field("a"), field("b")]).is_ok());
    assert!(prepare_fields(&blank(), &[field("a"), field("a")]).is_err());
    assert!(prepare_fields(&blank(), &[field("a.b")]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is written into a field, what was there before stays.
    #[test]
    fn filling_keeps_the_prefix_or_refuses(value in "\\PC{0,40}", width in 1.0..500.0f64) {
        let prepared = prepare_fields(&blank(), &[text_field("o", width)]).unwrap();
        match fill(&prepared, &[("o", &value)]) {
            Ok(filled) => prop_assert!(filled.starts_with(&prepared)),
            Err(error) => prop_assert!(matches!(error, Error::Refused { .. }), "{}", error),
        }
    }

    /// No bytes make the writer panic, and none that are broken are signed.
    #[test]
    fn broken_files_are_refused_without_panic(position in 0usize..900, byte: u8) {
        let mut document = blank();
        let position = position % document.len();
        document[position] = byte;
        if let Ok(prepared) = prepare_fields(&document, &[text_field("o", 50.0)]) {
            prop_assert!(prepared.starts_with(&document));
        }
    }
}
