//! Papers written in the page: the 29 kinds, a preview, a draft of what was written.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use sea_orm::EntityTrait;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::said::Said;
use super::upload::created;
use super::view::{self, Detail};
use crate::api::body::{Json, Path};
use crate::api::problem::{self, Problem};
use crate::api::session::Person;
use crate::custody::draft::{Description, Signatories};
use crate::domain::document::DocumentId;
use crate::parts::App;
use crate::render::layout::{self, Layout};
use crate::render::{Facts, Heading, Paper, Second};
use crate::store::blob::Stored;
use crate::store::entity::agency;

/// A kind of paper and how it is written.
#[derive(Serialize, ToSchema)]
pub(super) struct DocumentKind {
    #[schema(example = "KH")]
    code: &'static str,
    name: &'static str,
    /// What a writer begins with: the words of this kind's form, dots where something is to be filled in.
    outline: &'static str,
    /// The drafting unit's abbreviation is part of the symbol.
    unit_in_symbol: bool,
    /// Whom the place of a second signature is for, where the kind has one: "Thư ký".
    beside: Option<&'static str>,
    /// The kind's name stands on the paper.
    named: bool,
}

/// The 29 kinds of administrative documents.
#[utoipa::path(
    get, path = "/document-kinds", tag = "documents",
    responses((status = OK, body = Vec<DocumentKind>), (status = UNAUTHORIZED, body = problem::Body))
)]
pub(super) async fn kinds(_: Person) -> Json<Vec<DocumentKind>> {
    let view =
        |(kind, layout, outline): (crate::domain::numbering::Kind, Layout, &'static str)| DocumentKind {
            code: kind.code,
            name: kind.name,
            outline,
            unit_in_symbol: !kind.named,
            beside: layout.beside,
            named: layout.heading == Heading::Named,
        };
    Json(layout::all().map(view).collect())
}

/// What is said of a paper, and its content.
#[derive(Deserialize, ToSchema)]
#[schema(as = WrittenDocument)]
pub(super) struct Written {
    #[serde(flatten)]
    said: Said,
    /// Lines with the labels that papers bear: `I.`, `1.`, `a)`, `-`, `Điều 1.`, rows of a table between `|`.
    body: String,
}

/// The paper as it would be drafted: PDF/A, number and date still blank. Nothing is stored.
#[utoipa::path(
    post, path = "/documents/preview", tag = "documents", request_body = Written,
    responses(
        (status = OK, content_type = "application/pdf", body = Vec<u8>),
        (status = UNPROCESSABLE_ENTITY, description = "A limit of the metadata is broken.", body = problem::Body)
    )
)]
pub(super) async fn preview(
    State(app): State<App>,
    person: Person,
    Json(Written { said, body }): Json<Written>,
) -> Result<Response, Problem> {
    let paper = set(&app, &person, &said.description(Some(body))?).await?;
    Ok(([(header::CONTENT_TYPE, "application/pdf")], paper.pdf).into_response())
}

/// Typesets what was written and makes a draft of it.
#[utoipa::path(
    post, path = "/documents/written", tag = "documents", request_body = Written,
    responses(
        (status = CREATED, body = view::Detail),
        (status = UNPROCESSABLE_ENTITY, description = "A state secret, or a limit is broken.", body = problem::Body)
    )
)]
pub(super) async fn create(
    State(app): State<App>,
    person: Person,
    Json(Written { said, body }): Json<Written>,
) -> Result<Response, Problem> {
    let (description, stored) = kept(&app, &person, said.description(Some(body))?).await?;
    let id = app.custody.draft(&(&person).into(), description, &stored).await?;
    created(&app, &person, &id).await
}

/// Typesets a draft anew from other words.
#[utoipa::path(
    post, path = "/documents/{id}/rewriting", tag = "documents", params(("id" = String, Path)),
    request_body = Written,
    responses((status = OK, body = Detail), (status = CONFLICT, description = "No draft any more.", body = problem::Body))
)]
pub(super) async fn rewrite(
    State(app): State<App>,
    person: Person,
    Path(id): Path<DocumentId>,
    Json(Written { said, body }): Json<Written>,
) -> Result<Json<Detail>, Problem> {
    app.custody.document(&(&person).into(), &id).await?;
    let (description, stored) = kept(&app, &person, said.description(Some(body))?).await?;
    app.custody
        .revise(&(&person).into(), &id, description, Some(&stored))
        .await?;
    view::now(&app, &person, &id).await
}

/// The description's paper in the blob store, with what the typesetter knows of its blanks.
pub(in crate::api) async fn kept(
    app: &App,
    person: &Person,
    said: Description,
) -> Result<(Description, Stored), Problem> {
    let paper = set(app, person, &said).await?;
    let stored = app.store.blobs().put(paper.pdf).await?;
    let blanks = Some(paper.places);
    Ok((Description { blanks, ..said }, stored))
}

/// The description's paper, typeset.
async fn set(app: &App, person: &Person, said: &Description) -> Result<Paper, Problem> {
    let metadata = said
        .metadata
        .clone()
        .checked()
        .map_err(crate::custody::Error::from)?;
    let Signatories {
        agency,
        signer,
        position,
        cosigner,
    } = app.custody.signatories(&person.into(), said).await?;
    let parent = match &agency.parent_id {
        Some(parent) => {
            agency::Entity::find_by_id(parent.clone())
                .one(app.store.read())
                .await?
        }
        None => None,
    };
    let facts = Facts {
        kind: said.kind,
        subject: &said.subject,
        urgency: said.urgency,
        agency: &agency.name,
        agency_kind: agency.kind,
        parent: parent.as_ref().map(|parent| parent.name.as_str()),
        symbol: &agency.symbol,
        place: &agency.place,
        signer: &signer.full_name,
        position: &position,
        metadata: &metadata,
        second: cosigner.as_ref().map(|second| Second {
            full_name: &second.person.full_name,
            position: &second.position,
            agency: Some(second.agency.name.as_str()).filter(|_| second.agency.id != agency.id),
            agency_kind: second.agency.kind,
        }),
    };
    let paper = facts.compose(said.body.as_deref().unwrap_or_default());
    Ok(app.typesetter.official(paper, app.clock.now_utc()).await?)
}
