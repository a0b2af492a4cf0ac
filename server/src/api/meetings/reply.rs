//! Answering an invitation: for oneself, with a substitute if need be, or for one's agency.

use axum::extract::State;
use axum::http::StatusCode;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{access, asked_agencies, member_of, refusals};
use crate::api::body::{Json, Path};
use crate::api::problem::{self, Problem};
use crate::api::session::Person;
use crate::clock::Timestamp;
use crate::domain::id::{AgencyId, PersonId};
use crate::domain::meeting::{MeetingId, Role, words};
use crate::domain::meeting_plan::Reply;
use crate::jobs::invitation;
use crate::parts::App;
use crate::store::entity::{meeting_invited, meeting_member, membership, person};
use crate::store::{Tx, audit};

/// What somebody answers.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MeetingReply)]
pub(super) struct NewReply {
    /// Whether they come, or send somebody.
    comes: bool,
    /// Up to 200 characters.
    note: Option<String>,
    /// Who comes for them (đi thay).
    substitute_id: Option<PersonId>,
}

/// What an agency answers.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MeetingAgencyReply)]
pub(super) struct NewAgencyReply {
    comes: bool,
    /// Up to 200 characters.
    note: Option<String>,
    /// Who comes: people of the agency. They replace those named before.
    #[serde(default)]
    delegates: Vec<PersonId>,
}

/// Answers for oneself.
#[utoipa::path(
    post, path = "/meetings/{id}/reply", tag = "meetings", params(("id" = String, Path)), request_body = NewReply,
    responses(
        (status = NO_CONTENT),
        (status = NOT_FOUND, body = problem::Body),
        (status = CONFLICT, description = "`meeting-over`", body = problem::Body),
        (status = UNPROCESSABLE_ENTITY, description = "`meeting-substitute` or `meeting-words`", body = problem::Body),
    )
)]
pub(super) async fn own(
    State(app): State<App>,
    person: Person,
    Path(id): Path<MeetingId>,
    Json(new): Json<NewReply>,
) -> Result<StatusCode, Problem> {
    let access = access(&app, Some(person.clone()), id, None).await?;
    if access.row.ended_at.is_some() {
        return Err(refusals::ended());
    }
    let id = access.row.id;
    let note = note(new.note)?;
    let now = app.clock.now();
    app.store
        .write(async |tx: &Tx| {
            let member = member_of(tx, &id, &person.id)
                .await?
                .ok_or_else(Problem::not_found)?;
            drop_substitutes(tx, &member).await?;
            let substitute = new.substitute_id.clone().filter(|_| new.comes);
            if let Some(substitute) = &substitute {
                add_substitute(tx, &member, substitute, now).await?;
            }
            let reply = match (new.comes, &substitute) {
                (true, Some(_)) => Reply::Substituted,
                (true, None) => Reply::Accepted,
                (false, _) => Reply::Declined,
            };
            let mut change = meeting_member::ActiveModel::from(member);
            change.reply = Set(reply);
            change.reply_note = Set(note.clone());
            change.replied_at = Set(Some(now));
            change.update(tx).await?;
            invitation::changed(tx, &app.clock, &id, false).await?;
            let detail = json!({ "reply": reply, "substitute": substitute });
            replied(tx, now, &person, &id, detail).await
        })
        .await?;
    app.conferences.replan(&id).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Answers for an agency, and names who comes.
#[utoipa::path(
    post, path = "/meetings/{id}/agencies/{agency}/reply", tag = "meetings",
    params(("id" = String, Path), ("agency" = String, Path)), request_body = NewAgencyReply,
    responses(
        (status = NO_CONTENT),
        (status = NOT_FOUND, body = problem::Body),
        (status = CONFLICT, description = "`meeting-over`", body = problem::Body),
        (status = UNPROCESSABLE_ENTITY, description = "`meeting-members` or `meeting-words`", body = problem::Body),
    )
)]
pub(super) async fn agency(
    State(app): State<App>,
    person: Person,
    Path((id, agency_id)): Path<(MeetingId, AgencyId)>,
    Json(new): Json<NewAgencyReply>,
) -> Result<StatusCode, Problem> {
    let access = access(&app, Some(person.clone()), id, None).await?;
    if access.row.ended_at.is_some() {
        return Err(refusals::ended());
    }
    let id = access.row.id;
    if !asked_agencies(app.store.read(), &id, &person)
        .await?
        .contains(&agency_id)
    {
        return Err(Problem::not_found());
    }
    let note = note(new.note)?;
    let now = app.clock.now();
    let delegates = if new.comes { new.delegates } else { Vec::new() };
    app.store
        .write(async |tx: &Tx| {
            let key = (id.clone(), agency_id.clone());
            let invited = meeting_invited::Entity::find_by_id(key)
                .one(tx)
                .await?
                .ok_or_else(Problem::not_found)?;
            name_delegates(tx, &invited, &delegates, now).await?;
            let mut change = meeting_invited::ActiveModel::from(invited);
            let reply = if new.comes {
                Reply::Accepted
            } else {
                Reply::Declined
            };
            change.reply = Set(reply);
            change.reply_note = Set(note.clone());
            change.replied_by = Set(Some(person.id.clone()));
            change.replied_at = Set(Some(now));
            change.update(tx).await?;
            invitation::changed(tx, &app.clock, &id, false).await?;
            let detail = json!({ "agency": agency_id, "reply": reply, "delegates": delegates });
            replied(tx, now, &person, &id, detail).await
        })
        .await?;
    app.conferences.replan(&id).await;
    Ok(StatusCode::NO_CONTENT)
}

