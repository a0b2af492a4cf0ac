//! Handing on to other agencies (chuyển tiếp): a dispatch of its own, whose sender is the agency that hands it on and which
//! tells that agency what becomes of it. The issuer's recall reaches it too.

use std::collections::BTreeSet;

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::correspondence::{Step, arrive};
use super::error::{Error, Result};
use super::{Custody, Presence};
use crate::clock::Timestamp;
use crate::domain::dispatch::{Action, DispatchId};
use crate::domain::id::AgencyId;
use crate::domain::paper_arrival;
use crate::domain::search::received_by;
use crate::store::entity::agency;
use crate::store::entity::dispatch::{ActiveModel, Column, Entity, Model};
use crate::store::{Tx, search};

impl Custody {
    /// The lead hands the paper on to `receivers`, with a note which they read: status 05 here, 01 there.
    ///
    /// # Errors
    /// The rules'; [`Error::Receivers`] where one is unknown, the agency itself or the issuer; [`Error::HasIt`] where one
    /// has the paper already.
    pub async fn forward(
        &self,
        presence: &Presence,
        id: &DispatchId,
        receivers: &BTreeSet<AgencyId>,
        note: Option<&str>,
    ) -> Result<()> {
        let mut step = self
            .permit_dispatch(presence, id, Action::Forward, note, !receivers.is_empty())
            .await?;
        if self.paper_of(&step.row).await?.is_some() {
            return Err(paper_arrival::Refusal::Forward.into());
        }
        self.check_receivers(receivers, &step.row.receiver_id).await?;
        let document = self.dispatched(&step.row).await?;
        if receivers.contains(&document.agency_id) {
            return Err(Error::Receivers);
        }
        let note = step.reason.take();
        let names = self.names_of(receivers).await?;
        let told = format!("Chuyển {}", names.join(", "));
        step.reason = Some(match &note {
            Some(note) => format!("{told}: {note}"),
            None => told,
        });
        let now = self.clock.now();
        self.store
            .write(async |tx| {
                step.move_on(tx, ActiveModel::default()).await?;
                for receiver in receivers {
                    self.hand_on(tx, now, presence, &step, receiver, note.clone())
                        .await?;
                }
                let marks: Vec<_> = receivers.iter().map(received_by).collect();
                search::show(tx, &document.id, &marks.join(" ")).await?;
                self.outbox.verify(tx, &step.row.blob).await?;
                step.record(tx, now, presence).await
            })
            .await
    }

    async fn hand_on(
        &self,
        tx: &Tx,
        now: Timestamp,
        presence: &Presence,
        step: &Step,
        receiver: &AgencyId,
        note: Option<String>,
    ) -> Result<()> {
        let id = DispatchId(self.clock.new_id());
        let row = ActiveModel {
            document_id: Set(step.row.document_id.clone()),
            sender_id: Set(step.row.receiver_id.clone()),
            receiver_id: Set(receiver.clone()),
            version: Set(step.row.version),
            blob: Set(step.row.blob.clone()),
            forwarded_from: Set(Some(step.row.id.clone())),
            forwarded_by: Set(Some(presence.person_id.clone())),
            ..Default::default()
        };
        let arrived = arrive(tx, now, id, row, note, Some(&presence.person_id)).await?;
        arrived.then_some(()).ok_or(Error::HasIt)
    }

    /// To whom a dispatch was handed on, in the order it went.
    ///
    /// # Errors
    /// The database's.
    pub async fn forwarded(&self, id: &DispatchId) -> Result<Vec<Model>> {
        let find = Entity::find()
            .filter(Column::ForwardedFrom.eq(id.clone()))
            .order_by_asc(Column::Id);
        Ok(find.all(self.store.read()).await?)
    }

    async fn names_of(&self, agencies: &BTreeSet<AgencyId>) -> Result<Vec<String>> {
        let rows = agency::Entity::find()
            .filter(agency::Column::Id.is_in(agencies.iter().cloned()))
            .order_by_asc(agency::Column::OrganId)
            .all(self.store.read())
            .await?;
        Ok(rows.into_iter().map(|row| row.name).collect())
    }
}
