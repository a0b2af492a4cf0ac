//! The record of a meeting as a file that proves itself.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use sea_orm::EntityTrait;

use super::role_in;
use crate::api::body::Path;
use crate::api::problem::{self, Problem};
use crate::api::session::Person;
use crate::conference::export;
use crate::domain::meeting::MeetingId;
use crate::domain::meeting_right::may_export;
use crate::parts::App;
use crate::store::entity::meeting;

/// Everything that happened, line by line, each with the hash of the one before; `hoian doctor record` checks it anywhere
/// (`server/src/conference/RECORD.md`). For chair, secretary, and the administrator of the agency that called the meeting.
#[utoipa::path(
    get, path = "/meetings/{id}/record", tag = "meetings", params(("id" = String, Path)),
    responses(
        (status = OK, content_type = "application/x-ndjson", body = String),
        (status = FORBIDDEN, body = problem::Body),
        (status = NOT_FOUND, body = problem::Body),
    )
)]
pub(super) async fn export(
    State(app): State<App>,
    person: Person,
    Path(id): Path<MeetingId>,
) -> Result<Response, Problem> {
    let row = readable(&app, &person, id).await?;
    let file = export::exported(app.store.read(), &row.id, app.clock.now()).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"ho-so-cuoc-hop.jsonl\"",
        ),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, file).into_response())
}

/// A meeting whose record, and the recordings that are part of it, the caller may have.
///
/// # Errors
/// 404 for whoever has nothing to do with it, 403 for who may not.
pub(super) async fn readable(app: &App, person: &Person, id: MeetingId) -> Result<meeting::Model, Problem> {
    let reader = app.store.read();
    let row = meeting::Entity::find_by_id(id).one(reader).await?;
    let row = row.ok_or_else(Problem::not_found)?;
    let role = role_in(reader, &row, Some(person), None).await?;
    if may_export(role, &person.held(), &row.agency_id) {
        return Ok(row);
    }
    Err(match role {
        Some(_) => Problem::forbidden(),
        None => Problem::not_found(),
    })
}
