//! `GET /dispatches`, `GET /dispatches/counts`.

use axum::extract::State;
use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::boxes::{self, Box};
use super::view::{self, Summary};
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
    let mut find = Entity::find().filter(match wanted.r#box {
        Some(r#box) => boxes::within(&app, r#box, &person),
        None => boxes::received(&person),
    });
    if let Some(status) = wanted.status {
        find = find.filter(sea_orm::ColumnTrait::eq(&Column::Status, status));
    }
    let rows = ORDER.page(find, &page)?.all(app.store.read()).await?;
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
    let count = async |boxes: &[Box]| {
        let mut find = Entity::find();
        for r#box in boxes {
            find = find.filter(boxes::within(&app, *r#box, &person));
        }
        find.select_only()
            .column(Column::Id)
            .limit(MOST_COUNTED)
            .count(app.store.read())
            .await
    };
    Ok(Json(Counts {
        waiting: count(&[Box::Waiting]).await?,
        waiting_valid: count(&[Box::Waiting, Box::Valid]).await?,
        to_instruct: count(&[Box::ToInstruct]).await?,
        mine: count(&[Box::Mine]).await?,
        handling: count(&[Box::Handling]).await?,
        late: count(&[Box::Late]).await?,
        to_instruct_late: count(&[Box::ToInstruct, Box::Late]).await?,
        mine_late: count(&[Box::Mine, Box::Late]).await?,
        sent: count(&[Box::Sent]).await?,
    }))
}

const MOST_COUNTED: u64 = 1_000;
