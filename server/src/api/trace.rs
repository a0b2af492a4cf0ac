//! One line in the log for every request.

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use tower_http::request_id::RequestId;
use tracing::{Instrument, info, info_span};

use crate::parts::App;

/// Layer: a span with the request's id around all that it causes, and a line with route, status and duration at its
/// end. The route is the pattern: ids, queries and names stay out of the log.
pub(super) async fn log(State(app): State<App>, request: Request, next: Next) -> Response {
    let id = request
        .extensions()
        .get::<RequestId>()
        .and_then(|id| id.header_value().to_str().ok())
        .unwrap_or("");
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("(page)", MatchedPath::as_str);
    let span = info_span!("request", request.id = id, http.method = %request.method(), http.route = route);
    async move {
        let started = app.clock.monotonic();
        let response = next.run(request).await;
        let duration_ms = started.elapsed().as_millis();
        info!(http.status = response.status().as_u16(), duration_ms, "answered");
        response
    }
    .instrument(span)
    .await
}
