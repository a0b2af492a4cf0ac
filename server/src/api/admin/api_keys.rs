//! Keys by which other systems ask for verifications, for the province's administrator.

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Administrator;
use crate::accounts::api_key::{self, Error};
use crate::api::body::{Json, Path};
use crate::api::problem::{self, Problem};
use crate::clock::Timestamp;
use crate::parts::App;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(retire))
}

/// A key that was given out.
#[derive(Serialize, ToSchema)]
struct ApiKey {
    id: String,
    /// The system that has it.
    name: String,
    created_at: Timestamp,
    /// To the minute.
    used_at: Option<Timestamp>,
    retired_at: Option<Timestamp>,
}

/// Every key that was given out, the newest first.
#[utoipa::path(
    get, path = "/admin/api-keys", tag = "administration",
    responses((status = OK, body = Vec<ApiKey>), (status = FORBIDDEN, body = problem::Body))
)]
async fn list(State(app): State<App>, administrator: Administrator) -> Result<Json<Vec<ApiKey>>, Problem> {
    administrator.of_province()?;
    let keys = api_key::all(&app).await?.into_iter().map(|row| ApiKey {
        id: row.id,
        name: row.name,
        created_at: row.created_at,
        used_at: row.used_at,
        retired_at: row.retired_at,
    });
    Ok(Json(keys.collect()))
}

/// Whose key it will be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewApiKey {
    /// The system that asks, as in `Cổng dịch vụ công`.
    name: String,
}

/// The key, shown this once.
#[derive(Serialize, ToSchema)]
struct GivenApiKey {
    id: String,
    key: String,
}

/// Gives out a key.
#[utoipa::path(
    post, path = "/admin/api-keys", tag = "administration", request_body = NewApiKey,
    responses(
        (status = CREATED, body = GivenApiKey), (status = FORBIDDEN, body = problem::Body),
        (status = CONFLICT, body = problem::Body), (status = UNPROCESSABLE_ENTITY, body = problem::Body)
    )
)]
async fn create(
    State(app): State<App>,
    administrator: Administrator,
    Json(new): Json<NewApiKey>,
) -> Result<(StatusCode, Json<GivenApiKey>), Problem> {
    administrator.of_province()?;
    let (id, key) = api_key::give(&app, &administrator.actor(), &new.name).await?;
    Ok((StatusCode::CREATED, Json(GivenApiKey { id, key })))
}

/// Ends a key: from now on it opens nothing.
#[utoipa::path(
    post, path = "/admin/api-keys/{id}/retirement", tag = "administration", params(("id" = String, Path)),
    responses(
        (status = NO_CONTENT), (status = FORBIDDEN, body = problem::Body), (status = NOT_FOUND, body = problem::Body)
    )
)]
async fn retire(
    State(app): State<App>,
    administrator: Administrator,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    administrator.of_province()?;
    api_key::retire(&app, &administrator.actor(), &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Name => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "name",
                "Xin ghi tên hệ thống dùng khóa này, không quá 100 ký tự.",
                "Please name the system that uses this key, in at most 100 characters.",
            ),
            Error::TooMany => Self::new(
                StatusCode::CONFLICT,
                "too-many-keys",
                "Đã có quá nhiều khóa đang dùng. Xin ngừng những khóa không còn cần.",
                "There are too many keys in use. Retire those that are not needed.",
            ),
            Error::NotFound => Self::not_found(),
            Error::Database(error) => error.into(),
        }
    }
}
