//! The steps of a case file, one POST each; each answers the file as it stands afterwards.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::{self, Detail};
use crate::api::body::{Json, Path};
use crate::api::problem::{self, Problem};
use crate::api::session::Person;
use crate::custody::filing;
use crate::domain::case_file::{CaseFileId, Entry, Retention};
use crate::domain::dispatch::DispatchId;
use crate::domain::document::DocumentId;
use crate::domain::id::{AgencyId, PersonId};
use crate::parts::App;

/// A file to be added to the list of a year.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewCaseFile {
    agency_id: AgencyId,
    year: i32,
    /// Số và ký hiệu hồ sơ, up to 30 characters.
    code: String,
    /// Up to 500 characters.
    title: String,
    /// Years that it is kept after it is closed; empty for ever.
    retention_years: Option<i16>,
    /// Who keeps it.
    keeper_id: PersonId,
    #[serde(default)]
    note: String,
}

/// Adds a file to the list (danh mục hồ sơ).
#[utoipa::path(
    post, path = "/case-files", tag = "case files", request_body = NewCaseFile,
    responses(
        (status = CREATED, body = Detail),
        (status = FORBIDDEN, body = problem::Body),
        (status = CONFLICT, description = "The year has a file with this code.", body = problem::Body),
        (status = UNPROCESSABLE_ENTITY, body = problem::Body)
    )
)]
pub(super) async fn plan(
    State(app): State<App>,
    person: Person,
    Json(said): Json<NewCaseFile>,
) -> Result<(StatusCode, Json<Detail>), Problem> {
    let entry = entry(said.code, said.title, said.retention_years, said.note)?;
    let id = app
        .custody
        .plan_file(
            &(&person).into(),
            &said.agency_id,
            said.year,
            &said.keeper_id,
            entry,
        )
        .await?;
    Ok((StatusCode::CREATED, view::detail(&app, &person, &id).await?))
}

/// What the list says of a file.
#[derive(Deserialize, ToSchema)]
#[schema(as = CaseFileAmendment)]
pub(super) struct Amendment {
    /// Up to 500 characters.
    title: String,
    /// Years that it is kept after it is closed; empty for ever.
    retention_years: Option<i16>,
    keeper_id: PersonId,
    #[serde(default)]
    note: String,
}

/// Changes title, retention, keeper and note; the code stays.
#[utoipa::path(
    post, path = "/case-files/{id}/amendment", tag = "case files", params(("id" = String, Path)),
    request_body = Amendment,
    responses(
        (status = OK, body = Detail),
        (status = CONFLICT, body = problem::Body),
        (status = UNPROCESSABLE_ENTITY, body = problem::Body)
    )
)]
pub(super) async fn amend(
    State(app): State<App>,
    person: Person,
    Path(id): Path<CaseFileId>,
    Json(said): Json<Amendment>,
) -> Result<Json<Detail>, Problem> {
    let entry = entry(String::new(), said.title, said.retention_years, said.note)?;
    app.custody
        .amend_file(&(&person).into(), &id, &said.keeper_id, entry)
        .await?;
    view::detail(&app, &person, &id).await
}

/// Opens a file of the list (mở hồ sơ).
#[utoipa::path(
    post, path = "/case-files/{id}/opening", tag = "case files", params(("id" = String, Path)),
    responses((status = OK, body = Detail), (status = CONFLICT, body = problem::Body))
)]
pub(super) async fn open(
    State(app): State<App>,
    person: Person,
    Path(id): Path<CaseFileId>,
) -> Result<Json<Detail>, Problem> {
    app.custody.open_file(&(&person).into(), &id).await?;
    view::detail(&app, &person, &id).await
}

/// A paper to be put in: a document of the agency, or one that came to it.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewCasePaper)]
pub(super) struct Put {
    document_id: Option<DocumentId>,
    dispatch_id: Option<DispatchId>,
    /// Up to 500 characters.
    #[serde(default)]
    note: String,
}

