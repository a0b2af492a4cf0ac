//! A step with a dispatch: the row, the rule, and the change that only the first of two people makes.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;

use super::arrival::verdict_of;
use super::error::{Error, Result};
use super::notice::{About, Telling};
use super::{Custody, Presence};
use crate::clock::Timestamp;
use crate::domain::dispatch::{Action, Capacity, Dispatch, DispatchId, Given, Status, Transition};
use crate::domain::id::PersonId;
use crate::domain::party::{Correspondents, dispatch_capacities};
use crate::store::entity::dispatch::{ActiveModel, Column, Entity, Model};
use crate::store::entity::{dispatch_status, dispatch_support, verification};
use crate::store::{Tx, audit};

/// A step that the rules permit, on the row as it was read.
pub(super) struct Step {
    pub row: Model,
    pub transition: Transition,
    pub reason: Option<String>,
}

impl Custody {
    /// A dispatch that has come to an agency of this person.
    ///
    /// # Errors
    /// [`Error::NotFound`] also where it went to others.
    pub async fn received(&self, presence: &Presence, id: &DispatchId) -> Result<Model> {
        let (row, capacities) = self.dispatch_of(presence, id).await?;
        capacities
            .contains(&Capacity::Reader)
            .then_some(row)
            .ok_or(Error::NotFound)
    }

    /// A dispatch and this person's capacities towards it.
    ///
    /// # Errors
    /// [`Error::NotFound`] also where the person may not know of it.
    pub async fn dispatch_of(&self, presence: &Presence, id: &DispatchId) -> Result<(Model, Vec<Capacity>)> {
        let row = Entity::find_by_id(id.clone())
            .one(self.store.read())
            .await?
            .ok_or(Error::NotFound)?;
        let support = self.support_of(id).await?;
        let capacities = capacities(&row, &support, presence);
        if capacities.is_empty() {
            return Err(Error::NotFound);
        }
        Ok((row, capacities))
    }

    /// The step `action` by this person, if the rules permit it now.
    ///
    /// # Errors
    /// [`Error::NotFound`] or [`Error::Receipt`].
    pub(super) async fn permit_dispatch(
        &self,
        presence: &Presence,
        id: &DispatchId,
        action: Action,
        reason: Option<&str>,
        lead: bool,
    ) -> Result<Step> {
        let (row, capacities) = self.dispatch_of(presence, id).await?;
        let verification = match &row.verification_id {
            Some(id) => {
                verification::Entity::find_by_id(id.clone())
                    .one(self.store.read())
                    .await?
            }
            None => None,
        };
        let given = Given {
            verdict: verdict_of(verification.as_ref()),
            reason,
            lead,
        };
        let transition = rules(&row).permit(action, &capacities, given)?;
        let reason = reason
            .map(|reason| reason.trim().to_owned())
            .filter(|reason| !reason.is_empty());
        Ok(Step {
            row,
            transition,
            reason,
        })
    }

    /// Who supports the lead.
    async fn support_of(&self, id: &DispatchId) -> Result<Vec<PersonId>> {
        let rows = dispatch_support::Entity::find()
            .filter(dispatch_support::Column::DispatchId.eq(id.clone()))
            .all(self.store.read())
            .await?;
        Ok(rows.into_iter().map(|row| row.person_id).collect())
    }

    /// Takes a step whose effect is the change alone.
    pub(super) async fn take_dispatch(
        &self,
        presence: &Presence,
        step: &Step,
        change: ActiveModel,
    ) -> Result<()> {
        let now = self.clock.now();
        self.store
            .write(async |tx| step.take(tx, now, presence, change).await)
            .await
    }

    /// Takes a step of which one person is told, if there is one.
    pub(super) async fn take_and_tell(
        &self,
        presence: &Presence,
        step: &Step,
        change: ActiveModel,
        about: &About,
        telling: Option<Telling>,
    ) -> Result<()> {
        let now = self.clock.now();
        self.store
            .write(async |tx| {
                step.move_on(tx, change).await?;
                if let Some(telling) = &telling {
                    self.tell(tx, now, about, telling).await?;
                }
                step.record(tx, now, presence).await
            })
            .await
    }
}

