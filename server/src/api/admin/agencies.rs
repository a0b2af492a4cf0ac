//! The tree of agencies. Its shape is the province's to change; whoever administers an agency sees their own.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use time::Date;
use time::format_description::well_known::Iso8601;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Administrator;
use crate::accounts::{self, NewAgency};
use crate::api::body::{Json, Path, Query};
use crate::api::page::{Page, PageQuery};
use crate::api::problem::{self, Problem};
use crate::domain::id::AgencyId;
use crate::domain::organisation::{AgencyKind, Fault, Said};
use crate::domain::role::Reach;
use crate::parts::App;
use crate::store::entity::{agency, agency_alias, agency_former, membership};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show, amend))
        .routes(routes!(add_alias))
        .routes(routes!(remove_alias))
}

/// An agency of the tree.
#[derive(Serialize, ToSchema)]
struct AgencyNode {
    id: AgencyId,
    organ_id: String,
    name: String,
    symbol: String,
    kind: AgencyKind,
    place: String,
    parent_id: Option<AgencyId>,
    /// How many people work there.
    people: i64,
}

/// Agencies within reach, in the order of their identifiers.
#[utoipa::path(
    get, path = "/admin/agencies", tag = "administration", params(PageQuery),
    responses((status = OK, body = Page<AgencyNode>), (status = FORBIDDEN, body = problem::Body))
)]
async fn list(
    State(app): State<App>,
    administrator: Administrator,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<AgencyNode>>, Problem> {
    let mut find = agency::Entity::find()
        .order_by_asc(agency::Column::OrganId)
        .limit(page.rows());
    if let Reach::Within(agencies) = &administrator.reach {
        find = find.filter(agency::Column::Id.is_in(agencies.clone()));
    }
    if let Some(after) = &page.after {
        find = find.filter(agency::Column::OrganId.gt(after));
    }
    let rows = find.all(app.store.read()).await?;
    let ids: Vec<AgencyId> = rows.iter().map(|row| row.id.clone()).collect();
    let counts: Vec<(AgencyId, i64)> = membership::Entity::find()
        .select_only()
        .column(membership::Column::AgencyId)
        .expr(Expr::col(membership::Column::PersonId).count_distinct())
        .filter(membership::Column::AgencyId.is_in(ids))
        .group_by(membership::Column::AgencyId)
        .into_tuple()
        .all(app.store.read())
        .await?;
    let counts: BTreeMap<AgencyId, i64> = counts.into_iter().collect();
    let nodes = rows.into_iter().map(|row| node(row, &counts)).collect();
    Ok(Json(Page::of(&page, nodes, |node| node.organ_id.clone())))
}

fn node(row: agency::Model, counts: &BTreeMap<AgencyId, i64>) -> AgencyNode {
    AgencyNode {
        people: counts.get(&row.id).copied().unwrap_or(0),
        id: row.id,
        organ_id: row.organ_id,
        name: row.name,
        symbol: row.symbol,
        kind: row.kind,
        place: row.place,
        parent_id: row.parent_id,
    }
}

/// What is said of an agency.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AgencySaid {
    organ_id: String,
    name: String,
    symbol: String,
    kind: AgencyKind,
    place: String,
    /// The organisation identifier of the agency above it.
    parent: Option<String>,
    /// For a change: the day from which it holds, ISO 8601; today where none is named.
    since: Option<String>,
}

impl AgencySaid {
    fn parts(self) -> NewAgency {
        NewAgency {
            said: Said {
                organ_id: self.organ_id,
                name: self.name,
                symbol: self.symbol,
                place: self.place,
            },
            kind: self.kind,
            parent: self.parent.filter(|parent| !parent.trim().is_empty()),
        }
    }
}

/// Makes an agency.
#[utoipa::path(
    post, path = "/admin/agencies", tag = "administration", request_body = AgencySaid,
    responses(
        (status = CREATED, body = AgencyAccount),
        (status = FORBIDDEN, body = problem::Body),
        (status = CONFLICT, description = "`taken`", body = problem::Body),
    )
)]
async fn create(
    State(app): State<App>,
    administrator: Administrator,
    Json(said): Json<AgencySaid>,
) -> Result<(StatusCode, Json<AgencyAccount>), Problem> {
    administrator.of_province()?;
    let id = accounts::create_agency(&app, &administrator.actor(), said.parts()).await?;
    Ok((
        StatusCode::CREATED,
        Json(account(&app, &administrator, &id).await?),
    ))
}

/// How an agency was called before.
#[derive(Serialize, ToSchema)]
struct FormerAgency {
    organ_id: String,
    name: String,
    symbol: String,
    /// From this day on the next name held.
    until_on: String,
}

/// An agency with its history.
#[derive(Serialize, ToSchema)]
struct AgencyAccount {
    #[serde(flatten)]
    agency: AgencyNode,
    parent_organ_id: Option<String>,
    parent_name: Option<String>,
    /// The latest first.
    former: Vec<FormerAgency>,
    /// Further identifiers that name it.
    aliases: Vec<String>,
    may_change: bool,
}

