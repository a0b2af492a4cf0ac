//! What is not signed, and why.

use hoian_signer::error::Error;
use hoian_signer::pdf::form::{fill, prepare_fields};
use hoian_signer::shell::clock;
use hoian_signer::sign::{self, Certification, Key as _, Level};

use super::{blank, fixture, paper, qpdf, text_field};

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
