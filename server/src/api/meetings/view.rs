//! A meeting as those see it who were called to it.

use std::collections::BTreeMap;

use axum::extract::State;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{access, represented};
use crate::api::body::{Json, Path, Query};
use crate::api::page::{Page, PageQuery};
use crate::api::problem::{self, Problem};
use crate::api::session::Person;
use crate::clock::Timestamp;
use crate::domain::id::{AgencyId, PersonId};
use crate::domain::meeting::{MeetingId, Role};
use crate::domain::meeting_plan::{MeetingKind, Reply};
use crate::parts::App;
use crate::store::entity::{agency, meeting, meeting_invited, meeting_member, person};

/// A meeting, as those who were called to it see it.
#[derive(Serialize, ToSchema)]
pub(super) struct Meeting {
    id: MeetingId,
    title: String,
    agency_id: AgencyId,
    /// The agency that called it.
    agency_name: String,
    starts_at: Timestamp,
    ended_at: Option<Timestamp>,
    /// Why it does not take place, where it was called off.
    called_off_reason: Option<String>,
    kind: MeetingKind,
    ends_at: Option<Timestamp>,
    /// Where the main site is.
    place: String,
    /// Whether anybody is in it now.
    is_running: bool,
    /// The page `/hop/<link_code>` is its door; whoever has it may enter as a guest.
    link_code: String,
    /// What the caller is in it.
    my_role: Role,
    /// What the caller answered.
    my_reply: Reply,
    members: Vec<Member>,
}

/// Somebody who was called to a meeting.
#[derive(Serialize, ToSchema)]
#[schema(as = MeetingMember)]
struct Member {
    person_id: PersonId,
    full_name: String,
    role: Role,
    reply: Reply,
}

/// The meetings that the caller, or an agency they answer for, was called to; the last called first.
#[utoipa::path(
    get, path = "/meetings", tag = "meetings", params(PageQuery),
    responses((status = OK, body = Page<Meeting>), (status = UNAUTHORIZED, body = problem::Body))
)]
pub(super) async fn list(
    State(app): State<App>,
    person: Person,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Meeting>>, Problem> {
    let mine = meeting_member::Entity::find()
        .select_only()
        .column(meeting_member::Column::MeetingId)
        .filter(meeting_member::Column::PersonId.eq(person.id.clone()));
    let asked = meeting_invited::Entity::find()
        .select_only()
        .column(meeting_invited::Column::MeetingId)
        .filter(meeting_invited::Column::AgencyId.is_in(represented(&person)));
    let called = Condition::any()
        .add(meeting::Column::Id.in_subquery(mine.into_query()))
        .add(meeting::Column::Id.in_subquery(asked.into_query()));
    let mut find = meeting::Entity::find()
        .filter(called)
        .filter(meeting::Column::Kind.ne(MeetingKind::Written))
        .order_by_desc(meeting::Column::Id)
        .limit(page.rows());
    if let Some(after) = &page.after {
        find = find.filter(meeting::Column::Id.lt(after));
    }
    let rows = find.all(app.store.read()).await?;
    let meetings = described(&app, app.store.read(), &person, rows).await?;
    Ok(Json(Page::of(&page, meetings, |meeting| meeting.id.0.clone())))
}

/// One meeting, for those who were called to it.
#[utoipa::path(
    get, path = "/meetings/{id}", tag = "meetings", params(("id" = String, Path)),
    responses(
        (status = OK, body = Meeting),
        (status = UNAUTHORIZED, body = problem::Body),
        (status = NOT_FOUND, body = problem::Body),
    )
)]
pub(super) async fn read(
    State(app): State<App>,
    person: Person,
    Path(id): Path<MeetingId>,
) -> Result<Json<Meeting>, Problem> {
    let access = access(&app, Some(person.clone()), id, None).await?;
    let mut meetings = described(&app, app.store.read(), &person, vec![access.row]).await?;
    meetings.pop().map(Json).ok_or_else(Problem::not_found)
}

/// The rows with what stands in other tables.
pub(super) async fn described(
    app: &App,
    connection: &impl ConnectionTrait,
    caller: &Person,
    rows: Vec<meeting::Model>,
) -> Result<Vec<Meeting>, DbErr> {
    let ids: Vec<MeetingId> = rows.iter().map(|row| row.id.clone()).collect();
    let mut members = members_of(connection, ids).await?;
    let agencies: Vec<AgencyId> = rows.iter().map(|row| row.agency_id.clone()).collect();
    let agencies = agency::Entity::find()
        .filter(agency::Column::Id.is_in(agencies))
        .all(connection)
        .await?;
    let agencies: BTreeMap<AgencyId, String> = agencies.into_iter().map(|row| (row.id, row.name)).collect();
    let meetings = rows.into_iter().map(|row| {
        let members = members.remove(&row.id).unwrap_or_default();
        let mine = members.iter().find(|member| member.person_id == caller.id);
        Meeting {
            my_role: mine.map_or(Role::Delegate, |member| member.role),
            my_reply: mine.map_or(Reply::None, |member| member.reply),
            agency_name: agencies.get(&row.agency_id).cloned().unwrap_or_default(),
            is_running: app.conferences.is_running(&row.id),
            id: row.id,
            title: row.title,
            agency_id: row.agency_id,
            starts_at: row.starts_at,
            ended_at: row.ended_at,
            called_off_reason: row.called_off_reason,
            kind: row.kind,
            ends_at: row.ends_at,
            place: row.place,
            link_code: row.link_code,
            members,
        }
    });
    Ok(meetings.collect())
}

async fn members_of(
    connection: &impl ConnectionTrait,
    meetings: Vec<MeetingId>,
) -> Result<BTreeMap<MeetingId, Vec<Member>>, DbErr> {
    let rows = meeting_member::Entity::find()
        .filter(meeting_member::Column::MeetingId.is_in(meetings))
        .all(connection)
        .await?;
    let people: Vec<PersonId> = rows.iter().map(|row| row.person_id.clone()).collect();
    let people = person::Entity::find()
        .filter(person::Column::Id.is_in(people))
        .all(connection)
        .await?;
    let names: BTreeMap<PersonId, String> = people.into_iter().map(|row| (row.id, row.full_name)).collect();
    let mut members: BTreeMap<MeetingId, Vec<Member>> = BTreeMap::new();
    for row in rows {
        let full_name = names.get(&row.person_id).cloned().unwrap_or_default();
        let member = Member {
            person_id: row.person_id,
            full_name,
            role: row.role,
            reply: row.reply,
        };
        members.entry(row.meeting_id).or_default().push(member);
    }
    Ok(members)
}
