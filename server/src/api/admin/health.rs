//! How the house stands, for the province's administrator.

use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Administrator;
use crate::api::body::Json;
use crate::api::problem::{self, Problem};
use crate::doctor::health::{self, Authorities, Report};
use crate::parts::App;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show))
}

/// Database, files, disk, jobs, clock, mail, time-stamps, certificates, each judged; and what was done today.
#[utoipa::path(
    get, path = "/admin/health", tag = "administration",
    responses((status = OK, body = Report), (status = FORBIDDEN, body = problem::Body))
)]
async fn show(State(app): State<App>, administrator: Administrator) -> Result<Json<Report>, Problem> {
    administrator.of_province()?;
    Ok(Json(health::report(&app, Authorities::Asked).await?))
}
