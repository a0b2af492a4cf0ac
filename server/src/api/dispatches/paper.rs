//! `POST /dispatches/paper`: a document that came on paper, what was typed of it corrected, and what came with the stamp "ĐẾN" on it.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use time::Date;
use time::format_description::well_known::Iso8601;
use utoipa::ToSchema;

use super::view::{self, Detail};
use crate::api::body::{FormData, Json, Path};
use crate::api::documents::{missing, store, text};
use crate::api::problem::{self, Problem};
use crate::api::session::Person;
use crate::domain::dispatch::DispatchId;
use crate::domain::id::AgencyId;
use crate::domain::numbering::Kind;
use crate::domain::paper_arrival::Described;
use crate::domain::secrecy::Secrecy;
use crate::parts::App;

/// The form.
#[derive(ToSchema)]
#[schema(as = PaperArrival)]
#[expect(
    dead_code,
    reason = "describes the form in the OpenAPI document; the handler reads it part by part"
)]
pub(super) struct Form {
    /// Who received it.
    agency_id: String,
    /// The scan, a PDF without a signature.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// Tác giả, up to 200 characters.
    author: String,
    /// Number and symbol as they stand on the paper, up to 42 characters; empty where it bears none.
    code: Option<String>,
    /// Day of its date line: `2026-03-05`.
    issued_on: Option<String>,
    /// A code such as `QĐ`.
    kind: String,
    /// Trích yếu, up to 500 characters.
    subject: String,
    /// 0 thường, 1 khẩn, 2 thượng khẩn, 3 hỏa tốc. Default 0.
    urgency: Option<i16>,
    /// Who signed it by hand, up to 50 characters.
    signer: Option<String>,
    /// What is marked on it: anything but `none` is refused.
    #[schema(value_type = Option<Secrecy>)]
    secrecy: Option<String>,
    /// `true` where a paper of the same author, number and date stands in the register and this is another one.
    again: Option<String>,
}

/// Registers a document that came on paper (văn bản giấy): accepted at once, under the next arrival number.
#[utoipa::path(
    post, path = "/dispatches/paper", tag = "dispatches",
    request_body(content = Form, content_type = "multipart/form-data"),
    responses(
        (status = CREATED, body = Detail),
        (status = FORBIDDEN, description = "Not a clerk of this agency.", body = problem::Body),
        (status = CONFLICT, description = "It stands in the register already.", body = problem::Body),
        (status = UNPROCESSABLE_ENTITY, description = "Something is missing or too long, or the file is no scan.", body = problem::Body)
    )
)]
pub(super) async fn register(
    State(app): State<App>,
    person: Person,
    FormData(mut form): FormData,
) -> Result<Response, Problem> {
    let mut said = Parts::default();
    let mut scan = None;
    while let Some(field) = form.next_field().await? {
        match field.name().unwrap_or_default() {
            "file" => scan = Some(store(&app, field).await?),
            "agency_id" => said.agency_id = text(field).await?,
            "author" => said.author = text(field).await?,
            "code" => said.code = text(field).await?,
            "issued_on" => said.issued_on = text(field).await?,
            "kind" => said.kind = text(field).await?,
            "subject" => said.subject = text(field).await?,
            "urgency" => said.urgency = text(field).await?.parse().map_err(|_| missing("urgency"))?,
            "signer" => said.signer = text(field).await?,
            "secrecy" => said.secrecy = text(field).await?,
            "again" => said.again = text(field).await? == "true",
            _ => {}
        }
    }
    let (agency, again) = (AgencyId(std::mem::take(&mut said.agency_id)), said.again);
    let scan = scan.ok_or_else(|| missing("file"))?;
    let id = app
        .custody
        .register_paper(&(&person).into(), &agency, said.described()?, &scan, again)
        .await?;
    let location = [(header::LOCATION, format!("/api/v1/dispatches/{id}"))];
    let detail = view::detail(&app, &person, &id).await?;
    Ok((StatusCode::CREATED, location, detail).into_response())
}

/// What stands on a paper, as the form of its registration.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PaperCorrection)]
pub(super) struct Correction {
    author: String,
    code: String,
    /// `2026-03-05`; empty where it bears none.
    issued_on: String,
    kind: String,
    subject: String,
    urgency: i16,
    signer: String,
    /// `true` where another paper of the same author, number and date stands in the register.
    #[serde(default)]
    again: bool,
}

/// Corrects what was typed of a paper. The scan, its number and its place in the register stay.
#[utoipa::path(
    put, path = "/dispatches/{id}/paper", tag = "dispatches", params(("id" = String, Path)),
    request_body = Correction,
    responses(
        (status = OK, body = Detail),
        (status = FORBIDDEN, description = "Not a clerk of this agency.", body = problem::Body),
        (status = NOT_FOUND, description = "It did not come on paper.", body = problem::Body),
        (status = CONFLICT, description = "It stands in the register already.", body = problem::Body),
        (status = UNPROCESSABLE_ENTITY, description = "Something is missing or too long.", body = problem::Body)
    )
)]
pub(super) async fn correct(
    State(app): State<App>,
    person: Person,
    Path(id): Path<DispatchId>,
    Json(said): Json<Correction>,
) -> Result<Json<Detail>, Problem> {
    let again = said.again;
    let typed = Parts {
        author: said.author,
        code: said.code,
        issued_on: said.issued_on,
        kind: said.kind,
        subject: said.subject,
        urgency: said.urgency,
        signer: said.signer,
        ..Parts::default()
    };
    app.custody
        .correct_paper(&(&person).into(), &id, typed.described()?, again)
        .await?;
    view::detail(&app, &person, &id).await
}

/// What came with the stamp "ĐẾN" as it stands now: the scan of a paper, or a view of a signed document without its signatures,
/// made for the question and never kept.
#[utoipa::path(
    get, path = "/dispatches/{id}/stamped", tag = "dispatches", params(("id" = String, Path)),
    responses(
        (status = OK, content_type = "application/pdf", body = Vec<u8>),
        (status = NOT_FOUND, description = "It does not stand in the register.", body = problem::Body)
    )
)]
pub(super) async fn stamped(
    State(app): State<App>,
    person: Person,
    Path(id): Path<DispatchId>,
) -> Result<Response, Problem> {
    let file = app.custody.stamped(&(&person).into(), &id).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/pdf"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"van-ban-den.pdf\"",
        ),
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, file).into_response())
}

/// The texts of the form as they came.
#[derive(Default)]
struct Parts {
    agency_id: String,
    author: String,
    code: String,
    issued_on: String,
    kind: String,
    subject: String,
    urgency: i16,
    signer: String,
    secrecy: String,
    again: bool,
}

impl Parts {
    fn described(self) -> Result<Described, Problem> {
        let day = Some(self.issued_on.trim()).filter(|day| !day.is_empty());
        let day = day.map(|day| Date::parse(day, &Iso8601::DATE)).transpose();
        let secrecy = match self.secrecy.as_str() {
            "" => Secrecy::None,
            said => serde_json::from_value(said.into()).map_err(|_| missing("secrecy"))?,
        };
        Ok(Described {
            author: self.author,
            code: self.code,
            issued_on: day.map_err(|_| missing("issued_on"))?,
            kind: Kind::from_code(&self.kind).ok_or_else(|| missing("kind"))?,
            subject: self.subject,
            urgency: self.urgency,
            signer: Some(self.signer),
            secrecy,
        })
    }
}
