//! The certificates that the office trusts, for the province's administrator.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Administrator;
use crate::api::body::{Json, Path};
use crate::api::problem::{self, Problem};
use crate::clock::Timestamp;
use crate::custody::certificate::{self, Facts};
use crate::domain::id::PersonId;
use crate::domain::trust::{LONGEST_REASON, Refusal, Regime, Standing, Trusting};
use crate::parts::App;
use crate::store::entity::person;
use crate::store::entity::trust_anchor::Model;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(read))
        .routes(routes!(retire))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
}

/// A certificate has a few kilobytes; base64 and words beside it.
const LARGEST_BODY: usize = 64 * 1024;

/// What a certificate says of itself.
#[derive(Serialize, ToSchema)]
struct Certificate {
    /// SHA-256 of the certificate, lower-case hexadecimal.
    fingerprint: String,
    subject: String,
    issuer: String,
    not_before: Timestamp,
    not_after: Timestamp,
    /// It may sign other certificates: nothing else can be trusted by itself.
    is_authority: bool,
    /// Issued by itself: a root.
    is_self_issued: bool,
}

impl From<Facts> for Certificate {
    fn from(facts: Facts) -> Self {
        Self {
            is_self_issued: facts.subject == facts.issuer,
            fingerprint: facts.fingerprint,
            subject: facts.subject,
            issuer: facts.issuer,
            not_before: facts.not_before.into(),
            not_after: facts.not_after.into(),
            is_authority: facts.is_authority,
        }
    }
}

/// A certificate that is trusted, or was.
#[derive(Serialize, ToSchema)]
struct TrustAnchor {
    certificate: Certificate,
    regime: Regime,
    standing: Standing,
    added_at: Timestamp,
    /// None: on the machine itself.
    added_by: Option<String>,
    reason: Option<String>,
    /// From then on nothing new is trusted through it.
    retired_at: Option<Timestamp>,
    retired_by: Option<String>,
    retirement_reason: Option<String>,
}

/// Every certificate that is trusted or was, by regime.
#[utoipa::path(
    get, path = "/admin/trust-anchors", tag = "administration",
    responses((status = OK, body = Vec<TrustAnchor>), (status = FORBIDDEN, body = problem::Body))
)]
async fn list(
    State(app): State<App>,
    administrator: Administrator,
) -> Result<Json<Vec<TrustAnchor>>, Problem> {
    administrator.of_province()?;
    let rows = app.custody.anchors().await?;
    let names = names(&app, &rows).await?;
    let name = |actor: Option<String>| actor.and_then(|actor| names.get(&actor).cloned());
    let show = |row: Model| {
        Ok(TrustAnchor {
            certificate: Facts::of(&row.certificate)?.into(),
            regime: row.regime,
            standing: row.standing,
            added_at: row.added_at,
            added_by: name(row.added_by),
            reason: row.reason,
            retired_at: row.retired_at,
            retired_by: name(row.retired_by),
            retirement_reason: row.retirement_reason,
        })
    };
    Ok(Json(rows.into_iter().map(show).collect::<Result<_, Problem>>()?))
}

/// The full names of those who added and retired, by what stands of them in the audit chain.
async fn names(app: &App, rows: &[Model]) -> Result<BTreeMap<String, String>, Problem> {
    let actors = rows.iter().flat_map(|row| [&row.added_by, &row.retired_by]);
    let people = actors
        .flatten()
        .filter_map(|actor| actor.strip_prefix("person/"))
        .map(|id| PersonId(id.to_owned()));
    let people = person::Entity::find().filter(person::Column::Id.is_in(people));
    let people = people.all(app.store.read()).await?.into_iter();
    Ok(people
        .map(|row| (format!("person/{}", row.id), row.full_name))
        .collect())
}

/// Reads a certificate file (DER or PEM) for somebody who is about to trust it; nothing is kept.
#[utoipa::path(
    post, path = "/admin/trust-anchors/reading", tag = "administration",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = OK, body = Certificate), (status = FORBIDDEN, body = problem::Body), (status = UNPROCESSABLE_ENTITY, body = problem::Body))
)]
async fn read(administrator: Administrator, file: Bytes) -> Result<Json<Certificate>, Problem> {
    administrator.of_province()?;
    Ok(Json(facts(&file)?.1.into()))
}

