//! `POST /documents`: a file and what the drafter says of it.

use axum::extract::State;
use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::ToSchema;

use super::said::{Mends, Said, missing};
use super::view;
use crate::api::body::{FormData, Json, Path};
use crate::api::problem::{self, Problem};
use crate::api::session::Person;
use crate::custody::draft::Description;
use crate::custody::initials::Reviewers;
use crate::domain::document::DocumentId;
use crate::domain::document_metadata::Metadata;
use crate::domain::id::PersonId;
use crate::domain::numbering::{self, Kind};
use crate::parts::App;
use crate::render::{self, Sample};
use crate::store::blob::{self, Stored};

/// The form.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "describes the form in the OpenAPI document; the handler reads it part by part"
)]
pub(super) struct Form {
    /// The PDF.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// Trích yếu, up to 500 characters.
    subject: String,
    /// A code such as `KH`.
    kind: String,
    /// 0 thường, 1 khẩn, 2 thượng khẩn, 3 hỏa tốc. Default 0.
    urgency: Option<i16>,
    signer_id: String,
    /// Who signs second, where two do.
    cosigner_id: Option<String>,
    /// The dispatch that this document answers.
    reply_to: Option<String>,
    /// Who answers for the content, and for the form.
    content_reviewer_id: Option<String>,
    form_reviewer_id: Option<String>,
    /// The paper that this one corrects or replaces, as JSON.
    #[schema(value_type = Option<Mends>)]
    mends: Option<String>,
    /// [`Metadata`] as JSON.
    #[schema(value_type = Option<Metadata>)]
    metadata: Option<String>,
}

/// Makes a draft of an uploaded PDF.
#[utoipa::path(
    post, path = "/documents", tag = "documents",
    request_body(content = Form, content_type = "multipart/form-data"),
    responses(
        (status = CREATED, body = view::Detail),
        (status = PAYLOAD_TOO_LARGE, body = problem::Body),
        (status = UNSUPPORTED_MEDIA_TYPE, description = "Not a PDF.", body = problem::Body),
        (status = UNPROCESSABLE_ENTITY, description = "Broken, encrypted, signed, or a state secret.", body = problem::Body)
    )
)]
pub(super) async fn create(
    State(app): State<App>,
    person: Person,
    FormData(mut form): FormData,
) -> Result<Response, Problem> {
    let (file, said) = read(&app, &mut form).await?;
    let file = file.ok_or_else(|| missing("file"))?;
    let id = app
        .custody
        .draft(&(&person).into(), said.description(None)?, &file)
        .await?;
    created(&app, &person, &id).await
}

/// Replaces what is said of a draft, and its file where one comes along.
#[utoipa::path(
    post, path = "/documents/{id}/revision", tag = "documents", params(("id" = String, Path)),
    request_body(content = Form, content_type = "multipart/form-data"),
    responses(
        (status = OK, body = view::Detail),
        (status = CONFLICT, description = "No draft any more.", body = problem::Body),
        (status = UNPROCESSABLE_ENTITY, description = "Broken, encrypted, signed, or a state secret.", body = problem::Body)
    )
)]
pub(super) async fn revise(
    State(app): State<App>,
    person: Person,
    Path(id): Path<DocumentId>,
    FormData(mut form): FormData,
) -> Result<Json<view::Detail>, Problem> {
    app.custody.document(&(&person).into(), &id).await?;
    let (file, said) = read(&app, &mut form).await?;
    app.custody
        .revise(&(&person).into(), &id, said.description(None)?, file.as_ref())
        .await?;
    view::now(&app, &person, &id).await
}

/// The parts of the form; unknown ones are passed over.
async fn read(app: &App, form: &mut Multipart) -> Result<(Option<Stored>, Said), Problem> {
    let mut file = None;
    let mut said = Said::default();
    while let Some(field) = form.next_field().await? {
        match field.name().unwrap_or_default() {
            "file" => file = Some(store(app, field).await?),
            "subject" => said.subject = text(field).await?,
            "kind" => said.kind = text(field).await?,
            "urgency" => said.urgency = text(field).await?.parse().map_err(|_| missing("urgency"))?,
            "signer_id" => said.signer_id = text(field).await?,
            "cosigner_id" => said.cosigner_id = Some(text(field).await?),
            "content_reviewer_id" => said.content_reviewer_id = Some(text(field).await?),
            "form_reviewer_id" => said.form_reviewer_id = Some(text(field).await?),
            "mends" => {
                said.mends = serde_json::from_str(&text(field).await?).map_err(|_| missing("mends"))?;
            }
            "reply_to" => said.reply_to = Some(text(field).await?),
            "metadata" => {
                said.metadata = serde_json::from_str(&text(field).await?).map_err(|_| missing("metadata"))?;
            }
            _ => {}
        }
    }
    Ok((file, said))
}

