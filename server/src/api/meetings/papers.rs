//! Papers on the table: versions of documents, for whom and from when.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::signing::signing_of;
use super::{Access, LinkQuery, access, refusals};
use crate::api::body::{Json, Path, Query};
use crate::api::documents::pdf;
use crate::api::problem::{self, Problem};
use crate::api::session::Person;
use crate::clock::Timestamp;
use crate::domain::document::DocumentId;
use crate::domain::id::PersonId;
use crate::domain::meeting::{MeetingId, PaperId, Title};
use crate::domain::meeting_plan::{Audience, sees};
use crate::domain::meeting_right::Act;
use crate::parts::App;
use crate::store::entity::{document, document_version, meeting_item, meeting_paper};
use crate::store::{Tx, audit};

/// A paper on the table.
#[derive(Serialize, ToSchema)]
#[schema(as = MeetingPaper)]
pub(super) struct Paper {
    id: PaperId,
    /// The item of the agenda it belongs to.
    item: Option<i32>,
    title: String,
    audience: Audience,
    visible_from: Option<Timestamp>,
    document_id: DocumentId,
    version: i32,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewMeetingPaper)]
pub(super) struct NewPaper {
    document_id: DocumentId,
    item: Option<i32>,
    /// Default: the document's subject.
    title: Option<String>,
    #[serde(default)]
    audience: Audience,
    /// Default: at once.
    visible_from: Option<Timestamp>,
}

/// The papers that the caller may see now.
#[utoipa::path(
    get, path = "/meetings/{id}/papers", tag = "meetings", params(("id" = String, Path), LinkQuery),
    responses((status = OK, body = Vec<Paper>), (status = NOT_FOUND, body = problem::Body))
)]
pub(super) async fn list(
    State(app): State<App>,
    person: Option<Person>,
    Path(id): Path<MeetingId>,
    Query(query): Query<LinkQuery>,
) -> Result<Json<Vec<Paper>>, Problem> {
    let access = access(&app, person, id, query.link.as_deref()).await?;
    let rows = meeting_paper::Entity::find()
        .filter(meeting_paper::Column::MeetingId.eq(access.row.id.clone()))
        .order_by_asc(meeting_paper::Column::AddedAt)
        .all(app.store.read())
        .await?;
    let now = app.clock.now();
    let seen = rows.into_iter().filter(|row| is_seen(&access, row, now));
    Ok(Json(seen.map(paper).collect()))
}

/// Puts a document on the table, as it stands now.
#[utoipa::path(
    post, path = "/meetings/{id}/papers", tag = "meetings", params(("id" = String, Path)), request_body = NewPaper,
    responses(
        (status = CREATED, body = Paper),
        (status = FORBIDDEN, body = problem::Body),
        (status = NOT_FOUND, description = "No such meeting, or no document that the caller may see", body = problem::Body),
        (status = UNPROCESSABLE_ENTITY, description = "`meeting-agenda` or `meeting-words`", body = problem::Body),
    )
)]
pub(super) async fn add(
    State(app): State<App>,
    person: Person,
    Path(id): Path<MeetingId>,
    Json(new): Json<NewPaper>,
) -> Result<(StatusCode, Json<Paper>), Problem> {
    let access = access(&app, Some(person.clone()), id, None).await?;
    access.require_room()?;
    access.require(Act::Prepare)?;
    // Whoever puts it there must be allowed to see it.
    app.custody.document(&(&person).into(), &new.document_id).await?;
    let now = app.clock.now();
    let row = app
        .store
        .write(async |tx: &Tx| {
            let row = row_of(&app, tx, &access, &person, &new).await?;
            meeting_paper::ActiveModel::from(row.clone()).reset_all().insert(tx).await?;
            let detail = json!({ "paper": row.id, "document": row.document_id, "version": row.version, "audience": row.audience });
            let subject = format!("meeting/{}", row.meeting_id);
            audit::append(tx, now, &person.actor(), "meeting.paper_added", &subject, detail).await?;
            Ok::<_, Problem>(row)
        })
        .await?;
    Ok((StatusCode::CREATED, Json(paper(row))))
}

