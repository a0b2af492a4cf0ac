//! A waiting signature gets its time-stamp and becomes a version.

use std::time::Duration;

use bytes::Bytes;
use hoian_signer::shell::fetch::exchange::Limits;
use hoian_signer::sign::{DocumentTimeStamp, Signed};
use hoian_signer::validate::Verdict;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, ExprTrait, QueryFilter};
use serde_json::json;

use super::desk::{NewVersion, Step};
use super::error::{Error, Result};
use super::fetch;
use super::place::Places;
use super::signing::Kept;
use super::{Custody, Outcome, appendix};
use crate::domain::document::{Action, Capacity, DocumentId, Purpose, State};
use crate::domain::paper_signing::WITHOUT_TIME;
use crate::fail_point;
use crate::store::Tx;
use crate::store::audit::Actor;
use crate::store::blob::{Sha256, Stored};
use crate::store::entity::{document, document_version, signature_pending};

impl Custody {
    /// Completes the waiting signature of a document, if there is one; may be called again after it succeeded.
    ///
    /// A version that our own validator does not pass is not stored: the signature is given up, the document goes back
    /// to where the person can sign again, and the reason stands in the audit chain.
    ///
    /// # Errors
    /// [`Error::TimeStamp`] when the authority did not answer in time; the signature waits on.
    pub async fn complete(&self, id: &DocumentId) -> Result<Outcome> {
        self.complete_within(id, self.settings.time_stamp_time()).await
    }

    /// As [`Custody::complete`], for as long as a person waits.
    pub(super) async fn complete_while_waiting(&self, id: &DocumentId) -> Result<Outcome> {
        match self.complete_within(id, self.settings.wait()).await {
            Err(Error::TimeStamp(reason)) => {
                tracing::warn!(document.id = %id, reason, "a signature waits for its time-stamp");
                Ok(Outcome::Waiting)
            }
            other => other,
        }
    }

    async fn complete_within(&self, id: &DocumentId, patience: Duration) -> Result<Outcome> {
        let pending = signature_pending::Entity::find_by_id(id.clone())
            .one(self.store.read())
            .await?;
        let Some(pending) = pending else {
            return Ok(Outcome::Stored);
        };
        let base = document_version::Entity::find_by_id((id.clone(), pending.version));
        let base = base
            .one(self.store.read())
            .await?
            .ok_or(Error::Row("signature_pending.version"))?;
        let finished = async {
            // The main paper is last, so that a sealed document has every appendix sealed.
            self.complete_appendices(id, patience).await?;
            self.finished(&pending, &base, patience).await
        };
        match finished.await {
            Ok(finished) => {
                let stored = self.store.blobs().put(finished).await?;
                fail_point::hit("signing.version_on_disk");
                self.store_signed(&pending, &stored).await?;
                fail_point::hit("signing.version_stored");
                Ok(Outcome::Stored)
            }
            Err(error @ (Error::TimeStamp(_) | Error::Database(_) | Error::Blob(_) | Error::Pool)) => {
                self.record_attempt(&pending, &error).await?;
                Err(error)
            }
            Err(error) => {
                tracing::error!(document.id = %id, %error, "a signature is given up");
                self.abandon(&pending, &error).await?;
                Err(error)
            }
        }
    }

    /// The whole new file, time-stamped and passed by our validator.
    async fn finished(
        &self,
        pending: &signature_pending::Model,
        base: &document_version::Model,
        patience: Duration,
    ) -> Result<Bytes> {
        let kept: Kept =
            serde_json::from_str(&pending.signed).map_err(|_| Error::Row("signature_pending.signed"))?;
        let document = self.content(base).await?;
        let row = document::Entity::find_by_id(base.document_id.clone())
            .one(self.store.read())
            .await?
            .ok_or(Error::NotFound)?;
        let (signers, sealers) = match base.purpose {
            Purpose::Prepared => (1, 0),
            Purpose::Signed => (2, 0),
            Purpose::Sealed => (2, 2),
            Purpose::Draft | Purpose::Numbered => (row.rules().signers, 1),
        };
        let places: Places = row
            .places
            .as_deref()
            .and_then(|places| serde_json::from_str(places).ok())
            .ok_or(Error::Row("document.places"))?;
        let fields = places.signed_fields(signers, sealers);
        match kept {
            Kept::Value(signed) => {
                let signed = self.time_stamped(*signed, patience).await?;
                fail_point::hit("signing.token_arrived");
                self.completed(signed, document, &fields).await
            }
            Kept::File { file, .. } => self.stamped_file(&file, document, &fields, patience).await,
        }
    }

