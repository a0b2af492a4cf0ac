//! `/verifications`: anyone checks a file; it is in memory while it is judged and is never stored.

use std::time::Duration;

use axum::extract::multipart::{Field, Multipart};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use bytes::{Bytes, BytesMut};
use hoian_signer::validate::{Problem as Cause, Report, Verdict};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::{FormData, Json};
use super::documents::drain;
use super::problem::{self, Problem};
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
#[utoipa::path(
    post, path = "/verifications", tag = "verifications",
    request_body(content = Form, content_type = "multipart/form-data"),
    responses(
        (status = OK, body = Verification),
        (status = PAYLOAD_TOO_LARGE, body = problem::Body),
        (status = SERVICE_UNAVAILABLE, description = "Too many files at once.", body = problem::Body)
    )
)]
async fn create(State(app): State<App>, FormData(mut form): FormData) -> Result<Json<Verification>, Problem> {
    let visitor = app.custody.visitor()?;
    let limit = app.config.http.upload_limit_bytes;
    let receiving = tokio::time::timeout(PATIENCE, file(&mut form, limit));
    let document = receiving.await.map_err(|_| too_slow())??;
    let report = app.custody.verify_for_anyone(visitor, document).await?;
    Ok(Json(Verification {
        verdict: verdict_name(&report),
        sentence: report.sentence().to_owned(),
        sentence_en: english(&report).to_owned(),
        report: serde_json::to_value(&report).map_err(|error| Problem::internal(&error))?,
        verified_at: app.clock.now(),
    }))
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

async fn file(form: &mut Multipart, limit_bytes: u64) -> Result<Bytes, Problem> {
    while let Some(field) = form.next_field().await? {
        if field.name() == Some("file") {
            return receive(field, limit_bytes).await;
        }
    }
    Err(Problem::malformed(
        "Thiếu tệp cần kiểm tra.",
        "The field file is missing.",
    ))
}

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
