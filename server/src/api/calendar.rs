//! `/calendar`: my meetings, who is busy when, and the feed behind a secret link.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use ring::digest;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::{Json, Path, Query};
use super::problem::{self, Problem};
use super::session::Person;
use crate::clock::Timestamp;
use crate::domain::calendar::Span;
use crate::domain::id::PersonId;
use crate::domain::meeting::MeetingId;
use crate::domain::meeting_plan::{MeetingKind, Reply};
use crate::jobs::invitation;
use crate::mail::icalendar::{Calendar, Entry, Status};
use crate::parts::App;
use crate::store::Tx;
use crate::store::entity::{calendar_feed, meeting, meeting_member, person};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(mine))
        .routes(routes!(busy))
        .routes(routes!(open_feed))
        .routes(routes!(feed))
}

/// Which days are asked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Between {
    /// Meetings that end after this.
    #[param(value_type = String)]
    from: Timestamp,
    /// Meetings that begin before this.
    #[param(value_type = String)]
    to: Timestamp,
}

/// A meeting in my calendar.
#[derive(Serialize, ToSchema)]
struct Appointment {
    meeting_id: MeetingId,
    title: String,
    place: String,
    link_code: String,
    starts_at: Timestamp,
    ends_at: Timestamp,
    reply: Reply,
    ended: bool,
    /// Other meetings of mine at the same time.
    clashes_with: Vec<String>,
}

/// My meetings between two moments, each with what it clashes with.
#[utoipa::path(
    get, path = "/calendar", tag = "meetings", params(Between),
    responses((status = OK, body = Vec<Appointment>), (status = UNAUTHORIZED, body = problem::Body))
)]
async fn mine(
    State(app): State<App>,
    person: Person,
    Query(between): Query<Between>,
) -> Result<Json<Vec<Appointment>>, Problem> {
    let wanted = Span {
        from: between.from,
        to: between.to,
    };
    let rows = meetings_of(app.store.read(), &person.id, wanted).await?;
    let spans: Vec<(MeetingId, String, Span)> = rows
        .iter()
        .filter(|(row, reply)| row.ended_at.is_none() && counts(*reply))
        .map(|(row, _)| (row.id.clone(), row.title.clone(), span(row)))
        .collect();
    let appointment = |(row, reply): (meeting::Model, Reply)| {
        let own = span(&row);
        let counts = row.ended_at.is_none() && counts(reply);
        let clashes = spans
            .iter()
            .filter(|(id, _, other)| counts && *id != row.id && own.clashes(*other));
        Appointment {
            clashes_with: clashes.map(|(_, title, _)| title.clone()).collect(),
            ended: row.ended_at.is_some(),
            meeting_id: row.id,
            title: row.title,
            place: row.place,
            link_code: row.link_code,
            starts_at: own.from,
            ends_at: own.to,
            reply,
        }
    };
    Ok(Json(rows.into_iter().map(appointment).collect()))
}

/// Of whom it is asked whether they are busy.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    #[param(value_type = String)]
    starts_at: Timestamp,
    #[param(value_type = Option<String>)]
    ends_at: Option<Timestamp>,
    /// Ids of people, separated by commas; up to 200.
    people: String,
    /// The meeting that is being changed.
    #[param(value_type = Option<String>)]
    except: Option<MeetingId>,
}

/// Somebody who is busy then; in which meeting is not told.
#[derive(Serialize, ToSchema)]
struct Busy {
    person_id: PersonId,
    full_name: String,
    starts_at: Timestamp,
    ends_at: Timestamp,
}

/// Who of some people has another meeting at a time.
#[utoipa::path(
    get, path = "/calendar/busy", tag = "meetings", params(Wanted),
    responses((status = OK, body = Vec<Busy>), (status = UNAUTHORIZED, body = problem::Body))
)]
async fn busy(
    State(app): State<App>,
    _: Person,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Vec<Busy>>, Problem> {
    let own = Span::of(wanted.starts_at, wanted.ends_at);
    let people = wanted
        .people
        .split(',')
        .filter(|id| !id.is_empty())
        .take(MOST_PEOPLE);
    let mut found = Vec::new();
    for id in people {
        let id = PersonId(id.to_owned());
        let Some(person) = person::Entity::find_by_id(id.clone())
            .one(app.store.read())
            .await?
        else {
            continue;
        };
        let rows = meetings_of(app.store.read(), &id, own).await?;
        let other = rows.into_iter().find(|(row, reply)| {
            row.ended_at.is_none() && counts(*reply) && wanted.except.as_ref() != Some(&row.id)
        });
        if let Some((row, _)) = other {
            let Span { from, to } = span(&row);
            found.push(Busy {
                person_id: id,
                full_name: person.full_name,
                starts_at: from,
                ends_at: to,
            });
        }
    }
    Ok(Json(found))
}

/// The secret address of a feed.
#[derive(Serialize, ToSchema)]
struct Feed {
    /// A path of this server for calendar programs; whoever knows it reads the calendar. A new one replaces the former.
    path: String,
}

/// Makes the secret address of my calendar's feed; the former one stops to work.
#[utoipa::path(
    post, path = "/calendar/feed", tag = "meetings",
    responses((status = OK, body = Feed), (status = UNAUTHORIZED, body = problem::Body))
)]
async fn open_feed(State(app): State<App>, person: Person) -> Result<Json<Feed>, Problem> {
    let secret = hex::encode(app.clock.random_bytes::<24>());
    let row = calendar_feed::ActiveModel {
        person_id: Set(person.id.clone()),
        secret_hash: Set(hash(&secret)),
        created_at: Set(app.clock.now()),
    };
    app.store
        .write(async |tx: &Tx| {
            calendar_feed::Entity::delete_by_id(person.id.clone())
                .exec(tx)
                .await?;
            row.insert(tx).await?;
            Ok::<_, Problem>(())
        })
        .await?;
    Ok(Json(Feed {
        path: format!("/api/v1/calendar/feed/{secret}"),
    }))
}

