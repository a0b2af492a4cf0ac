//! Issuing to receivers outside this system.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::{self, Detail};
use crate::api::body::{Json, Path};
use crate::api::problem::{self, Problem};
use crate::api::session::Person;
use crate::domain::document::DocumentId;
use crate::domain::outside::{Sending, Way};
use crate::parts::App;

/// Receivers outside.
#[derive(Deserialize, ToSchema)]
#[schema(as = OutsideIssue)]
pub(super) struct Issue {
    /// At most 200.
    sendings: Vec<Wanted>,
}

/// One receiver outside.
#[derive(Deserialize, ToSchema)]
#[schema(as = OutsideReceiver)]
struct Wanted {
    way: Way,
    receiver: String,
    /// Where mail or post brings it.
    #[serde(default)]
    address: String,
    /// How many on paper. Default 1.
    copies: Option<i32>,
}

/// Issues a sealed document to receivers outside: by mail, by post on paper, or as a package that is handed over.
#[utoipa::path(
    post, path = "/documents/{id}/outside", tag = "documents", params(("id" = String, Path)), request_body = Issue,
    responses(
        (status = OK, body = Detail),
        (status = CONFLICT, body = problem::Body),
        (status = UNPROCESSABLE_ENTITY, description = "A name or address is missing.", body = problem::Body)
    )
)]
pub(super) async fn issue(
    State(app): State<App>,
    person: Person,
    Path(id): Path<DocumentId>,
    Json(Issue { sendings }): Json<Issue>,
) -> Result<Json<Detail>, Problem> {
    let sendings = sendings.into_iter().map(|one| Sending {
        way: one.way,
        receiver: one.receiver,
        address: one.address,
        copies: one.copies.unwrap_or(1),
    });
    app.custody
        .issue_outside(&(&person).into(), &id, sendings.collect())
        .await?;
    view::now(&app, &person, &id).await
}

/// The postal service's code.
#[derive(Deserialize, ToSchema)]
pub(super) struct Tracking {
    tracking_code: String,
}

/// Notes the postal service's code of a sending.
#[utoipa::path(
    post, path = "/documents/{id}/outside/{sending}/tracking", tag = "documents",
    params(("id" = String, Path), ("sending" = String, Path)), request_body = Tracking,
    responses((status = OK, body = Detail), (status = FORBIDDEN, body = problem::Body))
)]
pub(super) async fn track(
    State(app): State<App>,
    person: Person,
    Path((id, sending)): Path<(DocumentId, String)>,
    Json(Tracking { tracking_code }): Json<Tracking>,
) -> Result<Json<Detail>, Problem> {
    app.custody
        .track(&(&person).into(), &id, &sending, &tracking_code)
        .await?;
    view::now(&app, &person, &id).await
}

/// Where a letter goes instead.
#[derive(Deserialize, ToSchema)]
pub(super) struct MailAddress {
    address: String,
}

/// Sends a letter that the mail server refused to another address.
#[utoipa::path(
    post, path = "/documents/{id}/outside/{sending}/address", tag = "documents",
    params(("id" = String, Path), ("sending" = String, Path)), request_body = MailAddress,
    responses((status = OK, body = Detail), (status = CONFLICT, description = "It was not refused.", body = problem::Body))
)]
pub(super) async fn readdress(
    State(app): State<App>,
    person: Person,
    Path((id, sending)): Path<(DocumentId, String)>,
    Json(MailAddress { address }): Json<MailAddress>,
) -> Result<Json<Detail>, Problem> {
    app.custody
        .readdress(&(&person).into(), &id, &sending, &address)
        .await?;
    view::now(&app, &person, &id).await
}

/// The package of a sealed document: its files, its metadata, the verification report, in one ZIP.
#[utoipa::path(
    get, path = "/documents/{id}/package", tag = "documents", params(("id" = String, Path)),
    responses(
        (status = OK, content_type = "application/zip", body = Vec<u8>),
        (status = NOT_FOUND, description = "Not sealed yet.", body = problem::Body)
    )
)]
pub(super) async fn package(
    State(app): State<App>,
    person: Person,
    Path(id): Path<DocumentId>,
) -> Result<Response, Problem> {
    let package = app.custody.package(&(&person).into(), &id).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/zip"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"van-ban.zip\"",
        ),
    ];
    Ok((headers, package).into_response())
}
