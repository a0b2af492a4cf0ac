//! Signing from outside: what the writer may never change, on every form of file, and what it must refuse.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod command;
mod deferred;
mod files;
mod tokens;

use std::path::Path;
use std::process::Command;

use hoian_signer::appearance::{Appearance, image, place};
use hoian_signer::error::Error;
use hoian_signer::pdf::form::{Alignment, Face, NewField, fill, prepare_fields};
use hoian_signer::pdf::place::{Place, Rect};
use hoian_signer::pdf::text;
use hoian_signer::shell::{clock, pkcs12};
use hoian_signer::sign::{self, Certification, Key as _, Level};
use hoian_signer::validate::{Policy, validate};
use hoian_tests::{fixture, paper};
use proptest::prelude::*;

/// Arguments by which qpdf writes each form of file (ISO 32000-2, 7.5).
const FORMS: [(&str, &[&str]); 4] = [
    (
        "classic table",
        &["--object-streams=disable", "--force-version=1.4"],
    ),
    ("object streams", &["--object-streams=generate"]),
    ("linearised", &["--linearize", "--object-streams=disable"]),
    (
        "linearised with object streams",
        &["--linearize", "--object-streams=generate"],
    ),
];

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
fn places_found_from_the_text_are_those_the_typesetter_left_blank() {
    let now = clock::now();
    let (paper, places) = paper::paper_with_places(now);
    let pages = text::pages(&paper).unwrap();
    let person = place::person(&pages, fixture::FULL_NAME, 2.0).unwrap();
    assert_eq!(person.page, places.signature.page);
    let middle = |rect: Rect| (rect.x + rect.width / 2.0, rect.y + rect.height / 2.0);
    let (found, left) = (middle(person.rect), middle(places.signature.rect));
    assert!(
        (found.0 - left.0).abs() < 3.0 && (found.1 - left.1).abs() < 8.0,
        "{found:?} {left:?}"
    );
    let (number, size) = place::blank_after(&pages, "Số:", 10.0).unwrap();
    assert_eq!((number.page, size), (1, 13.0));
    assert!(
        (number.rect.y - places.number.place.rect.y).abs() < 0.5,
        "{number:?} {:?}",
        places.number
    );
}

#[test]
fn a_seal_covers_a_third_of_the_signature_from_its_left_in_true_size() {
    let person = Place {
        page: 1,
        rect: Rect {
            x: 300.0,
            y: 200.0,
            width: 150.0,
            height: 60.0,
        },
    };
    let seal = place::seal(&person, 36.0, 36.0).rect;
    assert!((seal.width - 102.047).abs() < 0.001 && seal.width == seal.height);
    assert!((seal.right() - 350.0).abs() < 1e-9);
    assert!((seal.y + seal.height / 2.0 - 230.0).abs() < 1e-9);
}

#[test]
fn what_cannot_be_signed_is_refused_with_its_reason() {
    let now = clock::now();
    let pki = fixture::Pki::new(now);
    let folder = tempfile::tempdir().unwrap();
    let paper = paper::paper(now);
    let request = fixture::request("Signature1", pki.leader.algorithm(), now);
    let why = |document: &[u8]| sign::prepare(document, &request, pki.leader.chain()).unwrap_err();

    assert!(matches!(why(b"not a PDF"), Error::Malformed { .. }));
    assert!(matches!(why(b"%PDF-1.7\n"), Error::Malformed { .. }));
    let encrypted = qpdf(
        folder.path(),
        &paper,
        &["--encrypt", "secret", "owner", "256", "--"],
    );
    let error = why(&encrypted);
    assert!(
        matches!(
            error,
            Error::Refused {
                subject: "password",
                ..
            }
        ),
        "{error}"
    );
    let cut = &paper[..paper.len() - 200];
    assert!(matches!(
        why(cut),
        Error::Refused { .. } | Error::Malformed { .. }
    ));
    let shifted = [b"garbage ", paper.as_slice()].concat();
    assert!(matches!(why(&shifted), Error::Malformed { .. }));
}

#[test]
fn locks_and_certifications_are_kept() {
    let now = clock::now();
    let pki = fixture::Pki::new(now);
    let flow = fixture::flow(&paper::paper(now), &pki, now);
    let again = fixture::request("lanh_dao", pki.leader.algorithm(), now);
    let refused = |document: &[u8], request: &sign::Request| {
        let error = sign::prepare(document, request, pki.leader.chain()).unwrap_err();
        assert!(matches!(error, Error::Refused { .. }), "{error}");
    };
    refused(&flow.signed, &again);
    // The agency's seal locks every field: nobody signs after it.
    refused(
        &flow.sealed,
        &fixture::request("them", pki.leader.algorithm(), now),
    );
    assert!(prepare_fields(&flow.signed, &[text_field("them", 50.0)]).is_err());
    assert!(fill(&flow.numbered, &[("so", "142")]).is_err());

    let mut certify = fixture::request("Signature1", pki.leader.algorithm(), now);
    certify.certify = Some(Certification::NoChanges);
    let certified = fixture::sign(&blank(), &certify, &pki.leader, &pki.time_stamps, now);
    refused(
        &certified,
        &fixture::request("Signature2", pki.leader.algorithm(), now),
    );
    refused(&flow.signed, &certify);
}

#[test]
fn a_signature_goes_only_into_the_document_it_was_made_for() {
    let now = clock::now();
    let pki = fixture::Pki::new(now);
    let document = blank();
    let request = fixture::request("Signature1", pki.leader.algorithm(), now);
    let prepared = sign::prepare(&document, &request, pki.leader.chain()).unwrap();
    let foreign = pki.agency.sign(prepared.signed_attributes()).unwrap();
    assert!(matches!(
        prepared.clone().with_signature(foreign),
        Err(Error::Refused { .. })
    ));
    let value = pki.leader.sign(prepared.signed_attributes()).unwrap();
    let signed = prepared.with_signature(value).unwrap();
    let mut other = document.clone();
    *other.last_mut().unwrap() ^= 1;
    assert!(matches!(signed.complete(&other), Err(Error::Misuse { .. })));
    assert!(signed.complete(&document).is_ok());
}

