//! One signature's report as it grows: the first refusal decides, a failure outweighs a doubt.

use time::{Duration, OffsetDateTime};

use super::super::covered::Covered;
use super::super::cryptography::{self, Checked};
use super::super::format::{Signed, SubFilter};
use super::super::policy::Policy;
use super::super::report::{
    CertificateSummary, Coverage, Indication, Kind, Level, Modification, RevocationStatus, SignatureReport,
    SubIndication, Warning,
};
use super::super::trust::{Evidence, Trusted};
use crate::cms::{SignedData, TimeStamp};
use crate::pdf::object::text;
use crate::pdf::reader::View;
use crate::x509::algorithm::{Digest, earlier};
use crate::x509::{Certificate, Purpose};

pub(super) struct Judgement {
    pub(super) report: SignatureReport,
}

impl Judgement {
    /// Passed until something says otherwise.
    pub(super) fn new(field: &str) -> Self {
        Self {
            report: SignatureReport {
                field: field.to_owned(),
                kind: Kind::Signature,
                signer: None,
                indication: Indication::TotalPassed,
                sub_indication: None,
                level: Level::None,
                coverage: Coverage::None,
                modification: Modification::None,
                digest_algorithm: None,
                signed_at: None,
                timestamp: None,
                warnings: Vec::new(),
                reasons: Vec::new(),
                certificate: None,
                regime: None,
                revocation: RevocationStatus::NotChecked,
                changes: Vec::new(),
                revision: None,
                covered_bytes: None,
                reason: None,
                location: None,
            },
        }
    }

    /// Records a refusal.
    pub(super) fn conclude(&mut self, indication: Indication, sub: SubIndication, reason: String) {
        let graver = match (self.report.indication, indication) {
            (Indication::TotalPassed, _) => true,
            (Indication::Indeterminate, Indication::TotalFailed) => true,
            // A broken digest tells more than the change behind it.
            (Indication::TotalFailed, Indication::TotalFailed) => {
                self.report.sub_indication == Some(SubIndication::FormatFailure)
                    && matches!(sub, SubIndication::HashFailure | SubIndication::SigCryptoFailure)
            }
            _ => false,
        };
        if graver {
            self.report.indication = indication;
            self.report.sub_indication = Some(sub);
            self.report.reasons.insert(0, reason);
        } else {
            self.report.reasons.push(reason);
        }
    }

    pub(super) fn disallow(&mut self, what: String) {
        self.report.modification = Modification::Disallowed;
        self.conclude(
            Indication::TotalFailed,
            SubIndication::FormatFailure,
            format!("changed after signing: {what}"),
        );
    }

    pub(super) fn warn(&mut self, warning: Warning) {
        if !self.report.warnings.contains(&warning) {
            self.report.warnings.push(warning);
        }
    }

    fn refuse(&mut self, (sub, reason): (SubIndication, String)) {
        use SubIndication as Sub;
        let failed = matches!(
            sub,
            Sub::FormatFailure | Sub::HashFailure | Sub::SigCryptoFailure | Sub::Revoked
        );
        let indication = if failed {
            Indication::TotalFailed
        } else {
            Indication::Indeterminate
        };
        self.conclude(indication, sub, reason);
    }

    /// What the dictionary says.
    pub(super) fn format(&mut self, view: View<'_>, signed: &Signed<'_>) {
        let report = &mut self.report;
        report.kind = signed.kind;
        report.coverage = signed.coverage;
        report.revision = Some(signed.revision + 1);
        report.covered_bytes = Some(signed.covered_bytes);
        let read = |key: &str| {
            let value = view.value(&signed.dictionary, key).ok()?;
            value.as_text().map(|value| text(&value.bytes))
        };
        report.reason = read("Reason");
        report.location = read("Location");
        report.signed_at = read("M").and_then(|date| pdf_date(&date));
    }

    /// Judges a signature; `later` are the times proven by document time-stamps over it, latest first.
    pub(super) fn signature(
        &mut self,
        signed: &Signed<'_>,
        evidence: &Evidence,
        later: &[OffsetDateTime],
        policy: &Policy,
    ) {
        if signed.sub_filter == SubFilter::TimeStamp {
            return;
        }
        let data = match SignedData::parse(&signed.contents) {
            Ok(data) => data,
            Err(error) => return self.refuse((SubIndication::FormatFailure, error.to_string())),
        };
        self.quirks(&data, signed.sub_filter);
        let checked = match cryptography::check(
            &data,
            signed.sub_filter,
            &signed.covered,
            &evidence.store.intermediates,
        ) {
            Ok(checked) => checked,
            Err(refusal) => return self.refuse(refusal),
        };
        self.identity(&checked);
        if signed.sub_filter == SubFilter::Cades && !checked.has_certificate_hash {
            self.warn(Warning::NoSigningCertificateAttribute);
        }
        let control = policy.at.unwrap_or(policy.now);
        let known_before = later.last().copied().unwrap_or(control);
        let stamped = self.signature_time_stamp(&data, evidence, known_before);
        let proven = stamped.or(later.last().copied());
        self.report.timestamp = proven;
        self.times();
        self.judge_certificate(&checked, evidence, proven, control, policy);
        self.level(
            &checked,
            signed.sub_filter,
            stamped.is_some(),
            evidence,
            later,
            control,
        );
    }

