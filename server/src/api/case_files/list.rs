//! `GET /case-files`, `GET /case-files/{id}`.

use axum::extract::State;
use sea_orm::sea_query::Query as Select;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter};
use serde::Deserialize;
use utoipa::IntoParams;

use super::view::{self, Detail, Summary};
use crate::api::body::{Json, Path, Query};
use crate::api::page::{Keyset, Page, PageQuery};
use crate::api::problem::{self, Problem};
use crate::api::session::Person;
use crate::domain::case_file::{self, CaseFileId};
use crate::domain::dispatch::DispatchId;
use crate::domain::document::DocumentId;
use crate::domain::id::AgencyId;
use crate::domain::role::Action;
use crate::domain::search::fold;
use crate::parts::App;
use crate::store::entity::case_file::{Column, Entity};
use crate::store::entity::{case_paper, dispatch};

/// Which case files are asked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Only this agency's.
    #[param(value_type = Option<String>)]
    pub agency: Option<AgencyId>,
    /// Only those of this year's list.
    pub year: Option<i32>,
    #[param(inline)]
    pub state: Option<case_file::State>,
    /// Only those that the person who asks keeps.
    #[serde(default)]
    pub mine: bool,
    /// Only those in whose code and title these words stand, in any spelling.
    pub q: Option<String>,
    /// Only those that hold this document.
    #[param(value_type = Option<String>)]
    pub document: Option<DocumentId>,
    /// Only those that hold the document of this dispatch.
    #[param(value_type = Option<String>)]
    pub dispatch: Option<DispatchId>,
    /// The `next` of the page before.
    pub after: Option<String>,
    /// How many, 1 to 200. Default 50.
    pub limit: Option<u64>,
}

const ORDER: Keyset<Column> = Keyset {
    first: None,
    id: Column::Id,
};

/// The case files that this person may know of, the latest first.
#[utoipa::path(
    get, path = "/case-files", tag = "case files", params(Wanted),
    responses((status = OK, body = Page<Summary>), (status = UNAUTHORIZED, body = problem::Body))
)]
pub(super) async fn list(
    State(app): State<App>,
    person: Person,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<Summary>>, Problem> {
    let page = PageQuery {
        after: wanted.after.clone(),
        limit: wanted.limit,
    };
    let find = Entity::find()
        .filter(known(&person))
        .filter(chosen(&person, &wanted));
    let rows = ORDER.page(find, &page)?.all(app.store.read()).await?;
    let summaries = view::summaries(&app, &person, rows).await?;
    Ok(Json(Page::of(&page, summaries, |summary| {
        ORDER.key(0, &summary.id.0)
    })))
}

/// One case file with the papers in it.
#[utoipa::path(
    get, path = "/case-files/{id}", tag = "case files", params(("id" = String, Path)),
    responses((status = OK, body = Detail), (status = NOT_FOUND, body = problem::Body))
)]
pub(super) async fn one(
    State(app): State<App>,
    person: Person,
    Path(id): Path<CaseFileId>,
) -> Result<Json<Detail>, Problem> {
    view::detail(&app, &person, &id).await
}

/// What `domain::party::file_capacities` lets this person know of.
fn known(person: &Person) -> Condition {
    let kept = Condition::all()
        .add(Column::KeeperId.eq(person.id.clone()))
        .add(Column::AgencyId.is_in(person.agencies_where(Action::KeepFiles)));
    Condition::any()
        .add(Column::AgencyId.is_in(person.agencies_where(Action::ReadRegisters)))
        .add(kept)
}

fn chosen(person: &Person, wanted: &Wanted) -> Condition {
    let mut chosen = Condition::all()
        .add_option(wanted.agency.clone().map(|agency| Column::AgencyId.eq(agency)))
        .add_option(wanted.year.map(|year| Column::Year.eq(year)))
        .add_option(wanted.state.map(|state| Column::State.eq(state)))
        .add_option(wanted.mine.then(|| Column::KeeperId.eq(person.id.clone())));
    // Folded words are letters and figures only, so none is a pattern.
    let words = fold(wanted.q.as_deref().unwrap_or_default());
    for word in words.split_whitespace().take(MOST_WORDS) {
        chosen = chosen.add(Column::Words.contains(word));
    }
    let mut holds = Select::select();
    holds
        .column((case_paper::Entity, case_paper::Column::CaseFileId))
        .from(case_paper::Entity)
        .and_where(case_paper::Column::TakenOutAt.is_null());
    if let Some(document) = &wanted.document {
        let mut holds = holds.clone();
        holds.and_where(case_paper::Column::DocumentId.eq(document.clone()));
        chosen = chosen.add(Column::Id.in_subquery(holds));
    }
    if let Some(dispatch) = &wanted.dispatch {
        let document = Select::select()
            .column(dispatch::Column::DocumentId)
            .from(dispatch::Entity)
            .and_where(dispatch::Column::Id.eq(dispatch.clone()))
            .to_owned();
        holds.and_where(case_paper::Column::DocumentId.in_subquery(document));
        chosen = chosen.add(Column::Id.in_subquery(holds));
    }
    chosen
}

/// Words of a question beyond these are not asked for.
const MOST_WORDS: usize = 12;
