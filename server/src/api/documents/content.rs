//! The bytes of a version.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::{Stream, StreamExt};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::body::{Path, Query};
use crate::api::problem::{self, Problem};
use crate::api::session::Person;
use crate::domain::document::{Capacity, DocumentId};
use crate::domain::holder::Holder;
use crate::parts::App;
use crate::store::blob::Sha256;
use crate::store::entity::document_version::{self, Column};

/// How the file is wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::api) struct Wanted {
    /// As a file to keep, not as something to show.
    #[serde(default)]
    pub download: bool,
    /// With the validation data and archive time-stamps by which it is kept provable (PAdES B-LTA); not found before there
    /// are any.
    #[serde(default)]
    pub proofs: bool,
}

/// A version's PDF.
#[utoipa::path(
    get, path = "/documents/{id}/versions/{number}/content", tag = "documents",
    params(("id" = String, Path), ("number" = String, Path, description = "From 1, or `latest`."), Wanted),
    responses(
        (status = OK, content_type = "application/pdf", body = Vec<u8>),
        (status = NOT_FOUND, body = problem::Body)
    )
)]
pub(super) async fn content(
    State(app): State<App>,
    person: Person,
    Path((id, number)): Path<(DocumentId, String)>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    app.custody.document(&(&person).into(), &id).await?;
    let mut find = document_version::Entity::find().filter(Column::DocumentId.eq(id));
    if number != "latest" {
        let number: i32 = number.parse().map_err(|_| Problem::not_found())?;
        find = find.filter(Column::Number.eq(number));
    }
    let version = find.order_by_desc(Column::Number).one(app.store.read()).await?;
    let version = version.ok_or_else(Problem::not_found)?;
    wanted.send(&app, &version.blob, version.size_bytes).await
}

/// The signer's own image, to be shown where it will stand.
#[utoipa::path(
    get, path = "/documents/{id}/signature-image", tag = "documents", params(("id" = String, Path)),
    responses(
        (status = OK, content_type = "image/png", body = Vec<u8>),
        (status = NOT_FOUND, description = "None is enrolled, or the person is not the signer.", body = problem::Body)
    )
)]
pub(super) async fn signature_image(
    State(app): State<App>,
    person: Person,
    Path(id): Path<DocumentId>,
) -> Result<Response, Problem> {
    let (_, capacities) = app.custody.document(&(&person).into(), &id).await?;
    let signs = [Capacity::Signer, Capacity::Cosigner];
    if !signs.iter().any(|signer| capacities.contains(signer)) {
        return Err(Problem::not_found());
    }
    let image = app
        .custody
        .image(&Holder::Person(person.id.clone()))
        .await?
        .ok_or_else(Problem::not_found)?;
    Ok(([(header::CONTENT_TYPE, "image/png")], image).into_response())
}

impl Wanted {
    /// Sends a paper as it is wanted.
    pub(in crate::api) async fn send(
        &self,
        app: &App,
        blob: &Sha256,
        size_bytes: i64,
    ) -> Result<Response, Problem> {
        if !self.proofs {
            return pdf(app, blob, size_bytes, self.download).await;
        }
        let kept = app
            .custody
            .proofs_of(blob)
            .await?
            .ok_or_else(Problem::not_found)?;
        let proofs = kept.proofs.ok_or_else(Problem::not_found)?;
        let paper = app.store.blobs().stream(blob).await?;
        let proofs = app.store.blobs().stream(&proofs).await?;
        let size_bytes = size_bytes + kept.proofs_size_bytes;
        Ok(response(paper.chain(proofs), size_bytes, self.download))
    }
}

/// Streams a user's PDF: never as a page of this origin. Where it is shown, it is sandboxed without scripts; pdf.js
/// reads it with fetch, which this does not hinder.
pub(in crate::api) async fn pdf(
    app: &App,
    blob: &Sha256,
    size_bytes: i64,
    download: bool,
) -> Result<Response, Problem> {
    let bytes = app.store.blobs().stream(blob).await?;
    Ok(response(bytes, size_bytes, download))
}

fn response(
    bytes: impl Stream<Item = Result<Bytes, object_store::Error>> + Send + 'static,
    size_bytes: i64,
    download: bool,
) -> Response {
    let disposition = if download {
        "attachment; filename=\"van-ban.pdf\""
    } else {
        "inline; filename=\"van-ban.pdf\""
    };
    let headers = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (header::CONTENT_LENGTH, size_bytes.to_string()),
        (header::CONTENT_DISPOSITION, disposition.to_owned()),
        (
            header::CONTENT_SECURITY_POLICY,
            "sandbox; default-src 'none'".to_owned(),
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin".to_owned(),
        ),
    ];
    (headers, Body::from_stream(bytes)).into_response()
}
