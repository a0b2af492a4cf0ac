//! HTTP and sockets: one endpoint family a file, problem+json, OpenAPI.

#![expect(
    clippy::result_large_err,
    reason = "a problem carries its sentences; it is made once a request"
)]

mod admin;
mod agencies;
mod arms;
pub mod body;
mod calendar;
mod came;
mod case_files;
mod copies;
mod described;
mod desktop_signing;
mod devices;
mod dispatches;
mod documents;
mod headers;
mod health;
mod idempotency;
mod line_tests;
mod login;
mod lookups;
mod meetings;
mod metrics;
mod notices;
mod numbers;
mod origin;
pub mod page;
mod passkeys;
mod password_resets;
mod people;
pub mod problem;
mod provider;
mod refusal;
mod registers;
mod remote_signing;
mod sealed_cookie;
mod search;
pub mod session;
mod sessions;
mod signature_requests;
mod socket;
mod trace;
mod verifications;
mod web;

use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::{Extension, Router};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

pub use metrics::Traffic;

use crate::parts::App;

/// Every family of endpoints under `/api/v1`: **one line each**.
fn families() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(login::routes())
        .merge(provider::routes())
        .merge(passkeys::routes())
        .merge(sessions::routes())
        .merge(password_resets::routes())
        .merge(agencies::routes())
        .merge(people::routes())
        .merge(admin::routes())
        .merge(documents::routes())
        .merge(signature_requests::routes())
        .merge(remote_signing::routes())
        .merge(desktop_signing::routes())
        .merge(copies::routes())
        .merge(dispatches::routes())
        .merge(notices::routes())
        .merge(case_files::routes())
        .merge(registers::routes())
        .merge(numbers::routes())
        .merge(search::routes())
        .merge(verifications::routes())
        .merge(lookups::routes())
        .merge(meetings::routes())
        .merge(calendar::routes())
        .merge(socket::routes())
        .merge(line_tests::routes())
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Hội Ấn",
        description = "Meetings and signed documents of a province. Times are RFC 3339 in UTC, ids are opaque, \
            lists are keyset pages, errors are application/problem+json (RFC 9457)."
    ),
    components(schemas(problem::Body))
)]
struct Document;

fn described() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Document::openapi())
        .nest("/api/v1", families())
        .merge(health::routes())
        .merge(metrics::routes())
}

/// The OpenAPI document of everything that is served; `server/openapi.json` is a copy of it.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let document = described()
        .nest("/api/v1", meetings::ballots::described())
        .nest("/api/v1", devices::described())
        .into_openapi();
    described::with_refusals(document)
}

/// Everything that is answered over HTTP.
pub fn router(app: App, traffic: Traffic) -> Router {
    let (described, _) = described().split_for_parts();
    let layers = ServiceBuilder::new()
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(from_fn_with_state(app.clone(), headers::secure))
        .layer(CompressionLayer::new())
        // Inside the compression, because it replaces bodies.
        .layer(from_fn(problem::in_the_callers_language))
        .layer(from_fn_with_state(app.clone(), trace::log))
        .layer(from_fn_with_state(traffic.clone(), metrics::count))
        .layer(CatchPanicLayer::custom(problem::of_panic))
        .layer(from_fn_with_state(app.clone(), origin::check))
        .layer(from_fn_with_state(app.clone(), session::identify))
        .layer(from_fn_with_state(app.clone(), idempotency::replay))
        .layer(DefaultBodyLimit::max(app.config.http.body_limit_bytes));
    described
        .fallback(web::serve)
        .method_not_allowed_fallback(problem::method_not_allowed)
        .layer(layers)
        // `/metrics` reads it.
        .layer(Extension(traffic.clone()))
        .with_state(app.clone())
        .merge(devices::router(app.clone(), traffic))
        // No layer of the others knows of it.
        .merge(meetings::ballots::router(app))
}
