//! Appendices of a document in files of their own.

use axum::extract::State;
use axum::response::Response;
use utoipa::ToSchema;

use super::content::Wanted;
use super::said::missing;
use super::upload::{store, text};
use super::view::{self, Detail};
use crate::api::body::{FormData, Json, Path, Query};
use crate::api::problem::{self, Problem};
use crate::api::session::Person;
use crate::domain::document::DocumentId;
use crate::parts::App;

/// The form.
#[derive(ToSchema)]
#[schema(as = AppendixForm)]
#[expect(
    dead_code,
    reason = "describes the form in the OpenAPI document; the handler reads it part by part"
)]
pub(super) struct Form {
    title: String,
    /// The PDF.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Adds an appendix to a draft: a PDF that the agency will sign and issue with the main paper.
#[utoipa::path(
    post, path = "/documents/{id}/appendices", tag = "documents", params(("id" = String, Path)),
    request_body(content = Form, content_type = "multipart/form-data"),
    responses(
        (status = OK, body = Detail),
        (status = CONFLICT, description = "No draft any more.", body = problem::Body),
        (status = UNPROCESSABLE_ENTITY, description = "Broken, encrypted, signed, or a state secret.", body = problem::Body)
    )
)]
pub(super) async fn add(
    State(app): State<App>,
    person: Person,
    Path(id): Path<DocumentId>,
    FormData(mut form): FormData,
) -> Result<Json<Detail>, Problem> {
    app.custody.document(&(&person).into(), &id).await?;
    let (mut file, mut title) = (None, String::new());
    while let Some(field) = form.next_field().await? {
        match field.name().unwrap_or_default() {
            "file" => file = Some(store(&app, field).await?),
            "title" => title = text(field).await?,
            _ => {}
        }
    }
    let file = file.ok_or_else(|| missing("file"))?;
    app.custody
        .add_appendix(&(&person).into(), &id, &title, &file)
        .await?;
    view::now(&app, &person, &id).await
}

/// Takes an appendix out of a draft.
#[utoipa::path(
    post, path = "/documents/{id}/appendices/{number}/removal", tag = "documents",
    params(("id" = String, Path), ("number" = i32, Path)),
    responses((status = OK, body = Detail), (status = CONFLICT, body = problem::Body))
)]
pub(super) async fn remove(
    State(app): State<App>,
    person: Person,
    Path((id, number)): Path<(DocumentId, i32)>,
) -> Result<Json<Detail>, Problem> {
    app.custody
        .remove_appendix(&(&person).into(), &id, number)
        .await?;
    view::now(&app, &person, &id).await
}

/// An appendix's PDF: with the agency's signature, once it is there.
#[utoipa::path(
    get, path = "/documents/{id}/appendices/{number}/content", tag = "documents",
    params(("id" = String, Path), ("number" = i32, Path), Wanted),
    responses(
        (status = OK, content_type = "application/pdf", body = Vec<u8>),
        (status = NOT_FOUND, body = problem::Body)
    )
)]
pub(super) async fn content(
    State(app): State<App>,
    person: Person,
    Path((id, number)): Path<(DocumentId, i32)>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    app.custody.document(&(&person).into(), &id).await?;
    send(&app, &id, number, &wanted).await
}

/// The bytes of one appendix.
pub(super) async fn send(
    app: &App,
    id: &DocumentId,
    number: i32,
    wanted: &Wanted,
) -> Result<Response, Problem> {
    let all = app.custody.appendices(id).await?;
    let row = all.into_iter().find(|row| row.number == number);
    let row = row.ok_or_else(Problem::not_found)?;
    let size = row.sealed_size_bytes.unwrap_or(row.size_bytes);
    wanted
        .send(app, row.sealed.as_ref().unwrap_or(&row.draft), size)
        .await
}
