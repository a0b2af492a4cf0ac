//! Answering a question in writing, and closing it.

use axum::extract::State;
use ring::digest;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::refusals;
use super::super::signed_ballot::statement_of;
use super::seen::{Opinion, seen};
use super::{due, found, question, seat};
use crate::api::body::{Json, Path};
use crate::api::problem::{self, Problem};
use crate::api::session::Person;
use crate::conference::protocol::ErrorName;
use crate::conference::{Close, Unwritten};
use crate::domain::ballot::Choice;
use crate::domain::meeting::MeetingId;
use crate::domain::meeting_right::{Act, may};
use crate::domain::procedure::{Caller, Event};
use crate::domain::replay::Fault;
use crate::parts::App;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OpinionCast)]
pub(super) struct Cast {
    choice: Choice,
    /// Where ballots are signed.
    pin: Option<String>,
}

/// Casts the caller's ballot in an open vote; again with another choice, changes it.
#[utoipa::path(
    post, path = "/opinions/{id}/ballot", tag = "opinions", params(("id" = String, Path)), request_body = Cast,
    responses(
        (status = OK, body = Opinion),
        (status = FORBIDDEN, description = "Not asked, or a wrong PIN (`tries_left`).", body = problem::Body),
        (status = NOT_FOUND, description = "No such question, or its vote is secret", body = problem::Body),
        (status = CONFLICT, description = "`vote-closed`", body = problem::Body),
    )
)]
pub(super) async fn cast(
    State(app): State<App>,
    caller: Person,
    Path(id): Path<MeetingId>,
    Json(Cast { choice, pin }): Json<Cast>,
) -> Result<Json<Opinion>, Problem> {
    let (row, _) = found(&app, &caller, id).await?;
    due(&app, &row).await?;
    let procedure = app.conferences.procedure(&row.id).await?;
    let vote = question(&procedure).filter(|vote| !vote.opening.terms.is_secret);
    let vote = vote.ok_or_else(Problem::not_found)?;
    let seat = seat(&app, &row.id, &caller.id);
    let voter = vote.opening.voter(&seat).ok_or_else(Problem::forbidden)?;
    if vote.end.is_some() {
        return Err(refusals::vote_closed());
    }
    if vote.ballots.get(&seat) != Some(&choice) {
        let signed = match (vote.opening.terms.is_signed, pin) {
            (true, Some(pin)) => {
                Some(statement_of(&app, &caller, (&procedure, vote, voter), choice, &pin).await?)
            }
            (true, None) => return Err(Problem::forbidden()),
            (false, _) => None,
        };
        let event = Event::Voted {
            vote: vote.id,
            voter: seat.clone(),
            choice,
            by: seat,
            signed: signed.map(Box::new),
        };
        match app.conferences.happen(&row.id, &caller.actor(), event).await {
            Ok(()) | Err(Unwritten::Impossible(Fault::NoChange)) => {}
            Err(Unwritten::Impossible(_)) => return Err(refusals::vote_closed()),
            Err(Unwritten::NotKept) => return Err(refusals::ballot_not_kept()),
        }
        // The ballot counts; the hour closes it at the latest.
        let _ = app.conferences.close_in_writing(&row.id, Close::Complete).await;
    }
    Ok(Json(seen(&app, &caller, &row).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OpinionToken)]
pub(super) struct AskedToken {
    /// In hexadecimal, as long as the modulus of the vote's key.
    blinded: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = OpinionTokenSigned)]
pub(super) struct SignedToken {
    signed: String,
}

/// A token of a secret vote, signed blindly; the ballot is then cast at `/ballots`, without a cookie (`server/BALLOT.md`).
#[utoipa::path(
    post, path = "/opinions/{id}/token", tag = "opinions", params(("id" = String, Path)), request_body = AskedToken,
    responses(
        (status = OK, body = SignedToken),
        (status = FORBIDDEN, description = "Not asked", body = problem::Body),
        (status = NOT_FOUND, description = "No such question, or its vote is not secret", body = problem::Body),
        (status = CONFLICT, description = "`vote-closed`, or `ballot-token`: another token was given", body = problem::Body),
    )
)]
pub(super) async fn token(
    State(app): State<App>,
    caller: Person,
    Path(id): Path<MeetingId>,
    Json(AskedToken { blinded }): Json<AskedToken>,
) -> Result<Json<SignedToken>, Problem> {
    let (row, member) = found(&app, &caller, id).await?;
    let bytes = hex::decode(&blinded).map_err(|_| refusals::words())?;
    let voter = Caller {
        seat: seat(&app, &row.id, &caller.id),
        role: member.role,
        site: None,
        name: caller.full_name.clone(),
    };
    let hash = hex::encode(digest::digest(&digest::SHA256, &bytes));
    let signed = app
        .conferences
        .token_in_writing(&row.id, &voter, &caller.actor(), (hash, bytes))
        .await;
    let signed = signed.map_err(|error| match error {
        ErrorName::NotEntitled | ErrorName::Refused => Problem::forbidden(),
        ErrorName::VoteClosed => refusals::vote_closed(),
        ErrorName::TokenGiven => refusals::token_given(),
        ErrorName::Unusable => refusals::words(),
        ErrorName::NothingThere => Problem::not_found(),
        _ => refusals::ballot_not_kept(),
    })?;
    Ok(Json(SignedToken {
        signed: hex::encode(signed),
    }))
}

/// Closes the vote before its time: whoever put the question.
#[utoipa::path(
    post, path = "/opinions/{id}/closing", tag = "opinions", params(("id" = String, Path)),
    responses((status = OK, body = Opinion), (status = FORBIDDEN, body = problem::Body), (status = NOT_FOUND, body = problem::Body))
)]
pub(super) async fn close(
    State(app): State<App>,
    caller: Person,
    Path(id): Path<MeetingId>,
) -> Result<Json<Opinion>, Problem> {
    let (row, member) = found(&app, &caller, id).await?;
    if !may(member.role, Act::CallVote) {
        return Err(Problem::forbidden());
    }
    let closed = app
        .conferences
        .close_by(&row.id, Close::Now, &caller.actor())
        .await;
    closed.map_err(|_| refusals::ballot_not_kept())?;
    Ok(Json(seen(&app, &caller, &row).await?))
}
