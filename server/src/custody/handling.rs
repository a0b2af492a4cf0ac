//! What becomes of an accepted dispatch: the leader's instruction, delegation, opinions, handling, completion (article 24).

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use time::Date;
use time::format_description::well_known::Iso8601;

use super::correspondence::Step;
use super::error::{Error, Result};
use super::forward::Onward;
use super::notice::{About, Telling};
use super::{Custody, Presence};
use crate::clock::Timestamp;
use crate::domain::dispatch::{Action, DispatchId, Part};
use crate::domain::id::{AgencyId, PersonId};
use crate::domain::notice::Kind;
use crate::domain::numbering;
use crate::domain::role::{self, Held, may};
use crate::fail_point;
use crate::store::Tx;
use crate::store::entity::dispatch::ActiveModel;
use crate::store::entity::{dispatch_opinion, dispatch_support, membership};

/// What a leader writes on a document that came in (bút phê).
#[derive(Debug, Clone)]
pub struct Instruction {
    pub text: String,
    /// Chủ trì.
    pub lead: PersonId,
    /// Phối hợp.
    pub support: BTreeSet<PersonId>,
    /// Other agencies with a part in the work: the paper goes on to them.
    pub agencies: BTreeMap<AgencyId, Part>,
    pub due: Option<Date>,
}

impl Custody {
    /// The leader writes the instruction: status 04. Writing it again replaces it, and may change the lead; the earlier one
    /// stays in the audit chain and in the status rows. Everyone whose part changes is told. Agencies that it names get the
    /// paper with the words and the day; one to whom it went on before keeps what it has.
    ///
    /// # Errors
    /// The rules'; [`Error::Handlers`] where somebody named does not work there; [`Error::DueDate`]; as
    /// [`Custody::forward`] where an agency is named.
    pub async fn instruct(&self, presence: &Presence, id: &DispatchId, said: &Instruction) -> Result<()> {
        let text = Some(said.text.as_str());
        let mut step = self
            .permit_dispatch(presence, id, Action::Instruct, text, !said.lead.0.is_empty())
            .await?;
        let due = self.due(said.due)?;
        let onward = self.onward(&step, said, due.clone()).await?;
        let mut named = said.support.clone();
        named.insert(said.lead.clone());
        self.check_handlers(&step.row.receiver_id, &named).await?;
        let now = self.clock.now();
        let about = About {
            due_on: due.clone(),
            ..self.about(&step.row).await?
        };
        let change = ActiveModel {
            instruction: Set(step.reason.clone()),
            instructed_by: Set(Some(presence.person_id.clone())),
            instructed_at: Set(Some(now)),
            lead_id: Set(Some(said.lead.clone())),
            due_on: Set(due.clone()),
            ..Default::default()
        };
        if let Some(onward) = &onward {
            step.reason = Some(self.told(onward).await?);
        }
        let mut support = said.support.clone();
        support.remove(&said.lead);
        let mut tellings = handed(presence, &step, &said.lead);
        tellings.push(telling(presence, &step, Kind::SupportAsked, support));
        self.store
            .write(async |tx| {
                step.move_on(tx, change).await?;
                replace_support(tx, &step, said).await?;
                if let Some(onward) = &onward {
                    self.hand_on(tx, now, presence, &step, onward).await?;
                }
                for telling in &tellings {
                    self.tell(tx, now, &about, telling).await?;
                }
                self.ask_reminders(tx, id, due.as_deref(), step.row.revision + 1)
                    .await?;
                step.record(tx, now, presence).await
            })
            .await?;
        fail_point::hit("handling.instructed");
        Ok(())
    }

    /// The agencies that get the paper by this instruction, if it names any that have it not from here.
    async fn onward(&self, step: &Step, said: &Instruction, due: Option<String>) -> Result<Option<Onward>> {
        if said.agencies.values().filter(|part| **part == Part::Lead).count() > 1 {
            return Err(Error::TwoLeads);
        }
        let mut parts = said.agencies.clone();
        for sent in self.forwarded(&step.row.id).await? {
            parts.remove(&sent.receiver_id);
        }
        if parts.is_empty() {
            return Ok(None);
        }
        self.check_onward(&step.row, &parts.keys().cloned().collect())
            .await?;
        Ok(Some(Onward {
            receivers: parts
                .into_iter()
                .map(|(agency, part)| (agency, Some(part)))
                .collect(),
            note: step.reason.clone(),
            wanted_on: due,
        }))
    }

    /// What the sender reads of an instruction: its words, and which agencies lead and support.
    async fn told(&self, onward: &Onward) -> Result<String> {
        let mut told: Vec<String> = onward.note.iter().cloned().collect();
        for part in [Part::Lead, Part::Support] {
            let of = onward.receivers.iter().filter(|(_, its)| **its == Some(part));
            let named: BTreeSet<_> = of.map(|(agency, _)| agency.clone()).collect();
            if !named.is_empty() {
                told.push(format!(
                    "{}: {}",
                    part.words(),
                    self.names_of(&named).await?.join(", ")
                ));
            }
        }
        Ok(told.join("; "))
    }

