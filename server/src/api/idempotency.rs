//! `Idempotency-Key`: a POST that is sent again with the same key gets the first answer again, for 24 hours.
//!
//! Only success is kept: a refused request created nothing and may be sent again. Answers larger than [`MOST_BYTES`] are
//! not kept either; nothing that creates gives one.

use std::time::Duration;

use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use ring::digest;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter};
use tracing::Instrument;

use super::problem::Problem;
use super::session::Person;
use crate::clock::Timestamp;
use crate::parts::App;
use crate::store::entity::idempotent_request as kept;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that an answer was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
const KEPT_FOR: Duration = Duration::from_secs(24 * 60 * 60);
const MOST_BYTES: usize = 256 * 1024;
const LONGEST_KEY: usize = 200;
/// Headers that belong to the answer itself.
const KEPT_HEADERS: [HeaderName; 2] = [header::CONTENT_TYPE, header::LOCATION];

/// Layer: answers a repeated POST from memory.
pub(super) async fn replay(State(app): State<App>, request: Request, next: Next) -> Response {
    let key = request.headers().get(KEY).map(|key| key.as_bytes().to_vec());
    let person = request.extensions().get::<Person>().cloned();
    let (Some(key), Some(person), &Method::POST) = (key, person, request.method()) else {
        return next.run(request).await;
    };
    if key.is_empty() || key.len() > LONGEST_KEY {
        let vi = "Idempotency-Key phải dài từ 1 đến 200 ký tự.";
        return Problem::malformed(vi, "Idempotency-Key must have 1 to 200 characters.").into_response();
    }
    let id = name(&person, request.uri().path(), &key);
    match claim(&app, &id).await {
        Ok(Claim::First) => {}
        Ok(Claim::Answered(response)) => return response,
        Ok(Claim::UnderWay) => return under_way().into_response(),
        Err(error) => return Problem::from(error).into_response(),
    }
    // In a task of its own: a caller whose line falls, and who will ask again, must not leave the work half-done.
    let work = tokio::spawn(finish(app.clone(), id.clone(), request, next).in_current_span());
    match work.await {
        Ok(response) => response,
        Err(panic) => {
            if let Err(error) = forget(&app, &id).await {
                return Problem::from(error).into_response();
            }
            Problem::internal(&panic).into_response()
        }
    }
}

async fn finish(app: App, id: String, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    match keep(&app, &id, response).await {
        Ok(response) => response,
        Err(error) => Problem::from(error).into_response(),
    }
}

enum Claim {
    First,
    UnderWay,
    Answered(Response),
}

fn name(person: &Person, path: &str, key: &[u8]) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in [person.id.0.as_bytes(), path.as_bytes(), key] {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    hex::encode(context.finish())
}

async fn claim(app: &App, id: &str) -> Result<Claim, DbErr> {
    let now = app.clock.now();
    app.store
        .write(async |tx| {
            let old = kept::Column::CreatedAt.lt(now.before(KEPT_FOR));
            kept::Entity::delete_many().filter(old).exec(tx).await?;
            // On a database with several writers the same request may be claimed twice at once: one of them inserts.
            let first = OnConflict::column(kept::Column::Id).do_nothing().to_owned();
            let claim = kept::Entity::insert(begun(id, now)).on_conflict(first);
            if claim.exec_without_returning(tx).await? == 1 {
                return Ok(Claim::First);
            }
            let found = kept::Entity::find_by_id(id.to_owned()).one(tx).await?;
            Ok(found
                .and_then(answer_again)
                .map_or(Claim::UnderWay, Claim::Answered))
        })
        .await
}

fn begun(id: &str, now: Timestamp) -> kept::ActiveModel {
    kept::ActiveModel {
        id: Set(id.to_owned()),
        created_at: Set(now),
        status: Set(None),
        headers: Set(None),
        body: Set(None),
    }
}

fn answer_again(row: kept::Model) -> Option<Response> {
    let status = StatusCode::from_u16(u16::try_from(row.status?).ok()?).ok()?;
    let headers: Vec<(String, String)> = serde_json::from_str(&row.headers?).ok()?;
    let mut response = (status, row.body.unwrap_or_default()).into_response();
    response.headers_mut().remove(header::CONTENT_TYPE);
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        response
            .headers_mut()
            .insert(name, HeaderValue::from_str(&value).ok()?);
    }
    response
        .headers_mut()
        .insert(REPLAYED, HeaderValue::from_static("true"));
    Some(response)
}

/// Keeps a successful answer that is short enough, forgets the request otherwise.
async fn keep(app: &App, id: &str, response: Response) -> Result<Response, DbErr> {
    let is_short = response
        .body()
        .size_hint()
        .upper()
        .is_some_and(|bytes| bytes <= MOST_BYTES as u64);
    if !response.status().is_success() || !is_short {
        forget(app, id).await?;
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, MOST_BYTES)
        .await
        .map_err(|error| DbErr::Custom(error.to_string()))?;
    let headers: Vec<(&str, &str)> = KEPT_HEADERS
        .iter()
        .filter_map(|name| Some((name.as_str(), parts.headers.get(name)?.to_str().ok()?)))
        .collect();
    let headers = serde_json::to_string(&headers).map_err(|error| DbErr::Json(error.to_string()))?;
    let answered = kept::Entity::update_many()
        .col_expr(
            kept::Column::Status,
            Expr::value(i32::from(parts.status.as_u16())),
        )
        .col_expr(kept::Column::Headers, Expr::value(headers))
        .col_expr(kept::Column::Body, Expr::value(body.to_vec()))
        .filter(kept::Column::Id.eq(id));
    app.store.write(async |tx| answered.exec(tx).await).await?;
    Ok(Response::from_parts(parts, Body::from(body)))
}

async fn forget(app: &App, id: &str) -> Result<(), DbErr> {
    let forget = kept::Entity::delete_by_id(id.to_owned());
    app.store
        .write(async |tx| forget.exec(tx).await.map(|_| ()))
        .await
}

fn under_way() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "under-way",
        "Yêu cầu này đã được gửi và chưa có kết quả. Xin xem lại danh sách trước khi gửi lần nữa.",
        "This request was sent before and has no result yet. Look at the list before sending it again.",
    )
}
