//! A ballot that its voter signs with their own certificate (phiếu có ký số).

use axum::extract::State;
use axum::http::StatusCode;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{access, refusals};
use crate::api::body::{Json, Path};
use crate::api::problem::{self, Problem};
use crate::api::session::Person;
use crate::conference::{Identity, Unwritten};
use crate::domain::ballot::{Choice, Vote, VoteId, Voter};
use crate::domain::meeting::MeetingId;
use crate::domain::meeting_right::Act;
use crate::domain::procedure::{Event, Procedure};
use crate::domain::replay::Fault;
use crate::domain::signed_ballot::{SignedBallot, Statement};
use crate::parts::App;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignedCast {
    choice: Choice,
    pin: String,
}

/// Casts the caller's ballot in a vote whose ballots are signed; again with another choice, changes it.
#[utoipa::path(
    post, path = "/meetings/{id}/votes/{vote}/ballot", tag = "meetings",
    params(("id" = String, Path), ("vote" = u32, Path)), request_body = SignedCast,
    responses(
        (status = NO_CONTENT),
        (status = FORBIDDEN, description = "Not entitled, or a wrong PIN (`tries_left`).", body = problem::Body),
        (status = NOT_FOUND, description = "No such vote, or its ballots are not signed", body = problem::Body),
        (status = LOCKED, description = "The key is locked.", body = problem::Body),
        (status = CONFLICT, description = "`vote-closed`", body = problem::Body),
    )
)]
pub(super) async fn cast(
    State(app): State<App>,
    person: Person,
    Path((id, vote)): Path<(MeetingId, VoteId)>,
    Json(SignedCast { choice, pin }): Json<SignedCast>,
) -> Result<StatusCode, Problem> {
    let access = access(&app, Some(person.clone()), id, None).await?;
    access.require(Act::Vote)?;
    let id = access.row.id;
    let seat = app.conferences.seat_of(&id, &Identity::Person(person.id.clone()));
    let procedure = app.conferences.procedure(&id).await?;
    let vote = procedure
        .votes
        .vote(vote)
        .filter(|vote| vote.opening.terms.is_signed);
    let vote = vote.ok_or_else(Problem::not_found)?;
    let voter = vote.opening.voter(&seat).ok_or_else(Problem::forbidden)?;
    if vote.end.is_some() {
        return Err(refusals::vote_closed());
    }
    if vote.ballots.get(&seat) == Some(&choice) {
        return Ok(StatusCode::NO_CONTENT);
    }
    let signed = statement_of(&app, &person, (&procedure, vote, voter), choice, &pin).await?;
    let event = Event::Voted {
        vote: vote.id,
        voter: seat.clone(),
        choice,
        by: seat,
        signed: Some(Box::new(signed)),
    };
    match app.conferences.happen(&id, &person.actor(), event).await {
        // Two clicks at once.
        Ok(()) | Err(Unwritten::Impossible(Fault::NoChange)) => Ok(StatusCode::NO_CONTENT),
        Err(Unwritten::Impossible(_)) => Err(refusals::vote_closed()),
        Err(Unwritten::NotKept) => Err(refusals::ballot_not_kept()),
    }
}

/// The ballot as its voter signs it now.
///
/// # Errors
/// The PIN's and the certificate's.
pub(super) async fn statement_of(
    app: &App,
    person: &Person,
    (procedure, vote, voter): (&Procedure, &Vote, &Voter),
    choice: Choice,
    pin: &str,
) -> Result<SignedBallot, Problem> {
    let called = procedure.called.as_ref().ok_or_else(Problem::not_found)?;
    let statement = Statement {
        meeting: &called.meeting,
        vote: vote.id,
        question: &vote.opening.terms.question,
        papers: &called.papers,
        voter,
        choice,
    };
    let at = app.clock.now();
    let cms = app
        .custody
        .sign_words(&person.into(), statement.words(at), pin)
        .await?;
    Ok(SignedBallot {
        at,
        cms: BASE64_STANDARD.encode(cms),
    })
}
