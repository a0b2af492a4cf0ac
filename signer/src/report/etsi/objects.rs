//! The validation objects (clause 4.4): the file, and the certificates and answers that a later verifier can check anew.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::xml::Writer;
use super::super::{Subject, hexadecimal};
use super::{DOCUMENT, date};
use crate::validate::{ObjectKind, Report, ValidationObject};

/// The identifier of the object with this SHA-256 in hexadecimal; an XML identifier begins with a letter.
pub(super) fn id(fingerprint: &str) -> String {
    format!("V-{fingerprint}")
}

pub(super) fn of(xml: &mut Writer, report: &Report, subject: &Subject<'_>) {
    object(xml, DOCUMENT, "signedData", |xml| {
        representation(xml, |xml| digest(xml, &hexadecimal(&subject.sha256)));
    });
    for one in &report.objects {
        object(xml, &id(&one.fingerprint), kind(one.kind), |xml| {
            whole(xml, one);
        });
    }
    for fingerprint in named(report) {
        object(xml, &id(&fingerprint), "certificate", |xml| {
            representation(xml, |xml| digest(xml, &fingerprint));
        });
    }
}

/// Certificates that signatures name and that are not kept whole, each once.
fn named(report: &Report) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for signature in &report.signatures {
        let signer = signature.certificate.as_ref().map(|one| &one.fingerprint);
        for fingerprint in signer.into_iter().chain(&signature.chain) {
            let kept = report.objects.iter().any(|one| one.fingerprint == *fingerprint);
            if !kept && !found.contains(fingerprint) {
                found.push(fingerprint.clone());
            }
        }
    }
    found
}

fn kind(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Certificate => "certificate",
        ObjectKind::OcspResponse => "OCSPResponse",
        ObjectKind::RevocationList => "CRL",
    }
}

fn whole(xml: &mut Writer, one: &ValidationObject) {
    representation(xml, |xml| {
        xml.text("base64", &STANDARD.encode(&one.der));
        digest(xml, &one.fingerprint);
    });
    xml.element("POE", &[], |xml| {
        xml.text("POETime", &date(one.existed_at));
        xml.text("TypeOfProof", "urn:etsi:019102:poetype:validation");
    });
}

fn object(xml: &mut Writer, id: &str, kind: &str, inside: impl FnOnce(&mut Writer)) {
    xml.element("ValidationObject", &[("id", id)], |xml| {
        xml.text("ObjectType", &format!("urn:etsi:019102:validationObject:{kind}"));
        inside(xml);
    });
}

fn representation(xml: &mut Writer, inside: impl FnOnce(&mut Writer)) {
    xml.element("ValidationObjectRepresentation", &[], inside);
}

fn digest(xml: &mut Writer, sha256: &str) {
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = sha256.as_bytes().chunks(2).map(pair).collect();
    xml.element("DigestAlgAndValue", &[], |xml| {
        xml.empty(
            "ds:DigestMethod",
            &[("Algorithm", "http://www.w3.org/2001/04/xmlenc#sha256")],
        );
        xml.text("ds:DigestValue", &STANDARD.encode(bytes.unwrap_or_default()));
    });
}
