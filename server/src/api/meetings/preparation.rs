//! What was prepared for a meeting: sites, who was asked and what they answered, the agenda, the rules.

use std::collections::BTreeMap;

use axum::extract::State;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};
use serde::Serialize;
use utoipa::ToSchema;

use super::{LinkQuery, access, invitation, represented};
use crate::api::body::{Json, Path, Query};
use crate::api::problem::{self, Problem};
use crate::api::session::Person;
use crate::domain::ballot::Terms;
use crate::domain::id::{AgencyId, PersonId};
use crate::domain::meeting::{MeetingId, Role, SiteId};
use crate::domain::meeting_plan::Reply;
use crate::domain::meeting_right::{Act, may};
use crate::domain::procedure::Microphones;
use crate::domain::roll::QuorumRule;
use crate::parts::App;
use crate::store::entity::{agency, meeting_invited, meeting_item, meeting_member, meeting_site, person};

/// What was prepared for a meeting.
#[derive(Serialize, ToSchema)]
#[schema(as = MeetingPreparation)]
pub(super) struct Preparation {
    sites: Vec<Site>,
    agencies: Vec<Invited>,
    people: Vec<Called>,
    items: Vec<Item>,
    lobby: bool,
    microphones: Microphones,
    quorum: QuorumRule,
    quota_seconds: i32,
    muted_above: i32,
    /// The invitation (giấy mời), in the document flow; for those who were called.
    invitation: Option<invitation::View>,
    /// Whether the caller may change it.
    may_prepare: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = MeetingSite)]
struct Site {
    id: SiteId,
    name: String,
    agency_id: Option<AgencyId>,
    is_main: bool,
    /// The link of its room: for those who prepare the meeting, and for the site's own agency.
    link_code: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = MeetingAgency)]
struct Invited {
    agency_id: AgencyId,
    name: String,
    site_id: Option<SiteId>,
    reply: Reply,
    reply_note: Option<String>,
    /// Whether the caller answers for it.
    is_mine: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = MeetingPerson)]
struct Called {
    person_id: PersonId,
    full_name: String,
    role: Role,
    site_id: Option<SiteId>,
    agency_id: Option<AgencyId>,
    reply: Reply,
    reply_note: Option<String>,
    /// For whom they come (đi thay).
    stands_for: Option<PersonId>,
    /// How much their vote counts.
    weight: i32,
}

#[derive(Serialize, ToSchema)]
#[schema(as = MeetingItem)]
struct Item {
    number: i32,
    title: String,
    presenter_id: Option<PersonId>,
    presenter: String,
    minutes: i32,
    /// The question that is prepared for it.
    vote: Option<Terms>,
}

/// What was prepared, for those who were called; guests see none of it but the agenda.
#[utoipa::path(
    get, path = "/meetings/{id}/preparation", tag = "meetings", params(("id" = String, Path), LinkQuery),
    responses(
        (status = OK, body = Preparation),
        (status = UNAUTHORIZED, body = problem::Body),
        (status = NOT_FOUND, body = problem::Body),
    )
)]
pub(super) async fn read(
    State(app): State<App>,
    person: Option<Person>,
    Path(id): Path<MeetingId>,
    Query(query): Query<LinkQuery>,
) -> Result<Json<Preparation>, Problem> {
    let access = access(&app, person, id, query.link.as_deref()).await?;
    let reader = app.store.read();
    let row = access.row;
    let mine = access.person.as_ref().map(represented).unwrap_or_default();
    let may_prepare = may(access.role, Act::Prepare);
    let is_called = access.role != Role::Guest;
    let invitation = match is_called {
        true => invitation::view(reader, &row, access.person.as_ref(), access.role).await?,
        false => None,
    };
    Ok(Json(Preparation {
        sites: if is_called {
            sites(reader, &row.id, may_prepare, &mine).await?
        } else {
            Vec::new()
        },
        agencies: if is_called {
            agencies(reader, &row.id, &mine).await?
        } else {
            Vec::new()
        },
        people: if is_called {
            people(reader, &row.id).await?
        } else {
            Vec::new()
        },
        items: items(reader, &row.id).await?,
        lobby: row.lobby,
        microphones: row.microphones,
        quorum: row.quorum,
        quota_seconds: row.quota_seconds,
        muted_above: row.muted_above,
        invitation,
        may_prepare,
    }))
}

