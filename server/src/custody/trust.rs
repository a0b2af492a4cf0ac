//! Trust stores by regime, and the policy of a validation made from them.

use hoian_signer::validate::{Anchor, Policy, Revocation};
use ring::digest;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;

use super::Custody;
use super::certificate::Facts;
use super::error::{Error, Result};
use crate::domain::trust::{self, Offered, Refusal, Regime, Standing, Trusting};
use crate::store::audit::{self, Actor};
use crate::store::entity::trust_anchor::{ActiveModel, Column, Entity, Model};

/// A policy, and the name it has in a stored verification.
pub(super) struct Rules {
    pub policy: Policy,
    /// SHA-256 over the trust store and the rules: the same trust, the same name.
    pub name: String,
}

impl Custody {
    /// The policy of this house now: every stored root under its regime, revocation checked where evidence is at hand.
    ///
    /// # Errors
    /// The database's.
    pub(super) async fn rules(&self) -> Result<Rules> {
        let rows = Entity::find()
            .order_by_asc(Column::Fingerprint)
            .all(self.store.read())
            .await?;
        let mut policy = Policy::new(self.clock.now_utc());
        policy.revocation = Revocation::IfAvailable;
        let mut name = digest::Context::new(&digest::SHA256);
        name.update(b"hoian rules 1: revocation if available");
        for row in rows {
            name.update(row.fingerprint.as_bytes());
            if let Some(retired) = row.retired_at {
                name.update(b"until");
                name.update(retired.to_string().as_bytes());
            }
            match row.standing {
                Standing::Root => policy.anchors.push(Anchor {
                    trusted_until: row.retired_at.map(|at| at.to_offset_date_time()),
                    ..Anchor::new(row.certificate, row.regime.name())
                }),
                // What is not trusted by itself only completes chains; nothing is lost with one that is gone.
                Standing::Intermediate if row.retired_at.is_some() => {}
                Standing::Intermediate => policy.intermediates.push(row.certificate),
            }
        }
        Ok(Rules {
            policy,
            name: hex::encode(name.finish()),
        })
    }

    /// Every certificate that is trusted or was, by regime.
    ///
    /// # Errors
    /// The database's.
    pub async fn anchors(&self) -> Result<Vec<Model>> {
        let rows = Entity::find()
            .order_by_asc(Column::Regime)
            .order_by_asc(Column::AddedAt)
            .order_by_asc(Column::Fingerprint);
        Ok(rows.all(self.store.read()).await?)
    }

    /// Trusts a certificate (DER) whose fingerprint somebody read where its authority publishes it. Comes back as the
    /// fingerprint.
    ///
    /// # Errors
    /// Not a certificate, or a [`Refusal`].
    pub async fn trust(&self, actor: &Actor, certificate: &[u8], said: &Trusting) -> Result<String> {
        let facts = Facts::of(certificate)?;
        let offered = Offered {
            fingerprint: facts.fingerprint.clone(),
            is_authority: facts.is_authority,
            not_after: facts.not_after,
        };
        said.check(&offered, self.clock.now_utc())?;
        let reason = trust::reason(&said.reason)?;
        let enrolled = self.enrol_anchor(actor, certificate, said.regime, said.standing, reason);
        match enrolled.await? {
            true => Ok(facts.fingerprint),
            false => Err(Error::Trust(Refusal::Known)),
        }
    }

    /// Trusts a certificate (DER) under `regime`: as a root, or as an intermediate that completes chains. False, and nothing
    /// changes, where it is trusted already or was once.
    ///
    /// # Errors
    /// Not a certificate.
    pub async fn enrol_anchor(
        &self,
        actor: &Actor,
        certificate: &[u8],
        regime: Regime,
        standing: Standing,
        reason: &str,
    ) -> Result<bool> {
        let facts = Facts::of(certificate)?;
        let now = self.clock.now();
        let row = ActiveModel {
            fingerprint: Set(facts.fingerprint.clone()),
            regime: Set(regime),
            standing: Set(standing),
            certificate: Set(certificate.to_vec()),
            added_at: Set(now),
            added_by: Set(Some(actor.text())),
            reason: Set(Some(reason.to_owned())),
            retired_at: Set(None),
            retired_by: Set(None),
            retirement_reason: Set(None),
        };
        let once = OnConflict::column(Column::Fingerprint).do_nothing().to_owned();
        let subject = format!("trust_anchor/{}", facts.fingerprint);
        let detail =
            json!({ "subject": facts.subject, "regime": regime, "standing": standing, "reason": reason });
        self.store
            .write(async |tx| {
                let inserted = Entity::insert(row).on_conflict(once).exec_without_returning(tx);
                if inserted.await? == 0 {
                    return Ok(false);
                }
                audit::append(tx, now, actor, "trust_anchor.enrolled", &subject, detail).await?;
                Ok(true)
            })
            .await
    }

    /// Ends trust in a certificate: what is proven to have been signed before stays as it was.
    ///
    /// # Errors
    /// None of this fingerprint, or a [`Refusal`].
    pub async fn end_trust(&self, actor: &Actor, fingerprint: &str, reason: &str) -> Result<()> {
        let reason = trust::reason(reason)?;
        let now = self.clock.now();
        let subject = format!("trust_anchor/{fingerprint}");
        self.store
            .write(async |tx| {
                let retired = Entity::update_many()
                    .col_expr(Column::RetiredAt, Expr::value(now))
                    .col_expr(Column::RetiredBy, Expr::value(actor.text()))
                    .col_expr(Column::RetirementReason, Expr::value(reason))
                    .filter(Column::Fingerprint.eq(fingerprint))
                    .filter(Column::RetiredAt.is_null())
                    .exec(tx)
                    .await?;
                if retired.rows_affected == 0 {
                    let known = Entity::find_by_id(fingerprint).one(tx).await?;
                    return Err(known.map_or(Error::NotFound, |_| Error::Trust(Refusal::Ended)));
                }
                let detail = json!({ "reason": reason });
                Ok(audit::append(tx, now, actor, "trust_anchor.retired", &subject, detail).await?)
            })
            .await
    }
}