#[test]
fn a_time_stamp_must_answer_this_request_now() {
    let now = clock::now();
    let pki = fixture::Pki::new(now);
    let mut request = fixture::request("Signature1", pki.leader.algorithm(), now);
    request.level = Level::BT;
    let prepared = sign::prepare(&blank(), &request, pki.leader.chain()).unwrap();
    let pending = |_| {
        let value = pki.leader.sign(prepared.signed_attributes()).unwrap();
        prepared.clone().with_signature(value).unwrap()
    };
    let [one, other] = [0, 1].map(pending);
    assert!(one.needs_time_stamp() && one.update().is_err());
    let answer = fixture::stamp(
        &one.time_stamp_request(fixture::NONCE).unwrap(),
        &pki.time_stamps,
        now,
    );
    let late = now + time::Duration::hours(1);
    assert!(
        one.clone()
            .with_time_stamp(&answer, fixture::NONCE + 1, now)
            .is_err(),
        "another nonce"
    );
    assert!(
        one.clone()
            .with_time_stamp(&answer, fixture::NONCE, late)
            .is_err(),
        "another hour"
    );
    assert!(
        other.with_time_stamp(&answer, fixture::NONCE, now).is_err(),
        "another signature"
    );
    let refusal = fixture::stamp(b"not a request", &pki.time_stamps, now);
    assert!(matches!(
        one.clone().with_time_stamp(&refusal, fixture::NONCE, now),
        Err(Error::Refused { .. })
    ));
    assert!(
        one.clone()
            .with_time_stamp(&answer[..60], fixture::NONCE, now)
            .is_err()
    );
    assert!(
        !one.with_time_stamp(&answer, fixture::NONCE, now)
            .unwrap()
            .needs_time_stamp()
    );
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
fn pkcs12_says_whether_the_password_or_the_file_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    for (name, making, export) in fixture::OPENSSL_KEYS {
        let (file, _) = fixture::openssl_key(folder.path(), making, export);
        assert!(
            pkcs12::Key::open(&file, fixture::OPENSSL_PASSWORD).is_ok(),
            "{name}"
        );
        let wrong = pkcs12::Key::open(&file, "wrong").err();
        assert!(matches!(wrong, Some(Error::Refused { .. })), "{name}: {wrong:?}");
        let broken = pkcs12::Key::open(&file[..file.len() / 2], fixture::OPENSSL_PASSWORD).err();
        assert!(
            matches!(broken, Some(Error::Malformed { .. })),
            "{name}: {broken:?}"
        );
    }
}

#[test]
fn an_image_must_be_a_png_within_limits() {
    assert!(matches!(image::size(b"not a PNG"), Err(Error::Malformed { .. })));
    let seal = image::size(&fixture::seal_png()).unwrap();
    assert_eq!((seal.width, seal.height, seal.width_mm), (425, 425, None));
    let now = clock::now();
    let pki = fixture::Pki::new(now);
    let mut request = fixture::request("Signature1", pki.leader.algorithm(), now);
    request.appearance = Some(Appearance::Image {
        png: b"\x89PNG\r\n\x1a\nbroken".to_vec(),
    });
    request.place = Some(Place {
        page: 1,
        rect: Rect {
            x: 10.0,
            y: 10.0,
            width: 50.0,
            height: 50.0,
        },
    });
    let error = sign::prepare(&blank(), &request, pki.leader.chain()).unwrap_err();
    assert!(matches!(error, Error::Malformed { .. }), "{error}");
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

fn text_field(name: &str, width: f64) -> NewField {
    let rect = Rect {
        x: 60.0,
        y: 700.0,
        width,
        height: 14.4,
    };
    NewField::Text {
        name: name.into(),
        place: Place { page: 1, rect },
        font_size: 13.0,
        face: Face::Regular,
        alignment: Alignment::Left,
    }
}

/// The smallest file with a page.
fn blank() -> Vec<u8> {
    assemble(&[
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        PAGE,
    ])
}

/// The same with a stream of that many bytes beside it.
fn large(size_bytes: usize) -> Vec<u8> {
    let stream = format!(
        "<</Length {size_bytes}>>\nstream\n{}\nendstream",
        "0".repeat(size_bytes)
    );
    assemble(&[
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        PAGE,
        &stream,
    ])
}

const PAGE: &str = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<<>>>>";

fn assemble(objects: &[&str]) -> Vec<u8> {
    let mut file = String::from("%PDF-1.7\n");
    let mut table = String::from("0000000000 65535 f \n");
    for (index, object) in objects.iter().enumerate() {
        table += &format!("{:010} 00000 n \n", file.len());
        file += &format!("{} 0 obj\n{object}\nendobj\n", index + 1);
    }
    let (start, size) = (file.len(), objects.len() + 1);
    file +=
        &format!("xref\n0 {size}\n{table}trailer\n<</Size {size}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n");
    file.into_bytes()
}

/// A document rewritten by qpdf.
fn qpdf(folder: &Path, document: &[u8], arguments: &[&str]) -> Vec<u8> {
    let (from, to) = (folder.join("from.pdf"), folder.join("to.pdf"));
    std::fs::write(&from, document).unwrap();
    run(Command::new("qpdf").arg(&from).args(arguments).arg(&to));
    std::fs::read(to).unwrap()
}

fn run(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|e| panic!("{command:?}: {e}: run .ci/install test"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{command:?}: {text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text
}
