//! The validation report of ETSI TS 119 102-2 V1.4.1, for other programs.

mod objects;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::xml::Writer;
use super::{Subject, words};
use crate::validate::{
    Indication, Kind, Level, Modification, Problem, Report, RevocationStatus, SignatureReport, SubIndication,
    Verdict, Warning,
};

/// The report as XML in the namespace `http://uri.etsi.org/19102/v1.4.1#`, without a signature of its own.
///
/// A document without a signature has one report that says so: the schema wants at least one.
pub fn etsi(report: &Report, subject: &Subject<'_>) -> String {
    let mut xml = Writer::new();
    xml.element("ValidationReport", NAMESPACES, |xml| {
        if report.signatures.is_empty() {
            without_signatures(xml, report, subject);
        }
        for (index, signature) in report.signatures.iter().enumerate() {
            of_signature(xml, index + 1, signature, subject);
        }
        xml.element("SignatureValidationObjects", &[], |xml| {
            objects::of(xml, report, subject);
        });
    });
    xml.finish()
}

const NAMESPACES: &[(&str, &str)] = &[
    ("xmlns", "http://uri.etsi.org/19102/v1.4.1#"),
    ("xmlns:ds", "http://www.w3.org/2000/09/xmldsig#"),
    ("xmlns:XAdES", "http://uri.etsi.org/01903/v1.3.2#"),
];

/// The identifier of the validation object that is the file.
const DOCUMENT: &str = "V-document";

fn without_signatures(xml: &mut Writer, report: &Report, subject: &Subject<'_>) {
    // Clause 4.3.4 names no URI for a document without a signature; this one is EU DSS's.
    let (main, sub) = match report.verdict {
        Verdict::NoSignature => ("urn:cef:dss:mainindication:noSignatureFound", None),
        Verdict::Indeterminate => (main_indication(Indication::Indeterminate), None),
        _ => (
            main_indication(Indication::TotalFailed),
            Some(SubIndication::FormatFailure),
        ),
    };
    let reason = match &report.problem {
        Some(Problem::Malformed(reason) | Problem::Unsupported(reason) | Problem::Refused(reason)) => {
            vec![reason.clone()]
        }
        Some(Problem::PasswordNeeded) => vec!["the file needs a password".to_owned()],
        None => Vec::new(),
    };
    xml.element("SignatureValidationReport", &[], |xml| {
        xml.element("ValidationTimeInfo", &[], |xml| times(xml, None, subject));
        signers_document(xml);
        xml.element("SignatureValidationStatus", &[], |xml| {
            xml.text("MainIndication", main);
            sub.iter().for_each(|sub| sub_indication(xml, *sub));
            additional(xml, &[("urn:hoian:report:reason", reason)]);
        });
    });
}

/// Clause 4.3: elements in the order of the schema.
fn of_signature(xml: &mut Writer, number: usize, signature: &SignatureReport, subject: &Subject<'_>) {
    xml.element("SignatureValidationReport", &[], |xml| {
        let id = format!("S-{number}");
        xml.element("SignatureIdentifier", &[("id", &id)], |xml| {
            xml.text("HashOnly", "false");
            xml.text("DocHashOnly", "false");
            xml.text("DAIdentifier", &signature.field);
        });
        xml.element("ValidationConstraintsEvaluationReport", &[], |xml| {
            constraints(xml, signature);
        });
        xml.element("ValidationTimeInfo", &[], |xml| {
            times(xml, signature.timestamp, subject);
        });
        signers_document(xml);
        attributes(xml, signature);
        if let Some(certificate) = &signature.certificate {
            xml.element("SignerInformation", &[], |xml| {
                let id = objects::id(&certificate.fingerprint);
                xml.empty("SignerCertificate", &[("VOReference", &id)]);
                if let Some(signer) = &signature.signer {
                    xml.text("Signer", signer);
                }
            });
        }
        xml.element("SignatureValidationProcess", &[], |xml| {
            xml.text("SignatureValidationProcessID", process(signature));
        });
        xml.element("SignatureValidationStatus", &[], |xml| {
            status(xml, signature);
        });
    });
}

