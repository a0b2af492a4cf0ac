//! Case files (hồ sơ công việc): drawn up as a list, opened, filled with papers, closed; each step one transaction.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};

use super::error::{Error, Result};
use super::{Custody, Presence};
use crate::clock::Timestamp;
use crate::domain::case_file::{self, Action, Capacity, CaseFileId, Entry, Refusal, State, Transition};
use crate::domain::dispatch::DispatchId;
use crate::domain::document::DocumentId;
use crate::domain::id::{AgencyId, PersonId};
use crate::domain::numbering;
use crate::domain::party::file_capacities;
use crate::domain::register::row_day;
use crate::domain::role::{self, Held, may};
use crate::domain::search::{fold, in_file};
use crate::store::entity::case_file::{ActiveModel, Column, Entity, Model};
use crate::store::entity::{case_paper, membership};
use crate::store::{Tx, audit, search};

/// A paper as whoever puts it into a file knows it.
#[derive(Debug, Clone)]
pub enum Paper {
    /// What the agency issued.
    Outgoing(DocumentId),
    /// What came to it.
    Incoming(DispatchId),
}

/// A step that the rules permit, on the row as it was read.
struct Step {
    row: Model,
    transition: Transition,
}

impl Custody {
    /// A case file and this person's capacities towards it.
    ///
    /// # Errors
    /// [`Error::NotFound`] also where the person may not know of it.
    pub async fn case_file(&self, presence: &Presence, id: &CaseFileId) -> Result<(Model, Vec<Capacity>)> {
        let row = Entity::find_by_id(id.clone())
            .one(self.store.read())
            .await?
            .ok_or(Error::NotFound)?;
        let capacities = file_capacities(
            &row.agency_id,
            &row.keeper_id,
            &presence.person_id,
            &presence.held,
        );
        if capacities.is_empty() {
            return Err(Error::NotFound);
        }
        Ok((row, capacities))
    }

    /// Adds a file to the list of a year. Whoever draws up the list names anybody of the agency to keep it; others
    /// themselves.
    ///
    /// # Errors
    /// [`Error::Filing`].
    pub async fn plan_file(
        &self,
        presence: &Presence,
        agency: &AgencyId,
        year: i32,
        keeper: &PersonId,
        entry: Entry,
    ) -> Result<CaseFileId> {
        let plans = may(&presence.held, role::Action::PlanFiles, agency);
        let own = *keeper == presence.person_id && may(&presence.held, role::Action::KeepFiles, agency);
        if !plans && !own {
            return Err(Refusal::NotYours.into());
        }
        let today = numbering::local_date(self.clock.now_utc());
        let year = case_file::year(year, today.year())?;
        let entry = entry.checked()?;
        self.check_keeper(agency, keeper).await?;
        let now = self.clock.now();
        let id = CaseFileId(self.clock.new_id());
        let detail = detail_of(&entry, keeper);
        let row = ActiveModel {
            id: Set(id.clone()),
            agency_id: Set(agency.clone()),
            year: Set(year),
            state: Set(State::Planned),
            opened_on: Set(None),
            closed_on: Set(None),
            revision: Set(0),
            created_by: Set(presence.person_id.clone()),
            created_at: Set(now),
            ..said(&entry, keeper)
        };
        let once = OnConflict::columns([Column::AgencyId, Column::Year, Column::Code])
            .do_nothing()
            .to_owned();
        self.store
            .write(async |tx| {
                let inserted = Entity::insert(row)
                    .on_conflict(once)
                    .exec_without_returning(tx)
                    .await?;
                if inserted == 0 {
                    return Err(Refusal::CodeTaken.into());
                }
                record(tx, now, presence, &id, "case_file.planned", detail).await
            })
            .await?;
        Ok(id)
    }

    /// Changes what the list says of a file; its code stays.
    ///
    /// # Errors
    /// The rules'; [`Error::Stale`].
    pub async fn amend_file(
        &self,
        presence: &Presence,
        id: &CaseFileId,
        keeper: &PersonId,
        mut entry: Entry,
    ) -> Result<()> {
        let step = self.permit_file(presence, id, Action::Amend, None).await?;
        entry.code.clone_from(&step.row.code);
        let entry = entry.checked()?;
        self.check_keeper(&step.row.agency_id, keeper).await?;
        let detail = detail_of(&entry, keeper);
        self.take_file(presence, &step, said(&entry, keeper), detail)
            .await
    }