/// Puts a paper into an open file.
#[utoipa::path(
    post, path = "/case-files/{id}/papers", tag = "case files", params(("id" = String, Path)), request_body = Put,
    responses(
        (status = OK, body = Detail),
        (status = CONFLICT, description = "It is in already, or the file is not open.", body = problem::Body),
        (status = UNPROCESSABLE_ENTITY, description = "Neither issued by the agency nor taken in.", body = problem::Body)
    )
)]
pub(super) async fn put(
    State(app): State<App>,
    person: Person,
    Path(id): Path<CaseFileId>,
    Json(said): Json<Put>,
) -> Result<Json<Detail>, Problem> {
    let paper = match (said.document_id, said.dispatch_id) {
        (Some(document), None) => filing::Paper::Outgoing(document),
        (None, Some(dispatch)) => filing::Paper::Incoming(dispatch),
        _ => {
            return Err(Problem::malformed(
                "Xin chọn một văn bản đi hoặc một văn bản đến.",
                "Name one document or one dispatch.",
            ));
        }
    };
    app.custody
        .put_paper(&(&person).into(), &id, &paper, &said.note)
        .await?;
    view::detail(&app, &person, &id).await
}

/// Why.
#[derive(Deserialize, ToSchema)]
#[schema(as = CaseFileReason)]
pub(super) struct Reason {
    /// Up to 2,000 characters.
    reason: String,
}

/// Takes a paper out of an open file, with a reason.
#[utoipa::path(
    post, path = "/case-files/{id}/papers/{document}/removal", tag = "case files",
    params(("id" = String, Path), ("document" = String, Path)), request_body = Reason,
    responses((status = OK, body = Detail), (status = CONFLICT, body = problem::Body))
)]
pub(super) async fn take_out(
    State(app): State<App>,
    person: Person,
    Path((id, document)): Path<(CaseFileId, DocumentId)>,
    Json(said): Json<Reason>,
) -> Result<Json<Detail>, Problem> {
    app.custody
        .take_out_paper(&(&person).into(), &id, &document, &limited(said)?)
        .await?;
    view::detail(&app, &person, &id).await
}

/// Closes a file (kết thúc hồ sơ).
#[utoipa::path(
    post, path = "/case-files/{id}/closure", tag = "case files", params(("id" = String, Path)),
    responses((status = OK, body = Detail), (status = CONFLICT, description = "Not open, or empty.", body = problem::Body))
)]
pub(super) async fn close(
    State(app): State<App>,
    person: Person,
    Path(id): Path<CaseFileId>,
) -> Result<Json<Detail>, Problem> {
    app.custody.close_file(&(&person).into(), &id).await?;
    view::detail(&app, &person, &id).await
}

/// Opens a closed file again, with a reason.
#[utoipa::path(
    post, path = "/case-files/{id}/reopening", tag = "case files", params(("id" = String, Path)), request_body = Reason,
    responses((status = OK, body = Detail), (status = CONFLICT, body = problem::Body))
)]
pub(super) async fn reopen(
    State(app): State<App>,
    person: Person,
    Path(id): Path<CaseFileId>,
    Json(said): Json<Reason>,
) -> Result<Json<Detail>, Problem> {
    app.custody
        .reopen_file(&(&person).into(), &id, &limited(said)?)
        .await?;
    view::detail(&app, &person, &id).await
}

fn entry(
    code: String,
    title: String,
    retention_years: Option<i16>,
    note: String,
) -> Result<Entry, crate::custody::Error> {
    Ok(Entry {
        code,
        title,
        retention: Retention::of(retention_years)?,
        note,
    })
}

fn limited(Reason { reason }: Reason) -> Result<String, Problem> {
    match reason.chars().count() > LONGEST_REASON {
        true => Err(Problem::malformed(
            "Lý do dài quá 2.000 ký tự.",
            "The reason is longer than 2,000 characters.",
        )),
        false => Ok(reason),
    }
}

const LONGEST_REASON: usize = 2000;
