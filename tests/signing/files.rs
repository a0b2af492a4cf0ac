//! Forms of files and of fields that a signer meets: hybrid and encrypted files, certifications, locks, time-stamps.

use std::process::Command;

use hoian_signer::error::Error;
use hoian_signer::pdf::form::{fill_with, is_field, last_signed, prepare_fields_with};
use hoian_signer::shell::clock;
use hoian_signer::sign::{self, Certification, DocumentTimeStamp, Key as _};
use hoian_signer::validate::Verdict;

use super::{blank, fixture, hybrid, judge, passes, qpdf, run, text_field, with_field};

#[test]
fn hybrid_files_are_signed() {
    let now = clock::now();
    let pki = fixture::Pki::new(now);
    let document = hybrid();
    let request = fixture::request("Signature1", pki.leader.algorithm(), now);
    let signed = fixture::sign(&document, &request, &pki.leader, &pki.time_stamps, now);
    assert!(signed.starts_with(&document));
    passes(&signed, "hybrid");
    let again = fixture::request("Signature2", pki.agency.algorithm(), now);
    let twice = fixture::sign(&signed, &again, &pki.agency, &pki.time_stamps, now);
    passes(&twice, "hybrid, twice");
}

#[test]
fn encrypted_files_are_filled_and_signed_under_their_password() {
    let now = clock::now();
    let pki = fixture::Pki::new(now);
    let folder = tempfile::tempdir().unwrap();
    let kinds: [(&str, &[&str]); 4] = [
        ("RC4, 40 bits", &["--encrypt", "secret", "owner", "40", "--"]),
        (
            "RC4",
            &["--encrypt", "secret", "owner", "128", "--use-aes=n", "--"],
        ),
        (
            "AES-128",
            &["--encrypt", "secret", "owner", "128", "--use-aes=y", "--"],
        ),
        ("AES-256", &["--encrypt", "secret", "owner", "256", "--"]),
    ];
    for (kind, arguments) in kinds {
        let weak = [&["--allow-weak-crypto"], arguments].concat();
        let document = qpdf(folder.path(), &blank(), &weak);
        for password in ["secret", "owner"] {
            let password = Some(password);
            let prepared = prepare_fields_with(&document, password, &[text_field("so", 60.0)]).unwrap();
            let filled = fill_with(&prepared, password, &[("so", "141")]).unwrap();
            let mut request = fixture::request("Signature1", pki.leader.algorithm(), now);
            request.reason = Some("Phê duyệt".into());
            let prepared = sign::prepare_with(&filled, password, &request, pki.leader.chain()).unwrap();
            let value = pki.leader.sign(prepared.signed_attributes()).unwrap();
            let signed = prepared.with_signature(value).unwrap().complete(&filled).unwrap();
            assert!(
                !signed.windows(9).any(|window| window == b"Ph\xea duy"),
                "{kind}: plain text"
            );
            let report = judge(&signed, password);
            assert_eq!(report.verdict, Verdict::TotalPassed, "{kind}: {report:#?}");
            assert_eq!(
                report.signatures[0].reason.as_deref(),
                Some("Phê duyệt"),
                "{kind}"
            );
            let path = folder.path().join("signed.pdf");
            std::fs::write(&path, &signed).unwrap();
            run(Command::new("qpdf")
                .args(["--password=secret", "--check"])
                .arg(&path));
            let found = run(Command::new("pdftotext")
                .args(["-upw", "secret"])
                .arg(&path)
                .arg("-"));
            assert_eq!(found.trim(), "141", "{kind}");
        }
        let wrong = prepare_fields_with(&document, Some("wrong"), &[]).unwrap_err();
        assert!(
            matches!(
                wrong,
                Error::Refused {
                    subject: "password",
                    ..
                }
            ),
            "{kind}: {wrong}"
        );
    }
}

#[test]
fn several_sign_one_after_another_within_a_certification() {
    let now = clock::now();
    let pki = fixture::Pki::new(now);
    for (certification, others) in [
        (Certification::NoChanges, false),
        (Certification::FormFilling, true),
        (Certification::Annotations, true),
    ] {
        let mut first = fixture::request("Signature1", pki.leader.algorithm(), now);
        first.certify = Some(certification);
        let certified = fixture::sign(&blank(), &first, &pki.leader, &pki.time_stamps, now);
        passes(&certified, "certified");
        let mut file = certified;
        for number in 2..5 {
            let next = fixture::request(&format!("Signature{number}"), pki.agency.algorithm(), now);
            if !others {
                assert!(sign::prepare(&file, &next, pki.agency.chain()).is_err());
                continue;
            }
            file = fixture::sign(&file, &next, &pki.agency, &pki.time_stamps, now);
            passes(&file, "one after another");
        }
        // A time-stamp changes nothing that a certification holds.
        let stamped = stamp(&file, &pki, now);
        passes(&stamped, "stamped");
    }
}

#[test]
fn an_existing_field_keeps_its_lock_and_its_place() {
    let now = clock::now();
    let pki = fixture::Pki::new(now);
    let document = with_field("/Lock<</Type/SigFieldLock/Action/All>>");
    assert!(is_field(&document, None, "ky").unwrap() && !is_field(&document, None, "khac").unwrap());
    assert_eq!(last_signed(&document, None).unwrap(), None);
    let request = fixture::request("ky", pki.leader.algorithm(), now);
    let signed = fixture::sign(&document, &request, &pki.leader, &pki.time_stamps, now);
    passes(&signed, "locked");
    assert!(signed.windows(8).any(|window| window == b"FieldMDP"));
    let place = last_signed(&signed, None).unwrap().unwrap();
    assert_eq!((place.page, place.rect.x, place.rect.width), (1, 100.0, 150.0));
    let second = fixture::request("khac", pki.agency.algorithm(), now);
    assert!(sign::prepare(&signed, &second, pki.agency.chain()).is_err());
}

#[test]
fn a_document_time_stamp_answers_for_the_document_it_was_prepared_for() {
    let now = clock::now();
    let pki = fixture::Pki::new(now);
    let prepared = DocumentTimeStamp::prepare(&blank(), None).unwrap();
    let stored = serde_json::to_string(&prepared).unwrap();
    let prepared: DocumentTimeStamp = serde_json::from_str(&stored).unwrap();
    let response = fixture::stamp(&prepared.request(fixture::NONCE), &pki.time_stamps, now);
    assert!(prepared.update(&response, fixture::NONCE + 1, now).is_err());
    let other = fixture::stamp(
        &DocumentTimeStamp::prepare(&hybrid(), None)
            .unwrap()
            .request(fixture::NONCE),
        &pki.time_stamps,
        now,
    );
    assert!(prepared.update(&other, fixture::NONCE, now).is_err());
    assert!(prepared.check(&hybrid()).is_err());
    let update = prepared.update(&response, fixture::NONCE, now).unwrap();
    passes(&[&blank()[..], &update].concat(), "document time-stamp");
}

/// A document time-stamp appended.
fn stamp(document: &[u8], pki: &fixture::Pki, now: time::OffsetDateTime) -> Vec<u8> {
    let prepared = DocumentTimeStamp::prepare(document, None).unwrap();
    let response = fixture::stamp(&prepared.request(fixture::NONCE), &pki.time_stamps, now);
    let update = prepared.update(&response, fixture::NONCE, now).unwrap();
    [document, &update].concat()
}