    /// The keeper opens a file of the list.
    ///
    /// # Errors
    /// The rules'; [`Error::Stale`].
    pub async fn open_file(&self, presence: &Presence, id: &CaseFileId) -> Result<()> {
        let step = self.permit_file(presence, id, Action::Open, None).await?;
        let change = ActiveModel {
            opened_on: Set(Some(self.today())),
            ..Default::default()
        };
        self.take_file(presence, &step, change, Value::Null).await
    }

    /// The keeper puts in a paper which the keeper knows of; one that was taken out may come back.
    ///
    /// # Errors
    /// The rules'; [`Error::NotFound`] where the keeper may not know of the paper.
    pub async fn put_paper(
        &self,
        presence: &Presence,
        id: &CaseFileId,
        paper: &Paper,
        note: &str,
    ) -> Result<()> {
        let step = self.permit_file(presence, id, Action::Put, None).await?;
        let (document_id, dispatch_id) = self.fileable(presence, &step.row.agency_id, paper).await?;
        let note = note.trim().to_owned();
        if note.chars().count() > LONGEST_NOTE {
            return Err(Refusal::Note.into());
        }
        let now = self.clock.now();
        let row = case_paper::ActiveModel {
            case_file_id: Set(id.clone()),
            document_id: Set(document_id.clone()),
            dispatch_id: Set(dispatch_id),
            note: Set(note.clone()),
            put_by: Set(presence.person_id.clone()),
            put_at: Set(now),
            taken_out_by: Set(None),
            taken_out_at: Set(None),
            taken_out_reason: Set(None),
        };
        use case_paper::Column as In;
        let again = OnConflict::columns([In::CaseFileId, In::DocumentId])
            .update_columns([
                In::DispatchId,
                In::Note,
                In::PutBy,
                In::PutAt,
                In::TakenOutBy,
                In::TakenOutAt,
                In::TakenOutReason,
            ])
            .to_owned();
        let detail = json!({ "document": document_id, "note": note });
        self.store
            .write(async |tx| {
                step.move_on(tx, ActiveModel::default()).await?;
                let was = case_paper::Entity::find_by_id((id.clone(), document_id.clone()))
                    .one(tx)
                    .await?;
                if was.is_some_and(|paper| paper.taken_out_at.is_none()) {
                    return Err(Refusal::AlreadyIn.into());
                }
                case_paper::Entity::insert(row)
                    .on_conflict(again)
                    .exec_without_returning(tx)
                    .await?;
                search::show(tx, &document_id, &in_file(id)).await?;
                record(tx, now, presence, id, step.transition.audit, detail).await
            })
            .await
    }

    /// The keeper takes a paper out, with a reason; the record of it stays.
    ///
    /// # Errors
    /// The rules'; [`Refusal::NotIn`].
    pub async fn take_out_paper(
        &self,
        presence: &Presence,
        id: &CaseFileId,
        document: &DocumentId,
        reason: &str,
    ) -> Result<()> {
        let step = self
            .permit_file(presence, id, Action::TakeOut, Some(reason))
            .await?;
        let now = self.clock.now();
        let change = case_paper::ActiveModel {
            taken_out_by: Set(Some(presence.person_id.clone())),
            taken_out_at: Set(Some(now)),
            taken_out_reason: Set(Some(reason.trim().to_owned())),
            ..Default::default()
        };
        let detail = json!({ "document": document, "reason": reason.trim() });
        self.store
            .write(async |tx| {
                step.move_on(tx, ActiveModel::default()).await?;
                let taken = case_paper::Entity::update_many()
                    .set(change)
                    .filter(case_paper::Column::CaseFileId.eq(id.clone()))
                    .filter(case_paper::Column::DocumentId.eq(document.clone()))
                    .filter(case_paper::Column::TakenOutAt.is_null())
                    .exec(tx)
                    .await?;
                if taken.rows_affected != 1 {
                    return Err(Refusal::NotIn.into());
                }
                search::hide(tx, document, &in_file(id)).await?;
                record(tx, now, presence, id, step.transition.audit, detail).await
            })
            .await
    }

    /// The keeper closes a file that has papers; from now on its retention runs.
    ///
    /// # Errors
    /// The rules'; [`Error::Stale`].
    pub async fn close_file(&self, presence: &Presence, id: &CaseFileId) -> Result<()> {
        let step = self.permit_file(presence, id, Action::Close, None).await?;
        let change = ActiveModel {
            closed_on: Set(Some(self.today())),
            ..Default::default()
        };
        self.take_file(presence, &step, change, Value::Null).await
    }

