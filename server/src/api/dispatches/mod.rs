//! `/dispatches`: what other agencies sent to ours, with the verdict, and what becomes of it here.

mod boxes;
mod list;
mod paper;
mod steps;
mod view;

use axum::extract::{DefaultBodyLimit, State};
use axum::response::Response;
use sea_orm::EntityTrait;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::{Json, Path, Query};
use super::documents::Wanted;
use super::problem::{self, Problem};
use super::session::Person;
use crate::domain::dispatch::DispatchId;
use crate::parts::App;
use crate::store::entity::document_version;

use view::Detail;

pub(super) fn routes() -> OpenApiRouter<App> {
    let upload = OpenApiRouter::new()
        .routes(routes!(paper::register))
        .routes(routes!(paper::correct))
        .layer(DefaultBodyLimit::disable());
    OpenApiRouter::new()
        .merge(upload)
        .routes(routes!(list::list))
        .routes(routes!(list::counts))
        .routes(routes!(one))
        .routes(routes!(content))
        .routes(routes!(paper::stamped))
        .routes(routes!(steps::receipt))
        .routes(routes!(steps::instruct))
        .routes(routes!(steps::delegate))
        .routes(routes!(steps::forward))
        .routes(routes!(steps::give_opinion))
        .routes(routes!(steps::begin))
        .routes(routes!(steps::finish))
        .routes(routes!(steps::answer_recall))
}

/// One dispatch with the report of its verification.
#[utoipa::path(
    get, path = "/dispatches/{id}", tag = "dispatches", params(("id" = String, Path)),
    responses((status = OK, body = Detail), (status = NOT_FOUND, body = problem::Body))
)]
async fn one(
    State(app): State<App>,
    person: Person,
    Path(id): Path<DispatchId>,
) -> Result<Json<Detail>, Problem> {
    view::detail(&app, &person, &id).await
}

/// The PDF that was sent, or the scan of what came on paper.
#[utoipa::path(
    get, path = "/dispatches/{id}/content", tag = "dispatches", params(("id" = String, Path), Wanted),
    responses(
        (status = OK, content_type = "application/pdf", body = Vec<u8>),
        (status = NOT_FOUND, body = problem::Body)
    )
)]
async fn content(
    State(app): State<App>,
    person: Person,
    Path(id): Path<DispatchId>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    let row = app.custody.received(&(&person).into(), &id).await?;
    let size_bytes = match app.custody.paper_of(&row).await? {
        Some(paper) => paper.size_bytes,
        None => {
            let version = document_version::Entity::find_by_id((row.document_id, row.version))
                .one(app.store.read())
                .await?;
            version.ok_or_else(Problem::not_found)?.size_bytes
        }
    };
    wanted.send(&app, &row.blob, size_bytes).await
}
