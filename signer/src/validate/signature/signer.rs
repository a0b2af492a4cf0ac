//! Who signed, whether they could, and when: the signature's own CMS with its time-stamps.

use time::{Duration, OffsetDateTime};

use super::super::covered::Covered;
use super::super::cryptography::{self, Checked};
use super::super::evidence::Evidence;
use super::super::existence::{Existence, Proof};
use super::super::format::{Signed, SubFilter};
use super::super::past::Case;
use super::super::policy::{Policy, Revocation};
use super::super::report::{CertificateSummary, Level, RevocationStatus, SubIndication, Warning};
use super::super::stamp::Known;
use super::super::trust::{Refusal, Trusted};
use super::judgement::Judgement;
use super::summary::hexadecimal_fingerprint;
use crate::cms::{SignedData, TimeStamp, oid};
use crate::x509::algorithm::{Digest, earlier};
use crate::x509::{Certificate, Purpose};

/// What all signatures of a document are judged by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'c> {
    pub(super) evidence: &'c Evidence,
    /// Of the document time-stamps that hold, the latest first.
    pub(super) proofs: &'c [Proof],
    pub(super) policy: &'c Policy,
}

impl<'c> Context<'c> {
    /// The moment asked about.
    fn control(&self) -> OffsetDateTime {
        self.policy.at.unwrap_or(self.policy.now)
    }

    /// What is proven, for a signature whose own time is known.
    pub(super) fn existence(&self, own: Option<(usize, OffsetDateTime)>) -> Existence<'c> {
        Existence {
            now: self.control(),
            stamps: self.proofs,
            own,
        }
    }

    /// What document time-stamps behind `revision` prove.
    fn later(&self, revision: usize) -> Vec<Proof> {
        let behind = self.proofs.iter().filter(|proof| proof.revision > revision);
        behind.copied().collect()
    }

    fn known(&self, best: Option<OffsetDateTime>) -> Known<'c> {
        Known {
            control: self.control(),
            best,
            revocation: self.policy.revocation,
            existence: self.existence(None),
        }
    }
}

/// The times found in and behind one signature.
#[derive(Debug, Default)]
struct Times {
    /// A content-time-stamp: the signature was made after it.
    after: Option<OffsetDateTime>,
    /// Its own time-stamp: it was made before.
    stamped: Option<OffsetDateTime>,
    /// Document time-stamps over it.
    later: Vec<Proof>,
}

impl Times {
    fn earliest_later(&self) -> Option<OffsetDateTime> {
        self.later.iter().map(|proof| proof.time).min()
    }

    /// Best-signature-time (EN 319 102-1 clause 5.5.4).
    fn best(&self) -> Option<OffsetDateTime> {
        self.stamped.into_iter().chain(self.earliest_later()).min()
    }
}

impl Judgement {
    /// Judges a signature.
    pub(super) fn signature(&mut self, signed: &Signed<'_>, context: Context<'_>) {
        if signed.sub_filter == SubFilter::TimeStamp {
            return;
        }
        let data = match SignedData::parse(&signed.contents) {
            Ok(data) => data,
            Err(error) => return self.refuse((SubIndication::FormatFailure, error.to_string())),
        };
        self.quirks(&data, signed.sub_filter);
        let candidates = &context.evidence.store.intermediates;
        let checked = match cryptography::check(&data, signed.sub_filter, &signed.covered, candidates) {
            Ok(checked) => checked,
            Err(refusal) => {
                if refusal.0 == SubIndication::HashFailure
                    && let Some(certificate) = cryptography::signer_of_other_content(&data, candidates)
                {
                    self.certificate(&certificate);
                }
                return self.refuse(refusal);
            }
        };
        self.identity(&checked);
        if signed.sub_filter == SubFilter::Cades && !checked.has_certificate_hash {
            self.warn(Warning::NoSigningCertificateAttribute);
        }
        let times = self.find_times(&data, signed, context);
        self.report.timestamp = times.best();
        self.compare_times();
        self.signer(&checked, signed, &times, context);
        self.level(&checked, signed.sub_filter, &times, context);
    }

