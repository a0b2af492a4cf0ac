//! `/copies`: certified copies and extracts with the agency's signature.

use std::collections::BTreeSet;

use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::{FormData, Json, Path, Query};
use super::documents::{missing, pdf, store, text, view};
use super::page::{Page, PageQuery};
use super::problem::{self, Problem};
use super::session::Person;
use crate::clock::Timestamp;
use crate::custody::Outcome;
use crate::custody::copy::{Source, Wanted};
use crate::domain::copy::{Form, Region};
use crate::domain::dispatch::DispatchId;
use crate::domain::document::DocumentId;
use crate::domain::id::AgencyId;
use crate::domain::numbering;
use crate::domain::role::Action;
use crate::parts::App;
use crate::store::entity::document_copy::{Column, Entity, Model};

pub(super) fn routes() -> OpenApiRouter<App> {
    let upload = OpenApiRouter::new()
        .routes(routes!(make))
        .layer(DefaultBodyLimit::disable());
    OpenApiRouter::new()
        .merge(upload)
        .routes(routes!(list))
        .routes(routes!(content))
}

/// A copy.
#[derive(Serialize, ToSchema)]
#[schema(as = DocumentCopy)]
struct Copy {
    id: String,
    form: Form,
    /// `05/TrS-UBND`.
    code: String,
    /// The copied paper in words.
    title: String,
    /// The pages of an extract.
    pages: Option<String>,
    /// It shows parts of these pages.
    in_parts: bool,
    /// The agency's signature waits for its time-stamp.
    waiting_time_stamp: bool,
    person: String,
    made_at: Timestamp,
}

/// The form.
#[derive(ToSchema)]
#[schema(as = NewCopy)]
#[expect(
    dead_code,
    reason = "describes the form in the OpenAPI document; the handler reads it part by part"
)]
struct Said {
    agency_id: String,
    #[schema(example = "trich_sao")]
    form: String,
    /// A document that the agency has issued.
    document_id: Option<String>,
    /// A document that has come to the agency.
    dispatch_id: Option<String>,
    /// A scan of a paper, with its description in `title`.
    #[schema(value_type = Option<String>, format = Binary)]
    file: Option<Vec<u8>>,
    title: Option<String>,
    /// `1, 3-5`.
    pages: Option<String>,
    /// Parts of pages in place of whole ones, as JSON.
    #[schema(value_type = Option<Vec<Region>>)]
    regions: Option<String>,
    /// Of the agency's key.
    pin: String,
}

