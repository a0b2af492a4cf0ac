//! `/verifications`: anyone checks a file; it is in memory while it is judged and is never stored.

use std::time::Duration;

use axum::extract::multipart::{Field, Multipart};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use hoian_signer::report::Language;
use hoian_signer::validate::{Problem as Cause, Report, Verdict};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::{FormData, Json};
use super::documents::drain;
use super::headers::bearer;
use super::problem::{self, Problem};
use crate::accounts::api_key;
use crate::clock::Timestamp;
use crate::custody::arrival::verdict_name;
use crate::parts::App;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create))
        .layer(DefaultBodyLimit::disable())
}

/// The form.
#[derive(ToSchema)]
#[schema(as = VerificationForm)]
#[expect(
    dead_code,
    reason = "describes the form in the OpenAPI document; the handler reads it part by part"
)]
struct Form {
    /// The PDF.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// What was found.
#[derive(Serialize, ToSchema)]
struct Verification {
    /// As in the signer command's contract.
    #[schema(example = "TOTAL-PASSED")]
    verdict: String,
    /// The verdict in one Vietnamese sentence.
    sentence: String,
    sentence_en: String,
    /// The report of the validator, as in the signer command's contract.
    #[schema(value_type = Object)]
    report: serde_json::Value,
    verified_at: Timestamp,
}

/// Verifies the signatures of a PDF, for anyone, without log-in.
///
/// Another system names its key as `Authorization: Bearer hoian_…` and then waits for its turn rather than be sent away, as long
/// as it sends no more than its share: 16 files at once, and so many a minute as the house allows.
/// Whoever accepts `application/pdf` gets the report as PDF/A, signed by the service where it has a key, in Vietnamese or, by
/// `Accept-Language`, in English.
#[utoipa::path(
    post, path = "/verifications", tag = "verifications",
    request_body(content = Form, content_type = "multipart/form-data"),
    responses(
        (status = OK, content((Verification = "application/json"), (Vec<u8> = "application/pdf"))),
        (status = UNAUTHORIZED, description = "The key is none that is in use.", body = problem::Body),
        (status = PAYLOAD_TOO_LARGE, body = problem::Body),
        (
            status = TOO_MANY_REQUESTS, body = problem::Body,
            description = "`too-many-files`: the key sent more than its share; `Retry-After` says when to go on."
        ),
        (status = SERVICE_UNAVAILABLE, description = "Too many files at once.", body = problem::Body)
    )
)]
async fn create(
    State(app): State<App>,
    headers: HeaderMap,
    FormData(mut form): FormData,
) -> Result<Response, Problem> {
    let visitor = match bearer(&headers) {
        None => app.custody.visitor()?,
        Some(key) => {
            let id = api_key::in_use(&app, key).await?.ok_or_else(unknown_key)?;
            app.custody.program(&id).await?
        }
    };
    let limit = app.config.http.upload_limit_bytes;
    let receiving = tokio::time::timeout(PATIENCE, file(&mut form, limit));
    let (document, name) = receiving.await.map_err(|_| too_slow())??;
    if accepts(&headers, header::ACCEPT, "application/pdf") {
        let language = match accepts(&headers, header::ACCEPT_LANGUAGE, "en") {
            true => Language::English,
            false => Language::Vietnamese,
        };
        let custody = &app.custody;
        let report = custody
            .report_for_anyone(visitor, document, name, language)
            .await?;
        let headers = [
            (header::CONTENT_TYPE, "application/pdf"),
            (
                header::CONTENT_DISPOSITION,
                "attachment; filename=\"ket-qua-kiem-tra.pdf\"",
            ),
        ];
        return Ok((headers, report).into_response());
    }
    let report = app.custody.verify_for_anyone(visitor, document).await?;
    let verification = Verification {
        verdict: verdict_name(&report),
        sentence: report.sentence().to_owned(),
        sentence_en: english(&report).to_owned(),
        report: serde_json::to_value(&report).map_err(|error| Problem::internal(&error))?,
        verified_at: app.clock.now(),
    };
    Ok(Json(verification).into_response())
}

/// Whether this is what somebody would like best.
fn accepts(headers: &HeaderMap, name: HeaderName, best: &str) -> bool {
    let said = headers.get(name).and_then(|value| value.to_str().ok());
    said.is_some_and(|said| said.trim_start().to_ascii_lowercase().starts_with(best))
}

fn unknown_key() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "unknown-key",
        "Khóa này không đúng hoặc đã bị ngừng. Xin hỏi quản trị của tỉnh.",
        "This key is wrong or was retired. Ask the province's administrator.",
    )
}

/// The verdict in one English sentence.
pub(super) fn english(report: &Report) -> &'static str {
    match (&report.problem, report.verdict) {
        (Some(Cause::PasswordNeeded), _) => {
            "The file is protected by a password, so its signatures cannot be checked."
        }
        (Some(Cause::Unsupported(_)), _) => "The file uses a format that is not supported yet.",
        (Some(Cause::Refused(_)), _) => "The file is beyond the limits of this check.",
        (_, Verdict::TotalPassed) => "The signatures are valid.",
        (_, Verdict::TotalFailed) => "The signatures are not valid.",
        (_, Verdict::Indeterminate) => "There is not enough evidence to call the signatures valid.",
        (_, Verdict::NoSignature) => "The file bears no signature.",
        (_, Verdict::Malformed) => "The file is broken or not a PDF.",
    }
}

/// How long a file may take to arrive: a place among few is held meanwhile. 200 MB at 14 Mbit/s.
const PATIENCE: Duration = Duration::from_secs(120);

/// The file, and the name it came under.
async fn file(form: &mut Multipart, limit_bytes: u64) -> Result<(Bytes, String), Problem> {
    while let Some(field) = form.next_field().await? {
        if field.name() == Some("file") {
            let name = field.file_name().unwrap_or("van-ban.pdf");
            let name = name.chars().take(LONGEST_NAME).collect();
            return Ok((receive(field, limit_bytes).await?, name));
        }
    }
    Err(Problem::malformed(
        "Thiếu tệp cần kiểm tra.",
        "The field file is missing.",
    ))
}

/// What a report prints of a file's name, in characters.
const LONGEST_NAME: usize = 200;

async fn receive(mut field: Field<'_>, limit_bytes: u64) -> Result<Bytes, Problem> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = field.chunk().await? {
        if (bytes.len() + chunk.len()) as u64 > limit_bytes {
            drop(bytes);
            drain(field, limit_bytes).await;
            return Err(Problem::too_large(limit_bytes));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

fn too_slow() -> Problem {
    Problem::new(
        StatusCode::REQUEST_TIMEOUT,
        "too-slow",
        "Tệp gửi lên quá chậm nên việc kiểm tra đã dừng. Xin thử lại.",
        "The file arrived too slowly and the check was stopped. Try again.",
    )
}