    /// Judges a document time-stamp.
    pub(super) fn document_time_stamp(
        &mut self,
        signed: &Signed<'_>,
        evidence: &Evidence,
        later: &[OffsetDateTime],
        policy: &Policy,
    ) {
        let stamp = match TimeStamp::parse(&signed.contents) {
            Ok(stamp) => stamp,
            Err(error) => return self.refuse((SubIndication::FormatFailure, error.to_string())),
        };
        let moment = later.last().copied().unwrap_or(policy.at.unwrap_or(policy.now));
        self.report.signed_at = Some(stamp.time);
        match evidence.time_stamp(&stamp, &signed.covered, moment) {
            Ok((checked, trusted)) => {
                self.identity(&checked);
                self.report.timestamp = Some(stamp.time);
                self.trusted(&trusted);
                self.weakness(
                    earlier(checked.weak_from, trusted.weak_from),
                    moment,
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
        let summary = CertificateSummary::of(&checked.certificate);
        self.report.signer = Some(summary.name.clone());
        self.report.digest_algorithm = Some(checked.digest.name().to_owned());
        self.report.certificate = Some(summary);
    }

    /// The earliest time a signature time-stamp proves.
    fn signature_time_stamp(
        &mut self,
        data: &SignedData,
        evidence: &Evidence,
        moment: OffsetDateTime,
    ) -> Option<OffsetDateTime> {
        let mut earliest = None;
        for token in data.signer.time_stamps() {
            match self.token(token, data, evidence, moment) {
                Ok(time) => earliest = Some(earliest.map_or(time, |old: OffsetDateTime| old.min(time))),
                Err((SubIndication::FormatFailure, reason)) => {
                    self.refuse((SubIndication::FormatFailure, reason));
                }
                Err(_) => self.warn(Warning::TimeStampNotTrusted),
            }
        }
        earliest
    }

    /// The time of one token, or why it proves none. A token that cannot be read at all is a fault of the signature.
    fn token(
        &self,
        token: &[u8],
        data: &SignedData,
        evidence: &Evidence,
        moment: OffsetDateTime,
    ) -> Result<OffsetDateTime, (SubIndication, String)> {
        let unreadable = |error: crate::error::Error| (SubIndication::FormatFailure, error.to_string());
        let stamp = TimeStamp::parse(token).map_err(unreadable)?;
        Digest::of(&stamp.imprint_algorithm).map_err(unreadable)?;
        evidence.time_stamp(&stamp, &Covered::of(&data.signer.signature), moment)?;
        if stamp.time > moment + CLOCK_SKEW {
            return Err((
                SubIndication::TimestampOrderFailure,
                "the time-stamp is of the future".to_owned(),
            ));
        }
        Ok(stamp.time)
    }

    fn times(&mut self) {
        if let (Some(claimed), Some(proven)) = (self.report.signed_at, self.report.timestamp)
            && (claimed - proven).abs() > Duration::DAY
        {
            self.warn(Warning::TimesDisagree);
        }
    }

    /// At the control time first; where that is too late, at the proven time (EN 319 102-1 clause 5.6).
    fn judge_certificate(
        &mut self,
        checked: &Checked,
        evidence: &Evidence,
        proven: Option<OffsetDateTime>,
        control: OffsetDateTime,
        policy: &Policy,
    ) {
        let judge = |moment| {
            evidence.judge(
                &checked.certificate,
                Purpose::Signature,
                moment,
                policy.revocation,
            )
        };
        let judged = match (judge(control), proven) {
            (Err((sub, reason)), Some(proven)) if may_be_helped(sub) => {
                judge(proven).map_err(|(past, why)| {
                    if may_be_helped(past) {
                        (past, why)
                    } else {
                        (sub, reason)
                    }
                })
            }
            // The answers at hand were fresh when the signature was made.
            (Ok(now), Some(proven)) if now.revocation == RevocationStatus::Unknown => match judge(proven) {
                Ok(then) if then.revocation == RevocationStatus::Good => Ok(then),
                _ => Ok(now),
            },
            (judged, _) => judged,
        };
        match judged {
            Ok(trusted) => {
                self.trusted(&trusted);
                let moment = proven.map_or(control, |proven| proven.min(control));
                self.weakness(
                    earlier(checked.weak_from, trusted.weak_from),
                    moment,
                    trusted.embedded,
                );
            }
            Err(refusal) => {
                if matches!(
                    refusal.0,
                    SubIndication::RevokedNoPoe | SubIndication::RevokedCaNoPoe
                ) {
                    self.report.revocation = RevocationStatus::Revoked;
                }
                self.refuse(refusal);
            }
        }
    }

    fn trusted(&mut self, trusted: &Trusted) {
        self.report.regime.clone_from(&trusted.regime);
        self.report.revocation = trusted.revocation;
        if trusted.embedded {
            self.warn(Warning::EmbeddedAnchor);
        }
        if trusted.revocation == RevocationStatus::Unknown {
            self.warn(Warning::RevocationUnknown);
        }
    }

    /// Cryptographic constraints by date (EN 319 102-1 clause 5.2.8): what Thông tư 15/2025/TT-BKHCN no longer takes is
    /// warned of, and proves nothing at a moment when it could be forged.
    fn weakness(&mut self, weak_from: Option<OffsetDateTime>, moment: OffsetDateTime, integrity_alone: bool) {
        let Some(weak_from) = weak_from else { return };
        self.warn(Warning::WeakAlgorithm);
        if moment >= weak_from && !integrity_alone {
            self.refuse((
                SubIndication::CryptoConstraintsFailureNoPoe,
                format!("an algorithm or key proves nothing since {}", weak_from.date()),
            ));
        }
    }

    fn level(
        &mut self,
        checked: &Checked,
        sub_filter: SubFilter,
        stamped: bool,
        evidence: &Evidence,
        later: &[OffsetDateTime],
        control: OffsetDateTime,
    ) {
        if sub_filter != SubFilter::Cades {
            return;
        }
        let has_data = evidence.has_security_store && evidence.has_answer(&checked.certificate, control);
        self.report.level = match (stamped || !later.is_empty(), has_data, later.is_empty()) {
            (false, _, _) => Level::BB,
            (true, false, _) => Level::BT,
            (true, true, true) => Level::BLT,
            (true, true, false) => Level::BLTA,
        };
    }
}

/// What a proof of existence before the fact can mend (EN 319 102-1 clause 5.6.2.4), and an answer that is too old by now.
fn may_be_helped(sub: SubIndication) -> bool {
    use SubIndication as Sub;
    matches!(
        sub,
        Sub::OutOfBoundsNoPoe
            | Sub::OutOfBoundsNotRevoked
            | Sub::Revoked
            | Sub::RevokedNoPoe
            | Sub::RevokedCaNoPoe
            | Sub::TryLater
    )
}

/// Clocks of authorities and verifiers differ a little.
const CLOCK_SKEW: Duration = Duration::minutes(5);

impl CertificateSummary {
    fn of(certificate: &Certificate) -> Self {
        let hexadecimal = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let subject = &certificate.subject;
        Self {
            name: subject
                .common_name
                .clone()
                .unwrap_or_else(|| subject.text.clone()),
            organisation: subject.organisation.clone(),
            subject: subject.text.clone(),
            issuer: certificate.issuer.text.clone(),
            serial: hexadecimal(&certificate.serial).to_uppercase(),
            not_before: certificate.not_before,
            not_after: certificate.not_after,
            fingerprint: hexadecimal(&certificate.fingerprint()),
        }
    }
}

/// `D:YYYYMMDDHHmmSSOHH'mm'` (ISO 32000-2, 7.9.4), where all of the date is given.
fn pdf_date(date: &str) -> Option<OffsetDateTime> {
    let plain: String = date.strip_prefix("D:")?.chars().filter(|c| *c != '\'').collect();
    let zoned = if plain.len() == 14 {
        format!("{plain}Z")
    } else {
        plain
    };
    // "Z00'00'" is written by some.
    let zoned = zoned
        .split_once('Z')
        .map_or(zoned.clone(), |(date, _)| format!("{date}Z"));
    crate::cms::time::parse(&crate::cms::ber::Element {
        tag: crate::cms::ber::tag::GENERALIZED_TIME,
        content: zoned.as_bytes(),
        raw: &[],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn reads_pdf_dates() {
        assert_eq!(
            pdf_date("D:20260102030405+07'00'"),
            Some(datetime!(2026-01-01 20:04:05 UTC))
        );
        assert_eq!(
            pdf_date("D:20260102030405Z00'00'"),
            Some(datetime!(2026-01-02 03:04:05 UTC))
        );
        assert_eq!(
            pdf_date("D:20260102030405"),
            Some(datetime!(2026-01-02 03:04:05 UTC))
        );
        assert_eq!(pdf_date("yesterday"), None);
    }
}