    /// A file that another program has signed, with the house's time-stamp where it brought none.
    async fn stamped_file(
        &self,
        file: &Sha256,
        document: Bytes,
        fields: &[&str],
        patience: Duration,
    ) -> Result<Bytes> {
        let file = self.store.blobs().get(file).await?;
        if !file.starts_with(&document) {
            return Err(Error::Row("the new version does not begin with the old one"));
        }
        if self.self_check(file.clone(), fields).await.is_ok() {
            return Ok(file);
        }
        let mut stamped = file.to_vec();
        self.stamp_over(&mut stamped, patience).await?;
        let stamped = Bytes::from(stamped);
        self.self_check(stamped.clone(), fields).await?;
        Ok(stamped)
    }

    /// The file with its signature: it continues `document`, and our validator passes it in these `fields`.
    pub(super) async fn completed(&self, signed: Signed, document: Bytes, fields: &[&str]) -> Result<Bytes> {
        let before = document.clone();
        let finished = Bytes::from(self.run(move || signed.complete(&document)).await??);
        if !finished.starts_with(&before) {
            return Err(Error::Row("the new version does not begin with the old one"));
        }
        self.self_check(finished.clone(), fields).await?;
        Ok(finished)
    }

    pub(super) async fn time_stamped(&self, signed: Signed, patience: Duration) -> Result<Signed> {
        if !signed.needs_time_stamp() {
            return Ok(signed);
        }
        let nonce = u64::from_be_bytes(self.clock.random_bytes());
        let answer = self
            .time_stamp(signed.time_stamp_request(nonce)?, patience)
            .await?;
        let now = self.clock.now_utc();
        // A wrong answer is the authority's fault and may be right the next time: the signature is not given up for it.
        signed
            .with_time_stamp(&answer, nonce, now)
            .map_err(|error| Error::TimeStamp(error.to_string()))
    }

    /// With a time-stamp, and the level then reached, where the authority answers for as long as a person waits.
    pub(super) async fn stamped_if_heard(&self, signed: Signed) -> Result<(Signed, &'static str)> {
        match self.time_stamped(signed.clone(), self.settings.wait()).await {
            Ok(stamped) => Ok((stamped, "B-T")),
            Err(Error::TimeStamp(reason)) => {
                tracing::warn!(reason, "a signature goes without its time-stamp");
                Ok((signed.without_time_stamp(), WITHOUT_TIME))
            }
            Err(error) => Err(error),
        }
    }

    /// Appends a document time-stamp to `file`.
    ///
    /// # Errors
    /// [`Error::TimeStamp`] where the authority is silent.
    pub(super) async fn stamp_over(&self, file: &mut Vec<u8>, patience: Duration) -> Result<()> {
        let document = file.clone();
        let prepared = self
            .run(move || DocumentTimeStamp::prepare(&document, None))
            .await??;
        let nonce = u64::from_be_bytes(self.clock.random_bytes());
        let answer = self.time_stamp(prepared.request(nonce), patience).await?;
        let update = prepared.update(&answer, nonce, self.clock.now_utc());
        file.extend(update.map_err(|error| Error::TimeStamp(error.to_string()))?);
        Ok(())
    }

    /// What the time-stamp authority answers to `question`.
    ///
    /// # Errors
    /// [`Error::TimeStamp`] where it says nothing within `patience`.
    pub(super) async fn time_stamp(&self, question: Vec<u8>, patience: Duration) -> Result<Bytes> {
        let silent = |reason: String| Error::TimeStamp(reason);
        let address = self
            .settings
            .tsa_url
            .as_deref()
            .ok_or_else(|| silent("no authority is configured".into()))?;
        let limits = Limits {
            time: patience,
            ..fetch::ANSWER
        };
        let turn = tokio::time::timeout(patience, self.time_stamps.acquire()).await;
        let _permit = turn
            .map_err(|_| silent("others are waiting".into()))?
            .map_err(|_| Error::Pool)?;
        let answer = self
            .fetch
            .post(address, "application/timestamp-query", question, limits)
            .await;
        answer.map_err(|error| silent(error.to_string()))
    }

