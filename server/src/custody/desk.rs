//! Taking a step: the row, the rule, and the change that only the first of two people makes.

use bytes::Bytes;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value;

use super::error::{Error, Result};
use super::initials;
use super::{Custody, Presence};
use crate::clock::Timestamp;
use crate::domain::document::{Action, Capacity, DocumentId, Effect, Purpose, Transition};
use crate::domain::id::PersonId;
use crate::domain::party::capacities;
use crate::store::Tx;
use crate::store::audit::{self, Actor};
use crate::store::blob::{self, Stored};
use crate::store::entity::{document, document_version};

/// A step that the rules permit, on the row as it was read.
pub(super) struct Step {
    pub row: document::Model,
    pub transition: Transition,
}

/// A version about to be stored.
pub(super) struct NewVersion<'a> {
    pub purpose: Purpose,
    pub continues: Option<i32>,
    pub stored: &'a Stored,
    pub level: Option<&'a str>,
    pub by: &'a PersonId,
}

impl Custody {
    /// A document and this person's capacities towards it.
    ///
    /// # Errors
    /// [`Error::NotFound`] also where the person may not know of it.
    pub async fn document(
        &self,
        presence: &Presence,
        id: &DocumentId,
    ) -> Result<(document::Model, Vec<Capacity>)> {
        let row = document::Entity::find_by_id(id.clone())
            .one(self.store.read())
            .await?
            .ok_or(Error::NotFound)?;
        let capacities = capacities(row.parties(), &presence.person_id, &presence.held);
        if capacities.is_empty() {
            return Err(Error::NotFound);
        }
        Ok((row, capacities))
    }

    /// The step `action` by this person, if the rules permit it now.
    ///
    /// # Errors
    /// [`Error::NotFound`] or [`Error::Refused`].
    pub(super) async fn permit(
        &self,
        presence: &Presence,
        id: &DocumentId,
        action: Action,
        reason: Option<&str>,
    ) -> Result<Step> {
        let (row, capacities) = self.document(presence, id).await?;
        let transition = row.rules().permit(action, &capacities, reason)?;
        Ok(Step { row, transition })
    }

    /// Submits a draft to its signer.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Refused`], [`Error::Stale`].
    pub async fn submit(&self, presence: &Presence, id: &DocumentId) -> Result<()> {
        let step = self.permit(presence, id, Action::Submit, None).await?;
        self.check_reviewers_named(&step.row).await?;
        let change = document::ActiveModel {
            remark: Set(None),
            ..Default::default()
        };
        self.take(&step, &presence.actor(), change, Value::Null).await
    }

    /// Gives a submitted document back to its drafter, with a reason.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Refused`], [`Error::Stale`].
    pub async fn give_back(&self, presence: &Presence, id: &DocumentId, reason: &str) -> Result<()> {
        let step = self.permit(presence, id, Action::Return, Some(reason)).await?;
        let change = document::ActiveModel {
            remark: Set(Some(reason.trim().to_owned())),
            ..Default::default()
        };
        self.take(
            &step,
            &presence.actor(),
            change,
            serde_json::json!({ "reason": reason.trim() }),
        )
        .await
    }

    async fn take(
        &self,
        step: &Step,
        actor: &Actor,
        change: document::ActiveModel,
        detail: Value,
    ) -> Result<()> {
        let now = self.clock.now();
        self.store
            .write(async |tx| step.take(tx, now, actor, change, detail).await)
            .await
    }

    /// The latest version made for `purpose`.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none.
    pub async fn latest(&self, id: &DocumentId, purpose: Purpose) -> Result<document_version::Model> {
        let version = document_version::Entity::find()
            .filter(document_version::Column::DocumentId.eq(id.clone()))
            .filter(document_version::Column::Purpose.eq(purpose))
            .order_by_desc(document_version::Column::Number)
            .one(self.store.read())
            .await?;
        version.ok_or(Error::NotFound)
    }

    /// The bytes of a version, checked against their digest.
    ///
    /// # Errors
    /// The blob store's.
    pub async fn content(&self, version: &document_version::Model) -> Result<Bytes> {
        Ok(self.store.blobs().get(&version.blob).await?)
    }
}

impl Step {
    /// Moves the document on and writes the audit entry, in the transaction of the step's effect.
    ///
    /// # Errors
    /// [`Error::Stale`] when the row is no longer as it was read: of two people only one takes a step.
    pub async fn take(
        &self,
        tx: &Tx,
        now: Timestamp,
        actor: &Actor,
        mut change: document::ActiveModel,
        detail: Value,
    ) -> Result<()> {
        if self.transition.effect == Effect::StoreDraft {
            change.content_initialled = Set(false);
            change.form_initialled = Set(false);
            initials::make_void(tx, now, &self.row.id).await?;
        }
        let after = self.row.rules().apply(&self.transition);
        let change = document::ActiveModel {
            state: Set(after.state),
            leader_signed: Set(after.leader_signed),
            numbered: Set(after.numbered),
            agency_signed: Set(after.agency_signed),
            revision: Set(self.row.revision + 1),
            updated_at: Set(now),
            ..change
        };
        let changed = document::Entity::update_many()
            .set(change)
            .filter(document::Column::Id.eq(self.row.id.clone()))
            .filter(document::Column::Revision.eq(self.row.revision))
            .exec(tx)
            .await?;
        if changed.rows_affected != 1 {
            return Err(Error::Stale);
        }
        let subject = format!("document/{}", self.row.id);
        Ok(audit::append(tx, now, actor, self.transition.audit, &subject, detail).await?)
    }
}

impl NewVersion<'_> {
    /// Writes the rows of a version whose bytes are on disk; comes back as its number.
    ///
    /// # Errors
    /// The database's.
    pub async fn insert(&self, tx: &Tx, now: Timestamp, id: &DocumentId) -> Result<i32> {
        blob::record(tx, self.stored, now).await?;
        let number = last_version(tx, id).await? + 1;
        let row = document_version::ActiveModel {
            document_id: Set(id.clone()),
            number: Set(number),
            continues: Set(self.continues),
            purpose: Set(self.purpose),
            blob: Set(self.stored.sha256.clone()),
            size_bytes: Set(i64::try_from(self.stored.size_bytes).unwrap_or(i64::MAX)),
            level: Set(self.level.map(str::to_owned)),
            created_by: Set(self.by.clone()),
            created_at: Set(now),
        };
        document_version::Entity::insert(row)
            .exec_without_returning(tx)
            .await?;
        Ok(number)
    }
}

async fn last_version(connection: &impl ConnectionTrait, id: &DocumentId) -> Result<i32> {
    let last: Option<i32> = document_version::Entity::find()
        .select_only()
        .column(document_version::Column::Number)
        .filter(document_version::Column::DocumentId.eq(id.clone()))
        .order_by_desc(document_version::Column::Number)
        .into_tuple()
        .one(connection)
        .await?;
    Ok(last.unwrap_or(0))
}
