//! Issuing: one dispatch a receiver.

use std::collections::BTreeSet;

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;

use super::correspondence::arrive;
use super::error::{Error, Result};
use super::{Custody, Presence, appendix, relation, task};
use crate::clock::Timestamp;
use crate::domain::appendix::all_sealed;
use crate::domain::conclusion_notice::{Share, shares};
use crate::domain::dispatch::{DispatchId, Part};
use crate::domain::document::{self, DocumentId, Purpose};
use crate::domain::id::AgencyId;
use crate::domain::search::received_by;
use crate::fail_point;
use crate::store::entity::dispatch::ActiveModel;
use crate::store::entity::{agency, document_version};
use crate::store::{Tx, entity, search};

impl Custody {
    /// Issues a sealed document to `receivers`: each gets one dispatch, status 01, and a verification on arrival.
    ///
    /// Sending is idempotent by document and receiver: one that has it already gets nothing new. Agencies to which the paper
    /// gives something to do are among the receivers; each gets its part with the words and the day.
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
        let mut receivers = receivers.clone();
        receivers.extend(self.holders_of_mended(id).await?);
        let shares = shares(&task::of(self.store.read(), id).await?);
        receivers.extend(
            shares
                .keys()
                .filter(|agency| **agency != step.row.agency_id)
                .cloned(),
        );
        self.check_receivers(&receivers, &step.row.agency_id).await?;
        let mends = self.mends(id).await?;
        let code = appendix::code(&step.row)?;
        let appendices = self.appendices(id).await?;
        if !all_sealed(appendices.iter().map(appendix::standing)) {
            return Err(document::Refusal::Incomplete.into());
        }
        let mends = mends.filter(|_| step.row.state == document::State::Sealed);
        let version = self.latest(id, Purpose::Sealed).await?;
        let now = self.clock.now();
        let detail = json!({ "receivers": receivers, "version": version.number });
        self.store
            .write(async |tx| {
                if let Some(mends) = &mends {
                    relation::check_again(tx, &step.row.agency_id, mends).await?;
                }
                for receiver in &receivers {
                    let share = shares.get(receiver);
                    self.dispatch(tx, now, &step.row, &version, receiver, share)
                        .await?;
                }
                let marks: Vec<_> = receivers.iter().map(received_by).collect();
                search::show(tx, id, &marks.join(" ")).await?;
                self.expect_answers(tx, &version.blob).await?;
                for sealed in appendices.iter().filter_map(|appendix| appendix.sealed.as_ref()) {
                    self.outbox.verify(tx, sealed).await?;
                }
                if let Some(mends) = &mends {
                    relation::record(tx, now, presence, mends, &code).await?;
                }
                self.invite(tx, id).await?;
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

    pub(super) async fn check_receivers(&self, receivers: &BTreeSet<AgencyId>, own: &AgencyId) -> Result<()> {
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
        share: Option<&Share>,
    ) -> Result<()> {
        let id = DispatchId(self.clock.new_id());
        let row = ActiveModel {
            document_id: Set(document.id.clone()),
            sender_id: Set(document.agency_id.clone()),
            receiver_id: Set(receiver.clone()),
            version: Set(version.number),
            blob: Set(version.blob.clone()),
            part: Set(share.map(|_| Part::Lead)),
            wanted_on: Set(share.and_then(|share| share.wanted_on).map(|day| day.to_string())),
            ..Default::default()
        };
        let words = share.map(|share| share.words.clone());
        arrive(tx, now, id, row, words, None).await?;
        Ok(())
    }
}
