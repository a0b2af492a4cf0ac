//! One indication for each signature out of the separate verdicts (EN 319 102-1 clause 5.1.4).

mod judgement;

use std::collections::HashSet;

use time::OffsetDateTime;

use self::judgement::Judgement;
use super::attack::Attack;
use super::covered;
use super::difference::{self, Finding};
use super::field::{self, Field};
use super::format::{self, Signed, SubFilter};
use super::permission::Permission;
use super::policy::Policy;
use super::report::{
    Change, Indication, Kind, Modification, Problem, Report, SignatureReport, SubIndication, Verdict, Warning,
};
use super::trust::Evidence;
use crate::cms::{SignedData, TimeStamp};
use crate::error::{Error, Result};
use crate::limits;
use crate::pdf::reader::Document;
use crate::x509::algorithm::Digest;

/// A field with a value, as far as it could be examined.
struct Candidate<'d> {
    field: Field,
    signed: Result<Signed<'d>>,
}

/// A time proven by a document time-stamp, and the revision it covers.
struct Proof {
    revision: usize,
    time: OffsetDateTime,
}

/// Judges the whole document.
pub(super) fn judge(document: &Document<'_>, policy: &Policy) -> Result<Report> {
    let latest = document.latest();
    let (mut candidates, mut prepared) = (Vec::new(), Vec::new());
    let fields = match field::fields(latest) {
        Err(Error::Malformed { .. }) if !mentions_signature(document.bytes()) => Vec::new(),
        fields => fields?,
    };
    for field in fields.into_iter().filter(|field| field.is_signature) {
        if latest.resolve(&field.value)?.is_null() {
            continue;
        }
        match format::examine(document, latest, &field).transpose() {
            None => prepared.push(field.name),
            Some(signed) => candidates.push(Candidate { field, signed }),
        }
        if candidates.len() + prepared.len() > limits::SIGNATURES {
            return Err(Error::refused("PDF", "too many signatures"));
        }
    }
    if candidates.is_empty() {
        return Ok(without_signatures(document, &prepared));
    }
    shared_values(&mut candidates);
    candidates.sort_by_key(|candidate| {
        candidate
            .signed
            .as_ref()
            .map_or(usize::MAX, |signed| signed.revision)
    });
    digests(&mut candidates);
    let evidence = Evidence::gather(latest, policy);
    let signatures = indications(document, &candidates, evidence, policy);
    Ok(Report {
        verdict: verdict(&signatures),
        signatures,
        problem: None,
    })
}

/// Whether the clear bytes of a file name a signature anywhere: its dictionary cannot stand in an object stream, since the
/// place of `/Contents` counts.
pub(super) fn mentions_signature(bytes: &[u8]) -> bool {
    const NAMES: [&[u8]; 3] = [b"ByteRange", b"SubFilter", b"DocTimeStamp"];
    let names = bytes
        .split(|byte| *byte == b'/')
        .skip(1)
        .map(|name| &name[..name.len().min(40)]);
    names.map(unescaped).any(|name| {
        let ends = |wanted: &[u8]| !name.get(wanted.len()).is_some_and(u8::is_ascii_alphanumeric);
        NAMES
            .iter()
            .any(|wanted| name.starts_with(wanted) && ends(wanted))
    })
}

/// A name with its `#xx` undone (ISO 32000-2, 7.3.5).
fn unescaped(name: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(name.len());
    let mut rest = name;
    while let [first, tail @ ..] = rest {
        let code = (*first == b'#').then(|| tail.get(..2)).flatten();
        let code = code.and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        plain.push(code.unwrap_or(*first));
        rest = if code.is_some() { &tail[2..] } else { tail };
    }
    plain
}

/// A file without a signature now: it never had one, or a later revision took it away, which is a forgery.
/// `prepared` are the fields that only wait for one.
fn without_signatures(document: &Document<'_>, prepared: &[String]) -> Report {
    let signed_once = (0..document.latest().revision()).any(|revision| {
        let view = document.view(revision);
        let is_signed = |field: &Field| {
            field.is_signature
                && !prepared.contains(&field.name)
                && view.resolve(&field.value).is_ok_and(|value| !value.is_null())
        };
        field::fields(view).is_ok_and(|fields| fields.iter().any(is_signed))
    });
    Report {
        verdict: if signed_once {
            Verdict::TotalFailed
        } else {
            Verdict::NoSignature
        },
        signatures: Vec::new(),
        problem: signed_once
            .then(|| Problem::Malformed("a later revision takes the signatures away".to_owned())),
    }
}