/// My calendar as iCalendar (RFC 5545), for whoever knows the secret: three months back, a year ahead.
#[utoipa::path(
    get, path = "/calendar/feed/{secret}", tag = "meetings", params(("secret" = String, Path)),
    responses(
        (status = OK, content_type = "text/calendar", body = String),
        (status = NOT_FOUND, body = problem::Body)
    )
)]
async fn feed(State(app): State<App>, Path(secret): Path<String>) -> Result<Response, Problem> {
    let row = calendar_feed::Entity::find()
        .filter(calendar_feed::Column::SecretHash.eq(hash(&secret)))
        .one(app.store.read())
        .await?
        .ok_or_else(Problem::not_found)?;
    let now = app.clock.now();
    let wanted = Span {
        from: now.before(DAY * 92),
        to: now.after(DAY * 366),
    };
    let rows = meetings_of(app.store.read(), &row.person_id, wanted).await?;
    let calendar = Calendar {
        method: None,
        entries: rows
            .iter()
            .map(|(row, reply)| entry(&app, row, *reply, now))
            .collect(),
    };
    let headers = [
        (header::CONTENT_TYPE, "text/calendar; charset=utf-8"),
        (header::CACHE_CONTROL, "private, no-store"),
    ];
    Ok((headers, calendar.to_text()).into_response())
}

fn entry(app: &App, row: &meeting::Model, reply: Reply, now: Timestamp) -> Entry {
    let entry = invitation::entry(app, row, now);
    Entry {
        status: match (row.called_off_at, reply) {
            (Some(_), _) => Status::Cancelled,
            (None, Reply::Accepted) => Status::Confirmed,
            (None, _) => Status::Tentative,
        },
        ..entry
    }
}

/// The meetings somebody was called to that touch a span, the earliest first.
async fn meetings_of(
    connection: &impl ConnectionTrait,
    person: &PersonId,
    wanted: Span,
) -> Result<Vec<(meeting::Model, Reply)>, DbErr> {
    let members = meeting_member::Entity::find()
        .filter(meeting_member::Column::PersonId.eq(person.clone()))
        .all(connection)
        .await?;
    let ids: Vec<MeetingId> = members.iter().map(|member| member.meeting_id.clone()).collect();
    let rows = meeting::Entity::find()
        .filter(meeting::Column::Id.is_in(ids))
        .filter(meeting::Column::Kind.ne(MeetingKind::Written))
        .filter(meeting::Column::StartsAt.lt(wanted.to))
        .filter(meeting::Column::StartsAt.gt(wanted.from.before(DAY * 7)))
        .order_by_asc(meeting::Column::StartsAt)
        .limit(MOST_MEETINGS)
        .all(connection)
        .await?;
    let reply = |row: &meeting::Model| {
        members
            .iter()
            .find(|one| one.meeting_id == row.id)
            .map_or(Reply::None, |one| one.reply)
    };
    let touching = rows.into_iter().filter(|row| span(row).clashes(wanted));
    Ok(touching
        .map(|row| {
            let reply = reply(&row);
            (row, reply)
        })
        .collect())
}

fn span(row: &meeting::Model) -> Span {
    Span::of(row.starts_at, row.ends_at)
}

/// Whether somebody who answered so is expected there.
fn counts(reply: Reply) -> bool {
    matches!(reply, Reply::None | Reply::Accepted)
}

fn hash(secret: &str) -> String {
    hex::encode(digest::digest(&digest::SHA256, secret.as_bytes()))
}

const DAY: std::time::Duration = std::time::Duration::from_secs(86_400);
const MOST_PEOPLE: usize = 200;
const MOST_MEETINGS: u64 = 500;
