//! `GET /dispatches`, `GET /dispatches/counts`.

use axum::extract::State;
use sea_orm::sea_query::{Alias, Query as Select};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::boxes::{self, Box};
use super::view::{self, Summary};
use crate::api::arms;
use crate::api::body::{Json, Query};
use crate::api::page::{Keyset, Page, PageQuery};
use crate::api::problem::{self, Problem};
use crate::api::session::Person;
use crate::domain::dispatch::Status;
use crate::parts::App;
use crate::store::entity::dispatch::{Column, Entity};

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

const ORDER: Keyset<Column> = Keyset {
    first: None,
    id: Column::Id,
};

/// What came to the agencies in which this person may read it, or what this person's side sent; the latest first.
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
    let mut arms = match wanted.r#box {
        Some(r#box) => boxes::within(&app, r#box, &person),
        None => boxes::received(&person),
    };
    if let Some(status) = wanted.status {
        let with = |arm: Condition| arm.add(Column::Status.eq(status));
        arms = arms.into_iter().map(with).collect();
    }
    let find = arms::page::<Entity>(&ORDER, arms, &page)?;
    let rows = find.all(app.store.read()).await?;
    let summaries = view::summaries(&app, &person, rows).await?;
    Ok(Json(Page::of(&page, summaries, |summary| {
        ORDER.key(0, &summary.id.0)
    })))
}

/// How many documents lie in the boxes that somebody empties, each counted up to 1,000.
#[derive(Serialize, ToSchema)]
#[schema(as = DispatchCounts)]
pub(super) struct Counts {
    waiting: u64,
    /// Of what waits: verified and valid.
    waiting_valid: u64,
    to_instruct: u64,
    mine: u64,
    handling: u64,
    late: u64,
    /// Of what waits for the person's word as leader, and of what the person handles: past the due date.
    to_instruct_late: u64,
    mine_late: u64,
    /// Sent, and not done yet at its receiver.
    sent: u64,
}

/// What waits, is handled and is late, in numbers.
#[utoipa::path(
    get, path = "/dispatches/counts", tag = "dispatches",
    responses((status = OK, body = Counts), (status = UNAUTHORIZED, body = problem::Body))
)]
pub(super) async fn counts(State(app): State<App>, person: Person) -> Result<Json<Counts>, Problem> {
    let within = |r#box| boxes::within(&app, r#box, &person);
    let late = |r#box| within(r#box).into_iter().map(|arm| boxes::late(&app, arm));
    let waiting = within(Box::Waiting);
    let asked = [
        waiting.clone(),
        waiting.into_iter().map(boxes::valid).collect(),
        within(Box::ToInstruct),
        within(Box::Mine),
        within(Box::Handling),
        within(Box::Late),
        late(Box::ToInstruct).collect(),
        late(Box::Mine).collect(),
        within(Box::Sent),
    ];
    let mut select = Select::select();
    for (at, arms) in asked.into_iter().enumerate() {
        let name = Alias::new(format!("c{at}"));
        select.expr_as(arms::count::<Entity>(Column::Id, arms, MOST_COUNTED), name);
    }
    let row = app.store.read().query_one(&select).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound("counts".to_owned()))?;
    let count = |at: usize| -> Result<u64, DbErr> {
        let counted: i64 = row.try_get_by_index(at)?;
        Ok(u64::try_from(counted).unwrap_or(0))
    };
    Ok(Json(Counts {
        waiting: count(0)?,
        waiting_valid: count(1)?,
        to_instruct: count(2)?,
        mine: count(3)?,
        handling: count(4)?,
        late: count(5)?,
        to_instruct_late: count(6)?,
        mine_late: count(7)?,
        sent: count(8)?,
    }))
}

const MOST_COUNTED: u64 = 1_000;
