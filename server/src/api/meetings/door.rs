//! The door behind a link.

use axum::extract::State;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};
use serde::Serialize;
use utoipa::ToSchema;

use super::member_of;
use crate::api::body::{Json, Path};
use crate::api::problem::{self, Problem};
use crate::api::session::Person;
use crate::clock::Timestamp;
use crate::domain::meeting::{LinkCode, MeetingId, Role};
use crate::domain::meeting_plan::MeetingKind;
use crate::parts::App;
use crate::store::entity::{agency, meeting, meeting_site};

/// What stands on the door of a meeting.
#[derive(Serialize, ToSchema)]
#[schema(as = MeetingDoor)]
pub(super) struct Door {
    id: MeetingId,
    title: String,
    agency_name: String,
    starts_at: Timestamp,
    ended_at: Option<Timestamp>,
    /// Why it does not take place, where it was called off.
    called_off_reason: Option<String>,
    is_running: bool,
    /// As what the caller would enter.
    my_role: Role,
    /// The site whose room this link is for.
    site_name: Option<String>,
}

/// The door behind a link, for whoever has it, with an account or without.
#[utoipa::path(
    get, path = "/meetings/by-link/{code}", tag = "meetings", params(("code" = String, Path)),
    responses((status = OK, body = Door), (status = NOT_FOUND, body = problem::Body))
)]
pub(super) async fn by_link(
    State(app): State<App>,
    person: Option<Person>,
    Path(code): Path<String>,
) -> Result<Json<Door>, Problem> {
    let reader = app.store.read();
    let code = LinkCode::parse(&code).ok_or_else(Problem::not_found)?;
    let (row, site) = behind(reader, &code).await?.ok_or_else(Problem::not_found)?;
    let member = match &person {
        Some(person) => member_of(reader, &row.id, &person.id).await?,
        None => None,
    };
    let my_role = match (&member, &site, &person) {
        (Some(member), None, _) => member.role,
        (None, None, None) => Role::Guest,
        _ => Role::Delegate,
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
        called_off_reason: row.called_off_reason,
        my_role,
        site_name: site.map(|site| site.name),
    }))
}

/// The meeting behind a link, and as what somebody without an account comes by it.
pub(in crate::api) async fn as_whom(
    reader: &impl ConnectionTrait,
    code: &LinkCode,
) -> Result<Option<(meeting::Model, Role)>, DbErr> {
    let found = behind(reader, code).await?;
    Ok(found.map(|(row, site)| {
        (
            row,
            if site.is_some() {
                Role::Delegate
            } else {
                Role::Guest
            },
        )
    }))
}

/// The meeting whose link it is, or one of whose sites.
async fn behind(
    reader: &impl ConnectionTrait,
    code: &LinkCode,
) -> Result<Option<(meeting::Model, Option<meeting_site::Model>)>, DbErr> {
    let of_meeting = meeting::Entity::find()
        .filter(meeting::Column::LinkCode.eq(code.as_str()))
        .filter(meeting::Column::Kind.ne(MeetingKind::Written));
    if let Some(row) = of_meeting.one(reader).await? {
        return Ok(Some((row, None)));
    }
    let of_site = meeting_site::Entity::find().filter(meeting_site::Column::LinkCode.eq(code.as_str()));
    let Some(site) = of_site.one(reader).await? else {
        return Ok(None);
    };
    let row = meeting::Entity::find_by_id(site.meeting_id.clone())
        .one(reader)
        .await?;
    Ok(row.map(|row| (row, Some(site))))
}
