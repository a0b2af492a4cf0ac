//! Correction (đính chính) and replacement (thay thế): a new paper that names the one it mends, and comes to everyone who
//! holds that one.

use std::collections::BTreeSet;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;

use super::error::{Error, Result};
use super::{Custody, Presence};
use crate::clock::Timestamp;
use crate::domain::document::{DocumentId, State};
use crate::domain::id::AgencyId;
use crate::domain::relation::{self, Relation};
use crate::store::entity::document_relation::{ActiveModel, Column, Entity, Model};
use crate::store::entity::{dispatch, document};
use crate::store::{Tx, audit};

impl Custody {
    /// What this paper corrects or replaces, if anything.
    ///
    /// # Errors
    /// The database's.
    pub async fn mends(&self, id: &DocumentId) -> Result<Option<Model>> {
        Ok(Entity::find_by_id(id.clone()).one(self.store.read()).await?)
    }

    /// Issued papers that correct or replace this one, the earliest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn mended_by(&self, id: &DocumentId) -> Result<Vec<(Relation, document::Model)>> {
        mending(self.store.read(), id).await
    }

    /// Whether a paper of `agency` may mend this one, which the drafter must know of.
    pub(super) async fn check_relation(
        &self,
        presence: &Presence,
        agency: &AgencyId,
        related: &DocumentId,
    ) -> Result<()> {
        let (row, _) = self.document(presence, related).await?;
        permit(self.store.read(), agency, &row).await
    }

    /// Who holds the paper that this one mends: they receive the new one without being chosen.
    pub(super) async fn holders_of_mended(&self, id: &DocumentId) -> Result<BTreeSet<AgencyId>> {
        let Some(mends) = self.mends(id).await? else {
            return Ok(BTreeSet::new());
        };
        let rows = dispatch::Entity::find()
            .filter(dispatch::Column::DocumentId.eq(mends.related_id))
            .all(self.store.read())
            .await?;
        let holders = rows
            .into_iter()
            .filter(|row| relation::holds(row.status, row.recall));
        Ok(holders.map(|row| row.receiver_id).collect())
    }
}

/// Issued papers that correct or replace this one, the earliest first.
async fn mending(
    connection: &impl ConnectionTrait,
    id: &DocumentId,
) -> Result<Vec<(Relation, document::Model)>> {
    let rows = Entity::find()
        .filter(Column::RelatedId.eq(id.clone()))
        .order_by_asc(Column::DocumentId)
        .all(connection)
        .await?;
    let mut mending = Vec::new();
    for row in rows {
        let paper = document::Entity::find_by_id(row.document_id)
            .one(connection)
            .await?;
        let issued = paper.filter(|paper| matches!(paper.state, State::Issued | State::Recalled));
        mending.extend(issued.map(|paper| (row.relation, paper)));
    }
    Ok(mending)
}

async fn permit(
    connection: &impl ConnectionTrait,
    agency: &AgencyId,
    related: &document::Model,
) -> Result<()> {
    let mending = mending(connection, &related.id).await?;
    let replaced = mending
        .iter()
        .any(|(relation, _)| *relation == Relation::Replaces);
    Ok(relation::permit(
        agency,
        &related.agency_id,
        related.state,
        replaced,
    )?)
}

/// Keeps what a draft mends, in place of what was kept before.
pub(super) async fn keep(tx: &Tx, id: &DocumentId, mends: Option<&(Relation, DocumentId)>) -> Result<()> {
    let Some((relation, related)) = mends else {
        Entity::delete_by_id(id.clone()).exec(tx).await?;
        return Ok(());
    };
    let row = ActiveModel {
        document_id: Set(id.clone()),
        relation: Set(*relation),
        related_id: Set(related.clone()),
    };
    let replace = OnConflict::column(Column::DocumentId)
        .update_columns([Column::Relation, Column::RelatedId])
        .to_owned();
    Entity::insert(row)
        .on_conflict(replace)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Whether the paper that is issued now may still mend the older one, in the transaction that issues it: of two that would replace
/// one, only the first is issued. The older paper's row is locked until that transaction ends, on either database.
pub(super) async fn check_again(tx: &Tx, agency: &AgencyId, mends: &Model) -> Result<()> {
    document::Entity::update_many()
        .col_expr(document::Column::Revision, Expr::col(document::Column::Revision))
        .filter(document::Column::Id.eq(mends.related_id.clone()))
        .exec(tx)
        .await?;
    let related = document::Entity::find_by_id(mends.related_id.clone())
        .one(tx)
        .await?;
    permit(
        tx,
        agency,
        &related.ok_or(Error::Row("document_relation.related_id"))?,
    )
    .await
}

/// Says in the older paper's own trail what became of it, in the transaction that issues the new one.
pub(super) async fn record(
    tx: &Tx,
    now: Timestamp,
    presence: &Presence,
    mends: &Model,
    code: &str,
) -> Result<()> {
    let subject = format!("document/{}", mends.related_id);
    let detail = json!({ "by": mends.document_id, "code": code });
    audit::append(
        tx,
        now,
        &presence.actor(),
        mends.relation.audit(),
        &subject,
        detail,
    )
    .await?;
    Ok(())
}

impl From<relation::Refusal> for Error {
    fn from(refusal: relation::Refusal) -> Self {
        Self::Relation(refusal)
    }
}
