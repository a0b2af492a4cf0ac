//! Verification: on arrival, once a file and policy, with its evidence; and for anyone, of a file that is not kept.

use bytes::Bytes;
use hoian_signer::validate::{ObjectKind, Policy, Report};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;
use tokio::sync::OwnedSemaphorePermit;

use super::answers::Answers;
use super::error::{Error, Result};
use super::{Custody, preservation};
use crate::clock::Timestamp;
use crate::domain::dispatch::Verdict;
use crate::fail_point;
use crate::store::blob::{self, Sha256, Stored};
use crate::store::entity::{dispatch, verification};

/// A place among those whose file is in memory; the public page holds one while a file is received and judged.
pub struct Visitor(#[expect(dead_code, reason = "held, not read")] Vec<OwnedSemaphorePermit>);

impl Custody {
    /// Verifies a file that has been dispatched, and tells every dispatch of it; may run twice.
    ///
    /// # Errors
    /// The store's.
    pub async fn verify_arrivals(&self, blob: &Sha256) -> Result<()> {
        let rules = self.rules().await?;
        let known = verification::Entity::find()
            .filter(verification::Column::Blob.eq(blob.clone()))
            .filter(verification::Column::Policy.eq(&rules.name))
            .one(self.store.read())
            .await?;
        let row = match known {
            Some(row) => row,
            None => self.verify(blob, rules.policy, rules.name).await?,
        };
        fail_point::hit("arrival.verified");
        let tell = dispatch::Entity::update_many()
            .set(dispatch::ActiveModel {
                verification_id: Set(Some(row.id)),
                ..Default::default()
            })
            .filter(dispatch::Column::Blob.eq(blob.clone()))
            .filter(dispatch::Column::VerificationId.is_null());
        let now = self.clock.now();
        let keep = matches!(row.verdict.as_str(), "TOTAL-PASSED" | "INDETERMINATE");
        self.store
            .write(async |tx| {
                tell.exec(tx).await?;
                if keep {
                    preservation::ask(tx, blob, now).await?;
                }
                Ok::<_, Error>(())
            })
            .await
    }

    async fn verify(&self, blob: &Sha256, mut policy: Policy, name: String) -> Result<verification::Model> {
        let document = self.store.blobs().get(blob).await?;
        policy.keep_objects = true;
        let mut report = self.judge_with_evidence(document, policy, None).await?;
        let (mut stored, mut evidence) = (Vec::new(), Vec::new());
        // Beside the report: lists have megabytes, and are the same for many files.
        for object in std::mem::take(&mut report.objects) {
            let piece = self.store.blobs().put(object.der).await?;
            let existed_at = Timestamp::from(object.existed_at);
            evidence
                .push(json!({ "kind": kind(object.kind), "blob": piece.sha256, "existed_at": existed_at }));
            stored.push(piece);
        }
        let row = verification::Model {
            id: self.clock.new_id(),
            blob: blob.clone(),
            policy: name,
            verdict: verdict_name(&report),
            report: serde_json::to_string(&report).map_err(|_| Error::Row("verification.report"))?,
            evidence: serde_json::to_string(&evidence).map_err(|_| Error::Row("verification.evidence"))?,
            verified_at: self.clock.now(),
        };
        self.record(row, &stored).await
    }

    /// Stores a verification, unless another run of the job was quicker; comes back as the one that stands.
    async fn record(&self, row: verification::Model, evidence: &[Stored]) -> Result<verification::Model> {
        use verification::{ActiveModel, Column, Entity};
        let now = row.verified_at;
        let once = OnConflict::columns([Column::Blob, Column::Policy])
            .do_nothing()
            .to_owned();
        self.store
            .write(async |tx| {
                for piece in evidence {
                    blob::record(tx, piece, now).await?;
                }
                let (blob, policy) = (row.blob.clone(), row.policy.clone());
                Entity::insert(ActiveModel::from(row))
                    .on_conflict(once)
                    .exec_without_returning(tx)
                    .await?;
                let stands = Entity::find()
                    .filter(Column::Blob.eq(blob))
                    .filter(Column::Policy.eq(policy));
                stands.one(tx).await?.ok_or(Error::Row("verification"))
            })
            .await
    }

    /// Room for one more visitor of the public page, if there is any.
    ///
    /// # Errors
    /// [`Error::Busy`].
    pub fn visitor(&self) -> Result<Visitor> {
        self.visitors
            .clone()
            .try_acquire_owned()
            .map(|place| Visitor(vec![place]))
            .map_err(|_| Error::Busy)
    }

    /// Room for one more file of another system, which waits for it; `key` is the id of the key under which it asks.
    ///
    /// # Errors
    /// [`Error::TooMany`] where the key is beyond its share; [`Error::Busy`].
    pub async fn program(&self, key: &str) -> Result<Visitor> {
        self.programs.place(key, self.clock.now()).await.map(Visitor)
    }

    /// Judges a visitor's file, which is in memory only and is gone afterwards.
    ///
    /// # Errors
    /// [`Error::Pool`].
    pub async fn verify_for_anyone(&self, _visitor: Visitor, document: Bytes) -> Result<Report> {
        let policy = self.rules().await?.policy;
        self.judge_with_evidence(document, policy, Some(&self.answers))
            .await
    }

    /// Fetches what the signers' authorities say, and judges with it.
    async fn judge_with_evidence(
        &self,
        document: Bytes,
        mut policy: Policy,
        recent: Option<&Answers>,
    ) -> Result<Report> {
        let material = self.evidence(document.clone(), &policy, recent).await?;
        policy
            .ocsp_responses
            .extend(material.ocsp_responses.iter().cloned());
        policy
            .revocation_lists
            .extend(material.revocation_lists.iter().cloned());
        policy.intermediates.extend(material.certificates.iter().cloned());
        self.judge(document, policy).await
    }
}

fn kind(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Certificate => "certificate",
        ObjectKind::OcspResponse => "ocsp_response",
        ObjectKind::RevocationList => "revocation_list",
    }
}

/// What a stored verification means for the clerk.
pub fn verdict_of(verification: Option<&verification::Model>) -> Verdict {
    match verification.map(|row| row.verdict.as_str()) {
        None => Verdict::Unknown,
        Some("TOTAL-PASSED") => Verdict::Valid,
        Some("INDETERMINATE") => Verdict::Indeterminate,
        Some(_) => Verdict::Invalid,
    }
}

/// The verdict in the words of the signer command's contract.
pub fn verdict_name(report: &Report) -> String {
    let name = serde_json::to_value(report.verdict).unwrap_or_default();
    name.as_str().unwrap_or_default().to_owned()
}
