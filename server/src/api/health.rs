//! `/healthz`, `/readyz` and `/metrics`: for whoever watches the program.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use ring::digest::{SHA256, digest};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::problem::{self, Problem};
use crate::parts::App;
use crate::store::setting;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(alive))
        .routes(routes!(ready))
        .routes(routes!(metrics))
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

/// Counters and the state of every site, in the Prometheus text format, version 0.0.4; for whoever sends the configured
/// token, for all others there is no such page.
#[utoipa::path(
    get, path = "/metrics", tag = "health",
    responses((status = OK, body = String), (status = NOT_FOUND, body = problem::Body))
)]
async fn metrics(
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<([(header::HeaderName, &'static str); 1], String), Problem> {
    if !may_read(app.config.http.metrics_token.as_deref(), &headers) {
        return Err(Problem::not_found());
    }
    let text = app.conferences.metrics().await.unwrap_or_default();
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text))
}

/// By digests, so that how long it takes tells nothing of the token.
fn may_read(token: Option<&str>, headers: &HeaderMap) -> bool {
    let sent = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let sent = sent.and_then(|value| value.strip_prefix("Bearer "));
    let of = |text: &str| digest(&SHA256, text.as_bytes());
    matches!((token, sent), (Some(token), Some(sent)) if of(token).as_ref() == of(sent).as_ref())
}
