//! Numbers kept aside, and given up, each with its record; and which kinds share a sequence.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;

use super::error::{Error, Result};
use super::numbering::take_next;
use super::{Custody, Presence};
use crate::clock::Timestamp;
use crate::domain::document;
use crate::domain::id::AgencyId;
use crate::domain::numbering::{self, Grouped, Kind, SequenceKey};
use crate::domain::role::{self, may};
use crate::store::entity::number_reservation::{ActiveModel, Column, Entity, Model};
use crate::store::entity::{document as documents, number_grouping};
use crate::store::{Tx, audit};

impl Custody {
    /// Keeps the next number of a kind's sequence aside for a document to come.
    ///
    /// # Errors
    /// [`document::Refusal::NotYours`], [`document::Refusal::ReasonMissing`].
    pub async fn reserve(
        &self,
        presence: &Presence,
        agency: &AgencyId,
        kind: Kind,
        reason: &str,
    ) -> Result<Model> {
        let reason = self.check_clerk(presence, agency, role::Action::Number, reason)?;
        let year = numbering::local_date(self.clock.now_utc()).year();
        let now = self.clock.now();
        let id = self.clock.new_id();
        self.store
            .write(async |tx| {
                let name = sequence_of(tx, agency, kind, year).await?;
                let key = SequenceKey {
                    agency_id: agency.clone(),
                    name: name.clone(),
                    year,
                };
                let number = take_next(tx, &key).await?;
                let row = Model {
                    id,
                    agency_id: agency.clone(),
                    kind: kind.code.to_owned(),
                    name,
                    year,
                    number: i32::try_from(number).map_err(|_| Error::Row("number_sequence.last"))?,
                    reason,
                    person_id: presence.person_id.clone(),
                    created_at: now,
                    document_id: None,
                    released_at: None,
                    released_by: None,
                    release_reason: None,
                };
                Entity::insert(ActiveModel::from(row.clone()))
                    .exec_without_returning(tx)
                    .await?;
                record(tx, now, presence, "number.reserved", &row, &row.reason).await?;
                Ok(row)
            })
            .await
    }

    /// Gives a kept number up: no document will ever bear it, and the record says why.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Stale`] where it is used or given up already; the reason's.
    pub async fn release(&self, presence: &Presence, id: &str, reason: &str) -> Result<Model> {
        let mut row = Entity::find_by_id(id.to_owned())
            .one(self.store.read())
            .await?
            .filter(|row| may(&presence.held, role::Action::Number, &row.agency_id))
            .ok_or(Error::NotFound)?;
        let reason = self.check_clerk(presence, &row.agency_id, role::Action::Number, reason)?;
        let now = self.clock.now();
        row.released_at = Some(now);
        row.released_by = Some(presence.person_id.clone());
        row.release_reason = Some(reason.clone());
        let change = ActiveModel {
            released_at: Set(row.released_at),
            released_by: Set(row.released_by.clone()),
            release_reason: Set(row.release_reason.clone()),
            ..Default::default()
        };
        self.store
            .write(async |tx| {
                settle(tx, id, change).await?;
                record(tx, now, presence, "number.released", &row, &reason).await
            })
            .await?;
        Ok(row)
    }

    /// Lets these kinds share a sequence from now on; the decision of the agency's head.
    ///
    /// Number and symbol are unique in a year, so a kind that has numbers in this one changes with the next. Comes back
    /// as the year from which it holds.
    ///
    /// # Errors
    /// [`document::Refusal::NotYours`], [`Error::Row`] for a name that is none.
    pub async fn group(
        &self,
        presence: &Presence,
        agency: &AgencyId,
        kinds: &[Kind],
        name: &str,
    ) -> Result<i32> {
        let name = self.check_clerk(presence, agency, role::Action::GroupNumbers, name)?;
        let year = numbering::local_date(self.clock.now_utc()).year();
        let codes: Vec<String> = kinds.iter().map(|kind| kind.code.to_owned()).collect();
        let now = self.clock.now();
        let subject = format!("agency/{agency}");
        self.store
            .write(async |tx| {
                let begun = has_numbers(tx, agency, &codes, year).await?;
                let from_year = if begun { year + 1 } else { year };
                let rows = codes.iter().map(|kind| number_grouping::ActiveModel {
                    agency_id: Set(agency.clone()),
                    kind: Set(kind.clone()),
                    from_year: Set(from_year),
                    name: Set(name.clone()),
                });
                use number_grouping::Column as Grouping;
                let replace = OnConflict::columns([Grouping::AgencyId, Grouping::Kind, Grouping::FromYear])
                    .update_column(Grouping::Name)
                    .to_owned();
                number_grouping::Entity::insert_many(rows)
                    .on_conflict(replace)
                    .exec_without_returning(tx)
                    .await?;
                let detail = json!({ "kinds": codes, "name": name, "from_year": from_year });
                audit::append(tx, now, &presence.actor(), "numbers.grouped", &subject, detail).await?;
                Ok(from_year)
            })
            .await
    }

    fn check_clerk(
        &self,
        presence: &Presence,
        agency: &AgencyId,
        action: role::Action,
        reason: &str,
    ) -> Result<String> {
        if !may(&presence.held, action, agency) {
            return Err(document::Refusal::NotYours.into());
        }
        match reason.trim() {
            "" => Err(document::Refusal::ReasonMissing.into()),
            reason => Ok(reason.to_owned()),
        }
    }
}

/// The name of the sequence from which this kind's numbers come in this year.
pub async fn sequence_of(
    connection: &impl ConnectionTrait,
    agency: &AgencyId,
    kind: Kind,
    year: i32,
) -> Result<String> {
    let rows = number_grouping::Entity::find()
        .filter(number_grouping::Column::AgencyId.eq(agency.clone()))
        .filter(number_grouping::Column::Kind.eq(kind.code))
        .all(connection)
        .await?;
    let grouped: Vec<_> = rows
        .into_iter()
        .map(|row| Grouped {
            from_year: row.from_year,
            name: row.name,
        })
        .collect();
    Ok(numbering::grouped_name(kind, &grouped, year))
}

/// A kept number becomes used or given up; only the first of two people settles it.
pub(super) async fn settle(tx: &Tx, id: &str, change: ActiveModel) -> Result<()> {
    let changed = Entity::update_many()
        .set(change)
        .filter(Column::Id.eq(id))
        .filter(Column::DocumentId.is_null())
        .filter(Column::ReleasedAt.is_null())
        .exec(tx)
        .await?;
    (changed.rows_affected == 1).then_some(()).ok_or(Error::Stale)
}

async fn has_numbers(tx: &Tx, agency: &AgencyId, kinds: &[String], year: i32) -> Result<bool> {
    let given = documents::Entity::find()
        .filter(documents::Column::AgencyId.eq(agency.clone()))
        .filter(documents::Column::Kind.is_in(kinds.iter().cloned()))
        .filter(documents::Column::NumberYear.eq(year))
        .count(tx)
        .await?;
    let kept = Entity::find()
        .filter(Column::AgencyId.eq(agency.clone()))
        .filter(Column::Kind.is_in(kinds.iter().cloned()))
        .filter(Column::Year.eq(year))
        .count(tx)
        .await?;
    Ok(given + kept > 0)
}

async fn record(
    tx: &Tx,
    now: Timestamp,
    presence: &Presence,
    action: &str,
    row: &Model,
    reason: &str,
) -> Result<()> {
    let subject = format!("number/{}", row.id);
    let detail = json!({ "sequence": row.name, "year": row.year, "number": row.number, "reason": reason });
    Ok(audit::append(tx, now, &presence.actor(), action, &subject, detail).await?)
}