    /// Judges a document time-stamp.
    pub(super) fn document_time_stamp(&mut self, signed: &Signed<'_>, context: Context<'_>) {
        let stamp = match TimeStamp::parse(&signed.contents) {
            Ok(stamp) => stamp,
            Err(error) => return self.refuse((SubIndication::FormatFailure, error.to_string())),
        };
        self.report.signed_at = Some(stamp.time);
        let later = context.later(signed.revision);
        let known = context.known(later.iter().map(|proof| proof.time).min());
        match context.evidence.time_stamp(&stamp, &signed.covered, known) {
            Ok((checked, trusted)) => {
                self.identity(&checked);
                self.report.timestamp = Some(stamp.time);
                self.trusted(&trusted);
                self.weakness(
                    earlier(checked.weak_from, trusted.weak_from),
                    known.moment(),
                    None,
                    trusted.embedded,
                );
            }
            Err(refusal) => self.refuse(refusal),
        }
    }

    fn quirks(&mut self, data: &SignedData, sub_filter: SubFilter) {
        if !data.definite {
            self.warn(Warning::NotDer);
        }
        if !data.signer.in_order {
            self.warn(Warning::AttributesOutOfOrder);
        }
        if let Ok(Some(time)) = data.signer.signing_time() {
            self.report.signed_at = Some(time);
            if sub_filter == SubFilter::Cades {
                self.warn(Warning::SigningTimeAttribute);
            }
        }
    }

    fn identity(&mut self, checked: &Checked) {
        self.certificate(&checked.certificate);
        self.report.digest_algorithm = Some(checked.digest.name().to_owned());
    }

    fn certificate(&mut self, certificate: &Certificate) {
        let summary = CertificateSummary::of(certificate);
        self.report.signer = Some(summary.name.clone());
        self.report.certificate = Some(summary);
    }

    fn find_times(&mut self, data: &SignedData, signed: &Signed<'_>, context: Context<'_>) -> Times {
        let mut times = Times {
            later: context.later(signed.revision),
            ..Times::default()
        };
        let over_value = Covered::of(&data.signer.signature);
        for token in data.signer.time_stamps() {
            let known = context.known(times.earliest_later());
            if let Some(time) = self.token(token, &over_value, context, known) {
                times.stamped = Some(times.stamped.map_or(time, |old| old.min(time)));
            }
        }
        for token in data.signer.values(oid::CONTENT_TIME_STAMP) {
            let known = context.known(times.best());
            let time = self.token(token, &signed.covered, context, known);
            times.after = times.after.max(time);
        }
        times
    }

    fn compare_times(&mut self) {
        if let (Some(claimed), Some(proven)) = (self.report.signed_at, self.report.timestamp)
            && (claimed - proven).abs() > Duration::DAY
        {
            self.warn(Warning::TimesDisagree);
        }
    }

    /// The time that a token proves.
    fn token(
        &mut self,
        token: &[u8],
        stamped: &Covered<'_>,
        context: Context<'_>,
        known: Known<'_>,
    ) -> Option<OffsetDateTime> {
        use SubIndication as Sub;
        match token_time(token, stamped, context, known) {
            Ok((time, status)) => {
                if status == RevocationStatus::Unknown && known.revocation != Revocation::Ignore {
                    self.warn(Warning::TimeStampStatusUnknown);
                }
                return Some(time);
            }
            // Later than what a time-stamp over it proves: one of the two authorities is wrong (5.5.4, 4) e)).
            Err(refusal) if refusal.0 == Sub::TimestampOrderFailure && known.best.is_some() => {
                self.refuse(refusal);
            }
            Err(refusal) if refusal.0 == Sub::FormatFailure => self.refuse(refusal),
            Err(_) => self.warn(Warning::TimeStampNotTrusted),
        }
        None
    }

    fn signer(&mut self, checked: &Checked, signed: &Signed<'_>, times: &Times, context: Context<'_>) {
        let best = times.best();
        let own = best.map(|best| (signed.revision, best));
        let case = Case {
            evidence: context.evidence,
            certificate: &checked.certificate,
            purpose: Purpose::Signature,
            revocation: context.policy.revocation,
            control: context.control(),
            best,
            existence: context.existence(own),
        };
        match case.judge() {
            Ok(trusted) => {
                self.trusted(&trusted);
                let moment = best.map_or(case.control, |best| best.min(case.control));
                let weak_from = earlier(checked.weak_from, trusted.weak_from);
                self.weakness(weak_from, moment, times.after, trusted.embedded);
            }
            Err(refusal) => {
                if matches!(
                    refusal.0,
                    SubIndication::RevokedNoPoe | SubIndication::RevokedCaNoPoe
                ) {
                    self.report.revocation = RevocationStatus::Revoked;
                }
                self.refuse(made_after(&case, times.after).unwrap_or(refusal));
            }
        }
    }

