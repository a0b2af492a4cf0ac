//! `/meetings`: calling a meeting, the list of mine, the door behind a link.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::{Json, Path, Query};
use super::page::{Page, PageQuery};
use super::problem::{self, Problem};
use super::session::Person;
use crate::clock::Timestamp;
use crate::domain::id::{AgencyId, PersonId};
use crate::domain::meeting::{LinkCode, MeetingId, NameError, Role, Title};
use crate::domain::role::Action;
use crate::parts::App;
use crate::store::entity::{agency, meeting, meeting_member, person};
use crate::store::{Tx, audit};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(read))
        .routes(routes!(by_link))
}

/// A meeting, as those who were called to it see it.
#[derive(Serialize, ToSchema)]
struct Meeting {
    id: MeetingId,
    title: String,
    agency_id: AgencyId,
    /// The agency that called it.
    agency_name: String,
    starts_at: Timestamp,
    ended_at: Option<Timestamp>,
    /// Whether anybody is in it now.
    is_running: bool,
    /// The page `/hop/<link_code>` is its door; whoever has it may enter as a guest.
    link_code: String,
    /// What the caller is in it.
    my_role: Role,
    members: Vec<Member>,
}

/// Somebody who was called to a meeting.
#[derive(Serialize, ToSchema)]
#[schema(as = MeetingMember)]
struct Member {
    person_id: PersonId,
    full_name: String,
    role: Role,
}

/// A meeting to be called.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewMeeting {
    /// 1 to 200 characters.
    title: String,
    /// Default: now.
    starts_at: Option<Timestamp>,
    /// In whose name; default: the agency that the caller works in.
    agency_id: Option<AgencyId>,
    /// Who is called besides the caller, who becomes the chair unless another is named.
    #[serde(default)]
    members: Vec<NewMember>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewMeetingMember)]
struct NewMember {
    person_id: PersonId,
    role: Role,
}

/// What stands on the door of a meeting.
#[derive(Serialize, ToSchema)]
#[schema(as = MeetingDoor)]
struct Door {
    id: MeetingId,
    title: String,
    agency_name: String,
    starts_at: Timestamp,
    ended_at: Option<Timestamp>,
    is_running: bool,
    /// As what the caller would enter.
    my_role: Role,
}

/// The meetings that the caller was called to, the last called first.
#[utoipa::path(
    get, path = "/meetings", tag = "meetings", params(PageQuery),
    responses((status = OK, body = Page<Meeting>), (status = UNAUTHORIZED, body = problem::Body))
)]
async fn list(
    State(app): State<App>,
    person: Person,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Meeting>>, Problem> {
    let mine = meeting_member::Entity::find()
        .select_only()
        .column(meeting_member::Column::MeetingId)
        .filter(meeting_member::Column::PersonId.eq(person.id.clone()));
    let mut find = meeting::Entity::find()
        .filter(meeting::Column::Id.in_subquery(mine.into_query()))
        .order_by_desc(meeting::Column::Id)
        .limit(page.rows());
    if let Some(after) = &page.after {
        find = find.filter(meeting::Column::Id.lt(after));
    }
    let rows = find.all(app.store.read()).await?;
    let meetings = described(&app, app.store.read(), &person, rows).await?;
    Ok(Json(Page::of(&page, meetings, |meeting| meeting.id.0.clone())))
}

/// Calls a meeting.
#[utoipa::path(
    post, path = "/meetings", tag = "meetings", request_body = NewMeeting,
    responses(
        (status = CREATED, body = Meeting),
        (status = BAD_REQUEST, body = problem::Body),
        (status = UNAUTHORIZED, body = problem::Body),
        (status = FORBIDDEN, body = problem::Body),
        (status = UNPROCESSABLE_ENTITY, description = "`meeting-title` or `meeting-members`", body = problem::Body),
    )
)]
async fn create(
    State(app): State<App>,
    person: Person,
    Json(new): Json<NewMeeting>,
) -> Result<(StatusCode, Json<Meeting>), Problem> {
    let agency_id = caller_agency(&person, new.agency_id)?;
    let title = Title::parse(&new.title).map_err(unusable_title)?.into_string();
    let members = with_caller(&person.id, new.members)?;
    let now = app.clock.now();
    let row = meeting::Model {
        id: MeetingId(app.clock.new_id()),
        title,
        agency_id,
        starts_at: new.starts_at.unwrap_or(now),
        link_code: LinkCode::from_random(app.clock.random_bytes()).to_string(),
        created_by: person.id.clone(),
        created_at: now,
        ended_at: None,
    };
    let meeting = app
        .store
        .write(async |tx: &Tx| {
            known(tx, members.keys()).await?;
            insert(tx, &row, &members).await?;
            let detail = json!({ "title": row.title, "members": members.len() });
            audit::append(
                tx,
                now,
                &person.actor(),
                "meeting.called",
                &format!("meeting/{}", row.id),
                detail,
            )
            .await?;
            let mut meetings = described(&app, tx, &person, vec![row.clone()]).await?;
            meetings
                .pop()
                .ok_or_else(|| Problem::internal(&"a meeting just written is not there"))
        })
        .await?;
    Ok((StatusCode::CREATED, Json(meeting)))
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
async fn read(
    State(app): State<App>,
    person: Person,
    Path(id): Path<MeetingId>,
) -> Result<Json<Meeting>, Problem> {
    let reader = app.store.read();
    if role_of(reader, &id, &person.id).await?.is_none() {
        return Err(Problem::not_found());
    }
    let row = meeting::Entity::find_by_id(id)
        .one(reader)
        .await?
        .ok_or_else(Problem::not_found)?;
    let mut meetings = described(&app, reader, &person, vec![row]).await?;
    meetings.pop().map(Json).ok_or_else(Problem::not_found)
}

/// The door behind a link, for whoever has it, with an account or without.
#[utoipa::path(
    get, path = "/meetings/by-link/{code}", tag = "meetings", params(("code" = String, Path)),
    responses((status = OK, body = Door), (status = NOT_FOUND, body = problem::Body))
)]
async fn by_link(
    State(app): State<App>,
    person: Option<Person>,
    Path(code): Path<String>,
) -> Result<Json<Door>, Problem> {
    let reader = app.store.read();
    let code = LinkCode::parse(&code).ok_or_else(Problem::not_found)?;
    let found = meeting::Entity::find()
        .filter(meeting::Column::LinkCode.eq(code.as_str()))
        .one(reader)
        .await?;
    let row = found.ok_or_else(Problem::not_found)?;
    let my_role = match &person {
        Some(person) => role_of(reader, &row.id, &person.id)
            .await?
            .unwrap_or(Role::Delegate),
        None => Role::Guest,
    };
    let agency = agency::Entity::find_by_id(row.agency_id.clone())
        .one(reader)
        .await?;
    Ok(Json(Door {
        is_running: app.conferences.is_running(&row.id),
        id: row.id,
        title: row.title,
        agency_name: agency.map(|agency| agency.name).unwrap_or_default(),
        starts_at: row.starts_at,
        ended_at: row.ended_at,
        my_role,
    }))
}

