//! One signer with the authorities above, at moments that all tests of time share.

use hoian_signer::validate::{Indication, Policy, Revocation, SignatureReport, SubIndication};
use time::OffsetDateTime;
use time::macros::datetime;

use super::world::{self, Holder, Span, Word, first, sign};

pub const FOUNDED: OffsetDateTime = datetime!(2015-01-01 00:00 UTC);
pub const ISSUED: OffsetDateTime = datetime!(2024-01-01 00:00 UTC);
pub const SIGNED: OffsetDateTime = datetime!(2024-06-01 08:00 UTC);
pub const ENDED: OffsetDateTime = datetime!(2025-01-01 00:00 UTC);
pub const NOW: OffsetDateTime = datetime!(2026-11-24 00:00 UTC);
pub const ROOT: Span = (FOUNDED, datetime!(2045-01-01 00:00 UTC));
pub const PERSON: Span = (ISSUED, ENDED);
pub const LONG: Span = (ISSUED, datetime!(2027-01-01 00:00 UTC));

/// A root, an authority below it, one who signs, and an authority for time-stamps under a root of its own.
pub struct Office {
    pub root: Holder,
    pub issuing: Holder,
    pub signer: Holder,
    stamp_root: Holder,
    pub stamps: Holder,
}

impl Office {
    pub fn with(signer: Span) -> Self {
        let root = Holder::root("Gốc", ROOT);
        let issuing = root.authority("Cấp chứng thư", ROOT, |_| {});
        let signer = issuing.person("Hà", signer, |_| {});
        let stamp_root = Holder::root("Gốc dấu thời gian", ROOT);
        let stamps = stamp_root.time_stamps("Cấp dấu thời gian", ROOT);
        Self {
            root,
            issuing,
            signer,
            stamp_root,
            stamps,
        }
    }

    pub fn signed(&self) -> Vec<u8> {
        sign(&self.signer.key, None, SIGNED)
    }

    pub fn stamped(&self) -> Vec<u8> {
        sign(&self.signer.key, Some(&self.stamps), SIGNED)
    }

    pub fn stamped_later(&self, after: OffsetDateTime) -> Vec<u8> {
        world::with_content_time_stamp(&self.signed(), &self.signer.key, &self.stamps, after)
    }

    /// What the issuing authority says of the signer.
    pub fn says(&self, word: Word) -> Vec<u8> {
        word.response(&self.issuing, &self.signer)
    }

    pub fn judge(&self, document: &[u8], revocation: Revocation) -> SignatureReport {
        self.judge_at(document, revocation, NOW)
    }

    pub fn judge_at(&self, document: &[u8], revocation: Revocation, now: OffsetDateTime) -> SignatureReport {
        let mut policy = self.policy(now);
        policy.revocation = revocation;
        first(document, &policy)
    }

    /// Both roots are trusted, and of the authority for time-stamps it is known that it was not revoked.
    pub fn policy(&self, now: OffsetDateTime) -> Policy {
        let mut policy = self.policy_without_status(now);
        let list = self.says_of_stamps(Word::good(now - time::Duration::DAY));
        policy.revocation_lists.push(list);
        policy
    }

    pub fn policy_without_status(&self, now: OffsetDateTime) -> Policy {
        let mut policy = world::policy(&self.root, now);
        let other = world::policy(&self.stamp_root, now);
        policy.anchors.extend(other.anchors);
        policy
    }

    /// What is said of the authority for time-stamps.
    pub fn says_of_stamps(&self, word: Word) -> Vec<u8> {
        word.list(&self.stamp_root, &self.stamps)
    }
}

#[track_caller]
pub fn is(report: &SignatureReport, indication: Indication, sub: SubIndication) {
    assert_eq!(
        (report.indication, report.sub_indication),
        (indication, Some(sub)),
        "{report:#?}"
    );
}

#[track_caller]
pub fn passes(report: &SignatureReport) {
    assert_eq!(report.indication, Indication::TotalPassed, "{report:#?}");
}
