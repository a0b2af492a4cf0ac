//! What is fuzzed, for the fuzzer and for the replay of its inputs. None of it may panic, whatever the bytes are.

#![allow(dead_code, reason = "each fuzzer's program uses one of these")]

#[path = "composed.rs"]
mod composed;
#[path = "meeting.rs"]
mod meeting;

pub use meeting::{codec, dtls, framing, opening, rtcp, rtp, sdp, signalling, stun, turn, webm};

use hoian_signer::cms::{SignedData, TimeStamp};
use hoian_signer::crl;
use hoian_signer::error::Result;
use hoian_signer::ocsp;
use hoian_signer::pdf::object::{Object, Reference};
use hoian_signer::pdf::reader::Document;
use hoian_signer::sign::{Algorithm, Key};
use hoian_signer::tsp;
use hoian_signer::validate::{Policy, Revocation};
use hoian_signer::x509::{self, Certificate};
use time::OffsetDateTime;
use time::macros::datetime;

const NOW: OffsetDateTime = datetime!(2026-11-23 00:00 UTC);

/// Takes bytes and must not panic.
type Target = fn(&[u8]);

/// All targets by name.
pub const ALL: [(&str, Target); 18] = [
    ("pdf_reader", pdf_reader),
    ("cms", cms),
    ("certificate", certificate),
    ("ocsp", ocsp),
    ("crl", crl),
    ("tsp", tsp),
    ("validate", validate),
    ("stun", stun),
    ("dtls", dtls),
    ("rtp", rtp),
    ("rtcp", rtcp),
    ("sdp", sdp),
    ("codec", codec),
    ("signalling", signalling),
    ("webm", webm),
    ("opening", opening),
    ("framing", framing),
    ("turn", turn),
];

/// Every object of every revision, streams decoded.
pub fn pdf_reader(bytes: &[u8]) {
    let file = composed::file(bytes);
    let Ok(document) = Document::open(&file, None) else {
        return;
    };
    for (index, revision) in document.revisions().iter().enumerate() {
        let view = document.view(index);
        let _ = view.catalog();
        for number in revision.numbers().take(1000) {
            let reference = view.reference_to(number).unwrap_or(Reference {
                number,
                generation: 0,
            });
            let Ok(found) = view.object(reference) else {
                continue;
            };
            if let Object::Stream(stream) = &found.object {
                let _ = view.decode(stream);
            }
            let _ = view.resolve(&found.object);
        }
    }
}

pub fn cms(bytes: &[u8]) {
    let Ok(data) = SignedData::parse(bytes) else {
        return;
    };
    let signer = &data.signer;
    let _ = (
        signer.message_digest(),
        signer.content_type(),
        signer.signing_time(),
    );
    let _ = (
        signer.algorithm_protection(),
        signer.certificate_hash(),
        signer.adobe_revocation(),
    );
    for token in signer.time_stamps() {
        let _ = TimeStamp::parse(token);
    }
    for der in &data.certificates {
        let _ = Certificate::parse(der);
    }
}

pub fn certificate(bytes: &[u8]) {
    let _ = x509::locations(bytes);
    let Ok(certificate) = Certificate::parse(bytes) else {
        return;
    };
    let _ = certificate.is_signed_by(&certificate);
    let _ = (
        certificate.is_valid_at(NOW),
        certificate.is_self_issued(),
        certificate.fingerprint(),
    );
    if let Ok(known) = Certificate::parse(KNOWN) {
        let _ = (
            known.is_signed_by(&certificate),
            known.may_be_issued_by(&certificate),
        );
    }
}

pub fn ocsp(bytes: &[u8]) {
    let _ = ocsp::status(bytes, KNOWN, KNOWN, NOW);
    let Ok(response) = ocsp::Response::parse(bytes) else {
        return;
    };
    for one in response.certificates().iter().take(4) {
        for other in response.certificates().iter().take(4) {
            let _ = response.status(one, other, NOW);
        }
    }
}

pub fn crl(bytes: &[u8]) {
    let _ = crl::status(bytes, KNOWN, KNOWN, NOW);
}

/// Answers, tokens, what they state, and the questions of strangers.
pub fn tsp(bytes: &[u8]) {
    let _ = tsp::token(bytes);
    let _ = tsp::Token::parse(bytes);
    let _ = tsp::Info::parse(bytes);
    let _ = TimeStamp::parse(bytes);
    let Ok(policy) = "1.3.6.1.4.1.99999.1".parse() else {
        return;
    };
    let terms = tsp::Terms {
        policy,
        serial_number: 7,
        accuracy_seconds: 1,
    };
    let _ = tsp::issue(bytes, &Stamper(vec![KNOWN.to_vec()]), &terms, NOW);
}

/// The whole validation, without and with trust in what the document brings.
pub fn validate(bytes: &[u8]) {
    let file = composed::file(bytes);
    let mut policy = Policy::new(NOW);
    let _ = hoian_signer::validate::validate(&file, &policy);
    policy.trust_embedded = true;
    policy.revocation = Revocation::Require;
    let _ = hoian_signer::validate::validate(&file, &policy);
}

/// A self-signed P-256 certificate that may sign lists and answers.
const KNOWN: &[u8] = include_bytes!("inputs/certificate/known.der");

/// Signs with zeros: what is fuzzed stands before the signature.
struct Stamper(Vec<Vec<u8>>);

impl Key for Stamper {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EcdsaP256Sha256
    }

    fn chain(&self) -> &[Vec<u8>] {
        &self.0
    }

    fn sign(&self, _: &[u8]) -> Result<Vec<u8>> {
        Ok(vec![0; 64])
    }
}
