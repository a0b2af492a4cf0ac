//! One signature's report as it grows: the first refusal decides, a failure outweighs a doubt.

use super::super::format::Signed;
use super::super::report::{
    Coverage, Indication, Kind, Level, Modification, RevocationStatus, SignatureReport, SubIndication,
    Warning,
};
use super::summary::pdf_date;
use crate::pdf::object::text;
use crate::pdf::reader::View;

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
                codes: Vec::new(),
                certificate: None,
                chain: Vec::new(),
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

    pub(super) fn refuse(&mut self, (sub, reason): (SubIndication, String)) {
        use SubIndication as Sub;
        // EN 319 102-1 clause 5.1.3, table 5.
        let failed = matches!(
            sub,
            Sub::FormatFailure
                | Sub::HashFailure
                | Sub::SigCryptoFailure
                | Sub::Revoked
                | Sub::Expired
                | Sub::NotYetValid
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
}
