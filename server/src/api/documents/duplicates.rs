//! `GET /documents/duplicates`: what a drafter may be about to write a second time.

use axum::extract::State;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};
use serde::Deserialize;
use utoipa::IntoParams;

use super::list::known;
use super::view::{self, Summary};
use crate::api::body::{Json, Query};
use crate::api::problem::{self, Problem};
use crate::api::session::Person;
use crate::domain::document::DocumentId;
use crate::domain::role::Action;
use crate::domain::search::subject_key;
use crate::parts::App;
use crate::store::entity::{document, document_metadata};

/// What is about to be drafted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// A code such as `KH`.
    kind: String,
    subject: String,
    /// The draft that is being changed, which is no double of itself.
    except: Option<String>,
}

/// Documents of the same kind about the same thing, of those this person may know; the latest first, five at most.
#[utoipa::path(
    get, path = "/documents/duplicates", tag = "documents", params(Wanted),
    responses((status = OK, body = Vec<Summary>), (status = UNAUTHORIZED, body = problem::Body))
)]
pub(super) async fn duplicates(
    State(app): State<App>,
    person: Person,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Vec<Summary>>, Problem> {
    use document_metadata::{Column, Entity};
    let same = Entity::find()
        .select_only()
        .column(Column::DocumentId)
        .filter(Column::AgencyId.is_in(person.agencies_where(Action::Draft)))
        .filter(Column::SubjectKey.eq(subject_key(&wanted.kind, &wanted.subject)))
        .into_query();
    let mut find = document::Entity::find()
        .filter(document::Column::Id.in_subquery(same))
        .filter(known(&person));
    if let Some(except) = wanted.except {
        find = find.filter(document::Column::Id.ne(DocumentId(except)));
    }
    let rows = find
        .order_by_desc(document::Column::Id)
        .limit(MOST_SHOWN)
        .all(app.store.read())
        .await?;
    Ok(Json(view::summaries(&app, &person, rows).await?))
}

/// Enough to see that it was written before.
const MOST_SHOWN: u64 = 5;