    /// The lead hands the work on within the agency: status 04 again. The new lead is told.
    ///
    /// # Errors
    /// The rules'; [`Error::Handlers`].
    pub async fn delegate(
        &self,
        presence: &Presence,
        id: &DispatchId,
        to: &PersonId,
        note: Option<&str>,
    ) -> Result<()> {
        let step = self
            .permit_dispatch(presence, id, Action::Delegate, note, !to.0.is_empty())
            .await?;
        self.check_handlers(&step.row.receiver_id, &BTreeSet::from([to.clone()]))
            .await?;
        let about = self.about(&step.row).await?;
        let now = self.clock.now();
        let change = ActiveModel {
            lead_id: Set(Some(to.clone())),
            ..Default::default()
        };
        let tellings = handed(presence, &step, to);
        self.store
            .write(async |tx| {
                step.move_on(tx, change).await?;
                // Nobody supports themselves.
                dispatch_support::Entity::delete_by_id((id.clone(), to.clone()))
                    .exec(tx)
                    .await?;
                for telling in &tellings {
                    self.tell(tx, now, &about, telling).await?;
                }
                step.record(tx, now, presence).await
            })
            .await
    }

    /// Someone who supports the lead writes an opinion; the sender is not told of it, the lead is.
    ///
    /// # Errors
    /// The rules'; [`Error::Stale`] where the work ended meanwhile.
    pub async fn give_opinion(&self, presence: &Presence, id: &DispatchId, words: &str) -> Result<()> {
        let step = self
            .permit_dispatch(presence, id, Action::GiveOpinion, Some(words), false)
            .await?;
        let about = self.about(&step.row).await?;
        let now = self.clock.now();
        self.store
            .write(async |tx| {
                step.hold(tx).await?;
                let number = add_opinion(tx, now, presence, id, words.trim()).await?;
                let telling = Telling {
                    which: format!("{id}/{number}"),
                    ..telling(
                        presence,
                        &step,
                        Kind::OpinionGiven,
                        step.row.lead_id.iter().cloned(),
                    )
                };
                self.tell(tx, now, &about, &telling).await?;
                step.record(tx, now, presence).await
            })
            .await
    }

    /// The lead begins: status 05.
    ///
    /// # Errors
    /// The rules'.
    pub async fn begin(&self, presence: &Presence, id: &DispatchId, note: Option<&str>) -> Result<()> {
        let step = self
            .permit_dispatch(presence, id, Action::Begin, note, false)
            .await?;
        self.take_dispatch(presence, &step, ActiveModel::default()).await
    }

    /// The lead has done it: status 06, with what came of it. Who wrote the instruction is told.
    ///
    /// # Errors
    /// The rules'.
    pub async fn finish(&self, presence: &Presence, id: &DispatchId, outcome: Option<&str>) -> Result<()> {
        let step = self
            .permit_dispatch(presence, id, Action::Complete, outcome, false)
            .await?;
        let about = self.about(&step.row).await?;
        let change = ActiveModel {
            outcome: Set(step.reason.clone()),
            completed_at: Set(Some(self.clock.now())),
            ..Default::default()
        };
        let to = step.row.instructed_by.iter().cloned();
        let telling = telling(presence, &step, Kind::Completed, to);
        self.take_and_tell(presence, &step, change, &about, Some(telling))
            .await
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
            let held: Vec<_> = of.map(|row| Held::own(row.agency_id.clone(), row.role)).collect();
            may(&held, role::Action::ReadDispatches, agency)
        };
        named.iter().all(reads).then_some(()).ok_or(Error::Handlers)
    }
}

/// The lead changes: the new one is told, and the one before.
fn handed(presence: &Presence, step: &Step, to: &PersonId) -> Vec<Telling> {
    let mut tellings = vec![telling(presence, step, Kind::Assigned, [to.clone()])];
    let before = step.row.lead_id.iter().filter(|before| *before != to);
    tellings.push(telling(presence, step, Kind::Relieved, before.cloned()));
    tellings
}

/// One thing that this step tells, once for the dispatch as the step leaves it.
fn telling(presence: &Presence, step: &Step, kind: Kind, to: impl IntoIterator<Item = PersonId>) -> Telling {
    Telling {
        kind,
        which: format!("{}/{}", step.row.id, step.row.revision + 1),
        to: to.into_iter().collect(),
        words: step.reason.clone(),
        from: Some(presence.person_id.clone()),
    }
}

/// Appends an opinion; comes back as its number.
async fn add_opinion(
    tx: &Tx,
    now: Timestamp,
    presence: &Presence,
    id: &DispatchId,
    words: &str,
) -> Result<i32> {
    use dispatch_opinion::{ActiveModel, Column, Entity};
    // The step holds the dispatch's row, so nobody counts at the same time.
    let before = Entity::find()
        .filter(Column::DispatchId.eq(id.clone()))
        .count(tx)
        .await?;
    let number = i32::try_from(before + 1).map_err(|_| Error::Row("dispatch_opinion.number"))?;
    let row = ActiveModel {
        dispatch_id: Set(id.clone()),
        number: Set(number),
        person_id: Set(presence.person_id.clone()),
        words: Set(words.to_owned()),
        given_at: Set(now),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(number)
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
