//! `GET /documents`, `GET /documents/{id}`.

use axum::extract::State as Extension;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::view::{self, Detail, Summary};
use crate::api::body::{Json, Path, Query};
use crate::api::page::{Keyset, Page, PageQuery};
use crate::api::problem::{self, Problem};
use crate::api::session::Person;
use crate::domain::document::{DocumentId, State};
use crate::domain::role::Action;
use crate::parts::App;
use crate::store::entity::document::{Column, Entity};

/// A tab of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Box {
    /// What waits for the person who asks, in any role; the most urgent first.
    #[serde(alias = "to_sign")]
    Waiting,
    /// What waits for others.
    InProgress,
    /// Signed by the leader, not issued yet.
    Signed,
    Issued,
}

/// Which documents are asked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    #[param(inline)]
    r#box: Box,
    /// The `next` of the page before.
    after: Option<String>,
    /// How many documents, 1 to 200. Default 50.
    limit: Option<u64>,
}

/// The documents in which this person has a part.
#[utoipa::path(
    get, path = "/documents", tag = "documents", params(Wanted),
    responses((status = OK, body = Page<Summary>), (status = UNAUTHORIZED, body = problem::Body))
)]
pub(super) async fn list(
    Extension(app): Extension<App>,
    person: Person,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<Summary>>, Problem> {
    let page = PageQuery {
        after: wanted.after,
        limit: wanted.limit,
    };
    let keyset = Keyset {
        first: (wanted.r#box == Box::Waiting).then_some(Column::Urgency),
        id: Column::Id,
    };
    let find = Entity::find().filter(within(wanted.r#box, &person));
    let rows = keyset.page(find, &page)?.all(app.store.read()).await?;
    let summaries = view::summaries(&app, &person, rows).await?;
    let key = |summary: &Summary| keyset.key(summary.urgency, &summary.id.0);
    Ok(Json(Page::of(&page, summaries, key)))
}

/// One document.
#[utoipa::path(
    get, path = "/documents/{id}", tag = "documents", params(("id" = String, Path)),
    responses((status = OK, body = Detail), (status = NOT_FOUND, body = problem::Body))
)]
pub(super) async fn one(
    Extension(app): Extension<App>,
    person: Person,
    Path(id): Path<DocumentId>,
) -> Result<Json<Detail>, Problem> {
    let (row, _) = app.custody.document(&(&person).into(), &id).await?;
    Ok(Json(view::detail(&app, &person, row).await?))
}

fn within(r#box: Box, person: &Person) -> Condition {
    match r#box {
        Box::Waiting => waiting(person),
        Box::InProgress => known(person)
            .add(Column::State.is_not_in(GONE))
            .add(waiting(person).not()),
        Box::Signed => known(person)
            .add(Column::LeaderSigned.eq(true))
            .add(Column::State.is_not_in(GONE)),
        Box::Issued => known(person).add(Column::State.is_in(GONE)),
    }
}

/// It has left the house.
const GONE: [State; 2] = [State::Issued, State::Recalled];

/// What this person may know of: the condition of [`crate::domain::party::capacities`], for many rows at once.
pub(super) fn known(person: &Person) -> Condition {
    let drafts = person.agencies_where(Action::Draft);
    let signs = person.agencies_where(Action::Sign);
    let clerk = person.agencies_where(Action::Seal);
    let drafted = Condition::all()
        .add(Column::DrafterId.eq(person.id.clone()))
        .add(Column::AgencyId.is_in(drafts));
    let to_sign = Condition::all()
        .add(Column::SignerId.eq(person.id.clone()))
        .add(Column::AgencyId.is_in(signs));
    let to_check = Condition::all()
        .add(
            Condition::any()
                .add(Column::ContentReviewerId.eq(person.id.clone()))
                .add(Column::FormReviewerId.eq(person.id.clone())),
        )
        .add(Column::AgencyId.is_in(person.agencies_where(Action::Draft)));
    Condition::all().add(
        Condition::any()
            .add(drafted)
            .add(to_sign)
            .add(to_check)
            .add(Column::AgencyId.is_in(clerk)),
    )
}

/// What this person is the next to do something about.
fn waiting(person: &Person) -> Condition {
    let own = Condition::all()
        .add(Column::DrafterId.eq(person.id.clone()))
        .add(Column::State.is_in([State::Draft, State::Returned]));
    let to_sign = Condition::all()
        .add(Column::SignerId.eq(person.id.clone()))
        .add(Column::State.eq(State::Submitted))
        .add(done(Column::ContentReviewerId, Column::ContentInitialled))
        .add(done(Column::FormReviewerId, Column::FormInitialled));
    let due = |reviewer: Column, initialled: Column| {
        // What waits is also asked for negated, and the negation of a comparison with nothing is nothing.
        Condition::all()
            .add(reviewer.is_not_null())
            .add(reviewer.eq(person.id.clone()))
            .add(initialled.eq(false))
    };
    let to_check = Condition::all().add(Column::State.eq(State::Submitted)).add(
        Condition::any()
            .add(due(Column::ContentReviewerId, Column::ContentInitialled))
            .add(due(Column::FormReviewerId, Column::FormInitialled)),
    );
    let clerk = Condition::all()
        .add(Column::AgencyId.is_in(person.agencies_where(Action::Seal)))
        .add(Column::State.is_in([State::Signed, State::Numbered, State::Sealed]));
    known(person).add(Condition::any().add(own).add(to_check).add(to_sign).add(clerk))
}

/// Nobody is to check this part, or it is checked.
fn done(reviewer: Column, initialled: Column) -> Condition {
    Condition::any().add(reviewer.is_null()).add(initialled.eq(true))
}
