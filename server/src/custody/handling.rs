//! What becomes of an accepted dispatch: the leader's instruction, delegation, handling, completion (article 24).

use std::collections::BTreeSet;

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use time::Date;
use time::format_description::well_known::Iso8601;

use super::correspondence::Step;
use super::error::{Error, Result};
use super::{Custody, Presence};
use crate::domain::dispatch::{Action, DispatchId, Status};
use crate::domain::id::{AgencyId, PersonId};
use crate::domain::numbering;
use crate::domain::role::{self, Held, may};
use crate::fail_point;
use crate::store::Tx;
use crate::store::entity::dispatch::ActiveModel;
use crate::store::entity::{dispatch_support, membership};

/// What a leader writes on a document that came in (bút phê).
#[derive(Debug, Clone)]
pub struct Instruction {
    pub text: String,
    /// Chủ trì.
    pub lead: PersonId,
    /// Phối hợp.
    pub support: BTreeSet<PersonId>,
    pub due: Option<Date>,
}

impl Custody {
    /// The leader writes the instruction: status 04. Writing it again replaces it; the earlier one stays in the audit
    /// chain and in the status rows.
    ///
    /// # Errors
    /// The rules'; [`Error::Handlers`] where somebody named does not work there; [`Error::DueDate`].
    pub async fn instruct(&self, presence: &Presence, id: &DispatchId, said: &Instruction) -> Result<Status> {
        let text = Some(said.text.as_str());
        let step = self
            .permit_dispatch(presence, id, Action::Instruct, text, !said.lead.0.is_empty())
            .await?;
        let due = self.due(said.due)?;
        let mut named = said.support.clone();
        named.insert(said.lead.clone());
        self.check_handlers(&step.row.receiver_id, &named).await?;
        let now = self.clock.now();
        let change = ActiveModel {
            instruction: Set(step.reason.clone()),
            instructed_by: Set(Some(presence.person_id.clone())),
            instructed_at: Set(Some(now)),
            lead_id: Set(Some(said.lead.clone())),
            due_on: Set(due),
            ..Default::default()
        };
        self.store
            .write(async |tx| {
                step.move_on(tx, change).await?;
                replace_support(tx, &step, said).await?;
                step.record(tx, now, presence).await
            })
            .await?;
        fail_point::hit("handling.instructed");
        Ok(step.transition.row)
    }

    /// The lead hands the work on within the agency: status 04 again.
    ///
    /// # Errors
    /// The rules'; [`Error::Handlers`].
    pub async fn delegate(
        &self,
        presence: &Presence,
        id: &DispatchId,
        to: &PersonId,
        note: Option<&str>,
    ) -> Result<Status> {
        let step = self
            .permit_dispatch(presence, id, Action::Delegate, note, !to.0.is_empty())
            .await?;
        self.check_handlers(&step.row.receiver_id, &BTreeSet::from([to.clone()]))
            .await?;
        let change = ActiveModel {
            lead_id: Set(Some(to.clone())),
            ..Default::default()
        };
        self.take_dispatch(presence, &step, change).await
    }

    /// The lead begins: status 05.
    ///
    /// # Errors
    /// The rules'.
    pub async fn begin(&self, presence: &Presence, id: &DispatchId, note: Option<&str>) -> Result<Status> {
        let step = self
            .permit_dispatch(presence, id, Action::Begin, note, false)
            .await?;
        self.take_dispatch(presence, &step, ActiveModel::default()).await
    }

    /// The lead has done it: status 06, with what came of it.
    ///
    /// # Errors
    /// The rules'.
    pub async fn finish(
        &self,
        presence: &Presence,
        id: &DispatchId,
        outcome: Option<&str>,
    ) -> Result<Status> {
        let step = self
            .permit_dispatch(presence, id, Action::Complete, outcome, false)
            .await?;
        let change = ActiveModel {
            outcome: Set(step.reason.clone()),
            completed_at: Set(Some(self.clock.now())),
            ..Default::default()
        };
        self.take_dispatch(presence, &step, change).await
    }

    fn due(&self, due: Option<Date>) -> Result<Option<String>> {
        let today = numbering::local_date(self.clock.now_utc());
        match due {
            None => Ok(None),
            Some(due) if due < today => Err(Error::DueDate),
            Some(due) => due.format(&Iso8601::DATE).map(Some).map_err(|_| Error::DueDate),
        }
    }

    /// Whoever is named reads what comes to this agency.
    async fn check_handlers(&self, agency: &AgencyId, named: &BTreeSet<PersonId>) -> Result<()> {
        let rows = membership::Entity::find()
            .filter(membership::Column::AgencyId.eq(agency.clone()))
            .filter(membership::Column::PersonId.is_in(named.iter().cloned()))
            .all(self.store.read())
            .await?;
        let reads = |person: &PersonId| {
            let of = rows.iter().filter(|row| row.person_id == *person);
            let held: Vec<_> = of
                .map(|row| Held {
                    agency_id: row.agency_id.clone(),
                    role: row.role,
                })
                .collect();
            may(&held, role::Action::ReadDispatches, agency)
        };
        named.iter().all(reads).then_some(()).ok_or(Error::Handlers)
    }
}

async fn replace_support(tx: &Tx, step: &Step, said: &Instruction) -> Result<()> {
    use dispatch_support::{ActiveModel, Column, Entity};
    Entity::delete_many()
        .filter(Column::DispatchId.eq(step.row.id.clone()))
        .exec(tx)
        .await?;
    let rows: Vec<_> = said
        .support
        .iter()
        .filter(|person| **person != said.lead)
        .map(|person| ActiveModel {
            dispatch_id: Set(step.row.id.clone()),
            person_id: Set(person.clone()),
        })
        .collect();
    if !rows.is_empty() {
        Entity::insert_many(rows).exec_without_returning(tx).await?;
    }
    Ok(())
}
