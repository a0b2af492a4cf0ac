//! The attacks of the literature, each made anew on a file that our own signer has just signed.

mod appearance;
mod certified;
mod differential;
mod evidence;
mod forgery;
mod range;
mod shadow;

use hoian_signer::shell::clock;
use hoian_signer::sign::{Certification, Key as _};
use hoian_signer::validate::{Anchor, Coverage, Policy, Report, Verdict, validate};
use time::OffsetDateTime;

use hoian_tests::attacker;
use hoian_tests::fixture::{self, Pki};

pub(super) struct Office {
    now: OffsetDateTime,
    pki: Pki,
}

impl Office {
    pub(super) fn open() -> Self {
        let now = clock::now();
        Self {
            now,
            pki: Pki::new(now),
        }
    }

    pub(super) fn sign(&self, document: &[u8], field: &str, certify: Option<Certification>) -> Vec<u8> {
        let mut request = fixture::request(field, self.pki.leader.algorithm(), self.now);
        request.certify = certify;
        fixture::sign(
            document,
            &request,
            &self.pki.leader,
            &self.pki.time_stamps,
            self.now,
        )
    }

    pub(super) fn signed(&self) -> Vec<u8> {
        self.sign(&attacker::paper(), "lanh_dao", None)
    }

    pub(super) fn validate(&self, document: &[u8]) -> Report {
        let mut policy = Policy::new(self.now);
        policy
            .anchors
            .push(Anchor::new(self.pki.leader.chain()[1].clone(), "kiểm thử"));
        validate(document, &policy)
    }

    /// Refused as a change, with a reason that holds `part`.
    #[track_caller]
    pub(super) fn refuses(&self, document: &[u8], part: &str) {
        let report = self.validate(document);
        let text = serde_json::to_string(&report).unwrap();
        assert!(
            matches!(report.verdict, Verdict::TotalFailed | Verdict::Malformed),
            "{part}: {text}"
        );
        assert!(text.contains(part), "the reason is not {part:?}: {text}");
    }

    #[track_caller]
    pub(super) fn passes(&self, document: &[u8]) -> Report {
        let report = self.validate(document);
        assert_eq!(report.verdict, Verdict::TotalPassed, "{report:?}");
        report
    }
}

pub(super) fn page(annotations: &str) -> String {
    format!(
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 400]/Contents 4 0 R/Annots[{annotations}]\
         /Resources<</Font<</F1 5 0 R>>>>>>"
    )
}

/// The page's annotations after signing: the last `/Annots` that stands in the file.
pub(super) fn annotations(document: &[u8]) -> String {
    let (_, body) = attacker::newest(document, "/Annots");
    let list = &body[body.find("/Annots").unwrap()..];
    list[list.find('[').unwrap() + 1..list.find(']').unwrap()].to_owned()
}

#[test]
fn our_own_signatures_pass_before_anything_is_done_to_them() {
    let office = Office::open();
    let report = office.passes(&office.signed());
    assert_eq!(report.signatures[0].coverage, Coverage::WholeFile);
    for certification in [
        Certification::NoChanges,
        Certification::FormFilling,
        Certification::Annotations,
    ] {
        office.passes(&office.sign(&attacker::paper(), "lanh_dao", Some(certification)));
    }
}