    /// Opens a closed file again, with a reason.
    ///
    /// # Errors
    /// The rules'; [`Error::Stale`].
    pub async fn reopen_file(&self, presence: &Presence, id: &CaseFileId, reason: &str) -> Result<()> {
        let step = self
            .permit_file(presence, id, Action::Reopen, Some(reason))
            .await?;
        let change = ActiveModel {
            closed_on: Set(None),
            ..Default::default()
        };
        self.take_file(presence, &step, change, json!({ "reason": reason.trim() }))
            .await
    }

    async fn permit_file(
        &self,
        presence: &Presence,
        id: &CaseFileId,
        action: Action,
        reason: Option<&str>,
    ) -> Result<Step> {
        let (row, capacities) = self.case_file(presence, id).await?;
        let papers = case_paper::Entity::find()
            .filter(case_paper::Column::CaseFileId.eq(id.clone()))
            .filter(case_paper::Column::TakenOutAt.is_null())
            .count(self.store.read())
            .await?;
        let papers = usize::try_from(papers).unwrap_or(usize::MAX);
        let transition = case_file::permit(row.state, papers, action, &capacities, reason)?;
        Ok(Step { row, transition })
    }

    async fn take_file(
        &self,
        presence: &Presence,
        step: &Step,
        change: ActiveModel,
        detail: Value,
    ) -> Result<()> {
        let now = self.clock.now();
        self.store
            .write(async |tx| {
                step.move_on(tx, change).await?;
                record(tx, now, presence, &step.row.id, step.transition.audit, detail).await
            })
            .await
    }

    /// The document of a paper that may stand in files of this agency, and how it came.
    async fn fileable(
        &self,
        presence: &Presence,
        agency: &AgencyId,
        paper: &Paper,
    ) -> Result<(DocumentId, Option<DispatchId>)> {
        match paper {
            Paper::Outgoing(id) => {
                let (row, _) = self.document(presence, id).await?;
                case_file::check_outgoing(agency, &row.agency_id, row.state)?;
                Ok((row.id, None))
            }
            Paper::Incoming(id) => {
                let row = self.received(presence, id).await?;
                case_file::check_incoming(agency, &row.receiver_id, row.status)?;
                Ok((row.document_id, Some(row.id)))
            }
        }
    }

    async fn check_keeper(&self, agency: &AgencyId, keeper: &PersonId) -> Result<()> {
        let rows = membership::Entity::find()
            .filter(membership::Column::AgencyId.eq(agency.clone()))
            .filter(membership::Column::PersonId.eq(keeper.clone()))
            .all(self.store.read())
            .await?;
        let held: Vec<_> = rows
            .into_iter()
            .map(|row| Held::own(row.agency_id, row.role))
            .collect();
        let keeps = may(&held, role::Action::KeepFiles, agency);
        keeps.then_some(()).ok_or_else(|| Refusal::Keeper.into())
    }

    fn today(&self) -> String {
        row_day(numbering::local_date(self.clock.now_utc()))
    }
}

impl Step {
    /// The change alone.
    ///
    /// # Errors
    /// [`Error::Stale`] when the row is no longer as it was read: of two people only one takes a step.
    async fn move_on(&self, tx: &Tx, change: ActiveModel) -> Result<()> {
        let change = ActiveModel {
            state: Set(self.transition.to.unwrap_or(self.row.state)),
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
}

fn said(entry: &Entry, keeper: &PersonId) -> ActiveModel {
    ActiveModel {
        code: Set(entry.code.clone()),
        title: Set(entry.title.clone()),
        words: Set(fold(&format!("{} {}", entry.code, entry.title))),
        retention_years: Set(entry.retention.years()),
        note: Set(entry.note.clone()),
        keeper_id: Set(keeper.clone()),
        ..Default::default()
    }
}

fn detail_of(entry: &Entry, keeper: &PersonId) -> Value {
    json!({
        "code": entry.code,
        "title": entry.title,
        "retention_years": entry.retention.years(),
        "keeper": keeper,
    })
}

async fn record(
    tx: &Tx,
    now: Timestamp,
    presence: &Presence,
    id: &CaseFileId,
    action: &str,
    detail: Value,
) -> Result<()> {
    let subject = format!("case_file/{id}");
    Ok(audit::append(tx, now, &presence.actor(), action, &subject, detail).await?)
}

/// Of a note so many characters are kept, as of an entry's.
const LONGEST_NOTE: usize = 500;
