//! Papers kept provable (PAdES B-LTA): validation data and an archive time-stamp are added to what was issued or came, and
//! the time-stamp is renewed before its certificate ends.
//!
//! The paper itself stays as it is; the proofs are a file of their own, which stands behind it where somebody asks for the
//! paper with its proofs.

use bytes::Bytes;
use hoian_signer::sign::extend::{self, Gathering};
use hoian_signer::validate::{Indication, Kind, Level, Policy, Report, Verdict};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;

use super::Custody;
use super::error::{Error, Result};
use crate::clock::Timestamp;
use crate::domain::preservation::{SETTLING, next_attempt, renewal};
use crate::fail_point;
use crate::store::Tx;
use crate::store::audit::{self, Actor};
use crate::store::blob::{self, Sha256, Stored};
use crate::store::entity::preservation::{ActiveModel, Column, Entity, Model};

/// A paper with new proofs, which our own validator passes.
struct Proven {
    /// What stands behind the paper.
    proofs: Bytes,
    until: Timestamp,
}

impl Custody {
    /// The proofs of a paper, where there are any.
    ///
    /// # Errors
    /// The database's.
    pub async fn proofs_of(&self, blob: &Sha256) -> Result<Option<Model>> {
        let row = Entity::find_by_id(blob.clone()).one(self.store.read()).await?;
        Ok(row.filter(|row| row.proofs.is_some()))
    }

    /// Proves some papers that are due, one after another, those that wait longest first; comes back with whether more may
    /// be due.
    ///
    /// # Errors
    /// The store's. What one paper or an authority says is kept in its row.
    pub async fn keep_provable(&self) -> Result<bool> {
        let due = Entity::find()
            .filter(Column::DueAt.lte(self.clock.now()))
            .order_by_asc(Column::DueAt)
            .limit(AT_A_TIME);
        let due = due.all(self.store.read()).await?;
        let more = due.len() as u64 == AT_A_TIME;
        for row in due {
            if let Err(Error::TimeStamp(_)) = self.prove(row).await? {
                // The others would only wait for the same silence.
                return Ok(false);
            }
        }
        Ok(more)
    }

    /// Lets every paper be proven anew as soon as it can: somebody learnt that an algorithm or an authority is failing.
    /// Comes back as how many they are.
    ///
    /// # Errors
    /// The database's.
    pub async fn renew_all_proofs(&self, actor: &Actor, reason: &str) -> Result<u64> {
        let now = self.clock.now();
        let all = Entity::update_many()
            .col_expr(Column::DueAt, Expr::value(now))
            .filter(Column::DueAt.gt(now));
        let detail = json!({ "reason": reason });
        self.store
            .write(async |tx| {
                let papers = all.exec(tx).await?.rows_affected;
                audit::append(
                    tx,
                    now,
                    actor,
                    "preservation.renewal_asked",
                    "preservation",
                    detail,
                )
                .await?;
                Ok(papers)
            })
            .await
    }

    async fn prove(&self, row: Model) -> Result<std::result::Result<(), Error>> {
        match self.proven(&row).await {
            Ok(proven) if Some(proven.until) <= row.proven_until => {
                // The authority still stamps under the certificate of the last time: nothing would be won.
                let now = self.clock.now();
                self.try_later(&row, Some(renewal(proven.until, now)), None)
                    .await?;
                Ok(Ok(()))
            }
            Ok(proven) => {
                let stored = self.store.blobs().put(proven.proofs).await?;
                fail_point::hit("preservation.proofs_on_disk");
                self.keep_proofs(&row, &stored, proven.until).await?;
                Ok(Ok(()))
            }
            Err(error @ (Error::Database(_) | Error::Blob(_) | Error::Pool)) => Err(error),
            Err(error) => {
                tracing::warn!(blob = %row.blob, %error, "a paper could not be proven");
                let hopeless = matches!(error, Error::SelfCheck { verdict, .. } if is_hopeless(verdict));
                let next = (!hopeless).then(|| next_attempt(row.attempts, self.clock.now()));
                self.try_later(&row, next, Some(error.to_string())).await?;
                Ok(Err(error))
            }
        }
    }

    /// The paper raised, or raised anew, and judged by our own validator.
    async fn proven(&self, row: &Model) -> Result<Proven> {
        let paper = self.store.blobs().get(&row.blob).await?;
        let length = paper.len();
        let mut file = paper.to_vec();
        if let Some(proofs) = &row.proofs {
            file.extend_from_slice(&self.store.blobs().get(proofs).await?);
        }
        let policy = self.rules().await?.policy;
        let document = Bytes::from(file.clone());
        let report = self.judge(document.clone(), policy.clone()).await?;
        if is_hopeless(report.verdict) {
            return Err(unproven(&report));
        }
        let is_stamped = self
            .run(move || extend::is_time_stamped(&document, None))
            .await??;
        if !is_stamped {
            self.stamp_over(&mut file, self.settings.time_stamp_time())
                .await?;
        }
        self.add_validation_data(&mut file, &policy).await?;
        self.stamp_over(&mut file, self.settings.time_stamp_time())
            .await?;
        let file = Bytes::from(file);
        let policy = Policy {
            now: self.clock.now_utc(),
            ..policy
        };
        let report = self.judge(file.clone(), policy).await?;
        let until = proven_until(&report).ok_or_else(|| unproven(&report))?;
        Ok(Proven {
            proofs: file.slice(length..),
            until,
        })
    }

