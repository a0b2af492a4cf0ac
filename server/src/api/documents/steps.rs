//! The steps of a document, one POST each; each answers the document as it stands afterwards.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use hoian_signer::pdf::place::{Place, Rect};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::view::{self, Detail, PlaceView};
use crate::api::body::{Json, Path, Query};
use crate::api::problem::{self, Problem};
use crate::api::session::Person;
use crate::custody::Outcome;
use crate::domain::document::DocumentId;
use crate::domain::id::AgencyId;
use crate::parts::App;

/// Gives a draft to its signer (trình ký).
#[utoipa::path(
    post, path = "/documents/{id}/submission", tag = "documents", params(("id" = String, Path)),
    responses((status = OK, body = Detail), (status = CONFLICT, body = problem::Body))
)]
pub(super) async fn submit(
    State(app): State<App>,
    person: Person,
    Path(id): Path<DocumentId>,
) -> Result<Response, Problem> {
    app.custody.submit(&(&person).into(), &id).await?;
    after(&app, &person, &id, Outcome::Stored).await
}

/// A reason in words.
#[derive(Deserialize, ToSchema)]
pub(super) struct Reason {
    reason: String,
}

/// Gives a submitted document back to its drafter (trả lại).
#[utoipa::path(
    post, path = "/documents/{id}/return", tag = "documents", params(("id" = String, Path)), request_body = Reason,
    responses((status = OK, body = Detail), (status = CONFLICT, body = problem::Body))
)]
pub(super) async fn give_back(
    State(app): State<App>,
    person: Person,
    Path(id): Path<DocumentId>,
    Json(Reason { reason }): Json<Reason>,
) -> Result<Response, Problem> {
    app.custody.give_back(&(&person).into(), &id, &reason).await?;
    after(&app, &person, &id, Outcome::Stored).await
}

/// The leader's signature.
#[derive(Deserialize, ToSchema)]
pub(super) struct Signature {
    pin: String,
    /// Where the signer put it by hand; without it, between position and name.
    place: Option<PlaceView>,
}

/// Signs as the competent person (ký số): PAdES B-T, in blue.
#[utoipa::path(
    post, path = "/documents/{id}/signature", tag = "documents", params(("id" = String, Path)),
    request_body = Signature,
    responses(
        (status = OK, body = Detail),
        (status = ACCEPTED, description = "Signed; waits for its time-stamp.", body = Detail),
        (status = FORBIDDEN, description = "Not the signer, or a wrong PIN (`tries_left`).", body = problem::Body),
        (status = LOCKED, description = "The key is locked.", body = problem::Body),
        (status = CONFLICT, body = problem::Body)
    )
)]
pub(super) async fn sign(
    State(app): State<App>,
    person: Person,
    Path(id): Path<DocumentId>,
    Json(Signature { pin, place: wish }): Json<Signature>,
) -> Result<Response, Problem> {
    let wish = wish.map(place);
    let outcome = app.custody.sign(&(&person).into(), &id, &pin, wish).await?;
    after(&app, &person, &id, outcome).await
}

/// Which number.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Number {
    /// One that was kept aside for this kind; without it, the one that follows.
    reservation: Option<String>,
}

/// Gives number and date (cấp số).
#[utoipa::path(
    post, path = "/documents/{id}/number", tag = "documents", params(("id" = String, Path), Number),
    responses((status = OK, body = Detail), (status = CONFLICT, body = problem::Body))
)]
pub(super) async fn number(
    State(app): State<App>,
    person: Person,
    Path(id): Path<DocumentId>,
    Query(Number { reservation }): Query<Number>,
) -> Result<Response, Problem> {
    app.custody
        .number(&(&person).into(), &id, reservation.as_deref())
        .await?;
    after(&app, &person, &id, Outcome::Stored).await
}

/// The agency's signature.
#[derive(Deserialize, ToSchema)]
pub(super) struct Seal {
    /// Of the agency's key.
    pin: String,
}

/// Signs with the agency's key (đóng dấu số): PAdES B-T, in red.
#[utoipa::path(
    post, path = "/documents/{id}/seal", tag = "documents", params(("id" = String, Path)), request_body = Seal,
    responses(
        (status = OK, body = Detail),
        (status = ACCEPTED, description = "Sealed; waits for its time-stamp.", body = Detail),
        (status = FORBIDDEN, description = "Not a clerk, or a wrong PIN (`tries_left`).", body = problem::Body),
        (status = LOCKED, description = "The key is locked.", body = problem::Body),
        (status = CONFLICT, body = problem::Body)
    )
)]
pub(super) async fn seal(
    State(app): State<App>,
    person: Person,
    Path(id): Path<DocumentId>,
    Json(Seal { pin }): Json<Seal>,
) -> Result<Response, Problem> {
    let outcome = app.custody.seal(&(&person).into(), &id, &pin).await?;
    after(&app, &person, &id, outcome).await
}

/// Who receives it.
#[derive(Deserialize, ToSchema)]
pub(super) struct Issue {
    receivers: BTreeSet<AgencyId>,
}

/// Issues a sealed document (phát hành); a receiver that has it already gets nothing new.
#[utoipa::path(
    post, path = "/documents/{id}/issue", tag = "documents", params(("id" = String, Path)), request_body = Issue,
    responses(
        (status = OK, body = Detail),
        (status = CONFLICT, body = problem::Body),
        (status = UNPROCESSABLE_ENTITY, description = "Unknown receivers.", body = problem::Body)
    )
)]
pub(super) async fn issue(
    State(app): State<App>,
    person: Person,
    Path(id): Path<DocumentId>,
    Json(Issue { receivers }): Json<Issue>,
) -> Result<Response, Problem> {
    app.custody.issue(&(&person).into(), &id, &receivers).await?;
    after(&app, &person, &id, Outcome::Stored).await
}

/// Recalls an issued document (thu hồi): frozen here, and every receiver that holds it is asked for it (13).
#[utoipa::path(
    post, path = "/documents/{id}/recall", tag = "documents", params(("id" = String, Path)), request_body = Reason,
    responses((status = OK, body = Detail), (status = CONFLICT, body = problem::Body))
)]
pub(super) async fn recall(
    State(app): State<App>,
    person: Person,
    Path(id): Path<DocumentId>,
    Json(Reason { reason }): Json<Reason>,
) -> Result<Response, Problem> {
    app.custody.recall(&(&person).into(), &id, &reason).await?;
    after(&app, &person, &id, Outcome::Stored).await
}

/// Where a person put something by hand.
pub(in crate::api) fn place(shown: PlaceView) -> Place {
    let PlaceView {
        page,
        x,
        y,
        width,
        height,
    } = shown;
    Place {
        page,
        rect: Rect { x, y, width, height },
    }
}

/// The document as it stands; 202 while a signature waits for its time-stamp.
pub(in crate::api) async fn after(
    app: &App,
    person: &Person,
    id: &DocumentId,
    outcome: Outcome,
) -> Result<Response, Problem> {
    let (row, _) = app.custody.document(&person.into(), id).await?;
    let detail = Json(view::detail(app, person, row).await?);
    Ok(match outcome {
        Outcome::Stored => detail.into_response(),
        Outcome::Waiting => {
            let location = [(header::LOCATION, format!("/api/v1/documents/{id}"))];
            (StatusCode::ACCEPTED, location, detail).into_response()
        }
    })
}
