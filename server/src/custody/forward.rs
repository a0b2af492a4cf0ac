//! Handing on to other agencies (chuyển tiếp): a dispatch of its own, whose sender is the agency that hands it on and which
//! tells that agency what becomes of it. The issuer's recall reaches it too.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::correspondence::{Step, arrive};
use super::error::{Error, Result};
use super::{Custody, Presence};
use crate::clock::Timestamp;
use crate::domain::dispatch::{Action, DispatchId, Part};
use crate::domain::id::AgencyId;
use crate::domain::paper_arrival;
use crate::domain::search::received_by;
use crate::store::entity::agency;
use crate::store::entity::dispatch::{ActiveModel, Column, Entity, Model};
use crate::store::{Tx, search};

/// To whom a step hands the paper on, and what they read with it.
pub(super) struct Onward {
    /// With the part that each has in the work, where a leader's instruction says so.
    pub receivers: BTreeMap<AgencyId, Option<Part>>,
    pub note: Option<String>,
    /// By when it is wanted done: `2026-11-30`.
    pub wanted_on: Option<String>,
}

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
        self.check_onward(&step.row, receivers).await?;
        let onward = Onward {
            receivers: receivers.iter().map(|agency| (agency.clone(), None)).collect(),
            note: step.reason.take(),
            wanted_on: None,
        };
        let told = format!("Chuyển {}", self.names_of(receivers).await?.join(", "));
        step.reason = Some(match &onward.note {
            Some(note) => format!("{told}: {note}"),
            None => told,
        });
        let now = self.clock.now();
        self.store
            .write(async |tx| {
                step.move_on(tx, ActiveModel::default()).await?;
                self.hand_on(tx, now, presence, &step, &onward).await?;
                step.record(tx, now, presence).await
            })
            .await
    }

    /// Whether this dispatch's paper may go on to these agencies.
    ///
    /// # Errors
    /// As [`Custody::forward`].
    pub(super) async fn check_onward(&self, row: &Model, receivers: &BTreeSet<AgencyId>) -> Result<()> {
        if self.paper_of(row).await?.is_some() {
            return Err(paper_arrival::Refusal::Forward.into());
        }
        self.check_receivers(receivers, &row.receiver_id).await?;
        let issuer = self.dispatched(row).await?.agency_id;
        (!receivers.contains(&issuer))
            .then_some(())
            .ok_or(Error::Receivers)
    }

    /// One dispatch to each, in the transaction of the step that hands it on.
    ///
    /// # Errors
    /// [`Error::HasIt`].
    pub(super) async fn hand_on(
        &self,
        tx: &Tx,
        now: Timestamp,
        presence: &Presence,
        step: &Step,
        onward: &Onward,
    ) -> Result<()> {
        for (receiver, part) in &onward.receivers {
            let row = ActiveModel {
                document_id: Set(step.row.document_id.clone()),
                sender_id: Set(step.row.receiver_id.clone()),
                receiver_id: Set(receiver.clone()),
                version: Set(step.row.version),
                blob: Set(step.row.blob.clone()),
                forwarded_from: Set(Some(step.row.id.clone())),
                forwarded_by: Set(Some(presence.person_id.clone())),
                part: Set(*part),
                wanted_on: Set(onward.wanted_on.clone()),
                ..Default::default()
            };
            let id = DispatchId(self.clock.new_id());
            let by = Some(&presence.person_id);
            if !arrive(tx, now, id, row, onward.note.clone(), by).await? {
                return Err(Error::HasIt);
            }
        }
        let marks: Vec<_> = onward.receivers.keys().map(received_by).collect();
        search::show(tx, &step.row.document_id, &marks.join(" ")).await?;
        self.expect_answers(tx, &step.row.blob).await
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

    pub(super) async fn names_of(&self, agencies: &BTreeSet<AgencyId>) -> Result<Vec<String>> {
        let rows = agency::Entity::find()
            .filter(agency::Column::Id.is_in(agencies.iter().cloned()))
            .order_by_asc(agency::Column::OrganId)
            .all(self.store.read())
            .await?;
        Ok(rows.into_iter().map(|row| row.name).collect())
    }
}
