//! `/documents/{id}/desktop-requests`, `/signature-requests/files/{word}`: the state's desktop tool, which fetches a file by its
//! address and sends it back signed.

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::{FormData, Json, Path};
use super::documents::{missing, place, store};
use super::origin;
use super::problem::{self, Problem};
use super::session::Person;
use super::signature_requests::{SignatureWish, session};
use crate::clock::Timestamp;
use crate::custody::Outcome;
use crate::custody::elsewhere::Asked;
use crate::domain::document::DocumentId;
use crate::parts::App;

pub(super) fn routes() -> OpenApiRouter<App> {
    // The file has a limit of its own; the limit of JSON bodies would cut it off.
    let files = OpenApiRouter::new()
        .routes(routes!(fetch, take))
        .layer(DefaultBodyLimit::disable());
    OpenApiRouter::new()
        .merge(files)
        .routes(routes!(ask))
        .routes(routes!(ask_to_enrol))
}

/// A request that the state's desktop tool answers.
#[derive(Serialize, ToSchema)]
struct DesktopRequest {
    id: String,
    /// Where the tool fetches the file, and sends it back: its `FileName` and `FileUploadHandler`.
    address: String,
    expires_at: Timestamp,
}

impl DesktopRequest {
    fn of(app: &App, headers: &HeaderMap, asked: Asked) -> Self {
        let origin = origin::own(app, headers);
        Self {
            address: format!("{origin}/api/v1/signature-requests/files/{}", *asked.word),
            id: asked.id,
            expires_at: asked.expires_at,
        }
    }
}

/// Prepares the document for the state's desktop tool, by which I sign it; an earlier request of mine is over then.
#[utoipa::path(
    post, path = "/documents/{id}/desktop-requests", tag = "documents", params(("id" = String, Path)),
    request_body = SignatureWish,
    responses(
        (status = CREATED, body = DesktopRequest),
        (status = FORBIDDEN, description = "Not the signer.", body = problem::Body),
        (status = CONFLICT, description = "`no-tool`, `key-here`, and as for signing.", body = problem::Body)
    )
)]
async fn ask(
    State(app): State<App>,
    headers: HeaderMap,
    person: Person,
    Path(id): Path<DocumentId>,
    Json(SignatureWish { place: wish }): Json<SignatureWish>,
) -> Result<Response, Problem> {
    let session = session(&app, &headers);
    let asked = app
        .custody
        .hand_out(&(&person).into(), &session, &id, wish.map(place))
        .await?;
    let request = DesktopRequest::of(&app, &headers, asked);
    Ok((StatusCode::CREATED, Json(request)).into_response())
}

/// Prepares a sentence for the state's desktop tool: the key that signs it is enrolled as mine.
#[utoipa::path(
    post, path = "/session/signing-key/desktop-requests", tag = "session",
    responses(
        (status = CREATED, body = DesktopRequest),
        (status = UNAUTHORIZED, body = problem::Body),
        (status = CONFLICT, description = "`no-tool`", body = problem::Body)
    )
)]
async fn ask_to_enrol(
    State(app): State<App>,
    headers: HeaderMap,
    person: Person,
) -> Result<Response, Problem> {
    let session = session(&app, &headers);
    let asked = app
        .custody
        .hand_out_statement(&(&person).into(), &session, &person.full_name)
        .await?;
    let request = DesktopRequest::of(&app, &headers, asked);
    Ok((StatusCode::CREATED, Json(request)).into_response())
}

/// Hands the file out that is to be signed: once, to whoever has the word.
#[utoipa::path(
    get, path = "/signature-requests/files/{word}", tag = "documents", params(("word" = String, Path)),
    responses(
        (status = OK, content_type = "application/pdf", body = Vec<u8>),
        (status = GONE, description = "`signature-request-over`", body = problem::Body)
    )
)]
async fn fetch(State(app): State<App>, Path(word): Path<String>) -> Result<Response, Problem> {
    let file = app.custody.handed_file(&word).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/pdf"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"van-ban.pdf\"",
        ),
    ];
    Ok((headers, Body::from(file)).into_response())
}

/// The file, signed.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "describes the form in the OpenAPI document; the handler reads it"
)]
struct SignedFile {
    /// The PDF.
    #[schema(value_type = String, format = Binary)]
    uploadfile: Vec<u8>,
}

/// What the tool is told, in its own words.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct ToolAnswer {
    /// 0: taken.
    status: i32,
    /// In Vietnamese, for its user.
    message: String,
    file_name: String,
    file_server: String,
}

impl ToolAnswer {
    fn refused(problem: &Problem) -> Json<Self> {
        Json(Self {
            status: 1,
            message: problem.title.vi.to_string(),
            file_name: String::new(),
            file_server: String::new(),
        })
    }
}

/// Takes the file back, signed: once. It is refused unless it is the one that was handed out with one signature more, by my
/// enrolled certificate.
#[utoipa::path(
    post, path = "/signature-requests/files/{word}", tag = "documents", params(("word" = String, Path)),
    request_body(content = SignedFile, content_type = "multipart/form-data"),
    responses(
        (status = OK, description = "`Status` says whether it was taken.", body = ToolAnswer),
        (status = GONE, description = "`signature-request-over`", body = problem::Body)
    )
)]
async fn take(
    State(app): State<App>,
    Path(word): Path<String>,
    FormData(mut form): FormData,
) -> Result<Json<ToolAnswer>, Problem> {
    app.custody.awaits_file(&word).await?;
    let mut file = None;
    while let Some(field) = form.next_field().await? {
        if field.name() == Some("uploadfile") {
            file = Some(store(&app, field).await?);
        }
    }
    let Some(file) = file else {
        return Err(missing("uploadfile"));
    };
    let file = app.store.blobs().get(&file.sha256).await?;
    match app.custody.take_signed(&word, file).await {
        Ok(Outcome::Stored | Outcome::Waiting) => Ok(Json(ToolAnswer {
            status: 0,
            message: String::new(),
            file_name: "van-ban.pdf".to_owned(),
            file_server: "van-ban.pdf".to_owned(),
        })),
        Err(error) => Ok(ToolAnswer::refused(&error.into())),
    }
}