/// Takes a paper from the table; the document stays.
#[utoipa::path(
    delete, path = "/meetings/{id}/papers/{paper}", tag = "meetings", params(("id" = String, Path), ("paper" = String, Path)),
    responses(
        (status = NO_CONTENT),
        (status = FORBIDDEN, body = problem::Body),
        (status = NOT_FOUND, body = problem::Body),
        (status = CONFLICT, description = "`paper-signing`: it is open for signing", body = problem::Body),
    )
)]
pub(super) async fn remove(
    State(app): State<App>,
    person: Person,
    Path((id, paper)): Path<(MeetingId, PaperId)>,
) -> Result<StatusCode, Problem> {
    let access = access(&app, Some(person.clone()), id, None).await?;
    access.require_room()?;
    access.require(Act::Prepare)?;
    let row = found(&app, &access, paper).await?;
    if signing_of(&app, &row).await?.is_some() {
        return Err(refusals::signing_open());
    }
    app.store
        .write(async |tx: &Tx| {
            meeting_paper::Entity::delete_by_id(row.id.clone())
                .exec(tx)
                .await?;
            let subject = format!("meeting/{}", row.meeting_id);
            let detail = json!({ "paper": row.id });
            audit::append(
                tx,
                app.clock.now(),
                &person.actor(),
                "meeting.paper_removed",
                &subject,
                detail,
            )
            .await?;
            Ok::<_, Problem>(())
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A paper's PDF, for whom it is meant.
#[utoipa::path(
    get, path = "/meetings/{id}/papers/{paper}/content", tag = "meetings",
    params(("id" = String, Path), ("paper" = String, Path), LinkQuery),
    responses(
        (status = OK, content_type = "application/pdf", body = Vec<u8>),
        (status = NOT_FOUND, body = problem::Body)
    )
)]
pub(super) async fn content(
    State(app): State<App>,
    person: Option<Person>,
    Path((id, paper)): Path<(MeetingId, PaperId)>,
    Query(query): Query<LinkQuery>,
) -> Result<Response, Problem> {
    let access = access(&app, person, id, query.link.as_deref()).await?;
    let row = found(&app, &access, paper).await?;
    let key = (row.document_id, row.version);
    let version = document_version::Entity::find_by_id(key)
        .one(app.store.read())
        .await?;
    let version = version.ok_or_else(Problem::not_found)?;
    pdf(&app, &version.blob, version.size_bytes, false).await
}

/// A paper that the caller may see.
///
/// # Errors
/// 404 where there is none.
pub(super) async fn found(app: &App, access: &Access, id: PaperId) -> Result<meeting_paper::Model, Problem> {
    let row = meeting_paper::Entity::find_by_id(id)
        .one(app.store.read())
        .await?;
    row.filter(|row| row.meeting_id == access.row.id && is_seen(access, row, app.clock.now()))
        .ok_or_else(Problem::not_found)
}

fn is_seen(access: &Access, row: &meeting_paper::Model, now: Timestamp) -> bool {
    sees(access.role, row.audience, row.visible_from, now)
}

async fn row_of(
    app: &App,
    tx: &Tx,
    access: &Access,
    person: &Person,
    new: &NewPaper,
) -> Result<meeting_paper::Model, Problem> {
    let meeting_id = access.row.id.clone();
    if let Some(item) = new.item {
        let key = (meeting_id.clone(), item);
        let exists = meeting_item::Entity::find_by_id(key).one(tx).await?.is_some();
        exists
            .then_some(())
            .ok_or(crate::domain::meeting_plan::PlanError::Items)?;
    }
    let of_meeting = meeting_paper::Column::MeetingId.eq(meeting_id.clone());
    if meeting_paper::Entity::find().filter(of_meeting).count(tx).await? >= MOST_PAPERS {
        return Err(refusals::words());
    }
    let (document, version) = latest(tx, &new.document_id).await?;
    let title = match &new.title {
        Some(title) => Title::parse(title).map_err(|_| refusals::words())?.into_string(),
        None => title_of(&document),
    };
    Ok(meeting_paper::Model {
        id: PaperId(app.clock.new_id()),
        meeting_id,
        item: new.item,
        document_id: document.id,
        version,
        title,
        audience: new.audience,
        visible_from: new.visible_from,
        added_by: person.id.clone(),
        added_at: app.clock.now(),
    })
}

/// A document that goes with a question in writing, as it stands now.
///
/// # Errors
/// 404 where it has no version.
pub(super) async fn enclosed(
    app: &App,
    tx: &Tx,
    meeting_id: &MeetingId,
    by: &PersonId,
    document: &DocumentId,
) -> Result<meeting_paper::Model, Problem> {
    let (document, version) = latest(tx, document).await?;
    Ok(meeting_paper::Model {
        id: PaperId(app.clock.new_id()),
        meeting_id: meeting_id.clone(),
        item: None,
        title: title_of(&document),
        document_id: document.id,
        version,
        audience: Audience::default(),
        visible_from: None,
        added_by: by.clone(),
        added_at: app.clock.now(),
    })
}

async fn latest(tx: &Tx, id: &DocumentId) -> Result<(document::Model, i32), Problem> {
    let document = document::Entity::find_by_id(id.clone()).one(tx).await?;
    let document = document.ok_or_else(Problem::not_found)?;
    let latest = document_version::Entity::find()
        .filter(document_version::Column::DocumentId.eq(document.id.clone()))
        .order_by_desc(document_version::Column::Number)
        .one(tx)
        .await?
        .ok_or_else(Problem::not_found)?;
    Ok((document, latest.number))
}

fn title_of(document: &document::Model) -> String {
    document.subject.chars().take(200).collect()
}

fn paper(row: meeting_paper::Model) -> Paper {
    Paper {
        id: row.id,
        item: row.item,
        title: row.title,
        audience: row.audience,
        visible_from: row.visible_from,
        document_id: row.document_id,
        version: row.version,
    }
}

const MOST_PAPERS: u64 = 200;
