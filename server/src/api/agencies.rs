//! `/agencies`: who signs, issues and receives.

use axum::extract::State;
use sea_orm::ColumnTrait;
use sea_orm::{EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::{Json, Query};
use super::page::{Page, PageQuery};
use super::problem::{self, Problem};
use super::session::Person;
use crate::domain::id::AgencyId;
use crate::domain::organisation::AgencyKind;
use crate::parts::App;
use crate::store::entity::agency;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list))
}

/// An agency.
#[derive(Serialize, ToSchema)]
struct Agency {
    id: AgencyId,
    /// Mã định danh, such as `H37.02.02`.
    organ_id: String,
    name: String,
    /// Its group in a document's symbol, as in `UBND`.
    symbol: String,
    kind: AgencyKind,
    parent_id: Option<AgencyId>,
}

impl From<agency::Model> for Agency {
    fn from(row: agency::Model) -> Self {
        let agency::Model {
            id,
            organ_id,
            name,
            symbol,
            kind,
            parent_id,
            ..
        } = row;
        Self {
            id,
            organ_id,
            name,
            symbol,
            kind,
            parent_id,
        }
    }
}

/// All agencies, in the order of their identifiers.
#[utoipa::path(
    get, path = "/agencies", tag = "organisation", params(PageQuery),
    responses((status = OK, body = Page<Agency>), (status = UNAUTHORIZED, body = problem::Body))
)]
async fn list(
    State(app): State<App>,
    _: Person,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Agency>>, Problem> {
    let mut find = agency::Entity::find()
        .order_by_asc(agency::Column::OrganId)
        .limit(page.rows());
    if let Some(after) = &page.after {
        find = find.filter(agency::Column::OrganId.gt(after));
    }
    let rows = find
        .all(app.store.read())
        .await?
        .into_iter()
        .map(Agency::from)
        .collect();
    Ok(Json(Page::of(&page, rows, |agency| agency.organ_id.clone())))
}