    async fn store_signed(&self, pending: &signature_pending::Model, stored: &Stored) -> Result<()> {
        let now = self.clock.now();
        let detail = json!({ "blob": stored.sha256, "on_behalf_of": pending.person_id });
        self.store
            .write(async |tx| {
                if !take_pending(tx, pending).await? {
                    // Another attempt was quicker; its version stands.
                    return Ok(());
                }
                let step = house_step(tx, &pending.document_id, Action::Complete, None).await?;
                if step.row.state == State::Sealing
                    && !appendix::all_sealed_now(tx, &pending.document_id).await?
                {
                    return Err(Error::Row("document_appendix.sealed"));
                }
                let purpose = match step.transition.to {
                    State::FirstSigned | State::Signed => Purpose::Signed,
                    _ => Purpose::Sealed,
                };
                let version = NewVersion {
                    purpose,
                    continues: Some(pending.version),
                    stored,
                    level: Some("B-T"),
                    by: &pending.person_id,
                };
                version.insert(tx, now, &pending.document_id).await?;
                step.take(tx, now, &Actor::System, document::ActiveModel::default(), detail)
                    .await
            })
            .await
    }

    async fn abandon(&self, pending: &signature_pending::Model, error: &Error) -> Result<()> {
        let now = self.clock.now();
        let reason = error.to_string();
        let change = document::ActiveModel {
            remark: Set(Some(told(error).to_owned())),
            ..Default::default()
        };
        self.store
            .write(async |tx| {
                if !take_pending(tx, pending).await? {
                    return Ok(());
                }
                let step = house_step(tx, &pending.document_id, Action::Abandon, Some(&reason)).await?;
                // What the first agency has sealed stays sealed when the second is asked again.
                if step.row.state == State::Sealing {
                    appendix::forget(tx, &pending.document_id).await?;
                }
                step.take(tx, now, &Actor::System, change, json!({ "reason": reason }))
                    .await
            })
            .await
    }

    async fn record_attempt(&self, pending: &signature_pending::Model, error: &Error) -> Result<()> {
        use signature_pending::Column;
        let update = signature_pending::Entity::update_many()
            .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
            .col_expr(Column::LastError, Expr::value(error.to_string()))
            .filter(Column::Id.eq(&pending.id));
        self.store.write(async |tx| update.exec(tx).await).await?;
        Ok(())
    }
}

/// Takes the pending signature out, if it is still there: whoever takes it stores its version.
async fn take_pending(tx: &Tx, pending: &signature_pending::Model) -> Result<bool> {
    let taken = signature_pending::Entity::delete_many()
        .filter(signature_pending::Column::Id.eq(&pending.id))
        .exec(tx)
        .await?;
    Ok(taken.rows_affected == 1)
}

/// A step of the house itself, on the row as the transaction sees it.
async fn house_step(tx: &Tx, id: &DocumentId, action: Action, reason: Option<&str>) -> Result<Step> {
    let row = document::Entity::find_by_id(id.clone())
        .one(tx)
        .await?
        .ok_or(Error::NotFound)?;
    let transition = row.rules().permit(action, &[Capacity::House], reason)?;
    Ok(Step { row, transition })
}

/// What the page says of a signature that was given up; the audit chain and the log have the reason itself.
fn told(error: &Error) -> &'static str {
    match error {
        Error::SelfCheck {
            verdict: Verdict::Indeterminate,
            ..
        } => {
            "Chữ ký vừa tạo chưa được coi là hợp lệ, vì chứng thư không dẫn tới gốc mà cơ quan tin cậy hoặc chưa kiểm tra được, \
             nên không được lưu. Xin báo quản trị của tỉnh."
        }
        _ => {
            "Chữ ký vừa tạo không qua được bước tự kiểm tra của hệ thống nên không được lưu. Xin báo quản trị."
        }
    }
}