/// Copies that an agency of this person has made, the latest first.
#[utoipa::path(
    get, path = "/copies", tag = "documents", params(PageQuery),
    responses((status = OK, body = Page<Copy>), (status = UNAUTHORIZED, body = problem::Body))
)]
async fn list(
    State(app): State<App>,
    person: Person,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Copy>>, Problem> {
    let mut find = Entity::find()
        .filter(Column::AgencyId.is_in(person.agencies_where(Action::ReadRegisters)))
        .order_by_desc(Column::Id)
        .limit(page.rows());
    if let Some(after) = &page.after {
        find = find.filter(Column::Id.lt(after));
    }
    let rows = find.all(app.store.read()).await?;
    let copies = copies(&app, rows).await?;
    Ok(Json(Page::of(&page, copies, |copy| copy.id.clone())))
}

/// Makes a certified copy or an extract (sao y, sao lục, trích sao): PAdES B-T with the agency's key.
#[utoipa::path(
    post, path = "/copies", tag = "documents", request_body(content = Said, content_type = "multipart/form-data"),
    responses(
        (status = CREATED, body = Copy),
        (status = ACCEPTED, description = "Signed; waits for its time-stamp.", body = Copy),
        (status = FORBIDDEN, description = "Not a clerk, or a wrong PIN (`tries_left`).", body = problem::Body),
        (status = UNPROCESSABLE_ENTITY, description = "No copy that the law knows.", body = problem::Body)
    )
)]
async fn make(
    State(app): State<App>,
    person: Person,
    FormData(mut form): FormData,
) -> Result<Response, Problem> {
    let mut said = Parts::default();
    let mut file = None;
    let mut regions: Vec<Region> = Vec::new();
    while let Some(field) = form.next_field().await? {
        match field.name().unwrap_or_default() {
            "file" => file = Some(store(&app, field).await?),
            "agency_id" => said.agency_id = text(field).await?,
            "form" => said.form = text(field).await?,
            "document_id" => said.document_id = text(field).await?,
            "dispatch_id" => said.dispatch_id = text(field).await?,
            "title" => said.title = text(field).await?,
            "pages" => said.pages = text(field).await?,
            "regions" => {
                regions = serde_json::from_str(&text(field).await?).map_err(|_| missing("regions"))?;
            }
            "pin" => said.pin = text(field).await?,
            _ => {}
        }
    }
    let title = said.title.trim().to_owned();
    let source = match (said.document_id.as_str(), said.dispatch_id.as_str(), file) {
        ("", "", Some(_)) if title.is_empty() || title.chars().count() > 500 => return Err(missing("title")),
        ("", "", Some(stored)) => Source::Scan { stored, title },
        ("", "", None) => return Err(missing("file")),
        ("", dispatch, _) => Source::Received(DispatchId(dispatch.to_owned())),
        (document, ..) => Source::Issued(DocumentId(document.to_owned())),
    };
    let form = serde_json::from_value(said.form.into()).map_err(|_| missing("form"))?;
    let pages = match regions.is_empty() {
        true => said.pages.trim().to_owned(),
        false => pages_of(&regions),
    };
    let wanted = Wanted {
        form,
        source,
        pages: Some(pages).filter(|pages| !pages.is_empty()),
        regions,
    };
    let (id, outcome) = app
        .custody
        .make_copy(&(&person).into(), &AgencyId(said.agency_id), wanted, &said.pin)
        .await?;
    let row = Entity::find_by_id(id.clone()).one(app.store.read()).await?;
    let made = copies(&app, row.into_iter().collect()).await?.pop();
    let status = match outcome {
        Outcome::Stored => StatusCode::CREATED,
        Outcome::Waiting => StatusCode::ACCEPTED,
    };
    let location = [(header::LOCATION, format!("/api/v1/copies/{id}/content"))];
    Ok((status, location, Json(made.ok_or_else(Problem::not_found)?)).into_response())
}

/// The PDF of a copy, once the agency's signature is in it.
#[utoipa::path(
    get, path = "/copies/{id}/content", tag = "documents", params(("id" = String, Path)),
    responses(
        (status = OK, content_type = "application/pdf", body = Vec<u8>),
        (status = NOT_FOUND, body = problem::Body)
    )
)]
async fn content(
    State(app): State<App>,
    person: Person,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let row = Entity::find_by_id(id).one(app.store.read()).await?;
    let row = row.filter(|row| person.may(Action::ReadRegisters, &row.agency_id));
    let row = row.ok_or_else(Problem::not_found)?;
    let sealed = row.sealed.ok_or_else(Problem::not_found)?;
    pdf(&app, &sealed, row.size_bytes.unwrap_or(0), true).await
}

/// The pages on which these parts lie: `1, 3`.
fn pages_of(regions: &[Region]) -> String {
    let pages: BTreeSet<u32> = regions.iter().map(|region| region.page).collect();
    let pages: Vec<_> = pages.iter().map(u32::to_string).collect();
    pages.join(", ")
}

/// The texts of the form as they came.
#[derive(Default)]
struct Parts {
    agency_id: String,
    form: String,
    document_id: String,
    dispatch_id: String,
    title: String,
    pages: String,
    pin: String,
}

async fn copies(app: &App, rows: Vec<Model>) -> Result<Vec<Copy>, Problem> {
    let names = view::people(app, rows.iter().map(|row| row.person_id.clone()).collect()).await?;
    let copy = |row: Model| Copy {
        code: numbering::code(u32::try_from(row.number).unwrap_or(0), &row.notation),
        person: names.get(&row.person_id).cloned().unwrap_or_default(),
        id: row.id,
        form: row.form,
        title: row.title,
        pages: row.pages,
        in_parts: row.regions.is_some(),
        waiting_time_stamp: row.pending.is_some(),
        made_at: row.made_at,
    };
    Ok(rows.into_iter().map(copy).collect())
}
