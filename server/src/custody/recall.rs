//! Recall (thu hồi): the sender freezes its document and asks every receiver to give it back; each answers (13, 15, 16).

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;

use super::correspondence::{Step, rules};
use super::error::Result;
use super::{Custody, Presence};
use crate::domain::dispatch::{self, DispatchId, Given};
use crate::domain::document::{self, DocumentId};
use crate::fail_point;
use crate::store::entity;
use crate::store::entity::dispatch::{ActiveModel, Column, Entity, Model};

impl Custody {
    /// Recalls an issued document: it is frozen here, and every receiver that holds it is asked for it, status 13.
    ///
    /// Receivers that gave it back already, or have agreed before, are left alone; asking again reaches those that
    /// refused. All of it is one transaction.
    ///
    /// # Errors
    /// [`super::Error::NotFound`], [`super::Error::Refused`]; [`super::Error::Stale`] when a receiver moved meanwhile.
    pub async fn recall(&self, presence: &Presence, id: &DocumentId, reason: &str) -> Result<usize> {
        let step = self
            .permit(presence, id, document::Action::Recall, Some(reason))
            .await?;
        let rows = Entity::find()
            .filter(Column::DocumentId.eq(id.clone()))
            .order_by_asc(Column::Id)
            .all(self.store.read())
            .await?;
        let asked: Vec<Step> = rows.into_iter().filter_map(|row| ask(row, reason)).collect();
        let now = self.clock.now();
        let change = entity::document::ActiveModel {
            remark: Set(Some(reason.trim().to_owned())),
            ..Default::default()
        };
        let detail = json!({ "reason": reason.trim(), "receivers": asked.len() });
        self.store
            .write(async |tx| {
                for dispatch in &asked {
                    dispatch.move_on(tx, ActiveModel::default()).await?;
                }
                for dispatch in &asked {
                    dispatch.record(tx, now, presence).await?;
                }
                step.take(tx, now, &presence.actor(), change, detail).await
            })
            .await?;
        fail_point::hit("recall.asked");
        Ok(asked.len())
    }

    /// The receiving clerk gives it back: status 15; the copy is cancelled, the record of it stays.
    ///
    /// # Errors
    /// [`super::Error::NotFound`], [`super::Error::Receipt`], [`super::Error::Stale`].
    pub async fn agree_recall(&self, presence: &Presence, id: &DispatchId) -> Result<()> {
        let step = self
            .permit_dispatch(presence, id, dispatch::Action::AgreeRecall, None, false)
            .await?;
        self.take_dispatch(presence, &step, ActiveModel::default())
            .await?;
        fail_point::hit("recall.answered");
        Ok(())
    }

    /// The receiving clerk keeps it, with a reason: status 16. Whoever handles it is pressed again from now on.
    ///
    /// # Errors
    /// As [`Custody::agree_recall`].
    pub async fn refuse_recall(&self, presence: &Presence, id: &DispatchId, reason: &str) -> Result<()> {
        let step = self
            .permit_dispatch(presence, id, dispatch::Action::RefuseRecall, Some(reason), false)
            .await?;
        let now = self.clock.now();
        self.store
            .write(async |tx| {
                step.move_on(tx, ActiveModel::default()).await?;
                self.ask_reminders(tx, id, step.row.due_on.as_deref(), step.row.revision + 1)
                    .await?;
                step.record(tx, now, presence).await
            })
            .await
    }
}

/// The request to one receiver, where the table has one for it.
fn ask(row: Model, reason: &str) -> Option<Step> {
    let given = Given {
        verdict: dispatch::Verdict::Unknown,
        reason: Some(reason),
        lead: false,
    };
    // The right to recall was decided on the document, of which this is the sender's side.
    let sender = [dispatch::Capacity::Sender];
    let transition = rules(&row)
        .permit(dispatch::Action::Recall, &sender, given)
        .ok()?;
    Some(Step {
        row,
        transition,
        reason: Some(reason.trim().to_owned()),
    })
}