/// An agency with its former names and further identifiers.
#[utoipa::path(
    get, path = "/admin/agencies/{id}", tag = "administration", params(("id" = String, Path)),
    responses((status = OK, body = AgencyAccount), (status = FORBIDDEN, body = problem::Body), (status = NOT_FOUND, body = problem::Body))
)]
async fn show(
    State(app): State<App>,
    administrator: Administrator,
    Path(id): Path<AgencyId>,
) -> Result<Json<AgencyAccount>, Problem> {
    administrator.of(&id)?;
    Ok(Json(account(&app, &administrator, &id).await?))
}

async fn account(app: &App, administrator: &Administrator, id: &AgencyId) -> Result<AgencyAccount, Problem> {
    let reader = app.store.read();
    let row = existing(app, id).await?;
    let parent = match &row.parent_id {
        Some(parent) => agency::Entity::find_by_id(parent.clone()).one(reader).await?,
        None => None,
    };
    let former = agency_former::Entity::find()
        .filter(agency_former::Column::AgencyId.eq(id.clone()))
        .order_by_desc(agency_former::Column::UntilOn)
        .order_by_desc(agency_former::Column::Id)
        .all(reader)
        .await?;
    let aliases = agency_alias::Entity::find()
        .filter(agency_alias::Column::AgencyId.eq(id.clone()))
        .order_by_asc(agency_alias::Column::OrganId)
        .all(reader)
        .await?;
    let people: Vec<String> = membership::Entity::find()
        .select_only()
        .column(membership::Column::PersonId)
        .distinct()
        .filter(membership::Column::AgencyId.eq(id.clone()))
        .into_tuple()
        .all(reader)
        .await?;
    let people = i64::try_from(people.len()).unwrap_or(i64::MAX);
    Ok(AgencyAccount {
        agency: node(row, &BTreeMap::from([(id.clone(), people)])),
        parent_organ_id: parent.as_ref().map(|parent| parent.organ_id.clone()),
        parent_name: parent.map(|parent| parent.name),
        former: former.into_iter().map(past).collect(),
        aliases: aliases.into_iter().map(|row| row.organ_id).collect(),
        may_change: administrator.reach == Reach::All,
    })
}

fn past(row: agency_former::Model) -> FormerAgency {
    FormerAgency {
        organ_id: row.organ_id,
        name: row.name,
        symbol: row.symbol,
        until_on: row.until_on,
    }
}

/// The agency of that id.
pub(super) async fn existing(app: &App, id: &AgencyId) -> Result<agency::Model, Problem> {
    let found = agency::Entity::find_by_id(id.clone())
        .one(app.store.read())
        .await?;
    found.ok_or_else(Problem::not_found)
}

/// Changes an agency; another identifier, name or symbol leaves the former in its history.
#[utoipa::path(
    put, path = "/admin/agencies/{id}", tag = "administration", params(("id" = String, Path)), request_body = AgencySaid,
    responses((status = OK, body = AgencyAccount), (status = FORBIDDEN, body = problem::Body), (status = CONFLICT, body = problem::Body))
)]
async fn amend(
    State(app): State<App>,
    administrator: Administrator,
    Path(id): Path<AgencyId>,
    Json(said): Json<AgencySaid>,
) -> Result<Json<AgencyAccount>, Problem> {
    administrator.of_province()?;
    let since = match said.since.as_deref() {
        Some(day) => Date::parse(day, &Iso8601::DATE).map_err(|_| accounts::Error::Agency(Fault::Day))?,
        None => crate::domain::numbering::local_date(app.clock.now_utc()),
    };
    accounts::change_agency(&app, &administrator.actor(), &id, said.parts(), since).await?;
    Ok(Json(account(&app, &administrator, &id).await?))
}

/// A further identifier.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Alias {
    organ_id: String,
}

/// Lets a further identifier name the agency, such as that of one merged into it.
#[utoipa::path(
    post, path = "/admin/agencies/{id}/aliases", tag = "administration", params(("id" = String, Path)), request_body = Alias,
    responses((status = OK, body = AgencyAccount), (status = FORBIDDEN, body = problem::Body), (status = CONFLICT, body = problem::Body))
)]
async fn add_alias(
    State(app): State<App>,
    administrator: Administrator,
    Path(id): Path<AgencyId>,
    Json(alias): Json<Alias>,
) -> Result<Json<AgencyAccount>, Problem> {
    administrator.of_province()?;
    existing(&app, &id).await?;
    accounts::add_alias(&app, &administrator.actor(), &id, &alias.organ_id).await?;
    Ok(Json(account(&app, &administrator, &id).await?))
}

/// Takes a further identifier away.
#[utoipa::path(
    delete, path = "/admin/agencies/{id}/aliases/{organ_id}", tag = "administration",
    params(("id" = String, Path), ("organ_id" = String, Path)),
    responses((status = OK, body = AgencyAccount), (status = FORBIDDEN, body = problem::Body), (status = NOT_FOUND, body = problem::Body))
)]
async fn remove_alias(
    State(app): State<App>,
    administrator: Administrator,
    Path((id, organ_id)): Path<(AgencyId, String)>,
) -> Result<Json<AgencyAccount>, Problem> {
    administrator.of_province()?;
    accounts::remove_alias(&app, &administrator.actor(), &id, &organ_id).await?;
    Ok(Json(account(&app, &administrator, &id).await?))
}
