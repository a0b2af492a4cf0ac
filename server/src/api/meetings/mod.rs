//! `/meetings`: calling and preparing a meeting, answering an invitation, papers, the roll, the door behind a link.

pub(super) mod ballots;
mod board;
mod call;
pub(super) mod devices;
mod door;
mod invitation;
mod lines;
mod minutes;
mod notes;
mod opinions;
mod outcomes;
mod papers;
mod planned;
mod preparation;
mod record;
mod recordings;
pub(super) mod refusals;
mod reply;
mod roll;
mod signed_ballot;
mod signing;
mod told;
mod view;

pub(super) use door::as_whom;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::problem::Problem;
use super::session::Person;
use crate::domain::id::{AgencyId, PersonId};
use crate::domain::meeting::{LinkCode, MeetingId, Role};
use crate::domain::meeting_plan::MeetingKind;
use crate::domain::meeting_right::{Act, may};
use crate::domain::role::Action;
use crate::parts::App;
use crate::store::entity::{meeting, meeting_invited, meeting_member, meeting_site};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(view::list, call::create))
        .routes(routes!(view::read, call::change))
        .routes(routes!(door::by_link))
        .routes(routes!(preparation::read))
        .routes(routes!(invitation::create))
        .routes(routes!(invitation::call_off))
        .routes(routes!(invitation::invited))
        .routes(routes!(devices::list, devices::create))
        .routes(routes!(devices::withdraw))
        .routes(routes!(board::read))
        .routes(routes!(reply::own))
        .routes(routes!(reply::agency))
        .routes(routes!(papers::list, papers::add))
        .routes(routes!(papers::content))
        .routes(routes!(papers::remove))
        .routes(routes!(signing::open))
        .routes(routes!(signing::sign))
        .routes(routes!(signing::signed))
        .routes(routes!(notes::read, notes::write))
        .routes(routes!(roll::read))
        .routes(routes!(record::export))
        .routes(routes!(recordings::list))
        .routes(routes!(recordings::content))
        .routes(routes!(roll::register))
        .routes(routes!(roll::still))
        .routes(routes!(ballots::published))
        .routes(routes!(minutes::read))
        .routes(routes!(minutes::write))
        .routes(routes!(outcomes::draft))
        .routes(routes!(outcomes::refresh))
        .routes(routes!(signed_ballot::cast))
        .routes(routes!(lines::read))
        .routes(routes!(lines::table))
        .merge(opinions::routes())
}

/// The link with which somebody comes who has no account or was not called.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct LinkQuery {
    /// The code of the meeting's link, or of a site's.
    link: Option<String>,
}

/// A meeting, and what the caller is in it.
pub(super) struct Access {
    row: meeting::Model,
    role: Role,
    person: Option<Person>,
}

impl Access {
    /// # Errors
    /// 404 for a question in writing, which has no room.
    fn require_room(&self) -> Result<(), Problem> {
        match self.row.kind {
            MeetingKind::Written => Err(Problem::not_found()),
            _ => Ok(()),
        }
    }

    /// # Errors
    /// 403 where the role may not do it.
    fn require(&self, act: Act) -> Result<(), Problem> {
        if may(self.role, act) {
            Ok(())
        } else {
            Err(Problem::forbidden())
        }
    }
}

/// Who was called, by their account; the room of a site or a guest, by the link; who speaks for an agency that was asked,
/// to see what it is about. For everybody else there is no such meeting.
async fn access(
    app: &App,
    person: Option<Person>,
    id: MeetingId,
    link: Option<&str>,
) -> Result<Access, Problem> {
    if person.is_none() && link.is_none() {
        return Err(Problem::login_required());
    }
    let reader = app.store.read();
    let row = meeting::Entity::find_by_id(id)
        .one(reader)
        .await?
        .ok_or_else(Problem::not_found)?;
    let role = role_in(reader, &row, person.as_ref(), link).await?;
    let role = role.ok_or_else(Problem::not_found)?;
    Ok(Access { row, role, person })
}

async fn role_in(
    reader: &impl ConnectionTrait,
    row: &meeting::Model,
    person: Option<&Person>,
    link: Option<&str>,
) -> Result<Option<Role>, DbErr> {
    if let Some(person) = person {
        if let Some(member) = member_of(reader, &row.id, &person.id).await? {
            return Ok(Some(member.role));
        }
        if !asked_agencies(reader, &row.id, person).await?.is_empty() {
            return Ok(Some(Role::Delegate));
        }
    }
    let code = link.and_then(LinkCode::parse);
    if site_of(reader, &row.id, code.as_ref()).await?.is_some() {
        return Ok(Some(Role::Delegate));
    }
    let has_link = code.is_some_and(|code| code.as_str() == row.link_code);
    Ok(has_link.then(|| {
        if person.is_some() {
            Role::Delegate
        } else {
            Role::Guest
        }
    }))
}

/// The agencies that were asked to the meeting and for which this person may answer.
async fn asked_agencies(
    connection: &impl ConnectionTrait,
    meeting: &MeetingId,
    person: &Person,
) -> Result<Vec<AgencyId>, DbErr> {
    let rows = meeting_invited::Entity::find()
        .filter(meeting_invited::Column::MeetingId.eq(meeting.clone()))
        .filter(meeting_invited::Column::AgencyId.is_in(represented(person)))
        .all(connection)
        .await?;
    Ok(rows.into_iter().map(|row| row.agency_id).collect())
}

/// For whom somebody answers invitations: the agencies in whose name they may call a meeting themselves.
fn represented(person: &Person) -> Vec<AgencyId> {
    person.agencies_where(Action::CallMeeting)
}

/// What a person was called to a meeting as.
pub(super) async fn member_of(
    connection: &impl ConnectionTrait,
    meeting: &MeetingId,
    person: &PersonId,
) -> Result<Option<meeting_member::Model>, DbErr> {
    let key = (meeting.clone(), person.clone());
    meeting_member::Entity::find_by_id(key).one(connection).await
}

/// The site whose room has this link.
pub(super) async fn site_of(
    connection: &impl ConnectionTrait,
    meeting: &MeetingId,
    code: Option<&LinkCode>,
) -> Result<Option<meeting_site::Model>, DbErr> {
    let Some(code) = code else { return Ok(None) };
    meeting_site::Entity::find()
        .filter(meeting_site::Column::MeetingId.eq(meeting.clone()))
        .filter(meeting_site::Column::LinkCode.eq(code.as_str()))
        .one(connection)
        .await
}