async fn sites(
    connection: &impl ConnectionTrait,
    id: &MeetingId,
    may_prepare: bool,
    mine: &[AgencyId],
) -> Result<Vec<Site>, DbErr> {
    let rows = meeting_site::Entity::find()
        .filter(meeting_site::Column::MeetingId.eq(id.clone()))
        .order_by_asc(meeting_site::Column::Position)
        .all(connection)
        .await?;
    let site = |row: meeting_site::Model| {
        let is_mine = row.agency_id.as_ref().is_some_and(|agency| mine.contains(agency));
        Site {
            link_code: (may_prepare || is_mine).then_some(row.link_code),
            id: row.id,
            name: row.name,
            agency_id: row.agency_id,
            is_main: row.is_main,
        }
    };
    Ok(rows.into_iter().map(site).collect())
}

async fn agencies(
    connection: &impl ConnectionTrait,
    id: &MeetingId,
    mine: &[AgencyId],
) -> Result<Vec<Invited>, DbErr> {
    let rows = meeting_invited::Entity::find()
        .filter(meeting_invited::Column::MeetingId.eq(id.clone()))
        .all(connection)
        .await?;
    let ids: Vec<AgencyId> = rows.iter().map(|row| row.agency_id.clone()).collect();
    let named = agency::Entity::find()
        .filter(agency::Column::Id.is_in(ids))
        .all(connection)
        .await?;
    let names: BTreeMap<AgencyId, String> = named.into_iter().map(|row| (row.id, row.name)).collect();
    let invited = |row: meeting_invited::Model| Invited {
        name: names.get(&row.agency_id).cloned().unwrap_or_default(),
        is_mine: mine.contains(&row.agency_id),
        agency_id: row.agency_id,
        site_id: row.site_id,
        reply: row.reply,
        reply_note: row.reply_note,
    };
    Ok(rows.into_iter().map(invited).collect())
}

async fn people(connection: &impl ConnectionTrait, id: &MeetingId) -> Result<Vec<Called>, DbErr> {
    let rows = meeting_member::Entity::find()
        .filter(meeting_member::Column::MeetingId.eq(id.clone()))
        .all(connection)
        .await?;
    let ids: Vec<PersonId> = rows.iter().map(|row| row.person_id.clone()).collect();
    let named = person::Entity::find()
        .filter(person::Column::Id.is_in(ids))
        .all(connection)
        .await?;
    let names: BTreeMap<PersonId, String> = named.into_iter().map(|row| (row.id, row.full_name)).collect();
    let called = |row: meeting_member::Model| Called {
        full_name: names.get(&row.person_id).cloned().unwrap_or_default(),
        person_id: row.person_id,
        role: row.role,
        site_id: row.site_id,
        agency_id: row.agency_id,
        reply: row.reply,
        reply_note: row.reply_note,
        stands_for: row.stands_for,
        weight: row.weight,
    };
    Ok(rows.into_iter().map(called).collect())
}

async fn items(connection: &impl ConnectionTrait, id: &MeetingId) -> Result<Vec<Item>, DbErr> {
    let rows = meeting_item::Entity::find()
        .filter(meeting_item::Column::MeetingId.eq(id.clone()))
        .order_by_asc(meeting_item::Column::Number)
        .all(connection)
        .await?;
    let item = |row: meeting_item::Model| {
        let vote = row.vote.as_deref().map(serde_json::from_str).transpose();
        Ok(Item {
            number: row.number,
            title: row.title,
            presenter_id: row.presenter_id,
            presenter: row.presenter,
            minutes: row.minutes,
            vote: vote.map_err(|error| DbErr::Json(error.to_string()))?,
        })
    };
    rows.into_iter().map(item).collect()
}
