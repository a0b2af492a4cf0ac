//! `/people`: whom a document is submitted to, whom a meeting invites.

use std::collections::BTreeMap;

use axum::extract::State;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::{Json, Query};
use super::page::{Page, PageQuery};
use super::problem::{self, Problem};
use super::session::{Membership, Person};
use crate::accounts;
use crate::domain::id::{AgencyId, PersonId};
use crate::domain::role::Role;
use crate::parts::App;
use crate::store::entity::{membership, person};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Which people are asked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Only those who hold this role.
    #[param(inline)]
    role: Option<Role>,
    /// Only those who work in this agency.
    #[param(value_type = Option<String>)]
    agency: Option<AgencyId>,
    /// The `next` of the page before.
    after: Option<String>,
    /// How many people, 1 to 200. Default 50.
    limit: Option<u64>,
}

/// A colleague, as everybody who is logged in may know them.
#[derive(Serialize, ToSchema)]
struct Colleague {
    id: PersonId,
    full_name: String,
    memberships: Vec<Membership>,
}

/// People with an account, in the order in which they came.
#[utoipa::path(
    get, path = "/people", tag = "organisation", params(Wanted),
    responses((status = OK, body = Page<Colleague>), (status = UNAUTHORIZED, body = problem::Body))
)]
async fn list(
    State(app): State<App>,
    _: Person,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<Colleague>>, Problem> {
    let page = PageQuery {
        after: wanted.after,
        limit: wanted.limit,
    };
    let mut members = membership::Entity::find()
        .select_only()
        .column(membership::Column::PersonId);
    if let Some(role) = wanted.role {
        members = members.filter(membership::Column::Role.eq(role));
    }
    if let Some(agency) = wanted.agency {
        members = members.filter(membership::Column::AgencyId.eq(agency));
    }
    let mut find = person::Entity::find()
        .filter(person::Column::IsActive.eq(true))
        .filter(person::Column::Id.in_subquery(sea_orm::QueryTrait::into_query(members)))
        .order_by_asc(person::Column::Id)
        .limit(page.rows());
    if let Some(after) = &page.after {
        find = find.filter(person::Column::Id.gt(after));
    }
    let rows = find.all(app.store.read()).await?;
    let people: Vec<PersonId> = rows.iter().map(|row| row.id.clone()).collect();
    let mut memberships: BTreeMap<PersonId, Vec<Membership>> =
        accounts::memberships(app.store.read(), &people).await?;
    let colleague = |row: person::Model| Colleague {
        memberships: memberships.remove(&row.id).unwrap_or_default(),
        id: row.id,
        full_name: row.full_name,
    };
    let colleagues = rows.into_iter().map(colleague).collect();
    Ok(Json(Page::of(&page, colleagues, |colleague| {
        colleague.id.0.clone()
    })))
}