/// The separate verdicts, each as a constraint of its own (clause 4.3.5.4).
fn constraints(xml: &mut Writer, signature: &SignatureReport) {
    use SubIndication as Sub;
    let is = |subs: &[Sub]| signature.sub_indication.is_some_and(|sub| subs.contains(&sub));
    let failed_if = |failed| if failed { "failed" } else { "passed" };
    let changed = signature.modification == Modification::Disallowed;
    constraint(
        xml,
        "format",
        failed_if(is(&[Sub::FormatFailure]) && !changed),
        None,
    );
    constraint(
        xml,
        "cryptography",
        failed_if(is(&[Sub::HashFailure, Sub::SigCryptoFailure])),
        signature.digest_algorithm.as_deref(),
    );
    constraint(xml, "later-changes", failed_if(changed), None);
    let chain = match signature.regime {
        Some(_) => "passed",
        None => "indeterminate",
    };
    constraint(xml, "certificate-chain", chain, signature.regime.as_deref());
    let revocation = match signature.revocation {
        RevocationStatus::Good => "passed",
        RevocationStatus::Revoked => "failed",
        RevocationStatus::Unknown | RevocationStatus::NotChecked => "indeterminate",
    };
    constraint(xml, "revocation", revocation, None);
    let time = match signature.timestamp {
        Some(_) => "passed",
        None => "indeterminate",
    };
    constraint(xml, "time-stamp", time, None);
}

fn constraint(xml: &mut Writer, name: &str, outcome: &str, parameter: Option<&str>) {
    xml.element("ValidationConstraint", &[], |xml| {
        xml.text(
            "ValidationConstraintIdentifier",
            &format!("urn:hoian:constraint:{name}"),
        );
        if let Some(parameter) = parameter {
            xml.element("ValidationConstraintParameter", &[], |xml| {
                xml.text("Type", "http://www.w3.org/2001/XMLSchema#string");
                xml.text("Value", parameter);
            });
        }
        xml.element("ConstraintStatus", &[], |xml| {
            xml.text("Status", "urn:etsi:019102:constraintStatus:applied");
        });
        xml.element("ValidationStatus", &[], |xml| {
            xml.text(
                "MainIndication",
                &format!("urn:etsi:019102:mainindication:{outcome}"),
            );
        });
    });
}

/// Clause 4.3.6; without a time-stamp the best signature time is that of the validation itself.
fn times(xml: &mut Writer, proven: Option<OffsetDateTime>, subject: &Subject<'_>) {
    xml.text("ValidationTime", &date(subject.judged_at));
    xml.element("BestSignatureTime", &[], |xml| {
        xml.text("POETime", &date(proven.unwrap_or(subject.judged_at)));
        xml.text("TypeOfProof", "urn:etsi:019102:poetype:validation");
    });
}

fn signers_document(xml: &mut Writer) {
    xml.element("SignersDocument", &[], |xml| {
        xml.empty("SignersDocumentRepresentation", &[("VOReference", DOCUMENT)]);
    });
}

/// Annex A.
fn attributes(xml: &mut Writer, signature: &SignatureReport) {
    let stamp = signature.timestamp.map(|time| match signature.kind {
        Kind::Signature => ("SignatureTimeStamp", time),
        Kind::DocumentTimeStamp => ("DocTimeStamp", time),
    });
    if signature.signed_at.is_none() && stamp.is_none() {
        return;
    }
    xml.element("SignatureAttributes", &[], |xml| {
        if let Some(time) = signature.signed_at {
            xml.element("SigningTime", &[("Signed", "true")], |xml| {
                xml.text("Time", &date(time));
            });
        }
        if let Some((name, time)) = stamp {
            xml.element(name, &[], |xml| xml.text("TimeStampValue", &date(time)));
        }
        let location = signature.location.as_deref();
        if let Some(location) = location {
            xml.element("SignatureProductionPlace", &[("Signed", "true")], |xml| {
                xml.text("AddressString", location);
            });
        }
        if let Some(reason) = &signature.reason {
            xml.element("Reason", &[("Signed", "true")], |xml| {
                xml.text("ReasonElement", reason);
            });
        }
    });
}

