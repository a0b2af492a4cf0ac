//! Pressing (đôn đốc): a notice before work is due, and one when it is overdue, to who acts and to who asked for it.
//!
//! The transaction that sets a day asks for two jobs whose ids name the dispatch as it then stood. A job that finds another
//! day, or the work done, tells nobody; a notice is told once for a day, however often its job runs.

use std::collections::BTreeSet;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::Date;
use time::format_description::well_known::Iso8601;

use super::Custody;
use super::correspondence::rules;
use super::error::{Error, Result};
use super::notice::Telling;
use crate::clock::Timestamp;
use crate::domain::dispatch::{DispatchId, Status};
use crate::domain::id::PersonId;
use crate::domain::notice::{self, Kind};
use crate::store::Tx;
use crate::store::entity::dispatch::{Column, Entity, Model};
use crate::store::entity::{dispatch_opinion, dispatch_support};

/// What a job presses for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reminder {
    pub dispatch_id: DispatchId,
    /// [`Kind::DueSoon`] or [`Kind::Overdue`].
    pub kind: Kind,
    /// The day that was set: `2026-11-30`.
    pub due_on: String,
    /// The dispatch's count of changes then.
    pub revision: i64,
}

impl Reminder {
    /// The id of the job: asking again for the same one asks for nothing new.
    pub fn job_id(&self) -> String {
        format!("{}/{}/{}", self.kind.key(), self.dispatch_id, self.revision)
    }
}

impl Custody {
    /// Asks for the notices about this day, in the transaction that sets it.
    ///
    /// Nobody is told that a day is near when it was near already as it was set: whoever got the work sees the day with it.
    pub(super) async fn ask_reminders(
        &self,
        tx: &Tx,
        id: &DispatchId,
        due_on: Option<&str>,
        revision: i64,
    ) -> Result<()> {
        let Some(due_on) = due_on else {
            return Ok(());
        };
        let due = Date::parse(due_on, &Iso8601::DATE).map_err(|_| Error::Row("dispatch.due_on"))?;
        let now = self.clock.now();
        for (kind, moment) in notice::moments(due, &self.working_days) {
            let moment = Timestamp::from(moment);
            if kind == Kind::DueSoon && moment <= now {
                continue;
            }
            let reminder = Reminder {
                dispatch_id: id.clone(),
                kind,
                due_on: due_on.to_owned(),
                revision,
            };
            self.outbox.remind(tx, &reminder, moment).await?;
        }
        Ok(())
    }

    /// Tells whoever must act, and whoever asked for it, that the day is near or past; may run twice.
    ///
    /// # Errors
    /// The store's.
    pub async fn remind(&self, reminder: &Reminder) -> Result<()> {
        let row = Entity::find_by_id(reminder.dispatch_id.clone())
            .one(self.store.read())
            .await?;
        let pressed =
            |row: &Model| row.due_on.as_ref() == Some(&reminder.due_on) && notice::presses(rules(row));
        let Some(row) = row.filter(pressed) else {
            return Ok(());
        };
        let telling = Telling {
            kind: reminder.kind,
            which: format!("{}/{}", row.id, reminder.due_on),
            to: self.pressed(&row).await?,
            words: None,
            from: None,
        };
        let detail = json!({ "due_on": reminder.due_on, "people": telling.to });
        let action = match reminder.kind {
            Kind::Overdue => "dispatch.overdue_told",
            _ => "dispatch.due_soon_told",
        };
        self.tell_by_itself(&row, &telling, action, detail).await
    }

    /// The lead, those whose opinion is awaited, and who asked for it.
    async fn pressed(&self, row: &Model) -> Result<BTreeSet<PersonId>> {
        let given = dispatch_opinion::Entity::find()
            .filter(dispatch_opinion::Column::DispatchId.eq(row.id.clone()))
            .all(self.store.read())
            .await?;
        let awaited = dispatch_support::Entity::find()
            .filter(dispatch_support::Column::DispatchId.eq(row.id.clone()))
            .all(self.store.read())
            .await?;
        let awaited = awaited.into_iter().map(|support| support.person_id);
        let awaited = awaited.filter(|person| !given.iter().any(|one| one.person_id == *person));
        let named = [row.lead_id.clone(), row.instructed_by.clone()];
        Ok(awaited.chain(named.into_iter().flatten()).collect())
    }

    /// Asks for the notices about work that had a day before there were notices, some of it a transaction; comes back as
    /// the last of it, and may run twice.
    ///
    /// # Errors
    /// The store's.
    pub async fn ask_some_reminders(&self, after: Option<DispatchId>) -> Result<Option<DispatchId>> {
        let mut find = Entity::find()
            .filter(Column::DueOn.is_not_null())
            .filter(Column::Status.is_in([Status::Assigned, Status::InProgress]))
            .order_by_asc(Column::Id)
            .limit(AT_ONCE);
        if let Some(after) = after {
            find = find.filter(Column::Id.gt(after));
        }
        let rows = find.all(self.store.read()).await?;
        self.store
            .write(async |tx| {
                for row in &rows {
                    self.ask_reminders(tx, &row.id, row.due_on.as_deref(), row.revision)
                        .await?;
                }
                Ok::<_, Error>(())
            })
            .await?;
        Ok(rows.into_iter().next_back().map(|row| row.id))
    }
}

/// Each is two rows.
const AT_ONCE: u64 = 200;
