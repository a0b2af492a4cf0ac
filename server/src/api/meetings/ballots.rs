//! Ballots of secret votes: cast without a session and without a line in any log, published when the vote is over.

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use serde::Deserialize;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{LinkQuery, access, refusals};
use crate::api::body::{Json, Path, Query};
use crate::api::headers;
use crate::api::problem::{self, Problem};
use crate::api::session::Person;
use crate::conference::protocol::ErrorName;
use crate::conference::{PREPARED_BYTES, Token};
use crate::domain::ballot::{Choice, SecretBallot, VoteId};
use crate::domain::meeting::MeetingId;
use crate::parts::App;

/// The one route, for the description of the interface.
pub(in crate::api) fn described() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(cast))
}

/// The one route as it is served: beside all others, so that no layer identifies who sends, remembers a request or writes a
/// line about it.
pub(in crate::api) fn router(app: App) -> Router {
    let (router, _) = OpenApiRouter::new()
        .nest("/api/v1", described())
        .split_for_parts();
    let layers = ServiceBuilder::new()
        .layer(from_fn_with_state(app.clone(), headers::secure))
        .layer(from_fn(problem::in_the_callers_language))
        .layer(CatchPanicLayer::custom(problem::of_panic))
        .layer(DefaultBodyLimit::max(MOST_BYTES));
    router.layer(layers).with_state(app)
}

/// A ballot with the token that entitles to it. Texts are hexadecimal.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SecretCast {
    meeting_id: MeetingId,
    vote: VoteId,
    /// The prepared message of RFC 9474: 64 bytes.
    token: String,
    /// The server's signature on it, the blinding taken off.
    signature: String,
    choice: Choice,
}

/// Casts a ballot of a secret vote; with the same token again, changes it.
///
/// Send it without a cookie: who casts is not asked, and nothing is logged.
#[utoipa::path(
    post, path = "/ballots", tag = "meetings", request_body = SecretCast,
    responses(
        (status = NO_CONTENT),
        (status = BAD_REQUEST, description = "Not a ballot", body = problem::Body),
        (status = FORBIDDEN, description = "`ballot-token`: not a token of this vote", body = problem::Body),
        (status = NOT_FOUND, description = "No such vote, or nobody is in the meeting", body = problem::Body),
        (status = CONFLICT, description = "`vote-closed`", body = problem::Body),
    )
)]
async fn cast(State(app): State<App>, Json(ballot): Json<SecretCast>) -> Result<StatusCode, Problem> {
    let token = read(&ballot).ok_or_else(refusals::ballot_token)?;
    let cast = app
        .conferences
        .cast_secret(&ballot.meeting_id, ballot.vote, token, ballot.choice)
        .await;
    match cast {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(ErrorName::Refused) => Err(refusals::ballot_token()),
        Err(ErrorName::VoteClosed) => Err(refusals::vote_closed()),
        Err(ErrorName::NothingThere) => Err(Problem::not_found()),
        Err(_) => Err(refusals::ballot_not_kept()),
    }
}

/// The ballots of a secret vote that is over, sorted by token: whoever cast one finds it by SHA-256 of their token.
#[utoipa::path(
    get, path = "/meetings/{id}/votes/{vote}/ballots", tag = "meetings",
    params(("id" = String, Path), ("vote" = u32, Path), LinkQuery),
    responses((status = OK, body = Vec<SecretBallot>), (status = NOT_FOUND, body = problem::Body))
)]
pub(super) async fn published(
    State(app): State<App>,
    person: Option<Person>,
    Path((id, vote)): Path<(MeetingId, VoteId)>,
    Query(query): Query<LinkQuery>,
) -> Result<Json<Vec<SecretBallot>>, Problem> {
    let access = access(&app, person, id, query.link.as_deref()).await?;
    let procedure = app.conferences.procedure(&access.row.id).await?;
    let vote = procedure.votes.vote(vote).ok_or_else(Problem::not_found)?;
    Ok(Json(vote.published.clone()))
}

fn read(ballot: &SecretCast) -> Option<Token> {
    let mut prepared = [0; PREPARED_BYTES];
    hex::decode_to_slice(&ballot.token, &mut prepared).ok()?;
    let signature = hex::decode(&ballot.signature).ok()?;
    Some(Token { prepared, signature })
}

/// Twice what a ballot takes.
const MOST_BYTES: usize = 4096;
