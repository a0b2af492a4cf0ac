//! What came with a dispatch besides its main paper: appendices with the verdict on each, and papers that mend it.

use axum::extract::State;
use axum::response::Response;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::Serialize;
use utoipa::ToSchema;

use super::appendices::send;
use super::beside::{self, Related};
use super::content::Wanted;
use crate::api::body::{Json, Path, Query};
use crate::api::problem::{self, Problem};
use crate::api::session::Person;
use crate::domain::dispatch::DispatchId;
use crate::domain::document::DocumentId;
use crate::parts::App;
use crate::store::blob::Sha256;
use crate::store::entity::{dispatch, verification};

/// What came with a dispatch.
#[derive(Serialize, ToSchema)]
pub(super) struct Attached {
    appendices: Vec<Received>,
    /// The paper that this one corrects or replaces.
    mends: Option<Mended>,
    /// Papers of the sender that correct or replace this one, and have come to the same agency.
    mended_by: Vec<Mended>,
}

/// An appendix as its receiver sees it.
#[derive(Serialize, ToSchema)]
#[schema(as = ReceivedAppendix)]
struct Received {
    number: i32,
    title: String,
    page_count: i32,
    /// In the words of the signer command's contract; empty until its job has run.
    verdict: Option<String>,
}

/// A paper that mends or is mended, and the dispatch by which this agency has it.
#[derive(Serialize, ToSchema)]
#[schema(as = MendedDispatch)]
struct Mended {
    #[serde(flatten)]
    paper: Related,
    dispatch_id: Option<DispatchId>,
}

/// The appendices that came with a dispatch, and what mends it or is mended by it.
#[utoipa::path(
    get, path = "/dispatches/{id}/attached", tag = "dispatches", params(("id" = String, Path)),
    responses((status = OK, body = Attached), (status = NOT_FOUND, body = problem::Body))
)]
pub(super) async fn attached(
    State(app): State<App>,
    person: Person,
    Path(id): Path<DispatchId>,
) -> Result<Json<Attached>, Problem> {
    let row = app.custody.received(&(&person).into(), &id).await?;
    let mut appendices = Vec::new();
    for appendix in app.custody.appendices(&row.document_id).await? {
        let verdict = match &appendix.sealed {
            Some(sealed) => verdict(&app, sealed).await?,
            None => None,
        };
        appendices.push(Received {
            number: appendix.number,
            title: appendix.title,
            page_count: appendix.page_count,
            verdict,
        });
    }
    let mends = match beside::mends(&app, &row.document_id).await? {
        Some(paper) => Some(mended(&app, &row, paper).await?),
        None => None,
    };
    let mut mended_by = Vec::new();
    for paper in beside::mended_by(&app, &row.document_id).await? {
        let one = mended(&app, &row, paper).await?;
        // A paper that did not come here is none of this agency's business.
        if one.dispatch_id.is_some() {
            mended_by.push(one);
        }
    }
    Ok(Json(Attached {
        appendices,
        mends,
        mended_by,
    }))
}

/// The PDF of an appendix that came with a dispatch.
#[utoipa::path(
    get, path = "/dispatches/{id}/appendices/{number}/content", tag = "dispatches",
    params(("id" = String, Path), ("number" = i32, Path), Wanted),
    responses(
        (status = OK, content_type = "application/pdf", body = Vec<u8>),
        (status = NOT_FOUND, body = problem::Body)
    )
)]
pub(super) async fn content(
    State(app): State<App>,
    person: Person,
    Path((id, number)): Path<(DispatchId, i32)>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    let row = app.custody.received(&(&person).into(), &id).await?;
    send(&app, &row.document_id, number, &wanted).await
}

async fn mended(app: &App, here: &dispatch::Model, paper: Related) -> Result<Mended, Problem> {
    Ok(Mended {
        dispatch_id: came(app, here, &paper.id).await?,
        paper,
    })
}

/// The dispatch by which the same agency has this document.
async fn came(
    app: &App,
    here: &dispatch::Model,
    document: &DocumentId,
) -> Result<Option<DispatchId>, Problem> {
    let row = dispatch::Entity::find()
        .filter(dispatch::Column::DocumentId.eq(document.clone()))
        .filter(dispatch::Column::ReceiverId.eq(here.receiver_id.clone()))
        .one(app.store.read())
        .await?;
    Ok(row.map(|row| row.id))
}

async fn verdict(app: &App, blob: &Sha256) -> Result<Option<String>, Problem> {
    let row = verification::Entity::find()
        .filter(verification::Column::Blob.eq(blob.clone()))
        .order_by_desc(verification::Column::VerifiedAt)
        .one(app.store.read())
        .await?;
    Ok(row.map(|row| row.verdict))
}