    async fn add_validation_data(&self, file: &mut Vec<u8>, policy: &Policy) -> Result<()> {
        let anchors: Vec<_> = policy.anchors.iter().map(|one| one.certificate.clone()).collect();
        let (intermediates, now) = (policy.intermediates.clone(), self.clock.now_utc());
        let document = Bytes::from(file.clone());
        let read = document.clone();
        let gathering = move || Gathering::of(&read, None, &anchors, &intermediates, now);
        let mut gathering = self.run(gathering).await??;
        self.gather(&mut gathering, None).await;
        let update = move || gathering.finish()?.update(&document, None);
        file.extend(self.run(update).await??);
        Ok(())
    }

    async fn keep_proofs(&self, row: &Model, stored: &Stored, until: Timestamp) -> Result<()> {
        let now = self.clock.now();
        let subject = format!("paper/{}", row.blob);
        let detail = json!({ "proofs": stored.sha256, "until": until });
        let mut change = row.clone().into_active_model();
        change.proofs = Set(Some(stored.sha256.clone()));
        change.proofs_size_bytes = Set(i64::try_from(stored.size_bytes).unwrap_or(i64::MAX));
        change.proven_at = Set(Some(now));
        change.proven_until = Set(Some(until));
        change.due_at = Set(Some(renewal(until, now)));
        change.attempts = Set(0);
        change.last_error = Set(None);
        self.store
            .write(async |tx| {
                blob::record(tx, stored, now).await?;
                Entity::update(change).exec(tx).await?;
                Ok(audit::append(tx, now, &Actor::System, "paper.proven", &subject, detail).await?)
            })
            .await
    }

    async fn try_later(&self, row: &Model, due_at: Option<Timestamp>, error: Option<String>) -> Result<()> {
        let mut change = row.clone().into_active_model();
        change.due_at = Set(due_at);
        change.attempts = Set(row.attempts + i32::from(error.is_some()));
        change.last_error = Set(error);
        let change = Entity::update(change);
        self.store.write(async |tx| change.exec(tx).await).await?;
        Ok(())
    }
}

/// Asks that a paper is kept provable; once, however often it is asked for.
///
/// # Errors
/// The database's.
pub(super) async fn ask(tx: &Tx, blob: &Sha256, now: Timestamp) -> Result<(), DbErr> {
    let row = Model {
        blob: blob.clone(),
        proofs: None,
        proofs_size_bytes: 0,
        proven_at: None,
        proven_until: None,
        due_at: Some(now.after(SETTLING)),
        attempts: 0,
        last_error: None,
    };
    let once = OnConflict::column(Column::Blob).do_nothing().to_owned();
    Entity::insert(ActiveModel::from(row))
        .on_conflict(once)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Nobody is helped by proofs beside a broken signature, or beside none.
fn is_hopeless(verdict: Verdict) -> bool {
    matches!(
        verdict,
        Verdict::TotalFailed | Verdict::Malformed | Verdict::NoSignature
    )
}

/// When the last time-stamp's certificate ends, if every signature is proven by it.
fn proven_until(report: &Report) -> Option<Timestamp> {
    let mut signatures = report.signatures.iter().filter(|one| one.kind == Kind::Signature);
    let proven = report.verdict == Verdict::TotalPassed
        && signatures.all(|one| one.indication == Indication::TotalPassed && one.level == Level::BLTA);
    let stamps = report
        .signatures
        .iter()
        .filter(|one| one.kind == Kind::DocumentTimeStamp);
    let last = stamps.max_by_key(|one| one.covered_bytes)?;
    let certificate = last.certificate.as_ref()?;
    proven.then(|| certificate.not_after.into())
}

fn unproven(report: &Report) -> Error {
    let reason = report
        .signatures
        .iter()
        .find(|one| one.indication != Indication::TotalPassed || one.level < Level::BLTA)
        .map(|one| {
            let reason = one.reasons.first().map_or("no reason given", String::as_str);
            format!("{} is {:?}: {reason}", one.field, one.level)
        });
    Error::SelfCheck {
        verdict: report.verdict,
        reason: reason.unwrap_or_else(|| "it holds no time-stamp that can be checked".into()),
    }
}

/// Papers of one run of the job: other jobs must have their turn.
const AT_A_TIME: u64 = 8;
