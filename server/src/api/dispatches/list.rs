//! `GET /dispatches`.

use axum::extract::State;
use sea_orm::sea_query::Query as Select;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::view::{self, Summary, today};
use crate::api::body::{Json, Query};
use crate::api::page::{Page, PageQuery};
use crate::api::problem::{self, Problem};
use crate::api::session::Person;
use crate::domain::dispatch::{DispatchId, Recall, Status};
use crate::domain::role::Action;
use crate::parts::App;
use crate::store::entity::dispatch::{Column, Entity};
use crate::store::entity::dispatch_support;

/// A tab of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DispatchBox)]
pub(super) enum Box {
    /// What the clerk answers: not accepted or returned yet, or asked back by the sender.
    Waiting,
    /// Registered, and no leader has written on it.
    ToInstruct,
    /// What the person who asks handles or supports, not done yet.
    Mine,
    /// Assigned or in progress, by whomever.
    Handling,
    /// Past its due date and not done.
    Late,
    /// Done, returned, or given back to the sender.
    Over,
}

/// Which dispatches are asked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Only those of this status.
    #[param(inline)]
    status: Option<Status>,
    #[param(inline)]
    r#box: Option<Box>,
    /// The `next` of the page before.
    after: Option<String>,
    /// How many, 1 to 200. Default 50.
    limit: Option<u64>,
}

/// What came to the agencies in which this person may read it, the latest first.
#[utoipa::path(
    get, path = "/dispatches", tag = "dispatches", params(Wanted),
    responses((status = OK, body = Page<Summary>), (status = UNAUTHORIZED, body = problem::Body))
)]
pub(super) async fn list(
    State(app): State<App>,
    person: Person,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<Summary>>, Problem> {
    let page = PageQuery {
        after: wanted.after,
        limit: wanted.limit,
    };
    let agencies = person.agencies_where(Action::ReadDispatches);
    let mut find = Entity::find()
        .filter(Column::ReceiverId.is_in(agencies))
        .order_by_desc(Column::Id)
        .limit(page.rows());
    if let Some(status) = wanted.status {
        find = find.filter(Column::Status.eq(status));
    }
    if let Some(r#box) = wanted.r#box {
        find = find.filter(within(&app, r#box, &person));
    }
    if let Some(after) = &page.after {
        find = find.filter(Column::Id.lt(DispatchId(after.clone())));
    }
    let rows = find.all(app.store.read()).await?;
    let summaries = view::summaries(&app, &person, rows).await?;
    Ok(Json(Page::of(&page, summaries, |summary| summary.id.0.clone())))
}

fn within(app: &App, r#box: Box, person: &Person) -> Condition {
    let handled = [Status::Assigned, Status::InProgress];
    match r#box {
        Box::Waiting => Condition::any()
            .add(Column::Status.eq(Status::Arrived))
            .add(Column::Recall.eq(Recall::Asked)),
        Box::ToInstruct => Condition::all()
            .add(Column::Status.eq(Status::Accepted))
            .add(Column::ReceiverId.is_in(person.agencies_where(Action::Instruct))),
        Box::Mine => Condition::all().add(Column::Status.is_in(handled)).add(
            Condition::any()
                .add(Column::LeadId.eq(person.id.clone()))
                .add(Column::Id.in_subquery(supported(person))),
        ),
        Box::Handling => Condition::all().add(Column::Status.is_in(handled)),
        Box::Late => Condition::all()
            .add(Column::DueOn.lt(today(app)))
            .add(Column::Status.is_in([Status::Accepted, Status::Assigned, Status::InProgress])),
        Box::Over => Condition::all().add(Column::Status.is_in([
            Status::Returned,
            Status::Completed,
            Status::RecallAgreed,
        ])),
    }
}

fn supported(person: &Person) -> sea_orm::sea_query::SelectStatement {
    Select::select()
        .column(dispatch_support::Column::DispatchId)
        .from(dispatch_support::Entity)
        .and_where(dispatch_support::Column::PersonId.eq(person.id.clone()))
        .to_owned()
}
