//! Private notes on the pages of a paper: whoever wrote them sees them, nobody else, leaders and administrators included.

use axum::extract::State;
use axum::http::StatusCode;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{access, papers, refusals};
use crate::api::body::{Json, Path};
use crate::api::problem::{self, Problem};
use crate::api::session::Person;
use crate::domain::meeting::{MeetingId, PaperId};
use crate::parts::App;
use crate::store::Tx;
use crate::store::entity::paper_note;

/// A note on a page.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PaperNote)]
pub(super) struct Note {
    /// 1 to 5000.
    page: i32,
    /// Up to 4000 characters; empty to throw the note away.
    words: String,
}

/// The caller's own notes on a paper.
#[utoipa::path(
    get, path = "/meetings/{id}/papers/{paper}/notes", tag = "meetings", params(("id" = String, Path), ("paper" = String, Path)),
    responses((status = OK, body = Vec<Note>), (status = NOT_FOUND, body = problem::Body))
)]
pub(super) async fn read(
    State(app): State<App>,
    person: Person,
    Path((id, paper)): Path<(MeetingId, PaperId)>,
) -> Result<Json<Vec<Note>>, Problem> {
    let access = access(&app, Some(person.clone()), id, None).await?;
    let paper = papers::found(&app, &access, paper).await?;
    let rows = paper_note::Entity::find()
        .filter(paper_note::Column::PaperId.eq(paper.id))
        .filter(paper_note::Column::PersonId.eq(person.id))
        .order_by_asc(paper_note::Column::Page)
        .all(app.store.read())
        .await?;
    let note = |row: paper_note::Model| Note {
        page: row.page,
        words: row.words,
    };
    Ok(Json(rows.into_iter().map(note).collect()))
}

/// Writes the caller's note on a page, in place of the former one.
#[utoipa::path(
    put, path = "/meetings/{id}/papers/{paper}/notes", tag = "meetings",
    params(("id" = String, Path), ("paper" = String, Path)), request_body = Note,
    responses(
        (status = NO_CONTENT),
        (status = NOT_FOUND, body = problem::Body),
        (status = UNPROCESSABLE_ENTITY, description = "`meeting-words`", body = problem::Body),
    )
)]
pub(super) async fn write(
    State(app): State<App>,
    person: Person,
    Path((id, paper)): Path<(MeetingId, PaperId)>,
    Json(note): Json<Note>,
) -> Result<StatusCode, Problem> {
    let access = access(&app, Some(person.clone()), id, None).await?;
    let paper = papers::found(&app, &access, paper).await?;
    let is_long = note.words.chars().count() > NOTE_CHARACTERS;
    if is_long || note.words.contains('\0') || !(1..=MOST_PAGES).contains(&note.page) {
        return Err(refusals::words());
    }
    let row = paper_note::ActiveModel {
        paper_id: Set(paper.id.clone()),
        person_id: Set(person.id.clone()),
        page: Set(note.page),
        words: Set(note.words.clone()),
        written_at: Set(app.clock.now()),
    };
    app.store
        .write(async |tx: &Tx| {
            let key = (paper.id.clone(), person.id.clone(), note.page);
            paper_note::Entity::delete_by_id(key).exec(tx).await?;
            if !note.words.trim().is_empty() {
                paper_note::Entity::insert(row).exec_without_returning(tx).await?;
            }
            Ok::<_, Problem>(())
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

const NOTE_CHARACTERS: usize = 4000;
const MOST_PAGES: i32 = 5000;
