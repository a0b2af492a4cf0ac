//! The roll, the course and the votes of a meeting as its record tells them; registering a speech; stills for the wall.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::{LinkQuery, access, member_of, refusals};
use crate::api::body::{Json, Path, Query};
use crate::api::problem::{self, Problem};
use crate::api::session::Person;
use crate::clock::Timestamp;
use crate::conference::Identity;
use crate::domain::ballot::{Choice, End, Tally, Terms, Vote, VoteId, Voter};
use crate::domain::meeting::{MeetingId, SeatId};
use crate::domain::meeting_right::Act;
use crate::domain::procedure::Caller;
use crate::domain::roll::{Entry, Quorum};
use crate::parts::App;

/// Who was there, who spoke, and what was decided.
#[derive(Serialize, ToSchema)]
#[schema(as = MeetingRoll)]
pub(super) struct Record {
    quorum: Quorum,
    entries: Vec<Entry>,
    /// Turns that are over, in the order in which they ended.
    turns: Vec<Spoken>,
    /// Turns that wait, registered before the meeting or asked for in it.
    waiting: Vec<String>,
    votes: Vec<Voted>,
}

/// A question that was put to the vote. All figures are weights.
#[derive(Serialize, ToSchema)]
#[schema(as = MeetingVote)]
struct Voted {
    id: VoteId,
    terms: Terms,
    opened_at: Timestamp,
    /// As it was when the vote was opened.
    quorum: Quorum,
    called: u32,
    present: u32,
    needed: u32,
    tally: Tally,
    /// Nothing while it is open.
    end: Option<End>,
    /// Whoever was entitled, in the order of the roll.
    voters: Vec<RecordedBallot>,
}

#[derive(Serialize, ToSchema)]
struct RecordedBallot {
    name: String,
    weight: u32,
    /// Nothing where none was cast, and in a secret vote.
    choice: Option<Choice>,
    /// Of a secret vote: whether they had a token.
    took_part: bool,
}

impl From<&Vote> for Voted {
    fn from(vote: &Vote) -> Self {
        let opening = &vote.opening;
        let ballot = |voter: &Voter| RecordedBallot {
            name: voter.name.clone(),
            weight: voter.weight,
            choice: vote.ballots.get(&voter.seat).copied(),
            took_part: vote.has_voted(&voter.seat),
        };
        Self {
            id: vote.id,
            terms: opening.terms.clone(),
            opened_at: vote.opened_at,
            quorum: opening.quorum,
            called: opening.called,
            present: opening.present(),
            needed: opening.needed(),
            tally: vote.tally(),
            end: vote.end,
            voters: opening.voters.iter().map(ballot).collect(),
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = MeetingTurn)]
struct Spoken {
    name: String,
    seat: SeatId,
    /// Nothing where it was declined or given up.
    began_at: Option<Timestamp>,
    ended_at: Timestamp,
    spent_ms: u32,
}

/// The roll and the turns, for those who lead the meeting.
#[utoipa::path(
    get, path = "/meetings/{id}/roll", tag = "meetings", params(("id" = String, Path)),
    responses((status = OK, body = Record), (status = FORBIDDEN, body = problem::Body), (status = NOT_FOUND, body = problem::Body))
)]
pub(super) async fn read(
    State(app): State<App>,
    person: Person,
    Path(id): Path<MeetingId>,
) -> Result<Json<Record>, Problem> {
    let access = access(&app, Some(person), id, None).await?;
    access.require(Act::Prepare)?;
    let procedure = app.conferences.procedure(&access.row.id).await?;
    let spoken = procedure.floor.past.iter().map(|past| Spoken {
        name: past.turn.name.clone(),
        seat: past.turn.seat.clone(),
        began_at: past.began_at,
        ended_at: past.ended_at,
        spent_ms: past.spent_ms,
    });
    Ok(Json(Record {
        quorum: procedure.roll.quorum(access.row.quorum),
        turns: spoken.collect(),
        waiting: procedure
            .floor
            .waiting
            .iter()
            .map(|turn| turn.name.clone())
            .collect(),
        votes: procedure.votes.all.iter().map(Voted::from).collect(),
        entries: procedure.roll.entries,
    }))
}

/// Registers a speech before the meeting, or in it; once is enough.
#[utoipa::path(
    post, path = "/meetings/{id}/speech", tag = "meetings", params(("id" = String, Path)),
    responses(
        (status = NO_CONTENT),
        (status = NOT_FOUND, description = "No such meeting, or the caller was not called", body = problem::Body),
        (status = CONFLICT, description = "`meeting-over` or `meeting-step`", body = problem::Body),
    )
)]
pub(super) async fn register(
    State(app): State<App>,
    person: Person,
    Path(id): Path<MeetingId>,
) -> Result<StatusCode, Problem> {
    let access = access(&app, Some(person.clone()), id, None).await?;
    access.require_room()?;
    let id = access.row.id;
    if access.row.ended_at.is_some() {
        return Err(refusals::ended());
    }
    let member = member_of(app.store.read(), &id, &person.id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let caller = Caller {
        seat: app.conferences.seat_of(&id, &Identity::Person(person.id.clone())),
        role: member.role,
        site: member.site_id,
        name: person.full_name.clone(),
    };
    let registered = app.conferences.register(&id, &caller, &person.actor()).await;
    registered.map_err(refusals::of_room)?;
    Ok(StatusCode::NO_CONTENT)
}

/// The last still of a participant's camera; for those in the meeting.
#[utoipa::path(
    get, path = "/meetings/{id}/stills/{seat}", tag = "meetings",
    params(("id" = String, Path), ("seat" = String, Path), LinkQuery),
    responses(
        (status = OK, content_type = "image/jpeg", body = Vec<u8>),
        (status = NOT_FOUND, body = problem::Body)
    )
)]
pub(super) async fn still(
    State(app): State<App>,
    person: Option<Person>,
    Path((id, seat)): Path<(MeetingId, SeatId)>,
    Query(query): Query<LinkQuery>,
) -> Result<Response, Problem> {
    let access = access(&app, person, id, query.link.as_deref()).await?;
    let still = app.conferences.still(&access.row.id, seat).await;
    let still = still.ok_or_else(Problem::not_found)?;
    let headers = [
        (header::CONTENT_TYPE, "image/jpeg"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, still.to_vec()).into_response())
}