/// Puts a dispatch in as it arrives, with its first status row; `false` where the receiver has the document already.
pub(super) async fn arrive(
    tx: &Tx,
    now: Timestamp,
    id: DispatchId,
    row: ActiveModel,
    note: Option<String>,
    by: Option<&PersonId>,
) -> Result<bool> {
    let row = ActiveModel {
        id: Set(id.clone()),
        status: Set(Status::Arrived),
        sent_at: Set(now),
        ..row
    };
    let once = OnConflict::columns([Column::DocumentId, Column::ReceiverId])
        .do_nothing()
        .to_owned();
    let inserted = Entity::insert(row)
        .on_conflict(once)
        .exec_without_returning(tx)
        .await?;
    if inserted == 1 {
        add_status(tx, now, &id, Status::Arrived, note, by).await?;
    }
    Ok(inserted == 1)
}

impl Step {
    /// Moves the dispatch on, appends its status row and the audit entry, in the transaction of the step's effect.
    ///
    /// # Errors
    /// [`Error::Stale`] when the row is no longer as it was read: of two people only one takes a step.
    pub async fn take(
        &self,
        tx: &Tx,
        now: Timestamp,
        presence: &Presence,
        change: ActiveModel,
    ) -> Result<()> {
        self.move_on(tx, change).await?;
        self.record(tx, now, presence).await
    }

    /// The change alone. Whoever changes several dispatches changes them all before the first [`Step::record`]: the head
    /// of the audit chain is the last lock that every transaction takes, so none waits for another in a circle.
    pub async fn move_on(&self, tx: &Tx, change: ActiveModel) -> Result<()> {
        let after = rules(&self.row).apply(&self.transition);
        let change = ActiveModel {
            status: Set(after.status),
            recall: Set(after.recall),
            revision: Set(self.row.revision + 1),
            ..change
        };
        let changed = Entity::update_many()
            .set(change)
            .filter(Column::Id.eq(self.row.id.clone()))
            .filter(Column::Revision.eq(self.row.revision))
            .exec(tx)
            .await?;
        (changed.rows_affected == 1).then_some(()).ok_or(Error::Stale)
    }

    /// That the row still stands as it was read, where a step changes nothing of it: whoever takes such a step at the same
    /// moment does not stand in the way.
    pub async fn hold(&self, tx: &Tx) -> Result<()> {
        let held = Entity::update_many()
            .col_expr(Column::Status, Expr::col(Column::Status))
            .filter(Column::Id.eq(self.row.id.clone()))
            .filter(Column::Status.eq(self.row.status))
            .filter(Column::Recall.eq(self.row.recall))
            .exec(tx)
            .await?;
        (held.rows_affected == 1).then_some(()).ok_or(Error::Stale)
    }

    /// The status row, where the sender is told, and the audit entry of a change.
    pub async fn record(&self, tx: &Tx, now: Timestamp, presence: &Presence) -> Result<()> {
        let status = self.transition.row;
        if let Some(status) = status {
            let (reason, person) = (self.reason.clone(), Some(&presence.person_id));
            add_status(tx, now, &self.row.id, status, reason, person).await?;
        }
        let subject = format!("dispatch/{}", self.row.id);
        let detail = json!({ "status": status.map(Status::code), "reason": self.reason });
        Ok(audit::append(
            tx,
            now,
            &presence.actor(),
            self.transition.audit,
            &subject,
            detail,
        )
        .await?)
    }
}

/// What the rules know of a row.
pub fn rules(row: &Model) -> Dispatch {
    Dispatch {
        status: row.status,
        recall: row.recall,
    }
}

/// Everything this person is to a dispatch which these people support.
pub fn capacities(row: &Model, support: &[PersonId], presence: &Presence) -> Vec<Capacity> {
    let names = Correspondents {
        sender: &row.sender_id,
        receiver: &row.receiver_id,
        lead: row.lead_id.as_ref(),
        support,
    };
    dispatch_capacities(names, &presence.person_id, &presence.held)
}

/// Each change of status is a new row.
pub(super) async fn add_status(
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
