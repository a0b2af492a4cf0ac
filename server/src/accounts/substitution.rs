//! Substitutes while somebody is absent: made, ended, and what they hold today.

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter};
use serde::Serialize;
use serde_json::json;
use time::Date;
use time::format_description::well_known::Iso8601;
use utoipa::ToSchema;

use super::error::Error;
use crate::clock::Timestamp;
use crate::domain::id::{AgencyId, PersonId};
use crate::domain::numbering::local_date;
use crate::domain::role::{Held, Role};
use crate::domain::substitution::{Refusal, Substitution};
use crate::parts::App;
use crate::store::audit::{self, Actor};
use crate::store::entity::{membership, person, substitution};

/// A role that a person holds today for somebody who is absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Acting {
    pub agency_id: AgencyId,
    /// Of the absent person.
    pub role: Role,
    pub for_name: String,
    /// The last day, ISO 8601.
    pub until_on: String,
}

/// Makes a substitute.
///
/// # Errors
/// [`Refusal`], or the database's.
pub async fn substitute(app: &App, actor: &Actor, wanted: Substitution) -> Result<(), Error> {
    let now = app.clock.now();
    let id = app.clock.new_id();
    app.store
        .write(async |tx| {
            let others = substitution::Entity::find()
                .filter(substitution::Column::AbsentId.eq(wanted.absent.clone()))
                .filter(substitution::Column::AgencyId.eq(wanted.agency.clone()))
                .filter(substitution::Column::EndedAt.is_null())
                .all(tx)
                .await?;
            let span = |row: &substitution::Model| Some((day(&row.from_on)?, day(&row.until_on)?));
            let others: Vec<(Date, Date)> = others.iter().filter_map(span).collect();
            let absent = held(tx, &wanted.absent).await?;
            let substitute = held(tx, &wanted.substitute).await?;
            let today = local_date(now.to_offset_date_time());
            wanted.check(today, &absent, &substitute, &others)?;
            let (from, until) = (written(wanted.from)?, written(wanted.until)?);
            let detail = json!({
                "agency": wanted.agency, "substitute": wanted.substitute, "from": from, "until": until,
            });
            let subject = format!("person/{}", wanted.absent);
            let row = substitution::ActiveModel {
                id: Set(id),
                agency_id: Set(wanted.agency),
                absent_id: Set(wanted.absent),
                substitute_id: Set(wanted.substitute),
                from_on: Set(from),
                until_on: Set(until),
                made_by: Set(actor.text()),
                made_at: Set(now),
                ended_at: Set(None),
            };
            substitution::Entity::insert(row)
                .exec_without_returning(tx)
                .await?;
            Ok(audit::append(tx, now, actor, "person.substituted", &subject, detail).await?)
        })
        .await
}

/// Ends a substitution at once; one that has ended stays so.
///
/// # Errors
/// When the database refuses.
pub async fn end_substitution(app: &App, actor: &Actor, row: &substitution::Model) -> Result<(), Error> {
    let now = app.clock.now();
    app.store
        .write(async |tx| {
            let ended = substitution::Entity::update_many()
                .col_expr(substitution::Column::EndedAt, Expr::value(now))
                .filter(substitution::Column::Id.eq(&row.id))
                .filter(substitution::Column::EndedAt.is_null())
                .exec(tx)
                .await?;
            if ended.rows_affected == 0 {
                return Ok(());
            }
            let subject = format!("person/{}", row.absent_id);
            let detail = json!({ "agency": row.agency_id, "substitute": row.substitute_id });
            Ok(audit::append(tx, now, actor, "person.substitution_ended", &subject, detail).await?)
        })
        .await
}

/// What the person holds at `now` for others, who are still what they were.
///
/// # Errors
/// When the database refuses.
pub(super) async fn acting(
    connection: &impl ConnectionTrait,
    person: &PersonId,
    now: Timestamp,
) -> Result<Vec<Acting>, DbErr> {
    let today = local_date(now.to_offset_date_time()).to_string();
    let rows = substitution::Entity::find()
        .filter(substitution::Column::SubstituteId.eq(person.clone()))
        .filter(substitution::Column::UntilOn.gte(&today))
        .filter(substitution::Column::FromOn.lte(&today))
        .filter(substitution::Column::EndedAt.is_null())
        .all(connection)
        .await?;
    let mut acting = Vec::new();
    for row in rows {
        let held = membership::Entity::find()
            .filter(
                Condition::all()
                    .add(membership::Column::PersonId.eq(row.absent_id.clone()))
                    .add(membership::Column::AgencyId.eq(row.agency_id.clone()))
                    // Nothing of this role is lent; nobody should be shown its pages.
                    .add(membership::Column::Role.ne(Role::Administrator)),
            )
            .find_also_related(person::Entity)
            .all(connection)
            .await?;
        acting.extend(held.into_iter().map(|(held, absent)| Acting {
            agency_id: held.agency_id,
            role: held.role,
            for_name: absent.map(|absent| absent.full_name).unwrap_or_default(),
            until_on: row.until_on.clone(),
        }));
    }
    Ok(acting)
}

async fn held(connection: &impl ConnectionTrait, person: &PersonId) -> Result<Vec<Held>, DbErr> {
    let rows = membership::Entity::find()
        .filter(membership::Column::PersonId.eq(person.clone()))
        .all(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| Held::own(row.agency_id, row.role))
        .collect())
}

fn day(text: &str) -> Option<Date> {
    Date::parse(text, &Iso8601::DATE).ok()
}

fn written(day: Date) -> Result<String, Refusal> {
    day.format(&Iso8601::DATE).map_err(|_| Refusal::Days)
}
