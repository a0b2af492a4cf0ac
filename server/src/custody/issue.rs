//! Issuing: one dispatch a receiver; and what the receiving clerk answers.

use std::collections::BTreeSet;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;

use super::arrival::verdict_of;
use super::error::{Error, Result};
use super::{Custody, Presence};
use crate::clock::Timestamp;
use crate::domain::dispatch::{self, Answer, DispatchId, Status};
use crate::domain::document::{self, DocumentId, Purpose};
use crate::domain::id::{AgencyId, PersonId};
use crate::domain::role::{Action, may};
use crate::fail_point;
use crate::store::entity::dispatch::{ActiveModel, Column, Entity, Model};
use crate::store::entity::{agency, dispatch_status, document_version, verification};
use crate::store::{Tx, audit, entity};

impl Custody {
    /// Issues a sealed document to `receivers`: each gets one dispatch, status 01, and a verification on arrival.
    ///
    /// Sending is idempotent by document and receiver: one that has it already gets nothing new.
    ///
    /// # Errors
    /// The rules'; [`Error::Receivers`] where none is given, one is unknown, or one is the issuing agency itself.
    pub async fn issue(
        &self,
        presence: &Presence,
        id: &DocumentId,
        receivers: &BTreeSet<AgencyId>,
    ) -> Result<()> {
        let step = self.permit(presence, id, document::Action::Issue, None).await?;
        self.check_receivers(receivers, &step.row.agency_id).await?;
        let version = self.latest(id, Purpose::Sealed).await?;
        let now = self.clock.now();
        let detail = json!({ "receivers": receivers, "version": version.number });
        self.store
            .write(async |tx| {
                for receiver in receivers {
                    self.dispatch(tx, now, &step.row, &version, receiver).await?;
                }
                self.outbox.verify(tx, &version.blob).await?;
                step.take(
                    tx,
                    now,
                    &presence.actor(),
                    entity::document::ActiveModel::default(),
                    detail,
                )
                .await
            })
            .await?;
        fail_point::hit("issue.dispatched");
        Ok(())
    }

    async fn check_receivers(&self, receivers: &BTreeSet<AgencyId>, own: &AgencyId) -> Result<()> {
        let known = agency::Entity::find()
            .filter(agency::Column::Id.is_in(receivers.iter().cloned()))
            .count(self.store.read())
            .await?;
        let all_known = usize::try_from(known).is_ok_and(|known| known == receivers.len());
        let fit = !receivers.is_empty() && !receivers.contains(own) && all_known;
        fit.then_some(()).ok_or(Error::Receivers)
    }

    async fn dispatch(
        &self,
        tx: &Tx,
        now: Timestamp,
        document: &entity::document::Model,
        version: &document_version::Model,
        receiver: &AgencyId,
    ) -> Result<()> {
        let id = DispatchId(self.clock.new_id());
        let row = ActiveModel {
            id: Set(id.clone()),
            document_id: Set(document.id.clone()),
            sender_id: Set(document.agency_id.clone()),
            receiver_id: Set(receiver.clone()),
            version: Set(version.number),
            blob: Set(version.blob.clone()),
            status: Set(Status::Arrived),
            verification_id: Set(None),
            sent_at: Set(now),
        };
        let once = OnConflict::columns([Column::DocumentId, Column::ReceiverId])
            .do_nothing()
            .to_owned();
        let inserted = Entity::insert(row)
            .on_conflict(once)
            .exec_without_returning(tx)
            .await?;
        if inserted == 1 {
            add_status(tx, now, &id, Status::Arrived, None, None).await?;
        }
        Ok(())
    }

    /// A dispatch that has come to an agency of this person.
    ///
    /// # Errors
    /// [`Error::NotFound`] also where it went to others.
    pub async fn received(&self, presence: &Presence, id: &DispatchId) -> Result<Model> {
        let row = Entity::find_by_id(id.clone())
            .one(self.store.read())
            .await?
            .ok_or(Error::NotFound)?;
        may(&presence.held, Action::ReadDispatches, &row.receiver_id)
            .then_some(row)
            .ok_or(Error::NotFound)
    }

    /// The receiving clerk takes a dispatch in or sends it back.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Receipt`]; [`Error::Stale`] when another clerk answered meanwhile.
    pub async fn answer(&self, presence: &Presence, id: &DispatchId, answer: &Answer) -> Result<Status> {
        let row = self.received(presence, id).await?;
        if !may(&presence.held, Action::Receive, &row.receiver_id) {
            return Err(document::Refusal::NotYours.into());
        }
        let verification = match &row.verification_id {
            Some(id) => {
                verification::Entity::find_by_id(id.clone())
                    .one(self.store.read())
                    .await?
            }
            None => None,
        };
        let status = dispatch::answer(row.status, verdict_of(verification.as_ref()), answer)?;
        let reason = match answer {
            Answer::Return { reason } => Some(reason.trim().to_owned()),
            Answer::Accept => None,
        };
        let now = self.clock.now();
        let subject = format!("dispatch/{id}");
        let detail = json!({ "status": status.code(), "reason": reason });
        self.store
            .write(async |tx| {
                let changed = Entity::update_many()
                    .set(ActiveModel {
                        status: Set(status),
                        ..Default::default()
                    })
                    .filter(Column::Id.eq(id.clone()))
                    .filter(Column::Status.eq(row.status))
                    .exec(tx)
                    .await?;
                if changed.rows_affected != 1 {
                    return Err(Error::Stale);
                }
                add_status(tx, now, id, status, reason, Some(&presence.person_id)).await?;
                audit::append(tx, now, &presence.actor(), "dispatch.answered", &subject, detail).await?;
                Ok(())
            })
            .await?;
        Ok(status)
    }
}

/// Each change of status is a new row.
async fn add_status(
    tx: &Tx,
    now: Timestamp,
    id: &DispatchId,
    status: Status,
    reason: Option<String>,
    person: Option<&PersonId>,
) -> Result<()> {
    use dispatch_status::{ActiveModel, Column, Entity};
    let before = Entity::find()
        .filter(Column::DispatchId.eq(id.clone()))
        .count(tx)
        .await?;
    let row = ActiveModel {
        dispatch_id: Set(id.clone()),
        number: Set(i32::try_from(before + 1).map_err(|_| Error::Row("dispatch_status.number"))?),
        status: Set(status),
        reason: Set(reason),
        person_id: Set(person.cloned()),
        at: Set(now),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}
