//! `/healthz` and `/readyz`: for whoever watches the program.

use axum::extract::State;
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::problem::{self, Problem};
use crate::parts::App;
use crate::store::setting;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(alive)).routes(routes!(ready))
}

/// The process answers.
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = OK, body = String)))]
async fn alive() -> &'static str {
    "ok"
}

/// The program can do its work: the database answers, and it is not stopping.
#[utoipa::path(
    get, path = "/readyz", tag = "health",
    responses((status = OK, body = String), (status = SERVICE_UNAVAILABLE, body = problem::Body))
)]
async fn ready(State(app): State<App>) -> Result<&'static str, Problem> {
    let database = setting::read(app.store.read(), setting::MADE_BY).await;
    if database.is_err() || app.stopping.is_cancelled() {
        return Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "not-ready",
            "Hệ thống chưa sẵn sàng.",
            "The system is not ready.",
        ));
    }
    Ok("ready")
}