/// Clause 4.3.10: by what the signature offered.
fn process(signature: &SignatureReport) -> &'static str {
    match signature.level {
        Level::BLTA => "urn:etsi:019102:validationprocess:LTA",
        Level::BT | Level::BLT => "urn:etsi:019102:validationprocess:LTVM",
        Level::None | Level::BB => "urn:etsi:019102:validationprocess:Basic",
    }
}

/// Clause 4.3.4.
fn status(xml: &mut Writer, signature: &SignatureReport) {
    xml.text("MainIndication", main_indication(signature.indication));
    if let Some(sub) = signature.sub_indication {
        sub_indication(xml, sub);
    }
    let warning = |warning: &Warning| words::warning(*warning, super::Language::English);
    let code = |code: &crate::validate::Reason| code.code();
    let change = |change: &crate::validate::Change| format!("revision {}: {}", change.revision, change.what);
    let data = [
        ("urn:hoian:report:reason", signature.reasons.clone()),
        (
            "urn:hoian:report:code",
            signature.codes.iter().map(code).collect(),
        ),
        (
            "urn:hoian:report:warning",
            signature.warnings.iter().map(warning).collect(),
        ),
        (
            "urn:hoian:report:later-change",
            signature.changes.iter().map(change).collect::<Vec<_>>(),
        ),
    ];
    if let Some(certificate) = &signature.certificate {
        xml.element("AssociatedValidationReportData", &[], |xml| {
            xml.element("CertificateChain", &[], |xml| {
                chain(xml, &certificate.fingerprint, &signature.chain);
            });
        });
    }
    additional(xml, &data);
}

/// Clause 4.3.4.3: the signer's certificate, those between, the anchor.
fn chain(xml: &mut Writer, signer: &str, chain: &[String]) {
    let reference = |fingerprint: &str| objects::id(fingerprint);
    xml.empty("SigningCertificate", &[("VOReference", &reference(signer))]);
    if let [_, between @ .., anchor] = chain {
        for one in between {
            xml.empty("IntermediateCertificate", &[("VOReference", &reference(one))]);
        }
        xml.empty("TrustAnchor", &[("VOReference", &reference(anchor))]);
    }
}

fn additional(xml: &mut Writer, data: &[(&str, Vec<String>)]) {
    if data.iter().all(|(_, lines)| lines.is_empty()) {
        return;
    }
    xml.element("AssociatedValidationReportData", &[], |xml| {
        xml.element("AdditionalValidationReportData", &[], |xml| {
            for (kind, lines) in data {
                for line in lines {
                    xml.element("ReportData", &[], |xml| {
                        xml.text("Type", kind);
                        xml.text("Value", line);
                    });
                }
            }
        });
    });
}

fn main_indication(indication: Indication) -> &'static str {
    match indication {
        Indication::TotalPassed => "urn:etsi:019102:mainindication:total-passed",
        Indication::TotalFailed => "urn:etsi:019102:mainindication:total-failed",
        Indication::Indeterminate => "urn:etsi:019102:mainindication:indeterminate",
    }
}

fn sub_indication(xml: &mut Writer, sub: SubIndication) {
    let name = words::standard_name(sub);
    xml.text("SubIndication", &format!("urn:etsi:019102:subindication:{name}"));
}

/// `xs:dateTime`, to the second.
fn date(time: OffsetDateTime) -> String {
    let whole = time.replace_nanosecond(0).unwrap_or(time);
    whole.format(&Rfc3339).unwrap_or_default()
}