/// Whether no revision of a document has a signature field with a value.
pub(super) fn has_none(document: &Document<'_>) -> bool {
    (0..document.revisions().len()).all(|revision| {
        let view = document.view(revision);
        let is_empty = |field: &Field| {
            !field.is_signature || view.resolve(&field.value).is_ok_and(|value| value.is_null())
        };
        field::fields(view).is_ok_and(|fields| fields.iter().all(is_empty))
    })
}

/// One dictionary in two fields signs for neither.
fn shared_values(candidates: &mut [Candidate<'_>]) {
    let mut seen = HashSet::new();
    for candidate in candidates {
        if candidate
            .field
            .value
            .as_reference()
            .is_some_and(|value| !seen.insert(value))
        {
            candidate.signed = Err(Error::malformed(
                "signature",
                Attack::DictionarySpoofing.reason("one signature dictionary in two fields"),
            ));
        }
    }
}

/// Hashes the file once for all its signatures.
fn digests(candidates: &mut [Candidate<'_>]) {
    let wanted = candidates.iter_mut().filter_map(|candidate| {
        let signed = candidate.signed.as_mut().ok()?;
        let digest = match signed.sub_filter {
            SubFilter::Sha1 => Digest::Sha1,
            SubFilter::TimeStamp => {
                Digest::of(&TimeStamp::parse(&signed.contents).ok()?.imprint_algorithm).ok()?
            }
            SubFilter::Cades | SubFilter::Detached => {
                let data = SignedData::parse(&signed.contents).ok()?;
                Digest::of(&data.signer.digest_algorithm.algorithm).ok()?
            }
        };
        Some((digest, &mut signed.covered))
    });
    covered::digest_together(wanted.collect());
}

fn verdict(signatures: &[SignatureReport]) -> Verdict {
    let any = |indication| signatures.iter().any(|one| one.indication == indication);
    if any(Indication::TotalFailed) {
        Verdict::TotalFailed
    } else if any(Indication::Indeterminate) {
        Verdict::Indeterminate
    } else {
        Verdict::TotalPassed
    }
}

fn indications(
    document: &Document<'_>,
    candidates: &[Candidate<'_>],
    mut evidence: Evidence,
    policy: &Policy,
) -> Vec<SignatureReport> {
    let first = candidates
        .iter()
        .filter_map(|candidate| candidate.signed.as_ref().ok())
        .map(|one| one.revision)
        .min();
    let steps: Vec<Vec<Finding>> = (0..document.revisions().len())
        .map(|revision| match first {
            Some(first) if revision > first => difference::step(document, revision),
            _ => Vec::new(),
        })
        .collect();
    for candidate in candidates {
        let data = candidate
            .signed
            .as_ref()
            .ok()
            .and_then(|one| SignedData::parse(&one.contents).ok());
        if let Some(data) = data {
            evidence.add_signed_data(&data);
            for token in data.signer.time_stamps() {
                if let Ok(stamp) = TimeStamp::parse(token) {
                    evidence.add_signed_data(&stamp.signed_data);
                }
            }
        }
    }
    let later = policy.at.unwrap_or(policy.now);
    let proofs = proofs(candidates, &evidence, later);
    candidates
        .iter()
        .map(|candidate| {
            report(
                document, candidate, candidates, &steps, &evidence, &proofs, policy,
            )
        })
        .collect()
}

/// Document time-stamps from the last to the first: each is judged at the moment the ones after it prove.
fn proofs(candidates: &[Candidate<'_>], evidence: &Evidence, last: OffsetDateTime) -> Vec<Proof> {
    let mut proofs: Vec<Proof> = Vec::new();
    let mut moment = last;
    for candidate in candidates.iter().rev() {
        let Ok(signed) = &candidate.signed else { continue };
        if signed.sub_filter != SubFilter::TimeStamp {
            continue;
        }
        let Ok(stamp) = TimeStamp::parse(&signed.contents) else {
            continue;
        };
        if evidence.time_stamp(&stamp, &signed.covered, moment).is_ok() && stamp.time <= moment {
            moment = stamp.time;
            proofs.push(Proof {
                revision: signed.revision,
                time: stamp.time,
            });
        }
    }
    proofs
}

fn report(
    document: &Document<'_>,
    candidate: &Candidate<'_>,
    all: &[Candidate<'_>],
    steps: &[Vec<Finding>],
    evidence: &Evidence,
    proofs: &[Proof],
    policy: &Policy,
) -> SignatureReport {
    let mut judgement = Judgement::new(&candidate.field.name);
    let signed = match &candidate.signed {
        Ok(signed) => signed,
        Err(error) => {
            let unsupported = matches!(error, Error::Unsupported { .. });
            let indication = if unsupported {
                Indication::Indeterminate
            } else {
                Indication::TotalFailed
            };
            judgement.conclude(indication, SubIndication::FormatFailure, error.to_string());
            return judgement.report;
        }
    };
    judgement.format(document.latest(), signed);
    changes(document, candidate, signed, all, steps, &mut judgement);
    let later: Vec<OffsetDateTime> = proofs
        .iter()
        .filter(|proof| proof.revision > signed.revision)
        .map(|proof| proof.time)
        .collect();
    match signed.kind {
        Kind::Signature => judgement.signature(signed, evidence, &later, policy),
        Kind::DocumentTimeStamp => judgement.document_time_stamp(signed, evidence, &later, policy),
    }
    judgement.report
}

/// Fills in what later revisions changed and refuses what the signature does not let them.
fn changes(
    document: &Document<'_>,
    candidate: &Candidate<'_>,
    signed: &Signed<'_>,
    all: &[Candidate<'_>],
    steps: &[Vec<Finding>],
    judgement: &mut Judgement,
) {
    let view = document.view(signed.revision);
    let held_store = view
        .catalog()
        .is_ok_and(|(_, catalog)| catalog.get("DSS").is_some());
    let mut permission = Permission::default();
    // Locks of this signature and of those before it hold; a later signature's lock is its own affair.
    for other in all {
        let Ok(earlier) = &other.signed else { continue };
        let counts = earlier.revision < signed.revision || other.field.name == candidate.field.name;
        if counts && let Err(error) = permission.add(view, &other.field, &earlier.dictionary) {
            judgement.disallow(error.to_string());
        }
    }
    for (revision, findings) in steps.iter().enumerate().skip(signed.revision + 1) {
        for finding in findings {
            if matches!(finding, Finding::Lost(_) | Finding::Renewed(_)) {
                judgement.warn(Warning::ValidationDataRemoved);
            }
            let (modification, what) = weigh(finding, &permission, held_store);
            if permission.certified && matches!(finding, Finding::FieldAdded { visible: true, .. }) {
                judgement.warn(Warning::VisibleSignatureAfterCertification);
            }
            judgement.report.modification = judgement.report.modification.max(modification);
            if modification == Modification::Disallowed {
                judgement.disallow(what.clone());
            }
            judgement.report.changes.push(Change {
                revision: revision + 1,
                modification,
                what,
            });
        }
    }
    if judgement.report.modification > Modification::Lta {
        judgement.warn(Warning::ChangedLater);
    }
}

/// The weight of a finding under what is permitted.
fn weigh(finding: &Finding, permission: &Permission, held_store: bool) -> (Modification, String) {
    let (modification, locked, what) = match finding {
        Finding::Disallowed(what) => return (Modification::Disallowed, what.clone()),
        Finding::Lost(what) if held_store => {
            return (
                Modification::Disallowed,
                Attack::EvidenceRemoved.reason(format!("validation data was removed: {what}")),
            );
        }
        Finding::Lost(what) => {
            return (
                Modification::Lta,
                format!("validation data of others removed: {what}"),
            );
        }
        // No page changes, and the data was collected anew: the level may fall, and the report says so.
        Finding::Renewed(what) => {
            return (
                Modification::Lta,
                format!("validation data was made anew without {what}"),
            );
        }
        Finding::Unused(what) if permission.level == Some(1) => {
            return (Modification::Disallowed, Attack::Shadow.reason(what));
        }
        Finding::Unused(what) => return (Modification::Lta, what.clone()),
        Finding::Evidence(what) => return (Modification::Lta, what.clone()),
        Finding::DocumentTimeStamp(field) => {
            return (Modification::Lta, format!("document time-stamp {field}"));
        }
        Finding::FieldAdded { field, visible } => {
            // The field of an invisible document time-stamp comes with it.
            if !visible && permission.level == Some(1) {
                return (Modification::Lta, format!("field {field} added"));
            }
            (Modification::FormFilling, false, format!("field {field} added"))
        }
        Finding::Signed(field) => (
            Modification::FormFilling,
            permission.is_locked(field),
            format!("field {field} signed"),
        ),
        Finding::Filled(field) => (
            Modification::FormFilling,
            permission.is_locked(field),
            format!("field {field} filled"),
        ),
        Finding::Annotation(what) => (Modification::Annotations, false, what.clone()),
    };
    let allowed = match permission.level {
        Some(level) if level <= 1 => Modification::Lta,
        Some(3) => Modification::Annotations,
        _ => Modification::FormFilling,
    };
    if locked {
        (Modification::Disallowed, format!("{what}, though it is locked"))
    } else if modification > allowed {
        (
            Modification::Disallowed,
            format!("{what}, which the signature does not permit"),
        )
    } else {
        (modification, what)
    }
}