/// A certificate and why it is to be trusted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewTrustAnchor {
    /// The file, DER or PEM, in base64.
    certificate: String,
    regime: Regime,
    standing: Standing,
    /// SHA-256 as its authority publishes it: hexadecimal, with or without colons and spaces.
    published: String,
    reason: String,
}

/// Trusts a certificate whose fingerprint the administrator read where its authority publishes it.
#[utoipa::path(
    post, path = "/admin/trust-anchors", tag = "administration", request_body = NewTrustAnchor,
    responses(
        (status = CREATED), (status = FORBIDDEN, body = problem::Body), (status = CONFLICT, body = problem::Body),
        (status = UNPROCESSABLE_ENTITY, body = problem::Body)
    )
)]
async fn create(
    State(app): State<App>,
    administrator: Administrator,
    Json(new): Json<NewTrustAnchor>,
) -> Result<StatusCode, Problem> {
    administrator.of_province()?;
    let file = STANDARD.decode(&new.certificate).map_err(|_| unreadable())?;
    let (certificate, _) = facts(&file)?;
    let said = Trusting {
        regime: new.regime,
        standing: new.standing,
        published: new.published,
        reason: new.reason,
    };
    app.custody
        .trust(&administrator.actor(), &certificate, &said)
        .await?;
    Ok(StatusCode::CREATED)
}

/// Why a certificate is trusted no more.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Retirement {
    reason: String,
}

/// Ends trust in a certificate. What is proven to have been signed before stays valid.
#[utoipa::path(
    post, path = "/admin/trust-anchors/{fingerprint}/retirement", tag = "administration",
    params(("fingerprint" = String, Path)), request_body = Retirement,
    responses(
        (status = NO_CONTENT), (status = FORBIDDEN, body = problem::Body), (status = NOT_FOUND, body = problem::Body),
        (status = CONFLICT, body = problem::Body), (status = UNPROCESSABLE_ENTITY, body = problem::Body)
    )
)]
async fn retire(
    State(app): State<App>,
    administrator: Administrator,
    Path(fingerprint): Path<String>,
    Json(said): Json<Retirement>,
) -> Result<StatusCode, Problem> {
    administrator.of_province()?;
    app.custody
        .end_trust(&administrator.actor(), &fingerprint, &said.reason)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

fn facts(file: &[u8]) -> Result<(Vec<u8>, Facts), Problem> {
    let der = certificate::der(file).map_err(|_| unreadable())?;
    let facts = Facts::of(&der)?;
    Ok((der, facts))
}

fn unreadable() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "not-a-certificate",
        "Tệp này không phải chứng thư số. Xin chọn tệp .cer, .crt hoặc .pem của tổ chức chứng thực.",
        "This file is no certificate. Choose the authority's .cer, .crt or .pem file.",
    )
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (status, name, vietnamese, english) = match refusal {
            Refusal::OtherFingerprint => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "other-fingerprint",
                "Mã băm vừa nhập không phải của chứng thư này. Đừng tin cậy nó: xin lấy lại tệp và mã băm từ nguồn chính thức."
                    .to_owned(),
                "What was typed is not this certificate's fingerprint. Do not trust it: get file and fingerprint from the official source.",
            ),
            Refusal::Reason => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "reason-missing",
                format!("Xin ghi rõ lý do, không quá {LONGEST_REASON} ký tự."),
                "Please give a reason of at most 500 characters.",
            ),
            Refusal::NoAuthority => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "no-authority",
                "Đây là chứng thư của một người hoặc một máy, không phải của tổ chức chứng thực.".to_owned(),
                "This is a person's or a machine's certificate, not a certification authority's.",
            ),
            Refusal::Expired => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "expired",
                "Chứng thư này đã hết hạn.".to_owned(),
                "This certificate has expired.",
            ),
            Refusal::Training => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "training",
                "Chứng thư huấn luyện chỉ dùng trong bản minh họa.".to_owned(),
                "Training certificates belong to the demo.",
            ),
            Refusal::Known => (
                StatusCode::CONFLICT,
                "known",
                "Chứng thư này đã có trong danh sách.".to_owned(),
                "This certificate is in the list already.",
            ),
            Refusal::Ended => (
                StatusCode::CONFLICT,
                "ended",
                "Chứng thư này đã thôi được tin cậy.".to_owned(),
                "Trust in this certificate has ended already.",
            ),
        };
        Self::new(status, name, vietnamese, english)
    }
}
