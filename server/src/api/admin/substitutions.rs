//! Who acts for whom while somebody is absent.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use time::Date;
use time::format_description::well_known::Iso8601;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Administrator;
use crate::accounts;
use crate::api::body::{Json, Path, Query};
use crate::api::page::{Page, PageQuery};
use crate::api::problem::{self, Problem};
use crate::domain::id::{AgencyId, PersonId};
use crate::domain::numbering::local_date;
use crate::domain::role::Reach;
use crate::domain::substitution::{Refusal, Substitution};
use crate::parts::App;
use crate::store::entity::{agency, person, substitution};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(end))
}

/// A substitute for some days.
#[derive(Serialize, ToSchema)]
#[schema(as = Substitution)]
struct Shown {
    id: String,
    agency_id: AgencyId,
    agency_name: String,
    absent_id: PersonId,
    absent_name: String,
    substitute_id: PersonId,
    substitute_name: String,
    /// The first and the last day, ISO 8601.
    from_on: String,
    until_on: String,
    standing: Standing,
}

/// Whether a substitute acts.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SubstitutionStanding)]
enum Standing {
    /// Its days are to come.
    Coming,
    Now,
    /// Its days are over, or it was ended.
    Past,
}

/// Substitutes in the agencies within reach, the latest first.
#[utoipa::path(
    get, path = "/admin/substitutions", tag = "administration", params(PageQuery),
    responses((status = OK, body = Page<Shown>), (status = FORBIDDEN, body = problem::Body))
)]
async fn list(
    State(app): State<App>,
    administrator: Administrator,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Shown>>, Problem> {
    // Ids are of version 7: in the order in which they were made.
    let mut find = substitution::Entity::find()
        .order_by_desc(substitution::Column::Id)
        .limit(page.rows());
    if let Reach::Within(agencies) = &administrator.reach {
        find = find.filter(substitution::Column::AgencyId.is_in(agencies.clone()));
    }
    if let Some(after) = &page.after {
        find = find.filter(substitution::Column::Id.lt(after));
    }
    let rows = find.all(app.store.read()).await?;
    let shown = shown(&app, rows).await?;
    Ok(Json(Page::of(&page, shown, |row| row.id.clone())))
}

async fn shown(app: &App, rows: Vec<substitution::Model>) -> Result<Vec<Shown>, Problem> {
    let reader = app.store.read();
    let people = rows
        .iter()
        .flat_map(|row| [row.absent_id.clone(), row.substitute_id.clone()]);
    let people = person::Entity::find().filter(person::Column::Id.is_in(people));
    let people = people.all(reader).await?.into_iter();
    let people: BTreeMap<PersonId, String> = people.map(|row| (row.id, row.full_name)).collect();
    let agencies = rows.iter().map(|row| row.agency_id.clone());
    let agencies = agency::Entity::find().filter(agency::Column::Id.is_in(agencies));
    let agencies = agencies.all(reader).await?.into_iter();
    let agencies: BTreeMap<AgencyId, String> = agencies.map(|row| (row.id, row.name)).collect();
    let today = local_date(app.clock.now_utc()).to_string();
    let show = |row: substitution::Model| Shown {
        agency_name: agencies.get(&row.agency_id).cloned().unwrap_or_default(),
        absent_name: people.get(&row.absent_id).cloned().unwrap_or_default(),
        substitute_name: people.get(&row.substitute_id).cloned().unwrap_or_default(),
        standing: match () {
            () if row.ended_at.is_some() || row.until_on < today => Standing::Past,
            () if row.from_on > today => Standing::Coming,
            () => Standing::Now,
        },
        id: row.id,
        agency_id: row.agency_id,
        absent_id: row.absent_id,
        substitute_id: row.substitute_id,
        from_on: row.from_on,
        until_on: row.until_on,
    };
    Ok(rows.into_iter().map(show).collect())
}

/// Who is absent, who acts, and when.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewSubstitution {
    agency_id: AgencyId,
    absent_id: PersonId,
    substitute_id: PersonId,
    /// The first day, ISO 8601.
    from_on: String,
    /// The last day.
    until_on: String,
}

/// Makes a substitute. What they may do stands in `domain/role.rs`: what the absent one's role allows without a key.
#[utoipa::path(
    post, path = "/admin/substitutions", tag = "administration", request_body = NewSubstitution,
    responses((status = CREATED), (status = FORBIDDEN, body = problem::Body), (status = UNPROCESSABLE_ENTITY, body = problem::Body))
)]
async fn create(
    State(app): State<App>,
    administrator: Administrator,
    Json(new): Json<NewSubstitution>,
) -> Result<StatusCode, Problem> {
    administrator.of(&new.agency_id)?;
    let day =
        |text: &str| Date::parse(text, &Iso8601::DATE).map_err(|_| accounts::Error::from(Refusal::Days));
    let wanted = Substitution {
        from: day(&new.from_on)?,
        until: day(&new.until_on)?,
        agency: new.agency_id,
        absent: new.absent_id,
        substitute: new.substitute_id,
    };
    accounts::substitute(&app, &administrator.actor(), wanted).await?;
    Ok(StatusCode::CREATED)
}

/// Ends a substitution at once.
#[utoipa::path(
    post, path = "/admin/substitutions/{id}/end", tag = "administration", params(("id" = String, Path)),
    responses((status = NO_CONTENT), (status = FORBIDDEN, body = problem::Body), (status = NOT_FOUND, body = problem::Body))
)]
async fn end(
    State(app): State<App>,
    administrator: Administrator,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let found = substitution::Entity::find_by_id(id).one(app.store.read()).await?;
    let row = found.ok_or_else(Problem::not_found)?;
    administrator.of(&row.agency_id)?;
    accounts::end_substitution(&app, &administrator.actor(), &row).await?;
    Ok(StatusCode::NO_CONTENT)
}
