//! The bounded pool: reading, signing and validating PDFs never starves the rest.

use bytes::Bytes;
use hoian_signer::validate::{Indication, Kind, Level, Modification, Policy, Report, Verdict, validate};

use super::Custody;
use super::error::{Error, Result};

impl Custody {
    /// Runs `work` on a thread of its own, when its turn has come.
    ///
    /// # Errors
    /// [`Error::Pool`] when `work` panicked, which is a bug; the process lives on.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        self.workers.run(work).await.map_err(|_| Error::Pool)
    }

    /// What our validator says of a file.
    ///
    /// # Errors
    /// [`Error::Pool`].
    pub(super) async fn judge(&self, document: Bytes, policy: Policy) -> Result<Report> {
        self.run(move || validate(&document, &policy)).await
    }

    /// Passes a new version only if every one of `fields` is signed, passes at B-T, and nothing disallowed came later.
    ///
    /// # Errors
    /// [`Error::SelfCheck`] with the first reason.
    pub(super) async fn self_check(&self, document: Bytes, fields: &[&str]) -> Result<()> {
        self.self_check_at(document, fields, Level::BT).await
    }

    /// As [`Self::self_check`], at another level at the least.
    pub(super) async fn self_check_at(&self, document: Bytes, fields: &[&str], least: Level) -> Result<()> {
        let report = self.judge(document, self.rules().await?.policy).await?;
        match complaint(&report, fields, least) {
            None => Ok(()),
            Some(reason) => Err(Error::SelfCheck {
                verdict: report.verdict,
                reason,
            }),
        }
    }
}

/// Why a report does not certify these fields at this level.
fn complaint(report: &Report, fields: &[&str], least: Level) -> Option<String> {
    let signatures = report.signatures.iter().filter(|one| one.kind == Kind::Signature);
    let count = signatures.count();
    if count != fields.len() {
        return Some(format!("{count} signatures instead of {}", fields.len()));
    }
    for field in fields {
        let Some(signature) = report
            .signatures
            .iter()
            .find(|signature| signature.field == *field)
        else {
            return Some(format!("{field} is not signed"));
        };
        if signature.indication != Indication::TotalPassed {
            let reason = signature
                .reasons
                .first()
                .map_or("no reason given", String::as_str);
            return Some(format!("{field}: {:?}: {reason}", signature.sub_indication));
        }
        if signature.level < least {
            return Some(format!("{field} is only {:?}", signature.level));
        }
        if signature.modification > Modification::FormFilling {
            return Some(format!("{field}: later changes are {:?}", signature.modification));
        }
    }
    (report.verdict != Verdict::TotalPassed).then(|| format!("the file is {:?}", report.verdict))
}
