//! Calling a meeting, and changing what was prepared.

use axum::extract::State;
use axum::http::StatusCode;
use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::{ActiveModelTrait, EntityTrait};
use serde_json::json;

use super::planned::{NewMeeting, Planned};
use super::view::{Meeting, described};
use super::{access, refusals};
use crate::api::body::{Json, Path};
use crate::api::problem::{self, Problem};
use crate::api::session::Person;
use crate::clock::Timestamp;
use crate::domain::id::AgencyId;
use crate::domain::meeting::{LinkCode, MeetingId};
use crate::domain::meeting_plan::MeetingKind;
use crate::domain::meeting_right::Act;
use crate::domain::procedure::Microphones;
use crate::domain::role::Action;
use crate::domain::roll::QuorumRule;
use crate::jobs::invitation;
use crate::parts::App;
use crate::store::entity::meeting;
use crate::store::{Tx, audit};

/// Calls a meeting.
#[utoipa::path(
    post, path = "/meetings", tag = "meetings", request_body = NewMeeting,
    responses(
        (status = CREATED, body = Meeting),
        (status = BAD_REQUEST, body = problem::Body),
        (status = UNAUTHORIZED, body = problem::Body),
        (status = FORBIDDEN, body = problem::Body),
        (
            status = UNPROCESSABLE_ENTITY,
            description = "`meeting-title`, `meeting-members`, `meeting-sites`, `meeting-agencies`, `meeting-agenda`, \
                `meeting-time` or `meeting-settings`",
            body = problem::Body
        ),
    )
)]
pub(super) async fn create(
    State(app): State<App>,
    person: Person,
    Json(mut new): Json<NewMeeting>,
) -> Result<(StatusCode, Json<Meeting>), Problem> {
    let agency_id = caller_agency(&person, new.agency_id.take())?;
    let mut row = empty(&app, &person, agency_id);
    new.fill(&mut row)?;
    let planned = new.planned(&person.id)?;
    let meeting = app
        .store
        .write(async |tx: &Tx| {
            meeting::ActiveModel::from(row.clone())
                .reset_all()
                .insert(tx)
                .await?;
            let written = (&row, &planned, "meeting.called", row.created_at);
            record(&app, tx, &person, written)
                .await?
                .ok_or_else(|| Problem::internal(&"a meeting just written is not there"))
        })
        .await?;
    Ok((StatusCode::CREATED, Json(meeting)))
}

/// Changes what was prepared, while the meeting has not ended; answers of those who stay are kept.
#[utoipa::path(
    put, path = "/meetings/{id}", tag = "meetings", params(("id" = String, Path)), request_body = NewMeeting,
    responses(
        (status = OK, body = Meeting),
        (status = FORBIDDEN, body = problem::Body),
        (status = NOT_FOUND, body = problem::Body),
        (status = CONFLICT, description = "`meeting-over`", body = problem::Body),
        (status = UNPROCESSABLE_ENTITY, description = "As when it is called", body = problem::Body),
    )
)]
pub(super) async fn change(
    State(app): State<App>,
    person: Person,
    Path(id): Path<MeetingId>,
    Json(mut new): Json<NewMeeting>,
) -> Result<Json<Meeting>, Problem> {
    let access = access(&app, Some(person.clone()), id, None).await?;
    access.require_room()?;
    access.require(Act::Prepare)?;
    let mut row = access.row;
    if row.ended_at.is_some() {
        return Err(refusals::ended());
    }
    new.fill(&mut row)?;
    let planned = new.planned(&person.id)?;
    let meeting = app
        .store
        .write(async |tx: &Tx| {
            let before = meeting::Entity::find_by_id(row.id.clone())
                .one(tx)
                .await?
                .ok_or_else(Problem::not_found)?;
            plan_columns(&row).update(tx).await?;
            let written = (&row, &planned, "meeting.changed", app.clock.now());
            let meeting = record(&app, tx, &person, written)
                .await?
                .ok_or_else(Problem::not_found)?;
            invitation::changed(tx, &app.clock, &row.id, details(&before) != details(&row)).await?;
            Ok::<_, Problem>(meeting)
        })
        .await?;
    app.conferences.replan(&row.id).await;
    Ok(Json(meeting))
}

/// Writes the plan of a meeting whose row was just written, with what was done in the audit chain; the meeting as this person
/// sees it, if they do.
async fn record(
    app: &App,
    tx: &Tx,
    person: &Person,
    (row, planned, action, at): (&meeting::Model, &Planned, &str, Timestamp),
) -> Result<Option<Meeting>, Problem> {
    planned.write(tx, &app.clock, &row.id).await?;
    let detail = json!({ "title": row.title, "members": planned.plan.members.len() });
    let subject = format!("meeting/{}", row.id);
    audit::append(tx, at, &person.actor(), action, &subject, detail).await?;
    Ok(described(app, tx, person, vec![row.clone()]).await?.pop())
}

pub(super) fn empty(app: &App, person: &Person, agency_id: AgencyId) -> meeting::Model {
    let now = app.clock.now();
    meeting::Model {
        id: MeetingId(app.clock.new_id()),
        title: String::new(),
        agency_id,
        starts_at: now,
        link_code: LinkCode::from_random(app.clock.random_bytes()).to_string(),
        created_by: person.id.clone(),
        created_at: now,
        ended_at: None,
        kind: MeetingKind::Meeting,
        ends_at: None,
        place: String::new(),
        lobby: false,
        microphones: Microphones::Free,
        quorum: QuorumRule::TwoThirds,
        quota_seconds: 300,
        muted_above: 10,
        alive_at: None,
        invitation_id: None,
        sequence: 0,
        details_sequence: 0,
        called_off_at: None,
        called_off_reason: None,
    }
}

/// What a plan says of the meeting's own row; the rest is written by others meanwhile.
fn plan_columns(row: &meeting::Model) -> meeting::ActiveModel {
    let row = row.clone();
    meeting::ActiveModel {
        id: Unchanged(row.id),
        title: Set(row.title),
        kind: Set(row.kind),
        starts_at: Set(row.starts_at),
        ends_at: Set(row.ends_at),
        place: Set(row.place),
        lobby: Set(row.lobby),
        microphones: Set(row.microphones),
        quorum: Set(row.quorum),
        quota_seconds: Set(row.quota_seconds),
        muted_above: Set(row.muted_above),
        ..Default::default()
    }
}

/// What everyone who was written to is told of again.
fn details(row: &meeting::Model) -> (&str, Timestamp, Option<Timestamp>, &str) {
    (&row.title, row.starts_at, row.ends_at, &row.place)
}

/// The agency in whose name somebody calls, or asks in writing.
///
/// # Errors
/// 403 where there is none.
pub(super) fn caller_agency(person: &Person, wanted: Option<AgencyId>) -> Result<AgencyId, Problem> {
    let agency = wanted.or_else(|| person.agencies_where(Action::CallMeeting).into_iter().next());
    agency
        .filter(|agency| person.may(Action::CallMeeting, agency))
        .ok_or_else(Problem::forbidden)
}
