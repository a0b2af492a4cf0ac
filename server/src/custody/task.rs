//! What a document gives agencies to do: kept with its draft, and handed to each with the paper when it is issued.

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use time::Date;
use time::format_description::well_known::Iso8601;

use super::error::{Error, Result};
use crate::domain::conclusion_notice::Task;
use crate::domain::document::DocumentId;
use crate::store::Tx;
use crate::store::entity::document_task::{ActiveModel, Column, Entity};

/// The tasks of a document, in their order.
///
/// # Errors
/// The database's, and [`Error::Row`] where a row is not ours.
pub async fn of(connection: &impl ConnectionTrait, id: &DocumentId) -> Result<Vec<Task>> {
    let rows = Entity::find()
        .filter(Column::DocumentId.eq(id.clone()))
        .order_by_asc(Column::Number)
        .all(connection)
        .await?;
    let task = |row: crate::store::entity::document_task::Model| {
        let due_on = row.due_on.map(|day| Date::parse(&day, &Iso8601::DATE));
        Ok(Task {
            text: row.words,
            agency: row.agency_id,
            due_on: due_on
                .transpose()
                .map_err(|_| Error::Row("document_task.due_on"))?,
        })
    };
    rows.into_iter().map(task).collect()
}

/// Keeps these in the place of what was there before.
pub(super) async fn keep(tx: &Tx, id: &DocumentId, tasks: &[Task]) -> Result<()> {
    Entity::delete_many()
        .filter(Column::DocumentId.eq(id.clone()))
        .exec(tx)
        .await?;
    let rows: Vec<ActiveModel> = (1..)
        .zip(tasks)
        .map(|(number, task)| ActiveModel {
            document_id: Set(id.clone()),
            number: Set(number),
            words: Set(task.text.clone()),
            agency_id: Set(task.agency.clone()),
            due_on: Set(task.due_on.map(|day| day.to_string())),
        })
        .collect();
    if !rows.is_empty() {
        Entity::insert_many(rows).exec_without_returning(tx).await?;
    }
    Ok(())
}