    fn trusted(&mut self, trusted: &Trusted) {
        self.report.regime.clone_from(&trusted.regime);
        self.report.chain = trusted.path.iter().map(hexadecimal_fingerprint).collect();
        self.report.revocation = trusted.revocation;
        if trusted.embedded {
            self.warn(Warning::EmbeddedAnchor);
        }
        if trusted.revocation == RevocationStatus::Unknown {
            self.warn(Warning::RevocationUnknown);
        }
    }

    /// Cryptographic constraints by date (EN 319 102-1 clause 5.2.8): what Thông tư 15/2025/TT-BKHCN no longer takes is
    /// warned of, and proves nothing at a moment when it could be forged. What is known to have been made after that, by a
    /// content-time-stamp, no proof can mend.
    fn weakness(
        &mut self,
        weak_from: Option<OffsetDateTime>,
        moment: OffsetDateTime,
        after: Option<OffsetDateTime>,
        integrity_alone: bool,
    ) {
        let Some(weak_from) = weak_from else { return };
        self.warn(Warning::WeakAlgorithm);
        if moment < weak_from || integrity_alone {
            return;
        }
        let sub = if after.is_some_and(|after| after >= weak_from) {
            SubIndication::CryptoConstraintsFailure
        } else {
            SubIndication::CryptoConstraintsFailureNoPoe
        };
        let date = weak_from.date();
        self.refuse((sub, format!("an algorithm or key proves nothing since {date}")));
    }

    /// EN 319 142-1 clause 6: a document time-stamp makes the level B-LTA where it covers the validation data too; one that
    /// stands before them only proves the time of the signature.
    fn level(&mut self, checked: &Checked, sub_filter: SubFilter, times: &Times, context: Context<'_>) {
        if sub_filter != SubFilter::Cades {
            return;
        }
        let evidence = context.evidence;
        let Some(best) = times.best() else {
            self.report.level = Level::BB;
            return;
        };
        let data = evidence
            .validation_data(&checked.certificate, Purpose::Signature, best)
            .filter(|_| evidence.has_security_store);
        self.report.level = match data {
            None => Level::BT,
            Some(from) if times.later.iter().any(|proof| proof.revision >= from) => Level::BLTA,
            Some(_) => Level::BLT,
        };
    }
}

/// The time of one token over `stamped` with the status of its authority, or why it proves none. A token that cannot be read at all is a fault of the
/// signature.
fn token_time(
    token: &[u8],
    stamped: &Covered<'_>,
    context: Context<'_>,
    known: Known<'_>,
) -> Result<(OffsetDateTime, RevocationStatus), Refusal> {
    let unreadable = |error: crate::error::Error| (SubIndication::FormatFailure, error.to_string());
    let stamp = TimeStamp::parse(token).map_err(unreadable)?;
    Digest::of(&stamp.imprint_algorithm).map_err(unreadable)?;
    let (_, trusted) = context.evidence.time_stamp(&stamp, stamped, known)?;
    if stamp.time > known.moment() + CLOCK_SKEW {
        return Err((
            SubIndication::TimestampOrderFailure,
            format!(
                "the time-stamp, of {}, is later than what proves that it existed",
                stamp.time
            ),
        ));
    }
    Ok((stamp.time, trusted.revocation))
}

/// EN 319 102-1 clause 5.3.4: a content-time-stamp proves that the signature was made after the certificate had ended, or
/// had been revoked.
fn made_after(case: &Case<'_>, after: Option<OffsetDateTime>) -> Option<Refusal> {
    let after = after?;
    let certificate = case.certificate;
    if after > certificate.not_after {
        let reason = format!("signed after {after}, when the certificate had expired");
        return Some((SubIndication::Expired, reason));
    }
    let then = case
        .evidence
        .judge(certificate, case.purpose, after, Revocation::IfAvailable);
    match then {
        Err((SubIndication::RevokedNoPoe, why)) => Some((
            SubIndication::Revoked,
            format!("signed after {after}, when the certificate had been revoked: {why}"),
        )),
        _ => None,
    }
}

/// Clocks of authorities and verifiers differ a little.
const CLOCK_SKEW: Duration = Duration::minutes(5);
