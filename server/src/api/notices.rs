//! `/notices`: what the person who asks is told, and what of it they have read.

use axum::extract::State;
use axum::http::StatusCode;
use sea_orm::sea_query::Query as Select;
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::arms;
use super::body::{Json, Path, Query};
use super::documents::view;
use super::page::{Keyset, Page, PageQuery};
use super::problem::{self, Problem};
use super::session::Person;
use crate::clock::Timestamp;
use crate::domain::notice::{Kind, NoticeId};
use crate::parts::App;
use crate::store::entity::notice::{ActiveModel, Column, Entity, Model};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(count))
        .routes(routes!(read))
        .routes(routes!(read_all))
}

/// Which notices are asked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Only those that are not read yet.
    #[serde(default)]
    unread: bool,
    /// The `next` of the page before.
    after: Option<String>,
    /// How many, 1 to 200. Default 50.
    limit: Option<u64>,
}

/// A notice.
#[derive(Serialize, ToSchema)]
struct Notice {
    id: NoticeId,
    kind: Kind,
    /// The page that shows the paper, the question in writing, or one's keys.
    href: String,
    /// Number and symbol: `141/KH-UBND`; empty of a question in writing and of a certificate.
    code: String,
    subject: String,
    /// The day until which the work is done, or the certificate's last.
    due_on: Option<String>,
    /// What somebody wrote, or a mail server answered.
    words: Option<String>,
    /// Whose step it tells of; empty where the program tells it by itself.
    person: Option<String>,
    told_at: Timestamp,
    is_read: bool,
}

const ORDER: Keyset<Column> = Keyset {
    first: None,
    id: Column::Id,
};

/// What this person was told, the latest first.
#[utoipa::path(
    get, path = "/notices", tag = "notices", params(Wanted),
    responses((status = OK, body = Page<Notice>), (status = UNAUTHORIZED, body = problem::Body))
)]
async fn list(
    State(app): State<App>,
    person: Person,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<Notice>>, Problem> {
    let page = PageQuery {
        after: wanted.after,
        limit: wanted.limit,
    };
    let mut find = Entity::find().filter(Column::PersonId.eq(person.id));
    if wanted.unread {
        find = find.filter(Column::ReadAt.is_null());
    }
    let rows = ORDER.page(find, &page)?.all(app.store.read()).await?;
    let people = rows.iter().filter_map(|row| row.from_id.clone()).collect();
    let names = view::people(&app, people).await?;
    let one = |row: Model| Notice {
        href: match (&row.meeting_id, &row.dispatch_id) {
            _ if row.kind == Kind::CertificateEnds => "/cai-dat".to_owned(),
            (Some(question), _) => format!("/lay-y-kien/{question}"),
            (None, Some(dispatch)) => format!("/van-ban-den/{dispatch}"),
            (None, None) => format!("/van-ban/{}", row.document_id),
        },
        person: row.from_id.as_ref().and_then(|from| names.get(from).cloned()),
        is_read: row.read_at.is_some(),
        id: row.id,
        kind: row.kind,
        code: row.code,
        subject: row.subject,
        due_on: row.due_on,
        words: row.words,
        told_at: row.told_at,
    };
    let notices = rows.into_iter().map(one).collect();
    Ok(Json(Page::of(&page, notices, |notice| {
        ORDER.key(0, &notice.id.0)
    })))
}

/// How many notices are not read, counted up to 100.
#[derive(Serialize, ToSchema)]
#[schema(as = NoticeCount)]
struct Count {
    unread: u64,
}

/// What is not read, in number.
#[utoipa::path(
    get, path = "/notices/count", tag = "notices",
    responses((status = OK, body = Count), (status = UNAUTHORIZED, body = problem::Body))
)]
async fn count(State(app): State<App>, person: Person) -> Result<Json<Count>, Problem> {
    let unread = unread(&person);
    let select = Select::select()
        .expr(arms::count::<Entity>(Column::Id, vec![unread], MOST_COUNTED))
        .to_owned();
    let row = app.store.read().query_one(&select).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound("count".to_owned()))?;
    let counted: i64 = row.try_get_by_index(0)?;
    Ok(Json(Count {
        unread: u64::try_from(counted).unwrap_or(0),
    }))
}

/// Marks one notice as read.
#[utoipa::path(
    post, path = "/notices/{id}/reading", tag = "notices", params(("id" = String, Path)),
    responses((status = NO_CONTENT), (status = NOT_FOUND, description = "Nobody told this person so.", body = problem::Body))
)]
async fn read(
    State(app): State<App>,
    person: Person,
    Path(id): Path<NoticeId>,
) -> Result<StatusCode, Problem> {
    let own = Entity::find_by_id(id.clone())
        .filter(Column::PersonId.eq(person.id.clone()))
        .one(app.store.read())
        .await?;
    own.ok_or_else(Problem::not_found)?;
    mark(&app, unread(&person).add(Column::Id.eq(id))).await
}

/// The last notice that the person has seen.
#[derive(Deserialize, ToSchema)]
struct Seen {
    up_to: NoticeId,
}

/// Marks this notice and all before it as read; those that came meanwhile stay unread.
#[utoipa::path(
    post, path = "/notices/reading", tag = "notices", request_body = Seen,
    responses((status = NO_CONTENT), (status = UNAUTHORIZED, body = problem::Body))
)]
async fn read_all(
    State(app): State<App>,
    person: Person,
    Json(Seen { up_to }): Json<Seen>,
) -> Result<StatusCode, Problem> {
    mark(&app, unread(&person).add(Column::Id.lte(up_to))).await
}

fn unread(person: &Person) -> Condition {
    Condition::all()
        .add(Column::PersonId.eq(person.id.clone()))
        .add(Column::ReadAt.is_null())
}

/// Whether somebody has read what concerns them alone is no deed of the agency, so it is not in the audit chain.
async fn mark(app: &App, which: Condition) -> Result<StatusCode, Problem> {
    let change = ActiveModel {
        read_at: Set(Some(app.clock.now())),
        ..Default::default()
    };
    let update = Entity::update_many().set(change).filter(which);
    app.store.write(async |tx| update.exec(tx).await).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A bell shows no more.
const MOST_COUNTED: u64 = 100;