async fn replied(
    tx: &Tx,
    now: Timestamp,
    person: &Person,
    id: &MeetingId,
    detail: Value,
) -> Result<(), Problem> {
    let subject = format!("meeting/{id}");
    Ok(audit::append(tx, now, &person.actor(), "meeting.replied", &subject, detail).await?)
}

async fn drop_substitutes(tx: &Tx, member: &meeting_member::Model) -> Result<(), Problem> {
    meeting_member::Entity::delete_many()
        .filter(meeting_member::Column::MeetingId.eq(member.meeting_id.clone()))
        .filter(meeting_member::Column::StandsFor.eq(member.person_id.clone()))
        .exec(tx)
        .await?;
    Ok(())
}

async fn add_substitute(
    tx: &Tx,
    member: &meeting_member::Model,
    substitute: &PersonId,
    now: Timestamp,
) -> Result<(), Problem> {
    let exists = person::Entity::find_by_id(substitute.clone())
        .one(tx)
        .await?
        .is_some();
    let is_called = member_of(tx, &member.meeting_id, substitute).await?.is_some();
    if !exists || is_called || member.role == Role::Chair {
        return Err(refusals::substitute());
    }
    let row = meeting_member::Model {
        person_id: substitute.clone(),
        stands_for: Some(member.person_id.clone()),
        reply: Reply::Accepted,
        reply_note: None,
        replied_at: Some(now),
        ..member.clone()
    };
    meeting_member::ActiveModel::from(row)
        .reset_all()
        .insert(tx)
        .await?;
    Ok(())
}

async fn name_delegates(
    tx: &Tx,
    invited: &meeting_invited::Model,
    delegates: &[PersonId],
    now: Timestamp,
) -> Result<(), Problem> {
    meeting_member::Entity::delete_many()
        .filter(meeting_member::Column::MeetingId.eq(invited.meeting_id.clone()))
        .filter(meeting_member::Column::AgencyId.eq(invited.agency_id.clone()))
        .exec(tx)
        .await?;
    if delegates.len() > MOST_DELEGATES {
        return Err(refusals::members());
    }
    for person_id in delegates {
        let works_there = membership::Entity::find()
            .filter(membership::Column::PersonId.eq(person_id.clone()))
            .filter(membership::Column::AgencyId.eq(invited.agency_id.clone()))
            .one(tx)
            .await?;
        let is_called = member_of(tx, &invited.meeting_id, person_id).await?.is_some();
        if works_there.is_none() || is_called {
            return Err(refusals::members());
        }
        let row = meeting_member::Model {
            meeting_id: invited.meeting_id.clone(),
            person_id: person_id.clone(),
            role: Role::Delegate,
            site_id: invited.site_id.clone(),
            agency_id: Some(invited.agency_id.clone()),
            reply: Reply::Accepted,
            reply_note: None,
            replied_at: Some(now),
            stands_for: None,
            weight: 1,
        };
        meeting_member::ActiveModel::from(row)
            .reset_all()
            .insert(tx)
            .await?;
    }
    Ok(())
}

fn note(text: Option<String>) -> Result<Option<String>, Problem> {
    let text = text.filter(|text| !text.trim().is_empty());
    text.map(|text| words(&text, NOTE_CHARACTERS).map_err(|_| refusals::words()))
        .transpose()
}

const NOTE_CHARACTERS: usize = 200;
const MOST_DELEGATES: usize = 50;