/// Whom the sample is for.
#[derive(Deserialize, ToSchema)]
#[schema(as = SampleWanted)]
pub(super) struct Wanted {
    signer_id: PersonId,
}

/// Typesets the sample paper, an illustration without effect, as a draft for this signer.
#[utoipa::path(
    post, path = "/documents/sample", tag = "documents", request_body = Wanted,
    responses((status = CREATED, body = view::Detail), (status = NOT_FOUND, body = problem::Body))
)]
pub(super) async fn sample(
    State(app): State<App>,
    person: Person,
    Json(Wanted { signer_id }): Json<Wanted>,
) -> Result<Response, Problem> {
    let (agency, signer, position) = app.custody.signer(&(&person).into(), &signer_id).await?;
    let now = app.clock.now_utc();
    let mut plan = Sample::Reform.paper(numbering::local_date(now).year())?;
    plan.signature.position = position;
    plan.signature.full_name = signer.full_name;
    plan.symbol = format!("KH-{}", agency.symbol);
    plan.place = agency.place;
    let subject = plan.subject.clone();
    let paper = app.typesetter.official(plan, now).await?;
    let stored = app.store.blobs().put(paper.pdf).await?;
    let kind = Kind::from_code("KH").ok_or_else(|| missing("kind"))?;
    let description = Description {
        subject,
        kind,
        urgency: 0,
        signer: signer_id,
        cosigner: None,
        reply_to: None,
        metadata: Metadata::default(),
        body: None,
        reviewers: Reviewers::default(),
        mends: None,
        blanks: None,
    };
    let id = app.custody.draft(&(&person).into(), description, &stored).await?;
    created(&app, &person, &id).await
}

/// 201 with the new document.
pub(super) async fn created(app: &App, person: &Person, id: &DocumentId) -> Result<Response, Problem> {
    let (row, _) = app.custody.document(&person.into(), id).await?;
    let location = [(header::LOCATION, format!("/api/v1/documents/{id}"))];
    Ok((
        StatusCode::CREATED,
        location,
        Json(view::detail(app, person, row).await?),
    )
        .into_response())
}

/// No text of a form is longer, in bytes.
const LONGEST_TEXT: usize = 32 * 1024;

pub(in crate::api) async fn store(app: &App, mut field: Field<'_>) -> Result<Stored, Problem> {
    let limit = app.config.http.upload_limit_bytes;
    let stored = app.store.blobs().put_stream(&mut field, limit).await;
    if let Err(blob::Error::TooLong { .. }) = &stored {
        drain(field, limit).await;
    }
    Ok(stored?)
}

/// Reads on for a while after a refusal: a browser that is cut off while sending shows a broken connection, never the
/// sentence that says why.
pub(in crate::api) async fn drain(mut field: Field<'_>, limit_bytes: u64) {
    let mut read = 0;
    while let Ok(Some(chunk)) = field.chunk().await {
        read += chunk.len() as u64;
        if read > limit_bytes {
            break;
        }
    }
}

/// A short text of a form.
pub(in crate::api) async fn text(mut field: Field<'_>) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > LONGEST_TEXT {
            return Err(Problem::malformed(
                "Nội dung nhập quá dài.",
                "A text of the form is too long.",
            ));
        }
    }
    String::from_utf8(bytes).map_err(|_| Problem::malformed("Nội dung nhập không phải UTF-8.", "Not UTF-8."))
}

impl From<MultipartError> for Problem {
    fn from(error: MultipartError) -> Self {
        Self::malformed(
            "Tệp gửi lên bị ngắt giữa chừng hoặc sai định dạng.",
            error.body_text(),
        )
    }
}

impl From<render::Error> for Problem {
    fn from(error: render::Error) -> Self {
        match error {
            render::Error::Refused(sentence) => {
                Self::malformed(sentence, "The paper's words break a rule of layout.")
            }
            render::Error::Busy => crate::custody::Error::Busy.into(),
            render::Error::Template(_) => Self::internal(&error),
        }
    }
}
