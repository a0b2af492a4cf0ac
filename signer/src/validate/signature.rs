//! One indication for each signature out of the separate verdicts (EN 319 102-1 clause 5.1.4).

mod judgement;
mod signer;
mod summary;

use std::collections::HashMap;

use self::judgement::Judgement;
use self::signer::Context;
use super::attack::Attack;
use super::covered;
use super::difference::{self, Finding};
use super::evidence::Evidence;
use super::existence::{Existence, Proof};
use super::field::{self, Field};
use super::format::{self, Signed, SubFilter};
use super::permission::{self, Permission};
use super::policy::Policy;
use super::report::{
    Change, Indication, Kind, Modification, Report, SignatureReport, SubIndication, ValidationObject,
    Verdict, Warning,
};
use super::stamp::Known;
use super::unsigned;
use crate::cms::{SignedData, TimeStamp, oid};
use crate::error::{Error, Result};
use crate::limits;
use crate::pdf::object::Reference;
use crate::pdf::reader::Document;
use crate::x509::algorithm::Digest;

/// A field with a value, as far as it could be examined.
struct Candidate<'d> {
    field: Field,
    signed: Result<Signed<'d>>,
}

/// Judges the whole document.
pub(super) fn judge(document: &Document<'_>, policy: &Policy) -> Result<Report> {
    let latest = document.latest();
    let (mut candidates, mut prepared) = (Vec::new(), Vec::new());
    let fields = match field::fields(latest) {
        Err(Error::Malformed { .. }) if !unsigned::mentions_signature(document.bytes()) => Vec::new(),
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
        return Ok(unsigned::without_signatures(document, &prepared));
    }
    shared_values(document, &mut candidates);
    candidates.sort_by_key(|candidate| {
        candidate
            .signed
            .as_ref()
            .map_or(usize::MAX, |signed| signed.revision)
    });
    digests(&mut candidates);
    let evidence = Evidence::gather(latest, policy);
    let (signatures, objects) = indications(document, &candidates, evidence, policy);
    Ok(Report {
        verdict: verdict(&signatures),
        signatures,
        objects,
        ..Report::without_signatures()
    })
}

/// One dictionary in two fields signs for those alone that had it when it was made.
fn shared_values(document: &Document<'_>, candidates: &mut [Candidate<'_>]) {
    let mut fields: HashMap<Reference, usize> = HashMap::new();
    for value in candidates.iter().filter_map(|one| one.field.value.as_reference()) {
        *fields.entry(value).or_default() += 1;
    }
    for candidate in candidates {
        let value = candidate.field.value.as_reference();
        let is_shared = value.is_some_and(|value| fields[&value] > 1);
        if is_shared && !was_signed_so(document, candidate) {
            candidate.signed = Err(Error::malformed(
                "signature",
                Attack::DictionarySpoofing.reason("one signature dictionary in two fields"),
            ));
        }
    }
}

/// Whether the field had its value in the revision that the signature covers.
fn was_signed_so(document: &Document<'_>, candidate: &Candidate<'_>) -> bool {
    let Ok(signed) = &candidate.signed else {
        return false;
    };
    let is_it = |field: &Field| {
        field.name == candidate.field.name
            && field.value.as_reference() == candidate.field.value.as_reference()
    };
    field::fields(document.view(signed.revision)).is_ok_and(|fields| fields.iter().any(is_it))
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
) -> (Vec<SignatureReport>, Vec<ValidationObject>) {
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
    for signed in candidates.iter().filter_map(|one| one.signed.as_ref().ok()) {
        let Ok(data) = SignedData::parse(&signed.contents) else {
            continue;
        };
        evidence.add_signed_data(&data, signed.revision);
        let content = data.signer.values(oid::CONTENT_TIME_STAMP);
        for token in data.signer.time_stamps().chain(content) {
            if let Ok(stamp) = TimeStamp::parse(token) {
                evidence.add_signed_data(&stamp.signed_data, signed.revision);
            }
        }
    }
    let proofs = proofs(candidates, &evidence, policy);
    let context = Context {
        evidence: &evidence,
        proofs: &proofs,
        policy,
    };
    let reports = candidates
        .iter()
        .map(|candidate| report(document, candidate, candidates, &steps, context))
        .collect();
    let objects = if policy.keep_objects {
        evidence.objects(&context.existence(None))
    } else {
        Vec::new()
    };
    (reports, objects)
}

/// Document time-stamps from the last to the first: each is judged at the moment the ones after it prove (EN 319 102-1
/// clause 5.6.3.4).
fn proofs(candidates: &[Candidate<'_>], evidence: &Evidence, policy: &Policy) -> Vec<Proof> {
    let control = policy.at.unwrap_or(policy.now);
    let mut proofs: Vec<Proof> = Vec::new();
    for candidate in candidates.iter().rev() {
        let Ok(signed) = &candidate.signed else { continue };
        if signed.sub_filter != SubFilter::TimeStamp {
            continue;
        }
        let Ok(stamp) = TimeStamp::parse(&signed.contents) else {
            continue;
        };
        let known = Known {
            control,
            best: proofs.last().map(|proof| proof.time),
            existence: Existence {
                now: control,
                stamps: &proofs,
                own: None,
            },
        };
        let holds = evidence.time_stamp(&stamp, &signed.covered, known).is_ok();
        if holds && stamp.time <= known.moment() {
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
    context: Context<'_>,
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
            judgement.report.name_reasons();
            return judgement.report;
        }
    };
    judgement.format(document.latest(), signed);
    changes(document, candidate, signed, all, steps, &mut judgement);
    let own = document.view(signed.revision);
    if !permission::lets_users_sign(own, &candidate.field.name).unwrap_or(true) {
        judgement.warn(Warning::AgainstOwnersPermission);
    }
    match signed.kind {
        Kind::Signature => judgement.signature(signed, context),
        Kind::DocumentTimeStamp => judgement.document_time_stamp(signed, context),
    }
    judgement.report.name_reasons();
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
            match finding {
                Finding::Covered(_) => judgement.warn(Warning::SignatureCovered),
                Finding::ShownOtherwise(_) => judgement.warn(Warning::ValueNotShown),
                _ => {}
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
        // Where a certified document may be signed was settled before: anywhere else a picture could cover its text.
        Finding::FieldAdded { field, visible: true } if permission.certified => {
            let what = format!("field {field} was added in sight, which the certification does not permit");
            return (Modification::Disallowed, Attack::SneakySignature.reason(what));
        }
        Finding::FieldAdded { field, .. } => {
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
        Finding::Covered(what) | Finding::ShownOtherwise(what) => {
            (Modification::FormFilling, false, what.clone())
        }
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