/// What a person was called to a meeting as.
pub(super) async fn role_of(
    connection: &impl ConnectionTrait,
    meeting: &MeetingId,
    person: &PersonId,
) -> Result<Option<Role>, DbErr> {
    let key = (meeting.clone(), person.clone());
    Ok(meeting_member::Entity::find_by_id(key)
        .one(connection)
        .await?
        .map(|member| member.role))
}

fn caller_agency(person: &Person, wanted: Option<AgencyId>) -> Result<AgencyId, Problem> {
    let agency = wanted.or_else(|| person.agencies_where(Action::CallMeeting).into_iter().next());
    agency
        .filter(|agency| person.may(Action::CallMeeting, agency))
        .ok_or_else(Problem::forbidden)
}

/// Everyone who is called, the caller among them; a person named twice keeps the last role.
fn with_caller(caller: &PersonId, named: Vec<NewMember>) -> Result<BTreeMap<PersonId, Role>, Problem> {
    if named.len() > MOST_MEMBERS || named.iter().any(|member| member.role == Role::Guest) {
        return Err(unusable_members());
    }
    let mut members: BTreeMap<PersonId, Role> = named
        .into_iter()
        .map(|member| (member.person_id, member.role))
        .collect();
    let has_chair = members.values().any(|role| *role == Role::Chair);
    members
        .entry(caller.clone())
        .or_insert(if has_chair { Role::Secretary } else { Role::Chair });
    if members.values().filter(|role| **role == Role::Chair).count() > 1 {
        return Err(unusable_members());
    }
    Ok(members)
}

async fn known(tx: &Tx, people: impl Iterator<Item = &PersonId>) -> Result<(), Problem> {
    let people: Vec<PersonId> = people.cloned().collect();
    let wanted = people.len();
    let found = person::Entity::find()
        .filter(person::Column::Id.is_in(people))
        .all(tx)
        .await?;
    if found.len() == wanted {
        Ok(())
    } else {
        Err(unusable_members())
    }
}

async fn insert(tx: &Tx, row: &meeting::Model, members: &BTreeMap<PersonId, Role>) -> Result<(), DbErr> {
    meeting::ActiveModel::from(row.clone())
        .reset_all()
        .insert(tx)
        .await?;
    let members = members
        .iter()
        .map(|(person_id, role)| meeting_member::ActiveModel {
            meeting_id: Set(row.id.clone()),
            person_id: Set(person_id.clone()),
            role: Set(*role),
        });
    meeting_member::Entity::insert_many(members).exec(tx).await?;
    Ok(())
}

/// The rows with what stands in other tables.
async fn described(
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
            agency_name: agencies.get(&row.agency_id).cloned().unwrap_or_default(),
            is_running: app.conferences.is_running(&row.id),
            id: row.id,
            title: row.title,
            agency_id: row.agency_id,
            starts_at: row.starts_at,
            ended_at: row.ended_at,
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
        };
        members.entry(row.meeting_id).or_default().push(member);
    }
    Ok(members)
}

fn unusable_title(error: NameError) -> Problem {
    let (vi, en) = match error {
        NameError::Missing => ("Hãy ghi tên cuộc họp.", "Give the meeting a name."),
        NameError::TooLong => (
            "Tên cuộc họp dài quá 200 ký tự.",
            "The name has more than 200 characters.",
        ),
        NameError::Unprintable => (
            "Tên cuộc họp có ký tự lạ.",
            "The name holds characters that cannot be shown.",
        ),
    };
    let title = "Tên cuộc họp chưa dùng được.";
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "meeting-title",
        title,
        "The meeting's name cannot be used.",
    )
    .detail(vi, en)
}

fn unusable_members() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "meeting-members",
        "Danh sách người họp chưa đúng.",
        "The list of members is not usable.",
    )
    .detail(
        "Mỗi người phải có tài khoản, chỉ một người chủ trì, không quá 500 người.",
        "Each must have an account, one alone can be the chair, 500 at the most.",
    )
}

const MOST_MEMBERS: usize = 500;
