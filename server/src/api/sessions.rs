//! `/sessions` and `/session/password`: what people do with their own account.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zeroize::Zeroizing;

use super::body::{Json, Path};
use super::login;
use super::problem::{self, Problem};
use super::session::{self, Person};
use crate::accounts;
use crate::accounts::own::{self, Ended, NotChanged};
use crate::accounts::personal;
use crate::clock::Timestamp;
use crate::parts::App;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, end_others))
        .routes(routes!(end))
        .routes(routes!(change_password))
        .routes(routes!(personal_data))
}

/// A session of whoever asks.
#[derive(Serialize, ToSchema)]
struct OpenSession {
    id: String,
    /// What the browser says of itself.
    device: Option<String>,
    address: Option<String>,
    opened_at: Timestamp,
    last_seen_at: Timestamp,
    /// Whether it is the one that asks.
    is_this: bool,
}

/// My sessions, the latest used first.
#[utoipa::path(
    get, path = "/sessions", tag = "session",
    responses((status = OK, body = Vec<OpenSession>), (status = UNAUTHORIZED, body = problem::Body))
)]
async fn list(
    State(app): State<App>,
    headers: HeaderMap,
    person: Person,
) -> Result<Json<Vec<OpenSession>>, Problem> {
    let this = accounts::hash(&token(&app, &headers));
    let rows = accounts::sessions(&app, &person.id).await?;
    let open = rows.into_iter().map(|row| OpenSession {
        is_this: row.token_hash == this,
        // The hash of a token opens nothing.
        id: row.token_hash,
        device: row.device,
        address: row.address,
        opened_at: row.created_at,
        last_seen_at: row.last_seen_at,
    });
    Ok(Json(open.collect()))
}

/// Ends all my sessions but this one.
#[utoipa::path(
    delete, path = "/sessions", tag = "session",
    responses((status = NO_CONTENT), (status = UNAUTHORIZED, body = problem::Body))
)]
async fn end_others(
    State(app): State<App>,
    headers: HeaderMap,
    person: Person,
) -> Result<StatusCode, Problem> {
    own::end_sessions(&app, &person, Ended::Others(&token(&app, &headers))).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends one of my sessions.
#[utoipa::path(
    delete, path = "/sessions/{id}", tag = "session", params(("id" = String, Path)),
    responses((status = NO_CONTENT), (status = UNAUTHORIZED, body = problem::Body))
)]
async fn end(State(app): State<App>, person: Person, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    own::end_sessions(&app, &person, Ended::One(&id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The password that was and the one that will be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordChange {
    #[schema(format = Password)]
    present: String,
    #[schema(format = Password)]
    new: String,
}

/// Changes my password; my other sessions end.
#[utoipa::path(
    put, path = "/session/password", tag = "session", request_body = PasswordChange,
    responses(
        (status = NO_CONTENT),
        (status = UNAUTHORIZED, body = problem::Body),
        (status = UNPROCESSABLE_ENTITY, description = "`wrong-password`, `password-length`", body = problem::Body),
        (status = TOO_MANY_REQUESTS, description = "`locked`", body = problem::Body),
    )
)]
async fn change_password(
    State(app): State<App>,
    headers: HeaderMap,
    person: Person,
    Json(said): Json<PasswordChange>,
) -> Result<StatusCode, Problem> {
    let (present, new) = (Zeroizing::new(said.present), Zeroizing::new(said.new));
    let changed = own::change_password(&app, &person, &token(&app, &headers), present, new).await;
    changed.map_err(|refusal| not_changed(&app, refusal))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Why nothing is changed, in people's words.
pub(super) fn not_changed(app: &App, refusal: NotChanged) -> Problem {
    match refusal {
        NotChanged::Refused(refusal) => login::told(app, refusal),
        NotChanged::Error(error) => error.into(),
    }
}

/// Everything kept of me beside the papers themselves.
#[utoipa::path(
    get, path = "/session/personal-data", tag = "session",
    responses((status = OK, body = serde_json::Value), (status = UNAUTHORIZED, body = problem::Body))
)]
async fn personal_data(State(app): State<App>, person: Person) -> Result<Json<serde_json::Value>, Problem> {
    Ok(Json(
        personal::hand_out(&app, &person.id, personal::Reader::Oneself).await?,
    ))
}

fn token(app: &App, headers: &HeaderMap) -> String {
    session::token(&app.config, headers).unwrap_or_default()
}
