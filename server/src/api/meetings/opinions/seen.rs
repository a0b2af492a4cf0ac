//! Questions in writing as one who is asked, or who put them, sees them.

use axum::extract::State;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::member_of;
use super::{due, found, question, seat};
use crate::api::body::{Json, Path};
use crate::api::problem::{self, Problem};
use crate::api::session::Person;
use crate::clock::Timestamp;
use crate::conference::enclosed;
use crate::domain::ballot::{Choice, End, Majority, Tally, TokenKey};
use crate::domain::id::AgencyId;
use crate::domain::meeting::{MeetingId, PaperId, SeatId};
use crate::domain::meeting_plan::MeetingKind;
use crate::domain::meeting_right::{Act, may};
use crate::parts::App;
use crate::store::blob::Sha256;
use crate::store::entity::{agency, meeting, meeting_member, meeting_paper};

/// A question put in writing, as one who is asked, or who put it, sees it.
#[derive(Serialize, ToSchema)]
#[schema(as = Opinion)]
pub(super) struct Opinion {
    id: MeetingId,
    agency_id: AgencyId,
    agency_name: String,
    question: String,
    opened_at: Timestamp,
    closes_at: Timestamp,
    is_secret: bool,
    is_signed: bool,
    majority: Majority,
    voters: u32,
    /// How many have voted; of a secret vote, how many have a token.
    voted: u32,
    needed: u32,
    /// Of an open vote as it stands, of a secret one when it is over.
    tally: Tally,
    end: Option<End>,
    /// Whether the caller is asked.
    is_asked: bool,
    /// What the caller chose, where it is known.
    my_choice: Option<Choice>,
    /// Whether the caller has voted, or has a token.
    took_part: bool,
    /// Whether the caller leads it: sees who has voted, closes it, takes its record away.
    leads: bool,
    /// The caller's seat in the record.
    seat: SeatId,
    key: Option<TokenKey>,
    /// What is to be read before it is answered; their files are at `/meetings/{id}/papers/{paper}/content`.
    papers: Vec<Paper>,
    /// Who is asked and has voted: for whoever leads it while it is open, for all when it is over.
    ballots: Vec<Answer>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = OpinionAnswer)]
struct Answer {
    name: String,
    took_part: bool,
    /// Nothing in a secret vote, and before they voted.
    choice: Option<Choice>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = OpinionPaper)]
struct Paper {
    id: PaperId,
    title: String,
    /// SHA-256 in hexadecimal: the record names the same.
    digest: String,
}

/// The questions that the caller is asked or has put, the last first: at most 200.
#[utoipa::path(
    get, path = "/opinions", tag = "opinions",
    responses((status = OK, body = Vec<Opinion>), (status = UNAUTHORIZED, body = problem::Body))
)]
pub(super) async fn list(State(app): State<App>, caller: Person) -> Result<Json<Vec<Opinion>>, Problem> {
    let reader = app.store.read();
    let mine = meeting_member::Entity::find()
        .filter(meeting_member::Column::PersonId.eq(caller.id.clone()))
        .all(reader)
        .await?;
    let mine = mine.into_iter().map(|member| member.meeting_id);
    let rows = meeting::Entity::find()
        .filter(meeting::Column::Id.is_in(mine))
        .filter(meeting::Column::Kind.eq(MeetingKind::Written))
        .order_by_desc(meeting::Column::Id)
        .limit(MOST_LISTED)
        .all(reader)
        .await?;
    let mut opinions = Vec::new();
    for row in rows {
        opinions.push(seen(&app, &caller, &row).await?);
    }
    Ok(Json(opinions))
}

/// One question.
#[utoipa::path(
    get, path = "/opinions/{id}", tag = "opinions", params(("id" = String, Path)),
    responses((status = OK, body = Opinion), (status = NOT_FOUND, body = problem::Body))
)]
pub(super) async fn read(
    State(app): State<App>,
    caller: Person,
    Path(id): Path<MeetingId>,
) -> Result<Json<Opinion>, Problem> {
    let (row, _) = found(&app, &caller, id).await?;
    // The hour does not wait for the job.
    due(&app, &row).await?;
    Ok(Json(seen(&app, &caller, &row).await?))
}

/// As this person sees it.
pub(super) async fn seen(app: &App, caller: &Person, row: &meeting::Model) -> Result<Opinion, Problem> {
    let reader = app.store.read();
    let papers = enclosed(reader, &row.id).await?.into_iter();
    let paper = |(paper, blob): (meeting_paper::Model, Sha256)| Paper {
        id: paper.id,
        title: paper.title,
        digest: blob.0,
    };
    let procedure = app.conferences.procedure(&row.id).await?;
    let vote = question(&procedure).ok_or_else(Problem::not_found)?;
    let member = member_of(reader, &row.id, &caller.id).await?;
    let seat = seat(app, &row.id, &caller.id);
    let leads = member.is_some_and(|member| may(member.role, Act::CallVote));
    let opening = &vote.opening;
    let shows = leads || vote.end.is_some();
    let answers = opening.voters.iter().filter(|_| shows).map(|voter| Answer {
        name: voter.name.clone(),
        took_part: vote.has_voted(&voter.seat),
        choice: vote.ballots.get(&voter.seat).copied(),
    });
    let voted = opening.voters.iter().filter(|voter| vote.has_voted(&voter.seat));
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Ok(Opinion {
        id: row.id.clone(),
        agency_id: row.agency_id.clone(),
        agency_name: agency_name(reader, &row.agency_id).await?,
        question: opening.terms.question.clone(),
        opened_at: vote.opened_at,
        closes_at: row.ends_at.unwrap_or(vote.opened_at),
        is_secret: opening.terms.is_secret,
        is_signed: opening.terms.is_signed,
        majority: opening.terms.majority,
        voters: count(opening.voters.len()),
        voted: count(voted.count()),
        needed: opening.needed(),
        tally: vote.tally(),
        end: vote.end,
        is_asked: opening.voter(&seat).is_some(),
        my_choice: vote.ballots.get(&seat).copied(),
        took_part: vote.has_voted(&seat),
        leads,
        key: opening.key.clone(),
        papers: papers.map(paper).collect(),
        ballots: answers.collect(),
        seat,
    })
}

async fn agency_name(connection: &impl ConnectionTrait, id: &AgencyId) -> Result<String, DbErr> {
    let row = agency::Entity::find_by_id(id.clone()).one(connection).await?;
    Ok(row.map(|row| row.name).unwrap_or_default())
}

const MOST_LISTED: u64 = 200;
